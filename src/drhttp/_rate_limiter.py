"""A rate limiter for log messages."""

from __future__ import annotations

import time

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Callable


class RateLimiter:
    """Allows an action once per interval.

    interval: seconds, 60 by default. clock: a monotonic clock in seconds.
    """

    __slots__ = ("_clock", "_interval", "_next")

    def __init__(self, interval: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._next: float | None = None

    def allow(self) -> bool:
        """Whether the action is allowed now. If so, a new interval begins."""
        now = self._clock()
        if self._next is not None and now < self._next:
            return False
        self._next = now + self._interval
        return True
