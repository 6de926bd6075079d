"""Read the streets of an OpenStreetMap file (读取 OpenStreetMap 路网).

What the file is follows from its first bytes. Ways are cut where they meet; a way that leaves the extract
ends at its edge. A shut gate becomes a metre of street that nobody walks, so that it can be opened again.
Squares can be walked across: their crossings are joined by straight lines that stay inside
(`geo.intake.plazas`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import osmium
import pandas as pd
from numpy.typing import NDArray

from geo.errors import EmptyError, FileError, LimitError
from geo.intake.checked import Note
from geo.intake.features import NOT_STORABLE
from geo.intake.limits import Limits
from geo.intake.osm_rules import WayFacts, is_shut, read_height, read_way, stops_wheels
from geo.intake.plazas import Plaza, cross_plazas
from geo.intake.sniffing import clean_file_name, measure_file, open_source
from geo.intake.streets import Places, Streets, make_streets, measure_steps
from geo.lines import Floats, join_corners

GATE_M: Final = 1.0
"""Length of the piece of street on either side of a shut gate."""

_HEAD_BYTES = 512
_M_PER_DEG = 111_000.0


@dataclass
class _Found:
    """Ways and points as they stand in the file."""

    facts: list[WayFacts] = field(default_factory=list)
    refs: list[NDArray[np.int64]] = field(default_factory=list)
    plazas: list[Plaza] = field(default_factory=list)
    shut: set[int] = field(default_factory=set)
    steep: set[int] = field(default_factory=set)
    """Points that stop a wheelchair or a pram."""
    heights: dict[int, float] = field(default_factory=dict)
    places: dict[int, tuple[float, float]] = field(default_factory=dict)
    n_missing: int = 0


def find_osm_format(source: Path | bytes) -> str | None:
    """Return `pbf`, `osm` or `osm.gz` by the first bytes of a file, None for anything else."""
    with open_source(source) as stream:
        head = stream.read(_HEAD_BYTES)
    if b"OSMHeader" in head[:32]:
        return "pbf"
    if head.startswith(b"\x1f\x8b"):
        return "osm.gz"
    return "osm" if b"<osm" in head else None


def read_osm_streets(source: Path | bytes, *, file_name: str, limits: Limits) -> Streets:
    """Read the streets of an OpenStreetMap file, and what cuts them: railways, rivers, canals.

    Parameters
    ----------
    source
        A path or the bytes of a .osm.pbf, .osm or .osm.gz file.
    file_name
        Name of the file as the user knows it.
    limits
        Largest file, and most corners of streets (`max_vertices`).

    Returns
    -------
    Streets
        Pieces between crossings. Ways that may not be walked are in it with the reason.

    Raises
    ------
    FileError
        If it is no OpenStreetMap file, or is damaged.
    EmptyError
        If it is empty or holds no street.
    LimitError
        If it is larger than allowed.
    """
    name = clean_file_name(file_name)
    measure_file(source, file_name=name, limits=limits)
    kind = find_osm_format(source)
    if kind is None:
        raise FileError("osm_format_unknown", file=name)
    try:
        found = _read_all(source, kind, name, limits)
    except (RuntimeError, ValueError, UnicodeDecodeError) as error:
        raise FileError("osm_damaged", file=name) from error
    if not any(not facts.why for facts in found.facts):
        raise EmptyError("osm_without_streets", file=name)
    return _cut(found)


# --- reading ---


def _read_all(source: Path | bytes, kind: str, name: str, limits: Limits) -> _Found:
    found = _Found()
    members = _read_relations(source, kind)
    n_corners = 0
    rings: dict[int, NDArray[np.int64]] = {}
    for way in _objects(source, kind, osmium.osm.WAY):
        facts = read_way(_tags(way)) if len(way.tags) else None
        is_member = way.id in members
        if facts is None and not is_member:
            continue
        refs = np.array([node.ref for node in way.nodes], dtype=np.int64)
        n_corners += len(refs)
        if n_corners > limits.max_vertices:
            raise LimitError("osm_too_many", file=name, limit=limits.max_vertices)
        if is_member:
            rings[way.id] = refs
        if facts is None:
            facts = members[way.id]
        if len(refs) > 1:
            found.facts.append(facts)
            found.refs.append(refs)
            if facts.is_plaza and not is_member and refs[0] == refs[-1]:
                found.plazas.append(Plaza(facts, [refs], []))
    found.plazas += _join_relations(source, kind, rings)
    if found.refs:
        _read_points(source, kind, found)
    return found


def _objects(
    source: Path | bytes,
    kind: str,
    what: Any,  # noqa: ANN401 - a set of bits of osmium
    ids: Places | None = None,
) -> Iterator[Any]:
    file = (
        osmium.io.FileBuffer(source, kind) if isinstance(source, bytes) else osmium.io.File(str(source), kind)
    )
    reader = osmium.FileProcessor(file, what)
    return iter(reader if ids is None else reader.with_filter(osmium.filter.IdFilter(ids.tolist())))


def _tags(thing: Any) -> dict[str, str]:  # noqa: ANN401 - osmium's node, way or relation
    return {tag.k: NOT_STORABLE.sub("", tag.v) for tag in thing.tags}


def _plaza_relations(source: Path | bytes, kind: str) -> Iterator[tuple[WayFacts, list[int], list[int]]]:
    """Return squares drawn as relations: what they are, their outer and their inner ways."""
    for relation in _objects(source, kind, osmium.osm.RELATION):
        tags = _tags(relation)
        facts = read_way(tags) if tags.get("type") == "multipolygon" else None
        if facts is not None and facts.is_plaza:
            parts = [(m.ref, m.role) for m in relation.members if m.type == "w"]
            outer = [ref for ref, role in parts if role != "inner"]
            yield facts, outer, [ref for ref, role in parts if role == "inner"]


def _read_relations(source: Path | bytes, kind: str) -> dict[int, WayFacts]:
    return {way: facts for facts, outer, inner in _plaza_relations(source, kind) for way in (*outer, *inner)}


def _join_relations(source: Path | bytes, kind: str, rings: Mapping[int, Places]) -> list[Plaza]:
    """Return the squares whose outer ways are all in the file."""
    return [
        Plaza(facts, [rings[way] for way in outer], [rings[way] for way in inner if way in rings])
        for facts, outer, inner in _plaza_relations(source, kind)
        if outer and all(way in rings for way in outer)
    ]


def _read_points(source: Path | bytes, kind: str, found: _Found) -> None:
    wanted = np.unique(np.concatenate(found.refs))
    for node in _objects(source, kind, osmium.osm.NODE, wanted):
        number = node.id
        if node.location.valid():
            found.places[number] = (node.lon, node.lat)
        if not len(node.tags):
            continue
        tags = _tags(node)
        if is_shut(tags):
            found.shut.add(number)
        elif stops_wheels(tags):
            found.steep.add(number)
        if (height := read_height(tags)) is not None:
            found.heights[number] = height


# --- cutting ---


@dataclass(frozen=True)
class _Chains:
    """Ways as runs of points that are all in the file."""

    refs: Places
    first: Places
    way: Places
    """Row of `facts` each run belongs to."""
    gate: NDArray[np.int8]
    """What the step from the point before is: 0 street, 1 a shut gate, 2 a stile (k,)."""


def _cut(found: _Found) -> Streets:
    _add_gates(found)
    chains = _chain(found)
    n_read = len(found.facts)
    crossed, n_outline = cross_plazas(found.plazas, found.places, _meeting_points(chains))
    special = np.array([*found.shut, *found.steep], dtype=np.int64)
    is_cut = _find_cuts(chains, np.concatenate([crossed[:, :2].ravel(), special]))
    facts = [*found.facts, *(plaza.facts for plaza in found.plazas)]
    first, way, gate = _split(chains, is_cut)
    refs = _take_runs(chains.refs, first)
    n_corners = np.concatenate([first[1] - first[0] + 1, np.full(len(crossed), 2)])
    refs = np.concatenate([refs, crossed[:, :2].ravel()])
    way = np.concatenate([way, crossed[:, 2] + n_read])
    gate = np.concatenate([gate, np.zeros(len(crossed), dtype=np.int8)])
    is_plaza = np.arange(len(way)) >= len(way) - len(crossed)
    lines = join_corners(_place(refs, found.places), n_corners)
    ends = refs[lines.first[:-1]], refs[lines.first[1:] - 1]
    facts = [facts[row] for row in way.tolist()]
    columns = _columns(facts, gate, is_plaza)
    columns["climb_m"] = _climb(found, ends, measure_steps(lines.xy, lines.first), facts)
    counted = (
        ("osm_nodes_missing", {"n": found.n_missing}),
        ("osm_plazas", {"n": len(found.plazas) - n_outline, "n_outline": n_outline}),
        ("osm_gates_closed", {"n": len(found.shut)}),
    )
    kept = tuple(Note(code, "note", numbers) for code, numbers in counted if any(numbers.values()))
    return make_streets(lines, ends, columns, kept, n_read)


def _add_gates(found: _Found) -> None:
    """Put a point a metre before and after each shut gate and stile, so that the gate is a piece of its own."""
    special = found.shut | found.steep
    if not special:
        return
    number = min(0, min(found.places, default=0)) - 1
    for row, refs in enumerate(found.refs):
        if not special.intersection(refs.tolist()):
            continue
        chain = [int(refs[0])]
        for b in refs[1:].tolist():
            a = chain[-1]
            if a in found.places and b in found.places:
                for end, other in ((a, b), (b, a)):
                    if end in special:
                        found.places[number] = _towards(found.places[end], found.places[other])
                        chain.append(number)
                        number -= 1
            chain.append(b)
        found.refs[row] = np.array(chain, dtype=np.int64)


def _towards(at: tuple[float, float], goal: tuple[float, float]) -> tuple[float, float]:
    """Return the place a metre on the way, a third of the way where it is short."""
    east = (goal[0] - at[0]) * np.cos(np.deg2rad(at[1]))
    step_m = float(np.hypot(east, goal[1] - at[1])) * _M_PER_DEG
    share = min(1 / 3, GATE_M / step_m) if step_m > 0 else 0.0
    return at[0] + share * (goal[0] - at[0]), at[1] + share * (goal[1] - at[1])


def _chain(found: _Found) -> _Chains:
    """Join the ways; break them at points that are not in the file."""
    refs = np.concatenate(found.refs)
    n = np.array([len(chain) for chain in found.refs])
    way = np.repeat(np.arange(len(n)), n)
    known = np.isin(refs, np.fromiter(found.places, dtype=np.int64, count=len(found.places)))
    found.n_missing = len(np.unique(way[~known]))
    starts = np.concatenate([[True], way[1:] != way[:-1]]) | np.concatenate([[True], ~known[:-1]])
    run = np.cumsum(starts)[known]
    refs, way = refs[known], way[known]
    is_new = np.concatenate([[True], (run[1:] != run[:-1]) | (way[1:] != way[:-1])])
    first = np.append(np.flatnonzero(is_new), len(refs))
    lone = np.repeat(np.diff(first) < 2, np.diff(first))
    refs, way, is_new = refs[~lone], way[~lone], is_new[~lone]
    first = np.append(np.flatnonzero(is_new), len(refs))
    return _Chains(refs, first, way[first[:-1]], _find_gates(found, refs))


def _find_gates(found: _Found, refs: Places) -> NDArray[np.int8]:
    """Mark the steps between a gate and the point put beside it."""
    gate = np.zeros(len(refs), dtype=np.int8)
    for mark, special in ((1, found.shut), (2, found.steep)):
        at = np.isin(refs, np.fromiter(special, dtype=np.int64, count=len(special)))
        is_gate_step = np.zeros(len(refs), dtype=bool)
        is_gate_step[1:] = (at[1:] & (refs[:-1] < 0)) | (at[:-1] & (refs[1:] < 0))
        gate[is_gate_step] = mark
    return gate


def _meeting_points(chains: _Chains) -> Places:
    """Return the points at which a run begins or ends, or that are passed more than once."""
    numbers, n = np.unique(chains.refs, return_counts=True)
    ends = np.concatenate([chains.refs[chains.first[:-1]], chains.refs[chains.first[1:] - 1]])
    return np.union1d(numbers[n > 1], ends)


def _find_cuts(chains: _Chains, more: Places) -> NDArray[np.bool_]:
    points = np.union1d(_meeting_points(chains), more)
    beside_gates = chains.refs < 0
    is_edge_of_gate = beside_gates & (np.roll(chains.gate, -1) != chains.gate)
    return np.asarray(np.isin(chains.refs, points) | is_edge_of_gate)


def _split(
    chains: _Chains, is_cut: NDArray[np.bool_]
) -> tuple[tuple[Places, Places], Places, NDArray[np.int8]]:
    """Return the first and last corner of each piece, its way, and what kind of step it is."""
    run = np.repeat(np.arange(len(chains.way)), np.diff(chains.first))
    cuts = np.flatnonzero(is_cut)
    same = run[cuts[1:]] == run[cuts[:-1]]
    low, high = cuts[:-1][same], cuts[1:][same]
    is_step = chains.refs[low] != chains.refs[high]
    is_loop = ~is_step & (high - low > 1)
    low, high = low[is_step | is_loop], high[is_step | is_loop]
    return (low, high), chains.way[run[low]], chains.gate[high]


def _take_runs(refs: Places, first: tuple[Places, Places]) -> Places:
    low, high = first
    n = high - low + 1
    at = np.concatenate([[0], np.cumsum(n)])
    piece = np.repeat(np.arange(len(n)), n)
    return np.asarray(refs[low[piece] + np.arange(at[-1]) - at[:-1][piece]])


def _place(refs: Places, places: Mapping[int, tuple[float, float]]) -> Floats:
    numbers, position = np.unique(refs, return_inverse=True)
    at = np.array([places[number] for number in numbers.tolist()], dtype=np.float64).reshape(-1, 2)
    return at[position]


def _columns(facts: list[WayFacts], gate: NDArray[np.int8], is_plaza: NDArray[np.bool_]) -> dict[str, object]:
    kinds = np.array([fact.kind for fact in facts], dtype=object)
    whys = np.array([fact.why for fact in facts], dtype=object)
    wheels = np.array([fact.wheels for fact in facts], dtype=object)
    kinds[is_plaza], kinds[gate == 1], kinds[gate == 2] = "plaza", "gate", "stile"
    whys[(gate == 1) & (whys == "")] = "gate"
    wheels[gate == 2] = False
    return {
        "name": pd.array([fact.name for fact in facts], dtype="str"),
        "kind": pd.array(kinds, dtype="str"),
        "walk": whys == "",
        "why": pd.array(whys, dtype="str"),
        "foot_way": pd.array([fact.foot_way for fact in facts], dtype="str"),
        "wheels": pd.array(wheels, dtype="boolean"),
        "is_bridge": np.array([fact.is_bridge for fact in facts], dtype=bool),
        "is_tunnel": np.array([fact.is_tunnel for fact in facts], dtype=bool),
    }


def _climb(found: _Found, ends: tuple[Places, Places], length_m: Floats, facts: list[WayFacts]) -> Floats:
    """Return the rise of each piece: by the heights of its ends, else by the slope of its way."""
    slope = np.array([np.nan if fact.slope is None else fact.slope for fact in facts], dtype=np.float64)
    start, end = ([found.heights.get(n, np.nan) for n in side.tolist()] for side in ends)
    by_height = np.array(end, dtype=np.float64) - np.array(start, dtype=np.float64)
    return np.where(np.isnan(by_height), slope * length_m, by_height)
