"""Make the demo district: a synthetic city district with planted truth (示范区).

Everything is invented but the place on the globe: three sub-districts, twelve communities, about 130
grids, 930 micro-grids and 480 courtyards on a walking network with a river and two bridges, some 240 000
people, 2 000 facilities and 60 000 cases of two years. What was planted on purpose (hotspots, blind
spots, slow offenders, a pile-up of default geocodes, a campaign week, a household that repeats
itself) is told in `District.truth`, which tests read and nothing else does.

Any seed makes a valid district; the same seed, day and size make the same bytes on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import yaml

from geo.demo_parts.areas import Areas, make_aliases, make_areas, make_staff
from geo.demo_parts.blind_spots import plant_blind_spots
from geo.demo_parts.borders import find_borders
from geo.demo_parts.cases import draw_reports, make_ground
from geo.demo_parts.courses import TIME_ZONE
from geo.demo_parts.facilities import make_facilities
from geo.demo_parts.files import write_files
from geo.demo_parts.ledger import keep_ledger
from geo.demo_parts.names import NamePool
from geo.demo_parts.people import Homes, population_points, settle
from geo.demo_parts.plan import Plan, make_plan
from geo.demo_parts.sites import find_fronts, find_yards
from geo.demo_parts.streets import Network, make_network
from geo.demo_parts.truth import tell_effort, tell_truth, write_truth_files
from geo.demo_parts.wording import make_doors

DATA = Path(__file__).resolve().parents[1] / "data"
LEVELS = ("district", "subdistrict", "community", "grid", "microgrid", "courtyard")
_MOST_SEED = 2**32 - 1


@dataclass(frozen=True)
class District:
    """A district in the columns of `geo.schema`, less what a store adds (set_id, version, batch_id)."""

    seed: int
    as_of: date
    time_zone: str
    boundaries: dict[str, gpd.GeoDataFrame]
    """`areas` by level, coarsest first, courtyards last."""
    aliases: pd.DataFrame
    staff: pd.DataFrame
    street_nodes: pd.DataFrame
    street_edges: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    residential_land: gpd.GeoDataFrame
    population_points: pd.DataFrame
    facilities: pd.DataFrame
    facility_entrances: pd.DataFrame
    categories: pd.DataFrame
    cases: pd.DataFrame
    reporting_effort: pd.DataFrame
    truth: dict[str, Any]
    """What was planted, as plain values."""
    case_positions: pd.DataFrame
    """Where every case really happened: case_id, lon, lat, microgrid_id, grid_id, community_id; and the
    building_id it was reported from, how (given, address, stated, vague), spelling, planted."""
    facility_positions: pd.DataFrame
    """Where every facility really stands: facility_id, lon, lat."""


def make_district(*, seed: int, as_of: date = date(2026, 10, 31), n_cases: int = 60_000) -> District:
    """Make a demo district.

    Parameters
    ----------
    seed
        Any whole number from 0 to 2³² − 1; another number, another district.
    as_of
        Last day of the cases, which cover the 24 months up to and with it.
    n_cases
        About how many cases.
    """
    streams = [np.random.default_rng([seed % _MOST_SEED, part]) for part in range(11)]
    names = NamePool(streams[0])
    plan = make_plan(streams[1])
    borders = find_borders(plan.lots)
    network = make_network(plan, borders, names, streams[2])
    homes = settle(plan, streams[3])
    areas = make_areas(plan, borders, homes, network.doors, names, streams[4])
    aliases = make_aliases(areas, streams[5])
    lived_in = _lived_in(homes, areas)
    fronts = find_fronts(plan, borders)
    planted = plant_blind_spots(plan, network, lived_in, fronts, streams[6])
    facilities = make_facilities(
        plan, network, areas, fronts, find_yards(plan), planted, _facility_levels(), as_of, streams[7]
    )
    subclasses, categories = read_categories()
    ground = make_ground(plan, network, lived_in, subclasses, as_of)
    reports = draw_reports(ground, n_cases, streams[8])
    communities = areas.levels["community"]["area_id"].tolist()
    slow_community = str(streams[9].choice(communities))
    pile_up = _government(plan)
    subdistricts = areas.levels["subdistrict"].set_index("area_id")["name"].to_dict()
    doors = make_doors(lived_in, areas.of_parcel, network.doors, aliases, subdistricts)
    ledger = keep_ledger(
        ground,
        reports,
        areas,
        doors,
        slow_community=slow_community,
        pile_up=pile_up,
        rng=streams[9],
        slips=streams[10],
    )
    truth = tell_truth(
        seed=seed,
        as_of=as_of,
        areas=areas,
        homes=lived_in,
        planted=planted,
        facilities=facilities,
        ledger=ledger,
        told=reports.truth,
        slow_community=slow_community,
        pile_up=pile_up,
    )
    return District(
        seed=seed,
        as_of=as_of,
        time_zone=TIME_ZONE,
        boundaries={level: areas.levels[level] for level in LEVELS},
        aliases=aliases,
        staff=make_staff(areas, as_of, streams[5]),
        street_nodes=network.nodes[["node_id", "lon", "lat"]],
        street_edges=network.edges,
        buildings=_building_table(homes, areas, network),
        residential_land=_residential_land(areas, as_of),
        population_points=population_points(homes, as_of),
        facilities=facilities.table,
        facility_entrances=facilities.entrances,
        categories=categories,
        cases=ledger.cases,
        reporting_effort=tell_effort(areas, truth["campaign"], ground.first_day, as_of),  # type: ignore[arg-type]
        truth=truth,
        case_positions=ledger.positions,
        facility_positions=facilities.positions[["facility_id", "lon", "lat"]],
    )


def write_truth(district: District, path: Path) -> list[Path]:
    """Write what was planted: JSON, and beside it the true positions of cases and facilities as CSV."""
    return write_truth_files(district.truth, district.case_positions, district.facility_positions, path)


def write_demo_files(district: District, folder: Path) -> list[Path]:
    """Write one sub-district as the files a newcomer would upload, with a README; return their paths."""
    kinds = yaml.safe_load((DATA / "facility_kinds.yaml").read_text(encoding="utf-8"))["kinds"]
    return write_files(
        folder,
        boundaries=district.boundaries,
        buildings=district.buildings,
        people=district.population_points,
        facilities=district.facilities,
        facility_positions=district.facility_positions,
        cases=district.cases,
        case_positions=district.case_positions,
        category_names=dict(
            zip(district.categories["category_id"], district.categories["name"], strict=True)
        ),
        kind_names={kind["key"]: kind["zh"] for kind in kinds},
    )


def read_categories() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the demo's categories: subclasses with everything the demo needs, and the table `categories`."""
    read = yaml.safe_load((DATA / "demo_categories.yaml").read_text(encoding="utf-8"))
    subclasses = pd.DataFrame(read["categories"]).rename(columns={"id": "category_id"})
    both = pd.concat(
        [pd.DataFrame(read["classes"]).rename(columns={"id": "category_id"}), subclasses], ignore_index=True
    )
    parent = both["category_id"].str.split("-").str[0]
    table = pd.DataFrame(
        {
            "category_id": both["category_id"],
            "parent_id": parent.where(parent != both["category_id"]),
            "kind": both["kind"],
            "name": both["zh"],
            "name_en": both["en"],
            "limit_h": both["limit_h"].astype("float64"),
            "facility_kind": both["facility_kind"],
        }
    )
    return subclasses, table


def _facility_levels() -> dict[str, list[str]]:
    read = yaml.safe_load((DATA / "facility_kinds.yaml").read_text(encoding="utf-8"))
    return {kind["key"]: [str(level) for level in kind["service_levels"]] for kind in read["kinds"]}


def _lived_in(homes: Homes, areas: Areas) -> pd.DataFrame:
    """Return the buildings that are lived in, with the areas of their lots."""
    lived_in = pd.DataFrame(
        homes.buildings[homes.buildings["residents"] > 0].drop(columns="geom")
    ).reset_index(drop=True)
    return lived_in.join(areas.of_lot, on="lot")


def _government(plan: Plan) -> tuple[float, float]:
    """Return the point on which default geocodes fall: the district government."""
    u0, v0, u1, v1 = plan.lots.loc[plan.government_lot, ["u0", "v0", "u1", "v1"]].to_numpy(dtype=np.float64)
    lon, lat = plan.warp.to_lon_lat(np.array([(u0 + u1) / 2]), np.array([(v0 + v1) / 2]))
    return round(float(lon[0]), 6), round(float(lat[0]), 6)


def _building_table(homes: Homes, areas: Areas, network: Network) -> gpd.GeoDataFrame:
    buildings = homes.buildings
    door = network.doors.set_index("parcel").reindex(buildings["parcel"])
    table = pd.DataFrame(
        {
            "building_id": buildings["building_id"],
            "name": buildings["name"],
            "courtyard_id": areas.of_parcel["courtyard_id"].reindex(buildings["parcel"]).to_numpy(),
            "street": door["street"].to_numpy(),
            "street_number": door["street_number"].to_numpy(),
            "use": buildings["use"],
            "storeys": buildings["storeys"],
            "households": buildings["households"],
            "lon": buildings["lon"],
            "lat": buildings["lat"],
            "geom": buildings["geom"],
        }
    )
    return gpd.GeoDataFrame(table, geometry="geom", crs=4326)


def _residential_land(areas: Areas, as_of: date) -> gpd.GeoDataFrame:
    courtyards = areas.levels["courtyard"]
    table = pd.DataFrame(
        {
            "land_id": "R" + courtyards["area_id"],
            "geom": courtyards["geom"],
            "source": "示范用地调查",
            "as_of_on": date(as_of.year - 1, 12, 31),
        }
    )
    return gpd.GeoDataFrame(table, geometry="geom", crs=4326)
