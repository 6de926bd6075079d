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
from geo.store.database import Database, Params, one
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


def decode(db: Database, by: GroupBy, codes: pd.Series) -> pd.Series:
    """Turn codes of groups into what they stand for; missing stays None."""
    known = [None if pd.isna(code) else int(code) for code in codes]
    column = GROUPS[by]
    if column is None or column in ("hour", "weekday"):
        return pd.Series(known, index=codes.index, dtype="object")
    if column == "reported_month":
        months = [None if code is None else month_text(code) for code in known]
        return pd.Series(months, index=codes.index, dtype="object")
    rows = db.query("SELECT code, value FROM fact_codes WHERE dimension = $1", [column.removesuffix("_code")])
    names = dict(zip(rows.column("code").to_pylist(), rows.column("value").to_pylist(), strict=True))
    return pd.Series(
        [None if code is None else names[code] for code in known], index=codes.index, dtype="object"
    )


def period_counts(
    db: Database,
    by: GroupBy,
    where: CaseFilter,
    *,
    start: datetime,
    end: datetime,
    time_zone: str,
    with_percentiles: bool,
) -> pd.DataFrame:
    """Count what happened in a period; see `Store.period_counts`."""
    counts = period_counts_from_sums(db, by, where, start=start, end=end, time_zone=time_zone)
    if counts is None:
        counts = _count_facts(db, by, where, start, end)
    if with_percentiles:
        counts = counts.merge(_percentiles(db, by, where, start, end), on="code", how="left")
    else:
        counts[list(PERCENTILES)] = pd.NA
    return _finish(db, by, counts, (*PERIOD_COUNTS, *PERCENTILES))


def _finish(db: Database, by: GroupBy, counts: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    counts = counts.astype({name: "Int64" if name in PERCENTILES else "int64" for name in names})
    counts.insert(0, "group", decode(db, by, counts["code"]))
    return _in_order(counts[["group", *names]])


def _in_order(rows: pd.DataFrame, *further: str) -> pd.DataFrame:
    """Sort by group by code point, the cases without one last."""
    keys = rows["group"].map(lambda value: (value is None, value if value is not None else 0))
    rows = rows.assign(_key=keys).sort_values(["_key", *further], kind="stable", ignore_index=True)
    return rows.drop(columns="_key")


def _count_facts(
    db: Database, by: GroupBy, where: CaseFilter, start: datetime, end: datetime
) -> pd.DataFrame:
    condition = build_condition(db, where)
    p = condition.params
    s, e = (f"CAST({p.add(moment)} AS timestamptz)" for moment in (start, end))
    which = facts_in_period(db, s, e)
    sums = ", ".join(f"count(*) FILTER (WHERE {which[name]}) AS {name}" for name in PERIOD_COUNTS)
    rows = db.query(
        f"SELECT {group_sql(by)} AS code, {sums} FROM case_facts f WHERE {condition.sql} GROUP BY 1", p.values
    )
    return to_pandas(rows).astype({"code": "Int64"})


def _percentiles(
    db: Database, by: GroupBy, where: CaseFilter, start: datetime, end: datetime
) -> pd.DataFrame:
    condition = build_condition(db, where)
    s, e = (f"CAST({condition.params.add(moment)} AS timestamptz)" for moment in (start, end))
    shares = ", ".join(f"{percent / 100:g}" for percent in PERCENTS)
    rows = db.query(
        f"SELECT {group_sql(by)} AS code, {db.percentiles('f.close_s', shares)} AS found FROM case_facts f "
        f"WHERE {condition.sql} AND f.closed_at >= {s} AND f.closed_at < {e} AND f.close_s >= 0 GROUP BY 1",
        condition.params.values,
    )
    table = pd.DataFrame(rows.column("found").to_pylist(), columns=list(PERCENTILES), dtype="Int64")
    return table.assign(code=pd.Series(rows.column("code").to_pylist(), dtype="Int64"))


def month_counts(db: Database, by: GroupBy, where: CaseFilter) -> pd.DataFrame:
    """Count by calendar month; see `Store.month_counts`."""
    rows = month_counts_from_sums(db, by, where)
    return _finish_months(db, by, _month_facts(db, by, where) if rows is None else rows)


def _month_facts(db: Database, by: GroupBy, where: CaseFilter) -> pd.DataFrame:
    condition = build_condition(db, where)
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
    return to_pandas(
        db.query(
            f"SELECT code, month, {totals} FROM ({' UNION ALL '.join(parts)}) m GROUP BY code, month",
            condition.params.values,
        )
    )


def _finish_months(db: Database, by: GroupBy, rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.astype(dict.fromkeys(MONTH_COUNTS, "int64"))
    rows.insert(0, "group", decode(db, by, rows["code"].astype("Int64")))
    rows["month"] = pd.Series(
        [month_text(int(month)) for month in rows["month"]], index=rows.index, dtype="str"
    )
    return _in_order(rows[["group", "month", *MONTH_COUNTS]], "month")


def cross_counts(db: Database, by: GroupBy, and_by: GroupBy, where: CaseFilter) -> pd.DataFrame:
    """Count the cases a filter means in two directions; see `Store.cross_counts`."""
    condition = build_condition(db, where)
    rows = to_pandas(
        db.query(
            f"SELECT {group_sql(by)} AS code, {group_sql(and_by)} AS and_code, count(*) AS n "
            f"FROM case_facts f WHERE {condition.sql} GROUP BY 1, 2 ORDER BY 1, 2",
            condition.params.values,
        )
    )
    group = decode(db, by, rows["code"].astype("Int64"))
    and_group = decode(db, and_by, rows["and_code"].astype("Int64"))
    return pd.DataFrame({"group": group, "and_group": and_group, "n": rows["n"].astype("int64")})


def count_cases(db: Database, where: CaseFilter) -> int:
    """Count the cases a filter means."""
    condition = build_condition(db, where)
    row = one(db, f"SELECT count(*) FROM case_facts f WHERE {condition.sql}", condition.params.values)
    return int(str(row[0])) if row else 0


def hexagon_counts(db: Database, where: CaseFilter, *, resolution: int) -> pd.DataFrame:
    """Count located cases per H3 cell; see `Store.hexagon_counts`."""
    condition = build_condition(db, where)
    rows: pa.Table = db.query(
        f"SELECT {h3_parent('f.h3', resolution)} AS h3, count(*) AS n FROM case_facts f "
        f"WHERE {condition.sql} AND f.h3 IS NOT NULL GROUP BY 1 ORDER BY 1",
        condition.params.values,
    )
    return to_pandas(rows)


def pile_ups(db: Database, where: CaseFilter, *, least: int) -> pd.DataFrame:
    """Find points that carry many cases; see `Store.pile_ups`."""
    condition = build_condition(db, where, Params())
    least_mark = condition.params.add(least)
    return to_pandas(
        db.query(
            f"SELECT f.lon, f.lat, count(*) AS n FROM case_facts f WHERE {condition.sql} AND f.lon IS NOT NULL "
            f"GROUP BY f.lon, f.lat HAVING count(*) >= {least_mark} ORDER BY n DESC, f.lon, f.lat",
            condition.params.values,
        )
    )
