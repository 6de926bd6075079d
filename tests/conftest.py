"""What all tests share: where the real files are, how properties are drawn, and what a skip means in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI") == "true"
MAY_BE_ABSENT = "realdata"
"""The one marker whose tests may be skipped in CI: the real files are not part of the project."""

collect_ignore_glob = ["e2e/apps/*"]
"""Apps that a server runs; importing one outside of it fails."""

# No deadline: a busy machine is no reason to fail. CI draws the same examples every time.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if IN_CI else "desk")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real files, or skip with a reason."""
    folder = Path(os.environ.get("GETU_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real files are not beside the project (set GETU_SHARED_DATA)")
    return folder


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
