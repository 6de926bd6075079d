"""Kill -9 at random moments of everything that writes, on both stores, and look at what is left.

`make stress` runs it: 200 kills (`--kills`), drawn from `--seed`, spread evenly over storing cases,
storing boundaries, undo, placing, copying, migrating and backing up, on DuckDB and on a private
PostgreSQL server with fsync on. Each kill strikes a process of its own at a moment drawn evenly from
the time the same work took undisturbed. Then the store is opened as the next start would, and:

- it stands as before or as after (or part way between whole transactions: boundaries in and cases not
  placed yet, the first of two migrations applied);
- `verify` finds nothing;
- what the killed process left behind is found, taken away, and said;
- the work can be done again, and ends as undisturbed work does.

Exit code 1 when any of this fails. Writes one line a kill, and a table at the end.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from geo.settings import Settings
from geo.store import Store, migrating, open_store
from geo.tasks.opening import open_store as start
from tests.databases import KINDS, DuckdbPlaces, Places, PostgisPlaces, Server, find_server_programs
from tests.store import kill_me
from tests.store.big_deeds import DEEDS, LAST, newest_number
from tests.store.killer import HERE, Killer
from tests.store.next_migrations import REAL, make_newer

SCRIPT = HERE / "kill_many.py"
LEFT = ("*.unfinished*", "*.wal", "duckdb_temp_*")
"""Names of what a killed process may leave behind."""
OPERATIONS = ("import", "boundaries", "undo", "place", "copy", "migrate", "back up")

Digest = dict[str, object]


class Said(logging.Handler):
    """Keeps what the program says at its start."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(record.getMessage())


@dataclass
class Tally:
    """What happened in one operation on one store."""

    kills: int = 0
    too_late: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    left_behind: int = 0
    failures: list[str] = field(default_factory=list)


def digest(store: Store) -> Digest:
    """Fingerprints of every table; spans are lists in any order, so they are sorted first."""
    found: Digest = dict(store.fingerprints())
    spans = store.read("case_spans")
    keys = [name for name in spans.columns if name != "spans_s"]
    found["case_spans"] = sorted(
        (*map(str, row[:-1]), tuple(sorted(row[-1])))
        for row in spans[[*keys, "spans_s"]].itertuples(index=False, name=None)
    )
    found.pop("store_meta")
    return found


def digest_at(url: str) -> Digest:
    """Digest of a store that nobody has open."""
    with open_store(url, now=kill_me.NOW) as store:
        return digest(store)


class Bench:
    """Stores of one kind of database: those to start from, and what they must become."""

    def __init__(self, places: Places, others: Places, folder: Path, killer: Killer, newer: Path) -> None:
        self.places, self.others, self.folder, self.killer, self.newer = places, others, folder, killer, newer
        self.kind = places.kind
        self.bases = {
            "import": self._make("import", "bring grids", "bring first"),
            "boundaries": self._make("boundaries", "bring first"),
            "undo": self._make("undo", "bring grids", "bring first", "import"),
        }
        for operation in ("place", "copy", "migrate", "back up"):
            self.bases[operation] = self.bases["import"]
        self.allowed: dict[str, list[tuple[str, Digest]]] = {}
        self.seconds: dict[str, float] = {}
        for operation in OPERATIONS:
            self._measure(operation)

    def _make(self, name: str, *deeds: str) -> str:
        url = self.places.new(name)
        with open_store(url, now=kill_me.NOW) as store:
            for deed in deeds:
                DEEDS[deed](store)
        return url

    def _measure(self, operation: str) -> None:
        """Do it undisturbed: how long it takes, and what it leads to."""
        before = digest_at(self.bases[operation])
        url, other = self.prepare(operation)
        if operation == "boundaries":
            assert self.killer.do(operation, url, fail_at="batch.committed")[0] == -signal.SIGKILL
            between = digest_at(url)
            url, other = self.prepare(operation)
        code, self.seconds[operation] = self.do(operation, url, other)
        assert code == 0, operation
        with self.program(operation):
            after = digest_at(self.result(operation, url, other))
        self.allowed[operation] = [("before", before), ("after", after)]
        if operation == "boundaries":
            self.allowed[operation].append(("not placed yet", between))
        if operation in ("copy", "back up", "migrate"):
            assert before == after, operation

    def prepare(self, operation: str) -> tuple[str, str]:
        """Make the stores one kill works on: the address, and that of the other store or file."""
        for left in (*(self.folder / "kept").glob("*"), *self.folder.glob("*.before-*")):
            left.unlink()
        base = self.bases[operation]
        url = base if operation in ("copy", "back up") else self.places.copy(base, "struck")
        if operation == "copy":
            empty = self.others.new("nothing")
            open_store(empty, now=kill_me.NOW).close()
            return url, self.others.copy(empty, "target")
        return url, str(self.folder / "kept" / ("backup.duckdb" if operation == "back up" else ""))

    def do(
        self, operation: str, url: str, other: str, *, kill_after_s: float | None = None
    ) -> tuple[int, float]:
        """Do it in a process of its own."""
        migrations = self.newer if operation == "migrate" else ""
        deed = "open" if operation == "migrate" else operation
        return self.killer.do(deed, url, other, kill_after_s=kill_after_s, migrations=migrations)

    @contextmanager
    def program(self, operation: str) -> Iterator[None]:
        """Be the program that comes next: of the future, for migrations."""
        try:
            migrating.FOLDER = self.newer if operation == "migrate" else REAL
            yield
        finally:
            migrating.FOLDER = REAL

    def result(self, operation: str, url: str, other: str) -> str:
        """Address of the store that must be as before or as after."""
        if operation == "back up":
            return f"duckdb:{other}"
        return other if operation == "copy" else url

    def leftovers(self) -> list[str]:
        """Names of files that are nobody's: unfinished ones, logs, temporary ones."""
        found = [path for pattern in LEFT for path in self.folder.parent.rglob(pattern)]
        return [path.name for path in found if path.is_file()]


def wait_for_server(url: str) -> None:
    """Wait until the server has noticed that the killed process is gone."""
    if not url.startswith("postgresql"):
        return
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(others).fetchone() != (0,):
            connection.execute("SELECT pg_sleep(0.02), pg_stat_clear_snapshot()")


def strike(bench: Bench, operation: str, tally: Tally, *, share: float, said: Said) -> str:
    """Kill one operation at a share of its time, look at what is left, and do it again; say what was found."""
    url, other = bench.prepare(operation)
    code, _ = bench.do(operation, url, other, kill_after_s=share * bench.seconds[operation])
    if code == 0:
        tally.too_late += 1
        return ""
    tally.kills += 1
    for address in (url, other):
        wait_for_server(address)
    left = bench.leftovers()
    tally.left_behind += len(left)
    said.lines.clear()
    end = _look(bench, operation, url, other, tally)
    if still := bench.leftovers():
        tally.failures.append(f"still there after the next start: {still}")
    signs = {"unfinished": "taken away", ".wal": "without closing"}
    for sign, words in signs.items():
        own = [name for name in left if sign in name and ("unfinished" in name) == (sign == "unfinished")]
        if own and not any(words in line for line in said.lines):
            tally.failures.append(f"nothing was said of {own}")
    tally.ends[end] += 1
    return f"{end}{f', {len(left)} left behind' if left else ''}"


def _look(bench: Bench, operation: str, url: str, other: str, tally: Tally) -> str:
    """Start as the next program does; say which of the allowed states was left, and go on from there."""
    result = bench.result(operation, url, other)
    end = _state_before_start(bench, operation, url, other)
    with bench.program(operation):
        for address in {url, result} if operation == "copy" else {url}:
            with start(Settings(store_url=address, backup_folder=str(bench.folder / "kept"))) as store:
                if problems := store.verify():
                    tally.failures.append("; ".join(problem.say() for problem in problems))
    if operation not in ("back up", "migrate"):
        end = "before" if operation == "copy" and _is_empty(result) else _name_state(bench, operation, result)
    if end == "between":
        tally.failures.append("stands between before and after")
        return end
    if end != "after" and operation != "migrate":  # the start itself has migrated
        again = "place again" if end == "not placed yet" else operation
        if bench.do(again, url, other)[0]:
            tally.failures.append("could not be done again")
    with bench.program(operation):
        found, wanted = digest_at(result), dict(bench.allowed[operation])["after"]
    if differ := [name for name in wanted if found.get(name) != wanted[name] and name != "audit_log"]:
        tally.failures.append(f"done again, differs in {', '.join(differ)}")
    if operation == "migrate" and not any(
        digest_at(f"duckdb:{file}") == wanted for file in _kept_aside(bench)
    ):
        tally.failures.append("the store was not kept aside before")
    return end


def _kept_aside(bench: Bench) -> list[Path]:
    return [path for path in bench.folder.rglob("*.before-*") if path.suffix == ".duckdb"]


def _state_before_start(bench: Bench, operation: str, url: str, other: str) -> str:
    """Say how far a backup or a migration came; the next start would hide it."""
    if operation == "back up":
        return "after" if Path(other).exists() else "before"
    if operation == "migrate":
        newest = newest_number(url)
        return {LAST: "before", LAST + 2: "after"}.get(newest, "after the first of two")
    return ""


def _is_empty(url: str) -> bool:
    with open_store(url, now=kill_me.NOW) as store:
        counts = store.count_rows()
    n_rows = sum(n for name, n in counts.items() if name != "store_meta")
    return n_rows == 0


def _name_state(bench: Bench, operation: str, url: str) -> str:
    found = digest_at(url)
    states = bench.allowed[operation][1:] if operation == "copy" else bench.allowed[operation]
    for name, wanted in states:
        if found == wanted:
            return name
    return "between"


def main() -> int:
    """Run the kills; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--kills", type=int, default=200, metavar="N", help="kills in all (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="another seed, other moments (default: %(default)s)"
    )
    args = parser.parse_args()
    programs = find_server_programs()
    if programs is None:
        print("PostgreSQL with PostGIS is not installed (sh scripts/install_system.sh)", file=sys.stderr)
        return 1
    draw = random.Random(args.seed)
    said = Said()
    logging.getLogger("geo").addHandler(said)
    logging.getLogger("geo").propagate = False
    folder = Path(tempfile.mkdtemp(prefix="getu-stress-"))
    server = Server(programs, is_safe=True)
    try:
        return _run(folder, server, draw, args, said)
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, server: Server, draw: random.Random, args: argparse.Namespace, said: Said) -> int:
    begun = time.monotonic()
    newer = make_newer(folder / "newer")
    for kind in KINDS:
        (folder / kind / "kept").mkdir(parents=True)
    places: dict[str, Places] = {"duckdb": DuckdbPlaces(folder / "duckdb"), "postgis": PostgisPlaces(server)}
    tallies: dict[tuple[str, str], Tally] = {}
    with Killer(folder / "errors", SCRIPT) as killer:
        benches = {}
        for kind in KINDS:
            benches[kind] = Bench(places[kind], places[_other(kind)], folder / kind, killer, newer)
            print(f"{kind}: undisturbed, in s: "
                  + ", ".join(f"{name} {s:.2f}" for name, s in benches[kind].seconds.items()), flush=True)  # fmt: skip
        cells = [(kind, operation) for kind in KINDS for operation in OPERATIONS]
        order = [cells[number % len(cells)] for number in range(args.kills)]
        draw.shuffle(order)
        for number, (kind, operation) in enumerate(order, start=1):
            tally = tallies.setdefault((kind, operation), Tally())
            n_failures = len(tally.failures)
            found = ""
            while not found:  # a kill that comes after the end is drawn again
                share = draw.uniform(0, 1.1)
                found = strike(benches[kind], operation, tally, share=share, said=said)
            failed = "".join(f" FAILED: {text}" for text in tally.failures[n_failures:])
            print(f"{number:4d} {kind:8s} {operation:11s} at {share:6.1%}: {found}{failed}", flush=True)
    return _sum_up(tallies, args, time.monotonic() - begun)


def _other(kind: str) -> str:
    return KINDS[1 - KINDS.index(kind)]


def _sum_up(tallies: dict[tuple[str, str], Tally], args: argparse.Namespace, seconds: float) -> int:
    print(f"\n{'store':8s} {'operation':11s} kills before after part way between left behind failed")
    for (kind, operation), tally in sorted(tallies.items()):
        whole = [tally.ends[name] for name in ("before", "after")]
        ends = [*whole, tally.kills - sum(whole) - tally.ends["between"], tally.ends["between"]]
        print(f"{kind:8s} {operation:11s} {tally.kills:5d} {ends[0]:6d} {ends[1]:5d} {ends[2]:8d} {ends[3]:7d} "
              f"{tally.left_behind:11d} {len(tally.failures):6d}")  # fmt: skip
    kills = sum(tally.kills for tally in tallies.values())
    failed = sum(len(tally.failures) for tally in tallies.values())
    print(f"{kills} kills, seed {args.seed}, {failed} failures, {seconds / 60:.1f} min")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
