"""Publish a boundary set, or let one end: first the bill, then the deed (边界发布).

The bill says what the new set would change: which areas come, go, split, merge and move, and who and what
gets another area with them. It holds which boundaries it was made under; the deed is refused under others,
so that nobody publishes by a bill that is no longer true. Where a proxy names the people, who brought a set
in cannot publish it. What is frozen stays frozen: every case keeps the area it had when it was reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd

from geo.access.seats import Seat, require_may
from geo.analysis.set_changes import SetChanges, compare_sets
from geo.crs import area_m2
from geo.errors import AccessError, ChoiceError, MissingError
from geo.intake.boundaries import LARGEST_AREA_M2, SMALLEST_AREA_M2
from geo.schema import IN_FORCE
from geo.store.base import BatchHead, Receipt, Store
from geo.tasks.area_parents import adopted_children, with_parents
from geo.tasks.boundary_layers import days_of, newest_sets, sets_on
from geo.tasks.boundary_moves import Moves, find_moves
from geo.tasks.boundary_sets import SetCard, find_set, read_areas_of
from geo.tasks.placing import place_cases

People = Literal["two", "one", "unproved"]
"""Who brought a set in and who publishes it: two people, as a proxy named them; the same name; two names
that nothing vouches for."""


@dataclass(frozen=True)
class Bill:
    """What publishing a set would change. Nothing is stored yet."""

    card: SetCard
    valid_from: date | None
    valid_to: date | None
    publisher: str
    people: People
    follows: tuple[str, ...]
    """Sets that end on the day this one begins."""
    overlaps: tuple[str, ...]
    """Sets it would share a day and a place with: it cannot be published."""
    beyond: tuple[str, ...]
    """Areas too large or too small to be of any level (`geo.intake.boundaries`): it cannot be published."""
    gap: tuple[date, date] | None
    """First day without a set since the one before ended, and first day with again."""
    changes: SetChanges
    lost_m2: float
    """Ground of the former areas that lies in no new one."""
    gained_m2: float
    """Ground of the new areas that lay in no former one."""
    moves: Moves
    n_since: int
    """Cases reported since its first day: they keep the area they were reported in."""
    areas: gpd.GeoDataFrame
    """Rows of `areas` that get another parent with it: its own, and those of finer levels."""
    boundaries: tuple[str, ...]
    """Batches of the boundaries it was made under."""

    @property
    def n_children(self) -> int:
        """Areas of finer levels that get another parent."""
        return int(self.areas["set_id"].ne(self.card.set_id).sum()) if len(self.areas) else 0


def prepare_bill(
    store: Store, set_id: str, *, on: date | None, until: date | None = None, seat: Seat, now: datetime
) -> Bill:
    """Say what publishing a draft would change.

    Parameters
    ----------
    store, set_id
        The draft.
    on
        First day in force; since ever when missing.
    until
        First day no longer; still when missing. For a set of former years that comes in late.
    seat, now
        Who would publish it, and when.

    Raises
    ------
    MissingError
        If there is no such draft.
    ChoiceError
        If the first day has not come yet.
    AccessError
        If the seat may not publish.
    """
    require_may(seat, "publish")
    card = find_set(store, set_id)
    if card.status != "draft":
        raise MissingError("set_no_draft", set_id=set_id)
    _require_come(store, on, now)
    boundaries = store.boundaries()
    new = read_areas_of(store, set_id)
    sets = store.read("boundary_sets", where={"status": IN_FORCE})
    near = sets[sets["area_level"].eq(card.level)]
    near = near[near["scope_id"].isin([card.scope_id, ""]) | (card.scope_id == "")]
    follows, overlaps = _split_by_days(near, card.scope_id, on, until)
    before = _sets_before(near[near["scope_id"].eq(card.scope_id)], on)
    old = _read_all(store, before, like=new)
    changes = compare_sets(old, new)
    is_newest = until is None
    after = [other for other in newest_sets(sets) if other not in {*before, *follows}]
    return Bill(
        card=card,
        valid_from=on,
        valid_to=until,
        publisher=seat.name,
        people=_tell_people(card, seat),
        follows=follows,
        overlaps=overlaps,
        beyond=_find_beyond(new),
        gap=_find_gap(near, before, on),
        changes=changes,
        lost_m2=_ground_beyond(old, new),
        gained_m2=_ground_beyond(new, old),
        moves=find_moves(
            store,
            card.level,
            old,
            new,
            changes,
            chosen=(*after, set_id),
            on=on,
            now=now,
            with_cases=is_newest,
        ),
        n_since=_count_since(store, on) if len(old) else 0,
        areas=_find_new_parents(store, card, new, with_children=is_newest),
        boundaries=boundaries,
    )


def publish_set(store: Store, bill: Bill, *, seat: Seat, now: datetime) -> Receipt:
    """Put a draft in force as its bill says, and place the cases again.

    Raises
    ------
    AccessError
        If the seat may not publish, or brought the set in itself where people are named.
    ChoiceError
        If the first day has not come yet, or an area has an impossible size.
    MissingError
        If there is no such draft any more.
    StoreError
        If it would overlap another set in time and place; the message names both.
    StaleEditError
        If boundaries came, went, were published or retired since the bill was made; nothing is stored.
    """
    require_may(seat, "publish")
    card = bill.card
    if seat.is_named and seat.name == card.author:
        raise AccessError("publish_needs_other", name=seat.name, set_id=card.set_id)
    _require_come(store, bill.valid_from, now)
    if bill.beyond:
        raise ChoiceError("set_sizes_beyond", set_id=card.set_id, first=bill.beyond[0], n=len(bill.beyond))
    choices = {
        "deed": "publish", "set_id": card.set_id, "valid_from": bill.valid_from, "valid_to": bill.valid_to,
        "author": card.author, "people": _tell_people(card, seat), "changes": bill.changes.counts,
    }  # fmt: skip
    head = BatchHead("boundaries", card.set_id, seat.name, now, choices=choices, boundaries=bill.boundaries)
    receipt = store.publish_set(
        head, card.set_id, valid_from=bill.valid_from, valid_to=bill.valid_to, areas=bill.areas
    )
    _place_again(store, seat=seat, now=now)
    return receipt


def retire_set(store: Store, set_id: str, *, on: date, seat: Seat, now: datetime) -> Receipt:
    """Let a published set end on a day, without another that follows it.

    Raises
    ------
    AccessError
        If the seat may not publish.
    ChoiceError
        If the day has not come yet.
    MissingError
        If there is no such set in force.
    StoreError
        If it would end before it begins.
    """
    require_may(seat, "publish")
    _require_come(store, on, now)
    choices = {"deed": "retire", "set_id": set_id, "valid_to": on}
    head = BatchHead("boundaries", set_id, seat.name, now, choices=choices, boundaries=store.boundaries())
    receipt = store.retire_set(head, set_id, on=on)
    _place_again(store, seat=seat, now=now)
    return receipt


def _place_again(store: Store, *, seat: Seat, now: datetime) -> None:
    if store.count_rows()["cases"]:
        place_cases(store, seat=seat, now=now, match=False)


def _require_come(store: Store, on: date | None, now: datetime) -> None:
    if on is not None and on > now.astimezone(ZoneInfo(store.time_zone)).date():
        raise ChoiceError("set_begins_later", day=on.isoformat())


def _tell_people(card: SetCard, seat: Seat) -> People:
    if card.author == seat.name:
        return "one"
    return "two" if seat.is_named else "unproved"


def _split_by_days(
    near: pd.DataFrame, scope_id: str, on: date | None, until: date | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the sets that would end when this one begins, and those it would share a day with."""
    first, after = on or date.min, until or date.max
    follows: list[str] = []
    overlaps: list[str] = []
    for row in near.sort_values("set_id").to_dict("records"):
        start, end = days_of(row)
        if not (start < after and first < end):
            continue
        is_followed = row["scope_id"] == scope_id and end == date.max and start < first
        (follows if is_followed else overlaps).append(str(row["set_id"]))
    return tuple(follows), tuple(overlaps)


def _sets_before(own: pd.DataFrame, on: date | None) -> tuple[str, ...]:
    """Return the sets of this scope on the day before it would begin, or the last that ended before."""
    if on is None or own.empty:
        return ()
    held = sets_on(own, date.fromordinal(max(on.toordinal() - 1, 1)))
    if held:
        return held
    ended = own[[days_of(row)[1] <= on for row in own.to_dict("records")]]
    return newest_sets(ended) if len(ended) else ()


def _find_beyond(areas: gpd.GeoDataFrame) -> tuple[str, ...]:
    is_beyond = (areas["area_m2"] > LARGEST_AREA_M2) | (areas["area_m2"] < SMALLEST_AREA_M2)
    return tuple(areas.loc[is_beyond, "area_id"].astype("str"))


def _find_gap(near: pd.DataFrame, before: tuple[str, ...], on: date | None) -> tuple[date, date] | None:
    if on is None or not before:
        return None
    rows = near[near["set_id"].isin(before)].to_dict("records")
    end = max(days_of(row)[1] for row in rows)
    return (end, on) if end < on else None


def _read_all(store: Store, set_ids: tuple[str, ...], *, like: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    tables = [read_areas_of(store, set_id) for set_id in set_ids]
    return pd.concat(tables, ignore_index=True) if tables else like.iloc[:0]


def _ground_beyond(areas: gpd.GeoDataFrame, others: gpd.GeoDataFrame) -> float:
    """Return the surface of areas that lies in none of the others, in m²."""
    if areas.empty:
        return 0.0
    rest = areas.geometry.union_all().difference(others.geometry.union_all())
    return float(area_m2(gpd.GeoSeries([rest], crs=areas.crs).to_numpy(dtype=object))[0])


def _count_since(store: Store, on: date | None) -> int:
    if on is None:
        return 0
    reported_at = store.read("cases", columns=["case_id", "reported_at"])["reported_at"]
    first = pd.Timestamp(on, tz=store.time_zone)
    return int((pd.to_datetime(reported_at, utc=True) >= first).sum())


def _find_new_parents(
    store: Store, card: SetCard, new: gpd.GeoDataFrame, *, with_children: bool
) -> gpd.GeoDataFrame:
    """Return the areas, its own and finer ones, whose parent changes when the set comes into force."""
    is_fitting = new["parent_id"].isna()
    for parent_id in new["parent_id"].dropna().unique():
        if not store.find_area(str(parent_id)).empty:
            is_fitting |= new["parent_id"].eq(parent_id)
    own = with_parents(store, new.assign(parent_id=new["parent_id"].where(is_fitting)), card.level)
    kept, found = new["parent_id"].fillna(""), own["parent_id"].fillna("")
    tables = [own[(kept != found).to_numpy()]]
    if with_children:
        tables.append(adopted_children(store, own, card.level))
    return pd.concat(tables, ignore_index=True)
