"""One facility is changed by one at a time: who comes second is told who changed what, and nothing is lost."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from geo.access.seats import operator
from geo.cli import main
from geo.errors import ChoiceError, MissingError, StaleEditError
from geo.intake.facilities import FacilityChoices
from geo.settings import Settings
from geo.store import open_store
from geo.store.base import Seen
from geo.tasks.bringing import preview_facilities, store_preview, undo_batch
from geo.tasks.facilities import edit_facility, find_facility
from geo.tasks.reading import read_table_file, suggest_for

NOW = datetime(2026, 10, 31, 4, tzinfo=UTC)
LATER = datetime(2026, 10, 31, 5, tzinfo=UTC)
LIST = """编号,名称,类别,容量,地址,经度,纬度
1,一号桩,充电站,10,人民路1号,104.01,30.61
2,二号桩,充电站,20,人民路2号,104.02,30.62
"""
ID = "清单:1"


def preview(store, text=LIST):
    table = read_table_file(text.encode(), settings=Settings(), file_name="list.csv")
    choices = FacilityChoices(
        columns=suggest_for("facilities", table.columns), source="清单", coord_sys="wgs84"
    )
    return preview_facilities(store, table, choices, seat=operator("wang"), now=NOW)


@pytest.fixture
def store(places):
    with open_store(places.new(), now=NOW) as made:
        store_preview(made, preview(made), seat=operator("wang"), now=NOW)
        yield made


def edit(store, actor, seen, /, **changes):
    return edit_facility(store, ID, changes, seen=seen, seat=operator(actor), now=LATER)


def test_an_edit_changes_what_was_named_and_keeps_the_former_row(store):
    card = find_facility(store, ID)
    assert (card.fields["name"], card.fields["capacity"], str(card.seen)) == ("一号桩", "10.0", "1.B000001")
    receipt = edit(
        store, "li", card.seen, name="新一号桩", capacity="１２", lon="104.5", lat="30.5", address=""
    )
    assert (receipt.batch_id, receipt.n_changed) == ("B000002", 1)
    after = find_facility(store, ID)
    assert (after.fields["name"], after.fields["capacity"], after.fields["address"]) == (
        "新一号桩",
        "12.0",
        "",
    )
    assert (after.fields["lon"], after.fields["kind"], after.changed_by) == ("104.5", "ev_charging", "li")
    assert store.read("facility_versions")["name"].tolist() == ["一号桩"]
    assert store.read("audit_log").iloc[-1][["actor", "action", "object_id", "outcome"]].tolist() == [
        "li", "edit", ID, "done"]  # fmt: skip
    assert store.verify() == []
    undo_batch(store, "B000002", seat=operator("li"), now=LATER)
    assert find_facility(store, ID).fields == card.fields
    assert store.verify() == []


def test_fault_F01_the_second_of_two_editors_is_told_who_changed_what(store):
    seen = find_facility(store, ID).seen
    edit(store, "li", seen, name="李的名称", capacity="11")
    with pytest.raises(StaleEditError) as refused:
        edit(store, "zhao", seen, status="closed")
    assert refused.value.code == "edit_stale"
    assert refused.value.values["actor"] == "li"
    assert refused.value.values["changes"] == "name: 一号桩 → 李的名称; capacity: 10.0 → 11.0"
    assert "li" in refused.value.say("zh") and "2026-10-31 13:00" in refused.value.say("zh")
    after = find_facility(store, ID)
    assert (after.fields["name"], after.fields["status"]) == ("李的名称", "open")
    history = store.read("audit_log", where={"action": "edit"}, order_by=["seq"])
    assert history[["actor", "outcome"]].to_numpy().tolist() == [["li", "done"], ["zhao", "refused"]]
    edit(store, "zhao", after.seen, status="closed")
    assert find_facility(store, ID).fields["name"] == "李的名称"
    assert store.verify() == []


def test_fault_F01_of_ten_editors_at_once_one_wins_and_every_attempt_stands_in_the_history(store):
    def rounds(actor):
        won = 0
        while not won:
            seen = find_facility(store, ID).seen
            try:
                edit(store, actor, seen, name=f"{find_facility(store, ID).fields['name']}+{actor}")
                won = 1
            except StaleEditError:
                continue
        return won

    seen = find_facility(store, ID).seen

    def attempt(n):
        try:
            return edit(store, f"e{n}", seen, capacity=str(100 + n)).n_changed
        except StaleEditError:
            return 0

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(attempt, range(10))) == 1
        log = store.read("audit_log", where={"action": "edit"})
        assert sorted(log["actor"]) == sorted(f"e{n}" for n in range(10))
        assert log["outcome"].eq("done").sum() == 1
        # each goes on from what it read anew: nobody's part is lost
        assert sum(pool.map(rounds, ["a", "b", "c", "d"])) == 4
    name = find_facility(store, ID).fields["name"]
    assert sorted(name.split("+")[1:]) == ["a", "b", "c", "d"]
    assert len(store.read("facility_versions", where={"facility_id": ID})) == 5
    assert sorted(store.read("audit_log")["seq"]) == list(range(1, len(store.read("audit_log")) + 1))
    assert store.verify() == []


def test_fault_F01_a_state_that_was_taken_back_is_not_the_one_of_the_same_number(store):
    first = find_facility(store, ID).seen
    receipt = edit(store, "li", first, name="A")
    read_by_zhao = find_facility(store, ID).seen
    undo_batch(store, receipt.batch_id, seat=operator("wang"), now=LATER)
    with pytest.raises(StaleEditError) as refused:
        edit(store, "zhao", read_by_zhao, status="closed")
    assert (refused.value.code, refused.value.values["actor"]) == ("edit_taken_back", "wang")
    edit(store, "li", first, name="B")
    assert read_by_zhao.version == find_facility(store, ID).seen.version
    with pytest.raises(StaleEditError):
        edit(store, "zhao", read_by_zhao, status="closed")
    assert find_facility(store, ID).fields["name"] == "B"


def test_fault_F01_a_file_that_was_checked_before_an_edit_does_not_undo_it_unseen(store):
    weekly = preview(store, LIST.replace("一号桩,充电站,10", "一号桩,充电站,15"))
    edit(store, "li", find_facility(store, ID).seen, capacity="12")
    with pytest.raises(StaleEditError) as refused:
        store_preview(store, weekly, seat=operator("wang"), now=LATER)
    assert refused.value.values == {"n": 1, "first": ID, "batch_id": "B000002", "actor": "li"}
    assert find_facility(store, ID).fields["capacity"] == "12.0"
    again = preview(store, LIST.replace("一号桩,充电站,10", "一号桩,充电站,15"))
    assert again.changes["old"].tolist() == ["12.0"]
    store_preview(store, again, seat=operator("wang"), now=LATER)
    assert find_facility(store, ID).fields["capacity"] == "15.0"


def test_fault_F14_a_preview_that_is_confirmed_twice_is_one_batch(store):
    weekly = preview(store, LIST + "3,三号桩,充电站,30,,104.03,30.63\n")
    with ThreadPoolExecutor(8) as pool:
        receipts = list(
            pool.map(lambda _: store_preview(store, weekly, seat=operator("li"), now=LATER), range(8))
        )
    assert {receipt.batch_id for receipt in receipts} == {"B000002"}
    assert store.count_rows()["import_batches"] == 2
    assert store.count_rows()["facilities"] == 3
    undo_batch(store, "B000002", seat=operator("li"), now=LATER)
    assert store_preview(store, weekly, seat=operator("li"), now=LATER).batch_id == "B000003"
    assert store.count_rows()["facilities"] == 3


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"kind": "飞碟站"}, "edit_refused", "kind"),
        ({"status": "perhaps"}, "edit_refused", "status"),
        ({"capacity": "many"}, "edit_refused", "capacity"),
        ({"lon": "204"}, "edit_refused", "lon"),
        ({"opened_on": "2026-13-01"}, "edit_refused", "opened_on"),
        ({"name": "a\x00b"}, "edit_refused", ""),
        ({"version": "9"}, "field_unknown", "version"),
        ({}, "edit_without_change", "name"),
    ],
)
def test_an_edit_obeys_the_rules_of_a_file(store, changes, code, named):
    seen = find_facility(store, ID).seen
    with pytest.raises(ChoiceError) as refused:
        edit(store, "li", seen, **changes)
    assert refused.value.code == code
    assert named in refused.value.say("en")
    assert find_facility(store, ID).seen == seen


def test_an_edit_that_says_nothing_new_is_no_batch(store):
    seen = find_facility(store, ID).seen
    assert edit(store, "li", seen, name="一号桩", capacity="10").n_changed == 0
    assert store.count_rows()["import_batches"] == 1
    assert find_facility(store, ID).seen == seen


def test_a_facility_that_is_not_there_is_said(store):
    with pytest.raises(MissingError, match="清单:9"):
        find_facility(store, "清单:9")
    with pytest.raises(MissingError, match="清单:9"):
        store.edit_facility("清单:9", {"name": "x"}, seen=Seen(1, "B000001"), actor="li", taken_at=LATER)
    with pytest.raises(ChoiceError, match="batch_id"):
        store.edit_facility(ID, {"batch_id": "x"}, seen=Seen(1, "B000001"), actor="li", taken_at=LATER)


def test_a_facility_is_shown_and_edited_by_command(places, monkeypatch, capsys):
    url = places.new()
    with open_store(url, now=NOW) as store:
        store_preview(store, preview(store), seat=operator("wang"), now=NOW)
    monkeypatch.setenv("GETU_STORE_URL", url)

    def run(*words):
        code = main(["facility", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    code, said, _ = run("show", ID)
    assert code == 0 and "state 1.B000001, written by wang" in said and "name = 一号桩" in said
    code, said, _ = run("edit", ID, "--seen", "1.B000001", "--set", "name=甲", "--actor", "li", "--json")
    assert (code, json.loads(said)["seen"], json.loads(said)["fields"]["name"]) == (0, "2.B000002", "甲")
    code, said, err = run("edit", ID, "--seen", "1.B000001", "--set", "name=乙", "--actor", "zhao")
    assert code == 1 and said == "" and "changed by li" in err and "name: 一号桩 → 甲" in err
    code, _, err = run("edit", ID, "--seen", "two", "--set", "name=乙")
    assert code == 1 and "'two'" in err
    code, said, _ = run("edit", ID, "--seen", "2.B000002", "--set", "name=甲")
    assert code == 0 and said.startswith("It says so already")
