"""A real server and a real browser in which every other host is blocked.

A page opened through `open_page` is judged when the test ends: no request left the machine, none
failed, none was answered with 400 or more, and the console holds no error.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, Route, sync_playwright

from tests.guarded.sitecustomize import environ_of_children
from tests.served import free_port, wait_until_served

ROOT = Path(__file__).resolve().parents[2]
APPS = Path(__file__).with_name("apps")
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)  # fmt: skip
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
PATIENCE_MS = 30_000


@dataclass
class Record:
    """What a page did that a quiet page does not do."""

    blocked: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Patterns of addresses that a test wants to fail; their console lines are expected too."""

    def expect_failure(self, pattern: str) -> None:
        self.expected.append(pattern)

    def problems(self) -> list[str]:
        """Return one line per problem that was not expected."""
        lines = [
            *(f"blocked {line}" for line in self.blocked),
            *(f"failed {line}" for line in self.failed),
            *(f"refused {line}" for line in self.refused),
            *(f"console {line}" for line in self.console),
        ]
        return [line for line in lines if not any(re.search(pattern, line) for pattern in self.expected)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's chromium without a screen; skipped when absent, failed when absent with CI=true.

    It ends with the module: while it lives, its event loop runs in this thread, and tests of other
    modules that run a loop of their own would fail.
    """
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed, and CI=true asks for the browser tests")
        pytest.skip("chromium is not installed (apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def start_server(tmp_path_factory) -> Iterator[Callable[..., str]]:
    """Return a function that serves an app on a free port and returns its address.

    Its attribute `logs` holds, by address, the file of what the server wrote.
    """
    running: list[subprocess.Popen[bytes]] = []

    def start(script: Path, **environ: str) -> str:
        port = free_port()
        log = (tmp_path_factory.mktemp("server") / "log.txt").open("wb")
        command = [
            sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port),
            "--server.address", "127.0.0.1", "--server.headless", "true", "--server.fileWatcherType", "none",
            "--browser.gatherUsageStats", "false",
        ]  # fmt: skip
        nowhere = str(Path(log.name).with_name("access.json"))  # no passwords but those of the test
        own = environ_of_children(
            {**os.environ, "PYTHONPATH": str(ROOT), "GETU_ACCESS_FILE": nowhere, **environ}
        )
        process = subprocess.Popen(command, cwd=ROOT, env=own, stdout=log, stderr=log)
        log.close()
        running.append(process)
        address = f"http://127.0.0.1:{port}"
        start.logs[address] = Path(log.name)
        if not wait_until_served(f"{address}/_stcore/health", process):
            said = Path(log.name).read_text(errors="replace")[-2000:]
            pytest.fail(f"the server did not start:\n{said}")
        return address

    start.logs = {}

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(timeout=20)


@pytest.fixture
def open_page(chromium) -> Iterator[Callable[..., Page]]:
    """Return a function that opens an address; its pages are judged when the test ends.

    The page has one more attribute, `record`, where a test names what it wants to fail.
    """
    records: list[Record] = []
    contexts = []

    def open_at(address: str, *, width: int = 1440, height: int = 900, dark: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.record = Record()
        records.append(page.record)
        _watch(page, page.record)
        page.goto(address)
        return page

    yield open_at
    for context in contexts:
        context.close()
    problems = [line for record in records for line in record.problems()]
    assert not problems, "\n".join(problems)


def _watch(page: Page, record: Record) -> None:
    def guard(route: Route) -> None:
        host = urlsplit(route.request.url).hostname
        if host is None or host in LOOPBACK:
            route.continue_()
        else:
            record.blocked.append(route.request.url)
            route.abort()

    def note_response(response: Response) -> None:
        if response.status >= 400:
            record.refused.append(f"{response.status} {response.url}")

    def note_failure(request: Request) -> None:
        # A request the page itself gave up, because a newer one overtook it, is not a failure.
        if request.failure != "net::ERR_ABORTED":
            record.failed.append(f"{request.failure} {request.url}")

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            record.console.append(f"{message.text} {message.location.get('url', '')}")

    page.route("**/*", guard)
    page.on("response", note_response)
    page.on("requestfailed", note_failure)
    page.on("console", note_console)
    page.on("pageerror", lambda error: record.console.append(str(error)))
