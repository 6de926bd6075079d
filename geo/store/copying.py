"""Move a whole store into another, and prove that nothing changed on the way (整库复制与校验).

Every table is read in one version of the data, written in one transaction, and then read back: the
number of its rows and a checksum over all their values must be the same on both sides. A checksum
adds up one number of 64 bits for each row, so that the order of rows, which databases do not keep,
does not matter. Missing is not empty, and -0.0 is 0.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo.errors import StoreError
from geo.schema import TABLES, Column, ColumnType, Table
from geo.store.base import Fingerprint, Progress
from geo.store.database import Database, count, every
from geo.store.facts import FACTS_ORDER
from geo.store.failpoints import reach
from geo.store.reading import select_list
from geo.store.staging import quoted

Numbers = npt.NDArray[np.uint64]

_ORDER = {"case_facts": FACTS_ORDER, "cases": "case_no", "case_versions": "case_no, version"}
"""Order in which the rows of a table are written, where it is not that of its key."""

_MISSING, _FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x100000001B3)


def fingerprints(
    db: Database, *, tables: Mapping[str, Table] = TABLES, progress: Progress | None = None
) -> dict[str, Fingerprint]:
    """Count and sum up every table, in one version of the data."""

    def work() -> dict[str, Fingerprint]:
        found = {}
        for table in tables.values():
            total = Fingerprint(0, 0)
            for rows in _stream(db, table):
                total = _add(total, rows)
                if progress is not None:
                    progress(table.name, total.n_rows)
            found[table.name] = total
        return found

    return db.reading(work)


def copy_rows(
    source: Database,
    target: Database,
    *,
    tables: Mapping[str, Table] = TABLES,
    progress: Progress | None = None,
) -> dict[str, Fingerprint]:
    """Copy every row into an empty store of the same shape; return what each table holds.

    Raises
    ------
    StoreError
        If the target holds data, or what was read back from it differs; nothing is kept then.
    """
    with source.snapshot(), target.transaction():
        _require_empty(target, tables)
        reach("copy.begun")
        target.run("DELETE FROM store_meta")
        sent = {}
        for table in tables.values():
            total = Fingerprint(0, 0)
            for rows in _stream(source, table):
                target.append(table.name, rows)
                total = _add(total, rows)
                if progress is not None:
                    progress(table.name, total.n_rows)
            sent[table.name] = total
        reach("copy.tables_written")
        arrived = fingerprints(target, tables=tables)
        if differ := differences(sent, arrived):
            raise StoreError("copy_differs", tables=", ".join(differ))
    reach("copy.committed")
    return sent


def differences(one: dict[str, Fingerprint], other: dict[str, Fingerprint]) -> list[str]:
    """Return the tables of which two stores do not hold the same."""
    return [name for name in {**one, **other} if one.get(name) != other.get(name)]


def tables_of(db: Database) -> dict[str, Table]:
    """Return the tables a store has, as they are: those of an older store lack what came later."""
    rows = every(
        db,
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database() "
        "AND table_schema = current_schema() AND table_type = 'BASE TABLE' "
        "AND table_name <> 'schema_migrations' ORDER BY table_name",
    )
    return {name: _table_as_it_is(db, name) for name in (str(row["table_name"]) for row in rows)}


def _table_as_it_is(db: Database, name: str) -> Table:
    columns = tuple(
        Column(column, "multipolygon" if kind == "geometry" else cast(ColumnType, kind), "")
        for column, kind, _ in db.columns_of(name)
    )
    names = [column.name for column in columns]
    known = [key for key in TABLES[name].key if key in names] if name in TABLES else []
    return Table(name, "", tuple(known or names[:1]), columns)


def _require_empty(db: Database, tables: Mapping[str, Table]) -> None:
    for name in tables:
        if name != "store_meta" and count(db, f"SELECT count(*) FROM {name}"):
            raise StoreError("copy_target_not_empty", table=name)


def _stream(db: Database, table: Table) -> Iterator[pa.Table]:
    order = _ORDER.get(table.name, quoted(table.key))
    names = select_list(db, table, table.names, "t")
    return db.stream(f"SELECT {names} FROM {table.name} t ORDER BY {order}")


def _add(total: Fingerprint, rows: pa.Table) -> Fingerprint:
    return Fingerprint(
        total.n_rows + rows.num_rows, (total.checksum + checksum(rows)) & 0xFFFF_FFFF_FFFF_FFFF
    )


def checksum(rows: pa.Table) -> int:
    """Add up a number for each row, modulo 2^64."""
    if not rows.num_rows:
        return 0
    of_rows = np.zeros(rows.num_rows, dtype=np.uint64)
    for column in rows.columns:
        of_rows = (of_rows ^ _hashes(column)) * _FACTOR
    return int(pd.util.hash_array(of_rows, categorize=False).sum(dtype=np.uint64))


def _hashes(column: pa.ChunkedArray) -> Numbers:
    missing = np.asarray(column.is_null())
    kind = column.type
    if pa.types.is_list(kind):
        values = np.array(
            [np.asarray(item.values).tobytes() if item.is_valid else b"" for item in column], dtype=object
        )
    elif pa.types.is_floating(kind):
        values = np.asarray(pc.fill_null(column, 0.0)) + 0.0
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        values = np.asarray(pc.fill_null(column.cast(pa.int64()), 0))
    elif pa.types.is_timestamp(kind):
        values = np.asarray(pc.fill_null(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()), 0))
    elif pa.types.is_date(kind):
        values = np.asarray(pc.fill_null(column.cast(pa.int32()).cast(pa.int64()), 0))
    else:
        values = column.to_numpy(zero_copy_only=False)
        values = np.where(missing, b"" if pa.types.is_binary(kind) else "", values)
    hashed: Numbers = np.array(pd.util.hash_array(values))
    hashed[missing] = _MISSING
    return hashed
