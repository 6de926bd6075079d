"""How far everybody walks to the nearest facility, and what is within reach (步行可达).

One bounded search per kind of facility walks from all facilities of the kind at once and labels every node
with its nearest one. Points on edges are read off the labels of the two ends, and along the edge itself
where a facility stands on it. Distances are metres of level street of the network's profile, the straight
walks from door to street at both ends counted; minutes are those metres over its speed.

Everything is exact in whole decimetres, and of facilities equally near the first in the table is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.analysis.compiled import N_CORES
from geo.analysis.network import DM_PER_M, Rows, WalkNetwork
from geo.analysis.point_kernels import Edges, Places, label_points, list_pairs, seed_ends
from geo.analysis.reach_kernels import OWNERS, search_nearest, search_nearest_few
from geo.analysis.snapping import NOWHERE, Snapped
from geo.analysis.walk_queue import (
    BUCKET_BITS,
    CHUNK,
    LABEL_SHIFT,
    LARGEST_DM,
    UNREACHED,
    Ints,
    Longs,
    Words,
)
from geo.errors import ChoiceError
from geo.lines import Floats

Direction = Literal["to", "from"]
"""Whether one walks to the facility or from it; they differ where streets are one-way or steep."""

MOST_NEAREST: Final = 20
_BLOCK_FACILITIES: Final = 64
_FIRST_PAIRS: Final = 4096
_NODES_PER_CHUNK: Final = 32
"""Room of the first try: two entries a node. A search that needs more begins again with twice as much."""

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Walks:
    """What is nearest to points, nodes or edges: metres (n, k) and facility (n, k), nearest first."""

    metres: Floats
    """Metres of level street, NaN where no facility, or no further one, is within the limit."""
    facility: Longs
    """Which facility, counted from 0 in the order of its table; -1 where there is none."""


@dataclass(frozen=True)
class Reach:
    """The nearest facilities of one kind over a whole network. Made by `measure_reach`."""

    network: WalkNetwork
    goals: Snapped
    limit_dm: int
    direction: Direction
    labels: Words
    """Decimetres and facility of each node (n_nodes, k), nearest first; UNREACHED where there is none."""

    def at_nodes(self) -> Walks:
        """Return what is nearest to every node of the network."""
        return _read_labels(self.labels)

    def at_points(self, points: Snapped) -> Walks:
        """Return what is nearest to points, their own walk to the street counted.

        Parameters
        ----------
        points
            As `geo.analysis.snapping.snap_points` joined them to the same network.

        Returns
        -------
        Walks
            One row a point; missing where the point is not joined.
        """
        labels = np.full((len(points.edge), self.labels.shape[1]), UNREACHED, dtype=np.uint64)
        places, order = _sort_places(self.network, points)
        found = np.full((len(order), labels.shape[1]), UNREACHED, dtype=np.uint64)
        goals, _ = _sort_places(self.network, self.goals)
        edges = _read_edges(self.network, self.direction)
        label_points(edges, places, goals, self.labels, self.limit_dm, found)
        labels[order] = found
        return _read_labels(labels)

    def at_edges(self) -> Walks:
        """Return what is nearest to the middle of every edge of the network."""
        network = self.network
        n = network.n_edges
        middle = Snapped(
            np.arange(n, dtype=np.int32), (network.length_dm // 2).astype(np.int32), np.zeros(n, np.int32),
            np.arange(n, dtype=np.int32), n, np.full((n, 2), np.nan), np.full(n, "joined", dtype=object),
        )  # fmt: skip
        return self.at_points(middle)


@dataclass(frozen=True)
class Pairs:
    """Every pair of a point and a facility within the limit, by point and then by facility."""

    point: Longs
    facility: Longs
    metres: Floats


def measure_reach(
    network: WalkNetwork, goals: Snapped, *, limit_m: float, direction: Direction = "to", n_nearest: int = 1
) -> Reach:
    """Find the nearest facilities of one kind for the whole network.

    Parameters
    ----------
    network
        The streets.
    goals
        Facilities as `snap_facilities` or `snap_points` joined them to this network; those that are not
        joined are reached by nobody.
    limit_m
        Longest walk, in metres of level street.
    direction
        Whether one walks to the facility or from it.
    n_nearest
        How many facilities to tell, 1 to 20.

    Returns
    -------
    Reach
        To be read at nodes, points and edges.

    Raises
    ------
    ChoiceError
        If the limit is no length, or `n_nearest` is out of range.
    """
    limit_dm = _read_limit(limit_m)
    if not 1 <= n_nearest <= MOST_NEAREST:
        raise ChoiceError("n_nearest_out_of_range", n_nearest=n_nearest, most=MOST_NEAREST)
    rows = _choose_rows(network, direction)
    places, _ = _sort_places(network, goals)
    node = np.empty(2 * len(places.edge), dtype=np.uint32)
    seeds = np.empty(2 * len(places.edge), dtype=np.uint64)
    n = int(seed_ends(_read_edges(network, direction), places, node, seeds))

    def search(n_chunks: int) -> Words | None:
        labels = np.full((network.n_nodes, n_nearest), UNREACHED, dtype=np.uint64)
        if n_nearest == 1:
            done = search_nearest(
                rows.first, rows.items, node[:n], seeds[:n], limit_dm, n_chunks, labels.ravel()
            )
        else:
            done = search_nearest_few(rows.first, rows.items, node[:n], seeds[:n], limit_dm, n_chunks, labels)
        return labels if done else None

    return Reach(network, goals, limit_dm, direction, _with_room(search, network, limit_dm, n_seeds=n))


def measure_kinds(
    network: WalkNetwork,
    goals_by_kind: Mapping[str, Snapped],
    *,
    limit_m: float | Mapping[str, float],
    direction: Direction = "to",
    n_threads: int | None = None,
) -> dict[str, Reach]:
    """Find the nearest facility of every kind, one search a kind.

    Parameters
    ----------
    network, direction
        As `measure_reach`.
    goals_by_kind
        Facilities of each kind, joined to the network.
    limit_m
        Longest walk, one for all kinds or one for each.
    n_threads
        Threads to use; all cores by default. The answer does not depend on it.

    Raises
    ------
    ChoiceError
        As `measure_reach`.
    """
    limits = limit_m if isinstance(limit_m, Mapping) else dict.fromkeys(goals_by_kind, limit_m)

    def measure(kind: str) -> Reach:
        return measure_reach(network, goals_by_kind[kind], limit_m=limits[kind], direction=direction)

    return dict(zip(goals_by_kind, _spread(measure, list(goals_by_kind), n_threads), strict=True))


def list_within(
    network: WalkNetwork,
    points: Snapped,
    goals: Snapped,
    *,
    limit_m: float,
    direction: Direction = "to",
    n_threads: int | None = None,
) -> Pairs:
    """List every facility within the limit of every point, with the metres between them.

    Parameters
    ----------
    network, limit_m, direction
        As `measure_reach`.
    points, goals
        Joined to the network; a facility counts once, by its nearest entrance.
    n_threads
        As `measure_kinds`.

    Returns
    -------
    Pairs
        Sorted by point, then by facility.

    Raises
    ------
    ChoiceError
        If the limit is no length.
    """
    blocks = _list_blocks(network, points, goals, limit_m, direction, n_threads)
    owner, row, away = (np.concatenate(part) for part in zip(*blocks, strict=True))
    point = points.owner[row]
    order = np.lexsort((owner, point))
    return Pairs(
        point[order].astype(np.int64),
        owner[order].astype(np.int64),
        away[order].astype(np.float64) / DM_PER_M,
    )


def count_within(
    network: WalkNetwork,
    points: Snapped,
    goals: Snapped,
    *,
    limit_m: float,
    direction: Direction = "to",
    n_threads: int | None = None,
) -> Longs:
    """Count the facilities within the limit of every point (n,); 0 for a point that is not joined.

    Parameters and errors as `list_within`, without keeping the list.
    """
    counts = np.zeros(points.n_owners, dtype=np.int64)
    for _, row, _ in _list_blocks(network, points, goals, limit_m, direction, n_threads):
        counts += np.bincount(points.owner[row], minlength=points.n_owners)
    return counts


def warm_up(network: WalkNetwork, points: Snapped) -> None:
    """Compile everything that walking needs, or load it from the cache, on a small network.

    Takes some 20 s the first time after an installation and well under a second later. Call it where nobody
    waits.
    """
    for n_nearest in (1, 2):
        measure_reach(network, points, limit_m=100, n_nearest=n_nearest).at_points(points)
    list_within(network, points, points, limit_m=100)


# --- inside ---


def _read_limit(limit_m: float) -> int:
    if not 0 <= limit_m * DM_PER_M < LARGEST_DM:
        raise ChoiceError("distance_not_length", name="limit_m", value=limit_m)
    return int(np.floor(limit_m * DM_PER_M + 1e-6))


def _choose_rows(network: WalkNetwork, direction: Direction) -> Rows:
    return network.inward if direction == "to" else network.outward


def _read_edges(network: WalkNetwork, direction: Direction) -> Edges:
    """Return the edges with their costs in the direction of the walk between point and facility."""
    to_end, to_start = network.forward_dm, network.backward_dm
    if direction == "from":
        to_end, to_start = to_start, to_end
    return Edges(network.start, network.end, network.length_dm, to_end, to_start)


def _sort_places(network: WalkNetwork, snapped: Snapped) -> tuple[Places, NDArray[np.intp]]:
    """Return the joined rows by edge, and which rows they are."""
    rows = np.flatnonzero(snapped.edge != NOWHERE)
    order = rows[np.lexsort((snapped.owner[rows], snapped.offset_dm[rows], snapped.edge[rows]))]
    edge = snapped.edge[order]
    first = np.zeros(network.n_edges + 1, dtype=np.int32)
    first[1:] = np.cumsum(np.bincount(edge, minlength=network.n_edges))
    return Places(first, edge, snapped.offset_dm[order], snapped.walk_dm[order], snapped.owner[order]), order


def _with_room(
    search: Callable[[int], _Result | None], network: WalkNetwork, limit_dm: int, *, n_seeds: int
) -> _Result:
    """Search with a queue that is made larger until it suffices."""
    n_chunks = network.n_nodes // _NODES_PER_CHUNK + (limit_dm >> BUCKET_BITS) + n_seeds // CHUNK + CHUNK
    while (found := search(n_chunks)) is None:
        n_chunks *= 2
    return found


def _read_labels(labels: Words) -> Walks:
    is_reached = labels < UNREACHED
    metres = np.where(is_reached, (labels >> LABEL_SHIFT).astype(np.float64) / DM_PER_M, np.nan)
    return Walks(metres, np.where(is_reached, (labels & OWNERS).astype(np.int64), -1))


def _spread(work: Callable[[_Job], _Result], jobs: Sequence[_Job], n_threads: int | None) -> list[_Result]:
    n_threads = min(n_threads or N_CORES, len(jobs))
    if n_threads <= 1:
        return [work(job) for job in jobs]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(work, jobs))


def _list_blocks(
    network: WalkNetwork, points: Snapped, goals: Snapped, limit_m: float, direction: Direction,
    n_threads: int | None,
) -> list[tuple[Ints, Ints, Ints]]:  # fmt: skip
    """Return facility, row of `points` and decimetres of every pair, a block of facilities at a time."""
    limit_dm = _read_limit(limit_m)
    rows, edges = _choose_rows(network, direction), _read_edges(network, direction)
    places, order = _sort_places(network, points)
    by_edge, _ = _sort_places(network, goals)
    by_owner = np.argsort(by_edge.owner, kind="stable")
    sorted_goals = Places(by_edge.first, *(column[by_owner] for column in by_edge[1:]))
    goal_first = np.searchsorted(sorted_goals.owner, np.arange(goals.n_owners + 1)).astype(np.int32)

    def list_block(start: int) -> tuple[Ints, Ints, Ints]:
        block = (start, min(start + _BLOCK_FACILITIES, goals.n_owners))
        room, n = _FIRST_PAIRS, -1

        def search(n_chunks: int) -> tuple[NDArray[np.int32], int] | None:
            pairs = np.empty((3, room), dtype=np.int32)
            n_found = list_pairs(
                rows.first, rows.items, network.beside.first, network.beside.items, edges, places,
                sorted_goals, goal_first, *block, limit_dm, n_chunks, *pairs,
            )  # fmt: skip
            return None if n_found < 0 else (pairs, int(n_found))

        while n < 0 or n > room:
            room = max(room, n)
            pairs, n = _with_room(search, network, limit_dm, n_seeds=0)
        return pairs[0, :n], order[pairs[1, :n]].astype(np.int32), pairs[2, :n]

    starts = range(0, goals.n_owners, _BLOCK_FACILITIES)
    nothing = np.empty(0, dtype=np.int32)
    return _spread(list_block, starts, n_threads) or [(nothing, nothing, nothing)]
