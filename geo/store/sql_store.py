"""The store interface over any database that speaks the shared SQL (存储).

`SqlStore` says what a store can do and hands each task to the module that knows it; which database
stands behind it is decided in `opening`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, Self, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from geo.schema import TABLES, AreaLevel, PlacementBasis
from geo.store import (
    batches,
    copying,
    counting,
    crowds,
    editing,
    listing,
    placing,
    publishing,
    reading,
    recasting,
    tiles,
    undoing,
    verifying,
)
from geo.store import cases as case_batches
from geo.store.base import (
    BatchHead,
    BrokenRule,
    CaseFilter,
    Comparison,
    Fingerprint,
    GroupBy,
    Notice,
    Progress,
    Receipt,
    Seen,
    Store,
)
from geo.store.boundary_sets import boundaries_of
from geo.store.codes import FactTable, open_facts
from geo.store.database import Database, count, every
from geo.store.frames import to_pandas
from geo.store.refreshing import rebuild_facts
from geo.store.staging import ROW, arrive, compare_rows, find_known, list_changes, names_of
from geo.vector_tiles import Tile

Answer = TypeVar("Answer")


class SqlStore:
    """One city or district in one database; see `geo.store.base.Store`."""

    def __init__(self, db: Database, time_zone: str, *, notices: tuple[Notice, ...] = ()) -> None:
        self._db = db
        self._notices = notices
        self._turning = threading.Lock()
        self._local = threading.local()
        self._facts = open_facts(db, -1, time_zone)
        self._time_zone = time_zone

    def at_once(self, work: Callable[[], Answer]) -> Answer:
        """Answer all questions of some work from one version of the data."""

        def answer() -> Answer:
            self._local.facts = self._facts_now()
            try:
                return work()
            finally:
                self._local.facts = None

        if getattr(self._local, "facts", None) is not None:
            return work()
        return self._db.reading(answer)

    def _ask(self, question: Callable[[FactTable], Answer]) -> Answer:
        """Answer from one version of the data; each version has a memory of its own."""
        held: FactTable | None = getattr(self._local, "facts", None)
        if held is not None:
            return question(held)
        return self._db.reading(lambda: question(self._facts_now()))

    def _facts_now(self) -> FactTable:
        """Return the facts of the version that is seen now."""
        version = self._read_version()
        with self._turning:  # or each of many readers of a new version would remember for himself
            if self._facts.version != version:
                self._facts = open_facts(self._db, version, self._time_zone)
            return self._facts

    @property
    def time_zone(self) -> str:
        """IANA name of the zone in which months, weekdays and hours are read."""
        return self._time_zone

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What was found and done when the store was opened."""
        return self._notices

    def data_version(self) -> int:
        """Return the number that grows with every batch, undo and placement."""
        held: FactTable | None = getattr(self._local, "facts", None)
        return self._read_version() if held is None else held.version

    def _read_version(self) -> int:
        return count(self._db, "SELECT CAST(value AS bigint) FROM store_meta WHERE name = 'data_version'")

    def meta(self) -> dict[str, str]:
        """Return facts about the store."""
        rows = every(self._db, "SELECT name, value FROM store_meta ORDER BY name")
        return {str(row["name"]): str(row["value"]) for row in rows}

    def set_meta(self, name: str, value: str) -> None:
        """Keep a fact about the store, for example `demo`; the store's own facts cannot be set."""
        with self._db.transaction():
            self._db.run(
                "DELETE FROM store_meta WHERE name = $1 AND name NOT IN ('time_zone', 'data_version')", [name]
            )
            self._db.run("INSERT INTO store_meta (name, value) VALUES ($1, $2)", [name, value])

    # --- writing -----------------------------------------------------------------------------
    def store_rows(
        self, head: BatchHead, tables: Mapping[str, pd.DataFrame], *, rejected: pd.DataFrame | None = None
    ) -> Receipt:
        """Store the rows of any tables but cases and facilities as one batch."""
        return batches.store_rows(self._db, head, tables, rejected)

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
        """Store checked cases and their areas as one batch."""
        return case_batches.store_cases(
            self._db, head, cases, areas, time_zone=self._time_zone, reporters=reporters,
            categories=categories, rejected=rejected,
        )  # fmt: skip

    def store_facilities(
        self,
        head: BatchHead,
        facilities: pd.DataFrame,
        *,
        entrances: pd.DataFrame | None = None,
        rejected: pd.DataFrame | None = None,
    ) -> Receipt:
        """Store checked facilities as one batch."""
        return case_batches.store_facilities(
            self._db, head, facilities, entrances=entrances, rejected=rejected
        )

    def compare(
        self, table: Literal["cases", "facilities"], rows: pd.DataFrame, *, max_changes: int = 1000
    ) -> Comparison:
        """Compare incoming rows with the stored ones of the same id; store nothing."""
        known = TABLES[table]
        arrived = arrive(rows, known)
        with self._db.snapshot():
            is_known = find_known(self._db, known, arrived)
            self._db.stage("arriving", arrived.filter(pa.array(is_known)))
            names = names_of(arrived)
            compare_rows(self._db, "arriving", known, names)
            changed = self._db.query(f"SELECT {ROW} FROM compared WHERE status = 'changed'")
            changes = to_pandas(list_changes(self._db, "arriving", known, names, limit=max_changes))
            self._db.drop("compared", "arriving")
        status = np.where(is_known, "unchanged", "new").astype(object)
        status[changed[ROW].to_numpy()] = "changed"
        changes.insert(0, "row", rows.index.to_numpy()[changes.pop(ROW).to_numpy(dtype="int64")])
        return Comparison(pd.Series(status, index=rows.index, dtype="str"), changes)

    def edit_facility(
        self, facility_id: str, changes: Mapping[str, object], *, seen: Seen, actor: str, taken_at: datetime
    ) -> Receipt:
        """Change columns of one facility by hand, unless somebody else has changed it since."""
        return editing.edit_facility(
            self._db,
            facility_id,
            changes,
            seen=seen,
            actor=actor,
            taken_at=taken_at,
            time_zone=self._time_zone,
        )

    def undo_batch(self, batch_id: str, *, actor: str, undone_at: datetime) -> Receipt:
        """Take a batch back; former rows return."""
        return undoing.undo_batch(
            self._db, batch_id, actor=actor, undone_at=undone_at, time_zone=self._time_zone
        )

    def replace_areas_of_cases(self, areas: pd.DataFrame, *, actor: str, taken_at: datetime) -> None:
        """Replace rows of `case_areas` and the derived facts, atomically."""
        placing.replace_areas_of_cases(
            self._db, areas, actor=actor, taken_at=taken_at, time_zone=self._time_zone
        )

    def boundaries(self) -> tuple[str, ...]:
        """Return the batches that made the boundaries what they are, drafts left out."""
        return boundaries_of(self._db)

    def publish_set(
        self, head: BatchHead, set_id: str, *, valid_from: date | None, valid_to: date | None = None,
        areas: pd.DataFrame | None = None,
    ) -> Receipt:  # fmt: skip
        """Put a draft in force from a day on, as a batch of its own."""
        return publishing.publish_set(
            self._db, head, set_id, valid_from=valid_from, valid_to=valid_to, areas=areas
        )

    def retire_set(self, head: BatchHead, set_id: str, *, on: date) -> Receipt:
        """Let a published set end on a day, as a batch of its own."""
        return publishing.retire_set(self._db, head, set_id, on=on)

    def rebuild(self, *, actor: str, taken_at: datetime) -> None:
        """Derive facts, codes and sums of all cases anew, atomically."""
        with self._db.transaction():
            rebuild_facts(self._db, time_zone=self._time_zone)
            batches.add_audit(self._db, "rebuild", "facts", "done", actor=actor, taken_at=taken_at, note="")
            batches.bump_version(self._db)

    def add_run(
        self, run_id: str, method: str, parameters: Mapping[str, object], created_at: datetime
    ) -> None:
        """Keep what is needed to reproduce a published figure."""
        text = json.dumps(dict(parameters), ensure_ascii=False, sort_keys=True, default=str)
        with self._db.transaction():
            self._db.run(
                "INSERT INTO runs (run_id, method, parameters, data_version, program_version, created_at) "
                "VALUES ($1, $2, $3, $4, $5, $6)",
                [run_id, method, text, self.data_version(), _program_version(), created_at],
            )

    def add_audit(
        self, action: str, object_id: str, outcome: Literal["done", "refused"], *, actor: str,
        taken_at: datetime, note: str = "",
    ) -> None:  # fmt: skip
        """Append one row to the audit log."""
        with self._db.transaction():
            batches.add_audit(self._db, action, object_id, outcome, actor=actor, taken_at=taken_at, note=note)

    # --- reading rows ------------------------------------------------------------------------
    def read(
        self,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        where: Mapping[str, object] | None = None,
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Read rows of one table."""
        return reading.read_rows(
            self._db, table, columns=columns, where=where, order_by=order_by, limit=limit
        )

    def read_areas(
        self,
        level: AreaLevel,
        *,
        on: date | None = None,
        parent_id: str | None = None,
        area_ids: Sequence[str] | None = None,
        with_geometry: bool = True,
    ) -> gpd.GeoDataFrame:
        """Read the published areas of one level on a date, WGS84, by `area_id`."""

        def answer(facts: FactTable) -> gpd.GeoDataFrame:
            chosen = area_ids
            if parent_id is not None:
                under = _find_under(facts, level, parent_id, on)
                chosen = under if area_ids is None else sorted({*under} & {*area_ids})
            return reading.read_areas(self._db, level, on=on, area_ids=chosen, with_geometry=with_geometry)

        return self._ask(answer)

    def area_tile(self, level: AreaLevel, tile: Tile, *, parent_id: str | None = None) -> bytes:
        """Write the published areas of one level on a tile as a Mapbox vector tile."""

        def answer(facts: FactTable) -> bytes:
            under = None if parent_id is None else _find_under(facts, level, parent_id, None)
            return tiles.area_tile(self._db, level, tile, area_ids=under)

        return self._ask(answer)

    def find_area(self, area_id: str, *, level: AreaLevel | None = None) -> pd.DataFrame:
        """Return the published areas with that code, no geometry."""
        return self._ask(
            lambda facts: _remember(
                facts, ("area", area_id, level), lambda: reading.find_area(self._db, area_id, level=level)
            )
        )

    def search_areas(self, text: str, *, limit: int = 20) -> pd.DataFrame:
        """Find areas by name, alias or code."""
        return reading.search_areas(self._db, text, limit=limit)

    def list_cases(
        self,
        where: CaseFilter,
        *,
        columns: Sequence[str] | None = None,
        sort: Sequence[tuple[str, Literal["up", "down"]]] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> pd.DataFrame:
        """List cases with the ids of their current areas."""
        return self._ask(
            lambda facts: listing.list_cases(
                facts, where, columns=columns, sort=sort, limit=limit, offset=offset
            )
        )

    def list_batches(self, *, limit: int = 100) -> pd.DataFrame:
        """Return rows of `import_batches`, newest first."""
        rows = self.read("import_batches")
        order = rows["batch_id"].str.slice(1).astype("int64").sort_values(ascending=False).index
        return rows.loc[order].head(limit).reset_index(drop=True)

    # --- counting ----------------------------------------------------------------------------
    def count_cases(self, where: CaseFilter) -> int:
        """Count the cases a filter means."""
        return self._ask(lambda facts: counting.count_cases(facts, where))

    def count_rows(self) -> dict[str, int]:
        """Count the rows of every table."""
        return reading.count_rows(self._db)

    def period_counts(
        self, by: GroupBy, where: CaseFilter, *, start: datetime, end: datetime, with_percentiles: bool = True
    ) -> pd.DataFrame:
        """Count what happened in `[start, end)`, grouped."""

        def answer(facts: FactTable) -> pd.DataFrame:
            key = ("period", by, where, start, end, with_percentiles)
            return _remember(
                facts,
                key,
                lambda: counting.period_counts(
                    facts, by, where, start=start, end=end, with_percentiles=with_percentiles
                ),
            )

        return self._ask(answer)

    def month_counts(self, by: GroupBy, where: CaseFilter) -> pd.DataFrame:
        """Count by calendar month of the store's zone over all time, grouped."""
        return self._ask(lambda facts: counting.month_counts(facts, by, where))

    def cross_counts(self, by: GroupBy, and_by: GroupBy, where: CaseFilter) -> pd.DataFrame:
        """Count the cases a filter means in two directions."""
        return self._ask(lambda facts: counting.cross_counts(facts, by, and_by, where))

    def hexagon_counts(self, where: CaseFilter, *, resolution: int) -> pd.DataFrame:
        """Count located cases per H3 cell."""
        return self._ask(lambda facts: counting.hexagon_counts(facts, where, resolution=resolution))

    def pile_ups(self, where: CaseFilter, *, least: int) -> pd.DataFrame:
        """Find points that carry at least `least` cases."""
        return self._ask(lambda facts: crowds.pile_ups(facts, where, least=least))

    def moments(self) -> tuple[datetime | None, datetime | None]:
        """Return the first and last moment of report or closing in the store."""
        return self._ask(
            lambda facts: facts.memory.get(("moments",), lambda: _read_moments(facts.db), size=lambda _: 100)
        )

    def read_case_areas(
        self, basis: PlacementBasis, *, case_ids: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Read rows of `case_areas` of one basis."""
        return reading.read_case_areas(self._db, basis, case_ids)

    def residents(self, level: AreaLevel, *, parent_id: str | None = None) -> pd.DataFrame:
        """Read own figures and boxes of the published areas."""

        def answer(facts: FactTable) -> pd.DataFrame:
            table = _remember(facts, ("residents", level), lambda: reading.residents(self._db, level))
            if parent_id is None:
                return table
            under = _find_under(facts, level, parent_id, None)
            return table[table["area_id"].isin(under)].reset_index(drop=True)

        return self._ask(answer)

    def count_under(self, area_id: str) -> dict[AreaLevel, int]:
        """Count the published areas under one, by level."""
        under = self._ask(lambda facts: _find_all_under(facts, area_id, None))
        return {level: len(codes) for level, codes in under.items()}

    def verify(self) -> list[BrokenRule]:
        """Look for rows that break a rule of the store; an empty list means all is well."""
        # with a memory of its own: what is remembered proves nothing
        return self._ask(lambda facts: verifying.verify(open_facts(self._db, facts.version, self._time_zone)))

    def fingerprints(self, *, progress: Progress | None = None) -> dict[str, Fingerprint]:
        """Return the number of rows and the checksum of every table."""
        return copying.fingerprints(self._db, progress=progress)

    def copy_into(self, target: Store, *, progress: Progress | None = None) -> dict[str, Fingerprint]:
        """Copy everything into an empty store, atomically, and prove it."""
        if not isinstance(target, SqlStore):
            raise TypeError("a store is copied into another store of this program")
        return copying.copy_rows(self._db, target._db, progress=progress)

    def recast(self, sets: pd.DataFrame, areas: gpd.GeoDataFrame, *, placed: pd.DataFrame | None) -> SqlStore:
        """Return a store in memory with the same cases under other boundaries."""
        db = recasting.recast(self._db, time_zone=self._time_zone, sets=sets, areas=areas, placed=placed)
        return SqlStore(db, self._time_zone)

    def close(self) -> None:
        """Close the store."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _remember(facts: FactTable, key: Hashable, read: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Return a small table read once per version of the data; what the caller does to it stays with him."""
    table = facts.memory.get(key, read, size=_bytes_of)
    return table.copy(deep=False)


_TEXT_BYTES = 70
"""What a code or a name takes in memory, about; weighing fifty thousand of them one by one takes longer than
reading them."""


def _bytes_of(table: pd.DataFrame) -> int:
    n_texts = sum(kind.kind == "O" for kind in table.dtypes)
    return int(len(table) * (8 * len(table.columns) + _TEXT_BYTES * n_texts))


def _find_under(facts: FactTable, level: AreaLevel, parent_id: str, on: date | None) -> list[str]:
    return _find_all_under(facts, parent_id, on)[level]


def _find_all_under(facts: FactTable, parent_id: str, on: date | None) -> reading.Under:
    def read() -> reading.Tree:
        return reading.read_tree(facts.db, on)

    def find() -> reading.Under:
        tree = facts.memory.get(("tree", on), read, size=_size_of)
        return reading.find_under(tree, parent_id)

    return facts.memory.get(("under", parent_id, on), find, size=_size_of)


def _size_of(parts: Mapping[AreaLevel, Sequence[object]] | Mapping[str, Sequence[object]]) -> int:
    return 200 * sum(len(part) for part in parts.values())


def _read_moments(db: Database) -> tuple[datetime | None, datetime | None]:
    row = every(
        db,
        "SELECT least(min(reported_at), min(closed_at)) AS first, "
        "greatest(max(reported_at), max(closed_at)) AS last FROM case_facts",
    )[0]
    return _as_moment(row["first"]), _as_moment(row["last"])


def _as_moment(value: object) -> datetime | None:
    return value.astimezone(UTC) if isinstance(value, datetime) else None


def _program_version() -> str:
    try:
        return version("getu")
    except PackageNotFoundError:
        return "0"
