"""Invent names that are plainly invented (虚构地名与人名).

Every name is put together from two pools of characters that are rarely joined, so that no real place
of the city is meant; the few that might be read as one are left out. Telephone numbers are the
reserved-looking 138 0000 00xx only.
"""

from __future__ import annotations

from itertools import product

import numpy as np

DISTRICT_CODE = "510199"
"""Six digits that no district of the city carries."""

DISTRICT_NAME = "青羽示范区"
DISTRICT_ALIASES = ("示范区", "青羽区")
RIVER_NAME = "青羽河"
RAIL_NAME = "示范铁路"
SUBDISTRICT_NAMES = ("霁簪街道", "拾笺街道", "听釉街道")
COMMUNITY_STEMS = (
    "纸鸢",
    "萤灯",
    "青砚",
    "拾贝",
    "雪芽",
    "弦箫",
    "浮灯",
    "晴箬",
    "霜绸",
    "笛簪",
    "栗釉",
    "云锤",
)
COMMUNITY_OLD_STEMS = (
    "风筝",
    "流萤",
    "墨砚",
    "贝壳",
    "嫩芽",
    "弦歌",
    "河灯",
    "箬笠",
    "绸布",
    "短笛",
    "板栗",
    "铁锤",
)
"""What residents still call the community of the same place in `COMMUNITY_STEMS`."""

_FIRST = "青墨竹松云霁晴拾听映浮纸琴荷桐栗霜雪星月绯黛素苔靛缃翎澄漪"
_SECOND = "砂穗鸢萤砚贝芽弦锤帘桨筝笺箫篱笙绸瓷釉檐蓑簪钥绫笠绢盏"
_LEFT_OUT = {
    "青砂",
    "青瓷",
    "竹篱",
    "星砂",
    "荷芽",
    "雪芽",
    "纸鸢",
    "青砚",
    "拾贝",
    "霜绸",
    "栗釉",
    "云锤",
    "听釉",
    "拾笺",
    "霁簪",
}
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹喻柏窦章苏潘葛范彭"
_GIVEN = (
    "小禾", "小满", "知夏", "望舒", "初一", "十五", "晓棠", "示例",
    "有米", "听松", "可乐", "二宝", "阿树", "小麦", "青豆", "一诺",
)  # fmt: skip

NUMERALS = "零一二三四五六七八九"


class NamePool:
    """Hand out two-character stems, each once, in an order that the seed decides."""

    def __init__(self, rng: np.random.Generator) -> None:
        stems = ["".join(pair) for pair in product(_FIRST, _SECOND)]
        kept = [stem for stem in stems if stem not in _LEFT_OUT]
        self._stems: list[str] = [kept[i] for i in rng.permutation(len(kept))]
        self._next = 0

    def take(self) -> str:
        """Return the next stem; after the last one they come again with 新 in front."""
        lap, place = divmod(self._next, len(self._stems))
        self._next += 1
        return "新" * lap + self._stems[place]


def chinese_number(value: int) -> str:
    """Write 1 to 999 in Chinese numerals.

    Examples
    --------
    >>> [chinese_number(n) for n in (3, 10, 12, 28, 105, 110)]
    ['三', '十', '十二', '二十八', '一百零五', '一百一十']
    """
    if value < 10:
        return NUMERALS[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return ("" if tens == 1 else NUMERALS[tens]) + "十" + (NUMERALS[ones] if ones else "")
    hundreds, rest = divmod(value, 100)
    head = NUMERALS[hundreds] + "百"
    if rest == 0:
        return head
    tens, ones = divmod(rest, 10)
    middle = NUMERALS[tens] + "十" if tens else NUMERALS[0]
    return head + middle + (NUMERALS[ones] if ones else "")


def full_width(text: str) -> str:
    """Write digits as full-width digits, as some keyboards do.

    Examples
    --------
    >>> full_width("28号")
    '２８号'
    """
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isdigit() else c for c in text)


def person_names(n: int, rng: np.random.Generator) -> list[str]:
    """Invent `n` names of persons; they may repeat."""
    surnames = rng.integers(0, len(_SURNAMES), n)
    given = rng.integers(0, len(_GIVEN), n)
    return [_SURNAMES[s] + _GIVEN[g] for s, g in zip(surnames, given, strict=True)]


def canary_telephone(number: int) -> str:
    """Return a telephone number that cannot be anybody's: 138 0000 00 and two digits."""
    return f"138000000{number % 100:02d}"
