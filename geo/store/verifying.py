"""Look for rows that break a rule of the store (存储校验).

DuckDB keeps no keys and no references, and facts and sums are derived; this is the proof that they
hold all the same. An empty list of findings means all is well.
"""

from __future__ import annotations

from collections.abc import Iterator

from geo.schema import COUNT_SUMS, PLACEMENT_BASES, TABLES
from geo.store.base import BrokenRule, CaseFilter, GroupBy
from geo.store.codes import FactTable
from geo.store.counting import month_facts
from geo.store.database import Database, count
from geo.store.facts import CODED, text_of
from geo.store.questions import MONTH_COUNTS
from geo.store.slices import count_months
from geo.store.staging import quoted

LEDGERS = ("case_counts",)
"""Tables whose key may repeat: rows of one key are added up."""

_OWNERS = (
    ("areas", "set_id", "boundary_sets", "set_id"),
    ("case_areas", "case_id", "cases", "case_id"),
    ("case_events", "case_id", "cases", "case_id"),
    ("case_reporters", "case_id", "cases", "case_id"),
    ("case_versions", "case_id", "cases", "case_id"),
    ("facility_versions", "facility_id", "facilities", "facility_id"),
    ("facility_entrances", "facility_id", "facilities", "facility_id"),
    ("rejected_rows", "batch_id", "import_batches", "batch_id"),
    ("former_rows", "replaced_by", "import_batches", "batch_id"),
    ("street_edges", "from_node", "street_nodes", "node_id"),
    ("street_edges", "to_node", "street_nodes", "node_id"),
)
"""Table and column that must be found in another table and column."""


def verify(facts: FactTable) -> list[BrokenRule]:
    """Look for rows that break a rule of the store; see `Store.verify`."""
    db = facts.db
    return [
        *_keys(db),
        *_owners(db),
        *_batches(db),
        *_placements(db),
        *_versions(db),
        *_facts(db),
        *_sums(facts),
    ]


def _found(n: int, code: str, **about: str) -> Iterator[BrokenRule]:
    if n:
        yield BrokenRule(code, n, about)


def _keys(db: Database) -> Iterator[BrokenRule]:
    for table in TABLES.values():
        if table.name in LEDGERS:
            continue
        keys = quoted(table.key)
        twice = f"SELECT 1 FROM {table.name} GROUP BY {keys} HAVING count(*) > 1"
        yield from _found(
            count(db, f"SELECT count(*) FROM ({twice}) t"),
            "found_keys_twice",
            table=table.name,
            keys=", ".join(table.key),
        )


def _owners(db: Database) -> Iterator[BrokenRule]:
    for table, column, other, key in _OWNERS:
        lost = f"NOT EXISTS (SELECT 1 FROM {other} o WHERE o.{key} = t.{column})"
        yield from _found(
            count(db, f"SELECT count(*) FROM {table} t WHERE {lost}"),
            "found_owner_missing",
            table=table,
            column=column,
            other=other,
        )


def _batches(db: Database) -> Iterator[BrokenRule]:
    stored = "SELECT 1 FROM import_batches b WHERE b.batch_id = t.batch_id AND b.state = 'stored'"
    for table in TABLES.values():
        if "batch_id" in table.names and table.name not in ("import_batches", "rejected_rows", "case_events"):
            yield from _found(
                count(db, f"SELECT count(*) FROM {table.name} t WHERE NOT EXISTS ({stored})"),
                "found_batch_missing",
                table=table.name,
            )
    yield from _found(
        count(
            db,
            "SELECT count(*) FROM import_batches b WHERE n_rejected <> "
            "(SELECT count(DISTINCT r.row) FROM rejected_rows r WHERE r.batch_id = b.batch_id)",
        ),
        "found_rejected_differ",
    )
    yield from _found(
        count(db, "SELECT count(*) FROM import_batches WHERE n_read < n_new + n_changed + n_unchanged AND n_read > 0 "
                  "AND kind IN ('cases', 'facilities')"),
        "found_more_than_read",
    )  # fmt: skip


def _placements(db: Database) -> Iterator[BrokenRule]:
    for basis in PLACEMENT_BASES:
        has_row = "SELECT 1 FROM case_areas a WHERE a.case_id = c.case_id AND a.basis = $1"
        yield from _found(
            count(db, f"SELECT count(*) FROM cases c WHERE NOT EXISTS ({has_row})", [basis]),
            "found_no_areas",
            basis=basis,
        )


def _versions(db: Database) -> Iterator[BrokenRule]:
    for name, versions in (("cases", "case_versions"), ("facilities", "facility_versions")):
        key = TABLES[name].key[0]
        later = f"SELECT 1 FROM {versions} v WHERE v.{key} = t.{key} AND v.version >= t.version"
        yield from _found(
            count(db, f"SELECT count(*) FROM {name} t WHERE EXISTS ({later})"),
            "found_not_newer",
            table=name,
        )
    newest = (
        "SELECT e.to_state, e.case_id, "
        "row_number() OVER (PARTITION BY case_id ORDER BY seq DESC) AS n FROM case_events e"
    )
    yield from _found(
        count(
            db,
            f"SELECT count(*) FROM cases c LEFT JOIN ({newest}) e ON e.case_id = c.case_id AND e.n = 1 "
            "WHERE e.to_state IS DISTINCT FROM c.state",
        ),
        "found_other_state",
    )


_COPIED = (
    "case_id",
    "reported_at",
    "closed_at",
    "due_at",
    "valid_callback",
    "contacted",
    "solved",
    "lon",
    "lat",
    "h3",
)


def _facts(db: Database) -> Iterator[BrokenRule]:
    missing = "SELECT 1 FROM case_facts f WHERE f.case_no = c.case_no"
    yield from _found(
        count(db, f"SELECT count(*) FROM cases c WHERE NOT EXISTS ({missing})"), "found_no_fact"
    )
    extra = "SELECT 1 FROM cases c WHERE c.case_no = f.case_no"
    yield from _found(
        count(db, f"SELECT count(*) FROM case_facts f WHERE NOT EXISTS ({extra})"), "found_no_case"
    )
    joins = "".join(
        f" LEFT JOIN fact_codes d_{d} ON d_{d}.dimension = '{d}' AND d_{d}.code = f.{d}_code" for d in CODED
    )
    differ = [f"f.{name} IS DISTINCT FROM c.{name}" for name in _COPIED]
    differ += [f"d_{d}.value IS DISTINCT FROM {text_of(d)}" for d in CODED]
    yield from _found(
        count(
            db,
            f"SELECT count(*) FROM case_facts f JOIN cases c ON c.case_no = f.case_no "
            f"LEFT JOIN case_areas a ON a.case_id = c.case_id AND a.basis = 'current'{joins} "
            f"WHERE {' OR '.join(differ)}",
        ),
        "found_facts_differ",
    )


_SUMMED_BY: tuple[GroupBy, ...] = ("subdistrict", "community", "category_id", "channel", "hour")


def _sums(facts: FactTable) -> Iterator[BrokenRule]:
    """Compare the sums by month and the spans with the facts they are made of."""
    total = ", ".join(f"sum({name})" for name in COUNT_SUMS)
    keys = ", ".join(TABLES["case_counts"].key)
    below = f"SELECT 1 FROM case_counts GROUP BY {keys} HAVING least({total}) < 0"
    yield from _found(count(facts.db, f"SELECT count(*) FROM ({below}) t"), "found_sums_below")
    for by in _SUMMED_BY:
        kept, counted = count_months(facts, by, CaseFilter()), month_facts(facts, by, CaseFilter())
        if kept is not None:
            wrong = _rows(*kept) ^ _rows(*counted)
            yield from _found(len(wrong), "found_sums_differ", by=by)
    keys = ", ".join(TABLES["case_spans"].key)
    cell = f"SELECT {keys}, count(*) AS n, sum(s) AS s FROM ({{}}) r GROUP BY {keys}"
    kept_sql = cell.format(f"SELECT {keys}, unnest(spans_s) AS s FROM case_spans")
    facts_sql = cell.format(f"SELECT {keys}, close_s AS s FROM case_facts WHERE close_s >= 0")
    differ = f"({kept_sql} EXCEPT {facts_sql}) UNION ALL ({facts_sql} EXCEPT {kept_sql})"
    yield from _found(count(facts.db, f"SELECT count(*) FROM ({differ}) t"), "found_spans_differ")


def _rows(
    codes: list[int | None], months: list[int], counts: dict[str, list[int]]
) -> set[tuple[int | None, ...]]:
    return set(zip(codes, months, *(counts[name] for name in MONTH_COUNTS), strict=True))
