"""A period is whole local days, ends with the data, and is compared with one of its own kind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.periods import (
    PERIOD_NAMES,
    choose_period,
    day_start,
    list_months,
    month_period,
    months_until,
)
from geo.errors import ChoiceError

SHANGHAI = "Asia/Shanghai"
END_OF_OCTOBER = datetime(2026, 10, 31, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai


def test_a_whole_month_runs_from_local_midnight_to_local_midnight():
    chosen, before = choose_period("month", data_as_of=END_OF_OCTOBER, time_zone=SHANGHAI)
    assert (chosen.start, chosen.end) == (
        datetime(2026, 9, 30, 16, tzinfo=UTC),
        datetime(2026, 10, 31, 16, tzinfo=UTC),
    )
    assert (chosen.label, chosen.is_clipped, chosen.n_days) == ("2026-10", False, 31)
    assert (before.label, before.end) == ("2026-09", chosen.start)


def test_the_last_case_of_the_data_lies_inside_a_clipped_month():
    as_of = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
    chosen, _ = choose_period("month", data_as_of=as_of, time_zone=SHANGHAI)
    assert chosen.start <= as_of < chosen.end
    assert chosen.last_on == date(2026, 10, 12)
    assert chosen.is_clipped


def test_twelve_days_are_compared_with_twelve_days():
    as_of = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
    chosen, before = choose_period("month", data_as_of=as_of, time_zone=SHANGHAI)
    assert (before.first_on, before.last_on) == (date(2026, 9, 1), date(2026, 9, 12))
    assert chosen.n_days == before.n_days == 12
    assert before.is_clipped


def test_thirty_days_of_march_are_compared_with_the_whole_of_february():
    as_of = datetime(2026, 3, 30, 1, tzinfo=UTC)
    _, before = choose_period("month", data_as_of=as_of, time_zone=SHANGHAI)
    assert (before.label, before.is_clipped, before.n_days) == ("2026-02", False, 28)


def test_a_month_named_by_any_of_its_days_is_whole_when_the_data_go_on():
    chosen, before = choose_period(
        "month", data_as_of=END_OF_OCTOBER, time_zone=SHANGHAI, start_on=date(2026, 1, 17)
    )
    assert (chosen.label, before.label, chosen.is_clipped) == ("2026-01", "2025-12", False)


def test_a_quarter_and_a_year_are_the_calendars():
    quarter, before = choose_period(
        "quarter", data_as_of=END_OF_OCTOBER, time_zone=SHANGHAI, start_on=date(2026, 2, 28)
    )
    assert (quarter.label, before.label) == ("2026-Q1", "2025-Q4")
    year, before = choose_period("year", data_as_of=END_OF_OCTOBER, time_zone=SHANGHAI)
    assert (year.label, before.label) == ("2026 (– 2026-10-31)", "2025 (– 2025-10-31)")


def test_the_last_thirty_days_end_with_the_data_date():
    chosen, before = choose_period("last30", data_as_of=END_OF_OCTOBER, time_zone=SHANGHAI)
    assert (chosen.first_on, chosen.last_on) == (date(2026, 10, 2), date(2026, 10, 31))
    assert (before.first_on, before.last_on) == (date(2026, 9, 2), date(2026, 10, 1))


def test_own_dates_exclude_the_end_and_are_compared_with_as_many_days():
    chosen, before = choose_period(
        "own",
        data_as_of=END_OF_OCTOBER,
        time_zone=SHANGHAI,
        start_on=date(2026, 1, 1),
        end_on=date(2026, 2, 1),
    )
    assert (chosen.label, chosen.n_days) == ("2026-01-01 – 2026-01-31", 31)
    assert (before.first_on, before.last_on) == (date(2025, 12, 1), date(2025, 12, 31))


def test_own_dates_beyond_the_data_are_cut_and_so_is_what_they_are_compared_with():
    chosen, before = choose_period(
        "own",
        data_as_of=END_OF_OCTOBER,
        time_zone=SHANGHAI,
        start_on=date(2026, 10, 22),
        end_on=date(2027, 1, 1),
    )
    assert (chosen.last_on, chosen.is_clipped, chosen.n_days) == (date(2026, 10, 31), True, 10)
    assert (before.first_on, before.last_on) == (date(2026, 10, 12), date(2026, 10, 21))


def test_a_month_with_a_clock_change_keeps_its_missing_and_its_extra_hour():
    as_of = datetime(2011, 12, 31, 12, tzinfo=UTC)
    boston = "America/New_York"
    march = month_period("2011-03", data_as_of=as_of, time_zone=boston)
    november = month_period("2011-11", data_as_of=as_of, time_zone=boston)
    assert march.end - march.start == timedelta(days=31) - timedelta(hours=1)
    assert november.end - november.start == timedelta(days=30) + timedelta(hours=1)


def test_a_day_whose_midnight_does_not_exist_starts_with_the_jump():
    # Beirut, 2022-03-27: 00:00 became 01:00.
    start = day_start(date(2022, 3, 27), time_zone="Asia/Beirut")
    assert start == datetime(2022, 3, 26, 22, tzinfo=UTC)
    assert start.astimezone(ZoneInfo("Asia/Beirut")).hour == 1


def test_a_day_whose_midnight_comes_twice_starts_with_the_first():
    # Havana, 2022-11-06: 01:00 became 00:00.
    start = day_start(date(2022, 11, 6), time_zone="America/Havana")
    assert start == datetime(2022, 11, 6, 4, tzinfo=UTC)


def test_the_data_date_is_read_in_the_local_zone():
    # 17:00 UTC on the 31st is already November in Shanghai.
    as_of = datetime(2026, 10, 31, 17, tzinfo=UTC)
    chosen, _ = choose_period("month", data_as_of=as_of, time_zone=SHANGHAI)
    assert chosen.label == "2026-11 (– 2026-11-01)"


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"start_on": date(2026, 1, 1)}, "period_without_dates"),
        ({"start_on": date(2026, 1, 2), "end_on": date(2026, 1, 2)}, "period_backwards"),
        ({"start_on": date(2026, 11, 1), "end_on": date(2026, 12, 1)}, "period_after_data"),
        ({"start_on": date(1, 1, 1), "end_on": date(1, 1, 2)}, "period_out_of_range"),
        ({"start_on": date(2026, 1, 1), "end_on": date(9999, 12, 31)}, "period_out_of_range"),
    ],
)
def test_dates_that_make_no_period_are_refused_with_a_sentence(choices, code):
    with pytest.raises(ChoiceError) as refusal:
        choose_period("own", data_as_of=END_OF_OCTOBER, time_zone=SHANGHAI, **choices)
    assert refusal.value.code == code
    assert "{" not in refusal.value.say("zh")


@pytest.mark.parametrize("name", ["month", "quarter", "year"])
def test_a_calendar_period_out_of_range_is_refused(name):
    with pytest.raises(ChoiceError) as refusal:
        choose_period(name, data_as_of=END_OF_OCTOBER, time_zone=SHANGHAI, start_on=date(1, 1, 1))
    assert refusal.value.code == "period_out_of_range"


@settings(deadline=None)
@given(
    name=st.sampled_from([name for name in PERIOD_NAMES if name != "own"]),
    as_of=st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)),
    time_zone=st.sampled_from([SHANGHAI, "America/New_York", "Asia/Beirut", "Australia/Lord_Howe"]),
)
def test_any_period_holds_the_data_date_and_touches_the_one_before(name, as_of, time_zone):
    as_of = as_of.replace(tzinfo=UTC)
    chosen, before = choose_period(name, data_as_of=as_of, time_zone=time_zone)
    assert before.start < before.end <= chosen.start <= as_of < chosen.end
    assert not chosen.is_clipped or before.n_days <= chosen.n_days
    assert before.is_clipped or before.end == chosen.start


def test_month_lists_cross_the_year_and_may_be_empty():
    assert list_months("2025-11", "2026-02") == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert list_months("2026-02", "2026-01") == []
    october = month_period("2026-10", data_as_of=END_OF_OCTOBER, time_zone=SHANGHAI)
    months = months_until(october, n_months=24)
    assert (len(months), months[0], months[-1]) == (24, "2024-11", "2026-10")
