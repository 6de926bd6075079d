"""Simulated users on map, dashboard and cases, on both stores: `python -m benchmarks.load`.

Makes the demo district, serves the app, and lets 20 users open pages for a minute as their browsers would:
over the websocket of the page until its script has finished, and for the map also the outlines and figures
it asks for. Between two pages a user reads for some seconds. Prints the median and the 95th percentile
of each page, how often a page failed, and the memory of the server; first on DuckDB, then on a private
PostgreSQL server with PostGIS. The browsers' own drawing is not in it.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from benchmarks.map_first_paint import ROOT, free_port, resident_mb, serving
from benchmarks.map_page import on_server
from geo.schema import AREA_LEVELS
from geo.store import open_store

PATIENCE_S = 60
READING_S = 3.0
"""Mean time a user looks at a page before the next."""
PERIODS = ("month", "30d", "quarter", "year")
_TOKEN = re.compile(r'"token": ?"([^"]+)"')
_LAYERS = re.compile(r'"(?:url|values_url)": ?"(/api/(?:areas|values)[^"]*)"')


@dataclass
class Tally:
    """What the users saw, page by page."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, page: str, seconds: float, failure: str) -> None:
        """Note one page that was opened, or why it was not."""
        with self.lock:
            if failure:
                self.failures.append(f"{page}: {failure}")
            else:
                self.seconds[page].append(seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--no-postgis", action="store_true", help="DuckDB only")
    choices = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"duckdb:{Path(folder) / 'demo.duckdb'}"
        make_demo(url)
        run("DuckDB", url, choices)
        if not choices.no_postgis:
            with on_server(url) as served:
                run("PostGIS", served, choices)
    return 0


def make_demo(url: str) -> None:
    """Make the demo district as a user would."""
    subprocess.run(
        [sys.executable, "-m", "geo", "demo"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "GETU_STORE_URL": url},
    )  # fmt: skip


def run(name: str, url: str, choices: argparse.Namespace) -> None:
    """Serve the app over one store, let the users loose, print what they saw."""
    areas = list_areas(url)
    port, tally = free_port(), Tally()
    with serving(["geo", "serve"], port, GETU_STORE_URL=url, GETU_PORT=str(port)) as (address, pid):
        until = time.monotonic() + choices.seconds
        users = [
            threading.Thread(target=use, args=(address, random.Random(seed), areas, until, tally))
            for seed in range(choices.users)
        ]
        for user in users:
            user.start()
        for user in users:
            user.join()
        memory_mb = resident_mb(pid)
    print(f"\n{name}: {choices.users} users, {choices.seconds:.0f} s, {memory_mb:.0f} MB of the server")
    print(f"  {'page':10s} {'opened':>7s} {'p50 s':>7s} {'p95 s':>7s} {'worst s':>8s}")
    for page, seconds in sorted(tally.seconds.items()):
        p95 = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
        print(f"  {page:10s} {len(seconds):7d} {median(seconds):7.2f} {p95:7.2f} {max(seconds):8.2f}")
    print(f"  failed: {len(tally.failures)} {tally.failures[:3] or ''}")


def list_areas(url: str) -> list[tuple[str, str]]:
    """Return level and code of every area."""
    with open_store(url) as store:
        return [(level, code) for level in AREA_LEVELS for code in store.residents(level)["area_id"].tolist()]


def use(
    address: str, chance: random.Random, areas: list[tuple[str, str]], until: float, tally: Tally
) -> None:
    """Open pages and read them, until the time is over."""
    while time.monotonic() < until:
        page = chance.choice(("", "dashboard", "cases"))
        query = {"period": chance.choice(PERIODS), "lang": chance.choice(("zh", "en"))}
        level, code = chance.choice(areas)
        if page != "" or chance.random() < 0.5:
            query |= {"area": code, "level": level}
        began = time.perf_counter()
        failure = open_page(address, page, urllib.parse.urlencode(query))
        tally.add(page or "map", time.perf_counter() - began, failure)
        time.sleep(chance.expovariate(1 / READING_S))


def open_page(address: str, page: str, query: str) -> str:
    """Open a page as a browser does; return what went wrong, empty when nothing did."""
    try:
        said = run_script(address, page, query)
        token = _TOKEN.search(said)
        for layer in dict.fromkeys(_LAYERS.findall(said)):
            fetch(address, layer, token[1] if token else "")
    except (OSError, WebSocketException, LookupError) as error:
        return f"{type(error).__name__} {error}"[:120]
    return ""


def run_script(address: str, page: str, query: str) -> str:
    """Let the script of a page run to its end; return the texts of what it drew.

    Raises
    ------
    LookupError
        If the page shows an error of the program.
    """
    start = BackMsg()
    start.rerun_script.query_string = query
    start.rerun_script.page_name = page
    texts: list[str] = []
    socket = address.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(
        socket, subprotocols=["streamlit"], origin=address, max_size=None, open_timeout=PATIENCE_S
    ) as line:  # type: ignore[arg-type]
        line.send(start.SerializeToString())
        while True:
            message = ForwardMsg.FromString(line.recv(timeout=PATIENCE_S))
            kind = message.WhichOneof("type")
            if kind == "script_finished":
                return "\n".join(texts)
            if kind == "delta":
                if message.delta.new_element.WhichOneof("type") == "exception":
                    raise LookupError(message.delta.new_element.exception.type)
                texts.append(str(message.delta).encode().decode("unicode_escape", errors="replace"))


def fetch(address: str, layer: str, token: str) -> None:
    """Fetch what a map asks for."""
    joint = "&" if "?" in layer else "?"
    asked = urllib.request.Request(
        f"{address}{layer}{joint}token={token}", headers={"Accept-Encoding": "gzip"}
    )
    with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
        answer.read()


if __name__ == "__main__":
    sys.exit(main())
