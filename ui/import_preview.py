"""What a checked file would look like: on the map, as rows, and its problems as a file (导入预览)."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.access.masking import mask_text
from geo.intake.layers import RawLayer
from geo.intake.tables import RawTable
from geo.messages import Language, say
from geo.present.documents import Heading, Sheet, dump_json, guard, write_csv
from geo.tasks.areas import Box
from geo.tasks.bringing import Preview
from geo.tasks.map_layers import simplify_areas

MOST_POINTS = 5_000
MOST_SHAPES = 10_000
DECIMALS = 6
_HIDDEN = (
    "geom",
    "footprint",
    "h3",
    "attributes",
    "set_id",
    "west",
    "south",
    "east",
    "north",
    "stated_level",
    "stated_id",
)


def rows_as_stored(preview: Preview, n: int) -> pd.DataFrame:
    """Return the first rows as they would be stored: text columns masked, shapes left out."""
    rows = pd.DataFrame(preview.checked.rows.head(n)).drop(columns=list(_HIDDEN), errors="ignore")
    for name in ("title", "description", "address", "stated_area"):
        if name in rows:
            rows[name] = mask_text(rows[name])
    return rows


def draw_preview(preview: Preview) -> tuple[str, bytes, Box] | None:
    """Draw where the rows lie: `areas`, `streets` or `points`, as GeoJSON in WGS84, and their box.

    None where no row has a place. Beyond `MOST_POINTS` points, and `MOST_SHAPES` shapes, rows are
    taken evenly from the whole file.
    """
    rows = preview.checked.rows
    if "geom" in rows and rows["geom"].notna().any():
        rows = rows[rows["geom"].notna()]
        rows = _evenly(rows, MOST_SHAPES)
        shapes = np.asarray(rows["geom"], dtype=object)
        kind = "streets" if preview.head.kind == "streets" else "areas"
        drawn = simplify_areas(shapes) if kind == "areas" else shapes
        names = rows["name"] if "name" in rows else pd.Series("", index=rows.index)
        ids = rows[rows.columns[0]].astype(str) if "area_id" not in rows else rows["area_id"].astype(str)
        properties = [
            {"area_id": area, "name": "" if pd.isna(name) else str(name), "level": "preview"}
            if kind == "areas"
            else {"kind": None, "walk": True}
            for area, name in zip(ids, names, strict=True)
        ]
        return kind, _features(properties, drawn), _box_of(shapes)
    if "lon" not in rows or not rows["lon"].notna().any():
        return None
    rows = _evenly(rows[rows["lon"].notna()], MOST_POINTS)
    points = shapely.points(rows["lon"].to_numpy(dtype=float), rows["lat"].to_numpy(dtype=float))
    names = rows["name"] if "name" in rows else pd.Series("", index=rows.index)
    properties = [
        {
            "case_id": f"row {row}",
            "category": "" if pd.isna(name) else str(name),
            "state": "",
            "reported_on": "",
        }
        for row, name in zip(rows.index, names, strict=True)
    ]
    return "points", _features(properties, points), _box_of(points)


def draw_areas(areas: gpd.GeoSeries) -> bytes:
    """Draw areas in WGS84 as GeoJSON without names."""
    shapes = np.asarray(areas, dtype=object)
    return _features([{"area_id": "", "name": ""}] * len(shapes), shapes)


def _evenly(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    if len(rows) <= most:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, most).astype(int)]


def _features(properties: Sequence[dict[str, object]], shapes: np.ndarray) -> bytes:
    rounded = shapely.transform(shapes, lambda degrees: np.round(degrees, DECIMALS))
    texts = shapely.to_geojson(rounded)
    features = [
        f'{{"type":"Feature","properties":{dump_json(record)},"geometry":{text}}}'
        for record, text in zip(properties, texts, strict=True)
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'.encode()


def _box_of(shapes: np.ndarray) -> Box:
    west, south, east, north = shapely.total_bounds(shapes)
    return float(west), float(south), float(east), float(north)


def group_problems(table: pd.DataFrame) -> list[tuple[str, int, pd.DataFrame]]:
    """Group a table of problems by code, most rows first: code, number of rows, its rows."""
    groups = [
        (str(code), int(rows["row"].nunique()), rows) for code, rows in table.groupby("code", sort=True)
    ]
    return sorted(groups, key=lambda group: -group[1])


def say_problem(code: str, row: object, column: object, value: object, language: Language) -> str:
    """Say one problem of one row."""
    return say(code, language, row=row, column=column, value=value)


def mark_up(
    preview: Preview, file: RawTable | RawLayer, personal: Sequence[str], language: Language
) -> bytes:
    """Write the rows of the file that have a problem, with what it is, as CSV.

    Columns about persons are left out, and numbers inside texts masked: rows are found by their number.
    """
    zh = language == "zh"
    problems = pd.concat([preview.checked.rejected, preview.checked.remarks]).drop_duplicates()
    shown = [column for column in file.columns if column not in personal]
    rows = _rows_of(file, set(problems["row"].tolist()), shown)
    said = [
        say_problem(code, row, column, value, language)
        for row, column, code, value in problems[["row", "column_name", "code", "value"]].itertuples(
            index=False
        )
    ]
    joined = pd.Series(said, index=problems["row"].to_numpy(), dtype="str").groupby(level=0).agg(" ".join)
    table = rows.reindex(joined.index)
    for column in shown:
        table[column] = mask_text(table[column].astype("str"))
    renamed = {column: f"column_{number}" for number, column in enumerate(shown)}
    table = table.rename(columns=renamed)
    table.insert(0, "row", joined.index.astype(str))
    table.insert(1, "problem", joined.to_numpy())
    headings = (
        Heading("row", "行号", "Row"),
        Heading("problem", "问题", "Problem"),
        *(Heading(new, guard(old), guard(old)) for old, new in renamed.items()),
    )
    sheet = Sheet("问题" if zh else "Problems", headings, table, ())
    return write_csv(sheet, language=language, time_zone="UTC")


def _rows_of(file: RawTable | RawLayer, wanted: set[int], columns: Sequence[str]) -> pd.DataFrame:
    if isinstance(file, RawLayer):
        table = pd.DataFrame(file.table[list(columns)])
        return table[table.index.isin(wanted)]
    parts = [part[part.index.isin(wanted)] for part in file.chunks(columns=list(columns))]
    return pd.concat(parts) if parts else pd.DataFrame(columns=list(columns))


def masked_changes(preview: Preview) -> pd.DataFrame:
    """Return what would change, old and new, with texts masked."""
    changes = preview.changes.copy()
    for name in ("old", "new"):
        changes[name] = mask_text(changes[name].astype("str"))
    return changes
