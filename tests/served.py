"""What tests of a running app share: a free port, and waiting until it answers."""

from __future__ import annotations

import socket
import subprocess
import urllib.request
from urllib.error import URLError

START_S = 60


def free_port() -> int:
    """Return a port of the loopback address that nobody uses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until_listening(port: int, process: subprocess.Popen) -> bool:
    """Wait until a port is listened on; False where the process ended before, or took too long."""
    for _ in range(START_S * 5):
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return True
        try:
            process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue
        return False
    return False


def wait_until_served(address: str, process: subprocess.Popen) -> bool:
    """Wait until an address answers; False where the process ended before, or took too long."""
    for _ in range(START_S * 5):
        if process.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(address, timeout=2):
                return True
        except (URLError, OSError):
            try:  # a condition with a limit: either the process ends, or we ask again
                process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
    return False
