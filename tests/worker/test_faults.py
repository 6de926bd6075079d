"""Faults G03, G14, G15 and their kin: whatever becomes of a reader, the program says one sentence and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from geo.errors import CancelledError, GeoError, LimitError, WorkerError
from geo.settings import Settings
from geo.tasks.reading import read_layer_files, read_table_file
from geo.whole_files import sweep
from geo.worker import reading
from geo.worker.failpoints import DEEDS, STEPS, VARIABLE, reach
from geo.worker.keeper import Ended
from geo.worker.keepers import Keepers
from tests.worker.files import SETTINGS, SOON_S, eventually, geopackage, squares, workbook

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no limits without fork")


@pytest.fixture(autouse=True)
def temp_folder(tmp_path, monkeypatch):
    """Give each test a folder for temporary files of its own, and see that nothing stays in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


def read(content: bytes = squares(2), settings: Settings = SETTINGS, **more: object):
    return read_layer_files([content], settings=settings, file_names=["网格.geojson"], **more)


def code_of(call, error: type[GeoError] = WorkerError) -> str:
    with pytest.raises(error) as caught:
        call()
    for language in ("zh", "en"):
        said = caught.value.say(language)
        assert "网格" in said
        assert not any(word in said for word in ("Traceback", "/", "\\", "signal"))
    return caught.value.code


def require_goes_on() -> None:
    assert read().n_features == 2


class Looker:
    """Starts a reading in a thread, and is told how many files come first."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self.told: list[int] = []
        self.is_over = False
        self.result: object = None
        self._settings = settings
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def look(self, n_before: int) -> None:
        self.told.append(n_before)
        if self.is_over:
            raise CancelledError("work_stopped")

    def _run(self) -> None:
        try:
            self.result = read(settings=self._settings, look=self.look)
        except GeoError as error:
            self.result = error

    def finish(self) -> object:
        self.thread.join(SOON_S)
        assert not self.thread.is_alive()
        return self.result


@pytest.fixture
def hanging(monkeypatch):
    """Return a function that starts a reader that never ends, and its process number."""
    started = []

    def start(settings: Settings = SETTINGS) -> tuple[Looker, int]:
        monkeypatch.setenv(VARIABLE, "worker.begun:loop")
        looker = Looker(settings)
        started.append(looker)
        assert eventually(lambda: any(keeper.reader for keeper in reading.KEEPERS.busy))
        monkeypatch.delenv(VARIABLE)
        return looker, next(keeper.reader for keeper in reading.KEEPERS.busy if keeper.reader)

    yield start
    for looker in started:
        looker.is_over = True
        looker.finish()


def is_gone(process: int) -> bool:
    """Tell whether a process has ended and was buried."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("deed", ["die", "abort", "raise"])
def test_fault_G03_a_reader_that_dies_at_any_step_costs_one_file(monkeypatch, step, deed):
    monkeypatch.setenv(VARIABLE, f"{step}:{deed}")
    assert code_of(read) == "worker_died"
    monkeypatch.delenv(VARIABLE)
    require_goes_on()


def test_fault_G03_a_reader_killed_from_outside_is_told_of_at_once_and_the_file_can_be_read_again(hanging):
    looker, reader = hanging()
    begin = time.monotonic()
    os.kill(reader, signal.SIGKILL)
    error = looker.finish()
    assert time.monotonic() - begin < SOON_S
    assert isinstance(error, WorkerError) and error.code == "worker_died"
    assert is_gone(reader)
    require_goes_on()


def test_fault_G03_a_keeper_killed_from_outside_takes_its_reader_along(hanging):
    looker, reader = hanging()
    (keeper,) = reading.KEEPERS.busy
    keeper.process.kill()
    error = looker.finish()
    assert isinstance(error, WorkerError) and error.code == "worker_died"
    assert eventually(lambda: is_gone(reader))
    require_goes_on()


def test_a_keeper_that_died_while_it_had_nothing_to_do_is_replaced():
    require_goes_on()
    keeper = reading.KEEPERS._idle[-1]
    keeper.process.kill()
    require_goes_on()
    assert keeper not in [*reading.KEEPERS._idle, *reading.KEEPERS.busy]


def test_a_keeper_that_cannot_start_is_said(monkeypatch):
    monkeypatch.setattr(reading, "KEEPERS", Keepers())
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert code_of(read) == "worker_not_started"
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert code_of(read) == "worker_not_started"


BIG = squares(10_000)
"""About 2 MB; reading it takes ten times that."""


@pytest.mark.parametrize("kind", ["geojson", "xlsx", "gpkg"])
def test_fault_G14_a_file_too_big_for_its_memory_is_refused_with_what_it_needs(tmp_path, kind):
    tight = Settings(worker_memory_mb=20)
    with pytest.raises(LimitError) as caught:
        if kind == "geojson":
            read(BIG, tight)
        elif kind == "xlsx":
            rows = [[f"{i:09d}" * 20] * 20 for i in range(800)]
            read_table_file(workbook(rows), settings=tight, file_name="网格.xlsx")
        else:
            read_layer_files([geopackage(tmp_path, 10_000)], settings=tight, file_names=["网格.gpkg"])
    assert caught.value.code == "worker_memory"
    assert caught.value.values["limit_mb"] == 20
    assert caught.value.values["need_mb"] > 20
    require_goes_on()


def test_fault_G14_a_reader_that_eats_everything_dies_alone(monkeypatch):
    monkeypatch.setenv(VARIABLE, "worker.read:eat")
    assert code_of(lambda: read(settings=Settings(worker_memory_mb=300)), LimitError) == "worker_memory"
    monkeypatch.delenv(VARIABLE)
    require_goes_on()


@pytest.mark.parametrize(("peak_mb", "code"), [(700, "worker_memory"), (500, "worker_died")])
def test_fault_G14_a_reader_killed_with_most_of_its_memory_taken_has_run_out_of_it(
    monkeypatch, peak_mb, code
):
    monkeypatch.setattr(
        reading.KEEPERS, "run", lambda job, *, look: Ended(signal=signal.SIGABRT, peak_mb=peak_mb)
    )
    assert code_of(lambda: read(settings=Settings(worker_memory_mb=1000)), GeoError) == code


def test_fault_G14_short_of_memory_a_file_is_whole_or_refused_for_that_reason(tmp_path):
    """Libraries call a file damaged, or leave a shape out, where they got no memory: that is not believed."""
    shapes = geopackage(tmp_path, 10_000)
    for memory_mb in range(20, 44, 4):
        tight = Settings(worker_memory_mb=memory_mb)
        for file in (shapes, BIG):
            try:
                layer = read_layer_files([file], settings=tight, file_names=["网格"])
            except LimitError as error:
                assert error.code == "worker_memory"
            else:
                assert layer.n_features == 10_000 and not len(layer.problems)


def test_fault_G15_a_reader_that_never_ends_is_killed_and_its_place_is_free(monkeypatch):
    alone = Settings(worker_timeout_s=1, worker_count=1)
    monkeypatch.setenv(VARIABLE, "worker.begun:loop")
    assert code_of(lambda: read(settings=alone), LimitError) == "worker_timeout"
    monkeypatch.delenv(VARIABLE)
    assert read(settings=alone).n_features == 2


def test_fault_G15_without_fork_the_program_watches_the_time(monkeypatch):
    monkeypatch.setattr(reading, "KEEPERS", Keepers(can_fork=False))
    monkeypatch.setenv(VARIABLE, "worker.begun:loop")
    assert code_of(lambda: read(settings=Settings(worker_timeout_s=1)), LimitError) == "worker_timeout"
    assert not reading.KEEPERS.busy


def test_so_many_are_read_at_a_time_and_the_others_wait_and_are_told(hanging):
    one = Settings(worker_count=1)
    first, reader = hanging(one)
    second = Looker(one)
    assert eventually(lambda: 1 in second.told)
    third = Looker(one)
    assert eventually(lambda: 2 in third.told)
    assert 0 not in second.told
    third.is_over = True
    assert third.finish().code == "work_stopped"
    os.kill(reader, signal.SIGKILL)
    assert second.finish().n_features == 2
    assert first.finish().code == "worker_died"
    assert second.told[-1] == 0


def test_two_are_read_side_by_side(hanging):
    hanging()
    require_goes_on()
    assert len(reading.KEEPERS.busy) == 1


def test_whoever_stops_a_reading_gets_rid_of_its_reader(hanging):
    looker, reader = hanging()
    looker.is_over = True
    assert looker.finish().code == "work_stopped"
    assert is_gone(reader)
    require_goes_on()


def test_what_comes_out_of_a_file_is_limited():
    wide = squares(10_000)
    assert code_of(lambda: read(wide, Settings(worker_output_mb=1)), LimitError) == "worker_output"
    require_goes_on()


def test_what_a_library_prints_is_not_taken_for_the_word_of_the_keeper(monkeypatch):
    monkeypatch.setenv(VARIABLE, "worker.read:chatter")
    require_goes_on()


def test_no_room_for_temporary_files_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(GeoError) as caught:
        read()
    assert caught.value.code == "worker_no_room"


PROGRAM = """
import sys, threading, json
from geo.settings import Settings
from geo.tasks.reading import read_layer_files
from geo.worker import reading
def tell():
    while not any(k.reader for k in reading.KEEPERS.busy): pass
    print(json.dumps([[k.process.pid, k.reader] for k in reading.KEEPERS.busy][0]), flush=True)
threading.Thread(target=tell, daemon=True).start()
read_layer_files([b'{}'], settings=Settings(), file_names=["a.geojson"])
"""


@pytest.mark.parametrize("word", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_and_no_folder_outlives_the_program(temp_folder, word):
    environ = {**os.environ, VARIABLE: "worker.begun:loop", "TMPDIR": str(temp_folder)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as program:
        keeper, reader = json.loads(program.stdout.readline())
        assert not is_gone(keeper) and not is_gone(reader)
        program.send_signal(word)
    assert eventually(lambda: is_gone(keeper) and is_gone(reader))
    assert eventually(lambda: not list(temp_folder.iterdir()))


def test_fault_G20_folders_that_dead_programs_left_are_swept_and_those_of_the_living_are_not(
    temp_folder, monkeypatch
):
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: dead.pid)
        left = reading.unfinished_name(temp_folder / "getu-reading")
    left.mkdir()
    (left / "given-0").write_bytes(b"1")
    with reading._own_folder("x") as living:
        assert sweep(temp_folder) == 1
        assert living.is_dir() and not left.exists()


def test_a_step_is_passed_where_nothing_is_asked_for():
    for step in STEPS:
        reach(step, "")
        reach(step, f"other:{DEEDS[0]}")
