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
COUNTED: Mapping[str, tuple[str, str, str]] = {
    "case": ("件", "case", "cases"),
    "row": ("行", "row", "rows"),
    "day": ("天", "day", "days"),
    "area": ("个区域", "area", "areas"),
    "category": ("个类别", "category", "categories"),
    "facility": ("处设施", "facility", "facilities"),
    "place": ("处", "place", "places"),
    "district": ("个区县", "district", "districts"),
    "subdistrict": ("个街道", "sub-district", "sub-districts"),
    "community": ("个社区", "community", "communities"),
    "grid": ("个网格", "grid", "grids"),
    "microgrid": ("个微网格", "micro-grid", "micro-grids"),
    "courtyard": ("个院落", "courtyard", "courtyards"),
    "unit_grid": ("个单元网格", "unit grid", "unit grids"),
}
"""What is counted: the Chinese measure word, the English word for one and for any other number."""
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


def count_of(n: float, what: str, language: Language) -> str:
    """Write a number with what it counts; English knows one from many.

    >>> count_of(1, "community", "en"), count_of(1200, "case", "en"), count_of(1, "case", "zh")
    ('1 community', '1,200 cases', '1 件')
    """
    measure, one, many = COUNTED[what]
    if language == "zh":
        return f"{n:,.0f} {measure}"
    return f"{n:,.0f} {one if round(n) == 1 else many}"


def unit_of(n: float, what: str, language: Language) -> str:
    """Write what a number counts, for where the number itself stands apart.

    >>> unit_of(1, "case", "en"), unit_of(0, "case", "en")
    ('case', 'cases')
    """
    measure, one, many = COUNTED[what]
    return measure if language == "zh" else one if round(n) == 1 else many


def capital(text: str) -> str:
    """Begin a label with a capital letter and leave the rest as it is.

    >>> capital("sub-district"), capital("街道"), capital("")
    ('Sub-district', '街道', '')
    """
    return text[:1].upper() + text[1:]


SET_CHANGES: Words = {
    "added": ("新增", "added"),
    "removed": ("撤销", "removed"),
    "split": ("拆分", "split"),
    "merged": ("合并", "merged"),
    "reshaped": ("调整边界", "reshaped"),
    "recoded": ("改编码", "recoded"),
    "renamed": ("改名", "renamed"),
    "unchanged": ("不变", "unchanged"),
}
"""What became of an area from one boundary set to the next."""
SET_STATUS: Words = {
    "draft": ("草稿", "draft"),
    "published": ("已发布", "published"),
    "retired": ("已停用", "retired"),
}
