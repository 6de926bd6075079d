"""Write a small part of the district as the files a newcomer would upload (上手样例文件).

One sub-district: its chain of areas, courtyards and buildings as GeoJSON, its people as CSV with a
byte order mark, its last 2 000 cases as CSV in GBK with GCJ-02 coordinates, its facilities as XLSX. Some
rows of the cases are wrong on purpose; the README beside them says which, and what the check should
say. The same district gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xlsxwriter

from geo.demo_parts.courses import TIME_ZONE
from geo.demo_parts.names import canary_telephone
from geo.gcj02 import wgs84_to_gcj02

N_CASES = 2_000
STATE_WORDS = {
    "reported": "已登记",
    "verifying": "核实中",
    "rejected": "不予受理",
    "filed": "已立案",
    "dispatched": "已派单",
    "returned": "已退回",
    "handling": "办理中",
    "handled": "处置完成",
    "checking": "核查中",
    "rework": "发回重办",
    "closed": "已办结",
    "suspended": "挂账",
    "extended": "延期",
}
STATUS_WORDS = {
    "planned": "规划",
    "building": "在建",
    "open": "运营中",
    "suspended": "暂停使用",
    "closed": "已关闭",
}
_VERDICTS = {"satisfied": "满意", "basically_satisfied": "基本满意", "dissatisfied": "不满意"}
_PEOPLE_WORDS = {
    "residents": "常住人口",
    "registered": "户籍人口",
    "elders": "60岁及以上",
    "children": "0-14岁",
    "households": "户数",
}
_FACILITY_COLUMNS = {
    "source_no": "设施编号",
    "name": "设施名称",
    "kind": "设施类型",
    "service_level": "服务层级",
    "status": "状态",
    "capacity": "容量",
    "area_m2": "面积",
    "opened_on": "启用日期",
    "closed_on": "停用日期",
    "address": "地址",
    "lon": "经度",
    "lat": "纬度",
}
_LEVEL_WORDS = {"grid": "网格", "community": "社区", "subdistrict": "街道", "district": "区级"}
_KIND_WORDS = {"component": "部件", "event": "事件", "service": "服务诉求"}
_YES_NO = {True: "是", False: "否"}
_LAYERS = (
    ("subdistrict", "1-subdistricts.geojson", "街道", ""),
    ("community", "2-communities.geojson", "社区", "所属街道编码"),
    ("grid", "3-grids.geojson", "网格", "所属社区编码"),
    ("microgrid", "4-microgrids.geojson", "微网格", "所属网格编码"),
    ("courtyard", "5-courtyards.geojson", "院落", "所属网格编码"),
)
_README = """# Sample files to bring in · 上手样例文件

One sub-district of the demo district, {name} ({code}), as a newcomer would upload it. Everything in
these files is invented: places, names, people, cases; telephone numbers are 138 0000 00xx, which belong
to nobody. Made by `python -m geo demo --files data/demo`; the same program makes the same bytes.

示范区中的一个街道（{name}），按新用户上传的样子写成文件。地名、人名、案件均为虚构，电话号码为 138 0000 00xx，
不属于任何人。由 `python -m geo demo --files data/demo` 生成，同一程序每次生成的字节相同。

| file 文件 | what it is 内容 | coordinates 坐标系 | encoding 编码 |
| --- | --- | --- | --- |
| {areas} | five levels of areas 街道、社区、网格、微网格、院落 | WGS84 | UTF-8 |
| {buildings} | buildings with street, number and 栋 楼栋（道路、门牌、栋号） | WGS84 | UTF-8 |
| {people} | people at building points 楼栋人口 | WGS84 | UTF-8 with BOM |
| {facilities} | facilities; a tenth without coordinates 设施台账，一成只有地址 | WGS84 | XLSX |
| {cases} | cases; three in ten have no coordinates 案件，约三成没有坐标 | **GCJ-02** | **GBK** |

Bring them in in the order of their numbers, and name the coordinate system of each: nothing is guessed.
Times in the cases are of Asia/Shanghai. The columns 诉求人 and 联系电话 are personal and are not stored
unless you choose so.

请按编号顺序导入，并逐个说明坐标系（系统不会猜测）。案件时间为北京时间。“诉求人”“联系电话”属个人信息，默认不入库。

## Rows of {cases} that are wrong on purpose · 故意写错的行

Row numbers are those of the file: the header is row 1. 行号以文件为准，表头为第 1 行。

| row 行 | what is wrong 问题 | what the check says 校验结果 |
| --- | --- | --- |
{rows}
"""
_CREATED = datetime(2026, 1, 1)


def write_files(
    folder: Path,
    *,
    boundaries: Mapping[str, gpd.GeoDataFrame],
    buildings: gpd.GeoDataFrame,
    people: pd.DataFrame,
    facilities: pd.DataFrame,
    facility_positions: pd.DataFrame,
    cases: pd.DataFrame,
    case_positions: pd.DataFrame,
    category_names: Mapping[str, str],
    kind_names: Mapping[str, str],
) -> list[Path]:
    """Write the samples of the first sub-district into a folder, and return their paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    code = str(boundaries["subdistrict"]["area_id"].min())
    outline = boundaries["subdistrict"].set_index("area_id").geometry[code]
    shapely.prepare(outline)
    written = [
        _write_areas(folder, boundaries[level], code, file, word, parent)
        for level, file, word, parent in _LAYERS
    ]
    inside = shapely.contains_xy(outline, buildings["lon"].to_numpy(), buildings["lat"].to_numpy())
    written.append(_write_buildings(folder, buildings[inside]))
    lived_in = people["point_id"].isin(buildings.loc[inside, "building_id"])
    written.append(_write_people(folder, people[lived_in]))
    mine = shapely.contains_xy(
        outline, facility_positions["lon"].to_numpy(), facility_positions["lat"].to_numpy()
    )
    written.append(_write_facilities(folder, facilities[mine], kind_names))
    chosen = cases[case_positions["microgrid_id"].str.startswith(code).to_numpy()].tail(N_CASES)
    path, dirty = _write_cases(folder, chosen, category_names)
    readme = folder / "README.md"
    readme.write_text(
        _readme(boundaries["subdistrict"], code, [p.name for p in (*written, path)], dirty), encoding="utf-8"
    )
    return [*written, path, readme]


# --- places ---


def _write_areas(folder: Path, table: gpd.GeoDataFrame, code: str, file: str, word: str, parent: str) -> Path:
    rows = table[table["area_id"].str.startswith(code)]
    features = []
    for row in rows.itertuples():
        facts: dict[str, object] = {f"{word}编码": row.area_id, f"{word}名称": row.name}
        if parent:
            facts[parent] = row.parent_id
        if isinstance(row.kind, str):
            facts[f"{word}类型"] = row.kind
        facts |= {"常住人口": int(row.residents), "户数": int(row.households), **json.loads(row.attributes)}
        features.append((facts, row.geom))
    return _write_geojson(folder / file, features)


def _write_buildings(folder: Path, buildings: gpd.GeoDataFrame) -> Path:
    features = [
        (
            {
                "楼栋编码": b.building_id,
                "楼栋名称": b.name,
                "小区编码": b.courtyard_id if isinstance(b.courtyard_id, str) else None,
                "道路名称": b.street,
                "门牌号": b.street_number,
                "建筑用途": b.use,
                "层数": int(b.storeys),
                "户数": int(b.households),
            },
            b.geom,
        )
        for b in buildings.itertuples()
    ]
    return _write_geojson(folder / "6-buildings.geojson", features)


def _write_geojson(path: Path, features: Sequence[tuple[dict[str, object], shapely.MultiPolygon]]) -> Path:
    lines = [
        json.dumps(
            {"type": "Feature", "properties": facts, "geometry": shapely.geometry.mapping(_simplest(geom))},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for facts, geom in features
    ]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _simplest(geom: shapely.MultiPolygon) -> shapely.Geometry:
    return geom.geoms[0] if len(geom.geoms) == 1 else geom


def _write_people(folder: Path, people: pd.DataFrame) -> Path:
    table = pd.DataFrame({"楼栋编号": people["point_id"], "经度": people["lon"], "纬度": people["lat"]})
    for name, word in _PEOPLE_WORDS.items():
        table[word] = people[name].astype("int64")
    path = folder / "7-population.csv"
    text = table.assign(统计日期=people["as_of_on"].astype("str")).to_csv(
        index=False, lineterminator="\r\n", float_format="%.7f"
    )
    path.write_bytes(text.encode("utf-8-sig"))
    return path


# --- facilities ---


def _write_facilities(folder: Path, facilities: pd.DataFrame, kind_names: Mapping[str, str]) -> Path:
    path = folder / "8-facilities.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": "设施台账（示例）", "created": _CREATED})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("设施")
        sheet.write_row(0, 0, list(_FACILITY_COLUMNS.values()), bold)
        rows = facilities.assign(
            kind=facilities["kind"].map(dict(kind_names)), status=facilities["status"].map(STATUS_WORDS)
        )[list(_FACILITY_COLUMNS)]
        for place, row in enumerate(rows.astype("object").to_numpy().tolist(), 1):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(place, column, datetime(value.year, value.month, value.day), day)
                elif isinstance(value, str):
                    sheet.write_string(place, column, value)
                elif value is not None and np.isfinite(value):
                    sheet.write_number(place, column, value)
        sheet.set_column(0, len(_FACILITY_COLUMNS) - 1, 16)
    return path


# --- cases ---


_CASE_HEADER = (
    "工单编号",
    "诉求来源",
    "案件类型",
    "大类",
    "小类",
    "标题",
    "诉求内容",
    "详细地址",
    "所属社区",
    "经度",
    "纬度",
    "工单状态",
    "化解层级",
    "承办单位",
    "受理时间",
    "派单时间",
    "处置完成时间",
    "办结时间",
    "截止时间",
    "是否有效回访",
    "是否联系",
    "是否解决",
    "满意度",
    "诉求人",
    "联系电话",
)


def _write_cases(
    folder: Path, cases: pd.DataFrame, category_names: Mapping[str, str]
) -> tuple[Path, list[tuple[int, str, str]]]:
    """Write the cases in GBK and GCJ-02; return row number, what is wrong and what should be said."""
    lon, lat = wgs84_to_gcj02(cases["lon"].to_numpy(), cases["lat"].to_numpy())
    rows = [
        _case_row(case, x, y, category_names, place)
        for place, (case, x, y) in enumerate(zip(cases.to_dict("records"), lon, lat, strict=True))
    ]
    dirty = _make_dirty(rows)
    return _write_csv(folder / "9-cases.csv", list(_CASE_HEADER), rows, encoding="gbk"), dirty


def _case_row(
    case: Mapping[Hashable, Any], lon: float, lat: float, category_names: Mapping[str, str], place: int
) -> list[str]:
    code: str = case["category_id"]
    moments = [
        _local(case[name]) for name in ("reported_at", "accepted_at", "handled_at", "closed_at", "due_at")
    ]
    answers = [_answer(case[name]) for name in ("valid_callback", "contacted", "solved")]
    return [
        case["source_no"], case["channel"], _KIND_WORDS[case["kind"]],
        category_names[code.split("-", maxsplit=1)[0]], category_names[code],
        case["title"], case["description"],
        _text(case["address"]), _text(case["stated_area"]),
        "" if np.isnan(lon) else f"{lon:.6f}", "" if np.isnan(lat) else f"{lat:.6f}",
        STATE_WORDS[case["state"]], _LEVEL_WORDS.get(_text(case["closing_level"]), ""), case["department"],
        *moments, *answers, _VERDICTS.get(_text(case["satisfaction"]), ""),
        "示例居民", canary_telephone(place),
    ]  # fmt: skip


def _answer(value: object) -> str:
    return "" if value is pd.NA else _YES_NO[bool(value)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _local(moment: pd.Timestamp) -> str:
    return "" if pd.isna(moment) else f"{moment.tz_convert(TIME_ZONE):%Y-%m-%d %H:%M:%S}"


def _make_dirty(rows: list[list[str]]) -> list[tuple[int, str, str]]:
    """Spoil some rows as real exports do; return row number in the file, what is wrong, what to expect."""
    at = {name: place for place, name in enumerate(_CASE_HEADER)}
    located = [k for k, row in enumerate(rows) if row[at["经度"]] and row[at["办结时间"]]]
    picks = [located[len(located) * part // 12] for part in range(1, 12)]
    told: list[tuple[int, str, str]] = []

    def tell(place: int, wrong: str, expect: str) -> None:
        told.append((place + 2, wrong, expect))

    for place in picks[:3]:
        row = rows[place]
        row[at["经度"]], row[at["纬度"]] = row[at["纬度"]], row[at["经度"]]
        tell(
            place,
            "longitude and latitude swapped 经纬度颠倒",
            "kept without a position; named as swapped, swapping is offered",
        )
    for place in picks[3:5]:
        rows[place][at["工单状态"]] = "等通知中"
        tell(
            place,
            "unknown status word 等通知中 未知状态",
            "refused until somebody says what the word means",
        )
    rows[picks[5]][at["受理时间"]] = "2026-02-30 10:00:00"
    tell(picks[5], "30 February 不存在的日期", "row refused: no such day")
    rows[picks[6]][at["经度"]], rows[picks[6]][at["纬度"]] = "0", "0"
    tell(picks[6], "coordinates 0, 0 坐标为零", "kept without a position, with a remark")
    rows[picks[7]][at["办结时间"]] = "2024-01-01 08:00:00"
    tell(picks[7], "closed before it was reported 办结早于受理", "kept, with a remark")
    rows[picks[8]][at["工单编号"]] = "5.10199E+18"
    tell(picks[8], "number damaged by a spreadsheet 编号被表格软件损坏", "row refused")
    rows[picks[10]][at["工单编号"]] = rows[picks[9]][at["工单编号"]]
    tell(picks[9], "number repeated with another content 工单编号重复", "both rows refused")
    tell(picks[10], "number repeated with another content 工单编号重复", "both rows refused")
    rows.append(list(rows[0]))
    tell(len(rows) - 1, "exact copy of row 2 与第 2 行完全相同", "noted, stored once")
    return told


def _write_csv(path: Path, header: list[str], rows: list[list[str]], *, encoding: str) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def _readme(
    subdistricts: gpd.GeoDataFrame, code: str, names: list[str], dirty: list[tuple[int, str, str]]
) -> str:
    name = subdistricts.set_index("area_id").loc[code, "name"]
    rows = "\n".join(f"| {row} | {wrong} | {expect} |" for row, wrong, expect in sorted(dirty))
    return _README.format(
        name=name, code=code, areas=f"{names[0]} … {names[4]}", buildings=names[5], people=names[6],
        facilities=names[7], cases=names[8], rows=rows,
    )  # fmt: skip
