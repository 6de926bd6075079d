"""Addresses are matched exactly or not at all, whatever the spelling; nothing is placed by a guess."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from geo.analysis.address_text import fold_address, read_numeral
from geo.analysis.addresses import BUILDING_ERROR_M, STREET_NUMBER_ERROR_M, match_addresses
from geo.analysis.gazetteer import Gazetteer, build_gazetteer
from geo.characters import TRADITIONAL

# One district of two communities, 0.02 x 0.01 degrees; 锦绣花园 stands once in each of them.
AREAS = gpd.GeoDataFrame(
    [
        ("510104", "district", "锦江区", box(104.00, 30.60, 104.02, 30.61)),
        ("510104001", "subdistrict", "书院街街道", box(104.00, 30.60, 104.02, 30.61)),
        ("510104001001", "community", "大慈寺社区", box(104.00, 30.60, 104.01, 30.61)),
        ("510104001002", "community", "东升社区", box(104.01, 30.60, 104.02, 30.61)),
        ("510104001001001", "grid", "第一网格", box(104.00, 30.60, 104.01, 30.605)),
        ("510104001002001", "grid", "第一网格", box(104.01, 30.60, 104.02, 30.605)),
        ("Y1", "courtyard", "锦绣花园", box(104.001, 30.601, 104.003, 30.603)),
        ("Y2", "courtyard", "锦绣花园", box(104.011, 30.601, 104.013, 30.603)),
        ("Y3", "courtyard", "东大路28号院", box(104.005, 30.601, 104.007, 30.603)),
        ("Y4", "courtyard", "望江小区", box(104.015, 30.606, 104.017, 30.608)),
        ("Y5", "courtyard", "百花新村", box(104.001, 30.606, 104.003, 30.608)),
    ],
    columns=["area_id", "area_level", "name", "geometry"],
    crs=4326,
)
ALIASES = pd.DataFrame({"area_id": ["Y5", "510104001002"], "alias": ["花果院", "东升居委会"]})
BUILDINGS = pd.DataFrame(
    [
        ("B11", "3栋", "Y1", "", "", 104.0021, 30.6021),
        ("B12", "4号楼", "Y1", "", "", 104.0025, 30.6025),
        ("B21", "3幢", "Y2", "", "", 104.0121, 30.6021),
        ("B31", "1栋", "Y3", "东大路", "28号", 104.0055, 30.6015),
        ("B32", "2栋", "Y3", "东大路", "28号", 104.0056, 30.6015),
        ("B41", "望江小区A座", "Y4", "", "", 104.0161, 30.6071),
        ("B42", "１2#", "Y4", "", "", 104.0163, 30.6073),
        ("B51", "科技大厦", None, "红星路二段", "70", 104.0150, 30.6020),
        ("B61", None, None, "东大路", "30号附3号", 104.0080, 30.6010),
        ("B62", None, None, "东大路", "甲32号", 104.0085, 30.6010),
        ("B63", None, None, "中山巷", "128弄3号", 104.0088, 30.6090),
        ("B71", None, None, "人民路", "5号", 104.0010, 30.6090),
        ("B72", None, None, "人民路", "5号", 104.0190, 30.6090),
    ],
    columns=["building_id", "name", "courtyard_id", "street", "street_number", "lon", "lat"],
)
CITY = ("四川省", "成都市")


PLAIN = build_gazetteer(AREAS, BUILDINGS, ALIASES, ["春熙路"], within=CITY)


@pytest.fixture
def gazetteer() -> Gazetteer:
    return PLAIN


def match(gazetteer: Gazetteer, address: str | None, stated: str | None = None) -> pd.Series:
    told = None if stated is None else pd.Series([stated])
    return match_addresses(pd.Series([address], dtype="str"), told, gazetteer=gazetteer).iloc[0]


FOUND = [
    # courtyard and building; 4号楼 stands in one 锦绣花园 only, 3栋 in both
    ("大慈寺社区锦绣花园3栋", "B11"),
    ("成都市锦江区书院街街道东升社区锦绣花园3栋2单元501室", "B21"),
    ("四川省成都市锦江区大慈寺社区居委会锦绣花园三栋", "B11"),
    ("锦江区大慈寺社区锦绣花园小区第三幢", "B11"),
    ("大慈寺社区 錦繡花園 ３號樓", "B11"),
    ("大慈寺社区锦绣花园3#", "B11"),
    ("大慈寺社区锦绣花园3#楼一单元", "B11"),
    ("大慈寺社区锦绣花园3座", "B11"),
    ("大慈寺社区锦绣花园3-2-501", "B11"),
    ("大慈寺社区锦绣花园3栋，垃圾满溢", "B11"),
    ("大慈寺社区锦绣花园3栋楼下", "B11"),
    ("住大慈寺社区（锦绣花园）3栋", "B11"),
    ("锦绣花园4栋", "B12"),
    ("锦绣花园四号楼", "B12"),
    ("锦绣花园4幢402", "B12"),
    ("望江小区A座", "B41"),
    ("望江小区 a 栋1201室", "B41"),
    ("望江A栋", "B41"),
    ("望江小区12栋", "B42"),
    ("望江小区十二号楼", "B42"),
    # street, number and building
    ("东大路28号1栋", "B31"),
    ("東大路二十八號1棟", "B31"),
    ("东大路28号院2栋3单元", "B32"),
    ("东大路２８号 第二幢", "B32"),
    # a building of its own name
    ("科技大厦", "B51"),
    ("锦江区科技大厦12楼", "B51"),
]
ON_STREET = [
    ("红星路二段70号", "B51"),
    ("红星路2段七十号红旗超市", "B51"),
    ("红星路二段70#", "B51"),
    ("红星路二段70", "B51"),
    ("东大路30号附3号", "B61"),
    ("东大路30附3", "B61"),
    ("东大路三十号附三号门口", "B61"),
    ("东大路32号甲", "B62"),
    ("东大路甲32号", "B62"),
    ("中山巷128弄3号", "B63"),
    ("中山巷一百二十八弄三号401室", "B63"),
]


@pytest.mark.parametrize(("address", "building"), FOUND)
def test_a_building_is_found_in_every_spelling(gazetteer, address, building):
    hit = match(gazetteer, address)
    wanted = BUILDINGS.set_index("building_id").loc[building]
    assert (hit.position_source, hit.match_level, hit.reason) == ("address", "building", "")
    assert (hit.lon, hit.lat) == pytest.approx((wanted.lon, wanted.lat))
    assert hit.position_error_m == BUILDING_ERROR_M


@pytest.mark.parametrize(("address", "building"), ON_STREET)
def test_a_number_on_a_street_is_found_in_every_spelling(gazetteer, address, building):
    hit = match(gazetteer, address)
    wanted = BUILDINGS.set_index("building_id").loc[building]
    assert (hit.position_source, hit.match_level) == ("address", "street_number")
    assert (hit.lon, hit.lat) == pytest.approx((wanted.lon, wanted.lat))
    assert hit.position_error_m == STREET_NUMBER_ERROR_M


@pytest.mark.parametrize(
    "address", ["百花新村", "花果院", "百花新村小区", "锦江区百花新村9栋", "百花新村2单元", "百花新村内"]
)
def test_a_courtyard_stands_for_a_building_it_does_not_know_with_the_radius_of_its_surface(
    gazetteer, address
):
    hit = match(gazetteer, address)
    # 0.002 degrees: 191.4 m by 221.7 m at this latitude, a circle of 116.3 m
    assert (hit.match_level, hit.matched) == ("courtyard", "百花新村")
    assert hit.position_error_m == pytest.approx(116.3, abs=0.2)
    assert pd.isna(hit.area_id)


def test_several_buildings_of_one_number_are_one_place_in_their_middle(gazetteer):
    hit = match(gazetteer, "东大路28号")
    assert hit.match_level in ("courtyard", "street_number")
    assert (hit.lon, hit.lat) == pytest.approx((104.00555, 30.6015))


NOT_FOUND = [
    (None, "empty"),
    ("", "empty"),
    ("  （） ", "empty"),
    ("锦绣花园", "ambiguous"),
    ("锦绣花园3栋", "ambiguous"),
    ("人民路5号", "ambiguous"),  # two of them, 1.7 km apart
    ("锦绣花园北区3栋", "rest_unknown"),  # another estate
    ("望江小区幼儿园", "rest_unknown"),
    ("科技大厦二期", "rest_unknown"),
    ("望江小区门口", "rest_unknown"),  # the gate may be anywhere around it
    ("望江小区对面", "relative"),
    ("东大路28号附近", "relative"),
    ("红星路二段70号东侧600米", "relative"),
    ("科技大厦，对面的工地", "relative"),
    ("东大路与红星路二段交叉口", "relative"),
    ("春熙路", "street_without_number"),
    ("东大路", "street_without_number"),
    ("东大路30号", "number_unknown"),  # 30号附3号 is another door
    ("东大路30-3号", "number_unknown"),
    ("东大路29号", "number_unknown"),  # nothing between 28 and 30 is interpolated
    ("东大路28号至30号", "rest_unknown"),
    ("望江小区12、13栋", "rest_unknown"),
    ("北京市朝阳区东大路28号", "elsewhere"),
    ("重庆市锦江区东大路28号", "elsewhere"),
    ("武侯区东大路28号", "elsewhere"),
    ("三圣乡东大路28号", "elsewhere"),
    ("东升社区东大路28号1栋", "contradiction"),  # it lies in the other community
    ("大慈寺社区望江小区A座", "contradiction"),
    ("楼上漏水", "unknown"),
    ("<script>alert(1)</script>", "unknown"),
    ("' OR 1=1 --", "unknown"),
    ("一" * 5000, "unknown"),
    ("28号", "unknown"),
    ("3栋", "unknown"),
    ("大慈寺社区卫生服务中心", "unknown"),
]


@pytest.mark.parametrize(("address", "reason"), NOT_FOUND)
def test_what_is_not_certain_is_not_placed(gazetteer, address, reason):
    hit = match(gazetteer, address)
    assert (hit.position_source, hit.match_level, hit.reason) == ("none", "none", reason)
    assert pd.isna(hit.lon) and pd.isna(hit.lat) and pd.isna(hit.position_error_m) and pd.isna(hit.matched)


STATED = [
    (None, "大慈寺社区", "community", "510104001001"),
    ("", "510104001001", "community", "510104001001"),
    ("楼上漏水", "东升居委会", "community", "510104001002"),
    ("锦绣花园对面", "锦江区书院街街道东升社区", "community", "510104001002"),
    (None, "510104001002001", "grid", "510104001002001"),
    (None, "大慈寺社区第1网格", "grid", None),  # two grids of the name, narrowed by the community
    (None, "望江小区", "courtyard", "Y4"),
    (None, "东升社区锦绣花园", "courtyard", "Y2"),
    ("大慈寺社区", None, "community", "510104001001"),
    ("锦江区大慈寺社区李家巷12号", None, "community", "510104001001"),
]


@pytest.mark.parametrize(("address", "stated", "level", "area_id"), STATED)
def test_a_stated_area_places_at_its_level_only(gazetteer, address, stated, level, area_id):
    hit = match(gazetteer, address, stated)
    area_id = area_id or "510104001001001"
    assert (hit.position_source, hit.area_level, hit.area_id) == ("stated", level, area_id)
    assert pd.isna(hit.lon) and pd.isna(hit.lat) and pd.isna(hit.position_error_m)


def test_a_stated_area_decides_between_places_of_one_name_but_does_not_move_a_certain_one(gazetteer):
    assert match(gazetteer, "锦绣花园3栋", "东升社区").lon == pytest.approx(104.0121)
    assert match(gazetteer, "锦绣花园3栋", "大慈寺社区").lon == pytest.approx(104.0021)
    certain = match(gazetteer, "科技大厦", "大慈寺社区")
    assert (certain.position_source, certain.lon) == ("address", pytest.approx(104.0150))


@pytest.mark.parametrize("stated", ["第一网格", "无此社区", "大慈寺社区3栋", "北京市大慈寺社区", "510104009"])
def test_a_stated_area_that_is_not_certain_places_nothing(gazetteer, stated):
    assert match(gazetteer, None, stated).position_source == "none"


def test_without_the_name_of_the_city_a_city_is_believed_only_before_a_known_district():
    gazetteer = build_gazetteer(AREAS, BUILDINGS, ALIASES)
    assert match(gazetteer, "四川省成都市锦江区东大路28号1栋").match_level == "building"
    assert match(gazetteer, "成都市东大路28号1栋").reason == "elsewhere"


def test_an_empty_store_matches_nothing():
    gazetteer = build_gazetteer(AREAS.iloc[:0])
    hits = match_addresses(pd.Series(["东大路28号", "锦绣花园"]), gazetteer=gazetteer)
    assert hits["position_source"].tolist() == ["none", "none"]


def test_no_addresses_give_an_empty_table_of_the_same_columns(gazetteer):
    full = match_addresses(pd.Series(["望江小区"]), gazetteer=gazetteer)
    empty = match_addresses(pd.Series([], dtype="str"), gazetteer=gazetteer)
    assert list(empty.columns) == list(full.columns) and len(empty) == 0


EVERY = pd.Series([address for address, *_ in (*FOUND, *ON_STREET, *NOT_FOUND)], dtype="str").rename(
    lambda at: f"row {at}"
)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_anything(random):
    order = list(range(len(EVERY)))
    random.shuffle(order)
    areas, buildings = (t.sample(frac=1, random_state=random.randrange(2**31)) for t in (AREAS, BUILDINGS))
    shuffled = build_gazetteer(areas, buildings, ALIASES[::-1], ["春熙路"], within=CITY[::-1])
    expected = match_addresses(EVERY, gazetteer=PLAIN)
    pd.testing.assert_frame_equal(
        match_addresses(EVERY.iloc[order], gazetteer=shuffled).loc[EVERY.index], expected
    )


@settings(max_examples=400, deadline=None)
@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from("一二三十百零〇号栋幢座楼#第甲乙附0123A -、（），路弄東樓里室单元"),
            st.characters(),
        ),
        max_size=30,
    )
)
def test_folding_twice_is_folding_once(text):
    assert fold_address(fold_address(text)) == fold_address(text)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=40), stated=st.text(max_size=20))
def test_any_text_is_answered(text, stated):
    hit = match(PLAIN, text, stated)
    assert hit.position_source in ("address", "stated", "none")
    assert (hit.position_source == "address") == (not np.isnan(hit.lon))


def test_numbers_that_a_blank_keeps_apart_stay_apart(gazetteer):
    assert fold_address("东大路28 1栋") == "东大路28 1栋"
    assert match(gazetteer, "东大路28 1栋").position_source == "none"


@pytest.mark.parametrize("number", [*range(1, 121), 200, 203, 999, 1024, 9999])
def test_numerals_are_read_as_a_person_writes_them(number):
    assert read_numeral(_write(number)) == number


def _write(number: int) -> str:
    text, gap = "", False
    for unit, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            text += ("零" if gap and text else "") + "零一二三四五六七八九"[digit] + word
            gap = False
        else:
            gap = True
    return text.removeprefix("一") if text.startswith("一十") else text


def test_the_table_of_characters_is_one_to_one_and_its_right_side_is_modern_chinese():
    left, right = TRADITIONAL[::2], TRADITIONAL[1::2]
    assert len(left) == len(right) == len(set(left))
    assert not set(left) & set(right)
    for sign in right:
        sign.encode("gb2312")
    # 後 alone stands in GB 2312 as well, for the surname.
    assert [sign for sign in left if _is_gb2312(sign)] == ["後"]


def _is_gb2312(sign: str) -> bool:
    try:
        sign.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
