"""Find an area, who is above and below it, and how many people live there (区域)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from geo.analysis.assign import AreaIndex, build_index
from geo.analysis.chain import coarser_levels
from geo.analysis.denominators import choose_residents, fill_from_children, total_residents
from geo.errors import MissingError
from geo.schema import AREA_LEVELS, CHAIN_LEVELS, AreaLevel
from geo.store.base import CaseFilter, Store

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class AreaName:
    """One step of a breadcrumb."""

    level: AreaLevel
    area_id: str
    name: str


@dataclass(frozen=True)
class AreaCard:
    """What an area is: its name, where it stands in the chain, who looks after it."""

    level: AreaLevel
    area_id: str
    name: str
    parents: tuple[AreaName, ...]
    """The areas above it, coarsest first."""
    box: Box
    """West, south, east, north in WGS84 degrees."""
    area_m2: float
    kind: str | None
    staff: pd.DataFrame
    """Who is responsible on the day asked for: `role`, `name`."""
    n_children: dict[AreaLevel, int] = field(default_factory=dict)
    """Areas below it, per level that has any, coarsest first."""

    @property
    def parent(self) -> AreaName | None:
        """The nearest area above it."""
        return self.parents[-1] if self.parents else None

    @property
    def child_level(self) -> AreaLevel | None:
        """The level shown inside it: the next of the chain, else courtyards, else unit grids."""
        return next(iter(self.n_children), None)

    @property
    def cases(self) -> CaseFilter:
        """The filter that means its cases."""
        return CaseFilter(area_level=self.level, area_id=self.area_id)


def find_area(
    store: Store, area_id: str, *, level: AreaLevel | None = None, at: datetime | None = None
) -> AreaCard:
    """Find one area by its code.

    Parameters
    ----------
    store
        Where to look.
    area_id
        Code, as issued.
    level
        Its level. Where several levels use the code, the coarsest is meant unless this says.
    at
        Moment for which the staff are wanted, UTC; all of them when missing.

    Raises
    ------
    MissingError
        If no published area has that code.
    """
    found = store.find_area(area_id, level=level)
    if found.empty:
        raise MissingError("area_unknown", area_id=area_id)
    row = found.iloc[int(found["area_level"].map(AREA_LEVELS.index).to_numpy().argmin())]
    own_level: AreaLevel = row["area_level"]
    return AreaCard(
        level=own_level,
        area_id=str(row["area_id"]),
        name=str(row["name"]),
        parents=_find_parents(store, own_level, row["parent_id"]),
        box=(float(row["west"]), float(row["south"]), float(row["east"]), float(row["north"])),
        area_m2=float(row["area_m2"]),
        kind=None if pd.isna(row["kind"]) else str(row["kind"]),
        staff=_find_staff(store, area_id, at),
        n_children=_count_children(store, own_level, area_id),
    )


def find_levels(store: Store) -> dict[AreaLevel, int]:
    """Count the published areas of each level that has any, coarsest first."""
    counts = {level: len(store.residents(level)) for level in AREA_LEVELS}
    return {level: n for level, n in counts.items() if n}


def box_of_level(store: Store, level: AreaLevel) -> Box:
    """Return the box of all published areas of a level that has any, WGS84."""
    boxes = store.residents(level)
    west, south = boxes[["west", "south"]].min()
    east, north = boxes[["east", "north"]].max()
    return float(west), float(south), float(east), float(north)


def finer_levels(level: AreaLevel) -> tuple[AreaLevel, ...]:
    """Return the levels that may lie inside a level, in the order they are shown.

    >>> finer_levels("grid")
    ('microgrid', 'courtyard', 'unit_grid')
    """
    if level not in CHAIN_LEVELS:
        return ()
    return AREA_LEVELS[AREA_LEVELS.index(level) + 1 :]


def is_beside_chain(level: AreaLevel) -> bool:
    """Tell whether a level stands beside the chain, so that its areas may reach over a parent's border."""
    return level not in CHAIN_LEVELS


@dataclass(frozen=True)
class Population:
    """The population points that are used, and the list they come from."""

    points: pd.DataFrame
    """`lon`, `lat`, `residents`."""
    source: str
    as_of_on: date | None
    n_sources: int
    """Lists that are stored; only one is counted, so that nobody counts twice."""


def read_population(store: Store) -> Population | None:
    """Read the population points that rates are counted against; None where none are loaded.

    Where several lists are stored, the one with the newest date is taken, then the one with most people.
    """
    table = store.read("population_points", columns=["source", "lon", "lat", "residents", "as_of_on"])
    table = table[table["residents"].notna()]
    if table.empty:
        return None
    dated = pd.to_datetime(table["as_of_on"])
    lists = (
        table.assign(dated=dated).groupby("source").agg(dated=("dated", "max"), people=("residents", "sum"))
    )
    lists = lists.sort_index().sort_values(["dated", "people"], kind="stable", na_position="first")
    source = str(lists.index[-1])
    newest = lists["dated"].iloc[-1]
    return Population(
        points=table.loc[table["source"] == source, ["lon", "lat", "residents"]].reset_index(drop=True),
        source=source,
        as_of_on=None if pd.isna(newest) else newest.date(),
        n_sources=len(lists),
    )


def count_residents(
    store: Store,
    level: AreaLevel,
    *,
    parent_id: str | None = None,
    population: Population | None = None,
    index: AreaIndex | None = None,
    with_children: bool = True,
) -> pd.DataFrame:
    """Return the residents of the areas of one level, and where each figure comes from.

    Parameters
    ----------
    store
        Where to look.
    level, parent_id
        The areas; all of the level when `parent_id` is missing.
    population
        Points from `read_population`; own figures only when missing.
    index
        The index of these areas, where it is there already.
    with_children
        Ask the next finer level of the chain where an area has no figure.

    Returns
    -------
    pandas.DataFrame
        By `area_id`, in order of it: `name`, `parent_id`, `area_m2`, then the columns of
        `geo.analysis.denominators.choose_residents`.
    """
    own = store.residents(level, parent_id=parent_id)
    # plain texts: Arrow's are slow as an index, and this one is looked up for every figure of a map
    own = own.set_index(pd.Index(own["area_id"].to_numpy(dtype=object), dtype=object, name="area_id"))
    own = own.drop(columns="area_id").sort_index()
    sums = None
    if population is not None and len(own):
        sums = _sum_points(index or index_areas(store, level, parent_id=parent_id), population.points)
    chosen = choose_residents(own["residents"].astype(float), sums)
    if with_children and chosen["residents"].isna().any():
        chosen = _fill(store, level, parent_id, chosen, population)
    return own[["name", "parent_id", "area_m2"]].join(chosen)


def index_areas(store: Store, level: AreaLevel, *, parent_id: str | None = None) -> AreaIndex:
    """Build the index that tells which area of a level holds a point."""
    areas = store.read_areas(level, parent_id=parent_id)
    return build_index(areas.geometry.to_numpy(), ids=areas["area_id"].tolist())


def index_neighbours(store: Store, card: AreaCard) -> AreaIndex:
    """Build the index of an area and of the areas of its level that may touch it."""
    boxes = store.residents(card.level)
    west, south, east, north = card.box
    is_near = (
        (boxes["west"] <= east)
        & (boxes["east"] >= west)
        & (boxes["south"] <= north)
        & (boxes["north"] >= south)
    )
    near = store.read_areas(card.level, area_ids=boxes.loc[is_near, "area_id"].tolist())
    return build_index(near.geometry.to_numpy(), ids=near["area_id"].tolist())


def residents_of_all(store: Store, *, population: Population | None) -> float:
    """Return the residents of everything: those of the coarsest level that has areas; NaN if unknown."""
    for level in CHAIN_LEVELS:
        table = count_residents(store, level, population=population)
        if len(table):
            return total_residents(table)
    return float("nan") if population is None else float(population.points["residents"].sum())


def _fill(
    store: Store,
    level: AreaLevel,
    parent_id: str | None,
    chosen: pd.DataFrame,
    population: Population | None,
) -> pd.DataFrame:
    for finer in (name for name in finer_levels(level) if not is_beside_chain(name)):
        children = count_residents(
            store, finer, parent_id=parent_id, population=population, with_children=False
        )
        if len(children):
            return fill_from_children(chosen, children, children["parent_id"])
    return chosen


def _sum_points(index: AreaIndex, points: pd.DataFrame) -> pd.Series:
    found = index.locate(points["lon"].to_numpy(dtype=float), points["lat"].to_numpy(dtype=float))
    inside = found >= 0
    people = points["residents"].to_numpy(dtype=float)
    sums = np.bincount(found[inside], weights=people[inside], minlength=len(index.ids))
    return pd.Series(sums, index=list(index.ids))


def _find_parents(store: Store, level: AreaLevel, parent_id: object) -> tuple[AreaName, ...]:
    steps: list[AreaName] = []
    while isinstance(parent_id, str):
        found = ((above, _named(store, above, parent_id)) for above in coarser_levels(level))
        above, row = next(((above, row) for above, row in found if len(row)), (level, None))
        if row is None:
            break
        steps.append(AreaName(above, parent_id, str(row["name"].iloc[0])))
        level, parent_id = above, row["parent_id"].iloc[0]
    return tuple(reversed(steps))


def _named(store: Store, level: AreaLevel, area_id: str) -> pd.DataFrame:
    """Return the row of one area in the table of its level, which is kept."""
    table = store.residents(level)
    return table[(table["area_id"] == area_id).to_numpy()]


def _count_children(store: Store, level: AreaLevel, area_id: str) -> dict[AreaLevel, int]:
    counts = store.count_under(area_id)
    return {finer: counts[finer] for finer in finer_levels(level) if counts[finer]}


def _find_staff(store: Store, area_id: str, at: datetime | None) -> pd.DataFrame:
    staff = store.read(
        "area_staff",
        columns=["role", "name", "valid_from", "valid_to"],
        where={"area_id": area_id},
        order_by=["role", "name"],
    )
    if at is not None and len(staff):
        day = pd.Timestamp(at.astimezone(ZoneInfo(store.time_zone)).date())
        first, after = pd.to_datetime(staff["valid_from"]), pd.to_datetime(staff["valid_to"])
        staff = staff[(first.isna() | (first <= day)) & (after.isna() | (after > day))]
    return staff[["role", "name"]].reset_index(drop=True)


def names_of(store: Store, level: AreaLevel, area_ids: Sequence[str]) -> dict[str, str]:
    """Return the names of areas of one level by code."""
    table = store.residents(level)
    wanted = table[table["area_id"].isin(list(area_ids))]
    return dict(zip(wanted["area_id"], wanted["name"], strict=True))
