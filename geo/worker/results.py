"""How what a reader found comes back: facts as JSON, columns as Arrow files, never as objects (读取结果).

A reader may have been taken over by the file it read. Its result is therefore judged like a file of a
stranger: opened without following links, no larger than allowed, every column of the type it must have,
every offset inside its buffer, every geometry built anew from WKB. Columns are named by their number in
the Arrow files; their names stand among the facts.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.ipc
import shapely

from geo.intake.checked import PROBLEM_COLUMNS, Note
from geo.intake.encodings import EncodingCandidate
from geo.intake.features import GEOMETRY_COLUMN
from geo.intake.layers import LayerPart, RawLayer
from geo.intake.records import Record
from geo.intake.tables import RawTable
from geo.messages import MESSAGES, say

ANSWER: Final = "answer.json"
ROWS: Final = "rows.arrow"
PROBLEMS: Final = "problems.arrow"

_BLOCK_ROWS = 2_000
_FLAGS = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC")
)
_PROBLEMS = pa.schema(
    [("row", pa.int64()), *((name, pa.large_string()) for name in PROBLEM_COLUMNS if name != "row")]
)
_RECORDS = pa.schema(
    [
        ("row", pa.int64()),
        ("cells", pa.list_(pa.large_string())),
        ("code", pa.large_string()),
        ("value", pa.large_string()),
    ]
)


class ForgedError(Exception):
    """A result is not what a reader of ours writes."""


# --- in the reader ---


def as_plain(value: Any) -> Any:  # noqa: ANN401 - what messages and notes are filled with
    """Return a value as JSON holds it.

    Examples
    --------
    >>> as_plain({"n": np.int64(3), "words": ("a", None)})
    {'n': 3, 'words': ['a', None]}
    """
    if isinstance(value, Mapping):
        return {str(name): as_plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [as_plain(part) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def pack_layer(layer: RawLayer, folder: Path) -> dict[str, Any]:
    """Write the columns of a layer into a folder; return its facts."""
    names = list(layer.columns)
    columns = [pa.array(layer.table[name], type=pa.large_string(), from_pandas=True) for name in names]
    geometry = shapely.to_wkb(layer.table[GEOMETRY_COLUMN].to_numpy(dtype=object))
    columns.append(pa.array(geometry, type=pa.large_binary()))
    rows = pa.Table.from_arrays(columns, schema=_layer_schema(len(names)))
    write_columns(folder / ROWS, rows.schema, rows.to_batches())
    _write_problems(folder, layer.problems)
    plain = ("file_name", "sha256", "format", "encoding", "is_encoding_sure", "declared_crs", "crs_basis",
             "coord_sys", "n_heights", "layer")  # fmt: skip
    return {
        **{name: as_plain(getattr(layer, name)) for name in plain},
        "columns": names,
        "layers": list(layer.layers),
        "notes": [[note.code, note.severity, as_plain(note.values)] for note in layer.notes],
        "encoding_candidates": [list(candidate) for candidate in layer.encoding_candidates],
        "parts": [[part.file_name, part.first_row, part.n_features] for part in layer.parts],
    }


def pack_table(table: RawTable, folder: Path) -> dict[str, Any]:
    """Write the records of a table into a folder; return its facts."""
    records = table.read_records()
    try:
        write_columns(folder / ROWS, _RECORDS, _batches(records))
    finally:
        records.close()
    _write_problems(folder, table.bad_rows)
    plain = ("file_name", "sha256", "format", "encoding", "is_encoding_sure", "sheet", "sheets", "delimiter",
             "columns", "header_row", "n_rows", "declared_crs")  # fmt: skip
    return {
        **{name: as_plain(getattr(table, name)) for name in plain},
        "encoding_candidates": [list(candidate) for candidate in table.encoding_candidates],
        "notes": [[note.code, note.severity, as_plain(note.values)] for note in table.notes],
    }


def _layer_schema(n_columns: int) -> pa.Schema:
    texts = [(str(number), pa.large_string()) for number in range(n_columns)]
    return pa.schema([*texts, (GEOMETRY_COLUMN, pa.large_binary())])


def _batches(records: Iterator[Record]) -> Iterator[pa.RecordBatch]:
    while block := list(islice(records, _BLOCK_ROWS)):
        columns = [list(column) for column in zip(*block, strict=True)]
        arrays = [pa.array(c, type=field.type) for c, field in zip(columns, _RECORDS, strict=True)]
        yield pa.record_batch(arrays, schema=_RECORDS)


def _write_problems(folder: Path, problems: pd.DataFrame) -> None:
    columns = [pa.array(problems[f.name], type=f.type, from_pandas=True) for f in _PROBLEMS]
    table = pa.Table.from_arrays(columns, schema=_PROBLEMS)
    write_columns(folder / PROBLEMS, _PROBLEMS, table.to_batches())


def write_columns(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write one Arrow file."""
    with path.open("wb") as file, pa.ipc.new_file(file, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


# --- in the program ---


def read_answer(folder: Path, *, most_bytes: int) -> dict[str, Any]:
    """Return the facts a reader left; an empty dictionary where it left none.

    Raises
    ------
    ForgedError
        If they are not what a reader writes.
    """
    if not (folder / ANSWER).exists():
        return {}
    try:
        found = json.loads(_take(folder / ANSWER, most_bytes))
    except (ValueError, RecursionError) as error:
        raise ForgedError(ANSWER) from error
    if not isinstance(found, dict):
        raise ForgedError(ANSWER)
    return found


def unpack_layer(facts: Mapping[str, Any], folder: Path, *, most_bytes: int) -> RawLayer:
    """Return the layer a reader left.

    Raises
    ------
    ForgedError
        If it is not what a reader writes.
    """
    try:
        names = [str(name) for name in facts["columns"]]
        rows = read_columns(folder / ROWS, _layer_schema(len(names)), most_bytes)
        index = pd.RangeIndex(1, rows.num_rows + 1, name="row")
        texts = {
            name: pd.Series(pd.array(rows.column(at), dtype="str"), index=index)
            for at, name in enumerate(names)
        }
        shapes = shapely.from_wkb(rows.column(len(names)).to_numpy())
        table = gpd.GeoDataFrame(pd.DataFrame(texts, index=index), geometry=shapes, crs=None)
        given = _plain_facts(facts, without=("columns", "layers", "notes", "parts", "encoding_candidates"))
        return RawLayer(
            **given,
            table=table,
            problems=_read_problems(folder, most_bytes),
            layers=tuple(str(name) for name in facts["layers"]),
            notes=tuple(as_note(*note) for note in facts["notes"]),
            encoding_candidates=tuple(EncodingCandidate(*pair) for pair in facts["encoding_candidates"]),
            parts=tuple(LayerPart(str(name), int(row), int(n)) for name, row, n in facts["parts"]),
        )
    except (KeyError, TypeError, ValueError, pa.ArrowException, shapely.errors.ShapelyError) as error:
        raise ForgedError(ROWS) from error


def unpack_table(facts: Mapping[str, Any], folder: Path, *, most_bytes: int) -> RawTable:
    """Return the table a reader left; its records stay in Arrow and are handed out block by block.

    Raises
    ------
    ForgedError
        If it is not what a reader writes.
    """
    try:
        rows = read_columns(folder / ROWS, _RECORDS, most_bytes)
        if any(rows.column(at).null_count for at in range(len(_RECORDS))):
            raise ForgedError(ROWS)
        batches = rows.to_batches()
        given = _plain_facts(facts, without=("columns", "sheets", "notes", "encoding_candidates"))
        return RawTable(
            **given,
            columns=tuple(str(name) for name in facts["columns"]),
            sheets=tuple(str(name) for name in facts["sheets"]),
            encoding_candidates=tuple(EncodingCandidate(*pair) for pair in facts["encoding_candidates"]),
            notes=tuple(as_note(*note) for note in facts["notes"]),
            bad_rows=_read_problems(folder, most_bytes),
            read_records=lambda: _records(batches),
        )
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise ForgedError(ROWS) from error


def _plain_facts(facts: Mapping[str, Any], *, without: tuple[str, ...]) -> dict[str, Any]:
    """Return the facts that are one word, number or nothing each."""
    given = {name: value for name, value in facts.items() if name not in without}
    if not all(isinstance(value, str | int | None) for value in given.values()):
        raise ForgedError(ANSWER)
    return given


def as_note(code: str, severity: str, values: Mapping[str, object]) -> Note:
    """Return a note as a reader tells it; ForgedError where it is none of ours."""
    if severity not in ("blocks", "warns", "note"):
        raise ForgedError(ANSWER)
    say(code, "en", **values)  # a note that cannot be said is not ours
    return Note(code, severity, values)  # type: ignore[arg-type]


def _records(batches: Sequence[pa.RecordBatch]) -> Generator[Record, None, None]:
    for batch in batches:
        row, cells, code, value = batch.columns
        texts = cells.flatten().to_numpy(zero_copy_only=False).tolist()
        ends = np.cumsum(cells.value_lengths().to_numpy()).tolist()
        starts = [0, *ends[:-1]]
        for number, start, end, c, v in zip(
            row.to_pylist(), starts, ends, code.to_pylist(), value.to_pylist(), strict=True
        ):
            yield Record(number, texts[start:end], c, v)


def _read_problems(folder: Path, most_bytes: int) -> pd.DataFrame:
    path = folder / PROBLEMS
    found = read_columns(path, _PROBLEMS, most_bytes)
    rows = {"row": pd.Series(found.column(0).to_numpy(), dtype="int64")}
    texts = {name: pd.Series(pd.array(found.column(name), dtype="str")) for name in PROBLEM_COLUMNS[1:]}
    if not set(texts["code"]) <= MESSAGES.keys():
        raise ForgedError(path.name)
    return pd.DataFrame({**rows, **texts})


def read_columns(path: Path, schema: pa.Schema, most_bytes: int) -> pa.Table:
    """Read one Arrow file of a schema, every offset checked.

    Raises
    ------
    ForgedError
        If it is not of that schema, no plain file or too large.
    """
    with pa.ipc.open_file(pa.BufferReader(_take(path, most_bytes))) as reader:
        if reader.schema != schema:
            raise ForgedError(path.name)
        table = reader.read_all()
    table.validate(full=True)
    return table


def _take(path: Path, most_bytes: int) -> bytes:
    """Return the content of a plain file that is no link, no pipe and not too large."""
    try:
        number = os.open(path, _FLAGS)
    except OSError as error:
        raise ForgedError(path.name) from error
    facts = os.fstat(number)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > most_bytes:
        os.close(number)
        raise ForgedError(path.name)
    with os.fdopen(number, "rb") as file:
        return file.read(most_bytes + 1)
