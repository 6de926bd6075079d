"""Write cases, areas and dashboards into files a person takes away (导出).

What a file says is what the page says: the same tables, figures and definitions, with filters, data
date and sources beside them. A file that shows a map without a review number is written and warns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.analysis.assign import build_index
from geo.analysis.indicators import INDICATORS
from geo.analysis.periods import Period
from geo.errors import ChoiceError, MissingError
from geo.present.dashboard_page import write_dashboard_html
from geo.present.documents import Sheet, write_csv, write_geojson, write_geopackage, write_xlsx
from geo.present.words import LEVELS, Language, word
from geo.schema import AreaLevel
from geo.store.base import CaseFilter, Store
from geo.tasks.areas import AreaCard
from geo.tasks.case_filters import describe_filter
from geo.tasks.case_lists import LISTED_COLUMNS, mask_rows, read_rows
from geo.tasks.dashboard_text import write_page
from geo.tasks.dashboards import Background, Dashboard, measure_level
from geo.tasks.export_tables import (
    CASE_HEADINGS,
    FACILITY_HEADINGS,
    Imprint,
    area_headings,
    area_rows,
    board_sheets,
    category_names_in,
    child_headings,
    facilities_in_words,
    figure_sheet,
    in_words,
    source_notes,
)
from geo.tasks.opening import require_cases

__all__ = [
    "Document",
    "FileFormat",
    "Imprint",
    "write_areas",
    "write_cases",
    "write_dashboard",
    "write_facilities",
    "write_places",
    "write_sheets",
]

FileFormat = Literal["csv", "xlsx", "gpkg", "geojson", "html"]

_MEDIA: dict[FileFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
    "html": "text/html; charset=utf-8",
}


@dataclass(frozen=True)
class Document:
    """One file, ready to be saved."""

    content: bytes
    file_name: str
    """Letters, digits, dots, dashes and underscores of any script; never a path."""
    media_type: str
    warnings: tuple[str, ...] = ()
    """Codes of `geo.messages`."""


def write_cases(
    store: Store,
    where: CaseFilter,
    *,
    format: FileFormat,
    language: Language = "zh",
    imprint: Imprint | None = None,
    names: Literal["labels", "machine"] = "labels",
) -> Document:
    """Write the cases a filter means: masked, no personal column.

    Parameters
    ----------
    store, where
        Which cases.
    format
        `csv`, `xlsx`, `gpkg` or `geojson`. A CSV holds nothing but the cases, so that it can be
        brought in again; the other formats say filter and data date as well.
    language
        Of headings and values.
    imprint
        Review number and source, for the formats that hold places.
    names
        `machine` writes the names and keys of the data model into a CSV.

    Raises
    ------
    ChoiceError
        If the format does not fit cases.
    LimitError
        If there are more rows than a workbook holds.
    """
    _require_format("cases", format, ("csv", "xlsx", "gpkg", "geojson"))
    require_cases(store)
    known = category_names_in(store, language)
    rows = read_rows(store, where, columns=LISTED_COLUMNS, sort=(("reported_at", "up"),), names=known)
    if format in ("gpkg", "geojson"):
        return write_places("cases", format, _as_points(rows), imprint)
    shown = rows if names == "machine" else in_words(rows, language)
    chips = describe_filter(where, language=language, time_zone=store.time_zone, category_names=known)
    notes = [
        *chips,
        *source_notes(store, imprint or Imprint(), language),
        ("行数" if language == "zh" else "Rows", f"{len(rows):,}"),
    ]
    sheet = Sheet("案件" if language == "zh" else "Cases", CASE_HEADINGS, shown, tuple(notes))
    return write_sheets("cases", format, [sheet], store, language, names=names, with_notes=False)


def write_facilities(
    store: Store,
    area: AreaCard | None = None,
    *,
    format: FileFormat,
    language: Language = "zh",
    imprint: Imprint | None = None,
    names: Literal["labels", "machine"] = "labels",
) -> Document:
    """Write the facilities of the store, or those that lie in an area; addresses masked.

    Raises
    ------
    ChoiceError
        If the format does not fit facilities.
    MissingError
        If there are none in the store.
    """
    _require_format("facilities", format, ("csv", "xlsx", "gpkg", "geojson"))
    columns = [heading.name for heading in FACILITY_HEADINGS if heading.name != "kind_id"]
    rows = store.read("facilities", columns=columns, order_by=["source", "source_no"])
    if rows.empty:
        raise MissingError("no_facilities_yet")
    if area is not None:
        shapes = store.read_areas(area.level).set_index("area_id").geometry
        index = build_index(np.array([shapes[area.area_id]], dtype=object), ids=[area.area_id])
        lon, lat = (rows[name].to_numpy(dtype=float) for name in ("lon", "lat"))
        rows = rows[index.locate(lon, lat) >= 0].reset_index(drop=True)
    rows = mask_rows(rows).assign(kind_id=rows["kind"])
    if format in ("gpkg", "geojson"):
        return write_places("facilities", format, _as_points(rows), imprint)
    zh = language == "zh"
    notes = [
        ("区域" if zh else "Area", ("全部" if zh else "Everything") if area is None else area.name),
        *source_notes(store, imprint or Imprint(), language),
    ]
    shown = rows if names == "machine" else facilities_in_words(rows, language)
    sheet = Sheet("设施" if zh else "Facilities", FACILITY_HEADINGS, shown, tuple(notes))
    return write_sheets("facilities", format, [sheet], store, language, names=names, with_notes=False)


def write_areas(
    store: Store,
    level: AreaLevel,
    *,
    period: Period,
    format: FileFormat,
    language: Language = "zh",
    imprint: Imprint | None = None,
    where: CaseFilter | None = None,
    parent_id: str | None = None,
    names: Literal["labels", "machine"] = "labels",
    background: Background | None = None,
) -> Document:
    """Write every indicator of every area of a level: what `measure_level` gives.

    CSV and XLSX hold figures, intervals and denominators; GeoPackage and GeoJSON the outlines too.

    Raises
    ------
    ChoiceError
        If the format does not fit areas.
    """
    _require_format("areas", format, ("csv", "xlsx", "gpkg", "geojson"))
    table = measure_level(
        store, level, period=period, where=where, parent_id=parent_id, background=background
    )
    rows = area_rows(table)
    stem = f"{level}_{period.first_on.isoformat()}_{period.last_on.isoformat()}"
    if format in ("gpkg", "geojson"):
        areas = store.read_areas(level, parent_id=parent_id).set_index("area_id")
        shapes = gpd.GeoSeries(areas.geometry.reindex(rows["area_id"]).to_numpy(), crs=4326)
        return write_places(stem, format, gpd.GeoDataFrame(rows, geometry=shapes), imprint)
    zh = language == "zh"
    notes = [
        ("时段" if zh else "Period", period.label),
        *describe_filter(where or CaseFilter(), language=language, time_zone=store.time_zone),
        *((item.name(language), item.about(language)) for item in INDICATORS.values()),
        *source_notes(store, imprint or Imprint(), language),
    ]
    sheet = Sheet(word(LEVELS, level, language), area_headings(), rows, tuple(notes))
    return write_sheets(stem, format, [sheet], store, language, names=names)


def write_dashboard(
    store: Store,
    board: Dashboard,
    *,
    format: FileFormat,
    language: Language = "zh",
    imprint: Imprint | None = None,
) -> Document:
    """Write a dashboard: one HTML page, a workbook of its tables, or its areas with outlines.

    Parameters
    ----------
    store
        Where outlines are read.
    board
        From `make_dashboard`.
    format
        `html` (self-contained, prints on A4), `xlsx` (a sheet per table), `csv` (the figures of the
        area), `gpkg` or `geojson` (the areas inside, or the area itself).
    language
        Of everything a person reads.
    imprint
        Review number and source of the map.
    """
    imprint = imprint or Imprint()
    code = "all" if board.area is None else board.area.area_id
    stem = f"{code}_{board.period.first_on.isoformat()}_{board.period.last_on.isoformat()}"
    if format == "html":
        page = write_page(
            store,
            board,
            language=language,
            imprint=imprint.line(language),
            is_reviewed=bool(imprint.review_number),
        )
        return Document(write_dashboard_html(page), _file_name(stem, format), _MEDIA[format], _warn(imprint))
    if format in ("gpkg", "geojson"):
        return write_places(stem, format, _board_areas(store, board), imprint)
    _require_format("dashboard", format, ("html", "xlsx", "csv", "gpkg", "geojson"))
    if format == "csv":
        return write_sheets(stem, format, [figure_sheet(store, board, imprint, language)], store, language)
    return write_sheets(stem, format, board_sheets(store, board, imprint, language), store, language)


def _board_areas(store: Store, board: Dashboard) -> gpd.GeoDataFrame:
    level = board.child_level
    parent_id = None if board.area is None else board.area.area_id
    rows = board.children
    if level is None and board.area is not None:
        level, parent_id = board.area.level, None
        rows = board.siblings[board.siblings["area_id"] == board.area.area_id].reset_index(drop=True)
    if level is None:
        return gpd.GeoDataFrame({"area_id": []}, geometry=gpd.GeoSeries([], crs=4326))
    areas = store.read_areas(level, parent_id=parent_id).set_index("area_id")
    shapes = gpd.GeoSeries(areas.geometry.reindex(rows["area_id"]).to_numpy(), crs=4326)
    kept = [heading.name for heading in child_headings()]
    return gpd.GeoDataFrame(rows[kept].reset_index(drop=True), geometry=shapes)


def _as_points(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    lon, lat = (rows[name].to_numpy(dtype=float) for name in ("lon", "lat"))
    points = np.where(np.isnan(lon), None, shapely.points(np.nan_to_num(lon), np.nan_to_num(lat)))
    return gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(points, index=rows.index, crs=4326))


def write_sheets(
    stem: str,
    format: FileFormat,
    sheets: list[Sheet],
    store: Store,
    language: Language,
    *,
    names: Literal["labels", "machine"] = "labels",
    with_notes: bool = True,
) -> Document:
    """Write sheets as one workbook, or the first of them as CSV."""
    if format == "xlsx":
        content = write_xlsx(sheets, language=language, time_zone=store.time_zone)
    else:
        content = write_csv(
            sheets[0], language=language, time_zone=store.time_zone, names=names, with_notes=with_notes
        )
    return Document(content, _file_name(stem, format), _MEDIA[format])


def write_places(
    stem: str,
    format: FileFormat,
    table: gpd.GeoDataFrame,
    imprint: Imprint | None,
) -> Document:
    """Write a WGS84 table as GeoJSON or GeoPackage."""
    content = write_geojson(table) if format == "geojson" else write_geopackage(table, layer="getu")
    return Document(content, _file_name(stem, format), _MEDIA[format], _warn(imprint or Imprint()))


def _warn(imprint: Imprint) -> tuple[str, ...]:
    return () if imprint.review_number else ("no_review_number",)


def _file_name(stem: str, format: FileFormat) -> str:
    """A code from a file must not become a path: everything but letters, digits, `-`, `_` turns into `_`."""
    clean = re.sub(r"[^\w-]", "_", stem)[:80]
    return f"getu_{clean}.{format}"


def _require_format(what: str, format: str, known: tuple[str, ...]) -> None:
    if format not in known:
        raise ChoiceError("format_not_for_this", what=what, format=format, known=", ".join(known))
