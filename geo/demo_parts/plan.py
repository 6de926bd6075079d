"""Lay out the land: communities, blocks, parcels and lots as rectangles of whole metres (用地布局).

The district is drawn on a plan of whole metres, where every piece is a rectangle, and then bent: a
smooth warp gives the streets their curves and the river its meander. Because pieces are cut with
integer coordinates and the warp moves each point of the plan to one place only, neighbours share
their edges bit by bit, whatever the seed.

- A *community* is a rectangle between the great lines: arterials, the river, the railway.
- A *block* is a rectangle between streets, and becomes one grid (网格).
- A *parcel* is what has one owner: an estate or old courtyard (院落), a school, a park, shops.
- A *lot* is a piece of a parcel with one or two buildings, and becomes a micro-grid (微网格) alone or
  with others. Strips of water and of railway are lots too, cut along the lines they follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.gcj02 import Floats
from geo.measure import metres_per_degree

WIDTH_M = 4200
HEIGHT_M = 3060
RIVER_HALF_M = 42
RAIL_HALF_M = 14
N_BLOCKS = 132
CENTRE = (104.06, 30.64)
"""Longitude and latitude of the middle of the plan."""

_DECIMALS = 7  # of a degree: a centimetre

Rect = tuple[int, int, int, int]
"""West, south, east, north on the plan, in metres."""

BlockType = Literal["old", "estate", "mixed", "commerce", "park", "campus"]
LotUse = Literal[
    "residential",
    "commerce",
    "office",
    "market",
    "school",
    "kindergarten",
    "public",
    "green",
    "park",
    "hospital",
    "government",
    "dormitory",
    "campus",
    "water",
    "rail",
]

_PARCEL_M2: dict[BlockType, float] = {
    "old": 9_800,
    "estate": 28_000,
    "mixed": 15_000,
    "commerce": 15_000,
    "park": 1e9,
    "campus": 1e9,
}
_RESIDENTIAL_SHARE: dict[BlockType, float] = {
    "old": 0.84,
    "estate": 0.86,
    "mixed": 0.62,
    "commerce": 0.30,
    "park": 0.0,
    "campus": 0.0,
}
_LOT_M2 = 10_800
_INNER_SHARES, _OUTER_SHARES = (0.46, 0.14), (0.09, 0.11)  # of old and mixed blocks; the rest are estates
_INNER_M = 1150  # from the middle: old courtyards stand inside
_COMMUNITY_USES: tuple[LotUse, ...] = (
    "public",
    "kindergarten",
    "school",
    "market",
    "green",
    "commerce",
    "kindergarten",
    "office",
    "green",
)
"""What the parcels of a community that are not lived on become, in this order, then shops."""


@dataclass(frozen=True)
class Frame:
    """The great lines of the plan, in metres: streets between communities, river, railway, bridges."""

    columns: tuple[int, ...]
    river_v: int
    middle_v: int
    rail_u: int
    bridge_us: tuple[int, int]


@dataclass(frozen=True)
class Warp:
    """Move points of the plan to the ground: two long waves, two short ones, a turn."""

    phases: tuple[float, float, float, float]
    angle_rad: float

    def to_lon_lat(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Return WGS84 degrees of points of the plan in metres, rounded to a centimetre."""
        x, y = np.asarray(u, dtype=np.float64) - WIDTH_M / 2, np.asarray(v, dtype=np.float64) - HEIGHT_M / 2
        turn = 2 * np.pi
        a, b, c, d = self.phases
        bent_x = x + 85 * np.sin(turn * y / 2900 + a) + 13 * np.sin(turn * (x + y) / 830 + b)
        bent_y = y + 115 * np.sin(turn * x / 2600 + c) + 13 * np.sin(turn * (x - y) / 760 + d)
        east = bent_x * np.cos(self.angle_rad) - bent_y * np.sin(self.angle_rad)
        north = bent_x * np.sin(self.angle_rad) + bent_y * np.cos(self.angle_rad)
        per_lon, per_lat = metres_per_degree(CENTRE[1])
        lon = np.round(CENTRE[0] + east / float(per_lon), _DECIMALS)
        lat = np.round(CENTRE[1] + north / float(per_lat), _DECIMALS)
        return lon, lat


@dataclass(frozen=True)
class Plan:
    """The land of the district."""

    frame: Frame
    warp: Warp
    lots: pd.DataFrame
    """One row per lot: u0, v0, u1, v1 (metres on the plan), use, parcel, block, community, subdistrict
    (positions from 0), block_type, is_gated (the parcel has inner paths behind gates)."""
    government_lot: int
    """Lot of the district government, where default geocodes pile up."""


def make_plan(rng: np.random.Generator) -> Plan:
    """Lay out a district of about 13 km²."""
    frame = _draw_frame(rng)
    warp = Warp(
        tuple(rng.uniform(0, 2 * np.pi, 4)), float(rng.choice([-1, 1]) * np.deg2rad(rng.uniform(4, 10)))
    )
    blocks = _cut_blocks(frame, rng)
    lots = pd.concat([_cut_lots(block, frame, rng) for block in _rows(blocks)], ignore_index=True)
    lots["parcel"] = lots.groupby(["block", "parcel"], sort=False).ngroup()
    lots = lots.merge(blocks[["block", "community", "subdistrict", "block_type"]], on="block", how="left")
    lots, government_lot = _give_uses(lots, rng)
    lots["is_gated"] = lots["use"].isin(
        ["residential", "school", "kindergarten", "park", "dormitory", "campus"]
    )
    return Plan(frame, warp, lots, government_lot)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _draw_frame(rng: np.random.Generator) -> Frame:
    quarter = WIDTH_M // 4
    columns = [0, *(int(quarter * k + rng.integers(-70, 71)) for k in (1, 2, 3)), WIDTH_M]
    river_v = int(1010 + rng.integers(-50, 51))
    middle_v = int((river_v + HEIGHT_M) // 2 + rng.integers(-50, 51))
    second_bridge = int(columns[3] + (WIDTH_M - columns[3]) * rng.uniform(0.42, 0.58))
    return Frame(tuple(columns), river_v, middle_v, columns[3], (columns[1], second_bridge))


def split_rect(rect: Rect, n: int, rng: np.random.Generator) -> list[Rect]:
    """Cut a rectangle into `n` of about equal size, always across its longer side."""
    if n <= 1:
        return [rect]
    u0, v0, u1, v1 = rect
    first = n // 2 + (int(rng.integers(0, 2)) if n % 2 else 0)
    share = first / n + rng.uniform(-0.07, 0.07)
    if u1 - u0 >= v1 - v0:
        cut = round(u0 + (u1 - u0) * share)
        one, two = (u0, v0, cut, v1), (cut, v0, u1, v1)
    else:
        cut = round(v0 + (v1 - v0) * share)
        one, two = (u0, v0, u1, cut), (u0, cut, u1, v1)
    return split_rect(one, first, rng) + split_rect(two, n - first, rng)


def _community_rects(frame: Frame) -> list[tuple[int, Rect]]:
    """Return subdistrict and rectangle of the twelve communities, north to south, west to east."""
    rows = ((frame.middle_v, HEIGHT_M), (frame.river_v, frame.middle_v), (0, frame.river_v))
    return [
        (2 if row == 2 else column // 2, (frame.columns[column], v0, frame.columns[column + 1], v1))
        for row, (v0, v1) in enumerate(rows)
        for column in range(4)
    ]


def _cut_blocks(frame: Frame, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    whole = WIDTH_M * HEIGHT_M
    for community, (subdistrict, rect) in enumerate(_community_rects(frame)):
        n = max(9, round(N_BLOCKS * (rect[2] - rect[0]) * (rect[3] - rect[1]) / whole))
        for piece in _cut_community(rect, n, frame, rng):
            if _is_cut_corner(piece):
                continue
            rows.append((*piece, community, subdistrict))
    blocks = pd.DataFrame(rows, columns=["u0", "v0", "u1", "v1", "community", "subdistrict"])
    blocks["block"] = np.arange(len(blocks))
    blocks["block_type"] = _choose_block_types(blocks, frame, rng)
    return blocks


def _cut_community(rect: Rect, n: int, frame: Frame, rng: np.random.Generator) -> list[Rect]:
    """Cut a community into blocks; where the second bridge meets it, a street runs up to it."""
    u0, v0, u1, v1 = rect
    bridge_u = frame.bridge_us[1]
    if not (u0 < bridge_u < u1 and frame.river_v in (v0, v1)):
        return split_rect(rect, n, rng)
    first = round(n * (bridge_u - u0) / (u1 - u0))
    west, east = (u0, v0, bridge_u, v1), (bridge_u, v0, u1, v1)
    return split_rect(west, first, rng) + split_rect(east, n - first, rng)


def _is_cut_corner(rect: Rect) -> bool:
    """Two corners of the plan belong to the neighbours, so that the district is no plain rectangle."""
    return (rect[0] == 0 and rect[3] == HEIGHT_M) or (rect[2] == WIDTH_M and rect[1] == 0)


def _choose_block_types(blocks: pd.DataFrame, frame: Frame, rng: np.random.Generator) -> list[BlockType]:
    u = ((blocks["u0"] + blocks["u1"]) / 2).to_numpy()
    v = ((blocks["v0"] + blocks["v1"]) / 2).to_numpy()
    from_centre_m = np.hypot(u - WIDTH_M / 2, v - frame.middle_v + 350)
    types: list[BlockType] = ["estate"] * len(blocks)
    for ring, (n_old, n_mixed) in (
        (from_centre_m < _INNER_M, _INNER_SHARES),
        (from_centre_m >= _INNER_M, _OUTER_SHARES),
    ):
        order = rng.permutation(np.flatnonzero(ring))
        first, last = round(n_old * len(order)), round((n_old + n_mixed) * len(order))
        for place, block in enumerate(order[:last].tolist()):
            types[block] = "old" if place < first else "mixed"
    inner = np.argsort(from_centre_m, kind="stable")
    for block in rng.choice(inner[:16], 7, replace=False):
        types[block] = "commerce"
    clear = ~_touches_strip(blocks, frame)
    outer = [b for b in inner[24:] if clear[b]]
    special = _pick_apart(outer, u, v, n=6, apart_m=620, rng=rng)
    for place, block in enumerate(special):
        types[block] = "campus" if place < 3 else "park"
    return types


def _touches_strip(blocks: pd.DataFrame, frame: Frame) -> NDArray[np.bool_]:
    river = (blocks["v0"] == frame.river_v) | (blocks["v1"] == frame.river_v)
    rail = (blocks["u0"] == frame.rail_u) | (blocks["u1"] == frame.rail_u)
    return (river | rail).to_numpy()


def _pick_apart(
    candidates: list[int], u: Floats, v: Floats, *, n: int, apart_m: float, rng: np.random.Generator
) -> list[int]:
    """Pick up to `n` candidates at least `apart_m` from each other."""
    picked: list[int] = []
    for place in rng.permutation(len(candidates)):
        block = candidates[place]
        if all(np.hypot(u[block] - u[p], v[block] - v[p]) >= apart_m for p in picked):
            picked.append(block)
        if len(picked) == n:
            break
    return picked


def _cut_lots(block: dict[str, Any], frame: Frame, rng: np.random.Generator) -> pd.DataFrame:
    rect: Rect = (block["u0"], block["v0"], block["u1"], block["v1"])
    kind: BlockType = block["block_type"]
    strips, rect = _cut_strips(rect, frame)
    rows: list[tuple[Rect, str, int]] = [
        (strip, use, -1 - place) for place, (strip, use) in enumerate(strips)
    ]
    surface = (rect[2] - rect[0]) * (rect[3] - rect[1])
    for parcel, piece in enumerate(split_rect(rect, max(1, round(surface / _PARCEL_M2[kind])), rng)):
        lived_on = rng.random() < _RESIDENTIAL_SHARE[kind]
        use = {"park": "park", "campus": "campus"}.get(kind, "residential" if lived_on else "")
        is_cut = use in ("residential", "campus") and kind != "old"
        piece_m2 = (piece[2] - piece[0]) * (piece[3] - piece[1])
        n_lots = max(1, round(piece_m2 / _LOT_M2)) if is_cut else 1
        rows += [(lot, use, parcel) for lot in split_rect(piece, n_lots, rng)]
    table = pd.DataFrame(
        [(*rect, use, parcel) for rect, use, parcel in rows],
        columns=["u0", "v0", "u1", "v1", "use", "parcel"],
    )
    return table.assign(block=block["block"])


def _cut_strips(rect: Rect, frame: Frame) -> tuple[list[tuple[Rect, str]], Rect]:
    """Cut half the river, then half the railway, off a block that touches them."""
    u0, v0, u1, v1 = rect
    strips: list[tuple[Rect, str]] = []
    if v0 == frame.river_v:
        strips.append(((u0, v0, u1, v0 + RIVER_HALF_M), "water"))
        v0 += RIVER_HALF_M
    elif v1 == frame.river_v:
        strips.append(((u0, v1 - RIVER_HALF_M, u1, v1), "water"))
        v1 -= RIVER_HALF_M
    if u0 == frame.rail_u:
        strips.append(((u0, v0, u0 + RAIL_HALF_M, v1), "rail"))
        u0 += RAIL_HALF_M
    elif u1 == frame.rail_u:
        strips.append(((u1 - RAIL_HALF_M, v0, u1, v1), "rail"))
        u1 -= RAIL_HALF_M
    return strips, (u0, v0, u1, v1)


def _give_uses(lots: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, int]:
    """Say what every parcel is that is not lived on; one becomes the district government."""
    lots = lots.copy()
    for _, rest in lots[lots["use"] == ""].groupby("community", sort=True):
        order = rest.index[rng.permutation(len(rest))]
        for place, lot in enumerate(order):
            lots.loc[lot, "use"] = _COMMUNITY_USES[place] if place < len(_COMMUNITY_USES) else "commerce"
    campus = lots.index[lots["use"] == "campus"]
    lots.loc[campus[rng.permutation(len(campus))[: len(campus) // 2]], "use"] = "dormitory"
    for subdistrict in (0, 2):
        shops = lots.index[(lots["use"] == "commerce") & (lots["subdistrict"] == subdistrict)]
        lots.loc[shops[int(rng.integers(0, len(shops)))], "use"] = "hospital"
    offices = lots.index[lots["use"].isin(["office", "commerce"])]
    government_lot = int(offices[int(rng.integers(0, len(offices)))])
    lots.loc[government_lot, "use"] = "government"
    return lots, government_lot
