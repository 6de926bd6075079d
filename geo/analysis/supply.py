"""How much supply there is for how many people: floating catchments (供需匹配, 两步移动搜索).

First each facility divides its supply among all who can reach it; then each place adds up what it gets. What
is divided is also what is received: people times access, summed over all places, is the supply of the
facilities that anybody reaches. Supply that nobody reaches is listed as unused; a place that reaches nothing
has access 0, and a place without people has its access like any other.

- 2SFCA: everybody within the limit counts alike (Luo and Wang 2003).
- E2SFCA: who is farther counts less, by thirds of the limit (Luo and Qi 2009) or along a curve (Dai 2010); a
  gravity model is the same with a curve of its own (Joseph and Bantock 1982).
- 3SFCA: people also spread over the facilities within their reach (Wan, Zou and Sternberg 2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.analysis.reach import Pairs
from geo.errors import ChoiceError
from geo.lines import Floats

Decay = Literal["step", "bands", "gaussian", "inverse"]
"""How weight falls with distance: not at all within the limit; in thirds of it; as a bell that ends at the
limit; as one over the distance."""

BAND_WEIGHTS: Final = (1.0, 0.68, 0.22)
"""Luo and Qi (2009), slow decay, for the first, second and last third of the limit."""
NEAREST_M: Final = 100.0
"""Below this distance `inverse` falls no further: the door is not infinitely better than the next one."""


@dataclass(frozen=True)
class Access:
    """Supply per person at each place, and how each facility is used."""

    access: Floats
    """Supply per person at each place (n,), 0 where nothing is reached."""
    ratio: Floats
    """Supply per weighted person of each facility (k,), NaN where nobody reaches it."""
    is_used: NDArray[np.bool_]
    """Whether anybody reaches each facility (k,)."""

    @property
    def n_unused(self) -> int:
        """Facilities that nobody reaches."""
        return int((~self.is_used).sum())


def weigh_pairs(pairs: Pairs, *, limit_m: float, decay: Decay = "step") -> Floats:
    """Return the weight of each pair of a place and a facility.

    Parameters
    ----------
    pairs
        As `list_within` found them.
    limit_m
        Longest walk; pairs beyond it weigh 0.
    decay
        How the weight falls with the distance.

    Returns
    -------
    numpy.ndarray
        Weights (m,), 0 to 1.

    Raises
    ------
    ChoiceError
        If the limit is not above 0.

    Examples
    --------
    >>> few = Pairs(np.array([0, 0, 0]), np.array([0, 1, 2]), np.array([100.0, 400.0, 900.0]))
    >>> weigh_pairs(few, limit_m=900, decay="bands").tolist()
    [1.0, 0.68, 0.22]
    """
    if not 0 < limit_m < np.inf:
        raise ChoiceError("distance_not_length", name="limit_m", value=limit_m)
    share = pairs.metres / limit_m
    if decay == "step":
        weight = np.ones(len(share))
    elif decay == "bands":
        band = np.clip(np.ceil(share * len(BAND_WEIGHTS)).astype(np.int64) - 1, 0, len(BAND_WEIGHTS) - 1)
        weight = np.array(BAND_WEIGHTS)[band]
    elif decay == "gaussian":
        weight = (np.exp(-0.5 * share**2) - np.exp(-0.5)) / (1 - np.exp(-0.5))
    else:
        weight = np.minimum(1.0, NEAREST_M / np.maximum(pairs.metres, NEAREST_M))
    return np.asarray(np.where(share <= 1.0, weight, 0.0))


def measure_access(
    pairs: Pairs, weight: Floats, people: ArrayLike, supply: ArrayLike, *, spread: bool = False
) -> Access:
    """Measure the supply per person at every place.

    Parameters
    ----------
    pairs
        Places and facilities within reach, the walk being from the place to the facility.
    weight
        Weight of each pair, 0 or more, as `weigh_pairs` gives.
    people
        People at each place (n,); missing counts as 0.
    supply
        Supply of each facility (k,): beds, places, doctors.
    spread
        True lets people spread over the facilities within their reach (3SFCA).

    Returns
    -------
    Access
        See there.

    Raises
    ------
    ChoiceError
        If a weight, a number of people or a supply is negative or, but for people, missing.
    """
    demand = np.nan_to_num(np.asarray(people, dtype=np.float64))
    offer = np.asarray(supply, dtype=np.float64)
    for name, values in (("weight", weight), ("people", demand), ("supply", offer)):
        if not (values >= 0).all():
            raise ChoiceError("supply_negative", name=name, n=int((~(values >= 0)).sum()))
    share = np.asarray(weight, dtype=np.float64)
    if spread:
        total = np.bincount(pairs.point, share, minlength=len(demand))[pairs.point]
        share = share * np.divide(share, total, out=np.zeros_like(share), where=total > 0)
    wanted = np.bincount(pairs.facility, share * demand[pairs.point], minlength=len(offer))
    ratio = np.divide(offer, wanted, out=np.full(len(offer), np.nan), where=wanted > 0)
    received = np.nan_to_num(ratio)[pairs.facility] * share
    access = np.bincount(pairs.point, received, minlength=len(demand))
    return Access(np.asarray(access, dtype=np.float64), ratio, wanted > 0)
