"""Put a boundary set in force on a day, or let it end (发布与停用).

Each is a batch of its own, written in one transaction: the entry of the set, that of the set it follows,
the parents of areas that change with it, and the batch. The set keeps the batch that brought its areas, so
that undo of a publish makes it a draft again and never takes areas away. Cases are placed again by the
task that called, as after any change of boundaries.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from geo.errors import MissingError, StoreError
from geo.schema import TABLES, SetStatus
from geo.store.base import BatchHead, Receipt
from geo.store.batches import add_audit, next_batch_id, put_rows, record_batch
from geo.store.boundary_sets import Span, as_span, fit_spans, keep_set, require_boundaries_seen
from geo.store.database import Database, every
from geo.store.failpoints import reach


def publish_set(
    db: Database,
    head: BatchHead,
    set_id: str,
    *,
    valid_from: date | None,
    valid_to: date | None,
    areas: pd.DataFrame | None,
) -> Receipt:
    """Put a draft in force; see `Store.publish_set`."""
    with db.transaction():
        reach("publish.begun")
        require_boundaries_seen(db, head)
        old = _require_set(db, set_id, "draft")
        batch_id = next_batch_id(db)
        keep_set(db, batch_id, set_id)
        status: SetStatus = "published" if valid_to is None else "retired"
        db.run(
            "UPDATE boundary_sets SET status = $1, valid_from = $2, valid_to = $3 WHERE set_id = $4",
            [status, valid_from, valid_to, set_id],
        )
        new = Span(set_id, old.area_level, old.scope_id, valid_from, valid_to)
        fit_spans(db, batch_id, [new], areas)
        reach("publish.set_written")
        if areas is not None and len(areas):
            put_rows(db, batch_id, TABLES["areas"], areas)
        reach("publish.areas_written")
        receipt = _record(db, head, batch_id, "publish", set_id)
    reach("publish.committed")
    return receipt


def retire_set(db: Database, head: BatchHead, set_id: str, *, on: date) -> Receipt:
    """Let a published set end on a day; see `Store.retire_set`."""
    with db.transaction():
        reach("publish.begun")
        require_boundaries_seen(db, head)
        old = _require_set(db, set_id, "published")
        if on <= old.start:
            raise StoreError("set_ends_before_start", set_id=set_id)
        batch_id = next_batch_id(db)
        keep_set(db, batch_id, set_id)
        db.run("UPDATE boundary_sets SET status = 'retired', valid_to = $1 WHERE set_id = $2", [on, set_id])
        reach("publish.set_written")
        receipt = _record(db, head, batch_id, "retire", set_id)
    reach("publish.committed")
    return receipt


def _record(db: Database, head: BatchHead, batch_id: str, action: str, set_id: str) -> Receipt:
    receipt = record_batch(db, head, batch_id, {"new": 0, "changed": 1, "unchanged": 0}, None)
    add_audit(
        db, action, set_id, "done", actor=head.actor, taken_at=head.created_at, note=f"batch {batch_id}"
    )
    return receipt


def _require_set(db: Database, set_id: str, status: SetStatus) -> Span:
    rows = every(db, "SELECT * FROM boundary_sets WHERE set_id = $1", [set_id])
    if not rows:
        raise MissingError("set_unknown", set_id=set_id)
    if rows[0]["status"] != status:
        raise MissingError("set_no_draft" if status == "draft" else "set_not_in_force", set_id=set_id)
    return as_span(rows[0])
