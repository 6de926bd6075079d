"""Charts count in whole numbers, and say nothing that the data do not."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.present.charts import draw_bars, draw_months, whole_ticks


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (9, [0, 5, 10]),
        (250, [0, 100, 200, 300]),
        (3200, [0, 1000, 2000, 3000, 4000]),
    ],
)
def test_ticks_worked_out_by_hand(most, ticks):
    assert whole_ticks(most) == ticks


@given(st.integers(0, 10**9))
def test_ticks_are_few_whole_even_and_reach_the_highest(most):
    ticks = whole_ticks(most)
    assert all(isinstance(tick, int) for tick in ticks)
    assert 2 <= len(ticks) <= 5
    assert len({b - a for a, b in itertools.pairwise(ticks)}) == 1
    assert ticks[-1] >= most
    assert ticks[-2] < max(most, 1)


def test_the_axis_of_months_shows_whole_numbers_only():
    drawn = draw_months(["2026-09", "2026-10"], [3, 5], [None, 2], labels=("new", "before"))
    shown = re.findall(r'text-anchor="end">([^<]+)<', drawn)
    assert shown == ["0", "2", "4", "6"]


def test_no_bars_where_there_is_no_row():
    assert draw_bars([]) == ""
