"""Percentiles of the time to close (办结时长分位数).

The p-th percentile of n sorted spans is the one at place ceil(p n / 100), counted in whole numbers,
so that every database and every way gives the same second. Wide questions are answered from
`case_spans`, the spans of every sub-district and month; the days of a month that a period covers
only in part come from the facts. Of a few cases the spans are read once and kept; of many, the
database picks the percentiles itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.store.base import CaseFilter, GroupBy
from geo.store.codes import FactTable
from geo.store.database import Params
from geo.store.filters import build_condition
from geo.store.questions import PERCENTS, group_sql
from geo.store.slices import FEW_CASES, first_instant, is_wide, month_of

Numbers = npt.NDArray[np.int64]
Percentiles = dict[int | None, list[int]]
"""Percentiles of `PERCENTS` by code; groups without a span are absent."""

_NONE = -1
"""Stands for the group of the cases without a value while codes are an array."""


@dataclass(frozen=True)
class Spans:
    """Spans of some cases, sorted by group and length: parallel arrays."""

    code: Numbers
    seconds: Numbers
    closed_us: Numbers
    """Moment of closing in microseconds since 1970, UTC."""


def find_percentiles(
    facts: FactTable, by: GroupBy, where: CaseFilter, *, start: datetime, end: datetime
) -> Percentiles:
    """Return the percentiles of the spans of the cases closed in a period."""
    if by in ("all", "district", "subdistrict") and is_wide(by, where) and not _is_listed(where):
        return _from_cells(facts, by, where, start, end)
    spans = facts.memory.get(("spans", by, where), lambda: _read_spans(facts, by, where))
    if spans is None:
        return _from_database(facts, by, where, start, end)
    inside = (spans.closed_us >= _micros(start)) & (spans.closed_us < _micros(end))
    return _pick_sorted(spans.code[inside], spans.seconds[inside])


def _is_listed(where: CaseFilter) -> bool:
    """Say whether a question is narrowed by more than a district or sub-district."""
    return where != CaseFilter(area_level=where.area_level, area_id=where.area_id) or (
        where.area_level == "community"
    )


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _pick_sorted(codes: Numbers, seconds: Numbers) -> Percentiles:
    """Pick the percentiles of groups that stand together, each sorted."""
    if not len(codes):
        return {}
    edges = np.flatnonzero(np.diff(codes)) + 1
    starts = np.concatenate([[0], edges])
    sizes = np.diff(np.concatenate([starts, [len(codes)]]))
    places = -(-np.outer(sizes, PERCENTS) // 100) - 1
    picked = seconds[starts[:, None] + places]
    return {
        None if code == _NONE else code: row
        for code, row in zip(codes[starts].tolist(), picked.tolist(), strict=True)
    }


def _to_arrays(rows: pa.Table) -> tuple[Numbers, Numbers]:
    codes = rows.column("code").fill_null(_NONE).to_numpy().astype("int64")
    return codes, rows.column("seconds").to_numpy().astype("int64")


def _read_spans(facts: FactTable, by: GroupBy, where: CaseFilter) -> Spans | None:
    condition = build_condition(facts, where)
    rows = facts.db.query(
        f"SELECT {group_sql(by)} AS code, f.close_s AS seconds, f.closed_at FROM case_facts f "
        f"WHERE {condition.sql} AND f.close_s >= 0 LIMIT {FEW_CASES + 1}",
        condition.params.values,
    )
    if rows.num_rows > FEW_CASES:
        return None
    codes, seconds = _to_arrays(rows)
    closed_us = rows.column("closed_at").cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    order = np.lexsort((seconds, codes))
    return Spans(codes[order], seconds[order], closed_us[order])


def _from_database(
    facts: FactTable, by: GroupBy, where: CaseFilter, start: datetime, end: datetime
) -> Percentiles:
    condition = build_condition(facts, where)
    s, e = (f"CAST({condition.params.add(moment)} AS timestamptz)" for moment in (start, end))
    rows = facts.db.query(
        f"SELECT {group_sql(by)} AS code, {facts.db.percentiles('f.close_s', PERCENTS)} AS found "
        f"FROM case_facts f WHERE {condition.sql} AND f.closed_at >= {s} AND f.closed_at < {e} "
        "AND f.close_s >= 0 GROUP BY 1",
        condition.params.values,
    )
    return dict(zip(rows.column("code").to_pylist(), rows.column("found").to_pylist(), strict=True))


def _from_cells(
    facts: FactTable, by: GroupBy, where: CaseFilter, start: datetime, end: datetime
) -> Percentiles:
    """Take whole months from `case_spans`, the days of broken ones from the facts."""
    if start >= end:
        return {}
    first, is_first = month_of(start, facts.time_zone)
    last, is_last = month_of(end, facts.time_zone)
    first += not is_first
    groups: dict[int, list[Numbers]] = {}
    if first < last:
        _collect_cells(facts, by, where, first, last, groups)
    pieces = []
    if not is_first:
        pieces.append((start, min(end, first_instant(first, facts.time_zone))))
    if not is_last and (is_first or first <= last):
        pieces.append((max(start, first_instant(last, facts.time_zone)), end))
    if pieces:
        _collect_facts(facts, by, where, pieces, groups)
    found: Percentiles = {}
    for code in sorted(groups):
        seconds = np.sort(np.concatenate(groups[code]))
        found |= _pick_sorted(np.full(len(seconds), code), seconds)
    return found


def _collect_cells(
    facts: FactTable, by: GroupBy, where: CaseFilter, first: int, last: int, groups: dict[int, list[Numbers]]
) -> None:
    p = Params()
    parts = [f"f.closed_month >= {p.add(first)} AND f.closed_month < {p.add(last)}"]
    if where.area_id is not None:
        parts.append(
            f"f.{where.area_level}_code = {p.add(facts.codes.one(str(where.area_level), where.area_id))}"
        )
    group = "CAST(NULL AS integer)" if by == "all" else f"f.{by}_code"
    rows = facts.db.query(
        f"SELECT {group} AS code, f.spans_s FROM case_spans f WHERE {' AND '.join(parts)}", p.values
    )
    codes = rows.column("code").fill_null(_NONE).to_pylist()
    cells = [cell for chunk in rows.column("spans_s").chunks for cell in _cells_of(chunk)]
    for code, cell in zip(codes, cells, strict=True):
        groups.setdefault(code, []).append(cell)


def _cells_of(chunk: pa.ListArray) -> list[Numbers]:
    """Return the lists of a chunk as arrays that share its memory."""
    values = chunk.values.to_numpy()
    offsets = chunk.offsets.to_numpy()
    return [values[a:b] for a, b in pairwise(offsets)]


def _collect_facts(
    facts: FactTable,
    by: GroupBy,
    where: CaseFilter,
    pieces: list[tuple[datetime, datetime]],
    groups: dict[int, list[Numbers]],
) -> None:
    condition = build_condition(facts, where)
    inside = []
    for piece in pieces:
        a, b = (f"CAST({condition.params.add(moment)} AS timestamptz)" for moment in piece)
        inside.append(f"(f.closed_at >= {a} AND f.closed_at < {b})")
    rows = facts.db.query(
        f"SELECT {group_sql(by)} AS code, f.close_s AS seconds FROM case_facts f "
        f"WHERE {condition.sql} AND f.close_s >= 0 AND ({' OR '.join(inside)})",
        condition.params.values,
    )
    codes, seconds = _to_arrays(rows)
    for code in np.unique(codes):
        groups.setdefault(int(code), []).append(seconds[codes == code])
