"""Let some addresses be wrong, as they are in real lists (地址的差错).

People name the building they live in for what they saw round the corner, and some numbers are typed
wrong. Such cases exist so that the accuracy of address matching is a figure worth reporting; they have
an address and no coordinates, and belong to nothing that was planted.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geo.demo_parts.cases import Ground, Ints, draw_places
from geo.demo_parts.walks import to_metres
from geo.demo_parts.wording import Doors, spell_addresses
from geo.gcj02 import Floats

WRONG_NUMBER = "wrong_number"
"""Spelling of an address whose building does not exist."""

_NEXT_DOOR_SHARE = 0.08  # of what happens on the street
_WRONG_NUMBER_SHARE = 0.015
_NEAREST = 16  # homes around; the first few stand in the same lot
_SAME_LOT = 5
_NO_SUCH_BUILDING = 60  # above every number in use


def move_next_door(
    ground: Ground, table: pd.DataFrame, how: np.ndarray, lon: Floats, lat: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return true positions in which some street cases lie beside a neighbour of the building they name."""
    on_street = (ground.categories["place"] == "street").to_numpy()[table["category"]]
    rows = _pick((how == "address") & on_street & (table["planted"] == "").to_numpy(), _NEXT_DOOR_SHARE, rng)
    xy = to_metres(ground.homes["lon"].to_numpy(), ground.homes["lat"].to_numpy())
    own = table["home"].to_numpy()[rows]
    around = cKDTree(xy).query(xy[own], k=_NEAREST)[1]
    other = around[np.arange(len(rows)), rng.integers(_SAME_LOT, _NEAREST, len(rows))]
    moved = draw_places(ground, table.iloc[rows].assign(home=other), rng)
    true_lon, true_lat = lon.copy(), lat.copy()
    true_lon[rows], true_lat[rows] = moved
    return true_lon, true_lat


def mistype(
    addresses: pd.Series,
    spelling: pd.Series,
    doors: Doors,
    table: pd.DataFrame,
    how: np.ndarray,
    rng: np.random.Generator,
) -> tuple[pd.Series, pd.Series]:
    """Return addresses of which some name a building that does not exist, and their spellings."""
    names_building = (spelling != "number_only").to_numpy()
    rows = _pick(
        (how == "address") & names_building & (table["planted"] == "").to_numpy(), _WRONG_NUMBER_SHARE, rng
    )
    wrong = replace(doors, building=doors.building + _NO_SUCH_BUILDING)
    spelled, names = spell_addresses(wrong, table["home"].to_numpy()[rows], rng)
    kept = [place for place, name in enumerate(names) if name != "number_only"]
    text, style = addresses.to_numpy(dtype=object).copy(), spelling.to_numpy(dtype=object).copy()
    text[rows[kept]] = [spelled[place] for place in kept]
    style[rows[kept]] = WRONG_NUMBER
    return pd.Series(text, dtype="str"), pd.Series(style, dtype="str")


def _pick(may: np.ndarray, share: float, rng: np.random.Generator) -> Ints:
    rows = np.flatnonzero(may)
    return np.sort(rng.choice(rows, round(share * len(rows)), replace=False))
