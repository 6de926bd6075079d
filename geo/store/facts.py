"""Keep what dashboards count: `case_facts` and its codes (看板事实表).

Derived tables, kept by `refreshing` in the transaction of whatever changes cases or their areas:

- `fact_codes` gives every text a short number. Areas are numbered in the order of the chain, so
  that neighbours have neighbouring numbers and a query for one grid skips the rest of the table.
- `case_facts` holds one narrow row per case, written in the order area, moment of report.
- `case_counts` and `case_spans` sum them up by month (`ledger`).

The meaning of late, ended and final stands here.
"""

from __future__ import annotations

from geo.schema import AREA_LEVELS, CHAIN_LEVELS, FINAL_STATES, TABLES
from geo.store.database import Database, Params, count
from geo.store.ledger import TOUCHED, begin_spans, book, compact, write_spans

CODED = (*AREA_LEVELS, "category", "kind", "channel", "closing_level", "department", "satisfaction",
         "source", "state", "position_source")  # fmt: skip
"""Dimensions of `fact_codes`; each has a column `<dimension>_code` in `case_facts`."""

TAKEN = ("reported_at", "closed_at", "due_at", "valid_callback", "contacted", "solved", "lon", "lat", "h3")
"""Columns of `cases` that stand in the facts as they are, or that moments are derived from."""

COLUMN_OF: dict[str, str] = {**{level: f"{level}_id" for level in AREA_LEVELS}, "category": "category_id"}
"""Where the text of a dimension stands in `cases` or `case_areas`, when it is not its own name."""

TAIL_SHARE, TAIL_LEAST = 0.25, 500_000
"""The facts are sorted again when those written since make up this share and number."""


def take_facts(db: Database) -> bool:
    """Take the facts and sums of the cases in `touched` (`case_no`) away; return whether that was all of them.

    Must run inside a transaction, and `derive_facts` must follow.
    """
    n_facts = count(db, "SELECT count(*) FROM case_facts")
    n_gone = count(db, "SELECT count(*) FROM case_facts WHERE case_no IN (SELECT case_no FROM touched)")
    is_all = n_gone == n_facts
    begin_spans(db, is_all=is_all)
    if is_all:
        db.run("DELETE FROM case_facts")
        db.run("DELETE FROM case_counts")
    elif n_gone:
        book(db, "-", TOUCHED)
        db.run(f"DELETE FROM case_facts f WHERE {TOUCHED}")
    return is_all


def derive_facts(db: Database, *, time_zone: str, is_all: bool) -> None:
    """Derive facts, codes and sums of the cases in `touched`, which have none."""
    _add_codes(db)
    _write_facts(db, time_zone)
    _sort_again(db, is_all=is_all)
    book(db, "+", "TRUE" if is_all else TOUCHED)
    compact(db)
    write_spans(db, is_all=is_all)


def _sort_again(db: Database, *, is_all: bool) -> None:
    """Sort the facts when too many were written since they were last in order of area.

    Facts are appended batch by batch; each batch is in order, but a hundred of them side by side are
    not, and a question about one grid would then read most of the table. Where indexes find the rows
    the order does not matter.
    """
    if db.has_indexes:
        return
    n_facts = count(db, "SELECT count(*) FROM case_facts")
    row = db.row("SELECT value FROM store_meta WHERE name = 'n_facts_sorted'")
    n_sorted = n_facts if is_all else min(int(str(row[0])), n_facts) if row else 0
    if n_facts - n_sorted > max(TAIL_LEAST, TAIL_SHARE * n_facts):
        names = ", ".join(TABLES["case_facts"].names)
        db.run(f"CREATE TEMP TABLE in_order AS SELECT {names} FROM case_facts ORDER BY {FACTS_ORDER}")
        db.run("DELETE FROM case_facts")
        db.run(f"INSERT INTO case_facts ({names}) SELECT {names} FROM in_order")
        db.drop("in_order")
        n_sorted = n_facts
    if row is None or str(row[0]) != str(n_sorted):
        db.run("DELETE FROM store_meta WHERE name = 'n_facts_sorted'")
        db.run("INSERT INTO store_meta (name, value) VALUES ('n_facts_sorted', $1)", [str(n_sorted)])


FACTS_ORDER = ", ".join(
    [*(f"{level}_code NULLS LAST" for level in CHAIN_LEVELS), "reported_at NULLS LAST", "case_no"]
)
"""Order in which facts are written: by area, then by moment of report."""

_SOURCE = """FROM cases c JOIN touched t ON t.case_no = c.case_no
LEFT JOIN case_areas a ON a.case_id = c.case_id AND a.basis = 'current'"""


def text_of(dimension: str) -> str:
    """SQL of the text of a dimension: in `cases` under the alias `c`, in `case_areas` under `a`."""
    owner = "a" if dimension in AREA_LEVELS else "c"
    return f"{owner}.{COLUMN_OF.get(dimension, dimension)}"


def _add_codes(db: Database) -> None:
    """Give a number to every text that has none; areas in the order of the chain."""
    names = ", ".join(f"{text_of(d)} AS {d}" for d in CODED)
    db.drop("fact_texts")
    db.run(f"CREATE TEMP TABLE fact_texts AS SELECT DISTINCT {names} {_SOURCE}")
    for dimension in CODED:
        above = CHAIN_LEVELS[: CHAIN_LEVELS.index(dimension)] if dimension in CHAIN_LEVELS else ()
        order = ", ".join([*(f"min({level})" for level in above), dimension])
        p = Params()
        name = p.add(dimension)
        db.run(
            f"INSERT INTO fact_codes (dimension, code, value) "
            f"SELECT {name}, (SELECT coalesce(max(code), 0) FROM fact_codes WHERE dimension = {name}) "
            f"+ row_number() OVER (ORDER BY {order}), {dimension} FROM fact_texts "
            f"WHERE {dimension} IS NOT NULL AND {dimension} NOT IN "
            f"(SELECT value FROM fact_codes WHERE dimension = {name}) GROUP BY {dimension}",
            p.values,
        )
    db.drop("fact_texts")


def _write_facts(db: Database, time_zone: str) -> None:
    p = Params()
    zone = p.add(time_zone)
    final = "(c.closed_at IS NULL AND c.state IN (" + ", ".join(f"'{s}'" for s in FINAL_STATES) + "))"
    late = f"""(c.reported_at IS NOT NULL AND c.due_at IS NOT NULL AND NOT {final}
        AND (c.closed_at IS NULL OR c.closed_at > greatest(c.reported_at, c.due_at)))"""
    known = {
        "case_no": "c.case_no", "case_id": "c.case_id",
        **{f"{d}_code": f"d_{d}.code" for d in CODED},
        **{n: f"c.{n}" for n in TAKEN},
        "close_s": db.whole_seconds("c.reported_at", "c.closed_at"),
        "hour": f"CAST(extract(hour FROM timezone({zone}, c.reported_at)) AS integer)",
        "weekday": f"CAST(extract(isodow FROM timezone({zone}, c.reported_at)) AS integer)",
        "reported_month": _month(zone, "c.reported_at"),
        "closed_month": _month(zone, "c.closed_at"),
        "due_month": _month(zone, "c.due_at"),
        "late_month": f"CASE WHEN {late} THEN {_month(zone, 'greatest(c.reported_at, c.due_at)')} END",
        "ended_month": "CASE WHEN c.reported_at IS NOT NULL AND c.closed_at IS NOT NULL "
                       f"THEN {_month(zone, 'greatest(c.reported_at, c.closed_at)')} END",
        "is_final": final,
    }  # fmt: skip
    names = TABLES["case_facts"].names
    joins = "\n".join(
        f"LEFT JOIN fact_codes d_{d} ON d_{d}.dimension = '{d}' AND d_{d}.value = {text_of(d)}" for d in CODED
    )
    db.run(
        f"INSERT INTO case_facts ({', '.join(names)}) SELECT * FROM "
        f"(SELECT {', '.join(f'{known[n]} AS {n}' for n in names)}\n{_SOURCE}\n{joins}) n\nORDER BY {FACTS_ORDER}",
        p.values,
    )


def _month(zone: str, moment: str) -> str:
    local = f"timezone({zone}, {moment})"
    return f"CAST(12 * extract(year FROM {local}) + extract(month FROM {local}) - 1 AS integer)"
