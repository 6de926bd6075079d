"""Heavy requests, files and checks take turns, uploads wait for room, and nobody waits for another (H02, H05)."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter

import pytest

from geo.access.seats import OPERATOR, Seat
from geo.access.turns import Turns
from geo.errors import LimitError
from geo.settings import Settings
from tests.doors import EDIT, VIEW, Door
from ui import gate, turns
from ui.gate import Gate
from ui.work import Work

MB = 1_000_000
SOON_S = 10


class Slow:
    """An app that answers nobody before it is told to, and knows who is inside."""

    def __init__(self):
        self.inside, self.most = Counter(), Counter()
        self.go_on = asyncio.Event()

    async def __call__(self, scope, receive, send):
        who = scope["path"].rpartition("/")[2]
        self.inside[who] += 1
        self.most[who] = max(self.most[who], self.inside[who])
        if who != "quick":
            await self.go_on.wait()
        self.inside[who] -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Crowd:
    """Requests that are under way at the same time, through one gate."""

    def __init__(self, door: Door, monkeypatch, **sizes) -> None:
        self.app = Slow()
        self.gate = Gate(self.app, lambda: door.entrance)
        monkeypatch.setattr(gate, "map_data", Turns(**sizes))

    async def ask(self, path, cookie, *, method="GET", n_bytes=0):
        sent = []
        headers = {
            "host": "10.0.0.1:8501",
            "cookie": f"getu_visit_8501={cookie}",
            "content-length": str(n_bytes),
        }
        scope = {
            "type": "http", "method": method, "path": path, "query_string": b"lang=en", "scheme": "http",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "server": ("10.0.0.1", 8501), "client": ("10.0.0.9", 40000),
        }  # fmt: skip

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        await self.gate(scope, receive, send)
        return sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:])

    def begin(self, *asked, **named):
        return asyncio.ensure_future(self.ask(*asked, **named))


async def settle():
    """Let everything that can go on go on."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
def door(tmp_path):
    settings = Settings(access_file=str(tmp_path / "access.json"), max_upload_mb=100)
    return Door(settings, {"viewer": VIEW, "editor": EDIT})


def test_fault_H05_requests_of_one_visitor_in_a_loop_leave_others_their_turn(door, monkeypatch):
    looping, other = door.cookie_of(VIEW), door.cookie_of(VIEW)

    async def run():
        crowd = Crowd(door, monkeypatch, at_once=6, each=3, waiting=20)
        loop = [crowd.begin("/api/values/loop", looping) for _ in range(40)]
        await settle()
        assert crowd.app.inside["loop"] == 3
        refused = [task.result() for task in loop if task.done()]
        assert [status for status, _ in refused] == [429] * 17
        body = json.loads(refused[0][1])
        assert (body["code"], "wait already" in body["error"]) == ("turns_all_taken", True)
        status, _ = await asyncio.wait_for(crowd.ask("/api/values/quick", other), SOON_S)
        assert status == 200, "another visitor is answered while the loop goes on"
        status, _ = await asyncio.wait_for(crowd.ask("/cases/quick", looping), SOON_S)
        assert status == 200, "and so is a page of the one who loops"
        crowd.app.go_on.set()
        answers = Counter(status for status, _ in await asyncio.gather(*loop))
        assert answers == {200: 23, 429: 17}
        assert crowd.app.most["loop"] == 3

    asyncio.run(run())


def test_fault_H05_a_turn_that_does_not_come_is_told_and_given_back(door, monkeypatch):
    cookie = door.cookie_of(VIEW)

    async def run():
        crowd = Crowd(door, monkeypatch, at_once=1, each=1, waiting=5)
        first = crowd.begin("/api/heat/slow", cookie)
        await settle()
        with pytest.raises(LimitError) as refused:
            async with turns.request_turn(gate.map_data, "viewer-x", patience_s=0):
                pytest.fail("there was no turn")
        assert refused.value.code == "turns_took_too_long"
        crowd.app.go_on.set()
        assert (await first)[0] == 200
        assert (await crowd.ask("/api/heat/slow", cookie))[0] == 200, "nothing waits any more"

    asyncio.run(run())


def test_a_person_is_a_name_where_there_is_one_and_a_visit_where_there_is_none():
    assert turns.person_of(Seat("viewer", "viewer"), "visit-1") == "visit-1"
    assert turns.person_of(Seat("viewer", "chen"), "visit-2") == "chen"
    assert turns.person_of(OPERATOR, "visit-3") == OPERATOR.name


def test_fault_H02_uploads_beyond_the_room_wait_unread_until_others_are_taken(door, monkeypatch):
    cookie = door.cookie_of(EDIT)
    held = []
    monkeypatch.setattr(turns.asyncio, "sleep", lambda _s, sleep=asyncio.sleep: sleep(0))

    async def run():
        crowd = Crowd(door, monkeypatch, at_once=1, each=1, waiting=1)
        crowd.gate._room = turns.Room(lambda: sum(held))
        put = {"method": "PUT", "n_bytes": 100 * MB}
        twenty = [crowd.begin("/_stcore/upload_file/s/big", cookie, **put) for _ in range(20)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert crowd.app.inside["big"] == turns.UPLOADS_AT_ONCE
        status, _ = await asyncio.wait_for(crowd.ask("/dashboard/quick", cookie), SOON_S)
        assert status == 200
        held.append(300 * MB)  # those that arrived are held until their pages take them
        crowd.app.go_on.set()
        answers = Counter(status for status, _ in await asyncio.gather(*twenty))
        assert crowd.app.most["big"] == turns.UPLOADS_AT_ONCE
        assert answers == {200: 20}
        held.append(100 * MB)
        status, body = await crowd.ask("/_stcore/upload_file/s/quick", cookie, **put)
        assert (status, json.loads(body)["code"]) == (429, "turns_no_room")
        assert "400 MB" in json.loads(body)["error"]
        held.clear()
        assert (await crowd.ask("/_stcore/upload_file/s/quick", cookie, **put))[0] == 200

    asyncio.run(run())


def test_an_upload_that_does_not_say_how_long_it_is_counts_as_the_longest():
    scope = {"method": "PUT", "headers": []}
    assert gate._length(scope, 100) == 100
    for said, counted in ((b"7", 7), (b"900", 100), (b"-1", 100), (b"9" * 5000, 100), ("٣".encode(), 100)):
        assert gate._length({"method": "PUT", "headers": [(b"content-length", said)]}, 100) == counted
    assert gate._length({"method": "DELETE", "headers": []}, 100) == 0


def test_fault_H05_files_to_download_are_made_one_after_another_for_one_person():
    line = Turns(at_once=3, each=1, waiting=1)
    inside, go_on = threading.Event(), threading.Event()

    def make():
        with turns.thread_turn(line, "a"):
            inside.set()
            go_on.wait(SOON_S)

    first = threading.Thread(target=make)
    first.start()
    assert inside.wait(SOON_S)
    with pytest.raises(LimitError) as late, turns.thread_turn(line, "a", patience_s=0):
        pytest.fail("the first is still being made")
    assert late.value.code == "turns_took_too_long"
    with turns.thread_turn(line, "b", patience_s=0):
        pass  # another person has a turn of his own
    go_on.set()
    first.join()
    with turns.thread_turn(line, "a", patience_s=0):
        pass


def test_fault_H05_checks_wait_in_a_queue_that_says_ones_place():
    line = Turns(at_once=1, each=1, waiting=2)
    go_on = threading.Event()
    works = [
        Work(lambda _: go_on.wait(SOON_S), can_stop=False, turns=line, person="a"),
        Work(lambda _: 2, can_stop=False, turns=line, person="a"),
        Work(lambda _: 3, can_stop=False, turns=line, person="a"),
    ]
    assert [work.place for work in works] == [0, 1, 2]
    with pytest.raises(LimitError):
        Work(lambda _: 4, can_stop=False, turns=line, person="a")
    works[1].stop()
    works[1].wait(SOON_S)
    assert (works[1].result, works[1].error.code) == (None, "work_stopped")
    assert works[2].place == 1, "who leaves the queue makes room"
    go_on.set()
    works[2].wait(SOON_S)
    assert (works[2].result, works[2].place) == (3, 0)
