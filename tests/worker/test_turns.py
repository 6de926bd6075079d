"""So many at a time, first come first served, and nobody holds a place he has left."""

from __future__ import annotations

import threading

import pytest

from geo.errors import CancelledError
from geo.worker.turns import Turns
from tests.worker.files import SOON_S, eventually


def test_a_turn_comes_at_once_where_there_is_room():
    turns, told = Turns(), []
    with turns.turn(most=2, look=told.append), turns.turn(most=2, look=told.append):
        assert told == [0, 0]


def test_turns_come_in_the_order_of_arrival_and_never_too_many_at_a_time():
    turns, order, at_once, most_seen = Turns(), [], [0], [0]
    may_go = threading.Event()
    lock = threading.Lock()

    def serve(number):
        with turns.turn(most=2, look=lambda _: None):
            with lock:
                order.append(number)
                at_once[0] += 1
                most_seen[0] = max(most_seen[0], at_once[0])
            may_go.wait(SOON_S)
            with lock:
                at_once[0] -= 1

    threads = []
    for number in range(8):
        threads.append(threading.Thread(target=serve, args=(number,)))
        threads[-1].start()
        assert eventually(lambda n=number: len(order) + turns.n_waiting == n + 1)
    may_go.set()
    for thread in threads:
        thread.join(SOON_S)
    assert (most_seen[0], turns.n_waiting) == (2, 0)
    assert sorted(order) == list(range(8)) and set(order[:2]) == {0, 1}


def test_whoever_leaves_the_line_makes_room_for_the_next():
    turns, told = Turns(), []

    def give_up(n_before):
        told.append(n_before)
        raise CancelledError("work_stopped")

    with (
        turns.turn(most=1, look=lambda _: None),
        pytest.raises(CancelledError),
        turns.turn(most=1, look=give_up),
    ):
        raise AssertionError("it was nobody's turn")
    assert (told, turns.n_waiting) == ([1], 0)
    with turns.turn(most=1, look=told.append):
        assert told == [1, 0]


def test_a_turn_that_is_refused_when_it_comes_is_given_back():
    turns = Turns()

    def refuse(_):
        raise CancelledError("work_stopped")

    for _ in range(3):
        with pytest.raises(CancelledError), turns.turn(most=1, look=refuse):
            raise AssertionError("it was refused")
    with turns.turn(most=1, look=lambda _: None):
        assert turns.n_waiting == 0
