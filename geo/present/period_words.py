"""Periods and days as people say them: 2026 年 10 月, October 2026 (时段的说法).

A month, quarter or year that is over goes by its name; one cut short at the data date, by the days
it has, so that nobody takes a part for the whole.
"""

from __future__ import annotations

from datetime import date

from geo.analysis.periods import Period
from geo.present.words import Language

_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_MONTHS_PER_QUARTER = 3


def say_period(period: Period, language: Language) -> str:
    """Write a period as it is said.

    >>> from datetime import UTC, datetime
    >>> from geo.analysis.periods import choose_period
    >>> as_of = datetime(2026, 10, 12, 9, tzinfo=UTC)
    >>> chosen, before = choose_period("month", data_as_of=as_of, time_zone="Asia/Shanghai")
    >>> say_period(chosen, "zh"), say_period(chosen, "en")
    ('2026 年 10 月 1–12 日', '1–12 October 2026')
    """
    first = period.first_on
    if period.name == "month" and not period.is_clipped:
        return f"{first.year} 年 {first.month} 月" if language == "zh" else f"{_month(first)} {first.year}"
    if period.name not in ("quarter", "year"):
        return say_days(first, period.last_on, language)
    number = (first.month - 1) // _MONTHS_PER_QUARTER + 1
    if language == "zh":
        name = f"{first.year} 年" + (f"第 {number} 季度" if period.name == "quarter" else "")
        return f"{name}（截至 {say_day(period.last_on, 'zh')}）" if period.is_clipped else name
    name = f"Q{number} {first.year}" if period.name == "quarter" else str(first.year)
    return f"{name} (to {say_day(period.last_on, 'en')})" if period.is_clipped else name


def say_days(first_on: date, last_on: date, language: Language) -> str:
    """Write a run of days, both ends included, saying month and year no more often than needed.

    >>> say_days(date(2026, 9, 13), date(2026, 10, 12), "en")
    '13 September – 12 October 2026'
    >>> say_days(date(2025, 12, 30), date(2026, 1, 2), "zh")
    '2025 年 12 月 30 日至 2026 年 1 月 2 日'
    """
    is_one_year = first_on.year == last_on.year
    is_one_month = is_one_year and first_on.month == last_on.month
    if language == "zh":
        year = f"{first_on.year} 年 "
        if first_on == last_on:
            return year + say_day(first_on, "zh")
        if is_one_month:
            return f"{year}{first_on.month} 月 {first_on.day}–{last_on.day} 日"
        last = say_day(last_on, "zh") if is_one_year else f"{last_on.year} 年 {say_day(last_on, 'zh')}"
        return f"{year}{say_day(first_on, 'zh')}至 {last}"
    last = f"{say_day(last_on, 'en')} {last_on.year}"
    if first_on == last_on:
        return last
    if is_one_month:
        return f"{first_on.day}–{last}"
    return f"{say_day(first_on, 'en')}{'' if is_one_year else f' {first_on.year}'} – {last}"


def say_day(day: date, language: Language) -> str:
    """Write a day without its year.

    >>> say_day(date(2026, 10, 12), "zh"), say_day(date(2026, 10, 12), "en")
    ('10 月 12 日', '12 October')
    """
    return f"{day.month} 月 {day.day} 日" if language == "zh" else f"{day.day} {_month(day)}"


def _month(day: date) -> str:
    return _MONTHS_EN[day.month - 1]
