"""The lifespan of an ASGI application: at its end, waiting records are delivered.

uvicorn ends its process by the signal that stopped it, so that no exit hook runs; the end of the lifespan is the last
moment. An application that does not know the lifespan, such as that of Django, raises at once. Then there would be no
such moment, so the lifespan is answered in its place.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._process.recorder import flush

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[Any]]
    Scope = MutableMapping[str, Any]


async def run_lifespan(
    app: Callable[[Scope, Receive, Send], Awaitable[Any]], scope: Scope, receive: Receive, send: Send, timeout: float
) -> Any:
    """Run the lifespan of an application, then deliver what waits. All responses have been sent by then.

    timeout: seconds for the delivery, during which the event loop stands still.
    """
    try:
        result = await app(scope, receive, send)
    except Exception:
        unread = guarded(_take_waiting, receive)
        if unread is not None and unread.get("type") == "lifespan.startup":
            return await _answer(receive, send, timeout)
        guarded(flush, timeout)
        raise
    guarded(flush, timeout)
    return result


async def _answer(receive: Receive, send: Send, timeout: float) -> None:
    """Answer the lifespan in the place of an application that does not know it. Its first message was received."""
    await send({"type": "lifespan.startup.complete"})
    await receive()
    guarded(flush, timeout)
    await send({"type": "lifespan.shutdown.complete"})


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
