"""Start keepers, give them jobs, and see that none outlives the program (读取进程的管理).

A keeper (`geo.worker.keeper`) is started with the first file and stays for the next ones. It is a
program of its own and no fork of this one, which has threads; and not one of `multiprocessing`, which
would import the main module again, and under Streamlit that is a page. It gets a short list of variables,
none of ours, so that no password of a store is in the process that opens files of strangers.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from geo.worker.guards import QUIET
from geo.worker.keeper import Ended

log = logging.getLogger(__name__)

START_S: Final = 60
"""A keeper that is not ready after so long will not be."""
GRACE_S: Final = 10
"""A keeper that says nothing so long after the time of its reader is over is ended with it."""
_LOOK_EVERY_S: Final = 0.1
_BURY_S: Final = 5
_ROOT: Final = Path(__file__).resolve().parents[2]
_PASSED_ON: Final = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PROJ_DATA", "PROJ_LIB", "GDAL_DATA", "VIRTUAL_ENV", "PYTHONHOME",
    "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX",
)  # fmt: skip


class KeeperLostError(Exception):
    """A keeper could not be started, or ended while it had a job."""

    def __init__(self, *, has_begun: bool) -> None:
        self.has_begun = has_begun
        super().__init__("begun" if has_begun else "not begun")


class Keeper:
    """A process that reads one file at a time."""

    def __init__(self, *, can_fork: bool) -> None:
        self.can_fork = can_fork
        self.is_ready = False
        """Whether it has loaded everything."""
        self.has_job = False
        self.reader = 0
        """Number of the process that reads, while one does."""
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own module, no word of a user
                [sys.executable, "-P", "-m", "geo.worker", *(() if can_fork else ("--once",))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=tempfile.gettempdir(),
                env=_environment(),
                start_new_session=True,  # an interrupt typed at a command is answered by the command
            )
        except OSError as error:
            raise KeeperLostError(has_begun=False) from error
        threading.Thread(target=self._listen, name="keeper", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether it can take a job."""
        return self.process.poll() is None

    def require_ready(self, look: Callable[[], None]) -> None:
        """Wait until it has loaded everything.

        Raises
        ------
        KeeperLostError
            If it ends instead, or takes too long.
        """
        if self.is_ready:
            return
        if "ready" not in (self._next(time.monotonic() + START_S, look) or {}):
            self.end()
            raise KeeperLostError(has_begun=False)
        self.is_ready = True

    def run(self, job: dict[str, Any], *, look: Callable[[], None]) -> Ended:
        """Have one file read.

        Parameters
        ----------
        job
            As `geo.worker.reading` makes it.
        look
            Called several times a second; whatever it raises stops the reader and is raised here.

        Raises
        ------
        KeeperLostError
            If the keeper ended before it said how the reader did.
        """
        self.has_job = True
        deadline = time.monotonic() + job["timeout_s"] + (GRACE_S if self.can_fork else 0)
        has_begun = False
        try:
            self._send({"job": job})
            while True:
                answer = self._next(deadline, look)
                if answer is None:
                    is_late = self.is_alive
                    self.end()
                    if is_late:
                        return Ended("timeout")
                    raise KeeperLostError(has_begun=has_begun)
                if "begun" in answer:
                    has_begun, self.reader = True, int(answer["begun"])
                if "ended" in answer:
                    return Ended(**answer["ended"])
        except BaseException:
            self._stop_reader()
            raise
        finally:
            self.has_job, self.reader = False, 0

    def end(self) -> None:
        """End it at once, and bury it; one that has a job ends its reader and clears its folder away first."""
        if not self.has_job:
            self.process.kill()
        if self.process.stdin is not None and not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except OSError:
                log.debug("a keeper had gone before it was told to")
        try:
            self.process.wait(_BURY_S)
        except subprocess.TimeoutExpired:
            if os.name == "posix":
                with suppress(ProcessLookupError):  # it may have ended just now
                    os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
            self.process.wait()

    def _stop_reader(self) -> None:
        """Have the reader killed and buried by its keeper; end a keeper that does not."""
        if not self.is_alive:
            return
        try:
            self._send({"stop": True})
            until = time.monotonic() + _BURY_S
            while (answer := self._next(until, _go_on)) is not None and "ended" not in answer:
                continue
        except KeeperLostError:
            answer = None
        if answer is None:
            self.end()

    def _send(self, words: dict[str, Any]) -> None:
        if self.process.stdin is None:
            raise KeeperLostError(has_begun=False)
        try:
            self.process.stdin.write(json.dumps(words).encode("ascii") + b"\n")
            self.process.stdin.flush()
        except (OSError, ValueError) as error:  # it has ended, or was ended
            raise KeeperLostError(has_begun=False) from error

    def _next(self, deadline: float, look: Callable[[], None]) -> dict[str, Any] | None:
        """Return what it says next; None when it has ended, or says nothing until the deadline."""
        while (left := deadline - time.monotonic()) > 0:
            try:
                return self._answers.get(timeout=min(_LOOK_EVERY_S, left))
            except queue.Empty:
                look()
        return None

    def _listen(self) -> None:
        """Take down what it says until it ends, and bury it then."""
        if self.process.stdout is not None:
            with self.process.stdout as said:
                for line in said:
                    self._answers.put(json.loads(line))
        self.process.wait()
        self._answers.put(None)


def _go_on() -> None:
    """Let the wait go on."""


def _environment() -> dict[str, str]:
    kept = {name: value for name in _PASSED_ON if (value := os.environ.get(name)) is not None}
    path = os.pathsep.join([str(_ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return {**kept, **QUIET, "PYTHONPATH": path}


class Keepers:
    """Those that have nothing to do, ready for the next file."""

    def __init__(self, *, can_fork: bool = hasattr(os, "fork")) -> None:
        self.can_fork = can_fork
        self.busy: list[Keeper] = []
        """Those that read."""
        self._idle: list[Keeper] = []
        self._lock = threading.Lock()

    def run(self, job: dict[str, Any], *, look: Callable[[], None]) -> Ended:
        """Have one file read by a keeper that is idle, or by a new one.

        Raises
        ------
        KeeperLostError
            If none can be started, or the one that read ended.
        """
        while True:
            keeper = self._take()
            was_ready = keeper.is_ready
            try:
                keeper.require_ready(look)
                ended = keeper.run(job, look=look)
            except KeeperLostError as error:
                if not was_ready or error.has_begun:
                    raise
                log.info("a keeper had ended since its last job; another one is started")
                continue
            finally:
                self._give_back(keeper)
            return ended

    def warm(self) -> None:
        """Start a keeper if there is none, without waiting until it is ready."""
        with self._lock:
            if not self._idle and not self.busy:
                self._idle.append(Keeper(can_fork=self.can_fork))

    def end(self) -> None:
        """End all of them, those that read too."""
        with self._lock:
            keepers, self._idle = [*self._idle, *self.busy], []
        for keeper in keepers:
            keeper.end()

    def _take(self) -> Keeper:
        with self._lock:
            while self._idle:
                if (keeper := self._idle.pop()).is_alive:
                    break
            else:
                keeper = Keeper(can_fork=self.can_fork)
            self.busy.append(keeper)
        return keeper

    def _give_back(self, keeper: Keeper) -> None:
        can_go_on = keeper.can_fork and keeper.is_alive
        with self._lock:
            self.busy.remove(keeper)
            if can_go_on:
                self._idle.append(keeper)
        if not can_go_on:
            keeper.end()


KEEPERS: Final = Keepers()
"""Those of this program."""
atexit.register(KEEPERS.end)
