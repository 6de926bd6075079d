"""Open a store by its address (打开存储).

`duckdb:` and a file, `duckdb::memory:`, or a database on a server. A new store is made with all its
tables and keeps the time zone it was made with; an older one is kept aside as a dated file, then
brought to the newest shape. What was found and done is said in `Store.notices`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from geo.errors import StoreError
from geo.settings import require_time_zone
from geo.store.base import Notice, Store
from geo.store.database import Database
from geo.store.duckdb import MEMORY, may_be_written, open_duckdb
from geo.store.keeping_aside import keep_aside, kept_name
from geo.store.migrating import applied_migrations, find_waiting, migrate
from geo.store.postgis import open_postgis
from geo.store.postgis_connect import Limits
from geo.store.sql_store import SqlStore

DEFAULT_TIME_ZONE = "Asia/Shanghai"
FOLDERS = {"duckdb": "duckdb", "postgresql": "postgis", "postgres": "postgis"}
"""Beginnings of an address, and the folder of migrations of that kind of database."""
BACKUP_FOLDER = "data/backups"


def open_store(
    url: str,
    *,
    time_zone: str = "",
    memory_mb: int = 1200,
    threads: int = 2,
    limits: Limits | None = None,
    backup_folder: str = BACKUP_FOLDER,
    now: datetime | None = None,
    n_swept: int = 0,
) -> Store:
    """Open a store, or make a new one.

    Parameters
    ----------
    url
        `duckdb:` and the path of a file, `duckdb::memory:`, or `postgresql://user@host:port/database`.
    time_zone
        IANA name. Empty means Asia/Shanghai for a new store, and the store's own for an old one.
    memory_mb
        Memory the embedded database may use, in MB; a server has its own settings.
    threads
        Threads the embedded database may use.
    limits
        Connections to a server, and how long things may take there.
    backup_folder
        Where an older store of a server is kept before its shape is changed; that of a file is kept
        beside it.
    now
        Moment that is written into a new store; the present when missing.
    n_swept
        Unfinished files that the caller has taken away at this start, which is told with those found here.

    Raises
    ------
    StoreError
        If the address is not understood, the file is no store, the server cannot hold one, the
        time zone is another than that of the store, or an older store could not be kept aside.
    StoreLockedError
        If another program has the file open.
    StoreVersionError
        If the store is from a newer program.
    SettingError
        If there is no such time zone.
    """
    scheme, _, place = url.partition(":")
    if scheme not in FOLDERS or not place:
        raise StoreError("store_url_unknown", schemes=", ".join(f"{name}:" for name in FOLDERS))
    if time_zone:
        require_time_zone(time_zone)
    notices: list[Notice] = []
    db: Database
    if scheme == "duckdb":
        was_cut = place != MEMORY and _is_left_open(Path(f"{place}.wal"))
        db = open_duckdb(place, memory_mb=memory_mb, threads=threads)
        if was_cut:
            notices.append(Notice("start_after_stop", {"file": Path(place).name}))
        if place != MEMORY and not may_be_written(Path(place)):
            notices.append(Notice("health_not_writable", {"file": Path(place).name}))
        n_swept += db.n_swept
    else:
        db = open_postgis(url, limits=limits)
    if n_swept:
        notices.append(Notice("start_swept", {"n": n_swept}))
    try:
        moment = datetime.now(UTC) if now is None else now
        folder = Path(place).parent if scheme == "duckdb" else Path(backup_folder)

        def keep(done: set[int], number: int) -> None:
            name = Path(place).stem if scheme == "duckdb" else _name_of_database(db)
            dated = folder / kept_name(name, number=number, now=moment)
            file = keep_aside(db, dated, done=done, now=moment)
            notices.append(Notice("start_migrated", {"file": file.name, "number": max(done)}))

        migrate(db, FOLDERS[scheme], now=moment, keep=keep)
        zone = _settle_time_zone(db, time_zone, moment)
    except BaseException as error:
        db.close()
        if isinstance(error, StoreError) and error.code == "store_damaged":
            raise StoreError("store_file_damaged", file=Path(place).name) from error
        raise
    return SqlStore(db, zone, notices=tuple(notices))


def is_older(file: Path) -> bool:
    """Say whether a store in a file lacks migrations; the file is only read.

    Raises
    ------
    StoreError
        If it is no store, is damaged, or open in another program.
    StoreVersionError
        If it is from a newer program.
    """
    db = open_duckdb(str(file), memory_mb=400, threads=1, read_only=True)
    try:
        if not db.columns_of("schema_migrations") or not applied_migrations(db):
            raise StoreError("store_not_duckdb", file=file.name)
        return bool(find_waiting(db, "duckdb"))
    finally:
        db.close()


def _is_left_open(log: Path) -> bool:
    """Say whether a program was stopped while it had the file open: it leaves its log behind."""
    return log.is_file() and log.stat().st_size > 0


def _name_of_database(db: Database) -> str:
    row = db.row("SELECT current_database()")
    return re.sub(r"[^\w-]+", "-", str(row[0])) if row else "store"


def _settle_time_zone(db: Database, time_zone: str, now: datetime) -> str:
    row = db.row("SELECT value FROM store_meta WHERE name = 'time_zone'")
    if row is None:
        zone = time_zone or DEFAULT_TIME_ZONE
        with db.transaction():
            if db.row("SELECT value FROM store_meta WHERE name = 'time_zone'") is not None:
                return _settle_time_zone(db, time_zone, now)  # another program was faster
            for name, value in (("time_zone", zone), ("created_at", now.isoformat()), ("data_version", "0")):
                db.run("INSERT INTO store_meta (name, value) VALUES ($1, $2)", [name, value])
        return zone
    zone = str(row[0])
    if time_zone and time_zone != zone:
        raise StoreError("store_other_time_zone", zone=zone, wanted=time_zone)
    return zone
