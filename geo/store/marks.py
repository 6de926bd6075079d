"""What a case adds to a month (案件的月度记账).

A case marks up to six months: of its report, its closing, its deadline, the month in which it became
late, the month in which it ended, and, when it was closed in a month before that of its deadline,
the pair of both. Every count of a period is a sum of such marks or the difference of two such sums
(`slices`). `case_counts` keeps these sums for wide areas; for narrow ones they are made from
`case_facts` when asked (`handfuls`). Both use the SQL made here, so the meaning of a mark stands in one
place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geo.schema import COUNT_SUMS

NAMED_CODES = {
    "nowhere": ("position_source", "none"), "rejected": ("state", "rejected"),
    "satisfied": ("satisfaction", "satisfied"), "basically": ("satisfaction", "basically_satisfied"),
}  # fmt: skip
"""Texts whose codes the marks name: dimension and text."""


@dataclass(frozen=True)
class Mark:
    """One kind of mark: its month, which facts make it, and which sums they add to."""

    month: str
    which: str
    adds: Mapping[str, str]
    due_month: str = "NULL"


MARKS = (
    Mark("coalesce(f.reported_month, -1)", "TRUE", {
        "n_cases": "TRUE",
        "n_new": "f.reported_month IS NOT NULL",
        "n_opened": "f.reported_month IS NOT NULL AND NOT f.is_final",
        "n_unlocated": "f.reported_month IS NOT NULL AND f.position_source_code = {nowhere}",
        "n_rejected": "f.reported_month IS NOT NULL AND f.state_code = {rejected}",
    }),
    Mark("f.closed_month", "f.closed_month IS NOT NULL", {
        "n_closed": "TRUE",
        "n_late_closed": "f.late_month IS NOT NULL",
        "n_closed_without_due": "f.due_month IS NULL",
        "n_timed": "f.close_s >= 0",
        "n_negative": "f.close_s < 0",
        "n_callbacks": "f.valid_callback",
        "n_contacted": "f.valid_callback AND f.contacted",
        "n_solved": "f.valid_callback AND f.solved",
        "n_satisfied": "f.valid_callback AND f.satisfaction_code = {satisfied}",
        "n_basically_satisfied": "f.valid_callback AND f.satisfaction_code = {basically}",
    }),
    Mark("f.due_month", "f.due_month IS NOT NULL", {"n_due": "TRUE", "n_due_on_time": "f.closed_at <= f.due_at"}),
    Mark("f.late_month", "f.late_month IS NOT NULL", {"n_late": "TRUE"}),
    Mark("f.ended_month", "f.ended_month IS NOT NULL", {"n_ended": "TRUE"}),
    Mark("f.closed_month", "f.closed_month < f.due_month", {"n_ahead": "TRUE"}, due_month="f.due_month"),
)  # fmt: skip


def sums_of(mark: Mark, codes: Mapping[str, int], sign: str = "") -> str:
    """SQL of all sums of `COUNT_SUMS` for the facts of one mark, 0 for those it does not add to."""
    return ", ".join(
        f"{sign}count(*) FILTER (WHERE {mark.adds[name].format(**codes)}) AS {name}"
        if name in mark.adds
        else f"CAST(0 AS bigint) AS {name}"
        for name in COUNT_SUMS
    )


def row_columns(codes: Mapping[str, int]) -> dict[str, str]:
    """SQL by name of what each fact says of every mark: `month_0`, `due_month_0` …, and each of its sums.

    The month is missing where a fact does not make the mark; a sum tells whether it would add 1.
    """
    columns: dict[str, str] = {}
    for position, mark in enumerate(MARKS):
        columns[f"month_{position}"] = f"CASE WHEN {mark.which} THEN {mark.month} END"
        columns[f"due_month_{position}"] = f"CAST({mark.due_month} AS integer)"
        for name, which in mark.adds.items():
            columns[name] = f"coalesce({which.format(**codes)}, FALSE)"
    return columns
