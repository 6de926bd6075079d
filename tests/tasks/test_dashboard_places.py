"""A repeat place is called what people call it; bare coordinates are the last resort."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.store.base import CaseFilter
from geo.tasks.dashboard_places import BUILDING_COLUMNS, name_places
from geo.tasks.dashboard_text import say_place
from tests.tasks.conftest import HOSTILE, SOUTH, WEST

HERE = (WEST + 0.002, SOUTH + 0.002)
NONE = pd.DataFrame(columns=list(BUILDING_COLUMNS))


def buildings(*rows):
    return pd.DataFrame(rows, columns=list(BUILDING_COLUMNS))


def name(store, where=CaseFilter(), *, at=HERE, among=NONE):  # noqa: B008  (frozen)
    points = pd.DataFrame({"lon": [at[0]], "lat": [at[1]]}, index=[7])
    table = name_places(store, points, where, buildings=among)
    assert table.index.tolist() == [7]
    return {**table.iloc[0].to_dict(), "lon": at[0], "lat": at[1]}


def test_the_building_at_the_point_names_it_with_its_address(store):
    among = buildings(
        (HERE[0] + 0.01, HERE[1], "9栋", None, "远路", "9号"), (*HERE, "3栋", None, "荷鸢二巷", "1号")
    )
    row = name(store, among=among)
    assert (row["place"], row["place_note"], row["place_near_m"]) == ("荷鸢二巷1号 3栋", "", 0.0)
    assert say_place(row, "zh") == "荷鸢二巷1号 3栋"


def test_a_building_some_houses_away_is_only_near(store):
    # 0.0004 degrees of latitude are 44 m: further than a building is long, nearer than the next row.
    row = name(store, among=buildings((HERE[0], HERE[1] + 0.0004, "3栋", None, "荷鸢二巷", "1号")))
    assert say_place(row, "zh") == "荷鸢二巷1号 3栋 附近（44 米）"
    assert say_place(row, "en") == "Near 荷鸢二巷1号 3栋 (44 m)"


def test_a_building_beyond_the_next_row_does_not_name_it(store):
    far = buildings((HERE[0], HERE[1] + 0.002, "3栋", None, "荷鸢二巷", "1号"))
    assert name(store, among=far)["place"] != "荷鸢二巷1号 3栋"


def test_without_a_building_the_commonest_address_of_its_cases_names_it(store):
    cases = store.list_cases(CaseFilter(), columns=["lon", "lat", "address"]).dropna()
    cases = cases[cases["address"] != HOSTILE]
    spot, there = max(cases.groupby(["lon", "lat"]), key=lambda item: len(item[1]))
    counts = there["address"].value_counts()
    best = min(counts[counts == counts.iloc[0]].index)
    assert name(store, at=spot)["place"] == best


def test_a_point_is_named_by_its_own_cases_only(store):
    cases = store.list_cases(CaseFilter(), columns=["lon", "lat"]).dropna()
    beside = (cases["lon"].iloc[0] + 1e-7, cases["lat"].iloc[0])
    assert pd.isna(name(store, at=beside)["place"])


def test_without_an_address_the_finest_area_that_holds_it_names_it(empty_store, world):
    cases, placed = world.draw_cases()
    inside = placed.loc[placed["microgrid_id"].notna(), "case_id"].iloc[0]
    cases = cases[cases["case_id"] == inside].assign(address=None)
    areas = world.district_areas()
    sets = pd.DataFrame({"set_id": areas["set_id"].unique()})
    sets["area_level"] = sets["set_id"].str.removeprefix("set-")
    sets = sets.assign(scope_id="", status="published", valid_from=None, valid_to=None)
    empty_store.store_rows(world.head("boundaries"), {"boundary_sets": sets, "areas": areas})
    empty_store.store_cases(world.head("cases"), cases, placed[placed["case_id"] == inside])
    code = placed.loc[placed["case_id"] == inside, "microgrid_id"].iloc[0]
    names = areas.loc[areas["area_level"] == "microgrid"].set_index("area_id")["name"]
    assert name(empty_store, at=(cases["lon"].iloc[0], cases["lat"].iloc[0]))["place"] == names[code]


def test_what_nothing_names_says_so_and_keeps_its_coordinates(empty_store):
    row = name(empty_store)
    assert pd.isna(row["place"])
    assert say_place(row, "zh") == f"无地名：{HERE[0]:.5f}, {HERE[1]:.5f}"
    assert say_place(row, "en").startswith("No name: ")


@pytest.mark.parametrize("address", ["河畔路 3 号，电话 13800000000"])
def test_fault_E10_an_address_is_masked_before_it_names_a_place(empty_store, world, address):
    cases, placed = world.draw_cases()
    one = cases.head(1).assign(address=address)
    empty_store.store_cases(world.head("cases"), one, placed[placed["case_id"].isin(one["case_id"])])
    spot = (one["lon"].iloc[0], one["lat"].iloc[0])
    assert "13800000000" not in name(empty_store, at=spot)["place"]
