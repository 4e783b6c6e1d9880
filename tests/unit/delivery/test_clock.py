"""Time as the worker sees it: how often it lets the others go first."""

from __future__ import annotations

import threading
import time

import pytest

from drhttp._delivery.clock import Clock


class SetClock(Clock):
    """A clock that shows what it is set to."""

    time = 100.0

    def now(self) -> float:
        return self.time


def breaths(clock: Clock, steps: int = 200, work: float = 0.0001) -> int:
    """How often a worker let the interpreter go, that does a bit of work in each of so many steps."""
    count = 0
    for _ in range(steps):
        end = time.perf_counter() + work
        while time.perf_counter() < end:
            pass
        before = clock._yielded_at
        clock.yield_gil()
        count += clock._yielded_at != before
    return count


def test_where_few_requests_come_in_none_waits_for_more_than_one_record() -> None:
    """The interpreter is let go after each record, in the first batch and in one some time after it."""
    clock = SetClock()
    clock.begin_batch(0.01)
    assert breaths(clock) == 200
    clock.time += 0.3
    clock.begin_batch(0.01)
    assert breaths(clock) == 200


@pytest.mark.parametrize(("fill", "stretch"), [(0.01, 0.001), (0.9, 0.005)])
def test_the_busier_the_application_the_longer_the_stretches(fill: float, stretch: float) -> None:
    """Once a millisecond in batches that follow each other, more rarely where the queue fills up."""
    clock = SetClock()
    clock.begin_batch(fill)
    clock.begin_batch(fill)
    begin = time.perf_counter()
    assert 1 <= breaths(clock) <= (time.perf_counter() - begin) / stretch + 1


def test_a_thread_that_waits_runs_meanwhile() -> None:
    """What waits for the interpreter gets it."""
    clock, ran = Clock(), threading.Event()
    threading.Thread(target=ran.set).start()
    end = time.monotonic() + 10
    while not ran.is_set() and time.monotonic() < end:
        clock.yield_gil()
    assert ran.is_set()
