"""Report on the district: what, where, when and by which channel (案件的发生).

The background is one Poisson process: people × category × season × weekday × hour × channel, nothing
else, so that every real cluster is a planted one. On top come, each labelled in the truth: hotspots,
a pile-up of default geocodes, a campaign week of patrols, and one household that reports the same
thing again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.demo_parts.plan import Plan
from geo.demo_parts.streets import Network
from geo.demo_parts.walks import to_metres
from geo.gcj02 import Floats

Ints = NDArray[np.int64]

CHANNELS = ("12345热线", "小程序", "社区窗口", "网格员上报", "扫码上报", "巡查发现")
HOTLINE, MINI_PROGRAM, WINDOW, GRID_WORKER, QR_CODE, PATROL = range(6)
_CHANNEL_SHARES = {
    "component": (0.36, 0.04, 0.02, 0.26, 0.12, 0.20),
    "event": (0.38, 0.05, 0.01, 0.22, 0.12, 0.22),
    "service": (0.68, 0.12, 0.14, 0.04, 0.02, 0.00),
}
_MONTHS = {
    "flat": (1,) * 12,
    "spring": (0.8, 0.8, 1.4, 1.6, 1.4, 1.0, 0.8, 0.8, 0.9, 0.9, 0.8, 0.8),
    "summer": (0.6, 0.6, 0.8, 0.9, 1.1, 1.4, 1.6, 1.6, 1.3, 0.9, 0.7, 0.6),
    "rain": (0.5, 0.5, 0.7, 0.9, 1.1, 1.5, 1.9, 1.8, 1.3, 0.8, 0.5, 0.5),
    "winter": (1.6, 1.3, 1.0, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.9, 1.2, 1.5),
}
_WEEKDAYS = {  # Monday to Sunday
    False: (1.1, 1.05, 1.0, 1.0, 1.0, 0.92, 0.88),
    True: (1.25, 1.2, 1.2, 1.15, 1.2, 0.55, 0.45),  # people on duty
}
_ON_DUTY = (WINDOW, GRID_WORKER, PATROL)
_HOURS = {
    "day": (
        0.3,
        0.2,
        0.1,
        0.1,
        0.2,
        0.4,
        1,
        2.5,
        5.5,
        8,
        8.2,
        6.5,
        4,
        4.5,
        6.5,
        7.5,
        7,
        5.5,
        4,
        3.5,
        3,
        2.2,
        1.3,
        0.7,
    ),
    "night": (
        2,
        1.2,
        0.7,
        0.4,
        0.4,
        0.6,
        1.2,
        2,
        3,
        3.5,
        3.5,
        3.2,
        3,
        2.8,
        3,
        3.2,
        3.6,
        4.2,
        6,
        8,
        9.5,
        10,
        7.5,
        4.5,
    ),
    "flat": (
        1,
        0.7,
        0.5,
        0.5,
        0.6,
        1,
        2,
        4,
        6,
        6.5,
        6,
        5.5,
        4.5,
        4.5,
        5,
        5.5,
        5.5,
        5.5,
        5.5,
        5.5,
        5.2,
        4.5,
        3,
        1.8,
    ),
    "duty": (0, 0, 0, 0, 0, 0, 0.1, 1, 8, 12, 12, 8, 2, 4, 10, 12, 11, 7, 2, 1, 0.6, 0.3, 0, 0),
}


@dataclass(frozen=True)
class HotspotPlan:
    """A hotspot to plant: months are counted back from the last one, which is 0."""

    category_id: str
    first_month_back: int
    last_month_back: int
    multiplier: float
    shape: str
    """steady, growing or summer."""


HOTSPOT_PLANS = (
    HotspotPlan("E01-08", 8, 0, 10.0, "growing"),
    HotspotPlan("E01-28", 17, 0, 9.0, "summer"),
    HotspotPlan("E01-92", 23, 0, 5.0, "steady"),
    HotspotPlan("E04-05", 2, 0, 22.0, "steady"),
    HotspotPlan("E05-96", 18, 12, 12.0, "steady"),
    HotspotPlan("S01-01", 5, 1, 14.0, "steady"),
)
_HOTSPOT_RADIUS_M = 170.0
_APART_M = 620.0
_INSIDE_M = 4  # a case stays this far inside the lot of its building, so that its micro-grid is certain

PILE_UP_SHARE = 800 / 60_000
REPEATED = ("E01-28", 64, 150)
"""Category, reports and days of the repeated-report household."""
CAMPAIGN_NAME = "文明城市创建"
CAMPAIGN_FACTOR = 3.0


@dataclass(frozen=True)
class Ground:
    """What cases need to know of the district."""

    plan: Plan
    homes: pd.DataFrame
    """Buildings lived in: building_id, lot, parcel, u, v, lon, lat, residents, microgrid_id, grid_id,
    community_id, subdistrict_id."""
    gate_uv: Floats
    """Main gate of the parcel of each home, on the plan."""
    categories: pd.DataFrame
    """Subclasses of `data/demo_categories.yaml`."""
    first_day: date
    as_of: date


@dataclass(frozen=True)
class Reports:
    """What was reported; the rows are in no order yet."""

    table: pd.DataFrame
    """home, category (rows), channel, day (0 = first day), planted (label or empty)."""
    truth: dict[str, object]


def make_ground(
    plan: Plan, network: Network, homes: pd.DataFrame, categories: pd.DataFrame, as_of: date
) -> Ground:
    """Gather what cases need: two years up to and with `as_of`."""
    next_day = as_of + timedelta(days=1)
    first_day = date(next_day.year - 2, next_day.month, min(next_day.day, 28))
    gates = network.gates[network.gates["is_main"]].set_index("parcel")[["u", "v"]]
    gate_uv = gates.reindex(homes["parcel"]).to_numpy(dtype=np.float64)
    return Ground(plan, homes, gate_uv, categories, first_day, as_of)


def draw_reports(ground: Ground, n_cases: int, rng: np.random.Generator) -> Reports:
    """Draw about `n_cases` reports, planted ones included."""
    people = ground.homes["residents"].to_numpy(dtype=np.float64)
    n_pile_up = round(PILE_UP_SHARE * n_cases)
    n_background = round(n_cases * 0.985)
    background = _draw_background(ground, n_background, people, rng)
    piled = rng.choice(len(background), n_pile_up, replace=False)
    labels = background["planted"].to_numpy(dtype=object)
    labels[piled] = "pile_up"
    background["planted"] = labels
    hotspots, told = _draw_hotspots(ground, n_background, rng)
    campaign, campaign_told = _draw_campaign(ground, background, rng)
    repeated, repeated_told = _draw_repeated(ground, n_cases, rng)
    table = pd.concat([background, *hotspots, campaign, repeated], ignore_index=True)
    truth: dict[str, object] = {
        "hotspots": told,
        "campaign": campaign_told,
        "repeated_household": repeated_told,
    }
    return Reports(table, truth)


def day_weights(ground: Ground, season: str, *, on_duty: bool) -> Floats:
    """Return the share of each day of the two years, growing a little, for a season and a weekly rhythm."""
    n_days = (ground.as_of - ground.first_day).days + 1
    days = [ground.first_day + timedelta(days=k) for k in range(n_days)]
    months = np.array([_MONTHS[season][day.month - 1] for day in days], dtype=np.float64)
    week = np.array([_WEEKDAYS[on_duty][day.weekday()] for day in days])
    weight = months * week * np.linspace(0.92, 1.08, n_days)
    return np.asarray(weight / weight.sum())


def _draw_background(ground: Ground, n: int, people: Floats, rng: np.random.Generator) -> pd.DataFrame:
    categories = ground.categories
    share = categories["weight"].to_numpy(dtype=np.float64)
    category = rng.choice(len(categories), n, p=share / share.sum())
    home = rng.choice(len(people), n, p=people / people.sum())
    channel = draw_channels(categories["kind"].to_numpy()[category], rng)
    day = _draw_days(ground, category, channel, rng)
    return pd.DataFrame({"home": home, "category": category, "channel": channel, "day": day, "planted": ""})


def draw_channels(kinds: np.ndarray, rng: np.random.Generator) -> Ints:
    """Draw a channel for each report by the kind of its category."""
    luck = rng.random(len(kinds))
    channel = np.zeros(len(kinds), dtype=np.int64)
    for kind, shares in _CHANNEL_SHARES.items():
        mine = kinds == kind
        channel[mine] = np.searchsorted(np.cumsum(shares)[:-1], luck[mine], side="left")
    return channel


def _draw_days(ground: Ground, category: Ints, channel: Ints, rng: np.random.Generator) -> Ints:
    season = ground.categories["season"].to_numpy()[category]
    on_duty = np.isin(channel, _ON_DUTY)
    day = np.zeros(len(category), dtype=np.int64)
    for name in sorted(_MONTHS):
        for duty in (False, True):
            mine = np.flatnonzero((season == name) & (on_duty == duty))
            weight = day_weights(ground, name, on_duty=duty)
            day[mine] = rng.choice(len(weight), len(mine), p=weight)
    return day


# --- planted ---


def _draw_hotspots(
    ground: Ground, n_background: int, rng: np.random.Generator
) -> tuple[list[pd.DataFrame], list[dict[str, object]]]:
    places = _pick_places(ground, len(HOTSPOT_PLANS), rng)
    tables, told = [], []
    for number, (plan, members) in enumerate(zip(HOTSPOT_PLANS, places, strict=True), 1):
        table, facts = _draw_hotspot(ground, plan, members, n_background, f"hotspot:H{number}", rng)
        tables.append(table)
        told.append(facts)
    return tables, told


def _pick_places(ground: Ground, n: int, rng: np.random.Generator) -> list[Ints]:
    """Pick places of whole micro-grids around a home, far from each other."""
    homes = ground.homes
    xy = to_metres(homes["lon"].to_numpy(), homes["lat"].to_numpy())
    usual = np.flatnonzero((homes["use"] == "residential").to_numpy())
    middles: list[Floats] = []
    places: list[Ints] = []
    codes = homes["microgrid_id"].to_numpy()
    for home in rng.permutation(usual):
        if any(np.hypot(*(xy[home] - other)) < _APART_M for other in middles):
            continue
        near = np.hypot(*(xy - xy[home]).T) < _HOTSPOT_RADIUS_M
        members = np.flatnonzero(
            np.isin(codes, np.unique(codes[near])) & (homes["use"] == "residential").to_numpy()
        )
        if not 1600 <= homes["residents"].to_numpy()[members].sum() <= 3600:
            continue
        middles.append(xy[home])
        places.append(members)
        if len(places) == n:
            return places
    raise RuntimeError("The district has too few places for its hotspots.")


def _draw_hotspot(
    ground: Ground, plan: HotspotPlan, members: Ints, n_background: int, label: str, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, object]]:
    row = int(np.flatnonzero(ground.categories["category_id"] == plan.category_id)[0])
    category = ground.categories.iloc[row]
    days, weight = _hotspot_days(ground, plan, str(category["season"]))
    people = ground.homes["residents"].to_numpy(dtype=np.float64)
    share = category["weight"] / ground.categories["weight"].sum() * people[members].sum() / people.sum()
    expected = n_background * share * weight.sum()
    n = int(rng.poisson((plan.multiplier - 1) * expected))
    home = rng.choice(members, n, p=people[members] / people[members].sum())
    form = weight * np.linspace(0.3, 1.7, len(weight)) if plan.shape == "growing" else weight
    day = rng.choice(days, n, p=form / form.sum())
    channel = draw_channels(np.full(n, category["kind"]), rng)
    table = pd.DataFrame({"home": home, "category": row, "channel": channel, "day": day, "planted": label})
    homes = ground.homes.iloc[members]
    facts: dict[str, object] = {
        "id": label.split(":")[1],
        "category_id": plan.category_id,
        "shape": plan.shape,
        "from": str(ground.first_day + timedelta(days=int(days[0]))),
        "to": str(ground.first_day + timedelta(days=int(days[-1]))),
        "multiplier": plan.multiplier,
        "n_expected": round(float(expected), 2),
        "n_planted": n,
        "microgrid_ids": sorted(homes["microgrid_id"].unique()),
        "grid_ids": sorted(homes["grid_id"].unique()),
        "lon": round(float(homes["lon"].mean()), 6),
        "lat": round(float(homes["lat"].mean()), 6),
        "radius_m": _HOTSPOT_RADIUS_M,
        "residents": int(people[members].sum()),
    }
    return table, facts


def _hotspot_days(ground: Ground, plan: HotspotPlan, season: str) -> tuple[Ints, Floats]:
    """Return the days of a hotspot, and the share of its category's year that falls on each."""
    n_days = (ground.as_of - ground.first_day).days + 1
    days = [ground.first_day + timedelta(days=k) for k in range(n_days)]
    back = np.array([(ground.as_of.year - day.year) * 12 + ground.as_of.month - day.month for day in days])
    mine = (back <= plan.first_month_back) & (back >= plan.last_month_back)
    if plan.shape == "summer":
        mine &= np.isin([day.month for day in days], (6, 7, 8))
    chosen = np.flatnonzero(mine)
    return chosen, day_weights(ground, season, on_duty=False)[chosen]


def _draw_campaign(
    ground: Ground, background: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Triple the patrol reports of one sub-district in one week, without anything else having changed."""
    n_days = (ground.as_of - ground.first_day).days + 1
    start = int(n_days * rng.uniform(0.55, 0.8))
    start -= (ground.first_day + timedelta(days=start)).weekday()
    codes = ground.homes["subdistrict_id"].to_numpy()
    subdistrict = str(rng.choice(np.unique(codes)))
    inside = codes == subdistrict
    patrol = background[(background["channel"] == PATROL) & inside[background["home"].to_numpy()]]
    n = int(rng.poisson((CAMPAIGN_FACTOR - 1) * len(patrol) * 7 / n_days))
    picked = patrol.iloc[rng.integers(0, len(patrol), n)]
    table = picked.assign(day=start + rng.integers(0, 7, n), planted="campaign")
    facts: dict[str, object] = {
        "name": CAMPAIGN_NAME,
        "subdistrict_id": subdistrict,
        "channel": CHANNELS[PATROL],
        "factor": CAMPAIGN_FACTOR,
        "from": str(ground.first_day + timedelta(days=start)),
        "to": str(ground.first_day + timedelta(days=start + 6)),
        "n_planted": n,
    }
    return table, facts


def _draw_repeated(
    ground: Ground, n_cases: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Let one household report the same noise again and again."""
    category_id, n_full, n_days = REPEATED
    n = max(8, round(n_full * min(1.0, n_cases / 60_000)))
    row = int(np.flatnonzero(ground.categories["category_id"] == category_id)[0])
    usual = np.flatnonzero((ground.homes["use"] == "residential").to_numpy())
    home = int(rng.choice(usual))
    end = (ground.as_of - ground.first_day).days - int(rng.integers(10, 40))
    day = np.sort(rng.integers(end - n_days, end, n))
    table = pd.DataFrame(
        {"home": home, "category": row, "channel": HOTLINE, "day": day, "planted": "repeated"}
    )
    facts: dict[str, object] = {
        "building_id": ground.homes["building_id"].iloc[home],
        "microgrid_id": ground.homes["microgrid_id"].iloc[home],
        "category_id": category_id,
        "n_planted": n,
        "from": str(ground.first_day + timedelta(days=int(day[0]))),
        "to": str(ground.first_day + timedelta(days=int(day[-1]))),
    }
    return table, facts


# --- hour and place ---


def draw_hours(ground: Ground, table: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """Draw the hour of day of each report, with minutes and seconds as a fraction."""
    rhythm = ground.categories["hours"].to_numpy(dtype=object)[table["category"]]
    rhythm[np.isin(table["channel"], _ON_DUTY)] = "duty"
    hour = np.zeros(len(table))
    for name in sorted(_HOURS):
        mine = np.flatnonzero(rhythm == name)
        weight = np.array(_HOURS[name], dtype=np.float64)
        hour[mine] = rng.choice(24, len(mine), p=weight / weight.sum())
    return hour + rng.random(len(table))


def draw_places(ground: Ground, table: pd.DataFrame, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the true position of each report in WGS84: at its building, or on the way to the gate."""
    home = table["home"].to_numpy()
    at_street = (ground.categories["place"] == "street").to_numpy()[table["category"]]
    share = np.where(at_street, rng.uniform(0.45, 0.92, len(table)), 0.0)
    door = ground.homes[["u", "v"]].to_numpy(dtype=np.float64)[home]
    point = door + share[:, None] * (ground.gate_uv[home] - door) + rng.uniform(-3, 3, (len(table), 2))
    rects = ground.plan.lots[["u0", "v0", "u1", "v1"]].to_numpy()[ground.homes["lot"].to_numpy()[home]]
    point = np.clip(point, rects[:, :2] + _INSIDE_M, rects[:, 2:] - _INSIDE_M)
    still = (table["planted"] == "repeated").to_numpy()
    point[still] = door[still]
    return ground.plan.warp.to_lon_lat(point[:, 0], point[:, 1])
