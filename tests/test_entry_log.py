"""Who signed in and who was refused stands in the audit log, never what was typed, and a flood stays small."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from geo.access.guesses import REFILL_OF_ALL_S
from geo.errors import StoreError
from geo.settings import Settings
from geo.store import open_store
from tests.doors import EDIT, VIEW, Door
from ui.entry_log import MOST_WAITING, REFUSED_AN_HOUR, EntryLog
from ui.gate import Gate

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
CANARY = "Kanarienvogel-77-Geheim"


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def store(places):
    with open_store(places.new(), now=NOW) as made:
        yield made


def rows_of(store):
    log = store.read("audit_log", where={"action": "sign_in"}, order_by=["seq"])
    return log[["object_id", "outcome", "actor", "note"]].to_numpy().tolist()


def test_a_sign_in_and_a_refused_one_stand_in_the_audit_log_and_no_password_does(store, tmp_path):
    door = Door(Settings(access_file=str(tmp_path / "access.json")), {"viewer": VIEW, "editor": EDIT})
    entries = EntryLog(lambda: store, now=Clock())
    door.gate = Gate(door.behind, lambda: door.entrance, note=entries.note)
    version = store.data_version()
    for password in (CANARY, VIEW, EDIT):
        door.sign_in(password)
        entries.wait()
    assert rows_of(store) == [
        ["-", "refused", "unknown", "from 10.0.0.9"],
        ["viewer", "done", "viewer", "from 10.0.0.9"],
        ["editor", "done", "editor", "from 10.0.0.9"],
    ]
    kept = store.read("audit_log").to_csv()
    assert not [secret for secret in (CANARY, VIEW, EDIT) if secret in kept]
    assert store.data_version() == version, "what is shown is not made anew for it"
    assert store.verify() == []


def test_a_flood_of_wrong_passwords_is_counted_and_not_listed(store):
    clock = Clock()
    entries = EntryLog(lambda: store, now=clock)
    for _ in range(24 * 3600 // int(REFILL_OF_ALL_S)):  # as many as the gate looks at in a day
        entries.note(None, "192.0.2.7")
        clock.now += timedelta(seconds=REFILL_OF_ALL_S)
        entries.wait()
    rows = rows_of(store)
    assert len(rows) == 24 * REFUSED_AN_HOUR
    n_told = sum(int(note.split("; ")[1].split()[0]) for *_, note in rows if ";" in note)
    n_left = 24 * 720 - len(rows) - n_told
    assert 0 < n_left < 720, "those of the last hour are told with the next row"
    entries.note("viewer", "192.0.2.8")
    entries.wait()
    assert rows_of(store)[-1] == [
        "viewer", "done", "viewer", f"from 192.0.2.8; {n_left} refused before it are not listed",
    ]  # fmt: skip


def test_nobody_waits_for_a_store_that_is_busy_and_what_waits_is_bounded():
    inside, go_on, written = threading.Event(), threading.Event(), []

    class Busy:
        def add_audit(self, *given, **named):
            inside.set()
            assert go_on.wait(60)
            written.append(given)

    entries = EntryLog(Busy)
    entries.note("viewer", "x")
    assert inside.wait(60)
    for _ in range(5 * MOST_WAITING):
        entries.note("viewer", "x")
    go_on.set()
    entries.wait(60)
    assert len(written) == MOST_WAITING + 1


def test_a_store_that_cannot_be_written_keeps_nobody_out(tmp_path, caplog):
    def fail():
        raise StoreError("store_no_room")

    door = Door(Settings(access_file=str(tmp_path / "access.json")), {"viewer": VIEW, "editor": EDIT})
    entries = EntryLog(fail)
    door.gate = Gate(door.behind, lambda: door.entrance, note=entries.note)
    assert door.sign_in(VIEW).status == 303
    entries.wait()
    assert "not written into the audit log: store_no_room" in caplog.text


def test_an_hour_ends_though_the_clock_jumps_back():
    clock, written = Clock(), []

    class Kept:
        def add_audit(self, *given, **named):
            written.append(named["note"])

    entries = EntryLog(Kept, now=clock)
    for _ in range(3 * REFUSED_AN_HOUR):
        entries.note(None, "x")
    clock.now -= timedelta(days=1)
    entries.note(None, "x")
    entries.wait()
    assert len(written) == REFUSED_AN_HOUR + 1
    assert written[-1] == f"from x; {2 * REFUSED_AN_HOUR} refused before it are not listed"
