"""The lower part of the dashboard: months, categories, hours, open cases, places, facilities (看板下半部)."""

from __future__ import annotations

import pandas as pd

from geo.present.words import COUNTED, LEVELS, STATES, WEEKDAYS, capital, count_of
from geo.tasks.dashboard_text import LEFT_OUT, kind_name, say_piled, say_place, status_doubt
from geo.tasks.dashboards import Dashboard
from ui import panels, session, shows
from ui.case_address import cases_link
from ui.dashboard_view import is_print
from ui.panels import Bar, Cell, Column, HeatRow, Row, Series
from ui.text import t

N_MONTHS = 12
MOST_BARS, PRINT_BARS = 12, 7
MOST_LISTED, PRINT_LIST = 20, 6


def show_months(board: Dashboard) -> None:
    """Draw the new cases by month, with the year before."""
    months = board.months.tail(N_MONTHS)
    labels = [
        month if place == 0 or month.endswith("-01") else month[5:]
        for place, month in enumerate(months["month"])
    ]
    links = [cases_link(where) for where in months["cases"]]
    titles = [
        f"{row.month}: {t('dash.new')} {row.n_new:,}, {t('dash.closed')} {row.n_closed:,}"
        + (f" ({t('dash.running')})" if row.is_running else "")
        for row in months.itertuples()
    ]
    before = [None if pd.isna(value) else float(value) for value in months["n_new_year_before"]]
    series = [Series(t("dash.this_year"), months["n_new"].astype(float).tolist(), titles=titles, to=links)]
    if any(value is not None for value in before):
        series.insert(0, Series(t("dash.year_before"), before, is_before=True))
    panels.show_lines(series, labels, label=t("dash.trend"), key="months")


def show_categories(board: Dashboard) -> None:
    """Draw the categories, now and before."""
    table = board.categories
    most = PRINT_BARS if is_print() else MOST_BARS
    rows = [
        Bar(
            label=shows.text(row["name"]) if pd.notna(row["category_id"]) else t("none"),
            value=float(row["n_new"]),
            before=None if pd.isna(row["n_before"]) else float(row["n_before"]),
            text=_now_and_before(row),
            title=t("dash.differs") if row["differs"] else "",
            to=cases_link(row["cases"]),
        )
        for row in table.head(most).to_dict("records")
    ]
    if not rows:
        panels.show_notice(t("empty.no_rows"), key="categories_empty")
        return
    hidden = count_of(len(table) - most, "category", session.language())
    note = t("dash.more_rows", n=hidden) if len(table) > most else ""
    legend = (t("dash.now"), t("dash.before")) if board.before else None
    panels.show_bars(rows, key="categories", legend=legend, note=note)


def _now_and_before(row: dict[str, object]) -> str:
    if pd.isna(row["n_before"]):  # type: ignore[call-overload]
        return f"{row['n_new']:,}"
    mark = " ●" if row["differs"] else ""
    return f"{row['n_new']:,} ← {row['n_before']:,.0f}{mark}"


def show_hours(board: Dashboard) -> None:
    """Draw the new cases by weekday and hour."""
    rows = []
    for day, group in board.hours.groupby("weekday", sort=True):
        ordered = group.sort_values("hour")
        links = [cases_link(where) for where in ordered["cases"]]
        rows.append(HeatRow(shows.words(WEEKDAYS, str(day)), ordered["n"].astype(int).tolist(), links))
    most = int(board.hours["n"].max()) if len(board.hours) else 0
    if not most:
        panels.show_notice(t("empty.no_rows"), key="hours_empty")
        return
    language = session.language()
    note = t(
        "dash.heat_note_paper" if is_print() else "dash.heat_note", most=count_of(most, "case", language)
    )
    unit = COUNTED["case"][:1] * 2 if language == "zh" else COUNTED["case"][1:]
    panels.show_heat(rows, [f"{hour:02d}" for hour in range(24)], unit=unit, note=note, key="hours")


def show_values(table: pd.DataFrame, *, key: str) -> None:
    """Draw channels, sources or closing levels."""
    rows = [
        Bar(
            capital(shows.words(LEVELS, row["value"])) if pd.notna(row["value"]) else t("none"),
            float(row["n"]),
            f"{row['n']:,}　{shows.share(row['share'])}",
            to=cases_link(row["cases"]),
        )
        for row in table.head(6).to_dict("records")
    ]
    if rows:
        panels.show_bars(rows, key=key)
    else:
        panels.show_notice(t("empty.no_rows"), key=f"{key}_empty")


def show_open(board: Dashboard) -> None:
    """Draw the open cases, oldest first, the overdue ones marked."""
    table = board.open_cases.head(PRINT_LIST if is_print() else MOST_LISTED)
    open_cases = next(card.cases for card in board.cards if card.key == "n_open")
    end = pd.Timestamp(board.period.end)
    rows = [
        Row(
            [
                Cell(
                    str(row["source_no"]),
                    note=shows.moment(row["reported_at"], with_time=False),
                    to=cases_link(open_cases, case_id=str(row["case_id"]), sort="reported_at"),
                ),
                Cell(shows.text(row["title"]), note="" if pd.isna(row["address"]) else str(row["address"])),
                Cell(shows.category(row["category_id"]), note=capital(shows.words(STATES, row["state"]))),
                Cell(f"{row['days_open']:,.0f}", note=_say_late(row, end), tone="worse"),
            ]
        )
        for row in table.to_dict("records")
    ]
    columns = [
        Column(t("dash.number_reported"), width="156px"),
        Column(t("col.title"), is_long=True),
        Column(t("dash.category_state"), width="110px"),
        Column(t("dash.days_open"), align="right", width="90px"),
    ]
    n = next((card.n_cases for card in board.cards if card.key == "n_open"), len(table))
    notes = [status_doubt(board, "n_open", session.language())]
    notes.append(t("dash.first_of", n=len(table), of=shows.number(n)) if n > len(table) else "")
    note = " · ".join(filter(None, notes))
    panels.show_table(
        columns, rows, key="open", empty=t("dash.no_open"), height=None if is_print() else 420, note=note
    )


def _say_late(row: dict[str, object], end: pd.Timestamp) -> str:
    if not row["is_overdue"]:
        return ""
    days = (end - pd.Timestamp(row["due_at"])).total_seconds() / 86_400  # type: ignore[arg-type]
    return t("dash.late_by", days=count_of(days, "day", session.language()))


def show_repeats(board: Dashboard) -> None:
    """Draw the points with five or more cases in a year."""
    language = session.language()
    rows = [
        Row(
            [
                Cell(
                    " · ".join(
                        filter(None, [say_place(row, language), row["place_note"] if is_print() else ""])
                    ),
                    note="" if is_print() else row["place_note"],
                    title=f"{row['lon']:.5f}, {row['lat']:.5f}",
                ),
                Cell(shows.number(row["n"]), to=cases_link(row["cases"])),
            ]
        )
        for row in board.repeats.head(PRINT_LIST if is_print() else MOST_LISTED).to_dict("records")
    ]
    columns = [
        Column(t("dash.place"), is_long=True),
        Column(t("dash.in_a_year"), align="right", width="92px"),
    ]
    panels.show_table(
        columns,
        rows,
        key="repeats",
        empty=t("dash.no_repeats"),
        height=None if is_print() else 420,
        note=say_piled(board, language),
    )


def show_facilities(board: Dashboard) -> None:
    """Draw the facilities inside by kind."""
    rows = [
        Row(
            [
                kind_name(str(row["kind"]), session.language()),
                shows.number(row["n"]),
                shows.number(row["n_open"]),
                shows.NO_FIGURE if pd.isna(row["capacity"]) else shows.number(row["capacity"]),
            ]
        )
        for row in board.facilities.head(PRINT_LIST if is_print() else 60).to_dict("records")
    ]
    columns = [
        Column(t("dash.kind"), is_long=True),
        Column(t("dash.count"), align="right", width="64px"),
        Column(t("dash.in_use"), align="right", width="64px"),
        Column(t("dash.capacity"), align="right", width="84px"),
    ]
    panels.show_table(
        columns, rows, key="facilities", empty=t("dash.no_facilities"), height=None if is_print() else 330
    )


def show_left_out(board: Dashboard) -> None:
    """Draw what the figures do without; every number opens its cases."""
    place = 0 if session.language() == "zh" else 1
    facts = [
        panels.Fact(
            count_of(item.n, "case", session.language()),
            LEFT_OUT[item.code][place],
            to=cases_link(item.cases),
        )
        for item in board.left_out
    ]
    if facts:
        panels.show_facts(facts, key="left_out")
    else:
        panels.show_notice(t("dash.nothing_left_out"), key="nothing_left_out")
