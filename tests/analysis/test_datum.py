"""The system that is named is the one in which corners lie on what is known; otherwise nothing is named."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.datum import (
    LEAST_VERTICES,
    MOST_VERTICES,
    convert_as,
    judge_datum,
    outlines,
)
from geo.crs import (
    bd09_to_wgs84,
    distance_m,
    gcj02_to_wgs84,
    geometries_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from geo.intake.layers import read_layer
from geo.intake.limits import Limits

SIDE = 0.01
"""About 1 km, so that no shift lays one border on the next."""


def lattice(n: int = 4, west: float = 104.0, south: float = 30.6) -> np.ndarray:
    """Squares side by side, with a corner every 100 m."""
    at = [(west + i * SIDE, south + j * SIDE) for i in range(n) for j in range(n)]
    cells = [shapely.segmentize(shapely.box(x, y, x + SIDE, y + SIDE), SIDE / 10) for x, y in at]
    return np.array(cells, dtype=object)


def corners(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return tuple(shapely.get_coordinates(shapes).T)


def judge(shapes: np.ndarray, known: np.ndarray, stated=None):
    return judge_datum(*corners(shapes), {"areas": known}, stated=stated)


def shifted(shapes: np.ndarray, convert) -> np.ndarray:
    return shapely.transform(shapes, lambda xy: np.column_stack(convert(xy[:, 0], xy[:, 1])))


@pytest.mark.parametrize(
    ("convert", "name"), [(None, "wgs84"), (wgs84_to_gcj02, "gcj02"), (wgs84_to_bd09, "bd09")]
)
@pytest.mark.parametrize("stated", [None, "wgs84", "gcj02", "bd09"])
def test_the_system_a_layer_is_in_is_named_whatever_it_was_said_to_be(convert, name, stated):
    known = lattice()
    file = known if convert is None else shifted(known, convert)
    judged = judge(file, known, stated)
    assert (judged.best.coord_sys, judged.best.doubted, judged.reference) == (name, "file", "areas")
    assert judged.verdict == ("fits" if (stated or "wgs84") == name else "differs")
    assert judged.best.share_within == 1.0 and judged.best.median_m < 0.01
    assert judged.n_vertices == len(np.unique(shapely.get_coordinates(known), axis=0))


def test_the_shares_are_those_counted_by_hand():
    # Of 100 corners along a known meridian, 25 lie 9 m from it and 75 lie 11 m.
    line = shapely.LineString([(104.0, 30.60), (104.0, 30.64)])
    lat = np.linspace(30.601, 30.639, 100)
    m_lon = float(distance_m(104.0, 30.62, 105.0, 30.62))
    away = np.where(np.arange(100) < 25, 9.0, 11.0) / m_lon
    judged = judge_datum(104.0 + away, lat, {"streets": np.array([line])}, stated="wgs84")
    assert judged.as_stated.share_within == 0.25
    assert judged.as_stated.median_m == pytest.approx(11.0, abs=0.05)
    assert (judged.verdict, judged.best.coord_sys) == ("fits", "wgs84")


def test_the_shift_and_its_direction_are_those_of_the_conversion():
    known = lattice()
    file = shifted(known, wgs84_to_gcj02)
    judged = judge(file, known, "wgs84")
    lon, lat = 104.02, 30.62
    east, north = wgs84_to_gcj02(lon, lat)
    assert judged.shift_m == pytest.approx(float(distance_m(lon, lat, east, north)), rel=0.02)
    # GCJ-02 lies south-east of WGS84 in Chengdu, so the true place is north-west of the one read.
    assert east > lon and north < lat and judged.bearing in ("nw", "w")


def test_stored_data_under_the_wrong_name_is_what_is_doubted():
    true = lattice()
    judged = judge(true, shifted(true, wgs84_to_gcj02), "wgs84")
    assert (judged.verdict, judged.best.coord_sys, judged.best.doubted) == ("differs", "gcj02", "stored")


def test_what_lies_on_nothing_known_is_not_judged():
    known = lattice()
    far = lattice(west=106.0)
    assert judge(far, known).verdict == "no_reference"
    assert judge(known[:0], known).verdict == "no_reference"
    assert judge(known, known[:0]).verdict == "no_reference"
    few = shapely.MultiPoint(shapely.get_coordinates(known)[: LEAST_VERTICES - 1])
    assert judge(np.array([few]), known).verdict == "no_reference"


def test_corners_that_fit_no_better_in_one_system_are_left_undecided():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(104.0, 104.04, 500), rng.uniform(30.6, 30.64, 500)
    assert judge_datum(lon, lat, {"areas": lattice()}, stated="gcj02").verdict == "undecided"


def test_a_lead_that_is_more_than_chance_and_still_small_names_nothing():
    # 100 corners lie on a known meridian as WGS84, 50 on another one as GCJ-02, 850 on neither: 10 % against
    # 5 % is (100 - 50) / sqrt(150) = 4.1 standard errors, and yet no lead to go by.
    meridians = np.array([shapely.LineString([(lon, 30.5), (lon, 30.7)]) for lon in (104.0, 104.2)])
    lat = np.linspace(30.55, 30.65, 1000)
    lon = np.full(1000, 103.9895)
    lon[:100] = 104.0
    lon[100:150], lat[100:150] = wgs84_to_gcj02(np.full(50, 104.2), lat[100:150])
    judged = judge_datum(lon, lat, {"streets": meridians}, stated="wgs84")
    shares = {(fit.coord_sys, fit.doubted): fit.share_within for fit in judged.fits}
    assert (shares["wgs84", "file"], shares["gcj02", "file"]) == (0.1, 0.05)
    assert judged.verdict == "undecided"


def test_outside_china_gcj02_is_the_same_place_and_is_not_listed():
    known = lattice(west=-71.1, south=42.3)
    judged = judge(known, known, "gcj02")
    assert (judged.verdict, {(fit.coord_sys, fit.doubted) for fit in judged.fits}) == (
        "fits",
        {("wgs84", "file"), ("bd09", "file"), ("bd09", "stored")},
    )


def test_the_first_group_that_decides_is_asked_and_no_further_one():
    known = lattice()
    rng = np.random.default_rng(2)
    chance = shapely.linestrings(rng.uniform((104, 30.6), (104.04, 30.64), (40, 2, 2)))
    file = shifted(known, wgs84_to_gcj02)
    judged = judge_datum(*corners(file), {"streets": chance, "areas": known}, stated=None)
    assert (judged.verdict, judged.reference, judged.best.coord_sys) == ("differs", "areas", "gcj02")


def test_the_order_of_corners_and_lines_does_not_matter():
    known = lattice()
    file = shifted(known, wgs84_to_gcj02)
    assert judge(file, known, "wgs84") == judge(file[::-1], known[::-1], "wgs84")


def test_many_corners_are_thinned_out_evenly():
    known = shapely.segmentize(lattice(6), SIDE / 100)
    judged = judge(shifted(known, wgs84_to_gcj02), known)
    assert judged.n_vertices <= MOST_VERTICES
    assert judged.best.coord_sys == "gcj02"


@settings(max_examples=20)
@given(
    west=st.floats(80, 125), south=st.floats(20, 45), noise_m=st.floats(0, 4), seed=st.integers(0, 99),
    name=st.sampled_from(["wgs84", "gcj02", "bd09"]),
)  # fmt: skip
def test_a_surveyor_of_some_metres_changes_nothing_anywhere_in_china(west, south, noise_m, seed, name):
    known = lattice(3, west, south)
    lon, lat = corners(known)
    noise = np.random.default_rng(seed).normal(0, noise_m / 111_000, (2, len(lon)))
    lon, lat = lon + noise[0], lat + noise[1]
    if name != "wgs84":
        lon, lat = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}[name](lon, lat)
    judged = judge_datum(lon, lat, {"areas": known}, stated="wgs84")
    if judged.verdict != "undecided":  # a shift may by chance lay one border on the next
        assert (judged.best.coord_sys, judged.best.doubted) == (name, "file")


def test_a_fit_converts_as_it_says():
    known = lattice(1)
    lon, lat = corners(known)
    judged = judge(shifted(lattice(), wgs84_to_gcj02), lattice())
    fits = {(fit.coord_sys, fit.doubted): fit for fit in judged.fits}
    for key, expected in (
        (("wgs84", "file"), (lon, lat)),
        (("gcj02", "file"), gcj02_to_wgs84(lon, lat)),
        (("bd09", "file"), bd09_to_wgs84(lon, lat)),
        (("gcj02", "stored"), wgs84_to_gcj02(lon, lat)),
        (("bd09", "stored"), wgs84_to_bd09(lon, lat)),
    ):
        if key in fits:
            np.testing.assert_array_equal(np.array(convert_as(lon, lat, fits[key])), np.array(expected))


def test_outlines_are_the_rings_and_lines_of_shapes_of_every_kind():
    hole = shapely.Polygon(shapely.box(0, 0, 3, 3).exterior, [shapely.box(1, 1, 2, 2).exterior])
    mixed = shapely.GeometryCollection([shapely.LineString([(0, 0), (1, 1)]), shapely.Point(5, 5)])
    found = outlines(np.array([hole, None, mixed], dtype=object))
    assert sorted(shapely.length(found).round(6)) == [round(2**0.5, 6), 4.0, 12.0]


# --- real files ---


def real(folder, path: str, coord_sys: str) -> np.ndarray:
    layer = read_layer(folder / "boundaries" / path, file_name=path, limits=Limits())
    shapes = layer.table.geometry.to_numpy(dtype=object)
    return geometries_to_wgs84(shapes[~shapely.is_missing(shapes)], coord_sys=coord_sys)


@pytest.mark.realdata
@pytest.mark.parametrize("city", ["110000", "440300"])
def test_fault_B08_of_the_twins_of_beijing_and_shenzhen_one_is_named_gcj02_and_one_wgs84(shared_data, city):
    known = real(shared_data, f"cn_wgs84/{city}.json", "wgs84")
    for folder, name in (("cn_wgs84", "wgs84"), ("cn_gcj02", "gcj02")):
        judged = judge(real(shared_data, f"{folder}/{city}.json", "wgs84"), known)
        assert (judged.best.coord_sys, judged.best.doubted) == (name, "file")
        assert judged.best.share_within == 1.0
        assert max(fit.share_within for fit in judged.fits[1:]) < 0.02


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("reference", "coord_sys", "least"),
    [("shenzhen_pygeo/sz.shp", "wgs84", 0.98), ("shenzhen_taz/SZ_districts.shp", "epsg:3857", 0.08)],
)
def test_fault_B08_the_twins_of_shenzhen_are_told_by_borders_and_zones_that_others_drew(
    shared_data, reference, coord_sys, least
):
    known = real(shared_data, reference, coord_sys)
    for folder, name in (("cn_wgs84", "wgs84"), ("cn_gcj02", "gcj02")):
        judged = judge(real(shared_data, f"{folder}/440300.json", "wgs84"), known, "wgs84")
        assert judged.verdict == ("fits" if name == "wgs84" else "differs")
        assert (judged.best.coord_sys, judged.best.doubted) == (name, "file")
        assert judged.best.share_within > least
