"""Decide which areas are told apart from chance, when many are looked at together (多重检验与分类).

At 5 %, one grid in twenty is a hotspot by chance. Classes are therefore given by a cut-off that pays for all
areas tested: the false discovery rate (Benjamini and Hochberg 1995; the default), Bonferroni, or none, which
the legend must name. The names of the classes are frozen: maps, tables, notes and tests read them.

No class is given to an area whose figure stands on too little (`Guard`), to an island, or without a value;
each of these has a name of its own, so that grey on the map never means two things.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.analysis.local_statistics import FEW_AREAS, LocalStatistics
from geo.errors import ChoiceError, MissingError

Correction = Literal["fdr", "bonferroni", "none"]
PValues = Literal["normal", "permuted"]

ALPHAS: dict[int, float] = {99: 0.01, 95: 0.05, 90: 0.10}
"""Confidence in per cent, as in the name of a class, and the share of false finds it allows."""

LEAST_CASES = 5
"""Cases below which a figure decides nothing: the least expectation of a usual test (Cochran 1954)."""
LEAST_RESIDENTS = 100
"""Residents below which one case moves a rate per 1 000 by 10 or more."""

NOT_SIGNIFICANT = "not_significant"
TOO_FEW = "too_few"
NO_NEIGHBOURS = "no_neighbours"
NO_VALUE = "no_value"
NOT_DEFINED = "not_defined"

GROUP_CLASSES = ("hot_99", "hot_95", "hot_90", "cold_90", "cold_95", "cold_99")
"""Of Gi and Gi*: high or low values lie together."""
MORAN_CLASSES = ("high_high", "low_low", "high_low", "low_high")
"""Of local Moran at the chosen confidence: own value, then that of the neighbours."""
GEARY_CLASSES = ("high_high", "low_low", "other_positive", "negative")
"""Of local Geary: alike and both above, or both below the mean, or across it; or unlike (Anselin 2019)."""
OTHER_CLASSES = (NOT_SIGNIFICANT, TOO_FEW, NO_NEIGHBOURS, NO_VALUE, NOT_DEFINED)


@dataclass(frozen=True)
class Guard:
    """No class below so many: of cases, of residents, of whatever a figure stands on."""

    name: str
    """For the legend: `n_cases`, `residents` …"""
    amounts: pd.Series
    """By area id; a missing amount, or an area that is not there, is too few."""
    least: float


@dataclass(frozen=True)
class LocalClasses:
    """Classes of a map of local statistics. Made by `classify_local`."""

    classes: pd.Series
    """Name of the class, in the index of the statistics."""
    p: pd.Series
    """The p values that decided; missing where none was tested."""
    p_values: PValues
    correction: Correction
    cutoffs: dict[int, float]
    """By confidence in per cent: p must be below."""
    n_tested: int
    counts: dict[str, int]
    """Areas in each class that occurs."""


def fdr_cutoff(p: ArrayLike, *, alpha: float) -> float:
    """Return the cut-off of the false discovery rate: p values below it are significant.

    With p sorted upwards, the largest i alpha / n whose p(i) lies below it; alpha / n where none does
    (Benjamini and Hochberg 1995; strict as in PySAL, R1.7). Missing p values are not counted.

    Raises
    ------
    ChoiceError
        If `alpha` is not between 0 and 1.

    Examples
    --------
    >>> round(fdr_cutoff([0.01, 0.02, 0.9, 0.8], alpha=0.05), 6)
    0.025
    """
    _require_alpha(alpha)
    values = np.asarray(p, dtype=np.float64)
    ranked = np.sort(values[~np.isnan(values)])
    n = len(ranked)
    allowed = np.arange(1, n + 1) * alpha / max(n, 1)
    reached = np.flatnonzero(ranked < allowed)
    return float(allowed[reached[-1]]) if len(reached) else alpha / max(n, 1)


def find_cutoff(p: ArrayLike, *, alpha: float, correction: Correction) -> float:
    """Return the cut-off of a correction: p values below it are significant.

    Raises
    ------
    ChoiceError
        If `alpha` is not between 0 and 1.
    """
    _require_alpha(alpha)
    if correction == "fdr":
        return fdr_cutoff(p, alpha=alpha)
    n = int(np.isfinite(np.asarray(p, dtype=np.float64)).sum())
    return alpha / max(n, 1) if correction == "bonferroni" else alpha


def classify_local(
    local: LocalStatistics,
    *,
    correction: Correction = "fdr",
    confidence: Literal[90, 95, 99] = 95,
    guards: Sequence[Guard] = (),
    p_values: PValues | None = None,
) -> LocalClasses:
    """Give each area its class.

    Parameters
    ----------
    local
        A local statistic of every area.
    correction
        How the number of areas is paid for.
    confidence
        Of the classes of Moran and Geary, in per cent; those of Gi and Gi* name three at once.
    guards
        What a figure must stand on. Guarded areas are neither tested nor counted as tests; they still
        are neighbours of the others.
    p_values
        `permuted` or `normal`; by default the permuted ones where there are any.

    Raises
    ------
    ChoiceError
        If fewer than 30 areas have no permutations (fault I03).
    MissingError
        If permuted values are asked for and there are none.
    """
    chosen: PValues = p_values or ("permuted" if local.n_permutations else "normal")
    if chosen == "permuted" and not local.n_permutations:
        raise MissingError("permutations_missing", n_areas=local.n_measured, least=FEW_AREAS)
    if chosen == "normal" and local.is_few and local.is_defined:
        raise ChoiceError("permutations_missing", n_areas=local.n_measured, least=FEW_AREAS)
    table = local.table
    is_thin = _find_thin(table.index, guards)
    p = table[f"p_{chosen}"].mask(is_thin)
    cutoffs = {
        percent: find_cutoff(p, alpha=alpha, correction=correction) for percent, alpha in ALPHAS.items()
    }
    names = np.full(len(table), NOT_SIGNIFICANT, dtype=object)
    if local.statistic in {"g", "g_star"}:
        _name_groups(names, p.to_numpy(), table["z"].to_numpy(), cutoffs)
    else:
        is_found = (p < cutoffs[confidence]).to_numpy()
        kinds = _name_moran(table) if local.statistic == "moran" else _name_geary(table)
        names[is_found] = kinds[is_found]
    # Later lines win: without a value nothing else is known.
    names[table["z"].isna().to_numpy()] = NOT_DEFINED
    names[is_thin] = TOO_FEW
    names[(table["n_neighbours"] == 0).to_numpy()] = NO_NEIGHBOURS
    names[table["value"].isna().to_numpy()] = NO_VALUE
    classes = pd.Series(names, index=table.index, name="hotspot_class")
    counts = {str(name): int(n) for name, n in classes.value_counts(sort=False).items()}
    return LocalClasses(classes, p, chosen, correction, cutoffs, int(p.notna().sum()), counts)


def _find_thin(index: pd.Index, guards: Sequence[Guard]) -> NDArray[np.bool_]:
    is_thin = np.zeros(len(index), dtype=bool)
    for guard in guards:
        amounts = guard.amounts.reindex(index).to_numpy(dtype=np.float64, na_value=np.nan)
        is_thin |= ~(amounts >= guard.least)
    return is_thin


def _name_groups(
    names: NDArray[np.object_],
    p: NDArray[np.float64],
    z: NDArray[np.float64],
    cutoffs: dict[int, float],
) -> None:
    for percent in sorted(ALPHAS):
        is_found = p < cutoffs[percent]
        names[is_found & (z > 0)] = f"hot_{percent}"
        names[is_found & (z < 0)] = f"cold_{percent}"


def _name_moran(table: pd.DataFrame) -> NDArray[np.object_]:
    """Name by own value and lag; which side of chance it is decides as z does, not the bare product."""
    is_high = (table["value"] > table["value"].mean()).to_numpy()
    is_alike = (table["z"] > 0).to_numpy()
    return np.select(
        [is_alike & is_high, is_alike & ~is_high, ~is_alike & is_high],
        ["high_high", "low_low", "high_low"],
        default="low_high",
    ).astype(object)


def _name_geary(table: pd.DataFrame) -> NDArray[np.object_]:
    mean = table["value"].mean()
    own, near = (table["value"] > mean).to_numpy(), (table["lag"] > mean).to_numpy()
    is_alike = (table["z"] < 0).to_numpy()
    return np.select(
        [is_alike & own & near, is_alike & ~own & ~near, is_alike],
        ["high_high", "low_low", "other_positive"],
        default="negative",
    ).astype(object)


def _require_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ChoiceError("alpha_not_share", alpha=alpha)
