"""Rows between Arrow and PostgreSQL, in PostgreSQL's binary form (二进制行).

In: the stream that `COPY … FROM STDIN (FORMAT BINARY)` takes, made for many rows at once. A row is
the number of its fields (two bytes), then for every field its length (four bytes, -1 when missing)
and its bytes, big end first (PostgreSQL documentation, "COPY", Binary Format).
Out: values that psycopg read in binary form become Arrow columns of the types DuckDB hands out, so
that nobody above can tell the databases apart. Moments and days are counted from 2000 there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.store.postgis_bytes import Bytes, Numbers, find_fields, put_field, take_field

CHUNK_ROWS = 20_000
"""Rows that are encoded at a time."""

Buffer = bytes | bytearray | memoryview
"""What psycopg hands out."""

EPOCH_US = 946_684_800_000_000
"""2000-01-01 in microseconds since 1970."""
EPOCH_DAYS = 10_957
"""2000-01-01 in days since 1970."""

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"

BOOL, BYTEA, INT8, INT2, INT4, TEXT, OID, JSON, FLOAT4, FLOAT8 = 16, 17, 20, 21, 23, 25, 26, 114, 700, 701
UNKNOWN, VARCHAR, DATE, TIMESTAMPTZ, NUMERIC, INT8_LIST, NAME = 705, 1043, 1082, 1184, 1700, 1016, 19
"""Object ids of PostgreSQL's own types; they never change (pg_type.dat)."""

ARROW_TYPES: dict[int, pa.DataType] = {
    BOOL: pa.bool_(), BYTEA: pa.binary(), INT2: pa.int32(), INT4: pa.int32(), INT8: pa.int64(), OID: pa.int64(),
    TEXT: pa.string(), VARCHAR: pa.string(), NAME: pa.string(), UNKNOWN: pa.string(), JSON: pa.string(),
    FLOAT4: pa.float64(), FLOAT8: pa.float64(), DATE: pa.date32(), TIMESTAMPTZ: pa.timestamp("us", "UTC"),
    NUMERIC: pa.decimal128(38, 0), INT8_LIST: pa.list_(pa.int64()),
}  # fmt: skip
"""What a column of a SELECT becomes, by the object id of its type."""


def sql_type(kind: pa.DataType) -> str:
    """Return the SQL type of a column that is staged; text compares by code point.

    Raises
    ------
    TypeError
        If no column of the schema has this type.
    """
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return 'text COLLATE "C"'
    names = {pa.int32(): "integer", pa.int64(): "bigint", pa.float64(): "double precision", pa.bool_(): "boolean",
             pa.date32(): "date", pa.binary(): "bytea"}  # fmt: skip
    if pa.types.is_list(kind) and pa.types.is_int64(kind.value_type):
        return "bigint[]"
    if pa.types.is_timestamp(kind):
        return "timestamptz"
    if kind not in names:
        raise TypeError(f"no SQL type for {kind}")
    return names[kind]


# --- in ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Field:
    """The values of one column: byte lengths (-1 = missing), and the bytes of those that are there."""

    lengths: Numbers
    data: Bytes


def encode(rows: pa.Table) -> Iterator[bytes]:
    """Turn a table into the stream of a binary COPY."""
    yield HEADER
    for batch in rows.to_batches(max_chunksize=CHUNK_ROWS):
        if batch.num_rows:
            yield _encode_rows([_field(column) for column in batch.columns], batch.num_rows)
    yield TRAILER


def _encode_rows(fields: Sequence[_Field], n_rows: int) -> bytes:
    sizes = 2 + sum((4 + np.maximum(field.lengths, 0) for field in fields), np.zeros(n_rows, dtype=np.int64))
    ends = np.cumsum(sizes)
    out = np.zeros(int(ends[-1]), dtype=np.uint8)
    places = ends - sizes
    out[places], out[places + 1] = len(fields) >> 8, len(fields) & 255
    places += 2
    for field in fields:
        put_field(out, places, field.lengths, field.data)
    return out.tobytes()


def _field(column: pa.Array) -> _Field:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _field(column.cast(pa.string()))
    if pa.types.is_null(kind):
        return _Field(np.full(len(column), -1), np.zeros(0, dtype=np.uint8))
    if pa.types.is_list(kind):
        column, kind = pa.array([_list_bytes(item) for item in column], type=pa.binary()), pa.binary()
    if kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
        return _ragged_field(column)
    there = np.asarray(column.is_valid())
    numbers = _numbers(column.filter(column.is_valid()))
    width = numbers.dtype.itemsize
    return _Field(np.where(there, width, -1).astype(np.int64), np.array(numbers.view(np.uint8)))


def _numbers(there: pa.Array) -> npt.NDArray[np.generic]:
    kind = there.type
    if pa.types.is_boolean(kind):
        return np.asarray(there.cast(pa.uint8()))
    if pa.types.is_timestamp(kind):
        return (np.asarray(there.cast(pa.timestamp("us", "UTC")).cast(pa.int64())) - EPOCH_US).astype(">i8")
    if pa.types.is_date32(kind):
        return (np.asarray(there.cast(pa.int32())) - EPOCH_DAYS).astype(">i4")
    names = {pa.int32(): ">i4", pa.int64(): ">i8", pa.float64(): ">f8"}
    return np.asarray(there).astype(names[kind])


def _ragged_field(column: pa.Array) -> _Field:
    there = np.asarray(column.is_valid())
    present = column.filter(column.is_valid()) if column.null_count else column
    is_large = present.type in (pa.large_string(), pa.large_binary())
    _, offsets_buffer, data_buffer = present.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype="<i8" if is_large else "<i4") if offsets_buffer else None
    lengths = np.full(len(column), -1, dtype=np.int64)
    if offsets is None or not len(present):
        return _Field(lengths, np.zeros(0, dtype=np.uint8))
    offsets = offsets[present.offset : present.offset + len(present) + 1].astype(np.int64)
    lengths[there] = np.diff(offsets)
    if data_buffer is None:
        return _Field(lengths, np.zeros(0, dtype=np.uint8))
    return _Field(lengths, np.array(np.frombuffer(data_buffer, dtype=np.uint8)[offsets[0] : offsets[-1]]))


_ITEM = np.dtype([("length", ">i4"), ("value", ">i8")])


def _list_bytes(item: pa.ListScalar) -> bytes | None:
    """Return a list of whole numbers as the bytes of `bigint[]`: one dimension, nothing missing."""
    if not item.is_valid:
        return None
    values = np.asarray(item.values)
    if not len(values):
        return struct.pack(">iii", 0, 0, INT8)
    packed = np.empty(len(values), dtype=_ITEM)
    packed["length"], packed["value"] = 8, values
    return struct.pack(">iiiii", 1, 0, INT8, len(values), 1) + packed.tobytes()


# --- out -----------------------------------------------------------------------------------------
def rows_of(messages: Iterable[Buffer]) -> Iterator[bytes]:
    """Hand out the rows of a binary COPY; the server sends each as one message, the first behind the header."""
    is_first = True
    for message in messages:
        row = bytes(message)
        if is_first:
            row, is_first = row[len(HEADER) :], False
        if row and row != TRAILER:
            yield row


def decode(messages: Sequence[bytes], kinds: Sequence[int], names: Sequence[str]) -> pa.Table:
    """Turn the rows of a binary COPY, a message each and without header and trailer, into a table.

    Raises
    ------
    TypeError
        If the COPY gives a type that no table of the schema has.
    """
    raw = np.frombuffer(b"".join(messages), dtype=np.uint8).copy()
    starts = np.zeros((len(kinds), len(messages)), dtype=np.int64)
    lengths = np.zeros_like(starts)
    if find_fields(raw, starts, lengths) != len(raw):
        raise RuntimeError("a row of the binary COPY was not read to its end")
    columns = [
        _decode_field(kind, raw, starts[field], lengths[field], names[field])
        for field, kind in enumerate(kinds)
    ]
    return pa.table(columns, names=list(names))


_FIXED: dict[int, tuple[str, str]] = {
    BOOL: ("u1", "u1"), INT2: (">i2", "i4"), INT4: (">i4", "i4"), INT8: (">i8", "i8"), OID: (">u4", "i8"),
    FLOAT4: (">f4", "f8"), FLOAT8: (">f8", "f8"), DATE: (">i4", "i4"), TIMESTAMPTZ: (">i8", "i8"),
}  # fmt: skip
"""How a value of a fixed width is written, and what it becomes."""


def _decode_field(kind: int, raw: Bytes, starts: Numbers, lengths: Numbers, name: str) -> pa.Array:
    data = np.zeros(int(np.maximum(lengths, 0).sum()), dtype=np.uint8)
    take_field(raw, starts, lengths, data)
    missing = lengths < 0
    if kind in _FIXED:
        written, wanted = _FIXED[kind]
        values = np.zeros(len(lengths), dtype=wanted)
        values[~missing] = data.view(written)
        if kind in (TIMESTAMPTZ, DATE):
            values += EPOCH_US if kind == TIMESTAMPTZ else EPOCH_DAYS
        return pa.array(values, mask=missing).cast(ARROW_TYPES[kind])
    if kind not in (TEXT, VARCHAR, NAME, UNKNOWN, JSON, BYTEA, INT8_LIST):
        raise TypeError(f"column {name} has the unexpected type {kind}")
    ends = np.cumsum(np.maximum(lengths, 0))
    offsets = pa.py_buffer(np.concatenate([[0], ends]).astype(np.int32))
    there = pa.array(~missing).buffers()[1] if missing.any() else None
    wanted_type = pa.string() if kind not in (BYTEA, INT8_LIST) else pa.binary()
    column = pa.Array.from_buffers(wanted_type, len(lengths), [there, offsets, pa.py_buffer(data)])
    return _lists(column.to_pylist()) if kind == INT8_LIST else column


def to_arrow_column(kind: int, values: Sequence[object], name: str) -> pa.Array:
    """Turn the values of one column of a SELECT into Arrow.

    Moments and days come as numbers counted from 2000, lists of numbers as bytes.

    Raises
    ------
    TypeError
        If the SELECT gives a type that no table of the schema has.
    """
    if kind not in ARROW_TYPES:
        raise TypeError(f"column {name} has the unexpected type {kind}")
    if kind == TIMESTAMPTZ:
        return _shifted(pa.array(values, type=pa.int64()), EPOCH_US).cast(ARROW_TYPES[kind])
    if kind == DATE:
        return _shifted(pa.array(values, type=pa.int32()), EPOCH_DAYS).cast(ARROW_TYPES[kind])
    if kind == INT8_LIST:
        return _lists(values)
    return pa.array(values, type=ARROW_TYPES[kind])


def _shifted(numbers: pa.Array, epoch: int) -> pa.Array:
    return pc.add(numbers, pa.scalar(epoch, type=numbers.type))


def _lists(values: Sequence[object]) -> pa.Array:
    parts = [_list_values(value) if isinstance(value, bytes | memoryview) else None for value in values]
    offsets = np.cumsum([0, *(0 if part is None else len(part) for part in parts)]).astype(np.int32)
    known = [part for part in parts if part is not None]
    flat = pa.array(np.concatenate(known) if known else np.zeros(0, dtype=np.int64))
    missing = pa.array([part is None for part in parts], type=pa.bool_())
    return pa.ListArray.from_arrays(
        pa.array(offsets), flat, mask=missing if any(missing.to_pylist()) else None
    )


def _list_values(raw: bytes | memoryview) -> Numbers:
    if struct.unpack_from(">i", raw)[0] == 0:
        return np.zeros(0, dtype=np.int64)
    return np.frombuffer(raw, dtype=_ITEM, offset=20)["value"].astype(np.int64)
