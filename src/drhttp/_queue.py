"""The queue between requests and worker: bounded by records and by bytes, never blocking, counting what it drops."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from typing import Generic, TypeVar

T = TypeVar("T")

BATCH_BYTES = 1024 * 1024  # about what one POST carries


class Queue(Generic[T]):
    """First in, first out; the newest is dropped when it is full.

    max_records: records that may wait. max_bytes: bytes that waiting and in-flight records may hold together.
    batch_size: records that make a batch worth waking the worker for.

    `put` may be called while the same thread is inside any method of the queue (garbage collection, `__del__`, signal
    handlers, logging): the lock is re-entrant, and each update of a number is one statement without a call in it, which
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
        self._closed = False
        self.flying = 0
        self.recorded = 0
        self.accepted = 0
        self.finished = 0  # of those accepted: delivered or dropped
        self.dropped: defaultdict[str, int] = defaultdict(int)

    def put(self, item: T, size: int) -> bool:
        """Append an item of `size` bytes; returns whether the worker should be woken."""
        with self._lock:
            self.recorded += 1
            reason = self._refuses(size)
            if reason:
                self.dropped[reason] += 1
                return False
            self._waiting.append((item, size))
            self.accepted += 1
            before = self._waiting_bytes
            self._waiting_bytes += size
            count = len(self._waiting)
            return count in (1, self._batch_size) or before < BATCH_BYTES <= before + size

    def take(self) -> tuple[T, int] | None:
        """The oldest item and its size; it is in flight until `finish` is called for it."""
        with self._lock:
            if not self._waiting:
                return None
            item, size = self._waiting.popleft()
            self._waiting_bytes -= size
            self._flying_bytes += size
            self.flying += 1
            return item, size

    def finish(self, count: int, size: int, reason: str | None = None) -> bool:
        """That many records in flight have ended: delivered, or dropped for a reason.

        Returns whether they were still the queue's: after `abandon` they are counted already.
        """
        with self._lock:
            if self.flying < count:
                return False
            self._flying_bytes -= size
            self.flying -= count
            self.finished += count
            if reason:
                self.dropped[reason] += count
            return True

    def drop(self, reason: str) -> None:
        """Count a record that never reaches the queue."""
        with self._lock:
            self.recorded += 1
            self.dropped[reason] += 1

    def close(self) -> None:
        """From now on every record is dropped."""
        self._closed = True

    def abandon(self, reason: str) -> int:
        """Drop all that waits or is in flight; returns how many records that were."""
        with self._lock:
            count = len(self._waiting) + self.flying
            if count:
                self.dropped[reason] += count
            self._waiting.clear()
            self._waiting_bytes = 0
            self._flying_bytes = 0
            self.flying = 0
            self.finished += count
            return count

    @property
    def waiting(self) -> int:
        """Records that wait."""
        return len(self._waiting)

    @property
    def has_batch(self) -> bool:
        """Whether what waits fills a POST."""
        return len(self._waiting) >= self._batch_size or self._waiting_bytes >= BATCH_BYTES

    @property
    def queued(self) -> int:
        """Records that wait or are in flight."""
        return len(self._waiting) + self.flying

    @property
    def queued_bytes(self) -> int:
        """Bytes that waiting and in-flight records hold."""
        return self._waiting_bytes + self._flying_bytes

    def _refuses(self, size: int) -> str | None:
        """Why a record cannot be taken, named after the option that would make room."""
        if self._closed:
            return "closed"
        if len(self._waiting) >= self._max_records:
            return "queue_size"
        if self._waiting_bytes + self._flying_bytes + size > self._max_bytes:
            return "queue_bytes"
        return None
