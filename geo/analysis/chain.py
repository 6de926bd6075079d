"""Climb the administrative chain: from an area to all the areas above it (区县-街道-社区-网格-微网格).

Every area names one parent, the area of the nearest coarser level that holds it; levels may be
missing in between. This module turns these single steps into one table per level that names the
ancestor at every coarser level, so that a case placed in a micro-grid is at once in its grid,
community, sub-district and district.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from geo.schema import AREA_LEVELS, CHAIN_LEVELS, AreaLevel


def climb(areas: Mapping[AreaLevel, pd.DataFrame]) -> dict[AreaLevel, pd.DataFrame]:
    """Name the ancestors of every area.

    Parameters
    ----------
    areas
        Per level a table with `area_id` and `parent_id` (missing where there is none). A parent is
        looked for in the nearest coarser level of the chain that has its code; one that is found
        nowhere counts as missing.

    Returns
    -------
    dict
        Per level a table indexed by `area_id` with a column `<level>_id` for the level itself and
        for every coarser level of the chain, missing where there is no such ancestor.

    Examples
    --------
    >>> grids = pd.DataFrame({"area_id": ["G1"], "parent_id": ["C1"]})
    >>> communities = pd.DataFrame({"area_id": ["C1"], "parent_id": [None]})
    >>> climb({"community": communities, "grid": grids})["grid"].loc["G1", "community_id"]
    'C1'
    """
    climbed: dict[AreaLevel, pd.DataFrame] = {}
    for level in AREA_LEVELS:
        if level not in areas:
            continue
        coarser = [other for other in coarser_levels(level) if other in climbed]
        table = areas[level].drop_duplicates("area_id").set_index("area_id")
        columns = {f"{level}_id": pd.Series(table.index, index=table.index, dtype="str")}
        waiting = table["parent_id"].astype("str")
        for above in coarser:
            found = waiting.isin(climbed[above].index) & waiting.notna()
            if not found.any():
                continue
            ancestors = climbed[above].loc[waiting[found].tolist()].set_axis(table.index[found])
            for name in ancestors.columns:
                column = columns.setdefault(name, pd.Series(pd.NA, index=table.index, dtype="str"))
                column[ancestors.index] = ancestors[name]
            waiting = waiting.mask(found)
        climbed[level] = pd.DataFrame(columns)
    return climbed


def coarser_levels(level: AreaLevel) -> tuple[AreaLevel, ...]:
    """Return the levels of the chain above a level, nearest first.

    Courtyards and unit grids stand beside the chain; any level of it may hold them.

    Examples
    --------
    >>> coarser_levels("community")
    ('subdistrict', 'district')
    """
    above = CHAIN_LEVELS[: CHAIN_LEVELS.index(level)] if level in CHAIN_LEVELS else CHAIN_LEVELS
    return tuple(reversed(above))
