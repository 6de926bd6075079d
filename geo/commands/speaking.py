"""What all commands share: how they say what they did, as sentences or as JSON (命令输出)."""

from __future__ import annotations

import argparse
import getpass
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd

from geo.access.seats import Seat, operator
from geo.errors import ChoiceError
from geo.messages import Language, say
from geo.settings import Settings


@dataclass(frozen=True)
class Session:
    """What a command needs to know about the person and the moment."""

    settings: Settings
    seat: Seat
    now: datetime
    language: Language
    as_json: bool


def make_session(args: argparse.Namespace, settings: Settings) -> Session:
    """Read who runs the command and when."""
    language: Language = "zh" if settings.language == "zh" else "en"
    return Session(settings, operator(args.actor or _user_name()), datetime.now(UTC), language, args.json)


def add_common(command: argparse.ArgumentParser) -> None:
    """Add the options every command has."""
    command.add_argument("--json", action="store_true", help="answer as one JSON object, for machines")
    command.add_argument("--actor", default="", metavar="NAME", help="who does it (default: your user name)")


def tell(session: Session, lines: Sequence[str], facts: Mapping[str, object]) -> None:
    """Print sentences for a person, or facts as JSON for a machine."""
    if session.as_json:
        print(json.dumps(facts, ensure_ascii=False, default=_as_json, indent=2))
    else:
        print("\n".join(lines))


def warn(text: str) -> None:
    """Print one line on the error stream."""
    print(text, file=sys.stderr)


def say_line(session: Session, code: str, /, **values: object) -> str:
    """Say one line a command prints, in the language of the person."""
    return say(code, session.language, **values)


def say_problem(session: Session, problem: Mapping[str, object]) -> str:
    """Say one row of a table of problems."""
    return say(
        str(problem["code"]),
        session.language,
        row=problem["row"],
        column=problem["column_name"],
        value=problem["value"],
    )


def parse_pairs(pairs: Sequence[str], option: str) -> dict[str, str]:
    """Read `name=value` options.

    Raises
    ------
    ChoiceError
        If one has no equals sign.
    """
    for pair in pairs:
        if "=" not in pair:
            raise ChoiceError("option_not_a_pair", option=option, value=pair)
    return {name.strip(): value.strip() for name, value in (pair.split("=", 1) for pair in pairs)}


def parse_day(text: str) -> date:
    """Read a day as argparse wants it."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-10-31") from error


def rows_as_json(table: pd.DataFrame) -> list[dict[str, object]]:
    """Turn a table into what `json.dumps` can write; missing values become null."""
    return [
        {str(name): None if _is_missing(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _is_missing(value: object) -> bool:
    return (
        value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))
    )


def _as_json(value: object) -> object:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    return str(value)


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local"
