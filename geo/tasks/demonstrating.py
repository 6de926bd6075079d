"""Make a demo district in an empty store (示范区入库)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from geo.access.seats import Seat, require_may
from geo.analysis.assign import assign_points, index_areas
from geo.demo import District, make_district, write_demo_files, write_truth
from geo.errors import ChoiceError
from geo.schema import AREA_LEVELS, BatchKind
from geo.store.base import BatchHead, Store
from geo.tasks.bringing import Progress
from geo.tasks.opening import DEMO_SOURCE, describe_store
from geo.tasks.placing import areas_of_cases, locate_by_address, read_gazetteer

DEMO_AS_OF = date(2026, 10, 31)
"""Last day of the demo's cases; fixed, so that the same seed gives the same bytes on any day."""
DEMO_CASES = 60_000

_STEPS = 8


@dataclass(frozen=True)
class DemoReport:
    """What the demo holds, and how well addresses were placed."""

    n_areas: int
    n_people: int
    n_facilities: int
    n_cases: int
    n_addresses: int
    """Cases that came with an address or a stated area and no coordinates."""
    n_matched: int
    """Of these, given a position by their address."""
    n_placed_finest: int
    """Of these, placed in a micro-grid; the others no finer than their address allows."""
    n_building_right: int
    """Of those in a micro-grid, in that of the building they were reported from."""
    n_place_right: int
    """Of those in a micro-grid, in that where it really happened, which may be next door."""
    n_stated: int
    """Given only the area they state."""
    n_unlocated: int


def make_demo(
    store: Store,
    *,
    seat: Seat,
    now: datetime,
    seed: int = 1,
    as_of: date = DEMO_AS_OF,
    n_cases: int = DEMO_CASES,
    truth: Path | None = None,
    progress: Progress | None = None,
) -> DemoReport:
    """Make a demo district and store it.

    Parameters
    ----------
    store
        An empty store.
    seed, as_of, n_cases
        As `geo.demo.make_district`.
    truth
        File for the planted truth, for tests only.

    Raises
    ------
    ChoiceError
        If the store holds something.
    AccessError
        If the seat may not make a demo.
    """
    require_may(seat, "make_demo")
    if not describe_store(store).is_empty:
        raise ChoiceError("demo_store_not_empty")
    tell = progress or (lambda share: None)
    tell(0.02)
    district = make_district(seed=seed, as_of=as_of, n_cases=n_cases)
    tell(0.3)
    report = store_district(store, district, actor=seat.name, now=now, progress=lambda s: tell(0.3 + 0.7 * s))
    if truth is not None:
        write_truth(district, truth)
    return report


def write_samples(folder: Path, *, seed: int = 1, as_of: date = DEMO_AS_OF) -> list[Path]:
    """Write a small part of a demo district as the files a newcomer would upload."""
    return list(write_demo_files(make_district(seed=seed, as_of=as_of), folder))


def store_district(
    store: Store, district: District, *, actor: str, now: datetime, progress: Progress | None = None
) -> DemoReport:
    """Store a district batch by batch, placing cases and facilities that have only an address."""
    tell = progress or (lambda share: None)

    def keep(kind: BatchKind, **tables: pd.DataFrame) -> None:
        n = sum(len(table) for table in tables.values())
        store.store_rows(_head(kind, actor, now, n, district), tables)

    for level, areas in district.boundaries.items():
        set_id = f"{level}-1"
        sets = {"set_id": set_id, "area_level": level, "scope_id": "", "status": "published"}
        keep(
            "boundaries",
            boundary_sets=pd.DataFrame([{**sets, "valid_from": None, "valid_to": None}]),
            areas=areas.assign(set_id=set_id, area_level=level),
        )
    tell(1 / _STEPS)
    keep("staff", area_staff=district.staff, area_aliases=district.aliases)
    keep("streets", street_nodes=district.street_nodes, street_edges=district.street_edges)
    tell(2 / _STEPS)
    keep("buildings", buildings=district.buildings)
    keep("residential_land", residential_land=district.residential_land)
    keep("population", population_points=district.population_points)
    keep("effort", reporting_effort=district.reporting_effort)
    tell(3 / _STEPS)
    gazetteer = read_gazetteer(store)
    facilities = locate_by_address(district.facilities, gazetteer).drop(columns=["stated_level", "stated_id"])
    head = _head("facilities", actor, now, len(facilities), district)
    store.store_facilities(head, facilities, entrances=district.facility_entrances)
    tell(4 / _STEPS)
    cases = locate_by_address(district.cases, gazetteer)
    tell(5 / _STEPS)
    areas = areas_of_cases(store, cases)
    tell(6 / _STEPS)
    store.store_cases(
        _head("cases", actor, now, len(cases), district),
        cases.drop(columns=["stated_level", "stated_id"]),
        areas,
        categories=district.categories,
    )
    tell(1.0)
    return _report(district, cases, areas)


def _head(kind: BatchKind, actor: str, now: datetime, n_read: int, district: District) -> BatchHead:
    choices: Mapping[str, object] = {"seed": district.seed, "as_of": district.as_of.isoformat()}
    return BatchHead(kind, "demo", actor, now, source=DEMO_SOURCE, coord_sys="wgs84",
                     time_zone=district.time_zone, choices=choices, n_read=n_read)  # fmt: skip


def _report(district: District, cases: pd.DataFrame, areas: pd.DataFrame) -> DemoReport:
    true = district.case_positions.set_index("case_id")
    microgrids = index_areas(district.boundaries["microgrid"].rename_geometry("geometry"))
    buildings = district.buildings.set_index("building_id")
    homes = assign_points(buildings["lon"], buildings["lat"], microgrids)["area_id"]
    current = areas[areas["basis"].eq("current")].set_index("case_id")["microgrid_id"]
    matched = current.reindex(cases.loc[cases["position_source"].eq("address"), "case_id"])
    placed = matched.dropna()
    home = homes.reindex(true["building_id"].reindex(placed.index)).to_numpy(object)
    sources = cases["position_source"].value_counts()
    return DemoReport(
        n_areas=sum(len(district.boundaries.get(level, ())) for level in AREA_LEVELS),
        n_people=round(float(district.population_points["residents"].sum())),
        n_facilities=len(district.facilities),
        n_cases=len(cases),
        n_addresses=int(district.cases["position_source"].eq("none").sum()),
        n_matched=len(matched),
        n_placed_finest=len(placed),
        n_building_right=int((placed.to_numpy(object) == home).sum()),
        n_place_right=int(
            (placed.to_numpy(object) == true["microgrid_id"].reindex(placed.index).to_numpy(object)).sum()
        ),
        n_stated=int(sources.get("stated", 0)),
        n_unlocated=int(sources.get("none", 0)),
    )
