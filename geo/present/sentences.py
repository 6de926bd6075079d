"""One sentence that says what a dashboard shows, and nothing its numbers do not support (一句话).

Rules of what may be said:

- a percentage of change only where both counts reach `LEAST_DENOMINATOR`, and "more" or "fewer" as a
  finding only where chance does not explain it; otherwise "about as many";
- a share only with its denominator in reach; below `LEAST_DENOMINATOR` the two counts stand instead;
- a rank with the ranks chance allows, and none where that is every rank;
- "grew most" only for a category that grew by more than chance; otherwise the largest is named;
- what could not be placed is said when it is more than one in twenty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from geo.analysis.indicators import LEAST_DENOMINATOR
from geo.analysis.periods import Period
from geo.present.numbers import show_value
from geo.present.period_words import say_day, say_period
from geo.present.words import COUNTED, LEVELS, Language, word

UNLOCATED_WORTH_SAYING = 0.05

_PERIOD_ZH: Mapping[str, str] = {
    "month": "本月", "last30": "近 30 天", "quarter": "本季度", "year": "本年", "own": "所选时段",
}  # fmt: skip
_PERIOD_EN: Mapping[str, str] = {
    "month": "this month", "last30": "in the last 30 days", "quarter": "this quarter", "year": "this year",
    "own": "in the period chosen",
}  # fmt: skip
_BEFORE_ZH: Mapping[str, str] = {
    "month": "上月", "last30": "前 30 天", "quarter": "上季度", "year": "上年", "own": "前一等长时段",
}  # fmt: skip
_NAMED = ("month", "quarter", "year")
"""Periods that have a name of their own."""

_BEFORE_NAMED_ZH: Mapping[str, str] = {"month": "上一月", "quarter": "上一季度", "year": "上一年"}
_BEFORE_EN: Mapping[str, str] = {
    "month": "the month before", "last30": "the 30 days before", "quarter": "the quarter before",
    "year": "the year before", "own": "as many days before",
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """A rank among siblings."""

    rank: int
    low: int
    """Best rank chance allows."""
    high: int
    """Worst rank chance allows."""
    n: int
    level: str
    """Level of the siblings."""


@dataclass(frozen=True)
class TopCategory:
    """The category worth naming."""

    name: str
    n: int
    n_before: int
    has_grown: bool
    """It grew by more than chance; otherwise it is the largest."""


@dataclass(frozen=True)
class Facts:
    """What a sentence may be made of."""

    period: Period
    before: Period
    n_new: int
    n_before: int | None
    """None where the data do not reach back over the period before."""
    differs: bool
    """The two counts differ by more than chance."""
    n_due: int
    n_on_time: int
    on_time: Standing | None
    n_overdue: int
    top: TopCategory | None
    n_unlocated: int
    is_latest: bool = True
    """The data end in the period, so that it is this month; one before it goes by its name."""


def write_sentence(facts: Facts, language: Language) -> str:
    """Write the sentence of a dashboard.

    Names come from files and are plain text: whoever shows the sentence escapes it.
    """
    if language == "zh":
        parts = [_new_zh(facts), _on_time(facts, "zh"), _overdue(facts, "zh"), _top(facts, "zh")]
        return "；".join(part for part in parts if part) + "。" + _unlocated(facts, "zh")
    parts = [_new_en(facts), _on_time(facts, "en"), _overdue(facts, "en"), _top(facts, "en")]
    text = "; ".join(part for part in parts if part)
    return text[:1].upper() + text[1:] + "." + _unlocated(facts, "en")


def _new_zh(facts: Facts) -> str:
    named = facts.period.name in _NAMED and not facts.is_latest
    when = f"{say_period(facts.period, 'zh')} " if named else _PERIOD_ZH[facts.period.name]
    if facts.period.is_clipped:
        when += f"（截至 {say_day(facts.period.last_on, 'zh')}）"
    if not facts.n_new:
        return f"{when.strip()}没有新增案件"
    head = f"{when}{'' if named or facts.period.is_clipped else ' '}{facts.n_new:,} 件"
    change, share = _change(facts)
    if change == "unknown":
        return head
    before = (_BEFORE_NAMED_ZH if named else _BEFORE_ZH)[facts.period.name]
    before += "同期" if facts.before.is_clipped else ""
    if change == "same":
        return f"{head}，与{before}（{facts.n_before:,} 件）相当"
    much = share or f"{abs(facts.n_new - (facts.n_before or 0)):,} 件"
    return f"{head}，比{before}{'多' if change == 'more' else '少'} {much}"


def _new_en(facts: Facts) -> str:
    is_named = facts.period.name in _NAMED and not facts.is_latest
    when = f"in {say_period(facts.period, 'en')}" if is_named else _PERIOD_EN[facts.period.name]
    if facts.period.is_clipped:
        when += f" (to {say_day(facts.period.last_on, 'en')})"
    if not facts.n_new:
        return f"no new cases {when}"
    head = f"{facts.n_new:,} new {'case' if facts.n_new == 1 else 'cases'} {when}"
    change, share = _change(facts)
    if change == "unknown":
        return head
    before = _BEFORE_EN[facts.period.name]
    if facts.before.is_clipped:
        before = f"the same days of {before}"
    if change == "same":
        return f"{head}, about as many as {before} ({facts.n_before:,})"
    much = share or f"{abs(facts.n_new - (facts.n_before or 0)):,}"
    return f"{head}, {much} {'more' if change == 'more' else 'fewer'} than {before}"


def _change(facts: Facts) -> tuple[Literal["unknown", "same", "more", "less"], str]:
    if facts.n_before is None:
        return "unknown", ""
    if not facts.differs:
        return "same", ""
    direction: Literal["more", "less"] = "more" if facts.n_new > facts.n_before else "less"
    if min(facts.n_new, facts.n_before) < LEAST_DENOMINATOR:
        return direction, ""
    return direction, f"{abs(facts.n_new / facts.n_before - 1):.0%}"


def _on_time(facts: Facts, language: Language) -> str:
    if not facts.n_due:
        return ""
    if facts.n_due < LEAST_DENOMINATOR:
        if language == "zh":
            return f"应结案 {facts.n_due} 件中按期 {facts.n_on_time} 件（数量小，不评比）"
        return f"{facts.n_on_time} of {facts.n_due} due closed on time (too few to compare)"
    share = show_value(facts.n_on_time / facts.n_due, "share")
    text = f"按期办结 {share}" if language == "zh" else f"{share} closed on time"
    return text + _standing(facts.on_time, language)


def _standing(standing: Standing | None, language: Language) -> str:
    if standing is None or standing.n < 2:
        return ""
    level = word(LEVELS, standing.level, language)
    if (standing.low, standing.high) == (1, standing.n):
        return (
            f"（与同级{level}无显著差别）"
            if language == "zh"
            else f" (no different from the other {COUNTED[standing.level][2]} here)"
        )
    reach = "" if standing.low == standing.high else f"{standing.low}–{standing.high}"
    if language == "zh":
        return (
            f"（同级{level}第 {standing.rank}/{standing.n}" + (f"，可能在第 {reach}" if reach else "") + "）"
        )
    return f" (rank {standing.rank} of {standing.n}" + (f", possibly {reach}" if reach else "") + ")"


def _overdue(facts: Facts, language: Language) -> str:
    if not facts.n_overdue:
        return ""
    return (
        f"超期未结 {facts.n_overdue:,} 件"
        if language == "zh"
        else f"{facts.n_overdue:,} open past their deadline"
    )


def _top(facts: Facts, language: Language) -> str:
    top = facts.top
    if top is None or not top.n:
        return ""
    if top.has_grown:
        if language == "zh":
            return f"“{top.name}”增加最多（{top.n_before:,} → {top.n:,} 件）"
        return f'"{top.name}" grew most ({top.n_before:,} to {top.n:,})'
    return (
        f"“{top.name}”最多（{top.n:,} 件）"
        if language == "zh"
        else f'"{top.name}" is the largest category ({top.n:,})'
    )


def _unlocated(facts: Facts, language: Language) -> str:
    if not facts.n_new or facts.n_unlocated / facts.n_new <= UNLOCATED_WORTH_SAYING:
        return ""
    share = show_value(facts.n_unlocated / facts.n_new, "share")
    if language == "zh":
        return f"其中 {facts.n_unlocated:,} 件（{share}）没有位置。"
    have = "has" if facts.n_unlocated == 1 else "have"
    return f" {facts.n_unlocated:,} of the new cases ({share}) {have} no location."
