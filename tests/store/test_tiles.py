"""Every area is on every tile it touches, at every zoom, whichever store; none is anywhere else."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.store import open_store
from geo.vector_tiles import DEEPEST, Tile, tiles_over
from tests.databases import PostgisPlaces
from tests.store.conftest import NOON, head, make_areas, make_set
from tests.tile_reading import ids_of, read_tile, units, whole_shapes

CITY = (104.0, 30.6, 104.12, 30.7)
LEVEL = "microgrid"


def make_city():
    """A city of irregular areas, and on top dust, a needle, a ring with a hole and an area of two parts."""
    shapes = list(whole_shapes(CITY, 1200))
    hole = shapely.box(104.03, 30.63, 104.05, 30.65)
    shapes += [
        shapely.box(104.06, 30.66, 104.060000001, 30.660000001),
        shapely.box(104.0, 30.65, 104.12, 30.65000001),
        shapely.box(104.02, 30.62, 104.06, 30.66).difference(hole),
        shapely.MultiPolygon(
            [shapely.box(104.0, 30.6, 104.001, 30.601), shapely.box(104.1, 30.69, 104.12, 30.7)]
        ),
        shapely.box(104.0625 - 1e-9, 30.6, 104.0625, 30.7),
    ]
    ids = [f"{number:06d}" for number in np.random.default_rng(5).permutation(len(shapes))]
    table = make_areas(LEVEL, ids)
    bounds = shapely.bounds(np.array(shapes))
    table["geom"] = shapes
    table[["west", "south", "east", "north"]] = bounds
    return table.set_geometry("geom", crs="EPSG:4326")


def store_city(store, table, **of_set):
    sets = make_set(LEVEL, **of_set)
    return store.store_rows(
        head("boundaries"), {"boundary_sets": sets, "areas": table.assign(set_id=sets["set_id"].iloc[0])}
    )


@pytest.fixture(scope="module")
def city():
    return make_city()


@pytest.fixture(scope="module")
def pair(postgis_server, tmp_path_factory, city):
    """The city in both stores."""
    server = PostgisPlaces(postgis_server)
    url = f"duckdb:{tmp_path_factory.mktemp('tiles') / 'city.duckdb'}"
    with open_store(url, now=NOON) as embedded, open_store(server.new(), now=NOON) as served:
        for store in (embedded, served):
            store_city(store, city)
        yield {"duckdb": embedded, "postgis": served}
    server.clear()


def touching(table, tile):
    """Codes of the areas whose boxes touch a tile, by the definition."""
    west, south, east, north = tile.box
    is_there = (
        (table["west"] <= east)
        & (table["east"] >= west)
        & (table["south"] <= north)
        & (table["north"] >= south)
    )
    return sorted(table.loc[is_there, "area_id"])


@pytest.mark.parametrize("kind", ["duckdb", "postgis"])
@pytest.mark.parametrize("z", range(DEEPEST + 1))
def test_every_id_is_present_at_every_zoom_on_every_tile_it_touches(pair, city, kind, z):
    found = {tile: ids_of(pair[kind].area_tile(LEVEL, tile)) for tile in tiles_over(CITY, z)}

    assert {code for ids in found.values() for code in ids} == set(city["area_id"])
    for tile, ids in found.items():
        assert ids == touching(city, tile)


@pytest.mark.parametrize("kind", ["duckdb", "postgis"])
def test_a_tile_beside_the_areas_is_empty(pair, kind):
    left, right = tiles_over(CITY, 12)[0], tiles_over(CITY, 12)[-1]

    assert pair[kind].area_tile(LEVEL, Tile(12, left.x - 1, left.y)) == b""
    assert pair[kind].area_tile(LEVEL, Tile(12, right.x, right.y + 1)) == b""
    assert pair[kind].area_tile("grid", left) == b""


@pytest.mark.parametrize("z", [0, 6, 9, 10, 12, DEEPEST])
def test_both_stores_draw_the_same_outlines_within_two_units(pair, city, z):
    tile = tiles_over(CITY, z)[0]
    one, other = (read_tile(pair[kind].area_tile(LEVEL, tile)) for kind in ("duckdb", "postgis"))

    assert list(one["area_id"]) == list(other["area_id"])
    assert list(one["name"]) == list(other["name"])
    apart = shapely.hausdorff_distance(one.geometry.to_numpy(), other.geometry.to_numpy())
    assert apart.max() <= tile.thin_units * 2 + 2


@pytest.mark.parametrize("kind", ["duckdb", "postgis"])
@pytest.mark.parametrize("z", [9, 11, 13, DEEPEST])
def test_an_outline_strays_no_further_than_it_may_be_thinned(pair, city, kind, z):
    tile = tiles_over(CITY, z)[-1]
    found = read_tile(pair[kind].area_tile(LEVEL, tile)).set_index("area_id").geometry
    true = pd.Series(units(city["geom"].to_numpy(), z, tile.x, tile.y), index=city["area_id"])[found.index]

    is_seen = shapely.area(true.to_numpy()) > 100
    strays = shapely.hausdorff_distance(found.to_numpy()[is_seen], true.to_numpy()[is_seen])
    assert is_seen.any()
    assert strays.max() <= tile.thin_units + 1


@pytest.mark.parametrize("kind", ["duckdb", "postgis"])
def test_dust_is_drawn_as_a_box_of_one_unit(pair, city, kind):
    dust = city.iloc[1200]
    for z in (0, 7, DEEPEST):
        tile = tiles_over(dust["geom"].bounds, z)[0]
        found = read_tile(pair[kind].area_tile(LEVEL, tile)).set_index("area_id").geometry[dust["area_id"]]
        x, y = shapely.get_coordinates(units(np.array([dust["geom"]]), z, tile.x, tile.y)[0])[0]
        assert found.bounds == (np.floor(x), np.floor(y), np.floor(x) + 1, np.floor(y) + 1)


@pytest.mark.parametrize("kind", ["duckdb", "postgis"])
def test_holes_and_parts_are_kept(pair, city, kind):
    ring, parts = city.iloc[1202], city.iloc[1203]
    found = read_tile(pair[kind].area_tile(LEVEL, tiles_over(CITY, 11)[0])).set_index("area_id").geometry

    assert len(shapely.get_parts(found[ring["area_id"]])) == 1
    assert shapely.get_num_interior_rings(shapely.get_parts(found[ring["area_id"]])[0]) == 1
    assert len(shapely.get_parts(found[parts["area_id"]])) == 2


def test_only_the_newest_published_areas_are_on_a_tile(store, city):
    former, newer = city.iloc[:10], city.iloc[10:30]
    store_city(
        store,
        former,
        set_id="S1",
        start=pd.Timestamp("2024-01-01").date(),
        end=pd.Timestamp("2025-01-01").date(),
    )
    store_city(store, newer, set_id="S2", start=date(2025, 1, 1))

    assert ids_of(store.area_tile(LEVEL, Tile(0, 0, 0))) == sorted(newer["area_id"])


def test_a_tile_under_a_parent_holds_its_areas_however_many_levels_up(store, city):
    own = city.iloc[:6].assign(parent_id=["G1", "G1", "G2", "G2", "G3", "G3"])
    grids = make_areas("grid", ["G1", "G2", "G3"]).assign(parent_id=["C1", "C1", "C2"], set_id="S2")
    sets = pd.concat([make_set(LEVEL), make_set("grid", set_id="S2")])
    store.store_rows(head("boundaries"), {"boundary_sets": sets, "areas": pd.concat([own, grids])})

    def under(parent):
        return ids_of(store.area_tile(LEVEL, Tile(0, 0, 0), parent_id=parent))

    assert under("G2") == sorted(own["area_id"][2:4])
    assert under("C1") == sorted(own["area_id"][:4])
    assert under("nowhere") == []


def test_areas_at_the_ends_of_the_world_are_on_their_tile(store):
    shapes = [
        shapely.box(-180, 80, 180, 90),
        shapely.box(-180, -90, 180, -80),
        shapely.box(-180, -90, -179, -89.9),
    ]
    table = make_areas(LEVEL, ["n", "s", "t"])
    table["geom"] = shapes
    table[["west", "south", "east", "north"]] = shapely.bounds(np.array(shapes))
    store_city(store, table.set_geometry("geom", crs="EPSG:4326"))

    top, bottom = (ids_of(store.area_tile(LEVEL, Tile(0, 0, 0))) for _ in range(2))

    assert top == bottom == ["n", "s"]
