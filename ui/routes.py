"""Addresses the maps fetch, in the same process and on the same port as the pages."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from geo.present.offline import VENDOR
from ui.asset_files import ASSET_PATH, OURS


class _KeptFiles(StaticFiles):
    """Files under an address that changes with their content: a browser may keep them for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def asset_routes() -> list[BaseRoute]:
    """Return the routes of our own and the vendored scripts and styles."""
    return [
        Mount(f"{ASSET_PATH}/vendor", _KeptFiles(directory=VENDOR)),
        Mount(f"{ASSET_PATH}/ui", _KeptFiles(directory=OURS)),
    ]
