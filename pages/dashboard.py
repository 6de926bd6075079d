"""Dashboard page (网格看板): everything about one area of any level, or about the whole store."""

import streamlit as st

from geo.errors import GeoError
from geo.tasks.dashboard_text import method_notes
from ui import dashboard_lists as lists
from ui import dashboard_view as view
from ui import frame, outputs, panels, session
from ui.text import t

outputs.stop_if_empty("cases")
try:
    area = session.chosen_area()
except GeoError as error:
    frame.show_unknown_place("dashboard", error)
periods = frame.show_top("dashboard", area)
try:
    with st.spinner(t("loading")):
        board = view.read_board(area, periods)
        inner = view.look_inside(board, periods)
except GeoError as error:
    outputs.stop_with(error)

head, actions = st.columns([4, 1], vertical_alignment="top")
with actions:
    view.show_actions(board)
with head:
    view.show_head(board)
view.show_cards(board)
key = view.choose_indicator()

place, inside = st.columns([3, 2])
with place:
    panels.show_lead(t("dash.map"), level="h3", key="map_title")
    view.show_area_map(board, inner, key)
with inside:
    panels.show_lead(t("dash.children"), level="h3", key="children_title")
    view.show_areas_inside(inner, key)

trend, categories = st.columns([3, 2])
with trend:
    panels.show_lead(t("dash.trend"), level="h3", key="months_title")
    lists.show_months(board)
with categories:
    panels.show_lead(t("dash.categories"), level="h3", key="categories_title")
    lists.show_categories(board)

with st.container(key="page_two"):
    rhythm, channels, closing, waiting, repeats = view.lower_columns()
    with rhythm:
        panels.show_lead(t("dash.rhythm"), level="h3", key="hours_title")
        lists.show_hours(board)
    with channels:
        panels.show_lead(t("dash.channels"), level="h3", key="channels_title")
        lists.show_values(board.channels, key="channels")
    with closing:
        panels.show_lead(t("dash.closing"), level="h3", key="closing_title")
        lists.show_values(board.closing_levels, key="closing")
    with waiting:
        panels.show_lead(t("dash.open_list"), level="h3", key="open_title")
        lists.show_open(board)
    with repeats:
        panels.show_lead(t("dash.repeats"), level="h3", key="repeats_title")
        lists.show_repeats(board)

    kinds, beside = st.columns(2)
    with kinds:
        panels.show_lead(t("dash.facilities"), level="h3", key="facilities_title")
        lists.show_facilities(board)
    with beside:
        if view.has_siblings(board):
            panels.show_lead(t("dash.siblings"), level="h3", key="siblings_title")
            view.show_siblings(board, key)
        panels.show_lead(t("dash.left_out"), level="h3", key="left_out_title")
        lists.show_left_out(board)

frame.show_method(definitions=method_notes(board, session.language()))
