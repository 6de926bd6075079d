"""Text stays text in every file, numbers stay numbers, and what was guarded can be read back."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import LimitError
from geo.present import documents
from geo.present.documents import (
    Heading,
    Sheet,
    dump_json,
    guard,
    unguard,
    write_csv,
    write_geojson,
    write_geopackage,
    write_xlsx,
)

RISKY = [
    "=1+1", "+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", "  =1+1", "\u3000=1",
    "\u00a0=1", "'=1+1", "''=1", "\u200b=1", "=cmd|' /C calc'!A0", "-1+1|cmd", "-5;=1",
]  # fmt: skip
HARMLESS = ["", "-5", "-71.0587", "normal", "a=b", "'tis", "1+1", "网格", "—", '"=1"', "' quoted"]
texts = st.text(
    st.one_of(
        st.sampled_from("=+-@＝＋－＠'\t\r\n \u3000\u00a0\u200b\"; 0123456789.a网"),
        st.characters(codec="utf-8"),
    )
)


def sheet(**columns):
    """One sheet of text columns."""
    return Sheet(
        "t", tuple(Heading(name, name, name) for name in columns), pd.DataFrame(columns, dtype="str")
    )


def cells(content):
    """The rows of a CSV, read as any program reads them."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", RISKY)
def test_fault_C06_a_cell_that_would_run_gets_an_apostrophe(text):
    assert guard(text) == f"'{text}"
    assert unguard(guard(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_fault_C06_a_harmless_text_stays_as_it_is(text):
    assert guard(text) == unguard(text) == text


@settings(deadline=None)
@given(texts)
def test_fault_C06_reading_back_restores_any_text(text):
    assert unguard(guard(text)) == text
    assert guard(text) in (text, f"'{text}")


@given(texts)
def test_fault_C06_nothing_that_would_run_leaves(text):
    shown = guard(text).lstrip(" \u3000\u00a0\u200b")
    if shown[:1] in tuple("=+@\t\r＝＋－＠"):
        pytest.fail(f"{shown!r} would run")
    if shown[:1] == "-":
        float(shown)


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=5))
def test_fault_C06_a_whole_file_can_be_read_back(values):
    values = [value.replace("\x00", "") for value in values]
    content = write_csv(sheet(a=values), language="zh", time_zone="UTC")
    rows = cells(content)[1:]
    assert [unguard(row[0]) if row else "" for row in rows] == values


def test_fault_C06_quote_and_semicolon_cannot_open_a_new_cell():
    content = write_csv(sheet(a=['";=1+1', "x;=1+1"]), language="en", time_zone="UTC").decode("utf-8-sig")
    assert content.splitlines()[1:] == ['""";=1+1"', '"x;=1+1"']


def test_fault_C06_numbers_stay_numbers():
    table = Sheet("t", (Heading("n", "n", "n", "count"), Heading("v", "v", "v", "number")),
                  pd.DataFrame({"n": [-5, 7], "v": [-0.25, np.nan]}))  # fmt: skip
    assert write_csv(table, language="zh", time_zone="UTC").decode("utf-8-sig").splitlines()[1:] == [
        "-5,-0.25",
        '7,""',
    ]


def test_csv_starts_with_a_byte_order_mark_and_says_names_with_units():
    table = Sheet(
        "t",
        (Heading("median_h", "中位时长", "Median", "number", "小时", "h"),),
        pd.DataFrame({"median_h": [1.5]}),
    )
    content = write_csv(table, language="zh", time_zone="UTC")
    assert content.startswith(b"\xef\xbb\xbf")
    assert cells(content)[0] == ["中位时长（小时）"]
    assert cells(write_csv(table, language="en", time_zone="UTC"))[0] == ["Median (h)"]
    assert cells(write_csv(table, language="en", time_zone="UTC", names="machine"))[0] == ["median_h"]


def test_moments_are_local_for_people_and_utc_for_machines():
    table = Sheet(
        "t",
        (Heading("at", "时间", "At", "moment"),),
        pd.DataFrame({"at": pd.to_datetime(["2026-10-31T16:30:00Z", None])}),
    )
    assert cells(write_csv(table, language="zh", time_zone="Asia/Shanghai"))[1:] == [
        ["2026-11-01 00:30:00"],
        [""],
    ]
    assert cells(write_csv(table, language="zh", time_zone="Asia/Shanghai", names="machine"))[1] == [
        "2026-10-31 16:30:00"
    ]


def test_notes_stand_below_and_are_guarded_too():
    table = Sheet("t", (Heading("a", "a", "a"),), pd.DataFrame({"a": ["x"]}), (("filter", "=1+1"),))
    assert cells(write_csv(table, language="zh", time_zone="UTC"))[-1] == ["#", "filter", "'=1+1"]
    assert len(cells(write_csv(table, language="zh", time_zone="UTC", with_notes=False))) == 2


@pytest.mark.parametrize("text", [*RISKY, "http://example.org", "00123", "{=1}"])
def test_fault_C07_a_workbook_holds_strings_and_no_formula(text):
    content = write_xlsx([sheet(a=[text])], language="zh", time_zone="UTC")
    cell = openpyxl.load_workbook(io.BytesIO(content)).active["A2"]
    assert cell.data_type == "s"
    assert cell.value.replace("_x000D_", "\r") == text
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_a_workbook_survives_odd_titles_control_characters_and_long_texts():
    odd = Sheet(
        "a/b:c*?[x]'" * 9,
        (Heading("a", "a", "a"),),
        pd.DataFrame({"a": ["\x00\x07ok", "长" * 40_000]}),
        (("k", "\x01"),),
    )
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx([odd, odd], language="zh", time_zone="UTC")))
    assert len(book.sheetnames) == 3
    assert len(book.worksheets[0]["A3"].value) == 32_767
    assert book.worksheets[0]["A2"].value.endswith("ok")


def test_a_workbook_keeps_kinds_and_leaves_missing_cells_empty():
    kinds = ("count", "share", "moment", "day")
    rows = pd.DataFrame({"count": [-5, None], "share": [0.25, None],
                         "moment": pd.to_datetime(["2026-10-31T16:30:00Z", None]),
                         "day": ["2026-10-31", None]})  # fmt: skip
    table = Sheet("t", tuple(Heading(kind, kind, kind, kind) for kind in kinds), rows)
    page = openpyxl.load_workbook(
        io.BytesIO(write_xlsx([table], language="zh", time_zone="Asia/Shanghai"))
    ).active
    assert [cell.value for cell in page[2]][:2] == [-5, 0.25]
    assert page["C2"].value.isoformat() == "2026-11-01T00:30:00"
    assert [cell.value for cell in page[3]] == [None] * 4


def test_more_rows_than_a_workbook_holds_are_refused(monkeypatch):
    monkeypatch.setattr(documents, "XLSX_MOST_ROWS", 1)
    with pytest.raises(LimitError) as refusal:
        write_xlsx([sheet(a=["1", "2"])], language="zh", time_zone="UTC")
    assert refusal.value.code == "export_too_long"


def places():
    """Two areas, one without an outline, with a hostile name."""
    shapes = [shapely.box(104, 30, 104.00000001, 30.1), None]
    rows = {"name": ["</script><script>", "=1+1"], "n": [1.0, np.nan], "cases": [object(), object()],
            "at": pd.to_datetime(["2026-10-31T16:30:00Z", None])}  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(shapes, crs=4326))


def test_geojson_reads_back_and_can_stand_inside_a_page():
    content = write_geojson(places())
    assert b"<" not in content
    features = json.loads(content)["features"]
    assert features[0]["properties"] == {"name": "</script><script>", "n": 1.0, "at": "2026-10-31T16:30:00Z"}
    assert features[1]["geometry"] is None
    assert features[1]["properties"]["n"] is None


def test_a_geopackage_reads_back_with_its_crs(tmp_path):
    (tmp_path / "x.gpkg").write_bytes(write_geopackage(places(), layer="getu"))
    table = pyogrio.read_dataframe(tmp_path / "x.gpkg")
    assert table.crs.to_epsg() == 4326
    assert table["name"].tolist() == ["</script><script>", "=1+1"]


def test_fault_C05_json_cannot_leave_a_script_element():
    text = dump_json({"</script>": "<!-- & \u2028\u2029"})
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == {"</script>": "<!-- & \u2028\u2029"}


def test_a_share_is_a_percent_in_a_csv_for_readers_and_a_fraction_for_programs():
    rows = pd.DataFrame({"code": ["A", "B"], "closed": [0.602089, None]})
    headings = (
        Heading("code", "编码", "Code"),
        Heading("closed", "按期办结率", "On time", "share", "%", "%"),
    )
    sheet = Sheet("x", headings, rows)

    def cells(names):
        text = write_csv(sheet, language="en", time_zone="Asia/Shanghai", names=names).decode("utf-8-sig")
        return [line.split(",")[1] for line in text.splitlines()[1:]]

    assert cells("labels")[0] == "60.2089"
    assert cells("machine")[0] == "0.602089"
    assert cells("labels")[1] == cells("machine")[1] == '""'
