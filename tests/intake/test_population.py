"""Figures of people are kept at their place or refused with their row; no count is made up."""

from __future__ import annotations

import json
from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from geo.errors import ChoiceError, CrsError, MissingError
from geo.intake.boundaries import BoundaryChoices, check_boundaries
from geo.intake.checked import Checked
from geo.intake.layers import read_layer
from geo.intake.limits import Limits
from geo.intake.population import PopulationChoices, check_population, find_population_form, read_as_of
from geo.intake.tables import read_table
from geo.schema import TABLES

LIMITS = Limits()
CELL = "89a901291abffff"  # Porto Alegre, resolution 9


def table(text: str):
    return read_table(text.encode(), file_name="人口.csv", limits=LIMITS)


def check(text: str, **choices: object) -> Checked:
    columns = choices.pop("columns")
    return check_population(table(text), PopulationChoices(columns, "人口普查", **choices))


POINTS = {"point_id": "编号", "lon": "经度", "lat": "纬度", "residents": "人口"}


def told(checked: Checked) -> list[list[object]]:
    return checked.rejected[["row", "column_name", "code"]].to_numpy().tolist()


def test_points_have_the_columns_of_the_schema_and_the_row_of_the_file():
    text = '编号,经度,纬度,人口,老人,户\n001,104.0657,30.6595,"1,200",150,400\n002,１０４.1,30.6,0,,\n'
    checked = check(
        text,
        columns=POINTS | {"elders": "老人", "households": "户"},
        coord_sys="wgs84",
        as_of_on=date(2020, 11, 1),
    )
    assert list(checked.rows.columns) == [
        name for name in TABLES["population_points"].names if name != "batch_id"
    ]
    first = checked.rows.loc[2]
    assert (first.point_id, first.lon, first.lat) == ("001", 104.0657, 30.6595)
    assert (first.residents, first.elders, first.households) == (1200, 150, 400)
    assert (first.source, first.as_of_on) == ("人口普查", date(2020, 11, 1))
    assert pd.isna(first.children)
    assert (checked.rows.loc[3, "lon"], checked.rows.loc[3, "residents"]) == (104.1, 0)
    assert (checked.n_read, checked.n_rejected) == (2, 0)


def test_points_in_gcj02_are_turned_back():
    text = "编号,经度,纬度,人口\n1,104.06820740,30.65707914,5\n"
    row = check(text, columns=POINTS, coord_sys="gcj02").rows.iloc[0]
    assert (row.lon, row.lat) == pytest.approx((104.0657, 30.6595), abs=2e-8)


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("9,104.0,30.6,-1", "人口", "population_count_bad"),
        ("9,104.0,30.6,很多", "人口", "population_count_bad"),
        ("9,104.0,30.6,inf", "人口", "population_count_bad"),
        ("9,104.0,30.6,", "人口", "population_count_missing"),
        ("9,,30.6,5", "经度", "place_position_missing"),
        ("9,104.0,北,5", "纬度", "place_position_missing"),
        ("9,204.0,30.6,5", "经度", "place_position_off"),
        (",104.0,30.6,5", "编号", "place_id_missing"),
        ("9.1E+17,104.0,30.6,5", "编号", "place_id_damaged"),
    ],
)
def test_a_row_that_cannot_be_counted_is_refused_with_its_reason(row, column, code):
    checked = check(
        f"编号,经度,纬度,人口\n1,104.0,30.6,5\n2,104.0,30.6,5\n{row}\n", columns=POINTS, coord_sys="wgs84"
    )
    assert told(checked) == [[4, column, code]]
    assert checked.rows["point_id"].tolist() == ["1", "2"]


def test_a_number_that_stands_twice_is_refused_in_both_rows():
    text = "编号,经度,纬度,人口\n1,104.0,30.6,5\n1,104.1,30.6,6\n2,104.1,30.6,6\n"
    checked = check(text, columns=POINTS, coord_sys="wgs84")
    assert [row for row, *_ in told(checked)] == [2, 3]
    assert checked.rows["residents"].sum() == 6


def test_points_need_the_name_of_their_system_and_numbers_that_fit_it():
    text = "编号,经度,纬度,人口\n1,500000,3386000,5\n"
    with pytest.raises(ChoiceError):
        check(text, columns=POINTS)
    with pytest.raises(CrsError):
        check(text, columns=POINTS, coord_sys="wgs84")
    assert len(check(text, columns=POINTS, coord_sys="cgcs2000-cm105").rows) == 1


def test_without_a_column_of_numbers_the_rows_number_the_points_and_that_is_said():
    columns = {field: column for field, column in POINTS.items() if field != "point_id"}
    checked = check("编号,经度,纬度,人口\n1,104.0,30.6,5\n", columns=columns, coord_sys="wgs84")
    assert checked.rows["point_id"].tolist() == ["2"]
    assert [note.code for note in checked.notes] == ["place_ids_from_rows"]


def test_hexagons_are_placed_at_their_centre_and_named_by_their_cell():
    text = f"h3,人口\n{CELL.upper()},159\n89a901291abfff,1\n,1\n"
    checked = check(text, columns={"h3": "h3", "residents": "人口"})
    assert checked.rows["point_id"].tolist() == [CELL]
    # centre as the catalogue of the real file gives it
    assert (checked.rows.iloc[0].lon, checked.rows.iloc[0].lat) == pytest.approx(
        (-51.1582459, -30.0538450), abs=1e-5
    )
    assert told(checked) == [[3, "h3", "place_not_hexagon"], [4, "h3", "place_not_hexagon"]]


def test_own_figures_are_keyed_by_the_code_of_the_area():
    text = "代码,人口,户,时间\nA6701-05,116,40,105Y12M\nA6701-12,164,,105Y12M\nA6701-99,-3,1,105Y12M\n"
    columns = {"area_id": "代码", "residents": "人口", "households": "户", "as_of_on": "时间"}
    checked = check(text, columns=columns)
    assert list(checked.rows.columns) == ["area_id", "residents", "households", "as_of_on"]
    assert checked.rows["residents"].tolist() == [116, 164]
    assert checked.rows["households"].isna().tolist() == [False, True]
    assert set(checked.rows["as_of_on"]) == {date(2016, 12, 31)}
    assert told(checked) == [[4, "人口", "population_count_bad"]]


def test_a_code_that_stands_twice_is_refused_in_all_its_rows():
    checked = check("a,p\nX1,1\nX2,2\nX1,3\n", columns={"area_id": "a", "residents": "p"})
    assert [row for row, *_ in told(checked)] == [2, 4]
    assert checked.rows["area_id"].tolist() == ["X2"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("105Y12M", date(2016, 12, 31)),
        ("民國105年12月", date(2016, 12, 31)),
        ("109年2月", date(2020, 2, 29)),
        ("99Y", date(2010, 12, 31)),
        ("2020-11-01", date(2020, 11, 1)),
        ("2020/2", date(2020, 2, 29)),
        ("2020年11月1日", date(2020, 11, 1)),
        ("2023年2月", date(2023, 2, 28)),
        ("2024", date(2024, 12, 31)),
        ("2024年", date(2024, 12, 31)),
        ("2020-02-30", None),
        ("2020-13", None),
        ("11/12", None),
        ("", None),
        ("105", None),
        ("昨天", None),
        ("0000", None),
    ],
)
def test_the_date_of_figures_is_the_last_day_of_what_is_named(text, day):
    assert read_as_of(text) == day


def test_a_date_that_cannot_be_read_is_refused_and_a_named_one_wins():
    text = "a,p,t\nX1,1,去年\n"
    columns = {"area_id": "a", "residents": "p", "as_of_on": "t"}
    assert told(check(text, columns=columns)) == [[2, "t", "population_date_unreadable"]]
    assert check(text, columns=columns, as_of_on=date(2024, 1, 1)).rows["as_of_on"].tolist() == [
        date(2024, 1, 1)
    ]


@given(st.text(max_size=12))
def test_any_text_is_a_date_or_none(text):
    assert read_as_of(text) is None or isinstance(read_as_of(text), date)


@pytest.mark.parametrize(
    "columns",
    [
        {"residents": "p"},
        {"area_id": "a", "h3": "h", "residents": "p"},
        {"area_id": "a", "lon": "x", "lat": "y", "residents": "p"},
        {"lon": "x", "residents": "p"},
    ],
)
def test_exactly_one_kind_of_place_must_be_named(columns):
    with pytest.raises(ChoiceError) as caught:
        check("a,h,x,y,p\n1,2,3,4,5\n", columns=columns)
    assert caught.value.code == "population_form_unclear"


def test_a_count_must_be_named_and_every_column_be_there():
    with pytest.raises(ChoiceError):
        check("a,p\n1,2\n", columns={"area_id": "a"})
    with pytest.raises(MissingError):
        check("a,p\n1,2\n", columns={"area_id": "a", "residents": "q"})


def test_polygons_and_points_of_a_layer_stand_for_a_point_inside_them(tmp_path):
    shapes = [box(24.90, 60.16, 24.91, 60.17), Point(24.95, 60.20), None]
    path = tmp_path / "x.gpkg"
    gpd.GeoDataFrame({"id": [1, 2, 3], "n": [389, 5, 7]}, geometry=shapes, crs=4326).to_file(
        path, driver="GPKG"
    )
    layer = read_layer(path, file_name="x.gpkg", limits=LIMITS)
    checked = check_population(layer, PopulationChoices({"point_id": "id", "residents": "n"}, "grid"))
    assert checked.rows["residents"].tolist() == [389, 5]
    inside = checked.rows.loc[1]
    assert 24.90 < inside.lon < 24.91 and 60.16 < inside.lat < 60.17
    assert checked.rejected[["row", "code"]].to_numpy().tolist() == [[3, "geometry_missing"]]


def test_areas_of_a_layer_may_carry_figures_by_code():
    features = [
        {
            "type": "Feature",
            "properties": {"code": "X1", "n": 5},
            "geometry": {"type": "Point", "coordinates": [1, 2]},
        }
    ]
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    layer = read_layer(content, file_name="x", limits=LIMITS)
    choices = PopulationChoices({"area_id": "code", "residents": "n"}, "x")
    assert find_population_form(layer, choices) == "areas"
    assert check_population(layer, choices).rows["area_id"].tolist() == ["X1"]


# --- the real files ---


@pytest.mark.realdata
def test_tainan_2016_joins_its_areas_as_the_catalogue_says(shared_data):
    path = shared_data / "population/tainan_basecode_population_2016.csv"
    columns = {"area_id": "CODEBASE", "residents": "P_CNT", "households": "H_CNT", "as_of_on": "INFO_TIME"}
    figures = check_population(
        read_table(path, file_name=path.name, limits=LIMITS), PopulationChoices(columns, "x")
    )
    assert (len(figures.rows), figures.n_rejected) == (11870, 0)
    files = sorted((shared_data / "boundaries/tainan_basecode").glob("*.json"))
    layer = read_layer(files, file_name=[file.name for file in files], limits=LIMITS)
    areas = check_boundaries(layer, BoundaryChoices("microgrid", "CODEBASE", coord_sys="wgs84")).rows
    joined = areas[["area_id"]].merge(figures.rows, on="area_id")
    # 92.4 % of 6 102 areas, 1 011 040 people (catalogue of the real files)
    assert len(joined) / len(areas) == pytest.approx(0.924, abs=5e-4)
    assert joined["residents"].sum() == 1_011_040


@pytest.mark.realdata
def test_porto_alegre_by_cell_and_by_point_is_the_same_812935_people(shared_data):
    path = shared_data / "population/porto_alegre_hexgrid.csv"
    raw = read_table(path, file_name=path.name, limits=LIMITS)
    by_cell = check_population(raw, PopulationChoices({"h3": "id", "residents": "population"}, "x")).rows
    columns = {"point_id": "id", "lon": "lon", "lat": "lat", "residents": "population"}
    by_point = check_population(raw, PopulationChoices(columns, "x", coord_sys="wgs84")).rows
    assert by_cell["residents"].sum() == by_point["residents"].sum() == 812_935
    assert (by_cell["lon"] - by_point["lon"]).abs().max() < 2.3e-6


@pytest.mark.realdata
def test_helsinki_squares_come_in_as_points(shared_data):
    path = shared_data / "population/helsinki_population_grid_2020.gpkg"
    layer = read_layer(path, file_name=path.name, limits=LIMITS)
    checked = check_population(layer, PopulationChoices({"point_id": "id", "residents": "population"}, "x"))
    assert (len(checked.rows), checked.rows["residents"].sum()) == (92, 71_724)
