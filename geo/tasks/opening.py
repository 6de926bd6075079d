"""Open a store and say what is in it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import gettempdir

from geo.analysis.assign import warm_up as compile_placing
from geo.errors import MissingError
from geo.messages import say
from geo.schema import AREA_LEVELS, AreaLevel
from geo.settings import Settings
from geo.store import open_store as open_store_at
from geo.store.base import CaseFilter, Store
from geo.store.crowds import warm_up as compile_counting
from geo.store.postgis_connect import Limits
from geo.whole_files import sweep

log = logging.getLogger(__name__)

DEMO_SOURCE = "demo"
"""Source under which the batches of a demo district are stored."""


@dataclass(frozen=True)
class StoreSummary:
    """What a store holds, in numbers."""

    n_areas: dict[AreaLevel, int]
    """Published areas of each level that has any, coarsest first."""
    n_cases: int
    n_unlocated: int
    """Cases without a usable location; part of `n_cases`."""
    n_facilities: int
    n_people: int
    """Residents at population points."""
    data_as_of: datetime | None
    """Last moment of report or closing, UTC."""
    data_version: int
    time_zone: str
    is_demo: bool

    @property
    def levels(self) -> tuple[AreaLevel, ...]:
        """Levels that have published areas, coarsest first."""
        return tuple(self.n_areas)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look at: no areas, cases or facilities."""
        return not (self.n_areas or self.n_cases or self.n_facilities)


def open_store(settings: Settings) -> Store:
    """Open the store the settings name, creating it where there is none.

    Raises
    ------
    StoreError
        If the address is not understood, the file is not a store of ours, or the server cannot be
        used.
    StoreLockedError
        If another program has it open.
    StoreVersionError
        If a newer program wrote it.

    Notes
    -----
    What a stopped program left behind is taken away first, and that is said, in the log, in the language
    of the settings; so is what the store says of its opening.
    """
    n_swept = sum(sweep(folder) for folder in _folders_of(settings))
    store = open_store_at(
        settings.store_url,
        time_zone=settings.time_zone,
        memory_mb=settings.store_memory_mb,
        threads=settings.store_threads,
        limits=limits_of(settings),
        backup_folder=settings.backup_folder,
        n_swept=n_swept,
    )
    for notice in store.notices:
        log.warning(notice.say("zh" if settings.language == "zh" else "en"))
    return store


def _folders_of(settings: Settings) -> list[Path]:
    """Return where this program writes files of its own accord: store, backups, passwords, uploads."""
    scheme, _, place = settings.store_url.partition(":")
    beside = [Path(place).parent] if scheme == "duckdb" and place != ":memory:" else []
    own = [*beside, Path(settings.backup_folder), Path(settings.access_file).parent, Path(gettempdir())]
    return list(dict.fromkeys(own))


def say_swept(n: int, settings: Settings) -> None:
    """Say in the log how many files of a stopped program were taken away, if any."""
    if n:
        log.warning(say("start_swept", "zh" if settings.language == "zh" else "en", n=n))


def limits_of(settings: Settings) -> Limits:
    """Return how many connections to a server there may be, and how long things may take there."""
    return Limits(connections=settings.store_connections, read_s=settings.store_timeout_s)


def warm_up() -> None:
    """Compile what dashboards and placing points need, or load it from its cache; call it where nobody waits."""
    compile_counting()
    compile_placing()


def require_cases(store: Store) -> None:
    """Pass a store that holds cases; tell of another what it holds instead.

    Raises
    ------
    MissingError
        If there are no cases.
    """
    counts = store.count_rows()
    if counts["cases"]:
        return
    if counts["facilities"] or counts["areas"]:
        raise MissingError("only_places_yet", n_facilities=counts["facilities"], n_areas=counts["areas"])
    raise MissingError("no_cases_yet")


def describe_store(store: Store) -> StoreSummary:
    """Count what the store holds."""
    n_areas: dict[AreaLevel, int] = {}
    for level in AREA_LEVELS:
        if n := len(store.residents(level)):
            n_areas[level] = n
    counts = store.count_rows()
    people = store.read("population_points", columns=["residents"])["residents"]
    sources = store.read(
        "import_batches", columns=["source"], where={"source": DEMO_SOURCE, "state": "stored"}
    )
    return StoreSummary(
        n_areas=n_areas,
        n_cases=counts["cases"],
        n_unlocated=store.count_cases(CaseFilter(is_located=False)),
        n_facilities=counts["facilities"],
        n_people=round(float(people.fillna(0).sum())),
        data_as_of=store.moments()[1],
        data_version=store.data_version(),
        time_zone=store.time_zone,
        is_demo=len(sources) > 0,
    )
