"""Carry figures from the areas of one boundary set to those of another (边界换算表).

A crosswalk says for every area of the first set how much of it lies in each area of the second: its rows
sum to one. "How much" is by surface, or by what stands there: people, households, addresses. What lies in
no area of the second set is named, `OUTSIDE`, and stays in every sum, so that nothing gets lost on the way.

- A total (an extensive figure: cases, residents) is spread by the shares; the sum over the areas of the
  second set and `OUTSIDE` is the sum it began with.
- A mean or a rate (an intensive figure: median hours, an on-time share) is averaged, weighted by its own
  denominator, and never added up.

An area without any point of the weight cannot be shared out by it; it is shared by surface and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.analysis.assign import build_index
from geo.crs import area_m2
from geo.errors import CrsError, DuplicateError, GeoError, MissingError

OUTSIDE = ""
"""Stands for the place that is in no area of the second set; codes of areas are never empty."""

WeightBasis = Literal["area", "points"]

NOISE_SHARE = 1e-9
"""Shares below this are what floating point leaves of edges that are the same: 40 mm² of a square of 200 m."""

WGS84_EPSG = 4326

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Crosswalk:
    """How the areas of one set are shared out among those of another."""

    shares: pd.DataFrame
    """`from_id`, `to_id` (`OUTSIDE` where in none), `share` (above 0; the rows of one `from_id` sum to 1) and
    `weighted_by` (`points`, or `area` where there is no point to weigh by), in order of both codes."""
    from_ids: tuple[str, ...]
    to_ids: tuple[str, ...]
    n_points_elsewhere: int = 0
    """Points of the weight that lie in no area of the first set; they weigh nothing."""

    @property
    def outside(self) -> pd.Series:
        """The share of each area of the first set that lies in no area of the second, where there is any."""
        rows = self.shares[self.shares["to_id"].eq(OUTSIDE)]
        return rows.set_index("from_id")["share"]


def cross_by_area(sources: gpd.GeoDataFrame, targets: gpd.GeoDataFrame) -> Crosswalk:
    """Share out areas by surface.

    Parameters
    ----------
    sources, targets
        Polygons in WGS84 with a unique `area_id`. Where targets overlap, the place belongs to the one whose
        code sorts first by code point, as a point does.

    Raises
    ------
    CrsError
        If a table is not in WGS84.
    DuplicateError
        If a code occurs twice in one table.

    Notes
    -----
    Surfaces are those of the ellipsoid (`geo.crs.area_m2`). An area without a surface lies where a point
    inside it lies.

    Examples
    --------
    >>> box = lambda west, east: shapely.box(west, 30, east, 30.01)
    >>> layer = lambda **shapes: gpd.GeoDataFrame({"area_id": list(shapes)}, geometry=list(shapes.values()), crs=4326)
    >>> crossed = cross_by_area(layer(A=box(104, 104.04)), layer(X=box(104, 104.03), Y=box(104.03, 104.05)))
    >>> crossed.shares["share"].round(6).tolist()
    [0.75, 0.25]
    """
    _require(sources, "sources")
    _require(targets, "targets")
    source, target, share = _overlap_shares(sources, targets)
    return _finish(sources, targets, _Parts(source, target, share, np.zeros(len(source), dtype=bool)))


def cross_by_points(sources: gpd.GeoDataFrame, targets: gpd.GeoDataFrame, points: pd.DataFrame) -> Crosswalk:
    """Share out areas by the people, households or addresses that stand in them.

    Parameters
    ----------
    sources, targets
        As `cross_by_area`.
    points
        `lon`, `lat` in WGS84 degrees and `weight`, 0 or more; a missing weight counts as 0.

    Raises
    ------
    CrsError
        If a table is not in WGS84.
    DuplicateError
        If a code occurs twice in one table.
    GeoError
        If a weight is negative or infinite.

    Notes
    -----
    A point lies where `geo.analysis.assign` puts it. Areas of the first set whose points weigh nothing are
    shared out by surface, and `weighted_by` says so.
    """
    _require(sources, "sources")
    _require(targets, "targets")
    weight = np.nan_to_num(points["weight"].to_numpy("float64"), nan=0.0, posinf=np.inf)
    if (bad := np.flatnonzero(~((weight >= 0) & np.isfinite(weight)))).size:
        raise GeoError("crosswalk_weight_bad", row=int(bad[0]) + 1)
    lon, lat = (points[name].to_numpy("float64") for name in ("lon", "lat"))
    source = _locate(sources, lon, lat)
    inside = (source >= 0) & (weight > 0)
    target = _locate(targets, lon[inside], lat[inside])
    sums = (
        pd.DataFrame({"source": source[inside], "target": target, "weight": weight[inside]})
        .groupby(["source", "target"], as_index=False)["weight"]
        .sum()
    )
    whole = np.bincount(sums["source"], weights=sums["weight"], minlength=len(sources))
    of_points = _Parts(
        sums["source"].to_numpy(),
        sums["target"].to_numpy(),
        sums["weight"].to_numpy() / whole[sums["source"].to_numpy()],
        np.ones(len(sums), dtype=bool),
    )
    bare = np.flatnonzero(whole == 0)
    at, to, share = _overlap_shares(sources.iloc[bare], targets)
    by_area = _Parts(bare[at], to, share, np.zeros(len(at), dtype=bool))
    return _finish(sources, targets, of_points, by_area, n_elsewhere=int((source < 0).sum()))


def carry_totals(crosswalk: Crosswalk, totals: pd.Series) -> pd.Series:
    """Carry totals (extensive figures) over: the sum stays what it was.

    Parameters
    ----------
    crosswalk
        From `cross_by_area` or `cross_by_points`.
    totals
        By code of the first set. An area that is not named has none.

    Returns
    -------
    pandas.Series
        By code of the second set, and `OUTSIDE` last where a part of an area lies in none. A missing total
        makes missing what it has a share in.

    Raises
    ------
    MissingError
        If a code is not one of the first set.
    """
    values = _known(crosswalk, totals).reindex(crosswalk.from_ids, fill_value=0.0)
    shares = crosswalk.shares
    carried = shares["share"].to_numpy() * values.loc[shares["from_id"]].to_numpy()
    return _sum_up(crosswalk, carried)


def carry_means(crosswalk: Crosswalk, means: pd.Series, weights: pd.Series) -> pd.Series:
    """Carry means or rates (intensive figures) over: they are averaged, never added up.

    Parameters
    ----------
    crosswalk
        From `cross_by_area` or `cross_by_points`.
    means
        By code of the first set; a missing one is left out of every average, and so is its weight.
    weights
        The denominator of each mean, by code: residents of a rate, closed cases of a median. 0 or more.

    Returns
    -------
    pandas.Series
        By code of the second set, and `OUTSIDE` last where a part of an area lies in none: a value between
        the smallest and the largest that reached it, missing where nothing weighs there.

    Raises
    ------
    MissingError
        If a code is not one of the first set.
    GeoError
        If a weight is negative or infinite.
    """
    values = _known(crosswalk, means).reindex(crosswalk.from_ids)
    known = _known(crosswalk, weights).reindex(crosswalk.from_ids).fillna(0.0)
    if (bad := np.flatnonzero(~((known >= 0) & np.isfinite(known)))).size:
        raise GeoError("crosswalk_weight_bad", row=int(bad[0]) + 1)
    at = crosswalk.shares["from_id"]
    value = values.loc[at].to_numpy("float64")
    weight = crosswalk.shares["share"].to_numpy() * known.loc[at].to_numpy("float64")
    weight = np.where(np.isnan(value), 0.0, weight)
    upper = _sum_up(crosswalk, weight * np.nan_to_num(value))
    lower = _sum_up(crosswalk, weight)
    return upper / lower.where(lower > 0)


@dataclass(frozen=True)
class _Parts:
    """Pieces of areas: places in both tables (-1 = in no target), share, and whether points decided."""

    source: npt.NDArray[np.intp]
    target: npt.NDArray[np.intp]
    share: Floats
    by_points: npt.NDArray[np.bool_]


def _finish(
    sources: gpd.GeoDataFrame, targets: gpd.GeoDataFrame, *parts: _Parts, n_elsewhere: int = 0
) -> Crosswalk:
    """Name the rest of each area, and let its shares sum to one."""
    names = np.append(targets["area_id"].astype("str").to_numpy(dtype=object), OUTSIDE)
    codes = sources["area_id"].astype("str").to_numpy(dtype=object)
    table = pd.DataFrame(
        {
            "source": np.concatenate([part.source for part in parts]),
            "target": np.concatenate([part.target for part in parts]),
            "share": np.concatenate([part.share for part in parts]),
            "by_points": np.concatenate([part.by_points for part in parts]),
        }
    )
    table = table[table["share"] > NOISE_SHARE]
    known = np.bincount(table["source"], weights=table["share"], minlength=len(sources))
    rest = np.flatnonzero(1.0 - known > NOISE_SHARE)
    outside = pd.DataFrame({"source": rest, "target": -1, "share": 1.0 - known[rest], "by_points": False})
    table = pd.concat([table, outside], ignore_index=True)
    whole = np.bincount(table["source"], weights=table["share"], minlength=len(sources))
    table["share"] = table["share"] / whole[table["source"].to_numpy()]
    shares = pd.DataFrame(
        {
            "from_id": codes[table["source"].to_numpy()],
            "to_id": names[table["target"].to_numpy()],
            "share": table["share"].to_numpy(),
            "weighted_by": np.where(table["by_points"], "points", "area"),
        }
    )
    shares = shares.sort_values(["from_id", "to_id"], kind="stable").reset_index(drop=True)
    return Crosswalk(shares, tuple(codes), tuple(names[:-1]), n_elsewhere)


def _overlap_shares(
    sources: gpd.GeoDataFrame, targets: gpd.GeoDataFrame
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """List pairs that share surface, with the share of the source; places of overlaps go to the first code."""
    inner = sources.geometry.to_numpy(dtype=object)
    order = np.argsort(targets["area_id"].astype("str").to_numpy(dtype=object), kind="stable")
    outer = targets.geometry.to_numpy(dtype=object)[order]
    source, target = shapely.STRtree(outer).query(inner, predicate="intersects")
    pieces = shapely.intersection(inner[source], outer[target])
    piece_m2, whole_m2 = area_m2(pieces), area_m2(inner)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(whole_m2[source] > 0, piece_m2 / whole_m2[source], 0.0)
    known = np.bincount(source, weights=share, minlength=len(inner))
    for at in np.flatnonzero(known > 1.0 + NOISE_SHARE):
        rows = np.flatnonzero(source == at)
        rows = rows[np.argsort(target[rows], kind="stable")]
        share[rows] = _without_overlaps(pieces[rows], whole_m2[at])
    bare = np.flatnonzero(~(whole_m2 > 0) & ~shapely.is_empty(inner))
    if bare.size:
        inside = shapely.point_on_surface(inner[bare])
        held = _locate(targets, shapely.get_x(inside), shapely.get_y(inside))
        kept = ~np.isin(source, bare)
        rank = np.argsort(order)
        source = np.concatenate([source[kept], bare[held >= 0]])
        target = np.concatenate([target[kept], rank[held[held >= 0]]])
        share = np.concatenate([share[kept], np.ones(int((held >= 0).sum()))])
    return source, order[target] if len(order) else target, share


def _without_overlaps(pieces: npt.NDArray[np.object_], whole_m2: float) -> Floats:
    """Give a place that lies in several pieces to the first of them."""
    taken = shapely.Polygon()
    shares = np.zeros(len(pieces))
    for place, piece in enumerate(pieces):
        own = shapely.difference(piece, taken)
        shares[place] = area_m2(np.array([own], dtype=object))[0] / whole_m2
        taken = shapely.union(taken, piece)
    return shares


def _locate(areas: gpd.GeoDataFrame, lon: Floats, lat: Floats) -> npt.NDArray[np.intp]:
    if not len(areas):
        return np.full(len(lon), -1, dtype=np.intp)
    index = build_index(areas.geometry.to_numpy(dtype=object), ids=areas["area_id"].astype("str").tolist())
    return index.locate(lon, lat).astype(np.intp)


def _require(areas: gpd.GeoDataFrame, name: str) -> None:
    if areas.crs is None or areas.crs.to_epsg() != WGS84_EPSG:
        raise CrsError("table_not_wgs84", table=name)
    if (twice := areas["area_id"][areas["area_id"].duplicated()]).size:
        raise DuplicateError("crosswalk_code_twice", area_id=twice.iloc[0], table=name)


def _known(crosswalk: Crosswalk, figures: pd.Series) -> pd.Series:
    if unknown := sorted(set(figures.index) - set(crosswalk.from_ids)):
        raise MissingError("crosswalk_codes_unknown", n=len(unknown), first=unknown[0])
    return figures.astype("float64")


def _sum_up(crosswalk: Crosswalk, values: Floats) -> pd.Series:
    """Sum values of the rows by area of the second set, `OUTSIDE` last where it has any."""
    names = [*crosswalk.to_ids, OUTSIDE]
    place = pd.Index(names).get_indexer(pd.Index(crosswalk.shares["to_id"]))
    sums = pd.Series(np.bincount(place, weights=values, minlength=len(names)), index=pd.Index(names))
    return sums if (place == len(names) - 1).any() else sums.iloc[:-1]
