"""What is counted, in words of SQL on `case_facts` (计数口径).

The meaning of every count of a period stands here once; the facts and the sums by month both answer
from it.
"""

from __future__ import annotations

from geo.schema import AREA_LEVELS
from geo.store.base import GroupBy
from geo.store.codes import FactTable
from geo.store.filters import due_between, open_at, overdue_at

PERCENTS = (1, *range(5, 100, 5), 99)
"""Percentiles of the time to close, as `p01_s` … `p99_s`."""

PERIOD_COUNTS = (
    "n_new", "n_closed", "n_open", "n_overdue", "n_due", "n_on_time", "n_closed_without_due", "n_timed",
    "n_negative", "n_callbacks", "n_contacted", "n_solved", "n_satisfied", "n_basically_satisfied",
    "n_unlocated", "n_rejected",
)  # fmt: skip
"""Counts of `period_counts`, in order."""

FLOWS = tuple(name for name in PERIOD_COUNTS if name not in ("n_open", "n_overdue", "n_due", "n_on_time"))
"""Counts that are plain sums over what happened in a period."""

PERCENTILES = tuple(f"p{percent:02d}_s" for percent in PERCENTS)

MONTH_COUNTS = ("n_new", "n_closed", "n_late", "n_late_closed", "n_opened", "n_ended")

GROUPS: dict[GroupBy, str | None] = {
    "all": None,
    **{level: f"{level}_code" for level in AREA_LEVELS},
    "category_id": "category_code",
    "kind": "kind_code",
    "source": "source_code",
    "channel": "channel_code",
    "closing_level": "closing_level_code",
    "department": "department_code",
    "hour": "hour",
    "weekday": "weekday",
    "month": "reported_month",
}
"""Column of `case_facts` of everything a count can be grouped by."""


def group_sql(by: GroupBy) -> str:
    """SQL of the group of a fact."""
    column = GROUPS[by]
    return "CAST(NULL AS integer)" if column is None else f"f.{column}"


def facts_in_period(facts: FactTable, s: str, e: str) -> dict[str, str]:
    """SQL condition of every count of `period_counts` for a period from `s` to `e`, placeholders."""
    codes = facts.codes
    satisfied, basically = (
        codes.one("satisfaction", "satisfied"),
        codes.one("satisfaction", "basically_satisfied"),
    )
    nowhere, rejected = codes.one("position_source", "none"), codes.one("state", "rejected")
    is_new = f"f.reported_at >= {s} AND f.reported_at < {e}"
    is_closed = f"f.closed_at >= {s} AND f.closed_at < {e}"
    is_called = f"{is_closed} AND f.valid_callback"
    return {
        "n_new": is_new,
        "n_closed": is_closed,
        "n_open": open_at(e),
        "n_overdue": overdue_at(e),
        "n_due": due_between(s, e),
        "n_on_time": f"f.closed_at <= f.due_at AND ((f.due_at >= {s} AND f.due_at < {e}) "
                     f"OR ({is_closed} AND f.due_at >= {e}))",
        "n_closed_without_due": f"{is_closed} AND f.due_at IS NULL",
        "n_timed": f"{is_closed} AND f.close_s >= 0",
        "n_negative": f"{is_closed} AND f.close_s < 0",
        "n_callbacks": is_called,
        "n_contacted": f"{is_called} AND f.contacted",
        "n_solved": f"{is_called} AND f.solved",
        "n_satisfied": f"{is_called} AND f.satisfaction_code = {satisfied}",
        "n_basically_satisfied": f"{is_called} AND f.satisfaction_code = {basically}",
        "n_unlocated": f"{is_new} AND f.position_source_code = {nowhere}",
        "n_rejected": f"{is_new} AND f.state_code = {rejected}",
    }  # fmt: skip
