"""Layers carry what they may carry, shapes stay flush, classes count every area."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.classes import classify
from geo.errors import ChoiceError, MissingError
from geo.present.numbers import NO_FIGURE, show_value
from geo.store.base import CaseFilter
from geo.tasks import map_layers
from geo.tasks.case_filters import narrow
from geo.tasks.dashboards import choose_period, find_area, measure_level
from geo.tasks.map_layers import (
    ALLOWED,
    _find_figures,
    area_layer,
    area_values,
    case_points,
    facility_kinds,
    facility_points,
    heat_points,
    hexagon_layer,
    map_card,
    simplify_areas,
    street_layer,
)
from geo.vector_tiles import Tile
from tests.tile_reading import ids_of

EVERYWHERE = (103.0, 30.0, 105.0, 31.0)
SECRETS = ("13800000000", "王某某", "来电", "门牌", "沿河路")


def features(layer):
    return json.loads(layer.content)["features"]


def all_layers(store):
    return [
        area_layer(store, "grid"),
        hexagon_layer(store, CaseFilter(), resolution=9),
        case_points(store, CaseFilter(), box=EVERYWHERE),
        facility_points(store),
        street_layer(store),
    ]


def test_fault_E02_no_layer_carries_a_property_beyond_its_list(store):
    for layer in all_layers(store):
        for feature in features(layer):
            assert set(feature) == {"type", "properties", "geometry"}
            assert set(feature["properties"]) == set(ALLOWED[layer.kind]), layer.kind
        assert not any(secret.encode() in layer.content for secret in SECRETS)
    assert all(len(row) == 3 for row in json.loads(heat_points(store, CaseFilter()).content))


def test_fault_C01_hostile_names_are_data_and_never_markup(store, world):
    for layer in (area_layer(store, "community"), facility_points(store)):
        assert b"<" not in layer.content
        assert "\u2028".encode() not in layer.content
        assert world.HOSTILE in {feature["properties"]["name"] for feature in features(layer)}


def test_areas_of_a_level_or_of_a_parent(store):
    assert [f["properties"]["area_id"] for f in features(area_layer(store, "subdistrict"))] == [
        "D1S1",
        "D1S2",
    ]
    inside = area_layer(store, "grid", parent_id="D1S1")
    assert inside.n == len(features(inside)) == 4
    first = features(inside)[0]
    assert first["properties"] == {
        "area_id": "D1S1C1G1",
        "name": "区域D1S1C1G1",
        "level": "grid",
        "parent_id": "D1S1C1",
    }
    assert first["geometry"]["type"] == "Polygon"


def test_a_level_without_areas_says_which_there_are(store):
    with pytest.raises(MissingError) as refusal:
        area_layer(store, "courtyard")
    assert refusal.value.code == "level_without_areas"
    assert "subdistrict" in refusal.value.say("en")


def wiggly(n=12):
    """A tiling whose shared edges carry many small steps."""
    rng = np.random.default_rng(5)

    def edge(a, b):
        t = np.linspace(0, 1, 30)[1:-1, None]
        straight = np.asarray(a) + (np.asarray(b) - a) * t
        across = np.array([b[1] - a[1], a[0] - b[0]]) * (rng.random((28, 1)) - 0.5) * 0.01
        return [tuple(a), *map(tuple, straight + across)]

    at = lambda i, j: np.array([104 + i * 0.01, 30 + j * 0.01])  # noqa: E731
    flat = {(i, j): edge(at(i, j), at(i + 1, j)) for i in range(n) for j in range(n + 1)}
    tall = {(i, j): edge(at(i, j), at(i, j + 1)) for i in range(n + 1) for j in range(n)}
    back = lambda side, end: [tuple(end), *side[:0:-1]]  # noqa: E731
    return np.array([
        shapely.MultiPolygon([shapely.Polygon([
            *flat[i, j], *tall[i + 1, j],
            *back(flat[i, j + 1], at(i + 1, j + 1)), *back(tall[i, j], at(i, j + 1)),
        ])]) for i in range(n) for j in range(n)
    ])  # fmt: skip


def test_thinned_areas_stay_flush_and_none_is_lost():
    shapes = wiggly()
    thin = simplify_areas(shapes)
    assert shapely.get_num_coordinates(thin).sum() < 0.7 * shapely.get_num_coordinates(shapes).sum()
    assert shapely.is_valid(thin).all()
    assert shapely.area(thin).sum() == pytest.approx(shapely.area(shapely.union_all(thin)), rel=1e-12)
    assert shapely.area(shapely.union_all(thin)) == pytest.approx(shapely.area(shapes).sum(), rel=1e-2)
    assert len(simplify_areas(shapes[:0])) == 0


def test_an_area_smaller_than_the_tolerance_is_still_drawn():
    shapes = np.array(
        [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 1.000001, 0.000001), shapely.box(5, 5, 6, 6)]
    )
    assert not shapely.is_empty(simplify_areas(shapes)).any()


def test_values_are_those_of_the_dashboard_with_classes_that_count_every_area(store):
    period, _ = choose_period(store, "year")
    found = area_values(store, "grid", "on_time_share", period=period)
    table = measure_level(store, "grid", period=period)
    figures = found.by_area
    assert list(figures) == table.index.tolist()
    wanted = {k: None if np.isnan(v) else v for k, v in table["on_time_share"].items()}
    assert {k: figure.value for k, figure in figures.items()} == wanted
    assert sum(found.classes.counts) + found.classes.n_missing == 8
    places = {k: None if place < 0 else place for k, place in found.classes.positions.items()}
    assert {k: figure.place for k, figure in figures.items()} == places
    assert figures["D1S1C1G1"].text == show_value(wanted["D1S1C1G1"], "share")
    small = {k for k, n in table["n_due"].items() if 0 < n < 30}
    assert {k for k, figure in figures.items() if figure.is_small} == small


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.25, 1 / 3, 2.0, 17.0, np.nan]), st.booleans()),
        min_size=1,
        max_size=40,
    )
)
def test_each_different_figure_is_written_once_and_every_area_has_its_own(rows):
    values = np.array([value for value, _ in rows])
    is_small = np.array([small and not np.isnan(value) for value, small in rows])
    classes = classify(pd.Series(values))
    figures, places = _find_figures(values, is_small, classes, "rate")
    assert len(set(figures)) == len(figures)
    for row, place in enumerate(places):
        figure = figures[place]
        assert figure.value == (None if np.isnan(values[row]) else values[row])
        assert (figure.is_small, figure.text == NO_FIGURE) == (is_small[row], np.isnan(values[row]))
        assert (-1 if figure.place is None else figure.place) == classes.positions[row]


def test_fault_I08_a_coloured_map_accounts_for_every_case(store):
    period, _ = choose_period(store, "year")
    for where in (CaseFilter(), CaseFilter(category_ids=("噪音",)), CaseFilter(without=("category_id",))):
        found = area_values(store, "microgrid", "n_new", period=period, where=where)
        new = narrow(where, reported_from=period.start, reported_to=period.end)
        n_unplaced = store.count_cases(narrow(new, without=(*new.without, "microgrid")))
        coloured = sum(figure.value for figure in found.by_area.values())
        assert coloured + n_unplaced == store.count_cases(new) > 0
        assert 0 < store.count_cases(narrow(new, is_located=False)) <= n_unplaced


def test_an_unknown_indicator_or_a_filter_with_moments_is_refused(store):
    period, _ = choose_period(store, "year")
    with pytest.raises(ChoiceError) as refusal:
        area_values(store, "grid", "n_new; DROP TABLE cases", period=period)
    assert refusal.value.code == "indicator_unknown"
    with pytest.raises(ChoiceError) as refusal:
        area_values(store, "grid", "n_new", period=period, where=CaseFilter(open_at=period.end))
    assert refusal.value.code == "filter_with_time"
    with pytest.raises(MissingError):
        area_values(store, "courtyard", "n_new", period=period)


@pytest.mark.parametrize("resolution", [7, 9, 10])
def test_hexagons_hold_every_located_case(store, resolution):
    layer = hexagon_layer(store, CaseFilter(), resolution=resolution)
    # A stated case has an area and no point, so it is in no hexagon.
    n_points = store.count_cases(CaseFilter(box=(-180, -90, 180, 90)))
    assert layer.n_cases == sum(f["properties"]["n"] for f in features(layer)) == n_points
    assert all(len(f["properties"]["h3"]) == 15 for f in features(layer))


def test_points_tell_number_category_state_and_local_day(store):
    layer = case_points(store, CaseFilter(category_ids=("噪音",)), box=EVERYWHERE)
    assert layer.kind == "points"
    assert layer.n == store.count_cases(CaseFilter(category_ids=("噪音",), box=EVERYWHERE))
    one = features(layer)[0]["properties"]
    assert one["category"] == "噪音扰民"
    case = store.list_cases(CaseFilter(case_ids=(one["case_id"],))).iloc[0]
    day = case["reported_at"].tz_convert("Asia/Shanghai").strftime("%Y-%m-%d")
    assert one["reported_on"] == day


def test_a_case_without_a_moment_of_report_is_a_point_without_a_day(store):
    layer = case_points(store, CaseFilter(without=("month",)), box=EVERYWHERE)
    assert {feature["properties"]["reported_on"] for feature in features(layer)} == {None}


def test_too_many_points_come_as_hexagons(store, monkeypatch):
    monkeypatch.setattr(map_layers, "MOST_POINTS", 10)
    layer = case_points(store, CaseFilter(), box=EVERYWHERE)
    assert layer.kind == "hexagons"
    assert layer.n_cases == store.count_cases(CaseFilter(box=EVERYWHERE))


def test_heat_holds_every_located_case(store):
    layer = heat_points(store, CaseFilter())
    rows = json.loads(layer.content)
    assert sum(n for _, _, n in rows) == layer.n_cases
    assert all(103 < lon < 105 and 30 < lat < 31 for lon, lat, _ in rows)


def test_facilities_by_kind_status_and_box(store):
    assert facility_points(store).n == 3
    assert facility_points(store, kinds=["charger"], statuses=["open"]).n == 1
    assert facility_points(store, kinds=["nothing"]).n == 0
    assert facility_points(store, box=(104.0, 30.6, 104.01, 30.61)).n == 1
    assert facility_kinds(store) == {"charger": 2, "station": 1}


def test_streets_come_in_bundles(empty_store, world):
    nodes = [(1, 104.0, 30.6), (2, 104.01, 30.6), (3, 104.01, 30.61)]
    frame = world.streets(nodes, [(1, 2, "primary"), (2, 3, "primary"), (1, 3, None)])
    empty_store.store_rows(world.head("streets"), frame)
    layer = street_layer(empty_store)
    assert layer.n == 3
    assert [f["properties"] for f in features(layer)] == [
        {"kind": "primary", "walk": True},
        {"kind": None, "walk": True},
    ]
    assert features(layer)[0]["geometry"]["type"] == "MultiLineString"


def test_the_card_of_an_area_shows_the_figures_of_its_dashboard(store):
    period, _ = choose_period(store, "year")
    for code in ("D1", "D1S1C1G1"):
        area = find_area(store, code)
        card = map_card(store, area, period=period)
        row = measure_level(store, area.level, period=period).loc[code]
        assert [value for _, value, _ in card.figures] == pytest.approx(
            [row[key] for key, _, _ in card.figures]
        )


def test_layers_of_an_empty_store_are_empty(empty_store):
    layers = [
        hexagon_layer(empty_store, CaseFilter(), resolution=9),
        heat_points(empty_store, CaseFilter()),
        facility_points(empty_store),
        street_layer(empty_store),
        case_points(empty_store, CaseFilter(), box=EVERYWHERE),
    ]
    assert [layer.n for layer in layers] == [0] * 5


def test_filters_narrow_layers(store):
    half = replace(CaseFilter(), category_ids=("停车",))
    assert (
        0
        < hexagon_layer(store, half, resolution=9).n_cases
        < hexagon_layer(store, CaseFilter(), resolution=9).n_cases
    )


def test_more_areas_than_travel_as_outlines_travel_as_tiles(store, monkeypatch):
    n = len(store.residents("grid"))
    monkeypatch.setattr(map_layers, "MOST_OUTLINES", n)
    assert not map_layers.is_tiled(store, "grid")

    monkeypatch.setattr(map_layers, "MOST_OUTLINES", n - 1)
    assert map_layers.is_tiled(store, "grid")
    parent = store.residents("grid")["parent_id"].iloc[0]
    assert not map_layers.is_tiled(store, "grid", parent)


def test_the_tiles_a_map_opens_with_hold_every_area(store):
    tiles = map_layers.first_tiles(store, "grid")

    found = {code for tile in tiles for code in ids_of(map_layers.area_tile(store, "grid", tile))}

    assert found == set(store.residents("grid")["area_id"])
    assert 1 <= len(tiles) <= 9
    assert len({tile.z for tile in tiles}) == 1


def test_a_tile_of_a_level_without_areas_is_refused_and_an_empty_one_is_not(store):
    with pytest.raises(MissingError) as refused:
        map_layers.area_tile(store, "unit_grid", Tile(0, 0, 0))
    assert refused.value.code == "level_without_areas"
    assert map_layers.area_tile(store, "grid", Tile(14, 0, 0)) == b""
