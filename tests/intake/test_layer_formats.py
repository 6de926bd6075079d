"""Each format people really have is read as what it is, told by its content, with every area as drawn."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon, box

from geo.errors import ChoiceError, EmptyError, FileError, LimitError, MissingError
from geo.intake.layers import choose_layer_coord_sys, swap_layer
from geo.intake.limits import Limits
from tests.intake.layer_files import BOSTON, SQUARE, code_of, collection, feature, read

HOLE = [[104.004, 30.604], [104.006, 30.604], [104.006, 30.606], [104.004, 30.606], [104.004, 30.604]]
SHAPE = Polygon(SQUARE[0])


def geometry_of(layer, at: int = 0):
    return layer.table.geometry.iloc[at]


def codes(layer) -> list[list[object]]:
    return layer.problems[["row", "code"]].to_numpy().tolist()


# --- lists and sequences ---


def test_a_bare_list_of_geometries_or_features_is_a_layer():
    square = {"type": "Polygon", "coordinates": SQUARE}
    layer = read(json.dumps([square, {"type": "Point", "coordinates": [104, 30]}, 5]).encode())
    assert (layer.format, layer.n_features) == ("geojson", 3)
    assert geometry_of(layer).equals(SHAPE)
    assert codes(layer) == [[3, "feature_not_object"]]
    assert read(json.dumps([feature({"id": "1"})]).encode()).table["id"].tolist() == ["1"]
    assert code_of(b"[]", EmptyError) == "layer_empty"
    assert code_of(b'[{"a": 1}]') == "geojson_is_list"
    assert code_of(b"[] []") == "json_broken"


@pytest.mark.parametrize("between", ["\n", "\n\x1e", "\r\n\r\n"])
def test_a_sequence_of_features_is_a_layer_with_or_without_record_marks(between):
    texts = [json.dumps(feature({"id": str(n)})) for n in (1, 2, 3)]
    mark = "\x1e" if "\x1e" in between else ""
    layer = read((mark + between.join(texts) + "\n").encode())
    assert (layer.format, layer.declared_crs, layer.crs_basis) == ("geojson_seq", "wgs84", "format")
    assert layer.table["id"].tolist() == ["1", "2", "3"]


def test_collections_and_geometries_may_stand_in_a_sequence_and_a_broken_line_is_told():
    text = (
        collection(feature({"id": "1"}), feature({"id": "2"})) + b'\n{"type": "Point", "coordinates": [1, 2]}'
    )
    assert read(text).n_features == 3
    for end in (len(text) - 1, len(text) - 20):
        with pytest.raises(FileError) as caught:
            read(text[:end])
        assert (caught.value.code, caught.value.values["line"]) == ("json_broken", 2)
    assert code_of(text + b'\n{"hello": 1}') == "json_not_geojson"


def test_parts_of_a_sequence_in_different_systems_are_refused():
    crs = {"type": "name", "properties": {"name": "EPSG:4490"}}
    assert code_of(collection(feature()) + b"\n" + collection(feature(), crs=crs)) == "json_systems_differ"


# --- Esri JSON ---


def esri(*geometries: object, **more: object) -> bytes:
    rows = [{"attributes": {"ID": n, "name": "网格"}, "geometry": g} for n, g in enumerate(geometries, 1)]
    return json.dumps({"geometryType": "esriGeometryPolygon", **more, "features": rows}).encode()


def test_esri_rings_are_sorted_into_polygons_by_their_turn():
    outer = SQUARE[0][::-1]  # clockwise, as Esri writes an outer ring
    second = [[x + 1, y] for x, y in outer]
    layer = read(esri({"rings": [HOLE, outer, second]}, spatialReference={"wkid": 4490}))
    assert (layer.format, layer.declared_crs, layer.crs_basis) == ("esri_json", "cgcs2000", "file")
    expected = MultiPolygon([Polygon(SQUARE[0], [HOLE]), Polygon(second)])
    assert geometry_of(layer).normalize().equals_exact(expected.normalize())
    assert layer.table[["ID", "name"]].to_numpy().tolist() == [["1", "网格"]]


def test_esri_rings_turned_the_other_way_and_a_hole_of_nothing_stay_areas():
    layer = read(esri({"rings": [SQUARE[0], HOLE[::-1]]}))
    assert geometry_of(layer).equals(MultiPolygon([Polygon(SQUARE[0], [HOLE])]))
    away = [[x + 5, y] for x, y in HOLE]
    layer = read(esri({"rings": [SQUARE[0][::-1], away]}))
    assert geometry_of(layer).area == pytest.approx(SHAPE.area + Polygon(HOLE).area)


def test_other_esri_geometries_are_read_or_refused_by_their_kind():
    point, nothing = {"x": 104.0, "y": 30.6}, {"x": None, "y": None}
    lines = {"paths": [[[104, 30], [105, 30]]]}
    curve = {"curveRings": [[[0, 0], {"c": [[3, 3], [1, 4]]}]]}
    broken = {"rings": [[["a", "b"], [1, 2], [3, 4]], [[1, 2]]]}
    layer = read(esri(point, nothing, lines, curve, broken, None, {}, {"rings": 7}))
    assert geometry_of(layer).equals(Point(104, 30.6))
    assert geometry_of(layer, 2).length == 1
    assert codes(layer) == [
        [2, "geometry_missing"],
        [4, "geometry_kind_unknown"],
        [5, "geometry_coordinates_broken"],
        [6, "geometry_missing"],
        [7, "geometry_missing"],
        [8, "geometry_coordinates_broken"],
    ]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"wkid": 102100, "latestWkid": 3857}, "epsg:3857"),
        ({"wkid": 102100}, "epsg:3857"),
        ({"wkid": 4547}, "cgcs2000-cm114"),
        ({"wkid": True}, None),
        ({"wkt": "nonsense"}, None),
        ({}, None),
    ],
)
def test_the_system_an_esri_file_names_is_taken(reference, expected):
    assert read(esri({"rings": [SQUARE[0]]}, spatialReference=reference)).declared_crs == expected


def test_an_esri_geometry_alone_is_a_layer_of_one():
    layer = read(json.dumps({"rings": [SQUARE[0]], "spatialReference": {"wkid": 4326}}).encode())
    assert (layer.n_features, layer.format, layer.declared_crs) == (1, "esri_json", "wgs84")


# --- TopoJSON ---

# Two squares side by side, 1 wide: arc 0 is the edge they share, upwards.
ARCS = [[[1, 0], [1, 1]], [[1, 1], [0, 1], [0, 0], [1, 0]], [[1, 0], [2, 0], [2, 1], [1, 1]]]


def topojson(arcs: object = ARCS, objects: object = None, **more: object) -> bytes:
    left = {"type": "Polygon", "arcs": [[0, 1]], "id": "7", "properties": {"name": "左"}}
    right = {"type": "MultiPolygon", "arcs": [[[2, -1]]], "properties": {"name": "右"}}
    grid = {"type": "GeometryCollection", "geometries": [left, right]}
    return json.dumps(
        {"type": "Topology", "arcs": arcs, "objects": objects or {"grid": grid}, **more}
    ).encode()


def test_topojson_arcs_are_joined_and_turned_and_neighbours_share_their_edge():
    layer = read(topojson())
    assert (layer.format, layer.layer, layer.layers, layer.crs_basis) == (
        "topojson",
        "grid",
        ("grid",),
        "none",
    )
    left, right = layer.table.geometry
    assert left.equals(box(0, 0, 1, 1)) and right.equals(box(1, 0, 2, 1))
    assert shapely.intersection(left, right).length == 1
    assert layer.table["name"].tolist() == ["左", "右"]
    assert layer.table["id"].tolist()[0] == "7"


def test_quantised_arcs_are_steps_of_the_transform():
    # The same squares in steps of a hundredth from (104, 30), each position as a step from the one before.
    steps = [
        [[100, 0], [0, 100]],
        [[100, 100], [-100, 0], [0, -100], [100, 0]],
        [[100, 0], [100, 0], [0, 100], [-100, 0]],
    ]
    transform = {"scale": [0.01, 0.01], "translate": [104, 30]}
    layer = read(topojson(steps, transform=transform))
    assert geometry_of(layer).equals_exact(MultiPolygon([box(104, 30, 105, 31)]), 1e-9, normalize=True)
    assert geometry_of(layer, 1).equals_exact(MultiPolygon([box(105, 30, 106, 31)]), 1e-9, normalize=True)
    assert code_of(topojson(steps, transform={"scale": [1]})) == "topojson_broken"


def test_the_objects_of_a_topojson_are_layers_to_choose_from():
    objects = {
        "a": {"type": "Point", "coordinates": [1, 2]},
        "b": {"type": "Polygon", "arcs": [[0, 1]]},
    }
    with pytest.raises(ChoiceError) as caught:
        read(topojson(objects=objects))
    assert caught.value.values["choices"] == ["a", "b"]
    layer = read(topojson(objects=objects), layer="b")
    assert (layer.layer, layer.layers) == ("b", ("a", "b"))
    assert geometry_of(layer).equals(box(0, 0, 1, 1))
    assert geometry_of(read(topojson(objects=objects), layer="a")).equals(Point(1, 2))
    assert code_of(topojson(objects=objects), MissingError, layer="c") == "layer_unknown"


def test_arcs_that_are_not_there_cost_their_feature_and_arcs_without_end_the_file():
    shapes = [
        {"type": "Polygon", "arcs": [[0, 9]]},
        {"type": None},
        {"type": "Polygon", "arcs": "x"},
        {"type": "GeometryCollection", "geometries": []},
        7,
        {"type": "Polygon", "arcs": [[0, 1]]},
    ]
    layer = read(topojson(objects={"a": {"type": "GeometryCollection", "geometries": shapes}}))
    assert codes(layer) == [
        [1, "geometry_coordinates_broken"],
        [2, "geometry_missing"],
        [3, "geometry_coordinates_broken"],
        [4, "geometry_kind_unused"],
        [5, "geometry_kind_unknown"],
    ]
    # A hundred thousand corners out of 400 kB: each number stands for an arc of four corners.
    swollen = {"a": {"type": "Polygon", "arcs": [[1] * 25_000]}}
    limits = Limits(max_vertices=90_000)
    assert code_of(topojson(objects=swollen), LimitError, limits=limits) == "layer_too_many_vertices"


# --- KML and KMZ ---

KML = """<?xml version="1.0" encoding="{encoding}"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>网格</name>
<Style id="s"><IconStyle><Icon><href>{href}</href></Icon></IconStyle></Style>
<Folder><name>第一社区</name>
<Placemark id="p1"><name>一号网格</name><description><![CDATA[<b>粗</b>]]></description>
<ExtendedData><Data name="code"><value>043001</value></Data>
<SchemaData><SimpleData name="户数">312</SimpleData></SchemaData></ExtendedData>
<Polygon><outerBoundaryIs><LinearRing><coordinates>
{outer}
</coordinates></LinearRing></outerBoundaryIs>
<innerBoundaryIs><LinearRing><coordinates>{inner}</coordinates></LinearRing></innerBoundaryIs></Polygon>
</Placemark></Folder>
<Placemark><name>点</name><Point><coordinates>104.0, 30.6, 500</coordinates></Point></Placemark>
{more}
</Document></kml>"""


def kml(more: str = "", encoding: str = "UTF-8", href: str = "http://127.0.0.1/x.png") -> str:
    outer = " ".join(f"{x},{y},0" for x, y in SQUARE[0])
    inner = " ".join(f"{x},{y}" for x, y in HOLE)
    return KML.format(outer=outer, inner=inner, more=more, encoding=encoding, href=href)


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030", "UTF-16", "GBK"])
def test_a_kml_is_read_with_its_names_fields_and_folders(encoding):
    layer = read(kml(encoding=encoding).encode(encoding))
    assert (layer.format, layer.declared_crs, layer.crs_basis) == ("kml", "wgs84", "format")
    first = layer.table.iloc[0]
    assert geometry_of(layer).equals(Polygon(SQUARE[0], [HOLE]))
    assert first.drop("geometry").to_dict() == {
        "id": "p1",
        "name": "一号网格",
        "description": "<b>粗</b>",
        "code": "043001",
        "户数": "312",
        "folder": "网格 / 第一社区",
    }
    assert geometry_of(layer, 1).equals(Point(104.0, 30.6))
    assert layer.table["folder"].tolist()[1] == "网格"
    assert layer.n_heights == 2


def test_many_geometries_in_a_placemark_are_one_area_and_other_kinds_are_refused():
    ring = "<LinearRing><coordinates>0,0 1,0 1,1 0,0</coordinates></LinearRing>"
    polygon = f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>"
    track = "<gx:Track><when>2020</when></gx:Track>"
    bad = polygon.replace("1,0", "a,b")
    places = [
        f"<MultiGeometry>{polygon}{polygon}</MultiGeometry>",
        track,
        bad,
        "",
        "<Point><coordinates>1,2</coordinates></Point>" + polygon,
    ]
    layer = read(kml("".join(f"<Placemark>{place}</Placemark>" for place in places)).encode())
    assert geometry_of(layer, 2).geom_type == "MultiPolygon"
    assert codes(layer) == [
        [4, "geometry_kind_unknown"],
        [5, "geometry_coordinates_broken"],
        [6, "geometry_missing"],
        [7, "geometry_kind_unused"],
    ]


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def test_a_kmz_is_read_by_its_main_document():
    content = zipped(doc__kml=kml().encode(), other__kml=b"<kml/>", icon__png=b"\x89PNG")
    layer = read(content)
    assert (layer.format, layer.n_features, layer.layers) == ("kml", 2, ())


def test_a_truncated_kml_is_refused_with_the_place():
    text = kml()
    for end in range(len('<?xml version="1.0" encoding="UTF-8"?>\n<kml>'), len(text) - 8, 97):
        assert code_of(text[:end].encode()) == "xml_broken", end


# --- GeoParquet and FlatGeobuf ---


def table() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"code": ["043001", None], "n": [1.0, np.nan], "day": [None, "2026-01-01"]},
        geometry=[SHAPE, MultiPolygon([box(105, 30, 106, 31)])],
        crs=4490,
    )


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
def test_a_geoparquet_is_read_with_its_system(tmp_path, encoding):
    path = tmp_path / "层.bin"
    rows = table()
    if encoding == "geoarrow":
        rows = rows.assign(geometry=[MultiPolygon([SHAPE]), rows.geometry.iloc[1]])
    rows.to_parquet(path, geometry_encoding=encoding, schema_version="1.1.0")
    layer = read(path)
    assert (layer.format, layer.declared_crs, layer.crs_basis) == ("geoparquet", "cgcs2000", "file")
    assert [
        shape.equals(drawn) for shape, drawn in zip(layer.table.geometry, rows.geometry, strict=True)
    ] == [
        True,
        True,
    ]
    assert layer.table["code"].isna().tolist() == [False, True]
    assert layer.table["n"].tolist()[0] == "1"
    assert layer.columns == ("code", "n", "day")


def parquet(path: Path, geo: object, **columns: list) -> Path:
    made = pa.table(columns or {"geometry": [shapely.to_wkb(SHAPE)]})
    said = {} if geo is None else {b"geo": json.dumps(geo).encode()}
    pyarrow.parquet.write_table(made.replace_schema_metadata(said), path)
    return path


def test_a_parquet_says_which_column_is_the_geometry_and_in_which_system_or_is_refused(tmp_path):
    column = {"encoding": "WKB", "geometry_types": []}
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}
    path = tmp_path / "x"
    layer = read(parquet(path, geo))
    assert (layer.declared_crs, layer.crs_basis) == ("wgs84", "format")
    column["crs"] = None
    layer = read(parquet(path, geo))
    assert (layer.declared_crs, layer.crs_basis) == (None, "none")
    column["encoding"] = "pickle"
    for wrong in (geo, None, {"columns": {}}, {"primary_column": "x", "columns": {"x": {}}}, []):
        assert code_of(parquet(path, wrong)) == "parquet_without_geometry"
    geo["columns"]["geometry"] = {"encoding": "WKB"}
    wkb = [shapely.to_wkb(SHAPE), b"\x01\x02", None]
    assert codes(read(parquet(path, geo, geometry=wkb))) == [[2, "geometry_broken"], [3, "geometry_missing"]]
    assert code_of(path.read_bytes()[:-9]) == "layer_damaged"


def test_a_flatgeobuf_is_read_with_its_system(tmp_path):
    path = tmp_path / "plain.fgb"
    table().to_file(path, driver="FlatGeobuf")
    layer = read(path.read_bytes())
    assert (layer.format, layer.declared_crs, layer.crs_basis) == ("flatgeobuf", "cgcs2000", "file")
    assert sorted(layer.table["code"].dropna()) == ["043001"]
    assert layer.table.geometry.area.sum() == pytest.approx(SHAPE.area + 1)
    content = path.read_bytes()
    for end in range(100, len(content), 50):
        assert code_of(content[:end]) == "layer_damaged", end


@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x", "x.shp"])
@pytest.mark.parametrize("kind", ["parquet", "fgb", "gpkg", "kml", "json"])
def test_the_name_of_a_file_decides_nothing(tmp_path, kind, name):
    path = tmp_path / f"made.{kind}"
    rows = table()
    if kind == "parquet":
        rows.to_parquet(path)
    elif kind == "kml":
        path.write_text(kml(), encoding="utf-8")
    elif kind == "json":
        path.write_bytes(collection(feature(), feature()))
    else:
        rows.to_file(path, driver={"fgb": "FlatGeobuf", "gpkg": "GPKG"}[kind])
    formats = {"parquet": "geoparquet", "fgb": "flatgeobuf", "gpkg": "geopackage", "json": "geojson"}
    layer = read(path.rename(tmp_path / name))
    assert (layer.format, layer.n_features) == (formats.get(kind, kind), 2)


# --- several layers in an archive ---


def test_the_layers_of_an_archive_are_named_and_one_is_chosen():
    grid, community = collection(feature({"id": "g"})), collection(feature({"id": "c"}))
    with pytest.raises(ChoiceError) as caught:
        read(zipped(grid__geojson=grid, community__json=community))
    assert caught.value.values["choices"] == ["grid", "community"]
    layer = read(zipped(grid__geojson=grid, community__json=community), layer="community")
    assert (layer.table["id"].tolist(), layer.layer, layer.layers) == (
        ["c"],
        "community",
        ("grid", "community"),
    )
    same = {"a/x__geojson": grid, "b/x__geojson": community}
    assert read(zipped(**same), layer="b/x.geojson").table["id"].tolist() == ["c"]


# --- axes ---


def test_axes_are_exchanged_when_asked_and_that_is_noted():
    swapped = [[[y, x] for x, y in BOSTON[0]]]
    layer = swap_layer(read(collection(feature(coordinates=swapped))))
    assert geometry_of(layer).equals(Polygon(BOSTON[0]))
    system, notes = choose_layer_coord_sys(layer)
    assert system == "wgs84"
    assert [note.code for note in notes] == ["layer_axes_swapped", "crs_by_format"]
