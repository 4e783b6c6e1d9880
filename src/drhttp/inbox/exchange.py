"""What the inbox keeps of one HTTP exchange, whoever recorded it and in whichever protocol it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The line of an exchange: everything about it but headers and bodies.

    Instants are microseconds since the Unix epoch, durations microseconds, sizes bytes; ``None`` is "not told".
    """

    id: str
    project: str
    """SHA-256 (hex) of the key under which the exchange was sent; the key itself is not kept."""
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
    """``None`` without a question mark, ``""`` when nothing follows it."""
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
    """Type of the exception that the application raised."""
    exception_text: str | None = None
    request_size: int | None = None
    response_size: int | None = None
    request_type: str | None = None
    response_type: str | None = None
    replay_of: str | None = None
    """Id of the exchange that this one repeats."""

    @property
    def target(self) -> str:
        """Path and query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def url(self) -> str:
        """The address, character for character as it was sent."""
        return f"{self.scheme}://{self.host}{self.target}" if self.scheme else self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One side of an exchange.

    ``headers`` holds latin-1 text, one code point for each byte, in order and with repeats. ``body`` holds the bytes;
    when ``parsed``, the sender had already parsed the JSON and the bytes are its compact form.
    """

    headers: Headers = ()
    body: bytes | None = None
    parsed: bool = False
    truncated: bool = False
    omitted: str | None = None
    """Why there is no body although one went by."""
    redacted: int = 0
    """How many values the sender masked."""
    hidden: int = 0
    """How many values arrived in clear and are hidden on display; kept in what was exported so."""
    decoded: str | None = None
    """The content coding that the sender removed, to mask what was inside."""
    read: str | None = None
    """``"none"`` or ``"partial"`` when the application did not read the request body to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request, its answer (``None`` when there was none) and what else was told about them."""

    summary: Summary
    request: Message
    response: Message | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    """Fields without a place of their own: ``sdk``, ``metadata``, ``company_id`` ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An exchange as a store knows it, without headers and bodies.

    ``n`` grows with arrival and is never used twice; ``calls`` counts the exchanges whose parent this one is.
    """

    n: int
    summary: Summary
    endpoint: str
    error: bool
    pinned: bool = False
    tags: tuple[str, ...] = ()
    note: str | None = None
    truncated: bool = False
    masked: int = 0
    calls: int = 0
