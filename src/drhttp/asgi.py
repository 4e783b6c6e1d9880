"""The recorder for ASGI 3 applications.

    app.add_middleware(drhttp.ASGIMiddleware, dsn="https://<api key>@api.drhttp.com/")
    app = drhttp.ASGIMiddleware(app, dsn="https://<api key>@api.drhttp.com/")

Requests are recorded. WebSockets and all other scopes pass with the same `receive` and `send`. The lifespan has a thin
wrapper as its `send`, which delivers waiting records before the server learns that the application has shut down. Of a
request, the application and the server see the same messages at the same time, in the same task. Only the
identification headers are removed from the response.
"""

from __future__ import annotations

import sys

from drhttp._application import COROUTINE, wsgi_name
from drhttp._capture import link
from drhttp._capture.asgi_exchange import ASGIExchange
from drhttp._capture.asgi_identity_headers import FilteringSend
from drhttp._capture.asgi_recording import ASGIRecording
from drhttp._capture.asgi_uri import encoded_path
from drhttp._capture.body_tap import RequestBodyCapture, Tap
from drhttp._capture.environ_flags import IDENTITY
from drhttp._capture.nesting import nesting
from drhttp._capture.sampling import chance
from drhttp._guard import MARK, guarded
from drhttp._logger import logger
from drhttp._middleware import Middleware
from drhttp.exceptions import ConfigError

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType
    from typing import Any

    from typing_extensions import Unpack

    from drhttp._capture.asgi_identity_headers import Send
    from drhttp._capture.asgi_recording import Receive, Scope
    from drhttp._capture.link import Entry
    from drhttp._config import Options
    from drhttp._process.recorder import Recorder

    ASGIApplication = Callable[[Any, Any, Any], Awaitable[Any]]


class ASGIMiddleware(Middleware):
    """Records every request that an ASGI application serves, and ships the records from a background thread.

    app: the ASGI 3 application. dsn: where to send the records, `https://<key>@<host>/`; the default is the environment
    variable `DRHTTP_DSN`. Without a DSN, or with `enabled=False`, the middleware only removes identification headers
    from responses. options: those of `WSGIMiddleware`; see the README.

    Raises `ConfigError` when the DSN, an option or the application cannot be used. If that is found out only when the
    application serves (Starlette builds its middlewares with the first message of a server), it is logged, and nothing
    is recorded.
    """

    def __init__(self, app: ASGIApplication, dsn: str | None = None, **options: Unpack[Options]) -> None:
        self.app = app
        try:
            super().__init__(dsn, options)
            name = wsgi_name(app)
            if name is not None:
                raise ConfigError(f"app: {name} is a WSGI application; use drhttp.WSGIMiddleware")
        except ConfigError as error:
            if not _is_serving():
                raise
            _log_once(f"nothing is recorded, because of a mistake in the configuration: {error}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve one connection."""
        if scope.get("type") != "http":
            return await self._pass(scope, receive, send)
        recorder = self._recorder
        recording = None if recorder is None else guarded(self._begin, recorder, scope, receive, send)
        if recording is None:
            return await self._serve_unrecorded(scope, receive, send)
        outer = nesting.get()
        # Without tokens: a coroutine may be closed in another context, where a token is of no use.
        nesting.set(recording.nesting)
        entered = guarded(self._enter_request, recording.exchange) if link.watching else None
        try:
            result = await self.app(scope, receive if recording.exchange is None else recording.receive, recording.send)
        except BaseException as error:
            guarded(recording.raised, error)
            raise
        finally:
            if nesting.get() is recording.nesting:
                nesting.set(outer)
            if entered is not None:
                entered.leave()
        if not recording.nesting.done:
            guarded(recording.returned)
        return result

    async def _serve_unrecorded(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve a request that is excluded, or that an outer middleware records."""
        filtered = guarded(self._filtered, scope, send)
        entered = guarded(self._enter_excluded, scope) if link.watching and self._recorder is not None else None
        try:
            return await self.app(scope, receive, send if filtered is None else filtered)
        finally:
            if entered is not None:
                entered.leave()

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve what is not a request: the lifespan of the application, a WebSocket, and what is to come."""
        link.forget_ended()  # of a request before it, in whose context the server goes on to read the connection
        if scope.get("type") != "lifespan" or self._recorder is None:
            return await self.app(scope, receive, send)
        from drhttp._process.lifespan import run_lifespan

        return await run_lifespan(self.app, scope, receive, send, self._exit_timeout)

    def _begin(self, recorder: Recorder, scope: Scope, receive: Receive, send: Send) -> ASGIRecording | None:
        """Begin to record, unless the request is excluded, or an outer middleware records it already."""
        if self._excludes is not None and self._excludes(encoded_path(scope)):
            return None
        if MARK in scope and _outer(scope) is not None:
            return None
        exchange = None
        if self._sample_rate >= 1.0 or chance() < self._sample_rate:
            limit = self._request_limit
            request_body = None if limit is None else RequestBodyCapture(limit)
            exchange = ASGIExchange(scope, request_body, Tap(self._response_limit))
        recording = ASGIRecording(recorder, exchange, (scope, receive, send), self._expose_identity)
        recording.nesting.exchange = exchange
        scope[MARK] = recording
        return recording

    def _enter_request(self, exchange: ASGIExchange | None) -> Entry | None:
        """Link the requests that the application makes, in background tasks too, to this one."""
        return self._enter(exchange, None if exchange is None else exchange.traceparent)

    def _enter_excluded(self, scope: Scope) -> Entry | None:
        """Record none of the requests that the application makes, unless an outer middleware records this one."""
        return self._enter(None, None) if _outer(scope) is None else None

    def _filtered(self, scope: Scope, send: Send) -> Send | None:
        """Return a `send` that removes identification headers from a response that is not recorded.

        `None` if they stay: for an outer middleware that records them, or with `expose_identity`. The outer one also
        reads the flags that the application sets in this scope, which may be a copy.
        """
        outer = _outer(scope)
        if outer is not None:
            outer.nesting.attach(scope)
            return None
        if self._expose_identity:
            scope[IDENTITY] = True
            return None
        return FilteringSend(send)


def _is_serving() -> bool:
    """Whether the caller is within a call of an ASGI application: its lifespan or a request.

    The stack shows it. A running event loop does not, because uvicorn may import the application in one.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        code = frame.f_code
        if code.co_flags & COROUTINE and {"receive", "send"} <= set(code.co_varnames[: code.co_argcount]):
            return True
        frame = frame.f_back
    return False


def _log_once(text: str) -> None:
    from drhttp._process.registry import recorders  # not at the top, because it is slow to load

    if recorders.first_warning(text):
        logger().error("%s", text)


def _outer(scope: Scope) -> ASGIRecording | None:
    """The recording of the middleware around this application; `None` if there is none."""
    outer = scope.get(MARK)
    return outer if isinstance(outer, ASGIRecording) and not outer.done else None
