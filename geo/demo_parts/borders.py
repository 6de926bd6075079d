"""Find the borders between lots, piece by piece (地块边界).

Every lot is a rectangle whose ring carries all points that any neighbour has on the shared line, so
that two lots side by side have the same vertices along it. The pieces between neighbouring vertices
are the smallest parts of every street and of every area border.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from geo.demo_parts.plan import Rect

WALL_M = 12
"""How far inside the border of its parcel an inner path ends, or its gate stands."""

_STEP_M = 50  # longest piece of a border, so that the warp bends it smoothly

Point = tuple[int, int]
Piece = tuple[Point, Point]
"""A piece of border between two neighbouring vertices, the smaller vertex first."""

OUTSIDE = -1


@dataclass(frozen=True)
class Borders:
    """The vertices of all lots, and what lies on either side of each piece of border."""

    rings: list[list[Point]]
    """Closed by its first point being repeated: counter-clockwise, one per lot."""
    sides: dict[Piece, tuple[int, int]]
    """The one or two lots of each piece; the second is `OUTSIDE` at the edge of the district."""
    at_vertex: dict[Point, list[Piece]]
    """The pieces that meet at a vertex."""


def find_borders(lots: pd.DataFrame) -> Borders:
    """Find rings and pieces of border of all lots."""
    rects = lot_rects(lots)
    points = set(_corner_points(rects)) | set(_inner_points(lots, rects))
    by_v: dict[int, list[int]] = defaultdict(list)
    by_u: dict[int, list[int]] = defaultdict(list)
    for u, v in sorted(points):
        by_v[v].append(u)
        by_u[u].append(v)
    rings = [_ring(rect, by_u, by_v) for rect in rects]
    found: dict[Piece, list[int]] = defaultdict(list)
    for lot, ring in enumerate(rings):
        for a, b in pairwise(ring):
            found[(a, b) if a < b else (b, a)].append(lot)
    sides = {piece: (lot[0], lot[1] if len(lot) > 1 else OUTSIDE) for piece, lot in found.items()}
    at_vertex: dict[Point, list[Piece]] = defaultdict(list)
    for piece in sides:
        at_vertex[piece[0]].append(piece)
        at_vertex[piece[1]].append(piece)
    return Borders(rings, sides, dict(at_vertex))


def lot_rects(lots: pd.DataFrame) -> list[Rect]:
    """Return the rectangles of all lots, in their order."""
    return list(lots[["u0", "v0", "u1", "v1"]].itertuples(index=False, name=None))


def middle_of(rect: Rect) -> Point:
    """Return the crossing of the inner paths of a lot."""
    return (rect[0] + rect[2]) // 2, (rect[1] + rect[3]) // 2


def parcel_rect(lots: pd.DataFrame) -> Rect:
    """Return the rectangle around the lots of one parcel."""
    return int(lots["u0"].min()), int(lots["v0"].min()), int(lots["u1"].max()), int(lots["v1"].max())


def _corner_points(rects: list[Rect]) -> Iterator[Point]:
    for u0, v0, u1, v1 in rects:
        for u in (u0, u1):
            yield from ((u, v) for v in (v0, v1))
            yield from ((u, v) for v in range(v0 - v0 % _STEP_M + _STEP_M, v1, _STEP_M))
        for v in (v0, v1):
            yield from ((u, v) for u in range(u0 - u0 % _STEP_M + _STEP_M, u1, _STEP_M))


def _inner_points(lots: pd.DataFrame, rects: list[Rect]) -> Iterator[Point]:
    """Yield where inner paths meet borders, and where they end before the wall of their parcel."""
    for lot in lots.index[lots["is_gated"]]:
        u0, v0, u1, v1 = rects[lot]
        cu, cv = middle_of(rects[lot])
        yield from ((cu, v0), (cu, v1), (u0, cv), (u1, cv))
    gated = lots[lots["is_gated"]]
    for _, members in gated[gated.duplicated("parcel", keep=False)].groupby("parcel", sort=True):
        outer = parcel_rect(members)
        for u0, v0, u1, v1 in (rects[lot] for lot in members.index):
            for u, v in ((u0, v0), (u0, v1), (u1, v0), (u1, v1)):
                yield from _ends_before_wall(u, v, outer)


def _ends_before_wall(u: int, v: int, outer: Rect) -> Iterator[Point]:
    on_side, on_top = u in (outer[0], outer[2]), v in (outer[1], outer[3])
    if on_side and not on_top:
        yield (u + WALL_M if u == outer[0] else u - WALL_M), v
    elif on_top and not on_side:
        yield u, (v + WALL_M if v == outer[1] else v - WALL_M)


def _ring(rect: Rect, by_u: dict[int, list[int]], by_v: dict[int, list[int]]) -> list[Point]:
    u0, v0, u1, v1 = rect
    bottom = [(u, v0) for u in _between(by_v[v0], u0, u1)]
    right = [(u1, v) for v in _between(by_u[u1], v0, v1)]
    top = [(u, v1) for u in reversed(_between(by_v[v1], u0, u1))]
    left = [(u0, v) for v in reversed(_between(by_u[u0], v0, v1))]
    return bottom + right[1:] + top[1:] + left[1:]


def _between(values: list[int], low: int, high: int) -> list[int]:
    return values[bisect_left(values, low) : bisect_right(values, high)]
