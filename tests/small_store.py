"""A small district with hostile names, stored through the same door as any file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import MultiPolygon, box

from geo.hexagons import hexagon_ids
from geo.store.base import BatchHead, Store
from geo.tasks.placing import areas_of_cases

HOSTILE = '<img src=x onerror="window.fired=1">'
"""C01: markup in a name."""
TEMPLATE = "${window.fired=1}{{7*7}}`"
"""C02: a template literal."""
BREAKING = "</script><script>window.fired=1</script>"
"""C05: markup that ends a script."""
HOSTILE_NAMES = (HOSTILE, TEMPLATE, BREAKING)
MARKDOWN = "![x](http://evil.example/x.png) :red[a] [b](http://evil.example)"
"""Markdown that would fetch an image."""

NOON = datetime(2026, 10, 31, 4, tzinfo=UTC)
WEST, SOUTH, STEP = 104.02, 30.60, 0.01
CANARY = "13800000000"


def fill_small_store(store: Store, *, n_cases: int = 900) -> None:
    """Store two sub-districts of two communities of four grids, cases, facilities and streets."""
    for level, rows in _areas().items():
        sets = pd.DataFrame(
            {
                "set_id": [f"{level}-1"],
                "area_level": [level],
                "scope_id": [""],
                "status": ["published"],
                "valid_from": [None],
                "valid_to": [None],
            }
        )
        table = gpd.GeoDataFrame(
            rows.assign(set_id=f"{level}-1", area_level=level), geometry="geom", crs="EPSG:4326"
        )
        store.store_rows(_head("boundaries", f"{level}.geojson"), {"boundary_sets": sets, "areas": table})
    store.store_rows(
        _head("staff", "staff.csv"),
        {
            "area_staff": pd.DataFrame(
                {
                    "area_id": ["A1"],
                    "role": ["网格长"],
                    "name": ["王示例"],
                    "valid_from": [None],
                    "valid_to": [None],
                }
            )
        },
    )
    cases, categories = _cases(n_cases)
    store.store_cases(
        _head("cases", f"{HOSTILE}.csv"), cases, areas_of_cases(store, cases), categories=categories
    )
    store.store_facilities(_head("facilities", "设施.xlsx"), _facilities())


def _head(kind: str, name: str) -> BatchHead:
    return BatchHead(kind, name, "local", NOON)


def _areas() -> dict[str, pd.DataFrame]:
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in ("subdistrict", "community", "grid")}
    for column in range(2):
        _add(rows["subdistrict"], f"A{column + 1}", ("望江街道", HOSTILE)[column], None, column * 4, 0, 4, 4)
        for row in range(2):
            community = f"A{column + 1}C{row + 1}"
            name = ("河畔社区", TEMPLATE, BREAKING, MARKDOWN)[column * 2 + row]
            _add(rows["community"], community, name, f"A{column + 1}", column * 4, row * 2, 4, 2)
            for place in range(4):
                x, y = column * 4 + (place % 2) * 2, row * 2 + place // 2
                _add(rows["grid"], f"{community}G{place + 1}", f"{place + 1:02d} 网格", community, x, y, 2, 1)
    return {level: pd.DataFrame(found) for level, found in rows.items()}


def _add(
    rows: list[dict[str, object]],
    code: str,
    name: str,
    parent: str | None,
    x: float,
    y: float,
    w: float,
    h: float,
) -> None:
    shape = box(WEST + x * STEP, SOUTH + y * STEP, WEST + (x + w) * STEP, SOUTH + (y + h) * STEP)
    west, south, east, north = shape.bounds
    rows.append(
        {
            "area_id": code,
            "name": name,
            "parent_id": parent,
            "kind": None,
            "geom": MultiPolygon([shape]),
            "west": west,
            "south": south,
            "east": east,
            "north": north,
            "area_m2": w * h * 1.06e6,
            "residents": int(w * h * 900),
            "households": None,
            "attributes": "{}",
        }
    )


def _cases(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(7)
    days = rng.integers(0, 700, n)
    reported = pd.Series(
        [
            NOON - timedelta(days=int(day), minutes=int(m))
            for day, m in zip(days, rng.integers(0, 1440, n), strict=True)
        ]
    )
    hours = rng.gamma(2.0, 30.0, n)
    is_closed = (days > 12) | (rng.random(n) < 0.5)
    closed = reported + pd.to_timedelta(np.round(hours * 3600), unit="s")
    is_closed &= (closed < NOON).to_numpy()
    lon = np.round(WEST + rng.random(n) * 8 * STEP, 6)
    lat = np.round(SOUTH + rng.random(n) ** 2 * 4 * STEP, 6)
    lost = rng.random(n) < 0.08
    lon[:8], lat[:8], lost[:8] = WEST + 0.5 * STEP, SOUTH + 0.5 * STEP, False
    lon, lat = np.where(lost, np.nan, lon), np.where(lost, np.nan, lat)
    codes = np.array(["noise", "charging", "parking", "rubbish", HOSTILE])[
        rng.choice(5, n, p=[0.3, 0.25, 0.2, 0.2, 0.05])
    ]
    cells = np.zeros(n, dtype="uint64")
    cells[~lost] = hexagon_ids(lon[~lost], lat[~lost], resolution=10)
    cases = pd.DataFrame(
        {
            "case_id": [f"热线:{number:05d}" for number in range(n)],
            "source": "热线",
            "source_no": [f"{number:05d}" for number in range(n)],
            "kind": "service",
            "category_id": codes,
            "title": [
                (f"反映问题 {number}" if number % 50 else f"{HOSTILE} {MARKDOWN}") for number in range(n)
            ],
            "description": f"电话 {CANARY} 3栋2单元501室",
            "address": [f"河畔路 {number % 90} 号，电话 {CANARY}" for number in range(n)],
            "lon": lon,
            "lat": lat,
            "position_source": np.where(lost, "none", "given"),
            "position_error_m": np.nan,
            "state": np.where(is_closed, "closed", "handling"),
            "closing_level": np.where(
                is_closed, np.array(["grid", "community"])[rng.integers(0, 2, n)], None
            ),
            "department": "街道",
            "channel": np.array(["电话", "小程序", "网格员"])[rng.integers(0, 3, n)],
            "reported_at": reported,
            "closed_at": closed.where(is_closed),
            "due_at": reported + pd.to_timedelta(72, unit="h"),
            "valid_callback": is_closed,
            "contacted": is_closed,
            "solved": is_closed & (rng.random(n) < 0.8),
            "satisfaction": np.where(is_closed, "satisfied", None),
            "h3": pd.array(np.where(lost, None, cells.astype("int64")), dtype="Int64"),
        }
    ).set_index(pd.RangeIndex(2, n + 2, name="row"))
    categories = pd.DataFrame(
        {
            "category_id": ["noise", "charging", "parking", "rubbish", HOSTILE],
            "parent_id": None,
            "kind": "service",
            "name": ["噪声扰民", "电动车充电", "违停", "垃圾清运", HOSTILE],
            "name_en": ["Noise", "E-bike charging", "Parking", "Rubbish", None],
            "limit_h": 72.0,
            "facility_kind": None,
        }
    )
    return cases, categories


def _facilities() -> pd.DataFrame:
    n = 30
    kinds = ["community_health_station", "kindergarten", "pocket_park"]
    return pd.DataFrame(
        {
            "facility_id": [f"设施:{k}" for k in range(n)],
            "source": "设施",
            "source_no": [str(k) for k in range(n)],
            "name": [HOSTILE if k == 0 else f"设施 {k}" for k in range(n)],
            "kind": [kinds[k % 3] for k in range(n)],
            "service_level": None,
            "status": "open",
            "capacity": np.nan,
            "area_m2": np.nan,
            "opened_on": None,
            "closed_on": None,
            "address": None,
            "lon": [WEST + (k % 8 + 0.5) * STEP for k in range(n)],
            "lat": [SOUTH + (k % 4 + 0.4) * STEP for k in range(n)],
            "position_source": "given",
            "position_error_m": np.nan,
            "footprint": None,
        }
    )
