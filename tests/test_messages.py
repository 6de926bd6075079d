"""What is common to all sentences of the program."""

from __future__ import annotations

import pytest

from geo import messages
from geo.messages.text import Message


@pytest.fixture
def sentence(monkeypatch):
    """Return a function that makes a catalogue of one sentence and says it."""

    def say_with(text: str, **values: object) -> str:
        monkeypatch.setattr(messages, "MESSAGES", {"x": Message(text, text)})
        return messages.say("x", "zh", **values)

    return say_with


def test_counts_have_their_thousands_separated(sentence):
    assert sentence("{n} of {n_rows}", n=6740, n_rows=1_234_567) == "6,740 of 1,234,567"
    assert sentence("{n:d}", n=6740) == "6740"


def test_what_is_no_count_stays_as_it_is(sentence):
    assert (
        sentence("{row} {year} {n} {name}", row=6740, year=2026, n="6740", name=6740) == "6740 2026 6740 6740"
    )
