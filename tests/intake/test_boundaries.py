"""Every area of a boundary file is kept as issued or refused with its row, its code and the reason."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ChoiceError, CrsError, GeoError, MissingError
from geo.intake.boundaries import BoundaryChoices, check_boundaries
from geo.intake.layers import read_layer
from geo.messages import MESSAGES, say
from geo.schema import TABLES
from tests.intake.boundary_files import BOW_TIE, LIMITS, SPIKE, check, remarked, square, told


def test_a_good_area_has_the_columns_of_the_schema_and_the_row_of_the_file():
    checked = check(
        (
            {
                "code": "1",
                "名称": " 第一网格 ",
                "上级": "C1",
                "类型": "小区",
                "人口": "1,200",
                "户": 400.0,
                "备注": "x",
            },
            square(104),
        ),
        ({"code": 2, "名称": None, "人口": ""}, square(104.01)),
        name_column="名称",
        parent_column="上级",
        kind_column="类型",
        residents_column="人口",
        households_column="户",
    )
    assert list(checked.rows.columns) == [name for name in TABLES["areas"].names if name != "set_id"]
    first, second = checked.rows.loc[1], checked.rows.loc[2]
    assert (first.area_id, first["name"], first.parent_id, first.kind) == ("1", "第一网格", "C1", "小区")
    assert (first.residents, first.households) == (1200, 400)
    assert json.loads(first.attributes) == {"备注": "x"}
    assert (second["name"], pd.isna(second.parent_id), pd.isna(second.residents)) == ("2", True, True)
    assert checked.rows.crs.to_epsg() == 4326
    assert set(checked.rows.geom.geom_type) == {"MultiPolygon"}
    assert (first.west, first.south, first.east, first.north) == pytest.approx((104, 30.6, 104.01, 30.61))
    # 0.01 degrees: 958.3 m by 1108.6 m at 30.605 north
    assert first.area_m2 == pytest.approx(958.3 * 1108.6, rel=1e-3)
    assert (checked.n_read, checked.n_rejected) == (2, 0)


def test_gcj02_is_turned_back_and_the_user_s_word_wins_over_the_format():
    plain, shifted = (
        check(({"code": "1"}, square(104.0682)), coord_sys=name).rows.iloc[0] for name in ("wgs84", "gcj02")
    )
    # Chengdu: about 361 m to the west and north (domain sheet 5.3)
    assert (plain.west - shifted.west) * 95_800 == pytest.approx(240, abs=25)
    assert abs(plain.south - shifted.south) * 110_900 == pytest.approx(270, abs=25)


def test_no_system_named_inside_china_is_asked_about():
    with pytest.raises(ChoiceError):
        check(({"code": "1"}, square(104)), coord_sys=None)
    with pytest.raises(CrsError):
        check(({"code": "1"}, square(104)), coord_sys="cgcs2000-cm105")


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(MissingError, match="Code2"):
        check(({"code": "1"}, square(104)), id_column="Code2")


def test_fault_B20_a_code_that_stands_twice_is_refused_in_both_rows_and_blocks_the_file():
    checked = check(
        ({"code": "1"}, square(104)), ({"code": "2"}, square(104.1)), ({"code": " 1"}, square(104.2))
    )
    assert told(checked) == [[1, "place_id_twice"], [3, "place_id_twice"]]
    assert [(note.code, note.severity, dict(note.values)) for note in checked.notes] == [
        ("place_ids_twice", "blocks", {"n": 2, "n_codes": 1})
    ]


def test_fault_B20_names_that_look_the_same_in_one_parent_are_remarked_on():
    rows = [("1", "第1网格", "C1"), ("2", "第１ 网格", "C1"), ("3", "第1网格", "C2"), ("4", "第2网格", "C1")]
    checked = check(
        *(({"code": code, "name": name, "up": up}, square(104 + int(code) / 100)) for code, name, up in rows),
        name_column="name",
        parent_column="up",
    )
    assert remarked(checked) == [[1, "place_names_alike"], [2, "place_names_alike"]]
    assert len(checked.rows) == 4


def test_a_figure_that_is_none_is_left_out_and_remarked_on():
    rows = ["-5", "abc", "1.2.3", "12,34", "inf", "1e400"]
    checked = check(
        *(({"code": str(n), "pop": text}, square(104 + n / 100)) for n, text in enumerate(rows, start=1)),
        residents_column="pop",
    )
    assert remarked(checked) == [[n, "figure_not_number"] for n in range(1, 7)]
    assert checked.rows["residents"].isna().all() and len(checked.rows) == 6


def test_fault_C02_hostile_keys_and_values_are_kept_as_text():
    hostile = {"<script>": "<img src=x onerror=alert(1)>", "a'; DROP TABLE areas; --": "=1+1", "": "x"}
    row = check(({"code": "1", "name": "<b>网格</b>"} | hostile, square(104)), name_column="name").rows.iloc[
        0
    ]
    assert row["name"] == "<b>网格</b>"
    assert json.loads(row.attributes) == hostile


def test_every_problem_a_check_can_tell_has_a_sentence_in_both_languages():
    for language in ("zh", "en"):
        for code in MESSAGES:
            if code.startswith(
                ("place_", "polygon_", "geometry_", "feature_", "figure_", "population_c", "building_")
            ):
                if code in ("place_ids_twice", "place_columns_needed", "place_ids_from_rows"):
                    continue
                if "{size}" in MESSAGES[code].en:
                    continue  # told of findings on a map, not of rows: tests/tasks/test_boundary_checks.py
                if "{file}" not in MESSAGES[code].en:
                    assert say(code, language, row=7, column="code", value="x")


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_features_changes_nothing_but_row_numbers(random):
    features = [
        ({"code": "1"}, square(104)),
        ({"code": "2"}, BOW_TIE),
        ({"code": "3"}, SPIKE),
        ({"code": "3"}, square(105)),
        ({"code": "5.1e5"}, square(106)),
        ({"code": "6"}, None),
        ({"code": "7"}, square(107)),
    ]
    plain = check(*features)
    order = list(range(len(features)))
    random.shuffle(order)
    mixed = check(*(features[at] for at in order))
    assert sorted(mixed.rows["area_id"]) == sorted(plain.rows["area_id"]) == ["1", "7"]
    back = sorted((order[row - 1] + 1, code) for row, code in told(mixed))
    assert back == sorted(map(tuple, told(plain)))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("path", "level", "column", "coord_sys", "n", "remarks"),
    [
        (
            "cases/boston/Boston_Neighborhoods.geojson",
            "subdistrict",
            "Neighborhood_ID",
            None,
            26,
            ["polygon_mended"],
        ),
        ("cases/nyc/nyc_community_districts.geojson", "district", "BoroCD", None, 71, []),
        ("cases/la/la_neighborhood_councils.geojson", "district", "nc_id", None, 99, []),
        ("boundaries/shenzhen_taz/SZ_districts.shp", "grid", "TAZID", None, 491, []),
        ("boundaries/shenzhen_pygeo/sz.shp", "district", "qh", "wgs84", 10, []),
        ("boundaries/cn_wgs84/440300.json", "district", "adcode", "wgs84", 9, []),
        ("boundaries/cn_wgs84/110000.json", "district", "adcode", "wgs84", 16, ["polygon_mended"]),
        ("cases/boston/boston_police_districts_shp.zip", "district", "DISTRICT", None, 12, []),
    ],
)
def test_real_boundaries_come_in_whole(shared_data, path, level, column, coord_sys, n, remarks):
    layer = read_layer(shared_data / path, file_name=path, limits=LIMITS)
    checked = check_boundaries(layer, BoundaryChoices(level, column, coord_sys=coord_sys))
    assert (len(checked.rows), checked.n_rejected) == (n, 0)
    assert checked.remarks["code"].tolist() == remarks
    assert not any(note.severity == "blocks" for note in checked.notes)


@pytest.mark.realdata
def test_the_seven_files_of_tainan_are_one_level_of_6102_areas(shared_data):
    files = sorted((shared_data / "boundaries/tainan_basecode").glob("*.json"))
    layer = read_layer(files, file_name=[file.name for file in files], limits=LIMITS)
    choices = BoundaryChoices("microgrid", "CODEBASE", parent_column="CODE1", coord_sys="wgs84")
    checked = check_boundaries(layer, choices)
    assert (len(checked.rows), checked.n_rejected, len(checked.remarks)) == (6102, 0, 0)
    assert checked.rows.loc[1, "area_id"] == "A6731-0920-00"
    assert [note.code for note in checked.notes] == ["heights_dropped"]


@pytest.mark.realdata
def test_a_shapefile_without_prj_must_be_named(shared_data):
    layer = read_layer(shared_data / "boundaries/shenzhen_pygeo/sz.shp", file_name="sz.shp", limits=LIMITS)
    with pytest.raises(ChoiceError) as caught:
        check_boundaries(layer, BoundaryChoices("district", "qh"))
    assert caught.value.code == "crs_not_named"


@pytest.mark.realdata
@pytest.mark.parametrize("city", ["110000", "440300"])
def test_fault_B05_the_gbk_twins_agree_to_a_metre_once_gcj02_is_turned_back(shared_data, city):
    def areas(folder: str, coord_sys: str) -> gpd.GeoDataFrame:
        layer = read_layer(shared_data / f"boundaries/{folder}/{city}.json", file_name=city, limits=LIMITS)
        assert (layer.encoding, layer.is_encoding_sure) == ("gb18030", True)
        return check_boundaries(
            layer, BoundaryChoices("district", "adcode", name_column="name", coord_sys=coord_sys)
        ).rows

    plain, shifted = areas("cn_wgs84", "wgs84"), areas("cn_gcj02", "gcj02")
    assert plain["name"].tolist() == shifted["name"].tolist()
    assert "深圳" in plain["name"].iloc[0] or all(name.endswith(("区", "县")) for name in plain["name"])
    sides = ["west", "south", "east", "north"]
    gap = np.abs(plain[sides].to_numpy() - shifted[sides].to_numpy()).max() * 111_000
    assert gap < 3.0


MESSY = {
    "gdal/first_geometry_null.gpkg": ["geometry_missing"],
    "gdal/srs_name.geojson": ["geometry_kind_unused"],
    "geojson_validator/invalid_inner_and_exterior_ring_intersect.geojson": ["polygon_invalid"],
    "geojson_validator/invalid_less_three_unique_nodes.geojson": ["geometry_ring_too_short"],
    "geojson_validator/invalid_unclosed.geojson": ["geometry_ring_open"],
    "geojson_validator/problematic_outside_lat_lon_boundaries.geojson": ["geometry_ring_open"],
    "geojson_validator/problematic_self_intersection_small.geojson": ["polygon_invalid"],
    "geojson_validator/problematic_3d_coordinates.geojson": [],
    "geojson_validator/invalid_exterior_not_ccw.geojson": [],
    "geojsonhint/bad-polygonloop.geojson": ["geometry_coordinates_broken"],
    "mapshaper/openring.json": ["geometry_ring_open"],
    "mapshaper/six_counties_three_null.json": ["geometry_missing"] * 3,
    "mapshaper/invalid_coordinates.shp": ["geometry_not_finite"],
    "r5/duplicate-fields.shp": [],
    "r5/hkzones-mixed-geometries.geojson": ["geometry_not_polygon"] * 2,
    "turf/hexagons-issue742.geojson": [],
}


@pytest.mark.realdata
@pytest.mark.parametrize(("path", "codes"), list(MESSY.items()))
def test_a_messy_file_is_told_for_what_it_is(shared_data, path, codes):
    layer = read_layer(shared_data / "messy" / path, file_name=path, limits=LIMITS)
    named = "wgs84" if layer.crs_basis in ("none", "format") else None
    if not layer.columns:
        layer.table.insert(0, "n", [str(row) for row in layer.table.index])
    column = "id" if "hkz" in path else layer.columns[0]
    if column not in layer.columns:
        layer.table.insert(0, column, [str(row) for row in layer.table.index])
    checked = check_boundaries(layer, BoundaryChoices("grid", column, coord_sys=named))
    geometry = checked.rejected[~checked.rejected["code"].str.startswith("place_")]
    assert geometry["code"].tolist() == codes


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("gdal/empty.osm", "layer_is_markup"),
        ("r5/empty.geojson", "file_empty"),
        ("shapefilejs/htmlprj.shp", "shapefile_part_missing"),
        ("gdal/csv_with_utf8_bom.csv", "layer_format_unknown"),
        ("gdal/chinese.dbf", "shapefile_part_missing"),
        ("mapshaper/mixed_crs.gpkg", "layer_not_named"),
    ],
)
def test_a_messy_file_that_is_no_layer_is_refused_by_its_sentence(shared_data, path, code):
    with pytest.raises(GeoError) as caught:
        read_layer(shared_data / "messy" / path, file_name=path, limits=LIMITS)
    assert caught.value.code == code
    assert "/" not in caught.value.say("en").replace(path, "").replace("1/", "")


def test_a_square_given_as_multipolygon_is_the_same_area():
    one = check(({"code": "1"}, square(104)))
    many = check(({"code": "1"}, [square(104)]), kind="MultiPolygon")
    assert one.rows.geom.iloc[0].equals(many.rows.geom.iloc[0])
