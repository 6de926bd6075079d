"""Turn a `CaseFilter` into SQL on `case_facts` (筛选条件).

Every value is a parameter. Texts become their codes first, so that the narrow table of facts is
compared by whole numbers; a text that no case has means that no case is meant. What facts do not
hold (words in texts) is looked up in `cases`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from geo.errors import StoreError
from geo.schema import AREA_LEVELS, POSITION_SOURCES
from geo.store.base import CaseFilter
from geo.store.codes import FactTable
from geo.store.database import Params

H3_FINEST = 10
"""Resolution of `case_facts.h3`."""


@dataclass
class Condition:
    """SQL conditions on `case_facts` under the alias `f`, joined by AND, and their parameters."""

    params: Params
    parts: list[str] = field(default_factory=list)

    @property
    def sql(self) -> str:
        """Return the conditions as one."""
        return " AND ".join(self.parts) or "TRUE"

    def add(self, part: str) -> None:
        """Narrow further."""
        self.parts.append(part)


def build_condition(facts: FactTable, where: CaseFilter, params: Params | None = None) -> Condition:
    """Turn a filter into SQL.

    Raises
    ------
    StoreError
        If `area_id` comes without `area_level`, or half of `due_from`, `due_to` is missing.
    """
    condition = Condition(params or Params())
    _add_area(facts, condition, where)
    _add_times(condition, where)
    _add_texts(facts, condition, where)
    _add_place(facts, condition, where)
    _add_missing(condition, where)
    return condition


def _add_area(facts: FactTable, condition: Condition, where: CaseFilter) -> None:
    if where.area_id is not None:
        if where.area_level is None:
            raise StoreError("filter_area_needs_level", area_id=where.area_id)
        _is_one_of(facts, condition, where.area_level, [where.area_id])
    if where.area_ids:
        if where.area_level is None:
            raise StoreError("filter_area_needs_level", area_id=where.area_ids[0])
        _is_one_of(facts, condition, where.area_level, where.area_ids)
    if where.is_placed is not None:
        levels = AREA_LEVELS if where.area_level is None else (where.area_level,)
        placed = " OR ".join(f"f.{level}_code IS NOT NULL" for level in levels)
        condition.add(f"({placed})" if where.is_placed else f"NOT ({placed})")


_EMPTY_COLUMNS: dict[str, str] = {
    **{level: f"{level}_code" for level in AREA_LEVELS},
    **{name: f"{name}_code" for name in ("channel", "closing_level", "department", "kind", "source")},
    "category_id": "category_code", "month": "reported_at", "hour": "hour", "weekday": "weekday", "due_at": "due_at",
}  # fmt: skip
"""Column of `case_facts` that is empty where a case is `without` something."""


def _add_missing(condition: Condition, where: CaseFilter) -> None:
    for name in where.without:
        column = _EMPTY_COLUMNS.get(name)
        condition.add("FALSE" if column is None else f"f.{column} IS NULL")
    if where.is_negative is not None:
        condition.add("f.close_s < 0" if where.is_negative else "f.close_s >= 0")


def _is_one_of(facts: FactTable, condition: Condition, dimension: str, texts: Sequence[str]) -> None:
    codes = facts.codes.find(dimension, texts)
    if not codes:
        condition.add("FALSE")
    elif len(codes) == 1:
        condition.add(f"f.{dimension}_code = {condition.params.add(codes[0])}")
    else:
        marks = ", ".join(condition.params.add(code) for code in codes)
        condition.add(f"f.{dimension}_code IN ({marks})")


def open_at(moment: str) -> str:
    """SQL: the case is open at a moment: reported before it, not closed before it, not final."""
    return (
        f"(f.reported_at < {moment} AND (f.closed_at IS NULL OR f.closed_at >= {moment}) AND NOT f.is_final)"
    )


def overdue_at(moment: str) -> str:
    """SQL: the case is open at a moment and its deadline lies before it."""
    return f"(f.due_at < {moment} AND {open_at(moment)})"


def due_between(start: str, end: str) -> str:
    """SQL: the case is due in a period, as `Store.period_counts` defines it."""
    return (
        f"((f.due_at >= {start} AND f.due_at < {end}) "
        f"OR (f.closed_at >= {start} AND f.closed_at < {end} AND f.due_at >= {end}) OR {overdue_at(start)})"
    )


ON_TIME = "(f.closed_at IS NOT NULL AND f.due_at IS NOT NULL AND f.closed_at <= f.due_at)"


def _add_times(condition: Condition, where: CaseFilter) -> None:
    def moment(value: datetime) -> str:
        return f"CAST({condition.params.add(value)} AS timestamptz)"

    for name in ("reported", "closed"):
        start, end = getattr(where, f"{name}_from"), getattr(where, f"{name}_to")
        if start is not None:
            condition.add(f"f.{name}_at >= {moment(start)}")
        if end is not None:
            condition.add(f"f.{name}_at < {moment(end)}")
    if where.open_at is not None:
        condition.add(open_at(moment(where.open_at)))
    if where.overdue_at is not None:
        condition.add(overdue_at(moment(where.overdue_at)))
    if (where.due_from is None) != (where.due_to is None):
        raise StoreError("filter_due_needs_both")
    if where.due_from is not None and where.due_to is not None:
        condition.add(due_between(moment(where.due_from), moment(where.due_to)))
    if where.is_on_time is not None:
        condition.add(ON_TIME if where.is_on_time else f"NOT {ON_TIME}")
    if where.hour is not None:
        condition.add(f"f.hour = {condition.params.add(where.hour)}")
    if where.weekday is not None:
        condition.add(f"f.weekday = {condition.params.add(where.weekday)}")


def _add_texts(facts: FactTable, condition: Condition, where: CaseFilter) -> None:
    lists: dict[str, tuple[str, ...]] = {
        "category": where.category_ids, "kind": where.kinds, "source": where.sources, "channel": where.channels,
        "closing_level": where.closing_levels, "state": where.states,
    }  # fmt: skip
    for dimension, texts in lists.items():
        if texts:
            _is_one_of(facts, condition, dimension, texts)
    if where.valid_callback is not None:
        condition.add("f.valid_callback" if where.valid_callback else "f.valid_callback IS NOT TRUE")
    if where.case_ids:
        condition.add(f"f.case_id = ANY({condition.params.add(list(where.case_ids))})")
    if where.text:
        pattern = condition.params.add(f"%{escape_like(where.text)}%")
        found = " OR ".join(
            f"{facts.db.without_case(f's.{name}')} ILIKE {pattern} ESCAPE '!'"
            for name in ("source_no", "title", "description", "address")
        )
        condition.add(f"f.case_no IN (SELECT s.case_no FROM cases s WHERE {found})")


def escape_like(text: str) -> str:
    """Let `%`, `_` and the escape sign `!` stand for themselves in a LIKE pattern.

    Examples
    --------
    >>> escape_like("50%_!")
    '50!%!_!!'
    """
    return "".join(f"!{sign}" if sign in "%_!" else sign for sign in text)


def _add_place(facts: FactTable, condition: Condition, where: CaseFilter) -> None:
    add = condition.params.add
    if where.is_located is not None:
        located = [source for source in POSITION_SOURCES if source != "none"]
        if where.is_located:
            _is_one_of(facts, condition, "position_source", located)
        else:
            _is_one_of(facts, condition, "position_source", ["none"])
    if where.h3 is not None:
        low, high = h3_children(where.h3)
        condition.add(f"f.h3 BETWEEN {add(low)} AND {add(high)}")
    if where.box is not None:
        west, south, east, north = (add(float(value)) for value in where.box)
        condition.add(f"f.lon BETWEEN {west} AND {east} AND f.lat BETWEEN {south} AND {north}")
    if where.at_point is not None:
        lon, lat = (add(float(value)) for value in where.at_point)
        condition.add(f"f.lon = {lon} AND f.lat = {lat}")
    if where.at_points:
        pairs = [f"({_double(add(float(lon)))}, {_double(add(float(lat)))})" for lon, lat in where.at_points]
        # joined rather than compared one after the other: twice as fast in DuckDB
        condition.add(f"(f.lon, f.lat) IN (SELECT w.x, w.y FROM (VALUES {', '.join(pairs)}) w(x, y))")
    for point in where.not_at_points:
        lon, lat = (add(float(value)) for value in point)
        condition.add(f"(f.lon IS NULL OR f.lon <> {lon} OR f.lat <> {lat})")


def _double(mark: str) -> str:
    return f"CAST({mark} AS double precision)"


def h3_children(cell: int) -> tuple[int, int]:
    """Return the first and last cell of resolution 10 under an H3 cell of resolution 0 to 10.

    An H3 index holds its resolution in four bits and one digit of three bits per resolution, so the
    cells under one cell are one range of whole numbers (H3 documentation, "H3 Index Representation").

    Raises
    ------
    StoreError
        If the cell is finer than resolution 10.
    """
    resolution = (cell >> 52) & 0xF
    if resolution > H3_FINEST:
        raise StoreError("filter_h3_too_fine", resolution=resolution)
    without = (cell & ~(0xF << 52)) | (H3_FINEST << 52)
    free = sum(0b111 << (3 * (15 - digit)) for digit in range(resolution + 1, H3_FINEST + 1))
    return without & ~free, without | free


def h3_parent(expression: str, resolution: int) -> str:
    """SQL of the parent of an H3 cell of resolution 10 at a coarser resolution."""
    filled = sum(0b111 << (3 * (15 - digit)) for digit in range(resolution + 1, H3_FINEST + 1))
    cleared = ~(0xF << 52) & 0x7FFF_FFFF_FFFF_FFFF
    return f"((({expression} & {cleared}) | {resolution << 52}) | {filled})"
