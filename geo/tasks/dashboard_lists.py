"""The lists of a dashboard: months, categories, channels, hours, open cases, repeats (看板列表)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal, cast

import numpy as np
import pandas as pd

from geo.analysis.indicators import IndicatorKey
from geo.analysis.intervals import counts_differ
from geo.analysis.periods import Period, day_start, list_months, months_until
from geo.store.base import CaseFilter, GroupBy, Store
from geo.tasks.areas import AreaCard, index_neighbours
from geo.tasks.case_filters import narrow
from geo.tasks.case_lists import is_overdue, read_rows
from geo.tasks.dashboard_parts import Points, filter_column, period_filter, points_of
from geo.tasks.dashboard_places import name_places

N_MONTHS = 24
N_LISTED = 20
"""Rows of the list of open cases."""
LEAST_REPEATS = 5
"""A point with five or more cases in a year is a repeat place (domain sheet 4.5, S38)."""
REPEAT_DAYS = 365
SECONDS_PER_DAY = 86_400
N_REPEATS = 12
"""Repeat places listed; naming one that no building names costs a query."""


def list_months_of(
    store: Store, where: CaseFilter, period: Period, *, first_at: datetime | None
) -> pd.DataFrame:
    """List 24 months with the new, closed, open and overdue cases, and the year before.

    Returns
    -------
    pandas.DataFrame
        `month` (YYYY-MM), `n_new`, `n_closed`, `n_open`, `n_overdue` (at the end of the month),
        `n_new_year_before` (missing where the data do not reach back), `is_running` (the month goes on
        past the period), `cases` of the new ones.
    """
    counts = store.month_counts("all", where).set_index("month").sort_index()
    wanted = months_until(period, n_months=N_MONTHS)
    shown = wanted if first_at is None else [m for m in wanted if m >= _month_of(first_at, store.time_zone)]
    shown = shown or wanted[-1:]
    first = min([*counts.index.tolist(), shown[0]])
    every = list_months(first, wanted[-1])
    columns = ["n_new", "n_closed", "n_opened", "n_ended", "n_late", "n_late_closed"]
    full = counts.reindex(every)[columns].fillna(0).astype("int64")
    table = pd.DataFrame(
        {
            "month": every,
            "n_new": full["n_new"].to_numpy(),
            "n_closed": full["n_closed"].to_numpy(),
            "n_open": (full["n_opened"] - full["n_ended"]).cumsum().to_numpy(),
            "n_overdue": (full["n_late"] - full["n_late_closed"]).cumsum().to_numpy(),
            "n_new_year_before": full["n_new"].shift(12).astype(float).to_numpy(),
        }
    )
    starts = [day_start(date.fromisoformat(f"{month}-01"), time_zone=store.time_zone) for month in every]
    after = _next_month_start(every[-1], store.time_zone)
    ends = [*starts[1:], after]
    table["is_running"] = [end > period.end for end in ends]
    spans = zip(starts, ends, strict=True)
    filters = [narrow(where, reported_from=start, reported_to=end) for start, end in spans]
    table["cases"] = filter_column(filters, table.index)
    return table[table["month"].isin(shown)].reset_index(drop=True)


def list_categories(
    store: Store, where: CaseFilter, period: Period, before: Period | None, *, names: dict[str, str]
) -> pd.DataFrame:
    """List the categories of the new cases, now and before, most first.

    Returns
    -------
    pandas.DataFrame
        `category_id` (missing: not given), `name`, `n_new`, `n_before` (missing without a period before),
        `share` of the new cases, `differs` (by more than chance, all categories looked at), `cases`.
    """
    counts = [_new_by(store, "category_id", where, period)]
    if before is not None:
        counts.append(_new_by(store, "category_id", where, before))
    joined = pd.concat(counts, axis=1, keys=["n_new", "n_before"][: len(counts)]).fillna(0).astype("int64")
    joined = joined[joined.sum(axis=1) > 0]
    table = joined.rename_axis("category_id").reset_index()
    if before is None:
        table["n_before"] = np.nan
        table["differs"] = False
    else:
        table["differs"] = [
            counts_differ(now, then, days_now=period.n_days, days_before=before.n_days, n_tests=len(table))
            for now, then in zip(table["n_new"], table["n_before"], strict=True)
        ]
    named = [names.get(code, code) if isinstance(code, str) else None for code in table["category_id"]]
    table["name"] = pd.Series(named, index=table.index, dtype="str")
    total = int(table["n_new"].sum())
    table["share"] = table["n_new"] / total if total else np.nan
    base = narrow(where, reported_from=period.start, reported_to=period.end)
    filters = [_with_value(base, "category_ids", "category_id", code) for code in table["category_id"]]
    table["cases"] = filter_column(filters, table.index)
    order = table.assign(code=table["category_id"].fillna("\uffff")).sort_values(
        ["n_new", "code"], ascending=[False, True]
    )
    columns = ["category_id", "name", "n_new", "n_before", "share", "differs", "cases"]
    return order[columns].reset_index(drop=True)


def list_values(
    store: Store,
    by: Literal["channel", "source", "closing_level"],
    where: CaseFilter,
    period: Period,
) -> pd.DataFrame:
    """List where cases came from, or where they were settled, most first.

    Returns
    -------
    pandas.DataFrame
        `value` (missing: not given), `n` (new cases; for `closing_level` closed ones), `share`, `cases`.
    """
    column: Literal["n_new", "n_closed"] = "n_closed" if by == "closing_level" else "n_new"
    counts = store.period_counts(by, where, start=period.start, end=period.end, with_percentiles=False)
    counts = counts[counts[column] > 0].sort_values([column, "group"], ascending=[False, True])
    table = pd.DataFrame(
        {"value": counts["group"].to_numpy(), "n": counts[column].astype("int64").to_numpy()}
    )
    total = int(table["n"].sum())
    table["share"] = table["n"] / total if total else np.nan
    base = period_filter(cast(IndicatorKey, column), where, period)
    filters = [_with_value(base, f"{by}s", by, value) for value in table["value"]]
    return table.assign(cases=filter_column(filters, table.index))


def count_hours(store: Store, where: CaseFilter, period: Period) -> pd.DataFrame:
    """Count the new cases by weekday and hour.

    Returns
    -------
    pandas.DataFrame
        All 168 pairs: `weekday` 1 (Monday) to 7, `hour` 0 to 23, `n`, `cases`.
    """
    base = narrow(where, reported_from=period.start, reported_to=period.end)
    counts = store.cross_counts("weekday", "hour", base)
    pairs = pd.MultiIndex.from_product([range(1, 8), range(24)], names=["weekday", "hour"])
    known = pd.Series(
        counts["n"].to_numpy(),
        index=pd.MultiIndex.from_arrays([counts["group"].astype(int), counts["and_group"].astype(int)]),
        dtype="int64",
    )
    table = known.reindex(pairs, fill_value=0).rename("n").reset_index()
    keys = zip(table["weekday"], table["hour"], strict=True)
    known_of_all = vars(base)  # unpacked once: replace() looks every field up again, 168 times
    filters = [CaseFilter(**{**known_of_all, "weekday": int(day), "hour": int(hour)}) for day, hour in keys]
    return table.assign(cases=filter_column(filters, table.index))


def list_open(
    store: Store, where: CaseFilter, at: datetime, *, names: dict[str, str] | None = None
) -> pd.DataFrame:
    """List the open cases of a moment, oldest first, masked; `is_overdue`, `days_open` added."""
    rows = read_rows(
        store, narrow(where, open_at=at), sort=(("reported_at", "up"),), limit=N_LISTED, names=names
    )
    age_s = (pd.Timestamp(at) - rows["reported_at"]).dt.total_seconds()
    return rows.assign(is_overdue=is_overdue(rows, at=at), days_open=(age_s / SECONDS_PER_DAY).round(1))


def list_repeats(
    store: Store, where: CaseFilter, period: Period, *, pile_ups: Points, buildings: pd.DataFrame
) -> pd.DataFrame:
    """List the points with five or more cases in the year up to the end of the period.

    Suspicious pile-ups are left out.

    Returns
    -------
    pandas.DataFrame
        `lon`, `lat`, `n`, `place`, `place_note`, `place_near_m` (`dashboard_places.name_places`), `cases`.
    """
    window = narrow(where, reported_from=period.end - timedelta(days=REPEAT_DAYS), reported_to=period.end)
    points = store.pile_ups(narrow(window, not_at_points=pile_ups), least=LEAST_REPEATS).head(N_REPEATS)
    points = points.reset_index(drop=True)
    filters = [narrow(window, at_point=point) for point in points_of(points)]
    names = name_places(store, points, window, buildings=buildings)
    return points.join(names).assign(cases=filter_column(filters, points.index))


def count_facilities(store: Store, area: AreaCard | None) -> pd.DataFrame:
    """Count the facilities inside an area by kind; everywhere, those without a location too, where it is None.

    Returns
    -------
    pandas.DataFrame
        `kind`, `n`, `n_open`, `capacity` (missing where no facility of the kind has one), most first.
    """
    table = store.read("facilities", columns=["kind", "status", "capacity", "lon", "lat"])
    if area is not None:
        west, south, east, north = area.box
        table = table[table["lon"].between(west, east) & table["lat"].between(south, north)]
    if area is not None and len(table):
        index = index_neighbours(store, area)
        found = index.locate(table["lon"].to_numpy(dtype=float), table["lat"].to_numpy(dtype=float))
        table = table[found == index.ids.index(area.area_id)]
    grouped = table.assign(is_open=table["status"] == "open").groupby("kind")
    counts = grouped.agg(n=("status", "size"), n_open=("is_open", "sum"))
    counts["capacity"] = grouped["capacity"].sum(min_count=1)
    return counts.reset_index().sort_values(["n", "kind"], ascending=[False, True], ignore_index=True)


def _new_by(store: Store, by: GroupBy, where: CaseFilter, period: Period) -> pd.Series:
    counts = store.period_counts(by, where, start=period.start, end=period.end, with_percentiles=False)
    return counts.set_index("group")["n_new"]


def _with_value(where: CaseFilter, field: str, column: str, value: object) -> CaseFilter:
    if isinstance(value, str):
        return narrow(where, **{field: (value,)})
    return narrow(where, without=(*where.without, column))


def _month_of(moment: datetime, time_zone: str) -> str:
    return pd.Timestamp(moment).tz_convert(time_zone).strftime("%Y-%m")


def _next_month_start(month: str, time_zone: str) -> datetime:
    first = date.fromisoformat(f"{month}-01") + timedelta(days=32)
    return day_start(first.replace(day=1), time_zone=time_zone)
