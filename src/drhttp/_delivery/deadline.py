"""Time limits: how long one POST may take, and a close, the exit of the process (`exit_timeout`), and a flush."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drhttp._delivery.clock import Clock


class Deadline:
    """The time limits of one worker. Times are those of its clock.

    close_at: when a close, or the exit of the process, is over; `None` if there is none. caller_until: until when the
    thread of a caller does the work, such as that of a flush. exhausted: the receiver asked to wait longer than there
    is time. given_up: the time of a close is over, and what was left is counted.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.close_at: float | None = None
        self.caller_until: float | None = None
        self.exhausted = False
        self.given_up = False

    @property
    def closing(self) -> bool:
        """Whether a close has begun."""
        return self.close_at is not None

    def begin_close(self, timeout: float) -> None:
        """A close begins, which may take that many seconds. A second one has a time of its own."""
        if not self.given_up:
            self.close_at = self._clock.now() + timeout

    def remaining_seconds(self) -> float:
        """Seconds that remain to deliver records."""
        ends = [end for end in (self.close_at, self.caller_until) if end is not None]
        return min(ends, default=math.inf) - self._clock.now()

    @property
    def over(self) -> bool:
        """Whether no time is left."""
        return self.exhausted or self.remaining_seconds() <= 0.0


class PostDeadline:
    """The time limit of the current POST.

    cut: whether the connection broke while the request was being sent.
    """

    def __init__(self) -> None:
        self._end = 0.0
        self.cut = False

    def begin(self, seconds: float) -> None:
        """Start a POST that may take that many seconds."""
        self._end = time.monotonic() + seconds
        self.cut = False

    def remaining_seconds(self) -> float:
        """Seconds until the deadline. Raises `TimeoutError` when it has passed."""
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        return remaining
