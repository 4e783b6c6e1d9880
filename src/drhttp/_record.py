"""The record: what is kept of one exchange of a request and its answer. Frozen values of plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Header fields in the order in which they stood; names in lower case, values one character a byte (latin-1, PEP 3333).
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The body of a request or an answer, as far as it was kept.

    content: the bytes kept, from the start; `None` when nothing was. size: bytes in all, `None` when not known.
    truncated: `content` is shorter than the body. omitted: why nothing was kept: "off", "type" (not wanted), "file"
    (sent by the server from a file), "too_large" (the receiver refused it); or why it could not be masked for sure:
    "unparsable", "too_deep", "too_dense" (of pieces to mask), "encoding" (not the charset that it says), "coding" (of
    the content, unknown or broken), "callback" (the user's function failed), "failed" (ours did), "sensitive" (marked
    so). redacted: number of values masked. decoded: the content coding that was removed for that. read: for a request,
    how much of it the application read: "full", "partial", "none".
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
    """What the client asked. uri: absolute, percent-encoded. time: seconds since the epoch. ip: of the client."""

    time: float
    method: str
    uri: str
    headers: Headers
    body: Body
    ip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What was answered. time: seconds since the epoch, when the body ended. status: 0 when none was ever given."""

    time: float
    status: int
    headers: Headers
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The exception that left the application. type: its qualified name. message: its text, cut at 1,000 characters."""

    type: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where the exchange stands in a distributed trace (W3C Trace Context): 32, 16 and 16 hexadecimal digits."""

    trace_id: str
    span_id: str
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One exchange, as `before_send` gets it; `dataclasses.replace` makes a changed one.

    id: UUID, kept across retries. user, device: from the identification headers. duration: seconds from the request's
    arrival to the end of the answer. ttfb: seconds until the first byte of the body, `None` when there was none.
    aborted: the client left before the answer was complete. exception: what the application raised. redacted: how many
    values were masked outside of the bodies, by part: "uri", "request_headers", "response_headers", "exception",
    "user", "device".
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
