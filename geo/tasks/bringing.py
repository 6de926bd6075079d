"""Bring files in: check, show, confirm, store, undo (数据导入).

Every kind of file takes the same three steps. A *preview* checks the whole file against the store
and stores nothing; it says what would be new, changed and unchanged, what is refused and why, and
where things would lie. Storing a preview keeps it as one batch, whole or not at all. A batch can be
undone. A preview holds the rows that were checked, so what was shown is what is stored, whatever
happens to the file in between. All of it takes an editor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import pandas as pd

from geo.access.seats import Seat, require_may
from geo.analysis.assign import assign_points
from geo.analysis.pile_ups import find_pile_ups, least_listed
from geo.errors import ChoiceError, EmptyError, StaleEditError
from geo.intake.boundaries import BoundaryChoices, check_boundaries
from geo.intake.buildings import (
    BuildingChoices,
    LandChoices,
    StreetChoices,
    check_buildings,
    check_residential_land,
    check_streets,
)
from geo.intake.cases import CaseChoices, check_cases
from geo.intake.checked import Checked, Note
from geo.intake.facilities import FacilityChoices, check_facilities
from geo.intake.layers import RawLayer, choose_layer_coord_sys
from geo.intake.tables import RawTable
from geo.schema import AREA_LEVELS, CHAIN_LEVELS, AreaLevel, SetStatus
from geo.store.base import BatchHead, Comparison, Receipt, Store
from geo.tasks.area_parents import adopted_children, coarser_present, with_parents
from geo.tasks.boundary_sets import require_draft_of_named
from geo.tasks.confirming import Confirmed, boundaries_of, newest_batch, require_boundaries
from geo.tasks.datums import doubt_layer, explain_choice
from geo.tasks.hiding import hide_personal, show_changes
from geo.tasks.placing import (
    MOST_ROUNDS,
    Placement,
    areas_of_cases,
    locate_by_address,
    measure_placement,
    place_cases,
    read_gazetteer,
)

_POSITION_COLUMNS = ("lon", "lat", "position_source", "position_error_m", "h3")

Progress = Callable[[float], None]
"""Told the share done, 0 to 1; may raise CancelledError to stop."""


@dataclass(frozen=True)
class Preview:
    """A checked file, ready to be confirmed. Nothing is stored yet."""

    head: BatchHead
    checked: Checked
    n_new: int
    n_changed: int
    n_unchanged: int
    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    """What would change, old → new: `row`, `id`, `column_name`, `old`, `new`."""
    outside: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Rows with a position that lie in no area, as they would be stored."""
    pile_ups: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Points that carry suspiciously many cases: `lon`, `lat`, `n`."""
    placement: Placement | None = None
    areas: pd.DataFrame | None = None
    """Rows of `case_areas` of the new cases."""
    notes: tuple[Note, ...] = ()
    boundaries: tuple[str, ...] = ()
    """Batches of the boundaries that `areas` were found in."""
    confirmed: Confirmed = field(default_factory=Confirmed, init=False, repr=False, compare=False)
    """What storing it gave, so that a second click stores nothing."""

    @property
    def is_blocked(self) -> bool:
        """Whether something must be decided before it can be stored."""
        return any(note.severity == "blocks" for note in self.notes)


def preview_cases(
    store: Store,
    table: RawTable,
    choices: CaseChoices,
    *,
    seat: Seat,
    now: datetime,
    max_distance_m: float = 0.0,
    progress: Progress | None = None,
) -> Preview:
    """Check a file of cases, find their areas, and compare them with what is stored."""
    require_may(seat, "import")
    checked = hide_personal(check_cases(table, choices, progress=progress), choices)
    require_rows(checked, table.file_name)
    cases = (
        locate_by_address(checked.rows, read_gazetteer(store)) if _needs_match(checked.rows) else checked.rows
    )
    if "lon" not in choices.columns:
        cases = _keep_positions(store, cases)
    boundaries = boundaries_of(store)
    areas = areas_of_cases(store, cases, max_distance_m=max_distance_m)
    newest = newest_batch(store)
    comparison = store.compare("cases", cases.drop(columns=["stated_level", "stated_id"], errors="ignore"))
    placement = measure_placement(cases, areas)
    current = areas[areas["basis"].eq("current")].set_index("case_id")
    no_area = current[[f"{level}_id" for level in AREA_LEVELS]].isna().all(axis=1)
    is_outside = cases["lon"].notna() & cases["case_id"].map(no_area).fillna(value=True).astype(bool)
    head = batch_head("cases", table, checked, seat, now, source=choices.source, coord_sys=choices.coord_sys,
                 time_zone=choices.time_zone, choices=plain_choices(choices))  # fmt: skip
    head = replace(head, compared_after=newest)
    has_areas = bool(len(areas)) and bool(areas["sets"].ne("").any())
    return _preview(
        head,
        replace(checked, rows=cases),
        comparison,
        time_zone=store.time_zone,
        outside=cases[is_outside] if has_areas else cases.iloc[:0],
        pile_ups=_pile_ups(cases),
        placement=placement,
        areas=areas,
        boundaries=boundaries,
    )


def preview_facilities(
    store: Store, table: RawTable, choices: FacilityChoices, *, seat: Seat, now: datetime
) -> Preview:
    """Check a file of facilities, place those with an address only, and compare with what is stored."""
    require_may(seat, "import")
    checked = hide_personal(check_facilities(table, choices), choices)
    require_rows(checked, table.file_name)
    rows = checked.rows
    if _needs_match(rows):
        rows = locate_by_address(rows, read_gazetteer(store)).drop(columns=["stated_level", "stated_id"])
    head = batch_head("facilities", table, checked, seat, now, source=choices.source,
                 coord_sys=choices.coord_sys, choices=plain_choices(choices))  # fmt: skip
    return _preview(
        replace(head, compared_after=newest_batch(store)),
        replace(checked, rows=rows),
        store.compare("facilities", rows),
        time_zone=store.time_zone,
        outside=rows[lies_outside(store, rows)],
    )


def preview_boundaries(
    store: Store, layer: RawLayer, choices: BoundaryChoices, *, seat: Seat, now: datetime
) -> Preview:
    """Check a file of boundaries of one level and find the parents of its areas."""
    require_may(seat, "import")
    doubts = doubt_layer(store, layer, coord_sys=choices.coord_sys)
    try:
        checked = hide_personal(check_boundaries(layer, choices), choices)
    except ChoiceError as error:
        raise explain_choice(error, layer, doubts) from error
    require_rows(checked, layer.file_name)
    rows = with_parents(store, checked.rows, choices.area_level)
    set_id = _new_set_id(store, choices)
    status: SetStatus = "draft" if choices.is_draft else "published"
    sets = pd.DataFrame(
        {
            "set_id": [set_id],
            "area_level": [choices.area_level],
            "scope_id": [choices.scope_id],
            "status": [status],
            "valid_from": [choices.valid_from],
            "valid_to": [None],
        }
    )
    areas = rows.assign(set_id=set_id, area_level=choices.area_level)
    # a draft changes nothing yet: what finer areas lie in is decided when it is published
    children = areas.iloc[:0] if choices.is_draft else adopted_children(store, areas, choices.area_level)
    checked = replace(
        checked, rows=areas, side_tables={**checked.side_tables, "boundary_sets": sets, "children": children}
    )
    coord_sys = choose_layer_coord_sys(layer, choices.coord_sys)[0]
    head = batch_head(
        "boundaries", layer, checked, seat, now, coord_sys=coord_sys, choices=plain_choices(choices)
    )
    orphans = int(areas["parent_id"].isna().sum()) if coarser_present(store, choices.area_level) else 0
    notes = (Note("areas_without_parent", "warns", {"n": orphans}),) if orphans else ()
    return Preview(
        head, checked, n_new=len(areas), n_changed=len(children), n_unchanged=0,
        notes=(*doubts.notes, *checked.notes, *notes),
    )  # fmt: skip


def preview_places(
    layer: RawLayer,
    choices: BuildingChoices | LandChoices | StreetChoices,
    *,
    seat: Seat,
    now: datetime,
) -> Preview:
    """Check buildings, residential land or streets."""
    require_may(seat, "import")
    if isinstance(choices, BuildingChoices):
        kind, checked = "buildings", check_buildings(layer, choices)
    elif isinstance(choices, LandChoices):
        kind, checked = "residential_land", check_residential_land(layer, choices)
    else:
        kind, checked = "streets", check_streets(layer, choices)
    checked = hide_personal(checked, choices)
    require_rows(checked, layer.file_name)
    coord_sys = choose_layer_coord_sys(layer, choices.coord_sys)[0]
    head = batch_head(kind, layer, checked, seat, now, coord_sys=coord_sys, choices=plain_choices(choices))
    return Preview(head, checked, n_new=len(checked.rows), n_changed=0, n_unchanged=0, notes=checked.notes)


def store_preview(store: Store, preview: Preview, *, seat: Seat, now: datetime) -> Receipt:
    """Store what a preview showed, whole or not at all, and place what it makes placeable.

    A preview is stored once, however often it is confirmed: a second click gets the receipt of the first,
    unless that batch has been taken back since.

    Raises
    ------
    ChoiceError
        If something must be decided first.
    AccessError
        If the seat may not import.
    StaleEditError
        If somebody else has changed rows, or boundaries, since they were compared; nothing is stored then.
    """
    require_may(seat, "import")
    return preview.confirmed.once(store, lambda: _store_preview(store, preview, seat=seat, now=now))


def _store_preview(store: Store, preview: Preview, *, seat: Seat, now: datetime) -> Receipt:
    if preview.is_blocked:
        note = next(note for note in preview.notes if note.severity == "blocks")
        raise ChoiceError(note.code, **dict(note.values))
    head, checked = replace(preview.head, actor=seat.name, created_at=now), preview.checked
    side = checked.side_tables
    if head.kind == "cases":
        require_boundaries(store, preview.boundaries)
        return _store_cases(store, preview, replace(head, boundaries=preview.boundaries))
    if head.kind == "facilities":
        return store.store_facilities(
            head, checked.rows, entrances=side.get("facility_entrances"), rejected=checked.rejected
        )
    tables = _tables_of(head.kind, checked)
    is_draft = head.kind == "boundaries" and tables["boundary_sets"]["status"].eq("draft").all()
    if head.kind == "boundaries" and not is_draft:
        require_draft_of_named(store, tables["boundary_sets"], seat=seat)
    receipt = store.store_rows(head, tables, rejected=checked.rejected)
    if head.kind == "boundaries" and not is_draft and store.count_rows()["cases"]:
        place_cases(store, seat=seat, now=now, match=False)
    return receipt


def _store_cases(store: Store, preview: Preview, head: BatchHead) -> Receipt:
    """Store cases with their areas; place them again where other boundaries come in at the same moment."""
    checked, areas = preview.checked, preview.areas
    side = checked.side_tables
    rows = checked.rows.drop(columns=["stated_level", "stated_id"], errors="ignore")
    for is_last in (*[False] * (MOST_ROUNDS - 1), True):
        areas = areas_of_cases(store, checked.rows) if areas is None else areas
        try:
            return store.store_cases(
                head, rows, areas, reporters=side.get("case_reporters"), categories=side.get("categories"),
                rejected=checked.rejected,
            )  # fmt: skip
        except StaleEditError as error:
            if is_last or error.code != "boundaries_changed_since":
                raise
        head, areas = replace(head, boundaries=boundaries_of(store)), None
    raise AssertionError("the last round returns or raises")


def undo_batch(store: Store, batch_id: str, *, seat: Seat, now: datetime) -> Receipt:
    """Take a batch back; former rows return, and cases are placed again where boundaries went.

    Raises
    ------
    MissingError
        If there is no such batch, or it is undone already.
    ConflictError
        If a later batch stands on it.
    AccessError
        If the seat may not undo.
    """
    require_may(seat, "undo")
    kinds = store.read("import_batches", columns=["batch_id", "kind"], where={"batch_id": batch_id})["kind"]
    receipt = store.undo_batch(batch_id, actor=seat.name, undone_at=now)
    if len(kinds) and kinds.iloc[0] == "boundaries" and store.count_rows()["cases"]:
        place_cases(store, seat=seat, now=now, match=False)
    return receipt


def _tables_of(kind: str, checked: Checked) -> dict[str, pd.DataFrame]:
    side = checked.side_tables
    if kind == "boundaries":
        areas = pd.concat([checked.rows, side["children"]]) if len(side["children"]) else checked.rows
        return {"boundary_sets": side["boundary_sets"], "areas": areas}
    if kind == "population":
        return {"population_points" if "point_id" in checked.rows else "areas": checked.rows}
    if kind == "streets":
        return {"street_nodes": side["street_nodes"], "street_edges": checked.rows}
    return {kind: checked.rows}


def _preview(
    head: BatchHead, checked: Checked, comparison: Comparison, *, time_zone: str, **further: object
) -> Preview:
    counts = comparison.status.value_counts()
    return Preview(
        head,
        checked,
        n_new=int(counts.get("new", 0)),
        n_changed=int(counts.get("changed", 0)),
        n_unchanged=int(counts.get("unchanged", 0)),
        changes=show_changes(comparison.changes, time_zone=time_zone),
        notes=checked.notes,
        **further,  # type: ignore[arg-type]
    )


def batch_head(
    kind: str,
    file: RawTable | RawLayer,
    checked: Checked,
    seat: Seat,
    now: datetime,
    *,
    choices: dict[str, object],
    source: str | None = None,
    coord_sys: str | None = None,
    time_zone: str | None = None,
) -> BatchHead:
    """Return the head of the batch that a file will become."""
    if isinstance(file, RawLayer) and file.layer is not None:
        choices = {**choices, "layer": file.layer}
    return BatchHead(
        kind=kind,  # type: ignore[arg-type]
        file_name=file.file_name,
        actor=seat.name,
        created_at=now,
        sha256=file.sha256,
        source=source,
        coord_sys=coord_sys,
        time_zone=time_zone or None,
        encoding=file.encoding,
        choices=choices,
        n_read=checked.n_read,
    )


def plain_choices(choices: object) -> dict[str, object]:
    """Turn choices into what JSON can hold."""
    plain: dict[str, object] = {}
    for name, value in vars(choices).items():
        if isinstance(value, (date, datetime)):
            plain[name] = value.isoformat()
        elif isinstance(value, (str, int, float, bool, type(None))):
            plain[name] = value
        else:
            plain[name] = dict(value) if hasattr(value, "items") else list(value)
    return plain


def require_rows(checked: Checked, file_name: str) -> None:
    """Refuse a file without a row.

    Raises
    ------
    EmptyError
        If it has none.
    """
    if not checked.n_read:
        raise EmptyError("file_without_rows", file=file_name)


def _keep_positions(store: Store, cases: pd.DataFrame) -> pd.DataFrame:
    """Give known cases of a file without coordinates the position they have, or a better one."""
    known = store.read("cases", columns=["case_id", *_POSITION_COLUMNS]).set_index("case_id")
    stored = known.reindex(cases["case_id"]).set_axis(cases.index)
    kept = stored["position_source"].eq("given") | (
        cases["position_source"].eq("none") & stored["position_source"].notna()
    )
    kept = kept.fillna(value=False).astype(bool)
    return cases.assign(**{name: cases[name].mask(kept, stored[name]) for name in _POSITION_COLUMNS})


def _needs_match(rows: pd.DataFrame) -> bool:
    return bool(rows["position_source"].eq("none").any()) and bool(
        {"address", "stated_area"} & set(rows.columns)
    )


def _pile_ups(cases: pd.DataFrame) -> pd.DataFrame:
    located = cases[["lon", "lat"]].dropna()
    points = located.groupby(["lon", "lat"]).size().reset_index(name="n")
    least = least_listed(len(located))
    return find_pile_ups(points[points["n"] >= least], n_located=len(located))


def _finest_level(store: Store) -> AreaLevel | None:
    for level in reversed(CHAIN_LEVELS):
        if len(store.residents(level)):
            return level
    return None


def lies_outside(store: Store, rows: pd.DataFrame) -> pd.Series:
    """Say which located rows lie in no area of the chain."""
    outside = rows["lon"].notna()
    for level in reversed(CHAIN_LEVELS):
        if not outside.any():
            break
        areas = store.read_areas(level)
        if len(areas):
            there = rows.index[outside]
            found = assign_points(rows.loc[there, "lon"], rows.loc[there, "lat"], areas)
            outside.loc[there] = found["area_id"].isna()
    return outside if _finest_level(store) else pd.Series(data=False, index=rows.index)


def _new_set_id(store: Store, choices: BoundaryChoices) -> str:
    known = set(store.read("boundary_sets", columns=["set_id"])["set_id"])
    stem = choices.area_level + (f"-{choices.scope_id}" if choices.scope_id else "")
    stem += f"-{choices.valid_from.isoformat()}" if choices.valid_from else ""
    number = 1
    while f"{stem}-{number}" in known:
        number += 1
    return f"{stem}-{number}"
