"""From labels of nodes to labels of points on edges (点的步行距离).

A point on an edge is reached by way of one end, by way of the other, or along the edge itself from a
facility on the same edge. `to_end` and `to_start` are the costs of whole edges in the direction in which
the walk from the point to the facility runs; NOT_ALLOWED where one may not walk that way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geo.analysis.compiled import compiled
from geo.analysis.reach_kernels import FAR, insert_label, search_one
from geo.analysis.walk_queue import LABEL_SHIFT, UNREACHED, Halves, Ints, Words, make_queue


class Edges(NamedTuple):
    """The edges of a network, as the kernels read them."""

    start: Ints
    end: Ints
    length: Ints
    to_end: Ints
    to_start: Ints


class Places(NamedTuple):
    """Points on edges, sorted by edge; those of edge e are `first[e]` to `first[e + 1]`."""

    first: Ints
    edge: Ints
    offset: Ints
    walk: Ints
    owner: Ints


@compiled
def share_cost(cost: int, part: int, length: int) -> int:
    """Return what a part of an edge costs, to the nearest decimetre."""
    if length == 0:
        return 0
    if cost == length:
        return part
    return int((np.int64(cost) * part + length // 2) // length)


@compiled
def cost_along(edges: Edges, e: int, offset: int, goal: int) -> int:
    """Return the decimetres along one edge from one place to another, -1 where one may not."""
    if goal == offset:
        return 0
    if goal > offset:
        return -1 if edges.to_end[e] < 0 else share_cost(edges.to_end[e], goal - offset, edges.length[e])
    return -1 if edges.to_start[e] < 0 else share_cost(edges.to_start[e], offset - goal, edges.length[e])


@compiled
def seed_ends(edges: Edges, goals: Places, node: Halves, label: Words) -> int:
    """Fill in the ends of the edges that facilities stand on, and return how many there are."""
    n = 0
    for i in range(len(goals.edge)):
        e = goals.edge[i]
        owner = np.uint64(goals.owner[i])
        for side in range(2):
            away = cost_along(edges, e, edges.length[e] if side else 0, goals.offset[i])
            if away >= 0:
                node[n] = edges.end[e] if side else edges.start[e]
                label[n] = (np.uint64(away + goals.walk[i]) << LABEL_SHIFT) | owner
                n += 1
    return n


@compiled
def label_points(
    edges: Edges, points: Places, goals: Places, node_labels: Words, limit_dm: int, labels: Words
) -> None:
    """Label points with their nearest facilities: `node_labels` (n, k) to `labels` (points, k).

    `labels` is filled; UNREACHED where there are fewer than k within the limit, the point's own walk to the
    street included. A row of `points` is a point: owners are not looked at.
    """
    beyond = np.uint64(limit_dm + 1) << LABEL_SHIFT
    n_few = node_labels.shape[1]
    for i in range(len(points.edge)):
        e, offset = points.edge[i], points.offset[i]
        own = np.uint64(points.walk[i]) << LABEL_SHIFT
        for side in range(2):
            away = cost_along(edges, e, offset, edges.length[e] if side else 0)
            if away < 0:
                continue
            u = edges.end[e] if side else edges.start[e]
            for k in range(n_few):
                if node_labels[u, k] < UNREACHED:
                    reached = node_labels[u, k] + own + (np.uint64(away) << LABEL_SHIFT)
                    if reached < beyond:
                        insert_label(labels[i], reached)
        for g in range(goals.first[e], goals.first[e + 1]):
            away = cost_along(edges, e, offset, goals.offset[g])
            if away >= 0:
                reached = own + (np.uint64(away + goals.walk[g]) << LABEL_SHIFT)
                reached |= np.uint64(goals.owner[g])
                if reached < beyond:
                    insert_label(labels[i], reached)


@compiled
def _list_on_edge(
    edges: Edges, points: Places, goals: Places, goal_from: int, goal_to: int, e: int, dm: Ints, limit_dm: int,
    owner: Ints, point: Ints, away_dm: Ints, n: int,
) -> int:  # fmt: skip
    """List the points of one edge that reach a facility; return how many are listed by then."""
    for i in range(points.first[e], points.first[e + 1]):
        best = np.int64(FAR)
        for side in range(2):
            along = cost_along(edges, e, points.offset[i], edges.length[e] if side else 0)
            u = edges.end[e] if side else edges.start[e]
            if along >= 0 and dm[u] != FAR:
                best = min(best, np.int64(dm[u]) + along)
        for g in range(goal_from, goal_to):
            if goals.edge[g] == e:
                along = cost_along(edges, e, points.offset[i], goals.offset[g])
                if along >= 0:
                    best = min(best, np.int64(goals.walk[g]) + along)
        best += points.walk[i]
        if best <= limit_dm:
            if n < len(owner):
                owner[n] = goals.owner[goal_from]
                point[n] = i
                away_dm[n] = best
            n += 1
    return n


@compiled
def list_pairs(
    first: Halves, arcs: Words, beside_first: Halves, beside: Words, edges: Edges, points: Places,
    goals: Places, goal_first: Ints, facility_from: int, facility_to: int, limit_dm: int, n_chunks: int,
    owner: Ints, point: Ints, away_dm: Ints,
) -> int:  # fmt: skip
    """List every point within the limit of each facility, with the decimetres between them.

    Here `goals` are sorted by facility: those of facility f are `goal_first[f]` to `goal_first[f + 1]`.
    Fills `owner`, `point` (row of `points`) and `away_dm` as far as they reach, and returns how many pairs
    there are; -1 where the queue was too small.
    """
    n_nodes = len(first) - 1
    dm, touched = np.full(n_nodes, FAR), np.empty(n_nodes, dtype=np.uint32)
    seen = np.full(len(edges.start), -1, dtype=np.int32)
    most = 0
    for f in range(facility_from, facility_to):
        most = max(most, goal_first[f + 1] - goal_first[f])
    node, away = np.empty(2 * most, dtype=np.uint32), np.empty(2 * most, dtype=np.int32)
    queue = make_queue(limit_dm, n_chunks)
    n = 0
    for f in range(facility_from, facility_to):
        low, high = goal_first[f], goal_first[f + 1]
        n_seeds = 0
        for g in range(low, high):
            e = goals.edge[g]
            for side in range(2):
                along = cost_along(edges, e, edges.length[e] if side else 0, goals.offset[g])
                if along >= 0:
                    node[n_seeds] = edges.end[e] if side else edges.start[e]
                    away[n_seeds] = along + goals.walk[g]
                    n_seeds += 1
        n_touched = search_one(first, arcs, node[:n_seeds], away[:n_seeds], limit_dm, queue, dm, touched)
        if n_touched < 0:
            return -1
        for g in range(low, high):
            e = goals.edge[g]
            if seen[e] != f:
                seen[e] = f
                n = _list_on_edge(edges, points, goals, low, high, e, dm, limit_dm, owner, point, away_dm, n)
        for k in range(n_touched):
            u = touched[k]
            for b in range(beside_first[u], beside_first[u + np.uint32(1)]):
                e = int(beside[b])
                if seen[e] != f:
                    seen[e] = f
                    n = _list_on_edge(
                        edges, points, goals, low, high, e, dm, limit_dm, owner, point, away_dm, n
                    )
        for k in range(n_touched):
            dm[touched[k]] = FAR
    return n
