"""One map page (一张图): areas by class, cases, facilities; one click selects, a second goes in."""

import streamlit as st

from geo.errors import GeoError
from ui import frame, map_view, outputs, panels, session
from ui.text import t

outputs.stop_if_empty()
try:
    area = session.chosen_area()
except GeoError as error:
    frame.show_unknown_place("map", error)
periods = frame.show_top("map", area)

choices, drawn = st.columns([1, 3.4])
try:
    with choices:
        panels.show_lead(t("map.layers"), level="h3", key="layers_title")
        view = map_view.choose_view(area, periods)
    with drawn:
        map_view.show_view(view)
    map_view.show_card(view)
    map_view.show_ranking(view)
except GeoError as error:
    outputs.stop_with(error)

frame.show_method(
    keys=() if view.by == "none" else (view.by,),
    filters=map_view.filters_in_force(view),
    left_out=map_view.say_left_out(view),
    notes=[t("map.method")],
)
