"""Tell the browser at once where the server is (首页修正).

Opened at the address of a page, such as `/cases`, Streamlit's browser side first asks whether the
server lives under that path and takes two 404 answers for a no. The page is told instead: one line
is written into the HTML that starts the app. The line holds nothing that comes from a request.
"""

from __future__ import annotations

import json
from typing import Final

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEAD: Final = b"<head>"


class FrontPage:
    """Middleware that writes the address of the server into the HTML that starts the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; change the answer where it is the HTML of the app."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        plain = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in _UNWANTED]}
        await self._app(plain, receive, answer.take)


_UNWANTED: Final = (b"accept-encoding", b"if-none-match", b"if-modified-since")
"""The answer must come whole and readable."""


class _Answer:
    """Holds the start of an answer back until its body is known."""

    def __init__(self, send: Send) -> None:
        self._send = send
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
        body = self._body.replace(_HEAD, _HEAD + first_line(), 1)
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-length"] = str(len(body))
        for name in ("etag", "last-modified"):
            if name in headers:
                del headers[name]
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def first_line() -> bytes:
    """Return the line that names the server's address, less the host, which the browser knows."""
    prefix = str(st.get_option("server.baseUrlPath") or "").strip("/")
    path = json.dumps(f"/{prefix}" if prefix else "").replace("<", "\\u003c")
    return f"<script>window.__streamlit={{BACKEND_BASE_URL:window.location.origin+{path}}}</script>".encode()
