"""Read one sheet of an Excel workbook as text (Excel 工作表读取).

Only the values stand for something: macros are refused, formulas are never computed (the value Excel
kept is read, and counted in a remark), links and embedded objects are ignored with a remark. What a
cell shows is kept where a plain number would lose it: a real date becomes an ISO moment, under the 1900
and the 1904 system alike; a number formatted as `000000` keeps its leading zeros; a number beyond the
15 digits Excel keeps is written as Excel shows it, 4.30102E+17, so that nobody takes it for an id.
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from geo.errors import EmptyError, FileError, LimitError, MissingError
from geo.intake.archives import list_members
from geo.intake.checked import Note
from geo.intake.limits import KB, Limits
from geo.intake.records import Record
from geo.intake.sniffing import open_source

EXACT_DIGITS = 15
"""Digits of a number that Excel keeps; further ones become zero."""

_MACRO_PARTS = ("xl/vbaproject.bin", "xl/macrosheets/")
_IGNORED_PARTS = ("xl/externallinks/", "xl/embeddings/", "xl/activex/", "xl/connections.xml")
_ZEROS = re.compile(r"0{2,}")
_DOCTYPES = (b"<!DOCTYPE", b"<!ENTITY", b"<\x00!\x00D\x00O\x00", b"\x00<\x00!\x00D\x00O")
_PROLOGUE = 4096
_FORMULA = re.compile(rb"<f[ >/]")
_BLOCK = 1 << 20
_DAMAGE = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError,
    IndexError, ValueError, TypeError, AttributeError, SyntaxError, OverflowError, OSError,
)  # fmt: skip
"""What zipfile, the XML parser and openpyxl raise on parts that are not what they should be."""


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, all of it, as text."""

    name: str
    names: tuple[str, ...]
    """All sheets of the workbook."""
    records: tuple[Record, ...]
    """Rows that have any content."""
    notes: tuple[Note, ...]


def read_sheet(source: Path | bytes, *, file_name: str, limits: Limits, sheet: str | None) -> Sheet:
    """Read a sheet; the first that has any content where none is named.

    Raises
    ------
    FileError
        If the workbook is damaged, holds macros, or declares XML entities.
    LimitError
        If it unpacks to more than the limits allow, or has too many rows or columns.
    MissingError
        If there is no sheet of that name.
    EmptyError
        If no sheet has any content.
    """
    names = list_members(source, file_name=file_name, limits=limits)
    try:
        _require_harmless(source, names, file_name)
        notes = _find_ignored(source)
        with open_source(source) as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # styles and extensions openpyxl does not know
            book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                return _read_book(book, file_name, limits, sheet, notes)
            finally:
                book.close()
    except _DAMAGE as error:
        raise FileError("file_damaged", file=file_name) from error


def _require_harmless(source: Path | bytes, names: Sequence[str], file_name: str) -> None:
    if any(name.lower().startswith(_MACRO_PARTS) for name in names):
        raise FileError("file_has_macros", file=file_name)
    with open_source(source) as stream, zipfile.ZipFile(stream) as archive:
        types = archive.read("[Content_Types].xml")
        if b"macroEnabled" in types:
            raise FileError("file_has_macros", file=file_name)
        for name in names:
            if name.lower().endswith((".xml", ".rels")):
                with archive.open(name) as part:
                    prologue = part.read(_PROLOGUE)
                if any(mark in prologue for mark in _DOCTYPES):
                    raise FileError("file_has_entities", file=file_name)


def _find_ignored(source: Path | bytes) -> list[Note]:
    n_formulas = n_ignored = 0
    with open_source(source) as stream, zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            name = member.filename.lower()
            n_ignored += name.startswith(_IGNORED_PARTS) and not name.endswith("/")
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                n_formulas += _count_formulas(archive, member)
    notes = []
    if n_formulas:
        notes.append(Note("sheet_has_formulas", "warns", {"n": n_formulas}))
    if n_ignored:
        notes.append(Note("sheet_has_links", "note", {"n": n_ignored}))
    return notes


def _count_formulas(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    n, rest = 0, b""
    with archive.open(member) as part:
        while block := part.read(_BLOCK):
            n += len(_FORMULA.findall(rest + block))
            rest = block[-2:]
    return n


def _read_book(book: Workbook, file_name: str, limits: Limits, sheet: str | None, notes: list[Note]) -> Sheet:
    names = tuple(work.title for work in book.worksheets)
    if sheet is not None and sheet not in names:
        raise MissingError("sheet_unknown", file=file_name, sheet=sheet, sheets=", ".join(names))
    for work in book.worksheets:
        if sheet is not None and work.title != sheet:
            continue
        records = tuple(_iterate_rows(work, file_name, limits))
        if records:
            return Sheet(work.title, names, records, tuple(notes))
    raise EmptyError("file_empty", file=file_name)


def _iterate_rows(work: Worksheet, file_name: str, limits: Limits) -> Iterator[Record]:
    work.reset_dimensions()  # what a sheet says of its size may be wrong
    n = 0
    for row, cells in enumerate(work.iter_rows(), start=1):
        texts = [_as_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        n += 1
        if len(texts) > limits.max_columns:
            raise LimitError("table_too_wide", file=file_name, limit=limits.max_columns, n=len(texts))
        if n > limits.max_rows + 1:
            raise LimitError("table_too_long", file=file_name, limit=limits.max_rows)
        yield _check(row, texts, limits.max_cell_kb * KB)


def _check(row: int, texts: list[str], most: int) -> Record:
    for text in texts:
        if len(text) * 4 > most and (size := len(text.encode())) > most:
            return Record(row, texts, "cell_too_large", f"{size // KB} kB")
    return Record(row, texts)


def _as_text(cell: Cell) -> str:
    value = cell.value
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number_as_text(value, cell.number_format)
    if isinstance(value, datetime) and value.time() == time.min and "h" not in cell.number_format.lower():
        return value.date().isoformat()  # the cell shows a day and no time
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return "" if value is None else str(value)


def _number_as_text(value: float, number_format: str) -> str:
    """Return a number as its digits, or as Excel shows it.

    Examples
    --------
    >>> _number_as_text(43001, "000000"), _number_as_text(5.0, "General")
    ('043001', '5')
    >>> _number_as_text(430102198001011234, "0")
    '4.30102198001011E+17'
    """
    if abs(value) >= 10**EXACT_DIGITS:
        mantissa, exponent = f"{float(value):.14E}".split("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"
    if float(value).is_integer():
        digits = str(int(value))
        return digits.zfill(len(number_format)) if _ZEROS.fullmatch(number_format or "") else digits
    return repr(float(value))
