"""As then, as now and as of a set count the same cases, to the unit, and each tells the areas it means."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.analysis.periods import month_period
from geo.errors import MissingError
from geo.schema import AREA_LEVELS
from geo.store import open_store
from geo.store.base import CaseFilter
from geo.tasks.bases import COUNTED, Basis, choose_basis, count_former, open_on_basis
from geo.tasks.boundary_versions import publish_set
from geo.tasks.dashboards import make_dashboard, measure_level
from tests.databases import Places
from tests.tasks.test_boundary_versions import (
    JULY,
    NOW,
    THEN,
    WANG,
    bill_of,
    bring,
    draft,
    store_cases,
    store_district,
)

AUGUST = month_period("2026-08", data_as_of=NOW, time_zone="Asia/Shanghai")
MARCH = month_period("2026-03", data_as_of=NOW, time_zone="Asia/Shanghai")


@pytest.fixture
def store(places: Places):
    """Cases of March in A, B and C; A was split and B merged with C in July; more cases in August."""
    with open_store(places.new("bases"), time_zone="Asia/Shanghai") as opened:
        bring(opened, level="community", K=(0, 6))
        store_district(opened)
        publish_set(opened, bill_of(opened, draft(opened)), seat=WANG, now=NOW)
        store_cases(
            opened,
            (21, 1.5, "2026-08-02", None, None),
            (22, 2.5, "2026-08-03", "2026-08-04", None),
            (23, 0.5, "2026-08-03", None, "2026-08-05"),
        )
        yield opened


def counts(store, name, period, level="grid"):
    basis = choose_basis(store, name, on=period.last_on)
    with open_on_basis(store, basis) as view:
        table = measure_level(view, level, period=period)
        former = count_former(view, level, period=period, listed=list(table.index))
        whole = make_dashboard(view, None, period=period, before=MARCH)
        rest = view.period_counts(
            level, CaseFilter(without=(level,)), start=period.start, end=period.end, with_percentiles=False
        )
    return table, former, whole.counts, rest


def new_by_area(table):
    return {code: int(n) for code, n in table["n_new"].items() if n}


@pytest.mark.parametrize("period", [MARCH, AUGUST], ids=["before", "after"])
@pytest.mark.parametrize("level", ["grid", "community"])
def test_totals_are_equal_to_the_unit_as_then_as_now_and_as_of_any_set(store, period, level):
    known = store.period_counts("all", CaseFilter(), start=period.start, end=period.end)
    for name in ("reported", "current", "grid-1", "grid-2", "community-1"):
        table, former, whole, rest = counts(store, name, period, level)
        for key in COUNTED:
            assert whole[key] == known[key].iloc[0], (name, key)
            assert table[key].sum() + former[key].sum() + rest[key].sum() == whole[key], (name, key)


def test_as_then_reproduces_the_ranking_of_before(store):
    then = counts(store, "reported", MARCH)
    assert new_by_area(then[0]) == {"A": 3, "B": 1, "C": 1}
    assert then[1].empty
    now = counts(store, "current", MARCH)
    assert new_by_area(now[0]) == {"A": 1, "A2": 2, "BC": 1}


def test_as_then_after_a_change_lists_the_areas_of_the_last_day_and_former_ones_beside(store):
    table, former, *_ = counts(store, "reported", AUGUST)
    assert list(table.index) == ["A", "A2", "BC"]
    # case 3 was stored, and frozen in A, before the new set was published
    assert new_by_area(table) == {"A": 2, "A2": 1, "BC": 1}
    assert former.set_index("area_id")["n_open"].to_dict() == {"B": 1, "C": 1}


def test_as_of_a_set_places_every_case_anew(store):
    assert new_by_area(counts(store, "grid-1", AUGUST)[0]) == {"A": 3, "B": 1}
    assert new_by_area(counts(store, "grid-2", MARCH)[0]) == {"A": 1, "A2": 2, "BC": 1}


def test_as_of_a_draft_can_be_asked_before_it_is_published(store):
    set_id = bring(store, is_draft=True, Q=(0, 6))
    assert new_by_area(counts(store, set_id, MARCH)[0]) == {"Q": 5}
    assert store.find_area("Q").empty


def test_residents_are_those_of_the_areas_that_are_listed(store):
    table = counts(store, "grid-1", MARCH)[0]
    assert table["residents"].to_dict() == {"A": 30, "B": 30, "C": 40}
    assert counts(store, "reported", MARCH)[0]["residents"].to_dict() == {"A": 30, "B": 30, "C": 40}


def test_a_copy_under_the_boundaries_of_now_answers_as_the_store_itself(store):
    basis = Basis("grid-2", choose_basis(store, "current", on=JULY).sets)
    with open_on_basis(store, basis) as view:
        for area_level in (*AREA_LEVELS, "category_id", "hour"):
            given = {"start": MARCH.start, "end": AUGUST.end}
            pd.testing.assert_frame_equal(
                view.period_counts(area_level, CaseFilter(), **given),
                store.period_counts(area_level, CaseFilter(), **given),
            )
        assert view.data_version() == store.data_version()


def test_a_basis_that_is_no_set_is_refused(store):
    with pytest.raises(MissingError, match="no boundary set 'then'"):
        choose_basis(store, "then", on=JULY)


def test_asking_changes_nothing(store):
    before = store.fingerprints()
    counts(store, "reported", MARCH)
    counts(store, "grid-1", MARCH)
    assert store.fingerprints() == before


def test_nothing_personal_beyond_the_cases_is_copied(store):
    with open_on_basis(store, choose_basis(store, "reported", on=JULY)) as view:
        rows = view.count_rows()
    assert {name for name in ("case_reporters", "audit_log", "users", "case_events") if rows[name]} == set()


@given(
    walls=st.lists(st.integers(1, 59), max_size=5, unique=True),
    places=st.lists(st.integers(-5, 65), min_size=1, max_size=25),
)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_totals_hold_for_any_set_and_any_cases(new_store, walls, places):
    edges = [0, *sorted(walls), 60]
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        bring(opened, A=(0, 2), B=(2, 4), C=(4, 6))
        store_cases(opened, *((n, x / 10 + 0.05, "2026-03-01", None, None) for n, x in enumerate(places)))
        drawn = {f"N{n}": (a / 10, b / 10) for n, (a, b) in enumerate(pairwise(edges))}
        set_id = bring(opened, is_draft=True, **drawn)
        for name in ("reported", "current", set_id):
            table, former, whole, rest = counts(opened, name, MARCH)
            assert table["n_new"].sum() + former["n_new"].sum() + rest["n_new"].sum() == len(places)
            assert whole["n_new"] == len(places)
        inside = sum(0 <= x / 10 + 0.05 <= 6 for x in places)
        assert int(np.sum(counts(opened, set_id, MARCH)[0]["n_new"])) == inside


def test_what_was_frozen_stays_what_it_was(store):
    rows = store.read_case_areas("reported").set_index("case_id")["grid_id"]
    assert {n: None if pd.isna(rows[f"hot:{n}"]) else rows[f"hot:{n}"] for n in THEN} == THEN
    assert date(2026, 7, 1) == JULY
