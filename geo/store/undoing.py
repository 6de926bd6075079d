"""Take a batch back (撤销批次)."""

from __future__ import annotations

from datetime import datetime

from geo.errors import ConflictError
from geo.store.base import Receipt
from geo.store.batches import require_batch
from geo.store.database import Database


def undo_batch(db: Database, batch_id: str, *, actor: str, undone_at: datetime, time_zone: str) -> Receipt:
    """Take a batch back; see `Store.undo_batch`."""
    require_batch(db, batch_id)
    raise ConflictError("batch_stands_under", batch_id=batch_id, later=f"{actor}{undone_at}{time_zone}")
