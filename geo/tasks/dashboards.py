"""Everything one dashboard shows, for an area of any level or for the whole store (看板).

One call reads what the store has grouped, measures it against residents and siblings, and returns it
with a filter beside every number. The page, the command and the export show this and nothing else,
so they cannot differ. Pass `background` when several dashboards of one data version are made: it holds
what they share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from geo.analysis.indicators import CARDS, INDICATORS, PER_RESIDENTS, Indicator, index_counts, measure
from geo.analysis.intervals import counts_differ
from geo.analysis.periods import Period, PeriodName, Periods, month_period
from geo.analysis.periods import choose_period as choose_period_of
from geo.errors import MissingError
from geo.present.sentences import Facts, Standing, TopCategory, write_sentence
from geo.present.words import Language
from geo.schema import AreaLevel
from geo.store.base import CaseFilter, Store
from geo.tasks import dashboard_lists as lists
from geo.tasks.areas import AreaCard, count_residents, find_area
from geo.tasks.case_filters import narrow
from geo.tasks.dashboard_parts import (
    Background,
    Card,
    LeftOut,
    as_number,
    compare_cards,
    make_cards,
    measure_areas,
    period_filter,
    points_of,
    read_background,
    row_of,
)
from geo.tasks.dashboard_scope import Residents, Scope

__all__ = [
    "AreaCard", "Background", "Card", "Dashboard", "LeftOut", "Period", "Periods", "Residents",
    "choose_period", "count_people", "count_unplaced", "find_area", "make_dashboard", "measure_level",
    "read_background",
]  # fmt: skip

N_TREND_MONTHS = 12
N_TREND_SHARES = 6
"""Months of the small lines of on-time share and median: each month of these costs a query."""


@dataclass(frozen=True)
class Dashboard:
    """Everything one dashboard shows."""

    area: AreaCard | None
    """None: the whole store."""
    period: Period
    before: Period | None
    """None where the data do not reach back over it."""
    sentences: Mapping[Language, str]
    cards: tuple[Card, ...]
    counts: Mapping[str, Any]
    """All counts and indicators of the area in the period, by name (`geo.analysis.indicators.measure`)."""
    child_level: AreaLevel | None
    children: pd.DataFrame
    """The areas inside, `dashboard_parts.list_children`; empty where there are none."""
    unplaced: LeftOut | None
    """Its new cases that are in none of the children."""
    siblings: pd.DataFrame
    """The areas it is compared with, itself included, like `children`; empty for the whole store."""
    months: pd.DataFrame
    categories: pd.DataFrame
    hours: pd.DataFrame
    channels: pd.DataFrame
    sources: pd.DataFrame
    closing_levels: pd.DataFrame
    open_cases: pd.DataFrame
    """The oldest open cases, masked."""
    repeats: pd.DataFrame
    facilities: pd.DataFrame
    residents: Residents
    left_out: tuple[LeftOut, ...]
    pile_ups: pd.DataFrame
    """Suspicious points inside it, with filters."""
    indicators: tuple[Indicator, ...]
    """Definitions of every indicator used."""
    data_as_of: pd.Timestamp
    data_version: int
    time_zone: str

    @property
    def where(self) -> CaseFilter:
        """The filter that means its cases, whenever they happened."""
        return CaseFilter() if self.area is None else self.area.cases

    @property
    def n_without_status(self) -> int:
        """Of its open cases, those whose source tells of none of its cases how it stands."""
        return sum(item.n for item in self.left_out if item.code == "without_status")

    @property
    def knows_status(self) -> bool:
        """Whether the source of any of its open cases tells how cases stand, or none is open."""
        return self.n_without_status == 0 or self.n_without_status < int(self.counts["n_open"])


def choose_period(
    store: Store,
    name: PeriodName = "month",
    *,
    start_on: date | None = None,
    end_on: date | None = None,
) -> Periods:
    """Choose a period that ends with the store's data, and the one before it.

    Without `start_on` the month, quarter or year is that of the last report: a list that was closed
    off years later still opens where its cases are.

    Raises
    ------
    MissingError
        If there are no cases yet.
    ChoiceError
        As `geo.analysis.periods.choose_period`.
    """
    last_at = store.moments()[1]
    if last_at is None:
        raise MissingError("no_cases_yet")
    if start_on is None and name in ("month", "quarter", "year"):
        start_on = _last_report_month(store)
    return choose_period_of(
        name, data_as_of=last_at, time_zone=store.time_zone, start_on=start_on, end_on=end_on
    )


def _last_report_month(store: Store) -> date | None:
    """Return the first day of the last month in which a case was reported."""
    months = store.month_counts("all", CaseFilter())
    reported = months.loc[months["n_new"] > 0, "month"]
    return date.fromisoformat(f"{reported.max()}-01") if len(reported) else None


def make_dashboard(
    store: Store,
    area: AreaCard | None,
    *,
    period: Period,
    before: Period,
    background: Background | None = None,
) -> Dashboard:
    """Make the dashboard of an area, or of the whole store.

    Parameters
    ----------
    store
        Where to read.
    area
        From `find_area`; None for the whole store.
    period, before
        From `choose_period`.
    background
        From `read_background` of the same data version; read here when missing.

    Raises
    ------
    MissingError
        If there are no cases yet.
    """
    return store.at_once(
        lambda: _make_dashboard(store, area, period, before, background or read_background(store))
    )


def _make_dashboard(
    store: Store, area: AreaCard | None, period: Period, before: Period, background: Background
) -> Dashboard:
    if background.last_at is None or background.first_at is None:
        raise MissingError("no_cases_yet")
    reaches_back = background.first_at <= before.start
    scope = Scope(store, area, period, before if reaches_back else None, background)
    now, earlier = scope.siblings_now(), scope.siblings_before()
    own_row = row_of(now, scope.own)
    months = lists.list_months_of(store, scope.where, period, first_at=background.first_at)
    compared = compare_cards(now, CARDS)
    cards = make_cards(
        now,
        compared,
        earlier,
        scope.own,
        where=scope.where,
        period=period,
        trends=_trends(scope, months, own_row["residents"]),
        pile_ups=points_of(scope.pile_ups),
    )
    categories = lists.list_categories(store, scope.where, period, scope.before, names=background.categories)
    child_level, children = scope.children()
    left_out = scope.left_out(own_row)
    n_without_status = sum(item.n for item in left_out if item.code == "without_status")
    knows_status = not n_without_status or n_without_status < int(own_row["n_open"])
    facts = _facts(scope, own_row, earlier, cards, categories, knows_status=knows_status)
    return Dashboard(
        area=area,
        period=period,
        before=scope.before,
        sentences={"zh": write_sentence(facts, "zh"), "en": write_sentence(facts, "en")},
        cards=cards,
        counts=own_row,
        child_level=child_level,
        children=children,
        unplaced=scope.unplaced(child_level),
        siblings=scope.sibling_table(now, earlier, compared),
        months=months,
        categories=categories,
        hours=lists.count_hours(store, scope.where, period),
        channels=lists.list_values(store, "channel", scope.where, period),
        sources=lists.list_values(store, "source", scope.where, period),
        closing_levels=lists.list_values(store, "closing_level", scope.where, period),
        open_cases=lists.list_open(store, scope.where, period.end, names=background.categories),
        repeats=lists.list_repeats(
            store,
            scope.where,
            period,
            pile_ups=points_of(background.pile_ups),
            buildings=background.buildings,
        ),
        facilities=scope.facilities(),
        residents=scope.residents_note(),
        left_out=left_out,
        pile_ups=scope.pile_ups,
        indicators=tuple(INDICATORS.values()),
        data_as_of=pd.Timestamp(background.last_at),
        data_version=background.data_version,
        time_zone=store.time_zone,
    )


def count_unplaced(store: Store, board: Dashboard, level: AreaLevel) -> LeftOut:
    """Count the new cases of a dashboard that lie in no area of a level, however fine."""
    cases = period_filter("n_new", narrow(board.where, without=(level,)), board.period)
    return LeftOut("outside", store.count_cases(cases), cases)


def measure_level(
    store: Store,
    level: AreaLevel,
    *,
    period: Period,
    where: CaseFilter | None = None,
    parent_id: str | None = None,
    background: Background | None = None,
    people: pd.DataFrame | None = None,
    with_percentiles: bool = True,
) -> pd.DataFrame:
    """Measure every indicator of every area of a level: what the map colours and the command prints.

    Parameters
    ----------
    store
        Where to read.
    level, parent_id
        The areas; all of the level when `parent_id` is missing.
    period
        From `choose_period`.
    where
        Narrows the cases further; must not name moments.
    background
        From `read_background` of the same data version; read here when missing.
    people
        From `count_people` of the same level, parent and data version; counted here when missing.
    with_percentiles
        Whether times to close are wanted; without them it is faster.

    Returns
    -------
    pandas.DataFrame
        By `area_id`: `name`, `parent_id`, then `geo.analysis.indicators.measure`.
    """
    background = background or read_background(store)
    if people is None:
        people = count_people(store, level, parent_id=parent_id, background=background)
    table = measure_areas(
        store,
        level,
        where or CaseFilter(),
        period,
        people=people,
        pile_ups=background.pile_ups,
        with_percentiles=with_percentiles,
    )
    return pd.concat([people[["name", "parent_id", "basis"]], table], axis=1)


def count_people(
    store: Store, level: AreaLevel, *, parent_id: str | None = None, background: Background
) -> pd.DataFrame:
    """Count the residents of the areas of a level once, for as many periods as are measured.

    See `geo.tasks.areas.count_residents`.
    """
    return count_residents(store, level, parent_id=parent_id, population=background.population)


Trends = dict[str, tuple[tuple[str, float | None], ...]]


def _trends(scope: Scope, months: pd.DataFrame, residents: float) -> Trends:
    """Month by month figures for the small lines of the cards."""
    last = months.tail(N_TREND_MONTHS)
    trends: Trends = {
        key: tuple(zip(last["month"], last[key].astype(float), strict=True))
        for key in ("n_new", "n_open", "n_overdue")
    }
    if residents > 0 and scope.pile_ups.empty:
        lived = zip(last["month"], last["n_new"] * PER_RESIDENTS / residents, strict=True)
        trends["per_1000"] = tuple(lived)
    as_of = scope.period.end - timedelta(seconds=1)
    shown = last["month"].tail(N_TREND_SHARES).tolist()
    counts = []
    for month in shown:
        span = month_period(month, data_as_of=as_of, time_zone=scope.store.time_zone)
        found = scope.store.period_counts("all", scope.where, start=span.start, end=span.end)
        counts.append(found.assign(group=month))
    table = measure(index_counts(pd.concat(counts, ignore_index=True), shown))
    for key in ("on_time_share", "median_h"):
        trends[key] = tuple(zip(shown, (as_number(value) for value in table[key]), strict=True))
    return trends


def _facts(
    scope: Scope,
    row: Mapping[str, Any],
    earlier: pd.DataFrame | None,
    cards: tuple[Card, ...],
    categories: pd.DataFrame,
    *,
    knows_status: bool,
) -> Facts:
    n_new = int(row["n_new"])
    n_before = None if earlier is None else int(row_of(earlier, scope.own)["n_new"])
    before = scope.before or scope.period
    differs = n_before is not None and counts_differ(
        n_new, n_before, days_now=scope.period.n_days, days_before=before.n_days
    )
    return Facts(
        period=scope.period,
        before=before,
        n_new=n_new,
        n_before=n_before,
        differs=differs,
        n_due=int(row["n_due"]) if knows_status else 0,
        n_on_time=int(row["n_on_time"]) if knows_status else 0,
        on_time=_standing(cards, scope.area),
        n_overdue=int(row["n_overdue"]) if knows_status else 0,
        top=_top_category(categories),
        n_unlocated=int(row["n_unlocated"]),
        is_latest=scope.background.last_at is None or scope.background.last_at < scope.period.end,
    )


def _standing(cards: tuple[Card, ...], area: AreaCard | None) -> Standing | None:
    card = next(card for card in cards if card.key == "on_time_share")
    if area is None or card.rank is None or card.rank_low is None or card.rank_high is None:
        return None
    return Standing(card.rank, card.rank_low, card.rank_high, card.n_ranked, area.level)


def _top_category(categories: pd.DataFrame) -> TopCategory | None:
    named = categories[categories["category_id"].notna() & (categories["n_new"] > 0)]
    if named.empty:
        return None
    growth = named["n_new"] - named["n_before"]
    grown = named[named["differs"].astype(bool) & (growth > 0)]
    best = named.iloc[[0]] if grown.empty else grown.loc[[growth[grown.index].idxmax()]]
    row = best.to_dict("records")[0]
    n_before = 0 if pd.isna(row["n_before"]) else int(row["n_before"])
    return TopCategory(str(row["name"]), int(row["n_new"]), n_before, has_grown=not grown.empty)
