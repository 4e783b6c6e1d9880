"""Time as the worker sees it: how often it lets the others go first."""

from __future__ import annotations

import threading
import time

import pytest

from drhttp._clock import Clock


def breaths(fill: float, steps: int, work: float) -> int:
    """How often a worker let the interpreter go, that does a bit of work in each of so many steps."""
    clock, count = Clock(), 0
    for _ in range(steps):
        end = time.perf_counter() + work
        while time.perf_counter() < end:
            pass
        before = clock._breathed
        clock.breathe(fill)
        count += clock._breathed != before
    return count


def test_with_room_in_the_queue_nobody_waits_for_more_than_one_record() -> None:
    """The interpreter is let go after each record."""
    assert breaths(0.01, steps=50, work=0.0001) == 50


@pytest.mark.parametrize(("fill", "steps"), [(0.3, 10), (0.9, 50)])
def test_the_fuller_the_queue_the_longer_the_stretches(fill: float, steps: int) -> None:
    """At most once in that many steps of a tenth of a millisecond; on a busy machine each step may take longer."""
    begin = time.perf_counter()
    count = breaths(fill, steps=200, work=0.0001)
    assert 1 <= count <= (time.perf_counter() - begin) / (steps * 0.0001) + 1


def test_a_thread_that_waits_runs_meanwhile() -> None:
    """What waits for the interpreter gets it."""
    clock, ran = Clock(), threading.Event()
    threading.Thread(target=ran.set).start()
    end = time.monotonic() + 10
    while not ran.is_set() and time.monotonic() < end:
        clock.breathe(0.0)
    assert ran.is_set()
