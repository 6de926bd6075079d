"""Run the benchmarks one after another, small, and say how each went: `python -m benchmarks`.

    python -m benchmarks                 # every one with small sizes, some minutes
    python -m benchmarks --full          # every one with the sizes its bar is set for
    python -m benchmarks crs intake      # only these
    python -m benchmarks.assign --help   # one alone, with options of its own

A benchmark is a module of this folder with a `main()`. Each runs in a process of its own, so that memory
and caches are its own, and prints what it measured; the table at the end says how long it took and
whether it ended well. Measure on an idle machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent

SMALL = {
    "assign": ("--points", "1000000", "--polygons", "20000", "--no-tainan", "--repeats", "1"),
    "boundaries": ("--areas", "10000"),
    "crs": ("--quick",),
    "dashboard_store": ("--cases", "1000000", "--again", "3"),
    "hotspots": ("--areas", "10000", "--statistics", "g_star"),
    "imports": ("--cases", "100000", "--areas", "5000"),
    "intake": ("--rows", "200000"),
    "map_first_paint": ("--trials", "1"),
    "stores": ("--cases", "50000", "--batch", "50000"),
    "load": ("--users", "5", "--seconds", "15"),
    "walking": ("--nodes", "200000", "--egos", "20"),
    "map_page": ("--trials", "1", "--cases", "20000"),
}
"""Options that make a benchmark take a minute or so; without an entry it runs as it is."""
FULL = {"dashboard_store": ("--cases", "10000000")}
"""Options for the size a bar is set for, where that is not the default."""


def find_benchmarks() -> list[str]:
    """Return the modules of this folder that can be run, by name."""
    return sorted(
        path.stem for path in HERE.glob("[a-z]*.py") if "\ndef main(" in path.read_text(encoding="utf-8")
    )


def run(name: str, options: tuple[str, ...], folder: Path) -> tuple[float, int]:
    """Run one benchmark; return how long it took and its exit code."""
    if name == "dashboard_store":
        options = (*options, "--store", str(folder / "dashboard.duckdb"))
    print(f"\n=== {name} {' '.join(options)}", flush=True)
    start = time.perf_counter()
    code = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *options], cwd=HERE.parent, check=False
    ).returncode
    return time.perf_counter() - start, code


def main() -> int:
    """Run what was named, or all; return 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    known = find_benchmarks()
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all when none is named"
    )
    parser.add_argument("--full", action="store_true", help="with the sizes the bars are set for")
    args = parser.parse_args()
    if unknown := sorted(set(args.names) - set(known)):
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(known)}")
    options = FULL if args.full else SMALL
    with tempfile.TemporaryDirectory() as folder:
        outcomes = {name: run(name, options.get(name, ()), Path(folder)) for name in args.names or known}
    print(f"\n{'benchmark':18s} {'seconds':>8s}  outcome")
    for name, (seconds, code) in outcomes.items():
        print(f"{name:18s} {seconds:8.1f}  {'done' if code == 0 else f'failed with exit code {code}'}")
    return int(any(code for _, code in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
