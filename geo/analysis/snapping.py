"""Join points to the walking network (吸附).

A point joins at the nearest point **on an edge**, not at the nearest node, and can leave along the edge in
both directions. The straight way to the street is walked too. Nobody is joined beyond a ceiling: such a
point is listed with the reason, and every rate keeps it in its denominator.

A facility may have several places where it is entered. A park is entered at its entrances where they are
known, else anywhere along its outline; never at its middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.analysis.network import DM_PER_M, WGS84, WalkNetwork
from geo.analysis.walk_queue import Ints
from geo.crs import require_degrees
from geo.errors import ChoiceError, DuplicateError, GeoError, MissingError
from geo.lines import Floats, find_along

SnapReason = Literal["joined", "beyond_ceiling", "no_position", "no_street", "no_entrance"]
SNAP_REASONS: tuple[SnapReason, ...] = ("joined", "beyond_ceiling", "no_position", "no_street", "no_entrance")
"""What became of a point: joined; no street within the ceiling; without coordinates; the network is
empty; a facility whose every entrance is out of reach of a street."""

NOWHERE: Final = -1
OUTLINE_STEP_M: Final = 20.0
"""Distance between the places along an outline at which it may be entered. A path inside that meets no
street is walked at most half of this longer than it is."""

ELSEWHERE_M: Final = 5000.0
"""Points of which none lies nearer to the box of the network than this belong to another place."""

_TIE_M = 1e-6
_MOST_APART_DM = 10_000_000
"""A thousand kilometres: longer walks are nonsense, and sums stay in 32 bits."""


@dataclass(frozen=True)
class Snapped:
    """Where points join a network. Arrays of one length (n,)."""

    edge: Ints
    """Position of the edge in the network, NOWHERE where the point is not joined."""
    offset_dm: Ints
    """Along the edge from its start, 0 to the length of the edge."""
    walk_dm: Ints
    """Straight way from the point to the edge."""
    owner: Ints
    """Point or facility the row belongs to: 0, 1, 2 … unless a facility has several entrances."""
    n_owners: int
    xy: Floats
    """The point itself in the plane of the network (n, 2); NaN without position."""
    reasons: NDArray[np.object_]
    """One of SNAP_REASONS for each owner (n_owners,)."""

    @property
    def is_joined(self) -> NDArray[np.bool_]:
        """Tell which owners are joined, by one entrance at least."""
        return np.asarray(self.reasons == "joined")

    def count_reasons(self) -> dict[str, int]:
        """Return how many owners are not joined, by reason."""
        found, n = np.unique(self.reasons[~self.is_joined].astype(str), return_counts=True)
        return dict(zip(found.tolist(), n.tolist(), strict=True))

    def of(self, owners: NDArray[np.integer]) -> Snapped:
        """Return some of the owners, numbered anew in the order given."""
        rank = np.full(self.n_owners, NOWHERE, dtype=np.int32)
        rank[owners] = np.arange(len(owners), dtype=np.int32)
        rows = np.flatnonzero(rank[self.owner] != NOWHERE)
        rows = rows[np.argsort(rank[self.owner[rows]], kind="stable")]
        return Snapped(
            self.edge[rows], self.offset_dm[rows], self.walk_dm[rows], rank[self.owner[rows]], len(owners),
            self.xy[rows], self.reasons[owners],
        )  # fmt: skip


def snap_points(
    network: WalkNetwork, lon: ArrayLike, lat: ArrayLike, *, ceiling_m: float, name: str = "points"
) -> Snapped:
    """Join points to the nearest point of an edge.

    Parameters
    ----------
    network
        The streets; only what its profile may use is joined.
    lon, lat
        Points (n,) in WGS84 degrees; NaN where there is no position.
    ceiling_m
        Longest straight way to a street, in metres.
    name
        What the user calls the points, for the sentences.

    Returns
    -------
    Snapped
        One row a point. Of edges equally near, the one with the lowest id is taken.

    Raises
    ------
    GeoError
        If all points lie farther than ELSEWHERE_M from the whole network, as in another city (fault B31): a
        coverage of 0 % would be a wrong answer to a wrong question.
    ChoiceError
        If the ceiling is no length.
    CrsError
        If the points are no degrees.
    """
    if not 0 <= ceiling_m * DM_PER_M <= _MOST_APART_DM:
        raise ChoiceError("distance_not_length", name="ceiling_m", value=ceiling_m)
    xy = lay_points(network, lon, lat, name=name)
    require_overlap(network, xy, name=name)
    return _snap(network, xy, np.arange(len(xy), dtype=np.int32), len(xy), ceiling_m=ceiling_m)


def snap_facilities(
    network: WalkNetwork,
    facilities: pd.DataFrame,
    entrances: pd.DataFrame | None = None,
    *,
    ceiling_m: float,
) -> Snapped:
    """Join facilities by their entrances, else along their outline, else at their point.

    Parameters
    ----------
    network
        The streets.
    facilities
        `facility_id` (unique), `lon`, `lat` in WGS84 degrees; may have `footprint`, polygons in WGS84 or
        nothing. Row numbers become owners.
    entrances
        `facility_id`, `lon`, `lat`; several rows for one facility.
    ceiling_m
        Longest straight way from an entrance to a street, in metres.

    Returns
    -------
    Snapped
        Several rows for a facility with several entrances. A facility with entrances of which none reaches
        a street has the reason `no_entrance`.

    Raises
    ------
    DuplicateError
        If a facility_id occurs twice.
    MissingError
        If an entrance names a facility that is not in the table.
    GeoError, ChoiceError, CrsError
        As `snap_points`.
    """
    if n_extra := int(facilities["facility_id"].duplicated().sum()):
        raise DuplicateError("facility_id_twice_in_table", n_extra=n_extra)
    if not 0 <= ceiling_m * DM_PER_M <= _MOST_APART_DM:
        raise ChoiceError("distance_not_length", name="ceiling_m", value=ceiling_m)
    own = lay_points(network, facilities["lon"], facilities["lat"], name="facilities")
    given, given_of = _lay_entrances(network, facilities, entrances)
    drawn, drawn_of = _lay_outlines(network, facilities, without=given_of)
    has_more = np.zeros(len(facilities), dtype=bool)
    has_more[given_of] = has_more[drawn_of] = True
    plain = np.flatnonzero(~has_more).astype(np.int32)
    xy = np.concatenate([own[plain], given, drawn])
    owner = np.concatenate([plain, given_of, drawn_of])
    order = np.argsort(owner, kind="stable")
    require_overlap(network, xy, name="facilities")
    snapped = _snap(network, xy[order], owner[order], len(facilities), ceiling_m=ceiling_m)
    shut = np.unique(given_of[~snapped.is_joined[given_of]])
    snapped.reasons[shut] = "no_entrance"
    return snapped


def lay_points(network: WalkNetwork, lon: ArrayLike, lat: ArrayLike, *, name: str) -> Floats:
    """Return points in the plane of a network (n, 2), NaN where there is no position.

    Raises
    ------
    CrsError
        If they are no degrees.
    """
    x, y = (np.asarray(value, dtype=np.float64).ravel() for value in (lon, lat))
    require_degrees(x, y, name=name)
    to_plane = pyproj.Transformer.from_crs(WGS84, network.crs, always_xy=True)
    xy = np.column_stack(to_plane.transform(x, y)).reshape(-1, 2)
    xy[~np.isfinite(xy).all(axis=1)] = np.nan
    return xy


def require_overlap(network: WalkNetwork, xy: Floats, *, name: str) -> None:
    """Refuse points of which none lies near the box of the network.

    Raises
    ------
    GeoError
        If they lie elsewhere; the sentence says how far.
    """
    known = xy[np.isfinite(xy[:, 0])]
    if not network.n_edges or not len(known):
        return
    low, high = network.lines.xy.min(axis=0), network.lines.xy.max(axis=0)
    apart_m = np.hypot(*np.maximum(np.maximum(low - known, known - high), 0.0).T)
    if float(apart_m.min()) > ELSEWHERE_M:
        raise GeoError("points_off_network", name=name, n=len(known), apart_km=float(apart_m.min()) / 1000)


def join_places(network: WalkNetwork, snapped: Snapped) -> Floats:
    """Return the places in the plane where rows join their edges (n, 2); NaN where they do not."""
    xy = np.full((len(snapped.edge), 2), np.nan)
    rows = np.flatnonzero(snapped.edge != NOWHERE)
    edge = snapped.edge[rows].astype(np.int64)
    xy[rows] = find_along(network.lines, edge, _share(network, snapped, rows) * network.lines.length[edge])
    return xy


def _share(network: WalkNetwork, snapped: Snapped, rows: NDArray[np.intp]) -> Floats:
    length = network.length_dm[snapped.edge[rows]].astype(np.float64)
    return np.divide(snapped.offset_dm[rows], length, out=np.zeros(len(rows)), where=length > 0)


def _snap(network: WalkNetwork, xy: Floats, owner: Ints, n_owners: int, *, ceiling_m: float) -> Snapped:
    n = len(xy)
    edge = np.full(n, NOWHERE, dtype=np.int32)
    offset, walk = np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.int32)
    has_place = np.isfinite(xy[:, 0])
    lines = _draw_lines(network)
    rows, edges = _find_nearest(lines, xy, has_place, ceiling_m)
    if len(rows):
        points = shapely.points(xy[rows])
        edge[rows] = edges
        drawn_m = network.lines.length[edges]
        along_m = shapely.line_locate_point(lines[edges], points)
        share = np.divide(along_m, drawn_m, out=np.zeros(len(rows)), where=drawn_m > 0)
        offset[rows] = np.round(np.clip(share, 0.0, 1.0) * network.length_dm[edges])
        walk[rows] = np.round(shapely.distance(lines[edges], points) * DM_PER_M)
    reasons = np.full(n_owners, "no_position", dtype=object)
    reasons[owner[has_place]] = "beyond_ceiling" if network.n_edges else "no_street"
    reasons[owner[edge != NOWHERE]] = "joined"
    return Snapped(edge, offset, walk, owner, n_owners, xy, reasons)


def _draw_lines(network: WalkNetwork) -> NDArray[np.object_]:
    lines = network.lines
    if not len(lines):
        return np.empty(0, dtype=object)
    owner = np.repeat(np.arange(len(lines)), np.diff(lines.first))
    return np.asarray(shapely.linestrings(lines.xy, indices=owner), dtype=object)


def _find_nearest(
    lines: NDArray[np.object_], xy: Floats, has_place: NDArray[np.bool_], ceiling_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows that have an edge within the ceiling, and the nearest, lowest one of each."""
    asked = np.flatnonzero(has_place)
    if not len(lines) or not len(asked):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    tree = shapely.STRtree(lines)
    points = shapely.points(xy[asked])
    (row, edge), apart = tree.query_nearest(
        points, max_distance=max(ceiling_m, _TIE_M), return_distance=True, all_matches=True
    )
    is_near = apart <= ceiling_m
    row, edge = row[is_near], edge[is_near]
    order = np.lexsort((edge, row))
    row, edge = row[order], edge[order]
    is_first = np.ones(len(row), dtype=bool)
    is_first[1:] = row[1:] != row[:-1]
    return asked[row[is_first]], edge[is_first]


def _lay_entrances(
    network: WalkNetwork, facilities: pd.DataFrame, entrances: pd.DataFrame | None
) -> tuple[Floats, Ints]:
    if entrances is None or entrances.empty:
        return np.empty((0, 2)), np.empty(0, dtype=np.int32)
    position = pd.Index(facilities["facility_id"]).get_indexer(entrances["facility_id"])
    if (position < 0).any():
        lost = entrances["facility_id"].to_numpy()[position < 0]
        raise MissingError("entrance_without_facility", n=len(lost), facility_id=lost[0])
    xy = lay_points(network, entrances["lon"], entrances["lat"], name="facility_entrances")
    has_place = np.isfinite(xy[:, 0])
    return xy[has_place], position[has_place].astype(np.int32)


def _lay_outlines(network: WalkNetwork, facilities: pd.DataFrame, *, without: Ints) -> tuple[Floats, Ints]:
    """Return places along the outlines of facilities that have one and no entrance."""
    if "footprint" not in facilities:
        return np.empty((0, 2)), np.empty(0, dtype=np.int32)
    shapes = facilities["footprint"].astype(object).to_numpy(dtype=object).copy()
    shapes[pd.isna(shapes)] = None
    wanted = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    wanted[without] = False
    rows = np.flatnonzero(wanted)
    plane = gpd.GeoSeries(shapes[rows], crs=WGS84).to_crs(network.crs).to_numpy()
    dense = shapely.segmentize(shapely.boundary(plane), OUTLINE_STEP_M)
    xy, place = shapely.get_coordinates(dense, return_index=True)
    return xy, rows[place].astype(np.int32)
