"""What can be done about each finding, and by how much it would change which area (修复办法).

Nothing is applied here: every remedy comes with the surface each area would gain or lose, so that a person
chooses knowing the bill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely

from geo.analysis.edges import Geometries
from geo.analysis.faces import GRID_DEG, measure_length_m
from geo.measure import area_m2

RemedyKind = Literal["longest_edge", "smallest", "to_area", "split", "drop_twin", "cut_off", "add_corners"]
"""Give a gap to the area with the longest shared edge, to the smallest, or (gap or overlap) to a named area;
split an overlap along its middle; drop the second of two equal areas; cut off what lies outside the
parent; give an area the corners of its neighbour. Whatever is not chosen is left as it is."""

_TOUCH_DEG = 1e-8
_STEPS = 120
"""Points on the outline of an overlap by which its middle is found."""


@dataclass(frozen=True)
class Remedy:
    """One way to mend one finding."""

    finding: int
    kind: RemedyKind
    area_id: str | None
    """Who gains, or is changed."""
    changes_m2: Mapping[str, float]
    """What each area would gain (+) or lose (-), square metres."""
    takes: Mapping[str, object]
    """Shapes each area would lose."""
    gives: Mapping[str, object]
    """Shapes each area would gain."""
    largest_share: float
    """Greatest change of an area, as a share of it."""


def offer_remedies(findings: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> list[Remedy]:
    """List the remedies of all findings, with what they would change.

    Parameters
    ----------
    findings
        As `geo.analysis.tiling` tells them, of these areas.
    areas
        Valid polygons in WGS84 with `area_id`, unique.

    Returns
    -------
    list of Remedy
        In the order of the findings; those without a remedy have none.
    """
    shapes = areas.geometry.to_numpy(dtype=object)
    ids = areas["area_id"].tolist()
    at = {code: position for position, code in enumerate(ids)}
    surface = dict(zip(ids, area_m2(shapes).tolist(), strict=True))
    tree = shapely.STRtree(shapes)
    remedies: list[Remedy] = []
    for number, rule, one, two, size, shape in zip(
        findings.index.tolist(), findings["rule"], findings["area_id"], findings["other_id"],
        findings["size"], findings.geometry, strict=True,
    ):  # fmt: skip
        offer = _Offer(int(number), float(size), shape, surface)
        if rule in ("gap", "gap_sliver"):
            remedies += _for_gap(offer, shapes, ids, tree)
        elif rule in ("overlap", "overlap_sliver"):
            remedies += _for_overlap(offer, one, two, shapes[at[one]], shapes[at[two]])
        elif rule == "area_twice":
            remedies.append(offer.make("drop_twin", one, takes={two: shape}))
        elif rule in ("outside_parent", "outside_parent_sliver", "in_two_parents"):
            remedies.append(offer.make("cut_off", one, takes={one: shape}))
        elif rule == "edge_not_matching":
            remedies.append(offer.make("add_corners", one))
    return remedies


@dataclass(frozen=True)
class _Offer:
    """A finding for which remedies are made."""

    finding: int
    size_m2: float
    shape: object
    surface_m2: Mapping[str, float]

    def make(
        self,
        kind: RemedyKind,
        area_id: str | None,
        *,
        gives: Mapping[str, object] | None = None,
        takes: Mapping[str, object] | None = None,
    ) -> Remedy:
        given, taken = dict(gives or {}), dict(takes or {})
        changes = {code: self._measure(shape) for code, shape in given.items()}
        changes |= {code: changes.get(code, 0.0) - self._measure(shape) for code, shape in taken.items()}
        shares = [abs(m2) / self.surface_m2[code] for code, m2 in changes.items()]
        return Remedy(self.finding, kind, area_id, changes, taken, given, max(shares, default=0.0))

    def _measure(self, shape: object) -> float:
        return float(area_m2(np.array([shape], dtype=object))[0])


def _for_gap(offer: _Offer, shapes: Geometries, ids: list[str], tree: shapely.STRtree) -> list[Remedy]:
    near = np.sort(tree.query(offer.shape, predicate="dwithin", distance=_TOUCH_DEG))
    rim = shapely.boundary(offer.shape)
    shared_m = measure_length_m(
        shapely.intersection(rim, shapely.buffer(shapes[near], _TOUCH_DEG, quad_segs=1))
    )
    touching = sorted(
        ((ids[k], float(metres)) for k, metres in zip(near.tolist(), shared_m, strict=True) if metres > 0.01),
    )
    if not touching:
        return []
    longest = max(touching, key=lambda pair: round(pair[1], 3))[0]
    smallest = min(touching, key=lambda pair: offer.surface_m2[pair[0]])[0]
    kinds: list[tuple[RemedyKind, str]] = [("longest_edge", longest), ("smallest", smallest)]
    kinds += [("to_area", code) for code, _ in touching]
    return [offer.make(kind, code, gives={code: offer.shape}) for kind, code in kinds]


def _for_overlap(offer: _Offer, one: str, two: str, first: object, second: object) -> list[Remedy]:
    remedies = [
        offer.make("to_area", one, takes={two: offer.shape}),
        offer.make("to_area", two, takes={one: offer.shape}),
    ]
    halves = split_overlap(offer.shape, first, second)
    if halves is not None:
        remedies.append(offer.make("split", None, takes={one: halves[1], two: halves[0]}))
    return remedies


def split_overlap(shape: object, first: object, second: object) -> tuple[object, object] | None:
    """Split what two areas share along its middle: the part the first keeps, and that of the second.

    The middle is where one is as far from the border of the first as from that of the second. None where
    the two borders do not both bound it, as of an area that lies within another, and where it is so thin
    that the middle cannot be drawn.
    """
    rim = shapely.boundary(shape)
    points = shapely.line_interpolate_point(rim, (np.arange(_STEPS) + 0.5) / _STEPS, normalized=True)
    to_first = shapely.distance(points, shapely.boundary(first))
    to_second = shapely.distance(points, shapely.boundary(second))
    is_of_one = np.abs(to_first - to_second) > _TOUCH_DEG  # the two ends lie on both borders
    points, nearer_first = points[is_of_one], (to_first < to_second)[is_of_one]
    if not len(points) or nearer_first.all() or not nearer_first.any():
        return None
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=shape))
    cell, point = shapely.STRtree(points).query(cells, predicate="intersects")[:2]
    try:
        of_second = shapely.union_all(cells[np.unique(cell[nearer_first[point]])], grid_size=GRID_DEG)
        second_keeps = _surfaces(shapely.intersection(shape, of_second))
        first_keeps = _surfaces(shapely.difference(shape, second_keeps))
    except shapely.errors.GEOSException:  # points of a thread-like overlap lie too close to draw its middle
        return None
    if shapely.is_empty(second_keeps) or shapely.is_empty(first_keeps):
        return None
    return first_keeps, second_keeps


def _surfaces(shape: object) -> object:
    """Leave out points and lines."""
    parts = shapely.get_parts(shape)
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
