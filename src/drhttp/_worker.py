"""The thread that empties the queue: it gathers batches, waits, delivers, retries, flushes and closes.

It does not know what it delivers: it is given a courier and a clock.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from drhttp._queue import BATCH_BYTES
from drhttp._throttle import Throttle
from drhttp._verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drhttp._queue import Queue

I = TypeVar("I")  # noqa: E741 - an item, as it lies in the queue
P = TypeVar("P", bound="_Sized")  # a parcel, ready to be sent
I_contra = TypeVar("I_contra", contravariant=True)

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0  # seconds, of the exponential back-off
_JITTER = 0.1  # of the flush interval, so that many processes do not deliver in step

_log = logging.getLogger("drhttp")


class _Sized(Protocol):
    def __len__(self) -> int: ...


class Courier(Protocol[I_contra, P]):
    """What the worker is given to do its work with."""

    @property
    def most(self) -> int | None:
        """How many parcels one POST can carry, `None` for any number."""

    def prepare(self, item: I_contra) -> P | Verdict:
        """Make an item ready to be sent, or say why it is dropped."""

    def deliver(self, parcels: Sequence[P]) -> Verdict:
        """Send what was prepared, in one POST."""


class Clock:
    """Time, and waiting that can be cut short.

    The wake-up is a bare lock used as a binary semaphore: unlike `threading.Event.set`, its release cannot deadlock
    when a signal handler or a destructor interrupts it and wakes the worker too.
    """

    def __init__(self) -> None:
        self._bell = threading.Lock()
        self._bell.acquire()

    def now(self) -> float:
        """Seconds, monotonic."""
        return time.monotonic()

    def wait(self, seconds: float | None) -> None:
        """Return after that many seconds, or when woken; `None` waits for the wake-up alone."""
        self._bell.acquire(timeout=-1 if seconds is None else max(0.0, min(seconds, threading.TIMEOUT_MAX)))

    def wake(self) -> None:
        """End the current wait, or the next one if nobody waits now."""
        try:
            self._bell.release()
        except RuntimeError:
            return  # it has been rung already

    def breathe(self) -> None:
        """Let the threads that wait for the interpreter go first."""
        time.sleep(0)


def back_off(attempt: int, chance: float) -> float:
    """Seconds to wait after the failed try number `attempt` (from 1): exponential, full jitter (`chance` 0 to 1)."""
    return float(min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(attempt - 1, 16)) * chance)


class Worker(Generic[I, P]):
    """One daemon thread for one queue. It starts with `start`, which is called for the first record.

    batch_size: records a POST. flush_interval: seconds that a record waits for company at most.
    """

    def __init__(
        self,
        queue: Queue[I],
        courier: Courier[I, P],
        *,
        batch_size: int,
        flush_interval: float,
        clock: Clock | None = None,
    ) -> None:
        self._queue = queue
        self._courier = courier
        self._batch_size = batch_size
        self._flush_interval = flush_interval
        self._clock = clock or Clock()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._progress = threading.Condition()
        self._batch: list[tuple[P, int]] = []
        self._preparing: int | None = None  # bytes of the item in hand
        self._due_at: float | None = None
        self._flush_to = 0  # deliver without delay until this many records are finished
        self._close_at: float | None = None
        self._hurried = False
        self._complaint = Throttle()
        self.sent = 0
        self.retried = 0
        self.restarts = 0
        self.last_error: str | None = None
        self.last_success: float | None = None

    def start(self) -> bool:
        """Start the thread if it does not run; returns `False` if the interpreter refuses to."""
        if self.alive or not self._starting.acquire(blocking=False):
            return True
        try:
            thread = threading.Thread(target=self.run, name="drhttp", daemon=True)
            thread.start()
            self._thread = thread
        except RuntimeError:
            return False
        finally:
            self._starting.release()
        return True

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """There is something to do."""
        self._clock.wake()

    def begin_flush(self) -> int:
        """Deliver what waits now without delay; returns the mark to wait for."""
        mark = self._queue.accepted
        self._flush_to = max(self._flush_to, mark)
        self._hurry()
        return mark

    def finish_flush(self, mark: int, timeout: float) -> bool:
        """Wait until the records up to the mark have ended; `True` if they have within `timeout` seconds."""
        if threading.current_thread() is self._thread:
            return self._queue.finished >= mark  # it would wait for itself
        with self._progress:
            return self._progress.wait_for(lambda: self._queue.finished >= mark, max(0.0, timeout))

    def begin_close(self, timeout: float) -> None:
        """Deliver what waits within `timeout` seconds, then stop; returns at once."""
        self._queue.close()
        self._close_at = self._clock.now() + timeout
        self._hurry()

    def finish_close(self) -> None:
        """Wait for the thread until its time is over; what is left then is dropped and counted."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(0.0, (self._close_at or 0.0) - self._clock.now()))
        self._queue.abandon("closed")
        self._announce()

    def run(self) -> None:
        """The loop. Nothing ends it but `begin_close`: what raises is counted, said, and left behind."""
        while True:
            try:
                if not self._cycle():
                    return
            except BaseException as error:  # noqa: BLE001 - a dead worker would lose everything quietly
                self._survive(error)

    def _cycle(self) -> bool:
        """One round: wait until a batch is due, gather it, send it. `False` when there is nothing left to do."""
        if not self._batch:
            delay = self._delay()
            if delay is None and self._close_at is not None:
                return False
            if delay != 0.0:
                self._clock.wait(delay)
                return not self._out_of_time()
            self._due_at = None
            self._flush_to = max(self._flush_to, self._queue.accepted)
        self._gather()
        self._send()
        return not self._out_of_time()

    def _delay(self) -> float | None:
        """Seconds until a batch is due, 0 when it is, `None` when nothing waits."""
        queue = self._queue
        if not queue.waiting:
            self._due_at = None
            return None
        if queue.has_batch or self._close_at is not None or queue.finished < self._flush_to:
            return 0.0
        now = self._clock.now()
        if self._due_at is None:
            self._due_at = now + self._flush_interval * random.uniform(1 - _JITTER, 1.0 + _JITTER)
        return max(0.0, self._due_at - now)

    def _gather(self) -> None:
        size = sum(len(parcel) for parcel, _ in self._batch)
        most = min(self._batch_size, self._courier.most or self._batch_size)
        while len(self._batch) < most and size < BATCH_BYTES:
            taken = self._queue.take()
            if taken is None:
                return
            item, self._preparing = taken
            parcel = self._courier.prepare(item)
            held, self._preparing = self._preparing, None
            if isinstance(parcel, Verdict):
                self._end(1, held, parcel.reason)
            else:
                self._batch.append((parcel, held))
                size += len(parcel)
            self._clock.breathe()

    def _send(self) -> None:
        """Send what was gathered: as one POST, or in ever smaller ones if the receiver finds it too large."""
        size = len(self._batch)
        while self._batch:
            part = self._batch[:size]
            verdict = self._persist(part)
            if verdict.action == "split" and len(part) > 1:
                size = len(part) // 2
            else:
                self._settle(part, verdict)

    def _persist(self, part: list[tuple[P, int]]) -> Verdict:
        """Deliver, again and again as long as the verdict and the time allow; the last verdict."""
        attempt = 0
        while True:
            self._hurried = False
            verdict = self._courier.deliver([parcel for parcel, _ in part])
            self._remember(verdict)
            attempt += 1
            if verdict.action != "retry" or (verdict.limit is not None and attempt > verdict.limit):
                return verdict
            wait = verdict.after if verdict.after is not None else back_off(attempt, random.random())
            if not self._rest(wait, imposed=verdict.after is not None):
                return Verdict(action="drop", reason="closed")
            self.retried += len(part)

    def _settle(self, part: list[tuple[P, int]], verdict: Verdict) -> None:
        """This part of the batch has ended, one way or the other."""
        del self._batch[: len(part)]
        done = verdict.action == "done"
        if self._end(len(part), sum(held for _, held in part), None if done else verdict.reason) and done:
            self.sent += len(part)
        if verdict.action == "drop" and verdict.after:
            self._rest(verdict.after, imposed=True)

    def _end(self, count: int, held: int, reason: str | None) -> bool:
        ours = self._queue.finish(count, held, reason)
        self._announce()
        return ours

    def _remember(self, verdict: Verdict) -> None:
        if verdict.action == "done":
            self.last_success = time.time()
        elif verdict.error:
            self.last_error = verdict.error

    def _rest(self, seconds: float, *, imposed: bool) -> bool:
        """Wait before the next try; `False` when closing leaves no time for it.

        A flush or a close cuts a back-off short, once. It does not cut short what the receiver has imposed.
        """
        until = self._clock.now() + seconds
        while (left := until - self._clock.now()) > 0:
            if self._hurried and not imposed:
                break
            if self._close_at is not None and until > self._close_at:
                return False
            self._clock.wait(left)
        return not self._out_of_time()

    def _hurry(self) -> None:
        self._hurried = True
        self._clock.wake()

    def _out_of_time(self) -> bool:
        return self._close_at is not None and self._clock.now() >= self._close_at

    def _survive(self, error: BaseException) -> None:
        """Drop what was in hand when something raised, and go on."""
        self.restarts += 1
        self.last_error = f"{type(error).__name__} in the worker"
        if self._complaint.opens():
            _log.warning("the worker survived an error; the record or batch in hand is lost", exc_info=error)
        if self._preparing is not None:
            held, self._preparing = self._preparing, None
            self._end(1, held, "failed")
        elif self._batch:
            batch, self._batch = self._batch, []
            self._end(len(batch), sum(held for _, held in batch), "failed")
        else:
            self._clock.wait(1.0)

    def _announce(self) -> None:
        with self._progress:
            self._progress.notify_all()
