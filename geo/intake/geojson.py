"""Read GeoJSON feature by feature, keeping every number as it was issued (GeoJSON 逐要素读取).

The text is parsed here and not by GDAL, for three reasons: a problem is told with the number of its
feature; ids keep every digit (a reader that turns 21-digit codes into floating point loses them
silently); and a broken feature costs that feature, where GDAL drops it without a word or gives up the
file. One feature is in memory as JSON at a time.

Refused features stay in the table without geometry, so that whoever lists the problems can name
their ids. What the attributes mean is decided later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import EmptyError, FileError, LimitError
from geo.intake.checked import join_problems, problems
from geo.intake.features import GEOMETRY_COLUMN, NOT_STORABLE, RawFeatures, as_text

_SPACE = re.compile(r"[ \t\n\r]*")
_GEOMETRY_TYPES = frozenset(
    ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
)

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
class _Collected:
    polygons: _Shapes = field(default_factory=_Shapes)
    lines: _Shapes = field(default_factory=_Shapes)
    points: _Shapes = field(default_factory=_Shapes)
    attributes: list[dict[str, str]] = field(default_factory=list)
    refused: list[pd.DataFrame] = field(default_factory=list)
    n_heights: int = 0
    n_vertices: int = 0


def read_geojson(text: str, *, file_name: str, max_features: int, max_vertices: int) -> RawFeatures:
    """Read the features of a GeoJSON text: a FeatureCollection, one Feature or one geometry.

    Parameters
    ----------
    text
        The decoded file.
    file_name
        Name of the file in messages.
    max_features, max_vertices
        Largest file taken.

    Returns
    -------
    RawFeatures
        One row per feature, refused ones included.

    Raises
    ------
    FileError
        If the text is no JSON (line and column are told), is nested too deep, or is no GeoJSON.
    EmptyError
        If it holds no feature.
    LimitError
        If it holds too many features or vertices.
    """
    crs: list[str] = []
    got = _Collected()
    row = 0
    for row, feature in enumerate(_iterate(text, file_name, crs), start=1):
        if row > max_features:
            raise LimitError("layer_too_many_features", file=file_name, limit=max_features)
        _take(feature, row, got)
        if got.n_vertices > max_vertices:
            raise LimitError("layer_too_many_vertices", file=file_name, limit=max_vertices, row=row)
    if row == 0:
        raise EmptyError("layer_empty", file=file_name)
    return _finish(got, row, crs[0] if crs else None)


# --- walking the text ---


class _Pairs(dict[str, object]):
    """A JSON object that remembers a key that stood in it twice."""

    twice: str | None = None

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        if len(self) != len(pairs):
            keys = [key for key, _ in pairs]
            self.twice = next(key for at, key in enumerate(keys) if key in keys[:at])


class _Cursor:
    """A place in a JSON text."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._decoder = json.JSONDecoder(object_pairs_hook=_Pairs)

    def peek(self) -> str:
        """Return the next character that is no white space; nothing at the end."""
        if match := _SPACE.match(self._text, self._at):
            self._at = match.end()
        return self._text[self._at : self._at + 1]

    def expect(self, sign: str) -> None:
        """Pass one character, or refuse the text."""
        if self.peek() != sign:
            self.refuse(f"expected {sign}")
        self._at += 1

    def value(self) -> object:
        """Pass one value of any kind and return it."""
        self.peek()
        value, self._at = self._decoder.raw_decode(self._text, self._at)
        return value

    def refuse(self, reason: str) -> NoReturn:
        """Refuse the text at this place."""
        raise json.JSONDecodeError(reason, self._text, self._at)


def _iterate(text: str, file_name: str, crs: list[str]) -> Iterator[object]:
    try:
        yield from _walk(_Cursor(text), file_name, crs)
    except RecursionError as error:
        raise FileError("json_too_deep", file=file_name) from error
    except json.JSONDecodeError as error:
        raise FileError("json_broken", file=file_name, line=error.lineno, column=error.colno) from error
    except ValueError as error:  # a whole number of more than 4 300 digits
        raise FileError("json_number_too_long", file=file_name) from error


def _walk(cursor: _Cursor, file_name: str, crs: list[str]) -> Iterator[object]:
    if cursor.peek() == "[":
        raise FileError("geojson_is_list", file=file_name)
    members: dict[str, object] = {}
    has_features = False
    cursor.expect("{")
    while members or has_features or cursor.peek() != "}":
        key = cursor.value()
        if not isinstance(key, str):
            cursor.refuse("expected a name")
        cursor.expect(":")
        if key == "features" and cursor.peek() == "[":
            has_features = True
            yield from _walk_list(cursor)
        else:
            members[key] = cursor.value()
        if cursor.peek() == "}":
            break
        cursor.expect(",")
    cursor.expect("}")
    if cursor.peek():
        cursor.refuse("text after the end")
    _require_geojson(members, has_features, file_name)
    crs.extend(_named_crs(members.get("crs")))
    if not has_features:
        alone = (
            members.items() if members["type"] == "Feature" else (("type", "Feature"), ("geometry", members))
        )
        yield _Pairs(list(alone))


def _walk_list(cursor: _Cursor) -> Iterator[object]:
    cursor.expect("[")
    if cursor.peek() == "]":
        cursor.expect("]")
        return
    while True:
        yield cursor.value()
        if cursor.peek() == "]":
            cursor.expect("]")
            return
        cursor.expect(",")


def _require_geojson(members: dict[str, object], has_features: bool, file_name: str) -> None:
    kind = members.get("type")
    if kind == "Topology":
        raise FileError("layer_is_topojson", file=file_name)
    if "geometryType" in members or "rings" in members:
        raise FileError("layer_is_esri_json", file=file_name)
    if kind == "FeatureCollection" and not has_features:
        raise FileError("geojson_features_not_list", file=file_name)
    if kind not in ("FeatureCollection", "Feature") and kind not in _GEOMETRY_TYPES:
        raise FileError("json_not_geojson", file=file_name)


def _named_crs(member: object) -> list[str]:
    """Return the name in a `crs` member (GeoJSON 2008), which RFC 7946 no longer has but files do."""
    inner = member.get("properties") if isinstance(member, dict) else None
    name = inner.get("name") if isinstance(inner, dict) else None
    return [name] if isinstance(name, str) else []


# --- one feature ---


def _take(feature: object, row: int, got: _Collected) -> None:
    attributes: dict[str, str] = {}
    try:
        _take_attributes(feature, attributes)
        _take_geometry(feature, row, got)
    except _FeatureError as error:
        got.refused.append(problems([row], error.column, error.code, [error.value]))
    got.attributes.append(attributes)


def _take_attributes(feature: object, attributes: dict[str, str]) -> None:
    if not isinstance(feature, _Pairs):
        raise _FeatureError("feature_not_object", "", type(feature).__name__)
    members = feature.get("properties")
    if members is not None and not isinstance(members, _Pairs):
        raise _FeatureError("feature_properties_not_object", "properties", type(members).__name__)
    broken = _fill(attributes, {**(members or {}), **_own_id(feature, members)})
    if feature.get("type") != "Feature":
        raise _FeatureError("feature_type_wrong", "type", feature.get("type"))
    twice = members.twice if members is not None and feature.twice is None else feature.twice
    if twice is not None:
        raise _FeatureError("feature_key_twice", twice, attributes.get(twice))
    if broken is not None:
        raise _FeatureError("feature_text_not_storable", broken, attributes[NOT_STORABLE.sub("?", broken)])


def _own_id(feature: _Pairs, members: _Pairs | None) -> dict[str, object]:
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


def _take_geometry(feature: object, row: int, got: _Collected) -> None:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if geometry is None:
        raise _FeatureError("geometry_missing", GEOMETRY_COLUMN, "")
    if not isinstance(geometry, dict) or geometry.get("type") not in _GEOMETRY_TYPES:
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


def _read_parts(kind: str, coordinates: list[object], got: _Collected) -> tuple[_Shapes, list[list[Ring]]]:
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


def _finish(got: _Collected, n: int, crs_text: str | None) -> RawFeatures:
    rows = pd.RangeIndex(1, n + 1, name="row")
    geometry = np.full(n, None, dtype=object)
    for shapes, build in ((got.polygons, _polygons), (got.lines, _lines), (got.points, _points)):
        if shapes.rows:
            geometry[np.asarray(shapes.rows) - 1] = build(shapes)
    attributes = pd.DataFrame(got.attributes, index=rows).astype("str")
    return RawFeatures(attributes, geometry, join_problems(got.refused), crs_text, got.n_heights)


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
