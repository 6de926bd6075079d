"""Sums of the facts by month, kept beside them (按月台账).

`case_counts` holds the marks of `marks`, summed by month for every sub-district and each thing of
`SUMMED`. It is a ledger: facts that go are booked with minus, facts that come with plus, and rows of
one key are added when read. It is summed up again when it has grown to twice its size. `case_spans`
holds the seconds to close of every sub-district and month, from which percentiles of wide areas are
taken; the cells that a batch touches are written anew.
"""

from __future__ import annotations

import pyarrow as pa

from geo.schema import COUNT_SUMS
from geo.store.codes import NO_SUCH_CODE
from geo.store.database import Database, count
from geo.store.marks import MARKS, NAMED_CODES, sums_of

SUMMED = ("all", "community", "category", "kind", "source", "channel", "closing_level", "department",
          "hour", "weekday")  # fmt: skip
"""What `case_counts` is kept by, within each sub-district."""

TOUCHED = "f.case_no IN (SELECT case_no FROM touched)"
"""Condition on `case_facts`: the facts that are being renewed."""

COMPACT_ROWS = 100_000
"""A ledger below this many rows is never summed up again."""

_KEYS = "district_code, subdistrict_code, dimension, group_code, month, due_month"
_CELL = ("district_code", "subdistrict_code", "category_code", "closed_month")


def group_column(name: str) -> str:
    """Return the column of `case_facts` of something the ledger is kept by."""
    return name if name in ("hour", "weekday") else f"{name}_code"


def book(db: Database, sign: str, which: str) -> None:
    """Add the facts of a condition to the ledger, or take them from it."""
    codes = {name: _code(db, *pair) for name, pair in NAMED_CODES.items()}
    columns = [group_column(name) for name in SUMMED[1:]]
    cases = list(zip(SUMMED[1:], columns, [_mask(p, len(columns)) for p in range(len(columns))], strict=True))
    grouping = f"CASE grouping({', '.join(f'f.{column}' for column in columns)})"
    named = " ".join(f"WHEN {mask} THEN '{name}'" for name, _, mask in cases)
    valued = " ".join(f"WHEN {mask} THEN f.{column}" for _, column, mask in cases)
    dimension, group = f"{grouping} {named} ELSE 'all' END", f"{grouping} {valued} END"
    for mark in MARKS:
        keys = ["f.district_code", "f.subdistrict_code", mark.month]
        keys += ["f.due_month"] if mark.due_month != "NULL" else []
        sets = ", ".join(f"({', '.join([*keys, f'f.{column}'])})" for column in columns)
        db.run(
            f"INSERT INTO case_counts ({_KEYS}, {', '.join(COUNT_SUMS)}) "
            f"SELECT f.district_code, f.subdistrict_code, {dimension}, {group}, {mark.month}, {mark.due_month}, "
            f"{sums_of(mark, codes, sign)} FROM case_facts f WHERE ({which}) AND {mark.which} "
            f"GROUP BY GROUPING SETS ({sets}, ({', '.join(keys)}))"
        )


def _code(db: Database, dimension: str, text: str) -> int:
    sql = "SELECT max(code) FROM fact_codes WHERE dimension = $1 AND value = $2"
    return count(db, sql, [dimension, text]) or NO_SUCH_CODE


def _mask(position: int, n_columns: int) -> int:
    """Value of GROUPING() when only the column at this position is grouped by."""
    return (1 << n_columns) - 1 - (1 << (n_columns - 1 - position))


def compact(db: Database) -> None:
    """Sum the ledger up again when it has grown to twice its size."""
    n_rows = count(db, "SELECT count(*) FROM case_counts")
    if n_rows < COMPACT_ROWS:
        return
    n_keys = count(db, f"SELECT count(*) FROM (SELECT DISTINCT {_KEYS} FROM case_counts) k")
    if n_rows < 2 * n_keys:
        return
    sums = ", ".join(f"CAST(sum({name}) AS bigint) AS {name}" for name in COUNT_SUMS)
    db.drop("compacted")
    db.run(f"CREATE TEMP TABLE compacted AS SELECT {_KEYS}, {sums} FROM case_counts GROUP BY {_KEYS}")
    db.run("DELETE FROM case_counts")
    names = f"{_KEYS}, {', '.join(COUNT_SUMS)}"
    db.run(f"INSERT INTO case_counts ({names}) SELECT {names} FROM compacted ORDER BY {_KEYS}")
    db.drop("compacted")


def begin_spans(db: Database, *, is_all: bool) -> None:
    """Note the cells of `case_spans` that the touched facts lie in, before these go."""
    db.drop("touched_cells")
    db.run(
        f"CREATE TEMP TABLE touched_cells AS SELECT DISTINCT {', '.join(_CELL)} FROM case_facts f "
        f"WHERE f.close_s >= 0 AND {'FALSE' if is_all else TOUCHED}"
    )


def write_spans(db: Database, *, is_all: bool) -> None:
    """Write the cells anew that the touched facts lay in or lie in now."""
    inside = "TRUE"
    if is_all:
        db.run("DELETE FROM case_spans")
    else:
        db.run(
            f"INSERT INTO touched_cells SELECT DISTINCT {', '.join(_CELL)} FROM case_facts f "
            f"WHERE f.close_s >= 0 AND {TOUCHED}"
        )
        db.run(f"DELETE FROM case_spans s WHERE {_is_touched('s')}")
        inside = _is_touched("f")
    db.run(
        f"INSERT INTO case_spans ({', '.join(_CELL)}, spans_s) SELECT {', '.join(f'f.{name}' for name in _CELL)}, "
        f"array_agg(f.close_s) FROM case_facts f WHERE f.close_s >= 0 AND {inside} GROUP BY 1, 2, 3, 4"
    )
    db.drop("touched_cells")


def join_spans(db: Database, spans: pa.Table) -> None:
    """Add the cells of new cases, rows of `case_spans`, to those that are kept."""
    names = ", ".join(_CELL)
    db.stage("poured_spans", spans)
    db.drop("joined_spans")
    db.run(
        f"CREATE TEMP TABLE joined_spans AS SELECT {', '.join(f't.{name}' for name in _CELL)}, "
        f"CASE WHEN s.closed_month IS NULL THEN t.spans_s ELSE s.spans_s || t.spans_s END AS spans_s "
        f"FROM poured_spans t LEFT JOIN case_spans s ON {_is_same_cell('s')}"
    )
    db.run(f"DELETE FROM case_spans s WHERE EXISTS (SELECT 1 FROM poured_spans t WHERE {_is_same_cell('s')})")
    db.run(f"INSERT INTO case_spans ({names}, spans_s) SELECT {names}, spans_s FROM joined_spans")
    db.drop("joined_spans", "poured_spans")


def _is_touched(alias: str) -> str:
    """SQL: the cell of a row is in `touched_cells`."""
    return f"EXISTS (SELECT 1 FROM touched_cells t WHERE {_is_same_cell(alias)})"


def _is_same_cell(alias: str) -> str:
    """SQL: a row is of the same cell as `t`; codes are above 0, so that 0 can stand for none."""
    return " AND ".join(f"coalesce(t.{name}, 0) = coalesce({alias}.{name}, 0)" for name in _CELL)
