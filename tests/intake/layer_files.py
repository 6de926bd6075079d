"""Small layers, as files: what the tests of GeoJSON, Shapefile and GeoPackage read."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

from geo.errors import FileError, GeoError
from geo.intake.layers import read_layer
from geo.intake.limits import Limits

LIMITS = Limits()
SQUARE = [[[104.0, 30.6], [104.01, 30.6], [104.01, 30.61], [104.0, 30.61], [104.0, 30.6]]]
BOSTON = [[[-71.1, 42.3], [-71.0, 42.3], [-71.0, 42.4], [-71.1, 42.4], [-71.1, 42.3]]]


def feature(
    properties: object = None, coordinates: object = SQUARE, kind: str = "Polygon", **more: object
) -> dict:
    return {
        "type": "Feature",
        "properties": {} if properties is None else properties,
        "geometry": {"type": kind, "coordinates": coordinates},
        **more,
    }


def collection(*features: object, **more: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", **more, "features": list(features)}).encode()


def read(content: bytes | Path, **choices: object):
    return read_layer(content, file_name="层.geojson", limits=choices.pop("limits", LIMITS), **choices)


def code_of(content: bytes | Path, error: type[GeoError] = FileError, **choices: object) -> str:
    with pytest.raises(error) as caught:
        read(content, **choices)
    return caught.value.code


def zip_of(folder: Path, *, stem: str = "layer", under: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.glob(f"{stem}.*")):
            archive.write(path, under + path.name)
    return buffer.getvalue()


def shapefile(folder: Path, *, crs: object = 4326, encoding: str = "UTF-8", **columns: list) -> Path:
    shapes = [
        box(104 + n / 100, 30.6, 104.01 + n / 100, 30.61) for n in range(len(next(iter(columns.values()))))
    ]
    path = folder / "layer.shp"
    gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_file(path, encoding=encoding)
    return path
