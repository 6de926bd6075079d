"""Long work tells how far it is, stops when asked, and never loses an error."""

import threading

import pytest

from geo.errors import MissingError
from ui.work import Work

SOON_S = 10


def test_work_that_ends_has_its_result():
    work = Work(lambda progress: progress(0.5) or 7, can_stop=True)
    work.wait(SOON_S)
    assert (work.result, work.error, work.is_running, work.share) == (7, None, False, 0.5)


def test_work_that_is_stopped_says_so_and_has_no_result():
    started, go_on = threading.Event(), threading.Event()

    def do(progress):
        started.set()
        go_on.wait(SOON_S)
        progress(0.9)
        return 7

    work = Work(do, can_stop=True)
    assert started.wait(SOON_S)
    work.stop()
    go_on.set()
    work.wait(SOON_S)
    assert work.result is None
    assert work.error is not None
    assert work.error.code == "work_stopped"


def test_a_refusal_is_kept_for_the_page_to_say():
    def do(progress):
        raise MissingError("no_cases_yet")

    work = Work(do, can_stop=False)
    work.wait(SOON_S)
    assert work.result is None
    assert work.error.code == "no_cases_yet"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_the_program_ends_the_work_without_a_result():
    def do(progress):
        raise ZeroDivisionError

    work = Work(do, can_stop=False)
    work.wait(SOON_S)
    assert not work.is_running
    assert work.result is None
    assert work.error is None


@pytest.mark.parametrize(("told", "shown"), [(-1.0, 0.0), (2.0, 1.0), (0.25, 0.25)])
def test_a_share_stays_between_nothing_and_everything(told, shown):
    work = Work(lambda progress: progress(told), can_stop=False)
    work.wait(SOON_S)
    assert work.share == shown


def test_nothing_is_said_of_how_far_work_is_that_does_not_tell():
    work = Work(lambda progress: 7, can_stop=False)
    work.wait(SOON_S)
    assert work.share is None
