"""A facility is kept with its kind, place and days, or refused by row, column and value."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import pytest
import shapely

from geo.errors import ChoiceError, CrsError
from geo.intake.columns import suggest_columns
from geo.intake.facilities import FacilityChoices, check_facilities, facility_kind_words, facility_kinds
from geo.intake.limits import Limits
from geo.intake.statuses import read_mapping
from geo.intake.tables import read_table
from geo.schema import TABLES

HEADER = "编号,名称,类型,状态,容量,启用日期,停用日期,经度,纬度\n"
GOOD = "F1,一号站,充电站,运营中,12,2020-01-01,,104.0657,30.6595\n"


def check(text: str, file_name: str = "设施.csv", progress=None, **choices: object):
    table = read_table(text.encode(), file_name=file_name, limits=Limits())
    columns = choices.pop("columns", None) or suggest_columns(table.columns, table="facilities")
    given = {"source": "城管", "coord_sys": "wgs84"} | choices
    return check_facilities(table, FacilityChoices(columns=columns, **given), progress=progress)


def told(problems: pd.DataFrame) -> list[list[object]]:
    return problems[["row", "column_name", "code", "value"]].to_numpy().tolist()


def test_a_good_row_has_the_columns_of_the_schema():
    shares: list[float] = []
    checked = check(HEADER + GOOD, progress=shares.append)
    assert set(checked.rows.columns) <= set(TABLES["facilities"].names)
    row = checked.rows.loc[2]
    assert (row.facility_id, row["name"], row.kind, row.status) == (
        "城管:F1",
        "一号站",
        "ev_charging",
        "open",
    )
    assert (row.capacity, row.opened_on, row.closed_on) == (12, date(2020, 1, 1), None)
    assert (row.lon, row.lat, row.position_source) == (104.0657, 30.6595, "given")
    assert (len(checked.rejected), len(checked.remarks), len(shares)) == (0, 0, 1)


def test_every_refusal_names_row_column_code_and_value():
    checked = check(
        HEADER + GOOD
        + "F2,a,飞船场,运营中,1,,,,\nF3,a,,运营中,1,,,,\nF4,a,充电站,也许,1,,,,\nF5,a,充电站,,-3,,,,\n"
        + "F6,a,充电站,,多,,,,\nF7,a,充电站,,,2024-02-30,,,\nF8,a,充电站,,,,,104°,30\n4.3E+17,a,充电站,,,,,,\n"
    )  # fmt: skip
    assert told(checked.rejected) == [
        [3, "类型", "facility_kind_unknown", "飞船场"],
        [4, "类型", "facility_kind_missing", ""],
        [5, "状态", "facility_status_unknown", "也许"],
        [6, "容量", "number_negative", "-3"],
        [7, "容量", "number_unreadable", "多"],
        [8, "启用日期", "moment_no_such_day", "2024-02-30"],
        [9, "经度", "coordinate_not_decimal", "104°"],
        [10, "编号", "id_scientific", "4.3E+17"],
    ]
    blocking = [note for note in checked.notes if note.severity == "blocks"]
    assert [(note.code, note.values["counts"]) for note in blocking] == [
        ("facility_kinds_unknown", {"飞船场": 1})
    ]


def test_a_kind_that_somebody_explained_is_taken_and_one_for_the_file_wins():
    text = HEADER + GOOD.replace("充电站", "飞船场")
    assert check(text, kind_words={"飞船场": "公厕"}).rows["kind"].tolist() == ["public_toilet"]
    assert check(text, kind="公厕").rows["kind"].tolist() == ["public_toilet"]
    for choices in (
        {"kind": "飞船场"},
        {"kind_words": {"飞船场": "宇宙港"}},
        {"columns": {"source_no": "编号"}},
    ):
        with pytest.raises(ChoiceError):
            check(text, **choices)


def test_a_closing_day_closes_and_one_before_the_opening_is_remarked_on():
    text = HEADER + GOOD.replace("运营中", "").replace("2020-01-01,", "2020-01-01,2019-05-01")
    checked = check(text)
    assert checked.rows["status"].tolist() == ["closed"]
    assert told(checked.remarks) == [[2, "停用日期", "facility_closed_before_opened", "2019-05-01"]]


def test_equal_rows_are_taken_once_and_rows_that_differ_are_all_refused():
    checked = check(HEADER + GOOD + GOOD + "F2,a,充电站,,,,,,\nF2,b,充电站,,,,,,\n")
    assert [line[:3] for line in told(checked.rejected)] == [
        [4, "编号", "facility_number_twice"], [5, "编号", "facility_number_twice"],
    ]  # fmt: skip
    assert checked.rows.index.tolist() == [2]


def test_exchanged_coordinates_are_not_used_without_consent_and_metres_are_refused():
    swapped = HEADER + GOOD.replace("104.0657,30.6595", "30.6595,104.0657")
    assert check(swapped).rows["position_source"].tolist() == ["none"]
    assert check(swapped, swap_lonlat=True).rows[["lon", "lat"]].to_numpy().tolist() == [[104.0657, 30.6595]]
    with pytest.raises(CrsError):
        check(HEADER + GOOD.replace("104.0657,30.6595", "404123,3391234"))


def test_an_outline_becomes_the_footprint_and_a_point_inside_it_the_place():
    ring = [
        [104, 30],
        [104.004, 30],
        [104.004, 30.001],
        [104.001, 30.001],
        [104.001, 30.004],
        [104, 30.004],
        [104, 30],
    ]
    features = [
        {
            "type": "Feature",
            "properties": {"编号": "F1"},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    checked = check(text, "设施.geojson", kind="公厕")
    row = checked.rows.loc[1]
    assert row.footprint.geom_type == "MultiPolygon"
    assert row.footprint.contains(shapely.Point(row.lon, row.lat))
    assert checked.rows["footprint"].array.crs == "EPSG:4326"


def test_words_of_facilities_lead_to_kinds_that_exist():
    assert set(facility_kind_words().values()) == set(facility_kinds())
    assert set(read_mapping("facility_kind_words")["words"]) <= set(facility_kinds())


@pytest.mark.realdata
def test_stations_of_shenzhen_are_taken_whole(shared_data):
    path = shared_data / "facilities" / "shenzhen_ev_stations_urbanev.csv"
    table = read_table(path, file_name=path.name, limits=Limits())
    columns = suggest_columns(table.columns, table="facilities")
    assert (columns["source_no"], columns["lon"], columns["lat"]) == ("station_id", "longitude", "latitude")
    checked = check_facilities(table, FacilityChoices(columns, "urbanev", coord_sys="wgs84", kind="充电站"))
    plain = pd.read_csv(path)
    assert (checked.n_read, len(checked.rows), len(checked.rejected)) == (len(plain), len(plain), 0)
    assert checked.rows["lon"].tolist() == plain["longitude"].tolist()
