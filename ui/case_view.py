"""What the page of cases shows: filters, the list, one case (案件页面的内容)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from geo.analysis.periods import day_start
from geo.present.words import LEVELS, POSITION_SOURCES, SATISFACTION, STATES
from geo.schema import CASE_STATES, FINAL_STATES
from geo.store.base import CaseFilter
from geo.tasks.areas import AreaCard
from geo.tasks.case_filters import filter_to_query
from geo.tasks.case_lists import CaseDetail, CasePage, list_cases, show_case
from geo.tasks.exports import FileFormat, write_cases
from ui import inputs, outputs, panels, session, shows
from ui.case_address import DEFAULT_SORT, CaseAddress, cases_link, filter_names, list_chips, without_chip
from ui.panels import Cell, Column, Fact, Row
from ui.text import t

PAGE_SIZE = 50


def go_to_filter(where: CaseFilter, *, keep_page: bool = False) -> None:
    """Write a filter into the address; the list starts with its first page again."""
    query = filter_to_query(where)
    for name in (*filter_names(), *(() if keep_page else ("page", "case"))):
        if name in query:
            st.query_params[name] = query[name]
        elif name in st.query_params:
            del st.query_params[name]


def chosen_area(where: CaseFilter) -> AreaCard | None:
    """Return the area a filter names, None where it names none or several.

    Raises
    ------
    MissingError
        If there is no area with that code.
    """
    return session.area_of(where.area_id, where.area_level) if where.area_id else None


def at_level_of(area: AreaCard | None, address: CaseAddress) -> CaseAddress:
    """Return the address with the level of its area, which may have been found by its code alone."""
    if area is None:
        return address
    return replace(address, where=replace(address.where, area_level=area.level))


def show_filters(where: CaseFilter) -> CaseFilter:
    """Draw the filters in force as chips, and the controls that narrow further; return what is chosen."""
    removed = (
        panels.show_chips(list_chips(where), remove=t("cases.remove")) if where != CaseFilter() else None
    )
    if removed:
        go_to_filter(without_chip(where, removed))
        st.rerun()
    with st.expander(t("cases.filters")):
        chosen = _choose_filters(where)
    if chosen != where:
        go_to_filter(chosen)
        st.rerun()
    return chosen


def _choose_filters(where: CaseFilter) -> CaseFilter:
    names = session.background().categories
    version = inputs.key_of(repr(where))
    first, second, third = st.columns(3)
    text = first.text_input(t("cases.search"), where.text, key=f"text_{version}", max_chars=80)
    categories = second.multiselect(
        t("map.category"),
        sorted(names),
        [code for code in where.category_ids if code in names],
        format_func=lambda code: names[code],
        placeholder=t("all"),
        key=f"category_{version}",
    )
    states = third.multiselect(
        t("cases.state"),
        CASE_STATES,
        list(where.states),
        format_func=lambda key: shows.words(STATES, key),
        placeholder=t("all"),
        key=f"states_{version}",
    )
    start, end = _local_days(where)
    left, middle, right = st.columns(3)
    start = left.date_input(t("cases.reported_from"), start, key=f"from_{version}", format="YYYY-MM-DD")
    end = middle.date_input(t("cases.reported_to"), end, key=f"to_{version}", format="YYYY-MM-DD")
    places = (None, True, False)
    located = right.selectbox(
        t("cases.located"),
        places,
        places.index(where.is_located),
        key=f"located_{version}",
        format_func=lambda value: (
            t("all") if value is None else t("cases.with_place" if value else "cases.no_place")
        ),
    )
    kept = tuple(code for code in where.category_ids if code not in names)
    return replace(
        where,
        text=text.strip(),
        category_ids=(*kept, *categories),
        states=tuple(states),
        is_located=located,
        **_moments(where, start, end),
    )


def _local_days(where: CaseFilter) -> tuple[date | None, date | None]:
    zone = ZoneInfo(session.summary().time_zone)
    start = where.reported_from.astimezone(zone).date() if where.reported_from else None
    end = (where.reported_to - timedelta(seconds=1)).astimezone(zone).date() if where.reported_to else None
    return start, end


def _moments(where: CaseFilter, start: date | None, end: date | None) -> dict[str, datetime | None]:
    """Return the interval of two days; the one of the filter where the days are still its own."""
    if (start, end) == _local_days(where):
        return {"reported_from": where.reported_from, "reported_to": where.reported_to}
    zone = session.summary().time_zone
    return {
        "reported_from": day_start(start, time_zone=zone) if start else None,
        "reported_to": day_start(end + timedelta(days=1), time_zone=zone) if end else None,
    }


def read_page(address: CaseAddress, where: CaseFilter) -> CasePage:
    """Read one page of the list."""
    parameters = (where, address.sort, address.page)
    return session.kept(
        "cases",
        parameters,
        lambda: list_cases(
            session.store(), where, sort=(address.sort,), page=address.page, page_size=PAGE_SIZE
        ),
    )


def show_list(page: CasePage, address: CaseAddress) -> None:
    """Draw one page of the list; a row opens its case, a head sorts."""
    column, direction = address.sort
    event = panels.show_table(
        [
            Column(t("col.number"), width="124px", sort="source_no"),
            Column(t("col.reported"), width="116px", sort="reported_at"),
            Column(t("col.category"), width="92px", sort="category_id"),
            Column(t("col.title"), is_long=True),
            Column(t("col.area_state"), width="112px"),
        ],
        [_case_row(row, is_chosen=row["case_id"] == address.case_id) for row in page.rows.to_dict("records")],
        key="cases",
        sort=(column, direction == "down"),
        empty=t("empty.nothing_chosen"),
        height=660,
        note=t("cases.masked"),
    )
    if event and event.kind == "row":
        st.query_params["case"] = event.id
        st.rerun()
    if event and event.kind == "sort":
        is_down = event.id == column and direction == "up"
        chosen = f"-{event.id}" if is_down else event.id
        st.query_params.pop("page", None)
        st.query_params.pop("sort", None)
        if chosen != DEFAULT_SORT:
            st.query_params["sort"] = chosen
        st.rerun()
    _show_pager(page)


def show_sort(address: CaseAddress) -> None:
    """Draw the list of columns the cases can be sorted by."""
    orders = [
        f"{sign}{column}" for column in ("reported_at", "due_at", "closed_at", "state") for sign in ("-", "")
    ]
    chosen = ("-" if address.sort[1] == "down" else "") + address.sort[0]
    if chosen not in orders:
        orders.append(chosen)

    key = inputs.key_of("order")

    def keep() -> None:
        order = st.session_state[key]
        inputs.write_address(sort=order if order != DEFAULT_SORT else None, page=None)

    st.session_state[key] = chosen
    st.selectbox(
        t("cases.sort"),
        orders,
        key=key,
        format_func=_say_order,
        on_change=keep,
        label_visibility="collapsed",
    )


def _say_order(order: str) -> str:
    names = {
        "source_no": "number",
        "reported_at": "reported",
        "category_id": "category",
        "state": "state",
        "due_at": "due",
        "closed_at": "closed",
        "channel": "channel",
        "department": "department",
    }
    column = order.removeprefix("-")
    label = t(f"col.{names[column]}") if column in names else t("col.number")
    return t("cases.order_down" if order.startswith("-") else "cases.order_up", column=label)


def _show_pager(page: CasePage) -> None:
    if page.n_pages < 2:
        return

    def turn(to: int) -> None:
        st.query_params["page"] = str(to)

    with st.container(key="pager", horizontal=True, vertical_alignment="center"):
        st.button(
            t("cases.previous"), on_click=turn, args=(page.page - 1,), disabled=page.page == 1, key="previous"
        )
        st.button(
            t("cases.next"),
            on_click=turn,
            args=(page.page + 1,),
            disabled=page.page == page.n_pages,
            key="next",
        )
        st.caption(t("cases.page", page=shows.number(page.page), pages=shows.number(page.n_pages)))


def _case_row(row: Mapping[str, Any], *, is_chosen: bool) -> Row:
    is_open = row["state"] not in FINAL_STATES and pd.isna(row["closed_at"])
    as_of = session.summary().data_as_of
    is_late = (
        is_open and as_of is not None and pd.notna(row["due_at"]) and row["due_at"] < pd.Timestamp(as_of)
    )
    due = (
        ""
        if pd.isna(row["due_at"])
        else t("cases.due_note", day=shows.moment(row["due_at"], with_time=False))
    )
    state, tone = shows.words(STATES, row["state"]), "worse" if is_late else ""
    return Row(
        [
            Cell(shows.text(row["source_no"]), note=shows.text(row["source"])),
            Cell(shows.moment(row["reported_at"]), note=due),
            Cell(
                shows.category(row["category_id"]),
                note="" if pd.isna(row["channel"]) else str(row["channel"]),
            ),
            _say_title(row),
            Cell(_say_place(row), note=f"{state} {t('cases.late')}" if is_late else state, tone=tone),
        ],
        id=str(row["case_id"]),
        is_chosen=is_chosen,
    )


def _say_title(row: Mapping[str, Any]) -> Cell:
    address = "" if pd.isna(row["address"]) else str(row["address"])
    if pd.isna(row["title"]) and address:
        return Cell(address)
    return Cell(shows.text(row["title"]), note=address)


def _say_place(row: Mapping[str, Any]) -> str:
    area = shows.finest_area(row)
    if area is None:
        return shows.words(POSITION_SOURCES, row["position_source"])
    return shows.area_names(area[0]).get(area[1], area[1])


def read_case(case_id: str) -> CaseDetail:
    """Read one case.

    Raises
    ------
    MissingError
        If there is no such case.
    """
    return session.kept("case", case_id, lambda: show_case(session.store(), case_id))


def show_detail(detail: CaseDetail) -> None:
    """Draw one case: what it says, its history, what imports changed."""
    case = detail.case
    panels.show_lead(
        shows.text(case["title"]), note=f"{case['source']} {case['source_no']}", level="h3", key="case_title"
    )
    described = [
        ("col.description", "description"),
        ("col.address", "address"),
        ("col.stated", "stated_area"),
        ("col.department", "department"),
        ("col.channel", "channel"),
        ("col.closing", "closing_level"),
    ]
    moments = [
        ("col.reported", "reported_at"),
        ("col.accepted", "accepted_at"),
        ("col.handled", "handled_at"),
        ("col.closed", "closed_at"),
        ("col.due", "due_at"),
    ]
    facts = [
        Fact(t("col.category"), shows.category(case["category_id"])),
        Fact(t("col.state"), shows.words(STATES, case["state"])),
        *(
            Fact(t(label), shows.words(LEVELS, case[name]) if name == "closing_level" else str(case[name]))
            for label, name in described
            if shows.text(case[name]) != shows.NO_FIGURE
        ),
        *(Fact(t(label), shows.moment(case[name])) for label, name in moments if pd.notna(case[name])),
        Fact(t("col.position"), _say_position(case)),
    ]
    if pd.notna(case["satisfaction"]):
        facts.append(Fact(t("col.satisfaction"), shows.words(SATISFACTION, case["satisfaction"])))
    panels.show_facts(facts, key="case_facts")
    _show_history(detail)


def _say_position(case: pd.Series) -> str:
    said = shows.words(POSITION_SOURCES, case["position_source"])
    if pd.isna(case["position_error_m"]):
        return said
    return f"{said}（±{case['position_error_m']:,.0f} m）"


def _show_history(detail: CaseDetail) -> None:
    panels.show_lead(t("cases.history"), level="h3", key="history_title")
    rows = [
        Row(
            [
                shows.moment(event["taken_at"]),
                t(f"action.{event['action']}") if _knows(event["action"]) else event["action"],
                shows.words(STATES, event["to_state"]),
                shows.text(event["note"]),
            ]
        )
        for _, event in detail.events.iterrows()
    ]
    columns = [
        Column(t("col.moment"), width="126px"),
        Column(t("col.action"), width="76px"),
        Column(t("col.state"), width="84px"),
        Column(t("col.note"), is_long=True),
    ]
    panels.show_table(columns, rows, key="history", empty=t("cases.no_history"))
    if len(detail.versions):
        note = t("cases.n_versions", n=len(detail.versions))
        panels.show_notice(note, key="versions")
    panels.show_lead(t("cases.nearby"), level="h3", key="near_title")
    near = [
        Row(
            [
                Cell(
                    str(row["source_no"]),
                    to=cases_link(CaseFilter(case_ids=(row["case_id"],)), case_id=row["case_id"]),
                ),
                shows.moment(row["reported_at"], with_time=False),
                shows.text(row["title"]),
                f"{row['distance_m']:,.0f} m",
            ]
        )
        for _, row in detail.near.head(10).iterrows()
    ]
    columns = [
        Column(t("col.number"), width="110px"),
        Column(t("col.reported"), width="92px"),
        Column(t("col.title"), is_long=True),
        Column(t("col.distance"), align="right", width="64px"),
    ]
    panels.show_table(columns, near, key="near", empty=t("cases.no_nearby"))


def _knows(action: object) -> bool:
    return action in ("import", "change", "restore", "move", "place")


def show_close() -> None:
    """Draw the button that closes the open case."""

    def close() -> None:
        st.query_params.pop("case", None)

    st.button(t("cases.close"), key="close_case", on_click=close)


def show_downloads(where: CaseFilter, page: CasePage) -> None:
    """Draw the menu of files that hold the cases of a filter."""

    def make(kind: FileFormat) -> Callable[[], bytes]:
        return lambda: (
            write_cases(
                session.store(), where, format=kind, language=session.language(), imprint=outputs.imprint()
            ).content
        )

    if page.n:
        kinds: tuple[FileFormat, ...] = ("csv", "xlsx", "gpkg", "geojson")
        files = [(kind, f"cases.{kind}", make(kind)) for kind in kinds]
        outputs.download_menu(t("map.download"), files, key="cases", warning=outputs.review_warning())
