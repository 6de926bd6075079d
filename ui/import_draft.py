"""A file on its way into the store: opened, understood, checked, stored (导入草稿).

The bytes of an upload are written to a folder of the visit in pieces and let go; the folder vanishes
with the draft, and its name tells whose it is, should the program be killed before. Nothing is in the store
until the preview is confirmed.
"""

from __future__ import annotations

import re
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import streamlit as st

from geo.access.masking import mask_text
from geo.crs import parse_coord_sys
from geo.errors import ChoiceError, EmptyError, GeoError, LimitError, MissingError, StoreError
from geo.intake.boundaries import BoundaryChoices
from geo.intake.cases import CaseChoices
from geo.intake.columns import personal_columns, suggest_reporters
from geo.intake.facilities import FacilityChoices
from geo.intake.layers import RawLayer, swap_layer
from geo.intake.population import PopulationChoices
from geo.intake.tables import RawTable
from geo.store.base import Receipt
from geo.tasks.bringing import (
    Preview,
    preview_boundaries,
    preview_cases,
    preview_facilities,
    preview_places,
    store_preview,
)
from geo.tasks.bringing_people import preview_population
from geo.tasks.reading import FileKind, is_table_name, place_choices, suggest_for
from geo.whole_files import unfinished_folder
from ui import session
from ui.import_reading import Reading, start_reading
from ui.turns import checks
from ui.work import Work

PIECE_BYTES = 8 * 1024 * 1024
MEBIBYTE = 1024 * 1024
"""Streamlit counts the size of an upload in these."""
MOST_DRAFTS = 10
"""Drafts of the largest size that may be open at once, in all visits together."""
_folders: weakref.WeakSet[tempfile.TemporaryDirectory[str]] = weakref.WeakSet()
N_HEAD = 20


class Upload(Protocol):
    """What Streamlit gives for an uploaded file."""

    name: str

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""


@dataclass
class Choices:
    """What the reader has chosen about a file so far."""

    columns: dict[str, str] = field(default_factory=dict)
    coord_sys: str | None = None
    source: str = ""
    time_zone: str = ""
    date_order: str | None = None
    excel_system: str | None = None
    status_words: dict[str, str] = field(default_factory=dict)
    kind_words: dict[str, str] = field(default_factory=dict)
    keep_reporters: bool = False
    swap_lonlat: bool = False
    max_distance_m: float = 0.0
    area_level: str = ""
    scope_id: str = ""
    valid_from: date | None = None
    is_draft: bool = False
    fixed_kind: str | None = None
    as_of_on: date | None = None


@dataclass
class Draft:
    """One file on its way."""

    kind: FileKind
    names: tuple[str, ...]
    paths: tuple[Path, ...]
    folder: tempfile.TemporaryDirectory[str]
    file: RawTable | RawLayer
    choices: Choices
    encoding: str | None = None
    """As chosen by the reader."""
    sheet: str | None = None
    layer: str | None = None
    again: Reading | None = None
    """The file being read in another encoding, or another sheet or layer of it."""
    step: int = 2
    work: Work[Preview] | None = None
    preview: Preview | None = None
    storing: Work[Receipt] | None = None
    receipt: Receipt | None = None

    @property
    def is_encoding_open(self) -> bool:
        """Whether the reader still has to say how the text is coded."""
        return (
            not self.file.is_encoding_sure
            and self.encoding is None
            and len(self.file.encoding_candidates) > 1
        )

    @property
    def personal(self) -> tuple[str, ...]:
        """Columns about persons."""
        return personal_columns(self.file.columns) if self.kind in ("cases", "facilities") else ()


@dataclass
class Opening:
    """An upload whose file is being read; it becomes a draft."""

    kind: FileKind
    names: tuple[str, ...]
    paths: tuple[Path, ...]
    folder: tempfile.TemporaryDirectory[str]
    reading: Reading


def current() -> Draft | None:
    """Return the draft of this visit."""
    return st.session_state.get("draft")


def drop() -> None:
    """Let the draft and its files go."""
    draft = st.session_state.pop("draft", None)
    if draft is not None:
        for work in (draft.work, draft.storing, draft.again and draft.again.work):
            if work is not None:
                work.stop()
        draft.folder.cleanup()


def opening() -> Opening | None:
    """Return the upload of this visit that is being read."""
    return st.session_state.get("opening")


_ANSWERABLE = ("layer_not_named", "layer_encoding_wrong", "layer_encoding_unknown", "encoding_does_not_fit")
"""What a file is refused for until somebody names its layer or its encoding."""


def open_question() -> GeoError | None:
    """Return what must be answered before the upload of this visit can be read, if anything."""
    waiting = opening()
    error = None if waiting is None or waiting.reading.work.is_running else waiting.reading.work.error
    return error if error is not None and error.code in _ANSWERABLE else None


def answer_question(*, layer: str | None = None, encoding: str | None = None) -> None:
    """Read the upload of this visit again, with what was chosen."""
    waiting: Opening = st.session_state["opening"]
    before = waiting.reading
    waiting.reading = start_reading(
        waiting.kind,
        waiting.paths,
        waiting.names,
        layer=layer or before.layer,
        encoding=encoding or before.encoding,
    )


def drop_opening() -> None:
    """Let the upload that is being read, or waits for an answer, and its files go."""
    waiting = st.session_state.pop("opening", None)
    if waiting is not None:
        waiting.reading.work.stop()
        waiting.folder.cleanup()


def start_opening(kind: FileKind, uploads: Sequence[Upload]) -> None:
    """Write an upload to a folder of the visit and begin to read what it is.

    Raises
    ------
    LimitError
        If there are too many files, or they are too large together or beside those of others.
    """
    names = [upload.name for upload in uploads]
    _require_number(kind, names)
    drop_opening()
    folder = unfinished_folder("getu-upload")
    try:
        _folders.add(folder)
        paths = _write(uploads, Path(folder.name))
        reading = start_reading(kind, paths, names)
    except BaseException:
        folder.cleanup()
        raise
    st.session_state["opening"] = Opening(kind, tuple(names), tuple(paths), folder, reading)


def finish_opening() -> Draft:
    """Make the upload that has been read a draft, or let it go.

    Raises
    ------
    GeoError
        Why it could not be read.
    """
    done: Opening = st.session_state.pop("opening")
    try:
        file = _result(done.reading.work)
        if not n_rows(file):
            raise EmptyError("file_without_rows", file=done.names[0])
        choices = _first_choices(done.kind, file, done.names[0])
    except BaseException:
        done.folder.cleanup()
        raise
    draft = Draft(done.kind, done.names, done.paths, done.folder, file, choices)
    draft.encoding, draft.layer = done.reading.encoding, done.reading.layer
    st.session_state["draft"] = draft
    return draft


def _require_number(kind: FileKind, names: Sequence[str]) -> None:
    """Pass as many files as are read together: one list, or the parts of a layer."""
    most = session.settings().max_archive_members
    if len(names) > most:
        raise LimitError("upload_too_many", n=len(names), limit=most)
    is_list = kind in ("cases", "facilities") or is_table_name(names[0])
    if is_list and len(names) > 1:
        raise LimitError("upload_one_list", n=len(names), file=names[0])


def _write(uploads: Sequence[Upload], folder: Path) -> list[Path]:
    """Write the files of one upload; together they may be as large as one, and all drafts as ten."""
    most = session.settings().max_upload_mb * MEBIBYTE
    left = min(most, MOST_DRAFTS * most - bytes_of_drafts())
    paths = []
    for number, upload in enumerate(uploads):
        path = folder / f"{number}{_plain_ending(upload.name)}"
        with path.open("wb") as target:
            while piece := upload.read(PIECE_BYTES):
                left -= len(piece)
                if left < 0:
                    is_own = bytes_of_drafts() <= (MOST_DRAFTS - 1) * most
                    raise LimitError("upload_too_large" if is_own else "upload_no_room", mb=most // MEBIBYTE)
                target.write(piece)
        paths.append(path)
    return paths


def _plain_ending(name: str) -> str:
    """Return the ending of an uploaded file in letters and digits; its name is kept beside the file only."""
    ending = re.sub(r"[^a-z0-9]", "", Path(name.replace("\x00", "")).suffix.lower())
    return f".{ending[:12]}" if ending else ""


def bytes_of_drafts() -> int:
    """Return how much the files of all drafts of this process take on the disk."""
    n_bytes = 0
    for path in (path for folder in list(_folders) for path in Path(folder.name).glob("*")):
        with suppress(FileNotFoundError):  # its draft was dropped at this moment
            n_bytes += path.stat().st_size
    return n_bytes


def start_again(
    draft: Draft, *, encoding: str | None, sheet: str | None, layer: str | None = None
) -> Reading:
    """Begin to read the file in another encoding, or another sheet or layer of it, unless that is begun.

    Raises
    ------
    MissingError
        If its file is gone.
    """
    _require_there(draft)
    again = draft.again
    if again is None or (again.encoding, again.sheet, again.layer) != (encoding, sheet, layer):
        if again is not None:
            again.work.stop()
        again = start_reading(
            draft.kind, draft.paths, draft.names, encoding=encoding, sheet=sheet, layer=layer
        )
        draft.again = again
    return again


def finish_again(draft: Draft, again: Reading) -> None:
    """Take the file as it was read again.

    Raises
    ------
    GeoError
        If it cannot be read so; it stays as it was.
    """
    draft.file = _result(again.work)
    draft.encoding, draft.sheet, draft.layer, draft.again = again.encoding, again.sheet, again.layer, None
    draft.choices.columns = suggest_for(draft.kind, draft.file.columns)


def _result(work: Work[RawTable | RawLayer]) -> RawTable | RawLayer:
    if work.result is None:
        raise work.error or StoreError("work_broke")
    return work.result


def _first_choices(kind: FileKind, file: RawTable | RawLayer, name: str) -> Choices:
    return Choices(
        columns=suggest_for(kind, file.columns),
        coord_sys=parse_coord_sys(file.declared_crs)
        if isinstance(file, RawTable) and file.declared_crs
        else None,
        source=Path(name).stem[:60],
        time_zone=session.store().time_zone,
    )


def n_rows(file: RawTable | RawLayer) -> int:
    """Return how many rows or shapes a file holds."""
    return file.n_rows if isinstance(file, RawTable) else file.n_features


def head_of(draft: Draft) -> pd.DataFrame:
    """Return the first rows as they stand in the file, less columns about persons, texts masked."""
    file = draft.file
    table = (
        file.head(N_HEAD)
        if isinstance(file, RawTable)
        else pd.DataFrame(file.table[list(file.columns)].head(N_HEAD))
    )
    table = table.drop(columns=list(draft.personal), errors="ignore")
    kept = {draft.choices.columns.get(name) for name in _NO_TEXT}
    return table.assign(**{c: mask_text(table[c].astype("str")) for c in table.columns if c not in kept})


_NO_TEXT = (
    "source_no",
    "area_id",
    "parent_id",
    "point_id",
    "building_id",
    "courtyard_id",
    "h3",
    "lon",
    "lat",
)
"""Fields of numbers and codes, which are shown as they are."""


def start_check(draft: Draft) -> None:
    """Check the whole file in the background.

    Raises
    ------
    MissingError
        If its file is gone.
    ChoiceError
        If a choice is missing that can be named now.
    LimitError
        If checks of this person wait already.
    """
    _require_there(draft)
    _require_choices(draft)
    store, now, seat = session.store(), session.now(), session.seat()
    draft.preview = None
    run = _checker(draft, store, {"seat": seat, "now": now})
    draft.work = Work(run, can_stop=draft.kind == "cases", turns=checks, person=session.person())


def _require_there(draft: Draft) -> None:
    """Pass a draft whose files are there; a program that tidies temporary files may have taken them."""
    if not all(path.is_file() for path in draft.paths):
        raise MissingError("upload_gone", file=draft.names[0])


def _require_choices(draft: Draft) -> None:
    if draft.is_encoding_open:
        raise ChoiceError("encoding_not_chosen", file=draft.names[0])
    has_place = {"lon", "lat"} <= draft.choices.columns.keys()
    if isinstance(draft.file, RawTable) and has_place and not draft.choices.coord_sys:
        raise ChoiceError("coord_sys_not_named", file=draft.names[0])


def _checker(draft: Draft, store: Any, who: Mapping[str, Any]) -> Callable[[Any], Preview]:  # noqa: ANN401
    """Return what checks the file; everything is bound now, so later choices do not reach in."""
    file, kind, made = as_chosen(draft), draft.kind, _make_choices(draft)
    if kind == "cases":
        distance = draft.choices.max_distance_m
        return lambda progress: preview_cases(
            store,
            file,
            made,
            max_distance_m=distance,
            progress=progress,
            **who,  # type: ignore[arg-type]
        )
    if kind == "facilities":
        return lambda _: preview_facilities(store, file, made, **who)  # type: ignore[arg-type]
    if kind == "boundaries":
        return lambda _: preview_boundaries(store, file, made, **who)  # type: ignore[arg-type]
    if kind == "population":
        return lambda _: preview_population(store, file, made, **who)
    return lambda _: preview_places(file, made, **who)  # type: ignore[arg-type]


def as_chosen(draft: Draft) -> RawTable | RawLayer:
    """Return the file; a layer whose axes are to be exchanged with them exchanged."""
    is_swapped = isinstance(draft.file, RawLayer) and draft.choices.swap_lonlat
    return swap_layer(draft.file) if is_swapped else draft.file


def _make_choices(draft: Draft) -> Any:  # noqa: ANN401
    chosen, columns = (
        draft.choices,
        {name: header for name, header in draft.choices.columns.items() if header},
    )
    if draft.kind == "cases":
        if chosen.keep_reporters:
            columns |= suggest_reporters(draft.file.columns)
        return CaseChoices(
            columns=columns,
            source=chosen.source,
            as_of=session.now(),
            coord_sys=chosen.coord_sys,
            time_zone=chosen.time_zone,
            date_order=chosen.date_order,
            excel_system=chosen.excel_system,
            status_words=dict(chosen.status_words),
            keep_reporters=chosen.keep_reporters,
            swap_lonlat=chosen.swap_lonlat,
        )
    if draft.kind == "facilities":
        return FacilityChoices(
            columns=columns,
            source=chosen.source,
            coord_sys=chosen.coord_sys,
            kind=chosen.fixed_kind,
            kind_words=dict(chosen.kind_words),
            date_order=chosen.date_order,
            swap_lonlat=chosen.swap_lonlat,
        )
    if draft.kind == "boundaries":
        return _boundary_choices(draft, columns)
    if draft.kind == "population":
        return PopulationChoices(
            columns=columns, source=chosen.source, coord_sys=chosen.coord_sys, as_of_on=chosen.as_of_on
        )
    return place_choices(draft.kind, columns, chosen.coord_sys)


def _boundary_choices(draft: Draft, columns: Mapping[str, str]) -> BoundaryChoices:
    if "area_id" not in columns:
        headers = ", ".join(draft.file.columns[:12])
        raise ChoiceError("column_not_recognised", field="area_id", headers=headers)
    if not draft.choices.area_level:
        raise ChoiceError("level_not_chosen", file=draft.names[0])
    return BoundaryChoices(
        area_level=draft.choices.area_level,
        id_column=columns["area_id"],
        name_column=columns.get("name"),
        parent_column=columns.get("parent_id"),
        kind_column=columns.get("kind"),
        residents_column=columns.get("residents"),
        households_column=columns.get("households"),
        coord_sys=draft.choices.coord_sys,
        scope_id=draft.choices.scope_id,
        valid_from=draft.choices.valid_from,
        is_draft=draft.choices.is_draft,
    )


def start_store(draft: Draft) -> None:
    """Store what the preview showed, in the background."""
    preview, store, now, seat = draft.preview, session.store(), session.now(), session.seat()
    if preview is not None:
        draft.storing = Work(lambda _: store_preview(store, preview, seat=seat, now=now), can_stop=False)
