"""Until when records are delivered: the time limits of a close, of the exit of the process, and of a flush."""

from __future__ import annotations

import math
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
        """A close begins, which may take that many seconds. A second one may take its time anew."""
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
