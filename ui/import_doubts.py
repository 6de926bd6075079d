"""What speaks against the coordinate system of a layer, said beside the choice of it (坐标系疑点)."""

from __future__ import annotations

import streamlit as st

from geo.crs import list_coord_sys
from geo.errors import GeoError
from geo.intake.layers import RawLayer
from geo.messages import say
from geo.tasks.datums import DATUM_TITLES, LayerDoubts, ShiftPreview, doubt_layer, preview_shift
from ui import import_draft, import_preview, map_parts, outputs, panels, routes, session, shows
from ui.import_draft import Draft
from ui.inputs import key_of
from ui.map_component import MapSpec, OutlinePart, show_map
from ui.text import t

_MOST_GUESSES = 6


def show_doubts(draft: Draft) -> None:
    """Draw what the corners of a layer say about its system, and the questions that follow."""
    chosen = draft.choices
    file = import_draft.as_chosen(draft)
    assert isinstance(file, RawLayer), "asked for layers only"
    store = session.store()
    try:
        doubts: LayerDoubts = session.kept(
            "layer_doubts",
            (file.sha256, file.layer, chosen.coord_sys, chosen.swap_lonlat),
            lambda: doubt_layer(store, file, coord_sys=chosen.coord_sys),
        )
    except GeoError as error:
        outputs.show_error(error, key="doubts_error")
        return
    if doubts.is_exchanged or chosen.swap_lonlat:
        if doubts.is_exchanged:
            panels.show_notice(t("import.looks_exchanged"), tone="warning", key="looks_exchanged")
        is_swapped = st.checkbox(t("import.swap"), chosen.swap_lonlat, key=key_of("swap_layer"))
        if is_swapped != chosen.swap_lonlat:  # then all that is said of the layer is another
            chosen.swap_lonlat = is_swapped
            st.rerun()
    if doubts.guesses:
        _show_guesses(doubts)
    for note in doubts.notes:
        tone = "warning" if note.severity == "warns" else "good"
        panels.show_notice(say(note.code, session.language(), **dict(note.values)), tone=tone, key="datum")
    _show_fits(draft, file, doubts)


def _show_guesses(doubts: LayerDoubts) -> None:
    place = "zh" if session.language() == "zh" else "en"
    titles = {item.name: getattr(item, place) for item in list_coord_sys()}
    shown = doubts.guesses[:_MOST_GUESSES]
    lines = [
        t("import.guess", name=titles.get(guess.coord_sys, guess.coord_sys), lon=guess.lon, lat=guess.lat)
        for guess in shown
    ]
    more = (
        [t("import.more_guesses", n=len(doubts.guesses) - len(shown))]
        if len(doubts.guesses) > len(shown)
        else []
    )
    panels.show_notice(t("import.looks_projected"), *lines, *more, tone="warning", key="guesses")


def _show_fits(draft: Draft, file: RawLayer, doubts: LayerDoubts) -> None:
    """Draw how well the layer fits in each system, and both places on a map where they differ."""
    judged = doubts.datum
    if judged is None or not judged.fits or judged.verdict == "undecided":
        return
    with st.expander(t("import.datum_details"), expanded=judged.verdict == "differs"):
        columns = [
            panels.Column(t("import.coord_sys")),
            panels.Column(t("import.within"), align="right"),
            panels.Column(t("import.median_m"), align="right"),
        ]
        rows = [
            panels.Row(
                [
                    t(f"import.datum_{fit.doubted}", name=DATUM_TITLES[fit.coord_sys]),
                    shows.share(fit.share_within),
                    shows.number(round(fit.median_m)),
                ]
            )
            for fit in judged.fits
        ]
        panels.show_table(columns, rows, key="datum_fits")
        if judged.verdict == "differs":
            preview: ShiftPreview | None = session.kept(
                "shift_preview",
                (file.sha256, file.layer, draft.choices.coord_sys, draft.choices.swap_lonlat),
                lambda: preview_shift(file, judged, coord_sys=draft.choices.coord_sys),
            )
            if preview is not None:
                _show_shift(preview)


def _show_shift(preview: ShiftPreview) -> None:
    st.caption(t("import.shift_map_note"))
    parts = tuple(
        OutlinePart(routes.keep_preview(import_preview.draw_areas(areas)), rank=rank)
        for rank, areas in ((1, preview.stated), (2, preview.best))
    )
    spec = MapSpec(
        **map_parts.common(t("import.shift_map")),
        areas=map_parts.plain_areas(None),
        outlines=parts,
        fit=preview.box,
    )
    show_map(spec, key="shift_map", height=360)
