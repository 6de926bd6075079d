"""The role is checked in tasks: whatever way a viewer comes, nothing is changed."""

import ast
import inspect
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from geo.access.seats import Seat
from geo.errors import AccessError
from geo.settings import Settings
from geo.store import open_store
from geo.store.base import Seen
from geo.tasks import (
    boundary_versions,
    bringing,
    bringing_people,
    demonstrating,
    facilities,
    placing,
    stores,
)
from tests.small_store import fill_small_store

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 1, 4, tzinfo=UTC)
VIEWER = Seat("viewer", "viewer")
WHO = {"seat": VIEWER, "now": NOW}

DEEDS = {
    "preview_cases": lambda store, folder: bringing.preview_cases(store, None, None, **WHO),
    "preview_facilities": lambda store, folder: bringing.preview_facilities(store, None, None, **WHO),
    "preview_boundaries": lambda store, folder: bringing.preview_boundaries(store, None, None, **WHO),
    "preview_population": lambda store, folder: bringing_people.preview_population(store, None, None, **WHO),
    "preview_places": lambda store, folder: bringing.preview_places(None, None, **WHO),
    "store_preview": lambda store, folder: bringing.store_preview(store, None, **WHO),
    "undo_batch": lambda store, folder: bringing.undo_batch(store, "B000001", **WHO),
    "place_cases": lambda store, folder: placing.place_cases(store, **WHO),
    "make_demo": lambda store, folder: demonstrating.make_demo(store, **WHO, as_of=date(2026, 10, 31)),
    "back_up": lambda store, folder: stores.back_up(store, folder / "b.duckdb", Settings(), seat=VIEWER),
    "copy_store": lambda store, folder: stores.copy_store(
        "duckdb::memory:", f"duckdb:{folder / 'c.duckdb'}", Settings(), seat=VIEWER
    ),
    "edit_facility": lambda store, folder: facilities.edit_facility(
        store, "清单:1", {"name": "x"}, seen=Seen(1, "B000001"), **WHO
    ),
    "prepare_bill": lambda store, folder: boundary_versions.prepare_bill(store, "grid-1", on=None, **WHO),
    "publish_set": lambda store, folder: boundary_versions.publish_set(store, None, **WHO),
    "retire_set": lambda store, folder: boundary_versions.retire_set(store, "grid-1", on=NOW.date(), **WHO),
    "rebuild_store": lambda store, folder: stores.rebuild_store(store, **WHO),
    "restore": lambda store, folder: stores.restore(Path(__file__), Settings(), seat=VIEWER),
}
"""Every task that changes something, called as a viewer with whatever else it takes."""

WRITES = {
    "store_cases",
    "store_facilities",
    "store_rows",
    "undo_batch",
    "replace_areas_of_cases",
    "copy_into",
    "edit_facility",
    "publish_set",
    "rebuild",
    "retire_set",
}
"""What a store does to change what is kept."""
INSIDE = {
    "store_district": "make_demo calls it after the check; tests fill a store with it",
}
"""Tasks that write and leave the check to their only caller."""


@pytest.fixture(scope="module")
def store(new_store):
    with open_store(new_store(), time_zone="Asia/Shanghai") as opened:
        fill_small_store(opened)
        yield opened


@pytest.mark.parametrize("name", DEEDS)
def test_fault_D08_a_viewer_changes_nothing_by_any_task(store, tmp_path, name):
    before = (store.data_version(), store.count_rows())
    with pytest.raises(AccessError) as caught:
        DEEDS[name](store, tmp_path)
    assert caught.value.code == "access_editor_only"
    assert (store.data_version(), store.count_rows()) == before
    assert not list(tmp_path.iterdir())


def tasks():
    """Return every function of the floor of tasks, with what it calls."""
    for path in sorted((ROOT / "geo" / "tasks").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                called = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
                yield path.stem, node, {getattr(func, "attr", getattr(func, "id", "")) for func in called}


def test_fault_D08_no_task_that_writes_is_without_a_check():
    names = {node.name: called for _, node, called in tasks()}
    writing = {name for name, called in names.items() if called & WRITES}
    assert len(writing) >= 6
    public = {name for name in writing if not name.startswith("_")}
    unchecked = {name for name in public if "require_may" not in names[name]}
    assert unchecked == set(INSIDE)

    def is_behind_a_check(name):
        callers = [other for other, called in names.items() if name in called and other != name]
        return bool(callers) and all(
            "require_may" in names[other] or (other.startswith("_") and is_behind_a_check(other))
            for other in callers
        )

    for name in writing - public:
        assert is_behind_a_check(name), name


def test_every_task_that_asks_for_a_seat_is_tried_above():
    asking = {node.name for _, node, called in tasks() if "require_may" in called}
    assert asking == set(DEEDS)


def test_only_what_no_page_calls_has_a_seat_by_itself():
    """Copying and backups are the operator's, who has the files in hand; nothing else assumes who acts."""
    for module in (bringing, bringing_people, placing, demonstrating):
        for name, task in inspect.getmembers(module, inspect.isfunction):
            seat = inspect.signature(task).parameters.get("seat")
            assert seat is None or seat.default is inspect.Parameter.empty, name
    for folder in ("ui", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            assert "geo.tasks.stores" not in path.read_text(encoding="utf-8"), path.name
