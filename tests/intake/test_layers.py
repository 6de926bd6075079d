"""A layer is what its first bytes say; its system is named or asked for; several files are one layer."""

from __future__ import annotations

import geopandas as gpd
import pytest

from geo.errors import ChoiceError, CrsError, EmptyError, FileError, LimitError
from geo.intake.layers import choose_layer_coord_sys, read_layer, swap_layer
from geo.intake.limits import Limits
from tests.intake.layer_files import BOSTON, LIMITS, SQUARE, code_of, collection, feature, read, shapefile


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "layer_is_markup"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><html></html>", "layer_is_markup"),
        ("<html></html>".encode("utf-16"), "layer_is_markup"),
        (b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>", "layer_is_markup"),
        (b"a,b\n1,2\n", "layer_format_unknown"),
        (b"\x1f\x8b\x08\x00", "layer_is_packed"),
        (b"\x89PNG\r\n\x1a\n", "layer_format_unknown"),
        (b"[1, 2]", "geojson_is_list"),
        (b'{"type": "Topology", "arcs": {}, "objects": {"a": {}}}', "topojson_broken"),
        (b'{"type": "Topology", "arcs": [["x"]], "objects": {"a": {}}}', "topojson_broken"),
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
    for named in (None, "wgs84", "gcj02"):
        with pytest.raises(CrsError, match="500000") as caught:
            choose_layer_coord_sys(layer, named)
        assert caught.value.code == "crs_looks_projected"
        assert "cgcs2000-cm75 … cgcs2000-cm135" in caught.value.say("zh")
    assert choose_layer_coord_sys(layer, "cgcs2000-cm105")[0] == "cgcs2000-cm105"


@pytest.mark.parametrize(
    ("middle", "guesses"),
    [
        # Zone 35 in front; Web Mercator of 104.07, 30.66; what fits no system of China.
        ((35_500_000, 3_386_000), "cgcs2000-zone35 (105.00, 30.59)"),
        ((11_585_000, 3_588_000), "epsg:3857 (104.07, 30.66)"),
        ((-2_240_000, 2_110_000), None),
    ],
)
def test_fault_B07_metres_are_told_for_what_they_can_be(middle, guesses):
    x, y = middle
    layer = read(collection(feature(coordinates=[[[x, y], [x + 100, y], [x, y + 100], [x, y]]])))
    with pytest.raises(CrsError) as caught:
        choose_layer_coord_sys(layer)
    assert caught.value.code == ("crs_looks_projected" if guesses else "crs_not_believable")
    assert caught.value.values.get("guesses") == guesses


def test_fault_B06_latitude_before_longitude_is_asked_about_and_read_when_exchanged():
    swapped = [[[y, x] for x, y in SQUARE[0]]]
    layer = read(collection(feature(coordinates=swapped)))
    for named in (None, "wgs84"):
        with pytest.raises(CrsError) as caught:
            choose_layer_coord_sys(layer, named)
        assert caught.value.code == "crs_axes_exchanged"
    system, notes = choose_layer_coord_sys(swap_layer(layer), "wgs84")
    assert (system, [note.code for note in notes]) == ("wgs84", ["layer_axes_swapped"])


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
