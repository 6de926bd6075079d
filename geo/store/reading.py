"""Read rows: any table, areas of a level, cases of a filter (读取).

Names of tables and columns come from `geo.schema`; everything else is a parameter. Codes are
ordered by code point. Areas are those of the published sets that are in force on a date; without a
date those that have no end, or where a level has none of these, its latest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import geopandas as gpd
import pandas as pd

from geo.errors import MissingError
from geo.schema import AREA_LEVELS, TABLES, AreaLevel, PlacementBasis, Table
from geo.store.database import Database, Params, count
from geo.store.filters import escape_like
from geo.store.frames import GEOMETRY_TYPES, require_columns, to_pandas
from geo.store.staging import quote

WGS84 = "EPSG:4326"

AREA_COLUMNS = tuple(name for name in TABLES["areas"].names if name != "geom")


def require_table(name: str) -> Table:
    """Return the definition of a table.

    Raises
    ------
    MissingError
        If there is no such table.
    """
    if name not in TABLES:
        raise MissingError("store_table_unknown", table=name)
    return TABLES[name]


def select_list(db: Database, table: Table, names: Sequence[str], alias: str) -> str:
    """SQL of the named columns, geometries as WKB."""
    parts = []
    for name in names:
        value = f"{alias}.{quote(name)}"
        kind = table.column(name).type
        if kind in GEOMETRY_TYPES:
            value = db.geometry_out(value)
        elif kind == "json":
            value = f"CAST({value} AS text)"
        parts.append(f"{value} AS {quote(name)}")
    return ", ".join(parts)


def geometry_names(table: Table, names: Sequence[str]) -> list[str]:
    """Return those of the columns that hold geometry."""
    return [name for name in names if table.column(name).type in GEOMETRY_TYPES]


def read_rows(
    db: Database,
    name: str,
    *,
    columns: Sequence[str] | None,
    where: Mapping[str, object] | None,
    order_by: Sequence[str],
    limit: int | None,
) -> pd.DataFrame:
    """Read rows of one table; see `Store.read`."""
    table = require_table(name)
    names = list(columns) if columns is not None else list(table.names)
    require_columns(table, [*names, *(where or {}), *order_by])
    p = Params()
    narrowed = [_matches(table, column, value, p) for column, value in (where or {}).items()]
    order = [*order_by, *(key for key in table.key if key not in order_by)]
    sql = (
        f"SELECT {select_list(db, table, names, 't')} FROM {name} t WHERE {' AND '.join(narrowed) or 'TRUE'}"
    )
    sql += f" ORDER BY {', '.join(f't.{quote(column)}' for column in order)}"
    if limit is not None:
        sql += f" LIMIT {int(limit)}"
    return to_pandas(db.scan(sql, p.values), geometry_names(table, names))


def _matches(table: Table, column: str, value: object, p: Params) -> str:
    name = f"t.{quote(column)}"
    if value is None:
        return f"{name} IS NULL"
    if isinstance(value, str) or not isinstance(value, Sequence | set | frozenset | pd.Series):
        return f"{name} = {p.add(value)}"
    values = [item for item in value if item is not None]
    found = f"{name} = ANY({p.add(values)})" if values else "FALSE"
    return f"({found} OR {name} IS NULL)" if len(values) < len(value) else found


def sets_in_force(p: Params, on: date | None) -> str:
    """SQL of the ids of the published boundary sets on a date, or the newest."""
    if on is not None:
        day = f"CAST({p.add(on)} AS date)"
        return (
            "SELECT set_id FROM boundary_sets WHERE status <> 'draft' "
            f"AND (valid_from IS NULL OR valid_from <= {day}) AND (valid_to IS NULL OR valid_to > {day})"
        )
    return (
        "SELECT set_id FROM boundary_sets b WHERE status <> 'draft' AND (valid_to IS NULL OR NOT EXISTS "
        "(SELECT 1 FROM boundary_sets o WHERE o.status <> 'draft' AND o.area_level = b.area_level "
        "AND (o.valid_to IS NULL OR o.valid_to > b.valid_to)))"
    )


def _level_order(expression: str) -> str:
    ranks = " ".join(f"WHEN '{level}' THEN {rank}" for rank, level in enumerate(AREA_LEVELS))
    return f"CASE {expression} {ranks} END"


Node = tuple[str, int]
"""Code and rank of an area: one code may stand at several levels."""


Tree = dict[str, list[Node]]
"""What stands directly under a code."""
Under = dict[AreaLevel, list[str]]
"""Codes of everything under an area, by level."""


def read_tree(db: Database, on: date | None) -> Tree:
    """Read which areas stand directly under a code, of the published sets in force on a date or now."""
    p = Params()
    sql = (
        f"SELECT t.parent_id, t.area_id, {_level_order('t.area_level')} AS rank FROM areas t "
        f"WHERE t.parent_id IS NOT NULL AND t.set_id IN ({sets_in_force(p, on)})"
    )
    rows = db.query(sql, p.values)
    tree: Tree = {}
    for parent, area_id, rank in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        tree.setdefault(parent, []).append((area_id, rank))
    return tree


def find_under(tree: Tree, parent_id: str) -> Under:
    """Return the codes of the areas under an ancestor by level, however many levels up it stands.

    A child is finer than its parent: a code that stands at two levels is followed downwards only.
    """
    found: set[Node] = set()
    waiting = list(tree.get(parent_id, ()))
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += [child for child in tree.get(node[0], ()) if child[1] > node[1]]
    under: Under = {level: [] for level in AREA_LEVELS}
    for area_id, rank in sorted(found):
        under[AREA_LEVELS[rank]].append(area_id)
    return under


def read_areas(
    db: Database, level: AreaLevel, *, on: date | None, area_ids: Sequence[str] | None, with_geometry: bool
) -> gpd.GeoDataFrame:
    """Read the published areas of one level, all or those with given codes; see `Store.read_areas`."""
    p = Params()
    chosen = "TRUE" if area_ids is None else f"t.area_id = ANY({p.add(list(area_ids))})"
    names = TABLES["areas"].names if with_geometry else AREA_COLUMNS
    rows = to_pandas(
        db.query(
            f"SELECT {select_list(db, TABLES['areas'], names, 't')} FROM areas t "
            f"WHERE t.area_level = {p.add(level)} AND t.set_id IN ({sets_in_force(p, on)}) AND {chosen} "
            "ORDER BY t.area_id",
            p.values,
        ),
        geometry_names(TABLES["areas"], names),
    )
    if not with_geometry:
        rows["geom"] = None
    return gpd.GeoDataFrame(rows, geometry="geom", crs=WGS84)


RESIDENT_COLUMNS = (
    "area_id", "name", "parent_id", "residents", "households", "area_m2", "west", "south", "east", "north",
)  # fmt: skip


def residents(db: Database, level: AreaLevel) -> pd.DataFrame:
    """Read own figures of the published areas of one level; see `Store.residents`."""
    p = Params()
    return to_pandas(
        db.query(
            f"SELECT {select_list(db, TABLES['areas'], RESIDENT_COLUMNS, 't')} FROM areas t "
            f"WHERE t.area_level = {p.add(level)} AND t.set_id IN ({sets_in_force(p, None)}) "
            "ORDER BY t.area_id",
            p.values,
        )
    )


def find_area(db: Database, area_id: str, *, level: AreaLevel | None) -> pd.DataFrame:
    """Find the published areas with a code; see `Store.find_area`."""
    p = Params()
    narrowed = "TRUE" if level is None else f"t.area_level = {p.add(level)}"
    return to_pandas(
        db.query(
            f"SELECT {select_list(db, TABLES['areas'], AREA_COLUMNS, 't')} FROM areas t "
            f"WHERE t.area_id = {p.add(area_id)} AND {narrowed} AND t.set_id IN ({sets_in_force(p, None)}) "
            f"ORDER BY {_level_order('t.area_level')}, t.set_id",
            p.values,
        )
    )


def search_areas(db: Database, text: str, *, limit: int) -> pd.DataFrame:
    """Find areas by name, alias or code; exact matches first, then those that begin with the text."""
    if not text.strip():
        return find_area(db, "", level=None)
    p = Params()
    exact, escaped = p.add(text.strip().lower()), escape_like(text.strip().lower())
    inside, begins = p.add(f"%{escaped}%"), p.add(f"{escaped}%")
    *names, other = (f"lower({db.without_case(name)})" for name in ("t.name", "t.area_id", "s.alias"))
    alias = f"EXISTS (SELECT 1 FROM area_aliases s WHERE s.area_id = t.area_id AND {other} {{test}})"

    def tested(test: str) -> str:
        return " OR ".join([*(f"{name} {test}" for name in names), alias.format(test=test)])

    is_first = tested(f"LIKE {begins} ESCAPE {QUOTED_SIGN}")
    rank = f"CASE WHEN {tested(f'= {exact}')} THEN 0 WHEN {is_first} THEN 1 ELSE 2 END"
    return to_pandas(
        db.query(
            f"SELECT {select_list(db, TABLES['areas'], AREA_COLUMNS, 't')} FROM areas t "
            f"WHERE t.set_id IN ({sets_in_force(p, None)}) AND ({tested(f'LIKE {inside} ESCAPE {QUOTED_SIGN}')}) "
            f"ORDER BY {rank}, {_level_order('t.area_level')}, t.name, t.area_id LIMIT {int(limit)}",
            p.values,
        )
    )


QUOTED_SIGN = "'!'"
"""The escape sign of `escape_like`, as SQL."""


def read_case_areas(db: Database, basis: PlacementBasis, case_ids: Sequence[str] | None) -> pd.DataFrame:
    """Read the areas of cases on one basis; see `Store.read_case_areas`."""
    p = Params()
    narrowed = "" if case_ids is None else f" AND t.case_id = ANY({p.add(list(case_ids))})"
    names = TABLES["case_areas"].names
    return to_pandas(
        db.scan(
            f"SELECT {select_list(db, TABLES['case_areas'], names, 't')} FROM case_areas t "
            f"WHERE t.basis = {p.add(basis)}{narrowed} ORDER BY t.case_id",
            p.values,
        )
    )


def count_rows(db: Database) -> dict[str, int]:
    """Count the rows of every table."""
    return {name: count(db, f"SELECT count(*) FROM {name}") for name in TABLES}
