"""Find what is wrong with single polygons, all of it and where (单个面的几何检查).

GEOS names the first place where a polygon is invalid; whoever mends it by hand wants all of them. Two
things are looked for in valid polygons too: spikes, where the border runs out and back, and corners that
stand twice in a row.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.edges import Floats, Geometries
from geo.analysis.faces import GRID_DEG
from geo.analysis.findings import join_findings, make_findings
from geo.measure import area_m2, metres_per_degree

SPIKE_ANGLE_DEG = 1.0
"""Borders that turn back more sharply than this run out and back along nearly one line."""
SPIKE_LENGTH_M = 1.0
"""Shorter ones are drawing noise."""
MOST_CORNERS = 100_000
"""No area of the chain needs more corners than this; one with millions slows every map down."""

_SURFACE = shapely.GeometryType.POLYGON


def find_shape_faults(shapes: Geometries, *, ids: Sequence[str]) -> gpd.GeoDataFrame:
    """Find the faults of polygons, each by itself.

    Parameters
    ----------
    shapes
        Polygons and MultiPolygons in WGS84 (n,), valid or not, none missing.
    ids
        Their codes (n,).

    Returns
    -------
    geopandas.GeoDataFrame
        Findings of the rules `shape_…`; one per polygon and rule, of spikes and holes one each.
    """
    names = np.array(ids, dtype=object)
    invalid = np.flatnonzero(~shapely.is_valid(shapes))
    tables = [_find_large(shapes, names), *_find_turns(shapes, names)]
    for at in invalid.tolist():
        tables += _find_in_invalid(shapes[at], str(names[at]))
    return join_findings(tables)


def find_turns(rings: Geometries) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Find where rings turn back on themselves.

    Returns
    -------
    tuple
        Position of the ring, of the corner among its distinct ones in a row, and the length of the spike
        in metres.
    """
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    _, lat_m = metres_per_degree(xy[:, 1])
    lon_m, _ = metres_per_degree(xy[:, 1])
    step = np.diff(xy, axis=0)
    is_edge = (ring[1:] == ring[:-1]) & (step != 0).any(axis=1)
    edge_ring, corner = ring[1:][is_edge], np.flatnonzero(is_edge)
    metres = step[is_edge] * np.column_stack([lon_m[corner], lat_m[corner]])
    length = np.hypot(*metres.T)
    first = np.flatnonzero(np.append(True, edge_ring[1:] != edge_ring[:-1])) if len(corner) else corner
    before = np.arange(-1, len(corner) - 1)
    if len(first):
        before[first] = np.append(first[1:], len(corner)) - 1  # the edge that closes the ring
    with np.errstate(invalid="ignore", divide="ignore"):
        back = -(metres * metres[before]).sum(axis=1) / (length * length[before])
    spike_m = np.minimum(length, length[before])
    is_spike = (back > np.cos(np.deg2rad(SPIKE_ANGLE_DEG))) & (spike_m > SPIKE_LENGTH_M)
    return edge_ring[is_spike], corner[is_spike], spike_m[is_spike]


def _find_large(shapes: Geometries, names: NDArray[np.object_]) -> gpd.GeoDataFrame:
    n_corners = shapely.get_num_coordinates(shapes)
    large = np.flatnonzero(n_corners > MOST_CORNERS)
    return make_findings(
        "shape_too_many_corners", area_ids=names[large].tolist(), geoms=shapes[large], sizes=n_corners[large]
    )


def _find_turns(shapes: Geometries, names: NDArray[np.object_]) -> list[gpd.GeoDataFrame]:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    of_shape = owner[part]
    ring, corner, spike_m = find_turns(rings)
    xy, ring_of = shapely.get_coordinates(rings, return_index=True)
    repeats = np.flatnonzero((np.diff(xy, axis=0) == 0).all(axis=1) & (ring_of[1:] == ring_of[:-1]))
    doubled = of_shape[ring_of[repeats]]
    who, first, n = np.unique(doubled, return_index=True, return_counts=True)
    return [
        make_findings(
            "shape_spike", area_ids=names[of_shape[ring]].tolist(), geoms=shapely.points(xy[corner]),
            sizes=spike_m,
        ),
        make_findings(
            "shape_corner_twice", area_ids=names[who].tolist(),
            geoms=shapely.points(xy[repeats[first]]).reshape(-1), sizes=n,
        ),
    ]  # fmt: skip


def _find_in_invalid(shape: object, name: str) -> list[gpd.GeoDataFrame]:
    """Find everything that makes one polygon invalid."""
    parts = shapely.get_parts(shape)
    shells = np.array([shapely.polygons(shapely.get_exterior_ring(part)) for part in parts], dtype=object)
    tables = []
    holes = [
        (shell, shapely.polygons(hole))
        for shell, part in zip(shells, parts, strict=True)
        for hole in shapely.get_rings(part)[1:]
    ]
    outside = [hole for shell, hole in holes if _is_outside(hole, shell)]
    tables.append(_tell_surfaces("shape_hole_outside", outside, name))
    solid = [*shells] if len(parts) > 1 else []
    doubled = _shared(solid) + _shared([hole for _, hole in holes])
    tables.append(_tell_surfaces("shape_rings_overlap", doubled, name))
    crossings = find_crossings(shape)
    if len(crossings) or not any(len(table) for table in tables):
        reason = shapely.is_valid_reason(shape)
        places = crossings if len(crossings) else _place_of(reason)
        tables.append(
            make_findings(
                "shape_crosses_itself", area_ids=[name], geoms=[shapely.multipoints(places)],
                sizes=[len(places)], values=[reason.partition("[")[0]],
            )
        )  # fmt: skip
    return tables


def find_crossings(shape: object) -> Floats:
    """Find the points (n, 2) where the rings of a polygon cross or touch themselves or each other."""
    xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shape)), return_index=True)
    goes_on = (ring[1:] == ring[:-1]) & (np.diff(xy, axis=0) != 0).any(axis=1)
    edges = shapely.linestrings(np.stack([xy[:-1][goes_on], xy[1:][goes_on]], axis=1))
    pieces = shapely.get_parts(shapely.union_all(edges, grid_size=GRID_DEG))
    ends = shapely.get_coordinates([shapely.get_point(pieces, 0), shapely.get_point(pieces, -1)])
    places, n = np.unique(ends, axis=0, return_counts=True)
    return np.asarray(places[n != 2], dtype=np.float64)


def _is_outside(hole: object, shell: object) -> bool:
    return not bool(shapely.intersects(shapely.buffer(hole, 0), shapely.buffer(shell, 0))) or bool(
        shapely.area(shapely.intersection(shapely.buffer(hole, 0), shapely.buffer(shell, 0))) == 0
    )


def _shared(solids: Sequence[object]) -> list[object]:
    """Return what pairs of polygons share."""
    clean = shapely.buffer(np.array(solids, dtype=object), 0)
    one, two = shapely.STRtree(clean).query(clean, predicate="intersects") if len(clean) else ([], [])
    return [
        shared
        for a, b in zip(one, two, strict=True)
        if a < b and shapely.area(shared := shapely.intersection(clean[a], clean[b])) > 0
    ]


def _tell_surfaces(rule: str, shapes: Sequence[object], name: str) -> gpd.GeoDataFrame:
    array = np.array(list(shapes), dtype=object)
    return make_findings(rule, area_ids=[name] * len(array), geoms=array, sizes=area_m2(array))


def _place_of(reason: str) -> Floats:
    """Return the place GEOS names: `Self-intersection[104.1 30.6]`."""
    numbers = reason.partition("[")[2].rstrip("]").split()
    return np.array([[float(numbers[0]), float(numbers[1])]])
