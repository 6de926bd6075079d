"""Classes pay for all areas tested, stand on enough, and say why there is none."""

from __future__ import annotations

import esda
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.local_statistics import measure_local
from geo.analysis.significance import (
    GROUP_CLASSES,
    LEAST_CASES,
    MORAN_CLASSES,
    OTHER_CLASSES,
    Guard,
    classify_local,
    fdr_cutoff,
    find_cutoff,
)
from geo.analysis.weights import make_weights, style_weights
from geo.errors import ChoiceError, MissingError
from tests.analysis.samples import as_values, own_weights, read_sample


def chain(n):
    links = np.eye(n, k=1) + np.eye(n, k=-1)
    return make_weights([f"{row:05d}" for row in range(n)], links, rule="chain")


def ring(n):
    """Each of n places with the two on either side."""
    links = sum(np.roll(np.eye(n), by, axis=1) for by in (-2, -1, 1, 2))
    return make_weights([f"{row:05d}" for row in range(n)], links, rule="ring")


def high_and_low(n=100):
    """Values about 10, a run of 20 in the first fifth and one of 0 in the last."""
    numbers = np.random.default_rng(1).normal(10, 0.5, n)
    numbers[5:15] += 10
    numbers[80:90] -= 10
    return as_values(numbers)


def test_R1_7_the_cutoff_worked_by_hand():
    # n = 5, alpha = 0.05: allowed 0.01, 0.02, 0.03, 0.04, 0.05; the third p is the last below its own.
    assert fdr_cutoff([0.5, 0.029, 0.005, 0.025, 0.06], alpha=0.05) == pytest.approx(0.03)
    assert fdr_cutoff([0.2, 0.3], alpha=0.05) == pytest.approx(0.025)  # none: that of Bonferroni
    assert fdr_cutoff([0.001, 0.05], alpha=0.05) == pytest.approx(0.025)  # 0.05 is not below its own 0.05
    assert fdr_cutoff([], alpha=0.05) == 0.05


def test_R1_7_stl_to_the_printed_digit():
    # 78 areas: 0.002564102564 = 2 x 0.1 / 78 and 0.001282051282 = 2 x 0.05 / 78, from two areas of p 0.001.
    p = np.full(78, 0.5)
    p[:2] = 0.001
    assert fdr_cutoff(p, alpha=0.1) == pytest.approx(0.002564102564, abs=5e-13)
    assert fdr_cutoff(p, alpha=0.05) == pytest.approx(0.001282051282, abs=5e-13)


@given(
    st.lists(st.floats(1e-6, 1, allow_nan=False), min_size=1, max_size=60),
    st.sampled_from([0.01, 0.05, 0.1]),
)
def test_the_cutoff_is_that_of_esda(p, alpha):
    assert fdr_cutoff(p, alpha=alpha) == pytest.approx(esda.fdr(np.array(p), alpha), rel=1e-12)


def test_corrections_grow_stricter_and_missing_p_values_are_no_tests():
    p = [0.004, 0.011, 0.02, 0.5, np.nan, np.nan]
    cutoffs = [find_cutoff(p, alpha=0.05, correction=name) for name in ("none", "fdr", "bonferroni")]
    assert cutoffs == pytest.approx([0.05, 0.0375, 0.0125])


@pytest.mark.parametrize("alpha", [0, 1, -0.1, np.nan])
def test_a_level_that_is_none_is_refused(alpha):
    with pytest.raises(ChoiceError, match="no level"):
        find_cutoff([0.1], alpha=alpha, correction="none")


def test_high_runs_are_hot_and_low_runs_are_cold():
    found = classify_local(measure_local(high_and_low(), ring(100), statistic="g_star"))
    assert set(found.classes.iloc[7:13]) == {"hot_99"}
    assert set(found.classes.iloc[82:88]) == {"cold_99"}
    assert set(found.classes.iloc[30:70]) == {"not_significant"}
    assert set(found.classes) <= {*GROUP_CLASSES, *OTHER_CLASSES}
    assert (found.correction, found.p_values, found.n_tested) == ("fdr", "normal", 100)
    assert sum(found.counts.values()) == 100


def test_the_three_classes_follow_their_cutoffs():
    local = measure_local(high_and_low(), ring(100), statistic="g")
    found = classify_local(local, correction="none")
    p, z = local.table["p_normal"], local.table["z"]
    for name, low, high in (("99", 0, 0.01), ("95", 0.01, 0.05), ("90", 0.05, 0.1)):
        inside = (p >= low) & (p < high)
        assert (found.classes[inside & (z > 0)] == f"hot_{name}").all()
        assert (found.classes[inside & (z < 0)] == f"cold_{name}").all()
    assert (found.classes[p >= 0.1] == "not_significant").all()


def test_moran_names_own_value_first():
    values = high_and_low()
    values.iloc[50], values.iloc[10] = 30.0, 0.0
    found = classify_local(
        measure_local(values, ring(100), statistic="moran", n_permutations=9999), confidence=90
    )
    assert found.classes.iloc[7] == "high_high" and found.classes.iloc[85] == "low_low"
    assert found.classes.iloc[10] == "low_high"
    assert set(found.classes) <= {*MORAN_CLASSES, *OTHER_CLASSES}
    assert found.p_values == "permuted"


@pytest.mark.parametrize("folder", ["stl", "columbus", "baltim"])
def test_moran_names_are_those_of_esda_where_significant(folder):
    values, theirs = read_sample(folder)
    peer = esda.Moran_Local(values.to_numpy(), theirs, permutations=0)
    local = measure_local(values, style_weights(own_weights(theirs), style="row"), statistic="moran")
    found = classify_local(local, correction="none")
    names = np.array(["", "high_high", "low_high", "low_low", "high_low"])[peer.q]
    named = found.classes.isin(MORAN_CLASSES).to_numpy()
    assert named.sum() > 3
    assert (found.classes[named] == names[named]).all()


def test_geary_tells_alike_from_unlike():
    values = high_and_low()
    values.iloc[10] = 0.0
    found = classify_local(measure_local(values, ring(100), statistic="geary", n_permutations=9999))
    assert found.classes.iloc[7] == "high_high" and found.classes.iloc[85] == "low_low"
    assert found.classes.iloc[10] == "negative"


def test_guarded_areas_have_no_class_and_are_no_tests():
    local = measure_local(high_and_low(), ring(100), statistic="g_star")
    n_cases = pd.Series(np.full(100, LEAST_CASES), index=local.table.index)
    n_cases.iloc[8] = LEAST_CASES - 1
    residents = pd.Series(500.0, index=local.table.index)
    residents.iloc[9] = np.nan
    guards = [Guard("n_cases", n_cases, LEAST_CASES), Guard("residents", residents.drop("00010"), 100)]
    found = classify_local(local, guards=guards)
    assert found.classes.iloc[[8, 9, 10]].tolist() == ["too_few"] * 3
    assert found.classes.iloc[11] == "hot_99"
    assert found.n_tested == 97 and found.counts["too_few"] == 3
    assert found.p.isna().sum() == 3


def test_fault_I02_islands_and_areas_without_a_value_have_names_of_their_own():
    values = high_and_low()
    values.iloc[1] = np.nan
    local = measure_local(values, chain(100), statistic="g_star")
    found = classify_local(local)
    assert found.classes.iloc[[0, 1]].tolist() == ["no_neighbours", "no_value"]
    assert found.n_tested == 98


def test_fault_I01_equal_values_are_no_hotspot():
    local = measure_local(as_values(np.full(40, 3.0)), chain(40), statistic="g_star")
    found = classify_local(local)
    assert set(found.classes) == {"not_defined"} and found.n_tested == 0


def test_fault_I03_few_areas_are_classed_by_permutations_only():
    values, weights = high_and_low().iloc[:12], ring(100)
    with pytest.raises(ChoiceError, match="12 areas are too few"):
        classify_local(measure_local(values, weights, statistic="g_star"))
    assert classify_local(measure_local(values, weights, statistic="g_star", n_permutations=99)).n_tested


def test_permuted_values_that_are_not_there_are_not_invented():
    with pytest.raises(MissingError):
        classify_local(measure_local(high_and_low(), ring(100), statistic="g"), p_values="permuted")


def test_fault_I04_on_maps_of_chance_any_class_is_as_rare_as_promised():
    n_maps_with = 0
    for seed in range(60):
        values = as_values(np.random.default_rng(seed).normal(size=144))
        local = measure_local(values, ring(144), statistic="g_star", n_permutations=9999, seed=seed)
        found = classify_local(local)
        n_maps_with += (local.table["p_permuted"] < found.cutoffs[95]).any()
    assert n_maps_with <= 8  # of 60 maps at 5 %; more than 8 has a chance below 1 %
