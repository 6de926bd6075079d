"""Who walks, how fast, and what stops them (步行人群).

A profile is data (`data/standards/walking_model.yaml`): a speed with its source, the kinds of street that
it cannot use, and what a slope costs. Distances are measured in metres of level street, so that minutes are
metres over speed for every profile; where a slope slows somebody down, the metres become more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geo.errors import ChoiceError, MissingError

Floats = NDArray[np.float64]

S_PER_MIN: Final = 60.0
LARGEST_SPEED_M_S: Final = 5.0
"""A runner; anything above is a mistake in the unit."""

TOBLER_RATE: Final = 3.5
TOBLER_BEST: Final = -0.05
"""Tobler (1993), Three presentations on geographical analysis and modeling, NCGIA report 93-1: speed falls
as exp(-3.5 |slope + 0.05|), and is highest on a gentle way down."""


@dataclass(frozen=True)
class Profile:
    """One group of walkers."""

    name: str
    speed_m_s: float
    """Speed on level ground, in m/s."""
    barred_kinds: frozenset[str] = frozenset()
    """Kinds of `street_edges` that this group cannot use."""
    needs_wheels: bool = False
    """True if pieces marked as impassable for a wheelchair or a pram are barred as well."""
    slope_costs: bool = False
    """True if a slope makes the way longer (Tobler), where heights are known."""
    steepest_share: float | None = None
    """Steepest slope that can be used, as rise over length; None for no limit."""
    source: str = ""
    confidence: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.speed_m_s <= LARGEST_SPEED_M_S:
            raise ChoiceError("walk_speed_unlikely", profile=self.name, speed_m_s=self.speed_m_s)

    def metres_in(self, minutes: float) -> float:
        """Return how far this group gets in so many minutes."""
        return minutes * S_PER_MIN * self.speed_m_s

    def minutes_for(self, metres: Floats) -> Floats:
        """Return the minutes for so many metres; missing and infinite ones stay so."""
        return np.asarray(metres, dtype=np.float64) / (self.speed_m_s * S_PER_MIN)


def slope_factor(slope: Floats) -> Floats:
    """Return how many metres of level street one metre of slope costs, 1 or more (Tobler 1993).

    Parameters
    ----------
    slope
        Rise over length in the direction of walking; missing counts as level.

    Returns
    -------
    numpy.ndarray
        Time against that on level ground. A way down is never quicker than level ground, so that a slope
        can only cost.

    Examples
    --------
    >>> slope_factor(np.array([0.0, 0.1, -0.05, -0.2, np.nan])).round(3).tolist()
    [1.0, 1.419, 1.0, 1.419, 1.0]
    """
    known = np.nan_to_num(np.asarray(slope, dtype=np.float64), nan=0.0)
    return np.asarray(np.maximum(1.0, np.exp(TOBLER_RATE * (np.abs(known - TOBLER_BEST) + TOBLER_BEST))))


def make_profiles(read: Mapping[str, Any]) -> dict[str, Profile]:
    """Make the profiles of a walking model, by name.

    Parameters
    ----------
    read
        The parsed `data/standards/walking_model.yaml`.

    Raises
    ------
    MissingError
        If a profile names a speed that the file does not give.
    ChoiceError
        If a speed is none that somebody walks.
    """
    speeds = read["speeds"]
    made = {}
    for name, facts in read["profiles"].items():
        if facts["speed"] not in speeds:
            raise MissingError("walk_speed_unknown", profile=name, speed=facts["speed"])
        speed = speeds[facts["speed"]]
        made[name] = Profile(
            name=name,
            speed_m_s=float(speed["m_per_s"]),
            barred_kinds=frozenset(facts.get("barred_kinds", ())),
            needs_wheels=bool(facts.get("needs_wheels", False)),
            slope_costs=bool(facts.get("slope_costs", False)),
            steepest_share=facts.get("steepest_share"),
            source=str(speed["source"]),
            confidence=str(speed["confidence"]),
        )
    return made
