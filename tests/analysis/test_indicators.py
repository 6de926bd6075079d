"""Every indicator from hand-made counts; what has no denominator is missing, what is small is marked."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.indicators import (
    AREA_INDICATORS,
    CARDS,
    COUNT_COLUMNS,
    INDICATORS,
    LEAST_DENOMINATOR,
    PERCENTILE_COLUMNS,
    blank_counts,
    compare_areas,
    find_interval,
    find_small,
    index_counts,
    measure,
)


def one(**counts):
    """Return counts of one area."""
    return blank_counts(["a"]).assign(**counts)


def value(key, residents=None, **counts):
    known = None if residents is None else pd.Series({"a": residents}, dtype=float)
    return measure(one(**counts), residents=known).loc["a", key]


def test_on_time_is_on_time_over_due():
    assert value("on_time_share", n_due=40, n_on_time=30) == 0.75


def test_hours_are_natural_hours_of_timed_cases():
    assert value("median_h", n_timed=3, p50_s=5400.0) == 1.5
    assert value("p90_h", n_timed=3, p90_s=36_000.0) == 10.0


def test_a_rate_is_over_the_period_and_per_thousand_residents():
    assert value("per_1000", residents=4000, n_new=12) == 3.0


def test_fault_B24_cases_on_a_pile_up_are_left_out_of_the_rate():
    assert value("per_1000", residents=4000, n_new=12, n_piled=4) == 2.0
    assert value("n_new", residents=4000, n_new=12, n_piled=4) == 12


def test_the_three_rates_and_their_score():
    counts = {
        "n_callbacks": 10,
        "n_contacted": 10,
        "n_solved": 8,
        "n_satisfied": 5,
        "n_basically_satisfied": 2,
    }
    assert value("response_share", **counts) == 1.0
    assert value("solved_share", **counts) == 0.8
    assert value("satisfaction_share", **counts) == pytest.approx(0.68)
    assert value("three_rate_score", **counts) == pytest.approx(10 + 40 + 27.2)


@pytest.mark.parametrize("key", [key for key in AREA_INDICATORS if INDICATORS[key].format != "count"])
def test_without_a_denominator_a_figure_is_missing(key):
    assert np.isnan(value(key))


def test_fault_I06_residents_of_zero_or_unknown_make_no_rate_and_no_rank():
    counts = blank_counts(["a", "b", "c"]).assign(n_new=[5, 5, 5])
    table = measure(counts, residents=pd.Series({"a": 0.0, "b": np.nan, "c": 1000.0}))
    compared = compare_areas(table, "per_1000")
    assert compared["value"].isna().tolist() == [True, True, False]
    assert compared["rank"].isna().tolist() == [True, True, False]
    assert set(compared["n_ranked"]) == {1}
    assert compared["is_small"].tolist() == [False, False, False]


def test_a_figure_on_fewer_than_thirty_is_marked_small():
    table = measure(
        blank_counts(["a", "b", "c"]).assign(n_due=[29, LEAST_DENOMINATOR, 0], n_on_time=[1, 1, 0])
    )
    assert find_small(table, "on_time_share").tolist() == [True, False, False]
    assert not find_small(table, "n_new").any()


@pytest.mark.parametrize("key", AREA_INDICATORS)
def test_every_figure_lies_inside_its_interval(key):
    counts = blank_counts(["a", "b"]).assign(
        n_new=[40, 3], n_closed=[30, 2], n_open=[12, 1], n_overdue=[4, 0], n_due=[33, 7], n_on_time=[30, 7],
        n_timed=[60, 8], n_callbacks=[20, 9], n_contacted=[19, 9], n_solved=[15, 9], n_satisfied=[10, 8],
        n_basically_satisfied=[5, 1], n_unlocated=[4, 0], n_rejected=[2, 0],
    )  # fmt: skip
    for number, column in enumerate(PERCENTILE_COLUMNS):
        counts[column] = 3600.0 * (number + 1)
    table = measure(counts, residents=pd.Series({"a": 3000.0, "b": 250.0}))
    found = find_interval(table, key)
    inside = (found.lower <= table[key] + 1e-9) & (table[key] <= found.upper + 1e-9)
    unbounded = np.isnan(found.lower) | np.isnan(found.upper)
    assert (inside | unbounded).all()
    assert inside["a"]


def test_small_grids_are_not_ranked_first_or_last_for_sure():
    # Nine grids close about 90 % of 400 on time; a tiny one all of its 3.
    names = [f"g{i}" for i in range(9)] + ["tiny"]
    counts = blank_counts(names).assign(n_due=[400] * 9 + [3], n_on_time=[360 + i for i in range(9)] + [3])
    compared = compare_areas(measure(counts), "on_time_share")
    assert compared.loc["tiny", "rank"] == 1
    assert compared.loc["tiny", ["rank_low", "rank_high"]].tolist() == [1, 10]
    assert compared.loc["tiny", "flag"] == ""
    assert compared.loc["tiny", "is_small"]


def test_better_decides_the_direction_and_neutral_counts_rank_by_size():
    table = measure(blank_counts(["a", "b"]).assign(n_new=[9, 4], n_overdue=[9, 4]))
    assert compare_areas(table, "n_new")["rank"].to_dict() == {"a": 1, "b": 2}
    assert compare_areas(table, "n_overdue")["rank"].to_dict() == {"a": 2, "b": 1}


def test_counts_are_indexed_by_the_wanted_groups_and_the_rest_is_zero():
    raw = blank_counts(["b", "x"]).assign(n_new=[3, 4]).rename_axis("group").reset_index()
    raw = pd.concat([raw, raw.iloc[:1].assign(group=None, n_new=9)], ignore_index=True)
    indexed = index_counts(raw, ["a", "b"])
    assert indexed["n_new"].to_dict() == {"a": 0, "b": 3}
    assert indexed["n_new"].dtype == "int64"
    assert indexed.loc["a", list(PERCENTILE_COLUMNS)].isna().all()
    assert list(index_counts(raw.iloc[:0], []).columns) == [*COUNT_COLUMNS, *PERCENTILE_COLUMNS]


def test_names_units_and_definitions_are_complete_in_both_languages():
    for item in INDICATORS.values():
        for language in ("zh", "en"):
            assert item.name(language)
            assert item.unit(language)
            assert item.about(language).endswith("。" if language == "zh" else ".")
    assert set(CARDS) <= set(AREA_INDICATORS)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 60)] * 3), min_size=1, max_size=8))
def test_shares_stay_between_none_and_all_and_order_does_not_matter(rows):
    names = [f"g{i}" for i in range(len(rows))]
    counts = blank_counts(names).assign(
        n_due=[due for due, _, _ in rows],
        n_on_time=[min(due, ok) for due, ok, _ in rows],
        n_new=[new for _, _, new in rows],
    )
    table = measure(counts)
    shares = table["on_time_share"].dropna()
    assert ((shares >= 0) & (shares <= 1)).all()
    forward, backward = compare_areas(table, "on_time_share"), compare_areas(table[::-1], "on_time_share")
    pd.testing.assert_frame_equal(forward, backward.loc[names])


def test_the_documented_definitions_are_those_of_the_program():
    root = Path(__file__).resolve().parents[2]
    spec = importlib.util.spec_from_file_location(
        "write_indicators", root / "scripts" / "write_indicators.py"
    )
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert (root / "docs/methods/indicators.md").read_text(encoding="utf-8") == script.render()
