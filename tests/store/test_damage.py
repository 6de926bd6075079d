"""A full disk, a damaged or unwritable file, a second program: said in one sentence, and nothing is lost."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from geo.cli import main
from geo.errors import StoreBrokenError, StoreError, StoreLockedError
from geo.settings import Settings
from geo.store import CaseFilter, open_store
from geo.store.health import examine
from geo.tasks.stores import back_up
from tests.guarded.sitecustomize import environ_of_children
from tests.small_store import fill_small_store
from tests.store.conftest import NOON, store_cases

POSIX_ONLY = pytest.mark.skipif(os.name != "posix", reason="limits and users of processes are those of POSIX")
NOBODY = 65534


@pytest.fixture
def limit():
    """Return a function that lets no file of this process grow beyond some bytes; taken off at the end."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)

    def set_limit(n_bytes=former[0]):
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, former[1]))

    yield set_limit
    set_limit()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a store that is well, and where the blocks of its tables begin and end."""
    file = tmp_path_factory.mktemp("whole") / "w.duckdb"
    with open_store(f"duckdb:{file}", now=NOON) as store:
        fill_small_store(store, n_cases=1500)
    return file.read_bytes()


def many(store, n):
    return store_cases(store, *({"no": f"n{i}", "description": os.urandom(300).hex()} for i in range(n)))


@POSIX_ONLY
@pytest.mark.parametrize("checkpoint", ["1KB", "16MB"])
@pytest.mark.parametrize("room", [300_000, 1_500_000])
def test_fault_G10_a_disk_that_is_full_while_storing_keeps_what_was_and_reading_goes_on(
    tmp_path, limit, checkpoint, room
):
    url = f"duckdb:{tmp_path / 'full.duckdb'}"
    with open_store(url, now=NOON) as store:
        many(store, 100)
        held = store.fingerprints()
        store._db.run(f"SET GLOBAL checkpoint_threshold = '{checkpoint}'")
        limit(room)
        with pytest.raises(StoreError, match="disk") as full:
            store_cases(store, *({"no": n, "description": os.urandom(300).hex()} for n in range(3000)))
        is_broken = isinstance(full.value, StoreBrokenError)  # DuckDB gave the file up: it is opened again
        assert is_broken == (checkpoint == "1KB")
        assert store.count_cases(CaseFilter()) == 100  # while there is no room still
        assert store.fingerprints() == held
        limit()
        assert store.verify() == []
        assert store_cases(store, {"no": "later"}).batch_id == "B000002"
        assert store.count_cases(CaseFilter()) == 101
    with open_store(url, now=NOON) as store:
        assert store.count_cases(CaseFilter()) == 101
        assert store.verify() == []


@POSIX_ONLY
def test_fault_G10_readers_beside_a_write_that_breaks_the_file_are_all_answered(tmp_path, limit):
    with open_store(f"duckdb:{tmp_path / 'full.duckdb'}", now=NOON) as store:
        many(store, 100)
        store._db.run("SET GLOBAL checkpoint_threshold = '1KB'")
        seen, done = set(), threading.Event()

        def read():
            while not done.is_set():
                seen.add(store.count_cases(CaseFilter()))

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        limit(300_000)
        for _ in range(2):
            with pytest.raises(StoreError, match="disk"):
                store_cases(store, *({"no": n, "description": os.urandom(300).hex()} for n in range(300)))
        limit()
        done.set()
        for reader in readers:
            reader.join()
        assert seen == {100}
        assert store.count_cases(CaseFilter()) == 100


@POSIX_ONLY
def test_fault_G10_a_backup_for_which_there_is_no_room_leaves_no_file(places, tmp_path, limit):
    folder = tmp_path / "backups"
    folder.mkdir()
    with open_store(places.new(), now=NOON) as store:
        many(store, 2000)
        limit(600_000)
        with pytest.raises(StoreError) as refused:
            back_up(store, folder / "b.duckdb", Settings())
        limit()
        assert refused.value.code == "backup_not_written"
        assert list(folder.iterdir()) == []
        assert back_up(store, folder / "b.duckdb", Settings()).tables == store.fingerprints()


DAMAGES = {
    "empty": (lambda content: b"", "store_not_duckdb"),
    "header zeroed": (lambda content: bytes(4096) + content[4096:], "store_not_duckdb"),
    "half of it": (lambda content: content[: len(content) // 2], "store_file_damaged"),
    "end cut off": (lambda content: content[:-1000], "store_file_damaged"),
    "a bit of the catalogue": (lambda content: flip(content, 12288 + 4000), "store_file_damaged"),
}


def flip(content, at):
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


@pytest.mark.parametrize("damage", DAMAGES)
def test_fault_G17_a_damaged_file_is_refused_at_the_start_left_alone_and_a_way_out_is_named(
    whole, tmp_path, damage
):
    spoil, code = DAMAGES[damage]
    file = tmp_path / "d.duckdb"
    file.write_bytes(spoil(whole))
    content = file.read_bytes()
    with pytest.raises(StoreError) as refused:
        open_store(f"duckdb:{file}", now=NOON)
    assert refused.value.code == code
    assert "backup" in refused.value.say("en") and "备份" in refused.value.say("zh")
    assert str(tmp_path) not in refused.value.say("en")
    assert file.read_bytes() == content
    assert code in {finding.code for finding in examine(f"duckdb:{file}") if finding.verdict == "bad"}


def test_fault_G17_a_bit_that_changed_in_the_rows_is_found_by_the_check_and_stops_writing(whole, tmp_path):
    file = tmp_path / "d.duckdb"
    file.write_bytes(flip(whole, len(whole) // 2))
    assert [f.code for f in examine(f"duckdb:{file}") if f.verdict == "bad"] == ["store_file_damaged"]
    with open_store(f"duckdb:{file}", now=NOON) as store:
        with pytest.raises(StoreError, match="damaged"):
            store.fingerprints()
        with pytest.raises(StoreError, match=r"damaged.*Stop storing"):
            store_cases(store, {"no": "x"})
    file.write_bytes(whole)
    assert [f.code for f in examine(f"duckdb:{file}") if f.verdict == "bad"] == []


def as_nobody(work):
    """Do something in a child that is a user without rights; return what it gives."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.write(writing, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return json.loads(said)


@pytest.fixture
def open_folder():
    """A folder that every user can reach."""
    folder = Path("/tmp") / f"getu-test-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@POSIX_ONLY
@pytest.mark.parametrize("what", ["file", "folder"])
def test_fault_G13_a_file_or_folder_that_may_not_be_written_is_said_at_the_start_and_by_the_check(
    open_folder, what
):
    file = open_folder / "ours.duckdb"
    with open_store(f"duckdb:{file}", now=NOON) as store:
        store_cases(store, {"no": 1})
    file.chmod(0o444 if what == "file" else 0o666)
    open_folder.chmod(0o555)

    def look():
        found = [finding.code for finding in examine(f"duckdb:{file}") if finding.verdict == "bad"]
        try:
            with open_store(f"duckdb:{file}", now=NOON) as store:
                store_cases(store, {"no": 2})
        except StoreError as error:
            return [found, error.code]
        return [found, "stored"]

    found, said = as_nobody(look)
    assert found == ["health_not_writable"]
    assert said == {"file": "store_cannot_open", "folder": "store_file_read_only"}[what]
    with open_store(f"duckdb:{file}", now=NOON) as store:
        assert store.count_cases(CaseFilter()) == 1


def test_fault_F13_a_second_process_harms_nothing_and_the_first_writes_on(tmp_path):
    file = tmp_path / "a.duckdb"
    temporary = Path(f"{file}.tmp") / "duckdb_temp_storage_DEFAULT-0.tmp"
    with open_store(f"duckdb:{file}", now=NOON) as store:
        store_cases(store, {"no": 1})
        temporary.parent.mkdir(exist_ok=True)
        temporary.write_bytes(b"what the first one needs")
        code = "import sys\nfrom geo.cli import main\nsys.exit(main(['check']))\n"  # as a user would at the same time
        environ = environ_of_children(
            {
                **os.environ,
                "GETU_STORE_URL": f"duckdb:{file}",
                "PYTHONPATH": str(Path(__file__).parents[2]),
            }
        )
        answer = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env=environ,
            cwd=tmp_path,
            check=False,
        )
        assert answer.returncode == 1
        assert answer.stderr == (
            "The store a.duckdb is open in another program. Close that program, then try again.\n"
        )
        assert temporary.exists()
        assert store_cases(store, {"no": 2}).n_new == 1
        assert store.verify() == []
    assert issubclass(StoreLockedError, StoreError)


def test_fault_G20_what_a_killed_program_left_beside_the_store_is_swept_at_the_start_which_says_so(
    tmp_path, caplog, monkeypatch, capsys
):
    file = tmp_path / "a.duckdb"
    open_store(f"duckdb:{file}", now=NOON).close()
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(timeout=60)
    from geo.whole_files import _machine

    for folder in (tmp_path, tmp_path / "backups"):
        folder.mkdir(exist_ok=True)
        (folder / f"b.duckdb.{_machine()}-{process.pid}-1.unfinished").write_bytes(b"x")
    Path(f"{file}.tmp").mkdir()
    (Path(f"{file}.tmp") / "duckdb_temp_block-1.block").write_bytes(b"x")
    mine = tmp_path / "notes.unfinished"
    mine.write_bytes(b"x")
    monkeypatch.setenv("GETU_STORE_URL", f"duckdb:{file}")
    monkeypatch.setenv("GETU_BACKUP_FOLDER", str(tmp_path / "backups"))
    assert main(["check"]) == 0
    assert [line for line in caplog.messages if "taken away" in line] == [
        "3 unfinished files that a stopped program left behind were taken away."
    ]
    assert mine.exists()
    assert not list(tmp_path.rglob("*-1.unfinished")) and not list(tmp_path.rglob("duckdb_temp_*"))
    caplog.clear()
    assert main(["check"]) == 0
    assert caplog.messages == []
    capsys.readouterr()


def test_a_store_that_was_not_closed_says_so_at_the_next_start_and_once(tmp_path, caplog):
    file = tmp_path / "a.duckdb"
    with open_store(f"duckdb:{file}", now=NOON) as store:
        store_cases(store, {"no": 1})
        for name in ("a.duckdb", "a.duckdb.wal"):
            shutil.copy(tmp_path / name, tmp_path / name.replace("a.", "b."))
    with open_store(f"duckdb:{tmp_path / 'b.duckdb'}", now=NOON) as store:
        assert [notice.code for notice in store.notices] == ["start_after_stop"]
        assert "without closing it" in store.notices[0].say("en")
        assert store.count_cases(CaseFilter()) == 1
    with open_store(f"duckdb:{tmp_path / 'b.duckdb'}", now=NOON) as store:
        assert store.notices == ()
