"""The ASGI application: receives records in both protocols and responds after they are stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from drhttp.inbox import request_body
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.page import routes
from drhttp.inbox.api.parameters import UPLOAD_TIMEOUT
from drhttp.inbox.api.responses import on_api_error, on_failure, on_unknown
from drhttp.inbox.bounded_json import BATCH, SINGLE, SMALL, Limits, RequestRejected, announced, load
from drhttp.inbox.coerce import header
from drhttp.inbox.decode import Arrival, DecodeError, decode_batch, decode_event, decode_record
from drhttp.inbox.errors import ApiError, RecordNotFound, StoreError
from drhttp.inbox.event_json import loads
from drhttp.inbox.exchange import Exchange
from drhttp.inbox.json_array import elements
from drhttp.inbox.memory_budget import MemoryBudget
from drhttp.inbox.replay import HEADER
from drhttp.inbox.security_middleware import KEYS, SecurityMiddleware
from drhttp.inbox.writer import QueueFull

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_CONFIG = {
    "org_id": "inbox",
    "app_id": "inbox",
    "sample_rate": 100,
    "block_bot_traffic": False,
    "user_sample_rate": {},
    "company_sample_rate": {},
    "user_rules": {},
    "company_rules": {},
    "ip_addresses_blocked_by_name": {},
    "regex_config": [],
    "billing_config_jsons": {},
}

WAITING_MEMORY = 256 * 1024 * 1024
"""Bytes of memory for compressed bodies that wait until there is room for parsing them."""
BYTES_PER_CHARACTER = 4
"""Maximum bytes of memory per character of a `str`; on the wire a character may take a single byte."""
PACE = 4 * 1024 * 1024
"""Bytes of JSON for which a sender is given another second."""
CHUNK_CHARACTERS = 1024 * 1024
"""Characters of JSON in a large batch that are written in one transaction."""

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]


def create_app(context: Context) -> ASGIApp:
    """Create the ASGI application: the endpoints for recorders, the API, and the page."""
    receiver = Receiver(context)
    endpoints: list[tuple[str, str, Handler]] = [
        ("POST", "/v1/events/batch", receiver.batch),
        ("POST", "/v1/events", receiver.event),
        ("GET", "/v1/config", receiver.config),
        ("GET", "/v1/rules", receiver.rules),
        ("POST", "/api/v1/http_record/record", receiver.record),
    ]
    # Below any prefix: a DSN may have a path, and the events protocol uses the path /moesif.
    receiving = [
        Route(prefix + path, handler, methods=[method])
        for method, path, handler in endpoints
        for prefix in ("", "/{prefix:path}")
    ]
    app = Starlette(
        routes=[*receiving, *routes(context)],
        exception_handlers={
            RequestRejected: _refuse,
            ApiError: on_api_error,
            RecordNotFound: on_unknown,
            QueueFull: _busy,
            StoreError: _unavailable,
            HTTPException: _http_error,
            Exception: on_failure,
        },
    )
    return SecurityMiddleware(app, port=context.port, names=context.hosts, browsers=context.browser_origins)


class Receiver:
    """The endpoints of the events protocol and the record protocol."""

    def __init__(self, context: Context) -> None:
        self._writer = context.writer
        self._browsers = context.browser_origins
        self._replays = context.replays
        self._registry = context.registry
        self._patience = context.patience
        # Parsing a large batch would block other connections, so it runs in a thread.
        self._budget = MemoryBudget(context.parsing_memory, WAITING_MEMORY)
        self._decoders = ThreadPoolExecutor(2, thread_name_prefix="drhttp-inbox-decoder")
        # One thread only: the allocator keeps some memory per thread.
        self._large = ThreadPoolExecutor(1, thread_name_prefix="drhttp-inbox-large")

    async def batch(self, request: Request) -> Response:
        return await self._take(request, BATCH, decode_batch)

    async def event(self, request: Request) -> Response:
        return await self._take(request, SINGLE, lambda value, arrival: [decode_event(value, arrival)])

    async def record(self, request: Request) -> Response:
        return await self._take(request, SINGLE, lambda value, arrival: [decode_record(value, arrival)])

    async def config(self, request: Request) -> Response:
        self._admit(request)
        return JSONResponse(_CONFIG)

    async def rules(self, request: Request) -> Response:
        self._admit(request)
        return JSONResponse([])

    async def _take(
        self, request: Request, limits: Limits, decode: Callable[[object, Arrival], list[Exchange]]
    ) -> Response:
        arrival = self._arrival(request)
        coding = request_body.coding(request)
        try:
            wire = await asyncio.wait_for(request_body.read(request, limits.wire), UPLOAD_TIMEOUT)
        except asyncio.TimeoutError:
            raise RequestRejected(408, f"The body did not arrive within {UPLOAD_TIMEOUT:.0f} seconds.") from None
        except ClientDisconnect:
            raise RequestRejected(400, "The connection closed before the body was complete.") from None

        size = min(announced(wire, coding), limits.inflated)
        if limits is BATCH and size > SMALL:
            keep = partial(self._keep_large, wire, coding, arrival)
        else:
            keep = partial(self._keep, partial(_whole, wire, coding, limits, decode, arrival))
        # A sender does not wait longer either, unless its batch is large.
        seconds = None if self._patience is None else self._patience + size / PACE
        try:
            await asyncio.wait_for(self._held(size, keep), seconds)
        except asyncio.TimeoutError:
            raise StoreError(f"The records could not be stored within {seconds:.0f} seconds.") from None
        return Response(status_code=201)

    async def _held(self, size: int, keep: Callable[[], Awaitable[None]]) -> None:
        async with self._budget.hold(size * BYTES_PER_CHARACTER):
            await keep()

    async def _keep(self, work: Callable[[], tuple[list[Exchange], int]]) -> None:
        exchanges, length = await self._decoded(work)
        await asyncio.wrap_future(self._writer.submit([self._linked(one) for one in exchanges], length))

    async def _keep_large(self, wire: bytes, coding: str, arrival: Arrival) -> None:
        # The first pass validates the whole batch, the second one stores it.
        async for _ in self._portions(wire, coding, arrival):
            pass
        async for portion, length in self._portions(wire, coding, arrival):
            await asyncio.wrap_future(self._writer.submit(portion, length))

    async def _portions(self, wire: bytes, coding: str, arrival: Arrival) -> AsyncIterator[tuple[list[Exchange], int]]:
        """Yield the exchanges of a large batch in portions, each with its number of characters of JSON."""
        source = _in_chunks(wire, coding, arrival)
        while portion := await self._decoded(partial(next, source, None), self._large):
            exchanges, length = portion
            yield [self._linked(one) for one in exchanges], length

    async def _decoded(self, work: Callable[[], T], threads: ThreadPoolExecutor | None = None) -> T:
        """Return the result of `work`, run in a thread. Raises `RequestRejected`."""

        def tried() -> T | RequestRejected:
            try:
                return work()
            except (DecodeError, RequestRejected) as problem:
                # A new exception: the traceback of the original keeps the parsed data alive.
                return RequestRejected(getattr(problem, "status", 400), str(problem))

        found = await asyncio.get_running_loop().run_in_executor(threads or self._decoders, tried)
        if isinstance(found, RequestRejected):
            raise found
        return found

    def _admit(self, request: Request) -> str:
        """Return the API key. Raises `RequestRejected` without a key, or for a web page whose origin is not allowed."""
        by_browser = "origin" in request.headers or "sec-fetch-site" in request.headers
        if by_browser and request.headers.get("origin", "").lower() not in self._browsers:
            raise RequestRejected(
                403,
                "Web pages cannot send records. To accept an origin, "
                "start the inbox with --allow-browser-origin ORIGIN.",
            )
        key = next(filter(None, (request.headers.get(name, "").strip() for name in KEYS)), None)
        if key is None:
            raise RequestRejected(
                401, "The API key is missing. In a DSN it comes before the @, as in http://KEY@127.0.0.1/."
            )
        return key

    def _arrival(self, request: Request) -> Arrival:
        """Return whose records these are. Raises `RequestRejected` for a key that belongs to no project."""
        arrival = Arrival(self._admit(request), time.time_ns() // 1000)
        if self._registry is None or not self._registry.closed:
            return arrival
        project = self._registry.project_of(arrival.project)
        if project is None:
            raise RequestRejected(401, "The API key is unknown or was revoked.")
        return replace(arrival, project=project)

    def _linked(self, exchange: Exchange) -> Exchange:
        """Give an exchange that is a replay, recorded by the application too, the ID of the inbox's own record."""
        if not self._replays:
            return exchange
        identity = header(exchange.request.headers, HEADER.lower()) or ""
        original = self._replays.get(identity)
        if original is None:
            return exchange
        return replace(exchange, summary=replace(exchange.summary, id=identity, replay_of=original))


def _whole(
    wire: bytes, coding: str, limits: Limits, decode: Callable[[object, Arrival], list[Exchange]], arrival: Arrival
) -> tuple[list[Exchange], int]:
    value, length = load(wire, coding, limits, loads)
    if isinstance(value, list):
        _check_count(len(value), limits)
    return decode(value, arrival), length


def _in_chunks(wire: bytes, coding: str, arrival: Arrival) -> Iterator[tuple[list[Exchange], int]]:
    exchanges: list[Exchange] = []
    length = 0
    places = count()
    for value, size in elements(wire, coding, BATCH):
        place = next(places)
        _check_count(place + 1, BATCH)
        exchanges.append(decode_event(value, arrival, f"Event {place}"))
        del value  # frees the memory while the exchange is written
        length += size
        if length >= CHUNK_CHARACTERS:
            yield exchanges, length
            exchanges, length = [], 0
    if exchanges:
        yield exchanges, length


def _check_count(number: int, limits: Limits) -> None:
    if number > limits.records:
        raise RequestRejected(413, f"A batch is limited to {limits.records:,} events; this one has {number:,}.")


def _error(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status, headers)


async def _refuse(request: Request, problem: Exception) -> Response:
    return _error(getattr(problem, "status", 400), str(problem))


async def _busy(request: Request, problem: Exception) -> Response:
    return _error(429, "Too many records are waiting to be written. Retry in a second.", {"Retry-After": "1"})


async def _unavailable(request: Request, problem: Exception) -> Response:
    return _error(503, str(problem), {"Retry-After": "5"})


async def _http_error(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    sentence = "There is no such path in the inbox." if problem.status_code == 404 else f"{problem.detail}."
    return _error(problem.status_code, sentence, dict(problem.headers or {}))
