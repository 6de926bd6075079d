"""Class breaks and colours of a choropleth (分级设色).

A map of classes is read by its legend, so breaks fall on values that occur or on round intervals,
whole numbers get whole breaks (`0 – 17`, `18 – 37`), equal values never fall into two classes, and
none but an equally wide class can be empty. Fewer different values than classes give fewer classes.

Natural breaks are the exact optimum (Fisher 1958, the dynamic programme of Wang and Song 2011),
not a random start, so the same data always get the same map. The work is bounded: beyond
`MOST_DISTINCT` different values they are first thinned to that many quantiles.

Colours: YlGnBu for amounts, PuOr for signed change (both safe for colour-blind readers), grey for no data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ClassMethod = Literal["quantiles", "natural", "equal", "diverging"]

SEQUENTIAL = ("#ffffd9", "#c7e9b4", "#41b6c4", "#1d91c0", "#253494")
"""YlGnBu, five classes."""
DIVERGING = ("#5e3c99", "#b2abd2", "#f7f7f7", "#fdb863", "#e66101")
"""PuOr turned around: purple for less, orange for more."""
NO_DATA = "#d0d0d0"

MOST_DISTINCT = 512

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Classes:
    """Classes of a map, lowest first; its legend is one row per class."""

    method: ClassMethod
    lower: tuple[float, ...]
    """Smallest value of each class: included in the first, and in all where values are whole numbers."""
    upper: tuple[float, ...]
    """Largest value of each class, included."""
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    """Areas in each class."""
    colours: tuple[str, ...]
    positions: pd.Series
    """Class of each value (0 the lowest, -1 without a value), in the caller's index."""
    n_missing: int
    no_data_colour: str = NO_DATA

    @property
    def n_classes(self) -> int:
        """Number of classes; 0 where there is no value at all."""
        return len(self.upper)


def classify(
    values: pd.Series,
    *,
    method: ClassMethod = "quantiles",
    n_classes: int = 5,
    show: Callable[[float], str] | None = None,
) -> Classes:
    """Cut values into classes.

    Parameters
    ----------
    values
        Figures, any index. Missing and infinite ones have no class and are counted.
    method
        `quantiles` (equally many areas), `natural` (classes as alike inside as can be), `equal` (equally
        wide), `diverging` (two and two around a middle that holds 0, for change).
    n_classes
        Most classes wanted, 1 to 5; `diverging` always aims at 5.
    show
        Writes a value in a label; plain numbers by default.

    Examples
    --------
    >>> classes = classify(pd.Series([0, 3, 17, 18, 20, 37]), method="quantiles", n_classes=2)
    >>> classes.labels, classes.counts
    (('0 – 17', '18 – 37'), (3, 3))
    """
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    numbers = numbers.where(np.isfinite(numbers))
    known: Floats = np.sort(numbers.dropna().to_numpy(dtype=np.float64))
    if not len(known):
        return Classes(method, (), (), (), (), (), pd.Series(-1, index=values.index), len(values))
    is_whole = bool(np.all(known == np.round(known)))
    upper = _cut(known, method, n_classes, is_whole)
    positions = np.searchsorted(upper, numbers.to_numpy(), side="left")
    positions = np.where(numbers.isna(), -1, positions)
    lower = np.concatenate([[known[0]], upper[:-1]])
    if is_whole:
        lower[1:] = np.floor(upper[:-1]) + 1
    return Classes(
        method=method,
        lower=tuple(lower.tolist()),
        upper=tuple(upper.tolist()),
        labels=_labels(lower, upper, is_whole, show or _plain),
        counts=tuple(np.bincount(positions[positions >= 0], minlength=len(upper)).tolist()),
        colours=_diverging_colours(lower, upper) if method == "diverging" else _ramp(len(upper)),
        positions=pd.Series(positions, index=values.index),
        n_missing=int(numbers.isna().sum()),
    )


def _cut(known: Floats, method: ClassMethod, n_classes: int, is_whole: bool) -> Floats:
    """Upper ends of the classes, rising, the last one the largest value."""
    if known[0] == known[-1]:
        return known[-1:]
    if method == "diverging":
        return _cut_around_zero(known)
    if method == "equal":
        inner = np.linspace(known[0], known[-1], n_classes + 1)[1:-1]
        inner = np.floor(inner) if is_whole else inner
    elif method == "natural":
        inner = _natural_breaks(known, n_classes)[:-1]
    else:
        inner = np.quantile(known, np.arange(1, n_classes) / n_classes, method="inverted_cdf")
    return np.unique(np.append(inner[inner < known[-1]], known[-1]))


def _cut_around_zero(known: Floats) -> Floats:
    """Symmetric breaks: the middle holds the third of changes nearest to 0, the ends the largest third."""
    near, far = np.quantile(np.abs(known), [1 / 3, 2 / 3], method="inverted_cdf")
    # An upper end belongs to its class, so below 0 it is the last value that is still beyond the cut.
    # Snapped to values that occur, no class is empty.
    ends = [known[known < -far], known[known < -near], known[known <= near], known[known <= far], known]
    return np.unique([end.max() for end in ends if len(end)])


def _natural_breaks(known: Floats, n_classes: int) -> Floats:
    """Upper ends of the classes with the least sum of squares inside them."""
    distinct, weights = np.unique(known, return_counts=True)
    if len(distinct) > MOST_DISTINCT:
        thinned = np.quantile(known, np.linspace(0, 1, MOST_DISTINCT), method="inverted_cdf")
        distinct = np.unique(thinned)
        edges = np.searchsorted(known, distinct, side="right")
        weights = np.diff(edges, prepend=0)
    n = len(distinct)
    if n <= n_classes:
        return distinct
    w = np.concatenate([[0.0], np.cumsum(weights)])
    centred = distinct - np.average(distinct, weights=weights)  # keeps the squares from swallowing the digits
    s = np.concatenate([[0.0], np.cumsum(weights * centred)])
    q = np.concatenate([[0.0], np.cumsum(weights * centred**2)])
    # spread[i, j]: sum of squares of the values i … j around their mean; rows beyond j never win.
    i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    mass = np.where(i <= j, w[j + 1] - w[i], 1.0)
    spread = np.where(i <= j, q[j + 1] - q[i] - (s[j + 1] - s[i]) ** 2 / mass, np.inf)
    best = spread[0]
    starts = []
    for _ in range(n_classes - 1):
        total = np.concatenate([[np.inf], best[:-1]])[:, None] + spread
        start = np.argmin(total, axis=0)
        starts.append(start)
        best = total[start, np.arange(n)]
    ends = [n - 1]
    for start in reversed(starts):
        ends.append(int(start[ends[-1]]) - 1)
    return distinct[ends[::-1]]


def _ramp(n: int) -> tuple[str, ...]:
    """Spread n classes over the ramp; a single class takes its middle."""
    if n == 1:
        return (SEQUENTIAL[2],)
    return tuple(SEQUENTIAL[round(k * (len(SEQUENTIAL) - 1) / (n - 1))] for k in range(n))


def _diverging_colours(lower: Floats, upper: Floats) -> tuple[str, ...]:
    """Neutral for the class that holds 0, stronger the further from it."""
    colours = []
    n_below, n_above = int((upper < 0).sum()), int((lower > 0).sum())
    for k in range(len(upper)):
        if upper[k] < 0:
            colours.append(DIVERGING[0 if n_below == 1 or k == 0 else 1])
        elif lower[k] > 0 or (lower[k] == 0 and k > 0 and upper[k - 1] >= 0):
            colours.append(DIVERGING[4 if n_above == 1 or k == len(upper) - 1 else 3])
        else:
            colours.append(DIVERGING[2])
    return tuple(colours)


def _labels(lower: Floats, upper: Floats, is_whole: bool, show: Callable[[float], str]) -> tuple[str, ...]:
    labels = []
    for k, (low, high) in enumerate(zip(lower.tolist(), upper.tolist(), strict=True)):
        if low == high and (is_whole or k == 0):
            labels.append(show(high))
        else:
            mark = ">" if k and not is_whole else ""
            labels.append(f"{mark}{show(low)} – {show(high)}")
    return tuple(labels)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.4g}"
