"""Handlers that export HAR and JSON Lines and import HAR."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from drhttp.inbox import har
from drhttp.inbox.api import parameters
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.responses import Json
from drhttp.inbox.decode import Arrival
from drhttp.inbox.errors import ApiError
from drhttp.inbox.exchange import Exchange
from drhttp.inbox.export import ALONE, KINDS, Format, piece, single
from drhttp.inbox.principal import current
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store import Store

MAX_RECORDS = 10_000
BATCH = 200
_MEDIA = {"har": "application/json", "jsonl": "application/x-ndjson", "html": "text/html; charset=utf-8"}


class ImportExport:
    """The handlers of ``/export`` and ``/import``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def export(self, request: Request) -> Response:
        node = parameters.query(request)
        only = parameters.optional(request, "n")
        kind = parameters.choice(request, "as", *(KINDS if only is None else ALONE))
        reveal = parameters.flag(request, "reveal")
        limit = parameters.number(request, "limit", MAX_RECORDS, 1, 1 << 40)
        if only is None:
            pieces = self._texts(node, limit, kind, reveal=reveal)
        else:
            pieces = _alone(await self._context.view(lambda store: single(store, only, kind, reveal=reveal)))
        name = f'attachment; filename="drhttp{"" if only is None else f"-{only}"}.{kind}"'
        headers = {"Content-Disposition": name, "Content-Security-Policy": "sandbox; default-src 'none'"}
        return StreamingResponse(pieces, media_type=_MEDIA[kind], headers=headers)

    async def take(self, request: Request) -> Response:
        raw = await parameters.body(request, har.MAX_FILE_SIZE)
        arrival = Arrival("local", time.time_ns() // 1000, self._project(request))
        try:
            found, remarks = await asyncio.to_thread(har.read, raw, arrival.project, arrival.received)
        except har.InvalidHar as problem:
            raise ApiError(400, "har", str(problem)) from problem
        new = await self._context.readers.run(lambda store: har.unknown(found, store))
        for start in range(0, len(new), BATCH):
            some = new[start : start + BATCH]
            await self._context.change(partial(_write, some))
        self._context.broadcaster.stored()
        counts = {"imported": len(new), "known": len(found) - len(new), "refused": len(remarks)}
        return Json({**counts, "remarks": remarks[:100]})

    def _project(self, request: Request) -> str:
        """Return the project of what is imported, or an empty string for that of the inbox."""
        registry, projects = self._context.registry, current().projects
        named = request.query_params.get("project", "")
        if registry is None or (projects is None and not registry.closed):
            return ""
        if not named and projects is not None and len(projects) == 1:
            return next(iter(projects))
        if not named or (projects is not None and named not in projects):
            raise ApiError(400, "parameter", "project must name the project into which the file is imported.")
        return named

    async def _texts(self, node: Node, limit: int, kind: str, *, reveal: bool) -> AsyncIterator[str]:
        """Yield a few records at a time, to bound memory and to let other queries run."""
        form = Format(kind, reveal=reveal)
        yield form.start
        after: int | None = 0
        count = 0
        while after is not None:
            ask = partial(piece, node=node, after=after, left=limit - count, form=form)
            texts, after = await self._context.view(ask)
            for text in texts:
                yield text if count == 0 else form.between + text
                count += 1
        yield form.end(count)


async def _alone(text: str) -> AsyncIterator[str]:
    yield text


def _write(some: list[Exchange], store: Store) -> None:
    store.write(some)
