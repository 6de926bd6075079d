"""Draw an address as a QR code (ISO/IEC 18004), made on this machine (二维码).

The code is one path of a picture in units of its own modules, so that it is sharp on a screen and on
paper. Error correction is M, which survives a seventh of the picture; segno raises it where there is
room without a larger code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import segno

from geo.errors import LimitError

QUIET_MODULES: Final = 4
"""Empty modules around the code, as the standard asks."""
MOST_SIGNS: Final = 1200
"""Longest address drawn: a code of more modules is not read from a screen by a telephone."""


@dataclass(frozen=True)
class Code:
    """A code to be drawn: a square of `n_modules`, and the path of its dark modules."""

    n_modules: int
    """Modules along one side, the quiet ones included."""
    path: str
    """Commands of an SVG path, one unit a module."""


@lru_cache(maxsize=200)
def draw_code(text: str) -> Code:
    """Return the QR code of a text.

    Raises
    ------
    LimitError
        If it is too long to be read by a telephone.

    Examples
    --------
    >>> draw_code("http://192.0.2.1:8501/").n_modules
    33
    """
    if len(text) > MOST_SIGNS:
        raise LimitError("code_too_long", most=MOST_SIGNS)
    rows = [list(row) for row in segno.make_qr(text, error="m").matrix_iter(border=QUIET_MODULES)]
    runs = [
        f"M{start} {y}h{end - start}v1h{start - end}z"
        for y, row in enumerate(rows)
        for start, end in _dark_runs(row)
    ]
    return Code(len(rows), "".join(runs))


def _dark_runs(row: list[int]) -> list[tuple[int, int]]:
    """Return the start and the end of every run of dark modules of a row."""
    runs: list[tuple[int, int]] = []
    for x, is_dark in enumerate(row):
        if not is_dark:
            continue
        if runs and runs[-1][1] == x:
            runs[-1] = (runs[-1][0], x + 1)
        else:
            runs.append((x, x + 1))
    return runs
