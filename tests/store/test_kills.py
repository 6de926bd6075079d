"""A kill at any step leaves the store as before or as after, never between, and the work can be done again."""

from __future__ import annotations

import importlib.util
import signal
from pathlib import Path

import pytest

from geo.store import open_store
from geo.store.failpoints import STEPS
from tests.databases import KINDS, DuckdbPlaces, PostgisPlaces
from tests.store.killer import Killer

SCRIPT = Path(__file__).resolve().parent / "kill_me.py"

BATCH = tuple(step for step in STEPS if step.startswith("batch."))
UNDO = tuple(step for step in STEPS if step.startswith("undo."))
PLACE = tuple(step for step in STEPS if step.startswith("place."))
PUBLISH = tuple(step for step in STEPS if step.startswith("publish."))
NOT_FOR_BOUNDARIES = {"batch.areas_written", "batch.events_written", "batch.facts_written", "batch.recorded"}

KILLS = [
    *(("grids", step) for step in BATCH if step not in NOT_FOR_BOUNDARIES),
    *(("grids", step) for step in PLACE),
    *(("week", step) for step in BATCH),
    *(("undo", step) for step in UNDO),
    *(("undo grids", step) for step in UNDO),
    *(("publish", step) for step in (*PUBLISH, *PLACE)),
    *(("undo publish", step) for step in UNDO if step != "undo.committed"),  # tested below
]
FOLLOWED_BY_PLACING = ("grids", "publish")
"""What is done in two transactions: boundaries change, then cases are placed again."""


def deeds():
    spec = importlib.util.spec_from_file_location("kill_me", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def digest(url):
    """Everything a store holds, as text that can be compared; moments of storing are all the same."""
    with open_store(url) as store:
        assert store.verify() == []
        tables = {name: store.read(name).astype(str).to_csv(index=False) for name in store.count_rows()}
    for name in ("audit_log", "store_meta"):  # a placement of its own follows boundaries
        tables.pop(name, None)
    return tables


@pytest.fixture(scope="module", params=KINDS)
def kept(request, tmp_path_factory):
    """Where stores are kept that all tests of one kind of database start from."""
    if request.param == "duckdb":
        places = DuckdbPlaces(tmp_path_factory.mktemp("stages"))
    else:
        places = PostgisPlaces(request.getfixturevalue("postgis_server"))
    yield places
    places.clear()


@pytest.fixture(scope="module")
def stages(kept):
    """Stores before and after each deed, made once, and what they hold."""
    module = deeds()

    def make(name, *steps):
        url = kept.new(name)
        with open_store(url, now=module.NOW) as store:
            for step in steps:
                step(store)
        return url, digest(url)

    def week(number):
        return lambda store: module.bring_week(store, number)

    def do(name):
        return module.DEEDS[name]

    return {
        "grids": (make("g0", week(0)), make("g1", week(0), do("grids"))),
        "week": (
            make("w0", module.bring_grids, week(0)),
            make("w1", module.bring_grids, week(0), do("week")),
        ),
        "undo": (
            make("u0", module.bring_grids, week(0)),
            make("u1", module.bring_grids, week(0), do("undo")),
        ),
        "undo grids": (
            make("v0", week(0), module.bring_grids),
            make("v1", week(0), module.bring_grids, do("undo grids")),
        ),
        "publish": (
            make("p0", module.bring_grids, week(0), module.bring_draft),
            make("p1", module.bring_grids, week(0), module.bring_draft, do("publish")),
        ),
        "undo publish": (
            make("q0", module.bring_grids, week(0), module.bring_draft, do("publish")),
            make("q1", module.bring_grids, week(0), module.bring_draft, do("publish"), do("undo publish")),
        ),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a function that does one thing in a process of its own; it gives the exit code."""
    with Killer(tmp_path_factory.mktemp("said") / "errors") as killer:
        yield lambda *order, **more: killer.do(*order, **more)[0]


@pytest.mark.parametrize(("deed", "step"), KILLS)
def test_fault_G01_a_kill_leaves_before_or_after_and_the_work_can_be_done_again(
    run, kept, stages, deed, step
):
    (before, was), (_, becomes) = stages[deed]
    url = kept.copy(before, "killed")
    assert run(deed, url, fail_at=step) == -signal.SIGKILL
    left = digest(url)
    between = {name for name in left if left[name] not in (was[name], becomes[name])}
    assert not between
    is_done = step.endswith("committed") or (deed in FOLLOWED_BY_PLACING and step.startswith("place."))
    if deed in FOLLOWED_BY_PLACING and is_done:
        return  # boundaries are in; placing follows with the next `place`, tested below
    assert left == (becomes if is_done else was)
    if not is_done:
        assert run(deed, url) == 0
        assert digest(url) == becomes


@pytest.mark.parametrize(
    "step", ["batch.committed", "place.begun", "place.areas_written", "place.facts_written"]
)
def test_fault_G01_boundaries_that_came_in_before_the_kill_place_the_cases_with_the_next_command(
    run, kept, stages, step
):
    (before, _), (_, becomes) = stages["grids"]
    url = kept.copy(before, "killed")
    assert run("grids", url, fail_at=step) == -signal.SIGKILL
    assert run("place", url) == 0
    assert digest(url) == becomes


@pytest.mark.parametrize("step", PLACE)
def test_fault_G04_a_kill_while_all_cases_are_placed_anew_leaves_the_old_areas_or_the_new(
    run, kept, stages, step
):
    (before, _), (_, becomes) = stages["grids"]
    url = kept.copy(before, "killed")
    assert run("grids", url, fail_at="batch.committed") == -signal.SIGKILL  # grids are in, cases not placed
    was = digest(url)
    assert was["case_areas"] != becomes["case_areas"]
    assert run("place", url, fail_at=step) == -signal.SIGKILL
    assert digest(url) == (becomes if step == "place.committed" else was)
    assert run("place", url) == 0
    assert digest(url) == becomes


@pytest.mark.parametrize(
    "step", ["publish.committed", "place.begun", "place.areas_written", "place.facts_written"]
)
def test_fault_G01_a_set_that_was_published_before_the_kill_places_the_cases_with_the_next_command(
    run, kept, stages, step
):
    (before, _), (_, becomes) = stages["publish"]
    url = kept.copy(before, "killed")
    assert run("publish", url, fail_at=step) == -signal.SIGKILL
    assert run("place", url) == 0
    assert digest(url) == becomes


def test_fault_G01_a_publish_that_was_taken_back_before_the_kill_places_the_cases_with_the_next_command(
    run, kept, stages
):
    (before, _), (_, becomes) = stages["undo publish"]
    url = kept.copy(before, "killed")
    assert run("undo publish", url, fail_at="undo.committed") == -signal.SIGKILL
    assert digest(url)["boundary_sets"] == becomes["boundary_sets"]
    assert run("place", url) == 0
    assert digest(url) == becomes


COPY = tuple(step for step in STEPS if step.startswith("copy."))
MIGRATE = tuple(step for step in STEPS if step.startswith("migrate.") and step != "migrate.backed_up")
"""Steps of making a new store; those of changing an old one are in test_migrating.py."""


@pytest.mark.parametrize("step", COPY)
def test_fault_G01_a_kill_while_copying_leaves_an_empty_store_or_all_of_it(run, kept, stages, step):
    source, holds = stages["week"][0]
    url = kept.new(f"copied {step}")
    assert run("copy", source, url, fail_at=step) == -signal.SIGKILL
    if step != "copy.committed":
        assert sum(map(len, rows_of(url).values())) == 0
        assert run("copy", source, url) == 0
    assert digest(url) == holds


@pytest.mark.parametrize("step", COPY)
def test_fault_G01_a_kill_while_backing_up_leaves_no_file_of_that_name(run, kept, stages, tmp_path, step):
    source, holds = stages["week"][0]
    assert run("back up", source, tmp_path / "b.duckdb", fail_at=step) == -signal.SIGKILL
    assert not (tmp_path / "b.duckdb").exists()
    assert run("back up", source, tmp_path / "b.duckdb") == 0
    assert digest(f"duckdb:{tmp_path / 'b.duckdb'}") == holds
    assert not list(tmp_path.glob("*.unfinished*"))


@pytest.mark.parametrize("step", MIGRATE)
def test_fault_G19_a_kill_while_migrating_is_made_good_by_the_next_start(
    run, kept, tmp_path, postgis_server, step
):
    is_file = kept.kind == "duckdb"
    url = f"duckdb:{tmp_path / 'new.duckdb'}" if is_file else postgis_server.url(postgis_server.make())
    assert run("open", url, fail_at=step) == -signal.SIGKILL
    assert run("open", url) == 0
    assert sum(map(len, rows_of(url).values())) == 0
    if not is_file:
        postgis_server.drop(url.rpartition("/")[2])


def rows_of(url):
    """Rows of every table but the facts about the store itself."""
    with open_store(url) as store:
        assert store.verify() == []
        return {name: store.read(name) for name in store.count_rows() if name != "store_meta"}


def test_without_the_variable_nothing_dies(run, kept, stages):
    (before, _), (_, becomes) = stages["week"]
    url = kept.copy(before, "killed")
    assert run("week", url) == 0
    assert digest(url) == becomes
