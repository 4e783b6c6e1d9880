"""The exchange of a request under ASGI."""

from __future__ import annotations

from itertools import chain
from operator import itemgetter

from drhttp._capture.exchange import BODILESS, OVERHEAD, Exchange, content_length

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping
    from typing import Any

    from drhttp._capture.body_tap import RequestBodyCapture, Tap

    Fields = tuple[tuple[bytes, bytes], ...]

_NOT_STARTED = ("RuntimeError", "the application returned without a response")
#: What the record needs of the scope. Frameworks change some of it later, for instance in a mount.
_KEPT = ("method", "scheme", "path", "raw_path", "query_string", "root_path", "client", "server")
_values = itemgetter(*_KEPT)


class ASGIExchange(Exchange):
    """The state of one request under ASGI.

    scope: the values of the scope that the record needs, as they were when the request arrived. fields: the header
    fields of the request. started: the server has taken the start of the response.
    """

    __slots__ = ("_received", "fields", "scope", "started", "status")

    def __init__(
        self, scope: MutableMapping[str, Any], request_body: RequestBodyCapture | None, response_body: Tap
    ) -> None:
        Exchange.__init__(self, request_body, response_body)
        try:
            self.scope = dict(zip(_KEPT, _values(scope), strict=True))  # in half of the time
        except KeyError:
            self.scope = {key: scope[key] for key in _KEPT if key in scope}
        self.fields = _fields(scope)
        self.status = 0
        self._received = 0  # bytes of the response body that were sent before the client disconnected
        self.started = False

    def disconnect(self) -> None:
        """The client has disconnected, or the server or the framework has cancelled the request, which is no error."""
        if not self.client_disconnected:
            self.client_disconnected = True
            self._received = self.response_body.size

    def _judge(self) -> None:
        # Some servers drop in silence what is sent to a client that has left.
        if self.failure is None and (self.client_disconnected or not self.complete):
            if self.started or self.client_disconnected:
                self.aborted = not self._bodiless()
            else:
                self.failure = _NOT_STARTED

    def weight(self) -> int:
        """The approximate size of the exchange in memory, in bytes."""
        weight = OVERHEAD + len(b"".join(chain.from_iterable(self.fields))) + len(self.scope.get("path", ""))
        weight += 3 * len(self.scope.get("query_string", b"")) + self.response_body.kept
        for _, value in self.headers:
            weight += len(value)
        return weight if self.request_body is None else weight + self.request_body.kept

    @property
    def traceparent(self) -> str | None:
        """The header field `traceparent` of the request (W3C Trace Context)."""
        for name, value in self.fields:
            if len(name) == 11 and name.lower() == b"traceparent":
                return value.decode("latin-1")
        return None

    @property
    def code(self) -> int:
        """The status code; 0 if there is none."""
        return self.status

    def _bodiless(self) -> bool:
        """Whether all of the response was sent, even if the application did not end its body."""
        if not self.started:
            return False
        if self.scope.get("method") == "HEAD" or self.status in BODILESS:
            return True
        for name, value in self.headers:
            if name.lower() == b"content-length":
                length = content_length(value.decode("latin-1"))
                sent = self._received if self.client_disconnected else self.response_body.size
                return length is not None and sent >= length
        return False


def _fields(scope: MutableMapping[str, Any]) -> Fields:
    """The header fields of a request. An iterator, which can be read only once, is replaced in the scope."""
    headers: Iterable[Any] = scope.get("headers") or ()
    fields = tuple(headers)
    if type(headers) is not list and hasattr(headers, "__next__"):
        scope["headers"] = iter(fields)
    return fields
