"""Workloads about memory, each side in a fresh process (Linux: what is resident is read from /proc).

    python -m benchmarks.memory first SIDE      after the first delivery
    python -m benchmarks.memory flood SIDE MIB  at most, over what it was before, while bodies of 64 KiB come in and the
                                                receiver is down; the recorder's queue may hold that many MiB

prints its figures as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.apps import answering, flusher, on_side
from benchmarks.in_process import serve
from benchmarks.payloads import BINARY, JSON, SMALL, bodies, environ

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_BODY = 64 * 1024  # bytes, of the flood, up and down
_TIMES = 3  # as much as the queue holds is poured in
_AFTER = 3.0  # seconds that are looked at after the flood: the worker goes on trying
_FIRST = 200  # requests before the first delivery


def first(side: str) -> dict[str, float]:
    """Resident after the first delivery."""
    app, flush = on_side(side, answering(JSON, SMALL)), flusher(side)
    request_bodies = bodies(JSON, SMALL, 1)
    for number in range(_FIRST):
        serve(app, environ(request_bodies[number % len(request_bodies)], JSON, number))
    flush()
    return {"resident": resident(), "requests": _FIRST}


def flood(side: str, mebibytes: int) -> dict[str, float]:
    """How far what is resident grows. Each body is an object of its own, as it is with a real server."""
    size = mebibytes * 1024 * 1024
    app = on_side(side, _fresh, **({"queue_bytes": size} if side == "recorded" else {}))
    supply = os.urandom(4 * _BODY)
    _pour(app, supply, 20)
    _await_failure(side)
    before = most = resident()
    for _ in range(_TIMES * size // (2 * _BODY) // 10):
        _pour(app, supply, 10)
        most = max(most, resident())
    end = time.monotonic() + _AFTER
    while side == "recorded" and time.monotonic() < end:
        time.sleep(0.02)
        most = max(most, resident())
    return {"growth": most - before}


def resident() -> float:
    """Of this process, MiB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


def _fresh(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", BINARY), ("Content-Length", str(len(body)))])
    return [body[1:] + b"."]


def _pour(app: WSGIApplication, supply: bytes, requests: int) -> None:
    for number in range(requests):
        at = number * 997
        serve(app, environ(supply[at : at + _BODY], BINARY, number))


def _await_failure(side: str) -> None:
    """Until the worker has found out that the receiver is down: it has loaded by then what it needs."""
    if side != "recorded":
        return
    import drhttp

    end = time.monotonic() + 30
    while drhttp.stats().last_error is None:
        if time.monotonic() > end:
            raise TimeoutError("no delivery has failed; is the receiver down?")
        drhttp.flush(0.1)


def main() -> None:
    """One measurement."""
    name, side, *sizes = sys.argv[1:]
    found: dict[str, Any] = first(side) if name == "first" else flood(side, int(sizes[0]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
