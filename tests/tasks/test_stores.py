"""Whole stores: made, copied, backed up while in use, restored into an empty place and verified."""

from __future__ import annotations

import json
import threading

import pytest

from geo.cli import main
from geo.errors import MissingError, StoreError
from geo.schema import TABLES
from geo.settings import Settings
from geo.store import CaseFilter, open_store
from geo.tasks.stores import back_up, copy_store, examine_store, restore, verify_store
from tests.small_store import NOON, fill_small_store
from tests.store.conftest import store_cases


@pytest.fixture
def filled(places):
    """Settings that name a small store."""
    settings = Settings(store_url=places.new())
    with open_store(settings.store_url, now=NOON) as store:
        fill_small_store(store, n_cases=120)
    return settings


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command; return its exit code, facts and what it said on the error stream."""

    def command(settings, *words):
        monkeypatch.setenv("GETU_STORE_URL", settings.store_url)
        code = main([*map(str, words), "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else None, said.err

    return command


def test_fault_G22_a_backup_restored_into_an_empty_store_is_equal(places, filled, tmp_path):
    file = tmp_path / "backup.duckdb"
    with open_store(filled.store_url) as store:
        moved = back_up(store, file, filled)
        assert moved.tables == store.fingerprints()
    again = Settings(store_url=places.new("again"))
    assert restore(file, again).tables == moved.tables
    found = verify_store(again, backup=file)
    assert (found.problems, found.differing, found.n_rows) == ([], [], moved.n_rows)
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == ["backup.duckdb"]


def test_fault_G22_a_backup_made_while_cases_come_in_is_one_moment(filled, tmp_path):
    with open_store(filled.store_url) as store:
        begun, go_on = threading.Event(), threading.Event()

        def progress(table, n_rows):
            if table == "boundary_sets":
                begun.set()
                assert go_on.wait(60)

        done = []
        backup = threading.Thread(
            target=lambda: done.append(back_up(store, tmp_path / "b.duckdb", filled, progress=progress))
        )
        backup.start()
        assert begun.wait(60)
        store_cases(store, {"no": "late"})
        go_on.set()
        backup.join()
        assert store.count_cases(CaseFilter()) == 121
    assert done[0].tables["cases"].n_rows == 120
    kept = Settings(store_url=f"duckdb:{tmp_path / 'b.duckdb'}")
    assert verify_store(kept).problems == []


def test_fault_G23_a_backup_never_replaces_a_file_and_a_restore_never_a_store(filled, tmp_path):
    file = tmp_path / "b.duckdb"
    with open_store(filled.store_url) as store:
        back_up(store, file, filled)
        before = file.read_bytes()
        with pytest.raises(StoreError, match="already"):
            back_up(store, file, filled)
    assert file.read_bytes() == before
    with pytest.raises(StoreError, match="holds data already"):
        restore(file, filled)
    with pytest.raises(MissingError, match=r"no backup none\.duckdb"):
        restore(tmp_path / "none.duckdb", filled)


def test_fault_G23_a_damaged_backup_is_refused_before_anything_is_touched(filled, places, tmp_path):
    file = tmp_path / "b.duckdb"
    with open_store(filled.store_url) as store:
        back_up(store, file, filled)
    file.write_bytes(bytes(4096) + file.read_bytes()[4096:])
    empty = Settings(store_url=places.new("empty"))
    with pytest.raises(StoreError, match="damaged"):
        restore(file, empty)
    with open_store(empty.store_url, now=NOON) as store:
        assert sum(store.count_rows().values()) == store.count_rows()["store_meta"]


def test_fault_G10_a_backup_that_cannot_be_written_leaves_no_file(filled, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("geo.whole_files.os.fsync", fail)
    with open_store(filled.store_url) as store, pytest.raises(StoreError, match=r"b\.duckdb"):
        back_up(store, tmp_path / "b.duckdb", filled)
    assert not list(tmp_path.glob("b.duckdb*"))


def test_verifying_names_the_tables_that_differ_from_a_backup(filled, tmp_path):
    with open_store(filled.store_url) as store:
        back_up(store, tmp_path / "b.duckdb", filled)
        store_cases(store, {"no": 1})
    found = verify_store(filled, backup=tmp_path / "b.duckdb")
    assert found.problems == []
    assert {"cases", "case_areas", "case_events", "case_facts", "import_batches"} <= set(found.differing)
    assert "areas" not in found.differing


def test_a_store_moves_to_a_server_and_back_by_command(run, tmp_path, postgis_server):
    home = Settings(store_url=f"duckdb:{tmp_path / 'home.duckdb'}")
    with open_store(home.store_url, time_zone="Asia/Tokyo", now=NOON) as store:
        fill_small_store(store, n_cases=60)
    name = postgis_server.make(template="getu_template")
    served = Settings(store_url=postgis_server.url(name))
    back = Settings(store_url=f"duckdb:{tmp_path / 'back.duckdb'}")
    code, there, _ = run(home, "store", "copy", home.store_url, served.store_url)
    assert code == 0 and there["tables"]["cases"]["n_rows"] == 60
    code, returned, _ = run(home, "store", "copy", served.store_url, back.store_url)
    assert code == 0 and returned["tables"] == there["tables"]
    code, refused, said = run(home, "store", "copy", home.store_url, served.store_url)
    assert code == 1 and refused["error"] == "copy_target_not_empty"
    assert postgis_server.password not in said
    assert run(served, "store", "create")[1] == {"version": 6, "zone": "Asia/Tokyo"}
    postgis_server.drop(name)


def test_every_deed_on_a_store_answers_by_command(run, filled, places, tmp_path):
    file = tmp_path / "b.duckdb"
    assert run(filled, "store", "backup", file)[1]["n_tables"] == len(TABLES)
    code, found, _ = run(filled, "store", "verify", file)
    assert (code, found["problems"], found["differing"]) == (0, [], [])
    again = Settings(store_url=places.new("again"))
    assert run(again, "store", "restore", file)[0] == 0
    assert run(again, "store", "rebuild")[:2] == (0, {"problems": []})
    code, found, _ = run(again, "store", "check")
    assert code == 0
    assert {item["verdict"] for item in found["findings"]} <= {"good", "doubtful"}
    assert {item.code for item in examine_store(again)} == {item["code"] for item in found["findings"]}
    code, found, _ = run(Settings(store_url="postgresql://u@127.0.0.1:1/x"), "store", "check")
    assert (code, found["findings"][0]["code"]) == (1, "store_unreachable")


def test_a_time_zone_goes_with_the_copy(places, tmp_path):
    url = places.new()
    open_store(url, time_zone="America/New_York", now=NOON).close()
    target = f"duckdb:{tmp_path / 'copy.duckdb'}"
    copy_store(url, target, Settings())
    with open_store(target) as store:
        assert store.time_zone == "America/New_York"
