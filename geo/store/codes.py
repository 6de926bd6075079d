"""Texts and the short numbers that stand for them in `case_facts`, read once per data version (编码表)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar, cast

from geo.store.database import Database

NO_SUCH_CODE = -1
"""Stands for a text that no case has; no fact carries it."""


class Codes:
    """The code book of one version of a store. A dimension is read when it is first needed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._texts: dict[str, dict[int, str]] = {}
        self._codes: dict[str, dict[str, int]] = {}

    def texts(self, dimension: str) -> dict[int, str]:
        """Return code → text of a dimension."""
        if dimension not in self._texts:
            rows = self._db.query("SELECT code, value FROM fact_codes WHERE dimension = $1", [dimension])
            pairs = zip(rows.column("code").to_pylist(), rows.column("value").to_pylist(), strict=True)
            self._texts[dimension] = dict(pairs)
        return self._texts[dimension]

    def find(self, dimension: str, texts: Iterable[str]) -> list[int]:
        """Return the codes of texts in order, leaving out those that no case has."""
        if dimension not in self._codes:
            self._codes[dimension] = {text: code for code, text in self.texts(dimension).items()}
        known = self._codes[dimension]
        return sorted({known[text] for text in texts if text in known})

    def one(self, dimension: str, text: str) -> int:
        """Return the code of a text, or `NO_SUCH_CODE`."""
        return next(iter(self.find(dimension, [text])), NO_SUCH_CODE)


Kept = TypeVar("Kept")


class Memory:
    """What was read from one version of the data and may be asked for again; the oldest goes first.

    Holds small derived tables only (`LIMIT` of them): sums by month of an area, the tree of areas.
    """

    LIMIT = 64

    def __init__(self) -> None:
        self._kept: dict[object, object] = {}

    def forget(self) -> None:
        """Forget everything."""
        self._kept = {}

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return what is kept under a key, or make and keep it."""
        kept = self._kept
        if key not in kept:
            while len(kept) >= self.LIMIT:
                kept.pop(next(iter(kept)), None)
            kept[key] = make()
        return cast(Kept, kept[key])


@dataclass(frozen=True)
class FactTable:
    """`case_facts` of one version of a store, ready to be asked.

    Its database, code book, what is remembered of this version, the time zone, and the number of the
    version.
    """

    db: Database
    codes: Codes
    memory: Memory
    time_zone: str
    version: int = -1
