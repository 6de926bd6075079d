"""The code for telephones holds the address the browser itself connected to, and exactly this view."""

from types import SimpleNamespace

import pytest

from ui import pages, share


@pytest.fixture
def connect(monkeypatch):
    """Return a function that says how the browser reaches the app, and what its address holds."""

    def say(query=None, **headers):
        context = SimpleNamespace(headers=headers)
        monkeypatch.setattr(share, "st", SimpleNamespace(context=context, query_params=query or {}))

    return say


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"Origin": "https://getu.example", "Host": "127.0.0.1:8501"}, "https://getu.example"),
        ({"Origin": "http://10.0.0.1:8501"}, "http://10.0.0.1:8501"),
        ({"Host": "10.0.0.1:8501"}, "http://10.0.0.1:8501"),
        ({"Origin": "null", "Host": "10.0.0.1:8501"}, ""),
        ({"Origin": "javascript:alert(1)"}, ""),
        ({"Host": "[x"}, ""),
        ({}, ""),
    ],
)
def test_the_address_begins_as_the_browser_says(connect, headers, origin):
    connect(**headers)
    assert share.origin() == origin
    assert share.this_address("cases", {}) == (f"{origin}/cases" if origin else "")


def test_the_address_is_that_of_this_view_with_the_period_written_out(connect):
    connect({"area": "A1", "period": "month", "lang": "zh", "print": "1"}, Origin="https://getu.example")
    address = share.this_address("dashboard", {"period": "month", "from": "2026-10-01"})
    assert address == "https://getu.example/dashboard?area=A1&period=month&lang=zh&from=2026-10-01"


def test_an_app_under_a_prefix_keeps_its_prefix(connect, monkeypatch):
    connect(Origin="https://getu.example")
    monkeypatch.setattr(pages, "prefix", lambda: "/grid")
    assert share.this_address("map", {}) == "https://getu.example/grid/"
