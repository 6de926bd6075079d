"""Tell the browser at once where the server is (首页修正).

Opened at the address of a page, such as `/cases`, Streamlit's browser side first asks whether the
server lives under that path and takes two 404 answers for a no. The page is told instead: one line
is written into the HTML that starts the app, and the names of our own scripts after it, so that they
are there when the first map asks for them. Nothing of it comes from a request.

At an address that is no page, Streamlit starts the app all the same and then complains in English. The
reader is sent to the first page instead, which says so in the reader's language.
"""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import parse_qs, quote, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui import pages
from ui.asset_files import ASSET_PATH, OURS, base_path

MISSING: Final = "missing"
"""Name in an address under which the first page is told what was asked for and is not there."""

_HEAD: Final = b"<head>"
_OK, _ELSEWHERE = 200, 302
_MOST_OF_PATH: Final = 200


class FrontPage:
    """Middleware that writes the address of the server into the HTML that starts the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; change the answer where it is the HTML of the app."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, _sent_on(scope))
        plain = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in _UNWANTED]}
        await self._app(plain, receive, answer.take)


_UNWANTED: Final = (b"accept-encoding", b"if-none-match", b"if-modified-since")
"""The answer must come whole and readable."""


class _Answer:
    """Holds the start of an answer back until its body is known."""

    def __init__(self, send: Send, sent_on: str) -> None:
        self._send = send
        self._sent_on = sent_on
        self._start: Message | None = None
        self._body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if "text/html" in Headers(raw=message["headers"]).get("content-type", ""):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        if self._sent_on and start["status"] == _OK:
            headers = [(b"location", self._sent_on.encode("ascii")), (b"content-length", b"0")]
            await self._send({"type": "http.response.start", "status": _ELSEWHERE, "headers": headers})
            await self._send({"type": "http.response.body", "body": b""})
            return
        body = self._body.replace(_HEAD, _HEAD + first_line() + early_modules(), 1)
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-length"] = str(len(body))
        for name in ("etag", "last-modified"):
            if name in headers:
                del headers[name]
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _sent_on(scope: Scope) -> str:
    """Return the address to go to instead of one that is no page; empty for a page."""
    home = f"{pages.prefix()}/"
    asked = str(scope["path"])
    name = asked.removeprefix(home).strip("/") if asked.startswith(home) else asked.strip("/")
    if name in ("", "index.html") or (name in pages.PAGE_NAMES and name != pages.HOME):
        return ""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    kept = {key: query[key][0] for key in pages.KEPT if key in query}
    if name != pages.HOME:
        kept[MISSING] = name[:_MOST_OF_PATH]
    return f"{quote(home)}?{urlencode(kept)}"


def first_line() -> bytes:
    """Return the line that names the server's address, less the host, which the browser knows."""
    path = json.dumps(pages.prefix()).replace("<", "\\u003c")
    return f"<script>window.__streamlit={{BACKEND_BASE_URL:window.location.origin+{path}}}</script>".encode()


def early_modules() -> bytes:
    """Return the lines that let the browser fetch our own scripts while it still starts the app."""
    start = f"{base_path()}{ASSET_PATH}/ui"
    names = sorted(path.name for path in OURS.glob("*.js") if not path.stem.endswith("stub"))
    return "".join(f'<link rel="modulepreload" href="{quote(f"{start}/{name}")}">' for name in names).encode()
