"""The handler that reads on in the WebSocket messages of an imported record."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from drhttp.inbox.api import parameters
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.records import whole
from drhttp.inbox.api.responses import Json
from drhttp.inbox.coerce import mapping
from drhttp.inbox.errors import RecordNotFound
from drhttp.inbox.store import StoreReader
from drhttp.inbox.view import imported

MAX_MESSAGES = 500


class Messages:
    """The handler of ``/records/{n}/messages``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def messages(self, request: Request) -> Response:
        offset = parameters.number(request, "offset", 0, 0, 1 << 60)
        limit = parameters.number(request, "limit", imported.SHOWN_MESSAGES, 1, MAX_MESSAGES)
        reveal = parameters.flag(request, "reveal")

        def page(store: StoreReader) -> dict[str, Any]:
            _, exchange = whole(store, request.path_params["n"])
            found = imported.messages_of(mapping(exchange.extra.get(imported.NAME)))
            if found is None:
                raise RecordNotFound("The record has no WebSocket messages.")
            return imported.messages_json(found, offset, limit, reveal=reveal)

        return Json(await self._context.readers.run(page))
