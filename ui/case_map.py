"""Maps of the page of cases: the same set as the list, or the place of one case (案件地图)."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from geo.store.base import CaseFilter
from geo.tasks.areas import AreaCard, Box
from geo.tasks.case_lists import CaseDetail, CasePage
from ui import map_parts, panels, session, shows
from ui.map_component import CasePart, MapSpec, Mark, show_map
from ui.text import t

LIST_HEIGHT, PLACE_HEIGHT = 660, 260
ROUND_DEG = 0.003
"""How far around one case its map looks, in degrees."""


def show_cases(where: CaseFilter, page: CasePage, area: AreaCard | None) -> None:
    """Draw the located cases of a filter; a click on one opens it."""
    if not page.positions.n_drawn:
        panels.show_notice(t("empty.nothing_chosen") if not page.n else t("cases.no_map"), key="no_map")
        return
    spec = MapSpec(
        **map_parts.common(t("cases.map_label")),
        areas=map_parts.plain_areas(area),
        streets_url=map_parts.streets_url(),
        cases=CasePart("auto", **map_parts.case_urls(where)),
        selected=area.area_id if area else None,
        fit=map_parts.box_of(area),
    )
    event = show_map(spec, key="cases_map", height=LIST_HEIGHT)
    if event and event.kind == "case":
        st.query_params["case"] = event.id
        st.rerun()


def show_place(detail: CaseDetail) -> None:
    """Draw where one case is, with near-by cases of its category."""
    case = detail.case
    if pd.isna(case["lon"]):
        panels.show_notice(t("position.none"), key="no_place")
        return
    lon, lat = float(case["lon"]), float(case["lat"])
    near = [
        Mark(float(row["lon"]), float(row["lat"]), shows.text(row["title"]))
        for _, row in detail.near.iterrows()
    ]
    around: Box = (lon - ROUND_DEG, lat - ROUND_DEG, lon + ROUND_DEG, lat + ROUND_DEG)
    finest = shows.finest_area(case)
    area = session.area_of(finest[1], finest[0]) if finest else None
    spec = MapSpec(
        **map_parts.common(t("cases.place_label")),
        areas=map_parts.plain_areas(area, is_alone=True),
        streets_url=map_parts.streets_url(),
        marks=(*near, Mark(lon, lat, shows.text(case["title"]), is_main=True)),
        fit=around,
    )
    show_map(spec, key="case_place", height=PLACE_HEIGHT)
