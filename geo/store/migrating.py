"""Bring a store to the newest shape, one numbered step at a time (数据库迁移).

A migration is a file `migrations/<database>/NNNN_what.sql`. Each is applied once, in a transaction
of its own, and recorded in `schema_migrations`; a kill leaves the store before or after it. A store
that knows a number this program does not is from a newer program, and is left alone. Before the first
step on a store that has some already, what it holds is kept aside (`keep`), inside the same
transaction, so that nobody stores anything between the copy and the step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from geo.errors import StoreVersionError
from geo.store.database import Database, every
from geo.store.failpoints import reach

FOLDER = Path(__file__).parent / "migrations"


def read_migrations(database: str) -> list[tuple[int, str, str]]:
    """Return number, name and SQL of every migration of a kind of database, in order."""
    found = []
    for file in sorted((FOLDER / database).glob("*.sql")):
        number, _, name = file.stem.partition("_")
        found.append((int(number), name, file.read_text(encoding="utf-8")))
    return found


Keep = Callable[[set[int], int], None]
"""Keeps aside what a store holds: told the numbers it has, and the first that is waiting."""


def migrate(
    db: Database, database: str, *, now: datetime, keep: Keep | None = None, only: set[int] | None = None
) -> list[int]:
    """Apply the migrations that are missing; return their numbers.

    Parameters
    ----------
    db, database
        The store, and the folder of its kind of database.
    now
        Moment that is recorded.
    keep
        Called before the first statement on a store that is older; not on a new one.
    only
        Numbers to apply; all when missing.

    Raises
    ------
    StoreVersionError
        If the store was written by a newer program.
    StoreError
        If an older store may not be changed, or could not be kept aside; nothing is changed then.
    """
    if not db.columns_of("schema_migrations"):
        with db.transaction():
            db.run(
                "CREATE TABLE IF NOT EXISTS schema_migrations "
                "(number integer NOT NULL, name text NOT NULL, applied_at timestamptz NOT NULL)"
            )
    waiting = [m for m in find_waiting(db, database) if only is None or m[0] in only]
    for number, name, sql in waiting:
        with db.transaction():
            done = applied_migrations(db)
            if number in done:
                continue  # another program was faster
            reach("migrate.begun")
            if keep is not None and done and number == waiting[0][0]:
                db.run("INSERT INTO schema_migrations SELECT * FROM schema_migrations WHERE number < 0")
                keep(done, number)  # only after the line above: who may not write is told so at once
                reach("migrate.backed_up")
            for statement in split_statements(sql):
                db.run(statement)
                reach("migrate.statement")
            db.run("INSERT INTO schema_migrations VALUES ($1, $2, $3)", [number, name, now])
            reach("migrate.applied")
        reach("migrate.committed")
    return [number for number, _, _ in waiting]


def find_waiting(db: Database, database: str) -> list[tuple[int, str, str]]:
    """Return the migrations that a store does not have yet, in order.

    Raises
    ------
    StoreVersionError
        If the store was written by a newer program.
    """
    migrations = read_migrations(database)
    done = applied_migrations(db)
    if unknown := sorted(done - {number for number, _, _ in migrations}):
        raise StoreVersionError("store_too_new", number=unknown[-1], known=migrations[-1][0])
    return [migration for migration in migrations if migration[0] not in done]


def applied_migrations(db: Database) -> set[int]:
    """Return the numbers of the migrations a store has."""
    return {int(str(row["number"])) for row in every(db, "SELECT number FROM schema_migrations")}


def split_statements(sql: str) -> Iterator[str]:
    r"""Split the text of a migration at the semicolons that end a line; comments are dropped.

    Examples
    --------
    >>> list(split_statements("-- one\nSELECT 1;\nSELECT ';';\n"))
    ['SELECT 1', "SELECT ';'"]
    """
    without_comments = re.sub(r"(?m)^\s*--.*$|\s--\s.*$", "", sql)
    for part in re.split(r";[ \t]*(?:\n|$)", without_comments):
        if part.strip():
            yield part.strip()
