"""Rates of areas, raw and smoothed (比率与平滑).

Counts show where people live; rates show where something is wrong. A raw rate of a small area is mostly
chance: one case among 50 residents leads every list. Smoothing pulls each rate towards a mean, the more the
fewer people stand behind it (Marshall 1991):

- empirical Bayes: towards the mean of all areas;
- spatial empirical Bayes: towards the mean of the area and its neighbours.

Raw rates are kept beside the smoothed ones, which are for maps and ranks, never for reports of what happened.
An area without a denominator (missing, 0 or less) has no rate, is left out of every mean, and is listed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geo.analysis.intervals import poisson_interval
from geo.analysis.weights import Weights, align_values, style_weights
from geo.errors import GeoError

Floats = NDArray[np.float64]

PER = 1000.0
"""Rates are per 1 000 residents or households."""


@dataclass(frozen=True)
class Rates:
    """Rates of areas. Made by `measure_rates`."""

    table: pd.DataFrame
    """One row per area, in the index of the counts:

    - `n_cases`, `population` : as given
    - `rate` : cases per 1 000, raw
    - `lower`, `upper` : exact Poisson interval of `rate` at 95 % (Garwood 1936)
    - `smoothed` : empirical Bayes
    - `smoothed_locally` : spatial empirical Bayes; missing without weights

    All rates missing where there is no denominator, or no count.
    """
    overall: float
    """Cases of all areas with a rate, per 1 000 of their population; NaN where there is none."""
    without_denominator: tuple[str, ...]
    """Areas whose population is missing, 0 or less."""
    n_cases_without: int
    """Their cases, which no rate counts."""


def measure_rates(n_cases: pd.Series, population: pd.Series, *, weights: Weights | None = None) -> Rates:
    """Measure the rate of each area per 1 000, raw and smoothed.

    Parameters
    ----------
    n_cases
        Cases (n,), indexed by area id; missing where unknown, which is not 0.
    population
        Residents or households, by area id. Areas that are not there have none.
    weights
        Neighbours of these areas, for spatial smoothing. Links count, whatever their weight; an area always
        belongs to its own neighbourhood.

    Raises
    ------
    GeoError
        If a count is negative.
    DuplicateError, MissingError
        If an area occurs twice, or is not in the weights.

    Notes
    -----
    Between-area variance below 0 is taken as 0: all rates then differ by no more than chance and are smoothed
    to the mean. PySAL does so for spatial smoothing only.

    Examples
    --------
    One case among ten residents is hardly news beside areas of a thousand.

    >>> areas = list("abc")
    >>> found = measure_rates(pd.Series([1, 40, 10], index=areas), pd.Series([10, 1000, 1000], index=areas))
    >>> found.table["rate"].tolist()
    [100.0, 40.0, 10.0]
    >>> found.table["smoothed"].round(1).tolist()
    [31.2, 38.4, 11.6]
    """
    count = np.asarray(n_cases, dtype=np.float64)
    if (count < 0).any():
        first = n_cases.index[count < 0][0]
        raise GeoError("count_negative", area_id=str(first), n_areas=int((count < 0).sum()))
    people = population.reindex(n_cases.index).to_numpy(dtype=np.float64, na_value=np.nan)
    people = np.where(np.isfinite(people) & (people > 0), people, np.nan)
    usable = np.isfinite(people) & np.isfinite(count)
    known = np.where(usable, count, np.nan)
    interval = poisson_interval(known)
    table = pd.DataFrame(
        {
            "n_cases": n_cases.to_numpy(),
            "population": population.reindex(n_cases.index).to_numpy(),
            "rate": known / people * PER,
            "lower": interval.lower / people * PER,
            "upper": interval.upper / people * PER,
            "smoothed": _spread(_smooth(known[usable], people[usable]), usable) * PER,
            "smoothed_locally": np.nan,
        },
        index=n_cases.index,
    )
    if weights is not None:
        table["smoothed_locally"] = _smooth_near(known, people, n_cases.index, weights) * PER
    lost = np.isnan(people)
    return Rates(
        table=table,
        overall=float(known[usable].sum() / people[usable].sum() * PER) if usable.any() else np.nan,
        without_denominator=tuple(sorted(n_cases.index[lost])),
        n_cases_without=int(np.nansum(count[lost])),
    )


def _smooth(count: Floats, people: Floats) -> Floats:
    """Return rates pulled towards their common mean (Marshall 1991, global)."""
    if not len(count):
        return count
    mean = count.sum() / people.sum()
    rate = count / people
    within = mean / people.mean()
    between = max((people * (rate - mean) ** 2).sum() / people.sum() - within, 0.0)
    return _pull(rate, np.full(len(rate), mean), np.full(len(rate), between), people)


def _smooth_near(count: Floats, people: Floats, index: pd.Index, weights: Weights) -> Floats:
    """Return rates pulled towards the mean of the area and its neighbours (Marshall 1991, local)."""
    aligned = align_values(pd.Series(count / people, index=index), style_weights(weights, style="binary"))
    links = aligned.weights.links
    near = sparse.csr_array((np.ones(links.nnz), links.indices, links.indptr), shape=links.shape)
    near = (near + sparse.eye_array(near.shape[0])).tocsr()
    rate = aligned.numbers
    b = np.full(len(rate), np.nan)
    taken = aligned.row >= 0
    b[aligned.row[taken]] = people[taken]
    total = near @ b
    mean = (near @ (rate * b)) / total
    # sum of b (rate - mean)² over the neighbourhood, whose mean differs from row to row
    square = near @ (b * rate * rate) - 2 * mean * (near @ (b * rate)) + mean * mean * total
    within = mean * np.asarray(near.sum(axis=1)).ravel() / total
    between = np.maximum(square / total - within, 0.0)
    return np.append(_pull(rate, mean, between, b), np.nan)[aligned.row]


def _pull(rate: Floats, mean: Floats, between: Floats, people: Floats) -> Floats:
    chance = between + mean / people
    share = np.divide(between, chance, out=np.zeros(len(rate)), where=chance > 0)
    return np.asarray(mean + share * (rate - mean))


def _spread(found: Floats, usable: NDArray[np.bool_]) -> Floats:
    column = np.full(len(usable), np.nan)
    column[usable] = found
    return column
