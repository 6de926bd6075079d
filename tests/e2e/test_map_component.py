"""The map redraws only what changed, says what was clicked, and shows text as text."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

READY = '.getu-map[data-ready="1"]'
LEGEND = ".getu-legend-body"


def start(start_server, request, n_areas):
    app = request.path.parent / "apps" / "map_app.py"
    is_tiled = "1" if request.param == "tiles" else ""
    return start_server(app, GETU_TEST_AREAS=str(n_areas), GETU_TEST_TILED=is_tiled)


@pytest.fixture(scope="module", params=["outlines", "tiles"])
def address(start_server, request):
    """An app whose areas travel as one file of outlines, and one whose areas travel as tiles."""
    return start(start_server, request, 500)


@pytest.fixture(scope="module", params=["outlines", "tiles"])
def large(start_server, request):
    return start(start_server, request, 10_000)


def choose(page, label):
    page.locator(f'label:has-text("{label}")').first.click()


def asked(page, address):
    return json.loads(page.request.get(f"{address}/test/asked").text())


def state(page, name):
    return page.locator(".getu-map").get_attribute(f"data-{name}")


def wait_for(page, name, value):
    page.wait_for_selector(f'.getu-map[data-{name}="{value}"]')


FIND_MAP = """
    const hosts = [...document.querySelectorAll('*')];
    const shadow = hosts.find((element) => element.shadowRoot?.querySelector('.getu-map')).shadowRoot;
    const root = shadow.querySelector('.getu-map');
"""


def place_of(page, column, row, *, side=23):
    """Pixel in the middle of one area of the invented grid, in the view the map shows."""
    script = f"""([column, row, side]) => {{
        {FIND_MAP}
        const middle = [30.6 + (row + 0.5) * 0.12 / side, 104.02 + (column + 0.5) * 0.12 / side];
        const at = root.getuMap.map.latLngToContainerPoint(middle);
        const box = root.querySelector('.getu-canvas').getBoundingClientRect();
        return [box.x + at.x, box.y + at.y];
    }}"""
    return page.evaluate(script, [column, row, side])


def colour_at(page, x, y):
    """Colour of the drawn areas under one pixel of the window."""
    script = f"""([x, y]) => {{
        {FIND_MAP}
        const canvas = shadow.querySelector('.leaflet-areas-pane canvas');
        const box = canvas.getBoundingClientRect();
        const scale = canvas.width / box.width;
        const at = [(x - box.x) * scale, (y - box.y) * scale];
        return [...canvas.getContext('2d').getImageData(...at, 1, 1).data];
    }}"""
    return page.evaluate(script, [x, y])


def test_areas_take_the_colours_of_their_classes(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)

    # column 8, row 11: 50 + 24 sin(8/23*9) + 24 cos(11/23*7) rounds to 28, the class 20 - 39
    assert colour_at(page, *place_of(page, 8, 11)) == [0xC7, 0xE9, 0xB4, 255]
    assert state(page, "areas") == "500"


@pytest.mark.parametrize("fault", ["nothing comes", "an error comes", "nonsense comes"])
def test_fault_J03_without_streets_the_areas_are_drawn_on_a_plain_ground_and_that_is_said(
    open_page, address, fault
):
    answers = {
        "nothing comes": lambda route: route.abort(),
        "an error comes": lambda route: route.fulfill(status=503, body="{}"),
        "nonsense comes": lambda route: route.fulfill(status=200, body="<html>"),
    }
    page = open_page("about:blank")
    page.record.expect_failure(r"/test/streets|net::ERR_FAILED|status of 503")
    page.route("**/test/streets*", answers[fault])
    page.goto(address)
    page.wait_for_selector(READY)
    wait_for(page, "areas", "500")
    assert colour_at(page, *place_of(page, 8, 11)) == [0xC7, 0xE9, 0xB4, 255]
    x, y = place_of(page, -1, -1)
    assert colour_at(page, x, y) == [0, 0, 0, 0], "beside the areas is the plain ground of the page"
    problem = page.locator(".getu-map").get_by_role("alert")
    expect(problem).to_be_visible()
    assert page.record.blocked == [], "no other machine is asked for a background"


def test_a_filter_fetches_and_paints_values_only(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)
    before = asked(page, address)
    spot = place_of(page, 8, 11)
    colour = colour_at(page, *spot)

    choose(page, "1")
    wait_for(page, "painted", "2")

    after = asked(page, address)
    assert after["values"] == before["values"] + 1
    assert {name: after[name] for name in ("areas", "streets")} == {
        name: before[name] for name in ("areas", "streets")
    }
    assert state(page, "parsed") == "1"
    assert colour_at(page, *spot) != colour


def test_ten_thousand_areas_are_repainted_and_not_fetched_again(open_page, large):
    page = open_page(large)
    page.wait_for_selector(READY)
    assert state(page, "areas") == "10000"
    before = asked(page, large)

    choose(page, "2")
    wait_for(page, "painted", "2")

    assert asked(page, large)["areas"] == before["areas"]
    assert state(page, "parsed") == "1"


def test_a_click_selects_and_a_second_click_enters(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)
    spot = place_of(page, 3, 4)

    page.mouse.click(*spot)
    page.wait_for_selector("text=area A00095 grid")
    assert state(page, "selected") == "A00095"
    page.mouse.click(*spot)
    page.wait_for_selector("text=enter A00095 grid")


def test_moving_the_pointer_never_reruns_the_page(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)

    page.mouse.move(*place_of(page, 3, 4))
    page.mouse.move(*place_of(page, 6, 9))
    page.wait_for_selector(".getu-tip:has-text('第00213网格')")

    page.wait_for_selector("text=runs 0")


def test_the_tooltip_is_of_the_area_where_the_pointer_came_to_rest(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)

    spots = [place_of(page, 3, 4), place_of(page, 6, 9)]
    page.evaluate(
        f"""(spots) => {{
            {FIND_MAP}
            const canvas = shadow.querySelector('.leaflet-areas-pane canvas');
            for (const [clientX, clientY] of spots)
                canvas.dispatchEvent(new MouseEvent('mousemove', {{ clientX, clientY, bubbles: true }}));
        }}""",
        spots,
    )

    page.wait_for_selector(".getu-tip:has-text('第00213网格')")


def test_fault_C01_a_hostile_name_is_shown_as_text(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)

    page.mouse.move(*place_of(page, 0, 0))
    page.wait_for_selector(".getu-tip")

    assert (
        '<img src=x onerror="window.fired=1">`${7*7}`{{7*7}}</script>'
        in page.locator(".getu-tip").inner_text()
    )
    assert page.locator(".getu-tip img").count() == 0
    assert page.evaluate("window.fired") is None


def test_the_view_stays_when_a_filter_changes_and_moves_when_the_place_changes(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)
    page.locator(".leaflet-control-zoom-in").click()
    wait_for(page, "zoom", "13")

    choose(page, "1")
    wait_for(page, "painted", "2")
    assert state(page, "zoom") == "13"

    choose(page, "look away")
    page.wait_for_selector('.getu-map:not([data-zoom="13"])')


def test_cases_are_hexagons_from_afar_and_clusters_near(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)
    choose(page, "auto")
    wait_for(page, "cases", "hexagons")
    assert "每个六边形的诉求" in page.locator(LEGEND).inner_text()

    choose(page, "look away")
    wait_for(page, "cases", "points")
    assert page.locator(".getu-cluster, .getu-point").count() > 0


def test_the_heat_picture_says_that_it_is_no_statistic(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)

    choose(page, "heat")
    wait_for(page, "cases", "heat")

    assert "示意，非统计" in page.locator(LEGEND).inner_text()
    assert "新增诉求" not in page.locator(LEGEND).inner_text()


def test_the_legend_gives_unit_date_classes_counts_and_no_data(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)

    lines = page.locator(LEGEND).inner_text().replace("\n", " ")

    assert "新增诉求（件）" in lines
    assert "2026-10-01 至 2026-11-01" in lines
    assert "无数据 6个网格" in lines
    assert page.locator(".getu-row").count() == 6
    assert page.locator(".getu-credits").inner_text() == "审图号：川S(2026)00号 · 数据来源：示范数据"


def test_english_words_when_the_page_is_english(open_page, address):
    page = open_page(f"{address}/?lang=en")
    page.wait_for_selector(READY)

    assert "No data" in page.locator(LEGEND).inner_text()
    assert page.locator(".getu-credits").inner_text().startswith("Map review no. ")


def test_facilities_are_labelled_symbols_with_their_own_legend(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)

    choose(page, "facilities")
    page.wait_for_selector(".getu-facility-cluster")

    assert "电动车充电" in page.locator(LEGEND).inner_text()


def test_a_refused_address_is_told_in_the_words_of_the_server(open_page, address):
    page = open_page(address)
    page.record.expect_failure("/test/broken")
    page.wait_for_selector(READY)

    choose(page, "broken")
    page.wait_for_selector(".getu-notice >> text=没有编号为 X 的区域。")


def test_the_map_can_be_reached_and_moved_by_keyboard(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)
    zoom = state(page, "zoom")

    page.locator(".getu-canvas").focus()
    page.keyboard.press("+")

    page.wait_for_selector(f'.getu-map:not([data-zoom="{zoom}"])')


def test_the_legend_is_folded_on_a_phone_and_nothing_is_wider_than_the_screen(open_page, address):
    page = open_page(address, width=390, height=844, dark=True)
    page.wait_for_selector(READY)

    assert page.locator(".getu-legend").get_attribute("open") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert "is-dark" in page.locator(".getu-map").get_attribute("class")


def colours_of_all(page):
    """How many areas of the view show the colour of their class in the middle, and how many another."""
    return page.evaluate(f"""() => {{
        {FIND_MAP}
        const {{ map, areas }} = root.getuMap;
        const canvas = shadow.querySelector('.leaflet-areas-pane canvas');
        const size = map.getSize(), box = canvas.getBoundingClientRect();
        const frame = root.querySelector('.getu-canvas').getBoundingClientRect();
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const scale = canvas.width / box.width, side = 23;
        let [right, wrong] = [0, []];
        for (const id of areas.byId.keys()) {{
            const place = Number(id.slice(1));
            const [column, row] = [place % side, Math.floor(place / side)];
            const middle = [30.6 + (row + 0.5) * 0.12 / side, 104.02 + (column + 0.5) * 0.12 / side];
            const at = map.latLngToContainerPoint(middle);
            if (at.x < 2 || at.y < 2 || at.x > size.x - 2 || at.y > size.y - 2) continue;
            const kind = areas.classOf(id);
            if (kind === null) continue;
            const x = Math.round((at.x + frame.x - box.x) * scale);
            const from = 4 * (Math.round((at.y + frame.y - box.y) * scale) * canvas.width + x);
            const seen = [...pixels.data.slice(from, from + 3)];
            const colour = areas.values.classes[kind].colour;
            const wanted = [1, 3, 5].map((k) => Number.parseInt(colour.slice(k, k + 2), 16));
            if (seen.every((part, k) => Math.abs(part - wanted[k]) < 3)) right += 1;
            else wrong.push([id, seen, wanted]);
        }}
        return [right, wrong];
    }}""")


@pytest.mark.parametrize("address", ["tiles"], indirect=True)
@pytest.mark.parametrize("zooms", [0, 1, 2, 4, -1], ids=lambda zooms: f"{zooms:+d}")
def test_no_area_is_a_hole_and_none_has_the_colour_of_another_at_any_zoom(open_page, address, zooms):
    page = open_page(address)
    page.wait_for_selector(READY)
    page.evaluate(
        f"""zooms => {{
            {FIND_MAP}
            const {{ map }} = root.getuMap;
            map.setZoom(map.getZoom() + zooms, {{ animate: false }});
        }}""",
        zooms,
    )
    page.wait_for_function(
        f"() => {{ {FIND_MAP} return root.getuMap.areas.view === root.getuMap.areas.drawn; }}"
    )

    right, wrong = colours_of_all(page)
    assert wrong == []
    assert right > (450 if zooms <= 0 else 5)


@pytest.mark.parametrize("address", ["tiles"], indirect=True)
def test_a_tile_that_is_refused_after_a_move_is_told_and_what_is_drawn_stays(open_page, address):
    page = open_page(address)
    page.wait_for_selector(READY)
    page.record.expect_failure("/test/tile")
    refusal = {"error": "打开地图后数据已有更新。"}
    page.route("**/test/tile*", lambda route: route.fulfill(status=409, json=refusal))

    page.locator(".leaflet-control-zoom-in").click()
    page.wait_for_selector(".getu-notice >> text=打开地图后数据已有更新。")
    assert state(page, "areas") == "500"

    page.unroute("**/test/tile*")
    page.locator(".leaflet-control-zoom-out").click()
    page.locator(".leaflet-control-zoom-in").click()
    page.wait_for_selector(".getu-notice", state="hidden")
