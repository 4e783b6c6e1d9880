"""Behaviors of `support.receiver.Receiver` besides a plain `Response`; each is called with a request as it begins.

Those that send raw bytes do not remember the POST: whether it was accepted is for the test to say.
"""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from support.receiver import ConnectionClosed, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.receiver import Post, Request

    Behavior = Callable[[Request], None]

CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
LARGE_BODY = 100 * 1000 * 1000  # bytes
accept = Response(201)


# Responses


def respond_by(choose: Callable[[Post], Response]) -> Behavior:
    """Respond as `choose` decides for each POST."""

    def behave(request: Request) -> None:
        post = request.read()
        request.respond_to(post, choose(post))

    return behave


def fail_on_path(path: str) -> Behavior:
    """Accept everything but batches with the record of a request to that path: respond to those with 500."""

    def choose(post: Post) -> Response:
        paths = {urlsplit(event["request"]["uri"]).path for event in post.records}
        return Response(500 if path in paths else 201)

    return respond_by(choose)


def reject_larger_than(size: int) -> Behavior:
    """Respond with 413 to bodies of more bytes, as they travel, and accept others."""
    return respond_by(lambda post: Response(413 if len(post.body) > size else 201))


def rate_limit_once(seconds: int, *, dated: bool) -> Behavior:
    """Respond to the first request with 429 and the time to wait, as seconds or as a date, and accept from then on."""

    def behave(request: Request) -> None:
        request.reject()
        now = time.time()
        after = formatdate(now + seconds, usegmt=True) if dated else str(seconds)
        request.receiver.set_behavior(accept)
        request.send(Response(429, {"Date": formatdate(now, usegmt=True), "Retry-After": after}))

    return behave


def respond_with(response: bytes) -> Behavior:
    """Send these bytes as the response, and keep the connection."""

    def behave(request: Request) -> None:
        request.read()
        request.connection.sendall(response)

    return behave


# Ends of a connection


def close_after(response: bytes) -> Behavior:
    """Send these bytes as the response, and close the connection."""

    def behave(request: Request) -> None:
        request.read()
        request.connection.sendall(response)
        raise ConnectionClosed

    return behave


def reset_after(response: bytes) -> Behavior:
    """Send these bytes as the response, and reset the connection."""

    def behave(request: Request) -> None:
        request.read()
        request.connection.sendall(response)
        request.reset()

    return behave


def close_before_reading_body(response: bytes) -> Behavior:
    """Send these bytes while the body is still on its way, and close the connection without reading it."""

    def behave(request: Request) -> None:
        request.stream.read1(1000)
        request.connection.sendall(response)
        raise ConnectionClosed

    return behave


def close_without_response(request: Request) -> None:
    """Read the request, and close the connection."""
    request.reject()
    raise ConnectionClosed


def close_after_accepting(request: Request) -> None:
    """Accept a request without announcing that the connection ends, and close it."""
    accept(request)
    raise ConnectionClosed


def reset_during_upload(request: Request) -> None:
    """Reset the connection when the request's body has begun."""
    request.read_head()
    request.stream.read(10)
    request.reset()


def reset_in_status_line(request: Request) -> None:
    """Accept the request, and reset the connection in the first line of the response."""
    request.accept()
    request.connection.sendall(b"HTTP/1.1 20")
    request.reset()


def reset_in_response_body(request: Request) -> None:
    """Accept the request, and reset the connection in the body of the response."""
    request.accept()
    request.send_head(201, length=100)
    request.connection.sendall(b"{")
    request.reset()


def close_before_last_chunk(request: Request) -> None:
    """Accept the request, and close the connection before the last chunk of the response."""
    request.accept()
    request.connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
    raise ConnectionClosed


# Silence and slowness


def ignore(request: Request) -> None:
    """Neither read the request nor respond."""
    request.interrupted.wait()
    raise ConnectionClosed


def stay_silent(request: Request) -> None:
    """Read the request, and never respond."""
    request.reject()
    ignore(request)


def stay_silent_after_first(request: Request) -> None:
    """Accept one request of a connection; for the next, the connection is dead without a sign, as behind a NAT."""
    accept(request)
    if request.stream.peek(1):
        request.interrupted.wait()
    raise ConnectionClosed


def read_slowly(size: int = 1, pause: float = 1.0) -> Behavior:
    """Read so many bytes of the request after each pause, in seconds, and never respond."""

    def behave(request: Request) -> None:
        while not request.interrupted.wait(pause):
            request.stream.read1(size)
        raise ConnectionClosed

    return behave


def respond_slowly(response: bytes, pause: float = 1.0) -> Behavior:
    """Send these bytes as the response one by one, with a pause in seconds after each, and close the connection."""

    def behave(request: Request) -> None:
        request.reject()
        for byte in response:
            request.connection.sendall(bytes([byte]))
            if request.interrupted.wait(pause):
                break
        raise ConnectionClosed

    return behave


def send_body_without_end(head: bytes, part: bytes, pause: float = 1.0) -> Behavior:
    """Accept the request, and send this header section, and a part of the body after each pause, in seconds."""

    def behave(request: Request) -> None:
        request.accept()
        request.connection.sendall(head)
        while not request.interrupted.wait(pause):
            request.connection.sendall(part)
        raise ConnectionClosed

    return behave


def send_large_body(request: Request) -> None:
    """Accept the request, and respond with a body of 100 MB; counts how much of it is taken."""
    request.accept()
    request.send_head(200, length=LARGE_BODY)
    block = bytes(100_000)
    for _ in range(LARGE_BODY // len(block)):
        request.connection.sendall(block)
        request.receiver.bytes_sent += len(block)
