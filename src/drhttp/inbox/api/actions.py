"""Handlers for single records: replay, compare, and copy as a command."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from drhttp.inbox import replay
from drhttp.inbox.api import parameters
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.records import found, whole
from drhttp.inbox.api.responses import Json
from drhttp.inbox.compare import IGNORED, compare
from drhttp.inbox.exchange import Exchange
from drhttp.inbox.last_success import last_success
from drhttp.inbox.snippet import KINDS, snippet
from drhttp.inbox.store import Store, StoreReader, WriteResult
from drhttp.inbox.view.bodies import views
from drhttp.inbox.view.summary import summary_json
from drhttp.inbox.view.unmasked_values import in_record

_REMEMBERED = 1_000


class Actions:
    """The handlers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def snippet(self, request: Request) -> Response:
        kind, reveal = parameters.choice(request, "as", *KINDS), parameters.flag(request, "reveal")
        copied = await self._context.view(
            lambda store: snippet(whole(store, request.path_params["n"])[1], kind, reveal=reveal)
        )
        facts = {"complete": copied.complete, "masked": copied.masked, "remarks": list(copied.remarks)}
        return Json({"as": kind, "text": copied.text, **facts})

    async def compare(self, request: Request) -> Response:
        names = [request.query_params.get(side, "") for side in ("left", "right")]
        ignore = request.query_params.get("ignore", ",".join(IGNORED))
        ignored = frozenset(name.strip() for name in ignore.split(",") if name.strip())
        reveal = parameters.flag(request, "reveal")
        found = await self._context.view(lambda store: _compared(store, names, ignored, reveal=reveal))
        return Json(found)

    async def last_success(self, request: Request) -> Response:
        """Return the newest success of the endpoint of a record, of the same user if there is one."""
        success = await self._context.readers.run(
            lambda store: last_success(store, found(store, request.path_params["n"]))
        )
        record = None if success.entry is None else summary_json(success.entry)
        return Json({"record": record, "same_user": success.same_user, "complete": success.complete})

    async def replay(self, request: Request) -> Response:
        options = await parameters.json_object(request)
        _, original = await self._context.readers.run(lambda store: whole(store, request.path_params["n"]))
        context = self._context
        confirmed = options.get("confirm") is True
        prepared = replay.prepare(original, context.replay_to, port=context.port, confirmed=confirmed)
        identity = self._remember(original)
        repeated = await asyncio.to_thread(replay.send, prepared, original.summary, identity)
        await context.change(lambda store: _keep(store, repeated))
        context.broadcaster.stored()
        entry = await context.readers.run(lambda store: store.one(identity))
        return Json({"record": summary_json(entry), "remarks": list(prepared.remarks)}, 201)

    def _remember(self, original: Exchange) -> str:
        """Return an ID for the replay. The application's recorder receives it in a header."""
        issued = self._context.replays
        while len(issued) >= _REMEMBERED:
            issued.pop(next(iter(issued)))
        identity = replay.new_id()
        issued[identity] = original.summary.id
        return identity


def _compared(store: StoreReader, names: list[str], ignored: frozenset[str], *, reveal: bool) -> dict[str, Any]:
    """Return the JSON of a comparison. ``hidden`` counts the values that arrived unmasked, shown on demand."""
    (left, one), (right, other) = (whole(store, name) for name in names)
    masked = views(one, reveal=False), views(other, reveal=False)
    places = [*in_record(one, masked[0]), *in_record(other, masked[1])]
    parts = compare(one, other, ignored, reveal=reveal, masked=masked)
    return {
        "left": summary_json(left),
        "right": summary_json(right),
        "equal": all(part["equal"] for part in parts),
        "hidden": sum(place.count for place in places),
        "parts": parts,
    }


def _keep(store: Store, repeated: Exchange) -> WriteResult | None:
    # The application's recorder may have sent this record already, with user and route.
    return None if store.known([repeated.summary.id]) else store.write([repeated])
