"""A batch is new, changed and unchanged rows, kept whole; what it replaced is kept too."""

from __future__ import annotations

import pandas as pd
import pytest
import shapely

from geo.errors import CrsError, DuplicateError, MissingError, StoreError
from geo.schema import TABLES
from tests.store.conftest import (
    at,
    head,
    make_areas,
    make_case_areas,
    make_cases,
    make_set,
    snapshot,
    store_areas,
    store_cases,
)

A = {"grid": "G1", "community": "C1"}


def test_new_changed_and_unchanged_cases_are_told_apart(store):
    first = store_cases(store, {"no": 1, "title": "噪音"}, {"no": 2, "title": "路灯"})
    second = store_cases(store, {"no": 1, "title": "噪音"}, {"no": 2, "title": "路灯不亮"}, {"no": 3})
    assert (first.batch_id, first.n_new, first.n_changed, first.n_unchanged) == ("B000001", 2, 0, 0)
    assert (second.batch_id, second.n_new, second.n_changed, second.n_unchanged) == ("B000002", 1, 1, 1)
    assert second.data_version == 2 == store.data_version()
    cases = store.read("cases").set_index("source_no")
    assert cases["version"].tolist() == [1, 2, 1]
    assert cases["batch_id"].tolist() == ["B000001", "B000002", "B000002"]
    assert store.verify() == []


def test_the_former_row_of_a_changed_case_is_kept_with_an_event(store):
    store_cases(store, {"no": 1, "title": "噪音", "state": "handling"})
    store_cases(store, {"no": 1, "title": "噪音扰民", "state": "closed", "closed_at": "2026-10-03 08:00"})
    former = store.read("case_versions").iloc[0]
    assert (former["title"], former["version"], former["replaced_by"]) == ("噪音", 1, "B000002")
    events = store.read("case_events")
    assert events[["seq", "action", "to_state", "batch_id"]].values.tolist() == [
        [1, "import", "handling", "B000001"],
        [2, "change", "closed", "B000002"],
    ]
    assert events["from_state"].isna().tolist() == [True, False]
    assert events["note"].iloc[1] == (
        "state: handling → closed; title: 噪音 → 噪音扰民; closed_at: ∅ → 2026-10-03 00:00:00+00"
    )


def test_a_long_value_is_shortened_in_the_note_of_an_event(store):
    store_cases(store, {"no": 1, "description": "长" * 100})
    store_cases(store, {"no": 1, "description": "短"})
    assert store.read("case_events")["note"].iloc[1] == f"description: {'长' * 39}… → 短"


def test_a_column_that_is_not_in_the_file_leaves_known_cases_alone(store):
    store_cases(store, {"no": 1, "title": "噪音", "address": "锦绣路1号"})
    store_cases(store, {"no": 1, "title": "噪音扰民"})
    assert store.read("cases")["address"].tolist() == ["锦绣路1号"]


def test_an_empty_cell_of_a_column_that_is_in_the_file_empties_the_value(store):
    store_cases(store, {"no": 1, "title": "噪音"})
    receipt = store_cases(store, {"no": 1, "title": None}, {"no": 2, "title": "新"})
    assert receipt.n_changed == 1
    assert store.read("cases")["title"].isna().tolist() == [True, False]


def test_an_equal_import_adds_nothing_but_its_entry(store):
    rows = [{"no": n, "reported_at": "2026-10-01", "lon": 104.0, "lat": 30.0, "areas": A} for n in range(5)]
    store_cases(store, *rows)
    before, counts = snapshot(store), store.count_rows()
    receipt = store_cases(store, *rows)
    assert (receipt.n_new, receipt.n_changed, receipt.n_unchanged) == (0, 0, 5)
    after = store.count_rows()
    assert {name: after[name] - counts[name] for name in after if after[name] != counts[name]} == {
        "import_batches": 1,
        "audit_log": 1,
    }
    for name, rows_before in before.items():
        pd.testing.assert_frame_equal(rows_before, store.read(name))


def test_an_equal_import_of_other_tables_adds_nothing_but_its_entry(store):
    points = pd.DataFrame(
        {"source": "年报", "point_id": ["1", "2"], "lon": 104.0, "lat": 30.0, "residents": [1.5, None]}
    )
    store.store_rows(head("population"), {"population_points": points})
    counts = store.count_rows()
    receipt = store.store_rows(head("population"), {"population_points": points})
    assert (receipt.n_new, receipt.n_changed, receipt.n_unchanged) == (0, 0, 2)
    after = store.count_rows()
    assert {name for name in after if after[name] != counts[name]} == {"import_batches", "audit_log"}


def test_areas_equal_down_to_the_geometry_are_unchanged(store):
    store_areas(store, "grid", ["a", "b"])
    assert store_areas(store, "grid", ["a", "b"]).n_unchanged == 2
    moved = make_areas("grid", ["a", "b"])
    moved.loc[1, "geom"] = shapely.box(104.01, 30, 104.02, 30.02)
    receipt = store.store_rows(head("boundaries"), {"areas": moved})
    assert (receipt.n_changed, receipt.n_unchanged) == (1, 1)
    assert store.read("areas")["geom"].iloc[1].bounds == (104.01, 30.0, 104.02, 30.02)
    assert len(store.read("former_rows")) == 1


def test_a_changed_row_of_another_table_keeps_the_former_one_whole(store):
    store_areas(store, "grid", ["a"])
    own = make_areas("grid", ["a"]).assign(residents=7777)
    store.store_rows(head("population"), {"areas": own})
    former = store.read("former_rows").iloc[0]
    assert (former["replaced_by"], former["table_name"]) == ("B000002", "areas")
    assert '"residents":"1000"' in former["row"].replace(" ", "")
    assert store.read("areas")["residents"].tolist() == [7777]


def test_areas_are_written_again_only_when_the_place_changed(store):
    row = {"no": 1, "lon": 104.0, "lat": 30.0, "position_source": "given", "areas": A}
    store_cases(store, row)
    store_cases(store, row | {"state": "closed", "areas": {"grid": "G9"}})
    assert store.read_case_areas("current")["grid_id"].tolist() == ["G1"]
    store_cases(store, row | {"state": "closed", "lon": 104.5, "areas": {"grid": "G2"}})
    areas = store.read("case_areas").set_index("basis")
    assert areas["grid_id"].to_dict() == {"current": "G2", "reported": "G2"}
    assert "lon: 104.0 → 104.5" in store.read("case_events")["note"].iloc[2]
    assert store.verify() == []


def test_categories_are_added_when_new_and_left_when_known(store):
    told = pd.DataFrame({"category_id": ["noise", "light"], "name": ["噪音", "路灯"]})
    store_cases(store, {"no": 1, "category_id": "noise"}, categories=told)
    again = pd.DataFrame({"category_id": ["noise", "road"], "name": ["别的名字", "道路"]})
    store_cases(store, {"no": 2, "category_id": "road"}, categories=again)
    assert store.read("categories").set_index("category_id")["name"].to_dict() == {
        "light": "路灯",
        "noise": "噪音",
        "road": "道路",
    }


def test_a_reporter_that_differs_makes_the_case_changed(store):
    def told(number):
        return pd.DataFrame({"case_id": ["hot:1"], "name": ["王"], "telephone": [number]})

    store_cases(store, {"no": 1}, reporters=told("13800000000"))
    same = store_cases(store, {"no": 1}, reporters=told("13800000000"))
    other = store_cases(store, {"no": 1}, reporters=told("13900000000"))
    assert (same.n_unchanged, other.n_changed) == (1, 1)
    assert store.read("case_reporters")["telephone"].tolist() == ["13900000000"]
    assert store.read("case_events")["note"].tolist() == ["", "reporter"]


def make_facilities(**columns):
    table = pd.DataFrame(
        {"facility_id": ["f:1"], "source": "f", "source_no": ["1"], "kind": "charger", "status": "open"}
    )
    return table.assign(**columns)


def gates(*longitudes):
    return pd.DataFrame(
        {"facility_id": "f:1", "seq": range(1, len(longitudes) + 1), "lon": longitudes, "lat": 30.0}
    )


def test_facilities_keep_versions_and_all_their_entrances(store):
    first = store.store_facilities(
        head("facilities"), make_facilities(capacity=10.0), entrances=gates(104.0, 104.1)
    )
    same = store.store_facilities(
        head("facilities"), make_facilities(capacity=10.0), entrances=gates(104.0, 104.1)
    )
    moved = store.store_facilities(head("facilities"), make_facilities(capacity=12.0), entrances=gates(104.5))
    assert (first.n_new, same.n_unchanged, moved.n_changed) == (1, 1, 1)
    assert store.read("facilities")["capacity"].tolist() == [12.0]
    assert store.read("facility_versions")["capacity"].tolist() == [10.0]
    assert store.read("facility_entrances")["lon"].tolist() == [104.5]
    closed = store.store_facilities(head("facilities"), make_facilities(), entrances=gates(104.6))
    assert closed.n_changed == 1  # only an entrance differs
    assert store.read("facility_entrances")["lon"].tolist() == [104.6]
    assert store.verify() == []


def test_refused_rows_are_kept_with_their_reason(store):
    refused = pd.DataFrame(
        {"row": [7, 7, 9], "column_name": ["经度", "纬度", "编号"], "code": ["no_such", "no_such", "no_such"],
         "value": ["x", "y", "z"]}
    )  # fmt: skip
    receipt = store_cases(store, {"no": 1}, rejected=refused)
    assert receipt.n_rejected == 2
    rows = store.read("rejected_rows")
    assert rows["row"].tolist() == [7, 7, 9]
    assert rows["reason"].iloc[2] == "no_such"
    assert store.verify() == []


def test_a_batch_is_listed_newest_first_with_its_choices(store):
    for n in range(11):
        store_cases(store, {"no": n})
    listed = store.list_batches(limit=3)
    assert listed["batch_id"].tolist() == ["B000011", "B000010", "B000009"]
    store.store_cases(
        head(choices={"columns": {"编号": "source_no"}}, n_read=1),
        make_cases({"no": 99}),
        make_case_areas({"no": 99}),
    )
    assert store.list_batches(limit=1)["choices"].tolist() == ['{"columns": {"编号": "source_no"}}']


def test_the_number_of_a_case_twice_in_one_batch_is_refused_and_nothing_is_kept(store):
    with pytest.raises(DuplicateError, match="hot:1"):
        store_cases(store, {"no": 1}, {"no": 1})
    assert store.count_rows()["import_batches"] == 0
    assert store.data_version() == 0


def test_a_value_outside_the_allowed_ones_is_refused_and_nothing_is_kept(store):
    with pytest.raises(StoreError, match="A row of cases breaks a rule"):
        store_cases(store, {"no": 1, "state": "asleep"})
    assert store.count_rows()["import_batches"] == 0
    store_cases(store, {"no": 1})  # the store works on


def test_a_new_case_without_a_state_is_refused(store):
    with pytest.raises(StoreError, match="column state"):
        store.store_cases(head(), make_cases({"no": 1}).drop(columns="state"), make_case_areas({"no": 1}))


def test_known_cases_may_come_with_a_few_columns_only(store):
    store_cases(store, {"no": 1, "title": "噪音"})
    few = pd.DataFrame({"case_id": ["hot:1"], "lon": [104.0], "lat": [30.0], "position_source": ["address"]})
    receipt = store.store_cases(head("placement"), few, make_case_areas({"no": 1, "areas": A}))
    assert receipt.n_changed == 1
    row = store.read("cases").iloc[0]
    assert (row["title"], row["lon"], row["version"]) == ("噪音", 104.0, 2)
    assert store.read_case_areas("current")["grid_id"].tolist() == ["G1"]


@pytest.mark.parametrize("table", ["cases", "import_batches", "nothing", "areas; DROP TABLE areas"])
def test_a_table_that_is_not_taken_is_refused(store, table):
    with pytest.raises(MissingError):
        store.store_rows(head("staff"), {table: pd.DataFrame({"x": [1]})})


def test_a_column_that_does_not_exist_is_refused(store):
    with pytest.raises(MissingError, match="pinyin"):
        store_cases(store, {"no": 1, "pinyin": "x"})


def test_geometry_in_another_crs_is_refused(store):
    with pytest.raises(CrsError, match="EPSG:4490"):
        store.store_rows(
            head("boundaries"), {"areas": make_areas("grid", ["a"]).set_crs(4490, allow_override=True)}
        )
    with pytest.raises(CrsError, match="none"):
        store.store_rows(
            head("boundaries"), {"areas": make_areas("grid", ["a"]).set_crs(None, allow_override=True)}
        )


@pytest.mark.parametrize(
    "shape", [shapely.box(430_000, 3_390_000, 430_500, 3_390_500), shapely.box(30, 104, 30.1, 104.1)]
)
def test_metres_and_swapped_axes_are_refused_by_the_database_itself(store, shape):
    areas = make_areas("grid", ["a"])
    areas["geom"] = [shape]
    with pytest.raises(StoreError, match="outside the world"):
        store.store_rows(head("boundaries"), {"boundary_sets": make_set("grid"), "areas": areas})
    assert store.count_rows()["boundary_sets"] == 0


@pytest.mark.parametrize("shape", ["POLYGON EMPTY", "LINESTRING (104 30, 105 31)", "POINT (104 30)"])
def test_a_geometry_of_another_kind_is_refused(store, shape):
    areas = make_areas("grid", ["a"])
    areas["geom"] = [shapely.from_wkt(shape)]
    with pytest.raises(StoreError, match="not a multipolygon"):
        store.store_rows(head("boundaries"), {"areas": areas})


@pytest.mark.parametrize(("column", "value"), [("lon", 181.0), ("lat", -90.5)])
def test_a_position_outside_the_world_is_refused(store, column, value):
    with pytest.raises(StoreError):
        store_cases(store, {"no": 1, "lon": 104.0, "lat": 30.0, column: value})


def test_a_moment_without_a_zone_is_refused(store):
    cases = make_cases({"no": 1}).assign(reported_at=pd.Timestamp("2026-10-01"))
    with pytest.raises(StoreError, match="without a time zone"):
        store.store_cases(head(), cases, make_case_areas({"no": 1}))


def test_hard_values_survive_the_round_trip(store):
    rows = [
        {"no": "430102198001011234", "title": "超期“未办”——含逗号, 引号\" 和\n换行", "description": "",
         "reported_at": "1900-01-01T00:00:00.000001Z", "due_at": "2100-12-31T23:59:59.999999Z",
         "h3": 622236750694711295,
         "valid_callback": True},
        {"no": "043001", "title": "𠮷野家 ' ; DROP TABLE cases; --", "description": None, "reported_at": None,
         "due_at": None, "h3": None, "valid_callback": None},
        {"no": " 7 ", "title": "\u202eabcx", "description": "NULL", "reported_at": "2024-02-29 23:59:59",
         "due_at": None, "h3": None, "valid_callback": False},
    ]  # fmt: skip
    cases = make_cases(*rows)
    cases["h3"] = pd.array([row["h3"] for row in rows], dtype="Int64")
    store.store_cases(head(), cases, make_case_areas(*rows))
    read = store.read("cases").set_index("source_no").loc[[str(row["no"]) for row in rows]]
    assert read["title"].tolist() == [row["title"] for row in rows]
    assert [None if pd.isna(v) else v for v in read["description"]] == ["", None, "NULL"]
    assert [None if pd.isna(v) else v for v in read["reported_at"]] == [
        at(row["reported_at"]) for row in rows
    ]
    assert read["due_at"].iloc[0] == pd.Timestamp("2100-12-31T23:59:59.999999Z")
    assert [None if pd.isna(v) else v for v in read["h3"]] == [622236750694711295, None, None]
    assert [None if pd.isna(v) else v for v in read["valid_callback"]] == [True, None, False]
    assert read["reported_at"].dt.tz is not None


def test_the_sign_zero_is_refused_in_words_and_nothing_is_kept(store):
    with pytest.raises(StoreError, match=r"U\+0000"):
        store_cases(store, {"no": 1, "title": "a\u0000b"})
    assert store.count_rows()["cases"] == 0


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_every_kind_of_missing_value_is_null(store, missing):
    cases = make_cases({"no": 1}).assign(
        title=pd.Series([missing], dtype=object), lon=pd.Series([missing], dtype=object)
    )
    store.store_cases(head(), cases, make_case_areas({"no": 1}))
    row = store._db.query("SELECT title, lon FROM cases").to_pylist()[0]
    assert row == {"title": None, "lon": None}


def test_every_dtype_of_text_is_taken(store):
    for number, dtype in enumerate(["str", "object", "string", "category"]):
        cases = make_cases({"no": number}).assign(title=pd.Series(["中文"], dtype=dtype))
        store.store_cases(head(), cases, make_case_areas({"no": number}))
    assert store.read("cases")["title"].tolist() == ["中文"] * 4


def test_a_number_where_text_belongs_is_refused_rather_than_bent(store):
    with pytest.raises(StoreError, match="Column title"):
        store_cases(store, {"no": 1, "title": 5})
    with pytest.raises(StoreError, match="Column residents"):
        store.store_rows(head("boundaries"), {"areas": make_areas("grid", ["a"]).assign(residents=1.5)})


def test_an_id_that_went_through_a_float_is_refused(store):
    with pytest.raises(StoreError, match="Column h3"):
        store_cases(store, {"no": 1, "h3": 622236750694711295.0})


def test_a_preview_says_what_storing_then_does(store):
    store_cases(store, {"no": 1, "title": "噪音", "state": "handling"}, {"no": 2, "title": "路灯"})
    rows = make_cases(
        {"no": 3, "title": "新"},
        {"no": 2, "title": "路灯"},
        {"no": 1, "title": "噪音扰民", "state": "closed"},
    )
    rows.index = pd.Index([11, 12, 13], name="row")
    before = store.count_rows()
    comparison = store.compare("cases", rows)
    assert comparison.status.to_dict() == {11: "new", 12: "unchanged", 13: "changed"}
    assert comparison.changes.values.tolist() == [
        [13, "hot:1", "state", "handling", "closed"],
        [13, "hot:1", "title", "噪音", "噪音扰民"],
    ]
    assert len(store.compare("cases", rows, max_changes=1).changes) == 1
    assert store.count_rows() == before
    empty = store.compare("cases", rows.iloc[:0])
    assert len(empty.status) == 0
    assert list(empty.changes.columns) == ["row", "id", "column_name", "old", "new"]


def test_runs_audit_and_facts_about_the_store_are_kept(store):
    store.add_run("R1", "write_areas", {"level": "grid", "格": 1}, at("2026-10-01"))
    store.add_audit(
        "export", "areas", "refused", actor="wang", taken_at=at("2026-10-01"), note="export_no_review"
    )
    store.set_meta("demo", "seed 7")
    run = store.read("runs").iloc[0]
    assert (run["method"], run["parameters"], run["data_version"]) == (
        "write_areas",
        '{"level": "grid", "格": 1}',
        0,
    )
    assert store.read("audit_log")[["seq", "action", "outcome"]].values.tolist() == [[1, "export", "refused"]]
    assert store.meta()["demo"] == "seed 7"


def test_every_table_can_be_read_when_empty(store):
    for name, table in TABLES.items():
        rows = store.read(name)
        assert tuple(rows.columns) == table.names
        assert name == "store_meta" or len(rows) == 0
