"""What the tests of the gate share: an app behind it, asked as a browser asks, with a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from geo.access.passwords import Cost
from geo.settings import Settings
from geo.tasks.entering import set_password
from tests.small_store import NOON
from ui.entrance import Entrance
from ui.gate import Gate

VIEW, EDIT = "corkscrew maple tram", "绿豆汤 解放路 秋千 乌龙"
CHEAP = Cost(log_n=2, r=1, p=1)
AWAY = {"server": ("10.0.0.1", 8501), "client": ("10.0.0.9", 40000)}
HERE = {"server": ("127.0.0.1", 8501), "client": ("127.0.0.1", 40000)}
SITE = "http://10.0.0.1:8501"


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def first(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Behind:
    """The app behind the gate: it remembers what reached it."""

    scopes: list[dict[str, object]] = field(default_factory=list)
    heard: list[dict[str, object]] = field(default_factory=list)

    async def __call__(self, scope, receive, send):
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while True:
                message = await receive()
                self.heard.append(message)
                if message["type"] == "websocket.disconnect":
                    return
                await send({"type": "websocket.send", "bytes": b"figures"})
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
        )
        await send({"type": "http.response.body", "body": b"figures"})

    def visit(self) -> str:
        """Return the visit the last request was passed on with, empty where none was named."""
        named = [value for name, value in self.scopes[-1]["headers"] if name == b"x-getu-visit"]
        assert len(named) <= 1
        return named[0].decode() if named else ""


class Door:
    """A gate with an app behind it."""

    def __init__(self, settings: Settings, passwords: Mapping[str, str]) -> None:
        self.settings, self.clock, self.behind = settings, Clock(), Behind()
        for role, password in passwords.items():
            self.give(role, password)
        self.entrance = Entrance(settings, clock=self.clock)
        self.gate = Gate(self.behind, lambda: self.entrance)

    def give(self, role: str, password: str) -> None:
        """Set a password, as the command does."""
        set_password(self.settings, role, password, now=NOON, cost=CHEAP)

    def ask(
        self, path="/", *, method="GET", query="", body=b"", where=None, page=True, cookie="", headers=None
    ) -> Answer:
        """Send a request and return the answer."""
        sent = []
        given = {"host": "10.0.0.1:8501", **({"accept": "text/html"} if page else {}), **(headers or {})}
        if cookie:
            given["cookie"] = f"getu_visit_8501={cookie}"
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": query.encode(), "scheme": "http", "http_version": "1.1", "headers": raw(given),
            **(AWAY if where is None else where),
        }  # fmt: skip

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        asyncio.run(self.gate(scope, receive, send))
        names = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
        return Answer(sent[0]["status"], names, b"".join(part.get("body", b"") for part in sent[1:]))

    def sign_in(self, password: str, *, then="/", lang="en", where=None, cookie="", headers=None) -> Answer:
        """Send the form of the sign-in page."""
        form = urlencode({"password": password, "next": then, "lang": lang}).encode()
        return self.ask(
            "/sign-in",
            method="POST",
            body=form,
            where=where,
            cookie=cookie,
            headers={"origin": SITE, **(headers or {})},
        )

    def cookie_of(self, password: str, **named) -> str:
        """Sign in, and return the cookie."""
        answer = self.sign_in(password, **named)
        assert answer.status == 303, answer.text
        return answer.first("set-cookie").split(";")[0].split("=", 1)[1]

    def connect(
        self, steps=(), *, where=None, cookie="", origin=SITE, headers=None
    ) -> list[dict[str, object]]:
        """Open a connection as the page does, take the steps between its messages, return what came back."""
        sent, left = [], list(steps)
        given = {"host": "10.0.0.1:8501", **({"origin": origin} if origin else {}), **(headers or {})}
        if cookie:
            given["cookie"] = f"getu_visit_8501={cookie}"
        scope = {
            "type": "websocket", "path": "/_stcore/stream", "query_string": b"", "scheme": "ws", "headers": raw(given),
            "subprotocols": ["streamlit", "x"], **(AWAY if where is None else where),
        }  # fmt: skip
        opened = []

        async def receive():
            if not opened:
                opened.append(True)
                return {"type": "websocket.connect"}
            if not left:
                return {"type": "websocket.disconnect", "code": 1000}
            left.pop(0)()
            return {"type": "websocket.receive", "bytes": b"click"}

        async def send(message):
            sent.append(message)

        asyncio.run(self.gate(scope, receive, send))
        return sent


def raw(headers: Mapping[str, object]) -> list[tuple[bytes, bytes]]:
    """Return headers as a server hands them on; a list stands for a header that is there more than once."""
    pairs = []
    for name, value in headers.items():
        pairs += [(name.encode(), one.encode()) for one in (value if isinstance(value, list) else [value])]
    return pairs
