"""Walk through the text of a JSON layer and hand out its features one by one (JSON 图层遍历).

What people call GeoJSON comes in several shapes, and each is told by what stands in the text:

- a FeatureCollection, one Feature, one geometry (RFC 7946);
- a bare list of geometries or of features;
- a sequence of texts, each on its own line or behind a record mark (RFC 8142, newline-delimited);
- Esri JSON (`geo.intake.esri_json`) and TopoJSON (`geo.intake.topojson`), which are turned into features.

One feature is in memory as JSON at a time; of TopoJSON, whose features share their lines, everything is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from geo.errors import FileError
from geo.intake.esri_json import is_esri_feature, name_esri_system, turn_esri_feature
from geo.intake.features import LayerFormat
from geo.intake.topojson import open_topology

GEOMETRY_TYPES = frozenset(
    ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
)
RECORD_MARK = "\x1e"
"""Stands before each text of a sequence (RFC 8142)."""

_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass
class Found:
    """What is known of a text once it has been walked through."""

    layer: str | None = None
    """Layer asked for; then the one that was read, where the file names its layers."""
    layers: tuple[str, ...] = ()
    format: LayerFormat = "geojson"
    crs_text: str | None = None


class Pairs(dict[str, object]):
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
        self._decoder = json.JSONDecoder(object_pairs_hook=Pairs)

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

    def passes_break(self) -> bool:
        """Pass a line's end or a record mark; tell whether another text begins behind it."""
        begin = self._at
        is_marked = False
        while self.peek() == RECORD_MARK:
            self._at += 1
            is_marked = True
        return bool(self.peek()) and (is_marked or "\n" in self._text[begin : self._at])

    def refuse(self, reason: str) -> NoReturn:
        """Refuse the text at this place."""
        raise json.JSONDecodeError(reason, self._text, self._at)


def walk_features(text: str, found: Found, *, file_name: str, max_vertices: int) -> Iterator[object]:
    """Hand out every feature of a text as GeoJSON; what it is stands in `found` afterwards.

    Parameters
    ----------
    text
        The decoded file.
    found
        Names the layer of a TopoJSON that is asked for; filled in while the text is walked through.
    file_name
        Name of the file in messages.
    max_vertices
        Most vertices one feature of a TopoJSON may be made of.

    Raises
    ------
    FileError
        If the text is no JSON (line and column are told), is nested too deep, or is none of the shapes.
    ChoiceError, MissingError
        If a TopoJSON has several layers and none, or an unknown one, is named.
    LimitError
        If a feature of a TopoJSON has too many vertices.
    """
    try:
        yield from _walk(_Cursor(text), found, file_name, max_vertices)
    except RecursionError as error:
        raise FileError("json_too_deep", file=file_name) from error
    except json.JSONDecodeError as error:
        raise FileError("json_broken", file=file_name, line=error.lineno, column=error.colno) from error
    except ValueError as error:  # a whole number of more than 4 300 digits
        raise FileError("json_number_too_long", file=file_name) from error


def _walk(cursor: _Cursor, found: Found, file_name: str, max_vertices: int) -> Iterator[object]:
    cursor.passes_break()
    if cursor.peek() == "[":
        yield from _walk_bare(cursor, file_name)
        if cursor.peek():
            cursor.refuse("text after the end")
        return
    yield from _walk_object(cursor, found, file_name, max_vertices)
    first_crs = found.crs_text
    while cursor.passes_break():
        if found.format not in ("geojson", "geojson_seq"):
            cursor.refuse("text after the end")
        found.format = "geojson_seq"
        yield from _walk_object(cursor, found, file_name, max_vertices)
        if found.crs_text != first_crs:
            raise FileError("json_systems_differ", file=file_name)
    if cursor.peek():
        cursor.refuse("text after the end")


def _walk_bare(cursor: _Cursor, file_name: str) -> Iterator[object]:
    """Walk through a list of geometries or features; what its first member is decides whether it is one."""
    for number, member in enumerate(_walk_list(cursor)):
        kind = member.get("type") if isinstance(member, dict) else None
        if number == 0 and kind != "Feature" and kind not in GEOMETRY_TYPES:
            raise FileError("geojson_is_list", file=file_name)
        yield _as_feature(member) if kind in GEOMETRY_TYPES else member


def _as_feature(geometry: object) -> Pairs:
    return Pairs([("type", "Feature"), ("geometry", geometry)])


def _walk_object(cursor: _Cursor, found: Found, file_name: str, max_vertices: int) -> Iterator[object]:
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
            for feature in _walk_list(cursor):
                if is_esri_feature(feature):
                    found.format = "esri_json"
                yield turn_esri_feature(feature) if found.format == "esri_json" else feature
        else:
            members[key] = cursor.value()
        if cursor.peek() == "}":
            break
        cursor.expect(",")
    cursor.expect("}")
    if members.get("type") == "Topology":
        found.format = "topojson"
        topology = open_topology(members, found.layer, file_name=file_name, max_vertices=max_vertices)
        found.layer, found.layers = topology.layer, topology.layers
        found.crs_text = _name_crs(members.get("crs"))
        yield from (Pairs(list(feature.items())) for feature in topology.features())
        return
    yield from _end_object(members, has_features, found, file_name)


def _end_object(
    members: Mapping[str, object], has_features: bool, found: Found, file_name: str
) -> Iterator[object]:
    """Judge an object by what stood in it, and hand out the feature that it is itself."""
    if found.format == "esri_json" or "geometryType" in members or "rings" in members:
        found.format = "esri_json"
        found.crs_text = name_esri_system(members.get("spatialReference"))
        if not has_features:
            yield turn_esri_feature(Pairs([("geometry", members), ("attributes", None)]))
        return
    kind = members.get("type")
    if kind == "FeatureCollection" and not has_features:
        raise FileError("geojson_features_not_list", file=file_name)
    if kind not in ("FeatureCollection", "Feature") and kind not in GEOMETRY_TYPES:
        raise FileError("json_not_geojson", file=file_name)
    found.crs_text = _name_crs(members.get("crs"))
    if not has_features:
        yield Pairs(list(members.items())) if kind == "Feature" else _as_feature(members)


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


def _name_crs(member: object) -> str | None:
    """Return the name in a `crs` member (GeoJSON 2008), which RFC 7946 no longer has but files do."""
    if not isinstance(member, dict):
        return None
    inner = member.get("properties")
    name = inner.get("name") if isinstance(inner, dict) else None
    # One that is described elsewhere (type `link`) is never fetched: it is a system that is not known.
    return name if isinstance(name, str) else str(member.get("type"))
