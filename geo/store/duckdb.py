"""The embedded database: one DuckDB file, no extension, one program at a time (嵌入式存储).

Every thread reads through a cursor of its own; writers of one program wait for each other. The
memory it may use, its threads and its temporary folder (beside the file, swept when the store is
opened) are set here. Whatever DuckDB reports in its own words is turned into a sentence of ours.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
import shapely

from geo.errors import StoreBrokenError, StoreError
from geo.schema import ColumnType
from geo.store.duckdb_words import opening_error, our_words
from geo.vector_tiles import Tile, encode_tile

log = logging.getLogger(__name__)

MEMORY = ":memory:"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""How an address begins; one letter alone is a drive."""
STREAM_ROWS = 50_000
"""Rows handed out at a time."""

_TYPES: dict[str, ColumnType] = {
    "VARCHAR": "text",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "DATE": "date",
    "JSON": "json",
    "BIGINT[]": "bigints",
}

Answer = TypeVar("Answer")


class DuckDatabase:
    """One open DuckDB file, or one in memory."""

    has_indexes = False

    def __init__(self, connect: Callable[[], duckdb.DuckDBPyConnection], *, may_reopen: bool) -> None:
        self._connect = connect
        self._may_reopen = may_reopen
        self._root = connect()
        self._round = 0
        """How often the file was opened again."""
        self.n_swept = 0
        """Temporary files of a killed program that were taken away when the file was opened."""
        self._is_closed = self._is_damaged = False
        self._local = threading.local()
        self._cursors: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
        self._opening = threading.Lock()
        self._writing = threading.RLock()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        local = self._local
        if getattr(local, "round", None) != self._round and not self._is_inside():
            with self._opening, self._ours():
                cursor = self._root.cursor()
                self._cursors.add(cursor)
                local.cursor, local.round = cursor, self._round
        found: duckdb.DuckDBPyConnection = local.cursor
        return found

    def _is_inside(self) -> bool:
        return getattr(self._local, "is_inside", False)

    @contextmanager
    def _ours(self) -> Iterator[None]:
        """Turn what DuckDB reports into our own errors, and remember that a file is damaged."""
        try:
            with our_words():
                yield
        except StoreError as error:
            self._is_damaged |= error.code == "store_damaged"
            raise

    def _open_again(self, former: int) -> None:
        """Open the file again after DuckDB gave it up; what it held on the disk is whole."""
        with self._opening:
            if self._round != former:
                return  # another thread was faster
            for cursor in list(self._cursors):
                cursor.close()
            self._root.close()
            self._root = self._connect()
            self._round += 1
            log.warning("the store was opened again after a failed write")

    def _try_twice(self, work: Callable[[], Answer]) -> Answer:
        """Do something that changes nothing, and once more when DuckDB has given the file up."""
        former = self._round
        try:
            return work()
        except StoreBrokenError:
            if self._is_inside() or self._is_closed or not self._may_reopen:
                raise
            self._open_again(former)
            return work()

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Carry out one statement that returns nothing."""
        with self._ours():
            self._cursor().execute(sql, list(params))

    def query(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """Carry out one SELECT and return its rows; geometry must be selected as WKB."""

        def work() -> pa.Table:
            with self._ours():
                return self._cursor().sql(sql, params=list(params)).to_arrow_table()

        return self._try_twice(work)

    def scan(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """Carry out one SELECT that gives many rows."""
        return self.query(sql, params)

    def row(self, sql: str, params: Sequence[object] = ()) -> tuple[object, ...] | None:
        """Return the first row of a SELECT of numbers and texts, or None; faster than `query`."""

        def work() -> list[tuple[object, ...]]:
            with self._ours():
                rows: list[tuple[object, ...]] = self._cursor().execute(sql, list(params)).fetchall()
                return rows

        return next(iter(self._try_twice(work)), None)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything inside or nothing; writers of one process wait for each other.

        A file that was found damaged is not written any more.
        """
        if self._is_damaged:
            raise StoreError("store_damaged")
        with self._writing, self.snapshot():
            yield

    def read_whole_tables(self) -> None:
        """Nothing to do: joins of DuckDB always read whole tables."""

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads inside see one version of the data."""
        if self._is_inside():
            yield
            return
        cursor = self._try_twice(self._begin)
        self._local.is_inside = True
        try:
            yield
            with self._ours():
                cursor.commit()
        except BaseException:
            _roll_back(cursor)
            raise
        finally:
            self._local.is_inside = False

    def _begin(self) -> duckdb.DuckDBPyConnection:
        cursor = self._cursor()
        with self._ours():
            cursor.begin()
        return cursor

    def reading(self, work: Callable[[], Answer]) -> Answer:
        """Carry out reads on one version of the data, and once more when DuckDB gave the file up."""

        def inside() -> Answer:
            with self.snapshot():
                return work()

        return self._try_twice(inside)

    def stage(self, name: str, rows: pa.Table) -> None:
        """Let SQL read these rows under a name: a view on the caller's memory, nothing is copied."""
        with self._ours():
            self._cursor().register(name, rows)

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of the schema; their columns are those of the table, geometry as WKB."""
        shapes = {name for name, kind, _ in self.columns_of(table) if kind == "geometry"}
        names = ", ".join(f'"{name}"' for name in rows.column_names)
        values = ", ".join(
            self.geometry_in(f'"{name}"') if name in shapes else f'"{name}"' for name in rows.column_names
        )
        self.stage("appended", rows)
        self.run(f"INSERT INTO {table} ({names}) SELECT {values} FROM appended")
        self._cursor().unregister("appended")

    def stream(self, sql: str) -> Iterator[pa.Table]:
        """Carry out one SELECT and hand out its rows part by part; must be called inside a snapshot."""
        with self._ours():
            for batch in self._cursor().sql(sql).to_arrow_reader(STREAM_ROWS):
                yield pa.Table.from_batches([batch])

    def drop(self, *names: str) -> None:
        """Drop temporary tables and staged rows, where they exist."""
        for name in names:
            self._cursor().unregister(name)
            self.run(f'DROP TABLE IF EXISTS temp."{name}"')

    def geometry_in(self, expression: str) -> str:
        """SQL that turns WKB into a geometry in WGS84."""
        return f"ST_SetCRS(ST_GeomFromWKB({expression}), 'OGC:CRS84')"

    def geometry_out(self, expression: str) -> str:
        """SQL that turns a geometry into WKB."""
        return f"ST_AsWKB({expression})"

    def whole_seconds(self, start: str, end: str) -> str:
        """SQL that gives the whole seconds between two moments, rounded down."""
        return f"CAST(floor((epoch_us({end}) - epoch_us({start})) / 1000000.0) AS bigint)"

    def percentiles(self, value: str, percents: Sequence[int]) -> str:
        """SQL of the discrete percentiles of whole numbers, as a list in the order of `percents`."""
        shares = ", ".join(f"{percent / 100:.2f}" for percent in percents)  # DECIMAL in DuckDB, so exact
        return f"quantile_disc({value}, [{shares}])"

    def json_object(self, values: Mapping[str, str]) -> str:
        """SQL that makes a JSON object of names and SQL values."""
        return "json_object(" + ", ".join(f"'{name}', {value}" for name, value in values.items()) + ")"

    def as_text(self, expression: str, kind: ColumnType) -> str:
        """SQL of a value of a column as text."""
        return f"CAST({expression} AS text)"

    def without_case(self, expression: str) -> str:
        """SQL of a text that is about to be searched without regard to capital letters."""
        return expression

    def wkb_to_hex(self, expression: str) -> str:
        """SQL that turns WKB into hexadecimal text."""
        return f"hex({expression})"

    def hex_to_wkb(self, expression: str) -> str:
        """SQL that turns hexadecimal text into WKB."""
        return f"unhex({expression})"

    def area_tile(self, rows: str, params: Sequence[object], tile: Tile) -> bytes:
        """Write rows of `areas`, given as SQL after FROM with the alias t, as one vector tile."""
        geom = self.geometry_out("t.geom")
        found = self.query(f"SELECT t.area_id, t.name, {geom} AS geom FROM {rows} ORDER BY t.area_id", params)
        ids, names = (found.column(name).to_pylist() for name in ("area_id", "name"))
        shapes = shapely.from_wkb(found.column("geom").to_numpy())
        return encode_tile(tile, ids, names, shapes)

    def columns_of(self, table: str) -> list[tuple[str, str, bool]]:
        """Name, type in the words of `geo.schema`, and whether it is required."""
        rows = self.query(
            "SELECT column_name, data_type, is_nullable FROM duckdb_columns() "
            "WHERE table_name = $1 AND schema_name = 'main' AND NOT internal AND database_name <> 'temp' "
            "ORDER BY column_index",
            [table],
        ).to_pylist()
        return [
            (
                row["column_name"],
                _word_of(row["data_type"]),
                not row["is_nullable"],
            )
            for row in rows
        ]

    def close(self) -> None:
        """Close every cursor and the file."""
        self._is_closed = True
        with self._writing, self._opening:
            for cursor in list(self._cursors):
                cursor.close()
            self._root.close()


def _word_of(kind: str) -> str:
    return "geometry" if kind == "GEOMETRY('OGC:CRS84')" else _TYPES.get(kind, kind.lower())


def open_duckdb(place: str, *, memory_mb: int, threads: int, read_only: bool = False) -> DuckDatabase:
    """Open a DuckDB file, or make one; `:memory:` keeps nothing.

    Parameters
    ----------
    place
        Path of the file, whose folder is made when missing, or `:memory:`.
    memory_mb
        Memory DuckDB may use, in MB; beyond it, it writes to its temporary folder.
    threads
        Threads DuckDB may use.
    read_only
        Change nothing, not even the shape of the tables.

    Raises
    ------
    StoreLockedError
        If another program has the file open.
    StoreError
        If the path is an address, the file is no DuckDB database, is newer than DuckDB knows, or
        cannot be opened.
    """
    require_path(place)
    name = "memory" if place == MEMORY else Path(place).name
    config: dict[str, str | bool | int | float | list[str]] = {
        "python_enable_replacements": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": f"{memory_mb}MB",
        "threads": threads,
    }
    if place != MEMORY:
        file = Path(place)
        _require_file(file)
        config["temp_directory"] = f"{file}.tmp"

    def connect() -> duckdb.DuckDBPyConnection:
        try:
            root = duckdb.connect(place, config=config, read_only=read_only)
        except duckdb.Error as error:
            raise opening_error(error, name) from error
        root.execute("SET GLOBAL TimeZone = 'UTC'")
        return root

    db = DuckDatabase(connect, may_reopen=place != MEMORY)
    if place != MEMORY and not read_only:  # the file is ours alone now, so these are nobody's
        db.n_swept = _sweep(Path(f"{place}.tmp"))
    return db


def require_path(place: str) -> None:
    """Pass the path of a file; an address such as `http://…` or `md:…` is none, and nothing is made for it.

    Raises
    ------
    StoreError
        If it begins as an address does.

    Examples
    --------
    >>> require_path("C:/data/getu.duckdb")
    """
    if place != MEMORY and (found := _SCHEME.match(place)):
        raise StoreError("store_file_is_address", scheme=found[0])


def may_be_written(file: Path) -> bool:
    """Say whether this user may write a store: its file, and its folder, where its log is."""
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


def _require_file(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("store_cannot_open", file=file.name) from error
    if file.is_dir():
        raise StoreError("store_not_duckdb", file=file.name)


def _sweep(folder: Path) -> int:
    """Take away what a killed program left in the temporary folder of this store; return how many."""
    found = list(folder.glob("duckdb_temp_*"))
    for left in found:
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    return len(found)


def _roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.rollback()
    except duckdb.Error:
        return  # DuckDB has rolled back by itself after a failure that ended the transaction
