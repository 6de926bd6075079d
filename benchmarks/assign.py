"""Time placing points in areas beside geopandas.sjoin and SedonaDB, on the same points in one run.

    python -m benchmarks.assign                                  # 1 M and 10 M points, every city
    python -m benchmarks.assign --points 1000000 --polygons 20000 --peers geopandas

Every method runs alone in a process of its own, so that its peak memory is its own. Each is given what
it likes best, prepared before the clock starts: arrays for ours, points as geometries for the others, a
spatial index built beforehand where it can be kept, both cores where it can use them. Every query is
asked `--repeats` times; the best is shown. "Of it own" is what building and querying added to the points
and areas themselves. SedonaDB runs on two threads with its default library (tg), the fastest of three.
The answers (all pairs reduced to the lowest id of a point) are then compared id by id. Measure on an idle
machine: our query is short and bound by memory, so that other work slows it more than it slows the peers.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from benchmarks.city import OUTSIDE_SHARE, draw_areas, draw_points

METHODS = ("ours", "sjoin-intersects", "sjoin-within", "sedonadb")
PEERS = {"geopandas": METHODS[1:3], "sedonadb": METHODS[3:]}
BARS = {"sjoin-intersects": 50, "sjoin-within": 50, "sedonadb": 20}
N_THREADS = 2
TAINAN = "boundaries/tainan_basecode"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.assign", description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--polygons", type=int, nargs="*", default=[20_000, 100_000])
    parser.add_argument("--peers", nargs="*", choices=sorted(PEERS), default=sorted(PEERS))
    parser.add_argument("--no-tainan", action="store_true", help="leave out the real areas of Tainan")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", nargs=2, metavar=("METHOD", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        print(json.dumps(measure(args.work[0], Path(args.work[1]), repeats=args.repeats)))
        return
    methods = ["ours", *(method for peer in args.peers for method in PEERS[peer])]
    cities: list[tuple[str, Callable[[], NDArray[np.object_]]]] = [
        (f"{n:,} areas", lambda n=n: draw_areas(n)) for n in args.polygons
    ]
    folder = Path(os.environ.get("GETU_SHARED_DATA", "../shared/data")) / TAINAN
    if not args.no_tainan and folder.is_dir():
        cities.append(("Tainan", lambda: read_tainan(folder)))
    for name, draw in cities:
        areas = draw()
        for n_points in args.points:
            compare(name, areas, n_points, methods, repeats=args.repeats)


def read_tainan(folder: Path) -> NDArray[np.object_]:
    """Read the 6 102 minimal statistical areas, in the order of their codes."""
    table = pd.concat([gpd.read_file(path) for path in sorted(folder.glob("*.json"))])
    return shapely.force_2d(table.sort_values("CODEBASE").geometry.to_numpy())


def draw_tainan_points(areas: NDArray[np.object_], n: int) -> NDArray[np.float64]:
    """Draw points around areas taken at random, and the usual share beyond the outermost ones."""
    rng = np.random.default_rng(3)
    bounds = shapely.total_bounds(areas)
    middle = shapely.get_coordinates(shapely.centroid(areas))
    size = np.sqrt(shapely.area(areas)) / 2
    at = rng.integers(0, len(areas), n)
    points = middle[at] + rng.normal(0, 1, (n, 2)) * size[at, None]
    outside = rng.random(n) < OUTSIDE_SHARE
    points[outside] = bounds[2:] + rng.uniform(0.001, 0.05, (int(outside.sum()), 2))
    return points


def compare(
    name: str, areas: NDArray[np.object_], n_points: int, methods: list[str], *, repeats: int
) -> None:
    """Measure every method on one city and one set of points, and print a table."""
    points = draw_tainan_points(areas, n_points) if name == "Tainan" else draw_points(areas, n_points)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        np.save(folder / "lon.npy", np.ascontiguousarray(points[:, 0]))
        np.save(folder / "lat.npy", np.ascontiguousarray(points[:, 1]))
        np.save(folder / "areas.npy", np.array(shapely.to_wkb(areas), dtype=object), allow_pickle=True)
        rows = [run_apart(method, folder, repeats=repeats) for method in methods]
        answers = [np.load(folder / f"{method}.npy") for method in methods]
    n_outside = float((answers[0] < 0).mean())
    print(f"\n{n_points:,} points in {name}: {len(areas):,} polygons, {n_outside:.1%} of the points outside")
    print(
        "| method | build s | query s | query ÷ ours | both ÷ ours | peak MB | of it own | ids that differ |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for method, row, answer in zip(methods, rows, answers, strict=True):
        query, both = row["query_s"], row["build_s"] + row["query_s"]
        cells = [
            method,
            f"{row['build_s']:.2f}",
            f"{query:.3f}",
            f"{query / rows[0]['query_s']:.1f}",
            f"{both / (rows[0]['build_s'] + rows[0]['query_s']):.1f}",
            f"{row['peak_mb']:,.0f}",
            f"{row['peak_mb'] - row['data_mb']:,.0f}",
            f"{int((answer != answers[0]).sum()):,}",
        ]
        print(f"| {' | '.join(cells)} |", flush=True)
    judge(methods, rows)


def judge(methods: list[str], rows: list[dict[str, float]]) -> None:
    """Say whether the bars of DESIGN.md section 9 are met, the better of two ways of a peer counting."""
    ratios = {method: row["query_s"] / rows[0]["query_s"] for method, row in zip(methods, rows, strict=True)}
    for peer, ways in PEERS.items():
        tried = [ratios[way] for way in ways if way in ratios]
        if tried:
            bar = BARS[ways[0]]
            print(f"{peer}: {min(tried):.0f} × ours, bar {bar} × {'met' if min(tried) >= bar else 'NOT met'}")


def run_apart(method: str, folder: Path, *, repeats: int) -> dict[str, float]:
    """Measure a method in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.assign",
        "--repeats",
        str(repeats),
        "--work",
        method,
        str(folder),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def forget_peak() -> float:
    """Start counting peak memory anew where Linux lets us, and return what is in use now, in MB."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return read_memory("VmRSS")


def read_memory(name: str) -> float:
    """Return a figure of /proc/self/status in MB; where there is none, the peak since the start."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines[name].split()[0]) / 1024


def measure(method: str, folder: Path, *, repeats: int) -> dict[str, float]:
    """Measure a method on the data in a folder, and leave its answer there."""
    lon, lat = np.load(folder / "lon.npy"), np.load(folder / "lat.npy")
    areas = shapely.from_wkb(np.load(folder / "areas.npy", allow_pickle=True))
    prepare = {"ours": prepare_ours, "sedonadb": prepare_sedonadb}.get(method)
    prepared = prepare(areas, lon, lat) if prepare else prepare_sjoin(areas, lon, lat, method)
    build, query, read_answer = prepared
    data_mb = forget_peak()
    started = time.perf_counter()
    build()
    build_s = time.perf_counter() - started
    query_s = []
    for _ in range(repeats):
        started = time.perf_counter()
        found = query()
        query_s.append(time.perf_counter() - started)
    measured = {
        "build_s": build_s,
        "query_s": min(query_s),
        "peak_mb": read_memory("VmHWM"),
        "data_mb": data_mb,
    }
    np.save(folder / f"{method}.npy", read_answer(found))
    return measured


Prepared = tuple[Callable[[], object], Callable[[], object], Callable[[object], NDArray[np.int32]]]


def prepare_ours(areas: NDArray[np.object_], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Prepared:
    from geo.analysis.assign import build_index, warm_up

    warm_up()
    ids = [f"{number:06d}" for number in range(len(areas))]
    made = {}

    def build() -> None:
        made["index"] = build_index(areas, ids=ids, n_threads=N_THREADS)

    return build, lambda: made["index"].locate(lon, lat, n_threads=N_THREADS), lambda found: found


def prepare_sjoin(
    areas: NDArray[np.object_], lon: NDArray[np.float64], lat: NDArray[np.float64], method: str
) -> Prepared:
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat, crs="EPSG:4326"))
    table = gpd.GeoDataFrame(geometry=areas, crs="EPSG:4326")
    predicate = method.removeprefix("sjoin-")

    def query() -> pd.DataFrame:
        return gpd.sjoin(points, table, predicate=predicate)

    def read_answer(found: pd.DataFrame) -> NDArray[np.int32]:
        return lowest(len(lon), found.index.to_numpy(), found["index_right"].to_numpy())

    return lambda: table.sindex, query, read_answer


def prepare_sedonadb(
    areas: NDArray[np.object_], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Prepared:
    """Points and areas as WKB in memory; the join builds its index itself, so build is 0."""
    import pyarrow as pa
    import sedonadb

    context = sedonadb.connect()
    context.sql(f"SET datafusion.execution.target_partitions = {N_THREADS}").execute()
    table = gpd.GeoDataFrame({"area": np.arange(len(areas))}, geometry=areas, crs="EPSG:4326")
    context.create_data_frame(table).to_memtable().to_view("areas")
    bare = pa.table({"point": np.arange(len(lon), dtype=np.int32), "lon": lon, "lat": lat})
    context.create_data_frame(bare).to_view("bare")
    made = context.sql("SELECT point, ST_SetSRID(ST_Point(lon, lat), 4326) AS geometry FROM bare")
    made.to_memtable().to_view("points")
    join = context.sql(
        "SELECT points.point, areas.area FROM points "
        "JOIN areas ON ST_Intersects(areas.geometry, points.geometry)"
    )

    def read_answer(found: pa.Table) -> NDArray[np.int32]:
        return lowest(len(lon), found["point"].to_numpy(), found["area"].to_numpy())

    return lambda: None, join.to_arrow_table, read_answer


def lowest(n: int, point: NDArray[np.integer], area: NDArray[np.integer]) -> NDArray[np.int32]:
    """Reduce pairs to the lowest area of each point, -1 where there is none."""
    answer = np.full(n, np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(answer, point, area.astype(np.int32))
    answer[answer == np.iinfo(np.int32).max] = -1
    return answer


if __name__ == "__main__":
    main()
