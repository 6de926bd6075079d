"""Write the reports into one ledger of cases, and keep apart what is true of each (案件台账).

Seven in ten cases have coordinates. The others have an address in some spelling, or name only a
community, grid or courtyard, or nothing that can be used; where they really happened stands in the
truth and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
import shapely

from geo.demo_parts.areas import Areas
from geo.demo_parts.cases import (
    CHANNELS,
    HOTLINE,
    MINI_PROGRAM,
    WINDOW,
    Ground,
    Reports,
    draw_hours,
    draw_places,
)
from geo.demo_parts.courses import run_courses
from geo.demo_parts.names import DISTRICT_NAME
from geo.demo_parts.slips import mistype, move_next_door
from geo.demo_parts.wording import VAGUE, Doors, spell_addresses, word_cases
from geo.gcj02 import Floats
from geo.hexagons import hexagon_ids

NO_COORDINATES_SHARE = 0.30
_HOW = ("address", "stated", "vague")
_HOW_SHARES = (0.76, 0.17, 0.07)
_LOSES_COORDINATES = (1.0, 0.2, 1.3, 0.2, 0.1, 0.06)
"""How easily a case of each channel comes without coordinates."""
_SOURCES = ("12345热线工单", "12345热线工单", "社区台账", "网格平台", "网格平台", "网格平台")
_GPS_NOISE_DEG = 3.5e-5  # about four metres, for what is reported on the spot
H3_RESOLUTION = 10


@dataclass(frozen=True)
class Ledger:
    """The cases, and the truth about each."""

    cases: pd.DataFrame
    """Columns of `cases` less `version`, `batch_id`; in order of report."""
    positions: pd.DataFrame
    """case_id, lon, lat (true, WGS84), microgrid_id, grid_id, community_id (of that place), building_id (from
    which it was reported, and which its address names), how, spelling, planted."""


def keep_ledger(
    ground: Ground,
    reports: Reports,
    areas: Areas,
    doors: Doors,
    *,
    slow_community: str,
    pile_up: tuple[float, float],
    rng: np.random.Generator,
    slips: np.random.Generator,
) -> Ledger:
    """Turn reports into cases.

    `slow_community` is the code of the community planted as overdue offender, `pile_up` the longitude and
    latitude on which default geocodes fall.
    """
    hours = draw_hours(ground, reports.table, rng)
    order = np.lexsort((reports.table["home"], hours, reports.table["day"]))
    table, hours = reports.table.iloc[order].reset_index(drop=True), hours[order]
    home = table["home"].to_numpy()
    homes = ground.homes.iloc[home].reset_index(drop=True)
    is_slow = (homes["community_id"] == slow_community).to_numpy()
    courses = run_courses(
        table,
        ground.categories,
        hours,
        first_day=ground.first_day,
        as_of=ground.as_of,
        is_slow=is_slow,
        rng=rng,
    )
    lon, lat = draw_places(ground, table, rng)
    how = _choose_how(table, rng)
    addresses, spelling = _give_addresses(table, doors, how, rng)
    lon, lat = move_next_door(ground, table, how, lon, lat, slips)
    addresses, spelling = mistype(addresses, spelling, doors, table, how, slips)
    names = pd.Series([doors.estate[k] or doors.street[k] for k in home], dtype="str")
    words = ground.categories["words"].tolist()
    titles, texts = word_cases(words, table["category"].to_numpy(), names.to_numpy(), rng)
    channel = table["channel"].to_numpy()
    source, source_no = _number(channel, table["day"].to_numpy(), ground)
    shown_lon, shown_lat = _show_positions(table, lon, lat, how, pile_up, rng)
    category = ground.categories.iloc[table["category"].to_numpy()].reset_index(drop=True)
    given = how == "given"
    cells = pd.Series(hexagon_ids(shown_lon, shown_lat, resolution=H3_RESOLUTION), dtype="Int64")
    cases = pd.DataFrame(
        {
            "case_id": source + ":" + source_no,
            "source": source,
            "source_no": source_no,
            "kind": category["kind"],
            "category_id": category["category_id"],
            "title": titles,
            "description": texts,
            "address": addresses,
            "stated_area": _state_areas(homes, areas, doors, home, how, channel, rng),
            "lon": shown_lon,
            "lat": shown_lat,
            "position_source": np.where(given, "given", "none"),
            "position_error_m": np.nan,
            "state": courses["state"],
            "closing_level": courses["closing_level"],
            "department": category["department"],
            "channel": np.array(CHANNELS)[channel],
            **{
                name: courses[name]
                for name in (
                    "reported_at",
                    "accepted_at",
                    "handled_at",
                    "closed_at",
                    "due_at",
                    "valid_callback",
                    "contacted",
                    "solved",
                    "satisfaction",
                )
            },
            "h3": cells.where(given),
        }
    )
    positions = pd.DataFrame(
        {
            "case_id": cases["case_id"],
            "lon": lon,
            "lat": lat,
            **_true_areas(lon, lat, areas),
            "building_id": homes["building_id"],
            "how": how,
            "spelling": spelling,
            "planted": table["planted"],
        }
    )
    return Ledger(cases, positions)


def _choose_how(table: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Choose which cases have no coordinates, exactly three in ten, and what they have instead."""
    n = len(table)
    weight = np.array(_LOSES_COORDINATES)[table["channel"]]
    weight = np.where(table["planted"].isin(["pile_up", "repeated"]), 1e-12, weight)
    luck = (
        rng.exponential(size=n) / weight
    )  # the smallest of exponentials: a weighted draw without replacement
    lost = np.argsort(luck, kind="stable")[: round(NO_COORDINATES_SHARE * n)]
    how = np.full(n, "given", dtype=object)
    how[lost] = rng.choice(_HOW, len(lost), p=_HOW_SHARES)
    return how


def _give_addresses(
    table: pd.DataFrame, doors: Doors, how: np.ndarray, rng: np.random.Generator
) -> tuple[pd.Series, pd.Series]:
    n = len(table)
    piled = (table["planted"] == "pile_up").to_numpy()
    wants = (
        (how == "address")
        | ((how == "given") & (rng.random(n) < 0.6))
        | (table["planted"] == "repeated").to_numpy()
    )
    rows = np.flatnonzero(wants & ~piled)
    spelled, names = spell_addresses(doors, table["home"].to_numpy()[rows], rng)
    address, spelling = np.full(n, None, dtype=object), np.full(n, "", dtype=object)
    address[rows], spelling[rows] = spelled, names
    vague = np.flatnonzero((how == "vague") | ((how == "stated") & (rng.random(n) < 0.4)))
    address[vague] = rng.choice(VAGUE, len(vague))
    address[piled] = DISTRICT_NAME
    return pd.Series(address, dtype="str"), pd.Series(spelling, dtype="str")


def _state_areas(
    homes: pd.DataFrame,
    areas: Areas,
    doors: Doors,
    home: np.ndarray,
    how: np.ndarray,
    channel: np.ndarray,
    rng: np.random.Generator,
) -> pd.Series:
    """Name the community, grid or courtyard as the source does, by name or by code."""
    n = len(homes)
    community = homes["community_id"].map(areas.levels["community"].set_index("area_id")["name"])
    grid = homes["grid_id"].map(areas.levels["grid"].set_index("area_id")["name"])
    estate = pd.Series(doors.estate[home], dtype="str")
    luck = rng.random(n)
    stated = np.select(
        [luck < 0.35, luck < 0.62, luck < 0.72, (luck < 0.97) & (estate != "").to_numpy()],
        [community, grid, homes["grid_id"], estate],
        homes["community_id"],
    )
    by_talk = np.isin(channel, (HOTLINE, MINI_PROGRAM, WINDOW))
    also = (how != "vague") & by_talk & (rng.random(n) < 0.3)
    named = pd.Series(np.where(how == "stated", stated, community), dtype="str")
    return named.where((how == "stated") | also)


def _number(channel: np.ndarray, day: np.ndarray, ground: Ground) -> tuple[pd.Series, pd.Series]:
    """Number the cases as each source does: by day, hotline with letters, grid platform 19 digits."""
    source = pd.Series(np.array(_SOURCES)[channel], dtype="str")
    days = pd.Series(
        [f"{ground.first_day + timedelta(days=int(k)):%Y%m%d}" for k in range(int(day.max()) + 1)],
        dtype="str",
    )
    stamp = days.iloc[day].reset_index(drop=True)
    serial = (
        (pd.DataFrame({"source": source, "day": day}).groupby(["source", "day"]).cumcount() + 1)
        .astype("str")
        .str.zfill(5)
    )
    head = source.map({"12345热线工单": "QY", "社区台账": "TZ", "网格平台": "510199"})
    return source, head + stamp + serial


def _show_positions(
    table: pd.DataFrame,
    lon: Floats,
    lat: Floats,
    how: np.ndarray,
    pile_up: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Return the coordinates that a file would hold: a little off, none, or the default place."""
    on_the_spot = ~np.isin(table["channel"], (HOTLINE, MINI_PROGRAM, WINDOW))
    noise = rng.normal(0, _GPS_NOISE_DEG, (2, len(table))) * on_the_spot
    piled = (table["planted"] == "pile_up").to_numpy()
    shown = [
        np.round(np.where(piled, default, true + error), 6)
        for default, true, error in zip(pile_up, (lon, lat), noise, strict=True)
    ]
    given = how == "given"
    return np.where(given, shown[0], np.nan), np.where(given, shown[1], np.nan)


def _true_areas(lon: Floats, lat: Floats, areas: Areas) -> dict[str, pd.Series]:
    """Return the areas that hold the true positions; on a border the code that sorts first."""
    microgrids = areas.levels["microgrid"].sort_values("area_id", ignore_index=True)
    tree = shapely.STRtree(microgrids.geometry.array)
    rows, places = tree.query(shapely.points(lon, lat), predicate="intersects")
    order = np.lexsort((places, rows))
    first = np.unique(rows[order], return_index=True)
    place = np.full(len(lon), -1)
    place[first[0]] = places[order][first[1]]
    codes = microgrids["area_id"].reindex(place).reset_index(drop=True)
    return {"microgrid_id": codes, "grid_id": codes.str[:15], "community_id": codes.str[:12]}
