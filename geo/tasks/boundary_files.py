"""Write boundary sets, what changed between two of them, and the bill of a new one into files (边界文件)."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import pandas as pd

from geo.analysis.crosswalk import OUTSIDE, Crosswalk
from geo.analysis.set_changes import SetChanges
from geo.present.documents import Heading, Sheet
from geo.present.words import LEVELS, SET_CHANGES, STATES, Language, word
from geo.store.base import Store
from geo.tasks.boundary_sets import read_areas_of
from geo.tasks.boundary_versions import Bill
from geo.tasks.exports import Document, Imprint, write_places, write_sheets

BillPart = Literal["changes", "people", "facilities", "cases", "staff"]
BILL_PARTS: tuple[BillPart, ...] = ("changes", "people", "facilities", "cases", "staff")
"""Lists of a bill; a workbook holds all of them, a CSV one."""

_FROM_TO = (Heading("from_id", "原区域", "From area"), Heading("to_id", "新区域", "To area"))

_CHANGE_HEADINGS = (
    Heading("change", "变化", "Change"), *_FROM_TO,
    Heading("from_name", "原名称", "Former name"), Heading("to_name", "新名称", "New name"),
    Heading("from_share", "原区域落入新区域", "Of the former area", "share"),
    Heading("to_share", "新区域来自原区域", "Of the new area", "share"),
    Heading("is_recoded", "改编码", "Recoded"), Heading("is_renamed", "改名", "Renamed"),
    Heading("is_code_reused", "编码另作他用", "Code of another area before"),
)  # fmt: skip
_PEOPLE_HEADINGS = (
    Heading("source", "来源", "Source"), Heading("point_id", "人口点", "Point"),
    Heading("residents", "常住人口", "Residents", "number"), Heading("households", "户数", "Households", "number"),
    Heading("elders", "60岁以上", "Aged 60 and over", "number"), *_FROM_TO,
)  # fmt: skip
_FACILITY_HEADINGS = (
    Heading("facility_id", "设施编号", "Facility"), Heading("name", "名称", "Name"),
    Heading("kind", "类型", "Kind"), *_FROM_TO,
)  # fmt: skip
_CASE_HEADINGS = (
    Heading("source_no", "案件编号", "Case number"), Heading("source", "来源", "Source"),
    Heading("category_id", "类别编码", "Category code"), Heading("state", "状态", "State"),
    Heading("reported_at", "上报时间", "Reported", "moment"), Heading("due_at", "办理期限", "Due", "moment"),
    Heading("is_overdue", "已超期", "Overdue"), *_FROM_TO,
)  # fmt: skip
_STAFF_HEADINGS = (
    Heading("role", "职责", "Role"), Heading("name", "姓名", "Name"), Heading("area_id", "原区域", "Area"),
    Heading("change", "变化", "Change"), Heading("to_ids", "新区域", "Becomes"),
)  # fmt: skip
_CROSSWALK_HEADINGS = (
    *_FROM_TO, Heading("share", "份额", "Share", "share"), Heading("weighted_by", "权重", "Weighted by"),
)  # fmt: skip
_WEIGHTED = {"area": ("面积", "area"), "points": ("点", "points")}
_YES = {"True": ("是", "yes"), "False": ("", "")}

LayerFormat = Literal["geojson", "gpkg"]


def write_set(store: Store, set_id: str, *, format: LayerFormat, imprint: Imprint | None = None) -> Document:
    """Write the areas of one set, in force or not, as a layer that can be brought in again."""
    areas = read_areas_of(store, set_id)
    return write_layer(areas, f"boundaries_{set_id}", format=format, imprint=imprint)


def write_layer(
    areas: gpd.GeoDataFrame, stem: str, *, format: LayerFormat, imprint: Imprint | None = None
) -> Document:
    """Write areas as a layer: code, name, level, parent, kind, own figures, set."""
    columns = [
        "area_id",
        "name",
        "area_level",
        "parent_id",
        "kind",
        "residents",
        "households",
        "area_m2",
        "set_id",
    ]
    table = gpd.GeoDataFrame(areas[columns], geometry=areas.geometry.to_numpy(), crs=4326)
    return write_places(stem, format, table, imprint)


def write_changes(
    store: Store, changes: SetChanges, *, format: Literal["csv", "xlsx"], language: Language, stem: str
) -> Document:
    """Write what became of each area."""
    return write_sheets(stem, format, [_change_sheet(changes, language)], store, language)


def write_crosswalk(
    store: Store, crosswalk: Crosswalk, *, format: Literal["csv", "xlsx"], language: Language, stem: str
) -> Document:
    """Write the shares of a crosswalk; what lies in no area says so in words."""
    rows = crosswalk.shares.assign(
        to_id=crosswalk.shares["to_id"].replace(OUTSIDE, "（区域外）" if language == "zh" else "(outside)"),
        weighted_by=[word(_WEIGHTED, by, language) for by in crosswalk.shares["weighted_by"]],
    )
    notes = (
        ("方法" if language == "zh" else "Method",
         "每个原区域的份额合计为 1；总量按份额分摊，率和均值按各自分母加权平均，不得相加。" if language == "zh" else
         "The shares of each former area add up to 1. Totals are spread by them; rates and means are averaged, "
         "weighted by their own denominators, and never added up."),
    )  # fmt: skip
    sheet = Sheet("换算表" if language == "zh" else "Crosswalk", _CROSSWALK_HEADINGS, rows, notes)
    return write_sheets(stem, format, [sheet], store, language)


def write_bill(
    store: Store, bill: Bill, *, format: Literal["csv", "xlsx"], language: Language,
    part: BillPart = "changes",
) -> Document:  # fmt: skip
    """Write the lists of a bill: all as a workbook, or one of them as CSV."""
    sheets = bill_sheets(bill, language)
    chosen = list(sheets.values()) if format == "xlsx" else [sheets[part]]
    stem = f"bill_{bill.card.set_id}" + ("" if format == "xlsx" else f"_{part}")
    return write_sheets(stem, format, chosen, store, language)


def bill_sheets(bill: Bill, language: Language) -> dict[BillPart, Sheet]:
    """Lay out the lists of a bill, in the words of a language."""
    zh = language == "zh"
    moves = bill.moves
    cases = moves.cases.assign(
        state=[word(STATES, state, language) for state in moves.cases["state"]],
        is_overdue=_flags(moves.cases["is_overdue"], language),
    )
    staff = moves.staff.assign(
        change=[word(SET_CHANGES, change, language) for change in moves.staff["change"]]
    )
    notes = (
        ("边界版本" if zh else "Boundary set", bill.card.set_id),
        ("层级" if zh else "Level", word(LEVELS, bill.card.level, language)),
        ("生效日期" if zh else "In force from", bill.valid_from.isoformat() if bill.valid_from else "—"),
        ("导入人" if zh else "Brought in by", bill.card.author),
    )  # fmt: skip
    changes = _change_sheet(bill.changes, language)
    return {
        "changes": Sheet(changes.title, changes.headings, changes.rows, notes),
        "people": Sheet("人口" if zh else "People", _PEOPLE_HEADINGS, moves.people, notes),
        "facilities": Sheet("设施" if zh else "Facilities", _FACILITY_HEADINGS, moves.facilities, notes),
        "cases": Sheet("在办案件" if zh else "Open cases", _CASE_HEADINGS, cases, notes),
        "staff": Sheet("人员" if zh else "Staff", _STAFF_HEADINGS, staff, notes),
    }


def _change_sheet(changes: SetChanges, language: Language) -> Sheet:
    table = changes.table
    rows = table.assign(
        change=[word(SET_CHANGES, change, language) for change in table["change"]],
        **{name: _flags(table[name], language) for name in ("is_recoded", "is_renamed", "is_code_reused")},
    )
    return Sheet("变化" if language == "zh" else "Changes", _CHANGE_HEADINGS, rows)


def _flags(values: pd.Series, language: Language) -> list[str]:
    return [word(_YES, str(bool(value)), language) for value in values]
