"""What facilities give is what people get (oracles R2.1 to R2.4)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.reach import Pairs
from geo.analysis.supply import measure_access, weigh_pairs
from geo.errors import ChoiceError

PEOPLE, DOCTORS = [100.0, 50.0, 10.0], [15.0, 20.0, 100.0]


def hospital(way_in, way_out, across):
    """Return the pairs of three tracts within a cost of 61; the third is the centre."""
    cost = np.array([[1, across, way_in], [across, 1, way_in], [way_out, way_out, 1]], dtype=float)
    point, facility = np.nonzero(cost <= 61)
    return Pairs(point, facility, cost[point, facility])


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ((40, 40, 80), [0.331444, 0.579828, 7.286418]),
        ((20, 40, 80), [0.435340, 0.683724, 5.727977]),
        ((40, 20, 80), [0.331072, 0.577858, 7.299992]),
        ((20, 20, 40), [0.442568, 0.666758, 5.740525]),
    ],
)
def test_R2_1_R2_4_three_tracts_and_the_direction_of_the_walk(costs, expected):
    pairs = hospital(*costs)
    found = measure_access(pairs, 1 / pairs.metres, PEOPLE, DOCTORS)
    assert found.access == pytest.approx(expected, abs=1e-6)
    assert float(found.access @ PEOPLE) == pytest.approx(135)


def grid():
    """Return the distances of a 5 x 5 grid of places, each with one person and one facility."""
    at = np.stack(np.meshgrid(np.arange(5), np.arange(5)), -1).reshape(-1, 2).astype(float)
    return np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))


@pytest.mark.parametrize(("limit", "expected"), [(100.0, 1.0), (0.5, 1.0)])
def test_R2_3_a_grid_of_ones(limit, expected):
    away = grid()
    point, facility = np.nonzero(away <= limit)
    pairs = Pairs(point, facility, away[point, facility])
    weight = weigh_pairs(pairs, limit_m=limit)
    assert measure_access(pairs, weight, np.ones(25), np.ones(25)).access == pytest.approx(
        np.full(25, expected)
    )
    doubled = measure_access(pairs, weight, np.ones(25), np.full(25, 2.0)).access
    assert doubled == pytest.approx(np.full(25, 2 * expected))


@pytest.mark.parametrize("limit", [-1.0, 0.0, float("nan"), float("inf")])
def test_R2_3_a_limit_that_is_none_is_refused_and_not_0(limit):
    with pytest.raises(ChoiceError):
        weigh_pairs(hospital(40, 40, 80), limit_m=limit)


def test_fault_I13_unused_supply_is_listed_and_access_0_is_not_missing():
    pairs = Pairs(np.array([0]), np.array([0]), np.array([10.0]))
    found = measure_access(pairs, np.ones(1), [5.0, 7.0], [10.0, 3.0])
    assert found.access.tolist() == [2.0, 0.0]
    assert found.is_used.tolist() == [True, False]
    assert found.n_unused == 1
    assert np.isnan(found.ratio[1])


def test_weights_fall_as_their_names_say():
    pairs = Pairs(np.zeros(5, int), np.arange(5), np.array([0.0, 300.0, 301.0, 900.0, 901.0]))
    assert weigh_pairs(pairs, limit_m=900).tolist() == [1, 1, 1, 1, 0]
    assert weigh_pairs(pairs, limit_m=900, decay="bands").tolist() == [1, 1, 0.68, 0.22, 0]
    bell = weigh_pairs(pairs, limit_m=900, decay="gaussian")
    assert bell[[0, 3, 4]].tolist() == pytest.approx([1, 0, 0])
    inverse = weigh_pairs(pairs, limit_m=900, decay="inverse")
    assert inverse.tolist() == pytest.approx([1, 1 / 3, 100 / 301, 1 / 9, 0])


@pytest.mark.parametrize("bad", ["weight", "people", "supply"])
def test_negative_numbers_are_refused(bad):
    pairs = Pairs(np.array([0]), np.array([0]), np.array([10.0]))
    values = {"weight": np.ones(1), "people": np.ones(1), "supply": np.ones(1)}
    values[bad] = -np.ones(1)
    with pytest.raises(ChoiceError, match=bad):
        measure_access(pairs, **values)


@given(st.integers(0, 5000), st.sampled_from(["step", "bands", "gaussian", "inverse"]), st.booleans())
def test_fault_I12_people_times_access_is_the_supply_within_reach(seed, decay, spread):
    rng = np.random.default_rng(seed)
    away = rng.uniform(0, 1500, (20, 6))
    point, facility = np.nonzero(away <= 900)
    pairs = Pairs(point, facility, away[point, facility])
    people, supply = rng.integers(0, 40, 20).astype(float), rng.uniform(0, 30, 6)
    found = measure_access(pairs, weigh_pairs(pairs, limit_m=900, decay=decay), people, supply, spread=spread)
    assert float(found.access @ people) == pytest.approx(
        float(supply[found.is_used].sum()), rel=1e-9, abs=1e-12
    )
