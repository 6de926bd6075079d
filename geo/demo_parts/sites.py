"""Find where facilities can stand: along the street fronts of parcels, or inside courtyards (设施用地)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo.demo_parts.borders import OUTSIDE, Borders, lot_rects, middle_of
from geo.demo_parts.plan import Plan

_FRONT_M = 9  # from the middle of the street: nearer to it than to any path behind the wall
_SHARES = (0.25, 0.75)  # along a lot's side: away from gates at its middle and lanes at its ends
_FRONT_USES = ("residential", "commerce", "office", "market", "public", "hospital", "dormitory", "campus")


def find_fronts(plan: Plan, borders: Borders) -> pd.DataFrame:
    """Return shop fronts on streets: lot, parcel, u, v (plan), lon, lat, side (0 south … 3 west)."""
    lots = plan.lots
    use, parcel = lots["use"].to_numpy(), lots["parcel"].to_numpy()
    on_street: set[tuple[int, int]] = set()
    rects = lot_rects(lots)
    for ((u0, v0), (_, v1)), (a, b) in borders.sides.items():
        if b == OUTSIDE or parcel[a] == parcel[b] or {use[a], use[b]} & {"water", "rail"}:
            continue
        for lot in (a, b):
            west, south = rects[lot][:2]
            side = (0 if v0 == south else 2) if v0 == v1 else (3 if u0 == west else 1)
            on_street.add((lot, side))
    rows = []
    for lot, side in sorted(on_street):
        if use[lot] not in _FRONT_USES:
            continue
        u0, v0, u1, v1 = rects[lot]
        for share in _SHARES:
            along_u, along_v = u0 + share * (u1 - u0), v0 + share * (v1 - v0)
            u = (along_u, u1 - _FRONT_M, along_u, u0 + _FRONT_M)[side]
            v = (v0 + _FRONT_M, along_v, v1 - _FRONT_M, along_v)[side]
            rows.append((lot, parcel[lot], u, v, side))
    fronts = pd.DataFrame(rows, columns=["lot", "parcel", "u", "v", "side"])
    lon, lat = plan.warp.to_lon_lat(fronts["u"].to_numpy(), fronts["v"].to_numpy())
    return fronts.assign(lon=lon, lat=lat)


def find_yards(plan: Plan) -> pd.DataFrame:
    """Return a place beside the paths of every lot that is lived on: lot, parcel, u, v, lon, lat."""
    lived_on = plan.lots[plan.lots["use"].isin(["residential", "dormitory"])]
    rects = lot_rects(plan.lots)
    middles = np.array([middle_of(rects[lot]) for lot in lived_on.index], dtype=np.float64)
    lon, lat = plan.warp.to_lon_lat(middles[:, 0] + 4, middles[:, 1] + 4)
    return pd.DataFrame(
        {
            "lot": lived_on.index,
            "parcel": lived_on["parcel"].to_numpy(),
            "u": middles[:, 0] + 4,
            "v": middles[:, 1] + 4,
            "lon": lon,
            "lat": lat,
        }
    )
