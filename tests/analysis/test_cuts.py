"""A courtyard or building lies in one area; a place in none is told with its people."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.analysis.assign import build_index
from geo.analysis.cuts import find_cut, find_left_out
from tests.analysis.test_tiling import areas, box


def two_areas():
    return areas(a=box(0, 0, 100, 100), b=box(100, 0, 200, 100))


def cut(**places):
    return find_cut(areas(**places), two_areas(), rule="courtyard_cut", tolerance_m=0.5)


def test_a_courtyard_that_a_border_cuts_is_told_with_who_holds_it_and_its_smaller_part():
    found = cut(inside=box(10, 10, 40, 40), across=box(70, 0, 110, 50))
    assert found["area_id"].tolist() == ["across"]
    assert found["value"].tolist() == ["a; b"]
    assert found["size"].tolist() == pytest.approx([10 * 50], rel=0.01)


def test_what_only_touches_the_border_or_reaches_over_by_less_than_the_tolerance_is_not_cut():
    assert cut(touches=box(50, 0, 100, 50), hair=box(50, 0, 100.3, 50)).empty
    assert cut(wider=box(50, 0, 100.8, 50))["area_id"].tolist() == ["wider"]


def test_a_courtyard_partly_in_no_area_is_not_cut_by_a_border():
    assert cut(out=box(-30, 10, 20, 40)).empty


def test_places_in_no_area_are_told_with_their_residents():
    layer = two_areas()
    index = build_index(layer.geometry.to_numpy(dtype=object), ids=layer["area_id"].tolist())
    centres = [box(x, 40, x + 2, 42).centroid for x in (50, 150, 250)]
    points = pd.DataFrame(
        {"lon": [p.x for p in centres], "lat": [p.y for p in centres], "residents": [7.0, 8.0, 9.0]}
    )
    found = find_left_out(points, index)
    assert found["rule"].tolist() == ["place_in_no_area"]
    assert found["size"].tolist() == [9.0]
    assert find_left_out(points.head(2), index).empty
