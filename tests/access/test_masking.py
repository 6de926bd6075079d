"""Whoever reads a text cannot call, find or name a person by it; numbers that are about no one stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.access.masking import RULES, find_personal, has_personal, mask, mask_codes, mask_text
from geo.hexagons import hexagon_ids, hexagon_text

GOOD_ID = "510104198001011236"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

HIDDEN = [
    ("13800001234", "138****1234"),
    ("请回电13800001234谢谢", "请回电138****1234谢谢"),
    ("+8613800001234", "+86138****1234"),
    ("+86 138 0000 1234", "+86 138 **** 1234"),
    ("008613800001234", "0086138****1234"),
    ("0086-138-0000-1234", "0086-138-****-1234"),
    ("86 13800001234", "86 138****1234"),
    ("138 0000 1234", "138 **** 1234"),
    ("138-0000-1234", "138-****-1234"),
    ("138.0000.1234", "138.****.1234"),
    ("1380 0001 234", "138* ***1 234"),
    ("1 3 8 0 0 0 0 1 2 3 4", "1 3 8 * * * * 1 2 3 4"),
    ("１３８００００１２３４", "１３８****１２３４"),
    ("（１３８－００００－１２３４）", "（１３８－****－１２３４）"),
    ("电话:19912345678,13900001234", "电话:199****5678,139****1234"),
    ("一三八零零零零一二三四", "一三八****一二三四"),
    ("幺三八〇〇〇〇幺二三四", "幺三八****幺二三四"),
    ("壹叁捌零零零零壹贰叁肆", "壹叁捌****壹贰叁肆"),
    ("一三八 零零零零 一二三四", "一三八 **** 一二三四"),
    ("一三八一二三四五六七八", "一三八****五六七八"),
    ("138\t0000\n1234", "138\t****\n1234"),
    ("138\u00a00000\u200b1234", "138\u00a0****\u200b1234"),
    ("138\u20110000\u20141234", "138\u2011****\u20141234"),
    ("13800001234/13900001234", "138****1234/139****1234"),
    ("028-85551234", "028-******34"),
    ("(028)85551234", "(028)******34"),
    ("010 6555 1234", "010 **** **34"),
    ("0571-8555123", "0571-*****23"),
    ("02885551234", "028******34"),
    ("座机85551234", "座机******34"),
    (GOOD_ID, "510***************"),
    (f"身份证号：{GOOD_ID}。", "身份证号：510***************。"),
    ("510104 19800101 1236", "510*** ******** ****"),
    ("５１０１０４１９８００１０１１２３６", "５１０***************"),
    ("510104800101123", "510************"),
    ("3栋2单元501室", "3栋*单元***室"),
    ("三栋二单元五零一室", "三栋*单元***室"),
    ("锦绣路12号院3号楼2单元501", "锦绣路12号院3号楼*单元***"),
    ("501房漏水", "***房漏水"),
    ("501号房", "***号房"),
    ("3-2-501", "3-*-***"),
    ("３－２－５０１", "３－*－***"),
    ("3栋501", "3栋***"),
    ("二号楼四一二", "二号楼***"),
    ("3号楼1单元12层1203号", "3号楼*单元**层****号"),
    ("14栋2单元201、202室", "14栋*单元***、***室"),
    ("12 Main St Apt 4B", "12 Main St Apt **"),
    ("联系人：张三丰", "联系人：张**"),
    ("姓名:李四 电话13800001234", "姓名:李* 电话138****1234"),
    ("川A12345停在消防通道", "川A****5停在消防通道"),
    ("mail zhang.san@example.com", "mail z****.***@example.com"),
]

STAYS = [
    "2024013100012345678",
    "案件编号5101042024010112345",
    "202401310001",
    "2024-01-31 14:05:06",
    "20240131140506",
    "110", "119", "120", "12345", "96110", "请拨打12345热线",
    "金额13800元", "罚款 1,380,000.00 元", "1380000123",
    "138000012345",
    "104.065700,30.659500", "104.06570013800001234", "30.65951380000",
    "510104198001011231",
    "网格编码510104001001001",
    "锦绣路12号", "中山路138号", "3号楼", "12栋楼下", "第3社区", "5楼有噪音",
    "每栋3部电梯", "这座30年的老楼", "3栋20层", "3栋12楼", "涉及50户居民", "501室内漏水", "第3单元门口", "a@b.com",
    "室外机噪音", "办公室", "2024年1月31日14时05分", "100室内", "1-2-3",
    "一三八路公交站", "三五成群", "二十四小时便利店",
    "1978,2015/8/25", "面积 120.5 平方米", "车流量每小时1500辆",
    "", "井盖破损，请尽快处理",
]  # fmt: skip


def with_check_digit(digits: str) -> str:
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
    return digits + "10X98765432"[total % 11]


@pytest.mark.parametrize(("text", "masked"), HIDDEN)
def test_fault_E10_what_identifies_a_person_is_hidden(text, masked):
    assert mask(text) == masked
    assert mask_text(pd.Series([text], dtype="str")).tolist() == [masked]
    assert find_personal(text)


@pytest.mark.parametrize("text", STAYS)
def test_fault_E10_what_is_about_no_one_stays(text):
    assert mask(text) == text
    assert find_personal(text) == []


def test_fault_E10_an_identity_number_may_end_in_x_and_must_pass_its_check_digit():
    good = with_check_digit("11010119900307002")
    with_x = next(
        number for n in range(100) if (number := with_check_digit(f"110101199003070{n:02d}")).endswith("X")
    )
    for number in (good, with_x, with_x.lower()):
        assert mask(number) == number[:3] + "*" * 15
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    assert mask(wrong) == wrong


def test_fault_E10_every_kind_is_named():
    kinds = {kind for text, _ in HIDDEN for kind in find_personal(text)}
    assert kinds == {rule.kind for rule in RULES}


@given(
    number=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    before=st.sampled_from(["", "请回电", "手机 ", "（", "张先生", "+86", "0086 ", "a", "。"]),
    after=st.sampled_from(["", "谢谢", " 。", "）", "，速回", "\n", "a"]),
)
def test_fault_E10_no_mobile_number_survives_whatever_stands_around_it(number, before, after):
    text = before + number + after
    hidden = mask(text)
    assert number not in hidden
    assert hidden == before + number[:3] + "****" + number[-4:] + after


@given(
    birthday=st.dates(
        min_value=pd.Timestamp("1900-01-01").date(), max_value=pd.Timestamp("2026-12-31").date()
    ),
    serial=st.integers(0, 999),
    before=st.sampled_from(["", "身份证", "ID", "x", "。", " "]),
    after=st.sampled_from(["", "x", "X", "Ｘ", "abc", "Xx", "x13800001234", "，谢谢", "号"]),
)
def test_fault_E10_no_identity_number_survives_whatever_letter_follows(birthday, serial, before, after):
    number = with_check_digit(f"510104{birthday:%Y%m%d}{serial:03d}")
    hidden = mask(before + number + after)
    assert hidden.startswith(before + number[:3] + "*" * 15)
    assert "13800001234" not in hidden
    assert len(hidden) == len(before + number + after)


@given(
    county=st.sampled_from(["110101", "310104", "440305", "510104"]),
    further=st.sampled_from(["001", "001002", "123456", "001002003", "100101001"]),
    after=st.sampled_from(["", "，", " 网格"]),
)
def test_area_codes_stay_in_a_column_of_codes(county, further, after):
    code = county + further + after
    assert mask_codes(pd.Series([code, None], dtype="str")).tolist()[0] == code
    assert mask(f"网格编码{code}") == f"网格编码{code}"
    if len(further) < 9:
        assert mask(code) == code


@given(st.integers(10**18, 10**24 - 1))
def test_case_numbers_longer_than_an_identity_number_stay(number):
    assert mask(str(number)) == str(number)
    assert mask(f"GD{number}") == f"GD{number}"


@given(
    lon=st.floats(73, 135),
    lat=st.floats(3, 53),
    resolution=st.integers(5, 15),
    around=st.sampled_from(["", "在", " "]),
)
def test_the_id_of_a_hexagon_stays(lon, lat, resolution, around):
    (cell,) = hexagon_text(hexagon_ids(np.array([lon]), np.array([lat]), resolution=resolution))
    assert mask(around + cell + around) == around + cell + around


def test_what_looks_like_a_telephone_inside_a_hexagon_stays_and_the_same_outside_does_not():
    cell = "8f16481469154c6"  # resolution 15, with eleven digits in a row that begin as a mobile number does
    assert mask(cell[2:13]) == "164****9154"
    assert mask("8z" + cell[2:]) == "8z164****9154c6"
    assert mask(cell) == cell


@given(st.lists(st.text(st.sampled_from("0138６一二三栋室 -.楼单元电话张:a@川A"), max_size=30), max_size=8))
def test_length_index_and_gaps_stay_and_masking_twice_changes_nothing(texts):
    series = pd.Series([*texts, None], dtype="str", index=range(5, 6 + len(texts)))
    masked = mask_text(series)
    assert masked.index.equals(series.index)
    assert masked.isna().tolist() == [False] * len(texts) + [True]
    assert [len(text) for text in masked[:-1]] == [len(text) for text in texts]
    assert masked[:-1].tolist() == [mask(text) for text in texts]
    assert mask_text(masked).equals(masked)
    assert has_personal(series).tolist() == [mask(text) != text for text in texts] + [False]


def test_the_column_given_is_not_changed():
    series = pd.Series(["13800001234", "a"], dtype="str")
    mask_text(series)
    assert series.tolist() == ["13800001234", "a"]


def test_a_column_of_nothing_is_no_mistake():
    assert mask_text(pd.Series([], dtype="str")).empty
    assert mask_text(pd.Series([None, None], dtype="str")).isna().all()
