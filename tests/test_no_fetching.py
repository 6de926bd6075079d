"""No field fetches an address (fault J02): a name is a file of this machine, and bytes name nothing else.

A listener on a port of this machine stands for the address that must not be asked; GDAL and the
database speak to it as readily as Python does, so nobody gets past it unseen.
"""

from __future__ import annotations

import json
import socket
import threading
import zipfile
from io import BytesIO

import pytest

from geo.cli import main
from geo.errors import GeoError
from geo.settings import Settings
from geo.store import open_store
from geo.tasks.reading import read_layer_files, read_population_file, read_table_file

NAMES = [
    "http://{at}/x.{end}", "https://{at}/x.{end}", "ftp://{at}/x.{end}", "/vsicurl/http://{at}/x.{end}",
    "/vsicurl_streaming/http://{at}/x.{end}", "/vsizip//vsicurl/http://{at}/x.zip/x.{end}", "/vsis3/b/x.{end}",
    "GeoJSON:http://{at}/x", "WFS:http://{at}/", "/vsizip/vsicurl/http://{at}/x.{end}", "http://2130706433:{port}/x.{end}",
    "file:///etc/passwd", "/vsistdin/", "PG:host=127.0.0.1 port={port}",
]  # fmt: skip
COMMANDS = {
    "import-boundaries": ["--level", "grid"],
    "import-cases": ["--source", "x"],
    "import-facilities": ["--source", "x"],
    "import-population": ["--source", "x"],
    "import-buildings": [],
    "import-land": [],
    "import-streets": [],
}


class Listener:
    """Answers every connection with a small file, and counts them."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.asked = 0
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            self.asked += 1
            body = b'{"type":"FeatureCollection","features":[]}'
            caller.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            caller.close()

    def fill(self, text: str, **values: str) -> str:
        return (
            text.replace("{at}", f"127.0.0.1:{self.port}").replace("{port}", str(self.port)).format(**values)
        )


@pytest.fixture
def listener():
    made = Listener()
    yield made
    made.socket.close()


@pytest.fixture(autouse=True)
def own_store(monkeypatch, tmp_path):
    monkeypatch.setenv("GETU_STORE_URL", "duckdb::memory:")
    monkeypatch.chdir(tmp_path)


def test_the_listener_would_notice(listener):
    with socket.create_connection(("127.0.0.1", listener.port)) as caller:
        assert caller.recv(8) == b"HTTP/1.0"
    assert listener.asked == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", COMMANDS)
def test_fault_J02_a_command_opens_files_of_this_machine_only(listener, capsys, command, name):
    end = "csv" if command in ("import-cases", "import-facilities") else "geojson"
    given = listener.fill(name, end=end)
    code = main([command, given, *COMMANDS[command], "--coord-sys", "wgs84"])
    said = capsys.readouterr().err
    assert (code, listener.asked) == (1, 0)
    assert "Traceback" not in said and len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("read", [read_layer_files, read_population_file], ids=["layer", "population"])
def test_fault_J02_the_name_of_an_upload_is_a_name_and_no_address(listener, read, name):
    given = listener.fill(name, end="geojson")
    with pytest.raises(GeoError):
        read([b'{"type":"FeatureCollection","features":[]}'], settings=Settings(), file_names=[given])
    assert listener.asked == 0


@pytest.mark.parametrize("name", [name.replace("{end}", "csv") for name in NAMES])
def test_fault_J02_the_name_of_an_uploaded_list_is_a_name_and_no_address(listener, name):
    table = read_table_file("编号,地址\n1,二\n".encode(), settings=Settings(), file_name=listener.fill(name))
    assert list(table.columns) == ["编号", "地址"]
    assert listener.asked == 0


VRT = """<OGRVRTDataSource><OGRVRTLayer name="x">
<SrcDataSource>{source}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"""
SOURCES = ["/vsicurl/http://{at}/x.geojson", "http://{at}/x.geojson", "/etc/passwd"]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("end", ["geojson", "vrt", "gpkg", "shp", "json", "kml", "xml"])
def test_fault_J02_a_file_that_points_elsewhere_is_not_followed(listener, source, end):
    content = VRT.format(source=listener.fill(source)).encode()
    with pytest.raises(GeoError):
        read_layer_files([content], settings=Settings(), file_names=[f"x.{end}"])
    assert listener.asked == 0


@pytest.mark.parametrize("source", SOURCES)
def test_fault_J02_nor_is_one_inside_an_archive(listener, source):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("x.vrt", "x.shp", "x.shx", "x.dbf"):
            archive.writestr(name, VRT.format(source=listener.fill(source)))
    with pytest.raises(GeoError):
        read_layer_files([packed.getvalue()], settings=Settings(), file_names=["x.zip"])
    assert listener.asked == 0


@pytest.mark.parametrize("kind", ["link", "name"])
def test_fault_J02_a_coordinate_system_by_link_is_not_fetched(listener, kind):
    at = listener.fill("http://{at}/crs.wkt")
    crs = {"type": kind, "properties": {"href": at, "type": "ogcwkt", "name": at}}
    square = [[[104.0, 30.6], [104.1, 30.6], [104.1, 30.7], [104.0, 30.7], [104.0, 30.6]]]
    feature = {
        "type": "Feature",
        "properties": {"id": "1"},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    content = json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}).encode()
    try:
        layer = read_layer_files([content], settings=Settings(), file_names=["x.geojson"])
    except GeoError:
        pass
    else:
        assert layer.declared_crs is None or at not in layer.declared_crs
    assert listener.asked == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://{at}/x.duckdb", "duckdb:http://{at}/x.duckdb", "duckdb:HTTPS://{at}/x", "duckdb:s3://b/x",
        "duckdb:file:///tmp/x", "duckdb:md:x", "ftp://{at}/x", "duckdb:http:/{at}/x.duckdb",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "words", [["store", "check"], ["check"], ["store", "copy", "{url}", "duckdb::memory:"]]
)
def test_fault_J02_a_store_is_a_file_or_a_database_server(
    listener, monkeypatch, capsys, tmp_path, url, words
):
    given = listener.fill(url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GETU_STORE_URL", given)
    assert main([word.replace("{url}", given) for word in words]) == 1
    assert listener.asked == 0
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    if given.startswith("duckdb:"):
        assert "begins an address" in out + err
        assert str(listener.port) not in out + err
    assert list(tmp_path.iterdir()) == [], "no folder was made"


def test_a_path_with_a_colon_further_on_is_a_path(tmp_path):
    with open_store(f"duckdb:{tmp_path / 'a:b.duckdb'}") as store:
        assert store.data_version() == 0


def test_fault_J02_a_backup_is_a_file(listener, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GETU_STORE_URL", "duckdb:x.duckdb")
    for deed in ("restore", "verify", "backup"):
        assert main(["store", deed, listener.fill("http://{at}/b.duckdb")]) == 1
    assert listener.asked == 0
    assert [path.name for path in tmp_path.iterdir()] == ["x.duckdb"]
