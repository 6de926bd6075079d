"""Headers that tell a browser what a page of ours may do, and what it may keep (安全响应头).

The policy allows the page its own scripts and nothing else. Streamlit needs three exceptions: styles
that its scripts write, scripts it makes of the text of our components (`blob:`), and pictures and fonts
written as data. The two inline scripts of the starting page are named by their digests.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui import pages
from ui.front_page import first_script

ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
KEPT_BY_NOBODY: Final = ("/media/", "/_stcore/")
"""Files made for one person, and what Streamlit tells of a visit: no browser or proxy keeps them."""
_INLINE: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class PageHeaders:
    """Middleware that writes the headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write the headers where its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def write(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _with_headers(message["headers"], str(scope["path"]))}
            await send(message)

        await self._app(scope, receive, write)


def _with_headers(raw: list[tuple[bytes, bytes]], path: str) -> list[tuple[bytes, bytes]]:
    headers = MutableHeaders(raw=list(raw))
    for name, value in ALWAYS.items():
        headers[name] = value
    is_page = "text/html" in Headers(raw=raw).get("content-type", "")
    if is_page:
        headers.setdefault("Content-Security-Policy", policy())
    if is_page or path.removeprefix(pages.prefix()).startswith(KEPT_BY_NOBODY):
        headers["Cache-Control"] = "no-store"
    return headers.raw


@lru_cache(maxsize=1)
def policy() -> str:
    """Return the content security policy of the pages."""
    scripts = " ".join(["'self'", "blob:", "'wasm-unsafe-eval'", *map(_digest, _inline_scripts())])
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "media-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-src 'self'",
            "frame-ancestors 'none'",
        ]
    )


def _inline_scripts() -> list[str]:
    """Return the scripts that stand in the page that starts the app, ours first."""
    page = Path(st.__file__).parent / "static" / "index.html"
    return [first_script(), *_INLINE.findall(page.read_text(encoding="utf-8"))]


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
