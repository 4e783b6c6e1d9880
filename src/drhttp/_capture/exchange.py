"""One exchange of request and response while it happens: strings and bytes, collected during the request.

The middleware only keeps references here. `recording` decides when and how an exchange ends. Everything that can wait
is done by the worker, in `record_builder`.
"""

from __future__ import annotations

import os
import time

from drhttp._process.uwsgi import in_uwsgi

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from drhttp._capture.body import RequestBodyCapture, Tap
    from drhttp._capture.link import Link
    from drhttp._delivery.preparation import Preparation

_OVERHEAD = 3000  # bytes; approximate size of the objects of one exchange, without strings and bodies
_LONGEST_MESSAGE = 1000  # characters of an exception's message
_SEND_WITH_EMPTY_BLOCK = ("gunicorn/", "Werkzeug/", "WSGIServer/")  # starts of SERVER_SOFTWARE
_NOT_STARTED = ("AssertionError", "start_response() was not called before the response body")
_BODILESS = (204, 304)  # RFC 9110 section 6.4.1


class Exchange:
    """The state of one request, from its arrival to the end of its response.

    It refers to no object of the server or the framework, so that it keeps none alive while it waits in the queue,
    except those that the user's callbacks refer to, through `preparation`.

    environ: the strings of the WSGI environ. start: when the request arrived, by the performance counter. time: the
    same moment in seconds since the epoch. duration: seconds. failure: type and message of the exception that the
    application raised. raised: it raised instead of returning a response. client_disconnected: `write` failed because
    the client had closed the connection. complete: the response was sent to its end. written: `write` has sent
    something. file: the server sends a file. skip: do not record this request. link: has the ids of the request, if
    outgoing requests may refer to them.
    """

    __slots__ = (
        "_weight",
        "aborted",
        "client_disconnected",
        "complete",
        "device",
        "duration",
        "environ",
        "failure",
        "file",
        "headers",
        "link",
        "pid",
        "preparation",
        "raised",
        "request_body",
        "response_body",
        "sensitive",
        "skip",
        "start",
        "status",
        "time",
        "user",
        "written",
    )

    def __init__(self, environ: Mapping[str, Any], request_body: RequestBodyCapture | None, response_body: Tap) -> None:
        self.start = time.perf_counter()
        self.time = time.time()
        self.pid = os.getpid()
        self.preparation: Preparation | None = None
        self.link: Link | None = None
        self.environ = texts = _texts(environ)
        # Computed here, because going through them again costs more. Joining them is faster than adding their lengths.
        self._weight = _OVERHEAD + len("".join(texts.values()))
        self.request_body = request_body
        self.response_body = response_body
        self.failure: tuple[str, str] | None = None
        self.duration = 0.0
        self.status: str | None = None  # until `start_response` is called
        self.headers: Iterable[tuple[str, str]] = ()
        self.user: str | None = None
        self.device: str | None = None
        self.client_disconnected = False
        self.complete = False
        self.raised = False
        self.written = False
        self.aborted = False
        self.file = False
        self.skip = False
        self.sensitive: frozenset[str] | None = None  # names that the application marked as sensitive; empty means all

    def failed(self, error: BaseException) -> None:
        """Keep type and message of the exception that the application raised, unless the client disconnected."""
        if self.client_disconnected:
            return
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        self.failure = (name, "")
        # `str(error)` may raise. Then only the type is kept.
        self.failure = (name, str(error)[:_LONGEST_MESSAGE])

    def close_failed(self, error: BaseException) -> None:
        """Keep the exception that `close` raised, unless the response had failed or was aborted before."""
        if self.complete and self.failure is None:
            self.failed(error)

    def finish(self, *, complete: bool) -> None:
        """End the exchange.

        complete: whether the response was sent to its end; otherwise the client disconnected, or there was an error.
        A body without a status is a mistake of the application. Servers differ: most raise `AssertionError` and answer
        500, gunicorn sends the status "None", and uWSGI only the body. The record keeps the status 0.
        """
        self.duration = time.perf_counter() - self.start
        self.complete = complete
        if complete and self.status is None and self.response_body.size and self.failure is None:
            self.failure = _NOT_STARTED
        if self.response_body.invalid and not complete and self.failure is None:
            self.failure = ("TypeError", f"a block of the response is not bytes but {self.response_body.invalid!r}")
        if self.client_disconnected or not complete:
            self.aborted = self.failure is None and not self._bodiless()
        self.response_body.settle()
        if self.request_body is not None:
            self.request_body.settle()

    def weight(self) -> int:
        """The approximate size of the exchange in memory, in bytes."""
        weight = self._weight + len(self.response_body.content())
        for _, value in self.headers:
            weight += len(value)
        return weight if self.request_body is None else weight + len(self.request_body.content())

    @property
    def sent(self) -> bool:
        """Whether the server has sent status and headers.

        It sends them with the first block that is not empty (PEP 3333), and some servers also with an empty one; at
        the latest after the last block, which is before `close` except in waitress. If the application fails earlier,
        most servers send an error instead. uWSGI does not if `start_response` was called, and Cheroot does not if the
        application returned.
        """
        if self.written or self.response_body.size:
            return True
        software = self.environ.get("SERVER_SOFTWARE", "")
        if self.complete and not software.startswith("waitress"):
            return True
        if self.response_body.empty and software.startswith(_SEND_WITH_EMPTY_BLOCK):
            return True
        if self.response_body.invalid is not None and _sends_before(self.response_body.invalid, software):
            return True
        return bool(self.status) and (in_uwsgi() or ("Cheroot/" in software and not self.raised))

    @property
    def code(self) -> int:
        """The status code; 0 if there is none."""
        code = str(self.status)[:3]
        return int(code) if code.isascii() and code.isdigit() else 0

    def _bodiless(self) -> bool:
        """Whether all of the response was sent, even if its body was not read to the end. Some servers stop early."""
        if self.environ.get("REQUEST_METHOD") == "HEAD" or self.code in _BODILESS:
            return True
        length = content_length(first(self.headers, "content-length"))
        return length is not None and self.response_body.size >= length


def _sends_before(invalid: str, software: str) -> bool:
    """Whether a server sends the headers before it fails at a block that is not bytes. wsgiref checks the type before.

    invalid: the name of the type of the block. Most servers find out that text is not bytes when they write it, behind
    the headers.
    """
    if software.startswith("WSGIServer/"):
        return False
    return invalid == "str" or software.startswith(_SEND_WITH_EMPTY_BLOCK)


def first(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The value of the first header field with a name.

    name: in lower case.
    """
    for key, value in headers:
        if key.lower() == name:
            return value
    return None


def content_length(text: str | None) -> int | None:
    """Parse a `Content-Length` (RFC 9110 section 8.6: digits only); `None` if it is missing or invalid."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _texts(environ: Mapping[str, Any]) -> dict[str, str]:
    """Copy the strings of an environ, without the input stream, sockets and the objects of frameworks."""
    texts = dict(environ)
    # Nearly all values are strings: to remove the others takes a third less time than to copy strings one by one.
    for key, value in environ.items():
        if type(value) is not str:
            del texts[key]
    return texts
