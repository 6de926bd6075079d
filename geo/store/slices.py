"""Counts of any period from sums by month (按月汇总作答).

A slice holds the marks of some cases (`marks`), summed by group and month: from `case_counts` when a
question is wide (a district, a sub-district or the whole store, narrowed by nothing else or by one
thing the sums are kept by), from the facts when only a few cases are meant. One slice answers every
period, by these identities at a moment t:

- open at t = reported and not final before t, less ended before t
- overdue at t = late before t, less of these closed before t
- due in [s, t) = deadlines in [s, t) + closed in [s, t) with a deadline at or after t + overdue at s

Where a period begins or ends inside a month, the days between the month's first instant and that
moment are counted from the facts and added or taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.schema import COUNT_SUMS
from geo.store.base import CaseFilter, GroupBy
from geo.store.codes import FactTable
from geo.store.database import Params
from geo.store.filters import Condition, build_condition
from geo.store.handfuls import NO_CODE, NO_MONTH, MonthSums, find_handful
from geo.store.ledger import SUMMED
from geo.store.questions import FLOWS, MONTH_COUNTS, PERIOD_COUNTS, facts_in_period, group_sql

Numbers = npt.NDArray[np.int64]

_AREA_BY = ("all", "district", "subdistrict")
_LISTS = {"category_ids": "category", "kinds": "kind", "sources": "source", "channels": "channel",
          "closing_levels": "closing_level"}  # fmt: skip
_EVERYTHING = vars(CaseFilter())


@dataclass(frozen=True)
class Slice:
    """Marks by group and month: parallel arrays in order of the month, and the groups they belong to."""

    codes: tuple[int | None, ...]
    """Codes of the groups that have any case."""
    group: Numbers
    """Position in `codes`; -1 for a group that has no case any more."""
    month: Numbers
    due_month: Numbers
    sums: dict[str, Numbers]

    @cached_property
    def filled_codes(self) -> Numbers:
        """The codes as rising numbers, `NO_CODE` for the cases without a value."""
        return np.array([NO_CODE if code is None else code for code in self.codes], dtype="int64")

    @property
    def n_bytes(self) -> int:
        """Bytes of its arrays."""
        return sum(a.nbytes for a in (self.group, self.month, self.due_month, *self.sums.values()))

    def rows_between(self, first: int | None, last: int) -> slice:
        """Return the rows of the months from `first`, or from the beginning, up to and without `last`."""
        start = 0 if first is None else int(np.searchsorted(self.month, first))
        return slice(start, max(start, int(np.searchsorted(self.month, last))))

    def add_up(self, name: str, rows: slice | Numbers) -> Numbers:
        """Add up one sum by group over some rows."""
        totals = np.zeros(len(self.codes) + 1, dtype="int64")
        np.add.at(totals, self.group[rows], self.sums[name][rows])  # -1 counts in the last place
        return totals[:-1]


def find_slice(facts: FactTable, by: GroupBy, where: CaseFilter) -> Slice | None:
    """Return the slice that answers a question, or None when too many cases are meant."""
    return facts.memory.get(
        ("slice", by, where),
        lambda: _read_slice(facts, by, where),
        size=lambda found: 0 if found is None else found.n_bytes,
    )


def is_wide(by: GroupBy, where: CaseFilter) -> bool:
    """Say whether the sums kept by month can answer a question."""
    return _wide_dimension(by, where) is not None


def _wide_dimension(by: GroupBy, where: CaseFilter) -> str | None:
    lists = [name for name in _LISTS if getattr(where, name)]
    narrowed = {name for name, value in vars(where).items() if value != _EVERYTHING[name]}
    if narrowed - {"area_level", "area_id", *lists} or len(lists) > 1:
        return None
    if where.area_level not in (None, "district", "subdistrict") or (
        where.area_level and where.area_id is None
    ):
        return _own_community(by, where) if not lists else None
    dimension = "all" if by in _AREA_BY else "category" if by == "category_id" else by
    if lists:
        return _LISTS[lists[0]] if by in _AREA_BY else None
    return dimension if dimension in SUMMED else None


def _own_community(by: GroupBy, where: CaseFilter) -> str | None:
    """Say whether the question is about all cases of one community, which the sums are kept by."""
    is_one = where.area_level == "community" and where.area_id is not None
    return "community" if is_one and by in ("all", "community") else None


def _read_slice(facts: FactTable, by: GroupBy, where: CaseFilter) -> Slice | None:
    dimension = _wide_dimension(by, where)
    if dimension is not None:
        return _to_slice(_read_ledger(facts, by, where, dimension))
    handful = find_handful(facts, where)
    return None if handful is None else _to_slice(handful.sum_months(by))


def _read_ledger(facts: FactTable, by: GroupBy, where: CaseFilter, dimension: str) -> MonthSums:
    p = Params()
    parts = [f"f.dimension = {p.add(dimension)}"]
    if where.area_id is not None:
        column = "group" if where.area_level == "community" else where.area_level
        parts.append(f"f.{column}_code = {p.add(facts.codes.one(str(where.area_level), where.area_id))}")
    for name, of_list in _LISTS.items():
        if texts := getattr(where, name):
            marks = ", ".join(p.add(code) for code in [-1, *facts.codes.find(of_list, texts)])
            parts.append(f"f.group_code IN ({marks})")
    group = f"f.{by}_code" if by in ("district", "subdistrict") else "f.group_code"
    group = "CAST(NULL AS integer)" if by == "all" else group
    sums = ", ".join(f"CAST(sum(f.{name}) AS bigint) AS {name}" for name in COUNT_SUMS)
    rows = facts.db.query(
        f"SELECT {group} AS code, f.month, f.due_month, {sums} FROM case_counts f "
        f"WHERE {' AND '.join(parts)} GROUP BY 1, 2, 3",
        p.values,
    )
    return MonthSums(
        rows.column("code").fill_null(NO_CODE).to_numpy().astype("int64"),
        rows.column("month").to_numpy().astype("int64"),
        rows.column("due_month").fill_null(NO_MONTH).to_numpy().astype("int64"),
        {name: rows.column(name).to_numpy().astype("int64") for name in COUNT_SUMS},
    )


def _to_slice(rows: MonthSums) -> Slice:
    known, position = np.unique(rows.code, return_inverse=True)
    n_cases = np.zeros(len(known), dtype="int64")
    np.add.at(n_cases, position, rows.sums["n_cases"])
    kept = np.flatnonzero(n_cases > 0)
    renamed = np.full(len(known), -1, dtype="int64")
    renamed[kept] = np.arange(len(kept))
    order = np.argsort(rows.month, kind="stable")
    return Slice(
        codes=tuple(None if code < 0 else int(code) for code in known[kept]),
        group=renamed[position][order],
        month=rows.month[order],
        due_month=rows.due_month[order],
        sums={name: values[order] for name, values in rows.sums.items()},
    )


def month_of(moment: datetime, time_zone: str) -> tuple[int, bool]:
    """Return the running month of a moment in a zone, and whether it is the month's first instant."""
    local = moment.astimezone(ZoneInfo(time_zone))
    is_first = (local.day, local.hour, local.minute, local.second, local.microsecond) == (1, 0, 0, 0, 0)
    return 12 * local.year + local.month - 1, is_first


def first_instant(month: int, time_zone: str) -> datetime:
    """Return the first instant of a running month in a zone."""
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=ZoneInfo(time_zone))


Counts = dict[str, Numbers]
"""Counts of a period by name, parallel to the codes of a slice."""


def count_period(
    facts: FactTable, by: GroupBy, where: CaseFilter, *, start: datetime, end: datetime
) -> tuple[tuple[int | None, ...], Counts] | None:
    """Count a period from a slice: codes and counts; None when only the facts themselves can answer."""
    first, is_first = month_of(start, facts.time_zone)
    last, is_last = month_of(end, facts.time_zone)
    # of broken months the facts themselves tell as fast as a slice that is still to be made
    is_near = is_wide(by, where) or (is_first and is_last) or facts.memory.holds(("slice", by, where))
    if start > end or not is_near:
        return None
    found = find_slice(facts, by, where)
    if found is None:
        return None
    counts = _count_months(found, first, last)
    if not is_last:
        key = ("tail", by, where, first, end)
        tail = _remember(facts, key, lambda: _count_tail(facts, by, where, first, last, end))
        _add_rows(found, counts, tail, sign=1)
    if not is_first:
        begin = ("head", by, where, start, end)
        head = _remember(facts, begin, lambda: _count_head(facts, by, where, first, start, end))
        _add_rows(found, counts, head, sign=-1)
    return found.codes, counts


def _remember(facts: FactTable, key: Hashable, count: Callable[[], pa.Table]) -> pa.Table:
    return facts.memory.get(key, count, size=lambda rows: rows.nbytes)


def _count_months(found: Slice, first: int, last: int) -> Counts:
    """Count the months from `first` up to and without `last`; deadlines in `last` count as ahead."""
    inside = found.rows_between(first, last)
    past, earlier = found.rows_between(None, last), found.rows_between(None, first)
    later = np.flatnonzero(found.due_month[inside] >= last) + inside.start
    ahead = found.add_up("n_ahead", later)
    overdue_before = found.add_up("n_late", earlier) - found.add_up("n_late_closed", earlier)
    counts = {name: found.add_up(name, inside) for name in FLOWS}
    counts["n_open"] = found.add_up("n_opened", past) - found.add_up("n_ended", past)
    counts["n_overdue"] = found.add_up("n_late", past) - found.add_up("n_late_closed", past)
    counts["n_due"] = found.add_up("n_due", inside) + ahead + overdue_before
    counts["n_on_time"] = found.add_up("n_due_on_time", inside) + ahead
    return counts


def _add_rows(found: Slice, counts: Counts, rows: pa.Table, *, sign: int) -> None:
    at = np.searchsorted(found.filled_codes, rows.column("code").fill_null(NO_CODE).to_numpy())
    for name in PERIOD_COUNTS:
        counts[name][at] += sign * rows.column(name).to_numpy()  # a code stands in one row only


Terms = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
"""By count: conditions whose facts are added, and conditions whose facts are taken away."""


def _count_tail(
    facts: FactTable, by: GroupBy, where: CaseFilter, first: int, last: int, end: datetime
) -> pa.Table:
    """Count from the facts what the days of the last month up to `end` add to the whole months."""
    condition = build_condition(facts, where)
    moments = (first_instant(first, facts.time_zone), first_instant(last, facts.time_zone), end)
    s, m, e = (f"CAST({condition.params.add(moment)} AS timestamptz)" for moment in moments)
    is_due, is_closed, became_late, no_longer_late = _changes(m, e)
    ended_at = "greatest(f.reported_at, f.closed_at)"
    is_ahead = f"{is_closed} AND f.due_at >= {e}"
    # the whole months took every deadline from this month on for one that is still ahead
    counted = f"f.closed_at >= {s} AND f.closed_at < {m} AND {is_due}"
    terms: Terms = {name: ((sql,), ()) for name, sql in facts_in_period(facts, m, e).items() if name in FLOWS}
    terms["n_open"] = (
        (f"f.reported_at >= {m} AND f.reported_at < {e} AND NOT f.is_final",),
        (f"f.ended_month IS NOT NULL AND {ended_at} >= {m} AND {ended_at} < {e}",),
    )
    terms["n_overdue"] = ((became_late,), (no_longer_late,))
    terms["n_due"] = ((is_due, is_ahead), (counted,))
    terms["n_on_time"] = ((f"{is_due} AND f.closed_at <= f.due_at", is_ahead), (counted,))
    return _count_terms(facts, by, condition, terms, last)


def _count_head(
    facts: FactTable, by: GroupBy, where: CaseFilter, first: int, start: datetime, end: datetime
) -> pa.Table:
    """Count from the facts what the days of the first month before `start` have to be taken away."""
    condition = build_condition(facts, where)
    moments = (first_instant(first, facts.time_zone), start, end)
    m, s, e = (f"CAST({condition.params.add(moment)} AS timestamptz)" for moment in moments)
    is_due, is_closed, became_late, no_longer_late = _changes(m, s)
    is_ahead = f"{is_closed} AND f.due_at >= {e}"
    terms: Terms = {name: ((sql,), ()) for name, sql in facts_in_period(facts, m, s).items() if name in FLOWS}
    terms["n_open"] = terms["n_overdue"] = ((), ())
    terms["n_due"] = ((is_due, is_ahead, no_longer_late), (became_late,))
    terms["n_on_time"] = ((f"{is_due} AND f.closed_at <= f.due_at", is_ahead), ())
    return _count_terms(facts, by, condition, terms, first)


def _changes(a: str, b: str) -> tuple[str, str, str, str]:
    """SQL: the deadline, the closing, the becoming late and its end lie in `[a, b)`."""
    late_at = "greatest(f.reported_at, f.due_at)"
    is_closed = f"f.closed_at >= {a} AND f.closed_at < {b}"
    return (
        f"f.due_at >= {a} AND f.due_at < {b}",
        is_closed,
        f"f.late_month IS NOT NULL AND {late_at} >= {a} AND {late_at} < {b}",
        f"f.late_month IS NOT NULL AND {is_closed}",
    )


def _count_terms(facts: FactTable, by: GroupBy, condition: Condition, terms: Terms, month: int) -> pa.Table:
    """Count the terms over the facts with any moment in a month; the terms themselves are exact."""
    columns = []
    for name in PERIOD_COUNTS:
        plus, minus = terms[name]
        counted = [f"+ count(*) FILTER (WHERE {sql})" for sql in plus]
        counted += [f"- count(*) FILTER (WHERE {sql})" for sql in minus]
        columns.append(f"0 {' '.join(counted)} AS {name}")
    here = condition.params.add(month)
    reach = " OR ".join(f"f.{name}_month = {here}" for name in ("reported", "closed", "due"))
    return facts.db.query(
        f"SELECT {group_sql(by)} AS code, {', '.join(columns)} FROM case_facts f "
        f"WHERE {condition.sql} AND ({reach}) GROUP BY 1",
        condition.params.values,
    )


def count_months(
    facts: FactTable, by: GroupBy, where: CaseFilter
) -> tuple[list[int | None], list[int], dict[str, list[int]]] | None:
    """Count by month from a slice: codes, months and `MONTH_COUNTS`; None when only facts can answer."""
    found = find_slice(facts, by, where)
    if found is None:
        return None
    rows = (found.group >= 0) & (found.month >= 0)
    keys = np.stack([found.group[rows], found.month[rows]], axis=1)
    known, position = np.unique(keys, axis=0, return_inverse=True)
    sums = {name: np.zeros(len(known), dtype="int64") for name in MONTH_COUNTS}
    for name, totals in sums.items():
        np.add.at(totals, position.reshape(-1), found.sums[name][rows])
    some = np.flatnonzero(np.any([totals != 0 for totals in sums.values()], axis=0))
    codes = [found.codes[int(known[row, 0])] for row in some]
    return codes, [int(known[row, 1]) for row in some], {n: t[some].tolist() for n, t in sums.items()}
