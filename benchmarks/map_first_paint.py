"""First paint and filter of 10 000 grids in a real browser: `python benchmarks/map_first_paint.py`.

Serves the app of the browser tests, opens it cold (new process, empty browser profile) and prints
the time from the request of the page to painted polygons, the time from the click on a filter and
from the arrival of its values to repainted polygons, the memory of the browser's scripts and of the
server. Bars (design page 9): 4 s cold, 0.5 s a filter.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.error import URLError

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "tests" / "e2e" / "apps" / "map_app.py"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-precise-memory-info",
)  # fmt: skip
READY = '.getu-map[data-ready="1"]'
MARKS = "name => performance.getEntriesByName(name).at(-1)?.startTime ?? NaN"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--areas", type=int, default=10_000)
    parser.add_argument("--trials", type=int, default=3)
    choices = parser.parse_args()
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for _ in range(choices.trials):
            rows.append(one_trial(browser, choices.areas))
        browser.close()
    print(f"{choices.areas:,} areas, {choices.trials} trials, median (best - worst)")
    for name, unit in rows[0]:
        values = [dict_of(row)[name] for row in rows]
        print(f"  {name:<44} {median(values):8.2f} {unit}  ({min(values):.2f} - {max(values):.2f})")
    return 0


def dict_of(row: dict[tuple[str, str], float]) -> dict[str, float]:
    return {name: value for (name, _), value in row.items()}


def one_trial(browser: Browser, n_areas: int) -> dict[tuple[str, str], float]:
    """Serve the app anew, open it, turn the filter twice."""
    port = free_port()
    command = ["streamlit", "run", str(APP), "--server.port", str(port), "--server.headless", "true",
               "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"]  # fmt: skip
    with serving(command, port, PYTHONPATH=str(ROOT), GETU_TEST_AREAS=str(n_areas)) as (address, pid):
        return measure(browser, address, pid)


def free_port() -> int:
    """Return a port of the loopback nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(command: list[str], port: int, **environ: str) -> Iterator[tuple[str, int]]:
    """Run a module that serves until the block ends; hand out its address and process number."""
    server = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env={**os.environ, **environ},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until_served(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait()


def wait_until_served(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def measure(browser: Browser, address: str, pid: int) -> dict[tuple[str, str], float]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(READY)
    first_s = page.evaluate(MARKS, "getu:ready") / 1000
    clicks_s, paints_s = [], []
    for turn, label in enumerate(("1", "2"), start=2):
        page.evaluate("performance.clearResourceTimings()")
        option = page.locator(f'label:has-text("{label}")').first
        option.scroll_into_view_if_needed()
        started_ms = page.evaluate("performance.now()")
        option.click()
        page.wait_for_selector(f'.getu-map[data-painted="{turn}"][data-ready="1"]')
        ready_ms = page.evaluate(MARKS, "getu:ready")
        asked_ms = page.evaluate(
            "performance.getEntriesByType('resource').find((e) => e.name.includes('values')).startTime"
        )
        clicks_s.append((ready_ms - started_ms) / 1000)
        paints_s.append((ready_ms - asked_ms) / 1000)
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap_mb = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    context.close()
    return {
        ("first paint, cold page", "s"): first_s,
        ("filter: from click to painted, with rerun", "s"): max(clicks_s),
        ("filter: from asking for values to painted", "s"): max(paints_s),
        ("memory of the page's scripts", "MB"): heap_mb,
        ("memory of the server", "MB"): resident_mb(pid),
    }


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1000
    return float("nan")


if __name__ == "__main__":
    sys.exit(main())
