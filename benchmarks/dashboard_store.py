"""Time everything one dashboard shows, over a store of synthetic cases.

    python benchmarks/dashboard_store.py --cases 10000000 --store ten.duckdb

One district, 12 sub-districts, 150 communities, 3 000 grids, 20 000 micro-grids, 60 categories,
36 months; 30 % of the cases have no deadline, 5 % are open. The store is made once and kept; every
timing opens the store anew (cold: its own cache is empty, the operating system's is not), asks for
the same area once cold and five times warm, and prints the groups and the total in milliseconds.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from geo.schema import CHAIN_LEVELS, TABLES, AreaLevel
from geo.store import CaseFilter, open_store
from geo.store.facts import rebuild_facts

ZONE = ZoneInfo("Asia/Shanghai")
NOW = (datetime(2025, 11, 1, tzinfo=ZONE), datetime(2026, 11, 1, tzinfo=ZONE))
BEFORE = (datetime(2024, 11, 1, tzinfo=ZONE), NOW[0])
BROKEN = (NOW[0], datetime(2026, 10, 20, 15, 30, tzinfo=ZONE))
"""Twelve months that end at the date of the data, inside a month."""

CHUNK = 1_000_000

AREAS: tuple[tuple[AreaLevel, str, tuple[AreaLevel, str] | None], ...] = (
    ("district", "510105", None),
    ("subdistrict", "510105005", ("district", "510105")),
    ("community", "510105005065", ("subdistrict", "510105005")),
    ("grid", "510105G001300", ("community", "510105005065")),
    ("microgrid", "510105M008670", ("grid", "510105G001300")),
)
"""One area of each level, and the area above it."""


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


def questions(store: object, level: AreaLevel, area_id: str, parent: tuple[AreaLevel, str] | None,
              period: tuple[datetime, datetime]) -> Iterator[tuple[str, Callable[[], object]]]:  # fmt: skip
    """Everything one dashboard asks, group by group."""
    s = store
    here = CaseFilter(area_level=level, area_id=area_id)
    among = CaseFilter() if parent is None else CaseFilter(area_level=parent[0], area_id=parent[1])
    start, end = period
    inside = CaseFilter(area_level=level, area_id=area_id, reported_from=start, reported_to=end)
    closed = CaseFilter(area_level=level, area_id=area_id, closed_from=start, closed_to=end)
    yield "siblings", lambda: s.period_counts(level, among, start=start, end=end)
    yield "before", lambda: s.period_counts("all", here, start=BEFORE[0], end=BEFORE[1])
    below = CHAIN_LEVELS.index(level) + 1
    if below < len(CHAIN_LEVELS):
        yield "children", lambda: s.period_counts(CHAIN_LEVELS[below], here, start=start, end=end)
    yield "months", lambda: s.month_counts("all", here)
    yield "categories", lambda: s.period_counts("category_id", here, start=start, end=end)
    yield (
        "categories before",
        lambda: s.period_counts("category_id", here, start=BEFORE[0], end=BEFORE[1], with_percentiles=False),
    )
    yield "hour and weekday", lambda: s.cross_counts("hour", "weekday", inside)
    yield "channels", lambda: s.cross_counts("channel", "all", inside)
    yield "closing levels", lambda: s.cross_counts("closing_level", "all", closed)
    columns = ["case_id", "title", "address", "category_id", "state", "reported_at", "due_at"]
    yield (
        "open and overdue",
        lambda: s.list_cases(
            CaseFilter(area_level=level, area_id=area_id, overdue_at=end),
            columns=columns,
            sort=[("due_at", "up")],
            limit=50,
        ),
    )
    yield "repeat places", lambda: s.pile_ups(inside, least=3)


def time_area(url: str, level: AreaLevel, area_id: str, parent: tuple[AreaLevel, str] | None,
              period: tuple[datetime, datetime], *, warm: int) -> None:  # fmt: skip
    """Print how long every group takes, cold and warm."""
    store = open_store(url)
    rounds = []
    for _ in range(warm + 1):
        took = {}
        for name, ask in questions(store, level, area_id, parent, period):
            began = time.perf_counter()
            ask()
            took[name] = 1000 * (time.perf_counter() - began)
        rounds.append(took)
    store.close()
    print(
        f"\n{level} {area_id}: cold {sum(rounds[0].values()):.0f} ms, "
        f"warm {median(sum(took.values()) for took in rounds[1:]):.0f} ms"
    )
    for name, cold in rounds[0].items():
        print(f"  {name:20s} {cold:7.1f} {median(took[name] for took in rounds[1:]):7.1f}")


def main() -> None:
    """Make the store when it is missing, then time one area of each level."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, default=Path("build/dashboard.duckdb"))
    parser.add_argument("--warm", type=int, default=5)
    parser.add_argument("--broken", action="store_true", help="end the period inside a month")
    args = parser.parse_args()
    if not args.store.exists():
        make_store(args.store, args.cases)
    print(f"{args.cases:,} cases, {args.store.stat().st_size / 1e6:.0f} MB, {datetime.now(UTC):%Y-%m-%d}")
    period = BROKEN if args.broken else NOW
    for level, area_id, parent in AREAS:
        time_area(f"duckdb:{args.store}", level, area_id, parent, period, warm=args.warm)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
