"""What the pages of one visit share: settings, the store, the language, the moment (会话).

The store is opened once per process and used by all visits; so is what is cached. Every cached
answer is keyed by the version of the data, so that an import shows at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import streamlit as st

from geo.messages import Language
from geo.schema import AREA_LEVELS, AreaLevel
from geo.settings import Settings, read_settings
from geo.store.base import Store
from geo.tasks.dashboards import AreaCard, find_area
from geo.tasks.opening import StoreSummary, describe_store, open_store

T = TypeVar("T")

ACTOR = "local"
"""Who acts, until accounts exist: the person at this machine."""


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """Return the settings of this installation, read once."""
    return read_settings()


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """Return the store, opened once per process."""
    return open_store(settings())


@st.cache_resource(show_spinner=False, max_entries=4)
def _summary(data_version: int) -> StoreSummary:
    del data_version  # part of the key: another version, another summary
    return describe_store(store())


def summary() -> StoreSummary:
    """Return what the store holds, counted once per version of the data."""
    return _summary(store().data_version())


def now() -> datetime:
    """Return the moment, UTC."""
    return datetime.now(UTC)


def language() -> Language:
    """Return the language of this visit: the address, else what was chosen, else the setting."""
    asked = st.query_params.get("lang", st.session_state.get("_lang", settings().language or "zh"))
    chosen: Language = "en" if asked == "en" else "zh"
    st.session_state["_lang"] = chosen
    return chosen


def chosen_area() -> AreaCard | None:
    """Return the area the address names, None for the whole store.

    Raises
    ------
    MissingError
        If there is no area with that code.
    """
    code = st.query_params.get("area", "")
    if not code:
        return None
    return area_of(code, st.query_params.get("level") or None)


def area_of(code: str, level: str | None) -> AreaCard:
    """Look an area up, once per version of the data."""
    return kept("area", (code, level), lambda: find_area(store(), code, level=_level(level)))


def kept(name: str, parameters: object, make: Callable[[], T]) -> T:
    """Return an answer kept per version of the data and parameters, making it where it is not there.

    The parameters must hold everything that decides what may be seen.
    """
    shelf = _shelf(store().data_version())
    key = (name, repr(parameters))
    if key not in shelf:
        if len(shelf) >= _MOST_KEPT:
            shelf.pop(next(iter(shelf)), None)
        shelf[key] = make()
    return shelf[key]  # type: ignore[return-value]


_MOST_KEPT = 200
"""Answers kept in memory; the oldest goes first."""


@st.cache_resource(show_spinner=False, max_entries=1)
def _shelf(data_version: int) -> dict[tuple[str, str], object]:
    del data_version  # part of the key: another version, an empty shelf
    return {}


def _level(text: str | None) -> AreaLevel | None:
    return text if text in AREA_LEVELS else None  # type: ignore[return-value]
