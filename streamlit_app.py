"""The app: pages around `ui/shell.py`, and the addresses their maps fetch, in one process (入口)."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from ui.front_page import FrontPage
from ui.routes import all_routes

app = st.App(
    Path(__file__).resolve().parent / "ui" / "shell.py",
    routes=all_routes(),
    middleware=[Middleware(FrontPage)],
)
