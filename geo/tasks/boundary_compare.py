"""Compare two boundary sets, and share the areas of one out among those of another (版本对比与换算)."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from geo.analysis.crosswalk import Crosswalk, cross_by_area, cross_by_points
from geo.analysis.set_changes import SetChanges, compare_sets
from geo.errors import ChoiceError, MissingError
from geo.store.base import Store
from geo.tasks.areas import read_population
from geo.tasks.boundary_sets import SetCard, find_set, read_areas_of

Weight = Literal["area", "population", "households", "addresses"]
WEIGHTS: tuple[Weight, ...] = ("area", "population", "households", "addresses")
"""What an area is shared out by: its surface; the residents or households at population points (households of
buildings where those have none); the buildings that stand in it, one address each."""


def compare_boundary_sets(store: Store, old_id: str, new_id: str) -> SetChanges:
    """Say what became of each area from one set to another of the same level.

    Raises
    ------
    MissingError
        If there is no such set.
    ChoiceError
        If they are of different levels.
    """
    _require_one_level(find_set(store, old_id), find_set(store, new_id))
    return compare_sets(read_areas_of(store, old_id), read_areas_of(store, new_id))


def make_crosswalk(store: Store, old_id: str, new_id: str, *, by: Weight) -> Crosswalk:
    """Share the areas of one set out among those of another; the levels may differ.

    Raises
    ------
    MissingError
        If there is no such set, or nothing in the store to weigh by.
    """
    old, new = (read_areas_of(store, find_set(store, set_id).set_id) for set_id in (old_id, new_id))
    if by == "area":
        return cross_by_area(old, new)
    return cross_by_points(old, new, _read_weights(store, by))


def _require_one_level(old: SetCard, new: SetCard) -> None:
    if old.level != new.level:
        raise ChoiceError(
            "sets_of_other_levels",
            set_id=old.set_id,
            level=old.level,
            other=new.set_id,
            other_level=new.level,
        )


def _read_weights(store: Store, by: Weight) -> pd.DataFrame:
    """Return the points that weigh: `lon`, `lat`, `weight`."""
    if by == "addresses":
        points = store.read("buildings", columns=["building_id", "lon", "lat"]).assign(weight=1.0)
    else:
        population = read_population(store)
        column = "residents" if by == "population" else "households"
        columns = ["source", "point_id", "lon", "lat", column]
        source = "" if population is None else population.source
        points = store.read("population_points", columns=columns, where={"source": source})
        points = points.rename(columns={column: "weight"})
        if by == "households" and not points["weight"].notna().any():
            points = store.read("buildings", columns=["building_id", "lon", "lat", "households"])
            points = points.rename(columns={"households": "weight"})
    points = points.assign(weight=points["weight"].astype("float64"))
    if not (points["weight"] > 0).any():
        raise MissingError("crosswalk_without_weights", weight=by)
    return points[["lon", "lat", "weight"]]
