"""Sentences of `geo/tasks`."""

from geo.messages.text import Message

MESSAGES: dict[str, Message] = {
    "area_unknown": Message(
        "There is no area with the code {area_id!r}.",
        "没有编码为 {area_id!r} 的区域。",
        "Search for it by name, or check that its boundaries were brought in.",
        "请按名称搜索，或确认其边界已经导入。",
    ),
    "edit_without_change": Message(
        "Nothing was named that should change.",
        "没有指明要修改的内容。",
        "Name one of: {fields}.",
        "请指明以下字段之一：{fields}。",
    ),
    "edit_refused": Message(
        "The value {value!r} of {field} cannot be stored.",
        "{field} 的值 {value!r} 不能入库。",
        "Nothing was changed. The same rules hold as for a file: see docs/data-model.md.",
        "未做任何改动。规则与导入文件相同，见 docs/data-model.md。",
    ),
    "case_unknown": Message(
        "There is no case {case_id!r}.",
        "没有编号为 {case_id!r} 的案件。",
        "Check the number, or look for it in the list of cases.",
        "请核对编号，或在案件列表中查找。",
    ),
    "level_without_areas": Message(
        "No areas of the level {level} were brought in.",
        "尚未导入层级为 {level} 的区域。",
        "Bring in its boundaries, or choose another level: {known}.",
        "请导入该层级的边界，或选择其他层级：{known}。",
    ),
    "indicator_unknown": Message(
        "There is no indicator {key!r}.",
        "没有名为 {key!r} 的指标。",
        "Known indicators: {known}.",
        "可用指标：{known}。",
    ),
    "filter_unreadable": Message(
        "The filter {name} cannot be read: {value!r}.",
        "筛选条件 {name} 无法识别：{value!r}。",
        "Open the list again from the number it belongs to.",
        "请从对应的数字重新打开列表。",
    ),
    "filter_with_time": Message(
        "This figure has a period of its own; the filter may not name moments too.",
        "该指标自带时段，筛选条件中不能再指定时间。",
        "Take the moments out of the filter.",
        "请去掉筛选条件中的时间。",
    ),
    "page_impossible": Message(
        "Page {page} with {page_size} rows cannot be shown.",
        "无法显示第 {page} 页（每页 {page_size} 行）。",
        "Pages start with 1 and hold 1 to {most} rows.",
        "页码从 1 开始，每页 1 至 {most} 行。",
    ),
    "sort_unknown": Message(
        "Cases cannot be sorted by {column!r}.",
        "案件不能按 {column!r} 排序。",
        "They can be sorted by {known}.",
        "可用于排序的列：{known}。",
    ),
    "case_column_not_shown": Message(
        "The column {column!r} of cases is not shown.",
        "案件的 {column!r} 列不对外显示。",
    ),
    "no_cases_yet": Message(
        "There are no cases yet.",
        "尚无案件。",
        "Bring in a file of cases first.",
        "请先导入案件文件。",
    ),
    "only_places_yet": Message(
        "There are no cases yet. Facilities in the store: {n_facilities:,}; areas: {n_areas:,}.",
        "尚无案件。库中有设施 {n_facilities:,} 处、区域 {n_areas:,} 个。",
        "`export facilities` and `export areas` work now; for cases, indicators and dashboards bring in "
        "cases first (import-cases).",
        "现在可以导出设施和区域（export facilities、export areas）；"
        "案件、指标和看板需要先导入案件（import-cases）。",
    ),
    "no_facilities_yet": Message(
        "There are no facilities yet.",
        "尚无设施。",
        "Bring in a list of facilities first (import-facilities).",
        "请先导入设施清单（import-facilities）。",
    ),
    "format_not_for_this": Message(
        "{what} cannot be written as {format}.",
        "{what}不能导出为 {format} 格式。",
        "Choose one of {known}.",
        "可选格式：{known}。",
    ),
    "export_too_long": Message(
        "The table has {n_rows:,} rows, and a file of this kind holds {most:,}.",
        "表格共 {n_rows:,} 行，而该格式最多容纳 {most:,} 行。",
        "Narrow the filter, or choose CSV.",
        "请缩小筛选范围，或选择 CSV 格式。",
    ),
    "no_review_number": Message(
        "This map has no review number.",
        "该地图没有审图号。",
        "A map shown in public in China needs one: set map_review_number and map_source before "
        "you publish it.",
        "在中国公开展示地图须标注审图号：发布前请设置 map_review_number 与 map_source。",
    ),
}
