"""Check boundaries as a whole, and mend them by choice (边界检查与修复).

A file that was brought, or a level that is stored: every problem of its features and of how they lie
together comes back as one layer of findings, see `geo.analysis.findings`. A repair is a new draft layer; what
was checked stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.analysis.assign import build_index
from geo.analysis.chain import coarser_levels
from geo.analysis.cuts import find_cut, find_left_out
from geo.analysis.findings import join_findings, make_findings, no_findings, rule_of_cut
from geo.analysis.remedies import Remedy, offer_remedies
from geo.analysis.repair import CEILING_SHARE, Repaired, repair_areas
from geo.analysis.shape_faults import find_shape_faults
from geo.analysis.tiling import DEFAULT_TOLERANCE_M, check_inside_parents, check_tiling
from geo.errors import ChoiceError, MissingError
from geo.intake.boundaries import BoundaryChoices, check_boundaries
from geo.intake.checked import Note
from geo.intake.features import GEOMETRY_COLUMN
from geo.intake.layers import RawLayer, choose_layer_coord_sys
from geo.intake.place_codes import breaks_scheme, find_scheme, is_under
from geo.intake.polygons import to_degrees
from geo.schema import CHAIN_LEVELS, AreaLevel
from geo.store.base import Store
from geo.tasks.areas import find_levels, read_population

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True)
class BoundaryCheck:
    """What was checked, and what was found."""

    level: AreaLevel
    areas: gpd.GeoDataFrame
    """Areas with valid shapes (WGS84), `area_id`, `name`, `parent_id`; index `row`."""
    n_read: int
    findings: gpd.GeoDataFrame
    parent_level: AreaLevel | None
    n_parents: int
    notes: tuple[Note, ...] = ()


def check_layer(
    store: Store, layer: RawLayer, choices: BoundaryChoices, *, tolerance_m: float = DEFAULT_TOLERANCE_M
) -> BoundaryCheck:
    """Check the boundaries of a file, by themselves and against what is stored.

    Parameters
    ----------
    store
        Holds the coarser level, people, courtyards and buildings, where there are any.
    layer
        As read.
    choices
        Level, columns and coordinate system; with `scope_id` only the parents under that area count.
    tolerance_m
        See `geo.analysis.tiling`.

    Raises
    ------
    MissingError
        If a column that was named is not in the file.
    ChoiceError, CrsError
        If the coordinate system must be named, or cannot be right.
    EmptyError
        If the file holds no feature.
    """
    checked = check_boundaries(layer, choices)
    areas = gpd.GeoDataFrame(
        checked.rows[["area_id", "name", "parent_id", "geom"]], geometry="geom", crs=4326
    )
    shapes, faults = _check_shapes(layer, choices)
    told = [
        _as_findings(checked.rejected, "blocks", shapes),
        _as_findings(checked.remarks, "warns", shapes),
        faults,
    ]
    found = _check_together(store, areas, choices.area_level, tolerance_m, choices.scope_id)
    return replace(
        found, findings=join_findings([*told, found.findings]), n_read=checked.n_read, notes=checked.notes
    )


def check_stored(
    store: Store, level: AreaLevel, *, tolerance_m: float = DEFAULT_TOLERANCE_M
) -> BoundaryCheck:
    """Check the published boundaries of a level.

    Raises
    ------
    MissingError
        If the level has no areas.
    """
    areas = store.read_areas(level)
    if not len(areas):
        raise MissingError("level_without_areas", level=level, known=", ".join(find_levels(store)) or "–")
    kept = areas.set_index(pd.RangeIndex(1, len(areas) + 1, name="row"))
    faults = find_shape_faults(kept.geometry.to_numpy(dtype=object), ids=kept["area_id"].tolist())
    found = _check_together(
        store, kept[["area_id", "name", "parent_id", kept.geometry.name]], level, tolerance_m, ""
    )
    return replace(found, findings=join_findings([faults, found.findings]))


def list_remedies(check: BoundaryCheck) -> dict[int, list[Remedy]]:
    """List the remedies of each finding, with what each would change."""
    listed: dict[int, list[Remedy]] = {}
    for remedy in offer_remedies(check.findings, check.areas):
        listed.setdefault(remedy.finding, []).append(remedy)
    return listed


def choose_remedies(
    check: BoundaryCheck,
    *,
    by_rule: Mapping[str, str] | None = None,
    by_finding: Mapping[int, str] | None = None,
) -> list[Remedy]:
    """Choose remedies by their name, for a whole rule or for single findings.

    Parameters
    ----------
    check
        As `check_layer` or `check_stored` gave it.
    by_rule
        Rule → name. A finding of the rule without that remedy is left as it is.
    by_finding
        Number → name, which wins over that of the rule; `leave` leaves it as it is.
        A name is a kind of remedy, or `to_area:CODE`.

    Raises
    ------
    ChoiceError
        If a finding that was named has no such remedy.
    """
    listed = list_remedies(check)
    rules = check.findings["rule"].to_dict()
    wanted = {number: (by_rule or {}).get(rule, "leave") for number, rule in rules.items()}
    chosen = []
    for number, name in (wanted | dict(by_finding or {})).items():
        if name == "leave":
            continue
        options = {name_of(remedy): remedy for remedy in listed.get(number, [])}
        options |= {remedy.kind: remedy for remedy in listed.get(number, []) if remedy.kind != "to_area"}
        if name in options:
            chosen.append(options[name])
        elif number in (by_finding or {}):
            raise ChoiceError(
                "remedy_not_offered", finding=number, remedy=name, known=", ".join(options) or "leave"
            )
    return chosen


def name_of(remedy: Remedy) -> str:
    """Return the name a remedy is chosen by."""
    return f"to_area:{remedy.area_id}" if remedy.kind == "to_area" else remedy.kind


def repair(
    check: BoundaryCheck,
    remedies: Sequence[Remedy],
    *,
    ceiling_share: float = CEILING_SHARE,
    consents: Collection[int] = (),
) -> Repaired:
    """Apply remedies to a copy of what was checked; see `geo.analysis.repair.repair_areas`."""
    return repair_areas(check.areas, remedies, ceiling_share=ceiling_share, consents=consents)


# --- parts of a check ---


def _check_shapes(layer: RawLayer, choices: BoundaryChoices) -> tuple[gpd.GeoSeries, gpd.GeoDataFrame]:
    """Find the faults of single polygons as they stand in the file; return the shapes too, by row."""
    system, _ = choose_layer_coord_sys(layer, choices.coord_sys)
    raw = layer.table[GEOMETRY_COLUMN]
    given = raw[~raw.isna()]
    given = given[np.isin(shapely.get_type_id(given.to_numpy(dtype=object)), _POLYGONAL)]
    shapes, _, _ = to_degrees(given, system, layer.file_name)
    codes = layer.table[choices.id_column].reindex(shapes.index)
    names = codes.where(codes.notna(), "#" + shapes.index.to_series().astype(str))
    keys = [f"{row}\x00{name}" for row, name in zip(shapes.index, names, strict=True)]
    faults = find_shape_faults(shapes.to_numpy(dtype=object), ids=keys)
    split = faults["area_id"].str.split("\x00", n=1, expand=True)
    if len(faults):
        faults = faults.assign(row=split[0].astype("Int64"), area_id=split[1])
    return shapes, faults


def _as_findings(problems: pd.DataFrame, severity: str, shapes: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Turn refusals and remarks of a file into findings."""
    found = make_findings(
        "gap", area_ids=[None] * len(problems), geoms=shapes.reindex(problems["row"]).to_numpy(dtype=object)
    )
    return found.assign(
        rule=problems["code"].to_numpy(),
        severity=severity,
        unit="none",
        row=problems["row"].astype("Int64").to_numpy(),
        column_name=problems["column_name"].to_numpy(),
        value=problems["value"].to_numpy(),
    )


def _check_together(
    store: Store, areas: gpd.GeoDataFrame, level: AreaLevel, tolerance_m: float, scope_id: str
) -> BoundaryCheck:
    """Check how areas lie to each other, to their parents, and to what is stored."""
    parent_level, parents = _find_parent_level(store, level, scope_id)
    if level in CHAIN_LEVELS or parents is None:
        found = check_tiling(areas, parents=parents, tolerance_m=tolerance_m)
    else:
        found = check_inside_parents(areas, parents, tolerance_m=tolerance_m)
    if level not in CHAIN_LEVELS:
        found = found[~found["rule"].isin(["gap", "gap_sliver"])]
    parts = [found, *_check_codes(areas, level)]
    if level in CHAIN_LEVELS:
        parts += _check_places(store, areas, level, tolerance_m)
    row_of = dict(zip(areas["area_id"], areas.index.tolist(), strict=True))
    joined = join_findings(parts)
    rows = joined["area_id"].map(row_of).astype("Int64")
    n_parents = 0 if parents is None else len(parents)
    return BoundaryCheck(
        level, areas, len(areas), joined.assign(row=rows), parent_level if n_parents else None, n_parents
    )


def _find_parent_level(
    store: Store, level: AreaLevel, scope_id: str
) -> tuple[AreaLevel | None, gpd.GeoDataFrame | None]:
    present = find_levels(store)
    for above in coarser_levels(level):
        if above in present and not (above == "microgrid" and level not in CHAIN_LEVELS):
            parents = store.read_areas(above, parent_id=scope_id or None)
            if len(parents):
                return above, parents
            own = store.read_areas(above, area_ids=[scope_id])
            return above, own if len(own) else None
    return None, None


def _check_codes(areas: gpd.GeoDataFrame, level: AreaLevel) -> list[gpd.GeoDataFrame]:
    scheme = find_scheme(areas["area_id"], level)
    if scheme is None:
        return [no_findings()]
    broken = areas[breaks_scheme(areas["area_id"], scheme)]
    astray = areas[~is_under(areas["area_id"], areas["parent_id"])]
    text = "+".join(str(part) for part in scheme.parts)
    return [
        make_findings(
            "code_not_of_scheme", area_ids=broken["area_id"].tolist(), geoms=broken.geometry.to_numpy(),
            values=[text] * len(broken),
        ),
        make_findings(
            "code_not_under_parent", area_ids=astray["area_id"].tolist(), geoms=astray.geometry.to_numpy(),
            parent_ids=astray["parent_id"].tolist(),
        ),
    ]  # fmt: skip


def _check_places(
    store: Store, areas: gpd.GeoDataFrame, level: AreaLevel, tolerance_m: float
) -> list[gpd.GeoDataFrame]:
    """Find people left out, and courtyards and buildings that a border cuts."""
    found = []
    population = read_population(store)
    if population is not None:
        index = build_index(areas.geometry.to_numpy(dtype=object), ids=areas["area_id"].tolist())
        found.append(find_left_out(population.points, index))
    courtyards = store.read_areas("courtyard")
    if len(courtyards):
        rule = rule_of_cut("courtyard", level)
        found.append(find_cut(courtyards, areas, rule=rule, tolerance_m=tolerance_m))
    buildings = store.read("buildings", columns=["building_id", "geom"])
    buildings = buildings[buildings["geom"].notna()].rename(columns={"building_id": "area_id"})
    if len(buildings):
        outlines = gpd.GeoDataFrame(buildings, geometry="geom", crs=4326)
        found.append(find_cut(outlines, areas, rule="building_cut", tolerance_m=tolerance_m))
    return found
