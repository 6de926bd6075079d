"""Counts of a period and by month: worked by hand, row by row, at the edges of months."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from geo.errors import StoreError
from geo.store import CaseFilter, open_store
from geo.store import counting as counting_module
from geo.store import slices as slices_module
from geo.store import spans as spans_module
from geo.store.codes import Memory
from geo.store.counting import month_text
from geo.store.questions import MONTH_COUNTS, PERCENTILES, PERCENTS, PERIOD_COUNTS
from tests.store.conftest import NOON, at, head, make_case_areas, make_cases, store_cases

SHANGHAI = ZoneInfo("Asia/Shanghai")
START, END = datetime(2026, 10, 1, tzinfo=SHANGHAI), datetime(2026, 11, 1, tzinfo=SHANGHAI)

HERE = {"district": "D", "subdistrict": "S1", "community": "C1", "grid": "G1", "microgrid": "M1"}
THERE = {"district": "D", "subdistrict": "S2", "community": "C2", "grid": "G2", "microgrid": "M2"}


def case(no, reported, closed=None, due=None, **more):
    return {"no": no, "reported_at": reported, "closed_at": closed, "due_at": due, "lon": 104.0, "lat": 30.0,
            "position_source": "given", "state": "closed" if closed else "handling", "areas": HERE, **more}  # fmt: skip


CALLED = {"valid_callback": True, "contacted": True}

CASES = [
    # what                                              new closed open overdue due on-time
    case(1, "2026-09-30 23:59:59", "2026-10-02 00:00", "2026-10-01 12:00"),  #  - c - - d -
    case(2, "2026-10-01 00:00", "2026-10-01 10:00", "2026-10-05", **CALLED, solved=False,
         satisfaction="basically_satisfied"),  #                              n c - - d t
    case(3, "2026-10-31 23:59:59", lon=None, lat=None, position_source="none"),  # n - o - - -
    case(4, "2026-11-01 00:00"),  #                                           - - - - - -
    case(5, "2026-09-10", "2026-11-01 00:00", "2026-09-20"),  #               - - o v d - carried over
    case(6, "2026-10-05", "2026-10-06", "2026-11-10"),  #                     n c - - d t ahead of its deadline
    case(7, "2026-09-05", "2026-09-06", "2026-10-10"),  #                     - - - - d t deadline in the period
    case(8, "2026-10-10", None, "2026-10-12", state="rejected"),  #           n - - - d -
    case(9, "2026-10-20", "2026-10-19"),  #                                   n c - - - - closed before reported
    case(10, None, "2026-10-15"),  #                                          - c - - - - never reported
    case(11, "2026-10-11", None, "2026-11-01 00:00"),  #                      n - o - - - deadline at the end
    case(12, "2026-10-12", "2026-10-20", "2026-10-20", **CALLED, solved=True, satisfaction="satisfied"),
    case(13, "2026-10-13", areas=THERE),  #                                   n - o - - - in the other grid
]  # fmt: skip

HERE_COUNTS = {
    "n_new": 7, "n_closed": 6, "n_open": 3, "n_overdue": 1, "n_due": 7, "n_on_time": 4,
    "n_closed_without_due": 2, "n_timed": 4, "n_negative": 1, "n_callbacks": 2, "n_contacted": 2, "n_solved": 1,
    "n_satisfied": 1, "n_basically_satisfied": 1, "n_unlocated": 1, "n_rejected": 1,
}  # fmt: skip
THERE_COUNTS = {name: int(name in ("n_new", "n_open")) for name in PERIOD_COUNTS}


@pytest.fixture
def filled(store):
    store_cases(store, *CASES)
    return store


def counts_of(table, group=None):
    rows = table[table["group"].isna()] if group is None else table[table["group"] == group]
    assert len(rows) == 1
    return {name: int(rows[name].iloc[0]) for name in PERIOD_COUNTS}


@pytest.mark.parametrize("by", ["grid", "microgrid", "subdistrict", "community"])
def test_a_month_in_shanghai_worked_by_hand(filled, by):
    table = filled.period_counts(by, CaseFilter(), start=START, end=END)
    assert list(table.columns) == ["group", *PERIOD_COUNTS, *PERCENTILES]
    assert counts_of(table, HERE[by]) == HERE_COUNTS
    assert counts_of(table, THERE[by]) == THERE_COUNTS


def test_percentiles_are_discrete_and_exact(filled):
    row = filled.period_counts("grid", CaseFilter(), start=START, end=END).set_index("group").loc["G1"]
    # 10 h, 1 day, 1 day and 1 s, 8 days
    found = {name: row[name] for name in ("p25_s", "p50_s", "p55_s", "p75_s", "p90_s", "p99_s")}
    assert found == {
        "p25_s": 36000,
        "p50_s": 86400,
        "p55_s": 86401,
        "p75_s": 86401,
        "p90_s": 691200,
        "p99_s": 691200,
    }
    without = filled.period_counts("grid", CaseFilter(), start=START, end=END, with_percentiles=False)
    assert without[list(PERCENTILES)].isna().all(axis=None)


def test_the_55th_percentile_of_twenty_is_the_eleventh(store):
    rows = [case(n, "2026-10-01", f"2026-10-01 00:00:{n:02d}") for n in range(1, 21)]
    store_cases(store, *rows)
    for where in (CaseFilter(), CaseFilter(area_level="grid", area_id="G1")):
        row = store.period_counts("all", where, start=START, end=END).iloc[0]
        assert [int(row[name]) for name in PERCENTILES] == [-(-percent * 20 // 100) for percent in PERCENTS]


def test_a_group_without_closed_cases_has_no_percentiles(filled):
    for by in ("grid", "subdistrict"):
        row = filled.period_counts(by, CaseFilter(), start=START, end=END).set_index("group").loc[THERE[by]]
        assert row[list(PERCENTILES)].isna().all()


def test_an_empty_store_and_an_unknown_area_give_empty_tables(store):
    assert len(store.period_counts("all", CaseFilter(), start=START, end=END)) == 0
    assert len(store.month_counts("grid", CaseFilter())) == 0
    store_cases(store, *CASES)
    nowhere = CaseFilter(area_level="grid", area_id="G404")
    assert len(store.period_counts("category_id", nowhere, start=START, end=END)) == 0
    assert len(store.cross_counts("hour", "weekday", nowhere)) == 0
    assert store.count_cases(nowhere) == 0
    assert len(store.list_cases(nowhere)) == 0


def test_months_in_shanghai_worked_by_hand(filled):
    months = filled.month_counts("grid", CaseFilter(area_level="grid", area_id="G1")).set_index("month")
    assert months["n_new"].to_dict() == {"2026-09": 3, "2026-10": 7, "2026-11": 1}
    assert months["n_closed"].to_dict() == {"2026-09": 1, "2026-10": 6, "2026-11": 1}
    # late: case 5 in September, case 1 in October, case 11 in November
    assert months["n_late"].to_dict() == {"2026-09": 1, "2026-10": 1, "2026-11": 1}
    assert months["n_late_closed"].to_dict() == {"2026-09": 0, "2026-10": 1, "2026-11": 1}
    assert months["n_opened"].to_dict() == {"2026-09": 3, "2026-10": 6, "2026-11": 1}
    assert months["n_ended"].to_dict() == {"2026-09": 1, "2026-10": 5, "2026-11": 1}


def test_months_follow_daylight_saving_in_new_york(make_store):
    store = make_store(time_zone="America/New_York")
    utc = ["2026-03-01T04:59:59Z", "2026-03-01T05:00:00Z", "2026-04-01T03:59:59Z", "2026-04-01T04:00:00Z",
           "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-12-01T04:59:59Z", "2026-03-08T07:30:00Z"]  # fmt: skip
    store_cases(store, *(case(n, moment) for n, moment in enumerate(utc)))
    months = store.month_counts("all", CaseFilter()).set_index("month")["n_new"].to_dict()
    assert months == {"2026-02": 1, "2026-03": 3, "2026-04": 1, "2026-11": 3}
    new_york = ZoneInfo("America/New_York")
    march = store.period_counts(
        "hour",
        CaseFilter(),
        start=datetime(2026, 3, 1, tzinfo=new_york),
        end=datetime(2026, 4, 1, tzinfo=new_york),
    ).set_index("group")
    assert march["n_new"].sum() == 3
    hours = store.cross_counts("hour", "weekday", CaseFilter())
    # 05:30Z and 06:30Z are both half past one: the hour is lived twice; 07:30Z on 8 March is half past three
    assert hours.values.tolist() == [
        [0, 3, 1],
        [0, 7, 1],
        [1, 7, 2],
        [3, 7, 1],
        [23, 1, 1],
        [23, 2, 1],
        [23, 6, 1],
    ] or (dict(zip(hours["group"], hours["n"], strict=False))[1] == 2)


def test_hours_and_weekdays_are_those_of_the_store(filled):
    table = filled.cross_counts("weekday", "hour", CaseFilter(reported_from=START, reported_to=END))
    # 1 October 2026 is a Thursday, 31 October a Saturday
    assert [4, 0, 1] in table.values.tolist()
    assert [6, 23, 1] in table.values.tolist()
    assert table["n"].sum() == 8


def test_groups_are_in_order_of_code_point_and_the_cases_without_one_last(store):
    rows = [
        case(n, "2026-10-02", areas={"grid": g} if g else {})
        for n, g in enumerate(["乙", "a", None, "B", "甲"])
    ]
    store_cases(store, *rows)
    for table in (
        store.period_counts("grid", CaseFilter(), start=START, end=END),
        store.month_counts("grid", CaseFilter()),
    ):
        assert table["group"].tolist() == ["B", "a", "乙", "甲", None]


def test_a_month_is_text_and_a_period_may_end_before_it_begins(filled):
    assert month_text(12 * 1900) == "1900-01"
    table = filled.period_counts("all", CaseFilter(), start=END, end=START)
    assert counts_of(table)["n_new"] == 0


def test_cases_of_every_year_are_counted_in_their_month(store):
    store_cases(store, case(1, "1900-01-01 12:00"), case(2, "2100-12-31 12:00"))
    assert store.month_counts("all", CaseFilter())["month"].tolist() == ["1900-01", "2100-12"]
    first, last = store.moments()
    assert (first.year, last.year) == (1900, 2100)


def test_hexagons_are_counted_at_any_coarser_resolution(store):
    import h3

    cells = [h3.latlng_to_cell(30 + i / 500, 104 + j / 700, 10) for i in range(6) for j in range(6)]
    cases = make_cases(*(case(n, "2026-10-02") for n in range(len(cells))))
    cases["h3"] = pd.array([h3.str_to_int(cell) for cell in cells], dtype="Int64")
    store.store_cases(head(), cases, make_case_areas(*(case(n, None) for n in range(len(cells)))))
    for resolution in range(5, 11):
        expected: dict[int, int] = {}
        for cell in cells:
            parent = h3.str_to_int(h3.cell_to_parent(cell, resolution))
            expected[parent] = expected.get(parent, 0) + 1
        found = store.hexagon_counts(CaseFilter(), resolution=resolution)
        assert dict(zip(found["h3"].tolist(), found["n"].tolist(), strict=True)) == expected
        one = next(iter(expected))
        assert store.count_cases(CaseFilter(h3=one)) == expected[one]
    with pytest.raises(StoreError, match="resolution 11"):
        store.count_cases(CaseFilter(h3=h3.str_to_int(h3.latlng_to_cell(30, 104, 11))))


def test_points_that_carry_many_cases_are_found(store):
    rows = [case(n, "2026-10-02", lon=104.0 + (n > 2), lat=30.0) for n in range(5)]
    store_cases(store, *rows, case(9, None, lon=None, lat=None, position_source="none"))
    assert store.pile_ups(CaseFilter(), least=2).values.tolist() == [[104.0, 30.0, 3], [105.0, 30.0, 2]]
    assert store.pile_ups(CaseFilter(), least=3).values.tolist() == [[104.0, 30.0, 3]]


# --- the three ways to an answer agree, with each other and with plain Python ---------------------

_MOMENTS = st.sampled_from(
    [
        None,
        *(
            f"2026-{month:02d}-{day}"
            for month in (8, 9, 10, 11)
            for day in ("01 00:00", "02 09:30", "15 12:00", "30 23:59:59")
        ),
    ]
)
_AREAS = st.sampled_from(
    [{}, HERE, THERE, {"district": "D"}, {"district": "E", "subdistrict": "S9", "community": "C9"}]
)
_CASE = st.fixed_dictionaries(
    {
        "reported_at": _MOMENTS, "closed_at": _MOMENTS, "due_at": _MOMENTS, "areas": _AREAS,
        "state": st.sampled_from(["handling", "closed", "rejected"]),
        "category_id": st.sampled_from([None, "noise", "light"]),
        "channel": st.sampled_from([None, "电话", "微信"]),
        "valid_callback": st.sampled_from([None, True, False]),
        "contacted": st.booleans(), "solved": st.booleans(),
        "satisfaction": st.sampled_from([None, "satisfied", "dissatisfied", "basically_satisfied"]),
        "position_source": st.sampled_from(["none", "given"]),
    }
)  # fmt: skip
_PERIODS = [
    (START, END),
    (datetime(2026, 8, 1, tzinfo=SHANGHAI), END),
    (START, datetime(2026, 10, 15, 12, tzinfo=SHANGHAI)),
    (datetime(2026, 9, 1, tzinfo=SHANGHAI), datetime(2026, 10, 2, 9, 30, tzinfo=SHANGHAI)),
    (datetime(2026, 9, 2, 9, 30, tzinfo=SHANGHAI), datetime(2026, 10, 30, tzinfo=SHANGHAI)),
    (datetime(2026, 9, 1, tzinfo=SHANGHAI), datetime(2026, 11, 30, 23, 59, 59, tzinfo=SHANGHAI)),
    (datetime(2026, 10, 2, 9, 30, tzinfo=SHANGHAI), datetime(2026, 10, 15, 12, tzinfo=SHANGHAI)),
    (datetime(2026, 8, 15, 12, tzinfo=SHANGHAI), END),
]


def plain_counts(rows, start, end):
    """Count in plain Python, straight from the words of `Store.period_counts`."""
    found = dict.fromkeys(PERIOD_COUNTS, 0)
    for row in rows:
        reported, closed, due = (at(row[name]) for name in ("reported_at", "closed_at", "due_at"))
        is_final = closed is None and row["state"] in ("closed", "rejected")

        def is_open(moment, reported=reported, closed=closed, is_final=is_final):
            return (
                reported is not None
                and reported < moment
                and (closed is None or closed >= moment)
                and not is_final
            )

        is_new = reported is not None and start <= reported < end
        is_closed = closed is not None and start <= closed < end
        due_inside = due is not None and start <= due < end
        due_later = is_closed and due is not None and due >= end
        is_due = due_inside or due_later or (due is not None and due < start and is_open(start))
        is_called = is_closed and row["valid_callback"] is True
        found["n_new"] += is_new
        found["n_closed"] += is_closed
        found["n_open"] += is_open(end)
        found["n_overdue"] += due is not None and due < end and is_open(end)
        found["n_due"] += is_due
        found["n_on_time"] += is_due and closed is not None and closed <= due
        found["n_closed_without_due"] += is_closed and due is None
        found["n_timed"] += is_closed and reported is not None and closed >= reported
        found["n_negative"] += is_closed and reported is not None and closed < reported
        found["n_callbacks"] += is_called
        found["n_contacted"] += is_called and row["contacted"]
        found["n_solved"] += is_called and row["solved"]
        found["n_satisfied"] += is_called and row["satisfaction"] == "satisfied"
        found["n_basically_satisfied"] += is_called and row["satisfaction"] == "basically_satisfied"
        found["n_unlocated"] += is_new and row["position_source"] == "none"
        found["n_rejected"] += is_new and row["state"] == "rejected"
    return {name: int(n) for name, n in found.items()}


_FEW = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": [Phase.generate]}
_ROWS, _LATER = st.lists(_CASE, min_size=1, max_size=60), st.lists(_CASE, min_size=1, max_size=20)
_ASKED = st.lists(st.integers(0, 127), min_size=12, max_size=12, unique=True)


@settings(max_examples=16, **_FEW)
@given(rows=_ROWS, later=_LATER, questions=_ASKED)
def test_sums_facts_and_plain_python_agree_before_and_after_changes(rows, later, questions):
    _agree_through_changes("duckdb::memory:", rows, later, questions)


@settings(max_examples=4, **_FEW)
@given(rows=_ROWS, later=_LATER, questions=_ASKED)
def test_sums_facts_and_plain_python_agree_on_a_server(postgis_places, rows, later, questions):
    postgis_places.clear()
    _agree_through_changes(postgis_places.new(), rows, later, questions)


def _agree_through_changes(url, rows, later, questions):
    asked = [_QUESTIONS[number] for number in questions]
    with open_store(url, threads=1, now=NOON) as store:
        rows = [row | {"no": n} for n, row in enumerate(rows)]
        later = [row | {"no": 2 * n} for n, row in enumerate(later)]
        store_cases(store, *rows)
        _agree(store, rows, asked)
        store_cases(store, *later)
        moved = store.read_case_areas("current").set_index("case_id")
        now = {row["no"]: row for row in [*rows, *later]}
        _agree(store, [row | {"areas": _areas(moved.loc[f"hot:{no}"])} for no, row in now.items()], asked)
        if "B000002" in set(store.read("cases")["batch_id"]):
            store.undo_batch("B000002", actor="li", undone_at=NOON)
            _agree(store, rows, asked)


def _areas(row):
    return {
        level: row[f"{level}_id"]
        for level in ("district", "subdistrict", "community")
        if pd.notna(row[f"{level}_id"])
    }


def forget(store):
    """Let the store forget what it remembers of this version of the data."""
    store._facts = replace(store._facts, memory=Memory())


@contextmanager
def from_kept_sums(store):
    """Answer from what the store keeps by month, where it can."""
    forget(store)
    yield


@contextmanager
def from_a_few_cases(store):
    """Answer from slices and spans that are read from the facts."""
    forget(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices_module, "_wide_dimension", lambda *_: None)
        patch.setattr(spans_module, "is_kept", lambda *_: False)
        yield
    forget(store)


@contextmanager
def in_the_database(store):
    """Answer in one pass over the facts, percentiles included."""
    forget(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting_module, "count_period", lambda *_, **__: None)
        patch.setattr(counting_module, "count_months", lambda *_: None)
        patch.setattr(spans_module, "is_kept", lambda *_: False)
        patch.setattr(spans_module, "find_handful", lambda *_: None)
        yield
    forget(store)


WAYS = (from_kept_sums, from_a_few_cases, in_the_database)


def _ask(store, way, ask):
    with way(store):
        return ask()


_GROUPS = {"all": None, "subdistrict": None, "category_id": "category_id", "channel": "channel"}
_PLACES = {
    "anywhere": (CaseFilter(), lambda row: True),
    "district": (
        CaseFilter(area_level="district", area_id="D"),
        lambda row: row["areas"].get("district") == "D",
    ),
    "community": (
        CaseFilter(area_level="community", area_id="C1"),
        lambda row: row["areas"].get("community") == "C1",
    ),
    "category": (CaseFilter(category_ids=("noise",)), lambda row: row["category_id"] == "noise"),
}
_QUESTIONS = list(product(_GROUPS, _PLACES, range(len(_PERIODS))))
"""Every way to ask for a period; each example asks some of them of every state of the store."""


def _agree(store, rows, questions):
    assert store.verify() == []
    for by, place, period in questions:
        where, is_meant = _PLACES[place]
        start, end = _PERIODS[period]
        kept, few, counted = (
            _ask(store, way, lambda b=by, w=where, s=start, e=end: store.period_counts(b, w, start=s, end=e))
            for way in WAYS
        )
        pd.testing.assert_frame_equal(kept, few)
        pd.testing.assert_frame_equal(kept, counted)
        meant = [row for row in rows if is_meant(row)]
        assert kept[list(PERIOD_COUNTS)].sum().to_dict() == plain_counts(meant, start, end)
        for group in kept["group"] if _GROUPS[by] else ():
            of_group = [row for row in meant if row[_GROUPS[by]] == group]
            assert counts_of(kept, group) == plain_counts(of_group, start, end)
    _flows_agree(store, *_PERIODS[questions[0][2]])
    _months_agree(store, rows)


def _flows_agree(store, start, end):
    here = CaseFilter(area_level="district", area_id="D")
    for moment in ("reported", "closed"):
        inside = replace(here, **{f"{moment}_from": start, f"{moment}_to": end})
        ways = [_ask(store, way, lambda w=inside: store.cross_counts("channel", "all", w)) for way in WAYS]
        pd.testing.assert_frame_equal(ways[0], ways[1])
        pd.testing.assert_frame_equal(ways[0], ways[2])


def _months_agree(store, rows):
    for by in ("all", "subdistrict", "channel"):
        kept, few, counted = (
            _ask(store, way, lambda b=by: store.month_counts(b, CaseFilter())) for way in WAYS
        )
        pd.testing.assert_frame_equal(kept, few)
        pd.testing.assert_frame_equal(kept, counted)
    months = store.month_counts("all", CaseFilter())
    for month, end in (("2026-08", 9), ("2026-09", 10), ("2026-10", 11), ("2026-11", 12)):
        past = months[months["month"] <= month][list(MONTH_COUNTS)].sum()
        expected = plain_counts(rows, START, datetime(2026, end, 1, tzinfo=SHANGHAI))
        assert past["n_opened"] - past["n_ended"] == expected["n_open"]
        assert past["n_late"] - past["n_late_closed"] == expected["n_overdue"]


def test_percentiles_of_many_spans_are_those_of_the_sorted_list():
    rng = np.random.default_rng(11)
    for seconds in (
        rng.integers(0, 5_000_000, 50_000),
        rng.exponential(90_000, 30_001).astype("int64"),
        np.full(5_000, 7, dtype="int64"),
        np.concatenate([np.zeros(4_000, dtype="int64"), rng.integers(0, 2**40, 4_000)]),  # beyond the bins
        rng.integers(0, 4_096, 2_101),
    ):
        in_order = sorted(seconds.tolist())
        wanted = [in_order[-(-len(in_order) * percent // 100) - 1] for percent in PERCENTS]
        assert spans_module._pick(seconds) == wanted
