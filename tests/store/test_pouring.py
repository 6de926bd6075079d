"""Many cases take another way into a server, and what stands there is the same."""

from __future__ import annotations

import pandas as pd
import psycopg
import pytest

from geo.errors import DuplicateError, StaleEditError, StoreError
from geo.schema import TABLES
from geo.store import CaseFilter, bench, open_store, refreshing
from tests.store.conftest import NOON, at, head, make_case_areas, make_cases, store_areas

LEVELS = ("district", "subdistrict", "community", "grid")
RECORDS = ("store_meta", "audit_log")
NUMBERED = ("fact_codes", "case_facts", "case_counts", "case_spans")
"""Derived tables whose codes may be numbered otherwise; `verify` derives them again, and answers are compared."""


def case(number, *, place=0, month=10, closed=None, **more):
    """A case in the n-th grid; grids 0 and 1 share a community, communities 0 and 1 a sub-district."""
    codes = {
        "district": "D",
        "subdistrict": f"S{place // 4}",
        "community": f"C{place // 2}",
        "grid": f"G{place}",
    }
    known = {
        "no": number, "areas": codes if place >= 0 else {}, "reported_at": f"2026-{month:02d}-05 08:30",
        "category_id": f"K{number % 3}", "lon": 104.01 + number / 1000, "lat": 30.0, "position_source": "given",
    }  # fmt: skip
    if closed is not None:
        known |= {"closed_at": f"2026-{closed:02d}-20 09:00", "state": "closed"}
    return known | more


WEEKS = [
    [case(n, place=n % 8 - 1, month=9, closed=10 if n % 2 else None) for n in range(1, 12)],
    # known and unchanged, changed in what it says, moved to another place, new, new without a place
    [
        case(1, place=0, month=9, closed=10), case(2, place=1, month=9, closed=11), case(3, place=6, lon=104.2),
        case(40, place=7, month=10, closed=11), case(41, place=-1, month=10), case(42, place=2, month=10, closed=10),
        case(43, place=0, month=10),
    ],
]  # fmt: skip
REPORTERS = [(1, "甲"), (5, "乙"), (42, "丙"), (2, "丁")]


def bring(store, rows):
    numbers = {row["no"] for row in rows}
    said = [{"case_id": f"hot:{number}", "name": name} for number, name in REPORTERS if number in numbers]
    categories = pd.DataFrame(
        {"category_id": sorted({row["category_id"] for row in rows}), "kind": "event", "name": "类"}
    )
    categories["parent_id"] = None
    return store.store_cases(
        head(n_read=len(rows)), make_cases(*rows), make_case_areas(*rows),
        reporters=pd.DataFrame(said), categories=categories,
    )  # fmt: skip


def place_again(store):
    areas = store.read_case_areas("current").drop(columns="batch_id")
    moved = areas.assign(grid_id=areas["grid_id"].where(areas["grid_id"].ne("G1"), "G6"), sets="S2")
    store.replace_areas_of_cases(moved, actor="li", taken_at=NOON)


DEEDS = {
    "one week": lambda store: [bring(store, WEEKS[0])],
    "known and new": lambda store: [bring(store, week) for week in WEEKS],
    "the same again": lambda store: [bring(store, WEEKS[0]), bring(store, WEEKS[0])],
    "placed again": lambda store: [bring(store, WEEKS[0]), place_again(store), bring(store, WEEKS[1])],
    "undone": lambda store: [
        bring(store, WEEKS[0]), store.undo_batch(bring(store, WEEKS[1]).batch_id, actor="li", undone_at=NOON)
    ],
    "rebuilt": lambda store: [bring(store, week) for week in WEEKS] + [store.rebuild(actor="li", taken_at=NOON)],
}  # fmt: skip


@pytest.fixture
def on_bench(monkeypatch):
    """Return a function that lets every change, however small, be worked out on a bench, in blocks of three."""

    def switch():
        monkeypatch.setattr(bench, "LEAST_ROWS", 1)
        monkeypatch.setattr(bench, "BLOCK_ROWS", 3)
        monkeypatch.setattr(refreshing, "BLOCK_ROWS", 3)

    return switch


def holdings(store):
    """What a store holds and answers, as far as it may not depend on the way."""
    assert store.verify() == []
    tables = {
        name: store.read(name).astype(str).to_csv() for name in TABLES if name not in (*RECORDS, *NUMBERED)
    }
    values = store.read("case_facts").drop(
        columns=[n for n in TABLES["case_facts"].names if n.endswith("_code")]
    )
    tables["facts"] = values.sort_values("case_no").astype(str).to_csv(index=False)
    for group in (*LEVELS, "category_id"):
        counts = store.period_counts(group, CaseFilter(), start=at("2026-09-01"), end=at("2026-11-15"))
        tables[group] = counts.sort_values("group").astype(str).to_csv(index=False)
    return tables


@pytest.mark.parametrize("deed", DEEDS)
def test_what_was_poured_is_what_would_have_been_written(deed, postgis_places, on_bench):
    with open_store(postgis_places.new("plain"), now=NOON) as plain:
        receipts = DEEDS[deed](plain)
        wanted = holdings(plain)
    on_bench()
    with open_store(postgis_places.new("poured"), now=NOON) as poured:
        assert DEEDS[deed](poured) == receipts
        assert holdings(poured) == wanted


def test_a_server_takes_the_way_over_a_bench_only_for_many_cases(postgis_store, monkeypatch):
    opened = []
    real = bench.open_duckdb
    monkeypatch.setattr(bench, "open_duckdb", lambda *a, **k: opened.append(a) or real(*a, **k))
    bring(postgis_store, WEEKS[0])
    assert not opened

    monkeypatch.setattr(bench, "LEAST_ROWS", 4)
    bring(postgis_store, WEEKS[1])  # four of its seven cases are new
    assert len(opened) == 1
    assert len(postgis_store.read("cases")) == 15


def test_an_embedded_store_needs_no_bench(tmp_path, on_bench, monkeypatch):
    on_bench()
    with open_store(f"duckdb:{tmp_path / 'a.duckdb'}", now=NOON) as store:
        monkeypatch.setattr(bench, "open_duckdb", None)  # called, it would raise
        bring(store, WEEKS[0])
        assert store.verify() == []


def test_a_key_that_comes_twice_in_different_blocks_is_refused_and_nothing_is_kept(postgis_store, on_bench):
    on_bench()
    rows = [case(n) for n in (1, 2, 3, 4, 5, 1)]
    with pytest.raises(DuplicateError, match="first hot:1"):
        postgis_store.store_cases(head(), make_cases(*rows), make_case_areas(*rows[:5]))
    assert not len(postgis_store.read("cases"))
    assert not len(postgis_store.read("import_batches"))


def test_new_cases_without_a_state_are_refused_and_nothing_is_kept(postgis_store, on_bench):
    on_bench()
    rows = [case(n) for n in range(1, 6)]
    with pytest.raises(StoreError, match="need the column state"):
        postgis_store.store_cases(head(), make_cases(*rows).drop(columns="state"), make_case_areas(*rows))
    assert not len(postgis_store.read("cases"))
    assert not len(postgis_store.read("fact_codes"))


def test_a_batch_that_is_refused_for_its_known_cases_keeps_none_of_its_new_ones(postgis_store, on_bench):
    on_bench()
    first = bring(postgis_store, WEEKS[0])
    rows = WEEKS[1]
    with pytest.raises(StaleEditError):
        postgis_store.store_cases(
            head(compared_after=int(first.batch_id[1:]) - 1), make_cases(*rows), make_case_areas(*rows)
        )
    assert len(postgis_store.read("cases")) == 11
    assert postgis_store.verify() == []


def test_joins_are_told_when_much_of_a_table_is_about_to_change(postgis_store, on_bench):
    def ways(n_rows):
        with postgis_store._db.transaction():
            bench.expect_many(postgis_store._db, n_rows)
            return postgis_store._db.row("SELECT current_setting('enable_nestloop')")[0]

    bring(postgis_store, WEEKS[0])
    assert ways(11) == "on"  # less than a bench is for
    on_bench()
    assert ways(11) == "off"
    assert ways(0) == "on"
    assert postgis_store._db.row("SELECT current_setting('enable_nestloop')")[0] == "on"  # afterwards


def test_what_is_scanned_is_what_is_queried(postgis_store):
    bring(postgis_store, WEEKS[0])
    store_areas(postgis_store, "grid", ["a", "b"])
    for name in ("cases", "case_facts", "case_spans", "case_events", "store_meta", "boundary_sets"):
        rows = postgis_store._db.scan(f"SELECT * FROM {name} t ORDER BY 1, 2")
        assert rows.equals(postgis_store._db.query(f"SELECT * FROM {name} t ORDER BY 1, 2")), name


def test_a_value_that_is_written_into_a_statement_stays_a_value(postgis_store):
    hostile = "x'; DROP TABLE cases; --$1"
    bring(postgis_store, [case(1, source_no=hostile)])
    found = postgis_store._db.scan("SELECT case_id FROM cases WHERE source_no = $1 AND $2 = 2", [hostile, 2])
    assert found.num_rows == 1
    assert not postgis_store._db.scan(
        "SELECT case_id FROM cases WHERE source_no = $1", ["' OR TRUE --"]
    ).num_rows


def test_a_scan_of_a_type_that_no_table_has_is_a_mistake_of_ours(postgis_store):
    with pytest.raises(TypeError, match="unexpected type"):
        postgis_store._db.scan("SELECT CAST(1 AS numeric) AS n")


def test_a_scan_of_a_table_without_rows_has_its_columns(postgis_store):
    rows = postgis_store._db.scan("SELECT case_id, lon, reported_at FROM cases")
    assert rows.num_rows == 0
    assert rows.column_names == ["case_id", "lon", "reported_at"]


def test_the_facts_of_an_area_are_found_by_its_index_though_those_of_none_are_left_out(
    postgis_places, postgis_server
):
    url = postgis_places.new("wide")
    with open_store(url, now=NOON) as store:
        bring(store, WEEKS[0])
    with psycopg.connect(url) as connection:
        connection.execute("SET enable_seqscan = off")
        for level in LEVELS[1:]:
            plan = connection.execute(f"EXPLAIN SELECT * FROM case_facts WHERE {level}_code = 1").fetchall()
            assert f"case_facts_{level}" in str(plan)
