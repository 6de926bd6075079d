"""How many residents a rate is counted against (人口分母).

Two figures may be known for an area: what its boundary file or a census table says, and what the
population points inside it add up to. The points win where they cover at least 95 % of the area's own
figure, since they are finer and can be asked for any polygon; otherwise the area's own figure stands,
since points that miss a twentieth of the people would make every rate too high. An area that has
neither takes the sum of its children where every child has one. Each figure says which it is.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

ResidentsBasis = Literal["points", "own", "children", "none"]

LEAST_COVERED_SHARE = 0.95
"""Share of the known residents that points must reach to be used (design, section 4)."""


def choose_residents(own: pd.Series, points: pd.Series | None = None) -> pd.DataFrame:
    """Choose the residents of each area, and say where they come from.

    Parameters
    ----------
    own
        The areas' own figures, by area id; missing where there is none.
    points
        Sums of the population points inside each area, by area id; an area that is not named holds
        none. None: no population points are loaded.

    Returns
    -------
    pandas.DataFrame
        The index of `own`.

        - `residents` : missing where nothing is known
        - `basis` : `points`, `own` or `none`
        - `own`, `points` : both figures as they came
        - `covered_share` : points over own figure, missing where either is

    Examples
    --------
    >>> own = pd.Series({"a": 1000, "b": 1000, "c": None})
    >>> chosen = choose_residents(own, pd.Series({"a": 960.0, "b": 940.0, "c": 12.0}))
    >>> chosen["residents"].tolist(), chosen["basis"].tolist()
    ([960.0, 1000.0, 12.0], ['points', 'own', 'points'])
    """
    known = own.astype(float)
    if points is None:
        summed = pd.Series(np.nan, index=known.index)
    else:
        summed = points.astype(float).reindex(known.index, fill_value=0.0)
    covered = (summed / known.where(known > 0)).astype(float)
    # Points without people say nothing about an area of which nothing else is known.
    by_points = (
        (known.isna() & (summed > 0)) | (covered >= LEAST_COVERED_SHARE) | ((known == 0) & (summed > 0))
    )
    residents = known.where(~by_points, summed)
    basis = np.select([by_points, known.notna()], ["points", "own"], default="none")
    return pd.DataFrame(
        {"residents": residents, "basis": basis, "own": known, "points": summed, "covered_share": covered}
    )


def fill_from_children(chosen: pd.DataFrame, children: pd.DataFrame, parents: pd.Series) -> pd.DataFrame:
    """Give areas without a figure the sum of their children, where every child has one.

    Parameters
    ----------
    chosen, children
        Results of `choose_residents` for the areas and for a finer level.
    parents
        Area of `chosen` that holds each child, by child id.

    Returns
    -------
    pandas.DataFrame
        `chosen` with `basis` `children` where it was filled.
    """
    known = children["residents"].notna().groupby(parents.reindex(children.index)).all()
    summed = children["residents"].groupby(parents.reindex(children.index)).sum()
    sums = summed.where(known).reindex(chosen.index)
    fills = chosen["residents"].isna() & sums.notna()
    return chosen.assign(
        residents=chosen["residents"].where(~fills, sums), basis=chosen["basis"].where(~fills, "children")
    )


def total_residents(chosen: pd.DataFrame) -> float:
    """Sum the residents of areas; missing (NaN) where any area has none, or there is no area."""
    residents = chosen["residents"]
    return float(residents.sum()) if len(residents) and residents.notna().all() else float("nan")
