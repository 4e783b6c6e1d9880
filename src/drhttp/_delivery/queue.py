"""The queue between requests and worker: bounded by records and by bytes. It never blocks, and counts what it drops."""

from __future__ import annotations

import _thread
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from drhttp._delivery.batch import BATCH_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


class Counts(NamedTuple):
    """The counts at one instant. Always: `recorded == sent + queued + sum(dropped.values())`."""

    recorded: int
    sent: int
    queued: int
    queued_bytes: int
    dropped: Mapping[str, int]


class Queue(Generic[T]):
    """A first-in, first-out queue that drops the newest record when it is full.

    max_records: maximum number of records that wait. max_bytes: maximum size of the records that wait or are in flight.
    batch_size: number of waiting records at which the worker is woken.

    `put` may be called while the same thread is inside any method of the queue (garbage collection, `__del__`, signal
    handlers, logging). Hence the re-entrant lock; and values that belong together change without a call in between,
    because CPython does not interrupt that. getsentry/sentry-python#803 shows the deadlock that this prevents.
    """

    def __init__(self, max_records: int, max_bytes: int, batch_size: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._batch_size = batch_size
        self._lock = _thread.RLock()  # gevent does not replace it, and nothing waits while it is held
        self._waiting: deque[tuple[T, int]] = deque()
        self._waiting_bytes = 0
        self._in_flight_bytes = 0
        self._in_flight = 0
        self._taken = 0  # number of records that no longer wait, for whatever reason
        self._recorded = 0
        self._sent = 0
        self._dropped: defaultdict[str, int] = defaultdict(int)
        self._closed = False
        self.sealed = False  # empty and closed, with final counts
        self.new_losses = False  # set by a loss, and reset when the monitor has looked at the losses

    def put(self, item: T, size: int) -> bool:
        """Append an item of `size` bytes, or drop it if there is no room. Returns whether to wake the worker.

        If the queue is sealed, it returns `True` and does not count the item.
        """
        with self._lock:
            # A `put` may interrupt this one and see any count, so each of them decides by what it has seen itself.
            count = len(self._waiting)
            before = self._waiting_bytes
            if self._closed or count >= self._max_records or before + self._in_flight_bytes + size > self._max_bytes:
                return self.sealed or self._count_loss(count)
            self._recorded += 1
            self._waiting_bytes += size
            self._waiting.append((item, size))
            return (
                count == 0
                or count < self._batch_size <= len(self._waiting)
                or before < BATCH_BYTES <= self._waiting_bytes
            )

    def take(self) -> tuple[T, int, int] | None:
        """Take the oldest item: item, size, and number, from 1. It is in flight until `finish` is called."""
        with self._lock:
            if not self._waiting:
                return None
            item, size = self._waiting.popleft()
            self._waiting_bytes -= size
            self._in_flight_bytes += size
            self._in_flight += 1
            self._taken += 1
            return item, size, self._taken

    def finish(self, count: int, size: int, reason: str | None = None) -> None:
        """Count records in flight as delivered, or as dropped if there is a reason.

        count: number of records. size: their bytes. After `abandon`, this does nothing, because all are counted.
        """
        with self._lock:
            if self._in_flight < count:
                return
            self._in_flight_bytes -= size
            self._in_flight -= count
            if reason:
                self._dropped[reason] += count
            else:
                self._sent += count

    def drop(self, reason: str) -> None:
        """Count a record that is dropped before it enters the queue."""
        with self._lock:
            self._recorded += 1
            self._dropped[reason] += 1

    def discard(self, reason: str) -> int:
        """Drop all waiting records. Returns their number."""
        with self._lock:
            # Replaced, not cleared: the destructors of the items run when the queue is consistent again.
            gone, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
            count = len(gone)
            if count:
                self._taken += count
                self._dropped[reason] += count
        return count

    def close(self) -> None:
        """Drop every record from now on."""
        self._closed = True

    def seal(self) -> bool:
        """Close an empty queue with final counts: later records are not even counted. Returns whether it is sealed."""
        with self._lock:
            if not self._waiting and not self._in_flight:
                self._closed = self.sealed = True
            return self.sealed

    def abandon(self, reason: str) -> int:
        """Close the queue, and drop the records that wait or are in flight. Returns their number."""
        with self._lock:
            self._closed = True
            in_flight, self._in_flight, self._in_flight_bytes = self._in_flight, 0, 0
            if in_flight:
                self._dropped[reason] += in_flight
            return in_flight + self.discard(reason)

    def losses(self) -> dict[str, int]:
        """The number of dropped records so far, by reason."""
        with self._lock:
            return dict(self._dropped)

    def counts(self) -> Counts:
        """The counts so far, all of the same instant."""
        with self._lock:
            queued = len(self._waiting) + self._in_flight
            held = self._waiting_bytes + self._in_flight_bytes
            return Counts(self._recorded, self._sent, queued, held, dict(self._dropped))

    @property
    def accepted(self) -> int:
        """The number of the newest record."""
        with self._lock:
            return self._taken + len(self._waiting)

    @property
    def empty(self) -> bool:
        """Whether nothing waits or is in flight."""
        with self._lock:
            return not self._waiting and not self._in_flight

    @property
    def waiting(self) -> int:
        """Number of waiting records."""
        return len(self._waiting)

    @property
    def fill_level(self) -> float:
        """How full the queue is, from 0 to 1, by the nearer of its two bounds."""
        held = self._waiting_bytes + self._in_flight_bytes
        return max(len(self._waiting) / self._max_records, held / self._max_bytes)

    @property
    def has_batch(self) -> bool:
        """Whether enough records wait for a full POST."""
        return len(self._waiting) >= self._batch_size or self._waiting_bytes >= BATCH_BYTES

    def _count_loss(self, waiting: int) -> bool:
        """Count a record that does not fit, by the name of the option that would make room.

        waiting: number of records. Returns whether to wake the worker, which logs a warning.
        """
        reason = "closed" if self._closed else "queue_size" if waiting >= self._max_records else "queue_bytes"
        self._recorded += 1
        self._dropped[reason] += 1
        first, self.new_losses = not self.new_losses, True
        return first and reason != "closed"
