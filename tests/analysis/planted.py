"""A copy of the demo district's boundaries with faults planted in it, and which they are."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geo.measure import area_m2


@dataclass(frozen=True)
class Planted:
    """Boundaries with faults, by level, and what a check must find."""

    microgrids: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    courtyards: gpd.GeoDataFrame
    expected: set[tuple[str, str | None, str | None]]
    """Rule, area, other area; of gaps the micro-grid that was cut is left out."""
    gaps_m2: list[float]
    """Surfaces of the gaps, smallest first."""


def plant(boundaries: dict[str, gpd.GeoDataFrame]) -> Planted:
    """Plant 3 gaps, 2 overlaps, 1 child outside its parent and 1 orphan courtyard."""
    microgrids = boundaries["microgrid"].copy()
    shapes = microgrids.geometry.to_numpy(dtype=object).copy()
    ids = microgrids["area_id"].tolist()
    taken: set[int] = set()
    gaps = []
    for _ in range(3):
        at = _free(shapes, taken)
        hole = shapely.buffer(shapely.point_on_surface(shapes[at]), 0.0001, quad_segs=1)
        shapes[at] = shapely.difference(shapes[at], hole)
        gaps.append(float(area_m2(np.array([hole]))[0]))
    expected: set[tuple[str, str | None, str | None]] = set()
    tree = shapely.STRtree(shapes)
    for _ in range(2):
        at = _free(shapes, taken)
        edge = shapely.segmentize(shapely.boundary(shapes[at]), 1)
        other, bump = _bump(shapes, tree, at, edge)
        shapes[at] = shapely.union(shapes[at], bump)
        taken.add(other)
        first, second = sorted([ids[at], ids[other]])
        expected.add(("overlap", first, second))
    parent = microgrids["parent_id"].to_numpy(dtype=object).copy()
    at = _free(shapes, taken)
    far = boundaries["grid"]["area_id"].iloc[-1]
    assert parent[at] != far
    parent[at] = far
    expected.add(("outside_parent", ids[at], boundaries["microgrid"]["parent_id"].iloc[at]))
    microgrids["geom"] = shapes
    microgrids["parent_id"] = parent
    courtyards = boundaries["courtyard"].copy()
    moved = courtyards.geometry.to_numpy(dtype=object).copy()
    moved[7] = shapely.transform(moved[7], lambda xy: xy + 1.0)
    courtyards["geom"] = moved
    orphans = courtyards["parent_id"].to_numpy(dtype=object).copy()
    orphans[7] = None
    courtyards["parent_id"] = orphans
    return Planted(microgrids, boundaries["grid"], courtyards, expected, sorted(gaps))


def _free(shapes: np.ndarray, taken: set[int]) -> int:
    """Return an area none of whose neighbours was touched yet."""
    for at in range(0, len(shapes), 7):
        near = set(np.flatnonzero(shapely.intersects(shapes, shapes[at])).tolist())
        if not near & taken:
            taken |= near
            return at
    raise AssertionError("no area is free")


def _bump(shapes: np.ndarray, tree: shapely.STRtree, at: int, edge: object) -> tuple[int, object]:
    """Return a neighbour, and a square that lies half in it and half in the area."""
    for share in np.linspace(0.02, 0.98, 97):
        square = shapely.buffer(
            shapely.line_interpolate_point(edge, share, normalized=True), 5e-5, quad_segs=1
        )
        near = [int(k) for k in tree.query(square, predicate="intersects") if k != at]
        if len(near) == 1 and shapely.covers(shapely.union(shapes[at], shapes[near[0]]), square):
            return near[0], square
    raise AssertionError("no neighbour to bump into")
