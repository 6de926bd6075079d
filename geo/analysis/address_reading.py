"""Read a folded address from left to right into what it names (地址要素解析).

Levels follow GA/T 2000.32 and section 5.5 of the domain sheet: province and city, district, town or
sub-district, community, street, estate, gate number, building; entrance, floor and room lie inside the
building. At each place the longest name the gazetteer knows wins. Reading stops at the first thing
that is not understood; whether the rest may be ignored is decided by the matcher.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from geo.analysis.address_text import read_building_number, read_street_number
from geo.analysis.gazetteer import Entry, Gazetteer

_LEAD: Final = re.compile(r"^(?:地址|住址|位置|事发地|事发地址)?:?(?:位于|坐落于|家住|住在|就在|住|在)?")
_AFTER_AREA: Final = re.compile(r"(?:街道办事处|办事处|社区居委会|居委会|居民委员会|村委会|辖区)")
_AFTER_NUMBER: Final = re.compile(r"大?院")
_AFTER_COURTYARD: Final = re.compile(r"小区")
_OUTER: Final = re.compile(
    r"[^\d\s]{2,7}?(?:省|自治区|特别行政区|自治州|地区|盟|(?<![超夜菜门集花鱼])市(?!场|民|政))"
)
_DISTRICT: Final = re.compile(
    r"[^\d\s]{1,6}?(?:(?<![小社园院片景校厂库宅商住新老东西南北中前后院苑地矿灾])区|县|旗)(?![^\W\d]?栋)"
)
_TOWN: Final = re.compile(r"[^\d\s]{1,6}?(?:街道|镇|乡)")
_COMMUNITY: Final = re.compile(r"[^\d\s]{1,8}?(?:社区|居委会|村委会)")
_PLAIN_UNITS: Final = re.compile(r"(\d{1,3})-(?:\d{1,2}-)?\d{3,4}(?!\d)")


@dataclass
class Reading:
    """What an address names; empty where it names nothing of the kind."""

    scopes: list[tuple[Entry, ...]] = field(default_factory=list)
    """Areas the address names, each with all its meanings, in order of reading."""
    street: str = ""
    number: str = ""
    courtyards: tuple[int, ...] = ()
    """Positions of the courtyards that carry the name."""
    own_buildings: tuple[int, ...] = ()
    """Positions of the buildings that carry a name of their own."""
    building: str = ""
    rest: str = ""
    """What was not read."""
    foreign: str = ""
    """A city, district, town or community that is not of this store."""


def read_address(text: str, gazetteer: Gazetteer) -> Reading:
    """Read a folded address.

    Parameters
    ----------
    text
        As `geo.analysis.address_text.fold_address` returns it.
    gazetteer
        Names to look for.
    """
    reading = Reading()
    at = _LEAD.match(text).end()  # type: ignore[union-attr]  # the pattern matches the empty text too
    while at < len(text) and not reading.foreign:
        after = _step(text, at, reading, gazetteer)
        if after == at:
            break
        at = after
    reading.rest = text[at:]
    return reading


def _step(text: str, at: int, reading: Reading, gazetteer: Gazetteer) -> int:
    """Read one element; return where it ends, or `at` where nothing is understood."""
    if reading.street and not reading.number and (plate := read_street_number(text, at)) is not None:
        reading.number = plate[0]
        return _skip(_AFTER_NUMBER, text, plate[1])
    if (reading.number or reading.courtyards) and not reading.building:
        short = bool(reading.courtyards)
        if (building := read_building_number(text, at, short=short)) is not None:
            reading.building = building[0]
            return building[1]
        if short and (units := _PLAIN_UNITS.match(text, at)) is not None:
            reading.building = units[1]
            return units.end()
    if reading.building or reading.own_buildings:
        return at
    return _read_name(text, at, reading, gazetteer)


def _read_name(text: str, at: int, reading: Reading, gazetteer: Gazetteer) -> int:
    for length in range(min(gazetteer.longest, len(text) - at), 1, -1):
        entries = gazetteer.names.get(text[at : at + length])
        if entries is None:
            continue
        end = _take(entries, text, at + length, reading)
        if end is not None:
            return end
    if reading.street and not reading.number:
        return at
    return _read_unknown_area(text, at, reading, gazetteer)


def _take(entries: tuple[Entry, ...], text: str, end: int, reading: Reading) -> int | None:
    """Note what a name means, as far as it may stand here; return where it ends."""
    by_kind: dict[str, tuple[Entry, ...]] = {}
    for entry in entries:
        by_kind[entry.kind] = (*by_kind.get(entry.kind, ()), entry)
    is_inner = bool(reading.street or reading.courtyards or reading.own_buildings)
    may_be_street = "street" in by_kind and not reading.street
    if may_be_street and read_street_number(text, end) is not None:
        reading.street = by_kind["street"][0].key
        return end
    if "courtyard" in by_kind and not reading.courtyards:
        reading.courtyards = tuple(entry.at for entry in by_kind["courtyard"])
        return _skip(_AFTER_COURTYARD, text, end)
    if "building" in by_kind and not reading.own_buildings:
        reading.own_buildings = tuple(entry.at for entry in by_kind["building"])
        return end
    if "area" in by_kind and not is_inner:
        reading.scopes.append(by_kind["area"])
        return _skip(_AFTER_AREA, text, end)
    if may_be_street:
        reading.street = by_kind["street"][0].key
        return end
    return end if "outer" in by_kind and not is_inner else None


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return at if match is None else match.end()


def _read_unknown_area(text: str, at: int, reading: Reading, gazetteer: Gazetteer) -> int:
    """Read the name of an area the gazetteer does not have: skip it, or tell that it is foreign."""
    if reading.street or reading.courtyards or reading.own_buildings:
        return at
    if (outer := _OUTER.match(text, at)) is not None:
        if gazetteer.has_outer or not _names_district(text, outer.end(), gazetteer):
            reading.foreign = outer[0]
        return outer.end()
    for pattern, level in ((_DISTRICT, "district"), (_TOWN, "subdistrict"), (_COMMUNITY, "community")):
        if (area := pattern.match(text, at)) is None:
            continue
        if level in gazetteer.levels:  # all of that level are known, and this is none of them
            reading.foreign = area[0]
        return area.end()
    return at


def _names_district(text: str, at: int, gazetteer: Gazetteer) -> bool:
    """Tell whether a known district, or another city followed by one, stands here."""
    if (inner := _OUTER.match(text, at)) is not None:
        at = inner.end()
    for length in range(min(gazetteer.longest, len(text) - at), 1, -1):
        entries = gazetteer.names.get(text[at : at + length], ())
        if any(entry.kind == "area" for entry in entries):
            return True
    return False
