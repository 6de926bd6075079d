"""Commands that tell numbers: `indicators`, `export`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd

from geo.analysis.indicators import INDICATORS, IndicatorKey, find_small
from geo.analysis.periods import PERIOD_NAMES, Periods
from geo.commands.speaking import Session, add_common, make_session, parse_day, rows_as_json, tell, warn
from geo.errors import ChoiceError, FileError
from geo.messages import Language, say
from geo.schema import AREA_LEVELS
from geo.settings import Settings
from geo.store.base import CaseFilter, Store
from geo.tasks.areas import find_area
from geo.tasks.dashboards import choose_period, make_dashboard, measure_level
from geo.tasks.exports import Imprint, write_areas, write_cases, write_dashboard
from geo.tasks.opening import open_store

_SHOWN: tuple[IndicatorKey, ...] = (
    "n_new",
    "n_closed",
    "n_open",
    "n_overdue",
    "per_1000",
    "on_time_share",
    "median_h",
)
_SMALL: dict[Language, str] = {"en": " (small numbers)", "zh": "（基数小）"}
MAX_AREAS_SHOWN = 40


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this module."""
    indicators = commands.add_parser(
        "indicators",
        help="tell the indicators of areas",
        description="Tell every indicator of one area, or of all areas of a level, over a period.",
    )
    what = indicators.add_mutually_exclusive_group(required=True)
    what.add_argument("--area", metavar="CODE", help="one area; with --level where the code is used twice")
    what.add_argument("--all", action="store_true", help="the whole store")
    what.add_argument("--of-level", choices=AREA_LEVELS, help="all areas of this level")
    indicators.add_argument("--level", choices=AREA_LEVELS, help="level of --area")
    indicators.add_argument("--parent", metavar="CODE", help="only areas under this one, with --of-level")
    indicators.add_argument(
        "--category", action="append", default=[], metavar="ID", help="only this category (repeatable)"
    )
    add_period(indicators)
    add_common(indicators)
    indicators.set_defaults(run=run_indicators)
    export = commands.add_parser(
        "export",
        help="write cases, areas or a dashboard to a file",
        description="Write cases (masked), the indicators of the areas of a level, or one dashboard.",
    )
    export.add_argument("what", choices=("cases", "areas", "dashboard"), help="what to write")
    export.add_argument(
        "out",
        type=Path,
        metavar="FILE",
        help="file to write; its ending names the format: csv, xlsx, geojson, gpkg, html",
    )
    export.add_argument("--area", metavar="CODE", help="only this area (default: everything)")
    export.add_argument(
        "--level", choices=AREA_LEVELS, help="level of the areas, or of --area where its code is used twice"
    )
    export.add_argument(
        "--headings",
        choices=("labels", "machine"),
        default="labels",
        help="headings for readers or for programs (default: %(default)s)",
    )
    add_period(export)
    add_common(export)
    export.set_defaults(run=run_export)


def add_period(command: argparse.ArgumentParser) -> None:
    """Add the options that name a period."""
    command.add_argument(
        "--period", choices=PERIOD_NAMES, default="month", help="kind of period (default: %(default)s)"
    )
    command.add_argument(
        "--from",
        dest="start_on",
        type=parse_day,
        metavar="DAY",
        help="a day inside the period; the first day of `own` (default: the data date)",
    )
    command.add_argument(
        "--to",
        dest="end_on",
        type=parse_day,
        metavar="DAY",
        help="first day after the period, with --period own",
    )


def read_periods(args: argparse.Namespace, store: Store) -> Periods:
    """Choose the period the options name."""
    return choose_period(store, args.period, start_on=args.start_on, end_on=args.end_on)


def run_indicators(args: argparse.Namespace, settings: Settings) -> int:
    """Run `indicators`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        periods = read_periods(args, store)
        if args.of_level:
            where = CaseFilter(category_ids=tuple(args.category))
            table = measure_level(
                store, args.of_level, period=periods.chosen, where=where, parent_id=args.parent
            )
            return _tell_level(table, periods, session)
        area = None if args.all else find_area(store, args.area, level=args.level)
        board = make_dashboard(store, area, period=periods.chosen, before=periods.before)
    lines = [
        f"{area.name if area else 'Everything'}, {board.period.label}: {board.sentences[session.language]}",
        *[
            f"  {INDICATORS[key].name(session.language)}: {show_value(key, board.counts.get(key), session)}"
            for key in INDICATORS
            if key in board.counts
        ],
        *[
            f"  {say(f'left_out_{part.code}', session.language)}: {part.n:,}"
            for part in board.left_out
            if part.n
        ],
    ]
    facts = {
        "area": None if area is None else area.area_id,
        "level": None if area is None else area.level,
        "period": board.period.label,
        "start": board.period.start,
        "end": board.period.end,
        "sentence": board.sentences[session.language],
        "counts": rows_as_json(pd.DataFrame([board.counts]))[0],
        "residents": board.residents.residents,
        "data_as_of": board.data_as_of,
        "data_version": board.data_version,
        "time_zone": board.time_zone,
    }
    tell(session, lines, facts)
    return 0


def run_export(args: argparse.Namespace, settings: Settings) -> int:
    """Run `export`."""
    session = make_session(args, settings)
    language: Language = "en" if settings.language == "en" else "zh"
    imprint = Imprint(review_number=settings.map_review_number, source=settings.map_source)
    ending = args.out.suffix.lower().removeprefix(".")
    with open_store(settings) as store:
        periods = read_periods(args, store)
        area = (
            find_area(store, args.area, level=None if args.what == "areas" else args.level)
            if args.area
            else None
        )
        common = {"format": ending, "language": language, "imprint": imprint}
        if args.what == "cases":
            where = replace(
                CaseFilter() if area is None else area.cases,
                reported_from=periods.chosen.start,
                reported_to=periods.chosen.end,
            )
            document = write_cases(store, where, names=args.headings, **common)
        elif args.what == "areas":
            if args.level is None:
                raise ChoiceError("export_level_missing")
            parent_id = None if area is None else area.area_id
            document = write_areas(
                store, args.level, period=periods.chosen, parent_id=parent_id, names=args.headings, **common
            )
        else:
            board = make_dashboard(store, area, period=periods.chosen, before=periods.before)
            document = write_dashboard(store, board, **common)
    write_file(args.out, document.content)
    warnings = [say(code, session.language) for code in document.warnings]
    lines = [f"Wrote {args.out.name}, {len(document.content):,} bytes, {periods.chosen.label}.", *warnings]
    tell(session, lines, {"file": args.out.name, "n_bytes": len(document.content), "warnings": warnings})
    return 0


def show_value(key: IndicatorKey, value: object, session: Session) -> str:
    """Say one figure with its unit; a missing one has no denominator."""
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return say("no_denominator", session.language)
    indicator = INDICATORS[key]
    number = float(value)  # type: ignore[arg-type]
    if indicator.format == "share":
        return f"{number * 100:.1f} %"
    if indicator.format == "count":
        return f"{number:,.0f} {indicator.unit(session.language)}"
    return f"{number:,.1f} {indicator.unit(session.language)}"


def _tell_level(table: pd.DataFrame, periods: Periods, session: Session) -> int:
    ranked = table.sort_values(["n_new", "name"], ascending=[False, True])
    lines = [f"{len(table):,} areas, {periods.chosen.label}; most new cases first."]
    small = {key: find_small(table, key) for key in _SHOWN}
    for code, row in ranked.head(MAX_AREAS_SHOWN).iterrows():
        figures = ", ".join(
            f"{INDICATORS[key].name(session.language)} {show_value(key, row[key], session)}"
            + (_SMALL[session.language] if small[key][str(code)] else "")
            for key in _SHOWN
        )
        lines.append(f"  {code} {row['name']}: {figures}")
    if len(table) > MAX_AREAS_SHOWN:
        lines.append(f"  … {len(table) - MAX_AREAS_SHOWN:,} more; --json tells all of them.")
    facts = {
        "period": periods.chosen.label,
        "start": periods.chosen.start,
        "end": periods.chosen.end,
        "areas": rows_as_json(table.reset_index()),
    }
    tell(session, lines, facts)
    return 0


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole: into a neighbour first, then renamed, so that a stop leaves no half file.

    Raises
    ------
    FileError
        If the folder is not there or may not be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        warn(f"{path.name}: {error.strerror}")
        raise FileError("file_not_written", file=path.name) from error
