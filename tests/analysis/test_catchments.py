"""A catchment is the street that is reached, cut at the limit: no land beyond, no lost start, no swum river."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.catchments import WIDTH_M, find_reached, make_catchments
from geo.analysis.reach import measure_reach
from geo.analysis.snapping import snap_points
from geo.errors import ChoiceError
from tests.analysis.walk_graphs import PLANE, lattice, make, to_degrees


def snap(network, *points, ceiling_m=60.0):
    return snap_points(network, *to_degrees(points).T, ceiling_m=ceiling_m)


def reached(network, goals, limit_m, **choices):
    """Return (edge, from, to) in metres, by edge and place."""
    pieces = find_reached(measure_reach(network, goals, limit_m=limit_m, **choices), limit_m=limit_m)
    return [
        (int(network.edge_ids[e]), a / 10, b / 10)
        for e, a, b in zip(pieces.edge, pieces.from_dm, pieces.to_dm, strict=True)
    ]


def plan(table):
    """Return the catchments in metres on the plan."""
    plane = table.to_crs(PLANE).geometry
    return plane.translate(-500_000, -3_380_000).to_numpy()


def at(x, y):
    return shapely.Point(x, y)


def test_edges_are_cut_exactly_at_the_limit():
    network = make(*lattice(3, 1))
    assert reached(network, snap(network, (50, 0)), 30) == [(1, 20.0, 80.0)]
    assert reached(network, snap(network, (50, 10)), 80) == [(1, 0.0, 100.0), (2, 0.0, 20.0)]
    assert reached(network, snap(network, (100, 0)), 100) == [(1, 0.0, 100.0), (2, 0.0, 100.0)]


def test_two_starts_leave_a_hole_between_them_or_none():
    network = make([(0, 0), (1000, 0)], [(0, 1)])
    two = snap(network, (100, 0), (500, 0))
    assert reached(network, two, 100) == [(1, 0.0, 200.0), (1, 400.0, 600.0)]
    assert reached(network, two, 200) == [(1, 0.0, 700.0)]


def test_a_block_is_reached_from_both_sides():
    network = make(*lattice(2, 2))
    # 400 m round; from a corner 150 m reach the far edges to their middle
    assert reached(network, snap(network, (0, 0)), 150) == [
        (1, 0.0, 100.0), (2, 0.0, 50.0), (3, 0.0, 100.0), (4, 0.0, 50.0),
    ]  # fmt: skip
    assert len(reached(network, snap(network, (0, 0)), 200)) == 4


def test_a_one_way_street_reaches_one_way():
    network = make([(0, 0), (1000, 0)], [(0, 1)], foot_way=["forward"])
    middle = snap(network, (500, 0))
    assert reached(network, middle, 100) == [(1, 400.0, 500.0)]
    assert reached(network, middle, 100, direction="from") == [(1, 500.0, 600.0)]


def test_the_land_of_a_straight_street_is_a_stadium():
    network = make([(0, 0), (1000, 0)], [(0, 1)])
    (shape,) = plan(make_catchments(network, snap(network, (500, 0)), limits_m=[200]))
    assert shape.bounds == pytest.approx((300 - WIDTH_M, -WIDTH_M, 700 + WIDTH_M, WIDTH_M), abs=0.2)
    assert shape.area == pytest.approx(400 * 50 + np.pi * 25**2, rel=0.01)


def test_land_that_no_reached_street_passes_is_not_in_it():
    network = make(*lattice(4, 4, step_m=200.0))
    (shape,) = plan(make_catchments(network, snap(network, (300, 200)), limits_m=[500]))
    assert not shape.contains(at(300, 300))  # the middle of a block
    assert shape.contains(at(300, 400))
    assert shape.area < 0.8 * shape.convex_hull.area


def test_the_start_is_in_it_with_its_way_to_the_street():
    network = make([(0, 0), (1000, 0)], [(0, 1)])
    table = make_catchments(network, snap(network, (500, 55)), limits_m=[10, 60])
    small, large = plan(table)
    assert small.contains(at(500, 55))
    assert not small.intersects(at(500, 15))
    assert large.contains(at(500, 27.5))  # between the land of the door and that of the street
    assert large.contains(at(500, 55))
    assert large.contains(at(500, 0))
    assert table["street_m"].tolist() == [0, 10]


def test_fault_I09_nobody_joined_gives_an_empty_catchment():
    network = make([(0, 0), (1000, 0)], [(0, 1)])
    table = make_catchments(network, snap(network, (500, 500)), limits_m=[300])
    assert table.geometry.is_empty.all()
    assert table["street_m"].tolist() == [0]


RIVER = gpd.GeoSeries([shapely.LineString(to_degrees([(-500, 20), (1500, 20)]))], crs=4326)


def test_a_river_is_not_crossed_without_a_bridge():
    banks = make([(0, 0), (1000, 0), (0, 40), (1000, 40)], [(0, 1), (2, 3)])
    start = snap(banks, (500, 0), ceiling_m=10)
    (open_land,) = plan(make_catchments(banks, start, limits_m=[300]))
    (shape,) = plan(make_catchments(banks, start, limits_m=[300], barriers=RIVER))
    assert open_land.intersects(at(500, 24))
    assert not shape.intersects(shapely.box(-100, 20, 1100, 100))
    assert shape.contains(at(500, 15))


def test_a_bridge_carries_the_walk_across():
    banks = make([(0, 0), (1000, 0), (0, 40), (1000, 40), (600, 0), (600, 40)],
                 [(0, 4), (4, 1), (2, 5), (5, 3), (4, 5)])  # fmt: skip
    (shape,) = plan(
        make_catchments(banks, snap(banks, (500, 0), ceiling_m=10), limits_m=[300], barriers=RIVER)
    )
    assert shape.geom_type == "MultiPolygon"
    assert len(shape.geoms) == 1
    assert shape.contains(at(600, 20))
    assert shape.contains(at(700, 40))  # 100 + 40 + 160 = 300
    assert not shape.intersects(at(800, 40))
    assert not shape.intersects(at(600 - 5, 20))


@pytest.mark.parametrize("limits", [[], [0], [300, 300], [-5], [float("nan")]])
def test_limits_that_are_none_are_refused(limits):
    network = make([(0, 0), (1000, 0)], [(0, 1)])
    with pytest.raises(ChoiceError, match="limits above 0"):
        make_catchments(network, snap(network, (500, 0)), limits_m=limits)


def random_town(seed):
    rng = np.random.default_rng(seed)
    corners, edges = lattice(6, 5)
    corners = np.array(corners) + rng.uniform(-30, 30, (len(corners), 2))
    network = make(corners, [edge for edge in edges if rng.random() < 0.75])
    return network, snap(network, *rng.uniform(0, 450, (3, 2))), rng


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_five_ten_and_fifteen_minutes_nest_and_hold_their_starts(seed):
    network, goals, _ = random_town(seed)
    table = make_catchments(network, goals, limits_m=[250, 80, 160])
    shapes = plan(table)
    assert table["limit_m"].tolist() == [80, 160, 250]
    assert table.geometry.is_valid.all()
    for small, large in pairwise(shapes):
        assert small.difference(large).area <= 1e-3  # square metres, of rounding
    assert table["street_m"].is_monotonic_increasing
    starts = goals.xy[goals.edge >= 0] - (500_000, 3_380_000)
    assert (
        shapes[0].buffer(1e-6).contains(shapely.points(starts)).all() if len(starts) else shapes[0].is_empty
    )


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_a_place_is_in_a_reached_piece_when_its_own_walk_is_within_the_limit(seed):
    network, goals, rng = random_town(seed)
    reach = measure_reach(network, goals, limit_m=220)
    pieces = find_reached(reach, limit_m=220)
    homes = snap(network, *rng.uniform(0, 450, (60, 2)), ceiling_m=1000)
    bare = homes.of(np.arange(60))
    bare.walk_dm[:] = 0  # on the street itself
    metres = reach.at_points(bare).metres[:, 0]
    for edge, offset, metre in zip(bare.edge, bare.offset_dm, metres, strict=True):
        mine = pieces.edge == edge
        inside = ((pieces.from_dm[mine] <= offset + 1e-6) & (offset <= pieces.to_dm[mine] + 1e-6)).any()
        assert inside == (metre <= 220) or np.isclose(metre, 220)
