"""The page on messy files says of each of them what the reader says now, and why that is right."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "messy-files.md"


def load_script():
    spec = importlib.util.spec_from_file_location(
        "write_messy_files", ROOT / "scripts" / "write_messy_files.py"
    )
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


SCRIPT = load_script()
ROWS = SCRIPT.read_rows(PAGE.read_text(encoding="utf-8"))


@pytest.mark.realdata
@pytest.mark.parametrize("name", list(ROWS))
def test_a_messy_file_is_said_to_be_what_the_page_says(shared_data, name):
    assert SCRIPT.say(shared_data / "messy" / name) == ROWS[name][0]


@pytest.mark.realdata
def test_every_messy_file_stands_on_the_page(shared_data):
    assert SCRIPT.list_files(shared_data / "messy") == list(ROWS)


def test_every_verdict_has_a_reason():
    assert len(ROWS) >= 40
    assert [name for name, (_, why) in ROWS.items() if len(why) < 20] == []
