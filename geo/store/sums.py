"""Answer wide questions from `case_counts`, the sums by month (按月汇总作答).

A question is wide when it asks for a district, a sub-district or the whole store, narrowed by
nothing else or by one thing the sums are kept by. Whole months are added up; when the period ends
inside a month (at the date of the data), the days of that month are counted from the facts and
added. Every count of `period_counts` is such a sum, by these identities at a moment t:

- open at t = reported and not final before t, less ended before t
- overdue at t = late before t, less of these closed before t
- due in [s, t) = deadlines in [s, t) + closed in [s, t) with a deadline at or after t + overdue at s
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from geo.store.base import CaseFilter, GroupBy
from geo.store.codes import FactTable
from geo.store.database import Params
from geo.store.facts import SUMMED
from geo.store.filters import build_condition
from geo.store.questions import MONTH_COUNTS, PERIOD_COUNTS, facts_in_period, group_sql

_BY: dict[GroupBy, str] = {"all": "all", "category_id": "category"}
_AREA_BY = ("all", "district", "subdistrict")
_LISTS = {"category_ids": "category", "kinds": "kind", "sources": "source", "channels": "channel",
          "closing_levels": "closing_level"}  # fmt: skip

_FLOWS = ("n_new", "n_closed", "n_closed_without_due", "n_timed", "n_negative", "n_callbacks", "n_contacted",
          "n_solved", "n_satisfied", "n_basically_satisfied", "n_unlocated", "n_rejected")  # fmt: skip
"""Counts that are plain sums over the months of a period."""


@dataclass(frozen=True)
class Wide:
    """A question the sums can answer: rows of `case_counts` under the alias `f`."""

    group: str
    sql: str
    values: tuple[object, ...]


def find_wide(facts: FactTable, by: GroupBy, where: CaseFilter) -> Wide | None:
    """Say how the sums answer a question, or None when only the facts can."""
    lists = {name: getattr(where, name) for name in _LISTS if getattr(where, name)}
    narrowed = {name for name, value in vars(where).items() if value != getattr(CaseFilter, name)}
    others = narrowed - {"area_level", "area_id", *lists}
    if others or where.area_level not in (None, "district", "subdistrict") or len(lists) > 1:
        return None
    dimension = "all" if by in _AREA_BY else _BY.get(by, by)
    if dimension not in SUMMED or (lists and by not in _AREA_BY):
        return None
    p = Params()
    parts = []
    if where.area_id is not None:
        codes = facts.codes.find(str(where.area_level), [where.area_id])
        parts.append(f"f.{where.area_level}_code = {p.add(codes[0])}" if codes else "FALSE")
    elif where.area_level is not None:
        return None
    for name, texts in lists.items():
        dimension = _LISTS[name]
        codes = facts.codes.find(dimension, texts)
        parts.append(f"f.group_code IN ({', '.join(p.add(code) for code in codes)})" if codes else "FALSE")
    parts.append(f"f.dimension = {p.add(dimension)}")
    group = ("CAST(NULL AS integer)" if by == "all" else f"f.{by}_code") if by in _AREA_BY else "f.group_code"
    return Wide(group, " AND ".join(parts), tuple(p.values))


def month_of(moment: datetime, time_zone: str) -> tuple[int, bool]:
    """Return the running month of a moment in a zone, and whether it is the month's first instant."""
    local = moment.astimezone(ZoneInfo(time_zone))
    is_first = (local.day, local.hour, local.minute, local.second, local.microsecond) == (1, 0, 0, 0, 0)
    return 12 * local.year + local.month - 1, is_first


def _first_instant(month: int, time_zone: str) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=ZoneInfo(time_zone))


def period_counts_from_sums(
    facts: FactTable, by: GroupBy, where: CaseFilter, *, start: datetime, end: datetime
) -> pa.Table | None:
    """Count a period from the sums: `code` and `PERIOD_COUNTS`; None when they cannot answer."""
    first, is_first = month_of(start, facts.time_zone)
    last, is_whole = month_of(end, facts.time_zone)
    wide = find_wide(facts, by, where) if is_first and start < end else None
    if wide is None:
        return None
    counts = _sum_months(facts, wide, first, last)
    if is_whole:
        return counts
    return _add_up(counts, _count_tail(facts, by, where, start=start, end=end))


def _add_up(counts: pa.Table, tail: pa.Table) -> pa.Table:
    """Add the counts of the tail to those of the same code."""
    place = {code: position for position, code in enumerate(tail.column("code").to_pylist())}
    rows = [place.get(code, len(place)) for code in counts.column("code").to_pylist()]
    columns = [counts.column("code")]
    for name in PERIOD_COUNTS:
        further = np.append(tail.column(name).to_numpy(), 0)
        columns.append(pa.chunked_array([counts.column(name).to_numpy() + further[rows]]))
    return pa.table(columns, names=["code", *PERIOD_COUNTS])


def _sum_months(facts: FactTable, wide: Wide, first: int, last: int) -> pa.Table:
    """Add up months `first` up to and without `last`; deadlines of month `last` are not ahead yet."""
    inside = f"f.month >= {first} AND f.month < {last}"
    ahead = f"f.n_ahead) FILTER (WHERE {inside} AND f.due_month >= {last}"
    sums = {name: f"sum(f.{name}) FILTER (WHERE {inside})" for name in _FLOWS}
    sums["n_open"] = f"sum(f.n_opened - f.n_ended) FILTER (WHERE f.month < {last})"
    sums["n_overdue"] = f"sum(f.n_late - f.n_late_closed) FILTER (WHERE f.month < {last})"
    sums["n_due"] = (
        f"coalesce(sum(f.n_due) FILTER (WHERE {inside}), 0) + coalesce(sum({ahead}), 0) "
        f"+ coalesce(sum(f.n_late - f.n_late_closed) FILTER (WHERE f.month < {first}), 0)"
    )
    sums["n_on_time"] = (
        f"coalesce(sum(f.n_due_on_time) FILTER (WHERE {inside}), 0) + coalesce(sum({ahead}), 0)"
    )
    columns = ", ".join(f"CAST(coalesce({sums[name]}, 0) AS bigint) AS {name}" for name in PERIOD_COUNTS)
    return facts.db.query(
        f"SELECT {wide.group} AS code, {columns} FROM case_counts f WHERE {wide.sql} "
        "GROUP BY 1 HAVING sum(f.n_cases) > 0",
        wide.values,
    )


def _count_tail(
    facts: FactTable, by: GroupBy, where: CaseFilter, *, start: datetime, end: datetime
) -> pa.Table:
    """Count from the facts what the days of the last, broken month add to the whole months."""
    month, _ = month_of(end, facts.time_zone)
    condition = build_condition(facts, where)
    moments = (start, _first_instant(month, facts.time_zone), end)
    s, m, e = (f"CAST({condition.params.add(moment)} AS timestamptz)" for moment in moments)
    which = facts_in_period(facts, m, e)
    late_at, ended_at = "greatest(f.reported_at, f.due_at)", "greatest(f.reported_at, f.closed_at)"
    signed = {
        "n_open": (
            f"f.reported_at >= {m} AND f.reported_at < {e} AND NOT f.is_final",
            f"f.ended_month IS NOT NULL AND {ended_at} >= {m} AND {ended_at} < {e}",
        ),
        "n_overdue": (
            f"f.late_month IS NOT NULL AND {late_at} >= {m} AND {late_at} < {e}",
            f"f.late_month IS NOT NULL AND f.closed_at >= {m} AND f.closed_at < {e}",
        ),
    }
    # closed ahead: the sums counted, for earlier months, every deadline from this month on
    counted = f"f.closed_at >= {s} AND f.closed_at < {m} AND f.due_at >= {m} AND f.due_at < {e}"
    is_ahead = f"f.closed_at >= {m} AND f.closed_at < {e} AND f.due_at >= {e}"
    is_due = f"f.due_at >= {m} AND f.due_at < {e}"
    signed["n_due"] = (f"({is_due}) OR ({is_ahead})", counted)
    signed["n_on_time"] = (f"({is_due} AND f.closed_at <= f.due_at) OR ({is_ahead})", counted)
    columns = []
    for name in PERIOD_COUNTS:
        plus, minus = signed.get(name, (which[name], ""))
        less = f" - count(*) FILTER (WHERE {minus})" if minus else ""
        columns.append(f"count(*) FILTER (WHERE {plus}){less} AS {name}")
    reach = " OR ".join(
        f"(f.{name}_at >= {m} AND f.{name}_at < {e})" for name in ("reported", "closed", "due")
    )
    return facts.db.query(
        f"SELECT {group_sql(by)} AS code, {', '.join(columns)} FROM case_facts f "
        f"WHERE {condition.sql} AND ({reach}) GROUP BY 1",
        condition.params.values,
    )


def month_counts_from_sums(facts: FactTable, by: GroupBy, where: CaseFilter) -> pa.Table | None:
    """Count months from the sums: `code`, `month` and `MONTH_COUNTS`; None when they cannot answer."""
    wide = find_wide(facts, by, where)
    if wide is None:
        return None
    sums = ", ".join(f"CAST(sum(f.{name}) AS bigint) AS {name}" for name in MONTH_COUNTS)
    some = " OR ".join(f"sum(f.{name}) <> 0" for name in MONTH_COUNTS)
    return facts.db.query(
        f"SELECT {wide.group} AS code, f.month, {sums} FROM case_counts f "
        f"WHERE {wide.sql} AND f.month >= 0 GROUP BY 1, 2 HAVING {some}",
        wide.values,
    )
