"""The texts of a dashboard: no raw key, no "1 cases", and no finding where nobody knows how cases stand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from geo.present.dashboard_page import write_dashboard_html
from geo.store.base import CaseFilter
from geo.tasks.dashboard_parts import LeftOut, find_sources_without_status
from geo.tasks.dashboard_text import (
    card_text,
    is_comparable,
    kind_name,
    method_notes,
    say_piled,
    status_doubt,
    write_page,
)
from geo.tasks.dashboards import choose_period, find_area, make_dashboard, read_background


def fill_with(store, world, *, without_status, with_status=0):
    """Store cases of a source that never says how they stand, and of one that does."""
    cases, placed = world.draw_cases()
    areas = world.district_areas()
    sets = pd.DataFrame({"set_id": areas["set_id"].unique()})
    sets["area_level"] = sets["set_id"].str.removeprefix("set-")
    sets = sets.assign(scope_id="", status="published", valid_from=None, valid_to=None)
    store.store_rows(world.head("boundaries"), {"boundary_sets": sets, "areas": areas})
    silent = cases.head(without_status).assign(state="reported", closed_at=pd.NaT, source="疫情")
    silent["closed_at"] = pd.to_datetime(silent["closed_at"], utc=True)
    told = cases.iloc[without_status : without_status + with_status]
    both = pd.concat([silent, told], ignore_index=True)
    store.store_cases(world.head("cases"), both, placed[placed["case_id"].isin(both["case_id"])])
    period, before = choose_period(store, "year")
    return make_dashboard(store, None, period=period, before=before)


def test_a_list_without_a_status_is_found(empty_store, world):
    board = fill_with(empty_store, world, without_status=300, with_status=300)
    assert find_sources_without_status(empty_store) == ("疫情",)
    doubt = next(item for item in board.left_out if item.code == "without_status")
    assert 0 < doubt.n == empty_store.count_cases(doubt.cases) < board.counts["n_open"]
    assert doubt.n == board.n_without_status
    assert board.knows_status
    assert status_doubt(board, "n_open", "zh") == f"其中 {doubt.n} 件来源没有办理状态"
    assert status_doubt(board, "n_overdue", "zh") == ""
    assert is_comparable(board, "n_open")


def test_where_nobody_knows_how_cases_stand_nothing_is_claimed(empty_store, world):
    board = fill_with(empty_store, world, without_status=300)
    cards = {card.key: card for card in board.cards}
    assert cards["n_open"].value == board.n_without_status > 0
    assert cards["n_overdue"].value > 0
    for key in ("n_open", "n_overdue", "on_time_share"):
        assert not is_comparable(board, key)
        assert "没有办理状态" in status_doubt(board, key, "zh")
        assert "gives no status" in status_doubt(board, key, "en")
    assert status_doubt(board, "n_new", "en") == ""
    for said in board.sentences.values():
        assert not [word for word in ("超期", "按期", "deadline", "on time") if word in said], said
    text = card_text(cards["n_open"], "en", doubt="The source …", is_compared=False)
    assert text.lines[0] == "The source …"
    assert not [line for line in text.lines if line.startswith(("Against", "Rank"))]
    assert "Status unknown" in dict(method_notes(board, "en"))


def test_a_source_that_ever_says_how_a_case_stands_is_trusted(store):
    assert find_sources_without_status(store) == ()
    board = make_board(store, None)
    assert board.n_without_status == 0
    assert status_doubt(board, "n_open", "en") == ""


def make_board(store, code):
    period, before = choose_period(store, "year")
    area = None if code is None else find_area(store, code)
    return make_dashboard(store, area, period=period, before=before, background=read_background(store))


@pytest.mark.parametrize("code", [None, "D1S1", "D1S1C1G1M2"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_says_no_raw_key_and_counts_in_good_english(store, code, language):
    page = write_page(store, make_board(store, code), language=language, imprint="", is_reviewed=True)
    text = write_dashboard_html(page).decode("utf-8")
    for wrong in (
        ">1 cases",
        " 1 cases",
        "1 communities",
        "(1 grids)",
        "subdistrict",
        "microgrid",
        "without_",
    ):
        assert wrong not in text, wrong


def test_an_empty_period_says_that_there_is_nothing_in_it(store):
    board = make_board(store, "D1S1")
    empty = replace(board, categories=board.categories.head(0), channels=board.channels.head(0))
    for language, words in (("zh", "本时段没有数据。"), ("en", "Nothing in this period.")):
        page = write_page(store, empty, language=language, imprint="", is_reviewed=True)
        assert write_dashboard_html(page).decode("utf-8").count(words) == 2


def test_kinds_of_facility_are_named_and_unknown_ones_kept():
    assert kind_name("primary_school", "en") == "Primary school"
    assert kind_name("primary_school", "zh") == "小学"
    assert kind_name("own kind", "en") == "own kind"


def test_fault_B24_the_list_of_repeat_places_says_what_it_leaves_out(store):
    board = make_board(store, None)
    n = int(board.pile_ups["n"].sum())
    assert say_piled(board, "zh") == f"另有 1 处疑似默认坐标（历来共 {n} 件）未列入。"
    assert say_piled(board, "en").startswith("Not listed: 1 place with what looks like default coordinates")
    assert say_piled(make_board(store, "D1S1C1G1M1"), "en") == ""


def test_left_out_cases_are_counted_as_one_or_many(store):
    board = replace(make_board(store, None), left_out=(LeftOut("negative", 1, CaseFilter()),))
    notes = method_notes(board, "en")
    assert ("Left out", "1 case · closed before they were reported, not in the hours") in notes
