"""Commands on boundaries: `boundaries check`, `boundaries repair` and what else is done with them (边界).

Each deed has a module of its own with a function that adds it to the group; this one lists them.
"""

from __future__ import annotations

import argparse

from geo.commands.boundary_checks import add_check, add_repair
from geo.commands.boundary_versions import add_versions


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this module."""
    boundaries = commands.add_parser("boundaries", help="check boundaries and work on them")
    deeds = boundaries.add_subparsers(dest="deed", metavar="DEED", required=True, help="what to do")
    add_check(deeds)
    add_repair(deeds)
    add_versions(deeds)
