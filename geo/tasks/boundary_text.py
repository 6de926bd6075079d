"""Say a bill and a comparison of boundary sets, for page and command alike (影响清单的文字)."""

from __future__ import annotations

from datetime import date

from geo.analysis.set_changes import CHANGES, SetChanges
from geo.messages import Language, say
from geo.present.words import LEVELS, SET_CHANGES, word
from geo.tasks.boundary_versions import Bill


def say_bill(bill: Bill, language: Language) -> list[str]:
    """Say what publishing would change, one sentence a line; an unknown number is said to be unknown."""
    moves, card = bill.moves, bill.card
    unknown = say("said_unknown", language)
    totals = {name: unknown if n is None else f"{n:,.0f}" for name, n in moves.totals.items()}
    lines = [
        say("said_bill", language, set_id=card.set_id, level=word(LEVELS, card.level, language),
            author=card.author, first=say_day(bill.valid_from, language), after=say_day(bill.valid_to, language)),
        say_counts(bill.changes, language),
        say("said_bill_ground", language, lost=f"{bill.lost_m2:,.0f}", gained=f"{bill.gained_m2:,.0f}"),
        say("said_bill_moves", language, **totals, n_facilities=len(moves.facilities),
            n_cases=len(moves.cases), n_overdue=moves.n_overdue, n_staff=len(moves.staff)),
        say("said_bill_kept", language, n_since=bill.n_since, n_children=bill.n_children),
        *(say("said_bill_follows", language, other=other) for other in bill.follows),
        *(say("sets_overlap", language, set_id=card.set_id, other=other) for other in bill.overlaps),
    ]  # fmt: skip
    if bill.beyond:
        lines.append(
            say("set_sizes_beyond", language, set_id=card.set_id, first=bill.beyond[0], n=len(bill.beyond))
        )
    if bill.gap is not None:
        lines.append(say("said_bill_gap", language, first=bill.gap[0], after=bill.gap[1]))
    return [*lines, say(_PEOPLE[bill.people], language, author=card.author, publisher=bill.publisher)]


_PEOPLE = {"two": "said_people_two", "one": "said_people_one", "unproved": "said_people_unproved"}


def say_counts(changes: SetChanges, language: Language) -> str:
    """Say how many areas changed, by change."""
    parts = [
        say("said_change_count", language, change=word(SET_CHANGES, change, language), n=n)
        for change in CHANGES
        if (n := changes.counts[change])
    ]
    counts = say("said_joint", language).join(parts) or say("said_without_areas", language)
    return say("said_change_counts", language, counts=counts)


def say_day(value: date | None, language: Language) -> str:
    """Say a day, or that it is open."""
    return say("said_no_day", language) if value is None else value.isoformat()
