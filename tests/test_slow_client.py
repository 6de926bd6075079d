"""A client that reads slowly holds nothing but its answer: data change meanwhile (fault H10, both stores)."""

from __future__ import annotations

import asyncio
import gzip
import inspect
import json
from typing import get_type_hints

import pytest
from starlette.applications import Starlette

from geo.store import open_store
from geo.tasks import exports
from geo.tasks.exports import Document
from tests.small_store import NOON, fill_small_store
from ui import routes

PATIENCE_S = 30


@pytest.fixture
def store(places, monkeypatch):
    with open_store(places.new("slow"), time_zone="Asia/Shanghai") as opened:
        fill_small_store(opened, n_cases=50)
        monkeypatch.setattr(routes, "_provider", routes._Provider())
        routes.set_store_provider(lambda: opened)
        yield opened


def newest_batch(store, kind):
    batches = store.list_batches()
    return batches.loc[batches["kind"] == kind, "batch_id"].iloc[0]


def test_fault_H10_an_answer_half_read_holds_no_transaction(store):
    app = Starlette(routes=routes.all_routes())
    scope = {
        "type": "http", "method": "GET", "path": "/api/heat", "raw_path": b"/api/heat", "root_path": "",
        "scheme": "http",
        "query_string": f"token={routes.api_token()}".encode(), "http_version": "1.1", "headers": [],
    }  # fmt: skip

    async def read_slowly():
        begun, go_on, sent = asyncio.Event(), asyncio.Event(), []

        async def receive():
            await asyncio.Event().wait()

        async def send(message):
            begun.set()
            await go_on.wait()
            sent.append(message)

        reading = asyncio.create_task(app(scope, receive, send))
        await begun.wait()
        batch = newest_batch(store, "cases")
        undo = asyncio.to_thread(store.undo_batch, batch, actor="test", undone_at=NOON)
        await asyncio.wait_for(undo, PATIENCE_S)
        go_on.set()
        await reading
        return b"".join(message.get("body", b"") for message in sent[1:])

    before = store.data_version()
    body = asyncio.run(read_slowly())

    assert store.data_version() > before
    assert store.count_rows()["cases"] == 0
    points = json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
    assert len(points) > 0, "the answer is whole, and of the version it was asked of"


def test_fault_H10_every_export_is_whole_before_its_first_byte_leaves():
    writers = [
        task for name, task in inspect.getmembers(exports, inspect.isfunction) if name.startswith("write_")
    ]
    own = [task for task in writers if task.__module__ == exports.__name__]
    assert len(own) >= 4
    assert {get_type_hints(task)["return"] for task in own} == {Document}
    assert get_type_hints(Document)["content"] is bytes
