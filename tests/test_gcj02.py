"""GCJ-02 and BD-09 follow the published arithmetic, and their inverses bring every point back."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import gcj02
from geo.gcj02 import (
    GCJ02_BOX,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    inside_box,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from geo.measure import distance_m, metres_per_degree

WEST, SOUTH, EAST, NORTH = GCJ02_BOX
MM_DEG = 1e-3 / 111_320
NAMED_STEPS = [wgs84_to_gcj02, gcj02_to_wgs84, gcj02_to_bd09, bd09_to_gcj02, wgs84_to_bd09, bd09_to_wgs84]


def random_points(n, *, box=(73.6, 18.2, 134.8, 53.5), seed=7):
    rng = np.random.default_rng(seed)
    return rng.uniform(box[0], box[2], n), rng.uniform(box[1], box[3], n)


def off_m(a, b):
    """Distance in metres of two sets of nearby points, good to a nanometre (a geodesic is not)."""
    lon_m, lat_m = metres_per_degree(a[1])
    return np.hypot((a[0] - b[0]) * lon_m, (a[1] - b[1]) * lat_m)


def bd09_shortcut(lon, lat):
    """The inverse everybody uses for BD-09, as published, in polar coordinates."""
    x, y = lon - 0.0065, lat - 0.006
    wave = np.pi * 3000 / 180
    radius = np.hypot(x, y) - 0.00002 * np.sin(y * wave)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * wave)
    return radius * np.cos(angle), radius * np.sin(angle)


@pytest.mark.parametrize(
    ("step", "point", "answer", "within_deg"),
    [
        (wgs84_to_gcj02, (116.404, 39.915), (116.41024449916938, 39.91640428150164), 1e-12),
        (gcj02_to_bd09, (116.404, 39.915), (116.41036949371028, 39.9213369935102), 1e-12),
        (gcj02_to_wgs84, (116.404, 39.915), (116.39775575457, 39.91359623561), 1e-11),
        (bd09_to_gcj02, (116.404, 39.915), (116.39762708786, 39.90865633948), 1e-11),
        (wgs84_to_gcj02, (104.0657, 30.6595), (104.06820740, 30.65707914), 1e-8),
        (wgs84_to_bd09, (104.0657, 30.6595), (104.07470170, 30.66310927), 1e-8),
        (wgs84_to_gcj02, (112.9836, 28.1940), (112.98918135, 28.19059964), 1e-8),
        (wgs84_to_bd09, (112.9836, 28.1940), (112.99574716, 28.19629681), 1e-8),
    ],
)
def test_domain_5_3_vectors(step, point, answer, within_deg):
    lon, lat = step(*point)
    assert (float(lon), float(lat)) == pytest.approx(answer, abs=within_deg)


def test_domain_5_3_one_pass_vectors_differ_from_the_converged_inverse_by_6_cm():
    lon, lat = wgs84_to_gcj02(116.404, 39.915)
    one_pass = (2 * 116.404 - lon, 2 * 39.915 - lat)
    assert one_pass == pytest.approx((116.39775550083061, 39.91359571849836), abs=1e-12)
    assert off_m(gcj02_to_wgs84(116.404, 39.915), one_pass) == pytest.approx(0.06, abs=0.005)

    one_pass = bd09_shortcut(116.404, 39.915)
    assert one_pass == pytest.approx((116.39762729119315, 39.90865673957631), abs=1e-12)


@pytest.mark.parametrize(
    ("point", "answer", "shift_m"),
    [
        ((121.5272106, 31.1774276), (121.53154186, 31.17530398), 475),
        ((116.377817, 39.911954), (116.38404722, 39.91334546), 554),
    ],
)
def test_oracle_R5_1_forward_and_R5_2_inverse(point, answer, shift_m):
    lon, lat = wgs84_to_gcj02(*point)
    assert (float(lon), float(lat)) == pytest.approx(answer, abs=1e-8)
    assert float(distance_m(*point, lon, lat)) == pytest.approx(shift_m, abs=1)
    assert off_m(gcj02_to_wgs84(*answer), point) < 0.005  # the published figure has 8 decimals


@pytest.mark.parametrize(
    "point",
    [
        *[(-71.06, 42.36), (-0.12, 51.5), (151.2, -33.9), (0.0, 0.0), (180.0, 89.0)],
        *[(72.0039, 35.0), (137.8348, 35.0), (105.0, 0.8292), (105.0, 55.8272)],
    ],
)
def test_oracle_R5_2_outside_china_gcj02_is_the_identity(point):
    for step in (wgs84_to_gcj02, gcj02_to_wgs84):
        lon, lat = step(*point)
        assert (float(lon), float(lat)) == point


@pytest.mark.parametrize(
    ("city", "point", "shift_m"),
    [
        ("Changsha", (112.98, 28.19), 665),
        ("Zhengzhou", (113.63, 34.75), 568),
        ("Beijing", (116.40, 39.91), 555),
        ("Shanghai", (121.47, 31.23), 481),
        ("Chengdu", (104.07, 30.66), 361),
    ],
)
def test_domain_5_3_shift_at_seed_cities(city, point, shift_m):
    assert float(distance_m(*point, *wgs84_to_gcj02(*point))) == pytest.approx(shift_m, abs=5)


def test_one_sine_an_axis_gives_the_sums_of_the_published_formula():
    lon, lat = random_points(100_000, box=GCJ02_BOX)
    x, y = (lon - 105) * np.pi, (lat - 35) * np.pi
    sin = np.sin
    both = 20 * sin(6 * x) + 20 * sin(2 * x)
    polynomial = 0.1 * (lon - 105) * (lat - 35)
    root = np.sqrt(np.abs(lon - 105))
    east_m = 300 + (lon - 105) + 2 * (lat - 35) + 0.1 * (lon - 105) ** 2 + polynomial + 0.1 * root
    east_m += (both + 20 * sin(x) + 40 * sin(x / 3) + 150 * sin(x / 12) + 300 * sin(x / 30)) * 2 / 3
    north_m = -100 + 2 * (lon - 105) + 3 * (lat - 35) + 0.2 * (lat - 35) ** 2 + polynomial + 0.2 * root
    north_m += (both + 20 * sin(y) + 40 * sin(y / 3) + 160 * sin(y / 12) + 320 * sin(y / 30)) * 2 / 3
    a, e2 = 6378245.0, 0.00669342162296594323
    bulge = 1 - e2 * sin(np.radians(lat)) ** 2
    d_lon = np.degrees(east_m / (a / np.sqrt(bulge) * np.cos(np.radians(lat))))
    d_lat = np.degrees(north_m / (a * (1 - e2) / bulge**1.5))
    got_lon, got_lat = gcj02._gcj02_shift(lon, lat)
    assert np.abs(got_lon - d_lon).max() < 1e-15
    assert np.abs(got_lat - d_lat).max() < 1e-15


def test_domain_5_3_shift_sizes_on_200_000_random_points():
    points = random_points(200_000)
    gcj = wgs84_to_gcj02(*points)
    bd = gcj02_to_bd09(*gcj)

    quantiles = [0, 0.05, 0.5, 0.95, 1]
    within = [6, 3, 3, 3, 6]
    shift = np.quantile(distance_m(*points, *gcj), quantiles)
    assert (np.abs(shift - [18, 159, 430, 618, 713]) <= within).all(), shift
    second = np.quantile(distance_m(*gcj, *bd), [0, 0.5, 1])
    assert (np.abs(second - [763, 888, 985]) <= 2).all(), second
    both = np.quantile(distance_m(*points, *bd), [0, 0.5, 1])
    assert (np.abs(both - [691, 1095, 1516]) <= 10).all(), both

    east = random_points(200_000, box=(97.5, 20, 124, 42))
    shift = np.quantile(distance_m(*east, *wgs84_to_gcj02(*east)), quantiles)
    assert (np.abs(shift - [29, 183, 497, 617, 678]) <= within).all(), shift


@pytest.mark.parametrize(
    ("passes", "median_m", "maximum_m"),
    [(1, 0.70, 4.7), (2, 1.2e-3, 30e-3), (3, 2e-6, 0.2e-3), (4, 4e-9, 1.2e-6)],
)
def test_domain_5_3_inverse_error_after_n_passes(monkeypatch, passes, median_m, maximum_m):
    points = random_points(200_000)
    gcj = wgs84_to_gcj02(*points)
    monkeypatch.setattr(gcj02, "_GCJ02_PASSES", passes)
    error_m = off_m(gcj02_to_wgs84(*gcj), points)
    assert np.median(error_m) == pytest.approx(median_m, rel=0.3)
    assert error_m.max() == pytest.approx(maximum_m, rel=0.2)


def test_domain_5_3_bd09_inverse_error_after_n_passes():
    """The first pass is the usual shortcut; each further one takes the shift from the last answer."""
    points = random_points(200_000)
    bd = gcj02_to_bd09(*points)
    answer = bd09_shortcut(*bd)
    for maximum_m in (0.22, 1.6e-3, 14e-6):
        assert off_m(answer, points).max() == pytest.approx(maximum_m, rel=0.2)
        again = gcj02_to_bd09(*answer)
        answer = bd[0] - (again[0] - answer[0]), bd[1] - (again[1] - answer[1])


def test_inverse_is_far_under_1_mm_for_200_000_random_points():
    points = random_points(200_000, box=(WEST, SOUTH, EAST - 0.01, NORTH - 0.01), seed=11)
    assert off_m(gcj02_to_wgs84(*wgs84_to_gcj02(*points)), points).max() < 1e-6
    assert off_m(bd09_to_wgs84(*wgs84_to_bd09(*points)), points).max() < 1e-6
    anywhere = random_points(200_000, box=(-180, -89, 180, 89), seed=12)
    assert off_m(bd09_to_gcj02(*gcj02_to_bd09(*anywhere)), anywhere).max() < 1e-6


@given(lon=st.floats(-180, 180), lat=st.floats(-89.9, 89.9))
def test_inverse_brings_every_point_back_unless_its_image_left_the_box(lon, lat):
    image = wgs84_to_gcj02(lon, lat)
    back = gcj02_to_wgs84(*image)
    if inside_box(np.float64(lon), np.float64(lat), GCJ02_BOX) and not inside_box(*image, GCJ02_BOX):
        assert EAST - lon < 0.01 or NORTH - lat < 0.01
        assert (back[0], back[1]) == (image[0], image[1])
    else:
        assert back == pytest.approx((lon, lat), abs=MM_DEG)
    bd = bd09_to_gcj02(*gcj02_to_bd09(lon, lat))
    assert bd == pytest.approx((lon, lat), abs=MM_DEG)


def test_points_on_either_side_of_the_box_edge_come_back_except_570_and_320_m_inside_east_and_north():
    rng = np.random.default_rng(3)
    n = 20_000
    along_lon = rng.uniform(WEST + 0.03, EAST - 0.03, n)
    along_lat = rng.uniform(SOUTH + 0.03, NORTH - 0.03, n)
    aside = rng.uniform(-0.02, 0.02, n)
    edges = {
        "west": (WEST + aside, along_lat),
        "east": (EAST + aside, along_lat),
        "south": (along_lon, SOUTH + aside),
        "north": (along_lon, NORTH + aside),
    }
    for edge, points in edges.items():
        error_m = off_m(gcj02_to_wgs84(*wgs84_to_gcj02(*points)), points)
        lost = error_m > 1e-3
        lon_m, lat_m = metres_per_degree(points[1])
        inside_m = {"east": -aside * lon_m, "north": -aside * lat_m}.get(edge)
        if inside_m is None:
            assert not lost.any()
        else:
            assert lost.any()
            assert inside_m[lost].min() >= 0
            assert inside_m[lost].max() < {"east": 570, "north": 320}[edge]


def test_hong_kong_is_inside_the_box_and_so_is_shifted_as_documented():
    lon, lat = 114.17, 22.28
    assert 400 < float(distance_m(lon, lat, *wgs84_to_gcj02(lon, lat))) < 700


def test_the_kink_at_105_degrees_east_converges():
    """The root of the distance from 105°E has no slope there; the worst point is off by 1 micrometre."""
    lon = 105 + np.concatenate([[0.0], *(s * np.logspace(-15, -3, 200) for s in (1, -1))])
    points = lon, np.full(lon.size, 30.0)
    assert off_m(gcj02_to_wgs84(*wgs84_to_gcj02(*points)), points).max() < 2e-6


def test_the_origin_of_bd09_stays_finite():
    points = np.array([0.0, 1e-9, -1e-9, 0.0]), np.array([0.0, 1e-9, 0.0, 1e-300])
    assert off_m(bd09_to_gcj02(*gcj02_to_bd09(*points)), points).max() < 1e-3


@pytest.mark.parametrize("step", NAMED_STEPS)
def test_missing_and_infinite_positions_come_out_missing_and_alone(step):
    lon = np.array([104.0, np.nan, 104.0, np.inf, 104.0, -np.inf])
    lat = np.array([30.0, 30.0, np.nan, 30.0, np.inf, -np.inf])
    out = step(lon, lat)
    for values in out:
        assert np.isfinite(values).tolist() == [True] + [False] * 5
        assert not np.isinf(values).any()
    assert (out[0][0], out[1][0]) == pytest.approx([float(v) for v in step(104.0, 30.0)], abs=1e-12)


@pytest.mark.parametrize("step", NAMED_STEPS)
def test_empty_arrays_shapes_and_inputs_are_kept(step):
    assert [v.shape for v in step([], [])] == [(0,), (0,)]
    lon, lat = (v.reshape(5, 4) for v in random_points(20))
    before = lon.copy(), lat.copy()
    lon.setflags(write=False)
    out = step(lon, lat)
    assert out[0].shape == (5, 4)
    assert out[0].flags.writeable
    assert not np.shares_memory(out[0], lon)
    assert np.array_equal(lon, before[0])
    assert np.array_equal(lat, before[1])


@pytest.mark.parametrize("step", NAMED_STEPS)
def test_values_that_are_no_degrees_pass_unchanged_and_without_a_warning(step):
    lon, lat = step(np.array([35_500_000.0, 1e308]), np.array([3_400_000.0, -1e308]))
    assert lon.tolist() == [35_500_000.0, 1e308]
    assert lat.tolist() == [3_400_000.0, -1e308]


@pytest.mark.parametrize("step", NAMED_STEPS)
def test_neither_order_nor_company_changes_an_answer(step):
    points = random_points(20_011)
    order = np.random.default_rng(5).permutation(20_011)
    whole = step(*points)
    shuffled = step(points[0][order], points[1][order])
    alone = step(points[0][:1], points[1][:1])
    for axis in (0, 1):
        assert np.abs(whole[axis][order] - shuffled[axis]).max() <= 1e-13
        assert abs(whole[axis][0] - alone[axis][0]) <= 1e-13


@pytest.mark.realdata
def test_oracle_R5_3_664_cities(shared_data):
    """Measured: WGS84 within 7.4e-6 degrees (a rounded, unconverged original), GCJ-02 to BD-09 1e-7."""
    cities = json.loads((shared_data / "coords/gcoord_china-cities.json").read_text(encoding="utf-8"))
    assert len(cities) == 664
    table = {k: np.array([c["coords"][k] for c in cities]).T for k in ("WGS84", "GCJ02", "BD09")}
    for step, source, target, within_deg in [
        (wgs84_to_gcj02, "WGS84", "GCJ02", 1e-5),
        (gcj02_to_wgs84, "GCJ02", "WGS84", 1e-5),
        (gcj02_to_bd09, "GCJ02", "BD09", 2e-7),
        (bd09_to_gcj02, "BD09", "GCJ02", 2e-7),
        (wgs84_to_bd09, "WGS84", "BD09", 1e-5),
        (bd09_to_wgs84, "BD09", "WGS84", 1e-5),
    ]:
        error_deg = np.abs(np.array(step(*table[source])) - table[target]).max()
        assert error_deg < within_deg, (source, target, error_deg)


@pytest.mark.realdata
@pytest.mark.parametrize(("code", "n_districts", "n_vertices"), [("110000", 16, 4228), ("440300", 9, 2911)])
def test_twin_district_files_agree_vertex_by_vertex(shared_data, code, n_districts, n_vertices):
    """Measured: within 6.5e-10 degrees (0.07 mm); their maker iterated too, one pass is off by 3e-5."""

    def read(folder):
        text = (shared_data / f"boundaries/{folder}/{code}.json").read_text(encoding="gb18030")
        features = json.loads(text)["features"]
        parts = [shapely.from_geojson(json.dumps(f["geometry"])) for f in features]
        return [f["properties"]["adcode"] for f in features], shapely.get_coordinates(parts).T

    true_codes, true = read("cn_wgs84")
    shifted_codes, shifted = read("cn_gcj02")
    assert true_codes == shifted_codes
    assert len(true_codes) == n_districts
    assert true.shape == shifted.shape == (2, n_vertices)
    assert off_m(gcj02_to_wgs84(*shifted), true).max() < 1e-4
    assert off_m(wgs84_to_gcj02(*true), shifted).max() < 1e-4
