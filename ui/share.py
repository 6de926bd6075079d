"""Open exactly this view on a telephone: a QR code beside "copy link", and one on paper (二维码).

The address is the one the browser itself asked for, as its connection tells, with the period written
out, so that the code means the same next month. Nothing is asked of any other machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import streamlit as st

from geo.access.callers import host_of, is_loopback
from geo.errors import LimitError
from geo.present.codes import draw_code
from ui import pages, panels, session
from ui.text import t

_NOT_SHARED = ("print",)
_WIDTH_PX = 300
"""Wide enough for a telephone held before it, narrow enough for the screen of another."""


def show_code(page: pages.PageName, query: Mapping[str, str]) -> None:
    """Draw the button that opens the code.

    Parameters
    ----------
    page
        Page that is shown.
    query
        What the address must hold beside what it holds now: the period written out.
    """
    address = this_address(page, query)
    if not address:
        return
    with st.popover(t("code.button"), key="code"), st.container(width=_WIDTH_PX):
        panels.show_lead(t("code.title"), level="h3", key="code_title")
        is_local = _is_local(address)
        if is_local:
            panels.show_notice(t("code.local"), tone="warning", key="code_local")
        _draw(address, key="code")
        if not is_local:
            notes = [t("code.about")] if session.is_open() else [t("code.about"), t("code.sign_in")]
            panels.show_notice(*notes, key="code_notes")


def show_print_code(page: pages.PageName, query: Mapping[str, str]) -> None:
    """Draw the code that is seen on paper only, where a telephone can reach the address."""
    address = this_address(page, query)
    if address and not _is_local(address):
        with st.container(key="print_code"):
            _draw(address, key="print_code")


def _is_local(address: str) -> bool:
    return is_loopback(host_of(urlsplit(address).netloc))


def _draw(address: str, *, key: str) -> None:
    try:
        code = draw_code(address)
    except LimitError:
        panels.show_notice(t("code.too_long"), tone="warning", key=f"{key}_too_long")
        return
    panels.show_code(code, caption=unquote(address), label=t("code.alt"), key=key)


def this_address(page: pages.PageName, query: Mapping[str, str]) -> str:
    """Return the whole address of this view, empty where nobody knows under which name we are reached."""
    start = origin()
    if not start:
        return ""
    shared = {name: value for name, value in st.query_params.items() if name not in _NOT_SHARED}
    return start + pages.address(page, shared | dict(query))


def origin() -> str:
    """Return scheme, host and port under which the browser reaches us; empty when it did not tell."""
    headers = st.context.headers
    try:
        asked = urlsplit(headers.get("Origin") or f"http://{headers.get('Host') or ''}")
    except ValueError:  # no address at all
        return ""
    return f"{asked.scheme}://{asked.netloc}" if asked.scheme in ("http", "https") and asked.netloc else ""
