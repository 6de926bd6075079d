"""A period is written as people say it; one cut short never goes by the name of the whole."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from geo.analysis.periods import choose_period
from geo.present.period_words import say_days, say_period

OVER = datetime(2026, 10, 31, 15, tzinfo=UTC)
RUNNING = datetime(2026, 10, 12, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "as_of", "zh", "en"),
    [
        ("month", OVER, "2026 年 10 月", "October 2026"),
        ("month", RUNNING, "2026 年 10 月 1–12 日", "1–12 October 2026"),
        ("quarter", OVER, "2026 年第 4 季度（截至 10 月 31 日）", "Q4 2026 (to 31 October)"),
        ("year", OVER, "2026 年（截至 10 月 31 日）", "2026 (to 31 October)"),
        ("last30", OVER, "2026 年 10 月 2–31 日", "2–31 October 2026"),
        ("last30", RUNNING, "2026 年 9 月 13 日至 10 月 12 日", "13 September – 12 October 2026"),
    ],
)
def test_a_period_is_said_in_both_languages(name, as_of, zh, en):
    period = choose_period(name, data_as_of=as_of, time_zone="Asia/Shanghai").chosen
    assert (say_period(period, "zh"), say_period(period, "en")) == (zh, en)


def test_a_period_that_is_over_goes_by_its_name():
    for name, zh, en in [("quarter", "2026 年第 2 季度", "Q2 2026"), ("year", "2025 年", "2025")]:
        start = date(2026, 5, 1) if name == "quarter" else date(2025, 3, 1)
        period = choose_period(name, data_as_of=OVER, time_zone="Asia/Shanghai", start_on=start).chosen
        assert (say_period(period, "zh"), say_period(period, "en")) == (zh, en)


def test_the_first_day_of_a_month_is_one_day():
    as_of = datetime(2026, 11, 1, 4, tzinfo=UTC)
    period = choose_period("month", data_as_of=as_of, time_zone="Asia/Shanghai").chosen
    assert (say_period(period, "zh"), say_period(period, "en")) == ("2026 年 11 月 1 日", "1 November 2026")


def test_days_over_new_year_say_both_years():
    first, last = date(2025, 12, 30), date(2026, 1, 2)
    assert say_days(first, last, "en") == "30 December 2025 – 2 January 2026"
    assert say_days(first, last, "zh") == "2025 年 12 月 30 日至 2026 年 1 月 2 日"
