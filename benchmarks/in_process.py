"""Workloads inside one process: the application is called as a server would call it.

    python -m benchmarks.in_process NAME SIDE

is one measurement of one side, in a process of its own; it prints its figures as JSON.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import time
from array import array
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.apps import answering, flusher, on_side, streaming
from benchmarks.payloads import BINARY, JSON, LARGE, SMALL, TEXT, bodies, environ

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication


@dataclass(frozen=True)
class Plan:
    """Which requests are sent how often: bursts of `requests` each, and a flush after each. rate: requests a second."""

    app: Callable[[], WSGIApplication]
    kind: str
    size: int
    bursts: int
    requests: int
    rate: float | None = None


_SLACK = 29  # PR_SET_TIMERSLACK of prctl(2)

PLANS = {
    "small": Plan(lambda: answering(JSON, SMALL), JSON, SMALL, 40, 500),
    "paced": Plan(lambda: answering(JSON, SMALL), JSON, SMALL, 1, 3000, rate=300.0),
    "large-json": Plan(lambda: answering(JSON, LARGE), JSON, LARGE, 20, 20),
    "large-text": Plan(lambda: answering(TEXT, LARGE), TEXT, LARGE, 20, 20),
    "large-binary": Plan(lambda: answering(BINARY, LARGE), BINARY, LARGE, 20, 20),
    "stream": Plan(streaming, JSON, SMALL, 20, 50),
}


def serve(app: WSGIApplication, request: dict[str, Any]) -> None:
    """One request, the way a server serves it."""
    result = app(request, _start_response)
    try:
        for block in result:
            _write(block)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()


def run(plan: Plan, side: str) -> dict[str, float]:
    """Measure one side. Times are microseconds a request, on the request path and of all threads together."""
    app, flush = on_side(side, plan.app()), flusher(side)
    _at_once(app, _requests(plan, 0))
    flush()
    gc.collect()
    times, cpu = array("d"), 0.0
    for burst in range(1, plan.bursts + 1):
        requests = _requests(plan, burst)
        gc.collect()  # no server has thousands of requests waiting that a collection would look at
        begin = time.process_time()
        times.extend(_at_once(app, requests) if plan.rate is None else _in_time(app, requests, plan.rate))
        flush()
        cpu += time.process_time() - begin
    return {**spread(times), "cpu": cpu / len(times) * 1e6, "requests": len(times) + plan.requests}


def _requests(plan: Plan, burst: int) -> list[dict[str, Any]]:
    request_bodies = bodies(plan.kind, plan.size, 1)
    first = burst * plan.requests
    return [
        environ(request_bodies[number % len(request_bodies)], plan.kind, number)
        for number in range(first, first + plan.requests)
    ]


def _at_once(app: WSGIApplication, requests: list[dict[str, Any]]) -> array[float]:
    """One request after the other; seconds that each took."""
    times, clock = array("d"), time.perf_counter
    for request in requests:
        begin = clock()
        serve(app, request)
        times.append(clock() - begin)
    return times


def _in_time(app: WSGIApplication, requests: list[dict[str, Any]], rate: float) -> array[float]:
    """So many a second, whatever becomes of them; seconds from when each was due to its end.

    Counted from when it was due, because the wait for the interpreter is part of what a user feels.
    """
    times, clock = array("d"), time.perf_counter
    begin = clock() + 0.1
    for number, request in enumerate(requests):
        due = begin + number / rate
        wait = due - clock()
        if wait > 0:
            time.sleep(wait)
        serve(app, request)
        times.append(clock() - due)
    return times


def spread(times: array[float]) -> dict[str, float]:
    """The percentiles of times in seconds, and their mean, in microseconds."""
    ordered = sorted(times)
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
    found = {name: ordered[int(share * (len(ordered) - 1))] * 1e6 for name, share in shares.items()}
    return {**found, "mean": sum(ordered) / len(ordered) * 1e6}


def _start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
    return _write


def _write(block: bytes) -> None:
    """Take a block, as a socket would."""


def sharpen_sleep() -> None:
    """Let sleeps end within a microsecond or so instead of fifty, where the system can (Linux)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SLACK, 1, 0, 0, 0)


def main() -> None:
    """One measurement."""
    name, side = sys.argv[1:]
    sharpen_sleep()
    print(json.dumps(run(PLANS[name], side)))


if __name__ == "__main__":
    main()
