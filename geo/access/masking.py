"""Hide what identifies a person inside free text (文本脱敏).

Residents write telephones, identity numbers, rooms and names into titles, descriptions and addresses.
Wherever such a text is shown, it passes through here. Every rule is one row of `RULES`; what is hidden
becomes `*`, sign by sign, so that the text keeps its length and stays readable: 138****1234, 3栋*单元***室.
What is decided here:

- digits may be full-width or Chinese numerals (一三八…), in the usual groups or spelled one by one;
- a number inside a longer number is not touched: case numbers of 19 digits, moments and coordinates stay;
- an identity number of 18 digits must pass its check digit (GB 11643-1999). One of 15 digits has none
  and looks like a grid code of 15 digits: it is hidden unless the words before it say that it is a code;
- an identity number may be followed by a letter, an `x` too; a hexagon of H3 is never about a person;
- of an address the estate and the building stay, the entrance and the room are hidden;
- names are hidden where a label says that one follows (姓名：, 联系人：). Others are not looked for.

Masking is no anonymisation: a story can tell who it is about. It keeps direct identifiers off screens,
maps, exports and logs (domain: 个人信息保护法 art. 51, GB/T 37964-2019 suppression).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.hexagons import hexagon_from_text

PersonalKind = Literal["telephone", "identity_number", "room", "name", "plate", "email"]

HIDDEN = "*"

_BLANKS = "\t\n\r\u00a0\u2002\u2003\u2009\u200a\u200b\u200c\u200d\u202f\u2060\u3000\ufeff"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\u30fc"
_WIDE = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys(map(ord, _BLANKS), " ")
    | dict.fromkeys(map(ord, _HYPHENS), "-")
)
_NUMERALS = dict(
    zip(map(ord, "零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖"), "00012345678912123456789", strict=True)
)

_HAS_WIDE = re.compile(f"[\uff01-\uff5e{_BLANKS}{_HYPHENS}]")
_HAS_NUMERAL = re.compile("[零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖]")

_ALONE = r"(?<!\d)(?<!\d\.)"
_END = r"(?!\d)"
_GAP = r"[ \-.·,、_/]{0,2}"
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])"
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_LOCAL = rf"\d{{2,3}}{_GAP}\d{{4}}"
_LABELS = "姓名|联系人|聯絡人|来电人|投诉人|诉求人|反映人|报告人|举报人|当事人|业主|户主|申请人|患者"
_AFTER_NAME = "电话|手机|联系|身份|住址|地址|住|性别|反映|来电|投诉|先生|女士"
_PLATE_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_ROOM = r"\d{1,5}[A-Za-z]?"
_FLOOR = r"(?:\d{1,2} ?[层楼] ?)?"
_BUILDING = "(?:栋|幢|座|号楼|棟|號樓)"
_NO_ROOM = "(?:号楼|栋|幢|座|棟|單元|单元|层|楼|户|年|月|米|平|个|人|元|万|%)"
"""What a number after a building may count instead of naming a room."""
_CODE_BEFORE = re.compile(
    r"(?:网格|编码|编号|代码|单号|案号|工单|流水|code|no\.?)[^0-9]{0,4}$", re.IGNORECASE
)

_CODE_LABEL = "编码："
_H3_SIGNS = 15
_H3_LIKE = re.compile(r"(?<![0-9A-Za-z])8[0-9A-Fa-f]{14}(?![0-9A-Za-z])")

# The same in RE2, which knows no look-around: signs as they stand in a text before it is folded.
_D = "[0-9０-９]"
_N = "[0-9０-９零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖]"
_B = f"[ {_BLANKS}]?"
_H = rf"[\-{_HYPHENS}]"
_G = rf"[ \-.·、,_/．，＿／{_BLANKS}{_HYPHENS}]{{0,2}}"

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"


@dataclass(frozen=True)
class Rule:
    """What is hidden: the letters and digits of the group `secret`, less those kept at its ends."""

    kind: PersonalKind
    hint: str
    """Loose RE2 pattern: texts without it are not looked at."""
    pattern: str
    """Read on the text with plain width."""
    keep_first: int = 0
    keep_last: int = 0
    reads_numerals: bool = False
    """Chinese numerals count as digits."""
    hides_han: bool = False
    """Han signs are hidden too."""
    holds: Callable[[re.Match[str]], bool] = lambda _: True
    """Whether a match is one."""


def _has_good_check_digit(match: re.Match[str]) -> bool:
    digits = re.sub(r"[^0-9Xx]", "", match["secret"]).upper()
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, digits[:17], strict=True))
    return _ID_CHECKS[total % 11] == digits[17]


def _is_no_code(match: re.Match[str]) -> bool:
    return _CODE_BEFORE.search(match.string, max(0, match.start() - 12), match.start()) is None


def _is_in_hexagon(text: str, start: int, end: int) -> bool:
    """Tell whether the signs from `start` to `end` are a part of the id of an H3 cell."""
    around = text[max(0, start - _H3_SIGNS) : end + _H3_SIGNS]
    first = max(0, start - _H3_SIGNS)
    return any(
        first + token.start() <= start
        and end <= first + token.end()
        and hexagon_from_text([token[0]], bad="mark")[0] > 0
        for token in _H3_LIKE.finditer(around)
    )


_MOBILE = (
    rf"1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}|1[3-9]\d{_GAP}\d{{3}}{_GAP}\d{{5}}"
    rf"|1[3-9]\d\d{_GAP}\d{{4}}{_GAP}\d{{3}}|1[ \-.,、_/][3-9](?:[ \-.,、_/]\d){{9}}"
)
_WITH_PREFIX = rf"{_ALONE}(?:(?:\+|00)?86[ \-]{{0,2}})?\(?(?P<secret>{_MOBILE}){_END}"

RULES: tuple[Rule, ...] = (
    Rule(
        "identity_number",
        rf"{_D}{{6}}{_G}{_D}{{8}}{_G}{_D}{{3}}[0-9０-９XxＸｘ]",
        rf"{_ALONE}(?P<secret>{_PROVINCE}\d{{4}}{_GAP}(?:18|19|20)\d\d{_MONTH_DAY}{_GAP}\d{{3}}(?:[Xx]|\d(?!\d)))",
        keep_first=3,
        holds=_has_good_check_digit,
    ),
    Rule(
        "identity_number",
        rf"{_D}{{15}}",
        rf"{_ALONE}(?P<secret>{_PROVINCE}\d{{6}}{_MONTH_DAY}\d{{3}}){_END}",
        keep_first=3,
        holds=_is_no_code,
    ),
    Rule("telephone", rf"[1１](?:{_G}{_D}){{10}}", _WITH_PREFIX, keep_first=3, keep_last=4),
    Rule(
        "telephone",
        rf"[一壹幺1１](?:{_G}{_N}){{10}}",
        _WITH_PREFIX,
        keep_first=3,
        keep_last=4,
        reads_numerals=True,
    ),
    Rule(
        "telephone",
        rf"[0０]{_D}{{2,3}}[)）]?{_G}{_D}{{3,4}}{_G}{_D}{{4}}",
        rf"{_ALONE}\(?(?:010|02\d|0[3-9]\d\d)(?:(?:\) ?|[ \-.·,、_/]{{1,2}})(?=[1-9])|(?=[2-8]))"
        rf"(?P<secret>\d{_LOCAL}){_END}",
        keep_last=2,
    ),
    Rule(
        "telephone",
        rf"(?:电话|座机|致电|拨打|[Tt]el|TEL).{{0,4}}{_D}{{3,4}}{_G}{_D}{{4}}",
        rf"(?:电话|座机|致电|拨打|[Tt]el|TEL)[^0-9]{{0,4}}(?P<secret>[2-8]{_LOCAL}){_END}",
        keep_last=2,
    ),
    Rule(
        "room",
        rf"{_N}{_B}(?:单元|單元|门){_B}{_H}?{_N}",
        rf"(?P<secret>\d{{1,2}} ?(?:单元|單元|门) ?-?{_FLOOR}{_ROOM}){_END}",
        reads_numerals=True,
    ),
    Rule(
        "room",
        rf"{_BUILDING}{_B}{_H}?{_B}{_N}",
        rf"(?<=[0-9A-Za-z甲乙丙丁]){_BUILDING} ?-? ?(?P<secret>{_FLOOR}{_ROOM})(?!\d| ?{_NO_ROOM})",
        reads_numerals=True,
    ),
    Rule(
        "room",
        rf"{_N}{{3}}[A-Za-zＡ-Ｚａ-ｚ]?{_B}(?:室|号?房)",
        rf"{_ALONE}(?P<secret>\d{{3,5}}[A-Za-z]?) ?(?:室(?!内|外)|号?房(?!屋|产|价|租|改))",
        reads_numerals=True,
    ),
    Rule(
        "room",
        rf"{_N}{_H}{_N}{{1,2}}{_H}{_N}{{3}}",
        r"(?<![\d\-])\d{1,3}-(?P<secret>[1-9]\d?-[1-9]\d{2,4})(?![\d\-])",
        reads_numerals=True,
    ),
    Rule(
        "room",
        r"(?i)apt|apartment|unit|room|rm|suite|ste|[ａ-ｚＡ-Ｚ]{2}",
        r"(?i)\b(?:apt|apartment|unit|room|rm|suite|ste)\.? ?#? ?(?P<secret>\d{1,5}[A-Z]?|[A-Z]\d{0,4})\b",
    ),
    Rule(
        "name",
        rf"(?:{_LABELS}){_B}[:：]",
        rf"(?:{_LABELS}) ?: ?[一-龥]"
        rf"(?P<secret>[一-龥·]{{1,3}}?(?={_AFTER_NAME}|[^一-龥·]|$)|[一-龥]{{2}})",
        hides_han=True,
    ),
    Rule(
        "plate",
        f"[{_PLATE_PROVINCES}][A-ZＡ-Ｚ]",
        rf"[{_PLATE_PROVINCES}][A-HJ-NP-Z][·• ]?(?P<secret>[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳])"
        r"(?![A-Za-z0-9])",
        keep_last=1,
    ),
    Rule(
        "email",
        "[@＠]",
        r"(?<![\w.+-])(?P<secret>[A-Za-z0-9][\w.+-]*)@[A-Za-z0-9-]+\.[A-Za-z]",
        keep_first=1,
    ),
)
"""Every rule, in the order in which they are tried; what one has hidden is not looked at again."""

_PATTERNS = tuple(re.compile(rule.pattern) for rule in RULES)
_ALL = tuple(range(len(RULES)))
_SPELLED = next(number for number in _ALL if RULES[number].reads_numerals)
"""The rule of telephones in Chinese numerals; without any numeral it repeats the one before it."""


def mask_text(series: pd.Series) -> pd.Series:
    """Hide what identifies a person in every text of a column.

    Parameters
    ----------
    series
        Texts; missing cells stay missing.

    Returns
    -------
    pandas.Series
        Texts of the same length, same index.

    Examples
    --------
    >>> mask_text(pd.Series(["请回电 13800001234", "3栋2单元501室漏水"], dtype="str")).tolist()
    ['请回电 138****1234', '3栋*单元***室漏水']
    """
    array = pa.array(series.array, type=pa.large_string(), from_pandas=True)
    hints = np.column_stack([_match(array, rule.hint) for rule in RULES])
    hit = hints.any(axis=1)
    if not hit.any():
        return series.copy()
    masked = [
        _hide(text, [number for number in _ALL if wanted[number]])
        for text, wanted in zip(array.filter(pa.array(hit)).to_pylist(), hints[hit].tolist(), strict=True)
    ]
    result = series.copy()
    result.iloc[np.flatnonzero(hit)] = masked
    return result


def _match(array: pa.Array, pattern: str) -> NDArray[np.bool_]:
    found = pc.match_substring_regex(array, pattern).fill_null(False)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


def has_personal(series: pd.Series) -> pd.Series:
    """Tell which texts hold something that `mask_text` would hide; missing cells do not."""
    return (mask_text(series) != series) & series.notna()


def mask_codes(series: pd.Series) -> pd.Series:
    """Hide what identifies a person in a column of codes; a grid code of 15 digits stays.

    A cell of such a column says by its heading what the words before a code say inside a text.

    Examples
    --------
    >>> mask_codes(pd.Series(["510104001001001", "13800001234"], dtype="str")).tolist()
    ['510104001001001', '138****1234']
    """
    return mask_text(_CODE_LABEL + series).str.removeprefix(_CODE_LABEL)


def mask(text: str) -> str:
    """Hide what identifies a person in one text.

    Examples
    --------
    >>> mask("身份证510104198001011236，姓名：张三丰")
    '身份证510***************，姓名：张**'
    """
    return _hide(text, _ALL)


def _hide(text: str, numbers: Sequence[int]) -> str:
    signs = list(text)
    for _, place in _find_secrets(text, numbers):
        signs[place] = HIDDEN
    return "".join(signs)


def find_personal(text: str) -> list[PersonalKind]:
    """Return the kinds of personal data found in a text, each once, in the order of `RULES`.

    Examples
    --------
    >>> find_personal("电话一三八零零零零一二三四，住501室")
    ['telephone', 'room']
    """
    return list(dict.fromkeys(kind for kind, _ in _find_secrets(text, _ALL)))


def _find_secrets(text: str, numbers: Sequence[int]) -> Iterator[tuple[PersonalKind, int]]:
    """Yield the place of every sign to hide; both readings keep the length of the text."""
    plain = text.translate(_WIDE) if _HAS_WIDE.search(text) else text
    has_numerals = _HAS_NUMERAL.search(text) is not None
    for number in numbers:
        rule = RULES[number]
        if number == _SPELLED and not has_numerals:
            continue
        reading = plain.translate(_NUMERALS) if has_numerals and rule.reads_numerals else plain
        for match in _PATTERNS[number].finditer(reading):
            start, end = match.span("secret")
            if not rule.holds(match) or _is_in_hexagon(reading, start, end):
                continue
            places = [place for place in range(start, end) if _is_secret(reading[place], rule)]
            kept = places[rule.keep_first : len(places) - rule.keep_last]
            for place in kept:
                yield rule.kind, place
            if kept:
                plain = plain[: kept[0]] + HIDDEN * (kept[-1] + 1 - kept[0]) + plain[kept[-1] + 1 :]


def _is_secret(sign: str, rule: Rule) -> bool:
    return sign.isalnum() and (sign.isascii() or rule.hides_han)
