"""A store is opened by its address, made when missing, and refused in one clear sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from geo.errors import SettingError, StoreError, StoreLockedError, StoreVersionError
from geo.schema import TABLES
from geo.store import CaseFilter, open_store
from geo.store.migrating import read_migrations, split_statements
from tests.store.conftest import NOON, store_cases


def test_a_new_store_has_every_table_of_the_schema_with_its_types(make_store):
    store = make_store()
    for table in TABLES.values():
        found = {name: (kind, required) for name, kind, required in store._db.columns_of(table.name)}
        assert list(found) == list(table.names), table.name
        for column in table.columns:
            kind, required = found[column.name]
            is_shape = column.type in ("multipolygon", "line")
            assert kind == ("geometry" if is_shape else column.type), column
            assert required == column.required, (table.name, column.name)


def test_the_migrations_of_both_databases_have_the_same_numbers_names_and_columns():
    embedded, server = read_migrations("duckdb"), read_migrations("postgis")
    assert [(number, name) for number, name, _ in embedded] == [(number, name) for number, name, _ in server]


def test_a_store_keeps_its_time_zone_and_refuses_another(places):
    url = places.new()
    open_store(url, time_zone="America/New_York", now=NOON).close()
    with open_store(url) as store:
        assert store.time_zone == "America/New_York"
        assert store.meta()["created_at"] == NOON.isoformat()
    with pytest.raises(StoreError, match=r"America/New_York.*Asia/Shanghai"):
        open_store(url, time_zone="Asia/Shanghai")
    open_store(url).close()  # the refused opening let go of the file


def test_a_new_store_without_a_setting_reads_months_in_shanghai():
    with open_store("duckdb::memory:") as store:
        assert store.time_zone == "Asia/Shanghai"
        assert store.data_version() == 0


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(SettingError, match="Atlantis"):
        open_store("duckdb::memory:", time_zone="Atlantis")


@pytest.mark.parametrize("url", ["data/getu.duckdb", "mysql:x", "duckdb:", ""])
def test_an_address_that_is_not_understood_is_refused(url):
    with pytest.raises(StoreError, match="duckdb:"):
        open_store(url)


@pytest.mark.parametrize("content", [b"", b"hello" * 5000, b"PK\x03\x04" + b"x" * 9000])
def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path, content):
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    with pytest.raises(StoreError) as refused:
        open_store(f"duckdb:{file}")
    assert str(tmp_path) not in str(refused.value)
    assert file.read_bytes() == content


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(StoreError, match="not a store"):
        open_store(f"duckdb:{tmp_path}")


def test_fault_F13_a_second_program_gets_one_clear_sentence(tmp_path):
    file = tmp_path / "a.duckdb"
    with open_store(f"duckdb:{file}", now=NOON):
        code = (
            "from geo.store import open_store\nfrom geo.errors import StoreLockedError\n"
            f"try:\n    open_store({f'duckdb:{file}'!r})\n"
            "except StoreLockedError as error:\n    print(error)\n"
        )
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        answer.stdout
        == "The store a.duckdb is open in another program. Close that program, then try again.\n"
    )
    assert answer.stderr == ""
    assert issubclass(StoreLockedError, StoreError)


def test_a_store_of_a_newer_program_is_left_alone(places):
    with open_store(places.new(), now=NOON) as store:
        store._db.run(
            "INSERT INTO schema_migrations VALUES (9999, 'from_tomorrow', '2027-01-01 00:00:00+00')"
        )
    with pytest.raises(StoreVersionError, match="9999"):
        open_store(places.new())


def test_each_migration_is_applied_once_and_recorded(places):
    url = places.new()
    for _ in range(2):
        with open_store(url, now=NOON) as store:
            numbers = store._db.query("SELECT number FROM schema_migrations ORDER BY number").to_pydict()[
                "number"
            ]
    assert (
        numbers
        == [number for number, _, _ in read_migrations(places.kind)]
        == list(range(1, len(numbers) + 1))
    )


def test_a_migration_is_split_at_semicolons_that_end_a_line():
    assert list(split_statements("-- a;\nSELECT 1; -- b\nSELECT ';'\n, 2;\n\n")) == [
        "SELECT 1",
        "SELECT ';'\n, 2",
    ]


def test_the_folder_of_a_new_store_is_made_and_leftovers_are_swept(tmp_path):
    file = tmp_path / "new" / "a.duckdb"
    left = Path(f"{file}.tmp") / "duckdb_temp_storage_DEFAULT-0.tmp"
    kept = Path(f"{file}.tmp") / "mine.txt"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")
    kept.write_bytes(b"x")
    with open_store(f"duckdb:{file}", now=NOON):
        assert not left.exists()
        assert kept.exists()


def test_no_extension_is_loaded_and_none_can_be_fetched():
    with open_store("duckdb::memory:", now=NOON) as store:
        _nothing_is_loaded(store)


def _nothing_is_loaded(store):
    loaded = store._db.query(
        "SELECT extension_name, install_path FROM duckdb_extensions() "
        "WHERE loaded AND install_mode <> 'STATICALLY_LINKED'"
    ).to_pylist()
    assert loaded == []
    settings = store._db.query(
        "SELECT current_setting('autoinstall_known_extensions') AS a, "
        "current_setting('autoload_known_extensions') AS b, "
        "current_setting('TimeZone') AS zone, current_setting('python_enable_replacements') AS python"
    ).to_pylist()
    assert settings == [{"a": False, "b": False, "zone": "UTC", "python": False}]


def test_memory_and_threads_come_from_the_caller(tmp_path):
    with open_store(f"duckdb:{tmp_path / 'a.duckdb'}", memory_mb=300, threads=1, now=NOON) as store:
        row = store._db.row("SELECT current_setting('memory_limit'), current_setting('threads')")
    assert row == ("286.1 MiB", 1)


def test_threads_read_side_by_side(store):
    from concurrent.futures import ThreadPoolExecutor

    store_cases(store, *({"no": n, "reported_at": "2026-10-01"} for n in range(50)))
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: store.count_cases(CaseFilter()), range(64)))
    assert counts == [50] * 64
