"""Check a table of cases: type every cell, refuse what cannot be right, say why (案件校验).

The columns of the file are mapped to fields of `geo.schema` by somebody; nothing else of the file is
kept. A row is refused where its number is missing, damaged or claimed by different rows, where a
moment or a coordinate was written that cannot be read, or where its status is a word nobody has
explained. A row that is merely odd (closed before it was reported, without a position, an unknown
verdict) stays and is remarked on. Names and telephones of reporters are not read unless chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from geo.crs import CoordSys
from geo.errors import ChoiceError
from geo.gcj02 import Box
from geo.intake.checked import Checked, Note, join_problems
from geo.intake.gathering import Findings, code_where, require_list, settle_twins
from geo.intake.moments import (
    DateOrder,
    DateOrderEvidence,
    ExcelSystem,
    find_date_order,
    parse_moments,
)
from geo.intake.positions import find_hexagons, find_positions
from geo.intake.statuses import (
    NO_ANSWER,
    Words,
    join_status_words,
    kind_words,
    satisfaction_words,
    yes_no_words,
)
from geo.intake.tables import RawTable
from geo.intake.values import parse_degrees, parse_ids, parse_words, trim
from geo.settings import require_time_zone

PAST_MOMENTS = ("reported_at", "accepted_at", "handled_at", "closed_at")
MOMENTS = (*PAST_MOMENTS, "due_at")
ANSWERS = ("valid_callback", "contacted", "solved")
TEXTS = ("title", "description", "address", "stated_area", "closing_level", "department", "channel")
REPORTER = ("reporter_name", "reporter_telephone")
CASE_FIELDS = (
    "source_no", "kind", "category_main", "category", *TEXTS[:4], "lon", "lat", "state", *TEXTS[4:], *MOMENTS,
    *ANSWERS, "satisfaction", *REPORTER,
)  # fmt: skip
"""Fields a column may be mapped to."""

_OTHER_FIELD_NAMES = {"category_id": "category"}
_MOST_WORDS_SHOWN = 20
_EVIDENCE_ROWS = 1000


@dataclass(frozen=True)
class CaseChoices:
    """What somebody chose for a file of cases."""

    columns: Mapping[str, str]
    """Field (`CASE_FIELDS`) → column of the file."""
    source: str
    """Name of the list; with the number it identifies a case."""
    as_of: datetime
    """Now: nothing can have been reported or closed later."""
    coord_sys: CoordSys | None = None
    """System of the coordinates; needed where they are mapped."""
    time_zone: str = ""
    """IANA zone of the moments; needed where any is mapped."""
    date_order: DateOrder | None = None
    """Order of day and month where the year comes last; found in the file where it shows."""
    excel_system: ExcelSystem | None = None
    """Moments are Excel days since 1900 or 1904."""
    status_words: Mapping[str, str] = field(default_factory=dict)
    """Status word → state, beside those of `data/mappings`."""
    keep_reporters: bool = False
    """Keep names and telephones of reporters, apart from the cases."""
    swap_lonlat: bool = False
    """Longitude and latitude are exchanged in the file."""
    around: Box | None = None
    """West, south, east, north of where cases are expected; China where missing."""


@dataclass
class _Gathered:
    """What has been read so far."""

    findings: Findings = field(default_factory=Findings)
    parts: list[pd.DataFrame] = field(default_factory=list)
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    n_day_only: Counter[str] = field(default_factory=Counter)


def check_cases(
    table: RawTable, choices: CaseChoices, *, progress: Callable[[float], None] | None = None
) -> Checked:
    """Check every row of a table of cases.

    Parameters
    ----------
    table
        The file.
    choices
        Columns and how to read them.
    progress
        Told the share done, 0 to 1; may raise to stop.

    Returns
    -------
    Checked
        Rows in the columns of `cases` that were mapped, and always `case_id`, `source`, `source_no`,
        `lon`, `lat` (WGS84), `position_source` (given or none), `position_error_m`, `state`, `h3`.
        Side tables `categories`, and `case_reporters` if chosen.

    Raises
    ------
    ChoiceError
        If the number is not mapped, coordinates have no system, moments no zone, or the order of day
        and month is needed and does not show.
    MissingError
        If a mapped column is not in the file.
    CrsError
        If not one position fits the coordinate system.
    """
    mapped = _require_choices(table, choices)
    words = join_status_words(choices.status_words)
    order, notes = _settle_date_order(table, mapped, choices)
    got = _Gathered()
    n_done = len(table.bad_rows)
    for chunk in table.chunks(columns=list(dict.fromkeys(mapped.values()))):
        n_refusals = len(got.findings.rejected)
        rows = _read_chunk(chunk, mapped, choices, order, words, got)
        got.parts.append(got.findings.keep_good(rows, since=n_refusals))  # here, while the table is small
        n_done += len(chunk)
        if progress is not None:
            progress(0.9 * n_done / table.n_rows)
    return _finish(table, mapped, choices, got, notes)


def _require_choices(table: RawTable, choices: CaseChoices) -> dict[str, str]:
    mapped = {
        _OTHER_FIELD_NAMES.get(name, name): column for name, column in choices.columns.items() if column
    }
    if unknown := sorted(set(mapped) - set(CASE_FIELDS)):
        raise ChoiceError("field_unknown", field=unknown[0], fields=", ".join(CASE_FIELDS))
    require_list(table, mapped, source=choices.source, coord_sys=choices.coord_sys)
    if set(MOMENTS) & set(mapped):
        if not choices.time_zone:
            raise ChoiceError("time_zone_needed", file=table.file_name)
        require_time_zone(choices.time_zone)
    if not choices.keep_reporters:
        mapped = {name: column for name, column in mapped.items() if name not in REPORTER}
    return mapped


def _settle_date_order(
    table: RawTable, mapped: dict[str, str], choices: CaseChoices
) -> tuple[DateOrder | None, list[Note]]:
    """Return the order that was chosen, or the one that shows in the whole file."""
    columns = [mapped[name] for name in MOMENTS if name in mapped]
    if choices.date_order is not None or not columns:
        return choices.date_order, []
    head = table.head(_EVIDENCE_ROWS)
    if not sum((find_date_order(head[column]) for column in columns), DateOrderEvidence()).n:
        return None, []
    evidence = DateOrderEvidence()
    for chunk in table.chunks(columns=columns):
        evidence = sum((find_date_order(chunk[column]) for column in columns), evidence)
    if evidence.order is None:
        raise ChoiceError("date_order_needed", file=table.file_name, column=columns[0], n=evidence.n)
    n_showing = evidence.n_first_over_12 + evidence.n_second_over_12
    return evidence.order, [Note("date_order_found", "note", {"order": evidence.order, "n": n_showing})]


# --- one chunk ---


def _read_chunk(
    chunk: pd.DataFrame,
    mapped: dict[str, str],
    choices: CaseChoices,
    order: DateOrder | None,
    words: Words,
    got: _Gathered,
) -> pd.DataFrame:
    rows: dict[str, pd.Series] = {}
    number = parse_ids(chunk[mapped["source_no"]], missing="source_no_missing")
    got.findings.reject(number.code, number.found, mapped["source_no"])
    rows["source_no"] = number.found
    for name in (*TEXTS, *REPORTER):
        if name in mapped:
            rows[name] = trim(chunk[mapped[name]])
    for name in ("lon", "lat"):
        if name in mapped:
            degrees = parse_degrees(chunk[mapped[name]])
            got.findings.reject(degrees.code, chunk[mapped[name]], mapped[name])
            rows[name] = degrees.found
    for name in MOMENTS:
        if name in mapped:
            rows[name] = _read_moments(chunk, name, mapped[name], choices, order, got)
    rows["state"] = _read_state(chunk, mapped, rows, words, got)
    for name in ANSWERS:
        if name in mapped:
            answer = _read_words(chunk, name, mapped[name], yes_no_words(), got)
            rows[name] = answer.map({"yes": True, "no": False}).astype("boolean")
    for name, known in (("satisfaction", satisfaction_words()), ("kind", kind_words())):
        if name in mapped:
            rows[name] = _read_words(chunk, name, mapped[name], known, got)
    rows.update(_read_category(chunk, mapped))
    return pd.DataFrame(rows, index=chunk.index)


def _read_moments(
    chunk: pd.DataFrame,
    name: str,
    column: str,
    choices: CaseChoices,
    order: DateOrder | None,
    got: _Gathered,
) -> pd.Series:
    moments = parse_moments(
        chunk[column],
        time_zone=choices.time_zone,
        date_order=order,
        excel_system=choices.excel_system,
        day_means="end" if name == "due_at" else "start",
    )
    code = moments.code
    if name in PAST_MOMENTS:
        code = code.mask(code.eq("") & moments.utc.gt(pd.Timestamp(choices.as_of)), "moment_in_future")
    got.findings.reject(code, chunk[column], column)
    got.findings.remark(moments.remark, chunk[column], column)
    got.n_day_only[column] += int(moments.is_day_only.sum())
    return moments.utc


def _read_state(
    chunk: pd.DataFrame, mapped: dict[str, str], rows: dict[str, pd.Series], words: Words, got: _Gathered
) -> pd.Series:
    closed = rows.get("closed_at", pd.Series(pd.NaT, index=chunk.index)).notna()
    by_date = code_where(closed, "closed").mask(~closed, "reported")
    if "state" not in mapped:
        return by_date
    column = mapped["state"]
    state = parse_words(chunk[column], words, unknown="status_unknown")
    got.findings.reject(state.code, chunk[column], column)
    _count_unknown(got, "state", chunk[column], state.code)
    return state.found.where(state.found.notna(), by_date)


def _read_words(chunk: pd.DataFrame, name: str, column: str, words: Words, got: _Gathered) -> pd.Series:
    found = parse_words(chunk[column], words, unknown=f"{_WORD_KINDS[name]}_unknown")
    got.findings.remark(found.code, chunk[column], column)
    _count_unknown(got, name, chunk[column], found.code)
    return found.found.mask(found.found.eq(NO_ANSWER))


_WORD_KINDS = {
    "valid_callback": "answer", "contacted": "answer", "solved": "answer", "satisfaction": "satisfaction",
    "kind": "kind",
}  # fmt: skip


def _count_unknown(got: _Gathered, name: str, text: pd.Series, code: pd.Series) -> None:
    if (hits := text[code.ne("")]).size:
        got.unknown.setdefault(name, Counter()).update(trim(hits).tolist())


def _read_category(chunk: pd.DataFrame, mapped: dict[str, str]) -> dict[str, pd.Series]:
    """Return `category_id`, and in `_main` the main class: 主类/小类 where both are given."""
    main = trim(chunk[mapped["category_main"]]) if "category_main" in mapped else None
    sub = trim(chunk[mapped["category"]]) if "category" in mapped else None
    if main is None or sub is None:
        only = sub if sub is not None else main
        return {} if only is None else {"category_id": only}
    both = main.str.cat(sub, sep="/")
    return {
        "category_id": both.where(both.notna(), sub).where(both.notna() | sub.notna(), main),
        "_main": main,
    }


# --- all chunks ---


def _finish(
    table: RawTable, mapped: dict[str, str], choices: CaseChoices, got: _Gathered, notes: list[Note]
) -> Checked:
    findings = got.findings
    findings.rejected.append(table.bad_rows)
    rows = pd.concat(got.parts) if got.parts else _read_chunk(table.head(0), mapped, choices, None, {}, got)
    got.parts.clear()
    rows = _place(rows, mapped, choices, findings)
    rows = settle_twins(rows, findings, key="source_no", column=mapped["source_no"], code="case_number_twice")
    _remark_order(rows, mapped, findings, time_zone=choices.time_zone)
    rows = _derive(rows, choices, mapped)
    sides = {"categories": _list_categories(rows)}
    if choices.keep_reporters and set(REPORTER) & set(mapped):
        sides["case_reporters"] = _list_reporters(rows)
    rows = rows.drop(columns=[name for name in ("_main", *REPORTER) if name in rows])
    return Checked(
        rows=rows,
        rejected=join_problems(findings.rejected),
        remarks=join_problems(findings.remarks),
        n_read=table.n_rows,
        notes=(*table.notes, *notes, *_tell(rows, mapped, choices, got)),
        side_tables=sides,
    )


def _place(
    rows: pd.DataFrame, mapped: dict[str, str], choices: CaseChoices, findings: Findings
) -> pd.DataFrame:
    if "lon" not in mapped or choices.coord_sys is None:
        empty = pd.Series(np.nan, index=rows.index)
        return rows.assign(lon=empty, lat=empty)
    positions = find_positions(
        rows["lon"],
        rows["lat"],
        coord_sys=choices.coord_sys,
        swap_lonlat=choices.swap_lonlat,
        around=choices.around,
    )
    hits = positions.remark.ne("")
    shown = rows.loc[hits, "lon"].astype(str) + ", " + rows.loc[hits, "lat"].astype(str)
    findings.remark(positions.remark[hits], shown, f"{mapped['lon']}, {mapped['lat']}")
    return rows.assign(lon=positions.lon, lat=positions.lat)


def _remark_order(rows: pd.DataFrame, mapped: dict[str, str], findings: Findings, *, time_zone: str) -> None:
    """Remark on what ends before it begins; moments are told in the zone of the file, as they stand in it."""
    if "reported_at" not in mapped:
        return
    for name, code in (("closed_at", "case_closed_before_reported"), ("due_at", "case_due_before_reported")):
        if name in mapped:
            early = rows.loc[rows[name].lt(rows["reported_at"]), name]
            local = early.dt.tz_convert(time_zone).dt.strftime("%Y-%m-%d %H:%M:%S")
            findings.remark(code_where(early.notna(), code), local, mapped[name])


def _derive(rows: pd.DataFrame, choices: CaseChoices, mapped: dict[str, str]) -> pd.DataFrame:
    source = choices.source.strip()
    rows = rows.assign(
        case_id=source + ":" + rows["source_no"],
        source=pd.Series(source, index=rows.index, dtype="str"),
        position_source=pd.Series("none", index=rows.index, dtype="str").mask(rows["lon"].notna(), "given"),
        position_error_m=np.nan,
        h3=find_hexagons(rows["lon"], rows["lat"]),
    )
    verdicts = [name for name in ("contacted", "solved", "satisfaction") if name in mapped]
    if verdicts and "valid_callback" not in mapped:
        rows["valid_callback"] = rows[verdicts].notna().any(axis=1).astype("boolean")
    first = ["case_id", "source", "source_no"]
    return rows[first + [name for name in rows.columns if name not in first]]


def _list_categories(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the categories that occur: `category_id`, `parent_id`, `kind`, `name`."""
    columns = ["category_id", "parent_id", "kind", "name"]
    if "category_id" not in rows:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
    main = rows["_main"] if "_main" in rows else pd.Series(None, index=rows.index, dtype="str")
    kind = rows["kind"] if "kind" in rows else pd.Series(None, index=rows.index, dtype="str")
    found = pd.DataFrame({"category_id": rows["category_id"], "parent_id": main, "kind": kind})
    found = found.dropna(subset=["category_id"]).drop_duplicates("category_id")
    found["parent_id"] = found["parent_id"].mask(found["parent_id"].eq(found["category_id"]))
    mains = found["parent_id"].dropna().drop_duplicates()
    mains = mains[~mains.isin(set(found["category_id"]))]
    parents = pd.DataFrame({"category_id": mains, "parent_id": None, "kind": None, "name": mains})
    names = [
        category if pd.isna(main) else category.removeprefix(f"{main}/")
        for category, main in zip(found["category_id"], found["parent_id"], strict=True)
    ]
    listed = pd.concat([parents, found.assign(name=names)])[columns]
    return listed.astype("str").sort_values("category_id", ignore_index=True)


def _list_reporters(rows: pd.DataFrame) -> pd.DataFrame:
    empty = pd.Series(None, index=rows.index, dtype="str")
    listed = pd.DataFrame(
        {
            "case_id": rows["case_id"],
            "name": rows.get("reporter_name", empty),
            "telephone": rows.get("reporter_telephone", empty),
        }
    )
    return listed[listed[["name", "telephone"]].notna().any(axis=1)]


def _tell(rows: pd.DataFrame, mapped: dict[str, str], choices: CaseChoices, got: _Gathered) -> list[Note]:
    notes = []
    if set(MOMENTS) & set(mapped):
        notes.append(Note("time_zone_applied", "note", {"time_zone": choices.time_zone}))
    for column, n in got.n_day_only.items():
        if n:
            notes.append(Note("moments_are_days", "note", {"column": column, "n": n}))
    for name, words in got.unknown.items():
        shown = ", ".join(f"{word} ({n})" for word, n in words.most_common(_MOST_WORDS_SHOWN))
        code, severity = ("status_words_unknown", "blocks") if name == "state" else ("words_unknown", "warns")
        values = {"column": mapped[name], "words": shown, "counts": dict(words), "n": words.total()}
        notes.append(Note(code, severity, values))  # type: ignore[arg-type]
    remarks = join_problems(got.findings.remarks)["code"].value_counts()
    for code, note, severity in _COUNTED:
        if n := int(remarks.get(code, 0)):
            notes.append(Note(note, severity, {"n": n}))  # type: ignore[arg-type]
    if not choices.keep_reporters and (left := [n for n in REPORTER if choices.columns.get(n)]):
        notes.append(
            Note("reporters_not_kept", "note", {"columns": ", ".join(choices.columns[n] for n in left)})
        )
    if n := int(rows["lon"].isna().sum()):
        notes.append(Note("rows_without_position", "note", {"n": n, "of": len(rows)}))
    return notes


_COUNTED = (
    ("position_looks_swapped", "positions_look_swapped", "warns"),
    ("position_zero", "positions_zero", "warns"),
    ("position_out_of_range", "positions_out_of_range", "warns"),
    ("position_incomplete", "positions_incomplete", "warns"),
    ("case_closed_before_reported", "cases_closed_before_reported", "warns"),
    ("case_due_before_reported", "cases_due_before_reported", "warns"),
    ("row_repeated", "rows_repeated", "note"),
    ("moment_in_overlap", "moments_in_overlap", "note"),
    ("moment_in_gap", "moments_in_gap", "note"),
)
