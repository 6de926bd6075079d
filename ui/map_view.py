"""What the one map shows: its choices, the map, the card of a place, the ranked table (一张图内容)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import pandas as pd
import streamlit as st

from geo.analysis.indicators import AREA_INDICATORS, INDICATORS, IndicatorKey
from geo.analysis.periods import Period, Periods
from geo.errors import MissingError
from geo.present.words import FACILITY_STATUS, LEVELS
from geo.schema import CHAIN_LEVELS, AreaLevel
from geo.store.base import CaseFilter
from geo.tasks.areas import AreaCard, Box
from geo.tasks.case_lists import PositionCounts, count_positions
from geo.tasks.dashboard_parts import period_filter
from geo.tasks.exports import FileFormat, write_areas
from geo.tasks.map_layers import map_card
from ui import frame, inputs, map_file, map_parts, outputs, pages, panels, session, shows
from ui.case_address import cases_link
from ui.map_component import CaseMode, CasePart, MapEvent, MapSpec, OutlinePart, show_map
from ui.panels import Cell, Column, Fact, Link, NumberCard, Row
from ui.text import t

MAP_HEIGHT = 620
MOST_ROWS = 200
MOST_NAMES = 40
"""More names than these would lie on each other."""
CASE_MODES = ("none", "hex", "points", "heat")
_MODES: dict[str, CaseMode] = {"hex": "auto", "points": "points", "heat": "heat"}
Colour = IndicatorKey | Literal["none"]


@dataclass(frozen=True)
class View:
    """What the address asks the map to show."""

    area: AreaCard | None
    period: Period | None
    """None where there are no cases."""
    level: AreaLevel
    by: Colour
    category: str
    cases: str
    facilities: tuple[str, ...]

    @property
    def parent_id(self) -> str | None:
        """The area that holds what is drawn; None: everything."""
        if self.area is None:
            return None
        if self.level == self.area.level:
            return self.area.parent.area_id if self.area.parent else None
        return self.area.area_id

    @property
    def where(self) -> CaseFilter:
        """Narrows the cases, whenever they happened, without the area."""
        return CaseFilter(category_ids=(self.category,)) if self.category else CaseFilter()

    @property
    def cases_here(self) -> CaseFilter:
        """The new cases of the period in the place the map is about."""
        place = self.area.cases if self.area else CaseFilter()
        if self.period is None:
            return place
        return CaseFilter(
            area_level=place.area_level,
            area_id=place.area_id,
            category_ids=self.where.category_ids,
            reported_from=self.period.start,
            reported_to=self.period.end,
        )


def first_level(levels: Sequence[AreaLevel], counts: Mapping[AreaLevel, int]) -> AreaLevel:
    """Return the level a map opens with: the coarsest that divides the place."""
    return next((level for level in levels if counts.get(level, 0) > 1), levels[0])


def choose_view(area: AreaCard | None, periods: Periods | None) -> View:
    """Draw the choices on the left; return what is to be shown."""
    levels = list(area.n_children) if area else list(session.summary().levels)
    levels = levels or ([area.level] if area else [])
    if not levels:
        raise MissingError("level_without_areas", level="–", known="–")
    counts = area.n_children if area else session.summary().n_areas
    default = first_level(levels, counts)
    level = inputs.choose(
        "layer",
        t("map.level"),
        levels,
        default,
        how="buttons",
        show=lambda key: t(
            "map.level_count", level=shows.words(LEVELS, key), n=shows.number(counts.get(key, 1))
        ),
    )
    language = session.language()
    keys: tuple[Colour, ...] = (*AREA_INDICATORS, "none") if periods else ("none",)
    by = inputs.choose(
        "by",
        t("map.colour_by"),
        keys,
        keys[0],
        show=lambda key: t("map.colour_none") if key == "none" else INDICATORS[key].name(language),
    )
    category, cases = "", "none"
    if periods:
        names = session.background().categories
        category = inputs.choose(
            "category",
            t("map.category"),
            ("", *sorted(names)),
            "",
            show=lambda code: names[code] if code else t("all"),
        )
        cases = inputs.choose(
            "cases",
            t("map.cases"),
            CASE_MODES,
            "none",
            show=lambda mode: t(f"map.cases.{mode}"),
            how="buttons",
        )
    kinds = map_parts.kinds_present()
    chosen: list[str] = []
    if kinds:
        chosen = inputs.choose_many(
            "facilities",
            t("map.facilities"),
            kinds,
            show=lambda kind: map_parts.kind_style(kind).label,
            hint=t("map.facilities_hint"),
        )
    return View(
        area, periods.chosen if periods else None, cast(AreaLevel, level), by, category, cases, tuple(chosen)
    )


def show_view(view: View) -> None:
    """Draw the map and follow what was clicked on it."""
    spec = MapSpec(
        **map_parts.common(_label(view)),
        areas=map_parts.area_part(
            view.level,
            parent_id=view.parent_id,
            values_url=_values_url(view, view.period),
            ahead=_values_ahead(view),
        ),
        outlines=_outlines(view),
        streets_url=map_parts.streets_url(),
        cases=_case_part(view),
        facilities=map_parts.facility_part(view.facilities),
        selected=st.query_params.get("sel"),
        fit=map_parts.box_of(view.area),
        look_at=_look_at(view),
    )
    event = show_map(spec, key="one_map", height=MAP_HEIGHT)
    if event:
        _follow(event, view)


def _label(view: View) -> str:
    what = t("map.colour_none") if view.by == "none" else INDICATORS[view.by].name(session.language())
    place = view.area.name if view.area else t("frame.whole")
    return t(
        "map.label",
        what=what,
        place=place,
        period=shows.period(view.period) if view.period else shows.NO_FIGURE,
    )


def _values_url(view: View, period: Period | None) -> str | None:
    if view.by == "none" or period is None:
        return None
    return map_parts.values_url(view.level, view.by, period, where=view.where, parent_id=view.parent_id)


def _values_ahead(view: View) -> dict[str, str]:
    """Return where the figures of the periods are that one click chooses, by what the address then says."""
    urls = {asked: _values_url(view, period) for asked, period in frame.periods_ahead(view.period).items()}
    return {asked: url for asked, url in urls.items() if url}


def _outlines(view: View) -> tuple[OutlinePart, ...]:
    """Return the outlines of the level just above, and of the finest one whose names fit on the map."""
    counts = view.area.n_children if view.area else session.summary().n_areas
    levels = [level for level in CHAIN_LEVELS if level in counts]
    above = levels[: levels.index(view.level)] if view.level in levels else levels
    parent = view.area.area_id if view.area else None
    named = next((level for level in reversed(above) if 1 < counts[level] <= MOST_NAMES), None)
    chosen = list(dict.fromkeys(level for level in (above[-1] if above else None, named) if level))
    return tuple(
        OutlinePart(map_parts.areas_url(level, parent_id=parent), rank=rank, is_named=level == named)
        for rank, level in enumerate(chosen, 1)
    )


def _case_part(view: View) -> CasePart | None:
    if view.cases == "none" or view.period is None:
        return None
    note = shows.positions(count_here(view))
    return CasePart(_MODES[view.cases], note=note, **map_parts.case_urls(view.cases_here))


def count_here(view: View) -> PositionCounts:
    """Count which of the new cases here can be drawn."""
    where = view.cases_here
    return session.kept("positions", where, lambda: count_positions(session.store(), where))


def _look_at(view: View) -> Box | None:
    """Return where the row that was chosen in the table lies, until another place is chosen."""
    code, selected = st.session_state.get("look_at"), _selected(view)
    return selected.box if selected is not None and code == selected.area_id else None


def _selected(view: View) -> AreaCard | None:
    """Return the selected place; one that is not of the level shown (Back after a drill) is none."""
    code = st.query_params.get("sel")
    try:
        return session.area_of(code, view.level) if code else None
    except MissingError:
        return None


def _follow(event: MapEvent, view: View) -> None:
    st.session_state.pop("look_at", None)
    st.session_state.pop("facility", None)
    if event.kind == "enter" and event.level == view.level:
        enter(event.id, view.level)
    elif event.kind == "area" and st.query_params.get("sel") != event.id:
        st.query_params["sel"] = event.id
    elif event.kind == "facility":
        st.session_state["facility"] = event.id
    elif event.kind == "case":
        link = cases_link(CaseFilter(case_ids=(event.id,)), case_id=event.id)
        pages.go_to("cases", link.query)
    else:
        return
    st.rerun()


def enter(area_id: str, level: AreaLevel) -> None:
    """Make an area the place the map is about, if anything finer lies in it; else select it."""
    if not session.area_of(area_id, level).n_children:
        st.query_params["sel"] = area_id
        return
    inputs.write_address(area=area_id, level=level, layer=None, sel=None)


def show_card(view: View) -> None:
    """Draw the card of the selected place, or how to get one."""
    if st.session_state.get("facility"):
        _show_facility(st.session_state["facility"])
        return
    selected = _selected(view)
    area = view.area if selected is None else selected
    if area is None:
        panels.show_notice(t("map.pick_hint"), key="pick_hint")
        return
    name, links = st.columns([3, 2], vertical_alignment="center")
    with name:
        panels.show_lead(
            area.name, note=f"{shows.words(LEVELS, area.level)} · {area.area_id}", level="h2", key="card_name"
        )
    with (
        links,
        st.container(
            key="card_links", horizontal=True, horizontal_alignment="right", vertical_alignment="center"
        ),
    ):
        if area.n_children and area is not view.area:
            st.button(t("map.enter"), key="enter", on_click=enter, args=(area.area_id, area.level))
        if view.area is not None:
            up = view.area.parent
            st.button(
                t("map.up"),
                key="up",
                on_click=inputs.write_address,
                kwargs={
                    "area": up.area_id if up else None,
                    "level": up.level if up else None,
                    "layer": None,
                    "sel": None,
                },
            )
        if view.period is not None:
            to = Link("dashboard", pages.kept_query(area=area.area_id, level=area.level))
            panels.show_links([(t("map.open_dashboard"), "", to)], key="card_dashboard", width="content")
    if view.period is not None:
        panels.show_cards(_card_numbers(area, view.period), key="card")


def _card_numbers(area: AreaCard, period: Period) -> list[NumberCard]:
    card = session.kept(
        "map_card",
        (area.level, area.area_id, period),
        lambda: map_card(session.store(), area, period=period, background=session.background()),
    )
    language = session.language()
    return [
        NumberCard(
            INDICATORS[key].name(language),
            shows.figure(key, value),
            "" if INDICATORS[key].format == "share" or value is None else INDICATORS[key].unit(language),
            small=t("dash.small") if is_small else "",
            to=cases_link(period_filter(key, area.cases, period)),
        )
        for key, value, is_small in card.figures
    ]


def _show_facility(facility_id: str) -> None:
    columns = ["name", "kind", "status", "capacity", "address"]
    found = session.store().read("facilities", columns=columns, where={"facility_id": facility_id})
    if found.empty:
        return
    row = found.iloc[0]
    panels.show_lead(
        shows.text(row["name"]),
        note=map_parts.kind_style(str(row["kind"])).label,
        level="h2",
        key="facility_name",
    )
    facts = [
        Fact(t("col.state"), shows.words(FACILITY_STATUS, row["status"])),
        Fact(t("col.address"), shows.masked(row["address"])),
    ]
    if pd.notna(row["capacity"]):
        facts.append(Fact(t("dash.capacity"), shows.number(row["capacity"])))
    panels.show_facts(facts, key="facility_facts")


def show_ranking(view: View) -> None:
    """Draw the areas of the map ranked; a row moves the map there."""
    title, menu = st.columns([5, 1], vertical_alignment="center")
    with title:
        panels.show_lead(t("map.table"), note=t("map.table_hint"), level="h2", key="table_title")
    with menu, st.container(horizontal=True, horizontal_alignment="right"):
        _show_downloads(view)
    table = read_level(view)
    key: IndicatorKey = "n_new" if view.by == "none" else view.by
    order = st.session_state.setdefault("ranking", "by")
    column = {"by": key, "new": "n_new", "name": "name"}.get(order, key)
    is_up = column == "name" or INDICATORS[cast(IndicatorKey, column)].better == "low"
    ordered = first_rows(table, column, is_up=is_up)
    rows = _ranked_rows(ordered, view)
    heads = [
        Column("#", align="right", width="44px"),
        Column(shows.words(LEVELS, view.level), is_long=True, sort="name"),
    ]
    if view.by != "none":
        heads.append(Column(_heading(key), align="right", width="150px", sort="by"))
    if view.period is not None and key != "n_new":
        heads.append(
            Column(INDICATORS["n_new"].name(session.language()), align="right", width="90px", sort="new")
        )
    if view.period is not None:
        heads.append(Column("", width="90px"))
    numbered = [Row([str(place), *row.cells], row.id, row.is_chosen) for place, row in enumerate(rows, 1)]
    note = t("dash.first_of", n=MOST_ROWS, of=shows.number(len(table))) if len(table) > MOST_ROWS else ""
    event = panels.show_table(heads, numbered, key="ranking", sort=(order, not is_up), height=420, note=note)
    if event and event.kind == "sort":
        st.session_state["ranking"] = event.id
        st.rerun()
    if event and event.kind == "row":
        st.session_state["look_at"] = st.query_params["sel"] = event.id
        st.session_state.pop("facility", None)
        st.rerun()


def read_level(view: View) -> pd.DataFrame:
    """Measure the areas on the map: every indicator, by code."""
    period, where, parent = view.period, view.where, view.parent_id
    if period is None:
        return session.store().residents(view.level, parent_id=parent).set_index("area_id")
    return session.measured_level(view.level, period=period, where=where, parent_id=parent, by=view.by)


def first_rows(table: pd.DataFrame, column: str, *, is_up: bool) -> pd.DataFrame:
    """Return the first `MOST_ROWS` areas by a column, then by name; areas without a figure come last."""
    if table.empty:
        return table
    if column != "name" and int(table[column].notna().sum()) >= MOST_ROWS:
        figures = table[column].astype(float)
        last = figures.nsmallest(MOST_ROWS).max() if is_up else figures.nlargest(MOST_ROWS).min()
        table = table[
            figures <= last if is_up else figures >= last
        ]  # sorting fifty thousand names takes a while
    return table.sort_values([column, "name"], ascending=[is_up, True], na_position="last").head(MOST_ROWS)


def _heading(key: IndicatorKey) -> str:
    item, language = INDICATORS[key], session.language()
    return item.name(language) if item.format == "share" else f"{item.name(language)} · {item.unit(language)}"


def _ranked_rows(ordered: pd.DataFrame, view: View) -> list[Row]:
    """Write the rows of the ranked areas, without their numbers; every figure opens its cases."""
    period, selected = view.period, st.query_params.get("sel")
    shown: list[tuple[IndicatorKey, Mapping[str, str]]] = []
    if period is not None:
        keys = () if view.by == "none" else dict.fromkeys((view.by, cast(IndicatorKey, "n_new")))
        place = CaseFilter(area_level=view.level, area_id="-", category_ids=view.where.category_ids)
        shown = [(name, cases_link(period_filter(name, place, period)).query) for name in keys]
    board, word = pages.kept_query(area="-", level=view.level), t("page.dashboard")
    columns = ["name", *(name for name, _ in shown)]
    rows = []
    for code, row in zip(ordered.index.tolist(), ordered[columns].to_dict("records"), strict=True):
        cells: list[Cell | str] = [Cell(str(row["name"]), title=code)]
        for name, query in shown:
            cells.append(Cell(shows.figure(name, row[name]), to=Link("cases", {**query, "area": code})))
        if period is not None:
            cells.append(Cell(word, to=Link("dashboard", {**board, "area": code})))
        rows.append(Row(cells, id=code, is_chosen=selected == code))
    return rows


def _show_downloads(view: View) -> None:
    period = view.period
    if period is None:
        return

    def make(kind: FileFormat) -> Callable[[], bytes]:
        return lambda: (
            write_areas(
                session.store(),
                view.level,
                period=period,
                format=kind,
                language=session.language(),
                imprint=outputs.imprint(),
                where=view.where,
                parent_id=view.parent_id,
                background=session.background(),
            ).content
        )

    kinds: tuple[FileFormat, ...] = ("csv", "xlsx", "gpkg", "geojson")
    files = [(kind, f"{view.level}_{period.first_on}.{kind}", make(kind)) for kind in kinds]
    key: IndicatorKey = "n_new" if view.by == "none" else view.by
    files.append(
        (
            "html",
            f"map_{period.first_on}.html",
            lambda: map_file.write_map(
                view.level,
                key,
                period,
                where=view.where,
                parent_id=view.parent_id,
                title=_label(view),
                cases=view.cases_here,
                mode=view.cases,
                kinds=view.facilities,
            ),
        )
    )
    outputs.download_menu(t("map.download"), files, key="map", warning=outputs.review_warning())


def filters_in_force(view: View) -> list[tuple[str, str]]:
    """Return the filters of the map, label and value."""
    filters = []
    if view.period is not None:
        filters.append((t("frame.period"), shows.period(view.period)))
    if view.category:
        filters.append((t("map.category"), session.background().categories.get(view.category, view.category)))
    return filters


def say_left_out(view: View) -> list[str]:
    """Say which cases are in no area of the map, and why."""
    if view.period is None:
        return []
    store, where = session.store(), view.cases_here
    n_unplaced = session.kept(
        "left_out", (where, view.level), lambda: store.count_cases(replace(where, without=(view.level,)))
    )
    counts = count_here(view)
    level = shows.words(LEVELS, view.level)
    return [
        t(
            "map.left_out",
            n=shows.number(counts.n),
            unplaced=shows.number(n_unplaced),
            area_only=shows.number(counts.n_area_only),
            nowhere=shows.number(counts.n_nowhere),
            level=level,
        )
    ]
