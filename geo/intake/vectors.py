"""Read layers through GDAL, each by the one driver its first bytes ask for (经 GDAL 读取图层).

The caller has looked at the first bytes; here the file lies alone in a work folder under a plain name, so
that neither its name nor a neighbour decides how it is opened, and what GDAL took it for must be that
driver. Geometries come as WKB and are built one by one: what GEOS cannot build costs that feature.
Attributes of a Shapefile are read by `geo.intake.dbf`, since GDAL turns long codes into floating point.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyogrio
import pyogrio.raw
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from geo.errors import EmptyError, FileError, LimitError
from geo.intake.checked import join_problems, problems
from geo.intake.dbf import read_dbf
from geo.intake.features import GEOMETRY_COLUMN, LayerFormat, RawFeatures, as_text, name_columns
from geo.intake.limits import Limits

log = logging.getLogger(__name__)

SHAPEFILE_MAGIC = b"\x00\x00\x27\x0a"
FLATGEOBUF_MAGIC = b"fgb\x03fgb"
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_SHX_HEADER_BYTES = 100
_SHX_ENTRY_BYTES = 8
_NEEDED_PARTS = (".shx", ".dbf")

_KINDS = (
    shapely.GeometryType.POINT,
    shapely.GeometryType.LINESTRING,
    shapely.GeometryType.MULTILINESTRING,
    shapely.GeometryType.POLYGON,
    shapely.GeometryType.MULTIPOLYGON,
)


Driver = Literal["GPKG", "ESRI Shapefile", "FlatGeobuf"]
"""All drivers that may open a file."""


@dataclass(frozen=True)
class GdalLayer:
    """What GDAL found in a layer."""

    fields: tuple[str, ...]
    fids: NDArray[np.int64]
    wkb: NDArray[np.object_]
    values: Sequence[NDArray[Any]]
    """One array of cells for each field."""
    crs_text: str | None


def read_flatgeobuf(path: Path, *, file_name: str, limits: Limits) -> RawFeatures:
    """Read a FlatGeobuf.

    Parameters
    ----------
    path
        The file; its first bytes were seen to be those of FlatGeobuf.
    file_name
        Name of the file in messages.
    limits
        Largest layer taken.

    Raises
    ------
    FileError
        If it is damaged.
    EmptyError
        If it has no feature.
    LimitError
        If it is too large.
    """
    read = read_by_gdal(path, "FlatGeobuf", file_name=file_name, limits=limits)
    names = name_columns(list(read.fields))
    columns = {column: as_texts(cells) for column, cells in zip(names, read.values, strict=True)}
    attributes = pd.DataFrame(columns, index=range(len(read.wkb)), dtype="str")
    return build_features(
        read.wkb, attributes, "flatgeobuf", crs_text=read.crs_text, file_name=file_name, limits=limits
    )


def read_shapefile(path: Path, *, encoding: str | None, file_name: str, limits: Limits) -> RawFeatures:
    """Read a Shapefile whose parts lie beside each other.

    Parameters
    ----------
    path
        The .shp file.
    encoding
        Encoding of the attributes that the user chose, if any.
    file_name, limits
        As `read_geopackage`.

    Raises
    ------
    FileError
        If a part is missing (the sentence names it) or damaged.
    ChoiceError
        If the encoding is not known.
    EmptyError
        If it has no feature.
    LimitError
        If it is too large.
    """
    for ending in _NEEDED_PARTS:
        if not path.with_suffix(ending).is_file():
            raise FileError("shapefile_part_missing", file=file_name, part=ending)
    cpg, prj = path.with_suffix(".cpg"), path.with_suffix(".prj")
    dbf = read_dbf(
        path.with_suffix(".dbf").read_bytes(),
        cpg=cpg.read_bytes() if cpg.is_file() else None,
        encoding=encoding,
        file_name=file_name,
    )
    n_shapes = (path.with_suffix(".shx").stat().st_size - _SHX_HEADER_BYTES) // _SHX_ENTRY_BYTES
    if n_shapes != dbf.n_records:
        raise FileError("shapefile_parts_differ", file=file_name, n_shp=n_shapes, n_dbf=dbf.n_records)
    read = read_by_gdal(path, "ESRI Shapefile", file_name=file_name, limits=limits, columns=[])
    crs_text = prj.read_text(encoding="utf-8", errors="replace") if prj.is_file() else None
    return build_features(
        read.wkb, dbf.table.loc[read.fids], "shapefile", crs_text=crs_text, file_name=file_name,
        limits=limits, encoding=dbf.encoding, is_encoding_sure=dbf.is_sure,
        encoding_candidates=dbf.candidates,
    )  # fmt: skip


def read_by_gdal(
    path: Path,
    driver: Driver,
    *,
    file_name: str,
    limits: Limits,
    layer: str | None = None,
    columns: Sequence[str] | None = None,
) -> GdalLayer:
    """Read a layer with the driver its first bytes ask for.

    What GDAL warns of is logged, since each feature is judged by itself afterwards.

    Raises
    ------
    FileError
        If GDAL cannot read it, or takes it for something else.
    LimitError
        If it declares more features or columns than are taken.
    """
    options = {"LIST_ALL_TABLES": "NO"} if driver == "GPKG" else {}
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            about = pyogrio.read_info(path, layer=layer, **options)
            if about["driver"] != driver:
                raise FileError("layer_format_unknown", file=file_name)
            if about["features"] > limits.max_features:
                raise LimitError("layer_too_many_features", file=file_name, limit=limits.max_features)
            if len(about["fields"]) > limits.max_columns:
                raise LimitError("layer_too_many_columns", file=file_name, limit=limits.max_columns)
            meta, fids, wkb, values = pyogrio.raw.read(
                path, layer=layer, columns=columns, return_fids=True, force_2d=False,
                datetime_as_string=True, **options,
            )  # fmt: skip
    except (DataSourceError, DataLayerError, FeatureError, IndexError) as error:
        # pyogrio raises IndexError where a FlatGeobuf ends before its first feature.
        raise FileError("layer_damaged", file=file_name) from error
    if driver == "FlatGeobuf" and len(fids) != about["features"]:  # it was cut off
        raise FileError("layer_damaged", file=file_name)
    for warning in said:
        log.info("reading a layer: %s", warning.category.__name__)
    if wkb is None:  # a layer without geometries
        wkb = np.full(len(fids), None, dtype=object)
    return GdalLayer(tuple(str(name) for name in meta["fields"]), fids, wkb, values, meta["crs"])


def build_features(
    wkb: NDArray[np.object_],
    attributes: pd.DataFrame,
    kind: LayerFormat,
    *,
    crs_text: str | None,
    file_name: str,
    limits: Limits,
    **further: Any,  # noqa: ANN401 - what RawFeatures has besides
) -> RawFeatures:
    """Build geometries out of WKB, refusing each that cannot be used.

    Parameters
    ----------
    wkb
        One geometry each, None where there is none.
    attributes
        Text columns, one row each in the same order.
    kind, crs_text
        Format, and what the file says its system is.
    file_name, limits
        As everywhere here.
    further
        Layer, layers and encoding, as `RawFeatures` names them.

    Raises
    ------
    EmptyError
        If there is no feature.
    LimitError
        If there are too many features, columns or vertices.
    """
    if not len(wkb):
        raise EmptyError("layer_empty", file=file_name)
    if len(wkb) > limits.max_features:
        raise LimitError("layer_too_many_features", file=file_name, limit=limits.max_features)
    if attributes.shape[1] > limits.max_columns:
        raise LimitError("layer_too_many_columns", file=file_name, limit=limits.max_columns)
    raw = shapely.from_wkb(wkb, on_invalid="ignore")
    n_vertices = int(shapely.get_num_coordinates(raw).sum())
    if n_vertices > limits.max_vertices:
        raise LimitError("layer_too_many_vertices", file=file_name, limit=limits.max_vertices, row=1)
    rows = np.arange(1, len(raw) + 1)
    n_heights = int((shapely.has_z(raw) | shapely.has_m(raw)).sum())
    geometry = shapely.force_2d(raw)
    found = [
        _refuse(rows, pd.isna(wkb), "geometry_missing", ""),
        _refuse(rows, ~pd.isna(wkb) & shapely.is_missing(raw), "geometry_broken", ""),
        _refuse(rows, ~shapely.is_missing(raw) & shapely.is_empty(raw), "geometry_empty", ""),
        _refuse_kinds(rows, raw),
        _refuse_infinite(rows, geometry),
        _refuse_texts(rows, attributes),
    ]
    refused = join_problems(found)
    geometry[np.isin(rows, refused["row"])] = None
    attributes = attributes.set_axis(pd.RangeIndex(1, len(raw) + 1, name="row"))
    return RawFeatures(attributes, geometry, refused, crs_text, n_heights, format=kind, **further)


def _refuse(rows: NDArray[np.int64], is_bad: NDArray[np.bool_], code: str, value: str) -> pd.DataFrame:
    bad = rows[np.asarray(is_bad, dtype=bool)]
    return problems(bad.tolist(), GEOMETRY_COLUMN, code, [value] * len(bad))


def _refuse_kinds(rows: NDArray[np.int64], geometry: NDArray[np.object_]) -> pd.DataFrame:
    kind = shapely.get_type_id(geometry)
    is_bad = ~shapely.is_missing(geometry) & ~shapely.is_empty(geometry) & ~np.isin(kind, _KINDS)
    names = [shapely.GeometryType(number).name for number in kind[is_bad]]
    return problems(rows[is_bad].tolist(), GEOMETRY_COLUMN, "geometry_kind_unused", names)


def _refuse_infinite(rows: NDArray[np.int64], geometry: NDArray[np.object_]) -> pd.DataFrame:
    xy, owner = shapely.get_coordinates(geometry, return_index=True)
    bad = np.unique(owner[~(np.abs(xy) < 1e100).all(axis=1)])
    return problems(rows[bad].tolist(), GEOMETRY_COLUMN, "geometry_not_finite", [""] * len(bad))


def _refuse_texts(rows: NDArray[np.int64], attributes: pd.DataFrame) -> pd.DataFrame:
    found = []
    for name in attributes.columns:
        is_bad = attributes[name].str.contains("\x00", regex=False, na=False).to_numpy(bool)
        values = [ascii(value) for value in attributes.loc[is_bad, name]]
        found.append(problems(rows[is_bad].tolist(), str(name), "feature_text_not_storable", values))
    return join_problems(found)


def as_texts(cells: NDArray[Any]) -> pd.Series:
    """Return a column of GDAL as text; missing cells stay missing."""
    return pd.Series([None if pd.isna(cell) else as_text(cell) for cell in cells], dtype="str")
