"""Commands that tell numbers: `indicators`, `export`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd

from geo.analysis.indicators import INDICATORS, IndicatorKey, find_small
from geo.analysis.periods import PERIOD_NAMES, Periods
from geo.analysis.periods import choose_period as choose_period_of
from geo.commands.speaking import Session, add_common, make_session, parse_day, rows_as_json, say_line, tell
from geo.commands.writing import write_file
from geo.errors import ChoiceError
from geo.messages import Language
from geo.present.words import count_of
from geo.schema import AREA_LEVELS
from geo.settings import Settings
from geo.store.base import CaseFilter, Store
from geo.tasks.areas import find_area
from geo.tasks.bases import COUNTED, REPORTED, Basis, choose_basis, count_former, open_on_basis
from geo.tasks.dashboards import choose_period, make_dashboard, measure_level
from geo.tasks.exports import Imprint, write_areas, write_cases, write_dashboard, write_facilities
from geo.tasks.opening import open_store, require_cases

_SHOWN: tuple[IndicatorKey, ...] = (
    "n_new",
    "n_closed",
    "n_open",
    "n_overdue",
    "per_1000",
    "on_time_share",
    "median_h",
)
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
    indicators.add_argument(
        "--basis",
        default="current",
        metavar="BASIS",
        help="`reported`: where cases lay then; `current`: where they lie now; or a boundary set, as "
        "`boundaries sets` names it (default: %(default)s)",
    )
    add_period(indicators)
    add_common(indicators)
    indicators.set_defaults(run=run_indicators)
    export = commands.add_parser(
        "export",
        help="write cases, areas, facilities or a dashboard to a file",
        description="Write cases or facilities (masked), the indicators of the areas of a level, or one dashboard.",
    )
    export.add_argument("what", choices=("cases", "areas", "facilities", "dashboard"), help="what to write")
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


def read_periods(args: argparse.Namespace, store: Store, session: Session, *, needs_cases: bool) -> Periods:
    """Choose the period the options name; a store without cases has that of today, where that will do."""
    if needs_cases:
        require_cases(store)
    if store.moments()[1] is None:
        return choose_period_of(
            args.period, data_as_of=session.now, time_zone=store.time_zone,
            start_on=args.start_on, end_on=args.end_on,
        )  # fmt: skip
    return choose_period(store, args.period, start_on=args.start_on, end_on=args.end_on)


def run_indicators(args: argparse.Namespace, settings: Settings) -> int:
    """Run `indicators`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        periods = read_periods(args, store, session, needs_cases=True)
        basis = choose_basis(store, args.basis, on=periods.chosen.last_on)
        with open_on_basis(store, basis) as view:
            if args.of_level:
                where = CaseFilter(category_ids=tuple(args.category))
                table = measure_level(
                    view, args.of_level, period=periods.chosen, where=where, parent_id=args.parent
                )
                former = _count_former(view, args, periods, where, table)
                return _tell_level(table, periods, session, basis=basis, former=former)
            area = None if args.all else find_area(view, args.area, level=args.level)
            board = make_dashboard(view, area, period=periods.chosen, before=periods.before)
    lines = [
        say_line(
            session, "said_figures_of", name=area.name if area else say_line(session, "said_everything"),
            period=board.period.label, sentence=board.sentences[session.language],
        ),
        *[
            say_line(
                session, "said_figure", name=INDICATORS[key].name(session.language),
                value=show_value(key, board.counts.get(key), session),
            )
            for key in INDICATORS
            if key in board.counts
        ],
        *[
            say_line(
                session, "said_figure", name=say_line(session, f"left_out_{part.code}"), value=f"{part.n:,}"
            )
            for part in board.left_out
            if part.n
        ],
    ]  # fmt: skip
    facts = {
        "area": None if area is None else area.area_id,
        "level": None if area is None else area.level,
        "basis": basis.name,
        "sets": basis.sets,
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
        needs_cases = args.what in ("cases", "dashboard")
        periods = read_periods(args, store, session, needs_cases=needs_cases)
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
        elif args.what == "facilities":
            document = write_facilities(store, area, names=args.headings, **common)
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
    warnings = [say_line(session, code) for code in document.warnings]
    line = say_line(
        session, "said_written" if args.what == "facilities" else "said_written_period",
        file=args.out.name, n_bytes=len(document.content), period=periods.chosen.label,
    )  # fmt: skip
    lines = [line, *warnings]
    tell(session, lines, {"file": args.out.name, "n_bytes": len(document.content), "warnings": warnings})
    return 0


def show_value(key: IndicatorKey, value: object, session: Session) -> str:
    """Say one figure with its unit; a missing one has no denominator."""
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return say_line(session, "no_denominator")
    indicator = INDICATORS[key]
    number = float(value)  # type: ignore[arg-type]
    if indicator.format == "share":
        return f"{number * 100:.1f} %"
    if indicator.format == "count":
        return f"{number:,.0f} {indicator.unit(session.language)}"
    return f"{number:,.1f} {indicator.unit(session.language)}"


def _count_former(
    view: Store, args: argparse.Namespace, periods: Periods, where: CaseFilter, table: pd.DataFrame
) -> pd.DataFrame:
    """Count the cases of areas that were no more on the last day; those of all parents, so not for one of them."""
    if args.basis != REPORTED or args.parent:
        return pd.DataFrame(columns=["area_id", *COUNTED])
    return count_former(view, args.of_level, period=periods.chosen, listed=list(table.index), where=where)


def _tell_level(
    table: pd.DataFrame, periods: Periods, session: Session, *, basis: Basis, former: pd.DataFrame
) -> int:
    ranked = table.sort_values(["n_new", "name"], ascending=[False, True])
    areas = count_of(len(table), "area", session.language)
    lines = [say_line(session, "said_areas", areas=areas, period=periods.chosen.label)]
    small = {key: find_small(table, key) for key in _SHOWN}
    for code, row in ranked.head(MAX_AREAS_SHOWN).iterrows():
        figures = say_line(session, "said_joint").join(
            f"{INDICATORS[key].name(session.language)} {show_value(key, row[key], session)}"
            + (say_line(session, "said_small") if small[key][str(code)] else "")
            for key in _SHOWN
        )
        lines.append(say_line(session, "said_area_row", code=code, name=row["name"], figures=figures))
    if len(table) > MAX_AREAS_SHOWN:
        lines.append(say_line(session, "said_more_areas", n=len(table) - MAX_AREAS_SHOWN))
    lines += [say_line(session, "said_former_area", **row) for row in rows_as_json(former)]
    facts = {
        "basis": basis.name,
        "sets": basis.sets,
        "former": rows_as_json(former),
        "period": periods.chosen.label,
        "start": periods.chosen.start,
        "end": periods.chosen.end,
        "areas": rows_as_json(table.reset_index()),
    }
    tell(session, lines, facts)
    return 0
