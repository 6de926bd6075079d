"""Read moments and days out of text cells (时间取值).

A moment in a file is local time in a zone that somebody named; inside it is UTC. What is read and what
is refused stands in `docs/methods/intake.md` as a table and is tested row by row. In short:

- the year comes first, or the order of day and month is named, or it shows from the column
  (`DateOrderEvidence`); a date that could be either is refused, not guessed;
- days that do not exist, years of two digits, years of the Republic (民國) and numbers that look like
  Excel days are refused by name; 24:00 is midnight at the end of the day;
- a local time that happened twice, when clocks went back, is taken as the first; one that never
  happened, when clocks went forward, as if the clock had not been changed. Both are remarked on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.intake.values import as_arrow, fold_width, matches

DateOrder = Literal["ymd", "mdy", "dmy"]
ExcelSystem = Literal["1900", "1904"]

FIRST_YEAR, LAST_YEAR = 1900, 2199


_TIME = (
    r"(?:(?:T|\s)\s*(?P<before>上午|下午)?\s*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})?"
    r"(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?)?:?\s*(?P<after>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _TIME + "$"
_YEAR_LAST = r"^(?P<day_or_month>\d{1,2})[-/.](?P<month_or_day>\d{1,2})[-/.](?P<year>\d{4})" + _TIME + "$"
_COMPACT = (
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?$"
)
_SERIAL = r"^\d{5}(\.\d+)?$"
_TWO_DIGIT_YEAR = r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(\D|$)"
_MINGUO = r"^(民國|民国)|^\d{3}[-/.]\d{1,2}[-/.]\d{1,2}(\D|$)"
_REFUSED = (
    (_TWO_DIGIT_YEAR, "moment_two_digit_year"),
    (_MINGUO, "moment_minguo"),
    (_SERIAL, "moment_serial"),
    (_YEAR_LAST, "moment_order_unknown"),
)
_CHINESE_UNITS = "[年月日号时時点點分秒]"
_UNIT_SIGNS = (
    (r"\s*[年月]\s*", "-"),
    (r"[日号]\s*", " "),
    (r"\s*[时時点點]\s*", ":"),
    (r"\s*分\s*", ":"),
    (r":(\d{1,2})\s*秒", r":\1"),
    (r"(:\d{1,2}):$", r"\1"),
)

_FIXED_LENGTH = 19
_FIXED_DIGITS = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
_FIXED_SIGNS = {4: "-/.", 7: "-/.", 10: " T", 13: ":", 16: ":"}

_EXCEL_EPOCHS = {"1900": np.datetime64("1899-12-30"), "1904": np.datetime64("1904-01-01")}
_DAY_S = 86_400
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Moments:
    """Moments of a column, UTC; every part has the index of the column."""

    utc: pd.Series
    """Missing where the cell is empty or refused."""
    code: pd.Series
    """What is wrong, else empty: `moment_unreadable`, `moment_no_such_day`, `moment_no_such_time`,
    `moment_year_out_of_range`, `moment_two_digit_year`, `moment_minguo`, `moment_serial`,
    `moment_order_unknown`."""
    remark: pd.Series
    """`moment_in_overlap`, `moment_in_gap`, else empty."""
    is_day_only: pd.Series
    """The cell names a day and no time; `utc` is its first instant."""


@dataclass(frozen=True)
class DateOrderEvidence:
    """What a column shows about dates that end with the year; evidence of chunks adds up."""

    n: int = 0
    n_first_over_12: int = 0
    n_second_over_12: int = 0

    def __add__(self, other: DateOrderEvidence) -> DateOrderEvidence:
        return DateOrderEvidence(
            self.n + other.n,
            self.n_first_over_12 + other.n_first_over_12,
            self.n_second_over_12 + other.n_second_over_12,
        )

    @property
    def order(self) -> DateOrder | None:
        """The only order that fits: some day over 12 in one place, and none in the other."""
        if self.n_second_over_12 and not self.n_first_over_12:
            return "mdy"
        if self.n_first_over_12 and not self.n_second_over_12:
            return "dmy"
        return None


def find_date_order(series: pd.Series) -> DateOrderEvidence:
    """Count what shows the order of day and month in a column.

    Examples
    --------
    >>> find_date_order(pd.Series(["02/17/2020 1:00 PM", "03/04/2020"], dtype="str")).order
    'mdy'
    """
    text = pd.Series(_plain_signs(fold_width(series)).dropna().unique(), dtype="str")
    text = text[matches(text, _YEAR_LAST)]
    if text.empty:
        return DateOrderEvidence()
    found = pc.extract_regex(as_arrow(text), _YEAR_LAST)
    first, second = _whole(found, "day_or_month"), _whole(found, "month_or_day")
    return DateOrderEvidence(len(text), int((first > 12).sum()), int((second > 12).sum()))


def parse_moments(
    series: pd.Series,
    *,
    time_zone: str,
    date_order: DateOrder | None,
    excel_system: ExcelSystem | None = None,
    day_means: Literal["start", "end"] = "start",
) -> Moments:
    """Read moments in local time of a zone; an offset that stands in the cell wins over the zone.

    Parameters
    ----------
    series
        Text cells.
    time_zone
        IANA name of the zone.
    date_order
        Order of day and month where the year comes last; None refuses such dates.
    excel_system
        The column holds Excel days since 1900 or 1904; None refuses numbers of five digits.
    day_means
        What a day without a time stands for: the midnight that begins it, or, for a deadline, the one
        that ends it.

    Examples
    --------
    >>> cells = pd.Series(["2015年8月25日 14:05", "2024-02-30"], dtype="str")
    >>> moments = parse_moments(cells, time_zone="Asia/Shanghai", date_order=None)
    >>> str(moments.utc[0]), moments.code[1]
    ('2015-08-25 06:05:00+00:00', 'moment_no_such_day')
    """
    places, unique = pd.factorize(fold_width(series))
    text = pd.Series(unique, dtype="str")
    read = _read_unique(_plain_signs(text), date_order, excel_system)
    if day_means == "end":
        read.loc[read["is_day_only"], "local"] += np.timedelta64(1, "D")
    read["utc"], read["remark"] = _to_utc(read, time_zone)
    is_empty = places < 0
    taken = read.take(np.where(is_empty, 0, places)) if len(read) else read.reindex(range(len(places)))
    taken.index = series.index
    utc = pd.to_datetime(taken["utc"], utc=True).dt.as_unit("us").where(~is_empty)
    return Moments(
        utc,
        taken["code"].where(~is_empty, "").astype("str"),
        taken["remark"].where(~is_empty, "").astype("str"),
        taken["is_day_only"].fillna(value=False).astype(bool) & ~is_empty,
    )


def parse_days(series: pd.Series, *, date_order: DateOrder | None) -> Moments:
    """Read days; `utc` holds the midnight that begins the day as if its zone were UTC.

    The codes are those of `parse_moments`; a time of day that stands in the cell is left out.
    """
    moments = parse_moments(series, time_zone="UTC", date_order=date_order)
    return Moments(moments.utc.dt.normalize(), moments.code, moments.remark, moments.is_day_only)


# --- text to numbers ---


def _plain_signs(text: pd.Series) -> pd.Series:
    """Write the Chinese units of date and time as signs."""
    with_units = matches(text, _CHINESE_UNITS)
    if not with_units.any():
        return text
    array = as_arrow(text[with_units])
    for pattern, sign in _UNIT_SIGNS:
        array = pc.replace_substring_regex(array, pattern, sign)
    plain = pd.Series(pd.array(pc.utf8_trim_whitespace(array), dtype="str"), index=text.index[with_units])
    result = text.copy()
    result[with_units] = plain
    return result


@dataclass(frozen=True)
class _Parts:
    """What stands in dates of one pattern; a part of the time that is absent is 0."""

    year: _Ints
    month: _Ints
    day: _Ints
    hour: _Ints
    minute: _Ints
    second: _Ints
    micro: _Ints
    is_am: _Bools
    is_pm: _Bools
    is_day_only: _Bools
    offset_s: NDArray[np.float64]
    """Offset from UTC that stands in the cell, else missing."""


def _extract(found: pa.StructArray, pattern: str, date_order: DateOrder | None) -> _Parts:
    month, day = ("month", "day")
    if pattern == _YEAR_LAST:
        month, day = ("day_or_month", "month_or_day")
        if date_order == "dmy":
            month, day = day, month
    hour = _whole(found, "hour", absent=-1)
    before, after = _words(found, "before"), _words(found, "after")
    padded = pc.utf8_slice_codeunits(pc.utf8_rpad(_words(found, "fraction"), 6, "0"), 0, 6)
    return _Parts(
        year=_whole(found, "year"),
        month=_whole(found, month),
        day=_whole(found, day),
        hour=np.maximum(hour, 0),
        minute=_whole(found, "minute"),
        second=_whole(found, "second"),
        micro=_as_whole(padded, 0),
        is_am=_starts(before, "上") | _starts(after, "A") | _starts(after, "a"),
        is_pm=_starts(before, "下") | _starts(after, "P") | _starts(after, "p"),
        is_day_only=hour < 0,
        offset_s=_offsets(_words(found, "zone")),
    )


def _read_fixed(texts: pa.LargeStringArray) -> tuple[_Bools, _Parts]:
    """Read `2024-01-31 14:05:06` at fixed places, ten times as fast as by pattern; tell which fit."""
    fits = np.asarray(pc.equal(pc.binary_length(texts), _FIXED_LENGTH).to_numpy(zero_copy_only=False))
    same = pc.cast(texts.filter(pa.array(fits)), pa.large_binary())
    start = same.offset * _FIXED_LENGTH
    signs = np.frombuffer(same.buffers()[2] or b"", dtype=np.uint8)[start : start + len(same) * _FIXED_LENGTH]
    digits = signs.reshape(-1, _FIXED_LENGTH).astype(np.int64) - ord("0")
    numbers = digits[:, _FIXED_DIGITS]
    good = ((numbers >= 0) & (numbers <= 9)).all(axis=1)
    for place, allowed in _FIXED_SIGNS.items():
        good &= np.isin(digits[:, place] + ord("0"), [ord(sign) for sign in allowed])
    fits[fits] = good
    tens, ones = numbers[good, 2::2], numbers[good, 3::2]
    pairs = tens * 10 + ones
    none = np.zeros(len(pairs), dtype=np.bool_)
    year = numbers[good, 0] * 1000 + numbers[good, 1] * 100 + pairs[:, 0]
    month, day, hour, minute, second = (pairs[:, place] for place in range(1, 6))
    return fits, _Parts(
        year,
        month,
        day,
        hour,
        minute,
        second,
        np.zeros_like(year),
        none,
        none,
        none,
        np.full(len(year), np.nan),
    )


def _words(found: pa.StructArray, name: str) -> pa.LargeStringArray:
    if found.type.get_field_index(name) < 0:
        return pa.array([""] * len(found), type=pa.large_string())
    return found.field(name)


def _whole(found: pa.StructArray, name: str, *, absent: int = 0) -> _Ints:
    return _as_whole(_words(found, name), absent)


def _as_whole(words: pa.LargeStringArray, absent: int) -> _Ints:
    filled = pc.if_else(pc.equal(words, ""), str(absent), words)
    return np.asarray(pc.cast(filled, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _starts(words: pa.LargeStringArray, sign: str) -> _Bools:
    return np.asarray(pc.starts_with(words, sign).to_numpy(zero_copy_only=False), dtype=np.bool_)


def _offsets(words: pa.LargeStringArray) -> NDArray[np.float64]:
    offsets = np.full(len(words), np.nan)
    given = pc.not_equal(words, "").to_numpy(zero_copy_only=False)
    for place in np.flatnonzero(given).tolist():
        zone = words[place].as_py()
        sign = {"+": 1, "-": -1}.get(zone[0], 0)  # 0: Z or UTC
        offsets[place] = sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60) if sign else 0.0
    return offsets


# --- numbers to moments ---


def _read_unique(
    text: pd.Series, date_order: DateOrder | None, excel_system: ExcelSystem | None
) -> pd.DataFrame:
    """Return `local` time, `code`, `is_day_only` and `offset_s` of each text."""
    n = len(text)
    table = pd.DataFrame(
        {
            "local": np.full(n, np.datetime64("NaT"), dtype="datetime64[us]"),
            "code": np.full(n, "moment_unreadable", dtype=object),
            "is_day_only": np.zeros(n, dtype=bool),
            "offset_s": np.full(n, np.nan),
        }
    )
    fits, parts = _read_fixed(as_arrow(text))
    if fits.any():
        _fill(table, fits, parts)
    left = ~fits
    for pattern in (_YEAR_FIRST, _COMPACT, _YEAR_LAST):
        if not left.any() or (pattern == _YEAR_LAST and date_order not in ("mdy", "dmy")):
            continue
        found = pc.extract_regex(as_arrow(text[left]), pattern)
        fits = left.copy()
        fits[left] = found.is_valid().to_numpy(zero_copy_only=False)
        if fits.any():
            _fill(table, fits, _extract(found.drop_null(), pattern, date_order))
            left &= ~fits
    if excel_system is not None and left.any():
        fits = matches(text, _SERIAL).to_numpy()
        _fill_serials(table, text, fits, excel_system)
        left &= ~fits
    for pattern, code in _REFUSED if left.any() else ():
        hits = left & matches(text, pattern).to_numpy()
        table.loc[hits, "code"] = code
        left &= ~hits
    return table


def _fill(table: pd.DataFrame, fits: _Bools, parts: _Parts) -> None:
    hour, agrees = _hour_of_24(parts)
    is_midnight = (parts.minute == 0) & (parts.second == 0) & (parts.micro == 0)
    in_day = (hour < 24) | ((hour == 24) & is_midnight)
    good_time = agrees & in_day & (parts.minute < 60) & (parts.second < 60)
    good_year = (parts.year >= FIRST_YEAR) & (parts.year <= LAST_YEAR)
    date, good_day = _find_days(np.where(good_year, parts.year, FIRST_YEAR), parts.month, parts.day)
    of_day = (hour * 3600 + parts.minute * 60 + parts.second) * 1_000_000 + parts.micro
    local = date.astype("datetime64[us]") + of_day.astype("timedelta64[us]")
    local[~(good_time & good_year & good_day)] = np.datetime64("NaT")
    table.loc[fits, "local"] = local
    table.loc[fits, "code"] = np.select(
        [~good_year, ~good_day, ~good_time],
        ["moment_year_out_of_range", "moment_no_such_day", "moment_no_such_time"],
        default="",
    )
    table.loc[fits, "is_day_only"] = parts.is_day_only
    table.loc[fits, "offset_s"] = parts.offset_s


def _find_days(year: _Ints, month: _Ints, day: _Ints) -> tuple[NDArray[np.datetime64], _Bools]:
    """Return the days, and which of them exist."""
    good_month = (month >= 1) & (month <= 12)
    months = (year - 1970) * 12 + np.where(good_month, month, 1) - 1
    date = months.astype("datetime64[M]").astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    stays = date.astype("datetime64[M]").astype(np.int64) == months
    return date, good_month & (day >= 1) & stays


def _hour_of_24(parts: _Parts) -> tuple[_Ints, _Bools]:
    """Return the hour of 24 after AM, PM, 上午 and 下午, and whether the two agree."""
    hour, is_am, is_pm = parts.hour, parts.is_am, parts.is_pm
    agrees = ~(is_am | is_pm) | ((hour <= 12) & ~(is_pm & (hour == 0)))
    return np.where(is_pm & (hour < 12), hour + 12, np.where(is_am & (hour == 12), 0, hour)), agrees


def _fill_serials(table: pd.DataFrame, text: pd.Series, fits: _Bools, system: ExcelSystem) -> None:
    days = np.asarray(pc.cast(as_arrow(text[fits]), pa.float64()).to_numpy(zero_copy_only=False))
    seconds = np.round(days * _DAY_S).astype("timedelta64[s]")
    table.loc[fits, "local"] = (_EXCEL_EPOCHS[system] + seconds).astype("datetime64[us]")
    table.loc[fits, "code"] = ""
    table.loc[fits, "is_day_only"] = days == np.floor(days)


def _to_utc(table: pd.DataFrame, time_zone: str) -> tuple[pd.Series, pd.Series]:
    local = table["local"]
    utc = local.dt.tz_localize(time_zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    remark = pd.Series("", index=local.index, dtype="str")
    zone = ZoneInfo(time_zone)
    for place in np.flatnonzero(local.notna() & utc.isna()).tolist():
        # fold 0: the first of two, or the offset from before the clock went forward (PEP 495)
        moment = local.iloc[place].to_pydatetime().replace(tzinfo=zone, fold=0).astimezone(UTC)
        happened = moment.astimezone(zone).replace(tzinfo=None) == local.iloc[place]
        utc.iloc[place] = pd.Timestamp(moment)
        remark.iloc[place] = "moment_in_overlap" if happened else "moment_in_gap"
    has_offset = table["offset_s"].notna()
    if has_offset.any():
        shift = pd.to_timedelta(table.loc[has_offset, "offset_s"], unit="s")
        utc[has_offset] = (local[has_offset] - shift).dt.tz_localize("UTC")
        remark[has_offset] = ""
    return utc.dt.as_unit("us"), remark
