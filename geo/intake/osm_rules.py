"""What OpenStreetMap's tags say about walking (步行标签规则).

One table of rules instead of a router's defaults: which ways a person may walk, in which direction, what a
wheelchair or a pram cannot pass, which points shut a way, what can be walked across. `foot` speaks for people
and wins over `access`, which speaks for all; `oneway` speaks for vehicles and is not asked. A gate without a
word on access is taken to be open, and what only stops vehicles (a bollard, a lift gate) stops nobody on foot.
Values: OpenStreetMap wiki, Key:highway, Key:access, Key:barrier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Why = Literal["", "foot_no", "private", "vehicles_only", "not_built", "rail", "water", "gate"]
"""Why a way may not be walked; empty where it may."""
FootWay = Literal["both", "forward", "backward"]

WALKED: Final = frozenset({
    "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary",
    "tertiary_link", "unclassified", "residential", "living_street", "service", "pedestrian", "track",
    "footway", "path", "steps", "cycleway", "bridleway", "road", "corridor", "platform", "crossing", "elevator",
})  # fmt: skip
VEHICLES_ONLY: Final = frozenset({"motorway", "motorway_link", "raceway", "busway", "bus_guideway", "escape"})
NOT_BUILT: Final = frozenset({"construction", "proposed", "planned", "abandoned", "razed", "disused"})
PLAZA_KINDS: Final = frozenset({"pedestrian", "footway", "path", "platform", "living_street", "service"})

YES: Final = frozenset({"yes", "designated", "permissive", "official", "destination", "customers", "permit"})
NO: Final = frozenset({"no", "private", "use_sidepath", "military", "agricultural", "forestry", "delivery"})

SHUTTING: Final = frozenset({
    "gate", "swing_gate", "sliding_gate", "wicket_gate", "hampshire_gate", "kissing_gate", "turnstile",
    "full-height_turnstile", "entrance", "sally_port", "door", "chain", "rope", "fence", "wall", "hedge", "yes",
})  # fmt: skip
"""Barriers whose `access` speaks for people on foot as well."""
NOT_FOR_WHEELS: Final = frozenset({
    "stile", "turnstile", "full-height_turnstile", "kissing_gate", "cycle_barrier", "horse_stile", "log",
})  # fmt: skip

RAILS: Final = frozenset({"rail", "light_rail", "subway", "narrow_gauge"})
WATERS: Final = frozenset({"river", "canal"})

_PERCENT = re.compile(r"^\s*([+-]?\d+(?:[.,]\d+)?)\s*%\s*$")
_HEIGHT = re.compile(r"^\s*([+-]?\d+(?:[.,]\d+)?)\s*m?\s*$")
_STEEPEST = 1.0


@dataclass(frozen=True)
class WayFacts:
    """What the tags of one way mean for somebody on foot."""

    kind: str
    why: Why
    foot_way: FootWay
    wheels: bool | None
    """False where a wheelchair or a pram cannot pass, None where nothing is said."""
    name: str | None
    slope: float | None
    """Rise over length in the direction of the way, where it is given as a number."""
    is_plaza: bool
    is_bridge: bool
    is_tunnel: bool


def read_way(tags: Mapping[str, str]) -> WayFacts | None:
    """Return what a way means, None where it is neither street nor barrier.

    Examples
    --------
    >>> read_way({"highway": "residential", "oneway": "yes"}).foot_way
    'both'
    >>> read_way({"highway": "footway", "access": "private"}).why
    'private'
    >>> read_way({"building": "yes"}) is None
    True
    """
    kind = _find_kind(tags)
    if kind is None:
        return None
    is_area = tags.get("area") == "yes" or tags.get("type") == "multipolygon" or tags.get("place") == "square"
    return WayFacts(
        kind="crossing" if "crossing" in (tags.get("footway"), tags.get("path")) else kind,
        why=_find_why(kind, tags),
        foot_way=_find_foot_way(kind, tags),
        wheels=_find_wheels(kind, tags),
        name=tags.get("name") or None,
        slope=_read_slope(tags.get("incline", "")),
        is_plaza=is_area and kind in PLAZA_KINDS,
        is_bridge=tags.get("bridge", "no") != "no",
        is_tunnel=tags.get("tunnel", "no") not in ("no", "building_passage"),
    )


def _find_kind(tags: Mapping[str, str]) -> str | None:
    highway = tags.get("highway")
    if highway in WALKED | VEHICLES_ONLY | NOT_BUILT:
        return highway
    rules = (
        ("platform", "platform" in (tags.get("railway"), tags.get("public_transport"))),
        ("pedestrian", tags.get("place") == "square"),
        ("pier", tags.get("man_made") == "pier"),
        ("rail", highway is None and tags.get("railway") in RAILS),
        ("water", highway is None and tags.get("waterway") in WATERS),
    )
    return next((kind for kind, holds in rules if holds), None)


def _find_why(kind: str, tags: Mapping[str, str]) -> Why:
    foot = tags.get("foot")
    why: Why = ""
    if kind in ("rail", "water"):
        why = "rail" if kind == "rail" else "water"
    elif kind in NOT_BUILT:
        why = "not_built"
    elif foot in NO:
        why = "private" if foot == "private" else "foot_no"
    elif foot in YES:
        why = ""
    elif kind in VEHICLES_ONLY or tags.get("motorroad") == "yes":
        why = "vehicles_only"
    elif tags.get("access") in NO:
        why = "private"
    return why


def _find_foot_way(kind: str, tags: Mapping[str, str]) -> FootWay:
    """Return the direction in which people may walk: escalators, and what is one-way for them."""
    said = tags.get("oneway:foot")
    if said is None and kind in ("steps", "footway", "corridor"):
        said = {"forward": "yes", "backward": "-1"}.get(tags.get("conveying", ""))
    if said in ("yes", "1", "true") or tags.get("foot:backward") == "no":
        return "forward"
    return "backward" if said == "-1" or tags.get("foot:forward") == "no" else "both"


def _find_wheels(kind: str, tags: Mapping[str, str]) -> bool | None:
    if tags.get("wheelchair") == "no":
        return False
    if tags.get("wheelchair") in YES:
        return True
    return False if kind == "steps" else None


def _read_slope(text: str) -> float | None:
    found = _PERCENT.match(text)
    if not found:
        return None
    slope = float(found[1].replace(",", ".")) / 100
    return slope if abs(slope) <= _STEEPEST else None


def is_shut(tags: Mapping[str, str]) -> bool:
    """Tell whether a point on a way lets nobody through on foot.

    Examples
    --------
    >>> is_shut({"barrier": "gate", "access": "private"}), is_shut({"barrier": "lift_gate", "access": "private"})
    (True, False)
    """
    if "barrier" not in tags or tags.get("foot") in YES:
        return False
    if tags.get("foot") in NO:
        return True
    return tags["barrier"] in SHUTTING and (tags.get("access") in NO or tags.get("locked") == "yes")


def stops_wheels(tags: Mapping[str, str]) -> bool:
    """Tell whether a point on a way stops a wheelchair or a pram."""
    if tags.get("wheelchair") in YES:
        return False
    return tags.get("barrier") in NOT_FOR_WHEELS or ("barrier" in tags and tags.get("wheelchair") == "no")


def read_height(tags: Mapping[str, str]) -> float | None:
    """Return the height of a point in metres, where it is given."""
    found = _HEIGHT.match(tags.get("ele", ""))
    return float(found[1].replace(",", ".")) if found else None
