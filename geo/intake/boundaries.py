"""Check boundary files: one level of areas from one layer (边界文件校验).

Polygons are judged by `geo.intake.polygons`, codes by `geo.intake.place_codes`. What is decided here:

- an area needs a code and a polygon; two areas of one code are both refused, and block the file, since
  storing the others would leave a hole where they belong;
- names that are equal to a reader, areas of an improbable size and figures that are no numbers are
  remarked on, and the area is kept;
- all columns without a role are kept as text in `attributes`, under the keys of the file.

Whether the areas tile their parents without gap and overlap is judged elsewhere, on the whole set.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import area_m2
from geo.errors import EmptyError, MissingError
from geo.intake.checked import Checked, Note, join_problems, problems
from geo.intake.features import GEOMETRY_COLUMN
from geo.intake.layers import RawLayer
from geo.intake.place_codes import check_codes, fold_name
from geo.intake.polygons import check_polygons, with_ids
from geo.schema import AreaLevel

LARGEST_AREA_M2 = 1e10
"""10 000 km²: no level of the chain below a prefecture is larger."""
SMALLEST_AREA_M2 = 1.0


@dataclass(frozen=True)
class BoundaryChoices:
    """What the user said about a boundary file."""

    area_level: AreaLevel
    id_column: str
    name_column: str | None = None
    """Without one, areas are named by their code."""
    parent_column: str | None = None
    """Code of the area of a coarser level; without one, the parent is found by place later."""
    kind_column: str | None = None
    residents_column: str | None = None
    households_column: str | None = None
    coord_sys: str | None = None
    """See `geo.intake.declared` for what happens without."""
    scope_id: str = ""
    """Ancestor the file covers; empty = everything."""
    valid_from: date | None = None
    is_draft: bool = False
    """Keep it as a draft, in force on no day until it is published."""

    @property
    def role_columns(self) -> tuple[str, ...]:
        """Columns of the file that have a role."""
        named = (
            self.id_column, self.name_column, self.parent_column, self.kind_column,
            self.residents_column, self.households_column,
        )  # fmt: skip
        return tuple(column for column in named if column is not None)


def check_boundaries(layer: RawLayer, choices: BoundaryChoices) -> Checked:
    """Check the areas of one level.

    Parameters
    ----------
    layer
        As read.
    choices
        Level, columns and coordinate system.

    Returns
    -------
    Checked
        `rows` has the columns of `areas` less `set_id`: area_id, area_level, name, parent_id, kind,
        geom (MultiPolygon, WGS84), west, south, east, north (degrees), area_m2, residents, households,
        attributes (JSON of texts). Index `row` = number of the feature, from 1. A note of severity
        `blocks` says why the file must not be stored as it is.

    Raises
    ------
    MissingError
        If a column that was named is not in the file.
    ChoiceError
        If the coordinate system must be named and was not.
    CrsError
        If the numbers cannot be that system.
    EmptyError
        If the file holds no feature.
    """
    require_columns(layer.columns, choices.role_columns, file_name=layer.file_name)
    if not layer.n_features:
        raise EmptyError("layer_empty", file=layer.file_name)
    table = pd.DataFrame(layer.table.drop(columns=GEOMETRY_COLUMN))
    codes, no_codes, odd_codes = check_codes(table[choices.id_column], column=choices.id_column)
    ids = dict(zip(table.index.tolist(), table[choices.id_column].fillna("").tolist(), strict=True))
    polygons = check_polygons(layer, coord_sys=choices.coord_sys, ids=ids)
    rejected = join_problems([no_codes, polygons.rejected])
    kept = polygons.geoms[~polygons.geoms.index.isin(rejected["row"])]
    rows, figures = _make_rows(table.loc[kept.index], kept, codes, choices)
    remarks = join_problems(
        [
            polygons.remarks,
            odd_codes,
            figures,
            _remark_names(rows, choices),
            with_ids(_remark_sizes(rows), ids),
        ]
    )
    remarks = remarks[remarks["row"].isin(rows.index)].reset_index(drop=True)
    notes = (*polygons.notes, *_blocking(rejected, layer))
    return Checked(rows, rejected, remarks, layer.n_features, notes)


def require_columns(columns: Sequence[str], wanted: Sequence[str], *, file_name: str) -> None:
    """Refuse a column that the file does not have.

    Raises
    ------
    MissingError
        Naming the first one.
    """
    for name in wanted:
        if name not in columns:
            raise MissingError(
                "layer_column_missing", file=file_name, column=name, columns=", ".join(columns)
            )


def read_figures(text: pd.Series, *, column: str, code: str) -> tuple[pd.Series, pd.DataFrame]:
    """Read counts of people: numbers that are finite and not negative, thousands separators allowed.

    Returns
    -------
    tuple
        Numbers (float, missing where empty or bad) in the index of `text`, and the bad ones as problems
        under `code`.
    """
    plain = text.astype("str").str.normalize("NFKC").str.strip()
    is_empty = plain.isna() | (plain == "")
    grouped = plain.str.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", na=False)
    numbers = pd.to_numeric(plain.where(~grouped, plain.str.replace(",", "")), errors="coerce").astype(
        "float64"
    )
    is_bad = ~is_empty & ~(np.isfinite(numbers) & (numbers >= 0))
    bad = text[is_bad]
    return numbers.where(~is_bad), problems(bad.index.tolist(), column, code, bad.tolist())


def _make_rows(
    table: pd.DataFrame, geoms: gpd.GeoSeries, codes: pd.Series, choices: BoundaryChoices
) -> tuple[pd.DataFrame, pd.DataFrame]:
    index = geoms.index
    ids = codes.loc[index]
    names = _texts(table, choices.name_column)
    box = shapely.bounds(geoms.to_numpy(dtype=object)).reshape(-1, 4)
    residents, bad_residents = _figures(table, choices.residents_column)
    households, bad_households = _figures(table, choices.households_column)
    rows = gpd.GeoDataFrame(
        {
            "area_id": ids,
            "area_level": pd.Series(choices.area_level, index=index, dtype="str"),
            "name": names.where(names.notna(), ids),
            "parent_id": _texts(table, choices.parent_column),
            "kind": _texts(table, choices.kind_column),
            "geom": geoms,
            "west": box[:, 0], "south": box[:, 1], "east": box[:, 2], "north": box[:, 3],
            "area_m2": area_m2(geoms),
            "residents": residents,
            "households": households,
            "attributes": _attributes(table, choices.role_columns),
        },
        geometry="geom",
        index=index,
    )  # fmt: skip
    return rows, join_problems([bad_residents, bad_households])


def _texts(table: pd.DataFrame, column: str | None) -> pd.Series:
    if column is None:
        return pd.Series(None, index=table.index, dtype="str")
    text = table[column].astype("str").str.strip()
    return text.where(text != "")


def _figures(table: pd.DataFrame, column: str | None) -> tuple[pd.Series, pd.DataFrame]:
    if column is None:
        return pd.Series(pd.NA, index=table.index, dtype="Int64"), problems([], "", "", [])
    numbers, bad = read_figures(table[column], column=column, code="figure_not_number")
    return numbers.round().astype("Int64"), bad


def _attributes(table: pd.DataFrame, without: Sequence[str]) -> pd.Series:
    rest = table.drop(columns=list(dict.fromkeys(without)))
    keys = [str(name) for name in rest.columns]
    texts = [
        json.dumps(
            {key: value for key, value in zip(keys, values, strict=True) if isinstance(value, str)},
            ensure_ascii=False,
        )
        for values in rest.itertuples(index=False, name=None)
    ]
    return pd.Series(texts, index=table.index, dtype="str")


def _remark_names(rows: pd.DataFrame, choices: BoundaryChoices) -> pd.DataFrame:
    """Remark on areas of one parent whose names look the same."""
    if choices.name_column is None:
        return problems([], "", "", [])
    folded = rows["name"].map(fold_name)
    key = pd.DataFrame({"parent": rows["parent_id"].fillna(""), "name": folded})
    same = rows.loc[key.duplicated(keep=False), "name"]
    return problems(same.index.tolist(), choices.name_column, "place_names_alike", same.tolist())


def _remark_sizes(rows: pd.DataFrame) -> pd.DataFrame:
    large = rows.loc[rows["area_m2"] > LARGEST_AREA_M2, "area_m2"]
    small = rows.loc[rows["area_m2"] < SMALLEST_AREA_M2, "area_m2"]
    return join_problems(
        [
            problems(
                large.index.tolist(),
                GEOMETRY_COLUMN,
                "place_very_large",
                [f"{a / 1e6:,.0f} km²" for a in large],
            ),
            problems(
                small.index.tolist(), GEOMETRY_COLUMN, "place_very_small", [f"{a:.2g} m²" for a in small]
            ),
        ]
    )


def _blocking(rejected: pd.DataFrame, layer: RawLayer) -> tuple[Note, ...]:
    twice = rejected[rejected["code"] == "place_id_twice"]
    notes = []
    if len(twice):
        values = {"n": len(twice), "n_codes": int(twice["value"].nunique())}
        notes.append(Note("place_ids_twice", "blocks", values))
    if rejected["row"].nunique() == layer.n_features:
        notes.append(Note("nothing_to_import", "blocks", {"n": layer.n_features}))
    return tuple(notes)
