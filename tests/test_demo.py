"""The demo district: valid for any seed, the same for the same seed, and what was planted is there."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import subprocess
import sys
from dataclasses import fields
from datetime import date
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
import yaml
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geo.crs import metric_crs
from geo.demo import District, make_district, read_categories, write_demo_files, write_truth
from geo.demo_parts.names import chinese_number
from geo.gcj02 import gcj02_to_wgs84
from geo.measure import distance_m
from geo.schema import TABLES

ROOT = Path(__file__).resolve().parents[1]
CHAIN = ("district", "subdistrict", "community", "grid", "microgrid")
DIGITS = {"district": 6, "subdistrict": 9, "community": 12, "grid": 15, "microgrid": 17}
SMALL = 5_000
AS_OF_END = pd.Timestamp("2026-11-01", tz="Asia/Shanghai")

_made: dict[int, District] = {}


def _make(seed: int) -> District:
    if seed not in _made:
        _made[seed] = make_district(seed=seed, n_cases=60_000 if seed == 1 else SMALL)
    return _made[seed]


@pytest.fixture(params=[1, 2, 3, 4, 5], ids=lambda seed: f"seed{seed}")
def district(request) -> District:
    return _make(request.param)


@pytest.fixture
def full() -> District:
    """Seed 1 in full size, the district that the program makes when nothing else is said."""
    return _make(1)


# --- areas ---


def test_the_district_has_the_size_that_was_promised(district):
    n = {level: len(table) for level, table in district.boundaries.items()}
    assert (n["district"], n["subdistrict"], n["community"]) == (1, 3, 12)
    assert 110 <= n["grid"] <= 140
    assert 820 <= n["microgrid"] <= 980
    assert 430 <= n["courtyard"] <= 580
    assert 12e6 <= district.boundaries["district"]["area_m2"].iloc[0] <= 16e6
    assert 215_000 <= district.population_points["residents"].sum() <= 270_000
    west, south, east, north = district.boundaries["district"].total_bounds
    assert 104.0 < west < east < 104.12
    assert 30.6 < south < north < 30.68


def test_areas_of_each_level_tile_without_gap_or_overlap(district):
    whole = district.boundaries["district"].geometry.iloc[0]
    assert len(whole.geoms) == 1
    assert not whole.geoms[0].interiors
    for level in CHAIN:
        shapes = district.boundaries[level].geometry.array
        assert shapely.coverage_is_valid(shapes)
        assert all(shapely.is_valid(shapes))
        assert shapely.normalize(shapely.coverage_union_all(shapes)).equals_exact(
            shapely.normalize(whole.geoms[0])
        )


def test_children_tile_their_parent_with_its_own_vertices(district):
    for parent, level in pairwise(CHAIN):
        shapes = dict(
            zip(district.boundaries[parent]["area_id"], district.boundaries[parent].geometry, strict=True)
        )
        for code, children in district.boundaries[level].groupby("parent_id"):
            joined = shapely.MultiPolygon(
                shapely.get_parts(shapely.coverage_union_all(children.geometry.array)).tolist()
            )
            assert shapely.normalize(joined).equals_exact(shapes[code])
        assert set(district.boundaries[level]["parent_id"]) == set(shapes)


def test_codes_carry_those_of_their_parents_and_count_from_one(district):
    for level in CHAIN:
        table = district.boundaries[level]
        assert table["area_id"].str.fullmatch(rf"\d{{{DIGITS[level]}}}").all()
        if level != "district":
            assert (table["area_id"].str.startswith(tuple(table["parent_id"]))).all()
            serials = table["area_id"].str[-3 if level != "microgrid" else -2 :].astype(int)
            for _, own in serials.groupby(table["parent_id"]):
                assert sorted(own) == list(range(1, len(own) + 1))
    courtyards = district.boundaries["courtyard"]
    assert courtyards["area_id"].str.fullmatch(r"\d{12}Y\d{3}").all()
    assert courtyards["area_id"].is_unique
    assert courtyards["name"].is_unique


def test_serials_run_from_north_west_to_south_east(district):
    for level in ("subdistrict", "community"):
        table = district.boundaries[level]
        first = table[table["area_id"].str.endswith("001")].to_crs(metric_crs(table)).geometry.centroid
        last = (
            table.loc[table.groupby("parent_id")["area_id"].idxmax()]
            .to_crs(metric_crs(table))
            .geometry.centroid
        )
        assert ((first.y.to_numpy() - last.y.to_numpy() + last.x.to_numpy() - first.x.to_numpy()) > 0).all()


def test_a_micro_grid_holds_whole_courtyards_or_is_a_part_of_one(district):
    courtyards, microgrids = district.boundaries["courtyard"], district.boundaries["microgrid"]
    pairs = gpd.sjoin(
        courtyards[["area_id", "geom"]], microgrids[["area_id", "geom"]], predicate="intersects"
    )
    touched = pairs.groupby("area_id_right")["area_id_left"].nunique()
    spans = pairs.groupby("area_id_left")["area_id_right"].nunique()
    assert (spans > 1).any()
    assert (touched > 1).any()
    of_spanning = pairs[pairs["area_id_left"].isin(spans.index[spans > 1])]["area_id_right"]
    assert (touched[of_spanning.unique()] == 1).all()
    parents = district.boundaries["grid"].set_index("area_id").geometry
    inside = shapely.within(courtyards.geometry.to_numpy(), parents[courtyards["parent_id"]].to_numpy())
    assert inside.all()


def test_no_border_cuts_a_building(district):
    tree = shapely.STRtree(district.boundaries["microgrid"].geometry.array)
    pairs = tree.query(district.buildings.geometry.array, predicate="within")
    assert sorted(pairs[0]) == list(range(len(district.buildings)))
    points = shapely.points(district.buildings["lon"], district.buildings["lat"])
    assert shapely.within(points, district.buildings.geometry.to_numpy()).all()


def test_people_of_buildings_add_up_to_the_figures_of_every_area(district):
    people = district.population_points
    points = gpd.GeoDataFrame(people, geometry=gpd.points_from_xy(people["lon"], people["lat"]), crs=4326)
    for level in (*CHAIN, "courtyard"):
        areas = district.boundaries[level]
        found = gpd.sjoin(points, areas[["area_id", "geom"]], predicate="within")
        sums = (
            found.groupby("area_id")[["residents", "households"]]
            .sum()
            .reindex(areas["area_id"], fill_value=0)
        )
        assert (sums["residents"].to_numpy() == areas["residents"].to_numpy()).all()
        assert (sums["households"].to_numpy() == areas["households"].to_numpy()).all()
    assert (people["elders"] + people["children"] <= people["residents"]).all()
    assert (people[["residents", "registered", "elders", "children", "households"]] >= 0).all(axis=None)


def test_grids_and_micro_grids_have_the_households_of_practice(district):
    grids, microgrids = (
        district.boundaries["grid"]["households"],
        district.boundaries["microgrid"]["households"],
    )
    assert 400 <= grids[grids > 20].median() <= 550
    assert ((grids[grids > 20] >= 200) & (grids[grids > 20] <= 700)).mean() > 0.85
    lived_in = microgrids[microgrids > 4]
    assert ((lived_in >= 30) & (lived_in <= 100)).mean() > 0.95


def test_old_courtyards_have_more_elders(district):
    courtyards = district.boundaries["courtyard"]
    kind = dict(zip(courtyards["area_id"], courtyards["kind"], strict=True))
    of_building = dict(
        zip(district.buildings["building_id"], district.buildings["courtyard_id"], strict=True)
    )
    people = district.population_points
    kinds = people["point_id"].map(of_building).map(kind)
    sums = people.groupby(kinds)[["elders", "residents"]].sum()
    share = sums["elders"] / sums["residents"]
    assert share["老旧院落"] > 1.5 * share["商品房小区"]


# --- streets ---


def _components(district: District, *, without: tuple[str, ...] = ()) -> np.ndarray:
    edges = district.street_edges[
        district.street_edges["walk"] & ~district.street_edges["kind"].isin(without)
    ]
    n = len(district.street_nodes)
    links = coo_array((np.ones(len(edges)), (edges["from_node"] - 1, edges["to_node"] - 1)), shape=(n, n))
    labels = connected_components(links, directed=False)[1]
    return np.bincount(labels[np.unique(edges[["from_node", "to_node"]].to_numpy() - 1)])


def test_everybody_can_walk_everywhere_and_only_the_bridges_cross_the_river(district):
    assert np.count_nonzero(_components(district)) == 1
    banks = _components(district, without=("bridge",))
    assert np.count_nonzero(banks) == 2
    assert banks[banks > 0].min() > 1000
    bridges = district.street_edges[district.street_edges["kind"] == "bridge"]
    assert bridges["name"].nunique() == 2


def test_edges_join_their_nodes_and_are_as_long_as_they_are(district):
    edges, nodes = district.street_edges, district.street_nodes.set_index("node_id")
    assert nodes.index.is_unique
    ends = shapely.get_coordinates(edges.geometry.array).reshape(-1, 4)
    assert (ends[:, :2] == nodes.loc[edges["from_node"]].to_numpy()).all()
    assert (ends[:, 2:] == nodes.loc[edges["to_node"]].to_numpy()).all()
    assert np.allclose(edges["length_m"], distance_m(*ends.T), atol=1e-3)
    assert (edges["length_m"] > 0.5).all()
    assert set(edges.loc[~edges["walk"], "kind"]) == {"water", "rail", "gate"}


def test_every_estate_has_an_open_gate(district):
    gates = district.street_edges[district.street_edges["kind"] == "gate"]
    assert 0.03 < (~gates["walk"]).mean() < 0.3
    walls = district.boundaries["courtyard"].to_crs(metric_crs(gates)).geometry.buffer(10)
    pairs = shapely.STRtree(gates[gates["walk"]].to_crs(metric_crs(gates)).geometry.array).query(
        walls.array, predicate="intersects"
    )
    assert len(np.unique(pairs[0])) == len(walls)


# --- tables ---


def test_tables_have_the_columns_types_and_words_of_the_schema(district):
    tables = {
        "area_aliases": district.aliases,
        "area_staff": district.staff,
        "street_nodes": district.street_nodes,
        "street_edges": district.street_edges,
        "buildings": district.buildings,
        "residential_land": district.residential_land,
        "population_points": district.population_points,
        "facilities": district.facilities,
        "facility_entrances": district.facility_entrances,
        "categories": district.categories,
        "cases": district.cases,
        "reporting_effort": district.reporting_effort,
        "areas": pd.concat(district.boundaries.values()),
    }
    for name, table in tables.items():
        schema = TABLES[name]
        added = {"set_id", "version", "batch_id", "case_no"}
        assert set(table.columns) == set(schema.names) - added, name
        for column in schema.columns:
            if column.name in added:
                continue
            if column.required:
                assert table[column.name].notna().all(), f"{name}.{column.name}"
            if column.choices:
                assert set(table[column.name].dropna()) <= set(column.choices), f"{name}.{column.name}"
        key = [part for part in schema.key if part not in added]
        assert not table.duplicated(key).any(), name


def test_facilities_are_of_known_kinds_and_a_tenth_has_no_coordinates(district):
    kinds = yaml.safe_load((ROOT / "data/facility_kinds.yaml").read_text(encoding="utf-8"))["kinds"]
    facilities = district.facilities
    assert 1_800 <= len(facilities) <= 2_400
    assert set(facilities["kind"]) <= {kind["key"] for kind in kinds}
    assert {
        "ebike_charging",
        "ev_charging",
        "pocket_park",
        "community_service_station",
        "elderly_canteen",
        "drying_rack",
    } <= set(facilities["kind"])
    assert facilities["lon"].isna().mean() == pytest.approx(0.10, abs=0.001)
    assert facilities.loc[facilities["lon"].isna(), "address"].notna().all()
    parks = facilities[facilities["kind"].isin(["park_large", "primary_school"]) & facilities["lon"].notna()]
    assert parks["facility_id"].isin(district.facility_entrances["facility_id"]).all()
    assert parks["footprint"].notna().all()
    open_now = facilities[facilities["status"] == "open"]
    assert open_now["opened_on"].notna().all()
    assert (open_now["opened_on"] < date(2026, 10, 31)).all()


def test_every_key_of_the_standards_is_a_kind_or_said_to_be_no_place():
    standards = yaml.safe_load(
        (ROOT / "data/standards/living_circle_standards.yaml").read_text(encoding="utf-8")
    )
    kinds = yaml.safe_load((ROOT / "data/facility_kinds.yaml").read_text(encoding="utf-8"))
    keys = {row["key"] for standard in standards["standards"] for row in standard["facilities"]}
    known = [kind["key"] for kind in kinds["kinds"]]
    assert len(known) == len(set(known))
    assert keys == set(known) | set(kinds["not_places"])
    assert not set(known) & set(kinds["not_places"])
    words = [word for kind in kinds["kinds"] for word in (kind["zh"], *kind.get("aliases", []))]
    assert len(words) == len(set(words))
    members = {member for kind in kinds["kinds"] for member in kind.get("members", [])}
    assert members <= set(known)


def test_the_standards_are_those_of_the_design(shared_data):
    own = (ROOT / "data/standards/living_circle_standards.yaml").read_bytes()
    assert own == (shared_data.parent / "living_circle_standards.yaml").read_bytes()


def test_categories_name_known_kinds_and_have_limits():
    subclasses, table = read_categories()
    kinds = yaml.safe_load((ROOT / "data/facility_kinds.yaml").read_text(encoding="utf-8"))["kinds"]
    assert len(subclasses) == 60
    assert set(table["facility_kind"].dropna()) <= {kind["key"] for kind in kinds}
    assert set(table["parent_id"].dropna()) <= set(table["category_id"])
    assert table.loc[table["parent_id"].notna(), "limit_h"].gt(0).all()
    assert set(subclasses["kind"]) == {"component", "event", "service"}


# --- cases ---


def test_cases_cover_two_years_and_three_in_ten_have_no_coordinates(district):
    cases = district.cases
    assert cases["case_id"].is_unique
    assert cases["reported_at"].is_monotonic_increasing
    assert cases["reported_at"].min() >= pd.Timestamp("2024-11-01", tz="Asia/Shanghai")
    assert cases["reported_at"].max() < AS_OF_END
    assert cases["lon"].isna().mean() == pytest.approx(0.30, abs=0.0005)
    assert ((cases["position_source"] == "given") == cases["lon"].notna()).all()
    assert (cases["h3"].notna() == cases["lon"].notna()).all()
    how = district.case_positions["how"]
    assert ((how == "given") == cases["lon"].notna()).all()
    assert cases.loc[how == "address", "address"].notna().all()
    assert cases.loc[how == "stated", "stated_area"].notna().all()
    assert cases.loc[how == "vague", "stated_area"].isna().all()


def test_moments_of_a_case_are_in_order_and_none_lies_in_the_future(district):
    cases = district.cases
    for name in ("accepted_at", "handled_at", "closed_at"):
        known = cases[cases[name].notna()]
        assert (known[name] >= known["reported_at"]).all()
        assert (known[name] < AS_OF_END).all()
    both = cases[cases["handled_at"].notna() & cases["closed_at"].notna()]
    assert (both["handled_at"] <= both["closed_at"]).all()
    final = cases["state"].isin(["closed", "rejected"])
    assert (cases["closed_at"].notna() == final).all()
    assert (cases["closing_level"].notna() == (cases["state"] == "closed")).all()
    assert cases.loc[~final, "satisfaction"].isna().all()


def test_cases_have_daily_weekly_and_seasonal_rhythm(full):
    local = full.cases["reported_at"].dt.tz_convert("Asia/Shanghai")
    hours = local.dt.hour.value_counts()
    assert hours[9] > 5 * hours[3]
    per_weekday = local.dt.day_of_week.value_counts()
    assert per_weekday[0] > 1.2 * per_weekday[6]
    flooding = local[full.cases["category_id"] == "E01-40"].dt.month.value_counts()
    assert flooding[7] > 2 * flooding[1]


def test_only_canary_telephones_are_used(district):
    text = " ".join(district.cases["description"]) + " ".join(district.cases["address"].dropna())
    numbers = re.findall(r"1[3-9]\d{9}", text)
    assert len(numbers) > 100
    assert all(number.startswith("138000000") for number in numbers)
    assert re.search(r"\d单元\d{3}室", text)


def test_addresses_come_in_many_spellings(full):
    used = full.case_positions.loc[full.case_positions["how"] == "address", "spelling"].value_counts()
    assert len(used) == 12
    assert used.pop("wrong_number") > 100
    assert used.min() > 100
    text = "\n".join(full.cases["address"].dropna())
    assert all(part in text for part in ("栋", "幢", "号楼", "#楼", "２", "二十", "老"))


def test_the_true_place_of_a_case_lies_in_its_true_micro_grid(district):
    truth = district.case_positions
    shapes = district.boundaries["microgrid"].set_index("area_id").geometry[truth["microgrid_id"]]
    assert shapely.intersects_xy(shapes.to_numpy(), truth["lon"], truth["lat"]).all()
    given = (truth["how"] == "given") & (truth["planted"] != "pile_up")
    away_m = distance_m(
        *truth.loc[given, ["lon", "lat"]].to_numpy().T,
        *district.cases.loc[given, ["lon", "lat"]].to_numpy().T,
    )
    assert np.quantile(away_m, 0.99) < 15


def test_some_addresses_are_wrong_and_some_cases_lie_next_door(full):
    truth, buildings = full.case_positions, full.buildings.set_index("building_id")
    own = buildings.loc[truth["building_id"], ["lon", "lat"]].to_numpy()
    away_m = distance_m(own[:, 0], own[:, 1], truth["lon"].to_numpy(), truth["lat"].to_numpy())
    is_address = truth["how"] == "address"
    tree = shapely.STRtree(full.boundaries["microgrid"].geometry.array)
    _, place = tree.query(shapely.points(own), predicate="within")
    next_door = full.boundaries["microgrid"]["area_id"].to_numpy()[place] != truth["microgrid_id"].to_numpy()
    assert 0.015 < next_door[is_address].mean() < 0.05
    assert not next_door[~is_address].any()
    assert not next_door[truth["planted"] != ""].any()
    assert away_m.max() < 400
    wrong = full.cases.loc[truth["spelling"] == "wrong_number", "address"]
    known = buildings.groupby("street")["name"].agg(set)
    street = buildings.loc[truth.loc[wrong.index, "building_id"], "street"]
    number = wrong.str.translate(str.maketrans("０１２３４５６７８９", "0123456789")).str.extract(
        r"(\d+)(?:栋|幢|号楼|#楼)"
    )[0]
    readable = number.notna().to_numpy()
    assert readable.mean() > 0.8
    assert all(f"{n}栋" not in known[s] for n, s in zip(number[readable], street[readable], strict=True))


# --- planted truth ---


def test_hotspots_stand_out_by_their_multiplier(full):
    cases, truth = full.cases, full.case_positions
    local = cases["reported_at"].dt.tz_convert("Asia/Shanghai").dt.date
    assert len(full.truth["hotspots"]) >= 4
    for spot in full.truth["hotspots"]:
        inside = truth["microgrid_id"].isin(spot["microgrid_ids"]) & (
            cases["category_id"] == spot["category_id"]
        )
        inside &= (local >= date.fromisoformat(spot["from"])) & (local <= date.fromisoformat(spot["to"]))
        if spot["shape"] == "summer":
            inside &= pd.to_datetime(local).dt.month.isin([6, 7, 8])
        usual = (truth["planted"] != f"hotspot:{spot['id']}") & inside
        assert inside.sum() - usual.sum() >= 0.98 * spot["n_planted"]
        assert inside.sum() > 0.6 * spot["multiplier"] * spot["n_expected"]
        assert spot["n_planted"] >= 20
    middles = np.array([[spot["lon"], spot["lat"]] for spot in full.truth["hotspots"]])
    apart_m = [distance_m(*a, *b) for k, a in enumerate(middles) for b in middles[:k]]
    assert min(apart_m) > 500


def test_default_geocodes_pile_up_on_one_point(full):
    pile = full.truth["pile_up"]
    here = (full.cases["lon"] == pile["lon"]) & (full.cases["lat"] == pile["lat"])
    assert here.sum() == pile["n_planted"] == 800
    elsewhere = full.cases[~here].groupby(["lon", "lat"]).size()
    assert elsewhere.max() < 100
    assert full.case_positions.loc[here, "grid_id"].nunique() > 50


def test_the_campaign_week_triples_patrol_reports_and_says_so(full):
    campaign = full.truth["campaign"]
    patrol = (full.cases["channel"] == campaign["channel"]) & full.case_positions["grid_id"].str.startswith(
        campaign["subdistrict_id"]
    )
    days = (
        full.cases.loc[patrol, "reported_at"]
        .dt.tz_convert("Asia/Shanghai")
        .dt.tz_localize(None)
        .dt.normalize()
    )
    weekly = days.groupby(days.dt.to_period("W-SUN")).size()
    week = pd.Period(campaign["from"], "W-SUN")
    assert date.fromisoformat(campaign["from"]).weekday() == 0
    assert 2.2 <= weekly[week] / weekly.median() <= 4.2
    effort = full.reporting_effort
    told = effort[effort["kind"] == "campaign"]
    assert len(told) == 4 * 7
    assert set(told["note"]) == {"文明城市创建"}
    assert told["area_id"].str.startswith(campaign["subdistrict_id"]).all()
    busy = effort[(effort["kind"] == "patrol") & (effort["amount"] > 5)]
    assert set(busy["on_date"].astype(str)) == {campaign["from"]}


def test_one_household_reports_the_same_thing_again_and_again(full):
    told = full.truth["repeated_household"]
    mine = full.case_positions["planted"] == "repeated"
    assert mine.sum() == told["n_planted"] == 64
    assert full.cases.loc[mine, ["lon", "lat", "category_id"]].drop_duplicates().shape[0] == 1
    assert set(full.case_positions.loc[mine, "building_id"]) == {told["building_id"]}


def test_offenders_are_late_and_nobody_else_is(full):
    cases = full.cases
    done = cases[(cases["state"] == "closed") & cases["due_at"].notna()]
    late = done["closed_at"] > done["due_at"]
    community = full.case_positions.loc[done.index, "community_id"]
    slow_department, slow_community = (
        full.truth["overdue_offenders"][k][key] for k, key in ((0, "department"), (1, "area_id"))
    )
    by_department = late[community != slow_community].groupby(done["department"]).mean()
    by_community = late[done["department"] != slow_department].groupby(community).mean()
    assert by_department.pop(slow_department) > 0.45
    assert by_community.pop(slow_community) > 0.40
    assert by_department.max() < 0.13
    assert by_community.max() < 0.13
    assert 0.84 < 1 - late.mean() < 0.93


class _Walk:
    """A second, plain way of walking: points are cut into their nearest edge, then Dijkstra."""

    def __init__(self, district: District, *, opened: int | None = None) -> None:
        edges = district.street_edges[
            district.street_edges["walk"] | (district.street_edges["edge_id"] == opened)
        ]
        self.crs = metric_crs(district.street_edges)
        self.lines = edges.to_crs(self.crs).geometry.array
        self.ends = edges[["from_node", "to_node"]].to_numpy() - 1
        self.length_m = edges["length_m"].to_numpy()
        self.n = len(district.street_nodes)

    def metres(self, points: pd.DataFrame, goals: pd.DataFrame) -> np.ndarray:
        nodes = [self._cut(table) for table in (points, goals)]
        top = self.n + len(points) + len(goals)
        rows = [self.ends[:, 0]]
        columns, lengths = [self.ends[:, 1]], [self.length_m]
        for first, (edge, along, away) in zip((self.n, self.n + len(points)), nodes, strict=True):
            own = first + np.arange(len(edge))
            for side, part in ((0, along), (1, 1 - along)):
                rows.append(own)
                columns.append(self.ends[edge, side])
                lengths.append(away + part * self.length_m[edge])
        graph = coo_array(
            (np.concatenate(lengths), (np.concatenate(rows), np.concatenate(columns))), shape=(top, top)
        ).tocsr()
        goal_nodes = self.n + len(points) + np.arange(len(goals))
        reached = dijkstra(graph, directed=False, indices=goal_nodes, min_only=True)
        return reached[self.n : self.n + len(points)]

    def _cut(self, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        points = gpd.GeoSeries.from_xy(table["lon"], table["lat"], crs=4326).to_crs(self.crs).array
        (_, edge), away = shapely.STRtree(self.lines).query_nearest(
            points, all_matches=False, return_distance=True
        )
        return edge, shapely.line_locate_point(self.lines[edge], points, normalized=True), away


def _homes_and_goals(district: District, spot: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    lived_in = district.population_points["point_id"]
    homes = district.buildings[district.buildings["building_id"].isin(lived_in)].set_index("building_id")
    of_kind = district.facilities[district.facilities["kind"] == spot["kind"]]
    if spot["cause"] == "no_entrance":
        return homes, district.facility_entrances[
            district.facility_entrances["facility_id"].isin(of_kind["facility_id"])
        ]
    return homes, of_kind


def test_nobody_in_a_planted_blind_spot_reaches_the_kind_and_everybody_else_does(district):
    causes = [spot["cause"] for spot in district.truth["blind_spots"]]
    assert causes == ["distance", "barrier", "closed_gate", "no_facility", "no_entrance"]
    for spot in district.truth["blind_spots"]:
        homes, goals = _homes_and_goals(district, spot)
        walk_m = pd.Series(_Walk(district).metres(homes, goals), index=homes.index)
        assert spot["residents"] >= 500
        assert (walk_m[spot["core_building_ids"]] > 1.02 * spot["limit_m"]).all()
        assert len(spot["core_building_ids"]) >= 0.6 * len(spot["building_ids"])
        rest = walk_m.drop(spot["building_ids"] + spot["elsewhere_building_ids"])
        assert (rest < 1.01 * spot["limit_m"]).all()
        if spot["complete_elsewhere"]:
            assert spot["elsewhere_building_ids"] == []


def _away_m(place, table):
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    return distance_m(np.full(len(lon), place[0]), np.full(len(lat), place[1]), lon, lat)


def test_the_cause_of_each_blind_spot_is_the_one_that_was_planted(district):
    spots = {spot["cause"]: spot for spot in district.truth["blind_spots"]}
    for cause, spot in spots.items():
        homes, goals = _homes_and_goals(district, spot)
        core = homes.loc[spot["core_building_ids"]]
        middle = spot.get("lon", 104.06), spot.get("lat", 30.64)
        centre = core.assign(away=_away_m(middle, core)).nsmallest(1, "away")
        straight_m = _away_m((centre["lon"].iloc[0], centre["lat"].iloc[0]), goals)
        if cause == "distance":
            assert straight_m.min() > spot["limit_m"]
        elif cause == "barrier":
            nearest = goals.iloc[[int(np.argmin(straight_m))]]
            assert straight_m.min() < 0.6 * spot["limit_m"]
            assert nearest["facility_id"].iloc[0] == spot["facility_id"]
            way = shapely.LineString(
                [
                    (centre["lon"].iloc[0], centre["lat"].iloc[0]),
                    (nearest["lon"].iloc[0], nearest["lat"].iloc[0]),
                ]
            )
            river = district.street_edges[district.street_edges["kind"] == "water"].geometry.union_all()
            assert way.intersects(river)
        elif cause == "closed_gate":
            gate = district.street_edges.set_index("edge_id").loc[spot["gate_edge_id"]]
            assert gate["kind"] == "gate"
            assert not gate["walk"]
            assert (_Walk(district, opened=spot["gate_edge_id"]).metres(core, goals) < spot["limit_m"]).all()
        elif cause == "no_facility":
            area = district.boundaries["subdistrict"].set_index("area_id").geometry[spot["subdistrict_id"]]
            assert not shapely.contains_xy(area, goals["lon"], goals["lat"]).any()
        else:
            park = district.facilities.set_index("facility_id").loc[spot["facility_id"]]
            shapes = gpd.GeoSeries(
                [park["footprint"], *shapely.points(core["lon"], core["lat"])], crs=4326
            ).to_crs(metric_crs(district.buildings))
            assert shapes.iloc[1:].distance(shapes.iloc[0]).max() < 0.55 * spot["limit_m"]
            assert (goals["facility_id"] == spot["facility_id"]).sum() == 1


# --- same seed, same bytes ---


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


_WRITE = """
import sys
from itertools import pairwise
from pathlib import Path
from geo.demo import make_district, write_demo_files, write_truth
district = make_district(seed=2, n_cases=5_000)
write_demo_files(district, Path(sys.argv[1]))
write_truth(district, Path(sys.argv[1]) / "truth.json")
"""


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    district = _make(2)
    write_demo_files(district, here)
    write_truth(district, here / "truth.json")
    environ = {**os.environ, "PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-c", _WRITE, str(there)], check=True, cwd=ROOT, env=environ)
    assert _digests(here) == _digests(there)
    assert len(_digests(here)) == 13


def test_another_seed_gives_another_district():
    first, second = _make(2), _make(3)
    assert len(fields(District)) == 19
    assert not first.buildings["lon"].head(50).equals(second.buildings["lon"].head(50))
    assert first.cases["title"].head(50).tolist() != second.cases["title"].head(50).tolist()


# --- files ---


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_demo_files(_make(1), folder)
    return folder


def _read_cases(folder: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO((folder / "9-cases.csv").read_bytes().decode("gbk"), newline="")))


def test_the_committed_samples_are_what_the_program_writes(samples):
    committed = ROOT / "data/demo"
    assert sorted(path.name for path in committed.iterdir()) == sorted(
        path.name for path in samples.iterdir()
    )
    for path in samples.iterdir():
        if path.suffix == ".xlsx":
            own, other = (
                openpyxl.load_workbook(folder / path.name).active.iter_rows(values_only=True)
                for folder in (samples, committed)
            )
            assert list(own) == list(other)
        else:
            assert path.read_bytes() == (committed / path.name).read_bytes(), path.name
    assert sum(path.stat().st_size for path in committed.iterdir()) < 1_500_000


def test_cases_of_the_samples_are_in_gcj02(samples, full):
    header, *rows = _read_cases(samples)
    at = {name: place for place, name in enumerate(header)}
    truth = full.case_positions.assign(no=full.cases["source_no"]).set_index("no")
    row = next(row for row in rows if row[at["经度"]])
    lon, lat = gcj02_to_wgs84(float(row[at["经度"]]), float(row[at["纬度"]]))
    own = truth.loc[row[at["工单编号"]]]
    shown = full.cases.set_index("source_no").loc[row[at["工单编号"]]]
    assert distance_m(lon, lat, shown["lon"], shown["lat"]) < 0.2
    assert 300 < distance_m(float(row[at["经度"]]), float(row[at["纬度"]]), shown["lon"], shown["lat"]) < 420
    assert own["community_id"].startswith("510199001")


def test_the_readme_names_every_row_that_is_wrong(samples):
    lines = _read_cases(samples)
    at = {name: place for place, name in enumerate(lines[0])}
    told = {
        int(row): what
        for row, what in re.findall(
            r"^\| (\d+) \| (.+?) \|", (samples / "README.md").read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    row_of = {number: lines[number - 1] for number in told}
    assert {n for n, row in enumerate(lines[1:], 2) if row[at["经度"]].startswith("30.")} == {
        n for n, what in told.items() if "swapped" in what
    }
    assert {n for n, row in enumerate(lines[1:], 2) if row[at["工单状态"]] == "等通知中"} == {
        n for n, what in told.items() if "status" in what
    }
    numbers = pd.Series([row[at["工单编号"]] for row in lines[1:]], index=range(2, len(lines) + 1))
    repeated = set(numbers.index[numbers.duplicated(keep=False)])
    assert repeated == {n for n, what in told.items() if "repeated" in what or "copy" in what} | {2}
    assert row_of[max(told)] == lines[1]
    assert [n for n, what in told.items() if "damaged" in what] == [
        n for n, no in numbers.items() if "E+" in no
    ]
    assert [n for n, what in told.items() if "February" in what] == [
        n for n, row in enumerate(lines[1:], 2) if row[at["受理时间"]].startswith("2026-02-30")
    ]


def test_numbers_are_written_in_chinese_up_to_999():
    assert [chinese_number(n) for n in (1, 10, 11, 20, 99, 100, 101, 110, 119, 999)] == [
        "一",
        "十",
        "十一",
        "二十",
        "九十九",
        "一百",
        "一百零一",
        "一百一十",
        "一百一十九",
        "九百九十九",
    ]


def test_any_day_can_be_the_last_one():
    district = make_district(seed=9, as_of=date(2024, 2, 28), n_cases=1_000)
    local = district.cases["reported_at"].dt.tz_convert("Asia/Shanghai")
    assert local.max() < pd.Timestamp("2024-02-29", tz="Asia/Shanghai")
    assert local.min() >= pd.Timestamp("2022-02-28", tz="Asia/Shanghai")
    assert district.truth["as_of"] == "2024-02-28"


def test_every_category_has_its_whole_english_name():
    # An unquoted comma in YAML cut "Water, power or gas cut" to "Water" and made the rest a key.
    subclasses, table = read_categories()
    known = {
        "category_id", "kind", "zh", "en", "limit_h", "facility_kind", "department", "weight", "season",
        "hours", "place", "words",
    }  # fmt: skip
    assert set(subclasses.columns) == known
    names = table.set_index("category_id")["name_en"]
    assert names["S01-05"] == "Water, power or gas cut"
    assert names.str.fullmatch(r"[A-Z][A-Za-z' ,-]{3,40}").all()
    assert names.is_unique
