"""Place points in a whole chain of levels at once (逐级落格).

The finest level of the chain that holds a point decides, and its parents give the coarser levels, so
that the parts of an area always add up to it. Where the finest level has a gap the next coarser one is
asked. A position with a wide radius of doubt is placed at the finest level whose border lies beyond
that radius: nothing is guessed. Levels beside the chain are asked on their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.analysis.assign import AreaIndex, assign_points, index_areas, measure_borders
from geo.analysis.chain import climb
from geo.schema import AREA_LEVELS, BESIDE_LEVELS, CHAIN_LEVELS, AreaLevel

NEAR_BORDER_M = 20.0
"""Points nearer than this to the border of their finest area carry the distance: a hotline point is
rarely surveyed better than half a street's width."""

LEVEL_COLUMNS = tuple(f"{level}_id" for level in AREA_LEVELS)

Codes = npt.NDArray[np.int32]
"""Places in a vocabulary of area codes; -1 = none."""
Floats = npt.NDArray[np.float64]

_PLACED_BY = ("none", "point", "nearest", "stated")
_NONE, _POINT, _NEAREST, _STATED = range(4)


@dataclass(frozen=True)
class Chain:
    """The areas that apply, indexed, with the ancestors of each. Made by `build_chain`."""

    indexes: Mapping[AreaLevel, AreaIndex]
    words: Mapping[str, tuple[str, ...]]
    """Per column `<level>_id` the codes of that level."""
    climbs: Mapping[AreaLevel, Mapping[str, Codes]]
    """Per level and column, for each area of the level its place in `words`."""
    places: Mapping[AreaLevel, Mapping[str, int]]
    """Per level, code → its place among the areas of the level."""


@dataclass(frozen=True)
class Stated:
    """Areas that a source states: level and code for each point, missing where it states none."""

    level: pd.Series
    area_id: pd.Series


def build_chain(areas: Mapping[AreaLevel, gpd.GeoDataFrame]) -> Chain:
    """Index the areas of all levels.

    Parameters
    ----------
    areas
        Per level a table with `area_id`, `parent_id` and polygons in any CRS. May be empty.
    """
    climbed = climb(areas)
    words = {f"{level}_id": tuple(table.index) for level, table in climbed.items()}
    lookup = {column: pd.Index(codes, dtype="str") for column, codes in words.items()}
    indexes = {level: index_areas(table) for level, table in areas.items()}
    climbs: dict[AreaLevel, dict[str, Codes]] = {}
    for level, table in climbed.items():
        own = table.reindex(list(indexes[level].ids))
        climbs[level] = {
            str(name): lookup[str(name)].get_indexer(pd.Index(own[name])).astype(np.int32) for name in own
        }
    places = {level: {code: k for k, code in enumerate(index.ids)} for level, index in indexes.items()}
    return Chain(indexes, words, climbs, places)


def place_points(
    lon: Floats,
    lat: Floats,
    chain: Chain,
    *,
    doubt_m: Floats | None = None,
    stated: Stated | None = None,
    max_distance_m: float = 0.0,
) -> pd.DataFrame:
    """Place points in every level of a chain.

    Parameters
    ----------
    lon, lat
        Points (n,) in WGS84 degrees; NaN where there is no position.
    chain
        The areas.
    doubt_m
        Radius (n,) in metres in which the true place of each point lies; 0 or missing where the point
        itself is meant.
    stated
        Areas that the source states; used for points that are placed by nothing else.
    max_distance_m
        How far outside every area a point may lie and still take the nearest of the finest level.

    Returns
    -------
    pandas.DataFrame
        One row per point: a column `<level>_id` for each level (category, missing where none), `placed_by`
        (`point`, `nearest`, `stated` or `none`) and `border_m` (metres to the border of the finest area
        that holds it where below `NEAR_BORDER_M`, else NaN).
    """
    n = len(lon)
    codes = {column: np.full(n, -1, dtype=np.int32) for column in LEVEL_COLUMNS}
    placed_by = np.full(n, _NONE, dtype=np.int8)
    border_m = np.full(n, np.nan)
    doubt = np.zeros(n) if doubt_m is None else doubt_m
    waiting = ~np.isnan(lon)
    present = [level for level in reversed(CHAIN_LEVELS) if level in chain.indexes]
    for level in present:
        rows = np.flatnonzero(waiting)
        if not len(rows):
            break
        position, near_m = _locate(chain.indexes[level], lon[rows], lat[rows], doubt[rows])
        hit = position >= 0
        if level != present[-1]:
            hit &= ~(near_m < doubt[rows])
        _climb_into(codes, chain.climbs[level], rows[hit], position[hit])
        placed_by[rows[hit]] = _POINT
        border_m[rows[hit]] = np.where(near_m < NEAR_BORDER_M, near_m, np.nan)[hit]
        waiting[rows[hit]] = False
    if max_distance_m > 0 and waiting.any() and present:
        rows = np.flatnonzero(waiting)
        areas = chain.indexes[present[0]]
        found = assign_points(lon[rows], lat[rows], areas, max_distance_m=max_distance_m)["area_id"]
        nearest: Codes = np.array([chain.places[present[0]].get(c, -1) for c in found], dtype=np.int32)
        hit = nearest >= 0
        _climb_into(codes, chain.climbs[present[0]], rows[hit], nearest[hit])
        placed_by[rows[hit]] = _NEAREST
    _place_beside(codes, chain, lon, lat)
    if stated is not None:
        _place_stated(codes, placed_by, chain, stated)
    columns = {column: _spell(codes[column], chain.words.get(column, ())) for column in LEVEL_COLUMNS}
    return pd.DataFrame({**columns, "placed_by": _spell(placed_by, _PLACED_BY), "border_m": border_m})


def _locate(index: AreaIndex, lon: Floats, lat: Floats, doubt_m: Floats) -> tuple[Codes, Floats]:
    position = index.locate(lon, lat)
    reach_m = max(NEAR_BORDER_M, float(doubt_m.max(initial=0.0)))
    return position, measure_borders(index, lon, lat, position, near_border_m=reach_m)


def _place_beside(codes: dict[str, Codes], chain: Chain, lon: Floats, lat: Floats) -> None:
    rows = np.flatnonzero(~np.isnan(lon))
    for level in BESIDE_LEVELS:
        if level in chain.indexes and len(rows):
            position = chain.indexes[level].locate(lon[rows], lat[rows])
            own = chain.climbs[level][f"{level}_id"]
            codes[f"{level}_id"][rows] = np.append(own, np.int32(-1))[position]


def _place_stated(
    codes: dict[str, Codes], placed_by: npt.NDArray[np.int8], chain: Chain, stated: Stated
) -> None:
    """Give points that only state an area that area, and those above it."""
    lacking = (placed_by == _NONE) & stated.area_id.notna().to_numpy()
    for level, places in chain.places.items():
        rows = np.flatnonzero(lacking & stated.level.eq(level).fillna(value=False).to_numpy(bool))
        position: Codes = np.array(
            [places.get(code, -1) for code in stated.area_id.iloc[rows]], dtype=np.int32
        )
        hit = position >= 0
        _climb_into(codes, chain.climbs[level], rows[hit], position[hit])
        placed_by[rows[hit]] = _STATED


def _climb_into(
    codes: dict[str, Codes],
    climbs: Mapping[str, Codes],
    rows: npt.NDArray[np.intp],
    position: npt.NDArray[np.signedinteger],
) -> None:
    """Write areas and their ancestors into the rows."""
    for column, ancestors in climbs.items():
        codes[column][rows] = ancestors[position]


def _spell(codes: npt.NDArray[np.integer], words: tuple[str, ...]) -> pd.Categorical:
    """Spell codes out without repeating a word in memory; -1 becomes missing."""
    return pd.Categorical.from_codes(codes.astype(np.int32), categories=pd.Index(words, dtype="str"))
