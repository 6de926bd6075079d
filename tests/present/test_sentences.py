"""The sentence claims what its numbers support, in both languages, and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from geo.analysis.periods import choose_period
from geo.present.sentences import Facts, Standing, TopCategory, write_sentence

MONTH, BEFORE = choose_period(
    "month", data_as_of=datetime(2026, 10, 31, 15, tzinfo=UTC), time_zone="Asia/Shanghai"
)
FACTS = Facts(
    period=MONTH, before=BEFORE, n_new=214, n_before=150, differs=True, n_due=160, n_on_time=149,
    on_time=Standing(2, 1, 4, 9, "grid"), n_overdue=5, n_unlocated=4,
    top=TopCategory("电动车充电", 40, 12, has_grown=True),
)  # fmt: skip


def zh(**changes):
    return write_sentence(replace(FACTS, **changes), "zh")


def en(**changes):
    return write_sentence(replace(FACTS, **changes), "en")


def test_the_whole_sentence():
    assert zh() == (
        "本月 214 件，比上月多 43%；按期办结 93.1%（同级网格第 2/9，可能在第 1–4）；超期未结 5 件；"
        "“电动车充电”增加最多（12 → 40 件）。"
    )
    assert en() == (
        "214 new cases this month, 43% more than the month before; "
        "93.1% closed on time (rank 2 of 9, possibly 1–4); "
        '5 open past their deadline; "电动车充电" grew most (12 to 40).'
    )


def test_a_difference_that_chance_explains_is_no_difference():
    assert "与上月（200 件）相当" in zh(n_before=200, differs=False)
    assert "about as many as the month before (200)" in en(n_before=200, differs=False)


def test_small_counts_get_no_percentage():
    assert "比上月多 18 件" in zh(n_new=20, n_before=2)
    assert "%" not in en(n_new=20, n_before=2, n_due=3, n_on_time=3).split(";")[0]


def test_without_a_period_before_nothing_is_compared():
    assert zh(n_before=None, differs=False).startswith("本月 214 件；")


def test_a_small_denominator_is_told_as_counts():
    assert "应结案 12 件中按期 11 件（数量小，不评比）" in zh(n_due=12, n_on_time=11)
    assert "11 of 12 due closed on time (too few to compare)" in en(n_due=12, n_on_time=11)


def test_nothing_due_says_nothing_about_being_on_time():
    assert "按期" not in zh(n_due=0, n_on_time=0)


def test_a_rank_that_may_be_any_is_not_told():
    assert "与同级网格无显著差别" in zh(on_time=Standing(2, 1, 9, 9, "grid"))
    assert "rank" not in en(on_time=Standing(2, 1, 9, 9, "grid"))


def test_a_sure_rank_has_no_span_and_an_only_child_none():
    assert "（同级网格第 2/9）" in zh(on_time=Standing(2, 2, 2, 9, "grid"))
    assert "第" not in zh(on_time=Standing(1, 1, 1, 1, "grid"))


def test_the_largest_category_is_named_where_none_grew():
    assert "“噪音”最多（90 件）" in zh(top=TopCategory("噪音", 90, 88, has_grown=False))


def test_missing_locations_are_said_beyond_one_in_twenty():
    assert "没有位置" not in zh(n_unlocated=10)
    assert zh(n_unlocated=60).endswith("其中 60 件（28.0%）没有位置。")


def test_one_case_is_not_many():
    one = {"n_new": 1, "n_before": None, "differs": False, "n_due": 0, "n_overdue": 0, "top": None}
    assert en(**one, n_unlocated=1) == "1 new case this month. 1 of the new cases (100.0%) has no location."


def test_siblings_are_named_in_the_plural():
    said = en(on_time=Standing(2, 1, 9, 9, "community"))
    assert "no different from the other communities here" in said


def test_a_running_month_says_until_when():
    running, before = choose_period(
        "month", data_as_of=datetime(2026, 10, 12, 4, tzinfo=UTC), time_zone="Asia/Shanghai"
    )
    assert zh(period=running, before=before).startswith("本月（截至 10 月 12 日）214 件，比上月同期多")
    said = en(period=running, before=before)
    assert said.startswith("214 new cases this month (to 12 October), 43% more than the same days of")


def test_a_month_before_the_last_one_of_the_data_goes_by_its_name():
    assert zh(is_latest=False).startswith("2026 年 10 月 214 件，比上一月多 43%")
    assert en(is_latest=False).startswith("214 new cases in October 2026, 43% more than the month before")
    nothing = {"n_new": 0, "n_before": 0, "differs": False, "is_latest": False}
    assert zh(**nothing).startswith("2026 年 10 月没有新增案件；")


def test_an_empty_month_is_said_plainly():
    quiet = {
        "n_new": 0,
        "n_before": 0,
        "differs": False,
        "n_due": 0,
        "n_overdue": 0,
        "top": None,
        "n_unlocated": 0,
    }
    assert zh(**quiet) == "本月没有新增案件。"
    assert en(**quiet) == "No new cases this month."


@pytest.mark.parametrize("name", ["<b>x</b>", "{0}", "=1+1", "%s"])
def test_names_are_only_ever_text(name):
    assert name in zh(top=TopCategory(name, 40, 12, has_grown=True))
