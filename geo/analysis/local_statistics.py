"""Measure where values lie together: Gi, Gi*, local Moran and local Geary (局部空间统计).

Four statistics of one kind: the weighted sum, over the neighbours of an area, of a function of their values.
Under the null hypothesis the values of the neighbours are drawn without replacement from all other areas, the
own value staying where it is. Mean and variance of the sum follow exactly, which gives z in one sparse
product; p is two-sided from the normal distribution, or counted over seeded permutations.

- `g` (Getis and Ord 1992): sum of the neighbours over the sum of all others.
- `g_star` (Ord and Getis 1995): with the area itself. Its z is the usual one, against all values; in its
  permutations the own value stays (R1.14: so does GeoDa; ArcGIS has no permutations of it).
- `moran` (Anselin 1995; moments of Sokal, Oden and Thomson 1998, conditional).
- `geary` (Anselin 1995, 2019), on standardised values; moments as above.

What every other program leaves to its user is decided here: areas without a value take no part, and are not
counted as zero; islands get no z; where all values are equal nothing is defined and nothing is divided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, special

from geo.analysis.compiled import N_CORES
from geo.analysis.local_kernels import count_extremes, draw_positions
from geo.analysis.raster_index import run_blocks
from geo.analysis.weights import Weights, align_values, style_weights

Statistic = Literal["g", "g_star", "moran", "geary"]
Variance = Literal["general", "binary"]
Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

FEW_AREAS = 30
"""Below this many areas the normal distribution is no guide, and only permutations are (fault I03)."""

_PERMUTATIONS_AT_ONCE = 512
"""Their draws stay in the cache of a core for rows of some dozens of neighbours."""
_ROWS_AT_ONCE = 2048
_NOTHING = 1e-12
"""Share of a variance below which it is rounding."""


@dataclass(frozen=True)
class LocalStatistics:
    """A local statistic of every area. Made by `measure_local`."""

    statistic: Statistic
    table: pd.DataFrame
    """One row per value, in its index:

    - `value` : as given
    - `lag` : mean of the values of the neighbours (by weight), without the area itself
    - `n_neighbours` : with a value
    - `observed`, `expected`, `sd` : the statistic, and its moments under the null hypothesis
    - `z` : standard score
    - `p_normal` : two-sided, from z
    - `p_greater`, `p_lesser` : share of permutations at or beyond the observed value, itself counted
    - `p_permuted` : two-sided, twice the smaller of them, at most 1

    All missing but `value` where there is no value; z and p missing for islands and where nothing is
    defined; permuted ones missing without permutations. No p is ever 0.
    """
    islands: tuple[str, ...]
    """Areas with a value and no neighbour with one."""
    without_value: tuple[str, ...]
    """Areas that took no part."""
    is_defined: bool
    """Whether values differ at all, among three areas or more."""
    is_few: bool
    """Whether so few areas took part that only permutations may be trusted."""
    weights_rule: str
    n_permutations: int
    seed: int

    @property
    def n_measured(self) -> int:
        """Number of areas with a value."""
        return len(self.table) - len(self.without_value)


@dataclass(frozen=True)
class _Scores:
    observed: Floats
    expected: Floats
    sd: Floats


def measure_local(
    values: pd.Series,
    weights: Weights,
    *,
    statistic: Statistic,
    n_permutations: int = 0,
    seed: int = 0,
    variance: Variance = "general",
    n_threads: int | None = None,
) -> LocalStatistics:
    """Measure a local statistic of every area.

    Parameters
    ----------
    values
        One number per area (n,), indexed by area id; missing where there is none. For `g` and `g_star`
        counts or rates, 0 or more.
    weights
        Neighbours of these areas (others may be there too). Whether an area counts for itself is decided
        by `statistic`, binary or row-standardised by the weights.
    statistic
        Which one.
    n_permutations
        Conditional permutations; 0 for none. p is no smaller than 1 over one more than this.
    seed
        Of the permutations. The same seed gives the same p for any order of rows and number of threads.
    variance
        Of `g` and `g_star`: `general` holds for any weights (Ord and Getis 1995); `binary` is the shortcut of
        PySAL, which equals it for binary weights only and understates z of row-standardised ones.
    n_threads
        Threads for permutations; all cores by default.

    Raises
    ------
    DuplicateError
        If an area occurs twice.
    MissingError
        If an area is not in the weights, or has no id.
    GeoError
        If a value is infinite.

    Notes
    -----
    `observed` of `g` is a share of the sum of values, of `moran` scaled by n - 1 over the sum of squares, of
    `geary` a weighted sum of squared differences of standardised values (population standard deviation).

    Examples
    --------
    >>> from geo.analysis.weights import make_weights
    >>> chain = make_weights(["a", "b", "c", "d"], np.eye(4, k=1) + np.eye(4, k=-1), rule="chain")
    >>> found = measure_local(pd.Series([9.0, 8, 1, 0], index=list("abcd")), chain, statistic="moran")
    >>> found.table["z"].round(3).tolist()
    [1.405, 0.828, 0.828, 1.405]
    """
    aligned = align_values(values, weights)
    part = aligned.weights
    found, is_defined = _measure(
        aligned.numbers,
        style_weights(part, with_self=statistic == "g_star"),
        statistic=statistic,
        variance=variance,
        n_permutations=n_permutations,
        seed=seed,
        n_threads=n_threads,
    )
    columns = {name: np.append(column, np.nan)[aligned.row] for name, column in found.items()}
    given = np.asarray(values, dtype=np.float64)
    return LocalStatistics(
        statistic=statistic,
        table=pd.DataFrame({"value": given, **columns}, index=values.index),
        islands=part.islands,
        without_value=tuple(sorted(values.index[aligned.row < 0])),
        is_defined=is_defined,
        is_few=len(aligned.numbers) < FEW_AREAS,
        weights_rule=weights.rule,
        n_permutations=n_permutations,
        seed=seed,
    )


def warm_up() -> None:
    """Compile the permutations, or load them from the cache. Call it where nobody waits."""
    uniforms = np.zeros((1, 2))
    _count_block(np.array([0.0, 1.0, 3.0]), _Rows.of_nothing(), np.zeros(3), uniforms, False, 1)


def _measure(
    y: Floats,
    weights: Weights,
    *,
    statistic: Statistic,
    variance: Variance,
    n_permutations: int,
    seed: int,
    n_threads: int | None,
) -> tuple[dict[str, Floats], bool]:
    """Return the columns of the table for areas that have a value, in the order of the weights."""
    n = len(y)
    is_defined = n > 2 and bool(np.ptp(y) > 0)
    plain = style_weights(weights, with_self=False)
    others = plain.matrix
    totals = _sum_rows(others)
    lag = np.divide(others @ y, totals, out=np.full(n, np.nan), where=totals > 0)
    names = ("observed", "expected", "sd", "z", "p_normal", "p_greater", "p_lesser", "p_permuted")
    columns = {name: np.full(n, np.nan) for name in names}
    columns = {"lag": lag, "n_neighbours": plain.n_neighbours.astype(np.float64), **columns}
    if not is_defined:
        return columns, False
    matrix = weights.matrix if statistic == "g_star" else others
    u = (y - y.mean()) / y.std()
    scores = _SCORES[statistic](y, u, matrix, variance)
    has_spread = np.isfinite(scores.sd) & (scores.sd > 0) & (plain.n_neighbours > 0)
    z = np.divide(scores.observed - scores.expected, scores.sd, out=np.full(n, np.nan), where=has_spread)
    columns |= {"observed": scores.observed, "expected": scores.expected, "sd": scores.sd, "z": z}
    columns["p_normal"] = np.maximum(2 * special.ndtr(-np.abs(z)), np.nextafter(0, 1))
    if n_permutations:
        rows = _Rows.of_matrix(others if statistic != "g_star" else matrix)
        greater, lesser = _permute(u, rows, statistic, n_permutations, seed, n_threads or N_CORES)
        greater[~has_spread] = lesser[~has_spread] = np.nan
        columns |= {
            "p_greater": greater,
            "p_lesser": lesser,
            "p_permuted": np.minimum(2 * np.minimum(greater, lesser), 1.0),
        }
    return columns, True


# --- moments ---


def _score_g(y: Floats, u: Floats, matrix: sparse.csr_array, variance: Variance) -> _Scores:
    """Score Gi against all other values."""
    n = len(y)
    mean, spread = _moments_of_others(u, u, (u * u).sum())
    return _as_share(y, u, matrix, n - 1, mean, spread, y.sum() - y, variance)


def _score_g_star(y: Floats, u: Floats, matrix: sparse.csr_array, variance: Variance) -> _Scores:
    """Score Gi* against all values."""
    n = len(y)
    return _as_share(y, u, matrix, n, np.zeros(n), np.ones(n), np.full(n, y.sum()), variance)


def _as_share(
    y: Floats,
    u: Floats,
    matrix: sparse.csr_array,
    n_drawn_from: int,
    mean: Floats,
    spread: Floats,
    total: Floats,
    variance: Variance,
) -> _Scores:
    """Score sums of standardised values, and tell them as shares of the total of the values."""
    weight = _sum_rows(matrix)
    squares = weight if variance == "binary" else _sum_squares(matrix)
    if variance == "binary":
        factor = weight * (n_drawn_from - weight) / (n_drawn_from - 1)
    else:
        factor = _factor(weight, squares, n_drawn_from)
    sd_u = np.sqrt(spread * np.where(factor > 0, factor, 0.0))
    share = np.divide(1.0, total, out=np.full(len(y), np.nan), where=total != 0)
    expected = weight * (y.mean() + y.std() * mean) * share
    return _Scores((matrix @ y) * share, expected, sd_u * y.std() * np.abs(share))


def _score_moran(y: Floats, u: Floats, matrix: sparse.csr_array, _: Variance) -> _Scores:
    n = len(y)
    mean, spread = _moments_of_others(u, u, (u * u).sum())
    weight = _sum_rows(matrix)
    factor = _factor(weight, _sum_squares(matrix), n - 1)
    scale = (n - 1) / n * u
    return _Scores(scale * (matrix @ u), scale * weight * mean, np.abs(scale) * np.sqrt(spread * factor))


def _score_geary(y: Floats, u: Floats, matrix: sparse.csr_array, _: Variance) -> _Scores:
    n = len(y)
    weight = _sum_rows(matrix)
    observed = weight * u * u - 2 * u * (matrix @ u) + matrix @ (u * u)
    mean = (n * u * u + n) / (n - 1)
    square = u * u
    fourth = n * square * (square + 6) - 4 * u * (square * u).sum() + (square * square).sum()
    spread = np.maximum(fourth / (n - 1) - mean * mean, 0.0)
    factor = _factor(weight, _sum_squares(matrix), n - 1)
    return _Scores(observed, weight * mean, np.sqrt(spread * factor))


_SCORES = {"g": _score_g, "g_star": _score_g_star, "moran": _score_moran, "geary": _score_geary}


def _moments_of_others(u: Floats, own: Floats, squares: float) -> tuple[Floats, Floats]:
    """Return mean and variance of the standardised values of all areas but each one."""
    n = len(u)
    mean = -own / (n - 1)
    return mean, np.maximum((squares - own * own) / (n - 1) - mean * mean, 0.0)


def _factor(weight: Floats, squares: Floats, n_drawn_from: int) -> Floats:
    """Return the variance of a weighted sum drawn without replacement, per variance of the values."""
    first = n_drawn_from * squares
    difference = first - weight * weight
    return np.where(difference > _NOTHING * first, difference, 0.0) / (n_drawn_from - 1)


def _sum_rows(matrix: sparse.csr_array) -> Floats:
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()


def _sum_squares(matrix: sparse.csr_array) -> Floats:
    return _sum_rows(type(matrix)((matrix.data**2, matrix.indices, matrix.indptr), shape=matrix.shape))


# --- permutations ---


@dataclass(frozen=True)
class _Rows:
    """Rows of weights without the area itself, and the sums that were observed."""

    indptr: Longs
    weights: Floats
    links: sparse.csr_array

    @classmethod
    def of_matrix(cls, matrix: sparse.csr_array) -> _Rows:
        """Leave the diagonal out: the own value stays in every permutation, and adds the same to all."""
        coo = matrix.tocoo()
        kept = coo.row != coo.col
        links = type(matrix)((coo.data[kept], (coo.row[kept], coo.col[kept])), shape=matrix.shape)
        return cls(links.indptr.astype(np.int64), links.data.astype(np.float64), links)

    @classmethod
    def of_nothing(cls) -> _Rows:
        """Return two rows of one weight, and one of none, to compile with."""
        return cls(np.array([0, 1, 2, 2]), np.ones(2), sparse.csr_array((3, 3)))

    @property
    def longest(self) -> int:
        """Most neighbours of an area."""
        return int(np.diff(self.indptr).max(initial=0))


def _permute(
    u: Floats, rows: _Rows, statistic: Statistic, n_permutations: int, seed: int, n_threads: int
) -> tuple[Floats, Floats]:
    """Return the shares of permutations at or above, and at or below, what was observed."""
    n = len(u)
    is_geary = statistic == "geary"
    lag = rows.links @ u
    observed = _sum_rows(rows.links) * u * u - 2 * u * lag + rows.links @ (u * u) if is_geary else lag
    rng = np.random.default_rng(seed)
    n_greater, n_lesser = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for first in range(0, n_permutations, _PERMUTATIONS_AT_ONCE):
        size = min(_PERMUTATIONS_AT_ONCE, n_permutations - first)
        uniforms = rng.random((size, rows.longest + 1))
        more, less = _count_block(u, rows, observed, uniforms, is_geary, n_threads)
        n_greater += more
        n_lesser += less
    if statistic == "moran":  # the own value turns the sum around where it is below the mean
        n_greater, n_lesser = np.where(u < 0, n_lesser, n_greater), np.where(u < 0, n_greater, n_lesser)
    return (n_greater + 1) / (n_permutations + 1), (n_lesser + 1) / (n_permutations + 1)


def _count_block(
    u: Floats, rows: _Rows, observed: Floats, uniforms: Floats, is_geary: bool, n_threads: int
) -> tuple[Longs, Longs]:
    """Count extremes over a block of permutations, the areas shared out among threads."""
    n = len(u)
    drawn = draw_positions(uniforms, n)
    flat = drawn.ravel()
    order = np.argsort(flat, kind="stable")
    met_start = np.searchsorted(flat[order], np.arange(n + 1))
    met_permutation, met_draw = order // drawn.shape[1], order % drawn.shape[1]
    drawn_values = np.ascontiguousarray(u[drawn].T)
    n_greater, n_lesser = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)

    def work(start: int, stop: int) -> None:
        count_extremes(
            rows.indptr, rows.weights, u, observed, is_geary, drawn_values,
            met_start, met_permutation, met_draw, start, stop, n_greater, n_lesser,
        )  # fmt: skip

    run_blocks(work, n, block=_ROWS_AT_ONCE, n_threads=n_threads)
    return n_greater, n_lesser
