"""Renew facts, codes and sums after cases or their areas changed (刷新看板事实).

On a server the facts of many cases are derived on a `bench`, block by block; elsewhere, and for few
cases, where they stand.
"""

from __future__ import annotations

from geo.schema import TABLES, Table
from geo.store import bench as benches
from geo.store.bench import DERIVED, open_bench, pour
from geo.store.database import Database, count
from geo.store.facts import CODED, COLUMN_OF, TAKEN, derive_facts, take_facts
from geo.store.ledger import compact, write_spans
from geo.store.staging import quote

BLOCK_ROWS = 1_000_000
"""Cases whose facts are derived at a time: bounds memory, and changes no answer."""

_DIMENSIONS = {COLUMN_OF.get(dimension, dimension) for dimension in CODED}


def refresh_facts(db: Database, *, time_zone: str) -> None:
    """Make facts, codes and sums right for the cases in the temporary table `touched` (`case_no`).

    A touched case that is no longer stored loses its facts. Must run inside a transaction.
    """
    is_all = take_facts(db)
    n_touched = count(db, "SELECT count(*) FROM touched") if db.has_indexes else 0
    if n_touched >= benches.LEAST_ROWS:
        _derive_on_bench(db, time_zone=time_zone, is_all=is_all)
    else:
        derive_facts(db, time_zone=time_zone, is_all=is_all)


def rebuild_facts(db: Database, *, time_zone: str) -> None:
    """Derive facts, codes and sums of all cases anew; must run inside a transaction."""
    for table in ("case_facts", "case_counts", "case_spans", "fact_codes"):
        db.run(f"DELETE FROM {table}")
    db.drop("touched")
    db.run("CREATE TEMP TABLE touched AS SELECT case_no FROM cases")
    refresh_facts(db, time_zone=time_zone)
    db.drop("touched")


def _derive_on_bench(db: Database, *, time_zone: str, is_all: bool) -> None:
    db.drop("blocks")
    db.run(
        "CREATE TEMP TABLE blocks AS SELECT case_no, "
        f"CAST((row_number() OVER (ORDER BY case_no) - 1) / {BLOCK_ROWS} AS integer) AS block FROM touched"
    )
    if is_all:
        db.run("DELETE FROM case_spans")
    n_blocks = count(db, "SELECT max(block) + 1 FROM blocks")
    for block in range(n_blocks):
        with open_bench(db) as bench:
            with bench.db.transaction():
                _fill(bench.db, db, block)
                derive_facts(bench.db, time_zone=time_zone, is_all=True)
            pour(db, bench, DERIVED, with_spans=is_all)
    compact(db)
    if not is_all:
        write_spans(db, is_all=False)
    db.drop("blocks")


def _fill(bench: Database, db: Database, block: int) -> None:
    """Give a bench the cases of a block, and where they lie now, as far as facts are made of them."""
    of_cases, of_areas = _columns(TABLES["cases"], TAKEN), _columns(TABLES["case_areas"], ())
    wanted = [f"c.{quote(name)} AS c_{name}" for name in of_cases]
    wanted += [f"a.{quote(name)} AS a_{name}" for name in of_areas]
    rows = db.scan(
        f"SELECT {', '.join(wanted)} FROM cases c JOIN blocks b ON b.case_no = c.case_no AND b.block = {block} "
        "LEFT JOIN case_areas a ON a.case_id = c.case_id AND a.basis = 'current'"
    )
    bench.append("cases", rows.select([f"c_{name}" for name in of_cases]).rename_columns(of_cases))
    placed = rows.filter(rows["a_case_id"].is_valid())
    bench.append("case_areas", placed.select([f"a_{name}" for name in of_areas]).rename_columns(of_areas))
    bench.run("CREATE TEMP TABLE touched AS SELECT case_no FROM cases")


def _columns(table: Table, further: tuple[str, ...]) -> list[str]:
    """Columns of a table that facts are made of, or that must not be empty."""
    return [c.name for c in table.columns if c.required or c.name in _DIMENSIONS or c.name in further]
