"""Streams on every server: the recorder holds nothing back, and a disconnected client is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from apps import CHUNKS, EVENTS
from running import body_of

if TYPE_CHECKING:
    from running import Running


def test_first_chunk_before_the_second_exists(server: Running) -> None:
    """S1, S2: of 200 chunks the first reaches the client before the second is made; the record knows size and times."""
    with server.begin("/stream?first") as client:
        client.read_until(b"chunk 0\n")
        assert server.next_event() == "waiting"
        assert b"chunk 1\n" not in client.seen
        server.open_gate()
        client.read_all()
    assert b"chunk %d\n" % (CHUNKS - 1) in client.seen
    record = server.record("/stream?first")
    assert body_of(record["response"]) == b"".join(b"chunk %d\n" % number for number in range(CHUNKS))
    about = record["metadata"]
    assert 0 < about["ttfb_ms"] < about["duration_ms"]
    assert "aborted" not in about


@pytest.mark.parametrize("name", ["left", "left_while_writing"])
def test_client_that_leaves(server: Running, name: str) -> None:
    """S4: the client leaves after chunk 3: the application cleans up, the record says aborted, with what was sent."""
    with server.begin(f"/{name}") as client:
        client.read_until(b"chunk 2\n")
        assert server.next_event() == "waiting"
        client.reset()
    server.open_gate()
    assert server.next_event() == "finally"
    record = server.record(f"/{name}")
    assert record["metadata"]["aborted"] is True
    assert "exception" not in record["metadata"]
    assert record["response"]["status"] == 200
    body = body_of(record["response"])
    assert body.startswith(b"chunk 0\nchunk 1\nchunk 2\n")
    about = record["metadata"].get("response_body", {"size": len(body)})
    assert about["size"] >= len(body)


def test_endless_events(server: Running) -> None:
    """S2: of an endless stream of events, each reaches the client before the next is made."""
    with server.begin("/events") as client:
        for number in range(EVENTS):
            client.read_until(b"data: %d\n\n" % number)
            assert server.next_event() == "waiting"
            assert b"data: %d\n\n" % (number + 1) not in client.seen
            if number < EVENTS - 1:
                server.open_gate()
        client.reset()
    server.open_gate()
    assert server.next_event() == "finally"
    record = server.record("/events")
    assert record["metadata"]["aborted"] is True
    assert body_of(record["response"]).startswith(b"".join(b"data: %d\n\n" % number for number in range(EVENTS)))
