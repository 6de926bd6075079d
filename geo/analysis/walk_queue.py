"""A queue of buckets for walks: what is nearest comes out first, up to the width of a bucket (桶队列).

Entries lie in chunks of `CHUNK`; a bucket is a chain of chunks, and emptied chunks are used again, so
that the queue stays as small as the front of the search and lies in the cache. An entry is a node and a
*label*: decimetres in the upper half, the facility in the lower half, so that one comparison of whole
numbers decides by distance first and by facility second.

A queue never grows: a search that finds no free chunk ends and says so, and is begun again with a larger
queue by `geo.analysis.searching`. Arrays that may be exchanged inside a loop cost it half its speed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.analysis.compiled import compiled, pasted

Words = NDArray[np.uint64]
Halves = NDArray[np.uint32]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

CHUNK = 64
"""Entries of a chunk."""

AHEAD = 8
"""Entries past the end of the chunks that may be looked at, never used: room for prefetching."""

LABEL_BITS = 32
"""Bits of a label that hold the facility; the decimetres stand above them."""

BUCKET_BITS = 8
"""A bucket is 2**8 decimetres wide: 25.6 m, about what a piece of street is long. Measured: 7 to 9 are
equally fast; buckets of 1 dm take twice as long."""

BUCKET_SHIFT = np.uint64(LABEL_BITS + BUCKET_BITS)
LABEL_SHIFT = np.uint64(LABEL_BITS)

UNREACHED = np.uint64(2**62)
"""Label of what no facility reaches within the limit."""

LARGEST_DM = 2**28
"""Largest limit and largest cost of a piece: sums stay below `UNREACHED`, and in 32 bits."""


class Queue(NamedTuple):
    """Buckets of entries; see the module."""

    node: Halves
    label: Words
    after: Ints
    """Next chunk of the same bucket, -1 at its end."""
    first: Ints
    """First chunk of each bucket, -1 where it is empty."""
    last: Ints
    n_last: Ints
    """Entries in the last chunk of each bucket; CHUNK where it is empty."""
    free: Ints
    """Chunks in no bucket: the first `n_free[0]`."""
    n_free: Longs


@compiled
def make_queue(limit_dm: int, n_chunks: int) -> Queue:
    """Return an empty queue for labels up to a limit."""
    n_buckets = (limit_dm >> BUCKET_BITS) + 1
    return Queue(
        np.zeros(n_chunks * CHUNK + AHEAD, dtype=np.uint32),
        np.empty(n_chunks * CHUNK, dtype=np.uint64),
        np.empty(n_chunks, dtype=np.int32),
        np.full(n_buckets, -1, dtype=np.int32),
        np.full(n_buckets, -1, dtype=np.int32),
        np.full(n_buckets, CHUNK, dtype=np.int32),
        np.arange(n_chunks - 1, -1, -1).astype(np.int32),
        np.full(1, n_chunks, dtype=np.int64),
    )


@pasted
def push(
    node: Halves, label: Words, after: Ints, first: Ints, last: Ints, n_last: Ints, free: Ints,
    n_free: Longs, new_node: np.uint32, new_label: np.uint64,
) -> None:  # fmt: skip
    """Add an entry to the arrays of a queue; the caller has seen to a free chunk."""
    bucket = new_label >> BUCKET_SHIFT
    at = n_last[bucket]
    if at == CHUNK:
        n_free[0] -= 1
        fresh = free[n_free[0]]
        after[fresh] = -1
        if last[bucket] < 0:
            first[bucket] = fresh
        else:
            after[last[bucket]] = fresh
        last[bucket] = fresh
        at = np.int32(0)
    place = np.uint64(last[bucket] * CHUNK + at)
    node[place] = new_node
    label[place] = new_label
    n_last[bucket] = at + 1


@pasted
def drop_first(
    after: Ints, first: Ints, last: Ints, n_last: Ints, free: Ints, n_free: Longs, bucket: int
) -> None:
    """Give the first chunk of a bucket back."""
    chunk = first[bucket]
    free[n_free[0]] = chunk
    n_free[0] += 1
    first[bucket] = after[chunk]
    if first[bucket] < 0:
        last[bucket] = -1
        n_last[bucket] = CHUNK
