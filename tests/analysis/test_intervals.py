"""Intervals, ranks and flags: published answers, and what must hold for any numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geo.analysis.intervals import (
    PERCENTILES,
    counts_differ,
    flag_rates,
    flag_shares,
    poisson_interval,
    quantile_interval,
    rank_areas,
    rank_intervals,
    sibling_level,
    wilson_interval,
)


def percentiles_of(values):
    """Discrete percentiles of one row, as a store counts them."""
    ranked = sorted(values)
    row = {f"p{p:02d}_s": ranked[max(0, -(-p * len(ranked) // 100) - 1)] for p in PERCENTILES}
    return pd.DataFrame([row])


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 29), (8, 10), (10, 10), (81, 263)])
def test_wilson_equals_scipy(k, n):
    expected = stats.binomtest(k, n).proportion_ci(method="wilson")
    found = wilson_interval([k], [n]).iloc[0]
    assert found["lower"] == pytest.approx(expected.low, abs=1e-12)
    assert found["upper"] == pytest.approx(expected.high, abs=1e-12)


def test_newcombe_1998_gives_the_wilson_interval_of_81_in_263():
    found = wilson_interval([81], [263]).round(4).iloc[0].tolist()
    assert found == [0.2553, 0.3662]


def test_no_denominator_no_interval():
    assert wilson_interval([0, 0], [0, np.nan]).isna().all(axis=None)
    assert poisson_interval([np.nan]).isna().all(axis=None)


def test_poisson_limits_are_the_tables_of_garwood():
    found = poisson_interval([0, 1, 10, 100]).round(2).to_numpy().tolist()
    assert found == [[0.0, 3.69], [0.03, 5.57], [4.8, 18.39], [81.36, 121.63]]


def test_a_median_of_fewer_than_six_has_no_interval():
    for n in (1, 5):
        found = quantile_interval(percentiles_of(range(n)), [n])
        assert found.isna().all(axis=None)
    assert quantile_interval(percentiles_of([0]), [0]).isna().all(axis=None)


def test_the_interval_of_a_median_of_six_is_the_smallest_and_the_largest():
    found = quantile_interval(percentiles_of([3, 1, 4, 15, 9, 26]), [6]).iloc[0]
    assert found.tolist() == [1, 26]


def test_the_interval_of_a_median_of_one_hundred_lies_outside_ranks_40_and_61():
    # Conover, table of binomial ranks: n = 100 gives x(40) and x(61); p40 is x(40), p65 the next above x(61).
    found = quantile_interval(percentiles_of(range(1, 101)), [100]).iloc[0]
    assert found.tolist() == [40, 65]


@settings(deadline=None)
@given(n=st.integers(1, 400), share=st.sampled_from([0.5, 0.9]), seed=st.integers(0, 999))
def test_an_interval_of_a_quantile_is_never_narrower_than_the_exact_one(n, share, seed):
    values = np.sort(np.random.default_rng(seed).integers(0, 1000, n))
    found = quantile_interval(percentiles_of(values.tolist()), [n], share=share).iloc[0]
    ranks = stats.binom(n, share)
    rank = np.arange(1, n + 1)
    low = max(rank[ranks.cdf(rank - 1) <= 0.025], default=0)
    high = min(rank[ranks.sf(rank - 1) <= 0.025], default=n + 1)
    assert np.isnan(found["lower"]) == (low == 0)
    if low:
        assert found["lower"] <= values[low - 1]
    if high <= n and not np.isnan(found["upper"]):
        assert found["upper"] >= values[high - 1]


@settings(deadline=None)
@given(n=st.sampled_from([10_000, 1_000_000, 40_000_000]))
def test_large_counts_stay_quick_and_close_to_the_normal_ranks(n):
    grid = pd.DataFrame([{f"p{p:02d}_s": float(p) for p in PERCENTILES}])
    assert quantile_interval(grid, [n]).iloc[0].tolist() == [45, 55]


def test_ranks_share_ties_and_leave_missing_figures_out():
    values = pd.Series({"a": 0.9, "b": 0.9, "c": 0.5, "d": np.nan})
    assert rank_areas(values, better="high").tolist()[:3] == [1, 1, 3]
    assert rank_areas(values, better="low").tolist()[:3] == [2, 2, 1]
    assert np.isnan(rank_areas(values, better="low")["d"])


def test_rank_intervals_count_who_is_surely_better_and_surely_worse():
    # a is surely the best, b and c overlap, d is surely the worst of the ranked, e has no figure.
    values = pd.Series([0.95, 0.80, 0.78, 0.40, np.nan], index=list("abcde"))
    lower = [0.90, 0.70, 0.68, 0.30, np.nan]
    upper = [0.99, 0.88, 0.86, 0.50, np.nan]
    found = rank_intervals(values, lower, upper, better="high")
    assert found["rank_low"].tolist()[:4] == [1, 2, 2, 4]
    assert found["rank_high"].tolist()[:4] == [1, 3, 3, 4]
    assert found.loc["e"].isna().all()
    mirrored = rank_intervals(-values, -np.array(upper), -np.array(lower), better="low")
    assert mirrored.equals(found)


def test_a_figure_without_an_interval_may_have_any_rank():
    found = rank_intervals(pd.Series([5.0, 1.0]), [np.nan, 0.5], [np.nan, 1.5], better="low")
    assert found.to_numpy().tolist() == [[1, 2], [1, 2]]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 60)), min_size=1, max_size=12), st.booleans())
def test_every_rank_lies_inside_its_interval(pairs, high):
    k = pd.Series([min(a, b) for a, b in pairs], dtype=float)
    n = pd.Series([b for _, b in pairs], dtype=float)
    better = "high" if high else "low"
    joint = wilson_interval(k, n, level=sibling_level(len(k)))
    ranks = rank_areas(k / n, better=better)
    found = rank_intervals(k / n, joint["lower"], joint["upper"], better=better)
    assert (found["rank_low"] <= ranks).all()
    assert (ranks <= found["rank_high"]).all()
    assert found["rank_low"].min() >= 1
    assert found["rank_high"].max() <= len(k)


def test_joint_intervals_widen_with_the_number_of_siblings():
    assert sibling_level(1) == pytest.approx(0.95)
    assert sibling_level(20) == pytest.approx(0.997438, abs=1e-6)


def test_a_funnel_flags_the_large_outlier_and_not_the_small_one():
    # Pooled share about 0.9. 60 of 100 is far below; 1 of 2 is equally low and says nothing.
    k, n = [900, 60, 1, 905], [1000, 100, 2, 1000]
    assert flag_shares(k, n).tolist() == ["", "very_low", "", ""]
    rates = flag_rates([100, 10, 200, 0], [1000, 100, 1000, np.nan])
    assert rates.tolist() == ["very_low", "", "very_high", ""]


def test_flags_need_two_areas_and_a_share_between_none_and_all():
    assert flag_shares([1], [2]).tolist() == [""]
    assert flag_shares([5, 7], [5, 7]).tolist() == ["", ""]
    assert flag_rates([0, 0], [10, 20]).tolist() == ["", ""]


def test_equal_shares_are_never_flagged():
    n = np.array([10, 200, 3000, 40_000])
    assert set(flag_shares(n * 0.8, n)) == {""}


def test_two_counts_differ_only_beyond_chance():
    assert not counts_differ(12, 8, days_now=30, days_before=30)
    assert counts_differ(120, 80, days_now=30, days_before=30)
    assert not counts_differ(0, 0, days_now=30, days_before=30)
    # The same 120 against 80 is what 31 and 20 days would give.
    assert not counts_differ(120, 80, days_now=30, days_before=20)
    # Looking at thirty categories, one of them looks like this by chance.
    assert counts_differ(30, 15, days_now=30, days_before=30)
    assert not counts_differ(30, 15, days_now=30, days_before=30, n_tests=30)
