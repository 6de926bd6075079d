"""Cases page (案件): the list behind any number, on the map and in a table, and one case opened."""

import streamlit as st

from geo.errors import GeoError
from ui import case_map, case_view, frame, outputs, panels, shows
from ui.case_address import list_chips, read_address
from ui.text import t

outputs.stop_if_empty("cases")
address = read_address(st.query_params)
try:
    area = case_view.chosen_area(address.where)
    address = case_view.at_level_of(area, address)
except GeoError as error:
    frame.show_unknown_place("cases", error)
try:
    frame.show_top("cases", area, with_period=False)
    panels.show_lead(t("page.cases"), level="h1", key="title")
    if address.unread:
        panels.show_notice(t("cases.unread", names=", ".join(address.unread)), tone="warning", key="unread")
    where = case_view.show_filters(address.where)
    page = case_view.read_page(address, where)
except GeoError as error:
    outputs.stop_with(error)

count = t(
    "cases.count_all" if page.n == page.n_all else "cases.count",
    n=shows.number(page.n),
    share=shows.share(page.share),
)
positions = shows.positions(page.positions) if page.n else ""
summary, order, downloads = st.columns([5, 2, 1], vertical_alignment="center")
with summary:
    panels.show_lead(count, note=positions, key="count")
with order:
    case_view.show_sort(address)
with downloads, st.container(horizontal=True, horizontal_alignment="right"):
    case_view.show_downloads(where, page)

listed, beside = st.columns([5, 3])
with beside:
    if address.case_id:
        try:
            detail = case_view.read_case(address.case_id)
        except GeoError as error:
            outputs.show_error(error, key="case_error")
        else:
            with st.container(border=True, key="case"):
                case_view.show_close()
                case_map.show_place(detail)
                case_view.show_detail(detail)
    else:
        case_map.show_cases(where, page, area)
with listed:
    case_view.show_list(page, address)

frame.show_method(
    filters=[(chip.label, chip.value) for chip in list_chips(where)],
    left_out=[positions] if positions else [],
    notes=[t("cases.masked")],
)
