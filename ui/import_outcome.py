"""Steps 3 and 4 of an import: what the check found, and the sentence before storing (看问题)."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from geo.intake.checked import Note
from geo.intake.facilities import facility_kinds
from geo.messages import say
from geo.present.words import LEVELS, POSITION_SOURCES, STATES
from geo.schema import CASE_STATES
from geo.tasks.bringing import Preview
from ui import import_preview, map_parts, outputs, panels, routes, session, shows
from ui.import_draft import Draft
from ui.import_fields import FIELDS, field_name
from ui.inputs import key_of
from ui.map_component import AreaPart, CasePart, MapSpec, show_map
from ui.panels import Cell, Column, NumberCard, Row
from ui.text import t

N_HEAD = 20
MOST_SHOWN = 100
MOST_WORDS = 40


def show_counts(preview: Preview) -> None:
    """Draw how many rows are new, changed, unchanged and refused."""
    counts = [
        ("import.n_read", preview.checked.n_read),
        ("import.n_new", preview.n_new),
        ("import.n_changed", preview.n_changed),
        ("import.n_unchanged", preview.n_unchanged),
        ("import.n_rejected", preview.checked.n_rejected),
    ]
    panels.show_cards([NumberCard(t(label), shows.number(n)) for label, n in counts], key="counts")


def say_outcome(preview: Preview) -> str:
    """Say in one sentence what will be stored, what not, and how to undo it."""
    return t(
        "import.will_store",
        new=shows.number(preview.n_new),
        changed=shows.number(preview.n_changed),
        rejected=shows.number(preview.checked.n_rejected),
        unchanged=shows.number(preview.n_unchanged),
    )


def show_notes(draft: Draft, preview: Preview) -> None:
    """Draw what is said of the file as a whole, the blocking ones first."""
    for severity, tone in (("blocks", "error"), ("warns", "warning"), ("note", "note")):
        lines = [_say_note(note) for note in preview.notes if note.severity == severity]
        if severity == "note":
            lines += _say_placement(preview)
        if lines:
            panels.show_notice(*lines, tone=tone, key=f"notes_{severity}")  # type: ignore[arg-type]


def _say_note(note: Note) -> str:
    return say(note.code, session.language(), **dict(note.values))


def _say_placement(preview: Preview) -> list[str]:
    placement = preview.placement
    if placement is None:
        return []
    return [
        t(
            "import.placement",
            placed=shows.number(placement.n_placed),
            stated=shows.number(placement.n_stated),
            outside=shows.number(placement.n_outside),
            unlocated=shows.number(placement.n_unlocated),
        )
    ]


def settle_words(draft: Draft, preview: Preview) -> bool:
    """Let the reader say what unknown words mean; return whether the file shall be checked again."""
    place = 0 if session.language() == "zh" else 1
    kinds = {key: pair[place] for key, pair in facility_kinds().items()}
    states = {key: shows.words(STATES, key) for key in CASE_STATES}
    is_any = False
    for note in preview.notes:
        counts = dict(note.values).get("counts")
        if not isinstance(counts, Mapping):
            continue
        if note.code == "status_words_unknown":
            _choose_meanings(t("import.status_words"), counts, states, draft.choices.status_words)
            is_any = True
        elif note.code == "facility_kinds_unknown":
            _choose_meanings(t("import.kind_words"), counts, kinds, draft.choices.kind_words)
            is_any = True
    return is_any and st.button(t("import.check_again"), key="check_again", type="primary")


def _choose_meanings(
    title: str, counts: Mapping[object, object], meanings: Mapping[str, str], chosen: dict[str, str]
) -> None:
    panels.show_lead(title, level="h3", key=f"words_{title}")
    options = ["", *meanings]
    ordered = sorted(counts.items(), key=lambda item: -int(str(item[1])))[:MOST_WORDS]
    for start in range(0, len(ordered), 4):
        for place, (word, n) in zip(st.columns(4), ordered[start : start + 4], strict=False):
            current = chosen.get(str(word), "")
            with place:
                panels.show_lead(
                    str(word) or t("none"),
                    level="h3",
                    note=shows.rows(int(str(n))),
                    key=f"word_{title}_{word}",
                )
                meaning = st.selectbox(
                    t("import.meaning"),
                    options,
                    options.index(current),
                    key=key_of(f"meaning_{word}"),
                    format_func=lambda key: meanings[key] if key else t("import.choose"),
                    label_visibility="collapsed",
                )
            if meaning:
                chosen[str(word)] = meaning


def show_where(preview: Preview) -> None:
    """Draw where the rows lie."""
    drawn = session.kept("preview_map", id(preview), lambda: import_preview.draw_preview(preview))
    if drawn is None:
        panels.show_notice(t("import.no_places"), key="no_places")
        return
    kind, content, box = drawn
    url = routes.keep_preview(content)
    spec = MapSpec(
        **map_parts.common(t("import.preview_map")),
        areas=AreaPart("preview", url) if kind == "areas" else map_parts.plain_areas(None),
        streets_url=url if kind == "streets" else None,
        cases=CasePart("points", points_url=url, note=_say_sample(preview)) if kind == "points" else None,
        fit=box,
    )
    show_map(spec, key="preview_map", height=360)


def _say_sample(preview: Preview) -> str:
    n, most = int(preview.checked.rows["lon"].notna().sum()), import_preview.MOST_POINTS
    return t("import.sampled", n=shows.number(n), most=shows.number(most)) if n > most else ""


_ROUNDED = {"area_m2": 0, "position_error_m": 0, "lon": 6, "lat": 6}
"""Decimals of columns that hold measures."""
_WORDS = {"area_level": LEVELS, "state": STATES, "position_source": POSITION_SOURCES}


def stored_rows(preview: Preview) -> pd.DataFrame:
    """Return the first rows as they would be stored, moments in the zone of the store."""
    rows = import_preview.rows_as_stored(preview, N_HEAD)
    for column in rows.columns:
        if isinstance(rows[column].dtype, pd.DatetimeTZDtype):
            rows[column] = [shows.moment(value) if pd.notna(value) else "" for value in rows[column]]
        elif column in _ROUNDED:
            rows[column] = [
                f"{value:,.{_ROUNDED[column]}f}" if pd.notna(value) else "" for value in rows[column]
            ]
        elif column in _WORDS:
            rows[column] = [
                shows.words(_WORDS[column], value) if pd.notna(value) else "" for value in rows[column]
            ]
    return rows.dropna(axis="columns", how="all")


def column_names(draft: Draft) -> dict[str, str]:
    """Return what columns as stored are called for a reader."""
    known = {
        "case_id": "col.id",
        "facility_id": "col.id",
        "area_id": "col.id",
        "source": "col.source",
        "category_id": "col.category",
        "position_source": "col.position",
        "parent_id": "col.parent",
        "position_error_m": "col.position_error",
        "area_m2": "col.area_m2",
        "area_level": "import.level",
    }
    names = {field: field_name(draft.kind, field, session.language()) for field in FIELDS[draft.kind]}
    return {**names, **{column: t(label) for column, label in known.items()}}


def show_problems(draft: Draft, preview: Preview) -> None:
    """Draw the problems in groups; each opens its rows, and all can be downloaded."""
    panels.show_lead(t("import.problems"), level="h3", key="problems_title")
    if not len(preview.checked.rejected) and not len(preview.checked.remarks):
        panels.show_notice(t("import.no_problems"), tone="good", key="no_problems")
        return
    rows, tables = [], {}
    for label, table in (
        ("import.rejected", preview.checked.rejected),
        ("import.remark", preview.checked.remarks),
    ):
        for code, n, group in import_preview.group_problems(table):
            name = f"{label}:{code}"
            tables[name] = group
            first = group.iloc[0]
            said = import_preview.say_problem(
                code, first["row"], first["column_name"], first["value"], session.language()
            )
            rows.append(
                Row(
                    [Cell(shows.rows(n)), t(label), said],
                    id=name,
                    is_chosen=st.session_state.get("problem") == name,
                )
            )
    columns = [
        Column(t("import.n_rows"), width="76px"),
        Column("", width="110px"),
        Column(t("import.example"), is_long=True),
    ]
    event = panels.show_table(columns, rows, key="problems", height=300, note=t("import.open_group"))
    if event and event.kind == "row":
        st.session_state["problem"] = None if st.session_state.get("problem") == event.id else event.id
        st.rerun()
    if (name := st.session_state.get("problem")) in tables:
        _show_group(tables[name])
    outputs.download(
        t("import.download_marked"),
        "csv",
        "problems.csv",
        lambda: import_preview.mark_up(preview, draft.file, draft.personal, session.language()),
        key="marked",
    )


def _show_group(group: pd.DataFrame) -> None:
    rows = [
        Row(
            [
                str(row),
                shows.text(column),
                shows.text(value),
                import_preview.say_problem(code, row, column, value, session.language()),
            ]
        )
        for row, column, code, value in group[["row", "column_name", "code", "value"]]
        .head(MOST_SHOWN)
        .itertuples(index=False)
    ]
    columns = [
        Column(t("import.row"), align="right", width="64px"),
        Column(t("import.column"), width="100px"),
        Column(t("import.value"), width="160px"),
        Column(t("import.reason"), is_long=True),
    ]
    note = t("import.first_n", n=MOST_SHOWN) if len(group) > MOST_SHOWN else ""
    panels.show_table(columns, rows, key="problem_rows", height=300, note=note)


def show_details(preview: Preview) -> None:
    """Draw what would change, what lies outside, and suspicious pile-ups, where there are any."""
    if len(preview.changes):
        panels.show_lead(t("import.changes"), level="h3", key="changes_title")
        rows = [
            Row(
                [
                    shows.text(row["id"]),
                    shows.text(row["column_name"]),
                    shows.text(row["old"]),
                    shows.text(row["new"]),
                ]
            )
            for _, row in import_preview.masked_changes(preview).head(MOST_SHOWN).iterrows()
        ]
        columns = [
            Column(t("col.id"), width="120px"),
            Column(t("import.column"), width="110px"),
            Column(t("import.old"), is_long=True),
            Column(t("import.new"), is_long=True),
        ]
        panels.show_table(columns, rows, key="changes", height=280)
    if len(preview.outside):
        panels.show_lead(
            t("import.outside", n=shows.number(len(preview.outside))), level="h3", key="outside_title"
        )
        rows = [
            Row(
                [
                    str(row),
                    shows.text(values.get("source_no", values.get("point_id"))),
                    shows.text(values.get("name")),
                    f"{values['lon']:.6f}, {values['lat']:.6f}",
                ]
            )
            for row, values in preview.outside.head(MOST_SHOWN).iterrows()
        ]
        columns = [
            Column(t("import.row"), align="right", width="64px"),
            Column(t("col.id"), width="140px"),
            Column(t("col.name"), is_long=True),
            Column(t("col.lonlat"), width="180px"),
        ]
        note = t("import.first_n", n=MOST_SHOWN) if len(preview.outside) > MOST_SHOWN else ""
        panels.show_table(columns, rows, key="outside", height=260, note=note)
    if len(preview.pile_ups):
        panels.show_lead(t("import.pile_ups"), level="h3", key="piles_title")
        rows = [
            Row([f"{pile.lon:.6f}, {pile.lat:.6f}", shows.number(pile.n)])
            for pile in preview.pile_ups.head(20).itertuples()
        ]
        panels.show_table([Column(t("col.lonlat")), Column(t("dash.n"), align="right")], rows, key="piles")
