"""Points at which a test lets a reader die, hang or eat all memory (崩溃点).

The variable `GETU_FAIL_AT` of the program names a step and what happens there, as `worker.begun:loop`;
it travels with each job. Without it nothing here does anything; no setting or page can set it.
"""

from __future__ import annotations

import os
import signal
import sys

VARIABLE = "GETU_FAIL_AT"

STEPS = ("worker.begun", "worker.read", "worker.written")
"""Every step of a reader: it has its limits, has read the file, has written what it read."""
DEEDS = ("die", "abort", "loop", "eat", "raise", "chatter")

_BITE = 16 << 20


def named() -> str:
    """Return what the variable of this process says."""
    return os.environ.get(VARIABLE, "")


def reach(step: str, fail_at: str) -> None:
    """Pass a named step; do here what `fail_at` asks for, if it names the step."""
    name, _, deed = fail_at.partition(":")
    if name != step:
        return
    if deed == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if deed == "abort":
        os.abort()
    if deed == "chatter":
        os.write(1, b'{"ended": {"why": "", "signal": 0, "code": 0, "peak_mb": 1}}\n')
    if deed == "raise":
        raise RuntimeError("asked for")
    eaten = []
    while deed in ("loop", "eat"):
        if deed == "eat":
            eaten.append(bytes(_BITE))
        sys.getsizeof(eaten)
