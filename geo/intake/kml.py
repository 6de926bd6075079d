"""Read the placemarks of KML (KML 地标读取).

The text is taken apart here by expat, element by element, and nothing else is looked at: styles, icons and
overlays are left out, and what a file refers to elsewhere (`NetworkLink`, `href`) is counted and listed but
never opened. A document type, through which a text can name files and swell without end, is refused
wherever it stands. Whatever namespace an element claims to be of, its local name decides.

Each placemark is a feature with `name`, `description`, the path of its folders and its extended data.
Coordinates are longitude, latitude, height; by the standard (OGC 07-147r2) they are WGS84.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from geo.errors import FileError
from geo.intake.archives import escape
from geo.intake.checked import Note
from geo.intake.features import RawFeatures
from geo.intake.geojson import collect_features
from geo.intake.json_walk import Pairs

_PIECE = 1 << 16
_MOST_DEEP = 200
"""Elements within each other; a folder in every folder of a city stays far below."""
_MOST_LISTED = 3
_TEXTS = ("name", "description", "address", "phoneNumber", "Snippet")
_SHAPES = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry")
_OTHER_SHAPES = ("Track", "MultiTrack", "Model")
_FOLDERS = ("Folder", "Document")
_LINKS = ("NetworkLink", "GroundOverlay", "ScreenOverlay", "PhotoOverlay")
_COMMA = re.compile(r"\s*,\s*")

Run = list[object]


@dataclass
class _Placemark:
    properties: dict[str, object] = field(default_factory=dict)
    polygons: list[list[Run]] = field(default_factory=list)
    lines: list[Run] = field(default_factory=list)
    points: list[Run] = field(default_factory=list)
    other: str | None = None
    """A kind of geometry that is not read."""

    def geometry(self) -> dict[str, object] | None:
        """Return the geometry as GeoJSON has it."""
        if self.other is not None:
            return {"type": self.other}
        kinds: list[tuple[str, list[object]]] = [
            ("Polygon", [*self.polygons]), ("LineString", [*self.lines]), ("Point", [*self.points])
        ]  # fmt: skip
        given = [(kind, shapes) for kind, shapes in kinds if shapes]
        if len(given) != 1:
            return {"type": "GeometryCollection"} if given else None
        kind, shapes = given[0]
        return {"type": f"Multi{kind}" if len(shapes) > 1 else kind,
                "coordinates": shapes if len(shapes) > 1 else shapes[0]}  # fmt: skip


@dataclass
class _Reader:
    """What the parser has come across so far."""

    file_name: str
    stack: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    field_name: str = ""
    """Name of the extended datum being read."""
    rings: list[Run] = field(default_factory=list)
    placemark: _Placemark | None = None
    ready: list[Pairs] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    n_links: int = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Meet the start of an element."""
        local = name.rsplit(":", 1)[-1]
        if not self.stack and local != "kml":
            raise FileError("layer_is_markup", file=self.file_name)
        if len(self.stack) >= _MOST_DEEP:
            raise FileError("xml_too_deep", file=self.file_name, limit=_MOST_DEEP)
        self.stack.append(local)
        self.text = []
        if local in _FOLDERS:
            self.folders.append("")
        elif local == "Placemark":
            self.placemark = _Placemark()
            if "id" in attributes:
                self.placemark.properties["id"] = attributes["id"]
        elif local in ("Data", "SimpleData"):
            self.field_name = attributes.get("name", "")
        elif local == "Polygon":
            self.rings = []
        elif local in _LINKS:
            self.n_links += 1
        elif local in _OTHER_SHAPES and self.placemark is not None:
            self.placemark.other = local

    def take(self, text: str) -> None:
        """Meet text."""
        self.text.append(text)

    def end(self, _: str) -> None:
        """Meet the end of an element."""
        local = self.stack.pop()
        parent = self.stack[-1] if self.stack else ""
        text, self.text = "".join(self.text).strip(), []
        if local == "href":
            self._note_link(text)
        elif local == "name" and parent in _FOLDERS:
            self.folders[-1] = text
        elif local in _FOLDERS:
            self.folders.pop()
        if self.placemark is not None:
            self._fill(self.placemark, local, parent, text)

    def _fill(self, placemark: _Placemark, local: str, parent: str, text: str) -> None:
        if local == "Placemark":
            self._finish(placemark)
        elif local in _TEXTS and parent == "Placemark":
            placemark.properties[local] = text
        elif local == "SimpleData" or (local == "value" and parent == "Data"):
            placemark.properties[self.field_name] = text
        elif local == "coordinates":
            self._place(placemark, parent, _read_positions(text))
        elif local == "Polygon":
            placemark.polygons.append(self.rings)

    def _place(self, placemark: _Placemark, parent: str, run: Run) -> None:
        if parent == "LinearRing" and "Polygon" in self.stack:
            is_outer = "outerBoundaryIs" in self.stack
            self.rings.insert(0 if is_outer else len(self.rings), run)
        elif parent in ("LineString", "LinearRing"):
            placemark.lines.append(run)
        elif parent == "Point":
            placemark.points.append(run[0] if len(run) == 1 else run)  # type: ignore[arg-type]

    def _finish(self, placemark: _Placemark) -> None:
        folder = " / ".join(name for name in self.folders if name)
        if folder:
            placemark.properties.setdefault("folder", folder)
        properties = Pairs(list(placemark.properties.items()))
        members: list[tuple[str, object]] = [("type", "Feature"), ("properties", properties)]
        self.ready.append(Pairs([*members, ("geometry", placemark.geometry())]))
        self.placemark = None

    def _note_link(self, address: str) -> None:
        self.n_links += not any(name in self.stack for name in _LINKS)
        if len(self.links) < _MOST_LISTED and address:
            self.links.append(escape(address))

    def refuse(self, *_: object) -> None:
        """Meet a document type."""
        raise FileError("xml_has_doctype", file=self.file_name)


def read_kml(text: str, *, file_name: str, max_features: int, max_vertices: int) -> RawFeatures:
    """Read the placemarks of a KML text.

    Parameters
    ----------
    text
        The decoded file.
    file_name
        Name of the file in messages.
    max_features, max_vertices
        Largest file taken.

    Raises
    ------
    FileError
        If it is no XML (line and column are told) or no KML, has a document type, is nested too deep, or
        holds nothing but links to other files.
    EmptyError
        If it holds no placemark.
    LimitError
        If it holds too many placemarks or vertices.
    """
    reader = _Reader(file_name)
    walked = _walk(text, reader)
    first = next(walked, None)
    if first is None and reader.n_links:
        raise FileError("kml_only_links", file=file_name, n=reader.n_links, first=_listed(reader))
    features = walked if first is None else _chain(first, walked)
    got = collect_features(
        features, file_name=file_name, max_features=max_features, max_vertices=max_vertices
    )
    notes: tuple[Note, ...] = ()
    if reader.n_links:
        notes = (Note("kml_links_dropped", "warns", {"n": reader.n_links, "first": _listed(reader)}),)
    return got.finish("kml", notes=notes)


def _listed(reader: _Reader) -> str:
    return ", ".join(reader.links) or "—"


def _chain(first: Pairs, rest: Iterator[Pairs]) -> Iterator[Pairs]:
    yield first
    yield from rest


def _walk(text: str, reader: _Reader) -> Iterator[Pairs]:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.take
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        for start in range(0, len(text), _PIECE):
            parser.Parse(text[start : start + _PIECE], False)
            yield from reader.ready
            reader.ready.clear()
        parser.Parse("", True)
    except expat.ExpatError as error:
        raise FileError(
            "xml_broken", file=reader.file_name, line=error.lineno, column=error.offset
        ) from error
    yield from reader.ready


def _read_positions(text: str) -> Run:
    """Return positions; one that is no numbers stays text, for the reader of features to refuse."""
    run: Run = []
    for position in _COMMA.sub(",", text).split():
        try:
            run.append([float(number) for number in position.rstrip(",").split(",")])
        except ValueError:
            run.append(position)
    return run
