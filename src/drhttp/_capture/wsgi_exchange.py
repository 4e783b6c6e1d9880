"""The exchange of a request under WSGI (PEP 3333)."""

from __future__ import annotations

from drhttp._capture.exchange import BODILESS, OVERHEAD, Exchange, content_length, first

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from drhttp._capture.body_tap import RequestBodyCapture, Tap

_NOT_STARTED = ("AssertionError", "start_response() was not called before the response body")


class WSGIExchange(Exchange):
    """The state of one request under WSGI.

    environ: the strings of the WSGI environ. raised: the application raised instead of returning a response. written:
    `write` has sent something.
    """

    __slots__ = ("_weight", "environ", "raised", "status", "written")

    def __init__(self, environ: Mapping[str, Any], request_body: RequestBodyCapture | None, response_body: Tap) -> None:
        Exchange.__init__(self, request_body, response_body)
        # Without the input stream, sockets and the objects of frameworks. Nearly all values are strings: to remove the
        # others takes a third less time than to copy strings one by one.
        self.environ = texts = dict(environ)
        for key, value in environ.items():
            if type(value) is not str:
                del texts[key]
        # Computed here, because going through them again costs more. Joining them is faster than adding their lengths.
        self._weight = OVERHEAD + len("".join(texts.values()))
        self.status: str | None = None  # until `start_response` is called
        self.raised = False
        self.written = False

    def close_failed(self, error: BaseException) -> None:
        """Keep the exception that `close` raised, unless the response had failed or was aborted before."""
        if self.complete and self.failure is None:
            self.failed(error)

    def _judge(self) -> None:
        # A body without a status is a mistake of the application. Servers differ: most raise `AssertionError` and
        # answer 500, gunicorn sends the status "None", and uWSGI only the body. The record keeps the status 0.
        complete = self.complete
        if complete and self.status is None and self.response_body.size and self.failure is None:
            self.failure = _NOT_STARTED
        if self.response_body.invalid and not complete and self.failure is None:
            self.failure = ("TypeError", f"a block of the response is not bytes but {self.response_body.invalid!r}")
        if self.client_disconnected or not complete:
            self.aborted = self.failure is None and not self._bodiless()

    def weight(self) -> int:
        """The approximate size of the exchange in memory, in bytes."""
        weight = self._weight + self.response_body.kept
        for _, value in self.headers:
            weight += len(value)
        return weight if self.request_body is None else weight + self.request_body.kept

    @property
    def code(self) -> int:
        """The status code; 0 if there is none."""
        code = str(self.status)[:3]
        return int(code) if code.isascii() and code.isdigit() else 0

    def _bodiless(self) -> bool:
        """Whether all of the response was sent, even if its body was not read to the end. Some servers stop early."""
        if self.environ.get("REQUEST_METHOD") == "HEAD" or self.code in BODILESS:
            return True
        length = content_length(first(self.headers, "content-length"))
        return length is not None and self.response_body.size >= length
