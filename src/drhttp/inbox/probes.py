"""Probes and metrics for what runs receivers: ``/healthz``, ``/readyz`` and ``/metrics``.

They answer whatever the Host header says, since an orchestrator asks by address, and tell no record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

from drhttp.inbox.errors import InboxError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

TIMEOUT = 2.0
"""Seconds within which the store has to answer for the receiver to count as ready."""


class Probes:
    """ASGI middleware. ready: raises `InboxError` if records cannot be stored. metrics: text and content type."""

    def __init__(self, app: ASGIApp, *, ready: Callable[[], None], metrics: Callable[[], tuple[bytes, str]]) -> None:
        self._app = app
        self._ready = ready
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._response(scope["path"]) if scope["type"] == "http" else None
        await (response or self._app)(scope, receive, send)

    async def _response(self, path: str) -> Response | None:
        if path == "/healthz":
            return PlainTextResponse("ok\n")
        if path == "/readyz":
            return await self._readiness()
        if path == "/metrics":
            text, kind = self._metrics()
            return Response(text, media_type=kind)
        return None

    async def _readiness(self) -> Response:
        try:
            await asyncio.wait_for(asyncio.to_thread(self._ready), TIMEOUT)
        except (InboxError, asyncio.TimeoutError) as problem:
            return PlainTextResponse(f"{str(problem) or 'The store does not answer.'}\n", 503)
        return PlainTextResponse("ok\n")
