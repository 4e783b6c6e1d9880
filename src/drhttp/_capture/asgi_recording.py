"""The recording of one ASGI request: from the call of the application to the last message of its response."""

from __future__ import annotations

import os
import sys
import weakref

from drhttp._capture.asgi_identity_headers import Start, read_start
from drhttp._capture.asgi_route import route_of
from drhttp._capture.environ_flags import ROUTE, SENSITIVE, SKIP
from drhttp._capture.nesting import Nesting
from drhttp._guard import CopiedAsItself, guarded

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    from drhttp._capture.asgi_exchange import ASGIExchange
    from drhttp._capture.asgi_identity_headers import Message, Send
    from drhttp._process.recorder import Recorder

    Receive = Callable[[], Awaitable[Message]]
    Scope = MutableMapping[str, Any]
    Connection = tuple[Scope, Receive, Send]

_FILES = ("http.response.pathsend", "http.response.zerocopysend")  # messages by which the server sends a file
_BODIES = ("http.response.body", *_FILES)
# By name: the exceptions of frameworks for a client that has left, and those with which event loops cancel.
_DISCONNECTED = ("ClientDisconnect", "ClientDisconnected", "RequestAborted")
_CANCELLED = ("CancelledError", "Cancelled", "GeneratorExit")


class ASGIRecording(CopiedAsItself):
    """The recording of one request. Its `receive` and `send` take the place of those of the server.

    Each call of theirs is one call of the server's. It passes the exchange to the recorder once, however the response
    ends, and keeps nothing of the exchange afterwards: the application may go on for long.

    exchange: `None` for a request outside of the sample; identification headers are removed from its response too.
    connection: what the server has called the middleware with. expose: leave the identification headers.
    """

    __slots__ = (
        "__weakref__",
        "_expose",
        "_last",
        "_receive",
        "_recorder",
        "_scope",
        "_send",
        "exchange",
        "nesting",
    )

    def __init__(self, recorder: Recorder, exchange: ASGIExchange | None, connection: Connection, expose: bool) -> None:
        self._recorder = recorder
        self._scope: Scope | None
        self._scope, self._receive, self._send = connection
        self._expose = expose
        self._last: Message | None = None  # the last message of the response, while the server sends it
        self.exchange = exchange
        self.nesting = Nesting()
        if exchange is not None:
            recorder.unfinished[id(self)] = weakref.ref(self)

    @property
    def done(self) -> bool:
        """Whether the response has ended."""
        return self.nesting.done

    async def receive(self) -> Message:
        """Receive a message of the server, for the application that has asked for it."""
        message = await self._receive()
        if self.exchange is not None:
            guarded(self._note_received, self.exchange, message)
        return message

    async def send(self, message: Message) -> Any:
        """Send a message of the application."""
        start = guarded(self._note_handed_over, message)
        passed = message if start is None else start.message
        if self.nesting.done:
            return await self._send(passed)
        try:
            result = await self._send(passed)
        except BaseException as error:
            guarded(self._note_interrupted, error)
            raise
        guarded(self._note_sent, message, start)
        return result

    def raised(self, error: BaseException) -> None:
        """End the recording after an exception."""
        self._note_last()
        exchange = self.exchange
        if exchange is None:
            pass  # outside of the sample, or raised after the response, by a background task for instance
        elif _is_cancellation(error) or (exchange.client_disconnected and _is_disconnect(error)):
            exchange.disconnect()
        else:
            exchange.client_disconnected = False  # the application failed, whether the client is still there or not
            guarded(exchange.failed, error)
        self.finish(False)

    def returned(self) -> None:
        """End the recording, because the application has returned."""
        self._note_last()
        self.finish(False)

    def abort(self) -> None:
        """End the recording, because the server stops. A forked child leaves it to its parent."""
        self._note_last()
        exchange = self.exchange
        if exchange is not None and exchange.pid == os.getpid():
            exchange.disconnect()
            self.finish(False)

    def finish(self, complete: bool) -> None:
        """End the recording. Only the first call counts.

        complete: whether the response was sent to its end. Then the record leaves at once. A framework may raise what
        has failed after it has sent a page about it, but it handles it when the page starts, so it is known already.
        """
        if self.nesting.done:
            return
        self.nesting.done = True
        self._last = None
        exchange, self.exchange = self.exchange, None
        scope, self._scope = self._scope, None
        if exchange is None:
            return
        self._recorder.unfinished.pop(id(self), None)
        if scope is not None:
            guarded(_read_flags, exchange, scope, self.nesting)
        exchange.finish(complete=complete)
        if exchange.failure is not None and not exchange.started:
            exchange.status = 500  # by which servers respond when the application has raised, or sent nothing
        if not exchange.skip:
            self._recorder.put(exchange)

    def handle(self, error: BaseException) -> None:
        """Note an exception of which a framework makes a response."""
        if self.exchange is not None:
            self.exchange.handle(error)

    def _note_received(self, exchange: ASGIExchange, message: Message) -> None:
        kind = message["type"]
        if kind == "http.request":
            if exchange.request_body is not None:
                exchange.request_body.on_part(message.get("body") or b"", not message.get("more_body", False))
        elif kind == "http.disconnect" and self._last is None:
            exchange.disconnect()

    def _note_handed_over(self, message: Message) -> Start | None:
        """Note that the server gets a message. Returns the start of the response, if the message is that."""
        kind, exchange = message["type"], self.exchange
        if exchange is not None and exchange.started and kind in _BODIES:
            self._last = None if message.get("more_body", False) else message
        return read_start(message, self._expose) if kind == "http.response.start" else None

    def _note_interrupted(self, error: BaseException) -> None:
        """Note that the server did not return from a message.

        The last message counts as sent if this task is cancelled: servers close the connection while they send it, and
        frameworks take that for a client that leaves. An `OSError` says that the client had left before.
        """
        if _is_cancellation(error):
            self._note_last()
        elif isinstance(error, OSError) and self.exchange is not None:
            self.exchange.disconnect()
        self._last = None

    def _note_last(self) -> None:
        """Note the last message as sent, if the server has it."""
        if self._last is not None:
            guarded(self._note_sent, self._last, None)

    def _note_sent(self, message: Message, start: Start | None) -> None:
        kind = message["type"]
        exchange = self.exchange
        if kind == "http.response.body":
            body = message.get("body")
            if body and exchange is not None:
                tap = exchange.response_body
                if tap.full and type(body) is bytes:
                    tap.size += len(body)  # only counted, and without a call
                else:
                    tap.note(body)
        elif kind in _FILES:
            if exchange is not None:
                exchange.file = True
        else:
            if kind == "http.response.start" and exchange is not None:
                _note_start(exchange, message, start)
            return
        if not message.get("more_body", False):
            self.finish(True)


def _note_start(exchange: ASGIExchange, message: Message, start: Start | None) -> None:
    exchange.started = True
    exchange.status = status = int(message["status"])
    if start is not None:
        exchange.headers = list(start.fields)
        who = start.who
        if who is not None:
            exchange.user, exchange.device, exchange.skip = who.user, who.device, who.skip
    if status >= 500:
        error = sys.exc_info()[1]  # a framework responds while it handles this exception
        if isinstance(error, Exception):
            guarded(exchange.handle, error)


def _read_flags(exchange: ASGIExchange, scope: Scope, nesting: Nesting) -> None:
    """Read what the application and its framework have put into the scope, a copy of it, an environ or the context."""
    flags, inner = nesting.take_flags(scope)
    if flags.get(SKIP):
        exchange.skip = True
    exchange.sensitive = flags.get(SENSITIVE)
    exchange.route = guarded(route_of, inner, exchange.scope, flags.get(ROUTE))


def _is_cancellation(error: BaseException) -> bool:
    """Whether an exception only ends the task, or the coroutine."""
    return not isinstance(error, Exception) and type(error).__name__ in _CANCELLED


def _is_disconnect(error: BaseException) -> bool:
    """Whether an exception says that the client has left."""
    return isinstance(error, OSError) or type(error).__name__ in _DISCONNECTED
