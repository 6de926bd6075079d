"""The frame of every page (外框): runs first on every visit and every change.

It names pages by absolute path, because the app may be started from any folder.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from geo.errors import GeoError  # noqa: E402
from ui import frame, outputs, pages, session  # noqa: E402
from ui.front_page import MISSING  # noqa: E402
from ui.text import t  # noqa: E402

page = st.navigation(pages.page_list(), position="hidden")
st.set_page_config(
    page_title=f"{page.title} · {t('app.name')}",
    page_icon=str(ROOT / "ui" / "assets" / "icon.png"),
    layout="wide",
)
outputs.add_style(is_print=st.query_params.get("print") == "1")
try:
    session.seat()  # nothing is drawn for nobody
    with nullcontext() if pages.name_of(page) == "import" else session.one_version():
        frame.show_sidebar(pages.name_of(page))
        if missing := st.query_params.get(MISSING, ""):
            frame.show_missing_page(missing)
        else:
            page.run()
except GeoError as error:
    outputs.show_error(error, key="page_error")
