"""Compare incoming rows with stored ones, inside the database (比对).

Incoming rows are staged beside the stored ones and joined by key. A row is *new*, *changed* or
*unchanged*; a column that the caller did not bring is never compared. The outcome stands in a
temporary table `compared` with the row number, so that the same comparison serves a preview, a
batch and the history it leaves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from geo.errors import DuplicateError, StoreError
from geo.schema import Column, ColumnType, Table
from geo.store.database import Database, count
from geo.store.frames import GEOMETRY_TYPES, to_arrow

ROW = "arriving_row"
SET_BY_STORE = ("batch_id", "version", "case_no")
"""Columns that the store fills; a caller's value for them is not taken."""


def quote(name: str) -> str:
    """Quote an identifier; it must come from the schema."""
    return f'"{name}"'


def quoted(names: Sequence[str], alias: str = "") -> str:
    """Join identifiers, each behind an alias when one is given."""
    prefix = f"{alias}." if alias else ""
    return ", ".join(prefix + quote(name) for name in names)


def stage_rows(db: Database, name: str, rows: pd.DataFrame, table: Table) -> tuple[str, ...]:
    """Stage the rows of a table under a name, numbered from 0; return their columns.

    Raises
    ------
    MissingError
        If there is a column that the schema does not have.
    StoreError
        If a value does not fit its column, or a key column is missing.
    DuplicateError
        If a key occurs twice.
    """
    names = tuple(str(column) for column in rows.columns if column not in SET_BY_STORE)
    for key in table.key:
        if key not in names and key not in SET_BY_STORE:
            raise StoreError("store_column_missing", table=table.name, column=key)
    arrived = to_arrow(rows, table, names)
    numbered = arrived.append_column(ROW, pa.array(np.arange(len(rows), dtype="int64")))
    db.stage(name, numbered)
    keys = [key for key in table.key if key in names]
    if keys:
        _require_unique(db, name, table, keys)
    return names


def _require_unique(db: Database, name: str, table: Table, keys: Sequence[str]) -> None:
    n_rows = count(db, f"SELECT count(*) FROM {name}")
    n_keys = count(db, f"SELECT count(*) FROM (SELECT DISTINCT {quoted(keys)} FROM {name}) k")
    if n_rows != n_keys:
        twice = db.row(
            f"SELECT {quoted(keys)}, count(*) FROM {name} GROUP BY {quoted(keys)} "
            f"HAVING count(*) > 1 ORDER BY {quoted(keys)} LIMIT 1",
        )
        shown = " / ".join(str(value) for value in (twice or ("?",))[:-1])
        raise DuplicateError("store_key_twice", table=table.name, key=shown, n=n_rows - n_keys)


def stored_value(db: Database, column: Column, alias: str) -> str:
    """SQL of a stored value in the form in which incoming rows are staged."""
    value = f"{alias}.{quote(column.name)}"
    if column.type in GEOMETRY_TYPES:
        return db.geometry_out(value)
    return f"CAST({value} AS text)" if column.type == "json" else value


def arriving_value(db: Database, column: Column, alias: str) -> str:
    """SQL of an incoming value in the form in which it is stored."""
    value = f"{alias}.{quote(column.name)}"
    if column.type in GEOMETRY_TYPES:
        return db.geometry_in(value)
    return f"CAST({value} AS json)" if column.type == "json" else value


def is_different(db: Database, table: Table, name: str) -> str:
    """SQL condition: the incoming row `a` says something else than the stored row `c`."""
    column = table.column(name)
    return f"a.{quote(name)} IS DISTINCT FROM {stored_value(db, column, 'c')}"


def row_as_json(db: Database, table: Table, alias: str) -> str:
    """SQL that makes a JSON object of a stored row: all values as text, geometries as hexadecimal WKB."""
    values = {}
    for column in table.columns:
        value = f"{alias}.{quote(column.name)}"
        is_shape = column.type in GEOMETRY_TYPES
        text = db.wkb_to_hex(db.geometry_out(value)) if is_shape else db.as_text(value, column.type)
        values[column.name] = text
    return db.json_object(values)


SQL_TYPES: dict[ColumnType, str] = {
    "text": "text", "integer": "integer", "bigint": "bigint", "double": "double precision",
    "boolean": "boolean", "timestamp": "timestamptz", "date": "date", "json": "json",
    "bigints": "bigint[]",
}  # fmt: skip


def row_from_json(db: Database, table: Table, expression: str) -> str:
    """SQL of the columns of a row that `row_as_json` wrote, in the order of the table."""
    values = []
    for column in table.columns:
        value = f"({expression} ->> '{column.name}')"
        if column.type in GEOMETRY_TYPES:
            values.append(db.geometry_in(db.hex_to_wkb(value)))
        else:
            values.append(f"CAST({value} AS {SQL_TYPES[column.type]})")
    return ", ".join(values)


def compare_rows(
    db: Database, staged: str, table: Table, names: Sequence[str], *, further: Sequence[str] = ()
) -> dict[str, int]:
    """Write `compared` (`arriving_row`, `status`, further SQL columns); return the counts by status."""
    others = [name for name in names if name not in table.key]
    changed = " OR ".join(is_different(db, table, name) for name in others) or "FALSE"
    joined = " AND ".join(f"c.{quote(key)} = a.{quote(key)}" for key in table.key)
    extra = "".join(f", {column}" for column in further)
    db.drop("compared")
    db.run(
        f"CREATE TEMP TABLE compared AS SELECT a.{ROW}, "
        f"CASE WHEN c.{quote(table.key[0])} IS NULL THEN 'new' WHEN {changed} THEN 'changed' "
        f"ELSE 'unchanged' END AS status{extra} FROM {staged} a LEFT JOIN {table.name} c ON {joined}"
    )
    rows = db.query("SELECT status, count(*) AS n FROM compared GROUP BY status").to_pylist()
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    counts.update({row["status"]: int(row["n"]) for row in rows})
    return counts


def require_for_new(table: Table, names: Sequence[str], n_new: int, defaults: Sequence[str] = ()) -> None:
    """Refuse new rows that lack a column which must not be empty.

    Raises
    ------
    StoreError
        If rows are new and a required column was not brought.
    """
    if not n_new:
        return
    for column in table.columns:
        if column.required and column.name not in (*names, *defaults, *SET_BY_STORE):
            raise StoreError("store_column_missing", table=table.name, column=column.name)


def list_changes(db: Database, staged: str, table: Table, names: Sequence[str], *, limit: int) -> pa.Table:
    """Read what would change: `arriving_row`, `id`, `column_name`, `old`, `new`, at most `limit` rows."""
    key = quote(table.key[0])
    parts = []
    for position, name in enumerate(names):
        kind = table.column(name).type
        if name in table.key or kind in GEOMETRY_TYPES:
            continue
        parts.append(
            f"SELECT a.{ROW}, {position} AS place, a.{key} AS id, '{name}' AS column_name, "
            f"{db.as_text(f'c.{quote(name)}', kind)} AS old, {db.as_text(f'a.{quote(name)}', kind)} AS new "
            f"FROM {staged} a JOIN compared k ON k.{ROW} = a.{ROW} AND k.status = 'changed' "
            f"JOIN {table.name} c ON c.{key} = a.{key} WHERE {is_different(db, table, name)}"
        )
    union = " UNION ALL ".join(parts)
    return db.query(
        f"SELECT {ROW}, id, column_name, old, new FROM ({union}) u ORDER BY {ROW}, place LIMIT {int(limit)}"
    )
