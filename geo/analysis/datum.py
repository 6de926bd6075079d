"""Judge which coordinate system a layer is in, by what is already known of the place (坐标系疑点判断).

GCJ-02 and BD-09 are shifted against WGS84 by some hundred metres, and nothing in a file tells them apart.
Areas, streets and buildings that are already stored do: corners of a boundary lie on other boundaries, along
streets, around buildings. So the corners are read in each system in turn, and counted is how many then lie
within `WITHIN_M` of a known line. The system of the most is named when its lead is too large for chance;
otherwise nothing is said. Nothing is ever converted here.

What is known may itself have come in under the wrong name. Then the corners fit when they are shifted the
other way, and it is the stored data that is doubted. CGCS2000 counts as WGS84, which it equals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.border import ANYBODY, find_nearest_border, index_lines
from geo.crs import (
    bd09_to_wgs84,
    distance_m,
    gcj02_to_wgs84,
    metres_per_degree,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

Floats = NDArray[np.float64]
DatumName = Literal["wgs84", "gcj02", "bd09"]
Doubted = Literal["file", "stored"]
Verdict = Literal["fits", "differs", "undecided", "no_reference"]
Bearing = Literal["n", "ne", "e", "se", "s", "sw", "w", "nw"]

WITHIN_M = 10.0
"""A corner this near a known line lies on it, for boundaries drawn by different hands; a fiftieth of the
usual shift."""
REACH_M = 2000.0
"""Corners with nothing known this near under any reading say nothing; more than the largest shift
(1 516 m, WGS84 to BD-09)."""
MOST_VERTICES = 5000
"""Corners looked at, taken evenly: a share of 50 % is then known to 1.4 points."""
LEAST_VERTICES = 12
LEAST_LEAD = 0.15
"""Lead in share from which a system is named: corners of one area depend on each other, so that a lead
may be significant by count alone and still be chance."""
LEAST_TIMES = 3.0
"""Where few corners lie on known lines, as in zones drawn along other streets: a system is named too when it
has so many times the corners of each other one, and at most half its median distance."""
LEAST_Z = 4.0
"""The paired counts must differ by so many standard errors (McNemar 1947, without correction)."""

_FROM_FILE = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
_FROM_STORED = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}
_BEARINGS: tuple[Bearing, ...] = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


@dataclass(frozen=True)
class DatumFit:
    """How well the corners fit what is known, read in one system."""

    coord_sys: DatumName
    doubted: Doubted
    """`file`: the file is in that system; `stored`: the file is in WGS84, and what is stored is really in
    that system."""
    share_within: float
    """Share of the corners that lie within `WITHIN_M` of a known line, 0 to 1."""
    median_m: float
    """Median distance to the nearest known line, those beyond `REACH_M` counted as that."""


@dataclass(frozen=True)
class DatumJudgement:
    """What the corners say about the system of a layer."""

    verdict: Verdict
    """`fits`: the system stated, or WGS84 where none was, fits best; `differs`: another one does;
    `undecided`: no system leads; `no_reference`: nothing is known where the layer lies."""
    fits: tuple[DatumFit, ...]
    """Best first; readings that put the corners at the same places are listed once."""
    stated: DatumName | None
    """System the layer was said to be in."""
    reference: str
    """Which of the known lines decided, by the name the caller gave them."""
    n_vertices: int
    """Corners that were counted."""
    shift_m: float = 0.0
    """Median distance between the places as stated and as fits best."""
    bearing: Bearing = "n"
    """Direction from the place as stated to the place as fits best."""

    @property
    def best(self) -> DatumFit:
        """The reading that fits best."""
        return self.fits[0]

    @property
    def as_stated(self) -> DatumFit:
        """The reading as stated; as WGS84 where nothing was stated."""
        name = self.stated or "wgs84"
        same = [fit for fit in self.fits if fit.coord_sys == name and fit.doubted == "file"]
        return same[0] if same else next(fit for fit in self.fits if fit.coord_sys == "wgs84")


def judge_datum(
    lon: Floats,
    lat: Floats,
    known: Mapping[str, NDArray[np.object_]],
    *,
    stated: DatumName | None,
) -> DatumJudgement:
    """Judge in which system degrees are, by the lines that are known around them.

    Parameters
    ----------
    lon, lat
        Corners (n,) in degrees, as they stand in the file; missing ones are left out.
    known
        Name → known lines or polygons (of any kind, in WGS84 degrees), the most trusted first.
    stated
        System the file is said to be in; None where nothing was said.

    Returns
    -------
    DatumJudgement
        By the first group of lines that decides; where none does, by the first that has enough corners
        near it.

    Notes
    -----
    Distances are planar at the latitude of each corner (`geo.analysis.border`). The answer does not
    depend on the order of corners or lines.
    """
    xy = _sample(lon, lat)
    readings = _read_all(xy)
    undecided = None
    for name, shapes in known.items():
        found = _judge_by(readings, xy, shapes, name, stated)
        if found.verdict in ("fits", "differs"):
            return found
        if undecided is None and found.verdict == "undecided":
            undecided = found
    return undecided or DatumJudgement("no_reference", (), stated, "", 0)


def convert_as(lon: Floats, lat: Floats, fit: DatumFit) -> tuple[Floats, Floats]:
    """Return corners as they lie beside the stored data when read as a fit says."""
    convert = (_FROM_FILE if fit.doubted == "file" else _FROM_STORED).get(fit.coord_sys)
    return (lon, lat) if convert is None else convert(lon, lat)


def outlines(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the single lines and rings that shapes of any kind consist of."""
    parts = shapely.get_parts(shapes[~shapely.is_missing(shapes)])
    is_area = shapely.get_dimensions(parts) == 2
    lines = parts[shapely.get_dimensions(parts) == 1]
    return np.concatenate([shapely.get_rings(parts[is_area]), lines])


def _sample(lon: Floats, lat: Floats) -> Floats:
    """Return distinct corners in order of place, evenly thinned out to `MOST_VERTICES`."""
    xy = np.column_stack([lon, lat]).astype(np.float64)
    xy = np.unique(xy[np.isfinite(xy).all(axis=1)], axis=0)
    if len(xy) <= MOST_VERTICES:
        return xy
    return np.asarray(xy[np.linspace(0, len(xy) - 1, MOST_VERTICES).astype(int)])


def _read_all(xy: Floats) -> list[tuple[DatumName, Doubted, Floats]]:
    """Read the corners in every system; readings that put them at the same places count once."""
    names: list[tuple[DatumName, Doubted]] = [
        ("wgs84", "file"), ("gcj02", "file"), ("bd09", "file"), ("gcj02", "stored"), ("bd09", "stored"),
    ]  # fmt: skip
    readings: list[tuple[DatumName, Doubted, Floats]] = []
    for name, doubted in names:
        fit = DatumFit(name, doubted, 0.0, 0.0)
        places = np.column_stack(convert_as(xy[:, 0], xy[:, 1], fit))
        if not any(_median_shift_m(places, other) < WITHIN_M for _, _, other in readings):
            readings.append((name, doubted, places))
    return readings


def _median_shift_m(a: Floats, b: Floats) -> float:
    if not len(a):
        return 0.0
    return float(np.median(distance_m(a[:, 0], a[:, 1], b[:, 0], b[:, 1])))


def _judge_by(
    readings: Sequence[tuple[DatumName, Doubted, Floats]],
    xy: Floats,
    shapes: NDArray[np.object_],
    name: str,
    stated: DatumName | None,
) -> DatumJudgement:
    lines = index_lines(_near(outlines(shapes), readings), reach_m=REACH_M)
    away = np.array([_distances_m(lines, places) for _, _, places in readings]).reshape(len(readings), -1)
    counted = (away < REACH_M).any(axis=0)
    n = int(counted.sum())
    if n < LEAST_VERTICES:
        return DatumJudgement("no_reference", (), stated, name, n)
    is_on = away[:, counted] <= WITHIN_M
    shares, median_m = is_on.mean(axis=1), np.median(away[:, counted], axis=1)
    order = np.argsort(-shares, kind="stable")
    fits = tuple(
        DatumFit(readings[at][0], readings[at][1], float(shares[at]), float(median_m[at])) for at in order
    )
    judged = DatumJudgement("undecided", fits, stated, name, n)
    if not _leads(is_on, median_m, order):
        return judged
    is_same = judged.best is judged.as_stated
    lon, lat = xy[counted, 0], xy[counted, 1]
    here = np.column_stack(convert_as(lon, lat, judged.as_stated))
    there = np.column_stack(convert_as(lon, lat, judged.best))
    return DatumJudgement(
        "fits" if is_same else "differs", fits, stated, name, n,
        shift_m=_median_shift_m(here, there), bearing=_bearing(here, there),
    )  # fmt: skip


def _near(
    lines: NDArray[np.object_], readings: Sequence[tuple[DatumName, Doubted, Floats]]
) -> NDArray[np.object_]:
    """Return the lines that come within reach of the corners, however these are read."""
    places = np.concatenate([places for _, _, places in readings])
    if not len(places) or not len(lines):
        return lines[:0]
    (west, south), (east, north) = places.min(axis=0), places.max(axis=0)
    m_lon, m_lat = metres_per_degree(min(max(abs(south), abs(north)), 85.0))
    box = shapely.bounds(lines)
    dx, dy = REACH_M / float(m_lon), REACH_M / float(m_lat)
    is_near = (box[:, 0] <= east + dx) & (box[:, 2] >= west - dx)
    return np.asarray(lines[is_near & (box[:, 1] <= north + dy) & (box[:, 3] >= south - dy)])


def _distances_m(lines: tuple[object, ...], places: Floats) -> Floats:
    lon, lat = np.ascontiguousarray(places[:, 0]), np.ascontiguousarray(places[:, 1])
    wanted = np.full(len(lon), ANYBODY, dtype=np.int32)
    near = find_nearest_border(lines, lon, lat, wanted=wanted, reach_m=REACH_M)  # type: ignore[arg-type]
    return np.where(np.isnan(near.distance_m), REACH_M, near.distance_m)


def _leads(is_on: NDArray[np.bool_], median_m: Floats, order: NDArray[np.intp]) -> bool:
    """Tell whether the best reading leads every other by more than chance, corner by corner."""
    best = is_on[order[0]]
    for at in order[1:]:
        only_best, only_other = int((best & ~is_on[at]).sum()), int((is_on[at] & ~best).sum())
        lead = only_best - only_other
        is_far = lead >= LEAST_LEAD * len(best)
        is_many = best.sum() >= LEAST_TIMES * is_on[at].sum() and 2 * median_m[order[0]] <= median_m[at]
        if not (is_far or is_many) or lead < LEAST_Z * np.sqrt(only_best + only_other):
            return False
    return len(order) > 1


def _bearing(here: Floats, there: Floats) -> Bearing:
    m_lon, m_lat = metres_per_degree(float(np.median(here[:, 1])))
    east = float(np.median(there[:, 0] - here[:, 0])) * float(m_lon)
    north = float(np.median(there[:, 1] - here[:, 1])) * float(m_lat)
    return _BEARINGS[int(np.round(np.degrees(np.arctan2(east, north)) / 45.0)) % 8]
