"""Every table of a store: columns, types, units, meaning (数据模型).

This is the one definition. The migrations of each database, the help shown when a file is brought
in, `docs/data-model.md` and the tests are read from it or compared with it. Points are two columns
`lon`, `lat` in WGS84 degrees; polygons and lines are WGS84 geometries; moments are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AreaLevel = Literal["district", "subdistrict", "community", "grid", "microgrid", "courtyard", "unit_grid"]
ChainLevel = Literal["district", "subdistrict", "community", "grid", "microgrid"]

CHAIN_LEVELS: tuple[ChainLevel, ...] = ("district", "subdistrict", "community", "grid", "microgrid")
"""The administrative chain, coarsest first (区县, 街道, 社区, 网格, 微网格)."""

BESIDE_LEVELS: tuple[AreaLevel, ...] = ("courtyard", "unit_grid")
"""Levels beside the chain: courtyards (院落) and the 100 m cells of city management (单元网格)."""

AREA_LEVELS: tuple[AreaLevel, ...] = (*CHAIN_LEVELS, *BESIDE_LEVELS)
"""The chain, and what stands beside it."""

CaseState = Literal[
    "reported", "verifying", "rejected", "filed", "dispatched", "returned", "handling",
    "handled", "checking", "rework", "closed", "suspended", "extended",
]  # fmt: skip
CASE_STATES: tuple[CaseState, ...] = (
    "reported", "verifying", "rejected", "filed", "dispatched", "returned", "handling",
    "handled", "checking", "rework", "closed", "suspended", "extended",
)  # fmt: skip
"""States of the closed loop (domain sheet 4.1)."""

FINAL_STATES: tuple[CaseState, ...] = ("closed", "rejected")
"""States in which a case is no longer open."""

CASE_KINDS = ("component", "event", "service")
"""部件, 事件, 服务诉求 (domain sheet 3.5)."""

PositionSource = Literal["given", "address", "stated", "none"]
POSITION_SOURCES: tuple[PositionSource, ...] = ("given", "address", "stated", "none")
"""Where the position of a case or facility comes from: the file's coordinates, a matched address,
only a stated community, grid or courtyard, or nowhere."""

PlacedBy = Literal["point", "nearest", "stated", "none"]
PLACED_BY: tuple[PlacedBy, ...] = ("point", "nearest", "stated", "none")
"""How a case got its areas: its point lies inside, its point lies just outside, its file states the
area, or not at all."""

PlacementBasis = Literal["reported", "current"]
PLACEMENT_BASES: tuple[PlacementBasis, ...] = ("reported", "current")

SetStatus = Literal["draft", "published", "retired"]
SET_STATUSES: tuple[SetStatus, ...] = ("draft", "published", "retired")
"""Life of a boundary set 边界版本: 草稿, 已发布, 已停用."""

IN_FORCE: tuple[SetStatus, ...] = ("published", "retired")
"""Sets that are, or were, in force between their days; a draft never is."""

SATISFACTION = ("satisfied", "basically_satisfied", "dissatisfied")
"""满意, 基本满意, 不满意."""

FACILITY_STATUS = ("planned", "building", "open", "suspended", "closed")

BatchKind = Literal[
    "boundaries", "cases", "facilities", "population", "buildings", "residential_land", "streets",
    "staff", "effort", "placement",
]  # fmt: skip
BATCH_KINDS: tuple[BatchKind, ...] = (
    "boundaries", "cases", "facilities", "population", "buildings", "residential_land", "streets",
    "staff", "effort", "placement",
)  # fmt: skip

ColumnType = Literal[
    "text", "integer", "bigint", "double", "boolean", "timestamp", "date", "json", "multipolygon", "line",
    "bigints",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column: its type, whether it may be empty, and what it holds."""

    name: str
    type: ColumnType
    about: str
    required: bool = False
    unit: str = ""
    personal: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: its columns, its key and what one row is."""

    name: str
    about: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return one column; raise KeyError when the table has none of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


def _need(name: str, kind: ColumnType, about: str, unit: str = "", choices: tuple[str, ...] = ()) -> Column:
    return Column(name, kind, about, required=True, unit=unit, choices=choices)


def _may(name: str, kind: ColumnType, about: str, unit: str = "", choices: tuple[str, ...] = ()) -> Column:
    return Column(name, kind, about, unit=unit, choices=choices)


_BATCH = _need("batch_id", "text", "import batch that wrote this row")
_POSITION = (
    _may("lon", "double", "longitude, WGS84", "deg"),
    _may("lat", "double", "latitude, WGS84", "deg"),
    _need("position_source", "text", "where the position comes from", choices=POSITION_SOURCES),
    _may("position_error_m", "double", "radius of doubt of the position", "m"),
)

_CASE_COLUMNS = (
    _need("case_id", "text", "identity inside the store: source, a colon, source_no"),
    _need("source", "text", "system or list the case came from, as named on import"),
    _need("source_no", "text", "number of the case in its source, as issued"),
    _may("kind", "text", "component 部件, event 事件 or service demand 服务诉求", choices=CASE_KINDS),
    _may("category_id", "text", "category, as in `categories`"),
    _may("title", "text", "title as given; masked when shown"),
    _may("description", "text", "text as given; masked when shown"),
    _may("address", "text", "address as given; masked when shown"),
    _may("stated_area", "text", "community, grid or courtyard the source names, by code or name"),
    *_POSITION,
    _need("state", "text", "state in the closed loop", choices=CASE_STATES),
    _may("closing_level", "text", "level where the case was settled (化解层级)"),
    _may("department", "text", "unit that handles the case"),
    _may("channel", "text", "how it was reported: telephone, QR code, grid worker …"),
    _may("reported_at", "timestamp", "moment of report", "UTC"),
    _may("accepted_at", "timestamp", "moment of acceptance", "UTC"),
    _may("handled_at", "timestamp", "moment the handler reported a result", "UTC"),
    _may("closed_at", "timestamp", "moment of closing", "UTC"),
    _may("due_at", "timestamp", "deadline", "UTC"),
    _may("valid_callback", "boolean", "the call-back counts (有效回访)"),
    _may("contacted", "boolean", "the resident was contacted (响应)"),
    _may("solved", "boolean", "the resident says it is solved (解决)"),
    _may("satisfaction", "text", "the resident's verdict", choices=SATISFACTION),
    _may("h3", "bigint", "H3 cell of resolution 10 of the position"),
    _need("version", "integer", "1, 2, 3 … each time an import changed the case"),
    _BATCH,
    _need("case_no", "bigint", "running number inside the store, set by the store: finds a row fast"),
)

_FACILITY_COLUMNS = (
    _need("facility_id", "text", "identity inside the store: source, a colon, source_no"),
    _need("source", "text", "list the facility came from, as named on import"),
    _need("source_no", "text", "number in that list, as issued"),
    _may("name", "text", "name"),
    _need("kind", "text", "facility kind, a key of data/standards or data/facility_kinds.yaml"),
    _may("service_level", "text", "15, 10, 5 (minutes) or block: the level of the living circle it serves"),
    _need("status", "text", "planned … closed", choices=FACILITY_STATUS),
    _may("capacity", "double", "places, piles, beds or seats, as the kind counts them"),
    _may("area_m2", "double", "floor or site area", "m²"),
    _may("opened_on", "date", "first day open"),
    _may("closed_on", "date", "first day closed"),
    _may("address", "text", "address as given"),
    *_POSITION,
    _may("footprint", "multipolygon", "outline, where known"),
    _need("version", "integer", "1, 2, 3 … each time an import changed it"),
    _BATCH,
)

_FORMER = (
    _need("replaced_by", "text", "batch that replaced this row; undo of that batch brings it back"),
    _need("replaced_at", "timestamp", "moment it was replaced", "UTC"),
)


def _levels() -> tuple[Column, ...]:
    return tuple(_may(f"{level}_id", "text", f"{level} the case lies in") for level in AREA_LEVELS)


def _codes(dimensions: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(_may(f"{name}_code", "integer", f"{name}, coded in `fact_codes`") for name in dimensions)


def _months() -> tuple[Column, ...]:
    about = {
        "reported": "month of report", "closed": "month of closing", "due": "month of the deadline",
        "late": "month in which the deadline passed while the case was open",
        "ended": "month in which it was no longer open",
    }  # fmt: skip
    unit = "12 × year + month - 1"
    return tuple(_may(f"{name}_month", "integer", text, unit) for name, text in about.items())


COUNT_SUMS = {
    "n_cases": "cases, under their month of report", "n_new": "reported",
    "n_opened": "reported, and not final without a moment of closing",
    "n_ended": "no longer open, under the later of report and closing",
    "n_late": "deadline passed while open", "n_late_closed": "of these, closed",
    "n_closed": "closed", "n_due": "deadline", "n_due_on_time": "deadline, and closed by it",
    "n_ahead": "closed in a month before that of the deadline (`due_month`)",
    "n_closed_without_due": "closed, without any deadline",
    "n_timed": "closed at or after the report", "n_negative": "closed before the report",
    "n_callbacks": "closed, with a valid call-back", "n_contacted": "of these, contacted",
    "n_solved": "of these, solved", "n_satisfied": "of these, satisfied",
    "n_basically_satisfied": "of these, basically satisfied",
    "n_unlocated": "reported, without a usable location", "n_rejected": "reported, in state rejected",
}  # fmt: skip
"""The sums of `case_counts`, each under the month of its own moment."""


def _sums() -> tuple[Column, ...]:
    return tuple(_need(name, "bigint", about) for name, about in COUNT_SUMS.items())


_TABLES = (
    Table("store_meta", "facts about the store itself, one per row", ("name",), (
        _need("name", "text", "time_zone, data_version, created_at …"),
        _need("value", "text", "its value"),
    )),
    Table("import_batches", "one file, or one step, brought in as a whole", ("batch_id",), (
        _need("batch_id", "text", "B000001, B000002 … in order of storing"),
        _need("kind", "text", "what was brought in", choices=BATCH_KINDS),
        _need("file_name", "text", "name of the file, without its folder"),
        _may("sha256", "text", "digest of the file"),
        _may("source", "text", "source named on import"),
        _may("coord_sys", "text", "coordinate system named on import"),
        _may("time_zone", "text", "time zone named on import"),
        _may("encoding", "text", "text encoding that was read"),
        _need("choices", "json", "column mapping and other choices, enough to repeat the import"),
        _need("n_read", "bigint", "rows read"),
        _need("n_new", "bigint", "rows stored as new"),
        _need("n_changed", "bigint", "known rows stored as a new version"),
        _need("n_unchanged", "bigint", "known rows that said nothing new"),
        _need("n_rejected", "bigint", "rows refused"),
        _need("state", "text", "stored or undone", choices=("stored", "undone")),
        _need("actor", "text", "who confirmed it"),
        _need("created_at", "timestamp", "moment of storing", "UTC"),
        _may("undone_at", "timestamp", "moment of undo", "UTC"),
    )),
    Table("rejected_rows", "why a row of a file was refused", ("batch_id", "seq"), (
        _BATCH,
        _need("seq", "integer", "1, 2, 3 … within the batch"),
        _need("row", "bigint", "row number as in the file: the header is row 1"),
        _may("column_name", "text", "column of the file"),
        _need("code", "text", "code of the reason, as in geo.messages"),
        _need("reason", "text", "the reason in English"),
        _may("value", "text", "the value, shortened and masked"),
    )),
    Table("boundary_sets", "one version of the polygons of one level", ("set_id",), (
        _need("set_id", "text", "identity of the version"),
        _need("area_level", "text", "level", choices=AREA_LEVELS),
        _need("scope_id", "text", "ancestor area the set covers; empty = everything"),
        _need("status", "text", "draft: not in force on any day; published: in force from `valid_from` on; "
              "retired: was in force until `valid_to`", choices=SET_STATUSES),
        _may("valid_from", "date", "first day; empty = since ever"),
        _may("valid_to", "date", "first day no longer; empty = still"),
        _BATCH,
    )),
    Table("areas", "one polygon of one boundary set", ("set_id", "area_id"), (
        _need("set_id", "text", "boundary set"),
        _need("area_id", "text", "code, as issued"),
        _need("area_level", "text", "level", choices=AREA_LEVELS),
        _need("name", "text", "name"),
        _may("parent_id", "text", "area of the nearest coarser level that holds it"),
        _may("kind", "text", "estate, commerce, mixed … as the source says"),
        _need("geom", "multipolygon", "outline"),
        _need("west", "double", "western end", "deg"), _need("south", "double", "southern end", "deg"),
        _need("east", "double", "eastern end", "deg"), _need("north", "double", "northern end", "deg"),
        _need("area_m2", "double", "surface", "m²"),
        _may("residents", "bigint", "own figure of residents 常住人口"),
        _may("households", "bigint", "own figure of households"),
        _need("attributes", "json", "all other columns of the file, as text"),
    )),
    Table("area_aliases", "other names of an area or place", ("area_id", "alias"), (
        _need("area_id", "text", "area"),
        _need("alias", "text", "other name"),
        _BATCH,
    )),
    Table("area_staff", "who is responsible for an area, from when to when", ("area_id", "role", "name"), (
        _need("area_id", "text", "area"),
        _need("role", "text", "grid leader 网格长, grid worker 网格员 …"),
        _need("name", "text", "name of the person in charge"),
        _may("valid_from", "date", "first day"),
        _may("valid_to", "date", "first day no longer"),
        _BATCH,
    )),
    Table("categories", "what a case is about, two levels", ("category_id",), (
        _need("category_id", "text", "code, as the city numbers it, or the words of the source"),
        _may("parent_id", "text", "main class 大类"),
        _may("kind", "text", "component, event or service", choices=CASE_KINDS),
        _need("name", "text", "name"),
        _may("name_en", "text", "English name"),
        _may("limit_h", "double", "default time limit", "h"),
        _may("facility_kind", "text", "kind of facility it is about"),
    )),
    Table("cases", "one case 案件, as it stands now", ("case_id",), _CASE_COLUMNS),
    Table("case_versions", "former rows of cases", ("case_id", "version"), (*_CASE_COLUMNS, *_FORMER)),
    Table("case_areas", "the areas of a case, as reported and as they are now", ("case_id", "basis"), (
        _need("case_id", "text", "case"),
        _need("basis", "text", "reported (frozen) or current", choices=PLACEMENT_BASES),
        *_levels(),
        _need("sets", "text", "boundary sets used, joined by commas"),
        _need("placed_by", "text", "how", choices=PLACED_BY),
        _need("before_first_set", "boolean", "older than the first set, placed by it all the same"),
        _may("border_m", "double", "distance to the border of its finest area, where it is near", "m"),
        _BATCH,
    )),
    Table("case_facts", "derived: what dashboards count, a narrow row a case, sorted by area", ("case_no",), (
        _need("case_no", "bigint", "running number of the case"),
        _need("case_id", "text", "case"),
        *_codes(AREA_LEVELS),
        *_codes(("category", "kind", "channel", "closing_level", "department", "satisfaction")),
        _need("source_code", "integer", "source, coded in `fact_codes`"),
        _need("state_code", "integer", "state, coded in `fact_codes`"),
        _need("position_source_code", "integer", "where the position comes from, coded in `fact_codes`"),
        _may("reported_at", "timestamp", "moment of report", "UTC"),
        _may("closed_at", "timestamp", "moment of closing", "UTC"),
        _may("due_at", "timestamp", "deadline", "UTC"),
        _may("close_s", "bigint", "whole seconds from report to closing, rounded down; may be negative", "s"),
        _may("hour", "integer", "hour of report, 0 to 23, in the store's zone"),
        _may("weekday", "integer", "day of report, 1 (Monday) to 7, in the store's zone"),
        *_months(),
        _need("is_final", "boolean", "closed or rejected without a moment of closing"),
        _may("valid_callback", "boolean", "the call-back counts"),
        _may("contacted", "boolean", "contacted"), _may("solved", "boolean", "solved"),
        _may("lon", "double", "longitude", "deg"), _may("lat", "double", "latitude", "deg"),
        _may("h3", "bigint", "H3 cell of resolution 10"),
    )),
    Table("fact_codes", "derived: the short numbers that stand for text in `case_facts`",
          ("dimension", "code"), (
        _need("dimension", "text", "an area level, category, kind, source …"),
        _need("code", "integer", "1, 2, 3 … within the dimension"),
        _need("value", "text", "what it stands for"),
    )),
    Table("case_counts", "derived: sums of `case_facts` by month, one ledger; rows of one key are added up",
          ("district_code", "subdistrict_code", "dimension", "group_code", "month", "due_month"), (
        _may("district_code", "integer", "district, coded in `fact_codes`"),
        _may("subdistrict_code", "integer", "sub-district, coded in `fact_codes`"),
        _need("dimension", "text", "what `group_code` is a code of; 'all' = nothing"),
        _may("group_code", "integer", "group, coded in `fact_codes`; hour and weekday as they are"),
        _need("month", "integer", "months since year 0, in the store's zone: 12 × year + month - 1; "
              "-1 = without a moment"),
        _may("due_month", "integer", "month of the deadline, for `n_ahead` only"),
        *_sums(),
    )),
    Table("case_spans", "derived: seconds from report to closing, by sub-district, category and month of closing",
          ("district_code", "subdistrict_code", "category_code", "closed_month"), (
        _may("district_code", "integer", "district, coded in `fact_codes`"),
        _may("subdistrict_code", "integer", "sub-district, coded in `fact_codes`"),
        _may("category_code", "integer", "category, coded in `fact_codes`"),
        _need("closed_month", "integer", "month of closing", "12 × year + month - 1"),
        _need("spans_s", "bigints", "whole seconds of every case closed at or after its report, in any order", "s"),
    )),
    Table("case_events", "history of every case, one row per step, never edited", ("case_id", "seq"), (
        _need("case_id", "text", "case"),
        _need("seq", "integer", "1, 2, 3 … within the case"),
        _need("action", "text", "import, change, restore, move …"),
        _may("from_state", "text", "state before", choices=CASE_STATES),
        _need("to_state", "text", "state after", choices=CASE_STATES),
        _need("actor", "text", "user name, or 'system'"),
        _need("taken_at", "timestamp", "moment", "UTC"),
        _need("note", "text", "what changed, old → new; masked when shown"),
        _BATCH,
    )),
    Table("case_reporters", "who reported: personal, kept only when chosen", ("case_id",), (
        _need("case_id", "text", "case"),
        Column("name", "text", "name", personal=True),
        Column("telephone", "text", "telephone", personal=True),
        _BATCH,
    )),
    Table("facilities", "one facility 设施, as it stands now", ("facility_id",), _FACILITY_COLUMNS),
    Table("facility_versions", "former rows of facilities", ("facility_id", "version"),
          (*_FACILITY_COLUMNS, *_FORMER)),
    Table("facility_entrances", "gates and doors of a facility", ("facility_id", "seq"), (
        _need("facility_id", "text", "facility"),
        _need("seq", "integer", "1, 2, 3 … within the facility"),
        _need("lon", "double", "longitude", "deg"), _need("lat", "double", "latitude", "deg"),
        _BATCH,
    )),
    Table("population_points", "people at a point: building, hexagon, courtyard", ("source", "point_id"), (
        _need("source", "text", "list the figures came from"),
        _need("point_id", "text", "number of the point in that list"),
        _need("lon", "double", "longitude", "deg"), _need("lat", "double", "latitude", "deg"),
        _may("residents", "double", "residents 常住"), _may("registered", "double", "registered 户籍"),
        _may("elders", "double", "aged 60 and over"), _may("children", "double", "aged 0 to 14"),
        _may("households", "double", "households"),
        _may("as_of_on", "date", "date of the figures"),
        _BATCH,
    )),
    Table("buildings", "one building", ("building_id",), (
        _need("building_id", "text", "number, as issued"),
        _may("name", "text", "name or number, for example 3栋"),
        _may("courtyard_id", "text", "courtyard or estate it belongs to"),
        _may("street", "text", "street of its address"),
        _may("street_number", "text", "number on that street, for example 28号"),
        _may("use", "text", "residential, commerce …"),
        _may("storeys", "integer", "storeys"),
        _may("households", "integer", "households"),
        _need("lon", "double", "longitude of a point inside", "deg"),
        _need("lat", "double", "latitude of a point inside", "deg"),
        _may("geom", "multipolygon", "outline"),
        _BATCH,
    )),
    Table("residential_land", "land people live on, the official denominator of coverage", ("land_id",), (
        _need("land_id", "text", "number"),
        _need("geom", "multipolygon", "outline"),
        _may("source", "text", "where it comes from"),
        _may("as_of_on", "date", "date"),
        _BATCH,
    )),
    Table("street_nodes", "ends and crossings of streets", ("node_id",), (
        _need("node_id", "bigint", "number"),
        _need("lon", "double", "longitude", "deg"), _need("lat", "double", "latitude", "deg"),
        _BATCH,
    )),
    Table("street_edges", "one piece of street between two nodes", ("edge_id",), (
        _need("edge_id", "bigint", "number"),
        _need("from_node", "bigint", "start"), _need("to_node", "bigint", "end"),
        _need("length_m", "double", "length", "m"),
        _may("name", "text", "street name"),
        _may("kind", "text", "primary … footway, steps, bridge, water, rail"),
        _need("walk", "boolean", "may be walked"),
        _need("geom", "line", "course"),
        _BATCH,
    )),
    Table("former_rows", "rows of other tables that a later batch replaced", ("replaced_by", "seq"), (
        _need("replaced_by", "text", "batch that replaced the row; its undo brings it back"),
        _need("seq", "integer", "1, 2, 3 … within that batch"),
        _need("table_name", "text", "table of the row"),
        _need("row", "json", "the row; geometries as hexadecimal WKB"),
    )),
    Table("reporting_effort", "campaigns and patrols: how hard one looked", ("area_id", "on_date", "kind"), (
        _need("area_id", "text", "area"),
        _need("on_date", "date", "day"),
        _need("kind", "text", "campaign or patrol"),
        _need("amount", "double", "patrol days, or 1 for a campaign day"),
        _may("note", "text", "name of the campaign"),
        _BATCH,
    )),
    Table("runs", "every published figure can be reproduced from here", ("run_id",), (
        _need("run_id", "text", "identity"),
        _need("method", "text", "task that ran"),
        _need("parameters", "json", "its choices"),
        _need("data_version", "bigint", "version of the data it read"),
        _need("program_version", "text", "version of the program"),
        _need("created_at", "timestamp", "moment", "UTC"),
    )),
    Table("users", "who may use the store (empty until accounts exist)", ("user_name",), (
        _need("user_name", "text", "name"),
        _need("role", "text", "role"),
        _may("area_id", "text", "area the role is limited to"),
        _need("created_at", "timestamp", "moment", "UTC"),
    )),
    Table("audit_log", "what was done and what was refused, never edited", ("seq",), (
        _need("seq", "bigint", "1, 2, 3 …"),
        _need("taken_at", "timestamp", "moment", "UTC"),
        _need("actor", "text", "user name, or 'system'"),
        _need("action", "text", "import, undo, export …"),
        _need("object_id", "text", "what it was done to"),
        _need("outcome", "text", "done or refused", choices=("done", "refused")),
        _need("note", "text", "code of a refusal, counts; nothing personal"),
    )),
)  # fmt: skip

TABLES: dict[str, Table] = {table.name: table for table in _TABLES}
"""All tables by name, in an order in which they can be created."""
