"""Codes of places: text as issued, never repaired (区域编码).

Spreadsheets damage codes in four ways, and each is refused rather than guessed back: scientific
notation (4.30102E+17), a `.0` behind text, a run of lost digits that only the notation tells, and zeros
lost in front, told by the length of the other codes. Codes of another length than nearly all others
are remarked on. Which lengths a level has by the standards stands in `data/code_schemes.yaml`.
Nothing is changed but white space around a code.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from geo.characters import SIMPLE_FORMS
from geo.intake.checked import join_problems, problems
from geo.schema import AreaLevel

DAMAGED_NUMBER = r"^[+-]?\d+(?:\.\d+)?[eE][+-]?\d+$"
DAMAGED_DECIMALS = r"^[+-]?\d{2,}\.0+$"

_CITIES = Path(__file__).resolve().parents[2] / "data" / "city_codes.yaml"
_SCHEMES = Path(__file__).resolve().parents[2] / "data" / "code_schemes.yaml"
_OFFICIAL_START = r"[1-6]\d{5,}"
_OFFICIAL = r"[1-6]\d{5}(?:\d{3}|\d{6,})?"
"""A code of a district, sub-district, community or what lies in one (GB/T 2260, GB/T 10114)."""

_USUAL_SHARE = 0.9
"""Share of codes of one length from which other lengths are remarked on."""
_OFFICIAL_LENGTH = 6
"""Shortest official code, that of a district (GB/T 2260); shorter ones are serial numbers."""


def check_codes(codes: pd.Series, *, column: str) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    """Check the codes of places.

    Parameters
    ----------
    codes
        Text, index `row`; missing where a cell is empty.
    column
        Column of the file.

    Returns
    -------
    tuple
        Codes without white space around them (refused rows left out), refused rows, remarks.
    """
    text = codes.astype("str").str.strip()
    is_empty = (text.isna() | (text == "")).to_numpy(bool)
    is_damaged = text.str.contains(f"{DAMAGED_NUMBER}|{DAMAGED_DECIMALS}", regex=True, na=False).to_numpy(
        bool
    )
    is_short = _lost_zeros(text)
    sound = text[~(is_empty | is_damaged | is_short)]
    twice = sound[sound.duplicated(keep=False)]
    rejected = join_problems(
        [
            _list(text, is_empty, column, "place_id_missing"),
            _list(text, is_damaged, column, "place_id_damaged"),
            _list(text, is_short & ~is_damaged & ~is_empty, column, "place_id_lost_zeros"),
            problems(twice.index.tolist(), column, "place_id_twice", twice.tolist()),
        ]
    )
    kept = sound.drop(twice.index)
    return kept, rejected, _remark_lengths(kept, column)


@lru_cache(maxsize=1)
def read_cities() -> dict[str, str]:
    """Return the provinces (two digits) and prefectures (four digits) of `data/city_codes.yaml`."""
    content: dict[str, str] = yaml.safe_load(_CITIES.read_text(encoding="utf-8"))
    return content


def city_of_codes(codes: pd.Series) -> tuple[str, ...]:
    """Tell the province and the city that all official codes of a place share.

    Parameters
    ----------
    codes
        Codes of areas; official ones have 6, 9, 12 digits or more and begin as GB/T 2260 says.

    Returns
    -------
    tuple
        Names with and without their words 省 and 市; empty where codes are of another kind, of several
        cities, or not all known.

    Examples
    --------
    >>> city_of_codes(pd.Series(["510104001", "510105"], dtype="str"))
    ('四川省', '成都市', '四川', '成都')
    """
    text = codes.astype("str").str.strip()
    if not len(text) or not bool(text.str.fullmatch(_OFFICIAL).all()):
        return ()
    cities = read_cities()
    provinces = {cities.get(code[:2]) for code in text.str[:2].unique()}
    places = {cities.get(code) for code in text.str[:4].unique()}
    if len(provinces) != 1 or None in provinces:
        return ()
    province = str(provinces.pop())
    if province.endswith("市"):
        names = [province]
    elif len(places) == 1 and None not in places:
        names = [province, str(places.pop())]
    else:
        return ()
    short = [re.sub("(?:省|市)$", "", name) for name in names]
    return tuple(dict.fromkeys([*names, *short]))


def fold_name(name: str) -> str:
    """Return a name without the differences a reader does not see: width, case, blanks, 繁 and 简.

    Examples
    --------
    >>> fold_name("第３ 網格Ａ") == fold_name("第3网格a")
    True
    """
    return "".join(unicodedata.normalize("NFKC", name).casefold().translate(SIMPLE_FORMS).split())


@dataclass(frozen=True)
class CodeScheme:
    """How codes of a level are built, by `data/code_schemes.yaml`."""

    key: str
    zh: str
    en: str
    parts: tuple[int, ...]
    """Digits of each part, coarsest first."""

    @property
    def n_digits(self) -> int:
        """Digits of a whole code."""
        return sum(self.parts)


@lru_cache(maxsize=1)
def read_schemes() -> dict[str, tuple[CodeScheme, ...]]:
    """Return the schemes that are known for each level."""
    content = yaml.safe_load(_SCHEMES.read_text(encoding="utf-8"))["levels"]
    return {
        level: tuple(CodeScheme(one["key"], one["zh"], one["en"], tuple(one["parts"])) for one in schemes)
        for level, schemes in content.items()
    }


def find_scheme(codes: pd.Series, level: AreaLevel) -> CodeScheme | None:
    """Find the scheme that most codes of a level follow; None where they follow none that is known.

    Examples
    --------
    >>> find_scheme(pd.Series(["510199001001001", "510199001001002"]), "grid").n_digits
    15
    """
    digits = codes[codes.astype("str").str.fullmatch(_OFFICIAL_START, na=False)].str.len()
    best = max(
        read_schemes().get(level, ()), key=lambda scheme: int((digits == scheme.n_digits).sum()), default=None
    )
    if best is None or 2 * int((digits == best.n_digits).sum()) <= len(codes):
        return None
    return best


def breaks_scheme(codes: pd.Series, scheme: CodeScheme) -> NDArray[np.bool_]:
    """Tell which codes are not as many digits as the scheme has."""
    return ~codes.astype("str").str.fullmatch(rf"\d{{{scheme.n_digits}}}", na=False).to_numpy(bool)


def is_under(codes: pd.Series, parents: pd.Series) -> NDArray[np.bool_]:
    """Tell which codes begin with that of their parent; True where no parent is named."""
    pairs = zip(codes.tolist(), parents.tolist(), strict=True)
    return np.array([not isinstance(parent, str) or code.startswith(parent) for code, parent in pairs], bool)


def _list(text: pd.Series, is_bad: NDArray[np.bool_], column: str, code: str) -> pd.DataFrame:
    bad = text[is_bad]
    return problems(bad.index.tolist(), column, code, bad.tolist())


def _usual_length(text: pd.Series) -> tuple[int, float]:
    lengths = Counter(text.dropna().str.len().tolist())
    if not lengths:
        return 0, 0.0
    length, n = max(lengths.items(), key=lambda item: (item[1], item[0]))
    return int(length), n / sum(lengths.values())


def _lost_zeros(text: pd.Series) -> NDArray[np.bool_]:
    """Tell which codes are digits shorter than the others, where others begin with zeros."""
    digits = text[text.str.fullmatch(r"\d+", na=False)]
    length, share = _usual_length(digits)
    usual = digits[digits.str.len() == length]
    has_zeros = bool(usual.str.startswith("0").any())
    if not has_zeros or share <= 0.5:
        return np.zeros(len(text), dtype=bool)
    return np.asarray(text.index.isin(digits.index[digits.str.len() < length]), dtype=bool)


def _remark_lengths(codes: pd.Series, column: str) -> pd.DataFrame:
    length, share = _usual_length(codes)
    if length < _OFFICIAL_LENGTH or share < _USUAL_SHARE:
        return problems([], column, "place_id_other_length", [])
    odd = codes[codes.str.len() != length]
    return problems(odd.index.tolist(), column, "place_id_other_length", odd.tolist())
