"""Change one facility by hand, unless somebody else has changed it since (单条修改与并发冲突).

An edit starts from a row as it was read: its version and the batch that wrote it (`seen`). When the row
is still that one, the edit is stored as a batch of its own, so that the former row is kept, the edit has
an author, and can be taken back like any other batch. When it is not, nothing is stored, the attempt is
written to the audit log, and the editor is told who changed what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd

from geo.access.masking import mask_text
from geo.errors import ChoiceError, MissingError, StaleEditError
from geo.schema import TABLES
from geo.store.base import BatchHead, Receipt, Seen
from geo.store.batches import add_audit
from geo.store.cases import store_facilities
from geo.store.database import Database, count, every
from geo.store.staging import compare_rows, quoted, stage_rows

_TABLE = TABLES["facilities"]
_NOT_EDITED = ("facility_id", "source", "source_no", "version", "batch_id", "footprint")
EDITED = tuple(name for name in _TABLE.names if name not in _NOT_EDITED)
"""Columns of a facility that can be changed by hand."""


def edit_facility(
    db: Database,
    facility_id: str,
    changes: Mapping[str, object],
    *,
    seen: Seen,
    actor: str,
    taken_at: datetime,
    time_zone: str,
) -> Receipt:
    """Change columns of one facility; see `Store.edit_facility`. Who was first is told in a time zone."""
    try:
        return _edit(db, facility_id, changes, seen, actor, taken_at, time_zone)
    except StaleEditError:
        with db.transaction():
            note = f"was read as {seen}, changed since"
            add_audit(db, "edit", facility_id, "refused", actor=actor, taken_at=taken_at, note=note)
        raise


def _edit(
    db: Database,
    facility_id: str,
    changes: Mapping[str, object],
    seen: Seen,
    actor: str,
    taken_at: datetime,
    time_zone: str,
) -> Receipt:
    if unknown := sorted(set(changes) - set(EDITED)):
        raise ChoiceError("field_unknown", field=unknown[0], fields=", ".join(EDITED))
    with db.transaction():
        now = _read_row(db, "facilities", facility_id)
        if now is None:
            raise MissingError("facility_unknown", facility_id=facility_id)
        if (now["version"], now["batch_id"]) != (seen.version, seen.batch_id):
            raise _stale(db, facility_id, now, seen, time_zone)
        head = BatchHead(
            kind="facilities",
            file_name=facility_id,
            actor=actor,
            created_at=taken_at,
            source=str(now["source"]),
            choices={"edited": sorted(changes), "seen": str(seen)},
            n_read=1,
        )
        row = pd.DataFrame({name: [value] for name, value in {"facility_id": facility_id, **changes}.items()})
        if not _differs(db, row):
            return Receipt(str(now["batch_id"]), 0, 0, 1, 0, _data_version(db))
        receipt = store_facilities(db, head, row, entrances=None, rejected=None)
        note = ", ".join(sorted(changes))
        add_audit(db, "edit", facility_id, "done", actor=actor, taken_at=taken_at, note=note)
    return receipt


def _data_version(db: Database) -> int:
    return count(db, "SELECT CAST(value AS bigint) FROM store_meta WHERE name = 'data_version'")


def _differs(db: Database, row: pd.DataFrame) -> bool:
    names = stage_rows(db, "edited", row, _TABLE)
    counts = compare_rows(db, "edited", _TABLE, names)
    db.drop("compared", "edited")
    return counts["changed"] > 0


def _read_row(
    db: Database, table: str, facility_id: str, seen: Seen | None = None
) -> dict[str, object] | None:
    names = [name for name in _TABLE.names if name != "footprint"]
    where = "facility_id = $1"
    params: list[object] = [facility_id]
    if seen is not None:
        where += " AND version = $2 AND batch_id = $3"
        params += [seen.version, seen.batch_id]
    rows = every(db, f"SELECT {quoted(names)} FROM {table} WHERE {where}", params)
    return rows[0] if rows else None


def _stale(
    db: Database, facility_id: str, now: dict[str, object], seen: Seen, time_zone: str
) -> StaleEditError:
    """Tell who changed the row since it was read, when, and what."""
    former = _read_row(db, "facility_versions", facility_id, seen)
    if former is None:  # what was read has been taken back
        who = every(
            db,
            "SELECT actor, taken_at AS at FROM audit_log WHERE action = 'undo' AND object_id = $1 "
            "ORDER BY seq DESC LIMIT 1",
            [seen.batch_id],
        )
        return _told("edit_taken_back", facility_id, who, "", time_zone)
    who = every(
        db, "SELECT actor, created_at AS at FROM import_batches WHERE batch_id = $1", [now["batch_id"]]
    )
    changed = [(name, former[name], now[name]) for name in EDITED if former[name] != now[name]]
    told = "; ".join(f"{name}: {_shown(old)} → {_shown(new)}" for name, old, new in changed)
    return _told("edit_stale", facility_id, who, told or "-", time_zone)


def _told(
    code: str, facility_id: str, who: list[dict[str, object]], changes: str, time_zone: str
) -> StaleEditError:
    actor, at = (who[0]["actor"], who[0]["at"]) if who else ("?", None)
    moment = f"{at.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M}" if isinstance(at, datetime) else "?"
    return StaleEditError(code, facility_id=facility_id, actor=actor, at=moment, changes=changes)


def _shown(value: object) -> str:
    return "∅" if value is None else str(mask_text(pd.Series([str(value)], dtype="str")).iloc[0])
