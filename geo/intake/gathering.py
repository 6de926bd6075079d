"""Gather what the checks of a table find: problems per cell, rows that occur twice (问题汇总)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from geo.errors import ChoiceError, MissingError
from geo.intake.checked import join_problems, problems
from geo.intake.tables import RawTable


@dataclass
class Findings:
    """Problems of a file, added as they are found."""

    rejected: list[pd.DataFrame] = field(default_factory=list)
    remarks: list[pd.DataFrame] = field(default_factory=list)

    def reject(self, code: pd.Series, text: pd.Series | None, column: str) -> None:
        """Refuse the rows whose code is not empty; `text` is what the cells hold."""
        self.rejected += _tables(code, text, column)

    def remark(self, code: pd.Series, text: pd.Series | None, column: str) -> None:
        """Remark on the rows whose code is not empty."""
        self.remarks += _tables(code, text, column)

    def keep_good(self, rows: pd.DataFrame, *, since: int = 0) -> pd.DataFrame:
        """Return the rows that were not refused, looking at the tables of refusals from `since` on."""
        refused = join_problems(self.rejected[since:])["row"].unique()
        return rows[~rows.index.isin(refused)] if len(refused) else rows


def _tables(code: pd.Series, text: pd.Series | None, column: str) -> list[pd.DataFrame]:
    hits = code[code.ne("")]
    tables = []
    for name, rows in hits.groupby(hits).groups.items():
        values = [""] * len(rows) if text is None else text.loc[rows].tolist()
        tables.append(problems(rows.tolist(), column, str(name), values))
    return tables


def code_where(mask: pd.Series, code: str) -> pd.Series:
    """Return a column of the code where the mask holds, empty elsewhere."""
    return pd.Series("", index=mask.index, dtype="str").mask(mask, code)


def require_columns(mapped: dict[str, str], columns: tuple[str, ...], *, file_name: str) -> None:
    """Refuse a mapping to columns that the file does not have.

    Raises
    ------
    MissingError
        If a column is not in the file; the sentence names it and those that are.
    """
    for name, column in mapped.items():
        if column not in columns:
            raise MissingError(
                "column_unknown", file=file_name, field=name, column=column, columns=", ".join(columns)
            )


def require_list(table: RawTable, mapped: dict[str, str], *, source: str, coord_sys: str | None) -> None:
    """Refuse a list of cases or facilities that does not say where its rows come from and where they lie.

    Raises
    ------
    MissingError
        If a mapped column is not in the file.
    ChoiceError
        If the list has no name or no column of numbers, or coordinates are half mapped or without system.
    """
    require_columns(mapped, table.columns, file_name=table.file_name)
    if not source.strip():
        raise ChoiceError("source_needed")
    if "source_no" not in mapped:
        raise ChoiceError("source_no_needed", file=table.file_name)
    if ("lon" in mapped) != ("lat" in mapped):
        raise ChoiceError("coordinates_half_mapped", file=table.file_name)
    if {"lon", "footprint"} & set(mapped) and not coord_sys:
        raise ChoiceError("coord_sys_needed", file=table.file_name)


def settle_twins(rows: pd.DataFrame, findings: Findings, *, key: str, column: str, code: str) -> pd.DataFrame:
    """Keep one of several equal rows, with a remark; refuse all rows of a number that disagree.

    Parameters
    ----------
    rows
        Good rows, index = row number.
    findings
        Gets the refused rows (`code`) and remarks (`row_repeated`).
    key
        Column that must be unique.
    column
        Column of the file that holds it, for the sentences.
    code
        Code of the refusal.

    Returns
    -------
    pandas.DataFrame
        Rows with a unique key.
    """
    twice = rows[key].duplicated(keep=False)
    if not twice.any():
        return rows
    twins = rows[twice]
    is_repeat = twins.duplicated(keep="first")
    different = twins.loc[~is_repeat, key]
    clashes = set(different[different.duplicated()])
    refused = twins[key].isin(clashes)
    shown = twins[key]
    findings.reject(code_where(refused, code), shown, column)
    findings.remark(code_where(is_repeat & ~refused, "row_repeated"), shown, column)
    gone = twins.index[refused | is_repeat]
    return rows.drop(index=gone)
