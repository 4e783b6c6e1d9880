"""The lifespan of an ASGI application: at its end, waiting records are delivered.

uvicorn ends its process by the signal that stopped it, so that no exit hook runs; the last moment is when the
application reports that it has shut down. So the `send` of the lifespan is not the server's, but a thin wrapper. An
application that does not know the lifespan, such as that of Django, raises at once. Then there would be no such moment,
so the lifespan is answered in its place.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._logger import logger
from drhttp._process.recorder import abort_all, flush

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[Any]]
    Scope = MutableMapping[str, Any]

_REFUSALS = (ValueError, AssertionError, NotImplementedError, KeyError)  # by which applications refuse a scope


async def run_lifespan(
    app: Callable[[Scope, Receive, Send], Awaitable[Any]], scope: Scope, receive: Receive, send: Send, timeout: float
) -> Any:
    """Run the lifespan of an application, and deliver what waits before the server learns of its end, and at its end.

    timeout: seconds for the delivery, during which the event loop stands still.
    """
    flushing = FlushingSend(send, timeout)
    try:
        result = await app(scope, receive, flushing)
    except Exception as error:
        unread = guarded(_take_waiting, receive)
        if unread is not None and unread.get("type") == "lifespan.startup":
            guarded(_log, error)
            return await _answer(receive, flushing)
        flushing.deliver()
        raise
    flushing.deliver()
    return result


class FlushingSend:
    """The `send` of a lifespan. It delivers what waits before it tells the server that the application has shut down.

    Afterwards the server may end the process, even if the application goes on. timeout: seconds for all deliveries.
    """

    def __init__(self, send: Send, timeout: float) -> None:
        self._send = send
        self._left = timeout
        self._started = False

    async def __call__(self, message: Any) -> Any:
        """Send a message of the application."""
        guarded(self._note, message)
        return await self._send(message)

    def deliver(self) -> None:
        """Deliver what waits, and the requests that the server gives up."""
        began = time.monotonic()
        if self._started:
            guarded(abort_all)
        guarded(flush, self._left)
        self._left = max(0.0, self._left - (time.monotonic() - began))

    def _note(self, message: Any) -> None:
        kind = message["type"]
        if kind in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
            self.deliver()
        elif kind == "lifespan.startup.complete":
            self._started = True


async def _answer(receive: Receive, send: Send) -> None:
    """Answer the lifespan in the place of an application that does not know it. Its first message was received."""
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def _log(error: Exception) -> None:
    """Log what an application has raised that is answered for, unless that is how applications refuse the lifespan."""
    if type(error) not in _REFUSALS:  # not their subclasses, which say what is wrong with a setting, for instance
        logger().warning(
            "the application raised before it began to start, and is taken for one that does not know the lifespan: "
            "%s: %s",
            type(error).__name__,
            error,
        )


def _take_waiting(receive: Receive) -> Any:
    """Take the message that waits for an application that has raised; `None` if it had taken it, so that none waits.

    Only under asyncio, where an awaitable can be given up. No server for other event loops ends by a signal.
    """
    if "asyncio" not in sys.modules or sys.modules["asyncio"]._get_running_loop() is None:
        return None
    waiting: Any = receive().__await__()
    try:
        waiting.send(None)
    except StopIteration as message:
        return message.value
    waiting.close()
    return None
