"""Commands that look after a store: `place` gives cases their areas again, `check` verifies."""

from __future__ import annotations

import argparse

from geo.commands.speaking import Session, add_common, make_session, rows_as_json, say_line, tell
from geo.messages import MESSAGES
from geo.present.words import count_of
from geo.settings import Settings
from geo.tasks.opening import describe_store, open_store
from geo.tasks.placing import place_cases


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this module."""
    place = commands.add_parser(
        "place", help="give every case its areas again, after boundaries or buildings came in"
    )
    place.add_argument(
        "--max-distance-m",
        type=float,
        default=0.0,
        metavar="METRES",
        help="how far outside every area a case may lie (default: %(default)g)",
    )
    add_common(place)
    place.set_defaults(run=run_place)
    check = commands.add_parser("check", help="say what the store holds and verify that it is whole")
    add_common(check)
    check.set_defaults(run=run_check)


def run_place(args: argparse.Namespace, settings: Settings) -> int:
    """Run `place`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        placement = place_cases(store, seat=session.seat, now=session.now, max_distance_m=args.max_distance_m)
    lines = [
        say_line(session, "said_place", cases=count_of(placement.n_cases, "case", session.language),
                 **vars(placement)),
        say_line(session, "said_place_rest", **vars(placement)),
    ]  # fmt: skip
    tell(session, lines, vars(placement))
    return 0


def run_check(args: argparse.Namespace, settings: Settings) -> int:
    """Run `check`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        summary = describe_store(store)
        problems = [finding.say(session.language) for finding in store.verify()]
        batches = store.list_batches(limit=20)
    areas = say_line(session, "said_joint").join(
        count_of(n, level, session.language) for level, n in summary.n_areas.items()
    )
    at = summary.data_as_of
    lines = [
        say_line(session, "said_holds", areas=areas or say_line(session, "said_no_areas"),
                 n_cases=summary.n_cases, n_unlocated=summary.n_unlocated,
                 n_facilities=summary.n_facilities, n_people=summary.n_people),
        say_line(session, "said_data_to", version=summary.data_version, time_zone=summary.time_zone,
                 until=at.isoformat(timespec="minutes") if at else say_line(session, "said_no_dates")),
        *[_batch_line(session, batch) for batch in rows_as_json(batches)],
        *([say_line(session, "said_store_problem", problem=problem) for problem in problems]
          or [say_line(session, "said_whole")]),
    ]  # fmt: skip
    facts = {**vars(summary), "problems": problems, "batches": rows_as_json(batches)}
    tell(session, lines, facts)
    return 1 if problems else 0


def _batch_line(session: Session, batch: dict[str, object]) -> str:
    code = f"batch_{batch['kind']}"
    kind = say_line(session, code) if code in MESSAGES else batch["kind"]
    state = say_line(session, "batch_state_undone" if batch["state"] == "undone" else "batch_stored")
    return say_line(
        session, "said_batch", **{**batch, "kind": kind, "state": state, "file": batch["file_name"]}
    )
