"""Let cases run their course: acceptance, handling, closing, call-back (案件的办理).

The time to close is lognormal around a third of the limit, so that nine in ten are closed on time.
One department and one community are planted as overdue offenders: they take about three times as long
and leave more cases lying. Whatever lies after the last day has not happened yet.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from geo.demo_parts.cases import HOTLINE, MINI_PROGRAM, QR_CODE, WINDOW
from geo.gcj02 import Floats

TIME_ZONE = "Asia/Shanghai"
OFFENDER_DEPARTMENT = "排水所"
_DEPARTMENT_FACTOR = 3.4
_COMMUNITY_FACTOR = 3.0
_STUCK_SHARE = 0.008
_STUCK_SHARE_OFFENDER = 0.05
_MEDIAN_OF_LIMIT = 0.33
_SPREAD = 0.75
_LEVEL_SHARES = {
    "component": (0.34, 0.36, 0.26, 0.04),
    "event": (0.46, 0.30, 0.20, 0.04),
    "service": (0.30, 0.40, 0.24, 0.06),
}
_LEVELS = np.array(["grid", "community", "subdistrict", "district"])


def run_courses(
    table: pd.DataFrame,
    categories: pd.DataFrame,
    hours: Floats,
    *,
    first_day: date,
    as_of: date,
    is_slow: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return moments, state, level and call-back of every case.

    `table` holds the reports: category (row of `categories`), channel, day. `is_slow` says which cases lie
    in the community planted as offender.
    """
    category = categories.iloc[table["category"].to_numpy()].reset_index(drop=True)
    n = len(table)
    midnight = pd.Timestamp(datetime.combine(first_day, time(), ZoneInfo(TIME_ZONE))).tz_convert("UTC")
    now = pd.Timestamp(datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(TIME_ZONE))).tz_convert(
        "UTC"
    )
    reported_s = np.floor(table["day"].to_numpy() * 86_400 + hours * 3_600)
    limit_h = category["limit_h"].to_numpy(dtype=np.float64)
    late = (category["department"] == OFFENDER_DEPARTMENT).to_numpy()
    factor = np.where(late, _DEPARTMENT_FACTOR, 1.0) * np.where(is_slow, _COMMUNITY_FACTOR, 1.0)
    total_h = limit_h * _MEDIAN_OF_LIMIT * factor * rng.lognormal(0.0, _SPREAD, n)
    total_h = np.maximum(total_h, 0.2)
    stuck = rng.random(n) < np.where(late | is_slow, _STUCK_SHARE_OFFENDER, _STUCK_SHARE)
    accepted_h = np.minimum(rng.lognormal(np.log(0.3), 0.8, n), 0.4 * total_h)
    handled_h = accepted_h + (total_h - accepted_h) * rng.uniform(0.6, 0.97, n)
    rejected = rng.random(n) < 0.022
    shift = {
        "reported_at": np.zeros(n),
        "accepted_at": accepted_h,
        "handled_at": handled_h,
        "closed_at": total_h,
    }
    moments = {
        name: midnight + pd.to_timedelta(reported_s + np.floor(h * 3_600), unit="s")
        for name, h in shift.items()
    }
    frame = pd.DataFrame({name: pd.Series(moment).dt.as_unit("us") for name, moment in moments.items()})
    has_due = rng.random(n) >= np.where(category["kind"] == "service", 0.08, 0.01)
    due = frame["accepted_at"] + pd.to_timedelta(limit_h, unit="h")
    frame["due_at"] = due.where(has_due & (frame["accepted_at"] < now)).dt.as_unit("us")
    frame["handled_at"] = frame["handled_at"].where((frame["handled_at"] < now) & ~stuck & ~rejected)
    frame["closed_at"] = frame["closed_at"].where((frame["closed_at"] < now) & ~stuck)
    frame["accepted_at"] = frame["accepted_at"].where(frame["accepted_at"] < now)
    frame["state"] = _states(frame, stuck, rejected, rng)
    frame["closing_level"] = _closing_levels(frame, category["kind"].to_numpy(), rng)
    return pd.concat([frame, _call_backs(frame, table["channel"].to_numpy(), late | is_slow, rng)], axis=1)


def _states(
    frame: pd.DataFrame, stuck: np.ndarray, rejected: np.ndarray, rng: np.random.Generator
) -> pd.Series:
    n = len(frame)
    waiting = rng.choice(["dispatched", "handling", "returned", "rework"], n, p=[0.22, 0.66, 0.07, 0.05])
    lying = rng.choice(["handling", "suspended", "extended", "returned"], n, p=[0.55, 0.2, 0.15, 0.1])
    state = np.where(frame["handled_at"].notna(), rng.choice(["handled", "checking"], n), waiting)
    state = np.where(stuck, lying, state)
    state = np.where(frame["accepted_at"].isna(), rng.choice(["reported", "verifying"], n), state)
    state = np.where(frame["closed_at"].notna(), np.where(rejected, "rejected", "closed"), state)
    return pd.Series(state, dtype="str")


def _closing_levels(frame: pd.DataFrame, kinds: np.ndarray, rng: np.random.Generator) -> pd.Series:
    limits = np.array([np.cumsum(_LEVEL_SHARES[kind]) for kind in kinds])
    level = _LEVELS[(rng.random(len(frame))[:, None] > limits[:, :-1]).sum(axis=1)]
    return pd.Series(level, dtype="str").where(frame["state"] == "closed")


def _call_backs(
    frame: pd.DataFrame, channel: np.ndarray, is_offender: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Call back the residents of closed cases; what officials report themselves is not called back."""
    n = len(frame)
    asked = (frame["state"] == "closed").to_numpy() & np.isin(
        channel, (HOTLINE, MINI_PROGRAM, QR_CODE, WINDOW)
    )
    valid = asked & (rng.random(n) < 0.82)
    contacted = rng.random(n) < np.where(is_offender, 0.93, 0.985)
    solved = contacted & (rng.random(n) < np.where(is_offender, 0.62, 0.88))
    luck = rng.random(n)
    verdict = np.select(
        [luck < np.where(solved, 0.86, 0.12), luck < np.where(solved, 0.97, 0.4)],
        ["satisfied", "basically_satisfied"],
        "dissatisfied",
    )
    return pd.DataFrame(
        {
            "valid_callback": pd.Series(valid, dtype="boolean").where(asked),
            "contacted": pd.Series(contacted, dtype="boolean").where(valid),
            "solved": pd.Series(solved, dtype="boolean").where(valid),
            "satisfaction": pd.Series(verdict, dtype="str").where(valid & contacted),
        }
    )
