"""Distances on hand-worked lattices, with exact answers, and those of a second library on random ones."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.network import build_network
from geo.analysis.profiles import Profile
from geo.analysis.reach import count_within, list_within, measure_kinds, measure_reach, warm_up
from geo.analysis.reach_kernels import search_nearest
from geo.analysis.snapping import Snapped, snap_points
from geo.analysis.walk_queue import UNREACHED
from geo.errors import ChoiceError
from tests.analysis.walk_graphs import ADULT, as_graph, lattice, make, tables, to_degrees


def snap(network, *points, ceiling_m=60.0):
    return snap_points(network, *to_degrees(points).T, ceiling_m=ceiling_m)


def metres(network, points, goals, **choices):
    return (
        measure_reach(network, goals, limit_m=choices.pop("limit_m", 5000), **choices)
        .at_points(points)
        .metres[:, 0]
    )


# --- by hand ---


def test_from_the_middle_of_an_edge_to_the_middle_of_another():
    network = make(*lattice(3, 3))
    # 20 m to the street, 30 m to the corner, 100 m, 40 m, 10 m to the door
    assert metres(network, snap(network, (70, 20)), snap(network, (210, 60))).tolist() == [20 + 130 + 60 + 10]


def test_both_ways_along_the_own_edge_are_tried():
    network = make(*lattice(3, 2))
    home = snap(network, (60, 0))
    assert metres(network, home, snap(network, (0, 0))).tolist() == [60]
    assert metres(network, home, snap(network, (100, 0))).tolist() == [40]


def test_two_doors_on_one_edge_need_no_node():
    network = make([(0, 0), (1000, 0)], [(0, 1)])
    assert metres(network, snap(network, (400, 10)), snap(network, (450, -5))).tolist() == [65]


def test_a_one_way_edge_is_walked_round():
    corners, edges = lattice(2, 2)
    network = make(corners, edges, foot_way=["forward", "both", "both", "both"])
    a, b = snap(network, (80, 0)), snap(network, (20, 0))
    assert metres(network, b, a).tolist() == [60]
    assert metres(network, a, b).tolist() == [20 + 100 + 100 + 100 + 20]
    assert metres(network, b, a, direction="from").tolist() == [340]
    assert metres(network, a, b, direction="from").tolist() == [60]


def test_a_river_is_crossed_on_its_bridge():
    corners = [(0, 0), (500, 0), (0, 60), (500, 60)]
    banks = [(0, 1), (2, 3)]
    home, goal = (100, 0), (100, 60)
    apart = make(corners, banks)
    assert np.isnan(metres(apart, snap(apart, home), snap(apart, goal))).all()
    joined = make(corners, [*banks, (1, 3)])
    assert metres(joined, snap(joined, home), snap(joined, goal)).tolist() == [400 + 60 + 400]


def test_the_limit_is_kept_to_the_decimetre_and_counts_both_doors():
    network = make([(0, 0), (1000, 0)], [(0, 1)])
    home, goal = snap(network, (100, 10)), snap(network, (300, 10))
    assert metres(network, home, goal, limit_m=220).tolist() == [220]
    assert np.isnan(metres(network, home, goal, limit_m=219.9)).all()


def test_a_facility_with_two_entrances_is_reached_at_the_nearer_one():
    network = make([(0, 0), (1000, 0)], [(0, 1)])
    ends = snap(network, (0, 0), (900, 0))
    school = Snapped(
        ends.edge, ends.offset_dm, ends.walk_dm, np.zeros(2, np.int32), 1, ends.xy, ends.reasons[:1]
    )
    walks = measure_reach(network, school, limit_m=5000).at_points(snap(network, (200, 0), (800, 0)))
    assert walks.metres[:, 0].tolist() == [200, 100]
    assert walks.facility[:, 0].tolist() == [0, 0]
    assert count_within(network, snap(network, (450, 0)), school, limit_m=500).tolist() == [1]


def test_of_facilities_equally_near_the_first_is_told():
    network = make([(0, 0), (200, 0)], [(0, 1)])
    home = snap(network, (100, 0))
    for order in ([(0, 0), (200, 0)], [(200, 0), (0, 0)]):
        walks = measure_reach(network, snap(network, *order), limit_m=500, n_nearest=2).at_points(home)
        assert walks.facility.tolist() == [[0, 1]]


def test_the_nearest_three_and_their_order():
    network = make([(0, 0), (1000, 0)], [(0, 1)])
    goals = snap(network, (0, 0), (300, 0), (1000, 0), (500, 0))
    walks = measure_reach(network, goals, limit_m=600, n_nearest=3).at_points(snap(network, (350, 0)))
    assert walks.metres.tolist() == [[50, 150, 350]]
    assert walks.facility.tolist() == [[1, 3, 0]]


def test_the_list_of_all_pairs_is_sorted_and_complete():
    network = make([(0, 0), (1000, 0)], [(0, 1)])
    goals, homes = snap(network, (0, 0), (300, 0), (1000, 0)), snap(network, (900, 0), (100, 0))
    pairs = list_within(network, homes, goals, limit_m=600)
    assert list(zip(pairs.point.tolist(), pairs.facility.tolist(), pairs.metres.tolist(), strict=True)) == [
        (0, 1, 600.0), (0, 2, 100.0), (1, 0, 100.0), (1, 1, 200.0),
    ]  # fmt: skip
    assert count_within(network, homes, goals, limit_m=600).tolist() == [2, 2]


def test_the_middle_of_every_edge_has_its_metres():
    network = make([(0, 0), (100, 0), (300, 0)], [(0, 1), (1, 2)])
    assert measure_reach(network, snap(network, (0, 0)), limit_m=900).at_edges().metres[:, 0].tolist() == [
        50,
        200,
    ]


def test_slopes_count_along_the_way():
    wheels = Profile("wheels", 0.8, slope_costs=True)
    network = make([(0, 0), (100, 0)], [(0, 1)], profile=wheels, climb_m=[8.0])
    factor = np.exp(3.5 * 0.08)
    low, high = snap(network, (0, 0)), snap(network, (100, 0))
    assert metres(network, low, high).tolist() == pytest.approx([100 * factor], abs=0.06)
    assert metres(network, high, low).tolist() == [100]
    assert metres(network, snap(network, (50, 0)), high).tolist() == pytest.approx([50 * factor], abs=0.06)


def test_nobody_and_nothing_are_no_error():
    network = make(*lattice(2, 2))
    none = snap_points(network, [], [], ceiling_m=10)
    home = snap(network, (0, 0))
    assert np.isnan(metres(network, home, none)).all()
    assert list_within(network, home, none, limit_m=100).point.tolist() == []
    assert count_within(network, home, none, limit_m=100).tolist() == [0]
    assert measure_kinds(network, {}, limit_m=100) == {}


@pytest.mark.parametrize("limit_m", [-1.0, float("nan"), float("inf"), 1e9])
def test_a_limit_that_is_no_length_is_refused(limit_m):
    network = make(*lattice(2, 2))
    with pytest.raises(ChoiceError):
        measure_reach(network, snap(network, (0, 0)), limit_m=limit_m)


@pytest.mark.parametrize("n_nearest", [0, 21])
def test_so_many_nearest_cannot_be_told(n_nearest):
    network = make(*lattice(2, 2))
    with pytest.raises(ChoiceError, match="1 to 20"):
        measure_reach(network, snap(network, (0, 0)), limit_m=100, n_nearest=n_nearest)


def test_warming_up_walks_every_loop():
    network = make(*lattice(2, 2))
    warm_up(network, snap(network, (0, 0)))


# --- against networkx ---


def random_city(seed, *, one_way):
    """Return a broken lattice, facilities and homes on it."""
    rng = np.random.default_rng(seed)
    corners, edges = lattice(6, 5)
    corners = np.array(corners) + rng.uniform(-30, 30, (len(corners), 2))
    edges = [edge for edge in edges if rng.random() < 0.75]
    ways = rng.choice(
        ["both", "forward", "backward"], len(edges), p=[0.6, 0.2, 0.2] if one_way else [1, 0, 0]
    )
    network = make(corners, edges, foot_way=ways)
    goals = snap(network, *rng.uniform(0, 500, (6, 2)))
    homes = snap(network, *rng.uniform(0, 500, (40, 2)))
    return network, goals, homes


def all_metres(network, goals, homes, *, direction):
    """Return the decimetres between every facility and every node and home, by networkx."""
    both = Snapped(
        *(np.concatenate([getattr(goals, n), getattr(homes, n)]) for n in ("edge", "offset_dm", "walk_dm")),
        np.concatenate([goals.owner, homes.owner + goals.n_owners]),
        goals.n_owners + homes.n_owners,
        np.concatenate([goals.xy, homes.xy]),
        np.concatenate([goals.reasons, homes.reasons]),
    )
    graph = as_graph(network, both)
    graph = graph.reverse() if direction == "to" else graph
    return [
        nx.single_source_dijkstra_path_length(graph, ("goal", owner), weight="dm")
        if graph.has_node(("goal", owner))
        else {}
        for owner in range(goals.n_owners)
    ]


def read(walks, row):
    return [
        (round(m * 10), f)
        for m, f in zip(walks.metres[row].tolist(), walks.facility[row].tolist(), strict=True)
        if f >= 0
    ]


@pytest.mark.parametrize("direction", ["to", "from"])
@pytest.mark.parametrize("seed", range(6))
def test_networkx_finds_the_same_nearest_few_everywhere(seed, direction):
    network, goals, homes = random_city(seed, one_way=seed % 2 == 0)
    away = all_metres(network, goals, homes, direction=direction)
    for n_nearest in (1, 3):
        reach = measure_reach(network, goals, limit_m=400, direction=direction, n_nearest=n_nearest)
        places = [(reach.at_nodes(), u, u) for u in range(network.n_nodes)]
        places += [(reach.at_points(homes), h, ("goal", goals.n_owners + h)) for h in range(homes.n_owners)]
        for walks, row, key in places:
            expected = sorted((dm[key], owner) for owner, dm in enumerate(away) if dm.get(key, 9999) <= 4000)
            assert read(walks, row) == expected[:n_nearest]


@pytest.mark.parametrize("direction", ["to", "from"])
def test_networkx_finds_the_same_pairs(direction):
    network, goals, homes = random_city(7, one_way=True)
    away = all_metres(network, goals, homes, direction=direction)
    keys = [("goal", goals.n_owners + home) for home in range(homes.n_owners)]
    expected = [
        (home, owner, away[owner][key])
        for home, key in enumerate(keys)
        for owner in range(goals.n_owners)
        if away[owner].get(key, 9999) <= 4000
    ]
    pairs = list_within(network, homes, goals, limit_m=400, direction=direction)
    found = zip(
        pairs.point.tolist(), pairs.facility.tolist(), (pairs.metres * 10).round().tolist(), strict=True
    )
    assert list(found) == expected
    counts = count_within(network, homes, goals, limit_m=400, direction=direction)
    assert counts.tolist() == np.bincount([row[0] for row in expected], minlength=homes.n_owners).tolist()


def star(n_rays):
    """Return a place with so many dead ends, all of the same length."""
    turn = np.linspace(0, 2 * np.pi, n_rays, endpoint=False)
    tips = 100 * np.column_stack([np.cos(turn), np.sin(turn)])
    return make(
        np.vstack([[0, 0], tips]), [(0, k + 1) for k in range(n_rays)], length_m=np.full(n_rays, 100.0)
    )


def test_a_queue_without_room_says_so():
    network = star(100)
    middle = np.flatnonzero(network.node_ids == 1).astype(np.uint32)
    for n_chunks, is_enough in ((1, False), (50, False), (120, True)):
        labels = np.full(network.n_nodes, UNREACHED, dtype=np.uint64)
        seed = np.zeros(1, dtype=np.uint64)
        done = search_nearest(
            network.inward.first, network.inward.items, middle, seed, 5000, n_chunks, labels
        )
        assert done == is_enough
    assert (labels >> np.uint64(32)).max() == 1000


def test_a_search_that_needs_more_room_begins_again():
    network = star(2000)  # more rays than chunks at first
    goal = snap(network, (0, 0))
    for n_nearest in (1, 2):
        walks = measure_reach(network, goal, limit_m=150, n_nearest=n_nearest).at_nodes()
        assert sorted(set(walks.metres[:, 0].tolist())) == [0, 100]
    tips = snap(network, *(0.999 * 100 * np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])))
    assert count_within(network, tips, goal, limit_m=150).tolist() == [1, 1, 1]


def test_kinds_and_threads_do_not_change_an_answer():
    network, goals, homes = random_city(5, one_way=True)
    kinds = {"a": goals, "b": goals.of(np.array([4, 1])), "c": goals.of(np.array([2]))}
    one = measure_kinds(network, kinds, limit_m=600, n_threads=1)
    two = measure_kinds(network, kinds, limit_m={"a": 600, "b": 600, "c": 600}, n_threads=2)
    for kind in kinds:
        assert np.array_equal(one[kind].labels, two[kind].labels)
    own = one["b"].at_points(homes).metres
    assert np.array_equal(
        own, measure_reach(network, kinds["b"], limit_m=600).at_points(homes).metres, equal_nan=True
    )


# --- properties ---

seeds = st.integers(0, 10_000)


@given(seeds, st.sampled_from([300.0, 600.0]), st.sampled_from([150.0, 300.0]))
@settings(max_examples=25)
def test_fault_I11_what_is_reached_sooner_is_reached_later(seed, long_m, short_m):
    network, goals, homes = random_city(seed, one_way=True)
    near, far = (metres(network, homes, goals, limit_m=limit) for limit in (short_m, max(long_m, short_m)))
    assert (np.isnan(near) | (near == far)).all()


@given(seeds, st.integers(0, 5))
@settings(max_examples=25)
def test_fault_I10_one_more_facility_never_makes_a_walk_longer(seed, left_out):
    network, goals, homes = random_city(seed, one_way=True)
    fewer = metres(network, homes, goals.of(np.setdiff1d(np.arange(6), [left_out])))
    assert (np.nan_to_num(metres(network, homes, goals), nan=1e9) <= np.nan_to_num(fewer, nan=1e9)).all()


@given(seeds)
@settings(max_examples=25)
def test_fault_I10_one_more_link_never_makes_a_walk_longer(seed):
    rng = np.random.default_rng(seed)
    corners, edges = lattice(5, 4)
    corners = np.array(corners) + rng.uniform(-30, 30, (len(corners), 2))
    nodes, table = tables(corners, edges)
    closed = rng.random(len(table)) < 0.3
    closed[rng.integers(len(table))] = True
    link = rng.choice(np.flatnonzero(closed))
    before = build_network(nodes, table.assign(walk=~closed), profile=ADULT)
    closed[link] = False
    after = build_network(nodes, table.assign(walk=~closed), profile=ADULT)
    at = rng.integers(0, len(corners), 8)
    goals, homes = at[:2], at[2:]
    found = []
    for network in (before, after):
        # at nodes, so that a new link does not change where anybody joins
        rank = {int(n): k for k, n in enumerate(network.node_ids)}
        graph_goals = snap_points(network, *to_degrees(corners[goals]).T, ceiling_m=0.01)
        walks = measure_reach(network, graph_goals, limit_m=3000).at_nodes().metres[:, 0]
        found.append(np.nan_to_num(walks[[rank[int(h) + 1] for h in homes]], nan=1e9))
    assert (found[1] <= found[0]).all()


@given(seeds)
@settings(max_examples=15)
def test_the_way_round_is_never_shorter_than_the_way(seed):
    network, _, homes = random_city(seed, one_way=False)
    few = homes.of(np.arange(12))
    pairs = list_within(network, few, few, limit_m=5000)
    table = np.full((12, 12), np.inf)
    table[pairs.point, pairs.facility] = pairs.metres
    assert np.array_equal(table, table.T)
    detour = (table[:, :, None] + table[None, :, :]).min(axis=1)
    assert (table <= detour + 1e-9).all()


@given(seeds)
@settings(max_examples=15)
def test_the_order_of_rows_and_nodes_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    corners, edges = lattice(5, 4)
    corners = np.array(corners) + rng.uniform(-30, 30, (len(corners), 2))
    nodes, table = tables(corners, edges)
    points = rng.uniform(0, 400, (30, 2))
    order = rng.permutation(len(corners))
    renumbered = dict(zip((np.arange(len(corners)) + 1).tolist(), (order + 1).tolist(), strict=True))
    other_nodes = nodes.assign(node_id=nodes["node_id"].map(renumbered)).sample(frac=1, random_state=1)
    other_edges = table.assign(
        from_node=table["from_node"].map(renumbered), to_node=table["to_node"].map(renumbered)
    ).sample(frac=1, random_state=2)
    found = []
    for some_nodes, some_edges in ((nodes, table), (other_nodes, other_edges)):
        network = build_network(some_nodes, some_edges, profile=ADULT)
        found.append(metres(network, snap(network, *points[5:]), snap(network, *points[:5])))
    assert np.array_equal(*found, equal_nan=True)
