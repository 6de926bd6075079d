"""How numbers are written: thousands in groups, percentages with one decimal, a dash for "no figure"."""

from __future__ import annotations

import math

from geo.analysis.indicators import Format

NO_FIGURE = "–"
MINUS = "\u2212"


def show_value(value: float | None, style: Format) -> str:
    """Write a figure in the manner of its indicator.

    >>> show_value(12345, "count"), show_value(0.9312, "share"), show_value(None, "hours")
    ('12,345', '93.1%', '–')
    """
    if value is None or math.isnan(value):
        return NO_FIGURE
    if style == "share":
        return f"{value * 100:.1f}%"
    if style == "count":
        return f"{value:,.0f}"
    return f"{value:,.2f}" if style == "rate" and abs(value) < 10 else f"{value:,.1f}"


def show_change(change: float | None, style: Format) -> str:
    """Write a difference with its sign; shares differ by percentage points.

    >>> show_change(-0.021, "share"), show_change(12, "count")
    ('−2.1 pp', '+12')
    """
    if change is None or math.isnan(change):
        return NO_FIGURE
    size = f"{abs(change) * 100:.1f} pp" if style == "share" else show_value(abs(change), style)
    if not any(digit in size for digit in "123456789"):
        return f"±{size}"
    return f"{MINUS if change < 0 else '+'}{size}"
