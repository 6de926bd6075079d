"""The nearest border is the nearest, and its distance is that on the ellipsoid to 0.1 %."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.border import ANYBODY, degree_lengths, find_nearest_border, index_borders
from geo.analysis.raster_kernels import NOBODY

GEOD = pyproj.Geod(ellps="WGS84")


def find(polygons, xy, *, wanted=ANYBODY, reach_m):
    xy = np.array(xy, dtype=float).reshape(-1, 2)
    wanted = np.broadcast_to(np.int32(wanted), len(xy)).copy()
    lon, lat = xy.T.copy()
    borders = index_borders(np.array(polygons, dtype=object), reach_m=reach_m)
    return find_nearest_border(borders, lon, lat, wanted=wanted, reach_m=reach_m)


@pytest.mark.parametrize("lat", [-60.0, 0.0, 22.5, 30.67, 42.3, 60.0])
@pytest.mark.parametrize("distance_m", [1.0, 100.0, 5000.0])
def test_distances_are_those_on_the_ellipsoid_to_a_thousandth(lat, distance_m):
    for azimuth in (0, 37, 90, 180, 251):
        lon_there, lat_there, _ = GEOD.fwd(104.0, lat, azimuth, distance_m)
        post = shapely.box(lon_there - 1e-9, lat_there - 1e-9, lon_there + 1e-9, lat_there + 1e-9)
        near = find([post], [(104.0, lat)], reach_m=2 * distance_m)
        assert near.distance_m[0] == pytest.approx(distance_m, rel=1e-3)


def test_a_degree_is_as_long_as_on_the_ellipsoid():
    for lat in (0.0, 30.67, 55.0):
        m_lon, m_lat = degree_lengths(lat)
        assert m_lon == pytest.approx(GEOD.line_length([0, 1e-3], [lat, lat]) * 1e3, rel=1e-6)
        assert m_lat == pytest.approx(GEOD.line_length([0, 0], [lat - 5e-4, lat + 5e-4]) * 1e3, rel=1e-6)


def test_a_border_exactly_within_reach_counts_and_one_beyond_does_not():
    square = shapely.box(0, 0, 1, 1)
    distance_m = find([square], [(1.001, 0.0)], reach_m=200).distance_m[0]
    assert find([square], [(1.001, 0.0)], reach_m=distance_m * (1 + 1e-12)).position.tolist() == [0]
    beyond = find([square], [(1.001, 0.0)], reach_m=distance_m * (1 - 1e-12))
    assert (beyond.position.tolist(), np.isnan(beyond.distance_m).tolist()) == ([NOBODY], [True])


def test_only_the_border_asked_for_counts_and_a_point_left_out_has_none():
    squares = [shapely.box(0, 0, 1, 1), shapely.box(0.5, 0, 1.001, 1)]
    point = (1.0011, 0.5)
    assert find(squares, [point], wanted=0, reach_m=1000).position.tolist() == [0]
    assert find(squares, [point], wanted=1, reach_m=1000).position.tolist() == [1]
    assert find(squares, [point], reach_m=1000).position.tolist() == [1]
    assert find(squares, [point], wanted=NOBODY, reach_m=1000).position.tolist() == [NOBODY]


def test_of_areas_that_meet_in_the_nearest_corner_the_first_is_told_from_wherever_it_is_seen():
    rng = np.random.default_rng(2)
    for side in (-1, 1):
        for _ in range(150):
            tip = rng.uniform(0.3, 0.7, 2)
            first = shapely.Polygon(tip + np.array([(0, 0), (side * 0.2, -0.08), (side * 0.2, -0.12)]))
            second = shapely.Polygon(tip + np.array([(0, 0), (-side * 0.2, -0.08), (-side * 0.2, -0.12)]))
            near = find(
                [first, second], tip + rng.uniform((-0.003, 0.009), (0.003, 0.03), (50, 2)), reach_m=9000
            )
            assert set(near.position.tolist()) == {0}


def test_points_without_a_place_and_areas_without_a_border_are_nowhere():
    square = shapely.box(0, 0, 1, 1)
    bad = [(np.nan, 0), (0, np.inf), (1e300, 0), (0, 91), (-np.inf, np.nan)]
    assert (find([square], bad, reach_m=1e5).position == NOBODY).all()
    assert (find([None, shapely.Polygon()], [(0, 0)], reach_m=1e5).position == NOBODY).all()


def test_two_towns_wide_apart_are_both_searched():
    towns = [shapely.box(0, 0, 0.01, 0.01), shapely.box(100, 40, 100.01, 40.01)]
    near = find(towns, [(0.0101, 0.005), (99.9999, 40.005), (50, 20)], reach_m=100)
    assert near.position.tolist() == [0, 1, NOBODY]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([3.0, 80.0, 700.0, 20_000.0]))
def test_no_border_is_nearer_than_the_one_found(seed, reach_m):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    middles = rng.uniform((104.0, 30.0), (104.1, 30.1), (n, 2))
    polygons = shapely.buffer(shapely.points(middles), rng.uniform(0.0005, 0.02, n), quad_segs=5)
    xy = rng.uniform((103.95, 29.95), (104.15, 30.15), (200, 2))
    found = find(polygons, xy, reach_m=reach_m)
    for (lon, lat), distance_m, position in zip(xy, found.distance_m, found.position, strict=True):
        scale = np.array(degree_lengths(lat))
        plane = shapely.transform(polygons, lambda corner, s=scale, o=(lon, lat): (corner - o) * s)
        expected = shapely.distance(shapely.boundary(plane), shapely.Point(0, 0))
        if expected.min() > reach_m:
            assert position == NOBODY
        else:
            assert distance_m == pytest.approx(expected.min(), rel=1e-9, abs=1e-6)
            assert expected[position] == pytest.approx(expected.min(), rel=1e-9, abs=1e-6)
