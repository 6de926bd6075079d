"""Write the areas of cases again, after boundaries came or went (重新落格)."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from geo.schema import TABLES
from geo.store.batches import add_audit, bump_version
from geo.store.bench import expect_many
from geo.store.database import Database, count
from geo.store.failpoints import reach
from geo.store.refreshing import refresh_facts
from geo.store.staging import arriving_value, quote, quoted, stage_rows


def replace_areas_of_cases(
    db: Database, areas: pd.DataFrame, *, actor: str, taken_at: datetime, time_zone: str
) -> None:
    """Replace rows of `case_areas`; see `Store.replace_areas_of_cases`.

    A row keeps its batch, a first one takes that of its case. Rows of cases that are not stored, and rows that
    say what is
    stored already, are left out; when nothing is left, nothing is written at all.
    """
    table = TABLES["case_areas"]
    with db.transaction():
        reach("place.begun")
        expect_many(db, len(areas))
        names = stage_rows(db, "arriving_areas", areas, table)
        told = [c for c in table.columns if c.name in names]
        differ = " OR ".join(
            f"o.{quote(c.name)} IS DISTINCT FROM a.{quote(c.name)}" for c in told if c.name not in table.key
        )
        values = [f"{arriving_value(db, c, 'a')} AS {quote(c.name)}" for c in told]
        db.drop("placed", "touched")
        db.run(
            f"CREATE TEMP TABLE placed AS SELECT {', '.join(values)}, "
            "coalesce(o.batch_id, c.batch_id) AS batch_id, c.case_no "
            "FROM arriving_areas a JOIN cases c ON c.case_id = a.case_id "
            f"LEFT JOIN case_areas o ON o.case_id = a.case_id AND o.basis = a.basis "
            f"WHERE o.case_id IS NULL OR {differ or 'FALSE'}"
        )
        n_placed = count(db, "SELECT count(*) FROM placed")
        if n_placed:
            db.run(
                "DELETE FROM case_areas o WHERE EXISTS "
                "(SELECT 1 FROM placed p WHERE p.case_id = o.case_id AND p.basis = o.basis)"
            )
            db.run(
                f"INSERT INTO case_areas ({quoted((*names, 'batch_id'))}) "
                f"SELECT {quoted((*names, 'batch_id'))} FROM placed"
            )
            reach("place.areas_written")
            db.run("CREATE TEMP TABLE touched AS SELECT case_no FROM placed WHERE basis = 'current'")
            refresh_facts(db, time_zone=time_zone)
            reach("place.facts_written")
            add_audit(db, "place", "cases", "done", actor=actor, taken_at=taken_at, note=f"rows {n_placed}")
            bump_version(db)
        db.drop("placed", "touched", "arriving_areas")
    reach("place.committed")
