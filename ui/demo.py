"""Make the demo district from the pages (示范区)."""

from __future__ import annotations

import streamlit as st

from geo.errors import StoreError
from ui import outputs, session
from ui.text import t
from ui.work import Work, show_work


def offer_demo() -> None:
    """Draw the button that makes the demo district in an empty store, and how far it is."""
    work: Work[object] | None = st.session_state.get("demo_work")
    if st.button(t("empty.make_demo"), key="make_demo", type="primary", disabled=work is not None):
        from geo.tasks.demonstrating import make_demo  # noqa: PLC0415  (heavy, used once in the life of a store)

        store, now, seat = session.store(), session.now(), session.seat()
        work = Work(lambda progress: make_demo(store, seat=seat, now=now, progress=progress), can_stop=False)
        st.session_state["demo_work"] = work
    st.caption(t("empty.demo_note"))
    if work is None or not show_work(work, t("empty.making"), key="demo"):
        return
    del st.session_state["demo_work"]
    if work.result is None:
        outputs.show_error(work.error or StoreError("work_broke"), key="demo_error")
        return
    st.rerun()
