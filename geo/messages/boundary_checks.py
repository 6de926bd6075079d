"""Sentences of the checks and repairs of boundaries.

Those of single findings use nothing but {area}, {other}, {parent}, {size} (with its unit), {value}.
"""

from geo.messages.text import Message

FINDINGS: dict[str, Message] = {
    "shape_crosses_itself": Message(
        "The border of {area} crosses or touches itself in {size} ({value}).",
        "{area} 的边界自相交或自接触，共 {size}（{value}）。",
    ),
    "shape_hole_outside": Message("A hole of {area} lies outside it: {size}.", "{area} 的内环位于外环之外：{size}。"),
    "shape_rings_overlap": Message("Rings or parts of {area} overlap: {size}.", "{area} 的环或部件重叠：{size}。"),
    "shape_spike": Message("{area} has a spike of {size}.", "{area} 有一处尖刺，长 {size}。"),
    "shape_corner_twice": Message("{area} repeats corners: {size}.", "{area} 有重复顶点：{size}。"),
    "shape_too_many_corners": Message(
        "{area} has very many corners: {size}.", "{area} 的顶点过多：{size}。",
        "Simplify it in the program that drew it.", "请在绘图软件中简化。",
    ),
    "code_not_of_scheme": Message(
        "The code {area} is not built as the others: {value}.", "编码 {area} 与编码规则不符：{value}。"
    ),
    "code_not_under_parent": Message(
        "The code {area} does not begin with that of its parent {parent}.", "编码 {area} 不以上级编码 {parent} 开头。"
    ),
    "area_twice": Message(
        "{area} and {other} have the same shape: {size}.",
        "{area} 与 {other} 图形完全相同：{size}。",
    ),
    "overlap": Message("{area} and {other} overlap: {size}.", "{area} 与 {other} 重叠：{size}。"),
    "overlap_sliver": Message(
        "{area} and {other} overlap in a sliver: {size}.", "{area} 与 {other} 之间有狭长重叠：{size}。"
    ),
    "gap": Message("A gap in {parent}: {size} that no area holds.", "{parent} 内有缝隙：{size} 不属于任何区域。"),
    "gap_sliver": Message("A sliver in {parent} that no area holds: {size}.", "{parent} 内有狭长缝隙：{size}。"),
    "edge_not_matching": Message(
        "{area} lacks corners that {other} has on their border: {size}.",
        "{area} 与 {other} 的公共边不匹配，缺少顶点：{size}。",
    ),
    "outside_parent": Message(
        "{area} lies outside its parent {parent}: {size}.", "{area} 超出其上级 {parent}：{size}。"
    ),
    "outside_parent_sliver": Message(
        "The borders of {area} and its parent {parent} differ by a sliver: {size}.",
        "{area} 与其上级 {parent} 的边界略有出入：{size}。",
    ),
    "in_two_parents": Message(
        "{area} belongs to {parent} and lies in {other} too: {size}.",
        "{area} 属于 {parent}，但也位于 {other}：{size}。"
    ),
    "parent_unknown": Message(
        "{area} names a parent that is not there: {parent}.", "{area} 所填上级 {parent} 不存在。"
    ),
    "parent_none": Message("{area} lies in no parent.", "{area} 不在任何上级之内。"),
    "parent_without_child": Message("{parent} has no area of this level.", "{parent} 没有本层级的区域。"),
    "place_in_no_area": Message("People in no area: {size}.", "有人口点不在任何区域内：{size}。"),
    "courtyard_cut": Message(
        "A border cuts the courtyard {area}: {size} ({value}).",
        "院落 {area} 被边界切割：{size}（{value}）。",
    ),
    "courtyard_over_microgrids": Message(
        "The courtyard {area} lies in several micro-grids ({value}).", "院落 {area} 跨多个微网格（{value}）。"
    ),
    "building_cut": Message(
        "A border cuts the building {area}: {size} ({value}).",
        "楼栋 {area} 被边界切割：{size}（{value}）。",
    ),
}  # fmt: skip

_TOLD: dict[str, Message] = {
    "finding_place": Message(" ({lon:.6f}, {lat:.6f})", "（{lon:.6f}, {lat:.6f}）"),
    "finding_row": Message("feature {row}", "要素 {row}"),
    "everything_there": Message("the whole", "全域"),
    "severity_blocks": Message("blocks", "阻止发布"),
    "severity_warns": Message("warns", "警告"),
    "severity_note": Message("note", "提示"),
    "said_check": Message(
        "{n_blocks} that block, {n_warns} warnings, {n_notes} notes.",
        "阻止发布 {n_blocks} 项，警告 {n_warns} 项，提示 {n_notes} 项。"
    ),
    "said_finding": Message("  {finding} [{severity}] {text}", "  {finding} [{severity}] {text}"),
    "said_remedy": Message("      {kind} {area}: {changes}", "      {kind} {area}：{changes}"),
    "said_more_findings": Message(
        "  … {n} more; --out FILE writes all of them.",
        "  … 另有 {n} 项；--out FILE 可写出全部。",
    ),
    "said_changed": Message(
        "  {area}: {before:,.1f} m² → {after:,.1f} m² ({change:+,.1f})",
        "  {area}：{before:,.1f} m² → {after:,.1f} m²（{change:+,.1f}）"
    ),
    "said_repaired": Message(
        "{n_applied} mended, {n_refused} above the ceiling and left as they are, written to {file}.",
        "已修复 {n_applied} 项，{n_refused} 项超过上限未改动，结果写入 {file}。",
    ),
    "said_repaired_next": Message(
        "The original is as it was; bring the new file in as a draft.", "原文件未改动；请将新文件作为草稿导入。"
    ),

    "report_format_unknown": Message(
        "Findings cannot be written as {format!r}.", "检查结果不能写成 {format!r} 格式。",
        "Name a file that ends in json, csv, geojson or gpkg.", "文件名请以 json、csv、geojson 或 gpkg 结尾。",
    ),
    "remedy_not_offered": Message(
        "Finding {finding} has no remedy {remedy!r}.", "第 {finding} 项没有修复办法 {remedy!r}。",
        "It has: {known}.", "可用：{known}。",
    ),
    "verdict_tiles": Message("{areas}: they tile {parents}", "{areas}，铺满{parents}"),
    "verdict_alone": Message("{areas}", "{areas}"),
    "verdict_gapped": Message("{areas} in {parents}", "{areas}，分属{parents}"),
    "verdict_no_overlap": Message("no overlap", "无重叠"),
    "verdict_overlaps": Message("overlaps: {n}, {m2:,.0f} m² in all", "{n} 处重叠共 {m2:,.0f} m²"),
    "verdict_no_gap": Message("no gap", "无缝隙"),
    "verdict_gaps": Message("gaps: {n}, {m2:,.0f} m² in all", "{n} 处缝隙共 {m2:,.0f} m²"),
    "verdict_outside": Message("outside their parent: {n}", "{n} 处超出上级"),
}  # fmt: skip

MESSAGES: dict[str, Message] = FINDINGS | _TOLD
