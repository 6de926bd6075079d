"""The shape of one thing the program says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """One thing the program says, as `str.format` templates."""

    en: str
    """What is wrong and where, in English."""
    zh: str
    """The same in Chinese."""
    hint_en: str = ""
    """What to do now, in English."""
    hint_zh: str = ""
    """The same in Chinese."""
