"""A layer that was made to do harm is refused by one sentence; nothing is run, fetched, unpacked or told."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import socket
import sqlite3
import struct
import threading
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import shapely
from shapely.geometry import box

from geo.errors import GeoError, LimitError
from geo.intake.layers import read_layer
from geo.intake.limits import Limits
from geo.intake.sniffing import clean_file_name
from geo.settings import Settings
from geo.tasks.reading import read_layer_files
from tests.intake.layer_files import code_of, collection, feature, read, shapefile

SECRET = "canary-13800000000"


class Listener:
    """A server of this machine that notes whoever calls."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(0.05)
        self.address = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.n_calls = 0
        self.is_over = False
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self) -> None:
        while not self.is_over:
            try:
                self.server.accept()[0].close()
            except TimeoutError:
                continue
            self.n_calls += 1

    def close(self) -> None:
        self.is_over = True
        self.thread.join()
        self.server.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    listening.close()


def refusal_of(content: bytes | Path, name: str = "层.geojson") -> str:
    """Return the code of a refusal in the process that reads, having looked at the sentence."""
    with pytest.raises(GeoError) as caught:
        read_layer_files([content], settings=Settings(), file_names=[name])
    for language in ("zh", "en"):
        said = caught.value.say(language)
        assert name in said
        assert not any(word in said for word in (SECRET, "/tmp", "Traceback", "127.0.0.1"))
    return caught.value.code


def peak_mb(call) -> float:
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


# --- Shapefile ---


def patched(path: Path, at: int, content: bytes) -> Path:
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + content + whole[at + len(content) :])
    return path


def test_fault_A09_a_table_that_claims_more_than_its_file_holds_is_refused_without_memory(tmp_path):
    path = shapefile(tmp_path, code=["1", "2"])
    dbf = path.with_suffix(".dbf")
    whole = dbf.read_bytes()
    for at, claim in (
        (4, struct.pack("<I", 2**31)),
        (10, struct.pack("<H", 65_535)),
        (8, struct.pack("<H", 65_535)),
    ):
        patched(dbf, at, claim)
        assert peak_mb(lambda: code_of(path)) < 20
        assert code_of(path) == "shapefile_part_damaged"
        dbf.write_bytes(whole)


@pytest.mark.parametrize("part", [".shp", ".shx"])
@pytest.mark.parametrize("number", [-1, -(2**31), 2**31 - 1, 10**6])
@pytest.mark.parametrize("field", ["record_number", "length", "shape_type", "n_parts", "n_points", "offset"])
def test_fault_A10_no_number_of_a_shape_takes_the_program_down_or_loses_a_shape_unsaid(
    tmp_path, part, number, field
):
    """One number of the first record is overwritten; the second record must survive or the file be refused."""
    path = shapefile(tmp_path, code=["1", "2"])
    places = {  # byte, and whether it counts from the end that comes first
        ".shp": {"record_number": (100, ">i"), "length": (104, ">i"), "shape_type": (108, "<i"),
                 "n_parts": (144, "<i"), "n_points": (148, "<i")},
        ".shx": {"offset": (100, ">i"), "length": (104, ">i")},
    }[part]  # fmt: skip
    if field not in places:
        return
    at, form = places[field]
    patched(path.with_suffix(part), at, struct.pack(form, number))
    try:
        layer = read_layer_files([path], settings=Settings(), file_names=["层.shp"])
    except GeoError as error:
        assert error.code in (
            "layer_damaged",
            "shapefile_part_damaged",
            "shapefile_parts_differ",
            "worker_died",
        )
    else:
        assert layer.n_features == 2
        lost = layer.table.geometry.isna() | layer.table.geometry.is_empty
        assert set(layer.table.index[lost]) <= set(layer.problems["row"])
        assert 2 not in layer.table.index[lost]
    assert read_layer_files([collection(feature())], settings=Settings(), file_names=["x"]).n_features == 1


# --- other places: VRT, WFS, entities, schemas, links ---


def vrt(source: str) -> bytes:
    return (
        f"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>{source}</SrcDataSource>"
        "<GeometryType>wkbPoint</GeometryType></OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


@pytest.mark.parametrize("name", ["网格.geojson", "网格.shp", "网格.gpkg", "网格.kml", "网格.zip"])
def test_fault_A11_a_virtual_layer_under_any_name_reads_nothing_of_this_machine(tmp_path, name):
    secret = tmp_path / "secret.csv"
    secret.write_text(f'WKT,a\n"POINT (1 2)",{SECRET}\n', encoding="utf-8")
    content = vrt(str(secret))
    if name.endswith("zip"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for part in ("shp", "shx", "dbf"):
                archive.writestr(f"a.{part}", content)
        content = buffer.getvalue()
    assert refusal_of(content, name) == "layer_is_markup"


def test_fault_A12_what_names_another_address_is_refused_and_nothing_is_asked_for(listener):
    url = listener.address
    files = {
        "layer_is_markup": [
            vrt(f"/vsicurl/{url}/x.geojson"),
            f"<OGRWFSDataSource><URL>{url}</URL></OGRWFSDataSource>".encode(),
            f"<GDALTileIndexDataset><IndexDataset>{url}</IndexDataset></GDALTileIndexDataset>".encode(),
        ],
        "layer_format_unknown": [
            f"WFS:{url}".encode(), f"OAPIF:{url}".encode(), f"/vsicurl/{url}/x.gpkg".encode(),
        ],
        "json_not_geojson": [
            json.dumps({"links": [{"rel": "data", "href": url}], "title": "OAPIF"}).encode(),
            json.dumps({"type": "Catalog", "stac_version": "1.0.0", "links": [{"href": url}]}).encode(),
            json.dumps({"type": "FeatureServer", "url": url}).encode(),
        ],
    }  # fmt: skip
    for code, contents in files.items():
        for content in contents:
            assert refusal_of(content) == code
    assert listener.n_calls == 0


def test_fault_A12_a_system_that_is_described_elsewhere_is_not_fetched(listener, tmp_path):
    link = {"type": "link", "properties": {"href": f"{listener.address}/x.prj", "type": "esriwkt"}}
    named = {"type": "name", "properties": {"name": f"{listener.address}/x.prj"}}
    for crs in (link, named):
        layer = read_layer_files([collection(feature(), crs=crs)], settings=Settings(), file_names=["x"])
        assert (layer.declared_crs, layer.crs_basis) == (None, "unknown")
    secret = tmp_path / "secret"
    secret.write_text("<x> +proj=longlat +datum=WGS84 <>", encoding="ascii")
    for text in (f"+init={secret}:x", f"init={secret}:x", f"+proj=longlat +nadgrids={secret}"):
        crs = {"type": "name", "properties": {"name": text}}
        assert read(collection(feature(), crs=crs)).crs_basis == "unknown"
    assert listener.n_calls == 0


KML = (
    '<?xml version="1.0"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}'
    "<Placemark><name>{name}</name><Point><coordinates>104,30</coordinates></Point></Placemark></Document></kml>"
)


def test_fault_A15_external_entities_are_refused_with_the_document_type(listener, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET, encoding="ascii")
    for source in (secret.as_uri(), listener.address, f"file://{secret}"):
        for head in (
            f'<!DOCTYPE kml [<!ENTITY x SYSTEM "{source}">]>',
            f'<!DOCTYPE kml SYSTEM "{source}">',
            f'<!DOCTYPE kml [<!ENTITY % p SYSTEM "{source}"> %p;]>',
        ):
            assert refusal_of(KML.format(head=head, body="", name="&x;").encode()) == "xml_has_doctype"
    assert listener.n_calls == 0


def test_fault_A16_entities_that_swell_are_refused_before_they_are_looked_at():
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 30))
    billion = f'<!DOCTYPE kml [<!ENTITY a0 "{"ha" * 10}">{laughs}]>'
    quadratic = f'<!DOCTYPE kml [<!ENTITY a29 "{"x" * 100_000}">]>'
    for head in (billion, quadratic):
        content = KML.format(head=head, body="", name="&a29;" * 10_000).encode()
        assert code_of(content) == "xml_has_doctype"
        assert peak_mb(lambda content=content: code_of(content)) < 10


def test_fault_A16_elements_without_end_are_refused_by_their_depth():
    content = KML.format(head="", body="<Folder>" * 100_000, name="x").encode()
    assert code_of(content) == "xml_too_deep"


def test_fault_A17_a_gml_is_refused_and_its_schema_is_not_asked_for(listener):
    gml = (
        f'<?xml version="1.0"?><gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x {listener.address}/x.xsd">'
        "</gml:FeatureCollection>"
    )
    assert refusal_of(gml.encode(), "网格.gml") == "layer_is_markup"
    schema = f'<x xsi:schemaLocation="a {listener.address}/b.xsd"/>'
    content = KML.format(head="", body=schema, name="x").encode()
    assert read_layer_files([content], settings=Settings(), file_names=["x"]).n_features == 1
    assert listener.n_calls == 0


def test_fault_A18_links_of_a_kmz_are_listed_and_never_opened(listener):
    url = listener.address
    links = (
        f"<NetworkLink><Link><href>{url}/a.kml</href></Link></NetworkLink>"
        f"<Style><IconStyle><Icon><href>{url}/icon.png</href></Icon></IconStyle></Style>"
        f"<GroundOverlay><Icon><href>{url}/over.png</href></Icon></GroundOverlay>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("doc.kml", KML.format(head="", body=links, name="x"))
    layer = read_layer_files([buffer.getvalue()], settings=Settings(), file_names=["x.kmz"])
    ((code, severity, values),) = [(note.code, note.severity, note.values) for note in layer.notes]
    assert (code, severity, values["n"]) == ("kml_links_dropped", "warns", 3)
    assert f"{url}/a.kml" in values["first"]
    alone = f"<kml>{links}</kml>".encode()
    assert code_of(alone) == "kml_only_links"
    assert listener.n_calls == 0


# --- GeoPackage ---


def geopackage(folder: Path, *statements: str, layer: str = "grid") -> Path:
    path = folder / "made.gpkg"
    table = gpd.GeoDataFrame({"code": ["1", "2"]}, geometry=[box(104, 30, 105, 31)] * 2, crs=4326)
    table.to_file(path, layer=layer, driver="GPKG")
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()
    return path


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON grid BEGIN DELETE FROM grid; END", "geopackage_trigger"),
        (
            "CREATE TRIGGER rtree_x AFTER INSERT ON grid BEGIN SELECT load_extension('x'); END",
            "geopackage_trigger",
        ),
        (
            "CREATE TRIGGER rtree_y AFTER INSERT ON grid BEGIN UPDATE grid SET code = '3'; END",
            "geopackage_trigger",
        ),
        ("CREATE VIRTUAL TABLE v USING fts5(a)", "geopackage_virtual"),
    ],
)
def test_fault_A13_a_geopackage_with_more_than_it_needs_is_refused(tmp_path, statement, code):
    assert refusal_of(geopackage(tmp_path, statement), "网格.gpkg") == code


def test_fault_A13_a_layer_that_is_a_view_is_refused_and_views_beside_layers_are_not_read(tmp_path):
    path = geopackage(tmp_path, "CREATE VIEW v AS SELECT fid, geom, load_extension('x') AS code FROM grid")
    assert read(path).n_features == 2
    with sqlite3.connect(path) as database:
        database.execute("UPDATE gpkg_contents SET table_name = 'v' WHERE table_name = 'grid'")
        database.execute("UPDATE gpkg_geometry_columns SET table_name = 'v'")
    database.close()
    assert refusal_of(path, "网格.gpkg") == "geopackage_view"


def test_fault_A13_triggers_of_the_spatial_index_are_tolerated_and_undeclared_tables_unread(tmp_path):
    path = geopackage(tmp_path, f"CREATE TABLE secret AS SELECT '{SECRET}' AS a")
    with sqlite3.connect(path) as database:
        triggers = database.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()
    database.close()
    assert triggers[0] > 5
    layer = read(path)
    assert (layer.layers, layer.n_features) == (("grid",), 2)


@pytest.mark.parametrize("name", ["a'; DROP TABLE x; --", 'a"b', "a;b", "名'称"])
def test_fault_A14_the_name_of_a_layer_is_text(tmp_path, name):
    path = geopackage(tmp_path, layer=name)
    assert (read(path).layer, read(path, layer=name).n_features) == (name, 2)


# --- objects, Parquet, PBF, packed ---


class _Deed:
    """Leaves a mark when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (self.path,))


def test_fault_A22_nothing_is_unpickled(tmp_path):
    mark = tmp_path / "mark"
    evil = pickle.dumps(_Deed(str(mark)))
    array = io.BytesIO()
    np.save(array, np.array([_Deed(str(mark))], dtype=object), allow_pickle=True)
    for content in (evil, pickle.dumps({"a": 1}, protocol=2), array.getvalue()):
        assert refusal_of(content, "网格.gpkg") == "layer_is_object"
    assert code_of(pickle.dumps({"a": 1}, protocol=0)) == "layer_format_unknown"
    field = pa.field(
        "code", pa.string(),
        metadata={b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": evil},
    )  # fmt: skip
    geo = {"version": "1.0.0", "primary_column": "g", "columns": {"g": {"encoding": "WKB"}}}
    schema = pa.schema(
        [field, ("g", pa.binary())], metadata={b"geo": json.dumps(geo).encode(), b"pandas": evil}
    )
    path = tmp_path / "x.parquet"
    pyarrow.parquet.write_table(pa.table([["1"], [shapely.to_wkb(box(0, 0, 1, 1))]], schema=schema), path)
    layer = read_layer_files([path], settings=Settings(), file_names=["x"])
    assert layer.table["code"].tolist() == ["1"]
    assert not mark.exists()


def varint(number: int) -> bytes:
    number <<= 1  # zigzag of a positive number
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def test_fault_A23_a_parquet_that_declares_rows_without_end_is_refused_by_its_footer(tmp_path):
    n = 12_345
    geo = {"version": "1.0.0", "primary_column": "g", "columns": {"g": {"encoding": "WKB"}}}
    wkb = shapely.to_wkb(shapely.Point(104, 30))
    table = pa.table({"g": [wkb] * n}).replace_schema_metadata({b"geo": json.dumps(geo).encode()})
    path = tmp_path / "x"
    pyarrow.parquet.write_table(table, path)
    content = path.read_bytes()
    (length,) = struct.unpack("<I", content[-8:-4])
    footer = content[-8 - length : -8]
    claimed = footer.replace(b"\x16" + varint(n), b"\x16" + varint(2**40), 1)
    assert claimed != footer
    path.write_bytes(content[: -8 - length] + claimed + struct.pack("<I", len(claimed)) + b"PAR1")
    assert pyarrow.parquet.ParquetFile(path).metadata.num_rows == 2**40
    assert peak_mb(lambda: code_of(path, LimitError)) < 10
    assert refusal_of(path) == "layer_too_many_features"


@pytest.mark.parametrize(("depth", "code"), [(8, "parquet_too_deep"), (100, "layer_damaged")])
def test_fault_A23_a_parquet_nested_without_end_is_refused_by_its_footer(tmp_path, depth, code):
    """Beyond what Arrow itself can take apart the footer counts as damaged."""
    kind: pa.DataType = pa.int8()
    value: object = 1
    for _ in range(depth):
        kind, value = pa.list_(kind), [value]
    geo = {"version": "1.0.0", "primary_column": "g", "columns": {"g": {"encoding": "WKB"}}}
    wkb = shapely.to_wkb(shapely.Point(104, 30))
    table = pa.table({"g": [wkb], "deep": pa.array([value], type=kind)})
    path = tmp_path / "x"
    pyarrow.parquet.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), path)
    assert refusal_of(path) == code


def test_fault_A23_a_parquet_that_unpacks_to_too_much_is_refused_unread(tmp_path):
    geo = {"version": "1.0.0", "primary_column": "g", "columns": {"g": {"encoding": "WKB"}}}
    wkb = shapely.to_wkb(shapely.Point(104, 30))
    table = pa.table({"g": [wkb] * 2, "text": ["a" * 1_500_000, "b" * 1_500_000]})
    path = tmp_path / "x"
    pyarrow.parquet.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), path)
    assert path.stat().st_size < 300_000
    assert code_of(path, LimitError, limits=Limits(max_unpacked_mb=2)) == "archive_too_large"
    assert read(path, limits=Limits(max_unpacked_mb=4)).n_features == 2


def test_fault_A24_a_street_extract_brought_as_a_layer_is_refused_by_its_content():
    block = b"\x0a\x09OSMHeader\x18\x80\x80\x80\x80\x08"  # a blob of 2 GB, the format allows 32 MB
    assert refusal_of(struct.pack(">I", len(block)) + block, "街道.osm.pbf") == "layer_format_unknown"
    assert refusal_of(struct.pack(">I", 2**32 - 1) + block, "街道.geojson") == "layer_format_unknown"


def test_fault_A28_a_packed_body_under_a_plain_name_is_not_unpacked():
    packed = gzip.compress(collection(feature()))
    assert refusal_of(packed, "网格.geojson") == "layer_is_packed"
    bomb = gzip.compress(bytes(50_000_000))
    assert peak_mb(lambda: code_of(bomb)) < 10


# --- names ---


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/网格.geojson", "网格.geojson"),
        ("C:\\data\\网格.geojson", "网格.geojson"),
        ("网\x00格\x1b[31m.geojson", "网格[31m.geojson"),
        ("网格\u202enosjoeg.exe", "网格nosjoeg.exe"),
        ("\u2066网格\u2069.zip", "网格.zip"),
        ("a" * 300 + ".geojson", "a" * 112 + ".geojson"),
        ("...", "file"),
        ("", "file"),
    ],
)
def test_fault_A27_a_file_is_shown_by_a_clean_name(name, shown):
    assert clean_file_name(name) == shown
    layer = read_layer(collection(feature()), file_name=name, limits=Limits())
    assert layer.file_name == shown
