"""A draft is in force on no day; publishing, retiring and undo leave one set a level at any place and day."""

from __future__ import annotations

import threading
from datetime import date

import pytest

from geo.errors import ConflictError, MissingError, StaleEditError, StoreError
from tests.store.conftest import NOON, head, make_areas, make_case_areas, make_cases, make_set, store_cases

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
WHO = {"actor": "wang", "undone_at": NOON}


def bring(store, set_id, codes=("a", "b"), *, level="grid", status="draft", scope="", start=None, end=None):
    sets = make_set(level, set_id=set_id, scope=scope, start=start, end=end).assign(status=status)
    return store.store_rows(
        head("boundaries"), {"boundary_sets": sets, "areas": make_areas(level, list(codes), set_id=set_id)}
    )


def publish(store, set_id, start, end=None, **more):
    return store.publish_set(head("boundaries", **more), set_id, valid_from=start, valid_to=end)


def sets(store):
    rows = store.read("boundary_sets", order_by=["set_id"])
    days = [[None if day != day or day is None else str(day)[:10] for day in rows[name]] for name in
            ("valid_from", "valid_to")]  # fmt: skip
    return list(zip(rows["set_id"], rows["status"], *days, strict=True))


def codes(store, on=None):
    return store.read_areas("grid", on=on)["area_id"].tolist()


def test_a_draft_is_in_force_on_no_day(store):
    bring(store, "S1", status="published")
    bring(store, "S2", ["x", "y", "z"], start=JUNE)
    assert codes(store) == codes(store, JULY) == ["a", "b"]
    assert store.find_area("x").empty
    assert store.search_areas("x").empty
    assert len(store.residents("grid")) == 2


def test_publishing_retires_the_set_it_follows_on_that_day(store):
    bring(store, "S1", status="published")
    bring(store, "S2", ["x", "y", "z"])
    receipt = publish(store, "S2", JUNE)
    assert sets(store) == [("S1", "retired", None, "2026-06-01"), ("S2", "published", "2026-06-01", None)]
    assert codes(store) == codes(store, JUNE) == ["x", "y", "z"]
    assert codes(store, MAY) == ["a", "b"], "what was in force before can be read still"
    assert (receipt.n_new, receipt.n_changed) == (0, 1)
    assert store.list_batches()["kind"].tolist() == ["boundaries"] * 3
    audit = store.read("audit_log", where={"action": "publish"})
    assert audit[["actor", "object_id"]].to_numpy().tolist() == [["li", "S2"]]


def test_undo_of_a_publish_makes_it_a_draft_again_and_opens_the_former_one(store):
    bring(store, "S1", status="published")
    bring(store, "S2", ["x", "y", "z"])
    before = store.read("boundary_sets").astype(str).to_csv()
    receipt = publish(store, "S2", JUNE)
    store.undo_batch(receipt.batch_id, **WHO)
    assert store.read("boundary_sets").astype(str).to_csv() == before
    assert store.count_rows()["areas"] == 5, "no area goes with the undo of a publish"
    assert codes(store) == ["a", "b"]
    assert store.verify() == []
    publish(store, "S2", JULY)
    assert codes(store, JUNE) == ["a", "b"]
    assert codes(store, JULY) == ["x", "y", "z"]


def test_what_a_publish_stands_on_is_taken_back_after_it(store):
    bring(store, "S1", status="published")
    draft = bring(store, "S2", ["x"])
    first = publish(store, "S2", JUNE)
    bring(store, "S3", ["q"])
    second = publish(store, "S3", JULY)
    with pytest.raises(ConflictError, match=first.batch_id):
        store.undo_batch(draft.batch_id, **WHO)
    with pytest.raises(ConflictError, match=second.batch_id):
        store.undo_batch(first.batch_id, **WHO)
    for batch in (second, first, draft):
        store.undo_batch(batch.batch_id, **WHO)
    assert store.verify() == []
    assert codes(store) == ["a", "b"]


def test_a_publish_under_which_cases_were_reported_is_not_taken_back(store):
    bring(store, "S1", status="published")
    bring(store, "S2", ["x"])
    receipt = publish(store, "S2", JUNE)
    row = {"no": 1, "reported_at": "2026-06-02", "areas": {"grid": "x"}}
    cases = store_cases(store, row)
    areas = store.read_case_areas("reported").assign(sets="S2").drop(columns="batch_id")
    store.replace_areas_of_cases(areas, actor="li", taken_at=NOON)
    with pytest.raises(ConflictError, match=cases.batch_id):
        store.undo_batch(receipt.batch_id, **WHO)


def test_parents_that_change_with_a_publish_return_with_its_undo(store):
    bring(store, "S1", status="published")
    bring(store, "C1", ["A"], level="community")
    moved = store.read("areas", where={"set_id": "S1", "area_id": "a"}).assign(parent_id="A")
    receipt = store.publish_set(head("boundaries"), "C1", valid_from=None, areas=moved)
    parents = lambda: dict(store.read_areas("grid")[["area_id", "parent_id"]].fillna("").to_numpy())  # noqa: E731
    assert parents() == {"a": "A", "b": ""}
    store.undo_batch(receipt.batch_id, **WHO)
    assert parents() == {"a": "", "b": ""}


def test_a_set_of_former_years_that_comes_in_late_ends_where_it_says(store):
    bring(store, "S2", ["x"], status="published", start=JUNE)
    bring(store, "S1")
    publish(store, "S1", MAY, JUNE)
    assert sets(store) == [
        ("S1", "retired", "2026-05-01", "2026-06-01"),
        ("S2", "published", "2026-06-01", None),
    ]
    assert codes(store) == ["x"]
    assert codes(store, MAY) == ["a", "b"]


def test_retiring_leaves_a_gap_that_nothing_fills(store):
    bring(store, "S1", status="published", start=MAY)
    receipt = store.retire_set(head("boundaries"), "S1", on=JUNE)
    assert sets(store) == [("S1", "retired", "2026-05-01", "2026-06-01")]
    assert codes(store, JULY) == []
    assert codes(store, MAY) == ["a", "b"]
    store.undo_batch(receipt.batch_id, **WHO)
    assert sets(store) == [("S1", "published", "2026-05-01", None)]


@pytest.mark.parametrize(
    ("scope", "other", "start", "end", "code"),
    [
        ("", "", MAY, None, "set_needs_later_day"),  # from the same day on
        ("", "", None, None, "set_needs_later_day"),
        ("", "D1", JUNE, None, "sets_overlap"),  # all, beside a part of it
        ("D1", "", JUNE, None, "sets_overlap"),
        ("", "", JUNE, MAY, "set_ends_before_start"),
        ("", "", JUNE, JUNE, "set_ends_before_start"),
    ],
)
def test_fault_B32_what_would_overlap_in_time_is_refused_naming_both(store, scope, other, start, end, code):
    bring(store, "S1", status="published", scope=other, start=MAY)
    bring(store, "S2", ["x"], scope=scope)
    before = store.fingerprints()
    with pytest.raises(StoreError) as refused:
        publish(store, "S2", start, end)
    assert refused.value.code == code
    for language in ("zh", "en"):
        assert "S2" in refused.value.say(language)
        assert code == "set_ends_before_start" or "S1" in refused.value.say(language)
    assert store.fingerprints() == before


def test_fault_B32_a_set_of_the_past_that_reaches_into_the_next_is_refused_naming_both(store):
    bring(store, "S2", ["x"], status="published", start=JUNE, end=JULY)
    bring(store, "S1")
    with pytest.raises(StoreError, match=r"S1 and S2|S2 and S1"):
        publish(store, "S1", MAY, date(2026, 6, 2))
    publish(store, "S1", MAY, JUNE)
    assert codes(store, date(2026, 5, 31)) == ["a", "b"]
    assert codes(store, JUNE) == ["x"]


def test_fault_B32_scopes_beside_each_other_and_one_above_another(store):
    community = make_areas("community", ["C1", "C2"], set_id="K", parent="D1")
    store.store_rows(
        head("boundaries"), {"boundary_sets": make_set("community", set_id="K"), "areas": community}
    )
    for set_id, scope in (("S1", "C1"), ("S2", "C2"), ("S3", "D1")):
        bring(store, set_id, [f"{scope}-1"], scope=scope)
    publish(store, "S1", MAY)
    publish(store, "S2", MAY)
    with pytest.raises(StoreError) as refused:
        publish(store, "S3", JUNE)
    assert refused.value.code == "sets_overlap"
    assert codes(store) == ["C1-1", "C2-1"]


def test_only_a_draft_is_published_and_only_what_is_in_force_is_retired(store):
    bring(store, "S1", status="published")
    bring(store, "S2", ["x"])
    for deed, code in (
        (lambda: publish(store, "S9", JUNE), "set_unknown"),
        (lambda: publish(store, "S1", JUNE), "set_no_draft"),
        (lambda: store.retire_set(head("boundaries"), "S2", on=JUNE), "set_not_in_force"),
    ):
        with pytest.raises(MissingError) as refused:
            deed()
        assert refused.value.code == code
    with pytest.raises(StoreError, match="ends before"):
        store.retire_set(head("boundaries"), "S1", on=date.min)


def test_fault_F03_two_that_publish_at_once_by_the_same_bill_publish_one(store):
    bring(store, "S1", status="published")
    bring(store, "S2", ["x"])
    bring(store, "S3", ["y"])
    seen, gate, outcomes = store.boundaries(), threading.Barrier(2), []

    def go(set_id, day):
        gate.wait()
        try:
            outcomes.append(publish(store, set_id, day, boundaries=seen))
        except (StaleEditError, StoreError) as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=go, args=given) for given in (("S2", JUNE), ("S3", JULY))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(not isinstance(outcome, str) for outcome in outcomes) == 1
    assert "boundaries_changed_since" in outcomes
    statuses = dict(store.read("boundary_sets", columns=["set_id", "status"]).to_numpy())
    assert sorted(statuses.values()) == ["draft", "published", "retired"]
    assert store.verify() == []


def test_fault_F03_without_a_bill_the_second_of_the_same_day_is_refused(store):
    bring(store, "S2", ["x"])
    bring(store, "S3", ["y"])
    publish(store, "S2", JUNE)
    with pytest.raises(StoreError, match="S3 follows S2"):
        publish(store, "S3", JUNE)


def test_fault_F06_cases_placed_under_boundaries_that_changed_are_not_stored(store):
    bring(store, "S1", status="published")
    seen = store.boundaries()
    bring(store, "S2", ["x"])
    assert store.boundaries() == seen, "a draft changes nothing"
    publish(store, "S2", JUNE)
    row = {"no": 1, "areas": {"grid": "a"}}
    before = store.fingerprints()
    with pytest.raises(StaleEditError, match="Boundaries were brought in"):
        store.store_cases(head(boundaries=seen), make_cases(row), make_case_areas(row))
    assert store.fingerprints() == before
    store.store_cases(head(boundaries=store.boundaries()), make_cases(row), make_case_areas(row))
