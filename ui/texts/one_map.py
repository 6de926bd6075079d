"""Sentences of the one map (一张图)."""

from __future__ import annotations

TEXT: dict[str, tuple[str, str]] = {
    "map.level": ("层级", "Level"),
    "map.colour_by": ("着色指标", "Colour by"),
    "map.colour_none": ("不着色", "No colour"),
    "map.category": ("类别", "Category"),
    "map.facilities": ("设施", "Facilities"),
    "map.facilities_hint": ("选择要显示的设施", "Choose facilities to show"),
    "map.cases": ("案件显示", "Cases as"),
    "map.cases.none": ("不显示", "Hidden"),
    "map.cases.hex": ("六边形→点", "Hexagons → points"),
    "map.cases.points": ("点（聚合）", "Points"),
    "map.cases.heat": ("热力示意", "Heat picture"),
    "map.layers": ("图层", "Layers"),
    "map.enter": ("进入下一级", "Go one level down"),
    "map.up": ("返回上一级", "Go one level up"),
    "map.open_dashboard": ("打开看板", "Open dashboard"),
    "map.pick_hint": (
        "点一下地图上的区域看它的数字；再点一下进入下一级。",
        "Click an area on the map to see its numbers; click again to go one level down.",
    ),
    "map.table": ("地图上的区域", "Areas on the map"),
    "map.table_hint": ("点选一行，地图移到那里", "Choose a row and the map goes there"),
    "map.label": ("地图：{what}，{place}，{period}", "Map: {what}, {place}, {period}"),
    "map.download": ("下载", "Download"),
    "map.level_count": ("{level} {n}", "{level} {n}"),
    "map.method": (
        "分级采用分位数法，断点与各级个数见图例。热力图只是示意，不是统计结果。六边形为 H3 "
        "网格，放大后变为聚合点，再放大为单个案件。",
        "Classes are quantiles; the legend shows breaks and numbers. The heat layer is a "
        "picture, not a statistic. Hexagons are H3 cells; closer in they turn into clusters, "
        "then single cases.",
    ),
    "map.left_out": (
        "本范围时段内新增 {n} 件，其中 {unplaced} 件不属于任何{level}；{area_only} 件只有所报区域、"
        "没有坐标，{nowhere} 件无位置，都不在点、六边形和热力图上。",
        "{n} new cases here in the period; {unplaced} of them are in no {level}. {area_only} have "
        "only the area they state and no point, {nowhere} no location at all: neither is among the "
        "points, hexagons and heat.",
    ),
}
