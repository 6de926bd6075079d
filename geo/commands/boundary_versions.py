"""Commands on versions of boundaries: `boundaries sets`, `publish`, `retire`, `diff`, `crosswalk`, `export`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Literal

from geo.access.seats import Seat
from geo.commands.speaking import Session, add_common, make_session, parse_day, rows_as_json, say_line, tell
from geo.commands.writing import write_file
from geo.errors import ChoiceError
from geo.messages import Language
from geo.present.words import LEVELS, SET_CHANGES, SET_STATUS, word
from geo.schema import AREA_LEVELS
from geo.settings import Settings
from geo.store.base import Store
from geo.tasks.boundary_compare import WEIGHTS, compare_boundary_sets, make_crosswalk
from geo.tasks.boundary_files import (
    BILL_PARTS,
    write_bill,
    write_changes,
    write_crosswalk,
    write_layer,
    write_set,
)
from geo.tasks.boundary_layers import read_day
from geo.tasks.boundary_sets import find_gaps, list_sets, read_areas_on
from geo.tasks.boundary_text import say_bill, say_counts, say_day
from geo.tasks.boundary_versions import Bill, prepare_bill, publish_set, retire_set
from geo.tasks.exports import Document, Imprint
from geo.tasks.opening import open_store


def add_versions(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add what is done with versions to the group of boundary commands."""
    sets = deeds.add_parser("sets", help="list boundary sets, or those in force on a day, and gaps in time")
    sets.add_argument("--on", type=parse_day, metavar="DAY", help="only what was in force on this day")
    sets.add_argument("--level", choices=AREA_LEVELS, help="only this level")
    publish = deeds.add_parser("publish", help="show the bill of a draft; with --confirm put it in force")
    publish.add_argument("set_id", metavar="SET", help="the draft, as `boundaries sets` names it")
    publish.add_argument(
        "--on", type=parse_day, metavar="DAY", help="first day in force (default: since ever)"
    )
    publish.add_argument(
        "--until", type=parse_day, metavar="DAY", help="first day no longer (default: still)"
    )
    publish.add_argument("--out", type=Path, metavar="FILE", help="write the lists of the bill: xlsx or csv")
    publish.add_argument(
        "--list",
        dest="part",
        choices=BILL_PARTS,
        default="changes",
        help="list of a CSV (default: %(default)s)",
    )
    publish.add_argument("--confirm", action="store_true", help="put it in force")
    retire = deeds.add_parser("retire", help="let a set end on a day, without another that follows")
    retire.add_argument("set_id", metavar="SET", help="the set in force")
    retire.add_argument("--on", type=parse_day, metavar="DAY", required=True, help="first day no longer")
    diff = deeds.add_parser("diff", help="say what became of each area from one set to another")
    crosswalk = deeds.add_parser("crosswalk", help="share the areas of one set out among those of another")
    crosswalk.add_argument("--by", choices=WEIGHTS, default="area", help="weight (default: %(default)s)")
    for deed in (diff, crosswalk):
        deed.add_argument("from_set", metavar="FROM", help="former set")
        deed.add_argument("to_set", metavar="TO", help="new set, in force or not")
        deed.add_argument("--out", type=Path, metavar="FILE", help="write it: xlsx or csv")
    export = deeds.add_parser("export", help="write a set, or what was in force on a day, as a layer")
    export.add_argument("out", type=Path, metavar="FILE", help="geojson or gpkg")
    what = export.add_mutually_exclusive_group(required=True)
    what.add_argument("--set", dest="set_id", metavar="SET", help="this set")
    what.add_argument("--level", choices=AREA_LEVELS, help="this level, with --on")
    export.add_argument("--on", type=parse_day, metavar="DAY", help="as it was in force on this day")
    runs = {sets: run_sets, publish: run_publish, retire: run_retire, diff: run_diff,
            crosswalk: run_crosswalk, export: run_export}  # fmt: skip
    for deed, run in runs.items():
        add_common(deed)
        deed.set_defaults(run=run)


def seat_of(session: Session) -> Seat:
    """Return the seat of who publishes: where a proxy names people, they are named here too."""
    return replace(session.seat, is_named=bool(session.settings.trusted_proxy))


def run_sets(args: argparse.Namespace, settings: Settings) -> int:
    """Run `boundaries sets`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        table, gaps = list_sets(store, level=args.level, on=args.on), find_gaps(store)
    lines = [
        say_line(
            session, "said_set", set_id=row["set_id"], level=word(LEVELS, row["area_level"], session.language),
            status=word(SET_STATUS, row["status"], session.language), n_areas=row["n_areas"],
            first=say_day(read_day(row["valid_from"]), session.language),
            after=say_day(read_day(row["valid_to"]), session.language), author=row["author"],
            scope=row["scope_id"] or say_line(session, "said_everything"),
        )
        for row in rows_as_json(table)
    ]  # fmt: skip
    lines += [say_line(session, "said_gap", **row) for row in rows_as_json(gaps)]
    facts = {"sets": rows_as_json(table), "gaps": rows_as_json(gaps)}
    tell(session, lines or [say_line(session, "said_no_sets")], facts)
    return 0


def run_publish(args: argparse.Namespace, settings: Settings) -> int:
    """Run `boundaries publish`."""
    session = make_session(args, settings)
    seat = seat_of(session)
    with open_store(settings) as store:
        bill = prepare_bill(store, args.set_id, on=args.on, until=args.until, seat=seat, now=session.now)
        lines = say_bill(bill, session.language)
        if args.out is not None:
            document = write_bill(
                store, bill, format=_sheet_ending(args.out), language=_language(session), part=args.part
            )
            lines.append(_write(session, args.out, document))
        batch_id = None
        if args.confirm:
            batch_id = publish_set(store, bill, seat=seat, now=session.now).batch_id
            lines.append(say_line(session, "said_published", set_id=args.set_id, batch_id=batch_id))
        else:
            lines.append(say_line(session, "said_not_published"))
    tell(session, lines, {**bill_as_json(bill), "batch_id": batch_id})
    return 0


def run_retire(args: argparse.Namespace, settings: Settings) -> int:
    """Run `boundaries retire`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        receipt = retire_set(store, args.set_id, on=args.on, seat=seat_of(session), now=session.now)
    line = say_line(
        session, "said_retired", set_id=args.set_id, day=args.on.isoformat(), batch_id=receipt.batch_id
    )
    tell(session, [line], {"set_id": args.set_id, "batch_id": receipt.batch_id})
    return 0


def run_diff(args: argparse.Namespace, settings: Settings) -> int:
    """Run `boundaries diff`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        changes = compare_boundary_sets(store, args.from_set, args.to_set)
        lines = [say_counts(changes, session.language)]
        some = changes.table[~changes.table["change"].eq("unchanged")]
        lines += [
            say_line(
                session, "said_change", change=word(SET_CHANGES, row["change"], session.language),
                from_id=row["from_id"] or "—", to_id=row["to_id"] or "—",
            )
            for row in rows_as_json(some)
        ]  # fmt: skip
        if args.out is not None:
            stem = f"diff_{args.from_set}_{args.to_set}"
            document = write_changes(
                store, changes, format=_sheet_ending(args.out), language=_language(session), stem=stem
            )
            lines.append(_write(session, args.out, document))
    tell(session, lines, {"counts": changes.counts, "changes": rows_as_json(changes.table)})
    return 0


def run_crosswalk(args: argparse.Namespace, settings: Settings) -> int:
    """Run `boundaries crosswalk`."""
    session = make_session(args, settings)
    outside = say_line(session, "said_outside_all")
    with open_store(settings) as store:
        crossed = make_crosswalk(store, args.from_set, args.to_set, by=args.by)
        lines = [
            say_line(session, "said_share", from_id=row["from_id"], to_id=row["to_id"] or outside,
                     percent=f"{row['share'] * 100:.4g}", by=row["weighted_by"])
            for row in crossed.shares.to_dict("records")
        ]  # fmt: skip
        if crossed.n_points_elsewhere:
            lines.append(say_line(session, "said_points_elsewhere", n=crossed.n_points_elsewhere))
        if args.out is not None:
            stem = f"crosswalk_{args.from_set}_{args.to_set}_{args.by}"
            document = write_crosswalk(
                store, crossed, format=_sheet_ending(args.out), language=_language(session), stem=stem
            )
            lines.append(_write(session, args.out, document))
    facts = {"by": args.by, "shares": rows_as_json(crossed.shares), "n_elsewhere": crossed.n_points_elsewhere}
    tell(session, lines, facts)
    return 0


def run_export(args: argparse.Namespace, settings: Settings) -> int:
    """Run `boundaries export`."""
    session = make_session(args, settings)
    imprint = Imprint(review_number=settings.map_review_number, source=settings.map_source)
    with open_store(settings) as store:
        document = _layer_of(store, args, imprint)
    lines = [_write(session, args.out, document), *(say_line(session, code) for code in document.warnings)]
    tell(session, lines, {"file": args.out.name, "n_bytes": len(document.content)})
    return 0


def _layer_of(store: Store, args: argparse.Namespace, imprint: Imprint) -> Document:
    if args.set_id is not None:
        return write_set(store, args.set_id, format=_layer_ending(args.out), imprint=imprint)
    areas = store.read_areas(args.level) if args.on is None else read_areas_on(store, args.level, args.on)
    stem = f"boundaries_{args.level}" + (f"_{args.on.isoformat()}" if args.on else "")
    return write_layer(areas, stem, format=_layer_ending(args.out), imprint=imprint)


def bill_as_json(bill: Bill) -> dict[str, object]:
    """Return a bill as numbers and lists."""
    moves = bill.moves
    return {
        "set_id": bill.card.set_id, "level": bill.card.level, "author": bill.card.author,
        "publisher": bill.publisher, "people": bill.people, "valid_from": bill.valid_from,
        "valid_to": bill.valid_to, "follows": bill.follows, "overlaps": bill.overlaps,
        "beyond": bill.beyond, "gap": bill.gap,
        "counts": bill.changes.counts, "lost_m2": round(bill.lost_m2), "gained_m2": round(bill.gained_m2),
        "moves": {**moves.totals, "facilities": len(moves.facilities), "open_cases": len(moves.cases),
                  "overdue_cases": moves.n_overdue, "staff": len(moves.staff)},
        "n_since": bill.n_since, "n_children": bill.n_children,
        "changes": rows_as_json(bill.changes.table[~bill.changes.table["change"].eq("unchanged")]),
    }  # fmt: skip


def _language(session: Session) -> Language:
    return "en" if session.language == "en" else "zh"


def _sheet_ending(file: Path) -> Literal["csv", "xlsx"]:
    return "csv" if _ending(file, "csv", "xlsx") == "csv" else "xlsx"


def _layer_ending(file: Path) -> Literal["geojson", "gpkg"]:
    return "geojson" if _ending(file, "geojson", "gpkg") == "geojson" else "gpkg"


def _ending(file: Path, *known: str) -> str:
    ending = file.suffix.lower().removeprefix(".")
    if ending not in known:
        raise ChoiceError("format_not_for_this", what=file.name, format=ending, known=", ".join(known))
    return ending


def _write(session: Session, file: Path, document: Document) -> str:
    write_file(file, document.content)
    return say_line(session, "said_written", file=file.name, n_bytes=len(document.content))
