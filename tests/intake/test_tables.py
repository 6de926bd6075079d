"""A table is read as text under the row numbers of its file; a broken row costs itself alone."""

from __future__ import annotations

import csv
import io
import json
import struct
import zipfile
from datetime import datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ChoiceError, EmptyError, FileError, GeoError, LimitError, MissingError
from geo.intake import tables
from geo.intake.cases import CaseChoices, check_cases
from geo.intake.limits import Limits, limits_of
from geo.intake.tables import read_table
from geo.settings import Settings

LIMITS = Limits()
CODES = {"FileError": FileError, "EmptyError": EmptyError, "LimitError": LimitError}


def read(content: bytes | str, file_name: str = "工单.csv", limits: Limits = LIMITS, **choices: str):
    content = content.encode() if isinstance(content, str) else content
    return read_table(content, file_name=file_name, limits=limits, **choices)


def refused(content: bytes | str, file_name: str = "工单.csv", **choices: object) -> str:
    with pytest.raises(FileError) as caught:
        read(content, file_name, **choices)
    assert "/" not in str(caught.value).split("`")[1]
    return caught.value.code


def bad(table) -> list[tuple[int, str]]:
    return list(table.bad_rows[["row", "code"]].itertuples(index=False, name=None))


def rows(table) -> dict[int, list[str]]:
    head = table.head(1000)
    return dict(zip(head.index.tolist(), head.to_numpy().tolist(), strict=True))


def workbook(*sheets: tuple[str, list[list[object]]], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, cells in sheets:
        sheet = book.create_sheet(title)
        for line in cells:
            sheet.append(line)
        for place, form in (formats or {}).items():
            sheet[place].number_format = form
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def repacked(content: bytes, changes: dict[str, bytes]) -> bytes:
    """The same workbook with members replaced or added."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, changes.get(name, old.read(name)))
        for name in set(changes) - set(old.namelist()):
            new.writestr(name, changes[name])
    return buffer.getvalue()


# --- delimited text ---


def test_fault_B27_quotes_and_line_ends_inside_cells_keep_the_row_numbers_of_the_file():
    table = read('编号,标题,描述\r\n1,"说""好""的","第一行\r\n第二行"\r\n2,a,b\r\n3,"c","d"\r\n')
    assert rows(table) == {2: ["1", '说"好"的', "第一行\r\n第二行"], 4: ["2", "a", "b"], 5: ["3", "c", "d"]}
    assert (table.n_rows, bad(table)) == (3, [])


def test_fault_B27_semicolons_divide_where_they_fit_best_and_stay_inside_quotes():
    table = read('编号;标题;金额\n1;"占道;经营";1,5\n2;噪音;2,5\n')
    assert table.delimiter == ";"
    assert rows(table) == {2: ["1", "占道;经营", "1,5"], 3: ["2", "噪音", "2,5"]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_is_found(delimiter):
    assert read(delimiter.join("abc") + "\n" + delimiter.join("123") + "\n").delimiter == delimiter


def test_a_delimiter_that_was_chosen_is_taken_and_a_foreign_one_refused():
    assert read("a;b,c\n1;2,3\n", delimiter=";").columns == ("a", "b,c")
    with pytest.raises(ChoiceError, match="divided"):
        read("a,b\n1,2\n", delimiter="x")


def test_fault_B27_a_zero_byte_costs_its_row():
    table = read("编号,标题\n1,a\n2,b\x00\n3,c\n")
    assert (bad(table), list(rows(table)), table.n_rows) == ([(3, "row_has_nul")], [2, 4], 3)


@pytest.mark.parametrize("cell", ["x" * 2_000_000, '"' + "长" * 700_000 + '"', "x" * 1_000_001])
def test_fault_B27_a_cell_of_two_megabytes_costs_its_row(cell):
    table = read(f"编号,标题\n1,a\n2,{cell}\n3,c\n")
    assert (bad(table), list(rows(table))) == ([(3, "cell_too_large")], [2, 4])
    assert table.bad_rows["value"][0].endswith(" kB")


def test_a_line_many_times_longer_than_the_largest_cell_refuses_the_file():
    assert refused("编号,标题\n1," + "x" * 200_000 + "\n", limits=Limits(max_cell_kb=10)) == "line_too_long"


def test_fault_B27_ragged_rows_are_told_with_both_widths():
    table = read("a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,\n")
    assert table.bad_rows[["row", "code", "value"]].to_numpy().tolist() == [
        [3, "row_ragged", "2 ≠ 3"], [4, "row_ragged", "4 ≠ 3"],
    ]  # fmt: skip
    assert list(rows(table)) == [2, 5]


def test_fault_B27_a_quote_never_closed_costs_its_line_and_says_nothing_of_it():
    table = read('编号,联系人\n1,"张三丰 13800000000\n2,b\n3,c\n')
    assert table.bad_rows.to_numpy().tolist() == [[2, "", "row_quote_broken", ""]]
    assert rows(table) == {3: ["2", "b"], 4: ["3", "c"]}


def test_fault_B27_a_list_of_cases_refuses_the_broken_rows_and_keeps_the_good():
    text = '编号,上报时间\n1,2024-01-31 14:05\n2\n"3,2024-01-31 14:05\n4,2024-02-30\n\n5,2024-01-31 14:05\n'
    choices = CaseChoices(
        {"source_no": "编号", "reported_at": "上报时间"}, "x", datetime.fromisoformat("2026-01-01T00:00Z"),
        time_zone="Asia/Shanghai",
    )  # fmt: skip
    checked = check_cases(read(text), choices)
    assert checked.rejected[["row", "code"]].to_numpy().tolist() == [
        [3, "row_ragged"], [4, "row_quote_broken"], [5, "moment_no_such_day"],
    ]  # fmt: skip
    assert (checked.rows.index.tolist(), checked.n_read, checked.n_rejected) == ([2, 7], 5, 3)


def test_blank_lines_are_no_rows_and_count_as_lines():
    assert list(rows(read("\n\na,b\n\n1,2\n,\n \n3,4\n"))) == [5, 8]


def test_columns_without_a_name_or_with_one_twice_get_names_of_their_own():
    table = read("编号,,标题,标题,\n1,x,a,b,\n")
    assert table.columns == ("编号", "column_2", "标题", "标题 (2)")
    assert "header_named_twice" in [note.code for note in table.notes]


def test_a_lone_title_above_the_header_is_skipped_and_told():
    table = read("八月工单明细,,\n编号,标题,状态\n1,a,b\n")
    assert (table.columns, table.header_row, list(rows(table))) == (("编号", "标题", "状态"), 2, [3])
    assert "title_rows_skipped" in [note.code for note in table.notes]


def test_a_code_keeps_its_zeros_and_a_number_its_digits():
    assert rows(read("a,b\n043001,1.50\n")) == {2: ["043001", "1.50"]}


@given(
    cells=st.lists(
        st.tuples(*[st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs", "Cc"]))] * 3),
        min_size=1, max_size=20,
    ),
    size=st.integers(1, 7),
)  # fmt: skip
def test_what_was_written_is_read_back_chunk_by_chunk(cells, size):
    cells = [["0", *line] for line in cells]
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([["no", "a", "b", "c"], *cells])
    table = read(buffer.getvalue(), delimiter=",", encoding="utf-8")
    chunks = list(table.chunks(size))
    assert [line for chunk in chunks for line in chunk.to_numpy().tolist()] == cells
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert [row for chunk in chunks for row in chunk.index] == list(range(2, 2 + len(cells)))


def test_chosen_columns_come_in_the_order_asked_for():
    chunk = next(read("a,b,c\n1,2,3\n").chunks(columns=["c", "a"]))
    assert chunk.to_dict("list") == {"c": ["3"], "a": ["1"]}


def test_a_file_is_closed_however_reading_it_ends(monkeypatch):
    content, streams = b"a,b\n" + b"1,2\n" * 100, []

    def open_watched(source):
        streams.append(io.BytesIO(source))
        return streams[-1]

    monkeypatch.setattr(tables, "open_source", open_watched)
    with pytest.raises(LimitError) as caught:  # the error holds the frames in which the file was open
        read(content, limits=Limits(max_rows=10))
    assert caught.value.code == "table_too_long"
    table = read(content)
    table.head(3)
    chunks = table.chunks(3)
    next(chunks)
    chunks.close()
    assert len(streams) > 4
    assert all(stream.closed for stream in streams)


# --- what is no table ---


@pytest.mark.parametrize("name", ["a.csv", "a.geojson", "a.xlsx", "a.json", "a"])
@pytest.mark.parametrize(
    "content",
    [
        '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>",
        "\ufeff  <?xml version='1.0'?><kml/>",
    ],
)
def test_fault_A19_markup_is_refused_whatever_it_is_called(content, name):
    assert refused(content, name) == "file_is_markup"
    assert refused(content.encode("utf-16"), name) == "file_is_markup"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "file_not_a_table"),
        (b"%PDF-1.7\n" + bytes(range(1, 32)) * 20, "file_not_a_table"),
        (b"\x80\x04\x95" + bytes(range(32)) * 20, "file_not_a_table"),
        (struct.pack("<500h", *range(500)), "file_not_a_table"),
        (b"\x1f\x8b\x08\x00" + b"x" * 50, "file_is_packed"),
        (b"Rar!\x1a\x07\x00", "file_is_packed"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "file_is_old_excel"),
        (b"[1, 2]", "file_is_json_list"),
        (b"PK\x03\x04 broken", "file_damaged"),
        (b'{"type": "FeatureCollection", "features": []}', "file_not_as_named"),
    ],
)
def test_fault_A19_what_is_no_table_is_refused_under_the_name_of_one(content, code):
    assert refused(content, "a.csv") == code


def test_fault_A19_a_table_under_the_name_of_another_kind_is_refused():
    assert refused("a,b\n1,2\n", "a.geojson") == "file_not_as_named"
    assert refused(workbook(("S", [["a"], [1]])), "a.csv") == "file_not_as_named"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        ("", "a.csv", "file_empty"),
        ("\n\n", "a.csv", "file_empty"),
        ("a,b\n", "a.csv", "table_has_no_rows"),
        ("a,b\n,\n", "a.csv", "table_has_no_rows"),
        ('{"type": "FeatureCollection", "features": []}', "a.geojson", "layer_empty"),
    ],
)
def test_fault_B26_a_file_without_rows_has_nothing_to_import(content, name, code):
    with pytest.raises(EmptyError) as caught:
        read(content, name)
    assert caught.value.code == code


def test_fault_B26_a_workbook_without_rows_has_nothing_to_import():
    for sheets in ([("空", [])], [("空", [["a", "b"]])]):
        with pytest.raises(EmptyError):
            read(workbook(*sheets), "a.xlsx")


def test_limits_of_rows_columns_and_size_are_told():
    assert refused("a,b\n1,2\n3,4\n", limits=Limits(max_rows=1)) == "table_too_long"
    assert refused("a,b,c\n1,2,3\n", limits=Limits(max_columns=2)) == "table_too_wide"
    assert refused("a\n" + "x" * 1_000_100, limits=Limits(max_file_mb=1)) == "file_too_large"
    assert limits_of(Settings(max_columns=7)).max_columns == 7


# --- workbooks ---


def test_fault_A20_formulas_are_not_computed_the_value_last_kept_is_read_and_told():
    plain = workbook(("S", [["编号", "n"], ["1", 5], ["2", 7]]))
    sheet = zipfile.ZipFile(io.BytesIO(plain)).read("xl/worksheets/sheet1.xml")
    sheet = sheet.replace(b"<v>5</v>", b"<f>1+1</f><v>5</v>").replace(
        b"<v>7</v>", b'<f>HYPERLINK("http://x","y")</f>'
    )
    table = read(repacked(plain, {"xl/worksheets/sheet1.xml": sheet}), "a.xlsx")
    assert rows(table) == {2: ["1", "5"], 3: ["2", ""]}
    assert [(note.code, note.values["n"]) for note in table.notes] == [("sheet_has_formulas", 2)]


def test_fault_A20_links_and_objects_are_ignored_and_told():
    content = repacked(
        workbook(("S", [["a"], ["1"]])),
        {"xl/externalLinks/externalLink1.xml": b"<x/>", "xl/embeddings/oleObject1.bin": b"x"},
    )
    table = read(content, "a.xlsx")
    assert [(note.code, note.values["n"]) for note in table.notes] == [("sheet_has_links", 2)]


def test_fault_A20_macros_are_refused_by_part_and_by_kind():
    plain = workbook(("S", [["a"], ["1"]]))
    assert refused(repacked(plain, {"xl/vbaProject.bin": b"x"}), "a.xlsx") == "file_has_macros"
    types = zipfile.ZipFile(io.BytesIO(plain)).read("[Content_Types].xml")
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    assert kind in types
    enabled = types.replace(kind, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
    assert refused(repacked(plain, {"[Content_Types].xml": enabled}), "a.xlsx") == "file_has_macros"


def test_fault_A20_entities_are_refused():
    plain = workbook(("S", [["a"], ["1"]]))
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'
    assert refused(repacked(plain, {"xl/extra.xml": bomb}), "a.xlsx") == "file_has_entities"


def test_fault_A20_a_sheet_of_more_columns_than_taken_is_refused():
    content = workbook(("S", [[f"c{n}" for n in range(201)], ["1"] * 201]))
    assert refused(content, "a.xlsx") == "table_too_wide"
    assert len(read(content, "a.xlsx", Limits(max_columns=201)).columns) == 201


def test_fault_A20_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_unpacked():
    content = repacked(workbook(("S", [["a"], ["1"]])), {"xl/media/x.xml": b"<x>" + bytes(3_000_000)})
    assert refused(content, "a.xlsx", limits=Limits(max_unpacked_mb=2)) == "archive_too_large"


def test_a_damaged_workbook_is_told_as_damaged():
    plain = workbook(("S", [["a"], ["1"]]))
    assert refused(
        repacked(plain, {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row"}), "a.xlsx"
    ) == ("file_damaged")
    assert refused(plain[: len(plain) // 2], "a.xlsx") == "file_damaged"


def test_a_workbook_damaged_anywhere_is_read_or_refused_in_words():
    plain = workbook(("S", [["编号", "时间"], ["1", datetime(2024, 1, 31)], ["2", None]]))
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, part in parts.items():
        for place in range(0, len(part), max(1, len(part) // 12)):
            for damaged in (
                part[:place],
                part[:place] + b"<&" + part[place + 2 :],
                part[:place] + part[place + 9 :],
            ):
                try:
                    read(repacked(plain, {name: damaged}), "a.xlsx")
                except GeoError as error:
                    assert error.code in ("file_damaged", "file_empty", "table_has_no_rows", "archive_ratio")


def test_a_workbook_whose_checksum_is_wrong_is_told_as_damaged():
    plain = workbook(("S", [["a"], ["1"]]))
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        crc = archive.getinfo("docProps/app.xml").CRC.to_bytes(4, "little")
    assert refused(plain.replace(crc, bytes(4)), "a.xlsx") == "file_damaged"


def test_dates_and_codes_of_a_sheet_are_what_they_show():
    moment, midnight = datetime(2024, 1, 31, 14, 5), datetime(2024, 1, 31)
    cells = [["编号", "码", "时间", "日", "零时"], ["1", 43001, moment, midnight, midnight]]
    formats = {"B2": "000000", "D2": 'yyyy"年"m"月"d"日"', "E2": "yyyy-mm-dd hh:mm"}
    content = workbook(("S", cells), formats=formats)
    assert rows(read(content, "a.xlsx")) == {
        2: ["1", "043001", "2024-01-31T14:05:00", "2024-01-31", "2024-01-31T00:00:00"]
    }


def test_dates_are_the_same_in_the_system_of_1904():
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(["时间"])
    book.active.append([datetime(2024, 1, 31, 14, 5)])
    buffer = io.BytesIO()
    book.save(buffer)
    assert rows(read(buffer.getvalue(), "a.xlsx")) == {2: ["2024-01-31T14:05:00"]}


def test_fault_B21_an_id_of_18_digits_kept_as_a_number_shows_that_it_lost_digits():
    table = read(workbook(("S", [["编号"], [430102198001011234]])), "a.xlsx")
    assert rows(table) == {2: ["4.30102198001011E+17"]}
    checked = check_cases(
        table, CaseChoices({"source_no": "编号"}, "x", datetime.fromisoformat("2026-01-01T00:00Z"))
    )
    assert checked.rejected[["row", "code"]].to_numpy().tolist() == [[2, "id_scientific"]]


def test_the_first_sheet_with_content_is_taken_and_every_other_can_be_named():
    content = workbook(("空", []), ("一月", [["a"], ["1"]]), ("二月", [["b"], [], ["2"]]))
    table = read(content, "a.xlsx")
    assert (table.sheet, table.sheets) == ("一月", ("空", "一月", "二月"))
    assert rows(read(content, "a.xlsx", sheet="二月")) == {3: ["2"]}
    with pytest.raises(MissingError, match="一月, 二月"):
        read(content, "a.xlsx", sheet="三月")


def test_a_zip_with_one_table_inside_is_opened_and_counts_as_the_file_given():
    inner = "a,b\n1,2\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("工单.csv", inner)
    table = read(buffer.getvalue(), "工单.zip")
    assert rows(table) == {2: ["1", "2"]}
    assert table.sha256 != read(inner).sha256
    assert refused(buffer.getvalue(), "工单.csv") == "file_is_packed"


# --- GeoJSON ---


def collection(*features: tuple[dict | None, dict]) -> str:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "geometry": g, "properties": p} for g, p in features],
        }
    )


def test_points_become_rows_with_their_coordinates():
    text = collection(
        ({"type": "Point", "coordinates": [104.0657, 30.6595]}, {"id": "001", "n": 12345678901234567890}),
        (None, {"id": "002"}),
        ({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, {"id": "003"}),
    )
    table = read(text, "a.geojson")
    assert table.columns == ("lon", "lat", "id", "n")
    assert rows(table) == {1: ["104.0657", "30.6595", "001", "12345678901234567890"], 2: ["", "", "002", ""]}
    assert (bad(table), table.n_rows) == ([(3, "geometry_not_point")], 3)


def test_an_outline_becomes_a_point_inside_it():
    ring = [[0, 0], [4, 0], [4, 1], [1, 1], [1, 4], [0, 4], [0, 0]]
    table = read(collection(({"type": "Polygon", "coordinates": [ring]}, {"id": "1"})), "a.geojson")
    lon, lat = (float(number) for number in rows(table)[1][:2])
    assert (0 < lon < 4 and 0 < lat < 1) or (0 < lon < 1 and 0 < lat < 4)


# --- real files ---


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "columns", "good", "broken"),
    [
        ("csv_with_utf8_bom.csv", ("id", "name", "WKT"), [], [(2, "row_ragged"), (3, "row_ragged")]),
        ("header_with_line_break.csv", None, [4, 5, 6], []),
        ("unbalanced_double_quotes.csv", ("id", "txt"), [3], [(2, "row_quote_broken")]),
    ],
)
def test_real_odd_files_are_read_to_their_end(shared_data, name, columns, good, broken):
    table = read_table(shared_data / "messy" / "gdal" / name, file_name=name, limits=LIMITS)
    assert (list(rows(table)), bad(table)) == (good, broken)
    assert table.columns == (
        columns
        or (
            "Column one", "Column two", "Column with a line break", "Column three", "Another line break",
            "Column four", "Column five",
        )
    )  # fmt: skip
