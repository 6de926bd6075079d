"""Small networks in metres at a true place, and a second way of walking them."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyproj
import shapely

from geo.analysis.network import build_network
from geo.analysis.profiles import Profile

ADULT = Profile("adult", 1.0)
PLANE = pyproj.CRS.from_epsg(4547)
"""CGCS2000 3-degree, 114°E; the network below chooses the same plane."""
ORIGIN = (500_000.0, 3_380_000.0)
TO_DEGREES = pyproj.Transformer.from_crs(PLANE, 4326, always_xy=True)


def to_degrees(xy):
    """Return degrees of metres on the plan, (n, 2)."""
    xy = np.asarray(xy, dtype=float).reshape(-1, 2) + ORIGIN
    return np.column_stack(TO_DEGREES.transform(*xy.T))


def tables(corners, edges, **columns):
    """Return nodes and edges: corners in metres, edges as pairs of corners or (a, b, [corners between])."""
    corners = np.asarray(corners, dtype=float).reshape(-1, 2)
    degrees = to_degrees(corners)
    nodes = pd.DataFrame(
        {"node_id": np.arange(1, len(corners) + 1), "lon": degrees[:, 0], "lat": degrees[:, 1]}
    )
    lines, length_m = [], []
    for a, b, *via in edges:
        course = np.vstack([corners[a], *[np.atleast_2d(v) for v in via], corners[b]])
        lines.append(shapely.LineString(to_degrees(course)))
        length_m.append(np.hypot(*np.diff(course, axis=0).T).sum())
    table = {
        "edge_id": np.arange(1, len(edges) + 1),
        "from_node": [e[0] + 1 for e in edges],
        "to_node": [e[1] + 1 for e in edges],
        "length_m": np.array(length_m, dtype=float),
        "walk": np.ones(len(edges), dtype=bool),
        **columns,
    }
    return nodes, gpd.GeoDataFrame({**table, "geom": lines}, geometry="geom", crs=4326)


def make(corners, edges, profile=ADULT, **columns):
    """Return the network of corners and edges."""
    return build_network(*tables(corners, edges, **columns), profile=profile)


def lattice(n_x, n_y, step_m=100.0):
    """Return corners and edges of a lattice; corner (i, j) has the number i + j * n_x."""
    corners = [(i * step_m, j * step_m) for j in range(n_y) for i in range(n_x)]
    edges = [(i + j * n_x, i + 1 + j * n_x) for j in range(n_y) for i in range(n_x - 1)]
    edges += [(i + j * n_x, i + (j + 1) * n_x) for j in range(n_y - 1) for i in range(n_x)]
    return corners, edges


def as_graph(network, goals=None):
    """Return the same network as a networkx graph in decimetres, each goal a node ("goal", owner).

    Goals are put into their edges as nodes of their own, so that nothing is shared with the code under test.
    """
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(network.n_nodes))
    stops = {}
    rows = () if goals is None else np.flatnonzero(goals.edge >= 0)
    for row in rows:
        stops.setdefault(int(goals.edge[row]), []).append((int(goals.offset_dm[row]), int(row)))
    for e in range(network.n_edges):
        chain = [(0, int(network.start[e]))]
        for offset, row in sorted(stops.get(e, [])):
            chain.append((offset, ("place", row)))
        chain.append((int(network.length_dm[e]), int(network.end[e])))
        for (at, a), (to, b) in pairwise(chain):
            if network.forward_dm[e] >= 0 or to == at:  # at the very place: no way is walked
                graph.add_edge(a, b, dm=to - at)
            if network.backward_dm[e] >= 0 or to == at:
                graph.add_edge(b, a, dm=to - at)
    for row in rows:
        owner = ("goal", int(goals.owner[row]))
        graph.add_edge(("place", int(row)), owner, dm=int(goals.walk_dm[row]))
        graph.add_edge(owner, ("place", int(row)), dm=int(goals.walk_dm[row]))
    return graph
