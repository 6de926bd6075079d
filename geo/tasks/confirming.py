"""Store what was confirmed once, however often it is confirmed (重复确认)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from weakref import WeakKeyDictionary

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
