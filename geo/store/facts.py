"""Keep what dashboards count: `case_facts`, its codes, and the sums by month (看板事实表).

Three derived tables, kept in the transaction of whatever changes cases or their areas:

- `fact_codes` gives every text a short number. Areas are numbered in the order of the chain, so
  that neighbours have neighbouring numbers and a query for one grid skips the rest of the table.
- `case_facts` holds one narrow row per case, written in the order area, moment of report.
- `case_counts` sums the facts by month for every sub-district and each thing a count can be grouped
  by. It is a ledger: facts that go are booked with minus, facts that come with plus, and rows of
  one key are added when read. It is summed up again when it has grown to twice its size.

What is counted, and the exact meaning of late, ended and final, stands here once; `counting` reads it.
"""

from __future__ import annotations

from geo.schema import AREA_LEVELS, CHAIN_LEVELS, COUNT_SUMS, FINAL_STATES, TABLES
from geo.store.codes import NO_SUCH_CODE
from geo.store.database import Database, Params, count

CODED = (*AREA_LEVELS, "category", "kind", "channel", "closing_level", "department", "satisfaction",
         "source", "state", "position_source")  # fmt: skip
"""Dimensions of `fact_codes`; each has a column `<dimension>_code` in `case_facts`."""

COLUMN_OF: dict[str, str] = {**{level: f"{level}_id" for level in AREA_LEVELS}, "category": "category_id"}
"""Where the text of a dimension stands in `cases` or `case_areas`, when it is not its own name."""

SUMMED = ("all", "community", "category", "kind", "source", "channel", "closing_level", "department",
          "hour", "weekday")  # fmt: skip
"""What `case_counts` is kept by, within each sub-district."""

COMPACT_ROWS = 100_000
"""A ledger below this many rows is never summed up again."""

CHUNK_ROWS = 2_000_000
"""Facts booked at one time, so that a large store is booked in bounded memory."""


def refresh_facts(db: Database, *, time_zone: str) -> None:
    """Make facts, codes and sums right for the cases in the temporary table `touched` (`case_no`).

    A touched case that is no longer stored loses its facts. Must run inside a transaction.
    """
    n_facts = count(db, "SELECT count(*) FROM case_facts")
    n_touched = count(db, "SELECT count(*) FROM case_facts WHERE case_no IN (SELECT case_no FROM touched)")
    if n_touched == n_facts:
        db.run("DELETE FROM case_facts")
        db.run("DELETE FROM case_counts")
    elif n_touched:
        _book(db, "-", "WHERE case_no IN (SELECT case_no FROM touched)")
        db.run("DELETE FROM case_facts WHERE case_no IN (SELECT case_no FROM touched)")
    _add_codes(db)
    _write_facts(db, time_zone)
    only = "" if n_touched == n_facts else "WHERE case_no IN (SELECT case_no FROM touched)"
    _book(db, "+", only)
    _compact(db)


def rebuild_facts(db: Database, *, time_zone: str) -> None:
    """Derive facts, codes and sums of all cases anew; must run inside a transaction."""
    for table in ("case_facts", "case_counts", "fact_codes"):
        db.run(f"DELETE FROM {table}")
    db.drop("touched")
    db.run("CREATE TEMP TABLE touched AS SELECT case_no FROM cases")
    refresh_facts(db, time_zone=time_zone)
    db.drop("touched")


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
        **{n: f"c.{n}" for n in ("reported_at", "closed_at", "due_at", "valid_callback", "contacted", "solved",
                                 "lon", "lat", "h3")},
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
    order = ", ".join(f"{level}_code NULLS LAST" for level in CHAIN_LEVELS)
    db.run(
        f"INSERT INTO case_facts ({', '.join(names)}) SELECT {', '.join(f'{known[n]} AS {n}' for n in names)}\n"
        f"{_SOURCE}\n{joins}\nORDER BY {order}, c.reported_at NULLS LAST, c.case_no",
        p.values,
    )


def _month(zone: str, moment: str) -> str:
    local = f"timezone({zone}, {moment})"
    return f"CAST(12 * extract(year FROM {local}) + extract(month FROM {local}) - 1 AS integer)"


_MARKS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("coalesce(reported_month, -1)", "NULL", "TRUE", {
        "n_cases": "TRUE", "n_new": "reported_month IS NOT NULL",
        "n_opened": "reported_month IS NOT NULL AND NOT is_final",
        "n_unlocated": "reported_month IS NOT NULL AND position_source_code = {nowhere}",
        "n_rejected": "reported_month IS NOT NULL AND state_code = {rejected}",
    }),
    ("closed_month", "NULL", "closed_month IS NOT NULL", {
        "n_closed": "TRUE", "n_late_closed": "late_month IS NOT NULL", "n_closed_without_due": "due_at IS NULL",
        "n_timed": "close_s >= 0", "n_negative": "close_s < 0", "n_callbacks": "valid_callback",
        "n_contacted": "valid_callback AND contacted", "n_solved": "valid_callback AND solved",
        "n_satisfied": "valid_callback AND satisfaction_code = {satisfied}",
        "n_basically_satisfied": "valid_callback AND satisfaction_code = {basically}",
    }),
    ("due_month", "NULL", "due_month IS NOT NULL", {"n_due": "TRUE", "n_due_on_time": "closed_at <= due_at"}),
    ("late_month", "NULL", "late_month IS NOT NULL", {"n_late": "TRUE"}),
    ("ended_month", "NULL", "ended_month IS NOT NULL", {"n_ended": "TRUE"}),
    ("closed_month", "due_month", "closed_month < due_month", {"n_ahead": "TRUE"}),
)  # fmt: skip
"""Month, month of the deadline, which facts, and the sums each of them adds to."""


_NAMED = {
    "nowhere": ("position_source", "none"), "rejected": ("state", "rejected"),
    "satisfied": ("satisfaction", "satisfied"), "basically": ("satisfaction", "basically_satisfied"),
}  # fmt: skip
"""Texts whose codes the marks name."""


def _code(db: Database, dimension: str, text: str) -> int:
    sql = "SELECT max(code) FROM fact_codes WHERE dimension = $1 AND value = $2"
    return count(db, sql, [dimension, text]) or NO_SUCH_CODE


def _book(db: Database, sign: str, only: str) -> None:
    """Add the facts that `only` keeps to the ledger, or take them from it."""
    codes = {name: _code(db, *pair) for name, pair in _NAMED.items()}
    sums = tuple(COUNT_SUMS)
    columns = [name if name in ("hour", "weekday") else f"{name}_code" for name in SUMMED[1:]]
    grouping = f"grouping({', '.join(columns)})"
    masks = {name: _mask(position, len(columns)) for position, name in enumerate(SUMMED[1:])}
    masks["all"] = 2 ** len(columns) - 1
    dimension = (
        f"CASE {grouping} " + " ".join(f"WHEN {mask} THEN '{n}'" for n, mask in masks.items()) + " END"
    )
    group = (
        f"CASE {grouping} "
        + " ".join(f"WHEN {masks[n]} THEN {c}" for n, c in zip(SUMMED[1:], columns, strict=True))
        + " END"
    )
    for month, due_month, which, adds in _MARKS:
        keys = ["district_code", "subdistrict_code", "month"] + (["due_month"] if due_month != "NULL" else [])
        sets = ", ".join(f"({', '.join([*keys, c])})" for c in columns) + f", ({', '.join(keys)})"
        values = ", ".join(
            f"{sign}count(*) FILTER (WHERE {adds[s].format(**codes)})" if s in adds else "0" for s in sums
        )
        due = "due_month" if due_month != "NULL" else "NULL"
        db.run(
            f"INSERT INTO case_counts (district_code, subdistrict_code, dimension, group_code, month, due_month, "
            f"{', '.join(sums)}) SELECT district_code, subdistrict_code, {dimension}, {group}, month, {due}, {values} "
            f"FROM (SELECT *, {month} AS month FROM case_facts {only}) f WHERE {which} GROUP BY GROUPING SETS ({sets})"
        )


def _mask(position: int, n_columns: int) -> int:
    """Value of GROUPING() when only the column at this position is grouped by."""
    return (1 << n_columns) - 1 - (1 << (n_columns - 1 - position))


def _compact(db: Database) -> None:
    n_rows = count(db, "SELECT count(*) FROM case_counts")
    if n_rows < COMPACT_ROWS:
        return
    keys = "district_code, subdistrict_code, dimension, group_code, month, due_month"
    n_keys = count(db, f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM case_counts) k")
    if n_rows < 2 * n_keys:
        return
    sums = ", ".join(f"CAST(sum({name}) AS bigint) AS {name}" for name in COUNT_SUMS)
    db.drop("compacted")
    db.run(f"CREATE TEMP TABLE compacted AS SELECT {keys}, {sums} FROM case_counts GROUP BY {keys}")
    db.run("DELETE FROM case_counts")
    db.run(
        f"INSERT INTO case_counts ({keys}, {', '.join(COUNT_SUMS)}) "
        f"SELECT {keys}, {', '.join(COUNT_SUMS)} FROM compacted ORDER BY {keys}"
    )
    db.drop("compacted")
