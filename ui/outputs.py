"""What pages put out beside panels: errors, empty states, downloads, the look of the frame (输出)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NoReturn

import streamlit as st

from geo.errors import GeoError
from geo.messages import say
from geo.tasks.exports import Imprint
from ui import pages, panels, session
from ui.text import t

MIME: dict[str, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
    "html": "text/html",
}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$^=&])")

_STYLE = """
<style>
.stApp { font-variant-numeric: tabular-nums; }
.stMainBlockContainer { padding: 1.6rem 2.2rem 3rem; max-width: 1600px; }
/* The words of Streamlit's upload box cannot be set; the size stands in our own line below it. */
.st-key-upload_zh [data-testid="stFileUploaderDropzone"] button p { font-size: 0; }
.st-key-upload_zh [data-testid="stFileUploaderDropzone"] button p::after {
  content: "选择文件"; font-size: 0.95rem;
}
[data-testid="stFileUploaderDropzoneInstructions"] { display: none; }
.st-key-data_date { margin-top: -0.6rem; }
.stAppHeader { background: transparent; height: 2.6rem; min-height: 2.6rem; }
.st-key-top .stPopover button, .st-key-top .stButton button { white-space: nowrap; }
.st-key-print_code { display: none; }
.st-key-top [data-testid="stBidiComponentRegular"], .st-key-top .stBidiComponent { width: auto; }
[data-testid="stSidebarUserContent"] { padding-top: 0.5rem; }
[data-testid="stSidebarHeader"] { height: 2.6rem; }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 2.8rem 0.9rem 2rem; }
}
@media print {
  @page { size: A4; margin: 12mm; }
  .stAppHeader, .stSidebar, [data-testid="stSidebarCollapsedControl"], .st-key-top, .st-key-downloads,
  .st-key-method, .st-key-actions, [data-testid="stExpandSidebarButton"] {
    display: none !important;
  }
  .stMainBlockContainer { padding: 0 !important; max-width: none !important; }
  html, body { background: #fff !important; color-scheme: light; }
  [data-testid="stCaptionContainer"] * { color: #52606d !important; }
  .stApp, .stAppViewContainer, .stMain {
    position: static !important; overflow: visible !important; height: auto !important;
    background: #fff !important;
  }
  .stVerticalBlock { gap: 0.5rem !important; }
  .st-key-page_two { break-before: page; }
  .st-key-print_code { display: block; }
  .stColumn, [data-testid="stElementContainer"] { break-inside: avoid; }
}
</style>
"""
_PRINT_STYLE = """
<style>
.stAppHeader, .stSidebar, [data-testid="stExpandSidebarButton"], .st-key-downloads, .st-key-method,
.st-key-top, [data-testid="stSidebarCollapsedControl"] { display: none !important; }
.stMainBlockContainer { max-width: 190mm; padding: 1rem 0; }
.stVerticalBlock { gap: 0.6rem; }
.st-key-print_code { display: block; }
</style>
"""


def add_style(*, is_print: bool = False) -> None:
    """Set the look of the frame that the theme cannot set."""
    st.html(_STYLE + (_PRINT_STYLE if is_print else ""))


def show_error(error: GeoError, *, key: str = "error") -> None:
    """Say what is wrong and what to do now."""
    panels.show_notice(error.say(session.language()), tone="error", key=key)


def stop_with(error: GeoError) -> NoReturn:
    """Say what is wrong and draw nothing more."""
    show_error(error)
    st.stop()


def stop_if_empty(need: Literal["anything", "cases"] = "anything") -> None:
    """Say what is missing and where to bring it, where the store lacks what a page needs."""
    summary = session.summary()
    if summary.is_empty:
        _show_empty_store()
        st.stop()
    if need == "cases" and not summary.n_cases:
        panels.show_notice(t("empty.no_cases"), key="no_cases")
        if session.may("import"):
            _show_import_link()
        st.stop()


def _show_empty_store() -> None:
    panels.show_lead(t("empty.title"), level="h1", key="empty_title")
    panels.show_lead(t("empty.about"), key="empty_about")
    from ui import demo, frame  # noqa: PLC0415  (both draw errors by this module)

    if session.may("make_demo"):
        _show_import_link()
        demo.offer_demo()
    else:
        panels.show_notice(t("access.viewer_empty"), key="viewer_empty")
    frame.show_language()


def _show_import_link() -> None:
    link = panels.Link("import", pages.kept_query())
    panels.show_links([(t("empty.go_import"), t("empty.go_import_note"), link)], key="go_import")


def plain(text: str) -> str:
    """Return a text for a place that reads Markdown, so that none of its signs mean anything."""
    return _MARKDOWN.sub(r"\\\1", text)


def imprint() -> Imprint:
    """Return what must stand on a map that leaves the program."""
    return Imprint(session.settings().map_review_number, session.settings().map_source)


def review_warning() -> str:
    """Return what to mind before a map is shown in public; empty where nothing is."""
    return "" if session.settings().map_review_number else say("no_review_number", session.language())


def download(label: str, kind: str, file_name: str, make: Callable[[], bytes], *, key: str) -> None:
    """Draw a button for one file, which is made when it is asked for."""
    st.download_button(
        label,
        session.bound_to_visit(make),
        file_name,
        MIME[kind],
        key=f"{key}_{kind}",
        on_click="ignore",
    )


def download_menu(
    label: str,
    files: list[tuple[str, str, Callable[[], bytes]]],
    *,
    key: str,
    warning: str = "",
) -> None:
    """Draw a menu of downloads; a file is made when it is asked for.

    Parameters
    ----------
    label
        Of the menu.
    files
        Format (a key of `MIME`), file name, and what makes its bytes.
    key
        Stays the same between reruns.
    warning
        What to mind before publishing.
    """
    with st.container(key=f"{key}_downloads", width="content"), st.popover(label):
        if warning:
            panels.show_notice(warning, tone="warning", key=f"{key}_warning")
        for kind, name, make in files:
            st.download_button(
                t(f"download.{kind}"),
                session.bound_to_visit(make),
                name,
                MIME[kind],
                key=f"{key}_{kind}",
                on_click="ignore",
                width="stretch",
            )
