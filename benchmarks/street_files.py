"""Time reading real streets and making a network of them: OpenStreetMap extracts and the demo district.

    python -m benchmarks.street_files

One row a file: corners in the file, nodes and pieces after cutting, connected parts, share of the length in
the longest of them, seconds for reading and for the network. The bar: a .pbf of 250 000 nodes in 60 s.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import osmium

from geo.analysis.network import build_network
from geo.analysis.network_quality import check_network
from geo.analysis.profiles import Profile
from geo.demo import make_district
from geo.intake.limits import Limits
from geo.intake.osm_streets import read_osm_streets

COLUMNS = (
    "streets", "nodes in the file", "nodes", "pieces walked", "km", "islands", "in the longest", "gaps", "read s",
    "network s",
)  # fmt: skip
BAR_NODES, BAR_S = 250_000, 60.0


def main() -> None:
    folder = Path(os.environ.get("GETU_SHARED_DATA", "../shared/data")) / "osm"
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"| --- |{' ---: |' * (len(COLUMNS) - 1)}")
    worst = 0.0
    for path in sorted(folder.glob("*.osm*")):
        started = time.perf_counter()
        streets = read_osm_streets(path, file_name=path.name, limits=Limits())
        read_s = time.perf_counter() - started
        n_file = sum(1 for _ in osmium.FileProcessor(str(path), osmium.osm.NODE))
        if path.name.endswith(".pbf") and n_file >= BAR_NODES:
            worst = max(worst, read_s)
        tell(path.name, f"{n_file:,}", streets.nodes, streets.edges, f"{read_s:.1f}")
    district = make_district(seed=1, n_cases=2_000)
    tell("demo district, seed 1", "", district.street_nodes, district.street_edges, "")
    if worst:
        verdict = "met" if worst <= BAR_S else "NOT met"
        print(f"slowest .pbf of {BAR_NODES:,} nodes or more: {worst:.1f} s, bar {BAR_S:g} s {verdict}")


def tell(name: str, n_file: str, nodes, edges, read_s: str) -> None:
    """Build the network of one place and print its row."""
    started = time.perf_counter()
    network = build_network(nodes, edges, profile=Profile("adult", 1.1))
    network_s = time.perf_counter() - started
    quality = check_network(network)
    share = quality.islands["length_m"].iloc[0] / quality.length_m
    cells = [
        name, n_file, f"{quality.n_nodes:,}", f"{quality.n_edges:,}", f"{quality.length_m / 1000:,.0f}",
        f"{len(quality.islands):,}", f"{share:.1%}", f"{len(quality.gaps):,}", read_s, f"{network_s:.2f}",
    ]  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
