"""Every code of a GeoJSON comes out as issued, every broken feature is told by its number."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import FileError, GeoError, LimitError
from geo.intake.limits import Limits
from tests.intake.layer_files import SQUARE, code_of, collection, feature, read


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
