"""The thread that empties the queue: it gathers batches, waits, delivers, retries, flushes and closes.

It does not know what it delivers: it is given a courier and a clock.
"""

from __future__ import annotations

import math
import random
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from drhttp._alarm import Alarm
from drhttp._clock import Clock, back_off
from drhttp._queue import BATCH_BYTES
from drhttp._verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sized

    from drhttp._courier import Courier
    from drhttp._queue import Queue

I = TypeVar("I")  # noqa: E741 - an item, as it lies in the queue
P = TypeVar("P", bound="Sized")  # a parcel, ready to be sent

_JITTER = 0.1  # of the flush interval, so that many processes do not deliver in step


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
        # Its own, because drawing from the common one would change what an application gets that has seeded it.
        self._random = random.Random()
        self.alarm = Alarm(queue, self._clock.now)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._progress = threading.Condition()
        self._batch: list[tuple[P, int, int]] = []  # parcels, the bytes they hold in the queue, their numbers
        self._preparing: int | None = None  # bytes of the item in hand
        self._taken = 0  # number of the last record taken
        self._passed = 0  # all records up to this number have ended
        self._due_at: float | None = None
        self._drain_to = 0  # deliver without delay up to the record of this number
        self._flushing = False  # set by `begin_flush` for the thread, which alone writes `_drain_to`
        self._hurried = False
        self._close_at: float | None = None
        self._spent = False  # what the receiver has imposed lasts longer than closing may
        self._trouble: BaseException | None = None
        self.alive = False  # whether the thread runs
        self.retried = 0
        self.restarts = 0

    def start(self) -> bool:
        """Start the thread if it does not run; returns `False` if the interpreter refuses to."""
        if self.alive or self._close_at is not None or not self._starting.acquire(blocking=False):
            return True
        try:
            if not self.alive:  # another thread may have been faster
                self._thread = threading.Thread(target=self.run, name="drhttp", daemon=True)
                self.alive = True  # before it runs, so that closing waits for a thread that is only just beginning
                self._thread.start()
        except RuntimeError:
            return False
        finally:
            if self._thread is None or self._thread.ident is None:
                self.alive = False  # refused, or interrupted by what a signal handler raised
            self._starting.release()
        return True

    def wake(self) -> None:
        """There is something to do."""
        self._clock.wake()

    def begin_flush(self) -> int:
        """Deliver what waits now without delay; returns the mark to wait for."""
        mark = self._queue.accepted
        self._flushing = self._hurried = True
        self._clock.wake()
        return mark

    def finish_flush(self, mark: int, timeout: float) -> bool:
        """Wait until the records up to the mark have ended; `True` if they have within `timeout` seconds."""

        def ended() -> bool:
            return self._passed >= mark or self._queue.empty

        if threading.current_thread() is self._thread:
            return ended()  # it would wait for itself
        with self._progress:
            return self._progress.wait_for(ended, max(0.0, timeout))

    def discard(self, reason: str) -> None:
        """Drop what waits: there is no thread that could deliver it."""
        self._queue.discard(reason)
        self._announce()

    def begin_close(self, timeout: float) -> None:
        """Deliver what waits within `timeout` seconds, then stop; returns at once."""
        self._queue.close()
        self._close_at = self._clock.now() + timeout
        self._hurried = True
        self._clock.wake()

    def finish_close(self) -> None:
        """Wait for the thread until its time is over; what is left then is dropped and counted."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            with self._progress:
                left = (self._close_at or 0.0) - self._clock.now()
                ended = self._progress.wait_for(lambda: not self.alive, max(0.0, left))
            if ended and thread.ident is not None:
                thread.join(1.0)  # it is past its last line
        if self._queue.abandon("closed"):
            self.alarm.say()
        self._announce()

    def run(self) -> None:
        """The loop. Nothing ends it but `begin_close`: what raises is counted, said, and left behind."""
        if self._thread not in (None, threading.current_thread()):
            return  # its start was interrupted, and another one has been started since
        self.alive = True
        try:
            while self._step():
                pass
        finally:
            with self._progress:
                self.alive = False
                self._progress.notify_all()

    def _step(self) -> bool:
        """One round; `False` when it was the last. An error is dealt with in the next: that may raise as well."""
        try:
            if self._trouble is not None:
                self._survive()
            if not self._out_of_time() and self._cycle():
                return True
            self._courier.close()
        except BaseException as error:  # noqa: BLE001 - a dead worker would lose everything quietly
            self._trouble = error
            return not self._out_of_time()
        return False

    def _cycle(self) -> bool:
        """Wait until a batch is due, gather it, send it. `False` when there is nothing left to do."""
        if not self._batch:
            delay = self._delay()
            if delay is None and self._close_at is not None:
                return False
            if delay != 0.0:
                self._wait(delay)
                return True
            self._due_at = None
            self._drain_to = self._queue.accepted
        self._gather()
        self._send()
        self.alarm.check()
        return True

    def _delay(self) -> float | None:
        """Seconds until a batch is due, 0 when it is, `None` when nothing waits."""
        queue = self._queue
        if self._flushing:
            self._flushing = False
            self._drain_to = queue.accepted
        if not queue.waiting:
            self._due_at = None
            return None
        if queue.has_batch or self._close_at is not None or self._taken < self._drain_to:
            return 0.0
        now = self._clock.now()
        if self._due_at is None:
            self._due_at = now + self._flush_interval * self._random.uniform(1.0 - _JITTER, 1.0 + _JITTER)
        return max(0.0, self._due_at - now)

    def _gather(self) -> None:
        size = sum(len(parcel) for parcel, _, _ in self._batch)
        most = min(self._batch_size, self._courier.most or self._batch_size)
        while len(self._batch) < most and size < BATCH_BYTES:
            taken = self._queue.take()
            if taken is None:
                return
            item, self._preparing, self._taken = taken
            parcel = self._courier.prepare(item)
            held, self._preparing = self._preparing, None
            if isinstance(parcel, Verdict):
                self._end(1, held, parcel.reason)
            else:
                self._batch.append((parcel, held, self._taken))
                size += len(parcel)
            self._clock.breathe()

    def _send(self) -> None:
        """Send what was gathered: as one POST, or in ever smaller ones if the receiver finds it too large."""
        size = len(self._batch)
        while self._batch and not self._out_of_time():
            part = self._batch[:size]
            verdict = self._persist([parcel for parcel, _, _ in part])
            if verdict is None:
                return
            if verdict.action == "split" and len(part) > 1:
                size = len(part) // 2
            else:
                self._settle(part, verdict)

    def _persist(self, parcels: list[P]) -> Verdict | None:
        """Deliver, again and again as long as the verdict allows; the last verdict, or `None` when time is up."""
        attempt = limited = 0
        while True:
            self._hurried = False
            verdict = self._courier.deliver(parcels)
            self.alarm.note(verdict)
            attempt += 1
            # Tries before, in an outage that may last, do not count for an answer that may be given so often only.
            limited += verdict.limit is not None
            if verdict.action != "retry" or (verdict.limit is not None and limited > verdict.limit):
                return verdict
            wait = (
                verdict.after if verdict.after is not None else back_off(attempt, self._random.random(), self._left())
            )
            if not self._rest(wait, imposed=verdict.after is not None):
                return None
            self.retried += len(parcels)

    def _settle(self, part: list[tuple[P, int, int]], verdict: Verdict) -> None:
        """This part of the batch has ended, one way or the other."""
        del self._batch[: len(part)]
        reason = None if verdict.action == "done" else verdict.reason
        self._end(len(part), sum(held for _, held, _ in part), reason)
        if verdict.action == "drop" and verdict.after:
            self._rest(verdict.after, imposed=True)

    def _end(self, count: int, held: int, reason: str | None) -> None:
        self._queue.finish(count, held, reason)
        # A record may end before older ones that are still in the batch.
        self._passed = self._batch[0][2] - 1 if self._batch else self._taken
        self._announce()

    def _rest(self, seconds: float, *, imposed: bool) -> bool:
        """Wait before the next try; `False` when closing leaves no time for it.

        A flush or a close cuts a back-off short, once. It does not cut short what the receiver has imposed.
        """
        until = self._clock.now() + seconds
        while (left := until - self._clock.now()) > 0:
            if self._hurried and not imposed:
                break
            if self._close_at is not None and until > self._close_at:
                self._spent = True
                break
            self._wait(left)
        return not self._out_of_time()

    def _wait(self, seconds: float | None) -> None:
        """Wait until woken, or until it is time to go on or to say something."""
        again = self.alarm.check()
        self._clock.wait(min((each for each in (seconds, again) if each is not None), default=None))

    def _left(self) -> float:
        return math.inf if self._close_at is None else self._close_at - self._clock.now()

    def _out_of_time(self) -> bool:
        return self._spent or self._left() <= 0.0

    def _survive(self) -> None:
        """Drop what was in hand when something raised, and go on."""
        error, self._trouble = self._trouble, None
        self.restarts += 1
        held, self._preparing = self._preparing, None
        if held is not None:
            self._end(1, held, "failed")
        elif self._batch:
            batch, self._batch = self._batch, []
            self._end(len(batch), sum(held for _, held, _ in batch), "failed")
        else:
            self._clock.wait(1.0)  # whatever it is, it would raise again at once
        self.alarm.survived(error)

    def _announce(self) -> None:
        with self._progress:
            self._progress.notify_all()
