"""Ask a store for its figures as then, as now, or as of a boundary set (统计口径：当时、现在、某一版本).

- *current*, as now: every case in the area that holds it under the boundaries of now. What all pages show.
- *reported*, as then: every case in the area it was reported in, which is frozen; areas and residents are
  those that were in force on the last day of the period. An area that was no more on that day is told beside,
  with its counts and without rates, since nobody lives in it.
- a *boundary set*, in force or not: every case in the area of that set that holds it, worked out when asked
  for; the other levels are those in force with it.

All three count the same cases: areas, former areas and what lies in none add up to the same totals, to the
unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import geopandas as gpd
import pandas as pd

from geo.analysis.periods import Period
from geo.schema import IN_FORCE, AreaLevel
from geo.store.base import CaseFilter, Store
from geo.tasks.boundary_layers import BoundaryLayers, newest_sets, sets_for
from geo.tasks.boundary_sets import SetCard, find_set
from geo.tasks.placing import place_under

REPORTED, CURRENT = "reported", "current"
"""Bases that are kept; any other name is that of a boundary set."""

COUNTED = ("n_new", "n_closed", "n_open", "n_overdue")


@dataclass(frozen=True)
class Basis:
    """Under which boundaries figures are told."""

    name: str
    """`reported`, `current`, or a boundary set."""
    sets: tuple[str, ...]
    """Boundary sets whose areas are listed."""


def choose_basis(store: Store, name: str, *, on: date) -> Basis:
    """Choose the boundaries of a basis.

    Parameters
    ----------
    store, name
        `reported`, `current`, or the name of a boundary set.
    on
        Last day of the period, for `reported`.

    Raises
    ------
    MissingError
        If there is no such boundary set.
    """
    sets = store.read("boundary_sets", where={"status": IN_FORCE})
    if name == CURRENT:
        return Basis(name, newest_sets(sets) if len(sets) else ())
    if name == REPORTED:
        return Basis(name, sets_for(sets, on)[0] if len(sets) else ())
    card = find_set(store, name)
    return Basis(name, _beside(sets, card))


def _beside(sets: pd.DataFrame, card: SetCard) -> tuple[str, ...]:
    """Return a set and those of other places and levels that held with it last."""
    if card.valid_to is None:
        others = newest_sets(sets) if len(sets) else ()
    else:
        others = sets_for(sets, card.valid_to - timedelta(days=1))[0]
    rows = sets.set_index("set_id")
    is_replaced = [
        rows.loc[other, "area_level"] == card.level
        and (not card.scope_id or rows.loc[other, "scope_id"] in ("", card.scope_id))
        for other in others
    ]
    kept = [other for other, replaced in zip(others, is_replaced, strict=True) if not replaced]
    return tuple(sorted({*kept, card.set_id}))


@contextmanager
def open_on_basis(store: Store, basis: Basis) -> Iterator[Store]:
    """Give a store that answers on a basis; for `current` the store itself.

    Any other is a copy in memory of what dashboards read, made from one version of the data, and gone afterwards.
    It takes about as long as placing all cases and deriving their facts.
    """
    if basis.name == CURRENT:
        yield store
        return
    with store.at_once(lambda: _make_view(store, basis)) as view:
        yield view


def _make_view(store: Store, basis: Basis) -> Store:
    sets = store.read("boundary_sets")
    layers = BoundaryLayers(store, sets)
    placed = None if basis.name == REPORTED else _place_all(store, layers, basis)
    return store.recast(
        sets[sets["set_id"].isin(basis.sets)], _read_areas(store, layers, basis.sets), placed=placed
    )


def _read_areas(store: Store, layers: BoundaryLayers, chosen: Sequence[str]) -> gpd.GeoDataFrame:
    """Return whole rows of the areas of chosen sets, each under its parent among them."""
    rows = store.read("areas", where={"set_id": list(chosen)}) if chosen else store.read("areas", limit=0)
    parents = {(level, code): parent for level, table in layers.tables(chosen).items()
               for code, parent in table[["area_id", "parent_id"]].to_numpy()}  # fmt: skip
    keys = zip(rows["area_level"], rows["area_id"], strict=True)
    parent_id = pd.Series([parents[key] for key in keys], index=rows.index, dtype="str")
    return gpd.GeoDataFrame(rows.assign(parent_id=parent_id), geometry="geom", crs="EPSG:4326")


def _place_all(store: Store, layers: BoundaryLayers, basis: Basis) -> pd.DataFrame:
    columns = ["case_id", "lon", "lat", "position_source", "position_error_m"]
    cases = store.read("cases", columns=columns, order_by=["case_id"])
    placed = place_under(store, cases, layers, basis.sets)
    return placed.assign(sets=",".join(basis.sets), before_first_set=False)


def count_former(view: Store, level: AreaLevel, *, period: Period, listed: Sequence[str],
                 where: CaseFilter | None = None) -> pd.DataFrame:  # fmt: skip
    """Count the cases of areas that are not listed, since they were no more on the last day of the period.

    Returns
    -------
    pandas.DataFrame
        `area_id` and `COUNTED`, by code; empty where every area that has cases is listed.
    """
    counts = view.period_counts(
        level, where or CaseFilter(), start=period.start, end=period.end, with_percentiles=False
    )
    is_former = counts["group"].notna() & ~counts["group"].isin(list(listed))
    some = counts[is_former].rename(columns={"group": "area_id"})[["area_id", *COUNTED]]
    return some[some[list(COUNTED)].any(axis=1)].reset_index(drop=True)
