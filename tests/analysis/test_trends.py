"""Trends are those worked by hand, and every kind of emerging hotspot has a series of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.trends import KINDS, classify_emerging, mann_kendall
from geo.errors import ChoiceError

SIGNS = {"H": 3.0, "h": 1.0, ".": 0.0, "c": -1.0, "C": -3.0}
"""H hot, h a little above chance, c a little below, C cold."""

SERIES = {
    "new": ".........H",
    "consecutive": ".......HHH",
    "persistent": "HHHHHHHHHH",
    "historical": "HHHHHHHHH.",
    "oscillating": "..C......H",
    "sporadic": ".H..H....H",
}


def emerging(*series):
    z = pd.DataFrame([[SIGNS[letter] for letter in one] for one in series])
    return classify_emerging(z, z.abs() > 2).tolist()


def row(values, **choices):
    return mann_kendall(pd.DataFrame([values]), **choices).iloc[0]


@pytest.mark.parametrize(
    ("values", "s", "variance", "z"),
    [(range(1, 11), 45, 125, 3.935480), ([3, 1, 2, 2, 5, 4, 6, 6, 8, 7], 33, 123, 2.885343)],
)
def test_R1_10_mann_kendall_to_the_printed_digit(values, s, variance, z):
    found = row(values)
    assert (found["s"], found["variance"]) == (s, variance)
    assert found["z"] == pytest.approx(z, abs=5e-7)


def test_seasons_are_compared_with_their_like():
    # two seasons, each rising 1, 2, 3: s = 3 + 3, variance 66 / 18 each; together they seem to jump about.
    found = row([1, 101, 2, 102, 3, 103], season=2)
    assert found["s"] == 6 and found["variance"] == pytest.approx(2 * 66 / 18)
    assert row([1, 2, 1, 2, 1, 2], season=2)[["s", "variance"]].tolist() == [0, 0]


def test_missing_periods_are_compared_with_nothing():
    found = row([1, np.nan, 2, np.nan, 3])
    assert found["s"] == 3 and found["variance"] == pytest.approx(3 * 2 * 11 / 18)


@pytest.mark.parametrize("values", [[5, 5, 5, 5], [1], [np.nan, np.nan]])
def test_where_nothing_can_vary_there_is_no_score(values):
    found = row(values)
    assert found["s"] == 0 and np.isnan(found["z"]) and np.isnan(found["p"])


def test_a_season_of_one_is_refused():
    with pytest.raises(ChoiceError):
        row([1, 2, 3], season=1)


@given(st.lists(st.integers(-4, 4), min_size=2, max_size=12))
def test_a_series_turned_around_has_the_opposite_trend_and_units_do_not_matter(values):
    forward, backward = row(values), row(values[::-1])
    assert forward["s"] == -backward["s"] and forward["variance"] == backward["variance"]
    assert row([1000.0 * value + 7 for value in values]).equals(forward)
    pairs = sum(np.sign(values[j] - values[i]) for i in range(len(values)) for j in range(i + 1, len(values)))
    assert forward["s"] == pairs


@pytest.mark.parametrize(("kind", "series"), SERIES.items())
def test_each_kind_has_its_series_hot_and_cold(kind, series):
    cold = series.translate(str.maketrans("HhcC", "CchH"))
    assert emerging(series, cold) == [f"{kind}_hot", f"{kind}_cold"]


def test_always_hot_is_told_by_its_trend():
    rising = pd.DataFrame([np.linspace(3, 9, 10), np.linspace(9, 3, 10), np.full(10, 5.0)])
    both = pd.concat([rising, -rising], ignore_index=True)
    assert classify_emerging(both, both.abs() > 2).tolist() == [
        "intensifying_hot", "diminishing_hot", "persistent_hot",
        "intensifying_cold", "diminishing_cold", "persistent_cold",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("series", "kind"),
    [
        ("..........", "none"),
        (".H..H.....", "none"),  # not hot now
        ("hhhhhhhhhh", "none"),  # never told from chance
        ("HHHHHHHH.H", "persistent_hot"),  # nine of ten are mostly
        ("HHHHHHH..H", "sporadic_hot"),  # eight are not
        ("CHHHHHHHHH", "persistent_hot"),  # mostly hot wins over once cold
        ("C.......HH", "oscillating_hot"),  # once cold wins over a first run
        ("H........C", "oscillating_cold"),
        ("HHHHHHHHHC", "oscillating_cold"),
        ("CCCCCCCCCH", "oscillating_hot"),  # also a historical cold place: hot now says more than what was
    ],
)
def test_kinds_near_their_edges(series, kind):
    assert emerging(series) == [kind]


def test_there_are_seventeen_kinds():
    assert len(KINDS) == len(set(KINDS)) == 17


def test_tables_that_do_not_fit_are_refused():
    z = pd.DataFrame([[1.0, 2.0]])
    with pytest.raises(ChoiceError):
        classify_emerging(z, pd.DataFrame([[True, True], [True, True]]))
    with pytest.raises(ChoiceError):
        classify_emerging(z[[0]], z[[0]] > 0)
