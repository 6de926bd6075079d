"""What pages show beside the map: number cards, charts, tables, chips, notices (页面组件).

Every panel is one piece of the page drawn by `ui/assets/panels.js`, which sets text as text: names
from files may hold anything. What a panel links to is a `Link`, a real address that also opens in a
new tab; a plain click comes back as an event, and `follow` goes there without loading the app anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import streamlit as st

from geo.present.codes import Code
from ui import pages, session
from ui.asset_files import ASSET_PATH, OURS
from ui.text import t

Tone = Literal["", "better", "worse", "other"]


@dataclass(frozen=True)
class Link:
    """Another view: the page and what its address holds."""

    page: pages.PageName
    query: Mapping[str, str]

    def as_data(self) -> dict[str, object]:
        """Return it for the browser, which writes the whole address itself."""
        return {"page": self.page, "query": dict(self.query)}


@dataclass(frozen=True)
class Event:
    """What was clicked in a panel."""

    kind: Literal["row", "sort", "remove"]
    id: str


@dataclass(frozen=True)
class NumberCard:
    """One number with its change, small line and rank."""

    label: str
    value: str
    unit: str = ""
    change: str = ""
    before: str = ""
    """What it is compared with."""
    tone: Tone = ""
    rank: str = ""
    small: str = ""
    """Why the number is to be taken with care."""
    title: str = ""
    spark: Sequence[float | None] = ()
    to: Link | None = None


@dataclass(frozen=True)
class Series:
    """One line of a chart."""

    name: str
    values: Sequence[float | None]
    is_before: bool = False
    titles: Sequence[str] = ()
    to: Sequence[Link | None] = ()


@dataclass(frozen=True)
class Bar:
    """One row of a chart of bars."""

    label: str
    value: float
    text: str
    before: float | None = None
    title: str = ""
    to: Link | None = None


@dataclass(frozen=True)
class HeatRow:
    """One row of cells coloured by their numbers."""

    label: str
    values: Sequence[int]
    to: Sequence[Link | None] = ()


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    label: str
    align: Literal["left", "right"] = "left"
    width: str = ""
    title: str = ""
    sort: str = ""
    """Name sent back when its head is clicked; empty: cannot be sorted by."""
    is_long: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell: text, and what stands beside it."""

    text: str
    note: str = ""
    tone: Tone = ""
    title: str = ""
    mark: Tone = ""
    """A dot before the text."""
    bar: float | None = None
    """0 to 1: a bar under the text."""
    range: Mapping[str, float] | None = None
    """`at`, `low`, `high`, 0 to 1: a dot with its interval under the text."""
    to: Link | None = None


@dataclass(frozen=True)
class Row:
    """One row of a table."""

    cells: Sequence[Cell | str]
    id: str | None = None
    """Sent back when the row is clicked; None: it opens nothing."""
    is_chosen: bool = False


@dataclass(frozen=True)
class Step:
    """One step of a breadcrumb; the last has no link."""

    label: str
    to: Link | None = None
    title: str = ""


@dataclass(frozen=True)
class Chip:
    """One filter in force, that can be taken away."""

    id: str
    label: str
    value: str


@dataclass(frozen=True)
class Fact:
    """One line of label and value."""

    label: str
    value: str
    to: Link | None = None


_MOUNT: Final = st.components.v2.component(
    "getu.panel",
    html='<div class="getu-panel"></div>',
    css=(OURS / "panels.css").read_text(encoding="utf-8"),
    js=(OURS / "panels_stub.js").read_text(encoding="utf-8"),
)


def show_cards(cards: Sequence[NumberCard], *, key: str) -> None:
    """Show numbers side by side, two per row on a telephone."""
    _show("cards", key, cards=[_plain(card) for card in cards])


def show_lines(series: Sequence[Series], labels: Sequence[str], *, label: str, key: str) -> None:
    """Show lines over months; `label` is what a screen reader says."""
    _show("lines", key, series=[_plain(one) for one in series], labels=list(labels), label=label)


def show_bars(
    rows: Sequence[Bar], *, key: str, legend: tuple[str, str] | None = None, note: str = ""
) -> None:
    """Show one bar per row, with that of the period before under it where there is one."""
    _show("bars", key, rows=[_plain(row) for row in rows], legend=legend, note=note)


def show_heat(
    rows: Sequence[HeatRow], columns: Sequence[str], *, unit: Sequence[str], note: str, key: str
) -> None:
    """Show cells coloured by their numbers; `unit` is the word for one and for any other number."""
    _show("heat", key, rows=[_plain(row) for row in rows], columns=list(columns), unit=list(unit), note=note)


def show_table(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    key: str,
    sort: tuple[str, bool] | None = None,
    height: int | None = None,
    empty: str = "",
    caption: str = "",
    note: str = "",
    is_plain: bool = False,
) -> Event | None:
    """Show a table and return the row or the head that was just clicked.

    Parameters
    ----------
    columns, rows
        What it holds.
    key
        Stays the same between reruns.
    sort
        Name of the column it is sorted by, and whether downwards.
    height
        Most px it may be high; it scrolls beyond.
    empty
        What to say where there is no row.
    caption, note
        Lines above and below.
    is_plain
        Every cell on one line, cut where it is long: rows of a file.
    """
    order = None if sort is None else {"column": sort[0], "down": sort[1]}
    return _show(
        "table",
        key,
        columns=[_plain(column) for column in columns],
        rows=[_plain(row) for row in rows],
        sort=order,
        height=height,
        empty=empty,
        caption=caption,
        note=note,
        is_plain=is_plain,
    )


def show_crumbs(steps: Sequence[Step], *, key: str = "crumbs") -> None:
    """Show the place and the places above it."""
    _show("crumbs", key, steps=[_plain(step) for step in steps])


def show_chips(chips: Sequence[Chip], *, remove: str, key: str = "chips") -> str | None:
    """Show the filters in force; return the id of the one that was just taken away."""
    event = _show("chips", key, chips=[_plain(chip) for chip in chips], remove=remove)
    return event.id if event else None


def show_notice(*lines: str, tone: Literal["note", "warning", "error", "good"] = "note", key: str) -> None:
    """Say something about the page as a whole."""
    _show("notice", key, lines=list(lines), tone=tone)


def show_busy(label: str, *, key: str) -> None:
    """Show that something goes on of which nobody can say how far it is, with the seconds so far."""
    _show("busy", key, label=label, seconds=t("work.seconds", n="{n}"))


def show_lead(text: str, *, key: str, note: str = "", level: Literal["p", "h1", "h2", "h3"] = "p") -> None:
    """Show a heading, or the sentence that says it all."""
    _show("lead", key, text=text, note=note, level=level)


def show_facts(facts: Sequence[Fact], *, key: str) -> None:
    """Show labels with values."""
    _show("facts", key, facts=[_plain(fact) for fact in facts])


def show_links(
    links: Sequence[tuple[str, str, Link]], *, key: str, width: Literal["stretch", "content"] = "stretch"
) -> None:
    """Show links under each other: label, note, where to."""
    _show(
        "links", key, width=width, links=[{"label": a, "note": b, "to": to.as_data()} for a, b, to in links]
    )


def show_copy(label: str, copied: str, query: Mapping[str, str], *, key: str = "copy") -> None:
    """Show a button that copies the address of this view, with `query` written into it."""
    _show("copy", key, width="content", label=label, copied=copied, query=dict(query))


def show_code(code: Code, *, caption: str, label: str, key: str) -> None:
    """Show a QR code with its address under it; `label` is what a screen reader says."""
    _show("code", key, n=code.n_modules, path=code.path, caption=caption, label=label)


def show_leave(label: str, *, note: str, action: str, key: str = "leave") -> None:
    """Show who is signed in, and the button that signs out at the address `action`."""
    _show("leave", key, label=label, note=note, action=action)


def show_print_button(label: str, *, key: str = "print_button") -> None:
    """Show a button that opens the browser's print dialogue."""
    _show("print", key, width="content", label=label)


def show_steps(steps: Sequence[str], current: int, *, goes_back: bool, key: str = "steps") -> int | None:
    """Show steps across the page; return the number of an earlier one that was just clicked."""
    event = _show("steps", key, steps=list(steps), current=current, goes_back=goes_back)
    return int(event.id) if event and event.id.isdecimal() and 0 < int(event.id) < current else None


def _show(
    kind: str, key: str, *, width: Literal["stretch", "content"] = "stretch", **data: object
) -> Event | None:
    start = pages.prefix()
    result = _MOUNT(
        key=f"panel_{key}",
        data={
            "kind": kind,
            "base": start + ASSET_PATH,
            "start": start,
            "home": pages.HOME,
            "language": session.language(),
            **data,
        },
        width=width,
        on_picked_change=lambda: None,
    )
    return _read_event(result.picked)


def _read_event(picked: object) -> Event | None:
    """Return what the browser sent, if it is one of ours; a link is followed at once."""
    if not isinstance(picked, Mapping):
        return None
    kind, name = picked.get("kind"), picked.get("id")
    if kind == "go":
        page, query = picked.get("page"), picked.get("query")
        if page in pages.PAGE_NAMES and isinstance(query, Mapping):
            pages.go_to(page, {str(k): str(v) for k, v in query.items()})
        return None
    return Event(kind, name) if kind in ("row", "sort", "remove") and isinstance(name, str) else None


def _plain(value: object) -> object:
    """Turn what a panel is made of into what JSON can hold."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Link):
        return value.as_data()
    if isinstance(value, Cell | Row):  # by the thousand: what they do without is left out
        parts = vars(value).items()
        return {
            name: _plain(part)
            for name, part in parts
            if part is not None and part is not False and part != ""
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_plain(inner) for inner in value]
    return {name: _plain(part) for name, part in vars(value).items()}
