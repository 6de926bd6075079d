"""How pages write moments, numbers and words (显示格式)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

import pandas as pd

from geo.access.masking import mask_text
from geo.analysis.indicators import INDICATORS, IndicatorKey
from geo.analysis.periods import Period
from geo.present.numbers import NO_FIGURE, show_change, show_value
from geo.present.period_words import say_period
from geo.present.words import Words, word
from geo.schema import AREA_LEVELS, AreaLevel
from geo.tasks.areas import names_of
from geo.tasks.case_lists import PositionCounts
from ui import session
from ui.panels import Tone
from ui.text import t

__all__ = ["NO_FIGURE", "show_change", "show_value"]


def actor(name: object) -> str:
    """Return who did something: a role that several people share in words, a name as it is."""
    known = {"viewer": "access.role.viewer", "editor": "access.role.editor", "local": "access.local"}
    return t(known[str(name)]) if str(name) in known else text(name)


def moment(value: object, *, with_time: bool = True) -> str:
    """Write a moment in the store's own zone, a dash where there is none."""
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return NO_FIGURE
    local = pd.Timestamp(cast(datetime, value)).tz_convert(session.summary().time_zone)
    return str(local.strftime("%Y-%m-%d %H:%M" if with_time else "%Y-%m-%d"))


def text(value: object) -> str:
    """Write what a file said, a dash where it said nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA or value is pd.NaT:
        return NO_FIGURE
    return str(value) or NO_FIGURE


def masked(value: object) -> str:
    """Write what a file said, with telephones, identity and room numbers masked."""
    return text(mask_text(pd.Series([value], dtype="str")).iloc[0])


def category(code: object) -> str:
    """Write the name of a category in the language of this visit."""
    return session.background().categories.get(code, code) if isinstance(code, str) else NO_FIGURE


def words(table: Words, value: object) -> str:
    """Write a known value in the language of this visit."""
    return word(table, value if isinstance(value, str) else None, session.language())


def number(value: float | None) -> str:
    """Write a whole number with its thousands in groups."""
    return show_value(value, "count")


def period(value: Period) -> str:
    """Write a period as people say it."""
    return say_period(value, session.language())


def rows(n: int) -> str:
    """Write how many rows."""
    return t("import.row_one") if n == 1 else t("import.rows", n=number(n))


def listed(names: Iterable[str]) -> str:
    """Write names one after another."""
    return ("、" if session.language() == "zh" else ", ").join(names)


def share(value: float | None) -> str:
    """Write a share in per cent."""
    return show_value(value, "share")


def positions(counts: PositionCounts) -> str:
    """Say how many cases a map draws, how many have only an area, how many no location at all."""
    if counts.n_drawn == counts.n:
        return t("cases.all_drawn", drawn=number(counts.n_drawn))
    return t(
        "cases.positions",
        drawn=number(counts.n_drawn),
        area_only=number(counts.n_area_only),
        nowhere=number(counts.n_nowhere),
    )


def figure(key: IndicatorKey, value: float | None) -> str:
    """Write a figure in the manner of its indicator, without its unit."""
    return show_value(None if value is None or pd.isna(value) else value, INDICATORS[key].format)


def change(key: IndicatorKey, value: float | None) -> str:
    """Write a difference with its sign; empty where there is none to tell."""
    if value is None:
        return ""
    shown = show_change(value, INDICATORS[key].format)
    return shown.replace(" pp", " 个百分点") if session.language() == "zh" else shown


def with_unit(key: IndicatorKey, value: float | None) -> str:
    """Write a figure with its unit."""
    shown = figure(key, value)
    item = INDICATORS[key]
    if shown == NO_FIGURE or item.format == "share":
        return shown
    return f"{shown} {item.unit(session.language())}"


def tone_of(key: IndicatorKey, change: float | None) -> Tone:
    """Tell whether a change is for the better or the worse, where the indicator has a good direction."""
    better = INDICATORS[key].better
    if better is None or not change:
        return ""
    return "better" if (change > 0) == (better == "high") else "worse"


def tone_of_flag(key: IndicatorKey, flag: str) -> Tone:
    """Tell how a figure stands outside what chance explains."""
    if not flag:
        return ""
    better = INDICATORS[key].better
    if better is None:
        return "other"
    return "better" if flag.endswith(better) else "worse"


def area_names(level: AreaLevel) -> dict[str, str]:
    """Return the names of the areas of one level, by code."""

    def read() -> dict[str, str]:
        table = session.store().residents(level)
        return names_of(session.store(), level, table["area_id"].tolist())

    return session.kept("area_names", level, read)


def finest_area(row: pd.Series | Mapping[str, Any]) -> tuple[AreaLevel, str] | None:
    """Return the finest area of the chain a case lies in, level and code."""
    for level in reversed(AREA_LEVELS[:5]):
        code = row.get(f"{level}_id")
        if isinstance(code, str) and code:
            return level, code
    return None
