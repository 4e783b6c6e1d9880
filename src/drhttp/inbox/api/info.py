"""Handlers that describe the inbox, parse queries, and complete them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response

from drhttp._version import __version__
from drhttp.inbox.api import parameters
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.responses import Json, from_utf16, query_problem, utf16
from drhttp.inbox.errors import QueryError
from drhttp.inbox.query.completion import complete
from drhttp.inbox.query.fields import FIELDS
from drhttp.inbox.query.nodes import reads_payload
from drhttp.inbox.query.parser import parse
from drhttp.inbox.store import StoreReader
from drhttp.inbox.view import masking
from drhttp.inbox.view.summary import iso


class Info:
    """The handlers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def info(self, request: Request) -> Response:
        context = self._context
        state = await context.readers.run(lambda store: store.state())
        limits = context.limits
        return Json(
            {
                "version": __version__,
                "file": None if context.memory else context.store or str(context.file),
                "dsn": context.dsn,
                "page": context.page,
                "started": iso(context.started),
                "records": state.records,
                "pinned": state.pinned,
                "bytes": state.bytes,
                "oldest": None if state.oldest is None else iso(state.oldest),
                "newest": state.newest,
                "viewers": len(context.broadcaster),
                "waiting": context.writer.waiting,
                "limits": {"records": limits.records, "bytes": limits.bytes, "days": limits.age / 86_400},
                "replay_to": context.replay_to,
                "fields": [
                    {"name": name, "detail": field.detail, "values": list(field.values)}
                    for name, field in FIELDS.items()
                ],
            }
        )

    async def parse(self, request: Request) -> Response:
        text = request.query_params.get("q", "")
        try:
            found = parse(text, time.time_ns() // 1000)
        except QueryError as problem:
            # A query that is being typed is not a bad request.
            return Json({"terms": [], "payload": False, "problem": query_problem(text, problem)})
        terms = []
        for term in found.terms:
            place = {"start": utf16(text, term.start), "end": utf16(text, term.end)}
            terms.append({**asdict(term), **place, "text": text[term.start : term.end]})
        return Json({"terms": terms, "payload": reads_payload(found.node), "problem": None})

    async def suggest(self, request: Request) -> Response:
        text = request.query_params.get("q", "")
        cursor = from_utf16(text, parameters.number(request, "cursor", 1 << 60, 0, 1 << 60))
        start, end, items = await self._context.readers.run(lambda store: complete(text, cursor, _shown(store)))
        listed = [asdict(one) for one in items]
        return Json({"start": utf16(text, start), "end": utf16(text, end), "items": listed})


def _shown(store: StoreReader) -> Callable[[str, str, int], list[tuple[str, int]]]:
    """Return a function that finds values for completion, without those that look like secrets."""

    def values(column: str, part: str, limit: int) -> list[tuple[str, int]]:
        shown = masking.host if column == "host" else masking.path
        return [(value, count) for value, count in store.values(column, part, limit) if not shown(value)[1]]

    return values
