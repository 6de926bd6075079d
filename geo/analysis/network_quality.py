"""What is wrong with a network, before anybody trusts it (路网质量).

A coverage computed on broken streets looks like any other. So every network is looked at first: pieces cut
off from the rest and how many people stand on them, ends that just miss a street, lengths that are none,
one-way footways, streets without a name. Nothing is dropped here but by `drop_islands`, which says what it
dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.analysis.network import DM_PER_M, NOT_ALLOWED, WGS84, WalkNetwork
from geo.analysis.snapping import NOWHERE, Snapped
from geo.errors import ChoiceError
from geo.lines import Floats

GAP_M: Final = 10.0
"""Ends of streets nearer than this to another street are told as gaps (fault B30)."""


@dataclass(frozen=True)
class StreetQuality:
    """The state of a network."""

    n_nodes: int
    n_edges: int
    length_m: float
    named_share: float
    """Share of the length that has a name; NaN without streets."""
    n_one_way: int
    """Edges that may be walked in one direction only."""
    n_zero_length: int
    n_no_length: int
    """Edges left out since their length is negative or missing."""
    n_loops: int
    """Edges that end where they begin."""
    n_twins: int
    """Edges beyond the first between the same two nodes with the same length."""
    n_bare_nodes: int
    """Nodes without an edge."""
    n_dead_pieces: int
    """Islands of a single edge."""
    left_out: Mapping[str, int]
    """Edges that are not in the network, by reason."""
    islands: pd.DataFrame
    """Connected parts, the longest first: `n_nodes`, `n_edges`, `length_m`, `n_points`, `residents`; the row
    number is the island."""
    gaps: pd.DataFrame
    """Ends that just miss a street: `node_id`, `edge_id`, `gap_m`, `lon`, `lat`."""


@dataclass(frozen=True)
class Kept:
    """Edges without small islands, and what was left out."""

    edges: gpd.GeoDataFrame
    n_islands: int
    n_edges: int
    length_m: float


def check_network(
    network: WalkNetwork,
    people: Snapped | None = None,
    residents: ArrayLike | None = None,
    *,
    gap_m: float = GAP_M,
) -> StreetQuality:
    """Tell the state of a network.

    Parameters
    ----------
    network
        The streets of one profile.
    people
        Where people live, joined to the network.
    residents
        How many at each point; missing counts as 0.
    gap_m
        How near an end must be to another street to be told as a gap.

    Raises
    ------
    ChoiceError
        If `gap_m` is no length.
    """
    if not 0 <= gap_m < np.inf:
        raise ChoiceError("distance_not_length", name="gap_m", value=gap_m)
    length_m = network.length_dm / DM_PER_M
    is_named = np.array([name is not None for name in network.names], dtype=bool)
    one_way = (network.forward_dm == NOT_ALLOWED) != (network.backward_dm == NOT_ALLOWED)
    low, high = np.minimum(network.start, network.end), np.maximum(network.start, network.end)
    twins = pd.DataFrame({"low": low, "high": high, "dm": network.length_dm}).duplicated()
    islands = _measure_islands(network, people, residents)
    total = float(length_m.sum())
    degree = np.diff(network.beside.first.astype(np.int64))
    return StreetQuality(
        n_nodes=network.n_nodes,
        n_edges=network.n_edges,
        length_m=total,
        named_share=float(length_m[is_named].sum()) / total if total > 0 else float("nan"),
        n_one_way=int(one_way.sum()),
        n_zero_length=int((network.length_dm == 0).sum()),
        n_no_length=network.left_out.get("no_length", 0),
        n_loops=int((network.start == network.end).sum()),
        n_twins=int(twins.sum()),
        n_bare_nodes=int((degree == 0).sum()),
        n_dead_pieces=int((islands["n_edges"] == 1).sum()),
        left_out=network.left_out,
        islands=islands,
        gaps=find_gaps(network, gap_m=gap_m),
    )


def find_islands(network: WalkNetwork) -> NDArray[np.int64]:
    """Return the island of each edge (m,), 0 for the longest; directions are not looked at."""
    if not network.n_edges:
        return np.empty(0, dtype=np.int64)
    n = network.n_nodes
    ones = np.ones(network.n_edges, dtype=np.int8)
    _, part = connected_components(
        coo_array((ones, (network.start, network.end)), shape=(n, n)), directed=False
    )
    of_edge = part[network.start]
    length = np.bincount(of_edge, network.length_dm, minlength=int(part.max()) + 1)
    first = np.full(len(length), network.n_edges)
    np.minimum.at(first, of_edge, np.arange(network.n_edges))
    rank = np.empty(len(length), dtype=np.int64)
    rank[np.lexsort((first, -length, first == network.n_edges))] = np.arange(len(length))
    return np.asarray(rank[of_edge])


def _measure_islands(
    network: WalkNetwork, people: Snapped | None, residents: ArrayLike | None
) -> pd.DataFrame:
    island = find_islands(network)
    n = int(island.max(initial=-1)) + 1
    ends = np.unique(
        np.column_stack([np.tile(island, 2), np.concatenate([network.start, network.end])]), axis=0
    )
    table = pd.DataFrame(
        {
            "n_nodes": np.bincount(ends[:, 0], minlength=n),
            "n_edges": np.bincount(island, minlength=n),
            "length_m": np.bincount(island, network.length_dm / DM_PER_M, minlength=n),
            "n_points": 0,
            "residents": 0.0,
        }
    )
    if people is not None:
        rows = np.flatnonzero(people.edge != NOWHERE)
        of_point = island[people.edge[rows]]
        table["n_points"] = np.bincount(of_point, minlength=n)
        if residents is not None:
            many = np.nan_to_num(np.asarray(residents, dtype=np.float64))[people.owner[rows]]
            table["residents"] = np.bincount(of_point, many, minlength=n)
    return table


def find_gaps(network: WalkNetwork, *, gap_m: float = GAP_M) -> pd.DataFrame:
    """Find ends of streets that just miss another street.

    Parameters
    ----------
    network
        The streets.
    gap_m
        How near the other street must be, in metres. A street that hangs together with the one that ends
        there, at its other end, is not meant.

    Returns
    -------
    pandas.DataFrame
        One row an end, with the nearest such street: `node_id`, `edge_id`, `gap_m`, `lon`, `lat` of the end.
    """
    degree = np.diff(network.beside.first.astype(np.int64))
    ends = np.flatnonzero(degree == 1)
    if not len(ends):
        return _gap_table(network, ends, np.empty(0, dtype=np.int64), np.empty(0))
    own = network.beside.items[network.beside.first[ends]].astype(np.int64)
    owner = np.repeat(np.arange(network.n_edges), np.diff(network.lines.first))
    lines = shapely.linestrings(network.lines.xy, indices=owner)
    points = shapely.points(network.node_xy[ends])
    row, edge = shapely.STRtree(lines).query(points, predicate="dwithin", distance=gap_m)
    tips = np.column_stack([network.start, network.end])
    mine = tips[own[row]]
    touches = (tips[edge][:, :, None] == mine[:, None, :]).any(axis=(1, 2))
    row, edge = row[~touches], edge[~touches]
    apart = shapely.distance(points[row], lines[edge])
    order = np.lexsort((edge, apart, row))
    row, edge, apart = row[order], edge[order], apart[order]
    is_first = np.ones(len(row), dtype=bool)
    is_first[1:] = row[1:] != row[:-1]
    return _gap_table(network, ends[row[is_first]], edge[is_first], apart[is_first])


def _gap_table(
    network: WalkNetwork, ends: NDArray[np.intp], edge: NDArray[np.int64], apart: Floats
) -> pd.DataFrame:
    to_degrees = pyproj.Transformer.from_crs(network.crs, WGS84, always_xy=True)
    lon, lat = to_degrees.transform(network.node_xy[ends, 0], network.node_xy[ends, 1])
    return pd.DataFrame(
        {
            "node_id": network.node_ids[ends],
            "edge_id": network.edge_ids[edge],
            "gap_m": apart,
            "lon": lon,
            "lat": lat,
        }
    )


def drop_islands(edges: gpd.GeoDataFrame, network: WalkNetwork, *, shorter_than_m: float) -> Kept:
    """Leave out connected parts with less street than so many metres; never the longest one.

    Parameters
    ----------
    edges
        The table the network was built from. What the network left out stays in it.
    network
        The network.
    shorter_than_m
        Islands below this length are left out.

    Returns
    -------
    Kept
        The edges that stay, and what was left out, to be told to the user.

    Raises
    ------
    ChoiceError
        If the length is none.
    """
    if not 0 <= shorter_than_m < np.inf:
        raise ChoiceError("distance_not_length", name="shorter_than_m", value=shorter_than_m)
    island = find_islands(network)
    length_m = np.bincount(island, network.length_dm / DM_PER_M)
    is_small = length_m < shorter_than_m
    is_small[:1] = False
    is_out = is_small[island] if len(island) else np.empty(0, dtype=bool)
    gone = edges["edge_id"].isin(network.edge_ids[is_out])
    return Kept(edges[~gone], int(is_small.sum()), int(is_out.sum()), float(length_m[is_small].sum()))
