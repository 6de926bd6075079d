"""Cut the plane along open edges, and tell by whom each piece is held (面片划分).

Lines are laid on a grid of a tenth of a millimetre before they are cut, which is what makes cutting safe
where they nearly coincide; afterwards corners go back to where the areas have them, to the last bit, so
that a piece can be given to a neighbour without leaving a crack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.analysis.edges import Floats, Geometries
from geo.measure import area_m2, metres_per_degree

GRID_DEG = 1e-9
"""Grid on which lines are cut: 0.1 mm."""

NOISE_M = 1e-3
"""Pieces narrower than this are rounding: no border is surveyed to the millimetre."""


@dataclass(frozen=True)
class Faces:
    """Pieces of the plane, and who holds them."""

    shapes: Geometries
    """Polygons in WGS84 (n,)."""
    surface_m2: Floats
    width_m: Floats
    spots: Geometries
    """A point inside each."""


def cut_faces(lines: Geometries, corners: Floats) -> Faces:
    """Cut the plane along lines, and leave out what is narrower than `NOISE_M`.

    Parameters
    ----------
    lines
        Lines in WGS84 degrees.
    corners
        Corners (m, 2) that pieces go back to.
    """
    if not len(lines):
        nothing = np.empty(0, dtype=object)
        return Faces(nothing, np.empty(0), np.empty(0), nothing)
    noded = shapely.get_parts(shapely.union_all(lines, grid_size=GRID_DEG))
    shapes = shapely.get_parts(shapely.polygonize(noded))
    spots = np.asarray(shapely.point_on_surface(shapes), dtype=object)
    shapes = put_back(shapes, corners)
    surface, width = area_m2(shapes), measure_width_m(shapes)
    kept = (width > NOISE_M) & (surface > 0)
    return Faces(shapes[kept], surface[kept], width[kept], spots[kept])


def put_back(shapes: Geometries, corners: Floats) -> Geometries:
    """Move the corners of pieces back to the corners they were laid on the grid from."""
    xy = shapely.get_coordinates(shapes)
    if not len(xy) or not len(corners):
        return shapes
    distance, nearest = cKDTree(corners).query(xy, distance_upper_bound=2 * GRID_DEG)
    found = np.isfinite(distance)
    moved = xy.copy()
    moved[found] = corners[nearest[found]]
    back = np.asarray(shapely.set_coordinates(shapes.copy(), moved), dtype=object)
    return np.where(shapely.is_valid(back), back, shapes)


def join_pieces(pieces: Sequence[object]) -> object:
    """Join pieces that touch, on the grid, since their corners went back to where the areas have them."""
    joined = shapely.get_parts(shapely.union_all(pieces, grid_size=GRID_DEG))
    solid = joined[shapely.get_type_id(joined) == shapely.GeometryType.POLYGON]
    return shapely.multipolygons(put_back(solid, shapely.get_coordinates(pieces)))


def measure_width_m(shapes: Geometries) -> Floats:
    """Measure the mean width of polygons in WGS84: twice the surface over the outline, in metres.

    Of a long strip it is its width, of a square half its side.
    """
    outline = measure_length_m(shapely.boundary(shapes))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(outline > 0, 2 * area_m2(shapes) / outline, 0.0)


def measure_length_m(shapes: Geometries) -> Floats:
    """Measure the length of lines in WGS84, in metres, by the scale in the middle of each."""
    box = np.nan_to_num(shapely.bounds(shapes).reshape(-1, 4))
    lon_m, lat_m = metres_per_degree((box[:, 1] + box[:, 3]) / 2)
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    plane = np.column_stack([xy[:, 0] * lon_m[owner], xy[:, 1] * lat_m[owner]])
    return np.asarray(shapely.length(shapely.set_coordinates(shapes.copy(), plane)), dtype=np.float64)


def find_holders(faces: Faces, polygons: Geometries) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Tell which polygons hold the spot of each piece: pairs of piece and polygon."""
    tree = shapely.STRtree(polygons)
    face, holder = tree.query(faces.spots, predicate="intersects")
    return face, holder
