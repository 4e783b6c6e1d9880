"""The routes of the page and its files, and those of the API, which is loaded when it is first needed."""

from __future__ import annotations

import asyncio
import hashlib
import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response
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
_KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}  # a year, the longest that RFC 9111 recommends
_API = re.compile(r"/api/v1/|/(?:raw|image|preview)/[0-9]+/[^/]+\Z")


def routes(context: Context) -> list[BaseRoute]:
    """Return the routes of the page, its files, and the API."""
    return [Route("/", _page), Route("/ui/{name:path}", _ui_file), _ApiRoute(context)]


@cache
def _ui_contents() -> dict[str, bytes]:
    """The files of the page, read once: a browser asks for all of them before it shows anything."""
    return {
        path.relative_to(UI).as_posix(): path.read_bytes()
        for path in sorted(UI.rglob("*"))
        if path.suffix in _MEDIA_TYPES
    }


@cache
def _version() -> str:
    """A digest of all files of the page, under which a browser may keep them."""
    return hashlib.sha256(b"".join(_ui_contents().values())).hexdigest()[:12]


@cache
def _ui_files() -> dict[str, Response]:
    """The files by name, and by version and name, which a browser asks for once."""
    files = {}
    for name, content in _ui_contents().items():
        media_type = _MEDIA_TYPES[PurePosixPath(name).suffix]
        files[name] = Response(content, media_type=media_type)
        files[f"{_version()}/{name}"] = Response(content, media_type=media_type, headers=_KEPT)
    return files


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
    index = _ui_contents().get("index.html")
    if index is not None:
        content = index.replace(b'="/ui/', f'="/ui/{_version()}/'.encode())
        # The scripts of the page will call the API as soon as they are loaded.
        return Response(content, media_type="text/html; charset=utf-8", background=BackgroundTask(_load))
    return JSONResponse({"drhttp": "inbox", "list": "drhttp inbox ls", "show": "drhttp inbox show ID"})
