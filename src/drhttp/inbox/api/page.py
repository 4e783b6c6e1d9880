"""The routes of the page and its files, and those of the API, which is loaded when it is first needed."""

from __future__ import annotations

import asyncio
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route, Router

from drhttp.inbox.lazy_import import load

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from drhttp.inbox.api.context import Context

UI = Path(__file__).resolve().parent.parent / "ui"
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".LICENSE": "text/plain",
    ".svg": "image/svg+xml",
}
_API = re.compile(r"/api/v1/|/(?:raw|image|preview)/[0-9]+/[^/]+\Z")


def routes(context: Context) -> list[BaseRoute]:
    """Return the routes of the page, its files, and the API."""
    return [Route("/", _page), Route("/ui/{name:path}", _ui_file), _ApiRoute(context)]


@cache
def _ui_files() -> dict[str, Response]:
    """The files of the page, read once: a browser asks for all of them before it shows anything."""
    return {
        path.relative_to(UI).as_posix(): Response(path.read_bytes(), media_type=_MEDIA_TYPES[path.suffix])
        for path in UI.rglob("*")
        if path.suffix in _MEDIA_TYPES
    }


async def _ui_file(request: Request) -> Response:
    return _ui_files().get(request.path_params["name"]) or Response("Not Found", 404)


class _ApiRoute(BaseRoute):
    """All routes of `drhttp.inbox.api.routes`.

    Masking, export and replay take longer to import than all that receives records, so an inbox listens without them.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._router: Router | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if scope["type"] == "http" and _API.match(scope["path"]) else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._router is None:
            await _load()
        if self._router is None:  # still: another request may have waited, too
            from drhttp.inbox.api.routes import routes as api_routes

            self._router = Router(api_routes(self._context))
        await self._router(scope, receive, send)


async def _load() -> None:
    """Import the API in a thread, so that records are received in the meantime."""
    await asyncio.to_thread(load, "drhttp.inbox.api.routes")


async def _page(request: Request) -> Response:
    index = UI / "index.html"
    if index.is_file():
        # The scripts of the page will call the API as soon as they are loaded.
        return FileResponse(index, media_type="text/html; charset=utf-8", background=BackgroundTask(_load))
    return JSONResponse({"drhttp": "inbox", "list": "drhttp inbox ls", "show": "drhttp inbox show ID"})
