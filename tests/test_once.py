"""A thing is made once, however many ask for it at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from geo.once import Once


class Shelf:
    """A shelf that counts how often something was made."""

    def __init__(self):
        self.once, self.kept, self.made, self.lock = Once(), {}, [], threading.Lock()

    def get(self, key, make):
        def find():
            with self.lock:
                return (self.kept[key],) if key in self.kept else None

        def make_and_keep():
            answer = make()
            with self.lock:
                self.made.append(key)
                self.kept[key] = answer
            return answer

        return self.once.get(key, find=find, make=make_and_keep)


def test_fault_F12_fifty_that_ask_at_once_wait_for_the_one_that_makes_it():
    shelf, started, go_on = Shelf(), threading.Event(), threading.Event()

    def slow():
        started.set()
        assert go_on.wait(60)
        return object()

    with ThreadPoolExecutor(51) as pool:
        first = pool.submit(shelf.get, "a", slow)
        assert started.wait(60)
        others = [pool.submit(shelf.get, "a", object) for _ in range(49)]
        assert pool.submit(shelf.get, "b", lambda: "another key does not wait").result(60)
        go_on.set()
        assert {id(each.result(60)) for each in others} == {id(first.result(60))}
    assert sorted(shelf.made) == ["a", "b"]
    assert shelf.get("a", object) is first.result()


def test_when_the_first_fails_the_next_makes_it():
    shelf, started, go_on = Shelf(), threading.Event(), threading.Event()

    def fail():
        started.set()
        assert go_on.wait(60)
        raise ValueError("cut")

    with ThreadPoolExecutor(10) as pool:
        first = pool.submit(shelf.get, "a", fail)
        assert started.wait(60)
        others = [pool.submit(shelf.get, "a", lambda: "made") for _ in range(9)]
        go_on.set()
        with pytest.raises(ValueError, match="cut"):
            first.result(60)
        assert {each.result(60) for each in others} == {"made"}
    assert shelf.made == ["a"]


def test_what_is_not_kept_is_made_again_and_what_needs_itself_does_not_wait_forever():
    once, made = Once(), []
    for n in range(2):
        once.get("a", find=lambda: None, make=lambda n=n: made.append(n))
    assert made == [0, 1]
    inner = lambda: once.get("a", find=lambda: None, make=lambda: "inner")  # noqa: E731
    assert once.get("a", find=lambda: None, make=inner) == "inner"
