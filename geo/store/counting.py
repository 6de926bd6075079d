"""Counts that feed a dashboard: whole numbers, grouped in SQL (看板计数).

Two ways to one answer. Narrow questions are counted from `case_facts` in one pass. Wide ones, for a
district, a sub-district or the whole store over whole months, are added up from `case_counts`, where
every count is a sum over months or the difference of two such sums. Percentiles always come from
the facts. A test holds the two ways equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import pyarrow as pa

from geo.store.base import CaseFilter, GroupBy
from geo.store.codes import FactTable
from geo.store.filters import build_condition, h3_parent
from geo.store.frames import to_pandas
from geo.store.questions import (
    GROUPS,
    MONTH_COUNTS,
    PERCENTILES,
    PERCENTS,
    PERIOD_COUNTS,
    facts_in_period,
    group_sql,
)
from geo.store.sums import month_counts_from_sums, period_counts_from_sums


def month_text(month: int) -> str:
    """Write a running month as YYYY-MM.

    Examples
    --------
    >>> month_text(12 * 2026 + 10)
    '2026-11'
    """
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def decode(facts: FactTable, by: GroupBy, codes: Sequence[int | None]) -> list[str | int | None]:
    """Turn codes of groups into what they stand for; missing stays None."""
    column = GROUPS[by]
    if column is None or column in ("hour", "weekday"):
        return list(codes)
    if column == "reported_month":
        return [None if code is None else month_text(code) for code in codes]
    texts = facts.codes.texts(column.removesuffix("_code"))
    return [None if code is None else texts[code] for code in codes]


def _sort_key(group: str | int | None) -> tuple[bool, str | int]:
    """Groups in order of code point, the cases without one last."""
    return (True, 0) if group is None else (False, group)


def period_counts(
    facts: FactTable,
    by: GroupBy,
    where: CaseFilter,
    *,
    start: datetime,
    end: datetime,
    with_percentiles: bool,
) -> pd.DataFrame:
    """Count what happened in a period; see `Store.period_counts`."""
    rows = period_counts_from_sums(facts, by, where, start=start, end=end)
    found: dict[int | None, list[int]] = {}
    if rows is None:
        rows = _count_facts(facts, by, where, start, end, with_percentiles=with_percentiles)
        if with_percentiles:
            found = _lists(rows)
    elif with_percentiles:
        found = _percentiles(facts, by, where, start, end)
    codes = rows.column("code").to_pylist()
    groups = decode(facts, by, codes)
    order = sorted(range(len(groups)), key=lambda position: _sort_key(groups[position]))
    table: dict[str, object] = {"group": pd.Series([groups[p] for p in order], dtype=object)}
    for name in PERIOD_COUNTS:
        table[name] = rows.column(name).to_numpy().astype("int64")[order]
    lists = [found.get(codes[p]) for p in order]
    for position, name in enumerate(PERCENTILES):
        values = [None if values is None else values[position] for values in lists]
        table[name] = pd.array(values, dtype="Int64")
    return pd.DataFrame(table)


def _lists(rows: pa.Table) -> dict[int | None, list[int]]:
    """Read percentiles by code, without the groups that have none."""
    pairs = zip(rows.column("code").to_pylist(), rows.column("found").to_pylist(), strict=True)
    return {code: values for code, values in pairs if values is not None and values[0] is not None}


def _count_facts(
    facts: FactTable,
    by: GroupBy,
    where: CaseFilter,
    start: datetime,
    end: datetime,
    *,
    with_percentiles: bool,
) -> pa.Table:
    """Count in one pass over the facts: `code`, `PERIOD_COUNTS` and, where asked, `found`."""
    condition = build_condition(facts, where)
    p = condition.params
    s, e = (f"CAST({p.add(moment)} AS timestamptz)" for moment in (start, end))
    which = facts_in_period(facts, s, e)
    sums = ", ".join(f"count(*) FILTER (WHERE {which[name]}) AS {name}" for name in PERIOD_COUNTS)
    if with_percentiles:
        sums += f", {facts.db.percentiles('f.close_s', PERCENTS, which['n_timed'])} AS found"
    return facts.db.query(
        f"SELECT {group_sql(by)} AS code, {sums} FROM case_facts f WHERE {condition.sql} GROUP BY 1", p.values
    )


def _percentiles(
    facts: FactTable, by: GroupBy, where: CaseFilter, start: datetime, end: datetime
) -> dict[int | None, list[int]]:
    """Return the percentiles of the time to close by code of the group."""
    condition = build_condition(facts, where)
    s, e = (f"CAST({condition.params.add(moment)} AS timestamptz)" for moment in (start, end))
    rows = facts.db.query(
        f"SELECT {group_sql(by)} AS code, {facts.db.percentiles('f.close_s', PERCENTS, 'TRUE')} AS found "
        f"FROM case_facts f WHERE {condition.sql} AND f.closed_at >= {s} AND f.closed_at < {e} "
        "AND f.close_s >= 0 GROUP BY 1",
        condition.params.values,
    )
    return _lists(rows)


def month_counts(facts: FactTable, by: GroupBy, where: CaseFilter) -> pd.DataFrame:
    """Count by calendar month; see `Store.month_counts`."""
    rows = month_counts_from_sums(facts, by, where)
    return _finish_months(facts, by, month_facts(facts, by, where) if rows is None else rows)


def month_facts(facts: FactTable, by: GroupBy, where: CaseFilter) -> pa.Table:
    """Count months from the facts: `code`, `month` and `MONTH_COUNTS`."""
    condition = build_condition(facts, where)
    group = group_sql(by)
    marks = {
        "reported_month": {"n_new": "TRUE", "n_opened": "NOT f.is_final"},
        "closed_month": {"n_closed": "TRUE", "n_late_closed": "f.late_month IS NOT NULL"},
        "late_month": {"n_late": "TRUE"},
        "ended_month": {"n_ended": "TRUE"},
    }
    parts = []
    for month, adds in marks.items():
        sums = ", ".join(
            (f"count(*) FILTER (WHERE {adds[name]})" if name in adds else "CAST(0 AS bigint)") + f" AS {name}"
            for name in MONTH_COUNTS
        )
        parts.append(
            f"SELECT {group} AS code, f.{month} AS month, {sums} FROM case_facts f "
            f"WHERE {condition.sql} AND f.{month} IS NOT NULL GROUP BY 1, 2"
        )
    totals = ", ".join(f"CAST(sum({name}) AS bigint) AS {name}" for name in MONTH_COUNTS)
    return facts.db.query(
        f"SELECT code, month, {totals} FROM ({' UNION ALL '.join(parts)}) m GROUP BY code, month",
        condition.params.values,
    )


def _finish_months(facts: FactTable, by: GroupBy, rows: pa.Table) -> pd.DataFrame:
    groups, months = decode(facts, by, rows.column("code").to_pylist()), rows.column("month").to_pylist()
    order = sorted(range(len(groups)), key=lambda position: (_sort_key(groups[position]), months[position]))
    table: dict[str, object] = {
        "group": pd.Series([groups[p] for p in order], dtype=object),
        "month": pd.array([month_text(months[p]) for p in order], dtype="str"),
    }
    for name in MONTH_COUNTS:
        table[name] = rows.column(name).to_numpy().astype("int64")[order]
    return pd.DataFrame(table)


def cross_counts(facts: FactTable, by: GroupBy, and_by: GroupBy, where: CaseFilter) -> pd.DataFrame:
    """Count the cases a filter means in two directions; see `Store.cross_counts`."""
    condition = build_condition(facts, where)
    rows = facts.db.query(
        f"SELECT {group_sql(by)} AS code, {group_sql(and_by)} AS and_code, count(*) AS n "
        f"FROM case_facts f WHERE {condition.sql} GROUP BY 1, 2",
        condition.params.values,
    )
    group = decode(facts, by, rows.column("code").to_pylist())
    and_group = decode(facts, and_by, rows.column("and_code").to_pylist())
    order = sorted(range(len(group)), key=lambda p: (_sort_key(group[p]), _sort_key(and_group[p])))
    return pd.DataFrame(
        {
            "group": pd.Series([group[p] for p in order], dtype=object),
            "and_group": pd.Series([and_group[p] for p in order], dtype=object),
            "n": rows.column("n").to_numpy().astype("int64")[order],
        }
    )


def count_cases(facts: FactTable, where: CaseFilter) -> int:
    """Count the cases a filter means."""
    condition = build_condition(facts, where)
    row = facts.db.row(f"SELECT count(*) FROM case_facts f WHERE {condition.sql}", condition.params.values)
    return int(str(row[0])) if row else 0


def hexagon_counts(facts: FactTable, where: CaseFilter, *, resolution: int) -> pd.DataFrame:
    """Count located cases per H3 cell; see `Store.hexagon_counts`."""
    condition = build_condition(facts, where)
    rows: pa.Table = facts.db.query(
        f"SELECT {h3_parent('f.h3', resolution)} AS h3, count(*) AS n FROM case_facts f "
        f"WHERE {condition.sql} AND f.h3 IS NOT NULL GROUP BY 1 ORDER BY 1",
        condition.params.values,
    )
    return to_pandas(rows)


def pile_ups(facts: FactTable, where: CaseFilter, *, least: int) -> pd.DataFrame:
    """Find points that carry many cases; see `Store.pile_ups`."""
    condition = build_condition(facts, where)
    least_mark = condition.params.add(least)
    return to_pandas(
        facts.db.query(
            f"SELECT f.lon, f.lat, count(*) AS n FROM case_facts f WHERE {condition.sql} AND f.lon IS NOT NULL "
            f"GROUP BY f.lon, f.lat HAVING count(*) >= {least_mark} ORDER BY n DESC, f.lon, f.lat",
            condition.params.values,
        )
    )
