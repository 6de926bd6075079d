"""A filter survives the trip through an address, and what an address holds is not trusted."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ChoiceError
from geo.schema import AREA_LEVELS, CASE_KINDS, CASE_STATES
from geo.store.base import CaseFilter
from geo.tasks.case_filters import WITHOUT_NAMES, describe_filter, filter_from_query, filter_to_query

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(
    lambda m: m.replace(microsecond=0, tzinfo=UTC)
)
degrees = st.floats(-180, 180, allow_nan=False)
points = st.tuples(degrees, degrees)
BY_FIELD = {
    "area_level": st.sampled_from(AREA_LEVELS), "area_id": texts, "text": texts,
    "without": st.lists(st.sampled_from(WITHOUT_NAMES), max_size=3).map(tuple),
    "kinds": st.lists(st.sampled_from(CASE_KINDS), max_size=3).map(tuple),
    "states": st.lists(st.sampled_from(CASE_STATES), max_size=3).map(tuple),
    "hour": st.integers(0, 23), "weekday": st.integers(1, 7), "h3": st.integers(1, 2**63 - 1),
    "box": st.tuples(degrees, degrees, degrees, degrees), "at_point": points,
    "at_points": st.lists(points, max_size=3).map(tuple),
    "not_at_points": st.lists(points, max_size=3).map(tuple),
}  # fmt: skip
LISTS = ("area_ids", "category_ids", "sources", "channels", "closing_levels", "case_ids")


def _values(name):
    if name in BY_FIELD:
        return BY_FIELD[name]
    if name in LISTS:
        return st.lists(texts, max_size=3).map(tuple)
    if name.endswith(("_from", "_to", "_at")):
        return moments
    return st.booleans()


filters = st.fixed_dictionaries({}, optional={item.name: _values(item.name) for item in fields(CaseFilter)})


@settings(deadline=None)
@given(filters)
def test_a_filter_comes_back_from_its_address(given_fields):
    if {"area_id", "area_ids", "is_placed"}.isdisjoint(
        name for name, value in given_fields.items() if value != ()
    ):
        given_fields.pop("area_level", None)
    where = CaseFilter(**given_fields)
    assert filter_from_query(filter_to_query(where)) == where


def test_the_names_of_an_address_are_those_of_every_page():
    where = CaseFilter(area_level="grid", area_id="G 1", category_ids=("a,b", "c"), is_on_time=False)
    assert filter_to_query(where) == {
        "area": "G 1",
        "level": "grid",
        "category": "a%2Cb,c",
        "is_on_time": "0",
    }


def test_what_is_no_filter_is_left_alone():
    query = {"lang": "zh", "period": "month", "layer": "grid", "level": "grid", "token": "x"}
    assert filter_from_query(query) == CaseFilter()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reported_from", "yesterday"), ("reported_from", "2026-01-01"), ("hour", "25"), ("weekday", "0"),
        ("is_located", "yes"), ("states", "open"), ("kinds", "x"), ("box", "1,2,3"), ("box", "1,2,3,900"),
        ("at_point", "nan,1"), ("h3", "-1"), ("level", "city"), ("without", "title"),
        ("not_at_points", "1,2,3"), ("h3", "9" * 400),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_read_is_refused_by_name(name, value):
    with pytest.raises(ChoiceError) as refusal:
        filter_from_query({"area": "G1", name: value})
    assert refusal.value.code == "filter_unreadable"
    assert refusal.value.values["name"] == name


def test_a_filter_is_said_in_words():
    where = CaseFilter(
        area_level="grid", area_id="G1", reported_from=datetime(2026, 9, 30, 16, tzinfo=UTC),
        reported_to=datetime(2026, 10, 31, 16, tzinfo=UTC), category_ids=("n",), states=("closed",),
        without=("due_at",),
        is_located=False, hour=7, text="<b>",
    )  # fmt: skip
    said = describe_filter(
        where,
        language="zh",
        time_zone="Asia/Shanghai",
        area_names={"G1": "一号网格"},
        category_names={"n": "噪音"},
    )
    assert said == [
        ("网格", "一号网格"), ("上报", "2026-10-01 – 2026-10-31"), ("类别", "噪音"), ("状态", "结案"),
        ("没有", "办理期限"), ("无位置", ""), ("时刻", "07:00–07:59"), ("包含文字", "<b>"),
    ]  # fmt: skip
    assert len(describe_filter(where, language="en", time_zone="Asia/Shanghai")) == len(said)


@pytest.mark.parametrize("item", fields(CaseFilter), ids=lambda item: item.name)
def test_every_field_is_said(item):
    values = {
        "area_level": "grid", "area_id": "G1", "area_ids": ("G1",), "without": ("grid",),
        "box": (1.0, 2.0, 3.0, 4.0), "at_point": (1.0, 2.0), "at_points": ((1.0, 2.0),),
        "not_at_points": ((1.0, 2.0),), "hour": 1, "weekday": 1, "h3": 5, "text": "x",
        "case_ids": ("c",), "kinds": ("event",), "states": ("closed",),
    }  # fmt: skip
    if item.name in values:
        value = values[item.name]
    elif item.name in LISTS:
        value = ("x",)
    else:
        value = datetime(2026, 1, 1, tzinfo=UTC) if item.name.endswith(("_from", "_to", "_at")) else True
    given_fields = {item.name: value}
    if item.name in ("area_id", "area_ids", "area_level"):
        given_fields |= (
            {"area_level": "grid", "area_id": "G1"} if item.name != "area_ids" else {"area_level": "grid"}
        )
    for language in ("zh", "en"):
        assert describe_filter(CaseFilter(**given_fields), language=language, time_zone="UTC")


@pytest.mark.parametrize(
    ("where", "zh", "en"),
    [
        (CaseFilter(closing_levels=("grid",)), ("化解层级", "网格"), ("closed at", "grid")),
        (
            CaseFilter(closing_levels=("subdistrict", "district")),
            ("化解层级", "街道、区县"),
            ("closed at", "sub-district, district"),
        ),
        (
            CaseFilter(area_level="microgrid", is_placed=False),
            ("未落入", "微网格"),
            ("in no area", "micro-grid"),
        ),
        (CaseFilter(is_placed=True), ("已落入", "任何区域"), ("has an area", "any area")),
        (CaseFilter(weekday=7), ("星期", "周日"), ("weekday", "Sunday")),
    ],
)
def test_codes_of_the_program_are_said_in_words(where, zh, en):
    assert describe_filter(where, language="zh", time_zone="UTC") == [zh]
    assert describe_filter(where, language="en", time_zone="UTC") == [en]
