"""Measure how far points are from the borders of areas (离界距离).

Distances are in metres, in a plane of its own for every point: degrees are scaled by the lengths that a
degree of longitude and of latitude have on the WGS84 ellipsoid at the latitude of the point (an
equirectangular projection centred there). Against the geodesic the error is below 0.1 % up to 5 km
and 60° of latitude, and grows with distance × tan(latitude).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.compiled import compiled
from geo.analysis.raster_index import (
    BLOCK_POINTS,
    CELLS_PER_EDGE,
    Edges,
    bucket_edges,
    lay_grid,
    list_edges,
    run_blocks,
    split_by_gaps,
)
from geo.analysis.raster_kernels import NOBODY, Floats, Grid, Ints

ANYBODY = -2
"""Instead of an area: the nearest border counts, whosever it is."""

EQUATOR_M = 6_378_137.0
ECCENTRICITY_SQUARED = 0.006_694_379_990_14
"""Of the WGS84 ellipsoid."""

CELLS_IN_REACH = 8
"""Keeps the search of an empty neighbourhood short, and that of a dense one too."""

_FURTHEST_LAT = 89.9
"""Where a degree of longitude still has a length worth a raster."""


@dataclass(frozen=True)
class Nearest:
    """The nearest border of each point: how far, and whose."""

    distance_m: Floats
    """NaN where no border lies within reach."""
    position: Ints
    """-1 where no border lies within reach."""


@compiled
def degree_lengths(lat: float) -> tuple[float, float]:
    """Return the metres of one degree of longitude and of latitude, at a latitude in degrees."""
    angle = np.radians(lat)
    squeeze = 1.0 - ECCENTRICITY_SQUARED * np.sin(angle) ** 2
    east_radius = EQUATOR_M / np.sqrt(squeeze)
    north_radius = east_radius * (1.0 - ECCENTRICITY_SQUARED) / squeeze
    return np.radians(east_radius) * np.cos(angle), np.radians(north_radius)


@compiled
def _squared_distance(ax: float, ay: float, bx: float, by: float) -> float:
    """Return the squared distance from the origin to the line from a to b; ends are exact."""
    dx, dy = bx - ax, by - ay
    along = -(ax * dx + ay * dy)
    if along <= 0.0:
        return ax * ax + ay * ay
    if along >= dx * dx + dy * dy:
        return bx * bx + by * by
    share = along / (dx * dx + dy * dy)
    x, y = ax + share * dx, ay + share * dy
    return x * x + y * y


@compiled
def _first_owner(owners: Ints, wanted: int) -> int:
    """Return the wanted owner if it is among them, the first one for `ANYBODY`, else NOBODY."""
    lowest = NOBODY
    for owner in owners:
        if owner == wanted:
            return int(owner)
        if wanted == ANYBODY and (lowest == NOBODY or owner < lowest):
            lowest = owner
    return lowest


@compiled
def _measure_cell(
    x: float, y: float, m_x: float, m_y: float, wanted: int, cell_edges: Ints, edges: Floats,
    owner_start: Ints, owners: Ints, best: float, whose: int,
) -> tuple[float, int]:  # fmt: skip
    """Return the least squared distance to the edges of a cell, and whose it is, if below the best so far."""
    for e in cell_edges:
        owner = _first_owner(owners[owner_start[e] : owner_start[e + 1]], wanted)
        if owner == NOBODY:
            continue
        squared = _squared_distance(
            (edges[e, 0] - x) * m_x, (edges[e, 1] - y) * m_y,
            (edges[e, 2] - x) * m_x, (edges[e, 3] - y) * m_y,
        )  # fmt: skip
        if squared < best or (squared == best and (whose == NOBODY or owner < whose)):
            best, whose = squared, owner
    return best, whose


@compiled
def measure_block(
    lon: Floats, lat: Floats, wanted: Ints, grid: Grid, edges: Floats, owner_start: Ints, owners: Ints,
    edge_start: Ints, edge_items: Ints, squared_m2: Floats, whose: Ints,
) -> None:  # fmt: skip
    """Lower squared distances to borders, and note whose they are; a tie takes the owner that sorts first.

    Cells are searched in rings around the point, until a whole ring is further off than the best so far.
    """
    for i in range(len(lon)):
        if wanted[i] == NOBODY or not (abs(lon[i]) <= 180.0 and abs(lat[i]) <= 90.0):
            continue
        m_x, m_y = degree_lengths(lat[i])
        side_m = 0.999 * min(m_x, m_y) / grid.per
        u, v = (lon[i] - grid.x0) * grid.per, (lat[i] - grid.y0) * grid.per
        at_x, at_y = int(np.floor(u)), int(np.floor(v))
        ring = max(-at_x, at_x - grid.nx + 1, -at_y, at_y - grid.ny + 1, 0)
        last = max(at_x, grid.nx - 1 - at_x, at_y, grid.ny - 1 - at_y)
        best, owner = squared_m2[i], whose[i]
        while ring <= last and (max(ring - 1, 0) * side_m) ** 2 <= best:
            for row in range(max(at_y - ring, 0), min(at_y + ring, grid.ny - 1) + 1):
                away_y = max(row - v, v - row - 1.0, 0.0) * side_m
                step = 1 if abs(row - at_y) == ring else max(2 * ring, 1)
                for column in range(at_x - ring, at_x + ring + 1, step):
                    away_x = max(column - u, u - column - 1.0, 0.0) * side_m
                    if 0 <= column < grid.nx and away_x * away_x + away_y * away_y <= best:
                        cell = row * grid.nx + column
                        best, owner = _measure_cell(
                            lon[i], lat[i], m_x, m_y, wanted[i],
                            edge_items[edge_start[cell] : edge_start[cell + 1]],
                            edges, owner_start, owners, best, owner,
                        )  # fmt: skip
            ring += 1
        squared_m2[i], whose[i] = best, owner


@dataclass(frozen=True)
class Borders:
    """Edges of one group of areas in the cells of a grid, for points that come in several blocks."""

    edges: Edges
    grid: Grid
    edge_start: Ints
    edge_items: Ints


def index_borders(polygons: NDArray[np.object_], *, reach_m: float) -> tuple[Borders, ...]:
    """Put the borders of polygons into cells, one group for each side of a wide gap.

    Parameters
    ----------
    polygons
        In WGS84 degrees, in the order in which they win ties.
    reach_m
        How far will be looked, in metres.
    """
    parts, row = shapely.get_parts(polygons, return_index=True)
    is_filled = ~(shapely.is_empty(parts) | shapely.is_missing(parts))
    parts, row = parts[is_filled], row[is_filled].astype(np.int32)
    groups = []
    for group in split_by_gaps(shapely.bounds(parts)):
        rings, part = shapely.get_rings(parts[group], return_index=True)
        edges = list_edges(rings, row[group][part])
        if len(edges.xy):
            groups.append(_index_group(edges, reach_m))
    return tuple(groups)


def index_lines(lines: NDArray[np.object_], *, reach_m: float) -> tuple[Borders, ...]:
    """Put lines and rings into cells, as `index_borders` does the borders of polygons.

    Parameters
    ----------
    lines
        Single lines or rings in WGS84 degrees, in the order in which they win ties.
    reach_m
        How far will be looked, in metres.
    """
    kept = np.flatnonzero(~(shapely.is_empty(lines) | shapely.is_missing(lines))).astype(np.int32)
    groups = []
    for group in split_by_gaps(shapely.bounds(lines[kept])):
        edges = list_edges(lines[kept[group]], kept[group])
        if len(edges.xy):
            groups.append(_index_group(edges, reach_m))
    return tuple(groups)


def _index_group(edges: Edges, reach_m: float) -> Borders:
    corners = edges.xy.reshape(-1, 2)
    bounds = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    m_x, _ = degree_lengths(min(float(np.abs(bounds[[1, 3]]).max()), _FURTHEST_LAT))
    grid = lay_grid(bounds, n_cells=CELLS_PER_EDGE * len(edges.xy), shortest=reach_m / m_x / CELLS_IN_REACH)
    return Borders(edges, grid, *bucket_edges(edges.xy, grid))


def find_nearest_border(
    borders: Sequence[Borders], lon: Floats, lat: Floats, *, wanted: Ints, reach_m: float,
    n_threads: int | None = None,
) -> Nearest:  # fmt: skip
    """Find the nearest border of each point within reach.

    Parameters
    ----------
    borders
        From `index_borders`; the answer does not depend on the reach they were made for.
    lon, lat
        Points (n,), in degrees.
    wanted
        Position of the polygon whose border counts for each point (n,), `ANYBODY`, or `NOBODY` to leave
        the point out.
    reach_m
        How far to look, in metres; a border exactly that far counts. Holes have borders too.
    n_threads
        Threads to use; all cores by default.
    """
    squared_m2 = np.full(len(lon), float(reach_m) ** 2)
    whose = np.full(len(lon), NOBODY, dtype=np.int32)
    for group in borders:
        _measure_group(group, lon, lat, wanted, squared_m2=squared_m2, whose=whose, n_threads=n_threads)
    return Nearest(np.where(whose == NOBODY, np.nan, np.sqrt(squared_m2)), whose)


def _measure_group(
    group: Borders, lon: Floats, lat: Floats, wanted: Ints, *, squared_m2: Floats, whose: Ints,
    n_threads: int | None,
) -> None:  # fmt: skip
    """Lower the distances of all points to the borders of one group of areas."""

    def measure(first: int, last: int) -> None:
        block = slice(first, last)
        measure_block(
            lon[block], lat[block], wanted[block], group.grid, group.edges.xy, group.edges.owner_start,
            group.edges.owners, group.edge_start, group.edge_items, squared_m2[block], whose[block],
        )  # fmt: skip

    run_blocks(measure, len(lon), block=BLOCK_POINTS, n_threads=n_threads)
