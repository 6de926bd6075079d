"""A file is checked, shown, confirmed and stored whole; weekly exports change what they must; undo undoes."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from geo.access.seats import operator
from geo.errors import ChoiceError, ConflictError, EmptyError, MissingError
from geo.intake.boundaries import BoundaryChoices
from geo.intake.cases import CaseChoices
from geo.intake.facilities import FacilityChoices
from geo.intake.population import PopulationChoices
from geo.settings import Settings
from geo.store import open_store
from geo.tasks.bringing import (
    preview_boundaries,
    preview_cases,
    preview_facilities,
    store_preview,
    undo_batch,
)
from geo.tasks.bringing_people import preview_population
from geo.tasks.dashboards import choose_period
from geo.tasks.reading import read_layer_files, read_population_file, read_table_file, suggest_for

NOW = datetime(2026, 10, 31, tzinfo=UTC)
WHO = {"seat": operator("test"), "now": NOW}

WEEK_1 = """编号,上报时间,状态,标题,经度,纬度
1,2026-01-05 09:00,处置,井盖破损,104.0005,30.5005
2,2026-01-05 10:00,处置,噪音扰民,104.0015,30.5005
3,2026-01-06 11:00,处置,占道经营,104.9,30.9
"""
WEEK_2 = """编号,上报时间,状态,标题,经度,纬度
1,2026-01-05 09:00,结案,井盖破损,104.0005,30.5005
2,2026-01-05 10:00,处置,噪音扰民,104.0015,30.5005
4,2026-01-12 08:00,处置,垃圾满溢,104.0005,30.5005
"""


def squares(level, codes, *, names=None):
    """A row of areas, each 0.001 degrees wide and high."""

    def ring(west):
        return [[west, 30.5], [west + 0.001, 30.5], [west + 0.001, 30.501], [west, 30.501], [west, 30.5]]

    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": (names or {}).get(code, code)},
            "geometry": {"type": "Polygon", "coordinates": [ring(104 + n / 1000)]},
        }
        for n, code in enumerate(codes)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


@pytest.fixture
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        yield opened


@pytest.fixture
def settings():
    return Settings()


def bring_grids(store, settings, codes=("G1", "G2"), level="grid"):
    layer = read_layer_files([squares(level, codes)], settings=settings, file_names=[f"{level}.geojson"])
    choices = BoundaryChoices(area_level=level, id_column="code", name_column="name", coord_sys="wgs84")
    return store_preview(store, preview_boundaries(store, layer, choices, **WHO), **WHO)


def preview_week(store, settings, text, **changes):
    table = read_table_file(text.encode(), settings=settings, file_name="week.csv")
    choices = CaseChoices(
        columns=suggest_for("cases", table.columns), source="12345", coord_sys="wgs84",
        time_zone="Asia/Shanghai", as_of=NOW,
    )  # fmt: skip
    return preview_cases(store, table, replace(choices, **changes), **WHO)


def counts(store, *tables):
    rows = store.count_rows()
    return tuple(rows[table] for table in tables)


def test_a_preview_stores_nothing(store, settings):
    bring_grids(store, settings)
    before = store.count_rows()
    preview = preview_week(store, settings, WEEK_1)
    assert (preview.n_new, preview.n_changed, preview.n_unchanged) == (3, 0, 0)
    assert store.count_rows() == before


def test_what_was_shown_is_what_is_stored_and_placed(store, settings):
    bring_grids(store, settings)
    preview = preview_week(store, settings, WEEK_1)
    assert (preview.placement.n_placed, preview.placement.n_outside) == (2, 1)
    assert preview.outside["source_no"].tolist() == ["3"]
    receipt = store_preview(store, preview, **WHO)
    assert (receipt.n_new, receipt.n_rejected) == (3, 0)
    assert counts(store, "cases", "case_areas", "case_facts", "case_events") == (3, 6, 3, 3)


def test_what_would_change_is_told_in_the_zone_of_the_store(store, settings):
    bring_grids(store, settings)
    store_preview(store, preview_week(store, settings, WEEK_1), **WHO)
    later = WEEK_1.replace("1,2026-01-05 09:00,处置", "1,2026-01-05 09:30,结案")
    changes = preview_week(store, settings, later).changes
    (moment,) = changes[changes["column_name"].eq("reported_at")].to_dict("records")
    assert (moment["old"], moment["new"]) == ("2026-01-05 09:00:00", "2026-01-05 09:30:00")
    assert changes[changes["column_name"].eq("state")]["new"].tolist() == ["closed"]


def test_a_weekly_export_is_new_changed_and_unchanged_and_says_old_to_new(store, settings):
    bring_grids(store, settings)
    store_preview(store, preview_week(store, settings, WEEK_1), **WHO)
    preview = preview_week(store, settings, WEEK_2)
    assert (preview.n_new, preview.n_changed, preview.n_unchanged) == (1, 1, 1)
    change = preview.changes[preview.changes["column_name"].eq("state")].iloc[0]
    assert (change["id"], change["old"], change["new"]) == ("12345:1", "handling", "closed")
    store_preview(store, preview, **WHO)
    cases = store.read("cases", order_by=["case_id"]).set_index("source_no")
    assert cases["state"].to_dict() == {"1": "closed", "2": "handling", "3": "handling", "4": "handling"}
    assert cases["version"].to_dict() == {"1": 2, "2": 1, "3": 1, "4": 1}


def test_the_same_file_again_adds_nothing(store, settings):
    bring_grids(store, settings)
    store_preview(store, preview_week(store, settings, WEEK_1), **WHO)
    before = counts(store, "cases", "case_versions", "case_events", "case_areas")
    receipt = store_preview(store, preview_week(store, settings, WEEK_1), **WHO)
    assert (receipt.n_new, receipt.n_changed, receipt.n_unchanged) == (0, 0, 3)
    assert counts(store, "cases", "case_versions", "case_events", "case_areas") == before


def test_a_column_that_the_file_lacks_leaves_what_is_known(store, settings):
    store_preview(store, preview_week(store, settings, WEEK_1), **WHO)
    short = "编号,状态\n1,结案\n"
    preview = preview_week(store, settings, short, coord_sys=None)
    assert (preview.n_changed, preview.n_new) == (1, 0)
    store_preview(store, preview, **WHO)
    case = store.read("cases", where={"source_no": "1"}).iloc[0]
    assert (case["title"], case["state"], case["lon"]) == ("井盖破损", "closed", 104.0005)


def test_undo_brings_former_rows_back_and_takes_new_ones_out(store, settings):
    bring_grids(store, settings)
    store_preview(store, preview_week(store, settings, WEEK_1), **WHO)
    second = store_preview(store, preview_week(store, settings, WEEK_2), **WHO)
    undo_batch(store, second.batch_id, **WHO)
    cases = store.read("cases").set_index("source_no")
    assert sorted(cases.index) == ["1", "2", "3"]
    assert cases.loc["1", "state"] == "handling"
    assert store.verify() == []


def test_undo_is_refused_naming_the_later_batch(store, settings):
    first = store_preview(store, preview_week(store, settings, WEEK_1), **WHO)
    second = store_preview(store, preview_week(store, settings, WEEK_2), **WHO)
    with pytest.raises(ConflictError, match=second.batch_id):
        undo_batch(store, first.batch_id, **WHO)


def test_an_unknown_batch_cannot_be_undone(store):
    with pytest.raises(MissingError, match="B999999"):
        undo_batch(store, "B999999", **WHO)


def test_undo_of_boundaries_takes_the_areas_off_the_cases(store, settings):
    store_preview(store, preview_week(store, settings, WEEK_1), **WHO)
    receipt = bring_grids(store, settings)
    assert store.read_case_areas("current")["grid_id"].notna().sum() == 2
    undo_batch(store, receipt.batch_id, **WHO)
    assert store.read_case_areas("current")["grid_id"].notna().sum() == 0
    assert counts(store, "areas", "boundary_sets") == (0, 0)
    assert store.verify() == []


def test_a_coarser_level_that_comes_later_becomes_the_parent(store, settings):
    bring_grids(store, settings)
    whole = json.loads(squares("community", ["C1"]))
    whole["features"][0]["geometry"]["coordinates"][0] = [
        [104, 30.5],
        [104.002, 30.5],
        [104.002, 30.501],
        [104, 30.501],
        [104, 30.5],
    ]
    layer = read_layer_files([json.dumps(whole).encode()], settings=settings, file_names=["c.geojson"])
    choices = BoundaryChoices(area_level="community", id_column="code", coord_sys="wgs84")
    receipt = store_preview(store, preview_boundaries(store, layer, choices, **WHO), **WHO)
    assert store.read("areas", where={"area_level": "grid"})["parent_id"].tolist() == ["C1", "C1"]
    undo_batch(store, receipt.batch_id, **WHO)
    assert store.read("areas", where={"area_level": "grid"})["parent_id"].isna().all()


def test_fault_B26_a_file_without_rows_is_nothing_to_import(store, settings):
    with pytest.raises(EmptyError):
        preview_week(store, settings, "编号,上报时间,状态\n")
    with pytest.raises(EmptyError):
        read_table_file(b"", settings=settings, file_name="empty.csv")
    with pytest.raises(EmptyError):
        empty = b'{"type":"FeatureCollection","features":[]}'
        read_layer_files([empty], settings=settings, file_names=["empty.geojson"])
    assert store.list_batches().empty


def test_fault_B24_zero_points_strays_and_pile_ups_are_listed_and_counted(store, settings):
    bring_grids(store, settings)
    rows = ["编号,上报时间,状态,经度,纬度", "z,2026-01-05,处置,0,0", "o,2026-01-05,处置,104.5,30.9"]
    rows += [f"p{n},2026-01-05,处置,104.0005,30.5005" for n in range(60)]
    rows += [f"s{n},2026-01-05,处置,{104.0001 + n / 1e6},30.5002" for n in range(60)]
    preview = preview_week(store, settings, "\n".join(rows))
    assert preview.pile_ups[["lon", "lat", "n"]].to_numpy().tolist() == [[104.0005, 30.5005, 60]]
    assert preview.outside["source_no"].tolist() == ["o"]
    assert preview.placement.n_unlocated + preview.checked.n_rejected >= 1
    assert preview.placement.n_placed + preview.placement.n_outside + preview.placement.n_unlocated == len(
        preview.checked.rows
    )


def test_unknown_status_words_block_until_they_are_mapped(store, settings):
    text = WEEK_1.replace("处置", "天知道")
    preview = preview_week(store, settings, text)
    assert preview.is_blocked
    with pytest.raises(ChoiceError, match="天知道"):
        store_preview(store, preview, **WHO)
    assert counts(store, "cases") == (0,)
    mapped = preview_week(store, settings, text, status_words={"天知道": "handling"})
    assert store_preview(store, mapped, **WHO).n_new == 3


def test_facilities_outside_every_area_are_listed_and_stored(store, settings):
    bring_grids(store, settings)
    text = "编号,名称,经度,纬度\n1,充电站一,104.0005,30.5005\n2,充电站二,105.0,30.5\n"
    table = read_table_file(text.encode(), settings=settings, file_name="f.csv")
    choices = FacilityChoices(
        columns=suggest_for("facilities", table.columns),
        source="survey",
        coord_sys="wgs84",
        kind="car_charger",
    )
    preview = preview_facilities(store, table, choices, **WHO)
    assert (preview.n_new, preview.outside["source_no"].tolist()) == (2, ["2"])
    store_preview(store, preview, **WHO)
    assert counts(store, "facilities") == (2,)


def test_figures_by_area_code_become_own_figures_and_unknown_codes_are_told(store, settings):
    bring_grids(store, settings)
    file = read_population_file([b"code,residents\nG1,120\nG9,5\n"], settings=settings, file_names=["p.csv"])
    choices = PopulationChoices(columns={"area_id": "code", "residents": "residents"}, source="census")
    preview = preview_population(store, file, choices, **WHO)
    assert (preview.n_changed, [note.code for note in preview.notes][-1]) == (1, "population_unknown_areas")
    receipt = store_preview(store, preview, **WHO)
    figures = store.residents("grid").set_index("area_id")["residents"]
    assert figures.to_dict()["G1"] == 120
    undo_batch(store, receipt.batch_id, **WHO)
    assert store.residents("grid")["residents"].isna().all()


def test_a_file_that_changed_after_the_check_is_not_what_is_stored(store, settings, tmp_path):
    file = tmp_path / "week.csv"
    file.write_text(WEEK_1, encoding="utf-8")
    table = read_table_file(file, settings=settings)
    choices = CaseChoices(
        columns=suggest_for("cases", table.columns), source="12345", coord_sys="wgs84",
        time_zone="Asia/Shanghai", as_of=NOW,
    )  # fmt: skip
    preview = preview_cases(store, table, choices, **WHO)
    file.write_text(WEEK_2, encoding="utf-8")
    store_preview(store, preview, **WHO)
    assert sorted(store.read("cases")["source_no"]) == ["1", "2", "3"]


def test_reporters_are_not_stored_unless_chosen(store, settings):
    text = "编号,上报时间,状态,报告人,联系电话\n1,2026-01-05,处置,王某某,13800000000\n"
    store_preview(store, preview_week(store, settings, text, coord_sys=None), **WHO)
    assert counts(store, "case_reporters") == (0,)
    assert "13800000000" not in store.read("cases").to_csv()
    stored = store.read("import_batches")["choices"].iloc[0]
    assert (
        "13800000000" not in json.dumps(stored)
        if not isinstance(stored, str)
        else "13800000000" not in stored
    )


def test_rejected_rows_are_kept_with_row_column_and_reason(store, settings):
    text = WEEK_1 + "5,2026-02-30 09:00,处置,日期不存在,104.0005,30.5005\n"
    preview = preview_week(store, settings, text)
    assert (preview.n_new, preview.checked.n_rejected) == (3, 1)
    store_preview(store, preview, **WHO)
    row = store.read("rejected_rows").iloc[0]
    assert (row["row"], row["column_name"], row["value"]) == (5, "上报时间", "2026-02-30 09:00")
    assert isinstance(row["reason"], str) and "2026-02-30" in row["reason"]
    assert pd.notna(row["code"])


def test_a_list_closed_years_later_opens_in_the_month_of_its_last_report(store, settings):
    rows = ["编号,上报时间,结案时间,状态", "1,2026-01-05,2026-01-06,结案", "2,2026-02-10,2026-09-01,结案"]
    text = "\n".join(rows)
    store_preview(store, preview_week(store, settings, text, coord_sys=None), **WHO)
    assert choose_period(store).chosen.label == "2026-02"
    assert choose_period(store, "year").chosen.label.startswith("2026")
