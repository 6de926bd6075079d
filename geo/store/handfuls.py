"""The facts of a few cases, read once and counted in memory (少量案件的事实).

A dashboard of a grid asks a dozen questions about the same few thousand cases. Planning that many
statements takes a database longer than reading the facts, so they are read once per version of the data,
with what each of them adds to which month (`marks`) worked out by the database, and only added up here.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.schema import COUNT_SUMS
from geo.store.base import CaseFilter, GroupBy
from geo.store.codes import FactTable
from geo.store.filters import build_condition
from geo.store.marks import MARKS, NAMED_CODES, row_columns
from geo.store.questions import GROUPS

Numbers = npt.NDArray[np.int64]

FEW_CASES = 250_000
"""Up to this many cases are read and kept: 40 MB."""

NO_CODE = -1
"""Stands for the group of the cases without a value while codes are an array."""

NO_MONTH = -1
"""Month of the cases without a moment of report, and deadline month of all marks but `n_ahead`."""

_MOST_CELLS = 1 << 20
"""Pairs of group and month are counted in a table while it is no larger than this, else sorted."""


@dataclass(frozen=True)
class MonthSums:
    """Sums of marks by group, month and month of the deadline: parallel arrays, in no order."""

    code: Numbers
    month: Numbers
    due_month: Numbers
    sums: dict[str, Numbers]


@dataclass(frozen=True)
class Handful:
    """Facts of a few cases: parallel arrays."""

    codes: dict[str, npt.NDArray[np.int32]]
    """By column of `GROUPS`, `NO_CODE` where a fact has none."""
    months: tuple[npt.NDArray[np.int32], ...]
    """Month of each of `MARKS`; below `NO_MONTH` where the fact does not make the mark."""
    due_months: dict[int, npt.NDArray[np.int32]]
    """By place in `MARKS`, of those that have one."""
    adds: dict[str, npt.NDArray[np.bool_]]
    """By sum: whether the fact adds 1."""
    close_s: Numbers
    """Seconds to close, -1 where there are none or they are negative."""
    closed_us: Numbers
    """Moment of closing in microseconds since 1970, UTC; 0 where there is none."""

    @property
    def n_bytes(self) -> int:
        """Bytes of its arrays."""
        columns = (*self.codes.values(), *self.months, *self.due_months.values(), *self.adds.values())
        return sum(a.nbytes for a in (*columns, self.close_s, self.closed_us))

    def codes_by(self, by: GroupBy) -> Numbers:
        """Return the group of every fact."""
        column = GROUPS[by]
        if column is None:
            return np.full(len(self.close_s), NO_CODE, dtype="int64")
        return self.codes[column].astype("int64")

    def sum_months(self, by: GroupBy) -> MonthSums:
        """Add up the marks by group and month."""
        codes = self.codes_by(by)
        parts = [self._sum_mark(position, codes) for position in range(len(MARKS))]
        return MonthSums(
            np.concatenate([part.code for part in parts]),
            np.concatenate([part.month for part in parts]),
            np.concatenate([part.due_month for part in parts]),
            {name: np.concatenate([part.sums[name] for part in parts]) for name in COUNT_SUMS},
        )

    def _sum_mark(self, position: int, codes: Numbers) -> MonthSums:
        rows = np.flatnonzero(self.months[position] >= NO_MONTH)
        due = self.due_months.get(position)
        keys = [codes[rows], self.months[position][rows].astype("int64")]
        keys += [] if due is None else [due[rows].astype("int64")]
        cells, cell_of = _number(keys)
        adds = MARKS[position].adds
        nothing = np.zeros(len(cells[0]), dtype="int64")
        sums = {
            name: np.bincount(cell_of[self.adds[name][rows]], minlength=len(nothing))
            if name in adds
            else nothing
            for name in COUNT_SUMS
        }
        none = np.full(len(nothing), NO_MONTH, dtype="int64")
        return MonthSums(cells[0], cells[1], none if due is None else cells[2], sums)


def _number(keys: list[Numbers]) -> tuple[list[Numbers], Numbers]:
    """Return the different rows of some keys, column by column, and the number of the row of each."""
    if not len(keys[0]):
        return keys, keys[0]
    lows = [int(key.min()) for key in keys]
    sizes = [int(key.max()) - low + 1 for key, low in zip(keys, lows, strict=True)]
    joined = np.ravel_multi_index([key - low for key, low in zip(keys, lows, strict=True)], sizes)
    if np.prod(sizes, dtype=float) <= _MOST_CELLS:
        is_used = np.bincount(joined) > 0
        known, place = np.flatnonzero(is_used), np.cumsum(is_used) - 1
        row_of = place[joined]
    else:
        known, row_of = np.unique(joined, return_inverse=True)
    columns = np.unravel_index(known, sizes)
    return [column + low for column, low in zip(columns, lows, strict=True)], row_of


def find_handful(facts: FactTable, where: CaseFilter) -> Handful | None:
    """Return the facts of the cases a filter means, or None when they are too many."""
    key: Hashable = ("handful", where)
    return facts.memory.get(
        key, lambda: _read(facts, where), size=lambda found: 0 if found is None else found.n_bytes
    )


def _read(facts: FactTable, where: CaseFilter) -> Handful | None:
    condition = build_condition(facts, where)
    few = facts.db.row(
        f"SELECT count(*) FROM (SELECT 1 FROM case_facts f WHERE {condition.sql} LIMIT {FEW_CASES + 1}) n",
        condition.params.values,
    )
    if few is None or int(str(few[0])) > FEW_CASES:
        return None
    groups = [name for name in GROUPS.values() if name is not None]
    named = {name: facts.codes.one(*pair) for name, pair in NAMED_CODES.items()}
    made = ", ".join(f"{sql} AS {name}" for name, sql in row_columns(named).items())
    rows = facts.db.scan(
        f"SELECT {', '.join(f'f.{name}' for name in groups)}, f.close_s, f.closed_at, {made} "
        f"FROM case_facts f WHERE {condition.sql}",
        condition.params.values,
    )
    closed_at = rows.column("closed_at").cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    seconds = _filled_wide(rows.column("close_s"), -1)
    return Handful(
        codes={name: _filled(rows.column(name), NO_CODE) for name in groups},
        months=tuple(
            _filled(rows.column(f"month_{position}"), NO_MONTH - 1) for position in range(len(MARKS))
        ),
        due_months={
            position: _filled(rows.column(f"due_month_{position}"), NO_MONTH)
            for position, mark in enumerate(MARKS)
            if mark.due_month != "NULL"
        },
        adds={name: rows.column(name).to_numpy().astype(np.bool_) for mark in MARKS for name in mark.adds},
        close_s=np.maximum(seconds, -1),
        closed_us=_filled_wide(closed_at, 0),
    )


def _filled(column: pa.ChunkedArray, missing: int) -> npt.NDArray[np.int32]:
    return np.asarray(column.fill_null(missing).to_numpy(), dtype=np.int32)


def _filled_wide(column: pa.ChunkedArray, missing: int) -> Numbers:
    return np.asarray(column.fill_null(missing).to_numpy(), dtype=np.int64)
