"""Time, as the worker sees it; tests give it another one."""

from __future__ import annotations

import math
import threading
import time

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0  # seconds, of the exponential back-off
# Seconds that the worker holds the interpreter, if it can help it, by how full the queue is.
_STRETCHES = ((0.125, 0.0), (0.5, 0.001), (math.inf, 0.005))
_SHORTEST_DELAY = 0.1  # seconds, between the last tries of all


class Clock:
    """Time, and waiting that can be cut short.

    The wake-up is a bare lock used as a binary semaphore: unlike `threading.Event.set`, its release cannot deadlock
    when a signal handler or a destructor interrupts it and wakes the worker too.
    """

    def __init__(self) -> None:
        self._bell = threading.Lock()
        self._bell.acquire()
        self._breathed = 0.0  # when the interpreter was last let go for the others' sake

    def now(self) -> float:
        """Seconds, monotonic."""
        return time.monotonic()

    def wait(self, seconds: float | None) -> None:
        """Return after that many seconds, or when woken; `None` waits for the wake-up alone."""
        self._bell.acquire(timeout=-1 if seconds is None else max(0.0, min(seconds, threading.TIMEOUT_MAX)))

    def wake(self) -> None:
        """End the current wait, or the next one if nobody waits now."""
        try:
            self._bell.release()
        except RuntimeError:
            return  # it has been rung already

    def breathe(self, fill: float) -> None:
        """Let the threads that wait for the interpreter go first, if it has been held for long since the last time.

        To get it back may take as long as the others may hold it, some milliseconds. So what is long depends on how
        full the queue is, from 0 to 1: as long as there is room, nobody waits for more than one record.
        """
        now = time.perf_counter()
        if now - self._breathed > next(stretch for most, stretch in _STRETCHES if fill < most):
            time.sleep(0)
            self._breathed = time.perf_counter()


def back_off(attempt: int, chance: float, left: float = math.inf) -> float:
    """Seconds to wait after the failed try number `attempt` (from 1): exponential, full jitter (`chance` 0 to 1).

    left: seconds until there will be no more tries; half of them are kept for further ones.
    """
    delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(attempt - 1, 16)) * chance
    return float(min(delay, max(_SHORTEST_DELAY, left / 2)))
