"""Shift WGS84 to GCJ-02 and BD-09, and back (火星坐标与百度坐标).

Amap and Tencent use GCJ-02, Baidu BD-09: WGS84 moved by some hundred metres, by a formula that was never
published officially. What stands here is the reconstruction that everybody uses. GCJ-02 is the identity
outside the published box around China; the BD-09 step has no box. The inverses have no formula; they
are iterated to rounding error, with a fixed number of passes, so that a point's answer never depends
on its neighbours.

The jump at the edge of the GCJ-02 box has two consequences that no program can remove. Along the east
and the north edge the shift points outwards: points less than 570 m inside the east edge or 320 m
inside the north edge leave the box, to where another point stands unshifted; the inverse answers the
unshifted one. Along the west and the south edge it points inwards, so that a strip of GCJ-02 has no
original at all; there the inverse continues the formula. Every other point, on either side, comes back
within two micrometres. The box also holds Hong Kong, Macao, Taiwan and parts of neighbouring countries,
where real maps are not shifted: name such files `wgs84`.

Plain numpy on blocks of points that stay in the processor's cache converts a million points from
GCJ-02 in about 0.55 s on one core (`benchmarks/crs.py`). The same arithmetic compiled with numba took 0.37 s
on two cores, after 1.4 s (4 s with six sines) for the first call; that is not worth a compiled module.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""

Floats = NDArray[np.float64]
_Step = Callable[[Floats, Floats], tuple[Floats, Floats]]

# GCJ-02 and BD-09 as reconstructed and published by many; the originals are not public.
GCJ02_BOX: Box = (72.004, 0.8293, 137.8347, 55.8271)
_KRASOVSKY_A_M = 6378245.0
_KRASOVSKY_E2 = 0.00669342162296594323
_GCJ02_ORIGIN = (105.0, 35.0)
_GCJ02_PASSES = 5  # the error shrinks at least 140-fold a pass: 2e-13 degree are left at most
_BD09_WAVE = np.pi * 3000 / 180
_BD09_OFFSET = (0.0065, 0.006)
_BD09_STRETCH_DEG = 0.00002
_BD09_TURN = 0.000003
_BD09_PASSES = 7  # the error shrinks 30-fold a pass at the antimeridian, 45-fold in China
_BLOCK = 8192  # points; the working arrays of one block fit the second-level cache


def as_pair(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Copy two arrays of one shape to float64, missing together where either is not finite."""
    both = np.broadcast_arrays(np.asarray(x), np.asarray(y))
    px, py = (np.array(v, dtype=np.float64, order="C") for v in both)
    lost = ~(np.isfinite(px) & np.isfinite(py))
    px[lost] = np.nan
    py[lost] = np.nan
    return px, py


def inside_box(lon: Floats, lat: Floats, box: Box) -> NDArray[np.bool_]:
    """Tell which points lie in a box, its edges included; missing points do not."""
    west, south, east, north = box
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _convert_inside(lon: ArrayLike, lat: ArrayLike, *, step: _Step, box: Box) -> tuple[Floats, Floats]:
    """Apply a step to the points inside a box, block by block; the others keep their place."""
    out_lon, out_lat = as_pair(lon, lat)
    flat_lon, flat_lat = out_lon.reshape(-1), out_lat.reshape(-1)
    for start in range(0, flat_lon.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        chosen = np.flatnonzero(inside_box(flat_lon[part], flat_lat[part], box)) + start
        flat_lon[chosen], flat_lat[chosen] = step(flat_lon[chosen], flat_lat[chosen])
    return out_lon, out_lat


def _undo(shift: _Step, lon: Floats, lat: Floats, *, passes: int) -> tuple[Floats, Floats]:
    """Find what a shift has moved to (lon, lat), by fixed-point iteration.

    The number of passes is fixed, so that a point's answer never depends on its neighbours.
    """
    back_lon, back_lat = lon, lat
    for _ in range(passes):
        d_lon, d_lat = shift(back_lon, back_lat)
        back_lon, back_lat = lon - d_lon, lat - d_lat
    return back_lon, back_lat


def _gcj02_waves(d: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return 20 sin(pi d) + 40 sin(pi d / 3), sin(pi d / 12), sin(pi d / 30), and the common wave.

    All angles are multiples of pi d / 60, so one sine and one cosine are enough: an inverse costs
    less than half of what six calls of `sin` do, and the sums differ by some 1e-16 degree.
    """
    turn = d * (np.pi / 60)
    s1, c1 = np.sin(turn), np.cos(turn)
    s2, c2 = 2 * s1 * c1, 1 - 2 * s1 * s1
    s3, c3 = s2 * c1 + c2 * s1, c2 * c1 - s2 * s1
    s5, c5 = s3 * c2 + c3 * s2, c3 * c2 - s3 * s2
    s10, c10 = 2 * s5 * c5, 1 - 2 * s5 * s5
    s20, c20 = 2 * s10 * c10, 1 - 2 * s10 * s10
    s60, c60 = s20 * (3 - 4 * s20 * s20), c20 * (4 * c20 * c20 - 3)
    s120 = 2 * s60 * c60
    s360 = s120 * (3 - 4 * s120 * s120)
    return 20 * s60 + 40 * s20, s5, s2, 20 * s360 + 20 * s120


def _gcj02_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the shift from WGS84 to GCJ-02 in degrees: metres by polynomial and waves, then scaled."""
    x, y = lon - _GCJ02_ORIGIN[0], lat - _GCJ02_ORIGIN[1]
    short_x, x12, x30, common = _gcj02_waves(x)
    short_y, y12, y30, _ = _gcj02_waves(y)
    root, mixed = np.sqrt(np.abs(x)), 0.1 * x * y
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + mixed + 0.2 * root
    north_m += (common + short_y + 160 * y12 + 320 * y30) * (2 / 3)
    east_m = 300 + x + 2 * y + 0.1 * x * x + mixed + 0.1 * root
    east_m += (common + short_x + 150 * x12 + 300 * x30) * (2 / 3)

    phi = np.deg2rad(lat)
    bulge = 1 - _KRASOVSKY_E2 * np.sin(phi) ** 2
    m_per_rad_lat = _KRASOVSKY_A_M * (1 - _KRASOVSKY_E2) / (bulge * np.sqrt(bulge))
    m_per_rad_lon = _KRASOVSKY_A_M / np.sqrt(bulge) * np.cos(phi)
    return np.rad2deg(east_m / m_per_rad_lon), np.rad2deg(north_m / m_per_rad_lat)


def _bd09_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the shift from GCJ-02 to BD-09 in degrees.

    As published it adds a wave to the radius and to the angle of polar coordinates; written here as a
    stretch and a turn, which needs neither arc tangent nor the sine and cosine of the new angle.
    """
    radius = np.maximum(np.hypot(lon, lat), np.finfo(np.float64).tiny)
    stretch = 1 + _BD09_STRETCH_DEG * np.sin(lat * _BD09_WAVE) / radius
    turn = _BD09_TURN * np.cos(lon * _BD09_WAVE)
    cos_turn = 1 - turn * turn / 2  # turn is at most 3e-6: the next terms are below 1e-16
    new_lon = (lon * cos_turn - lat * turn) * stretch + _BD09_OFFSET[0]
    new_lat = (lat * cos_turn + lon * turn) * stretch + _BD09_OFFSET[1]
    return new_lon - lon, new_lat - lat


_DEGREES: Box = (-360.0, -90.0, 360.0, 90.0)


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS84 degrees to GCJ-02; points outside the GCJ-02 box stay.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02([116.404], [39.915])
    >>> print(f"{lon[0]:.8f} {lat[0]:.8f}")
    116.41024450 39.91640428
    """
    return _convert_inside(lon, lat, step=lambda x, y: _add_shift(_gcj02_shift, x, y), box=GCJ02_BOX)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Find the WGS84 degrees of GCJ-02 positions, to rounding error; outside the box they stay.

    Exact but for the strips along the edge of the box that the module describes.
    """
    return _convert_inside(
        lon, lat, step=lambda x, y: _undo(_gcj02_shift, x, y, passes=_GCJ02_PASSES), box=GCJ02_BOX
    )


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift GCJ-02 degrees to BD-09, anywhere on earth."""
    return _convert_inside(lon, lat, step=lambda x, y: _add_shift(_bd09_shift, x, y), box=_DEGREES)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Find the GCJ-02 degrees of BD-09 positions, to rounding error."""
    return _convert_inside(
        lon, lat, step=lambda x, y: _undo(_bd09_shift, x, y, passes=_BD09_PASSES), box=_DEGREES
    )


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS84 degrees to BD-09, through GCJ-02."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Find the WGS84 degrees of BD-09 positions, through GCJ-02."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def _add_shift(shift: _Step, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    d_lon, d_lat = shift(lon, lat)
    return lon + d_lon, lat + d_lat
