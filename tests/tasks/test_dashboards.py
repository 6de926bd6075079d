"""Every number of a dashboard opens exactly its cases, and parts add up to the whole."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from geo.analysis.indicators import AREA_INDICATORS, CARDS, INDICATORS
from geo.errors import MissingError
from geo.store.base import CaseFilter
from geo.tasks.areas import count_residents, finer_levels, read_population
from geo.tasks.case_filters import filter_from_query, filter_to_query
from geo.tasks.dashboard_parts import period_filter
from geo.tasks.dashboards import choose_period, find_area, make_dashboard, measure_level, read_background

CODES = [None, "D1", "D1S1", "D1S2C2", "D1S1C1G1", "D1S1C1G2", "D1S1C1G1M1", "D1S1C1G1M2"]


@pytest.fixture(scope="module")
def background(store):
    return read_background(store)


@pytest.fixture(scope="module")
def boards(store, background):
    """Dashboards of a year, for every level and the whole store."""
    period, before = choose_period(store, "year")
    return {
        code: make_dashboard(
            store,
            None if code is None else find_area(store, code),
            period=period,
            before=before,
            background=background,
        )
        for code in CODES
    }


def opened(store, where):
    """Cases a filter opens, after a trip through an address."""
    assert filter_from_query(filter_to_query(where)) == where
    return store.count_cases(where)


@pytest.mark.parametrize("code", CODES)
def test_every_card_opens_exactly_its_cases(store, boards, code):
    for card in boards[code].cards:
        assert opened(store, card.cases) == card.n_cases, card.key
        if card.key in ("n_new", "n_open", "n_overdue"):
            assert card.value == card.n_cases


@pytest.mark.parametrize("code", CODES)
def test_every_row_opens_exactly_its_cases(store, boards, code):
    board = boards[code]
    for table, column in (
        (board.children, "n_new"), (board.siblings, "n_new"), (board.months, "n_new"),
        (board.categories, "n_new"), (board.channels, "n"), (board.sources, "n"),
        (board.closing_levels, "n"), (board.repeats, "n"), (board.pile_ups, "n"),
        (board.hours[board.hours["n"] > 0].head(12), "n"),
    ):  # fmt: skip
        for row in table.to_dict("records"):
            assert opened(store, row["cases"]) == row[column], (column, row)
    for item in [*board.left_out, *([board.unplaced] if board.unplaced else [])]:
        assert opened(store, item.cases) == item.n, item.code


@pytest.mark.parametrize("code", CODES)
def test_the_parts_add_up_to_the_whole(boards, code):
    board = boards[code]
    n_new = board.counts["n_new"]
    assert board.categories["n_new"].sum() == n_new
    assert board.channels["n"].sum() == board.sources["n"].sum() == board.hours["n"].sum() == n_new
    assert board.closing_levels["n"].sum() == board.counts["n_closed"]
    shown = board.months[board.months["month"] >= "2026-01"]
    assert shown["n_new"].sum() == n_new


@pytest.mark.parametrize("code", [code for code in CODES if code is None or "M" not in code])
def test_fault_I08_children_and_the_rest_make_the_whole(boards, code):
    board = boards[code]
    inside = 0 if board.children.empty else board.children["n_new"].sum()
    outside = board.unplaced.n if board.unplaced else board.counts["n_new"]
    assert inside + outside == board.counts["n_new"]


@pytest.mark.parametrize("level", ["district", "subdistrict", "community", "grid", "microgrid"])
def test_fault_I08_areas_and_cases_without_area_make_all_at_every_level(store, background, level):
    period, _ = choose_period(store, "year")
    table = measure_level(store, level, period=period, background=background)
    new = CaseFilter(reported_from=period.start, reported_to=period.end)
    n_outside = store.count_cases(replace(new, without=(level,)))
    assert table["n_new"].sum() + n_outside == store.count_cases(new)


def test_fault_I07_cases_without_a_location_are_counted_and_shown(store, boards):
    board = boards[None]
    unlocated = next(item for item in board.left_out if item.code == "unlocated")
    assert 0 < unlocated.n == board.counts["n_unlocated"]
    assert board.counts["n_new"] > board.children["n_new"].sum()


@pytest.mark.parametrize("code", CODES)
def test_month_ends_agree_with_the_period_counts(store, boards, code):
    board = boards[code]
    where = board.where
    for row in board.months[~board.months["is_running"]].tail(6).to_dict("records"):
        end = row["cases"].reported_to
        assert row["n_open"] == store.count_cases(replace(where, open_at=end)), row["month"]
        assert row["n_overdue"] == store.count_cases(replace(where, overdue_at=end)), row["month"]


def test_the_last_month_of_the_line_is_the_card(boards):
    for board in boards.values():
        cards = {card.key: card for card in board.cards}
        assert cards["n_open"].months[-1] == ("2026-10", cards["n_open"].value)
        assert cards["n_overdue"].months[-1] == ("2026-10", cards["n_overdue"].value)
        assert len(cards["on_time_share"].months) == 6


def test_an_area_is_ranked_among_its_siblings(boards):
    board = boards["D1S1"]
    assert board.siblings["area_id"].tolist() == ["D1S1", "D1S2"]
    for card in board.cards:
        if card.value is not None:
            assert 1 <= card.rank_low <= card.rank <= card.rank_high <= card.n_ranked == 2
    assert all(card.rank is None and card.n_ranked == 0 for card in boards["D1"].cards)
    assert all(card.rank is None for card in boards[None].cards)


def test_the_page_the_map_and_the_command_read_one_figure(store, boards, background):
    for code in ("D1S1", "D1S1C1G1"):
        board = boards[code]
        level = board.area.level
        table = measure_level(store, level, period=board.period, background=background)
        for key in AREA_INDICATORS:
            one, other = board.counts[key], table.loc[code, key]
            assert (np.isnan(one) and np.isnan(other)) or one == pytest.approx(other), key
        parent = boards["D1"].children.set_index("area_id") if level == "subdistrict" else None
        if parent is not None:
            assert [parent.loc[code, key] for key in CARDS] == pytest.approx(
                [board.counts[key] for key in CARDS]
            )


def test_fault_B24_a_pile_up_is_found_named_and_kept_out_of_the_rate(boards):
    board = boards["D1S1C1G1M2"]
    assert board.pile_ups["n"].tolist() == boards[None].pile_ups["n"].tolist()
    piled = next(item for item in board.left_out if item.code == "piled")
    rate = next(card for card in board.cards if card.key == "per_1000")
    assert rate.n_cases == board.counts["n_new"] - piled.n
    assert rate.value == pytest.approx(rate.n_cases * 1000 / 760)
    assert boards["D1S1C1G1M1"].pile_ups.empty
    assert "piled" not in {item.code for item in boards["D1S2C2"].left_out}


def test_fault_B24_cases_outside_every_area_are_listed(store, boards):
    outside = next(item for item in boards[None].left_out if item.code == "outside")
    assert outside.n == store.count_cases(outside.cases) > 0


def test_repeat_places_leave_the_pile_up_out(boards):
    point = boards[None].pile_ups.iloc[0]
    repeats = boards[None].repeats
    assert not ((repeats["lon"] == point["lon"]) & (repeats["lat"] == point["lat"])).any()


def test_residents_say_where_they_come_from(store, boards):
    # Points hold 380 x 4 = 1 520 in a grid whose own figure is 1 500, so the points are used.
    assert (boards["D1S1C1G1"].residents.basis, boards["D1S1C1G1"].residents.residents) == ("points", 1520.0)
    assert boards["D1S1C1G1"].residents.source == "census"
    own_only = count_residents(store, "grid")
    assert own_only.loc["D1S1C1G1", ["residents", "basis"]].tolist() == [1500.0, "own"]
    # Grid D1S2C1G1 has no own figure; its two micro-grids say 700 each.
    assert own_only.loc["D1S2C1G1", ["residents", "basis"]].tolist() == [1400.0, "children"]
    assert own_only.loc["D1S2C1G2", "basis"] == "none"


def test_only_one_population_list_is_counted(empty_store, request):
    conftest = request.getfixturevalue("world")
    people = pd.DataFrame(
        {"source": ["old", "new", "new"], "point_id": ["1", "1", "2"], "lon": 104.0, "lat": 30.6,
         "residents": [900.0, 5.0, 6.0], "as_of_on": [date(2020, 1, 1), date(2025, 1, 1), date(2025, 1, 1)]}
    )  # fmt: skip
    assert read_population(empty_store) is None
    empty_store.store_rows(conftest.head("population"), {"population_points": people})
    found = read_population(empty_store)
    assert (found.source, found.points["residents"].sum(), found.n_sources) == ("new", 11.0, 2)


def test_a_period_that_reaches_beyond_the_data_is_not_compared(store, background):
    period, before = choose_period(store, "own", start_on=date(2025, 1, 2), end_on=date(2025, 3, 1))
    board = make_dashboard(store, None, period=period, before=before, background=background)
    assert board.before is None
    assert all(card.before is None and card.change is None for card in board.cards)
    assert "比" not in board.sentences["zh"].split("；")[0]


def test_sentences_are_in_both_languages_and_name_no_false_rank(boards):
    for board in boards.values():
        assert set(board.sentences) == {"zh", "en"}
        assert str(int(board.counts["n_new"])) in board.sentences["en"].replace(",", "")


def test_open_cases_are_the_oldest_and_masked(store, boards):
    board = boards[None]
    rows = board.open_cases
    assert len(rows) == 20
    assert rows["reported_at"].is_monotonic_increasing
    assert "13800000000" not in rows.astype(str).to_json(force_ascii=False)
    late = rows["due_at"] < pd.Timestamp(board.period.end)
    assert rows["is_overdue"].tolist() == late.fillna(False).tolist()


def test_fault_E02_no_part_of_a_dashboard_holds_a_reporter(boards):
    for board in boards.values():
        text = json.dumps(
            [t.drop(columns="cases", errors="ignore").astype(str).to_dict("records") for t in _tables(board)],
            ensure_ascii=False,
        )
        assert "王某某" not in text
        assert "13800000000" not in text


def _tables(board):
    return [value for value in vars(board).values() if isinstance(value, pd.DataFrame)]


def test_facilities_are_counted_inside(boards):
    everywhere = boards[None].facilities.set_index("kind")
    assert everywhere["n"].to_dict() == {"charger": 2, "station": 2}
    assert everywhere.loc["charger", "n_open"] == 1
    grid = boards["D1S1C1G1"].facilities
    assert grid[["kind", "n"]].to_numpy().tolist() == [["charger", 1]]
    # The second charger stands on the edge between two sub-districts: the code that sorts first has it.
    assert boards["D1S1"].facilities.set_index("kind").loc["charger", "n"] == 2


def test_an_area_knows_its_place(store):
    card = find_area(store, "D1S1C1G1", at=datetime(2026, 10, 31, tzinfo=UTC))
    assert [step.area_id for step in card.parents] == ["D1", "D1S1", "D1S1C1"]
    assert card.parent.level == "community"
    assert card.n_children == {"microgrid": 2}
    assert card.child_level == "microgrid"
    assert card.staff["name"].tolist() == ["甲"]
    assert len(find_area(store, "D1S1C1G1").staff) == 2
    assert card.box == pytest.approx((104.0, 30.6, 104.01, 30.61))
    assert find_area(store, "D1").n_children == {"subdistrict": 2, "community": 4, "grid": 8, "microgrid": 8}


def test_levels_that_may_lie_inside():
    assert finer_levels("district")[0] == "subdistrict"
    assert finer_levels("courtyard") == ()


@pytest.mark.parametrize("code", ["nowhere", "", "'; DROP TABLE areas; --", "<script>", "D1' OR '1'='1"])
def test_an_unknown_area_gets_a_sentence(store, code):
    with pytest.raises(MissingError) as refusal:
        find_area(store, code)
    assert refusal.value.code == "area_unknown"
    assert "没有编码" in refusal.value.say("zh")


def test_an_empty_store_says_that_there_are_no_cases(empty_store):
    with pytest.raises(MissingError) as refusal:
        choose_period(empty_store, "month")
    assert refusal.value.code == "no_cases_yet"


def test_the_cards_of_a_quiet_period_are_missing_not_zero_percent(store, background):
    area = find_area(store, "D1S2C2G2")
    period, before = choose_period(store, "own", start_on=date(2025, 1, 1), end_on=date(2025, 1, 2))
    board = make_dashboard(store, area, period=period, before=before, background=background)
    assert board.counts["n_due"] == 0
    card = next(card for card in board.cards if card.key == "on_time_share")
    assert (card.value, card.rank, card.is_small) == (None, None, False)
    assert period.end - period.start == timedelta(days=1)


@pytest.mark.parametrize("key", AREA_INDICATORS)
def test_every_indicator_has_a_filter_that_counts_its_denominator(store, boards, key):
    board = boards["D1S1"]
    n = opened(store, period_filter(key, board.where, board.period))
    names = {
        "n_closed": "n_closed", "n_open": "n_open", "n_overdue": "n_overdue", "on_time_share": "n_due",
        "median_h": "n_timed", "p90_h": "n_timed",
    }  # fmt: skip
    called = INDICATORS[key].denominator == "n_callbacks"
    assert n == board.counts[names.get(key, "n_callbacks" if called else "n_new")]
