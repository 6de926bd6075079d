"""Somebody who asks in a loop waits for himself, not others for him (fault H05)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.access.turns import Turns
from geo.errors import LimitError


class Line:
    """Turns, and in which order they came."""

    def __init__(self, **sizes):
        self.turns, self.came, self.asked = Turns(**sizes), [], {}

    def ask(self, person):
        name = f"{person}{sum(one.startswith(person) for one in self.asked) + 1}"
        self.asked[name] = self.turns.ask(person, lambda: self.came.append(name))
        return name

    def end(self, name):
        self.turns.end(self.asked[name])


def test_fault_H05_nobody_does_more_than_a_few_things_at_once():
    line = Line(at_once=4, each=2, waiting=10)
    for _ in range(5):
        line.ask("a")
    assert line.came == ["a1", "a2"]
    assert [line.turns.place(turn) for turn in line.asked.values()] == [0, 0, 1, 2, 3]
    line.end("a1")
    assert line.came == ["a1", "a2", "a3"]


def test_fault_H05_who_comes_after_a_loop_begins_at_once():
    line = Line(at_once=4, each=3, waiting=50)
    for _ in range(40):
        line.ask("a")
    line.ask("b")
    assert line.came == ["a1", "a2", "a3", "b1"]


def test_fault_H05_where_all_is_taken_who_does_the_fewest_comes_next():
    line = Line(at_once=2, each=2, waiting=50)
    for person in "aaaabc":
        line.ask(person)
    assert line.came == ["a1", "a2"]
    line.end("a1")
    assert line.came[2:] == ["b1"], "a is at work and asked first; b does nothing yet"
    line.end("b1")
    assert line.came[3:] == ["c1"]
    line.end("c1")
    assert line.came[4:] == ["a3"]


def test_fault_H05_a_long_queue_of_one_stands_before_nobody():
    line = Line(at_once=1, each=1, waiting=50)
    for _ in range(30):
        line.ask("a")
    line.ask("b")
    line.ask("b")
    for name in ("a1", "b1", "a2"):
        line.end(name)
    assert line.came == ["a1", "b1", "a2", "b2"]


def test_fault_H05_a_queue_that_is_full_is_said_and_is_ones_own():
    line = Line(at_once=1, each=1, waiting=2)
    for _ in range(3):
        line.ask("a")
    with pytest.raises(LimitError) as refused:
        line.ask("a")
    assert refused.value.code == "turns_all_taken"
    assert "2" in refused.value.say("zh") and "2" in refused.value.say("en")
    line.ask("b")
    line.end("a1")
    assert line.came == ["a1", "b1"]


def test_who_leaves_the_queue_or_ends_twice_takes_nobodys_turn():
    line = Line(at_once=1, each=1, waiting=5)
    for _ in range(3):
        line.ask("a")
    line.end("a2")
    line.end("a2")
    assert line.came == ["a1"]
    line.end("a1")
    line.end("a1")
    assert line.came == ["a1", "a3"]
    line.ask("a")
    assert line.came == ["a1", "a3"], "one at a time, still"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_never_more_than_allowed_and_nobody_is_forgotten(steps):
    line = Line(at_once=3, each=2, waiting=4)
    ended = set()
    for person, ends in steps:
        if ends and (running := [name for name in line.came if name not in ended]):
            line.end(running[0])
            ended.add(running[0])
        else:
            try:
                line.ask(person)
            except LimitError:
                continue
        at_work = [name for name in line.came if name not in ended]
        assert len(at_work) <= 3
        assert max([sum(name[0] == one for name in at_work) for one in "abc"]) <= 2
    while running := [name for name in line.came if name not in ended]:
        line.end(running[0])
        ended.add(running[0])
    assert sorted(line.came) == sorted(line.asked)
