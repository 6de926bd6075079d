"""List the cases behind a number, and show one of them (案件列表与详情).

Lists hold no personal column: reporters are never read here, and telephones, identity and room
numbers inside titles, texts and addresses are masked before anything leaves this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from geo.access.masking import mask_text
from geo.errors import ChoiceError, MissingError
from geo.measure import distance_m, metres_per_degree
from geo.schema import AREA_LEVELS
from geo.store.base import CaseFilter, Store

LEVEL_COLUMNS = tuple(f"{level}_id" for level in AREA_LEVELS)
LISTED_COLUMNS = (
    "case_id", "source", "source_no", "kind", "category_id", "title", "address", "state", "closing_level",
    "department", "channel", "reported_at", "accepted_at", "handled_at", "closed_at", "due_at",
    "satisfaction", "lon", "lat", "position_source", "position_error_m", *LEVEL_COLUMNS,
)  # fmt: skip
"""Columns of a list, the only ones that leave; `category` (its name) is added."""
SHOWN_COLUMNS = (
    *LISTED_COLUMNS,
    "description",
    "stated_area",
    "valid_callback",
    "contacted",
    "solved",
    "version",
)
"""Columns of one case."""
MASKED_COLUMNS = ("title", "description", "address", "stated_area", "note", "old", "new")
SORT_COLUMNS = (
    "reported_at", "closed_at", "due_at", "category_id", "state", "source_no", "channel", "department",
    "case_id",
)  # fmt: skip

MOST_PER_PAGE = 500
NEAR_M = 50.0
"""Cases of one category within this distance are near-by repeats (domain sheet 4.3: similar-case
warning within 50 m)."""
MOST_NEAR = 50
_WORLD = (-180.0, -90.0, 180.0, 90.0)
"""The box every point lies in; a case that states only an area lies in none."""


@dataclass(frozen=True)
class PositionCounts:
    """How many cases a map can draw, and how many it cannot."""

    n_drawn: int
    """With a point, given or matched from the address."""
    n_area_only: int
    """Counted in the area they state, without a point."""
    n_nowhere: int
    """Without any usable location."""

    @property
    def n(self) -> int:
        """All of them."""
        return self.n_drawn + self.n_area_only + self.n_nowhere


@dataclass(frozen=True)
class CasePage:
    """One page of a list of cases."""

    rows: pd.DataFrame
    """`LISTED_COLUMNS` and `category`, masked; moments in UTC."""
    n: int
    """Cases the filter means."""
    n_all: int
    """Cases in the store."""
    positions: PositionCounts
    """Of `n`, how many can be drawn on a map, and how many cannot."""
    page: int
    """1, 2, 3 …"""
    page_size: int

    @property
    def n_pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.n // self.page_size))

    @property
    def share(self) -> float | None:
        """Share of all stored cases; None where there is none."""
        return self.n / self.n_all if self.n_all else None


@dataclass(frozen=True)
class CaseDetail:
    """One case with its history."""

    case: pd.Series
    """`SHOWN_COLUMNS`, `category`, masked."""
    events: pd.DataFrame
    """Its history, oldest first, masked: `seq`, `action`, `from_state`, `to_state`, `actor`, `taken_at`,
    `note`."""
    versions: pd.DataFrame
    """Former rows, newest first, `SHOWN_COLUMNS` less areas, and `replaced_at`; masked."""
    near: pd.DataFrame
    """Cases of the same category within 50 m, newest first: `LISTED_COLUMNS`, `category`, `distance_m`."""
    has_many_near: bool
    """More than `MOST_NEAR` were found; the newest are shown."""
    areas: pd.DataFrame
    """Its rows of `case_areas`, as reported and as of now."""


def list_cases(
    store: Store,
    where: CaseFilter,
    *,
    sort: Sequence[tuple[str, Literal["up", "down"]]] = (("reported_at", "down"),),
    page: int = 1,
    page_size: int = 50,
) -> CasePage:
    """List one page of the cases a filter means.

    Parameters
    ----------
    store, where
        Which cases.
    sort
        Columns of `SORT_COLUMNS`, first the most important; ties by `case_id`.
    page
        1, 2, 3 …; a page beyond the last shows the last.
    page_size
        Rows of a page, 1 to `MOST_PER_PAGE`.

    Raises
    ------
    ChoiceError
        If a sort column is unknown, or the page or its size is not possible.
    """
    _require_sort(sort)
    if page < 1 or not 1 <= page_size <= MOST_PER_PAGE:
        raise ChoiceError("page_impossible", page=page, page_size=page_size, most=MOST_PER_PAGE)
    n = store.count_cases(where)
    page = min(page, max(1, -(-n // page_size)))
    rows = read_rows(store, where, sort=sort, limit=page_size, offset=(page - 1) * page_size)
    return CasePage(
        rows=rows,
        n=n,
        n_all=store.count_rows()["cases"],
        positions=count_positions(store, where, n=n),
        page=page,
        page_size=page_size,
    )


def read_rows(
    store: Store,
    where: CaseFilter,
    *,
    columns: Sequence[str] = LISTED_COLUMNS,
    sort: Sequence[tuple[str, Literal["up", "down"]]] = (),
    limit: int | None = None,
    offset: int = 0,
    names: dict[str, str] | None = None,
) -> pd.DataFrame:
    """Read rows of cases, masked and with the names of their categories; allowed columns only.

    `names` are those of `category_names`, read here when missing.

    Raises
    ------
    ChoiceError
        If a column is not one that may leave.
    """
    if odd := sorted(set(columns) - set(SHOWN_COLUMNS)):
        raise ChoiceError("case_column_not_shown", column=odd[0])
    rows = store.list_cases(where, columns=list(columns), sort=sort, limit=limit, offset=offset)
    names = category_names(store) if names is None else names
    masked = mask_rows(rows[list(columns)])
    codes = masked["category_id"]
    called = [names.get(code, code) if isinstance(code, str) else None for code in codes]
    return masked.assign(category=pd.Series(called, index=codes.index, dtype="str"))


def show_case(store: Store, case_id: str) -> CaseDetail:
    """Show one case: what it says, how it went, what happened near by.

    Raises
    ------
    MissingError
        If there is no such case.
    """
    found = read_rows(store, CaseFilter(case_ids=(case_id,)), columns=SHOWN_COLUMNS)
    if found.empty:
        raise MissingError("case_unknown", case_id=case_id)
    case = found.iloc[0]
    events = store.read("case_events", where={"case_id": case_id}, order_by=["seq"])
    events = events[["seq", "action", "from_state", "to_state", "actor", "taken_at", "note"]]
    former = [name for name in SHOWN_COLUMNS if name not in LEVEL_COLUMNS]
    versions = store.read("case_versions", columns=[*former, "replaced_at"], where={"case_id": case_id})
    near = find_near(store, case)
    return CaseDetail(
        case=case,
        events=mask_rows(events),
        versions=mask_rows(versions.sort_values("version", ascending=False, ignore_index=True)),
        near=near.head(MOST_NEAR),
        has_many_near=len(near) > MOST_NEAR,
        areas=store.read_case_areas("current", case_ids=[case_id]),
    )


def find_near(store: Store, case: pd.Series, *, within_m: float = NEAR_M) -> pd.DataFrame:
    """Find the cases of the same category within some metres of a case, newest first.

    Returns
    -------
    pandas.DataFrame
        `LISTED_COLUMNS`, `category`, `distance_m`; empty for a case without a location or a category.
        One more than `MOST_NEAR` at most.
    """
    if pd.isna(case["lon"]) or pd.isna(case["category_id"]):
        return read_rows(store, CaseFilter(case_ids=("",))).assign(distance_m=np.array([], dtype=float))
    lon, lat = float(case["lon"]), float(case["lat"])
    east_m, north_m = (float(step[0]) for step in metres_per_degree([lat]))
    box = (
        lon - within_m / east_m, lat - within_m / north_m, lon + within_m / east_m, lat + within_m / north_m,
    )  # fmt: skip
    where = CaseFilter(box=box, category_ids=(str(case["category_id"]),))
    rows = read_rows(store, where, sort=(("reported_at", "down"),), limit=20 * MOST_NEAR)
    rows = rows[rows["case_id"] != case["case_id"]]
    n = len(rows)
    metres = distance_m(rows["lon"], rows["lat"], np.full(n, lon), np.full(n, lat))
    is_near = metres <= within_m
    near: pd.DataFrame = rows[is_near].assign(distance_m=metres[is_near])
    return near.head(MOST_NEAR + 1).reset_index(drop=True)


def mask_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Mask telephones, identity and room numbers in every text column of rows."""
    return rows.assign(**{name: mask_text(rows[name]) for name in MASKED_COLUMNS if name in rows})


def category_names(store: Store) -> dict[str, str]:
    """Return the names of the categories by code."""
    table = store.read("categories", columns=["category_id", "name"])
    return dict(zip(table["category_id"], table["name"], strict=True))


def is_overdue(rows: pd.DataFrame, *, at: datetime) -> pd.Series:
    """Tell which open cases of a list have passed their deadline at a moment."""
    return (rows["due_at"] < pd.Timestamp(at)).fillna(False).astype(bool)


def count_positions(store: Store, where: CaseFilter, *, n: int | None = None) -> PositionCounts:
    """Count which of the cases of a filter have a point, only an area, or no location at all.

    `n` is their number, counted here when missing.
    """
    n = store.count_cases(where) if n is None else n
    if where.box is not None or where.h3 is not None or where.at_point is not None:
        return PositionCounts(n, 0, 0)
    n_drawn = store.count_cases(replace(where, box=_WORLD))
    n_nowhere = 0 if where.is_located else store.count_cases(replace(where, is_located=False))
    return PositionCounts(n_drawn, n - n_drawn - n_nowhere, n_nowhere)


def _require_sort(sort: Sequence[tuple[str, str]]) -> None:
    for column, direction in sort:
        if column not in SORT_COLUMNS or direction not in ("up", "down"):
            raise ChoiceError("sort_unknown", column=column, known=", ".join(SORT_COLUMNS))
