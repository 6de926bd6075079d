"""Every page in a real browser: both languages and themes, wide and narrow, empty, small and demo store.

`open_page` fails a test whose page sent a request outside the machine, met a failed one or one
answered with 400 or more, or left an error in the console.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from geo.access.seats import operator
from geo.store import open_store
from geo.tasks.demonstrating import make_demo
from geo.tasks.map_layers import ALLOWED
from tests.e2e.page_tools import PATHS, choose, panel, press, wait_until_drawn
from tests.small_store import BREAKING, CANARY, HOSTILE, MARKDOWN, TEMPLATE, fill_small_store

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "streamlit_app.py"
SAMPLES = ROOT / "data" / "demo"
LOOKS = [
    ("zh", False, 1440, 900),
    ("en", True, 1440, 900),
    ("zh", True, 390, 844),
    ("en", False, 390, 844),
]
CHINESE = re.compile("[\u4e00-\u9fff]")


def _fill(address: str, fill: object) -> str:
    with open_store(address, time_zone="Asia/Shanghai") as store:
        fill(store)
    return address


@pytest.fixture(scope="module")
def servers(start_server, tmp_path_factory, new_store) -> dict[str, str]:
    """Three servers: an empty store, the small one with hostile names, a small demo district."""

    def demo(store):
        make_demo(store, seat=operator("test"), now=datetime(2026, 11, 1, tzinfo=UTC), n_cases=4000)

    fills = {"empty": lambda store: None, "small": fill_small_store, "demo": demo}
    return {
        name: start_server(
            APP, GETU_STORE_URL=_fill(new_store(tmp_path_factory.mktemp(name)), fill), GETU_TIME_ZONE=""
        )
        for name, fill in fills.items()
    }


@pytest.fixture
def visit(servers, open_page):
    """Return a function that opens a page of a store and waits until it is drawn."""

    def go(
        store: str, name: str, *, width: int = 1440, height: int = 900, dark: bool = False, **query: str
    ) -> Page:
        asked = "&".join(f"{key}={value}" for key, value in query.items())
        page = open_page(f"{servers[store]}{PATHS[name]}?{asked}", width=width, height=height, dark=dark)
        wait_until_drawn(page)
        return page

    return go


def assert_nothing_fired(page: Page) -> None:
    assert page.evaluate("window.fired") is None
    assert page.locator("img[src='x']").count() == 0


def assert_fits(page: Page) -> None:
    """No part of the page is wider than the window."""
    wide, there = page.evaluate("[document.querySelector('.stMain').scrollWidth, window.innerWidth]")
    assert wide <= there


# --- every page, every look


@pytest.mark.parametrize("store", ["empty", "demo"])
@pytest.mark.parametrize("name", sorted(PATHS))
@pytest.mark.parametrize(("language", "dark", "width", "height"), LOOKS)
def test_a_page_is_drawn_quietly(visit, store, name, language, dark, width, height):
    page = visit(store, name, width=width, height=height, dark=dark, lang=language)
    assert_fits(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert background == ("rgb(21, 25, 30)" if dark else "rgb(255, 255, 255)")
    if name == "import":
        expect(panel(page, "steps").locator(".step")).to_have_count(4)
    elif store == "empty":
        expect(page.locator(".st-key-make_demo button")).to_be_visible()
    else:
        expect(panel(page, "empty_title")).to_have_count(0)


def test_english_pages_say_nothing_in_chinese_but_names_from_data(visit):
    page = visit("empty", "import", lang="en")
    text = page.inner_text("body")
    assert set(CHINESE.findall(text)) == {"中", "文"}  # the button that changes the language


def test_six_cards_stand_two_per_row_on_a_telephone(visit):
    page = visit("demo", "dashboard", width=390, height=844)
    boxes = [card.bounding_box() for card in panel(page, "cards").locator(".card").all()]
    assert len(boxes) == 6
    assert len({round(box["x"]) for box in boxes}) == 2
    assert len({round(box["y"]) for box in boxes}) == 3


@pytest.mark.parametrize(("name", "key"), [("cases", "cases"), ("import", "batches")])
def test_a_wide_table_keeps_its_columns_on_a_telephone_and_scrolls(visit, name, key):
    page = visit("demo", name, width=390, height=844, lang="en")
    scroll = panel(page, key).locator(".scroll")
    inner, outer = scroll.evaluate("box => [box.scrollWidth, box.clientWidth]")
    assert inner > outer
    assert panel(page, key).locator("th").nth(1).bounding_box()["width"] >= 116
    assert_fits(page)


# --- state in the address


def test_the_language_button_keeps_the_place_and_the_address_says_it(visit):
    page = visit("small", "dashboard", area="A1", level="subdistrict", lang="zh")
    press(page, "language")
    expect(page.locator(".st-key-language button").first).to_have_text("中文")
    wait_until_drawn(page)
    assert parse_qs(urlsplit(page.url).query) == {"area": ["A1"], "level": ["subdistrict"], "lang": ["en"]}
    expect(panel(page, "children_title")).to_have_text("The areas inside, compared")


def test_an_address_opens_exactly_what_it_says_again(visit, servers, open_page):
    page = visit("small", "map", lang="en")
    choose(page, "choose_by", "Closed on time")
    page.locator('[class*="st-key-choose_layer"] button', has_text="grid 16").click()
    expect(page.locator(".getu-legend h4").first).to_contain_text("Closed on time")
    expect(page).to_have_url(re.compile("layer=grid"))
    expect(page).to_have_url(re.compile("by=on_time_share"))
    wait_until_drawn(page)
    ranked = panel(page, "ranking").locator("tbody tr").all_inner_texts()
    again = open_page(page.url)
    wait_until_drawn(again)
    expect(again.locator(".getu-legend h4").first).to_contain_text("Closed on time")
    assert panel(again, "ranking").locator("tbody tr").all_inner_texts() == ranked


def test_the_copied_link_names_the_period(visit):
    page = visit("small", "dashboard", area="A1", level="subdistrict", lang="en")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel(page, "copy").locator("button").click()
    expect(panel(page, "copy").locator("button")).to_have_text("Copied")
    copied = parse_qs(urlsplit(page.evaluate("navigator.clipboard.readText()")).query)
    assert copied == {
        "area": ["A1"],
        "level": ["subdistrict"],
        "lang": ["en"],
        "period": ["month"],
        "from": ["2026-10-01"],
    }


def test_the_period_before_is_one_click_away(visit):
    page = visit("small", "dashboard", lang="en")
    page.locator(".st-key-top .stPopover button").first.click()
    press(page, "period_earlier")
    expect(page).to_have_url(re.compile("from=2026-09-30"))
    expect(page.locator(".st-key-top .stPopover button").first).to_contain_text("September 2026")


def test_another_period_in_the_address_is_painted_before_the_page_is_made_anew(visit):
    page = visit("small", "map", lang="en", by="n_new")
    drawn_map = page.locator(".getu-map")
    said = page.locator(".getu-map .getu-legend").inner_text()
    # as Streamlit writes it after a click; nothing asks the server for the page
    page.evaluate("history.pushState(null, '', location.search + '&period=year')")
    expect(drawn_map).to_have_attribute("data-painted", "2")
    expect(page.locator(".getu-map .getu-legend")).not_to_have_text(said)
    expect(drawn_map).to_have_attribute("data-ready", "1")

    asked = """map => {
      history.pushState(null, '', location.search.replace('year', 'quarter') + '&sel=1');
      return [map.dataset.painted, map.dataset.ready];
    }"""
    assert drawn_map.evaluate(asked) == ["2", "1"]  # something else has changed too: the page decides


@pytest.mark.parametrize(
    ("language", "path", "said"),
    [
        ("en", "nosuchpage", "The address 'nosuchpage' is no page of this program."),
        ("zh", "%3Cimg%20src%3Dx%20onerror%3D%22window.fired%3D1%22%3E", f"地址“{HOSTILE}”不是这里的页面"),
        ("en", "cases/deeper", "The address 'cases/deeper' is no page of this program."),
    ],
)
def test_an_address_that_is_no_page_is_answered_in_the_language_of_the_reader(
    servers, open_page, language, path, said
):
    page = open_page(f"{servers['small']}/{path}?lang={language}&area=A1&level=subdistrict")
    wait_until_drawn(page)
    expect(panel(page, "no_page")).to_contain_text(said)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(panel(page, "crumbs")).to_be_visible()
    assert_nothing_fired(page)
    panel(page, "page_links").locator("a").nth(2).click()
    expect(panel(page, "count")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["area"] == ["A1"]
    assert "missing" not in page.url


def test_the_language_button_changes_the_words_of_every_input_and_keeps_what_was_chosen(visit):
    page = visit("small", "map", by="on_time_share", cases="heat", lang="zh")
    press(page, "language")
    expect(page.locator(".st-key-language button").first).to_have_text("中文")
    wait_until_drawn(page)
    expect(page.locator('[class*="st-key-choose_by"] input')).to_have_value("Closed on time")
    chosen = page.locator('[class*="st-key-choose_cases"] button[aria-checked="true"]')
    expect(chosen).to_have_text("Heat picture")
    said = page.locator(".stMain .stColumn").first.inner_text()
    assert set(CHINESE.findall(said)) <= set("全部区域")  # no word of the other language stays behind


def test_a_download_leaves_nothing_in_the_log_of_the_server(visit, servers, start_server):
    for name, key in (("map", "map_csv"), ("map", "map_html"), ("cases", "cases_xlsx")):
        page = visit("small", name, lang="en", layer="grid")
        page.locator(f".st-key-{key.split('_')[0]}_downloads button").first.click()
        with page.expect_download() as download:
            page.locator(f".st-key-{key} button").click()
        assert download.value.path().stat().st_size > 500
    log = start_server.logs[servers["small"]].read_text(encoding="utf-8")
    assert "ScriptRunContext" not in log
    assert "Traceback" not in log


# --- drill-down and numbers


def test_a_second_click_on_the_map_goes_one_level_down(visit):
    page = visit("small", "map", lang="en")
    middle = page.locator(".getu-canvas").bounding_box()
    x, y = middle["x"] + middle["width"] * 0.25, middle["y"] + middle["height"] / 2
    page.mouse.click(x, y)
    expect(panel(page, "card_name").locator("h2")).to_have_text("望江街道")
    wait_until_drawn(page)
    page.mouse.click(x, y)
    expect(page).to_have_url(re.compile("area=A1(&|$)"))
    expect(panel(page, "crumbs").locator(".here")).to_have_text("望江街道")
    wait_until_drawn(page)
    panel(page, "crumbs").locator("a").first.click()
    expect(panel(page, "crumbs").locator(".here")).to_have_text("Everything")


def test_a_row_of_the_table_selects_its_area_on_the_map(visit):
    page = visit("small", "map", lang="en", layer="grid")
    row = panel(page, "ranking").locator("tbody tr").nth(2)
    row.click()
    expect(page).to_have_url(re.compile("sel=A"))
    expect(panel(page, "ranking").locator("tr.chosen")).to_have_count(1)
    expect(panel(page, "card_name")).to_be_visible()


def test_a_number_of_the_dashboard_opens_exactly_its_cases(visit):
    page = visit("small", "dashboard", area="A1C1", level="community", lang="en")
    card = panel(page, "cards").locator(".card").first
    number = card.locator(".value b").inner_text()
    card.click()
    expect(panel(page, "count")).to_contain_text(f"{number} cases")
    wait_until_drawn(page)
    assert panel(page, "cases").locator("tbody tr").count() == min(int(number), 50)
    chips = panel(page, "chips").locator(".chip").all_inner_texts()
    assert any("2026-10-01 – 2026-10-31" in chip for chip in chips)


def test_a_chip_is_taken_away_by_its_cross(visit):
    page = visit("small", "cases", area="A1", level="subdistrict", states="handling", lang="en")
    panel(page, "chips").get_by_role("button", name=re.compile("state")).click()
    expect(panel(page, "chips").locator(".chip")).to_have_count(1)
    assert "states" not in page.url


def test_a_row_of_the_list_opens_the_case_with_its_place(visit):
    page = visit("small", "cases", lang="en")
    row = panel(page, "cases").locator("tbody tr", has_text="网格").first
    number = row.locator("button").inner_text()
    row.locator("button").click()
    expect(panel(page, "case_title")).to_contain_text(number)
    expect(page.locator(".st-key-case .getu-main")).to_have_count(1)
    expect(panel(page, "history").locator("tbody tr")).to_have_count(1)


def test_search_finds_an_area_by_name_and_goes_there(visit):
    page = visit("small", "dashboard", lang="en")
    page.locator(".st-key-search input").fill("河畔")
    page.locator(".st-key-search input").press("Enter")
    panel(page, "search_found").locator("a").first.click()
    expect(panel(page, "crumbs").locator(".here")).to_have_text("河畔社区")


def test_an_unknown_area_gets_a_sentence_and_no_trace(visit):
    page = visit("small", "dashboard", area="NOWHERE", lang="en")
    expect(panel(page, "error")).to_contain_text("There is no area with the code 'NOWHERE'")
    assert "Traceback" not in page.content()


def test_the_dashboard_prints_on_two_pages_without_controls(visit):
    page = visit("small", "dashboard", area="A1", level="subdistrict", print="1", width=1000)
    expect(page.locator(".stSidebar")).to_be_hidden()
    expect(panel(page, "hours")).to_be_visible()
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2


def test_six_cards_print_three_and_three(visit):
    page = visit("small", "dashboard", area="A1", level="subdistrict", print="1", width=1440)
    boxes = [card.bounding_box() for card in panel(page, "cards").locator(".card").all()]
    assert len({round(box["x"]) for box in boxes}) == 3
    assert len({round(box["y"]) for box in boxes}) == 2


def test_the_figure_areas_are_ranked_by_stands_once_and_months_count_in_whole_numbers(visit):
    page = visit("small", "dashboard", area="A1", level="subdistrict", lang="en")
    heads = panel(page, "children").locator("th").all_inner_texts()
    assert heads == ["#", "Community", "New (cases)"]
    ticks = panel(page, "months").locator('.plot text[text-anchor="end"]').all_text_contents()
    assert len(ticks) >= 2
    assert all(re.fullmatch(r"[0-9,]+", tick) for tick in ticks)


# --- hostile names and hidden properties


@pytest.mark.parametrize(
    ("name", "query", "shown"),
    [
        ("map", {"layer": "subdistrict", "sel": "A2"}, HOSTILE),
        ("map", {"area": "A1", "level": "subdistrict", "cases": "points"}, TEMPLATE),
        ("dashboard", {"area": "A2", "level": "subdistrict"}, HOSTILE),
        ("dashboard", {"area": "A1C2", "level": "community"}, TEMPLATE),
        ("dashboard", {"area": "A2C1", "level": "community"}, BREAKING),
        ("dashboard", {"area": "A2C2", "level": "community"}, MARKDOWN),
        ("cases", {"area": "A2C1", "level": "community"}, BREAKING),
        ("cases", {"case": "热线:00050"}, HOSTILE),
        ("import", {}, f"{HOSTILE}.csv"),
    ],
)  # fmt: skip
def test_fault_C01_C05_hostile_names_are_shown_as_text(visit, name, query, shown):
    page = visit("small", name, **query)
    expect(page.get_by_text(shown, exact=False).first).to_be_visible()
    assert_nothing_fired(page)
    titles = {"map": "一张图", "dashboard": "网格看板", "cases": "案件", "import": "数据导入"}
    assert page.title() == f"{titles[name]} · 格图"


def test_fault_C02_hostile_property_keys_and_file_names_are_shown_as_text(visit, tmp_path):
    square = [[[104.0, 30.6], [104.1, 30.6], [104.1, 30.7], [104.0, 30.7], [104.0, 30.6]]]
    feature = {
        "type": "Feature",
        "properties": {"编码": "X1", "名称": HOSTILE, HOSTILE: TEMPLATE, TEMPLATE: BREAKING},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    file = tmp_path / "a${window.fired=1}<img src=x onerror=window.fired=1>.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    page = visit("empty", "import", lang="en")
    page.locator("input[type=file]").set_input_files(str(file))
    expect(panel(page, "first_rows").locator("th", has_text=HOSTILE)).to_be_visible()
    expect(panel(page, "file_facts")).to_contain_text(file.name)
    choose(page, "area_level", "Grid")
    choose(page, "coord_sys", "WGS84 (GPS, OpenStreetMap)")
    press(page, "check")
    expect(panel(page, "as_stored").get_by_text(HOSTILE, exact=False).first).to_be_visible()
    wait_until_drawn(page)
    assert_nothing_fired(page)


def test_fault_E02_nothing_but_allowed_properties_leaves_the_server(visit, servers, open_page):
    page = visit("small", "map", cases="points", layer="grid", facilities="kindergarten", lang="en")
    answers = []
    page.on("response", lambda answer: answers.append(answer) if "/api/" in answer.url else None)
    page.reload()
    wait_until_drawn(page)
    expect(page.locator(".getu-legend")).to_contain_text("kindergarten")
    allowed = {name for names in ALLOWED.values() for name in names}
    features = [
        feature for answer in answers for feature in answer.json().get("features", [])
        if urlsplit(answer.url).path != "/api/values"
    ]  # fmt: skip
    assert {answer.url.split("/api/")[1].split("?")[0].split("/")[0] for answer in answers} >= {
        "areas", "values", "points", "facilities",
    }  # fmt: skip
    assert features
    assert {name for feature in features for name in feature["properties"]} <= allowed
    assert not [answer.url for answer in answers if CANARY in answer.text()]


def test_fault_E10_no_page_shows_a_telephone_number(visit):
    for name in PATHS:
        page = visit("small", name, lang="en")
        assert CANARY not in page.content()
        assert CANARY not in page.inner_text("body")


# --- bringing files in


def _bring(page: Page, kind: str, file: Path, **choices: str) -> None:
    page.locator('[class*="st-key-import_kind"] label', has_text=kind).first.click()
    wait_until_drawn(page)
    page.locator("input[type=file]").set_input_files(str(file))
    expect(page.locator(".st-key-check")).to_be_visible(timeout=60_000)  # the first reader has to start
    wait_until_drawn(page)
    for key, option in choices.items():
        choose(page, key, option)
        wait_until_drawn(page)
    press(page, "check")


def _confirm(page: Page) -> str:
    expect(page.locator(".st-key-go_on button:enabled")).to_have_count(1, timeout=60_000)
    wait_until_drawn(page)
    press(page, "go_on")
    expect(panel(page, "will_store")).to_contain_text("will be stored")
    wait_until_drawn(page)
    press(page, "confirm")
    expect(panel(page, "stored")).to_contain_text("Stored as batch", timeout=60_000)
    wait_until_drawn(page)
    return panel(page, "stored").inner_text()


def test_the_sample_files_come_in_are_shown_and_can_be_taken_back(
    start_server, open_page, tmp_path, new_store
):
    if not SAMPLES.is_dir():
        pytest.skip("the sample files are not there (python -m geo demo --files data/demo)")
    address = start_server(APP, GETU_STORE_URL=new_store(tmp_path), GETU_TIME_ZONE="")
    page = open_page(f"{address}/import?lang=en")
    wait_until_drawn(page)
    wgs84 = "WGS84 (GPS, OpenStreetMap)"
    _bring(page, "Boundaries", SAMPLES / "3-grids.geojson", area_level="Grid", coord_sys=wgs84)
    assert "0 refused" in _confirm(page)
    press(page, "another")
    wait_until_drawn(page)

    _bring(page, "Cases", SAMPLES / "9-cases.csv", coord_sys="GCJ-02 (Amap, Tencent)")
    expect(panel(page, "notes_blocks")).to_be_visible(timeout=60_000)
    wait_until_drawn(page)
    expect(page.locator(".st-key-go_on button")).to_be_disabled()
    expect(panel(page, "problems").locator("tbody tr").first).to_be_visible()
    panel(page, "problems").locator("tbody tr").first.click()
    expect(panel(page, "problem_rows").locator("tbody tr").first).to_be_visible()
    wait_until_drawn(page)
    with page.expect_download() as download:
        page.locator(".st-key-marked_csv button").click()
    assert download.value.path().read_bytes().startswith(b"\xef\xbb\xbf")
    choose(page, "meaning_", "suspended")
    wait_until_drawn(page)
    press(page, "check_again")
    stored = _confirm(page)
    assert re.search(r"1,9\d\d new", stored)

    expect(panel(page, "batches").locator("tbody tr")).to_have_count(2)
    panel(page, "after_import").locator("a", has_text="dashboard").click()
    expect(panel(page, "cards").locator(".card")).to_have_count(6)
    wait_until_drawn(page)
    page.locator(".stSidebar a", has_text="Import").click()
    expect(panel(page, "batches").locator("tbody tr")).to_have_count(2)
    wait_until_drawn(page)
    press(page, "undo")
    expect(panel(page, "undo_ask")).to_contain_text("Undo batch B000002? It brought cases from 9-cases.csv.")
    press(page, "undo_yes")
    expect(panel(page, "undone")).to_contain_text("B000002 is undone", timeout=60_000)
    expect(panel(page, "batches").locator("tbody tr").first).to_contain_text("undone")


def test_the_demo_is_made_from_an_empty_store_with_one_button(start_server, open_page, tmp_path, new_store):
    address = start_server(APP, GETU_STORE_URL=new_store(tmp_path), GETU_TIME_ZONE="")
    page = open_page(f"{address}/?lang=en")
    wait_until_drawn(page)
    press(page, "make_demo")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(panel(page, "layers_title")).to_be_visible(timeout=240_000)
    expect(page.locator(".stSidebar")).to_contain_text("Demo data")
