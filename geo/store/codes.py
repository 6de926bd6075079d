"""Texts and the short numbers that stand for them in `case_facts`, read once per data version (编码表)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from geo.store.database import Database

NO_SUCH_CODE = -1
"""Stands for a text that no case has; no fact carries it."""


class Codes:
    """The code book of one version of the data. A dimension is read when it is first needed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._texts: dict[str, dict[int, str]] = {}
        self._codes: dict[str, dict[str, int]] = {}
        self._books: dict[str, npt.NDArray[np.object_]] = {}

    def texts(self, dimension: str) -> dict[int, str]:
        """Return code → text of a dimension."""
        if dimension not in self._texts:
            rows = self._db.query("SELECT code, value FROM fact_codes WHERE dimension = $1", [dimension])
            pairs = zip(rows.column("code").to_pylist(), rows.column("value").to_pylist(), strict=True)
            self._texts[dimension] = dict(pairs)
        return self._texts[dimension]

    def book(self, dimension: str) -> npt.NDArray[np.object_]:
        """Return the texts of a dimension by code; the place after the last code holds None."""
        if dimension not in self._books:
            texts = self.texts(dimension)
            book = np.full(max(texts, default=0) + 2, None, dtype=object)
            book[list(texts)] = list(texts.values())
            self._books[dimension] = book
        return self._books[dimension]

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

MEMORY_BYTES = 128_000_000


class Memory:
    """What was read from one version of the data and may be asked for again; the oldest goes first.

    Holds small tables only, `MEMORY_BYTES` of them by the size their maker tells: sums by month of an
    area, times to close, percentiles, the areas of a level less their outlines.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[object, int]] = {}
        self._n_bytes = 0
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Kept], *, size: Callable[[Kept], int]) -> Kept:
        """Return what is kept under a key, or make and keep it; `size` tells its bytes.

        Those who ask while it is made wait for the one maker; where he fails, the next one tries.
        """
        with self._lock:
            if key in self._kept:
                return cast(Kept, self._kept[key][0])
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._kept:
                    return cast(Kept, self._kept[key][0])
            try:
                made = make()
                self._keep(key, made, size(made))
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return made

    def holds(self, key: Hashable) -> bool:
        """Tell whether something is kept under a key."""
        with self._lock:
            return key in self._kept

    def _keep(self, key: Hashable, made: object, n_bytes: int) -> None:
        with self._lock:
            if key not in self._kept and n_bytes <= MEMORY_BYTES:
                self._kept[key] = (made, n_bytes)
                self._n_bytes += n_bytes
            while self._n_bytes > MEMORY_BYTES:
                self._n_bytes -= self._kept.pop(next(iter(self._kept)))[1]


@dataclass(frozen=True)
class FactTable:
    """`case_facts` of one version of the data, ready to be asked.

    What is remembered belongs to that version: a reader that still sees an older one has a table of its
    own, so that answers of two versions never mix.
    """

    db: Database
    version: int
    time_zone: str
    codes: Codes
    memory: Memory


def open_facts(db: Database, version: int, time_zone: str) -> FactTable:
    """Return the facts of a version, with nothing remembered yet."""
    return FactTable(db, version, time_zone, Codes(db), Memory())
