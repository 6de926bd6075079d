"""Look at one facility and change it by hand (设施修改).

An edit obeys the rules of a file: it is checked as a list of one row would be, so that a kind nobody
knows or a position off the globe is refused with the same sentence. Who read a state that somebody else
has changed meanwhile is told who changed what, and nothing is stored.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from geo.access.masking import mask_text
from geo.access.seats import Seat, require_may
from geo.errors import ChoiceError, CrsError, MissingError
from geo.intake.facilities import FacilityChoices, check_facilities
from geo.settings import Settings
from geo.store.base import Receipt, Seen, Store
from geo.tasks.reading import read_table_file

FIELDS = (
    "name", "kind", "service_level", "status", "capacity", "area_m2", "opened_on", "closed_on", "address",
    "lon", "lat",
)  # fmt: skip
"""What can be changed, in the words of the data model."""


@dataclass(frozen=True)
class FacilityCard:
    """One facility as it stands, and which state of it this is."""

    facility_id: str
    fields: Mapping[str, str]
    """Values as text, empty where there is none; the address masked."""
    seen: Seen
    changed_by: str
    changed_at: datetime


def find_facility(store: Store, facility_id: str) -> FacilityCard:
    """Return one facility.

    Raises
    ------
    MissingError
        If there is no facility with that number.
    """
    row = _read(store, facility_id)
    batch = store.read("import_batches", where={"batch_id": row["batch_id"]}).iloc[0]
    fields = {name: _as_text(row[name]) for name in FIELDS}
    fields["address"] = str(mask_text(pd.Series([fields["address"]], dtype="str")).iloc[0])
    return FacilityCard(
        facility_id, fields, Seen(int(row["version"]), str(row["batch_id"])),
        str(batch["actor"]), batch["created_at"].to_pydatetime(),
    )  # fmt: skip


def edit_facility(
    store: Store,
    facility_id: str,
    changes: Mapping[str, str],
    *,
    seen: Seen,
    seat: Seat,
    now: datetime,
) -> Receipt:
    """Change fields of one facility, unless somebody else has changed it since it was `seen`.

    Parameters
    ----------
    store, facility_id
        Which facility.
    changes
        Field (`FIELDS`) → text as it would stand in a file; an empty text takes the value away.
    seen
        State that was looked at, from `find_facility`.
    seat, now
        Who changes it, and when.

    Returns
    -------
    Receipt
        Of the batch the edit is; it can be taken back like any other.

    Raises
    ------
    AccessError
        If the seat may not edit.
    StaleEditError
        If somebody else has changed it since; the sentence says who changed what.
    MissingError
        If there is no such facility.
    ChoiceError
        If a field is not known, nothing is changed, or a value cannot be read.
    """
    require_may(seat, "edit")
    if unknown := sorted(set(changes) - set(FIELDS)):
        raise ChoiceError("field_unknown", field=unknown[0], fields=", ".join(FIELDS))
    if not changes:
        raise ChoiceError("edit_without_change", fields=", ".join(FIELDS))
    row = _read(store, facility_id)
    values = {name: _as_text(row[name]) for name in FIELDS} | dict(changes)
    checked = _check(values, names=set(changes))
    return store.edit_facility(facility_id, checked, seen=seen, actor=seat.name, taken_at=now)


def _read(store: Store, facility_id: str) -> pd.Series:
    rows = store.read("facilities", where={"facility_id": facility_id})
    if rows.empty:
        raise MissingError("facility_unknown", facility_id=facility_id)
    return rows.iloc[0]


def _as_text(value: str | float | date | None) -> str:
    return "" if pd.isna(value) else str(value)


def _check(values: Mapping[str, str], *, names: set[str]) -> dict[str, object]:
    """Check the facility as a file of one row; return the columns that an edit of these fields writes."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["source_no", *values], ["1", *values.values()]])
    table = read_table_file(text.getvalue().encode(), settings=Settings(), file_name="facility.csv")
    columns = {"source_no": "source_no", **{name: name for name in values}}
    choices = FacilityChoices(columns=columns, source="edit", coord_sys="wgs84")
    try:
        checked = check_facilities(table, choices)
    except CrsError as error:
        where = f"{values['lon']}, {values['lat']}"
        raise ChoiceError("edit_refused", field="lon, lat", value=where) from error
    if len(checked.rejected):
        problem = checked.rejected.iloc[0]
        raise ChoiceError("edit_refused", field=problem["column_name"], value=problem["value"])
    row = checked.rows.iloc[0]
    if {"lon", "lat"} & names:
        if pd.isna(row["lon"]) and (values["lon"] or values["lat"]):
            raise ChoiceError("edit_refused", field="lon, lat", value=f"{values['lon']}, {values['lat']}")
        names = {*names, "lon", "lat", "position_source", "position_error_m"}
    return {name: None if pd.isna(row[name]) else row[name] for name in sorted(names)}
