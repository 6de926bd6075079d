"""What all tests share: where the real files are, and how a missing browser is treated."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real files, or skip with a reason."""
    folder = Path(os.environ.get("GETU_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real files are not beside the project (set GETU_SHARED_DATA)")
    return folder
