"""Boundaries page: versions and gaps, what changed between two, a draft published by its bill."""

from __future__ import annotations

import json
from datetime import date

import pytest

from geo.access.seats import OPERATOR, Seat
from geo.store import open_store
from geo.tasks.boundary_versions import retire_set
from tests.tasks.test_boundary_versions import (
    JULY,
    LI,
    NOW,
    WANG,
    bill_of,
    bring,
    draft,
    publish_set,
    store_cases,
    store_district,
)
from tests.test_pages import all_text, open_page, panels  # noqa: F401


@pytest.fixture
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        store_district(opened)
        yield opened


MOST_LOOKS = 100
"""Each look waits for the work in the background, as the page itself does."""


def follow(page, name):
    """Run the page until some work in the background has ended and is no longer followed."""
    for _ in range(MOST_LOOKS):
        if name not in page.session_state:
            return page
        if not page.session_state[name].is_running:
            return page.run()
        page.run()
    raise AssertionError(f"{name} did not end")


def choose_july(page):
    """Choose the first of July and ask for the bill."""
    key = next(item.key for item in page.date_input if "first_day" in item.key)
    page.date_input(key=key).set_value(JULY).run()
    page.button(key="make_bill").click().run()
    return follow(page, "bill_work")


def publish(page):
    """Publish by the bill that is shown."""
    page.button(key="publish").click().run()
    return follow(page, "publishing")


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ("边界版本", "草稿", "已发布")), ("en", ("Versions", "draft", "published"))]
)
def test_versions_are_listed_in_both_languages(open_page, store, lang, words):  # noqa: F811
    draft(store)
    page = open_page("boundaries", store, lang=lang)
    for word in (*words, "grid-1", "grid-2"):
        assert word in all_text(page)


def test_without_boundaries_the_page_says_where_to_bring_them(open_page, new_store):  # noqa: F811
    with open_store(new_store(), time_zone="Asia/Shanghai") as empty:
        page = open_page("boundaries", empty, lang="en")
        assert [button.key for button in page.button if button.key == "make_demo"]
        store_cases(empty, (1, 0.5, "2026-03-01", None, None))
        page = open_page("boundaries", empty, lang="en")
    assert "Bring them in on the Import page" in all_text(page)
    assert "There are no drafts" in all_text(page)


def test_a_day_shows_what_was_in_force_on_it(open_page, store):  # noqa: F811
    publish_set(store, bill_of(store, draft(store)), seat=WANG, now=NOW)
    page = open_page("boundaries", store, lang="en")
    key = next(item.key for item in page.date_input if "sets_on" in item.key)
    page.date_input(key=key).set_value(date(2026, 6, 30)).run()
    sets = json.dumps(panels(page, "table")[0])
    assert "grid-1" in sets
    assert "grid-2" not in sets


def test_two_versions_are_compared(open_page, store):  # noqa: F811
    draft(store)
    page = open_page("boundaries", store, lang="en")
    assert "Areas: split 1, merged 1." in all_text(page)


def test_a_gap_in_time_is_told(open_page, store):  # noqa: F811
    retire_set(store, "grid-1", on=date(2026, 3, 1), seat=WANG, now=NOW)
    publish_set(store, bill_of(store, draft(store)), seat=WANG, now=NOW)
    assert "no set was in force from 2026-03-01 to 2026-07-01" in all_text(
        open_page("boundaries", store, lang="en")
    )


def test_a_draft_is_published_by_its_bill(open_page, store):  # noqa: F811
    set_id = draft(store)
    page = choose_july(open_page("boundaries", store, lang="en", seat=WANG))
    for part in (
        "split 1, merged 1.",
        "open cases 4 (overdue: 1)",
        "Two people: li brought it in, wang publishes",
    ):
        assert part in all_text(page)
    publish(page)
    assert f"{set_id} is published" in all_text(page)
    assert dict(store.read("boundary_sets", columns=["set_id", "status"]).to_numpy()) == {
        "grid-1": "retired", set_id: "published",
    }  # fmt: skip


def test_the_author_is_told_that_another_must_publish(open_page, store):  # noqa: F811
    draft(store)
    page = choose_july(open_page("boundaries", store, lang="en", seat=LI))
    publish(page)
    assert "li brought boundary set grid-2 in and cannot publish it too" in all_text(page)
    assert store.read("boundary_sets")["status"].tolist() == ["published", "draft"]


def test_one_person_at_the_machine_is_told_that_one_did_both(open_page, store):  # noqa: F811
    bring(store, seat=OPERATOR, is_draft=True, A=(0, 1))
    page = choose_july(open_page("boundaries", store, lang="zh"))
    assert "导入与发布为同一人" in all_text(page)


def test_a_viewer_sees_versions_and_publishes_nothing(open_page, store):  # noqa: F811
    draft(store)
    page = open_page("boundaries", store, lang="en", seat=Seat("viewer", "viewer"))
    assert "grid-2" in all_text(page)
    assert not [button for button in page.button if button.key in ("make_bill", "publish")]
