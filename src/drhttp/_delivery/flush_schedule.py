"""When a batch is sent: as soon as it is full or somebody flushes, else a flush interval after its first record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from drhttp._delivery.clock import Clock
    from drhttp._delivery.queue import Queue

_JITTER = 0.1  # share of the flush interval, so that many processes do not send at the same time


class FlushSchedule:
    """Tells when the next batch is due.

    flush_interval: maximum seconds that a record waits for others. random: generates the jitter.
    """

    def __init__(self, queue: Queue[Any], flush_interval: float, clock: Clock, random: Random) -> None:
        self._queue = queue
        self._flush_interval = flush_interval
        self._clock = clock
        self._random = random
        self._due_at: float | None = None  # when the next batch is sent, even if it is not full
        self._flush_up_to = 0  # deliver the records up to this number without delay
        self._flushing = False  # set by `flush`, read by the thread of the worker, which alone writes `_flush_up_to`

    def flush(self) -> None:
        """Make the records that wait now due at once. Any thread may call this."""
        self._flushing = True

    def begin_batch(self) -> None:
        """A batch is gathered of the records that wait now."""
        self._due_at = None
        self._flush_up_to = self._queue.accepted

    def seconds_until_due(self, last_taken: int, *, ending: bool) -> float | None:
        """Seconds until the next batch is due; `None` if no record waits.

        last_taken: number of the last record that was taken out of the queue. ending: no record waits for others.
        """
        queue = self._queue
        if self._flushing:
            self._flushing = False
            self._flush_up_to = queue.accepted
        if not queue.waiting:
            self._due_at = None
            return None
        if queue.has_batch or ending or last_taken < self._flush_up_to:
            return 0.0
        now = self._clock.now()
        if self._due_at is None:
            self._due_at = now + self._flush_interval * self._random.uniform(1.0 - _JITTER, 1.0 + _JITTER)
        return max(0.0, self._due_at - now)
