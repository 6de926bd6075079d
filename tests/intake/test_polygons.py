"""A polygon is kept, mended where only one is meant, or refused with the place of the fault."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crs import area_m2
from geo.errors import CrsError
from geo.intake.polygons import mend
from tests.intake.boundary_files import (
    BOW_TIE,
    HOLE_CROSSING,
    HOLE_OUTSIDE,
    SPIKE,
    TOUCHING,
    check,
    remarked,
    square,
    told,
)


def test_fault_B06_swapped_columns_are_refused_or_warned_of_and_never_exchanged():
    swapped = [[[y, x] for x, y in square(104)[0]]]
    with pytest.raises(CrsError):
        check(({"code": "1"}, swapped), coord_sys="wgs84")
    xinjiang = [[[y, x] for x, y in square(80.0, 41.0)[0]]]  # 80 is a latitude as well
    checked = check(({"code": "1"}, xinjiang))
    assert ("layer_looks_swapped", "warns") in {(note.code, note.severity) for note in checked.notes}
    assert checked.rows.iloc[0].west == 41.0


def test_fault_B25_a_polygon_off_the_earth_or_across_180_degrees_is_refused():
    good = [({"code": str(n)}, square(104 + n / 100)) for n in range(1, 7)]
    bad = [square(181.0), square(104.0, 89.995), [[[-179, 30], [179, 30], [179, 31], [-179, 31], [-179, 30]]]]
    checked = check(*good, *(({"code": f"bad{n}"}, shape) for n, shape in enumerate(bad)))
    assert told(checked) == [
        [7, "geometry_off_the_earth"],
        [8, "geometry_off_the_earth"],
        [9, "geometry_over_antimeridian"],
    ]
    assert checked.rejected["value"].iloc[0] == "bad0; 181, 30.6"


def test_fault_B12_what_is_no_polygon_is_listed():
    checked = check(({"code": "1"}, [[104, 30], [105, 31]]), kind="LineString")
    assert told(checked) == [[1, "geometry_not_polygon"]]
    assert [note.code for note in checked.notes] == ["nothing_to_import"]
    assert told(check(({"code": "1"}, None), ({"code": "2"}, square(104)))) == [[1, "geometry_missing"]]


@pytest.mark.parametrize("shape", [BOW_TIE, HOLE_OUTSIDE, HOLE_CROSSING])
def test_fault_B09_an_invalid_polygon_that_could_mean_several_is_refused_with_the_place(shape):
    checked = check(({"code": "X1"}, shape), ({"code": "2"}, square(105)))
    assert told(checked) == [[1, "polygon_invalid"]]
    value = checked.rejected["value"].iloc[0]
    assert value.startswith("X1; ") and "104" in value
    assert checked.rows["area_id"].tolist() == ["2"]


@pytest.mark.parametrize("shape", [SPIKE, TOUCHING])
def test_an_invalid_polygon_that_can_mean_only_one_is_mended_and_remarked_on(shape):
    checked = check(({"code": "X1"}, shape))
    assert remarked(checked) == [[1, "polygon_mended"]]
    row = checked.rows.iloc[0]
    assert row.geom.is_valid
    assert row.area_m2 == pytest.approx(check(({"code": "1"}, square(104))).rows.iloc[0].area_m2, rel=1e-9)


def test_fault_B11_overlapping_parts_are_not_counted_twice():
    overlapping = [square(104), square(104.005)]
    assert told(check(({"code": "1"}, overlapping), kind="MultiPolygon")) == [[1, "polygon_invalid"]]


def test_fault_B10_a_polygon_without_surface_is_refused():
    sliver = [[[104, 30.6], [104.01, 30.6], [104.005, 30.6], [104, 30.6]]]
    codes = {code for _, code in told(check(({"code": "1"}, sliver), ({"code": "2"}, square(105))))}
    assert codes <= {"polygon_invalid", "polygon_without_surface"} and codes


def test_a_sliver_that_is_valid_but_has_no_surface_is_refused():
    thin = [[[104, 30.6], [104.000001, 30.6], [104, 30.60000000001], [104, 30.6]]]
    assert told(check(({"code": "1"}, thin), ({"code": "2"}, square(105)))) == [
        [1, "polygon_without_surface"]
    ]


def test_fault_B15_improbable_sizes_are_remarked_on():
    checked = check(({"code": "1"}, square(100, 25, 10)), ({"code": "2"}, square(104, side=0.000005)))
    assert remarked(checked) == [[1, "place_very_large"], [2, "place_very_small"]]
    assert len(checked.rows) == 2


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=9))
def test_mending_changes_no_surface_beyond_its_ceiling(corners):
    ring = [(104 + x / 1000, 30 + y / 1000) for x, y in corners]
    geoms = gpd.GeoSeries([shapely.Polygon([*ring, ring[0]])], index=[1], crs=4326)
    before = abs(area_m2(geoms)[0])
    kept, refused, remarks = mend(geoms)
    assert len(kept) + len(refused) == 1
    if len(kept):
        assert kept.is_valid.all()
        assert area_m2(kept)[0] == pytest.approx(before, rel=2e-4)
        assert len(remarks) == int(not geoms.is_valid.iloc[0])
