"""Decide everything about coordinates: WGS84, CGCS2000, GCJ-02 and BD-09 (坐标系).

Past the edge every table is WGS84 degrees, longitude first. This module turns what a file says into
that, and back. What it decides, once for the whole program:

- **Names.** A person types `wgs84`, `cgcs2000`, `gcj02`, `bd09`, `cgcs2000-zone35`, `cgcs2000-cm105`
  or `epsg:2249`. There is no default, and no name is guessed from the numbers.
- **Axis order.** x is always longitude or easting, y latitude or northing, whatever the definition of
  the system says. Chinese survey tables call the northing X; such columns are exchanged by the caller.
- **CGCS2000 equals WGS84.** The ellipsoids differ by 0.1 mm in the short axis and PROJ knows no other
  transformation between them, so the degrees are taken over unchanged.
- **GCJ-02 and BD-09 are never a CRS**, only bare columns. Outside China (the published box) GCJ-02 is
  the identity; the BD-09 step has no box. Their inverses are iterated to rounding error.
- **Missing.** Where x or y is missing, infinite or beyond the reach of a projection, both results are
  missing (NaN): one bad row never spoils the others, and whoever reads a file counts them. Only a file
  of which no point fits at all is refused. Values that are no degrees pass through the degree systems
  unchanged, for `require_degrees` to refuse.
- **Measures.** Surfaces and distances are those of the ellipsoid; whatever needs plane metres asks
  `metric_crs`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, overload

import geopandas as gpd
import numpy as np
import pyproj
import pyproj.exceptions
import pyproj.network
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import CrsError
from geo.gcj02 import (
    Box,
    Floats,
    as_pair,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    inside_box,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from geo.measure import area_m2, distance_m, metres_per_degree

__all__ = [
    "CGCS2000_EPSG",
    "CHINA_BOX",
    "GAUSS_KRUGER_EPSG",
    "WGS84_EPSG",
    "Box",
    "CoordSys",
    "CoordSysChoice",
    "area_m2",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "distance_m",
    "fits_degrees",
    "from_wgs84",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "geometries_to_wgs84",
    "list_coord_sys",
    "looks_swapped",
    "metres_per_degree",
    "metric_crs",
    "parse_coord_sys",
    "require_degrees",
    "require_geometry_degrees",
    "to_wgs84",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]

CoordSys = Literal["wgs84", "cgcs2000", "gcj02", "bd09"] | str
"""A name that `parse_coord_sys` accepts; besides these four, `cgcs2000-zone35` and the like."""

Geometries = NDArray[np.object_]
_Convert = Callable[[ArrayLike, ArrayLike], tuple[Floats, Floats]]

WGS84_EPSG = 4326
CGCS2000_EPSG = 4490
CHINA_BOX: Box = (73.5, 3.0, 136.5, 54.0)
"""All of China, South China Sea islands included, to whole 3-degree zones east and west."""

# CGCS2000 / 3-degree Gauss-Kruger (EPSG:4513-4554).
_ZONES = range(25, 46)
_EPSG_OF_FIRST_ZONE = 4513
_EPSG_OF_FIRST_MERIDIAN = 4534
_GK_REACH_M = 700_000.0  # less than the 833 km to where the next numbered zone begins
_GK_NORTH_M = 6_300_000.0  # about 56.8 degrees north


# --- names ---


@dataclass(frozen=True)
class CoordSysChoice:
    """One coordinate system a page offers."""

    name: str
    """What `parse_coord_sys` returns."""
    en: str
    """Label in English."""
    zh: str
    """Label in Chinese."""


def _name_gauss_kruger() -> dict[str, int]:
    meridians = {f"cgcs2000-cm{3 * z}": _EPSG_OF_FIRST_MERIDIAN + z - _ZONES[0] for z in _ZONES}
    return meridians | {f"cgcs2000-zone{z}": _EPSG_OF_FIRST_ZONE + z - _ZONES[0] for z in _ZONES}


GAUSS_KRUGER_EPSG: dict[str, int] = _name_gauss_kruger()
"""EPSG code of each of the 42 named CGCS2000 3-degree systems (三度带)."""

_EPSG_NAMES = {WGS84_EPSG: "wgs84", CGCS2000_EPSG: "cgcs2000"} | {v: k for k, v in GAUSS_KRUGER_EPSG.items()}
_SPELLINGS = {name.replace("-", ""): name for name in ("gcj02", "bd09", *_EPSG_NAMES.values())} | {
    "crs84": "wgs84",
    "ogc:crs84": "wgs84",
    "wgs1984": "wgs84",
    "bd09ll": "bd09",
}


@lru_cache(maxsize=256)
def parse_coord_sys(name: str) -> str:
    """Return the one spelling of a coordinate system's name.

    Case, width, spaces, hyphens and underscores do not matter, and EPSG codes of the named systems
    turn into their names.

    Raises
    ------
    CrsError
        If the name is unknown, or names something that has no horizontal position (a height system).

    Examples
    --------
    >>> parse_coord_sys("EPSG:4544"), parse_coord_sys("GCJ-02"), parse_coord_sys("epsg:2249")
    ('cgcs2000-cm105', 'gcj02', 'epsg:2249')
    """
    typed = re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", name).lower())
    typed = re.sub(r"^(cgcs2000cm\d+)e$", r"\1", typed)
    if typed in _SPELLINGS:
        return _SPELLINGS[typed]
    if (code := re.fullmatch(r"(?:epsg:+)?([1-9]\d{3,6})", typed, flags=re.ASCII)) is None:
        raise CrsError("crs_unknown", coord_sys=name)
    epsg = int(code[1])
    if epsg in _EPSG_NAMES:
        return _EPSG_NAMES[epsg]
    try:
        crs = pyproj.CRS.from_epsg(epsg)
    except pyproj.exceptions.CRSError as error:
        raise CrsError("crs_unknown", coord_sys=name) from error
    if len(crs.axis_info) != 2 or not (crs.is_geographic or crs.is_projected):
        raise CrsError("crs_not_horizontal", coord_sys=f"epsg:{epsg}", title=crs.name)
    return f"epsg:{epsg}"


def list_coord_sys() -> list[CoordSysChoice]:
    """Return the named systems in the order a page offers them, with labels."""
    choices = [
        CoordSysChoice("wgs84", "WGS84 (GPS, OpenStreetMap)", "WGS84（GPS、OpenStreetMap）"),
        CoordSysChoice("cgcs2000", "CGCS2000 degrees (official data)", "CGCS2000 经纬度（官方数据、天地图）"),
        CoordSysChoice("gcj02", "GCJ-02 (Amap, Tencent)", "GCJ-02 火星坐标（高德、腾讯）"),
        CoordSysChoice("bd09", "BD-09 (Baidu)", "BD-09 百度坐标"),
    ]
    for name in GAUSS_KRUGER_EPSG:
        number = int(re.sub(r"\D", "", name.removeprefix("cgcs2000-")))
        if "zone" in name:
            en = f"CGCS2000 3-degree zone {number}, {3 * number}°E (metres, zone number in front)"
            zh = f"CGCS2000 三度带 第{number}带 中央经线{3 * number}°E（米，横坐标带带号）"
        else:
            en = f"CGCS2000 3-degree, {number}°E (metres, no zone number)"
            zh = f"CGCS2000 三度带 中央经线{number}°E（米，横坐标不带带号）"
        choices.append(CoordSysChoice(name, en, zh))
    return choices


# --- conversion ---

_TO_WGS84: dict[str, _Convert] = {
    "wgs84": as_pair,
    "cgcs2000": as_pair,
    "gcj02": gcj02_to_wgs84,
    "bd09": bd09_to_wgs84,
}
_FROM_WGS84: dict[str, _Convert] = {
    "wgs84": as_pair,
    "cgcs2000": as_pair,
    "gcj02": wgs84_to_gcj02,
    "bd09": wgs84_to_bd09,
}


@lru_cache(maxsize=64)
def _projection(system: str) -> pyproj.Transformer:
    """Return what turns a parsed system into degrees, with x first; no grid is ever downloaded."""
    pyproj.network.set_network_enabled(active=False)  # type: ignore[attr-defined]
    crs = pyproj.CRS.from_epsg(GAUSS_KRUGER_EPSG.get(system) or int(system.removeprefix("epsg:")))
    base = crs.geodetic_crs
    is_cgcs2000 = base is not None and base.to_epsg() == CGCS2000_EPSG
    return pyproj.Transformer.from_crs(crs, base if is_cgcs2000 else WGS84_EPSG, always_xy=True)


def _within_zone(x: Floats, y: Floats, system: str) -> NDArray[np.bool_]:
    """Tell which eastings and northings can belong to a system; all, unless it is a 3-degree one."""
    if system not in GAUSS_KRUGER_EPSG:
        return np.isfinite(x) & np.isfinite(y)
    zone = re.fullmatch(r"cgcs2000-zone(\d+)", system)
    false_easting_m = 500_000.0 + (int(zone[1]) * 1_000_000.0 if zone else 0.0)
    return (np.abs(x - false_easting_m) <= _GK_REACH_M) & (y >= 0.0) & (y <= _GK_NORTH_M)


def to_wgs84(x: ArrayLike, y: ArrayLike, *, coord_sys: CoordSys) -> tuple[Floats, Floats]:
    """Convert positions in a named system to WGS84 longitude and latitude.

    Parameters
    ----------
    x, y
        Longitude and latitude in degrees, or easting and northing in the unit of the system; any
        shape, never written to.
    coord_sys
        See `parse_coord_sys`.

    Returns
    -------
    tuple of numpy.ndarray
        Longitude and latitude in degrees, in the shape given; both missing where a position is
        missing, infinite or out of the reach of the projection.

    Raises
    ------
    CrsError
        If the name is unknown, or if no position at all fits the system.

    Notes
    -----
    A 3-degree zone reaches 700 km to either side of its meridian, so an easting without its zone
    number, with the number of another zone, or in the column of the northing does not fit.
    """
    system = parse_coord_sys(coord_sys)
    if (convert := _TO_WGS84.get(system)) is not None:
        return convert(x, y)
    px, py = as_pair(x, y)
    given = np.isfinite(px)
    fits = given & _within_zone(px, py, system)
    lon, lat = np.full(px.shape, np.nan), np.full(py.shape, np.nan)
    lon[fits], lat[fits] = _projection(system).transform(px[fits], py[fits])
    lon, lat = as_pair(lon, lat)
    if given.any() and not np.isfinite(lon).any():
        first = int(np.flatnonzero(given)[0])
        raise CrsError(
            "crs_fits_nothing",
            coord_sys=system,
            n=int(given.sum()),
            row=first + 1,
            x=float(px.flat[first]),
            y=float(py.flat[first]),
        )
    return lon, lat


def from_wgs84(lon: ArrayLike, lat: ArrayLike, *, coord_sys: CoordSys) -> tuple[Floats, Floats]:
    """Convert WGS84 longitude and latitude to a named system; the reverse of `to_wgs84`.

    Positions that are missing or out of the reach of the projection come out missing.

    Raises
    ------
    CrsError
        If the name is unknown.
    """
    system = parse_coord_sys(coord_sys)
    if (convert := _FROM_WGS84.get(system)) is not None:
        return convert(lon, lat)
    x, y = as_pair(lon, lat)
    given = np.isfinite(x)
    x[given], y[given] = _projection(system).transform(x[given], y[given], direction="INVERSE")
    fits = _within_zone(x, y, system)
    return as_pair(np.where(fits, x, np.nan), np.where(fits, y, np.nan))


@overload
def geometries_to_wgs84(geoms: Geometries, *, coord_sys: CoordSys) -> Geometries: ...
@overload
def geometries_to_wgs84(geoms: gpd.GeoSeries, *, coord_sys: CoordSys) -> gpd.GeoSeries: ...
def geometries_to_wgs84(
    geoms: gpd.GeoSeries | Geometries, *, coord_sys: CoordSys
) -> gpd.GeoSeries | Geometries:
    """Convert geometries in a named system to WGS84, without heights.

    Each distinct vertex is converted once, so edges that neighbours share stay shared to the last bit.

    Parameters
    ----------
    geoms
        Geometries of any kind, missing ones allowed. A `.crs` they may carry is not looked at: files
        name their system, and GeoJSON readers say WGS84 whatever the file holds.
    coord_sys
        See `parse_coord_sys`.

    Returns
    -------
    geopandas.GeoSeries or numpy.ndarray
        As given: a series keeps its index and name, and its `.crs` is EPSG:4326. A geometry with a
        vertex that cannot be converted comes out missing.

    Raises
    ------
    CrsError
        If the name is unknown, or if no vertex at all fits the system.
    """
    flat = np.asarray(geoms, dtype=object)
    xy, owner = shapely.get_coordinates(flat.ravel(), return_index=True)
    corners, corner_of = np.unique(xy.view(np.complex128).ravel(), return_inverse=True)
    lon, lat = to_wgs84(corners.real, corners.imag, coord_sys=coord_sys)
    done = np.column_stack([lon, lat])[corner_of]
    lost = np.zeros(flat.size, dtype=bool)
    lost[owner[np.isnan(done[:, 0])]] = True
    kept = flat.flatten()
    kept[lost] = None
    converted = shapely.set_coordinates(kept, done[~lost[owner]]).reshape(flat.shape)
    if isinstance(geoms, gpd.GeoSeries):
        return gpd.GeoSeries(converted, index=geoms.index, name=geoms.name, crs=WGS84_EPSG)
    return converted


# --- measuring ---


def metric_crs(table: gpd.GeoDataFrame | gpd.GeoSeries, *, name: str = "table") -> pyproj.CRS:
    """Return the local CRS in which the lengths and surfaces of a table are measured, in metres.

    It is the CGCS2000 3-degree zone (三度带, easting without zone number) in and around China, and the
    UTM zone elsewhere, by the middle of the table. Within 170 km of its meridian a 3-degree zone is right
    to 0.04 % in length and 0.07 % in area; UTM is within 0.04 % in length and 0.08 % in area up to 255 km,
    and reaches 0.1 % and 0.2 % only at the edge of a zone on the equator. An empty table takes 105°E.

    Raises
    ------
    CrsError
        If the table has no CRS.
    """
    if table.crs is None:
        raise CrsError("crs_missing", table=name)
    box = np.asarray(table.total_bounds, dtype=np.float64)
    if not np.isfinite(box).all():
        return pyproj.CRS.from_epsg(GAUSS_KRUGER_EPSG["cgcs2000-cm105"])
    to_degrees = pyproj.Transformer.from_crs(table.crs, WGS84_EPSG, always_xy=True)
    lon, lat = to_degrees.transform((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    west, south, east, north = CHINA_BOX
    if west <= lon < east and south <= lat <= north:
        return pyproj.CRS.from_epsg(_EPSG_OF_FIRST_MERIDIAN + int((lon + 1.5) // 3) - _ZONES[0])
    zone = int((lon + 180) // 6) % 60 + 1
    return pyproj.CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


# --- checks ---


def looks_swapped(lon: ArrayLike, lat: ArrayLike, *, around: Box | None = None) -> NDArray[np.bool_]:
    """Tell which points look as if latitude stood in the column of the longitude (经纬度颠倒).

    A point looks swapped where it lies outside the box and would lie inside with its two values
    exchanged. The box is that of the jurisdiction, or all of China. Nothing is exchanged here.
    """
    box = CHINA_BOX if around is None else around
    x, y = as_pair(lon, lat)
    return inside_box(y, x, box) & ~inside_box(x, y, box)


def fits_degrees(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Tell which pairs are a longitude and a latitude: within 180, and nearer the equator than a pole."""
    x, y = as_pair(lon, lat)
    return (np.abs(x) <= 180) & (np.abs(y) < 90)


def require_degrees(lon: ArrayLike, lat: ArrayLike, *, name: str, rows: ArrayLike | None = None) -> None:
    """Refuse points that are not degrees, saying what they look like; missing ones pass.

    Parameters
    ----------
    lon, lat
        WGS84 degrees, or so it is said.
    name
        What the user calls the table or file.
    rows
        The row number of each point in the file; 1, 2, 3 … when not given.

    Raises
    ------
    CrsError
        If a value is infinite or out of range: metres, swapped columns, or neither. The sentence
        counts such rows and shows the first.
    """
    x, y = (np.asarray(v, dtype=np.float64).ravel() for v in (lon, lat))
    bad = ~fits_degrees(x, y) & ~(np.isnan(x) | np.isnan(y))
    if not bad.any():
        return
    swapped = bad & (np.abs(y) <= 180) & (np.abs(x) < 90)
    metres = bad & np.isfinite(x) & np.isfinite(y) & (np.maximum(np.abs(x), np.abs(y)) > 360)
    first = int(np.flatnonzero(bad)[0])
    code = "degrees_out_of_range"
    if 2 * metres.sum() > bad.sum():
        code = "degrees_are_metres"
    elif 2 * swapped.sum() > bad.sum():
        code = "degrees_swapped"
    row = first + 1 if rows is None else np.asarray(rows).ravel()[first]
    raise CrsError(
        code, name=name, n=int(bad.sum()), n_rows=x.size, row=row, lon=float(x[first]), lat=float(y[first])
    )


def require_geometry_degrees(
    geoms: gpd.GeoSeries | Geometries, *, name: str, rows: ArrayLike | None = None
) -> None:
    """Refuse geometries that are not in degrees, or that reach across the antimeridian.

    Raises
    ------
    CrsError
        As `require_degrees`, by the corners of each geometry's box; and where a geometry spans more
        than half the earth, which is what one across 180° looks like.
    """
    box = shapely.bounds(np.asarray(geoms, dtype=object).ravel())
    numbers = np.arange(1, len(box) + 1) if rows is None else np.asarray(rows).ravel()
    for corner in (box[:, :2], box[:, 2:]):
        require_degrees(corner[:, 0], corner[:, 1], name=name, rows=numbers)
    wide = np.flatnonzero(box[:, 2] - box[:, 0] > 180)
    if wide.size:
        raise CrsError("degrees_antimeridian", name=name, n=wide.size, row=numbers[wide[0]])
