"""Write a case filter into an address and read it back, and say it in words (筛选条件).

A number on any page opens exactly its cases: the page puts the filter into the address of the case
list, and the list reads it from there. What an address holds comes from outside, so everything that
is not a known name with a readable value is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from geo.errors import ChoiceError
from geo.present.words import KINDS, LEVELS, STATES, Language, Words, word
from geo.schema import AREA_LEVELS, CASE_KINDS, CASE_STATES
from geo.store.base import CaseFilter

_MOMENTS = (
    "reported_from", "reported_to", "closed_from", "closed_to", "open_at", "overdue_at", "due_from", "due_to",
)  # fmt: skip
_FLAGS = ("is_on_time", "is_negative", "valid_callback", "is_located", "is_placed")
_LISTS = ("area_ids", "category_ids", "sources", "channels", "closing_levels", "case_ids")
_NAMES = {"area_id": "area", "area_level": "level", "category_ids": "category"}
"""Fields that have another name in an address, the same on every page."""

WITHOUT_NAMES = (
    *AREA_LEVELS,
    "category_id",
    "channel",
    "closing_level",
    "department",
    "kind",
    "month",
    "due_at",
)


def filter_to_query(where: CaseFilter) -> dict[str, str]:
    """Write a filter as the parameters of an address; fields that narrow nothing are left out.

    >>> filter_to_query(CaseFilter(area_level="grid", area_id="G1", hour=7))
    {'level': 'grid', 'area': 'G1', 'hour': '7'}
    """
    return {
        _NAMES.get(name, name): _write(value)
        for name, value in vars(where).items()
        if value is not None and value not in ((), "")
    }


def filter_from_query(query: Mapping[str, str]) -> CaseFilter:
    """Read a filter from the parameters of an address; parameters that are no filter are left alone.

    Raises
    ------
    ChoiceError
        If a value cannot be read as what its name says.
    """
    given: dict[str, Any] = {}
    for item in fields(CaseFilter):
        name = _NAMES.get(item.name, item.name)
        text = query.get(name)
        if not text:
            continue
        try:
            given[item.name] = _reader(item.name)(text)
        except (ValueError, OverflowError) as error:
            raise ChoiceError("filter_unreadable", name=name, value=text[:60]) from error
    if "area_id" not in given and "area_ids" not in given and "is_placed" not in given:
        given.pop("area_level", None)
    return CaseFilter(**given)


def _write(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, tuple):
        return ",".join(
            _write(part) if isinstance(part, tuple) else quote(str(part), safe="") for part in value
        )
    return str(value)


def _reader(name: str) -> Callable[[str], object]:
    return _READERS.get(name, str)


def _read_list(text: str) -> tuple[str, ...]:
    return tuple(unquote(part) for part in text.split(",") if part)


def _read_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _read_number(text: str, least: int, most: int) -> int:
    number = int(text)
    if not least <= number <= most:
        raise ValueError(text)
    return number


def _read_degrees(text: str, size: int) -> tuple[float, ...]:
    numbers = tuple(float(part) for part in text.split(","))
    if len(numbers) != size or not all(-180 <= number <= 180 for number in numbers):
        raise ValueError(text)
    return numbers


def _read_points(text: str) -> tuple[tuple[float, ...], ...]:
    numbers = text.split(",")
    return tuple(_read_degrees(",".join(numbers[k : k + 2]), 2) for k in range(0, len(numbers), 2))


def _one_of(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(text)
    return text


def _read_choices(choices: tuple[str, ...]) -> Callable[[str], object]:
    return lambda text: tuple(_one_of(part, choices) for part in _read_list(text))


def _read_flag(text: str) -> bool:
    return _one_of(text, ("1", "0")) == "1"


_READERS: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(_MOMENTS, _read_moment),
    **dict.fromkeys(_FLAGS, _read_flag),
    **dict.fromkeys(_LISTS, _read_list),
    "without": _read_choices(WITHOUT_NAMES),
    "kinds": _read_choices(CASE_KINDS),
    "states": _read_choices(CASE_STATES),
    "area_level": lambda text: _one_of(text, AREA_LEVELS),
    "hour": lambda text: _read_number(text, 0, 23),
    "weekday": lambda text: _read_number(text, 1, 7),
    "h3": lambda text: _read_number(text, 0, 2**63 - 1),
    "box": lambda text: _read_degrees(text, 4),
    "at_point": lambda text: _read_degrees(text, 2),
    "at_points": _read_points,
    "not_at_points": _read_points,
}


def describe_filter(
    where: CaseFilter,
    *,
    language: Language,
    time_zone: str,
    area_names: Mapping[str, str] | None = None,
    category_names: Mapping[str, str] | None = None,
) -> list[tuple[str, str]]:
    """Say a filter in words, one pair of label and value per chip.

    Names come from files and are plain text. Moments are given as local days; an end says its last day.
    """
    zh = language == "zh"
    areas, categories = area_names or {}, category_names or {}
    joint = "、" if zh else ", "
    chips: list[tuple[str, str]] = []

    def add(label_zh: str, label_en: str, value: str) -> None:
        chips.append((label_zh if zh else label_en, value))

    if where.area_level and (where.area_id or where.area_ids):
        codes = [where.area_id] if where.area_id else list(where.area_ids)
        label = word(LEVELS, where.area_level, language)
        chips.append((label, joint.join(areas.get(str(code), str(code)) for code in codes)))
    for label_zh, label_en, first, after in (
        ("上报", "reported", where.reported_from, where.reported_to),
        ("结案", "closed", where.closed_from, where.closed_to),
        ("应结案", "due", where.due_from, where.due_to),
    ):
        if first or after:
            add(label_zh, label_en, _days(first, after, time_zone))
    for label_zh, label_en, moment in (
        ("在办于", "open at the end of", where.open_at),
        ("超期于", "overdue at the end of", where.overdue_at),
    ):
        if moment:
            add(label_zh, label_en, _last_day(moment, time_zone).isoformat())
    if where.category_ids:
        add("类别", "category", joint.join(categories.get(code, code) for code in where.category_ids))
    for label_zh, label_en, values, words in (
        ("类型", "kind", where.kinds, KINDS),
        ("状态", "state", where.states, STATES),
        ("案件", "case", where.case_ids, {}),
        ("来源", "source", where.sources, {}),
        ("渠道", "channel", where.channels, {}),
        ("化解层级", "closed at", where.closing_levels, LEVELS),
        ("没有", "without", where.without, _WITHOUT_WORDS),
    ):
        if values:
            add(label_zh, label_en, joint.join(word(words, value, language) for value in values))
    if where.is_placed is not None:
        any_level = "任何区域" if zh else "any area"
        level = word(LEVELS, where.area_level, language) if where.area_level else any_level
        if where.is_placed:
            add("已落入", "has an area", level)
        else:
            add("未落入", "in no area", level)
    _add_flags(where, add, language)
    if where.text:
        add("包含文字", "contains", where.text)
    return chips


_WITHOUT_WORDS: Words = {
    **LEVELS,
    "category_id": ("类别", "category"),
    "channel": ("渠道", "channel"),
    "closing_level": ("化解层级", "closing level"),
    "department": ("处置单位", "department"),
    "kind": ("类型", "kind"),
    "month": ("上报时间", "moment of report"),
    "due_at": ("办理期限", "deadline"),
}

_WEEKDAYS: Words = {
    "1": ("周一", "Monday"),
    "2": ("周二", "Tuesday"),
    "3": ("周三", "Wednesday"),
    "4": ("周四", "Thursday"),
    "5": ("周五", "Friday"),
    "6": ("周六", "Saturday"),
    "7": ("周日", "Sunday"),
}

_YES_NO: Mapping[str, tuple[str, str, str, str]] = {
    "is_on_time": ("按期", "on time", "未按期", "not on time"),
    "is_negative": ("结案早于上报", "closed before reported", "结案不早于上报", "not closed before reported"),
    "valid_callback": ("有效回访", "valid call-back", "无有效回访", "no valid call-back"),
    "is_located": ("有坐标或区域", "with a point or an area", "无位置", "without a location"),
}


def _add_flags(where: CaseFilter, add: Callable[[str, str, str], None], language: Language) -> None:
    for name, (yes_zh, yes_en, no_zh, no_en) in _YES_NO.items():
        value = getattr(where, name)
        if value is not None:
            add(yes_zh if value else no_zh, yes_en if value else no_en, "")
    if where.hour is not None:
        add("时刻", "hour", f"{where.hour:02d}:00–{where.hour:02d}:59")
    if where.weekday is not None:
        add("星期", "weekday", word(_WEEKDAYS, str(where.weekday), language))
    if where.at_point:
        add("坐标", "at point", f"{where.at_point[0]:.6f}, {where.at_point[1]:.6f}")
    if where.at_points:
        add("坐标之一", "at one of the points", str(len(where.at_points)))
    if where.not_at_points:
        add("不含堆积点", "without pile-ups", str(len(where.not_at_points)))
    if where.box:
        add("范围", "box", ", ".join(f"{degree:.4f}" for degree in where.box))
    if where.h3 is not None:
        add("六边形", "hexagon", f"{where.h3:x}")


def _days(first: datetime | None, after: datetime | None, time_zone: str) -> str:
    zone = ZoneInfo(time_zone)
    start = first.astimezone(zone).date().isoformat() if first else "…"
    end = _last_day(after, time_zone).isoformat() if after else "…"
    return start if start == end else f"{start} – {end}"


def _last_day(after: datetime, time_zone: str) -> date:
    # The end of a period is the first moment after it.
    return datetime.fromtimestamp(after.timestamp() - 1, tz=ZoneInfo(time_zone)).date()


def narrow(where: CaseFilter, **changes: object) -> CaseFilter:
    """Return a filter with some fields changed."""
    return replace(where, **changes)  # type: ignore[arg-type]
