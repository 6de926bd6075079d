"""Draw what can be reached on foot (步行服务范围).

A catchment is made of the pieces of street that are reached, each cut exactly at the limit, given a width and
joined. It is no hull: land that no reached street passes is not in it, and neither is the far bank of a
river without a bridge. The straight way from the door to the street belongs to it, so a start is never lost.
A larger limit never gives a smaller catchment: each is joined with the ones before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.network import DM_PER_M, NOT_ALLOWED, WGS84, WalkNetwork
from geo.analysis.reach import Direction, Reach, measure_reach
from geo.analysis.snapping import NOWHERE, Snapped, join_places
from geo.analysis.walk_queue import LABEL_SHIFT, UNREACHED, Ints
from geo.errors import ChoiceError
from geo.lines import Floats, cut_lines

WIDTH_M: Final = 25.0
"""Half the width given to a street: the front row of buildings on either side."""
BARRIER_M: Final = 0.5
"""Half the width given to a barrier that is drawn as a line."""
PATH_M: Final = 1.0
"""Half the width a street keeps on a bridge over a barrier."""

_QUARTER = 4
"""Points on a quarter of a circle."""


@dataclass(frozen=True)
class Pieces:
    """Parts of edges that are reached, none of them twice."""

    edge: NDArray[np.int64]
    """Position of the edge in the network."""
    from_dm: Floats
    to_dm: Floats
    """Along the edge from its start."""

    @property
    def length_m(self) -> float:
        """Length of all pieces."""
        return float((self.to_dm - self.from_dm).sum()) / DM_PER_M


def find_reached(reach: Reach, *, limit_m: float) -> Pieces:
    """Find the parts of edges from which (or to which) the walk is within a limit.

    Parameters
    ----------
    reach
        What `measure_reach` found, with a limit at least as long.
    limit_m
        Longest walk in metres of level street.

    Returns
    -------
    Pieces
        Cut exactly at the limit; overlapping parts are joined.
    """
    network, limit = reach.network, limit_m * DM_PER_M
    to_end, to_start = network.forward_dm, network.backward_dm
    if reach.direction == "from":
        to_end, to_start = to_start, to_end
    length = network.length_dm.astype(np.float64)
    used = (reach.labels[:, 0] >> LABEL_SHIFT).astype(np.float64)
    left: Floats = np.where(reach.labels[:, 0] < UNREACHED, limit - used, -1.0)
    every = np.arange(network.n_edges)
    by_start = _along(left[network.start], to_start, length)
    by_end = _along(left[network.end], to_end, length)
    rows = np.flatnonzero(reach.goals.edge != NOWHERE)
    own = reach.goals.edge[rows].astype(np.int64)
    spare: Floats = limit - reach.goals.walk_dm[rows].astype(np.float64)
    at = reach.goals.offset_dm[rows].astype(np.float64)
    edge = np.concatenate([every, every, own])
    low = np.concatenate(
        [np.zeros(len(every)), length - by_end, at - _along(spare, to_end[own], length[own])]
    )
    high = np.concatenate([by_start, length, at + _along(spare, to_start[own], length[own])])
    is_there = np.concatenate([by_start >= 0, by_end >= 0, spare >= 0])
    return _join(edge[is_there], np.maximum(low, 0)[is_there], np.minimum(high, length[edge])[is_there])


def _along(left: Floats, cost: Ints, length: Floats) -> Floats:
    """Return how far along edges one gets with what is left, -1 where not even onto them; 0 where not allowed."""
    whole = np.where(cost > 0, cost, 1)
    far = np.where(length > 0, np.minimum(left * length / whole, length), 0.0)
    return np.asarray(np.where(left < 0, -1.0, np.where(cost == NOT_ALLOWED, 0.0, far)))


def _join(edge: NDArray[np.int64], low: Floats, high: Floats) -> Pieces:
    order = np.lexsort((low, edge))
    edge, low, high = edge[order], low[order], high[order]
    if not len(edge):
        return Pieces(edge, low, high)
    step = float(high.max()) + 1.0
    farthest = np.maximum.accumulate(high + edge * step)
    is_new = np.concatenate([[True], low[1:] + edge[1:] * step > farthest[:-1]])
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], len(edge)) - 1
    top = farthest[last] - edge[last] * step
    is_long = top > low[first] + 1e-6
    return Pieces(edge[first][is_long], low[first][is_long], top[is_long])


def make_catchments(
    network: WalkNetwork,
    goals: Snapped,
    *,
    limits_m: Sequence[float],
    direction: Direction = "to",
    width_m: float = WIDTH_M,
    barriers: gpd.GeoSeries | None = None,
) -> gpd.GeoDataFrame:
    """Draw the catchments of facilities, all of them together, for several limits.

    Parameters
    ----------
    network
        The streets.
    goals
        Facilities, or one of them (`Snapped.of`), joined to the network.
    limits_m
        Longest walks, in metres of level street.
    direction
        Whether one walks to the facility (who can come) or from it (where one gets to).
    width_m
        How far the catchment reaches to either side of a street.
    barriers
        Water, railways and walls, lines or polygons in any CRS, that the width must not reach across.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each limit, ascending: `limit_m`, `street_m` (length of street reached) and `geom`
        (MultiPolygon, WGS84; empty where no facility is joined). Each lies in the next.

    Raises
    ------
    ChoiceError
        If there is no limit, one is given twice, or one is not above 0.
    """
    limits = sorted(limits_m)
    if not limits or len(set(limits)) < len(limits) or not limits[0] > 0 or not width_m > 0:
        raise ChoiceError("catchment_limits_wrong", limits=", ".join(f"{limit:g}" for limit in limits))
    reach = measure_reach(network, goals, limit_m=limits[-1], direction=direction)
    walls = None if barriers is None else _lay_barriers(network, barriers)
    shape, rows = shapely.MultiPolygon(), []
    for limit_m in limits:
        pieces = find_reached(reach, limit_m=limit_m)
        ways = np.concatenate([draw_pieces(network, pieces), _draw_doors(network, goals, limit_m)])
        shape = shapely.union(shape, _widen(ways, width_m, walls))
        rows.append((limit_m, pieces.length_m, _as_multi(shape)))
    table = gpd.GeoDataFrame(rows, columns=["limit_m", "street_m", "geom"], geometry="geom", crs=network.crs)
    return table.to_crs(WGS84)


def draw_pieces(network: WalkNetwork, pieces: Pieces) -> NDArray[np.object_]:
    """Return pieces as LineStrings in the plane of the network."""
    per_dm = network.lines.length[pieces.edge] / np.maximum(network.length_dm[pieces.edge], 1)
    return cut_lines(network.lines, pieces.edge, pieces.from_dm * per_dm, pieces.to_dm * per_dm)


def _draw_doors(network: WalkNetwork, goals: Snapped, limit_m: float) -> NDArray[np.object_]:
    """Return the straight ways from the doors towards the street, as far as the limit allows."""
    rows = np.flatnonzero(goals.edge != NOWHERE)
    door, street = goals.xy[rows], join_places(network, goals)[rows]
    walk_m = goals.walk_dm[rows] / DM_PER_M
    share = np.minimum(1.0, np.divide(limit_m, walk_m, out=np.ones(len(rows)), where=walk_m > 0))
    end = door + share[:, None] * (street - door)
    return np.asarray(shapely.linestrings(np.stack([door, end], axis=1)), dtype=object)


def _widen(ways: NDArray[np.object_], width_m: float, walls: shapely.Geometry | None) -> shapely.Geometry:
    """Return the land beside ways; of what barriers cut off only the parts that a way enters."""
    land = shapely.union_all(shapely.buffer(ways, width_m, quad_segs=_QUARTER))
    if walls is None or land.is_empty:
        return land
    parts = shapely.get_parts(shapely.difference(land, walls))
    tree = shapely.STRtree(parts)
    entered = np.unique(tree.query(ways, predicate="intersects")[1])
    path = shapely.buffer(ways, PATH_M, quad_segs=_QUARTER)
    return shapely.union_all(np.concatenate([parts[entered], path]))


def _lay_barriers(network: WalkNetwork, barriers: gpd.GeoSeries) -> shapely.Geometry:
    plane = barriers.to_crs(network.crs).to_numpy()
    return shapely.union_all(shapely.buffer(plane, BARRIER_M, quad_segs=1))


def _as_multi(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
