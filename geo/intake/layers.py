"""Read layers of geometries: GeoJSON, GeoPackage, Shapefile (图层读取).

What a file is follows from its first bytes, never from its name, and only the formats listed here are
read; whatever else it is (a web page, a picture, TopoJSON, Esri JSON) is refused by what it is. A zip
holds one Shapefile, or one file of the other formats. Several files of one level can be read as one
layer; their features are numbered on.

Coordinates stay as they stand in the file, without heights. Which system they are in is decided by
`choose_layer_coord_sys`, by the rules of `geo.intake.declared`.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import ChoiceError, FileError, LimitError
from geo.intake.archives import is_zip, list_members, unpack_to
from geo.intake.checked import Note, join_problems
from geo.intake.declared import CrsBasis, choose_coord_sys, is_believable, name_declared
from geo.intake.encodings import detect_encoding, require_encoding
from geo.intake.features import GEOMETRY_COLUMN, RawFeatures, name_columns
from geo.intake.geojson import read_geojson
from geo.intake.limits import Limits
from geo.intake.sniffing import clean_file_name, measure_file, open_source
from geo.intake.vectors import (
    SHAPEFILE_MAGIC,
    SHAPEFILE_PARTS,
    SQLITE_MAGIC,
    read_geopackage,
    read_shapefile,
)

LayerFormat = Literal["geojson", "geopackage", "shapefile"]
Source = Path | bytes

_HEAD_BYTES = 4096
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_IN_ZIP = (".geojson", ".json", ".gpkg")


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
        Layer of a GeoPackage, or Shapefile of an archive, where there are several.
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
    return choose_coord_sys(
        layer.file_name,
        layer.boxes,
        named=coord_sys if coord_sys is not None else layer.coord_sys,
        declared=layer.declared_crs,
        basis=layer.crs_basis,
    )


# --- one file ---


def _read_file(
    source: Source, file_name: str, *, limits: Limits, encoding: str | None, layer: str | None
) -> RawLayer:
    sha256 = measure_file(source, file_name=file_name, limits=limits)
    with tempfile.TemporaryDirectory(prefix="getu-layer-") as name:
        folder = Path(name)
        if is_zip(head := _head(source)):
            source = _unpack(source, folder, file_name, limits=limits, layer=layer)
            layer, head = None, _head(source)
        if head.startswith(SQLITE_MAGIC):
            path = _lay(source, folder / "layer.gpkg")
            features = read_geopackage(path, layer=layer, file_name=file_name, limits=limits)
            return _make(features, "geopackage", file_name, sha256)
        if head.startswith(SHAPEFILE_MAGIC):
            path, sha256 = _lay_shapefile(source, folder, file_name, sha256, limits)
            features = read_shapefile(path, encoding=encoding, file_name=file_name, limits=limits)
            return _make(features, "shapefile", file_name, sha256)
        _require_json(head, file_name)
        return _read_json(source, file_name, sha256, limits=limits, encoding=encoding)


def _head(source: Source) -> bytes:
    with open_source(source) as stream:
        return stream.read(_HEAD_BYTES)


def _unpack(source: Source, folder: Path, file_name: str, *, limits: Limits, layer: str | None) -> Path:
    """Unpack an archive and return its one .shp, .geojson, .json or .gpkg file."""
    members = list_members(source, file_name=file_name, limits=limits)
    shapes = [member for member in members if member.lower().endswith(".shp")]
    found = shapes or [member for member in members if member.lower().endswith(_IN_ZIP)]
    if not found:
        raise FileError("archive_holds_no_layer", file=file_name)
    if layer is not None and len(found) > 1:
        found = [member for member in found if layer in (member, Path(member).stem)] or found
    if len(found) > 1:
        raise ChoiceError("layer_not_named", file=file_name, layers=", ".join(Path(m).stem for m in found))
    unpacked = unpack_to(source, folder, limits=limits, file_name=file_name)
    return unpacked[members.index(found[0])]


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


def _require_json(head: bytes, file_name: str) -> None:
    for bom in _BOMS:
        head = head.removeprefix(bom)
    first = head.replace(b"\x00", b"").lstrip()[:1]
    if first == b"<":
        raise FileError("layer_is_markup", file=file_name)
    if first not in (b"{", b"["):
        raise FileError("layer_format_unknown", file=file_name)


def _read_json(
    source: Source, file_name: str, sha256: str, *, limits: Limits, encoding: str | None
) -> RawLayer:
    content = source if isinstance(source, bytes) else source.read_bytes()
    candidates: tuple[tuple[str, str], ...] = ()
    is_sure = True
    if encoding is None:
        guess = detect_encoding(io.BytesIO(content), file_name=file_name)
        encoding, is_sure, candidates = guess.encoding, guess.is_sure, guess.candidates
    else:
        encoding = require_encoding(encoding)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileError("encoding_does_not_fit", file=file_name, encoding=encoding, line=line) from error
    del content
    features = read_geojson(
        text.removeprefix("\ufeff"),
        file_name=file_name,
        max_features=limits.max_features,
        max_vertices=limits.max_vertices,
    )
    if features.attributes.shape[1] > limits.max_columns:
        raise LimitError("layer_too_many_columns", file=file_name, limit=limits.max_columns)
    made = _make(replace(features, encoding=encoding), "geojson", file_name, sha256)
    return replace(made, is_encoding_sure=is_sure, encoding_candidates=candidates)


def _make(features: RawFeatures, kind: LayerFormat, file_name: str, sha256: str) -> RawLayer:
    declared, basis = name_declared(features.crs_text, np.asarray(shapely.bounds(features.geometry)))
    if kind == "geojson" and basis == "none":
        declared, basis = "wgs84", "format"
    attributes = features.attributes.set_axis(name_columns(list(features.attributes.columns)), axis=1)
    table = gpd.GeoDataFrame(attributes, geometry=features.geometry, crs=None)
    return RawLayer(
        file_name=file_name,
        sha256=sha256,
        format=kind,
        encoding=features.encoding,
        is_encoding_sure=features.is_encoding_sure,
        encoding_candidates=(),
        declared_crs=declared,
        crs_basis=basis,
        coord_sys=None,
        table=table,
        problems=features.problems,
        n_heights=features.n_heights,
        parts=(LayerPart(file_name, 1, len(table)),),
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
        parts=tuple(
            LayerPart(layer.file_name, int(start) + 1, layer.n_features)
            for layer, start in zip(layers, starts[:-1], strict=True)
        ),
    )
