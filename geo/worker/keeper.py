"""Keep a process ready from which readers are forked: it has loaded what they need, and opens no file.

Python, pandas, shapely and GDAL take most of a second to load, a fork a few hundredths. The keeper has
one thread and reads one file at a time: it takes a job from its standard input, forks, watches the
reader, and says on its standard output how that ended. It kills a reader whose time is over or that is
not wanted any more, and buries each one, so that none stays behind as a zombie. When its input ends the
program is gone: the keeper kills the reader, clears away its folder and goes too.

Where there is no fork (Windows) the keeper reads the one file itself and ends; the program then watches
the time.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from geo.worker.guards import cut_off, die_with, limit_resources, own_memory
from geo.worker.jobs import note_fault, run_job

IDLE_S = 900
"""A keeper that has had nothing to do for so long gives its memory back."""
_PIECE = 1 << 16

Reason = Literal["", "timeout", "stopped"]


@dataclass(frozen=True)
class Ended:
    """How a reader ended."""

    why: Reason = ""
    """Why it was killed; empty where it ended by itself or by other hands."""
    signal: int = 0
    """Signal that ended it, if one did."""
    code: int = 0
    """Its exit code."""
    peak_mb: int = 0
    """Most memory it occupied beyond what it shares with its keeper, MB; 0 where that is not known."""


class _Requests:
    """Lines of the program that started this one; the end of them is the end of it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_over = False
        self._rest = b""

    def next(self, *, wait_s: float) -> dict[str, Any] | None:
        """Return the next request; None when there is none for so long, or no more at all."""
        while b"\n" not in self._rest:
            if self.is_over or not select.select([self.number], [], [], wait_s)[0]:
                return None
            piece = os.read(self.number, _PIECE)
            self.is_over = not piece
            self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        found: dict[str, Any] = json.loads(line)
        return found


def main() -> None:
    """Serve until the program is gone or nothing comes for long."""
    requests, answers = _take_pipes()
    can_fork = hasattr(os, "fork") and sys.argv[1:] != ["--once"]
    _answer(answers, {"ready": True})
    if not can_fork:
        _serve_once(requests, answers)
        return
    gc.collect()
    gc.freeze()  # what is loaded is shared with the readers, and stays so
    source = _Requests(requests)
    while request := source.next(wait_s=IDLE_S):
        if "job" in request:  # one to stop comes too late when none runs
            _answer(answers, {"ended": asdict(_run_apart(request["job"], source, answers))})


def _take_pipes() -> tuple[int, int]:
    """Return numbers of what was standard input and output; libraries that print reach nobody then."""
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
    return requests, answers


def _answer(number: int, words: Mapping[str, object]) -> None:
    try:
        os.write(number, json.dumps(words).encode("ascii") + b"\n")
    except OSError:  # nobody listens any more
        os._exit(0)


# --- with fork ---


def _run_apart(job: dict[str, Any], requests: _Requests, answers: int) -> Ended:
    """Fork a reader and watch it until it has ended."""
    ends, lives = os.pipe()  # the reader holds `lives` open for as long as it lives
    keeper = os.getpid()
    reader = os.fork()
    if not reader:
        os.close(answers)
        os.close(requests.number)
        os.close(ends)
        _read_and_exit(job, keeper)
    os.close(lives)
    _answer(answers, {"begun": reader})
    try:
        why = _watch(ends, requests, deadline=time.monotonic() + job["timeout_s"])
    finally:
        os.close(ends)
    if why != "":
        os.kill(reader, signal.SIGKILL)
    _, status, usage = os.wait4(reader, 0)
    if requests.is_over:
        shutil.rmtree(job["folder"], ignore_errors=True)
        os._exit(0)
    code = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) - own_memory()
    return Ended(why, max(-code, 0), max(code, 0), max(peak, 0) // 1_000_000)


def _watch(ends: int, requests: _Requests, *, deadline: float) -> Reason:
    """Wait until the reader ends, its time is over, or it is not wanted any more."""
    while True:
        ready, _, _ = select.select([ends, requests.number], [], [], max(deadline - time.monotonic(), 0))
        if ends in ready:
            return ""
        if not ready:
            return "timeout"
        if (request := requests.next(wait_s=0)) is not None and "stop" in request:
            return "stopped"
        if requests.is_over:
            return "stopped"


def _read_and_exit(job: dict[str, Any], keeper: int) -> None:
    """Be the reader: put the limits on, read, exit without going back into the keeper's code."""
    code, most = 1, 0
    try:
        die_with(keeper)
        most = limit_resources(memory_mb=job["memory_mb"], timeout_s=job["timeout_s"], file_mb=job["file_mb"])
        cut_off()
        run_job(job, most=most)
        code = 0
    finally:
        note_fault(job, sys.exc_info()[1], most=most)
        os._exit(code)


# --- without ---


def _serve_once(requests: int, answers: int) -> None:
    """Read one file in this process; a thread ends it when the program goes or wants it no more."""
    rest = b""
    while b"\n" not in rest:
        if not (piece := os.read(requests, _PIECE)):
            return
        rest += piece
    job = json.loads(rest.split(b"\n", 1)[0])["job"]
    has_read = threading.Event()
    threading.Thread(target=_leave_with, args=(requests, job["folder"], has_read), daemon=True).start()
    _answer(answers, {"begun": os.getpid()})
    code = 1
    try:
        cut_off()
        run_job(job, most=0)
        code = 0
    finally:
        note_fault(job, sys.exc_info()[1], most=0)
        has_read.set()  # from now on the folder is the program's to clear away
        _answer(answers, {"ended": asdict(Ended(code=code))})
        os._exit(0)


def _leave_with(requests: int, folder: str, has_read: threading.Event) -> None:
    is_gone = not os.read(requests, _PIECE)  # whatever comes now says stop
    if is_gone and not has_read.is_set():
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)
