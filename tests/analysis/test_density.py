"""A density by FFT is that of direct summation, and the edge of the jurisdiction is not cold by drawing."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.density import choose_bandwidth_m, measure_density, relative_risk
from geo.errors import ChoiceError

UTM = pyproj.CRS.from_epsg(32648)
SQUARE = shapely.box(0, 0, 4000, 4000)
LAND = shapely.Polygon(
    [(0, 0), (4000, 300), (3600, 3000), (1500, 4000)], [[(1500, 1500), (1500, 2000), (2000, 2000)]]
)


def draw(n, seed=1, box=4000.0):
    return np.random.default_rng(seed).uniform(0, box, (2, n))


def density(x, y, land=SQUARE, **choices):
    return measure_density(x, y, land, crs=UTM, **{"cell_m": 50.0, "bandwidth_m": 200.0, **choices})


def centres(surface):
    rows, columns = surface.per_km2.shape
    return np.meshgrid(
        surface.x0_m + (np.arange(columns) + 0.5) * surface.cell_m,
        surface.y0_m + (np.arange(rows) + 0.5) * surface.cell_m,
    )


def sum_directly(x, y, surface):
    """Sum the kernel of every point at every cell, per km², without the edge."""
    cx, cy = centres(surface)
    h = surface.bandwidth_m
    squared = (cx[..., None] - x) ** 2 + (cy[..., None] - y) ** 2
    return np.exp(-squared / (2 * h * h)).sum(axis=-1) / (2 * np.pi * h * h) * 1e6


@pytest.mark.parametrize(("cells", "tolerance"), [(2, 7e-3), (4, 2e-3), (8, 5e-4)])
@pytest.mark.parametrize("land", [SQUARE, LAND])
def test_the_fft_agrees_with_direct_summation(cells, tolerance, land):
    x, y = draw(300)
    keep = shapely.contains_xy(land, x, y)
    found = density(x, y, land, cell_m=400 / cells, bandwidth_m=400)
    expected = sum_directly(x[keep], y[keep], found) / found.inside_share
    inside = np.isfinite(found.per_km2)
    apart = np.abs(found.per_km2 - expected)[inside].max()
    assert apart < tolerance * expected[inside].max()
    assert found.n_points == keep.sum() and found.n_outside == 300 - keep.sum()
    assert (inside == shapely.intersects_xy(land, *centres(found))).all()


def test_the_share_of_the_kernel_inside_is_a_half_at_a_side_and_a_quarter_in_a_corner():
    share = density(*draw(5), cell_m=25.0).inside_share
    half = 0.5 + 12.5 / (200 * np.sqrt(2 * np.pi))  # the first centre lies half a cell inside
    assert share[80, 80] == pytest.approx(1, abs=1e-4)
    assert share[1, 80] == pytest.approx(half, abs=1e-4)
    assert share[1, 1] == pytest.approx(half**2, abs=1e-4)


def test_even_cases_are_as_dense_at_the_edge_as_inside():
    step = np.arange(5, 4000, 10.0)
    x, y = (axis.ravel() for axis in np.meshgrid(step, step))
    found = density(x, y).per_km2
    assert np.nanmin(found) > 0.995 * 10_000 and np.nanmax(found) < 1.005 * 10_000


def test_weights_count_as_that_many_points():
    x, y = draw(20)
    twice = density(np.tile(x, 2), np.tile(y, 2))
    np.testing.assert_allclose(density(x, y, weights=np.full(20, 2.0)).per_km2, twice.per_km2, rtol=1e-9)


def test_bandwidths_worked_by_hand():
    x, y = np.array([0.0, 10, 20, 30, 40]), np.zeros(5)
    # x: sd 15.811, interquartile range 20 / 1.349 = 14.826; y: 0. Root mean square 10.4835, times 5^(-1/6).
    assert choose_bandwidth_m(x, y) == pytest.approx(10.48350 * 5 ** (-1 / 6), rel=1e-5)
    # distances 20 10 0 10 20: standard distance 14.1421, median 10 / sqrt(ln 2) = 12.0112.
    assert choose_bandwidth_m(x, y, rule="median_distance") == pytest.approx(
        0.9 * 12.01122 * 5 ** (-1 / 5), rel=1e-5
    )


def test_a_bandwidth_chosen_by_rule_is_named_and_comes_from_the_points_inside():
    x, y = draw(500)
    found = density(np.append(x, [9e6, np.nan]), np.append(y, [9e6, np.nan]), bandwidth_m=None)
    assert found.bandwidth_m == choose_bandwidth_m(x, y)
    assert (found.bandwidth_rule, found.n_outside) == ("silverman", 2)
    assert density(x, y).bandwidth_rule == "given"


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"cell_m": 0.0}, "no length"),
        ({"bandwidth_m": -1.0}, "no length"),
        ({"bandwidth_m": 99.0}, "less than two cells"),
        ({"cell_m": 0.1, "bandwidth_m": 1.0}, "cells"),
    ],
)
def test_choices_that_would_mislead_are_refused(choices, message):
    with pytest.raises(ChoiceError, match=message):
        density(*draw(5), **choices)


@pytest.mark.parametrize("n", [0, 1, 9])
def test_fault_I01_no_bandwidth_is_chosen_from_one_place(n):
    with pytest.raises(ChoiceError, match="bandwidth"):
        density(np.full(n, 7.0), np.full(n, 7.0), bandwidth_m=None)
    assert density(np.full(n, 7.0), np.full(n, 7.0)).n_points == n


def test_risk_is_one_where_cases_follow_people_and_missing_where_hardly_anybody_lives():
    x, y = draw(400)
    y = y / 2  # nobody in the north
    people = density(x, y, weights=np.full(400, 50.0))
    risk = relative_risk(density(x, y), people, least_people_per_km2=10)
    known = np.isfinite(risk)
    np.testing.assert_allclose(risk[known], 1.0, rtol=1e-9)
    assert not known[-2].any() and known[1:40, 1:-1].all()
    assert np.isnan(relative_risk(density(x[:0], y[:0]), people, least_people_per_km2=10)).all()


def test_densities_that_differ_are_not_divided():
    x, y = draw(50)
    with pytest.raises(ChoiceError, match="differ"):
        relative_risk(density(x, y), density(x, y, bandwidth_m=300.0), least_people_per_km2=1)


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(12)), east=st.integers(-5, 5))
def test_row_order_and_place_of_the_origin_do_not_matter(order, east):
    x, y = draw(12)
    plain = density(x, y).per_km2
    shift = east * 1_000_000.0
    moved = density(
        x[list(order)] + shift, y[list(order)], shapely.transform(SQUARE, lambda c: c + np.array([shift, 0]))
    )
    np.testing.assert_allclose(moved.per_km2, plain, rtol=1e-6, atol=1e-9)
