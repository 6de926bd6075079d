"""Say what was planted, for tests and for nobody else (埋设的真值)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from geo.demo_parts.areas import Areas
from geo.demo_parts.blind_spots import SPEED_M_S, BlindSpot, Planted, core_of
from geo.demo_parts.cases import CAMPAIGN_FACTOR, CAMPAIGN_NAME
from geo.demo_parts.courses import OFFENDER_DEPARTMENT
from geo.demo_parts.facilities import Facilities
from geo.demo_parts.ledger import Ledger

_MOSTLY = 0.5  # a micro-grid is named where more than half its residents lack the kind


def tell_truth(
    *,
    seed: int,
    as_of: date,
    areas: Areas,
    homes: pd.DataFrame,
    planted: Planted,
    facilities: Facilities,
    ledger: Ledger,
    told: Mapping[str, object],
    slow_community: str,
    pile_up: tuple[float, float],
) -> dict[str, object]:
    """Return everything that was planted, as plain values that JSON can hold."""
    how = ledger.positions["how"].value_counts()
    piled = ledger.positions["planted"] == "pile_up"
    return {
        "seed": seed,
        "as_of": str(as_of),
        "n_areas": {level: len(table) for level, table in areas.levels.items()},
        "n_people": int(homes["residents"].sum()),
        "n_cases": len(ledger.cases),
        "n_facilities": len(facilities.table),
        "n_cases_by_position": {str(key): int(n) for key, n in sorted(how.items())},
        **told,
        "pile_up": {"lon": pile_up[0], "lat": pile_up[1], "n_planted": int(piled.sum())},
        "overdue_offenders": [
            {"department": OFFENDER_DEPARTMENT, "area_id": None},
            {"department": None, "area_id": slow_community},
        ],
        "walking": {
            "speed_m_s": SPEED_M_S,
            "points_join": "nearest point of a walkable edge, and the walk to it counts",
        },
        "blind_spots": [
            _tell_spot(number, spot, homes, areas, planted, facilities)
            for number, spot in enumerate(planted.spots, 1)
        ],
    }


def _tell_spot(
    number: int, spot: BlindSpot, homes: pd.DataFrame, areas: Areas, planted: Planted, facilities: Facilities
) -> dict[str, object]:
    detail = dict(spot.detail)
    fronts = facilities.positions.loc[facilities.table["kind"].to_numpy() == spot.kind].set_index("front")[
        "facility_id"
    ]
    if "partner_front" in detail:
        detail["facility_id"] = fronts[detail.pop("partner_front")]
    if "park_lot" in detail:
        parks = facilities.positions.loc[facilities.table["kind"].to_numpy() == spot.kind].set_index("lot")[
            "facility_id"
        ]
        detail["facility_id"] = parks[detail.pop("park_lot")]
    if "subdistrict" in detail:
        inside = homes["subdistrict_id"].iloc[spot.homes]
        detail = {"subdistrict_id": str(inside.iloc[0])}
    centre = detail.pop("centre_home", None)
    if centre is not None:
        home = homes.iloc[int(str(centre))]
        detail |= {"lon": float(home["lon"]), "lat": float(home["lat"])}
    core = core_of(spot)
    walk_m = spot.walk_m[spot.homes]
    return {
        "id": f"B{number}",
        "cause": spot.cause,
        "kind": spot.kind,
        "minutes": spot.minutes,
        "limit_m": round(spot.limit_m, 1),
        "residents": int(homes["residents"].to_numpy()[spot.homes].sum()),
        "microgrid_ids": _mostly_lacking(spot, homes),
        "building_ids": homes["building_id"].iloc[spot.homes].tolist(),
        "core_building_ids": homes["building_id"].iloc[core].tolist(),
        "elsewhere_building_ids": homes["building_id"].iloc[spot.elsewhere].tolist(),
        "complete_elsewhere": len(spot.elsewhere) == 0,
        "nearest_walk_m": [round(float(np.min(walk_m)), 1), round(float(np.max(walk_m)), 1)]
        if len(walk_m)
        else [],
        **detail,
    }


def _mostly_lacking(spot: BlindSpot, homes: pd.DataFrame) -> list[str]:
    lacking = np.zeros(len(homes))
    lacking[spot.homes] = homes["residents"].to_numpy()[spot.homes]
    sums = pd.DataFrame(
        {"code": homes["microgrid_id"].to_numpy(), "all": homes["residents"].to_numpy(), "lacking": lacking}
    )
    sums = sums.groupby("code", sort=True).sum()
    return sums.index[sums["lacking"] > _MOSTLY * sums["all"]].tolist()


def tell_effort(areas: Areas, campaign: Mapping[str, object], first_day: date, as_of: date) -> pd.DataFrame:
    """Return patrol days of every community and week, and the days of the campaign (`reporting_effort`)."""
    codes = areas.levels["community"]["area_id"].tolist()
    start, end = date.fromisoformat(str(campaign["from"])), date.fromisoformat(str(campaign["to"]))
    monday = first_day - timedelta(days=first_day.weekday())
    rows: list[tuple[str, date, str, float, str | None]] = []
    while monday <= as_of:
        for code in codes:
            busy = monday == start and code.startswith(str(campaign["subdistrict_id"]))
            rows.append((code, monday, "patrol", 5.0 * (CAMPAIGN_FACTOR if busy else 1.0), None))
        monday += timedelta(days=7)
    for code in codes:
        if code.startswith(str(campaign["subdistrict_id"])):
            rows += [
                (code, start + timedelta(days=k), "campaign", 1.0, CAMPAIGN_NAME)
                for k in range((end - start).days + 1)
            ]
    return pd.DataFrame(rows, columns=["area_id", "on_date", "kind", "amount", "note"])


def write_truth_files(
    truth: Mapping[str, object], positions: pd.DataFrame, facility_positions: pd.DataFrame, path: Path
) -> list[Path]:
    """Write the truth as JSON, and the true positions beside it as `…_cases.csv` and `…_facilities.csv`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(truth, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    cases, facilities = (
        path.with_name(f"{path.stem}_cases.csv"),
        path.with_name(f"{path.stem}_facilities.csv"),
    )
    positions.to_csv(cases, index=False, lineterminator="\n")
    facility_positions[["facility_id", "lon", "lat"]].to_csv(facilities, index=False, lineterminator="\n")
    return [path, cases, facilities]
