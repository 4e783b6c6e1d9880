"""Handlers that list, show, change, and delete records."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from drhttp.inbox.api import parameters, sorting
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.responses import Json
from drhttp.inbox.coerce import scrub
from drhttp.inbox.errors import ApiError, QueryError, RecordNotFound
from drhttp.inbox.exchange import Entry, Exchange, Message
from drhttp.inbox.query.nodes import EVERYTHING, Node
from drhttp.inbox.replay import refusal
from drhttp.inbox.store import StoreReader
from drhttp.inbox.store.order import Order
from drhttp.inbox.view.bodies import DisplayedBody, hex_page, shown, text_page
from drhttp.inbox.view.content import content_of, image_type
from drhttp.inbox.view.summary import record_json, summary_json

SLICE = 0.06
"""Time limit in seconds of one step of a search."""
SORTING = 5.0
"""Time limit in seconds of a sorted list; beyond it, the list has the most recent records only."""
_TAGS, _TAG, _NOTE = 20, 60, 2_000


def found(reader: StoreReader, name: str) -> Entry:
    """Return the record for a path segment: its number, or ``id:`` and a prefix of its ID."""
    if name.startswith("id:"):
        return reader.one(name[3:])
    if not name.isascii() or not name.isdigit() or len(name) > 18:
        raise RecordNotFound(f"Record {name!r} does not exist.")
    return reader.entry(int(name))


def whole(reader: StoreReader, name: str) -> tuple[Entry, Exchange]:
    """Return a record with its headers and bodies."""
    entry = found(reader, name)
    return entry, reader.read(entry)


def side_of(exchange: Exchange, side: str) -> Message:
    """Return the request or the response. Raises `RecordNotFound` if there is none."""
    message = {"request": exchange.request, "response": exchange.response}.get(side)
    if message is None:
        raise RecordNotFound(f"The record has no {side}.")
    return message


class Records:
    """The handlers below ``/api/v1/records``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list(self, request: Request) -> Response:
        node = parameters.query(request)
        limit, order = parameters.number(request, "limit", 100, 1, 500), sorting.order(request)
        if order is not None:
            return await self._sorted(request, node, order, limit)
        ascending = parameters.choice(request, "order", "desc", "asc") == "asc"
        before, after = parameters.optional(request, "before"), parameters.optional(request, "after") or 0
        page = await self._context.readers.run(
            lambda store: store.page(node, limit, before=before, after=after, ascending=ascending, seconds=SLICE)
        )
        reveal = parameters.flag(request, "reveal")
        records = [summary_json(entry, reveal=reveal) for entry in page.entries]
        return Json({"records": records, "next": page.next, "complete": page.complete, "newest": page.newest})

    async def _sorted(self, request: Request, node: Node, order: Order, limit: int) -> Response:
        after, reveal = sorting.position(request, order), parameters.flag(request, "reveal")
        page = await self._context.readers.run(
            lambda store: store.sorted_page(node, order, limit, after=after, seconds=SORTING)
        )
        records = [summary_json(entry, reveal=reveal) for entry in page.entries]
        facts = {"complete": page.scanned_to is None, "scanned_to": page.scanned_to, "newest": page.newest}
        return Json({"records": records, "next": sorting.cursor(page.next), **facts})

    async def show(self, request: Request) -> Response:
        reveal = parameters.flag(request, "reveal")
        return Json(await self._context.view(lambda store: self._whole(store, request, reveal)))

    async def body(self, request: Request) -> Response:
        side, reveal = request.path_params["side"], parameters.flag(request, "reveal")
        raw = parameters.choice(request, "as", "text", "hex") == "hex"
        offset = parameters.number(request, "offset", 0, 0, 1 << 60)
        most = 65_536 if raw else 262_144
        limit = parameters.number(request, "limit", most, 1, most)

        def page(store: StoreReader) -> dict[str, Any]:
            message = side_of(whole(store, request.path_params["n"])[1], side)
            if not raw:
                return text_page(message, offset, limit, reveal=reveal)
            if not reveal:
                _check_bytes(shown(message, reveal=False))
            return hex_page(message, offset, limit)

        return Json(await self._context.view(page))

    async def change(self, request: Request) -> Response:
        changes = _checked(await parameters.json_object(request))
        entry = await self._context.readers.run(lambda store: found(store, request.path_params["n"]))
        changed = await self._context.change(lambda store: store.mark(entry.n, **changes))
        self._context.broadcaster.stored([entry.n])
        return Json(summary_json(changed))

    async def clear(self, request: Request) -> Response:
        parameters.only(request, "q", "pinned")
        node, pinned = parameters.query(request), parameters.flag(request, "pinned")
        deleted = await self._context.change(lambda store: store.clear(node, pinned=pinned))
        self._context.broadcaster.cleared(deleted)
        return Json({"deleted": deleted})

    def _whole(self, store: StoreReader, request: Request, reveal: bool) -> dict[str, Any]:
        entry, exchange = whole(store, request.path_params["n"])
        parent, calls = store.family(entry)
        original, replays = store.replays(entry)
        previous, following = store.neighbors(entry.n)
        record = record_json(entry, exchange, reveal=reveal, marked=_marked(request))
        for side in ("request", "response"):
            if record[side] is not None:
                record[side]["body"] |= self._files(entry.n, side, side_of(exchange, side))
        why = refusal(exchange, self._context.replay_to)
        return {
            **record,
            # JavaScript rounds large numbers unless it gets them as text.
            "extra_text": json.dumps(record["extra"], ensure_ascii=False) if record["extra"] else None,
            "parent": parent and summary_json(parent),
            "calls": [summary_json(one) for one in calls],
            "original": original and summary_json(original),
            "replays": [summary_json(one) for one in replays],
            "previous": previous,
            "following": following,
            "can_replay": why is None,
            "replay_refusal": why,
        }

    def _files(self, n: int, side: str, message: Message) -> dict[str, str | None]:
        content = content_of(message)
        address = self._context.address
        return {
            "image": address("image", n, side) if image_type(content.data) else None,
            "preview": address("preview", n, side) if content.form == "html" else None,
            "download": address("raw", n, side) if message.body else None,
        }


def _check_bytes(view: DisplayedBody) -> None:
    """Raise `ApiError` for a body whose bytes may hold what is hidden in its text."""
    if view.masked:
        raise ApiError(403, "masked", "The body contains masked values. Reveal the record to see its bytes.")
    if view.content.unsearched:
        raise ApiError(
            403, "masked", "The body is very large and may contain secrets. Reveal the record to see its bytes."
        )


def _marked(request: Request) -> Node:
    """Return the query whose texts are to be found in the record; one that cannot be read looks for none."""
    try:
        return parameters.query(request)
    except QueryError:
        return EVERYTHING


def _checked(changes: dict[str, Any]) -> dict[str, Any]:
    kinds: dict[str, type] = {"pinned": bool, "tags": list, "note": str}
    for name, value in changes.items():
        if name not in kinds or not isinstance(value, kinds[name]):
            raise ApiError(
                400,
                "parameter",
                'You can set only "pinned" (true or false), "tags" (a list of strings), and "note" (a string).',
            )
    tags, note = changes.get("tags", []), changes.get("note", "")
    short = all(isinstance(tag, str) and 0 < len(tag) <= _TAG for tag in tags)
    if not short or len(tags) > _TAGS or len(note) > _NOTE:
        raise ApiError(
            400, "parameter", f"A record can have up to {_TAGS} tags of {_TAG} characters and a note of {_NOTE:,}."
        )
    # JSON can contain lone surrogates, which SQLite cannot store.
    scrubbed = {"tags": [scrub(tag) for tag in tags], "note": scrub(note)}
    return {name: scrubbed.get(name, value) for name, value in changes.items()}
