"""Every sentence of the pages is there in Chinese and in English, and says the same blanks."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from geo.present.words import KINDS, LEVELS, POSITION_SOURCES, STATES, WEEKDAYS
from geo.tasks.reading import FILE_KINDS
from ui.import_fields import FIELDS
from ui.text import _PARTS, TEXT, text_in

ROOT = Path(__file__).resolve().parents[1]
CHINESE = re.compile("[\u4e00-\u9fff]")
IN_ALL_LANGUAGES = {"frame.language"}


def blanks(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def keys_used():
    """Return the keys that stand whole in calls of `t`, with the file."""
    found = {}
    for path in [*(ROOT / "ui").glob("*.py"), *(ROOT / "pages").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                found |= dict.fromkeys(whole_texts(node.args[0]), path.name)
    return found


def whole_texts(node):
    if isinstance(node, ast.JoinedStr):
        return []
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*whole_texts(node.body), *whole_texts(node.orelse)]
    return []


@pytest.mark.parametrize("key", sorted(TEXT))
def test_a_sentence_has_both_languages_with_the_same_blanks(key):
    zh, en = TEXT[key]
    assert zh.strip() and en.strip()
    assert blanks(zh) == blanks(en)
    assert not CHINESE.search(en), f"{key} is not in English: {en}"


def test_no_key_is_used_by_two_parts():
    assert len(TEXT) == sum(len(part) for part in _PARTS)


def test_every_key_a_page_names_is_there():
    used = keys_used()
    assert len(used) > 100
    assert not {key: place for key, place in used.items() if key not in TEXT}


def test_every_key_that_is_made_from_a_value_is_there():
    made = [
        *(f"import.kind.{kind}" for kind in FILE_KINDS),
        *(f"import.about.{kind}" for kind in FILE_KINDS),
        *(f"import.step{number}" for number in (1, 2, 3, 4)),
        *(f"period.{name}" for name in ("month", "last30", "quarter", "year", "own")),
        *(f"download.{kind}" for kind in ("csv", "xlsx", "gpkg", "geojson", "html")),
        *(f"page.{name}" for name in ("map", "dashboard", "cases", "import")),
    ]
    assert not [key for key in made if key not in TEXT]


def test_every_level_is_named():
    assert not [level for level in LEVELS if f"level.{level}" not in TEXT]


@pytest.mark.parametrize("words", [LEVELS, STATES, KINDS, POSITION_SOURCES, WEEKDAYS])
def test_words_for_values_have_both_languages(words):
    for zh, en in words.values():
        assert CHINESE.search(zh) and not CHINESE.search(en)


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_fields_have_names_in_both_languages(kind):
    for zh, en in FIELDS[kind].values():
        assert zh and not CHINESE.search(en)


def test_a_sentence_is_filled_in_its_language():
    assert text_in("zh", "frame.data_as_of", day="2026-10-31") == "数据截至 2026-10-31"
    assert text_in("en", "frame.data_as_of", day="2026-10-31") == "Data to 2026-10-31"
