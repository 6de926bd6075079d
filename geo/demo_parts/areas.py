"""Cut the land into the chain of areas, and say who is responsible (网格划分).

A block becomes a grid, a lot a micro-grid. Lots that nobody lives on join a neighbour of the same
block: other such lots first, then a courtyard of one lot, never a part of an estate. Small courtyards
join each other. A micro-grid so holds whole courtyards or is a part of one. Every polygon is a union of
lots and has their vertices; areas of one level therefore tile the district without gap or overlap, and
children tile their parents. Courtyards (院落) stand beside the chain and have the grid as parent.

Codes are 6 + 3 + 3 + 3 + 2 digits, serials run west to east, then north to south (domain sheet 3.3).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.demo_parts.borders import Borders, parcel_rect
from geo.demo_parts.names import (
    COMMUNITY_OLD_STEMS,
    COMMUNITY_STEMS,
    DISTRICT_ALIASES,
    DISTRICT_CODE,
    DISTRICT_NAME,
    SUBDISTRICT_NAMES,
    NamePool,
    person_names,
)
from geo.demo_parts.people import Homes
from geo.demo_parts.plan import HEIGHT_M, Plan, Rect, Warp
from geo.measure import area_m2

AREA_COLUMNS = (
    "area_id",
    "area_level",
    "name",
    "parent_id",
    "kind",
    "geom",
    "west",
    "south",
    "east",
    "north",
    "area_m2",
    "residents",
    "households",
    "attributes",
)
_GRID_KINDS = {
    "old": "老旧院落",
    "estate": "居民小区",
    "mixed": "混合",
    "commerce": "商业",
    "park": "公园",
    "campus": "校园",
}
_WALL_INSET_M = 8  # from the middle of the street to the wall of a courtyard
_SIDE_POINTS = 3  # vertices on each side of a courtyard, so that it bends with its streets
_FEW_HOUSEHOLDS = 40  # a courtyard with fewer joins a neighbour, another courtyard first
_MOST_HOUSEHOLDS = 100  # of a micro-grid that takes in a neighbour


@dataclass(frozen=True)
class Areas:
    """All areas, and how lots and parcels belong to them."""

    levels: dict[str, gpd.GeoDataFrame]
    """Columns of `areas` less `set_id`, by level."""
    of_lot: pd.DataFrame
    """Per lot: district_id … microgrid_id."""
    of_parcel: pd.DataFrame
    """Per parcel that is a courtyard: courtyard_id, courtyard_name."""


def make_areas(
    plan: Plan, borders: Borders, homes: Homes, doors: pd.DataFrame, names: NamePool, rng: np.random.Generator
) -> Areas:
    """Make the areas of every level."""
    lots = plan.lots.assign(
        cu=(plan.lots["u0"] + plan.lots["u1"]) / 2,
        cv=(plan.lots["v0"] + plan.lots["v1"]) / 2,
        surface=(plan.lots["u1"] - plan.lots["u0"]) * (plan.lots["v1"] - plan.lots["v0"]),
    )
    people = (
        homes.buildings.groupby("lot")[["residents", "households"]].sum().reindex(lots.index, fill_value=0)
    )
    lots = lots.assign(residents=people["residents"], households=people["households"])
    lots["unit"] = _join_lots(lots, borders)
    lots["district_id"] = DISTRICT_CODE
    lots["subdistrict_id"] = _number(lots, "subdistrict", "district_id", digits=3, band_m=3 * HEIGHT_M)
    lots["community_id"] = _number(lots, "community", "subdistrict_id", digits=3, band_m=800)
    lots["grid_id"] = _number(lots, "block", "community_id", digits=3, band_m=300)
    lots["microgrid_id"] = _number(lots, "unit", "grid_id", digits=2, band_m=100)
    shapes = _lot_polygons(borders, plan.warp)
    stems = dict(zip(sorted(lots["community_id"].unique()), rng.permutation(COMMUNITY_STEMS), strict=True))
    levels = {
        level: _level_table(lots, shapes, level, parent, stems)
        for level, parent in (
            ("district", None),
            ("subdistrict", "district"),
            ("community", "subdistrict"),
            ("grid", "community"),
            ("microgrid", "grid"),
        )
    }
    courtyards, of_parcel = _make_courtyards(plan, lots, homes, doors, names, rng)
    levels["courtyard"] = courtyards
    chain = ["district_id", "subdistrict_id", "community_id", "grid_id", "microgrid_id"]
    return Areas(levels, lots[chain], of_parcel)


def _join_lots(lots: pd.DataFrame, borders: Borders) -> list[int]:
    """Join lots that nobody lives on to a neighbour; return the micro-grid of each lot as a number."""
    owner = list(range(len(lots)))
    households = lots["households"].to_numpy().copy()
    single = lots.groupby("parcel")["parcel"].transform("size").to_numpy() == 1
    joins = single | (households == 0)
    block = lots["block"].to_numpy()
    shared: dict[int, dict[int, int]] = {}
    for ((u0, v0), (u1, v1)), (a, b) in borders.sides.items():
        if b >= 0 and block[a] == block[b] and joins[a] and joins[b]:
            for one, other in ((a, b), (b, a)):
                row = shared.setdefault(one, {})
                row[other] = row.get(other, 0) + abs(u1 - u0) + abs(v1 - v0)
    small = [lot for lot in lots.index if joins[lot] and households[lot] < _FEW_HOUSEHOLDS]
    for lot in sorted(small, key=lambda k: (households[k], k)):
        mine = _find(owner, lot)
        lived_in = households[mine] > 0
        options = [
            ((households[_find(owner, n)] > 0) != lived_in, -metres, n)
            for n, metres in sorted(shared.get(lot, {}).items())
            if _find(owner, n) != mine and households[_find(owner, n)] + households[mine] <= _MOST_HOUSEHOLDS
        ]
        if options:
            other = _find(owner, min(options)[2])
            owner[mine] = other
            households[other] += households[mine]
    return [_find(owner, lot) for lot in range(len(lots))]


def _find(owner: list[int], lot: int) -> int:
    while owner[lot] != lot:
        lot = owner[lot]
    return lot


def _number(lots: pd.DataFrame, key: str, parent: str, *, digits: int, band_m: float) -> pd.Series:
    """Give each group of lots its code: that of the parent and a serial, west to east, north to south."""
    weight = lots["surface"]
    groups = (
        pd.DataFrame(
            {
                "key": lots[key],
                "parent": lots[parent],
                "w": weight,
                "u": lots["cu"] * weight,
                "v": lots["cv"] * weight,
            }
        )
        .groupby(["parent", "key"], sort=True)
        .sum()
    )
    groups = groups.assign(u=groups["u"] / groups["w"], v=groups["v"] / groups["w"]).reset_index()
    groups["row"] = np.floor((HEIGHT_M - groups["v"]) / band_m)
    groups = groups.sort_values(["parent", "row", "u"], kind="stable")
    serial = groups.groupby("parent").cumcount() + 1
    code = groups["parent"] + serial.astype(str).str.zfill(digits)
    return lots[key].map(dict(zip(groups["key"], code, strict=True)))


def _lot_polygons(borders: Borders, warp: Warp) -> np.ndarray:
    points = np.array([point for ring in borders.rings for point in ring], dtype=np.float64)
    owner = np.repeat(np.arange(len(borders.rings)), [len(ring) for ring in borders.rings])
    rings = shapely.linearrings(np.column_stack(warp.to_lon_lat(*points.T)), indices=owner)
    return np.asarray(shapely.polygons(rings))


def _level_table(
    lots: pd.DataFrame, shapes: np.ndarray, level: str, parent: str | None, stems: dict[str, str]
) -> gpd.GeoDataFrame:
    groups = lots.groupby(f"{level}_id", sort=True)
    ids = [str(code) for code in groups.groups]
    geoms = [_as_multi(shapely.coverage_union_all(shapes[members.index])) for _, members in groups]
    table = pd.DataFrame(
        {
            "area_id": ids,
            "area_level": level,
            "name": [_area_name(level, code, stems) for code in ids],
            "parent_id": pd.Series(
                [members[f"{parent}_id"].iloc[0] for _, members in groups] if parent else [None] * len(ids),
                dtype="str",
            ),
            "kind": pd.Series([_area_kind(level, members) for _, members in groups], dtype="str"),
            "residents": groups["residents"].sum().to_numpy(),
            "households": groups["households"].sum().to_numpy(),
            "attributes": [_attributes(level, members) for _, members in groups],
        }
    )
    return finish_areas(table, geoms)


def finish_areas(table: pd.DataFrame, geoms: list[shapely.MultiPolygon]) -> gpd.GeoDataFrame:
    """Add outline, box and surface, and put the columns in order."""
    outlines = gpd.GeoSeries(geoms, index=table.index, crs=4326)
    box = outlines.bounds
    table = table.assign(
        geom=outlines,
        west=box["minx"],
        south=box["miny"],
        east=box["maxx"],
        north=box["maxy"],
        area_m2=np.round(area_m2(outlines), 2),
    )
    return gpd.GeoDataFrame(table[list(AREA_COLUMNS)], geometry="geom", crs=4326)


def _as_multi(shape: shapely.Geometry) -> shapely.MultiPolygon:
    parts = [part for part in shapely.get_parts(shape) if not part.is_empty]
    return shapely.normalize(shapely.MultiPolygon(parts))


def _area_name(level: str, code: str, stems: dict[str, str]) -> str:
    if level == "district":
        return DISTRICT_NAME
    if level == "subdistrict":
        return SUBDISTRICT_NAMES[int(code[-3:]) - 1]
    stem = stems[code[:12]]
    if level == "community":
        return f"{stem}社区"
    grid = code[13:15]
    return f"{stem}社区{grid}网格" if level == "grid" else f"{stem}{grid}-{code[15:]}微网格"


def _area_kind(level: str, members: pd.DataFrame) -> str | None:
    if level == "grid":
        return _GRID_KINDS[members["block_type"].iloc[0]]
    if level == "microgrid":
        return "院落" if members["households"].sum() > 1 else "专属"
    return None


def _attributes(level: str, members: pd.DataFrame) -> str:
    if level not in ("grid", "microgrid"):
        return "{}"
    n_courtyards = len(np.unique(members["parcel"].to_numpy()[(members["use"] == "residential").to_numpy()]))
    return json.dumps({"院落数": n_courtyards}, ensure_ascii=False)


# --- courtyards ---


def _make_courtyards(
    plan: Plan,
    lots: pd.DataFrame,
    homes: Homes,
    doors: pd.DataFrame,
    names: NamePool,
    rng: np.random.Generator,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    parcels = _number_courtyards(lots[lots["use"].isin(["residential"])])
    address = dict(
        zip(doors["parcel"].tolist(), (doors["street"] + doors["street_number"]).tolist(), strict=True)
    )
    n_buildings = homes.buildings.groupby("parcel").size().to_dict()
    built_in, is_old_of = homes.parcels["built"].to_dict(), homes.parcels["is_old"].to_dict()
    rows, geoms = [], []
    for code, parcel, members in parcels:
        built, is_old, street = int(built_in[parcel]), bool(is_old_of[parcel]), address[parcel]
        plain = is_old and rng.random() < 0.55
        name = (
            f"{street}院"
            if plain
            else names.take() + str(rng.choice(("宿舍", "里") if is_old else ("苑", "小区", "花园", "府")))
        )
        rows.append(
            {
                "parcel": parcel,
                "area_id": code,
                "area_level": "courtyard",
                "name": name,
                "parent_id": members["grid_id"].iloc[0],
                "kind": "老旧院落" if is_old else "商品房小区",
                "residents": int(members["residents"].sum()),
                "households": int(members["households"].sum()),
                "attributes": json.dumps(
                    {"建成年份": built, "楼栋数": n_buildings[parcel], "门牌": street},
                    ensure_ascii=False,
                ),
            }
        )
        geoms.append(inset_outline(parcel_rect(members), plan.warp))
    table = pd.DataFrame(rows)
    of_parcel = table.set_index("parcel")[["area_id", "name"]].rename(
        columns={"area_id": "courtyard_id", "name": "courtyard_name"}
    )
    return finish_areas(table.drop(columns="parcel"), geoms), of_parcel


def _number_courtyards(lots: pd.DataFrame) -> list[tuple[str, int, pd.DataFrame]]:
    """Number the courtyards of each community: its code, Y, and three digits."""
    found = []
    for community, members in lots.groupby("community_id", sort=True):
        groups = [(int(str(parcel)), group) for parcel, group in members.groupby("parcel", sort=True)]
        groups.sort(
            key=lambda g: (
                g[1]["grid_id"].iloc[0],
                np.floor((HEIGHT_M - g[1]["cv"].mean()) / 60),
                g[1]["cu"].mean(),
            )
        )
        found += [
            (f"{community}Y{place:03d}", parcel, group) for place, (parcel, group) in enumerate(groups, 1)
        ]
    return found


def inset_outline(outer: Rect, warp: Warp) -> shapely.MultiPolygon:
    """Return the outline of a walled place: its parcel less half the street, bent as the streets are."""
    u0, v0, u1, v1 = (
        outer[0] + _WALL_INSET_M,
        outer[1] + _WALL_INSET_M,
        outer[2] - _WALL_INSET_M,
        outer[3] - _WALL_INSET_M,
    )
    share = np.linspace(0, 1, _SIDE_POINTS + 1)[:-1]
    u = np.concatenate(
        [u0 + (u1 - u0) * share, np.full(_SIDE_POINTS, u1), u1 + (u0 - u1) * share, np.full(_SIDE_POINTS, u0)]
    )
    v = np.concatenate(
        [np.full(_SIDE_POINTS, v0), v0 + (v1 - v0) * share, np.full(_SIDE_POINTS, v1), v1 + (v0 - v1) * share]
    )
    return _as_multi(shapely.Polygon(np.column_stack(warp.to_lon_lat(u, v))))


# --- other names and staff ---


def make_aliases(areas: Areas, rng: np.random.Generator) -> pd.DataFrame:
    """Return what residents call some places instead: `area_id`, `alias`."""
    old = dict(zip(COMMUNITY_STEMS, COMMUNITY_OLD_STEMS, strict=True))
    rows = [(DISTRICT_CODE, alias) for alias in DISTRICT_ALIASES]
    for community in areas.levels["community"].itertuples():
        stem = community.name.removesuffix("社区")
        rows += [(community.area_id, f"{old[stem]}社区"), (community.area_id, f"{old[stem]}村")]
    courtyards = areas.levels["courtyard"]
    named = courtyards[~courtyards["name"].str.endswith("院")]
    for courtyard in named[rng.random(len(named)) < 0.3].itertuples():
        stem = courtyard.name[:2]
        rows.append((courtyard.area_id, f"老{stem}院"))
    return pd.DataFrame(rows, columns=["area_id", "alias"]).drop_duplicates("alias", ignore_index=True)


def make_staff(areas: Areas, as_of: date, rng: np.random.Generator) -> pd.DataFrame:
    """Name leaders and workers of each grid, micro-grid and community; some changed in the last year."""
    roles = {"community": ("社区书记",), "grid": ("网格长", "网格员"), "microgrid": ("微网格员",)}
    rows: list[tuple[str, str, str, date | None, date | None]] = []
    changed_on = as_of.replace(year=as_of.year - 1, month=7, day=1)
    for level, level_roles in roles.items():
        for area_id in areas.levels[level]["area_id"]:
            for role in level_roles:
                former, name = person_names(2, rng)
                changes = former != name and rng.random() < 0.12
                if changes:
                    rows.append((area_id, role, former, None, changed_on))
                rows.append((area_id, role, name, changed_on if changes else None, None))
    return pd.DataFrame(rows, columns=["area_id", "role", "name", "valid_from", "valid_to"])
