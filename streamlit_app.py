"""The app: pages around `ui/shell.py`, and the addresses their maps fetch, in one process (入口)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from ui.entry_log import entries
from ui.front_page import FrontPage
from ui.gate import Gate
from ui.page_headers import PageHeaders
from ui.routes import all_routes
from ui.warming import Warming


@asynccontextmanager
async def warm(app: st.App) -> AsyncIterator[None]:
    """Read and compile beside the start what the first reader would wait for."""
    warming = Warming()
    warming.start()
    yield
    warming.stop()
    entries.wait()


app = st.App(
    Path(__file__).resolve().parent / "ui" / "shell.py",
    routes=all_routes(),
    lifespan=warm,
    middleware=[Middleware(PageHeaders), Middleware(Gate, note=entries.note), Middleware(FrontPage)],
)
