"""Turn the geometries of a layer into polygons one can count in (面要素校验).

The rules, each with its code:

- only polygons are taken; degrees must be degrees, and no polygon reaches across 180°;
- a polygon that GEOS finds invalid is mended only where that changes nothing to speak of: the surface
  differs by at most `MOST_MENDED_SHARE` from what its rings say, and only lines without surface
  (spikes) are lost. It is then remarked on (`polygon_mended`), otherwise refused with the reason and
  the place;
- a polygon without a surface is refused.

Every polygon comes out as a MultiPolygon in WGS84, its rings turned as RFC 7946 has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import area_m2, fits_degrees, geometries_to_wgs84, looks_swapped, require_geometry_degrees
from geo.intake.checked import Note, join_problems, problems
from geo.intake.features import GEOMETRY_COLUMN
from geo.intake.layers import RawLayer, choose_layer_coord_sys

MOST_MENDED_SHARE = 1e-4
"""Largest change of surface, as a share of it, at which an invalid polygon is mended (0.01 %)."""

LEAST_SURFACE_M2 = 1e-3
"""Polygons below this are lines laid double; no survey draws a thousandth of a square metre."""

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_HALF_THE_EARTH_DEG = 180.0

Geometries = NDArray[np.object_]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Polygons:
    """The polygons of a layer, and what was wrong with the others."""

    geoms: gpd.GeoSeries
    """MultiPolygons in WGS84, index `row`; refused ones are left out."""
    coord_sys: str
    """System the file was read in."""
    rejected: pd.DataFrame
    """Refused features, `PROBLEM_COLUMNS`."""
    remarks: pd.DataFrame
    notes: tuple[Note, ...]


def check_polygons(
    layer: RawLayer, *, coord_sys: str | None, ids: Mapping[int, str] | None = None
) -> Polygons:
    """Check the geometries of a layer as polygons and convert them to WGS84.

    Parameters
    ----------
    layer
        As read.
    coord_sys
        System the user named; see `geo.intake.declared` for what happens without.
    ids
        Id of each row, told with its problems.

    Raises
    ------
    ChoiceError
        If the coordinate system must be named and was not.
    CrsError
        If the numbers cannot be that system.
    """
    names = ids or {}
    system, notes = choose_layer_coord_sys(layer, coord_sys)
    raw = layer.table[GEOMETRY_COLUMN]
    given = raw[~raw.isna()]
    kind = shapely.get_type_id(given.to_numpy(dtype=object))
    is_polygonal = np.isin(kind, _POLYGONAL)
    other = [shapely.GeometryType(number).name for number in kind[~is_polygonal]]
    rejected = [
        with_ids(layer.problems, names),
        problems(given.index[~is_polygonal].tolist(), GEOMETRY_COLUMN, "geometry_not_polygon", other),
    ]
    geoms, moved, swapped = to_degrees(given[is_polygonal], system, layer.file_name)
    rejected.append(with_ids(moved, names))
    mended, refused, remarks = mend(geoms)
    rejected.append(with_ids(refused, names))
    surface = area_m2(mended)
    is_flat = surface < LEAST_SURFACE_M2
    flat = mended.index[is_flat].tolist()
    rejected.append(
        with_ids(problems(flat, GEOMETRY_COLUMN, "polygon_without_surface", [""] * len(flat)), names)
    )
    if layer.n_heights:
        notes = (*notes, Note("heights_dropped", "note", {"n": layer.n_heights}))
    return Polygons(
        _as_multi(mended[~is_flat]),
        system,
        join_problems(rejected),
        with_ids(remarks, names),
        (*notes, *swapped),
    )


def with_ids(found: pd.DataFrame, ids: Mapping[int, str]) -> pd.DataFrame:
    """Put the id of each row before the value of its problem."""
    if not ids or found.empty:
        return found
    values = [
        "; ".join(part for part in (ids.get(row, ""), value) if part)
        for row, value in zip(found["row"].tolist(), found["value"].tolist(), strict=True)
    ]
    return found.assign(value=pd.Series(values, index=found.index, dtype="str"))


def to_degrees(
    geoms: gpd.GeoSeries, coord_sys: str, file_name: str
) -> tuple[gpd.GeoSeries, pd.DataFrame, tuple[Note, ...]]:
    """Convert geometries to WGS84; those that do not lie on the earth are refused.

    Returns
    -------
    tuple
        Converted geometries (refused ones left out), problems, and a note where most geometries look
        as if latitude and longitude were exchanged.

    Raises
    ------
    CrsError
        If more than half of the geometries are no degrees: then the file as a whole is misread.
    """
    converted = geometries_to_wgs84(geoms, coord_sys=coord_sys)
    box = shapely.bounds(converted.to_numpy(dtype=object))
    rows = converted.index.to_numpy()
    is_lost = converted.isna().to_numpy()
    fits = fits_degrees(box[:, 0], box[:, 1]) & fits_degrees(box[:, 2], box[:, 3])
    is_off = ~is_lost & ~fits
    if 2 * is_off.sum() > len(rows):
        require_geometry_degrees(converted[is_off], name=file_name, rows=rows[is_off])
    is_wide = ~is_lost & fits & (box[:, 2] - box[:, 0] > _HALF_THE_EARTH_DEG)
    corner = [f"{x:.7g}, {y:.7g}" for x, y in box[:, :2]]
    found = [
        problems(rows[bad].tolist(), GEOMETRY_COLUMN, code, [corner[at] for at in np.flatnonzero(bad)])
        for code, bad in (
            ("geometry_out_of_system", is_lost),
            ("geometry_off_the_earth", is_off),
            ("geometry_over_antimeridian", is_wide),
        )
    ]
    keep = ~(is_lost | is_off | is_wide)
    middle = (box[:, :2] + box[:, 2:]) / 2
    n_swapped = int(looks_swapped(middle[keep, 0], middle[keep, 1]).sum())
    is_most = n_swapped > 0 and 2 * n_swapped >= int(keep.sum())
    notes = (Note("layer_looks_swapped", "warns", {"n": n_swapped}),) if is_most else ()
    return converted[keep], join_problems(found), notes


def mend(geoms: gpd.GeoSeries) -> tuple[gpd.GeoSeries, pd.DataFrame, pd.DataFrame]:
    """Mend invalid polygons where that changes nothing to speak of, and refuse the others.

    Returns
    -------
    tuple
        Valid polygons (refused ones left out), refused rows, remarks on mended ones.

    Notes
    -----
    Rings add up with their turn: the two halves of a bow tie cancel out, a hole outside its shell is
    taken off, overlapping parts count twice. So wherever it is open what was meant, the surface of the
    mended polygon differs from what the rings say, by as much as is in doubt.
    """
    array = geoms.to_numpy(dtype=object).copy()
    invalid = np.flatnonzero(~shapely.is_valid(array))
    reasons = shapely.is_valid_reason(array[invalid])
    mended = shapely.make_valid(array[invalid], method="structure", keep_collapsed=False)
    is_kept = np.ones(len(array), dtype=bool)
    refused, remarks = [], []
    for at, reason, shape in zip(invalid.tolist(), reasons, mended, strict=True):
        row = int(geoms.index[at])
        share = _changed_share(array[at], shape)
        if share <= MOST_MENDED_SHARE and shapely.get_type_id(shape) in _POLYGONAL:
            array[at] = shape
            value = f"{_tell_reason(reason)}; {100 * share:.2g} %"
            remarks.append(problems([row], GEOMETRY_COLUMN, "polygon_mended", [value]))
        else:
            is_kept[at] = False
            refused.append(problems([row], GEOMETRY_COLUMN, "polygon_invalid", [_tell_reason(reason)]))
    kept = gpd.GeoSeries(array[is_kept], index=geoms.index[is_kept], crs=geoms.crs)
    return kept, join_problems(refused), join_problems(remarks)


def _changed_share(before: object, after: object) -> float:
    """Return the change of surface as a share of it; that of an invalid polygon is what its rings say."""
    surface = shapely.area(before)
    return float(abs(shapely.area(after) - surface) / surface) if surface > 0 else 1.0


def _tell_reason(reason: str) -> str:
    """Turn GEOS's `Self-intersection[104.1 30.6]` into `Self-intersection at 104.1, 30.6`.

    Examples
    --------
    >>> _tell_reason("Ring Self-intersection[-71.1257672032289 42.2723159585364]")
    'Ring Self-intersection at -71.125767, 42.272316'
    """
    what, _, where = reason.partition("[")
    numbers = where.rstrip("]").split()
    if len(numbers) < 2:
        return what
    return f"{what} at {float(numbers[0]):.8g}, {float(numbers[1]):.8g}"


def _as_multi(geoms: gpd.GeoSeries) -> gpd.GeoSeries:
    array = geoms.to_numpy(dtype=object)
    parts, owner = shapely.get_parts(shapely.orient_polygons(array), return_index=True)
    multi = shapely.multipolygons(parts, indices=owner) if len(parts) else np.empty(0, dtype=object)
    return gpd.GeoSeries(multi, index=geoms.index, crs=geoms.crs)
