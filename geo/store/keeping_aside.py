"""Keep an older store aside before its shape is changed (迁移前备份).

The copy is a store in one DuckDB file of the shape it had, whichever database it came from, since the
migrations of both have the same numbers and columns. It is written under an unfinished name, proved by
counts and checksums, and named when it is whole. The store is not touched before that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from geo.errors import StoreError
from geo.store.copying import copy_rows, tables_of
from geo.store.database import Database
from geo.store.duckdb import open_duckdb
from geo.store.migrating import migrate
from geo.whole_files import discard, settle, sweep, unfinished_name

MEMORY_MB, THREADS = 400, 1


def kept_name(name: str, *, number: int, now: datetime) -> str:
    """Return the dated name of the copy of a store that is about to get a migration.

    Examples
    --------
    >>> kept_name("getu", number=2, now=datetime(2026, 11, 1, 12, tzinfo=UTC))
    'getu.before-0002-20261101T120000Z.duckdb'
    """
    return f"{name}.before-{number:04d}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.duckdb"


def keep_aside(db: Database, file: Path, *, done: set[int], now: datetime) -> Path:
    """Copy a store as it is into a new DuckDB file of the same shape, and prove it; return the file.

    Must be called inside a transaction, so that nobody stores anything meanwhile. A file of that name
    is left alone, and the new one gets a number behind its name.

    Raises
    ------
    StoreError
        If the file cannot be written, or holds something else than the store.
    """
    numbered = (file.with_name(f"{file.stem}-{n}{file.suffix}") for n in count(2))
    while file.exists():
        file = next(numbered)
    unfinished = unfinished_name(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep(file.parent)
        target = open_duckdb(str(unfinished), memory_mb=MEMORY_MB, threads=THREADS)
        try:
            migrate(target, "duckdb", now=now, only=done)
            copy_rows(db, target, tables=tables_of(target))
        finally:
            target.close()
        settle(unfinished, file)
        return file
    except (OSError, StoreError) as error:
        raise StoreError("migration_not_kept", file=file.name) from error
    finally:
        discard(unfinished)
