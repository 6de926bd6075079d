"""Commands on who comes in: `access set`, `show`, `remove`.

A password is typed where it is not shown, or handed over on the standard input; never as an argument
or in a variable, where other users of the machine could read it.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import get_args

from geo.access.callers import read_proxy
from geo.access.passwords import MOST_SIGNS
from geo.access.seats import ROLES, Role
from geo.commands.speaking import Session, add_common, make_session, say_line, tell
from geo.errors import AccessError
from geo.settings import Settings
from geo.tasks.entering import read_passwords, remove_password, set_password


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this module."""
    access = commands.add_parser("access", help="set, show or remove the passwords of viewers and editors")
    deeds = access.add_subparsers(dest="deed", metavar="DEED", required=True, help="what to do with them")
    give = deeds.add_parser("set", help="set the password of a role; you are asked for it")
    give.add_argument(
        "role", choices=get_args(Role), help="viewer sees everything, editor also imports and undoes"
    )
    give.add_argument(
        "--stdin", action="store_true", help="read the password as one line from the standard input"
    )
    show = deeds.add_parser("show", help="tell which passwords are set, and since when")
    remove = deeds.add_parser("remove", help="remove the password of a role; who used it is signed out")
    remove.add_argument("role", choices=get_args(Role), help="viewer or editor")
    for deed, run in ((give, run_set), (show, run_show), (remove, run_remove)):
        add_common(deed)
        deed.set_defaults(run=run)


def run_set(args: argparse.Namespace, settings: Settings) -> int:
    """Run `access set`."""
    session = make_session(args, settings)
    words = {"role": say_line(session, f"role_{args.role}")}
    password = _read_line() if args.stdin else _ask(session, words)
    set_password(settings, args.role, password, now=session.now)
    lines = [say_line(session, "said_password_set", **words), *_missing(session, settings)]
    tell(session, lines, {"role": args.role, "set_at": session.now})
    return 0


def _read_line() -> str:
    line = sys.stdin.readline(4 * MOST_SIGNS).rstrip("\r\n")
    if not line:
        raise AccessError("password_not_given")
    return line


def _ask(session: Session, words: dict[str, str]) -> str:
    try:
        password = getpass.getpass(say_line(session, "ask_password", **words))
        again = getpass.getpass(say_line(session, "ask_password_again"))
    except EOFError as error:
        raise AccessError("password_not_given") from error
    if not password:
        raise AccessError("password_not_given")
    if password != again:
        raise AccessError("password_differs")
    return password


def _missing(session: Session, settings: Settings) -> list[str]:
    kept = read_passwords(settings)
    missing = [role for role in ROLES if role not in kept] if kept else []
    return [
        say_line(session, "said_password_other", role=say_line(session, f"role_{role}")) for role in missing
    ]


def run_show(args: argparse.Namespace, settings: Settings) -> int:
    """Run `access show`."""
    session = make_session(args, settings)
    kept = read_passwords(settings)
    lines = []
    for role in ROLES:
        words = {"role": say_line(session, f"role_{role}")}
        at = kept[role].set_at.isoformat(timespec="minutes") if role in kept else ""
        code = "said_password_row" if at else "said_password_none"
        lines.append(say_line(session, code, set_at=at, **words))
    lines.append(say_line(session, "said_access_passwords" if kept else "said_access_open"))
    lines += [*_missing(session, settings), *_proxy(session, settings)]
    tell(session, lines, {role: kept[role].set_at if role in kept else None for role in ROLES})
    return 0


def _proxy(session: Session, settings: Settings) -> list[str]:
    proxy = read_proxy(settings.trusted_proxy, settings.user_header, settings.proxy_editors)
    if proxy is None or not proxy.user_header:
        return []
    none = "无" if session.language == "zh" else "none"
    words = {"header": settings.user_header, "proxy": ", ".join(map(str, proxy.networks))}
    return [say_line(session, "said_access_proxy", editors=", ".join(sorted(proxy.editors)) or none, **words)]


def run_remove(args: argparse.Namespace, settings: Settings) -> int:
    """Run `access remove`."""
    session = make_session(args, settings)
    remove_password(settings, args.role)
    words = {"role": say_line(session, f"role_{args.role}")}
    lines = [say_line(session, "said_password_removed", **words), *_missing(session, settings)]
    tell(session, lines, {"role": args.role, "set_at": None})
    return 0
