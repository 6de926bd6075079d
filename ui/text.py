"""Say a sentence of the pages in the language of this visit (界面文字).

Sentences about errors and problems of files stand in `geo.messages`; names and definitions of
indicators in `geo.analysis.indicators`; words for values in `geo.present.words`.
"""

from __future__ import annotations

from geo.messages import Language
from ui import session
from ui.texts import access, boundaries, cases, dashboard, frame, importing, one_map

_PARTS = (frame.TEXT, one_map.TEXT, dashboard.TEXT, cases.TEXT, importing.TEXT, boundaries.TEXT, access.TEXT)
TEXT: dict[str, tuple[str, str]] = {key: pair for part in _PARTS for key, pair in part.items()}
"""Key to Chinese and English sentence; a test finds keys used twice, and blanks that differ."""


def t(key: str, /, **values: object) -> str:
    """Return one sentence in the language of this visit."""
    return text_in(session.language(), key, **values)


def text_in(language: Language, key: str, /, **values: object) -> str:
    """Return one sentence in one language."""
    zh, en = TEXT[key]
    return (zh if language == "zh" else en).format_map(values)
