"""Which area of a coarser level each area belongs to, when boundaries come in or change (上级区域).

A file may name the parents of its areas. Where it does not, the area that holds most of one is its parent.
Finer areas that are stored get another parent when a coarser level comes in or is drawn anew.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from geo.analysis.parents import find_parents
from geo.schema import BESIDE_LEVELS, CHAIN_LEVELS, AreaLevel
from geo.store.base import Store

LEAST_HELD_SHARE = 0.5
"""An area of the chain belongs to the parent that holds more than half of it."""
LEAST_HELD_SHARE_BESIDE = 0.95
"""A courtyard may reach over several micro-grids; its parent is the first level that holds it whole,
up to slivers."""


def coarser_present(store: Store, level: AreaLevel) -> list[AreaLevel]:
    """Return the coarser levels of the chain that have areas, nearest first."""
    above = CHAIN_LEVELS[: CHAIN_LEVELS.index(level)] if level in CHAIN_LEVELS else CHAIN_LEVELS
    return [other for other in reversed(above) if len(store.residents(other))]


def with_parents(store: Store, areas: gpd.GeoDataFrame, level: AreaLevel) -> gpd.GeoDataFrame:
    """Fill the parents that the file does not name, from the nearest coarser level that holds them."""
    areas = areas.copy()
    if "parent_id" not in areas:
        areas["parent_id"] = pd.Series(pd.NA, index=areas.index, dtype="str")
    for above in coarser_present(store, level):
        waiting = areas["parent_id"].isna()
        if not waiting.any():
            break
        areas.loc[waiting, "parent_id"] = held_by(areas[waiting], store.read_areas(above), level)
    return areas


def held_by(children: gpd.GeoDataFrame, parents: gpd.GeoDataFrame, level: AreaLevel) -> pd.Series:
    """Return the area that holds each child, missing where none does well enough."""
    found = find_parents(children, parents)
    least = LEAST_HELD_SHARE if level in CHAIN_LEVELS else LEAST_HELD_SHARE_BESIDE
    return found["parent_id"].where(found["inside_share"] >= least)


def adopted_children(store: Store, areas: gpd.GeoDataFrame, level: AreaLevel) -> gpd.GeoDataFrame:
    """Return finer areas already stored that get a parent from the areas now brought in."""
    if level not in CHAIN_LEVELS:
        return areas.iloc[:0]
    adopted = []
    position = CHAIN_LEVELS.index(level)
    between: set[str] = set()
    for finer in (*CHAIN_LEVELS[position + 1 :], *BESIDE_LEVELS):
        sets = store.read("boundary_sets", where={"status": "published", "area_level": finer})
        open_sets = list(sets.loc[sets["valid_to"].isna(), "set_id"])
        if not open_sets:
            continue
        rows = store.read("areas", where={"set_id": open_sets})
        table = gpd.GeoDataFrame(rows, geometry="geom", crs="EPSG:4326")
        lacking = table[~table["parent_id"].isin(between) | table["parent_id"].isna()]
        if len(lacking):
            parents = held_by(lacking, areas, finer)
            lacking = lacking.assign(parent_id=parents.where(parents.notna(), lacking["parent_id"]))
            adopted.append(lacking[parents.notna() & parents.ne(table.loc[lacking.index, "parent_id"])])
        between |= set(table["area_id"])
    return pd.concat(adopted, ignore_index=True) if adopted else areas.iloc[:0]
