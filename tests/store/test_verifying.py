"""Whatever breaks a rule of the store is found and said in both languages."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from geo.store import CaseFilter, open_store
from tests.store.conftest import NOON, store_areas, store_cases

DAMAGES = {
    "found_keys_twice": "INSERT INTO cases SELECT * FROM cases LIMIT 1",
    "found_owner_missing": "DELETE FROM boundary_sets",
    "found_batch_missing": "DELETE FROM import_batches WHERE kind = 'boundaries'",
    "found_rejected_differ": "UPDATE import_batches SET n_rejected = 3",
    "found_more_than_read": "UPDATE import_batches SET n_read = 1, n_new = 2",
    "found_no_areas": "DELETE FROM case_areas WHERE basis = 'reported'",
    "found_not_newer": "UPDATE cases SET version = 1 WHERE source_no = '1'",
    "found_other_state": "UPDATE cases SET state = 'rework' WHERE source_no = '2'",
    "found_no_fact": "DELETE FROM case_facts WHERE case_id = 'hot:2'",
    "found_no_case": "DELETE FROM cases WHERE source_no = '2'",
    "found_facts_differ": "UPDATE cases SET due_at = closed_at WHERE source_no = '1'",
    "found_sums_below": "UPDATE case_counts SET n_new = -5",
    "found_sums_differ": "DELETE FROM case_counts WHERE dimension = 'channel'",
    "found_spans_differ": "DELETE FROM case_spans",
}


@pytest.fixture
def store():
    with open_store("duckdb::memory:", threads=1, now=NOON) as made:
        store_areas(made, "district", ["D"])
        first = {"no": 1, "reported_at": "2026-09-01", "channel": "phone", "areas": {"district": "D"}}
        other = {"no": 2, "reported_at": "2026-09-02", "channel": "phone", "areas": {"district": "D"}}
        store_cases(made, first, other)
        store_cases(made, first | {"closed_at": "2026-09-03", "state": "closed"})
        assert made.verify() == []
        yield made


@pytest.mark.parametrize("code", DAMAGES)
def test_a_broken_rule_is_found_and_said(store, code):
    store._db.run(DAMAGES[code])
    findings = {finding.code: finding for finding in store.verify()}
    assert code in findings
    sentence = findings[code].say("en")
    assert re.match(r"[1-9][\d,]* ", sentence)
    assert re.search(r"[\u4e00-\u9fff]", findings[code].say("zh"))
    assert "{" not in sentence + findings[code].say("zh")


WRONG = [
    "DELETE FROM case_facts WHERE case_id = 'hot:2'",
    "UPDATE case_facts SET lon = 1",
    "UPDATE case_counts SET n_new = -5",
    "DELETE FROM case_counts WHERE dimension = 'channel'",
    "DELETE FROM case_spans",
]


@pytest.mark.parametrize("damage", WRONG)
def test_fault_G18_a_derived_table_that_is_wrong_is_found_and_derived_anew(places, damage):
    with open_store(places.new(), now=NOON) as made:
        store_areas(made, "district", ["D"])
        row = {"no": 1, "reported_at": "2026-09-01", "channel": "phone", "areas": {"district": "D"}}
        store_cases(made, row, row | {"no": 2, "closed_at": "2026-09-03", "state": "closed"})
        counts = made.month_counts("channel", CaseFilter())
        made._db.run(damage)
        assert made.verify() != []
        version = made.data_version()
        made.rebuild(actor="li", taken_at=NOON)
        assert made.verify() == []
        assert made.data_version() == version + 1
        pd.testing.assert_frame_equal(made.month_counts("channel", CaseFilter()), counts)
        assert made.read("audit_log", order_by=["seq"])["action"].tolist()[-1] == "rebuild"
