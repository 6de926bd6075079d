"""Chinese and English words for the values that stand in the tables (取值的中英文名称)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["zh", "en"]
Words = Mapping[str, tuple[str, str]]

LEVELS: Words = {
    "district": ("区县", "district"),
    "subdistrict": ("街道", "sub-district"),
    "community": ("社区", "community"),
    "grid": ("网格", "grid"),
    "microgrid": ("微网格", "micro-grid"),
    "courtyard": ("院落", "courtyard"),
    "unit_grid": ("单元网格", "unit grid"),
}
STATES: Words = {
    "reported": ("上报", "reported"),
    "verifying": ("核实中", "being verified"),
    "rejected": ("作废", "rejected"),
    "filed": ("立案", "filed"),
    "dispatched": ("已派遣", "dispatched"),
    "returned": ("回退", "returned"),
    "handling": ("处置中", "in work"),
    "handled": ("已反馈", "handled"),
    "checking": ("核查中", "being checked"),
    "rework": ("返工", "rework"),
    "closed": ("结案", "closed"),
    "suspended": ("挂账", "suspended"),
    "extended": ("延期", "extended"),
}
KINDS: Words = {
    "component": ("部件", "component"),
    "event": ("事件", "event"),
    "service": ("服务诉求", "service demand"),
}
POSITION_SOURCES: Words = {
    "given": ("来源坐标", "given coordinates"),
    "address": ("地址匹配", "matched address"),
    "stated": ("仅知区域", "stated area only"),
    "none": ("无位置", "no location"),
}
SATISFACTION: Words = {
    "satisfied": ("满意", "satisfied"),
    "basically_satisfied": ("基本满意", "basically satisfied"),
    "dissatisfied": ("不满意", "dissatisfied"),
}
FACILITY_STATUS: Words = {
    "planned": ("规划", "planned"),
    "building": ("在建", "being built"),
    "open": ("开放", "open"),
    "suspended": ("暂停", "suspended"),
    "closed": ("关闭", "closed"),
}
RESIDENTS_BASES: Words = {
    "points": ("人口点汇总", "population points"),
    "own": ("区域自带人口", "the area's own figure"),
    "children": ("下级区域之和", "sum of the areas below"),
    "none": ("无人口数据", "not known"),
}
FLAGS: Words = {
    "": ("", ""),
    "low": ("偏低", "low"),
    "very_low": ("明显偏低", "very low"),
    "high": ("偏高", "high"),
    "very_high": ("明显偏高", "very high"),
}
WEEKDAYS: Words = {
    "1": ("周一", "Mon"),
    "2": ("周二", "Tue"),
    "3": ("周三", "Wed"),
    "4": ("周四", "Thu"),
    "5": ("周五", "Fri"),
    "6": ("周六", "Sat"),
    "7": ("周日", "Sun"),
}
NO_VALUE = ("（未填）", "(not given)")
"""Shown where cases have no value."""


def word(words: Words, key: object, language: Language) -> str:
    """Return the word of a key; a key that has none is shown as it is, a missing one as "not given".

    >>> word(LEVELS, "grid", "zh"), word(STATES, "odd", "en")
    ('网格', 'odd')
    """
    if not isinstance(key, str):
        return NO_VALUE[0 if language == "zh" else 1]
    pair = words.get(key)
    return key if pair is None else pair[0 if language == "zh" else 1]
