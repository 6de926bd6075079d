"""The embedded database: one DuckDB file, no extension, one program at a time (嵌入式存储).

Every thread reads through a cursor of its own; writers of one program wait for each other. The
memory it may use, its threads and its temporary folder (beside the file, swept when the store is
opened) are set here. Whatever DuckDB reports in its own words is turned into a sentence of ours.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
import shapely

from geo.errors import StoreError, StoreLockedError
from geo.schema import TABLES, ColumnType
from geo.vector_tiles import Tile, encode_tile

MEMORY = ":memory:"
STREAM_ROWS = 50_000
"""Rows handed out at a time."""

_SHAPES = ("multipolygon", "line")
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

    def __init__(self, root: duckdb.DuckDBPyConnection) -> None:
        self._root = root
        self._local = threading.local()
        self._cursors: list[duckdb.DuckDBPyConnection] = []
        self._writing = threading.RLock()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._root.cursor()
            self._local.cursor = cursor
            self._local.is_inside = False
            with self._writing:
                self._cursors.append(cursor)
        return cursor

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Carry out one statement that returns nothing."""
        with _our_words():
            self._cursor().execute(sql, list(params))

    def query(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """Carry out one SELECT and return its rows; geometry must be selected as WKB."""
        with _our_words():
            relation = self._cursor().sql(sql, params=list(params))
            return relation.to_arrow_table()

    def row(self, sql: str, params: Sequence[object] = ()) -> tuple[object, ...] | None:
        """Return the first row of a SELECT of numbers and texts, or None; faster than `query`."""
        with _our_words():
            rows: list[tuple[object, ...]] = self._cursor().execute(sql, list(params)).fetchall()
        return rows[0] if rows else None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything inside or nothing; writers of one process wait for each other."""
        with self._writing, self.snapshot():
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads inside see one version of the data."""
        cursor = self._cursor()
        if self._local.is_inside:
            yield
            return
        cursor.begin()
        self._local.is_inside = True
        try:
            yield
            with _our_words():
                cursor.commit()
        except BaseException:
            _roll_back(cursor)
            raise
        finally:
            self._local.is_inside = False

    def reading(self, work: Callable[[], Answer]) -> Answer:
        """Carry out reads on one version of the data."""
        with self.snapshot():
            return work()

    def stage(self, name: str, rows: pa.Table) -> None:
        """Let SQL read these rows under a name: a view on the caller's memory, nothing is copied."""
        with _our_words():
            self._cursor().register(name, rows)

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of the schema; their columns are those of the table, geometry as WKB."""
        columns = TABLES[table].columns
        names = ", ".join(f'"{column.name}"' for column in columns)
        values = ", ".join(
            self.geometry_in(f'"{column.name}"') if column.type in _SHAPES else f'"{column.name}"'
            for column in columns
        )
        self.stage("appended", rows)
        self.run(f"INSERT INTO {table} ({names}) SELECT {values} FROM appended")
        self._cursor().unregister("appended")

    def stream(self, sql: str) -> Iterator[pa.Table]:
        """Carry out one SELECT and hand out its rows part by part; must be called inside a snapshot."""
        with _our_words():
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
        with self._writing:
            for cursor in self._cursors:
                cursor.close()
            self._cursors.clear()
            self._root.close()


def _word_of(kind: str) -> str:
    return "geometry" if kind == "GEOMETRY('OGC:CRS84')" else _TYPES.get(kind, kind.lower())


def open_duckdb(place: str, *, memory_mb: int, threads: int) -> DuckDatabase:
    """Open a DuckDB file, or make one; `:memory:` keeps nothing.

    Parameters
    ----------
    place
        Path of the file, whose folder is made when missing, or `:memory:`.
    memory_mb
        Memory DuckDB may use, in MB; beyond it, it writes to its temporary folder.
    threads
        Threads DuckDB may use.

    Raises
    ------
    StoreLockedError
        If another program has the file open.
    StoreError
        If the file is no DuckDB database, is newer than DuckDB knows, or cannot be opened.
    """
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
        config["temp_directory"] = str(_swept(file.with_name(f"{file.name}.tmp")))
    try:
        root = duckdb.connect(place, config=config)
    except duckdb.Error as error:
        raise _opening_error(str(error), name) from error
    root.execute("SET GLOBAL TimeZone = 'UTC'")
    return DuckDatabase(root)


def _require_file(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("store_cannot_open", file=file.name) from error
    if file.is_dir():
        raise StoreError("store_not_duckdb", file=file.name)


def _swept(folder: Path) -> Path:
    """Take away what a killed program left in the temporary folder of this store."""
    for left in folder.glob("duckdb_temp_*"):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    return folder


def _opening_error(text: str, name: str) -> StoreError:
    if "lock" in text and "onflicting" in text:
        return StoreLockedError("store_locked", file=name)
    if "not a valid DuckDB database" in text or "orrupt" in text or "hecksum" in text:
        return StoreError("store_not_duckdb", file=name)
    return StoreError("store_cannot_open", file=name)


def _roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.rollback()
    except duckdb.TransactionException:
        return  # DuckDB has rolled back by itself after a failure that ended the transaction


@contextmanager
def _our_words() -> Iterator[None]:
    """Turn what DuckDB reports into our own errors; text of DuckDB never reaches a user."""
    try:
        yield
    except duckdb.ConstraintException as error:
        named = re.search(r"table (?:named )?\"?(\w+)\"?", str(error)) or re.search(
            r"failed: (\w+)\.", str(error)
        )
        raise StoreError("store_row_refused", table=named[1] if named else "?") from error
    except duckdb.TransactionException as error:
        raise StoreError("store_write_conflict") from error
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise StoreError("store_no_room") from error
