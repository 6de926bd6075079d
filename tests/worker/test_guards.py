"""A reader reaches nothing: not by Python, not by libraries written in C, not by starting something else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from geo.settings import Settings
from geo.tasks.reading import read_layer_files
from geo.worker import reading
from geo.worker.guards import QUIET
from geo.worker.keepers import _environment
from tests.guarded.sitecustomize import VARIABLE, environ_of_children
from tests.worker.files import eventually, squares

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's fences are Linux's")


@pytest.fixture
def listener():
    """Return the port of a server on this machine, and the list of those who called."""
    callers = []
    server = socket.create_server(("127.0.0.1", 0))

    def answer():
        while True:
            try:
                caller, address = server.accept()
            except OSError:
                return
            callers.append(address)
            caller.close()

    threading.Thread(target=answer, daemon=True).start()
    yield server.getsockname()[1], callers
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def run(code: str, *, environ: dict[str, str] | None = None) -> dict[str, object]:
    """Run code in a process and return what it prints as JSON."""
    given = {**(_environment() if environ is None else environ), "PYTHONPATH": str(ROOT)}
    given = environ_of_children(given | {VARIABLE: os.environ[VARIABLE]})
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=given, cwd=ROOT, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


TRIES = """
import ctypes, errno, json, os, pickle, socket, subprocess, urllib.request
libc = ctypes.CDLL(None, use_errno=True)
from geo.worker import guards
is_filtered = {cut}
said = {{"is_filtered": is_filtered}}
def attempt(name, do):
    try:
        do()
        said[name] = "done"
    except Exception as error:
        said[name] = type(error).__name__
def c_connect():
    number = libc.socket(2, 1, 0)
    if number < 0:
        raise OSError(ctypes.get_errno(), "")
def c_start():
    if libc.execve(b"/no/such", None, None) and ctypes.get_errno() != errno.ENOENT:
        raise OSError(ctypes.get_errno(), "")
attempt("connect", lambda: socket.create_connection(("127.0.0.1", {port})))
attempt("fetch", lambda: urllib.request.urlopen("http://127.0.0.1:{port}/", timeout=5))
attempt("look up", lambda: socket.getaddrinfo("localhost", 80))
attempt("start", lambda: subprocess.run(["true"]))
attempt("shell", lambda: os.system("true"))
attempt("unpickle", lambda: pickle.loads(pickle.dumps(guards.limit_files)))
attempt("C socket", c_connect)
attempt("C start", c_start)
print(json.dumps(said))
"""


@LINUX
def test_fault_A12_neither_python_nor_c_reaches_the_network_or_starts_anything(listener):
    port, callers = listener
    said = run(TRIES.format(cut="guards.cut_off()", port=port))
    assert said == {
        "is_filtered": True, "connect": "PermissionError", "fetch": "PermissionError", "look up": "PermissionError",
        "start": "PermissionError", "shell": "PermissionError", "unpickle": "PermissionError",
        "C socket": "PermissionError", "C start": "PermissionError",
    }  # fmt: skip
    assert not callers


@LINUX
def test_without_the_fences_all_of_it_would_be_possible(listener):
    port, callers = listener
    said = run(TRIES.format(cut="None", port=port))
    assert (
        said["connect"] == said["look up"] == said["start"] == said["C socket"] == said["unpickle"] == "done"
    )
    assert eventually(lambda: callers)


ASK_GDAL = """
import json, warnings
warnings.simplefilter("ignore")
import pyogrio
said = {{}}
for name in ("/vsicurl/http://127.0.0.1:{port}/x.geojson", "http://127.0.0.1:{port}/x.geojson",
             "/vsicurl_streaming/http://127.0.0.1:{port}/x.gpkg", "WFS:http://127.0.0.1:{port}/"):
    try:
        pyogrio.read_info(name)
        said[name] = "read"
    except Exception as error:
        said[name] = type(error).__name__
print(json.dumps({{"said": said, "drivers": sorted(pyogrio.list_drivers())}}))
"""


def test_fault_A12_gdal_fetches_nothing_by_its_settings_alone(listener):
    port, callers = listener
    said = run(ASK_GDAL.format(port=port))
    assert "read" not in said["said"].values()
    assert not callers
    assert not set(QUIET["OGR_SKIP"].split(",")) & set(said["drivers"])
    assert {"GPKG", "ESRI Shapefile"} <= set(said["drivers"])


def test_gdal_would_fetch_without_its_settings(listener):
    port, callers = listener
    plain = {name: value for name, value in _environment().items() if name not in QUIET}
    run(ASK_GDAL.format(port=port), environ=plain)
    assert callers


LIMITS = """
import json, os, resource, tempfile
from geo.worker import guards
most = guards.limit_resources(memory_mb=100, timeout_s=7, file_mb=1)
said = {"short before": guards.is_short_of_memory(most)}
try:
    bytes(200_000_000)
except MemoryError:
    said["memory"] = "refused"
with tempfile.NamedTemporaryFile() as file:
    try:
        file.write(bytes(2_000_000)); file.flush()
    except OSError as error:
        said["file"] = os.strerror(error.errno)
held = bytes(99_000_000)
said["short after"] = guards.is_short_of_memory(most)
guards.make_room_for_last_words()
words = bytes(40_000_000)
said["cpu"] = resource.getrlimit(resource.RLIMIT_CPU)[0]
said["core"] = resource.getrlimit(resource.RLIMIT_CORE)[0]
print(json.dumps(said))
"""


@LINUX
def test_memory_files_and_processor_time_are_limited():
    said = run(LIMITS)
    assert said == {
        "short before": False, "memory": "refused", "file": os.strerror(27), "short after": True, "cpu": 12,
        "core": 0,
    }  # fmt: skip


@LINUX
def test_the_process_that_opens_files_of_strangers_holds_no_secret(monkeypatch):
    monkeypatch.setenv("GETU_STORE_URL", "postgresql://app:Kanarienvogel@127.0.0.1/getu")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "Kanarienvogel")
    reading.KEEPERS.end()
    read_layer_files([squares(1)], settings=Settings(), file_names=["a.geojson"])
    (keeper,) = reading.KEEPERS._idle
    environ = Path(f"/proc/{keeper.process.pid}/environ").read_bytes()
    assert b"PROJ_NETWORK=OFF" in environ
    assert b"Kanarienvogel" not in environ and b"GETU_" not in environ


@LINUX
def test_a_keeper_has_one_thread_since_no_other_would_live_on_in_a_reader():
    read_layer_files([squares(1)], settings=Settings(), file_names=["a.geojson"])
    tasks = Path(f"/proc/{reading.KEEPERS._idle[-1].process.pid}/task")
    assert len(list(tasks.iterdir())) == 1
