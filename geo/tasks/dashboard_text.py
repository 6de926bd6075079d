"""Turn a dashboard into the texts of a page file, in one language (看板文字)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from geo.analysis.classes import NO_DATA, classify
from geo.analysis.indicators import CARDS, INDICATORS, LEAST_DENOMINATOR, IndicatorKey
from geo.intake.facilities import facility_kinds
from geo.present import charts
from geo.present.dashboard_page import CardText, Drawing, Grid, Page, Section, draw_legend
from geo.present.numbers import NO_FIGURE, show_change, show_value
from geo.present.period_words import say_period
from geo.present.words import (
    FACILITY_STATUS,
    FLAGS,
    LEVELS,
    RESIDENTS_BASES,
    STATES,
    WEEKDAYS,
    Language,
    Words,
    capital,
    count_of,
    unit_of,
    word,
)
from geo.store.base import Store
from geo.tasks.dashboards import Card, Dashboard

STATUS_FIGURES: tuple[IndicatorKey, ...] = ("n_open", "n_overdue", "on_time_share")
"""Cards that mean little where nobody says how cases stand."""
MOST_ROWS = 30
"""Rows of a table in the file; the full tables are in the other formats."""

LEFT_OUT: dict[str, tuple[str, str]] = {
    "unlocated": ("新增案件中没有可用位置", "new cases without a usable location"),
    "outside": ("新增案件有位置但不在任何区域内", "new cases that lie outside every area"),
    "without_due": (
        "结案案件没有办理期限，不计入按期率",
        "closed cases without a deadline, not in the on-time share",
    ),
    "negative": ("结案早于上报，不计入时长", "closed before they were reported, not in the hours"),
    "piled": (
        "位于疑似默认坐标堆积点，不计入千人诉求量",
        "on a suspicious pile-up, not in the rate per 1,000",
    ),
    "without_status": (
        "计入在办，但来源对全部案件都没有办理状态和结案时间，是否办结不明",
        "counted as open, though their source gives no status and no closing time for any case",
    ),
}


def write_page(
    store: Store, board: Dashboard, *, language: Language, imprint: str, is_reviewed: bool
) -> Page:
    """Write the texts and drawings of a dashboard.

    Parameters
    ----------
    store
        Where the outlines of the areas inside are read.
    board
        From `make_dashboard`.
    language
        `zh` or `en`.
    imprint
        Review number and source of the map, as one line.
    is_reviewed
        Whether there is a review number; the file warns when there is none.
    """
    t = _teller(language)
    everything = t("全部", "everything")
    path = [] if board.area is None else [step.name for step in board.area.parents]
    title = everything if board.area is None else board.area.name
    return Page(
        language=language,
        title=title,
        breadcrumb=(*path, title),
        period=t("时段 {0}，数据截至 {1}", "Period {0}, data as of {1}").format(
            say_period(board.period, language), _local_day(board)
        ),
        sentence=board.sentences[language],
        cards=tuple(
            card_text(
                card,
                language,
                doubt=status_doubt(board, card.key, language),
                is_compared=is_comparable(board, card.key),
            )
            for card in board.cards
        ),
        sections=tuple(_sections(store, board, language)),
        notes=tuple(method_notes(board, language)),
        imprint=imprint,
        warning="" if is_reviewed else "no_review_number",
    )


def status_doubt(board: Dashboard, key: IndicatorKey, language: Language) -> str:
    """Say how far a figure of open cases can be trusted; empty where every source tells how cases stand."""
    t = _teller(language)
    if not is_comparable(board, key):
        return t("来源没有办理状态，是否办结不明", "The source gives no status: open or not is unknown")
    if key != "n_open" or not board.n_without_status:
        return ""
    what = count_of(board.n_without_status, "case", language)
    return t(f"其中 {what}来源没有办理状态", f"{what} of a source without a status")


def is_comparable(board: Dashboard, key: IndicatorKey) -> bool:
    """Tell whether a change or a rank of a figure means anything: not where nobody knows how cases stand."""
    return board.knows_status or key not in STATUS_FIGURES


def card_text(card: Card, language: Language, *, doubt: str = "", is_compared: bool = True) -> CardText:
    """Write one card: value, change, interval, rank and what to beware of."""
    t = _teller(language)
    item = INDICATORS[card.key]
    lines = [doubt] if doubt else []
    if card.before is not None and is_compared:
        lines.append(t("较上期 ", "Against before ") + show_change(card.change, item.format))
    if card.lower is not None and card.upper is not None and item.format != "count":
        low, high = show_value(card.lower, item.format), show_value(card.upper, item.format)
        lines.append(t("95% 区间 ", "95% interval ") + f"{low} – {high}")
    if card.rank is not None and is_compared:
        span = "" if card.rank_low == card.rank_high else f" ({card.rank_low}–{card.rank_high})"
        lines.append(t("同级第 {0}/{1}", "Rank {0} of {1}").format(card.rank, card.n_ranked) + span)
    if card.is_small:
        lines.append(t("基数小于 {0}，慎用", "On fewer than {0}, handle with care").format(LEAST_DENOMINATOR))
    if card.value is None:
        lines.append(t("没有分母，无法计算", "No denominator, not defined"))
    unit = "" if item.format == "share" or card.value is None else item.unit(language)
    if item.format == "count" and card.value is not None:
        unit = unit_of(card.value, "case", language)
    drawing = Drawing(charts.draw_line([value for _, value in card.months], label=item.name(language)))
    return CardText(item.name(language), show_value(card.value, item.format), unit, tuple(lines), drawing)


def say_place(row: Mapping[Hashable, Any], language: Language) -> str:
    """Say where a repeat place is: its name, what it is near, or its coordinates where nothing names it."""
    t = _teller(language)
    if not isinstance(row["place"], str):
        return t("无地名：", "No name: ") + f"{row['lon']:.5f}, {row['lat']:.5f}"
    if row["place_near_m"]:
        return t("{0} 附近（{1:.0f} 米）", "Near {0} ({1:.0f} m)").format(row["place"], row["place_near_m"])
    return row["place"]


def say_piled(board: Dashboard, language: Language) -> str:
    """Say which points are not among the repeat places; empty where there are none."""
    n = len(board.pile_ups)
    if not n:
        return ""
    there = count_of(n, "place", language)
    cases = count_of(float(board.pile_ups["n"].sum()), "case", language)
    return _teller(language)(
        f"另有 {there}疑似默认坐标（历来共 {cases}）未列入。",
        f"Not listed: {there} with what looks like default coordinates ({cases} over all time).",
    )


def kind_name(kind: str, language: Language) -> str:
    """Return the name of a kind of facility; a kind of the city's own is shown as it is."""
    pair = facility_kinds().get(kind)
    return kind if pair is None else capital(pair[0 if language == "zh" else 1])


def method_notes(board: Dashboard, language: Language) -> list[tuple[str, str]]:
    """List definitions, denominators and what was left out: label and text."""
    t = _teller(language)
    notes = [(item.name(language), item.about(language)) for item in board.indicators]
    people = board.residents
    basis = word(RESIDENTS_BASES, people.basis, language)
    n = NO_FIGURE if people.residents is None else f"{people.residents:,.0f}"
    since = "" if people.as_of_on is None else f" · {people.as_of_on.isoformat()}"
    source = f" · {people.source}{since}" if people.basis == "points" else ""
    notes.append((t("常住人口", "Residents"), f"{n} · {basis}{source}"))
    for item in board.left_out:
        notes.append(
            (
                t("未计入", "Left out") if item.code != "without_status" else t("状态不明", "Status unknown"),
                f"{count_of(item.n, 'case', language)} · {LEFT_OUT[item.code][0 if language == 'zh' else 1]}",
            )
        )
    notes.append((t("小基数", "Small numbers"), t(
        "分母小于 {0} 的比率照常显示并加注；名次区间与漏斗标记考虑了偶然波动。",
        "Figures on fewer than {0} are shown and marked; rank spans and funnel marks allow for chance.",
    ).format(LEAST_DENOMINATOR)))  # fmt: skip
    notes.append((t("时区", "Time zone"), board.time_zone))
    notes.append((t("数据版本", "Data version"), str(board.data_version)))
    return notes


def _sections(store: Store, board: Dashboard, language: Language) -> list[Section]:
    t = _teller(language)
    months = board.months
    weekdays = [word(WEEKDAYS, str(day), language) for day in range(1, 8)]
    hours = {
        (int(d), int(h)): int(n) for d, h, n in board.hours[["weekday", "hour", "n"]].itertuples(index=False)
    }
    before = [None if pd.isna(value) else float(value) for value in months["n_new_year_before"]]
    trend = charts.draw_months(
        months["month"].tolist(),
        months["n_new"].astype(float).tolist(),
        before,
        labels=(t("新增", "new"), t("上年同月", "same month a year before")),
    )
    categories = [
        (
            _text(row["name"]) or t("（未填）", "(not given)"),
            float(row["n_new"]),
            None if pd.isna(row["n_before"]) else float(row["n_before"]),
            f"{row['n_new']:,}",
        )
        for row in board.categories.head(15).to_dict("records")
    ]
    nothing = t("本时段没有数据。", "Nothing in this period.")
    areas = _area_sections(store, board, language)
    return [
        *areas[:1],
        Section(
            t("类别（竖线为上期）", "Categories (line: before)"),
            (Drawing(charts.draw_bars(categories)),),
            empty=nothing,
        ),
        *areas[1:],
        Section(t("月度趋势", "By month"), (Drawing(trend),), is_wide=True),
        Section(t("上报时刻", "Hour and weekday"), (Drawing(charts.draw_hours(hours, weekdays=weekdays)),)),
        Section(t("渠道", "Channels"), (Drawing(_value_bars(board.channels, language)),), empty=nothing),
        Section(
            t("化解层级", "Closed at"),
            (Drawing(_value_bars(board.closing_levels, language, words=LEVELS)),),
            empty=nothing,
        ),
        Section(
            t("反复点位", "Repeat places"),
            grid=_repeat_grid(board, language),
            remarks=tuple(filter(None, [say_piled(board, language)])),
            empty=t("本时段没有反复点位。", "No repeat places in this period."),
        ),
        Section(
            t("在办案件（最早在前）", "Open cases, oldest first"),
            grid=_open_grid(board, language),
            remarks=tuple(filter(None, [status_doubt(board, "n_open", language)])),
            is_wide=True,
            empty=t("没有在办案件。", "No open cases."),
        ),
        Section(
            t("设施", "Facilities"),
            grid=_facility_grid(board, language),
            empty=t("本区域没有登记设施。", "No facilities are recorded here."),
        ),
    ]


def _area_sections(store: Store, board: Dashboard, language: Language) -> list[Section]:
    if board.child_level is None or board.children.empty:
        return []
    t = _teller(language)
    parent_id = None if board.area is None else board.area.area_id
    areas = store.read_areas(board.child_level, parent_id=parent_id).set_index("area_id")
    values = board.children.set_index("area_id")["n_new"].reindex(areas.index)
    classes = classify(values, show=lambda value: show_value(value, "count"))
    colours = [classes.colours[k] if k >= 0 else NO_DATA for k in classes.positions]
    texts = zip(areas["name"], values, strict=True)
    names = [f"{name}: {show_value(value, 'count')}" for name, value in texts]
    picture = charts.draw_areas(areas.geometry.to_numpy(), colours=colours, names=names)
    legend = [
        (
            colour,
            t("{0} 件（{1}）", "{0} cases ({1})").format(label, count_of(n, board.child_level, language)),
        )
        for colour, label, n in zip(classes.colours, classes.labels, classes.counts, strict=True)
    ]
    level = word(LEVELS, board.child_level, language)
    remarks = [
        t("* 基数小于 {0}，慎用。", "* on fewer than {0}, handle with care.").format(LEAST_DENOMINATOR)
    ]
    if board.unplaced is not None and board.unplaced.n:
        remarks.append(
            t("另有 {0}未落到{1}。", "In no {1}: {0} more.").format(
                count_of(board.unplaced.n, "case", language), level
            )
        )
    return [
        Section(t("各{0}新增", "New cases by {0}").format(level), (Drawing(picture), draw_legend(legend))),
        Section(
            t("各{0}指标", "Figures by {0}").format(level),
            grid=_children_grid(board, language),
            remarks=tuple(remarks),
            is_wide=True,
        ),
    ]


def _children_grid(board: Dashboard, language: Language) -> Grid:
    t = _teller(language)
    ranked = board.children.sort_values(["n_new", "area_id"], ascending=[False, True]).head(MOST_ROWS)
    keys: tuple[IndicatorKey, ...] = CARDS
    rows = []
    for row in ranked.to_dict("records"):
        cells = [str(row["name"])]
        for key in keys:
            text = show_value(row[key], INDICATORS[key].format)
            flag = word(FLAGS, row.get(f"{key}_flag", ""), language)
            small = "*" if row.get(f"{key}_small", False) else ""
            cells.append(f"{text}{small}{' ' + flag if flag else ''}")
        rows.append(tuple(cells))
    heads = (t("名称", "Name"), *(_heading(key, language) for key in keys))
    return Grid(heads, tuple(rows))


def _heading(key: IndicatorKey, language: Language) -> str:
    item = INDICATORS[key]
    if item.format != "hours":  # the names of the others say what they count, shares carry their sign
        return item.name(language)
    return f"{item.zh}（{item.unit_zh}）" if language == "zh" else f"{item.en} ({item.unit_en})"


def _open_grid(board: Dashboard, language: Language) -> Grid:
    t = _teller(language)
    rows = [
        (
            str(row["source_no"]),
            _text(row["category"]),
            _text(row["title"]),
            capital(word(STATES, row["state"], language)),
            _day(row["reported_at"], board.time_zone),
            _day(row["due_at"], board.time_zone) + (t("（超期）", " (overdue)") if row["is_overdue"] else ""),
        )
        for row in board.open_cases.to_dict("records")
    ]
    heads = (
        "编号 类别 标题 状态 上报 期限" if language == "zh" else "Number Category Title State Reported Due"
    ).split()
    return Grid(tuple(heads), tuple(rows), n_text=6)


def _repeat_grid(board: Dashboard, language: Language) -> Grid:
    t = _teller(language)
    rows = []
    for row in board.repeats.to_dict("records"):
        note = f" · {row['place_note']}" if row["place_note"] else ""
        rows.append((say_place(row, language) + note, f"{row['n']:,}"))
    return Grid((t("地点", "Place"), t("一年内件数", "Cases in a year")), tuple(rows))


def _facility_grid(board: Dashboard, language: Language) -> Grid:
    t = _teller(language)
    rows = [
        (
            kind_name(str(row["kind"]), language),
            f"{row['n']:,}",
            f"{row['n_open']:,}",
            show_value(row["capacity"], "count"),
        )
        for row in board.facilities.head(MOST_ROWS).to_dict("records")
    ]
    opened = capital(word(FACILITY_STATUS, "open", language))
    return Grid((t("种类", "Kind"), t("个数", "Number"), opened, t("容量", "Capacity")), tuple(rows))


def _value_bars(table: pd.DataFrame, language: Language, *, words: Words | None = None) -> str:
    rows: Sequence[tuple[str, float, float | None, str]] = [
        (
            capital(word(words or {}, row["value"], language)),
            float(row["n"]),
            None,
            f"{row['n']:,} · {show_value(row['share'], 'share')}",
        )
        for row in table.head(12).to_dict("records")
    ]
    return charts.draw_bars(rows)


def _teller(language: Language) -> Callable[[str, str], str]:
    return lambda zh, en: zh if language == "zh" else en


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _day(moment: pd.Timestamp, time_zone: str) -> str:
    return "" if pd.isna(moment) else moment.tz_convert(time_zone).strftime("%Y-%m-%d")


def _local_day(board: Dashboard) -> str:
    return board.data_as_of.tz_convert(ZoneInfo(board.time_zone)).strftime("%Y-%m-%d")
