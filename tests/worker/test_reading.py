"""A file read apart gives what it gives when read here: columns, numbers, refusals, remarks, codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geo.errors import LimitError
from geo.settings import Settings
from geo.tasks import reading as tasks_reading
from geo.tasks.reading import read_layer_files, read_population_file, read_table_file
from geo.worker import reading
from geo.worker.keepers import Keepers
from tests.intake.layer_files import collection, feature, shapefile, zip_of
from tests.worker.files import (
    BROKEN_LAYER,
    GEOJSON_TABLE,
    SETTINGS,
    geopackage,
    layer_here,
    point_geopackage,
    refused_or,
    require_same,
    squares,
    table_here,
    workbook,
    zipped,
)

ROWS = [["编号", "日期", "经度"], ["043001", "2024-02-30", 104.5], ["2", None, 104], [], [3, "x", "多", "了"]]
LAYERS = {
    "plain": squares(3),
    "broken": BROKEN_LAYER,
    "no columns": collection(feature({})),
    "zipped": zipped("a.geojson", squares(2)),
    "other encoding": squares(2).decode("unicode_escape", errors="ignore").encode("utf-16"),
    "crs": collection(feature({"id": "1"}), crs={"type": "name", "properties": {"name": "EPSG:4490"}}),
    "empty": b"",
    "no feature": collection(),
    "cut off": squares(3)[:200],
    "markup": b"<svg/>",
    "kml": (
        b"<kml><NetworkLink><href>http://127.0.0.1/x</href></NetworkLink><Placemark><name>a</name>"
        b"<Point><coordinates>1,2,3</coordinates></Point></Placemark></kml>"
    ),
    "kml of nothing": b"<kml/>",
    "doctype": b"<!DOCTYPE kml [<!ENTITY a 'b'>]><kml/>",
    "sequence": b'{"type": "Point", "coordinates": [1, 2]}\n{"type": "Point", "coordinates": [3, 4]}\n',
    "topojson": b'{"type": "Topology", "arcs": [], "objects": {"a": {"type": "Point", "coordinates": [1, 2]}}}',
    "two objects": b'{"type": "Topology", "arcs": [], "objects": {"a": {"type": null}, "b": {"type": null}}}',
    "esri json": b'{"features": [{"attributes": {"a": 1}, "geometry": {"x": 1, "y": 2}}]}',
    "no parquet": b"PAR1" + b"\x00" * 100,
    "no flatgeobuf": b"fgb\x03fgb\x00" + b"\x00" * 100,
    "pickle": b"\x80\x04N.",
    "picture": b"\x89PNG\r\n\x1a\n",
    "an archive of nothing": zipped("x.txt", b"1"),
    "a way out": zipped("../x.geojson", squares(1)),
    "deep": b'{"type":' + b"[" * 100_000,
    "no database": b"SQLite format 3\x00" + b"\x00" * 200,
    "lone shp": b"\x00\x00\x27\x0a" + b"\x00" * 200,
}
TABLES = {
    "workbook": ("a.xlsx", workbook(ROWS)),
    "two sheets": ("a.xlsx", workbook(ROWS, second="第二")),
    "title above": ("a.xlsx", workbook([["某区设施一览"], ["编号", "名称"], ["1", "甲"]])),
    "formula": ("a.xlsx", workbook([["a", "b"], ["1", "=1+1"]])),
    "geojson": ("a.geojson", GEOJSON_TABLE),
    "zipped workbook": ("a.zip", zipped("b.xlsx", workbook(ROWS))),
    "zipped geojson": ("a.zip", zipped("b.geojson", GEOJSON_TABLE)),
    "list": ("a.csv", "编号,地址\n1,二\n2\n".encode("gb18030")),
    "zipped list": ("a.zip", zipped("b.csv", "编号,地址\n1,二\n".encode())),
    "no workbook": ("a.xlsx", zipped("[Content_Types].xml", b"<Types/>") + b"xl/workbook.xml"),
    "damaged workbook": ("a.xlsx", workbook(ROWS)[:3000]),
    "wrong name": ("a.csv", workbook(ROWS)),
    "two in an archive": ("a.zip", zipped("b.zip", workbook(ROWS))),
    "empty": ("a.xlsx", b""),
    "header only": ("a.xlsx", workbook([["a", "b"]])),
    "cut off": ("a.geojson", GEOJSON_TABLE[:100]),
}


@pytest.mark.parametrize("case", LAYERS)
def test_a_layer_is_read_apart_as_it_is_here(case):
    content = LAYERS[case]
    apart = refused_or(read_layer_files, [content], settings=SETTINGS, file_names=["层.geojson"])
    require_same(apart, layer_here(content, "层.geojson"))


@pytest.mark.parametrize("case", TABLES)
def test_a_table_is_read_apart_as_it_is_here(case):
    name, content = TABLES[case]
    apart = refused_or(read_table_file, content, settings=SETTINGS, file_name=name)
    require_same(apart, table_here(content, name))


@pytest.mark.parametrize("sheet", ["第二", "none"])
def test_a_sheet_is_chosen_apart_as_it_is_here(sheet):
    content = workbook(ROWS, second="第二")
    apart = refused_or(read_table_file, content, settings=SETTINGS, file_name="a.xlsx", sheet=sheet)
    require_same(apart, table_here(content, "a.xlsx", sheet=sheet))


def test_files_beside_each_other_and_their_layers_are_read_as_here(tmp_path):
    for path in (geopackage(tmp_path), shapefile(tmp_path, 编号=["001", "002"], encoding="GB18030")):
        apart = refused_or(read_layer_files, [path], settings=SETTINGS)
        require_same(apart, layer_here(path, path.name))
    packed = zip_of(tmp_path)
    require_same(
        read_layer_files([packed], settings=SETTINGS, file_names=["b.zip"]), layer_here(packed, "b.zip")
    )
    points = point_geopackage(tmp_path)
    for layer in (None, "点", "none"):
        apart = refused_or(read_layer_files, [points], settings=SETTINGS, layer=layer)
        require_same(apart, layer_here(points, points.name, layer=layer))


def test_several_files_are_one_layer(tmp_path):
    layer = read_layer_files([squares(2), squares(3)], settings=SETTINGS, file_names=["a.json", "b.json"])
    assert [part.n_features for part in layer.parts] == [2, 3]
    assert layer.n_features == 5


def test_population_comes_from_a_workbook_or_a_layer():
    table = read_population_file([workbook(ROWS)], settings=SETTINGS, file_names=["p.xlsx"])
    layer = read_population_file([squares(2)], settings=SETTINGS, file_names=["p.geojson"])
    assert (table.n_rows, layer.n_features) == (3, 2)


def test_the_real_broken_files_are_told_of_as_they_are_here(shared_data):
    files = sorted(path for path in (shared_data / "messy").rglob("*") if path.is_file())
    for path in files[:: max(len(files) // 60, 1)]:
        apart = refused_or(read_layer_files, [path], settings=SETTINGS)
        require_same(apart, layer_here(path, path.name))


def test_limits_of_files_hold_apart_too():
    with pytest.raises(LimitError) as caught:
        read_layer_files([squares(3)], settings=Settings(max_features=2), file_names=["a.geojson"])
    assert (caught.value.code, caught.value.values["limit"]) == ("layer_too_many_features", 2)


@pytest.fixture
def no_reader(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a reader was started")

    monkeypatch.setattr(reading.KEEPERS, "run", refuse)
    monkeypatch.setattr(tasks_reading.KEEPERS, "warm", refuse)


@pytest.mark.parametrize("case", ["list", "zipped list", "empty", "wrong name"])
def test_delimited_text_is_read_here(no_reader, case):
    name, content = TABLES[case]
    require_same(
        refused_or(read_table_file, content, settings=SETTINGS, file_name=name), table_here(content, name)
    )


def test_a_reader_is_made_ready_for_what_may_need_one(no_reader):
    tasks_reading.get_ready_to_read([Path("a.csv"), Path("b.TXT")])
    for files in ((), [Path("a.csv"), Path("b.zip")]):
        with pytest.raises(AssertionError):
            tasks_reading.get_ready_to_read(files)


@pytest.mark.parametrize("case", ["plain", "broken", "cut off"])
def test_where_there_is_no_fork_one_process_reads_one_file(monkeypatch, case):
    keepers = Keepers(can_fork=False)
    monkeypatch.setattr(reading, "KEEPERS", keepers)
    content = LAYERS[case]
    apart = refused_or(read_layer_files, [content], settings=SETTINGS, file_names=["层.geojson"])
    require_same(apart, layer_here(content, "层.geojson"))
    assert not keepers.busy


def test_values_of_a_refusal_keep_their_kind():
    content = collection(*(feature({f"c{i}": np.pi for i in range(201)}) for _ in range(2)))
    apart = refused_or(read_layer_files, [content], settings=SETTINGS, file_names=["a.geojson"])
    here = layer_here(content, "a.geojson")
    assert apart == here
    assert [type(value) for value in apart[2].values()] == [type(value) for value in here[2].values()]
