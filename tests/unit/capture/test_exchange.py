"""An exchange becomes a record: what was asked and answered, in plain values."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort
from support.load import hit

import drhttp
from drhttp._capture import wsgi_head
from drhttp._capture.body_tap import RequestBodyCapture, Tap
from drhttp._capture.record_builder import assemble
from drhttp._capture.wsgi_exchange import WSGIExchange
from drhttp._config import Config
from drhttp._record import Body, Failure, Record

DSN = "http://key@127.0.0.1:9/"


def config(**options: Any) -> Config:
    made = Config.load(DSN, options, {})
    assert made is not None
    return made


def finished(
    environ: dict[str, Any] | None = None,
    *,
    request_body: RequestBodyCapture | None = None,
    status: str = "200 OK",
    headers: tuple[tuple[str, str], ...] = (),
    blocks: tuple[bytes, ...] = (),
    complete: bool = True,
) -> WSGIExchange:
    """An exchange that has ended."""
    exchange = WSGIExchange(environ or {}, request_body, Tap(100))
    exchange.status, exchange.headers = status, headers
    for block in blocks:
        exchange.response_body.note(block)
    exchange.finish(complete=complete)
    return exchange


def record(*args: Any, options: dict[str, Any] | None = None, **details: Any) -> Record:
    return assemble(finished(*args, **details), config(**(options or {}))).freeze()


def test_response_headers_may_be_lists() -> None:
    """PEP 3333 asks for tuples, but servers take what can be unpacked."""
    headers: Any = [["Content-Type", "text/plain"], ("X-A", "1")]
    assert record(headers=headers).response.headers == (("content-type", "text/plain"), ("x-a", "1"))


def test_request_headers() -> None:
    """Header fields come back under their names, in order; CONTENT_TYPE and CONTENT_LENGTH are fields too."""
    environ = {
        "HTTP_HOST": "h",
        "HTTP_X_TWO_WORDS": "\xb6",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "5",
        "SERVER_NAME": "no header",
        "wsgi.version": (1, 0),
    }
    expected = (("host", "h"), ("x-two-words", "\xb6"), ("content-type", "text/plain"), ("content-length", "5"))
    assert record(environ).request.headers == expected


def test_more_names_of_fields_than_are_remembered() -> None:
    """However many fields clients make up, and however long their names, each comes back under its own."""
    for start in range(0, 3000, 100):
        names = [f"X_{number}_{'Y' * (number % 200)}" for number in range(start, start + 100)]
        headers = record({f"HTTP_{name}": "1" for name in names} | {"HTTP_HOST": "h"}).request.headers
        assert [name for name, _ in headers] == [*(name.replace("_", "-").lower() for name in names), "host"]
    assert len(wsgi_head._names) <= 500


def test_content_type_twice() -> None:
    """Some servers give Content-Type under both names, or empty; it is one field."""
    environ = {"CONTENT_TYPE": "a", "HTTP_CONTENT_TYPE": "a", "CONTENT_LENGTH": ""}
    assert record(environ).request.headers == (("content-type", "a"),)


@pytest.mark.parametrize(
    ("status", "code"), [("200 OK", 200), ("404", 404), ("", 0), ("abc", 0), ("20", 20), ("²00 x", 0), (404, 404)]
)
def test_status(status: Any, code: int) -> None:
    """The number of the status line; 0 when none was ever given."""
    assert record(status=status).response.status == code


def body_capture(data: bytes = b"", *, exhausted: bool = False, limit: int = 100) -> RequestBodyCapture:
    made = RequestBodyCapture(limit)
    if data:
        made.on_read(data)
    made.exhausted = exhausted
    return made


@pytest.mark.parametrize(
    ("length", "request_body", "body"),
    [
        ("5", body_capture(b"hello"), Body(content=b"hello", size=5, read="full")),
        ("5", body_capture(b"he"), Body(content=b"he", size=5, truncated=True, read="partial")),
        ("5", body_capture(), Body(size=5, read="none")),
        ("5", body_capture(b"he", exhausted=True), Body(content=b"he", size=2, read="full")),
        (None, body_capture(b"hello", exhausted=True), Body(content=b"hello", size=5, read="full")),
        (None, body_capture(b"he"), Body(content=b"he", truncated=True, read="partial")),
        (None, body_capture(), Body(read="none")),
        ("abc", body_capture(b"he"), Body(content=b"he", truncated=True, read="partial")),
        ("-1", body_capture(exhausted=True), Body(size=0, read="full")),
        ("5", body_capture(b"hello", limit=2), Body(content=b"he", size=5, truncated=True, read="full")),
        (None, None, Body(size=0)),
        ("0", None, Body(size=0)),
    ],
)
def test_request_body(length: str | None, request_body: RequestBodyCapture | None, body: Body) -> None:
    """W6: the record says how much of the body the application read, and how large it was as far as known."""
    assert record({"CONTENT_LENGTH": length} if length else {}, request_body=request_body).request.body == body


def test_bodies_switched_off() -> None:
    """A body that is not wanted is named as left out; one that does not exist is not."""
    options = {"capture_bodies": False}
    with_bodies = record({"CONTENT_LENGTH": "5"}, blocks=(b"hello",), options=options)
    assert with_bodies.request.body == Body(size=5, omitted="off")
    assert with_bodies.response.body == Body(size=5, omitted="off")
    without = record(options=options)
    assert (without.request.body.omitted, without.response.body.omitted) == (None, None)


def test_response_body() -> None:
    """The body answered is kept up to its limit, and marked where it was cut."""
    assert record(blocks=(b"he", b"", b"llo")).response.body == Body(content=b"hello", size=5)
    assert record(blocks=(b"x" * 60, b"y" * 60)).response.body == Body(
        content=b"x" * 60 + b"y" * 40, size=120, truncated=True
    )


def test_times() -> None:
    """S1: time to the first byte is there when there was a byte, and lies within the duration."""
    answered = record(blocks=(b"", b"a"))
    assert answered.ttfb is not None
    assert 0 <= answered.ttfb <= answered.duration
    assert answered.response.time == answered.request.time + answered.duration
    assert record(blocks=(b"",)).ttfb is None


@pytest.mark.parametrize(
    ("method", "status", "headers", "blocks", "aborted"),
    [
        ("GET", "200 OK", (), (), True),
        ("GET", "200 OK", (), (b"a",), True),
        ("HEAD", "200 OK", (), (), False),
        ("GET", "204 No Content", (), (), False),
        ("GET", "304 Not Modified", (), (), False),
        ("GET", "200 OK", (("CONTENT-Length", "2"),), (b"ab",), False),
        ("GET", "200 OK", (("Content-Length", "3"),), (b"ab",), True),
        ("GET", "200 OK", (("Content-Length", "abc"),), (b"ab",), True),
        ("GET", "200 OK", (("Content-Length", "0"),), (), False),
    ],
)
def test_aborted(method: str, status: str, headers: Any, blocks: Any, aborted: bool) -> None:
    """S4: an answer that was not read to its end was aborted, unless nothing of it is missing."""
    environ = {"REQUEST_METHOD": method}
    assert record(environ, status=status, headers=headers, blocks=blocks, complete=False).aborted is aborted
    assert record(environ, status=status, headers=headers, blocks=blocks, complete=True).aborted is False


def test_failure() -> None:
    """An exception is recorded as status 500, by its qualified name and the start of its message; that is no abort."""

    seen: list[Record] = []

    def made(error: Exception) -> Record:
        def failing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            raise error

        with pytest.raises(type(error)):
            hit(drhttp.WSGIMiddleware(failing, DSN, before_send=seen.append), "/")
        assert drhttp.flush()
        return seen.pop()

    long = made(ValueError("x" * 5000))
    assert (long.response.status, long.aborted) == (500, False)
    assert long.exception == Failure(type="ValueError", message="x" * 1000)
    assert made(UnicodeError()).exception == Failure(type="UnicodeError", message="")
    local = made(type("Local", (Exception,), {})("text")).exception
    assert local is not None
    assert local.type == f"{__name__}.Local"


def test_headers_answered() -> None:
    """Names are in lower case, order and repetition stay."""
    headers = (("Set-Cookie", "a=1"), ("X-B", "\xb6"), ("set-cookie", "b=2"))
    assert record(headers=headers).response.headers == (("set-cookie", "a=1"), ("x-b", "\xb6"), ("set-cookie", "b=2"))


def test_ids() -> None:
    """Each record has an id and a trace of its own, or the trace that the request came with."""
    first, second = record(), record()
    assert first.id != second.id
    assert (str(uuid.UUID(first.id)), uuid.UUID(first.id).version, uuid.UUID(first.id).variant) == (
        first.id,
        4,
        uuid.RFC_4122,
    )
    assert first.trace != second.trace
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert first.trace is not None
    assert re.fullmatch("[0-9a-f]{32} [0-9a-f]{16}", f"{first.trace.trace_id} {first.trace.span_id}")
    trace = record({"HTTP_TRACEPARENT": parent}).trace
    assert trace is not None
    assert trace.trace_id == "0af7651916cd43dd8448eb211c80319c"


@effort(30)
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=50), max_size=5), st.lists(st.binary(max_size=90)))
def test_weight(environ: dict[str, str], blocks: list[bytes]) -> None:
    """M1: it weighs at least what its texts and bodies hold."""
    exchange = finished(dict(environ), blocks=tuple(blocks), request_body=body_capture(b"hello"))
    content = assemble(exchange, config()).response_body.content or b""
    assert exchange.weight() >= sum(map(len, environ.values())) + len(content) + 5
