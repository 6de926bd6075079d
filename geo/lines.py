"""Many lines as one array of corners: their lengths, places along them, pieces of them (折线).

Shapely cuts one line at a time; a network has hundreds of thousands. Everything here is planar, in the
unit of the coordinates; `geo.measure` measures on the ellipsoid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Lines:
    """Lines (n,), each with two corners or more."""

    xy: Floats
    """Corners of all lines, one line after the other (k, 2)."""
    first: Places
    """Corners of line i are `xy[first[i]:first[i + 1]]` (n + 1,)."""
    along: Floats
    """Distance of each corner from the start of its line (k,)."""

    @property
    def length(self) -> Floats:
        """Length of each line."""
        return self.along[self.first[1:] - 1]

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.first) - 1


def pack_lines(lines: NDArray[np.object_]) -> Lines:
    """Pack LineStrings.

    Examples
    --------
    >>> pack_lines(shapely.linestrings([[[0, 0], [3, 4], [3, 5]]])[None][0]).length.tolist()
    [6.0]
    """
    xy, owner = shapely.get_coordinates(np.atleast_1d(lines), return_index=True)
    return join_corners(xy, np.bincount(owner, minlength=np.size(lines)))


def join_corners(xy: Floats, n_corners: NDArray[np.integer]) -> Lines:
    """Pack corners (k, 2), of which each line has so many."""
    first = np.concatenate([[0], np.cumsum(n_corners)]).astype(np.int64)
    steps = np.zeros(len(xy))
    if len(xy):
        steps[1:] = np.hypot(*(xy[1:] - xy[:-1]).T)
        steps[first[:-1][np.asarray(n_corners) > 0]] = 0.0
    total = np.cumsum(steps)
    start = total[np.minimum(first[:-1], max(len(xy) - 1, 0))] if len(xy) else np.zeros(0)
    return Lines(xy, first, total - np.repeat(start, n_corners))


def find_along(lines: Lines, line: Places, at: Floats) -> Floats:
    """Return the places (m, 2) at distances along lines; beyond an end, the end."""
    low, share = _step_before(lines, line, at)
    return lines.xy[low] + share[:, None] * (lines.xy[low + 1] - lines.xy[low])


def _step_before(lines: Lines, line: Places, at: Floats) -> tuple[Places, Floats]:
    """Return the corner before each place, and how far the place is on the way to the next, 0 to 1."""
    reach = float(lines.along.max(initial=0.0)) + 1.0
    ladder = lines.along + reach * np.repeat(np.arange(len(lines)), np.diff(lines.first))
    wanted = np.clip(at, 0.0, lines.length[line]) + reach * line
    low = np.searchsorted(ladder, wanted, side="right") - 1
    low = np.clip(low, lines.first[line], lines.first[line + 1] - 2)
    step = lines.along[low + 1] - lines.along[low]
    past = np.clip(at, 0.0, lines.length[line]) - lines.along[low]
    share = np.divide(past, step, out=np.zeros_like(past), where=step > 0)
    return low, np.clip(share, 0.0, 1.0)


def cut_lines(lines: Lines, line: Places, start: Floats, end: Floats) -> NDArray[np.object_]:
    """Cut pieces out of lines.

    Parameters
    ----------
    lines
        The lines.
    line
        Which line each piece is cut from (m,).
    start, end
        Where the piece begins and ends along it, start below end; beyond an end, the end.

    Returns
    -------
    numpy.ndarray
        LineStrings (m,), of two corners at least.
    """
    if not len(line):
        return np.empty(0, dtype=object)
    low, share_low = _step_before(lines, line, start)
    high, share_high = _step_before(lines, line, end)
    inner_from = low + 1
    inner_to = np.where(share_high > 0, high + 1, high)  # corners strictly before the end
    n_inner = np.maximum(inner_to - inner_from, 0)
    n = n_inner + 2
    first = np.concatenate([[0], np.cumsum(n)])
    piece = np.repeat(np.arange(len(line)), n)
    rank = np.arange(first[-1]) - first[:-1][piece]
    xy = lines.xy[np.minimum(inner_from[piece] + rank - 1, len(lines.xy) - 1)]
    xy[first[:-1]] = lines.xy[low] + share_low[:, None] * (lines.xy[low + 1] - lines.xy[low])
    xy[first[1:] - 1] = lines.xy[high] + share_high[:, None] * (lines.xy[high + 1] - lines.xy[high])
    return np.asarray(shapely.linestrings(xy, indices=piece), dtype=object)
