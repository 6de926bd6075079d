"""The same cases under other boundaries: a store in memory, made when it is asked for (换算视图).

What dashboards read is copied; the boundaries are those that were chosen, without an end; and what counts as
the present area of a case is the one it was reported in, or one that was worked out for it. The facts are
derived anew, so that every question is answered by the same code as in the store itself. Nothing personal
beyond the cases is copied, and nothing is written back.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd

from geo.schema import TABLES, Table
from geo.store.database import Database
from geo.store.duckdb import MEMORY, DuckDatabase, open_duckdb
from geo.store.frames import to_arrow
from geo.store.migrating import migrate
from geo.store.reading import select_list
from geo.store.refreshing import rebuild_facts

COPIED = (
    "store_meta", "import_batches", "area_aliases", "area_staff", "categories", "cases", "facilities",
    "facility_entrances", "population_points", "buildings", "residential_land", "reporting_effort",
)  # fmt: skip
"""Tables that stand in the copy as they are; boundaries and areas of cases are given, facts derived."""

MEMORY_MB = 2_048

_MADE = datetime(2000, 1, 1, tzinfo=UTC)


def recast(
    source: Database,
    *,
    time_zone: str,
    sets: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    placed: pd.DataFrame | None,
) -> DuckDatabase:
    """Copy a store into memory under other boundaries; see `Store.recast`."""
    db = open_duckdb(MEMORY, memory_mb=MEMORY_MB, threads=os.cpu_count() or 1)
    try:
        migrate(db, "duckdb", now=_MADE)
        with source.snapshot(), db.transaction():
            for name in COPIED:
                _copy(source, db, TABLES[name])
            _write(db, "boundary_sets", sets.assign(status="published", valid_from=None, valid_to=None))
            _write(db, "areas", areas)
            _copy(source, db, TABLES["case_areas"], where="t.basis = 'reported'")
            if placed is None:
                names = [name for name in TABLES["case_areas"].names if name != "basis"]
                listed = ", ".join(names)
                db.run(f"INSERT INTO case_areas (basis, {listed}) SELECT 'current', {listed} FROM case_areas")
            else:
                _write(db, "case_areas", placed.assign(basis="current", batch_id=""))
            rebuild_facts(db, time_zone=time_zone)
    except BaseException:
        db.close()
        raise
    return db


def _copy(source: Database, db: Database, table: Table, *, where: str = "TRUE") -> None:
    names = select_list(source, table, table.names, "t")
    order = "case_no" if table.name == "cases" else ", ".join(table.key)
    for rows in source.stream(f"SELECT {names} FROM {table.name} t WHERE {where} ORDER BY {order}"):
        db.append(table.name, rows)


def _write(db: Database, name: str, rows: pd.DataFrame) -> None:
    table = TABLES[name]
    db.append(name, to_arrow(rows, table, table.names))
