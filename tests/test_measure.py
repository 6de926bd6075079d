"""Surfaces and distances are those of the ellipsoid, wherever the place."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import metric_crs
from geo.measure import area_m2, distance_m, metres_per_degree

GEOD = pyproj.Geod(ellps="WGS84")


def geodesic_m2(geometry):
    return abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(geometry))[0])


@given(
    lon=st.floats(-179, 178),
    lat=st.floats(-80, 79),
    size_deg=st.sampled_from([0.001, 0.01, 0.1]),
    top=st.floats(0, 1),
)
def test_surface_equals_the_geodesic_one_within_2e_6(lon, lat, size_deg, top):
    triangle = shapely.Polygon([(lon, lat), (lon + size_deg, lat), (lon + top * size_deg, lat + size_deg)])
    assert area_m2(np.array([triangle]))[0] == pytest.approx(geodesic_m2(triangle), rel=2e-6)


@pytest.mark.parametrize(("size_deg", "within"), [(0.01, 1e-7), (0.1, 1e-6), (1.0, 5e-5), (5.0, 1.1e-3)])
@pytest.mark.parametrize("lat", [-35.0, 0.0, 30.0, 55.0])
def test_large_polygons_differ_from_geodesic_edges_as_documented(size_deg, within, lat):
    square = shapely.box(104, lat, 104 + size_deg, lat + size_deg)
    slanted = shapely.Polygon([(104, lat), (104 + size_deg, lat), (104 + size_deg / 2, lat + size_deg)])
    for polygon in (square, slanted):
        assert area_m2(np.array([polygon]))[0] == pytest.approx(geodesic_m2(polygon), rel=within)


def test_a_cell_between_parallels_has_the_surface_of_its_zone():
    """All of the ellipsoid is 510 065 621.724 km2 (Moritz 1980 gives 510 065 622 for GRS80)."""
    lon, lat = np.meshgrid(np.arange(-180, 180, 0.5), np.arange(-80, 80, 0.5))
    zone_m2 = area_m2(shapely.box(lon, lat, lon + 0.5, lat + 0.5)).sum()
    caps_m2 = 2 * geodesic_m2(shapely.Polygon([(x, 80) for x in np.arange(-180, 180, 0.01)]))
    assert (zone_m2 + caps_m2) / 1e6 == pytest.approx(510_065_621.724, rel=1e-5)


def test_holes_parts_missing_and_empty_geometries():
    square = shapely.box(104.0, 30.0, 104.01, 30.01)
    hole = shapely.box(104.002, 30.002, 104.004, 30.004)
    with_hole, two = (
        square.difference(hole),
        shapely.MultiPolygon([square, shapely.box(105, 30, 105.01, 30.01)]),
    )
    got = area_m2(
        np.array([square, with_hole, two, None, shapely.Point(1, 2), shapely.Polygon()], dtype=object)
    )
    assert got[1] == pytest.approx(got[0] - area_m2(np.array([hole]))[0], rel=1e-6)
    assert got[2] == pytest.approx(2 * got[0], rel=1e-4)
    assert np.isnan(got[3])
    assert got[4:].tolist() == [0, 0]
    assert area_m2(gpd.GeoSeries([], crs=4326)).shape == (0,)


def test_parts_add_up_to_the_whole():
    whole = shapely.box(104.0, 30.6, 104.1, 30.7)
    x, y = np.meshgrid(104 + np.arange(20) * 0.005, 30.6 + np.arange(20) * 0.005)
    parts = shapely.box(x, y, x + 0.005, y + 0.005)
    assert area_m2(parts.ravel()).sum() == pytest.approx(area_m2(np.array([whole]))[0], rel=1e-6)


def test_surface_agrees_with_the_metric_crs_within_a_thousandth():
    areas = gpd.GeoSeries(
        shapely.box(np.arange(103.5, 106.5, 0.1), 30.6, np.arange(103.51, 106.51, 0.1), 30.61)
    )
    areas = areas.set_crs(4326)
    plane_m2 = areas.to_crs(metric_crs(areas)).area
    assert np.abs(plane_m2 / area_m2(areas) - 1).max() < 1e-3


def test_measuring_leaves_the_geometries_as_they_were():
    areas = gpd.GeoSeries([shapely.box(104, 30, 105, 31)], crs=4326)
    area_m2(areas)
    assert areas.total_bounds.tolist() == [104, 30, 105, 31]


def test_distance_is_geodesic_and_missing_where_a_point_is():
    """One degree of latitude at the equator is 110 574.4 m, of longitude 111 319.5 m."""
    got = distance_m([0, 0, np.nan, 5], [0, 0, 0, 5], [0, 1, 1, 5], [1, 0, 0, 5])
    assert got[:2] == pytest.approx([110_574.4, 111_319.5], abs=0.1)
    assert np.isnan(got[2])
    assert got[3] == 0


@pytest.mark.parametrize("lat", [0.0, 30.66, -33.9, 60.0])
def test_metres_per_degree_agree_with_short_geodesics(lat):
    lon_m, lat_m = metres_per_degree(lat)
    assert float(lon_m) == pytest.approx(1e5 * float(distance_m(0, lat, 1e-5, lat)), rel=1e-6)
    assert float(lat_m) == pytest.approx(5e4 * float(distance_m(0, lat - 1e-5, 0, lat + 1e-5)), rel=1e-6)
