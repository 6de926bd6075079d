"""Percentiles of the time to close (办结时长分位数).

The p-th percentile of n sorted spans is the one at place ceil(p n / 100), counted in whole numbers,
so that every database and every way gives the same second. Wide questions are answered from
`case_spans`, the spans of every sub-district, category and month; the days of a month that a period
covers only in part come from the facts. Of a few cases the spans are read once and kept; of many, the
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
from geo.store.handfuls import NO_CODE, Handful, find_handful
from geo.store.questions import PERCENTS, group_sql
from geo.store.slices import first_instant, is_wide, month_of

Numbers = npt.NDArray[np.int64]
Percentiles = dict[int | None, list[int]]
"""Percentiles of `PERCENTS` by code; groups without a span are absent."""


@dataclass(frozen=True)
class Spans:
    """Spans of some cases, sorted by group and length: parallel arrays."""

    code: Numbers
    seconds: Numbers
    closed_us: Numbers
    """Moment of closing in microseconds since 1970, UTC."""

    @property
    def n_bytes(self) -> int:
        """Bytes of its arrays."""
        return self.code.nbytes + self.seconds.nbytes + self.closed_us.nbytes


def find_percentiles(
    facts: FactTable, by: GroupBy, where: CaseFilter, *, start: datetime, end: datetime
) -> Percentiles:
    """Return the percentiles of the spans of the cases closed in a period."""
    handful = None if is_kept(by, where) else find_handful(facts, where)
    if handful is None:
        return facts.memory.get(
            ("percentiles", by, where, start, end),
            lambda: _of_many(facts, by, where, start, end),
            size=lambda found: 8 * (len(PERCENTS) + 1) * len(found),
        )
    spans = facts.memory.get(
        ("spans", by, where), lambda: _sort_spans(handful, by), size=lambda found: found.n_bytes
    )
    inside = (spans.closed_us >= _micros(start)) & (spans.closed_us < _micros(end))
    return _pick_sorted(spans.code[inside], spans.seconds[inside])


_CELL_COLUMNS: dict[GroupBy, str] = {
    "district": "district_code", "subdistrict": "subdistrict_code", "category_id": "category_code",
}  # fmt: skip
"""What `case_spans` can be grouped by, beside `all`."""


def is_kept(by: GroupBy, where: CaseFilter) -> bool:
    """Say whether `case_spans` answers a question: one narrowed only by district, sub-district, categories."""
    if by not in ("all", *_CELL_COLUMNS) or not is_wide(by, where):
        return False
    only = CaseFilter(area_level=where.area_level, area_id=where.area_id, category_ids=where.category_ids)
    return where == only and where.area_level != "community"


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
        None if code == NO_CODE else code: row
        for code, row in zip(codes[starts].tolist(), picked.tolist(), strict=True)
    }


def _to_codes(column: pa.ChunkedArray) -> Numbers:
    codes: Numbers = column.fill_null(NO_CODE).to_numpy().astype("int64")
    return codes


def _to_arrays(rows: pa.Table) -> tuple[Numbers, Numbers]:
    codes = _to_codes(rows.column("code"))
    return codes, rows.column("seconds").to_numpy().astype("int64")


def _sort_spans(handful: Handful, by: GroupBy) -> Spans:
    rows = np.flatnonzero(handful.close_s >= 0)
    codes, seconds = handful.codes_by(by)[rows], handful.close_s[rows]
    order = np.lexsort((seconds, codes))
    return Spans(codes[order], seconds[order], handful.closed_us[rows][order])


def _of_many(facts: FactTable, by: GroupBy, where: CaseFilter, start: datetime, end: datetime) -> Percentiles:
    way = _from_cells if is_kept(by, where) else _from_database
    return way(facts, by, where, start, end)


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
    return {
        None if code == NO_CODE else code: _pick(parts[0] if len(parts) == 1 else np.concatenate(parts))
        for code, parts in sorted(groups.items())
    }


_BIN_BITS, _MOST_BINS = 11, 1 << 20
"""Spans are sought in bins of 2 048 s (34 minutes) while those are few enough to count, up to 68 years."""


def _pick(seconds: Numbers) -> list[int]:
    """Pick the percentiles of spans in any order.

    Only the bins that hold a percentile are sorted: a few hundredths of the spans.
    """
    places = -(-len(seconds) * np.array(PERCENTS) // 100) - 1
    bins = seconds >> _BIN_BITS
    if len(seconds) < len(PERCENTS) * 100 or int(bins.max()) >= _MOST_BINS:
        return [int(value) for value in np.sort(seconds)[places]]
    counts = np.bincount(bins)
    ends = np.cumsum(counts)
    wanted = np.searchsorted(ends, places, side="right")
    is_wanted = np.zeros(len(counts), dtype=bool)
    is_wanted[wanted] = True
    chosen = np.sort(seconds[is_wanted[bins]])
    held = np.where(is_wanted, counts, 0)
    before = (np.cumsum(held) - held)[wanted]
    return [int(value) for value in chosen[before + places - (ends - counts)[wanted]]]


@dataclass(frozen=True)
class Cells:
    """Cells of `case_spans` of some months: parallel arrays of codes and months, and the spans of each."""

    codes: dict[str, Numbers]
    """Codes of `_CELL_COLUMNS`, `NO_CODE` where a cell has none."""
    month: Numbers
    spans: pa.ListArray


def _find_cells(facts: FactTable, where: CaseFilter, first: int, last: int) -> Cells:
    """Return cells that hold the months from `first` up to and without `last`, and perhaps more.

    Those of one sub-district, or of everything: the dashboard of a district asks for the same months by
    district, sub-district and category, that of a sub-district for some of them one by one.
    """
    is_narrow = where.area_level == "subdistrict" and where.area_id is not None
    subdistrict = facts.codes.one("subdistrict", str(where.area_id)) if is_narrow else None
    reaches: list[_Reach] = facts.memory.get(("reaches of cells",), list, size=lambda _: 2_000)
    wider = (r for r in reaches if r[0] in (subdistrict, None) and r[1] <= first and last <= r[2])
    reach = next((r for r in wider if facts.memory.holds(("cells", *r))), (subdistrict, first, last))
    cells = facts.memory.get(
        ("cells", *reach), lambda: _read_cells(facts, *reach), size=lambda found: found.spans.nbytes
    )
    if reach not in reaches:
        reaches.append(reach)
    return cells


_Reach = tuple[int | None, int, int]
"""Sub-district or everything, first month, and the month after the last."""


def _read_cells(facts: FactTable, subdistrict: int | None, first: int, last: int) -> Cells:
    p = Params()
    narrowed = f"f.closed_month >= {p.add(first)} AND f.closed_month < {p.add(last)}"
    if subdistrict is not None:
        narrowed += f" AND f.subdistrict_code = {p.add(subdistrict)}"
    columns = ", ".join(f"f.{name}" for name in ("closed_month", *dict.fromkeys(_CELL_COLUMNS.values())))
    rows = facts.db.query(f"SELECT {columns}, f.spans_s FROM case_spans f WHERE {narrowed}", p.values)
    codes = {name: _to_codes(rows.column(name)) for name in _CELL_COLUMNS.values()}
    month = rows.column("closed_month").to_numpy().astype("int64")
    return Cells(codes, month, rows.column("spans_s").combine_chunks())


def _collect_cells(
    facts: FactTable, by: GroupBy, where: CaseFilter, first: int, last: int, groups: dict[int, list[Numbers]]
) -> None:
    cells = _find_cells(facts, where, first, last)
    meant = (cells.month >= first) & (cells.month < last)
    if where.area_id is not None:
        level = str(where.area_level)
        meant &= cells.codes[f"{level}_code"] == facts.codes.one(level, where.area_id)
    if where.category_ids:
        meant &= np.isin(cells.codes["category_code"], facts.codes.find("category", where.category_ids))
    rows = np.flatnonzero(meant)
    codes = np.full(len(rows), NO_CODE) if by == "all" else cells.codes[_CELL_COLUMNS[by]][rows]
    order = np.argsort(codes, kind="stable")
    codes, rows = codes[order], rows[order]
    is_whole = len(rows) == len(meant) and bool((np.diff(rows) == 1).all())
    spans = cells.spans if is_whole else cells.spans.take(pa.array(rows))
    values, offsets = spans.values.to_numpy(), spans.offsets.to_numpy()
    known, starts = np.unique(codes, return_index=True)
    for code, (a, b) in zip(known.tolist(), pairwise([*starts.tolist(), len(codes)]), strict=True):
        groups.setdefault(code, []).append(values[offsets[a] : offsets[b]])


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
