"""No test reaches beyond this machine: an ear on every connection Python makes (fault J01).

`tests/conftest.py` installs it in the process of the tests; this folder stands on the PYTHONPATH of every
process they start, and Python runs a module of this name by itself, so that servers, commands and killed
children are heard as well. It hears all threads, below every library of Python. What goes outside is
refused at once, and written to the file of the run, so that the run fails even where the refusal was
swallowed. The browser has a guard of its own (`tests/e2e/conftest.py`), and a process of Python that is
started without this ear is refused.

Code below Python (GDAL, the embedded database) is not heard; `tests/test_no_fetching.py` puts a listener
before it.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from pathlib import Path

VARIABLE = "TESTS_OUTSIDE_CALLS"
"""Names the file in which outside calls of this run stand; without it nothing is guarded."""
FOLDER = str(Path(__file__).resolve().parent)
READER = ["-P", "-m", "geo.worker"]
"""The process that reads files is given few variables, and has an ear of its own that refuses every connection
(`tests/worker/test_guards.py`)."""
_ASKING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_NAMING = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}


class OutsideCallError(RuntimeError):
    """Something in a test asked for another machine."""


def install() -> None:
    """Listen from now on, once in a process."""
    if not getattr(sys, "hears_outside_calls", False):
        sys.hears_outside_calls = True
        sys.addaudithook(_hear)


def environ_of_children(environ: dict[str, str]) -> dict[str, str]:
    """Return variables with which a process of Python is guarded as this one is."""
    kept = [part for part in environ.get("PYTHONPATH", "").split(os.pathsep) if part and part != FOLDER]
    return {**environ, "PYTHONPATH": os.pathsep.join([FOLDER, *kept])}


def _hear(event: str, args: tuple[object, ...]) -> None:
    if VARIABLE not in os.environ:
        return
    if event in _ASKING:
        host = args[-1][0] if isinstance(args[-1], tuple) else ""  # a path is a socket of this machine
    elif event in _NAMING:
        host = args[0][0] if isinstance(args[0], tuple) else args[0]
    elif event == "subprocess.Popen":
        _require_guarded(args[1], args[3])
        return
    else:
        return
    if not _is_here(host):
        _refuse(f"{event} {host}")


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name in ("", "localhost", "0.0.0.0", "::", "<broadcast>") or name == socket.gethostname():
        return name != "<broadcast>"
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _require_guarded(words: object, environ: object) -> None:
    first = str(words[0]) if isinstance(words, list | tuple) and words else str(words)
    if "python" not in Path(first).name or not isinstance(environ, dict):
        return  # without variables of its own, a child has those of this process
    if isinstance(words, list | tuple) and list(words[1:4]) == READER:
        return
    if FOLDER not in str(environ.get("PYTHONPATH", "")).split(os.pathsep) or VARIABLE not in environ:
        _refuse(f"a process without this ear: {words}")


def _refuse(what: str) -> None:
    with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as file:
        file.write(f"{os.environ.get('PYTEST_CURRENT_TEST', 'outside a test')}: {what}\n")
    raise OutsideCallError(what)


if VARIABLE in os.environ:
    install()
