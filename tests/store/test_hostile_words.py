"""Whatever a filter, a sort or a search is given, it is a value or a name on a list, never SQL."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.access.seats import operator
from geo.errors import GeoError
from geo.intake.cases import CaseChoices
from geo.intake.checked import Checked
from geo.settings import Settings
from geo.store import CaseFilter, open_store
from geo.tasks.bringing import preview_cases, store_preview
from geo.tasks.reading import read_table_file, suggest_for
from tests.store.conftest import NOON, head, make_case_areas, make_cases, store_areas, store_cases

HOSTILE = [
    "' OR 1=1 --", "'; DROP TABLE cases; --", '"; DROP TABLE cases; --', "x') UNION SELECT name FROM users --",
    "1; SELECT pg_sleep(30)", "$1 %s {0}",
]  # fmt: skip
ROWS = [
    {"no": 1, "title": "100%", "state": "closed"}, {"no": 2, "title": "a_b"}, {"no": 3, "title": "a\\b"},
    {"no": 4, "title": "axb"}, {"no": 5, "title": "100 percent"},
]  # fmt: skip


@pytest.fixture
def store(places):
    with open_store(places.new(), now=NOON) as made:
        store_areas(made, "grid", ["G1", "100%", "a_b"])
        store_cases(made, *ROWS)
        yield made


def test_fault_C09_hostile_texts_find_nothing_and_change_nothing(store):
    held = store.fingerprints()
    for text in HOSTILE:
        filters = [
            CaseFilter(text=text), CaseFilter(kinds=(text,)), CaseFilter(sources=(text,)),
            CaseFilter(states=(text,)), CaseFilter(channels=(text,)), CaseFilter(category_ids=(text,)),
            CaseFilter(area_level="grid", area_id=text), CaseFilter(case_ids=(text,)),
        ]  # fmt: skip
        assert store.count_cases(filters[0]) == 0
        assert [len(store.list_cases(where)) for where in filters] == [0] * len(filters)
        assert len(store.search_areas(text)) == len(store.find_area(text)) == 0
        assert len(store.read("cases", where={"source_no": text})) == 0
    assert store.fingerprints() == held


def test_fault_C09_a_name_that_is_not_on_the_list_is_refused(store):
    for text in HOSTILE:
        refuse(store, text)
    assert store.count_rows()["cases"] == len(ROWS)


def refuse(store, text):
    refused = [
        lambda: store.list_cases(CaseFilter(), sort=[(text, "up")]),
        lambda: store.list_cases(CaseFilter(), columns=[text]),
        lambda: store.read("cases", columns=[text]),
        lambda: store.read("cases", where={text: 1}),
        lambda: store.read("cases", order_by=[text]),
        lambda: store.read(text),
        lambda: store.store_rows(head("staff"), {text: pd.DataFrame({"a": [1]})}),
        lambda: store.cross_counts(text, "kind", CaseFilter()),
    ]
    for ask in refused:
        with pytest.raises((GeoError, KeyError)) as error:
            ask()
        assert "SELECT" not in str(error.value).replace(repr(text), "").replace(text, "")


def test_fault_C10_a_column_named_as_sql_in_a_file_becomes_no_name_in_the_store(store):
    cases = make_cases({"no": 9})
    for text in ("geom'); DROP TABLE cases; --", 'x" text, "y'):
        with pytest.raises(GeoError):
            store.store_cases(head(), cases.assign(**{text: "x"}), make_case_areas({"no": 9}))
    content = '编号,状态,"geom\'); DROP TABLE cases; --","a"" b"\n9,处置,x,y\n'
    table = read_table_file(content.encode(), settings=Settings(), file_name="'; DROP TABLE cases; --.csv")
    choices = CaseChoices(
        columns=suggest_for("cases", table.columns), source="'; DROP TABLE cases; --", as_of=NOON
    )
    store_preview(
        store,
        preview_cases(store, table, choices, seat=operator("li"), now=NOON),
        seat=operator("li"),
        now=NOON,
    )
    assert store.count_rows()["cases"] == len(ROWS) + 1
    assert store.count_cases(CaseFilter(sources=("'; DROP TABLE cases; --",))) == 1
    assert store.verify() == []


@pytest.mark.parametrize(
    ("text", "found"), [("%", ["1"]), ("_", ["2"]), ("\\", ["3"]), ("a_", ["2"]), ("100", ["1", "5"])]
)
def test_fault_C12_wildcards_are_taken_literally(store, text, found):
    assert store.list_cases(CaseFilter(text=text))["source_no"].tolist() == found
    assert store.search_areas("%")["area_id"].tolist() == ["100%"]
    assert store.search_areas("a_")["area_id"].tolist() == ["a_b"]


def test_a_sign_no_store_keeps_costs_its_row_and_is_said_alike_in_both(places):
    content = "编号,状态,标题\n1,处置,a\x00b\n2,处置,好\n".encode()
    with open_store(places.new(), now=NOON) as store:
        table = read_table_file(content, settings=Settings(), file_name="week.csv")
        choices = CaseChoices(columns=suggest_for("cases", table.columns), source="hot", as_of=NOON)
        preview = preview_cases(store, table, choices, seat=operator("li"), now=NOON)
        assert isinstance(preview.checked, Checked)
        store_preview(store, preview, seat=operator("li"), now=NOON)
        assert store.read("cases")["source_no"].tolist() == ["2"]
        refused = store.read("rejected_rows")
        assert refused[["row", "code"]].to_numpy().tolist() == [[2, "row_has_nul"]]
        with pytest.raises(GeoError) as direct:
            store_cases(store, {"no": 3, "title": "a\x00b"})
        assert direct.value.code == "store_text_has_nul"
        assert store.count_cases(CaseFilter()) == 1


def test_former_rows_are_written_alike_in_both(places):
    with open_store(places.new(), now=NOON) as store:
        store_areas(store, "grid", ["a"])
        areas = store.read("areas")
        areas["name"] = 'new, "name" : \\'
        import geopandas as gpd

        changed = gpd.GeoDataFrame(areas, geometry="geom", crs="EPSG:4326")
        store.store_rows(head("boundaries"), {"areas": changed})
        row = store.read("former_rows", where={"table_name": "areas"})["row"].iloc[0]
        assert row.startswith('{"set_id":"S1","area_id":"a","area_level":"grid","name":"a号",')
        store.undo_batch("B000002", actor="li", undone_at=NOON)
        assert store.read("areas")["name"].tolist() == ["a号"]
