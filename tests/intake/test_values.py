"""A cell is what it says, or named as wrong; a code that a spreadsheet damaged is never mended."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.intake.values import (
    find_damaged_codes,
    fold_width,
    fold_word,
    parse_degrees,
    parse_ids,
    parse_numbers,
    parse_words,
)

ROOT = Path(__file__).resolve().parents[2]


def texts(*cells):
    return pd.Series(cells, dtype="str", index=range(2, 2 + len(cells)))


def rules():
    text = (ROOT / "docs" / "methods" / "intake.md").read_text(encoding="utf-8")
    lines = text.split("\n## Numbers that identify\n")[1].split("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")][1:]


@pytest.mark.parametrize(("cell", "told"), rules())
def test_fault_B21_every_rule_for_numbers_that_identify(cell, told):
    assert parse_ids(texts(cell), missing="missing").code[2] == told


def test_ids_keep_their_zeros_and_an_empty_one_is_missing():
    ids = parse_ids(texts("043001", "４３", " ", ""), missing="gone")
    assert ids.found.tolist()[:2] == ["043001", "43"]
    assert ids.code.tolist() == ["", "", "gone", "gone"]


def test_fault_B21_a_code_one_digit_shorter_than_the_rest_has_lost_its_zero():
    codes = [f"0{43001 + n}" for n in range(10)]
    assert find_damaged_codes(texts(*codes, "43017")).tolist() == [""] * 10 + ["id_too_short"]
    assert find_damaged_codes(texts(*codes[:8], "43017")).eq("").all()  # too few to tell
    assert find_damaged_codes(texts(*[str(n) for n in range(5, 40)])).eq("").all()  # no codes, but numbers


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("12.5", 12.5), ("１２．５", 12.5), ("1,200", 1200), ("1,234,567.5", 1234567.5), ("-3", -3), ("+4.", 4),
        (".5", 0.5), ("1e3", 1000),
    ],
)  # fmt: skip
def test_numbers_are_read(cell, number):
    read = parse_numbers(texts(cell))
    assert (read.found[2], read.code[2]) == (number, "")


@pytest.mark.parametrize(
    "cell", ["abc", "1,5", "12,34", "1 2", "12km", "inf", "nan", "1e999", "0x10", "1_000"]
)
def test_what_is_no_number_is_named(cell):
    read = parse_numbers(texts(cell))
    assert (pd.isna(read.found[2]), read.code[2]) == (True, "number_unreadable")


@pytest.mark.parametrize("cell", ["104°3′", "104度3分", "E104.5", "104.5E", "30°39'34\"N"])
def test_degrees_and_minutes_are_named_as_such(cell):
    assert parse_degrees(texts(cell)).code[2] == "coordinate_not_decimal"


def test_empty_cells_are_no_mistake():
    read = parse_numbers(texts("", " ", "　"))
    assert read.found.isna().all()
    assert read.code.eq("").all()


@given(st.floats(-1e9, 1e9))
def test_every_number_is_read_back(number):
    assert parse_numbers(texts(repr(number))).found[2] == number


@given(st.text(max_size=20))
def test_width_is_folded_once_and_for_all(text):
    once = fold_width(texts(text))
    assert fold_width(once).equals(once)
    assert once.index.tolist() == [2]


def test_words_do_not_depend_on_case_blanks_or_width():
    read = parse_words(
        texts("In Progress", "ＩＮ＿progress", "x", ""), {fold_word("in_progress"): "a"}, unknown="what"
    )
    assert read.found.tolist()[:2] == ["a", "a"]
    assert read.code.tolist() == ["", "", "what", ""]
