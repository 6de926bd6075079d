"""What a store can do, whichever database stands behind it (存储接口).

A store keeps one city or district. Every import is one batch, kept whole or not at all; a batch can
be undone, which brings former rows back. Reads that feed a dashboard are grouped in SQL and return
whole numbers only (counts, discrete percentiles of whole seconds); shares and rates are made once,
in `geo.analysis.indicators`. Codes compare by code point. Moments are UTC in and out; months,
weekdays and hours are read in the store's own time zone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, TypeVar

import geopandas as gpd
import pandas as pd

from geo.errors import ChoiceError
from geo.messages import Language, say
from geo.schema import AreaLevel, BatchKind, PlacementBasis
from geo.vector_tiles import Tile

Answer = TypeVar("Answer")

GroupBy = Literal[
    "all", "district", "subdistrict", "community", "grid", "microgrid", "courtyard", "unit_grid",
    "category_id", "kind", "source", "channel", "closing_level", "department", "hour", "weekday", "month",
]  # fmt: skip
"""What a count can be grouped by. `hour` 0-23, `weekday` 1 (Monday) to 7 and `month` (text
YYYY-MM) are those of `reported_at` in the store's time zone."""


@dataclass(frozen=True)
class BatchHead:
    """What is known about a batch before it is stored."""

    kind: BatchKind
    file_name: str
    actor: str
    created_at: datetime
    sha256: str | None = None
    source: str | None = None
    coord_sys: str | None = None
    time_zone: str | None = None
    encoding: str | None = None
    choices: Mapping[str, object] = field(default_factory=dict)
    n_read: int = 0
    compared_after: int | None = None
    """Number of the newest batch when the rows were compared: none that a later batch wrote is replaced."""
    boundaries: tuple[str, ...] | None = None
    """Batches of the boundaries that were looked at (`Store.boundaries`): nothing is stored under others."""


@dataclass(frozen=True)
class Seen:
    """Which state of a row somebody looked at: an undo may bring an old version number back."""

    version: int
    batch_id: str

    def __str__(self) -> str:
        return f"{self.version}.{self.batch_id}"

    @classmethod
    def parse(cls, text: str) -> Seen:
        """Read what `str` wrote.

        Raises
        ------
        ChoiceError
            If it is nothing of the kind.

        Examples
        --------
        >>> Seen.parse("2.B000007")
        Seen(version=2, batch_id='B000007')
        """
        version, _, batch_id = text.partition(".")
        if not version.isdecimal() or not batch_id:
            raise ChoiceError("seen_unreadable", value=text)
        return cls(int(version), batch_id)


@dataclass(frozen=True)
class Receipt:
    """What storing a batch did."""

    batch_id: str
    n_new: int
    n_changed: int
    n_unchanged: int
    n_rejected: int
    data_version: int
    kind: str = ""
    """What was taken back: the kind of the batch; empty when storing."""
    n_beside: int = 0
    """Rows taken out that came along with what was imported, such as categories; not part of `n_new`."""


@dataclass(frozen=True)
class CaseFilter:
    """Which cases are meant; every field narrows, an empty one does not.

    Intervals are half open, `[from, to)`, in UTC. `area_id` needs `area_level` and is read from the
    `current` basis. `is_located=False` keeps the cases without a usable location.
    """

    area_level: AreaLevel | None = None
    area_id: str | None = None
    area_ids: tuple[str, ...] = ()
    """Any of these areas of `area_level`."""
    without: tuple[GroupBy | Literal["due_at"], ...] = ()
    """Cases that have no value of each of these: an area level, `category_id`, `channel`,
    `closing_level`, `department`, `kind`, `month` (no moment of report) or `due_at`."""
    reported_from: datetime | None = None
    reported_to: datetime | None = None
    closed_from: datetime | None = None
    closed_to: datetime | None = None
    open_at: datetime | None = None
    overdue_at: datetime | None = None
    due_from: datetime | None = None
    """With `due_to`: cases due to close in the period as `indicators` defines it."""
    due_to: datetime | None = None
    is_on_time: bool | None = None
    is_negative: bool | None = None
    """Closed before it was reported."""
    category_ids: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    closing_levels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    valid_callback: bool | None = None
    hour: int | None = None
    weekday: int | None = None
    is_located: bool | None = None
    is_placed: bool | None = None
    """Has an area of `area_level` (or of any level when none is named)."""
    text: str = ""
    """Searched, taken literally, in number, title, description and address."""
    h3: int | None = None
    """An H3 cell of any resolution up to 10."""
    box: tuple[float, float, float, float] | None = None
    """west, south, east, north in degrees."""
    at_point: tuple[float, float] | None = None
    """Exactly this longitude and latitude (repeat places, pile-ups)."""
    at_points: tuple[tuple[float, float], ...] = ()
    """Exactly at one of these."""
    not_at_points: tuple[tuple[float, float], ...] = ()
    """Not exactly at any of these; cases without a location stay."""
    case_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class BrokenRule:
    """One rule of the store that some rows break."""

    code: str
    """Of its sentence in `geo.messages`."""
    n: int
    """Rows that break it."""
    about: Mapping[str, str]
    """What the sentence names: tables and columns."""

    def say(self, language: Language = "en") -> str:
        """Return what is broken as one sentence."""
        return say(self.code, language, n=self.n, **self.about)


@dataclass(frozen=True)
class Comparison:
    """How incoming rows stand to what is stored, without storing anything."""

    status: pd.Series
    """new, changed or unchanged, in the caller's index."""
    changes: pd.DataFrame
    """One row per changed field: `row` (caller's index), `id`, `column_name`, `old`, `new`."""


@dataclass(frozen=True)
class Fingerprint:
    """What a table holds, in two numbers."""

    n_rows: int
    checksum: int

    def __str__(self) -> str:
        return f"{self.n_rows} {self.checksum:016x}"


@dataclass(frozen=True)
class Notice:
    """One thing that was found or done when a store was opened; a code of `geo.messages`."""

    code: str
    values: Mapping[str, object]

    def say(self, language: Language = "en") -> str:
        """Return it as one sentence."""
        return say(self.code, language, **self.values)


Progress = Callable[[str, int], None]
"""Told after each part of a copy: the table, and how many of its rows are done."""


class Store(Protocol):
    """One city or district, whichever database holds it. Use as a context manager."""

    @property
    def time_zone(self) -> str:
        """IANA name of the zone in which months, weekdays and hours are read."""

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was found and done when the store was opened: left open, migrated …"""

    def data_version(self) -> int:
        """Number that grows with every stored or undone batch and every placement."""

    def meta(self) -> dict[str, str]:
        """Facts about the store: `time_zone`, `created_at`, `data_version`, `demo` …"""

    def set_meta(self, name: str, value: str) -> None:
        """Keep a fact about the store, for example `demo`; the store's own facts cannot be set."""

    def at_once(self, work: Callable[[], Answer]) -> Answer:
        """Answer all questions of some work from one version of the data.

        The work must only read; it is begun once more when the database was lost meanwhile.
        """

    def verify(self) -> list[BrokenRule]:
        """Look for rows that break a rule of the store; an empty list means all is well."""

    # --- writing -----------------------------------------------------------------------------
    def store_rows(
        self, head: BatchHead, tables: Mapping[str, pd.DataFrame], *, rejected: pd.DataFrame | None = None
    ) -> Receipt:
        """Store the rows of any tables but cases and facilities as one batch.

        Columns are those of `geo.schema` less `batch_id`; missing optional columns are null;
        geometry columns hold shapely geometries. A row whose key is known replaces the former row,
        which is kept in `former_rows`; equal rows are *unchanged*.
        """

    def store_cases(
        self,
        head: BatchHead,
        cases: pd.DataFrame,
        areas: pd.DataFrame,
        *,
        reporters: pd.DataFrame | None = None,
        categories: pd.DataFrame | None = None,
        rejected: pd.DataFrame | None = None,
    ) -> Receipt:
        """Store checked cases and their areas as one batch.

        `cases` has the columns of `cases` less `version`, `batch_id`; a column that is absent was
        not in the file and leaves known cases as they are. `areas` has the columns of `case_areas`
        less `batch_id`. New categories are added, known ones left. Compares again inside the
        transaction, so what was confirmed in a preview is what is stored.
        """

    def store_facilities(
        self,
        head: BatchHead,
        facilities: pd.DataFrame,
        *,
        entrances: pd.DataFrame | None = None,
        rejected: pd.DataFrame | None = None,
    ) -> Receipt:
        """Store checked facilities as one batch, in the manner of `store_cases`."""

    def compare(self, table: Literal["cases", "facilities"], rows: pd.DataFrame, *,
                max_changes: int = 1000) -> Comparison:  # fmt: skip
        """Compare incoming rows with the stored ones of the same id; store nothing."""

    def edit_facility(self, facility_id: str, changes: Mapping[str, object], *, seen: Seen, actor: str,
                      taken_at: datetime) -> Receipt:  # fmt: skip
        """Change columns of one facility by hand, as a batch of its own.

        Raises
        ------
        StaleEditError
            If it is no longer what was `seen`; says who changed what, and stores nothing.
        MissingError
            If there is no such facility.
        ChoiceError
            If a column cannot be changed by hand.
        """

    def undo_batch(self, batch_id: str, *, actor: str, undone_at: datetime) -> Receipt:
        """Take a batch back; former rows return.

        Raises
        ------
        MissingError
            If there is no such batch, or it is undone already.
        ConflictError
            If a later batch stands on it; the message names that batch.
        """

    def replace_areas_of_cases(self, areas: pd.DataFrame, *, actor: str, taken_at: datetime) -> None:
        """Replace rows of `case_areas` (columns less `batch_id`) and the derived facts, atomically."""

    def boundaries(self) -> tuple[str, ...]:
        """Batches that made the boundaries what they are, drafts left out; changes with them."""

    def publish_set(self, head: BatchHead, set_id: str, *, valid_from: date | None, valid_to: date | None = None,
                    areas: pd.DataFrame | None = None) -> Receipt:  # fmt: skip
        """Put a draft in force from a day on, as a batch of its own; `areas` are rows that get other parents.

        The set it follows is retired on that day.

        Raises
        ------
        MissingError
            If there is no such draft.
        StoreError
            If it would overlap another set in time and place; the message names both.
        StaleEditError
            If boundaries came or went since `head.boundaries`.
        """

    def retire_set(self, head: BatchHead, set_id: str, *, on: date) -> Receipt:
        """Let a published set end on a day, its first day no longer in force, as a batch of its own.

        Raises
        ------
        MissingError
            If there is no such set in force.
        StoreError
            If it would end before it begins.
        StaleEditError
            If boundaries came or went since `head.boundaries`.
        """

    def rebuild(self, *, actor: str, taken_at: datetime) -> None:
        """Derive facts, codes and sums of all cases anew, atomically: what `verify` finds wrong in them goes."""

    def add_run(
        self, run_id: str, method: str, parameters: Mapping[str, object], created_at: datetime
    ) -> None:
        """Keep what is needed to reproduce a published figure."""

    def add_audit(self, action: str, object_id: str, outcome: Literal["done", "refused"], *,
                  actor: str, taken_at: datetime, note: str = "") -> None:  # fmt: skip
        """Append one row to the audit log."""

    # --- reading rows --------------------------------------------------------------------------
    def read(
        self,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        where: Mapping[str, object] | None = None,
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Read rows of one table; `where` is column → value or list of values, joined by AND.

        Geometry columns come back as shapely geometries; moments as UTC timestamps.
        """

    def read_areas(self, level: AreaLevel, *, on: date | None = None, parent_id: str | None = None,
                   area_ids: Sequence[str] | None = None, with_geometry: bool = True) -> gpd.GeoDataFrame:  # fmt: skip
        """Read the published areas of one level on a date (newest when none), WGS84, by `area_id`.

        `parent_id` keeps the areas under that ancestor, however many levels up it stands; `area_ids` keeps
        those with the codes.
        """

    def area_tile(self, level: AreaLevel, tile: Tile, *, parent_id: str | None = None) -> bytes:
        """Write the published areas of one level on a tile (newest sets) as a Mapbox vector tile.

        Every area whose box touches the tile is on it, with `area_id` and `name`, whole and in order of
        `area_id`; see `geo.vector_tiles`. `parent_id` keeps the areas under that ancestor. Empty where
        there is none.
        """

    def find_area(self, area_id: str, *, level: AreaLevel | None = None) -> pd.DataFrame:
        """Return the published areas with that code (one row per level), newest set, no geometry."""

    def search_areas(self, text: str, *, limit: int = 20) -> pd.DataFrame:
        r"""Find areas by name, alias or code; `%`, `_` and `\\` are taken literally."""

    def list_cases(self, where: CaseFilter, *, columns: Sequence[str] | None = None,
                   sort: Sequence[tuple[str, Literal["up", "down"]]] = (), limit: int | None = None,
                   offset: int = 0) -> pd.DataFrame:  # fmt: skip
        """List cases with the ids of their current areas; ties broken by `case_id`."""

    def list_batches(self, *, limit: int = 100) -> pd.DataFrame:
        """Rows of `import_batches`, newest first."""

    # --- counting ------------------------------------------------------------------------------
    def count_cases(self, where: CaseFilter) -> int:
        """Count the cases a filter means."""

    def count_rows(self) -> dict[str, int]:
        """Count the rows of every table."""

    def period_counts(self, by: GroupBy, where: CaseFilter, *, start: datetime, end: datetime,
                      with_percentiles: bool = True) -> pd.DataFrame:  # fmt: skip
        """Count what happened in `[start, end)`, grouped; whole numbers only.

        Without percentiles the columns `p01_s` … are empty and a wide question is answered from
        sums by month alone, many times faster. `where` must not narrow time itself. One row per group
        that has any case, column `group`
        (None = the cases have no value of `by`), then:

        - `n_new` reported in the period
        - `n_closed` closed in the period (`closed_at` inside)
        - `n_open` open at `end`: reported before it, not closed before it, not closed or rejected
          without a moment of closing
        - `n_overdue` of these, those with `due_at` before `end`
        - `n_due`, `n_on_time` due to close in the period, and closed by their deadline. Due: the
          deadline lies in the period, or it was closed in the period ahead of a later deadline, or
          it was carried over open with a deadline before the period
        - `n_closed_without_due` closed in the period without any deadline
        - `n_timed` closed in the period at or after `reported_at`; `n_negative` closed before it
        - `p01_s` … `p99_s` discrete percentiles (1, 5, 10, 15 … 90, 95, 99) of whole seconds from
          `reported_at` to `closed_at` of the `n_timed`, as floats, since a group may have none
        - `n_callbacks`, `n_contacted`, `n_solved`, `n_satisfied`, `n_basically_satisfied` of the
          cases closed in the period with `valid_callback`
        - `n_unlocated` of `n_new`, those without a usable location
        - `n_rejected` of `n_new`, those in state rejected
        """

    def month_counts(self, by: GroupBy, where: CaseFilter) -> pd.DataFrame:
        """Count by calendar month of the store's zone over all time, grouped.

        Columns `group`, `month` (YYYY-MM), `n_new` (reported), `n_closed` (closed), `n_late` (whose
        deadline passed that month while open), `n_late_closed` (of these, closed that month),
        `n_opened` (reported that month, and not final without a moment of closing) and `n_ended`
        (of these, no longer open: under the later of report and closing). Open at the end of a
        month is the sum of `n_opened - n_ended` up to it, overdue that of `n_late - n_late_closed`.
        """

    def cross_counts(self, by: GroupBy, and_by: GroupBy, where: CaseFilter) -> pd.DataFrame:
        """Count the cases a filter means in two directions: `group`, `and_group`, `n`."""

    def hexagon_counts(self, where: CaseFilter, *, resolution: int) -> pd.DataFrame:
        """Count located cases per H3 cell (resolution 5 to 10): `h3`, `n`."""

    def pile_ups(self, where: CaseFilter, *, least: int) -> pd.DataFrame:
        """Points that carry at least `least` cases: `lon`, `lat`, `n`, most first."""

    def moments(self) -> tuple[datetime | None, datetime | None]:
        """First and last moment of report or closing in the store."""

    def read_case_areas(
        self, basis: PlacementBasis, *, case_ids: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Rows of `case_areas` of one basis."""

    def residents(self, level: AreaLevel, *, parent_id: str | None = None) -> pd.DataFrame:
        """Read own figures of the published areas.

        Columns `area_id`, `name`, `parent_id`, `residents`,
        `households`, `area_m2`.
        """

    def count_under(self, area_id: str) -> dict[AreaLevel, int]:
        """Number of published areas under one, however many levels up it stands, by level."""

    def fingerprints(self, *, progress: Progress | None = None) -> dict[str, Fingerprint]:
        """Number of rows and checksum of every table, in one version of the data."""

    def copy_into(self, target: Store, *, progress: Progress | None = None) -> dict[str, Fingerprint]:
        """Copy everything into an empty store, atomically, and prove it; return what each table holds.

        Raises
        ------
        StoreError
            If the target holds data, or what was read back from it differs.
        """

    def recast(self, sets: pd.DataFrame, areas: gpd.GeoDataFrame, *, placed: pd.DataFrame | None) -> Store:
        """Return a store in memory with the same cases, people and places under other boundaries.

        `sets` and `areas` are rows of those tables. `placed` are rows of `case_areas` (without `basis` and
        `batch_id`) that stand for the present; without them it is what the cases were reported in. To be closed.
        """

    def close(self) -> None:
        """Close the store."""

    def __enter__(self) -> Store: ...

    def __exit__(self, *exc: object) -> None: ...
