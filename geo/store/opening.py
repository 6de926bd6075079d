"""Open a store by its address (打开存储).

`duckdb:` and a file, or `duckdb::memory:`. A new store is made with all its tables and keeps the
time zone it was made with; an older one is brought to the newest shape.
"""

from __future__ import annotations

from datetime import UTC, datetime

from geo.errors import StoreError
from geo.settings import require_time_zone
from geo.store.base import Store
from geo.store.database import Database
from geo.store.duckdb import open_duckdb
from geo.store.migrating import migrate
from geo.store.postgis import open_postgis
from geo.store.postgis_connect import Limits
from geo.store.sql_store import SqlStore

DEFAULT_TIME_ZONE = "Asia/Shanghai"
FOLDERS = {"duckdb": "duckdb", "postgresql": "postgis", "postgres": "postgis"}
"""Beginnings of an address, and the folder of migrations of that kind of database."""


def open_store(
    url: str,
    *,
    time_zone: str = "",
    memory_mb: int = 1200,
    threads: int = 2,
    limits: Limits | None = None,
    now: datetime | None = None,
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
    now
        Moment that is written into a new store; the present when missing.

    Raises
    ------
    StoreError
        If the address is not understood, the file is no store, the server cannot hold one, or the
        time zone is another than that of the store.
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
    db: Database
    if scheme == "duckdb":
        db = open_duckdb(place, memory_mb=memory_mb, threads=threads)
    else:
        db = open_postgis(url, limits=limits)
    try:
        moment = datetime.now(UTC) if now is None else now
        migrate(db, FOLDERS[scheme], now=moment)
        zone = _settle_time_zone(db, time_zone, moment)
    except BaseException:
        db.close()
        raise
    return SqlStore(db, zone)


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
