"""What is read and compiled when the app starts, beside it, so that its first reader waits less (预热)."""

from __future__ import annotations

import atexit
import gc
import logging
import sys
import threading

from geo.errors import GeoError
from geo.tasks.opening import warm_up
from ui import map_view, routes, session

COMPILE_AFTER_S = 5.0
"""No page needs it to open, so it leaves the processor to the first reader."""

LOOK_AGAIN_S = 60.0
"""What pages have kept meanwhile is left alone from then on."""

TURN_S = 0.0005
"""How long a thread may go on while others wait, a tenth of what Python grants. A question to the store
gives its turn away hundreds of times, and beside a page that is being made it took 50 times as long as
alone; with this, 3 to 8 times."""

log = logging.getLogger(__name__)


class Warming:
    """Reads what all pages share and draws what the map opens with; compiles loops later.

    It also sees to it that pages and figures get their turns beside each other.

    Its thread is waited for when the app ends: one that is cut off inside compiled code takes the whole
    process with it.
    """

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Begin, beside whoever calls."""
        sys.setswitchinterval(TURN_S)
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more, and wait for what was begun."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        prepare()
        leave_alone_what_stays()
        if not self._is_over.wait(COMPILE_AFTER_S):
            warm_up()
        atexit.register(gc.unfreeze)  # what is left at the end is taken down as without us
        while not self._is_over.wait(LOOK_AGAIN_S):
            leave_alone_what_stays()


def leave_alone_what_stays() -> None:
    """Take everything there is out of the search for garbage until the next time.

    Streamlit searches all of it after every page; modules, and what is kept of the data, would cost each
    page a tenth of a second and more. What has become garbage since the last time is found here.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def prepare() -> None:
    """Open the store, read what all pages share, draw what the map opens with.

    A store that cannot be opened or is empty is left to the pages, which say so to their reader.
    """
    try:
        summary = session.summary()
        if summary.levels and summary.n_cases:
            session.shared_background()
            routes.prepare(map_view.first_level(summary.levels, summary.n_areas))
    except GeoError as error:
        log.info("nothing was prepared: %s", error.code)
