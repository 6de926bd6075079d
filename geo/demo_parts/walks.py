"""Walk the demo's network, to plant blind spots that are really there (示范区步行距离).

Points join the network at the nearest point of a walkable edge, both ways along it, and the walk to
that edge counts. This is a small, plain second implementation: it exists so that the planted truth
does not rest on the code that is later tested with it.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.demo_parts.plan import CENTRE
from geo.demo_parts.streets import Network
from geo.gcj02 import Floats
from geo.measure import metres_per_degree

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Snap:
    """Where points join the network."""

    edge: Ints
    """Position of the edge among the walkable ones."""
    offset_m: Floats
    """Along the edge from its start."""
    walk_m: Floats
    """From the point to the edge, straight."""

    def at(self, rows: Ints) -> Snap:
        """Return some of the points."""
        return Snap(self.edge[rows], self.offset_m[rows], self.walk_m[rows])


def to_metres(lon: Floats, lat: Floats) -> Floats:
    """Return metres east and north of the middle, one row per point; good to 0.1 % in the district."""
    per_lon, per_lat = metres_per_degree(CENTRE[1])
    return np.column_stack(
        [(np.asarray(lon) - CENTRE[0]) * float(per_lon), (np.asarray(lat) - CENTRE[1]) * float(per_lat)]
    )


class Walks:
    """Distances on foot, with the gates as they are; `opened` tells how they were with one more open."""

    def __init__(self, network: Network) -> None:
        self._edges = network.edges
        kept = self._edges[self._edges["walk"].to_numpy()]
        self._start = kept["from_node"].to_numpy() - 1
        self._end = kept["to_node"].to_numpy() - 1
        self._length_m = kept["length_m"].to_numpy()
        self._n = len(network.nodes)
        place = to_metres(network.nodes["lon"].to_numpy(), network.nodes["lat"].to_numpy())
        self._lines = shapely.linestrings(np.stack([place[self._start], place[self._end]], axis=1))
        self._tree = shapely.STRtree(self._lines)
        self._graph = self._join(self._start, self._end, self._length_m)

    def opened(self, edge: int) -> Walks:
        """Return the network with one more edge walkable; points stay joined where they are."""
        more = self._edges.iloc[edge]
        start = np.append(self._start, more["from_node"] - 1)
        end = np.append(self._end, more["to_node"] - 1)
        other = copy(self)
        other._graph = self._join(start, end, np.append(self._length_m, more["length_m"]))
        return other

    def _join(self, start: Ints, end: Ints, length_m: Floats) -> csr_array:
        """Return the graph both ways, with a last node that leads nowhere yet."""
        rows, columns = np.concatenate([start, end]), np.concatenate([end, start])
        return csr_array(
            (np.concatenate([length_m, length_m]), (rows, columns)), shape=(self._n + 1, self._n + 1)
        )

    def snap(self, lon: Floats, lat: Floats) -> Snap:
        """Join points to the nearest walkable edge; the edge that stands first wins a tie."""
        points = shapely.points(to_metres(lon, lat))
        rows, edges = self._tree.query_nearest(points, all_matches=True)
        first = np.unique(rows, return_index=True)[1]
        order = np.lexsort((edges, rows))
        edge = edges[order][first].astype(np.int64)
        lines = self._lines[edge]
        return Snap(edge, shapely.line_locate_point(lines, points), shapely.distance(lines, points))

    def nodes_from(self, sources: Snap, *, limit_m: float = np.inf) -> Floats:
        """Return the metres from every node to the nearest source, infinite beyond the limit."""
        away = np.concatenate(
            [
                sources.walk_m + sources.offset_m,
                sources.walk_m + np.maximum(self._length_m[sources.edge] - sources.offset_m, 0),
            ]
        )
        ends = np.concatenate([self._start[sources.edge], self._end[sources.edge]])
        nearest = np.full(self._n, np.inf)
        np.minimum.at(nearest, ends, away)
        reached = np.flatnonzero(np.isfinite(nearest))
        base = self._graph
        graph = csr_array(
            (
                np.concatenate([base.data, np.maximum(nearest[reached], 1e-6)]),
                np.concatenate([base.indices, reached.astype(base.indices.dtype)]),
                np.concatenate([base.indptr[:-1], [base.nnz + len(reached)]]).astype(base.indptr.dtype),
            ),
            shape=base.shape,
        )
        return np.asarray(dijkstra(graph, directed=True, indices=self._n, limit=limit_m))[: self._n]

    def points_from(self, points: Snap, sources: Snap, *, limit_m: float = np.inf) -> Floats:
        """Return the metres on foot from every point to its nearest source."""
        nodes = self.nodes_from(sources, limit_m=limit_m)
        along = np.minimum(
            nodes[self._start[points.edge]] + points.offset_m,
            nodes[self._end[points.edge]] + np.maximum(self._length_m[points.edge] - points.offset_m, 0),
        )
        best = points.walk_m + along
        for place in np.flatnonzero(np.isin(sources.edge, points.edge)):
            same = np.flatnonzero(points.edge == sources.edge[place])
            direct = (
                np.abs(points.offset_m[same] - sources.offset_m[place])
                + points.walk_m[same]
                + sources.walk_m[place]
            )
            best[same] = np.minimum(best[same], direct)
        return np.asarray(best, dtype=np.float64)
