"""An older store is kept aside as a dated file, then brought to the newest shape, whatever dies on the way."""

from __future__ import annotations

import logging
import shutil
import signal
from pathlib import Path

import pandas as pd
import pytest

from geo.errors import StoreError, StoreVersionError
from geo.schema import TABLES
from geo.settings import Settings
from geo.store import migrating, open_store
from geo.store.migrating import read_migrations
from geo.tasks.opening import open_store as open_by_settings
from geo.tasks.stores import restore, verify_store
from tests.databases import KINDS, DuckdbPlaces, PostgisPlaces
from tests.small_store import fill_small_store
from tests.store.conftest import NOON, store_cases
from tests.store.killer import Killer
from tests.store.next_migrations import N_STATEMENTS, REAL, last_real, make_newer

LAST = last_real()
DATED = f"before-{LAST + 1:04d}-20261101T120000Z"


@pytest.fixture
def newer(tmp_path):
    """The migrations of a program of the future."""
    return make_newer(tmp_path / "newer")


@pytest.fixture
def become_newer(newer, monkeypatch):
    """Return a function after which this program has two more migrations."""
    return lambda: monkeypatch.setattr(migrating, "FOLDER", newer)


@pytest.fixture(scope="module", params=KINDS)
def kept(request, tmp_path_factory):
    """Stores of one kind of database that the tests of this file share."""
    if request.param == "duckdb":
        places = DuckdbPlaces(tmp_path_factory.mktemp("older"))
    else:
        places = PostgisPlaces(request.getfixturevalue("postgis_server"))
    yield places
    places.clear()


@pytest.fixture(scope="module")
def base(kept):
    """An older store with rows in it, that nobody has open, and what it holds."""
    url = kept.new("base")
    with open_store(url, now=NOON) as store:
        fill_small_store(store, n_cases=20)
        store_cases(store, {"no": 1}, {"no": 2})
        return url, store.fingerprints()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a function that opens a store in a process of its own; it gives the exit code."""
    with Killer(tmp_path_factory.mktemp("said") / "errors") as killer:
        yield lambda url, folder, **more: killer.do("open", url, folder, **more)[0]


def kept_aside(url, folder):
    """The files in which a store was kept aside."""
    beside = Path(url.removeprefix("duckdb:")).parent if url.startswith("duckdb:") else folder
    return sorted(beside.glob("*.before-*"))


def forget(url):
    """Take away what an earlier test kept aside."""
    for file in kept_aside(url, Path("nowhere")):
        file.unlink()


def numbers(store):
    return [number for (number,) in store._db.query("SELECT number FROM schema_migrations ORDER BY 1").to_pandas()
            .itertuples(index=False)]  # fmt: skip


def test_fault_G19_every_row_of_an_older_store_is_kept_in_it_and_in_a_file_beside_it(
    kept, base, become_newer, tmp_path, monkeypatch
):
    before, held = base
    url = kept.copy(before, "older")
    forget(url)
    become_newer()
    with open_store(url, now=NOON, backup_folder=str(tmp_path)) as store:
        assert store.fingerprints() == held
        assert store.verify() == []
        assert numbers(store) == list(range(1, LAST + 3))
        marks = store._db.row("SELECT count(*) FROM tested_marks")
        assert marks == (held["cases"].n_rows,)
        (file,) = kept_aside(url, tmp_path)
        assert DATED in file.name
        assert [(n.code, n.values) for n in store.notices] == [
            ("start_migrated", {"file": file.name, "number": LAST})
        ]
        assert store_cases(store, {"no": "new"}).n_new == 1
    with open_store(url, now=NOON, backup_folder=str(tmp_path)) as store:
        assert store.notices == ()
    assert kept_aside(url, tmp_path) == [file]
    monkeypatch.undo()
    with open_store(f"duckdb:{file}") as store:  # by the program that wrote the store
        assert store.fingerprints() == held
        assert store.verify() == []


KILLS = [
    "copy.tables_written", "migrate.backed_up",
    *(f"migrate.statement:{n}" for n in range(1, N_STATEMENTS + 1)), "migrate.committed",
]  # fmt: skip


@pytest.mark.parametrize("step", KILLS)
def test_fault_G19_a_kill_at_each_statement_is_made_good_by_the_next_start(
    run, kept, base, newer, become_newer, tmp_path, monkeypatch, step
):
    before, held = base
    url = kept.copy(before, "killed")
    forget(url)
    become_newer()
    assert run(url, tmp_path, fail_at=step, migrations=newer) == -signal.SIGKILL
    settings = Settings(store_url=url, backup_folder=str(tmp_path))
    with open_by_settings(settings) as store:
        assert store.fingerprints() == held
        assert store.verify() == []
        assert numbers(store) == list(range(1, LAST + 3))
        assert store._db.row("SELECT count(*) FROM tested_marks") == (held["cases"].n_rows,)
    folder = Path(url.removeprefix("duckdb:")).parent if kept.kind == "duckdb" else tmp_path
    assert not list(folder.glob("*.unfinished*"))
    monkeypatch.undo()
    first = kept_aside(url, tmp_path)[0]
    with open_store(f"duckdb:{first}") as store:
        assert store.fingerprints() == held


def test_fault_G19_a_store_of_a_newer_program_is_refused_and_left_alone(
    kept, base, newer, monkeypatch, tmp_path
):
    url = kept.copy(base[0], "newer")
    monkeypatch.setattr(migrating, "FOLDER", newer)
    open_store(url, now=NOON, backup_folder=str(tmp_path)).close()
    monkeypatch.undo()
    with pytest.raises(StoreVersionError) as refused:
        open_store(url, now=NOON)
    assert refused.value.values == {"number": LAST + 2, "known": LAST}
    monkeypatch.setattr(migrating, "FOLDER", newer)
    with open_store(url, now=NOON) as store:
        assert store.fingerprints() == base[1]


def test_fault_G19_an_older_store_that_cannot_be_kept_aside_is_not_touched(
    kept, base, become_newer, tmp_path, monkeypatch
):
    url = kept.copy(base[0], "unkept")
    forget(url)
    no_folder = tmp_path / "file"
    no_folder.write_bytes(b"not a folder")
    become_newer()
    if kept.kind == "duckdb":

        def fail(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("geo.store.keeping_aside.settle", fail)
    with pytest.raises(StoreError) as refused:
        open_store(url, now=NOON, backup_folder=str(no_folder))
    assert refused.value.code == "migration_not_kept"
    assert "/" not in refused.value.say("en").partition(".before")[0]
    assert not kept_aside(url, tmp_path)
    monkeypatch.undo()
    with open_store(url, now=NOON) as store:
        assert store.fingerprints() == base[1]


def test_fault_G19_a_role_that_may_not_change_the_tables_is_told_before_anything_is_copied(
    postgis_server, postgis_places, become_newer, tmp_path
):
    url = postgis_places.new()
    with open_store(url, now=NOON) as store:
        store_cases(store, {"no": 1})
    name = url.rpartition("/")[2]
    postgis_server.execute("CREATE ROLE getu_older LOGIN PASSWORD 'x'")
    postgis_server.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO getu_older", name
    )
    postgis_server.execute("REVOKE INSERT ON schema_migrations FROM getu_older", name)
    become_newer()
    try:
        with pytest.raises(StoreError) as refused:
            open_store(
                postgis_server.url(name, user="getu_older", password="x"), backup_folder=str(tmp_path / "b")
            )
        assert refused.value.code == "store_no_right"
        assert not (tmp_path / "b").exists()
    finally:
        postgis_server.execute("DROP OWNED BY getu_older", name)
        postgis_server.execute("DROP ROLE getu_older")


def test_a_store_of_the_first_migration_keeps_every_row(tmp_path, monkeypatch):
    first = tmp_path / "first"
    shutil.copytree(REAL, first)
    for file in first.rglob("*.sql"):
        if not file.name.startswith("0001"):
            file.unlink()
    monkeypatch.setattr(migrating, "FOLDER", first)
    url = f"duckdb:{tmp_path / 'first.duckdb'}"
    with open_store(url, now=NOON) as store:
        for n in range(3):
            store._db.run("INSERT INTO audit_log VALUES ($1, now(), 'li', 'x', 'y', 'done', '')", [n])
            store._db.run("INSERT INTO case_reporters VALUES ($1, 'a', 'b', 'B000001')", [str(n)])
    monkeypatch.undo()
    with open_store(url, now=NOON) as store:
        assert len(store.read("audit_log")) == len(store.read("case_reporters")) == 3
        assert bool(store.notices) == (LAST > 1)
        assert [int(n) for n in numbers(store)] == [number for number, _, _ in read_migrations("duckdb")]


def test_opening_says_that_the_store_was_migrated(kept, base, become_newer, tmp_path, caplog):
    url = kept.copy(base[0], "said")
    forget(url)
    become_newer()
    settings = Settings(store_url=url, backup_folder=str(tmp_path), language="zh")
    with caplog.at_level(logging.WARNING):
        open_by_settings(settings).close()
    assert ["已由结构版本" in line for line in caplog.messages] == [True]


def test_fault_G23_a_backup_of_an_older_shape_is_restored_and_left_as_it_is(
    kept, base, become_newer, tmp_path
):
    from geo.tasks.stores import back_up

    file = tmp_path / "old.duckdb"
    with open_store(base[0]) as store:
        back_up(store, file, Settings())
    content = file.read_bytes()
    become_newer()
    again = Settings(store_url=f"duckdb:{tmp_path / 'again.duckdb'}", backup_folder=str(tmp_path))
    restore(file, again)
    assert verify_store(again, backup=file).differing == []
    assert file.read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.duckdb", "newer", "old.duckdb"]


def test_a_copy_of_an_older_shape_has_the_columns_and_types_it_had(kept, base, newer, monkeypatch, tmp_path):
    url = kept.copy(base[0], "shape")
    forget(url)
    monkeypatch.setattr(migrating, "FOLDER", newer)
    with open_store(url, now=NOON, backup_folder=str(tmp_path)) as store:
        streets = store.read("street_edges")
    monkeypatch.undo()
    (file,) = kept_aside(url, tmp_path)
    with open_store(f"duckdb:{file}") as store:
        for table in TABLES.values():
            assert [name for name, _, _ in store._db.columns_of(table.name)] == list(table.names)
        pd.testing.assert_frame_equal(store.read("street_edges"), streets)
