"""Read JSON layers feature by feature, keeping every number as it was issued (GeoJSON 逐要素读取).

The text is parsed here and not by GDAL, for three reasons: a problem is told with the number of its
feature; ids keep every digit (a reader that turns 21-digit codes into floating point loses them
silently); and a broken feature costs that feature, where GDAL drops it without a word or gives up the
file. One feature is in memory as JSON at a time.

Refused features stay in the table without geometry, so that whoever lists the problems can name
their ids. What the attributes mean is decided later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import EmptyError, LimitError
from geo.intake.checked import Note, join_problems, problems
from geo.intake.features import GEOMETRY_COLUMN, NOT_STORABLE, LayerFormat, RawFeatures, as_text
from geo.intake.json_walk import GEOMETRY_TYPES, Found, Pairs, walk_features

Ring = NDArray[np.float64]


class _FeatureError(ValueError):
    """A feature cannot be used; carries the code of the sentence and the value."""

    def __init__(self, code: str, column: str, value: object) -> None:
        super().__init__(code)
        self.code = code
        self.column = NOT_STORABLE.sub("?", column)
        self.value = NOT_STORABLE.sub("?", "" if value is None else str(value))


@dataclass
class _Shapes:
    """Geometries being collected as rings, built all at once at the end."""

    coords: list[Ring] = field(default_factory=list)
    parts: list[int] = field(default_factory=lambda: [0])
    """Number of rings (or lines) before each part."""
    wholes: list[int] = field(default_factory=lambda: [0])
    """Number of parts before each geometry."""
    rows: list[int] = field(default_factory=list)


@dataclass
class Collected:
    """Features taken so far."""

    polygons: _Shapes = field(default_factory=_Shapes)
    lines: _Shapes = field(default_factory=_Shapes)
    points: _Shapes = field(default_factory=_Shapes)
    attributes: list[dict[str, str]] = field(default_factory=list)
    refused: list[pd.DataFrame] = field(default_factory=list)
    n_heights: int = 0
    n_vertices: int = 0

    def finish(
        self,
        kind: LayerFormat,
        *,
        crs_text: str | None = None,
        layer: str | None = None,
        layers: tuple[str, ...] = (),
        notes: tuple[Note, ...] = (),
    ) -> RawFeatures:
        """Build all geometries at once, and return what was taken."""
        n = len(self.attributes)
        rows = pd.RangeIndex(1, n + 1, name="row")
        geometry = np.full(n, None, dtype=object)
        for shapes, build in ((self.polygons, _polygons), (self.lines, _lines), (self.points, _points)):
            if shapes.rows:
                geometry[np.asarray(shapes.rows) - 1] = build(shapes)
        attributes = pd.DataFrame(self.attributes, index=rows).astype("str")
        refused = join_problems(self.refused)
        return RawFeatures(
            attributes, geometry, refused, crs_text, self.n_heights, format=kind, layer=layer, layers=layers,
            notes=notes,
        )  # fmt: skip


def read_geojson(
    text: str, *, file_name: str, max_features: int, max_vertices: int, layer: str | None = None
) -> RawFeatures:
    """Read the features of a JSON text in any of the shapes of `geo.intake.json_walk`.

    Parameters
    ----------
    text
        The decoded file.
    file_name
        Name of the file in messages.
    max_features, max_vertices
        Largest file taken.
    layer
        Object of a TopoJSON, where there are several.

    Returns
    -------
    RawFeatures
        One row per feature, refused ones included.

    Raises
    ------
    FileError
        If the text is no JSON (line and column are told), is nested too deep, or is no layer.
    EmptyError
        If it holds no feature.
    LimitError
        If it holds too many features or vertices.
    ChoiceError, MissingError
        If a TopoJSON has several layers and none, or an unknown one, is named.
    """
    found = Found(layer=layer)
    features = walk_features(text, found, file_name=file_name, max_vertices=max_vertices)
    collected = collect_features(
        features, file_name=file_name, max_features=max_features, max_vertices=max_vertices
    )
    return collected.finish(
        found.format,
        crs_text=found.crs_text,
        layer=found.layer if found.layers else None,
        layers=found.layers,
    )


def collect_features(
    features: Iterable[object], *, file_name: str, max_features: int, max_vertices: int
) -> Collected:
    """Take features of GeoJSON one by one, refusing what cannot be used.

    Raises
    ------
    EmptyError
        If there is none.
    LimitError
        If there are too many features or vertices.
    """
    got = Collected()
    for row, feature in enumerate(features, start=1):
        if row > max_features:
            raise LimitError("layer_too_many_features", file=file_name, limit=max_features)
        _take(feature, row, got)
        if got.n_vertices > max_vertices:
            raise LimitError("layer_too_many_vertices", file=file_name, limit=max_vertices, row=row)
    if not got.attributes:
        raise EmptyError("layer_empty", file=file_name)
    return got


# --- one feature ---


def _take(feature: object, row: int, got: Collected) -> None:
    attributes: dict[str, str] = {}
    try:
        _take_attributes(feature, attributes)
        _take_geometry(feature, row, got)
    except _FeatureError as error:
        got.refused.append(problems([row], error.column, error.code, [error.value]))
    got.attributes.append(attributes)


def _take_attributes(feature: object, attributes: dict[str, str]) -> None:
    if not isinstance(feature, Pairs):
        raise _FeatureError("feature_not_object", "", type(feature).__name__)
    members = feature.get("properties")
    if members is not None and not isinstance(members, Pairs):
        raise _FeatureError("feature_properties_not_object", "properties", type(members).__name__)
    broken = _fill(attributes, {**(members or {}), **_own_id(feature, members)})
    if feature.get("type") != "Feature":
        raise _FeatureError("feature_type_wrong", "type", feature.get("type"))
    twice = members.twice if members is not None and feature.twice is None else feature.twice
    if twice is not None:
        raise _FeatureError("feature_key_twice", twice, attributes.get(twice))
    if broken is not None:
        raise _FeatureError("feature_text_not_storable", broken, attributes[NOT_STORABLE.sub("?", broken)])


def _own_id(feature: Pairs, members: Pairs | None) -> dict[str, object]:
    """Return the id that stands beside the properties, unless they have one themselves."""
    return {"id": feature["id"]} if "id" in feature and "id" not in (members or {}) else {}


def _fill(attributes: dict[str, str], members: dict[str, object]) -> str | None:
    """Fill in the attributes as text; return the first key where it cannot be stored as it is."""
    broken = None
    for key, value in members.items():
        if value is None:
            continue
        text = as_text(value)
        if NOT_STORABLE.search(key) or NOT_STORABLE.search(text):
            broken = key if broken is None else broken
            key, text = NOT_STORABLE.sub("?", key), NOT_STORABLE.sub("?", text)  # noqa: PLW2901
        attributes[key] = text
    return broken


def _take_geometry(feature: object, row: int, got: Collected) -> None:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if geometry is None:
        raise _FeatureError("geometry_missing", GEOMETRY_COLUMN, "")
    if not isinstance(geometry, dict) or geometry.get("type") not in GEOMETRY_TYPES:
        kind = geometry.get("type") if isinstance(geometry, dict) else type(geometry).__name__
        raise _FeatureError("geometry_kind_unknown", GEOMETRY_COLUMN, kind)
    kind, coordinates = geometry["type"], geometry.get("coordinates")
    if kind in ("MultiPoint", "GeometryCollection"):
        raise _FeatureError("geometry_kind_unused", GEOMETRY_COLUMN, kind)
    if not isinstance(coordinates, list):
        raise _FeatureError("geometry_coordinates_broken", GEOMETRY_COLUMN, type(coordinates).__name__)
    if not coordinates:
        raise _FeatureError("geometry_empty", GEOMETRY_COLUMN, kind)
    shapes, parts = _read_parts(kind, coordinates, got)
    has_height = False
    for part in parts:
        for ring in part:
            has_height |= ring.shape[1] > 2
            shapes.coords.append(ring[:, :2])
            got.n_vertices += len(ring)
        shapes.parts.append(len(shapes.coords))
    shapes.wholes.append(len(shapes.parts) - 1)
    shapes.rows.append(row)
    got.n_heights += has_height


def _read_parts(kind: str, coordinates: list[object], got: Collected) -> tuple[_Shapes, list[list[Ring]]]:
    """Read all positions of a geometry: parts of rings, lines of one run each, one point."""
    if kind == "Point":
        return got.points, [[_read_run([coordinates])]]
    if kind in ("LineString", "MultiLineString"):
        lines = [coordinates] if kind == "LineString" else coordinates
        return got.lines, [[_require_line(_read_run(line))] for line in lines]
    polygons = [coordinates] if kind == "Polygon" else coordinates
    parts: list[list[Ring]] = []
    for rings in polygons:
        if not isinstance(rings, list) or not rings:
            raise _FeatureError("geometry_coordinates_broken", GEOMETRY_COLUMN, kind)
        parts.append([_require_ring(_read_run(ring)) for ring in rings])
    return got.polygons, parts


def _read_run(positions: object) -> Ring:
    if not isinstance(positions, list) or not positions:
        raise _FeatureError("geometry_coordinates_broken", GEOMETRY_COLUMN, str(positions))
    try:
        run = np.asarray(positions)
    except ValueError:  # positions of two and of three numbers in one line
        run = _read_uneven(positions)
    if run.dtype.kind not in "fiu" or run.ndim != 2 or run.shape[1] < 2:
        raise _FeatureError("geometry_coordinates_broken", GEOMETRY_COLUMN, str(positions[0]))
    run = run.astype(np.float64)
    if not np.isfinite(run[:, :2]).all():
        first = int(np.flatnonzero(~np.isfinite(run[:, :2]).all(axis=1))[0])
        raise _FeatureError("geometry_not_finite", GEOMETRY_COLUMN, _tell(run[first]))
    return run


def _read_uneven(positions: list[object]) -> NDArray[np.generic]:
    if not all(isinstance(position, list) and len(position) >= 2 for position in positions):
        raise _FeatureError("geometry_coordinates_broken", GEOMETRY_COLUMN, str(positions[0]))
    try:
        return np.asarray([[*position[:2], 0.0] for position in positions if isinstance(position, list)])
    except ValueError as error:
        raise _FeatureError("geometry_coordinates_broken", GEOMETRY_COLUMN, str(positions[0])) from error


def _require_line(run: Ring) -> Ring:
    if len(run) < 2:
        raise _FeatureError("geometry_line_too_short", GEOMETRY_COLUMN, _tell(run[0]))
    return run


def _require_ring(run: Ring) -> Ring:
    if len(np.unique(run[:, :2], axis=0)) < 3:
        raise _FeatureError("geometry_ring_too_short", GEOMETRY_COLUMN, _tell(run[0]))
    if (run[0, :2] != run[-1, :2]).any():
        raise _FeatureError("geometry_ring_open", GEOMETRY_COLUMN, f"{_tell(run[0])} … {_tell(run[-1])}")
    return run


def _tell(position: NDArray[np.float64]) -> str:
    return f"{position[0]:.7g}, {position[1]:.7g}"


# --- all together ---


def _polygons(shapes: _Shapes) -> NDArray[np.object_]:
    lengths = np.cumsum([0, *(len(ring) for ring in shapes.coords)])
    built = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON,
        np.concatenate(shapes.coords),
        (lengths, np.asarray(shapes.parts), np.asarray(shapes.wholes)),
    )
    return np.asarray(built, dtype=object)


def _lines(shapes: _Shapes) -> NDArray[np.object_]:
    lengths = np.cumsum([0, *(len(line) for line in shapes.coords)])
    built = shapely.from_ragged_array(
        shapely.GeometryType.MULTILINESTRING,
        np.concatenate(shapes.coords),
        (lengths, np.asarray(shapes.wholes)),
    )
    return np.asarray(built, dtype=object)


def _points(shapes: _Shapes) -> NDArray[np.object_]:
    return np.asarray(shapely.points(np.concatenate(shapes.coords)), dtype=object)
