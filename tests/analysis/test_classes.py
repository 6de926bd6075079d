"""Classes of a map: breaks are read in the legend, equal values stay together, no class is invented."""

from __future__ import annotations

import warnings

import mapclassify
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.classes import DIVERGING, SEQUENTIAL, classify

METHODS = ["quantiles", "natural", "equal", "diverging"]
numbers = st.one_of(st.integers(-50, 50), st.floats(-1e6, 1e6), st.none())


def test_whole_numbers_get_whole_breaks_and_the_legend_of_the_design():
    values = pd.Series([0, 2, 5, 9, 13, 17, 18, 20, 31, 33, 36, 37])
    classes = classify(values, n_classes=2)
    assert classes.labels == ("0 – 17", "18 – 37")
    assert classes.counts == (6, 6)
    assert classes.upper == (17, 37)


def test_decimals_name_the_open_end():
    classes = classify(pd.Series([0.5, 1.5, 2.5, 3.5]), n_classes=2)
    assert classes.labels == ("0.5 – 1.5", ">1.5 – 3.5")


def test_values_can_be_written_as_percentages():
    classes = classify(pd.Series([0.5, 0.901]), n_classes=2, show=lambda value: f"{value:.1%}")
    assert classes.labels == ("50.0%", ">50.0% – 90.1%")


def test_equal_values_make_one_class_without_a_warning():
    classes = classify(pd.Series([7, 7, 7]))
    assert (classes.labels, classes.counts, classes.colours) == (("7",), (3,), (SEQUENTIAL[2],))
    assert classes.positions.tolist() == [0, 0, 0]


def test_many_zeros_share_one_class():
    values = pd.Series([0] * 80 + list(range(1, 21)))
    classes = classify(values)
    assert classes.labels == ("0", "1 – 20")
    assert classes.counts == (80, 20)


def test_missing_and_infinite_values_are_grey_and_counted():
    classes = classify(pd.Series([1.0, np.nan, np.inf, 3.0], index=list("abcd")))
    assert classes.n_missing == 2
    assert classes.positions.to_dict() == {"a": 0, "b": -1, "c": -1, "d": 1}


def test_no_value_at_all_makes_no_class():
    for values in (pd.Series([], dtype=float), pd.Series([None, None], dtype=object)):
        classes = classify(values)
        assert (classes.n_classes, classes.labels, classes.n_missing) == (0, (), len(values))
        assert (classes.positions == -1).all()


def test_natural_breaks_find_the_gaps():
    values = pd.Series([1, 2, 3, 50, 51, 52, 900, 901])
    classes = classify(values, method="natural", n_classes=3)
    assert classes.upper == (3, 52, 901)


@pytest.mark.parametrize("seed", range(5))
def test_natural_breaks_equal_fisher_jenks_of_mapclassify(seed):
    values = np.random.default_rng(seed).gamma(2, 10, 80).round(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that it would be quicker with numba
        expected = mapclassify.FisherJenks(values, k=5)
    found = classify(pd.Series(values), method="natural")
    assert list(found.upper) == pytest.approx(expected.bins.tolist())
    assert list(found.counts) == expected.counts.tolist()


def test_natural_breaks_of_a_city_are_bounded_and_repeatable():
    values = pd.Series(np.random.default_rng(3).lognormal(3, 1, 20_000))
    first, second = (classify(values, method="natural") for _ in range(2))
    assert first.upper == second.upper
    assert sum(first.counts) == 20_000


def test_change_is_purple_below_and_orange_above_with_zero_in_the_middle():
    values = pd.Series([-30, -20, -6, -5, 0, 1, 5, 6, 20, 30])
    classes = classify(values, method="diverging")
    middle = classes.colours.index(DIVERGING[2])
    assert classes.lower[middle] <= 0 <= classes.upper[middle]
    assert classes.colours == DIVERGING
    assert classes.positions[0] == 0
    assert classes.positions[9] == 4


def test_change_in_one_direction_only_is_not_painted_in_the_other():
    up = classify(pd.Series([1.0, 2.0, 8.0, 9.0, 30.0]), method="diverging")
    down = classify(pd.Series([-1.0, -2.0, -8.0, -9.0, -30.0]), method="diverging")
    assert not set(up.colours) & set(DIVERGING[:2])
    assert not set(down.colours) & set(DIVERGING[3:])


@settings(deadline=None)
@given(st.lists(numbers, max_size=60), st.sampled_from(METHODS), st.integers(1, 5))
def test_every_value_lies_in_its_class_and_none_is_lost(values, method, n_classes):
    series = pd.Series(values, dtype=float)
    classes = classify(series, method=method, n_classes=n_classes)
    assert sum(classes.counts) + classes.n_missing == len(series)
    assert len(classes.labels) == len(classes.colours) == len(classes.counts) == classes.n_classes
    assert list(classes.upper) == sorted(set(classes.upper))
    assert classes.n_classes <= 5
    for value, position in zip(series, classes.positions, strict=True):
        if position >= 0:
            assert classes.lower[position] <= value <= classes.upper[position]
    if method != "equal":
        assert all(count > 0 for count in classes.counts)


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=50), st.sampled_from(METHODS))
def test_order_does_not_matter(values, method):
    forward = classify(pd.Series(values), method=method)
    backward = classify(pd.Series(values[::-1]), method=method)
    assert forward.upper == backward.upper
    assert forward.positions.tolist() == backward.positions.tolist()[::-1]
