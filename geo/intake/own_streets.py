"""Make a network out of a city's own lines (自有道路线清理).

Lines drawn for a map rarely hang together. In a local plane in metres:

1. ends closer than the tolerance become one; the others follow the order of their coordinates, never that of
   the rows;
2. an end that stops just short of another line, or just past it, is moved onto it;
3. lines are split where they cross, unless one of the two is a bridge or a tunnel; an end always joins what it
   touches, since a bridge begins on the ground;
4. pieces shorter than the tolerance, and pieces with the course of another, are left out.

Nothing is done in silence: `Streets.notes` counts what was moved, split and left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.crs import metric_crs
from geo.errors import ChoiceError
from geo.intake.buildings import StreetChoices, check_streets
from geo.intake.checked import Note
from geo.intake.features import GEOMETRY_COLUMN
from geo.intake.layers import RawLayer
from geo.intake.streets import Places, Streets, make_streets
from geo.lines import Floats, Lines, cut_lines, pack_lines

DEFAULT_TOLERANCE_M: Final = 1.0
MOST_TOLERANCE_M: Final = 50.0
_SAME_M: Final = 0.01
"""Places closer than this are one: the precision at which ends are tied."""

_ON_GROUND: Final = frozenset({"", "0", "no", "false", "n", "f", "否", "无", "地面"})
_ABOVE: Final = frozenset({"1", "yes", "true", "y", "t", "b", "bridge", "viaduct", "tunnel", "culvert", "是", "桥",
                           "桥梁", "高架", "天桥", "隧道", "地道", "地下通道"})  # fmt: skip


@dataclass(frozen=True)
class OwnStreetChoices:
    """What the user said about a file of streets that is to be walked."""

    name_column: str | None = None
    kind_column: str | None = None
    level_column: str | None = None
    """Column that says bridge, tunnel or a level; without it every line lies on the ground."""
    walk_column: str | None = None
    """Column that says whether people may walk; without it they may walk everywhere."""
    coord_sys: str | None = None
    tolerance_m: float = DEFAULT_TOLERANCE_M
    """How far ends may be moved to meet another line, in metres."""


@dataclass(frozen=True)
class _Ends:
    """Lines in the plane after their ends were moved."""

    lines: NDArray[np.object_]
    on: NDArray[np.intp]
    """Lines that carry the end of another (pairs with `at`)."""
    at: Floats
    n_moved: int


def make_own_streets(layer: RawLayer, choices: OwnStreetChoices) -> Streets:
    """Clean a layer of lines into streets cut at crossings.

    Parameters
    ----------
    layer
        As `geo.intake.layers.read_layer` read it.
    choices
        Columns, coordinate system and tolerance.

    Returns
    -------
    Streets
        In WGS84. Refused features are those of `geo.intake.buildings.check_streets`.

    Raises
    ------
    ChoiceError
        If the tolerance is none, or the coordinate system must be named.
    MissingError
        If a column is not in the file.
    CrsError
        If the numbers cannot be that system.
    """
    if not 0 <= choices.tolerance_m <= MOST_TOLERANCE_M:
        raise ChoiceError("distance_not_length", name="tolerance_m", value=choices.tolerance_m)
    checked = check_streets(layer, StreetChoices(choices.name_column, choices.kind_column, choices.coord_sys))
    given = gpd.GeoDataFrame(checked.rows, geometry="geom", crs=4326)
    extra = pd.DataFrame(layer.table.drop(columns=GEOMETRY_COLUMN)).loc[given.index]
    is_apart, n_unclear = _read_levels(extra, choices.level_column)
    walk, n_odd = _read_walk(extra, choices.walk_column)
    crs = metric_crs(given)
    lines = given.geometry.to_crs(crs).to_numpy()
    ends = _move_ends(lines, choices.tolerance_m)
    pieces, owner, n_crossings = _split(ends, is_apart)
    is_kept, n_short, n_twins = _choose(pieces, choices.tolerance_m)
    n_short += int((shapely.length(ends.lines) <= _SAME_M).sum())
    pieces, owner = pieces[is_kept], owner[is_kept]
    counted = (
        Note("streets_moved_ends", "note", {"n": ends.n_moved, "tolerance_m": choices.tolerance_m}),
        Note("streets_split", "note", {"n": n_crossings}),
        Note("streets_shrunk", "note", {"n": n_short}),
        Note("streets_twins", "note", {"n": n_twins}),
        Note("street_levels_unclear", "warns", {"n": n_unclear, "column": choices.level_column or ""}),
        Note("street_walk_unclear", "warns", {"n": n_odd, "column": choices.walk_column or ""}),
    )
    notes = (*checked.notes, *(note for note in counted if note.values["n"]))  # noqa: PD011 - of a note
    return _finish(given, pieces, owner, is_apart, walk, crs, notes)


def _read_levels(table: pd.DataFrame, column: str | None) -> tuple[NDArray[np.bool_], int]:
    """Tell which lines are bridges or tunnels, and how many words say neither."""
    if column is None:
        return np.zeros(len(table), dtype=bool), 0
    words = table[column].fillna("").astype(str).str.strip().str.lower()
    number = pd.to_numeric(words, errors="coerce")
    is_apart = words.isin(_ABOVE) | (number.notna() & (number != 0))
    return is_apart.to_numpy(dtype=bool), int((~is_apart & ~words.isin(_ON_GROUND) & number.isna()).sum())


def _read_walk(table: pd.DataFrame, column: str | None) -> tuple[NDArray[np.bool_], int]:
    """Tell which lines may be walked: all but those that say no; other words count as yes."""
    if column is None:
        return np.ones(len(table), dtype=bool), 0
    words = table[column].fillna("").astype(str).str.strip().str.lower()
    is_no = words.isin(_ON_GROUND - {""})
    return ~is_no.to_numpy(dtype=bool), int((~is_no & ~words.isin(_ABOVE | {""})).sum())


# --- ends ---


def _move_ends(lines: NDArray[np.object_], tolerance_m: float) -> _Ends:
    """Move ends together, then onto the lines they just miss."""
    tips = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    at = shapely.get_coordinates(tips)
    moved = _gather(at, max(tolerance_m, _SAME_M))
    cells = np.round(moved / _SAME_M).astype(np.int64)
    _, which, n_ends = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    is_loose = n_ends[which.reshape(-1)] == 1
    lines = _with_tips(lines, moved)
    own = np.tile(np.arange(len(lines)), 2)
    rows, on = _find_near(lines, moved, own, np.flatnonzero(is_loose), tolerance_m)
    spot = shapely.get_coordinates(
        shapely.line_interpolate_point(
            lines[on], shapely.line_locate_point(lines[on], shapely.points(moved[rows]))
        )
    )
    moved[rows] = spot
    n_moved = int((np.hypot(*(moved - at).T) > _SAME_M).sum())
    touched, carriers = _find_touching(lines, moved, own)
    return _Ends(
        _with_tips(lines, moved),
        np.concatenate([on, carriers]),
        np.concatenate([spot, moved[touched]]),
        n_moved,
    )


def _gather(at: Floats, tolerance_m: float) -> Floats:
    """Move ends that are close together onto the first of them, by x and then y."""
    order = np.lexsort((at[:, 1], at[:, 0]))
    tree = cKDTree(at)
    moved, is_taken = at.copy(), np.zeros(len(at), dtype=bool)
    near = tree.query_ball_point(at, tolerance_m)
    for row in order.tolist():
        if not is_taken[row]:
            members = [other for other in near[row] if not is_taken[other]]
            is_taken[members] = True
            moved[members] = at[row]
    return moved


def _with_tips(lines: NDArray[np.object_], tips: Floats) -> NDArray[np.object_]:
    """Return the lines with other first and last corners."""
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    first = np.searchsorted(owner, np.arange(len(lines) + 1))
    xy[first[:-1]], xy[first[1:] - 1] = tips[: len(lines)], tips[len(lines) :]
    return np.asarray(shapely.linestrings(xy, indices=owner), dtype=object)


def _find_near(
    lines: NDArray[np.object_], tips: Floats, own: Places, rows: Places, tolerance_m: float
) -> tuple[Places, Places]:
    """Return the loose ends with another line within the tolerance, and the nearest such line."""
    if tolerance_m <= 0 or not len(rows):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    points = shapely.points(tips[rows])
    row, line = shapely.STRtree(lines).query(points, predicate="dwithin", distance=tolerance_m)
    is_other = line != own[rows[row]]
    row, line = row[is_other], line[is_other]
    apart = shapely.distance(points[row], lines[line])
    middle = shapely.get_coordinates(shapely.centroid(lines[line]))
    order = np.lexsort((middle[:, 1], middle[:, 0], np.round(apart / _SAME_M), row))
    row, line = row[order], line[order]
    is_first = np.concatenate([[True], row[1:] != row[:-1]]) if len(row) else np.empty(0, dtype=bool)
    return rows[row[is_first]], line[is_first]


def _find_touching(lines: NDArray[np.object_], tips: Floats, own: Places) -> tuple[Places, Places]:
    """Return ends that lie on the inside of another line, and that line."""
    points = shapely.points(tips)
    row, line = shapely.STRtree(lines).query(points, predicate="dwithin", distance=_SAME_M)
    is_other = line != own[row]
    return row[is_other], line[is_other]


# --- splitting ---


def _split(ends: _Ends, is_apart: NDArray[np.bool_]) -> tuple[NDArray[np.object_], Places, int]:
    """Cut lines at crossings and where ends rest on them; return pieces, their lines, crossings."""
    lines = ends.lines
    a, b = shapely.STRtree(lines).query(lines, predicate="intersects")
    is_split = ~is_apart & (shapely.length(lines) > _SAME_M)
    is_pair = (a < b) & is_split[a] & is_split[b]
    a, b = a[is_pair], b[is_pair]
    shared = shapely.intersection(lines[a], lines[b])
    parts, pair = shapely.get_parts(shared, return_index=True)
    is_line = shapely.get_dimensions(parts) == 1
    spots = np.concatenate([parts[~is_line], *_tips_of(parts[is_line])])
    pair = np.concatenate([pair[~is_line], pair[is_line], pair[is_line]])
    line = np.concatenate([a[pair], b[pair], ends.on])
    at = np.concatenate([shapely.get_coordinates(spots), shapely.get_coordinates(spots), ends.at])
    packed = pack_lines(lines)
    along = shapely.line_locate_point(lines[line], shapely.points(at))
    is_inner = (along > _SAME_M) & (along < packed.length[line] - _SAME_M)
    n_crossings = len(np.unique(np.round(at[is_inner] / _SAME_M), axis=0))
    return *_cut_at(packed, line[is_inner], along[is_inner]), n_crossings


def _tips_of(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    return shapely.get_point(lines, 0), shapely.get_point(lines, -1)


def _cut_at(packed: Lines, line: Places, along: Floats) -> tuple[NDArray[np.object_], Places]:
    """Cut lines at places along them; return the pieces and the line of each."""
    every = np.arange(len(packed))
    line = np.concatenate([line, every, every])
    along = np.concatenate([along, np.zeros(len(packed)), packed.length])
    order = np.lexsort((along, line))
    line, along = line[order], along[order]
    is_piece = (line[1:] == line[:-1]) & (along[1:] - along[:-1] > _SAME_M)
    low = np.flatnonzero(is_piece)
    return cut_lines(packed, line[low], along[low], along[low + 1]), line[low]


def _choose(pieces: NDArray[np.object_], tolerance_m: float) -> tuple[NDArray[np.bool_], int, int]:
    """Tell which pieces to keep: not those that end where they begin within the tolerance, and no twins."""
    length_m = shapely.length(pieces)
    tips = [np.round(shapely.get_coordinates(p) / _SAME_M) for p in _tips_of(pieces)]
    is_short = (length_m <= tolerance_m) & (tips[0] == tips[1]).all(axis=1)
    normal = shapely.normalize(shapely.set_precision(pieces, _SAME_M, mode="pointwise"))
    is_twin = pd.Series(shapely.to_wkb(normal)).duplicated().to_numpy() & ~is_short
    return ~(is_short | is_twin), int(is_short.sum()), int(is_twin.sum())


def _finish(
    given: gpd.GeoDataFrame, pieces: NDArray[np.object_], owner: Places, is_apart: NDArray[np.bool_],
    walk: NDArray[np.bool_], crs: pyproj.CRS, notes: tuple[Note, ...],
) -> Streets:  # fmt: skip
    packed = pack_lines(pieces)
    tips = np.concatenate([packed.xy[packed.first[:-1]], packed.xy[packed.first[1:] - 1]])
    tied = _gather(tips, 2 * _SAME_M)
    _, node = np.unique(tied, axis=0, return_inverse=True)
    node = node.reshape(-1).astype(np.int64)
    back = pyproj.Transformer.from_crs(crs, 4326, always_xy=True)
    xy = packed.xy.copy()
    xy[packed.first[:-1]], xy[packed.first[1:] - 1] = tied[: len(pieces)], tied[len(pieces) :]
    degrees = np.column_stack(back.transform(xy[:, 0], xy[:, 1])).reshape(-1, 2)
    lon_lat = Lines(degrees, packed.first, packed.along)
    columns = {
        "name": given["name"].to_numpy()[owner],
        "kind": given["kind"].to_numpy()[owner],
        "walk": walk[owner],
        "why": pd.array(np.where(walk[owner], "", "foot_no"), dtype="str"),
        "foot_way": pd.array(["both"] * len(owner), dtype="str"),
        "wheels": pd.array([pd.NA] * len(owner), dtype="boolean"),
        "climb_m": np.full(len(owner), np.nan),
        "is_bridge": is_apart[owner],
        "is_tunnel": np.zeros(len(owner), dtype=bool),
    }
    return make_streets(lon_lat, (node[: len(pieces)], node[len(pieces) :]), columns, notes, len(given))
