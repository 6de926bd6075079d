"""What shared SQL needs from a database: run, read, load, and the few words in which they differ.

The modules of this folder write SQL once, in the common subset of DuckDB 2 and PostgreSQL 15, with
numbered parameters `$1, $2 …`. A `Database` carries it out. Only what the two cannot say alike is a
method here: staging a table, geometry in and out, a row as JSON, and the local time of a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import pyarrow as pa

from geo.schema import ColumnType
from geo.vector_tiles import Tile

Answer = TypeVar("Answer")


class Params:
    """Collect the parameters of one statement; `add` returns the placeholder.

    Examples
    --------
    >>> p = Params()
    >>> f"area_id = {p.add('a')} AND n > {p.add(3)}", p.values
    ('area_id = $1 AND n > $2', ['a', 3])
    """

    def __init__(self) -> None:
        self.values: list[object] = []

    def add(self, value: object) -> str:
        """Keep a value and return its placeholder."""
        self.values.append(value)
        return f"${len(self.values)}"


class Database(Protocol):
    """One open database, usable from several threads."""

    has_indexes: bool
    """Whether rows are found by indexes; without, the order in which they are written counts."""

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Carry out one statement that returns nothing."""

    def query(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """Carry out one SELECT and return its rows; geometry must be selected as WKB."""

    def scan(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """Carry out one SELECT that gives many rows; its columns are of the types of the schema."""

    def row(self, sql: str, params: Sequence[object] = ()) -> tuple[object, ...] | None:
        """Return the first row of a SELECT of numbers and texts, or None; faster than `query`."""

    def transaction(self) -> AbstractContextManager[None]:
        """Keep everything inside or nothing; writers wait for each other."""

    def read_whole_tables(self) -> None:
        """Let joins until the end of the transaction read whole tables: much of each is about to be needed."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all reads inside see one version of the data."""

    def reading(self, work: Callable[[], Answer]) -> Answer:
        """Carry out reads in a snapshot, and once more when the connection was cut meanwhile."""

    def stage(self, name: str, rows: pa.Table) -> None:
        """Make a temporary table that holds these rows, replacing one of that name.

        Must be called inside a snapshot or a transaction.
        """

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of the schema; their columns are those of the table, geometry as WKB."""

    def stream(self, sql: str) -> Iterator[pa.Table]:
        """Carry out one SELECT and hand out its rows part by part; must be called inside a snapshot."""

    def drop(self, *names: str) -> None:
        """Drop temporary tables, where they exist."""

    def geometry_in(self, expression: str) -> str:
        """SQL that turns WKB into a geometry in WGS84."""

    def geometry_out(self, expression: str) -> str:
        """SQL that turns a geometry into WKB."""

    def whole_seconds(self, start: str, end: str) -> str:
        """SQL that gives the whole seconds between two moments, rounded down."""

    def percentiles(self, value: str, percents: Sequence[int]) -> str:
        """SQL of the discrete percentiles of whole numbers, as a list in the order of `percents`.

        The p-th percentile of n sorted values is the value at place ceil(p n / 100), counted exactly.
        """

    def json_object(self, values: Mapping[str, str]) -> str:
        """SQL that makes a JSON object of names and SQL values."""

    def as_text(self, expression: str, kind: ColumnType) -> str:
        """SQL of a value of a column as text, the same in every database."""

    def without_case(self, expression: str) -> str:
        """SQL of a text that is about to be searched without regard to capital letters."""

    def wkb_to_hex(self, expression: str) -> str:
        """SQL that turns WKB into hexadecimal text."""

    def hex_to_wkb(self, expression: str) -> str:
        """SQL that turns hexadecimal text into WKB."""

    def area_tile(self, rows: str, params: Sequence[object], tile: Tile) -> bytes:
        """Write rows of `areas`, given as SQL after FROM with the alias t, as one vector tile."""

    def columns_of(self, table: str) -> list[tuple[str, str, bool]]:
        """Name, type in the words of `geo.schema`, and whether it is required."""

    def close(self) -> None:
        """Close the database."""


def count(db: Database, sql: str, params: Sequence[object] = ()) -> int:
    """Return the single whole number a SELECT gives, 0 when it gives none."""
    row = db.row(sql, params)
    return int(str(row[0])) if row is not None and row[0] is not None else 0


def every(db: Database, sql: str, params: Sequence[object] = ()) -> list[dict[str, object]]:
    """Return the rows of a small SELECT as dictionaries."""
    rows: list[dict[str, object]] = db.query(sql, params).to_pylist()
    return rows
