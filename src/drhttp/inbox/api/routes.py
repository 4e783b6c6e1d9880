"""The routes of the API and of the files in records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from drhttp.inbox.api.access import Access
from drhttp.inbox.api.actions import Actions
from drhttp.inbox.api.aggregates import Aggregates
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.event_stream import EventStream
from drhttp.inbox.api.files import Files
from drhttp.inbox.api.import_export import ImportExport
from drhttp.inbox.api.info import Info
from drhttp.inbox.api.messages import Messages
from drhttp.inbox.api.records import Records
from drhttp.inbox.api.responses import HANDLERS
from drhttp.inbox.api.saved_views import SavedViews
from drhttp.inbox.api.tickets import Tickets

Handler = Callable[[Request], Awaitable[Response]]


def routes(context: Context) -> list[BaseRoute]:
    """Return the routes of the API and of the files in records."""
    files = Files(context)
    handlers = (("raw", files.raw), ("image", files.image), ("preview", files.preview))
    pages = [Route(f"/{name}/{{n:int}}/{{side}}", handler) for name, handler in handlers]
    tickets = Tickets(context)
    # A browser that has a ticket has no token yet.
    redeem = Route("/api/v1/redeem", tickets.redeem, methods=["POST"])
    return [*pages, redeem, Mount("/api/v1", Access(_api(context, tickets), context))]


def _api(context: Context, tickets: Tickets) -> Starlette:
    info, actions, event_stream = Info(context), Actions(context), EventStream(context)
    aggregates, records, import_export = Aggregates(context), Records(context), ImportExport(context)
    views = SavedViews(context)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/info", info.info),
        ("GET", "/parse", info.parse),
        ("GET", "/suggest", info.suggest),
        ("GET", "/stream", event_stream.stream),
        ("GET", "/histogram", aggregates.histogram),
        ("GET", "/timeline", aggregates.timeline),
        ("GET", "/scatter", aggregates.scatter),
        ("GET", "/endpoints", aggregates.endpoints),
        ("GET", "/upstreams", aggregates.upstreams),
        ("GET", "/users", aggregates.users),
        ("GET", "/devices", aggregates.devices),
        ("GET", "/compare", actions.compare),
        ("GET", "/export", import_export.export),
        ("POST", "/import", import_export.take),
        ("POST", "/tickets", tickets.issue),
        ("GET", "/views", views.list),
        ("PUT", "/views/{name:path}", views.save),
        ("DELETE", "/views/{name:path}", views.delete),
        ("GET", "/records", records.list),
        ("DELETE", "/records", records.clear),
        ("GET", "/records/{n}/body/{side}", records.body),
        ("GET", "/records/{n}/messages", Messages(context).messages),
        ("GET", "/records/{n}/snippet", actions.snippet),
        ("GET", "/records/{n}/last-success", actions.last_success),
        ("POST", "/records/{n}/replay", actions.replay),
        # IDs come from senders and may contain slashes.
        ("GET", "/records/{n:path}", records.show),
        ("PATCH", "/records/{n:path}", records.change),
    ]
    listed = [Route(path, handler, methods=[method]) for method, path, handler in table]
    return Starlette(routes=listed, exception_handlers=HANDLERS)
