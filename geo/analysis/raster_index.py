"""Turn polygons into a raster that knows where every point lies (面的栅格索引).

The plane over the polygons is cut into equal cells, about 64 a polygon. A cell that no edge comes near
holds one answer. A boundary cell holds a record: which polygons hold a reference point in the cell, and
the edges that cross it, a shared edge once. A point then differs from the reference point by the edges
between the two. Nothing is rounded: what rounding might decide is marked `ASK`, for shapely.

`geo.analysis.assign` holds the public face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.compiled import N_CORES
from geo.analysis.raster_kernels import (
    ASK,
    NOBODY,
    Floats,
    Grid,
    Ints,
    group,
    list_crossed,
    list_toggles,
    locate_block,
    number_edges,
    place_records,
    sweep_rows,
)
from geo.errors import LimitError

CELLS_PER_POLYGON = 64
CELLS_PER_EDGE = 4
FEWEST_CELLS = 1024
MOST_CELLS = 2**27
MOST_RASTERS = 16
MOST_CELLS_ALONG = 2**20
"""Keeps the rounding of a cell number far below `raster_kernels.SLACK`."""

REFERENCE_X, REFERENCE_Y = 0.4871823, 0.5207631
"""Where in its cell a reference point lies: off the middle, so that polygons drawn on a lattice miss it."""

BLOCK_POINTS = 64_000
"""Points that one thread takes at a time: their coordinates and answers fit its cache."""

BLOCK_ROWS = 64

_NO_INTS: Ints = np.empty(0, dtype=np.int32)


@dataclass(frozen=True)
class Edges:
    """The edges of all pieces, each once: coordinates (n, 4), and who owns them."""

    xy: Floats
    owner_start: Ints
    owners: Ints
    """Edge e is owned by the pieces `owners[owner_start[e]:owner_start[e + 1]]`."""


@dataclass(frozen=True)
class Raster:
    """What `locate_block` reads."""

    grid: Grid
    cells: Ints
    words: Floats
    """Records, see `raster_kernels`; whole numbers and bits lie in the same memory."""

    @property
    def n_bytes(self) -> int:
        """Memory that the raster takes."""
        return self.cells.nbytes + self.words.nbytes


def run_blocks(work: Callable[[int, int], Any], n: int, *, block: int, n_threads: int | None) -> list[Any]:
    """Call `work(first, last)` for every block of 0 … n, on several threads, in order of the blocks."""
    starts = range(0, n, block)
    n_threads = min(n_threads or N_CORES, len(starts))
    if n_threads <= 1:
        return [work(first, min(first + block, n)) for first in starts]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(lambda first: work(first, min(first + block, n)), starts))


def split_by_gaps(bounds: Floats) -> list[NDArray[np.intp]]:
    """Split boxes (n, 4) into groups that a straight gap parts, as long as that halves the plane to cover.

    One island far out, or one misplaced area, would else make every cell of the raster as large as a town.
    The boxes that enclose the groups do not touch; each group keeps the order of the boxes.
    """
    groups = [np.arange(len(bounds))] if len(bounds) else []
    done: list[NDArray[np.intp]] = []
    while groups:
        members = groups.pop()
        cut = None if len(done) + len(groups) + 1 >= MOST_RASTERS else _find_gap(bounds[members])
        if cut is None:
            done.append(members)
        else:
            groups += [members[cut], members[~cut]]
    return done


def _find_gap(bounds: Floats) -> NDArray[np.bool_] | None:
    """Tell which boxes lie before the gap that leaves the least surface, None if no gap halves it."""
    least, best = _surface(_enclose(bounds)[:, -1]) / 2, None
    for axis in (0, 1):
        order = np.argsort(bounds[:, axis], kind="stable")
        before, after = _enclose(bounds[order])[:, :-1], _enclose(bounds[order][::-1])[:, -2::-1]
        surface = np.where(before[axis + 2] < after[axis], _surface(before) + _surface(after), np.inf)
        if len(surface) and surface.min() < least:
            least, at = surface.min(), int(surface.argmin())
            best = np.zeros(len(bounds), dtype=bool)
            best[order[: at + 1]] = True
    return best


def _enclose(bounds: Floats) -> Floats:
    """Return the box (4, n) around each box and those before it."""
    low, high = np.minimum.accumulate(bounds[:, :2]), np.maximum.accumulate(bounds[:, 2:])
    return np.concatenate([low, high], axis=1).T


def _surface(boxes: Floats) -> Floats:
    return np.asarray((boxes[2] - boxes[0]) * (boxes[3] - boxes[1]))


def list_edges(rings: NDArray[np.object_], owner_of_ring: Ints) -> Edges:
    """List the edges of rings, each once, with the owners of every ring that runs along it.

    A ring that runs twice along an edge is named twice, so that crossing it changes nothing. Edges
    without length are left out.
    """
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy += 0.0  # -0.0 becomes 0.0: edges are compared bit by bit
    is_edge = (ring[1:] == ring[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    at = np.flatnonzero(is_edge)
    ends = np.concatenate([xy[at], xy[at + 1]], axis=1)
    swap = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    ends[swap] = ends[swap][:, [2, 3, 0, 1]]
    number, first = number_edges(ends.view(np.uint64))
    owner = owner_of_ring[ring[at]].astype(np.int32)
    owner_start, owners = group(number, owner, len(first))
    return Edges(ends[first], owner_start, owners)


def lay_grid(bounds: Floats, *, n_cells: float, shortest: float = 0.0) -> Grid:
    """Lay square cells over bounds (xmin, ymin, xmax, ymax), none narrower than `shortest`."""
    n_cells = min(max(n_cells, FEWEST_CELLS), MOST_CELLS)
    width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
    longest = max(width, height)
    side = max(
        np.sqrt(width * height / n_cells),
        longest / min(n_cells, MOST_CELLS_ALONG / 2),
        1024 * np.spacing(np.abs(bounds).max()),
        shortest,
        1e-200,
    )
    x0, y0, per = bounds[0] - side / 8, bounds[1] - side / 8, 1 / side
    nx, ny = int((bounds[2] - x0) * per) + 1, int((bounds[3] - y0) * per) + 1
    return Grid(float(x0), float(y0), float(per), nx, ny)


def bucket_edges(edges: Floats, grid: Grid) -> tuple[Ints, Ints]:
    """List the edges that may touch each cell: `items[start[cell]:start[cell + 1]]`."""
    n = list_crossed(edges, grid, _NO_INTS, _NO_INTS)
    cells, numbers = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    list_crossed(edges, grid, cells, numbers)
    return group(cells, numbers, grid.nx * grid.ny)


def _bucket_toggles(edges: Floats, grid: Grid, column_x: Floats, row_y: Floats) -> tuple[Ints, Ints]:
    n = list_toggles(edges, grid, column_x, row_y, _NO_INTS, _NO_INTS)
    cells, numbers = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    list_toggles(edges, grid, column_x, row_y, cells, numbers)
    return group(cells, numbers, grid.nx * grid.ny)


def _place_references(start: float, per: float, n: int, share: float) -> Floats:
    return np.asarray(start + (np.arange(n) + share) / per, dtype=np.float64)


def build_raster(edges: Edges, position: Ints, bounds: Floats, *, n_threads: int | None = None) -> Raster:
    """Build the raster over bounds.

    Parameters
    ----------
    edges
        Edges owned by pieces, numbered in the order in which they take points.
    position
        What to answer for each piece.
    bounds
        xmin, ymin, xmax, ymax; outside, no point is held.
    n_threads
        Threads to use; all cores by default. The raster does not depend on it.

    Raises
    ------
    LimitError
        If the records would not fit 16 GB.
    """
    n_cells = max(CELLS_PER_POLYGON * len(position), CELLS_PER_EDGE * len(edges.xy))
    grid = lay_grid(bounds, n_cells=n_cells)
    column_x = _place_references(grid.x0, grid.per, grid.nx, REFERENCE_X)
    row_y = _place_references(grid.y0, grid.per, grid.ny, REFERENCE_Y)
    edge_start, edge_items = bucket_edges(edges.xy, grid)
    toggle_start, toggle_items = _bucket_toggles(edges.xy, grid, column_x, row_y)
    cells = np.empty(grid.nx * grid.ny, dtype=np.int32)
    n_words = place_records(cells, edge_start, edge_items, edges.owner_start)
    if n_words < 0:
        raise LimitError("areas_too_dense", n_areas=len(position), n_edges=len(edges.xy))
    words = np.zeros(n_words, dtype=np.float64)

    def sweep(first: int, last: int) -> None:
        sweep_rows(
            first, last, cells, words, words.view(np.int64), edges.xy, edges.owner_start, edges.owners,
            position, edge_start, edge_items, toggle_start, toggle_items, column_x, row_y,
            1 / grid.per,
        )  # fmt: skip

    run_blocks(sweep, grid.ny, block=BLOCK_ROWS, n_threads=n_threads)
    return Raster(grid, cells, words)


def mark_doubtful(raster: Raster, bounds: Floats) -> None:
    """Make every cell that boxes (n, 4) touch ask shapely."""
    grid = raster.grid
    table = raster.cells.reshape(grid.ny, grid.nx)
    low = np.floor((bounds[:, :2] - (grid.x0, grid.y0)) * grid.per - 1e-3)
    high = np.floor((bounds[:, 2:] - (grid.x0, grid.y0)) * grid.per + 1e-3)
    for (x_low, y_low), (x_high, y_high) in zip(
        np.maximum(low, 0).astype(int), np.maximum(high, 0).astype(int), strict=True
    ):
        table[y_low : y_high + 1, x_low : x_high + 1] = ASK


def look_up(
    rasters: Sequence[Raster], lon: Floats, lat: Floats, *, n_threads: int | None = None
) -> tuple[Ints, int]:
    """Return what rasters that do not overlap hold for each point, and how many to `ASK` about."""
    out = np.full(len(lon), NOBODY, dtype=np.int32)

    def locate(first: int, last: int) -> int:
        block = slice(first, last)
        return sum(
            locate_block(
                lon[block], lat[block], raster.grid, raster.cells, raster.words,
                raster.words.view(np.int64), out[block],
            )
            for raster in rasters
        )  # fmt: skip

    return out, sum(run_blocks(locate, len(lon), block=BLOCK_POINTS, n_threads=n_threads))
