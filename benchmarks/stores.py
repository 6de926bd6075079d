"""Both stores side by side: copying, storing a batch, dashboards.

    python -m benchmarks.stores --cases 1000000

Makes a store of synthetic cases in DuckDB (kept under build/), copies it to a private PostgreSQL server
with PostGIS (started for the run; --server names another, empty database), stores a batch of new cases in
an empty store of each, and asks both what one dashboard shows at every level. Needs the server programs
of scripts/install_system.sh.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg

from benchmarks.dashboard_store import (
    BROKEN_END,
    LEVELS,
    WHOLE_END,
    make_store,
    time_level,
)
from geo.schema import AREA_LEVELS
from geo.store import BatchHead, CaseFilter, open_store
from tests.databases import Server, find_server_programs

START = pd.Timestamp("2023-11-01", tz="UTC")


def make_batch(n_cases: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make checked cases of three years and their areas, as the import hands them to the store."""
    rng = np.random.default_rng(5)
    numbers = np.arange(n_cases)
    reported = START + pd.to_timedelta(np.sort(rng.integers(0, 94_694_400, n_cases)), unit="s")
    micro = rng.integers(0, 20_000, n_cases)
    cases = pd.DataFrame(
        {
            "case_id": pd.Series([f"hotline:{20230000000000 + n}" for n in numbers], dtype="str"),
            "source": "hotline",
            "source_no": pd.Series([f"{20230000000000 + n}" for n in numbers], dtype="str"),
            "kind": "service",
            "category_id": [f"C{n:02d}" for n in rng.integers(0, 60, n_cases)],
            "title": [f"噪音扰民 {n}" for n in numbers],
            "description": [f"来电反映夜间施工噪音扰民，要求处理 {n}" for n in numbers],
            "address": [f"锦绣路 {n % 3000} 号" for n in numbers],
            "lon": 104 + rng.random(n_cases) * 0.4,
            "lat": 30.5 + rng.random(n_cases) * 0.4,
            "position_source": "given",
            "state": "closed",
            "department": [f"D{n}" for n in rng.integers(0, 20, n_cases)],
            "channel": np.array(["电话", "微信", "网格员", "网站"])[rng.integers(0, 4, n_cases)],
            "reported_at": reported,
            "closed_at": reported + pd.to_timedelta(rng.integers(60, 1_200_000, n_cases), unit="s"),
            "due_at": reported + pd.to_timedelta(5, unit="D"),
            "valid_callback": rng.random(n_cases) < 0.6,
            "solved": rng.random(n_cases) < 0.85,
            "h3": 622236750000000000 + rng.integers(0, 4_000_000, n_cases),
        }
    )
    areas = pd.DataFrame({"case_id": cases["case_id"]})
    for level in AREA_LEVELS:
        areas[f"{level}_id"] = None
    areas["district_id"] = "510105"
    areas["subdistrict_id"] = [f"510105{n:03d}" for n in micro // 1667]
    areas["community_id"] = [f"510105{n // 1667:03d}{n * 150 // 20000:03d}" for n in micro]
    areas["grid_id"] = [f"510105G{n * 3000 // 20000:06d}" for n in micro]
    areas["microgrid_id"] = [f"510105M{n:06d}" for n in micro]
    areas = areas.assign(sets="D1,S1,C1,G1,M1", placed_by="point", before_first_set=False, border_m=np.nan)
    return cases, pd.concat(
        [areas.assign(basis=basis) for basis in ("reported", "current")], ignore_index=True
    )


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - began:.1f} s", flush=True)


def store_batch(kind: str, url: str, n_cases: int) -> None:
    """Time storing one batch in an empty store, and placing all its cases elsewhere."""
    cases, areas = make_batch(n_cases)
    head = BatchHead("cases", "cases.csv", "bench", datetime.now(UTC), n_read=n_cases)
    with open_store(url) as store:
        with timed(f"{kind}: storing {n_cases:,} cases"):
            store.store_cases(head, cases, areas)
        moved = areas[areas["basis"] == "current"].assign(microgrid_id="510105M000001")
        with timed(f"{kind}: writing {n_cases:,} other placements"):
            store.replace_areas_of_cases(moved, actor="bench", taken_at=datetime.now(UTC))
        with timed(f"{kind}: counting them"):
            print(store.count_cases(CaseFilter()))


def main() -> None:
    """Print one line per step, and the dashboards of both stores."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=1_000_000, help="cases of the batch; 0 leaves it out")
    parser.add_argument("--store", type=Path, help="DuckDB file made before (see benchmarks.dashboard_store)")
    parser.add_argument("--server", default="", help="address of an empty database")
    parser.add_argument("--again", type=int, default=3)
    args = parser.parse_args()
    programs = find_server_programs()
    if programs is None:
        raise SystemExit("PostgreSQL with PostGIS is not installed: sh scripts/install_system.sh")
    server = Server(programs)
    try:
        _compare(server, args)
    finally:
        server.close()


def _compare(server: Server, args: argparse.Namespace) -> None:
    if args.batch:
        with tempfile.TemporaryDirectory() as folder:
            store_batch("duckdb", f"duckdb:{folder}/batch.duckdb", args.batch)
        store_batch("postgis", server.url(server.make(template="getu_template")), args.batch)
    file = args.store or Path(f"build/dashboard-{args.cases}.duckdb")
    file.parent.mkdir(exist_ok=True)
    if not file.exists():
        make_store(file, args.cases)
    url = args.server or server.url(server.make(template="getu_template"))
    with open_store(f"duckdb:{file}") as source, open_store(url) as target, timed("copy to postgis, proved"):
        source.copy_into(target)
    with psycopg.connect(url, autocommit=True) as connection, timed("vacuum and analyse"):
        connection.execute("VACUUM (ANALYZE)")
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    print(f"{args.cases:,} cases: duckdb {file.stat().st_size / 1e6:.0f} MB, postgis {size[0] / 1e6:.0f} MB")
    for title, end_on in (
        ("twelve whole months", WHOLE_END),
        ("a period that ends inside a month", BROKEN_END),
    ):
        for kind, address in (("duckdb", f"duckdb:{file}"), ("postgis", url)):
            print(f"\n== {kind}, {title}: level, new cases; ms: first, another, again, shared")
            for level in LEVELS:
                time_level(address, level, end_on, again=args.again)


if __name__ == "__main__":
    main()
