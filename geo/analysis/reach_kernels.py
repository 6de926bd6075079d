"""Inner loops of walking: the nearest facility, the nearest few, and one facility's surroundings (步行内核).

All walk from the facilities outwards over the compressed sparse rows of `geo.analysis.network`: the arcs
of node u are `arcs[first[u]:first[u + 1]]`, each with the node it leads to in its lower half and the
decimetres in its upper half. Whole numbers throughout, so that the answer is the same in any order. An
entry of the queue whose label was beaten before its turn comes is passed over; one that is beaten inside
its own bucket is walked on again, and so the end is exact whatever the width of a bucket.

Each returns False where the queue was too small; then nothing is known.
"""

from __future__ import annotations

import numpy as np

from geo.analysis.compiled import compiled, pasted, prefetch
from geo.analysis.walk_queue import (
    BUCKET_SHIFT,
    CHUNK,
    LABEL_BITS,
    LABEL_SHIFT,
    UNREACHED,
    Halves,
    Ints,
    Queue,
    Words,
    drop_first,
    make_queue,
    push,
)

OWNERS = np.uint64(2**LABEL_BITS - 1)
COSTS = np.uint64(2**64 - 2**LABEL_BITS)
"""The halves of an arc, and of a label."""
FAR = np.int32(2**31 - 1)
ONE = np.uint32(1)

FAR_AHEAD = np.uint64(6)
NEAR_AHEAD = np.uint64(3)
"""How many entries ahead the label of a node and its arcs are called for; halves the time on 200 000 nodes."""


@compiled
def search_nearest(  # noqa: PLR0912 - `push` is written out, see below
    first: Halves,
    arcs: Words,
    seed_node: Halves,
    seed_label: Words,
    limit_dm: int,
    n_chunks: int,
    labels: Words,
) -> bool:
    """Label every node with the decimetres to its nearest seed and whose that is.

    `labels` (n,) holds UNREACHED where nothing is known yet, and is filled. Of facilities equally near the
    lowest wins. This loop is the one that every map waits for, so `push` is written out in it with the
    number of free chunks in a register: twice as fast.
    """
    node, queued, after, start, last, n_last, free, ready = make_queue(limit_dm, n_chunks)
    beyond = np.uint64(limit_dm + 1) << LABEL_SHIFT
    if n_chunks < len(seed_node) // CHUNK + len(start):
        return False
    for i in range(len(seed_node)):
        u, label = seed_node[i], seed_label[i]
        if label < labels[u] and label < beyond:
            labels[u] = label
            push(node, queued, after, start, last, n_last, free, ready, u, label)
    n_free = ready[0]
    for bucket in range(len(start)):
        while start[bucket] >= 0:
            chunk = start[bucket]
            k = 0
            while k < (n_last[bucket] if last[bucket] == chunk else CHUNK):
                at = np.uint64(chunk * CHUNK + k)
                k += 1
                coming = node[at + FAR_AHEAD]
                prefetch(first, int(coming))
                prefetch(labels, int(coming))
                prefetch(arcs, int(first[node[at + NEAR_AHEAD]]))
                u, label = node[at], queued[at]
                if label != labels[u]:
                    continue
                low, high = first[u], first[u + ONE]
                if n_free < np.int64(high - low):
                    return False
                for a in range(low, high):
                    v = np.uint32(arcs[a])
                    reached = label + (arcs[a] & COSTS)
                    if reached < labels[v] and reached < beyond:
                        labels[v] = reached
                        b = reached >> BUCKET_SHIFT
                        end = n_last[b]
                        if end == CHUNK:
                            n_free -= 1
                            fresh = free[n_free]
                            after[fresh] = -1
                            if last[b] < 0:
                                start[b] = fresh
                            else:
                                after[last[b]] = fresh
                            last[b] = fresh
                            end = np.int32(0)
                        place = np.uint64(last[b] * CHUNK + end)
                        node[place] = v
                        queued[place] = reached
                        n_last[b] = end + 1
            free[n_free] = chunk
            n_free += 1
            start[bucket] = after[chunk]
            if start[bucket] < 0:
                last[bucket] = -1
                n_last[bucket] = CHUNK
    return True


@compiled
def insert_label(labels: Words, label: np.uint64) -> bool:
    """Put a label into a sorted list of the nearest, each facility once; tell whether it belongs there."""
    n = len(labels)
    if label >= labels[n - 1]:
        return False
    at = n - 1
    for k in range(n):
        if labels[k] < UNREACHED and (labels[k] & OWNERS) == (label & OWNERS):
            if labels[k] <= label:
                return False
            at = k
            break
    while at > 0 and labels[at - 1] > label:
        labels[at] = labels[at - 1]
        at -= 1
    labels[at] = label
    return True


@pasted
def _holds(labels: Words, u: np.uint32, label: np.uint64) -> bool:
    held = False
    for k in range(labels.shape[1]):
        held |= labels[u, k] == label
    return held


@compiled
def search_nearest_few(
    first: Halves,
    arcs: Words,
    seed_node: Halves,
    seed_label: Words,
    limit_dm: int,
    n_chunks: int,
    labels: Words,
) -> bool:
    """Label every node with its nearest few facilities: `labels` (n, k), each row sorted, as above."""
    node, queued, after, start, last, n_last, free, n_free = make_queue(limit_dm, n_chunks)
    beyond = np.uint64(limit_dm + 1) << LABEL_SHIFT
    if n_chunks < len(seed_node) // CHUNK + len(start):
        return False
    for i in range(len(seed_node)):
        if seed_label[i] < beyond and insert_label(labels[seed_node[i]], seed_label[i]):
            push(node, queued, after, start, last, n_last, free, n_free, seed_node[i], seed_label[i])
    for bucket in range(len(start)):
        while start[bucket] >= 0:
            chunk = start[bucket]
            k = 0
            while k < (n_last[bucket] if last[bucket] == chunk else CHUNK):
                at = np.uint64(chunk * CHUNK + k)
                k += 1
                u, label = node[at], queued[at]
                if not _holds(labels, u, label):
                    continue
                low, high = first[u], first[u + ONE]
                if n_free[0] < np.int64(high - low):
                    return False
                for a in range(low, high):
                    v = np.uint32(arcs[a])
                    reached = label + (arcs[a] & COSTS)
                    if reached < beyond and insert_label(labels[v], reached):
                        push(node, queued, after, start, last, n_last, free, n_free, v, reached)
            drop_first(after, start, last, n_last, free, n_free, bucket)
    return True


@compiled
def search_one(
    first: Halves, arcs: Words, seed_node: Halves, seed_dm: Ints, limit_dm: int, queue: Queue, dm: Ints,
    touched: Halves,
) -> int:  # fmt: skip
    """Measure the decimetres from one facility to the nodes within the limit.

    `dm` (n,) holds FAR where nothing is known; what is reached is filled and listed in `touched` (n,). The
    caller puts both back, and empties the queue where it was too small.

    Returns how many are listed; less one, below 0, where the queue was too small.
    """
    node, queued, after, start, last, n_last, free, n_free = queue
    n = 0
    for i in range(len(seed_node)):
        u, away = seed_node[i], seed_dm[i]
        if away <= limit_dm and away < dm[u]:
            if dm[u] == FAR:
                touched[n] = u
                n += 1
            if n_free[0] == 0:
                return -1 - n
            dm[u] = away
            push(node, queued, after, start, last, n_last, free, n_free, u, np.uint64(away) << LABEL_SHIFT)
    for bucket in range(len(start)):
        while start[bucket] >= 0:
            chunk = start[bucket]
            k = 0
            while k < (n_last[bucket] if last[bucket] == chunk else CHUNK):
                at = np.uint64(chunk * CHUNK + k)
                k += 1
                u, away = node[at], np.int32(queued[at] >> LABEL_SHIFT)
                if away != dm[u]:
                    continue
                low, high = first[u], first[u + ONE]
                if n_free[0] < np.int64(high - low):
                    return -1 - n
                for a in range(low, high):
                    v = np.uint32(arcs[a])
                    reached = away + np.int32(arcs[a] >> LABEL_SHIFT)
                    if reached < dm[v] and reached <= limit_dm:
                        if dm[v] == FAR:
                            touched[n] = v
                            n += 1
                        dm[v] = reached
                        push(
                            node, queued, after, start, last, n_last, free, n_free, v,
                            np.uint64(reached) << LABEL_SHIFT,
                        )  # fmt: skip
            drop_first(after, start, last, n_last, free, n_free, bucket)
    return n
