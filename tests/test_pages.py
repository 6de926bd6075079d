"""Each page on a small store: the right numbers, links to exactly their cases, sentences for errors."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from geo.schema import AREA_LEVELS, CASE_STATES
from geo.settings import Settings
from geo.store import open_store
from geo.store.base import CaseFilter
from geo.tasks.case_filters import filter_from_query, filter_to_query
from tests.small_store import CANARY, HOSTILE, NOON, fill_small_store
from ui import session
from ui.case_address import CaseAddress, read_address, without_chip

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60


@pytest.fixture(scope="module")
def small_store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as store:
        fill_small_store(store)
        yield store


@pytest.fixture
def empty_store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as store:
        yield store


@pytest.fixture
def open_page(monkeypatch):
    """Return a function that runs one page on a store and returns what it drew."""

    def run(name, store, **query):
        st.cache_resource.clear()
        monkeypatch.setattr(session, "store", lambda: store)
        monkeypatch.setattr(session, "settings", Settings)
        monkeypatch.setattr(session, "now", lambda: NOON)
        page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=PATIENCE_S)
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        assert not page.exception, page.exception
        return page

    yield run
    st.cache_resource.clear()


def drawn(page):
    """Return the data of everything that is drawn by a component, in order."""
    found = []
    for block in (page.main, page.sidebar):
        for element in block:  # walks into blocks within
            proto = getattr(element, "proto", None)
            if type(proto).__name__ == "BidiComponent" and proto.json:
                found.append(json.loads(proto.json))
    return found


def panels(page, kind):
    """Return the data of the panels of one kind, in order."""
    return [data for data in drawn(page) if data.get("kind") == kind]


def all_text(page):
    return json.dumps(drawn(page), ensure_ascii=False)


def cases_of(link):
    """Return the filter a link to the cases means."""
    return filter_from_query(link["query"])


# --- the empty store


@pytest.mark.parametrize("name", ["one_map", "dashboard", "cases"])
def test_an_empty_store_explains_itself_and_offers_the_demo(open_page, empty_store, name):
    page = open_page(name, empty_store)
    assert "还没有数据" in all_text(page)
    assert [button.key for button in page.button if button.key == "make_demo"]
    assert panels(page, "links")[0]["links"][0]["to"]["page"] == "import"


def test_the_import_page_starts_with_the_first_step_on_an_empty_store(open_page, empty_store):
    page = open_page("import_data", empty_store, lang="en")
    assert panels(page, "steps")[0]["current"] == 1
    assert "Nothing has been brought in yet" in all_text(page)


# --- the dashboard


def test_every_number_of_the_dashboard_opens_exactly_its_cases(open_page, small_store):
    page = open_page("dashboard", small_store, area="A1", level="subdistrict")
    (cards,) = [data["cards"] for data in panels(page, "cards")]
    new, opened, overdue = cards[:3]
    for card in (new, opened, overdue):
        assert int(card["value"].replace(",", "")) == small_store.count_cases(cases_of(card["to"]))
    assert int(new["value"]) > 0


def test_the_bars_hours_and_channels_of_the_dashboard_open_exactly_their_cases(open_page, small_store):
    page = open_page("dashboard", small_store)
    for data in panels(page, "bars"):
        for row in data["rows"]:
            assert row["value"] == small_store.count_cases(cases_of(row["to"]))
    (heat,) = panels(page, "heat")
    filled = [(n, to) for row in heat["rows"] for n, to in zip(row["values"], row["to"], strict=True) if n]
    assert sum(n for n, _ in filled) == int(panels(page, "cards")[0]["cards"][0]["value"])
    assert all(n == small_store.count_cases(cases_of(to)) for n, to in filled[:10])


def test_months_of_the_dashboard_open_exactly_their_cases(open_page, small_store):
    (chart,) = panels(open_page("dashboard", small_store, period="year"), "lines")
    now = next(line for line in chart["series"] if not line["is_before"])
    for n, to in zip(now["values"], now["to"], strict=True):
        assert n == small_store.count_cases(cases_of(to))


def test_an_unknown_area_gets_a_sentence(open_page, small_store):
    page = open_page("dashboard", small_store, area="NOWHERE", lang="en")
    (notice,) = [data for data in panels(page, "notice") if data["tone"] == "error"]
    assert notice["lines"][0].startswith("There is no area with the code 'NOWHERE'")


def test_a_period_that_cannot_be_is_said_and_the_month_is_shown(open_page, small_store):
    page = open_page(
        "dashboard", small_store, period="own", lang="en", **{"from": "2030-01-01", "to": "2030-02-01"}
    )
    assert [data for data in panels(page, "notice") if data["tone"] == "error"]
    assert panels(page, "cards")


def test_siblings_mark_the_area_itself(open_page, small_store):
    page = open_page("dashboard", small_store, area="A1C1", level="community", by="on_time_share")
    tables = panels(page, "table")
    chosen = [row for table in tables for row in table["rows"] if row["is_chosen"]]
    assert [row["cells"][1]["text"] for row in chosen] == ["河畔社区"]


def test_the_print_view_has_no_controls(open_page, small_store):
    page = open_page("dashboard", small_store, print="1", area="A1", level="subdistrict")
    assert not [box for box in page.selectbox if box.key == "choose_by"]
    assert not page.get("download_button")


# --- the map


def test_the_map_is_fed_by_addresses_and_its_table_is_ranked(open_page, small_store):
    page = open_page("one_map", small_store, layer="grid", lang="en")
    (spec,) = [data for data in drawn(page) if "token" in data]
    address = urlsplit(spec["areas"]["values_url"])
    assert address.path == "/api/values"
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    period = {"period": "month", "from": "2026-10-01", "to": "2026-11-01"}
    assert asked | {"v": ""} == {"v": "", "level": "grid", "by": "n_new", "lang": "en", **period}
    (table,) = panels(page, "table")
    ranked = [int(row["cells"][2]["text"]) for row in table["rows"]]
    assert len(ranked) == 16
    assert ranked == sorted(ranked, reverse=True)
    for row in table["rows"][:4]:
        assert int(row["cells"][2]["text"]) == small_store.count_cases(cases_of(row["cells"][2]["to"]))


def test_the_map_opens_in_an_area_with_the_level_inside(open_page, small_store):
    page = open_page("one_map", small_store, area="A1", level="subdistrict", sel="A1C1")
    (crumbs,) = panels(page, "crumbs")
    assert [step["label"] for step in crumbs["steps"]] == ["全部区域", "望江街道"]
    (card,) = panels(page, "cards")
    assert int(card["cards"][0]["value"]) == small_store.count_cases(cases_of(card["cards"][0]["to"]))


def test_a_choice_that_is_not_offered_is_not_used(open_page, small_store):
    page = open_page("one_map", small_store, layer="nonsense", by="nonsense", cases="nonsense")
    assert panels(page, "table")[0]["rows"]


# --- the cases


def test_the_list_shows_exactly_the_cases_of_its_address(open_page, small_store):
    where = CaseFilter(area_level="community", area_id="A1C1", states=("handling",))
    page = open_page("cases", small_store, **filter_to_query(where))
    n = small_store.count_cases(where)
    assert f"共 {n} 件" in all_text(page)
    (table,) = [data for data in panels(page, "table") if data["sort"]]
    assert len(table["rows"]) == min(n, 50)
    (chips,) = panels(page, "chips")
    assert [(chip["label"], chip["value"]) for chip in chips["chips"]] == [
        ("社区", "河畔社区"),
        ("状态", "处置中"),
    ]


def test_a_filter_that_cannot_be_read_is_said_and_left_out(open_page, small_store):
    page = open_page("cases", small_store, hour="99", foo="1", lang="en")
    (notice,) = [data for data in panels(page, "notice") if "left out" in data["lines"][0]]
    assert notice["lines"] == ["The address names filters that cannot be read; they are left out: hour, foo."]
    assert "900 cases" in all_text(page)


def test_an_open_case_shows_its_history_and_no_telephone(open_page, small_store):
    page = open_page("cases", small_store, case="热线:00050")
    text = all_text(page)
    assert "138****0000" in text
    assert CANARY not in text
    assert "导入" in text


def test_an_unknown_case_gets_a_sentence(open_page, small_store):
    page = open_page("cases", small_store, case="no such", lang="en")
    assert "There is no case 'no such'" in all_text(page)


def test_pages_of_the_list_follow_each_other(open_page, small_store):
    page = open_page("cases", small_store)
    first = [row["id"] for row in panels(page, "table")[0]["rows"]]
    page.button(key="next").click().run()
    second = [row["id"] for row in panels(page, "table")[0]["rows"]]
    assert len(second) == 50
    assert not set(first) & set(second)


@pytest.mark.parametrize("name", ["one_map", "dashboard", "cases", "import_data"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_holds_a_telephone_number_or_a_reporter(open_page, small_store, name, language):
    text = all_text(open_page(name, small_store, lang=language))
    assert CANARY not in text
    assert "reporter" not in text


def test_a_hostile_name_stays_text_in_every_panel(open_page, small_store):
    page = open_page("dashboard", small_store, area="A2", level="subdistrict")
    assert panels(page, "lead")[1]["text"] == HOSTILE or HOSTILE in [d["text"] for d in panels(page, "lead")]
    for markdown in page.markdown:
        assert HOSTILE not in markdown.value


# --- the address of the list


MOMENTS = some.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
NAMES = some.lists(
    some.text(some.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8),
    max_size=3,
    unique=True,
).map(tuple)
FILTERS = some.builds(
    CaseFilter,
    area_level=some.sampled_from(AREA_LEVELS),
    area_id=some.text("AB1", min_size=1, max_size=5),
    reported_from=some.none() | MOMENTS,
    open_at=some.none() | MOMENTS,
    category_ids=NAMES,
    channels=NAMES,
    states=some.lists(some.sampled_from(CASE_STATES), unique=True, max_size=3).map(tuple),
    is_on_time=some.none() | some.booleans(),
    hour=some.none() | some.integers(0, 23),
    at_point=some.none() | some.tuples(some.floats(-180, 180), some.floats(-90, 90)),
)


@given(FILTERS)
def test_a_filter_comes_back_from_the_address_as_it_was(where):
    assert read_address(filter_to_query(where)) == CaseAddress(where, ("reported_at", "down"), 1, "", ())


@given(FILTERS, some.sampled_from([item.name for item in fields(CaseFilter)]))
def test_taking_a_chip_away_clears_its_fields_and_no_others(where, name):
    left = without_chip(where, name)
    assert getattr(left, name) == getattr(CaseFilter(), name)
    assert replace(left, **{name: getattr(where, name)}) == where


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999", "１", ""])
def test_a_page_number_that_cannot_be_is_the_first(page):
    assert read_address({"page": page}).page == 1


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("due_at", ("due_at", "up")),
        ("-due_at", ("due_at", "down")),
        ("title", ("reported_at", "down")),
        ("--due_at", ("reported_at", "down")),
    ],
)
def test_only_known_columns_sort(text, sort):
    assert read_address({"sort": text}).sort == sort
