"""Turn the two coordinate columns of a file into WGS84 positions (坐标取值).

A cell that holds something which is no decimal number refuses its row, since something was meant by
it. A position that cannot be right (0, 0; half of a pair; off the globe) or that looks exchanged is
not used: the row stays, without a position, and is remarked on. Exchanged columns are read as such
only if somebody says so for the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.crs import CoordSys, fits_degrees, looks_swapped, parse_coord_sys, to_wgs84
from geo.errors import CrsError
from geo.gcj02 import Box
from geo.hexagons import NO_HEXAGON, hexagon_ids

CASE_RESOLUTION = 10
"""H3 resolution kept with a case (geo.schema)."""

_DEGREES = ("wgs84", "cgcs2000", "gcj02", "bd09")


@dataclass(frozen=True)
class Positions:
    """Positions of rows, WGS84, missing where there is none to use."""

    lon: pd.Series
    lat: pd.Series
    remark: pd.Series
    """`position_incomplete`, `position_zero`, `position_looks_swapped`, `position_out_of_range`,
    else empty."""


def find_positions(
    x: pd.Series, y: pd.Series, *, coord_sys: CoordSys, swap_lonlat: bool, around: Box | None = None
) -> Positions:
    """Convert coordinates to WGS84, and name those that cannot be used.

    Parameters
    ----------
    x, y
        Numbers of the columns that were named longitude and latitude.
    coord_sys
        System they are in.
    swap_lonlat
        Somebody said that the two are exchanged in this file.
    around
        West, south, east, north of where positions are expected; China where missing.

    Raises
    ------
    CrsError
        If the system is unknown, or not one position fits it.
    """
    system = parse_coord_sys(coord_sys)
    if swap_lonlat:
        x, y = y, x
    is_half = x.isna() != y.isna()
    is_zero = x.eq(0) & y.eq(0)
    usable = x.notna() & y.notna() & ~is_zero
    swapped = np.zeros(len(x), dtype=bool)
    if system in _DEGREES:
        swapped = looks_swapped(x.to_numpy(), y.to_numpy(), around=around)
    usable &= ~swapped
    lon, lat = to_wgs84(x.where(usable).to_numpy(), y.where(usable).to_numpy(), coord_sys=system)
    fits = fits_degrees(lon, lat)
    if usable.any() and not fits.any() and not swapped.any():
        first = x.index[int(usable.to_numpy().argmax())]
        values: dict[str, object] = {
            "n": int(usable.sum()),
            "row": first,
            "x": float(x[first]),
            "y": float(y[first]),
        }
        raise CrsError("crs_fits_nothing", coord_sys=system, **values)
    remark = np.select(
        [is_half, is_zero, swapped, usable & ~fits],
        ["position_incomplete", "position_zero", "position_looks_swapped", "position_out_of_range"],
        default="",
    )
    return Positions(
        pd.Series(np.where(fits, lon, np.nan), index=x.index, name="lon"),
        pd.Series(np.where(fits, lat, np.nan), index=x.index, name="lat"),
        pd.Series(pd.array(remark, dtype="str"), index=x.index),
    )


def find_hexagons(lon: pd.Series, lat: pd.Series) -> pd.Series:
    """Return the H3 cell of each position, missing where there is none."""
    ids = pd.Series(
        hexagon_ids(lon.to_numpy(), lat.to_numpy(), resolution=CASE_RESOLUTION),
        index=lon.index,
        dtype="Int64",
    )
    return ids.mask(ids.eq(NO_HEXAGON))
