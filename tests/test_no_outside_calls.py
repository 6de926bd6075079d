"""No test, no thread and no process of a test reaches another machine (fault J01)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

import pytest

from tests.guarded.sitecustomize import FOLDER, VARIABLE, environ_of_children

AWAY = "203.0.113.7"
"""An address of documents (RFC 5737): nobody is there, and nobody is asked."""
ASKING = """import socket
caller = socket.socket()
caller.settimeout(1)
try:
    caller.connect(("203.0.113.7", 9))
except BaseException:
    pass
"""


@pytest.fixture
def heard(tmp_path, monkeypatch):
    """Return the file in which the calls of one test stand, instead of that of the run."""
    file = tmp_path / "heard.txt"
    file.touch()
    monkeypatch.setenv(VARIABLE, str(file))
    return file


def connect():
    with socket.socket() as caller:
        caller.settimeout(1)
        caller.connect((AWAY, 9))


def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.sendto(b"x", (AWAY, 9))


def ask_for_a_name():
    socket.getaddrinfo("grid.invalid", 443)


def ask_for_a_name_in_the_old_way():
    socket.gethostbyname("grid.invalid")


@pytest.mark.parametrize("call", [connect, send, ask_for_a_name, ask_for_a_name_in_the_old_way])
def test_fault_J01_a_call_to_another_machine_is_refused_and_written_down(heard, call):
    with pytest.raises(RuntimeError, match=r"203\.0\.113\.7|grid\.invalid"):
        call()
    assert "test_no_outside_calls" in heard.read_text()


def test_fault_J01_a_thread_is_heard_though_it_swallows_the_refusal(heard):
    refused = []

    def work():
        try:
            connect()
        except RuntimeError as error:
            refused.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert refused and AWAY in heard.read_text()


def test_fault_J01_a_process_is_heard_though_it_swallows_the_refusal(heard):
    subprocess.run([sys.executable, "-c", ASKING], check=True)
    assert AWAY in heard.read_text()


def test_fault_J01_so_is_a_process_of_a_process_with_variables_of_its_own(heard):
    own = environ_of_children({**os.environ, "PYTHONPATH": "elsewhere"})
    assert own["PYTHONPATH"].split(os.pathsep) == [FOLDER, "elsewhere"]
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {ASKING!r}], check=True)"
    subprocess.run([sys.executable, "-c", inner], check=True, env=own)
    assert AWAY in heard.read_text()


@pytest.mark.parametrize("lacks", ["PYTHONPATH", VARIABLE])
def test_fault_J01_a_process_of_python_that_nobody_hears_is_not_started(heard, lacks):
    own = {name: value for name, value in os.environ.items() if name != lacks}
    with pytest.raises(RuntimeError, match="without this ear"):
        subprocess.run([sys.executable, "-c", "pass"], check=True, env=own)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_this_machine_is_not_another(heard, host):
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(kind) as caller:
        caller.settimeout(1)
        caller.connect_ex((host, 1))
    assert heard.read_text() == ""
