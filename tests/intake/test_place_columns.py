"""A column is suggested by its header, word for word."""

from __future__ import annotations

from geo.intake.place_columns import suggest_place_columns


def test_columns_are_suggested_from_the_headers_of_real_files():
    known = {
        ("OBJECTID", "Name", "Acres", "Neighborhood_ID"): {"area_id": "Neighborhood_ID", "name": "Name"},
        ("BoroCD", "Shape_Leng"): {"area_id": "BoroCD"},
        ("CODEBASE", "CODE1", "CODE2", "TOWN_ID"): {"area_id": "CODEBASE", "parent_id": "CODE1"},
        ("adcode", "name", "level"): {"area_id": "adcode", "name": "name"},
        ("网格编码", "网格名称", "所属社区编码", "常住人口", "户数"): {
            "area_id": "网格编码",
            "name": "网格名称",
            "parent_id": "所属社区编码",
            "residents": "常住人口",
            "households": "户数",
        },
        ("foo", "bar"): {},
    }
    for columns, expected in known.items():
        assert suggest_place_columns(columns, table="areas") == expected
    assert suggest_place_columns(["CODEBASE", "P_CNT", "经度"], table="population") == {
        "area_id": "CODEBASE",
        "residents": "P_CNT",
    }
