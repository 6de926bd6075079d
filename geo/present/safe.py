"""The one helper that makes a text harmless in HTML and in JavaScript template literals (转义)."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def safe(value: T) -> T:
    """Return a value with every text in it made harmless in HTML and in templates.

    Templates are the literals of JavaScript (`${…}`) and those of folium (`{{…}}`), which reads what it has
    written as a template a second time, so that text of a file would run in this program.

    Keys are texts too. Numbers and missing values are left as they are.

    Examples
    --------
    >>> safe({"<b>": ["${7*7}", 3]})
    {'&lt;b&gt;': ['$&#123;7*7}', 3]}
    """
    return _safe(value)  # type: ignore[return-value]


def _safe(value: object) -> object:
    if isinstance(value, str):
        text = html.escape(value, quote=True).replace("\\", "&#92;").replace("`", "&#96;")
        return text.replace("{", "&#123;").replace("\u2028", " ").replace("\u2029", " ")
    if isinstance(value, Mapping):
        return {_safe(key): _safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(item) for item in value]
    return value
