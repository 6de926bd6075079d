"""Earlier imports and how to take one back (导入记录)."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from geo.errors import GeoError, StoreError
from geo.tasks.bringing import undo_batch
from ui import import_draft, outputs, panels, session, shows
from ui.inputs import key_of
from ui.panels import Cell, Column, Row
from ui.text import t
from ui.work import Work, show_work

MOST_SHOWN = 100


def show_history() -> None:
    """Draw the earlier imports, newest first, and the choice to take one back."""
    panels.show_lead(t("import.history"), level="h2", key="history_heading")
    batches = session.kept("batches", (), lambda: session.store().list_batches(limit=MOST_SHOWN))
    done = st.session_state.pop("undone", None)
    if done:
        panels.show_notice(t("import.undone", batch=done), tone="good", key="undone")
    rows = [
        Row(
            [
                batch.batch_id,
                Cell(shows.moment(batch.created_at), note=shows.actor(batch.actor)),
                t(f"import.kind.{batch.kind}"),
                Cell(shows.text(batch.file_name), note="" if pd.isna(batch.source) else str(batch.source)),
                *(
                    shows.number(n)
                    for n in (batch.n_new, batch.n_changed, batch.n_unchanged, batch.n_rejected)
                ),
                Cell(t(f"import.state.{batch.state}"), tone="other"),
            ]
        )
        for batch in batches.itertuples()
    ]
    columns = [
        Column(t("import.batch"), width="84px"),
        Column(t("import.when_and_who"), width="130px"),
        Column(t("import.kind_short"), width="90px"),
        Column(t("import.file"), is_long=True),
        *(
            Column(t(f"import.{name}"), align="right", width="64px")
            for name in ("n_new", "n_changed", "n_unchanged", "n_rejected")
        ),
        Column(t("col.state"), width="76px"),
    ]
    panels.show_table(columns, rows, key="batches", height=360, empty=t("import.no_history"))
    stored = batches[batches["state"].eq("stored")]
    if len(stored) and session.may("undo"):
        _offer_undo(stored)


def show_start() -> None:
    """Draw what was found and done when the store was opened, for those who look after the data."""
    lines = [notice.say(session.language()) for notice in session.store().notices]
    if lines and session.may("import"):
        panels.show_notice(t("import.at_start"), *lines, key="at_start")


def _offer_undo(stored: pd.DataFrame) -> None:
    which, button, _ = st.columns([4, 1, 2], vertical_alignment="bottom")
    said = {
        batch.batch_id: f"{batch.batch_id} · {t(f'import.kind.{batch.kind}')} · {shows.text(batch.file_name)} · "
        + shows.rows(batch.n_new + batch.n_changed)
        for batch in stored.itertuples()
    }
    chosen = which.selectbox(
        t("import.undo_which"),
        list(said),
        key=key_of(f"undo_which_{next(iter(said))}"),
        format_func=lambda batch: said[batch],
    )
    work: Work[object] | None = st.session_state.get("undoing")
    if button.button(t("import.undo"), key="undo", disabled=work is not None, width="stretch"):
        st.session_state["undo_asked"] = chosen
    asked = st.session_state.get("undo_asked")
    if asked != chosen:  # another batch was chosen meanwhile: the question is not about that one
        st.session_state.pop("undo_asked", None)
    elif work is None and _ask_again(stored[stored["batch_id"].eq(chosen)].iloc[0]):
        store, now, seat = session.store(), session.now(), session.seat()
        work = Work(lambda _: undo_batch(store, chosen, seat=seat, now=now), can_stop=False)
        st.session_state["undoing"], st.session_state["undoing_batch"] = work, chosen
    if work is not None:
        _follow(work, st.session_state["undoing_batch"])


def _ask_again(batch: pd.Series) -> bool:
    """Draw what an undo would do, and the choice; return whether it was just confirmed."""
    kind = t(f"import.kind.{batch['kind']}")
    lines = [
        t(
            "import.undo_ask",
            batch=batch["batch_id"],
            kind=kind if session.language() == "zh" else kind.lower(),
            file=shows.text(batch["file_name"]),
        ),
        t("import.undo_what", new=shows.number(batch["n_new"]), changed=shows.number(batch["n_changed"])),
    ]
    if batch["kind"] == "boundaries" and session.summary().n_cases:
        lines.append(t("import.undo_boundaries"))
    with st.container(key="undo_question"):
        panels.show_notice(*lines, tone="warning", key="undo_ask")
        yes, no, _ = st.columns([1, 1, 4])
        is_sure = yes.button(t("import.undo_yes"), key="undo_yes", type="primary", width="stretch")
        no.button(t("import.undo_no"), key="undo_no", on_click=_forget_question, width="stretch")
    if is_sure:
        _forget_question()
    return is_sure


def _forget_question() -> None:
    st.session_state.pop("undo_asked", None)


def _follow(work: Work[object], batch_id: str) -> None:
    """Draw how far the undo is, and what became of it."""
    if not show_work(work, t("import.undoing", batch=batch_id), key="undoing"):
        return
    del st.session_state["undoing"]
    if work.result is None:
        problem: GeoError = work.error or StoreError("work_broke")
        outputs.show_error(problem, key="undo_error")
        return
    draft = import_draft.current()
    if draft is not None and draft.receipt is not None and draft.receipt.batch_id == batch_id:
        import_draft.drop()  # what it says was stored is stored no more
    st.session_state["undone"] = batch_id
    st.rerun()
