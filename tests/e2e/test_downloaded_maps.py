"""A downloaded map opens from a file, asks nobody for anything, and shows hostile text as text."""

from __future__ import annotations

import re

import pytest

from geo.present.maps import MapSheet, draw_map
from tests.map_sheets import HOSTILE, areas, choropleth, full_sheet

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def plain(text):
    """One space where there is any white space, as a browser shows it."""
    return re.sub(r"\s+", " ", text)


def point_at(page, x, y):
    """Move the pointer about a place until the map answers; the first move may meet a map still drawing."""
    tooltip = page.locator(".leaflet-tooltip")
    for step in range(40):
        page.mouse.move(x + step % 7, y + step % 5)
        page.wait_for_timeout(50)
        if tooltip.count():
            return
    pytest.fail("no tooltip")


@pytest.fixture
def shown(open_page, tmp_path):
    """Open a sheet from a file, as one who downloaded it does."""

    def show(sheet):
        file = tmp_path / "map.html"
        file.write_text(draw_map(sheet), encoding="utf-8")
        page = open_page(file.as_uri())
        page.wait_for_selector(".leaflet-control-scale")
        return page

    return show


@pytest.mark.parametrize("text", HOSTILE)
def test_fault_C01_hostile_text_is_shown_as_text_everywhere(shown, text):
    page = shown(full_sheet(text))

    point_at(page, 200, 450)

    told = page.locator(".leaflet-tooltip").inner_text()
    assert plain(text) in plain(told)
    assert page.evaluate("window.fired") is None
    assert page.locator(".leaflet-tooltip img, .getu-box img, .getu-box svg, h1 *").count() == 0
    assert plain(text) in plain(page.locator("h1").inner_text())
    assert re.sub(r"\s+", "", page.title()) == re.sub(r"\s+", "", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_fault_C02_hostile_column_names_are_shown_as_text(shown, text):
    table = areas(["甲", "乙"], **{text: ["1", "2"]})
    page = shown(MapSheet(title="t", choropleth=choropleth(table, [1, 2])))

    point_at(page, 400, 450)

    told = page.locator(".leaflet-tooltip").inner_text()
    assert plain(text) in plain(told)
    assert page.evaluate("window.fired") is None


def test_fault_C05_a_closing_tag_or_a_line_separator_in_the_data_leaves_the_map_drawn(shown):
    page = shown(full_sheet("</script>\u2028<!--<script>"))

    assert page.locator(".getu-row").count() == 5
    assert page.locator("canvas").count() >= 1
    assert page.locator(".getu-cluster").count() >= 1
