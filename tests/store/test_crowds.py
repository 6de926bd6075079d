"""Points that carry many cases: the quick way counts as plain Python does, and as the database does."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.store import crowds
from geo.store.base import CaseFilter
from tests.store.conftest import store_cases

_COORDINATES = st.sampled_from([0.0, -0.0, 104.0, 104.0000001, -71.05, 30.5, 5e-324])


@settings(deadline=None)
@given(st.lists(st.tuples(_COORDINATES, _COORDINATES), max_size=60), st.integers(1, 6))
def test_points_are_counted_as_plain_python_counts_them(points, least):
    counted = Counter((lon + 0.0, lat + 0.0) for lon, lat in points)
    wanted = sorted(
        ([lon, lat, n] for (lon, lat), n in counted.items() if n >= least),
        key=lambda row: (-row[2], row[0], row[1]),
    )

    lon, lat = np.array(points, dtype=np.float64).reshape(-1, 2).T.copy()
    found = crowds.count_points(lon, lat, least=least)

    assert found.values.tolist() == wanted
    assert [str(kind) for kind in found.dtypes] == ["float64", "float64", "int64"]


def test_every_crowded_point_is_found_among_many_that_carry_one_case():
    rng = np.random.default_rng(3)
    lon, lat = 104 + rng.random(200_000), 30 + rng.random(200_000)
    crowd = rng.integers(0, 200_000, 500)
    lon, lat = (
        np.concatenate([lon, np.repeat(lon[crowd], 4)]),
        np.concatenate([lat, np.repeat(lat[crowd], 4)]),
    )

    found = crowds.count_points(lon, lat, least=5)

    wanted = Counter(zip(lon.tolist(), lat.tolist(), strict=True))
    assert dict(zip(zip(found["lon"], found["lat"], strict=True), found["n"], strict=True)) == {
        point: n for point, n in wanted.items() if n >= 5
    }


@pytest.mark.parametrize("least", [1, 2, 3, 100])
def test_the_quick_way_and_the_database_find_the_same_points(store, least):
    rows = [
        {"no": n, "lon": 104.0 + n % 3, "lat": 30.0 + n % 2, "position_source": "given", "state": "handling"}
        for n in range(110)
    ]
    nowhere = {"no": 200, "lon": None, "lat": None, "position_source": "none", "state": "handling"}
    store_cases(store, *rows, nowhere)

    in_database = store._ask(lambda facts: crowds._count_in_database(facts, CaseFilter(), least=least))

    assert store.pile_ups(CaseFilter(), least=least).values.tolist() == in_database.values.tolist()
    assert len(in_database) == (0 if least == 100 else 6)
