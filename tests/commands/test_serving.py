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
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NewSession_pb2 import Config
from websockets.sync.client import connect

from tests.guarded.sitecustomize import environ_of_children
from tests.served import free_port, wait_until_served

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture
def serve(tmp_path):
    """Return a function that runs `geo serve` on a new store until it answers."""
    running = []

    def run(cwd=ROOT):
        port = free_port()
        environ = {**os.environ, "GETU_STORE_URL": f"duckdb:{tmp_path / 'x.duckdb'}", "GETU_LANGUAGE": "zh"}
        environ |= {"GETU_ACCESS_FILE": str(tmp_path / "access.json")}
        environ = environ_of_children({**environ, "PYTHONPATH": str(ROOT)})
        process = subprocess.Popen(
            [sys.executable, "-m", "geo", "serve", "--port", str(port)],
            cwd=cwd, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
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


def said_by_page(port):
    """Let the first page run; return how the app is configured, and every text of what it drew."""
    address = f"127.0.0.1:{port}"
    start = BackMsg()
    start.rerun_script.query_string = "lang=en"
    config, texts = None, []
    stream = f"ws://{address}/_stcore/stream"
    with connect(stream, origin=f"http://{address}", subprotocols=["streamlit"], max_size=None) as page:
        page.send(start.SerializeToString())
        while True:
            message = ForwardMsg.FromString(page.recv(timeout=60))
            kind = message.WhichOneof("type")
            if kind == "new_session":
                config = message.new_session.config
            elif kind == "script_finished":
                return config, "".join(texts)
            else:
                texts.append(str(message))


def test_fault_J06_served_from_anywhere_nothing_of_a_workshop_is_on_and_nothing_is_sample(serve, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    _, port = serve(cwd=elsewhere)
    config, said = said_by_page(port)
    assert config.toolbar_mode == Config.ToolbarMode.MINIMAL
    assert not config.gather_usage_stats
    assert "make a demo district" in said.lower() or "demo district" in said.lower()
    assert "Traceback" not in said
    assert not (tmp_path / "access.json").exists(), "no account comes with the program"
    assert list(elsewhere.iterdir()) in ([], [elsewhere / "data"])


def test_fault_J06_a_store_that_cannot_be_read_shows_a_sentence_and_no_stack(serve, tmp_path):
    (tmp_path / "x.duckdb").write_bytes(b"no store" * 5000)
    _, port = serve()
    _, said = said_by_page(port)
    for inside in ("Traceback", str(tmp_path), "duckdb.", 'File \\"'):
        assert inside not in said
    assert "x.duckdb" in said
