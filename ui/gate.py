"""The gate before everything the app answers: pages, their connection, uploads, files, map data (门禁).

A request passes here before Streamlit or a route of ours sees it. Whoever is not let in gets the
sign-in page, one sentence, or a closed connection; a visit that ends while a page is open is cut off at
its next step. The pages learn who it is from a header that is written here and nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import nullcontext
from http.cookies import CookieError, SimpleCookie
from math import ceil
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.access.callers import Caller
from geo.access.guesses import place_of
from geo.access.seats import Role
from geo.errors import AccessError, GeoError, LimitError
from geo.intake.limits import MB
from geo.messages import Language
from ui import pages
from ui.entrance import LIFETIME_S, VISIT_HEADER, Admitted, Asked, Entrance, Refused, entrance
from ui.sign_in_page import (
    POLICY,
    SIGN_IN,
    SIGN_OUT,
    draw_refusal,
    draw_sign_in,
    language_of,
    quoted,
    safe_address,
)
from ui.texts.access import TEXT
from ui.turns import UPLOADS_AT_ONCE, Room, map_data, person_of, request_turn

log = logging.getLogger(__name__)

ENDED: Final = 4401
"""Code a connection is closed with when nobody is signed in; the browser goes to the sign-in page."""
PUBLIC: Final = ("/_stcore/health", "/healthz")
"""Told to anybody: that it runs."""
NEVER: Final = ("/_stcore/agent", "/_stcore/metrics", "/_stcore/script-health-check", "/mcp")
"""Doors of Streamlit that the app does not use: a session without a page, and figures of the process."""
UPLOADS: Final = "/_stcore/upload_file"
HEAVY: Final = "/api/"
"""Map data, which takes turns."""
_MOST_OF_FORM: Final = 20_000
_MOST_AT_ONCE: Final = 8
"""People whose password is being looked at or waits for it; each look takes 64 MB, one at a time."""
_POLICY_VIOLATION: Final = 1008


class Gate:
    """Middleware that lets in, asks for a password, or refuses."""

    def __init__(
        self,
        app: ASGIApp,
        find: Callable[[], Entrance] = entrance,
        note: Callable[[Role | None, str], None] | None = None,
    ) -> None:
        """Stand before an app; `note` is told of every password: whose it was, and from where."""
        self._app = app
        self._find = find
        self._note = note or (lambda role, place: None)
        self._one_look = asyncio.Semaphore(1)
        self._n_looking = 0
        self._room = Room()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge a request or a connection, and pass it on where it is let in."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connection(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _path(scope)
        if path in PUBLIC:
            await self._app(_named(scope, ""), receive, send)
            return
        if any(path == door or path.startswith(f"{door}/") for door in NEVER):
            await Response("", 404)(scope, receive, send)
            return
        try:
            at_door = self._find()
        except GeoError as error:
            await _refuse(scope, error, 503)(scope, receive, send)
            return
        judgement = at_door.judge(_caller(scope), _cookie(scope))
        if path in (SIGN_IN, SIGN_OUT) and not isinstance(judgement, Refused):
            answer = await self._at_the_door(at_door, judgement, scope, receive)
        elif isinstance(judgement, Admitted):
            await self._let_in(at_door, judgement, scope, receive, send)
            return
        else:
            answer = _turned_away(scope, judgement, at_door)
        await answer(scope, receive, send)

    async def _let_in(
        self, at_door: Entrance, judgement: Admitted, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Pass a request on, once it is its turn where it is heavy."""
        path = _path(scope)
        try:
            if path.startswith(UPLOADS):
                if not judgement.seat.may("import"):
                    await _refuse(scope, AccessError("access_editor_only"), 403, at_door)(
                        scope, receive, send
                    )
                    return
                limit = at_door.settings.max_upload_mb * MB
                waits = self._room.place(_length(scope, limit), room=UPLOADS_AT_ONCE * limit)
            elif path.startswith(HEAVY):
                waits = request_turn(map_data, person_of(judgement.seat, judgement.visit))
            else:
                waits = nullcontext()
            async with waits:
                await self._app(_named(scope, ""), receive, send)
        except LimitError as error:
            log.warning("told a visitor to wait: %s", error.code)
            await _refuse(scope, error, 429, at_door)(scope, receive, send)

    async def _at_the_door(
        self, at_door: Entrance, judgement: Admitted | Asked, scope: Scope, receive: Receive
    ) -> Response:
        """Answer the sign-in page, a password, or a sign-out."""
        headers, method = Headers(scope=scope), scope["method"]
        if method == "POST" and not is_own_page(headers):
            return _refuse(scope, AccessError("access_foreign_page"), 403, at_door)
        if _path(scope) == SIGN_OUT:
            return self._sign_out(at_door, scope) if method == "POST" else _to(pages.prefix() + "/")
        if method == "POST":
            form = await _read_form(receive)
            return await self._sign_in(at_door, scope, form)
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        then = safe_address(asked.get("next", [""])[0], pages.prefix())
        if isinstance(judgement, Admitted):
            return _to(then)
        language = _language(scope, then, at_door)
        said = "access.signed_out" if "out" in asked else "access.ended" if "ended" in asked else ""
        return _sign_in_page(language, then, said, is_good=said == "access.signed_out")

    async def _sign_in(self, at_door: Entrance, scope: Scope, form: dict[str, str]) -> Response:
        then = safe_address(form.get("next", ""), pages.prefix())
        language: Language = "en" if form.get("lang") == "en" else "zh"
        address = at_door.proxy.client_of(_caller(scope)) if at_door.proxy else _caller(scope).nearest
        now_s = at_door.clock()
        if (wait_s := at_door.guesses.wait_s(address, now_s)) > 0:
            log.warning("a sign-in from %s has to wait", place_of(address))
            return _sign_in_page(language, then, "access.wait", 429, seconds=ceil(wait_s))
        if self._n_looking >= _MOST_AT_ONCE:
            return _sign_in_page(language, then, "access.busy", 429)
        at_door.guesses.take(address, now_s)
        self._n_looking += 1
        try:
            async with self._one_look:
                cookie = await run_in_threadpool(at_door.sign_in, form.get("password", ""))
        except AccessError as error:
            return _refuse(scope, error, 403, at_door)
        finally:
            self._n_looking -= 1
        if cookie is None:
            log.warning("a wrong password from %s", place_of(address))
            self._note(None, place_of(address))
            return _sign_in_page(language, then, "access.wrong", 403)
        at_door.guesses.forgive(address, now_s)
        at_door.sign_out(_cookie(scope))
        log.info("somebody signed in from %s", place_of(address))
        self._note(at_door.role_of(cookie), place_of(address))
        return _with_cookie(_to(then), scope, cookie, at_door)

    def _sign_out(self, at_door: Entrance, scope: Scope) -> Response:
        at_door.sign_out(_cookie(scope))
        language = _language(scope, "", at_door)
        answer = _to(f"{pages.prefix()}{SIGN_IN}?{urlencode({'out': 1, 'lang': language})}")
        answer.delete_cookie(_cookie_name(scope), path=f"{pages.prefix()}/", httponly=True, samesite="lax")
        return answer

    async def _connection(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge the connection of a page, and watch it as long as it lasts."""
        try:
            at_door = self._find()
        except GeoError:
            await _close(scope, receive, send, _POLICY_VIOLATION)
            return
        judgement = at_door.judge(_caller(scope), _cookie(scope))
        origin = Headers(scope=scope).get("origin")
        is_foreign = origin is not None and not _is_same_host(origin, Headers(scope=scope))
        if is_foreign:
            log.warning(
                "refused a connection of a page from %r; a proxy must pass Host on", str(origin)[:100]
            )
        if is_foreign or isinstance(judgement, Refused):
            await _close(scope, receive, send, _POLICY_VIOLATION)
            return
        if isinstance(judgement, Asked):
            await _close(scope, receive, send, ENDED)
            return
        visit = judgement.visit or at_door.begin(judgement.seat)
        watched = _Watched(at_door, visit, receive, send)
        try:
            await self._app(_named(scope, visit), watched.receive, watched.send)
        finally:
            if not judgement.visit:
                at_door.drop(visit)  # the proxy names its user anew with the next connection


class _Watched:
    """A connection that is cut off as soon as its visit has ended."""

    def __init__(self, at_door: Entrance, visit: str, receive: Receive, send: Send) -> None:
        self._at_door, self._visit, self._receive, self._send = at_door, visit, receive, send
        self._is_closed = False

    async def receive(self) -> Message:
        """Return the next message of the browser, or that it has left."""
        message = await self._receive()
        if message["type"] == "websocket.receive" and not await self._is_alive():
            return {"type": "websocket.disconnect", "code": ENDED}
        return message

    async def send(self, message: Message) -> None:
        """Send a message to the browser, where somebody is still signed in."""
        if self._is_closed or (message["type"] == "websocket.send" and not await self._is_alive()):
            return
        await self._send(message)

    async def _is_alive(self) -> bool:
        if not self._is_closed and self._at_door.seat_of(self._visit) is None:
            self._is_closed = True
            await self._send({"type": "websocket.close", "code": ENDED})
        return not self._is_closed


def is_own_page(headers: Headers) -> bool:
    """Tell whether a form was sent by a page of this site: browsers say so, and cannot be made to lie."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return _is_same_host(headers.get("origin") or headers.get("referer") or "", headers)


def _is_same_host(origin: str, headers: Headers) -> bool:
    try:
        return bool(origin) and urlsplit(origin).netloc == headers.get("host", "")
    except ValueError:  # no address at all
        return False


def _caller(scope: Scope) -> Caller:
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    server, peer = scope.get("server"), scope.get("client")
    return Caller(str(server[0]) if server else "", str(peer[0]) if peer else "", headers)


def _named(scope: Scope, visit: str) -> Scope:
    """Return a scope that names its visit, whatever the request said of it."""
    name = VISIT_HEADER.encode()
    kept = [pair for pair in scope["headers"] if pair[0].lower() != name]
    return {**scope, "headers": [*kept, (name, visit.encode())] if visit else kept}


def _length(scope: Scope, most: int) -> int:
    """Return how long a request says it is; one that does not say counts as the longest."""
    if scope["method"] != "PUT":
        return 0
    said = Headers(scope=scope).get("content-length", "")
    return min(int(said), most) if said.isdecimal() and len(said) < 20 else most


def _path(scope: Scope) -> str:
    """Return the path within the app."""
    return str(scope["path"]).removeprefix(pages.prefix()) or "/"


def _cookie_name(scope: Scope) -> str:
    """Return the name of the cookie; cookies know no ports, so two apps on one machine need two names."""
    server = scope.get("server")
    return f"getu_visit_{server[1] if server else 0}"


def _cookie(scope: Scope) -> str:
    try:
        cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
    except CookieError:
        return ""
    found = cookies.get(_cookie_name(scope))
    return found.value if found else ""


def _is_secure(scope: Scope, at_door: Entrance) -> bool:
    caller = _caller(scope)
    by_proxy = at_door.proxy is not None and at_door.proxy.passed_on(caller)
    return scope.get("scheme") in ("https", "wss") or (
        by_proxy and caller.first("x-forwarded-proto").strip().lower() == "https"
    )


def _with_cookie(answer: Response, scope: Scope, cookie: str, at_door: Entrance) -> Response:
    answer.set_cookie(
        _cookie_name(scope), cookie, max_age=int(LIFETIME_S), path=f"{pages.prefix()}/", httponly=True,
        samesite="lax", secure=_is_secure(scope, at_door),
    )  # fmt: skip
    return answer


def _turned_away(scope: Scope, judgement: Asked | Refused, at_door: Entrance) -> Response:
    """Answer whoever is not let in: a page for a person, a sentence for a program."""
    if isinstance(judgement, Refused):
        return _refuse(scope, judgement.reason, 403, at_door)
    if _wants_page(scope) and scope["method"] in ("GET", "HEAD"):
        then = safe_address(quoted(scope["path"], scope["query_string"]), pages.prefix())
        asked = {"next": then, "lang": _language(scope, then, at_door)}
        return _to(f"{pages.prefix()}{SIGN_IN}?{urlencode(asked)}")
    return _refuse(scope, AccessError("access_not_signed_in"), 401, at_door)


def _wants_page(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("accept", "")


def _language(scope: Scope, then: str, at_door: Entrance | None) -> Language:
    own: Language = "en" if at_door is not None and at_door.settings.language == "en" else "zh"
    address = f"?{scope['query_string'].decode('latin-1')}"
    referer = Headers(scope=scope).get("referer", "").partition("?")[2]
    return language_of(address, language_of(then, language_of(f"?{referer}", own)))


def _sign_in_page(
    language: Language, then: str, said: str, status: int = 200, *, is_good: bool = False, **values: object
) -> Response:
    sentence = TEXT[said][0 if language == "zh" else 1].format_map(values) if said else ""
    page = draw_sign_in(language, prefix=pages.prefix(), then=then, said=sentence, is_good=is_good)
    headers = {"Retry-After": str(values.get("seconds", 5))} if status == 429 else {}
    return _html(page, status, headers)


def _html(page: bytes, status: int, headers: dict[str, str] | None = None) -> Response:
    kept = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY, **(headers or {})}
    return Response(page, status, media_type="text/html", headers=kept)


def _refuse(scope: Scope, error: GeoError, status: int, at_door: Entrance | None = None) -> Response:
    """Say one sentence, as a page for a person and as JSON for a program."""
    asked = _language(scope, "", at_door)
    if _wants_page(scope):
        other: Language = "en" if asked == "zh" else "zh"
        path = quoted(scope["path"], b"")
        return _html(draw_refusal(asked, error.say(asked), link=f"{path}?lang={other}"), status)
    body = {"code": error.code, "error": error.say(asked)}
    wait = {"Retry-After": "5"} if status == 429 else {}
    return JSONResponse(body, status, headers={"Cache-Control": "no-store", **wait})


def _to(address: str) -> Response:
    return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})


async def _read_form(receive: Receive) -> dict[str, str]:
    """Return the fields of a small form; a large one has none."""
    body, has_more = b"", True
    while has_more and len(body) <= _MOST_OF_FORM:
        message = await receive()
        body += message.get("body", b"")
        has_more = bool(message.get("more_body")) and message["type"] == "http.request"
    if len(body) > _MOST_OF_FORM:
        return {}
    try:
        fields = parse_qs(body.decode("latin-1"), keep_blank_values=True, max_num_fields=10)
    except ValueError:  # more fields than the form has
        return {}
    return {name: values[0] for name, values in fields.items()}


async def _close(scope: Scope, receive: Receive, send: Send, code: int) -> None:
    """Close a connection: refused outright, or taken and ended where the browser should hear the code."""
    await receive()
    if code == ENDED:
        await send(
            {"type": "websocket.accept", "subprotocol": next(iter(scope.get("subprotocols", ())), None)}
        )
    await send({"type": "websocket.close", "code": code})
