"""Tell by its first bytes what kind of layer a file is, and refuse everything else (图层格式识别).

This is the list of what is read: JSON in its dialects, KML, GeoPackage, Shapefile, GeoParquet, FlatGeobuf.
The ending of a name is looked at in one place only: which of the files inside an archive are layers at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

from geo.errors import ChoiceError, FileError
from geo.intake.geopackages import SQLITE_MAGIC
from geo.intake.geoparquet import PARQUET_MAGIC
from geo.intake.json_walk import RECORD_MARK
from geo.intake.vectors import FLATGEOBUF_MAGIC, SHAPEFILE_MAGIC

LayerKind = Literal["json", "kml", "geopackage", "shapefile", "geoparquet", "flatgeobuf"]

HEAD_BYTES = 4096

_MAGIC: tuple[tuple[bytes, LayerKind], ...] = (
    (SQLITE_MAGIC, "geopackage"),
    (SHAPEFILE_MAGIC, "shapefile"),
    (PARQUET_MAGIC, "geoparquet"),
    (FLATGEOBUF_MAGIC, "flatgeobuf"),
)
_PACKED = (b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_OBJECTS = re.compile(rb"\x80[\x02-\x05]|\x93NUMPY")
"""How pickled objects and arrays begin."""
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_FIRST_ELEMENT = re.compile(rb"<(?!\?|!--)(!DOCTYPE\s+)?(?:[\w.-]+:)?([\w.-]+)")
_ENCODING = re.compile(rb"<\?xml[^>]*\bencoding\s*=\s*[\"']([\w.-]+)[\"']")
_ENDINGS = (
    ".geojson", ".json", ".geojsonl", ".ndjson", ".geojsons", ".topojson", ".gpkg", ".kml", ".parquet",
    ".geoparquet", ".fgb",
)  # fmt: skip
_MAIN_KML = "doc.kml"


class Member(NamedTuple):
    """The member of an archive that is read."""

    at: int
    """Its position among the members."""
    name: str
    names: tuple[str, ...]
    """Names of all layers of the archive."""


def find_layer_kind(head: bytes, *, file_name: str) -> LayerKind:
    """Tell what a file is that is no archive.

    Parameters
    ----------
    head
        Its first `HEAD_BYTES` bytes.
    file_name
        Name of the file in messages.

    Raises
    ------
    FileError
        If it is none of the kinds that are read; the sentence says what it looks like.

    Examples
    --------
    >>> find_layer_kind(b'{"type": "Point"}', file_name="x"), find_layer_kind(b"<kml>", file_name="x")
    ('json', 'kml')
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(_PACKED):
        raise FileError("layer_is_packed", file=file_name)
    if _OBJECTS.match(head):
        raise FileError("layer_is_object", file=file_name)
    if _is_table_of_shapefile(head):
        raise FileError("shapefile_part_missing", file=file_name, part=".shp")
    plain = _as_ascii(head)
    if plain.startswith(b"<"):
        element = _FIRST_ELEMENT.search(plain)
        if element is None or element[2].lower() != b"kml":
            raise FileError("layer_is_markup", file=file_name)
        return "kml"
    if plain[:1] in (b"{", b"["):
        return "json"
    raise FileError("layer_format_unknown", file=file_name)


def _is_table_of_shapefile(head: bytes) -> bool:
    """Tell a .dbf that came alone by its version, date and length of header (dBASE III and IV)."""
    if len(head) < 33 or head[0] not in (0x03, 0x83, 0x8B):
        return False
    header_bytes = int.from_bytes(head[8:10], "little")
    return head[2] <= 12 and head[3] <= 31 and header_bytes % 32 == 1 and header_bytes > 32


def find_xml_encoding(head: bytes) -> str | None:
    """Return the encoding an XML declaration names, unless a byte order mark says otherwise."""
    if head.startswith(_BOMS):
        return None
    said = _ENCODING.search(head)
    return said[1].decode("ascii") if said else None


def choose_member(members: Sequence[str], layer: str | None, *, file_name: str) -> Member:
    """Choose the one layer of an archive, among its members.

    Raises
    ------
    FileError
        If no member is a layer by its ending.
    ChoiceError
        If several are and none was named; they are listed.
    """
    shapes = [member for member in members if member.lower().endswith(".shp")]
    found = shapes or [member for member in members if member.lower().endswith(_ENDINGS)]
    if not found:
        raise FileError("archive_holds_no_layer", file=file_name)
    main = [member for member in found if PurePosixPath(member).name.lower() == _MAIN_KML]
    if len(main) == 1 and all(member.lower().endswith(".kml") for member in found):
        found = main  # further ones are what a KMZ refers to
    names = tuple(PurePosixPath(member).stem for member in found)
    if len(set(names)) < len(names):
        names = tuple(found)
    chosen = [at for at, member in enumerate(found) if layer in (member, names[at])]
    if len(found) > 1 and len(chosen) != 1:
        raise ChoiceError("layer_not_named", file=file_name, layers=", ".join(names), choices=list(names))
    at = chosen[0] if chosen else 0
    return Member(members.index(found[at]), names[at], names)


def _as_ascii(head: bytes) -> bytes:
    """Return the beginning of a text without byte order mark, record mark, blanks and the halves of UTF-16."""
    for bom in _BOMS:
        head = head.removeprefix(bom)
    return head.replace(b"\x00", b"").lstrip(b" \t\r\n" + RECORD_MARK.encode())
