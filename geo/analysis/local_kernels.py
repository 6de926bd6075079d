"""Inner loops of conditional permutation (条件置换).

The value of an area stays where it is and its neighbours are drawn without replacement from all other
areas, over and over. As in GeoDa and PySAL the same draws serve every area; here they are drawn from all n
areas, a few more than the longest row, and where an area meets itself among its first k draws the spare
draw, the last one, takes that place. By exchangeability this is a uniform draw from the n - 1 others.

Since draws are shared, their values stand side by side for all permutations, and a row of k weights is k
passes over plain arrays instead of k look-ups per permutation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.analysis.compiled import compiled

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

TIE = 1e-12
"""Sums closer than this share of their possible size are equal: they differ by the order of adding only."""


@compiled
def draw_positions(uniforms: Floats, n: int) -> Longs:
    """Draw without replacement: one row of different positions below n for each row of uniforms."""
    n_permutations, n_draws = uniforms.shape
    drawn = np.empty((n_permutations, n_draws), dtype=np.int64)
    deck = np.arange(n)
    for p in range(n_permutations):
        for m in range(n_draws):
            at = min(m + int(uniforms[p, m] * (n - m)), n - 1)
            deck[m], deck[at] = deck[at], deck[m]
            drawn[p, m] = deck[m]
    return drawn


@compiled
def count_extremes(
    indptr: Longs,
    weights: Floats,
    values: Floats,
    observed: Floats,
    is_geary: bool,
    drawn_values: Floats,
    met_start: Longs,
    met_permutation: Longs,
    met_draw: Longs,
    start: int,
    stop: int,
    n_greater: Longs,
    n_lesser: Longs,
) -> None:
    """Add to `n_greater` and `n_lesser` how many permutations reach the observed sums of rows start … stop.

    The sum of a row is that of w v, or of w (own - v)² where `is_geary`. `drawn_values` is (n_draws,
    n_permutations), its last row the spare; `met_*` list where each area meets itself among the draws.
    """
    n_draws, n_permutations = drawn_values.shape
    largest = np.abs(values).max()
    sums = np.empty(n_permutations)
    for i in range(start, stop):
        first, k = indptr[i], indptr[i + 1] - indptr[i]
        if k == 0:
            continue
        own = values[i]
        sums[:] = 0.0
        total = 0.0
        for m in range(k):
            w = weights[first + m]
            total += w
            row = drawn_values[m]
            if is_geary:
                for p in range(n_permutations):
                    sums[p] += w * (own - row[p]) * (own - row[p])
            else:
                for p in range(n_permutations):
                    sums[p] += w * row[p]
        for at in range(met_start[i], met_start[i + 1]):
            if met_draw[at] < k:
                p, w = met_permutation[at], weights[first + met_draw[at]]
                spare = drawn_values[n_draws - 1, p]
                sums[p] += w * (own - spare) * (own - spare) if is_geary else w * (spare - own)
        tie = TIE * total * (4.0 * largest * largest if is_geary else largest)
        low, high = observed[i] - tie, observed[i] + tie
        greater, lesser = 0, 0
        for p in range(n_permutations):
            greater += sums[p] >= low
            lesser += sums[p] <= high
        n_greater[i] += greater
        n_lesser[i] += lesser
