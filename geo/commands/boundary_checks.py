"""`boundaries check`: list every problem of a boundary file (边界检查)."""

from __future__ import annotations

import argparse
from pathlib import Path

from geo.commands.speaking import add_common, make_session, rows_as_json, say_line, say_problem, tell
from geo.intake.boundaries import BoundaryChoices, check_boundaries
from geo.schema import AREA_LEVELS
from geo.settings import Settings
from geo.tasks.reading import read_layer_files, suggest_for


def add_check(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `boundaries check`."""
    check = deeds.add_parser("check", help="list every problem of a boundary file")
    check.add_argument("file", type=Path, metavar="FILE", help="boundary file")
    check.add_argument("--level", choices=AREA_LEVELS, required=True, help="level of the areas")
    check.add_argument("--coord-sys", metavar="NAME", help="coordinate system of the numbers")
    add_common(check)
    check.set_defaults(run=run_check)


def run_check(args: argparse.Namespace, settings: Settings) -> int:
    """Run `boundaries check`."""
    session = make_session(args, settings)
    layer = read_layer_files([args.file], settings=settings)
    columns = suggest_for("boundaries", layer.columns)
    choices = BoundaryChoices(args.level, columns.get("area_id", layer.columns[0]), coord_sys=args.coord_sys)
    checked = check_boundaries(layer, choices)
    lines = [say_problem(session, problem) for problem in rows_as_json(checked.rejected)]
    tell(session, lines or [say_line(session, "said_whole")], {"rejected": rows_as_json(checked.rejected)})
    return 1 if len(checked.rejected) else 0
