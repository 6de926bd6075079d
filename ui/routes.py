"""Addresses the maps fetch, in the same process and on the same port as the pages (路由).

They stand outside the session of the pages, so every request under `/api` carries a token that a
page made (`ui.tokens`). An answer is packed once per version of the data and kept; a browser that
has it gets 304. Whatever goes wrong is told in one sentence, without stack or path.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

import geo
from geo.analysis.periods import Period
from geo.errors import ConflictError, GeoError, MissingError, StoreError
from geo.messages import Language, say
from geo.present.offline import VENDOR
from geo.schema import AreaLevel
from geo.store.base import CaseFilter, Store
from geo.tasks.dashboards import measure_level
from geo.tasks.map_layers import first_tiles, is_tiled
from ui.asset_files import ASSET_PATH, OURS, base_path
from ui.map_answers import ANSWERS, Measure, language_of, require_current, require_short
from ui.render_cache import RenderCache
from ui.tokens import Grant, mint, verify

log = logging.getLogger(__name__)

KEPT_BYTES: Final = 64_000_000
PREVIEW_BYTES: Final = 48_000_000
JSON_TYPE: Final = "application/json"
TILE_TYPE: Final = "application/vnd.mapbox-vector-tile"
_UNKEYED: Final = frozenset({"token", "v"})
"""Parameters that do not change an answer: the version of the data is read from the store itself. The
language changes figures only, where names and units stand beside them."""

_layers = RenderCache(KEPT_BYTES)
_previews = RenderCache(PREVIEW_BYTES)


class _Provider:
    """Where the store comes from: the pages' own, unless a test or a tool names another."""

    def __init__(self) -> None:
        self.give: Callable[[], Store] | None = None

    def store(self) -> Store:
        if self.give is not None:
            return self.give()
        from ui import session  # noqa: PLC0415 - pages import this module

        return session.store()

    def measure(self) -> Measure:
        """Return what measures a level, kept beside the pages where the store is theirs."""
        if self.give is None:
            from ui import session  # noqa: PLC0415 - pages import this module

            return session.measured_level
        store = self.give()

        def measure(
            level: AreaLevel, *, period: Period, where: CaseFilter, parent_id: str | None, by: str
        ) -> pd.DataFrame:
            return measure_level(store, level, period=period, where=where, parent_id=parent_id)

        return measure


_provider = _Provider()


def set_store_provider(give: Callable[[], Store]) -> None:
    """Take the store from somewhere else than the pages' session."""
    _provider.give = give


def api_token() -> str:
    """Return a token for every address of the store the pages show."""
    return mint(Grant("all", _identity(_provider.store())))


def keep_preview(content: bytes) -> str:
    """Keep GeoJSON that is not stored yet, and return the address a map fetches it from.

    Kept in memory until newer previews push it out; the address is a digest of the content.
    """
    name = hashlib.sha256(content).hexdigest()[:32]
    _previews.get(name, lambda: gzip.compress(content, compresslevel=5))
    return f"{base_path()}/api/preview/{name}"


def all_routes() -> list[BaseRoute]:
    """Return every route of the program beside the pages."""
    start = f"{base_path()}/api"
    return [
        *asset_routes(),
        Route(f"{base_path()}/healthz", _health),
        Route(f"{start}/areas/{{level}}.geojson", _answer("areas")),
        Route(f"{start}/tiles/{{level}}/{{z}}/{{x}}/{{y}}.mvt", _answer("tiles")),
        *(Route(f"{start}/{name}", _answer(name)) for name in ANSWERS if name not in ("areas", "tiles")),
        Route(f"{start}/preview/{{name}}", _preview),
    ]


def asset_routes() -> list[BaseRoute]:
    """Return the routes of our own and the vendored scripts and styles."""
    start = f"{base_path()}{ASSET_PATH}"
    return [
        Mount(f"{start}/vendor", _KeptFiles(directory=VENDOR)),
        Mount(f"{start}/ui", _KeptFiles(directory=OURS)),
    ]


def prepare(level: AreaLevel) -> None:
    """Make the layers a map of the whole store opens with, so that the first reader finds them made.

    Raises
    ------
    GeoError
        If the store cannot be opened or read.
    """
    store = _provider.store()
    # Figures are asked for in many ways; what each of them needs is read once.
    ANSWERS["values"](store, {"level": level, "by": "n_new"}, _provider.measure())
    name, asked = "areas", [{"level": str(level)}]
    if is_tiled(store, level):
        name = "tiles"
        asked = [
            {"level": level, "z": str(tile.z), "x": str(tile.x), "y": str(tile.y)}
            for tile in first_tiles(store, level)
        ]
    for query in asked:
        _layer(store, _tag(*_identify(store), name, query), name, query)


class _KeptFiles(StaticFiles):
    """Files under an address that changes with their content: a browser may keep them for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


async def _health(_: Request) -> Response:
    return JSONResponse({"ok": True, "version": geo.__version__}, headers={"Cache-Control": "no-store"})


def _answer(name: str) -> Callable[[Request], object]:
    async def answer(request: Request) -> Response:
        query = {**request.query_params, **request.path_params}
        return await run_in_threadpool(_respond, name, query, dict(request.headers))

    return answer


async def _preview(request: Request) -> Response:
    query = dict(request.query_params)
    return await run_in_threadpool(
        _respond_preview, request.path_params["name"], query, dict(request.headers)
    )


def _respond(name: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Response:
    language = language_of(query)
    try:
        store = _provider.store()
        identity, version = _identify(store)
        if refusal := _refuse(query, identity):
            return _sentence(refusal, 403, language)
        require_short(query)
        if name == "tiles":
            require_current(query, version)
        tag = _tag(identity, version, name, query)
        if _has(headers, tag):
            return Response(status_code=304, headers=_headers(tag))
        content = _layer(store, tag, name, query)
    except GeoError as error:
        return _refusal(error, language)
    return _packed(content, tag, headers, media_type=TILE_TYPE if name == "tiles" else JSON_TYPE)


def _tag(identity: str, version: int, name: str, query: Mapping[str, str]) -> str:
    """Name an answer by everything that decides what is in it."""
    unkeyed = _UNKEYED if name == "values" else _UNKEYED | {"lang"}
    asked = sorted((key, value) for key, value in query.items() if key not in unkeyed)
    words = f"{identity} {version} {geo.__version__} {name} {asked}"
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def _layer(store: Store, tag: str, name: str, query: Mapping[str, str]) -> bytes:
    """Return an answer, packed; made once per version of the data."""
    return _layers.get(
        tag,
        lambda: gzip.compress(ANSWERS[name](store, query, _provider.measure()), compresslevel=5),
    )


def _respond_preview(name: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Response:
    language = language_of(query)
    if refusal := _refuse(query, _identity(_provider.store())):
        return _sentence(refusal, 403, language)
    try:
        content = _previews.get(name, _no_preview)
    except MissingError as error:
        return _refusal(error, language)
    if _has(headers, name):
        return Response(status_code=304, headers=_headers(name))
    return _packed(content, name, headers)


def _no_preview() -> bytes:
    raise MissingError("preview_gone")


def _refuse(query: Mapping[str, str], identity: str) -> str:
    """Return the code of a refusal, empty where the token is good for this store."""
    grant = verify(query.get("token", ""))
    if grant == "expired":
        return "map_token_expired"
    return "" if isinstance(grant, Grant) and grant.store == identity else "map_token_bad"


def _identity(store: Store) -> str:
    return _identify(store)[0]


def _identify(store: Store) -> tuple[str, int]:
    """Tell one store from another, without saying where it is, and name the version of its data."""
    meta = store.meta()
    facts = sorted((name, value) for name, value in meta.items() if name != "data_version")
    return hashlib.sha256(repr((id(store), facts)).encode()).hexdigest()[:16], int(meta["data_version"])


def _has(headers: Mapping[str, str], tag: str) -> bool:
    known = {part.strip().removeprefix("W/") for part in headers.get("if-none-match", "").split(",")}
    return f'"{tag}"' in known


def _headers(tag: str) -> dict[str, str]:
    return {
        "ETag": f'"{tag}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }


def _packed(content: bytes, tag: str, headers: Mapping[str, str], *, media_type: str = JSON_TYPE) -> Response:
    if "gzip" in headers.get("accept-encoding", ""):
        answer = {**_headers(tag), "Content-Encoding": "gzip"}
        return Response(content, media_type=media_type, headers=answer)
    return Response(gzip.decompress(content), media_type=media_type, headers=_headers(tag))


_STATUS: Final = ((MissingError, 404), (ConflictError, 409), (StoreError, 503))


def _refusal(error: GeoError, language: Language) -> Response:
    log.info("refused a layer: %s", error.code)
    status = next((number for kind, number in _STATUS if isinstance(error, kind)), 400)
    body = {"code": error.code, "error": error.say(language)}
    return JSONResponse(body, status, headers={"Cache-Control": "no-store"})


def _sentence(code: str, status: int, language: Language) -> Response:
    body = {"code": code, "error": say(code, language)}
    return JSONResponse(body, status, headers={"Cache-Control": "no-store"})
