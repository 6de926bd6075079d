"""The address of the list of cases: which cases, in what order, which page (案件地址).

A filter stands in the address under the names of `geo.tasks.case_filters`; beside it stand `sort`
(a column, a minus before it for downwards), `page` and `case` (the one that is open). What an address
holds comes from outside: a value that cannot be read is said and left out, and so is a name that is
not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from geo.errors import ChoiceError
from geo.store.base import CaseFilter
from geo.tasks.case_filters import describe_filter, filter_from_query, filter_to_query
from geo.tasks.case_lists import SORT_COLUMNS
from ui import pages, session, shows
from ui.panels import Chip, Link
from ui.text import t

DEFAULT_SORT = "-reported_at"
OWN_NAMES = ("sort", "page", "case")
OTHER_PAGES = ("layer", "by", "cases", "facilities", "sel", "print", "search", "from", "to", "period", "lang")
"""Names other pages use; they are no filter and say nothing here."""

_CHIPS: tuple[tuple[str, ...], ...] = (
    ("area_level", "area_id", "area_ids"),
    ("reported_from", "reported_to"),
    ("closed_from", "closed_to"),
    ("due_from", "due_to"),
)
"""Fields that make one chip together; every other field makes its own."""


@dataclass(frozen=True)
class CaseAddress:
    """What the address of the list says."""

    where: CaseFilter
    sort: tuple[str, Literal["up", "down"]]
    page: int
    case_id: str
    unread: tuple[str, ...]
    """Names that were left out."""


def read_address(query: Mapping[str, str]) -> CaseAddress:
    """Read the address of the list; what cannot be read is left out and named.

    Examples
    --------
    >>> read_address({"area": "G1", "level": "grid", "hour": "99", "sort": "due_at"}).unread
    ('hour',)
    """
    given = {str(name): str(value) for name, value in query.items()}
    unread: list[str] = []
    while True:
        try:
            where = filter_from_query(given)
        except ChoiceError as error:
            name = str(error.values["name"])
            unread.append(name)
            del given[name]
            continue
        break
    known = {*filter_names(), *OWN_NAMES, *OTHER_PAGES}
    unread += sorted(name for name in given if name not in known)
    return CaseAddress(
        where,
        _read_sort(given.get("sort", "")),
        _read_page(given.get("page", "")),
        given.get("case", ""),
        tuple(unread),
    )


def filter_names() -> tuple[str, ...]:
    """Return the names under which filters stand in an address."""
    names = {"area_id": "area", "area_level": "level", "category_ids": "category"}
    return tuple(names.get(item.name, item.name) for item in fields(CaseFilter))


def cases_link(where: CaseFilter, *, case_id: str = "", sort: str = "") -> Link:
    """Return the link that opens exactly the cases of a filter; period and language go along."""
    query = {name: value for name, value in pages.kept_query().items() if name not in ("area", "level")}
    query |= filter_to_query(where)
    query |= {name: value for name, value in (("sort", sort), ("case", case_id)) if value}
    return Link("cases", query)


def list_chips(where: CaseFilter) -> list[Chip]:
    """Say a filter as chips; the id of a chip is the fields it stands for, joined by commas."""
    zone, language = session.summary().time_zone, session.language()
    names = shows.area_names(where.area_level) if where.area_level else {}
    together = {name for group in _CHIPS for name in group}
    groups = [*_CHIPS, *((item.name,) for item in fields(CaseFilter) if item.name not in together)]
    chips = []
    if where.is_placed is not None and not (where.area_id or where.area_ids):
        # The level belongs to what is asked of it: in an area of that level, or in none.
        groups = [
            ("area_level", "is_placed"),
            *(g for g in groups if "area_level" not in g and g != ("is_placed",)),
        ]
    for group in groups:
        part = replace(CaseFilter(), **{name: getattr(where, name) for name in group})
        if part == CaseFilter():
            continue
        said = describe_filter(
            part,
            language=language,
            time_zone=zone,
            area_names=names,
            category_names=session.background().categories,
        )
        label, value = said[0] if said else (group[0], t("cases.some_ids"))
        chips.append(Chip(",".join(group), label, value))
    return chips


def without_chip(where: CaseFilter, chip_id: str) -> CaseFilter:
    """Return a filter without the fields of one chip."""
    blank = CaseFilter()
    names = [item.name for item in fields(CaseFilter) if item.name in chip_id.split(",")]
    return replace(where, **{name: getattr(blank, name) for name in names})


def _read_sort(text: str) -> tuple[str, Literal["up", "down"]]:
    column = text.removeprefix("-")
    if column not in SORT_COLUMNS:
        text = DEFAULT_SORT
    return text.removeprefix("-"), "down" if text.startswith("-") else "up"


def _read_page(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) < 8 and int(text) > 0 else 1
