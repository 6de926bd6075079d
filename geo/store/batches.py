"""Store a batch: whole or not at all (批次入库).

A batch writes its rows, what they replaced, the refused rows, its own entry, one line of the audit
log and the next data version in one transaction. This module keeps the parts that every kind of
batch shares, and the tables that are neither cases nor facilities.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

import pandas as pd

from geo.errors import MissingError, StaleEditError
from geo.messages import MESSAGES, say
from geo.schema import TABLES, Table
from geo.store.base import BatchHead, Receipt
from geo.store.boundary_sets import fit_boundary_sets
from geo.store.database import Database, count, every
from geo.store.failpoints import reach
from geo.store.frames import to_arrow
from geo.store.staging import (
    ROW,
    arriving_value,
    compare_rows,
    quote,
    quoted,
    require_for_new,
    row_as_json,
    stage_rows,
)

OWN_WAY = ("cases", "case_versions", "case_areas", "case_facts", "fact_codes", "case_counts", "case_events",
           "case_reporters", "facilities", "facility_versions", "facility_entrances", "former_rows",
           "store_meta", "import_batches", "rejected_rows", "audit_log", "runs", "users")  # fmt: skip
"""Tables that `store_rows` does not take: they are written by their own functions."""

WITHOUT_BATCH = ("areas", "categories")
"""Tables whose rows do not name their batch; what a batch adds to them is noted in `former_rows`."""


def store_rows(
    db: Database, head: BatchHead, tables: Mapping[str, pd.DataFrame], rejected: pd.DataFrame | None
) -> Receipt:
    """Store the rows of any tables but cases and facilities as one batch.

    Raises
    ------
    MissingError
        If there is no such table or column.
    StoreError
        If a row does not fit, or boundary sets overlap in time and place.
    """
    for name in tables:
        if name not in TABLES or name in OWN_WAY:
            raise MissingError("store_table_unknown", table=name)
    with db.transaction():
        reach("batch.begun")
        batch_id = next_batch_id(db)
        counts = {"new": 0, "changed": 0, "unchanged": 0}
        for name in sorted(tables, key=list(TABLES).index):
            rows = tables[name]
            if name == "boundary_sets":
                fit_boundary_sets(db, batch_id, rows, tables.get("areas"))
            for status, n in put_rows(db, batch_id, TABLES[name], rows).items():
                if name != "boundary_sets" or len(tables) == 1:
                    counts[status] += n
        receipt = record_batch(db, head, batch_id, counts, rejected)
    reach("batch.committed")
    return receipt


def put_rows(db: Database, batch_id: str, table: Table, rows: pd.DataFrame) -> dict[str, int]:
    """Write rows by key: new ones in, changed ones instead of the former, which are kept."""
    if not len(rows):
        return {}
    names = stage_rows(db, "arriving", _with_defaults(rows, table), table)
    reach("batch.staged")
    counts = compare_rows(db, "arriving", table, names)
    require_for_new(table, names, counts["new"])
    reach("batch.compared")
    keep_former(db, batch_id, table)
    if table.name in WITHOUT_BATCH:
        _note_added(db, batch_id, table)
    reach("batch.former_kept")
    _write(db, batch_id, table, names)
    reach("batch.rows_written")
    db.drop("compared", "arriving")
    return counts


def _with_defaults(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    if table.name == "areas" and "attributes" not in rows:
        return rows.assign(attributes="{}")
    return rows


def _joined(table: Table, left: str, right: str) -> str:
    return " AND ".join(f"{left}.{quote(key)} = {right}.{quote(key)}" for key in table.key)


def keep_former(db: Database, batch_id: str, table: Table) -> None:
    """Keep the stored rows that `compared` says are changed, as JSON in `former_rows`."""
    db.run(
        f"INSERT INTO former_rows (replaced_by, seq, table_name, row) "
        f"SELECT $1, {_next_seq()} + row_number() OVER (ORDER BY k.{ROW}), '{table.name}', "
        f"{row_as_json(db, table, 'c')} FROM compared k JOIN arriving a ON a.{ROW} = k.{ROW} "
        f"JOIN {table.name} c ON {_joined(table, 'c', 'a')} WHERE k.status = 'changed'",
        [batch_id],
    )


def _next_seq() -> str:
    return "(SELECT coalesce(max(seq), 0) FROM former_rows WHERE replaced_by = $1)"


def _note_added(db: Database, batch_id: str, table: Table) -> None:
    """Note the keys of added rows, so that undo can take them away."""
    own_sets = "AND a.set_id NOT IN (SELECT set_id FROM boundary_sets WHERE batch_id = $1)"
    key = db.json_object({key: f"a.{quote(key)}" for key in table.key})
    db.run(
        f"INSERT INTO former_rows (replaced_by, seq, table_name, row) "
        f"SELECT $1, {_next_seq()} + row_number() OVER (ORDER BY k.{ROW}), '{table.name} +', "
        f"{key} FROM compared k JOIN arriving a ON a.{ROW} = k.{ROW} "
        f"WHERE k.status = 'new' {own_sets if table.name == 'areas' else ''}",
        [batch_id],
    )


def _write(db: Database, batch_id: str, table: Table, names: Sequence[str]) -> None:
    """Replace changed rows and add new ones; a column that was not brought keeps its value."""
    db.drop("merged")
    values = []
    for column in table.columns:
        if column.name == "batch_id":
            values.append("$1 AS batch_id")
        elif column.name in names:
            values.append(f"{arriving_value(db, column, 'a')} AS {quote(column.name)}")
        else:
            values.append(f"c.{quote(column.name)}")
    db.run(
        f"CREATE TEMP TABLE merged AS SELECT {', '.join(values)} FROM compared k "
        f"JOIN arriving a ON a.{ROW} = k.{ROW} LEFT JOIN {table.name} c ON {_joined(table, 'c', 'a')} "
        f"WHERE k.status <> 'unchanged' ORDER BY k.{ROW}",
        [batch_id] if "batch_id" in table.names else (),
    )
    db.run(
        f"DELETE FROM {table.name} c WHERE EXISTS (SELECT 1 FROM merged m WHERE {_joined(table, 'm', 'c')})"
    )
    db.run(f"INSERT INTO {table.name} ({quoted(table.names)}) SELECT {quoted(table.names)} FROM merged")
    db.drop("merged")


def require_unchanged_since(db: Database, head: BatchHead, table: Table) -> None:
    """Refuse to replace rows that a batch wrote after they were compared; `compared` says which change.

    Raises
    ------
    StaleEditError
        If there are any; says how many, and who wrote them.
    """
    if head.compared_after is None:
        return
    key = table.key[0]
    later = every(
        db,
        f"SELECT c.{key} AS id, c.batch_id, b.actor FROM compared k JOIN {table.name} c ON c.{key} = k.{key} "
        f"JOIN import_batches b ON b.batch_id = c.batch_id "
        f"WHERE k.status = 'changed' AND {batch_number('c.batch_id')} > $1 ORDER BY c.{key}",
        [head.compared_after],
    )
    if later:
        first = later[0]
        raise StaleEditError("rows_changed_since", n=len(later), first=first["id"], batch_id=first["batch_id"],
                             actor=first["actor"])  # fmt: skip


def next_batch_id(db: Database) -> str:
    """Return the id of the batch that is being stored."""
    n = count(db, "SELECT coalesce(max(CAST(substr(batch_id, 2) AS bigint)), 0) FROM import_batches")
    return f"B{n + 1:06d}"


def batch_number(expression: str) -> str:
    """SQL that gives the running number of a batch id."""
    return f"CAST(substr({expression}, 2) AS bigint)"


def record_batch(
    db: Database, head: BatchHead, batch_id: str, counts: Mapping[str, int], rejected: pd.DataFrame | None
) -> Receipt:
    """Write the entry of a batch, its refused rows, the audit line and the next data version."""
    n_rejected = 0 if rejected is None else int(rejected["row"].nunique())
    entry = {
        "batch_id": batch_id,
        **{
            n: v
            for n, v in asdict(head).items()
            if n not in ("choices", "actor", "created_at", "n_read", "compared_after", "boundaries")
        },
        "choices": json.dumps(dict(head.choices), ensure_ascii=False, sort_keys=True, default=str),
        "n_read": head.n_read,
        "n_new": counts["new"],
        "n_changed": counts["changed"],
        "n_unchanged": counts["unchanged"],
        "n_rejected": n_rejected,
        "state": "stored",
        "actor": head.actor,
        "created_at": head.created_at,
        "undone_at": None,
    }
    marks = ", ".join(f"${position}" for position in range(1, len(entry) + 1))
    db.run(f"INSERT INTO import_batches ({quoted(list(entry))}) VALUES ({marks})", list(entry.values()))
    if rejected is not None and len(rejected):
        _write_rejected(db, batch_id, rejected)
    note = ", ".join(f"{name} {n}" for name, n in (*counts.items(), ("rejected", n_rejected)))
    add_audit(
        db,
        "import",
        batch_id,
        "done",
        actor=head.actor,
        taken_at=head.created_at,
        note=f"{head.kind}: {note}",
    )
    version = bump_version(db)
    reach("batch.recorded")
    return Receipt(batch_id, counts["new"], counts["changed"], counts["unchanged"], n_rejected, version)


def _write_rejected(db: Database, batch_id: str, rejected: pd.DataFrame) -> None:
    table = TABLES["rejected_rows"]
    rows = pd.DataFrame(
        {
            "batch_id": batch_id,
            "seq": range(1, len(rejected) + 1),
            "row": rejected["row"].to_numpy(),
            "column_name": rejected["column_name"].to_numpy(),
            "code": rejected["code"].to_numpy(),
            "reason": [
                _reason(code, row=row, column=column, value=value)
                for code, row, column, value in rejected[["code", "row", "column_name", "value"]].itertuples(
                    index=False
                )
            ],
            "value": rejected["value"].to_numpy(),
        }
    )
    db.stage("refused", to_arrow(rows, table, table.names))
    db.run(f"INSERT INTO rejected_rows ({quoted(table.names)}) SELECT {quoted(table.names)} FROM refused")
    db.drop("refused")


def _reason(code: str, **values: object) -> str:
    return say(code, "en", **values) if code in MESSAGES else code


def add_audit(
    db: Database, action: str, object_id: str, outcome: str, *, actor: str, taken_at: datetime, note: str
) -> None:
    """Append one line to the audit log; must run inside a transaction."""
    db.run(
        "INSERT INTO audit_log (seq, taken_at, actor, action, object_id, outcome, note) "
        "SELECT (SELECT coalesce(max(seq), 0) + 1 FROM audit_log), $1, $2, $3, $4, $5, $6",
        [taken_at, actor, action, object_id, outcome, note],
    )


def bump_version(db: Database) -> int:
    """Let the data version grow by one and return it."""
    version = count(db, "SELECT CAST(value AS bigint) FROM store_meta WHERE name = 'data_version'") + 1
    db.run("UPDATE store_meta SET value = $1 WHERE name = 'data_version'", [str(version)])
    return version


def require_batch(db: Database, batch_id: str) -> str:
    """Return the kind of a batch that is stored.

    Raises
    ------
    MissingError
        If there is no such batch, or it is undone already.
    """
    rows = db.query("SELECT kind, state FROM import_batches WHERE batch_id = $1", [batch_id]).to_pylist()
    if not rows:
        raise MissingError("batch_unknown", batch_id=batch_id)
    if rows[0]["state"] == "undone":
        raise MissingError("batch_undone", batch_id=batch_id)
    return str(rows[0]["kind"])
