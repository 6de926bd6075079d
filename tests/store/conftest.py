"""A small store and rows to put in it, for every database there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.schema import AREA_LEVELS
from geo.store import BatchHead, Store, open_store
from tests.databases import Places, PostgisPlaces, Server

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

MakeStore = Callable[..., Store]


@pytest.fixture
def make_store(places: Places) -> Iterator[MakeStore]:
    """Return a function that opens the store of one test in a database of each kind."""
    opened: list[Store] = []

    def make(*, time_zone: str = "Asia/Shanghai", name: str = "store") -> Store:
        store = open_store(places.new(name), time_zone=time_zone, now=NOON)
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    """Return an empty store in Asia/Shanghai."""
    return make_store()


@pytest.fixture
def postgis_places(postgis_server: Server) -> Iterator[PostgisPlaces]:
    """Return databases on the private server for tests of what only a server can do."""
    made = PostgisPlaces(postgis_server)
    yield made
    made.clear()


@pytest.fixture
def postgis_store(postgis_places: PostgisPlaces) -> Iterator[Store]:
    """Return an empty store on the private server."""
    with open_store(postgis_places.new(), time_zone="Asia/Shanghai", now=NOON) as store:
        yield store


def head(kind: str = "cases", **more: Any) -> BatchHead:
    """Return what is known of a batch before it is stored."""
    return BatchHead(kind=kind, file_name="周报.csv", actor="li", created_at=NOON, **more)  # type: ignore[arg-type]


def at(text: str | None) -> pd.Timestamp | None:
    """Read a moment; one without a zone is in Asia/Shanghai."""
    if text is None:
        return None
    moment = pd.Timestamp(text)
    return (moment.tz_localize("Asia/Shanghai") if moment.tzinfo is None else moment).tz_convert("UTC")


def make_cases(*rows: dict[str, object]) -> pd.DataFrame:
    """Make checked cases from short rows: `no`, and any columns of `cases`."""
    full = []
    for row in rows:
        number = str(row["no"])
        case: dict[str, object] = {"case_id": f"hot:{number}", "source": "hot", "source_no": number}
        case |= {"state": "handling", "position_source": "none"}
        case |= {name: value for name, value in row.items() if name not in ("no", "areas")}
        full.append(case)
    table = pd.DataFrame(full)
    for name in table.columns:
        if name.endswith("_at"):
            table[name] = pd.to_datetime(pd.Series([at(v) for v in table[name]], index=table.index), utc=True)
    return table


def make_case_areas(*rows: dict[str, object], sets: str = "S1") -> pd.DataFrame:
    """Make rows of `case_areas`, both bases, from `no` and `areas` (level → id)."""
    full = []
    for row in rows:
        areas: dict[str, str] = row.get("areas", {})  # type: ignore[assignment]
        for basis in ("reported", "current"):
            full.append(
                {
                    "case_id": f"hot:{row['no']}",
                    "basis": basis,
                    **{f"{level}_id": areas.get(level) for level in AREA_LEVELS},
                    "sets": sets if areas else "",
                    "placed_by": "point" if areas else "none",
                    "before_first_set": False,
                    "border_m": None,
                }
            )
    return pd.DataFrame(full)


def store_cases(store: Store, *rows: dict[str, object], **more: Any) -> Any:
    """Store short rows with their areas as one batch."""
    return store.store_cases(head(), make_cases(*rows), make_case_areas(*rows), **more)


def make_areas(
    level: str, ids: list[str], *, set_id: str = "S1", parent: str | None = None
) -> gpd.GeoDataFrame:
    """Make unit squares in a row, west to east, at Chengdu."""
    shapes = [shapely.box(104 + i / 100, 30, 104 + (i + 1) / 100, 30.01) for i in range(len(ids))]
    return gpd.GeoDataFrame(
        {
            "set_id": set_id,
            "area_id": ids,
            "area_level": level,
            "name": [f"{number}号" for number in ids],
            "parent_id": parent,
            "geom": shapes,
            "west": [shape.bounds[0] for shape in shapes],
            "south": [shape.bounds[1] for shape in shapes],
            "east": [shape.bounds[2] for shape in shapes],
            "north": [shape.bounds[3] for shape in shapes],
            "area_m2": 1_000_000.0,
            "residents": [1000 * (i + 1) for i in range(len(ids))],
        },
        geometry="geom",
        crs="EPSG:4326",
    )


def make_set(
    level: str, *, set_id: str = "S1", scope: str = "", start: object = None, end: object = None
) -> pd.DataFrame:
    """Make the entry of one published boundary set."""
    return pd.DataFrame(
        {
            "set_id": [set_id],
            "area_level": [level],
            "scope_id": [scope],
            "status": ["published"],
            "valid_from": [start],
            "valid_to": [end],
        }
    )


def store_areas(store: Store, level: str, ids: list[str], *, parent: str | None = None, **of_set: Any) -> Any:
    """Store one boundary set of one level as one batch."""
    sets = make_set(level, **of_set)
    areas = make_areas(level, ids, set_id=sets["set_id"].iloc[0], parent=parent)
    return store.store_rows(head("boundaries"), {"boundary_sets": sets, "areas": areas})


def snapshot(store: Store) -> dict[str, pd.DataFrame]:
    """Read every table but those that are a record of what was done."""
    record = (
        "store_meta",
        "import_batches",
        "audit_log",
        "rejected_rows",
        "fact_codes",
        "case_facts",
        "case_counts",
    )
    return {name: store.read(name) for name in store.count_rows() if name not in record}
