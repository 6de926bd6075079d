"""Every guard of `make stress` is still where it was, its test too, and taking one away is noticed (fault C11)."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.guards import GUARDS
from scripts.remove_guards import copy_project, try_without

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_fault_C11_a_guard_stands_where_it_is_taken_away(guard):
    text = (ROOT / guard.file).read_text(encoding="utf-8")
    assert [text.count(there) for there, _ in guard.edits] == [1] * len(guard.edits)
    without = guard.take_away(text)
    assert without != text
    if guard.file.endswith(".py"):
        ast.parse(without)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_fault_C11_its_test_is_there(guard):
    file, _, part = guard.test.partition("::")
    found = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    names = [node.name for node in ast.walk(found) if isinstance(node, ast.FunctionDef)]
    assert [name for name in names if name.startswith("test_") and part in name]


def test_fault_C11_a_test_fails_without_its_guard_and_one_of_another_guard_does_not(tmp_path):
    copy_project(tmp_path)
    masking = next(guard for guard in GUARDS if guard.name.startswith("E10"))
    assert try_without(tmp_path, masking)[0]
    assert not try_without(tmp_path, replace(masking, edits=()))[0], "with the guard in place it passes"
