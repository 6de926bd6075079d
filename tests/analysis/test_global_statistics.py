"""Global statistics equal published ones and PySAL's."""

from __future__ import annotations

import esda
import numpy as np
import pytest

from geo.analysis.global_statistics import measure_global
from geo.analysis.weights import make_weights, style_weights
from tests.analysis.samples import SETS, as_values, own_weights, read_sample


def rows_of(folder):
    values, theirs = read_sample(folder)
    return values, style_weights(own_weights(theirs), style="row"), theirs


@pytest.mark.parametrize(
    ("folder", "observed", "p"),
    [
        ("stl", 0.24365582621771659, 0.00013573931385468807),
        ("sids2", 0.24772519320480135, 5.7916539074498452e-05),
    ],
)
def test_R1_4_and_R1_5_moran_to_the_printed_digit(folder, observed, p):
    values, weights, _ = rows_of(folder)
    found = measure_global(values, weights)
    assert found.observed == pytest.approx(observed, rel=1e-14)
    assert found.p_one_sided_normal == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("folder", sorted(set(SETS) - {"10740"}))
def test_moran_equals_esda(folder):
    values, weights, theirs = rows_of(folder)
    peer = esda.Moran(values.to_numpy(), theirs, permutations=0)
    found = measure_global(values, weights)
    assert found.observed == pytest.approx(peer.I, abs=1e-12)
    assert found.z == pytest.approx(peer.z_rand, abs=1e-10)
    assert found.sd_normal == pytest.approx(peer.seI_norm, rel=1e-12)
    assert found.p_two_sided == pytest.approx(peer.p_rand, rel=1e-9)


@pytest.mark.parametrize("folder", sorted(set(SETS) - {"10740"}))
def test_g_equals_esda(folder):
    values, theirs = read_sample(folder)
    peer = esda.G(values.to_numpy(), theirs, permutations=0)
    found = measure_global(values, own_weights(theirs), statistic="g")
    assert found.observed == pytest.approx(peer.G, rel=1e-12)
    assert found.expected == pytest.approx(peer.EG, rel=1e-12)
    assert found.z == pytest.approx(peer.z_norm, abs=1e-8)


@pytest.mark.parametrize("statistic", ["moran", "g"])
def test_permutations_stand_beside_the_formula_and_follow_the_seed(statistic):
    values, theirs = read_sample("stl")
    weights = own_weights(theirs)
    found = measure_global(values, weights, statistic=statistic, n_permutations=499, seed=2)
    again = measure_global(values[::-1], weights, statistic=statistic, n_permutations=499, seed=2)
    assert str(found) == str(again)
    assert found.p_greater + found.p_lesser == pytest.approx(1 + 1 / 500)
    assert found.p_greater < 0.02 and found.p_one_sided < 0.02


@pytest.mark.parametrize("statistic", ["moran", "g"])
@pytest.mark.parametrize("numbers", [[], [1.0], [2.0] * 9, [np.nan] * 9, [0.0] * 9])
def test_fault_I01_where_nothing_is_defined_nothing_is_said(statistic, numbers):
    n = len(numbers)
    weights = make_weights(as_values(numbers).index, np.ones((n, n)), rule="all")
    found = measure_global(as_values(numbers), weights, statistic=statistic, n_permutations=9)
    assert np.isnan([found.observed, found.z, found.p_two_sided, found.p_greater]).all()


def test_a_map_of_islands_has_no_statistic():
    values = as_values(np.arange(9.0))
    assert np.isnan(measure_global(values, make_weights(values.index, np.eye(9), rule="x")).observed)


def test_areas_without_a_value_take_no_part():
    values, weights, _ = rows_of("stl")
    values.iloc[3] = np.nan
    assert measure_global(values, weights).n == 77
