"""Name places by H3 hexagons, millions at a time (六边形网格).

Hexagons count cases and people where areas are too uneven to compare. An id is a 64-bit integer whose
highest bit is never set, so it fits the signed integers of pandas, DuckDB and PostgreSQL; on paper it
is 15 hexadecimal digits. What this module decides:

- id 0, which H3 never uses, stands for "no position"; its text is empty, its polygon missing;
- a point that is no degree is refused, since H3 would wrap a latitude of 113 round the pole in silence;
- parents are cut out of the id by bit arithmetic: no geometry, and the same answer as the library. A
  child reaches over the edge of its parent a little, so counts by parent are those of the children,
  not of the points inside the drawn parent.

The work is done by h3ronpy, which takes whole arrays and leaves the interpreter free: blocks run on all
cores, and the ids are those of the h3 library bit by bit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import h3ronpy
import h3ronpy.vector
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.crs import require_degrees
from geo.errors import ChoiceError
from geo.gcj02 import Floats, as_pair

Ids = NDArray[np.int64]

NO_HEXAGON = 0
"""The id of a point without a position."""

FINEST = 15
_BLOCK = 65_536  # points; enough to hide what starting a block costs
_RESOLUTION_BIT = 52
_DIGIT_BITS = 3
_TEXT = re.compile(r"8[0-9a-f]{14}")


def hexagon_ids(lon: ArrayLike, lat: ArrayLike, *, resolution: int) -> Ids:
    """Return the H3 cell of each WGS84 point, 0 where a point has no position.

    Parameters
    ----------
    lon, lat
        WGS84 degrees, one-dimensional.
    resolution
        0 to 15; at 8, 9 and 10 a cell has about 0.7, 0.1 and 0.015 km2.

    Raises
    ------
    CrsError
        If a point is not in degrees.
    ChoiceError
        If there is no such resolution.

    Examples
    --------
    >>> hexagon_text(hexagon_ids([104.0657], [30.6595], resolution=9)).tolist()
    ['8940e3ce89bffff']
    """
    _require_resolution(resolution)
    require_degrees(lon, lat, name="points")
    x, y = as_pair(lon, lat)
    given = np.isfinite(x)
    ids = np.full(x.shape, NO_HEXAGON, dtype=np.int64)
    ids[given] = _find_cells(x[given], y[given], resolution)
    return ids


def _find_cells(lon: Floats, lat: Floats, resolution: int) -> Ids:
    cells = np.empty(lon.size, dtype=np.int64)

    def fill(start: int) -> None:
        part = slice(start, start + _BLOCK)
        found = h3ronpy.vector.coordinates_to_cells(lat[part], lon[part], resolution)
        cells[part] = np.asarray(found).view(np.int64)

    starts = range(0, lon.size, _BLOCK)
    if len(starts) < 2:
        for start in starts:
            fill(start)
    else:
        with ThreadPoolExecutor(min(len(starts), os.cpu_count() or 1)) as threads:
            list(threads.map(fill, starts))
    return cells


def hexagon_resolution(ids: ArrayLike) -> NDArray[np.int8]:
    """Return the resolution of each cell, -1 for "no position"."""
    cells = np.asarray(ids, dtype=np.int64)
    return np.where(cells == NO_HEXAGON, -1, (cells >> _RESOLUTION_BIT) & 0xF).astype(np.int8)


def parent_ids(ids: ArrayLike, *, resolution: int) -> Ids:
    """Return the cell of a coarser resolution that each cell belongs to; 0 stays 0.

    Raises
    ------
    ChoiceError
        If there is no such resolution, or a cell is already coarser.
    """
    _require_resolution(resolution)
    cells = np.asarray(ids, dtype=np.int64)
    found = hexagon_resolution(cells)
    given = cells != NO_HEXAGON
    coarser = np.flatnonzero(given & (found < resolution))
    if coarser.size:
        raise ChoiceError(
            "hexagon_too_coarse",
            n=coarser.size,
            n_rows=cells.size,
            row=int(coarser[0]) + 1,
            resolution=resolution,
            found=int(found.flat[coarser[0]]),
        )
    unused_digits = (1 << _DIGIT_BITS * (FINEST - resolution)) - 1
    parents = (cells & ~(0xF << _RESOLUTION_BIT)) | (resolution << _RESOLUTION_BIT) | unused_digits
    return np.where(given, parents, NO_HEXAGON)


def hexagon_text(ids: ArrayLike) -> NDArray[np.object_]:
    """Return the 15 hexadecimal digits of each cell, an empty text for "no position"."""
    cells = np.asarray(ids, dtype=np.int64)
    texts = np.full(cells.shape, "", dtype=object)
    given = cells != NO_HEXAGON
    texts[given] = [format(cell, "x") for cell in cells[given].tolist()]
    return texts


def hexagon_from_text(texts: Iterable[object], *, bad: Literal["refuse", "mark"] = "refuse") -> Ids:
    """Read H3 cells from text, whatever the case of the letters; missing and empty text is 0.

    Parameters
    ----------
    texts
        15 hexadecimal digits each; blanks around them do not matter.
    bad
        What happens to a text that is no cell: `refuse` all, or `mark` it with -1.

    Raises
    ------
    ChoiceError
        If a text is no cell and `bad` is `refuse`.
    """
    column = pd.Series(list(texts), dtype=object)
    values = column.where(column.notna(), "").astype(str).tolist()
    ids = np.array([_read_text(value) for value in values], dtype=np.int64)
    ids[(ids > 0) & ~_are_cells(ids)] = -1
    wrong = np.flatnonzero(ids < 0)
    if wrong.size and bad == "refuse":
        first = int(wrong[0])
        raise ChoiceError(
            "hexagon_bad", n=wrong.size, n_rows=len(values), row=first + 1, value=repr(values[first])[:40]
        )
    return ids


def _read_text(value: str) -> int:
    text = value.strip().lower()
    if _TEXT.fullmatch(text):
        return int(text, 16)
    return -1 if text else NO_HEXAGON


def hexagon_polygons(ids: ArrayLike) -> NDArray[np.object_]:
    """Draw each cell as a polygon in WGS84 degrees, missing for "no position".

    A cell across the antimeridian has vertices on both sides, as in the h3 library.

    Raises
    ------
    ChoiceError
        If an id is no cell.
    """
    cells, given = _require_cells(ids)
    polygons = np.full(cells.shape, None, dtype=object)
    wkb = h3ronpy.vector.cells_to_wkb_polygons(cells[given].view(np.uint64))
    polygons[given] = shapely.from_wkb(np.asarray(wkb))
    return polygons


def hexagon_centres(ids: ArrayLike) -> tuple[Floats, Floats]:
    """Return longitude and latitude of the centre of each cell, missing for "no position".

    Raises
    ------
    ChoiceError
        If an id is no cell.
    """
    cells, given = _require_cells(ids)
    lon, lat = np.full(cells.shape, np.nan), np.full(cells.shape, np.nan)
    centres = h3ronpy.vector.cells_to_coordinates(cells[given].view(np.uint64))
    lon[given], lat[given] = np.asarray(centres["lng"]), np.asarray(centres["lat"])
    return lon, lat


def _are_cells(ids: Ids) -> NDArray[np.bool_]:
    valid = h3ronpy.cells_valid(np.ascontiguousarray(ids).view(np.uint64), booleanarray=True)
    return np.array(valid.to_pylist(), dtype=bool)


def _require_cells(ids: ArrayLike) -> tuple[Ids, NDArray[np.bool_]]:
    cells = np.asarray(ids, dtype=np.int64)
    given = cells != NO_HEXAGON
    wrong = np.flatnonzero(given)[~_are_cells(cells[given])]
    if wrong.size:
        first = int(wrong[0])
        raise ChoiceError(
            "hexagon_bad", n=wrong.size, n_rows=cells.size, row=first + 1, value=int(cells[first])
        )
    return cells, given


def _require_resolution(resolution: int) -> None:
    if resolution not in range(FINEST + 1):
        raise ChoiceError("hexagon_resolution", resolution=resolution)
