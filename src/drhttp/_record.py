"""The record of one exchange of request and response, as frozen dataclasses of plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Header fields in their original order. Names are in lower case; values are latin-1 strings (PEP 3333).
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The body of a request or a response, as far as it was captured.

    content: the first bytes of the body; `None` if none were captured. size: bytes of the whole body, `None` if
    unknown. truncated: whether `content` is shorter than the body. omitted: why nothing was captured: "off", "type" (a
    content type that `capture_bodies` excludes), "file" (the server sends a file), "too_large" (the receiver rejected
    it); or why it could not be masked reliably: "unparsable", "too_deep", "too_dense" (too many values to mask,
    even in its beginning), "encoding" (not in the declared charset), "coding" (an unknown or broken content coding),
    "callback" (the function of the user failed), "failed" (the masking failed), "sensitive" (marked by the
    application). redacted: number of masked values. decoded: the content coding that was removed for masking. read: how
    much of a request body the application read: "full", "partial", "none".
    """

    content: bytes | None = None
    size: int | None = None
    truncated: bool = False
    omitted: str | None = None
    redacted: int = 0
    decoded: str | None = None
    read: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The request.

    uri: absolute, percent-encoded. time: seconds since the epoch. ip: the address of the client.
    """

    time: float
    method: str
    uri: str
    headers: Headers
    body: Body
    ip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The response.

    time: the end of the body, in seconds since the epoch. status: 0 if the application never set one, or if nothing
    answered a request that it sent.
    """

    time: float
    status: int
    headers: Headers
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The exception that the application raised, or of which its framework made a response.

    Of an outgoing request, the exception of the HTTP client that sent it.

    type: its qualified name. message: its first 1,000 characters. module, line: where it was raised, if that is known;
    they do not count when two failures are compared.
    """

    type: str
    message: str
    module: str | None = field(default=None, compare=False)
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The position of the exchange in a distributed trace (W3C Trace Context).

    The ids have 32, 16 and 16 hexadecimal digits.
    """

    trace_id: str
    span_id: str
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One exchange, as `before_send` gets it. Use `dataclasses.replace` to change it.

    id: a UUID, the same across retries. user, device: from the identification headers. duration: seconds from the
    arrival of the request to the end of the response. ttfb: seconds until the first byte of the body, `None` if it is
    empty; of an outgoing request, until its headers. aborted: the client disconnected before the response was complete;
    of an outgoing request, the application closed or canceled it. exception: raised by the application, or by its
    HTTP client. route: the template of the path, such as `/orders/{id}`, if the framework provides it. direction:
    "Incoming", or "Outgoing" for a request that the application sent. redacted: number of values that were masked
    outside of the bodies, by part: "uri", "request_headers", "response_headers", "exception", "user", "device".
    """

    id: str
    request: Request
    response: Response
    user: str | None = None
    device: str | None = None
    duration: float = 0.0
    ttfb: float | None = None
    aborted: bool = False
    exception: Failure | None = None
    route: str | None = None
    trace: Trace | None = None
    direction: str = "Incoming"
    redacted: Mapping[str, int] = field(default_factory=dict)
