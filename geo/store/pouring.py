"""Prepare many new cases on a bench, and pour them into a server (预备入库).

Cases a server has never seen need nothing from it but the next number and the codes of texts: block by
block they are written on an empty `bench` by the statements that write any batch, and copied over. Known
cases, and few new ones, take the common way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.schema import TABLES
from geo.store import bench as benches
from geo.store.bench import DERIVED, open_bench, pour
from geo.store.database import Database
from geo.store.ledger import compact
from geo.store.staging import find_known

POURED = ("cases", "case_areas", "case_reporters", "case_events", *DERIVED)
"""Tables that new cases have rows in."""


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
    db: Database, arrived: Arrivals, write: Callable[[Database, Arrivals], None]
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
    """
    if not db.has_indexes or arrived.cases.num_rows < benches.LEAST_ROWS:
        return arrived, 0
    is_new = ~find_known(db, TABLES["cases"], arrived.cases)
    n_new = int(is_new.sum())
    if n_new < benches.LEAST_ROWS:
        return arrived, 0
    owners = _Owners(*(_owners_of(side, arrived.cases) for side in (arrived.areas, arrived.reporters)))
    rank = np.cumsum(is_new) - 1
    for start in range(0, n_new, benches.BLOCK_ROWS):
        chosen = is_new & (rank >= start) & (rank < start + benches.BLOCK_ROWS)
        with open_bench(db) as bench:
            with bench.db.transaction():
                write(bench.db, arrived.take(chosen, owners))
            pour(db, bench, POURED, with_spans=True)
    compact(db)
    return arrived.take(~is_new, owners), n_new


def _owners_of(side: pa.Table | None, cases: pa.Table) -> npt.NDArray[np.int64]:
    """Position of the case of each side row; one whose case did not arrive is given to the first."""
    if side is None:
        return np.zeros(0, dtype=np.int64)
    keys = side["case_id"].combine_chunks()
    places = pc.index_in(keys, value_set=cases["case_id"].combine_chunks().cast(keys.type))
    return np.asarray(places.fill_null(0), dtype=np.int64)
