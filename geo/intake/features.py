"""What every reader of layers returns: features as they stand in the file (要素原样).

Attributes are text, since a code is a name and not a number. Numbers turn into the text a person
would have written; digits that a file no longer holds are never made up again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ChoiceError, EmptyError, MissingError
from geo.intake.checked import Note

LayerFormat = Literal[
    "geojson", "geojson_seq", "esri_json", "topojson", "geopackage", "shapefile", "kml", "geoparquet",
    "flatgeobuf",
]  # fmt: skip

GEOMETRY_COLUMN = "geometry"
"""Column that problems of a geometry are listed under."""

EXACT_FLOAT = 2.0**53
"""Whole floating-point numbers below this are exact; above, digits of a code are lost."""

NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
"""Characters no database keeps: NUL and halves of a pair."""


@dataclass(frozen=True)
class RawFeatures:
    """Features of one file as they stand in it, refused ones included."""

    attributes: pd.DataFrame
    """Text columns; index `row` = number of the feature, from 1."""
    geometry: NDArray[np.object_]
    """Geometries in the file's coordinates, without heights; None where there is none to use."""
    problems: pd.DataFrame
    """Refused features, `PROBLEM_COLUMNS`."""
    crs_text: str | None
    """What the file says its coordinate system is."""
    n_heights: int
    """Features whose heights were dropped."""
    encoding: str | None = None
    """Encoding of its attributes, where the format has more than one."""
    is_encoding_sure: bool = True
    """False where another encoding fits as well."""
    encoding_candidates: tuple[tuple[str, str], ...] = ()
    """Encodings that can be meant and how the first rows read in each."""
    format: LayerFormat = "geojson"
    layer: str | None = None
    """Name of the layer, where the format has names for them."""
    layers: tuple[str, ...] = ()
    """All layers of the file, where the format has names for them."""
    notes: tuple[Note, ...] = ()
    """What is to be said of the file as a whole."""


def choose_layer(layers: Sequence[str], layer: str | None, *, file_name: str) -> str:
    """Return the layer of a file that is to be read: the one named, or the only one.

    Raises
    ------
    EmptyError
        If the file has no layer.
    ChoiceError
        If it has several and none was named; they are listed.
    MissingError
        If it has no layer of that name.

    Examples
    --------
    >>> choose_layer(["grid"], None, file_name="x.gpkg")
    'grid'
    """
    if not layers:
        raise EmptyError("layer_empty", file=file_name)
    if layer is None:
        if len(layers) > 1:
            raise ChoiceError(
                "layer_not_named", file=file_name, layers=", ".join(layers), choices=list(layers)
            )
        return layers[0]
    if layer not in layers:
        raise MissingError("layer_unknown", file=file_name, layer=layer, layers=", ".join(layers))
    return layer


def as_text(value: object) -> str:
    """Return an attribute as text, as it was issued; whole numbers lose a `.0` that no person wrote.

    Examples
    --------
    >>> as_text(1054.0), as_text(2.5), as_text("043001.0"), as_text(4.30102e17)
    ('1054', '2.5', '043001.0', '4.30102e+17')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        if number.is_integer() and abs(number) < EXACT_FLOAT:
            return str(int(number))
        return repr(number)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def name_columns(names: list[str]) -> list[str]:
    """Make the names of columns unique: a name that stands twice gets ` (2)`, ` (3)` … behind it.

    `geometry` counts as taken, since the geometries stand there.

    Examples
    --------
    >>> name_columns(["id", "id", "geometry"])
    ['id', 'id (2)', 'geometry (2)']
    """
    taken = {GEOMETRY_COLUMN}
    unique: list[str] = []
    for name in names:
        free, n = name, 1
        while free in taken:
            n += 1
            free = f"{name} ({n})"
        taken.add(free)
        unique.append(free)
    return unique
