"""A draft of boundaries, its bill, and publishing it (影响清单与发布)."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from geo.errors import GeoError, StoreError
from geo.store.base import Receipt
from geo.tasks.boundary_files import write_bill
from geo.tasks.boundary_layers import read_day
from geo.tasks.boundary_text import say_bill
from geo.tasks.boundary_versions import Bill, prepare_bill, publish_set
from ui import outputs, panels, session
from ui.boundary_view import all_sets, show_changes
from ui.inputs import key_of
from ui.text import t
from ui.work import Work, show_work


def show_publishing() -> None:
    """Draw the choice of a draft and a day, the bill, and the button that publishes by it."""
    if done := st.session_state.pop("published", None):
        panels.show_notice(t("boundaries.published", set_id=done), tone="good", key="published")
    publishing: Work[Receipt] | None = st.session_state.get("publishing")
    if publishing is not None:
        _follow_publishing(publishing, st.session_state["publishing_set"])
        return
    drafts = all_sets()
    drafts = drafts[drafts["status"].eq("draft")]
    if drafts.empty:
        panels.show_notice(t("boundaries.no_drafts"), key="no_drafts")
        return
    which, day, button = st.columns([3, 2, 2], vertical_alignment="bottom")
    set_id = which.selectbox(t("boundaries.draft"), drafts["set_id"].tolist(), key=key_of("draft"))
    on = day.date_input(
        t("boundaries.first_day"),
        _first_day(drafts.set_index("set_id").loc[set_id]),
        key=key_of(f"first_day_{set_id}"),
        format="YYYY-MM-DD",
    )
    first = on if isinstance(on, date) else None
    if button.button(t("boundaries.make_bill"), key="make_bill", width="stretch"):
        store, seat, now = session.store(), session.seat(), session.now()
        work = Work(lambda _: prepare_bill(store, set_id, on=first, seat=seat, now=now), can_stop=False)
        st.session_state["bill_work"], st.session_state["bill_of"] = work, (set_id, first)
    if st.session_state.get("bill_of") != (set_id, first):
        st.session_state.pop("bill_work", None)  # another draft or day was chosen: the bill is not of that
    making: Work[Bill] | None = st.session_state.get("bill_work")
    if making is not None and show_work(making, t("boundaries.making_bill"), key="making_bill"):
        if making.result is None:
            outputs.show_error(_problem(making), key="bill_error")
        else:
            _show_bill(making.result)


def _first_day(draft: pd.Series) -> date | None:
    """Return the day a draft names, else today where it would follow another, else none: since ever."""
    sets = all_sets()
    is_followed = sets["area_level"].eq(draft["area_level"]) & sets["status"].eq("published")
    today = session.now().astimezone(ZoneInfo(session.store().time_zone)).date()
    return read_day(draft["valid_from"]) or (today if is_followed.any() else None)


def _show_bill(bill: Bill) -> None:
    head, *lines, people = say_bill(bill, session.language())
    with st.container(border=True, key="bill"):
        panels.show_lead(head, level="h3", key="bill_head")
        panels.show_notice(*lines, key="bill_lines")
        panels.show_notice(people, tone="note" if bill.people == "two" else "warning", key="bill_people")
        table = bill.changes.table
        show_changes(table[~table["change"].eq("unchanged")], key="bill_changes")
        store, language = session.store(), session.language()
        files = [("xlsx", f"getu_bill_{bill.card.set_id}.xlsx",
                  lambda: write_bill(store, bill, format="xlsx", language=language).content)]  # fmt: skip
        outputs.download_menu(t("boundaries.lists"), files, key="bill")
        label = t("boundaries.confirm", set_id=bill.card.set_id)
        if st.button(label, key="publish", type="primary", disabled=bool(bill.overlaps or bill.beyond)):
            seat, now = session.seat(), session.now()
            work = Work(lambda _: publish_set(store, bill, seat=seat, now=now), can_stop=False)
            st.session_state["publishing"], st.session_state["publishing_set"] = work, bill.card.set_id
            st.rerun()


def _follow_publishing(work: Work[Receipt], set_id: str) -> None:
    """Draw how far publishing is, and what became of it."""
    if not show_work(work, t("boundaries.publishing"), key="publishing"):
        return
    for name in ("publishing", "bill_work", "bill_of"):
        st.session_state.pop(name, None)
    if work.result is None:
        outputs.show_error(_problem(work), key="publish_error")
        return
    st.session_state["published"] = set_id
    st.rerun()


def _problem(work: Work[Bill] | Work[Receipt]) -> GeoError:
    return work.error or StoreError("work_broke")
