"""Every gap, overlap and stray of a tiling is found, each once, and nothing else is."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.tiling import check_inside_parents, check_tiling
from geo.demo import make_district
from geo.errors import CrsError, DuplicateError
from tests.analysis.planted import plant

M = 1 / 111_200  # degrees of latitude in a metre, about
M_LON = 1 / 96_400  # degrees of longitude in a metre at 30 north


def areas(**shapes: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"area_id": list(shapes)}, geometry=list(shapes.values()), crs=4326)


def box(west_m: float, south_m: float, east_m: float, north_m: float):
    return shapely.box(104 + west_m * M_LON, 30 + south_m * M, 104 + east_m * M_LON, 30 + north_m * M)


def told(findings: gpd.GeoDataFrame) -> list[tuple]:
    return [
        tuple(None if value != value else value for value in row)
        for row in findings[["rule", "area_id", "other_id"]].astype(object).to_numpy().tolist()
    ]


def lattice(n: int = 4) -> dict[str, object]:
    x, y = 104 + np.arange(n + 1) * 100 * M_LON, 30 + np.arange(n + 1) * 100 * M
    return {f"g{i}{j}": shapely.box(x[i], y[j], x[i + 1], y[j + 1]) for i in range(n) for j in range(n)}


def test_a_lattice_tiles():
    assert check_tiling(areas(**lattice())).empty


def test_fault_B16_overlap_sliver_gap_sliver_and_real_gap_are_told_apart_by_the_tolerance():
    ring = areas(
        a=box(0, 0, 100, 400), b=box(99.7, 0, 200, 400),  # 0.3 m over a road edge
        c=box(200.2, 0, 300, 400), top=box(0, 400, 400, 500), bottom=box(0, -100, 400, 0),
        d=box(330, 0, 400, 400),
    )  # fmt: skip
    found = check_tiling(ring, tolerance_m=0.5)
    tops = found["rule"].isin(["gap", "gap_sliver", "overlap", "overlap_sliver"])
    sizes = found[tops].set_index("rule")["size"]
    assert told(found[tops]) == [
        ("gap", None, None),
        ("gap_sliver", None, None),
        ("overlap_sliver", "a", "b"),
    ]
    assert sizes["gap"] == pytest.approx(30 * 400, rel=0.01)
    assert sizes["gap_sliver"] == pytest.approx(0.2 * 400, rel=0.01)
    assert sizes["overlap_sliver"] == pytest.approx(0.3 * 400, rel=0.01)
    assert set(found[~tops]["rule"]) == {"edge_not_matching"}
    finer = check_tiling(ring, tolerance_m=0.1)["rule"].tolist()
    assert sorted(rule for rule in finer if rule != "edge_not_matching") == ["gap", "gap", "overlap"]


def test_fault_B17_an_extra_corner_is_an_edge_that_does_not_match_and_no_gap():
    one = shapely.box(104, 30, 104.01, 30.01)
    two = shapely.Polygon([(104.01, 30), (104.02, 30), (104.02, 30.01), (104.01, 30.01), (104.01, 30.004)])
    found = check_tiling(areas(one=one, two=two))
    assert told(found) == [("edge_not_matching", "one", "two")]
    assert (found["severity"].iloc[0], found["size"].iloc[0]) == ("note", 1)
    assert shapely.coverage_is_valid([one, two]) == False  # noqa: E712  (the second opinion)


@pytest.mark.parametrize("tolerance_m", [0.05, 0.5, 1.0, 1.5, 2.0, 5.0])
def test_fault_B18_a_gap_is_found_at_every_tolerance(tolerance_m):
    # shapely/tests/test_coverage.py: a gap of width 1 found at 1.0 and 1.5 but not at 2.0
    gapped = areas(a=box(0, 0, 10, 10), b=box(11, 0, 20, 10), c=box(0, 10, 20, 20), d=box(0, -10, 20, 0))
    found = check_tiling(gapped, tolerance_m=tolerance_m)
    gaps = found[found["rule"].str.startswith("gap")]
    assert gaps["size"].tolist() == pytest.approx([10], rel=0.01)


def test_R4_shapely_s_own_cases_of_coverages_get_the_same_verdict():
    scale = 1e-4
    cases = [
        ([shapely.Polygon([(0, 0), (1, 1), (1, 0)]), shapely.Polygon([(0, 0), (1, 1), (0, 1)])], []),
        (
            [
                shapely.Polygon([(0, 0), (1, 1), (1, 0)]),
                shapely.Polygon([(0, 0), (0.5, 0.5), (1, 1), (0, 1)]),
            ],
            ["edge_not_matching"],
        ),
        ([shapely.box(0, 0, 1, 1), shapely.box(0.5, 0, 1.5, 1)], ["overlap"]),
    ]
    for shapes, rules in cases:
        placed = [shapely.transform(s, lambda xy: xy * scale + [104, 30]) for s in shapes]
        found = check_tiling(areas(a=placed[0], b=placed[1]))
        assert [r for r in found["rule"] if r != "edge_not_matching" or rules == [r]] == rules
        assert shapely.coverage_is_valid(shapes) == (not rules)


def test_fault_B19_partly_outside_in_two_parents_and_childless_are_three_findings():
    parents = areas(P1=box(0, 0, 100, 100), P2=box(100, 0, 200, 100), P3=box(500, 0, 600, 100))
    children = areas(a=box(0, 0, 60, 120), b=box(60, 0, 130, 100), c=box(130, 0, 200, 100))
    children["parent_id"] = ["P1", "P1", "P2"]
    found = check_tiling(children, parents=parents)
    grave = found[found["rule"] != "edge_not_matching"]
    assert told(grave) == [
        ("in_two_parents", "b", "P2"), ("outside_parent", "a", None), ("parent_without_child", None, None),
    ]  # fmt: skip
    assert grave["size"].tolist() == pytest.approx([30 * 100, 20 * 60, 100 * 100], rel=0.01)
    assert grave["parent_id"].tolist() == ["P1", "P1", "P3"]


def test_a_part_of_the_parent_that_nobody_covers_is_a_gap_of_that_parent():
    found = check_tiling(areas(a=box(0, 0, 60, 100)), parents=areas(P=box(0, 0, 100, 100)))
    gaps = found[found["rule"] == "gap"]
    assert gaps[["parent_id"]].to_numpy().tolist() == [["P"]]
    assert gaps["size"].iloc[0] == pytest.approx(40 * 100, rel=0.01)


def test_a_hole_outside_every_parent_is_no_gap():
    hole, outer = box(40, 40, 60, 60), box(0, 0, 100, 100)
    ring = shapely.difference(outer, hole)
    assert told(check_tiling(areas(a=ring))) == [("gap", None, None)]
    assert check_tiling(areas(a=ring), parents=areas(P=ring)).empty


def test_an_area_within_others_overlaps_each_of_them_by_what_it_covers():
    cells = lattice(2)
    cells["over"] = box(50, 50, 150, 150)
    found = check_tiling(areas(**cells))
    assert told(found[found["rule"] == "overlap"]) == [
        ("overlap", f"g{i}{j}", "over") for i in (0, 1) for j in (0, 1)
    ]
    assert found[found["rule"] == "overlap"]["size"].tolist() == pytest.approx([2500] * 4, rel=0.01)


def test_a_coarser_area_among_its_own_parts_overlaps_all_of_them():
    cells = lattice(2)
    cells["whole"] = shapely.union_all(list(cells.values()))
    overlaps = check_tiling(areas(**cells)).query("rule == 'overlap'")
    assert told(overlaps) == [("overlap", f"g{i}{j}", "whole") for i in (0, 1) for j in (0, 1)]


def test_two_areas_of_one_shape_are_told_once_and_not_as_an_overlap():
    cells = lattice(2)
    cells["twin"] = shapely.Polygon(
        list(cells["g01"].exterior.coords)[2:-1] + list(cells["g01"].exterior.coords)[:2]
    )
    assert told(check_tiling(areas(**cells))) == [("area_twice", "g01", "twin")]


def test_an_unknown_parent_is_told_and_the_one_by_place_is_taken():
    children = areas(a=box(0, 0, 100, 100))
    children["parent_id"] = ["X"]
    found = check_tiling(children, parents=areas(P=box(0, 0, 100, 100)))
    assert found[["rule", "area_id", "parent_id"]].to_numpy().tolist() == [["parent_unknown", "a", "X"]]


def test_what_would_give_a_wrong_answer_in_silence_is_refused():
    with pytest.raises(CrsError):
        check_tiling(areas(a=box(0, 0, 1, 1)).to_crs(3857))
    twice = areas(a=box(0, 0, 1, 1), b=box(1, 0, 2, 1))
    twice["area_id"] = "a"
    with pytest.raises(DuplicateError):
        check_tiling(twice)


@pytest.fixture(scope="module")
def planted():
    return plant(make_district(seed=4, n_cases=50).boundaries)


def test_everything_planted_in_the_demo_district_is_found_and_nothing_else(planted):
    found = check_tiling(planted.microgrids, parents=planted.grids)
    grave = found[found["rule"] != "edge_not_matching"]
    gaps = grave[grave["rule"] == "gap"]
    assert sorted(gaps["size"]) == pytest.approx(planted.gaps_m2, rel=1e-6)
    assert set(told(grave[grave["rule"] != "gap"])) == planted.expected
    assert len(grave) == 3 + len(planted.expected) == 6
    # the corners of the bumps that lie on a border are not in the neighbours
    loose = found[found["rule"] == "edge_not_matching"]
    named = {code for _, one, two in planted.expected for code in (one, two)}
    assert set(loose["area_id"]) | set(loose["other_id"]) <= named


def test_the_orphan_courtyard_is_found_and_nothing_else(planted):
    found = check_inside_parents(planted.courtyards, planted.grids)
    assert told(found) == [("parent_none", planted.courtyards["area_id"].iloc[7], None)]


def test_the_demo_district_itself_tiles_at_every_level():
    boundaries = make_district(seed=5, n_cases=50).boundaries
    levels = ["district", "subdistrict", "community", "grid", "microgrid"]
    for above, level in pairwise(levels):
        assert check_tiling(boundaries[level], parents=boundaries[above]).empty
    assert check_inside_parents(boundaries["courtyard"], boundaries["grid"]).empty


@given(st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_the_order_of_features_changes_nothing(random):
    cells = lattice(3)
    cells["over"] = box(30, 30, 150, 130)
    del cells["g22"]
    cells["g11"] = shapely.difference(cells["g11"], box(170, 170, 180, 180))
    items = list(cells.items())
    random.shuffle(items)
    mixed, plain = check_tiling(areas(**dict(items))), check_tiling(areas(**cells))
    assert mixed.drop(columns="geom").equals(plain.drop(columns="geom"))
    assert shapely.equals(mixed.geometry.to_numpy(), plain.geometry.to_numpy()).all()


@given(
    st.lists(
        st.tuples(*[st.integers(0, 12)] * 2, st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=7
    )
)
@settings(max_examples=60)
def test_overlaps_and_gaps_are_those_that_plain_geometry_finds(boxes):
    """Any heap of rectangles: the pairs and surfaces are those of pairwise intersection (GEOS)."""
    shapes = {
        f"a{k}": box(x * 10, y * 10, (x + w) * 10, (y + h) * 10) for k, (x, y, w, h) in enumerate(boxes)
    }
    if len({shapely.normalize(s).wkb for s in shapes.values()}) < len(shapes):
        return
    found = check_tiling(areas(**shapes), tolerance_m=0.01)
    expected = {}
    names = sorted(shapes)
    for i, one in enumerate(names):
        for two in names[i + 1 :]:
            surface = shapely.intersection(shapes[one], shapes[two]).area
            if surface > 1e-12:
                expected[(one, two)] = surface
    sums = found[found["rule"] == "overlap"].groupby(["area_id", "other_id"])["size"].sum()
    assert set(sums.index) == set(expected)
    for pair, surface in expected.items():
        assert sums[pair] * M * M_LON == pytest.approx(surface, rel=0.01)
    holes = shapely.get_parts(shapely.union_all(list(shapes.values())))
    n_holes = sum(shapely.get_num_interior_rings(part) for part in holes)
    assert (found["rule"] == "gap").sum() == n_holes
