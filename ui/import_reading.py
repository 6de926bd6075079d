"""A file while it is read, or waits until others have been (读取进度).

Reading goes on beside the page, in a process with limits; the page says how many files come first, and
can stop it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geo.intake.layers import RawLayer
from geo.intake.tables import RawTable
from geo.settings import Settings
from geo.tasks.reading import FileKind, read_layer_files, read_population_file, read_table_file
from ui import session
from ui.text import t
from ui.work import Work


@dataclass
class Reading:
    """One reading of a file, and how it goes."""

    name: str
    encoding: str | None = None
    """As chosen by the reader, like the sheet."""
    sheet: str | None = None
    layer: str | None = None
    n_before: int = 0
    """Files that are read first."""
    work: Work[RawTable | RawLayer] = field(init=False)

    def say(self) -> str:
        """Return what goes on, in the language of the page."""
        if self.n_before:
            return t("import.waiting", n=self.n_before)
        return t("import.reading", file=self.name)


def start_reading(
    kind: FileKind,
    paths: Sequence[Path],
    names: Sequence[str],
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    layer: str | None = None,
) -> Reading:
    """Read what a file is, beside the page."""
    reading, settings = Reading(names[0], encoding, sheet, layer), session.settings()

    def do(progress: Callable[[float | None], None]) -> RawTable | RawLayer:
        def look(n_before: int) -> None:
            reading.n_before = n_before
            progress(None)

        file = _read(kind, paths, names, reading, settings, look)
        progress(None)  # whoever stopped it meanwhile wants no file
        return file

    reading.work = Work(do, can_stop=True)
    return reading


def _read(
    kind: FileKind,
    paths: Sequence[Path],
    names: Sequence[str],
    chosen: Reading,
    settings: Settings,
    look: Callable[[int], None],
) -> RawTable | RawLayer:
    encoding, sheet, layer = chosen.encoding, chosen.sheet, chosen.layer
    if kind in ("cases", "facilities"):
        return read_table_file(
            paths[0], settings=settings, file_name=names[0], encoding=encoding, sheet=sheet, look=look
        )
    if kind == "population":
        return read_population_file(
            paths, settings=settings, file_names=names, encoding=encoding, sheet=sheet, layer=layer, look=look
        )
    return read_layer_files(
        paths, settings=settings, file_names=names, encoding=encoding, layer=layer, look=look
    )
