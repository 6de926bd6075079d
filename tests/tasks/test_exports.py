"""A file says what the page says, in both languages, holds nothing personal and nothing that runs."""

from __future__ import annotations

import csv
import html.parser
import io
import json
from datetime import UTC, date, datetime

import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest

from geo.access.seats import operator
from geo.analysis.indicators import AREA_INDICATORS, INDICATORS
from geo.errors import ChoiceError, MissingError
from geo.intake.cases import CaseChoices
from geo.intake.facilities import FacilityChoices, facility_kinds
from geo.present.documents import unguard
from geo.present.numbers import show_value
from geo.settings import Settings
from geo.store import open_store
from geo.store.base import CaseFilter
from geo.tasks.bringing import preview_cases, preview_facilities, store_preview
from geo.tasks.case_lists import list_cases
from geo.tasks.dashboards import choose_period, find_area, make_dashboard, measure_level
from geo.tasks.demonstrating import make_demo
from geo.tasks.exports import Imprint, write_areas, write_cases, write_dashboard, write_facilities
from geo.tasks.reading import read_table_file, suggest_for

CANARY = "13800000000"
NOW = datetime(2026, 10, 31, tzinfo=UTC)
REVIEWED = Imprint(review_number="川S(2026)001号", source="测绘院")


@pytest.fixture(scope="module")
def board(store):
    period, before = choose_period(store, "year")
    return make_dashboard(store, find_area(store, "D1S1"), period=period, before=before)


def rows_of(document):
    return list(csv.reader(io.StringIO(document.content.decode("utf-8-sig"), newline="")))


def test_a_csv_of_cases_reads_back_as_the_list(store, world):
    where = CaseFilter(area_level="grid", area_id="D1S1C1G1")
    rows = rows_of(write_cases(store, where, format="csv"))
    listed = list_cases(store, where, sort=(("reported_at", "up"),), page_size=500).rows
    assert len(rows) - 1 == len(listed) == store.count_cases(where)
    assert rows[0][:3] == ["案件编号", "来源", "类型"]
    address = rows[0].index("地址")
    assert [unguard(row[address]) for row in rows[1:]] == listed["address"].fillna("").tolist()
    assert any(row[address].startswith("'=") for row in rows[1:])


def test_machine_names_are_those_of_the_data_model(store):
    rows = rows_of(write_cases(store, CaseFilter(case_ids=("t:00001",)), format="csv", names="machine"))
    assert {"source_no", "reported_at", "lon", "state"} <= set(rows[0])
    assert (
        rows[1][rows[0].index("state")] == store.read("cases", where={"case_id": "t:00001"})["state"].iloc[0]
    )


@pytest.mark.parametrize("format", ["csv", "xlsx", "gpkg", "geojson"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_fault_E02_no_export_of_cases_holds_a_reporter_or_a_telephone(store, format, language):
    document = write_cases(store, CaseFilter(), format=format, language=language, imprint=REVIEWED)
    text = _text(document)
    assert CANARY not in text
    assert "王某某" not in text
    assert document.file_name == f"getu_cases.{format}"
    assert document.warnings == ()


def _text(document):
    if document.file_name.endswith("xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(document.content))
        return "\n".join(str(cell.value) for page in book for row in page for cell in row)
    return document.content.decode("utf-8", errors="replace")


def test_fault_C07_hostile_texts_are_string_cells(store, world):
    book = openpyxl.load_workbook(io.BytesIO(write_cases(store, CaseFilter(), format="xlsx").content))
    cells = [cell for row in book.worksheets[0] for cell in row if cell.value == world.HOSTILE]
    assert cells
    assert {cell.data_type for cell in cells} == {"s"}


def test_cases_without_a_location_stay_in_the_places_file(store, tmp_path):
    document = write_cases(store, CaseFilter(), format="geojson")
    features = json.loads(document.content)["features"]
    assert len(features) == 900
    assert any(feature["geometry"] is None for feature in features)
    (tmp_path / "cases.gpkg").write_bytes(write_cases(store, CaseFilter(), format="gpkg").content)
    assert len(pyogrio.read_dataframe(tmp_path / "cases.gpkg")) == 900


def test_the_export_of_areas_holds_the_figures_of_the_map(store, tmp_path):
    period, _ = choose_period(store, "year")
    table = measure_level(store, "grid", period=period)
    rows = rows_of(write_areas(store, "grid", period=period, format="csv", names="machine"))
    for row in rows[1:]:
        for key in AREA_INDICATORS:
            text, value = row[rows[0].index(key)], table.loc[row[0], key]
            assert (text == "" and np.isnan(value)) or float(text) == pytest.approx(value, abs=1e-6), key
    labelled = rows_of(write_areas(store, "grid", period=period, format="csv", language="en"))
    assert "Cases per 1,000 residents (per 1,000 residents)" in labelled[0]
    notes = [row for row in labelled if row[:1] == ["#"]]
    assert ["#", "Closed on time", INDICATORS["on_time_share"].about_en] in notes
    (tmp_path / "x.gpkg").write_bytes(write_areas(store, "grid", period=period, format="gpkg").content)
    places = pyogrio.read_dataframe(tmp_path / "x.gpkg")
    assert places["n_new"].tolist() == table["n_new"].tolist()
    assert (places.geom_type == "MultiPolygon").all()


def test_page_export_and_command_show_one_figure(store, board):
    rows = rows_of(write_dashboard(store, board, format="csv", language="zh"))
    by_name = {row[0]: row[1] for row in rows if len(row) == 4}
    page = write_dashboard(store, board, format="html", language="zh").content.decode()
    table = measure_level(store, "subdistrict", period=board.period)
    for card in board.cards:
        item = INDICATORS[card.key]
        scale = 100 if item.format == "share" else 1
        assert float(by_name[item.zh]) == pytest.approx(card.value * scale, abs=1e-6)
        assert table.loc["D1S1", card.key] == pytest.approx(card.value)
        assert f"<b>{show_value(card.value, item.format)}</b>" in page


class _Parser(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [
            value for name, value in attrs if name in ("href", "src", "onerror", "onload", "action")
        ]

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", [None, "D1S1", "D1S1C2", "D1S1C1G1M1"])
def test_fault_C01_the_page_file_needs_nothing_and_runs_nothing(store, world, language, code):
    period, before = choose_period(store, "year")
    area = None if code is None else find_area(store, code)
    board = make_dashboard(store, area, period=period, before=before)
    document = write_dashboard(store, board, format="html", language=language, imprint=REVIEWED)
    parser = _Parser()
    parser.feed(document.content.decode("utf-8"))
    assert not {"script", "img", "link", "iframe", "object", "form"} & set(parser.tags)
    assert parser.links == []
    assert b"http://" not in document.content
    assert b"https://" not in document.content
    assert CANARY not in document.content.decode()
    text = "".join(parser.texts)
    assert board.sentences[language] in text
    assert "川S(2026)001号" in text
    if code in ("D1S1", "D1S1C2"):
        assert world.HOSTILE in text


def test_a_map_without_a_review_number_is_written_and_warns(store, board):
    for document in (
        write_dashboard(store, board, format="html"),
        write_dashboard(store, board, format="gpkg"),
        write_cases(store, CaseFilter(), format="geojson"),
    ):
        assert document.warnings == ("no_review_number",)
    assert "未设置审图号" in write_dashboard(store, board, format="html").content.decode()
    assert "未设置" not in write_dashboard(store, board, format="html", imprint=REVIEWED).content.decode()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_of_a_dashboard_has_a_sheet_per_table_and_its_notes(store, board, language):
    document = write_dashboard(store, board, format="xlsx", language=language, imprint=REVIEWED)
    book = openpyxl.load_workbook(io.BytesIO(document.content))
    assert len(book.sheetnames) == 10
    notes = {row[0].value: row[1].value for row in book.worksheets[-1]}
    assert notes["摘要" if language == "zh" else "Summary"] == board.sentences[language]
    assert "川S(2026)001号" in notes["出处" if language == "zh" else "Imprint"]
    raw = {"n_new", "on_time_share", "area_id", "category_id", "reported_at", "n_open"}
    heads = {cell.value for page in book for cell in page[1]}
    assert not raw & heads


def test_the_places_of_a_dashboard_are_the_areas_inside_or_itself(store, board):
    inside = json.loads(write_dashboard(store, board, format="geojson").content)["features"]
    assert [f["properties"]["area_id"] for f in inside] == ["D1S1C1", "D1S1C2"]
    assert [f["properties"]["n_new"] for f in inside] == board.children["n_new"].tolist()
    leaf = make_dashboard(store, find_area(store, "D1S1C1G1M1"), period=board.period, before=board.period)
    itself = json.loads(write_dashboard(store, leaf, format="geojson").content)["features"]
    assert [f["properties"]["area_id"] for f in itself] == ["D1S1C1G1M1"]


def test_a_code_never_becomes_a_path(store, board, monkeypatch):
    odd = board.area.__class__(**{**vars(board.area), "area_id": "../../etc/passwd\x00<>"})
    renamed = board.__class__(**{**vars(board), "area": odd})
    name = write_dashboard(store, renamed, format="csv").file_name
    assert name.startswith("getu_______etc_passwd")
    assert not set(name) & set("/\\<>\x00")


def test_a_format_that_does_not_fit_is_refused(store):
    period, _ = choose_period(store, "year")
    with pytest.raises(ChoiceError) as refusal:
        write_cases(store, CaseFilter(), format="html")
    assert refusal.value.code == "format_not_for_this"
    with pytest.raises(ChoiceError):
        write_areas(store, "grid", period=period, format="html")


def test_no_cases_make_a_file_with_headings(store):
    nothing = CaseFilter(category_ids=("没有",))
    for format in ("csv", "xlsx", "geojson", "gpkg"):
        assert write_cases(store, nothing, format=format).content
    assert len(rows_of(write_cases(store, nothing, format="csv"))) == 1


def test_moments_are_written_in_the_zone_of_the_store(store):
    rows = rows_of(write_cases(store, CaseFilter(case_ids=("t:00001",)), format="csv"))
    moment = store.read("cases", where={"case_id": "t:00001"})["reported_at"].iloc[0]
    local = pd.Timestamp(moment).tz_convert("Asia/Shanghai").strftime("%Y-%m-%d %H:%M:%S")
    assert rows[1][rows[0].index("上报时间")] == local


def sheet_rows(document, name):
    book = openpyxl.load_workbook(io.BytesIO(document.content))
    return [[cell.value for cell in row] for row in book[name]]


def test_the_workbook_of_a_dashboard_lists_every_open_case(store, monkeypatch):
    period, before = choose_period(store, "year")
    board = make_dashboard(store, None, period=period, before=before)
    n_open = board.counts["n_open"]
    assert n_open > 20
    document = write_dashboard(store, board, format="xlsx", language="en")
    rows = sheet_rows(document, "Open cases")
    assert len(rows) - 1 == n_open
    assert len({tuple(row[:2]) for row in rows[1:]}) == n_open
    assert ["Open cases", f"all {n_open:,}"] in sheet_rows(document, "Notes")
    monkeypatch.setattr("geo.tasks.export_tables.MOST_OPEN_CASES", 30)
    cut = write_dashboard(store, board, format="xlsx", language="zh")
    assert sheet_rows(cut, "在办") == sheet_rows(write_dashboard(store, board, format="xlsx"), "在办")
    assert len(sheet_rows(cut, "在办")) - 1 == 30
    assert ["在办", f"共 {n_open:,} 件，仅列最早的 30 件"] in sheet_rows(cut, "说明")


@pytest.mark.parametrize(("language", "heading"), [("zh", "件"), ("en", "cases")])
def test_whole_counts_are_written_without_a_point(store, board, language, heading):
    rows = rows_of(write_dashboard(store, board, format="csv", language=language))
    counts = [row for row in rows if len(row) == 4 and row[2] == heading]
    assert len(counts) >= 4
    assert all(row[1].isdigit() for row in counts)
    assert any("." in row[1] for row in rows if len(row) == 4 and row[2] == "%")


def test_exports_say_names_in_the_language_asked_beside_their_codes():
    with open_store("duckdb::memory:", time_zone="Asia/Shanghai") as opened:
        make_demo(opened, seat=operator("test"), now=NOW, n_cases=300)
        period, before = choose_period(opened, "year")
        board = make_dashboard(opened, None, period=period, before=before)
        for language, place in (("zh", "name"), ("en", "name_en")):
            names = opened.read("categories", columns=["category_id", "name", "name_en"])
            names = names.set_index("category_id")[place]
            rows = rows_of(write_cases(opened, CaseFilter(), format="csv", language=language))
            code, name = 3, 4
            said = {row[code]: row[name] for row in rows[1:] if row[code]}
            assert said == {key: names[key] for key in said}
            book = write_dashboard(opened, board, format="xlsx", language=language)
            sheets = {"zh": ("类别", "设施"), "en": ("Categories", "Facilities")}[language]
            said = {row[0]: row[1] for row in sheet_rows(book, sheets[0])[1:] if row[0] in names.index}
            assert said
            assert said == {key: names[key] for key in said}
            kinds = sheet_rows(book, sheets[1])[1:]
            assert kinds
            place_of_name = 0 if language == "zh" else 1
            words = {key: pair[place_of_name] for key, pair in facility_kinds().items()}
            assert [row[1].lower() for row in kinds] == [words[row[0]].lower() for row in kinds]


def test_a_store_of_places_alone_writes_them_and_tells_what_is_missing(tmp_path):
    with open_store("duckdb::memory:", time_zone="Asia/Shanghai") as opened:
        with pytest.raises(MissingError) as nothing:
            write_facilities(opened, format="csv")
        assert nothing.value.code == "no_facilities_yet"
        with pytest.raises(MissingError) as empty:
            write_cases(opened, CaseFilter(), format="csv")
        assert empty.value.code == "no_cases_yet"
        text = f"编号,名称,类型,经度,纬度,地址\nF1,=cmd|' /C calc'!A1,公厕,104.0,30.5,沿河路 1 号 {CANARY}\n"
        table = read_table_file(text.encode(), settings=Settings(), file_name="f.csv")
        choices = FacilityChoices(
            columns=suggest_for("facilities", table.columns), source="survey", coord_sys="wgs84"
        )
        store_preview(
            opened,
            preview_facilities(opened, table, choices, seat=operator("t"), now=NOW),
            seat=operator("t"),
            now=NOW,
        )
        with pytest.raises(MissingError, match="Facilities in the store: 1; areas: 0") as only:
            write_cases(opened, CaseFilter(), format="csv")
        assert "设施 1 处" in only.value.say("zh")
        rows = rows_of(write_facilities(opened, format="csv", language="en"))
        assert rows[1][:5] == ["F1", "survey", "'=cmd|' /C calc'!A1", "public_toilet", "Public toilet"]
        for format in ("csv", "xlsx", "geojson", "gpkg"):
            assert CANARY not in _text(write_facilities(opened, format=format))


def test_facilities_of_an_area_are_those_that_lie_in_it():
    with open_store("duckdb::memory:", time_zone="Asia/Shanghai") as opened:
        make_demo(opened, seat=operator("test"), now=NOW, n_cases=20)
        every = rows_of(write_facilities(opened, format="csv"))
        parts = [
            rows_of(write_facilities(opened, find_area(opened, code), format="csv"))[1:]
            for code in opened.read_areas("subdistrict")["area_id"]
        ]
        assert all(parts)
        located = [row for row in every[1:] if row[12]]
        assert 0 < len(located) < len(every) - 1
        assert sorted(row for part in parts for row in part) == sorted(located)


RUN_BY_SHEETS = ["=cmd|' /C calc'!A1", '=HYPERLINK("http://x")', "+cmd|' /C calc'!A1", "@SUM(1)", "\t=1+1"]


@pytest.mark.parametrize("text", RUN_BY_SHEETS)
def test_fault_A20_no_export_holds_a_cell_that_a_spreadsheet_runs(text):
    line = text.replace('"', '""')
    with open_store("duckdb::memory:", time_zone="Asia/Shanghai") as opened:
        make_demo(opened, seat=operator("test"), now=NOW, n_cases=30)
        table = read_table_file(
            f'编号,标题,地址,类别,上报时间,状态\nX1,"{line}","{line}","{line}",2025-01-02 08:00,处置\n'.encode(),
            settings=Settings(), file_name="x.csv",
        )  # fmt: skip
        choices = CaseChoices(
            columns=suggest_for("cases", table.columns), source="x", time_zone="Asia/Shanghai", as_of=NOW
        )
        store_preview(
            opened,
            preview_cases(opened, table, choices, seat=operator("t"), now=NOW),
            seat=operator("t"),
            now=NOW,
        )
        period, before = choose_period(opened, "own", start_on=date(2025, 1, 1), end_on=date(2025, 1, 4))
        board = make_dashboard(opened, None, period=period, before=before)
        written = [
            write_cases(opened, CaseFilter(sources=("x",)), format="csv"),
            write_cases(opened, CaseFilter(sources=("x",)), format="csv", names="machine"),
            write_cases(opened, CaseFilter(sources=("x",)), format="xlsx"),
            write_areas(opened, "subdistrict", period=period, format="csv"),
            write_areas(opened, "subdistrict", period=period, format="xlsx"),
            write_facilities(opened, format="csv"),
            write_facilities(opened, format="xlsx"),
            write_dashboard(opened, board, format="csv"),
            write_dashboard(opened, board, format="xlsx"),
        ]
    n_seen = 0
    for document in written:
        if document.file_name.endswith("csv"):
            cells = [cell for row in rows_of(document) for cell in row]
            assert not [c for c in cells if c.lstrip()[:1] in ("=", "@") or c.lstrip()[:2] == "+c"]
            n_seen += sum(unguard(cell).strip() == text.strip() for cell in cells)
            continue
        book = openpyxl.load_workbook(io.BytesIO(document.content))
        kinds = {cell.data_type for page in book for row in page for cell in row if cell.value is not None}
        assert "f" not in kinds
        n_seen += sum(
            str(cell.value).strip() == text.strip() for page in book for row in page for cell in row
        )
    assert n_seen >= 3
