"""Cut delimited text into records, one bad record costing one row (CSV 逐条读取).

Row numbers are those of the file: the physical line a record starts on, the header being row 1 where
nothing stands above it. A quote that is never closed would swallow everything after it; here it costs
its own line, and reading goes on with the next. Lines without any content are no rows. What a broken row
holds is not told, since nobody knows which of its cells are about a person.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from geo.errors import LimitError
from geo.intake.limits import KB

DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_RECORDS = 50
_SNIFF_CELL_KB = 1000
_CELLS_PER_LINE = 16
"""A line may hold this many cells of the largest size."""


class Record(NamedTuple):
    """One record: where it starts, its cells, and why it cannot be used (`code`, `value`)."""

    row: int
    cells: list[str]
    code: str = ""
    value: str = ""


class _Lines:
    """Lines that can be given back; remembers those of the record being read."""

    def __init__(self, read_line: Callable[[int], str], *, file_name: str, max_cell_kb: int) -> None:
        self._read_line = read_line
        self._again: deque[str] = deque()
        self._most = max_cell_kb * KB * _CELLS_PER_LINE
        self._file_name = file_name
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read_line(self._most)
        if not line:
            raise StopIteration
        if len(line) >= self._most:
            raise LimitError("line_too_long", file=self._file_name, limit=self._most // KB)
        self.taken.append(line)
        return line

    def give_back_all_but_first(self) -> None:
        self._again.extendleft(reversed(self.taken[1:]))
        self.taken.clear()


def iterate_records(
    read_line: Callable[[int], str], *, delimiter: str, file_name: str, max_cell_kb: int
) -> Iterator[Record]:
    """Yield every record that has any content, in order.

    Parameters
    ----------
    read_line
        Returns the next line with its ending, at most so many characters of it, or an empty text.
    delimiter
        One of `DELIMITERS`.
    file_name
        Name of the file in messages.
    max_cell_kb
        Largest cell; a larger one costs its row.

    Raises
    ------
    LimitError
        If a physical line is many times longer than the largest cell.
    """
    most = max_cell_kb * KB
    csv.field_size_limit(max(csv.field_size_limit(), most))
    lines = _Lines(read_line, file_name=file_name, max_cell_kb=max_cell_kb)
    row = 1
    while True:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                start, row = row, row + len(lines.taken)
                if any(cells):
                    yield Record(start, cells, *_find_fault(lines.taken, cells, most))
                lines.taken.clear()
        except csv.Error:
            yield Record(row, [], *_name_break(lines.taken, most))
            lines.give_back_all_but_first()
            row += 1
        else:
            return


def _name_break(lines: list[str], most: int) -> tuple[str, str]:
    """Return code and value of what the reader stopped at: a large cell on one line, else a quote."""
    if len(lines) == 1 and (size := len(lines[0].encode("utf-8", "surrogatepass"))) > most:
        return "cell_too_large", f"{size // KB} kB"
    return "row_quote_broken", ""


def _find_fault(lines: list[str], cells: list[str], most: int) -> tuple[str, str]:
    """Return code and value of what makes a record unusable; empty texts where nothing does."""
    n_characters = 0
    for line in lines:
        if "\x00" in line:
            return "row_has_nul", ""
        n_characters += len(line)
    if n_characters * 4 > most:
        for cell in cells:
            if (size := len(cell.encode("utf-8", "surrogatepass"))) > most:
                return "cell_too_large", f"{size // KB} kB"
    return "", ""


def find_delimiter(head: str) -> str:
    """Choose the delimiter under which the first records have the same number of cells.

    Parameters
    ----------
    head
        The first lines of the file; a last line that is cut off does no harm.

    Returns
    -------
    str
        One of `DELIMITERS`; the comma where the file has one column.
    """
    best, best_score = DELIMITERS[0], (0.0, 0)
    for delimiter in DELIMITERS:
        widths = _widths(head, delimiter)
        wide = [width for width in widths if width > 1]
        if not wide:
            continue
        usual = max(set(wide), key=lambda width: (wide.count(width), width))
        score = (widths.count(usual) / len(widths), usual)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _widths(head: str, delimiter: str) -> list[int]:
    lines = iter(head.splitlines(keepends=True))
    records = iterate_records(
        lambda _: next(lines, ""), delimiter=delimiter, file_name="", max_cell_kb=_SNIFF_CELL_KB
    )
    return [
        len(record.cells)
        for _, record in zip(range(_SNIFFED_RECORDS), records, strict=False)
        if not record.code
    ]
