"""Work that takes longer than a moment: progress, and a way to stop it (长任务).

The work runs in a thread of its own; the page looks at it twice a second and draws how far it is, or
only that it goes on where nobody can tell how far.
Work that knows how to stop asks `progress` for leave to go on; it tells it the share done, or None.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import streamlit as st

from geo.access.turns import Turns
from geo.errors import CancelledError, GeoError
from ui import panels, shows
from ui.text import t

T = TypeVar("T")

PATIENCE_S = 0.6
"""Work that ends within this shows no progress at all."""
LOOK_EVERY_S = 0.5


class Work(Generic[T]):
    """One run of something long."""

    def __init__(
        self,
        do: Callable[[Callable[[float | None], None]], T],
        *,
        can_stop: bool,
        turns: Turns | None = None,
        person: str = "",
    ) -> None:
        """Begin, or wait for a turn of this person.

        Raises
        ------
        LimitError
            If too much of this person waits already.
        """
        self.can_stop = can_stop
        self.share: float | None = None
        """Share done, 0 to 1; None while it is not known."""
        self.result: T | None = None
        self.error: GeoError | None = None
        self._is_stopped, self._may_begin = threading.Event(), threading.Event()
        self._turns = turns
        self._turn = turns.ask(person, self._may_begin.set) if turns else None
        self._thread = threading.Thread(target=self._run, args=(do,), daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    @property
    def place(self) -> int:
        """How many stand before it in the queue, itself included; 0 where it has begun."""
        return self._turns.place(self._turn) if self._turns and self._turn else 0

    def wait(self, seconds: float) -> None:
        """Wait until it ends, at most so long."""
        self._thread.join(seconds)

    def stop(self) -> None:
        """Ask it to stop at its next step."""
        self._is_stopped.set()
        self._may_begin.set()  # one that waits for its turn ends without having begun

    def _progress(self, share: float | None) -> None:
        if share is not None:
            self.share = min(max(share, 0.0), 1.0)
        if self._is_stopped.is_set():
            raise CancelledError("work_stopped")

    def _run(self, do: Callable[[Callable[[float | None], None]], T]) -> None:
        # Any other error ends the thread and goes to the log; the page sees neither result nor error.
        try:
            if self._turn:
                self._may_begin.wait()
                if self.place:  # it was stopped before its turn came
                    raise CancelledError("work_stopped")
            self.result = do(self._progress)
        except GeoError as error:
            self.error = error
        finally:
            if self._turns and self._turn:
                self._turns.end(self._turn)


def show_work(work: Work[T], label: str | Callable[[], str], *, key: str) -> bool:
    """Draw how far some work is; return whether it has ended.

    The label stands beside it; a function is asked for it with every look. The page is run again when it
    ends.
    """
    work.wait(PATIENCE_S)
    if not work.is_running:
        return True

    @st.fragment(run_every=LOOK_EVERY_S)
    def look() -> None:
        if not work.is_running:
            st.rerun()
        said = label if isinstance(label, str) else label()
        if work.place:
            panels.show_busy(t("work.waits", n=work.place), key=f"{key}_waits")
        elif work.share is None:
            panels.show_busy(said, key=f"{key}_busy")
        else:
            st.progress(work.share, f"{said}　{shows.share(work.share)}")
        if work.can_stop or work.place:
            st.button(t("import.stop"), key=f"{key}_stop", on_click=work.stop)

    look()
    return False
