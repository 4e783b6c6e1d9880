"""An application of Starlette that streams until its client has left, and says whether it was told."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

import drhttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

logging.basicConfig(level=logging.WARNING, format="LOGGED %(name)s %(levelname)s %(message)s")
BLOCK = b"x" * 10_000
closed = asyncio.Event()


async def blocks() -> AsyncIterator[bytes]:
    try:
        while True:
            yield BLOCK
            await asyncio.sleep(0.001)
    finally:
        closed.set()


async def short(request: Request) -> StreamingResponse:
    async def few() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield BLOCK

    return StreamingResponse(few())


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(blocks())


async def wait(request: Request) -> PlainTextResponse:
    """Answer when the stream has been closed."""
    await closed.wait()
    return PlainTextResponse("closed")


async def events(request: Request) -> StreamingResponse:
    """Send each event when the client has asked for it by another request."""

    async def paced() -> AsyncIterator[bytes]:
        for number in range(5):
            await asked.wait()
            asked.clear()
            yield b"data: %d\n\n" % number

    return StreamingResponse(paced(), media_type="text/event-stream")


asked = asyncio.Event()


async def ask(request: Request) -> PlainTextResponse:
    asked.set()
    return PlainTextResponse("asked")


routes = [
    Route("/short", short),
    Route("/stream", stream),
    Route("/not/wait", wait),
    Route("/events", events),
    Route("/not/ask", ask),
]
application = drhttp.ASGIMiddleware(Starlette(routes=routes), os.environ["RECEIVER"], exclude=["/not/*"])
