"""Time reading, checking and mending boundaries, beside plain GEOS: `python -m benchmarks.boundaries`.

    python -m benchmarks.boundaries                    # 10 000 and 100 000 areas
    python -m benchmarks.boundaries --areas 10000 --no-naive

A city of areas that tile (`benchmarks.city`), with faults planted: one area in 500 is shifted east by two
metres (an overlap on one side, a gap on the other), one in 1 000 is missing. Beside it the usual recipe:
validity of every polygon, geopandas' overlay of the layer with itself for overlaps, and the holes of the union for
gaps. Each runs in a process of its own; memory is the peak of that process. Bar: 100 000 areas checked in 60 s.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.city import draw_areas
from geo.analysis.remedies import offer_remedies
from geo.analysis.repair import repair_areas
from geo.analysis.shape_faults import find_shape_faults
from geo.analysis.tiling import check_tiling
from geo.intake.boundaries import BoundaryChoices, check_boundaries
from geo.intake.layers import read_layer
from geo.intake.limits import Limits

TWO_METRES_DEG = 2 / 95_800


def write_city(path: Path, n: int) -> None:
    """Write the areas with their faults as a GeoPackage; the same n gives the same areas."""
    shapes = draw_areas(n)
    shifted = np.arange(3, n, 500)
    shapes[shifted] = shapely.transform(shapes[shifted], lambda xy: xy + np.array([TWO_METRES_DEG, 0]))
    table = gpd.GeoDataFrame({"area_id": [f"{k:07d}" for k in range(n)]}, geometry=shapes, crs=4326)
    table.drop(index=np.arange(250, n, 1000)).to_file(path, driver="GPKG", layer="areas")


def measure_own(path: Path) -> dict[str, float]:
    begin = time.perf_counter()
    layer = read_layer(path, file_name=path.name, limits=Limits(max_file_mb=4000))
    read = time.perf_counter()
    choices = BoundaryChoices("microgrid", "area_id", coord_sys="wgs84")
    checked = check_boundaries(layer, choices)
    areas = gpd.GeoDataFrame(checked.rows[["area_id", "geom"]], geometry="geom", crs=4326)
    features = time.perf_counter()
    faults = find_shape_faults(areas.geometry.to_numpy(), ids=areas["area_id"].tolist())
    found = check_tiling(areas)
    check = time.perf_counter()
    first = {}
    for remedy in offer_remedies(found, areas):
        first.setdefault(remedy.finding, remedy)
    mended = repair_areas(areas, list(first.values()), ceiling_share=1.0)
    repair = time.perf_counter()
    return {
        "read_s": read - begin, "features_s": features - read, "tiling_s": check - features,
        "check_s": check - read, "repair_s": repair - check,
        "n_overlaps": int(found["rule"].str.startswith("overlap").sum()),
        "n_gaps": int(found["rule"].str.startswith("gap").sum()), "n_faults": len(faults),
        "n_mended": len(mended.applied), "peak_mb": peak_mb(),
    }  # fmt: skip


def measure_naive(path: Path) -> dict[str, float]:
    begin = time.perf_counter()
    areas = gpd.read_file(path)
    read = time.perf_counter()
    is_valid = areas.is_valid
    metric = areas[is_valid].to_crs(32648)
    pairs = gpd.overlay(metric, metric, how="intersection", keep_geom_type=True)
    pairs = pairs[(pairs["area_id_1"] < pairs["area_id_2"]) & (pairs.area > 1e-3)]
    whole = shapely.union_all(metric.geometry.to_numpy())
    n_holes = sum(shapely.get_num_interior_rings(part) for part in shapely.get_parts(whole))
    return {
        "read_s": read - begin, "check_s": time.perf_counter() - read, "n_overlaps": len(pairs),
        "n_gaps": int(n_holes), "peak_mb": peak_mb(),
    }  # fmt: skip


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.boundaries", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--areas", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--no-naive", action="store_true", help="leave out the usual recipe")
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        how, path = args.work
        print(json.dumps((measure_own if how == "own" else measure_naive)(Path(path))))
        return
    for n in args.areas:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "areas.gpkg"
            write_city(path, n)
            for how in ("own",) if args.no_naive else ("own", "naive"):
                command = [sys.executable, "-m", "benchmarks.boundaries", "--work", how, str(path)]
                told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                figures = "  ".join(f"{name} {value:,.1f}" for name, value in json.loads(told).items())
                print(f"{n:>9,} areas  {how:6} {figures}", flush=True)


if __name__ == "__main__":
    main()
