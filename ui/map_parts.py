"""Parts of maps that several pages use: addresses of layers, boxes, kinds of facility (地图部件)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import TypedDict
from urllib.parse import urlencode

from geo.analysis.indicators import IndicatorKey
from geo.analysis.periods import Period
from geo.intake.facilities import facility_kinds as kind_names
from geo.messages import Language
from geo.schema import AreaLevel
from geo.store.base import CaseFilter
from geo.tasks.areas import AreaCard, Box, box_of_level
from geo.tasks.case_filters import filter_to_query
from geo.tasks.map_layers import facility_kinds, is_tiled
from ui import pages, routes, session
from ui.map_component import AreaPart, FacilityPart, KindStyle, Shape


class Common(TypedDict):
    """What every map has."""

    language: Language
    label: str
    token: str
    review_number: str
    source: str


def common(label: str) -> Common:
    """Return what every map has; `label` is what a screen reader says."""
    settings = session.settings()
    return {
        "language": session.language(),
        "label": label,
        "token": routes.api_token(),
        "review_number": settings.map_review_number,
        "source": settings.map_source,
    }


def areas_url(level: AreaLevel, *, parent_id: str | None = None) -> str:
    """Return the address of the outlines of a level."""
    return _url(f"areas/{level}.geojson", {"parent": parent_id or ""})


def area_part(
    level: AreaLevel,
    *,
    parent_id: str | None = None,
    values_url: str | None = None,
    ahead: Mapping[str, str] = MappingProxyType({}),
) -> AreaPart:
    """Return the areas of a level, those under an area where it is named, in the way that fits their number.

    `values_url` and `ahead` say where their figures are, as in `AreaPart`.
    """
    if not session.kept("is_tiled", (level, parent_id), lambda: is_tiled(session.store(), level, parent_id)):
        return AreaPart(
            level, areas_url(level, parent_id=parent_id), values_url=values_url, ahead=dict(ahead)
        )
    # The braces stay as they are: the map puts the numbers of each tile in their place.
    url = _url(f"tiles/{level}/{{z}}/{{x}}/{{y}}.mvt", {"parent": parent_id or ""})
    return AreaPart(level, url, is_tiled=True, values_url=values_url, ahead=dict(ahead))


def values_url(
    level: AreaLevel,
    key: IndicatorKey,
    period: Period,
    *,
    where: CaseFilter | None = None,
    parent_id: str | None = None,
) -> str:
    """Return the address of the figures of a level."""
    query = {
        "level": level,
        "by": key,
        "period": period.name,
        "from": period.first_on.isoformat(),
        "to": _after(period),
        "parent": parent_id or "",
        "lang": session.language(),
    }
    return _url("values", {**query, **_without_area(where or CaseFilter())})


def streets_url() -> str:
    """Return the address of the streets."""
    return _url("streets", {})


def case_urls(where: CaseFilter) -> dict[str, str]:
    """Return the addresses of cases as hexagons, points and heat."""
    query = filter_to_query(where)
    return {
        "hexagons_url": _url("hexagons", query) + "&res={res}",
        "points_url": _url("points", query) + "&box={box}",
        "heat_url": _url("heat", query),
    }


def facilities_url(kinds: Sequence[str]) -> str:
    """Return the address of facilities of some kinds."""
    return _url("facilities", {"kinds": ",".join(kinds)})


def kinds_present() -> tuple[str, ...]:
    """Return the kinds of facility that have a location, most first."""
    return session.kept("facility_kinds", (), lambda: tuple(facility_kinds(session.store())))


def facility_part(kinds: Sequence[str]) -> FacilityPart | None:
    """Return facilities of some kinds, drawn by kind; None where there is none."""
    if not kinds:
        return None
    return FacilityPart(facilities_url(kinds), {kind: kind_style(kind) for kind in kinds})


def kind_style(kind: str) -> KindStyle:
    """Return how a kind is drawn; a kind keeps its style whatever else is shown."""
    names = kind_names()
    label = names.get(kind, (kind, kind))
    place = list(names).index(kind) if kind in names else 0
    return KindStyle(
        label[0 if session.language() == "zh" else 1],
        label[0][:1],
        _SHAPES[place // len(_COLOURS) % len(_SHAPES)],
        _COLOURS[place % len(_COLOURS)],
    )


_SHAPES: tuple[Shape, ...] = ("circle", "square", "diamond")
_COLOURS = ("#0f766e", "#4d7c0f", "#92400e", "#1e4e8c", "#6b4e9e", "#9d3a5b", "#4b5563")


def _url(path: str, query: Mapping[str, str]) -> str:
    asked = urlencode({name: value for name, value in query.items() if value})
    return f"{pages.prefix()}/api/{path}?v={session.data_version()}" + (f"&{asked}" if asked else "")


def _after(period: Period) -> str:
    return (period.last_on + timedelta(days=1)).isoformat()


def _without_area(where: CaseFilter) -> dict[str, str]:
    return {name: value for name, value in filter_to_query(where).items() if name not in ("area", "level")}


def plain_areas(area: AreaCard | None, *, is_alone: bool = False) -> AreaPart | None:
    """Return uncoloured outlines: the area with its siblings, or the coarsest level."""
    levels = session.summary().levels
    if not levels:
        return None
    if area is None:
        return area_part(levels[0])
    level = area.child_level if area.child_level and not is_alone else area.level
    parent = (
        area.area_id if area.child_level and not is_alone else (area.parent.area_id if area.parent else None)
    )
    return area_part(level, parent_id=parent)


def box_of(area: AreaCard | None) -> Box | None:
    """Return the box of an area, or of everything."""
    return area.box if area is not None else whole_box()


def whole_box() -> Box | None:
    """Return the box of everything that has an outline; None where nothing has."""

    def read() -> Box | None:
        levels = session.summary().levels
        if not levels:
            return None
        return box_of_level(session.store(), levels[0])

    return session.kept("whole_box", (), read)
