"""A whole store moves into another either way, and counts and checksums prove it."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import StoreError
from geo.store import open_store
from geo.store.copying import checksum, differences
from tests.databases import DuckdbPlaces, PostgisPlaces
from tests.small_store import fill_small_store
from tests.store.conftest import NOON, head, make_case_areas, make_cases, store_areas, store_cases

HARD = [
    {"no": "430102198001011234", "title": "“未办”, \" ' \\ \t\n行", "description": "",
     "reported_at": "1900-01-01T00:00:00.000001Z", "due_at": "2100-12-31T23:59:59.999999Z",
     "lon": -180.0, "lat": 90.0, "position_source": "given", "position_error_m": float("inf"),
     "valid_callback": True, "h3": 622236750694711295},
    {"no": "043001", "title": "𠮷野家 ' ; DROP TABLE cases; --", "description": None, "reported_at": None,
     "position_error_m": float("-inf"), "valid_callback": None, "h3": None},
    {"no": " 7 ", "title": "\u202eabc", "description": "NULL", "reported_at": "2024-02-29 23:59:59",
     "position_error_m": 5e-324, "valid_callback": False, "h3": 0},
    {"no": "é", "title": "\\N", "reported_at": "2026-10-25T00:30:00+08:00", "lon": 104.00000000000001, "lat": -0.0,
     "position_source": "given", "position_error_m": 1e300, "h3": 1},
]  # fmt: skip
"""Values that a database or a file format likes to bend."""


def fill(store):
    cases = make_cases(*HARD)
    cases["h3"] = pd.array([row.get("h3") for row in HARD], dtype="Int64")
    store.store_cases(head(), cases, make_case_areas(*HARD))
    store_areas(store, "grid", ["b", "a", "乙", "甲", "É", "z"])
    store_cases(store, {"no": "043001", "title": "changed", "description": "x"})
    points = pd.DataFrame(
        {"source": "年报", "point_id": ["1", "2", ""], "lon": 104.0, "lat": 30.0,
         "residents": [float("inf"), None, -0.0], "as_of_on": [None, pd.Timestamp("1900-01-01").date(),
                                                              pd.Timestamp("2100-12-31").date()]}
    )  # fmt: skip
    store.store_rows(head("population"), {"population_points": points})


@pytest.fixture
def others(tmp_path, postgis_server):
    """Places of both kinds to copy into."""
    (tmp_path / "other").mkdir()
    made = {"duckdb": DuckdbPlaces(tmp_path / "other"), "postgis": PostgisPlaces(postgis_server)}
    yield made
    made["postgis"].clear()


@pytest.mark.parametrize("kind", ["duckdb", "postgis"])
def test_a_copy_holds_every_value_and_answers_alike(store, others, kind):
    fill(store)
    with open_store(others[kind].new(), now=NOON) as target:
        sent = store.copy_into(target)
        assert sent == store.fingerprints() == target.fingerprints()
        assert target.verify() == []
        for name, n_rows in store.count_rows().items():
            assert sent[name].n_rows == n_rows
            pd.testing.assert_frame_equal(store.read(name), target.read(name))
        assert target.data_version() == store.data_version()
        assert store_cases(target, {"no": "new"}).batch_id == "B000005"
        target.undo_batch("B000005", actor="li", undone_at=NOON)
        target.undo_batch("B000003", actor="li", undone_at=NOON)
        assert target.read("cases").set_index("source_no")["title"]["043001"] == HARD[1]["title"]
        assert target.verify() == []


def test_text_sorts_by_code_point_in_every_store(store):
    store_areas(store, "grid", ["b", "a", "B", "乙", "甲", "É", "z", "_", "10", "9", "é", "𠮷", "ﬀ"])
    assert store.read_areas("grid")["area_id"].tolist() == sorted(
        ["b", "a", "B", "乙", "甲", "É", "z", "_", "10", "9", "é", "𠮷", "ﬀ"]
    )
    assert [store.search_areas(text)["area_id"].tolist() for text in ("é", "乙", "B")] == [
        ["É", "é"], ["乙"], ["B", "b"],
    ]  # fmt: skip


def test_a_store_that_holds_data_is_not_copied_over(store, others):
    store_cases(store, {"no": 1})
    with open_store(others["duckdb"].new(), now=NOON) as target:
        store_cases(target, {"no": 2})
        before = target.fingerprints()
        with pytest.raises(StoreError, match="holds data already"):
            store.copy_into(target)
        assert target.fingerprints() == before


def test_what_arrives_otherwise_than_it_was_sent_is_not_kept(store, others, monkeypatch):
    store_cases(store, {"no": 1}, {"no": 2})
    with open_store(others["duckdb"].new(), now=NOON) as target:
        before, append = target.fingerprints(), target._db.append
        monkeypatch.setattr(
            target._db, "append",
            lambda name, rows: append(name, rows.slice(1) if name == "case_events" else rows),
        )  # fmt: skip
        with pytest.raises(StoreError, match="case_events"):
            store.copy_into(target)
        assert target.fingerprints() == before


def test_a_copy_of_a_whole_district_is_equal_and_whole(places, others):
    other = "postgis" if places.kind == "duckdb" else "duckdb"
    with open_store(places.new(), now=NOON) as store, open_store(others[other].new(), now=NOON) as target:
        fill_small_store(store, n_cases=200)
        told = []
        sent = store.copy_into(target, progress=lambda table, n: told.append((table, n)))
        assert ("cases", 200) in told
        assert differences(sent, target.fingerprints()) == []
        assert target.verify() == []


_VALUES = st.lists(
    st.tuples(st.one_of(st.none(), st.text()), st.one_of(st.none(), st.floats(allow_nan=False))), min_size=1
)


@given(_VALUES, st.randoms())
def test_the_checksum_does_not_know_the_order_of_rows_but_every_value(rows, random):
    def table(rows):
        return pa.table(
            {
                "a": pa.array([a for a, _ in rows], pa.string()),
                "b": pa.array([b for _, b in rows], pa.float64()),
            }
        )

    shuffled = random.sample(rows, len(rows))
    assert checksum(table(rows)) == checksum(table(shuffled))
    assert checksum(table(rows)) != checksum(table([*rows, rows[0]]))
    (a, b), rest = rows[0], rows[1:]
    for other in (
        (None if a == "" else "" if a is None else a + "x", b),
        (a, None if b == 0 else 0.0 if b is None else None),
    ):
        assert checksum(table(rows)) != checksum(table([other, *rest]))


def test_equal_values_in_exchanged_columns_are_told_apart():
    assert checksum(pa.table({"a": ["x"], "b": ["y"]})) != checksum(pa.table({"a": ["y"], "b": ["x"]}))
