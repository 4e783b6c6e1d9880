"""The writer thread: owns the write connection of the store and a bounded queue."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from drhttp.inbox.errors import UnwritableBatch
from drhttp.inbox.exchange import Exchange
from drhttp.inbox.store import Limits, Store, WriteResult

MAX_RECORDS = 10_000
MAX_BYTES = 64 * 1024 * 1024
PRUNE_INTERVAL = 200
"""Records by which the limit may be exceeded while a queue is waiting."""

T = TypeVar("T")


class QueueFull(Exception):
    """The queue is full; the sender should retry."""


class Meter(Protocol):
    """Reports of the writing, from any thread."""

    def received(self, records: int) -> None: ...
    def refused(self, reason: str, records: int) -> None: ...
    def stored(self, records: int, new: int, seconds: float, lag: float) -> None: ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A batch in the queue."""

    exchanges: Sequence[Exchange]
    size: int
    done: Future[int]


class Writer:
    """Writes batches in order, each in its own transaction, or those that wait together if the store prefers that.

    open_store: opens the store, in the writer's thread. limits: retention limits; the oldest records go first.
    on_stored: called in the writer's thread with the result of a batch after its commit.
    max_records, max_bytes: limits of the queue. meter: counts what was written and refused.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        *,
        limits: Limits,
        on_stored: Callable[[WriteResult], None],
        max_records: int = MAX_RECORDS,
        max_bytes: int = MAX_BYTES,
        meter: Meter | None = None,
    ) -> None:
        self._limits = limits
        self._on_stored = on_stored
        self._max_records, self._max_bytes = max_records, max_bytes
        self._waiting_records = self._waiting_bytes = self._since = 0
        self._closing = False
        self._meter = meter
        self._queue: deque[_Waiting] = deque()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="drhttp-inbox-writer")
        try:
            # A SQLite connection must stay in the thread that opened it.
            self._store = self._thread.submit(open_store).result()
            self._thread.submit(self._prune).result()
            self._thread.submit(self._maintain)
        except BaseException:
            self._thread.shutdown()
            raise

    def submit(self, batch: Sequence[Exchange], size: int) -> Future[int]:
        """Queue a batch of about `size` bytes. The future resolves to the number of new records after the commit.

        If it is cancelled before its turn, the batch is not written.
        """
        if self._meter is not None:
            self._meter.received(len(batch))
        with self._lock:
            # An empty queue accepts any batch; otherwise one larger than the limit could never be written.
            records, waiting = self._waiting_records + len(batch), self._waiting_bytes + size
            if self._waiting_records and (records > self._max_records or waiting > self._max_bytes):
                self._refused("full", len(batch))
                raise QueueFull
            self._waiting_records, self._waiting_bytes = records, waiting
        one = _Waiting(batch, size, Future())
        self._queue.append(one)
        self._thread.submit(self._write_waiting)
        return one.done

    @property
    def waiting(self) -> int:
        """Number of queued records."""
        return self._waiting_records

    def do(self, work: Callable[[Store], T]) -> Future[T]:
        """Queue a change of the store and return the future of its result."""
        return self._thread.submit(self._change, work)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *problem: object) -> None:
        """Write the queued batches, then close the store."""
        self._closing = True
        self._thread.submit(self._store.close)
        self._thread.shutdown()

    def _write_waiting(self) -> None:
        """Write the batches that wait, as many as the store takes together. Others may have been written already."""
        some: list[_Waiting] = []
        records = 0
        while self._queue and (not some or records + len(self._queue[0].exchanges) <= self._store.traits.together):
            one = self._queue.popleft()
            if one.done.set_running_or_notify_cancel():
                some.append(one)
                records += len(one.exchanges)
            else:
                self._leave([one], len(one.exchanges))
                self._refused("unavailable", len(one.exchanges))
        if some:
            self._write(some, records)

    def _write(self, some: Sequence[_Waiting], records: int) -> None:
        try:
            written = self._stored(some, records)
        except BaseException as problem:  # noqa: BLE001 whatever it is, the senders get an error
            self._fail(some, records, problem)
            return
        new = {(each.summary.project, each.summary.id) for each in written.new} if len(some) > 1 else set()
        for one in some:
            mine = sum((each.summary.project, each.summary.id) in new for each in one.exchanges)
            one.done.set_result(mine if len(some) > 1 else len(written.new))

    def _stored(self, some: Sequence[_Waiting], records: int) -> WriteResult:
        """Write batches, say what was written, and keep the store within its limits."""
        begun = time.monotonic()
        try:
            written = self._store.write([exchange for one in some for exchange in one.exchanges])
        finally:
            self._leave(some, records)
        self._told(written, records, time.monotonic() - begun)
        self._on_stored(written)
        self._since += records
        if not self._waiting_records or self._since >= PRUNE_INTERVAL:
            self._enforce_limits()
        return written

    def _fail(self, some: Sequence[_Waiting], records: int, problem: BaseException) -> None:
        if len(some) > 1 and isinstance(problem, UnwritableBatch):
            # One of them cannot be written; the others can.
            for one in some:
                with self._lock:
                    self._waiting_records += len(one.exchanges)
                    self._waiting_bytes += one.size
                self._write([one], len(one.exchanges))
            return
        self._refused("unavailable", records)
        for one in some:
            one.done.set_exception(problem)

    def _leave(self, some: Sequence[_Waiting], records: int) -> None:
        with self._lock:
            self._waiting_records -= records
            self._waiting_bytes -= sum(one.size for one in some)

    def _told(self, written: WriteResult, records: int, seconds: float) -> None:
        if self._meter is not None:
            now = time.time_ns() // 1000
            first = min((each.summary.received for each in written.new), default=now)
            self._meter.stored(records, len(written.new), seconds, max(0, now - first) / 1e6)

    def _refused(self, reason: str, records: int) -> None:
        if self._meter is not None:
            self._meter.refused(reason, records)

    def _change(self, work: Callable[[Store], T]) -> T:
        done = work(self._store)
        self._maintain()
        return done

    def _prune(self) -> None:
        """Prune the store until it is within its limits."""
        while self._store.prune(self._limits, time.time_ns() // 1000):
            pass

    def _enforce_limits(self) -> None:
        """Prune the store; while batches are waiting, only in proportion to what was written since the last call."""
        now, steps = time.time_ns() // 1000, self._since // PRUNE_INTERVAL + 1
        self._since = 0
        while self._store.prune(self._limits, now) and (steps > 0 or not self._waiting_records):
            steps -= 1
        self._maintain()

    def _maintain(self) -> None:
        if self._store.maintain(idle=not self._waiting_records) and not self._closing and not self._waiting_records:
            # One step at a time, so that a new batch does not have to wait for all of it.
            self._thread.submit(self._maintain)
