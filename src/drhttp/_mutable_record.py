"""The record while it is prepared: one object whose attributes may change, as frozen records take longer to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drhttp._record import Body, Failure, Record, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from drhttp._record import Headers, Trace

_EMPTY = Body()


class MutableRecord:
    """The values of a `Record`, of its request and its response.

    time, response_time: of the request and the response. For the others see `Record`, `Request` and `Response`.
    """

    __slots__ = (
        "aborted",
        "device",
        "direction",
        "duration",
        "exception",
        "id",
        "ip",
        "method",
        "redacted",
        "request_body",
        "request_headers",
        "response_body",
        "response_headers",
        "response_time",
        "route",
        "status",
        "time",
        "trace",
        "ttfb",
        "uri",
        "user",
    )

    def __init__(self) -> None:
        self.id = ""
        self.time = 0.0
        self.method = ""
        self.uri = ""
        self.request_headers: Headers = ()
        self.request_body = _EMPTY
        self.ip: str | None = None
        self.response_time = 0.0
        self.status = 0
        self.response_headers: Headers = ()
        self.response_body = _EMPTY
        self.user: str | None = None
        self.device: str | None = None
        self.duration = 0.0
        self.ttfb: float | None = None
        self.aborted = False
        self.exception: Failure | None = None
        self.route: str | None = None
        self.trace: Trace | None = None
        self.direction = "Incoming"
        self.redacted: Mapping[str, int] = {}

    @classmethod
    def of(cls, record: Record) -> MutableRecord:
        """Return the values of a record, which a function of the user has returned: annotations are not enforced.

        Header fields may be any pairs, content any bytes. Numbers and strings are converted.
        """
        given: Any = record
        made, request, response = cls(), given.request, given.response
        made.id, made.method, made.uri = _text(given.id) or "", _text(request.method) or "", _text(request.uri) or ""
        made.time = float(request.time)
        made.request_headers, made.request_body = _strings(request.headers), _body(request.body)
        made.ip = _text(request.ip)
        made.response_time, made.status = float(response.time), int(response.status)
        made.response_headers, made.response_body = _strings(response.headers), _body(response.body)
        made.user, made.device, made.route = _text(given.user), _text(given.device), _text(given.route)
        made.duration = float(given.duration)
        made.ttfb = None if given.ttfb is None else float(given.ttfb)
        made.aborted = bool(given.aborted)
        made.exception = None if given.exception is None else _failure(given.exception)
        made.trace, made.redacted = given.trace, given.redacted
        made.direction = str(given.direction)
        return made

    def freeze(self) -> Record:
        """Return the record."""
        return Record(
            id=self.id,
            request=Request(
                time=self.time,
                method=self.method,
                uri=self.uri,
                headers=self.request_headers,
                body=self.request_body,
                ip=self.ip,
            ),
            response=Response(
                time=self.response_time, status=self.status, headers=self.response_headers, body=self.response_body
            ),
            user=self.user,
            device=self.device,
            duration=self.duration,
            ttfb=self.ttfb,
            aborted=self.aborted,
            exception=self.exception,
            route=self.route,
            trace=self.trace,
            direction=self.direction,
            redacted=self.redacted,
        )


def _strings(headers: Iterable[Any]) -> Headers:
    return tuple([(str(name), str(value)) for name, value in headers])


def _body(body: Any) -> Body:
    return Body(
        content=None if body.content is None else bytes(memoryview(body.content)),
        size=None if body.size is None else int(body.size),
        truncated=bool(body.truncated),
        omitted=_text(body.omitted),
        redacted=int(body.redacted or 0),
        decoded=_text(body.decoded),
        read=_text(body.read),
    )


def _failure(failure: Any) -> Failure:
    return Failure(
        type=str(failure.type),
        message=str(failure.message),
        module=_text(failure.module),
        line=None if failure.line is None else int(failure.line),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
