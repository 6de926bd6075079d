"""Pieces of lines are cut at the very place."""

import numpy as np
import pytest
import shapely

from geo.lines import cut_lines, find_along, join_corners, pack_lines

BENT = shapely.LineString([(0, 0), (3, 4), (3, 10)])  # 5 and 6 long
FLAT = shapely.LineString([(10, 0), (20, 0)])


def test_lengths_and_places_along_are_those_of_each_line():
    lines = pack_lines(np.array([BENT, FLAT]))
    assert len(lines) == 2
    assert lines.length.tolist() == [11.0, 10.0]
    at = find_along(lines, np.array([0, 0, 0, 1, 1]), np.array([0.0, 5.0, 8.0, 2.5, 99.0]))
    assert at.tolist() == [[0, 0], [3, 4], [3, 7], [12.5, 0], [20, 0]]


@pytest.mark.parametrize(
    ("start", "end", "corners"),
    [
        (0.0, 11.0, [(0, 0), (3, 4), (3, 10)]),
        (0.0, 5.0, [(0, 0), (3, 4)]),
        (5.0, 11.0, [(3, 4), (3, 10)]),
        (2.5, 8.0, [(1.5, 2), (3, 4), (3, 7)]),
        (6.0, 7.0, [(3, 5), (3, 6)]),
        (-3.0, 20.0, [(0, 0), (3, 4), (3, 10)]),
    ],
)
def test_a_piece_keeps_the_corners_between_its_ends(start, end, corners):
    lines = pack_lines(np.array([FLAT, BENT, FLAT]))
    (piece,) = cut_lines(lines, np.array([1]), np.array([start]), np.array([end]))
    assert shapely.get_coordinates(piece).tolist() == [list(map(float, corner)) for corner in corners]


def test_pieces_of_a_line_add_up_to_it():
    rng = np.random.default_rng(3)
    lines = pack_lines(np.array([shapely.LineString(rng.uniform(0, 50, (n, 2))) for n in (2, 5, 9)]))
    owner = np.repeat(np.arange(3), 4)
    steps = np.linspace(0, 1, 5)
    low = lines.length[owner] * np.tile(steps[:-1], 3)
    high = lines.length[owner] * np.tile(steps[1:], 3)
    pieces = cut_lines(lines, owner, low, high)
    assert np.bincount(owner, shapely.length(pieces)) == pytest.approx(lines.length)


def test_no_lines_are_no_lines():
    empty = join_corners(np.empty((0, 2)), np.empty(0, dtype=int))
    assert len(empty) == 0
    assert cut_lines(empty, np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)).tolist() == []
