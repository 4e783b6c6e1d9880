"""The recording of one WSGI request: from the call of the application to the close of its response."""

from __future__ import annotations

from functools import partial

from drhttp._capture.environ_flags import ROUTE, SENSITIVE, SKIP, add_names, has_flags
from drhttp._capture.identity_headers import FilteringStartResponse, without_identity
from drhttp._capture.wsgi_headers_sent import headers_sent
from drhttp._capture.wsgi_hijack import is_end, is_faulty, is_file, is_final
from drhttp._capture.wsgi_output_tap import OutputTap, SizedOutputTap, write_through
from drhttp._guard import CopiedAsItself, guarded
from drhttp._process.uwsgi import in_uwsgi, is_one_block

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from drhttp._capture.body_tap import Tap
    from drhttp._capture.link import Entry
    from drhttp._capture.wsgi_exchange import WSGIExchange
    from drhttp._process.recorder import Recorder

_MOST_REQUESTS = 10  # whose flags are read again; an application that calls others without end would attach ever more


class Recording(CopiedAsItself):
    """The recording of one request. It passes the exchange to the recorder once, however the response ends.

    exchange: `None` for a request outside of the sample; identification headers are removed from its response too.
    entered: to leave when the response is over, if outgoing requests are linked to this one.
    """

    __slots__ = ("_recorder", "_requests", "done", "entered", "exchange", "started")

    def __init__(self, recorder: Recorder, exchange: WSGIExchange | None, environ: WSGIEnvironment) -> None:
        self._recorder = recorder
        # Whose flags are read when the response has ended.
        self._requests: tuple[WSGIEnvironment, ...] = () if exchange is None else (environ,)
        self.exchange = exchange
        self.entered: Entry | None = None
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

    def attach(self, environ: WSGIEnvironment) -> None:
        """Read the flags of an environ, which may be a copy, again when the response has ended.

        An application may be a generator, which begins to run after it has returned.
        """
        if self.exchange is not None and not self.done:
            first, *others = self._requests
            self._requests = (first, *others[1 - _MOST_REQUESTS :], environ)

    def apply_environ_flags(self, environ: WSGIEnvironment) -> None:
        """Read the flags that the application has set in the environ for its own request."""
        exchange = self.exchange
        if exchange is not None:
            if environ.get(SKIP):
                exchange.skip = True
            names = environ.get(SENSITIVE)
            if names is not None:
                exchange.sensitive = add_names(exchange.sensitive, names)
            route = environ.get(ROUTE)
            if route is not None:
                exchange.route = f"{environ.get('SCRIPT_NAME', '')}/{route}"

    def handle(self, error: BaseException) -> None:
        """Note an exception of which a framework makes a response."""
        if self.exchange is not None:
            self.exchange.handle(error)

    def write_failed(self, error: BaseException) -> None:
        """Note that `write` of the server raised. If the client disconnected, the application did not fail."""
        # waitress has its own exception for that, which is not an OSError.
        if self.exchange is not None and (isinstance(error, OSError) or type(error).__name__ == "ClientDisconnected"):
            self.exchange.client_disconnected = True

    def wrote(self, data: bytes) -> None:
        """Capture what `write` of the server has sent."""
        if self.exchange is not None:
            self.exchange.written = True
            self.exchange.response_body.note(data)

    def raised(self, error: BaseException, environ: WSGIEnvironment) -> None:
        """End the recording after an exception: an error, or the end of a connection that the application took over."""
        self._leave()
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
        self._settle_flags()
        exchange = self.exchange
        if exchange is not None:
            if error is not None:
                guarded(exchange.failed, error)
            exchange.finish(complete=complete)
            if exchange.failure is not None:
                guarded(_note_failure, exchange)
            if not exchange.skip:
                self._recorder.put(exchange)

    def ended(self) -> None:
        """End the recording of a response that was sent to its end. It waits for `close`, which may still raise.

        If nobody calls `close`, the end of the response object, a flush, or the exit takes its place.
        """
        if not self.done:
            self.done = True
            self._settle_flags()
            if self.exchange is not None:
                self.exchange.finish(complete=True)
                if not self.exchange.skip:
                    self._recorder.hold(self.exchange)

    def closed(self, error: BaseException | None = None) -> None:
        """Record the response, which was closed. An exception of `close` is added if it was sent to its end."""
        self._leave()
        if not self.done:
            self.finish(False, error)
        elif self.exchange is not None:
            if error is not None:
                guarded(self.exchange.close_failed, error)
                if self.exchange.failure is not None:
                    guarded(_note_failure, self.exchange)
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
            self._leave()
            return result
        if is_final(result, self.started):
            self._end_with(result)
            return result
        return SizedOutputTap(result, self) if hasattr(type(result), "__len__") else OutputTap(result, self)

    def unwatched(self) -> None:
        """End the recording of a result that could not be watched, unless it has ended. The server gets it as it is."""
        self.finish(True)
        self._leave()

    def _settle_flags(self) -> None:
        requests, self._requests = self._requests, ()
        for environ in requests:
            if has_flags(environ):
                guarded(self.apply_environ_flags, environ)

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
        self._leave()
        return result

    def _end_with(self, result: Any) -> None:
        """End the recording for a result that is not wrapped. If the server will fail on it, the record says so."""
        self._leave()
        if is_faulty(result, self._responding):
            self.finish(False, TypeError(f"{type(result).__name__!r} object is not iterable"))
        else:
            self.finish(True)

    def _leave(self) -> None:
        """The request is over: what comes next in this context does not belong to it."""
        if self.entered is not None:
            self.entered.leave()
            self.entered = None


class RecordingStartResponse(FilteringStartResponse):
    """A `start_response` that also records status and headers. expose: leave the identification headers."""

    __slots__ = ("_state",)

    _state: tuple[Recording, WSGIEnvironment, bool]

    def __init__(self, original: StartResponse, recording: Recording, environ: WSGIEnvironment, expose: bool) -> None:
        FilteringStartResponse.__init__(self, original)
        object.__setattr__(self, "_state", (recording, environ, expose))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Begin the response. If the server raises, nothing is recorded."""
        recording, environ, expose = self._state
        args, headers, who = without_identity(args, kwargs, expose)
        write: Any = self._original(*args, **kwargs)
        recording.started = True
        exchange = recording.exchange
        if exchange is None:
            return write
        exchange.status = args[0] if args else kwargs.get("status", "")
        exchange.headers = list(headers) if type(headers) is list else guarded(list, headers) or ()
        if "werkzeug.request" in environ:
            guarded(_read_route, exchange, environ)
        if who is not None:
            exchange.user, exchange.device, exchange.skip = who.user, who.device, who.skip
        return partial(write_through, write, recording) if callable(write) else write


def _note_failure(exchange: WSGIExchange) -> None:
    """Set the status 500, by which most servers respond if the application fails before they have sent the headers."""
    if not headers_sent(exchange):
        exchange.status = "500"


def _read_route(exchange: WSGIExchange, environ: WSGIEnvironment) -> None:
    """Read the rule that Flask has matched. It takes the request out of the environ before it returns."""
    route = getattr(getattr(environ["werkzeug.request"], "url_rule", None), "rule", None)
    if route is not None:
        exchange.route = f"{environ.get('SCRIPT_NAME', '')}/{route}"
