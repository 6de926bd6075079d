"""Many at once: nobody sees a count between two versions, numbers stay unique, one file is stored once."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from geo.errors import StoreError
from geo.store import CaseFilter, counting, open_store
from geo.store.postgis_connect import Limits
from tests.store.conftest import NOON, store_areas, store_cases

ROOT = Path(__file__).resolve().parents[2]
N_BATCH, N_BATCHES, N_READERS = 20, 4, 50
PERIOD = {"start": datetime(2026, 9, 1, tzinfo=UTC), "end": datetime(2026, 12, 1, tzinfo=UTC)}


def batch(number):
    return [
        {"no": N_BATCH * number + n, "reported_at": "2026-10-01", "areas": {"district": "D"}}
        for n in range(N_BATCH)
    ]


def look(store):
    """What one reader asks: counts by four ways, that must each be of some whole version."""
    return (
        store.count_cases(CaseFilter()),
        int(store.period_counts("district", CaseFilter(), **PERIOD)["n_new"].sum()),
        int(store.month_counts("all", CaseFilter())["n_new"].sum()),
        store.count_rows()["cases"],
    )


def in_one_version(facts):
    """The version a reader sees, and how many cases it has by two ways."""
    counted = counting.period_counts(facts, "district", CaseFilter(), **PERIOD, with_percentiles=False)
    return facts.version, int(counted["n_new"].sum()), facts.db.row("SELECT count(*) FROM cases")[0]


def test_fault_F05_fifty_readers_beside_an_importer_never_see_a_wrong_count(places):
    with open_store(places.new(), now=NOON, limits=Limits(connections=8)) as store:
        store_areas(store, "district", ["D"])
        store_cases(store, *batch(0))
        seen, wrong, done = set(), [], threading.Event()

        def read():
            newest = 0
            while not done.is_set():
                version, *counts = store._ask(in_one_version)
                if set(counts) != {N_BATCH * (version - 1)}:  # the first version is that of the areas
                    wrong.append((version, counts))
                for count in look(store):
                    seen.add(count)
                    if count % N_BATCH or count < newest:  # between two versions, or back in time
                        wrong.append((count, newest))
                    newest = max(count, newest)

        readers = [threading.Thread(target=read) for _ in range(N_READERS)]
        for reader in readers:
            reader.start()
        for number in range(1, N_BATCHES):
            store_cases(store, *batch(number))
        done.set()
        for reader in readers:
            reader.join()
        assert wrong == []
        assert seen <= {N_BATCH * n for n in range(1, N_BATCHES + 1)}
        assert look(store) == (N_BATCH * N_BATCHES,) * 4
        assert store.verify() == []


READER = """
import sys
from geo.store import open_store
from tests.store.test_many_at_once import N_BATCH, N_BATCHES, look
with open_store(sys.argv[1]) as store:
    print("ready", flush=True)
    counts = set()
    while N_BATCHES * N_BATCH not in counts:
        counts |= set(look(store))
print(*sorted(counts))
"""


def test_fault_F05_readers_in_other_programs_see_whole_versions_too(postgis_places):
    url = postgis_places.new()
    with open_store(url, now=NOON) as store:
        store_areas(store, "district", ["D"])
        store_cases(store, *batch(0))
        readers = [
            subprocess.Popen([sys.executable, "-c", READER, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for reader in readers:
            assert reader.stdout.readline() == "ready\n"
        for number in range(1, N_BATCHES):
            store_cases(store, *batch(number))
        for reader in readers:
            said, _ = reader.communicate(timeout=120)
            assert reader.returncode == 0
            assert {int(count) % N_BATCH for count in said.split()} == {0}


def test_fault_F12_fifty_that_open_a_cold_dashboard_let_it_be_computed_once(places, monkeypatch):
    with open_store(places.new(), now=NOON) as store:
        store_areas(store, "district", ["D"])
        store_cases(store, *batch(0))
        made, lock = [], threading.Lock()
        from geo.store import codes

        def counted(self, key, make, *, size, get=codes.Memory.get):
            def make_once():
                with lock:
                    made.append(key)
                return make()

            return get(self, key, make_once, size=size)

        monkeypatch.setattr(codes.Memory, "get", counted)
        begin = threading.Barrier(N_READERS)

        def open_board(_):
            begin.wait(60)
            return (
                len(store.residents("district")),
                int(store.period_counts("district", CaseFilter(), **PERIOD)["n_new"].sum()),
            )

        with ThreadPoolExecutor(N_READERS) as pool:
            assert set(pool.map(open_board, range(N_READERS))) == {(1, N_BATCH)}
        assert made
        assert len(made) == len(set(made))
        store_cases(store, *batch(1))
        assert open_board_alone(store) == 2 * N_BATCH


def open_board_alone(store):
    return int(store.period_counts("district", CaseFilter(), **PERIOD)["n_new"].sum())


def test_fault_F04_one_file_that_two_bring_in_at_once_has_each_number_once(places):
    with open_store(places.new(), now=NOON) as store:
        begin = threading.Barrier(4)

        def bring(_):
            begin.wait(60)
            return store_cases(store, *batch(0))

        with ThreadPoolExecutor(4) as pool:
            receipts = list(pool.map(bring, range(4)))
        assert sorted((r.n_new, r.n_unchanged) for r in receipts) == [(0, 20), (0, 20), (0, 20), (20, 0)]
        assert store.count_cases(CaseFilter()) == store.count_rows()["case_events"] == N_BATCH
        assert store.verify() == []


def test_fault_F07_numbers_of_twenty_writers_are_unique_and_a_failed_one_takes_none(places, monkeypatch):
    with open_store(places.new(), now=NOON) as store:

        def bring(n):
            if n % 4 == 3:
                with pytest.raises(StoreError):
                    store_cases(store, {"no": n, "lon": 1e9, "lat": 0.0, "valid_callback": "perhaps"})
                return None
            return store_cases(store, {"no": n}).batch_id

        with ThreadPoolExecutor(20) as pool:
            ids = [found for found in pool.map(bring, range(20)) if found]
        assert sorted(ids) == [f"B{n:06d}" for n in range(1, 16)]  # no number is used twice, none is skipped
        numbers = store.read("cases")["case_no"]
        assert numbers.is_unique and len(numbers) == 15
        assert sorted(store.read("audit_log")["seq"]) == list(range(1, 16))
        assert store.verify() == []


def test_fault_F11_what_is_made_of_a_version_says_which_and_is_never_told_of_another(places):
    with open_store(places.new(), now=NOON) as store:
        store_cases(store, *batch(0))
        store.add_run("R1", "measure", {"level": "grid"}, NOON)
        store_cases(store, *batch(1))
        store.add_run("R2", "measure", {"level": "grid"}, NOON)
        runs = store.read("runs", order_by=["run_id"])
        assert runs["data_version"].tolist() == [1, 2]
        assert store.data_version() == 2


def test_fault_G16_a_clock_that_jumps_back_leaves_history_in_the_order_in_which_it_happened(places):
    from datetime import timedelta

    with open_store(places.new(), now=NOON) as store:
        for n, days in enumerate((0, -1, 1, -2)):
            store.add_audit("look", str(n), "done", actor="li", taken_at=NOON + timedelta(days=days))
        log = store.read("audit_log", order_by=["seq"])
        assert log["object_id"].tolist() == ["0", "1", "2", "3"]


def test_when_all_connections_are_at_work_that_is_said_and_not_that_the_server_is_down(postgis_places):
    url = postgis_places.new()
    limits = Limits(connections=1, connect_s=1, lend_s=1)
    with open_store(url, now=NOON, limits=limits) as store:
        inside, go_on = threading.Event(), threading.Event()

        def hold():
            with store._db.snapshot():
                inside.set()
                assert go_on.wait(60)

        holder = threading.Thread(target=hold)
        holder.start()
        assert inside.wait(60)
        with pytest.raises(StoreError) as refused:
            store.count_cases(CaseFilter())
        assert refused.value.code == "store_all_lent"
        go_on.set()
        holder.join()
        assert store.count_cases(CaseFilter()) == 0
