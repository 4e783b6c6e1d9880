"""The application of Flask with one recorder, called in this process as a server would call it.

    python -m benchmarks.peers.in_process BURSTS

prints its figures as JSON, and then ends as a program does: what a recorder still holds, it delivers at the exit.
"""

from __future__ import annotations

import json
import sys
import time
from array import array
from typing import TYPE_CHECKING

from benchmarks.in_process import serve, spread
from benchmarks.payloads import JSON, SMALL, bodies, environ
from benchmarks.peers.recorders import application

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_REQUESTS = 100  # in a burst: as many as the shortest queue of a recorder may hold
_PAUSE = 0.1  # seconds after each burst, in which they are delivered
_START = 0.5  # after the first one, for which a recorder loads what it needs; that is not measured


def _burst(app: WSGIApplication, number: int) -> array[float]:
    posts = bodies(JSON, SMALL, 1)
    first = number * _REQUESTS
    requests = [environ(posts[each % len(posts)], JSON, each) for each in range(first, first + _REQUESTS)]
    times, clock = array("d"), time.perf_counter
    for request in requests:
        begin = clock()
        serve(app, request)
        times.append(clock() - begin)
    time.sleep(_PAUSE)
    return times


def main() -> None:
    """One measurement."""
    bursts, app, times = int(sys.argv[1]), application(), array("d")
    _burst(app, 0)
    time.sleep(_START)
    before = time.process_time()
    for number in range(1, bursts + 1):
        times.extend(_burst(app, number))
    found = {**spread(times), "measured": len(times), "requests": len(times) + _REQUESTS, "before": before}
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
