"""The parts a dashboard is made of (看板的各部分).

Each part reads counts that the store has grouped already and puts beside every number the
`CaseFilter` that opens exactly its cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from geo.analysis.indicators import (
    CARDS,
    INDICATORS,
    IndicatorKey,
    compare_areas,
    index_counts,
    measure,
)
from geo.analysis.periods import Period
from geo.analysis.pile_ups import find_pile_ups, least_listed
from geo.schema import CASE_STATES, AreaLevel
from geo.store.base import CaseFilter, GroupBy, Store
from geo.tasks.areas import Population, read_population
from geo.tasks.case_filters import narrow
from geo.tasks.case_lists import LEVEL_COLUMNS, category_names
from geo.tasks.dashboard_places import read_buildings

Points = tuple[tuple[float, float], ...]

EVERYTHING = "all"
"""The group of a table that is not divided."""


@dataclass(frozen=True)
class Background:
    """What every dashboard of one data version shares; read it once and pass it on."""

    data_version: int
    pile_ups: pd.DataFrame
    """Suspicious points of the whole store, `find_suspicious_points`."""
    population: Population | None
    categories: dict[str, str]
    first_at: datetime | None
    last_at: datetime | None
    buildings: pd.DataFrame
    """What names a building, `dashboard_places.read_buildings`."""
    sources_without_status: tuple[str, ...]
    """Sources that tell of none of their cases how it stands, `find_sources_without_status`."""

    def pile_ups_in(self, level: AreaLevel | None = None, area_id: str | None = None) -> pd.DataFrame:
        """The suspicious points of an area; all of them when none is named."""
        if level is None:
            return self.pile_ups
        return self.pile_ups[self.pile_ups[f"{level}_id"] == area_id]


@dataclass(frozen=True)
class Card:
    """One number on top of a dashboard."""

    key: IndicatorKey
    value: float | None
    """None where it has no denominator."""
    lower: float | None
    upper: float | None
    """95 % interval; None where so few cases bound nothing."""
    before: float | None
    """The period before; None where the data do not reach back so far."""
    denominator: float | None
    """Cases or residents it stands on; None for a plain count."""
    is_small: bool
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    n_ranked: int
    """Siblings that have the figure, this area among them; 0 where it has none to compare with."""
    flag: str
    months: tuple[tuple[str, float | None], ...]
    """Month by month, oldest first; empty where it would cost too much."""
    cases: CaseFilter
    n_cases: int
    """Cases the filter opens: those counted, or those the figure is a share or median of."""

    @property
    def change(self) -> float | None:
        """Value less the value before."""
        return None if self.value is None or self.before is None else self.value - self.before

    @property
    def change_share(self) -> float | None:
        """Change over the value before; None where that was 0."""
        change = self.change
        return None if change is None or not self.before else change / self.before


@dataclass(frozen=True)
class LeftOut:
    """Cases a figure does without, or counts without knowing enough of them, and why."""

    code: Literal["unlocated", "without_due", "negative", "piled", "outside", "without_status"]
    n: int
    cases: CaseFilter


def read_background(store: Store) -> Background:
    """Read what all dashboards of one data version share."""
    first_at, last_at = store.moments()
    return Background(
        data_version=store.data_version(),
        pile_ups=find_suspicious_points(store),
        population=read_population(store),
        categories=category_names(store),
        first_at=first_at,
        last_at=last_at,
        buildings=read_buildings(store),
        sources_without_status=find_sources_without_status(store),
    )


def find_sources_without_status(store: Store) -> tuple[str, ...]:
    """Find the sources none of whose cases has moved on from being reported, or has a moment of closing.

    A list without any column of status comes in as reported throughout. Its cases count as open, but
    nobody knows that they are: whoever shows the number says so.
    """
    moved = CaseFilter(states=tuple(state for state in CASE_STATES if state != "reported"))
    first_at, last_at = store.moments()
    if first_at is None or last_at is None:
        return ()
    closed = CaseFilter(closed_from=first_at, closed_to=last_at + timedelta(seconds=1))
    told = {source for where in (moved, closed) for source in _sources(store, where)}
    return tuple(sorted(_sources(store, CaseFilter()) - told))


def _sources(store: Store, where: CaseFilter) -> set[str]:
    return set(store.cross_counts("source", "kind", where)["group"])


def find_suspicious_points(store: Store) -> pd.DataFrame:
    """Find the points of the whole store that carry suspiciously many cases (坐标堆积).

    Returns
    -------
    pandas.DataFrame
        `lon`, `lat`, `n`, `share`, `reason`, as `geo.analysis.pile_ups.find_pile_ups`; the areas that hold
        the point, `district_id` … `unit_grid_id`; and `cases`, the filter that opens them.
    """
    n_located = store.count_cases(CaseFilter(is_located=True))
    points = store.pile_ups(CaseFilter(), least=least_listed(n_located))
    n_zero = store.count_cases(CaseFilter(at_point=(0.0, 0.0)))
    if n_zero and not ((points["lon"] == 0) & (points["lat"] == 0)).any():
        points = pd.concat([points, pd.DataFrame({"lon": [0.0], "lat": [0.0], "n": [n_zero]})])
    found = find_pile_ups(points, n_located=n_located)
    filters = [CaseFilter(at_point=point) for point in points_of(found)]
    areas = [store.list_cases(where, columns=list(LEVEL_COLUMNS), limit=1) for where in filters]
    held = pd.concat(areas, ignore_index=True) if areas else pd.DataFrame(columns=list(LEVEL_COLUMNS))
    return found.join(held[list(LEVEL_COLUMNS)]).assign(cases=filter_column(filters, found.index))


def points_of(table: pd.DataFrame) -> Points:
    """Return the points of a table, longitude first."""
    return tuple(zip(table["lon"].tolist(), table["lat"].tolist(), strict=True))


def period_filter(
    key: IndicatorKey, where: CaseFilter, period: Period, *, pile_ups: Points = ()
) -> CaseFilter:
    """Return the filter of the cases an indicator counts, or is a share or a median of."""
    new = narrow(where, reported_from=period.start, reported_to=period.end)
    closed = narrow(where, closed_from=period.start, closed_to=period.end)
    if INDICATORS[key].denominator == "n_callbacks":
        return narrow(closed, valid_callback=True)
    filters: dict[str, CaseFilter] = {
        "n_new": new,
        "rejected_share": new,
        "unlocated_share": new,
        "per_1000": narrow(new, not_at_points=pile_ups) if pile_ups else new,
        "n_open": narrow(where, open_at=period.end),
        "n_overdue": narrow(where, overdue_at=period.end),
        "on_time_share": narrow(where, due_from=period.start, due_to=period.end),
        "median_h": narrow(closed, is_negative=False),
        "p90_h": narrow(closed, is_negative=False),
    }
    return filters.get(key, closed)


_OPENED_COUNT: dict[str, str] = {
    "n_new": "n_new", "n_closed": "n_closed", "n_open": "n_open", "n_overdue": "n_overdue",
    "per_1000": "n_rated", "on_time_share": "n_due", "median_h": "n_timed", "p90_h": "n_timed",
    "response_share": "n_callbacks", "solved_share": "n_callbacks", "satisfaction_share": "n_callbacks",
    "three_rate_score": "n_callbacks", "rejected_share": "n_new", "unlocated_share": "n_new",
}  # fmt: skip
"""Column of `measure` that counts what `period_filter` opens."""


def measure_areas(
    store: Store,
    by: GroupBy,
    where: CaseFilter,
    period: Period,
    *,
    people: pd.DataFrame,
    pile_ups: pd.DataFrame | None = None,
    with_percentiles: bool = True,
) -> pd.DataFrame:
    """Measure every indicator of some groups in one period; see `geo.analysis.indicators.measure`.

    Parameters
    ----------
    store, by, where, period
        What to count.
    people
        The wanted groups as index, `residents`.
    pile_ups
        Suspicious points whose cases stay out of the rate per 1 000 residents.
    with_percentiles
        Whether times to close are wanted; without them a wide question is answered faster.
    """
    counts = store.period_counts(
        by, where, start=period.start, end=period.end, with_percentiles=with_percentiles
    )
    if by == "all":
        counts = counts.assign(group=EVERYTHING)
    table = index_counts(counts, people.index)
    if pile_ups is not None and len(pile_ups):
        piled = _count_piled(store, by, where, period, pile_ups)
        table["n_piled"] = piled.reindex(people.index, fill_value=0)
    return measure(table, residents=people["residents"])


def _count_piled(
    store: Store, by: GroupBy, where: CaseFilter, period: Period, pile_ups: pd.DataFrame
) -> pd.Series:
    """Count the new cases on suspicious points by the group that holds the point."""
    new = period_filter("n_new", where, period)
    groups = [EVERYTHING] * len(pile_ups) if by == "all" else pile_ups[f"{by}_id"].tolist()
    counts: dict[str, int] = {}
    for point, group in zip(points_of(pile_ups), groups, strict=True):
        if isinstance(group, str):
            counts[group] = counts.get(group, 0) + store.count_cases(narrow(new, at_point=point))
    return pd.Series(counts, dtype="int64")


Compared = Mapping[IndicatorKey, pd.DataFrame]


HOURS: tuple[IndicatorKey, ...] = tuple(key for key in INDICATORS if INDICATORS[key].format == "hours")
"""Indicators that are times to close."""

RATED_CARDS: tuple[IndicatorKey, ...] = tuple(key for key in CARDS if INDICATORS[key].format != "count")
"""Cards that are shares, hours or rates: lists of areas show their ranks and flags."""


def compare_cards(
    now: pd.DataFrame, keys: tuple[IndicatorKey, ...] = CARDS
) -> dict[IndicatorKey, pd.DataFrame]:
    """Compare areas by some cards; see `geo.analysis.indicators.compare_areas`."""
    return {key: compare_areas(now, key) for key in keys}


def make_cards(
    now: pd.DataFrame,
    compared: Compared,
    before: pd.DataFrame | None,
    own: str,
    *,
    where: CaseFilter,
    period: Period,
    trends: dict[str, tuple[tuple[str, float | None], ...]],
    pile_ups: Points = (),
) -> tuple[Card, ...]:
    """Make the six cards of one area among its siblings (rows of `measure_areas`)."""
    cards = []
    is_alone = len(now) < 2
    row, earlier = row_of(now, own), {} if before is None else row_of(before, own)
    for key in CARDS:
        place = row_of(compared[key], own)
        denominator = INDICATORS[key].denominator
        cards.append(
            Card(
                key=key,
                value=as_number(place["value"]),
                lower=as_number(place["lower"]),
                upper=as_number(place["upper"]),
                before=as_number(earlier.get(key)),
                denominator=None if denominator is None else as_number(row[denominator]),
                is_small=bool(place["is_small"]),
                rank=None if is_alone else _as_whole(place["rank"]),
                rank_low=None if is_alone else _as_whole(place["rank_low"]),
                rank_high=None if is_alone else _as_whole(place["rank_high"]),
                n_ranked=0 if is_alone else int(place["n_ranked"]),
                flag=str(place["flag"]),
                months=trends.get(key, ()),
                cases=period_filter(key, where, period, pile_ups=pile_ups),
                n_cases=int(row[_OPENED_COUNT[key]]),
            )
        )
    return tuple(cards)


def list_children(
    now: pd.DataFrame,
    before: pd.DataFrame | None,
    compared: Compared,
    *,
    level: AreaLevel,
    names: pd.Series,
    period: Period,
) -> pd.DataFrame:
    """List areas with their six figures, ranks and flags.

    Returns
    -------
    pandas.DataFrame
        One row per area, in order of code: `area_id`, `name`, `residents`, `n_due`, `n_timed`; per
        card `<key>`, and for shares, hours and rates `<key>_lower`, `<key>_upper`, `<key>_rank`,
        `<key>_rank_low`, `<key>_rank_high`, `<key>_small`, `<key>_flag`; `n_new_before`; `cases`, the
        filter of the new ones.
    """
    columns: dict[str, object] = {
        "area_id": list(now.index),
        "name": names.reindex(now.index).to_numpy(),
        "residents": now["residents"].to_numpy(),
        "n_due": now["n_due"].to_numpy(),
        "n_timed": now["n_timed"].to_numpy(),
    }
    for key in CARDS:
        columns[key] = now[key].to_numpy()
        if key not in RATED_CARDS:
            continue
        for part in ("lower", "upper", "rank", "rank_low", "rank_high", "flag"):
            columns[f"{key}_{part}"] = compared[key][part].to_numpy()
        columns[f"{key}_small"] = compared[key]["is_small"].to_numpy()
    missing = np.full(len(now), np.nan)
    columns["n_new_before"] = missing if before is None else before["n_new"].to_numpy(dtype=float)
    table = pd.DataFrame(columns)
    filters = [
        narrow(
            CaseFilter(area_level=level, area_id=str(area_id)),
            reported_from=period.start,
            reported_to=period.end,
        )
        for area_id in now.index
    ]
    return table.assign(cases=filter_column(filters, table.index))


def list_left_out(
    row: Mapping[str, Any],
    *,
    where: CaseFilter,
    period: Period,
    n_piled: dict[tuple[float, float], int],
    n_outside: int,
    without_status: LeftOut,
) -> tuple[LeftOut, ...]:
    """List the cases that figures do without, or know too little of; those that number 0 are not listed."""
    new = narrow(where, reported_from=period.start, reported_to=period.end)
    closed = narrow(where, closed_from=period.start, closed_to=period.end)
    found = [
        LeftOut("unlocated", int(row["n_unlocated"]), narrow(new, is_located=False)),
        LeftOut("outside", n_outside, narrow(new, is_located=True, is_placed=False)),
        LeftOut("without_due", int(row["n_closed_without_due"]), narrow(closed, without=("due_at",))),
        LeftOut("negative", int(row["n_negative"]), narrow(closed, is_negative=True)),
        without_status,
    ]
    found += [LeftOut("piled", n, narrow(new, at_point=point)) for point, n in n_piled.items()]
    return tuple(item for item in found if item.n)


def filter_column(values: list[CaseFilter], index: pd.Index) -> pd.Series:
    """Return filters as a column of a table."""
    return pd.Series(values, index=index, dtype=object)


def row_of(table: pd.DataFrame, name: str) -> dict[str, Any]:
    """Return one row of a table by its index, as plain values."""
    values = table.loc[[name]].to_numpy(dtype=object)[0]
    return {str(column): value for column, value in zip(table.columns, values, strict=True)}


def as_number(value: Any) -> float | None:  # noqa: ANN401  (a cell of a table)
    """Return a cell as a number, None where it is missing."""
    return None if pd.isna(value) else float(value)


def _as_whole(value: Any) -> int | None:  # noqa: ANN401
    return None if pd.isna(value) else int(value)
