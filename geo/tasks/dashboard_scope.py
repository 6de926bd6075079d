"""One area among its siblings: what a dashboard asks of the store, and under which filter (看板范围)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from geo.analysis.periods import Period
from geo.schema import AreaLevel
from geo.store.base import CaseFilter, GroupBy, Store
from geo.tasks import dashboard_lists as lists
from geo.tasks.areas import (
    AreaCard,
    count_residents,
    find_levels,
    index_areas,
    is_beside_chain,
    residents_of_all,
)
from geo.tasks.case_filters import narrow
from geo.tasks.dashboard_parts import (
    EVERYTHING,
    HOURS,
    RATED_CARDS,
    Background,
    Compared,
    LeftOut,
    as_number,
    compare_cards,
    list_children,
    list_left_out,
    measure_areas,
    period_filter,
    points_of,
    row_of,
)


@dataclass(frozen=True)
class Residents:
    """What rates are counted against, and where it comes from."""

    residents: float | None
    basis: str
    """`points`, `own`, `children` or `none`, as `geo.analysis.denominators`."""
    own: float | None
    points: float | None
    source: str
    """List the population points come from; empty where none are loaded."""
    as_of_on: date | None
    n_sources: int


class Scope:
    """One area among its siblings: what is asked of the store, and under which filter."""

    def __init__(
        self,
        store: Store,
        area: AreaCard | None,
        period: Period,
        before: Period | None,
        background: Background,
    ) -> None:
        self.store, self.area, self.period, self.before = store, area, period, before
        self.background = background
        self.where = CaseFilter() if area is None else area.cases
        self.own = EVERYTHING if area is None else area.area_id
        self.pile_ups = background.pile_ups_in(*self._key())
        self._people = self._count_people()

    def siblings_now(self) -> pd.DataFrame:
        """Measures of the siblings in the period."""
        return self._siblings(self.period)

    def siblings_before(self) -> pd.DataFrame | None:
        """Measures of the siblings in the period before, where the data reach back.

        Hours are those of the area alone: nobody is shown what they were elsewhere, and they cost most.
        """
        if self.before is None:
            return None
        if self.area is None:
            return self._siblings(self.before)
        table = self._siblings(self.before, with_percentiles=False)
        alone = pd.DataFrame({"residents": [math.nan]}, index=[EVERYTHING])
        own = measure_areas(self.store, "all", self.where, self.before, people=alone)
        return table.assign(
            **{key: np.where(table.index == self.own, own[key].iloc[0], np.nan) for key in HOURS}
        )

    def sibling_table(
        self, now: pd.DataFrame, before: pd.DataFrame | None, compared: Compared
    ) -> pd.DataFrame:
        """The siblings as a list; empty for the whole store."""
        if self.area is None:
            return pd.DataFrame()
        return list_children(
            now, before, compared, level=self.area.level, names=self._people["name"], period=self.period
        )

    def children(self) -> tuple[AreaLevel | None, pd.DataFrame]:
        """The level inside, and its areas."""
        level = self._child_level()
        if level is None:
            return None, pd.DataFrame()
        parent_id = None if self.area is None else self.area.area_id
        people = count_residents(
            self.store, level, parent_id=parent_id, population=self.background.population
        )
        inside = self._inside(level, people)
        now = measure_areas(self.store, level, inside, self.period, people=people, pile_ups=self.pile_ups)
        before = None
        if self.before is not None:
            before = measure_areas(
                self.store, level, inside, self.before, people=people, with_percentiles=False
            )
        table = list_children(
            now,
            before,
            compare_cards(now, RATED_CARDS),
            level=level,
            names=people["name"],
            period=self.period,
        )
        return level, table

    def unplaced(self, level: AreaLevel | None) -> LeftOut | None:
        """New cases that lie in none of the areas inside."""
        if level is None:
            return None
        cases = period_filter("n_new", narrow(self.where, without=(level,)), self.period)
        if is_beside_chain(level):
            return LeftOut("outside", self.store.count_cases(cases), cases)
        period = self.period  # the same question as that of the areas inside, whose answer is kept
        counts = self.store.period_counts(level, self.where, start=period.start, end=period.end)
        return LeftOut("outside", int(counts.loc[counts["group"].isna(), "n_new"].sum()), cases)

    def facilities(self) -> pd.DataFrame:
        """Facilities inside, by kind."""
        return lists.count_facilities(self.store, self.area)

    def residents_note(self) -> Residents:
        """Where the denominator comes from."""
        row, population = row_of(self._people, self.own), self.background.population
        return Residents(
            residents=as_number(row["residents"]),
            basis=str(row["basis"]),
            own=as_number(row["own"]),
            points=as_number(row["points"]),
            source="" if population is None else population.source,
            as_of_on=None if population is None else population.as_of_on,
            n_sources=0 if population is None else population.n_sources,
        )

    def left_out(self, row: Mapping[str, Any]) -> tuple[LeftOut, ...]:
        """Cases that figures do without."""
        new = period_filter("n_new", self.where, self.period)
        n_piled = {
            point: self.store.count_cases(narrow(new, at_point=point)) for point in points_of(self.pile_ups)
        }
        outside = narrow(new, is_located=True, is_placed=False)
        n_outside = self.store.count_cases(outside) if self.area is None and self._child_level() else 0
        return list_left_out(
            row,
            where=self.where,
            period=self.period,
            n_piled=n_piled,
            n_outside=n_outside,
            without_status=self._without_status(),
        )

    def _without_status(self) -> LeftOut:
        """Cases counted as open whose source tells of none of its cases how it stands."""
        sources = self.background.sources_without_status
        cases = narrow(period_filter("n_open", self.where, self.period), sources=sources)
        return LeftOut("without_status", self.store.count_cases(cases) if sources else 0, cases)

    def _key(self) -> tuple[AreaLevel | None, str | None]:
        return (None, None) if self.area is None else (self.area.level, self.area.area_id)

    def _count_people(self) -> pd.DataFrame:
        if self.area is None:
            total = residents_of_all(self.store, population=self.background.population)
            row = {"name": "", "residents": total, "basis": "none" if math.isnan(total) else "children"}
            return pd.DataFrame([{**row, "own": None, "points": None}], index=[EVERYTHING])
        parent = self.area.parent
        parent_id = None if parent is None else parent.area_id
        index = None
        if self.background.population is not None:
            index = index_areas(self.store, self.area.level, parent_id=parent_id)
        return count_residents(
            self.store,
            self.area.level,
            parent_id=parent_id,
            population=self.background.population,
            index=index,
        )

    def _siblings(self, period: Period, *, with_percentiles: bool = True) -> pd.DataFrame:
        by: GroupBy = "all" if self.area is None else self.area.level
        where, pile_ups = CaseFilter(), self.background.pile_ups
        if self.area is not None and is_beside_chain(self.area.level):
            where = CaseFilter(area_level=self.area.level, area_ids=tuple(self._people.index))
        elif self.area is not None and self.area.parent is not None:
            parent = self.area.parent
            where = CaseFilter(area_level=parent.level, area_id=parent.area_id)
            pile_ups = self.background.pile_ups_in(parent.level, parent.area_id)
        return measure_areas(
            self.store,
            by,
            where,
            period,
            people=self._people,
            pile_ups=pile_ups,
            with_percentiles=with_percentiles,
        )

    def _inside(self, level: AreaLevel, people: pd.DataFrame) -> CaseFilter:
        # Courtyards and unit grids may reach over the border, so their cases are asked by their own code.
        if is_beside_chain(level):
            return CaseFilter(area_level=level, area_ids=tuple(people.index))
        return self.where

    def _child_level(self) -> AreaLevel | None:
        if self.area is not None:
            return self.area.child_level
        return next(iter(find_levels(self.store)), None)
