"""Say in our own words what DuckDB reports (嵌入式库报错用语).

DuckDB tells many failures by their text alone. What can be mended is told apart here: a full disk, a
damaged file, somebody else's change, a value that is not allowed. After a failure in the middle of
writing its file DuckDB refuses every further word until the file is opened again; `StoreBrokenError`
says so, and the store opens it again by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from geo.errors import StoreBrokenError, StoreError, StoreLockedError

_DAMAGED = re.compile(r"corrupt|checksum|not read enough bytes|reached the end of the file", re.IGNORECASE)
_BROKEN = re.compile(r"invalidated|must be restarted", re.IGNORECASE)


@contextmanager
def our_words() -> Iterator[None]:
    """Turn what DuckDB reports into our own errors; text of DuckDB never reaches a user."""
    try:
        yield
    except duckdb.Error as error:
        told = _told(error)
        if told is None:
            raise
        raise told from error


def _told(error: duckdb.Error) -> StoreError | None:
    """Return our error for one of DuckDB, or None for one that only a mistake of ours can raise."""
    text = str(error)
    if isinstance(error, duckdb.ConstraintException):
        named = re.search(r"table (?:named )?\"?(\w+)\"?", text) or re.search(r"failed: (\w+)\.", text)
        return StoreError("store_row_refused", table=named[1] if named else "?")
    if isinstance(error, duckdb.FatalException) or _BROKEN.search(text):
        return StoreBrokenError("store_write_broken")
    code = ""
    if _DAMAGED.search(text):
        code = "store_damaged"
    elif isinstance(error, duckdb.TransactionException):
        code = "store_write_conflict" if "onflict" in text else "store_no_room"
        if "ermission" in text:
            code = "store_file_read_only"
    elif isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException):
        code = "store_no_room"
    elif "read-only" in text:
        code = "store_file_read_only"
    return StoreError(code) if code else None


def opening_error(error: duckdb.Error, name: str) -> StoreError:
    """Tell why a file could not be opened."""
    text = str(error)
    if "lock" in text and "onflicting" in text:
        return StoreLockedError("store_locked", file=name)
    if "not a valid DuckDB database" in text:
        return StoreError("store_not_duckdb", file=name)
    if _DAMAGED.search(text):
        return StoreError("store_file_damaged", file=name)
    return StoreError("store_cannot_open", file=name)
