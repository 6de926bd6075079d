"""One answer, whichever store: placing by index, shapely and PostGIS, and all that is shown of the demo."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from geo.access.seats import operator
from geo.analysis.assign import index_areas
from geo.analysis.indicators import AREA_INDICATORS
from geo.schema import AREA_LEVELS, CHAIN_LEVELS, TABLES
from geo.store import CaseFilter, open_store
from geo.tasks.areas import find_area
from geo.tasks.case_lists import SORT_COLUMNS, list_cases
from geo.tasks.dashboards import choose_period, make_dashboard, measure_level
from geo.tasks.demonstrating import make_demo
from geo.tasks.exports import write_areas, write_cases, write_dashboard
from geo.tasks.map_layers import area_layer, area_values, case_points, heat_points, hexagon_layer
from tests.databases import PostgisPlaces
from tests.store.conftest import NOON

NOW = datetime(2026, 11, 1, tzinfo=UTC)
N_RANDOM, N_EDGE = 10_000, 1_000


@pytest.fixture(scope="module")
def pair(postgis_server, tmp_path_factory):
    """A demo district in both stores, each filled through its own door."""
    server = PostgisPlaces(postgis_server)
    url = f"duckdb:{tmp_path_factory.mktemp('pair') / 'demo.duckdb'}"
    with open_store(url, now=NOON) as embedded, open_store(server.new(), now=NOON) as served:
        for store in (embedded, served):
            make_demo(store, seat=operator("test"), now=NOW, n_cases=3000)
        yield embedded, served
    server.clear()


# --- placing -------------------------------------------------------------------------------------
def draw_points(areas, rng):
    """Points anywhere in the box, and on vertices, on edges and one unit in the last place beside them."""
    west, south, east, north = areas.total_bounds
    anywhere = rng.uniform((west, south), (east, north), (N_RANDOM, 2))
    rings = [
        shapely.get_coordinates(ring)
        for ring in shapely.get_rings(shapely.get_parts(areas.geometry.to_numpy()))
    ]
    corners = np.concatenate(rings)
    middles = np.concatenate([(ring[1:] + ring[:-1]) / 2 for ring in rings])
    exact = np.concatenate([corners, middles])[rng.integers(0, len(corners) + len(middles), N_EDGE)]
    ways = rng.integers(-1, 2, (N_EDGE, 2))
    beside = np.where(
        ways < 0, np.nextafter(exact, -np.inf), np.where(ways > 0, np.nextafter(exact, np.inf), exact)
    )
    beside[: N_EDGE // 4] += rng.choice([-1e-9, 1e-9], (N_EDGE // 4, 2))
    return np.concatenate([anywhere, beside])


def ask_postgis(db, areas, xy):
    """The covering area whose id sorts first, by PostGIS itself."""
    with db.transaction():
        db.stage("tested", pa.table({"n": np.arange(len(xy)), "lon": xy[:, 0], "lat": xy[:, 1]}))
        db.stage(
            "tiles",
            pa.table({"area_id": areas["area_id"].tolist(), "geom": areas.geometry.to_wkb().tolist()}),
        )
        db.run("CREATE TEMP TABLE shapes AS SELECT area_id, ST_GeomFromWKB(geom, 4326) AS geom FROM tiles")
        db.run("CREATE INDEX ON shapes USING gist (geom)")
        rows = db.query(
            "SELECT t.n, (SELECT min(s.area_id) FROM shapes s WHERE ST_Intersects(s.geom, "
            "ST_SetSRID(ST_MakePoint(t.lon, t.lat), 4326))) AS area_id FROM tested t ORDER BY t.n"
        )
        db.drop("tested", "tiles", "shapes")
    return np.array(rows.column("area_id").to_pylist(), dtype=object)


def ask_shapely(areas, xy):
    ordered = areas.sort_values("area_id", ignore_index=True)
    points, shapes = shapely.STRtree(ordered.geometry.to_numpy()).query(
        shapely.points(xy), predicate="intersects"
    )
    found = pd.Series(shapes).groupby(points).min()
    answer = np.full(len(xy), None, dtype=object)
    answer[found.index] = ordered["area_id"].to_numpy()[found.to_numpy()]
    return answer


def ask_index(areas, xy):
    index = index_areas(areas)
    found = index.locate(xy[:, 0], xy[:, 1])
    return np.where(found >= 0, np.array([*index.ids, None], dtype=object)[found], None)


def lattice():
    """A hundred squares whose corners are shared by four, and one long thin area across them."""
    tiles = [shapely.box(104 + x / 100, 30 + y / 100, 104 + (x + 1) / 100, 30 + (y + 1) / 100)
             for x in range(10) for y in range(10)]  # fmt: skip
    tiles.append(shapely.Polygon([(104, 30), (104.1, 30.0001), (104.1, 30.1)]))
    ids = [f"{(7 * n) % 101:03d}" for n in range(101)]
    return gpd.GeoDataFrame({"area_id": ids}, geometry=tiles, crs="EPSG:4326")


@pytest.mark.parametrize("tiling", ["lattice", "microgrid", "grid"])
def test_fault_B22_and_B23_index_shapely_and_postgis_place_every_point_alike(pair, tiling):
    areas = lattice() if tiling == "lattice" else pair[1].read_areas(tiling)
    areas = gpd.GeoDataFrame(areas[["area_id"]], geometry=areas.geometry.to_numpy(), crs=areas.crs)
    xy = draw_points(areas, np.random.default_rng(22))
    by_index, by_shapely = ask_index(areas, xy), ask_shapely(areas, xy)
    by_postgis = ask_postgis(pair[1]._db, areas, xy)
    assert len(xy) == N_RANDOM + N_EDGE
    assert (by_shapely != by_index).sum() == 0
    assert np.flatnonzero(by_postgis != by_index).tolist() == []
    shuffled = areas.sample(frac=1, random_state=1)
    assert (ask_index(shuffled, xy) == by_index).all()


# --- the demo ------------------------------------------------------------------------------------
ONLY_ITS_OWN = {"store_meta"}


def test_every_row_of_the_demo_is_equal(pair):
    embedded, served = pair
    assert embedded.verify() == served.verify() == []
    assert embedded.count_rows() | {"store_meta": 0} == served.count_rows() | {"store_meta": 0}
    for name in TABLES:
        if name not in ONLY_ITS_OWN:
            sort = [c for c in TABLES[name].key if c != "seq"]
            one, other = (store.read(name) for store in pair)
            if name == "case_spans":
                one, other = (
                    t.assign(spans_s=[sorted(spans) for spans in t["spans_s"]]) for t in (one, other)
                )
            if name == "case_counts":  # a ledger: rows of one key are added up
                one, other = (t.groupby(sort, dropna=False).sum().reset_index() for t in (one, other))
            pd.testing.assert_frame_equal(one, other)


FILTERS = [
    CaseFilter(),
    CaseFilter(text="电"),
    CaseFilter(text="50%_!"),
    CaseFilter(is_located=False),
    CaseFilter(without=("category_id",)),
    CaseFilter(is_placed=False, area_level="microgrid"),
    CaseFilter(hour=9, weekday=1),
    CaseFilter(overdue_at=NOW),
    CaseFilter(due_from=datetime(2026, 9, 1, tzinfo=UTC), due_to=NOW, is_on_time=False),
    CaseFilter(box=(104.0, 30.0, 104.06, 30.66)),
    CaseFilter(states=("closed",), valid_callback=True, is_negative=False),
]


def same(one, other):
    """Say whether two results are equal, whatever they are made of."""
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))
        return True
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, pd.Series | np.ndarray):
        return same(pd.DataFrame({"v": one}), pd.DataFrame({"v": other}))
    assert one == other or (pd.isna(one) and pd.isna(other)), (one, other)
    return True


@pytest.mark.parametrize("where", FILTERS)
def test_every_filter_and_sort_lists_the_same_cases_in_the_same_order(pair, where):
    embedded, served = pair
    assert embedded.count_cases(where) == served.count_cases(where)
    names = [*TABLES["cases"].names, *(f"{level}_id" for level in AREA_LEVELS)]
    for number, column in enumerate(names):
        sort = [(column, ("up", "down")[number % 2])]
        one, other = (store.list_cases(where, sort=sort, limit=40, offset=number) for store in pair)
        pd.testing.assert_frame_equal(one, other)
    assert same(*(list_cases(store, where, sort=[(SORT_COLUMNS[0], "up")]) for store in pair))


@pytest.fixture(scope="module")
def periods(pair):
    one, other = (choose_period(store, "quarter") for store in pair)
    assert one == other
    return one


@pytest.mark.parametrize("level", CHAIN_LEVELS)
def test_every_indicator_and_map_of_a_level_is_equal(pair, periods, level):
    assert same(*(measure_level(store, level, period=periods.chosen) for store in pair))
    for key in AREA_INDICATORS:
        assert same(*(area_values(store, level, key, period=periods.chosen) for store in pair))
    area_id = pair[0].read_areas(level, with_geometry=False)["area_id"].iloc[0]
    here = CaseFilter(area_level=level, area_id=area_id)
    for layer in (
        lambda store: area_layer(store, level),
        lambda store: hexagon_layer(store, here, resolution=8),
        lambda store: heat_points(store, here),
        lambda store: case_points(store, here, box=(100.0, 20.0, 110.0, 40.0)),
    ):
        one, other = (layer(store) for store in pair)
        assert one.content == other.content


@pytest.mark.parametrize("level", [None, *CHAIN_LEVELS])
def test_every_dashboard_is_equal(pair, periods, level):
    boards = []
    for store in pair:
        area = None
        if level is not None:
            area = find_area(
                store,
                pair[0]
                .read_areas(level, with_geometry=False)["area_id"]
                .iloc[1 if level != "district" else 0],
            )
        boards.append(make_dashboard(store, area, period=periods.chosen, before=periods.before))
    assert same(*boards)


def test_every_export_is_the_same_to_the_last_byte(pair, periods):
    folders = []
    for store in pair:
        board = make_dashboard(store, None, period=periods.chosen, before=periods.before)
        made = [
            write_cases(store, CaseFilter(), format="csv"),
            write_cases(store, CaseFilter(), format="geojson"),
            write_areas(store, "grid", period=periods.chosen, format="csv"),
            write_areas(store, "community", period=periods.chosen, format="geojson"),
            write_dashboard(store, board, format="csv"),
        ]
        folders.append([(export.file_name, export.content) for export in made])
    assert folders[0] == folders[1]
