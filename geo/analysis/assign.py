"""Give points to areas (案件落格).

A case belongs to the grid (网格) that holds it, and so to every area above. Four things make that less
simple than it sounds, and this module decides each of them once:

- a point on a shared edge lies in two areas, and takes the one whose id sorts first by code point, so
  that the answer never depends on row order; the same holds where areas overlap;
- a point a few metres outside every area is usually a digitising gap, and may take the nearest area,
  within a distance that the caller chooses;
- a point close to the border of its area may belong next door if its position is poor, so that distance
  can be told;
- a case without a location stays unassigned, and stays in the table.

"Holds" is what GEOS calls intersects: the border counts. Method and proofs: `docs/methods/placement.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS

from geo.analysis.border import ANYBODY, Borders, Nearest, find_nearest_border, index_borders
from geo.analysis.raster_index import (
    Raster,
    build_raster,
    list_edges,
    look_up,
    mark_doubtful,
    split_by_gaps,
)
from geo.analysis.raster_kernels import ASK, NOBODY, Floats, Ints
from geo.errors import ChoiceError, CrsError, DuplicateError, GeoError, MissingError

WGS84 = CRS("EPSG:4326")

_LARGEST = 1e100
"""Coordinates beyond this are no places, and their products would overflow."""


@dataclass(frozen=True)
class AreaIndex:
    """An index over polygons that tells which one holds each point. Made by `build_index`."""

    ids: tuple[str, ...]
    polygons: NDArray[np.object_]
    order: Ints
    """Positions in `ids`, sorted by id."""
    rasters: tuple[Raster, ...]
    """One, or several where wide gaps lie between groups of polygons."""
    tree: shapely.STRtree
    borders: dict[float, tuple[Borders, ...]] = field(default_factory=dict, compare=False, repr=False)
    """Borders by how far was looked for them, put into cells when they are first asked for."""

    @property
    def n_bytes(self) -> int:
        """Memory of the rasters, without the polygons and their tree."""
        return sum(raster.n_bytes for raster in self.rasters)

    def locate(self, lon: ArrayLike, lat: ArrayLike, *, n_threads: int | None = None) -> Ints:
        """Find the polygon that holds each point.

        Parameters
        ----------
        lon, lat
            Points (n,) in the coordinates of the polygons, WGS84 degrees. NaN and infinite ones are
            held by nobody.
        n_threads
            Threads to use; all cores by default. The answer does not depend on it.

        Returns
        -------
        numpy.ndarray
            Position in `ids` (n,), -1 where no polygon covers the point. Where several do, border
            included, the one whose id sorts first by code point.
        """
        x, y = _as_points(lon, lat)
        found, n_ask = look_up(self.rasters, x, y, n_threads=n_threads)
        if n_ask:
            ask = np.flatnonzero(found == ASK)
            found[ask] = self._ask_shapely(x[ask], y[ask])
        return found

    def _ask_shapely(self, x: Floats, y: Floats) -> Ints:
        point, polygon = self.tree.query(shapely.points(x, y), predicate="intersects")
        rank = np.empty(len(self.order), dtype=np.int64)
        rank[self.order] = np.arange(len(self.order))
        best = np.full(len(x), len(self.order), dtype=np.int64)
        np.minimum.at(best, point, rank[polygon])
        return np.append(self.order, NOBODY).astype(np.int32)[best]


def measure_borders(
    index: AreaIndex,
    lon: ArrayLike,
    lat: ArrayLike,
    position: Ints,
    *,
    near_border_m: float,
    n_threads: int | None = None,
) -> Floats:
    """Measure how far points are from the border of the area they were found in.

    Parameters
    ----------
    index
        The areas.
    lon, lat
        Points (n,) in WGS84 degrees.
    position
        What `AreaIndex.locate` gave for them.
    near_border_m
        Distances at or beyond this many metres are not told.
    n_threads
        Threads to use; all cores by default.

    Returns
    -------
    numpy.ndarray
        Metres (n,), NaN where there is no area or the border is further off.
    """
    x, y = _as_points(lon, lat)
    border_m = _find_near(index, x, y, position, near_border_m, n_threads).distance_m
    border_m[~(border_m < near_border_m)] = np.nan
    return border_m


def build_index(
    polygons: NDArray[np.object_], *, ids: Sequence[str], n_threads: int | None = None
) -> AreaIndex:
    """Build an index that tells which polygon holds each point.

    Parameters
    ----------
    polygons
        Polygons and MultiPolygons (n,) in WGS84 degrees, longitude first. They may have holes, overlap
        and leave gaps. Empty ones and None hold no point. Invalid ones are taken as shapely takes them.
    ids
        Their ids (n,), unique. They decide between polygons that hold the same point.
    n_threads
        Threads to use; all cores by default. The index does not depend on it.

    Returns
    -------
    AreaIndex
        About 1.6 kB a polygon of 30 vertices.

    Raises
    ------
    DuplicateError
        If an id occurs twice.
    GeoError
        If a geometry is no polygon, or has a coordinate that is no number.
    LimitError
        If the polygons have more edges than the index can hold (some 300 million).

    Examples
    --------
    Two squares side by side; the middle of their shared edge goes to the id that sorts first.

    >>> squares = shapely.box([0, 1], 0, [1, 2], 1)
    >>> build_index(squares, ids=["b", "a"]).locate([0.5, 1.0, 3.0], [0.5, 0.5, 0.5]).tolist()
    [0, 1, -1]
    """
    polygons = np.asarray(polygons, dtype=object)
    names = tuple(ids)
    _require_unique(names)
    _require_polygons(polygons, names)
    order = np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int32)
    parts, row = shapely.get_parts(polygons[order], return_index=True)
    is_filled = ~(shapely.is_empty(parts) | shapely.is_missing(parts))
    parts, row = parts[is_filled], row[is_filled]
    position = order[row]
    rasters = tuple(
        _build_group(parts[group], position[group], n_threads=n_threads)
        for group in split_by_gaps(shapely.bounds(parts))
    )
    return AreaIndex(names, polygons, order, rasters, shapely.STRtree(polygons))


def assign_points(
    lon: ArrayLike,
    lat: ArrayLike,
    areas: gpd.GeoDataFrame | AreaIndex,
    *,
    max_distance_m: float = 0.0,
    near_border_m: float | None = None,
    n_threads: int | None = None,
) -> pd.DataFrame:
    """Assign each point to the area that holds it, or to a near one.

    Parameters
    ----------
    lon, lat
        Points (n,) in WGS84 degrees, arrays or Series with one index; NaN where there is no location.
    areas
        Polygons of one level, in any CRS, with a unique `area_id` as text; or an index made of such by
        `index_areas`, for points that come in several blocks.
    max_distance_m
        How far outside every area a point may lie and still take the nearest one, in metres. 0 means
        that it must lie in an area.
    near_border_m
        Tell the distance to the border where it is below this many metres; None leaves it out.
    n_threads
        Threads to use; all cores by default. The answer does not depend on it.

    Returns
    -------
    pandas.DataFrame
        One row per point, with the index of `lon` if it has one, else 0 … n - 1.

        - `area_id` : text, missing where the point belongs nowhere
        - `placed_by` : `point` in the area or on its border, `nearest` outside every area but within
          `max_distance_m` of this one, else missing
        - `distance_m` : metres to the area: 0 for `point`, NaN where missing
        - `border_m` : metres to the border of its own area, where below `near_border_m`, else NaN

    Raises
    ------
    CrsError
        If `areas` has no CRS.
    MissingError
        If `areas` has no `area_id`, or one is missing.
    DuplicateError
        If an `area_id` occurs twice.
    ChoiceError
        If a distance is negative or no number.

    Notes
    -----
    Where several areas hold a point, or are equally near, the one whose id sorts first takes it. For
    lengths see `geo.analysis.border`.
    """
    _require_length("max_distance_m", max_distance_m)
    _require_length("near_border_m", 0.0 if near_border_m is None else near_border_m)
    index = areas if isinstance(areas, AreaIndex) else index_areas(areas, n_threads=n_threads)
    x, y = _as_points(lon, lat)
    position = index.locate(x, y, n_threads=n_threads)
    distance_m = np.where(position == NOBODY, np.nan, 0.0)
    border_m = np.full(len(x), np.nan)
    is_nearest = np.zeros(len(x), dtype=bool)
    if max_distance_m > 0:
        wanted = np.where(position == NOBODY, ANYBODY, NOBODY).astype(np.int32)
        near = _find_near(index, x, y, wanted, max_distance_m, n_threads)
        is_nearest = near.position != NOBODY
        position = np.where(is_nearest, near.position, position)
        distance_m[is_nearest] = near.distance_m[is_nearest]
    if near_border_m is not None:
        border_m = measure_borders(index, x, y, position, near_border_m=near_border_m, n_threads=n_threads)
    return pd.DataFrame(
        {
            "area_id": _take_texts(index.ids, position),
            "placed_by": _take_texts(("point", "nearest"), np.where(position < 0, NOBODY, is_nearest)),
            "distance_m": distance_m,
            "border_m": border_m,
        },
        index=lon.index if isinstance(lon, pd.Series) else None,
    )


def warm_up() -> None:
    """Compile everything that placing points needs, or load it from the cache.

    Takes some 15 s the first time after an installation and well under a second later. Call it where
    nobody waits: when the app starts, not in a request.
    """
    areas = gpd.GeoDataFrame({"area_id": ["a", "b"]}, geometry=shapely.box([0, 1], 0, [1, 2], 1), crs=WGS84)
    assign_points([0.5, 3.0], [0.5, 0.5], areas, max_distance_m=1.0, near_border_m=1.0)


def _find_near(
    index: AreaIndex, x: Floats, y: Floats, wanted: Ints, reach_m: float, n_threads: int | None
) -> Nearest:
    """Find the nearest borders, with positions in `index.ids`."""
    rank = np.empty(len(index.order) + 2, dtype=np.int32)
    rank[index.order] = np.arange(len(index.order))
    rank[[NOBODY, ANYBODY]] = NOBODY, ANYBODY  # from the end, as their numbers are
    if reach_m not in index.borders:
        index.borders[reach_m] = index_borders(index.polygons[index.order], reach_m=reach_m)
    borders = index.borders[reach_m]
    near = find_nearest_border(borders, x, y, wanted=rank[wanted], reach_m=reach_m, n_threads=n_threads)
    return Nearest(near.distance_m, np.append(index.order, np.int32(NOBODY))[near.position])


def _take_texts(texts: Sequence[str], position: NDArray[np.integer]) -> pd.api.extensions.ExtensionArray:
    return pd.array(texts, dtype="str").take(position, allow_fill=True)


def index_areas(areas: gpd.GeoDataFrame, *, n_threads: int | None = None) -> AreaIndex:
    """Build the index of a table of areas, for points that come in several blocks.

    Parameters
    ----------
    areas
        Polygons of one level, in any CRS, with a unique `area_id` as text.
    n_threads
        Threads to use; all cores by default.

    Raises
    ------
    CrsError
        If `areas` has no CRS.
    MissingError
        If `areas` has no `area_id`, or one is missing.
    DuplicateError
        If an `area_id` occurs twice.
    """
    if "area_id" not in areas:
        raise MissingError("area_id_column_missing", table="areas")
    if areas.crs is None:
        raise CrsError("crs_missing", table="areas")
    if unnamed := int(areas["area_id"].isna().sum()):
        raise MissingError("area_id_missing", n_areas=unnamed)
    polygons = areas.geometry if areas.crs == WGS84 else areas.geometry.to_crs(WGS84)
    return build_index(polygons.to_numpy(), ids=areas["area_id"].tolist(), n_threads=n_threads)


def _require_length(name: str, value: float) -> None:
    if not 0 <= value < np.inf:
        raise ChoiceError("distance_not_length", name=name, value=value)


def _build_group(parts: NDArray[np.object_], position: Ints, *, n_threads: int | None) -> Raster:
    """Build one raster over parts of polygons, sorted by id."""
    rings, piece = shapely.get_rings(parts, return_index=True)
    edges = list_edges(rings, piece.astype(np.int32))
    raster = build_raster(edges, position, shapely.total_bounds(parts), n_threads=n_threads)
    doubtful = _is_doubtful(parts, rings, piece)
    mark_doubtful(raster, shapely.bounds(rings[doubtful[piece]]))
    return raster


def _is_doubtful(
    parts: NDArray[np.object_], rings: NDArray[np.object_], piece: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Tell which parts crossings cannot decide: holes that cross or overlap, rings without a surface."""
    doubtful = np.zeros(len(parts), dtype=bool)
    holed = np.flatnonzero(shapely.get_num_interior_rings(parts) > 0)
    doubtful[holed] = ~shapely.is_valid(parts[holed])
    box = shapely.bounds(rings)
    doubtful[piece[(box[:, 0] == box[:, 2]) & (box[:, 1] == box[:, 3])]] = True
    return doubtful


def _require_unique(ids: tuple[str, ...]) -> None:
    if len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    twice = next(name for name in ids if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    raise DuplicateError("area_id_twice", area_id=twice, n_extra=len(ids) - len(set(ids)))


def _require_polygons(polygons: NDArray[np.object_], ids: tuple[str, ...]) -> None:
    if len(polygons) != len(ids):
        raise GeoError("areas_ids_differ", n_areas=len(polygons), n_ids=len(ids))
    kind = shapely.get_type_id(polygons)
    other = ~np.isin(kind, (-1, shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    if other.any():
        raise GeoError("area_not_polygon", area_id=ids[int(other.argmax())], n_areas=int(other.sum()))
    xy, row = shapely.get_coordinates(polygons, return_index=True)
    odd = ~(np.abs(xy) < _LARGEST).all(axis=1)
    if odd.any():
        raise GeoError("area_not_finite", area_id=ids[int(row[odd][0])], n_areas=len(np.unique(row[odd])))


def _as_points(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return both as arrays that may only be read, so that kernels are compiled for one kind."""
    x = np.ascontiguousarray(lon, dtype=np.float64).view()
    y = np.ascontiguousarray(lat, dtype=np.float64).view()
    x.flags.writeable = y.flags.writeable = False
    if x.ndim != 1 or x.shape != y.shape:
        raise GeoError("points_differ", n_lon=x.size, n_lat=y.size)
    return x, y
