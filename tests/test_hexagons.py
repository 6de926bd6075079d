"""Hexagon ids are those of the H3 library bit by bit, for any number of points at once."""

import math
import re

import h3
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ChoiceError, CrsError
from geo.hexagons import (
    NO_HEXAGON,
    hexagon_centres,
    hexagon_from_text,
    hexagon_ids,
    hexagon_polygons,
    hexagon_resolution,
    hexagon_text,
    parent_ids,
)


def random_points(n, *, seed=7):
    rng = np.random.default_rng(seed)
    return rng.uniform(-180, 180, n), np.degrees(np.arcsin(rng.uniform(-0.9999, 0.9999, n)))


@pytest.mark.parametrize("resolution", range(16))
def test_ids_are_those_of_the_h3_library(resolution):
    lon, lat = random_points(500)
    ids = hexagon_ids(lon, lat, resolution=resolution)
    assert ids.dtype == np.int64
    assert hexagon_text(ids).tolist() == [
        h3.latlng_to_cell(y, x, resolution) for x, y in zip(lon, lat, strict=True)
    ]
    assert (hexagon_resolution(ids) == resolution).all()


def test_many_blocks_give_the_same_ids_as_one_point_at_a_time():
    lon, lat = random_points(200_003)
    ids = hexagon_ids(lon, lat, resolution=9)
    for row in (0, 65_535, 65_536, 131_072, 200_002):
        assert hexagon_text(ids[[row]])[0] == h3.latlng_to_cell(lat[row], lon[row], 9)
    order = np.random.default_rng(1).permutation(lon.size)
    assert np.array_equal(hexagon_ids(lon[order], lat[order], resolution=9), ids[order])


def test_a_point_without_a_position_has_id_0():
    ids = hexagon_ids([104.0, np.nan, 104.0], [30.0, 30.0, np.nan], resolution=9)
    assert (ids == NO_HEXAGON).tolist() == [False, True, True]
    assert hexagon_ids([], [], resolution=9).shape == (0,)


@pytest.mark.parametrize(("lon", "lat"), [(30.66, 104.07), (412_345.0, 3_393_000.0), (np.inf, 0.0), (181, 0)])
def test_faults_B06_B07_B25_points_that_are_no_degrees_are_refused_not_wrapped(lon, lat):
    with pytest.raises(CrsError, match="1 of 2 rows of `points`"):
        hexagon_ids([104.0, lon], [30.0, lat], resolution=9)


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-89.9, 89.9),
    resolution=st.integers(0, 15),
    parent=st.integers(0, 15),
)
def test_parents_are_those_of_the_h3_library(lon, lat, resolution, parent):
    ids = hexagon_ids([lon], [lat], resolution=resolution)
    if parent <= resolution:
        expected = h3.str_to_int(h3.cell_to_parent(h3.int_to_str(int(ids[0])), parent))
        assert parent_ids(ids, resolution=parent).tolist() == [expected]
    else:
        with pytest.raises(ChoiceError, match=f"larger than resolution {parent}; first row 1"):
            parent_ids(ids, resolution=parent)


def test_pentagons_and_their_children_have_the_right_parents():
    for resolution in range(1, 16):
        cells = h3.get_pentagons(resolution) + [
            child for cell in h3.get_pentagons(resolution - 1) for child in h3.cell_to_children(cell)
        ]
        ids = hexagon_from_text(cells)
        for parent in range(resolution + 1):
            expected = [h3.str_to_int(h3.cell_to_parent(cell, parent)) for cell in cells]
            assert parent_ids(ids, resolution=parent).tolist() == expected


def test_parents_of_mixed_resolutions_and_of_no_position():
    fine, coarse = (hexagon_ids([104.0], [30.0], resolution=r)[0] for r in (10, 8))
    assert parent_ids([fine, NO_HEXAGON, coarse], resolution=8).tolist() == [coarse, NO_HEXAGON, coarse]
    assert hexagon_resolution([fine, NO_HEXAGON, coarse]).tolist() == [10, -1, 8]
    assert parent_ids([], resolution=8).shape == (0,)
    with pytest.raises(ChoiceError, match=r"1 of 3 hexagons .* first row 3: resolution 8"):
        parent_ids([fine, NO_HEXAGON, coarse], resolution=9)


@pytest.mark.parametrize("resolution", [-1, 16, 9.5])
def test_an_unknown_resolution_is_refused(resolution):
    with pytest.raises(ChoiceError, match=f"no resolution {resolution}"):
        hexagon_ids([104.0], [30.0], resolution=resolution)
    with pytest.raises(ChoiceError, match=f"no resolution {resolution}"):
        parent_ids([0], resolution=resolution)


def test_text_and_back():
    ids = hexagon_ids(*random_points(300), resolution=11)
    ids[5] = NO_HEXAGON
    texts = hexagon_text(ids)
    assert texts[5] == ""
    assert np.array_equal(hexagon_from_text(texts), ids)
    assert np.array_equal(hexagon_from_text([f"  {t.upper()} " for t in texts]), ids)


def test_missing_text_is_no_position():
    assert hexagon_from_text(["", "  ", None, math.nan, pd.NA]).tolist() == [0] * 5
    assert hexagon_from_text([]).shape == (0,)
    assert hexagon_from_text(pd.Series(["8940e3ce89bffff"], index=[7])).tolist() == [0x8940E3CE89BFFFF]


NOT_CELLS = [
    "grid-17",
    "8940e3ce89bfff",  # a digit short
    "8940e3ce89bffff0",
    "0x8940e3ce89bffff",
    "617700169983721471",  # the decimal form
    "1140e3ce89bffff",  # an edge
    "8940e3ce89bfff0",  # unused digits are not 7
    "89f4e3ce89bffff",  # base cell 122 and above do not exist
    "0",
    "８940e3ce89bffff",
    617700169983721471,
]


@pytest.mark.parametrize("text", NOT_CELLS)
def test_text_that_is_no_cell_is_refused_or_marked(text):
    texts = ["8940e3ce89bffff", "", text]
    with pytest.raises(
        ChoiceError, match=re.escape(f"1 of 3 hexagon ids are not H3 cells; first row 3: {str(text)!r}")
    ):
        hexagon_from_text(texts)
    assert hexagon_from_text(texts, bad="mark").tolist() == [0x8940E3CE89BFFFF, 0, -1]


def test_polygons_and_centres_are_those_of_the_h3_library():
    ids = hexagon_ids(*random_points(300), resolution=7)
    lon, lat = hexagon_centres(ids)
    for cell, polygon, x, y in zip(hexagon_text(ids), hexagon_polygons(ids), lon, lat, strict=True):
        assert (y, x) == pytest.approx(h3.cell_to_latlng(cell), abs=1e-10)
        ring = shapely.get_coordinates(polygon)[:-1, ::-1]
        assert ring == pytest.approx(np.array(h3.cell_to_boundary(cell)), abs=1e-10)


def test_polygons_and_centres_of_no_position_are_missing():
    ids = [0x8940E3CE89BFFFF, NO_HEXAGON]
    assert [p is None for p in hexagon_polygons(ids)] == [False, True]
    assert [np.isnan(v).tolist() for v in hexagon_centres(ids)] == [[False, True]] * 2
    assert hexagon_polygons([]).shape == hexagon_centres([])[0].shape == (0,)


@pytest.mark.parametrize("bad", [1, -1, 0x1140E3CE89BFFFF, 2**63 - 1])
@pytest.mark.parametrize("draw", [hexagon_polygons, hexagon_centres])
def test_an_id_that_is_no_cell_is_refused(draw, bad):
    with pytest.raises(ChoiceError, match=f"1 of 3 hexagon ids are not H3 cells; first row 3: {bad}"):
        draw([0x8940E3CE89BFFFF, NO_HEXAGON, bad])


def test_a_point_lies_in_the_polygon_of_its_cell():
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(103.9, 104.2, 2000), rng.uniform(30.5, 30.8, 2000)
    polygons = hexagon_polygons(hexagon_ids(lon, lat, resolution=9))
    assert shapely.covers(shapely.buffer(polygons, 1e-7), shapely.points(lon, lat)).all()


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "resolution"), [("rand05", 5), ("rand07", 7), ("rand09", 9)])
def test_reference_boundaries_of_h3(shared_data, name, resolution):
    """uber/h3 tests/inputfiles: 5 000 cells and their vertices, latitude first, to nine decimals."""
    text = (shared_data / f"reference/h3/{name}cells.txt").read_text(encoding="ascii")
    cells = re.findall(r"^([0-9a-f]{15})$", text, flags=re.MULTILINE)
    pairs = re.findall(r"^ +(\S+) (\S+)$", text, flags=re.MULTILINE)
    expected = np.array(pairs, dtype=float)[:, ::-1]
    assert len(cells) == 5000
    ids = hexagon_from_text(cells)
    assert (hexagon_resolution(ids) == resolution).all()
    assert hexagon_text(ids).tolist() == cells

    polygons = hexagon_polygons(ids)
    vertices, owner = shapely.get_coordinates(polygons, return_index=True)
    last = np.append(np.diff(owner) > 0, True)  # the closing vertex of each ring
    assert np.abs(vertices[~last] - expected).max() < 2e-9

    lon, lat = hexagon_centres(ids)
    assert np.array_equal(hexagon_ids(lon, lat, resolution=resolution), ids)


@pytest.mark.realdata
def test_porto_alegre_hexagons_are_the_cells_of_their_centres(shared_data):
    """The catalogue says: ids equal H3 cell centres within 2.3e-6 degrees."""
    table = pd.read_csv(shared_data / "population/porto_alegre_hexgrid.csv")
    ids = hexagon_from_text(table["id"])
    assert len(np.unique(ids)) == 1227
    assert np.array_equal(hexagon_ids(table["lon"], table["lat"], resolution=9), ids)
    lon, lat = hexagon_centres(ids)
    assert max(np.abs(lon - table["lon"]).max(), np.abs(lat - table["lat"]).max()) < 2.4e-6
