"""Commands that show something: `demo` makes a district, `serve` opens the pages."""

from __future__ import annotations

import argparse
import runpy
import signal
import sys
from pathlib import Path

from geo.commands.speaking import add_common, make_session, parse_day, say_line, tell, warn
from geo.errors import ChoiceError
from geo.present.words import count_of
from geo.settings import Settings
from geo.tasks.demonstrating import DEMO_AS_OF, DEMO_CASES, make_demo, write_samples
from geo.tasks.opening import describe_store, open_store

LOOPBACK = ("127.0.0.1", "localhost", "::1")
APP = Path(__file__).resolve().parents[2] / "streamlit_app.py"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this module."""
    demo = commands.add_parser("demo", help="make a demo district in an empty store")
    demo.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="N",
        help="another number, another district (default: %(default)s)",
    )
    demo.add_argument(
        "--as-of",
        type=parse_day,
        default=DEMO_AS_OF,
        metavar="DAY",
        help="last day of its cases (default: %(default)s)",
    )
    demo.add_argument(
        "--cases",
        type=int,
        default=DEMO_CASES,
        metavar="N",
        help="about how many cases (default: %(default)s)",
    )
    demo.add_argument("--if-empty", action="store_true", help="do nothing when the store holds something")
    demo.add_argument(
        "--files",
        type=Path,
        metavar="FOLDER",
        help="write the upload samples into this folder instead of storing",
    )
    demo.add_argument(
        "--truth", type=Path, metavar="FILE", help="also write the planted truth, as JSON, for tests"
    )
    add_common(demo)
    demo.set_defaults(run=run_demo)
    serve = commands.add_parser("serve", help="open the pages on this machine's own address")
    serve.add_argument("--port", type=int, metavar="N", help="port (default: the setting, 8501)")
    add_common(serve)
    serve.set_defaults(run=run_serve)


def run_demo(args: argparse.Namespace, settings: Settings) -> int:
    """Run `demo`."""
    session = make_session(args, settings)
    if args.files is not None:
        written = [path.name for path in write_samples(args.files, seed=args.seed, as_of=args.as_of)]
        tell(session, [say_line(session, "said_samples", files=", ".join(written))], {"files": written})
        return 0
    with open_store(settings) as store:
        if args.if_empty and not describe_store(store).is_empty:
            tell(session, [say_line(session, "said_demo_not_made")], {"made": False})
            return 0
        report = make_demo(
            store, actor=session.actor, now=session.now, seed=args.seed, as_of=args.as_of,
            n_cases=args.cases, truth=args.truth,
        )  # fmt: skip
    lines = [
        say_line(session, "said_demo", n_people=report.n_people,
                 areas=count_of(report.n_areas, "area", session.language),
                 facilities=count_of(report.n_facilities, "facility", session.language),
                 cases=count_of(report.n_cases, "case", session.language)),
        say_line(session, "said_demo_addresses",
                 cases=count_of(report.n_addresses, "case", session.language), **vars(report)),
        say_line(session, "said_demo_truth", **vars(report)),
        say_line(session, "said_look"),
    ]  # fmt: skip
    tell(session, lines, vars(report))
    return 0


def run_serve(args: argparse.Namespace, settings: Settings) -> int:
    """Run `serve`."""
    session = make_session(args, settings)
    if settings.host not in LOOPBACK:
        raise ChoiceError("serve_loopback_only", host=settings.host)
    port = args.port or settings.port
    url = f"http://{settings.host}:{port}"
    tell(
        session,
        [say_line(session, "said_opens", url=url), say_line(session, "said_this_machine")],
        {"url": url},
    )
    words = [
        "streamlit", "run", str(APP), f"--server.address={settings.host}", f"--server.port={port}",
        "--server.headless=true", "--browser.gatherUsageStats=false",
    ]  # fmt: skip

    def stop(*_: object) -> None:
        warn(say_line(session, "said_stopped"))
        raise SystemExit(0)

    # In this process, as `python -m streamlit` would: whoever ends us leaves nothing behind that
    # serves on and holds the store.
    signal.signal(signal.SIGINT, stop)
    sys.argv = words
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    return 0
