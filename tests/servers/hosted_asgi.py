"""The application that every ASGI server here runs: it responds with what was requested, and with nothing else.

`LIFESPAN=raises` makes it raise at the lifespan, as the application of Django does; `goes on` makes it wait for ever
after it has shut down.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from hosted import ASIDE, flush_interval

import drhttp


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """`/item/<name>` is an echo, `/not/<name>` is not recorded."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    kind, _, name = scope["path"].strip("/").partition("/")
    if kind == "not":
        await reply(send, str(ASIDE[name]()).encode())
        return
    body = b""
    message = {"more_body": True}
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    assert name.encode() in body
    await reply(send, f"{name} answers ".encode(), body)


async def reply(send: Any, *parts: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % sum(map(len, parts)))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for part in parts[:-1]:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": parts[-1]})


async def live(receive: Any, send: Any) -> None:
    """Answer the lifespan, or raise at it."""
    if os.environ.get("LIFESPAN") == "raises":
        raise ValueError("only HTTP")
    for name in ("startup", "shutdown"):
        message = await receive()
        assert message["type"] == f"lifespan.{name}"
        await send({"type": f"lifespan.{name}.complete"})
    if os.environ.get("LIFESPAN") == "goes on":
        await asyncio.Event().wait()


application = drhttp.ASGIMiddleware(
    answer,
    os.environ["RECEIVER"],
    exclude=["/not/*"],
    exit_timeout=float(os.environ.get("EXIT_TIMEOUT", "20.0")),  # a machine that does other things too may be slow
    flush_interval=flush_interval,
)
