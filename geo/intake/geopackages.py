"""Read a layer of a GeoPackage, which is a database that a stranger made (GeoPackage 读取).

The database is opened read-only and trusts nothing (`trusted_schema` off), and its schema is judged before
GDAL sees it. Read are tables that it declares as feature tables; a view in the place of one would run
whatever it says and is refused. Triggers never fire while reading, yet no writer of GeoPackages leaves any
but those that keep the spatial index and the count of features right: another one is refused, and so
is a virtual table of any module but the spatial index.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd

from geo.errors import FileError
from geo.intake.archives import escape
from geo.intake.features import RawFeatures, choose_layer, name_columns
from geo.intake.limits import Limits
from geo.intake.vectors import as_texts, build_features, read_by_gdal

SQLITE_MAGIC = b"SQLite format 3\x00"

_INDEX = re.compile(r"\bUSING\s+\"?rtree\"?\s*\(", re.IGNORECASE)
_WRITES = re.compile(
    r"\b(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|DELETE\s+FROM|UPDATE(?:\s+OR\s+\w+)?)\s+(?:\"((?:[^\"]|\"\")+)\"|(\w+))(?!\s+ON\b)",
    re.IGNORECASE,
)
_CALLS = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_OWN_TABLES = re.compile(r"^(?:rtree_|gpkg_)", re.IGNORECASE)
_PLAIN_CALLS = frozenset(
    ("st_minx", "st_maxx", "st_miny", "st_maxy", "st_isempty", "raise", "values", "lower", "abs", "coalesce",
     "strftime", "count", "not", "and", "or", "in", "when", "where", "select", "from", "exists", "length", "typeof")
)  # fmt: skip


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
        If it is a database of another kind, is damaged, or holds what no GeoPackage needs.
    ChoiceError
        If it has several layers and none was named; they are listed.
    MissingError
        If it has no layer of that name.
    EmptyError
        If it has no layer, or the layer no feature.
    LimitError
        If the layer is too large.
    """
    layers = _list_layers(path, file_name)
    name = choose_layer(layers, layer, file_name=file_name)
    read = read_by_gdal(path, "GPKG", file_name=file_name, limits=limits, layer=name)
    names = name_columns(list(read.fields))
    columns = {column: as_texts(cells) for column, cells in zip(names, read.values, strict=True)}
    attributes = pd.DataFrame(columns, index=range(len(read.wkb)), dtype="str")
    return build_features(
        read.wkb, attributes, "geopackage", crs_text=read.crs_text, file_name=file_name, limits=limits,
        layer=name, layers=tuple(layers),
    )  # fmt: skip


def _list_layers(path: Path, file_name: str) -> list[str]:
    """List the feature tables a GeoPackage declares, after refusing one that holds more than it needs."""
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            schema = database.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
            rows = database.execute(
                "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' ORDER BY table_name"
            ).fetchall()
    except sqlite3.DatabaseError as error:
        raise FileError("geopackage_damaged", file=file_name) from error
    layers = [str(row[0]) for row in rows]
    kinds = {str(name): str(kind) for kind, name, _ in schema if kind in ("table", "view")}
    for kind, name, sql in schema:
        if kind == "trigger" and not _is_usual_trigger(str(sql)):
            raise FileError("geopackage_trigger", file=file_name, name=escape(str(name)))
        is_virtual = kind == "table" and str(sql).lstrip().upper().startswith("CREATE VIRTUAL")
        if is_virtual and not _INDEX.search(str(sql)):
            raise FileError("geopackage_virtual", file=file_name, name=escape(str(name)))
    for layer in layers:
        if kinds.get(layer) == "view":
            raise FileError("geopackage_view", file=file_name, name=escape(layer))
    return [layer for layer in layers if layer in kinds]


def _is_usual_trigger(sql: str) -> bool:
    """Tell whether a trigger writes to tables of the GeoPackage itself only, and calls nothing unusual."""
    body = re.sub(r"'(?:[^']|'')*'", "''", sql.partition("BEGIN")[2] or sql)
    head = re.sub(r"'(?:[^']|'')*'", "''", sql.partition("BEGIN")[0])
    written = [quoted or plain for quoted, plain in _WRITES.findall(body)]
    called = {name.lower() for name in _CALLS.findall(re.sub(r'"(?:[^"]|"")*"', '""', head + " " + body))}
    called -= {name.lower() for name in written}
    return all(_OWN_TABLES.match(name) for name in written) and called <= _PLAIN_CALLS
