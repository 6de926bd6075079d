"""What reading a file in a process of its own costs, beside reading it here: `python -m benchmarks.reading`.

Each row is one file: its size, the first reading of a program (the process has to start), the median of
further ones, reading it in this process, and the most address space the reader took on top of what the
program itself occupies, which is what `worker_memory_mb` limits. Targets: the first reading at most 1.5 s
more than here, further ones of a small file at most 0.3 s more. Each file is measured in a program of its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import xlsxwriter

from benchmarks.city import draw_areas
from geo.intake.layers import read_layer
from geo.intake.limits import Limits
from geo.intake.tables import read_table
from geo.settings import Settings
from geo.tasks.reading import read_layer_files, read_table_file
from geo.worker import reading

TIMES = 3
FILES = (
    "areas-20.geojson", "areas-5000.geojson", "areas-20000.geojson", "areas-20.gpkg", "areas-20000.gpkg",
    "areas-100000.gpkg", "rows-20.xlsx", "rows-5000.xlsx", "rows-20000.xlsx",
)  # fmt: skip


def write(path: Path) -> None:
    """Write a file of so many areas or rows as its name says."""
    n = int(path.stem.split("-")[1])
    if path.suffix == ".xlsx":
        book = xlsxwriter.Workbook(path, {"constant_memory": True})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [f"字段{i}" for i in range(12)])
        for row in range(1, n + 1):
            sheet.write_row(
                row, 0, [f"2024{row:08d}", *(f"示范路{row % 900}号第{i}栏" for i in range(9)), 104.5, 30.6]
            )
        book.close()
        return
    names = {"code": [f"5101{i:011d}" for i in range(n)], "name": [f"格{i}" for i in range(n)]}
    table = gpd.GeoDataFrame(names, geometry=draw_areas(max(n, 100))[:n], crs="EPSG:4326")
    table.to_file(path, driver="GPKG" if path.suffix == ".gpkg" else "GeoJSON")


def measure(path: Path) -> dict[str, float]:
    """Read one file apart and here; seconds and MB."""
    peaks: list[int] = []
    read_answer = reading.read_answer

    def watched(folder: Path, *, most_bytes: int) -> dict[str, Any]:
        answer = read_answer(folder, most_bytes=most_bytes)
        peaks.append(answer["took_mb"])
        return answer

    reading.read_answer = watched
    settings = Settings(worker_memory_mb=20_000, max_file_mb=5_000)

    def read_apart() -> object:
        if path.suffix == ".xlsx":
            return read_table_file(path, settings=settings)
        return read_layer_files([path], settings=settings)

    def read_here() -> object:
        if path.suffix == ".xlsx":
            return read_table(path, file_name=path.name, limits=Limits())
        return read_layer([path], file_name=[path.name], limits=Limits())

    first_s = seconds_of(read_apart)
    warm_s = statistics.median(seconds_of(read_apart) for _ in range(TIMES))
    read_here()
    here_s = statistics.median(seconds_of(read_here) for _ in range(TIMES))
    return {"first_s": first_s, "warm_s": warm_s, "here_s": here_s, "peak_mb": max(peaks)}


def seconds_of(do: Callable[[], object]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin


def main() -> None:
    """Print one line a file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--files", nargs="+", default=FILES)
    args = parser.parse_args()
    if args.work:
        print(json.dumps(measure(args.work)))
        return
    print(
        f"{'file':22} {'MB':>7} {'first':>8} {'again':>8} {'here':>8} {'peak MB':>8} {'per MB':>7}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in args.files:
            path = Path(folder) / name
            write(path)
            command = [sys.executable, "-m", "benchmarks.reading", "--work", str(path)]
            f = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            size_mb = path.stat().st_size / 1e6
            print(
                f"{name:22} {size_mb:7.1f} {f['first_s']:7.2f}s {f['warm_s']:7.3f}s {f['here_s']:7.3f}s "
                f"{f['peak_mb']:8.0f} {f['peak_mb'] / size_mb:7.1f}",
                flush=True,
            )
            path.unlink()


if __name__ == "__main__":
    main()
