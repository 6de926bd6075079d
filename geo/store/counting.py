"""Counts that feed a dashboard: whole numbers, grouped in SQL (看板计数).

Three ways to one answer: from sums by month kept in the store, from sums by month of a few cases read
once (both `slices`), and in one pass over `case_facts` when neither fits. A test holds them equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
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
    PERIOD_COUNTS,
    facts_in_period,
    group_sql,
)
from geo.store.slices import Counts, count_months, count_period, month_of
from geo.store.spans import Percentiles, find_percentiles


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
    counted = count_period(facts, by, where, start=start, end=end)
    codes, counts = count_facts(facts, by, where, start=start, end=end) if counted is None else counted
    found = find_percentiles(facts, by, where, start=start, end=end) if with_percentiles else {}
    groups, order = facts.memory.get(
        ("order", by, codes), lambda: _sort_groups(facts, by, codes), size=lambda _: 24 * len(codes)
    )
    whole = np.stack([counts[name][order] for name in PERIOD_COUNTS], axis=1)
    seconds = _percentiles_of(found, [codes[p] for p in order])
    return pd.concat(
        [
            pd.Series(groups, dtype=object, name="group"),
            pd.DataFrame(whole, columns=PERIOD_COUNTS),
            pd.DataFrame(seconds, columns=PERCENTILES),
        ],
        axis=1,
    )


def _sort_groups(
    facts: FactTable, by: GroupBy, codes: Sequence[int | None]
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Return the groups in order, and the place of each among the codes; the one without a value is last."""
    groups = decode(facts, by, codes)
    known = [position for position, group in enumerate(groups) if group is not None]
    order = sorted(known, key=groups.__getitem__)  # type: ignore[arg-type]  # texts, or numbers, never both
    order += [position for position, group in enumerate(groups) if group is None]
    names = np.array([groups[p] for p in order], dtype=object)
    names.flags.writeable = False  # shared by all tables of these groups
    return names, np.array(order, dtype="int64")


def _percentiles_of(found: Percentiles, codes: Sequence[int | None]) -> npt.NDArray[np.float64]:
    """Return a row of percentiles per group (n, 21), missing where it has none."""
    none = [np.nan] * len(PERCENTILES)
    if not found:
        return np.full((len(codes), len(PERCENTILES)), np.nan)
    return np.array([found.get(code, none) for code in codes], dtype=float).reshape(-1, len(PERCENTILES))


def count_facts(
    facts: FactTable, by: GroupBy, where: CaseFilter, *, start: datetime, end: datetime
) -> tuple[tuple[int | None, ...], Counts]:
    """Count a period in one pass over the facts: codes and counts."""
    condition = build_condition(facts, where)
    s, e = (f"CAST({condition.params.add(moment)} AS timestamptz)" for moment in (start, end))
    which = facts_in_period(facts, s, e)
    sums = ", ".join(f"count(*) FILTER (WHERE {which[name]}) AS {name}" for name in PERIOD_COUNTS)
    rows = facts.db.query(
        f"SELECT {group_sql(by)} AS code, {sums} FROM case_facts f WHERE {condition.sql} GROUP BY 1",
        condition.params.values,
    )
    counts = {name: rows.column(name).to_numpy().astype("int64") for name in PERIOD_COUNTS}
    return tuple(rows.column("code").to_pylist()), counts


def month_counts(facts: FactTable, by: GroupBy, where: CaseFilter) -> pd.DataFrame:
    """Count by calendar month; see `Store.month_counts`."""
    counted = count_months(facts, by, where)
    codes, months, counts = month_facts(facts, by, where) if counted is None else counted
    groups = decode(facts, by, codes)
    order = sorted(range(len(groups)), key=lambda position: (_sort_key(groups[position]), months[position]))
    table: dict[str, object] = {
        "group": pd.Series([groups[p] for p in order], dtype=object),
        "month": pd.array([month_text(months[p]) for p in order], dtype="str"),
    }
    for name in MONTH_COUNTS:
        table[name] = np.array([counts[name][p] for p in order], dtype="int64")
    return pd.DataFrame(table)


def month_facts(
    facts: FactTable, by: GroupBy, where: CaseFilter
) -> tuple[list[int | None], list[int], dict[str, list[int]]]:
    """Count months in passes over the facts: codes, months and `MONTH_COUNTS`."""
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
    rows = facts.db.query(
        f"SELECT code, month, {totals} FROM ({' UNION ALL '.join(parts)}) m GROUP BY code, month",
        condition.params.values,
    )
    counts = {name: rows.column(name).to_pylist() for name in MONTH_COUNTS}
    return rows.column("code").to_pylist(), rows.column("month").to_pylist(), counts


def cross_counts(facts: FactTable, by: GroupBy, and_by: GroupBy, where: CaseFilter) -> pd.DataFrame:
    """Count the cases a filter means in two directions; see `Store.cross_counts`."""
    counted = _count_flow(facts, by, where) if and_by == "all" else None
    if counted is None:
        condition = build_condition(facts, where)
        rows = facts.db.query(
            f"SELECT {group_sql(by)} AS code, {group_sql(and_by)} AS and_code, count(*) AS n "
            f"FROM case_facts f WHERE {condition.sql} GROUP BY 1, 2",
            condition.params.values,
        )
        codes, and_codes = rows.column("code").to_pylist(), rows.column("and_code").to_pylist()
        n = rows.column("n").to_numpy().astype("int64")
    else:
        codes, n = counted
        and_codes = [None] * len(codes)
    group, and_group = decode(facts, by, codes), decode(facts, and_by, and_codes)
    order = sorted(range(len(group)), key=lambda p: (_sort_key(group[p]), _sort_key(and_group[p])))
    return pd.DataFrame(
        {
            "group": pd.Series([group[p] for p in order], dtype=object),
            "and_group": pd.Series([and_group[p] for p in order], dtype=object),
            "n": n[order],
        }
    )


def _count_flow(
    facts: FactTable, by: GroupBy, where: CaseFilter
) -> tuple[list[int | None], npt.NDArray[np.int64]] | None:
    """Count the cases reported, or closed, between two moments from a slice; None where it cannot."""
    start, end, name = where.reported_from, where.reported_to, "n_new"
    rest = replace(where, reported_from=None, reported_to=None)
    if start is None and end is None:
        start, end, name = where.closed_from, where.closed_to, "n_closed"
        rest = replace(where, closed_from=None, closed_to=None)
    has_more = any((rest.reported_from, rest.reported_to, rest.closed_from, rest.closed_to))
    if start is None or end is None or has_more:
        return None
    if not all(month_of(moment, facts.time_zone)[1] for moment in (start, end)):
        return None  # one pass over few columns beats the sums plus the days of broken months
    counted = count_period(facts, by, rest, start=start, end=end)
    if counted is None:
        return None
    codes, counts = counted
    some = np.flatnonzero(counts[name])
    return [codes[p] for p in some], counts[name][some]


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
