"""What a page shows while the data change under it: told as stale (F11), computed once for all (F12)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st

from geo.settings import Settings
from geo.tasks.reading import read_table_file
from tests.tasks.test_bringing import WEEK_1, bring_grids, preview_week
from tests.tasks.test_changing_layers import bring_newer
from tests.test_pages import all_text, draft_folder, empty_store, open_page  # noqa: F401
from ui import session
from ui.import_draft import Choices, Draft

N_USERS = 50
PATIENCE_S = 60


@pytest.mark.parametrize(
    ("lang", "says"), [("zh", "检查此文件之后边界有变动"), ("en", "after this file was checked")]
)
def test_fault_F11_the_page_says_that_what_was_checked_is_stale_and_stores_nothing(
    open_page, empty_store, draft_folder, lang, says  # noqa: F811
):  # fmt: skip
    bring_grids(empty_store, Settings())
    table = read_table_file(WEEK_1.encode(), settings=Settings(), file_name="week.csv")
    draft = Draft("cases", ("week.csv",), (), draft_folder, table, Choices(), step=4)
    draft.preview = preview_week(empty_store, Settings(), WEEK_1)
    page = open_page("import_data", empty_store, {"draft": draft}, lang=lang)
    bring_newer(empty_store, Settings())
    page.button(key="confirm").click().run()
    if draft.storing is not None:
        draft.storing.wait(PATIENCE_S)
        page.run()
    assert says in all_text(page)
    assert empty_store.count_rows()["cases"] == 0


@pytest.fixture
def shelf(monkeypatch):
    """Stand for the version of the data, which a test changes."""
    versions = [1]
    st.cache_resource.clear()
    monkeypatch.setattr(session, "data_version", lambda: versions[-1])
    yield versions
    st.cache_resource.clear()


def test_fault_F12_fifty_pages_that_ask_for_the_same_wait_for_one_that_computes_it(shelf):
    made, begin, is_twice = [], threading.Barrier(N_USERS), threading.Event()

    def make():
        made.append(threading.get_ident())
        if len(made) > 1:
            is_twice.set()
        is_twice.wait(0.5)  # long enough for another to come in, were he let
        return len(made)

    def open_board(_):
        begin.wait(PATIENCE_S)
        return session.kept("board", ("grid", "month"), make)

    with ThreadPoolExecutor(N_USERS) as pool:
        assert set(pool.map(open_board, range(N_USERS))) == {1}
    assert len(made) == 1
    shelf.append(2)
    assert session.kept("board", ("grid", "month"), lambda: "of the new data") == "of the new data"


def test_fault_F12_an_answer_that_was_begun_before_the_data_changed_is_not_kept_as_one_of_now(shelf):
    def make():
        shelf.append(2)
        assert session.kept("list", (), lambda: "of another reader") == "of another reader"
        return "of version 1"

    assert session.kept("board", (), make) == "of version 1"
    assert session.kept("board", (), lambda: "of version 2") == "of version 2"


def test_fault_F12_one_that_fails_leaves_the_next_to_compute_it(shelf):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        session.kept("board", (), fail)
    assert session.kept("board", (), lambda: 7) == 7
