"""The interactive map of the pages: Leaflet on canvas, inside the page, fed by addresses (地图组件).

A page describes a map as a `MapSpec`: addresses of layers, styles, what is selected and where to
look. Geometry never passes through Python on the way to the browser; the scripts in `ui/assets`
fetch it from `/api` of the same process. What comes back is what was clicked. The map stays mounted
across reruns and redraws only the parts of the spec that changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, Literal

import streamlit as st

from geo.present.offline import VENDOR
from ui.asset_files import ASSET_PATH, OURS, base_path

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees, WGS84."""

EventKind = Literal["area", "enter", "case", "facility"]
CaseMode = Literal["auto", "points", "heat"]
Shape = Literal["circle", "square", "diamond", "drop"]


@dataclass(frozen=True)
class AreaPart:
    """Areas of one level, coloured by class."""

    level: str
    url: str
    """GeoJSON with `area_id`, `name`, `level`."""
    is_tiled: bool = False
    """Vector tiles instead: in `url`, `{z}`, `{x}` and `{y}` stand where their numbers go."""
    values_url: str | None = None
    """What `/api/values` answers; fetched alone when only it changes."""
    ahead: Mapping[str, str] = field(default_factory=dict)
    """`values_url` of other periods, by what the address will then say of the period: its names in order
    of the alphabet, as `from=2026-10-31&period=month`. Asked for as soon as the address says so."""
    values: Mapping[str, object] | None = None
    """The same, inline, for a small number of areas; wins over `values_url`."""


@dataclass(frozen=True)
class OutlinePart:
    """Outlines of a coarser level over the areas."""

    url: str
    rank: int = 1
    """1 for the next coarser level, 2 for the one above: the line gets heavier."""
    is_named: bool = False
    """Write the names at the centres."""


@dataclass(frozen=True)
class CasePart:
    """Cases: by zoom as hexagons, clusters and points; always points; or as a heat picture."""

    mode: CaseMode
    hexagons_url: str = ""
    """With `{res}` where the H3 resolution stands."""
    points_url: str = ""
    """With `{box}` where west, south, east, north stand."""
    heat_url: str = ""
    state_words: Mapping[str, str] = field(default_factory=dict)
    """How the states of cases are called on this page."""
    note: str = ""
    """A line under the title of the legend, for example how many have no location."""


@dataclass(frozen=True)
class KindStyle:
    """How one kind of facility is drawn."""

    label: str
    letter: str
    """One character, so that kinds differ by more than colour."""
    shape: Shape = "circle"
    colour: str = "#4b5563"


@dataclass(frozen=True)
class FacilityPart:
    """Facilities as small labelled symbols, clustered where they are dense."""

    url: str
    kinds: Mapping[str, KindStyle] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """One single place, such as the position of a case."""

    lon: float
    lat: float
    label: str = ""
    is_main: bool = False


@dataclass(frozen=True)
class MapSpec:
    """Everything a map shows; parts that are equal between two reruns are not drawn again."""

    language: Literal["zh", "en"]
    label: str
    """What a screen reader says of the map."""
    token: str
    """From `ui.routes.api_token`; sent with every address."""
    areas: AreaPart | None = None
    outlines: tuple[OutlinePart, ...] = ()
    streets_url: str | None = None
    cases: CasePart | None = None
    facilities: FacilityPart | None = None
    marks: tuple[Mark, ...] = ()
    selected: str | None = None
    """Code of the area that is outlined."""
    fit: Box | None = None
    """The place the map is about; when it changes the map moves there, otherwise the reader's view stays."""
    look_at: Box | None = None
    """Where to fly now, for example to a row of the table that was clicked."""
    review_number: str = ""
    source: str = ""


@dataclass(frozen=True)
class MapEvent:
    """What was clicked on the map."""

    kind: EventKind
    """`area` was selected, or with a second click `enter`ed; a `case` or `facility` was clicked."""
    id: str
    level: str | None = None
    hexagon: str | None = None
    """H3 cell under the click, where hexagons are shown."""


def _read_css() -> str:
    files = (
        VENDOR / "leaflet" / "dist" / "leaflet.css",
        VENDOR / "leaflet.markercluster" / "dist" / "MarkerCluster.css",
        OURS / "map.css",
    )
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


_HTML: Final = '<div class="getu-map"></div>'
_MOUNT: Final = st.components.v2.component(
    "getu.map",
    html=_HTML,
    css=_read_css(),
    js=(OURS / "stub.js").read_text(encoding="utf-8"),
)


def show_map(spec: MapSpec, *, key: str, height: int = 560) -> MapEvent | None:
    """Draw a map on the page and return what was just clicked, once.

    Parameters
    ----------
    spec
        Everything the map shows.
    key
        Stays the same between reruns; the map and its view live as long as the key does.
    height
        In px.
    """
    data = _as_data(spec, key=key, height=height)
    result = _MOUNT(key=key, data=data, height=height, on_picked_change=lambda: None)
    return read_event(result.picked)


def _as_data(spec: MapSpec, *, key: str, height: int) -> dict[str, object]:
    return {**asdict(spec), "key": key, "height": height, "base": base_path() + ASSET_PATH}


def read_event(picked: object) -> MapEvent | None:
    """Return the event the browser sent, or nothing if it is none of ours.

    Examples
    --------
    >>> read_event({"kind": "area", "id": "510105", "level": "district", "hexagon": None})
    MapEvent(kind='area', id='510105', level='district', hexagon=None)
    >>> read_event({"kind": "area", "id": 7}) is None
    True
    """
    if not isinstance(picked, Mapping) or picked.get("kind") not in ("area", "enter", "case", "facility"):
        return None
    texts = {name: picked.get(name) for name in ("id", "level", "hexagon")}
    if not isinstance(texts["id"], str) or any(not isinstance(v, str | None) for v in texts.values()):
        return None
    return MapEvent(picked["kind"], texts["id"], texts["level"], texts["hexagon"])
