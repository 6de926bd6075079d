"""Every fault of a polygon is found with its place and size, in valid polygons too."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.analysis.shape_faults import MOST_CORNERS, find_shape_faults
from geo.measure import area_m2
from tests.intake.boundary_files import BOW_TIE, HOLE_CROSSING, HOLE_OUTSIDE, SPIKE, TOUCHING, square


def polygon(rings) -> object:
    return shapely.Polygon(rings[0], rings[1:])


def found(*shapes):
    return find_shape_faults(np.array(shapes, dtype=object), ids=[f"a{k}" for k in range(len(shapes))])


def test_a_square_and_one_with_a_hole_are_sound():
    assert found(polygon(square(104)), polygon([square(104)[0], square(104.002, 30.602, 0.002)[0]])).empty


def test_fault_B09_both_crossings_of_a_double_bow_tie_are_told():
    shape = shapely.Polygon([(0, 0), (1, 1), (2, 0), (3, 1), (3, 0), (2, 1), (1, 0), (0, 1)])
    one = found(shape).iloc[0]
    assert (one.rule, one["size"], one.value) == ("shape_crosses_itself", 3, "Self-intersection")
    assert shapely.get_coordinates(one.geom).tolist() == [[0.5, 0.5], [1.5, 0.5], [2.5, 0.5]]


@pytest.mark.parametrize(
    ("rings", "rules"),
    [
        (BOW_TIE, ["shape_crosses_itself"]),
        (HOLE_OUTSIDE, ["shape_hole_outside"]),
        (HOLE_CROSSING, ["shape_crosses_itself"]),
        (SPIKE, ["shape_crosses_itself", "shape_spike"]),
        (TOUCHING, ["shape_crosses_itself", "shape_spike"]),
    ],
)
def test_fault_B09_an_invalid_polygon_is_told_by_its_faults(rings, rules):
    assert sorted(set(found(polygon(rings))["rule"])) == rules


def test_fault_B09_a_hole_that_stands_twice_and_one_that_touches_its_shell_twice():
    hole = square(104.002, 30.602, 0.002)[0]
    twice = polygon([square(104)[0], hole, hole])
    assert "shape_rings_overlap" in found(twice)["rule"].tolist()
    touching = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(0, 2), (2, 1), (4, 2), (2, 3)]])
    one = found(touching).iloc[0]
    assert (one.rule, one["size"]) == ("shape_crosses_itself", 2)


def test_fault_B11_overlapping_parts_are_told_with_the_surface_they_share():
    parts = shapely.MultiPolygon([polygon(square(104)), polygon(square(104.005))])
    shared = shapely.box(104.005, 30.6, 104.01, 30.61)
    told = found(parts).set_index("rule")
    assert told.loc["shape_rings_overlap", "size"] == pytest.approx(area_m2(np.array([shared]))[0])


def test_a_thin_spike_of_a_valid_polygon_is_told_with_its_tip_and_length():
    tip = (104.02, 30.605)
    ring = [
        (104, 30.6),
        (104.01, 30.6),
        (104.01, 30.60499),
        tip,
        (104.01, 30.60501),
        (104.01, 30.61),
        (104, 30.61),
    ]
    one = found(shapely.Polygon(ring)).iloc[0]
    assert (one.rule, round(one.lon, 6), round(one.lat, 6)) == ("shape_spike", *tip)
    assert one["size"] == pytest.approx(0.01 * 95_830, rel=0.01)


def test_a_spike_at_the_first_corner_of_a_ring_is_found_too():
    ring = [
        (104.02, 30.605),
        (104.01, 30.60501),
        (104.01, 30.61),
        (104, 30.61),
        (104, 30.6),
        (104.01, 30.6),
        (104.01, 30.60499),
    ]
    assert found(shapely.Polygon(ring))["rule"].tolist() == ["shape_spike"]


def test_corners_that_stand_twice_in_a_row_are_counted():
    ring = [(0, 0), (0, 0), (1, 0), (1, 1), (1, 1), (1, 1), (0, 1)]
    one = found(shapely.Polygon(ring)).iloc[0]
    assert (one.rule, one["size"]) == ("shape_corner_twice", 3)


def test_fault_B14_a_shape_of_two_million_corners_is_remarked_on():
    turn = np.linspace(0, 2 * np.pi, 2_000_000, endpoint=False)
    ring = np.column_stack([104 + 0.01 * np.cos(turn), 30 + 0.01 * np.sin(turn)])
    told = found(shapely.Polygon(ring), polygon(square(105)))
    assert told[["rule", "area_id", "severity"]].to_numpy().tolist() == [
        ["shape_too_many_corners", "a0", "warns"]
    ]
    assert told["size"].iloc[0] > 20 * MOST_CORNERS / 1.01


# The kinds of cases GEOS tests validity with (rings that cross, touch, nest, repeat): polygon, is it valid
GEOS_CASES = [
    ("POLYGON ((10 10, 10 90, 90 90, 90 10, 10 10))", True),
    ("POLYGON ((10 10, 10 10, 10 90, 90 90, 90 10, 10 10))", True),
    ("POLYGON ((10 10, 60 60, 60 10, 10 60, 10 10))", False),
    ("POLYGON ((0 0, 0 9, 9 9, 9 0, 0 0), (0 0, 2 1, 1 2, 0 0))", True),
    ("POLYGON ((0 0, 0 9, 9 9, 9 0, 0 0), (0 0, 9 9, 5 2, 0 0))", False),
    ("POLYGON ((0 0, 0 9, 9 9, 9 0, 0 0), (2 2, 2 4, 4 4, 4 2, 2 2), (4 4, 4 6, 6 6, 6 4, 4 4))", True),
    ("POLYGON ((0 0, 0 9, 9 9, 9 0, 0 0), (2 2, 2 5, 5 5, 5 2, 2 2), (4 4, 4 6, 6 6, 6 4, 4 4))", False),
    ("POLYGON ((0 0, 0 9, 9 9, 9 0, 0 0), (2 2, 2 5, 5 5, 5 2, 2 2), (3 3, 3 4, 4 4, 4 3, 3 3))", False),
    ("POLYGON ((0 0, 0 9, 9 9, 9 0, 0 0), (20 20, 20 25, 25 25, 25 20, 20 20))", False),
    ("MULTIPOLYGON (((0 0, 0 9, 9 9, 9 0, 0 0)), ((9 0, 9 9, 18 9, 18 0, 9 0)))", False),
    ("MULTIPOLYGON (((0 0, 0 9, 9 9, 9 0, 0 0)), ((9 9, 9 18, 18 18, 18 9, 9 9)))", True),
    ("MULTIPOLYGON (((0 0, 0 9, 9 9, 9 0, 0 0)), ((2 2, 2 4, 4 4, 4 2, 2 2)))", False),
    ("POLYGON ((0 0, 0 4, 4 4, 4 2, 8 2, 4 2, 4 0, 0 0))", False),
]


@pytest.mark.parametrize(("text", "is_valid"), GEOS_CASES)
def test_a_polygon_that_geos_finds_invalid_is_never_passed_and_a_valid_one_never_blamed(text, is_valid):
    shape = shapely.from_wkt(text)
    assert shapely.is_valid(shape) == is_valid
    rules = set(find_shape_faults(np.array([shape]), ids=["a"])["rule"]) - {
        "shape_corner_twice",
        "shape_spike",
    }
    assert bool(rules) != is_valid
