"""The queue between requests and worker: bounded by records and by bytes, never blocking, counting what it drops."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

BATCH_BYTES = 1024 * 1024  # about what one POST carries


class Counts(NamedTuple):
    """What became of all records, at one instant. Always: `recorded == sent + queued + sum(dropped.values())`."""

    recorded: int
    sent: int
    queued: int
    queued_bytes: int
    dropped: Mapping[str, int]


class Queue(Generic[T]):
    """First in, first out; the newest is dropped when it is full.

    max_records: records that may wait. max_bytes: bytes that waiting and in-flight records may hold together.
    batch_size: records that make a batch worth waking the worker for.

    `put` may be called while the same thread is inside any method of the queue (garbage collection, `__del__`, signal
    handlers, logging): the lock is re-entrant, and what belongs together is changed without a call in between, which
    CPython does not interrupt. See getsentry/sentry-python#803 for what happens otherwise.
    """

    def __init__(self, max_records: int, max_bytes: int, batch_size: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._batch_size = batch_size
        self._lock = threading.RLock()
        self._waiting: deque[tuple[T, int]] = deque()
        self._waiting_bytes = 0
        self._flying_bytes = 0
        self._flying = 0
        self._taken = 0  # records that have left the waiting line so far, however
        self._recorded = 0
        self._sent = 0
        self._dropped: defaultdict[str, int] = defaultdict(int)
        self._closed = False
        self.sealed = False  # it is empty, and takes no more: its counts are final
        self.losing = False  # set with a loss; whoever speaks of losses takes it back

    def put(self, item: T, size: int) -> bool:
        """Append an item of `size` bytes; returns whether the worker should be woken, or the queue is sealed."""
        with self._lock:
            reason = self._refuses(size)
            if reason:
                return self.sealed or self._lose(reason)
            # A put that interrupts this one may see any count; so each wakes for what it has seen itself.
            count = len(self._waiting)
            before = self._waiting_bytes
            self._recorded += 1
            self._waiting_bytes += size
            self._waiting.append((item, size))
            return (
                count == 0
                or count < self._batch_size <= len(self._waiting)
                or before < BATCH_BYTES <= self._waiting_bytes
            )

    def take(self) -> tuple[T, int, int] | None:
        """The oldest item, its size and its number, from 1; it is in flight until `finish` is called for it."""
        with self._lock:
            if not self._waiting:
                return None
            item, size = self._waiting.popleft()
            self._waiting_bytes -= size
            self._flying_bytes += size
            self._flying += 1
            self._taken += 1
            return item, size, self._taken

    def finish(self, count: int, size: int, reason: str | None = None) -> None:
        """That many records in flight have ended: delivered, or dropped for a reason.

        After `abandon` nothing is in flight, and all of them are counted already.
        """
        with self._lock:
            if self._flying < count:
                return
            self._flying_bytes -= size
            self._flying -= count
            if reason:
                self._dropped[reason] += count
            else:
                self._sent += count

    def drop(self, reason: str) -> None:
        """Count a record that never reaches the queue."""
        with self._lock:
            self._recorded += 1
            self._dropped[reason] += 1

    def discard(self, reason: str) -> int:
        """Drop all that waits; returns how many records that were."""
        with self._lock:
            # Emptied by exchange: what goes may have destructors, which run when everything is in order again.
            gone, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
            count = len(gone)
            if count:
                self._taken += count
                self._dropped[reason] += count
        return count

    def close(self) -> None:
        """From now on every record is dropped."""
        self._closed = True

    def seal(self) -> bool:
        """Make the counts final, if nothing waits or is in flight; records that come later are not taken or counted."""
        with self._lock:
            if not self._waiting and not self._flying:
                self._closed = self.sealed = True
            return self.sealed

    def abandon(self, reason: str) -> int:
        """Close, and drop all that waits or is in flight; returns how many records that were."""
        with self._lock:
            self._closed = True
            flying, self._flying, self._flying_bytes = self._flying, 0, 0
            if flying:
                self._dropped[reason] += flying
            return flying + self.discard(reason)

    def counts(self) -> Counts:
        """The numbers so far, all of the same instant."""
        with self._lock:
            queued = len(self._waiting) + self._flying
            held = self._waiting_bytes + self._flying_bytes
            return Counts(self._recorded, self._sent, queued, held, dict(self._dropped))

    @property
    def accepted(self) -> int:
        """Records taken in so far: the number of the newest."""
        with self._lock:
            return self._taken + len(self._waiting)

    @property
    def empty(self) -> bool:
        """Whether nothing waits or is in flight."""
        with self._lock:
            return not self._waiting and not self._flying

    @property
    def waiting(self) -> int:
        """Records that wait."""
        return len(self._waiting)

    @property
    def fill(self) -> float:
        """How full it is, from 0 to 1, by whichever bound is nearer."""
        held = self._waiting_bytes + self._flying_bytes
        return max(len(self._waiting) / self._max_records, held / self._max_bytes)

    @property
    def has_batch(self) -> bool:
        """Whether what waits fills a POST."""
        return len(self._waiting) >= self._batch_size or self._waiting_bytes >= BATCH_BYTES

    def _refuses(self, size: int) -> str | None:
        """Why a record cannot be taken, named after the option that would make room."""
        if self._closed:
            return "closed"
        if len(self._waiting) >= self._max_records:
            return "queue_size"
        if self._waiting_bytes + self._flying_bytes + size > self._max_bytes:
            return "queue_bytes"
        return None

    def _lose(self, reason: str) -> bool:
        """Count a record that does not fit; returns whether the worker should be woken to say so."""
        self._recorded += 1
        self._dropped[reason] += 1
        first, self.losing = not self.losing, True
        return first and reason != "closed"
