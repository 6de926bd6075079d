"""`boundaries check` and `boundaries repair`: find every problem of boundaries, and mend by choice (边界检查与修复)."""

from __future__ import annotations

import argparse
from pathlib import Path

from geo.analysis.findings import count_findings, is_blocked
from geo.analysis.remedies import Remedy
from geo.commands.speaking import (
    Session,
    add_common,
    make_session,
    parse_pairs,
    rows_as_json,
    say_line,
    tell,
)
from geo.commands.writing import write_file
from geo.crs import parse_coord_sys
from geo.errors import ChoiceError
from geo.intake.boundaries import BoundaryChoices
from geo.present.documents import write_geojson, write_geopackage
from geo.schema import AREA_LEVELS
from geo.settings import Settings
from geo.tasks.boundary_checks import (
    BoundaryCheck,
    check_layer,
    check_stored,
    choose_remedies,
    list_remedies,
    name_of,
    repair,
)
from geo.tasks.boundary_words import facts_of, say_finding, tell_verdict, worst_first, write_findings
from geo.tasks.opening import open_store
from geo.tasks.reading import get_ready_to_read, read_layer_files, suggest_for

MAX_FINDINGS_SHOWN = 20
_REMEDY_HELP = "longest_edge, smallest, to_area:CODE, split, drop_twin, cut_off, add_corners or leave"


def add_check(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `boundaries check`."""
    check = deeds.add_parser(
        "check",
        help="list every problem of boundaries",
        description="List every problem of a boundary file, or of a stored level; exit code 1 where one blocks.",
    )
    _add_source(check)
    check.add_argument(
        "--out", type=Path, metavar="OUT", help="write all findings to this json, csv, geojson or gpkg file"
    )
    check.add_argument(
        "--remedies", action="store_true", help="say what can be done about each, and the bill"
    )
    add_common(check)
    check.set_defaults(run=run_check)


def add_repair(deeds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `boundaries repair`."""
    mend = deeds.add_parser(
        "repair",
        help="mend boundaries by choice, into a new file",
        description="Mend what was chosen into a new file; the original stays. Numbers are those of `check`.",
    )
    _add_source(mend)
    mend.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="OUT",
        help="geojson or gpkg file to write the new draft to",
    )
    mend.add_argument(
        "--rule", action="append", default=[], metavar="RULE=REMEDY", help=f"for a whole rule: {_REMEDY_HELP}"
    )
    mend.add_argument(
        "--choose", action="append", default=[], metavar="NUMBER=REMEDY", help="for one finding (repeatable)"
    )
    mend.add_argument(
        "--most-percent",
        type=float,
        default=1.0,
        metavar="PERCENT",
        help="largest change of an area without consent (default: %(default)g)",
    )
    mend.add_argument(
        "--consent", action="append", type=int, default=[], metavar="NUMBER",
        help="finding whose remedy may change more (repeatable)",
    )  # fmt: skip
    add_common(mend)
    mend.set_defaults(run=run_repair)


def run_check(args: argparse.Namespace, settings: Settings) -> int:
    """Run `boundaries check`."""
    session = make_session(args, settings)
    check = _check(args, session)
    counts = count_findings(check.findings)
    remedies = list_remedies(check) if args.remedies else {}
    lines = [tell_verdict(check, session.language), _say_counts(check, session)]
    for number, finding in worst_first(check, MAX_FINDINGS_SHOWN).iterrows():
        severity = say_line(session, f"severity_{finding['severity']}")
        text = say_finding(finding, session.language)
        lines.append(say_line(session, "said_finding", finding=number, severity=severity, text=text))
        lines += [_say_remedy(remedy, session) for remedy in remedies.get(int(str(number)), [])]
    if (more := len(check.findings) - MAX_FINDINGS_SHOWN) > 0:
        lines.append(say_line(session, "said_more_findings", n=more))
    if args.out is not None:
        ending = args.out.suffix.lower().removeprefix(".")
        content = write_findings(check, format=ending, language=session.language)
        write_file(args.out, content)
        lines.append(say_line(session, "said_written", file=args.out.name, n_bytes=len(content)))
    facts = {
        "level": check.level,
        "n_read": check.n_read,
        "n_areas": len(check.areas),
        "verdict": tell_verdict(check, session.language),
        "counts": counts,
        "findings": facts_of(check, session.language),
        "remedies": [_facts(remedy) for several in remedies.values() for remedy in several],
    }
    tell(session, lines, facts)
    return 1 if is_blocked(check.findings) else 0


def run_repair(args: argparse.Namespace, settings: Settings) -> int:
    """Run `boundaries repair`."""
    session = make_session(args, settings)
    ending = args.out.suffix.lower().removeprefix(".")
    if ending not in ("geojson", "gpkg"):
        raise ChoiceError("report_format_unknown", format=ending)
    check = _check(args, session)
    by_finding = parse_pairs(args.choose, "--choose")
    if bad := [number for number in by_finding if not number.isascii() or not number.isdigit()]:
        raise ChoiceError("remedy_not_offered", finding=bad[0], remedy=by_finding[bad[0]], known="leave")
    remedies = choose_remedies(
        check,
        by_rule=parse_pairs(args.rule, "--rule"),
        by_finding={int(number): name for number, name in by_finding.items()},
    )
    mended = repair(check, remedies, ceiling_share=args.most_percent / 100, consents=args.consent)
    draft = mended.areas.rename_geometry("geometry")
    write_file(
        args.out, write_geojson(draft) if ending == "geojson" else write_geopackage(draft, layer="areas")
    )
    lines = [
        say_line(
            session, "said_repaired", n_applied=len(mended.applied), n_refused=len(mended.refused),
            file=args.out.name,
        ),
        *[
            say_line(
                session, "said_changed", area=code, before=row["before_m2"], after=row["after_m2"],
                change=row["change_m2"],
            )
            for code, row in mended.changes.iterrows()
        ],
        *[_say_remedy(remedy, session) for remedy in mended.refused],
        say_line(session, "said_repaired_next"),
    ]  # fmt: skip
    facts = {
        "file": args.out.name,
        "applied": [_facts(remedy) for remedy in mended.applied],
        "refused": [_facts(remedy) for remedy in mended.refused],
        "changes": rows_as_json(mended.changes.reset_index()),
    }
    tell(session, lines, facts)
    return 1 if mended.refused else 0


def _add_source(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="boundary file, or several of one level"
    )
    command.add_argument(
        "--level", choices=AREA_LEVELS, required=True, help="level of the file, or the stored level to check"
    )
    command.add_argument(
        "--scope", default="", metavar="CODE", help="the ancestor the file covers (default: everything)"
    )
    command.add_argument(
        "--column", action="append", default=[], metavar="FIELD=HEADER",
        help="which column holds a field: area_id, name, parent_id (repeatable)",
    )  # fmt: skip
    command.add_argument("--coord-sys", metavar="NAME", help="coordinate system of the numbers")
    command.add_argument("--encoding", metavar="NAME", help="text encoding where it is not certain")
    command.add_argument("--layer", metavar="NAME", help="layer of a file that has several")
    command.add_argument(
        "--tolerance-m",
        type=float,
        default=0.5,
        metavar="METRES",
        help="narrower gaps and overlaps are slivers (default: %(default)g)",
    )


def _check(args: argparse.Namespace, session: Session) -> BoundaryCheck:
    if not args.files:
        with open_store(session.settings) as store:
            return check_stored(store, args.level, tolerance_m=args.tolerance_m)
    get_ready_to_read(args.files)
    layer = read_layer_files(args.files, settings=session.settings, encoding=args.encoding, layer=args.layer)
    columns = {**suggest_for("boundaries", layer.columns), **parse_pairs(args.column, "--column")}
    if "area_id" not in columns:
        headers = ", ".join(layer.columns[:12])
        raise ChoiceError("column_not_recognised", field="area_id", headers=headers)
    choices = BoundaryChoices(
        area_level=args.level,
        id_column=columns["area_id"],
        name_column=columns.get("name"),
        parent_column=columns.get("parent_id"),
        coord_sys=parse_coord_sys(args.coord_sys) if args.coord_sys else None,
        scope_id=args.scope,
    )
    with open_store(session.settings) as store:
        return check_layer(store, layer, choices, tolerance_m=args.tolerance_m)


def _say_counts(check: BoundaryCheck, session: Session) -> str:
    counts = count_findings(check.findings)
    return say_line(
        session, "said_check", n_blocks=counts["blocks"], n_warns=counts["warns"], n_notes=counts["note"]
    )


def _say_remedy(remedy: Remedy, session: Session) -> str:
    changes = say_line(session, "said_joint").join(
        f"{code} {change:+,.1f} m²" for code, change in sorted(remedy.changes_m2.items())
    )
    return say_line(
        session, "said_remedy", kind=name_of(remedy), area=remedy.area_id or "–", changes=changes or "0 m²"
    )


def _facts(remedy: Remedy) -> dict[str, object]:
    return {
        "finding": remedy.finding,
        "remedy": name_of(remedy),
        "area_id": remedy.area_id,
        "changes_m2": dict(remedy.changes_m2),
        "largest_share": remedy.largest_share,
    }
