"""Draw a synthetic city: irregular areas that share wiggly edges to the bit, and clustered points.

Areas are Voronoi cells of jittered seeds, smaller towards the centre, each ridge broken into six pieces
that wander off the straight line; both neighbours get the very same corners. Some 30 corners an area.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi

CENTRE = np.array([104.07, 30.67])
RADIUS_DEG = 0.3
CORNERS_PER_RIDGE = 4
WANDER = 0.09
OUTSIDE_SHARE = 0.07


def draw_areas(n: int, *, seed: int = 1) -> NDArray[np.object_]:
    """Draw n areas that tile a city."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(n * 4 / np.pi))) + 6
    lattice = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
    seeds = (lattice + rng.uniform(-0.38, 0.38, lattice.shape)) / side * 2 - 1
    seeds *= (0.55 + 0.45 * np.hypot(*seeds.T))[:, None]  # denser towards the centre
    diagram = Voronoi(seeds)
    reach = np.hypot(*seeds.T)
    is_open = np.array([-1 in region or not region for region in diagram.regions])
    reach[is_open[diagram.point_region]] = np.inf
    chosen = np.zeros(len(seeds), dtype=bool)
    chosen[np.argsort(reach)[:n]] = True
    ridges = np.array(diagram.ridge_vertices)
    sides = diagram.ridge_points
    used = chosen[sides].any(axis=1) & (ridges >= 0).all(axis=1)
    ridges, sides = ridges[used], sides[used]
    corners = CENTRE + diagram.vertices * RADIUS_DEG / reach[chosen].max()
    offsets = rng.uniform(-WANDER, WANDER, (len(ridges), CORNERS_PER_RIDGE))
    while True:  # straighten the ridges of areas that cross themselves, until none does
        areas, owner = _join_ridges(corners, ridges, sides, offsets, chosen)
        crossed = np.isin(sides, owner[~shapely.is_valid(areas)]).any(axis=1)
        if not crossed.any():
            return areas
        offsets[crossed] *= 0.5
        offsets[crossed & (np.abs(offsets).max(axis=1) < 0.01)] = 0.0


def _join_ridges(corners, ridges, sides, offsets, chosen):
    """Return one polygon per chosen seed, and its seed."""
    start, end = corners[ridges[:, 0]], corners[ridges[:, 1]]
    along = end - start
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    share = (np.arange(CORNERS_PER_RIDGE) + 1) / (CORNERS_PER_RIDGE + 1)
    middle = start[:, None] + share[None, :, None] * along[:, None] + offsets[:, :, None] * across[:, None]
    lines = np.concatenate([start[:, None], middle, end[:, None]], axis=1)
    line_of = np.tile(np.arange(len(ridges)), 2)
    seed_of = sides.T.ravel()
    keep = chosen[seed_of]
    line_of, seed_of = line_of[keep], seed_of[keep]
    order = np.argsort(seed_of, kind="stable")
    line_of, seed_of = line_of[order], seed_of[order]
    owner, first = np.unique(seed_of, return_index=True)
    blocks, row = [], []
    for k, (low, high) in enumerate(zip(first, [*first[1:], len(seed_of)], strict=True)):
        ring = _chain(ridges, lines, line_of[low:high])
        blocks.append(ring)
        row.append(np.full(len(ring), k))
    rings = shapely.linearrings(np.concatenate(blocks), indices=np.concatenate(row))
    return shapely.polygons(rings), owner


def _chain(ridges, lines, members):
    """Return the corners of ridges walked end to end."""
    links: dict[int, list[int]] = {}
    for member in members:
        for vertex in ridges[member]:
            links.setdefault(int(vertex), []).append(int(member))
    at, member, walked = int(ridges[members[0]][0]), int(members[0]), []
    for _ in members:
        forward = ridges[member][0] == at
        walked.append(lines[member][:-1] if forward else lines[member][:0:-1])
        at = int(ridges[member][1 if forward else 0])
        member = next(other for other in links[at] if other != member)
    return np.concatenate(walked)


def draw_points(areas: NDArray[np.object_], n: int, *, seed: int = 2) -> NDArray[np.float64]:
    """Draw n points (n, 2) in no order: clusters of several sizes, and 7 % beyond the outermost areas."""
    rng = np.random.default_rng(seed)
    bounds = shapely.total_bounds(areas)
    centre, half = (bounds[:2] + bounds[2:]) / 2, (bounds[2:] - bounds[:2]) / 2
    n_outside = int(n * OUTSIDE_SHARE)
    n_inside = n - n_outside
    clusters = centre + rng.normal(0, 0.35, (300, 2)) * half
    spread = rng.lognormal(-3.2, 0.6, 300)
    weight = rng.dirichlet(np.full(300, 0.7))
    cluster = rng.choice(300, n_inside, p=weight)
    inside = clusters[cluster] + rng.normal(0, 1, (n_inside, 2)) * spread[cluster, None] * half
    for _ in range(60):
        stray = np.hypot(*((inside - centre) / half).T) > 0.985
        if not stray.any():
            break
        inside[stray] = centre + rng.uniform(-0.98, 0.98, (int(stray.sum()), 2)) * half
    angle, far = rng.uniform(0, 2 * np.pi, n_outside), rng.uniform(1.03, 1.5, n_outside)
    outside = centre + np.stack([np.cos(angle), np.sin(angle)], axis=1) * far[:, None] * half
    return rng.permutation(np.concatenate([inside, outside]))
