"""A point belongs to the area that covers it, border included; of several, to the id that sorts first."""

from __future__ import annotations

import pickle
from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon

from geo.analysis.assign import assign_points, build_index, warm_up
from geo.analysis.raster_index import REFERENCE_X, REFERENCE_Y, look_up
from geo.analysis.raster_kernels import MOST_PIECES, locate_block
from geo.errors import ChoiceError, CrsError, DuplicateError, GeoError, MissingError

M_PER_DEG_LAT = 110_574.3
"""Length of a degree of latitude at the equator, WGS84."""


def objects(geometries):
    """Return geometries as an array, also where some are None."""
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    return array


def ask_shapely(polygons, ids, xy):
    """Answer by brute force: every polygon against every point, ids in order."""
    answer = np.full(len(xy), -1)
    points = shapely.points(xy)
    for i in sorted(range(len(ids)), key=lambda i: ids[i], reverse=True):
        if polygons[i] is not None:
            answer[shapely.intersects(polygons[i], points)] = i
    return answer


def corners_and_near(polygons):
    """Return vertices, middles of edges, and both moved by one unit in the last place each way."""
    corners = [part for polygon in polygons if polygon is not None for part in shapely.get_parts(polygon)]
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(objects(corners))]
    middles = [(ring[1:] + ring[:-1]) / 2 for ring in rings]
    exact = np.concatenate([*rings, *middles, np.empty((0, 2))])
    moved = [
        np.stack([np.nextafter(exact[:, 0], dx), np.nextafter(exact[:, 1], dy)], axis=1)
        for dx, dy in product((-np.inf, np.inf), repeat=2)
    ]
    near = np.concatenate([exact, *moved])
    near[np.abs(near) < 1e-300] = 0.0  # beside 0, where products vanish, shapely contradicts its own tree
    return near


def assert_like_shapely(polygons, xy, ids=None):
    polygons = objects(polygons)
    ids = ids or [f"{i:04d}" for i in range(len(polygons))]
    index = build_index(polygons, ids=ids)
    found = index.locate(xy[:, 0], xy[:, 1])
    assert np.array_equal(found, ask_shapely(polygons, ids, xy))
    return index


@pytest.fixture(scope="module")
def lattice():
    """Nine unit squares, named by column and row from 11 at the lower left to 33."""
    places = list(product((1, 2, 3), repeat=2))
    return objects([shapely.box(x, y, x + 1, y + 1) for x, y in places]), [f"{x}{y}" for x, y in places]


def names(index, xy):
    return [index.ids[i] if i >= 0 else None for i in index.locate(*np.transpose(np.array(xy, dtype=float)))]


def test_a_point_inside_takes_its_area_and_one_outside_none(lattice):
    index = build_index(lattice[0], ids=lattice[1])
    assert names(index, [(1.5, 1.5), (3.2, 1.9), (2.5, 3.999), (0.999, 1.5), (4.001, 2.0)]) == [
        "11", "31", "23", None, None,
    ]  # fmt: skip


def test_fault_B22_a_point_on_an_edge_or_corner_takes_the_id_that_sorts_first(lattice):
    index = build_index(lattice[0], ids=lattice[1])
    hand_worked = {
        (2.0, 1.5): "11",  # edge of 11 and 21
        (2.5, 3.0): "22",  # edge of 22 and 23
        (2.0, 2.0): "11",  # corner of 11, 12, 21 and 22
        (3.0, 3.0): "22",  # corner of 22, 23, 32 and 33
        (1.0, 1.0): "11",  # outer corner
        (4.0, 4.0): "33",  # outer corner
        (4.0, 2.0): "31",  # outer border where 31 and 32 meet
        (2.5, 4.0): "23",  # outer border
    }
    assert names(index, list(hand_worked)) == list(hand_worked.values())


def test_fault_B22_the_answer_survives_reordering_reloading_and_any_batch(lattice):
    polygons, ids = lattice
    xy = np.concatenate([corners_and_near(polygons), np.random.default_rng(1).uniform(0, 5, (500, 2))])
    index = build_index(polygons, ids=ids)
    expected = names(index, xy)
    assert expected.count(None) < len(expected)

    turned = np.random.default_rng(2).permutation(len(ids))
    assert names(build_index(polygons[turned], ids=[ids[i] for i in turned]), xy) == expected
    assert names(pickle.loads(pickle.dumps(index)), xy) == expected
    assert names(build_index(shapely.from_wkb(shapely.to_wkb(polygons)), ids=ids), xy) == expected
    assert [names(index, [point])[0] for point in xy] == expected
    assert names(index, xy[::-1]) == expected[::-1]


def test_the_number_of_threads_changes_nothing(lattice):
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(0.5, 4.5, (2, 200_001))
    alone = build_index(lattice[0], ids=lattice[1], n_threads=1)
    together = build_index(lattice[0], ids=lattice[1], n_threads=4)
    assert np.array_equal(alone.rasters[0].words, together.rasters[0].words)
    assert np.array_equal(alone.rasters[0].cells, together.rasters[0].cells)
    assert np.array_equal(alone.locate(lon, lat, n_threads=1), together.locate(lon, lat, n_threads=4))


def test_ids_sort_by_code_point_not_by_language_or_number():
    same = objects([shapely.box(0, 0, 1, 1)] * 6)
    ids = ["é", "乙", "a", "Z", "9", "10"]
    for k in range(6):
        rest = sorted(ids)[k:]
        index = build_index(same[: len(rest)], ids=rest[::-1])
        assert names(index, [(0.5, 0.5), (0, 0)]) == [rest[0]] * 2
    assert sorted(ids) == ["10", "9", "Z", "a", "é", "乙"]


def test_fault_B23_a_nanodegree_beside_an_edge_is_beside_it():
    squares = objects([shapely.box(104.05, 30.66, 104.06, 30.67), shapely.box(104.06, 30.66, 104.07, 30.67)])
    index = build_index(squares, ids=["west", "east"])
    lat = np.random.default_rng(5).uniform(30.66, 30.67, 1000)
    for step, name in ((-1e-9, "west"), (0.0, "east"), (1e-9, "east")):
        assert set(names(index, np.stack([np.full(1000, 104.06 + step), lat], axis=1))) == {name}


def test_a_hole_is_not_covered_but_its_rim_is():
    holed = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (3, 1), (3, 3), (1, 3)]])
    index = build_index(objects([holed]), ids=["a"])
    assert names(index, [(2, 2), (1, 2), (3, 3), (0.5, 2), (2.999, 2)]) == [None, "a", "a", "a", None]


def test_parts_of_a_multipolygon_are_one_area_and_an_island_in_a_hole_keeps_its_own():
    lake = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (3, 1), (3, 3), (1, 3)]])
    two = MultiPolygon([lake, shapely.box(6, 0, 7, 1)])
    island = shapely.box(1.5, 1.5, 2.5, 2.5)
    index = build_index(objects([two, island]), ids=["b", "a"])
    assert names(index, [(0.5, 0.5), (6.5, 0.5), (2, 2), (1.2, 2), (5, 0.5)]) == ["b", "b", "a", None, None]


def test_where_areas_overlap_the_id_that_sorts_first_wins():
    large, small = shapely.box(0, 0, 10, 10), shapely.box(4, 4, 6, 6)
    xy = [(5, 5), (4, 5), (3.9, 5)]
    assert names(build_index(objects([large, small]), ids=["a", "b"]), xy) == ["a", "a", "a"]
    assert names(build_index(objects([large, small]), ids=["b", "a"]), xy) == ["a", "a", "b"]


def test_empty_and_missing_geometry_hold_no_point():
    polygons = objects([None, Polygon(), shapely.box(0, 0, 1, 1), MultiPolygon()])
    index = build_index(polygons, ids=["a", "b", "c", "d"])
    assert names(index, [(0.5, 0.5), (2, 2)]) == ["c", None]
    assert names(build_index(polygons[:2], ids=["a", "b"]), [(0.5, 0.5)]) == [None]
    assert build_index(objects([]), ids=[]).locate([0.0, np.nan], [0.0, 1.0]).tolist() == [-1, -1]
    assert build_index(polygons, ids=["a", "b", "c", "d"]).locate([], []).tolist() == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, -1e300])
def test_a_coordinate_that_is_no_place_is_held_by_nobody(lattice, bad):
    index = build_index(lattice[0], ids=lattice[1])
    assert index.locate([bad, 1.5, bad, 1.5], [1.5, bad, bad, 1.5]).tolist() == [-1, -1, -1, 0]


def test_points_of_any_kind_of_column_are_taken_and_left_as_they_are(lattice):
    index = build_index(lattice[0], ids=lattice[1])
    series = pd.Series([1.5, 2.5], index=[7, 3])
    table = np.array([[1.5, 9.0], [2.5, 9.0]])
    assert index.locate(series, series).tolist() == [0, 4]
    assert index.locate(table[:, 0], table[:, 0]).tolist() == [0, 4]
    assert index.locate(series.astype("float32"), [1, 3.5]).tolist() == [0, 5]
    assert table.flags.writeable


def test_what_is_no_set_of_areas_is_refused_with_the_area_named():
    square = shapely.box(0, 0, 1, 1)
    with pytest.raises(DuplicateError, match="Area b occurs more than once \\(1 rows too many\\)"):
        build_index(objects([square] * 3), ids=["b", "a", "b"])
    with pytest.raises(GeoError, match="Area b is not a polygon \\(1 such areas\\)"):
        build_index(objects([square, square.exterior]), ids=["a", "b"])
    odd = shapely.polygons([[(0, 0), (1, 0), (np.inf, 1), (0, 0)]])
    with pytest.raises(GeoError, match="Area c has a coordinate that is not a place"):
        build_index(objects([*odd]), ids=["c"])
    with pytest.raises(GeoError, match="1 areas came with 2 ids"):
        build_index(objects([square]), ids=["a", "b"])
    with pytest.raises(GeoError, match="2 longitudes came with 1 latitudes"):
        build_index(objects([square]), ids=["a"]).locate([0.0, 1.0], [0.0])


# Against shapely, point by point ----------------------------------------------------------------------


@st.composite
def star_areas(draw):
    """Draw star-shaped areas, some holed, some in parts, overlapping at random or snapped to a lattice."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    lattice_steps = draw(st.sampled_from([0, 8, 32]))
    centre = draw(st.sampled_from([(0.0, 0.0), (104.0, 30.0), (-71.0, 42.3)]))
    areas = []
    for _ in range(draw(st.integers(1, 25))):
        parts = [_star(rng, np.array(centre), lattice_steps) for _ in range(1 + (rng.random() < 0.3))]
        area = shapely.union_all(parts)
        if area.geom_type in {"Polygon", "MultiPolygon"}:
            areas.append(area)
    return areas, rng


def _star(rng, origin, lattice_steps):
    middle = origin + rng.random(2)
    angle = np.sort(rng.random(rng.integers(5, 14))) * 2 * np.pi
    ring = rng.uniform(0.03, 0.35, len(angle))[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    holes = [middle + ring[::-1] * 0.4] if rng.random() < 0.4 else []
    star = shapely.make_valid(Polygon(middle + ring, holes))
    return shapely.set_precision(star, 1 / lattice_steps) if lattice_steps else star


@settings(max_examples=60, deadline=None)
@given(star_areas())
def test_any_areas_answer_as_shapely_does(drawn):
    areas, rng = drawn
    if not areas:
        return
    low, high = np.array(shapely.total_bounds(areas)).reshape(2, 2)
    anywhere = rng.uniform(low - 0.1, high + 0.1, (1500, 2))
    on_lattice = np.round(anywhere[:500] * 32) / 32
    xy = np.concatenate([anywhere, on_lattice, corners_and_near(areas)])
    assert_like_shapely(areas, xy, ids=[str(i) for i in rng.permutation(len(areas))])


def test_points_on_the_lines_of_the_raster_answer_as_shapely_does():
    rng = np.random.default_rng(11)
    areas = [_star(rng, np.array([120.0, 23.0]), 0) for _ in range(30)]
    areas = [area for area in areas if area.geom_type == "Polygon"]
    grid = build_index(objects(areas), ids=[str(i) for i in range(len(areas))]).rasters[0].grid
    lines_x = grid.x0 + np.arange(grid.nx + 1) / grid.per
    lines_y = grid.y0 + np.arange(grid.ny + 1) / grid.per
    crossings = np.stack(np.meshgrid(lines_x, lines_y), axis=-1).reshape(-1, 2)
    xy = np.concatenate([np.nextafter(crossings, away) for away in (-np.inf, 0.0, np.inf)] + [crossings])
    assert_like_shapely(areas, xy)
    squares = [
        shapely.box(x, y, x + 8 / grid.per, y + 8 / grid.per) for x, y in crossings[:: 8 * grid.nx + 8]
    ]
    assert_like_shapely(squares, crossings)


def test_slivers_thinner_than_a_cell_or_than_a_nanodegree_are_found():
    slivers = [
        Polygon([(0, y), (1, y + width), (1, y)]) for y, width in ((0.2, 1e-4), (0.4, 1e-9), (0.6, 1e-15))
    ]
    spike = Polygon([(0, 0), (1, 0), (1, 1), (0.5, 1), (0.5, 2), (0.5, 1), (0, 1)])
    upright = Polygon([(0.3, 0), (0.3 + 1e-12, 1), (0.3, 1)])
    areas = [*slivers, spike, upright]
    share = np.linspace(0, 1, 200)
    along = [np.stack([share, y + share * width / 2], axis=1) for y, width in ((0.2, 1e-4), (0.4, 1e-9))]
    on_spike = np.stack([np.full(200, 0.5), 1 + share], axis=1)
    index = assert_like_shapely(areas, np.concatenate([*along, on_spike, corners_and_near(areas)]))
    assert set(names(index, on_spike)) == {"0003"}


def test_repeated_corners_and_rings_without_surface_answer_as_shapely_does():
    repeated = Polygon([(0, 0), (0, 0), (1, 0), (1, 0), (1, 0), (1, 1), (0, 1), (0, 1), (0, 0)])
    flat = Polygon([(2, 0), (3, 0), (2, 0), (2, 0)])
    dot = Polygon([(4, 0), (4, 0), (4, 0), (4, 0)])
    xy = np.concatenate([corners_and_near([repeated, flat, dot]), [(0.5, 0.5), (2.5, 0), (2.5, 1e-9)]])
    assert_like_shapely([repeated, flat, dot], xy)


def test_invalid_areas_answer_as_shapely_does():
    bow_tie = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    hole_outside = Polygon([(4, 0), (6, 0), (6, 2), (4, 2)], [[(5, 1), (7, 1), (7, 1.5), (5, 1.5)]])
    twin_holes = Polygon(
        [(8, 0), (12, 0), (12, 4), (8, 4)],
        [[(9, 1), (11, 1), (11, 3), (9, 3)], [(10, 2), (11.5, 2), (11.5, 3.5), (10, 3.5)]],
    )
    over_itself = MultiPolygon([shapely.box(14, 0, 16, 2), shapely.box(15, 1, 17, 3)])
    areas = [bow_tie, hole_outside, twin_holes, over_itself]
    anywhere = np.random.default_rng(4).uniform((-1, -1), (18, 5), (20_000, 2))
    assert_like_shapely(areas, np.concatenate([anywhere, corners_and_near(areas)]))


def test_more_areas_at_one_corner_than_a_cell_can_tell_apart_still_answer_as_shapely_does():
    n = MOST_PIECES + 20
    angle = np.linspace(0, 2 * np.pi, n + 1)
    rim = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    wedges = [Polygon([(0, 0), rim[i], rim[i + 1]]) for i in range(n)]
    near = np.random.default_rng(6).normal(0, 0.02, (2000, 2))
    index = assert_like_shapely(wedges, np.concatenate([near, corners_and_near(wedges)]))
    assert look_up(index.rasters, np.array([1e-6]), np.array([1e-6]))[1] == 1


def test_stacked_areas_and_many_overlaps_answer_as_shapely_does():
    rng = np.random.default_rng(7)
    rings = [shapely.box(-r, -r, r, r) for r in rng.permutation(np.arange(1, 120)) / 100]
    areas = [*rings, *[shapely.box(2, 2, 3, 3)] * 80]
    xy = np.concatenate([rng.uniform(-1.3, 3.2, (5000, 2)), corners_and_near(rings[:20])])
    assert_like_shapely(areas, xy, ids=[str(i) for i in rng.permutation(len(areas))])


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e6, 1e15, 1e90])
def test_areas_of_any_size_answer_as_shapely_does(scale):
    rng = np.random.default_rng(8)
    stars = [_star(rng, np.zeros(2), 0) for _ in range(12)]
    areas = [shapely.transform(star, lambda xy: xy * scale) for star in stars if star.geom_type == "Polygon"]
    xy = np.concatenate([rng.uniform(-0.5, 1.5, (2000, 2)) * scale, corners_and_near(areas)])
    assert_like_shapely(areas, xy)


def test_points_so_near_a_slanted_edge_that_rounding_decides_answer_as_shapely_does():
    rng = np.random.default_rng(13)
    for _ in range(20):
        ax, ay, t = rng.uniform(0.5, 1, 3)
        edge = [(-ax, -ay), (t * ax, t * ay)]  # through the origin, but for rounding
        areas = [Polygon([*edge, (-1, 1)]), Polygon([*edge, (1, -1)])]
        assert_like_shapely(areas, rng.normal(0, 3e-17, (200, 2)))


def test_corners_at_the_height_of_reference_points_answer_as_shapely_does():
    def draw(y, x):
        frame = shapely.box(0, 0, 1, 1)
        return [
            Polygon([(0.1, y), (0.5, 0.1), (0.9, y), (0.5, 0.9)]),
            Polygon([(x, 0.1), (0.9, 0.3), (x, 0.9)]),
            frame,
        ]

    grid = build_index(objects(draw(0.5, 0.5)), ids=["a", "b", "c"]).rasters[0].grid
    for row in range(5, grid.ny - 5, 3):
        y = grid.y0 + (row + REFERENCE_Y) / grid.per
        x = grid.x0 + (row + REFERENCE_X) / grid.per
        anywhere = np.random.default_rng(row).uniform(0, 1, (300, 2))
        level = np.stack([anywhere[:, 0], np.full(300, y)], axis=1)
        index = assert_like_shapely(
            draw(y, x), np.concatenate([anywhere, level, corners_and_near(draw(y, x))])
        )
        assert index.rasters[0].grid == grid


def test_areas_a_few_units_in_the_last_place_wide_answer_as_shapely_does():
    unit = np.spacing(104.0)
    areas = [shapely.box(104 + i * unit, 30, 104 + (i + 2) * unit, 30 + 3 * unit) for i in range(0, 10, 2)]
    steps = np.arange(-2, 14)
    xy = np.array([(104 + i * unit, 30 + j * unit) for i in steps for j in steps])
    assert_like_shapely(areas, xy)


def test_one_area_far_away_leaves_the_others_their_fine_raster():
    rng = np.random.default_rng(9)
    town = [shapely.box(104 + x / 100, 30 + y / 100, 104.01 + x / 100, 30.01 + y / 100)
            for x, y in product(range(20), repeat=2)]  # fmt: skip
    areas = [*town, shapely.box(0, 0, 0.01, 0.01), shapely.box(-70, 42, -69.9, 42.1)]
    xy = rng.uniform((103.9, 29.9), (104.3, 30.3), (5000, 2))
    index = assert_like_shapely(areas, np.concatenate([xy, corners_and_near(areas[-3:])]))
    assert len(index.rasters) == 3
    assert look_up(index.rasters, xy[:, 0].copy(), xy[:, 1].copy())[1] == 0


def test_shapely_is_asked_about_the_doubtful_points_only(lattice):
    index = build_index(lattice[0], ids=lattice[1])
    corners = corners_and_near(lattice[0])[: 9 * 9]
    anywhere = np.random.default_rng(10).uniform(0.5, 4.5, (100_000, 2))
    assert look_up(index.rasters, corners[:, 0].copy(), corners[:, 1].copy())[1] == len(corners)
    assert look_up(index.rasters, anywhere[:, 0].copy(), anywhere[:, 1].copy())[1] <= 1


@pytest.mark.realdata
def test_fifty_thousand_points_in_tainan_answer_as_shapely_does(shared_data):
    files = sorted((shared_data / "boundaries" / "tainan_basecode").glob("*.json"))
    if not files:
        pytest.skip("the minimal areas of Tainan are not among the real files")
    table = pd.concat([gpd.read_file(path) for path in files], ignore_index=True)
    polygons, ids = table.geometry.to_numpy(), table["CODEBASE"].tolist()
    assert len(ids) == 6102
    rng = np.random.default_rng(12)
    bounds = shapely.total_bounds(polygons)
    vertices = shapely.get_coordinates(polygons)
    xy = np.concatenate([
        rng.uniform(bounds[:2] - 0.01, bounds[2:] + 0.01, (40_000, 2)),
        vertices[rng.integers(0, len(vertices), 10_000)],
    ])  # fmt: skip
    index = build_index(polygons, ids=ids)
    point, polygon = shapely.STRtree(polygons).query(shapely.points(xy), predicate="intersects")
    first = pd.Series(np.array(ids)[polygon]).groupby(point).min()
    expected = first.reindex(range(len(xy)))
    assert pd.Series(names(index, xy), dtype=expected.dtype).equals(expected)
    assert 10_000 < expected.notna().sum() < len(xy)


# Columns of a table -----------------------------------------------------------------------------------


def areas_of(polygons, ids, crs="EPSG:4326"):
    return gpd.GeoDataFrame({"area_id": ids}, geometry=list(polygons), crs=crs)


@pytest.fixture
def pair():
    """Two squares on the equator a hundredth of a degree wide, with a gap of a hundredth between them."""
    return areas_of([shapely.box(0, 0, 0.01, 0.01), shapely.box(0.02, 0, 0.03, 0.01)], ["b", "a"])


def test_a_point_outside_takes_the_nearest_area_within_the_distance_and_no_further(pair):
    lat = 0.01 + np.array([10.0, 30.0, 50.1]) / M_PER_DEG_LAT
    placed = assign_points([0.005, 0.025, 0.005], lat, pair, max_distance_m=50)
    assert placed["area_id"].tolist()[:2] == ["b", "a"]
    assert placed["placed_by"].tolist()[:2] == ["nearest", "nearest"]
    assert placed["distance_m"].tolist()[:2] == pytest.approx([10.0, 30.0], rel=1e-3)
    assert placed.iloc[2].isna().all()


def test_without_a_distance_only_areas_that_hold_the_point_count(pair):
    placed = assign_points([0.005, 0.0101, np.nan], [0.005, 0.005, 0.005], pair)
    assert placed["placed_by"].isna().tolist() == [False, True, True]
    assert placed["area_id"].tolist()[0] == "b"
    assert placed["distance_m"].tolist()[0] == 0.0
    assert placed["distance_m"].isna().tolist() == [False, True, True]
    assert placed["border_m"].isna().all()


def test_areas_equally_near_are_decided_by_the_id_that_sorts_first():
    touching = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    for ids in (["a", "b"], ["b", "a"]):
        placed = assign_points([1.0], [1.0001], areas_of(touching, ids), max_distance_m=100)
        assert placed["area_id"].tolist() == ["a"]
    tip_to_tip = [Polygon([(0, 0), (-1, -1), (-0.5, -1)]), Polygon([(0, 0), (1, -1), (0.5, -1)])]
    stacked = [shapely.box(-1, -1, 1, 0)] * 2
    for areas in (tip_to_tip, stacked):
        for ids in (["a", "b"], ["b", "a"]):
            placed = assign_points([0.0], [0.0001], areas_of(areas, ids), max_distance_m=100)
            assert placed["area_id"].tolist() == ["a"]


def test_the_distance_to_the_border_is_told_only_below_the_limit(pair):
    inside = np.array([5.0, 19.9, 20.1, 400.0]) / M_PER_DEG_LAT
    placed = assign_points(np.full(4, 0.005), inside, pair, near_border_m=20)
    assert placed["border_m"].tolist()[:2] == pytest.approx([5.0, 19.9], rel=1e-3)
    assert placed["border_m"].isna().tolist() == [False, False, True, True]


def test_the_border_is_that_of_the_own_area_with_its_holes_and_not_that_of_a_neighbour():
    holed = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (3, 1), (3, 3), (1, 3)]])
    areas = areas_of([holed, shapely.box(0.5, 0.1, 0.9, 0.9)], ["a", "b"])
    placed = assign_points([0.99995, 0.5, 1.0], [2.0, 0.5, 2.0], areas, near_border_m=50)
    assert placed["area_id"].tolist() == ["a", "a", "a"]
    assert placed["border_m"].tolist() == pytest.approx(
        [0.00005 * 111_252.1, np.nan, 0.0], rel=1e-3, nan_ok=True
    )


def test_a_point_placed_nearest_is_as_far_from_the_border_as_from_the_area(pair):
    placed = assign_points([0.005], [0.01 + 10 / M_PER_DEG_LAT], pair, max_distance_m=50, near_border_m=50)
    assert placed["border_m"].equals(placed["distance_m"].rename("border_m"))


def test_row_order_does_not_matter_and_the_index_is_kept(pair):
    lon = pd.Series([0.005, 0.012, 0.025, np.nan], index=["p", "q", "r", "s"])
    lat = pd.Series([0.005, 0.005, 0.005, 0.005], index=lon.index)
    forward = assign_points(lon, lat, pair, max_distance_m=500, near_border_m=600)
    backward = assign_points(lon[::-1], lat[::-1], pair[::-1], max_distance_m=500, near_border_m=600)
    assert forward.index.tolist() == ["p", "q", "r", "s"]
    assert forward["area_id"].isna().tolist() == [False, False, False, True]
    pd.testing.assert_frame_equal(forward, backward.sort_index())


def test_areas_in_another_crs_are_taken_to_degrees(pair):
    metres = pair.to_crs("EPSG:32631")
    assert assign_points([0.005, 0.025], [0.005, 0.005], metres)["area_id"].tolist() == ["b", "a"]
    assert metres.crs == "EPSG:32631"


def test_no_points_and_no_areas_give_the_same_columns(pair):
    columns = ["area_id", "placed_by", "distance_m", "border_m"]
    none = assign_points([], [], pair, max_distance_m=10, near_border_m=10)
    nowhere = assign_points([0.5], [0.5], pair.iloc[:0], max_distance_m=10, near_border_m=10)
    assert (list(none), len(none)) == (columns, 0)
    assert (list(nowhere), nowhere.iloc[0].isna().all()) == (columns, True)
    assert none.dtypes.equals(nowhere.dtypes)


def test_what_would_place_points_wrongly_is_refused(pair):
    with pytest.raises(CrsError, match="`areas` has no coordinate reference system"):
        assign_points([0.0], [0.0], areas_of(pair.geometry, ["a", "b"], crs=None))
    with pytest.raises(MissingError, match="`areas` has no column area_id"):
        assign_points([0.0], [0.0], pair.rename(columns={"area_id": "code"}))
    with pytest.raises(MissingError, match="1 areas have no area_id"):
        assign_points([0.0], [0.0], areas_of(pair.geometry, ["a", None]))
    with pytest.raises(DuplicateError, match="Area a occurs more than once"):
        assign_points([0.0], [0.0], areas_of(pair.geometry, ["a", "a"]))
    for choice in ({"max_distance_m": -1.0}, {"near_border_m": np.nan}, {"max_distance_m": np.inf}):
        with pytest.raises(ChoiceError, match="which is no length"):
            assign_points([0.0], [0.0], pair, **choice)


def test_after_warming_up_no_kind_of_column_makes_the_program_compile_again(pair):
    warm_up()
    known = len(locate_block.signatures)
    series = pd.Series([0.005, 0.015])
    frozen = np.array([0.005, 0.015])
    frozen.flags.writeable = False
    for lon, lat in product((series, frozen, frozen.copy(), [0.005, 0.015]), repeat=2):
        assign_points(lon, lat, pair, max_distance_m=5, near_border_m=5)
    assert len(locate_block.signatures) == known
