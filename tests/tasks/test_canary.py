"""A telephone or identity number of a file stands in no log, no error and no list of problems."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from geo.access.seats import operator
from geo.errors import ChoiceError, GeoError
from geo.intake.cases import CaseChoices
from geo.intake.facilities import FacilityChoices
from geo.intake.population import PopulationChoices
from geo.settings import Settings
from geo.store import open_store
from geo.tasks.bringing import (
    preview_cases,
    preview_facilities,
    store_preview,
    undo_batch,
)
from geo.tasks.bringing_people import preview_population
from geo.tasks.reading import read_table_file, suggest_for

CANARY, CANARY_ID, NAME = "13800000000", "510104198001011236", "张示例"
SECRETS = (CANARY, CANARY_ID, NAME)
SAID = f"请回电 {CANARY}，身份证 {CANARY_ID}"
RECORDS = ("import_batches", "rejected_rows", "audit_log", "runs", "store_meta")
NOW = datetime(2026, 10, 31, tzinfo=UTC)
WHO = {"seat": operator("test"), "now": NOW}
HEADER = (
    "编号,标题,问题描述,地址,所属社区,承办单位,问题来源,化解层级,上报时间,经度,纬度,状态,是否解决,满意度,"
    "诉求人,联系电话"
)


def line(number: str, **changes: str) -> str:
    cells = {
        "编号": number, "标题": SAID, "问题描述": SAID, "地址": SAID, "所属社区": SAID, "承办单位": SAID,
        "问题来源": SAID, "化解层级": SAID,
        "上报时间": "2026-01-05 09:00", "经度": "104.0005", "纬度": "30.5005", "状态": "处置",
        "是否解决": "", "满意度": "", "诉求人": NAME, "联系电话": CANARY,
    } | changes  # fmt: skip
    return ",".join(cells[name] for name in HEADER.split(","))


WEEK = [
    line("1"), line("2"), line("3", 上报时间=SAID.replace("，", " ")), line("4", 经度=CANARY + "度"), line("5") + ",多",
    line("6", 标题='"' + SAID), line("7", 问题描述=SAID + "\x00"), line(CANARY), line(CANARY, 标题="另一件"),
    line("8", 是否解决=CANARY), line("9", 满意度=CANARY_ID), line("", 标题=SAID), line("10", 纬度=CANARY_ID + "度"),
]  # fmt: skip


@pytest.fixture
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        yield opened


def preview(store, *lines, keep=False, **changes):
    text = "\n".join((HEADER, *lines)) + "\n"
    table = read_table_file(text.encode(), settings=Settings(), file_name="week.csv")
    columns = suggest_for("cases", table.columns)
    columns |= {"reporter_name": "诉求人", "reporter_telephone": "联系电话"} | changes.pop("columns", {})
    choices = CaseChoices(
        columns=columns, source="12345", coord_sys="wgs84", time_zone="Asia/Shanghai", as_of=NOW,
        keep_reporters=keep, **changes,
    )  # fmt: skip
    return preview_cases(store, table, choices, **WHO)


def require_clean(text, where):
    assert [secret for secret in SECRETS if secret in text] == [], where


@pytest.mark.parametrize("keep", [False, True], ids=["reporters left out", "reporters kept"])
def test_fault_E14_a_whole_import_leaves_no_identity_in_logs_or_records(store, caplog, keep):
    caplog.set_level(logging.DEBUG)
    first = preview(store, *WEEK, keep=keep)
    receipt = store_preview(store, first, **WHO)
    again = preview(store, *(row.replace("处置", "结案") for row in WEEK), line("11"), keep=keep)
    store_preview(store, again, **WHO)
    undo_batch(store, store.read("import_batches")["batch_id"].iloc[-1], **WHO)

    assert receipt.n_new > 0
    assert receipt.n_rejected >= 8
    for record in caplog.records:
        require_clean(record.getMessage() + str(record.args) + (record.exc_text or ""), record.name)
    for table in RECORDS:
        require_clean(store.read(table).to_csv(), table)
    for seen in (first, again):
        for problems in (seen.checked.rejected, seen.checked.remarks, seen.changes):
            require_clean(problems.to_csv(), "problems")
        require_clean(repr(seen.notes), "notes")
        require_clean(repr(seen.head), "head")
    assert set(first.checked.rejected["code"]) >= {
        "moment_unreadable", "coordinate_not_decimal", "row_ragged", "row_quote_broken", "row_has_nul",
        "case_number_twice", "source_no_missing",
    }  # fmt: skip
    assert set(first.checked.remarks["code"]) >= {"answer_unknown", "satisfaction_unknown"}


def test_fault_E14_what_would_change_is_shown_masked(store):
    store_preview(store, preview(store, line("1")), **WHO)
    changes = preview(store, line("1", 标题=f"改打 {CANARY}")).changes
    assert changes["column_name"].tolist() == ["title"]
    assert "138****0000" in changes["new"].iloc[0]
    require_clean(changes.to_csv(), "changes")


def test_fault_E14_a_refused_import_tells_no_identity(store, caplog):
    caplog.set_level(logging.DEBUG)
    waiting = preview(store, line("1"), line("2", 状态=f"已转 {CANARY}"))
    with pytest.raises(ChoiceError) as caught:
        store_preview(store, waiting, **WHO)
    errors: list[GeoError] = [caught.value]
    for changes in ({"columns": {"title": "无此列"}}, {"columns": {"source_no": ""}}):
        with pytest.raises(GeoError) as refused:
            preview(store, line("1"), **changes)
        errors.append(refused.value)
    for error in errors:
        for text in (str(error), repr(error), error.say("zh"), error.say("en")):
            require_clean(text, error.code)
    require_clean(caplog.text, "log")


def test_fault_E14_a_file_that_cannot_be_read_tells_nothing_of_what_it_holds(tmp_path: Path):
    broken = [
        (SAID.encode("gb18030") + b"\xff\xff", "a.csv"),
        (f'"{SAID}\n'.encode(), "a.csv"),
        (f'{{"type": "FeatureCollection", "features": [{{"x": "{SAID}"'.encode(), "a.geojson"),
        (f"<html>{SAID}</html>".encode(), "a.csv"),
    ]
    for content, name in broken:
        with pytest.raises(GeoError) as caught:
            read_table_file(content, settings=Settings(), file_name=name)
        require_clean(str(caught.value) + repr(caught.value.values), name)


def test_fault_E14_problems_of_lists_of_places_hide_persons_and_keep_codes(store):
    grid_code = "510104001001001"
    text = (
        "编号,名称,类型,经度,纬度,地址,面积\n"
        f"1,公厕,公厕,104.0,30.5,街 1 号,{CANARY}平\n"
        f"{grid_code},公厕甲,公厕,104.0,30.5,街 1 号,1\n"
        f"{grid_code},公厕乙,公厕,104.0,30.5,街 2 号,2\n"
    )
    table = read_table_file(text.encode(), settings=Settings(), file_name="places.csv")
    columns = {"source_no": "编号", "name": "名称", "kind": "类型", "lon": "经度", "lat": "纬度",
               "area_m2": "面积"}  # fmt: skip
    choices = FacilityChoices(columns=columns, source="survey", coord_sys="wgs84")
    waiting = preview_facilities(store, table, choices, **WHO)
    told = pd.concat([waiting.checked.rejected, waiting.checked.remarks])
    assert "138****0000平" in set(told["value"])
    assert grid_code in set(told["value"])
    require_clean(told.to_csv(), "problems")


def test_fault_E14_problems_of_population_hide_persons(store):
    text = f"point,lon,lat,residents\nP1,104.0,30.5,{CANARY}x\nP2,104.0,30.5,5\n"
    table = read_table_file(text.encode(), settings=Settings(), file_name="people.csv")
    choices = PopulationChoices(
        columns={"point_id": "point", "lon": "lon", "lat": "lat", "residents": "residents"},
        source="survey", coord_sys="wgs84",
    )  # fmt: skip
    waiting = preview_population(store, table, choices, **WHO)
    told = pd.concat([waiting.checked.rejected, waiting.checked.remarks])
    assert len(told)
    require_clean(told.to_csv(), "problems")
