"""Give cases their areas (案件落格), and keep them right when boundaries come later.

A case is placed by the finest level of the chain that holds its point, and climbs to the coarser
levels through the parents of that area, so that the parts of an area always add up to it. Where the
finest level has a gap, the next coarser one is asked. A case that only states a community, grid or
courtyard is placed at that level and above, never below. Courtyards and unit grids stand beside the
chain and are asked on their own.

Every case has two rows: `reported`, by the boundaries of the day it was reported (frozen once
found), and `current`, by the newest ones. A case older than the first boundaries takes the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.analysis.addresses import match_addresses
from geo.analysis.assign import AreaIndex, assign_points, index_areas
from geo.analysis.chain import climb
from geo.analysis.gazetteer import Gazetteer, build_gazetteer
from geo.hexagons import hexagon_ids
from geo.schema import AREA_LEVELS, BESIDE_LEVELS, CHAIN_LEVELS, AreaLevel, PlacementBasis
from geo.store.base import BatchHead, Store

NEAR_BORDER_M = 20.0
"""Cases nearer than this to the border of their finest area carry the distance: a hotline point is
rarely surveyed better than half a street's width."""

WIDE_DOUBT_M = 30.0
"""An address that was matched no closer than this (an estate as a whole, not a building or a number)
is placed at the finest level whose border lies beyond its radius of doubt: nothing is guessed."""

BLOCK_ROWS = 250_000
"""Cases placed at a time: bounds memory, and changes no answer."""

LEVEL_COLUMNS = tuple(f"{level}_id" for level in AREA_LEVELS)


@dataclass(frozen=True)
class Placement:
    """What placing did."""

    n_cases: int
    n_placed: int
    """With an area of any level, as of now."""
    n_nearest: int
    """Of these, taken by the nearest area because the point lies just outside."""
    n_stated: int
    """Of these, placed only by the area the source states."""
    n_outside: int
    """With a position, but in no area."""
    n_unlocated: int
    """Without a usable position and without a stated area."""
    n_near_border: int
    n_matched: int
    """Got a position from their address in this run."""


def read_gazetteer(store: Store) -> Gazetteer:
    """Build the list of known places of a store: areas, aliases, buildings, streets."""
    tables = [store.read_areas(level) for level in AREA_LEVELS if level != "unit_grid"]
    tables = [table for table in tables if len(table)]
    areas = pd.concat(tables, ignore_index=True) if tables else store.read_areas("district")
    buildings = store.read(
        "buildings",
        columns=["building_id", "name", "courtyard_id", "street", "street_number", "lon", "lat"],
    )
    aliases = store.read("area_aliases", columns=["area_id", "alias"])
    streets = store.read("street_edges", columns=["name"])["name"].dropna().unique()
    return build_gazetteer(areas, buildings, aliases, streets.tolist())


def locate_by_address(cases: pd.DataFrame, gazetteer: Gazetteer) -> pd.DataFrame:
    """Give cases without coordinates the position of their address, or the area they state.

    Parameters
    ----------
    cases
        Columns `lon`, `lat`, `position_source`, `position_error_m`, and `address`, `stated_area`
        where the file has them.

    Returns
    -------
    pandas.DataFrame
        The cases with position columns filled, `h3` recomputed for what was matched, and two more
        columns `stated_level`, `stated_id` (empty unless the position source is `stated`).
    """
    placed = cases.assign(
        stated_level=pd.Series(pd.NA, index=cases.index, dtype="str"),
        stated_id=pd.Series(pd.NA, index=cases.index, dtype="str"),
    )
    rows = cases.index[cases["position_source"].eq("none")]
    if not len(rows) or not {"address", "stated_area"} & set(cases.columns):
        return placed
    nothing = pd.Series(pd.NA, index=rows, dtype="str")
    addresses = cases.loc[rows, "address"] if "address" in cases else nothing
    stated = cases.loc[rows, "stated_area"] if "stated_area" in cases else nothing
    found = match_addresses(addresses, stated, gazetteer=gazetteer)
    found = found[found["position_source"].ne("none")]
    for column in ("lon", "lat", "position_source", "position_error_m"):
        placed.loc[found.index, column] = found[column]
    placed.loc[found.index, "stated_level"] = found["area_level"].where(found["position_source"].eq("stated"))
    placed.loc[found.index, "stated_id"] = found["area_id"].where(found["position_source"].eq("stated"))
    matched = found.index[found["position_source"].eq("address")]
    if "h3" in placed and len(matched):
        lon, lat = (placed.loc[matched, name].to_numpy("float64") for name in ("lon", "lat"))
        placed.loc[matched, "h3"] = hexagon_ids(lon, lat, resolution=10)
    return placed


def areas_of_cases(
    store: Store,
    cases: pd.DataFrame,
    *,
    max_distance_m: float = 0.0,
    bases: Sequence[PlacementBasis] = ("reported", "current"),
) -> pd.DataFrame:
    """Work out the areas of cases, without storing anything.

    Parameters
    ----------
    cases
        Columns `case_id`, `lon`, `lat`, `reported_at` (UTC, may be missing), and `stated_level`,
        `stated_id` for cases placed by what they state.
    max_distance_m
        How far outside every area a point may lie and still take the nearest.

    Returns
    -------
    pandas.DataFrame
        Rows of `case_areas` less `batch_id`: one per case and basis.
    """
    sets = store.read("boundary_sets", where={"status": "published"})
    layers = _Layers(store, sets)
    tables = []
    for basis in bases:
        for chosen, before_first, rows in _sets_in_force(cases, sets, basis, store.time_zone):
            for start in range(0, len(rows), BLOCK_ROWS):
                block = cases.iloc[rows[start : start + BLOCK_ROWS]]
                placed = _place_block(block, layers, chosen, max_distance_m=max_distance_m)
                tables.append(
                    placed.assign(basis=basis, sets=",".join(sorted(chosen)), before_first_set=before_first)
                )
    if not tables:
        return _no_rows()
    return pd.concat(tables, ignore_index=True)


def place_cases(
    store: Store, *, actor: str, now: datetime, max_distance_m: float = 0.0, match: bool = True
) -> Placement:
    """Place every stored case again, after boundaries, buildings or names came in.

    Positions found from addresses are stored too. The `reported` areas of a case are filled level
    by level where they were missing, and never overwritten.
    """
    n_matched = _match_stored(store, actor=actor, now=now) if match else 0
    cases = store.read(
        "cases",
        columns=[
            "case_id",
            "lon",
            "lat",
            "reported_at",
            "position_source",
            "position_error_m",
            "address",
            "stated_area",
        ],
        order_by=["case_id"],
    )
    cases = _with_stated(cases, store)
    areas = areas_of_cases(store, cases, max_distance_m=max_distance_m)
    areas = _keep_frozen(areas, store)
    store.replace_areas_of_cases(areas, actor=actor, taken_at=now)
    return measure_placement(cases, areas, n_matched=n_matched)


def measure_placement(cases: pd.DataFrame, areas: pd.DataFrame, *, n_matched: int = 0) -> Placement:
    """Count what placing did, from cases and their current areas."""
    current = areas[areas["basis"].eq("current")].set_index("case_id").reindex(cases["case_id"])
    has_area = current[list(LEVEL_COLUMNS)].notna().any(axis=1).to_numpy()
    has_point = cases["lon"].notna().to_numpy()
    is_stated = current["placed_by"].eq("stated").to_numpy()
    return Placement(
        n_cases=len(cases),
        n_placed=int(has_area.sum()),
        n_nearest=int(current["placed_by"].eq("nearest").sum()),
        n_stated=int(is_stated.sum()),
        n_outside=int((has_point & ~has_area).sum()),
        n_unlocated=int((~has_point & ~is_stated).sum()),
        n_near_border=int(current["border_m"].notna().sum()),
        n_matched=n_matched,
    )


class _Layers:
    """Areas of boundary sets, read once each, with their ancestors worked out."""

    def __init__(self, store: Store, sets: pd.DataFrame) -> None:
        self._store = store
        self._level_of: dict[str, AreaLevel] = dict(zip(sets["set_id"], sets["area_level"], strict=True))
        self._tables: dict[str, gpd.GeoDataFrame] = {}
        self._indexes: dict[tuple[str, ...], AreaIndex] = {}
        self._climbs: dict[tuple[str, ...], Mapping[AreaLevel, pd.DataFrame]] = {}

    def of_level(self, level: AreaLevel, chosen: Sequence[str]) -> gpd.GeoDataFrame | None:
        """Return the areas of one level among the chosen sets, or None when it has none."""
        tables = [self._read(set_id) for set_id in chosen if self._level_of[set_id] == level]
        if not tables:
            return None
        return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)

    def index(self, level: AreaLevel, chosen: Sequence[str]) -> AreaIndex | None:
        """Return the point index of one level among the chosen sets, or None when it has none."""
        key = tuple(set_id for set_id in chosen if self._level_of[set_id] == level)
        if not key:
            return None
        if key not in self._indexes:
            table = self.of_level(level, key)
            assert table is not None
            self._indexes[key] = index_areas(table)
        return self._indexes[key]

    def ancestors(self, chosen: Sequence[str]) -> Mapping[AreaLevel, pd.DataFrame]:
        """Return per level: index area_id, one column per level of the chain."""
        key = tuple(chosen)
        if key not in self._climbs:
            tables = {level: self.of_level(level, chosen) for level in AREA_LEVELS}
            self._climbs[key] = climb({level: table for level, table in tables.items() if table is not None})
        return self._climbs[key]

    def _read(self, set_id: str) -> gpd.GeoDataFrame:
        if set_id not in self._tables:
            rows = self._store.read(
                "areas", columns=["area_id", "area_level", "parent_id", "geom"], where={"set_id": set_id}
            )
            self._tables[set_id] = gpd.GeoDataFrame(rows, geometry="geom", crs="EPSG:4326")
        return self._tables[set_id]


def _sets_in_force(
    cases: pd.DataFrame, sets: pd.DataFrame, basis: PlacementBasis, time_zone: str
) -> list[tuple[tuple[str, ...], bool, npt.NDArray[np.intp]]]:
    """Split cases by the boundary sets that apply: sets, before the first one, row positions."""
    everything = np.arange(len(cases))
    if not len(sets):
        return [((), False, everything)] if len(cases) else []
    newest = tuple(sets.loc[sets["valid_to"].isna(), "set_id"])
    if basis == "current":
        return [(newest, False, everything)] if len(cases) else []
    zone = ZoneInfo(time_zone)
    days = (
        pd.to_datetime(cases["reported_at"], utc=True).dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    )
    edges = sorted({edge for name in ("valid_from", "valid_to") for edge in _days(sets[name]) if edge})
    bins = np.searchsorted(
        np.array(edges, dtype="datetime64[ns]"), days.to_numpy("datetime64[ns]"), side="right"
    )
    bins = np.where(days.isna().to_numpy(), -1, bins)
    groups = []
    for number in np.unique(bins):
        rows = everything[bins == number]
        if number < 0:
            groups.append((newest, False, rows))
            continue
        day = edges[number - 1].date() if number else date.min
        chosen, before_first = _sets_on(sets, day)
        groups.append((chosen, before_first, rows))
    return groups


def _days(column: pd.Series) -> list[pd.Timestamp | None]:
    return [None if pd.isna(value) else pd.Timestamp(value) for value in column]


def _sets_on(sets: pd.DataFrame, day: date) -> tuple[tuple[str, ...], bool]:
    """Return the sets valid on a day; a level and scope that begins later lends its first set."""
    chosen, before_first = [], False
    for _, versions in sets.groupby(["area_level", "scope_id"], sort=True):
        starts = [date.min if pd.isna(v) else pd.Timestamp(v).date() for v in versions["valid_from"]]
        ends = [date.max if pd.isna(v) else pd.Timestamp(v).date() for v in versions["valid_to"]]
        valid = [s for s, a, b in zip(versions["set_id"], starts, ends, strict=True) if a <= day < b]
        if not valid and day < min(starts):
            valid = [versions["set_id"].iloc[int(np.argmin([d.toordinal() for d in starts]))]]
            before_first = True
        chosen += valid
    return tuple(chosen), before_first


def _place_block(
    cases: pd.DataFrame, layers: _Layers, chosen: Sequence[str], *, max_distance_m: float
) -> pd.DataFrame:
    """Place one block of cases by the chosen sets."""
    n = len(cases)
    ids = {column: np.full(n, None, dtype=object) for column in LEVEL_COLUMNS}
    placed_by = np.full(n, "none", dtype=object)
    border_m = np.full(n, np.nan)
    lon, lat = cases["lon"].to_numpy("float64"), cases["lat"].to_numpy("float64")
    doubt_m = _doubt(cases)
    waiting = ~np.isnan(lon)
    present = [level for level in reversed(CHAIN_LEVELS) if layers.index(level, chosen) is not None]
    for level in present:
        areas = layers.index(level, chosen)
        if areas is None or not waiting.any():
            continue
        rows = np.flatnonzero(waiting)
        reach_m = max(NEAR_BORDER_M, float(doubt_m[rows].max(initial=0.0)))
        found = assign_points(lon[rows], lat[rows], areas, near_border_m=reach_m)
        near_m = found["border_m"].to_numpy("float64")
        sure = ~(near_m < doubt_m[rows]) | (level == present[-1])
        hit = found["area_id"].notna().to_numpy() & sure
        codes = found["area_id"].to_numpy(object)
        codes[~hit] = None
        _climb_into(ids, layers.ancestors(chosen)[level], rows, codes)
        placed_by[rows[hit]] = "point"
        border_m[rows[hit]] = np.where(near_m < NEAR_BORDER_M, near_m, np.nan)[hit]
        waiting[rows[hit]] = False
    if max_distance_m > 0 and waiting.any():
        _place_nearest(ids, placed_by, layers, chosen, waiting, (lon, lat), max_distance_m=max_distance_m)
    for beside in BESIDE_LEVELS:
        areas = layers.index(beside, chosen)
        rows = np.flatnonzero(~np.isnan(lon))
        if areas is not None and len(rows):
            ids[f"{beside}_id"][rows] = assign_points(lon[rows], lat[rows], areas)["area_id"].to_numpy(object)
    _place_stated(ids, placed_by, layers, chosen, cases)
    return pd.DataFrame(
        {"case_id": cases["case_id"].to_numpy(), **{name: _text(values) for name, values in ids.items()},
         "placed_by": pd.array(placed_by, dtype="str"), "border_m": border_m}
    )  # fmt: skip


def _doubt(cases: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the radius in which each position may lie, 0 where the point itself is meant."""
    if "position_source" not in cases or "position_error_m" not in cases:
        return np.zeros(len(cases))
    error_m = cases["position_error_m"].to_numpy("float64")
    is_wide = cases["position_source"].eq("address").to_numpy() & (error_m > WIDE_DOUBT_M)
    return np.where(is_wide, error_m, 0.0)


def _place_nearest(
    ids: dict[str, npt.NDArray[np.object_]],
    placed_by: npt.NDArray[np.object_],
    layers: _Layers,
    chosen: Sequence[str],
    waiting: npt.NDArray[np.bool_],
    points: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    *,
    max_distance_m: float,
) -> None:
    """Give points just outside everything the nearest area of the finest level."""
    for level in reversed(CHAIN_LEVELS):
        areas = layers.index(level, chosen)
        if areas is None:
            continue
        rows = np.flatnonzero(waiting)
        found = assign_points(points[0][rows], points[1][rows], areas, max_distance_m=max_distance_m)
        _climb_into(ids, layers.ancestors(chosen)[level], rows, found["area_id"].to_numpy(object))
        placed_by[rows[found["area_id"].notna().to_numpy()]] = "nearest"
        return


def _place_stated(
    ids: dict[str, npt.NDArray[np.object_]],
    placed_by: npt.NDArray[np.object_],
    layers: _Layers,
    chosen: Sequence[str],
    cases: pd.DataFrame,
) -> None:
    """Give cases that only state an area that area, and those above it."""
    if "stated_id" not in cases:
        return
    stated = cases["stated_id"].notna().to_numpy() & (placed_by == "none")
    for level in AREA_LEVELS:
        rows = np.flatnonzero(stated & cases["stated_level"].eq(level).to_numpy())
        ancestors = layers.ancestors(chosen).get(level)
        if not len(rows) or ancestors is None:
            continue
        codes = cases["stated_id"].to_numpy(object)[rows]
        known = np.isin(codes.astype(str), ancestors.index.to_numpy(str))
        _climb_into(ids, ancestors, rows[known], codes[known])
        placed_by[rows[known]] = "stated"


def _climb_into(
    ids: dict[str, npt.NDArray[np.object_]],
    ancestors: pd.DataFrame,
    rows: npt.NDArray[np.intp],
    codes: npt.NDArray[np.object_],
) -> None:
    """Write area codes and those of their ancestors into the rows that have one."""
    hit = pd.notna(codes)
    positions = ancestors.index.get_indexer(pd.Index(codes[hit]))
    for column in ancestors.columns:
        ids[column][rows[hit]] = ancestors[column].to_numpy(object)[positions]


def _text(values: npt.NDArray[np.object_]) -> pd.api.extensions.ExtensionArray:
    return pd.array(values, dtype="str")


def _match_stored(store: Store, *, actor: str, now: datetime) -> int:
    """Look up addresses of stored cases that have no position yet; returns how many were found."""
    cases = store.read(
        "cases",
        columns=["case_id", "source", "source_no", "address", "stated_area", "lon", "lat", "position_source",
                 "position_error_m", "h3", "reported_at"],
        where={"position_source": "none"},
    )  # fmt: skip
    if not len(cases):
        return 0
    located = locate_by_address(cases, read_gazetteer(store))
    located = located[located["position_source"].ne("none")]
    if not len(located):
        return 0
    columns = ["case_id", "source", "source_no", "lon", "lat", "position_source", "position_error_m", "h3"]
    head = BatchHead("placement", "", actor, now, n_read=len(located))
    store.store_cases(head, located[columns], areas_of_cases(store, located))
    return len(located)


def _with_stated(cases: pd.DataFrame, store: Store) -> pd.DataFrame:
    """Name the stated area of the cases that are placed by nothing else."""
    stated = cases.index[cases["position_source"].eq("stated")]
    cases = cases.assign(
        stated_level=pd.Series(pd.NA, index=cases.index, dtype="str"),
        stated_id=pd.Series(pd.NA, index=cases.index, dtype="str"),
    )
    if len(stated):
        found = match_addresses(
            cases.loc[stated, "address"], cases.loc[stated, "stated_area"], gazetteer=read_gazetteer(store)
        )
        cases.loc[stated, "stated_level"] = found["area_level"]
        cases.loc[stated, "stated_id"] = found["area_id"]
    return cases


def _keep_frozen(areas: pd.DataFrame, store: Store) -> pd.DataFrame:
    """Keep what the `reported` rows already say; fill only what they lack."""
    former = store.read_case_areas("reported").set_index("case_id")
    rows = areas.index[areas["basis"].eq("reported") & areas["case_id"].isin(former.index)]
    if not len(rows):
        return areas
    kept = former.loc[areas.loc[rows, "case_id"]].set_axis(rows)
    had_any = kept[list(LEVEL_COLUMNS)].notna().any(axis=1)
    areas = areas.copy()
    for column in LEVEL_COLUMNS:
        areas.loc[rows, column] = kept[column].where(kept[column].notna(), areas.loc[rows, column])
    for column in ("placed_by", "border_m", "before_first_set"):
        areas.loc[rows, column] = kept[column].where(had_any, areas.loc[rows, column])
    joined = [
        _join_sets(a, b)
        for a, b in zip(kept["sets"].where(had_any, ""), areas.loc[rows, "sets"], strict=True)
    ]
    areas.loc[rows, "sets"] = joined
    return areas


def _join_sets(former: str, new: str) -> str:
    return ",".join(sorted({part for text in (former, new) for part in text.split(",") if part}))


def _no_rows() -> pd.DataFrame:
    columns = ["case_id", *LEVEL_COLUMNS, "placed_by", "border_m", "basis", "sets", "before_first_set"]
    return pd.DataFrame({column: pd.Series(dtype="object") for column in columns})
