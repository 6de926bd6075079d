"""Walk across squares and pedestrian areas (广场穿行).

A square is drawn by its outline, and people cross it. The points where streets meet the outline, and the
corners that stand in the way, are joined by straight lines wherever these stay inside; so the shortest walk
between any two streets is among them. The outline itself can be walked as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.intake.osm_rules import WayFacts

Places = NDArray[np.int64]

MOST_CORNERS: Final = 150
"""Points of one square that are joined; a square with more (11 000 lines) is walked along its outline."""

_SLACK_DEG = 1e-9
"""A tenth of a millimetre: a line along the outline lies inside."""


@dataclass(frozen=True)
class Plaza:
    """A square: what it is, and its outer and inner outlines as numbers of points."""

    facts: WayFacts
    outer: Sequence[Places]
    inner: Sequence[Places]


def cross_plazas(
    plazas: Sequence[Plaza], places: Mapping[int, tuple[float, float]], meeting: Places
) -> tuple[Places, int]:
    """Return lines across squares as (point, point, row of the square's way), and how many are too large.

    Parameters
    ----------
    plazas
        Squares; those that may not be walked, or whose outline is broken, are passed over.
    places
        Degrees of each point.
    meeting
        Points where ways meet.
    """
    lines: list[tuple[int, int, int]] = []
    n_outline = 0
    met = set(meeting.tolist())
    for row, plaza in enumerate(plazas):
        area = _draw(plaza, places)
        if plaza.facts.why or area is None:
            continue
        numbers = np.concatenate([*plaza.outer, *plaza.inner]).tolist()
        entries = np.array([number for number in numbers if number in met], dtype=np.int64)
        wanted = np.union1d(entries, _find_inward(plaza, places, area))
        if len(wanted) > MOST_CORNERS:
            n_outline += 1
            continue
        lines += [(a, b, row) for a, b in _see(wanted, places, area)]
    return np.array(lines, dtype=np.int64).reshape(-1, 3), n_outline


def _draw(plaza: Plaza, places: Mapping[int, tuple[float, float]]) -> shapely.Geometry | None:
    """Return the surface of a square, None where its outline does not close."""
    parts = []
    for rings in (plaza.outer, plaza.inner):
        if not all(number in places for ring in rings for number in ring.tolist()):
            return None
        drawn = [shapely.LineString([places[n] for n in ring.tolist()]) for ring in rings if len(ring) > 1]
        parts.append(shapely.union_all(shapely.get_parts(shapely.polygonize(drawn))))
    area = shapely.difference(parts[0], parts[1])
    return None if area.is_empty or not area.is_valid else area


def _find_inward(plaza: Plaza, places: Mapping[int, tuple[float, float]], area: shapely.Geometry) -> Places:
    """Return the corners that stand in the way: where the outline turns into the square."""
    number_of = {places[n]: n for ring in (*plaza.outer, *plaza.inner) for n in ring.tolist()}
    found: list[int] = []
    for part in shapely.get_parts(shapely.orient_polygons(area)):
        for ring in (part.exterior, *part.interiors):
            xy = shapely.get_coordinates(ring)[:-1]
            before, after = xy - np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0) - xy
            turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
            corners = [tuple(corner) for corner in xy[turn < 0].tolist()]
            found += [number_of[corner] for corner in corners if corner in number_of]
    return np.unique(np.array(found, dtype=np.int64))


def _see(
    wanted: Places, places: Mapping[int, tuple[float, float]], area: shapely.Geometry
) -> list[tuple[int, int]]:
    """Return the pairs of points whose straight line stays inside the square."""
    if len(wanted) < 2:
        return []
    at = np.array([places[n] for n in wanted.tolist()])
    a, b = np.triu_indices(len(wanted), k=1)
    lines = shapely.linestrings(np.stack([at[a], at[b]], axis=1))
    room = shapely.buffer(area, _SLACK_DEG)
    shapely.prepare(room)
    inside = shapely.covers(room, lines)
    return list(zip(wanted[a[inside]].tolist(), wanted[b[inside]].tolist(), strict=True))
