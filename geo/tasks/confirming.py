"""Store what was confirmed once, however often it is confirmed (重复确认)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from weakref import WeakKeyDictionary

from geo.errors import StaleEditError
from geo.store.base import Receipt, Store


class Confirmed:
    """What storing one preview gave, by store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._receipts: WeakKeyDictionary[Store, Receipt] = WeakKeyDictionary()

    def once(self, store: Store, keep: Callable[[], Receipt]) -> Receipt:
        """Store by `keep`, or return the receipt of the first time, unless that batch was taken back."""
        with self._lock:
            receipt = self._receipts.get(store)
            if receipt is None or not _is_stored(store, receipt.batch_id):
                receipt = keep()
                self._receipts[store] = receipt
            return receipt


def _is_stored(store: Store, batch_id: str) -> bool:
    rows = store.read("import_batches", columns=["state"], where={"batch_id": batch_id, "state": "stored"})
    return bool(len(rows))


def newest_batch(store: Store) -> int:
    """Return the number of the newest batch, 0 when there is none."""
    ids = store.read("import_batches", columns=["batch_id"])["batch_id"]
    return int(ids.str.slice(1).astype("int64").max()) if len(ids) else 0


def boundaries_of(store: Store) -> tuple[str, ...]:
    """Return which boundaries a store holds, as the batches that made them so; changes with them, drafts aside."""
    return store.boundaries()


def require_boundaries(store: Store, seen: tuple[str, ...]) -> None:
    """Refuse to store what was placed by boundaries that are not those of now.

    Raises
    ------
    StaleEditError
        If boundaries came in or were taken back since.
    """
    if changed := set(seen) ^ set(boundaries_of(store)):
        raise StaleEditError("boundaries_changed_since", batch_id=max(changed))
