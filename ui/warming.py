"""What is read and compiled when the app starts, beside it, so that its first reader waits less (预热)."""

from __future__ import annotations

import logging
import threading

from geo.errors import GeoError
from geo.tasks.opening import warm_up
from ui import map_view, routes, session

COMPILE_AFTER_S = 5.0
"""No page needs it to open, so it leaves the processor to the first reader."""

log = logging.getLogger(__name__)


def prepare() -> None:
    """Open the store, read what all pages share, draw what the map opens with; compile placing later.

    A store that cannot be opened or is empty is left to the pages, which say so to their reader.
    """
    try:
        summary = session.summary()
        if summary.levels and summary.n_cases:
            session.shared_background()
            routes.prepare(map_view.first_level(summary.levels, summary.n_areas))
    except GeoError as error:
        log.info("nothing was prepared: %s", error.code)
    timer = threading.Timer(COMPILE_AFTER_S, warm_up)
    timer.daemon = True
    timer.start()
