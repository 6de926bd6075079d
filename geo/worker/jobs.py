"""What a reader does: read one file and lay what it holds into its folder (读取任务).

Nothing leaves but data: columns as Arrow, facts as JSON, an error as its class, code and values. What
goes wrong otherwise is noted by kind and place, for the log; its text may quote the file and is not kept.
"""

from __future__ import annotations

import errno
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from traceback import walk_tb
from typing import Any, Literal

from geo.errors import FileError, GeoError
from geo.intake.layers import read_layer
from geo.intake.limits import Limits
from geo.intake.osm_streets import read_osm_streets
from geo.intake.tables import read_table
from geo.worker.failpoints import reach
from geo.worker.guards import (
    MB,
    is_short_of_memory,
    limit_files,
    make_room_for_last_words,
    peak_address_space,
)
from geo.worker.results import ANSWER, as_plain, pack_layer, pack_table
from geo.worker.street_results import pack_streets

Fault = Literal["memory", "output", "broke"]


def run_job(job: Mapping[str, Any], *, most: int) -> None:
    """Read what a job names.

    Parameters
    ----------
    job
        As `geo.worker.reading` makes it.
    most
        Bytes of address space this process may have, 0 where that is not limited.

    Raises
    ------
    MemoryError
        If memory ran short, whatever came of it.
    """
    folder = Path(job["folder"])
    tempfile.tempdir = str(folder)
    reach("worker.begun", job["fail_at"])
    try:
        answer = _read(job, folder)
        if is_short_of_memory(most):
            raise MemoryError
        if most:
            answer["took_mb"] = (peak_address_space() - most) // MB + job["memory_mb"]
    except GeoError as error:
        if isinstance(error, FileError) and is_short_of_memory(most):
            raise MemoryError from error
        answer = {"error": type(error).__name__, "code": error.code, "values": as_plain(error.values)}
    _write(folder, answer)
    reach("worker.written", job["fail_at"])


def _read(job: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    paths = [Path(name) for name in job["paths"]]
    sources = [path.read_bytes() for path in paths] if job["are_bytes"] else paths
    names, limits, choices = job["names"], Limits(**job["limits"]), job["choices"]
    if job["kind"] == "layer":
        layer = read_layer(sources, file_name=names, limits=limits, **choices)
        reach("worker.read", job["fail_at"])
        limit_files(job["output_mb"])
        return {"layer": pack_layer(layer, folder)}
    if job["kind"] == "streets":
        streets = read_osm_streets(sources[0], file_name=names[0], limits=limits)
        reach("worker.read", job["fail_at"])
        limit_files(job["output_mb"])
        return {"streets": pack_streets(streets, folder)}
    table = read_table(sources[0], file_name=names[0], limits=limits, **choices)
    reach("worker.read", job["fail_at"])
    limit_files(job["output_mb"])
    return {"table": pack_table(table, folder)}


def note_fault(job: Mapping[str, Any], error: BaseException | None, *, most: int) -> None:
    """Note for the program what ended a reader, if anything did; `most` as for `run_job`."""
    if error is None:
        return
    make_room_for_last_words()
    kind: Fault = "broke"
    if isinstance(error, MemoryError) or "bad_alloc" in str(error) or is_short_of_memory(most):
        kind = "memory"
    elif isinstance(error, OSError) and error.errno == errno.EFBIG:
        kind = "output"
    at = ""
    for frame, line in walk_tb(error.__traceback__):
        at = f"{Path(frame.f_code.co_filename).name}:{line}"
    _write(Path(job["folder"]), {"fault": kind, "said": f"{type(error).__name__} at {at}"})


def _write(folder: Path, answer: Mapping[str, object]) -> None:
    (folder / ANSWER).write_text(json.dumps(answer), encoding="ascii")
