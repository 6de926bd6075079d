"""Bring Chinese addresses into one form, so that equal places read equally (地址规范化).

What people write differently without meaning anything else is folded away: full-width signs, case,
white space, brackets, traditional characters, Chinese numerals where they count something, the many
words for a building (栋 幢 座 号楼 #楼), ordinals, the position of 甲 乙 丙. What may mean another place
is kept apart: 28-3 is not 28号附3号 (elsewhere it is a range), and 3楼 is a floor, not a building.

The same function is applied to the gazetteer and to what is looked up in it, so a name that is
changed here is changed on both sides. Folding twice gives the same as folding once.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from geo.characters import SIMPLE_FORMS

_DIGITS: Final = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {
    "零": 0, "○": 0, "两": 2,
    "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_TENS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_NUMERAL: Final = "".join((*_DIGITS, *_TENS))

_MOST_ROUNDS: Final = 8
"""A fold may bring together what a further one folds; real addresses are done after one."""

_RUNS: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyz" + _NUMERAL)

_DASHES: Final = re.compile(r"[‐‑‒–—―−~～﹣]+")
_DROPPED: Final = re.compile(r"[\s()\[\]{}<>【】〔〕《》〈〉「」『』\"'“”‘’·•_|]+")
_STOP: Final = re.compile(r"[,;，。；!！?？\n\r]")
_COUNTED: Final = re.compile(
    rf"(?<![0-9{_NUMERAL}])([{_NUMERAL}]+)(?=号|栋|幢|座|单元|层|楼|室|房|户|弄|支弄|巷|组|段|期|区|梯|门|附|网格|微网格|#)"
)
_ORDINAL: Final = re.compile(r"(?<![0-9a-z])第(?=\d+(?:号|栋|幢|座|单元|层|楼|室|组|期|网格|微网格))")
_BUILDING_WORD: Final = re.compile(r"(?<=[0-9a-z甲乙丙丁戊己庚辛])(?:号楼|#楼|幢|座)")
_SUFFIX_FIRST: Final = re.compile(r"(?<![0-9])([甲乙丙丁戊己庚辛])(\d{1,4})(?=号|栋)")
_SUFFIX_LAST: Final = re.compile(r"(\d{1,4})号([甲乙丙丁戊己庚辛])(?![^\W\d_]{2,}(?:路|街|巷))")

_NUMBER: Final = re.compile(
    r"(?P<lane>\d{1,5}弄)(?:(?P<in_lane>\d{1,5})[号#])?"
    r"|(?P<main>\d{1,5}(?:-\d{1,4})?[甲乙丙丁戊己庚辛]?)"
    r"(?:(?:[号#])?附(?P<attached>\d{1,4})(?:号|#|$)?|[号#](?!线|路|楼|栋)|$)"
)
_BUILDING: Final = re.compile(r"(?P<main>\d{1,4}[a-z]?|[a-z]\d{0,3}|[甲乙丙丁戊己庚辛]|\d{1,4}-\d{1,3})栋")
_BUILDING_SHORT: Final = re.compile(r"(?P<main>\d{1,4}[a-z]?|[a-z]\d{1,3})(?:#|号)(?!线|路)")


def fold_address(text: str) -> str:
    """Bring an address, or the name of a place, into the one form in which places are compared.

    Only the part before the first comma, full stop or line break counts: what follows is a remark.

    Examples
    --------
    >>> fold_address("東大路 ２８號 第三幢，垃圾满溢"), fold_address("锦绣花园（A座）二〇三室")
    ('东大路28号3栋', '锦绣花园a栋203室')
    """
    for _ in range(_MOST_ROUNDS):
        folded = _fold_once(text)
        if folded == text:
            break
        text = folded
    return text


def _fold_once(text: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(
        SIMPLE_FORMS
    )
    plain = _STOP.split(plain.strip(), maxsplit=1)[0]
    plain = _DROPPED.sub(_drop, _DASHES.sub("-", plain))
    plain = _COUNTED.sub(_count, plain)
    plain = _ORDINAL.sub("", plain)
    plain = _BUILDING_WORD.sub("栋", plain)
    plain = _SUFFIX_FIRST.sub(r"\2\1", plain)
    return _SUFFIX_LAST.sub(r"\1\2号", plain)


def _drop(match: re.Match[str]) -> str:
    """Drop blanks and brackets, but never so that two numbers become one: 28 3栋 is not 283栋."""
    text, start, end = match.string, match.start(), match.end()
    is_between = start > 0 and end < len(text) and text[start - 1] in _RUNS and text[end] in _RUNS
    return " " if is_between else ""


def remark_after(text: str) -> str:
    """Return what stands behind the first comma or full stop, in which `fold_address` does not look."""
    parts = _STOP.split(unicodedata.normalize("NFKC", text).strip(), maxsplit=1)
    return parts[1] if len(parts) > 1 else ""


def read_numeral(text: str) -> int | None:
    """Read a Chinese numeral of up to four places; nothing where it is none.

    Examples
    --------
    >>> [read_numeral(text) for text in ("十", "二十八", "一百零三", "二〇三", "百十")]
    [10, 28, 103, 203, None]
    """
    if all(sign in _DIGITS for sign in text):
        return int("".join(str(_DIGITS[sign]) for sign in text)) if text else None
    total, digit, last_unit = 0, None, 10_000
    for sign in text:
        if sign in _TENS:
            unit = _TENS[sign]
            if unit >= last_unit or (digit is None and (unit != 10 or total)):
                return None
            total += (1 if digit is None else digit) * unit
            digit, last_unit = None, unit
        elif _DIGITS[sign] == 0:
            digit = None
        elif digit is not None:
            return None
        else:
            digit = _DIGITS[sign]
    return total + (digit or 0)


def _count(match: re.Match[str]) -> str:
    numeral = match[1]
    # 二三栋 is two buildings as often as number 23; a row of digits counts only with a zero or a unit.
    if len(numeral) == 2 and all(_DIGITS.get(sign, 0) > 0 for sign in numeral):
        return match[0]
    number = read_numeral(numeral)
    return match[0] if number is None else str(number)


def read_street_number(text: str, at: int = 0) -> tuple[str, int] | None:
    """Read the number of a house on a street from a folded text.

    Returns
    -------
    tuple
        The number in its one form (`28`, `28附3`, `28-3`, `28甲`, `128弄3`) and where it ends; nothing
        where there is none.

    Examples
    --------
    >>> read_street_number("28号附3号2栋"), read_street_number("128弄3号")
    (('28附3', 6), ('128弄3', 6))
    """
    match = _NUMBER.match(text, at)
    if match is None:
        return None
    if match["lane"]:
        return match["lane"] + (match["in_lane"] or ""), match.end()
    attached = match["attached"]
    return match["main"] + (f"附{attached}" if attached else ""), match.end()


def read_building_number(text: str, at: int = 0, *, short: bool = False) -> tuple[str, int] | None:
    """Read the number of a building from a folded text: `3栋`, and with `short` also `3号` and `3#`.

    Examples
    --------
    >>> read_building_number("3栋2单元"), read_building_number("3号", short=True)
    (('3', 2), ('3', 2))
    """
    match = _BUILDING.match(text, at) or (_BUILDING_SHORT.match(text, at) if short else None)
    return None if match is None else (match["main"], match.end())
