"""Suggest which column of a file is which field, and which columns are personal (字段识别).

A suggestion is made by the header alone, from a table of headers (`data/mappings/headers.yaml`), and
only where it is the whole header: a column 结案时间备注 is not 结案时间. It is shown and can be changed.
Columns about the person who reported are recognised so that they can be left out; they are never
suggested for a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

from geo.intake.statuses import read_mapping
from geo.intake.values import fold_word

TableName = Literal["cases", "facilities"]

_BRACKETS = re.compile(r"[(（\[【].*[)）\]】]\s*$")


def fold_header(header: str) -> str:
    """Return the form in which headers are compared.

    Examples
    --------
    >>> fold_header("经度（WGS84）"), fold_header("Created Date"), fold_header("created_date")
    ('经度', 'createddate', 'createddate')
    """
    without = _BRACKETS.sub("", header)
    return fold_word(without if without.strip() else header)


def suggest_columns(columns: Sequence[str], *, table: TableName) -> dict[str, str]:
    """Suggest field → column for a table; each column once, fields without a column left out.

    Parameters
    ----------
    columns
        Headers of the file.
    table
        What the file holds.

    Examples
    --------
    >>> suggest_columns(["编号", "上报时间", "联系电话", "状态"], table="cases")
    {'source_no': '编号', 'state': '状态', 'reported_at': '上报时间'}
    """
    by_form: dict[str, str] = {}
    personal = set(personal_columns(columns)) if table == "cases" else set()
    for column in columns:
        if column not in personal:
            by_form.setdefault(fold_header(column), column)
    suggested: dict[str, str] = {}
    for field, forms in _headers(table).items():
        for form in forms:
            if form in by_form:
                suggested[field] = by_form.pop(form)
                break
    if ("lon" in suggested) != ("lat" in suggested):
        suggested.pop("lon", None)
        suggested.pop("lat", None)
    return suggested


def suggest_reporters(columns: Sequence[str]) -> dict[str, str]:
    """Suggest the columns of a reporter's name and telephone, for whoever chooses to keep them."""
    by_form = {fold_header(column): column for column in reversed(columns)}
    suggested: dict[str, str] = {}
    for field in ("reporter_name", "reporter_telephone"):
        found = [form for form in _headers("reporters")[field] if form in by_form]
        if found:
            suggested[field] = by_form[found[0]]
    return suggested


def personal_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that are about a person: name, telephone, identity number, e-mail.

    Examples
    --------
    >>> personal_columns(["案件编号", "来电人", "联系电话", "小区名称"])
    ('来电人', '联系电话')
    """
    forms = {form for found in _headers("reporters").values() for form in found}
    return tuple(column for column in columns if fold_header(column) in forms)


@lru_cache(maxsize=8)
def _headers(table: str) -> dict[str, tuple[str, ...]]:
    fields: dict[str, list[object]] = read_mapping("headers")[table]
    return {
        field: tuple(dict.fromkeys(fold_header(str(header)) for header in found))
        for field, found in fields.items()
    }
