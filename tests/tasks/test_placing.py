"""A case gets the finest area that holds it and everything above; what it was reported in is frozen."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest
import shapely

from geo.access.seats import operator
from geo.schema import AREA_LEVELS
from geo.store import BatchHead, open_store
from geo.tasks.placing import (
    areas_of_cases,
    locate_by_address,
    measure_placement,
    place_cases,
    read_gazetteer,
)

NOW = datetime(2026, 10, 31, tzinfo=UTC)
WEST, SOUTH, SIDE = 104.0, 30.5, 2.0**-10
"""A side is about 94 m west to east and 108 m south to north, and every corner is exact in binary."""


def square(column, row, width=1, height=1):
    west, south = WEST + column * SIDE, SOUTH + row * SIDE
    return shapely.MultiPolygon([shapely.box(west, south, west + width * SIDE, south + height * SIDE)])


def at(column, row):
    return WEST + column * SIDE, SOUTH + row * SIDE


def areas_table(level, rows, set_id):
    table = pd.DataFrame(rows, columns=["area_id", "parent_id", "geom"])
    bounds = shapely.bounds(table["geom"].to_numpy())
    for number, name in enumerate(("west", "south", "east", "north")):
        table[name] = bounds[:, number]
    return table.assign(
        set_id=set_id, area_level=level, name="区" + table["area_id"], area_m2=1.0, attributes="{}"
    )


def store_areas(store, level, rows, *, valid_from=None, set_id=None):
    set_id = set_id or f"{level}-1"
    sets = pd.DataFrame(
        [{"set_id": set_id, "area_level": level, "scope_id": "", "status": "published",
          "valid_from": valid_from, "valid_to": None}]
    )  # fmt: skip
    head = BatchHead("boundaries", f"{level}.geojson", "test", NOW)
    return store.store_rows(head, {"boundary_sets": sets, "areas": areas_table(level, rows, set_id)})


COMMUNITIES = [("C1", None, square(0, 0, 2, 2)), ("C2", None, square(2, 0, 2, 2))]
GRIDS = [
    ("G1", "C1", square(0, 0)),
    ("G2", "C1", square(1, 0)),
    ("G3", "C2", square(2, 0)),
    ("G4", "C2", square(3, 0)),
]


@pytest.fixture
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        yield opened


@pytest.fixture
def two_levels(store):
    """Two communities of 2 x 2 cells; grids in their southern row only."""
    store_areas(store, "community", COMMUNITIES)
    store_areas(store, "grid", GRIDS)
    return store


def cases_at(*places, reported="2026-01-15T00:00:00Z"):
    rows = [
        {"case_id": f"t:{number}", "source": "t", "source_no": str(number), "lon": lon, "lat": lat,
         "reported_at": reported, "state": "reported", "position_source": "none" if lon is None else "given",
         "position_error_m": None}
        for number, (lon, lat) in enumerate(places)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    table["reported_at"] = pd.to_datetime(table["reported_at"], utc=True)
    for name in ("lon", "lat", "position_error_m"):
        table[name] = table[name].astype("float64")
    return table


def current(areas):
    return areas[areas["basis"].eq("current")].set_index("case_id").sort_index()


def texts(column):
    return [None if pd.isna(value) else value for value in column]


def test_a_case_takes_its_finest_area_and_climbs(two_levels):
    areas = current(areas_of_cases(two_levels, cases_at(at(0.5, 0.5), at(3.5, 0.5))))
    assert texts(areas["grid_id"]) == ["G1", "G4"]
    assert texts(areas["community_id"]) == ["C1", "C2"]
    assert areas["placed_by"].tolist() == ["point", "point"]


def test_in_a_gap_of_the_finest_level_the_next_coarser_one_is_asked(two_levels):
    areas = current(areas_of_cases(two_levels, cases_at(at(0.5, 1.5))))
    assert (texts(areas["grid_id"]), texts(areas["community_id"])) == ([None], ["C1"])


def test_fault_B22_a_point_on_an_edge_or_corner_has_exactly_one_area_in_any_order(two_levels):
    corners = [at(column, row) for column in range(5) for row in range(3)]
    cases = cases_at(*corners)
    forward = current(areas_of_cases(two_levels, cases))
    backward = current(areas_of_cases(two_levels, cases[::-1]))
    pd.testing.assert_frame_equal(forward, backward)
    assert forward["community_id"].notna().all()
    assert forward.loc["t:3", "grid_id"] == "G1"  # column 1, row 0: shared by G1 and G2
    assert forward.loc["t:6", "grid_id"] == "G2"  # column 2, row 0: shared by G2 and G3, C1 and C2
    assert forward.loc["t:6", "community_id"] == "C1"


def test_a_grid_and_its_community_never_disagree_on_a_shared_edge(two_levels):
    edge = [at(2, row / 10) for row in range(11)]
    areas = current(areas_of_cases(two_levels, cases_at(*edge)))
    parents = {"G1": "C1", "G2": "C1", "G3": "C2", "G4": "C2"}
    for grid, community in zip(texts(areas["grid_id"]), texts(areas["community_id"]), strict=True):
        assert grid is None or parents[grid] == community


def test_a_point_outside_takes_the_nearest_only_within_the_distance_given(two_levels):
    cases = cases_at(at(-0.1, 0.5))  # about 9.4 m west of G1
    assert current(areas_of_cases(two_levels, cases))["placed_by"].tolist() == ["none"]
    near = current(areas_of_cases(two_levels, cases, max_distance_m=15))
    assert (texts(near["grid_id"]), near["placed_by"].tolist()) == (["G1"], ["nearest"])
    assert current(areas_of_cases(two_levels, cases, max_distance_m=5))["placed_by"].tolist() == ["none"]


def test_near_the_border_the_distance_is_told(two_levels):
    areas = current(areas_of_cases(two_levels, cases_at(at(0.9, 0.5), at(0.5, 0.5))))
    assert areas["border_m"].iloc[0] == pytest.approx(9.38, abs=0.1)
    assert pd.isna(areas["border_m"].iloc[1])


def test_a_stated_community_places_the_case_at_that_level_only(two_levels):
    cases = cases_at((None, None)).assign(stated_area="区C2", address=None)
    located = locate_by_address(cases, read_gazetteer(two_levels))
    areas = current(areas_of_cases(two_levels, located))
    assert (texts(areas["community_id"]), texts(areas["grid_id"])) == (["C2"], [None])
    assert areas["placed_by"].tolist() == ["stated"]
    assert located["lon"].isna().all()
    assert located["position_source"].tolist() == ["stated"]


def test_an_unknown_stated_area_places_nothing(two_levels):
    cases = cases_at((None, None)).assign(stated_area="别处社区", address=None)
    located = locate_by_address(cases, read_gazetteer(two_levels))
    placement = measure_placement(located, areas_of_cases(two_levels, located))
    assert (placement.n_placed, placement.n_unlocated) == (0, 1)


def test_an_address_of_wide_doubt_is_placed_no_finer_than_its_doubt_allows(two_levels):
    cases = cases_at(at(0.5, 0.5), at(0.5, 0.5), at(1.0, 0.9)).assign(
        position_source="address", position_error_m=[25.0, 60.0, 60.0]
    )
    areas = current(areas_of_cases(two_levels, cases))
    assert texts(areas["grid_id"]) == ["G1", None, None]
    assert texts(areas["community_id"]) == ["C1", "C1", "C1"]


def test_an_address_of_wide_doubt_that_fits_into_its_area_is_placed_there(two_levels):
    cases = cases_at(at(0.5, 0.5)).assign(position_source="address", position_error_m=40.0)
    assert texts(current(areas_of_cases(two_levels, cases))["grid_id"]) == ["G1"]


def test_totals_of_parts_and_the_unplaced_equal_the_whole(two_levels):
    places = [at(c / 3, r / 3) for c in range(-2, 15) for r in range(-2, 9)] + [(None, None)] * 3
    areas = current(areas_of_cases(two_levels, cases_at(*places)))
    for community in ("C1", "C2"):
        inside = areas[areas["community_id"].eq(community)]
        grids = inside["grid_id"].value_counts(dropna=False)
        assert grids.sum() == len(inside)
    assert areas["community_id"].value_counts(dropna=False).sum() == len(places)


def test_without_any_boundaries_nobody_is_placed_and_nothing_fails(store):
    areas = areas_of_cases(store, cases_at(at(0.5, 0.5)))
    assert areas["placed_by"].tolist() == ["none", "none"]
    assert (areas["sets"] == "").all()


def store_cases(store, cases):
    head = BatchHead("cases", "cases.csv", "test", NOW, source="t")
    return store.store_cases(head, cases, areas_of_cases(store, cases))


def test_boundaries_that_come_later_place_stored_cases(store):
    store_cases(store, cases_at(at(0.5, 0.5), at(9, 9)))
    store_areas(store, "community", COMMUNITIES)
    placement = place_cases(store, seat=operator("test"), now=NOW)
    assert (placement.n_placed, placement.n_outside) == (1, 1)
    rows = store.read_case_areas("reported").set_index("case_id")
    assert rows.loc["t:0", "community_id"] == "C1"


def test_what_a_case_was_reported_in_stays_when_boundaries_change(store):
    store_areas(store, "community", COMMUNITIES, valid_from=date(2025, 1, 1))
    store_cases(store, cases_at(at(1.5, 0.5)))
    store_areas(
        store, "community", [("N1", None, square(0, 0, 1, 2)), ("N2", None, square(1, 0, 3, 2))],
        valid_from=date(2026, 6, 1), set_id="community-2",
    )  # fmt: skip
    place_cases(store, seat=operator("test"), now=NOW)
    assert texts(store.read_case_areas("reported")["community_id"]) == ["C1"]
    assert texts(store.read_case_areas("current")["community_id"]) == ["N2"]


def test_a_case_older_than_the_first_boundaries_takes_the_first_and_is_marked(store):
    store_areas(store, "community", COMMUNITIES, valid_from=date(2026, 2, 1))
    areas = areas_of_cases(store, cases_at(at(0.5, 0.5)))
    reported = areas[areas["basis"].eq("reported")].iloc[0]
    assert (reported["community_id"], reported["before_first_set"]) == ("C1", True)
    assert not areas[areas["basis"].eq("current")]["before_first_set"].any()


def test_the_day_of_a_case_is_read_in_the_zone_of_the_store(store):
    store_areas(store, "community", COMMUNITIES, valid_from=date(2025, 1, 1))
    store_areas(
        store,
        "community",
        [("N1", None, square(0, 0, 4, 2))],
        valid_from=date(2026, 2, 1),
        set_id="community-2",
    )
    moments = ["2026-01-31T15:59:59Z", "2026-01-31T16:00:00Z"]  # 23:59:59 and 00:00 in Shanghai
    cases = cases_at(at(0.5, 0.5), at(0.5, 0.5))
    cases["reported_at"] = pd.to_datetime(moments, utc=True)
    areas = areas_of_cases(store, cases)
    assert texts(areas[areas["basis"].eq("reported")].sort_values("case_id")["community_id"]) == ["C1", "N1"]


def test_every_case_has_one_row_per_basis_with_all_levels(two_levels):
    areas = areas_of_cases(two_levels, cases_at(at(0.5, 0.5), (None, None), at(50, 50)))
    assert areas.groupby("case_id")["basis"].nunique().tolist() == [2, 2, 2]
    assert {f"{level}_id" for level in AREA_LEVELS} <= set(areas.columns)


def test_an_address_is_found_once_its_courtyard_comes_in(store):
    store_areas(store, "community", COMMUNITIES)
    cases = cases_at((None, None)).assign(address="区Y1小区", stated_area=None)
    store_cases(store, cases)
    store_areas(store, "courtyard", [("Y1", "C1", square(0.2, 0.2, 0.3, 0.3))])
    rename = store.read("areas", where={"area_id": "Y1"}).assign(name="区Y1小区")
    store.store_rows(BatchHead("boundaries", "names", "test", NOW), {"areas": rename})
    placement = place_cases(store, seat=operator("test"), now=NOW)
    assert (placement.n_matched, placement.n_placed) == (1, 1)
    case = store.read("cases").iloc[0]
    assert (case["position_source"], case["version"]) == ("address", 2)
    assert store.read("case_events")["action"].tolist().count("change") == 1


def gazetteer_of(store, *codes):
    """A store of communities by code; the first is called 沿河社区."""
    sets = pd.DataFrame(
        [{"set_id": "c", "area_level": "community", "scope_id": "", "status": "published",
          "valid_from": None, "valid_to": None}]
    )  # fmt: skip
    areas = areas_table("community", [(code, None, square(n, 0)) for n, code in enumerate(codes)], "c")
    areas.loc[0, "name"] = "沿河社区"
    head = BatchHead("boundaries", "communities.geojson", "test", NOW)
    store.store_rows(head, {"boundary_sets": sets, "areas": areas})
    return read_gazetteer(store)


def stated_in(gazetteer, address):
    cases = cases_at((None, None)).assign(stated_area=None, address=address)
    return texts(locate_by_address(cases, gazetteer)["stated_id"])


@pytest.mark.parametrize("before", ["", "四川省成都市锦江区", "成都市", "四川成都锦江区", "四川省锦江区"])
def test_province_and_city_of_the_codes_are_read_before_what_the_store_knows(store, before):
    gazetteer = gazetteer_of(store, "510104001001", "510104001002")
    assert stated_in(gazetteer, f"{before}沿河社区") == ["510104001001"]


def test_an_address_of_another_city_is_not_of_this_store(store):
    gazetteer = gazetteer_of(store, "510104001001")
    assert stated_in(gazetteer, "浙江省杭州市沿河社区") == [None]


@pytest.mark.parametrize("codes", [("510104001", "500101001"), ("7", "15"), ("510104001", "C2")])
def test_codes_that_name_no_city_leave_the_store_without_one(store, codes):
    assert not gazetteer_of(store, *codes).has_outer
