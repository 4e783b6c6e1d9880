"""What the recorders send, decoded: one POST holds a batch of events, logs of requests, spans or an envelope."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Delivery:
    """A POST as it came in. coding: its Content-Encoding."""

    path: str
    coding: str
    body: bytes

    def content(self) -> bytes:
        """The body without its content coding."""
        return _CODINGS[self.coding](self.body)


@dataclass
class Found:
    """What deliveries hold: ids of records, and how many records a recorder itself said that it had dropped."""

    ids: list[str] = field(default_factory=list)
    dropped: int = 0


def tally(deliveries: Iterable[Delivery]) -> dict[str, int]:
    """Distinct records, records that came twice, records that a recorder reported as dropped, POSTs, bytes of them."""
    found, counts = Found(), Counter(posts=0, bytes=0)
    for delivery in deliveries:
        counts.update(posts=1, bytes=len(delivery.body))
        kind = next((kind for end, kind in _KINDS.items() if delivery.path.endswith(end)), None)
        if kind is not None:
            kind(delivery.content(), found)
    distinct = len(set(found.ids))
    return {"records": distinct, "twice": len(found.ids) - distinct, "dropped": found.dropped, **counts}


def _events(content: bytes, found: Found) -> None:
    """A batch of drhttp or of Moesif, whose id of a request is among the header fields."""
    for event in json.loads(content):
        headers = event["request"]["headers"]
        found.ids.append(event.get("transaction_id") or headers["X-Moesif-Transaction-Id"])


def _logs(content: bytes, found: Found) -> None:
    """A batch of ReadMe."""
    found.ids.extend(log["_id"] for log in json.loads(content))


def _spans(content: bytes, found: Found) -> None:
    """Spans of OpenTelemetry; those of a server are requests."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    for resource in ExportTraceServiceRequest.FromString(content).resource_spans:
        for scope in resource.scope_spans:
            found.ids.extend(span.span_id.hex() for span in scope.spans if span.kind == Span.SPAN_KIND_SERVER)


def _envelope(content: bytes, found: Found) -> None:
    """An envelope of Sentry: lines with a header before each item, which says how long the item is."""
    head, _, rest = content.partition(b"\n")
    while rest.strip():
        line, _, rest = rest.partition(b"\n")
        item = json.loads(line)
        length = item.get("length", rest.find(b"\n"))
        payload, rest = rest[:length], rest[length:].removeprefix(b"\n")
        if item["type"] == "transaction":
            found.ids.append(json.loads(head)["event_id"])
        elif item["type"] == "client_report":
            events = json.loads(payload)["discarded_events"]
            found.dropped += sum(each["quantity"] for each in events if each["category"] == "transaction")


def _unbrotli(body: bytes) -> bytes:
    import brotli  # Sentry uses it where it is installed

    content: bytes = brotli.decompress(body)
    return content


_KINDS: dict[str, Callable[[bytes, Found], None]] = {
    "/v1/events/batch": _events,
    "/v1/request": _logs,
    "/v1/traces": _spans,
    "/envelope/": _envelope,
}
_CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": _unbrotli,
}
