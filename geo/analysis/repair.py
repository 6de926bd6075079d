"""Mend boundaries by the remedies a person chose, and account for every square metre (边界修复).

The layer given is never changed; what comes back is a new draft. A remedy that would change an area by
more than a ceiling, alone or together with those applied before it, is left out unless that finding was
consented to. Whatever was changed gets the corners
of its neighbours, so that shared edges stay shared.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.analysis.edges import Geometries, find_open_edges, list_edges
from geo.analysis.matching import REACH_DEG, list_loose_corners
from geo.analysis.remedies import Remedy
from geo.measure import area_m2

CEILING_SHARE = 0.01
"""Largest change of an area, as a share of it, without consent (1 %)."""

_Corner = tuple[float, float]


@dataclass(frozen=True)
class Repaired:
    """A new draft, and what changed."""

    areas: gpd.GeoDataFrame
    """As given, with new shapes; areas that were dropped are left out."""
    changes: pd.DataFrame
    """By `area_id` of each that changed: `before_m2`, `after_m2`, `change_m2` (measured), `stated_m2` (what
    the remedies said), `change_share`."""
    applied: tuple[Remedy, ...]
    refused: tuple[Remedy, ...]
    """Remedies that would have gone above the ceiling and were not consented to."""


def repair_areas(
    areas: gpd.GeoDataFrame,
    remedies: Sequence[Remedy],
    *,
    ceiling_share: float = CEILING_SHARE,
    consents: Collection[int] = (),
) -> Repaired:
    """Apply remedies, at most one a finding.

    Parameters
    ----------
    areas
        Valid polygons in WGS84 with `area_id`, unique.
    remedies
        Chosen among those of `geo.analysis.remedies.offer_remedies` for these areas.
    ceiling_share
        Largest change of an area without consent, all remedies of it taken together, 0 to 1. They are taken
        in their order.
    consents
        Findings whose remedy may change more.

    Returns
    -------
    Repaired
        See there.
    """
    chosen = list({remedy.finding: remedy for remedy in remedies}.values())
    applied, refused = _hold_to(chosen, areas, ceiling_share, consents)
    ids = areas["area_id"].tolist()
    before = dict(zip(ids, areas.geometry.to_numpy(dtype=object), strict=True))
    after = dict(before)
    for remedy in applied:
        for code, shape in remedy.gives.items():
            after[code] = shapely.union(after[code], shape)
        for code, shape in remedy.takes.items():
            if remedy.kind == "drop_twin":
                after.pop(code)
            elif code in after:
                after[code] = shapely.difference(after[code], shape)
    touched = {code for r in applied for code in (*r.changes_m2, r.area_id) if code in after}
    kept = areas[areas["area_id"].isin(after)]
    shapes = np.array([_as_multi(after[code]) for code in kept["area_id"]], dtype=object)
    if touched:
        shapes = match_corners(shapes, near=kept["area_id"].isin(touched).to_numpy(bool))
    mended = kept.set_geometry(gpd.GeoSeries(shapes, index=kept.index, crs=areas.crs))
    return Repaired(mended, _tell_changes(areas, mended, applied), tuple(applied), tuple(refused))


def _hold_to(
    chosen: Sequence[Remedy], areas: gpd.GeoDataFrame, ceiling_share: float, consents: Collection[int]
) -> tuple[list[Remedy], list[Remedy]]:
    """Split remedies into those that stay within the ceiling or were consented to, and the others."""
    surface = dict(
        zip(areas["area_id"], area_m2(areas.geometry.to_numpy(dtype=object)).tolist(), strict=True)
    )
    changed: dict[str, float] = {}
    applied: list[Remedy] = []
    refused: list[Remedy] = []
    for remedy in chosen:
        after = {code: changed.get(code, 0.0) + abs(m2) for code, m2 in remedy.changes_m2.items()}
        is_large = any(m2 > ceiling_share * surface[code] for code, m2 in after.items())
        if remedy.finding in consents:
            applied.append(remedy)
        elif is_large:
            refused.append(remedy)
        else:
            applied.append(remedy)
            changed |= after
    return applied, refused


def match_corners(shapes: Geometries, *, near: np.ndarray) -> Geometries:
    """Give areas the corners of their neighbours that lie on their edges.

    Parameters
    ----------
    shapes
        Polygons in WGS84 (n,).
    near
        Which areas were touched (n,); these and their neighbours are looked at.
    """
    tree = shapely.STRtree(shapes)
    _, found = tree.query(shapes[near], predicate="dwithin", distance=REACH_DEG)
    around = np.unique(np.concatenate([np.flatnonzero(near), found]))
    edges = list_edges(shapes[around])
    which = find_open_edges(edges, is_child=np.ones(len(around), dtype=bool))
    loose = list_loose_corners(edges, which)
    if loose.empty:
        return shapes
    done = shapes.copy()
    for owner, rows in loose.groupby("owner"):
        at = around[int(str(owner))]
        new: dict[tuple[_Corner, _Corner], set[_Corner]] = {}
        moved: dict[_Corner, _Corner] = {}
        for edge, corner, other in zip(rows["edge"], rows["corner"], rows["other"], strict=True):
            ends = (_pair(edges.corners[edges.start[edge]]), _pair(edges.corners[edges.end[edge]]))
            place = _pair(edges.corners[corner])
            if close := [
                end for end in ends if np.hypot(end[0] - place[0], end[1] - place[1]) < 2 * REACH_DEG
            ]:
                if int(str(owner)) > other:  # the two would otherwise change places
                    moved[close[0]] = place
            else:
                new.setdefault(ends, set()).add(place)
        candidate = _redraw(shapely.orient_polygons(shapes[at]), new, moved)
        done[at] = candidate if shapely.is_valid(candidate) else shapes[at]
    return done


def _redraw(
    shape: object, new: dict[tuple[_Corner, _Corner], set[_Corner]], moved: dict[_Corner, _Corner]
) -> object:
    parts = []
    for part in shapely.get_parts(shape):
        rings = []
        for ring in shapely.get_rings(part):
            corners = [_pair(xy) for xy in shapely.get_coordinates(ring)]
            drawn: list[_Corner] = []
            for start, end in pairwise(corners):
                drawn.append(moved.get(start, start))
                drawn += sorted(
                    new.get((start, end), ()),
                    key=lambda xy, start=start: np.hypot(xy[0] - start[0], xy[1] - start[1]),
                )
            rings.append([*drawn, drawn[0]])
        parts.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.multipolygons(parts)


def _pair(xy: np.ndarray) -> _Corner:
    return float(xy[0]), float(xy[1])


def _as_multi(shape: object) -> object:
    """Return the surfaces of a shape as a MultiPolygon."""
    parts = shapely.get_parts(shape)
    solid = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return shapely.multipolygons(solid[~shapely.is_empty(solid)])


def _tell_changes(
    areas: gpd.GeoDataFrame, mended: gpd.GeoDataFrame, applied: Sequence[Remedy]
) -> pd.DataFrame:
    stated: dict[str, float] = {}
    for remedy in applied:
        for code, change in remedy.changes_m2.items():
            stated[code] = stated.get(code, 0.0) + change
        if remedy.area_id is not None:
            stated.setdefault(remedy.area_id, 0.0)
    ids = areas["area_id"]
    old = areas[ids.isin(stated)]
    new = mended[mended["area_id"].isin(stated)]
    before = pd.Series(area_m2(old.geometry), index=old["area_id"].to_numpy(dtype=object))
    after = pd.Series(area_m2(new.geometry), index=new["area_id"].to_numpy(dtype=object))
    table = pd.DataFrame({"before_m2": before, "after_m2": after.reindex(before.index, fill_value=0.0)})
    table["change_m2"] = table["after_m2"] - table["before_m2"]
    table["stated_m2"] = pd.Series(stated).reindex(table.index)
    table["change_share"] = table["change_m2"] / table["before_m2"]
    return table.rename_axis("area_id").sort_index()
