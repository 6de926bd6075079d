"""Whose turn it is: so many files are read at a time, the others wait in the order they came (排队)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_EVERY_S = 0.2
"""How often whoever waits is asked whether he still wants to."""

Look = Callable[[int], None]
"""Told, several times a second, how many turns must end before one's own begins; 0 from then on. May
raise CancelledError to stop."""


class Turns:
    """A line of those who wait, and how many are being served."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._n_served = 0

    @property
    def n_waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @contextmanager
    def turn(self, *, most: int, look: Look) -> Iterator[None]:
        """Wait for one's turn, hold it as long as the block runs, and give it back whatever happens.

        Parameters
        ----------
        most
            How many may be served at a time.
        look
            See `Look`; called with 0 once when the turn has come.
        """
        self._wait(most, look)
        try:
            look(0)
            yield
        finally:
            with self._changed:
                self._n_served -= 1
                self._changed.notify_all()

    def _wait(self, most: int, look: Look) -> None:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
        try:
            while (n_before := self._try(ticket, most)) > 0:
                look(n_before)
                with self._changed:
                    self._changed.wait(LOOK_EVERY_S)
        except BaseException:
            with self._changed:
                self._waiting.remove(ticket)
                self._changed.notify_all()
            raise

    def _try(self, ticket: object, most: int) -> int:
        """Take the turn if it has come and return 0; else return how many must end before."""
        with self._changed:
            place = self._waiting.index(ticket)
            n_before = max(self._n_served + place + 1 - most, 0)
            if not n_before:
                self._waiting.remove(ticket)
                self._n_served += 1
                self._changed.notify_all()
            return n_before
