"""Find courtyards and buildings that a border cuts, and places that no area holds (切割与遗漏)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.analysis.assign import AreaIndex
from geo.analysis.faces import measure_width_m
from geo.analysis.findings import make_findings
from geo.measure import area_m2


def find_cut(
    places: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, *, rule: str, tolerance_m: float
) -> gpd.GeoDataFrame:
    """Find places of which several areas hold a part.

    Parameters
    ----------
    places, areas
        Valid polygons in WGS84 with `area_id`.
    rule
        `courtyard_cut`, `courtyard_over_microgrids` or `building_cut`.
    tolerance_m
        Parts narrower than this do not count.

    Returns
    -------
    geopandas.GeoDataFrame
        One finding per place: `area_id` is the place, `value` the areas that hold it, the size all but its
        largest part.
    """
    inner = places.geometry.to_numpy(dtype=object)
    outer = areas.geometry.to_numpy(dtype=object)
    place, area = shapely.STRtree(outer).query(inner, predicate="intersects")
    n = np.bincount(place, minlength=len(inner))
    several = n[place] > 1
    place, area = place[several], area[several]
    parts = shapely.intersection(inner[place], outer[area])
    is_wide = measure_width_m(parts) >= tolerance_m
    codes = areas["area_id"].to_numpy(dtype=object)
    table = pd.DataFrame(
        {"place": place[is_wide], "holder": codes[area[is_wide]], "m2": area_m2(parts[is_wide])}
    ).sort_values(["place", "holder"])
    groups = table.groupby("place")
    rows = groups.agg(holders=("holder", "; ".join), m2=("m2", "sum"), most=("m2", "max"), n=("m2", "size"))
    rows = rows[rows["n"] > 1]
    at = rows.index.to_numpy(dtype=np.int64)
    return make_findings(
        rule,
        area_ids=places["area_id"].to_numpy(dtype=object)[at].tolist(),
        geoms=inner[at],
        sizes=(rows["m2"] - rows["most"]).to_numpy(),
        values=rows["holders"].tolist(),
    )


def find_left_out(points: pd.DataFrame, index: AreaIndex) -> gpd.GeoDataFrame:
    """Find points that lie in no area, with the people there.

    Parameters
    ----------
    points
        `lon`, `lat` (WGS84 degrees), `residents`.
    index
        The areas.

    Returns
    -------
    geopandas.GeoDataFrame
        One finding per point; the size is the residents there.
    """
    lon, lat = points["lon"].to_numpy(dtype=float), points["lat"].to_numpy(dtype=float)
    lost = np.flatnonzero(index.locate(lon, lat) < 0)
    return make_findings(
        "place_in_no_area",
        area_ids=[None] * len(lost),
        geoms=shapely.points(lon[lost], lat[lost]).reshape(-1),
        sizes=points["residents"].to_numpy(dtype=float)[lost],
    )
