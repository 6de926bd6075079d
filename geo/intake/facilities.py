"""Check a table of facilities: type every cell, refuse what cannot be right, say why (设施校验).

The kind comes from a column, through words that are data, or is one for the whole file. A row is
refused where its number is missing, damaged or claimed by different rows, where its kind or status is
a word nobody has explained, or where a number, day or coordinate was written that cannot be read. An
outline in a GeoJSON becomes the footprint, and a point inside it the position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import yaml
from numpy.typing import NDArray

from geo.crs import CoordSys, geometries_to_wgs84
from geo.errors import ChoiceError
from geo.gcj02 import Box
from geo.intake.checked import Checked, Note, join_problems, problems
from geo.intake.gathering import Findings, code_where, require_list, settle_twins
from geo.intake.moments import DateOrder, parse_days
from geo.intake.positions import find_positions
from geo.intake.statuses import MAPPINGS, Words, read_mapping, turn_words
from geo.intake.tables import RawTable
from geo.intake.values import fold_word, matches, parse_degrees, parse_ids, parse_numbers, parse_words, trim
from geo.schema import FACILITY_STATUS

TEXTS = ("name", "address")
AMOUNTS = ("capacity", "area_m2")
DAYS = ("opened_on", "closed_on")
FACILITY_FIELDS = (
    "source_no", "name", "kind", "service_level", "status", *AMOUNTS, *DAYS, "address", "lon", "lat",
    "footprint",
)  # fmt: skip
"""Fields a column may be mapped to."""

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_MOST_WORDS_SHOWN = 20


@dataclass(frozen=True)
class FacilityChoices:
    """What somebody chose for a file of facilities."""

    columns: Mapping[str, str]
    """Field (`FACILITY_FIELDS`) → column of the file."""
    source: str
    """Name of the list; with the number it identifies a facility."""
    coord_sys: CoordSys | None = None
    """System of the coordinates; needed where they are mapped."""
    kind: str | None = None
    """Kind of every row, by key or by a known word; wins over a column."""
    kind_words: Mapping[str, str] = field(default_factory=dict)
    """Word → kind, beside those in `data`."""
    date_order: DateOrder | None = None
    """Order of day and month where the year comes last."""
    swap_lonlat: bool = False
    """Longitude and latitude are exchanged in the file."""
    around: Box | None = None
    """West, south, east, north of where facilities are expected; China where missing."""


@dataclass
class _Gathered:
    findings: Findings = field(default_factory=Findings)
    parts: list[pd.DataFrame] = field(default_factory=list)
    unknown_kinds: Counter[str] = field(default_factory=Counter)


# --- words ---


@lru_cache(maxsize=1)
def facility_kinds() -> dict[str, tuple[str, str]]:
    """Return key → Chinese and English name of every kind of facility."""
    content = yaml.safe_load((MAPPINGS.parent / "facility_kinds.yaml").read_text(encoding="utf-8"))
    return {kind["key"]: (kind["zh"], kind["en"]) for kind in content["kinds"]}


@lru_cache(maxsize=1)
def facility_kind_words() -> Words:
    """Return word → kind: keys, names and aliases of `facility_kinds.yaml`, and the further words.

    Where two kinds share a word, the kind whose own name it is has it, then the one that stands first.
    """
    content = yaml.safe_load((MAPPINGS.parent / "facility_kinds.yaml").read_text(encoding="utf-8"))
    words: dict[str, str] = {}
    for names in (("key",), ("zh", "en"), ("aliases",)):
        for kind in content["kinds"]:
            for name in names:
                given = kind.get(name, [])
                for word in given if isinstance(given, list) else [given]:
                    words.setdefault(fold_word(word), kind["key"])
    for word, key in turn_words(read_mapping("facility_kind_words")["words"], name="words").items():
        words.setdefault(word, key)
    return words


@lru_cache(maxsize=1)
def _status_words() -> Words:
    return turn_words(read_mapping("facility_kind_words")["statuses"], name="statuses")


@lru_cache(maxsize=1)
def _level_words() -> Words:
    return turn_words(read_mapping("facility_kind_words")["service_levels"], name="service_levels")


def require_kind(kind: str) -> str:
    """Return the key of a kind given by key or by a known word.

    Raises
    ------
    ChoiceError
        If there is no such kind.

    Examples
    --------
    >>> require_kind("充电站")
    'ev_charging'
    """
    key = facility_kind_words().get(fold_word(kind))
    if key is None:
        raise ChoiceError("facility_kind_not_known", kind=kind)
    return key


# --- the check ---


def check_facilities(
    table: RawTable, choices: FacilityChoices, *, progress: Callable[[float], None] | None = None
) -> Checked:
    """Check every row of a table of facilities.

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
        Rows in the columns of `facilities` that were mapped, and always `facility_id`, `source`,
        `source_no`, `kind`, `status` (open where nothing is said, closed where a closing day stands),
        `lon`, `lat` (WGS84), `position_source` (given or none), `position_error_m`. `footprint` holds
        MultiPolygons in WGS84 or nothing; days are dates.

    Raises
    ------
    ChoiceError
        If the number or the kind is not mapped, the kind is not known, or coordinates have no system.
    MissingError
        If a mapped column is not in the file.
    CrsError
        If not one position fits the coordinate system.
    """
    mapped = _require_choices(table, choices)
    own = {fold_word(word): require_kind(kind) for word, kind in choices.kind_words.items()}
    words = {**facility_kind_words(), **own}
    got = _Gathered()
    n_done = len(table.bad_rows)
    for chunk in table.chunks(columns=list(dict.fromkeys(mapped.values()))):
        n_refusals = len(got.findings.rejected)
        rows = _read_chunk(chunk, mapped, choices, words, got)
        got.parts.append(got.findings.keep_good(rows, since=n_refusals))  # here, while the table is small
        n_done += len(chunk)
        if progress is not None:
            progress(0.9 * n_done / table.n_rows)
    return _finish(table, mapped, choices, got, words)


def _require_choices(table: RawTable, choices: FacilityChoices) -> dict[str, str]:
    mapped = {name: column for name, column in choices.columns.items() if column}
    if unknown := sorted(set(mapped) - set(FACILITY_FIELDS)):
        raise ChoiceError("field_unknown", field=unknown[0], fields=", ".join(FACILITY_FIELDS))
    if choices.kind is not None:
        mapped.pop("kind", None)
        require_kind(choices.kind)
    elif "kind" not in mapped:
        raise ChoiceError("kind_needed", file=table.file_name)
    require_list(table, mapped, source=choices.source, coord_sys=choices.coord_sys)
    return mapped


def _read_chunk(
    chunk: pd.DataFrame, mapped: dict[str, str], choices: FacilityChoices, words: Words, got: _Gathered
) -> pd.DataFrame:
    rows: dict[str, pd.Series] = {}
    number = parse_ids(chunk[mapped["source_no"]], missing="source_no_missing")
    got.findings.reject(number.code, number.found, mapped["source_no"])
    rows["source_no"] = number.found
    for name in TEXTS:
        if name in mapped:
            rows[name] = trim(chunk[mapped[name]])
    rows["kind"] = _read_kind(chunk, mapped, choices, words, got)
    for name in (*AMOUNTS, "lon", "lat"):
        if name in mapped:
            rows[name] = _read_number(chunk, name, mapped[name], got)
    for name in DAYS:
        if name in mapped:
            days = parse_days(chunk[mapped[name]], date_order=choices.date_order)
            got.findings.reject(days.code, chunk[mapped[name]], mapped[name])
            rows[name] = days.utc.dt.tz_localize(None)
    rows["status"] = _read_status(chunk, mapped, rows, got)
    if "service_level" in mapped:
        column = mapped["service_level"]
        level = parse_words(chunk[column], _level_words(), unknown="service_level_unknown")
        got.findings.remark(level.code, chunk[column], column)
        rows["service_level"] = level.found
    if "footprint" in mapped:
        rows["footprint"] = trim(chunk[mapped["footprint"]])
    return pd.DataFrame(rows, index=chunk.index)


def _read_kind(
    chunk: pd.DataFrame, mapped: dict[str, str], choices: FacilityChoices, words: Words, got: _Gathered
) -> pd.Series:
    if choices.kind is not None:
        return pd.Series(require_kind(choices.kind), index=chunk.index, dtype="str")
    column = mapped["kind"]
    kind = parse_words(chunk[column], words, unknown="facility_kind_unknown")
    text = trim(chunk[column])
    got.findings.reject(kind.code, text, column)
    got.findings.reject(code_where(text.isna(), "facility_kind_missing"), None, column)
    got.unknown_kinds.update(text[kind.code.ne("")].tolist())
    return kind.found


def _read_number(chunk: pd.DataFrame, name: str, column: str, got: _Gathered) -> pd.Series:
    numbers = parse_numbers(chunk[column]) if name in AMOUNTS else parse_degrees(chunk[column])
    code = numbers.code
    if name in AMOUNTS:
        code = code.mask(numbers.found.lt(0), "number_negative")
    got.findings.reject(code, chunk[column], column)
    return numbers.found


def _read_status(
    chunk: pd.DataFrame, mapped: dict[str, str], rows: dict[str, pd.Series], got: _Gathered
) -> pd.Series:
    is_over = rows.get("closed_on", pd.Series(pd.NaT, index=chunk.index)).notna()
    by_day = code_where(is_over, "closed").mask(~is_over, "open")
    if "status" not in mapped:
        return by_day
    column = mapped["status"]
    keys = {status: status for status in FACILITY_STATUS}
    status = parse_words(chunk[column], {**keys, **_status_words()}, unknown="facility_status_unknown")
    got.findings.reject(status.code, chunk[column], column)
    return status.found.where(status.found.notna(), by_day)


def _finish(
    table: RawTable, mapped: dict[str, str], choices: FacilityChoices, got: _Gathered, words: Words
) -> Checked:
    findings = got.findings
    findings.rejected.append(table.bad_rows)
    if not got.parts:
        got.parts.append(_read_chunk(table.head(0), mapped, choices, words, got))
    rows = settle_twins(
        pd.concat(got.parts),
        findings,
        key="source_no",
        column=mapped["source_no"],
        code="facility_number_twice",
    )
    rows = _place(rows, mapped, choices, findings)
    if set(DAYS) <= set(mapped):
        early = rows.loc[rows["closed_on"].lt(rows["opened_on"]), "closed_on"]
        code = code_where(early.notna(), "facility_closed_before_opened")
        findings.remark(code, early.dt.strftime("%Y-%m-%d"), mapped["closed_on"])
    return Checked(
        rows=_derive(rows, choices),
        rejected=join_problems(findings.rejected),
        remarks=join_problems(findings.remarks),
        n_read=table.n_rows,
        notes=(*table.notes, *_tell(rows, mapped, got)),
    )


def _place(
    rows: pd.DataFrame, mapped: dict[str, str], choices: FacilityChoices, findings: Findings
) -> pd.DataFrame:
    if choices.coord_sys is None or not {"lon", "footprint"} & set(mapped):
        return rows.assign(lon=np.nan, lat=np.nan)
    if "footprint" in mapped:
        rows = rows.assign(footprint=_read_outlines(rows["footprint"], mapped, choices, findings))
        rows = findings.keep_good(rows)
    if "lon" not in mapped:
        inside = shapely.point_on_surface(rows["footprint"].to_numpy())
        return rows.assign(lon=shapely.get_x(inside), lat=shapely.get_y(inside))
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


def _read_outlines(
    text: pd.Series, mapped: dict[str, str], choices: FacilityChoices, findings: Findings
) -> pd.Series:
    """Return the outlines, WKB in hexadecimal or WKT, as MultiPolygons in WGS84; points are left out."""
    is_hex = matches(text, "^[0-9A-Fa-f]+$").to_numpy()
    is_text = text.notna().to_numpy() & ~is_hex
    cells = text.to_numpy(dtype=object)
    shapes = np.full(len(text), None, dtype=object)
    shapes[is_hex] = shapely.from_wkb(cells[is_hex], on_invalid="ignore")
    shapes[is_text] = shapely.from_wkt(cells[is_text], on_invalid="ignore")
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    shapes[is_point] = None
    is_unusable = ~np.isin(shapely.get_type_id(shapes), _POLYGONAL) | ~shapely.is_valid(shapes)
    is_bad = (is_hex | is_text) & ~is_point & is_unusable
    bad = text.index[is_bad].tolist()
    findings.rejected.append(problems(bad, mapped["footprint"], "footprint_unreadable", [""] * len(bad)))
    shapes[is_bad] = None
    if choices.swap_lonlat:
        shapes = shapely.transform(shapes, lambda xy: xy[:, ::-1])
    outlines: NDArray[np.object_] = geometries_to_wgs84(shapes, coord_sys=choices.coord_sys or "")
    single = shapely.get_type_id(outlines) == shapely.GeometryType.POLYGON
    outlines[single] = [shapely.multipolygons([outline]) for outline in outlines[single]]
    return pd.Series(outlines, index=text.index, dtype=object)


def _derive(rows: pd.DataFrame, choices: FacilityChoices) -> pd.DataFrame:
    source = choices.source.strip()
    rows = rows.assign(
        facility_id=source + ":" + rows["source_no"],
        source=pd.Series(source, index=rows.index, dtype="str"),
        position_source=pd.Series("none", index=rows.index, dtype="str").mask(rows["lon"].notna(), "given"),
        position_error_m=np.nan,
    )
    for name in DAYS:
        if name in rows:
            days = [None if pd.isna(day) else day.date() for day in rows[name]]
            rows[name] = pd.Series(days, index=rows.index, dtype=object)
    if "footprint" in rows:
        rows["footprint"] = gpd.GeoSeries(rows["footprint"], crs="EPSG:4326")
    first = ["facility_id", "source", "source_no"]
    return rows[first + [name for name in rows.columns if name not in first]]


def _tell(rows: pd.DataFrame, mapped: dict[str, str], got: _Gathered) -> list[Note]:
    notes = []
    if got.unknown_kinds:
        shown = ", ".join(f"{word} ({n})" for word, n in got.unknown_kinds.most_common(_MOST_WORDS_SHOWN))
        values = {
            "column": mapped["kind"], "words": shown, "counts": dict(got.unknown_kinds),
            "n": got.unknown_kinds.total(),
        }  # fmt: skip
        notes.append(Note("facility_kinds_unknown", "blocks", values))
    remarks = join_problems(got.findings.remarks)["code"].value_counts()
    for code, note in _COUNTED:
        if n := int(remarks.get(code, 0)):
            notes.append(Note(note, "warns", {"n": n}))
    if n := int(rows["lon"].isna().sum()):
        notes.append(Note("rows_without_position", "note", {"n": n, "of": len(rows)}))
    return notes


_COUNTED = (
    ("position_looks_swapped", "positions_look_swapped"),
    ("position_zero", "positions_zero"),
    ("position_out_of_range", "positions_out_of_range"),
    ("position_incomplete", "positions_incomplete"),
    ("row_repeated", "rows_repeated"),
)
