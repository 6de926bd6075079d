"""What the place of repeated cases is called (反复点位的地名).

Coordinates tell nobody where to go. A point is named, in this order, by

1. the nearest building within `NEAR_M`, with its courtyard and its address;
2. the address most of its cases give, masked;
3. the courtyard, else the finest grid or community that holds it.

Only a point that has none of these keeps bare coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geo.access.masking import mask_text
from geo.measure import distance_m, metres_per_degree
from geo.schema import AreaLevel
from geo.store.base import CaseFilter, Store
from geo.tasks.areas import names_of

NEAR_M = 60.0
"""A building farther away than this does not name a point: beyond it stands the next row of houses."""
AT_M = 20.0
"""Within this the point is the building; beyond it, near the building."""
BUILDING_COLUMNS = ("lon", "lat", "name", "courtyard_id", "street", "street_number")
_NAMING_LEVELS: tuple[AreaLevel, ...] = ("courtyard", "microgrid", "grid", "community")
_AREA_COLUMNS = tuple(f"{level}_id" for level in _NAMING_LEVELS)
_PLACE_COLUMNS = ("place", "place_note", "place_near_m")


Spot = tuple[float, float]
"""Longitude and latitude of a point, as stored."""


@dataclass(frozen=True)
class _Place:
    name: str | None
    note: str = ""
    near_m: float = 0.0


def read_buildings(store: Store) -> pd.DataFrame:
    """Read what names a building: `BUILDING_COLUMNS`."""
    return store.read("buildings", columns=list(BUILDING_COLUMNS))


def name_places(
    store: Store, points: pd.DataFrame, where: CaseFilter, *, buildings: pd.DataFrame
) -> pd.DataFrame:
    """Name points.

    Parameters
    ----------
    store
        Where addresses of cases and names of areas are read, for points that no building names.
    points
        `lon`, `lat` in WGS84 degrees.
    where
        The cases that repeat there.
    buildings
        From `read_buildings`.

    Returns
    -------
    pandas.DataFrame
        In the index of `points`: `place` (missing where nothing names it), `place_note` (street
        address beside a name, else empty), `place_near_m` (metres to the building it is near, 0 where
        it is there).
    """
    found = _nearest_buildings(store, points, buildings)
    spots = [(float(x), float(y)) for x, y in zip(points["lon"], points["lat"], strict=True)]
    bare = [spot for spot, place in zip(spots, found, strict=True) if place is None]
    of_cases = _places_of_cases(store, where, bare)
    places = [place or of_cases[spot] for spot, place in zip(spots, found, strict=True)]
    rows = [(place.name, place.note, place.near_m) for place in places]
    return pd.DataFrame(rows, index=points.index, columns=list(_PLACE_COLUMNS)).astype(
        {"place": "str", "place_note": "str", "place_near_m": float}
    )


def _nearest_buildings(store: Store, points: pd.DataFrame, buildings: pd.DataFrame) -> list[_Place | None]:
    if buildings.empty:
        return [None] * len(points)
    courtyards = names_of(store, "courtyard", buildings["courtyard_id"].dropna().unique().tolist())
    lon, lat = buildings["lon"].to_numpy(dtype=float), buildings["lat"].to_numpy(dtype=float)
    places: list[_Place | None] = []
    for x, y in zip(points["lon"].tolist(), points["lat"].tolist(), strict=True):
        lon_m, lat_m = metres_per_degree(y)
        nearest = int(np.argmin(((lon - x) * lon_m) ** 2 + ((lat - y) * lat_m) ** 2))
        away_m = float(distance_m([x], [y], [lon[nearest]], [lat[nearest]])[0])
        row = buildings.iloc[nearest]
        places.append(_place_of_building(row, courtyards, away_m) if away_m <= NEAR_M else None)
    return places


def _place_of_building(row: pd.Series, courtyards: dict[str, str], away_m: float) -> _Place | None:
    courtyard = courtyards.get(row["courtyard_id"], "") if isinstance(row["courtyard_id"], str) else ""
    street = _text(row["street"]) + _text(row["street_number"])
    name = _text(row["name"])
    near_m = 0.0 if away_m <= AT_M else away_m
    if courtyard:
        return _Place(f"{courtyard} {name}".strip(), street, near_m)
    return _Place(f"{street} {name}".strip(), "", near_m) if street or name else None


def _places_of_cases(store: Store, where: CaseFilter, spots: Sequence[Spot]) -> dict[Spot, _Place]:
    if not spots:
        return {}
    columns = ["lon", "lat", "address", *_AREA_COLUMNS]
    cases = store.list_cases(replace(where, at_points=tuple(spots)), columns=columns)
    places = dict.fromkeys(spots, _Place(None))
    for lon, lat in spots:
        places[lon, lat] = _place_of_cases(store, cases[(cases["lon"] == lon) & (cases["lat"] == lat)])
    return places


def _place_of_cases(store: Store, cases: pd.DataFrame) -> _Place:
    addresses = mask_text(cases["address"].dropna().astype("str").str.strip())
    counts = addresses[addresses != ""].value_counts()
    if len(counts):
        return _Place(min(counts[counts == counts.iloc[0]].index))
    for level, column in zip(_NAMING_LEVELS, _AREA_COLUMNS, strict=True):
        codes = cases[column].dropna()
        if len(codes):
            code = str(codes.mode().iloc[0])
            return _Place(names_of(store, level, [code]).get(code, code))
    return _Place(None)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
