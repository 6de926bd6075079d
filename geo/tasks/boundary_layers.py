"""The boundary sets that apply to a case, and the areas of each with an index (边界版本的选用)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.analysis.placement import Chain, build_chain
from geo.schema import AREA_LEVELS, AreaLevel, PlacementBasis
from geo.store.base import Store


class BoundaryLayers:
    """Areas of boundary sets, read once each, and the chains they make, indexed once each."""

    def __init__(self, store: Store, sets: pd.DataFrame) -> None:
        self._store = store
        self._level_of: dict[str, AreaLevel] = dict(zip(sets["set_id"], sets["area_level"], strict=True))
        self._tables: dict[str, gpd.GeoDataFrame] = {}
        self._chains: dict[tuple[str, ...], Chain] = {}

    def chain(self, chosen: Sequence[str]) -> Chain:
        """Return the chain that the chosen sets make."""
        key = tuple(sorted(chosen))
        if key not in self._chains:
            tables = {level: self._of_level(level, key) for level in AREA_LEVELS}
            self._chains[key] = build_chain({k: table for k, table in tables.items() if table is not None})
        return self._chains[key]

    def _of_level(self, level: AreaLevel, chosen: Sequence[str]) -> gpd.GeoDataFrame | None:
        tables = [self._read(set_id) for set_id in chosen if self._level_of[set_id] == level]
        if not tables:
            return None
        return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)

    def _read(self, set_id: str) -> gpd.GeoDataFrame:
        if set_id not in self._tables:
            rows = self._store.read(
                "areas", columns=["area_id", "area_level", "parent_id", "geom"], where={"set_id": set_id}
            )
            self._tables[set_id] = gpd.GeoDataFrame(rows, geometry="geom", crs="EPSG:4326")
        return self._tables[set_id]


def sets_in_force(
    cases: pd.DataFrame, sets: pd.DataFrame, basis: PlacementBasis, time_zone: str
) -> list[tuple[tuple[str, ...], bool, npt.NDArray[np.intp]]]:
    """Split cases by the boundary sets that apply: sets, before the first one, row positions."""
    everything = np.arange(len(cases))
    if not len(sets):
        return [((), False, everything)] if len(cases) else []
    newest = tuple(sets.loc[sets["valid_to"].isna(), "set_id"])
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
        chosen, before_first = _sets_on(sets, day)
        groups.append((chosen, before_first, rows))
    return groups


def _days(column: pd.Series) -> list[pd.Timestamp | None]:
    return [None if pd.isna(value) else pd.Timestamp(value) for value in column]


def _sets_on(sets: pd.DataFrame, day: date) -> tuple[tuple[str, ...], bool]:
    """Return the sets valid on a day; a level and scope that begins later lends its first set."""
    chosen, before_first = [], False
    for _, versions in sets.groupby(["area_level", "scope_id"], sort=True):
        starts = [date.min if pd.isna(v) else pd.Timestamp(v).date() for v in versions["valid_from"]]
        ends = [date.max if pd.isna(v) else pd.Timestamp(v).date() for v in versions["valid_to"]]
        valid = [s for s, a, b in zip(versions["set_id"], starts, ends, strict=True) if a <= day < b]
        if not valid and day < min(starts):
            valid = [versions["set_id"].iloc[int(np.argmin([d.toordinal() for d in starts]))]]
            before_first = True
        chosen += valid
    return tuple(chosen), before_first
