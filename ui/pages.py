"""Which pages there are, and how to get from one to another with the place kept (页面清单)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NoReturn

import streamlit as st

from ui.text import t

FOLDER = Path(__file__).resolve().parents[1] / "pages"

PageName = Literal["map", "dashboard", "cases", "import"]
_FILES: dict[PageName, str] = {
    "map": "one_map.py",
    "dashboard": "dashboard.py",
    "cases": "cases.py",
    "import": "import_data.py",
}
_GROUPS: tuple[tuple[str, tuple[PageName, ...]], ...] = (
    ("nav.see", ("map", "dashboard")),
    ("nav.do", ("cases", "import")),
)


def page_list() -> dict[str, list[st.Page]]:
    """Return the pages in groups, titled in the language of this visit."""
    return {t(group): [_page(name) for name in names] for group, names in _GROUPS}


def _page(name: PageName) -> st.Page:
    return st.Page(
        FOLDER / _FILES[name], title=t(f"page.{name}"), url_path=name, default=name == "map"
    )


def go_to(name: PageName, **address: str) -> NoReturn:
    """Open another page; the period and language of this one go with it.

    Parameters
    ----------
    name
        The page.
    address
        What the address of that page shall hold besides, such as `area="510105001"`.
    """
    kept = {key: st.query_params[key] for key in ("period", "from", "to", "lang") if key in st.query_params}
    st.switch_page(FOLDER / _FILES[name], query_params={**kept, **{k: v for k, v in address.items() if v}})


def link_to(name: PageName, label: str, **address: str) -> None:
    """Draw a link to another page; the period and language of this one go with it."""
    kept = {key: st.query_params[key] for key in ("period", "from", "to", "lang") if key in st.query_params}
    st.page_link(FOLDER / _FILES[name], label=label, query_params={**kept, **{k: v for k, v in address.items() if v}})
