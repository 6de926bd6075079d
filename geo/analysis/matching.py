"""Find corners of one area that lie on an edge of its neighbour, which lacks them (不匹配的边).

There is no gap and no overlap to speak of, but the two are not flush to the bit: whatever moves or thins
one border later opens a crack. The remedy is to give the neighbour the corner.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.analysis.edges import Edges, Ints
from geo.analysis.findings import make_findings

REACH_DEG = 1e-8
"""A corner this near an edge lies on it: a millimetre."""


def list_loose_corners(edges: Edges, which: Ints) -> pd.DataFrame:
    """List corners that lie on an edge of another area.

    Parameters
    ----------
    edges
        Edges of areas.
    which
        Those that cancel nowhere.

    Returns
    -------
    pandas.DataFrame
        `edge` (position in `edges`), `corner` (position in `edges.corners`), `owner` of the edge,
        `other` that has the corner.
    """
    ends = pd.DataFrame(
        {
            "corner": np.concatenate([edges.start[which], edges.end[which]]),
            "other": np.tile(edges.owner[which], 2),
        }
    ).drop_duplicates(ignore_index=True)
    places = np.unique(ends["corner"].to_numpy())
    lines = edges.lines(which)
    points = shapely.points(edges.corners[places])
    near, line = shapely.STRtree(lines).query(points, predicate="dwithin", distance=REACH_DEG)
    corner, edge = places[near], which[line]
    is_end = (corner == edges.start[edge]) | (corner == edges.end[edge])
    found = pd.DataFrame({"edge": edge[~is_end], "corner": corner[~is_end]})
    found["owner"] = edges.owner[found["edge"].to_numpy()]
    found = found.merge(ends, on="corner")
    has_it = found.merge(
        ends.rename(columns={"other": "owner"}), on=["corner", "owner"], how="left", indicator="has"
    )["has"].eq("both")
    return found[(found["owner"] != found["other"]) & ~has_it.to_numpy()].reset_index(drop=True)


def find_loose_corners(edges: Edges, which: Ints, ids: Sequence[str]) -> gpd.GeoDataFrame:
    """Tell the corners that lie on an edge of a neighbour: one finding per pair of areas.

    `area_id` lacks the corners, `other_id` has them; the size is how many they are.
    """
    found = list_loose_corners(edges, which) if len(which) else pd.DataFrame(columns=["owner"])
    if found.empty:
        return make_findings("edge_not_matching", area_ids=[], geoms=[])
    found = found.drop_duplicates(["owner", "other", "corner"]).sort_values(["owner", "other", "corner"])
    owner, other, corner = (found[name].to_numpy(dtype=np.int64) for name in ("owner", "other", "corner"))
    pair = np.cumsum(np.append(0, (np.diff(owner) != 0) | (np.diff(other) != 0)))
    first = np.flatnonzero(np.append(True, np.diff(pair) != 0))
    return make_findings(
        "edge_not_matching",
        area_ids=[ids[at] for at in owner[first].tolist()],
        other_ids=[ids[at] for at in other[first].tolist()],
        geoms=shapely.multipoints(shapely.points(edges.corners[corner]), indices=pair),
        sizes=np.bincount(pair),
    )
