"""First paint and filter of the page itself over a real store: `python -m benchmarks.map_page`.

Draws a city of 10 000 areas (irregular, shared borders) and 100 000 cases, imports both by command,
serves the app and opens 一张图 One map cold (new process, empty browser profile, every other host
blocked). Prints the time from the request of the page to painted polygons, from the click on another
period (as the browser dates it) to two frames after all polygons were drawn anew, how many areas are
drawn, whether outlines were sent again, and memory. Bars: 4 s cold, 0.5 s a filter. `--areas 50000`
draws the city from vector tiles: 8 s cold. `--postgis` copies the store to a private PostgreSQL server
first, and serves from there.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from benchmarks.imports import run_command, write_inputs
from benchmarks.map_first_paint import FLAGS, MARKS, READY, free_port, resident_mb, serving
from geo.store import open_store
from tests.databases import Server, find_server_programs

NO_OTHER_HOST = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
"""Blocks every other host inside the browser; asking us about each request would cost a second."""
OUTLINES = re.compile(r"/api/(areas|tiles)/")
PERIODS = ("Last 30 days", "Quarter", "Year", "‹ Earlier", "‹ Earlier")
"""What is clicked, one after the other: periods nobody asked for before."""
NOTE_CLICKS = "addEventListener('click', (event) => { window.clickedAt = event.timeStamp; }, true)"
PAINTED = """before => performance.getEntriesByName('getu:values').at(-1).startTime > before
  && performance.getEntriesByName('getu:ready').at(-1).startTime
    > performance.getEntriesByName('getu:values').at(-1).startTime"""
SINCE_CLICK = """() => performance.getEntriesByName('getu:ready').find(
  (mark) => mark.startTime > performance.getEntriesByName('getu:values').at(-1).startTime
).startTime - window.clickedAt"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--areas", type=int, default=10_000)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--postgis", action="store_true", help="serve from a private PostgreSQL server")
    choices = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright, ExitStack() as stack:
        folder = Path(name)
        make_store(folder, choices.areas, choices.cases)
        url = stack.enter_context(on_server(store_url(folder))) if choices.postgis else store_url(folder)
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=[*FLAGS, NO_OTHER_HOST]
        )
        rows = [one_trial(browser, url) for _ in range(choices.trials)]
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
        run_command(store_url(folder), *words, "--confirm")


def store_url(folder: Path) -> str:
    """Return the address of the imported store."""
    return f"duckdb:{folder / 'bench.duckdb'}"


@contextmanager
def on_server(embedded_url: str) -> Iterator[str]:
    """Copy an embedded store to a PostgreSQL server of our own, and hand out its address there."""
    programs = find_server_programs()
    if programs is None:
        raise SystemExit("PostgreSQL with PostGIS is not installed (sh scripts/install_system.sh)")
    server = Server(programs)
    try:
        url = server.url(server.make("bench", template="getu_template"))
        with open_store(embedded_url) as embedded, open_store(url) as served:
            embedded.copy_into(served)
        server.execute("ANALYZE", "bench")
        yield url
    finally:
        server.close()


def one_trial(browser: Browser, url: str) -> dict[str, float]:
    """Serve the app anew, open the map, turn the period several times."""
    port = free_port()
    with serving(["geo", "serve"], port, GETU_STORE_URL=url, GETU_PORT=str(port)) as (address, pid):
        return measure(browser, address, pid)


def measure(browser: Browser, address: str, pid: int) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    outlines: list[str] = []
    page.on("request", lambda request: outlines.append(request.url) if OUTLINES.search(request.url) else None)
    page.goto(f"{address}/?lang=en&by=n_new")
    page.wait_for_selector(READY)
    first_s = page.evaluate(MARKS, "getu:ready") / 1000
    n_drawn = int(page.locator(".getu-map").get_attribute("data-areas") or 0)
    n_outlines, clicks_s = len(outlines), []
    page.get_by_role("button", name="Period").first.click()
    page.evaluate(NOTE_CLICKS)
    for label in PERIODS:
        option = page.get_by_text(label, exact=True).first
        option.scroll_into_view_if_needed()
        before = page.evaluate(MARKS, "getu:values")
        option.click()
        page.wait_for_function(PAINTED, arg=before, polling=20)
        clicks_s.append(page.evaluate(SINCE_CLICK) / 1000)
        page.wait_for_selector(READY)
        page.wait_for_timeout(500)  # the page below the map is drawn, as it is before a person clicks again
    sent_again = len(outlines) - n_outlines
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap_mb = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    context.close()
    return {
        "first paint, cold page (s)": first_s,
        "areas drawn": n_drawn,
        "another period: from click to painted (s)": median(clicks_s),
        "the slowest of these clicks (s)": max(clicks_s),
        "outlines sent again (requests)": sent_again,
        "memory of the page's scripts (MB)": heap_mb,
        "memory of the server (MB)": resident_mb(pid),
    }


if __name__ == "__main__":
    sys.exit(main())
