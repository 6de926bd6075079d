"""Every rate has its numerator and denominator, and whoever is not joined stays in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.coverage import COVERAGE_COLUMNS, find_missing_kinds, measure_coverage
from geo.errors import ChoiceError, MissingError

AREAS = ["G2", "G1", "G1", "G1", None, "G3"]
RESIDENTS = [10, 100, 50, np.nan, 7, 0]
ELDERS = [2, 20, 0, 3, 1, 0]
JOINED = [True, True, False, True, True, True]
SHOP = [400.0, 300.0, 100.0, 200.0, 0.0, 50.0]
PARK = [np.nan, 600.0, 100.0, 500.0, 0.0, 50.0]


def measure(**choices):
    given_choices = {"limit_m": 500, "is_joined": JOINED, **choices}
    return measure_coverage(
        AREAS, {"residents": RESIDENTS, "elders": ELDERS}, {"shop": SHOP, "park": PARK}, **given_choices
    )


def test_numerators_and_denominators_by_hand():
    table = measure().set_index(["area_id", "kind", "group"])
    assert table.loc[("G1", "shop", "residents")].tolist() == [100, 150, 50, 1, 100 / 150]
    assert table.loc[("G1", "shop", "elders")].tolist() == [23, 23, 0, 0, 1]
    assert table.loc[("G1", "park", "elders")].tolist() == [3, 23, 0, 0, 3 / 23]
    assert table.loc[("G2", "park", "residents")].tolist() == [0, 10, 0, 0, 0]


def test_a_rate_without_a_denominator_is_missing():
    row = measure().set_index(["area_id", "kind", "group"]).loc[("G3", "shop", "residents")]
    assert row["n_all"] == 0
    assert np.isnan(row["share"])


def test_fault_I09_who_is_not_joined_is_not_covered_and_stays_in_the_denominator():
    nobody = measure(is_joined=[False] * 6)
    assert (nobody["n_covered"] == 0).all()
    assert nobody["n_all"].tolist() == measure()["n_all"].tolist()
    assert nobody["n_not_joined"].tolist() == nobody["n_all"].tolist()


def test_rows_are_sorted_by_area_then_kind_then_group():
    table = measure()
    assert tuple(table.columns) == COVERAGE_COLUMNS
    assert table["area_id"].tolist() == ["G1"] * 4 + ["G2"] * 4 + ["G3"] * 4
    assert table["kind"].tolist() == ["shop", "shop", "park", "park"] * 3
    assert table["group"].tolist() == ["residents", "elders"] * 6


def test_each_kind_has_its_own_limit():
    table = measure(limit_m={"shop": 350, "park": 600}).set_index(["area_id", "kind", "group"])
    assert table.loc[("G2", "shop", "residents"), "n_covered"] == 0
    assert table.loc[("G1", "park", "elders"), "n_covered"] == 23
    with pytest.raises(MissingError, match="park"):
        measure(limit_m={"shop": 350})


def test_missing_kinds_are_listed_the_worst_area_first():
    table = find_missing_kinds(measure(), group="residents", share_below=0.9)
    assert table["area_id"].tolist() == ["G1", "G2"]
    assert table["kinds"].tolist() == [("shop", "park"), ("park",)]
    assert table["n_missing"].tolist() == [2, 1]
    assert find_missing_kinds(measure(), group="elders", share_below=0.1)["kinds"].tolist() == [("park",), ()]


def test_nonsense_is_refused():
    with pytest.raises(ChoiceError, match="fewer than 0"):
        measure_coverage(["G1"], {"residents": [-1]}, {"shop": [1.0]}, limit_m=5, is_joined=[True])
    with pytest.raises(ChoiceError, match="2 rows"):
        measure_coverage(["G1"], {"residents": [1, 2]}, {"shop": [1.0]}, limit_m=5, is_joined=[True])
    with pytest.raises(ChoiceError):
        find_missing_kinds(measure(), group="residents", share_below=0)
    with pytest.raises(MissingError):
        find_missing_kinds(measure(), group="cats")


@given(st.integers(0, 1000), st.floats(0, 900), st.floats(0, 900))
def test_a_longer_walk_never_covers_fewer_and_areas_add_up(seed, a_m, b_m):
    rng = np.random.default_rng(seed)
    areas = rng.choice(["G1", "G2", "G3"], 30)
    people, walk = rng.integers(0, 50, 30), rng.uniform(0, 1000, 30)
    joined = rng.random(30) < 0.9
    short, long = (
        measure_coverage(areas, {"residents": people}, {"shop": walk}, limit_m=limit, is_joined=joined)
        for limit in sorted((a_m, b_m))
    )
    assert (short["n_covered"] <= long["n_covered"]).all()
    assert long["n_all"].sum() == people.sum()
    assert long["n_covered"].sum() == people[joined & (walk <= max(a_m, b_m))].sum()
