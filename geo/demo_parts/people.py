"""Settle the district: buildings, households, residents, elders, children (人口与房屋).

Households are shared out block by block, so that a grid (网格) holds 300 to 600 of them and a
micro-grid 30 to 100, as practice has it. The number of people and of grids is fixed by what the demo
shall show, which makes households larger than in the real city (3.6 people). Every figure of an area is
the sum over its buildings, to the unit.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.demo_parts.borders import middle_of
from geo.demo_parts.plan import Plan, Rect
from geo.gcj02 import Floats

POPULATION_SOURCE = "示范人口底数"
_SETBACK_M = 14  # a building keeps this far from the middle of the street
_PATH_SIDE_M = 5  # and this far from the middle of an inner path
_DEPTH_M = 12
_LONGEST_M = 42
_BUILT_ON = (
    "commerce",
    "office",
    "market",
    "school",
    "kindergarten",
    "public",
    "hospital",
    "government",
    "campus",
)
_NEWEST = 2024


@dataclass(frozen=True)
class Homes:
    """Buildings and the people in them."""

    buildings: gpd.GeoDataFrame
    """building_id, lot, parcel, block, name, use, storeys, households, residents, registered, elders,
    children, u, v (plan), lon, lat, geom (WGS84)."""
    parcels: pd.DataFrame
    """Per parcel that is lived on: parcel, built (year), is_old."""


def settle(plan: Plan, rng: np.random.Generator) -> Homes:
    """Put buildings on the lots and people into them."""
    parcels = _age_parcels(plan, rng)
    households = _share_households(plan, rng)
    is_old: dict[int, bool] = dict(zip(parcels.index.tolist(), parcels["is_old"].tolist(), strict=True))
    rows = [
        row
        for place, lot in enumerate(plan.lots.to_dict("records"))
        for row in _buildings_of(place, lot, float(households[place]), is_old, rng)
    ]
    table = pd.DataFrame(
        rows, columns=["lot", "parcel", "block", "use", "storeys", "households", "u", "v", "box"]
    )
    table = table.assign(**_count_people(table, parcels, rng))
    lon, lat = plan.warp.to_lon_lat(table["u"].to_numpy(), table["v"].to_numpy())
    place = table.groupby("parcel", sort=False).cumcount() + 1
    table = table.assign(
        building_id=[f"B{n:05d}" for n in range(1, len(table) + 1)],
        name=place.astype(str) + "栋",
        lon=lon,
        lat=lat,
    )
    geoms = gpd.GeoSeries([_outline(box, plan) for box in table["box"]], crs=4326)
    is_beside = ~shapely.contains_xy(geoms.to_numpy(), lon, lat)  # a long building that the bend leaves
    inside = shapely.point_on_surface(geoms.to_numpy()[is_beside])
    table.loc[is_beside, "lon"], table.loc[is_beside, "lat"] = shapely.get_x(inside), shapely.get_y(inside)
    buildings = table.drop(columns="box").assign(geom=geoms)
    return Homes(gpd.GeoDataFrame(buildings, geometry="geom", crs=4326), parcels)


def population_points(homes: Homes, as_of: date) -> pd.DataFrame:
    """Return the people of every building that is lived in, in the columns of `population_points`."""
    lived_in = homes.buildings[homes.buildings["residents"] > 0]
    return pd.DataFrame(
        {
            "source": POPULATION_SOURCE,
            "point_id": lived_in["building_id"],
            "lon": lived_in["lon"],
            "lat": lived_in["lat"],
            **{
                name: lived_in[name].astype("float64")
                for name in ("residents", "registered", "elders", "children", "households")
            },
            "as_of_on": as_of - timedelta(days=31),
        }
    ).reset_index(drop=True)


def _age_parcels(plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """Say when each estate was built: old courtyards before 2000, estates since."""
    lived_on = plan.lots[plan.lots["use"].isin(["residential", "dormitory"])].drop_duplicates("parcel")
    is_old = ((lived_on["block_type"] == "old") | (rng.random(len(lived_on)) < 0.12)).to_numpy()
    built = np.where(
        is_old, rng.integers(1982, 2000, len(lived_on)), rng.integers(2001, _NEWEST + 1, len(lived_on))
    )
    return pd.DataFrame(
        {"parcel": lived_on["parcel"].to_numpy(), "built": built, "is_old": is_old}
    ).set_index("parcel")


def _share_households(plan: Plan, rng: np.random.Generator) -> Floats:
    """Share the households of each block over its lots, by the root of their surface."""
    lots = plan.lots
    weight = np.sqrt((lots["u1"] - lots["u0"]) * (lots["v1"] - lots["v0"])).to_numpy() * rng.uniform(
        0.75, 1.25, len(lots)
    )
    weight[(lots["use"] != "residential").to_numpy()] = 0.0
    blocks = lots["block"].to_numpy()
    n_lived_on = np.bincount(blocks, weight > 0)
    target = np.minimum(rng.uniform(425, 635, len(n_lived_on)), 90 * n_lived_on)
    total = np.bincount(blocks, weight)
    share = np.divide(weight, total[blocks], out=np.zeros_like(weight), where=total[blocks] > 0)
    return np.where(weight > 0, np.clip(np.round(share * target[blocks]), 18, 100), 0.0)


def _buildings_of(
    place: int,
    lot: Mapping[Hashable, Any],
    households: float,
    is_old: Mapping[int, bool],
    rng: np.random.Generator,
) -> Iterator[tuple[object, ...]]:
    """Yield the buildings of one lot: up to four slabs beside the cross of paths, or one hall."""
    rect: Rect = (lot["u0"], lot["v0"], lot["u1"], lot["v1"])
    head = (place, lot["parcel"], lot["block"])
    use: str = lot["use"]
    if use == "residential":
        old = is_old[lot["parcel"]]
        n = int(np.clip(np.ceil(households / (24 if old else 42)), 1, 4))
        each = np.diff(np.round(np.linspace(0, households, n + 1)).astype(int))
        corners = rng.permutation(4)[:n]
        for corner, count in zip(sorted(corners), each, strict=True):
            storeys = int(rng.integers(5, 8)) if old else int(max(8, np.ceil(count / 3)))
            yield (*head, "residential", storeys, int(count), *_slab(rect, int(corner)))
    elif use == "dormitory":
        for corner in range(4):
            yield (*head, "dormitory", 6, 1, *_slab(rect, corner))
    elif use in _BUILT_ON:
        u0, v0, u1, v1 = rect
        inset = _SETBACK_M + 6
        box = (u0 + inset, v0 + inset, u0 + (u1 - u0) // 2 - _PATH_SIDE_M, max(v0 + inset + 15, v1 - inset))
        yield (*head, use, int(rng.integers(2, 7)), 0, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, box)


def _slab(rect: Rect, corner: int) -> tuple[float, float, tuple[float, float, float, float]]:
    """Return a point just inside the door of a slab, and its outline, both on the plan."""
    cu, cv = middle_of(rect)
    to_east, to_north = corner % 2 == 0, corner < 2
    length = float(
        np.clip((rect[2] - cu if to_east else cu - rect[0]) - _SETBACK_M - _PATH_SIDE_M, 8, _LONGEST_M)
    )
    middle = (
        (cv + _PATH_SIDE_M + rect[3] - _SETBACK_M) / 2
        if to_north
        else (cv - _PATH_SIDE_M + rect[1] + _SETBACK_M) / 2
    )
    start = cu + _PATH_SIDE_M if to_east else cu - _PATH_SIDE_M - length
    door = cu + _PATH_SIDE_M + 3 if to_east else cu - _PATH_SIDE_M - 3
    return door, middle, (start, middle - _DEPTH_M / 2, start + length, middle + _DEPTH_M / 2)


def _outline(box: tuple[float, float, float, float], plan: Plan) -> shapely.MultiPolygon:
    u0, v0, u1, v1 = box
    lon, lat = plan.warp.to_lon_lat(np.array([u0, u1, u1, u0]), np.array([v0, v0, v1, v1]))
    return shapely.MultiPolygon([shapely.Polygon(np.column_stack([lon, lat]))])


def _count_people(
    table: pd.DataFrame, parcels: pd.DataFrame, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Count residents, registered, elders and children of each building."""
    n = len(table)
    is_dormitory = (table["use"] == "dormitory").to_numpy()
    known = parcels.reindex(table["parcel"])
    is_old = known["is_old"].eq(True).to_numpy()
    years = (_NEWEST - known["built"].fillna(_NEWEST)).to_numpy() / 42
    size = np.where(is_old, 3.35, 3.8) + rng.normal(0, 0.12, n)
    residents = np.round(table["households"].to_numpy() * size).astype(int)
    residents = np.where(is_dormitory, rng.integers(480, 640, n), residents)
    elder_share = np.where(
        is_dormitory, 0.0, np.clip(0.08 + 0.27 * years + rng.normal(0, 0.02, n), 0.02, 0.5)
    )
    elders = rng.binomial(residents, elder_share)
    child_share = np.where(
        is_dormitory, 0.0, np.clip(0.21 - 0.10 * years + rng.normal(0, 0.015, n), 0.02, 0.3)
    )
    children = rng.binomial(residents - elders, child_share)
    registered_share = np.where(is_old, rng.uniform(0.75, 1.08, n), rng.uniform(0.25, 0.75, n))
    registered = np.round(residents * np.where(is_dormitory, 0.3, registered_share)).astype(int)
    return {"residents": residents, "registered": registered, "elders": elders, "children": children}
