"""The versions of boundaries, and what changed between two of them (边界版本与对比)."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from geo.present.words import LEVELS, SET_CHANGES, SET_STATUS
from geo.tasks.boundary_compare import compare_boundary_sets
from geo.tasks.boundary_files import write_changes
from geo.tasks.boundary_sets import find_gaps, list_sets
from geo.tasks.boundary_text import say_counts
from ui import outputs, panels, session, shows
from ui.inputs import key_of
from ui.panels import Cell, Column, Row
from ui.text import t

MOST_CHANGES = 500
"""Rows of a comparison on the page; the file has all of them."""


def all_sets() -> pd.DataFrame:
    """Return the boundary sets, coarsest level first."""
    return session.kept("boundary_sets", (), lambda: list_sets(session.store()))


def stop_if_empty() -> None:
    """Explain a store that holds nothing at all, not even a draft."""
    if all_sets().empty:
        outputs.stop_if_empty()


def show_sets() -> None:
    """Draw the sets of each level on a timeline, those of one day where one is asked for, and gaps."""
    panels.show_lead(t("boundaries.sets"), level="h2", key="sets_heading")
    every = all_sets()
    if every.empty:
        panels.show_notice(t("boundaries.none"), key="no_sets")
        return
    place, _ = st.columns([2, 5])
    on = place.date_input(t("boundaries.on"), None, key=key_of("sets_on"), format="YYYY-MM-DD")
    shown = every
    if isinstance(on, date):
        shown = session.kept("boundary_sets_on", on, lambda: list_sets(session.store(), on=on))
    spans = _spans(every).loc[shown.index] if shown is every else _spans(every, of=shown)
    rows = [_row(item, spans.loc[at]) for at, item in shown.iterrows()]
    columns = [
        Column(t("boundaries.set"), is_long=True), Column(t("boundaries.level"), width="78px"),
        Column(t("col.state"), width="82px"), Column(t("boundaries.from"), width="88px"),
        Column(t("boundaries.to"), width="88px"), Column(t("boundaries.time"), width="120px"),
        Column(t("boundaries.scope"), width="84px"),
        Column(t("boundaries.n_areas"), align="right", width="56px"), Column(t("boundaries.author"), width="120px"),
    ]  # fmt: skip
    panels.show_table(columns, rows, key="sets", height=360, empty=t("boundaries.none_on"))
    for gap in session.kept("boundary_gaps", (), lambda: find_gaps(session.store())).to_dict("records"):
        said = t(
            "boundaries.gap", level=shows.words(LEVELS, gap["area_level"]), first=gap["first_on"],
            after=gap["after_on"], before=gap["set_id"], next=gap["next_id"],
        )  # fmt: skip
        panels.show_notice(said, tone="warning", key=f"gap_{gap['set_id']}")


def _spans(sets: pd.DataFrame, *, of: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return where each set begins and ends on the line from the first to the last day that is named."""
    named = pd.concat([pd.to_datetime(sets["valid_from"]), pd.to_datetime(sets["valid_to"])]).dropna()
    first, last = (named.min(), named.max()) if len(named) else (pd.NaT, pd.NaT)
    pad = max((last - first) * 0.15, pd.Timedelta(days=30)) if len(named) else pd.Timedelta(0)
    table = sets if of is None else of

    def place(days: pd.Series, missing: float) -> pd.Series:
        if not len(named):
            return pd.Series(missing, index=days.index)
        moved = (pd.to_datetime(days) - (first - pad)) / ((last + pad) - (first - pad))
        return moved.astype("float64").fillna(missing)

    return pd.DataFrame({"low": place(table["valid_from"], 0.0), "high": place(table["valid_to"], 1.0)})


def _row(item: pd.Series, span: pd.Series) -> Row:
    is_draft = item["status"] == "draft"
    low, high = float(span["low"]), float(span["high"])
    bar = None if is_draft else {"at": high, "low": low, "high": high}
    days = [
        shows.text(None if pd.isna(item[name]) else str(item[name])[:10])
        for name in ("valid_from", "valid_to")
    ]
    return Row(
        [
            str(item["set_id"]),
            shows.words(LEVELS, item["area_level"]),
            Cell(
                shows.words(SET_STATUS, item["status"]),
                mark="good" if item["status"] == "published" else "other",
            ),
            *days,
            Cell("", range=bar),
            str(item["scope_id"]) or t("boundaries.whole"),
            shows.number(item["n_areas"]),
            Cell(shows.actor(item["author"]), note=shows.moment(item["brought_at"], with_time=False)),
        ]
    )


def show_comparison() -> None:
    """Draw what became of each area from one set to another of its level."""
    panels.show_lead(t("boundaries.compare"), level="h2", key="compare_heading")
    sets = all_sets()
    several = sets[sets["area_level"].duplicated(keep=False)]
    if several.empty:
        panels.show_notice(t("boundaries.compare_two"), key="compare_two")
        return
    level_of = dict(zip(several["set_id"], several["area_level"], strict=True))
    left, right, _ = st.columns([2, 2, 3])
    old = left.selectbox(t("boundaries.old"), list(level_of), key=key_of("compare_old"))
    others = [set_id for set_id, level in level_of.items() if level == level_of[old] and set_id != old]
    new = right.selectbox(t("boundaries.new"), others, key=key_of(f"compare_new_{old}"))
    changes = session.kept(
        "set_changes", (old, new), lambda: compare_boundary_sets(session.store(), old, new)
    )
    panels.show_lead(say_counts(changes, session.language()), key="change_counts")
    some = changes.table[~changes.table["change"].eq("unchanged")]
    show_changes(some, key="changes")
    files = [
        (kind, f"getu_diff.{kind}", lambda kind=kind: write_changes(
            session.store(), changes, format=kind, language=session.language(), stem=f"diff_{old}_{new}"
        ).content)
        for kind in ("xlsx", "csv")
    ]  # fmt: skip
    outputs.download_menu(t("boundaries.lists"), files, key="changes")


def show_changes(table: pd.DataFrame, *, key: str) -> None:
    """Draw areas and what they became."""
    columns = [
        Column(t("boundaries.change"), width="110px"), Column(t("boundaries.from_area"), is_long=True),
        Column(t("boundaries.to_area"), is_long=True),
        Column(t("boundaries.from_share"), align="right", width="110px"),
        Column(t("boundaries.to_share"), align="right", width="110px"),
    ]  # fmt: skip
    rows = [
        Row(
            [
                shows.words(SET_CHANGES, item["change"]),
                _area(item["from_id"], item["from_name"]),
                _area(
                    item["to_id"], item["to_name"], t("boundaries.reused") if item["is_code_reused"] else ""
                ),
                *(
                    "" if pd.isna(item[name]) else shows.share(float(item[name]))
                    for name in ("from_share", "to_share")
                ),
            ]
        )
        for item in table.head(MOST_CHANGES).to_dict("records")
    ]
    panels.show_table(columns, rows, key=key, height=360, empty=t("boundaries.no_change"))


def _area(code: object, name: object, further: str = "") -> Cell:
    if pd.isna(code):  # type: ignore[call-overload]
        return Cell("")
    note = shows.text(name)
    return Cell(str(code), note=f"{note} · {further}" if further else note)
