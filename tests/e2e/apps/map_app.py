"""An app with nothing but the map, over invented areas; driven by `test_map_component`.

The number of areas comes from GETU_TEST_AREAS. Geometry is served by routes of this file, which
count how often they were asked.
"""

from __future__ import annotations

import gzip
import json
import math
import os
from collections import Counter

import shapely
import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from geo.vector_tiles import encode_tile, read_tile
from ui.routes import asset_routes

N_AREAS = int(os.environ.get("GETU_TEST_AREAS", "500"))
SIDE = math.ceil(math.sqrt(N_AREAS))
WEST, SOUTH, STEP = 104.02, 30.60, 0.12 / SIDE
HOSTILE = '<img src=x onerror="window.fired=1">`${7*7}`{{7*7}}</script>'
COLOURS = ["#ffffd9", "#c7e9b4", "#41b6c4", "#1d91c0", "#253494"]
ASKED: Counter[str] = Counter()


def _ring(column: int, row: int) -> list[list[float]]:
    def edge(x: float, y: float) -> list[float]:
        wave = 0.12 * STEP * math.sin(x * 7 + y * 3)
        return [WEST + x * STEP + wave, SOUTH + y * STEP + wave]

    steps = [k / 5 for k in range(5)]
    bottom = [edge(column + k, row) for k in steps]
    right = [edge(column + 1, row + k) for k in steps]
    top = [edge(column + 1 - k, row + 1) for k in steps]
    left = [edge(column, row + 1 - k) for k in steps]
    ring = bottom + right + top + left
    return [*ring, ring[0]]


def _areas() -> bytes:
    features = []
    for place in range(N_AREAS):
        row, column = divmod(place, SIDE)
        name = HOSTILE if place == 0 else f"第{place:05d}网格"
        features.append(
            {
                "type": "Feature",
                "properties": {"area_id": f"A{place:05d}", "name": name, "level": "grid"},
                "geometry": {"type": "Polygon", "coordinates": [_ring(column, row)]},
            }
        )
    return _pack({"type": "FeatureCollection", "features": features})


def _pack(value: object) -> bytes:
    return gzip.compress(json.dumps(value).encode(), compresslevel=6)


def _values(shift: int) -> dict[str, object]:
    values, counts = {}, [0] * 5
    n_no_data = 0
    for place in range(N_AREAS):
        row, column = divmod(place, SIDE)
        if place % 97 == 5:
            values[f"A{place:05d}"] = [None, None]
            n_no_data += 1
            continue
        amount = round(50 + 24 * math.sin((column / SIDE * 9) + shift) + 24 * math.cos(row / SIDE * 7))
        band = min(4, max(0, amount // 20))
        counts[band] += 1
        values[f"A{place:05d}"] = [amount, band]
    classes = [
        {
            "colour": colour,
            "low": 20 * k,
            "high": 20 * k + 19,
            "n": counts[k],
            "label": f"{20 * k} – {20 * k + 19}",
        }
        for k, colour in enumerate(COLOURS)
    ]
    return {
        "title": "新增诉求",
        "unit": "件",
        "area_units": ["个网格", "个网格"],
        "note": f"2026-10-0{1 + shift} 至 2026-11-01",
        "classes": classes,
        "values": values,
        "n_no_data": n_no_data,
    }


def _streets() -> bytes:
    features = []
    for k in range(1, 24):
        kind = "water" if k == 12 else "primary" if k % 6 == 0 else "residential"
        along = [[WEST + 0.12 * t / 40, SOUTH + 0.005 * k + 0.001 * math.sin(t / 4 + k)] for t in range(41)]
        across = [[WEST + 0.005 * k + 0.001 * math.sin(t / 4 + k), SOUTH + 0.12 * t / 40] for t in range(41)]
        for line in (along, across) if kind != "water" else (along,):
            features.append(
                {
                    "type": "Feature",
                    "properties": {"kind": kind},
                    "geometry": {"type": "LineString", "coordinates": line},
                }
            )
    return _pack({"type": "FeatureCollection", "features": features})


def _point_features(n: int, kind: str) -> list[dict[str, object]]:
    features = []
    for k in range(n):
        lon = WEST + 0.12 * ((k * 0.618034) % 1)
        lat = SOUTH + 0.12 * ((k * 0.754878) % 1)
        if kind == "facility":
            properties = {
                "facility_id": f"F{k}",
                "name": f"充电站 {k}",
                "kind": ("charger", "park", "station")[k % 3],
            }
        else:
            properties = {
                "case_id": f"C{k}",
                "category": "电动车充电",
                "state": "办理中",
                "reported_on": "2026-10-09",
            }
        features.append(
            {
                "type": "Feature",
                "properties": properties,
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
            }
        )
    return features


def _hexagons(resolution: int) -> bytes:
    size = {7: 0.014, 8: 0.0053, 9: 0.002, 10: 0.00076}[resolution]
    features = []
    for row in range(int(0.12 / (1.5 * size))):
        for column in range(int(0.12 / (1.732 * size))):
            n = round(40 * math.exp(-((row - 8) ** 2 + (column - 9) ** 2) / 30)) + (row * column) % 7
            if not n:
                continue
            x = WEST + (column + 0.5 * (row % 2)) * 1.732 * size
            y = SOUTH + row * 1.5 * size * 0.87
            ring = [
                [x + size * math.sin(k * math.pi / 3), y + 0.87 * size * math.cos(k * math.pi / 3)]
                for k in range(7)
            ]
            features.append(
                {
                    "type": "Feature",
                    "properties": {"h3": f"{resolution}-{row}-{column}", "n": n},
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
            )
    return _pack({"type": "FeatureCollection", "features": features})


def _tile(z: str, x: str, y: str) -> bytes:
    tile = read_tile(z, x, y)
    is_there = shapely.intersects(SHAPES, shapely.box(*tile.box))
    rows = [row for row, is_on in zip(ROWS, is_there, strict=True) if is_on]
    return encode_tile(
        tile, [row["area_id"] for row in rows], [row["name"] for row in rows], SHAPES[is_there]
    )


GEOMETRY = _areas()
FEATURES = json.loads(gzip.decompress(GEOMETRY))["features"]
ROWS = [feature["properties"] for feature in FEATURES]
SHAPES = shapely.polygons([feature["geometry"]["coordinates"][0] for feature in FEATURES])


async def _serve(request: Request) -> Response:
    name = request.path_params["name"]
    ASKED["areas" if name == "tile" else name] += 1
    if name == "broken":
        return JSONResponse({"error": "没有编号为 X 的区域。"}, status_code=404)
    if name == "areas":
        body = GEOMETRY
    elif name == "tile":
        body = gzip.compress(_tile(*(request.query_params[key] for key in "zxy")))
    elif name == "values":
        body = _pack(_values(int(request.query_params["shift"])))
    elif name == "streets":
        body = _streets()
    elif name == "hexagons":
        body = _hexagons(int(request.query_params["res"]))
    elif name == "heat":
        body = _pack([[*f["geometry"]["coordinates"], 1] for f in _point_features(2000, "case")])
    else:
        body = _pack(
            {"type": "FeatureCollection", "features": _point_features(900 if name == "case" else 300, name)}
        )
    return Response(body, media_type="application/json", headers={"Content-Encoding": "gzip"})


async def _asked(_: Request) -> Response:
    return JSONResponse(dict(ASKED))


app = st.App(
    "map_page.py", routes=[*asset_routes(), Route("/test/asked", _asked), Route("/test/{name}", _serve)]
)
