"""One exchange of request and response while it happens: values and bytes, collected during the request.

The middleware only keeps references here. A recording decides when and how an exchange ends. Everything that can wait
is done by the worker, in `record_builder`.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from drhttp._capture.body_tap import RequestBodyCapture, Tap
    from drhttp._capture.link import Link
    from drhttp._delivery.preparation import Preparation

OVERHEAD = 3000  # bytes; approximate size of the objects of one exchange, without strings and bodies
BODILESS = (204, 304)  # RFC 9110 section 6.4.1
LONGEST_MESSAGE = 1000  # characters of an exception's message


class Exchange:
    """The state of one request, from its arrival to the end of its response, under any interface of servers.

    It refers to no object of the server or the framework, so that it keeps none alive while it waits in the queue,
    except those that the user's callbacks refer to, through `preparation`.

    start: when the request arrived, by the performance counter. time: the same moment in seconds since the epoch.
    duration: seconds. failure: type and message of the exception that the application raised. handled: those of an
    exception of which a framework made a response. place: the module and the line that raised it. route: the template
    of the path, as the framework writes it. client_disconnected: sending failed because the client had closed the
    connection. complete: the response was sent to its end. file: the server sends a file. skip: do not record this
    request. link: has the ids of the request, if outgoing requests may refer to them.
    """

    __slots__ = (
        "aborted",
        "client_disconnected",
        "complete",
        "device",
        "duration",
        "failure",
        "file",
        "handled",
        "headers",
        "link",
        "pid",
        "place",
        "preparation",
        "request_body",
        "response_body",
        "route",
        "sensitive",
        "skip",
        "start",
        "time",
        "user",
    )

    def __init__(self, request_body: RequestBodyCapture | None, response_body: Tap) -> None:
        self.start = time.perf_counter()
        self.time = time.time()
        self.pid = os.getpid()
        self.preparation: Preparation | None = None
        self.link: Link | None = None
        self.request_body = request_body
        self.response_body = response_body
        self.failure: tuple[str, str] | None = None
        self.handled: tuple[str, str] | None = None
        self.place: tuple[str, int] | None = None
        self.route: str | None = None
        self.duration = 0.0
        self.headers: Iterable[tuple[Any, Any]] = ()
        self.user: str | None = None
        self.device: str | None = None
        self.client_disconnected = False
        self.complete = False
        self.aborted = False
        self.file = False
        self.skip = False
        self.sensitive: frozenset[str] | None = None  # names that the application marked as sensitive; empty means all

    def failed(self, error: BaseException) -> None:
        """Keep type and message of the exception that the application raised, unless the client disconnected."""
        if self.client_disconnected:
            return
        name = type_name(error)
        self.failure = (name, "")
        self.place = _place(error)
        # `str(error)` may raise. Then only the type is kept.
        self.failure = (name, str(error)[:LONGEST_MESSAGE])

    def handle(self, error: BaseException) -> None:
        """Keep an exception of which a framework makes a response. The application does not raise it further."""
        name = type_name(error)
        self.handled = (name, "")
        self.place = _place(error)
        self.handled = (name, str(error)[:LONGEST_MESSAGE])

    def finish(self, *, complete: bool) -> None:
        """End the exchange, whose duration ends here.

        complete: whether the response was sent to its end; otherwise it was stopped, or there was an error.
        """
        self.duration = time.perf_counter() - self.start
        self.complete = complete
        self._judge()
        # It waits in the queue from now on.
        self.response_body.settle()
        if self.request_body is not None:
            self.request_body.settle()

    def _judge(self) -> None:
        """Decide by how it ended whether the exchange failed or was aborted."""
        raise NotImplementedError

    def weight(self) -> int:
        """The approximate size of the exchange in memory, in bytes."""
        raise NotImplementedError

    @property
    def code(self) -> int:
        """The status code; 0 if there is none."""
        raise NotImplementedError


def type_name(error: BaseException) -> str:
    """The qualified name of the type of an exception."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _place(error: BaseException) -> tuple[str, int] | None:
    """The module and the line that raised an exception; `None` if it was not raised in Python."""
    trace = error.__traceback__
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return str(trace.tb_frame.f_globals.get("__name__", "")), trace.tb_lineno


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
