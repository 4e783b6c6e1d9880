"""Processor time of the worker for one record, as on an idle machine of a known speed.

Others use the machine, too: a processor that is shared, throttled or older counts more time for the same work. So a
fixed piece of work is timed beside each figure that looks too large, and a figure is divided by how much longer that
took than it takes on the machine that the limits were set on, never multiplied: a faster machine has the same limits.
"""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from time import thread_time
from typing import TYPE_CHECKING

from growth.entries import delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drhttp._capture.exchange import Exchange
    from drhttp._delivery.record_exporter import RecordExporter

LIMIT = 0.050  # seconds for 64 KiB
GROWTH = 2.6  # factor of time for twice the size
FLOOR = 0.006  # seconds; shorter times are not checked
REPEATS = 6  # how often a measurement is repeated before it counts as a fault
_REFERENCE = 0.0053  # seconds that the reference work takes on a virtual processor of 2.5 GHz with Python 3.11

_PAIR = re.compile(r"(\w+)[ ]*([=:])")
_TEXT = "".join(f"level=info at{number}=12 status: 200 GET /orders some words\n" for number in range(1200))  # 64 KiB


def reference() -> float:
    """Time a fixed piece of work similar to masking: a search, many small objects, and joining."""
    begin = thread_time()
    names, pieces, copied = {}, [], 0
    for match in _PAIR.finditer(_TEXT):
        names[match[1]] = match.span()
        pieces += (_TEXT[copied : match.start()], f"{match[1]}{match[2]}")
        copied = match.end()
    "".join(pieces).lower().encode().translate(None, b"ab").count(b"=")
    return thread_time() - begin


@contextmanager
def undisturbed() -> Iterator[None]:
    """Turn off the garbage collector, which could run in the middle of a measurement."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def cost(exchange: Exchange, exporter: RecordExporter) -> float:
    """Return the seconds of processor time from the exchange to the encoded record, on this machine."""
    begin = thread_time()
    exporter.prepare(exchange)
    return thread_time() - begin


def calibrated(make: Callable[[], Exchange]) -> float:
    """Return the cost with empty caches, as on an idle machine of known speed: the best of several."""
    best = float("inf")
    for attempt in range(REPEATS):
        before = reference()
        took = cost(make(), delivery())
        slowness = max(1.0, (before + reference()) / 2 / _REFERENCE)
        best = min(best, took / slowness)
        if best < FLOOR or (attempt and best < LIMIT * 0.7):
            break
    return best
