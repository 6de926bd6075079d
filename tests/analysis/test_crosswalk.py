"""Rows of a crosswalk sum to one, totals stay what they were, means are averaged, and nothing gets lost."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.crosswalk import OUTSIDE, carry_means, carry_totals, cross_by_area, cross_by_points
from geo.errors import CrsError, DuplicateError, GeoError, MissingError

WEST, SOUTH, SIDE = 104.0, 30.6, 0.01
"""Cells of a row share latitudes, so that their surfaces are as their widths."""


def strip(start, end, row=0):
    return shapely.box(WEST + start * SIDE, SOUTH + row * SIDE, WEST + end * SIDE, SOUTH + (row + 1) * SIDE)


def layer(crs=4326, **shapes):
    return gpd.GeoDataFrame({"area_id": list(shapes)}, geometry=list(shapes.values()), crs=crs)


def points(*rows):
    table = pd.DataFrame(rows, columns=["x", "weight"], dtype=float)
    return pd.DataFrame({"lon": WEST + table["x"] * SIDE, "lat": SOUTH + SIDE / 2, "weight": table["weight"]})


def shares(crossed):
    return {(a, b): round(s, 9) for a, b, s in crossed.shares[["from_id", "to_id", "share"]].to_numpy()}


OLD = layer(A=strip(0, 2), B=strip(2, 4))
NEW = layer(X=strip(0, 1), Y=strip(1, 3), Z=strip(3, 3.5))


def test_by_area_as_worked_out_by_hand():
    crossed = cross_by_area(OLD, NEW)
    assert shares(crossed) == pytest.approx(
        {("A", "X"): 0.5, ("A", "Y"): 0.5, ("B", "Y"): 0.5, ("B", "Z"): 0.25, ("B", OUTSIDE): 0.25}, abs=1e-6
    )
    assert crossed.outside.to_dict() == pytest.approx({"B": 0.25}, abs=1e-6)
    assert set(crossed.shares["weighted_by"]) == {"area"}


def test_by_people_as_worked_out_by_hand():
    where = points((0.5, 10), (1.5, 30), (2.5, 5), (3.8, 15), (9, 99))
    crossed = cross_by_points(OLD, NEW, where)
    assert shares(crossed) == {
        ("A", "X"): 0.25, ("A", "Y"): 0.75, ("B", "Y"): 0.25, ("B", OUTSIDE): 0.75,
    }  # fmt: skip
    assert crossed.n_points_elsewhere == 1
    carried = carry_totals(crossed, pd.Series({"A": 40.0, "B": 20.0}))
    assert carried.to_dict() == {"X": 10.0, "Y": 35.0, "Z": 0.0, OUTSIDE: 15.0}


def test_means_are_averaged_by_their_own_denominators_and_never_added():
    crossed = cross_by_area(OLD, layer(Y=strip(1, 4)))
    means = carry_means(crossed, pd.Series({"A": 10.0, "B": 40.0}), pd.Series({"A": 200.0, "B": 100.0}))
    # half of A's 200 and all of B's 100: (100 * 10 + 100 * 40) / 200
    assert means["Y"] == pytest.approx(25.0, abs=1e-4)
    assert means[OUTSIDE] == pytest.approx(10.0)


def test_a_missing_mean_takes_its_weight_along_and_nothing_stays_missing():
    crossed = cross_by_area(OLD, layer(Y=strip(0, 4), Z=strip(8, 9)))
    means = carry_means(crossed, pd.Series({"A": np.nan, "B": 40.0}), pd.Series({"A": 200.0, "B": 1.0}))
    assert means["Y"] == pytest.approx(40.0)
    assert np.isnan(means["Z"])


def test_a_missing_total_makes_missing_what_it_has_a_share_in():
    carried = carry_totals(cross_by_area(OLD, NEW), pd.Series({"A": np.nan, "B": 8.0}))
    assert carried.isna().to_dict() == {"X": True, "Y": True, "Z": False, OUTSIDE: False}


def test_an_area_without_people_is_shared_by_surface_and_says_so():
    crossed = cross_by_points(OLD, NEW, points((0.5, 1)))
    by = dict(zip(crossed.shares["from_id"], crossed.shares["weighted_by"], strict=True))
    assert by == {"A": "points", "B": "area"}
    assert shares(crossed)["B", "Y"] == pytest.approx(0.5, abs=1e-6)


def test_a_place_that_two_targets_claim_is_given_once_to_the_code_that_sorts_first():
    crossed = cross_by_area(layer(A=strip(0, 2)), layer(Y=strip(0, 2), X=strip(0.5, 2)))
    assert shares(crossed) == pytest.approx({("A", "X"): 0.75, ("A", "Y"): 0.25}, abs=1e-6)


def test_a_set_across_itself_is_itself():
    crossed = cross_by_area(NEW, NEW)
    assert shares(crossed) == {(code, code): 1.0 for code in "XYZ"}


def test_no_target_leaves_everything_outside():
    crossed = cross_by_area(OLD, layer(A=strip(9, 10)).iloc[:0])
    assert shares(crossed) == {("A", OUTSIDE): 1.0, ("B", OUTSIDE): 1.0}


def test_an_area_without_a_surface_lies_where_its_point_lies():
    flat = shapely.Polygon([(WEST, SOUTH + 0.005), (WEST + SIDE, SOUTH + 0.005), (WEST, SOUTH + 0.005)])
    crossed = cross_by_area(layer(F=flat, A=strip(1, 2)), layer(X=strip(0, 1), Y=strip(1, 2)))
    assert shares(crossed) == {("A", "Y"): 1.0, ("F", "X"): 1.0}


def test_what_is_refused():
    with pytest.raises(CrsError):
        cross_by_area(OLD.to_crs(3857), NEW)
    with pytest.raises(DuplicateError, match="'A' stands twice"):
        cross_by_area(pd.concat([OLD, OLD]), NEW)
    with pytest.raises(GeoError, match="row 2"):
        cross_by_points(OLD, NEW, points((0.5, 1), (0.5, -1)))
    with pytest.raises(GeoError, match="negative"):
        carry_means(cross_by_area(OLD, NEW), pd.Series({"A": 1.0}), pd.Series({"A": -1.0}))
    with pytest.raises(MissingError, match="'Q'"):
        carry_totals(cross_by_area(OLD, NEW), pd.Series({"Q": 1.0}))


cuts = st.lists(st.floats(0.0, 8.0, allow_nan=False), min_size=1, max_size=6, unique=True)
people = st.lists(st.tuples(st.floats(0, 8), st.floats(0, 1e4)), max_size=30)


def tiles(edges, prefix, start, end):
    """Tile a strip by cuts, in two rows that are cut at different places."""
    shapes = {}
    for row, shift in ((0, 0.0), (1, 0.37)):
        inner = sorted({round(start + (edge + shift) % (end - start), 6) for edge in edges})
        walls = [start, *[edge for edge in inner if start < edge < end], end]
        pieces = (strip(a, b, row) for a, b in pairwise(walls))
        shapes |= {f"{prefix}{row}{n}": piece for n, piece in enumerate(pieces)}
    return layer(**shapes)


@given(cuts, cuts, people, st.data())
def test_identities_hold_for_any_two_tilings(old_cuts, new_cuts, folk, data):
    old, new = tiles(old_cuts, "o", 0, 8), tiles(new_cuts, "n", 1, 9)
    crossed = cross_by_area(old, new)
    if folk:
        where = pd.DataFrame(
            {
                "lon": [WEST + x * SIDE for x, _ in folk],
                "lat": SOUTH + SIDE / 2,
                "weight": [w for _, w in folk],
            }
        )
        crossed = data.draw(st.sampled_from([crossed, cross_by_points(old, new, where)]))
    table = crossed.shares
    assert np.abs(table.groupby("from_id")["share"].sum() - 1.0).max() < 1e-12
    assert set(table["from_id"]) == set(old["area_id"])
    assert (table["share"] > 0).all()
    values = data.draw(st.lists(st.floats(0, 1e6), min_size=len(old), max_size=len(old)))
    totals = pd.Series(values, index=old["area_id"])
    assert carry_totals(crossed, totals).sum() == pytest.approx(totals.sum(), rel=1e-9, abs=1e-9)
    means = carry_means(crossed, totals, pd.Series(1.0, index=totals.index)).dropna()
    assert means.between(totals.min() - 1e-6, totals.max() + 1e-6).all()
    level = carry_means(crossed, totals * 0 + 7.0, totals).dropna()
    assert np.abs(level - 7.0).max() < 1e-9 if len(level) else True


@given(cuts, cuts, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(old_cuts, new_cuts, random):
    old, new = tiles(old_cuts, "o", 0, 8), tiles(new_cuts, "n", 1, 9)
    mixed = [table.iloc[random.sample(range(len(table)), len(table))] for table in (old, new)]
    expected = cross_by_area(old, new).shares
    found = cross_by_area(*mixed).shares
    pd.testing.assert_frame_equal(found, expected, check_exact=False, rtol=1e-12)
