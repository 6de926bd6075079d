"""What the program says when something is wrong, in English and Chinese (出错与提示用语).

One catalogue for every error and every problem of a file: a stable code, one sentence that says
what is wrong and where, one that says what to do now. Each part of the program keeps its sentences
in its own module; this one joins them and refuses a code that is used twice.
"""

from __future__ import annotations

from importlib import import_module
from typing import Literal

from geo.messages.text import Message

Language = Literal["en", "zh"]

_PARTS = (
    "settings",
    "ground",
    "intake",
    "moments",
    "places",
    "layers",
    "store",
    "health",
    "bringing",
    "boundary_checks",
    "worker",
    "commands",
    "access",
    "analysis",
    "hotspots",
    "walking",
    "tasks",
    "versions",
    "present",
)


def _join_parts() -> dict[str, Message]:
    joined: dict[str, Message] = {}
    for part in _PARTS:
        messages: dict[str, Message] = import_module(f"geo.messages.{part}").MESSAGES
        if twice := sorted(set(joined) & set(messages)):
            raise RuntimeError(f"Message codes used twice: {', '.join(twice)}.")
        joined.update(messages)
    return joined


MESSAGES: dict[str, Message] = _join_parts()


def say(code: str, language: Language = "en", /, **values: object) -> str:
    """Return the sentence of a code, and what to do now, in one language.

    Examples
    --------
    >>> say("crs_missing", "en", table="points").split(".")[0]
    '`points` has no coordinate reference system'
    """
    message = MESSAGES[code]
    what, hint = (message.zh, message.hint_zh) if language == "zh" else (message.en, message.hint_en)
    joint = "" if language == "zh" else " "
    return (what + (joint + hint if hint else "")).format_map(
        {name: _as_count(name, value) for name, value in values.items()}
    )


class _Count(int):
    """A count; written with thousands separated unless the sentence says how."""

    def __format__(self, style: str) -> str:
        return super().__format__(style or ",")


def _as_count(name: str, value: object) -> object:
    is_named = name == "n" or name.startswith("n_")
    return _Count(value) if is_named and isinstance(value, int) and not isinstance(value, bool) else value
