"""The recorder for WSGI applications (PEP 3333).

    app = drhttp.WSGIMiddleware(app, dsn="https://<api key>@api.drhttp.com/")

The client gets the same bytes, status and headers as without the middleware, in the same blocks and at the same time.
The application sees the same environ, input and exceptions, and runs once. Only the identification headers are removed
from the response.
"""

from __future__ import annotations

from drhttp._capture import link
from drhttp._capture.body import RequestBodyCapture, Tap
from drhttp._capture.environ_flags import IDENTITY
from drhttp._capture.exchange import Exchange
from drhttp._capture.excluded_paths import path_matcher
from drhttp._capture.identity import FilteringStartResponse
from drhttp._capture.input_tap import expects_body, tapped
from drhttp._capture.recording import Recording, RecordingStartResponse
from drhttp._capture.sampling import chance
from drhttp._capture.uri import encoded_path
from drhttp._guard import MARK, guarded
from drhttp._logger import logger

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from typing_extensions import Unpack

    from drhttp._config import Options
    from drhttp._process.recorder import Recorder


class WSGIMiddleware:
    """Records every request that an application serves, and ships the records from a background thread.

    app: the WSGI application. dsn: where to send the records, `https://<key>@<host>/`; the default is the environment
    variable `DRHTTP_DSN`. Without a DSN, or with `enabled=False`, the middleware only removes identification headers
    from responses. options: see the README. Each can also be set by an environment variable `DRHTTP_<NAME>`.

    Raises `ConfigError` when the DSN or an option cannot be used.
    """

    def __init__(self, app: WSGIApplication, dsn: str | None = None, **options: Unpack[Options]) -> None:
        # Not at the top, because they are slow to load, and an import of the package need not build a recorder.
        from drhttp._config import Config
        from drhttp._process.recorder import recorder_for

        self.app = app
        config = Config.load(dsn, options)
        self._recorder: Recorder | None = None
        if config is None:
            self._expose_identity = Config.exposes_identity(options)
            logger().info("drhttp is off: it is disabled, or no DSN is set")
            return
        self._recorder = recorder_for(config)
        # Looked up once, because each request needs them.
        self._sample_rate = config.sample_rate
        self._expose_identity = config.expose_identity
        self._request_limit = config.max_body_size if config.captures_requests else None
        self._response_limit = config.max_body_size if config.captures_responses else 0
        self._excludes = path_matcher(config.exclude)
        self._outbound = config.outbound
        if config.outbound:
            from drhttp._outbound.installation import watch_for

            watch_for(self._recorder)

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
        guarded(recording.apply_environ_flags, environ)
        watched = guarded(recording.watch, result, environ)
        return result if watched is None else watched

    def _begin(
        self, recorder: Recorder, environ: WSGIEnvironment, start_response: StartResponse
    ) -> tuple[Recording, RecordingStartResponse] | None:
        """Begin to record, unless the request is excluded, or an outer middleware records it already."""
        excluded = self._excludes is not None and bool(self._excludes(encoded_path(environ)))
        if excluded and not link.watching:
            return None
        outer = environ.get(MARK)
        if isinstance(outer, Recording) and not outer.done:
            return None
        exchange = None
        if not excluded and (self._sample_rate >= 1.0 or chance() < self._sample_rate):
            exchange = Exchange(environ, self._tap_input(environ), Tap(self._response_limit))
        recording = Recording(recorder, exchange)
        if link.watching:
            self._enter(recording, environ.get("HTTP_TRACEPARENT"))
        if not excluded:
            environ[MARK] = recording
        return recording, RecordingStartResponse(start_response, recording, self._expose_identity)

    def _enter(self, recording: Recording, traceparent: str | None) -> None:
        """Link the requests that the application makes from now on to this one, so that they share its fate."""
        exchange = recording.exchange
        recorded = self._outbound and exchange is not None
        recording.entered = entered = link.enter(self._recorder if recorded else None, traceparent)
        if entered is not None and exchange is not None and recorded:
            exchange.link = entered.link

    def _filtered(self, environ: WSGIEnvironment, start_response: StartResponse) -> StartResponse | None:
        """Return a `start_response` that removes identification headers from a response that is not recorded.

        `None` if they stay: for an outer middleware that records them, or with `expose_identity`.
        """
        outer = environ.get(MARK)
        if isinstance(outer, Recording) and not outer.done:
            return None
        if self._expose_identity:
            environ[IDENTITY] = True
            return None
        return FilteringStartResponse(start_response)

    def _tap_input(self, environ: WSGIEnvironment) -> RequestBodyCapture | None:
        """Wrap the input stream if the request has a body that is to be captured."""
        stream = environ.get("wsgi.input")
        if stream is None or self._request_limit is None or not expects_body(environ):
            return None
        capture = RequestBodyCapture(self._request_limit)
        environ["wsgi.input"] = tapped(stream, capture)
        return capture
