from __future__ import annotations

import base64
import gzip
import json
import zlib
from dataclasses import replace

import pytest

from drhttp.inbox.decode import Arrival, decode_event
from drhttp.inbox.detail import json_line, json_object, text

ARRIVAL = Arrival("local", 1795363200_000000)


@pytest.fixture
def exchange(event):
    return decode_event(event(), ARRIVAL)


def with_body(exchange, body, coding=None, **marks):
    headers = (("Content-Encoding", coding),) if coding else ()
    return replace(exchange, response=replace(exchange.response, body=body, headers=headers, **marks))


def shown_body(exchange):
    lines = list(text(exchange))
    start = next(place for place, line in enumerate(lines) if line.startswith("Response body"))
    return lines[start:]


def test_an_exchange_is_told_whole(event):
    """Request line, facts, headers in order with repeats, and both bodies."""
    exchange = decode_event(
        event(
            transaction_id="abc",
            request__headers={"host": "shop.test", "content-type": "application/json", "x": "caf\xc3\xa9 \xff"},
            metadata={"exception": {"type": "ValueError", "message": "nope"}, "aborted": True, "ttfb_ms": 1},
        ),
        ARRIVAL,
    )

    lines = list(text(exchange))

    assert lines[0] == "POST http://shop.test/orders/7?q=1"
    for expected in (
        "status     201",
        "took       100 ms, first byte after 1.0 ms",
        "user       alice",
        "client     10.1.2.3",
        "exception  ValueError: nope",
        "aborted    the client disconnected before the response was complete",
        "id         abc",
        "  x: caf\xc3\xa9 \xff",
        "Request body (14 bytes)",
        '    "a": [',
        "  set-cookie: [hidden here, arrived in clear]",
        "Response body (4 bytes)",
        "  000000  89 50 4e 47                                      .PNG",
    ):
        assert expected in lines


def test_a_missing_response_is_told(exchange):
    """An exception may leave none."""
    assert list(text(replace(exchange, response=None)))[-1] == "No response was recorded."
    assert json_object(replace(exchange, response=None))["response"] is None


@pytest.mark.parametrize(
    ("marks", "size", "expected"),
    [
        ({"body": None, "omitted": "off"}, 70_000, "Response body (omitted: off, 70,000 bytes)"),
        ({"body": b"abc", "truncated": True}, 70_000, "Response body (70,000 bytes, truncated, 3 bytes kept)"),
        ({"body": b"abc", "redacted": 2}, 3, "Response body (3 bytes, 2 masked)"),
        ({"body": None, "read": "none"}, 9, "Response body (9 bytes, not read by the application)"),
        ({"body": None}, 0, "Response body (empty)"),
        ({"body": b"abc", "truncated": True}, None, "Response body (truncated, 3 bytes kept)"),
    ],
)
def test_what_is_missing_from_a_body_is_told(exchange, marks, size, expected):
    """Cut, masked, left out or not read: the heading says so, with the true size."""
    changed = replace(
        exchange,
        summary=replace(exchange.summary, response_size=size),
        response=replace(exchange.response, **{"body": b"", **marks}),
    )

    assert shown_body(changed)[0] == expected


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress("größer".encode(), mtime=0)),
        ("deflate", zlib.compress("größer".encode())),
        ("deflate", zlib.compress("größer".encode())[2:-4]),
        ("deflate", gzip.compress("größer".encode(), mtime=0)),
        ("gzip", zlib.compress("größer".encode())),
        ("gzip", gzip.compress("grö".encode(), mtime=0) + gzip.compress("ßer".encode(), mtime=0)),
        ("gzip", gzip.compress("größer".encode(), mtime=0) + b"what is not gzip"),
        ("gzip", "größer".encode()),
        ("br", "größer".encode()),
    ],
)
def test_compressed_bodies_are_read(exchange, coding, body):
    """A body is shown without its coding, or as it is when it is not what its header says; its bytes stay."""
    changed = with_body(exchange, body, coding)

    assert shown_body(changed)[1:] == ["  größer"]
    response = json_object(changed)["response"]
    assert (response["body_base64"], response["body_text"]) == (base64.b64encode(body).decode(), "größer")


def test_a_bomb_in_a_body_is_shown_in_part(exchange):
    """Looking at a record never unfolds more than is shown; the heading says that the rest is missing."""
    changed = with_body(exchange, gzip.compress(b"a " * 25_000_000), "gzip")

    assert "truncated, 131,071 bytes kept, kept without its content coding, gzip" in "\n".join(text(changed))
    assert shown_body(changed)[1:] == ["  " + ("a " * 65_536).rstrip()]


def test_a_long_body_is_shown_in_part(exchange):
    """What follows the first 256 KiB is counted, and beyond 512 KiB left out: nobody has looked for secrets there."""
    changed = with_body(exchange, b"word " * 200_000, "identity")

    assert shown_body(changed)[-1] == "  ... 262,140 more bytes; use --json to print them all"
    assert json_object(changed)["response"]["truncated"] is True
    assert json_object(changed, reveal=True)["response"]["body_text"] == "word " * 200_000


def test_binary_bodies_are_shown_in_hex(exchange):
    """The beginning, with what is left."""
    lines = shown_body(with_body(exchange, bytes(range(256)) * 2))

    assert lines[3].split() == ["000020", *(f"{byte:02x}" for byte in range(32, 48)), "!\"#$%&'()*+,-./"]
    assert lines[-1] == "  ... 256 more bytes; use --json to print them all"


def test_text_that_is_cut_within_a_character_is_still_text(exchange):
    """The limit of the recorder counts bytes."""
    assert shown_body(with_body(exchange, "größ".encode()[:-1], truncated=True))[1:] == ["  grö"]


def test_no_control_character_is_shown(exchange):
    """Neither in headers nor in bodies nor in facts."""
    changed = with_body(exchange, b"a\xc2\x9b31mb\tc")
    changed = replace(changed, summary=replace(changed.summary, user="\x1b[2J", method="\r"))

    assert all(line.isprintable() for line in text(changed))


def test_lines_for_programs_hold_what_is_documented(exchange):
    """Times in UTC, durations in milliseconds, absent values as null."""
    line = json_line(exchange.summary)

    assert json.loads(json.dumps(line)) == line
    assert (line["time"], line["duration_ms"], line["ttfb_ms"]) == ("2026-11-22T16:00:00.123Z", 99.5, 3.25)
    assert (line["user"], line["device"], line["exception"]) == ("alice", "ipad", None)
    assert set(json_object(exchange)) == (set(line) - {"request_size", "response_size"}) | {
        "request",
        "response",
        "extra",
    }
