"""No area is left out of a tile, none strays, and what is written is read by others."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import vector_tiles
from geo.errors import ChoiceError
from geo.vector_tiles import DEEPEST, THIN_UNITS, Tile, encode_tile, read_tile, tiles_over
from tests import tile_reading
from tests.tile_reading import ids_of, units, whole_shapes

CITY = (104.0, 30.6, 104.1, 30.7)


def encode(tile, shapes, ids=None):
    codes = ids or [f"{place:04d}" for place in range(len(shapes))]
    return encode_tile(tile, codes, [f"{code}号" for code in codes], np.asarray(shapes, dtype=object))


def test_a_tile_covers_its_quarter_of_the_world():
    assert Tile(0, 0, 0).box == pytest.approx((-180, -85.0511287798066, 180, 85.0511287798066))
    assert Tile(1, 1, 1).box == pytest.approx((0, -85.0511287798066, 180, 0))
    assert Tile(2, 3, 1).box == pytest.approx((90, 0, 180, 66.5132604431119))


def test_the_tiles_over_a_box_are_those_whose_boxes_touch_it():
    for z in range(8):
        every = [Tile(z, x, y) for y in range(2**z) for x in range(2**z)]
        west, south, east, north = CITY
        touching = [
            tile
            for tile in every
            if tile.box[0] <= east and tile.box[2] >= west and tile.box[1] <= north and tile.box[3] >= south
        ]
        assert tiles_over(CITY, z) == touching


def test_a_place_that_reaches_over_the_ends_of_the_map_has_tiles_inside_the_map_only():
    assert tiles_over((-200.0, -90.0, 200.0, 90.0), 1) == [Tile(1, x, y) for y in (0, 1) for x in (0, 1)]


def test_a_square_is_coded_as_the_specification_says():
    # Move to one corner, lines to three, close; steps are zigzag numbers.
    shape = units_to_degrees([(2, 3), (5, 3), (5, 6), (2, 6)])
    content = encode(Tile(0, 0, 0), [shape], ids=["a"])

    assert bytes([9, 4, 6, 26, 6, 0, 0, 6, 5, 0, 15]) in content


def units_to_degrees(corners, *, hole=None):
    """A polygon whose corners are whole units of the one tile of zoom 0."""

    def turn(xy):
        lon = [x / 4096 * 360 - 180 for x, _ in xy]
        lat = [float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y / 4096))))) for _, y in xy]
        return list(zip(lon, lat, strict=True))

    return shapely.Polygon(turn(corners), [turn(hole)] if hole else None)


def test_a_hole_stays_a_hole_whichever_way_its_ring_runs():
    outside, hole = (
        [(100, 100), (200, 100), (200, 200), (100, 200)],
        [(140, 140), (160, 140), (160, 160), (140, 160)],
    )
    for turned in (hole, hole[::-1]):
        for around in (outside, outside[::-1]):
            shape = units_to_degrees(around, hole=turned)
            found = tile_reading.read_tile(encode(Tile(0, 0, 0), [shape])).geometry.iloc[0]
            assert found.area == 100 * 100 - 20 * 20


def surfaces_of(content):
    """Signed surface of each ring by the surveyor's formula, y to the south, read number by number."""
    (feature,) = vector_tiles._TILE.FromString(content).layers[0].features
    numbers, at, rings, place = list(feature.geometry), np.zeros(2), [], 0
    while place < len(numbers):
        command, n = numbers[place] & 7, numbers[place] >> 3
        place += 1
        if command == 7:
            continue
        if command == 1:
            rings.append([])
        for _ in range(n):
            at = at + [(number >> 1) ^ -(number & 1) for number in numbers[place : place + 2]]
            rings[-1].append(at)
            place += 2
    return [
        sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) / 2
        for ring in rings
    ]


@pytest.mark.parametrize("turn", [1, -1])
def test_outer_rings_run_one_way_and_holes_the_other_as_the_specification_says(turn):
    outside = [(100, 100), (200, 100), (200, 200), (100, 200)][::turn]
    hole = [(140, 140), (160, 140), (160, 160), (140, 160)]
    for ring in (hole, hole[::-1]):
        content = encode(Tile(0, 0, 0), [units_to_degrees(outside, hole=ring)])
        assert surfaces_of(content) == [10_000, -400]


def test_an_area_of_several_parts_keeps_the_parts_that_can_be_seen():
    large, small = [(0, 0), (50, 0), (50, 50), (0, 50)], [(300, 300), (340, 300), (340, 340), (300, 340)]
    dust = [(600, 600), (600.01, 600), (600.01, 600.01)]
    shape = shapely.MultiPolygon([units_to_degrees(part) for part in (large, dust, small)])

    found = tile_reading.read_tile(encode(Tile(0, 0, 0), [shape])).geometry.iloc[0]

    assert sorted(part.area for part in shapely.get_parts(found)) == [40 * 40, 50 * 50]


def test_an_area_smaller_than_a_unit_is_a_box_of_one_unit_where_it_lies():
    shape = shapely.box(104.05, 30.65, 104.05000001, 30.65000001)
    for z in range(DEEPEST + 1):
        tile = tiles_over(shape.bounds, z)[0]
        found = tile_reading.read_tile(encode(tile, [shape])).geometry.iloc[0]
        assert found.area == 1
        assert found.covers(shapely.centroid(units(np.array([shape]), z, tile.x, tile.y)[0]))


@given(
    z=st.integers(0, DEEPEST),
    parts=st.lists(
        st.tuples(
            st.floats(-179, 179),
            st.floats(-84, 84),
            st.floats(-9, 0.9),
            st.floats(-9, 0.9),
            st.integers(3, 12),
        ),
        min_size=1,
        max_size=20,
    ),
)
def test_every_area_is_on_its_tile_whatever_its_shape_and_size(z, parts):
    shapes = []
    for lon, lat, wide, high, n in parts:
        angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
        ring = np.column_stack([lon + 10**wide * np.cos(angles), lat + 10**high * np.sin(angles)])
        shapes.append(shapely.Polygon(ring))
    tile = tiles_over(shapes[0].bounds, z)[0]

    found = tile_reading.read_tile(encode(tile, shapes))

    assert list(found["area_id"]) == [f"{place:04d}" for place in range(len(shapes))]
    assert list(found["name"]) == [f"{place:04d}号" for place in range(len(shapes))]
    assert (found.geometry.area > 0).all()


@pytest.mark.parametrize("z", [8, 11, 13, DEEPEST])
def test_no_outline_strays_further_than_it_may_be_thinned(z):
    shapes = whole_shapes(CITY, 300)
    tile = tiles_over(CITY, z)[0]
    most = (0 if z == DEEPEST else THIN_UNITS) + np.sqrt(0.5)  # half a unit each way by rounding

    found = tile_reading.read_tile(encode(tile, shapes)).geometry.to_numpy()
    true = units(shapes, z, tile.x, tile.y)

    is_seen = shapely.area(true) > 100
    assert is_seen.sum() > 100
    strays = shapely.hausdorff_distance(shapely.boundary(found[is_seen]), shapely.boundary(true[is_seen]))
    assert strays.max() <= most


def test_neighbours_stay_flush_where_tiles_are_magnified():
    shapes = whole_shapes(CITY, 200)
    found = tile_reading.read_tile(encode(tiles_over(CITY, DEEPEST)[0], shapes)).geometry.to_numpy()

    whole = shapely.union_all(found)
    assert whole.area == pytest.approx(shapely.area(found).sum(), rel=1e-12)
    assert not shapely.get_num_interior_rings(whole)


def test_units_are_the_same_on_neighbouring_tiles():
    shapes = whole_shapes(CITY, 50)
    one, other = tiles_over(CITY, 12)[:2]
    assert (other.x, other.y) == (one.x + 1, one.y)

    left, right = (tile_reading.read_tile(encode(tile, shapes)).geometry.to_numpy() for tile in (one, other))

    moved = shapely.transform(right, lambda xy: xy + np.array([4096, 0]))
    assert shapely.equals_exact(left, moved).all()


def test_the_order_of_areas_is_kept_and_nothing_stands_twice():
    shapes = whole_shapes(CITY, 100)
    tile = tiles_over(CITY, 10)[0]
    codes = [f"{place:04d}" for place in np.random.default_rng(3).permutation(100)]

    assert ids_of(encode(tile, shapes, ids=codes)) == codes
    assert encode(tile, shapes[:0]) == b""


def test_an_area_at_the_end_of_the_world_is_on_its_tile():
    poles = [shapely.box(-180, 80, 180, 90), shapely.box(-180, -90, 180, -80)]

    assert ids_of(encode(Tile(0, 0, 0), poles)) == ["0000", "0001"]


def test_an_address_of_a_tile_is_read_and_nonsense_is_refused():
    assert read_tile("14", "16383", "0") == Tile(14, 16383, 0)
    for wrong in (("15", "0", "0"), ("0", "1", "0"), ("0", "0", "1"), ("", "0", "0"), ("0", "-0", "0"), ("٣", "0", "0"),
                  ("3.0", "0", "0"), ("0x1", "0", "0"), ("1" * 5000, "0", "0")):  # fmt: skip
        with pytest.raises(ChoiceError) as refused:
            read_tile(*wrong)
        assert refused.value.code == "tile_unknown"
        assert len(refused.value.say("zh")) < 120
