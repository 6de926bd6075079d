"""What the pages of one visit share: settings, the store, the language, the place, the period (会话).

The store is opened once per process and used by all visits; so is what is cached. Every cached
answer is keyed by the version of the data, so that an import shows at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypeVar, cast

import pandas as pd
import streamlit as st

from geo.access.seats import Deed, Seat
from geo.analysis.periods import PERIOD_NAMES, Period, PeriodName, Periods
from geo.errors import AccessError, SettingError
from geo.messages import Language
from geo.schema import AREA_LEVELS, AreaLevel
from geo.settings import Settings, read_settings
from geo.store.base import CaseFilter, Store
from geo.store.codes import Memory
from geo.tasks.areas import AreaCard, AreaName, find_area
from geo.tasks.dashboards import Background, choose_period, measure_level, read_background
from geo.tasks.map_layers import is_timed_by
from geo.tasks.opening import StoreSummary, describe_store, open_store
from ui.entrance import VISIT_HEADER, entrance
from ui.turns import downloads, person_of, thread_turn

T = TypeVar("T")

_bound_language: ContextVar[Language | None] = ContextVar("language", default=None)

STALE_DAYS = 31
"""Data older than this are said to be stale."""

_MOST_KEPT = 200
"""Answers kept in memory; the oldest goes first."""


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """Return the settings of this installation, read once."""
    return read_settings()


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """Return the store, opened once per process."""
    return open_store(settings())


def seat() -> Seat:
    """Return who visits, as the gate knows it at this moment.

    Raises
    ------
    AccessError
        If nobody is signed in any more, or the app was started without its gate.
    """
    found = entrance().seat_of(st.context.headers.get(VISIT_HEADER) or "")
    if found is None:
        raise AccessError("access_no_seat")
    return found


def person() -> str:
    """Return who counts as one person where turns are taken."""
    return person_of(seat(), st.context.headers.get(VISIT_HEADER) or "")


def may(deed: Deed) -> bool:
    """Tell whether whoever visits may do something; the task decides again."""
    return seat().may(deed)


def is_open() -> bool:
    """Tell whether this machine alone is served, without signing in."""
    return entrance().is_open()


_version_of_run: ContextVar[list[int] | None] = ContextVar("version_of_run", default=None)


@contextmanager
def one_version() -> Iterator[None]:
    """Ask for the version of the data once while a page is drawn, not for every figure on it."""
    token = _version_of_run.set([])
    try:
        yield
    finally:
        _version_of_run.reset(token)


def data_version() -> int:
    """Return the version of the data; inside `one_version` the one that was found first."""
    known = _version_of_run.get()
    if known is None:
        return store().data_version()
    if not known:
        known.append(store().data_version())
    return known[0]


def now() -> datetime:
    """Return the moment, UTC."""
    return datetime.now(UTC)


def summary() -> StoreSummary:
    """Return what the store holds, counted once per version of the data."""
    return kept("summary", (), lambda: describe_store(store()))


def background() -> Background:
    """Return what all dashboards of this version of the data share, in the language of this visit."""
    shared = shared_background()
    if language() == "zh":
        return shared
    return kept(
        "background", "en", lambda: replace(shared, categories={**shared.categories, **_english_names()})
    )


def shared_background() -> Background:
    """Return what all dashboards of this version of the data share, its names in Chinese."""
    return kept("background", (), lambda: read_background(store()))


def _english_names() -> dict[str, str]:
    table = store().read("categories", columns=["category_id", "name_en"])
    named = table[table["name_en"].notna()]
    return dict(zip(named["category_id"], named["name_en"], strict=True))


def language() -> Language:
    """Return the language of this visit: the address, else what was chosen, else the setting."""
    if (bound := _bound_language.get()) is not None:
        return bound
    asked = st.query_params.get("lang", st.session_state.get("_lang", _default_language()))
    chosen: Language = "en" if asked == "en" else "zh"
    st.session_state["_lang"] = chosen
    return chosen


def bound_to_visit(make: Callable[[], T]) -> Callable[[], T]:
    """Return `make` bound to the language of this visit and to a turn of it, to be called where there is none.

    Streamlit makes a file when it is asked for, in a thread that knows of no address and no visit.
    """
    chosen, who = language(), person()

    def made() -> T:
        token = _bound_language.set(chosen)
        try:
            with thread_turn(downloads, who):
                return make()
        finally:
            _bound_language.reset(token)

    return made


def _default_language() -> str:
    try:
        return settings().language or "zh"
    except SettingError:
        return "zh"  # the page says what is wrong with the settings as soon as it opens the store


def chosen_area() -> AreaCard | None:
    """Return the area the address names, None for the whole store.

    Raises
    ------
    MissingError
        If there is no area with that code.
    """
    code = st.query_params.get("area", "")
    return area_of(code, st.query_params.get("level")) if code else None


def area_of(code: str, level: str | None = None) -> AreaCard:
    """Look an area up, once per version of the data.

    Raises
    ------
    MissingError
        If there is no area with that code.
    """
    known: AreaLevel | None = level if level in AREA_LEVELS else None
    return kept("area", (code, known), lambda: find_area(store(), code, level=known, at=now()))


def search_areas(text: str) -> list[AreaName]:
    """Find areas by name, alias or code."""
    found = store().search_areas(text, limit=12).to_dict("records")
    return [AreaName(row["area_level"], str(row["area_id"]), str(row["name"])) for row in found]


def periods() -> Periods:
    """Return the period the address names, and the one before.

    Raises
    ------
    MissingError
        If there are no cases yet.
    ChoiceError
        If its dates cannot be.
    """
    asked = st.query_params.get("period", "month")
    name: PeriodName = asked if asked in PERIOD_NAMES else "month"
    return choose_period(store(), name, start_on=read_day("from"), end_on=read_day("to"))


def read_day(name: str) -> date | None:
    """Return the day the address says for one name, or None."""
    try:
        return date.fromisoformat(st.query_params.get(name, ""))
    except ValueError:
        return None


def kept(name: str, parameters: object, make: Callable[[], T]) -> T:
    """Return an answer kept per version of the data and parameters, made once however many ask.

    The parameters must hold everything that decides what may be seen.
    """
    shelf = _shelf()
    version = data_version()
    key = (name, repr(parameters))
    with shelf.lock:
        if shelf.version != version:
            shelf.version = version
            shelf.answers.clear()
        if key in shelf.answers:
            return cast(T, shelf.answers[key])
        turn = shelf.making.setdefault((version, *key), threading.Lock())
    with turn:
        with shelf.lock:
            if shelf.version == version and key in shelf.answers:
                return cast(T, shelf.answers[key])
        try:
            answer = make()
            shelf.keep(version, key, answer)
        finally:
            with shelf.lock:
                shelf.making.pop((version, *key), None)
    return answer


def measured_level(
    level: AreaLevel, *, period: Period, where: CaseFilter, parent_id: str | None, by: str
) -> pd.DataFrame:
    """Measure the areas of a level once, for the colours of a map and for the table beside it.

    See `geo.tasks.dashboards.measure_level`; the table is shared and must not be changed. Times to
    close are in it only where `by`, the indicator that is shown, is one.
    """
    is_timed = is_timed_by(by)
    shelf = _shelf()
    version = store().data_version()
    with shelf.lock:
        if shelf.levels_of != version:
            shelf.levels_of, shelf.levels = version, Memory()
        levels = shelf.levels

    def measure() -> pd.DataFrame:
        return measure_level(
            store(),
            level,
            period=period,
            where=where,
            parent_id=parent_id,
            background=shared_background(),
            with_percentiles=is_timed,
        )

    return levels.get(
        (level, period, where, parent_id, is_timed),
        measure,
        size=lambda table: int(table.memory_usage().sum()),
    )


class _Shelf:
    """Answers of one version of the data."""

    def __init__(self) -> None:
        self.version = self.levels_of = -1
        self.answers: dict[tuple[str, str], object] = {}
        self.levels = Memory()
        self.making: dict[tuple[int, str, str], threading.Lock] = {}
        self.lock = threading.Lock()

    def keep(self, version: int, key: tuple[str, str], answer: object) -> None:
        """Keep an answer, unless the data have changed meanwhile; the oldest goes first."""
        with self.lock:
            if self.version == version:
                while len(self.answers) >= _MOST_KEPT:
                    del self.answers[next(iter(self.answers))]
                self.answers[key] = answer


@st.cache_resource(show_spinner=False)
def _shelf() -> _Shelf:
    return _Shelf()
