"""Local statistics equal published ones and PySAL's, and say nothing where nothing is defined."""

from __future__ import annotations

import itertools
import math
import warnings

import esda
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from geo.analysis.local_statistics import measure_local, warm_up
from geo.analysis.weights import make_weights, style_weights
from geo.errors import GeoError, MissingError
from tests.analysis.samples import SETS, as_values, own_weights, read_sample

STATISTICS = ("g", "g_star", "moran", "geary")
XY = np.array([(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)], dtype=float)
SIX = as_values([2, 3, 3.2, 5, 8, 7])


def band():
    """Weights of R1.1: six points, at most 15 apart."""
    apart = np.hypot(*(XY[:, None] - XY[None]).T)
    return make_weights(SIX.index, sparse.csr_array((apart <= 15) * 1.0), rule="within 15")


def lattice(side):
    """Rook weights of a square board."""
    line = sparse.diags_array([np.ones(side - 1), np.ones(side - 1)], offsets=[-1, 1])
    own = sparse.eye_array(side)
    links = sparse.kron(line, own) + sparse.kron(own, line)
    return make_weights([f"{row:05d}" for row in range(side * side)], links, rule="rook")


def z_of(values, weights, **choices):
    return measure_local(values, weights, **choices).table["z"].to_numpy()


def test_R1_1_six_points_to_the_printed_digit():
    gi = [-1.01367290, -0.04361589, 1.31558703, -0.31412676, 1.15373986, 1.77833941]
    star = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
    np.testing.assert_allclose(z_of(SIX, band(), statistic="g"), gi, atol=5e-9, rtol=0)
    np.testing.assert_allclose(z_of(SIX, band(), statistic="g_star"), star, atol=5e-9, rtol=0)


def test_R1_2_row_standardised_by_the_shortcut_of_pysal_to_the_printed_digit():
    rows = style_weights(band(), style="row")
    gi = z_of(SIX, rows, statistic="g", variance="binary")
    star = z_of(SIX, rows, statistic="g_star", variance="binary")
    assert gi[0] == pytest.approx(-0.62074534, abs=5e-9)
    assert star[0] == pytest.approx(-0.62488094, abs=5e-9)


@pytest.mark.parametrize("statistic", ["g", "g_star"])
def test_dividing_equal_weights_by_their_number_does_not_change_z(statistic):
    plain, rows = band(), style_weights(band(), style="row")
    np.testing.assert_allclose(
        z_of(SIX, rows, statistic=statistic), z_of(SIX, plain, statistic=statistic), rtol=1e-12
    )


@pytest.mark.parametrize("folder", SETS)
@pytest.mark.parametrize("star", [False, True])
@pytest.mark.parametrize("transform", ["B", "R"])
def test_gi_equals_esda_on_the_sets_of_libpysal(folder, star, transform):
    values, theirs = read_sample(folder)
    ours = style_weights(own_weights(theirs), style="row" if transform == "R" else "binary")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of esda: own weights inferred, islands divided by zero
        peer = esda.G_Local(values.to_numpy(), theirs, transform=transform, star=star, permutations=0)
    found = measure_local(values, ours, statistic="g_star" if star else "g", variance="binary")
    known = ~values.index.isin(found.islands)
    table = found.table[known]
    np.testing.assert_allclose(table["z"], peer.Zs[known], rtol=0, atol=1e-12)
    np.testing.assert_allclose(table["observed"], peer.Gs[known], rtol=1e-12)
    np.testing.assert_allclose(table["expected"], peer.EGs[known], rtol=1e-12)
    assert list(found.islands) == list(values.index[~known])
    assert found.table.loc[~known, "z"].isna().all()


@pytest.mark.parametrize("folder", SETS)
def test_local_moran_equals_esda_on_the_sets_of_libpysal(folder):
    values, theirs = read_sample(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = esda.Moran_Local(values.to_numpy(), theirs, permutations=0)
    table = measure_local(values, style_weights(own_weights(theirs), style="row"), statistic="moran").table
    scale = (len(values) - 1) / len(values)  # esda's moments are those of the unscaled statistic
    np.testing.assert_allclose(table["observed"], peer.Is, rtol=0, atol=1e-12)
    np.testing.assert_allclose(table["expected"], peer.EIc * scale, rtol=0, atol=1e-12)
    np.testing.assert_allclose(table["sd"] ** 2, peer.VIc * scale**2, rtol=0, atol=1e-12)


@pytest.mark.parametrize("folder", SETS)
def test_local_geary_equals_esda_on_the_sets_of_libpysal(folder):
    values, theirs = read_sample(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = esda.Geary_Local(theirs, permutations=0, drop_islands=False, labels=False).fit(values)
    table = measure_local(values, style_weights(own_weights(theirs), style="row"), statistic="geary").table
    np.testing.assert_allclose(table["observed"], peer.localG, rtol=0, atol=1e-12)


@pytest.mark.xdist_group("esda")  # which compiles its loops in every process anew
@pytest.mark.parametrize("folder", SETS)
def test_p_values_by_permutation_go_with_those_of_esda(folder):
    values, theirs = read_sample(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = esda.Moran_Local(values.to_numpy(), theirs, permutations=999, seed=1, n_jobs=1)
    table = measure_local(
        values, style_weights(own_weights(theirs), style="row"), statistic="moran", n_permutations=9999
    ).table
    known = table["p_permuted"].notna()
    directed = table[["p_greater", "p_lesser"]].min(axis=1)[known]
    assert np.corrcoef(directed, peer.p_sim[known])[0, 1] > 0.99
    assert np.abs(directed - peer.p_sim[known]).max() < 0.06  # three sd of a share of 999 at 0.5: 0.05


@pytest.mark.parametrize("statistic", STATISTICS)
def test_permutations_agree_with_every_way_to_draw_enumerated(statistic):
    values, weights = SIX, band()
    found = measure_local(values, weights, statistic=statistic, n_permutations=39_999).table
    y = values.to_numpy()
    u = (y - y.mean()) / y.std()
    for row, near in enumerate(weights.links.toarray() > 0):
        others = np.delete(u, row)
        kind = (lambda v, own=u[row]: (own - v) ** 2) if statistic == "geary" else (lambda v: v)
        sums = np.array([kind(np.array(d)).sum() for d in itertools.combinations(others, near.sum())])
        observed = kind(u[near]).sum()
        greater, lesser = np.mean(sums >= observed - 1e-9), np.mean(sums <= observed + 1e-9)
        if statistic == "moran" and u[row] < 0:
            greater, lesser = lesser, greater
        assert found["p_greater"].iloc[row] == pytest.approx(greater, abs=0.01)
        assert found["p_lesser"].iloc[row] == pytest.approx(lesser, abs=0.01)


@pytest.mark.parametrize("statistic", ["g", "moran", "geary"])
def test_moments_are_those_of_every_way_to_draw(statistic):
    links = np.array([[0, 1, 2, 0, 0], [1, 0, 1, 1, 1], [0, 3, 0, 1, 0], [1, 0, 0, 0, 0], [2, 0, 1, 0, 0]])
    values = as_values([4.0, 1.0, 7.0, 2.0, 2.5])
    table = measure_local(values, make_weights(values.index, links, rule="x"), statistic=statistic).table
    y = values.to_numpy()
    u = (y - y.mean()) / y.std()
    for row in range(5):
        w, own = np.delete(links[row], row), u[row]
        draws = np.array(list(itertools.permutations(np.delete(range(5), row))))
        if statistic == "g":
            sums = (y[draws] * w).sum(axis=1) / (y.sum() - y[row])
        elif statistic == "moran":
            sums = 0.8 * own * (u[draws] * w).sum(axis=1)
        else:
            sums = (w * (own - u[draws]) ** 2).sum(axis=1)
        assert table["expected"].iloc[row] == pytest.approx(sums.mean(), abs=1e-12)
        assert table["sd"].iloc[row] == pytest.approx(sums.std(), abs=1e-7)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_R1_8_relations_of_p_values_without_ties(statistic):
    values = as_values(np.random.default_rng(3).normal(10, 1, 64))
    table = measure_local(values, lattice(8), statistic=statistic, n_permutations=199).table
    np.testing.assert_allclose(table["p_greater"] + table["p_lesser"], 1 + 1 / 200, rtol=1e-12)
    directed = table[["p_greater", "p_lesser"]].min(axis=1)
    assert (directed <= table["p_permuted"]).all()
    assert (table[["p_greater", "p_lesser", "p_permuted", "p_normal"]] > 0).all(axis=None)


def test_equal_sums_count_on_both_sides_whatever_the_order_of_adding():
    whole = np.tile([1, 2, 3], 12)
    weights = style_weights(lattice(6), style="row")
    table = measure_local(as_values(whole / 10), weights, statistic="g", n_permutations=999).table
    twice = (table["p_greater"] + table["p_lesser"] - 1).to_numpy() - 1 / 1000
    expected = []
    for row, near in enumerate(weights.links.toarray() > 0):
        left = [int((np.delete(whole, row) == value).sum()) for value in (1, 2, 3)]
        k, observed = int(near.sum()), int(whole[near].sum())
        ways = [(a, b, k - a - b) for a in range(k + 1) for b in range(k + 1 - a)]
        ties = [math.prod(map(math.comb, left, way)) for way in ways if np.dot(way, (1, 2, 3)) == observed]
        expected.append(sum(ties) / math.comb(35, k))
    np.testing.assert_allclose(twice, expected, atol=0.06)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_fault_I05_the_seed_decides_and_threads_and_blocks_do_not(statistic):
    values = as_values(np.random.default_rng(4).poisson(3, 2500).astype(float))
    weights = lattice(50)
    one = measure_local(values, weights, statistic=statistic, n_permutations=600, seed=5, n_threads=1)
    two = measure_local(values, weights, statistic=statistic, n_permutations=600, seed=5, n_threads=2)
    other = measure_local(values, weights, statistic=statistic, n_permutations=600, seed=6)
    pd.testing.assert_frame_equal(one.table, two.table)
    assert not one.table["p_permuted"].equals(other.table["p_permuted"])
    assert (one.seed, one.n_permutations) == (5, 600)
    assert measure_local(values, weights, statistic=statistic).table["p_permuted"].isna().all()


@settings(max_examples=30, deadline=None)
@given(
    numbers=st.lists(st.integers(0, 30), min_size=9, max_size=9),
    statistic=st.sampled_from(STATISTICS),
    order=st.permutations(range(9)),
)
def test_row_order_and_units_do_not_matter(numbers, statistic, order):
    values = as_values(numbers)
    links = lattice(3).links.toarray()
    plain = measure_local(values, lattice(3), statistic=statistic, n_permutations=99)
    turned = make_weights(values.index[list(order)], links[np.ix_(order, order)], rule="rook")
    shuffled = measure_local(values.iloc[list(order)], turned, statistic=statistic, n_permutations=99)
    pd.testing.assert_frame_equal(shuffled.table.loc[values.index], plain.table)
    per_thousand = measure_local(values * 1000, lattice(3), statistic=statistic, n_permutations=99)
    np.testing.assert_allclose(per_thousand.table["z"], plain.table["z"], rtol=1e-9, atol=1e-9)
    pd.testing.assert_series_equal(per_thousand.table["p_permuted"], plain.table["p_permuted"])


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("numbers", [[], [4.0], [4.0, 5.0], [0.1] * 9, [np.nan] * 9])
def test_fault_I01_equal_values_one_area_or_none_are_not_defined(statistic, numbers):
    n = len(numbers)
    weights = make_weights(as_values(numbers).index, np.ones((n, n)), rule="all")
    found = measure_local(as_values(numbers), weights, statistic=statistic, n_permutations=9)
    assert not found.is_defined
    assert found.table[["z", "p_normal", "p_permuted"]].isna().all(axis=None)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_where_all_others_are_neighbours_gi_has_no_variance_and_nothing_is_divided(statistic):
    values = as_values([1.0, 2.0, 4.0, 9.0])
    table = measure_local(
        values, make_weights(values.index, np.ones((4, 4)), rule="all"), statistic=statistic, n_permutations=9
    ).table
    assert table["z"].isna().all() and table["p_permuted"].isna().all()


def test_a_missing_value_is_no_zero_and_its_neighbours_lose_a_neighbour():
    values = as_values([1.0, 2.0, np.nan, 4.0, 9.0, 3.0, 2.0, 8.0, 1.0])
    found = measure_local(values, lattice(3), statistic="g_star")
    kept = values.dropna()
    mask = values.notna().to_numpy()
    alone = make_weights(kept.index, lattice(3).links[mask][:, mask], rule="rook")
    expected = measure_local(kept, alone, statistic="g_star").table
    pd.testing.assert_frame_equal(found.table.loc[kept.index], expected)
    assert found.without_value == ("00002",)
    assert found.n_measured == 8
    assert found.table.loc["00002"].isna().all()


def test_fault_I02_who_loses_every_neighbour_is_an_island_without_a_score():
    values = as_values([1.0, np.nan, 3.0, 5.0, 4.0])
    chain = make_weights(values.index, np.eye(5, k=1) + np.eye(5, k=-1), rule="chain")
    for statistic in STATISTICS:
        found = measure_local(values, chain, statistic=statistic, n_permutations=9)
        assert found.islands == ("00000",)
        assert found.table.loc["00000", ["z", "p_normal", "p_permuted"]].isna().all()


def test_fault_I03_few_areas_are_said_to_be_few():
    assert measure_local(SIX, band(), statistic="g").is_few
    assert not measure_local(as_values(np.arange(36.0)), lattice(6), statistic="g").is_few


def test_values_are_not_changed_and_strangers_and_infinity_are_refused():
    values = SIX.copy()
    measure_local(values, band(), statistic="moran", n_permutations=9)
    pd.testing.assert_series_equal(values, SIX)
    with pytest.raises(MissingError):
        measure_local(pd.Series([1.0], index=["nobody"]), band(), statistic="g")
    with pytest.raises(GeoError, match="infinite"):
        measure_local(SIX.replace(8.0, np.inf), band(), statistic="g")


def test_the_normal_p_is_never_zero():
    values = as_values(np.concatenate([np.full(2400, 0.0), np.full(100, 1.0)]))
    assert (measure_local(values, lattice(50), statistic="g_star").table["p_normal"] > 0).all()


def test_warming_up_compiles_what_permutations_need():
    warm_up()


def test_under_the_null_hypothesis_p_values_are_uniform():
    found = []
    for seed in range(5):
        values = as_values(np.random.default_rng(seed).normal(size=400))
        table = measure_local(values, lattice(20), statistic="g", n_permutations=999, seed=seed).table
        found.append(table["p_permuted"])
    shares = [np.mean(np.concatenate(found) <= level) for level in (0.05, 0.2, 0.5, 0.8)]
    np.testing.assert_allclose(shares, [0.05, 0.2, 0.5, 0.8], atol=0.04)
