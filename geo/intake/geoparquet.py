"""Read GeoParquet (GeoParquet 读取).

The footer of the file is judged before a row is read: how many rows and columns it declares, how deep its
columns are nested, how large they unpack to. Only plain columns are read, by pyarrow and as plain values;
what pandas or others have left beside them (indexes, types of their own, pickled objects) is not looked at.
Geometries are WKB or the native encodings of GeoParquet 1.1; without a word on the system the standard
says longitude and latitude on WGS84.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import shapely
from numpy.typing import NDArray

from geo.errors import EmptyError, FileError, LimitError
from geo.intake.features import RawFeatures, as_text, name_columns
from geo.intake.limits import MB, Limits
from geo.intake.vectors import build_features

PARQUET_MAGIC = b"PAR1"
MAX_NESTING = 8
"""Columns nested deeper than this hold no attributes of an area."""
_NATIVE = ("point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon")


def read_geoparquet(path: Path, *, file_name: str, limits: Limits) -> RawFeatures:
    """Read the features of a GeoParquet.

    Parameters
    ----------
    path
        The file; its first bytes were seen to be those of Parquet.
    file_name
        Name of the file in messages.
    limits
        Largest file taken.

    Raises
    ------
    FileError
        If it is damaged, or Parquet without a geometry.
    EmptyError
        If it has no row.
    LimitError
        If it has too many rows, columns, or unpacks to too much.
    """
    try:
        with pyarrow.parquet.ParquetFile(path, arrow_extensions_enabled=False) as file:
            main, others, crs_text = _read_head(file, file_name, limits)
            plain = [name for name in file.schema_arrow.names if name not in others and name != main[0]]
            table = file.read(columns=[main[0], *plain], use_pandas_metadata=False)
    except (pa.ArrowException, OSError) as error:
        raise FileError("layer_damaged", file=file_name) from error
    wkb = _as_wkb(table.column(main[0]), main, file_name)
    texts = {
        unique: _as_texts(table.column(name)) for unique, name in zip(name_columns(plain), plain, strict=True)
    }
    attributes = pd.DataFrame(texts, index=range(len(wkb)), dtype="str")
    return build_features(
        wkb, attributes, "geoparquet", crs_text=crs_text, file_name=file_name, limits=limits
    )


def _read_head(
    file: pyarrow.parquet.ParquetFile, file_name: str, limits: Limits
) -> tuple[tuple[str, str], set[str], str | None]:
    """Judge the footer; return the geometry column with its encoding, the others, and the system."""
    head = file.metadata
    if head.num_rows > limits.max_features:
        raise LimitError("layer_too_many_features", file=file_name, limit=limits.max_features)
    if len(file.schema_arrow.names) > limits.max_columns + 1:
        raise LimitError("layer_too_many_columns", file=file_name, limit=limits.max_columns)
    if any(_nesting(field.type) > MAX_NESTING for field in file.schema_arrow):
        raise FileError("parquet_too_deep", file=file_name, limit=MAX_NESTING)
    size = sum(head.row_group(number).total_byte_size for number in range(head.num_row_groups))
    if size > limits.max_unpacked_mb * MB:
        size_mb = -(-size // MB)
        raise LimitError(
            "archive_too_large", file=file_name, size_mb=size_mb, limit_mb=limits.max_unpacked_mb
        )
    geo = _read_geo((head.metadata or {}).get(b"geo"))
    columns = geo.get("columns")
    name = geo.get("primary_column")
    if not isinstance(columns, Mapping) or not isinstance(name, str) or name not in file.schema_arrow.names:
        raise FileError("parquet_without_geometry", file=file_name)
    if not head.num_rows:
        raise EmptyError("layer_empty", file=file_name)
    about = columns.get(name)
    about = about if isinstance(about, Mapping) else {}
    return (name, str(about.get("encoding"))), {str(column) for column in columns}, _name_system(about)


def _nesting(kind: pa.DataType) -> int:
    """Return how many types stand within each other, as far as it matters."""
    level, types = 1, [kind]
    while level <= MAX_NESTING:
        types = [inner.field(at).type for inner in types for at in range(inner.num_fields)]
        if not types:
            return level
        level += 1
    return level


def _read_geo(text: bytes | None) -> Mapping[str, object]:
    try:
        found = json.loads(text or b"null")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _name_system(about: Mapping[str, object]) -> str | None:
    """Return the system of a column: none said means CRS84 by the standard, null means unknown."""
    if "crs" not in about:
        return ""
    crs = about["crs"]
    return None if crs is None else json.dumps(crs)


def _as_wkb(column: pa.ChunkedArray, main: tuple[str, str], file_name: str) -> NDArray[np.object_]:
    name, encoding = main
    if encoding == "WKB":
        return np.asarray(column.to_pylist(), dtype=object)
    if encoding not in _NATIVE:
        raise FileError("parquet_without_geometry", file=file_name)
    said = {b"ARROW:extension:name": f"geoarrow.{encoding}".encode()}
    field = pa.field(name, column.type, metadata=said)
    shapes = gpd.GeoDataFrame.from_arrow(pa.table([column], schema=pa.schema([field])), geometry=name)
    return np.asarray(shapely.to_wkb(shapes.geometry.to_numpy()), dtype=object)


def _as_texts(column: pa.ChunkedArray) -> list[str | None]:
    return [None if value is None or value != value else as_text(value) for value in column.to_pylist()]  # noqa: PLR0124 - NaN
