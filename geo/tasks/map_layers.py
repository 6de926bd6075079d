"""What the maps fetch: polygons, values, hexagons, points, heat, facilities, streets (地图图层).

Everything here leaves the machine's memory for a browser, so each layer names the properties it may
carry (`ALLOWED`), and nothing else gets out. Shapes are thinned for the screen together, so that
neighbours stay flush, and coordinates are rounded to six decimals (11 cm).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analysis.classes import Classes, ClassMethod, classify
from geo.analysis.indicators import AREA_INDICATORS, INDICATORS, Format, Indicator, IndicatorKey, find_small
from geo.analysis.periods import Period
from geo.errors import ChoiceError, MissingError
from geo.hexagons import hexagon_centres, hexagon_polygons, hexagon_text
from geo.present.documents import dump_json
from geo.present.numbers import NO_FIGURE, show_value
from geo.schema import AreaLevel
from geo.store.base import CaseFilter, Store
from geo.tasks.areas import AreaCard, Box, box_of_level, find_levels
from geo.tasks.case_filters import narrow
from geo.tasks.case_lists import read_rows
from geo.tasks.dashboards import Background, measure_level
from geo.vector_tiles import DEEPEST, Tile, tiles_over

ALLOWED: Mapping[str, tuple[str, ...]] = {
    "areas": ("area_id", "name", "level", "parent_id"),
    "hexagons": ("h3", "n"),
    "points": ("case_id", "category", "state", "reported_on"),
    "facilities": ("facility_id", "name", "kind", "status", "service_level"),
    "streets": ("kind", "walk"),
}
"""Properties each layer may carry."""

MOST_OUTLINES = 10_000
"""Beyond this, areas come as vector tiles."""
MOST_TILES_WIDE = 1.6
"""A tile is drawn 362 px wide or more; a map of 620 px leaves 584 for the place it shows."""
MOST_POINTS = 5_000
"""Beyond this, case points come as hexagons."""
HEAT_RESOLUTION = 10
DECIMALS = 6
_TIME_FIELDS = (
    "reported_from", "reported_to", "closed_from", "closed_to", "open_at", "overdue_at", "due_from", "due_to",
)  # fmt: skip

# A hundredth of the width of a typical area is below a pixel while that area is a quarter of a screen wide.
_TOLERANCE_SHARE = 0.01
_LEAST_TOLERANCE_DEG, _MOST_TOLERANCE_DEG = 0.00001, 0.0002
_STREET_TOLERANCE_DEG = 0.00002


@dataclass(frozen=True)
class Layer:
    """One layer as it is sent."""

    kind: str
    """Key of `ALLOWED`, or `heat`: a request for points may be answered with hexagons."""
    content: bytes
    """GeoJSON (RFC 7946) in WGS84, or for heat a JSON list of `[lon, lat, n]`."""
    n: int
    """Features."""
    n_cases: int = 0
    """Cases in them."""


@dataclass(frozen=True)
class AreaValues:
    """Values of one indicator for the areas of a level, with the classes of the map.

    Tens of thousands of areas share a few hundred figures, so each figure is written and classed once.
    """

    level: AreaLevel
    indicator: Indicator
    ids: list[str]
    """Area ids, in order."""
    figures: list[Figure]
    """Every different figure."""
    rows: list[int]
    """Place of the figure of each area in `figures`, in the order of `ids`."""
    classes: Classes
    period: Period

    @property
    def by_area(self) -> dict[str, Figure]:
        """The figure of each area by its id."""
        return {area_id: self.figures[row] for area_id, row in zip(self.ids, self.rows, strict=True)}


@dataclass(frozen=True)
class Figure:
    """One figure as a map shows it."""

    value: float | None
    """None where there is no denominator."""
    place: int | None
    """Its class, 0 the lowest; None without a value."""
    text: str
    """The value as it is shown."""
    is_small: bool
    """Whether it stands on a small denominator."""


def area_layer(store: Store, level: AreaLevel, *, parent_id: str | None = None) -> Layer:
    """Draw the areas of a level.

    Parameters
    ----------
    store
        Where to read.
    level, parent_id
        The areas; all of the level when `parent_id` is missing.

    Raises
    ------
    MissingError
        If the level has no areas.
    """
    areas = store.read_areas(level, parent_id=parent_id)
    if areas.empty:
        known = ", ".join(find_levels(store)) or "–"
        raise MissingError("level_without_areas", level=level, known=known)
    rows = areas.assign(level=level)[[*ALLOWED["areas"]]].astype(object)
    content = _write_features(rows, simplify_areas(areas.geometry.to_numpy()))
    return Layer("areas", content, len(areas))


def is_tiled(store: Store, level: AreaLevel, parent_id: str | None = None) -> bool:
    """Tell whether the areas of a level are too many to travel as one file of outlines."""
    return len(store.residents(level, parent_id=parent_id)) > MOST_OUTLINES


def first_tiles(store: Store, level: AreaLevel) -> list[Tile]:
    """Return the tiles a map of a whole level opens with, on a map as high as ours on a desk.

    Such a map shows the place 1 to 1.6 tiles high or wide; on other screens it may open with others.
    """
    box = box_of_level(store, level)
    zooms = [z for z in range(DEEPEST + 1) if Tile(z, 0, 0).span_of(box) < MOST_TILES_WIDE]
    return tiles_over(box, zooms[-1] if zooms else 0)


def area_tile(store: Store, level: AreaLevel, tile: Tile, *, parent_id: str | None = None) -> bytes:
    """Write the areas of a level on one vector tile: how a large level travels, see `geo.vector_tiles`.

    Raises
    ------
    MissingError
        If the level has no areas; a tile beside them is empty.
    """
    content = store.area_tile(level, tile, parent_id=parent_id)
    if not content and store.residents(level, parent_id=parent_id).empty:
        raise MissingError("level_without_areas", level=level, known=", ".join(find_levels(store)) or "–")
    return content


def simplify_areas(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Thin polygons for the screen; shared edges are thinned once, so neighbours stay flush.

    The tolerance is a hundredth of the width of a typical area, 0.00001 degrees (1 m) to 0.0002.
    """
    if not len(shapes):
        return shapes
    width_deg = float(np.sqrt(np.median(shapely.area(shapes))))
    tolerance = min(max(width_deg * _TOLERANCE_SHARE, _LEAST_TOLERANCE_DEG), _MOST_TOLERANCE_DEG)
    thinned = shapely.coverage_simplify(shapes, tolerance)
    # An area smaller than the tolerance may vanish; it is drawn as it is.
    kept = np.where(shapely.is_empty(thinned) | shapely.is_missing(thinned), shapes, thinned)
    return np.asarray(kept, dtype=object)


def area_values(
    store: Store,
    level: AreaLevel,
    key: str,
    *,
    period: Period,
    where: CaseFilter | None = None,
    parent_id: str | None = None,
    method: ClassMethod = "quantiles",
    measure: Callable[[], pd.DataFrame] | None = None,
) -> AreaValues:
    """Measure one indicator for every area of a level and cut it into classes.

    Parameters
    ----------
    store
        Where to read.
    level, parent_id
        The areas; all of the level when `parent_id` is missing.
    key
        Key of `geo.analysis.indicators.AREA_INDICATORS`.
    period
        From `choose_period`.
    where
        Narrows the cases (categories, kinds, sources …); must not name moments.
    method
        How classes are cut.
    measure
        Gives `measure_level` of the same choices, where it is kept; measured here when missing.

    Raises
    ------
    ChoiceError
        If the indicator is unknown, or the filter names moments.
    MissingError
        If the level has no areas.
    """
    wanted = _require_indicator(key)
    where = where or CaseFilter()
    if any(getattr(where, name) is not None for name in _TIME_FIELDS):
        raise ChoiceError("filter_with_time")
    if measure is None:
        table = measure_level(store, level, period=period, where=where, parent_id=parent_id)
    else:
        table = measure()
    if table.empty:
        raise MissingError("level_without_areas", level=level, known=", ".join(find_levels(store)) or "–")
    item = INDICATORS[wanted]
    values = table[wanted].astype(float)
    classes = classify(values, method=method, show=lambda value: show_value(value, item.format))
    figures, rows = _find_figures(
        np.asarray(values, dtype=np.float64), find_small(table, wanted).to_numpy(), classes, item.format
    )
    return AreaValues(level, item, _texts_of(table.index), figures, rows, classes, period)


def _texts_of(index: pd.Index[Any]) -> list[str]:
    """Return codes as plain texts, ten times faster than an index hands them out one by one."""
    texts: list[str] = index.to_numpy(dtype=object).tolist()
    return texts


def _find_figures(
    values: NDArray[np.float64], is_small: NDArray[np.bool_], classes: Classes, style: Format
) -> tuple[list[Figure], list[int]]:
    """Return every different figure once, and which of them each value is; a missing one is the last."""
    known, of_value = np.unique(values, return_inverse=True)  # takes all missing values for one
    keys, first, rows = np.unique(2 * of_value + is_small, return_index=True, return_inverse=True)
    places = classes.positions.to_numpy()[first]
    figures = []
    for key, place in zip(keys.tolist(), places.tolist(), strict=True):
        value = float(known[key // 2])
        is_missing = math.isnan(value)
        figures.append(
            Figure(
                value=None if is_missing else value,
                place=None if place < 0 else place,
                text=NO_FIGURE if is_missing else show_value(value, style),
                is_small=bool(key % 2),
            )
        )
    return figures, rows.tolist()


def is_timed_by(key: str) -> bool:
    """Tell whether an indicator is a time to close, which takes percentiles."""
    return any(key == known and INDICATORS[known].format == "hours" for known in AREA_INDICATORS)


def hexagon_layer(store: Store, where: CaseFilter, *, resolution: int) -> Layer:
    """Draw located cases as H3 hexagons with their counts; resolution 5 to 10."""
    counts = store.hexagon_counts(where, resolution=resolution)
    ids = counts["h3"].to_numpy(dtype=np.uint64)
    rows = pd.DataFrame({"h3": hexagon_text(ids), "n": counts["n"].astype(int).to_numpy()}, dtype=object)
    content = _write_features(rows, hexagon_polygons(ids))
    return Layer("hexagons", content, len(rows), int(counts["n"].sum()))


def case_points(store: Store, where: CaseFilter, *, box: Box, resolution: int = 9) -> Layer:
    """Draw the cases inside a box as points, or as hexagons where there are more than `MOST_POINTS`.

    A point carries its number, category, state and day of report, nothing that was written.
    """
    inside = narrow(where, box=box, is_located=True)
    if store.count_cases(inside) > MOST_POINTS:
        return hexagon_layer(store, inside, resolution=resolution)
    rows = read_rows(store, inside, columns=["case_id", "category_id", "state", "reported_at", "lon", "lat"])
    rows = rows[rows["lon"].notna()]
    days = rows["reported_at"].dt.tz_convert(store.time_zone).dt.strftime("%Y-%m-%d")
    points = shapely.points(rows["lon"].to_numpy(dtype=float), rows["lat"].to_numpy(dtype=float))
    content = _write_features(rows.assign(reported_on=days)[[*ALLOWED["points"]]].astype(object), points)
    return Layer("points", content, len(rows), len(rows))


def heat_points(store: Store, where: CaseFilter) -> Layer:
    """Sum located cases at the centres of H3 cells of resolution 10, for a heat picture."""
    counts = store.hexagon_counts(where, resolution=HEAT_RESOLUTION)
    lon, lat = hexagon_centres(counts["h3"].to_numpy(dtype=np.uint64))
    columns = (np.round(lon, DECIMALS).tolist(), np.round(lat, DECIMALS).tolist(), counts["n"].tolist())
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Layer("heat", dump_json(rows).encode(), len(rows), int(counts["n"].sum()))


def facility_points(
    store: Store, *, kinds: Sequence[str] = (), statuses: Sequence[str] = (), box: Box | None = None
) -> Layer:
    """Draw facilities that have a location as points; every kind and status where none is named."""
    narrowed = {"kind": list(kinds), "status": list(statuses)}
    table = store.read(
        "facilities",
        columns=[*ALLOWED["facilities"], "lon", "lat"],
        where={name: values for name, values in narrowed.items() if values},
        order_by=["facility_id"],
    )
    table = table[table["lon"].notna()]
    if box is not None:
        west, south, east, north = box
        table = table[table["lon"].between(west, east) & table["lat"].between(south, north)]
    points = shapely.points(table["lon"].to_numpy(dtype=float), table["lat"].to_numpy(dtype=float))
    content = _write_features(table[[*ALLOWED["facilities"]]].astype(object), points)
    return Layer("facilities", content, len(table))


def facility_kinds(store: Store) -> dict[str, int]:
    """Count the facilities with a location by kind, for the list of layers; most first."""
    table = store.read("facilities", columns=["kind", "lon"])
    counts = table.loc[table["lon"].notna(), "kind"].value_counts()
    return {
        str(kind): int(n) for kind, n in sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    }


def street_layer(store: Store) -> Layer:
    """Draw the streets as one line bundle per kind, for the quiet ground under the map."""
    edges = store.read("street_edges", columns=["kind", "walk", "geom"])
    edges = edges[~shapely.is_missing(edges["geom"].to_numpy())]
    rows, bundles = [], []
    for (kind, walk), group in edges.groupby(["kind", "walk"], dropna=False, sort=True):
        lines = shapely.multilinestrings(shapely.get_parts(group["geom"].to_numpy()))
        bundles.append(shapely.simplify(lines, _STREET_TOLERANCE_DEG))
        rows.append((None if pd.isna(kind) else str(kind), bool(walk)))
    table = pd.DataFrame(rows, columns=list(ALLOWED["streets"]), dtype=object)
    return Layer("streets", _write_features(table, np.array(bundles, dtype=object)), len(edges))


@dataclass(frozen=True)
class MapCard:
    """The small card of an area that was pointed at: its name and four numbers."""

    area: AreaCard
    figures: tuple[tuple[IndicatorKey, float | None, bool], ...]
    """Indicator, value, and whether it stands on a small denominator."""


CARD_INDICATORS: tuple[IndicatorKey, ...] = ("n_new", "n_open", "n_overdue", "on_time_share")


def map_card(
    store: Store, area: AreaCard, *, period: Period, background: Background | None = None
) -> MapCard:
    """Measure the four numbers of the card of an area."""
    parent = area.parent
    parent_id = None if parent is None else parent.area_id
    table = measure_level(
        store, area.level, period=period, where=area.cases, parent_id=parent_id, background=background
    )
    row = table.loc[[area.area_id]]
    figures = []
    for key in CARD_INDICATORS:
        value = row[key].to_numpy(dtype=float)[0]
        figures.append((key, None if np.isnan(value) else float(value), bool(find_small(row, key).iloc[0])))
    return MapCard(area, tuple(figures))


def _require_indicator(key: str) -> IndicatorKey:
    for known in AREA_INDICATORS:
        if key == known:
            return known
    raise ChoiceError("indicator_unknown", key=key, known=", ".join(AREA_INDICATORS))


def _write_features(rows: pd.DataFrame, shapes: NDArray[np.object_]) -> bytes:
    """Write GeoJSON; `rows` holds the properties and nothing else."""
    rounded = shapely.transform(_unpack(shapes), lambda degrees: np.round(degrees, DECIMALS))
    texts = shapely.to_geojson(rounded)
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    features = [
        f'{{"type":"Feature","properties":{dump_json(record)},"geometry":{text}}}'
        for record, text in zip(records, texts, strict=True)
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'.encode()


def _unpack(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Turn bundles of one polygon into that polygon, which is shorter to send."""
    shapes = np.asarray(shapes, dtype=object).copy()
    is_single = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOLYGON) & (
        shapely.get_num_geometries(shapes) == 1
    )
    shapes[is_single] = shapely.get_geometry(shapes[is_single], 0)
    return shapes


def areas_as_table(store: Store, level: AreaLevel, *, parent_id: str | None = None) -> gpd.GeoDataFrame:
    """Return the areas of a level with their full outlines, WGS84, for an export."""
    areas = store.read_areas(level, parent_id=parent_id)
    return areas[["area_id", "name", "parent_id", "area_m2", areas.geometry.name]]
