"""The application that every server here runs: it responds with what was requested, and with nothing else."""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import drhttp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Whatever drhttp, or the libraries below it, have to say stands in the log of the server, with this mark.
logging.basicConfig(level=logging.WARNING, format="LOGGED %(name)s %(levelname)s %(message)s")


def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """`/item/<name>` is an echo, `/not/<name>` is not recorded, `/whole/<type>` is no list, `/broken` fails,
    `/stuck` never ends.
    """
    kind, _, name = environ["PATH_INFO"].strip("/").partition("/")
    if kind == "not":
        return reply(start_response, ASIDE[name]())
    if kind == "broken":
        start_response("203 Fine", [])
        raise LookupError
    if kind == "whole":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return WHOLE[name]  # type: ignore[no-any-return]
    if kind == "stuck":
        stay()
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
    assert name in body
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(name) + len(body) + 9))])
    text = [f"{name} answers ".encode(), body.encode()]
    return text if len(name) % 2 else iter(text)  # through both ways of recording


def reply(start_response: Any, text: object) -> list[bytes]:
    data = str(text).encode()
    start_response("200 OK", [("Content-Length", str(len(data)))])
    return [data]


def stay() -> None:
    """Keep the whole process from serving, under greenlets too."""
    sleep = time.sleep
    if os.environ.get("PATCHED") == "gevent":
        from gevent.monkey import get_original

        sleep = get_original("time", "sleep")
    sleep(60)


def counts() -> str:
    stats = drhttp.stats()
    return f"{os.getpid()} {stats.recorded} {stats.queued} {stats.sent} {sum(stats.dropped.values())}"


# Results that uWSGI sends as one block, the latter two only with an option.
WHOLE: dict[str, Any] = {"bytes": b"whole", "bytearray": bytearray(b"whole"), "memoryview": memoryview(b"whole")}

ASIDE: dict[str, Callable[[], object]] = {
    "pid": os.getpid,
    "flush": lambda: drhttp.flush(20),
    "counts": counts,
    "python": lambda: ".".join(map(str, sys.version_info[:2])),
}

flush_interval = float(os.environ.get("FLUSH_INTERVAL", "2.0"))
application = drhttp.WSGIMiddleware(
    answer,
    os.environ["RECEIVER"],
    exclude=["/not/*"],
    exit_timeout=20.0,  # a machine that does other things too may be slow
    flush_interval=flush_interval,
)

if "BEFORE_THE_FORK" in os.environ:
    from support.load import hit

    hit(application, "/item/preloaded", b"preloaded")
    assert drhttp.stats().queued == 1
    if os.environ["BEFORE_THE_FORK"] == "flush":
        assert drhttp.flush(20)
