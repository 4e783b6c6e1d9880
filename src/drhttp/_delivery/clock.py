"""The clock of the worker: time, sleep and wake-up. Tests replace it by a virtual one."""

from __future__ import annotations

import _thread
import math
import threading
import time

from drhttp._delivery.late_patching import original

_BUSY_GAP = 0.2  # seconds; if less lies between two batches, the application is busy
_BUSY_GIL_LIMIT = 0.001  # seconds for which the worker may hold the GIL while the application is busy
_FULL_GIL_LIMIT = 0.005  # the same while the queue is more than half full
# Seconds that the worker sleeps to give the GIL away. A thread that waits for it needs some 50 microseconds to wake up;
# if the worker is back before that, it takes the GIL again. Where timers are precise, 10 microseconds were too short.
_HANDOVER = 0.0001
_LONGEST_GREENLET_WAIT = 1.0  # seconds


class Clock:
    """A monotonic clock, and a wait that another thread can end.

    The wake-up is a bare lock used as a binary semaphore: unlike `threading.Event.set`, its release cannot deadlock
    when a signal handler or a destructor interrupts it and wakes the worker too.
    """

    def __init__(self) -> None:
        self.renew()
        self._yielded_at = 0.0  # when the GIL was last given to other threads
        self._gil_limit = 0.0  # seconds for which the GIL may be held
        self._last_batch_at = -math.inf  # when the last batch began

    def renew(self, *, native: bool = False) -> None:
        """Make new locks, and look up `sleep` again: gevent or eventlet may have replaced them.

        native: use what they have replaced, because a thread of the operating system waits.
        """
        self._wakeup = original("_thread", "allocate_lock")() if native else threading.Lock()
        self._wakeup.acquire()
        # gevent does not promise that a greenlet notices when a thread of the operating system releases its lock.
        greenlet = not native and _thread.allocate_lock is not original("_thread", "allocate_lock")
        self._longest_wait = _LONGEST_GREENLET_WAIT if greenlet else threading.TIMEOUT_MAX
        self._sleep = original("time", "sleep") if native else time.sleep

    def now(self) -> float:
        """Seconds, monotonic."""
        return time.monotonic()

    def wait(self, seconds: float | None) -> None:
        """Wait for that many seconds, or until `wake` is called. `None` waits without a limit.

        A greenlet may return earlier.
        """
        longest = self._longest_wait
        if seconds is None:
            self._wakeup.acquire(timeout=-1 if longest == threading.TIMEOUT_MAX else longest)
        else:
            self._wakeup.acquire(timeout=max(0.0, min(seconds, longest)))

    def wake(self) -> None:
        """End the current wait, or the next one if no thread waits now."""
        try:
            self._wakeup.release()
        except RuntimeError:
            return  # it is released already

    def begin_batch(self, fill_level: float) -> None:
        """Decide for how long the GIL may be held while a batch is prepared.

        There are three cases. With few requests, the GIL is offered after each record, so that no request waits longer.
        With many, so many thread switches would cost each request more than the wait does. And when the queue fills
        up, the worker has to hurry, or records are lost.

        fill_level: how full the queue is, from 0 to 1.
        """
        now = self.now()
        busy = now - self._last_batch_at < _BUSY_GAP
        self._gil_limit = _FULL_GIL_LIMIT if fill_level > 0.5 else _BUSY_GIL_LIMIT if busy else 0.0
        self._last_batch_at = now

    def yield_gil(self) -> None:
        """Let the threads that wait for the GIL run, if the worker has held it for long enough."""
        now = time.perf_counter()
        if now - self._yielded_at > self._gil_limit:
            self._sleep(_HANDOVER)
            self._yielded_at = time.perf_counter()
