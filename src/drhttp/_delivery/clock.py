"""Time, as the worker sees it; tests give it another one."""

from __future__ import annotations

import math
import threading
import time

_SOON = 0.2  # seconds after which a second batch shows that the application is busy
_BUSY, _HURRIED = 0.001, 0.005  # seconds that the worker then holds the interpreter; and when the queue is half full


class Clock:
    """Time, and waiting that can be cut short.

    The wake-up is a bare lock used as a binary semaphore: unlike `threading.Event.set`, its release cannot deadlock
    when a signal handler or a destructor interrupts it and wakes the worker too.
    """

    def __init__(self) -> None:
        self.renew()
        self._yielded_at = 0.0  # when the interpreter was last let go for the others' sake
        self._stretch = 0.0  # seconds for which it is held
        self._begun = -math.inf  # when the last batch was

    def renew(self) -> None:
        """Use the locks and the sleep of now, which gevent or eventlet may have replaced."""
        self._wakeup = threading.Lock()
        self._wakeup.acquire()
        self._sleep = time.sleep

    def now(self) -> float:
        """Seconds, monotonic."""
        return time.monotonic()

    def wait(self, seconds: float | None) -> None:
        """Return after that many seconds, or when woken; `None` waits for the wake-up alone."""
        self._wakeup.acquire(timeout=-1 if seconds is None else max(0.0, min(seconds, threading.TIMEOUT_MAX)))

    def wake(self) -> None:
        """End the current wait, or the next one if nobody waits now."""
        try:
            self._wakeup.release()
        except RuntimeError:
            return  # it has been rung already

    def begin_batch(self, fill: float) -> None:
        """Decide how long the interpreter may be held while a batch is made ready. fill: of the queue, from 0 to 1.

        Where few requests come in, none waits for more than one record. Where many do, changing from thread to thread
        that often would cost each of them more than the wait; and where the queue fills up, records would be lost.
        """
        now = self.now()
        self._stretch = _HURRIED if fill > 0.5 else _BUSY if now - self._begun < _SOON else 0.0
        self._begun = now

    def yield_gil(self) -> None:
        """Let the threads that wait for the interpreter go first, if it has been held for long since the last time."""
        now = time.perf_counter()
        if now - self._yielded_at > self._stretch:
            self._sleep(0)
            self._yielded_at = time.perf_counter()
