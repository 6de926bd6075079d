"""What the app reads and compiles when it starts, and that it is over when the app is."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import weakref

import pytest
import streamlit as st

from geo.errors import StoreError
from geo.store import open_store
from tests.small_store import fill_small_store
from ui import routes, session, warming


@pytest.fixture
def small(new_store, monkeypatch):
    """The small store as the store of the pages, and nothing kept of another."""
    st.cache_resource.clear()
    with open_store(new_store(), time_zone="Asia/Shanghai") as store:
        fill_small_store(store)
        monkeypatch.setattr(session, "store", lambda: store)
        monkeypatch.setattr(routes, "_provider", routes._Provider())
        yield store
    st.cache_resource.clear()


def test_the_map_finds_its_first_outlines_made(small, monkeypatch):
    warming.prepare()

    made = []
    monkeypatch.setitem(routes.ANSWERS, "areas", lambda *_: made.append(1) or b"")
    level = {"level": "subdistrict"}
    routes._layer(small, routes._tag(*routes._identify(small), "areas", level), "areas", level)

    assert not made


def test_a_store_that_cannot_be_opened_is_left_to_the_pages(monkeypatch, caplog):
    def refuse():
        raise StoreError("store_url_unknown", schemes="duckdb:")

    monkeypatch.setattr(session, "summary", refuse)
    with caplog.at_level(logging.INFO, logger=warming.__name__):
        warming.prepare()

    assert "store_url_unknown" in caplog.text


def test_nothing_goes_on_once_the_app_has_ended(monkeypatch):
    began, may_go_on, compiled = threading.Event(), threading.Event(), []

    def prepare():
        began.set()
        may_go_on.wait(10)

    monkeypatch.setattr(warming, "prepare", prepare)
    monkeypatch.setattr(warming, "warm_up", lambda: compiled.append(1))
    ours = warming.Warming()
    ours.start()
    assert began.wait(10)
    threading.Timer(0.05, may_go_on.set).start()

    ours.stop()

    assert may_go_on.is_set()
    assert not ours._thread.is_alive()
    assert not compiled


def test_threads_of_the_app_take_short_turns(monkeypatch):
    monkeypatch.setattr(warming, "prepare", lambda: None)
    before = sys.getswitchinterval()
    ours = warming.Warming()
    try:
        ours.start()
        assert sys.getswitchinterval() == pytest.approx(warming.TURN_S)
    finally:
        ours.stop()
        sys.setswitchinterval(before)
        gc.unfreeze()


def test_what_stays_as_long_as_the_process_is_not_searched_for_garbage_again():
    before = gc.get_freeze_count()
    kept = [[number] for number in range(1000)]
    try:
        warming.leave_alone_what_stays()
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()


def test_what_was_left_alone_and_has_become_garbage_is_found_the_next_time():
    ring = Ring()
    ring.itself = ring
    found = weakref.ref(ring)
    try:
        warming.leave_alone_what_stays()
        del ring
        gc.collect()
        assert found() is not None
        warming.leave_alone_what_stays()
        assert found() is None
    finally:
        gc.unfreeze()


class Ring:
    """Holds itself, so that only the search for garbage finds it."""

    itself: Ring


def test_the_version_of_the_data_is_asked_for_once_while_a_page_is_drawn(small, monkeypatch):
    asked = []
    original = type(small).data_version
    monkeypatch.setattr(type(small), "data_version", lambda self: asked.append(1) or original(self))

    with session.one_version():
        first = [session.data_version() for _ in range(5)]
        n_inside = len(asked)
    outside = [session.data_version() for _ in range(2)]

    assert n_inside == 1
    assert len(asked) == 3
    assert len(set(first + outside)) == 1
