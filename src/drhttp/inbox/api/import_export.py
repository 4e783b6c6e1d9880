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
from drhttp.inbox.export import KINDS, frame, piece, single
from drhttp.inbox.principal import current
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store import Store

MAX_RECORDS = 10_000
BATCH = 200


class ImportExport:
    """The handlers of ``/export`` and ``/import``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def export(self, request: Request) -> Response:
        node = parameters.query(request)
        kind, reveal = parameters.choice(request, "as", *KINDS), parameters.flag(request, "reveal")
        limit = parameters.number(request, "limit", MAX_RECORDS, 1, 1 << 40)
        only = parameters.optional(request, "n")
        if only is None:
            pieces = self._texts(node, limit, kind, reveal=reveal)
        else:
            text = await self._context.readers.run(lambda store: single(store, only, kind, reveal=reveal))
            pieces = _alone(text, kind)
        media = "application/json" if kind == "har" else "application/x-ndjson"
        name = f'attachment; filename="drhttp.{kind}"'
        return StreamingResponse(pieces, media_type=media, headers={"Content-Disposition": name})

    async def take(self, request: Request) -> Response:
        raw = await parameters.body(request, har.MAX_FILE_SIZE)
        arrival = Arrival("local", time.time_ns() // 1000, self._project(request))
        try:
            found, remarks = await asyncio.to_thread(har.read, raw, arrival.project, arrival.received)
        except har.InvalidHar as problem:
            raise ApiError(400, "har", str(problem)) from problem
        known = await self._context.readers.run(lambda store: store.known([one.summary.id for one in found]))
        new = [one for one in found if one.summary.id not in known]
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
        start, between, end = frame(kind)
        yield start
        after: int | None = 0
        count = 0
        while after is not None:
            ask = partial(piece, node=node, after=after, left=limit - count, kind=kind, reveal=reveal)
            texts, after = await self._context.readers.run(ask)
            for text in texts:
                yield text if count == 0 else between + text
                count += 1
        yield end if count or kind == "har" else ""


async def _alone(text: str, kind: str) -> AsyncIterator[str]:
    start, _, end = frame(kind)
    yield f"{start}{text}{end}"


def _write(some: list[Exchange], store: Store) -> None:
    store.write(some)
