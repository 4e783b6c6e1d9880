"""The recorder for WSGI applications (PEP 3333).

    app = drhttp.WSGIMiddleware(app, dsn="https://<api key>@api.drhttp.com/")

The client gets the same bytes, status and headers as without the middleware, in the same blocks and at the same time.
The application sees the same environ, input and exceptions, and runs once. Only the identification headers are removed
from the response.
"""

from __future__ import annotations

from drhttp._application import asgi_name
from drhttp._capture import link
from drhttp._capture.body_tap import RequestBodyCapture, Tap
from drhttp._capture.environ_flags import IDENTITY, has_flags
from drhttp._capture.identity_headers import FilteringStartResponse
from drhttp._capture.nesting import nesting, recorded_outside
from drhttp._capture.sampling import chance
from drhttp._capture.wsgi_exchange import WSGIExchange
from drhttp._capture.wsgi_input_tap import expects_body, tapped
from drhttp._capture.wsgi_recording import Recording, RecordingStartResponse
from drhttp._capture.wsgi_uri import encoded_path
from drhttp._guard import MARK, guarded
from drhttp._middleware import Middleware
from drhttp.exceptions import ConfigError

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from typing_extensions import Unpack

    from drhttp._capture.nesting import Nesting
    from drhttp._config import Options
    from drhttp._process.recorder import Recorder


class WSGIMiddleware(Middleware):
    """Records every request that an application serves, and ships the records from a background thread.

    app: the WSGI application. dsn: where to send the records, `https://<key>@<host>/`; the default is the environment
    variable `DRHTTP_DSN`. Without a DSN, or with `enabled=False`, the middleware only removes identification headers
    from responses. options: see the README. Each can also be set by an environment variable `DRHTTP_<NAME>`.

    Raises `ConfigError` when the DSN, an option or the application cannot be used.
    """

    def __init__(self, app: WSGIApplication, dsn: str | None = None, **options: Unpack[Options]) -> None:
        name = asgi_name(app)
        if name is not None:
            raise ConfigError(f"app: {name} is an ASGI application; use drhttp.ASGIMiddleware")
        super().__init__(dsn, options)
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        recorder = self._recorder
        started = None if recorder is None else guarded(self._begin, recorder, environ, start_response)
        if started is None:
            filtered = guarded(self._filtered, environ, start_response)
            return self.app(environ, start_response if filtered is None else filtered)
        recording, watched_start = started
        try:
            result = self.app(environ, watched_start)
        except BaseException as error:
            guarded(recording.apply_environ_flags, environ)
            guarded(recording.raised, error, environ)
            raise
        watched = guarded(recording.watch, result, environ)
        if watched is None:  # the result may be `None` itself, which has ended the recording
            guarded(recording.unwatched)
        # The end of the recording reads the flags, too, but a server may reuse the environ.
        if not recording.done and has_flags(environ):
            guarded(recording.apply_environ_flags, environ)
        return result if watched is None else watched

    def _begin(
        self, recorder: Recorder, environ: WSGIEnvironment, start_response: StartResponse
    ) -> tuple[Recording, RecordingStartResponse] | None:
        """Begin to record, unless the request is excluded, or an outer middleware records it already."""
        excluded = self._excludes is not None and bool(self._excludes(encoded_path(environ)))
        if excluded and not link.watching:
            return None
        # Looked at here, because a call takes longer than to find nothing, as nearly always.
        if (MARK in environ or nesting.get() is not None) and _outer(environ) is not None:
            return None
        exchange = None
        if not excluded and (self._sample_rate >= 1.0 or chance() < self._sample_rate):
            exchange = WSGIExchange(environ, self._tap_input(environ), Tap(self._response_limit))
        recording = Recording(recorder, exchange, environ)
        if link.watching:
            recording.entered = self._enter(exchange, environ.get("HTTP_TRACEPARENT"))
        if not excluded:
            environ[MARK] = recording
        elif self._expose_identity:
            environ[IDENTITY] = True
        return recording, RecordingStartResponse(start_response, recording, environ, self._expose_identity)

    def _filtered(self, environ: WSGIEnvironment, start_response: StartResponse) -> StartResponse | None:
        """Return a `start_response` that removes identification headers from a response that is not recorded.

        `None` if they stay: for an outer middleware that records them, or with `expose_identity`. The outer one also
        reads the flags that the application sets in this environ, which may be a copy.
        """
        outer = _outer(environ)
        if outer is not None:
            outer.attach(environ)
            return None
        if self._expose_identity:
            environ[IDENTITY] = True
            return None
        return FilteringStartResponse(start_response)

    def _tap_input(self, environ: WSGIEnvironment) -> RequestBodyCapture | None:
        """Wrap the input stream if the request has a body that is to be captured."""
        stream = environ.get("wsgi.input")
        limit = self._request_limit
        if stream is None or limit is None or not expects_body(environ):
            return None
        capture = RequestBodyCapture(limit)
        environ["wsgi.input"] = tapped(stream, capture)
        return capture


def _outer(environ: WSGIEnvironment) -> Recording | Nesting | None:
    """What stands for the middleware around this application that records the request; `None` if there is none."""
    outer = environ.get(MARK)
    if outer is not None and isinstance(outer, Recording) and not outer.done:
        return outer
    return recorded_outside()
