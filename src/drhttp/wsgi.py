"""The recorder for WSGI applications (PEP 3333).

    app = drhttp.WSGIMiddleware(app, dsn="https://<api key>@api.drhttp.com/")

The client gets the same bytes, status and headers as without the middleware, in the same blocks and at the same time.
The application sees the same environ, input and exceptions, and runs once. Only the identification headers are removed
from the response.
"""

from __future__ import annotations

import os
from functools import partial

from drhttp._capture.body import RequestBodyCapture, Tap
from drhttp._capture.environ_flags import IDENTITY, SENSITIVE, SKIP
from drhttp._capture.exchange import Exchange
from drhttp._capture.hijack import is_end, is_faulty, is_file, is_final
from drhttp._capture.identity import FilteringStartResponse, without_identity
from drhttp._capture.input_tap import expects_body, tapped
from drhttp._capture.output_tap import OutputTap, SizedOutputTap
from drhttp._capture.uri import encoded_path, path_matcher
from drhttp._guard import MARK, guarded
from drhttp._logger import logger
from drhttp._process.uwsgi import in_uwsgi, is_one_block

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

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
        if self._excludes is not None and self._excludes(encoded_path(environ)):
            return None
        outer = environ.get(MARK)
        if isinstance(outer, Recording) and not outer.done:
            return None
        exchange = None
        if self._sample_rate >= 1.0 or _chance() < self._sample_rate:
            exchange = Exchange(environ, self._tap_input(environ), Tap(self._response_limit))
        environ[MARK] = recording = Recording(recorder, exchange)
        return recording, RecordingStartResponse(start_response, recording, self._expose_identity)

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


class Recording:
    """The recording of one request. It passes the exchange to the recorder once, however the response ends.

    exchange: `None` for a request outside of the sample; identification headers are removed from its response too.
    """

    __slots__ = ("_recorder", "done", "exchange", "started")

    def __init__(self, recorder: Recorder, exchange: Exchange | None) -> None:
        self._recorder = recorder
        self.exchange = exchange
        self.done = False
        self.started = False  # whether `start_response` was called

    @property
    def tap(self) -> Tap | None:
        """The capture of the response body."""
        return None if self.exchange is None else self.exchange.response_body

    @property
    def _responding(self) -> bool:
        """Whether a response has begun. An interim status, such as 101, does not begin one."""
        return self.started and not (self.exchange is not None and 100 <= self.exchange.code < 200)

    def apply_environ_flags(self, environ: WSGIEnvironment) -> None:
        """Read the flags that the application has set in the environ for its own request."""
        exchange = self.exchange
        if exchange is not None:
            if environ.get(SKIP):
                exchange.skip = True
            names = environ.get(SENSITIVE)
            if names is not None:
                exchange.sensitive = frozenset(() if isinstance(names, str) else map(str, names))

    def write_failed(self, error: BaseException) -> None:
        """Note that `write` of the server raised. If the client disconnected, the application did not fail."""
        # waitress has its own exception for that, which is not an OSError.
        if self.exchange is not None and (isinstance(error, OSError) or type(error).__name__ == "ClientDisconnected"):
            self.exchange.client_disconnected = True

    def raised(self, error: BaseException, environ: WSGIEnvironment) -> None:
        """End the recording after an exception: an error, or the end of a connection that the application took over."""
        if self.exchange is not None:
            self.exchange.raised = True
        if is_end(error, environ, self._responding):
            self.finish(True)
        else:
            self.finish(False, error)

    def finish(self, complete: bool, error: BaseException | None = None) -> None:
        """End the recording. Only the first call counts.

        complete: whether the response was sent to its end. error: the exception of the application, if there was one.
        """
        if self.done:
            return
        self.done = True
        exchange = self.exchange
        if exchange is not None:
            if error is not None:
                guarded(exchange.failed, error)
            exchange.finish(complete=complete)
            if not exchange.skip:
                self._recorder.put(exchange)

    def ended(self) -> None:
        """End the recording of a response that was sent to its end. It waits for `close`, which may still raise.

        If nobody calls `close`, the end of the response object, a flush, or the exit takes its place.
        """
        if not self.done:
            self.done = True
            if self.exchange is not None:
                self.exchange.finish(complete=True)
                if not self.exchange.skip:
                    self._recorder.hold(self.exchange)

    def closed(self, error: BaseException | None = None) -> None:
        """Record the response, which was closed. An exception of `close` is added if it was sent to its end."""
        if not self.done:
            self.finish(False, error)
        elif self.exchange is not None:
            if error is not None:
                guarded(self.exchange.close_failed, error)
            self._recorder.release(self.exchange)

    def watch(self, result: Iterable[bytes], environ: WSGIEnvironment) -> Iterable[bytes]:
        """Return the result of the application, wrapped in a tap where that is possible.

        Lists and tuples are passed on as they are, and end the recording. So do files, what uWSGI sends as one block,
        and the results that stand for a connection taken over: servers recognize these by type or identity.
        """
        if type(result) is list or type(result) is tuple:
            return self._pass_on(result, result)
        if is_one_block(result):
            return self._pass_on(result, (result,))
        if is_file(result, environ.get("wsgi.file_wrapper")):
            if self.exchange is not None:
                self.exchange.file = True
            self.finish(True)
            return result
        if is_final(result, self.started):
            self._end_with(result)
            return result
        return SizedOutputTap(result, self) if hasattr(result, "__len__") else OutputTap(result, self)

    def _pass_on(self, result: Iterable[bytes], blocks: Iterable[Any]) -> Iterable[bytes]:
        """Capture all blocks of a result that is not wrapped. At one that is not bytes, all servers but uWSGI fail."""
        tap, fails = self.tap, False
        if tap is not None:
            for chunk in blocks:
                guarded(tap.note, chunk)
                if tap.invalid is not None and not in_uwsgi():
                    fails = True
                    break
        self.finish(not fails)
        return result

    def _end_with(self, result: Any) -> None:
        """End the recording for a result that is not wrapped. If the server will fail on it, the record says so."""
        if is_faulty(result, self._responding):
            self.finish(False, TypeError(f"{type(result).__name__!r} object is not iterable"))
        else:
            self.finish(True)


class RecordingStartResponse(FilteringStartResponse):
    """A `start_response` that also records status and headers. expose: leave the identification headers."""

    __slots__ = ("_expose", "_recording")

    _expose: bool
    _recording: Recording

    def __init__(self, original: StartResponse, recording: Recording, expose: bool) -> None:
        super().__init__(original)
        object.__setattr__(self, "_recording", recording)
        object.__setattr__(self, "_expose", expose)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Begin the response. If the server raises, nothing is recorded."""
        args, headers, who = without_identity(args, kwargs, self._expose)
        write: Any = self._original(*args, **kwargs)
        recording = self._recording
        recording.started = True
        exchange = recording.exchange
        if exchange is None:
            return write
        exchange.status = args[0] if args else kwargs.get("status", "")
        exchange.headers = guarded(list, headers) or ()
        if who is not None:
            exchange.user, exchange.device, exchange.skip = who.user, who.device, who.skip
        return partial(_write, write, recording) if callable(write) else write


def _write(write: Callable[[bytes], Any], recording: Recording, data: bytes) -> Any:
    """Call `write` of the server, and capture the data."""
    try:
        result = write(data)
    except BaseException as error:
        guarded(recording.write_failed, error)
        raise
    exchange = recording.exchange
    if exchange is not None:
        exchange.written = True
        guarded(exchange.response_body.note, data)
    return result


def _chance() -> float:
    """A random number from 0 to 1. Not from `random`, because an application may have seeded it."""
    return int.from_bytes(os.urandom(7), "big") / 2**56
