"""Tell whether values lie together at all, over the whole map (全局空间统计).

One number for a map: Moran's I (Moran 1950) for any values, the general G (Getis and Ord 1992) for counts and
rates of 0 or more. A map without it invites stories about single areas. Moments under randomisation and under
normality follow Cliff and Ord (1981); permutations shuffle all values over all areas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, special

from geo.analysis.local_kernels import TIE
from geo.analysis.weights import Weights, align_values, style_weights

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GlobalStatistic:
    """A statistic of the whole map; NaN where it is not defined."""

    statistic: Literal["moran", "g"]
    observed: float
    expected: float
    sd: float
    """Under randomisation."""
    z: float
    p_one_sided: float
    """That values lie together at least as much (or as little) by chance, on the side of z."""
    p_two_sided: float
    sd_normal: float
    """Of Moran: were the values normal; NaN for G."""
    p_one_sided_normal: float
    p_greater: float
    """Share of permutations at or above the observed value, itself counted; NaN without permutations."""
    p_lesser: float
    n: int
    n_permutations: int
    seed: int


def measure_global(
    values: pd.Series,
    weights: Weights,
    *,
    statistic: Literal["moran", "g"] = "moran",
    n_permutations: int = 0,
    seed: int = 0,
) -> GlobalStatistic:
    """Measure Moran's I or the general G of a map.

    Parameters
    ----------
    values
        One number per area (n,), indexed by area id; areas without one take no part.
    weights
        Neighbours of these areas; an area never counts for itself here. PySAL row-standardises for Moran
        and takes binary weights for G.
    statistic
        Which one.
    n_permutations
        Shuffles of all values; 0 for none.
    seed
        Of the shuffles; the same for any order of rows.

    Raises
    ------
    DuplicateError
        If an area occurs twice.
    MissingError
        If an area is not in the weights.
    GeoError
        If a value is infinite.

    Examples
    --------
    >>> from geo.analysis.weights import make_weights
    >>> chain = make_weights(["a", "b", "c", "d"], np.eye(4, k=1) + np.eye(4, k=-1), rule="chain")
    >>> round(measure_global(pd.Series([9.0, 8, 1, 0], index=list("abcd")), chain).observed, 4)
    0.3949
    """
    aligned = align_values(values, style_weights(weights, with_self=False))
    y, matrix = aligned.numbers, aligned.weights.matrix
    measure = _measure_moran if statistic == "moran" else _measure_g
    is_defined = len(y) > 3 and np.ptp(y) > 0 and matrix.nnz
    moments = measure(y, matrix) if is_defined else _Moments(*[np.nan] * 4)
    z = (moments.observed - moments.expected) / moments.sd
    z_normal = (moments.observed - moments.expected) / moments.sd_normal
    p_greater = p_lesser = np.nan
    if n_permutations and np.isfinite(moments.observed):
        p_greater, p_lesser = _permute(y, matrix, _STATISTICS[statistic], n_permutations, seed)
    return GlobalStatistic(
        statistic=statistic,
        observed=float(moments.observed),
        expected=float(moments.expected),
        sd=float(moments.sd),
        z=float(z),
        p_one_sided=float(special.ndtr(-abs(z))),
        p_two_sided=float(2 * special.ndtr(-abs(z))),
        sd_normal=float(moments.sd_normal),
        p_one_sided_normal=float(special.ndtr(-abs(z_normal))),
        p_greater=float(p_greater),
        p_lesser=float(p_lesser),
        n=len(y),
        n_permutations=n_permutations,
        seed=seed,
    )


@dataclass(frozen=True)
class _Moments:
    observed: float
    expected: float
    sd: float
    sd_normal: float


def _moran_of(y: Floats, matrix: sparse.csr_array) -> float:
    centred = y - y.mean()
    return float(len(y) / matrix.sum() * (centred @ (matrix @ centred)) / (centred @ centred))


def _g_of(y: Floats, matrix: sparse.csr_array) -> float:
    total = float(y.sum())
    return float(y @ (matrix @ y)) / (total * total - float(y @ y))


_STATISTICS: dict[str, Callable[[Floats, sparse.csr_array], float]] = {"moran": _moran_of, "g": _g_of}


def _measure_moran(y: Floats, matrix: sparse.csr_array) -> _Moments:
    """Moments of Cliff and Ord (1981), 1.37 and 1.38."""
    n = len(y)
    s0, s1, s2 = _sums(matrix)
    expected = -1.0 / (n - 1)
    normal = (n * n * s1 - n * s2 + 3 * s0**2) / ((n - 1) * (n + 1) * s0**2) - expected**2
    centred = y - y.mean()
    kurtosis = float((centred**4).mean() / (centred**2).mean() ** 2)
    first = n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    second = kurtosis * ((n * n - n) * s1 - 2 * n * s2 + 6 * s0**2)
    random = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0**2) - expected**2
    return _Moments(_moran_of(y, matrix), expected, _root(random), _root(normal))


def _measure_g(y: Floats, matrix: sparse.csr_array) -> _Moments:
    """Moments of Getis and Ord (1992), formulas 9 to 12."""
    n = len(y)
    s0, s1, s2 = _sums(matrix)
    m1, m2, m3, m4 = (float((y**power).sum()) for power in (1, 2, 3, 4))
    if m1 * m1 <= m2:
        return _Moments(*[np.nan] * 4)
    b0 = (n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0**2
    b1 = -((n * n - n) * s1 - 2 * n * s2 + 6 * s0**2)
    b2 = -(2 * n * s1 - (n + 3) * s2 + 6 * s0**2)
    b3 = 4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0**2
    b4 = s1 - s2 + s0**2
    above = b0 * m2**2 + b1 * m4 + b2 * m1**2 * m2 + b3 * m1 * m3 + b4 * m1**4
    below = (m1 * m1 - m2) ** 2 * n * (n - 1) * (n - 2) * (n - 3)
    expected = s0 / (n * (n - 1))
    return _Moments(_g_of(y, matrix), expected, _root(above / below - expected**2), np.nan)


def _sums(matrix: sparse.csr_array) -> tuple[float, float, float]:
    """Return S0, S1 and S2 of Cliff and Ord."""
    both = (matrix + matrix.T).tocsr()
    ends = np.asarray(matrix.sum(axis=1)).ravel() + np.asarray(matrix.sum(axis=0)).ravel()
    return float(matrix.sum()), float((both.data**2).sum() / 2), float((ends**2).sum())


def _root(variance: float) -> float:
    return float(np.sqrt(variance)) if variance > 0 else np.nan


def _permute(
    y: Floats,
    matrix: sparse.csr_array,
    measure: Callable[[Floats, sparse.csr_array], float],
    n_permutations: int,
    seed: int,
) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    observed = measure(y, matrix)
    drawn = np.array([measure(rng.permutation(y), matrix) for _ in range(n_permutations)])
    tie = TIE * max(abs(observed), float(np.abs(drawn).max()))
    greater = ((drawn >= observed - tie).sum() + 1) / (n_permutations + 1)
    lesser = ((drawn <= observed + tie).sum() + 1) / (n_permutations + 1)
    return float(greater), float(lesser)
