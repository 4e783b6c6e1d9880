"""A web server that remembers what it was sent, on pytest-httpserver.

It is for whole, valid responses to few requests: Werkzeug's server, which it runs in, closes each connection after
the response. What breaks, stalls or keeps connections is `support.receiver.Receiver`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from werkzeug import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpserver import HTTPServer
    from werkzeug import Request


class ReceivedRequest(NamedTuple):
    """A request; target: as it was in the request line. headers: with names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def ok(request: Request) -> Response:
    """The response "ok"."""
    return Response("ok")


class RecordingServer:
    """Responds to every request by a function, which is called with the request."""

    def __init__(self, httpserver: HTTPServer, respond: Callable[[Request], Response] = ok) -> None:
        self._httpserver = httpserver
        self.port = httpserver.port
        self.base = f"http://127.0.0.1:{self.port}"
        httpserver.expect_request(re.compile("")).respond_with_handler(respond)

    @property
    def requests(self) -> list[ReceivedRequest]:
        """All requests so far."""
        return [
            ReceivedRequest(
                request.method,
                request.environ["RAW_URI"],
                {name.lower(): value for name, value in request.headers.items()},
                request.get_data(),
            )
            for request, _ in self._httpserver.log
        ]
