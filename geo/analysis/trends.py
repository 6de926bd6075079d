"""Tell how a place changes over periods: Mann-Kendall, and the 17 kinds of emerging hotspots (趋势与热点演变).

A cube has a row per place and a column per period, oldest first. Mann-Kendall (Mann 1945; Kendall 1975) asks
whether later values tend to be higher, whatever the shape of the rise. It compares signs only, so that one mad
month does not make a trend; with `season` only equal months are compared (Hirsch, Slack and Smith 1982).

The kinds are those of the emerging hot spot analysis of ArcGIS (17 outcomes). `RULES` is the table of them: the
first line that fits gives the kind; for cold places hot and cold, up and down change places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from geo.errors import ChoiceError

Floats = NDArray[np.float64]
Kind = Literal[
    "new", "consecutive", "intensifying", "persistent", "diminishing", "historical", "oscillating", "sporadic"
]

MOSTLY = 0.9
"""Share of periods from which a place is hot "all the time"."""
TREND_ALPHA = 0.05
NO_PATTERN = "none"


@dataclass(frozen=True)
class Rule:
    """What must hold for a kind; None where it does not matter."""

    kind: Kind
    is_hot_now: bool
    is_mostly_hot: bool
    """Hot in at least 90 % of the periods."""
    was_cold: bool | None = None
    """Cold in any period."""
    final_run: Literal["one", "several"] | None = None
    """Never hot before the last run of hot periods, which is of one period, or of several."""
    trend: Literal["up", "none", "down"] | None = None
    """Of the scores, at 5 %."""


RULES: tuple[Rule, ...] = (
    Rule("intensifying", is_hot_now=True, is_mostly_hot=True, trend="up"),
    Rule("diminishing", is_hot_now=True, is_mostly_hot=True, trend="down"),
    Rule("persistent", is_hot_now=True, is_mostly_hot=True, trend="none"),
    Rule("historical", is_hot_now=False, is_mostly_hot=True),
    Rule("oscillating", is_hot_now=True, is_mostly_hot=False, was_cold=True),
    Rule("new", is_hot_now=True, is_mostly_hot=False, was_cold=False, final_run="one"),
    Rule("consecutive", is_hot_now=True, is_mostly_hot=False, was_cold=False, final_run="several"),
    Rule("sporadic", is_hot_now=True, is_mostly_hot=False, was_cold=False),
)
"""In order. A place that is not hot now and was not mostly hot has no pattern, whatever it was."""

KINDS = (*(f"{rule.kind}_{side}" for side in ("hot", "cold") for rule in RULES), NO_PATTERN)
"""The 17 names."""


def mann_kendall(cube: pd.DataFrame, *, season: int | None = None) -> pd.DataFrame:
    """Test each place for a trend.

    Parameters
    ----------
    cube
        Numbers (n places, m periods), oldest first; missing where there is none, which is compared with
        nothing.
    season
        Compare only periods that are a multiple of this apart: 12 for months, 52 for weeks. Sums and
        variances of the seasons add up, as if they did not depend on each other.

    Returns
    -------
    pandas.DataFrame
        In the index of `cube`:

        - `s` : pairs that rise less pairs that fall
        - `variance` : of s under no trend, corrected for ties
        - `z` : with correction for continuity; missing where nothing can vary
        - `p` : two-sided, by the normal distribution; a rough guide below ten periods

    Raises
    ------
    ChoiceError
        If `season` is less than 2.

    Examples
    --------
    >>> found = mann_kendall(pd.DataFrame([range(1, 11)]))
    >>> found.round(4).iloc[0].tolist()
    [45.0, 125.0, 3.9355, 0.0001]
    """
    if season is not None and season < 2:
        raise ChoiceError("season_not_count", season=season)
    values = cube.to_numpy(dtype=np.float64, na_value=np.nan)
    n_places, n_periods = values.shape
    s, variance = np.zeros(n_places), np.zeros(n_places)
    for first in range(min(season or 1, n_periods)):
        part = values[:, first :: season or 1]
        s += _count_rises(part)
        variance += _vary(part)
    z = np.divide(s - np.sign(s), np.sqrt(variance), out=np.full(n_places, np.nan), where=variance > 0)
    p = 2 * special.ndtr(-np.abs(z))
    return pd.DataFrame({"s": s, "variance": variance, "z": z, "p": p}, index=cube.index)


def classify_emerging(scores: pd.DataFrame, is_significant: pd.DataFrame) -> pd.Series:
    """Give each place the kind of its change.

    Parameters
    ----------
    scores
        z of Gi* (n places, m periods), oldest first; missing where not defined.
    is_significant
        Whether each of them is told from chance, after correction (n, m), in the same order.

    Returns
    -------
    pandas.Series
        `new_hot`, `persistent_cold` … or `none`, in the index of `scores`.

    Raises
    ------
    ChoiceError
        If the tables differ in places or periods, or there are fewer than two periods.

    Notes
    -----
    "Sporadic" asks for a place that is hot now, as the newer ArcGIS does; older versions and sfdep also give
    it to places that no longer are. A place hot in exactly 90 % counts as mostly hot.
    """
    same = scores.index.equals(is_significant.index) and scores.shape == is_significant.shape
    if not same or scores.shape[1] < 2:
        raise ChoiceError("cube_differs", n_periods=scores.shape[1])
    z = scores.to_numpy(dtype=np.float64, na_value=np.nan)
    told = is_significant.to_numpy(dtype=bool)
    trend = mann_kendall(scores)
    direction = np.where((trend["p"] < TREND_ALPHA).to_numpy(), np.sign(trend["s"]), 0.0)
    kinds = np.full(len(z), NO_PATTERN, dtype=object)
    for side, sign in (("cold", -1.0), ("hot", 1.0)):
        hot, cold = told & (sign * z > 0), told & (sign * z < 0)
        unnamed = np.ones(len(z), dtype=bool)
        for rule in RULES:
            fits = unnamed & _fits(rule, hot, cold, sign * direction)
            # What a place is now, hot or cold, says more than what it was.
            kinds[fits & (rule.is_hot_now | (kinds == NO_PATTERN))] = f"{rule.kind}_{side}"
            unnamed &= ~fits
    return pd.Series(kinds, index=scores.index, name="emerging")


def _fits(rule: Rule, hot: NDArray[np.bool_], cold: NDArray[np.bool_], trend: Floats) -> NDArray[np.bool_]:
    n_periods = hot.shape[1]
    n_hot = hot.sum(axis=1)
    fits = (hot[:, -1] == rule.is_hot_now) & ((n_hot >= MOSTLY * n_periods - 1e-9) == rule.is_mostly_hot)
    if rule.was_cold is not None:
        fits &= cold.any(axis=1) == rule.was_cold
    if rule.final_run is not None:
        run = np.where(hot.all(axis=1), n_periods, np.argmin(hot[:, ::-1], axis=1))
        fits &= (run == n_hot) & ((run == 1) == (rule.final_run == "one"))
    if rule.trend is not None:
        fits &= trend == {"up": 1.0, "none": 0.0, "down": -1.0}[rule.trend]
    return np.asarray(fits, dtype=bool)


def _count_rises(part: Floats) -> Floats:
    """Return rising less falling pairs of each row."""
    s = np.zeros(len(part))
    for apart in range(1, part.shape[1]):
        s += np.nansum(np.sign(part[:, apart:] - part[:, :-apart]), axis=1)
    return s


def _vary(part: Floats) -> Floats:
    """Return the variance of the pairs: n (n - 1) (2 n + 5) less the same of each group of ties, over 18."""
    ranked = np.sort(part, axis=1)  # missing ones last
    n = np.isfinite(part).sum(axis=1).astype(np.float64)
    variance = n * (n - 1) * (2 * n + 5)
    size = np.ones(len(part))
    for column in range(1, ranked.shape[1] + 1):
        if column < ranked.shape[1]:
            goes_on = ranked[:, column] == ranked[:, column - 1]
        else:
            goes_on = np.zeros(len(part), dtype=bool)
        variance -= np.where(goes_on, 0.0, size * (size - 1) * (2 * size + 5))
        size = np.where(goes_on, size + 1, 1.0)
    return np.asarray(variance / 18)
