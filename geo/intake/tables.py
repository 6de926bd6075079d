"""Read a table of text out of CSV, Excel or GeoJSON, every row with its number (表格读取).

Nothing is interpreted here: a code keeps its zeros, a date stays as it was typed. A file is read once
to the end, so that its size, its encoding and its broken rows are known before anything is decided;
its rows are then handed out in chunks, as often as they are asked for. Row numbers are those a person
sees: lines of a CSV, rows of a sheet, features of a GeoJSON counted from 1.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.errors import ChoiceError, EmptyError, FileError, LimitError
from geo.intake.archives import list_members, open_single_member
from geo.intake.checked import Note, join_problems, problems
from geo.intake.encodings import (
    DetectedEncoding,
    EncodingCandidate,
    detect_encoding,
    require_decodable,
    require_encoding,
)
from geo.intake.features import GEOMETRY_COLUMN
from geo.intake.geojson import read_geojson
from geo.intake.limits import Limits, limits_of
from geo.intake.records import DELIMITERS, Record, find_delimiter, iterate_records
from geo.intake.sniffing import TableFormat, clean_file_name, find_format, measure_file, open_source
from geo.intake.workbooks import read_sheet

__all__ = ["CHUNK_ROWS", "EncodingCandidate", "Limits", "RawTable", "limits_of", "read_table"]

CHUNK_ROWS = 50_000
_BLOCK_ROWS = 2_000
_TEXT_ENDINGS = (".csv", ".txt", ".tsv")
_MEMBER_ENDINGS = (*_TEXT_ENDINGS, ".xlsx", ".geojson", ".json")
_MOST_TITLE_ROWS = 10
_HEAD_CHARACTERS = 1 << 16
_NO_GEOMETRY = -1
_WITHOUT_PLACE = ("geometry_missing", "geometry_empty")
"""Problems of a geometry that leave the row usable: it has no place."""

_Reader = Callable[[], Generator[Record, None, None]]
"""Starts at the first record; whoever stops before the last must close it, for a file is open in it."""


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file: text, with row numbers. Read by `read_table`."""

    file_name: str
    sha256: str
    """Of the file as it was given, an archive included."""
    format: TableFormat
    encoding: str | None
    """None for a workbook."""
    encoding_candidates: tuple[EncodingCandidate, ...]
    """Encodings that fit, best first, each with its view of the first lines."""
    is_encoding_sure: bool
    """False: show the candidates and let somebody choose."""
    sheet: str | None
    sheets: tuple[str, ...]
    delimiter: str | None
    columns: tuple[str, ...]
    header_row: int
    n_rows: int
    """Rows below the header that have any content, broken ones included."""
    bad_rows: pd.DataFrame
    """Rows that cannot be read, `PROBLEM_COLUMNS`."""
    notes: tuple[Note, ...]
    declared_crs: str | None
    """What a GeoJSON says its coordinate system is; WGS84 where it says nothing."""
    read_records: _Reader = field(repr=False, compare=False)
    """Reads the rows below the header again."""

    def chunks(
        self, size: int = CHUNK_ROWS, *, columns: Sequence[str] | None = None
    ) -> Generator[pd.DataFrame, None, None]:
        """Yield the readable rows as text, so many at a time.

        Parameters
        ----------
        size
            Most rows of a chunk.
        columns
            Columns to read, all where missing.

        Yields
        ------
        pandas.DataFrame
            Text columns, empty text where a cell is empty; index `row` = row number of the file.
        """
        chosen = list(self.columns if columns is None else columns)
        places = [self.columns.index(column) for column in chosen]
        width = len(self.columns)
        with closing(self.read_records()) as records:
            good = (record for record in records if not _find_fault(record, width, self.format)[0])
            while blocks := list(_take_blocks(good, size, places, width)):
                yield _as_frame(blocks, chosen)

    def head(self, n: int = 20) -> pd.DataFrame:
        """Return the first readable rows."""
        with closing(self.chunks(n)) as chunks:
            first = next(chunks, None)
        return _as_frame([], list(self.columns)) if first is None else first


@dataclass(frozen=True)
class _Block:
    """A few rows by columns; small, since Python looks through all live lists again and again."""

    rows: list[int]
    cells: list[pa.LargeStringArray]


def _take_blocks(records: Iterator[Record], n: int, places: list[int], width: int) -> Iterator[_Block]:
    """Take up to `n` records, block by block."""
    while n > 0 and (block := list(islice(records, min(n, _BLOCK_ROWS)))):
        yield _as_block(block, places, width)
        n -= len(block)


def _as_block(records: list[Record], places: list[int], width: int) -> _Block:
    rows = [
        record.cells if len(record.cells) >= width else _padded(record.cells, width) for record in records
    ]
    cells = list(zip(*rows, strict=False))
    arrays = [pa.array(cells[place], type=pa.large_string()) for place in places]
    return _Block([record.row for record in records], arrays)


def _as_frame(blocks: list[_Block], columns: list[str]) -> pd.DataFrame:
    empty = pa.array([], type=pa.large_string())
    texts = {
        name: pd.array(
            pa.concat_arrays([block.cells[place] for block in blocks]) if blocks else empty, dtype="str"
        )
        for place, name in enumerate(columns)
    }
    rows = [row for block in blocks for row in block.rows]
    return pd.DataFrame(texts, index=pd.Index(rows, dtype="int64", name="row"))


def _padded(cells: list[str], width: int) -> list[str]:
    return cells + [""] * (width - len(cells))


def read_table(
    source: Path | bytes,
    *,
    file_name: str,
    limits: Limits,
    encoding: str | None = None,
    sheet: str | None = None,
    delimiter: str | None = None,
) -> RawTable:
    """Read a table file to its end and describe it.

    Parameters
    ----------
    source
        The file, or its bytes. A zip with one table inside is opened.
    file_name
        Name to show; its ending must agree with the content.
    limits
        Largest file taken.
    encoding, sheet, delimiter
        What somebody chose; found out where missing.

    Returns
    -------
    RawTable
        Its description; rows are read again on demand.

    Raises
    ------
    FileError
        If the content is no table, is damaged, or decodes under no one encoding.
    EmptyError
        If there is no byte, no row, or nothing but a header.
    LimitError
        If the file passes a limit.
    ChoiceError, MissingError
        If the encoding, delimiter or sheet that was chosen does not exist.
    """
    file_name = clean_file_name(file_name)
    sha256 = measure_file(source, file_name=file_name, limits=limits)
    found = find_format(source, file_name=file_name)
    if found == "zip":
        content, member = open_single_member(
            source, limits=limits, endings=_MEMBER_ENDINGS, file_name=file_name
        )
        source, inner_name = content, clean_file_name(member)
        if not content:
            raise EmptyError("file_empty", file=file_name)
        if (found := find_format(source, file_name=inner_name)) == "zip":
            raise FileError("file_is_packed", file=inner_name)
    if found == "xlsx":
        part = _open_workbook(source, file_name, limits, sheet)
    elif found == "geojson":
        part = _open_geojson(source, file_name, limits, encoding)
    else:
        part = _open_text(source, file_name, limits, encoding, delimiter)
    return _describe(part, file_name, sha256, found, limits)


def is_delimited_text(source: Path | bytes, *, file_name: str, limits: Limits) -> bool:
    """Tell whether a file is delimited text, alone or in an archive, as far as its head and list say.

    True as well for what is refused at first sight, so that `read_table` says why.
    """
    file_name = clean_file_name(file_name)
    try:
        found = find_format(source, file_name=file_name)
        if found != "zip":
            return found == "csv"
        members = [name.lower() for name in list_members(source, file_name=file_name, limits=limits)]
    except FileError:
        return True
    fitting = [name for name in members if name.endswith(_MEMBER_ENDINGS)]
    return all(name.endswith(_TEXT_ENDINGS) for name in fitting)


@dataclass(frozen=True)
class _Opened:
    """A file that can be read as records, the header among them."""

    read: _Reader
    detected: DetectedEncoding | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    delimiter: str | None = None
    notes: tuple[Note, ...] = ()
    bad_rows: pd.DataFrame | None = None
    declared_crs: str | None = None
    has_title: bool = True
    """A title may stand above the header."""


def _open_workbook(source: Path | bytes, file_name: str, limits: Limits, sheet: str | None) -> _Opened:
    read = read_sheet(source, file_name=file_name, limits=limits, sheet=sheet)
    return _Opened(
        lambda: (record for record in read.records), sheet=read.name, sheets=read.names, notes=read.notes
    )


def _open_text(
    source: Path | bytes, file_name: str, limits: Limits, encoding: str | None, delimiter: str | None
) -> _Opened:
    detected = _find_encoding(source, file_name, encoding)
    if delimiter is not None and delimiter not in DELIMITERS:
        raise ChoiceError("delimiter_unknown", delimiter=delimiter)
    if delimiter is None:
        with _open_lines(source, detected.encoding) as lines:
            delimiter = find_delimiter(lines.read(_HEAD_CHARACTERS))
    chosen: str = delimiter

    def read() -> Generator[Record, None, None]:
        with _open_lines(source, detected.encoding) as lines:
            try:
                yield from iterate_records(
                    lines.readline, delimiter=chosen, file_name=file_name, max_cell_kb=limits.max_cell_kb
                )
            except UnicodeDecodeError as error:  # only if the file has changed since it was looked at
                raise FileError("file_damaged", file=file_name) from error

    notes = _tell_encoding(detected) if encoding is None else ()
    return _Opened(read, detected, delimiter=delimiter, notes=notes)


def _open_lines(source: Path | bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(open_source(source), encoding=encoding, newline="")


def _find_encoding(source: Path | bytes, file_name: str, encoding: str | None) -> DetectedEncoding:
    with open_source(source) as stream:
        if encoding is None:
            return detect_encoding(stream, file_name=file_name)
        chosen = require_encoding(encoding)
        require_decodable(stream, chosen, file_name=file_name)
    return DetectedEncoding(chosen, True, (), ())


def _tell_encoding(detected: DetectedEncoding) -> tuple[Note, ...]:
    """Say why an encoding was taken, where there was more than one or the choice was not a fact."""
    if detected.scores == (1.0,):
        return ()
    ranked = ", ".join(
        f"{candidate.encoding} {score:+.2f}"
        for candidate, score in zip(detected.candidates, detected.scores, strict=True)
    )
    code = "encoding_ranked" if detected.is_sure else "encoding_unsure"
    return (Note(code, "note" if detected.is_sure else "warns", {"ranked": ranked}),)


def _open_geojson(source: Path | bytes, file_name: str, limits: Limits, encoding: str | None) -> _Opened:
    detected = _find_encoding(source, file_name, encoding)
    with open_source(source) as stream:
        text = stream.read().decode(detected.encoding).removeprefix("\ufeff")
    features = read_geojson(
        text, file_name=file_name, max_features=limits.max_features, max_vertices=limits.max_vertices
    )
    kinds = shapely.get_type_id(features.geometry)
    is_polygon = kinds == shapely.GeometryType.MULTIPOLYGON
    is_line = (kinds != _NO_GEOMETRY) & (kinds != shapely.GeometryType.POINT) & ~is_polygon
    lines = (np.flatnonzero(is_line) + 1).tolist()
    unplaced = features.problems["code"].isin(_WITHOUT_PLACE)
    bad_rows = join_problems(
        [features.problems[~unplaced], problems(lines, "geometry", "geometry_not_point", [""] * len(lines))]
    )
    place = _place_columns(features.geometry, is_polygon)
    attributes = features.attributes.fillna("")
    cells = [*place.values(), *(attributes[name].tolist() for name in attributes.columns)]
    records = [Record(0, [*place, *attributes.columns])]
    refused = set(bad_rows["row"])
    for row, row_cells in enumerate(zip(*cells, strict=True), start=1):
        if row not in refused:
            records.append(Record(row, list(row_cells)))
    return _Opened(
        lambda: (record for record in records),
        detected,
        bad_rows=bad_rows,
        declared_crs=features.crs_text,
        has_title=False,
    )


def _place_columns(geometry: NDArray[np.object_], is_polygon: NDArray[np.bool_]) -> dict[str, list[str]]:
    """Return `lon`, `lat` of points, and of a point inside each polygon; `geometry` where there are any."""
    inside = np.where(is_polygon, shapely.point_on_surface(geometry), geometry)
    columns = {
        name: ["" if np.isnan(number) else repr(number) for number in get(inside).tolist()]
        for name, get in (("lon", shapely.get_x), ("lat", shapely.get_y))
    }
    if is_polygon.any():
        columns[GEOMETRY_COLUMN] = [
            shapely.to_wkb(shape, hex=True) if outlined else ""
            for shape, outlined in zip(geometry, is_polygon, strict=True)
        ]
    return columns


def _describe(part: _Opened, file_name: str, sha256: str, found: TableFormat, limits: Limits) -> RawTable:
    header, notes = _find_header(part, file_name)
    columns, n_doubled = _name_columns(header.cells)
    if len(columns) > limits.max_columns:
        raise LimitError("table_too_wide", file=file_name, limit=limits.max_columns, n=len(columns))
    if n_doubled:
        notes += (Note("header_named_twice", "warns", {"n": n_doubled}),)

    def read_rows() -> Generator[Record, None, None]:
        with closing(part.read()) as records:
            yield from (record for record in records if record.row > header.row)

    with closing(read_rows()) as rows:
        n_rows, bad_rows = _count_rows(rows, len(columns), found=found, file_name=file_name, limits=limits)
    if part.bad_rows is not None:
        n_rows += int(part.bad_rows["row"].nunique())
        bad_rows = join_problems([bad_rows, part.bad_rows])
    if n_rows == 0:
        raise EmptyError("table_has_no_rows", file=file_name)
    detected = part.detected
    return RawTable(
        file_name=file_name,
        sha256=sha256,
        format=found,
        encoding=detected.encoding if detected else None,
        encoding_candidates=detected.candidates if detected else (),
        is_encoding_sure=detected.is_sure if detected else True,
        sheet=part.sheet,
        sheets=part.sheets,
        delimiter=part.delimiter,
        columns=columns,
        header_row=header.row,
        n_rows=n_rows,
        bad_rows=bad_rows,
        notes=notes,
        declared_crs=part.declared_crs,
        read_records=read_rows,
    )


def _find_header(part: _Opened, file_name: str) -> tuple[Record, tuple[Note, ...]]:
    """Return the header: the first row, or the first of several cells where a lone title stands above."""
    with closing(part.read()) as records:
        first = list(islice(records, _MOST_TITLE_ROWS if part.has_title else 1))
    if not first:
        raise EmptyError("file_empty", file=file_name)
    at = 0
    if _n_filled(first[0]) == 1:
        at = next((place for place, record in enumerate(first) if _n_filled(record) > 1), 0)
    header = first[at]
    if header.code:
        raise FileError("header_unreadable", file=file_name, row=header.row)
    if at:
        return header, (*part.notes, Note("title_rows_skipped", "note", {"n": at, "row": header.row}))
    return header, part.notes


def _n_filled(record: Record) -> int:
    return sum(1 for cell in record.cells if cell.strip())


def _name_columns(cells: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """Return one name per column, none empty and none twice, and how many had to be told apart."""
    names: list[str] = []
    n_doubled = 0
    for number, cell in enumerate(_trimmed(cells), start=1):
        plain = " ".join(cell.replace("\ufeff", "").split()) or f"column_{number}"
        name, again = plain, 2
        while name in names:
            name, again = f"{plain} ({again})", again + 1
        n_doubled += name != plain
        names.append(name)
    return tuple(names), n_doubled


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Leave out empty cells at the end, which a delimiter at the end of each line makes."""
    kept = list(cells)
    while len(kept) > 1 and not kept[-1].strip():
        kept.pop()
    return kept


def _count_rows(
    records: Iterable[Record], width: int, *, found: TableFormat, file_name: str, limits: Limits
) -> tuple[int, pd.DataFrame]:
    n = 0
    faults: dict[str, list[tuple[int, str]]] = {}
    for record in records:
        n += 1
        if n > limits.max_rows:
            raise LimitError("table_too_long", file=file_name, limit=limits.max_rows)
        code, value = _find_fault(record, width, found)
        if code:
            faults.setdefault(code, []).append((record.row, value))
    tables = [
        problems([row for row, _ in hits], "", code, [value for _, value in hits])
        for code, hits in faults.items()
    ]
    return n, join_problems(tables)


def _find_fault(record: Record, width: int, found: TableFormat) -> tuple[str, str]:
    """Return the code and value of what makes a row unreadable; empty texts where it is readable."""
    if record.code:
        return record.code, record.value
    n = len(record.cells)
    is_short = n < width and found == "csv"  # a sheet ends a row at its last filled cell
    if not is_short and not any(record.cells[width:]):
        return "", ""
    return "row_ragged", f"{n} ≠ {width}"
