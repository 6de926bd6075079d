"""Time everything one dashboard shows, over a store of synthetic cases.

    python benchmarks/dashboard_store.py --cases 10000000 --store ten.duckdb

One district, 12 sub-districts, 150 communities, 3 000 grids, 20 000 micro-grids, 60 categories,
36 months; 30 % of the cases have no deadline, 5 % are open. The store is made once and kept; every
level opens the store anew, reads what all dashboards of one data version share (the app reads it
once), and makes dashboards as the page does: the first one (the store's own cache is empty, the operating
system's is not), others of the same level that nobody asked for yet, as in a program that serves, and the
first one again. The page itself keeps what it has made for each version of the data.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import shapely

from geo.schema import TABLES, AreaLevel
from geo.store import BatchHead, Store, open_store
from geo.store.refreshing import rebuild_facts
from geo.tasks.areas import find_area
from geo.tasks.dashboards import choose_period, make_dashboard, read_background
from geo.tasks.opening import warm_up

WHOLE_END, BROKEN_END = date(2026, 11, 1), date(2026, 10, 20)
"""Ends of the period that is timed: twelve whole months, or one that ends inside a month."""

LAST_DAY = datetime(2026, 11, 1, tzinfo=UTC)

CHUNK = 1_000_000

OTHERS = (3, 4_321, 12_345, 15_000, 18_765)
"""Micro-grids whose areas are asked for after the first one."""


def make_store(file: Path, n_cases: int) -> None:
    """Write a store of synthetic cases, straight into its tables."""
    store = open_store(f"duckdb:{file}")
    db = store._db  # type: ignore[attr-defined]
    names = ", ".join(TABLES["cases"].names)
    db.run("SELECT setseed(0.5)")
    for start in range(0, n_cases, CHUNK):
        n = min(CHUNK, n_cases - start)
        with db.transaction():
            db.run(_ONE_CHUNK.format(start=start, n=n))
            db.run(f"INSERT INTO cases ({names}) SELECT {names} FROM chunk")
            db.run(_AREAS)
            db.drop("chunk")
    began = time.perf_counter()
    with db.transaction():
        rebuild_facts(db, time_zone="Asia/Shanghai")
    print(f"facts, codes and sums of {n_cases:,} cases derived in {time.perf_counter() - began:.1f} s")
    make_areas(store)
    store.close()


_ONE_CHUNK = """CREATE TEMP TABLE chunk AS SELECT
  'hotline:' || (20230000000000 + i) AS case_id, 'hotline' AS source,
  CAST(20230000000000 + i AS text) AS source_no, 'service' AS kind,
  'C' || lpad(CAST(floor(random() * 60) AS text), 2, '0') AS category_id,
  '噪音扰民 ' || i AS title, '来电反映夜间施工噪音扰民，要求处理 ' || i AS description,
  '锦绣路 ' || (i % 3000) || ' 号' AS address, CAST(NULL AS text) AS stated_area,
  104 + x * 0.4 AS lon, 30.5 + y * 0.4 AS lat, 'given' AS position_source,
  CAST(NULL AS double) AS position_error_m,
  CASE WHEN is_open THEN 'handling' ELSE 'closed' END AS state,
  CASE floor(random() * 3) WHEN 0 THEN 'grid' WHEN 1 THEN 'community' ELSE 'subdistrict' END AS closing_level,
  'D' || CAST(floor(random() * 20) AS text) AS department,
  CASE floor(random() * 4) WHEN 0 THEN '电话' WHEN 1 THEN '微信' WHEN 2 THEN '网格员' ELSE '网站' END AS channel,
  r AS reported_at, CAST(NULL AS timestamptz) AS accepted_at, CAST(NULL AS timestamptz) AS handled_at,
  CASE WHEN NOT is_open THEN r + to_seconds(CAST(w * w * 1200000 AS bigint)) END AS closed_at,
  CASE WHEN random() < 0.7 THEN r + to_days(CAST(1 + random() * 9 AS integer)) END AS due_at,
  random() < 0.6 AS valid_callback, random() < 0.95 AS contacted, random() < 0.85 AS solved,
  CASE WHEN random() < 0.8 THEN 'satisfied' ELSE 'dissatisfied' END AS satisfaction,
  622236750000000000 + CAST(floor(x * 2000) * 2000 + floor(y * 2000) AS bigint) AS h3,
  1 AS version, 'B000001' AS batch_id, i + 1 AS case_no, m
FROM (SELECT i, CAST(floor(random() * 20000) AS integer) AS m, random() AS w, random() < 0.05 AS is_open,
  floor(random() * 4000) / 4000 AS x, floor(random() * 4000) / 4000 AS y,
  timestamptz '2023-11-01 00:00:00+08' + to_seconds(CAST(floor(random() * 94694400) AS bigint)) AS r
  FROM range({start}, {start} + {n}) t(i)) s"""

_AREAS = """INSERT INTO case_areas SELECT case_id, basis, '510105', '510105' || lpad(CAST(m // 1667 AS text), 3, '0'),
  '510105' || lpad(CAST(m // 1667 AS text), 3, '0') || lpad(CAST(m * 150 // 20000 AS text), 3, '0'),
  '510105G' || lpad(CAST(m * 3000 // 20000 AS text), 6, '0'), '510105M' || lpad(CAST(m AS text), 6, '0'),
  NULL, NULL, 'D1,S1,C1,G1,M1', 'point', FALSE, NULL, 'B000001'
  FROM chunk, (VALUES ('reported'), ('current')) b(basis)"""


LEVELS: tuple[AreaLevel, ...] = ("district", "subdistrict", "community", "grid", "microgrid")
N_MICROGRIDS = 20_000


def make_areas(store: Store) -> None:
    """Store the areas the cases lie in: boxes side by side, the finer ones inside the coarser."""
    for position, level in enumerate(LEVELS):
        first: dict[str, int] = {}
        for m in range(N_MICROGRIDS):
            first.setdefault(area_id(m, level), m)
        edges = 104 + 0.4 * np.array([*first.values(), N_MICROGRIDS]) / N_MICROGRIDS
        west, east = edges[:-1], edges[1:]
        areas = pd.DataFrame(
            {
                "set_id": level, "area_id": list(first), "area_level": level, "name": list(first),
                "parent_id": [area_id(m, LEVELS[position - 1]) if position else None for m in first.values()],
                "geom": [shapely.MultiPolygon([box]) for box in shapely.box(west, 30.5, east, 30.9)],
                "west": west, "south": 30.5, "east": east, "north": 30.9,
                "area_m2": 1.7e9 * (east - west) / 0.4, "residents": 3_000_000 // len(first), "attributes": "{}",
            }
        )  # fmt: skip
        sets = pd.DataFrame(
            {"set_id": [level], "area_level": [level], "scope_id": [""], "status": ["published"]}
        )
        head = BatchHead("boundaries", f"{level}.geojson", "benchmark", LAST_DAY, n_read=len(first))
        store.store_rows(head, {"boundary_sets": sets, "areas": areas})


def area_id(m: int, level: AreaLevel) -> str:
    """Code of the area that holds a micro-grid; the same as `_AREAS` gives in SQL."""
    subdistrict = f"510105{m // 1667:03d}"
    return {
        "district": "510105",
        "subdistrict": subdistrict,
        "community": f"{subdistrict}{m * 150 // N_MICROGRIDS:03d}",
        "grid": f"510105G{m * 3_000 // N_MICROGRIDS:06d}",
        "microgrid": f"510105M{m:06d}",
    }[level]


def time_level(url: str, level: AreaLevel, end_on: date, *, again: int) -> None:
    """Print how long whole dashboards of a level take, and what all of them share."""
    store = open_store(url)
    periods = choose_period(store, "own", start_on=date(2025, 11, 1), end_on=end_on)
    began = time.perf_counter()
    background = read_background(store)
    shared_ms = 1000 * (time.perf_counter() - began)

    def make(code: str) -> tuple[float, int]:
        began = time.perf_counter()
        card = find_area(store, code, level=level)
        board = make_dashboard(
            store, card, period=periods.chosen, before=periods.before, background=background
        )
        return 1000 * (time.perf_counter() - began), int(board.counts["n_new"])

    own = area_id(MICROGRID, level)
    first_ms, n_new = make(own)
    others = [make(code)[0] for code in dict.fromkeys(area_id(m, level) for m in OTHERS) if code != own]
    other = f"{median(others):6.0f} ({min(others):.0f}-{max(others):.0f})" if others else "-"
    again_ms = median(make(own)[0] for _ in range(again))
    store.close()
    print(
        f"{level:12s} {n_new:10,d} {first_ms:8.0f} {other:>18s} {again_ms:8.0f} {shared_ms:8.0f}", flush=True
    )


def read_through(file: Path) -> None:
    """Read a file once, so that the operating system has it at hand."""
    with file.open("rb") as content:
        while content.read(1 << 24):
            pass


def main() -> None:
    """Make the store when it is missing, then time one area of each level."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, default=Path("build/dashboard.duckdb"))
    parser.add_argument("--again", type=int, default=5)
    parser.add_argument("--broken", action="store_true", help="end the period inside a month")
    args = parser.parse_args()
    warm_up()  # as the app does when it starts
    if not args.store.exists():
        make_store(args.store, args.cases)
    print(f"{args.cases:,} cases, {args.store.stat().st_size / 1e6:.0f} MB, {datetime.now(UTC):%Y-%m-%d}")
    end_on = BROKEN_END if args.broken else WHOLE_END
    print(f"milliseconds for a whole dashboard, 2025-11-01 up to {end_on}\n")
    print(f"{'level':12s} {'new cases':>10s} {'first':>8s} {'another':>18s} {'again':>8s} {'shared':>8s}")
    for level in LEVELS:
        read_through(args.store)
        time_level(f"duckdb:{args.store}", level, end_on, again=args.again)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


MICROGRID = 8_670
"""The areas that are timed are those that hold this one."""

if __name__ == "__main__":
    main()
