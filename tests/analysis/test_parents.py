"""A child belongs to the parent that most of it lies in, whatever the order of rows."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from geo.analysis.parents import find_parents
from geo.errors import CrsError, DuplicateError

PARENTS = gpd.GeoDataFrame(
    {"area_id": ["B", "A", "C"]},
    geometry=[box(1, 0, 2, 1), box(0, 0, 1, 1), box(5, 0, 6, 1)],
    crs=4326,
)
CHILDREN = gpd.GeoDataFrame(
    {"area_id": ["inside", "mostly", "half", "outside", "partly", "touching"]},
    geometry=[
        box(0.1, 0.1, 0.2, 0.2),
        box(0.9, 0.1, 1.3, 0.2),
        box(0.9, 0.1, 1.1, 0.2),
        box(8, 8, 9, 9),
        box(5.9, 0.1, 6.9, 0.2),
        box(2, 0.1, 2.1, 0.2),
    ],
    index=[10, 20, 30, 40, 50, 60],
    crs=4326,
)


def test_the_parent_with_the_largest_share_wins_and_equal_shares_go_to_the_first_code():
    found = find_parents(CHILDREN, PARENTS)
    assert found.index.tolist() == [10, 20, 30, 40, 50, 60]
    assert found["parent_id"].fillna("-").tolist() == ["A", "B", "A", "-", "C", "-"]
    assert found["inside_share"].tolist() == pytest.approx([1, 0.75, 0.5, 0, 0.1, 0], abs=1e-5)
    assert found["n_parents"].tolist() == [1, 2, 2, 0, 1, 0]


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(6)), st.permutations(range(3)))
def test_order_does_not_matter(children, parents):
    plain = find_parents(CHILDREN, PARENTS)
    mixed = find_parents(CHILDREN.iloc[children], PARENTS.iloc[parents])
    pd.testing.assert_frame_equal(mixed.loc[plain.index], plain)


def test_no_children_and_no_parents_are_answered():
    assert find_parents(CHILDREN.iloc[:0], PARENTS).empty
    assert find_parents(CHILDREN, PARENTS.iloc[:0])["parent_id"].isna().all()


def test_tables_in_another_system_and_codes_that_stand_twice_are_refused():
    with pytest.raises(CrsError):
        find_parents(CHILDREN.to_crs(3857), PARENTS)
    with pytest.raises(CrsError):
        find_parents(CHILDREN, PARENTS.set_crs(None, allow_override=True))
    with pytest.raises(DuplicateError):
        find_parents(CHILDREN, pd.concat([PARENTS, PARENTS.iloc[:1]]))


def test_the_tables_are_not_changed():
    before = CHILDREN.copy(), PARENTS.copy()
    find_parents(CHILDREN, PARENTS)
    assert CHILDREN.equals(before[0]) and PARENTS.equals(before[1])
