"""Commands that look after a store: `place` gives cases their areas again, `check` verifies."""

from __future__ import annotations

import argparse

from geo.commands.speaking import add_common, make_session, rows_as_json, tell
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
        placement = place_cases(
            store, actor=session.actor, now=session.now, max_distance_m=args.max_distance_m
        )
    lines = [
        f"{placement.n_placed:,} of {placement.n_cases:,} cases have an area; "
        f"{placement.n_nearest:,} took the nearest, {placement.n_stated:,} only the one they state.",
        f"{placement.n_outside:,} lie outside every area, {placement.n_unlocated:,} are without location; "
        f"{placement.n_matched:,} found their place by address just now.",
    ]
    tell(session, lines, vars(placement))
    return 0


def run_check(args: argparse.Namespace, settings: Settings) -> int:
    """Run `check`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        summary = describe_store(store)
        problems = store.verify()
        batches = store.list_batches(limit=20)
    areas = ", ".join(f"{n:,} {level}" for level, n in summary.n_areas.items()) or "no areas"
    until = summary.data_as_of.isoformat(timespec="minutes") if summary.data_as_of else "no dates"
    lines = [
        f"Areas: {areas}. Cases: {summary.n_cases:,}, of them {summary.n_unlocated:,} without location. "
        f"Facilities: {summary.n_facilities:,}. People at points: {summary.n_people:,}.",
        f"Data to {until}, version {summary.data_version}, months read in {summary.time_zone}.",
        *[
            f"  {b.batch_id} {b.kind} {b.file_name}: {b.n_new:,} new, {b.n_changed:,} changed, "
            f"{b.n_unchanged:,} unchanged, {b.n_rejected:,} refused ({b.state})"
            for b in batches.itertuples()
        ],
        *([f"Problem: {problem}" for problem in problems] or ["The store is whole."]),
    ]
    facts = {**vars(summary), "problems": problems, "batches": rows_as_json(batches)}
    tell(session, lines, facts)
    return 1 if problems else 0
