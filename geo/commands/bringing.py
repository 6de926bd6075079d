"""Commands that bring files in: `import-boundaries`, `import-cases`, … and `undo`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from geo.commands.speaking import (
    Session,
    add_common,
    make_session,
    parse_day,
    parse_pairs,
    rows_as_json,
    say_line,
    say_problem,
    tell,
)
from geo.commands.writing import write_file
from geo.crs import parse_coord_sys
from geo.errors import ChoiceError
from geo.intake.boundaries import BoundaryChoices
from geo.intake.cases import CaseChoices
from geo.intake.columns import suggest_reporters
from geo.intake.facilities import FacilityChoices
from geo.intake.layers import RawLayer, swap_layer
from geo.intake.population import PopulationChoices
from geo.intake.tables import RawTable
from geo.messages import say
from geo.present.documents import CellKind, Heading, Sheet, write_csv
from geo.present.words import count_of
from geo.schema import AREA_LEVELS
from geo.settings import Settings
from geo.store.base import Receipt, Store
from geo.tasks.bringing import (
    Preview,
    preview_boundaries,
    preview_cases,
    preview_facilities,
    preview_places,
    store_preview,
    undo_batch,
)
from geo.tasks.bringing_people import preview_population
from geo.tasks.opening import open_store
from geo.tasks.reading import (
    get_ready_to_read,
    place_choices,
    read_layer_files,
    read_population_file,
    read_table_file,
    suggest_for,
)

MAX_PROBLEMS_SHOWN = 10
IMPORT_MEMORY_MB = 300
"""Memory the database may use while a file is checked, which itself needs room: a million rows then
stay under 2 GB in all."""

_COUNTED = {"cases": "case", "facilities": "facility", "boundaries": "area"}
"""What a batch of a kind consists of; anything else is counted in rows."""
_PROBLEM_COLUMNS: tuple[tuple[str, str, CellKind], ...] = (
    ("row", "row", "count"), ("column_name", "column", "text"), ("value", "value", "text"),
    ("outcome", "outcome", "text"), ("reason", "reason", "text"),
)  # fmt: skip

_EPILOG = """\
Nothing is stored without --confirm: the file is checked and the outcome is shown. Columns are
recognised by their headers; name those that are not with --column FIELD=HEADER.
"""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this module."""
    boundaries = _add(commands, "import-boundaries", "bring in the polygons of one level", run_boundaries)
    boundaries.add_argument("--level", required=True, choices=AREA_LEVELS, help="level of the polygons")
    boundaries.add_argument(
        "--scope", default="", metavar="CODE", help="the ancestor these polygons cover (default: everything)"
    )
    boundaries.add_argument(
        "--valid-from", type=parse_day, metavar="DAY", help="first day they hold (default: since ever)"
    )
    boundaries.add_argument(
        "--draft",
        action="store_true",
        help="keep them as a draft, in force once `boundaries publish` says so",
    )
    _add_layer_options(boundaries)
    cases = _add(commands, "import-cases", "bring in a list of cases (12345 export, grid reports)", run_cases)
    cases.add_argument(
        "--source",
        required=True,
        metavar="NAME",
        help="name of the list; with the number it identifies a case",
    )
    cases.add_argument(
        "--time-zone",
        default="",
        metavar="ZONE",
        help="time zone of the moments in the file (default: that of the store, shown)",
    )
    cases.add_argument(
        "--date-order", choices=("ymd", "mdy", "dmy"), help="order of day and month where it is ambiguous"
    )
    cases.add_argument(
        "--status",
        action="append",
        default=[],
        metavar="WORD=STATE",
        help="what a status word means (repeatable)",
    )
    cases.add_argument("--swap", action="store_true", help="longitude and latitude are exchanged in the file")
    cases.add_argument(
        "--keep-reporters",
        action="store_true",
        help="store names and telephones of reporters, apart from the cases",
    )
    cases.add_argument(
        "--max-distance-m",
        type=float,
        default=0.0,
        metavar="METRES",
        help="how far outside every area a case may lie (default: %(default)g)",
    )
    facilities = _add(commands, "import-facilities", "bring in a list of facilities", run_facilities)
    facilities.add_argument("--source", required=True, metavar="NAME", help="name of the list")
    facilities.add_argument(
        "--kind", metavar="KIND", help="kind of all rows, where the file has no column for it"
    )
    facilities.add_argument(
        "--swap", action="store_true", help="longitude and latitude are exchanged in the file"
    )
    population = _add(
        commands,
        "import-population",
        "bring in people: at points, in hexagons, or by area code",
        run_population,
    )
    population.add_argument("--source", required=True, metavar="NAME", help="name of the figures")
    population.add_argument("--as-of", type=parse_day, metavar="DAY", help="date of the figures")
    _add_layer_options(population)
    for name, about in (
        ("buildings", "bring in buildings"),
        ("land", "bring in residential land"),
        ("streets", "bring in streets as lines"),
    ):
        places = _add(commands, f"import-{name}", about, run_places)
        places.set_defaults(places=name)
        _add_layer_options(places)
    undo = commands.add_parser("undo", help="take a batch back; former rows return")
    undo.add_argument(
        "batch_id", metavar="BATCH", help="number of the batch, as `check` and the Import page list it"
    )
    add_common(undo)
    undo.set_defaults(run=run_undo)


def run_boundaries(args: argparse.Namespace, settings: Settings) -> int:
    """Run `import-boundaries`."""

    def preview(store: Store, session: Session) -> Preview:
        layer = _read_layer(args, session)
        columns = _columns(args, suggest_for("boundaries", layer.columns))
        choices = BoundaryChoices(
            area_level=args.level,
            id_column=_require(columns, "area_id", layer.columns),
            name_column=columns.get("name"),
            parent_column=columns.get("parent_id"),
            kind_column=columns.get("kind"),
            residents_column=columns.get("residents"),
            households_column=columns.get("households"),
            coord_sys=_coord_sys(args, layer),
            scope_id=args.scope,
            valid_from=args.valid_from,
            is_draft=args.draft,
        )
        return preview_boundaries(store, layer, choices, seat=session.seat, now=session.now)

    return _bring(args, settings, preview)


def run_cases(args: argparse.Namespace, settings: Settings) -> int:
    """Run `import-cases`."""

    def preview(store: Store, session: Session) -> Preview:
        table = _read_table(args, session)
        choices = CaseChoices(
            columns=_columns(args, _suggest_cases(table.columns, with_reporters=args.keep_reporters)),
            source=args.source,
            coord_sys=_coord_sys(args, table),
            time_zone=args.time_zone or store.time_zone,
            date_order=args.date_order,
            status_words=parse_pairs(args.status, "--status"),
            keep_reporters=args.keep_reporters,
            swap_lonlat=args.swap,
            as_of=session.now,
        )
        return preview_cases(
            store, table, choices, seat=session.seat, now=session.now, max_distance_m=args.max_distance_m
        )

    return _bring(args, settings, preview)


def run_facilities(args: argparse.Namespace, settings: Settings) -> int:
    """Run `import-facilities`."""

    def preview(store: Store, session: Session) -> Preview:
        table = _read_table(args, session)
        choices = FacilityChoices(
            columns=_columns(args, suggest_for("facilities", table.columns)),
            source=args.source,
            coord_sys=_coord_sys(args, table),
            kind=args.kind,
            swap_lonlat=args.swap,
        )
        return preview_facilities(store, table, choices, seat=session.seat, now=session.now)

    return _bring(args, settings, preview)


def run_population(args: argparse.Namespace, settings: Settings) -> int:
    """Run `import-population`."""

    def preview(store: Store, session: Session) -> Preview:
        file = read_population_file(
            args.files, settings=session.settings, encoding=args.encoding, sheet=args.sheet, layer=args.layer
        )
        if args.swap and isinstance(file, RawLayer):
            file = swap_layer(file)
        columns = _columns(args, suggest_for("population", file.columns))
        choices = PopulationChoices(
            columns=columns,
            source=args.source,
            coord_sys=_coord_sys(args, file) if "lon" in columns else args.coord_sys,
            as_of_on=args.as_of,
        )
        return preview_population(store, file, choices, seat=session.seat, now=session.now)

    return _bring(args, settings, preview)


def run_places(args: argparse.Namespace, settings: Settings) -> int:
    """Run `import-buildings`, `import-land` and `import-streets`."""

    def preview(store: Store, session: Session) -> Preview:
        layer = _read_layer(args, session)
        columns = _columns(args, suggest_for(args.places, layer.columns))
        choices = place_choices(args.places, columns, _coord_sys(args, layer))
        return preview_places(layer, choices, seat=session.seat, now=session.now)

    return _bring(args, settings, preview)


def run_undo(args: argparse.Namespace, settings: Settings) -> int:
    """Run `undo`."""
    session = make_session(args, settings)
    with open_store(settings) as store:
        receipt = undo_batch(store, args.batch_id, seat=session.seat, now=session.now)
    counted = _COUNTED.get(receipt.kind, "row")
    removed, restored = (count_of(n, counted, session.language) for n in (receipt.n_new, receipt.n_changed))
    lines = [say_line(session, "said_undone", batch_id=args.batch_id, removed=removed, restored=restored)]
    if receipt.n_beside:
        rows = count_of(receipt.n_beside, "row", session.language)
        lines.append(say_line(session, "said_undone_beside", rows=rows))
    tell(session, lines, vars(receipt))
    return 0


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    about: str,
    run: Callable[[argparse.Namespace, Settings], int],
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=about, description=about[0].upper() + about[1:] + ".", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="file, or several files of one layer"
    )
    command.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=HEADER",
        help="which column holds a field (repeatable; FIELD= leaves it out)",
    )
    command.add_argument(
        "--coord-sys",
        metavar="NAME",
        help="coordinate system: wgs84, cgcs2000, cgcs2000-zone35 …, gcj02, bd09, epsg:NNNN",
    )
    command.add_argument(
        "--encoding",
        metavar="NAME",
        help="text encoding where it is not certain: utf-8, utf-16, gb18030, big5hkscs",
    )
    command.add_argument("--sheet", metavar="NAME", help="sheet of a workbook (default: the first with rows)")
    command.add_argument("--confirm", action="store_true", help="store it; without this nothing is stored")
    command.add_argument(
        "--rejected", type=Path, metavar="FILE", help="write refused rows and remarks to this CSV"
    )
    add_common(command)
    command.set_defaults(run=run)
    return command


def _add_layer_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--layer", metavar="NAME", help="layer of a GeoPackage, TopoJSON or archive that has several"
    )
    command.add_argument(
        "--swap", action="store_true", help="latitude stands before longitude in the file: exchange them"
    )


def _bring(
    args: argparse.Namespace, settings: Settings, preview_file: Callable[[Store, Session], Preview]
) -> int:
    session = make_session(args, settings)
    get_ready_to_read(args.files)
    modest = replace(settings, store_memory_mb=min(settings.store_memory_mb, IMPORT_MEMORY_MB))
    with open_store(modest) as store:
        preview = preview_file(store, session)
        receipt = None
        if args.confirm:
            receipt = store_preview(store, preview, seat=session.seat, now=session.now)
    if args.rejected is not None:
        _write_problems(preview, session, args.rejected)
    tell(session, _lines(preview, receipt, session), _facts(preview, receipt, session))
    return 0


def _read_table(args: argparse.Namespace, session: Session) -> RawTable:
    return read_table_file(args.files[0], settings=session.settings, encoding=args.encoding, sheet=args.sheet)


def _read_layer(args: argparse.Namespace, session: Session) -> RawLayer:
    layer = read_layer_files(args.files, settings=session.settings, encoding=args.encoding, layer=args.layer)
    return swap_layer(layer) if args.swap else layer


def _columns(args: argparse.Namespace, suggested: Mapping[str, str]) -> dict[str, str]:
    named = parse_pairs(args.column, "--column")
    return {field: header for field, header in {**suggested, **named}.items() if header}


def _suggest_cases(headers: Sequence[str], *, with_reporters: bool) -> dict[str, str]:
    return suggest_for("cases", headers) | (suggest_reporters(headers) if with_reporters else {})


def _require(columns: Mapping[str, str], field: str, headers: tuple[str, ...]) -> str:
    if field not in columns:
        raise ChoiceError("column_not_recognised", field=field, headers=", ".join(headers[:12]))
    return columns[field]


def _coord_sys(args: argparse.Namespace, file: RawTable | RawLayer) -> str | None:
    """Return the system the user named, or what the file declares; lists must be told."""
    if args.coord_sys:
        return parse_coord_sys(args.coord_sys)
    if isinstance(file, RawLayer):
        return None
    if file.declared_crs:
        return parse_coord_sys(file.declared_crs)
    raise ChoiceError("coord_sys_not_named", file=file.file_name)


def _lines(preview: Preview, receipt: Receipt | None, session: Session) -> list[str]:
    head, checked = preview.head, preview.checked
    rows = count_of(checked.n_read, "row", session.language)
    lines = [
        say_line(session, "said_read", file=head.file_name, rows=rows, how=_read_as(preview, session)),
        say_line(
            session, "said_outcome", n_new=preview.n_new, n_changed=preview.n_changed,
            n_unchanged=preview.n_unchanged, n_rejected=checked.n_rejected,
        ),
    ]  # fmt: skip
    for note in preview.notes:
        text = say_line(session, note.code, **dict(note.values))
        lines.append(say_line(session, f"said_{note.severity}", text=text))
    lines += _problem_lines("said_refused", checked.rejected, session)
    lines += _problem_lines("said_remarked", checked.remarks, session)
    if preview.placement is not None:
        lines.append(say_line(session, "said_placed", **vars(preview.placement)))
        if preview.placement.n_stated:
            lines.append(say_line(session, "said_placed_stated", n_stated=preview.placement.n_stated))
    if len(preview.outside):
        first = _first_ids(preview.outside)
        lines.append(say_line(session, "said_outside", n=len(preview.outside), first=first))
    for pile in preview.pile_ups.head(3).itertuples():
        cases = count_of(float(str(pile.n)), "case", session.language)
        lines.append(say_line(session, "said_pile_up", cases=cases, lon=pile.lon, lat=pile.lat))
    if len(preview.changes):
        lines.append(say_line(session, "said_changes"))
        lines += [
            f"  {c.id} {c.column_name}: {c.old} → {c.new}" for c in preview.changes.head(5).itertuples()
        ]
    if receipt is None:
        return [*lines, say_line(session, "said_not_stored")]
    return [*lines, say_line(session, "said_stored", batch_id=receipt.batch_id)]


def _read_as(preview: Preview, session: Session) -> str:
    head = preview.head
    known = {"encoding": head.encoding, "coord_sys": head.coord_sys, "time_zone": head.time_zone}
    parts = [say_line(session, f"said_{key}", name=name) for key, name in known.items() if name]
    joint = say_line(session, "said_joint")
    return say_line(session, "said_how", parts=joint.join(parts)) if parts else ""


def _problem_lines(title: str, table: pd.DataFrame, session: Session) -> list[str]:
    """Say how many rows have each problem, most first, in words, with the first row of each."""
    if not len(table):
        return []
    counts = table.groupby("code")["row"].agg(["nunique", "min"]).sort_values("nunique", ascending=False)
    lines = [say_line(session, title, rows=count_of(table["row"].nunique(), "row", session.language))]
    for code, (n, first) in counts.head(MAX_PROBLEMS_SHOWN).iterrows():
        example = table[table["code"].eq(str(code)) & table["row"].eq(first)]
        sentence = say_problem(session, rows_as_json(example)[0])
        rows = count_of(n, "row", session.language)
        lines.append(say_line(session, "said_problem", rows=rows, sentence=sentence))
    if len(counts) > MAX_PROBLEMS_SHOWN:
        lines.append(say_line(session, "said_more_problems", n=len(counts) - MAX_PROBLEMS_SHOWN))
    return lines


def _ids_of(rows: pd.DataFrame) -> list[str]:
    """Return the numbers by which the source knows these rows."""
    column = next((name for name in ("source_no", "point_id") if name in rows), None)
    return [] if column is None else [str(value) for value in rows[column]]


def _first_ids(rows: pd.DataFrame) -> str:
    ids = _ids_of(rows.head(8))
    return ", ".join(ids) + (" …" if len(rows) > len(ids) else "")


def _facts(preview: Preview, receipt: Receipt | None, session: Session) -> dict[str, object]:
    return {
        "file": preview.head.file_name,
        "kind": preview.head.kind,
        "encoding": preview.head.encoding,
        "coord_sys": preview.head.coord_sys,
        "time_zone": preview.head.time_zone,
        "n_read": preview.checked.n_read,
        "n_new": preview.n_new,
        "n_changed": preview.n_changed,
        "n_unchanged": preview.n_unchanged,
        "n_rejected": preview.checked.n_rejected,
        "rejected": preview.checked.rejected["code"].value_counts().to_dict(),
        "remarks": preview.checked.remarks["code"].value_counts().to_dict(),
        "notes": [
            {"severity": n.severity, "text": say_line(session, n.code, **dict(n.values))}
            for n in preview.notes
        ],
        "placement": None if preview.placement is None else vars(preview.placement),
        "outside": _ids_of(preview.outside),
        "n_outside": len(preview.outside),
        "pile_ups": rows_as_json(preview.pile_ups),
        "batch_id": None if receipt is None else receipt.batch_id,
    }


def _write_problems(preview: Preview, session: Session, path: Path) -> None:
    """Write every refused row, and every row kept with a remark, as a table a person reads."""
    parts = [
        table.assign(
            outcome=say_line(session, outcome),
            reason=[say_problem(session, row) for row in rows_as_json(table)],
        )
        for table, outcome in (
            (preview.checked.rejected, "outcome_refused"),
            (preview.checked.remarks, "outcome_remarked"),
        )
    ]
    rows = pd.concat(parts, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
    headings = tuple(
        Heading(name, say(f"column_{word}", "zh"), say(f"column_{word}", "en"), kind)
        for name, word, kind in _PROBLEM_COLUMNS
    )
    sheet = Sheet(say_line(session, "sheet_problems"), headings, rows)
    write_file(path, write_csv(sheet, language=session.language, time_zone="UTC"))
