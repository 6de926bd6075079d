"""What the dashboard shows of one area: the sentence, the cards, the map, the areas inside (看板内容)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from geo.analysis.indicators import CARDS, INDICATORS, LEAST_DENOMINATOR, IndicatorKey
from geo.analysis.periods import Periods
from geo.present.period_words import say_period
from geo.present.words import FLAGS, LEVELS, capital, count_of, unit_of
from geo.schema import AreaLevel
from geo.tasks.areas import AreaCard
from geo.tasks.dashboard_parts import Card, LeftOut
from geo.tasks.dashboard_text import is_comparable, status_doubt
from geo.tasks.dashboards import Dashboard, count_unplaced, make_dashboard
from geo.tasks.exports import FileFormat, write_dashboard
from ui import inputs, map_parts, outputs, pages, panels, session, shows
from ui.case_address import cases_link
from ui.map_component import FacilityPart, MapSpec, OutlinePart, show_map
from ui.panels import Cell, Column, Link, NumberCard, Row
from ui.text import t

MAP_HEIGHT, PRINT_MAP_HEIGHT = 460, 300
MOST_KINDS = 6
MOST_ROWS, PRINT_ROWS = 60, 8
_FORMATS: tuple[FileFormat, ...] = ("csv", "xlsx", "gpkg", "html")


def is_print() -> bool:
    """Tell whether the page is to be drawn for paper."""
    return st.query_params.get("print") == "1"


def read_board(area: AreaCard | None, periods: Periods) -> Dashboard:
    """Make the dashboard of an area, once per version of the data."""
    where = (area.level, area.area_id) if area else None
    return session.kept(
        "dashboard",
        (where, periods, session.language()),
        lambda: make_dashboard(
            session.store(),
            area,
            period=periods.chosen,
            before=periods.before,
            background=session.background(),
        ),
    )


def show_head(board: Dashboard) -> None:
    """Draw the name of the area and the sentence that says what its numbers say."""
    language = session.language()
    if board.area is None:
        title, note = t("frame.whole"), ""
    else:
        staff = "、".join(f"{row.role} {row.name}" for row in board.area.staff.itertuples())
        title = board.area.name
        note = f"{capital(shows.words(LEVELS, board.area.level))} · {board.area.area_id}" + (
            f" · {staff}" if staff else ""
        )
    if is_print():
        note = "　".join(filter(None, [note, say_period(board.period, language)]))
    panels.show_lead(title, note=note, level="h1", key="title")
    panels.show_lead(board.sentences[language], key="sentence")


def show_actions(board: Dashboard) -> None:
    """Draw the downloads and the way to the print view."""

    def make(kind: FileFormat) -> Callable[[], bytes]:
        return lambda: (
            write_dashboard(
                session.store(), board, format=kind, language=session.language(), imprint=outputs.imprint()
            ).content
        )

    if is_print():
        with st.container(key="actions"):
            panels.show_print_button(t("dash.print_now"))
        return
    code = board.area.area_id if board.area else "all"
    files = [(kind, f"{_plain_name(code)}_{board.period.first_on}.{kind}", make(kind)) for kind in _FORMATS]
    with st.container(
        key="actions", horizontal=True, horizontal_alignment="right", vertical_alignment="center"
    ):
        panels.show_links(
            [(t("dash.print"), "", Link("dashboard", {**pages.kept_query(), "print": "1"}))],
            key="print",
            width="content",
        )
        outputs.download_menu(t("dash.downloads"), files, key="board", warning=outputs.review_warning())


def _plain_name(code: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in code)[:40]


def show_cards(board: Dashboard) -> None:
    """Draw the six numbers."""
    panels.show_cards([_number_card(card, board) for card in board.cards], key="cards")


def _number_card(card: Card, board: Dashboard) -> NumberCard:
    item, language = INDICATORS[card.key], session.language()
    is_compared = is_comparable(board, card.key)
    change = shows.change(card.key, card.change) if is_compared else ""
    before = say_period(board.before, language) if board.before and change else ""
    return NumberCard(
        label=item.name(language),
        value=shows.figure(card.key, card.value),
        unit=_unit_beside(card),
        change=change,
        before=t("dash.than", label=before) if before else "",
        tone="" if card.is_small or not is_compared else shows.tone_of(card.key, card.change),
        rank=_say_rank(card) if is_compared else "",
        small=_say_doubt(card, board),
        title=item.about(language) + _say_interval(card),
        spark=[value for _, value in card.months] if is_compared else (),
        to=cases_link(card.cases),
    )


def _unit_beside(card: Card) -> str:
    item, language = INDICATORS[card.key], session.language()
    if item.format == "share" or card.value is None:
        return ""
    return unit_of(card.value, "case", language) if item.format == "count" else item.unit(language)


def _say_doubt(card: Card, board: Dashboard) -> str:
    """Say why a figure is to be taken with care; empty where it is not."""
    if doubt := status_doubt(board, card.key, session.language()):
        return doubt
    return t("dash.small") if card.is_small else t("dash.no_denominator") if card.value is None else ""


def _say_rank(card: Card) -> str:
    if card.rank is None or card.n_ranked < 2:
        return ""
    is_sure = card.rank_low in (None, card.rank) and card.rank_high in (None, card.rank)
    key = "dash.rank" if is_sure else "dash.rank_interval"
    said = t(key, rank=card.rank, n=card.n_ranked, low=card.rank_low, high=card.rank_high)
    return said if INDICATORS[card.key].better else t("dash.rank_most", said=said)


def _say_interval(card: Card) -> str:
    if card.lower is None or card.upper is None or card.value is None:
        return ""
    low, high = shows.figure(card.key, card.lower), shows.figure(card.key, card.upper)
    return t("dash.interval", low=low, high=high)


def lower_columns() -> tuple[DeltaGenerator, ...]:
    """Lay out the lower part: hours, channels, closing levels, open cases, repeat places.

    On paper a third of the width holds no table, so no more than two stand side by side.
    """
    if is_print():
        rhythm, channels = st.columns([3, 2])
        repeats, closing = st.columns([3, 2])
        return rhythm, channels, closing, st.container(), repeats
    rhythm, channels, closing = st.columns([2, 1, 1])
    waiting, repeats = st.columns([3, 2])
    return rhythm, channels, closing, waiting, repeats


def choose_indicator() -> IndicatorKey:
    """Let the reader choose what the map colours and the areas are ranked by."""
    if is_print():
        return inputs.read_choice("by", CARDS, "n_new")
    return inputs.choose(
        "by",
        t("dash.rank_by"),
        CARDS,
        "n_new",
        show=lambda key: INDICATORS[key].name(session.language()),
        width=280,
    )


@dataclass(frozen=True)
class Inside:
    """The areas that are looked at inside an area."""

    level: AreaLevel | None
    parent: AreaCard | None
    table: pd.DataFrame
    unplaced: LeftOut | None


def look_inside(board: Dashboard, periods: Periods) -> Inside:
    """Return the areas inside; where there is only one, those inside that one, and so on."""
    if board.child_level is not None and len(board.children) == 1:
        only = session.area_of(str(board.children["area_id"].iloc[0]), board.child_level)
        if only.n_children:
            finer = look_inside(read_board(only, periods), periods)
            unplaced = board.unplaced
            if finer.level is not None:
                unplaced = count_unplaced(session.store(), board, finer.level)
            return Inside(finer.level, finer.parent, finer.table, unplaced)
    return Inside(board.child_level, board.area, board.children, board.unplaced)


def show_area_map(board: Dashboard, inside: Inside, key: IndicatorKey) -> None:
    """Draw the area with those inside it and its facilities; a second click on one opens its dashboard."""
    area, level = board.area, inside.level
    if level is None and area is None:
        panels.show_notice(t("empty.no_areas"), key="no_areas")
        return
    own = area or inside.parent
    drawn: AreaLevel = level or area.level  # type: ignore[union-attr]
    above = inside.parent if level else (area.parent if area else None)
    parent_id = above.area_id if above else None
    what = INDICATORS[key].name(session.language())
    place = area.name if area else t("frame.whole")
    spec = MapSpec(
        **map_parts.common(
            t("map.label", what=what, place=place, period=say_period(board.period, session.language()))
        ),
        areas=map_parts.area_part(
            drawn,
            parent_id=parent_id,
            values_url=map_parts.values_url(drawn, key, board.period, parent_id=parent_id),
        ),
        outlines=_own_outline(own) if level else (),
        streets_url=map_parts.streets_url(),
        facilities=_facilities_drawn(board),
        selected=st.query_params.get("sel") if level else area.area_id if area else None,
        fit=map_parts.box_of(own),
    )
    event = show_map(spec, key="board_map", height=PRINT_MAP_HEIGHT if is_print() else MAP_HEIGHT)
    if event and event.kind == "enter" and level:
        pages.go_to("dashboard", pages.kept_query(area=event.id, level=level))
    if event and event.kind == "area" and level and st.query_params.get("sel") != event.id:
        st.query_params["sel"] = event.id
        st.rerun()


def _kinds_inside(board: Dashboard) -> list[str]:
    """Return the kinds of facility most common in the area; more would bury the map under its legend."""
    return [str(kind) for kind in board.facilities["kind"].head(MOST_KINDS)]


def _facilities_drawn(board: Dashboard) -> FacilityPart | None:
    """Return the facilities of a small area; on paper they would hide it, and stand in their own table."""
    if is_print() or not _is_small(board.area):
        return None
    return map_parts.facility_part(_kinds_inside(board))


def _is_small(area: AreaCard | None) -> bool:
    """Tell whether an area is small enough for every facility in it to be drawn."""
    return area is not None and area.level in ("community", "grid", "microgrid", "courtyard")


def _own_outline(area: AreaCard | None) -> tuple[OutlinePart, ...]:
    if area is None or area.parent is None:
        return ()
    return (OutlinePart(map_parts.areas_url(area.level, parent_id=area.parent.area_id), rank=1),)


def show_areas_inside(inside: Inside, key: IndicatorKey) -> None:
    """Draw the areas inside, ranked."""
    if inside.level is None or inside.table.empty:
        panels.show_notice(t("dash.no_children"), key="no_children")
        return
    notes = [t("dash.funnel")] if INDICATORS[key].format in ("share", "rate") else []
    if inside.unplaced is not None and inside.unplaced.n:
        level = shows.words(LEVELS, inside.unplaced.cases.without[-1])
        n = count_of(inside.unplaced.n, "case", session.language())
        notes.append(t("dash.unplaced", n=n, level=level))
    _show_ranked(
        inside.table, key, inside.level, table_key="children", note=" · ".join(notes), height=MAP_HEIGHT - 40
    )


def has_siblings(board: Dashboard) -> bool:
    """Tell whether there is anything to compare the area with."""
    return board.area is not None and len(board.siblings) > 1


def show_siblings(board: Dashboard, key: IndicatorKey) -> None:
    """Draw the area beside its siblings, ranked."""
    if board.area is None:
        return
    _show_ranked(
        board.siblings, key, board.area.level, table_key="siblings", own=board.area.area_id, height=330
    )


def _show_ranked(
    table: pd.DataFrame,
    key: IndicatorKey,
    level: AreaLevel,
    *,
    table_key: str,
    own: str = "",
    note: str = "",
    height: int,
) -> None:
    item = INDICATORS[key]
    is_up = item.better == "low" and item.format != "count"
    ordered = table.sort_values([key, "area_id"], ascending=[is_up, True], na_position="last")
    shown = ordered.head(PRINT_ROWS if is_print() else MOST_ROWS)
    if own and own not in shown["area_id"].tolist():
        shown = pd.concat([shown, ordered[ordered["area_id"].eq(own)]])
    scale = _scale_of(table, key)
    places = table[key].rank(method="min", ascending=is_up, na_option="bottom").astype(int)
    rows = [
        _ranked_row(row, key, level, scale, place=places[index], is_own=row["area_id"] == own)
        for index, row in shown.iterrows()
    ]
    columns = [
        Column("#", align="right", width="44px"),
        Column(capital(shows.words(LEVELS, level)), is_long=True),
        Column(_heading(key), align="right", width="150px"),
    ]
    if key != "n_new":
        columns.append(Column(_heading("n_new"), align="right", width="84px"))
    if len(shown) < len(table):
        first = t("dash.first_of", n=len(shown), of=shows.number(len(table)))
        note = " · ".join(filter(None, [note, first]))
    panels.show_table(columns, rows, key=table_key, height=None if is_print() else height, note=note)


def _heading(key: IndicatorKey) -> str:
    item, language = INDICATORS[key], session.language()
    if item.format == "share":
        return item.name(language)
    return f"{item.name(language)}（{item.unit_zh}）" if language == "zh" else f"{item.en} ({item.unit_en})"


def _scale_of(table: pd.DataFrame, key: IndicatorKey) -> tuple[float, float]:
    """Return the ends of the small scale under the figures."""
    if INDICATORS[key].format == "count":
        return 0.0, max(float(table[key].max()), 1.0)
    values = table[key].dropna()
    if values.empty:
        return 0.0, 1.0
    top = max(float(table[f"{key}_upper"].clip(upper=values.max() * 1.6).max()), float(values.max()))
    return (float(min(values.min(), table[f"{key}_lower"].min())), max(top, 1e-9))


def _ranked_row(
    row: pd.Series,
    key: IndicatorKey,
    level: AreaLevel,
    scale: tuple[float, float],
    *,
    place: int,
    is_own: bool,
) -> Row:
    item, value = INDICATORS[key], row[key]
    to = Link("dashboard", pages.kept_query(area=str(row["area_id"]), level=level))
    new = Cell(shows.number(row["n_new"]), to=cases_link(row["cases"]))
    if item.format == "count":
        bar = float(value) / scale[1] if pd.notna(value) else None
        figures = [Cell(shows.figure(key, value), bar=bar), new]
        if key == "n_new":  # the figure itself opens the new cases
            figures = [replace(new, bar=bar)]
        name = Cell(str(row["name"]), to=to, title=str(row["area_id"]))
        return Row([str(place), name, *figures], is_chosen=is_own)
    flag = str(row[f"{key}_flag"])
    small = t("dash.small_short", n=LEAST_DENOMINATOR) if bool(row[f"{key}_small"]) else ""
    cell = Cell(shows.figure(key, value), note=small, range=_range_of(row, key, scale))
    name = Cell(
        str(row["name"]),
        to=to,
        mark=shows.tone_of_flag(key, flag),
        title=f"{row['area_id']} {shows.words(FLAGS, flag) if flag else ''}".strip(),
    )
    low, high, rank = row[f"{key}_rank_low"], row[f"{key}_rank_high"], row[f"{key}_rank"]
    rank_cell = (
        ""
        if pd.isna(rank)
        else Cell(str(int(rank)), note="" if pd.isna(low) or low == high else f"{low:.0f}–{high:.0f}")
    )
    return Row([rank_cell, name, cell, new], is_chosen=is_own)


def _range_of(row: pd.Series, key: IndicatorKey, scale: tuple[float, float]) -> dict[str, float] | None:
    low, high = scale
    value, lower, upper = row[key], row[f"{key}_lower"], row[f"{key}_upper"]
    if pd.isna(value):
        return None

    def at(number: float) -> float:
        return min(max((number - low) / (high - low or 1.0), 0.0), 1.0)

    return {
        "at": at(value),
        "low": at(value if pd.isna(lower) else lower),
        "high": at(high if pd.isna(upper) else upper),
    }
