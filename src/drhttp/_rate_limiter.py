"""How often something may be said: once, and then at most once an interval."""

from __future__ import annotations

import time

TYPE_CHECKING = False  # for type checkers, who take it for true: `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Callable


class RateLimiter:
    """A gate that opens at most once an interval.

    interval: seconds, 60 by default. clock: a monotonic clock in seconds.
    """

    __slots__ = ("_clock", "_interval", "_next")

    def __init__(self, interval: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._next: float | None = None

    def allow(self) -> bool:
        """Whether it may be said now; if so, the interval begins anew."""
        now = self._clock()
        if self._next is not None and now < self._next:
            return False
        self._next = now + self._interval
        return True
