"""Read numbers, codes and words out of text cells (单元格取值).

Every function takes a column of text and gives back a column of the same index, together with the
code of what is wrong per cell; nothing is dropped and nothing is guessed. Width is folded first: a
full-width １２３ is the number 123 and a full-width Ａ the letter A.

An id that went through a spreadsheet as a number is damaged beyond repair: 4.30102E+17 has lost
digits, 4301.0 is no longer what was issued. Such ids are refused, never mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20, 0xFEFF: None}
_WIDE_SIGNS = "[\uff01-\uff5e\u3000\u00a0\ufeff]"

_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
_GROUPED = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_SCIENTIFIC_ID = r"^\d(\.\d+)?[eE]\+?\d+$"
_POINT_ZERO = r"^\d+\.0+$"
_DIGITS = r"^\d+$"
_DMS = r"[°º′″'\"度分秒]|^\s*[NSEWnsew]\s*\d|\d\s*[NSEWnsew]\s*$"

_USUAL_SHARE = 0.9
_LEAST_CODES = 10
_LEAST_CODE_DIGITS = 6
"""The shortest code issued by an authority is the six digits of a district (GB/T 2260)."""


def as_arrow(series: pd.Series) -> pa.LargeStringArray:
    """Return a text column as one Arrow array, missing cells as null."""
    array = pa.array(series.array, type=pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def as_series(array: pa.Array, like: pd.Series) -> pd.Series:
    """Return an Arrow text array as a column with the index of another one."""
    return pd.Series(pd.array(array, dtype="str"), index=like.index, name=like.name)


def matches(series: pd.Series, pattern: str) -> pd.Series:
    """Tell which cells match a pattern (RE2: no pattern can take long); missing cells do not."""
    found = pc.match_substring_regex(as_arrow(series), pattern)
    return pd.Series(found.fill_null(False).to_numpy(zero_copy_only=False), index=series.index)


def fold_width(series: pd.Series) -> pd.Series:
    """Turn full-width letters, digits, signs and blanks into plain ones, and trim; empty = missing.

    Examples
    --------
    >>> fold_width(pd.Series(["１２号　Ａ栋 ", ""], dtype="str")).tolist()
    ['12号 A栋', nan]
    """
    array = as_arrow(series)
    wide = pc.match_substring_regex(array, _WIDE_SIGNS).fill_null(False)
    if pc.any(wide).as_py():
        plain = [None if text is None else text.translate(_WIDE) for text in array.filter(wide).to_pylist()]
        array = pc.replace_with_mask(array, wide, pa.array(plain, type=pa.large_string()))
    return trim(as_series(array, series))


def trim(series: pd.Series) -> pd.Series:
    """Take blanks off both ends; what is empty then is missing."""
    array = pc.utf8_trim_whitespace(as_arrow(series))
    array = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.large_string()), array)
    return as_series(array, series)


@dataclass(frozen=True)
class Numbers:
    """Numbers of a column, missing where there is none; `code` names what is wrong, else empty."""

    found: pd.Series
    code: pd.Series


def parse_numbers(series: pd.Series) -> Numbers:
    """Read decimal numbers; `1,234.5` has its thousands grouped, other commas are refused.

    Codes: `number_unreadable`.

    Examples
    --------
    >>> parse_numbers(pd.Series(["１２.5", "1,200", "abc", ""], dtype="str")).found.tolist()
    [12.5, 1200.0, nan, nan]
    """
    text = fold_width(series)
    grouped = matches(text, _GROUPED)
    if grouped.any():
        text = text.where(~grouped, text.str.replace(",", "", regex=False))
    good = matches(text, _NUMBER)
    numbers = pc.cast(as_arrow(text.where(good)), pa.float64()).to_numpy(zero_copy_only=False)
    values = pd.Series(numbers, index=series.index, name=series.name)
    values = values.where(np.isfinite(values))
    return Numbers(values, _codes(series, (text.notna() & values.isna(), "number_unreadable")))


def parse_degrees(series: pd.Series) -> Numbers:
    """Read coordinates; degrees, minutes and seconds are named as such, not read.

    Codes: `coordinate_not_decimal`, `number_unreadable`.
    """
    numbers = parse_numbers(series)
    is_bad = numbers.code.ne("")
    sexagesimal = is_bad & matches(fold_width(series), _DMS)
    return Numbers(numbers.found, numbers.code.mask(sexagesimal, "coordinate_not_decimal"))


@dataclass(frozen=True)
class Ids:
    """Ids of a column as issued, width folded; `code` names what is wrong, else empty."""

    found: pd.Series
    code: pd.Series


def parse_ids(series: pd.Series, *, missing: str) -> Ids:
    """Read ids as text, and refuse those a spreadsheet has damaged.

    Parameters
    ----------
    series
        Text cells.
    missing
        Code for an empty cell.

    Returns
    -------
    Ids
        Codes: `missing`, `id_scientific` (digits lost), `id_point_zero` (turned into a number).
    """
    text = fold_width(series)
    return Ids(
        text,
        _codes(
            series,
            (text.isna(), missing),
            (matches(text, _SCIENTIFIC_ID), "id_scientific"),
            (matches(text, _POINT_ZERO), "id_point_zero"),
        ),
    )


def find_damaged_codes(series: pd.Series) -> pd.Series:
    """Name what a spreadsheet did to codes of fixed length (area codes, courtyard codes).

    Returns
    -------
    pandas.Series
        `id_scientific`, `id_point_zero`, or `id_too_short` where nine in ten of the codes have one
        length of six digits or more and this one is a digit shorter, as when a leading zero was
        lost; empty text elsewhere.

    Examples
    --------
    >>> find_damaged_codes(pd.Series(["4.30102E+17", "430102.0", "A-7"], dtype="str")).tolist()
    ['id_scientific', 'id_point_zero', '']
    """
    code = parse_ids(series, missing="").code
    text = fold_width(series)
    digits = matches(text, _DIGITS)
    lengths = text.str.len().where(digits)
    if digits.sum() >= _LEAST_CODES:
        usual = int(lengths.mode().iloc[0])
        if usual >= _LEAST_CODE_DIGITS and lengths.eq(usual).sum() >= _USUAL_SHARE * digits.sum():
            code = code.mask(lengths.eq(usual - 1), "id_too_short")
    return code


def parse_words(series: pd.Series, words: Mapping[str, str], *, unknown: str) -> Ids:
    """Translate words by a table; case, width and blanks do not matter.

    Parameters
    ----------
    series
        Text cells.
    words
        Word → key; words as `fold_word` gives them.
    unknown
        Code for a word that is not in the table.
    """
    text = fold_width(series)
    names = pd.Series(text.dropna().unique(), dtype="str")
    meaning = {name: words[fold_word(name)] for name in names if fold_word(name) in words}
    values = text.map(meaning).astype("str")
    return Ids(values, _codes(series, (text.notna() & values.isna(), unknown)))


def fold_word(word: str) -> str:
    """Return the form in which words are compared.

    Examples
    --------
    >>> fold_word(" In_Progress　"), fold_word("已 结案")
    ('inprogress', '已结案')
    """
    return "".join(word.translate(_WIDE).casefold().replace("_", "").replace("-", "").split())


def _codes(series: pd.Series, *rules: tuple[pd.Series, str]) -> pd.Series:
    """Return the code of the first rule that holds per cell."""
    code = np.full(len(series), "", dtype=object)
    for holds, name in reversed(rules):
        code[holds.to_numpy()] = name
    return pd.Series(pd.array(code, dtype="str"), index=series.index)
