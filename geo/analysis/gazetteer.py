"""Gather what is known by name or number in the store: the gazetteer of addresses (地名地址库).

Courtyards, buildings, streets and areas are entered under their folded names
(`geo.analysis.address_text`), aliases too. Where several places share a name, all of them are kept:
which one is meant is decided by the address, or not at all. Every courtyard and building knows the
areas of each level it lies in, by its position.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analysis.address_text import fold_address, read_building_number, read_street_number
from geo.analysis.assign import build_index
from geo.crs import area_m2
from geo.schema import AREA_LEVELS

Key = TypeVar("Key")
Kind = Literal["area", "courtyard", "street", "building", "outer"]

Floats = NDArray[np.float64]

SHORTEST_NAME = 2
"""A name of one sign is too often the beginning of another word."""

_ESTATE_WORD = "小区"
_MATCHED_LEVELS = tuple(level for level in AREA_LEVELS if level != "courtyard")


class Entry(NamedTuple):
    """One meaning of a name: `key` is an area (level and code), a position in a list, or a street."""

    kind: Kind
    level: str
    key: str
    at: int


@dataclass(frozen=True)
class Spot:
    """A courtyard or building: where it is and in which areas it lies."""

    label: str
    lon: float
    lat: float
    radius_m: float
    """Of a courtyard, that of a circle of its surface; 0 for a building."""
    areas: Mapping[str, str]
    """Level → code of the area that holds it."""
    courtyard_id: str | None


@dataclass(frozen=True)
class Gazetteer:
    """Everything an address can be matched against. Made by `build_gazetteer`."""

    names: dict[str, tuple[Entry, ...]]
    """Folded name → meanings, in order of kind and code."""
    codes: dict[str, tuple[Entry, ...]]
    """Code → areas of that code, for stated areas."""
    area_names: dict[tuple[str, str], str]
    """Level and code → name as written."""
    area_inside: dict[tuple[str, str], Mapping[str, str]]
    """Level and code → level → code of the area that holds a point inside it."""
    longest: int
    """Signs of the longest name."""
    courtyards: tuple[Spot, ...]
    buildings: tuple[Spot, ...]
    by_courtyard: dict[tuple[str, str], tuple[int, ...]]
    """Courtyard code and number of a building → buildings."""
    by_number: dict[tuple[str, str], tuple[int, ...]]
    """Street and number → buildings."""
    by_number_and_building: dict[tuple[str, str, str], tuple[int, ...]]
    levels: frozenset[str]
    """Levels of which areas are known."""
    has_outer: bool = field(default=False)
    """Whether the names of the province and city are known."""


def build_gazetteer(
    areas: gpd.GeoDataFrame,
    buildings: pd.DataFrame | None = None,
    aliases: pd.DataFrame | None = None,
    streets: Iterable[str] = (),
    *,
    within: Sequence[str] = (),
) -> Gazetteer:
    """Build the gazetteer of a store.

    Parameters
    ----------
    areas
        Areas of all levels in WGS84, courtyards included: `area_id`, `area_level`, `name`.
    buildings
        `name`, `courtyard_id`, `street`, `street_number`, `lon`, `lat`; see `geo.schema`.
    aliases
        `area_id`, `alias`: other names of areas and courtyards.
    streets
        Further street names. A street alone places nothing, but tells a street from an unknown word.
    within
        Province and city the store lies in, with their words: `("四川省", "成都市")`. Without them an
        address that names a city is believed only when a known district follows.

    Returns
    -------
    Gazetteer
        The same whatever the order of the rows.
    """
    areas = areas.sort_values(["area_level", "area_id"], kind="stable")
    names: dict[str, set[Entry]] = {}
    is_courtyard = (areas["area_level"] == "courtyard").to_numpy(bool)
    courtyards = _courtyard_spots(areas[is_courtyard], areas[~is_courtyard])
    known = _sorted_buildings(buildings)
    estates = {str(spot.courtyard_id): spot.label for spot in courtyards}
    spots = _building_spots(known, areas[~is_courtyard], estates)
    codes = _enter_areas(names, areas, aliases)
    keys = [(str(a), str(b)) for a, b in zip(areas["area_level"], areas["area_id"], strict=True)]
    points = shapely.point_on_surface(areas.geometry.to_numpy(dtype=object))
    inside = _areas_at(shapely.get_x(points), shapely.get_y(points), areas[~is_courtyard])
    tables = _enter_buildings(names, known, [spot.label for spot in courtyards])
    for street in {fold_address(str(name)) for name in streets}:
        _enter(names, street, Entry("street", "", street, -1))
    for outer in within:
        _enter(names, fold_address(outer), Entry("outer", "", fold_address(outer), -1))
    return Gazetteer(
        names={name: tuple(sorted(entries)) for name, entries in names.items()},
        codes={code: tuple(sorted(entries)) for code, entries in codes.items()},
        area_names=dict(zip(keys, areas["name"].astype("str").tolist(), strict=True)),
        area_inside=dict(zip(keys, inside, strict=True)),
        longest=max((len(name) for name in names), default=0),
        courtyards=courtyards,
        buildings=spots,
        by_courtyard=_frozen(tables.by_courtyard),
        by_number=_frozen(tables.by_number),
        by_number_and_building=_frozen(tables.by_number_and_building),
        levels=frozenset(areas["area_level"].astype(str)),
        has_outer=bool(within),
    )


def _enter(names: dict[str, set[Entry]], name: str, entry: Entry) -> None:
    if len(name) >= SHORTEST_NAME:
        names.setdefault(name, set()).add(entry)


def _enter_areas(
    names: dict[str, set[Entry]], areas: gpd.GeoDataFrame, aliases: pd.DataFrame | None
) -> dict[str, set[Entry]]:
    """Enter areas under their names and aliases; return them by code."""
    codes: dict[str, set[Entry]] = {}
    others: dict[str, list[str]] = {}
    if aliases is not None:
        for code, alias in zip(aliases["area_id"].astype(str), aliases["alias"].astype(str), strict=True):
            others.setdefault(code, []).append(alias)
    n_courtyards = 0
    for code, level, name in zip(areas["area_id"], areas["area_level"], areas["name"], strict=True):
        is_courtyard = level == "courtyard"
        entry = Entry(
            "courtyard" if is_courtyard else "area",
            str(level),
            str(code),
            n_courtyards if is_courtyard else -1,
        )
        n_courtyards += is_courtyard
        codes.setdefault(str(code), set()).add(entry)
        for written in (str(name), *others.get(str(code), ())):
            folded = fold_address(written)
            _enter(names, folded, entry)
            if is_courtyard and folded.endswith(_ESTATE_WORD):
                _enter(names, folded.removesuffix(_ESTATE_WORD), entry)
    return codes


class _Tables(NamedTuple):
    by_courtyard: dict[tuple[str, str], list[int]]
    by_number: dict[tuple[str, str], list[int]]
    by_number_and_building: dict[tuple[str, str, str], list[int]]


def _enter_buildings(
    names: dict[str, set[Entry]], buildings: pd.DataFrame, courtyards: Sequence[str]
) -> _Tables:
    tables = _Tables({}, {}, {})
    estates = {fold_address(name) for name in courtyards}
    columns = (buildings[name] for name in ("name", "courtyard_id", "street", "street_number"))
    for at, (name, courtyard, street, number) in enumerate(zip(*columns, strict=True)):
        folded = fold_address(name)
        own = _number_of_building(folded, estates)
        if own is None and folded:
            _enter(names, folded, Entry("building", "", folded, at))
        if own is not None and courtyard:
            tables.by_courtyard.setdefault((courtyard, own), []).append(at)
        plate = read_street_number(_with_word(fold_address(number)))
        road = fold_address(street)
        if not road or plate is None:
            continue
        _enter(names, road, Entry("street", "", road, -1))
        tables.by_number.setdefault((road, plate[0]), []).append(at)
        if own is not None:
            tables.by_number_and_building.setdefault((road, plate[0], own), []).append(at)
    return tables


def _with_word(number: str) -> str:
    """Return a house number with the word 号 where a table leaves it out."""
    return f"{number}号" if re.fullmatch(r"\d+(?:-\d+)?[甲乙丙丁戊己庚辛]?", number) else number


def _number_of_building(folded: str, estates: set[str]) -> str | None:
    """Return the number of a building from its name; nothing where it has a name of its own."""
    for cut in range(len(folded)):
        if cut and folded[:cut] not in estates:
            continue
        rest = folded[cut:]
        if re.fullmatch(r"\d{1,4}[a-z]?|[a-z]\d{0,3}", rest):
            return rest
        found = read_building_number(rest, short=True)
        if found is not None and found[1] == len(rest):
            return found[0]
    return None


def _sorted_buildings(buildings: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["name", "courtyard_id", "street", "street_number", "lon", "lat"]
    if buildings is None:
        texts = {name: pd.Series(dtype="str") for name in columns[:4]}
        return pd.DataFrame({**texts, **{name: pd.Series(dtype="float64") for name in columns[4:]}})
    known = buildings[["building_id", *columns]].sort_values("building_id", kind="stable")
    known = known[known["lon"].notna() & known["lat"].notna()]
    filled = {name: known[name].astype("str").fillna("").tolist() for name in columns[:4]}
    return pd.DataFrame({**filled, "lon": known["lon"].to_numpy(), "lat": known["lat"].to_numpy()})


def _building_spots(
    buildings: pd.DataFrame, areas: gpd.GeoDataFrame, estates: Mapping[str, str]
) -> tuple[Spot, ...]:
    lon, lat = buildings["lon"].to_numpy(np.float64), buildings["lat"].to_numpy(np.float64)
    inside = _areas_at(lon, lat, areas)
    streets = (buildings["street"] + buildings["street_number"]).tolist()
    owners = [estates.get(code, "") for code in buildings["courtyard_id"]]
    names = buildings["name"].tolist()
    labels = [
        name if owner and name.startswith(owner) else (owner or street) + name
        for owner, street, name in zip(owners, streets, names, strict=True)
    ]
    rows = zip(labels, lon.tolist(), lat.tolist(), inside, buildings["courtyard_id"], strict=True)
    return tuple(Spot(label, x, y, 0.0, held, code or None) for label, x, y, held, code in rows)


def _courtyard_spots(courtyards: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> tuple[Spot, ...]:
    geoms = courtyards.geometry.to_numpy(dtype=object)
    points = shapely.point_on_surface(geoms)
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    radius_m = np.sqrt(area_m2(geoms) / np.pi)
    inside = _areas_at(lon, lat, areas)
    rows = zip(courtyards["name"], courtyards["area_id"], lon, lat, radius_m, inside, strict=True)
    return tuple(
        Spot(str(name), float(x), float(y), float(radius), held, str(code))
        for name, code, x, y, radius, held in rows
    )


def _areas_at(lon: Floats, lat: Floats, areas: gpd.GeoDataFrame) -> list[dict[str, str]]:
    """Return, for each point, the area of each level that holds it."""
    held: list[dict[str, str]] = [{} for _ in range(len(lon))]
    for level in _MATCHED_LEVELS:
        part = areas[areas["area_level"] == level]
        if not len(part) or not len(lon):
            continue
        codes = part["area_id"].astype(str).tolist()
        index = build_index(part.geometry.to_numpy(dtype=object), ids=codes)
        for areas_of_point, found in zip(held, index.locate(lon, lat).tolist(), strict=True):
            if found >= 0:
                areas_of_point[level] = codes[found]
    return held


def _frozen(table: dict[Key, list[int]]) -> dict[Key, tuple[int, ...]]:
    return {key: tuple(value) for key, value in table.items()}
