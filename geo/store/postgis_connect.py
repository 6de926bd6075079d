"""Reach a PostgreSQL server, and say in our own words what it reports (连接服务器).

Every connection speaks UTC, compiles nothing at run time, plans each question for its own values,
and has limits: how long it tries to connect, how long a question may take, how long it waits for a
lock. The address may hold a password, so it never stands in a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int4BinaryLoader, Int8BinaryLoader
from psycopg.types.string import ByteaBinaryLoader, TextLoader
from psycopg_pool import ConnectionPool, PoolTimeout

from geo.errors import ConnectionLostError, StoreError
from geo.store.postgis_rows import INT8_LIST

Connection = psycopg.Connection[Any]

OLDEST_SERVER = 130_000
"""PostgreSQL 13: the oldest its makers still mended when this was written; tests run on 15."""

POSTGIS = "postgis"
"""Name of the extension."""


@dataclass(frozen=True)
class Limits:
    """How many connections, and how long things may take, in whole seconds."""

    connections: int = 8
    connect_s: int = 5
    lend_s: int = 60
    """Waiting for a connection while all of them are at work."""
    read_s: int = 120
    """One question."""
    write_s: int = 1800
    """One statement of a batch."""
    lock_s: int = 60
    """Waiting for another writer."""
    idle_s: int = 900
    """A transaction in which nothing happens; its lock would hold up everybody else."""


def _adapters() -> AdaptersMap:
    """Moments and days as numbers counted from 2000, lists of numbers as bytes: no Python object each."""
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_loader("timestamptz", Int8BinaryLoader)
    adapters.register_loader("date", Int4BinaryLoader)
    adapters.register_loader(INT8_LIST, ByteaBinaryLoader)
    adapters.register_loader("json", TextLoader)
    return adapters


def connection_options(url: str, limits: Limits) -> str:
    """Return the connection string of an address with the settings every connection has.

    Raises
    ------
    StoreError
        If it is not an address of a PostgreSQL database.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise StoreError("store_address_unreadable") from error
    settings = {
        "TimeZone": "UTC",
        "client_min_messages": "warning",
        "jit": "off",
        "plan_cache_mode": "force_custom_plan",
        "work_mem": "64MB",
        "statement_timeout": f"{limits.read_s}s",
        "lock_timeout": f"{limits.lock_s}s",
        "idle_in_transaction_session_timeout": f"{limits.idle_s}s",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given["options"] = " ".join(filter(None, [str(given.get("options") or ""), options]))
    given.setdefault("connect_timeout", limits.connect_s)
    given.setdefault("application_name", "getu")
    given.setdefault("keepalives_idle", 30)
    return make_conninfo("", **given)


def connect(url: str, limits: Limits) -> Connection:
    """Connect once, outside of any pool.

    Raises
    ------
    StoreError
        If the server does not answer, or refuses.
    """
    text = connection_options(url, limits)
    try:
        return psycopg.connect(text, **_keywords())
    except psycopg.Error as error:
        raise _opening_error(error) from error


def _keywords() -> dict[str, Any]:
    return {
        "autocommit": True,
        "prepare_threshold": None,  # temporary tables of one name have other columns the next time
        "cursor_factory": psycopg.RawCursor,
        "context": _adapters(),
    }


def pool_of(url: str, limits: Limits) -> ConnectionPool[Connection]:
    """Look at the server once, then open a pool of connections to it.

    Raises
    ------
    StoreError
        If the server does not answer, refuses, or cannot hold a store.
    """
    with connect(url, limits) as first:
        require_usable(first)
    pool: ConnectionPool[Connection] = ConnectionPool(
        connection_options(url, limits), kwargs=_keywords(), min_size=1, max_size=limits.connections,
        open=False, timeout=limits.connect_s, name="getu", reconnect_timeout=limits.connect_s,
    )  # fmt: skip
    try:
        pool.open(wait=True, timeout=limits.connect_s)
    except PoolTimeout as error:
        pool.close()
        raise ConnectionLostError("store_unreachable") from error
    return pool


def require_usable(connection: Connection) -> None:
    """Refuse a server that cannot hold a store.

    Raises
    ------
    StoreError
        If it is too old, has no PostGIS, or the database is not in UTF-8.
    """
    if connection.info.server_version < OLDEST_SERVER:
        version = connection.info.server_version // 10_000
        raise StoreError("store_server_old", version=version, oldest=OLDEST_SERVER // 10_000)
    encoding = str(connection.info.parameter_status("server_encoding"))
    if encoding != "UTF8":
        raise StoreError("store_not_utf8", encoding=encoding)
    known = "SELECT 1 FROM pg_available_extensions WHERE name = $1"
    found = connection.execute(known, [POSTGIS]).fetchone()
    if found is None:
        raise StoreError("store_no_postgis")


_OPENING = {
    "28P01": "store_refused", "28000": "store_refused", "3D000": "store_no_database",
    "53300": "store_server_full", "42501": "store_no_right",
}  # fmt: skip


def _opening_error(error: psycopg.Error) -> StoreError:
    """Tell why a connection could not be made; before there is one, only the text says it."""
    text = str(error)
    if error.sqlstate in _OPENING:
        return StoreError(_OPENING[error.sqlstate])
    for sign, code in (("password", "store_refused"), ("role", "store_refused"), ("no pg_hba", "store_refused"),
                       ("too many", "store_server_full"), ("remaining connection", "store_server_full")):  # fmt: skip
        if sign in text:
            return StoreError(code)
    if "database" in text and "does not exist" in text:
        return StoreError("store_no_database")
    return ConnectionLostError("store_unreachable")


_LOST = ("08", "57P01", "57P02", "57P03", "57P05", "25P03")
"""States that end a connection: cut, terminated, server stopping or starting, idle too long."""

_WORDS = {
    "40001": "store_write_conflict", "40P01": "store_write_conflict",
    "55P03": "store_busy", "57014": "store_timed_out", "42501": "store_no_right",
    "42P01": "store_table_gone", "3F000": "store_table_gone", "25006": "store_read_only",
}  # fmt: skip


def is_lost(error: psycopg.Error, connection: Connection) -> bool:
    """Say whether an error means that the connection is gone."""
    return connection.closed or connection.broken or (error.sqlstate or "").startswith(_LOST)


@contextmanager
def our_words(connection: Connection, *, is_commit: bool = False) -> Iterator[None]:
    """Turn what the server reports into our own errors; its own text never reaches a user."""
    try:
        yield
    except psycopg.Error as error:
        told = _told(error, connection, is_commit=is_commit)
        if told is None:
            raise
        raise told from error


def _told(error: psycopg.Error, connection: Connection, *, is_commit: bool) -> StoreError | None:
    """Return our error for one of the server, or None for one that only a mistake of ours can raise."""
    state = error.sqlstate or ""
    if is_lost(error, connection):
        return ConnectionLostError("store_lost_at_commit" if is_commit else "store_connection_lost")
    if state in _WORDS:
        return StoreError(_WORDS[state])
    if state.startswith("23"):
        return StoreError("store_row_refused", table=error.diag.table_name or "?")
    if state.startswith("22"):
        return StoreError("store_value_refused")
    if state.startswith(("53", "58")):
        return StoreError("store_server_no_room")
    return None
