"""Say which areas are neighbours, and how much they count for each other (空间权重).

Every local statistic asks "compared with whom?". The answer is a sparse matrix made by one of five rules:
a shared border (queen: a point is enough; rook: a line), a distance, the k nearest, minutes on foot, or
hexagons that touch. What this module decides, once:

- rows stand in the order of the ids by code point, and equal distances are decided by id, so that no
  statistic depends on the order of a file;
- an area without a neighbour is an island: it stays in the matrix, with an empty row, and is named in
  `Weights.islands`, so that it is listed instead of being taken for a quiet place;
- links are kept apart from their style (binary or row-standardised, with or without the area itself), since
  leaving an area out changes the sums of the rows of its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import geopandas as gpd
import h3ronpy
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from geo.crs import metric_crs
from geo.errors import ChoiceError, DuplicateError, GeoError, MissingError

Style = Literal["binary", "row"]
Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

MM_PER_M = 1000.0
"""Distances are compared in whole millimetres: less is rounding, and would decide ties by row order."""

_SPARE_NEIGHBOURS = 8
_LINE_SHARED, _SURFACE_SHARED = "****1****", "2********"


@dataclass(frozen=True)
class Weights:
    """Who is a neighbour of whom. Made by the functions of this module."""

    index: pd.Index
    """Ids of the areas (n,), unique, sorted by code point."""
    links: sparse.csr_array
    """(n, n): links as the rule gives them, none of an area with itself."""
    rule: str
    """How they were found, for the legend: `queen`, `rook`, `within 500 m`, `8 nearest` …"""
    style: Style = "binary"
    """`binary`: links as they are; `row`: each row sums to 1."""
    with_self: bool = False
    """Whether an area counts for itself, as much as the nearest of its neighbours (1 in binary links)."""

    @property
    def n_neighbours(self) -> Positions:
        """Number of neighbours of each area (n,), itself not counted."""
        return np.asarray(np.diff(self.links.indptr), dtype=np.int64)

    @property
    def islands(self) -> tuple[str, ...]:
        """Ids of the areas without a neighbour."""
        return tuple(self.index[self.n_neighbours == 0])

    @property
    def matrix(self) -> sparse.csr_array:
        """Weights (n, n) in the style; the row of an island without itself is empty."""
        matrix = self.links
        n = len(self.index)
        if self.with_self and n:
            own = matrix.max(axis=1).toarray().ravel() if matrix.nnz else np.zeros(n)
            own[own == 0] = 1.0
            matrix = (matrix + sparse.diags_array(own)).tocsr()
        if self.style == "row":
            totals = np.asarray(matrix.sum(axis=1)).ravel()
            lengths = np.diff(matrix.indptr)
            shares = matrix.data / np.repeat(np.where(totals > 0, totals, 1.0), lengths)
            matrix = sparse.csr_array((shares, matrix.indices, matrix.indptr), shape=matrix.shape)
        return matrix


def make_weights(ids: Sequence[str] | pd.Index, links: sparse.sparray, *, rule: str) -> Weights:
    """Make weights of a matrix of links.

    Parameters
    ----------
    ids
        Ids of the areas (n,), unique text.
    links
        Any scipy sparse matrix or array (n, n), rows and columns in the order of `ids`, 0 or more. What
        stands on the diagonal is left out.
    rule
        How the links were found.

    Raises
    ------
    GeoError
        If the matrix does not fit the ids, or a weight is negative or no number.
    DuplicateError
        If an id occurs twice.
    """
    index = pd.Index(ids)
    _require_unique(index)
    matrix = sparse.coo_array(links)
    if matrix.shape != (len(index), len(index)):
        raise GeoError("weights_shape", n_rows=matrix.shape[0], n_columns=matrix.shape[1], n_areas=len(index))
    if n_bad := int((~(np.isfinite(matrix.data) & (matrix.data >= 0))).sum()):
        raise GeoError("weights_negative", n_weights=n_bad)
    order = _order_by_id(index)
    place = np.empty(len(index), dtype=np.int64)
    place[order] = np.arange(len(index))
    kept = (matrix.row != matrix.col) & (matrix.data > 0)
    row, col = place[matrix.row[kept]], place[matrix.col[kept]]
    made = sparse.csr_array(
        (matrix.data[kept].astype(np.float64), (row, col)), shape=(len(index), len(index))
    )
    made.sum_duplicates()
    return Weights(index[order], made, rule)


def contiguity_weights(areas: gpd.GeoDataFrame, *, rule: Literal["queen", "rook"] = "queen") -> Weights:
    """Link areas that touch or overlap.

    Parameters
    ----------
    areas
        Valid polygons in any CRS with a unique `area_id`. A missing or empty one is an island.
    rule
        `queen`: a common point is enough. `rook`: a common line (or surface). The borders must meet
        exactly, though not corner by corner.

    Raises
    ------
    MissingError
        If there is no `area_id`, or one is missing.
    DuplicateError
        If an `area_id` occurs twice.

    Examples
    --------
    Four squares around a point: the diagonal ones are neighbours for a queen, not for a rook.

    >>> squares = shapely.box([0, 1, 0, 1], [0, 0, 1, 1], [1, 2, 1, 2], [1, 1, 2, 2])
    >>> areas = gpd.GeoDataFrame({"area_id": list("abcd")}, geometry=squares)
    >>> contiguity_weights(areas, rule="rook").n_neighbours.tolist()
    [2, 2, 2, 2]
    """
    ids = _require_ids(areas)
    polygons = areas.geometry.to_numpy()
    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    one, other = one[one < other], other[one < other]
    if rule == "rook":
        shapely.prepare(polygons)
        a, b = polygons[one], polygons[other]
        shares = shapely.relate_pattern(a, b, _LINE_SHARED) | shapely.relate_pattern(a, b, _SURFACE_SHARED)
        one, other = one[shares], other[shares]
    return _link_both_ways(ids, one, other, rule=rule)


def distance_weights(places: gpd.GeoDataFrame, *, within_m: float) -> Weights:
    """Link places whose centroids are at most so many metres apart.

    Parameters
    ----------
    places
        Points or areas in any CRS with a unique `area_id`. A missing or empty geometry is an island.
    within_m
        Straight distance in `metric_crs(places)`, to the millimetre.

    Raises
    ------
    CrsError
        If `places` has no CRS.
    ChoiceError
        If the distance is no length above 0.
    """
    if not (np.isfinite(within_m) and within_m > 0):
        raise ChoiceError("distance_not_length", name="within_m", value=within_m)
    ids = _require_ids(places)
    xy, given = _centroids_m(places)
    pairs = cKDTree(xy).query_pairs(within_m + 0.5 / MM_PER_M, output_type="ndarray")
    return _link_both_ways(ids, given[pairs[:, 0]], given[pairs[:, 1]], rule=f"within {within_m:g} m")


def nearest_weights(places: gpd.GeoDataFrame, *, k: int) -> Weights:
    """Link each place to the k others whose centroids are nearest.

    Parameters
    ----------
    places
        Points or areas in any CRS with a unique `area_id`. A missing or empty geometry is an island.
    k
        Number of neighbours; fewer where there are not so many others. Of equally near ones (to the
        millimetre) the ids that sort first are taken. The links need not be mutual.

    Raises
    ------
    CrsError
        If `places` has no CRS.
    ChoiceError
        If `k` is not a whole number above 0.
    """
    if k != int(k) or k < 1:
        raise ChoiceError("neighbours_not_count", k=k)
    ids = _require_ids(places)
    order = _order_by_id(ids)
    xy, given = _centroids_m(places.iloc[order])
    row, col = _find_nearest(xy, min(k, max(len(xy) - 1, 0)))
    row, col = order[given[row]], order[given[col]]
    links = sparse.coo_array((np.ones(len(row)), (row, col)), shape=(len(ids), len(ids)))
    return make_weights(ids, links, rule=f"{k} nearest")


def minutes_weights(ids: Sequence[str] | pd.Index, walks: pd.DataFrame, *, limit_min: float) -> Weights:
    """Link areas that are at most so many minutes apart on the network.

    Parameters
    ----------
    ids
        Ids of all areas (n,), unique text.
    walks
        One row per pair that was reached: `area_id`, `to_area_id`, `minutes`. A pair that is missing or has
        no minutes is not linked. The way there and the way back are two rows.
    limit_min
        Most minutes of a link.

    Raises
    ------
    MissingError
        If a walk names an area that is not in `ids`.
    """
    index = pd.Index(ids)
    _require_unique(index)
    row, col = index.get_indexer(pd.Index(walks["area_id"])), index.get_indexer(pd.Index(walks["to_area_id"]))
    unknown = sorted({*walks["area_id"][row < 0], *walks["to_area_id"][col < 0]})
    if unknown:
        raise MissingError("weights_area_unknown", n_areas=len(unknown), area_id=unknown[0])
    is_near = (walks["minutes"] <= limit_min).to_numpy()
    row, col = row[is_near], col[is_near]
    links = sparse.csr_array((np.ones(len(row)), (row, col)), shape=(len(index), len(index)))
    links.data[:] = np.minimum(links.data, 1.0)  # a pair that is listed twice is one link
    return make_weights(index, links, rule=f"within {limit_min:g} min")


def hexagon_weights(ids: Sequence[str] | pd.Index) -> Weights:
    """Link H3 cells of one resolution that touch.

    Parameters
    ----------
    ids
        Cells (n,) as 15 hexadecimal digits, unique.

    Examples
    --------
    >>> hexagon_weights(["8940e3ce89bffff", "8940e3cec67ffff"]).n_neighbours.tolist()
    [1, 1]
    """
    index = pd.Index(ids)
    _require_unique(index)
    cells = np.array([int(text, 16) for text in index], dtype=np.uint64)
    disks = h3ronpy.grid_disk(cells, 1, flatten=False).to_pylist() if len(cells) else []
    row = np.repeat(np.arange(len(cells)), [len(disk) for disk in disks])
    near = np.array([cell for disk in disks for cell in disk], dtype=np.uint64)
    col = pd.Index(cells).get_indexer(pd.Index(near))
    row, col = row[col >= 0], col[col >= 0]
    links = sparse.coo_array((np.ones(len(row)), (row, col)), shape=(len(cells), len(cells)))
    return make_weights(index, links, rule="touching hexagons")


def style_weights(weights: Weights, *, style: Style | None = None, with_self: bool | None = None) -> Weights:
    """Return the same links in another style; None keeps what is."""
    return replace(
        weights,
        style=weights.style if style is None else style,
        with_self=weights.with_self if with_self is None else with_self,
    )


def keep_areas(weights: Weights, kept: ArrayLike) -> Weights:
    """Return the weights of some areas among themselves; who loses every neighbour becomes an island.

    Parameters
    ----------
    weights
        Weights of n areas.
    kept
        Which of them stay (n,), as booleans in the order of `weights.index`.
    """
    mask = np.asarray(kept, dtype=bool)
    if mask.all():
        return weights
    return replace(weights, index=weights.index[mask], links=weights.links[mask][:, mask])


@dataclass(frozen=True)
class Aligned:
    """Values and weights of the areas that have a value, in the order of the weights."""

    numbers: Floats
    weights: Weights
    row: Positions
    """Position in `numbers` of each value that was given, -1 where it is missing."""


def align_values(values: pd.Series, weights: Weights) -> Aligned:
    """Bring values into the order of the weights, and leave out the areas without one.

    Parameters
    ----------
    values
        One number per area, indexed by area id; missing where there is none. Areas of the weights that are
        not there have none either.
    weights
        Neighbours of these areas; other areas may be there too.

    Raises
    ------
    DuplicateError
        If an area occurs twice.
    MissingError
        If an area is not in the weights, or has no id.
    GeoError
        If a value is infinite.
    """
    _require_unique(values.index)
    place = weights.index.get_indexer(values.index)
    if (place < 0).any():
        unknown = values.index[place < 0]
        raise MissingError("weights_area_unknown", n_areas=len(unknown), area_id=str(unknown[0]))
    given = np.asarray(values, dtype=np.float64)
    if (infinite := np.isinf(given)).any():
        first = str(values.index[infinite][0])
        raise GeoError("values_not_finite", n_values=int(infinite.sum()), area_id=first)
    placed = np.full(len(weights.index), np.nan)
    placed[place] = given
    has_value = ~np.isnan(placed)
    position = np.where(has_value, np.cumsum(has_value) - 1, -1)
    return Aligned(placed[has_value], keep_areas(weights, has_value), position[place].astype(np.int64))


def _link_both_ways(ids: pd.Index, one: Positions, other: Positions, *, rule: str) -> Weights:
    row, col = np.concatenate([one, other]), np.concatenate([other, one])
    links = sparse.coo_array((np.ones(len(row)), (row, col)), shape=(len(ids), len(ids)))
    return make_weights(ids, links, rule=rule)


def _find_nearest(xy: Floats, k: int) -> tuple[Positions, Positions]:
    """Return pairs (place, one of its k nearest); places stand in the order that decides ties."""
    n = len(xy)
    if not k:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    tree = cKDTree(xy)
    asked = np.arange(n)
    rows, cols = [], []
    size = min(n, k + 1 + _SPARE_NEIGHBOURS)
    while len(asked):
        distance_m, near = tree.query(xy[asked], k=size)
        mm = np.floor(distance_m.reshape(len(asked), size) * MM_PER_M + 0.5).astype(np.int64)
        near = near.reshape(len(asked), size).astype(np.int64)
        mm[near == asked[:, None]] = -1  # itself comes first, and is left out
        best = np.sort(mm * n + near, axis=1)[:, : k + 1]  # by distance, then by place
        is_sure = (best[:, -1] // n < mm.max(axis=1)) | (size == n)
        chosen = best[is_sure, 1:] % n
        rows.append(np.repeat(asked[is_sure], k))
        cols.append(chosen.ravel())
        asked, size = asked[~is_sure], min(n, size * 4)
    return np.concatenate(rows).astype(np.int64), np.concatenate(cols).astype(np.int64)


def _centroids_m(places: gpd.GeoDataFrame) -> tuple[Floats, Positions]:
    """Return the centroids in metres of the places that have one, and their rows."""
    centroids = shapely.centroid(places.geometry.to_crs(metric_crs(places, name="places")).to_numpy())
    xy = np.column_stack([shapely.get_x(centroids), shapely.get_y(centroids)])
    given = np.flatnonzero(np.isfinite(xy).all(axis=1))
    return xy[given], given


def _require_ids(table: gpd.GeoDataFrame) -> pd.Index:
    if "area_id" not in table:
        raise MissingError("area_id_column_missing", table="areas")
    ids: pd.Index = pd.Index(table["area_id"])
    _require_unique(ids)
    return ids


def _require_unique(ids: pd.Index) -> None:
    if n_missing := int(np.count_nonzero(ids.isna())):
        raise MissingError("area_id_missing", n_areas=n_missing)
    if ids.has_duplicates:
        twice = ids[ids.duplicated()]
        raise DuplicateError("area_id_twice", area_id=min(twice), n_extra=len(twice))


def _order_by_id(ids: pd.Index) -> Positions:
    names = ids.tolist()
    return np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)
