"""Read GeoPackage and Shapefile through GDAL, each by its own driver (GeoPackage 与 Shapefile 读取).

The caller has looked at the first bytes; here the file is laid alone into a work folder under a plain
name, so that neither its name nor a neighbour decides how it is opened. Geometries come as WKB and are
built one by one: what GEOS cannot build costs that feature. Attributes of a Shapefile are read by
`geo.intake.dbf`, since GDAL turns long codes into floating point.
"""

from __future__ import annotations

import logging
import sqlite3
import warnings
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio.raw
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from geo.errors import ChoiceError, EmptyError, FileError, LimitError, MissingError
from geo.intake.checked import join_problems, problems
from geo.intake.dbf import read_dbf
from geo.intake.features import GEOMETRY_COLUMN, RawFeatures, as_text, name_columns
from geo.intake.limits import Limits

log = logging.getLogger(__name__)

SQLITE_MAGIC = b"SQLite format 3\x00"
SHAPEFILE_MAGIC = b"\x00\x00\x27\x0a"
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


def read_geopackage(path: Path, *, layer: str | None, file_name: str, limits: Limits) -> RawFeatures:
    """Read one layer of a GeoPackage.

    Parameters
    ----------
    path
        The file; its first bytes were seen to be those of SQLite.
    layer
        Name of the layer; may be left out where there is only one.
    file_name
        Name of the file in messages.
    limits
        Largest layer taken.

    Raises
    ------
    FileError
        If it is a database of another kind, or is damaged.
    ChoiceError
        If it has several layers and none was named; they are listed.
    MissingError
        If it has no layer of that name.
    EmptyError
        If it has no layer, or the layer no feature.
    LimitError
        If the layer is too large.
    """
    name = _choose_layer(_list_layers(path, file_name), layer, file_name)
    meta, _, wkb, values = _read(path, file_name, layer=name)
    names = name_columns([str(field) for field in meta["fields"]])
    columns = {column: _as_texts(cells) for column, cells in zip(names, values, strict=True)}
    attributes = pd.DataFrame(columns, index=range(len(wkb)), dtype="str")
    return _build(wkb, attributes, meta["crs"], None, file_name, limits)


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
    _, fids, wkb, _ = _read(path, file_name, columns=[], return_fids=True)
    crs_text = prj.read_text(encoding="utf-8", errors="replace") if prj.is_file() else None
    features = _build(wkb, dbf.table.loc[fids], crs_text, dbf.encoding, file_name, limits)
    return replace(features, is_encoding_sure=dbf.is_sure)


def _list_layers(path: Path, file_name: str) -> list[str]:
    """List the feature tables a GeoPackage declares; the database is opened read-only and trusts nothing."""
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            rows = database.execute(
                "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' ORDER BY table_name"
            ).fetchall()
    except sqlite3.DatabaseError as error:
        raise FileError("geopackage_damaged", file=file_name) from error
    return [str(row[0]) for row in rows]


def _choose_layer(layers: Sequence[str], layer: str | None, file_name: str) -> str:
    if not layers:
        raise EmptyError("layer_empty", file=file_name)
    if layer is None:
        if len(layers) > 1:
            raise ChoiceError("layer_not_named", file=file_name, layers=", ".join(layers))
        return layers[0]
    if layer not in layers:
        raise MissingError("layer_unknown", file=file_name, layer=layer, layers=", ".join(layers))
    return layer


def _read(path: Path, file_name: str, **choices: Any) -> Any:  # noqa: ANN401 - what pyogrio takes and returns
    """Read with GDAL; what it warns of is logged, since each feature is judged by itself afterwards."""
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            result = pyogrio.raw.read(path, force_2d=False, datetime_as_string=True, **choices)
    except (DataSourceError, DataLayerError) as error:
        raise FileError("layer_damaged", file=file_name) from error
    for warning in said:
        log.info("reading a layer: %s", warning.category.__name__)
    return result


def _build(
    wkb: NDArray[np.object_],
    attributes: pd.DataFrame,
    crs_text: str | None,
    encoding: str | None,
    file_name: str,
    limits: Limits,
) -> RawFeatures:
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
    return RawFeatures(attributes, geometry, refused, crs_text, n_heights, encoding)


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


def _as_texts(cells: NDArray[Any]) -> pd.Series:
    """Return a column of GDAL as text; missing cells stay missing."""
    return pd.Series([None if pd.isna(cell) else as_text(cell) for cell in cells], dtype="str")
