"""Who and what gets another area when a boundary set comes into force: the lists of its bill (划转清单).

A place gets another area when the area that holds it then is not the one that held it before, by what
became of each area (`geo.analysis.set_changes`). A new name, code or outline of the same area moves nobody
who stays inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.analysis.assign import build_index
from geo.analysis.set_changes import SetChanges
from geo.schema import AreaLevel
from geo.store.base import CaseFilter, Store
from geo.tasks.areas import read_population
from geo.tasks.boundary_layers import BoundaryLayers, days_of
from geo.tasks.placing import place_under

_CASE_COLUMNS = (
    "case_id", "source", "source_no", "category_id", "state", "reported_at", "due_at", "lon", "lat",
    "position_source", "position_error_m",
)  # fmt: skip
_PEOPLE = ("residents", "households", "elders")


@dataclass(frozen=True)
class Moves:
    """What changes its area, as lists; each has `from_id` and `to_id`, missing where it lies in none."""

    people: pd.DataFrame
    """Population points: `source`, `point_id`, `residents`, `households`, `elders`, `from_id`, `to_id`."""
    facilities: pd.DataFrame
    """`facility_id`, `name`, `kind`, `from_id`, `to_id`."""
    cases: pd.DataFrame
    """Open cases: `case_id`, `source`, `source_no`, `category_id`, `state`, `reported_at`, `due_at`,
    `is_overdue`, `from_id`, `to_id`."""
    staff: pd.DataFrame
    """Whose area changes: `role`, `name`, `area_id`, `change`, `to_ids` (the areas it becomes)."""
    totals: Mapping[str, float | None]
    """`residents`, `households`, `elders` that move; None where the store knows nothing of them."""

    @property
    def n_overdue(self) -> int:
        """Open cases among them that are overdue."""
        return int(self.cases["is_overdue"].sum())


def find_moves(
    store: Store,
    level: AreaLevel,
    old: gpd.GeoDataFrame,
    new: gpd.GeoDataFrame,
    changes: SetChanges,
    *,
    chosen: Sequence[str],
    on: date | None,
    now: datetime,
    with_cases: bool,
) -> Moves:
    """List who and what gets another area.

    Parameters
    ----------
    store, level
        Where to look, and the level of the areas.
    old, new, changes
        Former and new areas, and what became of them.
    chosen
        Boundary sets that would be in force, the new one among them.
    on
        Day whose staff are meant; all of them when missing.
    now
        Moment at which cases are open or overdue.
    with_cases
        Whether the set would be the one of now; a set of former years moves no open case.
    """
    where = _Where(old, new, changes)
    people, totals = _list_people(store, where)
    return Moves(
        people=people,
        facilities=_list_facilities(store, where),
        cases=_list_cases(store, level, where, chosen, now, is_asked=with_cases and len(old) > 0),
        staff=_list_staff(store, changes, on),
        totals=totals,
    )


class _Where:
    """Tells of places which area they leave and which they get."""

    def __init__(self, old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, changes: SetChanges) -> None:
        self.same = changes.same
        self.is_first = old.empty
        self._indexes = [
            build_index(table.geometry.to_numpy(dtype=object), ids=table["area_id"].astype("str").tolist())
            for table in (old, new)
        ]

    def find(self, lon: pd.Series, lat: pd.Series) -> tuple[pd.Series, pd.Series]:
        """Return the former and the new area of each point."""
        found = []
        for index in self._indexes:
            codes = np.array([*index.ids, None], dtype=object)
            at = index.locate(lon.to_numpy("float64"), lat.to_numpy("float64"))
            found.append(pd.Series(pd.array(codes[at], dtype="str"), index=lon.index))
        return found[0], found[1]

    def moved(self, former: pd.Series, later: pd.Series) -> npt.NDArray[np.bool_]:
        """Tell which pairs of former and new area mean another area; none where there were no areas before."""
        pairs = zip(former.fillna(""), later.fillna(""), strict=True)
        moved = [
            one != other if not one or not other else (one, other) not in self.same for one, other in pairs
        ]
        return np.array(moved, dtype=bool) & (not self.is_first)


def _list_people(store: Store, where: _Where) -> tuple[pd.DataFrame, dict[str, float | None]]:
    population = read_population(store)
    source = "" if population is None else population.source
    columns = ["source", "point_id", "lon", "lat", *_PEOPLE]
    points = store.read("population_points", columns=columns, where={"source": source})
    moved = _with_move(points, where)
    totals = {name: float(moved[name].sum()) if points[name].notna().any() else None for name in _PEOPLE}
    return moved[["source", "point_id", *_PEOPLE, "from_id", "to_id"]], totals


def _list_facilities(store: Store, where: _Where) -> pd.DataFrame:
    columns = ["facility_id", "name", "kind", "lon", "lat"]
    rows = _with_move(store.read("facilities", columns=columns), where)
    return rows[["facility_id", "name", "kind", "from_id", "to_id"]]


def _with_move(rows: pd.DataFrame, where: _Where) -> pd.DataFrame:
    former, later = where.find(rows["lon"], rows["lat"])
    rows = rows.assign(from_id=former, to_id=later)
    return rows[where.moved(former, later)].reset_index(drop=True)


def _list_cases(
    store: Store, level: AreaLevel, where: _Where, chosen: Sequence[str], now: datetime, *, is_asked: bool
) -> pd.DataFrame:
    column = f"{level}_id"
    rows = store.list_cases(
        CaseFilter(open_at=now), columns=[*_CASE_COLUMNS, column], limit=None if is_asked else 0
    )
    layers = BoundaryLayers(store, store.read("boundary_sets"))
    later = rows[column]
    if len(rows):
        placed = place_under(store, rows, layers, chosen)
        later = pd.Series(placed[column].astype("str").to_numpy(), index=rows.index, dtype="str")
    due_at = pd.to_datetime(rows["due_at"], utc=True)
    rows = rows.assign(
        from_id=rows[column], to_id=later, is_overdue=(due_at < pd.Timestamp(now)).astype(bool)
    )
    moved = rows[where.moved(rows["from_id"], rows["to_id"])]
    shown = [
        name for name in _CASE_COLUMNS if name not in ("lon", "lat", "position_source", "position_error_m")
    ]
    return moved[[*shown, "is_overdue", "from_id", "to_id"]].reset_index(drop=True)


def _list_staff(store: Store, changes: SetChanges, on: date | None) -> pd.DataFrame:
    table = changes.table
    touched = table[~table["change"].isin(["added", "unchanged", "renamed"])]
    becomes = {
        str(code): (str(group["change"].iloc[0]), "、".join(group["to_id"].dropna()))
        for code, group in touched.groupby("from_id", sort=True)
    }
    columns = ["area_id", "role", "name", "valid_from", "valid_to"]
    staff = store.read("area_staff", columns=columns, where={"area_id": sorted(becomes)})
    if on is not None:
        holds = [start <= on < end for start, end in map(days_of, staff.to_dict("records"))]
        staff = staff[np.array(holds, dtype=bool)]
    return pd.DataFrame(
        {
            "role": staff["role"], "name": staff["name"], "area_id": staff["area_id"],
            "change": [becomes[code][0] for code in staff["area_id"]],
            "to_ids": [becomes[code][1] for code in staff["area_id"]],
        }
    ).reset_index(drop=True)  # fmt: skip
