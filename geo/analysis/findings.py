"""What a check of boundaries finds, as a layer: one row per problem, with its place and size (检查结果图层).

Every rule has one severity and one unit here, so that a page, a table and a command tell the same. The
order of findings follows from what they are and where, never from the order of the features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.schema import AreaLevel

Severity = Literal["blocks", "warns", "note"]
Unit = Literal["m2", "m", "count", "none"]
SEVERITIES: tuple[Severity, ...] = ("blocks", "warns", "note")

FINDING_COLUMNS = (
    "rule", "severity", "row", "area_id", "other_id", "parent_id", "lon", "lat", "size", "unit",
    "column_name", "value", "geom",
)  # fmt: skip
"""Code of the rule; severity; number of the feature in its file, missing where there is none; the area, a
second area and the parent it concerns; a point of it (WGS84 degrees); its size and unit; the column of
the file and a value worth telling; its shape (WGS84), missing where it has none."""


@dataclass(frozen=True)
class Rule:
    """What breaking a rule means."""

    severity: Severity
    unit: Unit = "none"


RULES: Mapping[str, Rule] = {
    # one shape by itself
    "shape_crosses_itself": Rule("warns", "count"),
    "shape_hole_outside": Rule("warns", "m2"),
    "shape_rings_overlap": Rule("warns", "m2"),
    "shape_spike": Rule("warns", "m"),
    "shape_corner_twice": Rule("note", "count"),
    "shape_too_many_corners": Rule("warns", "count"),
    # codes
    "code_not_of_scheme": Rule("warns"),
    "code_not_under_parent": Rule("warns"),
    # how areas lie to each other
    "area_twice": Rule("blocks", "m2"),
    "overlap": Rule("blocks", "m2"),
    "overlap_sliver": Rule("warns", "m2"),
    "gap": Rule("blocks", "m2"),
    "gap_sliver": Rule("warns", "m2"),
    "edge_not_matching": Rule("note", "count"),
    # how areas lie to their parents
    "outside_parent": Rule("blocks", "m2"),
    "outside_parent_sliver": Rule("note", "m2"),
    "in_two_parents": Rule("blocks", "m2"),
    "parent_unknown": Rule("blocks"),
    "parent_none": Rule("blocks", "m2"),
    "parent_without_child": Rule("blocks", "m2"),
    # what areas leave out or cut
    "place_in_no_area": Rule("warns", "count"),
    "courtyard_cut": Rule("warns", "m2"),
    "courtyard_over_microgrids": Rule("note", "m2"),
    "building_cut": Rule("warns", "m2"),
}
"""Rules that this program's own checks tell; refusals and remarks of a file keep their codes."""


def make_findings(
    rule: str,
    *,
    area_ids: Sequence[str | None],
    geoms: Sequence[object] | np.ndarray,
    sizes: Sequence[float] | np.ndarray | None = None,
    other_ids: Sequence[str | None] | None = None,
    parent_ids: Sequence[str | None] | None = None,
    values: Sequence[str] | None = None,
) -> gpd.GeoDataFrame:
    """Make the findings of one rule.

    Parameters
    ----------
    rule
        Key of `RULES`.
    area_ids, other_ids, parent_ids
        Codes of whom it concerns (n,).
    geoms
        Where it is (n,), WGS84; a point of each becomes `lon`, `lat`.
    sizes
        In the unit of the rule (n,); missing for rules without.
    values
        Something worth telling (n,).

    Returns
    -------
    geopandas.GeoDataFrame
        `FINDING_COLUMNS`, WGS84, in the order given.
    """
    n = len(area_ids)
    shapes = np.empty(n, dtype=object)
    shapes[:] = list(geoms)
    spots = shapely.get_coordinates(_spot(shapes))
    is_there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    lon_lat = np.full((n, 2), np.nan)
    lon_lat[is_there] = spots
    table = {
        "rule": pd.Series([rule] * n, dtype="str"),
        "severity": pd.Series([RULES[rule].severity] * n, dtype="str"),
        "row": pd.Series([pd.NA] * n, dtype="Int64"),
        "area_id": _texts(area_ids, n),
        "other_id": _texts(other_ids, n),
        "parent_id": _texts(parent_ids, n),
        "lon": lon_lat[:, 0],
        "lat": lon_lat[:, 1],
        "size": np.full(n, np.nan) if sizes is None else np.asarray(sizes, dtype=np.float64),
        "unit": pd.Series([RULES[rule].unit] * n, dtype="str"),
        "column_name": _texts(None, n),
        "value": pd.Series(list(values) if values is not None else [""] * n, dtype="str"),
    }
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs=4326), crs=4326).rename_geometry("geom")


def no_findings() -> gpd.GeoDataFrame:
    """Return a layer of no findings."""
    return make_findings("gap", area_ids=[], geoms=[])


def join_findings(tables: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Join findings, the gravest first, and number them from 1 (index `finding`).

    Within a severity they stand by rule, area, other area and place.
    """
    kept = [table for table in tables if len(table)]
    joined = pd.concat(kept, ignore_index=True) if kept else no_findings()
    order = pd.DataFrame(
        {
            "severity": joined["severity"].map(SEVERITIES.index),
            **{name: joined[name].fillna("") for name in ("rule", "area_id", "other_id", "parent_id")},
            "lon": joined["lon"].round(9),
            "lat": joined["lat"].round(9),
            "value": joined["value"],
        }
    ).sort_values(
        ["severity", "rule", "area_id", "other_id", "parent_id", "lon", "lat", "value"], kind="stable"
    )
    found = joined.loc[order.index]
    found.index = pd.RangeIndex(1, len(found) + 1, name="finding")
    return gpd.GeoDataFrame(found[list(FINDING_COLUMNS)], geometry="geom", crs=4326)


def count_findings(findings: gpd.GeoDataFrame) -> dict[Severity, int]:
    """Count findings by severity."""
    counts = findings["severity"].value_counts()
    return {severity: int(counts.get(severity, 0)) for severity in SEVERITIES}


def is_blocked(findings: gpd.GeoDataFrame) -> bool:
    """Tell whether a finding keeps the boundaries from being published."""
    return bool(findings["severity"].eq("blocks").any())


def rule_of_cut(kind: Literal["courtyard", "building"], level: AreaLevel) -> str:
    """Return the rule for a courtyard or building that a border of a level cuts.

    A large estate may hold several micro-grids (微网格), so there it is only noted.
    """
    if kind == "building":
        return "building_cut"
    return "courtyard_over_microgrids" if level == "microgrid" else "courtyard_cut"


def _spot(shapes: np.ndarray) -> np.ndarray:
    """Return a point of each shape that is there: on it, and the same whatever its first corner is."""
    there = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    points: np.ndarray = shapely.point_on_surface(there)
    return points


def _texts(texts: Sequence[str | None] | None, n: int) -> pd.Series:
    return pd.Series([None] * n if texts is None else list(texts), dtype="str")
