"""Step 2 of an import: which column is what, and how its numbers are to be read (认字段)."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import available_timezones

import streamlit as st

from geo.analysis.chain import coarser_levels
from geo.crs import list_coord_sys
from geo.intake.facilities import facility_kinds
from geo.intake.layers import RawLayer
from geo.intake.tables import RawTable
from geo.schema import AREA_LEVELS
from ui import import_doubts, session
from ui.import_draft import Draft
from ui.import_fields import FIELDS, MOMENTS, REQUIRED, field_name
from ui.inputs import key_of, show_level
from ui.text import t

_PER_ROW = 4
_DATE_ORDERS = (None, "ymd", "mdy", "dmy")
_EXCEL_SYSTEMS = (None, "1900", "1904")


def show_choices(draft: Draft) -> None:
    """Draw every choice that this kind of file needs, and keep what is chosen."""
    if draft.kind == "boundaries":
        _choose_level(draft)
    _choose_columns(draft)
    st.caption(t("import.needed"))
    first, second, third = st.columns(3)
    chosen = draft.choices
    with first:
        _choose_coord_sys(draft)
    with second:
        if draft.kind in ("cases", "facilities", "population"):
            chosen.source = st.text_input(
                t("import.source"),
                chosen.source,
                key=key_of("source"),
                help=t("import.source_hint"),
                max_chars=60,
            ).strip()
        if draft.kind == "boundaries":
            chosen.valid_from = st.date_input(
                t("import.valid_from"), chosen.valid_from, key=key_of("valid_from"), format="YYYY-MM-DD"
            )
            chosen.is_draft = st.checkbox(
                t("import.is_draft"), chosen.is_draft, key=key_of("is_draft"), help=t("import.is_draft_help")
            )
        if draft.kind == "population":
            chosen.as_of_on = st.date_input(
                t("import.as_of_on"), chosen.as_of_on, key=key_of("as_of_on"), format="YYYY-MM-DD"
            )
    with third:
        if draft.kind == "cases" and set(MOMENTS) & set(chosen.columns):
            _choose_zone(draft)
        if draft.kind == "facilities":
            _choose_kind(draft)
    if isinstance(draft.file, RawLayer):
        import_doubts.show_doubts(draft)
    if draft.kind in ("cases", "facilities"):
        _choose_further(draft)


def _choose_level(draft: Draft) -> None:
    left, right = st.columns(2)
    options = ["", *AREA_LEVELS]
    draft.choices.area_level = left.selectbox(
        t("import.level") + " *",
        options,
        options.index(draft.choices.area_level),
        key=key_of("area_level"),
        format_func=lambda level: show_level(level) if level else t("import.choose"),
    )
    scopes = [""]
    if draft.choices.area_level:
        known = session.summary().n_areas
        for level in coarser_levels(draft.choices.area_level):
            if known.get(level, 0) and known[level] <= 200:
                scopes += session.store().residents(level)["area_id"].tolist()
    chosen = draft.choices.scope_id if draft.choices.scope_id in scopes else ""
    draft.choices.scope_id = right.selectbox(
        t("import.scope"),
        scopes,
        scopes.index(chosen),
        key=key_of("scope"),
        format_func=lambda code: code or t("import.whole"),
    )


def _choose_columns(draft: Draft) -> None:
    fields = list(FIELDS[draft.kind])
    if isinstance(draft.file, RawLayer):
        fields = [field for field in fields if field not in ("lon", "lat")]
    options = ["", *draft.file.columns]
    chosen: dict[str, str] = {}
    for start in range(0, len(fields), _PER_ROW):
        for place, field in zip(st.columns(_PER_ROW), fields[start : start + _PER_ROW], strict=False):
            label = field_name(draft.kind, field, session.language())
            if field in REQUIRED[draft.kind]:
                label += " *"
            current = draft.choices.columns.get(field, "")
            header = place.selectbox(
                label,
                options,
                options.index(current) if current in options else 0,
                key=key_of(f"column_{draft.encoding}_{draft.sheet}_{field}"),
                format_func=_say_column,
            )
            if header:
                chosen[field] = header
    draft.choices.columns = chosen


def _say_column(header: str) -> str:
    return header or t("import.column_none")


def _choose_coord_sys(draft: Draft) -> None:
    columns, is_layer = draft.choices.columns, isinstance(draft.file, RawLayer)
    if not is_layer and not {"lon", "lat"} <= columns.keys():
        draft.choices.coord_sys = None if not _has_footprint(draft) else draft.choices.coord_sys
        return
    language = session.language()
    labels = {item.name: item.zh if language == "zh" else item.en for item in list_coord_sys()}
    current = draft.choices.coord_sys
    if current is not None and current not in labels:
        labels[current] = current
    options: list[str | None] = [None, *labels]
    declared = draft.file.declared_crs
    is_written = isinstance(draft.file, RawLayer) and draft.file.crs_basis == "file"
    blank = t("import.coord_sys_by_file", name=declared) if is_written else t("import.coord_sys_choose")
    draft.choices.coord_sys = st.selectbox(
        t("import.coord_sys") + ("" if is_written else " *"),
        options,
        options.index(current),
        key=key_of("coord_sys"),
        format_func=lambda name: labels[name] if name else blank,
        help=t("import.coord_sys_help"),
    )


def _has_footprint(draft: Draft) -> bool:
    return isinstance(draft.file, RawTable) and "footprint" in draft.choices.columns


def _choose_zone(draft: Draft) -> None:
    zones = _zones(draft.choices.time_zone)
    draft.choices.time_zone = st.selectbox(
        t("import.time_zone"), zones, zones.index(draft.choices.time_zone), key=key_of("time_zone")
    )


def _zones(current: str) -> Sequence[str]:
    common = ["Asia/Shanghai", "Asia/Taipei", "Asia/Hong_Kong", "UTC"]
    return list(dict.fromkeys([current, *common, *sorted(available_timezones())]))


def _choose_kind(draft: Draft) -> None:
    if "kind" in draft.choices.columns:
        draft.choices.fixed_kind = None
        return
    place = 0 if session.language() == "zh" else 1
    names = {key: pair[place] for key, pair in facility_kinds().items()}
    options = [None, *names]
    draft.choices.fixed_kind = st.selectbox(
        t("import.fixed_kind") + " *",
        options,
        options.index(draft.choices.fixed_kind),
        key=key_of("fixed_kind"),
        format_func=lambda key: names[key] if key else t("import.choose"),
    )


def _choose_further(draft: Draft) -> None:
    chosen = draft.choices
    with st.expander(t("import.further")):
        left, middle, right = st.columns(3)
        chosen.date_order = left.selectbox(
            t("import.date_order"),
            _DATE_ORDERS,
            _DATE_ORDERS.index(chosen.date_order),
            key=key_of("date_order"),
            format_func=lambda order: t(f"import.date_order.{order or 'auto'}"),
        )
        if draft.kind == "cases":
            chosen.excel_system = middle.selectbox(
                t("import.excel_system"),
                _EXCEL_SYSTEMS,
                _EXCEL_SYSTEMS.index(chosen.excel_system),
                key=key_of("excel_system"),
                format_func=lambda system: system or t("import.excel_none"),
            )
            chosen.max_distance_m = right.number_input(
                t("import.max_distance"), 0.0, 500.0, chosen.max_distance_m, 10.0, key=key_of("max_distance")
            )
        if {"lon", "lat"} <= chosen.columns.keys():
            chosen.swap_lonlat = st.checkbox(t("import.swap"), chosen.swap_lonlat, key=key_of("swap"))
        if draft.kind == "cases" and draft.personal:
            chosen.keep_reporters = st.checkbox(
                t("import.keep_reporters"), chosen.keep_reporters, key=key_of("keep_reporters")
            )
