"""Commands on one facility: `facility show` and `facility edit`."""

from __future__ import annotations

import argparse

from geo.commands.speaking import Session, add_common, make_session, parse_pairs, say_line, tell
from geo.settings import Settings
from geo.store.base import Seen
from geo.tasks.facilities import FIELDS, FacilityCard, edit_facility, find_facility
from geo.tasks.opening import open_store


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this module."""
    facility = commands.add_parser("facility", help="show one facility, or change it by hand")
    deeds = facility.add_subparsers(dest="deed", metavar="DEED", required=True, help="show or edit")
    show = deeds.add_parser("show", help="say what is known of a facility, and which state of it this is")
    edit = deeds.add_parser("edit", help="change a facility, unless somebody else has changed it since")
    for deed, run in {show: run_show, edit: run_edit}.items():
        deed.add_argument("facility_id", metavar="NUMBER", help="name of its list, a colon, its number there")
        add_common(deed)
        deed.set_defaults(run=run)
    edit.add_argument(
        "--seen",
        required=True,
        metavar="STATE",
        help="state that `facility show` named, for example 2.B000007",
    )
    edit.add_argument(
        "--set",
        dest="changes",
        action="append",
        required=True,
        metavar="FIELD=VALUE",
        help=f"what to change; give it again for more; without a value the field is emptied ({', '.join(FIELDS)})",
    )


def _lines(session: Session, card: FacilityCard) -> list[str]:
    return [
        say_line(session, "said_facility", facility_id=card.facility_id, seen=card.seen, actor=card.changed_by,
                 at=f"{card.changed_at:%Y-%m-%d %H:%M} UTC"),
        *(f"  {name} = {value}" for name, value in card.fields.items() if value),
    ]  # fmt: skip


def _facts(card: FacilityCard) -> dict[str, object]:
    return {"facility_id": card.facility_id, "seen": str(card.seen), "actor": card.changed_by,
            "at": card.changed_at, "fields": dict(card.fields)}  # fmt: skip


def run_show(args: argparse.Namespace, settings: Settings) -> int:
    """Run `facility show`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        card = find_facility(store, args.facility_id)
    tell(session, _lines(session, card), _facts(card))
    return 0


def run_edit(args: argparse.Namespace, settings: Settings) -> int:
    """Run `facility edit`."""
    session = make_session(args, settings)
    changes, seen = parse_pairs(args.changes, "--set"), Seen.parse(args.seen)
    with open_store(settings) as store:
        receipt = edit_facility(
            store, args.facility_id, changes, seen=seen, seat=session.seat, now=session.now
        )
        card = find_facility(store, args.facility_id)
    code = "said_edited" if receipt.n_changed else "said_not_edited"
    lines = [say_line(session, code, batch_id=receipt.batch_id), *_lines(session, card)]
    tell(session, lines, {"batch_id": receipt.batch_id, "n_changed": receipt.n_changed, **_facts(card)})
    return 0
