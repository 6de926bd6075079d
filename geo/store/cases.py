"""Store cases and facilities, whose former rows are kept as versions (案件与设施入库).

A known id is *unchanged*, and then adds nothing anywhere, or *changed*: the former row moves to the
table of versions, the version number grows by one, and for a case an event says what changed. Areas
of a case are written when it is new, when what places it has changed (`PLACES`), or when it had
none; a case that only moved on in its handling keeps the areas it has. What was replaced is kept,
so that undo brings it back.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from geo.schema import TABLES, Table
from geo.store.base import BatchHead, Receipt
from geo.store.batches import next_batch_id, record_batch, require_unchanged_since
from geo.store.bench import expect_many
from geo.store.boundary_sets import require_boundaries_seen
from geo.store.database import Database, Params, count
from geo.store.failpoints import reach
from geo.store.frames import GEOMETRY_TYPES
from geo.store.pouring import Arrivals, pour_new
from geo.store.refreshing import refresh_facts
from geo.store.side_rows import count_side_changes, write_side
from geo.store.staging import (
    ROW,
    arrive,
    arriving_value,
    compare_rows,
    is_different,
    names_of,
    quote,
    quoted,
    require_for_new,
    stage_rows,
)

PLACES = ("lon", "lat", "position_source", "stated_area", "reported_at")
"""A case is placed again when one of these changes."""

NOTE_CHARACTERS = 40
"""Longest value quoted in the note of an event."""

CASE_DEFAULTS = {"position_source": "none"}
FACILITY_DEFAULTS = {"position_source": "none", "status": "open"}


def store_cases(
    db: Database,
    head: BatchHead,
    cases: pd.DataFrame,
    areas: pd.DataFrame,
    *,
    time_zone: str,
    reporters: pd.DataFrame | None,
    categories: pd.DataFrame | None,
    rejected: pd.DataFrame | None,
) -> Receipt:
    """Store checked cases and their areas as one batch; see `Store.store_cases`."""
    table = TABLES["cases"]
    arrived = Arrivals(
        arrive(cases, table),
        arrive(areas, TABLES["case_areas"]),
        arrive(reporters, TABLES["case_reporters"]) if reporters is not None and len(reporters) else None,
    )
    with db.transaction():
        reach("batch.begun")
        require_boundaries_seen(db, head)
        batch_id, last = next_batch_id(db), _last_case_no(db)

        def write_new(bench: Database, new: Arrivals) -> None:
            _stage(bench, new)
            counts = _compare(bench, new, last)
            require_for_new(table, names_of(new.cases), counts["new"], tuple(CASE_DEFAULTS))
            _write_compared(bench, head, batch_id, new, time_zone=time_zone)

        expect_many(db, len(cases))
        rest, n_poured = pour_new(db, arrived, write_new)
        _stage(db, rest)
        reach("batch.staged")
        counts = _compare(db, rest, last)
        require_for_new(table, names_of(rest.cases), counts["new"], tuple(CASE_DEFAULTS))
        require_unchanged_since(db, head, table)
        reach("batch.compared")
        if counts["new"] or counts["changed"]:
            _write_compared(db, head, batch_id, rest, time_zone=time_zone)
        if n_poured or counts["new"] or counts["changed"]:
            _add_categories(db, batch_id, categories)
        receipt = record_batch(db, head, batch_id, {**counts, "new": counts["new"] + n_poured}, rejected)
        db.drop("compared", "arriving", "arriving_areas", "arriving_reporters")
    reach("batch.committed")
    return receipt


def _stage(db: Database, arrived: Arrivals) -> None:
    db.stage("arriving", arrived.cases)
    db.stage("arriving_areas", arrived.areas)
    if arrived.reporters is not None:
        db.stage("arriving_reporters", arrived.reporters)


def _compare(db: Database, arrived: Arrivals, last: int) -> dict[str, int]:
    """Write `compared`; return the counts by status."""
    table, names = TABLES["cases"], names_of(arrived.cases)
    counts = compare_rows(db, "arriving", table, names, further=_case_columns(db, table, names, last))
    if arrived.reporters is None:
        return counts
    return count_side_changes(db, counts, TABLES["case_reporters"], "arriving_reporters")


def _write_compared(
    db: Database, head: BatchHead, batch_id: str, arrived: Arrivals, *, time_zone: str
) -> None:
    """Write the new and changed cases of `compared`, and all that belongs to them."""
    table, names = TABLES["cases"], names_of(arrived.cases)
    _keep_versions(db, head, batch_id, table)
    reach("batch.former_kept")
    _write_versioned(db, batch_id, table, names, CASE_DEFAULTS)
    reach("batch.rows_written")
    areas_table = TABLES["case_areas"]
    write_side(db, batch_id, areas_table, "arriving_areas", when="k.is_moved OR o.case_id IS NULL")
    if arrived.reporters is not None:
        write_side(db, batch_id, TABLES["case_reporters"], "arriving_reporters")
    reach("batch.areas_written")
    _write_events(db, head, batch_id, table, names)
    reach("batch.events_written")
    db.drop("touched")
    db.run("CREATE TEMP TABLE touched AS SELECT case_no FROM compared WHERE status <> 'unchanged'")
    refresh_facts(db, time_zone=time_zone)
    db.drop("touched")
    reach("batch.facts_written")


def store_facilities(
    db: Database,
    head: BatchHead,
    facilities: pd.DataFrame,
    *,
    entrances: pd.DataFrame | None,
    rejected: pd.DataFrame | None,
) -> Receipt:
    """Store checked facilities as one batch; see `Store.store_facilities`."""
    table = TABLES["facilities"]
    with db.transaction():
        reach("batch.begun")
        batch_id = next_batch_id(db)
        names = stage_rows(db, "arriving", facilities, table)
        reach("batch.staged")
        further = ("a.facility_id", "coalesce(c.version, 0) AS version")
        counts = compare_rows(db, "arriving", table, names, further=further)
        gates = TABLES["facility_entrances"]
        if entrances is not None and len(entrances):
            stage_rows(db, "arriving_entrances", entrances, gates)
            counts = count_side_changes(db, counts, gates, "arriving_entrances")
        require_for_new(table, names, counts["new"], tuple(FACILITY_DEFAULTS))
        require_unchanged_since(db, head, table)
        reach("batch.compared")
        _keep_versions(db, head, batch_id, table)
        reach("batch.former_kept")
        _write_versioned(db, batch_id, table, names, FACILITY_DEFAULTS)
        if entrances is not None and len(entrances):
            write_side(db, batch_id, gates, "arriving_entrances")
        reach("batch.rows_written")
        receipt = record_batch(db, head, batch_id, counts, rejected)
        db.drop("compared", "arriving", "arriving_entrances")
    reach("batch.committed")
    return receipt


def _last_case_no(db: Database) -> int:
    return count(
        db,
        "SELECT greatest((SELECT coalesce(max(case_no), 0) FROM cases), "
        "(SELECT coalesce(max(case_no), 0) FROM case_versions))",
    )


def _case_columns(db: Database, table: Table, names: Sequence[str], last: int) -> tuple[str, ...]:
    """What `compared` holds beside the status: ids, version, state before, whether it moved."""
    moved = " OR ".join(is_different(db, table, name) for name in PLACES if name in names) or "FALSE"
    return (
        "a.case_id",
        f"coalesce(c.case_no, {last} + 1 + a.{ROW}) AS case_no",
        "coalesce(c.version, 0) AS version",
        "c.state AS from_state",
        f"(c.case_id IS NULL OR {moved}) AS is_moved",
    )


def _keep_versions(db: Database, head: BatchHead, batch_id: str, table: Table) -> None:
    """Move the rows that are about to change to the table of versions."""
    key, versions = quote(table.key[0]), versions_of(table)
    p = Params()
    db.run(
        f"INSERT INTO {versions.name} ({quoted(versions.names)}) SELECT {quoted(table.names, 'c')}, "
        f"{p.add(batch_id)}, {p.add(head.created_at)} FROM {table.name} c "
        f"WHERE c.{key} IN (SELECT k.{key} FROM compared k WHERE k.status = 'changed')",
        p.values,
    )
    db.run(f"DELETE FROM {table.name} WHERE {key} IN (SELECT {key} FROM compared WHERE status = 'changed')")


def versions_of(table: Table) -> Table:
    """Return the table that keeps former rows of `cases` or `facilities`."""
    return TABLES["case_versions" if table.name == "cases" else "facility_versions"]


def _write_versioned(
    db: Database, batch_id: str, table: Table, names: Sequence[str], defaults: dict[str, str]
) -> None:
    """Add new rows and the new versions of changed ones; what was not brought stays as it was."""
    p = Params()
    batch = p.add(batch_id)
    fixed = {"batch_id": f"CAST({batch} AS text)", "version": "k.version + 1", "case_no": "k.case_no"}
    values = []
    for column in table.columns:
        if column.name in fixed:
            values.append(fixed[column.name])
        elif column.name in names:
            values.append(arriving_value(db, column, "a"))
        elif column.name in defaults:
            values.append(f"coalesce(c.{quote(column.name)}, '{defaults[column.name]}')")
        else:
            values.append(f"c.{quote(column.name)}")
    key, versions = quote(table.key[0]), versions_of(table)
    db.run(
        f"INSERT INTO {table.name} ({quoted(table.names)}) SELECT {', '.join(values)} "
        f"FROM arriving a JOIN compared k ON k.{ROW} = a.{ROW} "
        f"LEFT JOIN (SELECT * FROM {versions.name} WHERE replaced_by = {batch}) c ON c.{key} = a.{key} "
        f"WHERE k.status <> 'unchanged'",
        p.values,
    )


def _add_categories(db: Database, batch_id: str, categories: pd.DataFrame | None) -> None:
    """Add categories that are not known yet; note them, so that undo can take them away."""
    if categories is None or not len(categories):
        return
    table = TABLES["categories"]
    names = stage_rows(db, "arriving_categories", categories, table)
    require_for_new(table, names, len(categories))
    added = "FROM arriving_categories a WHERE a.category_id NOT IN (SELECT category_id FROM categories)"
    key = db.json_object({"category_id": "a.category_id"})
    db.run(
        f"INSERT INTO former_rows (replaced_by, seq, table_name, row) SELECT $1, "
        f"(SELECT coalesce(max(seq), 0) FROM former_rows WHERE replaced_by = $1) "
        f"+ row_number() OVER (ORDER BY a.{ROW}), 'categories +', {key} {added}",
        [batch_id],
    )
    db.run(f"INSERT INTO categories ({quoted(names)}) SELECT {quoted(names, 'a')} {added} ORDER BY a.{ROW}")
    db.drop("arriving_categories")


def _write_events(db: Database, head: BatchHead, batch_id: str, table: Table, names: Sequence[str]) -> None:
    """Append one event per new or changed case; a change says what changed, old → new."""
    p = Params()
    batch, actor, at = p.add(batch_id), p.add(head.actor), p.add(head.created_at)
    notes = ", ".join(_change_note(db, table, name) for name in names if name not in table.key)
    db.run(
        "INSERT INTO case_events (case_id, seq, action, from_state, to_state, actor, taken_at, note, batch_id) "
        f"SELECT k.case_id, coalesce(e.seq, 0) + 1, CASE k.status WHEN 'new' THEN 'import' ELSE 'change' END, "
        f"k.from_state, n.state, {actor}, {at}, "
        f"CASE WHEN k.status = 'changed' THEN coalesce(nullif(concat_ws('; ', {notes}), ''), 'reporter') "
        f"ELSE '' END, {batch} "
        f"FROM compared k JOIN arriving a ON a.{ROW} = k.{ROW} "
        f"JOIN cases n ON n.case_no = k.case_no "
        f"LEFT JOIN (SELECT * FROM case_versions WHERE replaced_by = {batch}) c ON c.case_id = k.case_id "
        f"LEFT JOIN (SELECT case_id, max(seq) AS seq FROM case_events WHERE case_id IN "
        f"(SELECT case_id FROM compared WHERE status = 'changed') GROUP BY case_id) e ON e.case_id = k.case_id "
        f"WHERE k.status <> 'unchanged'",
        p.values,
    )


def _change_note(db: Database, table: Table, name: str) -> str:
    kind = table.column(name).type
    if kind in GEOMETRY_TYPES:
        return f"CASE WHEN {is_different(db, table, name)} THEN '{name}' END"
    old, new = (
        f"CASE WHEN length({text}) > {NOTE_CHARACTERS} THEN left({text}, {NOTE_CHARACTERS - 1}) || '…' "
        f"ELSE coalesce({text}, '∅') END"
        for text in (db.as_text(f"{side}.{quote(name)}", kind) for side in ("c", "a"))
    )
    return f"CASE WHEN {is_different(db, table, name)} THEN '{name}: ' || {old} || ' → ' || {new} END"
