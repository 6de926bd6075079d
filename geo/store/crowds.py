"""Points that carry many cases (同点案件).

Most points carry one or two cases. Grouping millions of pairs of coordinates to find the few that carry
more is slow, so each way here first leaves out, by something that is cheap to count, most of the points
that cannot; what is left is counted exactly.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.analysis.compiled import compiled
from geo.store.base import CaseFilter
from geo.store.codes import FactTable
from geo.store.filters import build_condition
from geo.store.frames import to_pandas

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

MANY: Final = 100
"""From this load on, points are sought in the hexagons that carry as many cases at all."""

_SPREAD_LON, _SPREAD_LAT = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
"""Odd numbers whose multiples scatter the bits of a float over the upper bits (Fibonacci hashing)."""

_PARTS: Final = 256
_PART_SHIFT, _BUCKET_SHIFT, _BUCKET_MASK = np.uint64(56), np.uint64(40), np.uint64(0xFFFF)
"""The first 8 bits of a hash value choose its part, the next 16 its bucket there: 64 kB of counts at a time, so
that they stay in the processor's cache."""


@compiled
def _mark_full(lon: Words, lat: Words, least: int, is_full: npt.NDArray[np.bool_]) -> None:
    """Mark the points whose hash value occurs at least so often; below 256 times."""
    n = len(lon)
    starts = np.zeros(_PARTS + 1, dtype=np.int64)
    for i in range(n):
        starts[np.int64(((lon[i] * _SPREAD_LON) ^ (lat[i] * _SPREAD_LAT)) >> _PART_SHIFT) + 1] += 1
    for part in range(_PARTS):
        starts[part + 1] += starts[part]
    bucket_of = np.empty(n, dtype=np.uint16)
    point_of = np.empty(n, dtype=np.int64)
    place = starts[:-1].copy()
    for i in range(n):
        word = (lon[i] * _SPREAD_LON) ^ (lat[i] * _SPREAD_LAT)
        at = place[np.int64(word >> _PART_SHIFT)]
        bucket_of[at] = np.uint16((word >> _BUCKET_SHIFT) & _BUCKET_MASK)
        point_of[at] = i
        place[np.int64(word >> _PART_SHIFT)] = at + 1
    n_in_bucket = np.empty(1 << 16, dtype=np.uint8)
    for part in range(_PARTS):
        n_in_bucket[:] = 0
        for k in range(starts[part], starts[part + 1]):
            if n_in_bucket[bucket_of[k]] < 255:
                n_in_bucket[bucket_of[k]] += 1
        for k in range(starts[part], starts[part + 1]):
            if n_in_bucket[bucket_of[k]] >= least:
                is_full[point_of[k]] = True


def warm_up() -> None:
    """Compile what is needed here, or load it from its cache."""
    count_points(np.zeros(1), np.zeros(1), least=2)


def pile_ups(facts: FactTable, where: CaseFilter, *, least: int) -> pd.DataFrame:
    """Find points that carry many cases; see `Store.pile_ups`."""
    if facts.db.has_indexes or least >= MANY:
        return _count_in_database(facts, where, least=least)
    condition = build_condition(facts, where)
    rows = facts.db.query(
        f"SELECT f.lon, f.lat FROM case_facts f WHERE {condition.sql} AND f.lon IS NOT NULL",
        condition.params.values,
    )
    return count_points(rows.column("lon").to_numpy(), rows.column("lat").to_numpy(), least=least)


def _count_in_database(facts: FactTable, where: CaseFilter, *, least: int) -> pd.DataFrame:
    """A point can carry no more cases than the hexagon that holds it; hexagons are counted far faster."""
    condition = build_condition(facts, where)
    least_mark = condition.params.add(least)
    there = f"{condition.sql} AND f.lon IS NOT NULL"
    if least >= MANY:
        full = f"SELECT f.h3 FROM case_facts f WHERE {there} GROUP BY f.h3 HAVING count(*) >= {least_mark}"
        there += f" AND (f.h3 IS NULL OR f.h3 IN ({full}))"
    return to_pandas(
        facts.db.query(
            f"SELECT f.lon, f.lat, count(*) AS n FROM case_facts f WHERE {there} "
            f"GROUP BY f.lon, f.lat HAVING count(*) >= {least_mark} ORDER BY n DESC, f.lon, f.lat",
            condition.params.values,
        )
    )


def count_points(lon: Floats, lat: Floats, *, least: int) -> pd.DataFrame:
    """Count equal points; those with at least `least`, most first, then by `lon` and `lat`.

    A point can carry no more cases than all points of its hash value do.

    Examples
    --------
    >>> count_points(np.array([104.0, 105.0, 104.0]), np.array([30.0, 30.0, 30.0]), least=2).values.tolist()
    [[104.0, 30.0, 2.0]]
    """
    lon, lat = lon + 0.0, lat + 0.0  # -0.0 is 0.0
    is_full = np.zeros(len(lon), dtype=np.bool_)
    _mark_full(lon.view(np.uint64), lat.view(np.uint64), least, is_full)
    counts = pd.DataFrame({"lon": lon[is_full], "lat": lat[is_full]}).value_counts(sort=False)
    crowded = counts[counts >= least].rename("n").astype("int64").reset_index()
    return crowded.sort_values(["n", "lon", "lat"], ascending=[False, True, True], ignore_index=True)
