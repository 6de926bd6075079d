"""A Shapefile or GeoPackage is read with every digit and letter, alone or from a zip, or refused."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import MultiPolygon, Point, box

from geo.errors import ChoiceError, FileError, MissingError
from geo.intake.dbf import read_dbf
from geo.intake.limits import Limits
from geo.intake.vectors import read_by_gdal
from tests.intake.layer_files import code_of, collection, feature, read, shapefile, zip_of


def test_a_shapefile_is_read_by_path_and_from_a_zip_with_folders_the_same(tmp_path):
    path = shapefile(tmp_path, code=["043001", "043002"], name=["第一网格", "第二网格"])
    by_path, by_zip = read(path), read(zip_of(tmp_path, under="数据/"))
    assert by_path.table["code"].tolist() == ["043001", "043002"]
    assert by_path.table.drop(columns="geometry").equals(by_zip.table.drop(columns="geometry"))
    assert by_path.table.geometry.geom_equals(by_zip.table.geometry).all()
    assert by_path.sha256 != by_zip.sha256


@pytest.mark.parametrize(("python", "ogr"), [("gb18030", "GBK"), ("utf-8", "UTF-8"), ("big5hkscs", "BIG5")])
def test_fault_B05_attributes_without_cpg_are_decoded_by_their_text(python, ogr, tmp_path):
    names = (
        ["中正社區第一網格", "東門街道安平里", "環境衛生大樓"]
        if ogr == "BIG5"
        else ["大慈寺社区第一网格", "东大路街道办事处", "春熙路社区居民委员会"]
    )
    path = shapefile(tmp_path, encoding=ogr, name=names)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    content = bytearray(path.with_suffix(".dbf").read_bytes())
    content[29] = 0x57
    path.with_suffix(".dbf").write_bytes(content)
    layer = read(path)
    assert layer.table["name"].tolist() == names
    assert layer.encoding == python
    assert read(path, encoding=python).table["name"].tolist() == names


def test_a_wrong_encoding_of_attributes_is_refused_not_garbled(tmp_path):
    path = shapefile(tmp_path, encoding="GBK", name=["大慈寺社区", "东大路街道"])
    assert code_of(path, encoding="utf-8") == "layer_encoding_wrong"
    assert code_of(path, ChoiceError, encoding="klingon") == "layer_encoding_unknown"


def test_an_open_encoding_comes_with_twenty_rows_in_each_that_fits(tmp_path):
    names = [f"{n}号一" for n in range(30)]
    path = shapefile(tmp_path, encoding="GBK", code=[str(n) for n in range(30)], name=names)
    path.with_suffix(".cpg").unlink()
    content = bytearray(path.with_suffix(".dbf").read_bytes())
    content[29] = 0x57
    path.with_suffix(".dbf").write_bytes(content)
    previews = dict(read(path).encoding_candidates)
    assert set(previews) == {"gb18030", "big5hkscs"}
    assert previews["gb18030"].splitlines() == [f"{n} | {n}号一" for n in range(20)]
    assert "号" not in previews["big5hkscs"] and len(previews["big5hkscs"].splitlines()) == 20


def test_an_encoding_that_the_file_names_is_sure_and_others_stay_on_offer(tmp_path):
    layer = read(shapefile(tmp_path, encoding="GBK", name=["大慈寺社区"]))
    assert (layer.encoding, layer.is_encoding_sure) == ("gb18030", True)
    assert layer.encoding_candidates[0][0] == "gb18030"
    folder = tmp_path / "ascii"
    folder.mkdir()
    assert len(read(shapefile(folder, code=["1"])).encoding_candidates) == 1


@pytest.mark.parametrize("cpg", ["zlib", "hex", "rot13", "idna", "unicode_escape", "utf-7"])
def test_an_encoding_that_does_more_than_decode_is_not_taken_from_a_file(cpg, tmp_path):
    path = shapefile(tmp_path, code=["1"])
    path.with_suffix(".cpg").write_text(cpg)
    assert code_of(path, ChoiceError) == "layer_encoding_unknown"


@pytest.mark.parametrize(
    ("cpg", "encoding"),
    [
        ("GBK", "gb18030"),
        ("936", "gb18030"),
        ("CP936", "gb18030"),
        ("ANSI 1250", "cp1250"),
        ("ISO-8859-1", "iso8859-1"),
        ("UTF-8\r\n", "utf-8"),
        ("65001", "utf-8"),
        ("OEM 950", "big5hkscs"),
    ],
)
def test_the_encoding_a_cpg_file_names_is_taken(cpg, encoding, tmp_path):
    path = shapefile(tmp_path, code=["1"])
    path.with_suffix(".cpg").write_text(cpg)
    assert read(path).encoding == encoding


def test_fault_A08_a_missing_part_is_named(tmp_path):
    for part in (".dbf", ".shx"):
        folder = tmp_path / part[1:]
        folder.mkdir()
        path = shapefile(folder, code=["1"])
        path.with_suffix(part).unlink()
        with pytest.raises(FileError, match=part) as caught:
            read(path)
        assert caught.value.code == "shapefile_part_missing"
        assert code_of(zip_of(folder)) == "shapefile_part_missing"


def test_fault_A08_A09_a_table_that_does_not_fit_is_refused(tmp_path):
    path = shapefile(tmp_path, code=["1", "2", "3"])
    dbf = path.with_suffix(".dbf")
    whole = dbf.read_bytes()
    dbf.write_bytes(whole[:4] + struct.pack("<I", 2**31 - 1) + whole[8:])
    assert code_of(path) == "shapefile_part_damaged"
    dbf.write_bytes(whole[:-30])
    assert code_of(path) == "shapefile_part_damaged"
    dbf.write_bytes(whole[:4] + struct.pack("<I", 2) + whole[8:])
    assert code_of(path) == "shapefile_parts_differ"


def test_fault_B21_a_code_of_twenty_digits_in_a_number_column_keeps_them():
    # One field CODE, N 20, two records.
    header = struct.pack("<B3BIHH20x", 3, 126, 1, 1, 2, 32 + 32 + 1, 1 + 20)
    field = b"CODE".ljust(11, b"\x00") + b"N" + b"\x00" * 4 + bytes([20, 0]) + b"\x00" * 14
    body = b" " + b"51010400100100100101" + b" " + b"1054.00".rjust(20)
    table = read_dbf(header + field + b"\r" + body, cpg=None, encoding=None, file_name="x.dbf").table
    assert table["CODE"].tolist() == ["51010400100100100101", "1054"]


def test_deleted_records_are_left_out_and_the_others_keep_their_shapes(tmp_path):
    path = shapefile(tmp_path, code=["1", "2", "3"])
    dbf = path.with_suffix(".dbf")
    content = bytearray(dbf.read_bytes())
    _, header_bytes, record_bytes = struct.unpack("<IHH", content[4:12])
    content[header_bytes + record_bytes] = 0x2A
    dbf.write_bytes(content)
    layer = read(path)
    assert layer.table["code"].tolist() == ["1", "3"]
    assert layer.table.geometry.bounds["minx"].tolist() == pytest.approx([104.0, 104.02])


def test_several_shapefiles_in_one_zip_must_be_named(tmp_path):
    shapefile(tmp_path, code=["1"])
    for path in list(tmp_path.glob("layer.*")):
        (tmp_path / f"other{path.suffix}").write_bytes(path.read_bytes())
    content = zip_of(tmp_path, stem="*")
    assert code_of(content, ChoiceError) == "layer_not_named"
    assert read(content, layer="other").n_features == 1


def test_a_geojson_or_geopackage_in_a_zip_is_read():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/网格.geojson", collection(feature({"id": "1"})))
    assert read(buffer.getvalue()).table["id"].tolist() == ["1"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", b"")
    assert code_of(buffer.getvalue()) == "archive_holds_no_layer"


def test_fault_A05_a_hostile_zip_is_refused_as_a_layer_too():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../evil.geojson", collection(feature()))
    assert code_of(buffer.getvalue()) == "archive_name_unsafe"


def geopackage(folder: Path, *layers: str) -> Path:
    path = folder / "plain.gpkg"
    for name in layers:
        table = gpd.GeoDataFrame(
            {"code": [43001, 43002], "share": [1.0, 0.5]}, geometry=[box(104, 30, 105, 31), None], crs=4490
        )
        table.to_file(path, layer=name, driver="GPKG")
    return path.replace(folder / "层!x.gpkg")


def test_a_geopackage_is_read_by_its_one_layer_or_by_name(tmp_path):
    path = geopackage(tmp_path, "网格")
    layer = read(path)
    assert layer.table["code"].tolist() == ["43001", "43002"]
    assert layer.table["share"].tolist() == ["1", "0.5"]
    assert (layer.declared_crs, layer.crs_basis) == ("cgcs2000", "file")
    assert layer.problems[["row", "code"]].to_numpy().tolist() == [[2, "geometry_missing"]]
    assert read(path.read_bytes()).table["code"].tolist() == ["43001", "43002"]
    geopackage(tmp_path, "网格", "社区")
    with pytest.raises(ChoiceError, match=r"社区, 网格") as caught:
        read(path)
    assert caught.value.code == "layer_not_named"
    assert read(path, layer="社区").n_features == 2
    assert code_of(path, MissingError, layer="x'; DROP TABLE y; --") == "layer_unknown"


def test_fault_B12_every_kind_of_geometry_that_is_none_to_use_is_listed(tmp_path):
    path = tmp_path / "x.gpkg"
    shapes = [
        Point(104, 30),
        MultiPolygon(),
        Point(np.inf, 30),
        None,
        gpd.points_from_xy([1], [2]).union_all(),
    ]
    gpd.GeoDataFrame({"a": range(5)}, geometry=shapes, crs=4326).to_file(path, driver="GPKG")
    found = dict(read(path).problems[["row", "code"]].to_numpy().tolist())
    assert found == {2: "geometry_empty", 3: "geometry_not_finite", 4: "geometry_missing"}


def test_a_file_that_gdal_takes_for_something_else_is_refused(tmp_path):
    path = geopackage(tmp_path, "网格").rename(tmp_path / "layer.gpkg")
    with pytest.raises(FileError) as caught:
        read_by_gdal(path, "FlatGeobuf", file_name="x", limits=Limits())
    assert caught.value.code == "layer_format_unknown"
    assert len(read_by_gdal(path, "GPKG", file_name="x", limits=Limits()).wkb) == 2
