"""Tables in and out of a database: types, missing values, geometry (表的进出).

In: pandas tables of any dtype become Arrow tables of the types of `geo.schema`; None, NaN, pd.NA
and NaT become NULL; geometry becomes WKB. What does not fit its column is refused, never bent: a
moment without a zone, a fraction in a whole number, a geometry of the wrong kind, another CRS.
Out: text as pandas `str`, moments as UTC, geometry as shapely.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geo.errors import CrsError, MissingError, StoreError
from geo.schema import Column, ColumnType, Table

GEOMETRY_TYPES: dict[ColumnType, tuple[str, ...]] = {
    "multipolygon": ("Polygon", "MultiPolygon"),
    "line": ("LineString", "MultiLineString"),
}

EXACT_IN_FLOAT = 2**53
"""Whole numbers beyond this are no longer exact in a float."""

_ARROW: dict[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "json": pa.string(),
    "multipolygon": pa.binary(),
    "line": pa.binary(),
    "bigints": pa.list_(pa.int64()),
}


def require_columns(table: Table, names: Sequence[str]) -> None:
    """Refuse a column name that the schema does not have.

    Raises
    ------
    MissingError
        If the table has no column of that name.
    """
    for name in names:
        if name not in table.names:
            raise MissingError("store_column_unknown", table=table.name, column=name)


def to_arrow(rows: pd.DataFrame, table: Table, names: Sequence[str]) -> pa.Table:
    """Turn the named columns of a table into Arrow, in the types of the schema.

    Raises
    ------
    CrsError
        If a geometry column names another CRS than WGS84.
    StoreError
        If a value does not fit its column, or a required one is missing.
    """
    require_columns(table, names)
    _require_wgs84(rows, table)
    arrays = [_column_to_arrow(rows[name], table, table.column(name)) for name in names]
    return pa.table(arrays, names=list(names))


def _require_wgs84(rows: pd.DataFrame, table: Table) -> None:
    if not isinstance(rows, gpd.GeoDataFrame):
        return
    for name in rows.columns:
        series = rows[name]
        if isinstance(series, gpd.GeoSeries) and (series.crs is None or series.crs.to_epsg() != 4326):
            raise CrsError("store_wrong_crs", table=table.name, crs=_crs_name(series))


def _crs_name(series: gpd.GeoSeries) -> str:
    return "none" if series.crs is None else str(series.crs.to_string())


def _column_to_arrow(series: pd.Series, table: Table, column: Column) -> pa.Array:
    try:
        if column.type in GEOMETRY_TYPES:
            array = _geometry_to_arrow(series, table, column)
        elif column.type == "json":
            array = pa.array([_as_json(value) for value in series], type=pa.string())
        else:
            array = _plain_to_arrow(series, table, column)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        raise StoreError(
            "store_wrong_type", table=table.name, column=column.name, type=column.type
        ) from error
    if column.type in ("text", "json") and _holds_nul(array):
        raise StoreError("store_text_has_nul", table=table.name, column=column.name)
    if column.required and array.null_count:
        raise StoreError("store_value_missing", table=table.name, column=column.name, n=array.null_count)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _holds_nul(array: pa.Array | pa.ChunkedArray) -> bool:
    """Whether a text holds U+0000, which PostgreSQL cannot keep and no text needs."""
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    for chunk in chunks:
        text = chunk.buffers()[-1]
        # bytes outside of a slice may be there too: only then each text is looked at
        if (
            text is not None
            and b"\x00" in text.to_pybytes()
            and pc.any(pc.match_substring(chunk, "\x00")).as_py()
        ):
            return True
    return False


def _plain_to_arrow(series: pd.Series, table: Table, column: Column) -> pa.Array:
    kind = _ARROW[column.type]
    if column.type == "timestamp":
        return _moments_to_arrow(series, table, column)
    if column.type == "double":
        return _doubles_to_arrow(series, kind)
    if column.type == "date" and isinstance(series.dtype, np.dtype) and series.dtype.kind == "M":
        return pa.array(series.dt.date, type=kind, from_pandas=True)
    array = pa.array(series, from_pandas=True)
    if column.type == "text" and not pa.types.is_null(array.type):
        if pa.types.is_dictionary(array.type):
            return array.cast(pa.string())
        if pa.types.is_large_string(array.type) or pa.types.is_string(array.type):
            return array  # as it is: a cast would copy every text of a large file
        raise StoreError("store_wrong_type", table=table.name, column=column.name, type="text")
    if pa.types.is_floating(array.type) and len(array) and _is_bent(array):
        raise StoreError("store_wrong_type", table=table.name, column=column.name, type=column.type)
    return array.cast(kind)


def _is_bent(array: pa.Array) -> bool:
    """Whether floats hold whole numbers too large to have come through exactly."""
    largest = pc.max(pc.abs(array)).as_py()
    return largest is not None and largest > EXACT_IN_FLOAT


def _doubles_to_arrow(series: pd.Series, kind: pa.DataType) -> pa.Array:
    if series.dtype.kind == "f" and isinstance(series.dtype, np.dtype):
        return pa.array(series.to_numpy(), type=kind, from_pandas=True)
    return pa.array(series, from_pandas=True).cast(kind)


def _moments_to_arrow(series: pd.Series, table: Table, column: Column) -> pa.Array:
    if not len(series) or series.isna().all():
        return pa.nulls(len(series), _ARROW["timestamp"])
    if not isinstance(series.dtype, pd.DatetimeTZDtype):
        values = [value for value in series if not pd.isna(value)]
        if any(getattr(value, "tzinfo", None) is None for value in values):
            raise StoreError("store_moment_without_zone", table=table.name, column=column.name)
        series = pd.to_datetime(series, utc=True)
    return pa.array(series, from_pandas=True).cast(_ARROW["timestamp"], safe=False)


def _geometry_to_arrow(series: pd.Series, table: Table, column: Column) -> pa.Array:
    values = np.array([None if _is_missing(value) else value for value in series], dtype=object)
    there = np.array([value is not None for value in values], dtype=bool)
    allowed = GEOMETRY_TYPES[column.type]
    for value in values[there]:
        if not isinstance(value, shapely.Geometry) or value.geom_type not in allowed or value.is_empty:
            raise StoreError("store_not_geometry", table=table.name, column=column.name, type=column.type)
    if column.type == "multipolygon":
        values[there] = [_as_multi(value) for value in values[there]]
    encoded = shapely.to_wkb(values, output_dimension=2, include_srid=False)
    return pa.array(encoded, type=pa.binary(), from_pandas=True)


def _as_multi(value: shapely.Geometry) -> shapely.Geometry:
    return shapely.MultiPolygon([value]) if value.geom_type == "Polygon" else value


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _as_json(value: object) -> str | None:
    if _is_missing(value):
        return None
    return (
        value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    )


def to_pandas(rows: pa.Table, geometry: Sequence[str] = ()) -> pd.DataFrame:
    """Turn rows that were read into a pandas table; `geometry` columns hold WKB.

    Text is `str`, moments are UTC in microseconds, dates are `datetime.date`, truth values are
    `boolean`, and whole numbers are `int64`, or `Int64` where one is missing, so that a number of
    18 digits is never bent into a float.
    """
    return pd.DataFrame(
        {name: _to_series(rows.column(name), is_shape=name in geometry) for name in rows.column_names}
    )


def _to_series(values: pa.ChunkedArray, *, is_shape: bool) -> pd.Series:
    kind = values.type
    if is_shape:
        return pd.Series(shapely.from_wkb(values.to_numpy(zero_copy_only=False)), dtype=object)
    if pa.types.is_timestamp(kind) and kind.tz:
        values = values.cast(pa.timestamp("us", "UTC"))
    if pa.types.is_integer(kind) and values.null_count:
        return cast(pd.Series, values.to_pandas(types_mapper=_NULLABLE.get))
    return cast(pd.Series, values.to_pandas(types_mapper=_pandas_type, date_as_object=True))


_NULLABLE = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}


def _pandas_type(kind: pa.DataType) -> object:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.StringDtype(na_value=np.nan)
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    return None
