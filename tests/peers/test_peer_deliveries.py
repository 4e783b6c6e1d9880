"""What benchmarks/peers counts in a POST, and what the receiver process says of it."""

from __future__ import annotations

import gzip
import json
import zlib
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import brotli
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.peers.deliveries import Delivery, tally
from benchmarks.peers.receiver import ReceiverProcess

KIND_INTERNAL, KIND_SERVER = 1, 2


def lines(*parts: Any) -> bytes:
    """An envelope whose items do not say how long they are."""
    return b"".join(json.dumps(part).encode() + b"\n" for part in parts)


def spans(*kinds: int) -> bytes:
    """Spans of these kinds, whose ids are their places."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number, kind in enumerate(kinds):
        scope.spans.add(span_id=number.to_bytes(8, "big"), kind=kind)
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("coding", "compress"),
    [("", bytes), ("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)],
)
def test_every_content_coding_is_undone(coding: str, compress: Any) -> None:
    """A body is decoded whatever it was compressed with; the bytes are those that came in."""
    body = compress(json.dumps([{"_id": "a"}, {"_id": "b"}]).encode())
    found = tally([Delivery("/v1/request", coding, body)])
    assert (found["records"], found["bytes"]) == (2, len(body))


def test_a_record_that_came_twice_is_one_record() -> None:
    """Records are told apart by their ids, in one POST and in several."""
    delivery = Delivery("/v1/request", "", json.dumps([{"_id": "a"}, {"_id": "a"}, {"_id": "b"}]).encode())
    found = tally([delivery, delivery])
    assert (found["records"], found["twice"], found["posts"]) == (2, 4, 2)


def test_events_have_their_id_or_that_of_the_request() -> None:
    """The events of drhttp have an id of their own; those of Moesif have it among the header fields."""
    events = [
        {"transaction_id": "a", "request": {"headers": {}}},
        {"request": {"headers": {"X-Moesif-Transaction-Id": "b"}}},
    ]
    assert tally([Delivery("/moesif/v1/events/batch", "", json.dumps(events).encode())])["records"] == 2


def test_only_spans_of_a_server_are_requests() -> None:
    """Spans inside a request are no records; nor are POSTs with metrics or logs."""
    traces = Delivery("/v1/traces", "", spans(KIND_SERVER, KIND_INTERNAL, KIND_SERVER))
    deliveries = [traces, Delivery("/v1/logs", "", b"x")]
    assert tally(deliveries)["records"] == 2


def test_an_envelope_holds_items_of_several_types() -> None:
    """A transaction is a record; what a client report says of transactions is counted as dropped, and no more."""
    dropped = [
        {"reason": "queue_overflow", "category": "transaction", "quantity": 3},
        {"reason": "queue_overflow", "category": "span", "quantity": 9},
    ]
    payload = json.dumps({"text": "two\nlines"}, indent=1).encode()
    long = lines({"event_id": "b"}, {"type": "transaction", "length": len(payload)}) + payload + b"\n"
    envelopes = [
        lines({"event_id": "a"}, {"type": "transaction"}, {}, {"type": "client_report"}, {"discarded_events": dropped}),
        long + lines({"type": "sessions"}, {}),
    ]
    found = tally(Delivery("/api/1/envelope/", "", body) for body in envelopes)
    assert (found["records"], found["dropped"]) == (2, 3)


def test_the_receiver_process_counts_what_is_posted() -> None:
    """It answers POSTs, waits until no more come, and tells what was in them."""
    with ReceiverProcess() as receiver:
        connection = HTTPConnection(urlsplit(receiver.address).netloc, timeout=30)
        for name in ("a", "b"):
            connection.request("POST", "/v1/request", json.dumps([{"_id": name}]))
            response = connection.getresponse()
            response.read()
            assert response.status == 200
        connection.close()
        receiver.settle()
        assert receiver.tally() == {"records": 2, "twice": 0, "dropped": 0, "posts": 2, "bytes": 28}
