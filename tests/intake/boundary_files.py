"""Small boundary layers and what a check tells of them: what the tests of boundaries share."""

from __future__ import annotations

import json

from geo.intake.boundaries import BoundaryChoices, check_boundaries
from geo.intake.checked import Checked
from geo.intake.layers import read_layer
from geo.intake.limits import Limits

LIMITS = Limits()


def square(x: float, y: float = 30.6, side: float = 0.01) -> list:
    return [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]


def layer_of(*features: tuple[dict, object], kind: str = "Polygon"):
    written = [
        {
            "type": "Feature",
            "properties": row,
            "geometry": None if shape is None else {"type": kind, "coordinates": shape},
        }
        for row, shape in features
    ]
    content = json.dumps({"type": "FeatureCollection", "features": written}).encode()
    return read_layer(content, file_name="网格.geojson", limits=LIMITS)


def check(*features: tuple[dict, object], kind: str = "Polygon", **choices: object) -> Checked:
    named = {"area_level": "grid", "id_column": "code", "coord_sys": "wgs84"} | choices
    return check_boundaries(layer_of(*features, kind=kind), BoundaryChoices(**named))


def told(checked: Checked) -> list[list[object]]:
    return checked.rejected[["row", "code"]].to_numpy().tolist()


def remarked(checked: Checked) -> list[list[object]]:
    return checked.remarks[["row", "code"]].to_numpy().tolist()


BOW_TIE = [[[104, 30.6], [104.01, 30.61], [104.01, 30.6], [104, 30.61], [104, 30.6]]]
HOLE_OUTSIDE = [square(104)[0], square(104.02, side=0.001)[0]]
HOLE_CROSSING = [square(104)[0], square(104.005)[0]]
SPIKE = [
    [
        [104, 30.6],
        [104.01, 30.6],
        [104.01, 30.605],
        [104.05, 30.605],
        [104.01, 30.605],
        [104.01, 30.61],
        [104, 30.61],
        [104, 30.6],
    ]
]
TOUCHING = [
    [
        [104, 30.6],
        [104.01, 30.6],
        [104.01, 30.61],
        [104, 30.61],
        [104, 30.605],
        [104.005, 30.605],
        [104, 30.605],
        [104, 30.6],
    ]
]
