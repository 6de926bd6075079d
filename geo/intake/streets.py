"""What reading streets gives: pieces between crossings, ready for the walking network (路网读取结果).

Streets come from OpenStreetMap (`geo.intake.osm_streets`) or from a city's own lines
(`geo.intake.own_streets`); both end here, in the tables `street_nodes` and `street_edges` with a few more
columns that the walking network reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.intake.checked import Note
from geo.lines import Floats, Lines
from geo.measure import distance_m

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Streets:
    """Streets of one file, cut at crossings."""

    nodes: pd.DataFrame
    """node_id (1, 2, 3 … from west to east, then south to north), lon, lat (WGS84 degrees)."""
    edges: gpd.GeoDataFrame
    """edge_id (1, 2, 3 … in the order of the file), from_node, to_node, length_m (geodesic), name, kind, walk,
    geom (LineString, WGS84), and beyond the schema: `why` it may not be walked, `foot_way` (both, forward,
    backward), `wheels` (False, True, missing), `climb_m` (missing where not known), `is_bridge`, `is_tunnel`."""
    notes: tuple[Note, ...]
    """What was dropped, moved or split, counted."""
    n_read: int
    """Lines of the file that are streets or barriers."""


def measure_steps(lon_lat: Floats, first: Places) -> Floats:
    """Return the geodesic length of lines packed as corners (k, 2), in metres."""
    steps = np.zeros(len(lon_lat))
    if len(lon_lat) > 1:
        a, b = lon_lat[:-1], lon_lat[1:]
        steps[1:] = distance_m(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    steps[first[:-1]] = 0.0
    return np.add.reduceat(steps, first[:-1]) if len(first) > 1 else np.empty(0)


def make_streets(
    lon_lat: Lines,
    ends: tuple[Places, Places],
    columns: Mapping[str, object],
    notes: tuple[Note, ...],
    n_read: int,
) -> Streets:
    """Make the tables of streets.

    Parameters
    ----------
    lon_lat
        Course of each piece in WGS84 degrees.
    ends
        Any number for the node each piece starts and ends at; equal numbers are one node.
    columns
        Further columns of the edges, one value a piece.
    notes, n_read
        See `Streets`.
    """
    start, end = ends
    numbers, node = np.unique(np.concatenate([start, end]), return_inverse=True)
    at = np.empty((len(numbers), 2))
    at[node[: len(start)]] = lon_lat.xy[lon_lat.first[:-1]]
    at[node[len(start) :]] = lon_lat.xy[lon_lat.first[1:] - 1]
    order = np.lexsort((numbers, at[:, 1], at[:, 0]))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    nodes = pd.DataFrame({"node_id": np.arange(1, len(order) + 1), "lon": at[order, 0], "lat": at[order, 1]})
    owner = np.repeat(np.arange(len(lon_lat)), np.diff(lon_lat.first))
    lines = shapely.linestrings(lon_lat.xy, indices=owner) if len(owner) else np.empty(0, dtype=object)
    table = {
        "edge_id": np.arange(1, len(lon_lat) + 1),
        "from_node": rank[node[: len(start)]],
        "to_node": rank[node[len(start) :]],
        "length_m": measure_steps(lon_lat.xy, lon_lat.first),
        **columns,
        "geom": lines,
    }
    return Streets(nodes, gpd.GeoDataFrame(table, geometry="geom", crs=4326), notes, n_read)
