"""An embedded database beside a server, in which much is worked out at once (工作台).

A server derives facts and sums of many cases row by row. An empty DuckDB in memory, which is given the
rows and the codes of texts, does it by the same statements in a fraction of the time; what stands there
afterwards is copied over in the binary form, inside the transaction of the server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from geo.schema import TABLES
from geo.store.database import Database, Params, count
from geo.store.duckdb import MEMORY, DuckDatabase, open_duckdb
from geo.store.ledger import join_spans
from geo.store.migrating import migrate
from geo.store.reading import select_list
from geo.store.staging import quoted

LEAST_ROWS = 20_000
"""Fewer cases than these are not worth a bench."""

BLOCK_ROWS = 250_000
"""Cases worked on at a time: bounds memory, and changes no answer."""

MEMORY_MB = 2_048
"""Memory of a bench."""

DERIVED = ("case_facts", "case_counts")
"""Derived tables that grow by what a bench holds; `case_spans` and `fact_codes` are joined with what is there."""

_MADE = datetime(2000, 1, 1, tzinfo=UTC)

MUCH_OF_ALL = 0.05
"""Rows that change, beside all cases, from which joins had better read whole tables."""


def expect_many(server: Database, n_rows: int) -> None:
    """Prepare a transaction for changes of this many rows of cases or of their areas."""
    if server.has_indexes and n_rows >= LEAST_ROWS:
        n_cases = count(server, "SELECT count(*) FROM cases")
        if n_rows >= MUCH_OF_ALL * n_cases:
            server.read_whole_tables()


@dataclass(frozen=True)
class Bench:
    """An empty store in memory that knows the codes of a server."""

    db: DuckDatabase
    codes: pa.Table
    """Rows of `fact_codes` it began with."""


@contextmanager
def open_bench(server: Database) -> Iterator[Bench]:
    """Open a bench; it is gone afterwards."""
    db = open_duckdb(MEMORY, memory_mb=MEMORY_MB, threads=os.cpu_count() or 1)
    try:
        migrate(db, "duckdb", now=_MADE)
        codes = server.query("SELECT dimension, code, value FROM fact_codes")
        db.append("fact_codes", codes)
        yield Bench(db, codes)
    finally:
        db.close()


def pour(server: Database, bench: Bench, names: Sequence[str], *, with_spans: bool) -> None:
    """Copy what stands in tables of a bench to the server, with new codes, and spans where they are asked for."""
    server.append("fact_codes", _new_codes(bench))
    for name in names:
        server.append(name, _whole(bench, name))
    if with_spans:
        join_spans(server, _whole(bench, "case_spans"))


def _new_codes(bench: Bench) -> pa.Table:
    """Return the codes beyond the highest one of each dimension that the bench began with."""
    last = bench.codes.group_by("dimension").aggregate([("code", "max")])
    p = Params()
    known = [
        f"(dimension = {p.add(dimension)} AND code <= {p.add(code)})"
        for dimension, code in zip(last["dimension"].to_pylist(), last["code_max"].to_pylist(), strict=True)
    ]
    return bench.db.query(
        f"SELECT dimension, code, value FROM fact_codes WHERE NOT ({' OR '.join(known) or 'FALSE'})", p.values
    )


def _whole(bench: Bench, name: str) -> pa.Table:
    table = TABLES[name]
    return bench.db.query(f"SELECT {select_list(bench.db, table, table.names, 't')} FROM {quoted([name])} t")
