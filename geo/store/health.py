"""Examine a store as a doctor would: what is well, what is not, and what to do (存储体检).

Nothing is written and nothing is made: a database without tables is reported, not filled. Every
finding is a code of `geo.messages`, whose second sentence is the remedy.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from geo.errors import StoreError, StoreLockedError
from geo.schema import TABLES
from geo.store.copying import tables_of
from geo.store.duckdb import MEMORY, may_be_written, open_duckdb, require_path
from geo.store.migrating import read_migrations
from geo.store.postgis_connect import Connection, Limits, connect, require_usable

Verdict = Literal["good", "doubtful", "bad"]

LEAST_FREE_SHARE, LEAST_FREE_MB = 0.1, 1000
"""Free disk below this share, or this many MB, is doubtful."""

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    code: str
    values: Mapping[str, object] = field(default_factory=dict)


def examine(url: str, *, limits: Limits | None = None) -> list[Finding]:
    """Examine the store at an address; return what was found, in the order in which it was looked at."""
    scheme, _, place = url.partition(":")
    if scheme == "duckdb":
        return list(_examine_file(place))
    limits = limits or Limits()
    try:
        connection = connect(url, limits)
    except StoreError as error:
        return [Finding("server", "bad", error.code, error.values)]
    with connection:
        return list(_examine_server(connection))


def _examine_file(place: str) -> Iterator[Finding]:
    try:
        require_path(place)
    except StoreError as error:
        yield Finding("file", "bad", error.code, error.values)
        return
    file = Path(place)
    if place == MEMORY or not file.exists():
        yield Finding("file", "doubtful", "health_no_file", {"file": file.name})
        return
    yield Finding("file", "good", "health_file", {"file": file.name, "mb": round(file.stat().st_size / 1e6)})
    if not may_be_written(file):
        yield Finding("file", "bad", "health_not_writable", {"file": file.name})
    yield from _content(file)
    yield from _disk(file.parent)


def _content(file: Path) -> Iterator[Finding]:
    """Read every block of the file, which DuckDB compares with the checksum it was written with."""
    try:
        db = open_duckdb(str(file), memory_mb=400, threads=2, read_only=True)
    except StoreLockedError as error:
        yield Finding("content", "doubtful", error.code, error.values)
        return
    except StoreError as error:
        yield Finding("content", "bad", error.code, error.values)
        return
    try:
        if not db.columns_of("schema_migrations"):
            yield Finding("content", "bad", "store_not_duckdb", {"file": file.name})
            return
        for name in tables_of(db):
            db.row(f"SELECT bit_xor(hash(t)) FROM {name} t")
        yield Finding("content", "good", "health_content", {"file": file.name})
    except StoreError:
        yield Finding("content", "bad", "store_file_damaged", {"file": file.name})
    finally:
        db.close()


def _disk(folder: Path) -> Iterator[Finding]:
    total, _, free = shutil.disk_usage(folder)
    is_low = free < LEAST_FREE_SHARE * total or free < LEAST_FREE_MB * 1e6
    yield Finding("disk", "doubtful" if is_low else "good", "health_disk_low" if is_low else "health_disk",
                  {"mb": round(free / 1e6)})  # fmt: skip


def _one(connection: Connection, sql: str, *params: object) -> object:
    row = connection.execute(sql, params or None).fetchone()
    return None if row is None else row[0]


def _examine_server(connection: Connection) -> Iterator[Finding]:
    try:
        require_usable(connection)
    except StoreError as error:
        yield Finding("server", "bad", error.code, error.values)
        return
    version = _one(connection, "SHOW server_version")
    yield Finding("server", "good", "health_server", {"version": version})
    postgis = _one(connection, "SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    if postgis is None:
        yield Finding("postgis", "bad", "health_no_extension")
    else:
        yield Finding("postgis", "good", "health_postgis", {"version": postgis})
    yield from _letters(connection)
    yield from _durability(connection)
    yield from _server_disk(connection)
    has_tables = _one(connection, "SELECT to_regclass('schema_migrations') IS NOT NULL")
    if not has_tables:
        yield Finding("migrations", "bad", "health_no_tables")
        return
    yield from _rights(connection)
    yield from _migrations(connection)
    yield from _time_zone(connection)
    yield from _indexes(connection)


def _letters(connection: Connection) -> Iterator[Finding]:
    folds = _one(connection, "SELECT lower('ÉÄЖ' COLLATE \"default\") = 'éäж'")
    yield Finding("letters", "good" if folds else "doubtful", "health_utf8" if folds else "health_letters")


def _durability(connection: Connection) -> Iterator[Finding]:
    unsafe = [name for name in ("fsync", "full_page_writes", "synchronous_commit")
              if _one(connection, f"SHOW {name}") == "off"]  # fmt: skip
    if unsafe:
        yield Finding("durability", "doubtful", "health_unsafe", {"names": ", ".join(unsafe)})
    else:
        yield Finding("durability", "good", "health_safe")


def _server_disk(connection: Connection) -> Iterator[Finding]:
    size = _one(connection, "SELECT pg_database_size(current_database())")
    yield Finding("size", "good", "health_size", {"mb": round(int(str(size)) / 1e6)})
    folder = _one(connection, "SELECT CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'member') "
                              "THEN current_setting('data_directory') END")  # fmt: skip
    is_here = connection.info.host in ("127.0.0.1", "::1", "localhost") or connection.info.host.startswith(
        "/"
    )
    if isinstance(folder, str) and is_here and Path(folder).parent.is_dir():
        yield from _disk(Path(folder).parent)
    else:
        yield Finding("disk", "good", "health_disk_unseen")


def _rights(connection: Connection) -> Iterator[Finding]:
    lacking = []
    for name in TABLES:
        if _one(connection, "SELECT to_regclass($1)", name) is None:
            yield Finding("tables", "bad", "health_table_gone", {"table": name})
            continue
        lacking += [f"{right} {name}" for right in RIGHTS
                    if not _one(connection, "SELECT has_table_privilege($1::regclass, $2)", name, right)]  # fmt: skip
    if not _one(connection, "SELECT has_database_privilege(current_database(), 'TEMPORARY')"):
        lacking.append("TEMPORARY")
    if lacking:
        yield Finding("rights", "bad", "health_rights_lacking", {"n": len(lacking), "first": lacking[0]})
    elif _one(connection, "SELECT usesuper FROM pg_user WHERE usename = current_user"):
        yield Finding("rights", "doubtful", "health_superuser")
    else:
        yield Finding("rights", "good", "health_rights")


def _migrations(connection: Connection) -> Iterator[Finding]:
    if not _one(connection, "SELECT has_table_privilege('schema_migrations', 'SELECT')"):
        return
    done = {int(str(row[0])) for row in connection.execute("SELECT number FROM schema_migrations")}
    known = {number for number, _, _ in read_migrations("postgis")}
    if done - known:
        yield Finding("migrations", "bad", "store_too_new", {"number": max(done), "known": max(known)})
    elif known - done:
        yield Finding("migrations", "bad", "health_migrations_waiting", {"n": len(known - done)})
    else:
        yield Finding("migrations", "good", "health_migrations", {"number": max(known)})


def _time_zone(connection: Connection) -> Iterator[Finding]:
    if not _one(connection, "SELECT has_table_privilege('store_meta', 'SELECT')"):
        return
    zone = _one(connection, "SELECT value FROM store_meta WHERE name = 'time_zone'")
    if zone is None:
        yield Finding("time zone", "doubtful", "health_no_zone")
        return
    is_known = _one(connection, "SELECT count(*) > 0 FROM pg_timezone_names WHERE name = $1", zone)
    code = "health_zone" if is_known else "health_zone_unknown"
    yield Finding("time zone", "good" if is_known else "bad", code, {"zone": zone})


def _indexes(connection: Connection) -> Iterator[Finding]:
    broken = [str(row[0]) for row in connection.execute(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname = ANY($1) AND NOT (i.indisvalid AND i.indisready) "
        "ORDER BY 1", [list(TABLES)])]  # fmt: skip
    if broken:
        yield Finding("indexes", "bad", "health_index_broken", {"names": ", ".join(broken)})
    else:
        yield Finding("indexes", "good", "health_indexes")
