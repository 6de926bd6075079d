"""An encoding is a fact, or the clearly better of two, or asked for; a mixed file is refused by line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from geo.errors import ChoiceError, FileError
from geo.intake.encodings import ENCODINGS, detect_encoding, find_undecodable_line, judge, require_encoding
from geo.intake.limits import Limits
from geo.intake.tables import read_table

ROOT = Path(__file__).resolve().parents[2]
SIMPLIFIED = "编号,标题,地址\n1,小区路灯不亮，请尽快处理,锦绣路12号院\n2,井盖松动,望江街道河畔社区\n"
TRADITIONAL = "編號,確診日期,區別,里別\n1,2015/8/25,東區,大同里大同路\n2,2015/8/26,北區,玉皇里公園路\n"
TEXTS = {"gb18030": SIMPLIFIED, "big5hkscs": TRADITIONAL}


def detect(content: bytes):
    return detect_encoding(io.BytesIO(content), file_name="工单.csv")


def rules():
    text = (ROOT / "docs" / "methods" / "intake.md").read_text(encoding="utf-8")
    lines = text.split("\n## Encoding\n")[1].split("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")][1:]


@pytest.mark.parametrize(("written", "read", "sure"), rules())
def test_fault_B05_every_encoding_is_found(written, read, sure):
    found = detect(TEXTS.get(written, SIMPLIFIED).encode(written))
    assert (found.encoding, found.is_sure) == (read, sure == "yes")


def test_every_encoding_stands_in_the_table():
    assert {row[0] for row in rules()} == set(ENCODINGS)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_fault_B05_a_table_holds_the_text_and_no_byte_order_mark(encoding):
    text = TEXTS.get(encoding, SIMPLIFIED)
    table = read_table(text.encode(encoding), file_name="工单.csv", limits=Limits())
    lines = [line.split(",") for line in text.splitlines()]
    assert list(table.columns) == lines[0]
    assert table.head().to_numpy().tolist() == lines[1:]


def test_fault_B05_lines_of_gb18030_in_a_utf8_file_are_refused_with_the_line():
    lines = SIMPLIFIED.splitlines(keepends=True)
    mixed = lines[0].encode() + lines[1].encode() + lines[2].encode("gb18030")
    with pytest.raises(FileError) as refused:
        detect(mixed)
    assert refused.value.code == "encoding_mixed"
    assert {refused.value.values["line"], refused.value.values["other_line"]} == {1, 3}


def test_fault_B05_lines_of_big5_in_a_gb18030_file_are_refused_with_the_line():
    many = SIMPLIFIED.encode("gb18030") * 20
    mixed = many + "3,確診日期東區大同里公園路經度座標統計資料,臺南\n".encode("big5hkscs")
    with pytest.raises(FileError) as refused:
        detect(mixed)
    assert (refused.value.code, refused.value.values["line"]) == ("encoding_mixed", 61)


def test_fault_B05_a_byte_that_fits_nothing_is_refused_with_its_line():
    with pytest.raises(FileError) as refused:
        detect(SIMPLIFIED.encode("gb18030") + b"3,\xff\xff,x\n")
    assert refused.value.code in ("encoding_none_fits", "encoding_mixed")
    assert refused.value.values["line"] == 4


def test_fault_B05_too_few_signs_are_no_ground_for_a_choice():
    found = detect("a,b\n1,灯\n".encode("gb18030"))
    assert not found.is_sure
    assert {candidate.encoding for candidate in found.candidates} >= {"gb18030"}


def test_fault_B05_what_is_unsure_is_told_and_shown_under_each_encoding():
    table = read_table(
        "编号,b\n1,路\n".encode("gb18030")[:6] + b"b\n1,x\n", file_name="a.csv", limits=Limits()
    )
    assert not table.is_encoding_sure
    assert "encoding_unsure" in [note.code for note in table.notes]
    assert any("编" in candidate.preview for candidate in table.encoding_candidates)


def test_fault_B05_an_encoding_that_was_chosen_must_fit():
    with pytest.raises(FileError) as refused:
        read_table(SIMPLIFIED.encode("gb18030"), file_name="a.csv", limits=Limits(), encoding="utf-8")
    assert (refused.value.code, refused.value.values["line"]) == ("encoding_does_not_fit", 1)


def test_names_people_type_are_understood_and_others_refused():
    assert [require_encoding(name) for name in ("GBK", "cp936", "Big5", "UTF8", "utf_16")] == [
        "gb18030", "gb18030", "big5hkscs", "utf-8", "utf-16",
    ]  # fmt: skip
    with pytest.raises(ChoiceError, match="latin1"):
        require_encoding("latin1")


def test_a_sign_cut_by_the_end_of_a_block_is_no_broken_byte(monkeypatch):
    monkeypatch.setattr("geo.intake.encodings._BLOCK", 5)
    for encoding in ENCODINGS:
        content = TEXTS.get(encoding, SIMPLIFIED).encode(encoding)
        assert find_undecodable_line(io.BytesIO(content), encoding) is None
    assert find_undecodable_line(io.BytesIO(SIMPLIFIED.encode() + b"\xff"), "utf-8") == 4


def test_a_file_that_ends_inside_a_sign_is_refused():
    assert find_undecodable_line(io.BytesIO(SIMPLIFIED.encode()[:-2]), "utf-8") == 3


def test_right_text_is_more_familiar_than_the_same_bytes_misread():
    for text, encoding, other in (
        (SIMPLIFIED, "gb18030", "big5hkscs"),
        (TRADITIONAL, "big5hkscs", "gb18030"),
    ):
        assert judge(text) > 0.5 > judge(text.encode(encoding).decode(other, errors="replace"))


@pytest.mark.realdata
def test_fault_B05_the_dengue_list_ranks_big5hkscs_above_gb18030(shared_data):
    with (shared_data / "messy" / "tainan_dengue_cases_0829_big5.csv").open("rb") as stream:
        found = detect_encoding(stream, file_name="dengue.csv")
    assert [candidate.encoding for candidate in found.candidates] == ["big5hkscs", "gb18030"]
    assert found.is_sure
    assert found.candidates[0].preview.startswith("編號,確診日期,區別,里別")


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["cn_wgs84/110000", "cn_gcj02/110000", "cn_wgs84/440300", "cn_gcj02/440300"])
def test_fault_B05_real_gbk_files_are_read_as_such(shared_data, name):
    path = shared_data / "boundaries" / f"{name}.json"
    with path.open("rb") as stream:
        found = detect_encoding(stream, file_name=path.name)
    assert (found.encoding, found.is_sure) == ("gb18030", True)
    names = [
        feature["properties"]["name"]
        for feature in json.loads(path.read_bytes().decode("gb18030"))["features"]
    ]
    assert "南山区" in names or "海淀区" in names
