"""The boundary sets that apply to a case, and the areas of each with an index (边界版本的选用)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.analysis.chain import coarser_levels
from geo.analysis.placement import Chain, build_chain
from geo.schema import AREA_LEVELS, AreaLevel, PlacementBasis
from geo.store.base import Store
from geo.tasks.area_parents import held_by


class BoundaryLayers:
    """Areas of boundary sets, read once each, and the chains they make, indexed once each."""

    def __init__(self, store: Store, sets: pd.DataFrame) -> None:
        self._store = store
        self._level_of: dict[str, AreaLevel] = dict(zip(sets["set_id"], sets["area_level"], strict=True))
        self._days = {str(row["set_id"]): days_of(row) for row in sets.to_dict("records")}
        self._drafts = set(sets.loc[sets["status"].eq("draft"), "set_id"])
        self._tables: dict[str, gpd.GeoDataFrame] = {}
        self._chains: dict[tuple[str, ...], Chain] = {}

    def chain(self, chosen: Sequence[str]) -> Chain:
        """Return the chain that the chosen sets make."""
        key = tuple(sorted(chosen))
        if key not in self._chains:
            self._chains[key] = build_chain(self.tables(key))
        return self._chains[key]

    def tables(self, chosen: Sequence[str]) -> dict[AreaLevel, gpd.GeoDataFrame]:
        """Return the areas of the chosen sets by level, coarsest first, each under its parent among them.

        `area_id`, `area_level`, `parent_id`, `geom` in WGS84. The parent that is kept with an area is the one
        of the coarser sets that were in force last beside its own. Under other sets it follows from the map.
        """
        found: dict[AreaLevel, gpd.GeoDataFrame] = {}
        for level in AREA_LEVELS:
            ids = [set_id for set_id in sorted(chosen) if self._level_of[set_id] == level]
            parts = [self._with_parents(set_id, chosen, found) for set_id in ids]
            if parts:
                found[level] = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
        return found

    def parents(self, level: AreaLevel, chosen: Sequence[str]) -> pd.Series:
        """Return the parent of each area of a level among the chosen sets, by code."""
        tables = self.tables(chosen)
        if level not in tables:
            return pd.Series(dtype="str")
        table = tables[level]
        return pd.Series(table["parent_id"].to_numpy(), index=table["area_id"].to_numpy(), dtype="str")

    def _with_parents(
        self, set_id: str, chosen: Sequence[str], above: Mapping[AreaLevel, gpd.GeoDataFrame]
    ) -> gpd.GeoDataFrame:
        table, level = self._read(set_id), self._level_of[set_id]
        coarser = [other for other in coarser_levels(level) if other in above]
        others = [other for other in chosen if self._level_of[other] in coarser]
        if all(self._was_last_beside(other, set_id) for other in others):
            return table
        parents = pd.Series(pd.NA, index=table.index, dtype="str")
        for other in coarser:
            waiting = parents.isna()
            if waiting.any():
                parents[waiting] = held_by(table[waiting], above[other], level)
        return table.assign(parent_id=parents)

    def _was_last_beside(self, coarser: str, set_id: str) -> bool:
        (start, end), (_, own_end) = self._days[coarser], self._days[set_id]
        return coarser not in self._drafts and start < own_end <= end

    def _read(self, set_id: str) -> gpd.GeoDataFrame:
        if set_id not in self._tables:
            rows = self._store.read(
                "areas", columns=["area_id", "area_level", "parent_id", "geom"], where={"set_id": set_id}
            )
            self._tables[set_id] = gpd.GeoDataFrame(rows, geometry="geom", crs="EPSG:4326")
        return self._tables[set_id]


def days_of(row: Mapping[Hashable, object]) -> tuple[date, date]:
    """Return the first day of a set and the first no longer; the ends of time where it names none."""
    return read_day(row["valid_from"]) or date.min, read_day(row["valid_to"]) or date.max


def read_day(value: object) -> date | None:
    """Return a day as a date, None where it is missing."""
    return None if pd.isna(value) else pd.Timestamp(value).date()  # type: ignore[call-overload,arg-type]


def newest_sets(sets: pd.DataFrame) -> tuple[str, ...]:
    """Return the sets that hold still, and of a level without any those that ended last."""
    chosen: list[str] = []
    for _, group in sets.groupby("area_level", sort=True):
        is_open = group["valid_to"].isna()
        ends = group["valid_to"].map(read_day)
        chosen += list(group.loc[is_open if is_open.any() else ends.eq(ends.max()), "set_id"])
    return tuple(chosen)


def sets_in_force(
    cases: pd.DataFrame, sets: pd.DataFrame, basis: PlacementBasis, time_zone: str
) -> list[tuple[tuple[str, ...], bool, npt.NDArray[np.intp]]]:
    """Split cases by the boundary sets that apply: sets, before the first one, row positions."""
    everything = np.arange(len(cases))
    if not len(sets):
        return [((), False, everything)] if len(cases) else []
    newest = newest_sets(sets)
    if basis == "current":
        return [(newest, False, everything)] if len(cases) else []
    zone = ZoneInfo(time_zone)
    reported_at = cases.get("reported_at", pd.Series(pd.NaT, index=cases.index))  # a list may not say it
    days = pd.to_datetime(reported_at, utc=True).dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    edges = sorted({edge for name in ("valid_from", "valid_to") for edge in _days(sets[name]) if edge})
    bins = np.searchsorted(
        np.array(edges, dtype="datetime64[ns]"), days.to_numpy("datetime64[ns]"), side="right"
    )
    bins = np.where(days.isna().to_numpy(), -1, bins)
    groups = []
    for number in np.unique(bins):
        rows = everything[bins == number]
        if number < 0:
            groups.append((newest, False, rows))
            continue
        day = edges[number - 1].date() if number else date.min
        chosen, before_first = sets_for(sets, day)
        groups.append((chosen, before_first, rows))
    return groups


def sets_on(sets: pd.DataFrame, day: date) -> tuple[str, ...]:
    """Return those of some sets that hold on a day."""
    spans = [(str(row["set_id"]), *days_of(row)) for row in sets.to_dict("records")]
    return tuple(set_id for set_id, start, end in spans if start <= day < end)


def _days(column: pd.Series) -> list[pd.Timestamp | None]:
    return [None if pd.isna(value) else pd.Timestamp(value) for value in column]


def sets_for(sets: pd.DataFrame, day: date) -> tuple[tuple[str, ...], bool]:
    """Return the sets that hold on a day; before the first of a level and scope, that first one."""
    chosen, before_first = list(sets_on(sets, day)), False
    for _, of_level in sets.groupby("area_level", sort=True):
        spans = sorted((*days_of(row), str(row["scope_id"]), str(row["set_id"]))
                       for row in of_level.to_dict("records"))  # fmt: skip
        for scope in sorted({scope for _, _, scope, _ in spans}):
            # a set of everything that held before stands in for the sets of parts that follow it
            at_place = [span for span in spans if span[2] == scope or not span[2] or not scope]
            first = at_place[0]
            if first[2] == scope and day < first[0]:
                chosen.append(first[3])
                before_first = True
    return tuple(sorted(set(chosen))), before_first
