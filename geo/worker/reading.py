"""Read a layer or a table apart: in a process with limits, and get back what reading here would give (隔离读取).

`read_layer_apart` and `read_table_apart` take and return what `read_layer` and `read_table` of
`geo.intake` do, refusals and remarks included. What they add is that a file can harm nobody: where the
reader dies, eats too much memory or never ends, one sentence says so, and the next file is read.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from geo import errors
from geo.errors import FileError, GeoError, LimitError, WorkerError
from geo.intake.layers import RawLayer
from geo.intake.limits import MB, Limits
from geo.intake.sniffing import clean_file_name
from geo.intake.streets import Streets
from geo.intake.tables import RawTable
from geo.messages import MESSAGES
from geo.whole_files import unfinished_name
from geo.worker import failpoints
from geo.worker.keeper import Ended
from geo.worker.keepers import KEEPERS, KeeperLostError
from geo.worker.limits import WorkerLimits
from geo.worker.results import ForgedError, read_answer, unpack_layer, unpack_table
from geo.worker.street_results import unpack_streets
from geo.worker.turns import Look, Turns

log = logging.getLogger(__name__)

TURNS: Final = Turns()
"""The line in which files of this program wait to be read."""

NEED_PER_MB: Final = {"layer": 7.0, "table": 40.0, "streets": 250.0}
"""Memory that reading takes for each MB of a file, about: measured 4 to 9 for GeoJSON, 6 for GeoPackage, 42
for workbooks, which are packed (`python -m benchmarks.reading`); 160 to 300 for .osm.pbf, more than half of
it addresses that its threads reserve."""
_NEED_MORE: Final = 1.5
"""A file that did not do with its limit needs at least so many times as much, for all anybody knows."""
_FATAL_SHARE: Final = 0.6
"""A reader that was killed while it occupied this share of its memory is taken to have run out of it."""
_MOST_FACTS: Final = 64 * MB


@dataclass(frozen=True)
class Sources:
    """The files of one reading."""

    files: Sequence[Path | bytes]
    names: Sequence[str]
    """As the user knows them."""


def read_layer_apart(
    sources: Sources,
    *,
    limits: Limits,
    worker: WorkerLimits,
    choices: Mapping[str, str | None],
    look: Look | None = None,
) -> RawLayer:
    """Read a layer as `geo.intake.layers.read_layer` does, in a process of its own.

    Parameters
    ----------
    sources
        Paths or bytes, and their names.
    limits
        Largest file taken.
    worker
        Most memory, time and output; how many are read at a time.
    choices
        `encoding`, `layer`, `coord_sys`, where chosen.
    look
        Told while the file waits or is read; may raise CancelledError to stop.

    Raises
    ------
    GeoError
        What `read_layer` raises, with the same code and values.
    LimitError
        If it takes too much memory, time or output.
    WorkerError
        If the process cannot be started or breaks off.
    """
    with _read("layer", sources, limits, worker, choices, look or _go_on) as (facts, folder):
        return unpack_layer(facts, folder, most_bytes=worker.output_mb * MB)


def read_table_apart(
    sources: Sources,
    *,
    limits: Limits,
    worker: WorkerLimits,
    choices: Mapping[str, str | None],
    look: Look | None = None,
) -> RawTable:
    """Read a table as `geo.intake.tables.read_table` does, in a process of its own.

    Parameters
    ----------
    sources
        One path or the bytes of one file, and its name.
    limits, worker, look
        As `read_layer_apart`.
    choices
        `encoding`, `sheet`, `delimiter`, where chosen.

    Raises
    ------
    GeoError
        What `read_table` raises, and as `read_layer_apart`.
    """
    with _read("table", sources, limits, worker, choices, look or _go_on) as (facts, folder):
        return unpack_table(facts, folder, most_bytes=worker.output_mb * MB)


def read_streets_apart(
    sources: Sources, *, limits: Limits, worker: WorkerLimits, look: Look | None = None
) -> Streets:
    """Read the streets of an OpenStreetMap file as `read_osm_streets` does, in a process of its own.

    Parameters
    ----------
    sources
        One path or the bytes of one file, and its name.
    limits, worker, look
        As `read_layer_apart`.

    Raises
    ------
    GeoError
        What `geo.intake.osm_streets.read_osm_streets` raises, and as `read_layer_apart`.
    """
    with _read("streets", sources, limits, worker, {}, look or _go_on) as (facts, folder):
        return unpack_streets(facts, folder, most_bytes=worker.output_mb * MB)


def _go_on(_: int) -> None:
    """Let it go on, whoever waits."""


@contextmanager
def _read(
    kind: str,
    sources: Sources,
    limits: Limits,
    worker: WorkerLimits,
    choices: Mapping[str, str | None],
    look: Look,
) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """Have files read when their turn has come; hand out facts and folder, which is gone afterwards."""
    name = clean_file_name(sources.names[0]) if sources.names else "file"
    with TURNS.turn(most=worker.count, look=look), _own_folder(name) as folder:
        job = {
            "kind": kind,
            "folder": str(folder),
            **_lay(sources, folder, name),
            "names": list(sources.names),
            "limits": asdict(limits),
            "choices": dict(choices),
            "memory_mb": worker.memory_mb,
            "timeout_s": worker.timeout_s,
            "file_mb": max(limits.max_file_mb, limits.max_unpacked_mb),
            "output_mb": worker.output_mb,
            "fail_at": failpoints.named(),
        }
        try:
            ended = KEEPERS.run(job, look=lambda: look(0))
        except KeeperLostError as error:
            log.warning("a keeper of readers was lost: %s", error)
            code = "worker_died" if error.has_begun else "worker_not_started"
            raise WorkerError(code, file=name) from error
        try:
            answer = read_answer(folder, most_bytes=_MOST_FACTS)
            _require_read(answer, ended, kind=kind, name=name, worker=worker, sources=sources)
            yield answer[kind], folder
        except ForgedError as error:
            log.warning("a reader left what none of ours writes: %s", error)
            raise WorkerError("worker_died", file=name) from error


@contextmanager
def _own_folder(name: str) -> Iterator[Path]:
    """Make a folder nobody else may enter; its name tells whose it is, should nobody clear it away."""
    folder = unfinished_name(Path(tempfile.gettempdir()).resolve() / "getu-reading")
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise FileError("worker_no_room", file=name) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lay(sources: Sources, folder: Path, name: str) -> dict[str, object]:
    """Return where the files are; bytes are laid into the folder first."""
    are_bytes = any(isinstance(file, bytes) for file in sources.files)
    paths = []
    for number, file in enumerate(sources.files):
        if not are_bytes and isinstance(file, Path):
            paths.append(str(file.resolve()))
            continue
        path = folder / f"given-{number}"
        try:
            path.write_bytes(file if isinstance(file, bytes) else file.read_bytes())
        except OSError as error:
            raise FileError("worker_no_room", file=name) from error
        paths.append(str(path))
    return {"paths": paths, "are_bytes": are_bytes}


def _require_read(
    answer: Mapping[str, Any],
    ended: Ended,
    *,
    kind: str,
    name: str,
    worker: WorkerLimits,
    sources: Sources,
) -> None:
    """Raise what the reader refused, or what became of it, unless it read the file."""
    if ended.why == "timeout":
        raise LimitError("worker_timeout", file=name, limit_s=worker.timeout_s)
    fault, said = answer.get("fault"), str(answer.get("said", ""))
    was_killed = ended.signal and ended.peak_mb > _FATAL_SHARE * worker.memory_mb
    if fault == "memory" or was_killed:
        need_mb = estimate_need_mb(kind, _size_of(sources), limit_mb=worker.memory_mb)
        raise LimitError("worker_memory", file=name, need_mb=need_mb, limit_mb=worker.memory_mb)
    if fault == "output":
        raise LimitError("worker_output", file=name, limit_mb=worker.output_mb)
    if ended.signal or ended.code or fault is not None:
        log.warning("a reader broke off: signal %d, code %d, %s", ended.signal, ended.code, said)
        raise WorkerError("worker_died", file=name)
    if "error" in answer:
        raise _as_error(answer)
    if not isinstance(answer.get(kind), Mapping):
        raise ForgedError(kind)


def estimate_need_mb(kind: str, n_bytes: int, *, limit_mb: int) -> int:
    """Return the memory a file needs, about, that did not do with its limit; MB, in steps of 100.

    Examples
    --------
    >>> estimate_need_mb("layer", 500_000_000, limit_mb=2000), estimate_need_mb("table", 5_000, limit_mb=100)
    (3500, 200)
    """
    need = max(NEED_PER_MB[kind] * n_bytes / MB, _NEED_MORE * limit_mb)
    return -(-round(need) // 100) * 100


def _size_of(sources: Sources) -> int:
    return sum(len(file) if isinstance(file, bytes) else file.stat().st_size for file in sources.files)


def _as_error(answer: Mapping[str, Any]) -> GeoError:
    """Return the error a reader raised; none that this program does not know."""
    kind = getattr(errors, str(answer["error"]), None)
    code, values = answer.get("code"), answer.get("values")
    if not (isinstance(kind, type) and issubclass(kind, GeoError)):
        raise ForgedError("error")
    if not isinstance(code, str) or code not in MESSAGES or not isinstance(values, Mapping):
        raise ForgedError("error")
    try:
        return kind(code, **values)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ForgedError("error") from error
