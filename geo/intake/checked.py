"""What a check of a file returns: good rows, refused rows, remarks, counts (校验结果).

A file is checked as a whole before anything is stored. Good rows carry the columns of
`geo.schema` and keep the row number of the file as their index; every refused row says where and
why. Row problems are sentences of `geo.messages` that use nothing but `{row}`, `{column}` and
`{value}`, so that they can be said in either language at any time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

PROBLEM_COLUMNS = ("row", "column_name", "code", "value")
"""Columns of a table of problems: row number as in the file (the header is row 1), column of the
file, code of the sentence, and the value, shortened to `MAX_VALUE_CHARACTERS`."""

MAX_VALUE_CHARACTERS = 60


@dataclass(frozen=True)
class Note:
    """A remark on the file as a whole."""

    code: str
    severity: Literal["blocks", "warns", "note"]
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Checked:
    """The outcome of a check; nothing is stored yet."""

    rows: pd.DataFrame
    """Good rows in the columns of the schema, index `row` = row number of the file."""
    rejected: pd.DataFrame
    """Refused rows, `PROBLEM_COLUMNS`; a row may stand here more than once."""
    remarks: pd.DataFrame
    """Remarks on rows that are kept, `PROBLEM_COLUMNS` (closed before reported …)."""
    n_read: int
    """Data rows in the file, refused ones included."""
    notes: tuple[Note, ...] = ()
    side_tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Rows of further tables: `categories`, `case_reporters`, `facility_entrances` …"""

    @property
    def n_rejected(self) -> int:
        """Rows refused, each counted once."""
        return int(self.rejected["row"].nunique())


def problems(rows: Sequence[int], column: str, code: str, values: Sequence[object]) -> pd.DataFrame:
    """Make a table of problems of one kind; values are shortened."""
    return pd.DataFrame(
        {
            "row": pd.Series(list(rows), dtype="int64"),
            "column_name": pd.Series([column] * len(rows), dtype="str"),
            "code": pd.Series([code] * len(rows), dtype="str"),
            "value": pd.Series([_short(value) for value in values], dtype="str"),
        }
    )


def join_problems(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join tables of problems in order of row."""
    kept = [table for table in tables if len(table)]
    if not kept:
        return problems([], "", "", [])
    return pd.concat(kept, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)


def _short(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = str(value)
    return text if len(text) <= MAX_VALUE_CHARACTERS else text[: MAX_VALUE_CHARACTERS - 1] + "…"
