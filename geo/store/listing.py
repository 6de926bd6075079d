"""List the cases of a filter, sorted and by page (案件列表).

The page is found in `case_facts` first; the wide rows of `cases` are then looked up by running
number for that page alone, and not at all when the facts hold every column that was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from geo.errors import MissingError
from geo.schema import AREA_LEVELS, TABLES
from geo.store.base import CaseFilter
from geo.store.codes import FactTable
from geo.store.facts import CODED, COLUMN_OF
from geo.store.filters import build_condition
from geo.store.frames import to_pandas
from geo.store.staging import quote, quoted

Sort = Sequence[tuple[str, Literal["up", "down"]]]

CASE_LIST = (*TABLES["cases"].names, *(f"{level}_id" for level in AREA_LEVELS))
"""What can be listed and sorted by: the columns of `cases` and the ids of the current areas."""

_CODED = {COLUMN_OF.get(dimension, dimension): dimension for dimension in CODED}
"""Listed columns that the facts hold as codes, and their dimension."""

_PLAIN = tuple(name for name in TABLES["case_facts"].names if name in CASE_LIST)
"""Listed columns that the facts hold as they are."""

FEW = 500
"""Up to this many rows are looked up by a list of numbers, more by a join."""


def list_cases(
    facts: FactTable,
    where: CaseFilter,
    *,
    columns: Sequence[str] | None,
    sort: Sort,
    limit: int | None,
    offset: int,
) -> pd.DataFrame:
    """List cases with their current areas; see `Store.list_cases`.

    Raises
    ------
    MissingError
        If a column to show or sort by does not exist.
    """
    names = list(columns) if columns is not None else list(CASE_LIST)
    for name in [*names, *(column for column, _ in sort)]:
        if name not in CASE_LIST:
            raise MissingError("store_column_unknown", table="cases", column=name)
    page = _find_page(facts, where, names, sort, limit, offset)
    found = {name: _decode(facts, page, name) for name in names if name in _PLAIN or name in _CODED}
    wide = [name for name in names if name not in found]
    if wide:
        rows = _look_up(facts, page.column("case_no"), wide)
        found.update({name: rows[name] for name in wide})
    return pd.DataFrame({name: found[name] for name in names})


def _find_page(
    facts: FactTable, where: CaseFilter, names: Sequence[str], sort: Sort, limit: int | None, offset: int
) -> pa.Table:
    """Return the facts of one page, in order: `case_no` and what the names need."""
    condition = build_condition(facts, where)
    joins, order = "", []
    if any(column not in _PLAIN and column not in _CODED for column, _ in sort):
        joins += " JOIN cases c ON c.case_no = f.case_no"
    for column, way in sort:
        if column in _CODED:
            dimension = _CODED[column]
            joins += (
                f" LEFT JOIN fact_codes d_{dimension} ON d_{dimension}.dimension = '{dimension}' "
                f"AND d_{dimension}.code = f.{dimension}_code"
            )
            value = f"d_{dimension}.value"
        else:
            value = f"f.{column}" if column in _PLAIN else f"c.{quote(column)}"
        order.append(f"{value} {'ASC' if way == 'up' else 'DESC'} NULLS LAST")
    wanted = dict.fromkeys(["case_no", *(f"{_CODED[n]}_code" if n in _CODED else n for n in names
                                         if n in _CODED or n in _PLAIN)])  # fmt: skip
    sql = (
        f"SELECT {', '.join(f'f.{name}' for name in wanted)} FROM case_facts f{joins} "
        f"WHERE {condition.sql} ORDER BY {', '.join([*order, 'f.case_id ASC'])}"
    )
    sql += f" LIMIT {int(limit)}" if limit is not None else ""
    sql += f" OFFSET {int(offset)}" if offset else ""
    return facts.db.query(sql, condition.params.values)


def _decode(facts: FactTable, page: pa.Table, name: str) -> pd.Series:
    if name not in _CODED:
        return to_pandas(page.select([name]))[name]
    dimension = _CODED[name]
    book = facts.codes.book(dimension)
    codes = page.column(f"{dimension}_code").fill_null(len(book) - 1).to_numpy()
    return pd.Series(pd.array(book[codes], dtype=pd.StringDtype(na_value=np.nan)))


def _look_up(facts: FactTable, numbers: pa.ChunkedArray, names: Sequence[str]) -> pd.DataFrame:
    """Read columns of `cases` by running number, in the order of the numbers."""
    db, keys = facts.db, numbers.to_pylist()
    selected = f"SELECT {quoted(['case_no', *names], 'c')} FROM cases c"
    if len(keys) <= FEW:
        # joined rather than listed after IN: DuckDB then skips the rows that cannot match
        marks = ", ".join(f"(CAST(${position} AS bigint))" for position in range(1, len(keys) + 1))
        sql = f"{selected} JOIN (VALUES {marks}) w(number) ON w.number = c.case_no"
        rows = to_pandas(db.query(sql, keys) if keys else db.query(f"{selected} WHERE FALSE"))
    else:
        db.stage("wanted", pa.table({"number": numbers}))
        rows = to_pandas(db.query(f"{selected} WHERE c.case_no IN (SELECT number FROM wanted)"))
        db.drop("wanted")
    ordered: pd.DataFrame = rows.set_index("case_no").loc[keys].reset_index(drop=True)
    return ordered
