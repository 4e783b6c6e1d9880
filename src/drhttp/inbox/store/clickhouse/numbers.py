"""Record numbers of 53 bits, which a JavaScript number holds: milliseconds, receiver, sequence.

They increase for each receiver, and among receivers as their clocks do. They have gaps.
"""

from __future__ import annotations

import time
from collections.abc import Callable

EPOCH = 1_735_689_600_000
"""Milliseconds since 1970 at which numbers begin: 2025-01-01. They last until 2059."""
RECEIVER_BITS, SEQUENCE_BITS = 6, 7
RECEIVERS, SEQUENCE = 1 << RECEIVER_BITS, 1 << SEQUENCE_BITS
MILLISECOND = RECEIVERS * SEQUENCE
"""Distance of two numbers of one receiver that are a millisecond apart."""
SECOND = 1000 * MILLISECOND
DAY = 86_400 * SECOND


def at(milliseconds: int) -> int:
    """Return the lowest number of a moment. milliseconds: since 1970."""
    return max(0, milliseconds - EPOCH) * MILLISECOND


def moment(n: int) -> int:
    """Return the milliseconds since 1970 at which a number was given."""
    return n // MILLISECOND + EPOCH


class Numbers:
    """Gives numbers to one receiver. floor: a number that the first one exceeds. now: milliseconds since 1970."""

    def __init__(
        self, receiver: int, floor: int = 0, *, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    ) -> None:
        self._now = now
        self.begin(receiver, floor)

    def begin(self, receiver: int, floor: int) -> None:
        """Go on with the number of another receiver."""
        self._receiver = receiver
        self._millisecond = floor // MILLISECOND
        self._sequence = SEQUENCE

    def take(self, count: int) -> list[int]:
        """Return that many new numbers, ascending.

        Where a millisecond has no more of them, and where the clock was set back, they run ahead of the clock.
        """
        current = self._now() - EPOCH
        if current > self._millisecond:
            self._millisecond, self._sequence = current, 0
        return [self._next() for _ in range(count)]

    def _next(self) -> int:
        if self._sequence >= SEQUENCE:
            self._millisecond, self._sequence = self._millisecond + 1, 0
        n = self._millisecond * MILLISECOND + self._receiver * SEQUENCE + self._sequence
        self._sequence += 1
        return n
