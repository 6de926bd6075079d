"""Check files of buildings, residential land and streets (建筑、居住用地、道路校验).

- A building is a polygon or a point; it needs a number, or takes that of its row.
- Residential land is polygons.
- Streets are lines; every end of a line is a node, and ends at the same place (to a centimetre) are one
  node, so that pieces which meet end to end hang together. Crossings in the middle of a line and the
  rules of walking come with the walking network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import distance_m
from geo.errors import ChoiceError
from geo.intake.checked import Checked, join_problems, problems
from geo.intake.features import GEOMETRY_COLUMN
from geo.intake.layers import RawLayer, choose_layer_coord_sys
from geo.intake.place_codes import check_codes
from geo.intake.place_points import number_ids, read_places, require_mapped
from geo.intake.polygons import check_polygons, to_degrees
from geo.intake.tables import RawTable
from geo.intake.values import parse_numbers

BUILDING_TEXTS = ("name", "courtyard_id", "street", "street_number", "use")
BUILDING_COUNTS = ("storeys", "households")
MOST_STOREYS = 200

NODE_PRECISION_DEG = 1e-7
"""About a centimetre: ends of streets closer than this are one node."""

_LINEAR = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)


@dataclass(frozen=True)
class BuildingChoices:
    """What the user said about a file of buildings."""

    columns: Mapping[str, str]
    """Field of `buildings` → column of the file; a table needs `lon` and `lat`."""
    coord_sys: str | None = None


@dataclass(frozen=True)
class LandChoices:
    """What the user said about a file of residential land."""

    id_column: str | None = None
    source: str | None = None
    as_of_on: date | None = None
    coord_sys: str | None = None


@dataclass(frozen=True)
class StreetChoices:
    """What the user said about a file of streets."""

    name_column: str | None = None
    kind_column: str | None = None
    coord_sys: str | None = None


def check_buildings(source: RawTable | RawLayer, choices: BuildingChoices) -> Checked:
    """Check buildings.

    Parameters
    ----------
    source
        A layer of polygons and points, or a table with coordinates.
    choices
        Columns and coordinate system.

    Returns
    -------
    Checked
        `rows` has the columns of `buildings` less `batch_id`; lon, lat (WGS84 degrees) of a point
        inside; geom (MultiPolygon) where the building is a polygon. Index `row` = row of the file.

    Raises
    ------
    ChoiceError
        If a table has no coordinates mapped, or the coordinate system must be named.
    MissingError
        If a mapped column is not in the file.
    CrsError
        If the numbers cannot be that system.
    """
    if isinstance(source, RawTable) and not {"lon", "lat"} <= choices.columns.keys():
        raise ChoiceError("place_columns_needed", file=source.file_name)
    places = read_places(source, choices.columns, coord_sys=choices.coord_sys, id_field="building_id")
    kept = places.table.loc[places.lon.index]
    if isinstance(source, RawLayer):
        kept = kept[list(choices.columns.values())].set_axis(list(choices.columns), axis=1)
    ids, notes = number_ids(kept.get("building_id"), kept.index)
    ids, bad_ids, odd_ids = check_codes(ids, column=choices.columns.get("building_id", ""))
    rejected = join_problems([places.rejected, bad_ids])
    good = kept.index[~kept.index.isin(rejected["row"])]
    counts, odd_counts = _read_counts(kept.loc[good], choices.columns)
    outlines = pd.Series(None, index=good, dtype=object)
    if places.geoms is not None:
        drawn = places.geoms.index.intersection(good)
        outlines.loc[drawn] = places.geoms.loc[drawn].to_numpy(dtype=object)
    rows = pd.DataFrame(
        {
            "building_id": ids.loc[good],
            **{field: _text(kept.loc[good], field) for field in BUILDING_TEXTS},
            **counts,
            "lon": places.lon.loc[good],
            "lat": places.lat.loc[good],
            "geom": outlines,
        },
        index=good,
    )
    remarks = join_problems([places.remarks, odd_ids[odd_ids["row"].isin(good)], odd_counts])
    return Checked(rows, rejected, remarks, places.n_read, (*places.notes, *notes))


def check_residential_land(layer: RawLayer, choices: LandChoices) -> Checked:
    """Check residential land.

    Returns
    -------
    Checked
        `rows` has the columns of `residential_land` less `batch_id`: land_id, geom (MultiPolygon,
        WGS84), source, as_of_on. Index `row` = number of the feature.

    Raises
    ------
    MissingError, ChoiceError, CrsError
        As `check_buildings`.
    """
    require_mapped(layer, {} if choices.id_column is None else {"land_id": choices.id_column})
    polygons = check_polygons(layer, coord_sys=choices.coord_sys)
    given = None if choices.id_column is None else pd.Series(layer.table[choices.id_column])
    ids, notes = number_ids(given, layer.table.index)
    ids, bad_ids, remarks = check_codes(ids, column=choices.id_column or "")
    rejected = join_problems([polygons.rejected, bad_ids])
    kept = polygons.geoms[~polygons.geoms.index.isin(rejected["row"])]
    rows = gpd.GeoDataFrame(
        {
            "land_id": ids.loc[kept.index],
            "geom": kept,
            "source": pd.Series(choices.source, index=kept.index, dtype="str"),
            "as_of_on": pd.Series([choices.as_of_on] * len(kept), index=kept.index, dtype=object),
        },
        geometry="geom",
        index=kept.index,
    )
    remarks = join_problems([polygons.remarks, remarks[remarks["row"].isin(kept.index)]])
    return Checked(rows, rejected, remarks, layer.n_features, (*polygons.notes, *notes))


def check_streets(layer: RawLayer, choices: StreetChoices) -> Checked:
    """Check streets and tie them together at their ends.

    Returns
    -------
    Checked
        `rows` has the columns of `street_edges` less `batch_id`: edge_id (1, 2, 3 … in order of the
        file), from_node, to_node, length_m (geodesic), name, kind, walk (True), geom (LineString,
        WGS84). Index `row` = number of the feature; a feature of several lines has several rows.
        `side_tables["street_nodes"]` has node_id, lon, lat; nodes are numbered from west to east, then
        south to north, whatever the order of the file.

    Raises
    ------
    MissingError, ChoiceError, CrsError
        As `check_buildings`.
    """
    named = {"name": choices.name_column, "kind": choices.kind_column}
    columns = {field: column for field, column in named.items() if column is not None}
    require_mapped(layer, columns)
    system, notes = choose_layer_coord_sys(layer, choices.coord_sys)
    raw = layer.table[GEOMETRY_COLUMN]
    given = raw[~raw.isna()]
    kind = shapely.get_type_id(given.to_numpy(dtype=object))
    is_line = np.isin(kind, _LINEAR)
    other = [shapely.GeometryType(number).name for number in kind[~is_line]]
    strange = problems(given.index[~is_line].tolist(), GEOMETRY_COLUMN, "geometry_not_line", other)
    lines, off, swapped = to_degrees(given[is_line], system, layer.file_name)
    parts, owner = shapely.get_parts(lines.to_numpy(dtype=object), return_index=True)
    index = lines.index[owner]
    length_m = _measure(parts)
    is_point = length_m <= 0
    flat = problems(
        index[is_point].tolist(), GEOMETRY_COLUMN, "line_without_length", [""] * int(is_point.sum())
    )
    parts, index, length_m = parts[~is_point], index[~is_point], length_m[~is_point]
    nodes, from_node, to_node = _tie(parts)
    table = pd.DataFrame(layer.table.drop(columns=GEOMETRY_COLUMN)).loc[index]
    rows = gpd.GeoDataFrame(
        {
            "edge_id": np.arange(1, len(parts) + 1),
            "from_node": from_node,
            "to_node": to_node,
            "length_m": length_m,
            "name": _text(table, columns.get("name")),
            "kind": _text(table, columns.get("kind")),
            "walk": np.ones(len(parts), dtype=bool),
            "geom": gpd.GeoSeries(parts, index=index, crs=lines.crs),
        },
        geometry="geom",
        index=index,
    )
    rejected = join_problems([layer.problems, strange, off, flat])
    return Checked(
        rows,
        rejected,
        problems([], "", "", []),
        layer.n_features,
        (*notes, *swapped),
        {"street_nodes": nodes},
    )


def _text(table: pd.DataFrame, column: str | None) -> pd.Series:
    if column is None or column not in table:
        return pd.Series(None, index=table.index, dtype="str")
    return _strip(table[column])


def _strip(texts: pd.Series) -> pd.Series:
    """Return texts without white space around them; empty ones are missing."""
    plain = texts.astype("str").str.strip()
    return plain.where(plain != "")


def _read_counts(
    table: pd.DataFrame, columns: Mapping[str, str]
) -> tuple[dict[str, pd.Series], pd.DataFrame]:
    """Read whole numbers; one that is none is left out and remarked on, the building is kept."""
    counts: dict[str, pd.Series] = {}
    found = []
    for field in BUILDING_COUNTS:
        if field not in columns:
            counts[field] = pd.Series(pd.NA, index=table.index, dtype="Int64")
            continue
        numbers = parse_numbers(table[field])
        values = numbers.found
        is_odd = numbers.code.ne("") | (values < 0) | (values % 1 > 0)
        if field == "storeys":
            is_odd |= values > MOST_STOREYS
        odd = table.loc[is_odd, field]
        found.append(problems(odd.index.tolist(), columns[field], "building_count_odd", odd.tolist()))
        counts[field] = values.where(~is_odd).astype("Int64")
    return counts, join_problems(found)


def _measure(lines: NDArray[np.object_]) -> NDArray[np.float64]:
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    is_step = owner[1:] == owner[:-1]
    a, b = xy[:-1][is_step], xy[1:][is_step]
    steps = distance_m(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    return np.bincount(owner[1:][is_step], steps, minlength=len(lines)).astype(np.float64)


def _tie(
    lines: NDArray[np.object_],
) -> tuple[pd.DataFrame, NDArray[np.int64], NDArray[np.int64]]:
    """Number the ends of lines; return nodes, and the node each line starts and ends at."""
    ends = np.concatenate(
        [
            shapely.get_coordinates(shapely.get_point(lines, 0)),
            shapely.get_coordinates(shapely.get_point(lines, -1)),
        ]
    )
    cells = np.round(ends / NODE_PRECISION_DEG).astype(np.int64)
    distinct, first, node = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    node = node.reshape(-1) + 1
    nodes = pd.DataFrame(
        {"node_id": np.arange(1, len(distinct) + 1), "lon": ends[first, 0], "lat": ends[first, 1]}
    )
    return nodes, node[: len(lines)], node[len(lines) :]
