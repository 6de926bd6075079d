"""A small district with awkward cases, in a real store: what the tests of tasks count in.

Two sub-districts of two communities each; every community has two grids of 0.01 x 0.01 degrees, and
the first grid of each holds two micro-grids. The cases are drawn once, with a fixed seed: with and without a
location, category, channel, deadline or closing; closed before they were reported; closed and rejected
without a moment of closing; on one suspicious point; outside every area.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.hexagons import hexagon_ids
from geo.schema import AREA_LEVELS, SATISFACTION
from geo.store import BatchHead, Store, open_store

WEST, SOUTH, SIDE = 104.0, 30.6, 0.01
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
DATA_END = datetime(2026, 10, 31, 9, tzinfo=UTC)
PILE = (104.0051, 30.6051)
"""Inside grid D1S1C1G1, micro-grid D1S1C1G1M1."""
HOSTILE = '=cmd|"<img src=x onerror=alert(1)>\u2028</script>'


def square(column: int, row: int, width: int = 1, height: int = 1, side: float = SIDE) -> shapely.Geometry:
    """A rectangle of cells, counted from the south-west corner."""
    west, south = WEST + column * side, SOUTH + row * side
    return shapely.MultiPolygon([shapely.box(west, south, west + width * side, south + height * side)])


def district_areas() -> pd.DataFrame:
    """Areas of five levels; names of two of them are hostile."""
    rows = [("district", "D1", None, square(0, 0, 4, 2), None)]
    for s in range(2):
        sub = f"D1S{s + 1}"
        rows.append(("subdistrict", sub, "D1", square(2 * s, 0, 2, 2), None))
        for c in range(2):
            community = f"{sub}C{c + 1}"
            rows.append(("community", community, sub, square(2 * s, c, 2, 1), 3000 if s == 0 else None))
            for g in range(2):
                grid = f"{community}G{g + 1}"
                rows.append(("grid", grid, community, square(2 * s + g, c), 1500 if s == 0 else None))
            for m in range(2):
                micro = f"{community}G1M{m + 1}"
                shape = square(4 * s, 2 * c + m, 2, 1, side=SIDE / 2)
                rows.append(("microgrid", micro, f"{community}G1", shape, 700))
    table = pd.DataFrame(rows, columns=["area_level", "area_id", "parent_id", "geom", "residents"])
    table["name"] = "区域" + table["area_id"]
    table.loc[table["area_id"] == "D1S1C2", "name"] = HOSTILE
    bounds = shapely.bounds(table["geom"].to_numpy())
    for k, name in enumerate(("west", "south", "east", "north")):
        table[name] = bounds[:, k]
    table["set_id"] = "set-" + table["area_level"]
    table["kind"] = None
    table["area_m2"] = 1e6 * shapely.area(table["geom"].to_numpy()) / SIDE**2
    table["households"] = None
    table["attributes"] = json.dumps({})
    table["residents"] = table["residents"].astype("Int64")
    return table


def locate(lon: float, lat: float) -> dict[str, str]:
    """The areas of a point strictly inside a cell; nothing outside."""
    column, row = int((lon - WEST) // SIDE), int((lat - SOUTH) // SIDE)
    if not (0 <= column < 4 and 0 <= row < 2):
        return {}
    sub, community = f"D1S{column // 2 + 1}", f"D1S{column // 2 + 1}C{row + 1}"
    grid = f"{community}G{column % 2 + 1}"
    found = {"district_id": "D1", "subdistrict_id": sub, "community_id": community, "grid_id": grid}
    if column % 2 == 0:
        half = int((lat - SOUTH - row * SIDE) // (SIDE / 2))
        found["microgrid_id"] = f"{grid}M{half + 1}"
    return found


def draw_cases(n: int = 900, seed: int = 7) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cases and their areas."""
    rng = np.random.default_rng(seed)
    rows, placed = [], []
    span_s = int((DATA_END - FIRST).total_seconds())
    for k in range(n):
        kind = rng.random()
        lon, lat = WEST + rng.random() * 0.0399, SOUTH + rng.random() * 0.0199
        source, areas = "given", locate(lon, lat)
        if kind < 0.12:
            lon = lat = None
            source, areas = "none", {}
        elif kind < 0.17:
            lon = lat = None
            source, areas = (
                "stated",
                {"district_id": "D1", "subdistrict_id": "D1S1", "community_id": "D1S1C1"},
            )
        elif kind < 0.20:
            lon, lat, areas = WEST - 0.05, SOUTH, {}
        elif kind < 0.30:
            (lon, lat), areas = PILE, locate(*PILE)
        reported = FIRST + timedelta(seconds=int(rng.integers(span_s)))
        closed = reported + timedelta(seconds=int(rng.exponential(4 * 86_400)))
        due = reported + timedelta(days=int(rng.integers(1, 8)))
        state = rng.choice(["closed"] * 7 + ["handling", "dispatched", "rejected"])
        if state in ("handling", "dispatched") or closed > DATA_END:
            closed, state = None, "handling" if state == "closed" else state
        elif rng.random() < 0.04:
            closed = None if rng.random() < 0.5 else reported - timedelta(hours=5)
        answered = state == "closed" and rng.random() < 0.6
        rows.append(
            {
                "case_id": f"t:{k:05d}", "source": "t", "source_no": f"{k:05d}", "kind": "service",
                "category_id": rng.choice(["噪音", "停车", "充电", None], p=[0.5, 0.3, 0.1, 0.1]),
                "title": f"住户来电 13800000000 第 {k} 次", "description": "门牌不详 13800000000",
                "address": HOSTILE if k % 50 == 0 else f"沿河路 {k % 40} 号", "stated_area": None,
                "lon": lon, "lat": lat, "position_source": source, "position_error_m": None,
                "state": str(state),
                "closing_level": rng.choice(["网格", "社区", None]) if state == "closed" else None,
                "department": None, "channel": rng.choice(["电话", "扫码", None], p=[0.6, 0.3, 0.1]),
                "reported_at": None if k % 97 == 5 else reported, "accepted_at": None, "handled_at": None,
                "closed_at": closed, "due_at": None if rng.random() < 0.15 else due,
                "valid_callback": bool(answered), "contacted": True if answered else None,
                "solved": bool(rng.random() < 0.8) if answered else None,
                "satisfaction": str(rng.choice(SATISFACTION)) if answered else None,
            }
        )  # fmt: skip
        placed.append({"case_id": f"t:{k:05d}", **areas, "placed_by": _placed_by(source, areas)})
    return _typed_cases(pd.DataFrame(rows)), _typed_areas(pd.DataFrame(placed))


def _placed_by(source: str, areas: dict[str, str]) -> str:
    if not areas:
        return "none"
    return "stated" if source == "stated" else "point"


def _typed_cases(cases: pd.DataFrame) -> pd.DataFrame:
    for name in ("reported_at", "accepted_at", "handled_at", "closed_at", "due_at"):
        cases[name] = pd.to_datetime(cases[name], utc=True)
    for name in ("lon", "lat", "position_error_m"):
        cases[name] = cases[name].astype(float)
    for name in ("valid_callback", "contacted", "solved"):
        cases[name] = cases[name].astype("boolean")
    ids = hexagon_ids(cases["lon"].to_numpy(), cases["lat"].to_numpy(), resolution=10).astype("int64")
    cases["h3"] = pd.Series(ids, index=cases.index, dtype="Int64").mask(ids == 0)
    return cases


def _typed_areas(placed: pd.DataFrame) -> pd.DataFrame:
    for level in AREA_LEVELS:
        if f"{level}_id" not in placed:
            placed[f"{level}_id"] = None
    placed = placed.assign(sets="set-grid", before_first_set=False, border_m=np.nan)
    return pd.concat([placed.assign(basis=basis) for basis in ("reported", "current")], ignore_index=True)


def head(kind: str) -> BatchHead:
    """A batch of the tests."""
    return BatchHead(kind=kind, file_name="test", actor="test", created_at=DATA_END)


def fill(store: Store) -> None:
    """Store areas, people, facilities and cases."""
    areas = district_areas()
    sets = pd.DataFrame({"set_id": areas["set_id"].unique()})
    sets["area_level"] = sets["set_id"].str.removeprefix("set-")
    sets = sets.assign(scope_id="", status="published", valid_from=None, valid_to=None)
    store.store_rows(head("boundaries"), {"boundary_sets": sets, "areas": areas})
    since = date(2020, 1, 1)
    staff = pd.DataFrame(
        [("甲", since, None), ("前任", None, since)], columns=["name", "valid_from", "valid_to"]
    )
    store.store_rows(head("staff"), {"area_staff": staff.assign(area_id="D1S1C1G1", role="网格长")})
    people = pd.DataFrame(
        [
            (f"P{k}", WEST + (k % 8) * 0.005 + 0.002, SOUTH + (k // 8) * 0.005 + 0.002, 380.0)
            for k in range(32)
        ],
        columns=["point_id", "lon", "lat", "residents"],
    )
    store.store_rows(
        head("population"), {"population_points": people.assign(source="census", as_of_on=date(2025, 1, 1))}
    )
    store.store_facilities(head("facilities"), _facilities())
    cases, placed = draw_cases()
    categories = pd.DataFrame(
        {"category_id": ["噪音", "停车", "充电"], "name": ["噪音扰民", "停车", "电动车充电"]}
    )
    categories = categories.assign(
        parent_id=None, kind="service", name_en=None, limit_h=np.nan, facility_kind=None
    )
    reporters = pd.DataFrame({"case_id": ["t:00000"], "name": ["王某某"], "telephone": ["13800000000"]})
    store.store_cases(head("cases"), cases, placed, reporters=reporters, categories=categories)


def _facilities() -> pd.DataFrame:
    table = pd.DataFrame(
        [
            ("f:1", "1", "一号桩", "charger", "open", WEST + 0.002, SOUTH + 0.002),
            ("f:2", "2", HOSTILE, "charger", "planned", WEST + 0.02, SOUTH + 0.002),
            ("f:3", "3", "驿站", "station", "open", WEST + 0.032, SOUTH + 0.012),
            ("f:4", "4", "无处", "station", "open", None, None),
        ],
        columns=["facility_id", "source_no", "name", "kind", "status", "lon", "lat"],
    )
    where = np.where(table["lon"].isna(), "none", "given")
    return table.assign(
        source="f", position_source=where, address=HOSTILE, capacity=[4.0, np.nan, np.nan, np.nan]
    )


@pytest.fixture(scope="session")
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai", now=FIRST) as opened:
        fill(opened)
        yield opened


@pytest.fixture()
def empty_store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai", now=FIRST) as opened:
        yield opened


@pytest.fixture(scope="session")
def world():
    """This module, for tests that store more."""
    return sys.modules[__name__]


def streets(nodes: list[tuple], edges: list[tuple]) -> dict[str, pd.DataFrame]:
    """Rows of a small street network; edges are straight and may all be walked."""
    at = {name: (lon, lat) for name, lon, lat in nodes}
    rows = [
        {
            "edge_id": k,
            "from_node": a,
            "to_node": b,
            "length_m": 1000.0,
            "name": None,
            "kind": kind,
            "walk": True,
            "geom": shapely.LineString([at[a], at[b]]),
        }
        for k, (a, b, kind) in enumerate(edges)
    ]
    return {
        "street_nodes": pd.DataFrame(nodes, columns=["node_id", "lon", "lat"]),
        "street_edges": pd.DataFrame(rows),
    }
