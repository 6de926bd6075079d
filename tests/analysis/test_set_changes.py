"""What became of each area is told by where it lies; names and codes are told beside."""

from itertools import pairwise

import geopandas as gpd
import pandas as pd
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.set_changes import CHANGES, compare_sets

WEST, SOUTH, SIDE = 104.0, 30.6, 0.01


def box(west, east, south=0, north=1):
    return shapely.box(WEST + west * SIDE, SOUTH + south * SIDE, WEST + east * SIDE, SOUTH + north * SIDE)


def areas(**shapes):
    names = {code: shape[1] if isinstance(shape, tuple) else f"{code}号" for code, shape in shapes.items()}
    geometry = [shape[0] if isinstance(shape, tuple) else shape for shape in shapes.values()]
    return gpd.GeoDataFrame(
        {"area_id": list(shapes), "name": list(names.values())},
        geometry=gpd.GeoSeries(geometry, crs=4326),
    )


def changes(old, new):
    table = compare_sets(old, new).table
    return [
        (change, None if pd.isna(a) else a, None if pd.isna(b) else b)
        for change, a, b in table[["change", "from_id", "to_id"]].to_numpy()
    ]


def test_every_kind_of_change_in_one_district():
    old = areas(
        A=box(0, 1), B=box(1, 2), C=box(2, 3), D=box(3, 4), E=box(4, 5), F=box(5, 6), G=box(6, 7), H=box(7, 8)
    )
    new = areas(
        A=box(0, 1),  # as it was
        B=(box(1, 2), "新名"),  # another name
        K=(box(2, 3), "C号"),  # another code
        D1=box(3, 3.5),
        D2=box(3.5, 4),  # split
        E=box(4, 6),  # E and F merged
        G=box(6, 6.8),  # drawn anew
        N=box(8, 9),  # where nothing was
    )
    assert changes(old, new) == [
        ("added", None, "N"),
        ("removed", "H", None),
        ("split", "D", "D1"),
        ("split", "D", "D2"),
        ("merged", "E", "E"),
        ("merged", "F", "E"),
        ("reshaped", "G", "G"),
        ("recoded", "C", "K"),
        ("renamed", "B", "B"),
        ("unchanged", "A", "A"),
    ]
    found = compare_sets(old, new)
    assert found.counts == dict.fromkeys(CHANGES, 1)
    assert found.same == {("A", "A"), ("B", "B"), ("C", "K"), ("G", "G"), ("E", "E")}


def test_shares_are_those_of_either_side():
    row = compare_sets(areas(A=box(0, 2)), areas(A=box(1, 2))).table.iloc[0]
    assert (row["change"], round(row["from_share"], 5), round(row["to_share"], 5)) == ("reshaped", 0.5, 1.0)


def test_a_border_five_centimetres_beside_itself_is_the_same_outline_and_a_metre_is_not():
    cell = 0.002  # some 200 m
    old = areas(A=shapely.box(104, 30.6, 104 + cell, 30.6 + cell))
    near, far = (areas(A=shapely.box(104, 30.6, 104 + cell + d, 30.6 + cell)) for d in (5e-7, 1e-5))
    assert changes(old, near) == [("unchanged", "A", "A")]
    assert changes(old, far) == [("reshaped", "A", "A")]


def test_two_neighbours_that_exchange_ground_are_both_reshaped():
    old, new = areas(A=box(0, 2), B=box(2, 4)), areas(A=box(0, 1.2), B=box(1.2, 4))
    assert changes(old, new) == [("reshaped", "A", "A"), ("reshaped", "B", "B")]


def test_a_strip_given_to_a_neighbour_makes_no_split():
    old, new = areas(A=box(0, 2), B=box(2, 4)), areas(A=box(0, 1.7), B=box(1.7, 4))
    assert changes(old, new) == [("reshaped", "A", "A"), ("reshaped", "B", "B")]


def test_two_that_exchange_most_of_their_ground_are_told_apart_by_place_not_by_code():
    old, new = areas(A=box(0, 2), B=box(2, 4)), areas(B=box(0, 2), A=box(2, 4))
    assert changes(old, new) == [("recoded", "A", "B"), ("recoded", "B", "A")]
    assert compare_sets(old, new).table["is_code_reused"].all()


def test_a_code_given_to_another_place_is_said():
    found = compare_sets(areas(A=box(0, 1)), areas(A=box(5, 6))).table
    assert list(found["change"]) == ["added", "removed"]
    assert list(found["is_code_reused"]) == [True, False]


def test_an_area_shared_out_among_others_is_removed():
    old = areas(A=box(0, 2), M=box(2, 3), B=box(3, 5))
    new = areas(A=box(0, 2.5), B=box(2.5, 5))
    assert ("removed", "M", None) in changes(old, new)


def test_nothing_before_and_nothing_after():
    some, none = areas(A=box(0, 1)), areas(A=box(0, 1)).iloc[:0]
    assert changes(none, some) == [("added", None, "A")]
    assert changes(some, none) == [("removed", "A", None)]
    assert changes(none, none) == []


walls = st.lists(st.integers(1, 39), max_size=8, unique=True).map(lambda cuts: [0, *sorted(cuts), 40])


@given(walls, walls, st.randoms(use_true_random=False))
def test_every_area_is_in_a_row_and_row_order_does_not_matter(old_walls, new_walls, random):
    old, new = (
        areas(**{f"{prefix}{n}": box(a / 10, b / 10) for n, (a, b) in enumerate(pairwise(w))})
        for prefix, w in (("o", old_walls), ("n", new_walls))
    )
    found = compare_sets(old, new)
    assert set(found.table["from_id"].dropna()) == set(old["area_id"])
    assert set(found.table["to_id"].dropna()) == set(new["area_id"])
    shuffled = compare_sets(
        old.iloc[random.sample(range(len(old)), len(old))], new.iloc[random.sample(range(len(new)), len(new))]
    )
    pd.testing.assert_frame_equal(shuffled.table, found.table)
    same = compare_sets(old, old)
    assert set(same.table["change"]) == {"unchanged"}
