"""The page of `map_app`: one map, and the choices a test turns."""

import os

import streamlit as st

from ui.map_component import AreaPart, CasePart, FacilityPart, KindStyle, MapSpec, show_map

st.set_page_config(layout="wide")
choices = st.query_params
place_of_map = st.container()
language = choices.get("lang", "zh")
shift = st.radio("filter", [0, 1, 2], horizontal=True)
with_cases = st.radio("cases", ["none", "auto", "points", "heat"], horizontal=True)
facilities = st.checkbox("facilities")
broken = st.checkbox("broken")
far = st.checkbox("look away")
st.session_state.setdefault("picked", [])

IS_TILED = os.environ.get("GETU_TEST_TILED") == "1"
OUTLINES = "/test/tile?z={z}&x={x}&y={y}" if IS_TILED else "/test/areas"
KINDS = {
    "charger": KindStyle("电动车充电" if language == "zh" else "E-bike charging", "电", "square", "#0f766e"),
    "park": KindStyle("口袋公园" if language == "zh" else "Pocket park", "园", "circle", "#4d7c0f"),
    "station": KindStyle("驿站" if language == "zh" else "Service station", "驿", "diamond", "#b45309"),
}
CASES = CasePart(
    with_cases if with_cases != "none" else "auto",
    hexagons_url="/test/hexagons?res={res}",
    points_url="/test/case?box={box}",
    heat_url="/test/heat",
)
spec = MapSpec(
    language=language,
    label="map of areas",
    token="t",
    areas=AreaPart(
        "grid",
        "/test/broken" if broken else OUTLINES,
        is_tiled=IS_TILED,
        values_url=f"/test/values?shift={shift}",
    ),
    streets_url="/test/streets",
    cases=CASES if with_cases != "none" else None,
    facilities=FacilityPart("/test/facility", KINDS) if facilities else None,
    selected=st.session_state["picked"][-1].id if st.session_state["picked"] else None,
    fit=(104.02, 30.60, 104.14, 30.72) if not far else (104.05, 30.62, 104.06, 30.63),
    review_number="川S(2026)00号",
    source="示范数据",
)
with place_of_map:
    event = show_map(spec, key="map", height=600)
if event:
    st.session_state["picked"].append(event)
st.text(f"runs {len(st.session_state['picked'])}")
st.code("\n".join(f"{e.kind} {e.id} {e.level}" for e in st.session_state["picked"]) or "nothing")
