"""Prepare many new cases in an embedded database, and pour them into a server (预备入库).

A server derives facts and sums of a large batch row by row, and looks up every join through its
indexes. Cases it has never seen need nothing from it but the next number and the codes of texts: they
are written into an empty DuckDB in memory, block by block, by the statements that write any batch, and
what stands there afterwards is copied over in the binary form, inside the transaction of the batch.
Known cases, and few new ones, take the common way.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.schema import TABLES
from geo.store.database import Database, Params
from geo.store.duckdb import MEMORY, DuckDatabase, open_duckdb
from geo.store.ledger import compact, join_spans
from geo.store.migrating import migrate
from geo.store.reading import select_list
from geo.store.staging import find_known, quoted

LEAST_ROWS = 20_000
"""Fewer new cases than these are not worth an embedded database."""

BLOCK_ROWS = 250_000
"""New cases prepared at a time: bounds memory, and changes no answer."""

BENCH_MB = 2_048
"""Memory of the embedded database."""

POURED = ("cases", "case_areas", "case_reporters", "case_events", "case_facts", "case_counts")
"""Tables whose new rows are copied as they are; `case_spans` and `fact_codes` are joined with what is there."""


@dataclass(frozen=True)
class Arrivals:
    """The rows of a batch of cases; see `staging.arrive`."""

    cases: pa.Table
    areas: pa.Table
    reporters: pa.Table | None

    def take(self, cases: npt.NDArray[np.bool_], owners: _Owners) -> Arrivals:
        """Return the chosen cases, and what belongs to them."""
        reporters = None if self.reporters is None else self.reporters.filter(cases[owners.reporters])
        return Arrivals(self.cases.filter(pa.array(cases)), self.areas.filter(cases[owners.areas]), reporters)


@dataclass(frozen=True)
class _Owners:
    """To which case, by position, each side row belongs."""

    areas: npt.NDArray[np.int64]
    reporters: npt.NDArray[np.int64]


def pour_new(
    db: Database, arrived: Arrivals, write: Callable[[Database, Arrivals], None], *, now: datetime
) -> tuple[Arrivals, int]:
    """Write the new cases of a large batch; return what is left to write, and how many were written.

    Parameters
    ----------
    db
        The store; must be inside the transaction of the batch. One without indexes is left alone.
    arrived
        All rows of the batch.
    write
        Writes rows into an empty store, by the statements that write any batch.
    now
        Moment of the batch.
    """
    if not db.has_indexes or arrived.cases.num_rows < LEAST_ROWS:
        return arrived, 0
    is_new = ~find_known(db, TABLES["cases"], arrived.cases)
    n_new = int(is_new.sum())
    if n_new < LEAST_ROWS:
        return arrived, 0
    owners = _Owners(*(_owners_of(side, arrived.cases) for side in (arrived.areas, arrived.reporters)))
    rank = np.cumsum(is_new) - 1
    for start in range(0, n_new, BLOCK_ROWS):
        chosen = is_new & (rank >= start) & (rank < start + BLOCK_ROWS)
        _pour_block(db, arrived.take(chosen, owners), write, now)
    compact(db)
    return arrived.take(~is_new, owners), n_new


def _owners_of(side: pa.Table | None, cases: pa.Table) -> npt.NDArray[np.int64]:
    """Position of the case of each side row; one whose case did not arrive is given to the first."""
    if side is None:
        return np.zeros(0, dtype=np.int64)
    keys = side["case_id"].combine_chunks()
    places = pc.index_in(keys, value_set=cases["case_id"].combine_chunks().cast(keys.type))
    return np.asarray(places.fill_null(0), dtype=np.int64)


def _pour_block(
    db: Database, block: Arrivals, write: Callable[[Database, Arrivals], None], now: datetime
) -> None:
    bench = open_duckdb(MEMORY, memory_mb=BENCH_MB, threads=os.cpu_count() or 1)
    try:
        migrate(bench, "duckdb", now=now)
        known = db.query("SELECT dimension, code, value FROM fact_codes")
        bench.append("fact_codes", known)
        with bench.transaction():
            write(bench, block)
        _pour_codes(db, bench, known)
        for name in POURED:
            db.append(name, _whole(bench, name))
        join_spans(db, _whole(bench, "case_spans"))
    finally:
        bench.close()


def _pour_codes(db: Database, bench: DuckDatabase, known: pa.Table) -> None:
    """Copy the codes that came in beyond the highest known one of each dimension."""
    last = known.group_by("dimension").aggregate([("code", "max")])
    p = Params()
    beyond = " AND ".join(
        f"NOT (dimension = {p.add(dimension)} AND code <= {p.add(code)})"
        for dimension, code in zip(last["dimension"].to_pylist(), last["code_max"].to_pylist(), strict=True)
    )
    codes = bench.query(f"SELECT dimension, code, value FROM fact_codes WHERE {beyond or 'TRUE'}", p.values)
    db.append("fact_codes", codes)


def _whole(bench: DuckDatabase, name: str) -> pa.Table:
    table = TABLES[name]
    names = select_list(bench, table, table.names, "t")
    return bench.query(f"SELECT {names} FROM {quoted([name])} t")
