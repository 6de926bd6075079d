"""Check that areas tile: no overlap, no gap, inside their parents (无缝拼接检查).

Edges that neighbours share cancel (`geo.analysis.edges`); along those that are left the plane is cut into
pieces, and each piece is judged by who holds it. What is decided here:

- a piece that two areas hold is an overlap, one that no area holds is a gap: within a parent, or, where no
  parents are known, enclosed by areas (a notch in the outline is then none);
- a piece narrower than the tolerance is a sliver; one under a millimetre is rounding, and only noted, as an
  edge that does not match, where a corner of one area lies on an edge of its neighbour;
- an area is held to the parent it names, otherwise to the one most of it lies in;
- two areas of one shape are told as such, not as an overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analysis.edges import Geometries, Ints, find_open_edges, list_edges
from geo.analysis.faces import Faces, cut_faces, find_holders, join_pieces, measure_width_m
from geo.analysis.findings import join_findings, make_findings, no_findings
from geo.analysis.matching import find_loose_corners
from geo.analysis.parents import WGS84_EPSG, find_parents
from geo.errors import CrsError, DuplicateError
from geo.measure import area_m2

DEFAULT_TOLERANCE_M = 0.5
"""Half a metre: what a 1:500 survey tells apart."""

LEAST_PIECE_M2 = 1e-3
_NOBODY = -1
_Key = TypeVar("_Key")


@dataclass(frozen=True)
class _Layers:
    """Areas and parents, sorted by code, as arrays."""

    ids: list[str]
    shapes: Geometries
    parent_of: Ints
    """Position of the parent of each area, -1 for none."""
    parent_ids: list[str]
    parent_shapes: Geometries
    tolerance_m: float

    def parent_id(self, position: int) -> str | None:
        return None if position < 0 else self.parent_ids[position]


def check_tiling(
    areas: gpd.GeoDataFrame,
    *,
    parents: gpd.GeoDataFrame | None = None,
    tolerance_m: float = DEFAULT_TOLERANCE_M,
) -> gpd.GeoDataFrame:
    """Find where areas of one level do not tile.

    Parameters
    ----------
    areas
        Valid polygons in WGS84 with `area_id`, unique, and, where known, `parent_id`.
    parents
        The areas of the coarser level that these should tile, with `area_id`, WGS84.
    tolerance_m
        Pieces narrower than this are slivers.

    Returns
    -------
    geopandas.GeoDataFrame
        Findings, see `geo.analysis.findings`, the same whatever the order of the areas.

    Raises
    ------
    CrsError
        If a table is not in WGS84.
    DuplicateError
        If a code occurs twice.

    Examples
    --------
    Two squares of 0.01 degrees that overlap by a tenth.

    >>> shapes = [shapely.box(0, 0, 0.01, 0.01), shapely.box(0.009, 0, 0.02, 0.01)]
    >>> areas = gpd.GeoDataFrame({"area_id": ["a", "b"]}, geometry=shapes, crs=4326)
    >>> found = check_tiling(areas).query("severity == 'blocks'")
    >>> found[["rule", "area_id", "other_id"]].to_numpy().tolist()
    [['overlap', 'a', 'b']]
    """
    _require_table(areas, "areas")
    areas = areas.sort_values("area_id", kind="stable")
    twice, is_extra = _find_twice(areas)
    areas = areas[~is_extra]
    layers, found = _with_parents(areas, parents, tolerance_m)
    polygons = np.concatenate([layers.shapes, layers.parent_shapes])
    edges = list_edges(polygons)
    is_child = np.arange(len(polygons)) < len(layers.ids)
    has_parents = len(layers.parent_ids) > 0
    labels = np.concatenate([layers.parent_of, np.arange(len(layers.parent_ids))]) if has_parents else None
    left = find_open_edges(edges, is_child=is_child, parent_of=labels)
    lines = edges.lines(left)
    used = np.unique(np.concatenate([edges.start[left], edges.end[left]]))
    faces = cut_faces(lines, edges.corners[used])
    loose = find_loose_corners(edges, left[is_child[edges.owner[left]]], layers.ids)
    return join_findings([twice, *found, loose, *_judge(faces, layers)])


def check_inside_parents(
    areas: gpd.GeoDataFrame,
    parents: gpd.GeoDataFrame,
    *,
    tolerance_m: float = DEFAULT_TOLERANCE_M,
) -> gpd.GeoDataFrame:
    """Find areas that do not lie in their parent, where they need not tile it: courtyards (院落).

    Parameters
    ----------
    areas, parents, tolerance_m
        As `check_tiling`.

    Returns
    -------
    geopandas.GeoDataFrame
        Findings: `parent_unknown`, `parent_none`, `outside_parent` (and its sliver), `in_two_parents`.
    """
    _require_table(areas, "areas")
    areas = areas.sort_values("area_id", kind="stable")
    layers, found = _with_parents(areas, parents, tolerance_m)
    kept = [table for table in found if not table["rule"].eq("parent_without_child").any()]
    at = np.flatnonzero(layers.parent_of >= 0)
    shapely.prepare(layers.parent_shapes)
    own = layers.parent_shapes[layers.parent_of[at]]
    out = at[~shapely.covers(own, layers.shapes[at])]
    rest = shapely.difference(layers.shapes[out], layers.parent_shapes[layers.parent_of[out]])
    parts, owner = shapely.get_parts(rest, return_index=True)
    is_surface = area_m2(parts) > LEAST_PIECE_M2
    outside: dict[tuple[int, int], list[object]] = {}
    for row, part in zip(owner[is_surface].tolist(), parts[is_surface], strict=True):
        outside.setdefault((int(out[row]), _parents_at(layers, part)), []).append(part)
    return join_findings([*kept, *_tell_outside(outside, layers)])


def find_twice(shapes: Geometries) -> list[tuple[int, int]]:
    """Find shapes that are equal: pairs of positions, each with the first of its kind."""
    if not len(shapes):
        return []
    box = shapely.bounds(shapes).round(9)
    _, group = np.unique(box, axis=0, return_inverse=True)
    group = np.asarray(group).ravel()
    order = np.argsort(group, kind="stable")
    pairs = []
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        firsts: list[int] = []
        for at in members.tolist() if len(members) > 1 else []:
            same = next((one for one in firsts if shapely.equals(shapes[one], shapes[at])), None)
            if same is None:
                firsts.append(at)
            else:
                pairs.append((same, at))
    return sorted(pairs)


# --- areas and parents ---


def _require_table(table: gpd.GeoDataFrame, name: str) -> None:
    if table.crs is None or table.crs.to_epsg() != WGS84_EPSG:
        raise CrsError("table_not_wgs84", table=name)
    if (twice := table["area_id"][table["area_id"].duplicated()]).size:
        raise DuplicateError("area_id_twice", area_id=twice.iloc[0], n_extra=len(twice))


def _find_twice(areas: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, NDArray[np.bool_]]:
    shapes, ids = areas.geometry.to_numpy(dtype=object), areas["area_id"].tolist()
    pairs = find_twice(shapes)
    is_extra = np.zeros(len(areas), dtype=bool)
    is_extra[[extra for _, extra in pairs]] = True
    same = shapes[[extra for _, extra in pairs]]
    found = make_findings(
        "area_twice", area_ids=[ids[one] for one, _ in pairs], other_ids=[ids[two] for _, two in pairs],
        geoms=same, sizes=area_m2(same),
    )  # fmt: skip
    return found, is_extra


def _with_parents(
    areas: gpd.GeoDataFrame, parents: gpd.GeoDataFrame | None, tolerance_m: float
) -> tuple[_Layers, list[gpd.GeoDataFrame]]:
    """Give every area its parent, by the code it names or by place."""
    ids, shapes = areas["area_id"].tolist(), areas.geometry.to_numpy(dtype=object)
    if parents is None or not len(parents):
        nothing = np.empty(0, dtype=object)
        return _Layers(ids, shapes, np.full(len(ids), _NOBODY), [], nothing, tolerance_m), []
    _require_table(parents, "parents")
    parents = parents.sort_values("area_id", kind="stable")
    codes = parents["area_id"].tolist()
    position = {code: at for at, code in enumerate(codes)}
    named = areas["parent_id"].tolist() if "parent_id" in areas else [None] * len(ids)
    parent_of = np.array([position.get(code, _NOBODY) for code in named], dtype=np.int64)
    lost = np.flatnonzero(parent_of < 0)
    if len(lost):
        by_place = find_parents(areas.iloc[lost], parents)["parent_id"].tolist()
        parent_of[lost] = [position.get(code, _NOBODY) for code in by_place]
    found_parents = parents.geometry.to_numpy(dtype=object)
    layers = _Layers(ids, shapes, parent_of, codes, found_parents, tolerance_m)
    unknown = [at for at in lost.tolist() if isinstance(named[at], str)]
    nowhere = np.flatnonzero(parent_of < 0).tolist()
    childless = sorted(set(range(len(codes))) - set(parent_of.tolist()))
    return layers, [
        make_findings(
            "parent_unknown", area_ids=[ids[at] for at in unknown], geoms=shapes[unknown],
            parent_ids=[named[at] for at in unknown],
        ),
        make_findings(
            "parent_none", area_ids=[ids[at] for at in nowhere], geoms=shapes[nowhere],
            sizes=area_m2(shapes[nowhere]),
        ),
        make_findings(
            "parent_without_child", area_ids=[None] * len(childless), geoms=found_parents[childless],
            parent_ids=[codes[at] for at in childless], sizes=area_m2(found_parents[childless]),
        ),
    ]  # fmt: skip


# --- pieces ---


def _judge(faces: Faces, layers: _Layers) -> list[gpd.GeoDataFrame]:
    """Judge every piece by the areas and parents that hold it."""
    n = len(faces.shapes)
    face, child = find_holders(faces, layers.shapes)
    n_children = np.bincount(face, minlength=n)
    face_of_parent, parent = find_holders(faces, layers.parent_shapes)
    parents_of: list[tuple[int, ...]] = [()] * n
    for at, number in sorted(zip(face_of_parent.tolist(), parent.tolist(), strict=True)):
        parents_of[at] = (*parents_of[at], number)
    many = np.flatnonzero(n_children > 1)
    empty = np.flatnonzero(n_children == 0)
    odd = [] if not layers.parent_ids else _find_strays(face, child, parents_of, layers)
    return [
        *_tell_overlaps(_pair_up(faces.shapes[many], layers), layers),
        *_tell_gaps(faces.shapes[empty], [parents_of[at] for at in empty], layers),
        *_tell_outside(_stray_pieces(faces, odd, parents_of, layers), layers),
    ]


def _find_strays(
    face: NDArray[np.intp], child: NDArray[np.intp], parents_of: list[tuple[int, ...]], layers: _Layers
) -> list[int]:
    """Return the pieces held by an area whose parent does not hold them."""
    return sorted(
        {
            at
            for at, one in zip(face.tolist(), child.tolist(), strict=True)
            if layers.parent_of[one] >= 0 and layers.parent_of[one] not in parents_of[at]
        }
    )


def _pieces_of(face: object, layers: _Layers, tree: shapely.STRtree) -> tuple[Ints, Geometries]:
    """Return the areas that hold a surface of a piece, and what each holds."""
    near = np.sort(tree.query(face, predicate="intersects"))
    held = shapely.intersection(layers.shapes[near], face)
    is_held = area_m2(held) > LEAST_PIECE_M2
    return near[is_held].astype(np.int64), held[is_held]


def _pair_up(shapes: Geometries, layers: _Layers) -> dict[tuple[int, int], list[object]]:
    """Find which two areas share which parts of the pieces that several hold."""
    pairs: dict[tuple[int, int], list[object]] = {}
    if not len(shapes):
        return pairs
    tree = shapely.STRtree(layers.shapes)
    whole_m2 = area_m2(shapes)
    for shape, surface in zip(shapes, whole_m2, strict=True):
        who, held = _pieces_of(shape, layers, tree)
        is_whole = np.isclose(area_m2(held), surface, rtol=1e-6)
        inner = shapely.STRtree(held)
        for one, two in combinations(range(len(who)), 2):
            if is_whole[one] and is_whole[two]:
                shared = shape  # with the very corners of the areas
            elif two in inner.query(held[one]):
                shared = shapely.intersection(held[one], held[two])
            else:
                continue
            if area_m2(np.array([shared], dtype=object))[0] > LEAST_PIECE_M2:
                pairs.setdefault((int(who[one]), int(who[two])), []).append(shared)
    return pairs


def _tell_overlaps(pairs: Mapping[tuple[int, int], list[object]], layers: _Layers) -> list[gpd.GeoDataFrame]:
    keys, shapes = _melt(pairs)
    return _tell_by_width(
        ("overlap", "overlap_sliver"), shapes, layers,
        area_ids=[layers.ids[one] for one, _ in keys], other_ids=[layers.ids[two] for _, two in keys],
        parent_ids=[layers.parent_id(layers.parent_of[one]) for one, _ in keys],
    )  # fmt: skip


def _tell_gaps(
    shapes: Geometries, parents_of: Sequence[tuple[int, ...]], layers: _Layers
) -> list[gpd.GeoDataFrame]:
    """Tell the pieces no area holds, unless outside every parent or in one that has no areas at all."""
    has_children = set(layers.parent_of.tolist())
    groups: dict[int, list[object]] = {}
    for shape, parents in zip(shapes, parents_of, strict=True):
        if layers.parent_ids and not (set(parents) & has_children):
            continue
        groups.setdefault(parents[0] if parents else _NOBODY, []).append(shape)
    keys, gaps = _melt(groups)
    return _tell_by_width(
        ("gap", "gap_sliver"), gaps, layers, area_ids=[None] * len(keys),
        other_ids=None, parent_ids=[layers.parent_id(key) for key in keys],
    )  # fmt: skip


def _stray_pieces(
    faces: Faces, odd: Sequence[int], parents_of: Sequence[tuple[int, ...]], layers: _Layers
) -> dict[tuple[int, int], list[object]]:
    """Find what areas hold outside their parent: by area and the parent it lies in instead."""
    strays: dict[tuple[int, int], list[object]] = {}
    if not odd:
        return strays
    tree = shapely.STRtree(layers.shapes)
    for at in odd:
        who, held = _pieces_of(faces.shapes[at], layers, tree)
        whole_m2 = faces.surface_m2[at]
        for one, shape, surface in zip(who.tolist(), held, area_m2(held), strict=True):
            own = layers.parent_of[one]
            if own < 0 or own in parents_of[at]:
                continue
            piece = faces.shapes[at] if np.isclose(surface, whole_m2, rtol=1e-6) else shape
            lies_in = parents_of[at][0] if parents_of[at] else _NOBODY
            strays.setdefault((one, lies_in), []).append(piece)
    return strays


def _parents_at(layers: _Layers, shape: object) -> int:
    spot = shapely.point_on_surface(shape)
    found = np.flatnonzero(shapely.intersects(layers.parent_shapes, spot))
    return int(found[0]) if len(found) else _NOBODY


def _tell_outside(strays: Mapping[tuple[int, int], list[object]], layers: _Layers) -> list[gpd.GeoDataFrame]:
    """Tell what lies outside its parent; an area that lies in its own and another is in two."""
    keys, shapes = _melt(strays)
    if not keys:
        return [no_findings()]
    who = np.array([one for one, _ in keys])
    lost_m2 = pd.Series(area_m2(shapes)).groupby(who).transform("sum").to_numpy()
    left = area_m2(layers.shapes[who]) - lost_m2
    is_between = (left > LEAST_PIECE_M2) & np.array([other >= 0 for _, other in keys])
    return [
        table
        for rule, chosen in (("in_two_parents", is_between), ("outside_parent", ~is_between))
        for table in _tell_by_width(
            (rule, "outside_parent_sliver"), shapes[chosen], layers,
            area_ids=[layers.ids[one] for one in who[chosen]],
            other_ids=[layers.parent_id(keys[at][1]) for at in np.flatnonzero(chosen)],
            parent_ids=[layers.parent_id(layers.parent_of[one]) for one in who[chosen]],
        )
    ]  # fmt: skip


def _melt(groups: Mapping[_Key, list[object]]) -> tuple[list[_Key], Geometries]:
    """Join the pieces of each group where they touch; return group and shape of each that results."""
    keys: list[_Key] = []
    shapes: list[object] = []
    for key, pieces in groups.items():
        parts = shapely.get_parts(pieces[0] if len(pieces) == 1 else join_pieces(pieces))
        for part in parts:
            if shapely.get_type_id(part) == shapely.GeometryType.POLYGON and not shapely.is_empty(part):
                keys.append(key)
                shapes.append(part)
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return keys, array


def _tell_by_width(
    rules: tuple[str, str],
    shapes: Geometries,
    layers: _Layers,
    *,
    area_ids: Sequence[str | None],
    other_ids: Sequence[str | None] | None,
    parent_ids: Sequence[str | None],
) -> list[gpd.GeoDataFrame]:
    """Tell pieces under the first rule, and slivers under the second."""
    is_sliver = measure_width_m(shapes) < layers.tolerance_m
    tables = []
    for rule, chosen in zip(rules, (~is_sliver, is_sliver), strict=True):
        at = np.flatnonzero(chosen).tolist()
        tables.append(
            make_findings(
                rule,
                area_ids=[area_ids[i] for i in at],
                geoms=shapes[at],
                sizes=area_m2(shapes[at]),
                other_ids=None if other_ids is None else [other_ids[i] for i in at],
                parent_ids=[parent_ids[i] for i in at],
            )
        )
    return tables
