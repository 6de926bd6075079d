"""Points at which a test lets the program die, as a power cut would (崩溃点).

Storing, undoing, copying and migrating pass named steps. When the variable `GETU_FAIL_AT` names the step that is
reached, the process kills itself with SIGKILL: nothing is flushed, closed or rolled back. A number
behind a colon means the n-th time, as `migrate.statement:3`. The tests
start such a process, then open what it left behind: the store must stand as before or as after,
never between. Without the variable nothing here does anything; no setting or page can set it.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

VARIABLE = "GETU_FAIL_AT"

STEPS = (
    "batch.begun", "batch.staged", "batch.compared", "batch.former_kept", "batch.rows_written",
    "batch.areas_written", "batch.events_written", "batch.facts_written", "batch.recorded", "batch.committed",
    "undo.begun", "undo.rows_removed", "undo.rows_restored", "undo.facts_written", "undo.recorded",
    "undo.committed",
    "place.begun", "place.areas_written", "place.facts_written", "place.committed",
    "publish.begun", "publish.set_written", "publish.areas_written", "publish.committed",
    "copy.begun", "copy.tables_written", "copy.committed",
    "migrate.begun", "migrate.backed_up", "migrate.statement", "migrate.applied", "migrate.committed",
)  # fmt: skip
"""Every step there is, in the order in which storing, undoing, placing and migrating pass them."""

_passed: Counter[str] = Counter()


def reach(step: str) -> None:
    """Pass a named step; die here when `GETU_FAIL_AT` names it."""
    named, _, number = os.environ.get(VARIABLE, "").partition(":")
    if named != step:
        return
    _passed[step] += 1
    if _passed[step] == int(number or 1):
        os.kill(os.getpid(), signal.SIGKILL)
