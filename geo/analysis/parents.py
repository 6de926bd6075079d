"""Find the area of a coarser level that holds each area (上级区域判定).

A boundary file may name the parents of its areas, or not; then they follow from the map. A child
belongs to the parent that most of it lies in. Borders of two levels are drawn by different hands, so
a child hardly ever lies wholly inside: the share tells how well it fits, and a child of which less
than half lies in any parent is told apart from one that lies in none.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import area_m2
from geo.errors import CrsError, DuplicateError

WGS84_EPSG = 4326

SAME_SHARE_DECIMALS = 4
"""Shares that differ by less than 0.01 % are equal: borders are not drawn more exactly than that."""


def find_parents(children: gpd.GeoDataFrame, parents: gpd.GeoDataFrame) -> pd.DataFrame:
    """Find the parent that most of each child lies in.

    Parameters
    ----------
    children, parents
        Polygons in WGS84 with a column `area_id`, unique among the parents. Neither is changed.

    Returns
    -------
    pandas.DataFrame
        One row per child, in the index of `children`.

        - `parent_id` : the parent with the largest share; of equal ones the code that sorts first by
          code point; missing where the child lies in none
        - `inside_share` : share of the child's surface that lies in that parent, 0 to 1
        - `n_parents` : parents that hold any surface of the child

    Raises
    ------
    CrsError
        If a table is not in WGS84.
    DuplicateError
        If a parent's code occurs twice.

    Notes
    -----
    Surfaces are those of the ellipsoid (`geo.crs.area_m2`). A child wholly inside one parent, the
    usual case, is recognised without computing an intersection.
    """
    for name, table in (("children", children), ("parents", parents)):
        if table.crs is None or table.crs.to_epsg() != WGS84_EPSG:
            raise CrsError("table_not_wgs84", table=name)
    if (twice := parents["area_id"][parents["area_id"].duplicated()]).size:
        raise DuplicateError("parent_code_twice", area_id=twice.iloc[0], n_extra=len(twice))
    pairs = _overlaps(children, parents)
    pairs["rank"] = pairs["share"].round(SAME_SHARE_DECIMALS)
    pairs = pairs.sort_values(["child", "rank", "parent_id"], ascending=[True, False, True], kind="stable")
    best = pairs.drop_duplicates("child").set_index("child")
    at = np.arange(len(children))
    found = best.reindex(at)
    counts = pairs["child"].value_counts().reindex(at, fill_value=0)
    return pd.DataFrame(
        {
            "parent_id": found["parent_id"].astype("str").to_numpy(),
            "inside_share": found["share"].fillna(0.0).to_numpy(),
            "n_parents": counts.to_numpy(),
        },
        index=children.index,
    )


def _overlaps(children: gpd.GeoDataFrame, parents: gpd.GeoDataFrame) -> pd.DataFrame:
    """List pairs of child and parent that share surface, with the share of the child."""
    inner = children.geometry.to_numpy(dtype=object)
    outer = parents.geometry.to_numpy(dtype=object)
    tree = shapely.STRtree(outer)
    child, parent = tree.query(inner, predicate="intersects")
    shapely.prepare(outer)
    is_whole = shapely.covers(outer[parent], inner[child])
    share = np.ones(len(child))
    cut = np.flatnonzero(~is_whole)
    shared = shapely.intersection(inner[child[cut]], outer[parent[cut]])
    whole_m2 = area_m2(inner[child[cut]])
    with np.errstate(invalid="ignore", divide="ignore"):
        share[cut] = np.where(whole_m2 > 0, area_m2(shared) / whole_m2, 0.0)
    codes = parents["area_id"].astype("str").to_numpy()
    pairs = pd.DataFrame({"child": child, "parent_id": codes[parent], "share": np.minimum(share, 1.0)})
    return pairs[pairs["share"] > 0].reset_index(drop=True)
