"""A sign is told only where it is certain, and far groups of areas get rasters of their own."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from geo.analysis.raster_index import BLOCK_POINTS, lay_grid, list_edges, run_blocks, split_by_gaps
from geo.analysis.raster_kernels import sure_side

NEAR = st.floats(100, 101)
TINY = st.integers(-3, 3)


def true_side(*coordinates):
    """Return the sign in exact fractions."""
    ax, ay, bx, by, px, py = map(Fraction, coordinates)
    area = (ax - px) * (by - py) - (ay - py) * (bx - px)
    return (area > 0) - (area < 0)


@given(NEAR, NEAR, NEAR, NEAR, st.floats(-0.5, 1.5), TINY, TINY)
@example(100.0, 100.0, 101.0, 101.0, 0.5, 1, 0)
def test_a_side_that_is_told_is_the_true_side(ax, ay, bx, by, share, ulps_x, ulps_y):
    px = ax + share * (bx - ax) + ulps_x * np.spacing(100.0)
    py = ay + share * (by - ay) + ulps_y * np.spacing(100.0)
    assert np.sign(sure_side(ax, ay, bx, by, px, py)) in {0, true_side(ax, ay, bx, by, px, py)}


def test_a_side_that_rounding_might_turn_is_not_told():
    rng = np.random.default_rng(1)
    told = []
    for _ in range(2000):
        ax, ay, share = rng.uniform(0.5, 1, 3)
        px, py = rng.normal(0, 3e-17, 2)
        place = (-ax, -ay, share * ax, share * ay, px, py)
        told.append(np.sign(sure_side(*place)))
        assert told[-1] in {0, true_side(*place)}
    assert 0 in told


def test_a_side_is_told_a_nanodegree_off_the_line():
    assert sure_side(104.0, 30.0, 104.001, 30.001, 104.0005, 30.0005 + 1e-9) > 0
    assert sure_side(104.0, 30.0, 104.001, 30.001, 104.0005, 30.0005 - 1e-9) < 0
    assert sure_side(0.0, 0.0, 1.0, 1.0, 0.5, 0.5) == 0


def test_a_shared_edge_is_kept_once_with_both_owners():
    rings = shapely.get_rings(shapely.box([0, 1], 0, [1, 2], 1))
    edges = list_edges(rings, np.array([0, 1], dtype=np.int32))
    owners = [
        edges.owners[low:high].tolist()
        for low, high in zip(edges.owner_start, edges.owner_start[1:], strict=False)
    ]
    assert len(edges.xy) == 7
    assert sorted(map(len, owners)) == [1] * 6 + [2]
    assert owners[edges.xy.tolist().index([1, 0, 1, 1])] == [0, 1]


def test_negative_zero_is_the_same_place_as_zero():
    rings = np.array(
        [shapely.LinearRing([(0.0, 0), (1, 0), (1, 1)]), shapely.LinearRing([(-0.0, 0), (1, 1), (0, 1)])]
    )
    assert len(list_edges(rings, np.array([0, 1], dtype=np.int32)).xy) == 5


def groups(boxes):
    return sorted(sorted(group.tolist()) for group in split_by_gaps(np.array(boxes, dtype=float)))


def test_groups_are_parted_where_a_gap_halves_the_plane_to_cover():
    town = [(x, y, x + 1, y + 1) for x in range(4) for y in range(4)]
    assert groups(town) == [list(range(16))]
    assert groups([*town, (40, 0, 41, 1)]) == [list(range(16)), [16]]
    assert groups([*town, (40, 0, 41, 1), (0, 90, 1, 91)]) == [list(range(16)), [16], [17]]
    assert groups([*town, (5, 0, 6, 4)]) == [list(range(17))]  # a gap, but not worth a raster
    assert groups([]) == []


def test_boxes_that_touch_or_overlap_are_never_parted():
    chain = [(i, i, i + 1, i + 1) for i in range(30)]
    assert groups(chain) == [list(range(30))]


def test_a_raster_covers_its_bounds_and_has_square_cells():
    for box in ([0, 0, 1, 1], [104, 30, 104, 31], [5, 5, 5, 5], [-1e6, 0, 1e6, 1e-9], [0, 0, 1e-12, 1e90]):
        bounds = np.array(box, dtype=float)
        grid = lay_grid(bounds, n_cells=5000)
        low = (bounds[:2] - (grid.x0, grid.y0)) * grid.per
        high = (bounds[2:] - (grid.x0, grid.y0)) * grid.per
        assert (low >= 0).all()
        assert (high < (grid.nx, grid.ny)).all()
        assert grid.nx * grid.ny < 50_000


@pytest.mark.parametrize("n_threads", [1, 3, None])
@pytest.mark.parametrize("n", [0, 1, BLOCK_POINTS, 5 * BLOCK_POINTS + 1])
def test_blocks_cover_everything_once_and_in_order(n, n_threads):
    blocks = run_blocks(lambda first, last: (first, last), n, block=BLOCK_POINTS, n_threads=n_threads)
    assert [first for first, _ in blocks] == [0, *(last for _, last in blocks)][: len(blocks)]
    assert sum(last - first for first, last in blocks) == n
