"""Rows that belong to a case or a facility and come and go with it (附属行).

Areas and reporters of cases, entrances of facilities. They are written for owners that are new or
changed; what they replace is kept in `former_rows`. A row that differs while its owner says nothing
new makes the owner *changed*: nothing that a file says is dropped in silence.
"""

from __future__ import annotations

from geo.schema import Table
from geo.store.database import Database, count
from geo.store.staging import ROW, SET_BY_STORE, arriving_value, quote, quoted, require_for_new, row_as_json

WHOLE = ("facility_entrances",)
"""Tables whose rows replace all former rows of their owner, not only those of the same key."""


def _columns(db: Database, staged: str) -> list[str]:
    names: list[str] = db.query(f"SELECT * FROM {staged} LIMIT 0").column_names
    return [name for name in names if name != ROW]


def count_side_changes(db: Database, counts: dict[str, int], side: Table, staged: str) -> dict[str, int]:
    """Turn owners *changed* whose staged rows differ from the stored ones; return the new counts."""
    owner = quote(side.key[0])
    names = [name for name in _columns(db, staged) if name not in SET_BY_STORE]
    told = f"SELECT {quoted(names)} FROM {staged}"
    known = f"SELECT {quoted(names)} FROM {side.name} WHERE {owner} IN (SELECT {owner} FROM {staged})"
    db.run(
        f"UPDATE compared SET status = 'changed' WHERE status = 'unchanged' AND {owner} IN ("
        f"SELECT {owner} FROM ({told} EXCEPT {known}) gained UNION "
        f"SELECT {owner} FROM ({known} EXCEPT {told}) lost)"
    )
    n = count(db, "SELECT count(*) FROM compared WHERE status = 'changed'")
    return {**counts, "changed": n, "unchanged": counts["unchanged"] + counts["changed"] - n}


def write_side(db: Database, batch_id: str, side: Table, staged: str, *, when: str = "TRUE") -> None:
    """Write the staged rows of new and changed owners.

    `when` is a condition on the comparison (`k`) and the stored row of the same key (`o`): only then
    does a changed owner get its staged row.
    """
    owner = quote(side.key[0])
    joined = " AND ".join(f"o.{quote(key)} = s.{quote(key)}" for key in side.key)
    names = _columns(db, staged)
    require_for_new(side, names, count(db, f"SELECT count(*) FROM {staged}"))
    db.drop("chosen")
    db.run(
        f"CREATE TEMP TABLE chosen AS SELECT s.{ROW}, s.{owner}, k.status "
        f"FROM {staged} s JOIN compared k ON k.{owner} = s.{owner} AND k.status <> 'unchanged' "
        f"LEFT JOIN {side.name} o ON {joined} AND k.status = 'changed' WHERE k.status = 'new' OR {when}"
    )
    if count(db, "SELECT count(*) FROM chosen WHERE status = 'changed'"):
        _keep_former(db, batch_id, side, staged)
    told = [column for column in side.columns if column.name in names and column.name not in SET_BY_STORE]
    values = ", ".join(arriving_value(db, column, "s") for column in told)
    db.run(
        f"INSERT INTO {side.name} ({quoted([column.name for column in told])}, batch_id) "
        f"SELECT {values}, $1 FROM {staged} s JOIN chosen w ON w.{ROW} = s.{ROW}",
        [batch_id],
    )
    db.drop("chosen")


def _keep_former(db: Database, batch_id: str, side: Table, staged: str) -> None:
    """Move the rows that are replaced to `former_rows`."""
    keys = side.key[:1] if side.name in WHOLE else side.key
    same = " AND ".join(f"o.{quote(key)} = s.{quote(key)}" for key in keys)
    replaced = (
        f"EXISTS (SELECT 1 FROM {staged} s JOIN chosen w ON w.{ROW} = s.{ROW} "
        f"AND w.status = 'changed' WHERE {same})"
    )
    order = quoted(side.key, "o")
    db.run(
        "INSERT INTO former_rows (replaced_by, seq, table_name, row) SELECT $1, "
        "(SELECT coalesce(max(seq), 0) FROM former_rows WHERE replaced_by = $1) "
        f"+ row_number() OVER (ORDER BY {order}), '{side.name}', {row_as_json(db, side, 'o')} "
        f"FROM {side.name} o WHERE {replaced}",
        [batch_id],
    )
    db.run(f"DELETE FROM {side.name} o WHERE {replaced}")
