"""Write tables into files a person opens: CSV, XLSX, GeoPackage, GeoJSON (导出文件).

Text from files is text. In CSV a cell that a spreadsheet would take for a formula gets an apostrophe in
front (`guard`), which `unguard` takes away again when the file comes back, so nothing is lost on the way; in
XLSX every text is written as a string cell. Numbers stay numbers.

Which texts are guarded: after any apostrophes and blanks at their start, they begin with `=`, `+`,
`-`, `@` (full-width forms too), a tab or a line break. A plain negative number in a text column is
left alone, since no spreadsheet runs it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
import xlsxwriter

from geo.errors import LimitError
from geo.present.words import Language

PERCENT_DIGITS = 4
"""Digits behind the point of a percent in a CSV: enough to work on with, and no float tails."""

CellKind = Literal["text", "count", "number", "share", "moment", "day"]

XLSX_MOST_ROWS = 1_048_575
"""Rows of a sheet below its heading."""
XLSX_MOST_CHARACTERS = 32_767

_BLANKS = " \u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff"
_RISKY = re.compile(rf"'*(?:[\t\r\n\x0b\x0c]|[{_BLANKS}]*[=+\-@＝＋－＠\t\r\n])")
_PLAIN_NEGATIVE = re.compile(r"-\d+(?:\.\d+)?")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")


@dataclass(frozen=True)
class Heading:
    """One column of a sheet: its name in the table, and what a person reads above it."""

    name: str
    zh: str
    en: str
    kind: CellKind = "text"
    unit_zh: str = ""
    unit_en: str = ""

    def label(self, language: Language) -> str:
        """Return the heading with its unit."""
        text, unit = (self.zh, self.unit_zh) if language == "zh" else (self.en, self.unit_en)
        if not unit:
            return text
        return f"{text}（{unit}）" if language == "zh" else f"{text} ({unit})"


@dataclass(frozen=True)
class Sheet:
    """One table to write, with what a reader must know about it."""

    title: str
    headings: tuple[Heading, ...]
    rows: pd.DataFrame
    """Has a column for every heading; moments are time-zone aware."""
    notes: tuple[tuple[str, str], ...] = ()
    """Method, filters, data date, sources: label and text."""


def guard(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run.

    >>> guard("=1+1"), guard("-5"), guard("ok")
    ("'=1+1", '-5', 'ok')
    """
    return f"'{text}" if _is_risky(text) else text


def unguard(text: str) -> str:
    """Take away the apostrophe that `guard` put there; any other text stays.

    >>> unguard("'=1+1"), unguard("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text[:1] == "'" and _is_risky(text[1:]) else text


def write_csv(
    sheet: Sheet, *, language: Language, time_zone: str, names: Literal["labels", "machine"] = "labels",
    with_notes: bool = True,
) -> bytes:  # fmt: skip
    """Write a sheet as CSV in UTF-8 with a byte order mark, which Excel needs to read Chinese.

    Parameters
    ----------
    sheet
        What to write.
    language
        Language of the headings.
    time_zone
        Zone in which moments are written (`2026-10-31 08:00:00`).
    names
        `machine` heads the columns with their names in the data model and writes moments in UTC.
    with_notes
        Add the notes below the table, each in a row that starts with `#`.
    """
    machine = names == "machine"
    if not machine:
        sheet = _in_percent(sheet)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([heading.name if machine else heading.label(language) for heading in sheet.headings])
    cells = [_csv_cells(sheet.rows[h.name], h, "UTC" if machine else time_zone) for h in sheet.headings]
    writer.writerows(zip(*cells, strict=True))
    if with_notes and not machine and sheet.notes:
        writer.writerow([])
        writer.writerows([["#", guard(label), guard(text)] for label, text in sheet.notes])
    return stream.getvalue().encode("utf-8-sig")


def _in_percent(sheet: Sheet) -> Sheet:
    """Write shares as the percent their heading says; a CSV has no number format to do it."""
    shares = [heading.name for heading in sheet.headings if heading.kind == "share"]
    if not shares:
        return sheet
    percents = {name: (sheet.rows[name].astype("float64") * 100).round(PERCENT_DIGITS) for name in shares}
    return replace(sheet, rows=sheet.rows.assign(**percents))


def write_xlsx(sheets: Sequence[Sheet], *, language: Language, time_zone: str) -> bytes:
    """Write sheets as one workbook; the notes of the first stand on a sheet of their own.

    Raises
    ------
    LimitError
        If a sheet has more rows than a workbook holds.
    """
    for sheet in sheets:
        if len(sheet.rows) > XLSX_MOST_ROWS:
            raise LimitError("export_too_long", n_rows=len(sheet.rows), most=XLSX_MOST_ROWS)
    stream = io.BytesIO()
    keep_text = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    options = {"in_memory": True, **keep_text}
    with xlsxwriter.Workbook(stream, options) as book:
        styles = {
            "count": book.add_format({"num_format": "#,##0"}),
            "number": book.add_format({"num_format": "#,##0.0##"}),
            "share": book.add_format({"num_format": "0.0%"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        }
        taken: set[str] = set()
        for sheet in sheets:
            page = book.add_worksheet(_sheet_name(sheet.title, taken))
            _fill_page(page, sheet, styles, language, time_zone)
        notes = sheets[0].notes if sheets else ()
        if notes:
            page = book.add_worksheet(_sheet_name("说明" if language == "zh" else "Notes", taken))
            for row, (label, text) in enumerate(notes):
                page.write_string(row, 0, _xml_text(label), styles["head"])
                page.write_string(row, 1, _xml_text(text))
            page.set_column(0, 0, 22)
            page.set_column(1, 1, 90)
    return stream.getvalue()


def write_geopackage(table: gpd.GeoDataFrame, *, layer: str) -> bytes:
    """Write a WGS84 table as a GeoPackage; columns keep their names in the data model."""
    stream = io.BytesIO()
    kind = _type_of(table)
    pyogrio.write_dataframe(_plain_columns(table), stream, layer=layer, driver="GPKG", geometry_type=kind)
    return stream.getvalue()


def write_geojson(table: gpd.GeoDataFrame) -> bytes:
    """Write a WGS84 table as GeoJSON (RFC 7946) with coordinates to 7 decimals, about a centimetre.

    `<` and line separators are written as escapes, so the text can stand inside a page.
    """
    plain = _plain_columns(table)
    rounded = shapely.transform(plain.geometry.to_numpy(), lambda degrees: np.round(degrees, 7))
    shapes = shapely.to_geojson(rounded)
    records = plain.drop(columns=plain.geometry.name).to_dict("records")
    features = [
        f'{{"type":"Feature","properties":{dump_json(_no_nan(record))},"geometry":{shape or "null"}}}'
        for record, shape in zip(records, shapes, strict=True)
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'.encode()


def dump_json(value: object) -> str:
    """Write JSON that can stand inside a script element: `<`, `>`, `&` and line separators escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _is_risky(text: str) -> bool:
    return _RISKY.match(text) is not None and _PLAIN_NEGATIVE.fullmatch(text) is None


def _csv_cells(values: pd.Series, heading: Heading, time_zone: str) -> list[object]:
    if heading.kind == "text":
        return [None if _is_missing(value) else guard(str(value)) for value in values]
    if heading.kind == "moment":
        local = pd.to_datetime(values, utc=True).dt.tz_convert(time_zone)
        return [None if pd.isna(moment) else moment.strftime("%Y-%m-%d %H:%M:%S") for moment in local]
    if heading.kind == "day":
        return [None if _is_missing(value) else pd.Timestamp(value).strftime("%Y-%m-%d") for value in values]
    if heading.kind == "count":
        return [None if _is_missing(value) else int(value) for value in values]
    return [None if _is_missing(value) else _plain_number(value) for value in values]


def _plain_number(value: object) -> int | float:
    """Keep a whole count whole; round what was measured."""
    return value if isinstance(value, int) else round(float(value), 6)  # type: ignore[arg-type]


def _fill_page(
    page: Any,  # noqa: ANN401  (xlsxwriter has no types)
    sheet: Sheet,
    styles: dict[str, Any],
    language: Language,
    time_zone: str,
) -> None:
    for column, heading in enumerate(sheet.headings):
        page.write_string(0, column, _xml_text(heading.label(language)), styles["head"])
        values = sheet.rows[heading.name]
        if heading.kind == "moment":
            values = pd.to_datetime(values, utc=True).dt.tz_convert(time_zone).dt.tz_localize(None)
        style = styles.get(heading.kind)
        for row, value in enumerate(values, start=1):
            if _is_missing(value):
                continue
            if heading.kind == "text":
                page.write_string(row, column, _xml_text(str(value)))
            elif heading.kind in ("moment", "day"):
                page.write_datetime(row, column, _as_datetime(value), style)
            else:
                whole = heading.kind == "number" and isinstance(value, int)
                page.write_number(row, column, float(value), styles["count"] if whole else style)
        widest = max([len(heading.label(language)) * 2, *(len(str(value)) for value in values.head(200))])
        page.set_column(column, column, min(max(widest, 8), 48))
    page.freeze_panes(1, 0)


def _as_datetime(value: object) -> datetime:
    moment = pd.Timestamp(value)  # type: ignore[arg-type]
    return moment.to_pydatetime(warn=False)


def _xml_text(text: str) -> str:
    """A workbook is XML: control characters cannot stand in it, and a cell ends at 32 767 characters."""
    return _NOT_IN_XML.sub("\ufffd", text)[:XLSX_MOST_CHARACTERS]


def _sheet_name(title: str, taken: set[str]) -> str:
    r"""Make a title a sheet name: no `[]:*?/\\`, no apostrophe at the ends, 31 characters, not twice."""
    base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip().strip("'")[:28] or "Sheet"
    name, number = base, 1
    while name.lower() in taken or name.lower() == "history":
        number += 1
        name = f"{base[:26]} {number}"
    taken.add(name.lower())
    return name


def _plain_columns(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep what these formats can hold: filters and other objects are left out."""
    kept = [name for name in table.columns if name != "cases"]
    plain = table[kept].copy()
    for name in plain.columns:
        if isinstance(plain[name].dtype, pd.DatetimeTZDtype):
            plain[name] = plain[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return plain


def _type_of(table: gpd.GeoDataFrame) -> str:
    kinds = set(table.geometry.dropna().geom_type)
    if kinds <= {"Point"}:
        return "Point"
    return "MultiPolygon" if kinds <= {"Polygon", "MultiPolygon"} else "Unknown"


def _no_nan(record: dict[Any, Any]) -> dict[str, object]:
    return {str(key): None if _is_missing(value) else _plain(value) for key, value in record.items()}


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else value


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)  # noqa: PLR0124
