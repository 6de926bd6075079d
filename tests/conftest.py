"""What all tests share: real files, databases, how properties are drawn, and what a skip means in CI."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from tests.databases import (
    KINDS,
    VARIABLE,
    DuckdbPlaces,
    NewStore,
    Places,
    PostgisPlaces,
    Server,
    find_server_programs,
)
from tests.guarded import sitecustomize as guard

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI") == "true"
MAY_BE_ABSENT = "realdata"
"""The one marker whose tests may be skipped in CI: the real files are not part of the project."""

collect_ignore_glob = ["e2e/apps/*"]
"""Apps that a server runs; importing one outside of it fails."""
OUTSIDE = pytest.StashKey[Path]()
"""File in which calls to other machines stand, in the first process of a run."""

# No deadline: a busy machine is no reason to fail. CI draws the same examples every time.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if IN_CI else "desk")


def pytest_configure(config: pytest.Config) -> None:
    """Listen for calls to other machines, in this process and in every one it starts (fault J01)."""
    if guard.VARIABLE not in os.environ:  # the first process of the run; its workers inherit the file
        number, name = tempfile.mkstemp(prefix="getu-tests-outside-")
        os.close(number)
        os.environ[guard.VARIABLE] = name
        os.environ.update(guard.environ_of_children({"PYTHONPATH": os.environ.get("PYTHONPATH", "")}))
        config.stash[OUTSIDE] = Path(name)
    guard.install()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which something asked for another machine, even where the refusal was swallowed."""
    heard = session.config.stash.get(OUTSIDE, None)
    if heard is not None and heard.read_text(encoding="utf-8"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Say what was asked for."""
    heard = config.stash.get(OUTSIDE, None)
    if heard is None:
        return
    for line in heard.read_text(encoding="utf-8").splitlines():
        terminalreporter.write_line(f"another machine was asked for in {line}", red=True)
    heard.unlink()
    del os.environ[guard.VARIABLE]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real files, or skip with a reason."""
    folder = Path(os.environ.get("GETU_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real files are not beside the project (set GETU_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session")
def postgis_server() -> Iterator[Server]:
    """Return a private PostgreSQL server with PostGIS, or skip with a reason (a failure when CI=true)."""
    programs = find_server_programs()
    if programs is None:
        pytest.skip("PostgreSQL with PostGIS is not installed (sh scripts/install_system.sh)")
    server = Server(programs)
    yield server
    server.close()


@pytest.fixture(params=KINDS)
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Places]:
    """Return where the stores of one test are, in a database of each kind."""
    made: Places
    if request.param == "duckdb":
        made = DuckdbPlaces(tmp_path)
    else:
        made = PostgisPlaces(request.getfixturevalue("postgis_server"))
    yield made
    made.clear()


@pytest.fixture(scope="session")
def new_store(request: pytest.FixtureRequest) -> Iterator[NewStore]:
    """Return a function that gives the address of an empty store.

    It is in DuckDB, in memory, or in a file when a folder is given; with GETU_TEST_STORE=postgis it is
    on the private server, so that the whole suite can run there.
    """
    if os.environ.get(VARIABLE, "duckdb") == "duckdb":
        yield (
            lambda folder=None, name="store": (
                "duckdb::memory:" if folder is None else f"duckdb:{folder / name}.duckdb"
            )
        )
        return
    numbers = count(1)
    databases = PostgisPlaces(request.getfixturevalue("postgis_server"))
    yield lambda folder=None, name="store": databases.new(f"{folder or next(numbers)}/{name}")
    databases.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file on one worker, so that what they share is made once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """With CI=true a skipped test is a failed one, so that nothing goes missing unseen."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail") and not _may_be_skipped(item):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI=true asks for every test: {report.longrepr}"
    return report


def _may_be_skipped(item: pytest.Item) -> bool:
    return item.get_closest_marker(MAY_BE_ABSENT) is not None or "shared_data" in getattr(
        item, "fixturenames", ()
    )
