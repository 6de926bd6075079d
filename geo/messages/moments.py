"""Sentences about moments: what a file says of its times, and what is wrong with a cell.

Sentences about one row use nothing but `{row}`, `{column}` and `{value}`.
"""

from geo.messages.text import Message

_FILES: dict[str, Message] = {
    "date_order_found": Message(
        "The order of day and month is {order}: {n} dates have a day above 12.",
        "日期顺序判定为 {order}：有 {n} 个日期的“日”大于 12。",
    ),
    "time_zone_applied": Message(
        "Moments were read as local time of {time_zone}.",
        "时间按 {time_zone} 当地时间读取。",
    ),
    "moments_are_days": Message(
        "{n} cells of `{column}` name a day without a time.",
        "“{column}”列有 {n} 个单元格只有日期、没有时刻。",
        "They count from the start of the day; a deadline counts to its end.",
        "按当日零时计；截止日期按当日结束计。",
    ),
    "moments_in_overlap": Message(
        "{n} moments lie in an hour that happened twice, when clocks went back; the first was taken.",
        "有 {n} 个时间落在时钟回拨而重复的一小时内，取第一次。",
    ),
    "moments_in_gap": Message(
        "{n} moments lie in an hour that never happened, when clocks went forward; they were read as if "
        "the clock had not been changed.",
        "有 {n} 个时间落在时钟拨快而不存在的一小时内，按未拨快读取。",
    ),
    "time_zone_needed": Message(
        "The time zone of `{file}` is not named.",
        "没有指明“{file}”的时区。",
        "Name it, for example Asia/Shanghai.",
        "请指明，例如 Asia/Shanghai。",
    ),
    "date_order_needed": Message(
        "It does not show whether day or month comes first in {n} dates of `{file}` (column `{column}`).",
        "“{file}”中有 {n} 个日期（“{column}”等列）看不出日在前还是月在前。",
        "Choose mdy or dmy.",
        "请选择 mdy 或 dmy。",
    ),
}

_ROWS: dict[str, Message] = {
    "moment_unreadable": Message(
        "Row {row}, {column}: `{value}` is no date or time that can be read.",
        "第 {row} 行“{column}”：“{value}”不是可识别的日期或时间。",
        "Write it as 2024-01-31 14:05.",
        "请写成 2024-01-31 14:05。",
    ),
    "moment_no_such_day": Message(
        "Row {row}, {column}: there is no day `{value}`.",
        "第 {row} 行“{column}”：不存在“{value}”这一天。",
    ),
    "moment_no_such_time": Message(
        "Row {row}, {column}: there is no time of day `{value}`.",
        "第 {row} 行“{column}”：不存在“{value}”这个时刻。",
    ),
    "moment_year_out_of_range": Message(
        "Row {row}, {column}: the year of `{value}` cannot be right.",
        "第 {row} 行“{column}”：“{value}”的年份不合理。",
        "Leave the cell empty if there is no date.",
        "没有日期时请留空。",
    ),
    "moment_two_digit_year": Message(
        "Row {row}, {column}: the year of `{value}` has two digits.",
        "第 {row} 行“{column}”：“{value}”的年份只有两位。",
        "Write four.",
        "请写四位年份。",
    ),
    "moment_minguo": Message(
        "Row {row}, {column}: `{value}` counts years of the Republic (民國).",
        "第 {row} 行“{column}”：“{value}”是民国纪年。",
        "Add 1911 to the year.",
        "请换算为公元年（加 1911）。",
    ),
    "moment_serial": Message(
        "Row {row}, {column}: `{value}` looks like a day counted by Excel.",
        "第 {row} 行“{column}”：“{value}”疑似 Excel 日期序号。",
        "Format the column as a date, or say that the file counts Excel days.",
        "请把该列设为日期格式，或指明文件使用 Excel 日期序号。",
    ),
    "moment_order_unknown": Message(
        "Row {row}, {column}: it is not known whether day or month comes first in `{value}`.",
        "第 {row} 行“{column}”：“{value}”看不出日在前还是月在前。",
        "Choose the order of the file: mdy or dmy.",
        "请为文件选择顺序：mdy 或 dmy。",
    ),
    "moment_in_future": Message(
        "Row {row}, {column}: `{value}` lies in the future.",
        "第 {row} 行“{column}”：“{value}”是将来的时间。",
        "Check the time zone and the clock of the source.",
        "请检查时区和来源系统的时钟。",
    ),
    "moment_in_overlap": Message(
        "Row {row}, {column}: `{value}` happened twice, when clocks went back; the first was taken.",
        "第 {row} 行“{column}”：时钟回拨使“{value}”出现两次，取第一次。",
    ),
    "moment_in_gap": Message(
        "Row {row}, {column}: `{value}` never happened, since clocks went forward; read as if they had not.",
        "第 {row} 行“{column}”：时钟拨快使“{value}”不存在，按未拨快读取。",
    ),
}

MESSAGES: dict[str, Message] = {**_FILES, **_ROWS}
