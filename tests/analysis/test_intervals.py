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
    Interval,
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


def ends(found):
    """Both ends of the first interval."""
    return [float(found.lower[0]), float(found.upper[0])]


def is_missing(found):
    return np.isnan(found.lower).all() and np.isnan(found.upper).all()


def percentiles_of(values):
    """Discrete percentiles of one row, as a store counts them."""
    ranked = sorted(values)
    row = {f"p{p:02d}_s": ranked[max(0, -(-p * len(ranked) // 100) - 1)] for p in PERCENTILES}
    return pd.DataFrame([row])


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 29), (8, 10), (10, 10), (81, 263)])
def test_wilson_equals_scipy(k, n):
    expected = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert ends(wilson_interval([k], [n])) == pytest.approx([expected.low, expected.high], abs=1e-12)


def test_newcombe_1998_gives_the_wilson_interval_of_81_in_263():
    assert np.round(ends(wilson_interval([81], [263])), 4).tolist() == [0.2553, 0.3662]


def test_no_denominator_no_interval():
    assert is_missing(wilson_interval([0, 0], [0, np.nan]))
    assert is_missing(poisson_interval([np.nan]))


def test_poisson_limits_are_the_tables_of_garwood():
    found = poisson_interval([0, 1, 10, 100])
    assert found.lower.round(2).tolist() == [0.0, 0.03, 4.8, 81.36]
    assert found.upper.round(2).tolist() == [3.69, 5.57, 18.39, 121.63]


def test_a_median_of_fewer_than_six_has_no_interval():
    for n in (1, 5):
        assert is_missing(quantile_interval(percentiles_of(range(n)), [n]))
    assert is_missing(quantile_interval(percentiles_of([0]), [0]))


def test_the_interval_of_a_median_of_six_is_the_smallest_and_the_largest():
    found = quantile_interval(percentiles_of([3, 1, 4, 15, 9, 26]), [6])
    assert ends(found) == [1, 26]


def test_the_interval_of_a_median_of_one_hundred_lies_outside_ranks_40_and_61():
    # Conover, table of binomial ranks: n = 100 gives x(40) and x(61); p40 is x(40), p65 the next above x(61).
    found = quantile_interval(percentiles_of(range(1, 101)), [100])
    assert ends(found) == [40, 65]


@settings(deadline=None)
@given(n=st.integers(1, 400), share=st.sampled_from([0.5, 0.9]), seed=st.integers(0, 999))
def test_an_interval_of_a_quantile_is_never_narrower_than_the_exact_one(n, share, seed):
    values = np.sort(np.random.default_rng(seed).integers(0, 1000, n))
    lower, upper = ends(quantile_interval(percentiles_of(values.tolist()), [n], share=share))
    ranks = stats.binom(n, share)
    rank = np.arange(1, n + 1)
    low = max(rank[ranks.cdf(rank - 1) <= 0.025], default=0)
    high = min(rank[ranks.sf(rank - 1) <= 0.025], default=n + 1)
    assert np.isnan(lower) == (low == 0)
    if low:
        assert lower <= values[low - 1]
    if high <= n and not np.isnan(upper):
        assert upper >= values[high - 1]


@settings(deadline=None)
@given(n=st.sampled_from([10_000, 1_000_000, 40_000_000]))
def test_large_counts_stay_quick_and_close_to_the_normal_ranks(n):
    grid = pd.DataFrame([{f"p{p:02d}_s": float(p) for p in PERCENTILES}])
    assert ends(quantile_interval(grid, [n])) == [45, 55]


def test_ranks_share_ties_and_leave_missing_figures_out():
    values = pd.Series({"a": 0.9, "b": 0.9, "c": 0.5, "d": np.nan})
    assert rank_areas(values, better="high").tolist()[:3] == [1, 1, 3]
    assert rank_areas(values, better="low").tolist()[:3] == [2, 2, 1]
    assert np.isnan(rank_areas(values, better="low")["d"])


def test_rank_intervals_count_who_is_surely_better_and_surely_worse():
    # a is surely the best, b and c overlap, d is surely the worst of the ranked, e has no figure.
    values = pd.Series([0.95, 0.80, 0.78, 0.40, np.nan], index=list("abcde"))
    lower = np.array([0.90, 0.70, 0.68, 0.30, np.nan])
    upper = np.array([0.99, 0.88, 0.86, 0.50, np.nan])
    found = rank_intervals(values, Interval(lower, upper), better="high")
    assert found.low.tolist()[:4] == [1, 2, 2, 4]
    assert found.high.tolist()[:4] == [1, 3, 3, 4]
    assert np.isnan(found.low[4])
    assert np.isnan(found.high[4])
    mirrored = rank_intervals(-values, Interval(-upper, -lower), better="low")
    assert np.array_equal(mirrored.low, found.low, equal_nan=True)
    assert np.array_equal(mirrored.high, found.high, equal_nan=True)


def test_a_figure_without_an_interval_may_have_any_rank():
    joint = Interval(np.array([np.nan, 0.5]), np.array([np.nan, 1.5]))
    found = rank_intervals(pd.Series([5.0, 1.0]), joint, better="low")
    assert (found.low.tolist(), found.high.tolist()) == ([1, 1], [2, 2])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 60)), min_size=1, max_size=12), st.booleans())
def test_every_rank_lies_inside_its_interval(pairs, high):
    k = pd.Series([min(a, b) for a, b in pairs], dtype=float)
    n = pd.Series([b for _, b in pairs], dtype=float)
    better = "high" if high else "low"
    joint = wilson_interval(k, n, level=sibling_level(len(k)))
    ranks = rank_areas(k / n, better=better)
    found = rank_intervals(k / n, joint, better=better)
    assert (found.low <= ranks).all()
    assert (ranks <= found.high).all()
    assert found.low.min() >= 1
    assert found.high.max() <= len(k)


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
