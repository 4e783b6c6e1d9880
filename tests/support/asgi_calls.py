"""An ASGI server of which a test sees every step, and an application whose records it sees."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import drhttp
from support.seen_records import NOWHERE, SeenRecords

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable


LAST_PART = {"type": "http.request", "body": b"", "more_body": False}
DISCONNECT = {"type": "http.disconnect"}
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
END = {"type": "http.response.body", "body": b""}


def scope(method: str = "GET", path: str = "/", headers: Any = ((b"host", b"localhost"),), **more: Any) -> Any:
    """The scope of a request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("192.0.2.1", 4321),
        "server": ("127.0.0.1", 80),
        "extensions": {},
        **more,
    }


def start(status: int = 200, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    """The start of a response."""
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def part(body: bytes, more: bool = False) -> dict[str, Any]:
    """A part of the body of a response."""
    return {"type": "http.response.body", "body": body, "more_body": more}


def asked(body: bytes, more: bool = False) -> dict[str, Any]:
    """A part of the body of a request."""
    return {"type": "http.request", "body": body, "more_body": more}


class Server:
    """Calls an application, as a server does. sent: the messages that it got. received: how many it gave.

    messages: what it gives; then it waits until the client leaves, as servers do. leaves_after: the number of messages
    of the response after which the client is gone, so that `send` raises.
    """

    def __init__(self, messages: Iterable[Any] = (LAST_PART,), leaves_after: int | None = None) -> None:
        self._messages = deque(messages)
        self._leaves_after = leaves_after
        self.received = 0
        self.sent: list[Any] = []
        self.left = asyncio.Event()

    async def receive(self) -> Any:
        self.received += 1
        if self._messages:
            return self._messages.popleft()
        await self.left.wait()
        return DISCONNECT

    async def send(self, message: Any) -> None:
        if self._leaves_after is not None and len(self.sent) >= self._leaves_after:
            self.left.set()
            raise OSError("the client has left")
        if message["type"] == "http.response.start" and hasattr(message.get("headers"), "__next__"):
            message = {**message, "headers": list(message["headers"])}
        self.sent.append(message)

    async def serve(self, app: Any, scope: Any) -> None:
        """Serve one connection."""
        await app(scope, self.receive, self.send)

    @property
    def body(self) -> bytes:
        """All that was sent of the body."""
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The header fields of the response."""
        return next(list(each["headers"]) for each in self.sent if each["type"] == "http.response.start")


class Recorded(SeenRecords):
    """A recorded application; its records are seen in the worker and go no further."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__()
        self.app: Any = drhttp.ASGIMiddleware(app, **{"dsn": NOWHERE, "before_send": self.see, **options})

    def serve(self, scope: Any, messages: Iterable[Any] = (LAST_PART,), leaves_after: int | None = None) -> Server:
        """Serve a request in an event loop of its own; returns the server, which saw it all."""

        async def main() -> Server:
            server = Server(messages, leaves_after)
            await server.serve(self.app, scope)
            return server

        return run(main())


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in an event loop of its own, in which nothing may take more than a minute."""

    async def limited() -> Any:
        return await asyncio.wait_for(main, 60)

    return asyncio.run(limited())
