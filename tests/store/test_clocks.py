"""A clock that jumps and a zone that changes turn nothing around: order is by number, moments are UTC (fault G16)."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from geo.errors import ConflictError
from geo.store import open_store
from geo.store.base import CaseFilter
from geo.tasks.confirming import newest_batch
from geo.tasks.dashboard_lists import list_open
from tests.store.conftest import NOON, head, make_case_areas, make_cases
from ui import tokens

DAY = timedelta(days=1)
YEAR = {"start": datetime(2026, 1, 1, tzinfo=UTC), "end": datetime(2027, 1, 1, tzinfo=UTC)}


def store_at(store, moment, *rows):
    """Store cases in a batch that the clock of its moment dates."""
    return store.store_cases(
        replace(head(), created_at=moment), make_cases(*rows), make_case_areas(*rows)
    ).batch_id


def test_fault_G16_batches_follow_each_other_by_number_whatever_the_clock_said(places):
    with open_store(places.new(), now=NOON) as store:
        first = store_at(store, NOON, {"no": 1, "title": "first"})
        second = store_at(store, NOON - DAY, {"no": 1, "title": "second"})
        third = store_at(store, NOON + DAY, {"no": 2})
        assert store.list_batches()["batch_id"].tolist() == [third, second, first]
        assert newest_batch(store) == 3
        with pytest.raises(ConflictError):  # the second stands on it, though its clock said yesterday
            store.undo_batch(first, actor="li", undone_at=NOON - 3 * DAY)
        store.undo_batch(second, actor="li", undone_at=NOON - 3 * DAY)
        assert store.read("cases", order_by=["case_id"])["title"].tolist()[0] == "first"
        log = store.read("audit_log", order_by=["seq"])
        assert log["action"].tolist() == ["import", "import", "import", "undo"]
        assert log["taken_at"].tolist() != sorted(log["taken_at"]), "the clock jumped, the order did not"
        assert store.verify() == []


def test_fault_G16_a_case_that_a_jumping_clock_closed_before_its_report_takes_no_negative_time(places):
    rows = (
        {"no": 1, "state": "closed", "reported_at": "2026-03-02 09:00", "closed_at": "2026-03-01 09:00"},
        {"no": 2, "state": "closed", "reported_at": "2026-03-02 09:00", "closed_at": "2026-03-02 10:00"},
    )
    with open_store(places.new(), now=NOON) as store:
        store_at(store, NOON, *rows)
        (counts,) = store.period_counts("all", CaseFilter(), **YEAR).to_dict("records")
        assert (counts["n_closed"], counts["n_timed"], counts["n_negative"]) == (2, 1, 1)
        assert {counts[name] for name in counts if name.startswith("p") and name.endswith("_s")} == {3600}
        assert store.count_cases(CaseFilter(is_negative=True)) == 1


def test_fault_G16_a_case_of_tomorrow_is_not_open_for_less_than_no_time(places):
    with open_store(places.new(), now=NOON) as store:
        store_at(
            store, NOON,
            {"no": 1, "state": "handling", "reported_at": "2026-03-02 09:00"},
            {"no": 2, "state": "handling", "reported_at": "2026-03-05 09:00"},
        )  # fmt: skip
        listed = list_open(store, CaseFilter(), datetime(2026, 3, 3, 1, tzinfo=UTC))
        assert listed["source_no"].tolist() == ["1"]
        assert listed["days_open"].tolist() == [1.0]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process is changed so on POSIX only")
def test_fault_G16_a_machine_that_moves_to_another_zone_counts_the_same_hours_and_days(places, monkeypatch):
    rows = [
        {"no": n, "state": "handling", "reported_at": f"2026-03-{n:02d} {n % 24:02d}:30"}
        for n in range(1, 29)
    ]
    url = places.new()
    found = []
    try:
        for zone in ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"):
            monkeypatch.setitem(os.environ, "TZ", zone)
            time.tzset()
            with open_store(url, now=NOON) as store:
                if not found:
                    store_at(store, NOON, *rows)
                found.append(
                    [
                        store.period_counts(by, CaseFilter(), **YEAR)
                        .sort_values("group")
                        .fillna(-1)
                        .to_dict("records")
                        for by in ("hour", "weekday", "month")
                    ]
                    + [store.read("cases", order_by=["case_id"])["reported_at"].tolist(), store.time_zone]
                )
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found[1:] == found[:1] * 3
    assert [group["n_new"] for group in found[0][2]] == [28]


def test_fault_G16_tokens_of_a_page_live_by_a_clock_that_never_jumps(monkeypatch):
    grant = tokens.Grant("all", "x")
    token = tokens.mint(grant)
    for moment in (0.0, time.time() - 86_400, time.time() + 86_400):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        assert tokens.verify(token) == grant
        assert tokens.verify(tokens.mint(grant)) == grant
