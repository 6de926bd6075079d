"""Look after whole stores: create, examine, copy, back up, restore, verify (存储维护).

A backup is a store in one DuckDB file, whichever database it was made from: it can be opened,
verified and copied anywhere. It is made from one version of the data while others read and write,
written under another name first and given its own when it is proved. Copying, backing up and restoring take an
editor; without another seat that is the operator of the machine, and no page comes here.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from geo.access.seats import OPERATOR, Seat, require_may
from geo.errors import MissingError, StoreError
from geo.settings import Settings
from geo.store import open_store as open_store_at
from geo.store.base import BrokenRule, Fingerprint, Progress, Store
from geo.store.health import Finding, examine
from geo.store.opening import is_older
from geo.tasks.opening import limits_of, open_store, say_swept
from geo.whole_files import discard, settle, sweep, unfinished_folder, unfinished_name

_NOT_WRITTEN = ("store_cannot_open", "store_no_room", "store_write_broken")
"""Codes that mean, of the file of a backup, that it cannot be written."""


@dataclass(frozen=True)
class Moved:
    """What a copy, backup or restore moved, table by table."""

    tables: Mapping[str, Fingerprint]

    @property
    def n_rows(self) -> int:
        """Rows of all tables."""
        return sum(table.n_rows for table in self.tables.values())


@dataclass(frozen=True)
class Verified:
    """What verifying found: sentences, tables that differ from the backup, and what there is."""

    problems: list[BrokenRule]
    differing: list[str]
    tables: Mapping[str, Fingerprint]

    @property
    def n_rows(self) -> int:
        """Rows of all tables."""
        return sum(table.n_rows for table in self.tables.values())


def examine_store(settings: Settings) -> list[Finding]:
    """Look at the store the settings name; nothing is made or changed."""
    return examine(settings.store_url, limits=limits_of(settings))


def copy_store(
    from_url: str,
    to_url: str,
    settings: Settings,
    *,
    progress: Progress | None = None,
    seat: Seat = OPERATOR,
) -> Moved:
    """Copy one store into another, empty one; see `Store.copy_into`."""
    require_may(seat, "keep_stores")
    with (
        open_at(from_url, settings) as source,
        open_at(to_url, settings, time_zone=source.time_zone) as target,
    ):
        return Moved(source.copy_into(target, progress=progress))


def open_at(url: str, settings: Settings, *, time_zone: str = "") -> Store:
    """Open a store by its address, with the limits of the settings."""
    return open_store_at(
        url,
        time_zone=time_zone,
        memory_mb=settings.store_memory_mb,
        threads=settings.store_threads,
        limits=limits_of(settings),
        backup_folder=settings.backup_folder,
    )


def back_up(
    store: Store,
    file: Path,
    settings: Settings,
    *,
    progress: Progress | None = None,
    seat: Seat = OPERATOR,
) -> Moved:
    """Write a backup of a store that may be in use.

    Raises
    ------
    StoreError
        If there is a file of that name, it cannot be written, or what was read back differs.
    """
    require_may(seat, "keep_stores")
    if file.exists():
        raise StoreError("backup_exists", file=file.name)
    unfinished = unfinished_name(file)
    say_swept(sweep(file.parent), settings)
    try:
        with open_at(f"duckdb:{unfinished}", settings, time_zone=store.time_zone) as target:
            moved = Moved(store.copy_into(target, progress=progress))
        settle(unfinished, file)
    except OSError as error:
        raise StoreError("backup_not_written", file=file.name) from error
    except StoreError as error:
        if error.code not in _NOT_WRITTEN:
            raise
        raise StoreError("backup_not_written", file=file.name) from error
    finally:
        discard(unfinished)
    return moved


def restore(
    file: Path, settings: Settings, *, progress: Progress | None = None, seat: Seat = OPERATOR
) -> Moved:
    """Copy a backup into the store the settings name, which must be empty.

    Raises
    ------
    MissingError
        If there is no such file.
    StoreError
        If it is no store, or the store holds data.
    """
    require_may(seat, "keep_stores")
    with (
        _open_backup(file, settings) as source,
        open_at(settings.store_url, settings, time_zone=source.time_zone) as target,
    ):
        return Moved(source.copy_into(target, progress=progress))


@contextmanager
def _open_backup(file: Path, settings: Settings) -> Iterator[Store]:
    """Open a backup without changing it: an older one is brought to the newest shape in a copy."""
    if not file.is_file():
        raise MissingError("backup_not_there", file=file.name)
    if not is_older(file):
        with open_at(f"duckdb:{file}", settings) as store:
            yield store
        return
    with unfinished_folder("getu-restore") as folder:
        copied = Path(folder) / file.name
        shutil.copyfile(file, copied)
        with open_at(f"duckdb:{copied}", settings) as store:
            yield store


def rebuild_store(store: Store, *, seat: Seat, now: datetime) -> None:
    """Derive anew everything that is derived: facts, codes and sums.

    Raises
    ------
    AccessError
        If the seat may not keep stores.
    """
    require_may(seat, "keep_stores")
    store.rebuild(actor=seat.name, taken_at=now)


def verify_store(settings: Settings, *, backup: Path | None = None) -> Verified:
    """Verify the rules of the store, and that it holds the same as a backup when one is named."""
    with open_store(settings) as store:
        problems, tables = store.verify(), store.fingerprints()
    differing: list[str] = []
    if backup is not None:
        with _open_backup(backup, settings) as kept:
            known = kept.fingerprints()
        differing = [name for name, found in tables.items() if known.get(name) != found]
    return Verified(problems, differing, tables)
