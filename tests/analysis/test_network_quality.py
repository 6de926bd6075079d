"""A broken network is told before it is used, and nothing is dropped without notice (fault B30)."""

import numpy as np
import pytest

from geo.analysis.network import build_network
from geo.analysis.network_quality import check_network, drop_islands, find_gaps, find_islands
from geo.analysis.snapping import snap_points
from geo.errors import ChoiceError
from tests.analysis.walk_graphs import ADULT, lattice, make, tables, to_degrees

BROKEN = [(0, 0), (100, 0), (200, 0), (500, 0), (600, 0), (1000, 0), (1010, 0)]


def test_fault_B30_islands_and_who_stands_on_them():
    network = make(BROKEN, [(3, 4), (0, 1), (1, 2), (5, 6)], name=["甲", "乙", None, None])
    people = snap_points(network, *to_degrees([(50, 5), (150, 5), (550, 5), (800, 5)]).T, ceiling_m=20)
    quality = check_network(network, people, [10, 20, 7, 99])
    assert quality.islands[["n_nodes", "n_edges", "length_m"]].to_numpy().tolist() == [
        [3, 2, 200], [2, 1, 100], [2, 1, 10],
    ]  # fmt: skip
    assert quality.islands["n_points"].tolist() == [2, 1, 0]
    assert quality.islands["residents"].tolist() == [30, 7, 0]
    assert quality.n_dead_pieces == 2
    assert quality.named_share == pytest.approx(200 / 310)
    assert find_islands(network).tolist() == [1, 0, 0, 2]


def test_fault_B30_loops_twins_lengths_and_directions_are_counted():
    network = make(
        [(0, 0), (100, 0), (300, 300)],
        [(0, 1), (1, 0), (0, 0, [(0, 50), (50, 50)]), (0, 1), (0, 1), (0, 1)],
        length_m=[100.0, 100.0, 150.0, 0.0, -3.0, 120.0],
        foot_way=["both", "both", "both", "both", "both", "forward"],
    )
    quality = check_network(network)
    assert (quality.n_loops, quality.n_twins) == (1, 1)
    assert (quality.n_zero_length, quality.n_no_length) == (1, 1)
    assert quality.n_one_way == 1
    assert quality.n_bare_nodes == 1
    assert dict(quality.left_out) == {"no_length": 1}


def test_fault_B30_a_ten_metre_gap_at_a_junction_is_found():
    corners = [(0, 0), (200, 0), (100, 9), (100, 100), (100, -15), (100, -90)]
    gaps = find_gaps(make(corners, [(0, 1), (2, 3), (4, 5)]), gap_m=10)
    assert gaps["node_id"].tolist() == [3]
    assert gaps["edge_id"].tolist() == [1]
    assert gaps["gap_m"].tolist() == pytest.approx([9], abs=0.01)
    assert gaps[["lon", "lat"]].to_numpy() == pytest.approx(to_degrees([(100, 9)]))


def test_a_short_spur_that_hangs_on_the_street_is_no_gap():
    corners = [(0, 0), (100, 0), (200, 0), (101, 8)]
    assert find_gaps(make(corners, [(0, 1), (1, 2), (1, 3)]), gap_m=10).empty


def test_a_whole_lattice_has_nothing_to_tell():
    quality = check_network(make(*lattice(4, 4)))
    assert len(quality.islands) == 1
    assert quality.gaps.empty
    assert (quality.n_loops, quality.n_twins, quality.n_dead_pieces, quality.n_bare_nodes) == (0, 0, 0, 0)


def test_small_islands_are_dropped_with_notice_and_never_the_longest():
    nodes, edges = tables(BROKEN, [(3, 4), (0, 1), (1, 2), (5, 6)])
    network = build_network(nodes, edges, profile=ADULT)
    kept = drop_islands(edges, network, shorter_than_m=50)
    assert kept.edges["edge_id"].tolist() == [1, 2, 3]
    assert (kept.n_islands, kept.n_edges, kept.length_m) == (1, 1, 10)
    everything = drop_islands(edges, network, shorter_than_m=1e6)
    assert everything.edges["edge_id"].tolist() == [2, 3]
    assert drop_islands(edges, network, shorter_than_m=0).n_edges == 0


def test_what_the_network_left_out_stays_in_the_table():
    nodes, edges = tables(BROKEN, [(3, 4), (0, 1), (1, 2), (5, 6)], walk=[True, True, True, False])
    kept = drop_islands(edges, build_network(nodes, edges, profile=ADULT), shorter_than_m=1e6)
    assert kept.edges["edge_id"].tolist() == [2, 3, 4]


def test_an_empty_network_is_told_as_such():
    quality = check_network(make([(0, 0), (100, 0)], [(0, 1)], walk=[False]))
    assert (quality.n_edges, quality.n_bare_nodes, len(quality.islands)) == (0, 2, 0)
    assert np.isnan(quality.named_share)


def test_a_gap_that_is_no_length_is_refused():
    with pytest.raises(ChoiceError):
        check_network(make(*lattice(2, 2)), gap_m=-1)
    nodes, edges = tables(*lattice(2, 2))
    with pytest.raises(ChoiceError):
        drop_islands(edges, build_network(nodes, edges, profile=ADULT), shorter_than_m=float("nan"))
