"""Inner loops run compiled, also where nothing can be kept on disk."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from geo.analysis import compiled as module
from geo.analysis.compiled import compiled, prefetch


def double(x: float) -> float:
    """Return twice x."""
    return 2.0 * x


def test_a_compiled_function_answers_as_the_plain_one_and_frees_the_interpreter():
    fast = compiled(double)
    assert fast(1.5) == 3.0
    assert fast.targetoptions["nogil"]


def test_where_nothing_can_be_kept_functions_are_compiled_all_the_same(monkeypatch):
    plain = numba.njit

    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function 'double': no locator available for file '…'")
        return plain(**options)

    monkeypatch.setattr(module.numba, "njit", njit)
    assert compiled(double)(1.5) == 3.0


@pytest.mark.parametrize("index", [0, 3, 10**9])
def test_fetching_ahead_changes_nothing_even_past_the_end(index):
    @numba.njit
    def fetch(values, at):
        prefetch(values, at)
        return values.sum()

    assert fetch(np.arange(4), index) == 6
