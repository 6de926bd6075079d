"""Say findings and the verdict of a boundary check in words, and write them to files (检查结果的表述与导出)."""

from __future__ import annotations

import json
from typing import Literal

import pandas as pd

from geo.analysis.findings import SEVERITIES, count_findings
from geo.errors import ChoiceError
from geo.messages import Language, say
from geo.present.documents import Heading, Sheet, write_csv, write_geojson, write_geopackage
from geo.present.words import count_of
from geo.tasks.boundary_checks import BoundaryCheck

ReportFormat = Literal["json", "csv", "geojson", "gpkg"]

_HEADINGS = (
    Heading("finding", "序号", "No.", "count"), Heading("severity", "级别", "Severity"),
    Heading("rule", "规则", "Rule"), Heading("text", "问题", "Problem"), Heading("row", "要素", "Feature", "count"),
    Heading("area_id", "区域编码", "Area"), Heading("other_id", "另一区域", "Other area"),
    Heading("parent_id", "上级编码", "Parent"), Heading("lon", "经度", "Longitude", "number"),
    Heading("lat", "纬度", "Latitude", "number"), Heading("size", "大小", "Size", "number"),
    Heading("unit", "单位", "Unit"),
)  # fmt: skip


def say_finding(finding: pd.Series, language: Language) -> str:
    """Say one finding as a sentence; where it is stands at its end."""
    row = finding["row"]
    area = finding["area_id"]
    if pd.isna(area):
        area = "–" if pd.isna(row) else say("finding_row", language, row=row)
    text = say(
        str(finding["rule"]),
        language,
        area=area,
        other=_or_dash(finding["other_id"]),
        parent=say("everything_there", language) if pd.isna(finding["parent_id"]) else finding["parent_id"],
        size=say_size(finding),
        row="–" if pd.isna(row) else row,
        column=_or_dash(finding["column_name"]),
        value=finding["value"],
    )
    if pd.isna(finding["lon"]):
        return text
    return text + say("finding_place", language, lon=finding["lon"], lat=finding["lat"])


def say_size(finding: pd.Series) -> str:
    """Write the size of a finding with its unit."""
    size = finding["size"]
    if pd.isna(size):
        return "–"
    if finding["unit"] == "count":
        return f"{size:,.0f}"
    unit = "m²" if finding["unit"] == "m2" else "m"
    return f"{size:,.3g} {unit}" if size < 10 else f"{size:,.0f} {unit}"


def tell_verdict(check: BoundaryCheck, language: Language) -> str:
    """Say in one sentence whether a level tiles: how many areas, over what, overlaps and gaps."""
    rules = check.findings["rule"]
    overlaps = check.findings[rules.isin(["overlap", "overlap_sliver", "area_twice"])]
    gaps = check.findings[rules.isin(["gap", "gap_sliver"])]
    outside = int(rules.isin(["outside_parent", "in_two_parents", "parent_none"]).sum())
    areas = count_of(len(check.areas), check.level, language)
    if check.parent_level is None:
        parts = [say("verdict_alone", language, areas=areas)]
    else:
        over = count_of(check.n_parents, check.parent_level, language)
        is_whole = gaps.empty and not outside and not rules.eq("parent_without_child").any()
        code = "verdict_tiles" if is_whole else "verdict_gapped"
        parts = [say(code, language, areas=areas, parents=f" {over}" if language == "zh" else over)]
    parts.append(_tell_sum("verdict_no_overlap", "verdict_overlaps", overlaps, language))
    parts.append(_tell_sum("verdict_no_gap", "verdict_gaps", gaps, language))
    if outside:
        parts.append(say("verdict_outside", language, n=outside))
    joined = say("said_joint", language).join(parts)
    return joined + ("。" if language == "zh" else ".")


def write_findings(check: BoundaryCheck, *, format: ReportFormat, language: Language) -> bytes:
    """Write the findings as JSON, CSV, GeoJSON or GeoPackage.

    Raises
    ------
    ChoiceError
        If the format is none of these.
    """
    found = check.findings
    table = found.reset_index().assign(text=[say_finding(row, language) for _, row in found.iterrows()])
    if format == "json":
        content = {
            "level": check.level, "n_read": check.n_read, "n_areas": len(check.areas),
            "verdict": tell_verdict(check, language), "counts": count_findings(found),
            "findings": facts_of(check, language),
        }  # fmt: skip
        return json.dumps(content, ensure_ascii=False, indent=2).encode()
    if format == "csv":
        severity = [say(f"severity_{name}", language) for name in table["severity"]]
        sheet = Sheet("findings", _HEADINGS, table.assign(severity=severity))
        return write_csv(sheet, language=language, time_zone="UTC")
    places = table.rename_geometry("geometry")
    if format == "geojson":
        return write_geojson(places)
    if format == "gpkg":
        return write_geopackage(places, layer="findings")
    raise ChoiceError("report_format_unknown", format=format)


def facts_of(check: BoundaryCheck, language: Language) -> list[dict[str, object]]:
    """Return the findings as plain values, without their shapes."""
    facts = []
    for number, row in check.findings.iterrows():
        plain = {name: None if pd.isna(row[name]) else row[name] for name in row.index if name != "geom"}
        plain["row"] = None if plain["row"] is None else int(row["row"])
        facts.append({"finding": number, **plain, "text": say_finding(row, language)})
    return facts


def worst_first(check: BoundaryCheck, most: int) -> pd.DataFrame:
    """Return the first findings, the gravest and largest first."""
    order = check.findings["severity"].map(SEVERITIES.index)
    ranked = check.findings.assign(_order=order).sort_values(
        ["_order", "rule", "size"], ascending=[True, True, False], kind="stable"
    )
    first: pd.DataFrame = ranked.drop(columns="_order").head(most)
    return first


def _tell_sum(none: str, some: str, found: pd.DataFrame, language: Language) -> str:
    if found.empty:
        return say(none, language)
    return say(some, language, n=len(found), m2=float(found["size"].sum()))


def _or_dash(value: object) -> object:
    return value if isinstance(value, str) else "–"
