"""The tables that exports write: headings in both languages, rows, notes (导出表)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geo import __version__
from geo.analysis.indicators import AREA_INDICATORS, INDICATORS, Format, find_interval, find_small
from geo.present.documents import CellKind, Heading, Sheet
from geo.present.words import (
    FACILITY_STATUS,
    KINDS,
    LEVELS,
    POSITION_SOURCES,
    SATISFACTION,
    STATES,
    Language,
    word,
)
from geo.schema import AREA_LEVELS
from geo.store.base import Store
from geo.tasks.case_lists import read_rows
from geo.tasks.dashboard_text import kind_name, method_notes
from geo.tasks.dashboards import Dashboard

MOST_OPEN_CASES = 100_000
"""Open cases of one workbook: a whole city, and still a file that opens."""


@dataclass(frozen=True)
class Imprint:
    """What must stand on a map, from the settings."""

    review_number: str = ""
    """审图号; a file that shows a map without one warns."""
    source: str = ""

    def line(self, language: Language) -> str:
        """Return it as one line."""
        zh = language == "zh"
        parts = []
        if self.review_number:
            parts.append(
                f"审图号：{self.review_number}" if zh else f"Map review number: {self.review_number}"
            )
        if self.source:
            parts.append(f"地图数据来源：{self.source}" if zh else f"Map data: {self.source}")
        parts.append(f"格图 Getu {__version__}")
        return " · ".join(parts)


CASE_HEADINGS = (
    Heading("source_no", "案件编号", "Case number"),
    Heading("source", "来源", "Source"),
    Heading("kind", "类型", "Kind"),
    Heading("category_id", "类别编码", "Category code"),
    Heading("category", "类别", "Category"),
    Heading("title", "标题", "Title"),
    Heading("address", "地址", "Address"),
    Heading("state", "状态", "State"),
    Heading("closing_level", "化解层级", "Closed at"),
    Heading("department", "处置单位", "Department"),
    Heading("channel", "渠道", "Channel"),
    Heading("reported_at", "上报时间", "Reported", "moment"),
    Heading("accepted_at", "受理时间", "Accepted", "moment"),
    Heading("handled_at", "处置时间", "Handled", "moment"),
    Heading("closed_at", "结案时间", "Closed", "moment"),
    Heading("due_at", "办理期限", "Due", "moment"),
    Heading("satisfaction", "满意度", "Verdict"),
    Heading("lon", "经度", "Longitude", "number", "WGS84 度", "WGS84 degrees"),
    Heading("lat", "纬度", "Latitude", "number", "WGS84 度", "WGS84 degrees"),
    Heading("position_source", "位置来源", "Position from"),
    Heading("position_error_m", "位置误差", "Position error", "number", "米", "m"),
    *(
        Heading(f"{level}_id", f"{LEVELS[level][0]}编码", f"{LEVELS[level][1].capitalize()} code")
        for level in AREA_LEVELS
    ),
)
_KIND_OF: dict[Format, CellKind] = {
    "count": "count", "rate": "number", "share": "share", "hours": "number", "score": "number",
}  # fmt: skip
_WORDS = {
    "kind": KINDS, "state": STATES, "satisfaction": SATISFACTION, "position_source": POSITION_SOURCES,
    "closing_level": LEVELS,
}  # fmt: skip


def area_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Lay out `measure_level` for a file: figures, intervals, denominators, small marks."""
    columns: dict[str, object] = {"area_id": list(table.index), "name": table["name"].to_numpy()}
    columns["parent_id"] = table["parent_id"].to_numpy()
    for key in AREA_INDICATORS:
        item = INDICATORS[key]
        columns[key] = table[key].to_numpy(dtype=float)
        if item.format != "count":
            interval = find_interval(table, key)
            columns[f"{key}_lower"] = interval.lower
            columns[f"{key}_upper"] = interval.upper
            columns[f"{key}_small"] = np.where(find_small(table, key), "*", "")
    for name in _DENOMINATORS:
        columns[name] = table[name].to_numpy(dtype=float)
    return pd.DataFrame(columns)


_DENOMINATORS = {
    "residents": ("常住人口", "Residents"),
    "n_due": ("应结案", "Due"),
    "n_on_time": ("按期结案", "Closed on time"),
    "n_timed": ("计时结案", "Closed and timed"),
    "n_callbacks": ("有效回访", "Valid call-backs"),
    "n_closed_without_due": ("无期限结案", "Closed without a deadline"),
    "n_negative": ("结案早于上报", "Closed before reported"),
    "n_unlocated": ("无位置", "Without a location"),
}


def area_headings() -> tuple[Heading, ...]:
    """Return the headings of `area_rows`."""
    headings = [
        Heading("area_id", "编码", "Code"), Heading("name", "名称", "Name"),
        Heading("parent_id", "上级编码", "Parent code"),
    ]  # fmt: skip
    for key in AREA_INDICATORS:
        item = INDICATORS[key]
        kind = _KIND_OF[item.format]
        headings.append(Heading(key, item.zh, item.en, kind, item.unit_zh, item.unit_en))
        if item.format != "count":
            for part, zh, en in (("lower", "下限", "lower"), ("upper", "上限", "upper")):
                headings.append(
                    Heading(
                        f"{key}_{part}",
                        f"{item.zh} 95% {zh}",
                        f"{item.en}, 95% {en}",
                        kind,
                        item.unit_zh,
                        item.unit_en,
                    )
                )
            headings.append(Heading(f"{key}_small", f"{item.zh} 小基数", f"{item.en}, small"))
    headings += [Heading(name, zh, en, "count") for name, (zh, en) in _DENOMINATORS.items()]
    return tuple(headings)


def board_figures(board: Dashboard) -> pd.DataFrame:
    """Lay out the figures of a dashboard's area: `key`, `value`, `unit` columns in both languages."""
    rows = []
    for item in board.indicators:
        if item.key == "closing_share":
            continue
        rows.append(
            {
                "key": item.key,
                "zh": item.zh,
                "en": item.en,
                "unit_zh": item.unit_zh,
                "unit_en": item.unit_en,
                "value": _figure(board.counts[item.key], item.format),
                "denominator": None if item.denominator is None else board.counts[item.denominator],
            }
        )
    values = pd.Series([row.pop("value") for row in rows], dtype=object)  # whole counts stay whole
    return pd.DataFrame(rows).assign(value=values)


def _figure(value: float, format: Format) -> int | float | None:
    """Return a count as a whole number, a share as percent, anything else as it is."""
    if pd.isna(value):
        return None
    return int(value) if format == "count" else value * 100 if format == "share" else value


def category_names_in(store: Store, language: Language) -> dict[str, str]:
    """Return the names of the categories by code, in English where one is known and asked for."""
    table = store.read("categories", columns=["category_id", "name", "name_en"])
    names = table["name"] if language == "zh" else table["name_en"].fillna(table["name"])
    return dict(zip(table["category_id"], names, strict=True))


def figure_sheet(store: Store, board: Dashboard, imprint: Imprint, language: Language) -> Sheet:
    """Lay out the figures of a dashboard's area, with definitions and sources as notes."""
    zh = language == "zh"
    name, unit = ("zh", "unit_zh") if zh else ("en", "unit_en")
    figures = (
        Heading(name, "指标", "Indicator"), Heading("value", "数值", "Value", "number"),
        Heading(unit, "单位", "Unit"), Heading("denominator", "分母", "Denominator", "count"),
    )  # fmt: skip
    title = ("全部" if zh else "Everything") if board.area is None else board.area.name
    notes = [
        ("区域" if zh else "Area", title),
        ("时段" if zh else "Period", board.period.label),
        ("摘要" if zh else "Summary", board.sentences[language]),
        *method_notes(board, language),
        *source_notes(store, imprint, language),
    ]
    return Sheet("指标" if zh else "Figures", figures, board_figures(board), tuple(notes))


def _open_sheet(store: Store, board: Dashboard, language: Language) -> tuple[Sheet, tuple[str, str]]:
    """Lay out every open case of the area at the end of the period, and say how many there are."""
    zh = language == "zh"
    where = replace(board.where, open_at=board.period.end)
    names = category_names_in(store, language)
    rows = read_rows(store, where, sort=(("reported_at", "up"),), limit=MOST_OPEN_CASES, names=names)
    n = store.count_cases(where) if len(rows) == MOST_OPEN_CASES else len(rows)
    if n > len(rows):
        said = (
            f"共 {n:,} 件，仅列最早的 {len(rows):,} 件"
            if zh
            else f"{n:,} in all; the oldest {len(rows):,} are listed"
        )
    else:
        said = f"全部 {n:,} 件" if zh else f"all {n:,}"
    title = "在办" if zh else "Open cases"
    return Sheet(title, CASE_HEADINGS, in_words(rows, language)), (title, said)


def board_sheets(store: Store, board: Dashboard, imprint: Imprint, language: Language) -> list[Sheet]:
    """Lay out a dashboard as sheets, the figures of its area first; at most `MOST_OPEN_CASES` open cases."""
    zh = language == "zh"
    first = figure_sheet(store, board, imprint, language)
    open_cases, listed = _open_sheet(store, board, language)
    names = category_names_in(store, language)
    categories = board.categories.assign(
        name=[names.get(code, name) for code, name in board.categories[["category_id", "name"]].to_numpy()]
    )
    facilities = board.facilities.assign(
        kind_id=board.facilities["kind"],
        kind=[kind_name(kind, language) for kind in board.facilities["kind"]],
    )
    value = (
        Heading("value", "取值", "Value"), Heading("n", "件数", "Cases", "count"),
        Heading("share", "占比", "Share", "share"),
    )  # fmt: skip
    sheets = [
        replace(first, notes=(listed, *first.notes)),
        Sheet("月度" if zh else "Months", _MONTH_HEADINGS, board.months),
        Sheet("类别" if zh else "Categories", _CATEGORY_HEADINGS, categories),
        Sheet("渠道" if zh else "Channels", value, board.channels),
        Sheet("来源" if zh else "Sources", value, board.sources),
        Sheet("化解层级" if zh else "Closed at", value, _levels_in_words(board.closing_levels, language)),
        Sheet("设施" if zh else "Facilities", _FACILITY_HEADINGS, facilities),
        open_cases,
    ]
    if len(board.children):
        sheets.insert(1, Sheet("下级区域" if zh else "Areas inside", child_headings(), board.children))
    return sheets


_MONTH_HEADINGS = (
    Heading("month", "月份", "Month"),
    Heading("n_new", "新增", "New", "count"),
    Heading("n_new_year_before", "上年同月", "A year before", "count"),
    Heading("n_closed", "办结", "Closed", "count"),
    Heading("n_open", "月末在办", "Open at the end", "count"),
    Heading("n_overdue", "月末超期", "Overdue at the end", "count"),
)
_CATEGORY_HEADINGS = (
    Heading("category_id", "类别编码", "Category code"),
    Heading("name", "类别", "Category"),
    Heading("n_new", "新增", "New", "count"),
    Heading("n_before", "上期", "Before", "count"),
    Heading("share", "占比", "Share", "share"),
)
_FACILITY_HEADINGS = (
    Heading("kind_id", "类型编码", "Code of the kind"),
    Heading("kind", "类型", "Kind"),
    Heading("n", "数量", "Number", "count"),
    Heading("n_open", "开放", "Open", "count"),
    Heading("capacity", "容量", "Capacity", "number"),
)


FACILITY_HEADINGS = (
    Heading("source_no", "设施编号", "Facility number"),
    Heading("source", "来源", "Source"),
    Heading("name", "名称", "Name"),
    Heading("kind_id", "类型编码", "Code of the kind"),
    Heading("kind", "类型", "Kind"),
    Heading("service_level", "服务层级", "Service level"),
    Heading("status", "状态", "Status"),
    Heading("capacity", "容量", "Capacity", "number"),
    Heading("area_m2", "面积", "Surface", "number", "平方米", "m²"),
    Heading("opened_on", "启用日期", "Opened", "day"),
    Heading("closed_on", "停用日期", "Closed", "day"),
    Heading("address", "地址", "Address"),
    Heading("lon", "经度", "Longitude", "number", "WGS84 度", "WGS84 degrees"),
    Heading("lat", "纬度", "Latitude", "number", "WGS84 度", "WGS84 degrees"),
    Heading("position_source", "位置来源", "Position from"),
    Heading("position_error_m", "位置误差", "Position error", "number", "米", "m"),
)


def facilities_in_words(rows: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Say the keys of facilities in words of one language."""
    return rows.assign(
        kind=[kind_name(kind, language) for kind in rows["kind"]],
        status=[word(FACILITY_STATUS, status, language) for status in rows["status"]],
        position_source=[word(POSITION_SOURCES, source, language) for source in rows["position_source"]],
    )


def child_headings() -> tuple[Heading, ...]:
    """Return the headings of the areas inside a dashboard."""
    wanted = (
        "area_id",
        "name",
        "n_new",
        "n_open",
        "n_overdue",
        "per_1000",
        "on_time_share",
        "median_h",
        "residents",
        "n_due",
    )
    return tuple(heading for heading in area_headings() if heading.name in wanted)


def in_words(rows: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Say the keys of cases in words of one language."""
    said = {
        name: [word(words, value, language) if isinstance(value, str) else None for value in rows[name]]
        for name, words in _WORDS.items()
    }
    return rows.assign(
        **{name: pd.Series(values, index=rows.index, dtype="str") for name, values in said.items()}
    )


def _levels_in_words(table: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Say levels of closing that are levels of areas by their names."""
    said = [word(LEVELS, value, language) for value in table["value"]]
    return table.assign(value=pd.Series(said, index=table.index, dtype="str"))


def source_notes(store: Store, imprint: Imprint, language: Language) -> list[tuple[str, str]]:
    """Return data date, time zone, data version and imprint: label and text."""
    last_at = store.moments()[1]
    as_of = "–" if last_at is None else pd.Timestamp(last_at).tz_convert(store.time_zone).strftime("%Y-%m-%d")
    zh = language == "zh"
    return [
        ("数据截至" if zh else "Data as of", as_of),
        ("时区" if zh else "Time zone", store.time_zone),
        ("数据版本" if zh else "Data version", str(store.data_version())),
        ("出处" if zh else "Imprint", imprint.line(language)),
    ]
