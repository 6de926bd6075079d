"""Lists of cases show what may be shown: masked, without reporters, exactly what the filter means."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.errors import ChoiceError, MissingError
from geo.store.base import CaseFilter
from geo.tasks.case_lists import (
    LISTED_COLUMNS,
    MOST_NEAR,
    NEAR_M,
    SHOWN_COLUMNS,
    PositionCounts,
    count_positions,
    find_near,
    list_cases,
    read_rows,
    show_case,
)

CANARY = "13800000000"
NEVER = {"name", "telephone", "reporter_name", "reporter_telephone"}


def test_pages_hold_every_case_once(store):
    first = list_cases(store, CaseFilter(), page_size=400)
    pages = [list_cases(store, CaseFilter(), page=k, page_size=400).rows for k in range(1, first.n_pages + 1)]
    ids = pd.concat(pages)["case_id"]
    assert first.n == first.n_all == len(ids) == ids.nunique() == 900
    assert first.n_pages == 3
    assert first.share == 1.0


def test_a_page_beyond_the_last_shows_the_last(store):
    assert list_cases(store, CaseFilter(), page=99, page_size=400).page == 3
    nothing = list_cases(store, CaseFilter(category_ids=("没有",)))
    assert (nothing.n, nothing.page, nothing.n_pages, len(nothing.rows)) == (0, 1, 1, 0)


@pytest.mark.parametrize("level", [None, "community"])
@pytest.mark.parametrize("categories", [(), ("噪音",)])
def test_cases_are_drawn_or_have_only_an_area_or_no_location_at_all(store, categories, level):
    where = CaseFilter(category_ids=categories, area_level=level, area_id=None if level is None else "D1S1C1")
    rows = read_rows(store, where)
    stated = rows["position_source"].eq("stated") & rows["lon"].isna()
    counts = list_cases(store, where).positions
    assert counts == PositionCounts(
        int(rows["lon"].notna().sum()), int(stated.sum()), int(rows["position_source"].eq("none").sum())
    )
    assert counts.n == len(rows) > counts.n_drawn > 0
    assert counts.n_area_only > 0
    assert counts.n_drawn == store.hexagon_counts(where, resolution=7)["n"].sum()


def test_the_counts_of_positions_follow_the_filter(store):
    nowhere = list_cases(store, CaseFilter(is_located=False))
    assert nowhere.positions == PositionCounts(0, 0, nowhere.n)
    assert list_cases(store, CaseFilter(is_located=True)).positions.n_nowhere == 0
    in_a_box = count_positions(store, CaseFilter(box=(-180.0, -90.0, 180.0, 90.0)))
    assert (in_a_box.n_area_only, in_a_box.n_nowhere) == (0, 0)
    assert in_a_box.n_drawn == list_cases(store, CaseFilter()).positions.n_drawn


@pytest.mark.parametrize("column", ["reported_at", "due_at", "state"])
def test_sorting_goes_both_ways(store, column):
    up = list_cases(store, CaseFilter(), sort=((column, "up"),), page_size=500).rows[column].dropna()
    down = list_cases(store, CaseFilter(), sort=((column, "down"),), page_size=500).rows[column].dropna()
    assert up.is_monotonic_increasing
    assert down.is_monotonic_decreasing


@pytest.mark.parametrize(
    "sort", [(("telephone", "up"),), (("reported_at; DROP TABLE cases", "up"),), (("state", "?"),)]
)
def test_an_unknown_order_is_refused(store, sort):
    with pytest.raises(ChoiceError) as refusal:
        list_cases(store, CaseFilter(), sort=sort)
    assert refusal.value.code == "sort_unknown"


@pytest.mark.parametrize(("page", "size"), [(0, 10), (1, 0), (1, 501)])
def test_an_impossible_page_is_refused(store, page, size):
    with pytest.raises(ChoiceError) as refusal:
        list_cases(store, CaseFilter(), page=page, page_size=size)
    assert refusal.value.code == "page_impossible"


def test_fault_E02_lists_hold_allowed_columns_and_no_reporter(store):
    rows = list_cases(store, CaseFilter(), page_size=500).rows
    assert set(rows.columns) == {*LISTED_COLUMNS, "category"}
    assert not NEVER & set(SHOWN_COLUMNS)
    with pytest.raises(ChoiceError):
        read_rows(store, CaseFilter(), columns=["case_id", "telephone"])


def test_fault_E14_telephones_in_texts_are_masked_everywhere(store):
    page = list_cases(store, CaseFilter(), page_size=500)
    detail = show_case(store, "t:00000")
    shown = [page.rows, detail.case.to_frame(), detail.events, detail.versions, detail.near]
    for table in shown:
        text = table.astype(str).to_csv()
        assert CANARY not in text
        assert "王某某" not in text
    assert page.rows["title"].str.contains("来电").all()


def test_categories_are_named(store):
    rows = list_cases(store, CaseFilter(category_ids=("噪音",)), page_size=5).rows
    assert set(rows["category"]) == {"噪音扰民"}
    missing = list_cases(store, CaseFilter(without=("category_id",)), page_size=5).rows
    assert missing["category"].isna().all()


def test_a_case_shows_its_history(store):
    detail = show_case(store, "t:00001")
    assert detail.case["case_id"] == "t:00001"
    assert detail.events["action"].tolist()[:1] == ["import"]
    assert len(detail.areas) == 1
    assert detail.versions.empty


@pytest.mark.parametrize("case_id", ["nothing", "' OR 1=1 --", ""])
def test_an_unknown_case_gets_a_sentence(store, case_id):
    with pytest.raises(MissingError) as refusal:
        show_case(store, case_id)
    assert refusal.value.code == "case_unknown"


def test_near_by_repeats_are_within_fifty_metres_and_of_one_category(store, world):
    located = CaseFilter(at_point=world.PILE, category_ids=("噪音",))
    case = read_rows(store, located, limit=1).iloc[0]
    near = find_near(store, case)
    assert len(near) == min(store.count_cases(located) - 1, MOST_NEAR + 1)
    assert (near["distance_m"] <= NEAR_M).all()
    assert set(near["category_id"]) == {"噪音"}
    assert case["case_id"] not in set(near["case_id"])
    everyone = read_rows(store, CaseFilter(category_ids=("噪音",), is_located=True))
    close = (everyone["lon"] - world.PILE[0]).abs().lt(0.0005) & (everyone["lat"] - world.PILE[1]).abs().lt(
        0.0004
    )
    assert set(near["case_id"]) <= set(everyone.loc[close | (everyone["lon"] == world.PILE[0]), "case_id"])


def test_a_case_without_a_location_or_a_category_has_no_near_by(store):
    for where in (CaseFilter(is_located=False), CaseFilter(without=("category_id",))):
        case = read_rows(store, where, limit=1).iloc[0]
        near = find_near(store, case)
        assert near.empty
        assert "distance_m" in near
