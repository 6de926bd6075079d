"""Plant coverage blind spots, each with one cause (覆盖盲区).

For four kinds of facility the sites are chosen so that everybody can walk to one in good time, except
in one planted place whose cause is known by construction; a fifth place lies behind a park with a
single entrance. Margins are kept on both sides of the limit, so that a few metres of difference in
snapping change nothing: outside the planted place a walk is at most 0.88 of the limit wherever that
can be done, and in its core at least 1.05. What remains uncovered elsewhere is listed too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.demo_parts.plan import Plan
from geo.demo_parts.streets import Network
from geo.demo_parts.walks import Ints, Walks, to_metres
from geo.gcj02 import Floats

Cause = Literal["distance", "barrier", "closed_gate", "no_facility", "no_entrance"]
Bools = NDArray[np.bool_]

SPEED_M_S = 1.1
"""Default walking speed of an adult (domain sheet 2.5)."""

KIND_OF_CAUSE: dict[Cause, tuple[str, int]] = {
    "distance": ("market_or_fresh_supermarket", 10),
    "barrier": ("elderly_canteen", 15),
    "closed_gate": ("community_shops", 5),
    "no_facility": ("cultural_activity_station", 10),
    "no_entrance": ("park_large", 5),
}
"""Kind of facility and minutes on foot in which each cause is planted."""

_WELL_INSIDE = 0.88
_WELL_OUTSIDE = 1.05
_MOST_SITES = 400
_LARGE_ESTATE = 450  # residents


@dataclass(frozen=True)
class BlindSpot:
    """One planted place that lacks one kind of facility."""

    cause: Cause
    kind: str
    minutes: int
    limit_m: float
    homes: Ints
    """Rows of `homes` that cannot reach the kind within the limit, in the planted place."""
    elsewhere: Ints
    """Rows of `homes` that cannot reach it either, in other places."""
    walk_m: Floats
    """Metres on foot to the nearest, for every row of `homes`; infinite where none can be reached."""
    detail: dict[str, object]


@dataclass(frozen=True)
class Planted:
    """Where the kinds with a planted blind spot stand, and the spots."""

    sites: dict[str, Ints] = field(default_factory=dict)
    """Rows of `fronts`, by kind."""
    spots: list[BlindSpot] = field(default_factory=list)


class _Ground:
    """Homes, fronts and the network, joined once."""

    def __init__(self, plan: Plan, network: Network, homes: pd.DataFrame, fronts: pd.DataFrame) -> None:
        self.plan, self.network, self.homes, self.fronts = plan, network, homes, fronts
        self.walks = Walks(network)
        self.home_xy = to_metres(homes["lon"].to_numpy(), homes["lat"].to_numpy())
        self.front_xy = to_metres(fronts["lon"].to_numpy(), fronts["lat"].to_numpy())
        self.home_snap = self.walks.snap(homes["lon"].to_numpy(), homes["lat"].to_numpy())
        self.front_snap = self.walks.snap(fronts["lon"].to_numpy(), fronts["lat"].to_numpy())

    def from_fronts(self, fronts: Ints) -> Floats:
        """Metres on foot from every home to the nearest of some fronts."""
        return self.walks.points_from(self.home_snap, self.front_snap.at(fronts))

    def fronts_from(self, homes: Ints, *, limit_m: float) -> Floats:
        """Metres on foot from every front to the nearest of some homes, infinite beyond the limit."""
        return self.walks.points_from(self.front_snap, self.home_snap.at(homes), limit_m=limit_m)


def plant_blind_spots(
    plan: Plan, network: Network, homes: pd.DataFrame, fronts: pd.DataFrame, rng: np.random.Generator
) -> Planted:
    """Choose the sites of the planted kinds, and say who cannot reach them.

    `homes` are the buildings that are lived in (lon, lat, u, v, residents, use, parcel, lot), `fronts` the
    sites on streets that `sites.find_fronts` returns.
    """
    ground = _Ground(plan, network, homes, fronts)
    planted = Planted()
    for plant in (_plant_distance, _plant_barrier, _plant_closed_gate, _plant_no_facility):
        spot, sites = plant(ground, rng)
        planted.spots.append(spot)
        planted.sites[spot.kind] = sites
    planted.spots.append(_plant_no_entrance(ground))
    return planted


def _limit(cause: Cause) -> tuple[str, int, float]:
    kind, minutes = KIND_OF_CAUSE[cause]
    return kind, minutes, minutes * 60 * SPEED_M_S


def _cover(
    ground: _Ground,
    *,
    must: Bools,
    allowed: Bools,
    limit_m: float,
    start: tuple[int, ...] = (),
    rng: np.random.Generator,
) -> Ints:
    """Choose fronts until every home that must be is well inside the limit, or cannot be."""
    chosen = list(start)
    near_m = _WELL_INSIDE * limit_m
    walk_m = ground.from_fronts(np.array(chosen)) if chosen else np.full(len(must), np.inf)
    must = must.copy()
    residents = ground.homes["residents"].to_numpy()
    while len(chosen) < _MOST_SITES:
        waiting = np.flatnonzero(must & (walk_m > near_m))
        if len(waiting) == 0:
            break
        home = waiting[int(rng.integers(0, len(waiting)))]
        options = np.flatnonzero(allowed & (ground.fronts_from(np.array([home]), limit_m=near_m) <= near_m))
        if len(options) == 0:
            must[home] = False
            continue
        apart = ground.front_xy[options][:, None, :] - ground.home_xy[waiting][None, :, :]
        served = (np.hypot(apart[..., 0], apart[..., 1]) < 0.6 * limit_m) @ residents[waiting]
        site = int(options[int(np.argmax(served))])
        chosen.append(site)
        walk_m = np.minimum(walk_m, ground.from_fronts(np.array([site])))
    return np.array(sorted(chosen), dtype=np.int64)


def _finish(
    ground: _Ground, cause: Cause, sites: Ints, place: Bools, detail: dict[str, object]
) -> tuple[BlindSpot, Ints]:
    kind, minutes, limit_m = _limit(cause)
    walk_m = ground.from_fronts(sites)
    lacking = walk_m > limit_m
    spot = BlindSpot(
        cause,
        kind,
        minutes,
        limit_m,
        np.flatnonzero(lacking & place),
        np.flatnonzero(lacking & ~place),
        walk_m,
        detail,
    )
    return spot, sites


def _straight_m(ground: _Ground, home: int, xy: Floats) -> Floats:
    return np.asarray(np.hypot(*(xy - ground.home_xy[home]).T), dtype=np.float64)


def _plant_distance(ground: _Ground, rng: np.random.Generator) -> tuple[BlindSpot, Ints]:
    """Keep every site far from a place at the edge of the district."""
    _, _, limit_m = _limit("distance")
    frame, homes = ground.plan.frame, ground.homes
    from_middle_m = np.hypot(*ground.home_xy.T)
    calm = (abs(homes["v"] - frame.river_v) > 450).to_numpy() & (
        abs(homes["u"] - frame.rail_u) > 450
    ).to_numpy()
    outer = np.flatnonzero(calm & (from_middle_m > np.quantile(from_middle_m[calm], 0.88)))
    centre = int(outer[int(rng.integers(0, len(outer)))])
    away_m = _straight_m(ground, centre, ground.home_xy)
    sites = _cover(
        ground,
        must=away_m > 0.75 * limit_m,
        allowed=_straight_m(ground, centre, ground.front_xy) > 1.35 * limit_m,
        limit_m=limit_m,
        rng=rng,
    )
    return _finish(ground, "distance", sites, away_m < 2 * limit_m, {"centre_home": centre})


def _plant_barrier(ground: _Ground, rng: np.random.Generator) -> tuple[BlindSpot, Ints]:
    """Put the nearest facility across the river, far from both bridges."""
    _, _, limit_m = _limit("barrier")
    frame, homes = ground.plan.frame, ground.homes
    between = (frame.bridge_us[0] + frame.bridge_us[1]) / 2
    from_river_m = (homes["v"] - frame.river_v).to_numpy()
    bank = int(rng.choice([-1, 1]))
    near = (
        (abs(homes["u"] - between) < 330).to_numpy() & (from_river_m * bank > 0) & (abs(from_river_m) < 190)
    )
    near &= (abs(homes["u"] - frame.rail_u) > 250).to_numpy()
    options = np.flatnonzero(near)
    centre = int(options[int(rng.integers(0, len(options)))])
    walk_m = ground.fronts_from(np.array([centre]), limit_m=3 * limit_m)
    across = ((ground.fronts["v"] - frame.river_v) * bank < 0).to_numpy()
    partner = int(np.argmin(np.where(across, _straight_m(ground, centre, ground.front_xy), np.inf)))
    home_walk_m = ground.walks.points_from(ground.home_snap, ground.home_snap.at(np.array([centre])))
    sites = _cover(
        ground,
        must=home_walk_m > 0.6 * limit_m,
        allowed=walk_m > 1.38 * limit_m,
        limit_m=limit_m,
        start=(partner,),
        rng=rng,
    )
    place = (home_walk_m < 1.2 * limit_m) & (from_river_m * bank > 0)
    return _finish(
        ground, "barrier", sites, place, {"centre_home": centre, "partner_front": partner, "barrier": "river"}
    )


def _plant_closed_gate(ground: _Ground, rng: np.random.Generator) -> tuple[BlindSpot, Ints]:
    """Put a facility right outside a gate that is closed, in the estate where that hurts most people."""
    _, _, limit_m = _limit("closed_gate")
    best: tuple[float, int, int, Ints] | None = None
    estates = ground.homes[ground.homes["use"] == "residential"]
    sizes = estates.groupby("parcel")["residents"].sum()
    gates = ground.network.gates
    for parcel, edge_id in gates.loc[~gates["is_open"], ["parcel", "edge_id"]].to_numpy().tolist():
        if sizes.get(parcel, 0) < _LARGE_ESTATE:
            continue
        front, hurt = _weigh_gate(ground, edge_id, parcel, limit_m)
        score = float(ground.homes["residents"].to_numpy()[hurt].sum())
        if best is None or score > best[0]:
            best = (score, edge_id, front, hurt)
    if best is None:
        raise RuntimeError("No estate of this district has a closed gate.")
    _, edge, front, hurt = best
    near = ground.fronts_from(hurt, limit_m=2 * limit_m) > 1.12 * limit_m
    must = np.ones(len(ground.homes), dtype=bool)
    must[hurt] = False
    place = ~must
    sites = _cover(ground, must=must, allowed=near, limit_m=limit_m, start=(front,), rng=rng)
    detail: dict[str, object] = {
        "gate_edge_id": edge + 1,
        "partner_front": front,
        "centre_home": int(hurt[0]),
    }
    return _finish(ground, "closed_gate", sites, place, detail)


def _weigh_gate(ground: _Ground, edge: int, parcel: int, limit_m: float) -> tuple[int, Ints]:
    """Return the front nearest to a closed gate, and the homes that would reach it were the gate open."""
    gates = ground.network.gates
    gate = gates[gates["edge_id"] == edge].iloc[0]
    lon, lat = ground.plan.warp.to_lon_lat(
        np.array([gate["u"]], dtype=np.float64), np.array([gate["v"]], dtype=np.float64)
    )
    outside = (ground.fronts["parcel"] != parcel).to_numpy()
    away_m = np.hypot(*(ground.front_xy - to_metres(lon, lat)).T)
    front = int(np.argmin(np.where(outside, away_m, np.inf)))
    mine = np.flatnonzero((ground.homes["parcel"] == parcel).to_numpy())
    closed_m = ground.walks.points_from(
        ground.home_snap.at(mine), ground.front_snap.at(np.array([front])), limit_m=4 * limit_m
    )
    open_m = ground.walks.opened(edge).points_from(
        ground.home_snap.at(mine), ground.front_snap.at(np.array([front])), limit_m=2 * limit_m
    )
    return front, mine[(closed_m > 1.12 * limit_m) & (open_m < _WELL_INSIDE * limit_m)]


def _plant_no_facility(ground: _Ground, rng: np.random.Generator) -> tuple[BlindSpot, Ints]:
    """Leave one sub-district without a single facility of a kind."""
    _, _, limit_m = _limit("no_facility")
    of_lot = ground.plan.lots["subdistrict"].to_numpy()
    subdistrict = int(rng.integers(0, 3))
    inside = of_lot[ground.homes["lot"]] == subdistrict
    allowed = of_lot[ground.fronts["lot"]] != subdistrict
    sites = _cover(ground, must=~inside, allowed=allowed, limit_m=limit_m, rng=rng)
    return _finish(ground, "no_facility", sites, inside, {"subdistrict": subdistrict})


def _plant_no_entrance(ground: _Ground) -> BlindSpot:
    """Say who lives beside the park with a single entrance and walks too far to it."""
    kind, minutes, limit_m = _limit("no_entrance")
    plan, gates = ground.plan, ground.network.gates
    parks = plan.lots[plan.lots["use"] == "park"]
    walled = int(parks["parcel"].min())
    ways_in = gates[gates["parcel"].isin(parks["parcel"])]
    lon, lat = plan.warp.to_lon_lat(
        ways_in["u"].to_numpy(dtype=np.float64), ways_in["v"].to_numpy(dtype=np.float64)
    )
    walk_m = ground.walks.points_from(ground.home_snap, ground.walks.snap(lon, lat))
    lot = parks.index[parks["parcel"] == walled][0]
    u0, v0, u1, v1 = plan.lots.loc[lot, ["u0", "v0", "u1", "v1"]].to_numpy(dtype=np.float64)
    corners = to_metres(*plan.warp.to_lon_lat(np.array([u0, u1, u1, u0]), np.array([v0, v0, v1, v1])))
    straight_m = shapely.distance(shapely.Polygon(corners), shapely.points(ground.home_xy))
    place = straight_m < 0.5 * limit_m
    lacking = walk_m > limit_m
    hurt = np.flatnonzero(lacking & place)
    detail: dict[str, object] = {"park_lot": int(lot), "centre_home": int(hurt[0]) if len(hurt) else -1}
    return BlindSpot(
        "no_entrance", kind, minutes, limit_m, hurt, np.flatnonzero(lacking & ~place), walk_m, detail
    )


def core_of(spot: BlindSpot) -> Ints:
    """Return the homes of a spot that lack the kind with a margin on the limit."""
    return spot.homes[spot.walk_m[spot.homes] > _WELL_OUTSIDE * spot.limit_m]
