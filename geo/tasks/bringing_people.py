"""Bring in people: at points, in hexagons, or as own figures of areas (人口导入)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import geopandas as gpd
import pandas as pd

from geo.access.seats import Seat, require_may
from geo.errors import MissingError
from geo.intake.checked import Note
from geo.intake.layers import RawLayer
from geo.intake.population import PopulationChoices, check_population
from geo.intake.tables import RawTable
from geo.store.base import Store
from geo.tasks.bringing import Preview, batch_head, lies_outside, plain_choices, require_rows
from geo.tasks.hiding import hide_personal


def preview_population(
    store: Store, table: RawTable | RawLayer, choices: PopulationChoices, *, seat: Seat, now: datetime
) -> Preview:
    """Check population figures: at points, in hexagons, or as own figures of areas."""
    require_may(seat, "import")
    checked = hide_personal(check_population(table, choices), choices)
    require_rows(checked, table.file_name)
    head = batch_head("population", table, checked, seat, now, source=choices.source,
                 coord_sys=choices.coord_sys, choices=plain_choices(choices))  # fmt: skip
    if "point_id" in checked.rows:
        outside = checked.rows[lies_outside(store, checked.rows)]
        return Preview(head, checked, n_new=len(checked.rows), n_changed=0, n_unchanged=0,
                       outside=outside, notes=checked.notes)  # fmt: skip
    areas, unknown = _own_figures(store, checked.rows)
    if not len(areas):
        raise MissingError("population_no_area_matches", first=str(checked.rows["area_id"].iloc[0]))
    notes = (
        (Note("population_unknown_areas", "warns", {"n": len(unknown), "first": unknown[0]}),)
        if unknown
        else ()
    )
    return Preview(
        head, replace(checked, rows=areas), n_new=0, n_changed=len(areas), n_unchanged=0,
        notes=(*checked.notes, *notes),
    )  # fmt: skip


def _own_figures(store: Store, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Turn figures by area code into rows of `areas`; also return the codes that are not known."""
    sets = store.read("boundary_sets", where={"status": "published"})
    open_sets = list(sets.loc[sets["valid_to"].isna(), "set_id"])
    if not open_sets:
        return pd.DataFrame(), list(rows["area_id"].astype(str))
    areas = store.read("areas", where={"set_id": open_sets})
    figures = rows.set_index("area_id")
    known = areas[areas["area_id"].isin(figures.index)].copy()
    for column in ("residents", "households"):
        if column in figures:
            known[column] = known["area_id"].map(figures[column])
    unknown = sorted(set(figures.index) - set(known["area_id"]))
    return gpd.GeoDataFrame(known, geometry="geom", crs="EPSG:4326"), unknown
