"""Positions of tables of places: two columns of a table, or one geometry per feature (地点坐标).

A place that is drawn as a polygon has a point inside it. Positions that cannot be used are refused one
by one; where more than half cannot, the file as a whole is in another system than was named, and is
refused with the sentence that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import fits_degrees, parse_coord_sys, require_degrees, to_wgs84
from geo.errors import ChoiceError, MissingError
from geo.intake.checked import Note, join_problems, problems
from geo.intake.features import GEOMETRY_COLUMN
from geo.intake.layers import RawLayer, choose_layer_coord_sys
from geo.intake.polygons import check_polygons, to_degrees, with_ids
from geo.intake.tables import RawTable
from geo.intake.values import parse_degrees

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True)
class Places:
    """Where the places of a file are."""

    table: pd.DataFrame
    """Text columns of the file, index `row`, all rows that could be read."""
    lon: pd.Series
    """Longitude, WGS84; index `row` of the rows with a usable position."""
    lat: pd.Series
    geoms: gpd.GeoSeries | None
    """Outlines (MultiPolygon, WGS84) of the places that are polygons; None for a table."""
    rejected: pd.DataFrame
    remarks: pd.DataFrame
    notes: tuple[Note, ...]
    n_read: int


def read_places(
    source: RawTable | RawLayer, columns: Mapping[str, str], *, coord_sys: str | None, id_field: str
) -> Places:
    """Read the positions of a file of places.

    Parameters
    ----------
    source
        A table with columns mapped to `lon` and `lat`, or a layer of polygons and points.
    columns
        Field → column of the file.
    coord_sys
        System of the coordinates as the user named it; a layer may declare its own.
    id_field
        Field whose value is told with problems.

    Raises
    ------
    MissingError
        If a mapped column is not in the file.
    ChoiceError
        If the coordinate system must be named and was not.
    CrsError
        If the numbers cannot be that system.
    """
    require_mapped(source, columns)
    if isinstance(source, RawLayer):
        return _places_of_layer(source, columns.get(id_field), coord_sys)
    return _places_of_table(source, columns, coord_sys)


def require_mapped(source: RawTable | RawLayer, columns: Mapping[str, str]) -> None:
    """Refuse a mapping to a column that the file does not have.

    Raises
    ------
    MissingError
        Naming the first one.
    """
    for name in columns.values():
        if name not in source.columns:
            raise MissingError(
                "layer_column_missing",
                file=source.file_name,
                column=name,
                columns=", ".join(source.columns),
            )


def read_texts(table: RawTable, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read the mapped columns of a table under their fields; empty cells are missing."""
    chunks = [chunk[list(columns.values())] for chunk in table.chunks()]
    if not chunks:
        return pd.DataFrame({field: pd.Series(dtype="str") for field in columns})
    joined = pd.concat(chunks).set_axis(list(columns), axis=1)
    return joined.where(joined != "")


def number_ids(texts: pd.Series | None, index: pd.Index) -> tuple[pd.Series, tuple[Note, ...]]:
    """Return the ids of a file; where it has none, its row numbers, with a note that says so."""
    if texts is not None:
        return texts, ()
    return pd.Series(index.astype("str"), index=index, dtype="str"), (
        Note("place_ids_from_rows", "warns", {}),
    )


def _places_of_table(table: RawTable, columns: Mapping[str, str], coord_sys: str | None) -> Places:
    if coord_sys is None:
        raise ChoiceError("crs_not_named", file=table.file_name)
    texts = read_texts(table, columns)
    x = parse_degrees(texts["lon"]).found
    y = parse_degrees(texts["lat"]).found
    rejected = [table.bad_rows]
    is_read = pd.Series(True, index=texts.index)
    for field, numbers in (("lon", x), ("lat", y)):
        is_bad = numbers.isna()
        bad = texts.loc[is_bad, field]
        rejected.append(problems(bad.index.tolist(), columns[field], "place_position_missing", bad.tolist()))
        is_read &= ~is_bad
    rows = texts.index[is_read]
    lon, lat = to_wgs84(x[is_read], y[is_read], coord_sys=parse_coord_sys(coord_sys))
    fits = fits_degrees(lon, lat)
    if 2 * (~fits).sum() > len(fits):
        require_degrees(lon, lat, name=table.file_name, rows=rows)
    off = [f"{a:.8g}, {b:.8g}" for a, b in zip(x[rows[~fits]], y[rows[~fits]], strict=True)]
    rejected.append(problems(rows[~fits].tolist(), columns["lon"], "place_position_off", off))
    kept = rows[fits]
    return Places(
        table=texts,
        lon=pd.Series(lon[fits], index=kept),
        lat=pd.Series(lat[fits], index=kept),
        geoms=None,
        rejected=join_problems(rejected),
        remarks=problems([], "", "", []),
        notes=(),
        n_read=table.n_rows,
    )


def _places_of_layer(layer: RawLayer, id_column: str | None, coord_sys: str | None) -> Places:
    table = pd.DataFrame(layer.table.drop(columns=GEOMETRY_COLUMN))
    ids = {} if id_column is None else table[id_column].fillna("").to_dict()
    names: dict[int, str] = {int(str(row)): str(name) for row, name in ids.items()}
    system, notes = choose_layer_coord_sys(layer, coord_sys)
    kind = shapely.get_type_id(layer.table[GEOMETRY_COLUMN].to_numpy(dtype=object))
    other = (kind >= 0) & ~np.isin(kind, (*_POLYGONAL, shapely.GeometryType.POINT))
    strange = problems(
        table.index[other].tolist(),
        GEOMETRY_COLUMN,
        "geometry_not_place",
        [shapely.GeometryType(number).name for number in kind[other]],
    )
    outlines = _part_of(layer, np.isin(kind, _POLYGONAL))
    polygons = check_polygons(replace(outlines, problems=layer.problems), coord_sys=system, ids=names)
    points, off, _ = to_degrees(
        _part_of(layer, kind == shapely.GeometryType.POINT).table[GEOMETRY_COLUMN], system, layer.file_name
    )
    inside = polygons.geoms.representative_point()
    spots = pd.concat([inside, points]).sort_index()
    return Places(
        table=table,
        lon=pd.Series(shapely.get_x(spots.to_numpy(dtype=object)), index=spots.index),
        lat=pd.Series(shapely.get_y(spots.to_numpy(dtype=object)), index=spots.index),
        geoms=polygons.geoms,
        rejected=join_problems([polygons.rejected, with_ids(strange, names), with_ids(off, names)]),
        remarks=polygons.remarks,
        notes=(*notes, *(note for note in polygons.notes if note.severity == "warns")),
        n_read=layer.n_features,
    )


def _part_of(layer: RawLayer, is_part: NDArray[np.bool_]) -> RawLayer:
    return replace(layer, table=gpd.GeoDataFrame(layer.table[is_part], geometry=GEOMETRY_COLUMN, crs=None))
