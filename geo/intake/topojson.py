"""Turn the objects of a TopoJSON into features of GeoJSON (TopoJSON 要素转换).

A TopoJSON keeps each line between two areas once, as an *arc*; rings are lists of arcs, one that is
numbered -1 - n being arc n turned round. Numbers may be quantised: each is then the step from the one
before, and `transform` says how large a step is (TopoJSON 1.0). Neighbours come out with the very same
corners. The objects of a file are its layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import FileError, LimitError
from geo.intake.features import choose_layer

Line = NDArray[np.float64]
_DEPTH = {"LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
"""Lists of arcs within each other, by kind; the innermost is one line or ring."""


@dataclass(frozen=True)
class Topology:
    """One layer of a TopoJSON, ready to be walked through."""

    layer: str
    layers: tuple[str, ...]
    geometries: tuple[object, ...]
    arcs: tuple[Line, ...]
    scale: tuple[Line, Line] | None
    max_vertices: int
    file_name: str

    def features(self) -> Iterator[dict[str, object]]:
        """Hand out the features; one whose arcs are not there comes without coordinates."""
        for row, geometry in enumerate(self.geometries, start=1):
            yield self._feature(geometry, row)

    def _feature(self, geometry: object, row: int) -> dict[str, object]:
        if not isinstance(geometry, dict):
            return {"type": "Feature", "geometry": geometry}
        feature: dict[str, object] = {"type": "Feature", "properties": geometry.get("properties")}
        if "id" in geometry:
            feature["id"] = geometry["id"]
        kind = geometry.get("type")
        if kind is None:
            return {**feature, "geometry": None}
        if kind in ("Point", "MultiPoint"):
            return {**feature, "geometry": {"type": kind, "coordinates": self._points(geometry)}}
        depth = _DEPTH.get(str(kind), 0)
        shape = self._join(geometry.get("arcs"), depth, row) if depth else None
        return {**feature, "geometry": {"type": kind, "coordinates": shape}}

    def _points(self, geometry: Mapping[str, object]) -> object:
        positions = geometry.get("coordinates")
        if self.scale is None:
            return positions
        try:
            return _spread(np.asarray(positions, dtype=np.float64), self.scale).tolist()
        except (TypeError, ValueError):
            return positions

    def _join(self, arcs: object, depth: int, row: int) -> object:
        """Return lists of positions in place of lists of arcs; None where they are none."""
        if not isinstance(arcs, list):
            return None
        if depth > 1:
            return [self._join(part, depth - 1, row) for part in arcs]
        lines: list[Line] = []
        n = 0
        for number in arcs:
            if not isinstance(number, int) or not -len(self.arcs) <= number < len(self.arcs):
                return None
            line = self.arcs[number] if number >= 0 else self.arcs[~number][::-1]
            lines.append(line[1:] if lines else line)
            n += len(line)
            if n > self.max_vertices:
                limit = self.max_vertices
                raise LimitError("layer_too_many_vertices", file=self.file_name, limit=limit, row=row)
        return np.concatenate(lines).tolist() if lines else []


def open_topology(
    members: Mapping[str, object], layer: str | None, *, file_name: str, max_vertices: int
) -> Topology:
    """Open one layer of a TopoJSON.

    Parameters
    ----------
    members
        The members of the file.
    layer
        Name of the object to read; may be left out where there is only one.
    file_name
        Name of the file in messages.
    max_vertices
        Most vertices one feature may be made of.

    Raises
    ------
    FileError
        If its arcs, its transform or its objects are not what they must be.
    ChoiceError, MissingError
        If it has several layers and none, or an unknown one, is named.
    """
    objects, arcs = members.get("objects"), members.get("arcs")
    if not isinstance(objects, dict) or not isinstance(arcs, list):
        raise FileError("topojson_broken", file=file_name)
    name = choose_layer(tuple(objects), layer, file_name=file_name)
    chosen = objects[name]
    is_many = isinstance(chosen, dict) and chosen.get("type") == "GeometryCollection"
    geometries = chosen.get("geometries") if is_many else [chosen]
    if not isinstance(geometries, list):
        raise FileError("topojson_broken", file=file_name)
    try:
        scale = _read_transform(members.get("transform"))
        lines = tuple(_read_arc(arc, scale) for arc in arcs)
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise FileError("topojson_broken", file=file_name) from error
    return Topology(name, tuple(objects), tuple(geometries), lines, scale, max_vertices, file_name)


def _read_transform(transform: object) -> tuple[Line, Line] | None:
    if transform is None:
        return None
    if not isinstance(transform, dict):
        raise TypeError("transform")
    scale = np.asarray(transform["scale"], dtype=np.float64)
    shift = np.asarray(transform["translate"], dtype=np.float64)
    if scale.shape != (2,) or shift.shape != (2,):
        raise ValueError("transform")
    return scale, shift


def _read_arc(arc: object, scale: tuple[Line, Line] | None) -> Line:
    """Return the corners of an arc; differences are added up as whole numbers, so nothing is rounded."""
    steps = np.asarray([position[:2] for position in arc], dtype=np.float64)  # type: ignore[attr-defined]
    if steps.ndim != 2 or steps.shape[1] != 2:
        raise ValueError("arc")
    return steps if scale is None else _spread(np.cumsum(steps, axis=0), scale)


def _spread(steps: Line, scale: tuple[Line, Line]) -> Line:
    return np.asarray(steps[..., :2] * scale[0] + scale[1])
