"""Who is covered: the share of people, households, elders and children within reach (覆盖率).

Every rate comes with its numerator and its denominator. Who is not joined to the streets stays in the
denominator and is counted beside it; a group nobody of which lives in an area has no rate, and neither has
one whose numbers are not known. A facility of another service level is another kind: what counts as a kind
is decided by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import ChoiceError, MissingError
from geo.lines import Floats

COVERAGE_COLUMNS: Final = ("area_id", "kind", "group", "n_covered", "n_all", "n_not_joined", "n_points_unknown",
                           "share")  # fmt: skip


def measure_coverage(
    area_id: ArrayLike,
    groups: Mapping[str, ArrayLike],
    metres: Mapping[str, ArrayLike],
    *,
    limit_m: float | Mapping[str, float],
    is_joined: ArrayLike,
) -> pd.DataFrame:
    """Measure the coverage of every area, for every kind of facility and every group of people.

    Parameters
    ----------
    area_id
        Area of each point (n,); missing where it lies in none, then it counts nowhere.
    groups
        How many of each group live at each point (n,), by name of the group; missing where not known.
    metres
        Walk to the nearest facility (n,), by kind, missing beyond the search, as `Reach.at_points` tells.
    limit_m
        Longest walk that counts as covered, for all kinds or by kind.
    is_joined
        Whether each point is joined to the streets (n,), as `Snapped.is_joined` tells.

    Returns
    -------
    pandas.DataFrame
        One row for each area, kind and group, sorted by area, then in the order given.

        - `n_covered`, `n_all` : numerator and denominator, of the points whose number is known
        - `n_not_joined` : those of `n_all` who are not joined to the streets, and so not covered
        - `n_points_unknown` : points whose number is missing
        - `share` : 0 to 1, missing where `n_all` is 0

    Raises
    ------
    MissingError
        If a kind has no limit.
    ChoiceError
        If columns differ in length, or a number of people is negative.
    """
    limits = limit_m if isinstance(limit_m, Mapping) else dict.fromkeys(metres, limit_m)
    if lost := sorted(set(metres) - set(limits)):
        raise MissingError("coverage_limit_missing", kinds=", ".join(lost))
    code, areas = pd.factorize(pd.Series(np.asarray(area_id, dtype=object)), sort=True)
    joined = np.asarray(is_joined, dtype=bool)
    people = {name: _read_people(name, values, len(code)) for name, values in groups.items()}
    tables = []
    for order, (kind, walk) in enumerate(metres.items()):
        walked = np.asarray(walk, dtype=np.float64).ravel()
        _require_length(kind, walked, len(code))
        covered = joined & (walked <= limits[kind])  # NaN is not covered
        for number, (group, n_people) in enumerate(people.items()):
            table = _count(code, areas, n_people, covered, joined)
            tables.append(table.assign(kind=kind, group=group, order=order, number=number))
    if not tables:
        return pd.DataFrame(columns=list(COVERAGE_COLUMNS))
    joint = pd.concat(tables).sort_values(["area_id", "order", "number"], kind="stable", ignore_index=True)
    return joint[list(COVERAGE_COLUMNS)]


def find_missing_kinds(coverage: pd.DataFrame, *, group: str, share_below: float = 1.0) -> pd.DataFrame:
    """List the kinds of facility that areas lack, the area lacking most first.

    Parameters
    ----------
    coverage
        What `measure_coverage` returned.
    group
        The group whose coverage counts.
    share_below
        A kind is missing in an area where less than this share of the group is covered.

    Returns
    -------
    pandas.DataFrame
        One row for each area with a rate: `area_id`, `kinds` (names of the missing ones in their order, as a
        tuple) and `n_missing`. Sorted by `n_missing` descending, then by area.

    Raises
    ------
    MissingError
        If the group is not in the table.
    ChoiceError
        If the share is not above 0 and at most 1.
    """
    if not 0 < share_below <= 1:
        raise ChoiceError("coverage_share_wrong", share=share_below)
    if group not in set(coverage["group"]):
        raise MissingError("coverage_group_missing", group=group)
    known = coverage[(coverage["group"] == group) & coverage["share"].notna()]
    lacking = known[known["share"] < share_below].groupby("area_id")["kind"].agg(tuple)
    areas = known["area_id"].unique()
    kinds = [lacking.get(area, ()) for area in areas]
    table = pd.DataFrame({"area_id": areas, "kinds": kinds, "n_missing": [len(names) for names in kinds]})
    return table.sort_values(["n_missing", "area_id"], ascending=[False, True], ignore_index=True)


def _read_people(name: str, values: ArrayLike, n: int) -> Floats:
    numbers = pd.to_numeric(pd.Series(values)).to_numpy(dtype=np.float64, na_value=np.nan)
    _require_length(name, numbers, n)
    if (numbers < 0).any():
        raise ChoiceError("coverage_people_negative", group=name, n=int((numbers < 0).sum()))
    return numbers


def _require_length(name: str, values: Floats, n: int) -> None:
    if len(values) != n:
        raise ChoiceError("coverage_columns_differ", name=name, n_rows=len(values), n_points=n)


def _count(
    code: NDArray[np.intp],
    areas: pd.Index,
    people: Floats,
    covered: NDArray[np.bool_],
    joined: NDArray[np.bool_],
) -> pd.DataFrame:
    is_in, n = code >= 0, len(areas)
    known = np.nan_to_num(people)

    def add(weights: Floats, rows: NDArray[np.bool_]) -> Floats:
        return np.asarray(np.bincount(code[rows & is_in], weights[rows & is_in], minlength=n))

    n_all = add(known, np.ones(len(code), dtype=bool))
    n_covered = add(known, covered)
    share = np.divide(n_covered, n_all, out=np.full(n, np.nan), where=n_all > 0)
    unknown = add(np.ones(len(code)), np.isnan(people)).astype(np.int64)
    return pd.DataFrame(
        {
            "area_id": areas.to_list(),
            "n_covered": n_covered,
            "n_all": n_all,
            "n_not_joined": add(known, ~joined),
            "n_points_unknown": unknown,
            "share": share,
        }
    )
