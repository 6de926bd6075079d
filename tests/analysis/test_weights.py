"""Neighbours are those the rule names, islands are named, and row order decides nothing."""

from __future__ import annotations

import geopandas as gpd
import libpysal
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from geo.analysis.weights import (
    align_values,
    contiguity_weights,
    distance_weights,
    hexagon_weights,
    keep_areas,
    make_weights,
    minutes_weights,
    nearest_weights,
    style_weights,
)
from geo.errors import ChoiceError, CrsError, DuplicateError, GeoError, MissingError
from tests.analysis.samples import sample_path

UTM = 32648


def table(geometries, ids=None, crs=UTM):
    ids = ids or [f"{row:04d}" for row in range(len(geometries))]
    return gpd.GeoDataFrame({"area_id": ids}, geometry=list(geometries), crs=crs)


def points(*xy, ids=None):
    return table([shapely.Point(500_000 + x, 3_400_000 + y) for x, y in xy], ids)


def squares(n):
    """n × n squares of 100 m."""
    x, y = np.meshgrid(np.arange(n) * 100.0 + 500_000, np.arange(n) * 100.0 + 3_400_000)
    return table(shapely.box(x.ravel(), y.ravel(), x.ravel() + 100, y.ravel() + 100))


def pairs(weights):
    coo = weights.links.tocoo()
    return {(weights.index[a], weights.index[b]) for a, b in zip(coo.row, coo.col, strict=True)}


def test_on_a_board_the_queen_sees_eight_and_the_rook_four():
    queen, rook = contiguity_weights(squares(3)), contiguity_weights(squares(3), rule="rook")
    assert queen.n_neighbours.tolist() == [3, 5, 3, 5, 8, 5, 3, 5, 3]
    assert rook.n_neighbours.tolist() == [2, 3, 2, 3, 4, 3, 2, 3, 2]
    assert (queen.rule, rook.rule) == ("queen", "rook")


def test_a_border_without_common_corners_is_a_border():
    whole = shapely.box(0, 0, 2, 2)
    halves = [shapely.box(2, 0.5, 3, 1.5), shapely.box(2, 1.5, 3, 5)]
    assert contiguity_weights(table([whole, *halves]), rule="rook").n_neighbours.tolist() == [2, 2, 2]


def test_overlapping_areas_are_neighbours_by_either_rule():
    crossing = [shapely.box(0, 1, 3, 2), shapely.box(1, 0, 2, 3)]
    for rule in ("queen", "rook"):
        assert contiguity_weights(table(crossing), rule=rule).n_neighbours.tolist() == [1, 1]


def test_fault_I02_islands_are_named_whatever_the_rule():
    places = points((0, 0), (50, 0), (5000, 0), ids=["b", "c", "a"])
    assert distance_weights(places, within_m=100).islands == ("a",)
    areas = table([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(9, 9, 10, 10), None])
    found = contiguity_weights(areas)
    assert found.islands == ("0002", "0003")
    assert found.matrix.shape == (4, 4)
    assert not style_weights(found, style="row").matrix[[2]].nnz


@pytest.mark.parametrize("folder", ["stl", "sids2", "columbus", "virginia", "10740"])
@pytest.mark.parametrize(("rule", "peer"), [("queen", "Queen"), ("rook", "Rook")])
def test_borders_are_those_libpysal_finds(folder, rule, peer):
    name = "stl_hom.shp" if folder == "stl" else f"{folder}.shp"
    areas = pyogrio.read_dataframe(sample_path(folder, name))[["geometry"]]
    areas = areas.assign(area_id=[f"{row:05d}" for row in range(len(areas))])
    theirs = getattr(libpysal.weights, peer).from_dataframe(areas, use_index=False, silence_warnings=True)
    ours = contiguity_weights(areas, rule=rule)
    assert (abs(ours.links - sparse.csr_array(theirs.sparse)) > 0).nnz == 0
    assert len(ours.islands) == len(theirs.islands)


def test_the_nearest_are_counted_and_ties_go_to_the_ids_that_sort_first():
    cross = points((0, 0), (100, 0), (-100, 0), (0, 100), (0, -100), ids=["m", "d", "b", "c", "a"])
    found = nearest_weights(cross, k=2)
    assert {b for a, b in pairs(found) if a == "m"} == {"a", "b"}
    assert found.rule == "2 nearest"


def test_many_places_at_one_point_are_told_apart_by_id():
    same = points(*[(0, 0)] * 40, ids=[f"{n:02d}" for n in range(40)][::-1])
    found = nearest_weights(same, k=3)
    assert {b for a, b in pairs(found) if a == "39"} == {"00", "01", "02"}
    assert {b for a, b in pairs(found) if a == "01"} == {"00", "02", "03"}


def test_with_too_few_others_all_of_them_are_the_nearest():
    assert nearest_weights(points((0, 0), (1, 0), (3, 0)), k=8).n_neighbours.tolist() == [2, 2, 2]
    assert nearest_weights(points((0, 0)), k=8).islands == ("0000",)


@pytest.mark.parametrize("k", [0, -1, 1.5])
def test_a_number_of_neighbours_that_is_none_is_refused(k):
    with pytest.raises(ChoiceError, match="no number of neighbours"):
        nearest_weights(points((0, 0)), k=k)


@pytest.mark.parametrize("within_m", [0, -1, np.nan, np.inf])
def test_a_distance_that_is_none_is_refused(within_m):
    with pytest.raises(ChoiceError, match="no length"):
        distance_weights(points((0, 0)), within_m=within_m)


def test_a_distance_is_in_metres_whatever_the_crs():
    places = points((0, 0), (499.5, 0), (1001, 0))
    for crs in (UTM, 4326, 3857):
        found = distance_weights(places.to_crs(crs), within_m=500)
        assert found.n_neighbours.tolist() == [1, 1, 0]


def test_without_a_crs_no_distance_is_measured():
    with pytest.raises(CrsError):
        distance_weights(points((0, 0)).set_crs(None, allow_override=True), within_m=5)


def test_minutes_link_one_way_where_only_one_way_was_reached():
    walks = pd.DataFrame(
        {"area_id": ["a", "b", "a", "c"], "to_area_id": ["b", "a", "c", "a"], "minutes": [5, 6, 16, np.nan]}
    )
    found = minutes_weights(["c", "b", "a"], walks, limit_min=15)
    assert pairs(found) == {("a", "b"), ("b", "a")}
    assert found.islands == ("c",)
    assert pairs(minutes_weights(["c", "b", "a"], walks, limit_min=5)) == {("a", "b")}
    with pytest.raises(MissingError, match="first c"):
        minutes_weights(["a", "b"], walks, limit_min=15)


def test_hexagons_that_touch_are_six():
    import h3

    disk = h3.grid_disk("8940e3ce89bffff", 2)
    found = hexagon_weights(disk)
    near = {b for a, b in pairs(found) if a == "8940e3ce89bffff"}
    assert near == set(h3.grid_ring("8940e3ce89bffff", 1))
    assert sorted(set(found.n_neighbours.tolist())) == [3, 4, 6]


def test_a_row_sums_to_one_and_an_area_counts_as_much_as_its_nearest():
    chain = make_weights(["a", "b", "c"], np.array([[0, 2, 0], [2, 0, 1], [0, 0, 0]]), rule="x")
    row = style_weights(chain, style="row", with_self=True).matrix.toarray()
    assert row.tolist() == [[0.5, 0.5, 0.0], [0.4, 0.4, 0.2], [0.0, 0.0, 1.0]]
    assert chain.islands == ("c",)


def test_leaving_an_area_out_shares_its_weight_among_the_others():
    board = style_weights(contiguity_weights(squares(2)), style="row")
    left = keep_areas(board, [True, True, True, False])
    assert left.matrix.toarray().tolist() == [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]


def test_values_meet_the_weights_by_id_and_missing_ones_stay_out():
    weights = make_weights(["a", "b", "c"], np.ones((3, 3)), rule="x")
    aligned = align_values(pd.Series([3.0, np.nan, 1.0], index=["c", "b", "a"]), weights)
    assert aligned.numbers.tolist() == [1.0, 3.0]
    assert aligned.row.tolist() == [1, -1, 0]
    assert list(aligned.weights.index) == ["a", "c"]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (pd.Series([1.0, 2.0], index=["a", "a"]), DuplicateError),
        (pd.Series([1.0], index=["z"]), MissingError),
        (pd.Series([np.inf], index=["a"]), GeoError),
    ],
)
def test_values_that_would_give_a_wrong_number_are_refused(values, error):
    with pytest.raises(error):
        align_values(values, make_weights(["a", "b"], np.ones((2, 2)), rule="x"))


@pytest.mark.parametrize(
    ("ids", "links", "error"),
    [
        (["a", "a"], np.eye(2), DuplicateError),
        (["a", None], np.eye(2), MissingError),
        (["a", "b"], np.eye(3), GeoError),
        (["a", "b"], np.array([[0, -1], [1, 0]]), GeoError),
        (["a", "b"], np.array([[0, np.nan], [1, 0]]), GeoError),
    ],
)
def test_weights_that_would_give_a_wrong_number_are_refused(ids, links, error):
    with pytest.raises(error):
        make_weights(ids, links, rule="x")


def test_areas_without_ids_are_refused():
    with pytest.raises(MissingError):
        contiguity_weights(squares(2).drop(columns="area_id"))


@settings(max_examples=40, deadline=None)
@given(
    xy=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=40),
    k=st.integers(1, 9),
    seed=st.integers(0, 9),
)
def test_row_order_does_not_matter_and_the_nearest_are_the_nearest(xy, k, seed):
    places = points(*xy)
    shuffled = places.sample(frac=1, random_state=seed)
    found, again = nearest_weights(places, k=k), nearest_weights(shuffled, k=k)
    assert pairs(found) == pairs(again) and list(found.index) == list(again.index)
    plain = np.array(xy, dtype=float)
    for row, own in enumerate(plain):
        squared = ((plain - own) ** 2).sum(axis=1)
        squared[row] = -1
        expected = np.lexsort((np.arange(len(xy)), squared))[1 : k + 1]
        assert {f"{n:04d}" for n in expected} == {b for a, b in pairs(found) if a == f"{row:04d}"}
