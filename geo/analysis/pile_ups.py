"""Points that carry too many cases (坐标堆积).

Where a system cannot find an address it often writes the same default coordinates: the town hall, the
middle of the district, or 0, 0. Thousands of cases then sit on one exact point and make a hotspot that
is not there. A building from which people really report again and again looks alike in kind and
different in size, so a point is suspicious only where it carries both

- at least `LEAST_CASES` cases and `LEAST_SHARE` of all located cases, so that it can bend a figure, and
- `TIMES_ORDINARY` times as many as the `ORDINARY_RANK`-th most loaded point, so that it stands out from the
  busy buildings of the same place. Comparing with the 50th leaves room for as many pile-ups.

In Boston 2011 (58 251 cases, 29 221 points) this finds the one default point with 4 775 cases and not
the next with 154; in samples of New York (41 of 4 999) and Los Angeles (11 of 10 000) it finds none.
A point at exactly 0, 0 is suspicious whatever it carries.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

LEAST_CASES = 20
LEAST_SHARE = 0.005
TIMES_ORDINARY = 10
ORDINARY_RANK = 50


def least_listed(n_located: int) -> int:
    """Return the least load of a point that `find_pile_ups` needs to see.

    Points below it are a tenth of the smallest suspicious load, so they decide nothing; at most some
    2 000 points reach it, however many cases there are.
    """
    return max(2, _threshold(n_located) // TIMES_ORDINARY)


def find_pile_ups(points: pd.DataFrame, *, n_located: int) -> pd.DataFrame:
    """Find the points that carry suspiciously many cases.

    Parameters
    ----------
    points
        Points with at least `least_listed(n_located)` cases: `lon`, `lat` (degrees, WGS84), `n`; any
        index and order. Points below may be missing.
    n_located
        Located cases in all.

    Returns
    -------
    pandas.DataFrame
        The suspicious points, most cases first, ties by longitude and latitude: `lon`, `lat`, `n`,
        `share` of the located cases, `reason` (`default_point` or `zero_point`).

    Examples
    --------
    >>> points = pd.DataFrame({"lon": [1.0, 2.0], "lat": [1.0, 2.0], "n": [400, 12]})
    >>> find_pile_ups(points, n_located=1000)["n"].tolist()
    [400]
    """
    ranked = points.sort_values(["n", "lon", "lat"], ascending=[False, True, True], ignore_index=True)
    n_listed = len(ranked)
    ordinary = (
        int(ranked["n"].iloc[ORDINARY_RANK - 1]) if n_listed >= ORDINARY_RANK else least_listed(n_located)
    )
    is_zero = (ranked["lon"] == 0) & (ranked["lat"] == 0)
    is_default = (ranked["n"] >= _threshold(n_located)) & (ranked["n"] >= TIMES_ORDINARY * ordinary)
    found = ranked[is_zero | is_default].reset_index(drop=True)
    return found.assign(
        share=found["n"] / max(n_located, 1),
        reason=np.where((found["lon"] == 0) & (found["lat"] == 0), "zero_point", "default_point"),
    )


def _threshold(n_located: int) -> int:
    return max(LEAST_CASES, math.ceil(LEAST_SHARE * n_located))
