"""Buildings, residential land and streets are kept with their place or refused with their row."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString, Point, box

from geo.errors import ChoiceError, MissingError
from geo.intake.buildings import (
    BuildingChoices,
    LandChoices,
    StreetChoices,
    check_buildings,
    check_residential_land,
    check_streets,
)
from geo.intake.layers import read_layer
from geo.intake.limits import Limits
from geo.intake.tables import read_table
from geo.schema import TABLES

LIMITS = Limits()


def layer(shapes: list, crs: int = 4326, **columns: list):
    content = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_json(drop_id=True)
    return read_layer(content.encode(), file_name="x.geojson", limits=LIMITS, coord_sys="wgs84")


def told(checked) -> list[list[object]]:
    return checked.rejected[["row", "code"]].to_numpy().tolist()


def test_buildings_are_polygons_or_points_with_the_columns_of_the_schema():
    square = box(104.0, 30.6, 104.001, 30.601)
    line = LineString([(104, 30.6), (104.1, 30.6)])
    raw = layer(
        [square, Point(104.01, 30.61), line],
        code=["B1", "B2", "B3"],
        name=[" 3栋 ", "", "x"],
        floors=["33", "abc", "1"],
    )
    choices = BuildingChoices({"building_id": "code", "name": "name", "storeys": "floors"})
    checked = check_buildings(raw, choices)
    assert list(checked.rows.columns) == [name for name in TABLES["buildings"].names if name != "batch_id"]
    assert checked.rows["building_id"].tolist() == ["B1", "B2"]
    assert checked.rows["name"].tolist()[0] == "3栋" and pd.isna(checked.rows["name"].iloc[1])
    assert checked.rows["storeys"].tolist()[0] == 33 and pd.isna(checked.rows["storeys"].iloc[1])
    assert checked.rows["geom"].isna().tolist() == [False, True]
    assert square.contains(Point(checked.rows.iloc[0].lon, checked.rows.iloc[0].lat))
    assert (checked.rows.iloc[1].lon, checked.rows.iloc[1].lat) == (104.01, 30.61)
    assert told(checked) == [[3, "geometry_not_place"]]
    assert checked.remarks[["row", "code"]].to_numpy().tolist() == [[2, "building_count_odd"]]


@pytest.mark.parametrize(("storeys", "households"), [("0", "0"), ("200", "9999")])
def test_plausible_counts_are_kept(storeys, households):
    text = f"id,x,y,f,h\n1,104,30.6,{storeys},{households}\n"
    columns = {"building_id": "id", "lon": "x", "lat": "y", "storeys": "f", "households": "h"}
    raw = read_table(text.encode(), file_name="x.csv", limits=LIMITS)
    row = check_buildings(raw, BuildingChoices(columns, coord_sys="wgs84")).rows.iloc[0]
    assert (row.storeys, row.households) == (int(storeys), int(households))


@pytest.mark.parametrize("storeys", ["-1", "201", "2.5", "33层"])
def test_an_implausible_count_is_left_out_and_remarked_on(storeys):
    text = f"id,x,y,f\n1,104,30.6,{storeys}\n"
    raw = read_table(text.encode(), file_name="x.csv", limits=LIMITS)
    columns = {"building_id": "id", "lon": "x", "lat": "y", "storeys": "f"}
    checked = check_buildings(raw, BuildingChoices(columns, coord_sys="wgs84"))
    assert pd.isna(checked.rows.iloc[0].storeys)
    assert checked.remarks["value"].tolist() == [storeys]


def test_a_table_of_buildings_needs_its_coordinates_named():
    raw = read_table(b"id,x,y\n1,104,30.6\n", file_name="x.csv", limits=LIMITS)
    with pytest.raises(ChoiceError) as caught:
        check_buildings(raw, BuildingChoices({"building_id": "id"}, coord_sys="wgs84"))
    assert caught.value.code == "place_columns_needed"
    with pytest.raises(MissingError):
        check_buildings(raw, BuildingChoices({"lon": "x", "lat": "z"}, coord_sys="wgs84"))


def test_buildings_without_a_column_of_numbers_are_numbered_by_their_rows():
    checked = check_buildings(layer([Point(104, 30.6)], a=["x"]), BuildingChoices({}))
    assert checked.rows["building_id"].tolist() == ["1"]
    assert "place_ids_from_rows" in {note.code for note in checked.notes}


def test_a_building_number_that_stands_twice_is_refused_in_both_rows():
    raw = layer([Point(104, 30.6), Point(104.1, 30.6)], code=["B1", "B1"])
    assert told(check_buildings(raw, BuildingChoices({"building_id": "code"}))) == [
        [1, "place_id_twice"],
        [2, "place_id_twice"],
    ]


def test_residential_land_is_polygons_with_the_columns_of_the_schema():
    raw = layer([box(104, 30.6, 104.01, 30.61), Point(104, 30.6)], code=["L1", "L2"])
    checked = check_residential_land(raw, LandChoices("code", source="规划"))
    assert list(checked.rows.columns) == [
        name for name in TABLES["residential_land"].names if name != "batch_id"
    ]
    assert checked.rows["land_id"].tolist() == ["L1"]
    assert checked.rows["source"].tolist() == ["规划"]
    assert told(checked) == [[2, "geometry_not_polygon"]]


CROSS = [
    LineString([(104.00, 30.60), (104.01, 30.60)]),
    MultiLineString([[(104.01, 30.60), (104.02, 30.60)], [(104.01, 30.60), (104.01, 30.61)]]),
    LineString([(104.01 + 4e-9, 30.60), (104.01, 30.59)]),  # half a millimetre beside the crossing
]


def test_streets_that_meet_end_to_end_share_a_node():
    checked = check_streets(layer(CROSS, road=["东大路", None, " "]), StreetChoices(name_column="road"))
    assert list(checked.rows.columns) == [name for name in TABLES["street_edges"].names if name != "batch_id"]
    nodes = checked.side_tables["street_nodes"]
    assert list(nodes.columns) == [name for name in TABLES["street_nodes"].names if name != "batch_id"]
    assert len(nodes) == 5 and nodes["lon"].is_monotonic_increasing
    crossing = nodes.loc[nodes["lon"].sub(104.01).abs().lt(1e-8) & nodes["lat"].eq(30.60), "node_id"].item()
    touching = (checked.rows["from_node"] == crossing) | (checked.rows["to_node"] == crossing)
    assert touching.all()
    assert checked.rows["edge_id"].tolist() == [1, 2, 3, 4]
    assert checked.rows.index.tolist() == [1, 2, 2, 3]
    assert checked.rows["name"].tolist()[0] == "东大路" and checked.rows["name"].isna().sum() == 3
    assert checked.rows["walk"].all()


def test_the_length_of_a_street_is_geodesic():
    checked = check_streets(layer(CROSS[:1], a=["x"]), StreetChoices())
    # 0.01 degrees of longitude at 30.6 north on the ellipsoid
    assert checked.rows["length_m"].iloc[0] == pytest.approx(958.9, abs=0.2)


def test_what_is_no_line_or_has_no_length_is_refused():
    shapes = [Point(104, 30.6), LineString([(104, 30.6), (104, 30.6)]), CROSS[0]]
    checked = check_streets(layer(shapes, a=["1", "2", "3"]), StreetChoices())
    assert told(checked) == [[1, "geometry_not_line"], [2, "line_without_length"]]
    assert len(checked.rows) == 1


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(3)))
def test_nodes_do_not_depend_on_the_order_of_streets(order):
    plain = check_streets(layer(CROSS, a=["1", "2", "3"]), StreetChoices())
    mixed = check_streets(layer([CROSS[at] for at in order], a=["1", "2", "3"]), StreetChoices())
    one, other = (c.side_tables["street_nodes"] for c in (plain, mixed))
    assert len(one) == len(other)
    assert (one[["lon", "lat"]] - other[["lon", "lat"]]).abs().to_numpy().max() < 1e-8
    assert sorted(plain.rows["length_m"]) == pytest.approx(sorted(mixed.rows["length_m"]))
    assert sorted(zip(plain.rows["from_node"], plain.rows["to_node"], strict=True)) == sorted(
        zip(mixed.rows["from_node"], mixed.rows["to_node"], strict=True)
    )
