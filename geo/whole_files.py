"""Files that are whole or not there (完整写入).

A file is written under an unfinished name beside its place, flushed to the disk, and given its own name
when it is whole: a kill, a full disk or a power cut never leaves a half file under the name of a whole
one. The unfinished name carries the machine and the process that writes it, so that what a killed
program left behind is told from what another one is still writing.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from geo.errors import FileError

STALE_S = 24 * 3600
"""An unfinished file of another machine is taken for left behind after a day."""

_NAME = re.compile(r"\.(?P<machine>[A-Za-z0-9-]+)-(?P<process>\d+)-\w+\.unfinished(?:\.wal|\.tmp)?$")
_numbers = count(1)
_CHUNK = 1 << 20


def _machine() -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", socket.gethostname())[:40] or "here"


def unfinished_name(file: Path) -> Path:
    """Return the name under which a file is written until it is whole."""
    return file.with_name(f"{file.name}.{_machine()}-{os.getpid()}-{next(_numbers)}.unfinished")


def unfinished_folder(name: str) -> TemporaryDirectory[str]:
    """Make a folder for files on their way, which nobody else may read; it is gone when it is let go.

    What a killed program leaves of it is found by `sweep` in the folder for temporary files.
    """
    return TemporaryDirectory(prefix=f"{name}.{_machine()}-{os.getpid()}-", suffix=".unfinished")


def write_whole(file: Path, content: bytes) -> None:
    """Write a file whole or not at all; one that is there is replaced.

    Raises
    ------
    FileError
        If the folder is not there or may not be written, the disk is full or fails, or the name belongs
        to something else than a file.
    """
    unfinished = unfinished_name(file)
    try:
        if file.exists() and not file.is_file():
            raise FileError("file_not_written", file=file.name)
        with unfinished.open("xb") as part:
            left = memoryview(content)
            while left:  # a write may be short: the rest is tried again, and fails where it must
                left = left[os.write(part.fileno(), left[:_CHUNK]) :]
        settle(unfinished, file)
    except OSError as error:
        raise FileError("file_not_written", file=file.name) from error
    finally:
        discard(unfinished)


def discard(unfinished: Path) -> None:
    """Take an unfinished file away, and what a database keeps beside it, where they are."""
    with suppress(OSError):  # there may be no such folder
        unfinished.unlink(missing_ok=True)
        unfinished.with_name(f"{unfinished.name}.wal").unlink(missing_ok=True)
        shutil.rmtree(unfinished.with_name(f"{unfinished.name}.tmp"), ignore_errors=True)


def settle(unfinished: Path, file: Path) -> None:
    """Give a file that is whole its name, so that it is there after a power cut or not at all."""
    with unfinished.open("rb+") as written:
        os.fsync(written.fileno())
    unfinished.replace(file)
    if os.name == "posix":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name itself
        finally:
            os.close(folder)


def sweep(folder: Path, *, now_s: float | None = None) -> int:
    """Take away the unfinished files that killed programs left in a folder; return how many.

    Nothing else is touched: not a file of another name, not one that a living process of this machine
    writes, and one of another machine only after a day.
    """
    now_s = time.time() if now_s is None else now_s
    n = 0
    try:
        found = sorted(folder.glob("*.unfinished*"))
    except OSError:
        return 0
    for path in found:
        name = _NAME.search(path.name)
        if name is None or not _is_left(path, name["machine"], int(name["process"]), now_s):
            continue
        with suppress(OSError):  # it may not be ours to take away
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            n += 1
    return n


def _is_left(path: Path, machine: str, process: int, now_s: float) -> bool:
    if machine == _machine() and os.name == "posix":
        return not _is_alive(process)
    try:
        return now_s - path.stat().st_mtime > STALE_S
    except OSError:
        return False


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
