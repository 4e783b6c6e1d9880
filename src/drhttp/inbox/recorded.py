"""A record as tests look at it: plain attributes, bodies as bytes, text or JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from drhttp.inbox.coerce import readable
from drhttp.inbox.exchange import Entry, Message
from drhttp.inbox.store import StoreReader
from drhttp.inbox.view.content import INFLATED, content_of


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """A recorded request or response. headers: pairs, in order. body: without its content coding."""

    headers: tuple[tuple[str, str], ...]
    body: bytes
    text: str
    """The body as text; empty if it is not text."""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, in any case, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        """Return the body as parsed JSON. Raises `ValueError` if it is none."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record. What the recorder masked is masked; the inbox hides nothing of it here."""

    n: int
    id: str
    direction: str
    """``"in"``, or ``"out"`` if the application sent it."""
    method: str
    url: str
    path: str
    query: dict[str, str]
    """The parameters of the URL; of several with one name, the last."""
    route: str | None
    endpoint: str
    status: int | None
    user: str | None
    device: str | None
    duration_ms: float | None
    exception: str | None
    """Class and message of the exception that the application raised."""
    request: RecordedMessage
    response: RecordedMessage | None
    calls: tuple[Recorded, ...] = ()
    """The requests that the application sent meanwhile."""

    def __str__(self) -> str:
        failure = f" {self.exception}" if self.exception else ""
        return f"{self.method} {self.url} {self.status or 'no response'}{failure}"


def recorded(reader: StoreReader, entry: Entry, *, calls: bool = True) -> Recorded:
    """Read a record."""
    summary, exchange = entry.summary, reader.read(entry)
    family = reader.family(entry)[1] if calls and entry.calls else ()
    return Recorded(
        n=entry.n,
        id=summary.id,
        direction="out" if summary.direction == "Outgoing" else "in",
        method=summary.method,
        url=summary.url,
        path=summary.path,
        query=dict(parse_qsl(summary.query or "", keep_blank_values=True)),
        route=summary.route,
        endpoint=entry.endpoint,
        status=summary.status,
        user=summary.user,
        device=summary.device,
        duration_ms=None if summary.duration is None else summary.duration / 1000,
        exception=": ".join(filter(None, (summary.exception, summary.exception_text))) or None,
        request=_message(exchange.request),
        response=None if exchange.response is None else _message(exchange.response),
        calls=tuple(recorded(reader, call, calls=False) for call in family),
    )


def _message(message: Message) -> RecordedMessage:
    content = content_of(message, INFLATED)
    headers = tuple((name, readable(value)) for name, value in message.headers)
    return RecordedMessage(headers, content.data, content.text or "")
