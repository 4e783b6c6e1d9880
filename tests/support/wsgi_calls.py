"""A WSGI server of which a test sees every step, and an application whose records it sees."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults

import drhttp
from support.seen_records import NOWHERE, SeenRecords

if TYPE_CHECKING:
    from collections.abc import Iterable


def environ(method: str = "GET", path: str = "/", body: bytes | None = None, **more: Any) -> dict[str, Any]:
    """The environ of a request."""
    given: dict[str, Any] = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "", **more}
    if body is not None:
        given = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **given}
    setup_testing_defaults(given)
    return given


class Server:
    """Calls an application, as a server does; `steps` is all that it gets to see, in order."""

    def __init__(self) -> None:
        self.steps: list[tuple[Any, ...]] = []
        self.result: Any = None

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info is not None and any(step[0] == "block" for step in self.steps):
            raise exc_info[1]
        self.steps.append(("start", status, list(headers), exc_info and type(exc_info[1])))
        return self.write

    def write(self, data: bytes) -> None:
        self.steps.append(("write", data))

    def call(self, app: Any, environ: dict[str, Any]) -> Any:
        """Call the application; the result is kept."""
        self.result = app(environ, self.start_response)
        return self.result

    def send(self, result: Iterable[bytes], most: int | None = None) -> None:
        """Take blocks until there are no more, or at most that many."""
        blocks = iter(result)
        while most is None or most > 0:
            block = next(blocks, None)
            if block is None:
                return
            self.steps.append(("block", block))
            most = None if most is None else most - 1

    def close(self) -> None:
        """Close the result if it can be closed."""
        close = getattr(self.result, "close", None)
        if close is not None:
            close()

    def serve(self, app: Any, environ: dict[str, Any]) -> bytes:
        """Serve a request as a good server does; returns the body."""
        try:
            self.send(self.call(app, environ))
        finally:
            self.close()
        return self.body

    @property
    def body(self) -> bytes:
        """All that was sent of the body."""
        return b"".join(step[1] for step in self.steps if step[0] in ("write", "block"))

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The header fields of the answer."""
        return next(step[2] for step in self.steps if step[0] == "start")


class Recorded(SeenRecords):
    """A recorded application; its records are seen in the worker and go no further."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__()
        self.app: Any = drhttp.WSGIMiddleware(app, **{"dsn": NOWHERE, "before_send": self.see, **options})

    def serve(self, environ: dict[str, Any]) -> Server:
        """Serve a request; returns the server, which saw it all."""
        server = Server()
        server.serve(self.app, environ)
        return server
