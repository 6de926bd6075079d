"""Rates have a denominator or are missing; smoothing pulls small areas most."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyogrio
import pytest
from esda import smoothing
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.rates import measure_rates
from geo.analysis.weights import make_weights
from geo.errors import DuplicateError, GeoError
from tests.analysis.samples import as_values, own_weights, read_sample, sample_path

STL = pyogrio.read_dataframe(sample_path("stl", "stl_hom.shp"))
CASES, PEOPLE = as_values(STL["HC8893"]), as_values(STL["PO8893"])


def chain(n):
    links = np.eye(n, k=1) + np.eye(n, k=-1)
    return make_weights([f"{row:05d}" for row in range(n)], links, rule="chain")


def test_smoothing_worked_by_hand():
    # 30 cases among 3 000: mean 0.01. Rates 0.02 and 0.005, variance (1000 * 0.01² + 2000 * 0.005²) / 3000
    # = 5e-5, of which chance 0.01 / 1500; shares 0.8125 and 0.896552 of the distance stay.
    found = measure_rates(as_values([20, 10]), as_values([1000, 2000]))
    assert found.table["rate"].tolist() == [20.0, 5.0]
    assert found.overall == 10.0
    assert found.table["smoothed"].tolist() == pytest.approx([18.125, 5.517241379], rel=1e-9)


def test_empirical_bayes_equals_esda():
    peer = smoothing.Empirical_Bayes(CASES.to_numpy(), PEOPLE.to_numpy()).r.ravel() * 1000
    np.testing.assert_allclose(measure_rates(CASES, PEOPLE).table["smoothed"], peer, rtol=1e-12)


def test_spatial_empirical_bayes_equals_esda():
    _, theirs = read_sample("stl")
    peer = smoothing.Spatial_Empirical_Bayes(CASES.to_numpy(), PEOPLE.to_numpy(), theirs).r.ravel() * 1000
    found = measure_rates(CASES, PEOPLE, weights=own_weights(theirs))
    np.testing.assert_allclose(found.table["smoothed_locally"], peer, rtol=1e-9)


def test_fault_I06_without_a_denominator_there_is_no_rate_and_the_cases_are_counted():
    cases = as_values([5, 7, 9, 2])
    people = pd.Series([1000, 0, np.nan], index=cases.index[:3])
    found = measure_rates(cases, people, weights=chain(4))
    columns = ["rate", "lower", "upper", "smoothed", "smoothed_locally"]
    assert found.table[columns].iloc[1:].isna().all(axis=None)
    assert found.table[columns].iloc[0].notna().all()
    assert found.without_denominator == ("00001", "00002", "00003")
    assert found.n_cases_without == 18
    assert found.overall == 5.0


def test_an_unknown_count_is_not_zero():
    found = measure_rates(as_values([np.nan, 5, 10]), as_values([1000, 1000, 1000]), weights=chain(3))
    assert found.table.iloc[0][["rate", "smoothed", "smoothed_locally"]].isna().all()
    assert found.overall == 7.5 and found.without_denominator == ()


def test_where_nobody_lives_nothing_is_measured():
    found = measure_rates(as_values([3, 4]), as_values([0, 0]), weights=chain(2))
    assert np.isnan(found.overall) and found.table["smoothed_locally"].isna().all()
    assert measure_rates(as_values([]), as_values([]), weights=chain(0)).table.empty


def test_zero_cases_everywhere_are_a_rate_of_zero():
    table = measure_rates(as_values([0, 0]), as_values([10, 20]), weights=chain(2)).table
    assert (table[["rate", "lower", "smoothed", "smoothed_locally"]] == 0).all(axis=None)
    assert (table["upper"] > 0).all()


def test_rates_that_differ_by_chance_only_are_the_mean():
    table = measure_rates(as_values([10, 10, 11]), as_values([1000, 1000, 1000])).table
    assert table["smoothed"].tolist() == pytest.approx([31 / 3] * 3)


def test_negative_counts_and_areas_twice_are_refused():
    with pytest.raises(GeoError, match="fewer than 0"):
        measure_rates(as_values([-1, 2]), as_values([1, 2]))
    twice = pd.Series([1.0, 2.0], index=["00000", "00000"])
    with pytest.raises(DuplicateError):
        measure_rates(twice, as_values([1, 2]), weights=chain(2))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5000)), min_size=2, max_size=12),
    order=st.randoms(),
)
def test_smoothed_rates_lie_between_raw_and_mean_whatever_the_order(rows, order):
    cases, people = as_values([row[0] for row in rows]), as_values([row[1] for row in rows])
    found = measure_rates(cases, people, weights=chain(len(rows)))
    table = found.table
    low = np.minimum(table["rate"], found.overall) - 1e-9
    high = np.maximum(table["rate"], found.overall) + 1e-9
    assert table["smoothed"].between(low, high).all()
    assert table["rate"].between(table["lower"], table["upper"]).all()
    shuffled = list(cases.index)
    order.shuffle(shuffled)
    again = measure_rates(cases[shuffled], people, weights=chain(len(rows))).table
    pd.testing.assert_frame_equal(again.loc[table.index], table)
