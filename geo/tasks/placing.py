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

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo.access.seats import Seat, require_may
from geo.analysis.addresses import match_addresses
from geo.analysis.gazetteer import Gazetteer, build_gazetteer
from geo.analysis.placement import LEVEL_COLUMNS, Chain, Stated, place_points
from geo.gcj02 import GCJ02_BOX, inside_box
from geo.hexagons import hexagon_ids
from geo.intake.place_codes import city_of_codes
from geo.schema import AREA_LEVELS, IN_FORCE, PLACEMENT_BASES, PlacementBasis
from geo.store.base import BatchHead, Store
from geo.tasks.boundary_layers import BoundaryLayers, sets_in_force
from geo.tasks.confirming import boundaries_of

_PLACED_FROM = (
    "case_id", "lon", "lat", "reported_at", "position_source", "position_error_m", "stated_level",
    "stated_id",
)  # fmt: skip

_COMPARED = (*LEVEL_COLUMNS, "sets", "placed_by", "before_first_set", "border_m")
"""Columns of `case_areas` in which a placement can differ."""

_BASES = pd.Index(PLACEMENT_BASES, dtype="str")

WIDE_DOUBT_M = 30.0
"""An address that was matched no closer than this (an estate as a whole, not a building or a number)
is placed at the finest level whose border lies beyond its radius of doubt: nothing is guessed."""

MOST_ROUNDS = 5
"""Times all cases are placed again where boundaries keep changing under it."""

BLOCK_ROWS = 250_000
"""Cases placed at a time: bounds memory, and changes no answer."""


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
    return build_gazetteer(areas, buildings, aliases, streets.tolist(), within=_find_city(areas))


def _find_city(areas: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Tell province and city from the codes of the coarsest areas; nothing for a store outside China."""
    if not len(areas):
        return ()
    coarsest = min(areas["area_level"].unique(), key=AREA_LEVELS.index)
    areas = areas[areas["area_level"].eq(coarsest)]
    west, south, east, north = areas.total_bounds
    is_inside = inside_box(np.array([west, east]), np.array([south, north]), GCJ02_BOX).all()
    return city_of_codes(areas["area_id"].astype("str")) if is_inside else ()


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
    sets = store.read("boundary_sets", where={"status": IN_FORCE})
    layers = BoundaryLayers(store, sets)
    cases = cases[[name for name in _PLACED_FROM if name in cases.columns]]
    placed: dict[tuple[str, ...], pd.DataFrame] = {}
    tables = []
    for basis in bases:
        for chosen, before_first, rows in sets_in_force(cases, sets, basis, store.time_zone):
            is_everything = len(rows) == len(cases)
            table = placed.get(chosen) if is_everything else None
            if table is None:
                table = _place_rows(cases, rows, layers.chain(chosen), max_distance_m=max_distance_m)
            if is_everything:
                placed[chosen] = table
            same = np.zeros(len(table), dtype=np.int8)
            tables.append(
                table.assign(
                    basis=pd.Categorical.from_codes(same + PLACEMENT_BASES.index(basis), _BASES),
                    sets=pd.Categorical.from_codes(same, pd.Index([",".join(sorted(chosen))], dtype="str")),
                    before_first_set=before_first,
                )
            )
    return _join_tables(tables) if tables else _no_rows()


def _join_tables(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join tables; a column whose categories differ becomes plain text."""
    joined = pd.concat(tables, ignore_index=True)
    mixed = [name for name in joined.columns if joined[name].dtype == object]
    return joined.astype(dict.fromkeys(mixed, "str"))


def place_cases(
    store: Store, *, seat: Seat, now: datetime, max_distance_m: float = 0.0, match: bool = True
) -> Placement:
    """Place every stored case again, after boundaries, buildings or names came in.

    Positions found from addresses are stored too. The `reported` areas of a case are filled level
    by level where they were missing, and never overwritten.

    Raises
    ------
    AccessError
        If the seat may not place.
    """
    require_may(seat, "place")
    n_matched = _match_stored(store, actor=seat.name, now=now) if match else 0
    for _ in range(MOST_ROUNDS):
        seen = boundaries_of(store)
        cases, areas = _place_stored(store, seat=seat, now=now, max_distance_m=max_distance_m)
        if boundaries_of(store) == seen:
            break  # else they changed meanwhile, and what was written may be of the former ones
    return measure_placement(cases, areas, n_matched=n_matched)


def _place_stored(
    store: Store, *, seat: Seat, now: datetime, max_distance_m: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Place every stored case once; return the cases and their areas."""
    cases = store.read(
        "cases",
        columns=["case_id", "lon", "lat", "reported_at", "position_source", "position_error_m"],
        order_by=["case_id"],
    )
    cases = _with_stated(cases, store)
    areas = areas_of_cases(store, cases, max_distance_m=max_distance_m)
    n_reported = int(areas["basis"].eq("reported").sum())  # `areas_of_cases` puts them first
    case_ids = {"reported": areas["case_id"].iloc[:n_reported], "current": areas["case_id"].iloc[n_reported:]}
    former = {basis: _align(store.read_case_areas(basis), case_ids[basis]) for basis in PLACEMENT_BASES}
    areas = _keep_frozen(areas, former["reported"])
    changed = _find_changed(areas, [former["reported"], former["current"]])
    if changed.any():  # the store compares again, inside its transaction
        store.replace_areas_of_cases(areas[changed], actor=seat.name, taken_at=now)
    return cases, areas


def measure_placement(cases: pd.DataFrame, areas: pd.DataFrame, *, n_matched: int = 0) -> Placement:
    """Count what placing did, from cases and their current areas."""
    current = _align(areas.iloc[int(areas["basis"].eq("reported").sum()) :], cases["case_id"])
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


def _place_rows(
    cases: pd.DataFrame, rows: npt.NDArray[np.intp], chain: Chain, *, max_distance_m: float
) -> pd.DataFrame:
    """Place some cases, block by block."""
    blocks = [
        _place_block(cases.iloc[rows[start : start + BLOCK_ROWS]], chain, max_distance_m=max_distance_m)
        for start in range(0, len(rows), BLOCK_ROWS)
    ]
    return blocks[0] if len(blocks) == 1 else _join_tables(blocks)


def _place_block(cases: pd.DataFrame, chain: Chain, *, max_distance_m: float) -> pd.DataFrame:
    stated = Stated(cases["stated_level"], cases["stated_id"]) if "stated_id" in cases else None
    placed = place_points(
        cases["lon"].to_numpy("float64"),
        cases["lat"].to_numpy("float64"),
        chain,
        doubt_m=_doubt(cases),
        stated=stated,
        max_distance_m=max_distance_m,
    )
    return placed.assign(case_id=cases["case_id"].to_numpy())


def _doubt(cases: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the radius in which each position may lie, 0 where the point itself is meant."""
    if "position_source" not in cases or "position_error_m" not in cases:
        return np.zeros(len(cases))
    error_m = cases["position_error_m"].to_numpy("float64")
    is_wide = cases["position_source"].eq("address").to_numpy() & (error_m > WIDE_DOUBT_M)
    return np.where(is_wide, error_m, 0.0)


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
        texts = store.read(
            "cases", columns=["case_id", "address", "stated_area"], where={"position_source": "stated"}
        )
        texts = texts.set_index("case_id").loc[cases.loc[stated, "case_id"]].set_axis(stated)
        found = match_addresses(texts["address"], texts["stated_area"], gazetteer=read_gazetteer(store))
        cases.loc[stated, "stated_level"] = found["area_level"]
        cases.loc[stated, "stated_id"] = found["area_id"]
    return cases


def _find_changed(areas: pd.DataFrame, former: Sequence[pd.DataFrame]) -> npt.NDArray[np.bool_]:
    """Tell which rows say something else than the former ones, which stand in the same order."""
    is_changed = np.zeros(len(areas), dtype=bool)
    for name in _COMPARED:
        now = pa.array(_plain(areas[name]), from_pandas=True)
        then = pa.chunked_array(
            [part for table in former for part in _parts(pa.array(table[name], from_pandas=True), now.type)]
        )
        both_missing = pc.and_(pc.is_null(now), pc.is_null(then))
        is_equal = pc.or_(pc.fill_null(pc.equal(now, then), fill_value=False), both_missing)
        is_changed |= ~is_equal.to_numpy()
    return is_changed


def _parts(column: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> list[pa.Array]:
    """Return the pieces of a column; one that was made from texts has several."""
    cast = column.cast(kind)  # asked of pa.array, it would turn every text into an object
    return list(cast.chunks) if isinstance(cast, pa.ChunkedArray) else [cast]


def _keep_frozen(areas: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """Keep what the `reported` rows already say, in their order; fill only what they lack."""
    fresh = areas.iloc[: len(kept)]
    if kept["placed_by"].isna().all():
        return areas
    lacks_all = kept[list(LEVEL_COLUMNS)].isna().all(axis=1).to_numpy()
    merged = {
        name: _fill_from(kept[name], fresh[name], kept[name].isna().to_numpy()) for name in LEVEL_COLUMNS
    }
    merged |= {
        name: _fill_from(kept[name], fresh[name], lacks_all)
        for name in ("placed_by", "border_m", "before_first_set")
    }
    merged["before_first_set"] = merged["before_first_set"].astype(bool)
    is_filled = lacks_all.copy()
    for name in LEVEL_COLUMNS:
        is_filled |= (kept[name].isna() & fresh[name].notna()).to_numpy()
    merged["sets"] = _name_sets(kept["sets"], fresh["sets"], lacks_all, is_filled)
    rest = areas.iloc[len(kept) :]
    rest = rest.assign(**{name: _plain(rest[name]) for name in (*LEVEL_COLUMNS, "placed_by", "sets")})
    return _join_tables([fresh.assign(**merged), rest])


def _fill_from(kept: pd.Series, fresh: pd.Series, lacking: npt.NDArray[np.bool_]) -> pd.Series:
    """Take what was kept, and what is fresh where it lacks; text is written out for those rows only."""
    rows = np.flatnonzero(lacking)
    news = _plain(fresh.iloc[rows])
    if news.isna().all() and kept.iloc[rows].isna().all():
        return kept
    filled = kept.copy()
    filled.iloc[rows] = news
    return filled


def _name_sets(
    former: pd.Series, fresh: pd.Series, lacks_all: npt.NDArray[np.bool_], is_filled: npt.NDArray[np.bool_]
) -> pd.Series:
    """Name the sets of both: of the former where they gave an area, of the fresh where something was filled."""
    codes, texts = pd.factorize(former.mask(lacks_all, ""))
    names = fresh.astype("category").cat
    words = [*names.categories, ""]
    used = np.where(is_filled, names.codes.to_numpy(), len(words) - 1)
    number, _ = pd.factorize(codes.astype("int64") * len(words) + used)
    firsts = np.unique(number, return_index=True)[1]
    joined = [_join_sets(str(texts[codes[at]]), str(words[used[at]])) for at in firsts]
    return _write(joined, number, fresh.index)


def _plain(texts: pd.Series) -> pd.Series:
    """Write categories out as text; another column stays as it is."""
    if not isinstance(texts.dtype, pd.CategoricalDtype):
        return texts
    return _write(texts.cat.categories.astype("str").tolist(), texts.cat.codes.to_numpy(), texts.index)


def _write(texts: Sequence[str], codes: npt.NDArray[np.integer], index: pd.Index) -> pd.Series:
    """Return the text of each code, missing for a negative one."""
    written = pa.array(texts, type=pa.large_string()).take(pa.array(codes, mask=codes < 0))
    return pd.Series(pd.array(written, dtype="str"), index=index)


def _align(former: pd.DataFrame, case_ids: pd.Series) -> pd.DataFrame:
    """Put former rows into the order of cases, missing where a case has none."""
    if former["case_id"].reset_index(drop=True).equals(case_ids.reset_index(drop=True)):
        return former.set_axis(case_ids.index)
    return former.set_index("case_id").reindex(case_ids).reset_index().set_axis(case_ids.index)


def _join_sets(former: str, new: str) -> str:
    return ",".join(sorted({part for text in (former, new) for part in text.split(",") if part}))


def _no_rows() -> pd.DataFrame:
    columns = ["case_id", *LEVEL_COLUMNS, "placed_by", "border_m", "basis", "sets", "before_first_set"]
    return pd.DataFrame({column: pd.Series(dtype="object") for column in columns})


def place_under(
    store: Store,
    cases: pd.DataFrame,
    layers: BoundaryLayers,
    chosen: Sequence[str],
    *,
    max_distance_m: float = 0.0,
) -> pd.DataFrame:
    """Work out where stored cases lie under chosen boundary sets, in force or not; nothing is stored.

    Parameters
    ----------
    cases
        Columns `case_id`, `lon`, `lat`, `position_source`, `position_error_m`.

    Returns
    -------
    pandas.DataFrame
        In the order of the cases: `case_id`, `<level>_id` for each level, `placed_by`, `border_m`.
    """
    cases = _with_stated(cases.reset_index(drop=True), store)
    return _place_rows(cases, np.arange(len(cases)), layers.chain(chosen), max_distance_m=max_distance_m)
