"""A column is suggested by its whole header; columns about a person are never suggested for a field."""

from __future__ import annotations

import pytest

from geo.intake.cases import CASE_FIELDS
from geo.intake.columns import fold_header, personal_columns, suggest_columns, suggest_reporters
from geo.intake.facilities import FACILITY_FIELDS
from geo.intake.statuses import read_mapping


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("工单编号", "source_no"), ("案件編號", "source_no"), ("Unique Key", "source_no"), ("UNIQUE_KEY", "source_no"),
        ("ＳＲＮｕｍｂｅｒ", "source_no"), ("上报时间", "reported_at"), ("Created Date", "reported_at"),
        ("createddate", "reported_at"), ("確診日期", "reported_at"), ("结案时间（年月日）", "closed_at"),
        ("办理时限", "due_at"), ("里別", "stated_area"), ("小类", "category"), ("大类", "category_main"),
    ],
)  # fmt: skip
def test_headers_of_real_files_are_known(header, field):
    assert suggest_columns([header], table="cases") == {field: header}


@pytest.mark.parametrize("header", ["结案时间备注", "备注", "x1", "原编号说明", ""])
def test_a_header_that_only_holds_a_known_one_is_not_taken(header):
    assert suggest_columns([header], table="cases") == {}


def test_longitude_without_latitude_is_no_position():
    assert suggest_columns(["经度", "编号"], table="cases") == {"source_no": "编号"}
    assert suggest_columns(["经度(WGS84)", "纬度(WGS84)"], table="cases") == {
        "lon": "经度(WGS84)",
        "lat": "纬度(WGS84)",
    }


def test_the_surest_header_wins_and_each_column_is_taken_once():
    assert suggest_columns(["序号", "工单编号", "编号"], table="cases") == {"source_no": "工单编号"}
    found = suggest_columns(["类型", "编号", "编号 (2)"], table="facilities")
    assert found == {"source_no": "编号", "kind": "类型"}


def test_columns_about_people_are_found_and_left_out():
    columns = ["编号", "来电人", "联系电话", "身份证号", "E-mail", "小区"]
    assert personal_columns(columns) == ("来电人", "联系电话", "身份证号", "E-mail")
    assert set(suggest_columns(columns, table="cases").values()) == {"编号", "小区"}
    assert suggest_reporters(columns) == {"reporter_name": "来电人", "reporter_telephone": "联系电话"}


def test_no_header_stands_for_a_field_and_for_a_person():
    headers = read_mapping("headers")
    personal = {fold_header(str(name)) for names in headers["reporters"].values() for name in names}
    for names in headers["cases"].values():
        assert not personal & {fold_header(str(name)) for name in names}


def test_every_field_of_the_table_of_headers_exists():
    headers = read_mapping("headers")
    assert set(headers["cases"]) <= set(CASE_FIELDS)
    assert set(headers["facilities"]) <= set(FACILITY_FIELDS)
