"""Say what the words of source systems mean: status, verdict, yes and no, kind (来源用语对照).

The words are data (`data/mappings`), since every city has its own. A word that is in no table is
listed with its count and waits for somebody to decide; it is never guessed from its parts, for
已立案 and 不予立案 share most of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from geo.errors import ChoiceError
from geo.intake.values import fold_word
from geo.schema import CASE_KINDS, CASE_STATES, SATISFACTION

MAPPINGS = Path(__file__).resolve().parents[2] / "data" / "mappings"
NO_ANSWER = "none"
"""Key of words that stand for an empty cell."""

Words = Mapping[str, str]


@lru_cache(maxsize=16)
def read_mapping(name: str) -> dict[str, Any]:
    """Read one file of `data/mappings`, once."""
    content: dict[str, Any] = yaml.safe_load((MAPPINGS / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


def turn_words(table: Mapping[str, list[str]], *, name: str) -> dict[str, str]:
    """Turn key → words into word → key.

    Raises
    ------
    ValueError
        If a word stands for two keys: the table itself is wrong.
    """
    turned: dict[str, str] = {}
    for key, words in table.items():
        for word in words:
            folded = fold_word(str(word))
            if turned.setdefault(folded, key) != key:
                raise ValueError(f"{name}: {word!r} means both {turned[folded]} and {key}")
    return turned


@lru_cache(maxsize=1)
def status_words() -> Words:
    """Return status word → state; each state is also a word for itself."""
    words = turn_words(read_mapping("status_words")["states"], name="status_words")
    return _with_keys(words, CASE_STATES)


@lru_cache(maxsize=1)
def kind_words() -> Words:
    """Return word → kind of case (部件, 事件, 服务诉求)."""
    return _with_keys(turn_words(read_mapping("status_words")["kinds"], name="kinds"), CASE_KINDS)


@lru_cache(maxsize=1)
def satisfaction_words() -> Words:
    """Return word → verdict, or `NO_ANSWER`."""
    words = turn_words(read_mapping("satisfaction_words")["satisfaction"], name="satisfaction_words")
    return _with_keys(words, SATISFACTION)


@lru_cache(maxsize=1)
def yes_no_words() -> Words:
    """Return word → `yes`, `no` or `NO_ANSWER`."""
    return turn_words(read_mapping("satisfaction_words")["yes_no"], name="yes_no")


def join_status_words(own: Mapping[str, str]) -> Words:
    """Return the status words of the program with those somebody chose, which win.

    Raises
    ------
    ChoiceError
        If a word is given a state that does not exist.
    """
    for word, state in own.items():
        if state not in CASE_STATES:
            raise ChoiceError("state_unknown", word=word, state=state, states=", ".join(CASE_STATES))
    return {**status_words(), **{fold_word(word): state for word, state in own.items()}}


def _with_keys(words: Mapping[str, str], keys: tuple[str, ...]) -> Words:
    return {**{fold_word(key): key for key in keys}, **words}
