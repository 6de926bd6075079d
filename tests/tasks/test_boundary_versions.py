"""The bill says what a new set changes before anything is changed; two people publish; history stays."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.access.seats import Seat, operator
from geo.errors import AccessError, ChoiceError, MissingError, StaleEditError, StoreError
from geo.intake.boundaries import BoundaryChoices
from geo.settings import Settings
from geo.store import BatchHead, open_store
from geo.tasks.boundary_sets import find_gaps, find_set, list_sets, read_areas_on
from geo.tasks.boundary_versions import prepare_bill, publish_set, retire_set
from geo.tasks.bringing import preview_boundaries, store_preview, undo_batch
from geo.tasks.placing import areas_of_cases
from geo.tasks.reading import read_layer_files

NOW = datetime(2026, 11, 1, 4, tzinfo=UTC)
JULY = date(2026, 7, 1)
LI, WANG = Seat("editor", "li", is_named=True), Seat("editor", "wang", is_named=True)
WEST, SOUTH, SIDE = 104.0, 30.6, 0.01


@pytest.fixture
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        yield opened


def box(west, east):
    return shapely.box(WEST + west * SIDE, SOUTH, WEST + east * SIDE, SOUTH + SIDE)


def bring(store, *, level="grid", seat=LI, is_draft=False, start=None, scope="", **shapes):
    """Bring in areas of one level; a shape is where it begins and ends, in cells from the west."""
    features = [
        {"type": "Feature", "properties": {"code": code, "name": f"{code}号"},
         "geometry": shapely.geometry.mapping(ends if isinstance(ends, shapely.Geometry) else box(*ends))}
        for code, ends in shapes.items()
    ]  # fmt: skip
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    layer = read_layer_files([content], settings=Settings(), file_names=[f"{level}.geojson"])
    choices = BoundaryChoices(level, "code", "name", coord_sys="wgs84", valid_from=start, scope_id=scope,
                              is_draft=is_draft)  # fmt: skip
    preview = preview_boundaries(store, layer, choices, seat=seat, now=NOW)
    store_preview(store, preview, seat=seat, now=NOW)
    return str(preview.checked.side_tables["boundary_sets"]["set_id"].iloc[0])


def store_cases(store, *rows):
    """Store cases: number, place in cells from the west, day of report, day of closing, deadline."""
    at = lambda day: pd.Timestamp(day, tz="Asia/Shanghai").tz_convert("UTC") if day else pd.NaT  # noqa: E731
    table = pd.DataFrame(
        {
            "case_id": [f"hot:{no}" for no, *_ in rows], "source": "hot", "source_no": [str(no) for no, *_ in rows],
            "lon": [np.nan if x is None else WEST + x * SIDE for _, x, *_ in rows],
            "lat": [np.nan if x is None else SOUTH + SIDE / 2 for _, x, *_ in rows],
            "position_source": ["none" if x is None else "given" for _, x, *_ in rows],
            "position_error_m": np.nan,
            "state": ["closed" if closed else "handling" for *_, closed, _ in rows],
            "reported_at": [at(day) for _, _, day, _, _ in rows], "closed_at": [at(day) for *_, day, _ in rows],
            "due_at": [at(day) for *_, day in rows],
        }
    )  # fmt: skip
    for name in ("reported_at", "closed_at", "due_at"):
        table[name] = pd.to_datetime(table[name], utc=True)
    head = BatchHead("cases", "week.csv", "li", NOW, boundaries=store.boundaries())
    store.store_cases(head, table, areas_of_cases(store, table))


def store_district(store):
    """Three grids of two cells; people, facilities, staff and cases along the row."""
    first = bring(store, A=(0, 2), B=(2, 4), C=(4, 6))
    head = lambda kind: BatchHead(kind, "file.csv", "li", NOW)  # noqa: E731
    people = pd.DataFrame(
        {"source": "census", "point_id": ["p1", "p2", "p3", "p4"],
         "lon": [WEST + x * SIDE for x in (0.5, 1.5, 2.5, 5.5)], "lat": SOUTH + SIDE / 2,
         "residents": [10.0, 20, 30, 40], "households": [4.0, 8, 12, 16],
         "elders": [1.0, 2, 3, 4]}
    )  # fmt: skip
    store.store_rows(head("population"), {"population_points": people})
    staff = pd.DataFrame(
        {"area_id": ["A", "A", "C"], "role": "网格长", "name": ["王示例", "李示例", "赵示例"],
         "valid_from": [None, None, None], "valid_to": [None, date(2026, 1, 1), None]}
    )  # fmt: skip
    store.store_rows(head("staff"), {"area_staff": staff})
    facilities = pd.DataFrame(
        {"facility_id": ["f:1", "f:2"], "source": "f", "source_no": ["1", "2"], "name": ["卫生站", "公厕"],
         "kind": ["clinic", "toilet"], "status": "open", "lon": [WEST + x * SIDE for x in (1.5, 5.5)],
         "lat": SOUTH + SIDE / 2, "position_source": "given"}
    )  # fmt: skip
    store.store_facilities(head("facilities"), facilities)
    store_cases(
        store,
        (1, 0.5, "2026-03-01", None, "2026-03-05"),  # stays, open, overdue
        (2, 1.5, "2026-03-01", None, "2026-03-05"),  # moves, open, overdue
        (3, 1.6, "2026-08-01", None, "2027-03-05"),  # moves, open; reported after the first day
        (4, 1.7, "2026-03-01", "2026-03-02", None),  # would move, but is closed
        (5, 2.5, "2026-03-01", None, None),  # its grid takes in another: no move
        (6, 9.0, "2026-03-01", None, None),  # outside of both
        (7, None, "2026-03-01", None, None),  # nowhere
        (8, 5.5, "2026-03-01", None, None),  # falls out of every area
    )
    return first


def draft(store, **more):
    """A loses its second cell to a new grid, B and C become one that ends early."""
    return bring(store, is_draft=True, **{"A": (0, 1), "A2": (1, 2), "BC": (2, 5), **more})


def bill_of(store, set_id, *, on=JULY, seat=WANG, **more):
    return prepare_bill(store, set_id, on=on, seat=seat, now=NOW, **more)


def areas_of(store, basis):
    rows = store.read_case_areas(basis).set_index("case_id")["grid_id"]
    return {int(case.removeprefix("hot:")): None if pd.isna(code) else code for case, code in rows.items()}


THEN = {1: "A", 2: "A", 3: "A", 4: "A", 5: "B", 6: None, 7: None, 8: "C"}
NEW = {1: "A", 2: "A2", 3: "A2", 4: "A2", 5: "BC", 6: None, 7: None, 8: None}


def test_the_bill_as_worked_out_by_hand(store):
    first = store_district(store)
    set_id = draft(store)
    before = store.fingerprints()
    bill = bill_of(store, set_id)
    assert store.fingerprints() == before, "a bill changes nothing"
    assert bill.follows == (first,)
    assert bill.overlaps == ()
    assert bill.gap is None
    assert {name: n for name, n in bill.changes.counts.items() if n} == {"split": 1, "merged": 1}
    cell_m2 = SIDE**2 * 111_000 * 96_000
    assert bill.lost_m2 == pytest.approx(cell_m2, rel=0.02)
    assert bill.gained_m2 == pytest.approx(0.0, abs=1.0)
    moves = bill.moves
    assert moves.people[["point_id", "from_id", "to_id"]].fillna("").to_numpy().tolist() == [
        ["p2", "A", "A2"], ["p3", "B", "BC"], ["p4", "C", ""],
    ]  # fmt: skip
    assert dict(moves.totals) == {"residents": 90, "households": 36, "elders": 9}
    assert moves.facilities["facility_id"].tolist() == ["f:1", "f:2"]
    cases = moves.cases.set_index("source_no")
    assert cases[["from_id", "to_id"]].fillna("").to_numpy().tolist() == [
        ["A", "A2"], ["A", "A2"], ["B", "BC"], ["C", ""],
    ]  # fmt: skip
    assert cases["is_overdue"].tolist() == [True, False, False, False]
    assert moves.n_overdue == 1
    assert moves.staff.to_numpy().tolist() == [
        ["网格长", "王示例", "A", "split", "A、A2"],
        ["网格长", "赵示例", "C", "merged", "BC"],
    ]
    assert bill.n_since == 1


def test_an_area_with_another_code_or_name_moves_nobody(store):
    store_district(store)
    bill = bill_of(store, bring(store, is_draft=True, K=(0, 2), B=(2, 4), C=(4, 6)))
    assert bill.changes.counts["recoded"] == 1
    assert [len(part) for part in (bill.moves.people, bill.moves.facilities, bill.moves.cases)] == [0, 0, 0]
    assert bill.moves.staff["area_id"].tolist() == ["A"]


def test_the_bill_of_cases_is_what_publishing_then_does_to_them(store):
    store_district(store)
    bring(store, level="microgrid", **{f"M{n}": (n / 2, n / 2 + 0.5) for n in range(12)})
    before = store.read_case_areas("current").set_index("case_id")["grid_id"]
    bill = bill_of(store, draft(store))
    publish_set(store, bill, seat=WANG, now=NOW)
    after = store.read_case_areas("current").set_index("case_id")["grid_id"]
    listed = bill.moves.cases.set_index("case_id")
    assert listed["to_id"].fillna("").to_dict() == after[listed.index].fillna("").to_dict()
    moved = {case for case in before.index if str(before[case]) != str(after[case])} - {"hot:4"}
    assert set(listed.index) == moved, "case 4 is closed"
    assert after["hot:5"] == "BC"


def test_what_the_store_does_not_know_is_said_to_be_unknown(store):
    bring(store, A=(0, 2))
    totals = bill_of(store, bring(store, is_draft=True, A=(0, 1), B=(1, 2))).moves.totals
    assert dict(totals) == {"residents": None, "households": None, "elders": None}


def test_publishing_gives_every_case_its_present_area_and_keeps_the_one_it_had(store):
    store_district(store)
    set_id = draft(store)
    assert areas_of(store, "reported") == areas_of(store, "current") == THEN
    publish_set(store, bill_of(store, set_id), seat=WANG, now=NOW)
    assert areas_of(store, "current") == NEW
    assert areas_of(store, "reported") == THEN
    assert store.verify() == []


def test_undo_of_a_publish_brings_back_what_was(store):
    store_district(store)
    set_id = draft(store)
    tables = ("boundary_sets", "areas", "case_areas")
    before = {name: store.read(name).astype(str).to_csv() for name in tables}
    receipt = publish_set(store, bill_of(store, set_id), seat=WANG, now=NOW)
    undo_batch(store, receipt.batch_id, seat=LI, now=NOW)
    assert {name: store.read(name).astype(str).to_csv() for name in tables} == before
    assert store.verify() == []


def test_fault_F06_each_case_belongs_to_exactly_one_version_by_its_moment(store):
    store_district(store)
    publish_set(store, bill_of(store, draft(store)), seat=WANG, now=NOW)
    store_cases(
        store,
        (11, 1.5, "2026-06-30 23:59:59", None, None),
        (12, 1.5, "2026-07-01 00:00:00", None, None),
        (13, 1.5, "2026-11-01", None, None),
    )
    found = areas_of(store, "reported")
    assert [found[number] for number in (11, 12, 13)] == ["A", "A2", "A2"]
    sets = store.read_case_areas("reported").set_index("case_id")["sets"]
    assert sets.str.split(",").str.len().max() == 1


def test_fault_F06_boundaries_that_are_switched_in_a_loop_while_cases_come_in(store):
    store_district(store)
    first, second = None, draft(store)
    for number in range(6):
        day = date(2026, 7, 1 + number)
        if first is None:
            first = publish_set(store, bill_of(store, second, on=day), seat=WANG, now=NOW)
        else:
            undo_batch(store, first.batch_id, seat=LI, now=NOW)
            first = None
        store_cases(store, (100 + number, 1.5, "2026-01-01", None, None))
    rows = store.read_case_areas("reported").set_index("case_id")
    assert rows.loc[[f"hot:{100 + number}" for number in range(6)], "grid_id"].tolist() == ["A"] * 6
    assert rows.index.is_unique
    assert store.verify() == []


def test_cases_older_than_the_first_set_take_it_and_are_marked(store):
    bring(store, start=date(2026, 1, 1), A=(0, 2))
    store_cases(store, (1, 0.5, "2025-03-01", None, None), (2, 0.5, "2026-03-01", None, None))
    rows = store.read_case_areas("reported")
    assert rows["grid_id"].tolist() == ["A", "A"]
    assert rows["before_first_set"].tolist() == [True, False]


def test_a_set_of_everything_stands_before_the_sets_of_parts_that_follow_it(store):
    bring(store, level="community", K1=(0, 2), K2=(2, 4))
    whole = bring(store, A=(0, 2), B=(2, 4))
    retire_set(store, whole, on=JULY, seat=WANG, now=NOW)
    part = bring(store, is_draft=True, scope="K1", A=(0, 2))
    publish_set(store, bill_of(store, part), seat=WANG, now=NOW)
    store_cases(store, (1, 0.5, "2026-03-01", None, None), (2, 3.0, "2026-08-01", None, None))
    assert areas_of(store, "reported") == {1: "A", 2: None}
    assert not store.read_case_areas("reported")["before_first_set"].any()


def test_who_brought_a_set_in_cannot_publish_it_where_people_are_named(store):
    bring(store, A=(0, 2))
    set_id = bring(store, is_draft=True, A=(0, 1))
    assert find_set(store, set_id).author == "li"
    own, other = bill_of(store, set_id, seat=LI), bill_of(store, set_id)
    assert (own.people, other.people) == ("one", "two")
    before = store.fingerprints()
    with pytest.raises(AccessError, match="li brought boundary set"):
        publish_set(store, own, seat=LI, now=NOW)
    with pytest.raises(AccessError):  # the bill of another does not help
        publish_set(store, other, seat=LI, now=NOW)
    assert store.fingerprints() == before
    publish_set(store, own, seat=WANG, now=NOW)
    assert json.loads(store.list_batches()["choices"].iloc[0])["people"] == "two"


@pytest.mark.parametrize(
    ("author", "publisher", "people"), [("local", "local", "one"), ("local", "zhao", "unproved")]
)
def test_where_nobody_is_named_one_person_may_do_both_and_the_bill_says_so(store, author, publisher, people):
    set_id = bring(store, seat=operator(author), is_draft=True, A=(0, 1))
    seat = operator(publisher)
    bill = bill_of(store, set_id, seat=seat)
    assert bill.people == people
    publish_set(store, bill, seat=seat, now=NOW)
    assert json.loads(store.list_batches()["choices"].iloc[0])["people"] == people


def test_a_named_person_brings_boundaries_of_a_level_that_has_some_in_as_a_draft_only(store):
    bring(store, A=(0, 2))
    before = store.fingerprints()
    with pytest.raises(ChoiceError, match="come in as a draft"):
        bring(store, start=JULY, A=(0, 1))
    assert store.fingerprints() == before
    bring(store, level="community", K=(0, 2))
    bring(store, seat=operator("local"), start=JULY, A=(0, 1))


def test_fault_F03_a_bill_that_boundaries_have_overtaken_is_refused(store):
    bring(store, A=(0, 2))
    one, other = bring(store, is_draft=True, A=(0, 1)), bring(store, is_draft=True, A=(1, 2))
    bills = [bill_of(store, set_id, on=day) for set_id, day in ((one, JULY), (other, date(2026, 8, 1)))]
    publish_set(store, bills[0], seat=WANG, now=NOW)
    before = store.fingerprints()
    with pytest.raises(StaleEditError):
        publish_set(store, bills[1], seat=WANG, now=NOW)
    assert store.fingerprints() == before


def test_fault_B32_the_bill_names_what_it_would_overlap_and_publishing_is_refused(store):
    bring(store, level="community", K=(0, 4))
    whole = bring(store, A=(0, 2), B=(2, 4))
    part = bring(store, is_draft=True, scope="K", A=(0, 1))
    bill = bill_of(store, part)
    assert bill.overlaps == (whole,)
    with pytest.raises(StoreError, match=f"{part} and {whole}"):
        publish_set(store, bill, seat=WANG, now=NOW)


def test_fault_B32_a_gap_between_versions_is_told_before_and_after(store):
    first = bring(store, start=date(2026, 1, 1), A=(0, 2))
    retire_set(store, first, on=date(2026, 3, 1), seat=WANG, now=NOW)
    set_id = bring(store, is_draft=True, A=(0, 1))
    bill = bill_of(store, set_id)
    assert bill.gap == (date(2026, 3, 1), JULY)
    assert bill.changes.counts["reshaped"] == 1, "compared with the set that was in force last"
    publish_set(store, bill, seat=WANG, now=NOW)
    assert find_gaps(store).to_numpy().tolist() == [["grid", "", first, set_id, date(2026, 3, 1), JULY]]
    assert read_areas_on(store, "grid", date(2026, 4, 1)).empty
    store_cases(store, (1, 0.5, "2026-04-01", None, None))
    assert areas_of(store, "reported") == {1: None}
    assert areas_of(store, "current") == {1: "A"}


@pytest.mark.parametrize(
    "ends", [shapely.box(100, 20, 110, 30), (3, 3 + 5e-7)], ids=["a country", "half a square metre"]
)
def test_fault_B15_an_area_of_an_impossible_size_is_not_published(store, ends):
    bring(store, A=(0, 2))
    set_id = bring(store, is_draft=True, A=(0, 1), X=ends)
    bill = bill_of(store, set_id)
    assert bill.beyond == ("X",)
    before = store.fingerprints()
    with pytest.raises(ChoiceError) as refused:
        publish_set(store, bill, seat=WANG, now=NOW)
    assert refused.value.code == "set_sizes_beyond"
    assert "'X'" in refused.value.say("zh")
    assert store.fingerprints() == before


def test_a_day_that_has_not_come_is_refused(store):
    first = bring(store, A=(0, 2))
    set_id = bring(store, is_draft=True, A=(0, 1))
    with pytest.raises(ChoiceError, match="2026-11-02 has not come"):
        bill_of(store, set_id, on=date(2026, 11, 2))
    with pytest.raises(ChoiceError):
        retire_set(store, first, on=date(2026, 11, 2), seat=WANG, now=NOW)
    assert bill_of(store, set_id, on=date(2026, 11, 1)).valid_from == date(2026, 11, 1)
    with pytest.raises(MissingError, match="no draft"):
        bill_of(store, first)


def test_finer_areas_follow_a_coarser_set_and_are_told_as_they_were_on_any_day(store):
    bring(store, level="community", K1=(0, 2), K2=(2, 6))
    bring(store, A=(0, 2), B=(2, 4), C=(4, 6))
    store_cases(store, (1, 2.5, "2026-03-01", None, None))
    set_id = bring(store, level="community", is_draft=True, K1=(0, 4), K2=(4, 6))
    parents = lambda areas: dict(areas[["area_id", "parent_id"]].to_numpy())  # noqa: E731
    then, now = {"A": "K1", "B": "K2", "C": "K2"}, {"A": "K1", "B": "K1", "C": "K2"}
    assert parents(store.read_areas("grid")) == then
    bill = bill_of(store, set_id)
    assert bill.n_children == 1
    receipt = publish_set(store, bill, seat=WANG, now=NOW)
    assert parents(store.read_areas("grid")) == now
    assert parents(read_areas_on(store, "grid", date(2026, 6, 30))) == then
    assert parents(read_areas_on(store, "grid", JULY)) == now
    rows = {basis: store.read_case_areas(basis)["community_id"].tolist() for basis in ("reported", "current")}
    assert rows == {"reported": ["K2"], "current": ["K1"]}
    store_cases(store, (2, 2.5, "2026-04-01", None, None))
    assert store.read_case_areas("reported").set_index("case_id").loc["hot:2", "community_id"] == "K2"
    undo_batch(store, store.list_batches()["batch_id"].iloc[0], seat=LI, now=NOW)
    undo_batch(store, receipt.batch_id, seat=LI, now=NOW)
    assert parents(store.read_areas("grid")) == then


def test_sets_are_listed_and_asked_for_by_day(store):
    first = bring(store, A=(0, 2))
    second = bring(store, is_draft=True, A=(0, 1))
    third = bring(store, is_draft=True, A=(0, 1.5))
    publish_set(store, bill_of(store, second), seat=WANG, now=NOW)
    table = list_sets(store)
    assert table[["set_id", "status", "n_areas", "author"]].to_numpy().tolist() == [
        [first, "retired", 1, "li"], [third, "draft", 1, "li"], [second, "published", 1, "li"],
    ]  # fmt: skip
    assert list_sets(store, on=date(2026, 6, 30))["set_id"].tolist() == [first]
    assert list_sets(store, on=JULY)["set_id"].tolist() == [second]
    assert list_sets(store, level="community").empty


def test_the_first_set_moves_nobody(store):
    store_cases(store, (1, 0.5, "2026-03-01", None, None))
    bill = bill_of(store, bring(store, is_draft=True, A=(0, 2)), on=None)
    assert bill.changes.counts["added"] == 1
    assert bill.moves.cases.empty
    publish_set(store, bill, seat=WANG, now=NOW)
    assert areas_of(store, "reported") == {1: "A"}


def test_areas_of_a_layer_are_polygons_in_wgs84(store):
    bring(store, A=(0, 2))
    areas = read_areas_on(store, "grid", JULY)
    assert isinstance(areas, gpd.GeoDataFrame)
    assert areas.crs.to_epsg() == 4326
