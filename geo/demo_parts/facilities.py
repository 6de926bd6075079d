"""Serve the district with facilities of every kind (设施布局).

Kinds with a planted blind spot stand where `blind_spots` put them; the others are spread over street
fronts, courtyards and the parcels meant for them. A tenth of the list has an address and no
coordinates, as real lists do; where those stand is part of the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd
import shapely

from geo.demo_parts.areas import Areas, inset_outline
from geo.demo_parts.blind_spots import Planted
from geo.demo_parts.borders import lot_rects
from geo.demo_parts.names import DISTRICT_NAME
from geo.demo_parts.plan import Plan, Rect
from geo.demo_parts.streets import Network

FACILITY_SOURCE = "示范设施台账"
_ADDRESS_ONLY_SHARE = 0.10
_WITH_FOOTPRINT = ("junior_middle_school", "primary_school", "kindergarten", "park_large", "pocket_park")

Where = Literal[
    "front", "yard", "school", "kindergarten", "green", "park", "public", "hospital", "government"
]


@dataclass(frozen=True)
class _Rule:
    """How many of a kind there are, where they stand, and what they hold."""

    kind: str
    n: int
    where: Where
    suffix: str
    capacity: tuple[int, int] | None = None
    area_m2: tuple[int, int] | None = None


_RULES = (
    _Rule("junior_middle_school", 4, "school", "初级中学", (900, 1800), (9000, 16000)),
    _Rule("primary_school", 8, "school", "小学", (700, 1600), (6000, 12000)),
    _Rule("kindergarten", 40, "kindergarten", "幼儿园", (180, 360), (2200, 4500)),
    _Rule("district_hospital", 2, "hospital", "医院", (300, 800), (20000, 60000)),
    _Rule("pocket_park", 40, "green", "口袋公园", None, (500, 9000)),
    _Rule("community_service_station", 12, "public", "社区服务站", None, (600, 1000)),
    _Rule("street_service_centre", 3, "front", "便民服务中心", None, (700, 1500)),
    _Rule("subdistrict_office", 3, "front", "街道办事处", None, (1000, 2000)),
    _Rule("justice_office", 3, "front", "司法所", None, (80, 240)),
    _Rule("police_station", 5, "front", "派出所", None, (1000, 1600)),
    _Rule("community_health_centre", 4, "front", "社区卫生服务中心", (200, 500), (1700, 2000)),
    _Rule("community_health_station", 16, "front", "社区卫生服务站", (40, 120), (120, 270)),
    _Rule("outpatient_clinic", 14, "front", "门诊部", (40, 160)),
    _Rule("nursing_home", 4, "front", "养老院", (200, 400), (7000, 14000)),
    _Rule("skilled_nursing_home", 2, "front", "老年养护院", (100, 260), (3500, 8000)),
    _Rule("elderly_day_care", 22, "front", "日间照料中心", (15, 50), (350, 750)),
    _Rule("elderly_meal_point", 18, "front", "助餐点", (10, 40), (20, 80)),
    _Rule("community_canteen", 16, "front", "社区食堂", (40, 160)),
    _Rule("nursery", 18, "front", "托育园", (30, 90), (200, 500)),
    _Rule("cultural_activity_centre", 4, "front", "文化活动中心", None, (3000, 6000)),
    _Rule("gymnasium_or_fitness_centre", 3, "front", "全民健身中心", None, (2000, 5000)),
    _Rule("large_multi_sports_field", 4, "green", "运动场", None, (3150, 5620)),
    _Rule("medium_multi_sports_field", 8, "green", "球场", None, (1310, 2460)),
    _Rule("small_multi_sports_field", 20, "yard", "小球场", None, (770, 1310)),
    _Rule("outdoor_fitness_ground", 30, "yard", "健身广场", None, (150, 750)),
    _Rule("outdoor_fitness_equipment", 90, "yard", "健身器械"),
    _Rule("children_elderly_ground", 60, "yard", "活动场地", None, (170, 450)),
    _Rule("party_service_station", 12, "front", "红色服务站"),
    _Rule("embedded_service_complex", 5, "front", "嵌入式服务综合体", None, (600, 1200)),
    _Rule("shopping_centre", 8, "front", "商场", None, (1500, 3000)),
    _Rule("supermarket", 12, "front", "超市", None, (300, 1500)),
    _Rule("convenience_store", 120, "front", "便利店", None, (50, 100)),
    _Rule("restaurant", 130, "front", "小馆"),
    _Rule("breakfast_shop", 36, "front", "早餐店"),
    _Rule("pharmacy", 36, "front", "药房"),
    _Rule("hair_salon", 30, "front", "理发店"),
    _Rule("laundry", 14, "front", "洗衣店"),
    _Rule("repair_point", 16, "front", "维修点"),
    _Rule("bank_branch", 26, "front", "银行网点"),
    _Rule("telecom_shop", 14, "front", "电信营业厅"),
    _Rule("post_office", 6, "front", "邮政所"),
    _Rule("gym", 14, "front", "健身房"),
    _Rule("bus_stop", 96, "front", "公交站"),
    _Rule("rail_transit_station", 3, "front", "轨道站"),
    _Rule("bus_terminal", 2, "front", "公交首末站"),
    _Rule("car_parking", 20, "front", "停车场", (40, 300)),
    _Rule("bicycle_parking", 24, "front", "非机动车停车点", (30, 120)),
    _Rule("ev_charging", 60, "yard", "汽车充电桩", (2, 16)),
    _Rule("ebike_charging", 120, "yard", "电动自行车充电棚", (10, 60)),
    _Rule("drying_rack", 60, "yard", "公共晾衣架", (6, 30)),
    _Rule("property_management", 110, "yard", "物业服务中心"),
    _Rule("parcel_facility", 110, "yard", "快递柜", (40, 200)),
    _Rule("waste_collection_point", 140, "yard", "垃圾分类投放点", (2, 8)),
    _Rule("waste_collection_station", 12, "front", "垃圾收集站", None, (120, 200)),
    _Rule("waste_transfer_station", 2, "front", "垃圾转运站"),
    _Rule("recycling_point", 50, "yard", "再生资源回收点"),
    _Rule("public_toilet", 40, "front", "公厕", (4, 16), (30, 80)),
    _Rule("fire_station", 2, "front", "消防救援站", (3, 8)),
    _Rule("power_switching_station", 6, "front", "开闭所"),
)
_PLANTED_RULES = {
    "market_or_fresh_supermarket": _Rule(
        "market_or_fresh_supermarket", 0, "front", "菜市场", None, (750, 2500)
    ),
    "elderly_canteen": _Rule("elderly_canteen", 0, "front", "老年食堂", (50, 150), (60, 300)),
    "community_shops": _Rule("community_shops", 0, "front", "便民商店"),
    "cultural_activity_station": _Rule(
        "cultural_activity_station", 0, "front", "文化活动站", None, (250, 1200)
    ),
    "park_large": _Rule("park_large", 3, "park", "公园", None, (50000, 90000)),
}


@dataclass(frozen=True)
class Facilities:
    """The list as it would be brought in, and the truth about it."""

    table: pd.DataFrame
    """Columns of `facilities` less `version`, `batch_id`."""
    entrances: pd.DataFrame
    """facility_id, seq, lon, lat."""
    positions: pd.DataFrame
    """facility_id, lon, lat, lot, front (row of the street fronts, -1 elsewhere)."""


def make_facilities(
    plan: Plan,
    network: Network,
    areas: Areas,
    fronts: pd.DataFrame,
    yards: pd.DataFrame,
    planted: Planted,
    levels: dict[str, list[str]],
    as_of: date,
    rng: np.random.Generator,
) -> Facilities:
    """Place all facilities; `levels` are the service levels of each kind (`data/facility_kinds.yaml`)."""
    spread = _spread(plan, fronts, yards, planted, rng)
    named = _describe(spread, plan, network, areas, rng)
    dated = _date(named, set(_PLANTED_RULES), as_of, rng)
    n = len(dated)
    number = pd.Series(np.arange(1, n + 1), dtype="str").str.zfill(5)
    dated = dated.assign(
        source=FACILITY_SOURCE,
        source_no="QYSS" + number,
        facility_id=FACILITY_SOURCE + ":QYSS" + number,
        service_level=dated["kind"].map({kind: own[0] for kind, own in levels.items() if own}),
    )
    entrances = _find_entrances(dated, network, plan)
    may_hide = np.flatnonzero(~dated["kind"].isin(list(_PLANTED_RULES)).to_numpy())
    hidden = np.zeros(n, dtype=bool)
    hidden[rng.choice(may_hide, round(_ADDRESS_ONLY_SHARE * n), replace=False)] = True
    rects = lot_rects(plan.lots)
    footprints = [
        _footprint(kind, rects[lot], plan) for kind, lot in zip(dated["kind"], dated["lot"], strict=True)
    ]
    table = dated.assign(
        lon=dated["lon"].mask(hidden),
        lat=dated["lat"].mask(hidden),
        position_source=np.where(hidden, "none", "given"),
        position_error_m=np.nan,
        footprint=pd.Series(
            [None if out else shape for out, shape in zip(hidden, footprints, strict=True)], dtype="object"
        ),
    )
    positions = dated[["facility_id", "lon", "lat", "lot", "front"]]
    columns = [
        "facility_id",
        "source",
        "source_no",
        "name",
        "kind",
        "service_level",
        "status",
        "capacity",
        "area_m2",
        "opened_on",
        "closed_on",
        "address",
        "lon",
        "lat",
        "position_source",
        "position_error_m",
        "footprint",
    ]
    shown = entrances[entrances["facility_id"].isin(table.loc[~hidden, "facility_id"])].reset_index(drop=True)
    return Facilities(table[columns], shown, positions)


def _spread(
    plan: Plan, fronts: pd.DataFrame, yards: pd.DataFrame, planted: Planted, rng: np.random.Generator
) -> pd.DataFrame:
    """Choose a place for each facility; a front is used once."""
    rows: list[pd.DataFrame] = []
    taken = {int(front) for sites in planted.sites.values() for front in sites}
    for kind, sites in planted.sites.items():
        rows.append(fronts.loc[sites, ["lot", "parcel", "lon", "lat"]].assign(kind=kind, front=sites))
    free = [front for front in rng.permutation(len(fronts)) if front not in taken]
    for rule in _RULES:
        if rule.where == "front":
            picked, free = free[: rule.n], free[rule.n :]
            rows.append(
                fronts.loc[picked, ["lot", "parcel", "lon", "lat"]].assign(kind=rule.kind, front=picked)
            )
        elif rule.where == "yard":
            places = sorted(rng.choice(len(yards), rule.n, replace=False).tolist())
            rows.append(yards.loc[places, ["lot", "parcel", "lon", "lat"]].assign(kind=rule.kind, front=-1))
    rows.append(_on_parcels(plan, rng))
    return pd.concat(rows, ignore_index=True)


def _on_parcels(plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """Put schools, parks, stations and sports fields on the parcels meant for them."""
    rects = lot_rects(plan.lots)
    rows = []
    for where in ("school", "kindergarten", "green", "park", "public", "hospital"):
        lots = plan.lots.index[plan.lots["use"] == where]
        rules = [rule for rule in (*_RULES, *_PLANTED_RULES.values()) if rule.where == where]
        queue = [rule.kind for rule in rules for _ in range(rule.n)]
        order = [queue[i] for i in rng.permutation(len(queue))] if len(rules) > 1 else queue
        rows += [(lot, kind) for lot, kind in zip(lots, order, strict=False)]
    middle = np.array([((r[0] + r[2]) / 2, (r[1] + r[3]) / 2) for r in (rects[lot] for lot, _ in rows)])
    lon, lat = plan.warp.to_lon_lat(middle[:, 0] + 3, middle[:, 1] + 3)
    places = [lot for lot, _ in rows]
    return pd.DataFrame(
        {
            "lot": places,
            "parcel": plan.lots["parcel"].to_numpy()[places],
            "lon": lon,
            "lat": lat,
            "kind": [kind for _, kind in rows],
            "front": -1,
        }
    )


def _describe(
    table: pd.DataFrame, plan: Plan, network: Network, areas: Areas, rng: np.random.Generator
) -> pd.DataFrame:
    """Give every facility a name, an address, a capacity and a size."""
    rules = {rule.kind: rule for rule in _RULES} | _PLANTED_RULES
    doors = network.doors.set_index("parcel")[["street", "street_number"]].reindex(table["parcel"])
    community = areas.levels["community"].set_index("area_id")["name"].str.removesuffix("社区")
    stems = areas.of_lot["community_id"].map(community).to_numpy()[table["lot"]]
    courtyard = areas.of_parcel["courtyard_name"].reindex(table["parcel"]).to_numpy()
    names, addresses, capacity, area_m2 = [], [], [], []
    for kind, street, number, stem, yard in zip(
        table["kind"], doors["street"], doors["street_number"], stems, courtyard, strict=True
    ):
        rule = rules[kind]
        inside = rule.where == "yard" and isinstance(yard, str)
        names.append(f"{yard if inside else stem if 0 < rule.n <= 12 else street}{rule.suffix}")
        own_yard = isinstance(yard, str) and yard != f"{street}{number}院"
        addresses.append(f"{DISTRICT_NAME}{street}{number}{yard if inside and own_yard else ''}")
        capacity.append(float(rng.integers(*rule.capacity, endpoint=True)) if rule.capacity else np.nan)
        area_m2.append(float(rng.integers(*rule.area_m2, endpoint=True)) if rule.area_m2 else np.nan)
    names_once = _name_once(names)
    return table.assign(name=names_once, address=addresses, capacity=capacity, area_m2=area_m2)


def _name_once(names: list[str]) -> list[str]:
    """Number names that come more than once: the second becomes …（2）."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}（{seen[name]}）")
    return out


def _date(table: pd.DataFrame, steady: set[str], as_of: date, rng: np.random.Generator) -> pd.DataFrame:
    """Say when each opened; some closed, are being built or planned, but none of the planted kinds."""
    n = len(table)
    fixed = table["kind"].isin(sorted(steady)).to_numpy()
    age_days = np.where(
        fixed,
        rng.integers(900, 9000, n),
        np.where(rng.random(n) < 0.08, rng.integers(20, 540, n), rng.integers(540, 9000, n)),
    )
    fate = rng.random(n)
    status = np.select(
        [fixed, fate < 0.015, fate < 0.025, fate < 0.04, fate < 0.05],
        ["open", "closed", "building", "planned", "suspended"],
        "open",
    )
    opened = [
        as_of - timedelta(days=int(days)) if state not in ("building", "planned") else None
        for days, state in zip(age_days, status, strict=True)
    ]
    closed = [
        as_of - timedelta(days=int(rng.integers(1, max(2, min(days, 500))))) if state == "closed" else None
        for days, state in zip(age_days, status, strict=True)
    ]
    return table.assign(
        status=status,
        opened_on=pd.Series(opened, index=table.index, dtype="object"),
        closed_on=pd.Series(closed, index=table.index, dtype="object"),
    )


def _find_entrances(table: pd.DataFrame, network: Network, plan: Plan) -> pd.DataFrame:
    """Return the open gates of parks and schools, and the street side of open green."""
    kinds = [rule.kind for rule in _RULES if rule.where in ("school", "kindergarten", "park", "green")] + [
        "park_large"
    ]
    gates = network.gates[network.gates["is_open"]][["parcel", "u", "v"]]
    ways = pd.concat(
        [gates, network.doors[~network.doors["parcel"].isin(gates["parcel"])][["parcel", "u", "v"]]]
    )
    found = table.loc[table["kind"].isin(kinds), ["facility_id", "parcel"]].merge(
        ways, on="parcel", how="inner"
    )
    lon, lat = plan.warp.to_lon_lat(
        found["u"].to_numpy(dtype=np.float64), found["v"].to_numpy(dtype=np.float64)
    )
    seq = found.groupby("facility_id", sort=False).cumcount() + 1
    return pd.DataFrame({"facility_id": found["facility_id"], "seq": seq, "lon": lon, "lat": lat})


def _footprint(kind: str, rect: Rect, plan: Plan) -> shapely.MultiPolygon | None:
    return inset_outline(rect, plan.warp) if kind in _WITH_FOOTPRINT else None
