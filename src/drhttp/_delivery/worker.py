"""What empties the queue: it gathers batches, waits, delivers, retries, flushes and closes, in a thread of its own."""

from __future__ import annotations

import math
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from drhttp._delivery.batch import Batch
from drhttp._delivery.clock import Clock
from drhttp._delivery.monitor import DeliveryMonitor
from drhttp._delivery.retry import Verdict, back_off
from drhttp._delivery.worker_thread import BackgroundLoop

if TYPE_CHECKING:
    from collections.abc import Sized

    from drhttp._delivery.exporter import Exporter
    from drhttp._delivery.queue import Queue

I = TypeVar("I")  # noqa: E741 - an item, as it lies in the queue
P = TypeVar("P", bound="Sized")  # an encoded record, ready to be sent

_JITTER = 0.1  # of the flush interval, so that many processes do not deliver in step


class Worker(BackgroundLoop, Generic[I, P]):
    """One daemon thread for one queue. It starts with `start`, which is called for the first record.

    batch_size: records a POST. flush_interval: seconds that a record waits for company at most.
    """

    def __init__(
        self,
        queue: Queue[I],
        exporter: Exporter[I, P],
        *,
        batch_size: int,
        flush_interval: float,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock or Clock())
        self._queue = queue
        self._exporter = exporter
        self._flush_interval = flush_interval
        # Its own, because drawing from the common one would change what an application gets that has seeded it.
        self._random = random.Random()
        self.monitor = DeliveryMonitor(queue, self._clock.now)
        self._batch: Batch[I, P] = Batch(queue, batch_size, self._announce)
        self._due_at: float | None = None
        self._drain_to = 0  # deliver without delay up to the record of this number
        self._flushing = False  # set by `begin_flush` for the thread, which alone writes `_drain_to`
        self._hurried = False
        self._rest_until = -math.inf  # the receiver has imposed a rest until then
        self._trouble: BaseException | None = None
        self.retried = 0
        self.restarts = 0

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
        """See to it that the records up to the mark end; `True` if they have within `timeout` seconds.

        Waits for the thread. Where none runs, the caller does its work meanwhile.
        """

        def finished() -> bool:
            return self._batch.passed >= mark or self._queue.empty

        end = self._clock.now() + timeout
        while not self._is_mine() and not finished():
            if self._run_in_caller(end, finished):
                break
            with self._progress:
                self._progress.wait_for(lambda: finished() or not self.alive, max(0.0, end - self._clock.now()))
            if self._clock.now() >= end:
                break
        return finished()

    def begin_close(self, timeout: float) -> None:
        """Deliver what waits within `timeout` seconds, then stop; returns at once."""
        self._queue.close()
        self._close_at = self._clock.now() + timeout
        self._hurried = True
        self._clock.wake()

    def finish_close(self) -> None:
        """Wait for the thread until its time is over, or do its work; what is left then is dropped and counted."""
        end = self._close_at or 0.0
        mine = self._is_mine()
        if not mine and not self._run_in_caller(end, lambda: self._queue.empty):
            with self._progress:
                self._progress.wait_for(lambda: not self.alive, max(0.0, end - self._clock.now()))
        thread = self._thread
        if not mine and thread is not None and thread.ident is not None and not self.alive:
            thread.join(1.0)  # it is past its last line
        if self._queue.abandon("closed"):
            self.monitor.say()
        self._announce()

    def _step(self) -> bool:
        """One round; `False` when it was the last. An error is dealt with in the next: that may raise as well."""
        try:
            if self._trouble is not None and not self.outdated:
                self._survive()
            if not self._out_of_time() and self._cycle():
                return True
            self._exporter.close()
        except BaseException as error:  # a dead worker would lose everything quietly
            if self._caller_deadline is not None and not isinstance(error, Exception):
                self._batch.drop_current("failed")
                raise  # it is meant for the caller: Ctrl-C, the end of the process, a time-out of greenlets
            if self.outdated:
                self._batch.drop_current("failed")
            else:
                self._trouble = error
            if self._out_of_time():
                with suppress(Exception):  # nobody would deal with that one
                    self._exporter.close()
            return not self._out_of_time()
        return False

    def _cycle(self) -> bool:
        """Gather a batch if one is due, and send what is next. `False` when there is nothing left to do."""
        if self._batch.wants_more:
            delay = 0.0 if self._batch.interrupted else self._delay()
            if delay == 0.0:
                self._gather()
            elif not self._batch:
                if delay is None and (self._close_at is not None or self.retiring):
                    return False
                self._wait(delay)
                return True
        if self._batch:
            self._send()
        self.monitor.check()
        return True

    def _gather(self) -> None:
        self._due_at = None
        self._drain_to = self._queue.accepted
        self._clock.begin_batch(self._queue.fill)
        self._batch.gather(self._exporter, self._clock.yield_gil)

    def _delay(self) -> float | None:
        """Seconds until a batch is due, 0 when it is, `None` when nothing waits."""
        queue = self._queue
        if self._flushing:
            self._flushing = False
            self._drain_to = queue.accepted
        if not queue.waiting:
            self._due_at = None
            return None
        if queue.has_batch or self._close_at is not None or self.retiring or self._batch.taken < self._drain_to:
            return 0.0
        now = self._clock.now()
        if self._due_at is None:
            self._due_at = now + self._flush_interval * self._random.uniform(1.0 - _JITTER, 1.0 + _JITTER)
        return max(0.0, self._due_at - now)

    def _send(self) -> None:
        """One POST, and the wait after it if there has to be one."""
        if not self._rest(self._rest_until - self._clock.now(), imposed=True):
            return  # as the receiver has said to the one who did this before
        self._hurried = False
        encoded_records = self._batch.next()
        self.retried += self._batch.repeated
        verdict = self._deliver(encoded_records)
        self.monitor.note(verdict)
        self._batch.settle(verdict)
        if verdict.after:
            self._rest(verdict.after, imposed=True)
        elif self._batch.attempt:
            self._rest(back_off(self._batch.attempt, self._random.random(), self.remaining_seconds()), imposed=False)

    def _deliver(self, encoded_records: list[P]) -> Verdict:
        """Send them; a failure for which sockets were replaced in the middle says nothing about the records."""
        try:
            return self._exporter.deliver(encoded_records)
        except Exception:
            if not self.outdated:
                raise
            return Verdict(action="retry")

    def _rest(self, seconds: float, *, imposed: bool) -> bool:
        """Wait before the next try; `False` when there is no time left for it.

        A flush or a close cuts a back-off short, once, and so does a new batch if it may be sent first. They do not cut
        short what the receiver has imposed.
        """
        until = self._clock.now() + seconds
        if imposed:
            self._rest_until = until
        while (remaining := until - self._clock.now()) > 0:
            due = self._delay() if self._batch.wants_more and not imposed else None
            if due == 0.0 or (self._hurried and not imposed):
                break
            if remaining > self.remaining_seconds():
                self._spent = True
                break
            self._wait(remaining if due is None else min(remaining, due))
        return not self._out_of_time()

    def _wait(self, seconds: float | None) -> None:
        """Wait until woken, or until it is time to go on or to say something."""
        again = self.monitor.check()
        self._clock.wait(min((each for each in (seconds, again) if each is not None), default=None))

    def remaining_seconds(self) -> float:
        """Seconds that there still are to deliver in."""
        ends = [end for end in (self._close_at, self._caller_deadline) if end is not None]
        return min(ends, default=math.inf) - self._clock.now()

    def _out_of_time(self) -> bool:
        return self._spent or self.outdated or self.remaining_seconds() <= 0.0

    def _survive(self) -> None:
        """Drop what was in hand when something raised, and go on."""
        error, self._trouble = self._trouble, None
        self.restarts += 1
        if not self._batch.drop_after_error("failed"):
            self._clock.wait(1.0)  # whatever it is, it would raise again at once
        self.monitor.survived(error)

    def _forget_connections(self) -> None:
        self._exporter.renew()
