"""Check population files: people at points, in hexagons, or of areas (人口数据校验).

Which of the three a file is follows from what was mapped:

- *points*: `lon` and `lat` of a table, or a layer; a polygon stands for a point inside it;
- *hexagons*: `h3`, the centre of the cell is the point;
- *areas*: `area_id`, own figures of areas that are in the store, to be joined by code.

Counts are numbers that are finite and not negative; a row with a count that is none, or with no count
at all, is refused. A key that stands twice is refused in all its rows: which one counts cannot be told.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from geo.errors import ChoiceError
from geo.hexagons import hexagon_centres, hexagon_from_text, hexagon_text
from geo.intake.checked import Checked, Note, join_problems, problems
from geo.intake.layers import RawLayer
from geo.intake.place_codes import check_codes
from geo.intake.place_points import Places, number_ids, read_places, read_texts, require_mapped
from geo.intake.tables import RawTable
from geo.intake.values import fold_width, parse_numbers

PopulationForm = Literal["points", "hexagons", "areas"]

FIGURES = ("residents", "registered", "elders", "children", "households")
"""Columns of counts, as in `population_points`."""
AREA_FIGURES = ("residents", "households")
"""Counts an area keeps as its own."""

MINGUO_ERA = 1911
"""Year 1 of the Republic of China calendar (民國) is 1912."""

_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年)?")
_MINGUO = re.compile(r"(?:民[國国])?(\d{2,3})[Y年](?:(\d{1,2})[M月])?")


@dataclass(frozen=True)
class PopulationChoices:
    """What the user said about a population file."""

    columns: Mapping[str, str]
    """Field → column of the file: `lon` and `lat`, or `h3`, or `area_id`; `point_id`; the counts of
    `FIGURES`; `as_of_on`."""
    source: str
    """Name of the list, as the user calls it."""
    coord_sys: str | None = None
    as_of_on: date | None = None
    """Date of the figures; wins over a column."""


def find_population_form(source: RawTable | RawLayer, choices: PopulationChoices) -> PopulationForm:
    """Tell what kind of population file was described.

    Raises
    ------
    ChoiceError
        If no place, or more than one kind of place, was mapped.
    """
    mapped = choices.columns.keys()
    found: list[PopulationForm] = []
    if "h3" in mapped:
        found.append("hexagons")
    if "area_id" in mapped:
        found.append("areas")
    if {"lon", "lat"} <= mapped or (isinstance(source, RawLayer) and not found):
        found.append("points")
    if len(found) != 1:
        raise ChoiceError("population_form_unclear", file=source.file_name)
    return found[0]


def check_population(source: RawTable | RawLayer, choices: PopulationChoices) -> Checked:
    """Check the figures of a population file.

    Parameters
    ----------
    source
        A table or a layer, as read.
    choices
        Columns, coordinate system, date.

    Returns
    -------
    Checked
        For points and hexagons `rows` has the columns of `population_points` less `batch_id`: source,
        point_id, lon, lat (WGS84 degrees), residents, registered, elders, children, households,
        as_of_on. For areas: area_id, residents, households (whole numbers, missing where not given) and
        as_of_on. Index `row` = row of the file.

    Raises
    ------
    ChoiceError
        If the kind of file is unclear, no count was mapped, or the coordinate system must be named.
    MissingError
        If a mapped column is not in the file.
    CrsError
        If the numbers cannot be the coordinate system named.
    """
    form = find_population_form(source, choices)
    if not any(field in choices.columns for field in FIGURES):
        raise ChoiceError("population_no_count_mapped", file=source.file_name)
    require_mapped(source, choices.columns)
    if form == "areas":
        return _check_areas(source, choices)
    places = _read_hexagons(source, choices) if form == "hexagons" else _read_points(source, choices)
    return _check_points(places, choices, form)


def read_as_of(text: str) -> date | None:
    """Read the date of figures: a day, or the last day of the month or year that is named.

    Years of the Republic of China calendar are read where `Y` and `M`, 年 and 月 or 民國 say so. What is
    none of these gives nothing.

    Examples
    --------
    >>> read_as_of("105Y12M"), read_as_of("2020-11"), read_as_of("2024")
    (datetime.date(2016, 12, 31), datetime.date(2020, 11, 30), datetime.date(2024, 12, 31))
    """
    plain = "".join(text.split())
    if match := _MINGUO.fullmatch(plain):
        year, month, day = int(match[1]) + MINGUO_ERA, match[2], None
    elif match := _DATE.fullmatch(plain):
        year, month, day = int(match[1]), match[2], match[3]
    else:
        return None
    m = int(month or 12)
    if not (1 <= m <= 12 and 1 <= year <= 9999):
        return None
    last = calendar.monthrange(year, m)[1]
    d = int(day or last)
    return date(year, m, d) if 1 <= d <= last else None


def _check_points(places: Places, choices: PopulationChoices, form: PopulationForm) -> Checked:
    columns = choices.columns
    kept = places.table.loc[places.lon.index]
    ids, notes = _point_ids(kept, choices, form)
    ids, bad_ids, _ = check_codes(ids, column=columns.get("point_id", columns.get("h3", "")))
    counts, bad_counts = _read_counts(kept, columns)
    dates, bad_dates = _read_dates(kept, choices)
    rejected = join_problems([places.rejected, bad_ids, bad_counts, bad_dates])
    good = kept.index[~kept.index.isin(rejected["row"])]
    rows = pd.DataFrame(
        {
            "source": pd.Series(choices.source, index=good, dtype="str"),
            "point_id": ids.loc[good],
            "lon": places.lon.loc[good],
            "lat": places.lat.loc[good],
            **{field: counts[field].loc[good] for field in FIGURES},
            "as_of_on": dates.loc[good],
        },
        index=good,
    )
    return Checked(rows, rejected, places.remarks, places.n_read, (*places.notes, *notes))


def _check_areas(source: RawTable | RawLayer, choices: PopulationChoices) -> Checked:
    table = _texts(source, choices)
    bad_rows = source.problems if isinstance(source, RawLayer) else source.bad_rows
    ids, bad_ids, remarks = check_codes(table["area_id"], column=choices.columns["area_id"])
    counts, bad_counts = _read_counts(table, choices.columns)
    dates, bad_dates = _read_dates(table, choices)
    rejected = join_problems([bad_rows, bad_ids, bad_counts, bad_dates])
    good = table.index[~table.index.isin(rejected["row"])]
    rows = pd.DataFrame(
        {
            "area_id": ids.loc[good],
            **{field: counts[field].loc[good].round().astype("Int64") for field in AREA_FIGURES},
            "as_of_on": dates.loc[good],
        },
        index=good,
    )
    n_read = source.n_features if isinstance(source, RawLayer) else source.n_rows
    remarks = remarks[remarks["row"].isin(good)].reset_index(drop=True)
    return Checked(rows, rejected, remarks, n_read)


def _texts(source: RawTable | RawLayer, choices: PopulationChoices) -> pd.DataFrame:
    if isinstance(source, RawTable):
        return read_texts(source, choices.columns)
    table = pd.DataFrame(source.table)[list(choices.columns.values())]
    return table.set_axis(list(choices.columns), axis=1)


def _read_points(source: RawTable | RawLayer, choices: PopulationChoices) -> Places:
    places = read_places(source, choices.columns, coord_sys=choices.coord_sys, id_field="point_id")
    if isinstance(source, RawTable):
        return places
    return replace(places, table=_texts(source, choices))


def _read_hexagons(source: RawTable | RawLayer, choices: PopulationChoices) -> Places:
    table = _texts(source, choices)
    cells = hexagon_from_text(table["h3"].fillna("").tolist(), bad="mark")
    is_cell = cells > 0
    bad = table.loc[~is_cell, "h3"]
    lon, lat = hexagon_centres(np.where(is_cell, cells, 0))
    bad_rows = source.problems if isinstance(source, RawLayer) else source.bad_rows
    kept = table.index[is_cell]
    return Places(
        table=table.assign(
            h3=pd.Series(hexagon_text(np.where(is_cell, cells, 0)), index=table.index, dtype="str")
        ),
        lon=pd.Series(lon[is_cell], index=kept),
        lat=pd.Series(lat[is_cell], index=kept),
        geoms=None,
        rejected=join_problems(
            [bad_rows, problems(bad.index.tolist(), choices.columns["h3"], "place_not_hexagon", bad.tolist())]
        ),
        remarks=problems([], "", "", []),
        notes=(),
        n_read=source.n_features if isinstance(source, RawLayer) else source.n_rows,
    )


def _point_ids(
    kept: pd.DataFrame, choices: PopulationChoices, form: PopulationForm
) -> tuple[pd.Series, tuple[Note, ...]]:
    if form == "hexagons" and "point_id" not in choices.columns:
        return kept["h3"], ()
    return number_ids(kept["point_id"] if "point_id" in choices.columns else None, kept.index)


def _read_counts(
    table: pd.DataFrame, columns: Mapping[str, str]
) -> tuple[dict[str, pd.Series], pd.DataFrame]:
    counts: dict[str, pd.Series] = {}
    found = []
    has_any = pd.Series(False, index=table.index)
    for field in FIGURES:
        if field not in columns:
            counts[field] = pd.Series(np.nan, index=table.index)
            continue
        numbers = parse_numbers(table[field])
        values = numbers.found
        is_bad = numbers.code.ne("") | (values < 0)
        bad = table.loc[is_bad, field]
        found.append(problems(bad.index.tolist(), columns[field], "population_count_bad", bad.tolist()))
        counts[field] = values.where(~is_bad)
        has_any |= values.notna() | is_bad
    empty = table.index[~has_any].tolist()
    first = next(columns[field] for field in FIGURES if field in columns)
    found.append(problems(empty, first, "population_count_missing", [""] * len(empty)))
    return counts, join_problems(found)


def _read_dates(table: pd.DataFrame, choices: PopulationChoices) -> tuple[pd.Series, pd.DataFrame]:
    none = problems([], "", "", [])
    if choices.as_of_on is not None or "as_of_on" not in choices.columns:
        return pd.Series([choices.as_of_on] * len(table), index=table.index, dtype=object), none
    texts = fold_width(table["as_of_on"])
    known = {text: read_as_of(text) for text in texts.dropna().unique()}
    dates = texts.map(known).astype(object).where(texts.notna(), None)
    is_bad = texts.notna() & dates.isna()
    bad = texts[is_bad]
    return dates, problems(
        bad.index.tolist(), choices.columns["as_of_on"], "population_date_unreadable", bad.tolist()
    )
