"""Workloads of ASGI inside one process: the application is called as a server would call it.

    python -m benchmarks.asgi_in_process NAME SIDE

is one measurement of one side, in a process of its own; it prints its figures as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import sys
import time
from array import array
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.apps import BLOCK, BLOCKS, FLUSH_INTERVAL, flusher
from benchmarks.in_process import sharpen_sleep, spread
from benchmarks.payloads import JSON, SMALL, bodies, environ

if TYPE_CHECKING:
    from collections.abc import Callable

_RATE, _BEAT = 300.0, 0.001  # requests a second; seconds from one beat of the heart to the next


def answering() -> Any:
    """Reads what is posted, and answers with as much."""
    answers = itertools.cycle([(body, str(len(body)).encode()) for body in bodies(JSON, SMALL, 2)])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        body, length = next(answers)
        headers = [
            (b"content-type", JSON.encode()),
            (b"content-length", length),
            (b"cache-control", b"no-store"),
            (b"vary", b"Accept"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def streaming() -> Any:
    """Answers in blocks, one at a time."""
    text = b"".join(bodies(JSON, SMALL, 3))
    blocks = [text[at : at + BLOCK] for at in range(0, len(text) - BLOCK, 64)][:BLOCKS]
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        for block in blocks:
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


def scope(request: dict[str, Any]) -> dict[str, Any]:
    """The scope of the request that a WSGI server would describe so."""
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), str(value).encode())
        for name, value in request.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request["REQUEST_METHOD"],
        "scheme": "http",
        "path": request["PATH_INFO"],
        "raw_path": request["PATH_INFO"].encode(),
        "query_string": request["QUERY_STRING"].encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def _send(message: Any) -> None:
    """Take a message, as a socket would."""


def _requests(burst: int, count: int) -> list[tuple[dict[str, Any], Any]]:
    posted = bodies(JSON, SMALL, 1)
    found = []
    for number in range(burst * count, (burst + 1) * count):
        body = posted[number % len(posted)]

        async def receive(body: bytes = body) -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        found.append((scope(environ(body, JSON, number)), receive))
    return found


def _at_once(app: Any, requests: list[tuple[dict[str, Any], Any]]) -> array[float]:
    """One request after the other, without an event loop; seconds that each took."""
    times, clock = array("d"), time.perf_counter
    for each, receive in requests:
        begin = clock()
        coroutine = app(each, receive, _send)
        try:
            coroutine.send(None)
        except StopIteration:
            times.append(clock() - begin)
    return times


def bursts(app: Any, flush: Callable[[], object], count: int = 40, size: int = 500) -> dict[str, float]:
    """Microseconds a request, on the request path and of all threads together. A flush follows each burst."""
    _at_once(app, _requests(0, size))
    flush()
    gc.collect()
    times, cpu = array("d"), 0.0
    for burst in range(1, count + 1):
        requests = _requests(burst, size)
        gc.collect()
        begin = time.process_time()
        times.extend(_at_once(app, requests))
        flush()
        cpu += time.process_time() - begin
    return {**spread(times), "cpu": cpu / len(times) * 1e6, "requests": len(times) + size}


def heartbeat(app: Any, flush: Callable[[], object]) -> dict[str, float]:
    """How late a heartbeat is on an event loop that serves so many requests a second."""

    async def main() -> array[float]:
        loop, lateness, requests = asyncio.get_running_loop(), array("d"), _requests(0, 6000)
        begin = loop.time() + 0.1
        end = begin + len(requests) / _RATE

        def beat(due: float) -> None:
            now = loop.time()
            lateness.append(now - due)
            if now < end:
                due = max(due + _BEAT, now)
                loop.call_at(due, beat, due)

        loop.call_at(begin, beat, begin)
        for number, (each, receive) in enumerate(requests):
            await asyncio.sleep(begin + number / _RATE - loop.time())
            await app(each, receive, _send)
        return lateness

    _at_once(app, _requests(1, 200))
    flush()
    gc.collect()
    lateness = asyncio.run(main())
    flush()
    return {**spread(lateness), "requests": 6200}


PLANS = {
    "asgi": (answering, bursts),
    "asgi-stream": (streaming, partial(bursts, count=20, size=50)),
    "asgi-heartbeat": (answering, heartbeat),
}


def main() -> None:
    """One measurement."""
    name, side = sys.argv[1:]
    sharpen_sleep()
    build, measure = PLANS[name]
    app = build()
    if side == "recorded":
        import drhttp  # not at the top: the bare side must not pay for it

        app = drhttp.ASGIMiddleware(app, flush_interval=FLUSH_INTERVAL)
    print(json.dumps(measure(app, flusher(side))))


if __name__ == "__main__":
    main()
