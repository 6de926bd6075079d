"""Import a million cases from CSV as a user would, then place them again: `python -m benchmarks.imports`.

Draws a city of 20 000 areas, writes a CSV of cases with Chinese headers and its boundaries into a
temporary folder, and runs the commands in processes of their own, so that their peak memory is
theirs alone. Then the same the other way round: the cases first, so that the boundaries, when they come
in, give every one of them its areas. `--postgis` stores in a private PostgreSQL server started for the run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from benchmarks.city import draw_areas, draw_points
from tests.databases import Server, find_server_programs

ROOT = Path(__file__).resolve().parents[1]
CATEGORIES = 60


def write_inputs(folder: Path, *, n_cases: int, n_areas: int) -> None:
    """Write boundaries and cases as a city would export them."""
    rng = np.random.default_rng(7)
    areas = draw_areas(n_areas)
    table = gpd.GeoDataFrame(
        {"code": [f"5101{i:011d}" for i in range(n_areas)], "name": [f"格{i}" for i in range(n_areas)]},
        geometry=areas,
        crs="EPSG:4326",
    )
    table.to_file(folder / "areas.gpkg", driver="GPKG")
    lon, lat = draw_points(areas, n_cases).T
    start = pd.Timestamp("2024-01-01")
    reported = start + pd.to_timedelta(rng.integers(0, 700 * 86400, n_cases), unit="s")
    closed = reported + pd.to_timedelta(rng.exponential(72, n_cases) * 3600 // 1, unit="s")
    texts = np.array([f"居民反映小区内第{i}类问题，希望尽快处理，谢谢。" for i in range(5000)])
    frame = pd.DataFrame(
        {
            "工单编号": [f"20240101{i:011d}" for i in range(n_cases)],
            "上报时间": reported.strftime("%Y-%m-%d %H:%M:%S"),
            "办结时间": pd.Series(closed.strftime("%Y-%m-%d %H:%M:%S")).where(rng.random(n_cases) < 0.9, ""),
            "截止时间": (reported + pd.Timedelta(days=5)).strftime("%Y-%m-%d %H:%M:%S"),
            "问题类别": np.array([f"类别{i:02d}" for i in range(CATEGORIES)])[
                rng.integers(0, CATEGORIES, n_cases)
            ],
            "标题": texts[rng.integers(0, 5000, n_cases)],
            "诉求内容": texts[rng.integers(0, 5000, n_cases)],
            "地址": [f"示范路{i}号" for i in rng.integers(1, 900, n_cases)],
            "经度": np.round(lon, 6),
            "纬度": np.round(lat, 6),
            "是否解决": np.array(["是", "否", ""])[rng.integers(0, 3, n_cases)],
            "满意度": np.array(["满意", "基本满意", "不满意", ""])[rng.integers(0, 4, n_cases)],
            "来源": np.array(["12345热线", "网格员上报", "二维码"])[rng.integers(0, 3, n_cases)],
            "承办单位": np.array([f"部门{i}" for i in range(20)])[rng.integers(0, 20, n_cases)],
        }
    )
    pa.csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), folder / "cases.csv")


def run_command(store_url: str, *words: str) -> tuple[dict[str, object], float, float]:
    """Run one command; return what it said, its seconds and its peak memory in MB."""
    environ = {**os.environ, "GETU_STORE_URL": store_url}
    start = time.perf_counter()
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "geo", *words, "--json"], cwd=ROOT, env=environ, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{words[0]} failed: {said.decode()}")
    return json.loads(said), time.perf_counter() - start, usage.ru_maxrss / 1024


def place_only(store_url: str) -> None:
    """Place the cases of a store and print the seconds of the task, without the start of a process."""
    from geo.access.seats import operator
    from geo.analysis.assign import warm_up
    from geo.store import open_store
    from geo.tasks.placing import place_cases

    warm_up()
    with open_store(store_url) as store:
        start = time.perf_counter()
        placement = place_cases(store, seat=operator("bench"), now=datetime.now(UTC))
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "n_placed": placement.n_placed}))


def main() -> None:
    """Print one line per step."""
    if sys.argv[1:2] == ["--place-only"]:
        place_only(sys.argv[2])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--areas", type=int, default=20_000)
    parser.add_argument("--postgis", action="store_true", help="store in a private PostgreSQL server")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        write_inputs(folder, n_cases=args.cases, n_areas=args.areas)
        size_mb = (folder / "cases.csv").stat().st_size / 1e6
        bars = "import 90 s, place 15 s" if args.postgis else "import 60 s and 2 GB, place 5 s"
        print(f"{args.cases:,} cases ({size_mb:.0f} MB of CSV), {args.areas:,} areas; bars: {bars}")
        first, second = stores_for(folder, stack, is_postgis=args.postgis)
        boundaries, cases = commands(folder)
        for words in (boundaries, cases, cases, ("place",)):
            show(first, *words)
        words = [sys.executable, "-m", "benchmarks.imports", "--place-only", first]
        said = json.loads(subprocess.run(words, cwd=ROOT, check=True, capture_output=True).stdout)
        print(f"{'the place task':<18} {said['seconds']:7.1f} s  without the start of the process")
        print("the other way round: the boundaries give every stored case its areas")
        for words in (cases, boundaries):
            show(second, *words)


def stores_for(folder: Path, stack: ExitStack, *, is_postgis: bool) -> tuple[str, str]:
    """Return the addresses of two empty stores; a server they are on ends with the stack."""
    if not is_postgis:
        return f"duckdb:{folder / 'bench.duckdb'}", f"duckdb:{folder / 'other.duckdb'}"
    programs = find_server_programs()
    if programs is None:
        raise SystemExit("PostgreSQL with PostGIS is not installed: sh scripts/install_system.sh")
    server = Server(programs)
    stack.callback(server.close)
    return server.url(server.make(template="getu_template")), server.url(
        server.make(template="getu_template")
    )


def commands(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words that bring in the boundaries, and the cases."""
    boundaries = ("import-boundaries", str(folder / "areas.gpkg"), "--level", "microgrid",
                  "--column", "area_id=code", "--confirm")  # fmt: skip
    cases = (
        "import-cases",
        str(folder / "cases.csv"),
        "--source",
        "bench",
        "--coord-sys",
        "wgs84",
        "--confirm",
    )
    return boundaries, cases


def show(store_url: str, *words: str) -> None:
    """Run one command and print its seconds, its memory and what it counted."""
    said, seconds, peak_mb = run_command(store_url, *words)
    names = ("n_new", "n_changed", "n_unchanged", "n_rejected", "n_placed")
    counts = {name: said[name] for name in names if name in said}
    print(f"{words[0]:<18} {seconds:7.1f} s  peak {peak_mb:6.0f} MiB  {counts}", flush=True)


if __name__ == "__main__":
    main()
