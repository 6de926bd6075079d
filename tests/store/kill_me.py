"""Does things to stores, and dies on the way when `GETU_FAIL_AT` or a clock says so.

Started by `test_kills.py`, `test_migrating.py` and `scripts/stress_kills.py`.

Everything goes through the tasks, as a page or a command would do it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from datetime import UTC, date, datetime
from pathlib import Path

from geo.access.seats import operator
from geo.intake.boundaries import BoundaryChoices
from geo.intake.cases import CaseChoices
from geo.settings import Settings
from geo.store import migrating, open_store
from geo.store.failpoints import VARIABLE
from geo.tasks.boundary_versions import prepare_bill, publish_set
from geo.tasks.bringing import preview_boundaries, preview_cases, store_preview, undo_batch
from geo.tasks.placing import place_cases
from geo.tasks.reading import read_layer_files, read_table_file, suggest_for
from geo.tasks.stores import back_up, copy_store

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
WHO = {"seat": operator("li"), "now": NOW}
WEEKS = (
    "编号,上报时间,状态,经度,纬度\n1,2026-10-05,处置,104.005,30.005\n2,2026-10-05,处置,104.015,30.005\n",
    "编号,上报时间,状态,经度,纬度\n1,2026-10-05,结案,104.005,30.005\n3,2026-10-12,处置,104.015,30.005\n",
)


def _square(number: int, code: str) -> dict[str, object]:
    west, east = 104 + number / 100, 104 + (number + 1) / 100
    ring = [[west, 30], [east, 30], [east, 30.01], [west, 30.01], [west, 30]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"code": code}, "geometry": shape}


def bring_grids(store: object, codes: tuple[str, ...] = ("G1", "G2"), *, is_draft: bool = False) -> None:
    """Bring in grids side by side."""
    features = [_square(number, code) for number, code in enumerate(codes)]
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    layer = read_layer_files([content], settings=Settings(), file_names=["grids.geojson"])
    choices = BoundaryChoices(area_level="grid", id_column="code", coord_sys="wgs84", is_draft=is_draft)
    store_preview(store, preview_boundaries(store, layer, choices, **WHO), **WHO)


def bring_draft(store: object) -> None:
    """Bring in grids that would follow the others, as a draft."""
    bring_grids(store, ("G1", "H2", "H3"), is_draft=True)


def publish_draft(store: object) -> None:
    """Put the draft in force."""
    bill = prepare_bill(store, "grid-2", on=date(2026, 10, 1), **WHO)
    publish_set(store, bill, **WHO)


def bring_week(store: object, number: int) -> None:
    """Bring in the cases of one week."""
    table = read_table_file(WEEKS[number].encode(), settings=Settings(), file_name="week.csv")
    choices = CaseChoices(
        columns=suggest_for("cases", table.columns),
        source="hot",
        coord_sys="wgs84",
        time_zone="Asia/Shanghai",
        as_of=NOW,
    )
    store_preview(store, preview_cases(store, table, choices, **WHO), **WHO)


DEEDS = {
    "grids": bring_grids,
    "week": lambda store: bring_week(store, 1),
    "undo": lambda store: undo_batch(store, "B000002", **WHO),
    "undo grids": lambda store: undo_batch(store, "B000002", **WHO),
    "publish": publish_draft,
    "undo publish": lambda store: undo_batch(store, "B000004", **WHO),
    "place": lambda store: place_cases(store, seat=operator("li"), now=NOW),
}

WHOLE = {
    "copy": lambda source, target: copy_store(source, target, Settings()),
    "back up": lambda source, target: _back_up(source, Path(target)),
    "open": lambda source, folder: open_store(source, now=NOW, backup_folder=folder or "nowhere").close(),
}
"""Deeds on whole stores: address of one, and address or file of the other."""


def _back_up(source: str, file: Path) -> None:
    with open_store(source) as store:
        back_up(store, file, Settings())


def do(deed: str, url: str, other: str) -> None:
    """Do one thing."""
    if deed in WHOLE:
        WHOLE[deed](url, other)
        return
    with open_store(url, now=NOW) as opened:
        DEEDS[deed](opened)


def serve() -> None:
    """Do each thing that a line of the input names, in a child that may die; answer with its exit code.

    An order may name a step to die at, a number of seconds after which the child is killed, and another
    folder of migrations. Everything is imported once, and no store is opened here: a child begins as a
    fresh process would.
    """
    for line in sys.stdin:
        order = json.loads(line)
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.environ[VARIABLE] = order["fail_at"]
                if order.get("migrations"):
                    migrating.FOLDER = Path(order["migrations"])
                do(order["deed"], order["url"], order["other"])
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        if order.get("kill_after_s") is not None:
            ended = os.pidfd_open(child)
            select.select([ended], [], [], order["kill_after_s"])
            os.kill(child, signal.SIGKILL)
            os.close(ended)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answer = {"code": code, "seconds": time.monotonic() - begun}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
