"""Commands on whole stores: `store create`, `check`, `copy`, `backup`, `restore`, `verify`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from geo.commands.speaking import add_common, make_session, tell, warn
from geo.messages import say
from geo.settings import Settings
from geo.tasks.opening import open_store
from geo.tasks.stores import (
    Moved,
    back_up,
    copy_store,
    examine_store,
    rebuild_store,
    restore,
    verify_store,
)

_MARKS = {"good": "+", "doubtful": "?", "bad": "-"}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this module."""
    store = commands.add_parser(
        "store", help="create, examine, copy, back up, restore or verify a whole store"
    )
    deeds = store.add_subparsers(dest="deed", metavar="DEED", required=True, help="what to do with the store")
    create = deeds.add_parser(
        "create", help="make the tables of the store the settings name, or bring them up to date"
    )
    check = deeds.add_parser(
        "check", help="examine the store as a doctor would, each finding with its remedy"
    )
    copy = deeds.add_parser(
        "copy", help="copy a whole store into an empty one, and prove it by counts and checksums"
    )
    copy.add_argument(
        "source", metavar="FROM", help="address of the store to copy, for example duckdb:data/getu.duckdb"
    )
    copy.add_argument(
        "target", metavar="TO", help="address of an empty store, for example postgresql://user@host/getu"
    )
    backup = deeds.add_parser("backup", help="write a backup of the store to a file, while it is in use")
    backup.add_argument("file", metavar="FILE", type=Path, help="file to write; it must not exist")
    back = deeds.add_parser(
        "restore", help="copy a backup into the store the settings name, which must be empty"
    )
    back.add_argument("file", metavar="FILE", type=Path, help="backup to read")
    verify = deeds.add_parser(
        "verify", help="verify that the store is whole, and equal to a backup when one is named"
    )
    verify.add_argument("file", metavar="FILE", type=Path, nargs="?", help="backup to compare with")
    rebuild = deeds.add_parser(
        "rebuild", help="derive the tables for dashboards anew, where `verify` finds them wrong"
    )
    runs = {
        rebuild: run_rebuild,
        create: run_create,
        check: run_check,
        copy: run_copy,
        backup: run_backup,
        back: run_restore,
        verify: run_verify,
    }
    for deed, run in runs.items():
        add_common(deed)
        deed.set_defaults(run=run)


def run_create(args: argparse.Namespace, settings: Settings) -> int:
    """Run `store create`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        facts = {"version": store.data_version(), "zone": store.time_zone}
    tell(session, [say("store_created", session.language, **facts)], facts)
    return 0


def run_rebuild(args: argparse.Namespace, settings: Settings) -> int:
    """Run `store rebuild`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        rebuild_store(store, seat=session.seat, now=session.now)
        problems = [rule.say(session.language) for rule in store.verify()]
    tell(session, [say("store_rebuilt", session.language), *problems], {"problems": problems})
    return int(bool(problems))


def run_check(args: argparse.Namespace, settings: Settings) -> int:
    """Run `store check`."""
    session = make_session(args, settings)
    findings = examine_store(settings)
    lines = [
        f"{_MARKS[found.verdict]} {say(found.code, session.language, **found.values)}" for found in findings
    ]
    facts = [
        {
            "subject": found.subject,
            "verdict": found.verdict,
            "code": found.code,
            "text": say(found.code, session.language, **found.values),
        }
        for found in findings
    ]
    tell(session, lines, {"findings": facts})
    return int(any(found.verdict == "bad" for found in findings))


def _progress(table: str, n_rows: int) -> None:
    if n_rows and n_rows % 1_000_000 == 0:
        warn(f"{table} {n_rows:,}")


def _facts(moved: Moved) -> Mapping[str, object]:
    return {
        "n_rows": moved.n_rows,
        "n_tables": len(moved.tables),
        "tables": {
            name: {"n_rows": t.n_rows, "checksum": f"{t.checksum:016x}"} for name, t in moved.tables.items()
        },
    }


def run_copy(args: argparse.Namespace, settings: Settings) -> int:
    """Run `store copy`."""
    session = make_session(args, settings)
    facts = _facts(copy_store(args.source, args.target, settings, progress=_progress))
    tell(session, [say("store_copied", session.language, **facts)], facts)
    return 0


def run_backup(args: argparse.Namespace, settings: Settings) -> int:
    """Run `store backup`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        facts = {**_facts(back_up(store, args.file, settings, progress=_progress)), "file": args.file.name}
    tell(session, [say("store_backed_up", session.language, **facts)], facts)
    return 0


def run_restore(args: argparse.Namespace, settings: Settings) -> int:
    """Run `store restore`."""
    session = make_session(args, settings)
    facts = _facts(restore(args.file, settings, progress=_progress))
    tell(session, [say("store_copied", session.language, **facts)], facts)
    return 0


def run_verify(args: argparse.Namespace, settings: Settings) -> int:
    """Run `store verify`."""
    session = make_session(args, settings)
    found = verify_store(settings, backup=args.file)
    name = "" if args.file is None else args.file.name
    problems = [rule.say(session.language) for rule in found.problems]
    lines = list(problems)
    if not problems:
        lines.append(say("store_whole", session.language, n_rows=found.n_rows))
    if args.file is not None:
        code = "store_differs" if found.differing else "store_same"
        tables = ", ".join(found.differing)
        lines.append(say(code, session.language, file=name, tables=tables, n_rows=found.n_rows))
    facts = {
        "problems": [finding.say("en") for finding in found.problems],
        "differing": found.differing,
        "n_rows": found.n_rows,
    }
    tell(session, lines, facts)
    return int(bool(found.problems or found.differing))
