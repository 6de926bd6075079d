"""Which coordinate system a layer is in: what the file declares, what the user names (坐标系认定).

The decision, once for every layer:

- a name the user gave wins, and is refused where the numbers cannot be that system;
- what the file itself declares is taken when the numbers can be that system;
- GeoJSON without a `crs` member is WGS84 by RFC 7946, yet inside China such files are as often GCJ-02:
  there it must be named, elsewhere the rule of the format is taken, and noted;
- otherwise it must be named. Numbers that cannot be the system said are told for what they look like
  (`geo.intake.doubts`); nothing is taken on a guess.
"""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import pyproj
import pyproj.exceptions
from numpy.typing import NDArray

from geo.crs import fits_degrees, parse_coord_sys
from geo.errors import ChoiceError, CrsError
from geo.gcj02 import GCJ02_BOX, inside_box
from geo.intake.checked import Note
from geo.intake.doubts import guess_projected, looks_exchanged, name_guesses

CrsBasis = Literal["file", "format", "unknown", "none"]
"""Where the declared system comes from: the file says so; the format says so; the file says something
that is no system we know; nowhere."""

DEGREE_SYSTEMS = ("wgs84", "cgcs2000", "gcj02", "bd09")

_DEFINITION = re.compile(r"\w+\s*[\[(]|\{|[\w:./ -]{1,200}$")
"""WKT, PROJJSON, or the name or code of a system. A PROJ string could name files (`+init`, `+nadgrids`)."""

_SAME_M = 1e-3
"""Two definitions are one system when they put a point at the same place to a millimetre."""


def name_declared(text: str | None, boxes: NDArray[np.float64]) -> tuple[str | None, CrsBasis]:
    """Return the coordinate system a file declares, by the name `geo.crs.parse_coord_sys` gives it.

    Parameters
    ----------
    text
        What the file holds: WKT of a .prj, a URN, an EPSG code; None when it holds nothing.
    boxes
        Boxes of its geometries (n, 4), in its coordinates.

    Returns
    -------
    tuple
        Name and basis; the name is None when the basis is `unknown` or `none`.

    Notes
    -----
    Definitions written by other programs carry other names, so PROJ finds them with little confidence.
    A match of low confidence is taken only where both definitions have the same ellipsoid and put the
    middle of the layer at the same place.
    """
    plain = (text or "").strip("\ufeff \n\r\t")
    if not plain:
        return None, "none"
    crs = _parse_definition(plain)
    if crs is None:
        return None, "unknown"
    if crs.to_authority() == ("OGC", "CRS84"):
        return "wgs84", "file"
    epsg = crs.to_epsg()
    if epsg is None:
        epsg = crs.to_epsg(min_confidence=20)
        if epsg is None or not _is_same(crs, pyproj.CRS.from_epsg(epsg), boxes):
            return None, "unknown"
    try:
        return parse_coord_sys(f"epsg:{epsg}"), "file"
    except CrsError:
        return None, "unknown"


def _parse_definition(text: str) -> pyproj.CRS | None:
    if not _DEFINITION.match(text):
        return None
    try:
        return pyproj.CRS.from_user_input(text).to_2d()
    except pyproj.exceptions.CRSError:
        return None


def _is_same(crs: pyproj.CRS, known: pyproj.CRS, boxes: NDArray[np.float64]) -> bool:
    a, b = crs.ellipsoid, known.ellipsoid
    if a is None or b is None:
        return False
    if abs(a.semi_major_metre - b.semi_major_metre) > _SAME_M:
        return False
    if abs(a.inverse_flattening - b.inverse_flattening) > 1e-6:
        return False
    if crs.is_geographic or not crs.is_projected:
        return bool(crs.is_geographic and known.is_geographic)
    box = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(box):
        return False
    x, y = (box[:, 0].min() + box[:, 2].max()) / 2, (box[:, 1].min() + box[:, 3].max()) / 2
    # Proj computes on the ellipsoid of the definition itself, without any shift between datums.
    here = pyproj.Proj(crs)(x, y, inverse=True, errcheck=False)
    back = pyproj.Proj(known)(*here, errcheck=False)
    return bool(np.hypot(back[0] - x, back[1] - y) < _SAME_M)


def is_believable(coord_sys: str, boxes: NDArray[np.float64]) -> bool:
    """Tell whether the numbers of a layer can be that system.

    Degrees must look like degrees for at least half of the geometries, and metres must not all be
    numbers that fit into a table of degrees.
    """
    box = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(box):
        return True
    fits = fits_degrees(box[:, 0], box[:, 1]) & fits_degrees(box[:, 2], box[:, 3])
    if _is_degrees(coord_sys):
        return bool(fits.mean() >= 0.5)
    return not bool(fits.all())


def _is_degrees(coord_sys: str) -> bool:
    if coord_sys in DEGREE_SYSTEMS:
        return True
    return coord_sys.startswith("epsg:") and pyproj.CRS.from_epsg(int(coord_sys[5:])).is_geographic


def choose_coord_sys(
    file_name: str,
    boxes: NDArray[np.float64],
    *,
    named: str | None,
    declared: str | None,
    basis: CrsBasis,
) -> tuple[str, tuple[Note, ...]]:
    """Decide the coordinate system of a layer.

    Parameters
    ----------
    file_name
        Name of the file in messages.
    boxes
        Boxes of its geometries (n, 4), in its coordinates.
    named
        System the user named, if any.
    declared, basis
        What `name_declared` returned.

    Returns
    -------
    tuple
        The system by its one name, and notes on how it was decided.

    Raises
    ------
    ChoiceError
        If it must be named and was not.
    CrsError
        If the name is unknown, or the numbers cannot be the system named or declared.
    """
    if named is not None:
        said = declared if basis == "file" else None
        return _take_named(file_name, boxes, named=parse_coord_sys(named), declared=said)
    if basis == "unknown":
        raise ChoiceError("crs_not_known", file=file_name)
    if declared is None:
        raise ChoiceError("crs_not_named", file=file_name)
    if not is_believable(declared, boxes):
        raise _doubt(file_name, boxes, declared, "crs_not_believable")
    if basis == "format":
        box = boxes[np.isfinite(boxes).all(axis=1)]
        if inside_box(box[:, 0], box[:, 1], GCJ02_BOX).any():
            raise ChoiceError("crs_not_named", file=file_name)
        return declared, (Note("crs_by_format", "note", {"coord_sys": declared}),)
    return declared, (Note("crs_by_file", "note", {"coord_sys": declared}),)


def _take_named(
    file_name: str, boxes: NDArray[np.float64], *, named: str, declared: str | None
) -> tuple[str, tuple[Note, ...]]:
    if not is_believable(named, boxes):
        code = "crs_named_is_degrees" if _is_degrees(named) else "crs_named_is_metres"
        raise _doubt(file_name, boxes, named, code)
    if declared is not None and declared != named:
        return named, (Note("crs_overrides_file", "note", {"coord_sys": named, "declared": declared}),)
    return named, ()


def _doubt(file_name: str, boxes: NDArray[np.float64], coord_sys: str, code: str) -> CrsError:
    """Return what is wrong with a system in degrees: exchanged axes, metres of a known kind, or the code."""
    values = {"file": file_name, "coord_sys": coord_sys, **_sample(boxes)}
    if _is_degrees(coord_sys) and looks_exchanged(boxes):
        return CrsError("crs_axes_exchanged", **values)
    guesses = guess_projected(boxes) if _is_degrees(coord_sys) else ()
    if guesses:
        return CrsError("crs_looks_projected", guesses=name_guesses(guesses), **values)
    return CrsError(code, **values)


def _sample(boxes: NDArray[np.float64]) -> dict[str, object]:
    """Return the corner of the first geometry, to be shown."""
    first = boxes[np.isfinite(boxes).all(axis=1)][0]
    return {"x": f"{first[0]:.8g}", "y": f"{first[1]:.8g}"}
