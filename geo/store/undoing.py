"""Take a batch back: what it added goes, what it replaced returns (撤销批次).

A batch can be taken back as long as nothing later stands on it: no later batch has replaced a row
it wrote or a row it brought a new version of, and, for boundaries, no later batch of cases was
placed as `reported` in its sets. Otherwise the later batch is named, and must go first.

Cases: new ones go with their areas, reporters and events; changed ones return as they were, with the
areas they had, and an event `restore`. Boundaries: the sets and areas go, the set that was closed is
open again, and cases that lay in these sets have no area until they are placed again, which is the
task's next step. A set that the batch put in force is a draft again. Categories a batch added go unless
a case uses them. The entry of the batch, its refused rows and the audit log stay.
"""

from __future__ import annotations

from datetime import datetime

from geo.errors import ConflictError
from geo.schema import AREA_LEVELS, TABLES, Table
from geo.store.base import Receipt
from geo.store.batches import OWN_WAY, WITHOUT_BATCH, add_audit, batch_number, bump_version, require_batch
from geo.store.cases import versions_of
from geo.store.database import Database, count
from geo.store.failpoints import reach
from geo.store.refreshing import refresh_facts
from geo.store.staging import quote, quoted, row_from_json

CAME_ALONG = ("categories", "street_nodes", "area_aliases")
"""Tables that a file fills besides what was imported; counted on their own."""
SIDE_TABLES = ("case_areas", "case_reporters", "facility_entrances")
"""Tables whose rows belong to a case or a facility and come and go with it."""


def undo_batch(db: Database, batch_id: str, *, actor: str, undone_at: datetime, time_zone: str) -> Receipt:
    """Take a batch back; see `Store.undo_batch`."""
    with db.transaction():
        reach("undo.begun")
        require_batch(db, batch_id)
        if later := _find_later(db, batch_id):
            raise ConflictError("batch_stands_under", batch_id=batch_id, later=later)
        _find_touched(db, batch_id)
        removed, beside = _remove_rows(db, batch_id)
        reach("undo.rows_removed")
        restored = _restore_rows(db, batch_id, actor=actor, undone_at=undone_at)
        _clear_placements(db)
        reach("undo.rows_restored")
        if count(db, "SELECT count(*) FROM touched"):
            refresh_facts(db, time_zone=time_zone)
        reach("undo.facts_written")
        receipt = _record_undo(db, batch_id, (removed, restored, beside), actor=actor, undone_at=undone_at)
        db.drop("touched", "gone_sets", "gone_owners")
    reach("undo.committed")
    return receipt


def _record_undo(
    db: Database, batch_id: str, counts: tuple[int, int, int], *, actor: str, undone_at: datetime
) -> Receipt:
    removed, restored, beside = counts
    db.run(
        "UPDATE import_batches SET state = 'undone', undone_at = $1 WHERE batch_id = $2",
        [undone_at, batch_id],
    )
    note = f"removed {removed}, restored {restored}"
    add_audit(db, "undo", batch_id, "done", actor=actor, taken_at=undone_at, note=note)
    version = bump_version(db)
    reach("undo.recorded")
    kind = db.row("SELECT kind FROM import_batches WHERE batch_id = $1", [batch_id])
    return Receipt(
        batch_id, removed, restored, 0, 0, version, kind="" if kind is None else str(kind[0]), n_beside=beside
    )


_SETS_OF_BATCH = (
    "SELECT set_id FROM boundary_sets WHERE batch_id = $1 UNION "
    "SELECT (f.row ->> 'set_id') AS set_id FROM former_rows f WHERE f.replaced_by = $1 "
    "AND f.table_name = 'boundary_sets' AND (f.row ->> 'status') = 'draft'"
)
"""SQL: the boundary sets that a batch brought in, and those it put in force."""


def _find_later(db: Database, batch_id: str) -> str | None:
    """Return the first later batch that stands on this one, or None."""
    later = f"{batch_number('replaced_by')} > {batch_number('$1')}"
    finds = [
        f"SELECT replaced_by FROM {versions} WHERE batch_id = $1 AND {later}"
        for versions in ("case_versions", "facility_versions")
    ]
    finds.append(
        f"SELECT f.replaced_by FROM former_rows f WHERE {later.replace('replaced_by', 'f.replaced_by')} "
        f"AND (f.row ->> 'batch_id') = $1 AND f.table_name NOT IN ('case_areas', 'case_reporters')"
    )
    own_sets = "SELECT set_id FROM boundary_sets WHERE batch_id = $1"
    finds.append(
        f"SELECT f.replaced_by FROM former_rows f WHERE {later.replace('replaced_by', 'f.replaced_by')} "
        f"AND f.table_name IN ('areas', 'areas +') AND (f.row ->> 'set_id') IN ({own_sets})"
    )
    finds += [_find_replaced_again(name) for name in (*WITHOUT_BATCH, "boundary_sets")]
    finds.append(
        f"SELECT a.batch_id FROM case_areas a JOIN ({_SETS_OF_BATCH}) s ON {_uses('a.sets', 's.set_id')} "
        f"WHERE a.basis = 'reported' AND {batch_number('a.batch_id')} > {batch_number('$1')}"
    )
    number = batch_number("u.replaced_by")
    row = db.row(
        f"SELECT u.replaced_by FROM ({' UNION ALL '.join(finds)}) u ORDER BY {number} LIMIT 1",
        [batch_id],
    )
    return None if row is None else str(row[0])


def _find_replaced_again(name: str) -> str:
    """SQL: later batches that replaced rows which this batch had replaced or added, by key."""
    same = " AND ".join(f"(later.row ->> '{key}') = (own.row ->> '{key}')" for key in TABLES[name].key)
    return (
        f"SELECT later.replaced_by FROM former_rows later JOIN former_rows own ON {same} "
        f"WHERE own.replaced_by = $1 AND own.table_name IN ('{name}', '{name} +') AND later.table_name = '{name}' "
        f"AND {batch_number('later.replaced_by')} > {batch_number('$1')}"
    )


def _uses(sets: str, set_id: str) -> str:
    """SQL: a list of sets, joined by commas, names this one."""
    return f"position(',' || {set_id} || ',' IN ',' || {sets} || ',') > 0"


def _find_touched(db: Database, batch_id: str) -> None:
    """Note what is about to go: cases and facilities of the batch, boundary sets, facts to renew."""
    db.drop("touched", "gone_sets", "gone_owners")
    db.run(
        "CREATE TEMP TABLE gone_owners AS "
        "SELECT case_id AS owner, version, case_no FROM cases WHERE batch_id = $1 UNION ALL "
        "SELECT facility_id, version, NULL FROM facilities WHERE batch_id = $1",
        [batch_id],
    )
    db.run(f"CREATE TEMP TABLE gone_sets AS {_SETS_OF_BATCH}", [batch_id])
    db.run(
        "CREATE TEMP TABLE touched AS SELECT case_no FROM gone_owners WHERE case_no IS NOT NULL UNION "
        "SELECT c.case_no FROM case_areas a JOIN gone_sets s "
        f"ON {_uses('a.sets', 's.set_id')} JOIN cases c ON c.case_id = a.case_id WHERE a.basis = 'current'"
    )


def _remove_rows(db: Database, batch_id: str) -> tuple[int, int]:
    """Take away every row the batch wrote; return how many were imported, and how many came along."""
    n = count(db, "SELECT count(*) FROM gone_owners")
    for owners, versions in (("cases", "case_versions"), ("facilities", "facility_versions")):
        key = TABLES[owners].key[0]
        new = (
            f"SELECT owner FROM gone_owners WHERE owner NOT IN "
            f"(SELECT {key} FROM {versions} WHERE replaced_by = $1)"
        )
        sides = (
            ("case_areas", "case_reporters", "case_events") if owners == "cases" else ("facility_entrances",)
        )
        for side in sides:
            db.run(f"DELETE FROM {side} WHERE {key} IN ({new})", [batch_id])
        db.run(f"DELETE FROM {owners} WHERE batch_id = $1", [batch_id])
    for side in SIDE_TABLES:
        written = "(SELECT owner FROM gone_owners)"
        db.run(f"DELETE FROM {side} WHERE batch_id = $1 AND {TABLES[side].key[0]} IN {written}", [batch_id])
    own_sets = "SELECT set_id FROM boundary_sets WHERE batch_id = $1"
    n += count(db, f"SELECT count(*) FROM areas WHERE set_id IN ({own_sets})", [batch_id])
    db.run(f"DELETE FROM areas WHERE set_id IN ({own_sets})", [batch_id])
    beside = 0
    for table in TABLES.values():
        if table.name not in OWN_WAY and "batch_id" in table.names:
            rows = count(db, f"SELECT count(*) FROM {table.name} WHERE batch_id = $1", [batch_id])
            n += 0 if table.name in ("boundary_sets", *CAME_ALONG) else rows
            beside += rows if table.name in CAME_ALONG else 0
            db.run(f"DELETE FROM {table.name} WHERE batch_id = $1", [batch_id])
    for name in WITHOUT_BATCH:
        rows = _remove_noted(db, batch_id, TABLES[name])
        n += 0 if name in CAME_ALONG else rows
        beside += rows if name in CAME_ALONG else 0
    return n, beside


def _remove_noted(db: Database, batch_id: str, table: Table) -> int:
    """Take away rows the batch added to a table that does not name batches."""
    same = " AND ".join(f"(f.row ->> '{key}') = t.{quote(key)}" for key in table.key)
    noted = (
        "EXISTS (SELECT 1 FROM former_rows f WHERE f.replaced_by = $1 "
        f"AND f.table_name = '{table.name} +' AND {same})"
    )
    unused = ""
    if table.name == "categories":
        unused = (
            " AND t.category_id NOT IN (SELECT category_id FROM cases WHERE category_id IS NOT NULL)"
            " AND t.category_id NOT IN (SELECT category_id FROM case_versions"
            " WHERE category_id IS NOT NULL AND replaced_by <> $1)"
            " AND t.category_id NOT IN (SELECT parent_id FROM categories WHERE parent_id IS NOT NULL)"
        )
    n = count(db, f"SELECT count(*) FROM {table.name} t WHERE {noted}{unused}", [batch_id])
    db.run(f"DELETE FROM {table.name} t WHERE {noted}{unused}", [batch_id])
    return n


def _restore_rows(db: Database, batch_id: str, *, actor: str, undone_at: datetime) -> int:
    """Bring former rows back; return how many."""
    n = 0
    _write_restore_events(db, batch_id, actor=actor, undone_at=undone_at)
    for name in ("cases", "facilities"):
        table, versions = TABLES[name], versions_of(TABLES[name]).name
        n += count(db, f"SELECT count(*) FROM {versions} WHERE replaced_by = $1", [batch_id])
        db.run(
            f"INSERT INTO {name} ({quoted(table.names)}) SELECT {quoted(table.names)} FROM {versions} "
            "WHERE replaced_by = $1",
            [batch_id],
        )
        db.run(f"DELETE FROM {versions} WHERE replaced_by = $1", [batch_id])
    for name in [row["table_name"] for row in _former_tables(db, batch_id)]:
        table = TABLES[name]
        same = " AND ".join(f"(f.row ->> '{key}') = CAST(t.{quote(key)} AS text)" for key in table.key)
        former = f"former_rows f WHERE f.replaced_by = $1 AND f.table_name = '{name}'"
        db.run(f"DELETE FROM {name} t WHERE EXISTS (SELECT 1 FROM {former} AND {same})", [batch_id])
        db.run(
            f"INSERT INTO {name} ({quoted(table.names)}) SELECT {row_from_json(db, table, 'f.row')} FROM {former}",
            [batch_id],
        )
        if name not in SIDE_TABLES:
            n += count(db, f"SELECT count(*) FROM {former}", [batch_id])
    db.run("DELETE FROM former_rows WHERE replaced_by = $1", [batch_id])
    return n


def _former_tables(db: Database, batch_id: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = db.query(
        "SELECT DISTINCT table_name FROM former_rows WHERE replaced_by = $1 AND table_name NOT LIKE '% +' "
        "ORDER BY table_name",
        [batch_id],
    ).to_pylist()
    return rows


def _write_restore_events(db: Database, batch_id: str, *, actor: str, undone_at: datetime) -> None:
    db.run(
        "INSERT INTO case_events (case_id, seq, action, from_state, to_state, actor, taken_at, note, batch_id) "
        "SELECT v.case_id, e.seq + 1, 'restore', e.to_state, v.state, $2, $3, 'undo of ' || $1, $1 "
        "FROM case_versions v JOIN (SELECT case_id, seq, to_state, row_number() OVER "
        "(PARTITION BY case_id ORDER BY seq DESC) AS newest FROM case_events WHERE case_id IN "
        "(SELECT case_id FROM case_versions WHERE replaced_by = $1)) e "
        "ON e.case_id = v.case_id AND e.newest = 1 WHERE v.replaced_by = $1",
        [batch_id, actor, undone_at],
    )


def _clear_placements(db: Database) -> None:
    """Take the areas of removed boundary sets from the cases that lay in them."""
    if not count(db, "SELECT count(*) FROM gone_sets"):
        return
    none = ", ".join(f"{level}_id = NULL" for level in AREA_LEVELS)
    db.run(
        f"UPDATE case_areas SET {none}, sets = '', placed_by = 'none', before_first_set = FALSE, border_m = NULL "
        f"WHERE EXISTS (SELECT 1 FROM gone_sets s WHERE {_uses('case_areas.sets', 's.set_id')})"
    )
