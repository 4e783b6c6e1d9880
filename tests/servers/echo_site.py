"""The application of these tests, as gunicorn loads it: every answer belongs to exactly one question."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from support.load import hit

import drhttp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

go = threading.Event()


def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    name = environ["PATH_INFO"].rpartition("/")[2]
    if name == "flush":
        return reply(start_response, f"{os.getpid()} {drhttp.flush(20)}")
    if name == "go":
        go.set()
        return reply(start_response, "gone")
    if name == "stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return stream()
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
    assert environ.get("HTTP_X_QUESTION", "") in body
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Answer", name), ("x-drhttp-user", f"user-{name}")])
    text = [f"{name} answers ".encode(), body.encode()]
    return text if len(name) % 2 else iter(text)  # through both ways of recording


def reply(start_response: Any, text: str) -> list[bytes]:
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text.encode()]


def stream() -> Iterator[bytes]:
    yield b"chunk 0\n"
    assert go.wait(20), "nobody has seen the first chunk"
    for number in range(1, 200):
        yield b"chunk %d\n" % number


application = drhttp.WSGIMiddleware(
    answer, os.environ["RECEIVER"], queue_size=20_000, flush_interval=60.0, exit_timeout=20.0, exclude=["/not/*"]
)
if "BEFORE_THE_FORK" in os.environ:
    hit(application, "/item/preloaded")
    assert drhttp.stats().queued == 1
