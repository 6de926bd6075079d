"""Streets become a graph that keeps ids, names and directions, whatever the order of rows."""

import numpy as np
import pandas as pd
import pytest

from geo.analysis.network import NOT_ALLOWED, build_network, find_morton
from geo.analysis.profiles import Profile
from geo.errors import CrsError, DuplicateError, GeoError, MissingError
from tests.analysis.walk_graphs import ADULT, lattice, make, tables

WHEELS = Profile(
    "wheels",
    0.8,
    barred_kinds=frozenset({"steps"}),
    needs_wheels=True,
    slope_costs=True,
    steepest_share=0.0833,
)


def test_nodes_edges_names_and_lengths_are_kept():
    network = make(
        [(0, 0), (100, 0), (100, 50)], [(0, 1), (1, 2)], name=["长街", None], kind=["footway", "steps"]
    )
    assert (network.n_nodes, network.n_edges) == (3, 2)
    assert network.edge_ids.tolist() == [1, 2]
    assert network.length_dm.tolist() == [1000, 500]
    assert network.names.tolist() == ["长街", None]
    assert network.kinds.tolist() == ["footway", "steps"]
    assert network.node_ids[network.start].tolist() == [1, 2]
    assert network.n_bytes > 0


def test_the_order_of_rows_does_not_matter():
    corners, edges = lattice(5, 4)
    nodes, table = tables(corners, edges)
    rng = np.random.default_rng(0)
    a = build_network(nodes, table, profile=ADULT)
    b = build_network(
        nodes.iloc[rng.permutation(len(nodes))], table.iloc[rng.permutation(len(table))], profile=ADULT
    )
    for name in ("node_ids", "edge_ids", "start", "end", "length_dm", "node_xy"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    assert np.array_equal(a.inward.items, b.inward.items)


def test_a_one_way_footway_is_walked_one_way():
    network = make([(0, 0), (10, 0)], [(0, 1), (0, 1), (0, 1)], foot_way=["both", "forward", "backward"])
    assert network.forward_dm.tolist() == [100, 100, NOT_ALLOWED]
    assert network.backward_dm.tolist() == [100, NOT_ALLOWED, 100]
    assert len(network.outward.items) == len(network.inward.items) == 4
    assert len(network.beside.items) == 6


def test_what_is_left_out_is_counted_by_reason():
    network = make(
        [(0, 0), (10, 0)],
        [(0, 1)] * 6,
        profile=WHEELS,
        kind=["footway", "steps", "footway", "footway", "footway", "footway"],
        walk=[True, True, False, True, True, True],
        wheels=pd.array([None, None, None, False, None, None], dtype="boolean"),
        climb_m=[0.0, 0.0, 0.0, 0.0, 1.0, np.nan],
    )
    assert dict(network.left_out) == {"barred": 2, "not_walked": 1, "too_steep": 1}
    assert network.edge_ids.tolist() == [1, 6]


@pytest.mark.parametrize("length_m", [-5.0, float("nan")])
def test_fault_B30_a_length_that_is_none_is_left_out_with_notice(length_m):
    network = make([(0, 0), (10, 0)], [(0, 1), (0, 1)], length_m=[10.0, length_m])
    assert network.n_edges == 1
    assert network.left_out["no_length"] == 1


def test_up_costs_more_than_down_and_an_adult_pays_nothing():
    slow = make([(0, 0), (100, 0)], [(0, 1)], profile=WHEELS, climb_m=[5.0])
    assert slow.forward_dm.tolist() == [round(1000 * np.exp(3.5 * 0.05))]
    assert slow.backward_dm.tolist() == [1000]
    assert make([(0, 0), (100, 0)], [(0, 1)], climb_m=[5.0]).forward_dm.tolist() == [1000]


def test_a_network_without_streets_is_a_network():
    network = make([(0, 0), (10, 0)], [(0, 1)], walk=[False])
    assert (network.n_nodes, network.n_edges) == (2, 0)
    nodes, edges = tables([(0, 0), (10, 0)], [(0, 1)])
    assert build_network(nodes[:0], edges[:0], profile=ADULT).n_nodes == 0


def test_an_edge_to_a_node_that_is_not_there_is_refused():
    nodes, edges = tables([(0, 0), (10, 0)], [(0, 1)])
    with pytest.raises(MissingError, match="end at a node that is not there"):
        build_network(nodes[:1], edges, profile=ADULT)


def test_repeated_ids_missing_columns_and_systems_are_refused():
    nodes, edges = tables([(0, 0), (10, 0)], [(0, 1), (0, 1)])
    with pytest.raises(DuplicateError, match="edge_id"):
        build_network(nodes, edges.assign(edge_id=1), profile=ADULT)
    with pytest.raises(MissingError, match="length_m"):
        build_network(nodes, edges.drop(columns="length_m"), profile=ADULT)
    with pytest.raises(CrsError):
        build_network(nodes, edges.to_crs(4547), profile=ADULT)
    with pytest.raises(GeoError, match="half the way round"):
        build_network(nodes, edges.assign(length_m=3e7), profile=ADULT)


def test_neighbours_in_the_city_are_neighbours_in_memory():
    grid = np.stack(np.meshgrid(np.arange(32), np.arange(32)), -1).reshape(-1, 2).astype(float)
    order = grid[np.argsort(find_morton(grid))]
    steps = np.hypot(*np.diff(order, axis=0).T)
    assert np.median(steps) <= np.sqrt(2)
    assert len(np.unique(find_morton(grid))) == len(grid)
