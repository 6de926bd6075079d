"""At most one set in force per level over any place at any date (边界版本).

A set that comes into force retires the former one of the same level and scope on the day it begins. Two
sets of one level whose scopes overlap without being equal (one covers an ancestor of the other) must not
share a day. A draft is in force on no day. A gap in time is kept as it is.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from geo.errors import StaleEditError, StoreError
from geo.schema import TABLES
from geo.store.base import BatchHead
from geo.store.database import Database, every
from geo.store.staging import row_as_json


@dataclass(frozen=True)
class Span:
    """Where and when a set holds: its level, the ancestor it covers, its days."""

    set_id: str
    area_level: str
    scope_id: str
    valid_from: date | None
    valid_to: date | None

    @property
    def start(self) -> date:
        """First day; the first there is where it holds since ever."""
        return self.valid_from or date.min

    @property
    def end(self) -> date:
        """First day no longer; the last there is where it still holds."""
        return self.valid_to or date.max

    def shares_day(self, other: Span) -> bool:
        """Tell whether both hold on one day."""
        return self.start < other.end and other.start < self.end


def fit_boundary_sets(db: Database, batch_id: str, sets: pd.DataFrame, areas: pd.DataFrame | None) -> None:
    """Retire the sets that incoming ones follow; refuse what would overlap. Drafts are let in.

    Raises
    ------
    StoreError
        If a set ends before it begins, follows another without a later first day, or overlaps
        another in time and place; the message names both.
    """
    arriving = [as_span(row) for row in sets.to_dict("records") if row.get("status", "published") != "draft"]
    if arriving:
        fit_spans(db, batch_id, arriving, areas)


def fit_spans(db: Database, batch_id: str, arriving: Sequence[Span], areas: pd.DataFrame | None) -> None:
    """Retire the stored sets that others follow, and refuse what would overlap; see `fit_boundary_sets`."""
    parents = _parents(db, areas)
    ids = {new.set_id for new in arriving}
    for new in arriving:
        if new.start >= new.end:
            raise StoreError("set_ends_before_start", set_id=new.set_id)
        stored = [old for old in _in_force(db, new.area_level) if old.set_id not in ids]
        for old in [*stored, *(other for other in arriving if other.set_id < new.set_id)]:
            if new.area_level != old.area_level or not _overlap(new.scope_id, old.scope_id, parents):
                continue
            if old.scope_id == new.scope_id and old.valid_to is None and old in stored:
                _follow(db, batch_id, old, new)
            elif new.shares_day(old):
                raise StoreError("sets_overlap", set_id=new.set_id, other=old.set_id)


def _follow(db: Database, batch_id: str, old: Span, new: Span) -> None:
    if new.valid_to is not None and new.end <= old.start:
        return
    if new.valid_from is None or new.valid_from <= old.start:
        raise StoreError(
            "set_needs_later_day", set_id=new.set_id, other=old.set_id, day=str(old.valid_from or "-")
        )
    keep_set(db, batch_id, old.set_id)
    db.run(
        "UPDATE boundary_sets SET status = 'retired', valid_to = $1 WHERE set_id = $2",
        [new.valid_from, old.set_id],
    )


def keep_set(db: Database, batch_id: str, set_id: str) -> None:
    """Keep the entry of a set that is about to change, so that undo of the batch brings it back."""
    db.run(
        "INSERT INTO former_rows (replaced_by, seq, table_name, row) SELECT $1, "
        "(SELECT coalesce(max(seq), 0) + 1 FROM former_rows WHERE replaced_by = $1), 'boundary_sets', "
        f"{row_as_json(db, TABLES['boundary_sets'], 'c')} FROM boundary_sets c WHERE set_id = $2",
        [batch_id, set_id],
    )


def boundaries_of(db: Database) -> tuple[str, ...]:
    """Return the batches that made the boundaries what they are, drafts left out."""
    rows = every(
        db,
        "SELECT batch_id FROM import_batches WHERE kind = 'boundaries' AND state = 'stored' AND batch_id "
        "NOT IN (SELECT batch_id FROM boundary_sets WHERE status = 'draft') ORDER BY batch_id",
    )
    return tuple(str(row["batch_id"]) for row in rows)


def require_boundaries_seen(db: Database, head: BatchHead) -> None:
    """Refuse a batch that was prepared under boundaries that are not those of now.

    Raises
    ------
    StaleEditError
        If boundaries came, went, were published or retired since.
    """
    if head.boundaries is None:
        return
    if changed := set(head.boundaries) ^ set(boundaries_of(db)):
        raise StaleEditError("boundaries_changed_since", batch_id=max(changed))


def as_span(row: Mapping[Hashable, object] | Mapping[str, object]) -> Span:
    """Read where and when a set holds from a row of `boundary_sets`."""
    return Span(
        str(row["set_id"]), str(row["area_level"]), str(row.get("scope_id") or ""),
        _day(row.get("valid_from")), _day(row.get("valid_to")),
    )  # fmt: skip


def _day(value: object) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()  # type: ignore[call-overload,arg-type]


def _in_force(db: Database, level: str) -> list[Span]:
    rows = every(
        db,
        "SELECT * FROM boundary_sets WHERE status <> 'draft' AND area_level = $1 ORDER BY set_id",
        [level],
    )
    return [as_span(row) for row in rows]


def _parents(db: Database, areas: pd.DataFrame | None) -> dict[str, set[str]]:
    """Every parent any area was ever given, stored or arriving."""
    parents: dict[str, set[str]] = {}
    rows = every(db, "SELECT DISTINCT area_id, parent_id FROM areas WHERE parent_id IS NOT NULL")
    pairs = [(str(row["area_id"]), str(row["parent_id"])) for row in rows]
    if areas is not None and "parent_id" in areas:
        known = areas[areas["parent_id"].notna()]
        pairs += [(str(a), str(b)) for a, b in zip(known["area_id"], known["parent_id"], strict=True)]
    for area_id, parent_id in pairs:
        parents.setdefault(area_id, set()).add(parent_id)
    return parents


def _overlap(scope: str, other: str, parents: dict[str, set[str]]) -> bool:
    if not scope or not other or scope == other:
        return True
    return scope in _above(other, parents) or other in _above(scope, parents)


def _above(area_id: str, parents: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [area_id]
    while waiting:
        for parent in parents.get(waiting.pop(), set()) - seen:
            seen.add(parent)
            waiting.append(parent)
    return seen
