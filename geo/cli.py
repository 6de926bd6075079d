"""Command line of Getu: `python -m geo COMMAND` (命令行).

Every command opens the store the settings name, calls one task and says in a few sentences, or as
JSON, what was done. What the user can mend is said in one sentence on the error stream, with exit
code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from geo import __version__
from geo.commands import analysing, boundaries, bringing, editing, entering, keeping, serving, storing
from geo.commands.speaking import warn
from geo.errors import GeoError
from geo.settings import read_settings

_DESCRIPTION = """\
Getu 格图: grids, cases and facilities of an urban district, joined.

  python -m geo demo                 make a demo district
  python -m geo serve                open the pages on this machine
  python -m geo import-boundaries    bring in polygons; then import-cases, import-facilities
"""


def make_parser() -> argparse.ArgumentParser:
    """Make the parser with all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m geo", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"Getu {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (serving, entering, bringing, boundaries, editing, analysing, keeping, storing):
        module.add_commands(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    args = make_parser().parse_args(argv)
    language = "zh" if os.environ.get("GETU_LANGUAGE") == "zh" else "en"  # until the settings are read
    try:
        settings = read_settings()
        language = "zh" if settings.language == "zh" else "en"
        code: int = args.run(args, settings)
    except GeoError as error:
        sentence = error.say("zh" if language == "zh" else "en")
        if args.json:
            print(json.dumps({"error": error.code, "text": sentence}, ensure_ascii=False))
        warn(sentence)
        return 1
    return code
