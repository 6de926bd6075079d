"""How sure a share, a rate, a median or a rank is (置信区间与排名区间).

Small areas jump to the top and the bottom of every list by chance alone. Each figure therefore carries
an interval, each rank the span of ranks that the intervals allow, and a funnel tells which areas differ
from all of them together by more than chance.

References: Wilson (1927) for shares; Garwood (1936) for Poisson counts; order statistics for medians
(Conover 1999, 3.2); Klein, Wright and Wieczorek (2020), *A joint confidence region for an overall
ranking of populations*, J. R. Stat. Soc. C 69, for ranks; Spiegelhalter (2005), *Funnel plots for
comparing institutional performance*, Stat. Med. 24, for the funnel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]
Flag = Literal["", "low", "very_low", "high", "very_high"]

LEVEL = 0.95
"""Confidence of an interval that is shown beside a figure."""

FUNNEL_NEAR, FUNNEL_FAR = 0.95, 0.998
"""The two limits of a funnel (Spiegelhalter 2005): about 2 and 3 standard deviations."""

PERCENTILES: tuple[int, ...] = (1, *range(5, 100, 5), 99)
"""Percentiles a store counts, as `p01_s` to `p99_s`."""

_COLUMNS = tuple(f"p{percent:02d}_s" for percent in PERCENTILES)


@dataclass(frozen=True)
class Interval:
    """Ends of intervals: parallel arrays (n,), missing where nothing is known on that side."""

    lower: Floats
    upper: Floats


def wilson_interval(numerator: ArrayLike, denominator: ArrayLike, *, level: float = LEVEL) -> Interval:
    """Return the Wilson interval of shares.

    Parameters
    ----------
    numerator, denominator
        Counts (n,); the numerator may hold parts of a case (a weighted answer). Where the denominator is 0
        or missing, so is the interval.
    level
        Confidence, 0 to 1.

    Returns
    -------
    Interval
        0 to 1.

    Examples
    --------
    >>> found = wilson_interval([8], [10])
    >>> round(float(found.lower[0]), 4), round(float(found.upper[0]), 4)
    (0.4902, 0.9433)
    """
    k = np.asarray(numerator, dtype=float)
    n = np.asarray(denominator, dtype=float)
    n = np.where(n > 0, n, np.nan)
    z2 = _z(level) ** 2
    centre = (k + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (k * (n - k) / n + z2 / 4)) / (n + z2)
    return Interval(np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0))


def poisson_interval(count: ArrayLike, *, level: float = LEVEL) -> Interval:
    """Return the exact interval of the expectation of counts; divide by residents for a rate.

    Examples
    --------
    >>> found = poisson_interval([0, 10])
    >>> found.lower.round(3).tolist(), found.upper.round(3).tolist()
    ([0.0, 4.795], [3.689, 18.39])
    """
    k = np.asarray(count, dtype=float)
    tail = (1 - level) / 2
    lower = np.where(k > 0, special.gammaincinv(np.where(k > 0, k, 1.0), tail), np.where(k == 0, 0.0, np.nan))
    return Interval(lower, special.gammainccinv(k + 1, tail))


def quantile_interval(
    percentiles: pd.DataFrame, n: ArrayLike, *, share: float = 0.5, level: float = LEVEL
) -> Interval:
    """Return a distribution-free interval of a median (or another quantile) from a grid of percentiles.

    Parameters
    ----------
    percentiles
        Discrete percentiles `p01_s`, `p05_s` … `p95_s`, `p99_s` (n, 21), the p-th being the value of
        rank ceil(p n / 100).
    n
        Number of values behind each row.
    share
        The quantile, 0.5 for the median.
    level
        Confidence, 0 to 1.

    Returns
    -------
    Interval
        In the unit of `percentiles`: the nearest percentiles at or outside the ranks that the binomial
        distribution gives, so never too narrow. Missing on the side where so few values bound nothing
        (a median needs six).
    """
    size = np.nan_to_num(np.asarray(n, dtype=float)).astype(np.int64)
    tail = (1 - level) / 2
    low_rank = _ranks_within(size, share, tail)
    high_rank = size + 1 - _ranks_within(size, 1 - share, tail)
    lower = np.full(len(size), np.nan)
    upper = np.full(len(size), np.nan)
    values = percentiles[list(_COLUMNS)].to_numpy(dtype=float, na_value=np.nan)
    for percent, value in zip(PERCENTILES, values.T, strict=True):
        rank = (percent * size + 99) // 100
        lower = np.where((size > 0) & (rank <= low_rank), value, lower)
        upper = np.where(
            (size > 0) & (rank >= high_rank) & (high_rank <= size) & np.isnan(upper), value, upper
        )
    return Interval(lower, upper)


def _ranks_within(n: NDArray[np.int64], share: float, tail: float) -> NDArray[np.int64]:
    """Largest rank l with P(X < l) <= tail for X binomial (n, share); 0 where there is none."""
    if not len(n):
        return n
    spread = np.sqrt(n * share * (1 - share))
    rank = np.maximum(0, np.floor(n * share - _z(1 - 2 * tail) * spread - 1)).astype(np.int64)
    for _ in range(_MOST_STEPS):
        # special.bdtr(k, …) is P(X <= k), so rank + 1 holds where P(X <= rank) is within the tail.
        grows = (rank < n) & (special.bdtr(rank, np.maximum(n, 1), share) <= tail)
        if not grows.any():
            break
        rank += grows
    for _ in range(_MOST_STEPS):
        shrinks = (rank > 0) & (special.bdtr(np.maximum(rank - 1, 0), np.maximum(n, 1), share) > tail)
        if not shrinks.any():
            break
        rank -= shrinks
    return np.asarray(rank, dtype=np.int64)


_MOST_STEPS = 64
"""The normal guess is off by a rank or two; the steps mend it and never run on."""


def sibling_level(n_siblings: int) -> float:
    """Return the level each of `n_siblings` intervals needs so that all of them hold at 95 % (Šidák)."""
    return float(LEVEL ** (1 / max(n_siblings, 1)))


def rank_areas(values: pd.Series, *, better: Literal["low", "high"]) -> pd.Series:
    """Rank areas, 1 the best; equal values share the better rank, missing values have none."""
    return values.rank(method="min", ascending=better == "low")


@dataclass(frozen=True)
class RankInterval:
    """Ranks that intervals allow: parallel arrays (n,), missing where there is no figure to rank."""

    low: Floats
    high: Floats


def rank_intervals(values: ArrayLike, joint: Interval, *, better: Literal["low", "high"]) -> RankInterval:
    """Return the best and the worst rank of each area that the intervals allow.

    Parameters
    ----------
    values
        Figures (n,); those that are missing are not ranked and do not count.
    joint
        Joint intervals, of level `sibling_level(n)`. Where one side is missing nothing is known on it.
    better
        Whether low or high figures come first.

    Returns
    -------
    RankInterval
        1 + areas that are surely better, and n less areas that are surely worse (Klein, Wright and
        Wieczorek 2020).
    """
    sign = 1.0 if better == "low" else -1.0
    known = ~np.isnan(np.asarray(values, dtype=float))
    near = (joint.lower if better == "low" else joint.upper) * sign
    far = (joint.upper if better == "low" else joint.lower) * sign
    near = np.where(np.isnan(near), -np.inf, near)[known]
    far = np.where(np.isnan(far), np.inf, far)[known]
    low, high = np.full(len(known), np.nan), np.full(len(known), np.nan)
    low[known] = 1 + np.searchsorted(np.sort(far), near, side="left")
    high[known] = np.searchsorted(np.sort(near), far, side="right")
    return RankInterval(low, high)


def flag_shares(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.object_]:
    """Flag shares that differ from the pooled share by more than chance (binomial, exact tails)."""
    k, n = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    usable = np.isfinite(k) & (n > 0)
    total = n[usable].sum()
    pooled = k[usable].sum() / total if total else np.nan
    if usable.sum() < 2 or not 0 < pooled < 1:
        return np.full(len(k), "", dtype=object)
    m, j = np.where(usable, n, 1.0), np.where(usable, np.round(k), 0.0)
    below = special.bdtr(j, m.astype(np.int64), pooled)
    above = np.where(j > 0, special.bdtrc(np.maximum(j - 1, 0), m.astype(np.int64), pooled), 1.0)
    return _flags(below, above, usable)


def flag_rates(count: ArrayLike, exposure: ArrayLike) -> NDArray[np.object_]:
    """Flag rates that differ from the pooled rate by more than chance (Poisson, exact tails)."""
    k, e = np.asarray(count, dtype=float), np.asarray(exposure, dtype=float)
    usable = np.isfinite(k) & (e > 0)
    if usable.sum() < 2 or not k[usable].sum():
        return np.full(len(k), "", dtype=object)
    expected = np.where(usable, e, 0.0) * (k[usable].sum() / e[usable].sum())
    j = np.where(usable, k, 0.0)
    below = special.pdtr(j, np.where(usable, expected, 1.0))
    above = np.where(j > 0, special.pdtrc(np.maximum(j - 1, 0), np.where(usable, expected, 1.0)), 1.0)
    return _flags(below, above, usable)


def counts_differ(now: int, before: int, *, days_now: int, days_before: int, n_tests: int = 1) -> bool:
    """Tell whether two counts differ by more than chance.

    Given their sum, the first is binomial with the share of the days (Przyborowski and Wilenski 1940).
    `n_tests` looks are paid for by Bonferroni.
    """
    total, share = now + before, days_now / (days_now + days_before)
    if not total:
        return False
    below = special.bdtr(float(now), total, share)
    above = special.bdtrc(float(now - 1), total, share) if now else 1.0
    return bool(min(below, above) * 2 * n_tests <= 1 - LEVEL)


def _flags(below: Floats, above: Floats, usable: NDArray[np.bool_]) -> NDArray[np.object_]:
    near, far = (1 - FUNNEL_NEAR) / 2, (1 - FUNNEL_FAR) / 2
    flags = np.select(
        [~usable, below <= far, above <= far, below <= near, above <= near],
        ["", "very_low", "very_high", "low", "high"],
        default="",
    )
    return flags.astype(object)


def _z(level: float) -> float:
    return float(special.ndtri((1 + level) / 2))
