"""`geo serve` is one process: whoever ends it has ended the app, and nothing holds the store."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import free_port, wait_until_served

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture
def serve(tmp_path):
    """Return a function that runs `geo serve` on a new store until it answers."""
    running = []

    def run():
        port = free_port()
        environ = {**os.environ, "GETU_STORE_URL": f"duckdb:{tmp_path / 'x.duckdb'}", "GETU_LANGUAGE": "zh"}
        process = subprocess.Popen(
            [sys.executable, "-m", "geo", "serve", "--port", str(port)],
            cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        running.append(process)
        assert wait_until_served(f"http://127.0.0.1:{port}/_stcore/health", process)
        return process, port

    yield run
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_a_server_that_is_told_to_end_leaves_nothing_behind_that_serves_on(serve):
    process, port = serve()

    process.terminate()
    process.wait(timeout=30)

    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", port)) != 0


def test_ctrl_c_ends_the_server_with_a_word_and_without_an_error(serve):
    process, _ = serve()

    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert said.rstrip().endswith("已停止。")
    assert "Traceback" not in said
