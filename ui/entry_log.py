"""Write who signed in, and who was refused, into the audit log of the store (登录记录).

It is done beside the requests, so that nobody waits for a store that is busy with an import, and a store
that cannot be written keeps nobody out. A flood of wrong passwords is bounded: so many an hour are written
down, the others are counted and told with the next row.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from geo.access.seats import Role
from geo.errors import GeoError
from geo.store.base import Store
from geo.tasks.entering import note_sign_in

log = logging.getLogger(__name__)

REFUSED_AN_HOUR: Final = 30
"""Wrong passwords that are written down one by one in an hour."""
MOST_WAITING: Final = 200
"""Entries that wait for the store; older ones go to the log of the program alone."""
LAST_WAIT_S: Final = 5.0
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class _Entry:
    role: Role | None
    place: str
    at: datetime
    n_left_out: int


class EntryLog:
    """Entries on their way into the store."""

    def __init__(
        self, give_store: Callable[[], Store], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._give_store, self._now = give_store, now
        self._lock = threading.Lock()
        self._waiting: deque[_Entry] = deque(maxlen=MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._hour: datetime | None = None
        self._n_refused = self._n_left_out = 0

    def note(self, role: Role | None, place: str) -> None:
        """Note a sign-in, or with None a wrong password; returns at once."""
        now = self._now()
        with self._lock:
            if role is None and not self._is_listed(now):
                self._n_left_out += 1
                return
            self._waiting.append(_Entry(role, place, now, self._n_left_out))
            self._n_left_out = 0
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="entry-log", daemon=True)
                self._thread.start()

    def wait(self, seconds: float = LAST_WAIT_S) -> None:
        """Wait until what was noted is written, at most so long."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _is_listed(self, now: datetime) -> bool:
        if self._hour is None or not timedelta(0) <= now - self._hour < _HOUR:
            self._hour, self._n_refused = now, 0
        self._n_refused += 1
        return self._n_refused <= REFUSED_AN_HOUR

    def _write(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                entry = self._waiting.popleft()
            try:
                note_sign_in(
                    self._give_store(), role=entry.role, place=entry.place, now=entry.at,
                    n_left_out=entry.n_left_out,
                )  # fmt: skip
            except GeoError as error:
                log.warning("a sign-in was not written into the audit log: %s", error.code)


def _store() -> Store:
    from ui import session  # noqa: PLC0415 - pages import this module's floor

    return session.store()


entries = EntryLog(_store)
"""Those of this process."""
