"""First paint and filter of the page itself over a real store: `python -m benchmarks.map_page`.

Draws a city of 10 000 areas (irregular, shared borders) and 100 000 cases, imports both by command,
serves the app and opens 一张图 One map cold (new process, empty browser profile, every other host
blocked). Prints the time from the request of the page to painted polygons, from the click on another
period to repainted ones, and whether outlines were sent again. Bars: 4 s cold, 0.5 s a filter.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from benchmarks.imports import run_command, write_inputs
from benchmarks.map_first_paint import FLAGS, MARKS, READY, free_port, resident_mb, serving

NO_OTHER_HOST = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
"""Blocks every other host inside the browser; asking us about each request would cost a second."""
PERIODS = ("Last 30 days", "Quarter")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--areas", type=int, default=10_000)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--trials", type=int, default=3)
    choices = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        make_store(folder, choices.areas, choices.cases)
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=[*FLAGS, NO_OTHER_HOST]
        )
        rows = [one_trial(browser, folder) for _ in range(choices.trials)]
        browser.close()
    print(f"{choices.areas:,} areas, {choices.cases:,} cases, {choices.trials} trials, median (best - worst)")
    for key in rows[0]:
        values = [row[key] for row in rows]
        print(f"  {key:<44} {median(values):8.2f}  ({min(values):.2f} - {max(values):.2f})")
    return 0


def make_store(folder: Path, n_areas: int, n_cases: int) -> None:
    """Import the drawn city as a user would."""
    write_inputs(folder, n_cases=n_cases, n_areas=n_areas)
    areas = (
        "import-boundaries",
        str(folder / "areas.gpkg"),
        "--level",
        "microgrid",
        "--column",
        "area_id=code",
    )
    cases = ("import-cases", str(folder / "cases.csv"), "--source", "bench", "--coord-sys", "wgs84")
    for words in (areas, cases):
        run_command(folder, *words, "--confirm")


def one_trial(browser: Browser, folder: Path) -> dict[str, float]:
    """Serve the app anew, open the map, turn the period twice."""
    port = free_port()
    store_url = f"duckdb:{folder / 'bench.duckdb'}"
    with serving(["geo", "serve"], port, GETU_STORE_URL=store_url, GETU_PORT=str(port)) as (address, pid):
        return measure(browser, address, pid)


def measure(browser: Browser, address: str, pid: int) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    outlines: list[str] = []
    page.on("request", lambda request: outlines.append(request.url) if "/api/areas/" in request.url else None)
    page.goto(f"{address}/?lang=en&by=n_new")
    page.wait_for_selector(READY)
    first_s = page.evaluate(MARKS, "getu:ready") / 1000
    n_outlines, clicks_s = len(outlines), []
    page.get_by_role("button", name="Period").first.click()
    for label in PERIODS:
        option = page.get_by_text(label, exact=True).first
        option.scroll_into_view_if_needed()
        before, started_s = page.evaluate(MARKS, "getu:ready"), time.perf_counter()
        option.click()
        page.wait_for_function(
            "([name, before]) => performance.getEntriesByName(name).at(-1).startTime > before",
            arg=["getu:ready", before],
            polling=10,
        )
        page.wait_for_selector(READY)
        clicks_s.append(time.perf_counter() - started_s)
    sent_again = len(outlines) - n_outlines
    context.close()
    return {
        "first paint, cold page (s)": first_s,
        "another period: from click to painted (s)": max(clicks_s),
        "outlines sent again (requests)": sent_again,
        "memory of the server (MB)": resident_mb(pid),
    }


if __name__ == "__main__":
    sys.exit(main())
