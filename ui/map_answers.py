"""What each address under `/api` answers, from a store and the parameters of the address (地图数据).

Everything a person could write into an address is read here, and refused with a sentence that names
it. The layers come from `geo.tasks.map_layers`, which lists what may leave the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, Protocol

import pandas as pd

from geo.analysis.indicators import Indicator
from geo.analysis.periods import PERIOD_NAMES, Period, PeriodName
from geo.errors import ChoiceError, ConflictError
from geo.messages import Language
from geo.present.documents import dump_json
from geo.present.period_words import say_period
from geo.present.words import unit_of
from geo.schema import AREA_LEVELS, AreaLevel
from geo.store.base import CaseFilter, Store
from geo.tasks.areas import Box
from geo.tasks.case_filters import filter_from_query
from geo.tasks.dashboards import choose_period
from geo.tasks.map_layers import (
    AreaValues,
    area_layer,
    area_tile,
    area_values,
    case_points,
    facility_points,
    heat_points,
    hexagon_layer,
    street_layer,
)
from geo.vector_tiles import read_tile

Query = Mapping[str, str]


class Measure(Protocol):
    """Measures the areas of a level; see `geo.tasks.dashboards.measure_level`."""

    def __call__(
        self, level: AreaLevel, *, period: Period, where: CaseFilter, parent_id: str | None, by: str
    ) -> pd.DataFrame:
        """Return the measured areas by `area_id`, not to be changed."""


Answer = Callable[[Store, Query, Measure], bytes]
"""From a store, the parameters, and what measures a level once for all who ask, to what is sent."""

RESOLUTIONS: Final = range(5, 11)
MOST_TEXT: Final = 4000
"""Longest parameter that is read."""


def answer_areas(store: Store, query: Query, measure: Measure) -> bytes:
    """Answer with the outlines of `level`, those under `parent` where it is named."""
    return area_layer(store, _level(query), parent_id=query.get("parent") or None).content


def answer_tiles(store: Store, query: Query, measure: Measure) -> bytes:
    """Answer with the areas of `level` on the tile `z`, `x`, `y`, those under `parent` where it is named."""
    tile = read_tile(query.get("z", ""), query.get("x", ""), query.get("y", ""))
    return area_tile(store, _level(query), tile, parent_id=query.get("parent") or None)


def answer_values(store: Store, query: Query, measure: Measure) -> bytes:
    """Answer with the figures `by` of `level` in a period, their classes and what a legend says."""
    name = _one_of(query, "period", PERIOD_NAMES, other="own" if query.get("from") else "month")
    periods = choose_period(store, name, start_on=_day(query, "from"), end_on=_day(query, "to"))
    where = filter_from_query({key: value for key, value in query.items() if key not in ("level", "area")})
    level, period, parent_id = _level(query), periods.chosen, query.get("parent") or None
    key = query.get("by") or "n_new"
    values = area_values(
        store,
        level,
        key,
        period=period,
        where=where,
        parent_id=parent_id,
        measure=lambda: measure(level, period=period, where=where, parent_id=parent_id, by=key),
    )
    return dump_json(write_values(values, language_of(query))).encode()


def answer_hexagons(store: Store, query: Query, measure: Measure) -> bytes:
    """Answer with located cases per H3 cell of resolution `res`."""
    return hexagon_layer(store, _where(query), resolution=_resolution(query)).content


def answer_points(store: Store, query: Query, measure: Measure) -> bytes:
    """Answer with the cases inside `box`, or with hexagons where they are too many."""
    return case_points(store, _where(query), box=_box(query), resolution=10).content


def answer_heat(store: Store, query: Query, measure: Measure) -> bytes:
    """Answer with sums of cases at the centres of small cells."""
    return heat_points(store, _where(query)).content


def answer_facilities(store: Store, query: Query, measure: Measure) -> bytes:
    """Answer with the facilities of `kinds` (and `statuses`), all of them where none is named."""
    kinds = [kind for kind in query.get("kinds", "").split(",") if kind]
    statuses = [status for status in query.get("statuses", "").split(",") if status]
    return facility_points(store, kinds=kinds, statuses=statuses).content


def answer_streets(store: Store, query: Query, measure: Measure) -> bytes:
    """Answer with the streets as one bundle of lines per kind."""
    return street_layer(store).content


ANSWERS: Final[Mapping[str, Answer]] = {
    "areas": answer_areas,
    "tiles": answer_tiles,
    "values": answer_values,
    "hexagons": answer_hexagons,
    "points": answer_points,
    "heat": answer_heat,
    "facilities": answer_facilities,
    "streets": answer_streets,
}


def language_of(query: Query) -> Language:
    """Return the language an address asks for; Chinese unless it says English."""
    return "en" if query.get("lang") == "en" else "zh"


def write_values(values: AreaValues, language: Language) -> dict[str, object]:
    """Write figures as the map reads them: ids, which figure each has, their classes and texts, the legend."""
    item, classes = values.indicator, values.classes
    unit = "" if item.format == "share" else item.unit(language)
    endings = _endings(item, language)
    rows = zip(classes.colours, classes.labels, classes.counts, strict=True)
    return {
        "title": item.name(language),
        "unit": "" if unit.lower() in item.name(language).lower() else unit,
        "area_units": [unit_of(1, values.level, language), unit_of(2, values.level, language)],
        "note": say_period(values.period, language),
        "classes": [{"colour": colour, "label": label, "n": n} for colour, label, n in rows],
        "n_no_data": classes.n_missing,
        # Each different figure once, and which one each area has: a text for each of fifty thousand
        # areas would cost more than measuring them.
        "ids": values.ids,
        "rows": values.rows,
        "figures": [
            None
            if figure.value is None
            else [figure.value, figure.place, figure.text + endings[figure.is_small]]
            for figure in values.figures
        ],
    }


def _endings(item: Indicator, language: Language) -> tuple[str, str]:
    """Return what stands after a figure: its unit, and after one on a small base that it is."""
    joint = "" if language == "zh" else " "
    unit = "" if item.format == "share" else joint + item.unit(language)
    return unit, unit + {"zh": "（基数小）", "en": " (small base)"}[language]


def require_short(query: Query) -> None:
    """Refuse a parameter that is longer than any of ours can be.

    Raises
    ------
    ChoiceError
        If one is.
    """
    for name, value in query.items():
        if len(value) > MOST_TEXT:
            raise _unreadable(name[:40], value)


def require_current(query: Query, data_version: int) -> None:
    """Refuse an address of another version of the data: outlines of two versions do not go together.

    Raises
    ------
    ConflictError
        If the address names a version, and the data have another.
    """
    if query.get("v", str(data_version)) != str(data_version):
        raise ConflictError("map_data_changed")


def _unreadable(name: str, value: str) -> ChoiceError:
    return ChoiceError("filter_unreadable", name=name, value=value[:60])


def _level(query: Query) -> AreaLevel:
    for level in AREA_LEVELS:
        if query.get("level") == level:
            return level
    raise _unreadable("level", query.get("level", ""))


def _one_of(query: Query, name: str, choices: tuple[PeriodName, ...], *, other: PeriodName) -> PeriodName:
    given = query.get(name) or other
    for choice in choices:
        if given == choice:
            return choice
    raise _unreadable(name, given)


def _day(query: Query, name: str) -> date | None:
    text = query.get(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _unreadable(name, text) from error


def _resolution(query: Query) -> int:
    text = query.get("res", "")
    if not text.isascii() or not text.isdigit() or int(text[:4]) not in RESOLUTIONS:
        raise _unreadable("res", text)
    return int(text)


def _box(query: Query) -> Box:
    box = filter_from_query({"box": query.get("box", "")}).box
    if box is None or box[0] >= box[2] or box[1] >= box[3]:
        raise _unreadable("box", query.get("box", ""))
    return box


def _where(query: Query) -> CaseFilter:
    return filter_from_query({name: value for name, value in query.items() if name != "box"})
