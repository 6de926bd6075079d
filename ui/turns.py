"""Turns at what is heavy, for requests and for threads (轮次与等待).

One line for map data, one for files to download, one for checks of files, and room for uploads, each
shared by all visits of this process. See `geo.access.turns` for who comes next.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from streamlit import runtime

from geo.access.seats import Seat
from geo.access.turns import Turns
from geo.errors import LimitError

PATIENCE_S: Final = 60.0
"""Longest wait for a turn."""
UPLOADS_AT_ONCE: Final = 4
"""Uploads of the largest size that are held in memory together."""

# A browser asks for six things at once, and a proxy of HTTP/2 lets a map ask for many more.
map_data = Turns(at_once=12, each=4, waiting=150)
# Files are made in the few threads that Streamlit has for it, where waiting takes one of them.
downloads = Turns(at_once=3, each=1, waiting=1)
checks = Turns(at_once=2, each=1, waiting=3)


def person_of(seat: Seat, visit: str) -> str:
    """Return who counts as one person: a name where there is one, else one visit."""
    return visit if visit and seat.name == seat.role else seat.name


@asynccontextmanager
async def request_turn(turns: Turns, person: str, *, patience_s: float = PATIENCE_S) -> AsyncIterator[None]:
    """Wait for a turn without holding a thread.

    Raises
    ------
    LimitError
        If too much of this person waits already, or it took too long.
    """
    loop = asyncio.get_running_loop()
    granted = asyncio.Event()
    turn = turns.ask(person, lambda: loop.call_soon_threadsafe(granted.set))
    try:
        await asyncio.wait_for(granted.wait(), patience_s)
        yield
    except TimeoutError as error:
        if granted.is_set():
            raise
        raise LimitError("turns_took_too_long") from error
    finally:
        turns.end(turn)


@contextmanager
def thread_turn(turns: Turns, person: str, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Wait for a turn in a thread.

    Raises
    ------
    LimitError
        If too much of this person waits already, or it took too long.
    """
    granted = threading.Event()
    turn = turns.ask(person, granted.set)
    try:
        if not granted.wait(patience_s):
            raise LimitError("turns_took_too_long")
        yield
    finally:
        turns.end(turn)


def uploads_held() -> int:
    """Return how many bytes of uploads Streamlit holds in memory."""
    if not runtime.exists():
        return 0
    stats = runtime.get_instance().uploaded_file_mgr.get_stats()
    return sum(stat.byte_length for family in stats.values() for stat in family)


class Room:
    """Room for uploads: what is on its way and what is held never exceeds it, so memory is bounded."""

    def __init__(self, held: Callable[[], int] = uploads_held) -> None:
        self._held = held
        self._coming = 0

    @asynccontextmanager
    async def place(
        self, n_bytes: int, *, room: int, patience_s: float = PATIENCE_S, look_every_s: float = 0.25
    ) -> AsyncIterator[None]:
        """Wait until there is room for an upload; until then nothing of it is read.

        Raises
        ------
        LimitError
            If there is none for too long.
        """
        left_s = patience_s
        while self._coming + self._held() + n_bytes > room and (self._coming or self._held()):
            if left_s <= 0:
                raise LimitError("turns_no_room", mb=round(room / 1e6))
            await asyncio.sleep(look_every_s)
            left_s -= look_every_s
        self._coming += n_bytes
        try:
            yield
        finally:
            self._coming -= n_bytes
