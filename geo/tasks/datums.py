"""Doubt the coordinate system of a layer by what is stored around it (坐标系疑点).

A page and a command ask the same here, before a layer is checked: do its corners lie where they should, in
the system that was named? What is found is said; which system it is stays the choice of the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.datum import (
    WITHIN_M,
    DatumFit,
    DatumJudgement,
    DatumName,
    convert_as,
    judge_datum,
)
from geo.crs import Box, geometries_to_wgs84, parse_coord_sys
from geo.errors import ChoiceError
from geo.intake.checked import Note
from geo.intake.declared import is_believable
from geo.intake.doubts import SystemGuess, guess_projected, looks_exchanged
from geo.intake.features import GEOMETRY_COLUMN
from geo.intake.layers import RawLayer
from geo.schema import AREA_LEVELS
from geo.store.base import Store

DATUM_TITLES: dict[DatumName, str] = {"wgs84": "WGS84", "gcj02": "GCJ-02", "bd09": "BD-09"}
_STATED: dict[str, DatumName] = {"wgs84": "wgs84", "cgcs2000": "wgs84", "gcj02": "gcj02", "bd09": "bd09"}
_REFERENCES = {
    "areas": ("已有边界", "stored boundaries"),
    "streets": ("已有道路", "stored streets"),
    "buildings": ("已有楼栋", "stored buildings"),
}
_BEARINGS = {
    "n": ("北", "north"), "ne": ("东北", "north-east"), "e": ("东", "east"), "se": ("东南", "south-east"),
    "s": ("南", "south"), "sw": ("西南", "south-west"), "w": ("西", "west"), "nw": ("西北", "north-west"),
}  # fmt: skip
_AROUND_DEG = 0.5
"""How far beyond what is stored a further layer may lie and still be of the same city."""
MOST_KNOWN = 20_000
"""Stored areas that are looked at; finer levels beyond are left out, which keeps the answer within seconds."""
_MOST_DRAWN = 300
"""Shapes of a layer that a preview of its shift shows."""


@dataclass(frozen=True)
class LayerDoubts:
    """What speaks against the coordinate system of a layer."""

    datum: DatumJudgement | None = None
    """None where the numbers are no degrees, so that there is nothing to compare."""
    is_exchanged: bool = False
    """Whether the layer looks as if latitude stood before longitude."""
    guesses: tuple[SystemGuess, ...] = ()
    """Systems in metres that the numbers could be in, where they cannot be what is said."""
    notes: tuple[Note, ...] = field(default=())
    """What to say of it."""


def doubt_layer(store: Store, layer: RawLayer, *, coord_sys: str | None = None) -> LayerDoubts:
    """Compare a layer with what is stored, read in each system that is easily mistaken for another.

    Parameters
    ----------
    store
        Its published areas, streets and buildings are what is known; as much as the seat may see.
    layer
        As read.
    coord_sys
        System the reader named, if any.

    Raises
    ------
    CrsError
        If the name is unknown.
    """
    system = _system_of(layer, coord_sys)
    around = _stored_box(store)
    if not is_believable(system or "wgs84", layer.boxes):
        is_exchanged = looks_exchanged(layer.boxes, around=around)
        guesses = () if is_exchanged else guess_projected(layer.boxes, around=around)
        return LayerDoubts(is_exchanged=is_exchanged, guesses=guesses)
    shapes = layer.table[GEOMETRY_COLUMN].to_numpy(dtype=object)
    is_degrees = system is None or system in _STATED
    degrees = shapes if is_degrees else geometries_to_wgs84(shapes, coord_sys=str(system))
    is_exchanged = is_degrees and looks_exchanged(shapely.bounds(degrees), around=around)
    if is_exchanged:
        return LayerDoubts(is_exchanged=True)
    stated = None if system is None else _STATED.get(system, "wgs84")
    judged = _judge(store, degrees, stated)
    note = _say_judgement(judged)
    return LayerDoubts(datum=judged, notes=() if note is None else (note,))


def explain_choice(error: ChoiceError, layer: RawLayer, doubts: LayerDoubts) -> ChoiceError:
    """Return the question for the system of a layer with what it fits best, where that is known."""
    judged = doubts.datum
    if error.code != "crs_not_named" or judged is None or judged.verdict not in ("fits", "differs"):
        return error
    if judged.best.doubted == "stored":
        return error
    return ChoiceError(
        "crs_not_named_fits", file=layer.file_name, best_name=judged.best.coord_sys, **_values(judged)
    )


@dataclass(frozen=True)
class ShiftPreview:
    """Areas of a layer in WGS84, read in two ways."""

    stated: gpd.GeoSeries
    """As they lie when read as stated."""
    best: gpd.GeoSeries
    """As they lie when read as fits best; where the stored data is doubted, where they would have to lie."""
    box: Box
    """Around one of the smallest areas, both ways: large enough that the shift can be seen."""


def preview_shift(
    layer: RawLayer, judged: DatumJudgement, *, coord_sys: str | None = None
) -> ShiftPreview | None:
    """Lay out the first areas of a layer in two ways; None where it has no areas."""
    system = _system_of(layer, coord_sys)
    shapes = layer.table[GEOMETRY_COLUMN].to_numpy(dtype=object)
    parts = shapely.get_parts(shapes[~shapely.is_missing(shapes)])
    parts = parts[shapely.get_dimensions(parts) == 2][:_MOST_DRAWN]
    if not len(parts):
        return None
    if system is not None and system not in _STATED:
        parts = geometries_to_wgs84(parts, coord_sys=system)
    stated, best = (_lay(parts, fit) for fit in (judged.as_stated, judged.best))
    one = int(np.argsort(shapely.area(stated))[len(stated) // 4])
    west, south, east, north = shapely.total_bounds(np.array([stated[one], best[one]]))
    box = (float(west), float(south), float(east), float(north))
    return ShiftPreview(gpd.GeoSeries(stated, crs=4326), gpd.GeoSeries(best, crs=4326), box)


def _lay(shapes: NDArray[np.object_], fit: DatumFit) -> NDArray[np.object_]:
    return np.asarray(
        shapely.transform(shapes, lambda xy: np.column_stack(convert_as(xy[:, 0], xy[:, 1], fit)))
    )


def _system_of(layer: RawLayer, coord_sys: str | None) -> str | None:
    """Return the system a layer is in as far as anybody has said so; a rule of its format is nobody's word."""
    named = coord_sys or layer.coord_sys
    if named:
        return parse_coord_sys(named)
    if layer.declared_crs is not None and (layer.crs_basis == "file" or not layer.believable):
        return layer.declared_crs
    return None


def _judge(store: Store, degrees: NDArray[np.object_], stated: DatumName | None) -> DatumJudgement:
    lon, lat = shapely.get_coordinates(degrees).T
    judged = DatumJudgement("no_reference", (), stated, "", 0)
    for name, shapes in _known(store):
        found = judge_datum(lon, lat, {name: shapes}, stated=stated)
        if found.verdict in ("fits", "differs"):
            return found
        judged = found if judged.verdict == "no_reference" else judged
    return judged


def _known(store: Store) -> Iterator[tuple[str, NDArray[np.object_]]]:
    """Read what is known, one kind after the other, and only as long as it is asked for."""
    areas: list[NDArray[np.object_]] = []
    for level in AREA_LEVELS:  # coarse to fine: borders of coarser levels are borders of finer ones too
        n = len(store.read_areas(level, with_geometry=False))
        if n and (not areas or sum(map(len, areas)) + n <= MOST_KNOWN):
            areas.append(store.read_areas(level).geometry.to_numpy(dtype=object))
    yield "areas", np.concatenate(areas) if areas else np.empty(0, dtype=object)
    for name, table in (("streets", "street_edges"), ("buildings", "buildings")):
        shapes = store.read(table, columns=["geom"])["geom"].to_numpy(dtype=object)
        yield name, shapes[~shapely.is_missing(shapes)]


def _stored_box(store: Store) -> Box | None:
    """Return the box of the coarsest stored areas, with some room; None where there are none."""
    for level in AREA_LEVELS:
        areas = store.read_areas(level)
        if len(areas):
            west, south, east, north = (float(edge) for edge in areas.total_bounds)
            return (west - _AROUND_DEG, south - _AROUND_DEG, east + _AROUND_DEG, north + _AROUND_DEG)
    return None


def _say_judgement(judged: DatumJudgement) -> Note | None:
    if judged.verdict not in ("fits", "differs"):
        return None
    if judged.verdict == "fits":
        return Note("datum_fits", "note", _values(judged))
    code = "datum_differs" if judged.best.doubted == "file" else "datum_stored_differs"
    return Note(code, "warns", _values(judged))


def _values(judged: DatumJudgement) -> dict[str, object]:
    """Return what the sentences are filled with."""
    best, stated = judged.best, judged.as_stated
    # WGS84 is what every reader compares with; where that is best itself, the runner-up.
    rivals = [fit for fit in judged.fits if fit.doubted == "file" and fit.coord_sys != best.coord_sys]
    other = next((fit for fit in rivals if fit.coord_sys == "wgs84"), rivals[0] if rivals else stated)
    reference, bearing = _REFERENCES[judged.reference], _BEARINGS[judged.bearing]
    return {
        "best": DATUM_TITLES[best.coord_sys], "best_share": best.share_within,
        "stated": DATUM_TITLES[stated.coord_sys], "stated_share": stated.share_within,
        "other": DATUM_TITLES[other.coord_sys], "other_share": other.share_within,
        "n": judged.n_vertices, "within_m": WITHIN_M, "shift_m": judged.shift_m,
        "reference_zh": reference[0], "reference_en": reference[1],
        "bearing_zh": bearing[0], "bearing_en": bearing[1],
    }  # fmt: skip
