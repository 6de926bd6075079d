"""Small files of every kind, and how both ways of reading them are compared."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
from openpyxl import Workbook
from pandas.testing import assert_frame_equal
from shapely.geometry import Point, box

from geo.errors import GeoError
from geo.intake.layers import RawLayer, read_layer
from geo.intake.limits import Limits
from geo.intake.tables import RawTable, read_table
from geo.settings import Settings
from tests.intake.layer_files import SQUARE, collection, feature

LIMITS = Limits()
SETTINGS = Settings()
SOON_S = 10
"""Within this a fault must be over; what is waited for is seen as soon as it is there."""


def eventually(is_so, *, within_s: float = SOON_S) -> bool:
    """Look until something is so; the condition ends the wait, not the clock."""
    until = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def squares(n: int, **more: object) -> bytes:
    return collection(*(feature({"id": f"{i:06d}", "名称": f"格{i}"}, **more) for i in range(n)))


def geopackage(folder: Path, n: int = 3) -> Path:
    shapes = [box(104 + i / 100, 30.6, 104.01 + i / 100, 30.61) for i in range(n)]
    table = gpd.GeoDataFrame({"id": [f"{i:03d}" for i in range(n)], "n": range(n)}, geometry=shapes, crs=4326)
    table.to_file(folder / "areas.gpkg", driver="GPKG")
    return folder / "areas.gpkg"


def workbook(rows: list[list[object]], *, title: str = "Sheet1", second: str = "") -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if second:
        book.create_sheet(second).append(["编号", "z"])
        book[second].append(["7", "8"])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(name, content)
    return written.getvalue()


def refused_or(read, *args: object, **choices: object):
    """Return what reading gives: a layer, a table, or the refusal as class, code and values."""
    try:
        return read(*args, **choices)
    except GeoError as error:
        return type(error), error.code, error.values


def require_same_table(apart: RawTable, here: RawTable) -> None:
    for name in ("file_name", "sha256", "format", "encoding", "encoding_candidates", "is_encoding_sure", "sheet",
                 "sheets", "delimiter", "columns", "header_row", "n_rows", "declared_crs"):  # fmt: skip
        assert getattr(apart, name) == getattr(here, name), name
    assert list(apart.read_records()) == list(here.read_records())
    assert_frame_equal(apart.bad_rows, here.bad_rows)
    assert [(n.code, n.severity, dict(n.values)) for n in apart.notes] == [
        (n.code, n.severity, dict(n.values)) for n in here.notes
    ]
    assert_frame_equal(apart.head(50), here.head(50))


def require_same_layer(apart: RawLayer, here: RawLayer) -> None:
    for name in ("file_name", "sha256", "format", "encoding", "encoding_candidates", "is_encoding_sure",
                 "declared_crs", "crs_basis", "coord_sys", "n_heights", "parts", "columns", "layer", "layers",
                 "notes"):  # fmt: skip
        assert getattr(apart, name) == getattr(here, name), name
    assert_frame_equal(apart.problems, here.problems)
    assert apart.table.crs is None
    assert_frame_equal(pd.DataFrame(apart.table), pd.DataFrame(here.table), check_exact=True)
    assert apart.table.geometry.to_wkb().tolist() == here.table.geometry.to_wkb().tolist()


def require_same(apart, here) -> None:
    assert type(apart) is type(here), (apart, here)
    if isinstance(here, RawLayer):
        require_same_layer(apart, here)
    elif isinstance(here, RawTable):
        require_same_table(apart, here)
    else:
        assert apart == here


def layer_here(content: bytes | Path, name: str, **choices: object):
    return refused_or(read_layer, [content], file_name=[name], limits=LIMITS, **choices)


def table_here(content: bytes | Path, name: str, **choices: object):
    return refused_or(read_table, content, file_name=name, limits=LIMITS, **choices)


GEOJSON_TABLE = collection(
    feature({"id": "1", "name": "A"}, [104.0, 30.6], "Point"),
    feature({"id": "2", "name": "B"}),
    feature({"id": "3", "name": None}, None, "Point"),
    feature({"id": "4"}, [[104, 30.6], [104.1, 30.6]], "LineString"),
)
BROKEN_LAYER = collection(
    feature({"id": "1", "x": 5.0}),
    {"type": "Feature", "properties": {"id": "2"}, "geometry": None},
    feature(
        {"id": "3", "words": {"a": [1]}},
        [[[104.0, 30.6, 5.0], [104.1, 30.6, 5.0], [104.1, 30.7, 5.0], [104.0, 30.6, 5.0]]],
    ),
    feature({"id": "4"}, [1, 2], "Point"),
    feature({"id": "5"}, "none"),
    feature({"id": "6", "text": "a\x00b"}),
    feature({"id": "7"}, [SQUARE, SQUARE], "MultiPolygon"),
    feature({"id": "8"}, [[104, 30.6], [104.1, 30.6]], "LineString"),
)


def point_geopackage(folder: Path) -> Path:
    table = gpd.GeoDataFrame({"a": [None, "x", ""]}, geometry=[Point(1, 2, 3), None, Point(4, 5)], crs=4490)
    table.to_file(folder / "points.gpkg", driver="GPKG", layer="点")
    table.to_file(folder / "points.gpkg", driver="GPKG", layer="second")
    return folder / "points.gpkg"
