"""Open files that were brought and suggest what their columns are (选文件, 认字段).

Layers, workbooks and GeoJSON are read in a process of their own with limits (`geo.worker`); delimited
text, alone or in an archive, is read here: see `docs/decisions/0005-reading-apart.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from geo.errors import FileError, GeoError
from geo.intake.buildings import BuildingChoices, LandChoices, StreetChoices
from geo.intake.columns import suggest_columns
from geo.intake.layers import RawLayer
from geo.intake.limits import limits_of
from geo.intake.place_columns import PlaceTable, suggest_place_columns
from geo.intake.tables import RawTable, is_delimited_text, read_table
from geo.settings import Settings
from geo.worker.keepers import KEEPERS
from geo.worker.limits import worker_limits_of
from geo.worker.reading import Sources, read_layer_apart, read_table_apart
from geo.worker.turns import Look

FileKind = Literal["boundaries", "cases", "facilities", "population", "buildings", "land", "streets"]
FILE_KINDS: tuple[FileKind, ...] = (
    "boundaries", "cases", "facilities", "population", "buildings", "land", "streets",
)  # fmt: skip
"""What can be brought in, in the order a newcomer would."""

_TEXT_ENDINGS = (".csv", ".txt", ".tsv")
_TABLE_ENDINGS = (*_TEXT_ENDINGS, ".xlsx")


def get_ready_to_read(files: Sequence[Path] = ()) -> None:
    """Start the process that reads files, so that the first one waits less; returns at once.

    Nothing is started where all files that will come are lists of text by their names.
    """
    if not files or any(file.suffix.lower() not in _TEXT_ENDINGS for file in files):
        KEEPERS.warm()


def read_table_file(
    file: Path | bytes,
    *,
    settings: Settings,
    file_name: str = "",
    encoding: str | None = None,
    sheet: str | None = None,
    look: Look | None = None,
) -> RawTable:
    """Read a list of cases or facilities.

    Parameters
    ----------
    file
        A path, or the bytes of a file.
    file_name
        Name the user knows it by; that of the path when empty.
    look
        Told, several times a second, how many other files must be read first; 0 while this one is read.
        May raise CancelledError to stop.

    Raises
    ------
    FileError
        If there is no such file, or it is none of the formats.
    LimitError
        If it is too large, or takes too much memory or time.
    WorkerError
        If the process that reads it breaks off.
    """
    name, limits = _require_there(file, file_name), limits_of(settings)
    if is_delimited_text(file, file_name=name, limits=limits):
        return read_table(file, file_name=name, limits=limits, encoding=encoding, sheet=sheet)
    return read_table_apart(
        Sources([file], [name]),
        limits=limits,
        worker=worker_limits_of(settings),
        choices={"encoding": encoding, "sheet": sheet},
        look=look,
    )


def read_layer_files(
    files: Sequence[Path | bytes],
    *,
    settings: Settings,
    file_names: Sequence[str] = (),
    encoding: str | None = None,
    layer: str | None = None,
    look: Look | None = None,
) -> RawLayer:
    """Read one layer of polygons, lines or points from one file or several.

    Parameters
    ----------
    files, file_names
        Paths or bytes, and the names the user knows them by.
    encoding, layer
        As chosen, where the file leaves a choice.
    look
        As `read_table_file`.

    Raises
    ------
    FileError
        If a file is not there, or is none of the formats.
    LimitError
        If it is too large, or takes too much memory or time.
    WorkerError
        If the process that reads it breaks off.
    """
    names = [
        _require_there(file, file_names[number] if file_names else "") for number, file in enumerate(files)
    ]
    return read_layer_apart(
        Sources(list(files), names),
        limits=limits_of(settings),
        worker=worker_limits_of(settings),
        choices={"encoding": encoding, "layer": layer},
        look=look,
    )


def layers_to_choose(question: GeoError) -> tuple[str, ...]:
    """Return the layers of a file that `read_layer_files` asked to choose from; none for other questions.

    Examples
    --------
    >>> from geo.errors import ChoiceError
    >>> layers_to_choose(ChoiceError("layer_not_named", file="x", layers="a, b", choices=["a", "b"]))
    ('a', 'b')
    """
    filled = dict(question.values)
    named = filled.get("choices", ())
    return tuple(str(name) for name in named) if isinstance(named, list | tuple) else ()


def read_population_file(
    files: Sequence[Path | bytes],
    *,
    settings: Settings,
    file_names: Sequence[str] = (),
    encoding: str | None = None,
    sheet: str | None = None,
    layer: str | None = None,
    look: Look | None = None,
) -> RawTable | RawLayer:
    """Read population figures: a table, or a layer of points or polygons."""
    name = _require_there(files[0], file_names[0] if file_names else "")
    if is_table_name(name):
        return read_table_file(
            files[0], settings=settings, file_name=name, encoding=encoding, sheet=sheet, look=look
        )
    return read_layer_files(
        files, settings=settings, file_names=file_names, encoding=encoding, layer=layer, look=look
    )


def is_table_name(name: str) -> bool:
    """Tell whether a file is a table by its name.

    Examples
    --------
    >>> is_table_name("people.CSV"), is_table_name("people.geojson")
    (True, False)
    """
    return Path(name).suffix.lower() in _TABLE_ENDINGS


def suggest_for(kind: FileKind, columns: Sequence[str]) -> dict[str, str]:
    """Suggest which column holds which field of the table that a kind of file fills."""
    if kind in ("cases", "facilities"):
        return dict(suggest_columns(columns, table=kind))
    table: PlaceTable = {"boundaries": "areas", "land": "residential_land"}.get(kind, kind)  # type: ignore[assignment]
    return dict(suggest_place_columns(columns, table=table))


def place_choices(
    kind: Literal["buildings", "land", "streets"], columns: Mapping[str, str], coord_sys: str | None
) -> BuildingChoices | LandChoices | StreetChoices:
    """Make the choices of a file of buildings, land or streets out of its columns."""
    if kind == "buildings":
        return BuildingChoices(columns=columns, coord_sys=coord_sys)
    if kind == "land":
        return LandChoices(
            id_column=columns.get("land_id"), source=columns.get("source"), coord_sys=coord_sys
        )
    return StreetChoices(
        name_column=columns.get("name"), kind_column=columns.get("kind"), coord_sys=coord_sys
    )


def _require_there(file: Path | bytes, file_name: str) -> str:
    if isinstance(file, Path) and file.is_dir():
        raise FileError("file_is_folder", file=file.resolve().name)
    if isinstance(file, Path) and not file.is_file():
        raise FileError("file_not_there", file=file.name)
    if file_name:
        return file_name
    return file.name if isinstance(file, Path) else "file"
