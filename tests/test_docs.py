"""Commands, settings and tables are documented, and what is documented exists."""

import argparse
import importlib.util
import re
from dataclasses import fields
from pathlib import Path

import pytest

from geo.cli import make_parser
from geo.schema import TABLES
from geo.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def commands():
    action = next(a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def first_cells(heading):
    section = OPERATIONS.split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE))


def test_every_setting_stands_in_the_operations_page_and_no_other():
    assert first_cells("Settings") == {field.name for field in fields(Settings)}


def test_the_defaults_in_the_operations_page_are_the_real_ones():
    for field in fields(Settings):
        row = next(line for line in OPERATIONS.splitlines() if line.startswith(f"| `{field.name}` |"))
        shown = row.split("|")[2].strip()
        assert shown.startswith("empty") if field.default == "" else shown == f"`{field.default}`", field.name


def test_every_command_stands_in_the_operations_page_and_no_other():
    assert first_cells("Commands") == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_and_option_explains_itself(name):
    command = commands()[name]
    assert command.description or any(a.help for a in command._actions)
    assert not [a.dest for a in command._actions if not a.help and not isinstance(a, argparse._HelpAction)]


def test_the_data_model_page_is_what_the_schema_says():
    spec = importlib.util.spec_from_file_location(
        "write_data_model", ROOT / "scripts" / "write_data_model.py"
    )
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8") == script.write_page()


def test_every_table_stands_in_the_data_model():
    text = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
    for table in TABLES.values():
        assert f"`{table.name}`" in text
        for column in table.columns:
            assert f"`{column.name}`" in text


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_readme_names_the_two_commands_and_links_to_files_that_exist(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert "make run" in text and "make test" in text
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (ROOT / link).exists(), link


def test_both_readmes_have_the_same_sections():
    counts = [
        len(re.findall(r"^#+ ", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE))
        for name in ("README.md", "README.zh.md")
    ]
    assert counts[0] == counts[1]


def test_links_between_documents_lead_somewhere():
    for page in (ROOT / "docs").rglob("*.md"):
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), (page.name, link)
