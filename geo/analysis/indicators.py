"""Every indicator, defined once (指标口径).

A store counts whole numbers (`Store.period_counts`); this module turns them into shares, hours and
rates, for the page, the command and the export alike. What it decides:

- a figure without a denominator is missing, never 0 and never 100 %;
- a figure on a denominator under `LEAST_DENOMINATOR` is shown, and marked small;
- hours run from report to closing, nights and holidays included; a case closed before it was
  reported has none, is left out of them and counted;
- rates per 1 000 residents are over the period as it is, not made yearly, and leave out the cases of
  suspicious pile-ups (`n_piled`), which would be counted against whoever lives at a default address.

Definitions follow `docs/methods/indicators.md`, which is written from `INDICATORS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analysis import intervals

IndicatorKey = Literal[
    "n_new", "n_closed", "n_open", "n_overdue", "per_1000", "on_time_share", "median_h", "p90_h",
    "response_share", "solved_share", "satisfaction_share", "three_rate_score", "closing_share",
    "rejected_share", "unlocated_share",
]  # fmt: skip
Format = Literal["count", "rate", "share", "hours", "score"]

LEAST_DENOMINATOR = 30
"""Below this a figure is marked small (fault sheet, rule 7: minimum denominator m = 30)."""

BASICALLY_SATISFIED_WEIGHT = 0.9
"""What a "basically satisfied" answer counts, in the public hotline service of one district (domain
sheet 4.6, S51). Places differ."""

SCORE_WEIGHTS: dict[IndicatorKey, float] = {
    "response_share": 0.1,
    "solved_share": 0.5,
    "satisfaction_share": 0.4,
}
"""Weights of the composite of the three rates, same source."""

SECONDS_PER_H = 3600
PER_RESIDENTS = 1000


@dataclass(frozen=True)
class Indicator:
    """One indicator: its names, unit, definition, and what it is counted from."""

    key: IndicatorKey
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    about_zh: str
    about_en: str
    numerator: str
    """Column of the counts; `a+0.9*b` style sums are made by `measure`."""
    denominator: str | None
    """Column of the counts, or `residents`; None for a plain count."""
    better: Literal["low", "high"] | None
    format: Format

    def name(self, language: Literal["zh", "en"]) -> str:
        """Return the name in one language."""
        return self.zh if language == "zh" else self.en

    def unit(self, language: Literal["zh", "en"]) -> str:
        """Return the unit in one language, empty where there is none."""
        return self.unit_zh if language == "zh" else self.unit_en

    def about(self, language: Literal["zh", "en"]) -> str:
        """Return the definition in one language."""
        return self.about_zh if language == "zh" else self.about_en


_DEFINITIONS: tuple[Indicator, ...] = (
    Indicator("n_new", "新增", "New", "件", "cases",
              "时段内上报的案件数。",
              "Cases reported in the period.",
              "n_new", None, None, "count"),
    Indicator("n_closed", "办结", "Closed", "件", "cases",
              "时段内结案的案件数，不论何时上报。",
              "Cases closed in the period, whenever they were reported.",
              "n_closed", None, None, "count"),
    Indicator("n_open", "在办", "Open", "件", "cases",
              "时段结束时已上报、尚未结案也未作废的案件数；已结案但没有结案时间的案件不计入。",
              "Cases reported and neither closed nor rejected when the period ends; a case that is "
              "closed but has no moment of closing is not among them.",
              "n_open", None, "low", "count"),
    Indicator("n_overdue", "超期", "Overdue", "件", "cases",
              "在办案件中，时段结束时已过办理期限的件数；没有期限的案件不会超期。",
              "Open cases whose deadline has passed when the period ends; a case without a deadline "
              "is never overdue.",
              "n_overdue", None, "low", "count"),
    Indicator("per_1000", "千人诉求量", "Cases per 1,000 residents", "件/千人", "per 1,000 residents",
              "时段内新增案件数除以常住人口乘以 1000，不折算成年；"
              "疑似默认坐标堆积点上的案件不计入，另行列出。",
              "New cases of the period over residents, times 1,000, not made yearly; cases on a "
              "suspicious pile-up are left out and counted beside it.",
              "n_rated", "residents", None, "rate"),
    Indicator("on_time_share", "按期办结率", "Closed on time", "%", "%",
              "按期结案数除以应结案数。应结案：期限落在时段内，或在时段内提前结案，"
              "或期限已过、结转到本时段仍未结案；没有期限的案件不计入，另行列出。",
              "Cases closed by their deadline over cases due. Due: the deadline lies in the period, or "
              "the case was closed in the period ahead of a later deadline, or it was carried over open "
              "past its deadline. Cases without a deadline are left out and counted beside it.",
              "n_on_time", "n_due", "high", "share"),
    Indicator("median_h", "中位办结时长", "Median time to close", "小时", "h",
              "时段内结案的案件从上报到结案的自然小时数的中位数；"
              "结案早于上报的案件不计入，另行列出。",
              "Median of the natural hours from report to closing of the cases closed in the period; "
              "cases closed before they were reported are left out and counted beside it.",
              "p50_s", "n_timed", "low", "hours"),
    Indicator("p90_h", "九成办结时长", "90th percentile of time to close", "小时", "h",
              "时段内结案的案件中，九成在这一自然小时数之内结案。",
              "Nine of ten cases closed in the period took no more than these natural hours.",
              "p90_s", "n_timed", "low", "hours"),
    Indicator("response_share", "响应率", "Response rate", "%", "%",
              "时段内结案且为有效回访的案件中，已联系群众的比例。",
              "Of the cases closed in the period with a valid call-back, the share whose resident was "
              "contacted.",
              "n_contacted", "n_callbacks", "high", "share"),
    Indicator("solved_share", "解决率", "Solved rate", "%", "%",
              "时段内结案且为有效回访的案件中，群众认为已解决的比例。",
              "Of the cases closed in the period with a valid call-back, the share the resident calls "
              "solved.",
              "n_solved", "n_callbacks", "high", "share"),
    Indicator("satisfaction_share", "满意率", "Satisfaction rate", "%", "%",
              f"（满意数 + {BASICALLY_SATISFIED_WEIGHT} × 基本满意数）除以有效回访数。",
              f"(Satisfied + {BASICALLY_SATISFIED_WEIGHT} x basically satisfied) over valid call-backs.",
              "n_satisfied_weighted", "n_callbacks", "high", "share"),
    Indicator("three_rate_score", "三率综合得分", "Score of the three rates", "分", "points",
              "0.1 × 响应率 + 0.5 × 解决率 + 0.4 × 满意率，百分制。",
              "0.1 x response + 0.5 x solved + 0.4 x satisfaction, out of 100.",
              "n_callbacks", "n_callbacks", "high", "score"),
    Indicator("closing_share", "化解层级占比", "Share closed at each level", "%", "%",
              "时段内结案的案件在各化解层级结案的比例，未注明层级的单列。",
              "Of the cases closed in the period, the share settled at each level; those without one "
              "stand apart.",
              "n_closed", "n_closed_all", None, "share"),
    Indicator("rejected_share", "作废率", "Rejected", "%", "%",
              "时段内上报的案件中不予立案或作废的比例。",
              "Of the cases reported in the period, the share rejected.",
              "n_rejected", "n_new", None, "share"),
    Indicator("unlocated_share", "无位置占比", "Without a location", "%", "%",
              "时段内上报的案件中没有可用位置的比例。",
              "Of the cases reported in the period, the share without a usable location.",
              "n_unlocated", "n_new", "low", "share"),
)  # fmt: skip

INDICATORS: dict[IndicatorKey, Indicator] = {item.key: item for item in _DEFINITIONS}
"""All indicators by key, in the order they are shown."""

AREA_INDICATORS: tuple[IndicatorKey, ...] = tuple(key for key in INDICATORS if key != "closing_share")
"""Indicators that have one figure per area; `closing_share` has one per closing level."""

CARDS: tuple[IndicatorKey, ...] = ("n_new", "n_open", "n_overdue", "on_time_share", "median_h", "per_1000")
"""The six numbers on top of a dashboard."""


def measure(counts: pd.DataFrame, *, residents: pd.Series | None = None) -> pd.DataFrame:
    """Make every indicator of every group from its counts.

    Parameters
    ----------
    counts
        Rows of `Store.period_counts`, with any index; `n_piled` (new cases on suspicious pile-ups) may
        stand beside them and is 0 otherwise.
    residents
        Residents by the index of `counts`; missing where they are not known. None: known nowhere.

    Returns
    -------
    pandas.DataFrame
        The index and columns of `counts`, among them the plain counts; then one column per other key
        of `AREA_INDICATORS` (shares 0 to 1, hours, points), missing where the denominator is 0 or
        missing; then `n_rated`, `n_satisfied_weighted`, `residents`.

    Examples
    --------
    >>> from geo.analysis.indicators import blank_counts
    >>> counts = blank_counts(["G1"]).assign(n_new=12, n_due=40, n_on_time=30)
    >>> table = measure(counts, residents=pd.Series({"G1": 3000}))
    >>> table.loc["G1", ["per_1000", "on_time_share"]].tolist(), bool(table["median_h"].isna().all())
    ([4.0, 0.75], True)
    """
    # Columns are worked out as arrays and joined once: a table grown column by column costs ten times more.
    block = counts.to_numpy(dtype=float, na_value=np.nan)
    known: dict[str, NDArray[np.float64]] = dict(zip(counts.columns, block.T, strict=True))
    sums = _add_sums(known, counts.index, residents)
    known |= sums
    made: dict[str, NDArray[np.float64]] = {}
    for item in (INDICATORS[key] for key in AREA_INDICATORS):
        top = known[item.numerator]
        if item.format == "count":
            continue
        if item.format == "hours":
            made[item.key] = np.where(known["n_timed"] > 0, top / SECONDS_PER_H, np.nan)
        elif item.format in ("share", "rate"):
            bottom = known[str(item.denominator)]
            scale = PER_RESIDENTS if item.format == "rate" else 1
            made[item.key] = top * scale / np.where(bottom > 0, bottom, np.nan)
    made["three_rate_score"] = np.sum(
        [made[key] * weight * 100 for key, weight in SCORE_WEIGHTS.items()], axis=0
    )
    return pd.concat([counts, pd.DataFrame(made | sums, index=counts.index)], axis=1)


def find_small(table: pd.DataFrame, key: IndicatorKey) -> pd.Series:
    """Tell which figures of `measure` stand on a denominator under `LEAST_DENOMINATOR`.

    Plain counts are never small. A denominator of 0 is no small figure but none at all.
    """
    denominator = INDICATORS[key].denominator
    if denominator is None:
        return pd.Series(False, index=table.index)
    size = table[denominator].astype(float)
    return (size > 0) & (size < LEAST_DENOMINATOR)


def find_interval(
    table: pd.DataFrame, key: IndicatorKey, *, level: float = intervals.LEVEL
) -> intervals.Interval:
    """Return the interval of one indicator for each row of `measure`, in the unit of the indicator.

    Wilson for shares, exact Poisson for counts and rates, order statistics for hours. That of the
    score joins those of its parts, so it is never too narrow.
    """
    item = INDICATORS[key]
    if key == "three_rate_score":
        parts = [(find_interval(table, part, level=level), 100 * w) for part, w in SCORE_WEIGHTS.items()]
        return intervals.Interval(
            np.sum([part.lower * weight for part, weight in parts], axis=0),
            np.sum([part.upper * weight for part, weight in parts], axis=0),
        )
    if item.format == "share":
        return intervals.wilson_interval(table[item.numerator], table[str(item.denominator)], level=level)
    if item.format == "hours":
        share = 0.9 if key == "p90_h" else 0.5
        found = intervals.quantile_interval(table, table["n_timed"], share=share, level=level)
        return intervals.Interval(found.lower / SECONDS_PER_H, found.upper / SECONDS_PER_H)
    found = intervals.poisson_interval(table[item.numerator], level=level)
    if item.format != "rate":
        return found
    residents = table["residents"].to_numpy(dtype=float)
    scale = PER_RESIDENTS / np.where(residents > 0, residents, np.nan)
    return intervals.Interval(found.lower * scale, found.upper * scale)


def compare_areas(table: pd.DataFrame, key: IndicatorKey) -> pd.DataFrame:
    """Compare areas of one level by one indicator, fairly to the small ones.

    Parameters
    ----------
    table
        Rows of `measure`, one per area.
    key
        The indicator.

    Returns
    -------
    pandas.DataFrame
        The index of `table`.

        - `value`, `lower`, `upper` : the figure and its own 95 % interval
        - `rank` : 1 the best, or the most where neither direction is better; ties share it; missing
          where the figure is
        - `rank_low`, `rank_high` : ranks that 95 % joint intervals allow
        - `n_ranked` : areas that have a figure
        - `is_small` : on a small denominator
        - `flag` : `low`, `very_low`, `high`, `very_high` where the figure lies outside the 95 % or the
          99.8 % limits around all areas together; empty elsewhere, and for hours and plain counts
    """
    item = INDICATORS[key]
    better: Literal["low", "high"] = item.better or "high"
    values = table[key].astype(float)
    n_ranked = int(values.notna().sum())
    own = find_interval(table, key)
    joint = find_interval(table, key, level=intervals.sibling_level(n_ranked))
    ranks = intervals.rank_intervals(values, joint, better=better)
    return pd.DataFrame(
        {
            "value": values.to_numpy(),
            "lower": own.lower,
            "upper": own.upper,
            "rank": intervals.rank_areas(values, better=better).to_numpy(),
            "rank_low": ranks.low,
            "rank_high": ranks.high,
            "n_ranked": n_ranked,
            "is_small": find_small(table, key).to_numpy(),
            "flag": _find_flags(table, item),
        },
        index=table.index,
    )


def blank_counts(groups: list[str]) -> pd.DataFrame:
    """Return counts of 0 and missing percentiles for groups without any case, indexed by group."""
    table = pd.DataFrame(0, index=pd.Index(groups, dtype=object), columns=list(COUNT_COLUMNS), dtype="int64")
    for column in PERCENTILE_COLUMNS:
        table[column] = np.nan
    return table


COUNT_COLUMNS: tuple[str, ...] = (
    "n_new", "n_closed", "n_open", "n_overdue", "n_due", "n_on_time", "n_closed_without_due", "n_timed",
    "n_negative", "n_callbacks", "n_contacted", "n_solved", "n_satisfied", "n_basically_satisfied",
    "n_unlocated", "n_rejected",
)  # fmt: skip
"""Whole numbers of `Store.period_counts`."""

PERCENTILE_COLUMNS: tuple[str, ...] = tuple(f"p{percent:02d}_s" for percent in intervals.PERCENTILES)
"""Percentiles of `Store.period_counts`, in whole seconds."""


def index_counts(counts: pd.DataFrame, groups: Sequence[str] | pd.Index) -> pd.DataFrame:
    """Give `Store.period_counts` one row for each wanted group, 0 where it has no case.

    Groups that are not wanted, the one without a value among them, are left to the caller.
    """
    index = groups if isinstance(groups, pd.Index) else pd.Index(list(groups), dtype=object)
    rows = pd.Index(counts["group"].to_numpy(dtype=object), dtype=object).get_indexer(index)
    has_row = (rows >= 0)[:, None]
    whole = counts[list(COUNT_COLUMNS)].to_numpy(dtype=np.int64)
    seconds = counts[list(PERCENTILE_COLUMNS)].to_numpy(dtype=float, na_value=np.nan)
    # Two blocks, joined once: a table of fifty thousand rows is copied as seldom as can be.
    return pd.concat(
        [
            pd.DataFrame(np.where(has_row, _picked(whole, rows), 0), index=index, columns=COUNT_COLUMNS),
            pd.DataFrame(
                np.where(has_row, _picked(seconds, rows), np.nan), index=index, columns=PERCENTILE_COLUMNS
            ),
        ],
        axis=1,
    )


Block = TypeVar("Block", NDArray[np.int64], NDArray[np.float64])


def _picked(values: Block, rows: NDArray[np.intp]) -> Block:
    """Take rows of a block (n, k); -1 takes any."""
    return values[rows] if len(values) else np.zeros((len(rows), values.shape[1]), dtype=values.dtype)


def _add_sums(
    known: dict[str, NDArray[np.float64]], index: pd.Index, residents: pd.Series | None
) -> dict[str, NDArray[np.float64]]:
    basically = known["n_basically_satisfied"] * BASICALLY_SATISFIED_WEIGHT
    people = pd.Series(dtype=float) if residents is None else residents.astype(float)
    if people.index is not index:
        people = people.reindex(index)
    return {
        "n_rated": known["n_new"] - known.get("n_piled", 0),
        "n_satisfied_weighted": known["n_satisfied"] + basically,
        "residents": np.asarray(people, dtype=np.float64),
    }


def _find_flags(table: pd.DataFrame, item: Indicator) -> NDArray[np.object_]:
    if item.format == "share":
        return intervals.flag_shares(table[item.numerator], table[str(item.denominator)])
    if item.format == "rate":
        return intervals.flag_rates(table[item.numerator], table["residents"])
    return np.full(len(table), "", dtype=object)
