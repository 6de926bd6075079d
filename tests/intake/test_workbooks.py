"""A workbook that is made to eat the machine is refused before it is read."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from geo.errors import LimitError
from geo.intake.limits import Limits
from geo.intake.workbooks import read_sheet

N_ROWS = 1_000_000


def workbook_with(member: str, content: bytes) -> bytes:
    """A small workbook, one of whose parts is replaced or added."""
    plain, bomb = io.BytesIO(), io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["编号", "标题"])
    book.active.append(["1", "路灯"])
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != member:
                new.writestr(info, old.read(info))
        new.writestr(member, content)
    return bomb.getvalue()


def test_fault_A21_shared_strings_that_swell_are_refused_unread():
    text = b"<si><t>" + b"x" * 1000 + b"</t></si>"
    content = workbook_with("xl/sharedStrings.xml", b"<sst>" + text * 60_000 + b"</sst>")
    assert len(content) < 1_000_000
    with pytest.raises(LimitError):
        read_sheet(content, file_name="a.xlsx", limits=Limits(), sheet=None)


def test_fault_A21_a_million_blank_styled_rows_are_refused_unread():
    rows = b'<row r="1"><c r="A1" s="1"/></row>' * N_ROWS
    content = workbook_with(
        "xl/worksheets/sheet1.xml", b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"
    )
    assert len(content) < 1_000_000
    with pytest.raises(LimitError):
        read_sheet(content, file_name="a.xlsx", limits=Limits(), sheet=None)
