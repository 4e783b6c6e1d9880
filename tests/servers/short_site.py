"""An application that reads what it was sent and answers with two bytes, or with what it was sent; recorded by default
settings."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import drhttp

if TYPE_CHECKING:
    from collections.abc import Iterable

logging.basicConfig(level=logging.WARNING, format="LOGGED %(name)s %(levelname)s %(message)s")


def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """`/echo` sends the body back, in the type that it came in."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    echo = environ["PATH_INFO"] == "/echo"
    kind = environ.get("CONTENT_TYPE", "") if echo else "text/plain"
    text = body if echo else b"ok"
    start_response(
        "200 OK", [("Content-Type", kind), ("Content-Length", str(len(text))), ("X-Process", str(os.getpid()))]
    )
    return [text]


application = drhttp.WSGIMiddleware(answer, os.environ["RECEIVER"])
