"""A layer is what its first bytes say; every code comes out as issued, every broken feature is told."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, box

from geo.errors import ChoiceError, CrsError, EmptyError, FileError, GeoError, LimitError, MissingError
from geo.intake.dbf import read_dbf
from geo.intake.layers import choose_layer_coord_sys, read_layer
from geo.intake.limits import Limits

LIMITS = Limits()
SQUARE = [[[104.0, 30.6], [104.01, 30.6], [104.01, 30.61], [104.0, 30.61], [104.0, 30.6]]]
BOSTON = [[[-71.1, 42.3], [-71.0, 42.3], [-71.0, 42.4], [-71.1, 42.4], [-71.1, 42.3]]]


def feature(
    properties: object = None, coordinates: object = SQUARE, kind: str = "Polygon", **more: object
) -> dict:
    return {
        "type": "Feature",
        "properties": {} if properties is None else properties,
        "geometry": {"type": kind, "coordinates": coordinates},
        **more,
    }


def collection(*features: object, **more: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", **more, "features": list(features)}).encode()


def read(content: bytes | Path, **choices: object):
    return read_layer(content, file_name="层.geojson", limits=choices.pop("limits", LIMITS), **choices)


def code_of(content: bytes | Path, error: type[GeoError] = FileError, **choices: object) -> str:
    with pytest.raises(error) as caught:
        read(content, **choices)
    return caught.value.code


def zip_of(folder: Path, *, stem: str = "layer", under: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.glob(f"{stem}.*")):
            archive.write(path, under + path.name)
    return buffer.getvalue()


def shapefile(folder: Path, *, crs: object = 4326, encoding: str = "UTF-8", **columns: list) -> Path:
    shapes = [
        box(104 + n / 100, 30.6, 104.01 + n / 100, 30.61) for n in range(len(next(iter(columns.values()))))
    ]
    path = folder / "layer.shp"
    gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_file(path, encoding=encoding)
    return path


# --- what a file is ---


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "layer_is_markup"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><html></html>", "layer_is_markup"),
        ("<html></html>".encode("utf-16"), "layer_is_markup"),
        (b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>", "layer_is_markup"),
        (b"a,b\n1,2\n", "layer_format_unknown"),
        (b"\x1f\x8b\x08\x00", "layer_format_unknown"),
        (b"\x89PNG\r\n\x1a\n", "layer_format_unknown"),
        (b"[1, 2]", "geojson_is_list"),
        (b'{"type": "Topology", "arcs": [], "objects": {}}', "layer_is_topojson"),
        (b'{"geometryType": "esriGeometryPolygon", "features": [{"geometry": {}}]}', "layer_is_esri_json"),
        (b'{"type": "FeatureCollection", "features": {"a": 1}}', "geojson_features_not_list"),
        (b'{"type": "FeatureCollection"}', "geojson_features_not_list"),
        (b'{"hello": 1}', "json_not_geojson"),
        (b"{}", "json_not_geojson"),
        (b"SQLite format 3\x00" + b"\x00" * 200, "geopackage_damaged"),
        (b"\x00\x00\x27\x0a" + b"\x00" * 100, "shapefile_part_missing"),
    ],
)
def test_fault_A19_what_a_file_is_follows_from_its_content(content, code):
    assert code_of(content) == code


def test_fault_B26_a_layer_without_features_is_nothing_to_import():
    assert code_of(b"", EmptyError) == "file_empty"
    assert code_of(collection(), EmptyError) == "layer_empty"


# --- GeoJSON ---


def test_fault_B01_a_truncated_file_is_refused_with_the_place_wherever_it_breaks_off():
    whole = collection(feature({"id": "1"}), feature({"id": "2", "name": "网格"}))
    for end in range(2, len(whole) - 1):
        with pytest.raises(FileError) as caught:
            read(whole[:end])
        assert caught.value.code == "json_broken", end
        assert caught.value.values["line"] == 1


@pytest.mark.parametrize("tail", [b",", b"{}", b"]", b"x"])
def test_text_behind_the_end_is_refused(tail):
    assert code_of(collection(feature()) + tail) == "json_broken"


@pytest.mark.parametrize(
    "text", ['{"type": "FeatureCollection", "features": [{},]}', '{"type": "Feature",}', "{1: 2}"]
)
def test_json_that_only_some_readers_take_is_refused(text):
    assert code_of(text.encode()) == "json_broken"


def test_fault_B03_deep_nesting_is_refused():
    assert code_of(b'{"type": "FeatureCollection", "features": ' + b"[" * 100_000) == "json_too_deep"


def test_fault_B02_numbers_that_are_none_cost_their_feature():
    text = (
        '{"type": "FeatureCollection", "features": ['
        '{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [NaN, 1]}},'
        '{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1e400, 1]}},'
        '{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [-0, 1]}}]}'
    )
    layer = read(text.encode())
    assert layer.problems["row"].tolist() == [1, 2]
    assert set(layer.problems["code"]) == {"geometry_not_finite"}
    long = collection(feature({"id": "x"})).replace(b'"x"', b"1" * 5000)
    assert code_of(long) == "json_number_too_long"


BROKEN = [
    ("feature_not_object", "text"),
    ("feature_properties_not_object", feature(["a"])),
    ("feature_type_wrong", feature() | {"type": "Foo"}),
    ("geometry_missing", {"type": "Feature", "properties": {}, "geometry": None}),
    ("geometry_missing", {"type": "Feature", "properties": {}}),
    ("geometry_kind_unknown", feature(kind="Circle")),
    ("geometry_kind_unknown", {"type": "Feature", "properties": {}, "geometry": [1]}),
    ("geometry_kind_unused", feature(kind="GeometryCollection")),
    ("geometry_kind_unused", feature(kind="MultiPoint", coordinates=[[104, 30]])),
    ("geometry_empty", feature(coordinates=[])),
    ("geometry_coordinates_broken", feature(coordinates="foo")),
    ("geometry_coordinates_broken", feature(coordinates=[[1, 2], [3, 4]])),
    ("geometry_coordinates_broken", feature(coordinates=[[["104", "30"], [1, 2], [2, 2], ["104", "30"]]])),
    ("geometry_coordinates_broken", feature(coordinates=[[[1], [2], [3], [1]]])),
    ("geometry_coordinates_broken", feature(coordinates=[[]])),
    (
        "geometry_coordinates_broken",
        feature(coordinates=[[[True, False], [True, True], [False, True], [True, False]]]),
    ),
    ("geometry_ring_open", feature(coordinates=[SQUARE[0][:-1]])),
    ("geometry_ring_too_short", feature(coordinates=[[[1, 2], [3, 4], [1, 2]]])),
    ("geometry_ring_too_short", feature(coordinates=[[[1, 2]] * 5])),
    ("geometry_line_too_short", feature(coordinates=[[1, 2]], kind="LineString")),
    ("feature_text_not_storable", feature({"na\x00me": "x"})),
    ("feature_text_not_storable", feature({"name": "\ud800"})),
]


@pytest.mark.parametrize(("code", "broken"), BROKEN)
def test_fault_B04_B10_a_broken_feature_is_told_by_its_number_and_the_others_are_kept(code, broken):
    layer = read(collection(feature({"id": "1"}), broken, feature({"id": "3"})))
    assert layer.n_features == 3
    assert layer.problems[["row", "code"]].to_numpy().tolist() == [[2, code]]
    assert layer.table.geometry.isna().tolist() == [False, True, False]
    assert layer.table["id"].tolist()[::2] == ["1", "3"]


def test_fault_B04_a_key_that_stands_twice_is_told():
    text = b'{"type": "Feature", "properties": {"a": 1, "a": 2}, "geometry": null}'
    assert read(text).problems[["code", "column_name"]].to_numpy().tolist() == [["feature_key_twice", "a"]]


def test_fault_B13_heights_are_dropped_and_counted_even_in_uneven_rings():
    tall = [[[x, y, 12.5] for x, y in SQUARE[0]]]
    uneven = [[SQUARE[0][0], [*SQUARE[0][1], 7.0], *SQUARE[0][2:]]]
    layer = read(collection(feature(coordinates=tall), feature(coordinates=uneven), feature()))
    assert layer.n_heights == 2
    assert not layer.table.geometry.has_z.any()
    assert layer.table.geometry.geom_equals(layer.table.geometry.iloc[2]).all()


def test_coordinates_of_many_decimals_come_back_to_the_last_bit():
    x = 104.12345678901234567890
    ring = [[[x, 30.6], [104.2, 30.6], [104.2, 30.7], [x, 30.6]]]
    assert read(collection(feature(coordinates=ring))).table.geometry.iloc[0].bounds[0] == x


def test_fault_B21_codes_keep_every_digit_and_attributes_are_text():
    values = {
        "long": 510104001001001001001,
        "real": 43001.0,
        "text": "043001",
        "damaged": 4.30102e17,
        "yes": True,
        "none": None,
        "list": [1, "网格"],
        "share": 0.5,
    }
    row = read(collection(feature(values))).table.iloc[0]
    assert row["long"] == "510104001001001001001"
    assert row["real"] == "43001"
    assert row["text"] == "043001"
    assert row["damaged"] == "4.30102e+17"
    assert row["yes"] == "true"
    assert "none" not in row or row.isna()["none"]
    assert row["list"] == '[1, "网格"]'
    assert row["share"] == "0.5"


def test_the_id_beside_the_properties_is_a_column_unless_they_have_one():
    table = read(collection(feature({}, id=7), feature({"id": "own"}, id=8))).table
    assert table["id"].tolist() == ["7", "own"]


def test_fault_C02_hostile_keys_stay_text_and_a_property_called_geometry_gets_another_name():
    keys = ["<img src=x onerror=alert(1)>", "a' OR 1=1 --", "=cmd|' /C calc'!A0", "geometry", ""]
    layer = read(collection(feature(dict.fromkeys(keys, "v"))))
    assert layer.columns == (*keys[:3], "geometry (2)", "")
    assert layer.table.geometry.iloc[0].geom_type == "MultiPolygon"


def test_a_single_feature_and_a_single_geometry_are_layers_of_one():
    assert read(json.dumps(feature({"id": "1"})).encode()).table["id"].tolist() == ["1"]
    assert read(json.dumps({"type": "Polygon", "coordinates": SQUARE}).encode()).n_features == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_fault_B05_the_encoding_is_found_and_the_names_are_right(encoding):
    names = ["大慈寺社区第一网格", "东大路街道办事处", "春熙路社区居民委员会"]
    text = collection(*(feature({"名称": name}) for name in names)).decode()
    layer = read(json.dumps(json.loads(text), ensure_ascii=False).encode(encoding))
    assert layer.table["名称"].tolist() == names
    assert layer.is_encoding_sure
    assert (layer.encoding or "").startswith(encoding[:5].replace("utf-1", "utf-1"))


def test_an_encoding_that_was_chosen_and_does_not_fit_is_refused_with_the_line():
    content = '{"type":"FeatureCollection",\n"features":[]}// 网格'.encode("gb18030")
    with pytest.raises(FileError) as caught:
        read(content, encoding="utf-8")
    assert (caught.value.code, caught.value.values["line"]) == ("encoding_does_not_fit", 2)


def test_fault_B14_limits_on_features_vertices_and_columns():
    three = collection(feature(), feature(), feature())
    assert code_of(three, LimitError, limits=Limits(max_features=2)) == "layer_too_many_features"
    assert code_of(three, LimitError, limits=Limits(max_vertices=14)) == "layer_too_many_vertices"
    wide = collection(feature({"a": 1, "b": 2}), feature({"c": 3}))
    assert code_of(wide, LimitError, limits=Limits(max_columns=2)) == "layer_too_many_columns"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_sentence_or_read(content):
    try:
        read(b'{"type": "FeatureCollection", "features": [' + content)
    except GeoError as error:
        assert error.say("zh") and error.say("en")


# --- coordinate systems ---


def test_geojson_without_a_named_system_is_taken_by_its_rule_outside_china_and_asked_about_inside():
    abroad = read(collection(feature(coordinates=BOSTON)))
    system, notes = choose_layer_coord_sys(abroad)
    assert (system, [note.code for note in notes]) == ("wgs84", ["crs_by_format"])
    with pytest.raises(ChoiceError) as caught:
        choose_layer_coord_sys(read(collection(feature())))
    assert caught.value.code == "crs_not_named"
    assert choose_layer_coord_sys(read(collection(feature()), coord_sys="GCJ-02"))[0] == "gcj02"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "wgs84"),
        ("urn:ogc:def:crs:EPSG::4490", "cgcs2000"),
        ("EPSG:4547", "cgcs2000-cm114"),
    ],
)
def test_fault_B07_a_crs_member_is_read(name, expected):
    metres = [[[500_000, 3_386_000], [501_000, 3_386_000], [501_000, 3_387_000], [500_000, 3_386_000]]]
    shape = metres if "4547" in name else SQUARE
    layer = read(collection(feature(coordinates=shape), crs={"type": "name", "properties": {"name": name}}))
    assert (layer.declared_crs, layer.crs_basis, layer.believable) == (expected, "file", True)
    assert choose_layer_coord_sys(layer)[0] == expected


def test_fault_B07_metres_in_a_file_that_says_degrees_are_refused_until_named():
    metres = [[[500_000, 3_386_000], [501_000, 3_386_000], [501_000, 3_387_000], [500_000, 3_386_000]]]
    layer = read(collection(feature(coordinates=metres)))
    assert not layer.believable
    for named, code in ((None, "crs_not_believable"), ("wgs84", "crs_named_is_degrees")):
        with pytest.raises(CrsError, match="500000") as caught:
            choose_layer_coord_sys(layer, named)
        assert caught.value.code == code
    assert choose_layer_coord_sys(layer, "cgcs2000-cm105")[0] == "cgcs2000-cm105"


def test_fault_B07_degrees_named_as_metres_are_refused():
    with pytest.raises(CrsError) as caught:
        choose_layer_coord_sys(read(collection(feature())), "epsg:3857")
    assert caught.value.code == "crs_named_is_metres"


def test_a_name_overrides_the_file_and_that_is_noted():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    system, notes = choose_layer_coord_sys(read(collection(feature(), crs=crs)), "bd09")
    assert (system, [note.code for note in notes]) == ("bd09", ["crs_overrides_file"])


def test_a_system_nobody_knows_must_be_named():
    layer = read(collection(feature(), crs={"type": "name", "properties": {"name": "urn:local:city-grid"}}))
    with pytest.raises(ChoiceError) as caught:
        choose_layer_coord_sys(layer)
    assert caught.value.code == "crs_not_known"


@pytest.mark.parametrize("epsg", [4326, 4490, 4547, 4523, 3857, 2326, 2249])
def test_a_prj_written_by_other_programs_is_recognised(epsg, tmp_path):
    path = shapefile(tmp_path, crs=4326, code=["1"])
    gpd.read_file(path).to_crs(epsg).to_file(path)
    declared = read(path).declared_crs
    assert declared is not None and choose_layer_coord_sys(read(path))[0] == declared
    gap = read(path).table.geometry.iloc[0].bounds
    assert gap == pytest.approx(gpd.read_file(path).geometry.iloc[0].bounds)


@pytest.mark.parametrize("epsg", [2434, 2412])  # Beijing 1954 and Xian 1980, meridian 108
def test_an_old_chinese_survey_is_not_taken_for_cgcs2000(epsg, tmp_path):
    path = shapefile(tmp_path, crs=4326, code=["1"])
    gpd.read_file(path).to_crs(epsg).to_file(path)
    assert "cgcs2000" not in (read(path).declared_crs or "")


@pytest.mark.parametrize(
    ("old", "new"), [("500000.0", "600000.0"), ("298.257222101", "298.3"), ("114.0", "113.5")]
)
def test_a_local_grid_that_borrows_an_official_name_is_not_taken_for_it(old, new, tmp_path):
    path = shapefile(tmp_path, crs=4326, code=["1"])
    gpd.read_file(path).to_crs(4547).to_file(path)
    prj = path.with_suffix(".prj")
    assert read(path).declared_crs == "cgcs2000-cm114"
    assert old in prj.read_text()
    prj.write_text(prj.read_text().replace(old, new))
    layer = read(path)
    assert (layer.declared_crs, layer.crs_basis) == (None, "unknown")


# --- Shapefile ---


def test_a_shapefile_is_read_by_path_and_from_a_zip_with_folders_the_same(tmp_path):
    path = shapefile(tmp_path, code=["043001", "043002"], name=["第一网格", "第二网格"])
    by_path, by_zip = read(path), read(zip_of(tmp_path, under="数据/"))
    assert by_path.table["code"].tolist() == ["043001", "043002"]
    assert by_path.table.drop(columns="geometry").equals(by_zip.table.drop(columns="geometry"))
    assert by_path.table.geometry.geom_equals(by_zip.table.geometry).all()
    assert by_path.sha256 != by_zip.sha256


@pytest.mark.parametrize(("python", "ogr"), [("gb18030", "GBK"), ("utf-8", "UTF-8"), ("big5hkscs", "BIG5")])
def test_fault_B05_attributes_without_cpg_are_decoded_by_their_text(python, ogr, tmp_path):
    names = (
        ["中正社區第一網格", "東門街道安平里", "環境衛生大樓"]
        if ogr == "BIG5"
        else ["大慈寺社区第一网格", "东大路街道办事处", "春熙路社区居民委员会"]
    )
    path = shapefile(tmp_path, encoding=ogr, name=names)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    content = bytearray(path.with_suffix(".dbf").read_bytes())
    content[29] = 0x57
    path.with_suffix(".dbf").write_bytes(content)
    layer = read(path)
    assert layer.table["name"].tolist() == names
    assert layer.encoding == python
    assert read(path, encoding=python).table["name"].tolist() == names


def test_a_wrong_encoding_of_attributes_is_refused_not_garbled(tmp_path):
    path = shapefile(tmp_path, encoding="GBK", name=["大慈寺社区", "东大路街道"])
    assert code_of(path, encoding="utf-8") == "layer_encoding_wrong"
    assert code_of(path, ChoiceError, encoding="klingon") == "layer_encoding_unknown"


@pytest.mark.parametrize(
    ("cpg", "encoding"),
    [
        ("GBK", "gb18030"),
        ("936", "gb18030"),
        ("CP936", "gb18030"),
        ("ANSI 1250", "cp1250"),
        ("ISO-8859-1", "iso8859-1"),
        ("UTF-8\r\n", "utf-8"),
        ("65001", "utf-8"),
        ("OEM 950", "big5hkscs"),
    ],
)
def test_the_encoding_a_cpg_file_names_is_taken(cpg, encoding, tmp_path):
    path = shapefile(tmp_path, code=["1"])
    path.with_suffix(".cpg").write_text(cpg)
    assert read(path).encoding == encoding


def test_fault_A08_a_missing_part_is_named(tmp_path):
    for part in (".dbf", ".shx"):
        folder = tmp_path / part[1:]
        folder.mkdir()
        path = shapefile(folder, code=["1"])
        path.with_suffix(part).unlink()
        with pytest.raises(FileError, match=part) as caught:
            read(path)
        assert caught.value.code == "shapefile_part_missing"
        assert code_of(zip_of(folder)) == "shapefile_part_missing"


def test_fault_A08_A09_a_table_that_does_not_fit_is_refused(tmp_path):
    path = shapefile(tmp_path, code=["1", "2", "3"])
    dbf = path.with_suffix(".dbf")
    whole = dbf.read_bytes()
    dbf.write_bytes(whole[:4] + struct.pack("<I", 2**31 - 1) + whole[8:])
    assert code_of(path) == "shapefile_part_damaged"
    dbf.write_bytes(whole[:-30])
    assert code_of(path) == "shapefile_part_damaged"
    dbf.write_bytes(whole[:4] + struct.pack("<I", 2) + whole[8:])
    assert code_of(path) == "shapefile_parts_differ"


def test_fault_B21_a_code_of_twenty_digits_in_a_number_column_keeps_them():
    # One field CODE, N 20, two records.
    header = struct.pack("<B3BIHH20x", 3, 126, 1, 1, 2, 32 + 32 + 1, 1 + 20)
    field = b"CODE".ljust(11, b"\x00") + b"N" + b"\x00" * 4 + bytes([20, 0]) + b"\x00" * 14
    body = b" " + b"51010400100100100101" + b" " + b"1054.00".rjust(20)
    table = read_dbf(header + field + b"\r" + body, cpg=None, encoding=None, file_name="x.dbf").table
    assert table["CODE"].tolist() == ["51010400100100100101", "1054"]


def test_deleted_records_are_left_out_and_the_others_keep_their_shapes(tmp_path):
    path = shapefile(tmp_path, code=["1", "2", "3"])
    dbf = path.with_suffix(".dbf")
    content = bytearray(dbf.read_bytes())
    _, header_bytes, record_bytes = struct.unpack("<IHH", content[4:12])
    content[header_bytes + record_bytes] = 0x2A
    dbf.write_bytes(content)
    layer = read(path)
    assert layer.table["code"].tolist() == ["1", "3"]
    assert layer.table.geometry.bounds["minx"].tolist() == pytest.approx([104.0, 104.02])


def test_several_shapefiles_in_one_zip_must_be_named(tmp_path):
    shapefile(tmp_path, code=["1"])
    for path in list(tmp_path.glob("layer.*")):
        (tmp_path / f"other{path.suffix}").write_bytes(path.read_bytes())
    content = zip_of(tmp_path, stem="*")
    assert code_of(content, ChoiceError) == "layer_not_named"
    assert read(content, layer="other").n_features == 1


def test_a_geojson_or_geopackage_in_a_zip_is_read():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/网格.geojson", collection(feature({"id": "1"})))
    assert read(buffer.getvalue()).table["id"].tolist() == ["1"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", b"")
    assert code_of(buffer.getvalue()) == "archive_holds_no_layer"


def test_fault_A05_a_hostile_zip_is_refused_as_a_layer_too():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../evil.geojson", collection(feature()))
    assert code_of(buffer.getvalue()) == "archive_name_unsafe"


# --- GeoPackage ---


def geopackage(folder: Path, *layers: str) -> Path:
    path = folder / "plain.gpkg"
    for name in layers:
        table = gpd.GeoDataFrame(
            {"code": [43001, 43002], "share": [1.0, 0.5]}, geometry=[box(104, 30, 105, 31), None], crs=4490
        )
        table.to_file(path, layer=name, driver="GPKG")
    return path.replace(folder / "层!x.gpkg")


def test_a_geopackage_is_read_by_its_one_layer_or_by_name(tmp_path):
    path = geopackage(tmp_path, "网格")
    layer = read(path)
    assert layer.table["code"].tolist() == ["43001", "43002"]
    assert layer.table["share"].tolist() == ["1", "0.5"]
    assert (layer.declared_crs, layer.crs_basis) == ("cgcs2000", "file")
    assert layer.problems[["row", "code"]].to_numpy().tolist() == [[2, "geometry_missing"]]
    assert read(path.read_bytes()).table["code"].tolist() == ["43001", "43002"]
    geopackage(tmp_path, "网格", "社区")
    with pytest.raises(ChoiceError, match=r"社区, 网格") as caught:
        read(path)
    assert caught.value.code == "layer_not_named"
    assert read(path, layer="社区").n_features == 2
    assert code_of(path, MissingError, layer="x'; DROP TABLE y; --") == "layer_unknown"


def test_fault_B12_every_kind_of_geometry_that_is_none_to_use_is_listed(tmp_path):
    path = tmp_path / "x.gpkg"
    shapes = [
        Point(104, 30),
        MultiPolygon(),
        Point(np.inf, 30),
        None,
        gpd.points_from_xy([1], [2]).union_all(),
    ]
    gpd.GeoDataFrame({"a": range(5)}, geometry=shapes, crs=4326).to_file(path, driver="GPKG")
    found = dict(read(path).problems[["row", "code"]].to_numpy().tolist())
    assert found == {2: "geometry_empty", 3: "geometry_not_finite", 4: "geometry_missing"}


# --- several files ---


def test_several_files_are_one_layer_with_features_numbered_on():
    files = [collection(feature({"id": "1"}), feature(["x"])), collection(feature({"id": "3", "more": "x"}))]
    layer = read_layer(files, file_name=["a.json", "b.json"], limits=LIMITS)
    assert layer.table.index.tolist() == [1, 2, 3]
    assert layer.table["id"].tolist()[::2] == ["1", "3"]
    assert layer.problems["row"].tolist() == [2]
    assert [(part.file_name, part.first_row, part.n_features) for part in layer.parts] == [
        ("a.json", 1, 2),
        ("b.json", 3, 1),
    ]
    assert layer.file_name == "a.json (+1)"
    with pytest.raises(LimitError):
        read_layer(files, file_name=["a", "b"], limits=Limits(max_features=2))
    with pytest.raises(ChoiceError):
        read_layer(files, file_name=["a"], limits=LIMITS)


def test_files_of_different_systems_are_not_joined():
    crs = {"type": "name", "properties": {"name": "EPSG:4490"}}
    with pytest.raises(FileError) as caught:
        read_layer(
            [collection(feature()), collection(feature(), crs=crs)], file_name=["a", "b"], limits=LIMITS
        )
    assert caught.value.code == "layer_files_differ"


def test_the_digest_is_that_of_the_content_and_the_source_is_not_changed(tmp_path):
    content = collection(feature({"id": "1"}))
    path = tmp_path / "a.geojson"
    path.write_bytes(content)
    assert read(path).sha256 == read(content).sha256
    assert read(content + b" ").sha256 != read(content).sha256
    assert [item.name for item in tmp_path.iterdir()] == ["a.geojson"]
