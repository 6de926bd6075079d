"""Each page on a small store: the right numbers, links to exactly their cases, sentences for errors."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from geo.access.seats import OPERATOR, Seat
from geo.intake.checked import Checked, problems
from geo.schema import AREA_LEVELS, CASE_STATES
from geo.settings import Settings
from geo.store import open_store
from geo.store.base import BatchHead, CaseFilter, Receipt
from geo.tasks import map_layers
from geo.tasks.bringing import Preview
from geo.tasks.case_filters import filter_from_query, filter_to_query
from geo.tasks.placing import areas_of_cases
from tests.small_store import CANARY, HOSTILE, NOON, fill_small_store
from ui import import_preview, map_view, routes, session
from ui.case_address import CaseAddress, read_address, without_chip
from ui.import_draft import Choices, Draft

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60
NO_PROBLEMS = problems([], "", "", [])


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

    def run(name, store, state=None, seat=OPERATOR, **query):
        st.cache_resource.clear()
        monkeypatch.setattr(session, "store", lambda: store)
        monkeypatch.setattr(session, "settings", Settings)
        monkeypatch.setattr(session, "now", lambda: NOON)
        monkeypatch.setattr(session, "seat", lambda: seat)
        page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=PATIENCE_S)
        for key, value in query.items():
            page.query_params[key] = value
        for key, value in (state or {}).items():
            page.session_state[key] = value
        page.run()
        assert not page.exception, page.exception
        return page

    yield run
    st.cache_resource.clear()


@pytest.fixture
def draft_folder():
    folder = TemporaryDirectory(prefix="getu-test-")
    yield folder
    folder.cleanup()


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
    chosen = [row for table in tables for row in table["rows"] if row.get("is_chosen")]
    assert [row["cells"][1]["text"] for row in chosen] == ["河畔社区"]


def test_the_print_view_has_no_controls(open_page, small_store):
    page = open_page("dashboard", small_store, print="1", area="A1", level="subdistrict")
    assert not [box for box in page.selectbox if box.key.startswith("choose_by")]
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


def store_a_stated_case(store, **changes):
    """Store one case of the last month that has an area, and no point."""
    row = {
        "case_id": "台账:1", "source": "台账", "source_no": "1", "kind": "service", "category_id": "noise",
        "title": "口述位置", "lon": None, "lat": None, "position_source": "stated", "state": "handling",
        "reported_at": NOON, "stated_level": "community", "stated_id": "A1C1",
        **changes,
    }  # fmt: skip
    cases = pd.DataFrame([row], index=pd.Index([2], name="row"))
    cases = cases.astype({"lon": "float64", "lat": "float64"})
    areas = areas_of_cases(store, cases)
    head = BatchHead("cases", "台账.csv", "local", NOON)
    store.store_cases(head, cases.drop(columns=["stated_level", "stated_id"]), areas)


@pytest.mark.parametrize("mode", ["hex", "points", "heat"])
def test_the_map_says_how_many_cases_it_draws_and_how_many_it_cannot(open_page, empty_store, mode):
    fill_small_store(empty_store)
    store_a_stated_case(empty_store)
    page = open_page("one_map", empty_store, cases=mode, lang="en")
    (spec,) = [data for data in drawn(page) if "token" in data]
    period = {"reported_from": datetime(2026, 9, 30, 16, tzinfo=UTC), "reported_to": NOON.replace(hour=16)}
    n = empty_store.count_cases(CaseFilter(**period))
    nowhere = empty_store.count_cases(CaseFilter(is_located=False, **period))
    assert nowhere > 0
    said = f"Drawn on the map: {n - nowhere - 1}. Not drawn: 1 with only an area, {nowhere} without location"
    assert spec["cases"]["note"] == said


def test_the_list_says_how_many_cases_its_map_draws_and_how_many_it_cannot(open_page, empty_store):
    fill_small_store(empty_store)
    store_a_stated_case(empty_store)
    page = open_page("cases", empty_store, text="口述位置")
    (lead,) = [data for data in panels(page, "lead") if data["text"].startswith("共")]
    assert lead["note"] == "地图画出 0 件；未画出：1 件只有所报区域，0 件无位置"
    assert "没有坐标" in all_text(page)
    page = open_page("cases", empty_store, case="热线:00001", h3="0")
    assert "没有坐标" not in all_text(page)


def test_a_case_without_a_title_is_headed_by_its_address(open_page, empty_store):
    fill_small_store(empty_store)
    store_a_stated_case(empty_store, title=None, address="河畔路 1 号")
    page = open_page("cases", empty_store, case_ids="台账:1")
    (table,) = [data for data in panels(page, "table") if data["sort"]]
    assert table["rows"][0]["cells"][3]["text"] == "河畔路 1 号"
    assert "note" not in table["rows"][0]["cells"][3]


# --- the address


@pytest.mark.parametrize("name", ["one_map", "cases"])
def test_the_frame_stays_whole_where_the_area_is_unknown(open_page, small_store, name):
    page = open_page(name, small_store, area="NOPE", level="grid", lang="en")
    assert "There is no area with the code 'NOPE'" in all_text(page)
    assert panels(page, "crumbs")
    assert [button for button in page.button if button.key == "language"]
    (links,) = panels(page, "links")
    assert all("area" not in link["to"]["query"] for link in links["links"])


def senseless(page):
    return [data for data in panels(page, "notice") if data["lines"][0].startswith("The address holds")]


@pytest.mark.parametrize("name", ["one_map", "dashboard"])
def test_what_means_nothing_in_the_address_is_said_once_and_what_is_shown_instead(
    open_page, small_store, name
):
    query = {"period": "decade", "from": "yesterday", "level": "galaxy"}
    page = open_page(name, small_store, lang="en", **query)
    (notice,) = senseless(page)
    assert notice["lines"] == [
        "The address holds period=decade, from=yesterday, level=galaxy, which says nothing here; "
        "it is left out. The period is October 2026."
    ]
    sane = open_page(name, small_store, lang="en", period="quarter", level="grid", **{"from": "2026-07-01"})
    assert not senseless(sane)


def test_the_page_of_cases_says_once_what_means_nothing_in_its_address(open_page, small_store):
    page = open_page("cases", small_store, period="decade", level="galaxy", area="A1", lang="en")
    (notice,) = senseless(page)
    assert notice["lines"][0].startswith("The address holds period=decade, which says nothing here")
    assert [data for data in panels(page, "notice") if "left out: level" in data["lines"][0]]
    where = CaseFilter(area_level="subdistrict", area_id="A1")
    assert f"{small_store.count_cases(where)} cases" in all_text(page)


def test_inputs_get_new_words_with_a_new_language_and_keep_the_choice(open_page, small_store):
    page = open_page("one_map", small_store, by="on_time_share", lang="zh")
    (before,) = [box for box in page.selectbox if box.key.startswith("choose_by")]
    page.button(key="language").click().run()
    (after,) = [box for box in page.selectbox if box.key.startswith("choose_by")]
    assert before.key != after.key
    assert after.value == "on_time_share"
    assert "Closed on time" in after.options
    assert not set(before.options) & set(after.options)


def test_a_file_is_made_in_the_language_of_the_visit_outside_of_it(monkeypatch):
    asked_outside = session.language
    monkeypatch.setattr(session, "language", lambda: "en")
    monkeypatch.setattr(session, "person", lambda: "li")
    make = session.bound_to_visit(asked_outside)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(make).result() == "en"


# --- bringing files in: taking one back


def undo_question(page):
    return [data for data in panels(page, "notice") if "Undo batch" in data["lines"][0]]


def test_a_batch_is_taken_back_only_after_a_second_yes(open_page, empty_store):
    fill_small_store(empty_store)
    page = open_page("import_data", empty_store, lang="en")
    newest = empty_store.list_batches(limit=1).iloc[0]
    page.button(key="undo").click().run()
    (question,) = undo_question(page)
    assert question["lines"][0] == f"Undo batch {newest['batch_id']}? It brought facilities from 设施.xlsx."
    assert "30 rows it added go away" in question["lines"][1]
    assert "get back what they said before" in question["lines"][1]
    assert empty_store.list_batches(limit=1).iloc[0]["state"] == "stored"
    page.button(key="undo_no").click().run()
    assert not undo_question(page)
    assert empty_store.list_batches(limit=1).iloc[0]["state"] == "stored"
    page.button(key="undo").click().run()
    page.button(key="undo_yes").click().run()
    assert not undo_question(page)
    assert f"Batch {newest['batch_id']} is undone" in all_text(page)
    assert empty_store.list_batches(limit=1).iloc[0]["state"] == "undone"


def test_the_question_is_dropped_when_another_batch_is_chosen(open_page, empty_store):
    fill_small_store(empty_store)
    page = open_page("import_data", empty_store, lang="en")
    page.button(key="undo").click().run()
    (which,) = [box for box in page.selectbox if box.key.startswith("undo_which")]
    which.set_value("B000001").run()
    assert not undo_question(page)


def test_what_was_stored_is_no_longer_said_to_be_stored_after_it_was_taken_back(
    open_page, empty_store, draft_folder
):
    fill_small_store(empty_store)
    page = open_page("import_data", empty_store, lang="en")
    newest = empty_store.list_batches(limit=1).iloc[0]
    receipt = Receipt(newest["batch_id"], 1, 0, 0, 0, 1)
    page.session_state["draft"] = stored_draft(receipt, draft_folder)
    page.run()
    assert f"Stored as batch {newest['batch_id']}" in all_text(page)
    page.button(key="undo").click().run()
    page.button(key="undo_yes").click().run()
    assert "Stored as batch" not in all_text(page)
    assert panels(page, "steps")[0]["current"] == 1


@pytest.mark.parametrize(
    ("most", "said"), [(10, "30 points; 10 of them, evenly taken, are drawn here"), (30, "")]
)
def test_a_preview_that_draws_a_part_of_the_points_says_so(
    open_page, small_store, monkeypatch, draft_folder, most, said
):
    monkeypatch.setattr(import_preview, "MOST_POINTS", most)
    draft = stored_draft(None, draft_folder)
    rows = pd.DataFrame({"lon": 104.0, "lat": 30.6, "name": "x"}, index=pd.RangeIndex(2, 32, name="row"))
    draft.preview = replace(draft.preview, checked=Checked(rows, NO_PROBLEMS, NO_PROBLEMS, 30))
    page = open_page("import_data", small_store, {"draft": draft}, lang="en")
    (spec,) = [data for data in drawn(page) if "token" in data]
    assert spec["cases"]["note"] == said


def stored_draft(receipt, folder):
    """A draft whose rows were stored."""
    checked = Checked(pd.DataFrame(), NO_PROBLEMS, NO_PROBLEMS, 1)
    preview = Preview(BatchHead("facilities", "x.csv", "local", NOON), checked, 1, 0, 0)
    draft = Draft("facilities", ("x.csv",), (), folder, None, Choices(), step=4)
    draft.preview, draft.receipt = preview, receipt
    return draft


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


@pytest.fixture
def drawn_maps(monkeypatch):
    """Return what the pages hand to the map."""
    specs = []
    monkeypatch.setattr(map_view, "show_map", lambda spec, **_: specs.append(spec))
    return specs


def test_a_level_of_few_areas_is_drawn_from_outlines_and_one_of_many_from_tiles(
    open_page, small_store, drawn_maps, monkeypatch
):
    open_page("one_map", small_store, layer="grid")
    monkeypatch.setattr(map_layers, "MOST_OUTLINES", 15)
    open_page("one_map", small_store, layer="grid")
    open_page("one_map", small_store, layer="grid", area="A1", level="subdistrict")

    few, many, narrowed = (spec.areas for spec in drawn_maps)
    version = small_store.data_version()
    assert (few.is_tiled, many.is_tiled, narrowed.is_tiled) == (False, True, False)
    assert few.url == f"/api/areas/grid.geojson?v={version}"
    assert many.url == f"/api/tiles/grid/{{z}}/{{x}}/{{y}}.mvt?v={version}"
    assert few.values_url == many.values_url


def test_a_place_of_many_areas_asks_for_tiles_of_its_own_areas(
    open_page, small_store, drawn_maps, monkeypatch
):
    monkeypatch.setattr(map_layers, "MOST_OUTLINES", 7)
    open_page("one_map", small_store, layer="grid", area="A1", level="subdistrict")

    assert drawn_maps[0].areas.is_tiled
    assert drawn_maps[0].areas.url.endswith("&parent=A1")


def test_what_colours_the_map_and_the_table_beside_it_are_measured_once(open_page, small_store, monkeypatch):
    measured = []
    original = session.measure_level
    monkeypatch.setattr(
        session, "measure_level", lambda *given, **more: measured.append(given[1]) or original(*given, **more)
    )
    monkeypatch.setattr(routes, "_provider", routes._Provider())
    specs = []
    monkeypatch.setattr(map_view, "show_map", lambda spec, **_: specs.append(spec))
    open_page("one_map", small_store, layer="grid")
    assert measured == ["grid"]

    query = dict(part.split("=") for part in specs[0].areas.values_url.partition("?")[2].split("&"))
    routes.ANSWERS["values"](small_store, query, routes._provider.measure())

    assert measured == ["grid"]


@pytest.mark.parametrize("query", [{}, {"period": "quarter"}, {"period": "month", "from": "2026-09-12"}])
def test_figures_asked_ahead_are_those_the_page_asks_for_when_its_address_says_so(
    open_page, small_store, monkeypatch, query
):
    specs = []
    monkeypatch.setattr(map_view, "show_map", lambda spec, **_: specs.append(spec))
    open_page("one_map", small_store, layer="grid", by="n_open", lang="en", **query)
    ahead = dict(specs[0].areas.ahead)

    assert {"", "period=last30", "period=quarter", "period=year"} < ahead.keys()
    assert any(asked.startswith("from=") for asked in ahead)
    for asked, url in ahead.items():
        then = dict(part.split("=") for part in asked.split("&") if part)
        open_page("one_map", small_store, layer="grid", by="n_open", lang="en", **then)
        assert specs[-1].areas.values_url == url


@pytest.mark.parametrize("is_up", [True, False])
@pytest.mark.parametrize("n_missing", [0, 50, 250])
def test_the_first_areas_of_many_are_those_that_sorting_all_would_give(is_up, n_missing):
    names = [f"格{number * 7919 % 300:03d}" for number in range(300)]
    figures = pd.Series([float(number % 9) for number in range(300)]).mask(pd.Series(range(300)) < n_missing)
    table = pd.DataFrame({"n_new": figures, "name": names})

    for column in ("n_new", "name"):
        first = map_view.first_rows(table, column, is_up=is_up)
        every = table.sort_values([column, "name"], ascending=[is_up, True], na_position="last")
        pd.testing.assert_frame_equal(first, every.head(map_view.MOST_ROWS))
    assert map_view.first_rows(table.iloc[:0], "n_new", is_up=is_up).empty


# --- what a viewer does not see


def test_a_viewer_sees_the_imports_and_can_neither_bring_nor_take_back(open_page, small_store):
    page = open_page("import_data", small_store, seat=Seat("viewer", "viewer"))
    assert "导入和撤销需要编辑口令" in all_text(page)
    assert panels(page, "table"), "the history is there"
    assert not page.get("file_uploader")
    assert not [button for button in page.button if button.key in ("undo", "check")]


@pytest.mark.parametrize("name", ["one_map", "dashboard", "cases"])
def test_a_viewer_of_an_empty_store_is_not_offered_the_demo(open_page, empty_store, name):
    page = open_page(name, empty_store, seat=Seat("viewer", "viewer"))
    assert "请编辑者先导入数据" in all_text(page)
    assert not [button for button in page.button if button.key == "make_demo"]


def test_fault_D07_pages_that_nobody_let_in_draw_nothing(monkeypatch, small_store):
    """Started past the gate, the frame finds no visit and says so, before anything of the store is read."""
    st.cache_resource.clear()
    monkeypatch.setattr(session, "settings", Settings)
    monkeypatch.setattr(session, "store", lambda: pytest.fail("the store was opened"))
    page = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=PATIENCE_S).run()
    st.cache_resource.clear()
    assert not page.exception
    assert "尚未登录" in all_text(page)
    assert [data["kind"] for data in drawn(page)] == ["notice"]
