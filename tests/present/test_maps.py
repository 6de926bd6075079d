"""A downloaded map is one file that names no other host, and every text in it is escaped."""

from __future__ import annotations

import re

import folium
import pytest
from folium.plugins import MiniMap
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import MissingError
from geo.present.maps import MapSheet, draw_map
from geo.present.offline import render_offline
from geo.present.safe import safe
from tests.map_sheets import full_sheet, points


def test_the_file_names_no_other_host():
    page = draw_map(full_sheet())
    page = re.sub(
        r"(<script)>.*?(</script>)", r"\1>\2", page, flags=re.DOTALL
    )  # what runs is tried in a browser
    addresses = set(re.findall(r"""(?:src|href)\s*=\s*["']?(?!data:)([^"'\s>]+)""", page))

    assert not {address for address in addresses if "//" in address}
    assert not re.search(r"<script[^>]+src|<link\b|@import", page)
    assert "sourceMappingURL" not in draw_map(full_sheet())


def test_the_same_sheet_gives_the_same_bytes():
    assert draw_map(full_sheet()) == draw_map(full_sheet())


def test_a_plugin_with_scripts_of_its_own_is_refused():
    drawn = folium.Map(tiles=None, max_zoom=19)
    MiniMap().add_to(drawn)

    with pytest.raises(MissingError, match="not among the program's own files"):
        render_offline(drawn, title="map")


def test_a_sheet_with_nothing_on_it_is_refused():
    with pytest.raises(MissingError, match="There is nothing to draw"):
        draw_map(MapSheet(title="empty", cases=points(0, label=[])))


def test_the_legend_counts_every_area_once_and_names_those_without_data():
    page = draw_map(full_sheet())
    legend = re.sub(r"<[^>]+>", " ", page[page.index('class="getu-box getu-legend"') :])

    assert "新增（件）" in legend
    assert "无数据" in legend
    assert legend.count("1 个网格") == 4
    assert "诉求热力（示意，非统计）" in legend


def test_texts_are_escaped_in_keys_values_and_lists_and_numbers_are_left():
    assert safe({"<k>": ["`", 3, None, {"x": "\\1"}]}) == {"&lt;k&gt;": ["&#96;", 3, None, {"x": "&#92;1"}]}


@given(st.text())
def test_no_text_keeps_what_opens_markup_or_a_template(text):
    escaped = safe(text)

    assert not re.search(r"[<>\"'`\\\u2028\u2029{]", escaped)
