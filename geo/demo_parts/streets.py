"""Make the walking network: streets, lanes, bridges, gates and paths behind them (步行路网).

Streets follow the borders between lots. What a piece of border is follows from what lies on its two
sides: between communities an arterial, between blocks a street, between parcels a lane, inside an
estate a path. The river is crossed on two bridges and the railway under a few streets; everywhere
else both cut the network. Estates, schools and parks are entered through gates, some of which are
closed (`kind` gate, `walk` false).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.demo_parts.borders import OUTSIDE, WALL_M, Borders, Piece, Point, lot_rects, middle_of, parcel_rect
from geo.demo_parts.names import RAIL_NAME, RIVER_NAME, NamePool, chinese_number
from geo.demo_parts.plan import HEIGHT_M, WIDTH_M, Plan, Rect
from geo.measure import distance_m

NOT_WALKED = ("water", "rail")
_STUB_END_M = 16  # an inner path that meets no gate ends this far from the border
_CLOSED_SHARE = 0.22  # of the further gates of an estate
_MAIN_GATE_WEIGHT = {"tertiary": 6.0, "residential": 4.0, "living_street": 3.0, "footway": 2.0}
_BRIDGE_NAMES = ("纸伞桥", "竹筏桥")


@dataclass(frozen=True)
class Network:
    """The walking network, and the gates through which it reaches into parcels."""

    nodes: pd.DataFrame
    """node_id, lon, lat (WGS84), u, v (metres on the plan)."""
    edges: gpd.GeoDataFrame
    """edge_id, from_node, to_node, length_m, name, kind, walk, geom (WGS84)."""
    gates: pd.DataFrame
    """One row per gate: parcel, lot, u, v of the point on the street, edge_id, is_open, is_main."""
    doors: pd.DataFrame
    """One row per parcel that has an address: parcel, street, street_number, u, v."""


@dataclass(frozen=True)
class _Street:
    kind: str
    name_key: tuple[object, ...]


class _Builder:
    """Collect edges between points of the plan; equal points are one node."""

    def __init__(self) -> None:
        self.node_of: dict[Point, int] = {}
        self.rows: list[tuple[int, int, str, bool, tuple[object, ...]]] = []

    def node(self, point: Point) -> int:
        return self.node_of.setdefault(point, len(self.node_of))

    def edge(self, a: Point, b: Point, kind: str, name_key: tuple[object, ...], *, walk: bool) -> int:
        self.rows.append((self.node(a), self.node(b), kind, walk, name_key))
        return len(self.rows) - 1


def make_network(plan: Plan, borders: Borders, names: NamePool, rng: np.random.Generator) -> Network:
    """Make the network of a plan."""
    builder = _Builder()
    lots: dict[str, list[Any]] = {str(name): column.tolist() for name, column in plan.lots.items()}
    parcels = {int(str(p)): parcel_rect(m) for p, m in plan.lots.groupby("parcel", sort=True)}
    streets: dict[Piece, _Street] = {}
    for piece in sorted(borders.sides):
        street = _classify(piece, borders.sides[piece], lots, plan, parcels)
        if street is not None:
            streets[piece] = street
            builder.edge(*piece, street.kind, street.name_key, walk=street.kind not in NOT_WALKED)
    gates = _add_inner_paths(builder, plan, borders, streets, parcels, rng)
    name_of = _name_streets({key for *_, key in builder.rows}, plan, names)
    doors = _number_doors(plan, borders, streets, gates, name_of, parcels)
    nodes = _node_table(builder, plan)
    return Network(nodes, _edge_table(builder, nodes, name_of), gates, doors)


def _classify(
    piece: Piece, sides: tuple[int, int], lots: dict[str, list[Any]], plan: Plan, parcels: dict[int, Rect]
) -> _Street | None:
    """Say what street a piece of border is, if any."""
    a, b = sides
    is_vertical = piece[0][0] == piece[1][0]
    line = ("u", piece[0][0]) if is_vertical else ("v", piece[0][1])
    uses = {lots["use"][lot] for lot in sides if lot != OUTSIDE}
    if uses & {"water", "rail"}:
        return _classify_strip(uses, line, is_outer=b == OUTSIDE, plan=plan)
    if b == OUTSIDE:
        return _Street("secondary", ("ring", _ring_side(piece)))
    if lots["parcel"][a] == lots["parcel"][b]:
        outer = parcels[lots["parcel"][a]]
        at_wall = any(u in (outer[0], outer[2]) or v in (outer[1], outer[3]) for u, v in piece)
        return None if at_wall else _Street("path", ())
    community, block = lots["community"][a], lots["block"][a]
    if community != lots["community"][b]:
        is_main = line in (("u", plan.frame.columns[2]), ("v", plan.frame.middle_v))
        return _Street("primary" if is_main else "secondary", ("arterial", *line))
    if block != lots["block"][b]:
        is_busy = (line[1] + community) % 3 > 0
        return _Street("tertiary" if is_busy else "residential", ("street", community, *line))
    is_narrow = lots["block_type"][a] == "old" and line[1] % 2 == 1
    return _Street("footway" if is_narrow else "living_street", ("lane", community, block, *line))


def _classify_strip(uses: set[str], line: tuple[str, int], *, is_outer: bool, plan: Plan) -> _Street | None:
    """Say what a piece along or across the river or the railway is."""
    frame = plan.frame
    side, at = line
    street: _Street | None = None
    if uses in ({"water"}, {"rail"}) and line == ("u", frame.rail_u):
        street = _Street("rail", ("rail",))
    elif uses == {"water"}:
        if line == ("v", frame.river_v):
            street = _Street("water", ("river",))
        elif side == "u" and at in frame.bridge_us:
            street = _Street("bridge", ("bridge", at))
    elif uses == {"rail"}:
        if is_outer or line == ("v", frame.middle_v):
            street = _Street("tunnel", ("tunnel", at))
    elif not is_outer and "water" in uses:
        street = _Street("footway", ("bank", at > frame.river_v))
    elif not is_outer:
        street = _Street("living_street", ("rail_lane", at > frame.rail_u))
    return street


def _ring_side(piece: Piece) -> str:
    u, v = (piece[0][0] + piece[1][0]) / 2 - WIDTH_M / 2, (piece[0][1] + piece[1][1]) / 2 - HEIGHT_M / 2
    if abs(u) / WIDTH_M > abs(v) / HEIGHT_M:
        return "东" if u > 0 else "西"
    return "北" if v > 0 else "南"


# --- behind the gates ---


def _add_inner_paths(
    builder: _Builder,
    plan: Plan,
    borders: Borders,
    streets: dict[Piece, _Street],
    parcels: dict[int, Rect],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Add a cross of paths to every gated lot, and gates where its parcel meets a street."""
    rows: list[tuple[object, ...]] = []
    rects = lot_rects(plan.lots)
    gated = plan.lots[plan.lots["is_gated"]]
    walled_park = min((int(p) for p in gated.loc[gated["use"] == "park", "parcel"]), default=-1)
    for parcel, members in gated.groupby("parcel", sort=True):
        use = "walled_park" if parcel == walled_park else str(members["use"].iloc[0])
        arms = [arm for lot in members.index for arm in _arms(lot, rects[lot], parcels[int(str(parcel))])]
        ways = [_best_street(end, borders, streets) for _, end, _ in arms]
        doors = [place for place, (_, _, is_outer) in enumerate(arms) if is_outer and ways[place]]
        chosen = _choose_gates(doors, ways, use=use, n_lots=len(members), rng=rng)
        for place, (lot, end, is_outer) in enumerate(arms):
            middle = middle_of(rects[lot])
            if not is_outer:
                builder.edge(middle, end, "path", (), walk=True)
            elif place in chosen:
                is_open = chosen.index(place) == 0 or use == "park" or rng.random() >= _CLOSED_SHARE
                inner = _towards(end, middle, WALL_M)
                builder.edge(middle, inner, "footway" if "park" in use else "path", (), walk=True)
                edge = builder.edge(inner, end, "gate", (), walk=bool(is_open))
                rows.append((parcel, lot, *end, edge, bool(is_open), place == chosen[0]))
            elif use not in ("school", "kindergarten") and _length(end, middle) > _STUB_END_M + 4:
                builder.edge(middle, _towards(end, middle, _STUB_END_M), "path", (), walk=True)
    return pd.DataFrame(rows, columns=["parcel", "lot", "u", "v", "edge_id", "is_open", "is_main"])


def _arms(lot: int, rect: Rect, outer: Rect) -> list[tuple[int, Point, bool]]:
    """Return the four ends of the cross of a lot, and whether each lies on the border of its parcel."""
    cu, cv = middle_of(rect)
    return [
        (lot, (cu, rect[1]), rect[1] == outer[1]),
        (lot, (rect[2], cv), rect[2] == outer[2]),
        (lot, (cu, rect[3]), rect[3] == outer[3]),
        (lot, (rect[0], cv), rect[0] == outer[0]),
    ]


def _best_street(point: Point, borders: Borders, streets: dict[Piece, _Street]) -> str:
    """Return the kind of the street that passes a point, or nothing where no street does."""
    kinds = {streets[p].kind for p in borders.at_vertex[point] if p in streets} - {"path", *NOT_WALKED}
    return min(kinds, key=lambda kind: -_MAIN_GATE_WEIGHT.get(kind, 1.0)) if kinds else ""


def _choose_gates(
    doors: list[int], ways: list[str], *, use: str, n_lots: int, rng: np.random.Generator
) -> list[int]:
    """Choose which arms end in a gate, the main gate first."""
    if use == "park":
        return doors
    weights = np.array([_MAIN_GATE_WEIGHT.get(ways[place], 1.0) for place in doors])
    n = (
        1
        if use in ("school", "kindergarten", "walled_park")
        else min(len(doors), 1 + int(n_lots > 1) + int(rng.random() < 0.45))
    )
    return [int(g) for g in rng.choice(doors, n, replace=False, p=weights / weights.sum())]


def _towards(start: Point, goal: Point, metres: int) -> Point:
    return (
        start[0] + int(np.sign(goal[0] - start[0])) * metres,
        start[1] + int(np.sign(goal[1] - start[1])) * metres,
    )


def _length(a: Point, b: Point) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


# --- names and numbers ---


def _name_streets(
    keys: set[tuple[object, ...]], plan: Plan, names: NamePool
) -> dict[tuple[object, ...], str]:
    """Name every street once; a lane takes the name of its block and a number."""
    named: dict[tuple[object, ...], str] = {(): ""}
    lanes: dict[object, int] = {}
    stem_of_block: dict[object, str] = {}
    fixed = {"river": RIVER_NAME, "rail": RAIL_NAME}
    for key in sorted(keys - {()}, key=repr):
        what = key[0]
        if what in fixed:
            named[key] = fixed[str(what)]
        elif what == "ring":
            named[key] = f"青羽{key[1]}环路"
        elif what == "bank":
            named[key] = "北岸步道" if key[1] else "南岸步道"
        elif what == "rail_lane":
            named[key] = "铁东巷" if key[1] else "铁西巷"
        elif what == "bridge":
            named[key] = _BRIDGE_NAMES[plan.frame.bridge_us.index(int(str(key[1])))]
        elif what == "lane":
            if key[2] not in stem_of_block:
                stem_of_block[key[2]] = names.take()
            stem = stem_of_block[key[2]]
            lanes[stem] = lanes.get(stem, 0) + 1
            named[key] = f"{stem}{chinese_number(lanes[stem])}巷"
        elif what == "tunnel":
            named[key] = "铁路下穿"
        else:
            named[key] = names.take() + ("大道" if what == "arterial" else "路" if hash_of(key) % 2 else "街")
    return named


def hash_of(key: tuple[object, ...]) -> int:
    """Return a small number that depends on the words of a key only, alike in every process."""
    return sum(ord(c) * (place + 1) for place, c in enumerate(repr(key)))


def _number_doors(
    plan: Plan,
    borders: Borders,
    streets: dict[Piece, _Street],
    gates: pd.DataFrame,
    name_of: dict[tuple[object, ...], str],
    parcels: dict[int, Rect],
) -> pd.DataFrame:
    """Give each parcel a street and a number: odd on one side, even on the other, growing along it."""
    main = {p: (u, v) for p, u, v in gates.loc[gates["is_main"], ["parcel", "u", "v"]].to_numpy().tolist()}
    rows = []
    open_ends = _open_ends(plan, borders)
    for parcel, rect in parcels.items():
        ends = [main[parcel]] if parcel in main else open_ends[parcel]
        options = [
            (end, streets[piece])
            for end in ends
            for piece in borders.at_vertex[end]
            if piece in streets and streets[piece].kind not in ("path", "gate", "bridge", *NOT_WALKED)
        ]
        if not options:
            continue
        (u, v), street = max(
            options, key=lambda d: (_MAIN_GATE_WEIGHT.get(d[1].kind, 1.0), -d[0][0], -d[0][1])
        )
        is_upper = (rect[0] + rect[2] + rect[1] + rect[3]) / 2 > u + v
        rows.append((parcel, name_of[street.name_key], u, v, is_upper))
    doors = pd.DataFrame(rows, columns=["parcel", "street", "u", "v", "is_upper"])
    doors = doors.sort_values(["street", "is_upper", "u", "v", "parcel"], ignore_index=True)
    place = doors.groupby(["street", "is_upper"], sort=False).cumcount()
    doors["street_number"] = (2 * place + np.where(doors["is_upper"], 2, 1)).astype(str) + "号"
    return doors.drop(columns="is_upper").sort_values("parcel", ignore_index=True)


def _open_ends(plan: Plan, borders: Borders) -> dict[int, list[Point]]:
    """Return the vertices around each parcel without a gate, corners only where there is nothing else."""
    ends: dict[int, list[Point]] = {}
    rects = lot_rects(plan.lots)
    parcels = plan.lots["parcel"].tolist()
    for lot in np.flatnonzero(~plan.lots["is_gated"].to_numpy()).tolist():
        ring = borders.rings[lot][:-1]
        u0, v0, u1, v1 = rects[lot]
        inner = [(u, v) for u, v in ring if not (u in (u0, u1) and v in (v0, v1))]
        ends.setdefault(parcels[lot], []).extend(inner or ring)
    return ends


# --- tables ---


def _node_table(builder: _Builder, plan: Plan) -> pd.DataFrame:
    u, v = np.array(list(builder.node_of), dtype=np.float64).T
    lon, lat = plan.warp.to_lon_lat(u, v)
    return pd.DataFrame({"node_id": np.arange(1, len(u) + 1), "lon": lon, "lat": lat, "u": u, "v": v})


def _edge_table(
    builder: _Builder, nodes: pd.DataFrame, name_of: dict[tuple[object, ...], str]
) -> gpd.GeoDataFrame:
    start = np.array([row[0] for row in builder.rows])
    end = np.array([row[1] for row in builder.rows])
    place = nodes[["lon", "lat"]].to_numpy()
    lines = shapely.linestrings(np.stack([place[start], place[end]], axis=1))
    names = pd.Series([name_of[row[4]] for row in builder.rows], dtype="str")
    table = {
        "edge_id": np.arange(1, len(start) + 1),
        "from_node": start + 1,
        "to_node": end + 1,
        "length_m": np.round(distance_m(*place[start].T, *place[end].T), 3),
        "name": names.mask(names == ""),
        "kind": [row[2] for row in builder.rows],
        "walk": [row[3] for row in builder.rows],
    }
    return gpd.GeoDataFrame({**table, "geom": lines}, geometry="geom", crs=4326)
