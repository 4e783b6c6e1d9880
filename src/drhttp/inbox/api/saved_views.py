"""Handlers for saved views: queries with a name."""

from __future__ import annotations

import time
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response

from drhttp.inbox.api import parameters
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.responses import Json
from drhttp.inbox.api.sorting import SORTS
from drhttp.inbox.coerce import scrub
from drhttp.inbox.errors import ApiError, RecordNotFound
from drhttp.inbox.query.parser import parse
from drhttp.inbox.store.order import SavedView

MAX_VIEWS = 100
MAX_NAME = 60
MAX_QUERY = 2_000
PAGES = ("requests", "errors", "endpoints", "users", "devices", "upstreams")
"""The views of the page that can be saved."""


class SavedViews:
    """The handlers below ``/api/v1/views``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list(self, request: Request) -> Response:
        found = await self._context.readers.run(lambda store: store.saved_views())
        return Json({"views": [asdict(one) for one in found]})

    async def save(self, request: Request) -> Response:
        view = _checked(request.path_params["name"], await parameters.json_object(request))
        known = await self._context.readers.run(lambda store: store.saved_views())
        if len(known) >= MAX_VIEWS and view.name not in {one.name for one in known}:
            raise ApiError(400, "parameter", f"An inbox keeps up to {MAX_VIEWS} views.")
        await self._context.change(lambda store: store.save_view(view))
        return Json(asdict(view))

    async def delete(self, request: Request) -> Response:
        name = request.path_params["name"]
        if not await self._context.change(lambda store: store.delete_view(name)):
            raise RecordNotFound(f"There is no view {name!r}.")
        return Json({"deleted": 1})


def _checked(name: str, value: dict[str, object]) -> SavedView:
    """Return the view. Raises `ApiError`, and `QueryError` for a query that cannot be read."""
    texts = {field: value.get(field, usual) for field, usual in (("query", ""), ("order", ""), ("page", PAGES[0]))}
    if set(value) - set(texts) or not all(isinstance(text, str) for text in texts.values()):
        raise ApiError(400, "parameter", 'A view has a "query", an "order" and a "page", all of them strings.')
    query, order, page = map(str, texts.values())
    if not 0 < len(name.strip()) <= MAX_NAME or len(query) > MAX_QUERY:
        sentence = f"A view has a name of up to {MAX_NAME} characters and a query of up to {MAX_QUERY:,}."
        raise ApiError(400, "parameter", sentence)
    if order not in SORTS or page not in PAGES:
        raise ApiError(400, "parameter", f'"order" must be as the parameter sort; "page" one of: {", ".join(PAGES)}.')
    parse(query, time.time_ns() // 1000)
    return SavedView(scrub(name.strip()), scrub(query), order, page)
