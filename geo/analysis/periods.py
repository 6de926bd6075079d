"""Calendar periods in a place's own time zone, and the period before (统计时段).

A period is a run of whole local days, kept as the half-open interval `[start, end)` in UTC. What
this module decides:

- **The data date ends everything.** A month that is still running counts up to the last day of the
  data, that day included, and says so (`is_clipped`).
- **Like is compared with like.** The period before is of the same kind: the month before a month, the
  quarter before a quarter, and as many days before as the person's own dates span. Where a
  period is cut short by the data date, the one before is cut to as many days: twelve days of
  October stand against the first twelve days of September.
- **Days change at local midnight.** Where the clock jumps over midnight the day starts with the jump;
  where midnight comes twice, with the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from geo.errors import ChoiceError

PeriodName = Literal["month", "last30", "quarter", "year", "own"]
PERIOD_NAMES: tuple[PeriodName, ...] = ("month", "last30", "quarter", "year", "own")

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Years a period may touch; beyond them a date is a slip of the pen."""

_DAY = timedelta(days=1)
_LAST30_DAYS = 30
_MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """Whole local days from `first_on` to `last_on`, both included."""

    name: PeriodName
    start: datetime
    """First moment, UTC."""
    end: datetime
    """First moment after it, UTC."""
    first_on: date
    last_on: date
    is_clipped: bool = False
    """Cut short at the data date."""

    @property
    def n_days(self) -> int:
        """Number of days."""
        return (self.last_on - self.first_on).days + 1

    @property
    def label(self) -> str:
        """How the period is written: `2026-10`, `2026-Q4`, `2026`, or its first and last day."""
        year, month = self.first_on.year, self.first_on.month
        if self.name == "month":
            text = f"{year:04d}-{month:02d}"
        elif self.name == "quarter":
            text = f"{year:04d}-Q{(month + 2) // 3}"
        elif self.name == "year":
            text = f"{year:04d}"
        else:
            return f"{self.first_on.isoformat()} – {self.last_on.isoformat()}"
        return f"{text} (– {self.last_on.isoformat()})" if self.is_clipped else text


class Periods(NamedTuple):
    """A period and the one it is compared with."""

    chosen: Period
    before: Period


def choose_period(
    name: PeriodName,
    *,
    data_as_of: datetime,
    time_zone: str,
    start_on: date | None = None,
    end_on: date | None = None,
) -> Periods:
    """Choose a period and the one before it.

    Parameters
    ----------
    name
        `month`, `quarter` and `year` are the calendar's; `last30` the 30 days up to the data date;
        `own` the days from `start_on` up to, not including, `end_on`.
    data_as_of
        Last moment the data tell of, UTC. Its local day is the last day any period counts.
    time_zone
        IANA name of the zone in which days begin.
    start_on
        A day inside the wanted month, quarter or year, by default the data date; the first day of `own`.
    end_on
        The first day after `own`; not used otherwise.

    Raises
    ------
    ChoiceError
        If `own` has no dates, ends before it starts, starts after the data date, or a year is not in
        1900 to 2199.

    Examples
    --------
    >>> as_of = datetime(2026, 10, 12, 9, tzinfo=UTC)
    >>> chosen, before = choose_period("month", data_as_of=as_of, time_zone="Asia/Shanghai")
    >>> chosen.start.isoformat(), chosen.label, before.label
    ('2026-09-30T16:00:00+00:00', '2026-10 (– 2026-10-12)', '2026-09 (– 2026-09-12)')
    """
    zone = ZoneInfo(time_zone)
    last_on = data_as_of.astimezone(zone).date()
    first, after, first_before = _days(name, last_on, start_on, end_on)
    _require_years(first_before, first, after - _DAY)
    if first > last_on:
        raise ChoiceError("period_after_data", first_on=first.isoformat(), data_on=last_on.isoformat())
    is_clipped = after > last_on + _DAY
    after = min(after, last_on + _DAY)
    after_before = min(first, first_before + (after - first)) if is_clipped else first
    chosen = _make(name, first, after, is_clipped, zone)
    return Periods(chosen, _make(name, first_before, after_before, after_before < first, zone))


def list_months(first: str, last: str) -> list[str]:
    """List the months from `first` to `last` (YYYY-MM), both included; none where they are reversed.

    >>> list_months("2025-11", "2026-02")
    ['2025-11', '2025-12', '2026-01', '2026-02']
    """
    return [_month_text(number) for number in range(_month_number(first), _month_number(last) + 1)]


def months_until(period: Period, *, n_months: int) -> list[str]:
    """List the `n_months` months (YYYY-MM) that end with the last month of a period."""
    last = _month_number(period.last_on.strftime("%Y-%m"))
    return [_month_text(number) for number in range(last - n_months + 1, last + 1)]


def month_period(month: str, *, data_as_of: datetime, time_zone: str) -> Period:
    """Return one month (YYYY-MM) as a period, clipped at the data date."""
    first = date.fromisoformat(f"{month}-01")
    return choose_period("month", data_as_of=data_as_of, time_zone=time_zone, start_on=first).chosen


def day_start(day: date, *, time_zone: str) -> datetime:
    """Return the moment a local day begins, in UTC."""
    return _midnight(day, ZoneInfo(time_zone))


def _days(
    name: PeriodName, last_on: date, start_on: date | None, end_on: date | None
) -> tuple[date, date, date]:
    """First day, first day after, and first day of the period before."""
    if name == "own":
        if start_on is None or end_on is None:
            raise ChoiceError("period_without_dates")
        if end_on <= start_on:
            raise ChoiceError("period_backwards", start_on=start_on.isoformat(), end_on=end_on.isoformat())
        _require_years(start_on, end_on - _DAY)
        # What lies beyond the data date would otherwise make the days before it count for more.
        return start_on, end_on, start_on - (min(end_on, max(last_on, start_on) + _DAY) - start_on)
    if name == "last30":
        first = last_on - (_LAST30_DAYS - 1) * _DAY
        return first, last_on + _DAY, first - _LAST30_DAYS * _DAY
    day = last_on if start_on is None else start_on
    _require_years(day)
    size = _MONTHS_OF[name]
    number = day.year * 12 + day.month - 1
    number -= number % size
    return _month_start(number), _month_start(number + size), _month_start(number - size)


def _make(name: PeriodName, first: date, after: date, is_clipped: bool, zone: ZoneInfo) -> Period:
    return Period(name, _midnight(first, zone), _midnight(after, zone), first, after - _DAY, is_clipped)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # fold=0 reads a midnight that comes twice as the first, and one that is jumped over with the offset
    # before the jump, which is the moment of the jump.
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _month_number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _month_text(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def _month_start(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _require_years(*days: date) -> None:
    for day in days:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ChoiceError("period_out_of_range", day=day.isoformat(), first=FIRST_YEAR, last=LAST_YEAR)
