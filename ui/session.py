"""What the pages of one visit share: settings, the store, the language, the place, the period (会话).

The store is opened once per process and used by all visits; so is what is cached. Every cached
answer is keyed by the version of the data, so that an import shows at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
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
from geo.tasks.dashboards import Background, choose_period, count_people, measure_level, read_background
from geo.tasks.map_layers import is_timed_by
from geo.tasks.opening import StoreSummary, describe_store, open_store
from ui.entrance import VISIT_HEADER, entrance
from ui.turns import downloads, person_of, thread_turn

T = TypeVar("T")

_bound_language: ContextVar[Language | None] = ContextVar("language", default=None)

DEFAULT_PERIOD: PeriodName = "month"
"""What an address means that names no period."""

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


@dataclass
class _Run:
    """What stays the same while a page is drawn."""

    version: int | None = None
    language: Language | None = None


_run: ContextVar[_Run | None] = ContextVar("run", default=None)


@contextmanager
def one_version() -> Iterator[None]:
    """Ask for the version of the data and the language once while a page is drawn, not for every figure."""
    token = _run.set(_Run())
    try:
        yield
    finally:
        _run.reset(token)


def data_version() -> int:
    """Return the version of the data; inside `one_version` the one that was found first."""
    run = _run.get()
    if run is None:
        return store().data_version()
    if run.version is None:
        run.version = store().data_version()
    return run.version


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
    run = _run.get()
    if run is not None and run.language is not None:
        return run.language
    asked = st.query_params.get("lang", st.session_state.get("_lang", _default_language()))
    chosen: Language = "en" if asked == "en" else "zh"
    st.session_state["_lang"] = chosen
    if run is not None:
        run.language = chosen
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
    asked = st.query_params.get("period", DEFAULT_PERIOD)
    name: PeriodName = asked if asked in PERIOD_NAMES else DEFAULT_PERIOD
    return find_periods(name, read_day("from"), read_day("to"))


def find_periods(name: PeriodName, start_on: date | None = None, end_on: date | None = None) -> Periods:
    """Return a period and the one before, found once per version of the data.

    Raises
    ------
    MissingError
        If there are no cases yet.
    ChoiceError
        If its dates cannot be.
    """
    return kept(
        "periods",
        (name, start_on, end_on),
        lambda: choose_period(store(), name, start_on=start_on, end_on=end_on),
    )


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
        shared = shared_background()
        people = levels.get(
            ("people", level, parent_id, shared.data_version),
            lambda: count_people(store(), level, parent_id=parent_id, background=shared),
            size=_size_of,
        )
        return measure_level(
            store(),
            level,
            period=period,
            where=where,
            parent_id=parent_id,
            background=shared,
            people=people,
            with_percentiles=is_timed,
        )

    return levels.get(
        (level, period, where, parent_id, is_timed),
        measure,
        size=_size_of,
    )


def _size_of(table: pd.DataFrame) -> int:
    return int(table.memory_usage().sum())


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
