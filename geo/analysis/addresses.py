"""Match addresses of cases and facilities offline, exactly or not at all (地址匹配).

What is decided here:

- An address is folded (`geo.analysis.address_text`) and read (`geo.analysis.address_reading`); then it
  must name a place of the store: a building, a number on a street, or a courtyard, in that order.
  There is no likeness between names, and no interpolation between numbers.
- A name of several places is narrowed by the areas the address itself names, then by the area the
  source states. If more than one is left, or none, nothing is matched.
- Words that lead away from the place (对面, 附近, 路口 …) leave the address unmatched.
- A position carries its radius of doubt. Where only a community, grid or courtyard is stated, the case
  belongs to that area and has no position: a centre that looks like a place would be a guess.

Method, constants and what they rest on: `docs/methods/addresses.md`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from geo.analysis.address_reading import Reading, read_address
from geo.analysis.address_text import fold_address, remark_after
from geo.analysis.gazetteer import Entry, Gazetteer, Spot, build_gazetteer
from geo.crs import distance_m

__all__ = ["BUILDING_ERROR_M", "STREET_NUMBER_ERROR_M", "Gazetteer", "build_gazetteer", "match_addresses"]

BUILDING_ERROR_M: Final = 15.0
"""Radius of doubt of a building: half the length of an ordinary slab of flats."""

STREET_NUMBER_ERROR_M: Final = 25.0
"""Radius of doubt of a number on a street: a plate hangs at the street, the point lies in the plot."""

MOST_SPREAD_M: Final = 150.0
"""Buildings of one street number farther than this from their middle are not one place."""

MatchLevel = Literal["building", "street_number", "courtyard", "area", "none"]
Reason = Literal[
    "", "empty", "unknown", "ambiguous", "relative", "rest_unknown", "street_without_number",
    "number_unknown", "elsewhere", "contradiction",
]  # fmt: skip

_RELATIVE: Final = re.compile(
    r"对面|对过|斜对|附近|旁|隔壁|周边|周围|临近|靠近|以[东南西北]|[东南西北]侧|[东南西北]面|往[东南西北]|向[东南西北]|"
    r"之间|中间|路口|街口|巷口|交叉|交汇|交界|交接|\d米|百米|沿线|沿街|沿路|沿河|转角|拐角|红绿灯|公交站|地铁站"
)
_RANGE: Final = re.compile(r"^(?:至|到|和|与|及|、|-|/|~)")
_INSIDE: Final = re.compile(
    r"^(?:(?:[0-9a-z]{1,3}|[东南西北中甲乙丙丁])?(?:单元|门洞|梯)|(?:-?\d{1,3}|地下|负\d)(?:层|楼)|\d{1,4}[a-z]?(?:室|房|户)|"
    r"[-]?\d{3,4}(?!\d)|小区|院|内部|内|里面|里|中庭|楼道|楼顶|楼下|楼上|地下室|车库|地下车库|架空层|电梯)+$"
)
_STATED_LEVELS: Final = frozenset(("community", "grid", "microgrid", "courtyard", "unit_grid"))
"""Levels at which an address that names no finer place still places a case."""


_STILL_INSIDE: Final = frozenset(
    ("unknown", "rest_unknown", "street_without_number", "number_unknown", "ambiguous")
)
"""Reasons for which an address still lies in the area it names."""

_ROAD: Final = re.compile(r"[^\d\s]{1,10}?(?:路|街|大道|巷|弄|胡同|里|道)(?:[东南西北]?\d{1,2}段)?\d")
_NOTHING: Final[tuple[Entry, ...]] = ()


@dataclass(frozen=True)
class _Hit:
    lon: float = np.nan
    lat: float = np.nan
    error_m: float = np.nan
    matched: str = ""
    level: MatchLevel = "none"
    reason: Reason = ""
    area_level: str = ""
    area_id: str = ""


def match_addresses(
    addresses: pd.Series, stated: pd.Series | None = None, *, gazetteer: Gazetteer
) -> pd.DataFrame:
    """Match addresses against the places of a store.

    Parameters
    ----------
    addresses
        Addresses as given; missing ones and empty ones match nothing.
    stated
        Community, grid or courtyard the source names for each, by name, alias or code; same index.
    gazetteer
        As `build_gazetteer` returns it.

    Returns
    -------
    pandas.DataFrame
        One row per address, in the index of `addresses`.

        - `lon`, `lat` : WGS84 degrees, missing unless the address was matched
        - `position_source` : `address`, `stated` or `none`
        - `position_error_m` : radius of doubt in metres: `BUILDING_ERROR_M`, `STREET_NUMBER_ERROR_M`,
          or for a courtyard the radius of a circle of its surface
        - `matched` : name of the place that was matched, missing where none was
        - `match_level` : building, street_number, courtyard, area or none
        - `area_level`, `area_id` : where `position_source` is `stated`, the area stated, else missing
        - `reason` : why the address itself gave no position: empty, unknown, ambiguous, relative,
          rest_unknown, street_without_number, number_unknown, elsewhere (another city, district or
          community), contradiction (it lies outside the areas the address names); else empty

    Notes
    -----
    Each distinct pair of address and stated area is matched once; the answer for a row depends on that
    row alone.
    """
    told = pd.Series("", index=addresses.index, dtype="str") if stated is None else stated
    pairs = pd.DataFrame(
        {
            "address": addresses.astype("str").fillna("").to_numpy(dtype=object),
            "stated": told.astype("str").fillna("").to_numpy(dtype=object),
        }
    )
    codes, distinct = pd.factorize(pd.MultiIndex.from_frame(pairs))
    hits = [_match(address, area, gazetteer) for address, area in distinct]
    columns = {
        "lon": np.array([hit.lon for hit in hits], dtype=np.float64),
        "lat": np.array([hit.lat for hit in hits], dtype=np.float64),
        "position_source": _texts([_source(hit) for hit in hits]),
        "position_error_m": np.array([hit.error_m for hit in hits], dtype=np.float64),
        "matched": _texts([hit.matched for hit in hits]),
        "match_level": _texts([hit.level for hit in hits]),
        "area_level": _texts([hit.area_level for hit in hits]),
        "area_id": _texts([hit.area_id for hit in hits]),
        "reason": pd.array([hit.reason for hit in hits], dtype="str"),
    }
    return pd.DataFrame(columns).take(codes).set_axis(addresses.index)


def _texts(values: Sequence[str]) -> pd.api.extensions.ExtensionArray:
    return pd.array([value or None for value in values], dtype="str")


def _source(hit: _Hit) -> str:
    if hit.level == "none":
        return "none"
    return "stated" if hit.level == "area" else "address"


def _match(address: str, stated: str, gazetteer: Gazetteer) -> _Hit:
    told = _find_stated(stated, gazetteer)
    folded = fold_address(address)
    hit, named = _Hit(reason="empty"), _NOTHING
    if folded:
        reading = read_address(folded, gazetteer)
        hit = _place(reading, address, told, gazetteer)
        named = _named_by(reading, gazetteer) if hit.reason in _STILL_INSIDE else _NOTHING
    if hit.level != "none":
        return hit
    for entries in (told, named):
        if len(entries) == 1:
            return _state(entries[0], hit.reason, gazetteer)
    return hit


def _state(entry: Entry, reason: Reason, gazetteer: Gazetteer) -> _Hit:
    label = gazetteer.area_names[entry.level, entry.key]
    return _Hit(matched=label, level="area", reason=reason, area_level=entry.level, area_id=entry.key)


def _find_stated(stated: str, gazetteer: Gazetteer) -> tuple[Entry, ...]:
    """Return the meanings of a stated area: by code, by name, or by names from coarse to fine."""
    text = stated.strip()
    if not text:
        return _NOTHING
    if (by_code := gazetteer.codes.get(text)) is not None:
        return by_code
    reading = read_address(fold_address(text), gazetteer)
    if reading.rest or reading.foreign or reading.street or reading.building or reading.own_buildings:
        return _NOTHING
    if not reading.courtyards:
        return _last_scope(reading, gazetteer)
    kept = [at for at in reading.courtyards if _fits(gazetteer.courtyards[at], reading.scopes)]
    return tuple(
        Entry("courtyard", "courtyard", str(gazetteer.courtyards[at].courtyard_id), at) for at in kept
    )


def _named_by(reading: Reading, gazetteer: Gazetteer) -> tuple[Entry, ...]:
    """Return the meanings of the finest area an address names before it goes on to a place in it.

    What follows must be an address: 大慈寺社区卫生服务中心 is a clinic and may stand anywhere.
    """
    if not reading.scopes or not (
        not reading.rest or reading.street or reading.courtyards or _ROAD.match(reading.rest)
    ):
        return _NOTHING
    entries = _last_scope(reading, gazetteer)
    return entries if all(entry.level in _STATED_LEVELS for entry in entries) else _NOTHING


def _last_scope(reading: Reading, gazetteer: Gazetteer) -> tuple[Entry, ...]:
    """Return the meanings of the area named last that lie in the areas named before it."""
    if not reading.scopes:
        return _NOTHING
    *before, last = reading.scopes
    inside = {entry: gazetteer.area_inside[entry.level, entry.key] for entry in last}
    return tuple(
        e for e in last if all(any(inside[e].get(o.level) == o.key for o in scope) for scope in before)
    )


# --- one address ---


def _place(reading: Reading, address: str, told: tuple[Entry, ...], gazetteer: Gazetteer) -> _Hit:
    if reading.foreign:
        return _Hit(reason="elsewhere")
    if _RELATIVE.search(reading.rest) or _RELATIVE.match(remark_after(address).lstrip()):
        return _Hit(reason="relative")
    if _RANGE.match(reading.rest):
        return _Hit(reason="rest_unknown")
    return (
        _by_building(reading, told, gazetteer)
        or _by_street_number(reading, told, gazetteer)
        or _by_courtyard(reading, told, gazetteer)
        or _Hit(reason=_why_unknown(reading))
    )


def _why_unknown(reading: Reading) -> Reason:
    if reading.own_buildings:
        return "rest_unknown"
    if reading.street:
        return "number_unknown" if reading.number else "street_without_number"
    return "unknown"


def _by_building(reading: Reading, told: tuple[Entry, ...], gazetteer: Gazetteer) -> _Hit | None:
    found: set[int] = set()
    if reading.building and reading.number:
        found.update(
            gazetteer.by_number_and_building.get((reading.street, reading.number, reading.building), ())
        )
    if reading.building and not found:
        for at in reading.courtyards or _yards_of_number(reading, gazetteer):
            code = str(gazetteer.courtyards[at].courtyard_id)
            found.update(gazetteer.by_courtyard.get((code, reading.building), ()))
    if not found and (not reading.rest or _INSIDE.match(reading.rest)):
        found.update(reading.own_buildings)
    if not found:
        return None
    return _choose(sorted(found), gazetteer.buildings, "building", reading, told)


def _yards_of_number(reading: Reading, gazetteer: Gazetteer) -> tuple[int, ...]:
    """Return the courtyard that is called by its street and number: 东大路28号院."""
    number = reading.number
    entries = gazetteer.names.get(f"{reading.street}{number}号院", ()) if number else ()
    return tuple(entry.at for entry in entries if entry.kind == "courtyard")


def _by_street_number(reading: Reading, told: tuple[Entry, ...], gazetteer: Gazetteer) -> _Hit | None:
    if not reading.number:
        return None
    found = list(gazetteer.by_number.get((reading.street, reading.number), ()))
    if not found:
        return None
    kept = _narrow(found, gazetteer.buildings, reading, told)
    if not kept:
        return _Hit(reason="contradiction")
    spots = [gazetteer.buildings[at] for at in kept]
    lon, lat = np.mean([spot.lon for spot in spots]), np.mean([spot.lat for spot in spots])
    far = distance_m([s.lon for s in spots], [s.lat for s in spots], [lon] * len(spots), [lat] * len(spots))
    if (spread_m := float(far.max())) > MOST_SPREAD_M:
        return _Hit(reason="ambiguous")
    return _Hit(
        float(lon),
        float(lat),
        max(STREET_NUMBER_ERROR_M, spread_m),
        f"{reading.street}{reading.number}号",
        "street_number",
    )


def _by_courtyard(reading: Reading, told: tuple[Entry, ...], gazetteer: Gazetteer) -> _Hit | None:
    found = reading.courtyards or _yards_of_number(reading, gazetteer)
    if not found:
        return None
    # 锦绣花园北区 may be another estate than 锦绣花园: only what lies inside any estate may follow.
    if reading.rest and not reading.building and not _INSIDE.match(reading.rest):
        return _Hit(reason="rest_unknown")
    return _choose(sorted(found), gazetteer.courtyards, "courtyard", reading, told)


def _choose(
    found: Sequence[int],
    spots: Sequence[Spot],
    level: Literal["building", "courtyard"],
    reading: Reading,
    told: tuple[Entry, ...],
) -> _Hit:
    kept = _narrow(found, spots, reading, told)
    if len(kept) != 1:
        return _Hit(reason="ambiguous" if kept else "contradiction")
    spot = spots[kept[0]]
    error_m = BUILDING_ERROR_M if level == "building" else max(spot.radius_m, BUILDING_ERROR_M)
    return _Hit(spot.lon, spot.lat, error_m, spot.label, level)


def _narrow(
    found: Sequence[int], spots: Sequence[Spot], reading: Reading, told: tuple[Entry, ...]
) -> list[int]:
    """Keep the places in the areas the address names; of several, those in the area that is stated."""
    kept = [at for at in found if _fits(spots[at], reading.scopes)]
    if len(kept) > 1 and told:
        stated = [at for at in kept if _lies_in(spots[at], told)]
        kept = stated or kept
    return kept


def _fits(spot: Spot, scopes: Sequence[tuple[Entry, ...]]) -> bool:
    """Tell whether a place lies in all the areas named; one outside every area of a level may."""
    return all(
        _lies_in(spot, entries) or not any(e.level in spot.areas for e in entries) for entries in scopes
    )


def _lies_in(spot: Spot, entries: tuple[Entry, ...]) -> bool:
    return any(
        spot.courtyard_id == entry.key
        if entry.kind == "courtyard"
        else spot.areas.get(entry.level) == entry.key
        for entry in entries
    )
