"""Compare incoming rows with stored ones, inside the database (比对).

Incoming rows are staged beside the stored ones and joined by key. A row is *new*, *changed* or
*unchanged*; a column that the caller did not bring is never compared. The outcome stands in a
temporary table `compared` with the row number, so that the same comparison serves a preview, a
batch and the history it leaves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo.errors import DuplicateError, StoreError
from geo.schema import Column, ColumnType, Table
from geo.store.database import Database
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


def arrive(rows: pd.DataFrame, table: Table) -> pa.Table:
    """Turn incoming rows into Arrow, in the types of the schema, numbered from 0.

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
    keys = [key for key in table.key if key in names]
    if keys:
        _require_unique(arrived, table, keys)
    return arrived.append_column(ROW, pa.array(np.arange(len(rows), dtype="int64")))


def names_of(arrived: pa.Table) -> tuple[str, ...]:
    """Columns that incoming rows bring."""
    return tuple(name for name in arrived.column_names if name != ROW)


def stage_rows(db: Database, name: str, rows: pd.DataFrame, table: Table) -> tuple[str, ...]:
    """Stage the rows of a table under a name, numbered from 0; return their columns; see `arrive`."""
    arrived = arrive(rows, table)
    db.stage(name, arrived)
    return names_of(arrived)


def _require_unique(arrived: pa.Table, table: Table, keys: Sequence[str]) -> None:
    places = np.zeros(arrived.num_rows, dtype=np.int64)
    for key in keys:
        codes = pc.dictionary_encode(arrived[key]).combine_chunks()
        places = places * (len(codes.dictionary) + 1) + codes.indices.to_numpy()
    n_twice = int(pd.Series(places).duplicated().sum())
    if not n_twice:
        return
    counts = arrived.group_by(keys).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1)).select(keys)
    first = twice.sort_by([(key, "ascending") for key in keys]).slice(0, 1).to_pylist()[0]
    shown = " / ".join(str(value) for value in first.values())
    raise DuplicateError("store_key_twice", table=table.name, key=shown, n=n_twice)


def find_known(db: Database, table: Table, arrived: pa.Table) -> npt.NDArray[np.bool_]:
    """Tell which rows of `arrive` have a stored row of the same key; only their keys are sent."""
    is_known = np.zeros(arrived.num_rows, dtype=bool)
    if not arrived.num_rows or db.row(f"SELECT 1 FROM {table.name} LIMIT 1") is None:
        return is_known
    db.stage("arriving_keys", arrived.select([*table.key, ROW]))
    joined = " AND ".join(f"c.{quote(key)} = a.{quote(key)}" for key in table.key)
    known = db.query(f"SELECT a.{ROW} FROM arriving_keys a JOIN {table.name} c ON {joined}")
    db.drop("arriving_keys")
    is_known[known[ROW].to_numpy()] = True
    return is_known


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
