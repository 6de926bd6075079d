"""Read layers of geometries, whatever format they really are in (图层读取).

What a file is follows from its first bytes, never from its name, and only the formats of
`geo.intake.layer_kinds` are read. A zip holds one Shapefile, or one file of the other formats; a KMZ is such
a zip. Several files of one level can be read as one layer; their features are numbered on.

Coordinates stay as they stand in the file, without heights. Which system they are in is decided by
`choose_layer_coord_sys`, by the rules of `geo.intake.declared`.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import ChoiceError, FileError, LimitError
from geo.intake.archives import is_zip, list_members, unpack_to
from geo.intake.checked import Note, join_problems
from geo.intake.declared import CrsBasis, choose_coord_sys, is_believable, name_declared
from geo.intake.encodings import EncodingCandidate, detect_encoding, require_encoding
from geo.intake.features import GEOMETRY_COLUMN, LayerFormat, RawFeatures, name_columns
from geo.intake.geojson import read_geojson
from geo.intake.geopackages import read_geopackage
from geo.intake.geoparquet import read_geoparquet
from geo.intake.kml import read_kml
from geo.intake.layer_kinds import HEAD_BYTES, choose_member, find_layer_kind, find_xml_encoding
from geo.intake.limits import Limits
from geo.intake.sniffing import clean_file_name, measure_file, open_source
from geo.intake.vectors import SHAPEFILE_PARTS, read_flatgeobuf, read_shapefile

Source = Path | bytes

_N_PREVIEW = 20
_MOST_LOOKED_AT = 1000
_SPEAKING = re.compile(r'"([^"\\]*[^\x00-\x7f"\\][^"\\]*)"|>([^<>]*[^\x00-\x7f<>][^<>]*)<')
"""Texts of JSON and XML by which a reader can tell the right encoding."""
_WGS84_BY_FORMAT = ("geojson", "geojson_seq", "kml")


@dataclass(frozen=True)
class LayerPart:
    """One file of a layer: its name and the numbers of its features in the layer."""

    file_name: str
    first_row: int
    n_features: int


@dataclass(frozen=True)
class RawLayer:
    """A layer as it stands in its file, refused features included."""

    file_name: str
    sha256: str
    """Digest of the file; of the digests of all files, one a line, where there are several."""
    format: LayerFormat
    encoding: str | None
    is_encoding_sure: bool
    """False where another encoding fits the text as well; then the user is asked."""
    encoding_candidates: tuple[tuple[str, str], ...]
    """Encodings that fit and how the text begins in each."""
    declared_crs: str | None
    """What the file says, by the name of `geo.crs.parse_coord_sys`."""
    crs_basis: CrsBasis
    coord_sys: str | None
    """System the user named when the file was read."""
    table: gpd.GeoDataFrame
    """Text columns and `geometry` in the file's coordinates (no `.crs`); index `row` = number of the
    feature, from 1. Refused features have no geometry."""
    problems: pd.DataFrame
    """Refused features, `PROBLEM_COLUMNS`."""
    n_heights: int
    """Features whose heights were dropped."""
    parts: tuple[LayerPart, ...]
    layer: str | None = None
    """Name of the layer in its file, where the format has names for them."""
    layers: tuple[str, ...] = ()
    """All layers of the file."""
    notes: tuple[Note, ...] = ()
    """What is to be said of the file as a whole."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of attributes."""
        return tuple(str(name) for name in self.table.columns if name != GEOMETRY_COLUMN)

    @property
    def n_features(self) -> int:
        """Features in the file, refused ones included."""
        return len(self.table)

    @property
    def believable(self) -> bool:
        """Whether the numbers can be in the declared system; True where none is declared."""
        return self.declared_crs is None or is_believable(self.declared_crs, self.boxes)

    @property
    def boxes(self) -> NDArray[np.float64]:
        """Box of each geometry (n, 4) in the file's coordinates."""
        return np.asarray(shapely.bounds(self.table[GEOMETRY_COLUMN].to_numpy(dtype=object)))


def read_layer(
    source: Source | Sequence[Source],
    *,
    file_name: str | Sequence[str],
    limits: Limits,
    encoding: str | None = None,
    layer: str | None = None,
    coord_sys: str | None = None,
) -> RawLayer:
    """Read a layer from one file, or from several files of one level.

    Parameters
    ----------
    source
        A path, the bytes of a file, or a list of them. A path to a .shp finds its other parts beside it.
    file_name
        Name of the file as the user knows it, or one for each.
    limits
        Largest file, archive and layer taken.
    encoding
        Encoding the user chose.
    layer
        Layer of a GeoPackage or TopoJSON, or file of an archive, where there are several.
    coord_sys
        System the user named, kept with the layer.

    Returns
    -------
    RawLayer
        See there.

    Raises
    ------
    FileError
        If a file is none of the formats, is damaged or dangerous, or the files differ in format.
    EmptyError
        If a file holds no feature.
    LimitError
        If something is larger than allowed.
    ChoiceError
        If a layer must be named.
    """
    sources = [source] if isinstance(source, Path | bytes) else list(source)
    names = [file_name] if isinstance(file_name, str) else list(file_name)
    if not sources or len(sources) != len(names):
        raise ChoiceError("layer_files_and_names", n_files=len(sources), n_names=len(names))
    read = [
        _read_file(one, clean_file_name(name), limits=limits, encoding=encoding, layer=layer)
        for one, name in zip(sources, names, strict=True)
    ]
    joined = read[0] if len(read) == 1 else _join(read, limits)
    return replace(joined, coord_sys=coord_sys)


def choose_layer_coord_sys(layer: RawLayer, coord_sys: str | None = None) -> tuple[str, tuple[Note, ...]]:
    """Decide the coordinate system of a layer; see `geo.intake.declared.choose_coord_sys`.

    A name given here wins over the one given when the file was read.

    Raises
    ------
    ChoiceError
        If it must be named and was not.
    CrsError
        If the name is unknown, or the numbers cannot be the system named or declared.
    """
    system, notes = choose_coord_sys(
        layer.file_name,
        layer.boxes,
        named=coord_sys if coord_sys is not None else layer.coord_sys,
        declared=layer.declared_crs,
        basis=layer.crs_basis,
    )
    return system, (*layer.notes, *notes)


def swap_layer(layer: RawLayer) -> RawLayer:
    """Return the layer with x and y of every corner exchanged, as its reader asked for (经纬度对调)."""
    shapes = layer.table[GEOMETRY_COLUMN].to_numpy(dtype=object)
    turned = shapely.transform(shapes, lambda xy: xy[:, ::-1])
    table = layer.table.assign(**{GEOMETRY_COLUMN: gpd.GeoSeries(turned, index=layer.table.index)})
    note = Note("layer_axes_swapped", "note", {})
    return replace(layer, table=table, notes=(*layer.notes, note))


# --- one file ---


def _read_file(
    source: Source, file_name: str, *, limits: Limits, encoding: str | None, layer: str | None
) -> RawLayer:
    sha256 = measure_file(source, file_name=file_name, limits=limits)
    with tempfile.TemporaryDirectory(prefix="getu-layer-") as name:
        folder = Path(name)
        chosen = ""
        members: tuple[str, ...] = ()
        if is_zip(_head(source)):
            unpacked = list_members(source, file_name=file_name, limits=limits)
            at, chosen, members = choose_member(unpacked, layer, file_name=file_name)
            source = unpack_to(source, folder, limits=limits, file_name=file_name)[at]
            layer = layer if len(members) < 2 else None
        kind = find_layer_kind(_head(source), file_name=file_name)
        if kind == "shapefile":
            path, sha256 = _lay_shapefile(source, folder, file_name, sha256, limits)
            features = read_shapefile(path, encoding=encoding, file_name=file_name, limits=limits)
        elif kind in ("json", "kml"):
            text = _Text(source, file_name, encoding, is_xml=kind == "kml")
            features = text.read(limits, layer)
        elif kind == "geopackage":
            path = _lay(source, folder / "layer.gpkg")
            features = read_geopackage(path, layer=layer, file_name=file_name, limits=limits)
        elif kind == "geoparquet":
            features = read_geoparquet(
                _lay(source, folder / "layer.parquet"), file_name=file_name, limits=limits
            )
        else:
            features = read_flatgeobuf(_lay(source, folder / "layer.fgb"), file_name=file_name, limits=limits)
        if len(members) > 1:
            features = replace(features, layer=chosen, layers=members)
        return _make(features, file_name, sha256)


def _head(source: Source) -> bytes:
    with open_source(source) as stream:
        return stream.read(HEAD_BYTES)


def _lay(source: Source, path: Path) -> Path:
    """Lay a file under a plain name into the work folder."""
    if isinstance(source, bytes):
        path.write_bytes(source)
    else:
        shutil.copyfile(source, path)
    return path


def _lay_shapefile(
    source: Source, folder: Path, file_name: str, sha256: str, limits: Limits
) -> tuple[Path, str]:
    """Lay the parts of a Shapefile into the work folder; return its .shp and the digest of all."""
    if isinstance(source, bytes):
        raise FileError("shapefile_part_missing", file=file_name, part=".dbf")
    is_unpacked = folder in source.parents
    work = folder / "parts"
    work.mkdir()
    digests = []
    for path in sorted(source.parent.iterdir()):
        ending = path.suffix.lower()
        if path.stem == source.stem and ending in SHAPEFILE_PARTS and path.is_file():
            shutil.copyfile(path, work / f"layer{ending}")
            if not is_unpacked:
                digests.append(measure_file(path, file_name=clean_file_name(path.name), limits=limits))
    joined = hashlib.sha256("\n".join(digests).encode("ascii")).hexdigest()
    return work / "layer.shp", sha256 if is_unpacked else joined


class _Text:
    """A layer of text, JSON or KML, and how it is decoded."""

    def __init__(self, source: Source, file_name: str, encoding: str | None, *, is_xml: bool) -> None:
        self.content = source if isinstance(source, bytes) else source.read_bytes()
        self.file_name, self.is_xml = file_name, is_xml
        self.is_sure = True
        self.candidates: tuple[EncodingCandidate, ...] = ()
        self.encoding = encoding
        if encoding is None and is_xml:
            self.encoding = find_xml_encoding(self.content[:HEAD_BYTES])
        if self.encoding is None:
            guess = detect_encoding(io.BytesIO(self.content), file_name=file_name)
            self.encoding, self.is_sure = guess.encoding, guess.is_sure
            if not guess.is_sure:
                names = [candidate.encoding for candidate in guess.candidates]
                self.candidates = tuple(EncodingCandidate(name, self._preview(name)) for name in names)
        else:
            self.encoding = require_encoding(self.encoding)

    def _preview(self, encoding: str) -> str:
        """Return the first texts that say something about the encoding, one a line."""
        matches = _SPEAKING.finditer(self.content.decode(encoding, errors="replace"))
        texts = dict.fromkeys((match[1] or match[2]).strip() for match in islice(matches, _MOST_LOOKED_AT))
        return "\n".join(list(texts)[:_N_PREVIEW])

    def read(self, limits: Limits, layer: str | None) -> RawFeatures:
        """Decode strictly and read the features."""
        assert self.encoding is not None, "found when the text was opened"
        try:
            text = self.content.decode(self.encoding)
        except UnicodeDecodeError as error:
            line = self.content.count(b"\n", 0, error.start) + 1
            raise FileError(
                "encoding_does_not_fit", file=self.file_name, encoding=self.encoding, line=line
            ) from error
        self.content = b""
        text = text.removeprefix("\ufeff")
        most = {"max_features": limits.max_features, "max_vertices": limits.max_vertices}
        if self.is_xml:
            features = read_kml(text, file_name=self.file_name, **most)
        else:
            features = read_geojson(text, file_name=self.file_name, layer=layer, **most)
        if features.attributes.shape[1] > limits.max_columns:
            raise LimitError("layer_too_many_columns", file=self.file_name, limit=limits.max_columns)
        return replace(
            features, encoding=self.encoding, is_encoding_sure=self.is_sure,
            encoding_candidates=self.candidates,
        )  # fmt: skip


def _make(features: RawFeatures, file_name: str, sha256: str) -> RawLayer:
    declared, basis = name_declared(features.crs_text, np.asarray(shapely.bounds(features.geometry)))
    # GeoParquet that says nothing at all hands out an empty text: by its standard that is WGS84.
    is_by_format = features.format in _WGS84_BY_FORMAT or features.crs_text == ""
    if basis == "none" and is_by_format:
        declared, basis = "wgs84", "format"
    attributes = features.attributes.set_axis(name_columns(list(features.attributes.columns)), axis=1)
    table = gpd.GeoDataFrame(attributes, geometry=features.geometry, crs=None)
    return RawLayer(
        file_name=file_name,
        sha256=sha256,
        format=features.format,
        encoding=features.encoding,
        is_encoding_sure=features.is_encoding_sure,
        encoding_candidates=features.encoding_candidates,
        declared_crs=declared,
        crs_basis=basis,
        coord_sys=None,
        table=table,
        problems=features.problems,
        n_heights=features.n_heights,
        parts=(LayerPart(file_name, 1, len(table)),),
        layer=features.layer,
        layers=features.layers,
        notes=features.notes,
    )


# --- several files ---


def _join(layers: Sequence[RawLayer], limits: Limits) -> RawLayer:
    first = layers[0]
    for other in layers[1:]:
        same = (first.format, first.declared_crs, first.crs_basis)
        if (other.format, other.declared_crs, other.crs_basis) != same:
            raise FileError("layer_files_differ", first=first.file_name, second=other.file_name)
    n = sum(layer.n_features for layer in layers)
    if n > limits.max_features:
        raise LimitError("layer_too_many_features", file=first.file_name, limit=limits.max_features)
    starts = np.cumsum([0, *(layer.n_features for layer in layers)])
    tables = [pd.DataFrame(layer.table) for layer in layers]
    table = pd.concat(tables, ignore_index=True).set_axis(pd.RangeIndex(1, n + 1, name="row"))
    moved = [
        layer.problems.assign(row=layer.problems["row"] + start)
        for layer, start in zip(layers, starts[:-1].tolist(), strict=True)
    ]
    digests = "\n".join(layer.sha256 for layer in layers)
    encodings = {layer.encoding: None for layer in layers}
    return replace(
        first,
        file_name=f"{first.file_name} (+{len(layers) - 1})",
        sha256=hashlib.sha256(digests.encode("ascii")).hexdigest(),
        encoding=", ".join(str(name) for name in encodings if name) or None,
        is_encoding_sure=all(layer.is_encoding_sure for layer in layers),
        encoding_candidates=next((la.encoding_candidates for la in layers if not la.is_encoding_sure), ()),
        table=gpd.GeoDataFrame(table, geometry=GEOMETRY_COLUMN, crs=None),
        problems=join_problems(moved),
        n_heights=sum(layer.n_heights for layer in layers),
        notes=tuple(note for layer in layers for note in layer.notes),
        parts=tuple(
            LayerPart(layer.file_name, int(start) + 1, layer.n_features)
            for layer, start in zip(layers, starts[:-1], strict=True)
        ),
    )
