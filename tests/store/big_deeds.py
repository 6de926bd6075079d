"""What `make stress` does to stores: thousands of cases in hundreds of grids."""

from __future__ import annotations

import numpy as np

from geo.access.seats import operator
from geo.intake.cases import CaseChoices
from geo.settings import Settings
from geo.store import Store
from geo.store.duckdb import open_duckdb
from geo.store.migrating import applied_migrations
from geo.store.postgis import open_postgis
from geo.tasks.bringing import preview_cases, store_preview, undo_batch
from geo.tasks.placing import place_cases
from geo.tasks.reading import read_table_file, suggest_for
from tests.store import kill_me
from tests.store.next_migrations import last_real

N_CASES = 4000
N_GRIDS = 200


def _cases(week: int) -> str:
    """Weekly list: half of the numbers of the week before return, changed."""
    draw = np.random.default_rng(week)
    lines = ["编号,上报时间,办结时间,状态,经度,纬度"]
    for number in range(week * N_CASES // 2, week * N_CASES // 2 + N_CASES):
        lon, lat = draw.uniform(103.99, 104 + N_GRIDS / 100 + 0.01), draw.uniform(29.9995, 30.0105)
        day = 1 + number % 28
        state, closed = ("结案", f"2026-09-{day:02d} 18:00") if draw.random() < 0.5 else ("处置", "")
        lines.append(f"{number},2026-09-{day:02d} 08:00,{closed},{state},{lon:.6f},{lat:.6f}")
    return "\n".join(lines) + "\n"


def bring_week(store: Store, week: int) -> None:
    """Bring in the cases of one week."""
    table = read_table_file(_cases(week).encode(), settings=Settings(), file_name="week.csv")
    choices = CaseChoices(columns=suggest_for("cases", table.columns), source="hot", coord_sys="wgs84",
                          time_zone="Asia/Shanghai", as_of=kill_me.NOW)  # fmt: skip
    store_preview(store, preview_cases(store, table, choices, **kill_me.WHO), **kill_me.WHO)


def bring_grids(store: Store) -> None:
    """Bring in the grids."""
    kill_me.bring_grids(store, tuple(f"G{number:03d}" for number in range(N_GRIDS)))


DEEDS = {
    "bring grids": bring_grids,
    "bring first": lambda store: bring_week(store, 0),
    "import": lambda store: bring_week(store, 1),
    "boundaries": bring_grids,
    "undo": lambda store: undo_batch(store, "B000003", **kill_me.WHO),
    "place": lambda store: place_cases(store, seat=operator("li"), now=kill_me.NOW, max_distance_m=40.0),
    "place again": lambda store: place_cases(store, seat=operator("li"), now=kill_me.NOW, match=False),
}


def newest_number(url: str) -> int:
    """Return the newest migration a store has, without opening it as this program would."""
    is_file = url.startswith("duckdb:")
    db = (
        open_duckdb(url.removeprefix("duckdb:"), memory_mb=200, threads=1, read_only=True)
        if is_file
        else open_postgis(url)
    )
    try:
        return max(applied_migrations(db))
    finally:
        db.close()


LAST = last_real()
