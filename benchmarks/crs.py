"""Measure coordinates and hexagons beside the ways people usually write them.

    python -m benchmarks.crs            one and ten million points
    python -m benchmarks.crs --quick    a tenth of them

Each job runs in a process of its own; its peak memory counts the input and the libraries. The best of
three runs counts. A loop over single points is run on a sample and extrapolated, and says so. What two
ways answer is compared.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import h3
import numpy as np
import shapely

from geo.crs import (
    area_m2,
    bd09_to_wgs84,
    gcj02_to_wgs84,
    geometries_to_wgs84,
    to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from geo.hexagons import hexagon_ids, hexagon_polygons, parent_ids

SAMPLE = 20_000
RUNS = 3
Points = tuple[np.ndarray, np.ndarray]


def make_points(n: int) -> Points:
    rng = np.random.default_rng(20)
    return rng.uniform(103.5, 104.8, n), rng.uniform(30.2, 31.2, n)


def make_polygons(n: int) -> np.ndarray:
    lon, lat = make_points(n)
    radius = np.random.default_rng(21).uniform(0.0005, 0.002, (n, 30))
    turn = np.linspace(0, 2 * np.pi, 31)[:30]
    ring = np.stack([lon[:, None] + radius * np.cos(turn), lat[:, None] + radius * np.sin(turn)], axis=-1)
    return shapely.polygons(ring)


def loop_gcj02_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Undo GCJ-02 for one point with `math`, until two answers agree within 1e-10 degree."""
    back_lon, back_lat = lon, lat
    while True:
        d_lon, d_lat = loop_shift(back_lon, back_lat)
        new_lon, new_lat = lon - d_lon, lat - d_lat
        if abs(new_lon - back_lon) < 1e-10 and abs(new_lat - back_lat) < 1e-10:
            return new_lon, new_lat
        back_lon, back_lat = new_lon, new_lat


def loop_shift(lon: float, lat: float) -> tuple[float, float]:
    x, y = lon - 105, lat - 35
    sin, pi = math.sin, math.pi
    common = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + common
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y / 30 * pi)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + common
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    a, e2, phi = 6378245.0, 0.00669342162296594323, math.radians(lat)
    bulge = 1 - e2 * sin(phi) ** 2
    m_lat, m_lon = a * (1 - e2) / bulge**1.5, a / math.sqrt(bulge) * math.cos(phi)
    return math.degrees(east / m_lon), math.degrees(north / m_lat)


def loop_bd09_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    x, y, wave = lon - 0.0065, lat - 0.006, math.pi * 3000 / 180
    radius = math.sqrt(x * x + y * y) - 0.00002 * math.sin(y * wave)
    angle = math.atan2(y, x) - 0.000003 * math.cos(x * wave)
    return loop_gcj02_to_wgs84(radius * math.cos(angle), radius * math.sin(angle))


def best_of(job: Callable[[], object], runs: int = RUNS) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def report(name: str, seconds: float, n: int, note: str = "") -> str:
    return f"{name:<46}{n:>12,}{seconds:>10.3f} s{n / seconds / 1e6:>9.2f} M/s{peak_gb():>8.2f} GB  {note}"


def run_shift(name: str, n: int) -> list[str]:
    forward, back, loop = {
        "GCJ-02": (wgs84_to_gcj02, gcj02_to_wgs84, loop_gcj02_to_wgs84),
        "BD-09": (wgs84_to_bd09, bd09_to_wgs84, loop_bd09_to_wgs84),
    }[name]
    points = forward(*make_points(n))
    seconds = best_of(lambda: back(*points))
    lines = [report(f"{name} -> WGS84, geo.crs", seconds, n)]
    few = [values[:SAMPLE].tolist() for values in points]
    looped = list(map(loop, *few))
    loop_seconds = best_of(lambda: list(map(loop, *few)), 1) * n / SAMPLE
    apart_deg = np.abs(np.array(looped).T - np.array(back(*few))).max()
    note = f"extrapolated from {SAMPLE:,}; {loop_seconds / seconds:.0f} x slower; "
    note += f"answers within {apart_deg:.0e} deg"
    return [*lines, report(f"{name} -> WGS84, loop over points", loop_seconds, n, note)]


def run_gauss_kruger(n: int) -> list[str]:
    lon, lat = make_points(n)
    x, y = 35_500_000 + (lon - 105) * 95_000, lat * 110_900
    seconds = best_of(lambda: to_wgs84(x, y, coord_sys="cgcs2000-zone35"))
    return [report("CGCS2000 zone 35 -> WGS84, geo.crs", seconds, n)]


def run_geometries(n: int) -> list[str]:
    polygons = make_polygons(n)
    convert = best_of(lambda: geometries_to_wgs84(polygons, coord_sys="gcj02"))
    measure = best_of(lambda: area_m2(polygons))
    return [
        report("polygons of 30 vertices, GCJ-02 -> WGS84", convert, n),
        report("surface of polygons of 30 vertices", measure, n),
    ]


def run_hexagons(n: int) -> list[str]:
    lon, lat = make_points(n)
    seconds = best_of(lambda: hexagon_ids(lon, lat, resolution=10))
    ids = hexagon_ids(lon, lat, resolution=10)
    lines = [report("H3 resolution 10, geo.hexagons", seconds, n)]
    few_lon, few_lat = lon[: 10 * SAMPLE].tolist(), lat[: 10 * SAMPLE].tolist()

    def loop() -> list[int]:
        return [h3.str_to_int(h3.latlng_to_cell(y, x, 10)) for x, y in zip(few_lon, few_lat, strict=True)]

    loop_seconds = best_of(loop, 1) * n / len(few_lon)
    same = np.array_equal(loop(), ids[: len(few_lon)])
    note = f"extrapolated from {len(few_lon):,}; {loop_seconds / seconds:.1f} x slower; ids equal: {same}"
    lines.append(report("H3 resolution 10, h3-py per point", loop_seconds, n, note))
    lines.append(report("parents at resolution 8", best_of(lambda: parent_ids(ids, resolution=8)), n))
    few = np.unique(ids)[:5000]
    lines.append(report("polygons of hexagons", best_of(lambda: hexagon_polygons(few)), len(few)))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure coordinates and hexagons.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the points")
    million = 100_000 if parser.parse_args().quick else 1_000_000
    jobs: list[tuple[Callable[..., list[str]], tuple[object, ...]]] = [
        (run_shift, ("GCJ-02", million)),
        (run_shift, ("BD-09", million)),
        (run_gauss_kruger, (million,)),
        (run_geometries, (million // 10,)),
        (run_hexagons, (million,)),
        (run_hexagons, (10 * million,)),
    ]
    print(f"{'job':<46}{'n':>12}{'time':>12}{'speed':>13}{'peak so far':>12}")
    context = multiprocessing.get_context("spawn")
    for job, arguments in jobs:
        with ProcessPoolExecutor(1, mp_context=context) as process:
            print("\n".join(process.submit(job, *arguments).result()), flush=True)


if __name__ == "__main__":
    main()
