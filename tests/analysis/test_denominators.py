"""Residents come from the points where they cover 95 %, else from the area, else from its children."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.analysis.denominators import choose_residents, fill_from_children, total_residents


@pytest.mark.parametrize(
    ("own", "points", "residents", "basis"),
    [
        (1000, 950, 950, "points"),
        (1000, 949.9, 1000, "own"),
        (1000, 1200, 1200, "points"),
        (1000, 0, 1000, "own"),
        (None, 12, 12, "points"),
        (None, 0, None, "none"),
        (0, 0, 0, "own"),
        (0, 3, 3, "points"),
    ],
)
def test_the_95_percent_rule(own, points, residents, basis):
    chosen = choose_residents(pd.Series({"a": own}, dtype=float), pd.Series({"a": points})).loc["a"]
    assert chosen["basis"] == basis
    assert chosen["residents"] == residents or (residents is None and np.isnan(chosen["residents"]))


def test_without_points_the_area_speaks_for_itself():
    chosen = choose_residents(pd.Series({"a": 5, "b": None}, dtype=float))
    assert chosen["basis"].tolist() == ["own", "none"]
    assert chosen["points"].isna().all()


def test_an_area_that_no_point_falls_in_holds_none():
    chosen = choose_residents(pd.Series({"a": 100.0, "b": 100.0}), pd.Series({"b": 100.0}))
    assert chosen["basis"].tolist() == ["own", "points"]
    assert chosen["covered_share"].tolist() == [0.0, 1.0]


def test_children_are_summed_only_where_every_one_is_known():
    chosen = choose_residents(pd.Series({"p": None, "q": None, "r": 7}, dtype=float))
    children = choose_residents(pd.Series({"p1": 3, "p2": 4, "q1": 5, "q2": None, "r1": 9}, dtype=float))
    parents = pd.Series({"p1": "p", "p2": "p", "q1": "q", "q2": "q", "r1": "r"})
    filled = fill_from_children(chosen, children, parents)
    assert filled["basis"].tolist() == ["children", "none", "own"]
    assert filled.loc["p", "residents"] == 7
    assert np.isnan(filled.loc["q", "residents"])
    assert filled.loc["r", "residents"] == 7


def test_a_total_with_an_unknown_part_is_unknown():
    known = choose_residents(pd.Series({"a": 5.0, "b": 6.0}))
    partly = choose_residents(pd.Series({"a": 5.0, "b": np.nan}))
    assert total_residents(known) == 11
    assert np.isnan(total_residents(partly))
    assert np.isnan(total_residents(known.iloc[:0]))
