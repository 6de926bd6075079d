"""A default coordinate that carries thousands of cases is flagged; a busy building is not."""

from __future__ import annotations

import zipfile

import pandas as pd
import pytest

from geo.analysis.pile_ups import ORDINARY_RANK, find_pile_ups, least_listed


def points(*loads):
    return pd.DataFrame({"lon": [1.0 + i for i in range(len(loads))], "lat": 2.0, "n": list(loads)})


def test_fault_B24_a_default_point_is_flagged_and_busy_buildings_are_not():
    busy = [30, 30, 29, 29, 25, *[20] * 60]
    found = find_pile_ups(points(4775, 154, *busy), n_located=58_251)
    assert found["n"].tolist() == [4775]
    assert found["share"].iloc[0] == pytest.approx(4775 / 58_251)
    assert found["reason"].tolist() == ["default_point"]


def test_fault_B24_a_point_at_zero_is_flagged_whatever_it_carries():
    table = pd.DataFrame({"lon": [0.0, 104.0], "lat": [0.0, 30.0], "n": [3, 5]})
    assert find_pile_ups(table, n_located=1000)[["n", "reason"]].to_numpy().tolist() == [[3, "zero_point"]]


def test_fault_B24_several_defaults_do_not_hide_each_other():
    loads = [900] * (ORDINARY_RANK - 10) + [8] * 20
    assert len(find_pile_ups(points(*loads), n_located=60_000)) == ORDINARY_RANK - 10


def test_where_every_building_is_busy_none_is_suspicious():
    assert find_pile_ups(points(*[100] * 200), n_located=20_000).empty


def test_a_small_store_has_no_pile_up_below_twenty_cases():
    assert find_pile_ups(points(19, 2), n_located=100).empty
    assert len(find_pile_ups(points(20, 2), n_located=100)) == 1


def test_no_point_no_pile_up():
    assert find_pile_ups(points(), n_located=0).empty


def test_points_below_the_listing_bound_decide_nothing():
    every = points(400, 44, *[19] * 30, *[1] * 500)
    listed = every[every["n"] >= least_listed(9_000)]
    assert find_pile_ups(every, n_located=9_000)["n"].tolist() == [400]
    assert find_pile_ups(listed, n_located=9_000)["n"].tolist() == [400]


@pytest.mark.realdata
def test_boston_2011_has_exactly_one(shared_data):
    with zipfile.ZipFile(shared_data / "cases/boston/boston_311_2011.zip") as archive:
        cases = pd.read_csv(archive.open(archive.namelist()[0]), usecols=["longitude", "latitude"])
    loads = cases.value_counts().rename("n").reset_index()
    loads.columns = ["lat", "lon", "n"] if loads.columns[0] == "latitude" else ["lon", "lat", "n"]
    found = find_pile_ups(loads[loads["n"] >= least_listed(len(cases))], n_located=len(cases))
    assert found["n"].tolist() == [4775]
