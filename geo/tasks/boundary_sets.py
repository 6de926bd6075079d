"""The boundary sets of a store: which there are, what was in force on a day, where days are left out (边界版本).

A set is brought in as a draft or at once. Where a proxy names the people, a set that would follow another
comes in as a draft only, so that two people look at the bill before any case changes its area.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import geopandas as gpd
import pandas as pd

from geo.access.seats import Seat
from geo.errors import ChoiceError, MissingError
from geo.schema import AREA_LEVELS, IN_FORCE, AreaLevel, SetStatus
from geo.store.base import Store
from geo.tasks.boundary_layers import BoundaryLayers, read_day, sets_on

WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class SetCard:
    """One boundary set: what it covers, its days, who brought it in."""

    set_id: str
    level: AreaLevel
    scope_id: str
    """Ancestor it covers; empty = everything."""
    status: SetStatus
    valid_from: date | None
    valid_to: date | None
    author: str
    """Who brought it in, as the caller was named then."""


def find_set(store: Store, set_id: str) -> SetCard:
    """Find one boundary set.

    Raises
    ------
    MissingError
        If there is none of that name.
    """
    found = store.read("boundary_sets", where={"set_id": set_id})
    if found.empty:
        raise MissingError("set_unknown", set_id=set_id)
    row = found.iloc[0]
    author = store.read("import_batches", columns=["batch_id", "actor"], where={"batch_id": row["batch_id"]})
    return SetCard(
        set_id=str(row["set_id"]),
        level=row["area_level"],
        scope_id=str(row["scope_id"]),
        status=row["status"],
        valid_from=read_day(row["valid_from"]),
        valid_to=read_day(row["valid_to"]),
        author=str(author["actor"].iloc[0]) if len(author) else "",
    )


def list_sets(store: Store, *, level: AreaLevel | None = None, on: date | None = None) -> pd.DataFrame:
    """List boundary sets, coarsest level first, each level in order of time.

    Parameters
    ----------
    store
        Where to look.
    level
        Only this level.
    on
        Only what was in force on this day.

    Returns
    -------
    pandas.DataFrame
        `set_id`, `area_level`, `scope_id`, `status`, `valid_from`, `valid_to` (dates, missing = since ever,
        still), `n_areas`, `author`, `brought_at` (UTC).
    """
    sets = store.read("boundary_sets") if on is None else read_sets_on(store, on)
    if level is not None:
        sets = sets[sets["area_level"].eq(level)]
    batches = store.read("import_batches", columns=["batch_id", "actor", "created_at"]).set_index("batch_id")
    sizes = store.read("areas", columns=["set_id"])["set_id"].value_counts()
    table = sets.assign(
        n_areas=sets["set_id"].map(sizes).fillna(0).astype("int64"),
        author=batches["actor"].reindex(sets["batch_id"]).set_axis(sets.index),
        brought_at=batches["created_at"].reindex(sets["batch_id"]).set_axis(sets.index),
        rank=sets["area_level"].map(AREA_LEVELS.index),
        start=[read_day(day) or date.min for day in sets["valid_from"]],
    ).sort_values(["rank", "scope_id", "start", "set_id"])
    return table.drop(columns=["rank", "start", "batch_id"]).reset_index(drop=True)


def read_sets_on(store: Store, on: date) -> pd.DataFrame:
    """Return the rows of the sets that were in force on a day."""
    sets = store.read("boundary_sets", where={"status": IN_FORCE})
    return sets[sets["set_id"].isin(sets_on(sets, on))].reset_index(drop=True)


def read_areas_on(store: Store, level: AreaLevel, on: date) -> gpd.GeoDataFrame:
    """Return the areas of a level that were in force on a day, each under the parent it had then.

    WGS84, by `area_id`, with the columns of `areas`. Empty where none were in force: a gap is not filled.
    """
    areas = store.read_areas(level, on=on)
    layers = BoundaryLayers(store, store.read("boundary_sets", where={"status": IN_FORCE}))
    chosen = tuple(read_sets_on(store, on)["set_id"])
    parents = layers.parents(level, chosen)
    return areas.assign(parent_id=areas["area_id"].map(parents).astype("str"))


def read_areas_of(store: Store, set_id: str) -> gpd.GeoDataFrame:
    """Return the areas of one set, in force or not, WGS84, by `area_id`."""
    rows = store.read("areas", where={"set_id": set_id}, order_by=["area_id"])
    return gpd.GeoDataFrame(rows, geometry="geom", crs=WGS84)


def find_gaps(store: Store) -> pd.DataFrame:
    """Find days between two sets of one level and scope on which none was in force.

    Returns
    -------
    pandas.DataFrame
        `area_level`, `scope_id`, `set_id` and `next_id` (the sets before and after), `first_on` and
        `after_on` (first day without, first day with again).
    """
    rows = []
    sets = store.read("boundary_sets", where={"status": IN_FORCE})
    for (level, scope), group in sets.groupby(["area_level", "scope_id"], sort=True):
        spans = sorted(
            (read_day(row["valid_from"]) or date.min, read_day(row["valid_to"]) or date.max, row["set_id"])
            for row in group.to_dict("records")
        )
        for (_, end, set_id), (start, _, next_id) in pairwise(spans):
            if end < start:
                rows.append((level, scope, set_id, next_id, end, start))
    columns = ["area_level", "scope_id", "set_id", "next_id", "first_on", "after_on"]
    return pd.DataFrame(rows, columns=columns)


def require_draft_of_named(store: Store, sets: pd.DataFrame, *, seat: Seat) -> None:
    """Let a named person bring boundaries straight into force only where none of their level are yet.

    Raises
    ------
    ChoiceError
        If there are, so that the file has to come in as a draft and be published by somebody else.
    """
    if not seat.is_named:
        return
    known = store.read("boundary_sets", columns=["set_id", "area_level"], where={"status": IN_FORCE})
    for level in sets["area_level"].unique():
        if known["area_level"].eq(level).any():
            raise ChoiceError("boundaries_need_draft", level=level)
