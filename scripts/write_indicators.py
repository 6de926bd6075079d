"""Write docs/methods/indicators.md from the registry of indicators."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from geo.analysis import classes, denominators, indicators, intervals, pile_ups

PAGE = Path(__file__).resolve().parents[1] / "docs" / "methods" / "indicators.md"

HEAD = """# Indicators 指标口径

This page is written by `python scripts/write_indicators.py` from `geo/analysis/indicators.py`; a test
compares the two. The page foot, the command `indicators`, every export and this page say the same.

Stores count whole numbers and whole seconds only; every division is made once, in `measure`.
Periods are whole days in the store's time zone, half open in UTC, and end with the data date.
"""

_SCORE = " + ".join(f"{weight} x {key}" for key, weight in indicators.SCORE_WEIGHTS.items())

RULES = f"""
## Rules

- **No denominator, no figure.** A rate over nothing is missing, never 0 and never 100 %.
- **Small numbers.** A figure on fewer than {indicators.LEAST_DENOMINATOR} is shown and marked.
- **Hours** are natural hours from report to closing, nights and holidays included. A case closed before
  it was reported has none; it is left out and counted.
- **Lists without a status.** A source none of whose cases has moved on from being reported, or has a
  moment of closing, does not tell how its cases stand. They are counted as open, since nothing says they
  are closed; how many they are stands beside the number, and where all open cases are of such sources
  nothing is said of change, rank, deadlines or overdue cases.
- **Satisfaction** counts "basically satisfied" as {indicators.BASICALLY_SATISFIED_WEIGHT}, as one
  district's public hotline service does. Places differ.
- **Score of the three rates**: {_SCORE}, out of 100.
- **Residents**: population points where they cover at least {denominators.LEAST_COVERED_SHARE:.0%} of the
  area's own figure, else that figure, else the sum of the areas below where each is known. Of
  several lists of points one is counted: the newest, then the largest. Every dashboard says which.
- **Pile-ups**: a point with at least {pile_ups.LEAST_CASES} cases, {pile_ups.LEAST_SHARE:.1%} of all
  located cases and {pile_ups.TIMES_ORDINARY} times the load of the {pile_ups.ORDINARY_RANK}th most loaded
  point, or at 0, 0, is suspicious. Its cases stay in every count, are left out of the rate per
  1,000 residents, and are listed.

## How sure

- Shares carry Wilson intervals, counts and rates exact Poisson intervals, medians order-statistic
  intervals taken outward to the stored percentiles, all at {intervals.LEVEL:.0%}.
- A **rank** stands with the ranks that chance allows: intervals that hold jointly at
  {intervals.LEVEL:.0%} (Šidák) for all siblings, then the areas surely better and surely worse are
  counted (Klein, Wright and Wieczorek 2020).
- The **funnel** flags an area outside the {intervals.FUNNEL_NEAR:.0%} (low, high) or
  {intervals.FUNNEL_FAR:.1%} (very low, very high) limits around all siblings together, by exact binomial
  or Poisson tails (Spiegelhalter 2005). Counts of complaints vary more than Poisson counts do, so a
  flag on a rate asks a question; it proves nothing.
- The sentence on top of a dashboard speaks of more or fewer only where the two counts differ by more
  than chance (Przyborowski and Wilenski 1940), and of a category only after paying for all that were
  looked at.

## Classes of a map

Quantiles by default; natural breaks are the exact optimum (Fisher 1958), not a random start, on at
most {classes.MOST_DISTINCT} different values. Whole numbers get whole breaks; equal values share a class.
"""


def render() -> str:
    """Return the page."""
    rows = [
        "| key | 指标 · indicator | unit | 口径 · definition | better |",
        "| --- | --- | --- | --- | --- |",
    ]
    for item in indicators.INDICATORS.values():
        unit = item.unit_zh if item.unit_zh == item.unit_en else f"{item.unit_zh} · {item.unit_en}"
        better = {"low": "less", "high": "more", None: "–"}[item.better]
        about = f"{item.about_zh}<br>{item.about_en}"
        rows.append(f"| `{item.key}` | {item.zh}<br>{item.en} | {unit} | {about} | {better} |")
    return HEAD + "\n" + "\n".join(rows) + "\n" + RULES


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
    print(f"Wrote {PAGE.name}.")
