"""A repair does what its remedy said, to the square metre, and leaves shared edges shared."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.remedies import offer_remedies
from geo.analysis.repair import repair_areas
from geo.analysis.tiling import check_tiling
from geo.demo import make_district
from geo.measure import area_m2
from tests.analysis.planted import plant
from tests.analysis.test_tiling import areas, box, lattice


def offers(layer, rule=None, **check):
    found = check_tiling(layer, **check)
    chosen = found if rule is None else found[found["rule"].str.startswith(rule)]
    return {(r.kind, r.area_id): r for r in offer_remedies(chosen, layer)}


def gapped() -> gpd.GeoDataFrame:
    """Return nine cells, the middle one 20 m short in the east."""
    cells = lattice(3)
    x0, y0, x1, y1 = cells["g11"].bounds
    cells["g11"] = shapely.box(x0, y0, x0 + (x1 - x0) * 0.8, y1)
    return areas(**cells)


def overlapping() -> gpd.GeoDataFrame:
    return areas(a=box(0, 0, 110, 100), b=box(90, 0, 200, 100))


def test_a_gap_goes_to_the_longest_edge_the_smallest_or_a_named_area():
    layer = gapped()
    remedies = offers(layer, "gap")
    assert {code for kind, code in remedies if kind == "to_area"} == {"g10", "g11", "g12", "g21"}
    assert ("longest_edge", "g11") in remedies  # of two equal ones, the code that sorts first
    assert ("smallest", "g11") in remedies
    remedy = remedies["to_area", "g12"]
    assert remedy.changes_m2 == pytest.approx({"g12": 20 * 100}, rel=0.01)
    mended = repair_areas(layer, [remedy], consents={remedy.finding})
    assert mended.changes.loc["g12", "change_m2"] == pytest.approx(remedy.changes_m2["g12"], rel=1e-5)
    assert check_tiling(mended.areas).empty
    assert shapely.coverage_is_valid(mended.areas.geometry.to_numpy())


def test_a_change_above_the_ceiling_needs_consent_and_the_layer_given_is_not_changed():
    layer = gapped()
    before = layer.geometry.to_wkb().tolist()
    remedy = offers(layer, "gap")["longest_edge", "g11"]
    held = repair_areas(layer, [remedy])
    assert (held.applied, held.refused) == ((), (remedy,))
    assert held.areas.geometry.to_wkb().tolist() != [] and held.changes.empty
    assert repair_areas(layer, [remedy], ceiling_share=0.3).applied == (remedy,)
    assert layer.geometry.to_wkb().tolist() == before


def test_small_changes_of_one_area_add_up_to_the_ceiling():
    # Two gaps of 0.6 % of the middle each: the first is within 1 %, both together are not.
    layer = areas(w=box(-100, 0, -0.6, 100), m=box(0, 0, 100, 100), e=box(100.6, 0, 200, 100))
    found = check_tiling(layer, parents=areas(p=box(-100, 0, 200, 100)))
    first, second = (r for r in offer_remedies(found, layer) if (r.kind, r.area_id) == ("to_area", "m"))
    assert max(first.largest_share, second.largest_share) < 0.01
    held = repair_areas(layer, [first, second])
    assert (held.applied, held.refused) == ((first,), (second,))
    assert repair_areas(layer, [first, second], consents={second.finding}).refused == ()
    assert repair_areas(layer, [first, second], ceiling_share=0.02).refused == ()


@pytest.mark.parametrize(("winner", "loser"), [("a", "b"), ("b", "a")])
def test_an_overlap_goes_to_the_winner_that_was_named(winner, loser):
    layer = overlapping()
    remedy = offers(layer, "overlap")["to_area", winner]
    mended = repair_areas(layer, [remedy], consents={remedy.finding})
    assert mended.changes.index.tolist() == sorted([winner, loser])
    assert mended.changes.loc[loser, "change_m2"] == pytest.approx(-20 * 100, rel=0.01)
    assert mended.changes.loc[winner, "change_m2"] == pytest.approx(0, abs=0.01)
    assert check_tiling(mended.areas).empty


def test_an_overlap_is_split_along_its_middle():
    layer = overlapping()
    remedy = offers(layer, "overlap")["split", None]
    mended = repair_areas(layer, [remedy], consents={remedy.finding})
    assert mended.changes["change_m2"].tolist() == pytest.approx([-1000, -1000], rel=0.02)
    assert check_tiling(mended.areas).query("severity == 'blocks'").empty


def test_corners_a_neighbour_has_are_added_without_a_change_of_surface():
    one = shapely.box(104, 30, 104.01, 30.01)
    two = shapely.Polygon([(104.01, 30), (104.02, 30), (104.02, 30.01), (104.01, 30.01), (104.01, 30.004)])
    layer = areas(one=one, two=two)
    remedy = offers(layer)["add_corners", "one"]
    mended = repair_areas(layer, [remedy])
    assert mended.changes["change_m2"].abs().max() < 1e-3
    assert check_tiling(mended.areas).empty
    assert shapely.coverage_is_valid(mended.areas.geometry.to_numpy())


def test_corners_that_differ_in_the_last_digits_are_made_one():
    layer = areas(a=shapely.box(104, 30, 104.01, 30.01), b=shapely.box(104.010000003, 30, 104.02, 30.01))
    assert set(check_tiling(layer)["rule"]) == {"edge_not_matching"}
    mended = repair_areas(layer, offer_remedies(check_tiling(layer), layer))
    assert check_tiling(mended.areas).empty


def test_the_second_of_two_equal_areas_is_dropped_by_consent():
    cells = lattice(2)
    cells["twin"] = cells["g01"]
    layer = areas(**cells)
    remedy = offers(layer)["drop_twin", "g01"]
    assert not repair_areas(layer, [remedy]).applied
    mended = repair_areas(layer, [remedy], consents={remedy.finding})
    assert mended.areas["area_id"].tolist() == ["g00", "g01", "g10", "g11"]


def test_what_lies_outside_the_parent_is_cut_off():
    layer = areas(a=box(0, 0, 100, 110))
    layer["parent_id"] = "P"
    parents = areas(P=box(0, 0, 100, 100))
    remedy = offers(layer, "outside", parents=parents)["cut_off", "a"]
    mended = repair_areas(layer, [remedy], consents={remedy.finding})
    assert check_tiling(mended.areas, parents=parents).query("severity == 'blocks'").empty


def test_everything_planted_in_the_demo_district_can_be_mended():
    planted = plant(make_district(seed=4, n_cases=50).boundaries)
    found = check_tiling(planted.microgrids)
    first = {}
    for remedy in offer_remedies(found, planted.microgrids):
        first.setdefault(remedy.finding, remedy)
    mended = repair_areas(planted.microgrids, list(first.values()), ceiling_share=1.0)
    assert not mended.refused
    assert check_tiling(mended.areas).empty
    assert mended.changes["change_m2"].to_numpy() == pytest.approx(
        mended.changes["stated_m2"].to_numpy(), abs=0.01
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from([-12, -3, 4, 15])),
        min_size=1,
        max_size=4,
        unique_by=lambda s: s[0],
    ),
    st.integers(0, 2),
)
@settings(max_examples=40)
def test_no_surface_is_lost_beyond_what_was_stated(shifts, pick):
    """Cells of a lattice grow or shrink in the east; whatever remedy is taken, the sums agree."""
    cells = lattice(3)
    for at, metres in shifts:
        name = sorted(cells)[at]
        x0, y0, x1, y1 = cells[name].bounds
        cells[name] = shapely.box(x0, y0, x1 + metres / 96_400, y1)
    layer = areas(**cells)
    options: dict[int, list] = {}
    for remedy in offer_remedies(check_tiling(layer), layer):
        options.setdefault(remedy.finding, []).append(remedy)
    chosen = [several[pick % len(several)] for several in options.values()]
    mended = repair_areas(layer, chosen, ceiling_share=1.0)
    stated = sum(change for remedy in mended.applied for change in remedy.changes_m2.values())
    change = area_m2(mended.areas.geometry).sum() - area_m2(layer.geometry).sum()
    triple = check_tiling(mended.areas).query("severity == 'blocks'")
    assert change == pytest.approx(stated, abs=0.5)
    assert triple.empty
    assert np.asarray(shapely.is_valid(mended.areas.geometry.to_numpy())).all()
