"""The frame around every page: list of pages, search, place, period, language, method (外框)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

import streamlit as st

from geo import __version__
from geo.analysis.indicators import INDICATORS, IndicatorKey
from geo.analysis.periods import PERIOD_NAMES, Period, Periods
from geo.errors import ChoiceError, GeoError
from geo.present.period_words import say_period
from geo.schema import AREA_LEVELS
from geo.tasks.areas import AreaCard
from ui import inputs, outputs, pages, panels, session, share, shows
from ui.sign_in_page import SIGN_OUT
from ui.text import t

_WHOLE_DAY = timedelta(days=1)
MOST_OF_PATH = 60
"""Characters of an address that are repeated to the reader."""


def show_sidebar(current: pages.PageName) -> None:
    """Draw the list of pages, the search box and what is said of the installation."""
    with st.sidebar:
        panels.show_lead(t("app.name"), note=t("app.line"), level="h2", key="app_name")
        for group, names in pages.GROUPS:
            st.caption(t(group))
            for name in names:
                if name != "import" or session.may("import"):
                    pages.page_link(name)
        _show_search(current)
        notes = [t("frame.demo")] if session.summary().is_demo else []
        if session.is_open():
            notes.append(t("frame.local_only"))
        if notes:
            st.caption(" · ".join(notes))
        _show_seat()


def _show_seat() -> None:
    """Draw who is signed in, and the way out, where somebody signed in with a password."""
    if session.is_open():
        return
    seat = session.seat()
    role = t(f"access.role.{seat.role}")
    if seat.name == seat.role:
        action = f"{pages.prefix()}{SIGN_OUT}"
        panels.show_leave(t("access.leave"), note=role, action=action)
    else:
        st.caption(t("access.as", name=outputs.plain(seat.name), role=role))


def _show_search(current: pages.PageName) -> None:
    if not session.summary().n_areas:
        return
    text = st.text_input(
        t("frame.search"), key="search", placeholder=t("frame.search_hint"), type="search", max_chars=60
    )
    if not text.strip():
        return
    found = session.search_areas(text.strip())
    if not found:
        panels.show_notice(t("frame.search_none", text=text), key="search_none")
    target = current if current in ("map", "dashboard", "cases") else "dashboard"
    links = []
    for place in found:
        query = pages.kept_query(area=place.area_id, level=place.level)
        note = f"{t(f'level.{place.level}')} · {place.area_id}"
        links.append((place.name, note, panels.Link(target, query)))
    panels.show_links(links, key="search_found")


def show_top(page: pages.PageName, area: AreaCard | None, *, with_period: bool = True) -> Periods | None:
    """Draw the place, the period and the language; return the period, None where there are no cases."""
    unread = read_senseless(page)
    place, controls = st.columns([4, 5], vertical_alignment="center")
    with place:
        show_crumbs(page, area)
    chosen: Periods | None = None
    with (
        controls,
        st.container(key="top", horizontal=True, horizontal_alignment="right", vertical_alignment="center"),
    ):
        if session.summary().n_cases:
            chosen, problem = _read_periods()
            if with_period:
                _show_period(chosen)
        show_language()
        exact = _exact_period(chosen) if with_period else {}
        panels.show_copy(t("frame.copy_link"), t("frame.copied"), exact)
        share.show_code(page, exact)
    with controls:
        share.show_print_code(page, exact)
    if chosen is not None:
        with controls, st.container(key="data_date", horizontal=True, horizontal_alignment="right"):
            st.caption(_say_data_date(), width="content")
        if problem is not None and with_period and not unread:
            outputs.show_error(problem, key="period_error")
    if unread:
        panels.show_notice(_say_senseless(unread, chosen), tone="warning", key="senseless")
    return chosen


def show_unknown_place(page: pages.PageName, error: GeoError) -> NoReturn:
    """Draw the frame of a page whose address names no area there is, what is wrong, and the way on."""
    show_top(page, None, with_period=False)
    outputs.show_error(error)
    links = [
        (t(f"page.{name}"), t("frame.whole"), panels.Link(name, pages.kept_query(area=None, level=None)))
        for name in ("map", "dashboard", "cases")
    ]
    panels.show_links(links, key="whole_links")
    st.stop()


def show_missing_page(path: str) -> None:
    """Draw what is said at an address that is none of a page, and the pages there are."""
    show_top("import", None, with_period=False)
    panels.show_lead(t("frame.no_page_title"), level="h1", key="no_page_title")
    panels.show_notice(t("frame.no_page", path=path[:MOST_OF_PATH]), tone="warning", key="no_page")
    links = [(t(f"page.{name}"), "", panels.Link(name, pages.kept_query())) for name in pages.PAGE_NAMES]
    panels.show_links(links, key="page_links")


def read_senseless(page: pages.PageName) -> dict[str, str]:
    """Return what the address says of the period and the level that means nothing.

    The page of cases reads its level itself.
    """
    asked = {name: st.query_params.get(name, "") for name in ("period", "from", "to", "level")}
    is_known = {
        "period": asked["period"] in PERIOD_NAMES,
        "from": session.read_day("from") is not None,
        "to": session.read_day("to") is not None,
        "level": page == "cases" or asked["level"] in AREA_LEVELS,
    }
    return {name: value for name, value in asked.items() if value and not is_known[name]}


def _say_senseless(unread: Mapping[str, str], chosen: Periods | None) -> str:
    said = shows.listed(f"{name}={value[:MOST_OF_PATH]}" for name, value in unread.items())
    if chosen is None or unread.keys() <= {"level"}:
        return t("frame.senseless", given=said)
    return t("frame.senseless_period", given=said, label=say_period(chosen.chosen, session.language()))


def show_crumbs(page: pages.PageName, area: AreaCard | None) -> None:
    """Draw the place and the places above it."""

    def step(label: str, **where: str | None) -> panels.Step:
        query = pages.kept_query(**where)
        target = page if page in ("map", "dashboard") else "dashboard"
        return panels.Step(label, panels.Link(target, query))

    if area is None:
        panels.show_crumbs([panels.Step(t("frame.whole"))])
        return
    steps = [step(t("frame.whole"), area=None, level=None)]
    for above in area.parents:
        steps.append(step(above.name, area=above.area_id, level=above.level))
    panels.show_crumbs([*steps, panels.Step(area.name, title=f"{t(f'level.{area.level}')} {area.area_id}")])


def _read_periods() -> tuple[Periods, GeoError | None]:
    try:
        return session.periods(), None
    except GeoError as error:
        inputs.write_address(**dict.fromkeys(("period", "from", "to")))
        return session.periods(), error


def _show_period(chosen: Periods) -> None:
    period = chosen.chosen
    with st.popover(f"{t('frame.period')}　{say_period(period, session.language())}"):
        name = inputs.choose(
            "period",
            t("frame.period"),
            PERIOD_NAMES,
            session.DEFAULT_PERIOD,
            show=lambda key: t(f"period.{key}"),
            how="buttons",
            resets=("from", "to"),
        )
        if name == "own":
            _choose_days(period.first_on, period.last_on)
        elif name != "last30":
            earlier, later = st.columns(2)
            earlier.button(
                t("period.earlier"),
                key="period_earlier",
                on_click=_move_to,
                width="stretch",
                args=(period.first_on - _WHOLE_DAY,),
            )
            later.button(
                t("period.later"),
                key="period_later",
                on_click=_move_to,
                width="stretch",
                args=(period.last_on + _WHOLE_DAY,),
                disabled=period.is_clipped or _is_last(period.last_on),
            )
        st.caption(t("frame.compared", label=say_period(chosen.before, session.language())))


def periods_ahead(chosen: Period | None) -> dict[str, Period]:
    """Return the periods one click away, by what the address then says of the period.

    The names in the address stand in the order of the alphabet.
    """
    if chosen is None:
        return {}
    found = {
        "" if name == session.DEFAULT_PERIOD else f"period={name}": session.find_periods(name).chosen
        for name in PERIOD_NAMES
        if name != "own"
    }
    if chosen.name not in ("own", "last30"):
        ending = "" if chosen.name == session.DEFAULT_PERIOD else f"&period={chosen.name}"
        days = [chosen.first_on - _WHOLE_DAY]
        if not (chosen.is_clipped or _is_last(chosen.last_on)):
            days.append(chosen.last_on + _WHOLE_DAY)
        for day in days:
            with suppress(ChoiceError):  # before the first year there can be
                found[f"from={day}{ending}"] = session.find_periods(chosen.name, day).chosen
    return found


def _is_last(day: date) -> bool:
    as_of = session.summary().data_as_of
    return as_of is None or day >= as_of.astimezone(ZoneInfo(session.summary().time_zone)).date()


def _move_to(day: date) -> None:
    inputs.write_address(**{"from": day.isoformat()})


def _choose_days(first: date, last: date) -> None:
    def keep() -> None:
        start, end = st.session_state["own_from"], st.session_state["own_to"]
        if start and end:
            inputs.write_address(**{"from": start.isoformat(), "to": (end + _WHOLE_DAY).isoformat()})

    left, right = st.columns(2)
    left.date_input(t("frame.from"), first, key="own_from", on_change=keep, format="YYYY-MM-DD")
    right.date_input(t("frame.to"), last, key="own_to", on_change=keep, format="YYYY-MM-DD")


def show_language() -> None:
    """Draw the button that changes the language."""
    other = "en" if session.language() == "zh" else "zh"
    st.button(
        "English" if other == "en" else "中文",
        key="language",
        on_click=inputs.write_address,
        kwargs={"lang": other},
        help=t("frame.language"),
    )


def _say_data_date() -> str:
    summary = session.summary()
    if summary.data_as_of is None:
        return ""
    day = summary.data_as_of.astimezone(ZoneInfo(summary.time_zone)).date()
    is_stale = (session.now() - summary.data_as_of).days > session.STALE_DAYS
    return t("frame.stale" if is_stale else "frame.data_as_of", day=day.isoformat())


def _exact_period(chosen: Periods | None) -> dict[str, str]:
    """Return what an address must hold to mean this period later too."""
    if chosen is None:
        return {}
    period = chosen.chosen
    if period.name in ("own", "last30"):
        after = period.last_on + _WHOLE_DAY
        return {"period": "own", "from": period.first_on.isoformat(), "to": after.isoformat()}
    return {"period": period.name, "from": period.first_on.isoformat()}


def show_method(
    *,
    keys: Iterable[IndicatorKey] = (),
    definitions: Sequence[tuple[str, str]] = (),
    filters: Sequence[tuple[str, str]] = (),
    left_out: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> None:
    """Draw the foot of a page: what its numbers mean and what they stand on.

    Parameters
    ----------
    keys
        Indicators on the page.
    definitions
        Further definitions, label and text.
    filters
        Filters in force, label and value.
    left_out
        What is not counted, and why.
    notes
        Further sentences: denominators, methods.
    """
    summary, language = session.summary(), session.language()
    with st.container(key="method"), st.expander(t("frame.method")):
        facts = [panels.Fact(INDICATORS[key].name(language), INDICATORS[key].about(language)) for key in keys]
        facts += [panels.Fact(label, text) for label, text in definitions]
        if facts:
            panels.show_facts(facts, key="method_definitions")
        joint = "；" if language == "zh" else "; "
        in_force = joint.join(f"{label} {value}".strip() for label, value in filters)
        lines = [
            t("frame.filters", filters=in_force) if in_force else t("frame.no_filters"),
            *left_out,
            *notes,
        ]
        if summary.data_as_of is not None:
            day = summary.data_as_of.astimezone(ZoneInfo(summary.time_zone)).date()
            lines.append(t("frame.data_as_of", day=day.isoformat()))
        lines.append(t("frame.zone", zone=summary.time_zone))
        lines.append(t("frame.version", program=__version__, data=summary.data_version))
        settings = session.settings()
        if settings.map_source:
            lines.append(t("frame.map_source", source=settings.map_source))
        panels.show_notice(*lines, key="method_lines")
