"""Every coordinate system becomes WGS84 degrees, longitude first, and what cannot be is said plainly."""

import json

import geopandas as gpd
import numpy as np
import pyproj
import pyproj.network
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import crs
from geo.crs import (
    CHINA_BOX,
    GAUSS_KRUGER_EPSG,
    fits_degrees,
    from_wgs84,
    geometries_to_wgs84,
    list_coord_sys,
    looks_swapped,
    metric_crs,
    parse_coord_sys,
    require_degrees,
    require_geometry_degrees,
    to_wgs84,
)
from geo.errors import CrsError

CODES_5_2 = [
    *((4513 + z - 25, f"cgcs2000-zone{z}", 3 * z, z * 1_000_000 + 500_000) for z in range(25, 46)),
    *((4534 + z - 25, f"cgcs2000-cm{3 * z}", 3 * z, 500_000) for z in range(25, 46)),
]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("wgs84", "wgs84"),
        ("WGS-84", "wgs84"),
        ("EPSG:4326", "wgs84"),
        ("ＷＧＳ８４", "wgs84"),
        ("CGCS 2000", "cgcs2000"),
        ("epsg:4490", "cgcs2000"),
        ("GCJ-02", "gcj02"),
        ("bd_09", "bd09"),
        ("cgcs2000-zone35", "cgcs2000-zone35"),
        ("CGCS2000 zone 35", "cgcs2000-zone35"),
        ("epsg:4523", "cgcs2000-zone35"),
        ("4523", "cgcs2000-zone35"),
        ("cgcs2000-cm105", "cgcs2000-cm105"),
        ("CGCS2000_CM_105E", "cgcs2000-cm105"),
        ("EPSG:4544", "cgcs2000-cm105"),
        ("epsg:3857", "epsg:3857"),
        ("EPSG:2249", "epsg:2249"),
    ],
)
def test_a_name_may_be_typed_in_many_ways(typed, name):
    assert parse_coord_sys(typed) == name


@pytest.mark.parametrize(
    "typed",
    ["", "degrees", "cgcs2000-zone24", "cgcs2000-cm106", "epsg:", "epsg:99999", "wgs84; drop", "九九"],
)
def test_an_unknown_name_is_refused_with_the_choices(typed):
    with pytest.raises(CrsError, match="cgcs2000-zone25 to cgcs2000-zone45") as caught:
        parse_coord_sys(typed)
    assert caught.value.code == "crs_unknown"
    assert "请选择" in caught.value.say("zh")


@pytest.mark.parametrize("typed", ["epsg:5703", "epsg:4978", "epsg:9518"])
def test_heights_and_geocentric_systems_are_refused(typed):
    with pytest.raises(CrsError, match="no plain pair of coordinates"):
        parse_coord_sys(typed)


def test_every_choice_of_a_page_is_a_name_with_two_labels():
    choices = list_coord_sys()
    assert len(choices) == 46
    assert [c.name for c in choices[:4]] == ["wgs84", "cgcs2000", "gcj02", "bd09"]
    assert all(parse_coord_sys(c.name) == c.name for c in choices)
    assert len({c.en for c in choices}) == len({c.zh for c in choices}) == 46


@pytest.mark.parametrize(("epsg", "name", "meridian", "false_easting"), CODES_5_2)
def test_domain_5_2_all_42_codes(epsg, name, meridian, false_easting):
    """Code, central meridian, false easting and axis order; the northing is the meridian arc itself."""
    assert GAUSS_KRUGER_EPSG[name] == epsg
    assert parse_coord_sys(f"epsg:{epsg}") == name
    defined = pyproj.CRS.from_epsg(epsg)
    assert defined.name == "CGCS2000 / 3-degree Gauss-Kruger " + (
        f"zone {meridian // 3}" if "zone" in name else f"CM {meridian}E"
    )
    assert [axis.direction for axis in defined.axis_info] == ["north", "east"]

    ellipsoid = pyproj.Geod(a=6378137, rf=298.257222101)
    arc_m = ellipsoid.inv(meridian, 0, meridian, 30)[2]
    x, y = from_wgs84([meridian], [30.0], coord_sys=name)
    assert x[0] == pytest.approx(false_easting, abs=1e-6)
    assert y[0] == pytest.approx(arc_m, abs=1e-5)
    lon, lat = to_wgs84(x, y, coord_sys=name)
    assert (lon[0], lat[0]) == pytest.approx((meridian, 30.0), abs=1e-10)


def test_domain_5_2_has_42_different_codes_in_a_row():
    assert sorted(GAUSS_KRUGER_EPSG.values()) == list(range(4513, 4555))


@pytest.mark.parametrize(
    "name", ["wgs84", "cgcs2000", "gcj02", "bd09", "cgcs2000-zone35", "epsg:3857", "epsg:4610"]
)
def test_there_and_back_is_under_a_millimetre(name):
    rng = np.random.default_rng(1)
    points = rng.uniform(103, 107, 5000), rng.uniform(20, 45, 5000)
    back = to_wgs84(*from_wgs84(*points, coord_sys=name), coord_sys=name)
    assert np.abs(np.array(back) - np.array(points)).max() < 5e-9


def test_domain_5_1_cgcs2000_degrees_are_taken_over_unchanged():
    lon, lat = to_wgs84([104.0657], [30.6595], coord_sys="cgcs2000")
    assert (lon[0], lat[0]) == (104.0657, 30.6595)
    zone = to_wgs84([35_410_500.0], [3_393_000.0], coord_sys="cgcs2000-zone35")
    base = pyproj.Transformer.from_crs(4523, 4490, always_xy=True).transform(35_410_500.0, 3_393_000.0)
    assert (zone[0][0], zone[1][0]) == base


@pytest.mark.parametrize("epsg", [4491, 4502])
def test_the_axis_order_of_other_systems_is_forced_too(epsg):
    x, y = from_wgs84([75.5], [30.0], coord_sys=f"epsg:{epsg}")
    assert y[0] == pytest.approx(3_320_000, abs=2_000)
    lon, lat = to_wgs84(x, y, coord_sys=f"epsg:{epsg}")
    assert (lon[0], lat[0]) == pytest.approx((75.5, 30.0), abs=1e-10)


def test_state_plane_feet_land_in_boston():
    """The State House stands at 71.0636 W, 42.3582 N; Massachusetts Mainland counts US survey feet."""
    lon, lat = to_wgs84([774_120.0], [2_955_870.0], coord_sys="epsg:2249")
    assert (lon[0], lat[0]) == pytest.approx((-71.0636, 42.3582), abs=5e-4)


@pytest.mark.parametrize(
    ("coord_sys", "x", "y"),
    [
        ("cgcs2000-zone35", 410_500.0, 3_393_000.0),  # the zone number is missing
        ("cgcs2000-zone35", 36_410_500.0, 3_393_000.0),  # another zone's number
        ("cgcs2000-zone35", 3_393_000.0, 35_410_500.0),  # X is the northing of Chinese survey tables
        ("cgcs2000-cm105", 35_410_500.0, 3_393_000.0),  # a zone number where there is none
        ("cgcs2000-cm105", 3_393_000.0, 410_500.0),
        ("cgcs2000-zone35", 104.06, 30.66),  # degrees
    ],
)
def test_fault_B07_a_file_of_which_nothing_fits_its_zone_is_refused(coord_sys, x, y):
    with pytest.raises(CrsError, match=f"None of the 2 positions fits {coord_sys}; first row 2: x={x:.10g}"):
        to_wgs84([np.nan, x, x], [y, y, y], coord_sys=coord_sys)


def test_fault_B07_single_rows_that_do_not_fit_come_out_missing():
    lon, lat = to_wgs84([35_410_500.0, 410_500.0, np.inf], [3.393e6] * 3, coord_sys="cgcs2000-zone35")
    assert np.isfinite(lon).tolist() == np.isfinite(lat).tolist() == [True, False, False]


def test_what_lies_beyond_a_zone_comes_out_missing_in_both_directions():
    x, y = from_wgs84([105.0, 118.0, -71.0], [30.0, 30.0, 42.0], coord_sys="cgcs2000-zone35")
    assert np.isnan(x).tolist() == np.isnan(y).tolist() == [False, True, True]


@pytest.mark.parametrize("name", [c.name for c in list_coord_sys()[::9]] + ["epsg:3857"])
def test_missing_stays_missing_and_empty_stays_empty(name):
    for convert in (to_wgs84, from_wgs84):
        assert [v.shape for v in convert([], [], coord_sys=name)] == [(0,), (0,)]
        assert np.isnan(convert([np.nan, np.nan], [1.0, np.nan], coord_sys=name)).all()


def test_the_given_arrays_are_not_written_to():
    x, y = np.array([35_410_500.0, np.inf]), np.array([3_393_000.0, 1.0])
    to_wgs84(x, y, coord_sys="cgcs2000-zone35")
    from_wgs84(y, y, coord_sys="wgs84")
    assert x.tolist() == [35_410_500.0, np.inf]
    assert y.tolist() == [3_393_000.0, 1.0]


@pytest.mark.realdata
def test_oracle_R5_3_web_mercator_of_664_cities_within_a_millimetre(shared_data):
    cities = json.loads((shared_data / "coords/gcoord_china-cities.json").read_text(encoding="utf-8"))
    degrees = np.array([c["coords"]["WGS84"] for c in cities]).T
    metres = np.array([c["coords"]["EPSG3857"] for c in cities]).T
    assert np.abs(np.array(from_wgs84(*degrees, coord_sys="epsg:3857")) - metres).max() < 1e-3
    assert np.abs(np.array(to_wgs84(*metres, coord_sys="epsg:3857")) - degrees).max() < 1e-8


# --- geometries ---


def test_neighbours_keep_their_shared_edges_to_the_last_bit():
    x = np.linspace(116.3, 116.5, 300)
    border = [(lon, 39.9 + 0.001 * np.sin(900 * lon)) for lon in x]
    north = shapely.Polygon([*border, (116.5, 40.0), (116.3, 40.0)])
    south = shapely.Polygon([*border, (116.5, 39.8), (116.3, 39.8)])
    for name in ("gcj02", "bd09", "wgs84"):
        a, b = geometries_to_wgs84(np.array([north, south]), coord_sys=name)
        assert a.is_valid
        assert b.is_valid
        assert np.array_equal(shapely.get_coordinates(a)[:300], shapely.get_coordinates(b)[:300])
        assert shapely.relate_pattern(a, b, "F***1****")


def test_a_vertex_of_two_areas_is_converted_once(monkeypatch):
    """Vector arithmetic may differ in the last bit by place in the array; here it does so plainly."""

    def drift(x, y, *, coord_sys):
        return x + np.arange(x.size) * 1e-9, y

    monkeypatch.setattr(crs, "to_wgs84", drift)
    west, east = shapely.box(116, 39, 117, 40), shapely.box(117, 39, 118, 40)
    got = geometries_to_wgs84(np.array([west, east]), coord_sys="gcj02")
    assert shapely.relate_pattern(got[0], got[1], "F***1****")


def test_geometries_of_every_kind_lose_their_height_and_keep_their_index():
    point, line = shapely.Point(116.404, 39.915, 50), shapely.LineString([(116.4, 39.9, 1), (116.5, 39.9, 2)])
    area = shapely.box(116, 39, 117, 40).difference(shapely.box(116.2, 39.2, 116.4, 39.4))
    parts = shapely.GeometryCollection([point, area])
    given = gpd.GeoSeries(
        [point, line, area, parts, None, shapely.from_wkt("POLYGON Z EMPTY")],
        index=list("abcdef"),
        name="geom",
    )
    got = geometries_to_wgs84(given, coord_sys="gcj02")
    assert got.index.tolist() == list("abcdef")
    assert got.name == "geom"
    assert got.crs == "EPSG:4326"
    assert got["a"].x == pytest.approx(116.39775575457, abs=1e-10)
    assert not shapely.has_z(got.array).any()
    assert got["e"] is None
    assert got["f"].is_empty
    assert shapely.get_type_id(got["c"]) == 3
    assert given["a"].z == 50


def test_a_geometry_with_a_vertex_beyond_the_zone_comes_out_missing():
    good = shapely.box(35_410_500, 3_393_000, 35_410_600, 3_393_100)
    bad = shapely.LineString([(35_410_500, 3_393_000), (410_500, 3_393_000)])
    got = geometries_to_wgs84(np.array([good, bad, None], dtype=object), coord_sys="cgcs2000-zone35")
    assert [g is None for g in got] == [False, True, True]
    with pytest.raises(CrsError, match="None of the 2 positions"):
        geometries_to_wgs84(np.array([shapely.LineString([(1, 2), (3, 4)])]), coord_sys="cgcs2000-zone35")


def test_no_geometries_at_all():
    assert geometries_to_wgs84(np.array([], dtype=object), coord_sys="bd09").shape == (0,)
    assert geometries_to_wgs84(gpd.GeoSeries([]), coord_sys="cgcs2000-cm105").crs == "EPSG:4326"


# --- metric CRS ---


@pytest.mark.parametrize(
    ("place", "lon", "lat", "epsg"),
    [
        ("Chengdu", 104.07, 30.66, 4544),
        ("Tongchuan", 109.08, 34.9, 4545),
        ("Changsha", 112.98, 28.19, 4547),
        ("Zhengzhou", 113.63, 34.75, 4547),
        ("Huainan", 117.0, 32.6, 4548),
        ("Tainan", 120.2, 23.0, 4549),
        ("western edge", 73.6, 39.0, 4534),
        ("eastern edge", 136.4, 48.0, 4554),
        ("zone border", 106.501, 30.0, 4545),
        ("Boston", -71.06, 42.36, 32619),
        ("New York", -74.0, 40.7, 32618),
        ("Porto Alegre", -51.2, -30.05, 32722),
        ("London", 0.0, 51.5, 32631),
        ("antimeridian", 180.0, -17.0, 32701),
    ],
)
def test_domain_5_2_the_metric_crs_of_a_place(place, lon, lat, epsg):
    table = gpd.GeoDataFrame(geometry=gpd.points_from_xy([lon], [lat]), crs=4326)
    assert metric_crs(table).to_epsg() == epsg, place
    assert metric_crs(table.geometry.to_crs(3857)).to_epsg() == epsg


def test_the_metric_crs_needs_a_crs_and_nothing_else():
    with pytest.raises(CrsError, match="`cases` has no coordinate reference system"):
        metric_crs(gpd.GeoSeries([shapely.Point(104, 30)]), name="cases")
    assert metric_crs(gpd.GeoSeries([], crs=4326)).to_epsg() == 4544


# --- checks ---


def test_fault_B06_swapped_points_are_found_and_never_exchanged():
    lon, lat = (
        np.array([23.13, 113.26, np.nan, 23.13, -71.06]),
        np.array([113.26, 23.13, 113.26, np.nan, 42.36]),
    )
    assert looks_swapped(lon, lat).tolist() == [True, False, False, False, False]
    assert (lon[0], lat[0]) == (23.13, 113.26)


def test_fault_B06_a_jurisdiction_box_finds_swaps_that_are_possible_degrees():
    boston = (-71.19, 42.23, -70.92, 42.40)
    assert looks_swapped([42.36, -71.06], [-71.06, 42.36], around=boston).tolist() == [True, False]
    assert looks_swapped([42.36], [-71.06]).tolist() == [False]
    diagonal = (30.0, 30.0, 40.0, 40.0)
    assert looks_swapped([31.0], [39.0], around=diagonal).tolist() == [False]


@given(lon=st.floats(CHINA_BOX[0], CHINA_BOX[2]), lat=st.floats(CHINA_BOX[1], CHINA_BOX[3]))
def test_fault_B06_every_point_of_china_is_told_from_its_swap(lon, lat):
    assert not looks_swapped(lon, lat)
    assert looks_swapped(lat, lon)


def test_degrees_pass_with_missing_ones():
    require_degrees([104.0, np.nan, -180.0, 180.0], [30.0, 30.0, -89.9, np.nan], name="cases")
    assert fits_degrees([104.0, np.nan, 181, 180], [30.0, 30.0, 0, -89.9]).tolist() == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("code", "lon", "lat"),
    [
        ("degrees_are_metres", 35_410_500.0, 3_393_000.0),  # B07
        ("degrees_are_metres", 412_345.0, 3_393_000.0),
        ("degrees_swapped", 30.66, 104.07),  # B06
        ("degrees_swapped", -33.9, 151.2),
        ("degrees_out_of_range", 181.0, 30.0),  # B25
        ("degrees_out_of_range", -180.1, 30.0),
        ("degrees_out_of_range", 104.0, 90.0),
        ("degrees_out_of_range", 104.0, -90.0),
        ("degrees_out_of_range", np.inf, 30.0),  # B02
    ],
)
def test_faults_B02_B06_B07_B25_what_is_no_degree_is_refused_with_count_and_first_row(code, lon, lat):
    with pytest.raises(CrsError, match=r"^2 of 4 rows of `cases` .*first row 3: ") as caught:
        require_degrees([104.0, np.nan, lon, lon], [30.0, lat, lat, lat], name="cases")
    assert caught.value.code == code
    assert "第 3 行" in caught.value.say("zh")
    with pytest.raises(CrsError, match="first row 712: "):
        require_degrees([lon], [lat], name="cases", rows=[712])


def test_fault_B25_geometries_beyond_the_degrees_or_across_180_are_refused():
    good = shapely.box(104, 30, 105, 31)
    require_geometry_degrees(np.array([good, None, shapely.Polygon()], dtype=object), name="areas")
    across = shapely.box(-179.9, -17, 179.9, -16)
    with pytest.raises(CrsError, match="1 geometries of `areas` span more than half the earth; first row 2"):
        require_geometry_degrees(np.array([good, across]), name="areas")
    with pytest.raises(CrsError, match=r"1 of 2 rows of `areas` .* first row 9: "):
        require_geometry_degrees(np.array([good, shapely.box(170, 0, 181, 1)]), name="areas", rows=[7, 9])
    with pytest.raises(CrsError, match="look like metres"):
        require_geometry_degrees(gpd.GeoSeries([shapely.box(4e5, 3e6, 5e5, 4e6)]), name="areas")


def test_no_projection_asks_the_network():
    crs._projection.cache_clear()
    pyproj.network.set_network_enabled(active=True)
    to_wgs84([12_000_000.0], [4_000_000.0], coord_sys="epsg:3857")
    assert not pyproj.network.is_network_enabled()
