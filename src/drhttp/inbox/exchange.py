"""The data model: one HTTP exchange, independent of the protocol in which it arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """An exchange without headers and bodies.

    Instants are microseconds since the Unix epoch, durations microseconds, sizes bytes. ``None`` means unknown.
    """

    id: str
    project: str
    """SHA-256 (hex) of the API key with which the exchange was sent. The key itself is not stored."""
    protocol: str
    """``"events"`` or ``"record"``."""
    started: int
    received: int
    direction: str = "Incoming"
    method: str = ""
    scheme: str = ""
    host: str = ""
    path: str = ""
    query: str | None = None
    """``None`` if the URL has no question mark, ``""`` if nothing follows it."""
    route: str | None = None
    status: int | None = None
    duration: int | None = None
    ttfb: int | None = None
    user: str | None = None
    device: str | None = None
    client: str | None = None
    trace: str | None = None
    span: str | None = None
    parent: str | None = None
    aborted: bool = False
    exception: str | None = None
    """Class name of the exception that the application raised."""
    exception_text: str | None = None
    request_size: int | None = None
    response_size: int | None = None
    request_type: str | None = None
    response_type: str | None = None
    replay_of: str | None = None
    """ID of the exchange of which this one is a replay."""

    @property
    def target(self) -> str:
        """Path and query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def url(self) -> str:
        """The URL exactly as it was sent."""
        return f"{self.scheme}://{self.host}{self.target}" if self.scheme else self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One side of an exchange.

    ``headers`` holds latin-1 text, one code point for each byte, in order and with repeats. ``body`` holds the bytes;
    when ``parsed``, they arrived as JSON within the JSON of the record.
    """

    headers: Headers = ()
    body: bytes | None = None
    parsed: bool = False
    truncated: bool = False
    omitted: str | None = None
    """Why the body was not recorded."""
    redacted: int = 0
    """Number of values that the sender masked."""
    hidden: int = 0
    """Number of values that arrived unmasked and were hidden when the record was exported."""
    decoded: str | None = None
    """The content coding that the sender removed in order to mask values."""
    content_type: str | None = None
    """The type of the kept body, if an imported file has it and the headers do not."""
    read: str | None = None
    """``"none"`` or ``"partial"`` if the application did not read the whole request body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request, its response (``None`` if there was none), and additional fields."""

    summary: Summary
    request: Message
    response: Message | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    """Additional fields such as ``sdk``, ``metadata``, and ``company_id``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A stored exchange without headers and bodies.

    ``n`` increases with arrival and is never reused. ``calls`` is the number of child exchanges,
    ``failed_calls`` of those that failed.
    ``operation`` is what the request asks for, where its path does not say.
    """

    n: int
    summary: Summary
    endpoint: str
    error: bool
    pinned: bool = False
    tags: tuple[str, ...] = ()
    note: str | None = None
    operation: str | None = None
    truncated: bool = False
    masked: int = 0
    calls: int = 0
    failed_calls: int = 0
