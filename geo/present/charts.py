"""Charts as SVG text: no script, no font file, prints on paper (图表).

Every text is escaped here, in one place (`escape`), whatever it came from.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.classes import NO_DATA, SEQUENTIAL

INK, FAINT, ACCENT, BEFORE = "#1f2933", "#c3c9d0", "#1d6fa5", "#9aa5b1"
MOST_STEPS = 4
"""Steps of an axis; with five lines it can still be read in a chart as low as these."""


def escape(text: object) -> str:
    """Make any value text that can stand in HTML, in an element or in a quoted attribute."""
    return html.escape(str(text), quote=True)


def draw_line(values: Sequence[float | None], *, width: int = 120, height: int = 28, label: str = "") -> str:
    """Draw a small line over equal steps; gaps stay gaps, the last value gets a dot."""
    points = [(k, v) for k, v in enumerate(values) if v is not None and np.isfinite(v)]
    if not points:
        return ""
    top = max(1e-9, *(v for _, v in points))
    step = (width - 6) / max(len(values) - 1, 1)
    placed = {k: (3 + k * step, height - 3 - v / top * (height - 6)) for k, v in points}
    path, previous = [], None
    for k, (x, y) in placed.items():
        path.append(f"{'L' if previous == k - 1 else 'M'}{x:.1f} {y:.1f}")
        previous = k
    x, y = placed[points[-1][0]]
    return (
        f'<svg class="line" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
        f'<path d="{"".join(path)}" fill="none" stroke="{ACCENT}" stroke-width="1.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{ACCENT}"/></svg>'
    )


def draw_months(
    months: Sequence[str],
    now: Sequence[float],
    year_before: Sequence[float | None],
    *,
    labels: tuple[str, str],
) -> str:
    """Draw columns per month with a mark for the same month a year before."""
    width, height, left, bottom = 720, 180, 44, 22
    known = [v for v in [*now, *[v for v in year_before if v is not None]] if np.isfinite(v)]
    ticks = whole_ticks(max([*known, 1]))
    top = ticks[-1]
    step = (width - left) / max(len(months), 1)
    scale = (height - bottom - 8) / top
    parts = [_axis(ticks, left, width, height - bottom, scale)]
    for k, (month, value, earlier) in enumerate(zip(months, now, year_before, strict=True)):
        x, tall = left + k * step, value * scale
        parts.append(
            f'<rect x="{x + step * 0.15:.1f}" y="{height - bottom - tall:.1f}" width="{step * 0.7:.1f}" '
            f'height="{tall:.1f}" fill="{ACCENT}"><title>{escape(month)}: {value:,.0f}</title></rect>'
        )
        if earlier is not None and np.isfinite(earlier):
            y = height - bottom - earlier * scale
            parts.append(
                f'<path d="M{x + step * 0.05:.1f} {y:.1f}h{step * 0.9:.1f}" stroke="{INK}" stroke-width="2"/>'
            )
        if k % max(1, len(months) // 8) == 0:
            parts.append(
                f'<text x="{x + step / 2:.1f}" y="{height - 6}" text-anchor="middle">{escape(month)}</text>'
            )
    legend = (
        f'<p class="legend"><i style="background:{ACCENT}"></i>{escape(labels[0])} '
        f'<b class="tick"></b>{escape(labels[1])}</p>'
    )
    box = f"0 0 {width} {height}"
    return f'<svg class="months" viewBox="{box}" role="img">{"".join(parts)}</svg>{legend}'


def draw_bars(rows: Sequence[tuple[str, float, float | None, str]]) -> str:
    """Draw bars with a mark for "before": label, value, value before, text at the end."""
    if not rows:
        return ""
    top = max([1.0, *(value for _, value, _, _ in rows), *(before or 0.0 for _, _, before, _ in rows)])
    lines = []
    for label, value, before, text in rows:
        mark = "" if before is None else f'<b style="left:{before / top * 100:.1f}%"></b>'
        bar = f'<td class="bar"><i style="width:{value / top * 100:.1f}%"></i>{mark}</td>'
        lines.append(f"<tr><th>{escape(label)}</th>{bar}<td>{escape(text)}</td></tr>")
    return f'<table class="bars">{"".join(lines)}</table>'


def draw_hours(counts: Mapping[tuple[int, int], int], *, weekdays: Sequence[str]) -> str:
    """Draw a week as 7 rows of 24 squares, darker where more cases were reported."""
    size, left = 22, 48
    top = max([*counts.values(), 1])
    parts = []
    for day in range(1, 8):
        y = 14 + (day - 1) * size
        name = escape(weekdays[day - 1])
        parts.append(f'<text x="{left - 6}" y="{y + 15}" text-anchor="end">{name}</text>')
        for hour in range(24):
            n = counts.get((day, hour), 0)
            shade = SEQUENTIAL[min(4, int(n / top * 4.999))] if n else "#ffffff"
            place = f'x="{left + hour * size}" y="{y}" width="{size - 1}" height="{size - 1}"'
            parts.append(
                f'<rect {place} fill="{shade}" stroke="{FAINT}"><title>{name} {hour:02d}:00 · {n:,}</title></rect>'
            )
    for hour in range(0, 24, 3):
        parts.append(f'<text x="{left + hour * size}" y="10">{hour:02d}</text>')
    box = f"0 0 {left + 24 * size} {14 + 7 * size}"
    return f'<svg class="hours" viewBox="{box}" role="img">{"".join(parts)}</svg>'


def draw_areas(
    shapes: NDArray[np.object_], *, colours: Sequence[str], names: Sequence[str], width: int = 520
) -> str:
    """Draw areas in their colours, north up; degrees are stretched so that a metre is a metre both ways."""
    filled = shapes[~shapely.is_missing(shapes)]
    if not len(filled):
        return ""
    west, south, east, north = shapely.total_bounds(filled)
    shrink = float(np.cos(np.radians((south + north) / 2)))
    scale = width / max((east - west) * shrink, (north - south) / 2, 1e-9)
    height = max(1.0, (north - south) * scale)
    parts = []
    for shape, colour, name in zip(shapes, colours, names, strict=True):
        if shape is None or shapely.is_empty(shape):
            continue
        rings = shapely.get_rings(shapely.get_parts(shape))
        path = "".join(_ring_path(ring, west, north, scale, shrink) for ring in rings)
        parts.append(
            f'<path d="{path}" fill="{escape(colour or NO_DATA)}" fill-rule="evenodd" stroke="#ffffff" '
            f'stroke-width="0.8"><title>{escape(name)}</title></path>'
        )
    wide = (east - west) * shrink * scale
    return f'<svg class="map" viewBox="0 0 {wide:.0f} {height:.0f}" role="img">{"".join(parts)}</svg>'


def _ring_path(ring: object, west: float, north: float, scale: float, shrink: float) -> str:
    points = shapely.get_coordinates(ring)
    x, y = (points[:, 0] - west) * shrink * scale, (north - points[:, 1]) * scale
    steps = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[:-1], y[:-1], strict=True))
    return f"M{steps}Z"


def whole_ticks(most: float) -> list[int]:
    """Return the ticks of an axis of counts: whole numbers from 0, evenly spaced, the last at or above `most`.

    >>> whole_ticks(250), whole_ticks(3), whole_ticks(0)
    ([0, 100, 200, 300], [0, 1, 2, 3], [0, 1])
    """
    size = 10 ** max(int(np.floor(np.log10(max(most, 1) / MOST_STEPS))), 0)
    step = next(
        factor * size for factor in (1, 2, 5, 10, 20, 50) if factor * size * MOST_STEPS >= max(most, 1)
    )
    return list(range(0, int(np.ceil(max(most, 1) / step)) * step + 1, step))


def _axis(ticks: Sequence[int], left: int, width: int, base: int, scale: float) -> str:
    parts = []
    for value in ticks:
        y = base - value * scale
        parts.append(f'<path d="M{left} {y:.1f}H{width}" stroke="{FAINT}" stroke-width="0.5"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>')
    return "".join(parts)
