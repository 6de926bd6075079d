"""Which pages there are, and how to get from one to another with the place kept (页面清单)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NoReturn, get_args
from urllib.parse import urlencode

import streamlit as st

from ui.text import t

FOLDER = Path(__file__).resolve().parents[1] / "pages"

PageName = Literal["map", "dashboard", "cases", "import", "boundaries"]
PAGE_NAMES: tuple[PageName, ...] = get_args(PageName)
HOME: PageName = "map"
"""The page at the address without a name."""
_FILES: dict[PageName, str] = {
    "map": "one_map.py",
    "dashboard": "dashboard.py",
    "cases": "cases.py",
    "import": "import_data.py",
    "boundaries": "boundaries.py",
}
GROUPS: tuple[tuple[str, tuple[PageName, ...]], ...] = (
    ("nav.see", ("map", "dashboard")),
    ("nav.do", ("cases", "import", "boundaries")),
)
KEPT = ("area", "level", "period", "from", "to", "lang")
"""What goes along from page to page."""


def page_list() -> dict[str, list[st.Page]]:
    """Return the pages in groups, titled in the language of this visit."""
    return {t(group): [_page(name) for name in names] for group, names in GROUPS}


def _page(name: PageName) -> st.Page:
    return st.Page(FOLDER / _FILES[name], title=t(f"page.{name}"), url_path=name, default=name == HOME)


def name_of(page: st.Page) -> PageName:
    """Return the name of a page of the list."""
    return next((name for name in PAGE_NAMES if page.url_path == name), HOME)


def kept_query(**changes: str | None) -> dict[str, str]:
    """Return what goes along to another page, with some of it changed; None or empty takes a name out."""
    here = st.query_params.to_dict()
    query: dict[str, str | None] = {name: here.get(name) for name in KEPT}
    query |= changes
    return {name: value for name, value in query.items() if value}


def prefix() -> str:
    """Return what stands before every path, where the app is served under one."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def address(name: PageName, query: Mapping[str, str]) -> str:
    """Return the address of a page, without the host."""
    path = "" if name == HOME else name
    return f"{prefix()}/{path}" + (f"?{urlencode(query)}" if query else "")


def go_to(name: PageName, query: Mapping[str, str]) -> NoReturn:
    """Open another page with exactly this address."""
    st.switch_page(FOLDER / _FILES[name], query_params=dict(query))


def page_link(name: PageName) -> None:
    """Draw a link to another page that keeps the place, the period and the language."""
    st.page_link(FOLDER / _FILES[name], label=t(f"page.{name}"), query_params=kept_query(), width="stretch")
