"""Streets as a graph to walk on (步行路网).

Nodes and edges become arrays that the searches of `geo.analysis.reach` run over. Decided here:

- lengths are whole decimetres, so that sums are exact and do not depend on the order of rows; the length is
  that of the table, measured on the ellipsoid, and the course is drawn in a local plane in metres;
- nodes are numbered along a Morton curve, so that neighbours in the city are neighbours in memory; edges
  stand in the order of their ids, so that ties have one answer;
- a network is made for one profile: what it may not use is left out, and counted by reason;
- an edge is walked both ways unless it says otherwise (an escalator, a turnstile).

What is wrong with the streets is told by `geo.analysis.network_quality`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from geo.analysis.profiles import Profile, slope_factor
from geo.analysis.walk_queue import LABEL_BITS, LARGEST_DM, Halves, Ints, Longs, Words
from geo.crs import metric_crs
from geo.errors import CrsError, DuplicateError, GeoError, MissingError
from geo.lines import Floats, Lines, join_corners

DM_PER_M: Final = 10
NOT_ALLOWED: Final = -1
"""Cost of an edge in a direction that may not be walked."""

WGS84 = pyproj.CRS("EPSG:4326")
NODE_COLUMNS = ("node_id", "lon", "lat")
EDGE_COLUMNS = ("edge_id", "from_node", "to_node", "length_m", "walk", "geom")

_MORTON_BITS = 31
_SPREADS = ((16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F),
            (2, 0x3333333333333333), (1, 0x5555555555555555))  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Compressed sparse rows: the entries of node u are `items[first[u]:first[u + 1]]`."""

    first: Halves
    items: Words


@dataclass(frozen=True)
class WalkNetwork:
    """Streets of one profile, ready to be walked. Made by `build_network`."""

    profile: Profile
    crs: pyproj.CRS
    """Local plane of `node_xy` and `lines`, in metres."""
    node_ids: Longs
    """Ids of the nodes, in Morton order (n,)."""
    node_xy: Floats
    """Nodes in the plane (n, 2)."""
    edge_ids: Longs
    """Ids of the edges, ascending (m,)."""
    start: Ints
    end: Ints
    """Nodes of each edge, as positions in `node_ids`."""
    length_dm: Ints
    forward_dm: Ints
    backward_dm: Ints
    """Cost of the whole edge in each direction; equal to the length on level streets, NOT_ALLOWED where one
    may not walk that way."""
    names: NDArray[np.object_]
    kinds: NDArray[np.object_]
    """Street name and kind of each edge; None where it has none."""
    lines: Lines
    """Course of each edge in the plane, from `start` to `end`."""
    outward: Rows
    """Arcs as they are walked: head node in the lower half, decimetres in the upper half."""
    inward: Rows
    """The same arcs turned around, to search from a goal."""
    beside: Rows
    """Edges at each node, whatever their direction."""
    left_out: Mapping[str, int]
    """Edges that are not in the network, by reason: `not_walked`, `barred`, `too_steep`, `no_length`,
    `no_course`."""

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_ids)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.edge_ids)

    @property
    def n_bytes(self) -> int:
        """Memory of the arrays, names and kinds not counted."""
        rows = (self.outward, self.inward, self.beside)
        own = (self.node_ids, self.node_xy, self.edge_ids, self.start, self.end, self.length_dm,
               self.forward_dm, self.backward_dm, self.lines.xy, self.lines.first, self.lines.along)  # fmt: skip
        return sum(array.nbytes for array in own) + sum(r.first.nbytes + r.items.nbytes for r in rows)


def build_network(nodes: pd.DataFrame, edges: gpd.GeoDataFrame, *, profile: Profile) -> WalkNetwork:
    """Build the network of one profile.

    Parameters
    ----------
    nodes
        `node_id` (unique), `lon`, `lat` in WGS84 degrees.
    edges
        `edge_id` (unique), `from_node`, `to_node`, `length_m` (metres on the ellipsoid), `walk` (may be walked
        at all) and `geom` (LineString, WGS84, from the one node to the other). May have `name`, `kind`, `foot_way`
        (`both`, `forward`, `backward`; missing is both), `climb_m` (rise from start to end, missing is level)
        and `wheels` (False where a wheelchair or a pram cannot pass).
    profile
        Who walks.

    Returns
    -------
    WalkNetwork
        Every node of the table, and the edges that may be walked. Nothing else is dropped: pieces cut off
        from the rest stay, see `geo.analysis.network_quality`.

    Raises
    ------
    MissingError
        If a column is missing, or an edge names a node that is not in the table.
    DuplicateError
        If an id occurs twice.
    CrsError
        If `edges` is not in WGS84.
    GeoError
        If an edge is too long to be one (over 26 000 km).
    """
    _require_tables(nodes, edges)
    reason = _find_reasons(edges, profile)
    kept = edges[(reason == "").to_numpy()].sort_values("edge_id", kind="stable")
    crs = _choose_plane(nodes)
    node_xy, order = _lay_nodes(nodes, crs)
    ids = nodes["node_id"].to_numpy(dtype=np.int64)[order]
    start, end = _find_nodes(ids, kept)
    length_dm = _whole_decimetres(kept["length_m"].to_numpy(dtype=np.float64))
    forward, backward = _find_costs(kept, profile, length_dm)
    number = np.arange(len(kept), dtype=np.int32)
    return WalkNetwork(
        profile=profile,
        crs=crs,
        node_ids=ids,
        node_xy=node_xy,
        edge_ids=kept["edge_id"].to_numpy(dtype=np.int64),
        start=start,
        end=end,
        length_dm=length_dm,
        forward_dm=forward,
        backward_dm=backward,
        names=_texts(kept, "name"),
        kinds=_texts(kept, "kind"),
        lines=_lay_lines(kept, crs),
        outward=_make_rows(start, end, forward, backward, n_nodes=len(ids)),
        inward=_make_rows(start, end, backward, forward, n_nodes=len(ids)),
        beside=_pack_rows(np.concatenate([start, end]), np.concatenate([number, number]), n_nodes=len(ids)),
        left_out={str(name): int(n) for name, n in reason[reason != ""].value_counts().items()},
    )


# --- checks ---


def _require_tables(nodes: pd.DataFrame, edges: gpd.GeoDataFrame) -> None:
    for table, name, columns in (
        (nodes, "street_nodes", NODE_COLUMNS),
        (edges, "street_edges", EDGE_COLUMNS),
    ):
        if missing := [column for column in columns if column not in table]:
            raise MissingError("street_columns_missing", table=name, columns=", ".join(missing))
        if n_extra := int(table[columns[0]].duplicated().sum()):
            raise DuplicateError("street_id_twice", table=name, column=columns[0], n_extra=n_extra)
    if edges.crs is None or edges.crs != WGS84:
        raise CrsError("crs_missing", table="street_edges")
    known = nodes["node_id"].to_numpy()
    is_lost = ~(edges["from_node"].isin(known) & edges["to_node"].isin(known))
    if is_lost.any():
        raise MissingError(
            "street_node_unknown",
            n_edges=int(is_lost.sum()),
            edge_id=int(edges.loc[is_lost, "edge_id"].iloc[0]),
        )


def _find_reasons(edges: gpd.GeoDataFrame, profile: Profile) -> pd.Series:
    """Say why each edge is left out; empty where it is not. The first reason counts."""
    reason = pd.Series("", index=edges.index, dtype="str")
    length_m = edges["length_m"].to_numpy(dtype=np.float64)
    slope = _find_slope(edges)
    steepest = np.inf if profile.steepest_share is None else profile.steepest_share
    lines = edges.geometry.to_numpy()
    is_line = (shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING) & ~shapely.is_empty(lines)
    barred = edges["kind"].isin(profile.barred_kinds) if "kind" in edges else np.zeros(len(edges), bool)
    if profile.needs_wheels and "wheels" in edges:
        barred = barred | edges["wheels"].eq(other=False).fillna(value=False)
    rules = (
        ("too_steep", np.abs(slope) > steepest),
        ("barred", np.asarray(barred, dtype=bool)),
        ("no_length", ~(length_m >= 0)),
        ("no_course", ~is_line),
        ("not_walked", ~edges["walk"].fillna(value=False).to_numpy(dtype=bool)),
    )
    for name, is_out in rules:
        reason = reason.mask(np.asarray(is_out), name)
    return reason


# --- pieces ---


def _find_slope(edges: gpd.GeoDataFrame) -> Floats:
    """Return the rise over length from start to end; 0 where heights are not known."""
    if "climb_m" not in edges:
        return np.zeros(len(edges))
    climb = edges["climb_m"].to_numpy(dtype=np.float64, na_value=np.nan)
    length = edges["length_m"].to_numpy(dtype=np.float64)
    slope = np.divide(climb, length, out=np.zeros(len(edges)), where=length > 0)
    return np.asarray(np.nan_to_num(slope, nan=0.0))


def _whole_decimetres(metres: Floats) -> Ints:
    decimetres = np.round(metres * DM_PER_M)
    if (decimetres > LARGEST_DM).any():
        raise GeoError("street_too_long", n_edges=int((decimetres > LARGEST_DM).sum()))
    return decimetres.astype(np.int32)


def _find_costs(edges: gpd.GeoDataFrame, profile: Profile, length_dm: Ints) -> tuple[Ints, Ints]:
    forward, backward = length_dm.copy(), length_dm.copy()
    if profile.slope_costs:
        slope, metres = _find_slope(edges), edges["length_m"].to_numpy(dtype=np.float64)
        forward = _whole_decimetres(metres * slope_factor(slope))
        backward = _whole_decimetres(metres * slope_factor(-slope))
    if "foot_way" in edges:
        forward[(edges["foot_way"] == "backward").to_numpy()] = NOT_ALLOWED
        backward[(edges["foot_way"] == "forward").to_numpy()] = NOT_ALLOWED
    return forward, backward


def _choose_plane(nodes: pd.DataFrame) -> pyproj.CRS:
    corners = [] if nodes.empty else [shapely.box(*_box(nodes))]
    return metric_crs(gpd.GeoSeries(corners, crs=WGS84))


def _box(nodes: pd.DataFrame) -> tuple[float, float, float, float]:
    lon, lat = nodes["lon"], nodes["lat"]
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _lay_nodes(nodes: pd.DataFrame, crs: pyproj.CRS) -> tuple[Floats, NDArray[np.intp]]:
    """Return the nodes in the plane, in Morton order, and that order; equal places in order of id."""
    to_plane = pyproj.Transformer.from_crs(WGS84, crs, always_xy=True)
    x, y = to_plane.transform(nodes["lon"].to_numpy(np.float64), nodes["lat"].to_numpy(np.float64))
    xy = np.column_stack([x, y]).reshape(-1, 2)
    order = np.lexsort((nodes["node_id"].to_numpy(), find_morton(xy)))
    return xy[order], order


def find_morton(xy: Floats) -> Words:
    """Return the place of points (n, 2) along a Morton curve (Morton 1966) over their own box.

    Examples
    --------
    >>> np.argsort(find_morton(np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]))).tolist()
    [3, 2, 1, 0]
    """
    if not len(xy):
        return np.empty(0, dtype=np.uint64)
    low = xy.min(axis=0)
    span = max(float(np.ptp(xy, axis=0).max()), 1e-9)
    cells = ((xy - low) / span * (2**_MORTON_BITS - 1)).astype(np.uint64)
    return _spread(cells[:, 0]) | (_spread(cells[:, 1]) << np.uint64(1))


def _spread(bits: Words) -> Words:
    """Put a zero between the bits of numbers below 2**32."""
    for shift, mask in _SPREADS:
        bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
    return bits


def _find_nodes(ids: Longs, edges: gpd.GeoDataFrame) -> tuple[Ints, Ints]:
    by_id = np.argsort(ids, kind="stable")
    ends = [edges[name].to_numpy(dtype=np.int64) for name in ("from_node", "to_node")]
    start, end = (by_id[np.searchsorted(ids, wanted, sorter=by_id)].astype(np.int32) for wanted in ends)
    return start, end


def _lay_lines(edges: gpd.GeoDataFrame, crs: pyproj.CRS) -> Lines:
    xy, owner = shapely.get_coordinates(edges.geometry.to_numpy(), return_index=True)
    to_plane = pyproj.Transformer.from_crs(WGS84, crs, always_xy=True)
    plane = np.column_stack(to_plane.transform(xy[:, 0], xy[:, 1])).reshape(-1, 2)
    return join_corners(plane, np.bincount(owner, minlength=len(edges)))


def _texts(edges: gpd.GeoDataFrame, column: str) -> NDArray[np.object_]:
    if column not in edges:
        return np.full(len(edges), None, dtype=object)
    texts = edges[column].astype(object)
    return np.asarray(texts.where(texts.notna(), None), dtype=object)


def _make_rows(start: Ints, end: Ints, forward: Ints, backward: Ints, *, n_nodes: int) -> Rows:
    tail, head = np.concatenate([start, end]), np.concatenate([end, start])
    cost = np.concatenate([forward, backward])
    is_open = cost != NOT_ALLOWED
    arcs = (cost[is_open].astype(np.uint64) << np.uint64(LABEL_BITS)) | head[is_open].astype(np.uint64)
    return _pack_rows(tail[is_open], arcs, n_nodes=n_nodes)


def _pack_rows(node: Ints, items: NDArray[np.integer], *, n_nodes: int) -> Rows:
    order = np.lexsort((items, node))
    first = np.concatenate([[0], np.cumsum(np.bincount(node, minlength=n_nodes))])
    return Rows(first.astype(np.uint32), items[order].astype(np.uint64))
