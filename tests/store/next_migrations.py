"""A folder of migrations of a program that does not exist yet: the real ones, and two that follow."""

from __future__ import annotations

import shutil
from pathlib import Path

from geo.store import migrating

REAL = migrating.FOLDER

FIRST = """
-- a column, filled, and a table
ALTER TABLE facilities ADD COLUMN tested_note text;
UPDATE facilities SET tested_note = name;
CREATE TABLE tested_marks (mark text NOT NULL);
"""
SECOND = """
INSERT INTO tested_marks SELECT case_id FROM cases;
ALTER TABLE cases ADD COLUMN tested_flag boolean;
UPDATE cases SET tested_flag = TRUE;
"""
N_STATEMENTS = 6


def last_real() -> int:
    """Return the number of the newest real migration."""
    return max(int(file.name[:4]) for file in (REAL / "duckdb").glob("*.sql"))


def make_newer(folder: Path) -> Path:
    """Write the folder; return it."""
    shutil.copytree(REAL, folder)
    last = last_real()
    for kind in ("duckdb", "postgis"):
        for number, (name, sql) in enumerate({"notes": FIRST, "marks": SECOND}.items(), start=last + 1):
            (folder / kind / f"{number:04d}_{name}.sql").write_text(sql, encoding="utf-8")
    return folder
