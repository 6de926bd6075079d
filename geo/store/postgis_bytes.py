"""Inner loops over the rows of a binary COPY (二进制 COPY 的内层循环).

A row of PostgreSQL's binary form is the number of its fields in two bytes, then for each field its
length in four bytes, -1 where it is missing, and as many bytes (PostgreSQL 15, chapter on COPY). All
numbers begin with their highest byte.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.analysis.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


@compiled
def put_field(out: Bytes, places: Numbers, lengths: Numbers, data: Bytes) -> None:
    """Write one field of every row at its place; advance the places behind it.

    Parameters
    ----------
    out
        The stream.
    places
        Where the field of each row begins; changed to where it ends.
    lengths
        Bytes of each value, -1 where it is missing.
    data
        The values that are there, one behind the other.
    """
    at = 0
    for row in range(len(places)):
        place, length = places[row], lengths[row]
        for byte in range(4):
            out[place + byte] = (length >> (24 - 8 * byte)) & 255
        place += 4
        for byte in range(length):
            out[place + byte] = data[at + byte]
        at += max(length, 0)
        places[row] = place + max(length, 0)


@compiled
def find_fields(raw: Bytes, starts: Numbers, lengths: Numbers) -> int:
    """Find where the fields of every row begin and how long they are.

    Returns the number of bytes read, or -1 where the rows have other fields or end too early.

    Parameters
    ----------
    raw
        Whole rows, without the header.
    starts, lengths
        To be filled; one row per field, one column per row of the table.
    """
    n_fields, n_rows = starts.shape
    at = 0
    for row in range(n_rows):
        if at + 2 > len(raw) or (raw[at] << 8) + raw[at + 1] != n_fields:
            return -1
        at += 2
        for field in range(n_fields):
            if at + 4 > len(raw):
                return -1
            length = 0
            for byte in range(4):
                length = (length << 8) | raw[at + byte]
            at += 4
            if length == 0xFFFFFFFF:
                length = -1
            starts[field, row] = at
            lengths[field, row] = length
            at += max(length, 0)
            if at > len(raw):
                return -1
    return at


@compiled
def take_field(raw: Bytes, starts: Numbers, lengths: Numbers, out: Bytes) -> None:
    """Copy the values of one field that are there behind each other."""
    at = 0
    for row in range(len(starts)):
        for byte in range(lengths[row]):
            out[at] = raw[starts[row] + byte]
            at += 1
