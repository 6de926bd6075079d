"""Let everybody have a turn at what is heavy (轮次).

So many heavy things are done at once; nobody does more than a few of them. Next comes who does the fewest,
then whose last turn is the longest ago, then who asked first. So somebody who asks in a loop waits for
himself, not others for him. The queue of each person is bounded: beyond it, one is told to wait.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from geo.errors import LimitError


@dataclass(eq=False)
class Turn:
    """One thing that is done, or waits to be."""

    person: str
    go: Callable[[], None]
    """Called once when it is its turn, by whoever made room."""
    is_at_work: bool = False


class Turns:
    """Who is at work and who waits, for one kind of heavy thing."""

    def __init__(self, *, at_once: int, each: int, waiting: int) -> None:
        """Let `at_once` things be done together, `each` of one person, while `waiting` of his wait."""
        self._at_once, self._each, self._most_waiting = at_once, each, waiting
        self._lock = threading.Lock()
        self._at_work: Counter[str] = Counter()
        self._waiting: list[Turn] = []
        self._last: dict[str, int] = {}
        """Number of the last turn of each person who is at work or waits."""
        self._n_turns = 0

    def ask(self, person: str, go: Callable[[], None]) -> Turn:
        """Ask for a turn; `go` is called at once, or when others have ended. End every turn with `end`.

        Raises
        ------
        LimitError
            If so many things of this person wait already.
        """
        turn = Turn(person, go)
        with self._lock:
            if sum(other.person == person for other in self._waiting) >= self._most_waiting + self._free(
                person
            ):
                raise LimitError("turns_all_taken", n=self._most_waiting)
            self._waiting.append(turn)
            called = self._call()
        for one in called:
            one.go()
        return turn

    def place(self, turn: Turn) -> int:
        """Return how many stand before it, itself included; 0 while it is at work or has ended."""
        with self._lock:
            return self._waiting.index(turn) + 1 if turn in self._waiting else 0

    def end(self, turn: Turn) -> None:
        """End a turn that was at work, or leave the queue; a second time does nothing."""
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif turn.is_at_work:
                turn.is_at_work = False
                self._at_work -= Counter([turn.person])
            self._forget(turn.person)
            called = self._call()
        for one in called:
            one.go()

    def _forget(self, person: str) -> None:
        if not self._at_work[person] and all(turn.person != person for turn in self._waiting):
            self._last.pop(person, None)

    def _free(self, person: str) -> int:
        """Return 1 where this person could begin at once."""
        has_room = self._at_work.total() < self._at_once and self._at_work[person] < self._each
        return int(has_room)

    def _call(self) -> list[Turn]:
        """Take from the queue whoever may begin now."""
        called = []
        while self._at_work.total() < self._at_once:
            able = [turn for turn in self._waiting if self._at_work[turn.person] < self._each]
            if not able:
                break
            turn = min(able, key=lambda one: (self._at_work[one.person], self._last.get(one.person, 0)))
            self._waiting.remove(turn)
            self._at_work[turn.person] += 1
            turn.is_at_work = True
            self._n_turns += 1
            self._last[turn.person] = self._n_turns
            called.append(turn)
        return called
