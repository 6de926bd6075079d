"""The server: PostgreSQL with PostGIS, many programs at a time (服务器存储).

Connections come from a pool; a thread keeps one while it is inside a snapshot or a transaction.
One transaction writes at a time, whichever program it belongs to: an advisory lock of the database
sees to it, and is gone with the connection of a program that dies. Rows to compare are staged with
a binary COPY into temporary tables. A read whose connection was cut is tried once more; a write is
not, and says so. Whatever the server reports in its own words is turned into a sentence of ours.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pandas as pd
import psycopg
import pyarrow as pa
from psycopg_pool import ConnectionPool, PoolTimeout

from geo.errors import ConnectionLostError, StoreError
from geo.schema import ColumnType
from geo.store.postgis_connect import Connection, Limits, our_words, pool_of
from geo.store.postgis_rows import decode, encode, rows_of, sql_type, to_arrow_column
from geo.store.tiles import postgis_tile
from geo.vector_tiles import Tile

WRITERS_LOCK = 0x67657475
"""Number of the advisory lock that a writer holds; such locks belong to one database."""

STREAM_ROWS = 50_000
"""Rows handed out at a time."""

WRITER_WORK_MEM = "256MB"
"""Memory of one sort or hash of the one transaction that writes."""

_TYPES: dict[str, ColumnType] = {
    "text": "text", "integer": "integer", "bigint": "bigint", "double precision": "double",
    "boolean": "boolean", "timestamp with time zone": "timestamp", "date": "date", "json": "json",
    "bigint[]": "bigints",
}  # fmt: skip
_NEW_TEMP = re.compile(r"CREATE TEMP TABLE (\w+) AS ")

Answer = TypeVar("Answer")


class PostgisDatabase:
    """One database of a PostgreSQL server."""

    has_indexes = True

    def __init__(self, pool: ConnectionPool[Connection], limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._local = threading.local()
        self._writing = threading.RLock()
        self._counting = threading.Lock()
        self._n_lent = 0

    # --- connections -------------------------------------------------------------------------
    def _held(self) -> Connection | None:
        held: Connection | None = getattr(self._local, "connection", None)
        return held

    def _take(self) -> Connection:
        """Take a connection; where all are lent to threads that work, wait for one of them."""
        until = time.monotonic() + self._limits.lend_s
        while True:
            try:
                connection = self._pool.getconn(timeout=self._limits.connect_s)
            except PoolTimeout as error:
                if self._n_lent < self._limits.connections:
                    raise ConnectionLostError("store_unreachable") from error
                if time.monotonic() > until:
                    raise StoreError("store_all_lent", n=self._limits.connections) from error
                continue
            with self._counting:
                self._n_lent += 1
            return connection

    def _put(self, connection: Connection) -> None:
        with self._counting:
            self._n_lent -= 1
        self._pool.putconn(connection)

    def _try_twice(self, work: Callable[[], Answer]) -> Answer:
        """Do something that changes nothing, and once more when its connection turns out to be cut."""
        try:
            return work()
        except ConnectionLostError:
            self._pool.check()
            return work()

    def _with_any(self, work: Callable[[Connection], Answer]) -> Answer:
        """Work on the connection this thread holds, or on one lent for the moment."""
        held = self._held()
        if held is not None:
            with our_words(held):
                return work(held)
        connection = self._take()
        try:
            with our_words(connection):
                return work(connection)
        finally:
            self._put(connection)

    def _begin(self, *statements: str) -> Connection:
        """Take a connection and begin on it."""
        connection = self._take()
        try:
            with our_words(connection):
                for statement in statements:
                    connection.execute(statement)
        except BaseException:
            self._give_back(connection)
            raise
        return connection

    def _give_back(self, connection: Connection) -> None:
        """Roll back what is open, and hand the connection to the pool, which drops it when it is cut."""
        try:
            if not connection.closed:
                connection.execute("ROLLBACK")
        except psycopg.Error:
            connection.close()
        finally:
            self._put(connection)

    @contextmanager
    def _inside(self, *begin: str) -> Iterator[None]:
        connection = self._try_twice(lambda: self._begin(*begin))
        self._local.connection = connection
        try:
            yield
            with our_words(connection, is_commit=True):
                connection.execute("COMMIT")
        finally:
            self._local.connection = None
            self._give_back(connection)

    # --- reading and writing -----------------------------------------------------------------
    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Carry out one statement that returns nothing."""

        def work(connection: Connection) -> None:
            connection.execute(sql, _plain(params))
            if made := _NEW_TEMP.match(sql):  # nobody else counts what a temporary table holds
                connection.execute(f'ANALYZE pg_temp."{made[1]}"')

        self._with_any(work)

    def query(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """Carry out one SELECT and return its rows; geometry must be selected as WKB."""

        def work(connection: Connection) -> pa.Table:
            with connection.cursor(binary=True) as cursor:
                cursor.execute(sql, _plain(params))
                names = [column.name for column in cursor.description or ()]
                kinds = [column.type_code for column in cursor.description or ()]
                columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(names)
            arrays = [
                to_arrow_column(kind, values, name)
                for kind, values, name in zip(kinds, columns, names, strict=True)
            ]
            return pa.table(arrays, names=names)

        return self._read(lambda: self._with_any(work))

    def row(self, sql: str, params: Sequence[object] = ()) -> tuple[object, ...] | None:
        """Return the first row of a SELECT of numbers and texts, or None; faster than `query`."""

        def work(connection: Connection) -> tuple[object, ...] | None:
            with connection.cursor(binary=True) as cursor:
                return cursor.execute(sql, _plain(params)).fetchone()

        return self._read(lambda: self._with_any(work))

    def _read(self, work: Callable[[], Answer]) -> Answer:
        """Read, and once more when the connection was cut and nothing was begun on it."""
        return work() if self._held() is not None else self._try_twice(work)

    def reading(self, work: Callable[[], Answer]) -> Answer:
        """Carry out reads on one version of the data, and once more when the connection was cut."""

        def inside() -> Answer:
            with self.snapshot():
                return work()

        return self._read(inside)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything inside or nothing; writers of all programs wait for each other."""
        lock = f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})"
        with self._writing:
            if self._held() is not None:
                self.run(lock)
                yield
                return
            # READ COMMITTED: a snapshot taken before the lock is granted would miss the last writer
            limits = (
                f"SET LOCAL statement_timeout = '{self._limits.write_s}s'",
                f"SET LOCAL work_mem = '{WRITER_WORK_MEM}'",
            )
            with self._inside("BEGIN ISOLATION LEVEL READ COMMITTED", *limits, lock):
                yield

    def read_whole_tables(self) -> None:
        """Let joins until the end of the transaction read whole tables.

        What a large batch has just written is not counted yet, and only the owner of a table may have it
        counted; a plan made for a few rows would look a million of them up one by one.
        """
        for way in ("nestloop", "mergejoin"):
            self.run(f"SET LOCAL enable_{way} = off")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads inside see one version of the data."""
        if self._held() is not None:
            yield
            return
        with self._inside("BEGIN ISOLATION LEVEL REPEATABLE READ"):
            yield

    def stage(self, name: str, rows: pa.Table) -> None:
        """Copy these rows to a temporary table of the transaction, replacing one of that name."""
        connection = self._held()
        if connection is None:
            raise RuntimeError("rows are staged inside a snapshot or a transaction")
        columns = ", ".join(f'"{field.name}" {sql_type(field.type)}' for field in rows.schema)
        self.drop(name)
        with our_words(connection):
            connection.execute(f'CREATE TEMP TABLE "{name}" ({columns}) ON COMMIT DROP')
            with connection.cursor() as cursor:
                _copy_in(cursor, f'pg_temp."{name}"', rows)
            connection.execute(f'ANALYZE pg_temp."{name}"')

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of the schema; their columns are those of the table, geometry as WKB."""
        names = ", ".join(f'"{name}"' for name in rows.column_names)

        def work(connection: Connection) -> None:
            with connection.cursor() as cursor:
                _copy_in(cursor, f"{table} ({names})", rows)

        self._with_any(work)

    def scan(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """Carry out one SELECT that gives many rows; types of columns are those of the schema."""

        def work(connection: Connection) -> pa.Table:
            return pa.concat_tables(_copy_out(connection, _written_out(sql, params, connection)))

        return self._read(lambda: self._with_any(work))

    def stream(self, sql: str) -> Iterator[pa.Table]:
        """Carry out one SELECT and hand out its rows part by part; must be called inside a snapshot.

        Nothing else can be asked on this thread until all were handed out.
        """
        connection = self._held()
        if connection is None:
            raise RuntimeError("rows are streamed inside a snapshot or a transaction")
        with our_words(connection):
            parts = _copy_out(connection, sql)
            next(parts)  # the columns, without rows
            yield from parts

    def drop(self, *names: str) -> None:
        """Drop temporary tables, where they exist."""
        self.run(f"DROP TABLE IF EXISTS {', '.join(f'pg_temp.{name}' for name in names)}")

    # --- words in which the databases differ -------------------------------------------------
    def geometry_in(self, expression: str) -> str:
        """SQL that turns WKB into a geometry in WGS84."""
        return f"ST_GeomFromWKB({expression}, 4326)"

    def geometry_out(self, expression: str) -> str:
        """SQL that turns a geometry into WKB."""
        return f"ST_AsBinary({expression}, 'NDR')"

    def whole_seconds(self, start: str, end: str) -> str:
        """SQL that gives the whole seconds between two moments, rounded down."""
        return f"CAST(floor(extract(epoch FROM {end} - {start})) AS bigint)"

    def percentiles(self, value: str, percents: Sequence[int]) -> str:
        """SQL of the discrete percentiles of whole numbers, as a list in the order of `percents`.

        PostgreSQL multiplies share and number in floating point, so that the 55th percentile of 20
        would be the twelfth; 1e-12 less is right for every whole percent of up to 10^9 values.
        """
        shares = ", ".join(f"{percent / 100:.2f} - 1e-12" for percent in percents)
        return f"percentile_disc(CAST(ARRAY[{shares}] AS double precision[])) WITHIN GROUP (ORDER BY {value})"

    def json_object(self, values: Mapping[str, str]) -> str:
        """SQL that makes a JSON object of names and SQL values, written without blanks as in DuckDB."""
        named = ", ".join(f'{value} AS "{name}"' for name, value in values.items())
        return f"(SELECT row_to_json(j) FROM (SELECT {named}) j)"

    def as_text(self, expression: str, kind: ColumnType) -> str:
        """SQL of a value as text; a whole number of type double shows its zero, as in DuckDB."""
        text = f"CAST({expression} AS text)"
        if kind != "double":
            return text
        return f"CASE WHEN {text} ~ '^-?[0-9]+$' THEN {text} || '.0' ELSE {text} END"

    def without_case(self, expression: str) -> str:
        """SQL of a text whose small and capital letters are known in every script."""
        return f'({expression} COLLATE "default")'

    def wkb_to_hex(self, expression: str) -> str:
        """SQL that turns WKB into hexadecimal text."""
        return f"upper(encode({expression}, 'hex'))"

    def hex_to_wkb(self, expression: str) -> str:
        """SQL that turns hexadecimal text into WKB."""
        return f"decode({expression}, 'hex')"

    def area_tile(self, rows: str, params: Sequence[object], tile: Tile) -> bytes:
        """Write rows of `areas`, given as SQL after FROM with the alias t, as one vector tile."""
        written = self.row(postgis_tile(rows, tile), params)
        return bytes(written[0]) if written is not None and isinstance(written[0], bytes) else b""

    def columns_of(self, table: str) -> list[tuple[str, str, bool]]:
        """Name, type in the words of `geo.schema`, and whether it is required."""
        rows = self.query(
            "SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS kind, a.attnotnull AS required "
            "FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped "
            "ORDER BY a.attnum",
            [table],
        ).to_pylist()
        return [(row["name"], _word_of(row["kind"]), row["required"]) for row in rows]

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


def _word_of(kind: str) -> str:
    return "geometry" if kind.startswith("geometry") else _TYPES.get(kind, kind)


def _copy_in(cursor: psycopg.Cursor[Any], place: str, rows: pa.Table) -> None:
    with cursor.copy(f"COPY {place} FROM STDIN (FORMAT BINARY)") as copy:
        for part in encode(rows):
            copy.write(part)


def _copy_out(connection: Connection, sql: str) -> Iterator[pa.Table]:
    """Hand out an empty table of the columns of a SELECT, then its rows part by part."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) q LIMIT 0")
        names = [column.name for column in cursor.description or ()]
        kinds = [column.type_code for column in cursor.description or ()]
        yield decode([], kinds, names)
        with cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT BINARY)") as copy:
            rows: list[bytes] = []
            for message in rows_of(copy):
                rows.append(message)
                if len(rows) == STREAM_ROWS:
                    yield decode(rows, kinds, names)
                    rows = []
            if rows:
                yield decode(rows, kinds, names)


def _written_out(sql: str, params: Sequence[object], connection: Connection) -> str:
    """Write parameters into a statement, which COPY does not take beside it."""
    texts = [psycopg.sql.Literal(value).as_string(connection) for value in _plain(params) or ()]
    return re.sub(r"\$(\d+)", lambda found: texts[int(found[1]) - 1], sql)


def _plain(params: Sequence[object]) -> list[object] | None:
    """Parameters as psycopg takes them; the missing values of pandas are NULL."""
    return [None if value is pd.NaT or value is pd.NA else value for value in params] or None


def open_postgis(url: str, *, limits: Limits | None = None) -> PostgisDatabase:
    """Open a database of a server by its address, `postgresql://user@host:port/database`.

    Raises
    ------
    StoreError
        If the server does not answer, refuses the name or the password, has no such database, or
        cannot hold a store: too old, without PostGIS, not in UTF-8.
    """
    limits = limits or Limits()
    return PostgisDatabase(pool_of(url, limits), limits)
