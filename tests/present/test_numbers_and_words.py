"""Numbers are written one way; keys have words in both languages; unknown keys stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from geo.present.numbers import show_change, show_value
from geo.present.words import (
    COUNTED,
    FACILITY_STATUS,
    KINDS,
    LEVELS,
    POSITION_SOURCES,
    SATISFACTION,
    STATES,
    capital,
    count_of,
    unit_of,
    word,
)
from geo.schema import AREA_LEVELS, CASE_KINDS, CASE_STATES
from geo.schema import FACILITY_STATUS as STATUSES
from geo.schema import POSITION_SOURCES as SOURCES
from geo.schema import SATISFACTION as VERDICTS


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (1234567, "count", "1,234,567"),
        (0.93149, "share", "93.1%"),
        (1.0, "share", "100.0%"),
        (3.14159, "rate", "3.14"),
        (31.4159, "rate", "31.4"),
        (26.04, "hours", "26.0"),
        (77.25, "score", "77.2"),
        (None, "share", "–"),
        (np.nan, "count", "–"),
    ],
)
def test_values(value, style, text):
    assert show_value(value, style) == text


@pytest.mark.parametrize(
    ("change", "style", "text"),
    [
        (-0.021, "share", "−2.1 pp"),
        (12, "count", "+12"),
        (0.0, "count", "±0"),
        (0.0001, "share", "±0.0 pp"),
        (None, "rate", "–"),
    ],
)
def test_changes(change, style, text):
    assert show_change(change, style) == text


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (LEVELS, AREA_LEVELS),
        (STATES, CASE_STATES),
        (KINDS, CASE_KINDS),
        (POSITION_SOURCES, SOURCES),
        (SATISFACTION, VERDICTS),
        (FACILITY_STATUS, STATUSES),
    ],
)
def test_every_key_of_the_schema_has_two_words(words, keys):
    assert set(words) == set(keys)
    assert all(zh and en for zh, en in words.values())


def test_unknown_and_missing_keys():
    assert word(STATES, "other", "zh") == "other"
    assert word(STATES, None, "zh") == "（未填）"
    assert word(STATES, np.nan, "en") == "(not given)"


@pytest.mark.parametrize("what", sorted(COUNTED))
def test_one_is_not_many_in_english(what):
    _, one, many = COUNTED[what]
    assert count_of(1, what, "en") == f"1 {one}"
    assert [count_of(n, what, "en") for n in (0, 2, 1001)] == [f"{n} {many}" for n in ("0", "2", "1,001")]
    assert (unit_of(1, what, "en"), unit_of(2, what, "en")) == (one, many)
    assert one != many


def test_chinese_counts_carry_their_measure_word():
    assert count_of(1, "microgrid", "zh") == "1 个微网格"
    assert count_of(2000, "case", "zh") == "2,000 件"


def test_every_level_can_be_counted():
    assert set(LEVELS) <= set(COUNTED)


def test_a_label_begins_with_a_capital_and_keeps_the_rest():
    assert [capital(text) for text in ("e-bike parking", "Wi-Fi", "社区", "")] == [
        "E-bike parking", "Wi-Fi", "社区", "",
    ]  # fmt: skip
