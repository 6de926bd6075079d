"""Time walking to the nearest facility of every kind beside scipy and networkx, on one network in one run.

    python -m benchmarks.walking                            # 200 000 nodes, then 1 million
    python -m benchmarks.walking --nodes 200000 --egos 60

Twenty kinds, 1 km, every node. Each method runs alone in a process of its own, so that its peak memory is
its own, and is given what it likes best, prepared before the clock starts. `ego graphs` is the usual recipe
of networkx, one search for each facility; it is timed on `--egos` facilities and scaled up to all of them.
The network is a drawn lattice with a share of the streets missing, its nodes in no order. The answers are
compared node by node. Measure on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from benchmarks.assign import forget_peak, read_memory

METHODS = ("ours", "ours-1-thread", "scipy", "ego graphs")
BARS = {"scipy": 5, "ego graphs": 100}
N_KINDS, N_FACILITIES_PER_1000 = 20, 55.5
LIMIT_M = 1000.0
STEP_M = 60.0
EDGES_PER_NODE = 1.745
"""As in the network of `performance.md`: 349 000 edges over 200 000 nodes, of 75 m on average."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walking", description=__doc__.split("\n")[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[200_000, 1_000_000])
    parser.add_argument("--egos", type=int, default=60, help="facilities the ego graphs are timed on")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", nargs=2, metavar=("METHOD", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        print(json.dumps(measure(args.work[0], Path(args.work[1]), repeats=args.repeats, egos=args.egos)))
        return
    for n_nodes in args.nodes:
        compare(n_nodes, repeats=args.repeats, egos=args.egos)


def draw_city(n_nodes: int, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
    """Draw a city: nodes (n, 2) in metres, edges (m, 2), their decimetres, and the nodes of each kind."""
    rng = np.random.default_rng(seed)
    side = int(np.sqrt(n_nodes))
    place = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)
    xy = place * STEP_M + rng.uniform(-0.4, 0.4, place.shape) * STEP_M
    number = np.arange(side * side).reshape(side, side)
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], 1)
    along = np.stack([number[:-1].ravel(), number[1:].ravel()], 1)
    edges = np.concatenate([across, along])
    edges = edges[rng.permutation(len(edges))[: int(EDGES_PER_NODE * len(xy))]]
    shuffled = rng.permutation(len(xy))
    moved = np.empty_like(xy)
    moved[shuffled] = xy
    edges = shuffled[edges]
    length_dm = np.maximum(1, np.round(np.hypot(*(moved[edges[:, 0]] - moved[edges[:, 1]]).T) * 10))
    per_kind = max(1, round(N_FACILITIES_PER_1000 * len(xy) / 1000 / N_KINDS))
    on_street = np.unique(edges)
    kinds = [np.sort(rng.choice(on_street, per_kind, replace=False)) for _ in range(N_KINDS)]
    return moved, edges, length_dm.astype(np.int64), kinds


def compare(n_nodes: int, *, repeats: int, egos: int) -> None:
    """Measure every method on one city, and print a table."""
    xy, edges, length_dm, kinds = draw_city(n_nodes)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, array in (("xy", xy), ("edges", edges), ("length", length_dm), ("kinds", np.stack(kinds))):
            np.save(folder / f"{name}.npy", array)
        rows = [run_apart(method, folder, repeats=repeats, egos=egos) for method in METHODS]
        answers = [np.load(folder / f"{method}.npy") for method in METHODS]
    n_facilities = sum(len(kind) for kind in kinds)
    print(f"\n{len(xy):,} nodes, {len(edges):,} edges, {N_KINDS} kinds, {n_facilities:,} facilities, 1 km")
    print("| method | prepare s | search s | search ÷ ours | peak MB | of it own | nodes that differ |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for method, row, answer in zip(METHODS, rows, answers, strict=True):
        known = answer >= -1
        cells = [
            method,
            f"{row['build_s']:.2f}",
            f"{row['query_s']:.3f}",
            f"{row['query_s'] / rows[0]['query_s']:.1f}",
            f"{row['peak_mb']:,.0f}",
            f"{row['peak_mb'] - row['data_mb']:,.0f}",
            f"{int((answer != answers[0])[known].sum()):,} of {int(known.sum()):,}",
        ]
        print(f"| {' | '.join(cells)} |", flush=True)
    for method, bar in BARS.items():
        ratio = rows[METHODS.index(method)]["query_s"] / rows[0]["query_s"]
        print(f"{method}: {ratio:.1f} × ours, bar {bar} × {'met' if ratio >= bar else 'NOT met'}")


def run_apart(method: str, folder: Path, *, repeats: int, egos: int) -> dict[str, float]:
    """Measure a method in a process of its own."""
    options = ["--repeats", str(repeats), "--egos", str(egos), "--work", method, str(folder)]
    command = [sys.executable, "-m", "benchmarks.walking", *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(method: str, folder: Path, *, repeats: int, egos: int) -> dict[str, float]:
    """Measure a method on the city in a folder; leave its answer there, in decimetres, -1 beyond the limit."""
    xy, edges, length_dm, kinds = (np.load(folder / f"{n}.npy") for n in ("xy", "edges", "length", "kinds"))
    prepare = {"scipy": prepare_scipy, "ego graphs": prepare_egos}.get(method, prepare_ours)
    data_mb = forget_peak()
    started = time.perf_counter()
    search, read_answer, factor = prepare(method, xy, edges, length_dm, kinds, egos)
    build_s = time.perf_counter() - started
    query_s = []
    for _ in range(1 if method == "ego graphs" else repeats):
        started = time.perf_counter()
        found = search()
        query_s.append(time.perf_counter() - started)
    peak_mb = read_memory("VmHWM")
    np.save(folder / f"{method}.npy", read_answer(found))
    return {"build_s": build_s, "query_s": min(query_s) * factor, "peak_mb": peak_mb, "data_mb": data_mb}


def prepare_ours(method, xy, edges, length_dm, kinds, egos):
    """Build the network as the program does; facilities stand on nodes, so that all measure the same."""
    from geo.analysis.network import build_network
    from geo.analysis.profiles import Profile
    from geo.analysis.reach import measure_kinds
    from geo.analysis.snapping import Snapped

    to_degrees = pyproj.Transformer.from_crs(4547, 4326, always_xy=True)
    lon, lat = to_degrees.transform(xy[:, 0] + 500_000, xy[:, 1] + 3_380_000)
    places = np.column_stack([lon, lat])
    lines = shapely.linestrings(np.stack([places[edges[:, 0]], places[edges[:, 1]]], axis=1))
    nodes = pd.DataFrame({"node_id": np.arange(len(xy)), "lon": lon, "lat": lat})
    table = {
        "edge_id": np.arange(len(edges)),
        "from_node": edges[:, 0],
        "to_node": edges[:, 1],
        "length_m": length_dm / 10,
        "walk": True,
        "geom": lines,
    }
    network = build_network(
        nodes, gpd.GeoDataFrame(table, geometry="geom", crs=4326), profile=Profile("adult", 1.1)
    )
    rank = np.empty(len(xy), dtype=np.int64)
    rank[network.node_ids] = np.arange(len(xy))
    edge_of = np.full(len(xy), -1)
    edge_of[network.end], edge_of[network.start] = np.arange(len(edges)), np.arange(len(edges))
    goals = {}
    for number, kind in enumerate(kinds):
        node = rank[kind]
        edge = edge_of[node].astype(np.int32)
        at_start = network.start[edge] == node
        offset = np.where(at_start, 0, network.length_dm[edge]).astype(np.int32)
        zero, owner = np.zeros(len(kind), np.int32), np.arange(len(kind), dtype=np.int32)
        joined = np.full(len(kind), "joined", dtype=object)
        goals[str(number)] = Snapped(edge, offset, zero, owner, len(kind), network.node_xy[node], joined)
    n_threads = 1 if method == "ours-1-thread" else 2

    def search():
        return measure_kinds(network, goals, limit_m=LIMIT_M, n_threads=n_threads)

    def read_answer(reached):
        metres = np.stack([reached[str(k)].at_nodes().metres[:, 0] for k in range(len(kinds))])
        return np.where(np.isnan(metres), -1, np.round(metres * 10)).astype(np.int64)[:, rank]

    search()  # compiles
    return search, read_answer, 1.0


def prepare_scipy(method, xy, edges, length_dm, kinds, egos):
    """Use `dijkstra(min_only=True)`, one call a kind, on the network as it stands in the file."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    tail, head = np.concatenate([edges.T, edges[:, ::-1].T], axis=1)
    graph = csr_array((np.tile(length_dm, 2).astype(float), (tail, head)), shape=(len(xy), len(xy)))

    def search():
        return [dijkstra(graph, indices=kind, min_only=True, limit=LIMIT_M * 10) for kind in kinds]

    def read_answer(found):
        metres = np.stack(found)
        return np.where(np.isinf(metres), -1, metres).astype(np.int64)

    return search, read_answer, 1.0


def prepare_egos(method, xy, edges, length_dm, kinds, egos):
    """Use one ego graph for each facility; its answer is complete only for nodes no other facility is near."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_weighted_edges_from(
        zip(edges[:, 0].tolist(), edges[:, 1].tolist(), length_dm.tolist(), strict=True), weight="dm"
    )
    few = kinds[0][:egos].tolist()

    def search():
        return [nx.ego_graph(graph, node, radius=LIMIT_M * 10, distance="dm") for node in few]

    def read_answer(found):
        answer = np.full((len(kinds), len(xy)), -2)  # not asked
        answer[0, few] = 0
        assert all(len(ego) for ego in found)
        return answer

    return search, read_answer, kinds.size / len(few)


if __name__ == "__main__":
    main()
