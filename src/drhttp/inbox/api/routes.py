"""Where each part of the API and of the page is found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from drhttp.inbox.api.about import About
from drhttp.inbox.api.access import Access
from drhttp.inbox.api.actions import Actions
from drhttp.inbox.api.answers import HANDLERS
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.files import Files
from drhttp.inbox.api.live import Live
from drhttp.inbox.api.pictures import Pictures
from drhttp.inbox.api.records import Records
from drhttp.inbox.api.transfer import Transfer

UI = Path(__file__).resolve().parent.parent / "ui"

Handler = Callable[[Request], Awaitable[Response]]


def routes(context: Context) -> list[BaseRoute]:
    """The page, its files, and the API."""
    files = Files(context)
    pages: list[BaseRoute] = [Route("/", _page)]
    if UI.is_dir():
        pages.append(Mount("/ui", StaticFiles(directory=UI)))
    for name, handler in (("raw", files.raw), ("image", files.image), ("preview", files.preview)):
        pages.append(Route(f"/{name}/{{n:int}}/{{side}}", handler))
    return [*pages, Mount("/api/v1", Access(_api(context), context))]


def _api(context: Context) -> Starlette:
    about, actions, live = About(context), Actions(context), Live(context)
    pictures, records, transfer = Pictures(context), Records(context), Transfer(context)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/info", about.info),
        ("GET", "/parse", about.parse),
        ("GET", "/suggest", about.suggest),
        ("GET", "/stream", live.stream),
        ("GET", "/histogram", pictures.histogram),
        ("GET", "/scatter", pictures.scatter),
        ("GET", "/endpoints", pictures.endpoints),
        ("GET", "/users", pictures.users),
        ("GET", "/devices", pictures.devices),
        ("GET", "/compare", actions.compare),
        ("GET", "/export", transfer.export),
        ("POST", "/import", transfer.take),
        ("GET", "/records", records.list),
        ("DELETE", "/records", records.clear),
        ("GET", "/records/{n}/body/{side}", records.body),
        ("GET", "/records/{n}/snippet", actions.snippet),
        ("POST", "/records/{n}/replay", actions.replay),
        # Ids are strangers' texts and may hold slashes.
        ("GET", "/records/{n:path}", records.show),
        ("PATCH", "/records/{n:path}", records.change),
    ]
    listed = [Route(path, handler, methods=[method]) for method, path, handler in table]
    return Starlette(routes=listed, exception_handlers=HANDLERS)


async def _page(request: Request) -> Response:
    index = UI / "index.html"
    if index.is_file():
        return FileResponse(index, media_type="text/html; charset=utf-8")
    return JSONResponse({"drhttp": "inbox", "list": "drhttp inbox ls", "show": "drhttp inbox show ID"})
