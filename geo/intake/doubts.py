"""Recognise numbers that are not in the system they are said to be in: exchanged axes, metres (坐标疑点).

Nothing is converted or exchanged here. What is found goes into a question: the reader of the file answers it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.crs import CHINA_BOX, GAUSS_KRUGER_EPSG, Box, fits_degrees, looks_swapped, to_wgs84
from geo.errors import CrsError

_WEB_MERCATOR = "epsg:3857"
_LEAST_METRES = 1000.0
"""No projected layer lies nearer to the origin of its system, on both axes, than this."""
_MOST_NAMED = 4


@dataclass(frozen=True)
class SystemGuess:
    """A projected system that numbers could be in, and where the middle of the layer would then lie."""

    coord_sys: str
    lon: float
    lat: float


def looks_exchanged(boxes: NDArray[np.float64], *, around: Box | None = None) -> bool:
    """Tell whether at least half of the boxes look like latitude before longitude.

    Parameters
    ----------
    boxes
        Boxes of geometries (n, 4), in the file's coordinates; missing ones are left out.
    around
        Where the place is known to be, in WGS84 degrees; China where it is not.
    """
    box = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(box):
        return False
    x, y = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
    is_swapped = looks_swapped(x, y, around=around)
    is_only_other = ~fits_degrees(x, y) & fits_degrees(y, x)
    return bool(2 * (is_swapped | is_only_other).sum() >= len(box))


def guess_projected(boxes: NDArray[np.float64], *, around: Box | None = None) -> tuple[SystemGuess, ...]:
    """List the systems in metres that would put the middle of a layer where it can be.

    Looked at are the 42 named CGCS2000 systems and Web Mercator. A CGCS2000 easting without its zone number
    fits on every meridian; only where the place is known is the right one told from the others.

    Parameters
    ----------
    boxes
        Boxes of geometries (n, 4), in the file's coordinates.
    around
        Where the place is known to be, in WGS84 degrees; China where it is not.

    Returns
    -------
    tuple
        Guesses, zone by zone; none where the numbers look like degrees.
    """
    box = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(box):
        return ()
    x, y = (box[:, 0].min() + box[:, 2].max()) / 2, (box[:, 1].min() + box[:, 3].max()) / 2
    if max(abs(x), abs(y)) < _LEAST_METRES:
        return ()
    guesses = []
    for name in (*GAUSS_KRUGER_EPSG, _WEB_MERCATOR):
        try:
            lon, lat = (float(value) for value in to_wgs84(x, y, coord_sys=name))
        except CrsError:  # it is not even in the reach of that system
            continue
        west, south, east, north = CHINA_BOX if around is None else around
        if west <= lon <= east and south <= lat <= north and _is_in_zone(name, lon):
            guesses.append(SystemGuess(name, lon, lat))
    return tuple(guesses)


def name_guesses(guesses: tuple[SystemGuess, ...]) -> str:
    """Return the names of guesses for a sentence; of many the first and the last.

    Examples
    --------
    >>> name_guesses((SystemGuess("epsg:3857", 104.0, 30.6),))
    'epsg:3857 (104.00, 30.60)'
    """
    if len(guesses) > _MOST_NAMED:
        rest = [guess for guess in guesses if not guess.coord_sys.startswith("cgcs2000-cm")]
        many = [guess for guess in guesses if guess.coord_sys.startswith("cgcs2000-cm")]
        named = [f"{many[0].coord_sys} … {many[-1].coord_sys}"] if many else []
        return ", ".join([*named, *(guess.coord_sys for guess in rest)])
    return ", ".join(f"{guess.coord_sys} ({guess.lon:.2f}, {guess.lat:.2f})" for guess in guesses)


def _is_in_zone(name: str, lon: float) -> bool:
    """Tell whether a longitude is one that a survey would lay into that system: a degree beyond it at most."""
    if name not in GAUSS_KRUGER_EPSG:
        return True
    number = int("".join(sign for sign in name.removeprefix("cgcs2000-") if sign.isdigit()))
    meridian = number if "cm" in name else 3 * number
    return abs(lon - meridian) <= 2.5
