"""Turn features of Esri JSON into features of GeoJSON (Esri JSON 要素转换).

ArcGIS servers hand out `attributes` and `rings` where GeoJSON has `properties` and `coordinates`. All rings
of a polygon stand in one list there: an outer ring runs clockwise, a hole the other way, and a hole belongs
to the outer ring that holds it (ArcGIS REST API, geometry objects). Curves are not drawn as straight lines:
such a feature is refused by its kind.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import shapely
from numpy.typing import NDArray

_SHAPES = ("rings", "paths", "points", "x", "curveRings", "curvePaths")
_PLAIN_KINDS = {"paths": "MultiLineString", "points": "MultiPoint"}
_LEAST_RING = 3


def is_esri_feature(feature: object) -> bool:
    """Tell whether a member of `features` is one of Esri JSON: it has no type, and attributes or rings."""
    if not isinstance(feature, dict) or "type" in feature:
        return False
    geometry = feature.get("geometry")
    is_shaped = isinstance(geometry, dict) and "type" not in geometry and any(k in geometry for k in _SHAPES)
    return is_shaped or isinstance(feature.get("attributes"), dict)


def turn_esri_feature(feature: object) -> object:
    """Return a feature of Esri JSON as one of GeoJSON; anything else comes back as it is."""
    if not isinstance(feature, dict) or "type" in feature:
        return feature
    turned = type(feature)([("type", "Feature")])
    turned["properties"] = feature.get("attributes")
    turned["geometry"] = _turn_geometry(feature.get("geometry"))
    if (twice := getattr(feature, "twice", None)) is not None:
        turned.twice = twice  # type: ignore[attr-defined]
    return turned


def name_esri_system(reference: object) -> str | None:
    """Return what a `spatialReference` names: its EPSG code, or the WKT of a system without one.

    Examples
    --------
    >>> name_esri_system({"wkid": 102100, "latestWkid": 3857}), name_esri_system({})
    ('EPSG:3857', None)
    """
    if not isinstance(reference, dict):
        return None
    for key in ("latestWkid", "wkid"):
        number = reference.get(key)
        if isinstance(number, int) and not isinstance(number, bool) and number > 0:
            authority = "EPSG" if number < 32_768 else "ESRI"
            return f"{authority}:{number}"
    text = reference.get("wkt2") or reference.get("wkt")
    return text if isinstance(text, str) else None


def _turn_geometry(geometry: object) -> object:
    if not isinstance(geometry, dict) or "type" in geometry:
        return geometry
    for key in ("curveRings", "curvePaths"):
        if key in geometry:
            return {"type": key}
    if "rings" in geometry:
        return _turn_rings(geometry["rings"])
    for key, kind in _PLAIN_KINDS.items():
        if key in geometry:
            return {"type": kind, "coordinates": geometry[key]}
    if "x" in geometry:
        x, y = geometry.get("x"), geometry.get("y")
        return None if x is None or x == "NaN" else {"type": "Point", "coordinates": [x, y]}
    return geometry or None


def _turn_rings(rings: object) -> Mapping[str, object]:
    """Sort rings into polygons; rings that cannot be sorted stay as they are, for the reader to refuse."""
    if not isinstance(rings, list):
        return {"type": "Polygon", "coordinates": rings}
    corners = [_corners(ring) for ring in rings]
    if len(rings) < 2 or any(corner is None for corner in corners):
        return {"type": "Polygon", "coordinates": rings}
    known = [corner for corner in corners if corner is not None]
    is_clockwise = np.array([_turn(corner) <= 0 for corner in known])
    holders = _find_holders(known, is_clockwise)
    if None in holders.values():  # perhaps a writer that turns its rings the other way
        turned = _find_holders(known, ~is_clockwise)
        if (turned and None not in turned.values()) or is_clockwise.sum() == 0:
            is_clockwise, holders = ~is_clockwise, turned
    parts: dict[int, list[object]] = {int(at): [rings[at]] for at in np.flatnonzero(is_clockwise)}
    for at, holder in holders.items():
        if holder is None:
            parts[at] = [rings[at]]
        else:
            parts[holder].append(rings[at])
    return {"type": "MultiPolygon", "coordinates": list(parts.values())}


def _find_holders(rings: list[NDArray[np.float64]], is_outer: NDArray[np.bool_]) -> dict[int, int | None]:
    """Return, for each ring that is no outer one, the smallest outer ring that holds all its corners."""
    outer = np.flatnonzero(is_outer).tolist()
    shells = [shapely.polygons(rings[at]) for at in outer]
    holders: dict[int, int | None] = {}
    for at in np.flatnonzero(~is_outer).tolist():
        corners = shapely.points(rings[at])
        held = [
            (float(shapely.area(shell)), number)
            for shell, number in zip(shells, outer, strict=True)
            if shapely.is_valid(shell) and bool(shapely.covers(shell, corners).all())
        ]
        holders[at] = min(held)[1] if held else None
    return holders


def _corners(ring: object) -> NDArray[np.float64] | None:
    """Return the corners of a ring that can be one: at least three pairs of finite numbers."""
    if not isinstance(ring, list) or len(ring) < _LEAST_RING:
        return None
    try:
        corners = np.asarray([position[:2] for position in ring if isinstance(position, list)], dtype=float)
    except (TypeError, ValueError):
        return None
    if corners.shape != (len(ring), 2) or not np.isfinite(corners).all():
        return None
    return corners if len(np.unique(corners, axis=0)) >= _LEAST_RING else None


def _turn(corners: NDArray[np.float64]) -> float:
    """Return twice the surface of a ring, negative where it runs clockwise."""
    x, y = (corners - corners[0]).T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
