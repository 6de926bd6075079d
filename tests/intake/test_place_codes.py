"""A code of a place is kept as issued or refused, never repaired."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.intake.place_codes import breaks_scheme, check_codes, find_scheme, fold_name, is_under
from tests.intake.boundary_files import check, remarked, square, told


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("4.30102E+17", "place_id_damaged"),
        (4.30102e17, "place_id_damaged"),
        ("5.1e5", "place_id_damaged"),
        ("43001.0", "place_id_damaged"),
        ("  ", "place_id_missing"),
        (None, "place_id_missing"),
        ("43004", "place_id_lost_zeros"),
    ],
)
def test_fault_B21_a_damaged_code_is_refused(code, reason):
    others = [({"code": f"04300{n}"}, square(104 + n / 100)) for n in range(1, 4)]
    checked = check(*others, ({"code": code}, square(104.09)))
    assert told(checked) == [[4, reason]]
    assert checked.rows["area_id"].tolist() == ["043001", "043002", "043003"]


@pytest.mark.parametrize(
    "code", ["A6731-0920-00", "１２", "043001", "51010400100100100101", "1.5", "E10", "0", "a\tb"]
)
def test_fault_B21_a_sound_code_is_kept_as_issued(code):
    assert check(({"code": f" {code} "}, square(104))).rows["area_id"].tolist() == [code]


def test_a_code_of_another_length_than_nearly_all_is_remarked_on_and_kept():
    features = [({"code": f"5101040{n:02}"}, square(104 + n / 100)) for n in range(20)]
    checked = check(*features, ({"code": "51010"}, square(105)))
    assert remarked(checked) == [[21, "place_id_other_length"]]
    assert len(checked.rows) == 21
    serial = [({"code": str(n)}, square(104 + n / 100)) for n in range(1, 34)]
    assert remarked(check(*serial)) == []


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=8), st.from_regex(r"0?\d{1,8}(\.0)?", fullmatch=True)),
        max_size=12,
    )
)
def test_every_code_is_kept_as_issued_or_refused(codes):
    texts = [None if code is None else code.encode("utf-8", "ignore").decode() for code in codes]
    series = pd.Series(texts, index=range(1, len(codes) + 1), dtype="str")
    kept, rejected, _ = check_codes(series, column="code")
    assert set(kept.index) | set(rejected["row"]) == set(series.index)
    assert not set(kept.index) & set(rejected["row"])
    assert kept.is_unique
    assert all(series[row].strip() == code for row, code in kept.items())


@pytest.mark.parametrize(
    ("level", "code", "key"),
    [
        ("district", "510104", "gb2260"),
        ("subdistrict", "510104001", "gb10114"),
        ("community", "510104001002", "statistical"),
        ("grid", "510104001002003", "community3"),
        ("microgrid", "51010400100200301", "grid2"),
        ("unit_grid", "51010400100203", "cjt213"),
        ("unit_grid", "51010400100200301234", "cjt349"),
    ],
)
def test_the_scheme_of_codes_is_found_by_their_length_and_others_break_it(level, code, key):
    codes = pd.Series([code, code[:-1] + "9", code[:-1] + "8", code[:-1]], dtype="str")
    scheme = find_scheme(codes, level)
    assert scheme.key == key
    assert breaks_scheme(codes, scheme).tolist() == [False, False, False, True]


def test_codes_of_another_kind_follow_no_scheme():
    assert find_scheme(pd.Series(["A1", "A2"], dtype="str"), "grid") is None
    assert find_scheme(pd.Series(["017010"] * 3, dtype="str"), "district") is None
    assert find_scheme(pd.Series(["510104001"], dtype="str"), "courtyard") is None


def test_a_code_begins_with_that_of_its_parent():
    codes = pd.Series(["5101", "5201", "5301"], dtype="str")
    assert is_under(codes, pd.Series(["51", "51", None], dtype="str")).tolist() == [True, False, True]


@pytest.mark.parametrize("other", ["第３网格", "第3 網格", "第3网格 "])
def test_fault_B20_names_alike_in_width_blanks_or_script_fold_to_one(other):
    assert fold_name(other) == fold_name("第3网格")
